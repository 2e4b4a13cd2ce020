"""The programme from the first sign to the follow-on service, as case workers do it through their pages alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from tests.gateway.clerk import Clerk
from tests.gateway.test_forms import Office, office  # noqa: F401

Values = dict[str, str | Sequence[str]]
PLAN_TEXT = "目標: 生活の安定。内容: 育児の助言。期間: 3か月。方法: 週1回の訪問。支援者: 保健師"


@dataclass
class Work:
    """AZ-CORE at its pages, with one case of its own."""

    office: Office
    case: UUID
    core: Clerk

    def does(self, key: str, values: Values | None = None, about: str = "", by: Clerk | None = None) -> str:
        query = f"?about={about}" if about else ""
        return (by or self.core).does(f"/cases/{self.case}/forms/{key}{query}", values or {})

    def refused(self, key: str, values: Values | None = None, about: str = "") -> dict[str, str]:
        """What is named beside the fields."""
        query = f"?about={about}" if about else ""
        status, asked, text = self.core.fill(f"/cases/{self.case}/forms/{key}{query}", values or {})
        assert status in (400, 403), text
        return asked.errors


@pytest.fixture
def work(office: Office) -> Work:  # noqa: F811
    """A new case of which the child guidance centre knows."""
    case = office.case()
    office.told(case)
    return Work(office, case, office.at("AZ-CORE"))


def test_a_family_is_supported_from_the_first_sign_to_the_follow_on_service(work: Work) -> None:
    office = work.office  # noqa: F811
    nobody_yet = work.refused(
        "eligibility", {"result": "ELIGIBLE", "target_classes": ["TC3_INADEQUATE_CARE"]}
    )
    assert nobody_yet == {}  # the assessment comes first: no field of this form mends that
    work.does("open-case")
    work.does("assessment", {"indicators.CH_DAILY_CARE": "CONCERN", "text_RISK": "生活の乱れが続く"})
    assert "気になる項目" in work.core.case(work.case)
    assert set(work.refused("eligibility", {"result": "ELIGIBLE"})) == {"target_classes"}
    back = {"result": "ELIGIBLE", "target_classes": ["TC4_REUNIFICATION"]}
    assert set(work.refused("eligibility", back)) == {"discharge_on"}
    assert set(work.refused("eligibility", {"result": "NOT_ELIGIBLE"})) == {"reason"}
    work.does(
        "eligibility",
        {"result": "ELIGIBLE", "target_classes": ["TC3_INADEQUATE_CARE"], "support_type": "MID_TERM"},
    )
    work.does("support-type", {"support_type": "MID_TERM", "specialist_needed": "no"})

    plan: Values = {"content": "SC_C", "text_PLAN": PLAN_TEXT, "target_months": "6", "visits_per_week": "1"}
    assert set(work.refused("plan", {**plan, "parts": ["GOAL"]})) == {"parts"}
    assert set(work.refused("plan", {**plan, "plan_until": "2001-01-01"})) == {"plan_until"}
    assert set(work.refused("plan", {**plan, "target_months": "40"})) == {"reason"}
    work.does("plan", plan)
    work.does("assign", {"agency": office.id("AZ-CORE"), "worker": "W-CITY"})
    work.does("commence")
    work.does("plan-handed")
    work.does("roles")
    work.does("contact", {"text_VISIT": "電話がつながらない"})
    assert set(work.refused("visited", {"child_seen": "yes", "worker": "W-OTHER"})) == {"worker"}
    work.does("visited", {"child_seen": "yes", "worker": "W-CITY", "text_VISIT": "落ち着いている"})
    work.does("follow-up")
    work.does("goal", {"text_PLAN": "目標の半分に届いた"})
    assert set(work.refused("plan-extension", {"plan_until": "2001-01-01", "reason": "NEW_NEED"})) == {
        "plan_until"
    }
    work.does("plan-extension", {"plan_until": office.day(200), "reason": "GOAL_NOT_REACHED"})

    assert work.refused("close", {"closing_reason": "GOAL_REACHED"}) == {}
    other = office.id("KS-CGC")
    assert set(work.refused("closing-talk")) == {"consulted"}
    work.does("closing-talk", {"consulted": [other]})
    work.does("evaluation", {"goal_reached": "yes", "environment_improved": "yes"})
    asked = work.does("follow-on", {"to": [other], "text_PLAN": "見守り", f"basis.{other}": "APPI-69-2-3"})
    work.does("close", {"closing_reason": "GOAL_REACHED"})
    centre = office.at("KS-CGC")
    office.stage.settle()
    assert "ACCEPT" in office.waits(work.case, "KS-CGC")
    assert "forms/follow-on-accepted" in centre.page("/")
    work.does("follow-on-accepted", {"agreed": "yes"}, about=asked, by=centre)
    assert "ACCEPT" not in office.waits(work.case, "KS-CGC")
    assert set(work.refused("reopen")) == {"reason"}
    work.does("reopen", {"reason": "NEEDED_AGAIN"})
    text = work.core.case(work.case)
    assert all(words in text for words in ("目標に届いた", "再び支援が要る", "ウ 養育の改善の支援"))
    assert "落ち着いている" not in text  # words are opened one by one


def test_an_address_is_hidden_and_what_was_given_gets_conditions(work: Work) -> None:
    office = work.office  # noqa: F811
    assert set(work.refused("protected-address")) == {"text_ADDR"}
    work.does("protected-address", {"text_ADDR": "架空県架空市1-2-3", "until": office.day(300)})
    centre = office.id("KS-CGC")
    sent = tell(work, centre)
    assert set(work.refused("conditions", about=sent)) == {"conditions"}
    work.does("conditions", {"conditions": ["NO_COPY"], "until": office.day(90)}, about=sent)
    office.stage.settle()
    assert "複写しない" in office.at("KS-CGC").case(work.case)


def tell(work: Work, to: str) -> str:
    """AZ-CORE tells by the page for it: the message's id."""
    values: Values = {"to": to, "basis": "APPI-69-2-3", "section": "BASIC", "text": "基本情報"}
    status, _, text = work.core.fill(f"/cases/{work.case}/tell", values)
    assert status == 200, text
    return work.office.message(work.case, "AZ-CORE", "disclosure.made")


def test_meetings_and_judgements_are_asked_for_and_answered(work: Work) -> None:
    office = work.office  # noqa: F811
    coord, centre = office.id("AZ-COORD"), office.id("KS-CGC")
    work.does("conference", {"to": [centre]})
    asked = work.does("meeting-request", {"to": [coord], "due_on": office.day(14)})
    coordinating = office.at("AZ-COORD")
    assert f"forms/meeting-answered?about={asked}" in coordinating.case(work.case)
    work.does("meeting-answered", {}, about=asked, by=coordinating)
    assert f"forms/meeting-answered?about={asked}" not in coordinating.case(work.case)
    question = work.does("judgement-request", {"to": [centre], "due_on": office.day(7)})
    judge = office.at("KS-CGC")
    assert f"forms/judgement?about={question}" in judge.case(work.case)
    work.does("judgement", {}, about=question, by=judge)
    assert f"forms/judgement?about={question}" not in judge.case(work.case)


def test_destruction_is_stopped_let_go_and_never_before_its_time(work: Work) -> None:
    office = work.office  # noqa: F811
    assert set(work.refused("retention", {"policy": "CHILD_AGE"})) == {"until"}
    work.does("retention", {"policy": "AFTER_CLOSING"})
    hold = work.does("hold", {"ground": "REVIEW"})
    assert "検証" in work.core.case(work.case)
    assert f"forms/hold-lifted?about={hold}" not in office.at("KS-CGC").case(work.case)
    work.does("hold-lifted", {"agreed": "yes"}, about=hold)
    status, _, text = work.core.fill(
        f"/cases/{work.case}/forms/appraisal", {"appraisal": "DESTROY", "sections": ["CHILD"]}
    )
    assert (status, "満了" in text) == (403, True)


def test_the_programme_itself_is_kept_on_its_page(office: Office) -> None:  # noqa: F811
    core, contractor = office.at("AZ-CORE"), office.at("SORA-NPO")
    page = core.page("/programme")
    assert all(title in page for title in ("守秘規程を定める", "事業の開始を届け出る", "委託先を指導した"))
    assert "委託先を指導した" not in contractor.page("/programme")
    own, commission = office.id("AZ-CORE"), commission_of_page(page)
    core.does(f"/programme/forms/business-began?about={own}", {"happened_on": office.day(-3)})
    status, asked, _ = core.fill(
        f"/programme/forms/business-began?about={own}", {"happened_on": office.day(-90)}
    )
    assert (status, set(asked.errors)) == (403, {"reason"})
    status, asked, _ = core.fill(
        f"/programme/forms/business-changed?about={own}", {"happened_on": office.day(2)}
    )
    assert (status, set(asked.errors)) == (403, {"happened_on"})
    core.does(
        f"/programme/forms/community-service?about={own}", {"service": "POSTPARTUM_CARE", "places": "４"}
    )
    core.does(f"/programme/forms/resource-gap?about={own}", {"service": "SHORT_STAY", "families": "3"})
    core.does(f"/programme/forms/prefectural-supervision?about={own}", {"finding": "IN_ORDER"})
    core.does(f"/programme/forms/supervision?about={commission}", {"finding": "IMPROVEMENT_ASKED"})
    core.does(
        f"/programme/forms/contractor-requirement?about={commission}",
        {"items": ["1", "2", "3"], "scope": "PARTIAL"},
    )
    numbers: Values = {
        "begins_on": office.day(-30),
        "ends_on": office.day(-1),
        "families": "2",
        "visits": "5",
    }
    contractor.does(f"/programme/forms/performance?about={commission}", numbers)
    backwards: Values = {**numbers, "ends_on": office.day(-60)}
    status, asked, _ = contractor.fill(f"/programme/forms/performance?about={commission}", backwards)
    assert (status, set(asked.errors)) == (403, {"ends_on"})


def commission_of_page(page: str) -> str:
    return page.partition("/programme/forms/supervision?about=")[2][:36]
