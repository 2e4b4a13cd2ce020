"""The programme from the first notice to the follow-on service, through the pages only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import pytest

from domain.codes import Module
from domain.record import commission_of
from tests.gateway.page_client import PageClient, parse_form
from tests.gateway.test_forms import PagesFixture, office  # noqa: F401

Values = dict[str, str | Sequence[str]]
PLAN_TEXT = "目標: 生活の安定。内容: 育児の助言。期間: 3か月。方法: 週1回の訪問。支援者: 保健師"


@dataclass
class CaseWork:
    """A person of AZ-CORE at the pages, with a case of AZ-CORE."""

    office: PagesFixture
    case: UUID
    core: PageClient

    def submit(
        self, key: str, values: Values | None = None, about: str = "", by: PageClient | None = None
    ) -> str:
        query = f"?about={about}" if about else ""
        return (by or self.core).submit(f"/cases/{self.case}/forms/{key}{query}", values or {})

    def refused(self, key: str, values: Values | None = None, about: str = "") -> dict[str, str]:
        """The errors that are shown at the fields."""
        query = f"?about={about}" if about else ""
        status, parsed_form, text = self.core.fill(f"/cases/{self.case}/forms/{key}{query}", values or {})
        assert status in (400, 403), text
        return parsed_form.errors


@pytest.fixture
def case_work(office: PagesFixture) -> CaseWork:  # noqa: F811
    """A new case of which the child guidance centre knows."""
    case = office.case()
    office.forward_notification(case)
    return CaseWork(office, case, office.at("AZ-CORE"))


def test_a_family_is_supported_from_the_first_sign_to_the_follow_on_service(case_work: CaseWork) -> None:
    office = case_work.office  # noqa: F811
    early_errors = case_work.refused(
        "eligibility", {"result": "ELIGIBLE", "target_classes": ["TC3_INADEQUATE_CARE"]}
    )
    assert early_errors == {}  # the assessment comes first: no field of this form corrects that
    case_work.submit("open-case")
    assert set(case_work.refused("assessment")) == {"indicators"}
    looked: Values = {"indicators.CH_DAILY_CARE": "CONCERN", "indicators.CG_HAS_CONFIDANT": "NO_CONCERN"}
    other = {**looked, "indicators.PR_OTHER": "CONCERN"}
    assert set(case_work.refused("assessment", other)) == {"text_PREG"}
    at_school = {**looked, "other_bodies.SCHOOL": "KNOWS_FAMILY"}
    assert set(case_work.refused("assessment", at_school)) == {"text_BASIC"}
    known = {f"involved.{office.id('KS-CGC')}": "SUPPORTS_NOW", "route": "CHILD_GUIDANCE_CENTRE"}
    case_work.submit("assessment", {**looked, **known, "text_RISK": "生活の乱れが続く"})
    text = case_work.core.case(case_work.case)
    assert "気になる: 日常のケア状況・基本的な生活習慣" in text
    assert "強み: 相談できる人がいる" in text
    assert "見ていない: ここに挙げていない項目すべて" in text
    assert "気になるところはない" not in text
    assert "いま支援している" in text
    assert set(case_work.refused("eligibility", {"result": "ELIGIBLE"})) == {"target_classes"}
    back = {"result": "ELIGIBLE", "target_classes": ["TC4_REUNIFICATION"]}
    assert set(case_work.refused("eligibility", back)) == {"discharge_on"}
    assert set(case_work.refused("eligibility", {"result": "NOT_ELIGIBLE"})) == {"reason"}
    case_work.submit(
        "eligibility",
        {"result": "ELIGIBLE", "target_classes": ["TC3_INADEQUATE_CARE"], "support_type": "MID_TERM"},
    )
    case_work.submit("support-type", {"support_type": "MID_TERM", "specialist_needed": "no"})

    plan: Values = {
        "content": "SC_C",
        "text_PLAN": PLAN_TEXT,
        "target_months": "6",
        "short_term_months": "3",
        "visits_per_week": "1",
        "plan_until": office.day(150),
        "services": ["HOUSEHOLD_VISIT"],
    }
    endless = {name: value for name, value in plan.items() if name != "plan_until"}
    assert set(case_work.refused("plan", endless)) == {"plan_until"}
    assert set(case_work.refused("plan", {**plan, "short_term_months": ""})) == {"reason"}
    assert set(case_work.refused("plan", {**plan, "parts": ["GOAL"]})) == {"parts"}
    assert set(case_work.refused("plan", {**plan, "plan_until": "2001-01-01"})) == {"plan_until"}
    assert set(case_work.refused("plan", {**plan, "target_months": "40"})) == {"reason"}
    case_work.submit("plan", plan)
    own = commission_of(UUID(office.id("AZ-CORE")), UUID(office.id("AZ-CORE")))
    city: Values = {"worker": "W-CITY", "employment": "FULL_TIME", "qualification": "保健師"}
    assigned: Values = {
        "visitor": "-",
        "agency": office.id("AZ-CORE"),
        "worker": "W-CITY",
        "role": "SPECIALIST",
    }
    assert "名簿にいません" in case_work.refused("assign", assigned)["worker"]
    case_work.core.submit(f"/programme/forms/worker?about={own}", city)
    lacking = case_work.refused("assign", assigned)["worker"]
    assert "そろっていないもの: " in lacking
    assert "誓約書" not in lacking  # nobody full-time signs one
    every_module = {"worker": "W-CITY", "modules": [module.value for module in Module]}
    case_work.core.submit(f"/programme/forms/training?about={own}", every_module)
    case_work.submit("assign", {"visitor": f"{office.id('AZ-CORE')} W-CITY", "role": "SPECIALIST"})
    case_work.submit("commence")
    assert set(case_work.refused("plan-handed")) == {"handover"}
    case_work.submit("plan-handed", {"handover": "HANDED", "agreement": "AGREED"})
    recommended = case_work.submit("service-recommended", {"service": "HOUSEHOLD_VISIT"})
    case_work.submit("service-answered", {"answer": "DECLINED"}, about=recommended)
    assert set(case_work.refused("service-answered", {"answer": "ACCEPTED"}, about=recommended)) == {
        "begins_on"
    }
    case_work.submit(
        "service-measure",
        {"unavoidable_reason": "GUARDIAN_UNABLE", "begins_on": office.day(1)},
        about=recommended,
    )
    case_work.submit("roles")
    case_work.submit("contact", {"text_VISIT": "電話がつながらない"})
    assert set(case_work.refused("visited", {"child_seen": "yes", "worker": "W-OTHER"})) == {"worker"}
    case_work.submit("visited", {"child_seen": "yes", "worker": "W-CITY", "text_VISIT": "落ち着いている"})
    case_work.submit("follow-up")
    case_work.submit("goal", {"text_PLAN": "目標の半分に届いた"})
    assert set(case_work.refused("plan-extension", {"plan_until": "2001-01-01", "reason": "NEW_NEED"})) == {
        "plan_until"
    }
    case_work.submit("plan-extension", {"plan_until": office.day(200), "reason": "GOAL_NOT_REACHED"})

    assert set(case_work.refused("close", {"closing_reason": "GOAL_REACHED"})) == {"follow_on"}
    centre_id = office.id("KS-CGC")
    assert set(case_work.refused("closing-consultation")) == {"consulted"}
    both = {"consulted": [centre_id], f"not_consulted.{centre_id}": "NO_ANSWER"}
    assert set(case_work.refused("closing-consultation", both)) == {"not_consulted"}
    case_work.submit("closing-consultation", {"consulted": [centre_id]})
    evaluated = case_work.submit(
        "evaluation", {"goal_reached": "no", "environment_improved": "yes", "text_CLOSING": "半ばまで届いた"}
    )
    door = office.rehearsal_hub.door("AZ-CORE")
    door.refresh()
    message = door.store.message(case_work.case, UUID(evaluated))
    assert message is not None
    assert [i["section"] for i in message["items"]] == ["CLOSING"]
    nothing: Values = {"closing_reason": "GOAL_REACHED", "follow_on": "NONE_NEEDED"}
    assert case_work.refused("close", nothing) == {}  # the city's own visitor was not asked
    case_work.submit("closing-consultation", {"consulted": [office.id("AZ-CORE")]})
    assert set(case_work.refused("close", nothing)) == {"reason"}
    case_work.submit("evaluation", {"goal_reached": "yes", "environment_improved": "yes"})
    request = case_work.submit(
        "follow-on", {"to": [centre_id], "text_PLAN": "見守り", f"basis.{centre_id}": "APPI-69-2-3"}
    )
    assert set(case_work.refused("close", nothing)) == {"follow_on"}
    case_work.submit("close", {"closing_reason": "GOAL_REACHED", "follow_on": "ARRANGED"})
    centre = office.at("KS-CGC")
    office.rehearsal_hub.complete_rewrap_duties()
    assert "ACCEPT" in office.pending_tasks(case_work.case, "KS-CGC")
    centre.page_with("/", "forms/follow-on-accepted")
    case_work.submit("follow-on-accepted", {"agreed": "yes"}, about=request, by=centre)
    assert "ACCEPT" not in office.pending_tasks(case_work.case, "KS-CGC")
    assert set(case_work.refused("reopen")) == {"reason"}
    case_work.submit("reopen", {"reason": "NEEDED_AGAIN"})
    text = case_work.core.case(case_work.case)
    assert all(expected in text for expected in ("目標に届いた", "再び支援が要る", "ウ 養育の改善の支援"))
    assert "落ち着いている" not in text  # sections are opened one by one


def test_an_address_is_protected_and_a_disclosure_gets_conditions(case_work: CaseWork) -> None:
    office = case_work.office  # noqa: F811
    assert set(case_work.refused("protected-address")) == {"text_ADDR"}
    case_work.submit("protected-address", {"text_ADDR": "架空県架空市1-2-3", "until": office.day(300)})
    centre = office.id("KS-CGC")
    sent = send_disclosure(case_work, centre)
    assert set(case_work.refused("conditions", about=sent)) == {"conditions"}
    case_work.submit("conditions", {"conditions": ["NO_COPY"], "until": office.day(90)}, about=sent)
    office.rehearsal_hub.complete_rewrap_duties()
    assert "複写しない" in office.at("KS-CGC").case(case_work.case)


def send_disclosure(case_work: CaseWork, to: str) -> str:
    """AZ-CORE discloses through the page for it. Returns the message's id."""
    values: Values = {"to": to, f"basis.{to}": "APPI-69-2-3", "text_BASIC": "基本情報"}
    return case_work.core.submit(f"/cases/{case_work.case}/disclose", values)


def test_meetings_and_judgements_are_requested_and_answered(case_work: CaseWork) -> None:
    office = case_work.office  # noqa: F811
    coord, centre = office.id("AZ-COORD"), office.id("KS-CGC")
    case_work.submit("conference", {"to": [centre]})
    request = case_work.submit("meeting-request", {"to": [coord], "due_on": office.day(14)})
    coordinating = office.at("AZ-COORD")
    assert f"forms/meeting-answered?about={request}" in coordinating.case(case_work.case)
    path = f"/cases/{case_work.case}/forms/meeting-answered?about={request}"
    assert set(coordinating.fill(path, {})[1].errors) == {"participants"}
    case_work.submit(
        "meeting-answered", {"participants": [office.id("AZ-CORE")]}, about=request, by=coordinating
    )
    assert f"forms/meeting-answered?about={request}" not in coordinating.case(case_work.case)
    question = case_work.submit("judgement-request", {"to": [centre], "due_on": office.day(7)})
    judge = office.at("KS-CGC")
    assert f"forms/judgement?about={question}" in judge.case(case_work.case)
    case_work.submit("judgement", {}, about=question, by=judge)
    assert f"forms/judgement?about={question}" not in judge.case(case_work.case)


def test_destruction_is_held_released_and_never_before_its_date(case_work: CaseWork) -> None:
    office = case_work.office  # noqa: F811
    assert set(case_work.refused("retention", {"policy": "CHILD_AGE"})) == {"until"}
    case_work.submit("retention", {"policy": "AFTER_CLOSING"})
    hold = case_work.submit("hold", {"ground": "REVIEW"})
    assert "検証" in case_work.core.case(case_work.case)
    assert f"forms/hold-lifted?about={hold}" not in office.at("KS-CGC").case(case_work.case)
    case_work.submit("hold-lifted", {"agreed": "yes"}, about=hold)
    status, _, text = case_work.core.fill(
        f"/cases/{case_work.case}/forms/appraisal", {"appraisal": "DESTROY", "sections": ["CHILD"]}
    )
    assert (status, "満了" in text) == (400, True)


def test_the_programme_page_records_contracts_and_supervision(office: PagesFixture) -> None:  # noqa: F811
    core, contractor = office.at("AZ-CORE"), office.at("SORA-NPO")
    page = core.page("/programme")
    assert all(title in page for title in ("守秘規程を定める", "事業の開始を届け出る", "委託先を指導した"))
    assert "委託先を指導した" not in contractor.page("/programme")
    own, commission = office.id("AZ-CORE"), commission_of_page(page)
    core.submit(f"/programme/forms/business-began?about={own}", {"happened_on": office.day(-3)})
    status, parsed_form, _ = core.fill(
        f"/programme/forms/business-began?about={own}", {"happened_on": office.day(-90)}
    )
    assert (status, set(parsed_form.errors)) == (403, {"reason"})
    status, parsed_form, _ = core.fill(
        f"/programme/forms/business-changed?about={own}", {"happened_on": office.day(2)}
    )
    assert (status, set(parsed_form.errors)) == (403, {"happened_on"})
    core.submit(
        f"/programme/forms/community-service?about={own}", {"service": "POSTPARTUM_CARE", "places": "４"}
    )
    core.submit(f"/programme/forms/resource-gap?about={own}", {"service": "SHORT_STAY", "families": "3"})
    core.submit(f"/programme/forms/prefectural-supervision?about={own}", {"finding": "IN_ORDER"})
    core.submit(f"/programme/forms/supervision?about={commission}", {"finding": "IMPROVEMENT_REQUESTED"})
    verifying = f"/programme/forms/contractor-requirement?about={commission}"
    page = core.page(verifying)
    assert "対象: 委託先 NPO法人そらまめ架空支援(一部委託)" in page
    assert "<dt>委託の範囲</dt><dd>一部委託</dd>" in page
    assert "scope" not in parse_form(page).offered  # the contract says it, and nothing else
    core.submit(verifying, {"items": ["1", "2", "3"]})
    assert "一部委託 /" in core.page("/programme")
    numbers: Values = {
        "begins_on": office.day(-30),
        "ends_on": office.day(-1),
        "families": "2",
        "visits": "5",
    }
    contractor.submit(f"/programme/forms/performance?about={commission}", numbers)
    backwards: Values = {**numbers, "ends_on": office.day(-60)}
    status, parsed_form, _ = contractor.fill(f"/programme/forms/performance?about={commission}", backwards)
    assert (status, set(parsed_form.errors)) == (403, {"ends_on"})


def commission_of_page(page: str) -> str:
    return page.partition("/programme/forms/supervision?about=")[2][:36]
