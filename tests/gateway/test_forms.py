"""What case workers do in hard moments, through the pages: real doors, real hub; the fact arrives on the other's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.calendar import day_of
from domain.codes import AuditGround, Module
from domain.events import Kind
from domain.record import commission_of
from gateway.agency.forms.table import FORMS
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.verification import Verification
from gateway.protocol.serving import Served
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.player import Run
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import Stage, open_stage
from gateway.rehearsal.scenario.story import read_story
from tests.gateway.clerk import Clerk, read

STORY = Path(__file__).parents[1] / "scenarios" / "family-moves.yaml"


class Office:
    """The stage, its pages, and whoever sits at them."""

    def __init__(self, run: Run, url: str, parts: ExitStack) -> None:
        self.run, self.url, self._parts = run, url, parts

    @property
    def stage(self) -> Stage:
        return self.run.stage

    def at(self, code: str, other: str = "") -> Clerk:
        """Somebody of this agency; ``other``: another of its people."""
        clerk = Clerk(self.url, code, f"{self.stage.actors[code]}.{other}" if other else None)
        self._parts.callback(clerk.close)
        return clerk

    def id(self, code: str) -> str:
        return str(self.stage.door(code).agency)

    def case(self, **more: str) -> UUID:
        """A new case that AZ-CORE took in as a notification."""
        words = {"text_CHILD": "右腕にあざがある", "text_RISK": "けがが繰り返されている", **more}
        status, _, there = self.at("AZ-CORE").fill("/forms/intake", words)
        assert status == 303, there
        found = re.search(r"/cases/([0-9a-f-]{36})", there)
        assert found is not None
        return UUID(found[1])

    def told(self, case: UUID, code: str = "KS-CGC", text: str = "右腕のあざ") -> str:
        """AZ-CORE forwards the notification of this case to another authority: the message's id."""
        notified = self.message(case, "AZ-CORE", "abuse_notification.received")
        agency = self.id(code)
        path = f"/cases/{case}/forms/forward?about={notified}"
        return self.at("AZ-CORE").does(
            path, {"text_CHILD": text, "to": agency, f"basis.{agency}": "CWA-25-7-1"}
        )

    def message(self, case: UUID, code: str, act: str) -> str:
        door = self.stage.door(code)
        door.refresh()
        return str([m["message"] for m in door.book.messages(case) if m["act"] == act][-1])

    def waits(self, case: UUID, code: str) -> set[str]:
        door = self.stage.door(code)
        door.refresh()
        return {t["kind"] for t in door.book.tasks() if t["case"] == str(case)}

    def day(self, days: int) -> str:
        return (day_of(self.stage.now()) + timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= 8), expects=(), must_hold=())
    story = replace(story, contractors={c: replace(w, until=None) for c, w in story.contractors.items()})
    with open_stage(tmp_path_factory.mktemp("office") / "hub", start_of(story)) as stage:
        run, report = play(story, stage)
        assert report.problems == []
        stage.settle()
        with Served(pages_app(stage, Verification())) as served, ExitStack() as parts:
            yield Office(run, served.url, parts)


def opened(clerk: Clerk, case: UUID, section: str) -> str:
    """The words of this section, opened on the case's page."""
    button = re.search(
        rf'name="message" value="([^"]+)"><input type="hidden" name="item" value="([^"]+)">'
        rf'<input type="hidden" name="section" value="{section}">',
        clerk.case(case),
    )
    assert button is not None, "nothing of it can be opened"
    values = {"message": button[1], "item": button[2], "section": section}
    return str(clerk.http.post(f"{clerk.base}/cases/{case}/open", data=values).text)


EMERGENCY = {
    "sections": ["RISK"],
    "reason": "LIFE_IN_DANGER",
    "alternatives": ["ASK_THE_OWNER"],
    "text_REASON": "夜間で担当につながらない",
}


def test_two_others_give_their_word_on_their_own_pages_and_the_owner_looks_back(office: Office) -> None:
    case = office.case()
    office.told(case)
    first = office.at("KS-CGC")
    request = first.does(f"/cases/{case}/forms/emergency", EMERGENCY)
    let = f"/cases/{case}/forms/emergency-word?about={request}"
    status, _, text = first.fill(let, {"agreed": "yes"})
    assert (status, "別の職員による確認が必要です" in text) == (403, True)
    for other in ("second", "third"):
        assert "危険度" not in re.findall(r"<button>開く.*?</button>", first.case(case))
        clerk = office.at("KS-CGC", other)
        assert "承認を待っています" in clerk.page("/")
        assert "記録の持ち主に尋ねる" in clerk.page(let)
        clerk.does(let, {"agreed": "yes"})
    office.stage.settle()
    assert "けがが繰り返されている" in opened(first, case, "RISK")
    owner = office.at("AZ-CORE")
    assert let.partition("?")[0] not in owner.page("/")
    assert f"forms/emergency-review?about={request}" in owner.page("/")
    owner.does(f"/cases/{case}/forms/emergency-review?about={request}", {"justified": "yes"})
    assert "やむを得なかった" in first.case(case)
    assert "LOOK_BACK" not in office.waits(case, "AZ-CORE")


def test_an_emergency_form_that_lacks_something_says_so_beside_the_field_and_sends_nothing(
    office: Office,
) -> None:
    case = office.case()
    office.told(case)
    before = len(list(office.stage.records()))
    status, asked, _ = office.at("KS-CGC").fill(
        f"/cases/{case}/forms/emergency", {"sections": ["PLAN"], "text_REASON": " "}
    )
    assert status == 400
    assert set(asked.errors) == {"reason", "alternatives", "text_REASON"}
    assert asked.values["sections"] == ["PLAN"]
    status, asked, _ = office.at("KS-CGC").fill(
        f"/cases/{case}/forms/emergency", {**EMERGENCY, "sections": ["NOTIFIER"]}
    )
    assert set(asked.errors) == {"sections"}
    assert len(list(office.stage.records())) == before


def test_the_hub_says_no_beside_the_field_and_what_was_written_stays(office: Office) -> None:
    case = office.case()
    office.told(case)
    status, asked, _ = office.at("KS-CGC").fill(
        f"/cases/{case}/forms/emergency", {**EMERGENCY, "sections": ["CLOSING"]}
    )
    assert status == 403
    assert asked.errors == {"sections": "この情報区分の記録はありません。"}
    assert asked.values["text_REASON"] == ["夜間で担当につながらない"]


def test_no_page_overrides_a_basis_before_two_others_let_it(office: Office) -> None:
    case = office.case()
    hospital = office.id("MID-HOSP")
    clerk = office.at("AZ-CORE")
    tell = {
        "act": "disclosure.made",
        "to": hospital,
        "basis": "APPI-69-2-4",
        "section": "CHILD",
        "text": "受診を勧めたい",
    }
    status, _, text = clerk.fill(f"/cases/{case}/tell", tell)
    assert (status, "先に別の職員二人の承認が必要です" in text) == (403, True)
    ask = re.search(r'href="/agency/AZ-CORE(/cases/[^"]+/forms/override[^"]+)"', text)
    assert ask is not None
    drafted = clerk.does(
        ask[1].replace("&amp;", "&"),
        {
            "reason": "CLEARLY_IN_THEIR_INTEREST",
            "alternatives": ["WAIT_FOR_CONSENT"],
            "text_REASON": "連絡がつかない",
        },
    )
    let = f"/cases/{case}/forms/override-word?about={drafted}"
    assert clerk.fill(let, {"agreed": "yes"})[0] == 403
    office.at("AZ-CORE", "second").does(let, {"agreed": "yes"})
    assert clerk.fill(f"/cases/{case}/tell", tell)[0] == 403
    assert "この承認で" not in clerk.case(case)
    office.at("AZ-CORE", "third").does(let, {"agreed": "yes"})
    page = clerk.case(case)
    assert f"この承認で{office.stage.names['MID-HOSP']}に子どもの状況を送る" in page
    link = re.search(r'href="/agency/AZ-CORE(/cases/[^"]+/tell\?[^"]+)"', page)
    assert link is not None
    status, _, text = clerk.fill(link[1].replace("&amp;", "&"), {"text": "受診を勧めたい"})
    assert (status, "記録しました" in text) == (200, True)
    assert "受診を勧めたい" in opened(office.at("MID-HOSP"), case, "CHILD")


def test_a_family_is_handed_over_and_responsibility_passes_when_the_child_was_seen(office: Office) -> None:
    case = office.case()
    old, new = office.at("AZ-CORE"), office.at("TW-CORE")
    there = office.id("TW-CORE")
    transfer = old.does(
        f"/cases/{case}/forms/transfer",
        {"moves_on": office.day(20), "to": there, "text_BASIC": "母と子", f"basis.{there}": "APPI-69-2-3"},
    )
    package = f"/cases/{case}/forms/package?about={transfer}"
    status, asked, _ = old.fill(package, {"text_BASIC": "母と子"})
    assert status == 400
    assert set(asked.errors) == {"checklist", "text_RISK"}
    assert "リスクアセスメントシート" in asked.errors["checklist"]
    sent = old.does(
        package,
        {
            "checklist.RISK_SHEET": "SENT",
            "checklist.PHOTOS": "NONE",
            "text_RISK": "重い",
            f"basis.{there}": "APPI-69-2-3",
        },
    )
    assert "CONFIRM_TRANSFER" in office.waits(case, "TW-CORE")
    assert f"forms/receipt?about={sent}" in new.page("/")
    assert "外傷等の写真: ない" in new.case(case)
    assert read(new.page(f"/cases/{case}/forms/receipt?about={sent}")).offered["received"] == ["RISK_SHEET"]
    new.does(f"/cases/{case}/forms/receipt?about={sent}", {"received": "RISK_SHEET"})
    new.does(f"/cases/{case}/forms/receipt?about={transfer}")
    assert "受け取ったもの" in old.case(case)
    done = f"/cases/{case}/forms/transfer-done?about={transfer}"
    status, asked, _ = old.fill(done, {"child_seen": "yes"})
    assert status == 403
    assert "移管先が子どもを目視していません" in asked.errors["child_seen"]
    new.does(f"/cases/{case}/forms/sighted", {"agreed": "yes"})
    new.does(done, {"child_seen": "yes"})
    assert "移管の完了" in old.case(case)


def test_a_guardians_request_is_decided_section_by_section_with_its_grounds(office: Office) -> None:
    case = office.case(**{"text_NOTIFIER.氏名": "例示 一郎"})
    clerk = office.at("AZ-CORE")
    request = clerk.does(f"/cases/{case}/forms/access-request", {"requester": "LEGAL_REPRESENTATIVE"})
    assert {"DECIDE_ACCESS"} <= office.waits(case, "AZ-CORE")
    check = f"/cases/{case}/forms/coercion-check?about={request}"
    people = read(clerk.page(check)).offered["second"]
    assert people == ["staff.AZ-CORE.second", "staff.AZ-CORE.third"]
    clerk.does(check, {"second": people[0], "coerced": "no"})
    path = f"/cases/{case}/forms/access-decision?about={request}"
    asked = read(clerk.page(path))
    assert {"withheld.NOTIFIER", "withheld.CHILD", "withheld.RISK"} <= set(asked.offered)
    assert "APPI-78-1-3" not in asked.offered["withheld.NOTIFIER"]
    status, asked, _ = clerk.fill(path, {"withheld.RISK": "APPI-78-1-7"})
    assert (status, set(asked.errors)) == (400, {"withheld"})
    assert "子どもの状況" in asked.errors["withheld"]
    shown = {"withheld.RISK": "APPI-78-1-7", "withheld.CHILD": "DISCLOSE", "withheld.NOTIFIER": "DISCLOSE"}
    status, asked, _ = clerk.fill(path, shown)
    assert (status, set(asked.errors)) == (403, {"withheld"})
    assert "通告者特定情報は必ず不開示" in asked.errors["withheld"]
    office.stage.set_clock(office.stage.now() + timedelta(hours=49))
    clerk.does(path, {**shown, "withheld.NOTIFIER": "APPI-78-1-2"})
    text = clerk.case(case)
    assert "一部開示" in text
    assert "78条1項7号" in text
    assert "DECIDE_ACCESS" not in office.waits(case, "AZ-CORE")


def test_withholding_everything_needs_a_ground_for_every_section(office: Office) -> None:
    case = office.case()
    clerk = office.at("AZ-CORE")
    request = clerk.does(f"/cases/{case}/forms/access-request", {"requester": "SELF"})
    path = f"/cases/{case}/forms/access-decision?about={request}"
    for child in ("", "DISCLOSE"):
        some = {"decision": "NONE", "withheld.RISK": "APPI-78-1-7", "withheld.CHILD": child}
        status, asked, _ = clerk.fill(path, some)
        assert (status, set(asked.errors)) == (400, {"withheld"})
    clerk.does(path, {"decision": "EXISTENCE_NOT_TOLD"})
    assert "存否を答えない" in clerk.case(case)


def test_who_was_told_what_was_wrong_hears_of_it_and_answers(office: Office) -> None:
    case = office.case()
    wrong = office.told(case, text="左腕のあざ")
    clerk, told = office.at("AZ-CORE"), office.at("KS-CGC")
    mended = clerk.does(f"/cases/{case}/forms/correction?about={wrong}", {"text_CHILD": "右腕のあざ"})
    cgc = office.id("KS-CGC")
    notice = clerk.does(
        f"/cases/{case}/forms/correction-notice?about={mended}",
        {"text_CHILD": "右腕が正しい", f"basis.{cgc}": "APPI-69-2-3"},
    )
    assert "訂正・回収に対応し、確認する" in told.page("/")
    told.does(f"/cases/{case}/forms/notice-followed?about={notice}", {"agreed": "yes"})
    recall = clerk.does(f"/cases/{case}/forms/recall?about={wrong}", {"reason": "WRONG_CONTENT"})
    told.does(f"/cases/{case}/forms/notice-followed?about={recall}", {"agreed": "yes"})
    assert clerk.case(case).count("訂正・回収の確認") >= 2
    assert "CONFIRM" not in office.waits(case, "KS-CGC")
    clerk.does(f"/cases/{case}/forms/use-stop?about={wrong}", {"reason": "UNLAWFUL_USE", "agreed": "yes"})
    assert "閲覧終了" in told.case(case)


def test_only_the_child_itself_seen_stops_the_48_hours(office: Office) -> None:
    case = office.case()
    clerk = office.at("AZ-CORE")
    assert "SEE_CHILD" in office.waits(case, "AZ-CORE")
    assert "安全を確認する" in clerk.page("/")
    clerk.does(f"/cases/{case}/forms/triage", {"urgency": "AT_ONCE"})
    clerk.does(f"/cases/{case}/forms/safety", {"method": "TELEPHONE"})
    assert "<dt>子ども本人の目視</dt><dd>なし</dd>" in clerk.case(case)
    assert "SEE_CHILD" in office.waits(case, "AZ-CORE")
    cgc = office.id("KS-CGC")
    seen = {"method": "SIGHTED", "to": cgc, f"basis.{cgc}": "CAPA-13-4", "text_CHILD": "けがはない"}
    clerk.does(f"/cases/{case}/forms/safety", {**seen, "text_CHILD.flag": ["CHILD_STATEMENT"]})
    assert "SEE_CHILD" not in office.waits(case, "AZ-CORE")
    text = office.at("KS-CGC").case(case)
    assert "子ども本人を目視した" in text
    assert "子どもの発言" in text


def test_words_of_the_notifier_go_nowhere_else(office: Office) -> None:
    status, asked, text = office.at("AZ-CORE").fill(
        "/forms/intake", {"text_CHILD": "大家の架空花子さんから聞いた", "text_NOTIFIER.氏名": "架空花子"}
    )
    assert status == 403
    assert "通告者が分かる記載があります" in text
    assert asked.values["text_CHILD"] == ["大家の架空花子さんから聞いた"]


def test_a_notification_from_tomorrow_is_mended_before_it_is_sent(office: Office) -> None:
    status, asked, _ = office.at("AZ-CORE").fill(
        "/forms/intake", {"text_CHILD": "あざ", "received_at": f"{office.day(1)}T10:00"}
    )
    assert (status, set(asked.errors)) == (400, {"received_at"})
    status, asked, _ = office.at("AZ-CORE").fill("/forms/intake", {"received_at": "きのう"})
    assert (status, set(asked.errors)) == (400, {"received_at", "text_CHILD"})


def test_a_hospital_notifies_and_who_is_told_has_48_hours(office: Office) -> None:
    core = office.id("AZ-CORE")
    status, _, there = office.at("MID-HOSP").fill(
        "/forms/notify", {"text_CHILD": "骨折", "to": core, f"basis.{core}": "CAPA-6-1"}
    )
    assert status == 303
    case = UUID(there.partition("/cases/")[2][:36])
    assert "SEE_CHILD" in office.waits(case, "AZ-CORE")
    message = office.message(case, "AZ-CORE", "abuse_notification.received")
    office.at("AZ-CORE").does(f"/cases/{case}/forms/outcome?about={message}", {"outcome": "IN_PROGRESS"})
    assert "検討している" in office.at("MID-HOSP").case(case)


def test_a_decision_not_to_act_has_a_reason_and_a_day_to_look_again(office: Office) -> None:
    case = office.case()
    office.told(case)
    clerk = office.at("KS-CGC")
    path = f"/cases/{case}/forms/not-told"
    filled = {"reason": "WATCHED_BY_OTHERS", "text_REASON": "市が見守る", "review_on": office.day(0)}
    status, asked, _ = clerk.fill(path, filled)
    assert (status, set(asked.errors)) == (400, {"review_on"})
    clerk.does(path, {**filled, "review_on": office.day(20)})
    assert "ほかの機関が対応している" in clerk.case(case)
    assert "ACT" not in office.waits(case, "KS-CGC")


def test_what_rests_on_a_consent_is_closed_when_it_is_withdrawn(office: Office) -> None:
    case = office.case()
    clerk = office.at("AZ-CORE")
    hospital = office.id("MID-HOSP")
    covered = {"recipients": [hospital], "sections": ["CHILD"]}
    clerk.does(f"/cases/{case}/forms/consent-refused", covered)
    given = clerk.does(f"/cases/{case}/forms/consent", {**covered, "capacity": "GUARDIAN"})
    people = read(clerk.page(f"/cases/{case}/forms/coercion-check?about={given}")).offered["second"]
    clerk.does(f"/cases/{case}/forms/coercion-check?about={given}", {"second": people[0], "coerced": "no"})
    tell = {
        "act": "disclosure.made",
        "to": hospital,
        "basis": "CONSENT",
        "section": "CHILD",
        "text": "体重の伸び",
    }
    status, _, text = clerk.fill(f"/cases/{case}/tell", tell)
    assert (status, "記録しました" in text) == (200, True), text
    other = office.at("MID-HOSP")
    assert "体重の伸び" in opened(other, case, "CHILD")
    clerk.does(f"/cases/{case}/forms/consent-withdrawn?about={given}")
    assert "閲覧終了" in other.case(case)


def test_a_lapse_and_the_return_of_a_contractor_are_seen_on_its_page(office: Office) -> None:
    npo, core = office.at("SORA-NPO"), office.at("AZ-CORE")
    assert "有効" in npo.page("/programme")
    links = dict(
        re.findall(
            r'href="/agency/SORA-NPO(/programme/forms/(?:\w+)\?about=[^"]+)">([^<]+)<', npo.page("/programme")
        )
    )
    paths = {text: path for path, text in links.items()}
    worker = office.stage.actors["SORA-NPO"]
    assert worker in read(npo.page(paths["誓約書を記録する"])).offered["worker"]
    npo.does(paths["誓約書を記録する"], {"worker": worker, "valid_until": office.day(1)})
    office.stage.set_clock(office.stage.now() + timedelta(days=3))
    text = npo.page("/programme")
    assert "停止中" in text
    assert "誓約書がない、または期限切れ" in text
    assert "訪問報告" in npo.case(office.run.case)  # of its own it keeps the receipts
    back = re.search(r'href="/agency/AZ-CORE(/programme/forms/reinstate[^"]+)"', core.page("/programme"))
    assert back is not None
    status, _, text = core.fill(back[1], {"agreed": "yes"})
    assert (status, "そろっていません" in text) == (403, True)
    status, asked, _ = npo.fill(paths["誓約書を記録する"], {"worker": worker, "valid_until": office.day(-1)})
    assert (status, set(asked.errors)) == (400, {"valid_until"})
    npo.does(paths["誓約書を記録する"], {"worker": worker, "valid_until": office.day(300)})
    core.does(back[1], {"agreed": "yes"})
    assert "停止中" not in npo.page("/programme")


def test_a_core_agency_keeps_the_papers_of_its_own_visitors(office: Office) -> None:
    core = office.at("AZ-CORE")
    own = commission_of(UUID(office.id("AZ-CORE")), UUID(office.id("AZ-CORE")))
    page = core.page("/programme")
    assert "この機関の訪問支援者" in page
    offered = set(re.findall(rf"/programme/forms/([\w-]+)\?about={own}", page))
    assert {"worker", "training", "oath", "exemption", "practice", "further-training"} <= offered
    assert not offered & {
        "reinstate",
        "contractor-requirement",
        "performance",
        "supervision",
        "contract-ended",
    }
    path = f"/programme/forms/{{}}?about={own}"
    core.does(path.format("worker"), {"worker": "W-C9", "employment": "PART_TIME"})
    assert "誓約書がない、または期限切れ" in core.page("/programme")
    core.does(path.format("training"), {"worker": "W-C9", "modules": [m.value for m in Module]})
    core.does(path.format("oath"), {"worker": "W-C9"})
    line = re.search(r"<td class=\"mono\">W-C9</td>.*?</tr>", core.page("/programme"), re.S)
    assert line is not None
    assert "そろっています" in line[0]
    core.does(
        path.format("further-training"), {"worker": "W-C9", "tier": "T2_SKILL", "modules": ["M7_CASE_STUDY"]}
    )
    assert "この機関の訪問支援者" not in office.at("MID-HOSP").page("/programme")


def test_what_the_audit_office_asks_is_told_to_the_owner_and_two_answer(office: Office) -> None:
    case = office.case()
    [message] = [
        m for m in told_messages(office, case, "AZ-CORE") if m["act"] == "abuse_notification.received"
    ]
    item = next(i for i in message["items"] if i["section"] == "RISK")
    until = date.fromisoformat(office.day(20))
    request = office.stage.audit.ask_for(case, [UUID(item["item"])], ground=AuditGround.COURT, until=until)
    path = f"/cases/{case}/forms/audit-grant?about={request}"
    clerk = office.at("AZ-CORE")
    assert "監査機関が内容の閲覧を求めています" in clerk.page("/")
    assert "裁判所の嘱託など" in clerk.page(path)
    clerk.does(path, {"agreed": "yes"})
    assert clerk.fill(path, {"agreed": "yes"})[0] == 403
    office.at("AZ-CORE", "second").does(path, {"agreed": "yes"})
    office.stage.settle()
    found = office.stage.audit.open(case, UUID(message["message"]), UUID(item["item"]), "RISK")
    assert found.content.decode() == "けがが繰り返されている"
    answer = office.at("MID-HOSP").http.get(
        f"/agency/MID-HOSP/cases/{case}/forms/audit-grant?about={request}"
    )
    assert answer.status_code == 404


def test_a_visitor_reports_and_tells_what_worries_him(office: Office) -> None:
    npo, case = office.at("SORA-NPO"), office.run.case
    core = office.id("AZ-CORE")
    path = f"/cases/{case}/forms/visit-report"
    asked = read(npo.page(path))
    assert asked.values["to"] == [core]
    npo.does(path, {"child_seen": "no", "text_VISIT": "母とだけ会った"})
    worry = {"text_RISK": "二週続けて子に会えない", f"basis.{core}": "CWA-21-10-2-3"}
    npo.does(f"/cases/{case}/forms/concern", worry)
    npo.does(f"/cases/{case}/forms/visit-planned", {"planned_on": office.day(2)})
    text = office.at("AZ-CORE").case(case)
    assert "安全上の懸念" in text
    assert office.day(2) in text
    report = office.message(case, "AZ-CORE", "visit_report.submitted")
    office.at("AZ-CORE").does(f"/cases/{case}/forms/report-review?about={report}")
    assert "訪問報告の確認" in npo.case(case)


def test_who_wrote_an_item_hears_that_the_audit_office_asks_and_a_stranger_does_not(office: Office) -> None:
    core = office.id("AZ-CORE")
    told = {"text_CHILD": "骨折", "to": core, f"basis.{core}": "CAPA-6-1"}
    _, _, there = office.at("MID-HOSP").fill("/forms/notify", told)
    case = UUID(there.partition("/cases/")[2][:36])
    office.told(case)
    [message] = [m for m in told_messages(office, case, "MID-HOSP") if m["items"]]
    item = UUID(message["items"][0]["item"])
    until = date.fromisoformat(office.day(5))
    office.stage.audit.ask_for(case, [item], ground=AuditGround.AUDIT, until=until)
    page = office.at("MID-HOSP").case(case)
    assert "監査機関が内容の閲覧を求めています" in page
    assert "forms/audit-grant" not in page
    page = office.at("KS-CGC").case(case)
    assert "この機関に知らされていない項目" in page
    assert str(case)[:8] not in office.at("TW-CORE").page("/")


def test_a_breach_is_reported_at_once_and_then_in_full(office: Office) -> None:
    npo, case = office.at("SORA-NPO"), office.run.case
    first = {"leaked": ["BASIC"], "persons": "２", "told": "no", "to": office.id("AZ-CORE")}
    npo.does(f"/cases/{case}/forms/breach", first)
    asked = read(npo.page(f"/cases/{case}/forms/breach"))
    assert asked.values["stage"] == ["FINAL"]
    npo.does(f"/cases/{case}/forms/breach", {**first, "told": "yes"})
    text = office.at("AZ-CORE").case(case)
    assert "速報" in text
    assert "確報" in text


def test_what_is_asked_is_answered_or_declined_with_a_reason(office: Office) -> None:
    case = office.case()
    office.told(case)
    cgc = office.id("KS-CGC")
    clerk, told = office.at("AZ-CORE"), office.at("KS-CGC")
    for _ in range(2):
        clerk.fill(
            f"/cases/{case}/tell",
            {
                "act": "information.requested",
                "to": cgc,
                "basis": "CAPA-13-4",
                "section": "CHILD",
                "text": "経過は",
            },
        )
    asked = [m for m in told_messages(office, case, "KS-CGC") if m["act"] == "information.requested"]
    core = office.id("AZ-CORE")
    told.does(
        f"/cases/{case}/forms/answer?about={asked[0]['message']}",
        {"text_CHILD": "面接した", f"basis.{core}": "CAPA-13-4"},
    )
    told.does(f"/cases/{case}/forms/decline?about={asked[1]['message']}", {"reason": "NOT_KNOWN_TO_US"})
    text = clerk.case(case)
    assert "不回答" in text
    assert "把握していない" in text


def told_messages(office: Office, case: UUID, code: str) -> list[dict[str, Any]]:
    door = office.stage.door(code)
    door.refresh()
    return door.book.messages(case)


def test_the_same_page_sent_twice_is_recorded_once(office: Office) -> None:
    case = office.case()
    clerk = office.at("AZ-CORE")
    asked = read(clerk.page(f"/cases/{case}/forms/triage"))
    values = {**asked.values, "urgency": ["WATCH"]}
    places = {clerk.http.post(asked.action, data=values).headers["location"] for _ in range(2)}
    assert len(places) == 1
    again = clerk.http.post(asked.action, data={**values, "urgency": ["AT_ONCE"]})
    assert "この画面からはすでに送りました" in again.text
    said = [m for m in told_messages(office, case, "AZ-CORE") if m["act"] == "emergency.triaged"]
    assert len(said) == 1


def test_a_stranger_to_a_case_finds_no_form_of_it(office: Office) -> None:
    case = office.case()
    clerk = office.at("TW-CORE")
    for path in (f"/cases/{case}/forms/emergency", f"/cases/{case}/forms/no-such", "/forms/emergency"):
        assert clerk.http.get(clerk.base + path).status_code == 404
    answer = clerk.http.post(f"{clerk.base}/cases/{case}/forms/safety", data={"ask": str(case)})
    assert answer.status_code == 404


@pytest.mark.parametrize("code", ["AZ-CORE", "KS-CGC", "MID-HOSP", "SORA-NPO"])
def test_every_form_that_is_offered_opens_and_names_its_fields(office: Office, code: str) -> None:
    case = office.case() if code == "AZ-CORE" else office.run.case
    clerk = office.at(code)
    if code == "KS-CGC":
        case = office.case()
        office.told(case)
    links = re.findall(rf'href="/agency/{code}(/cases/[^"]+/forms/[^"]+)"', clerk.case(case))
    assert len(links) > 10
    for link in links:
        text = clerk.page(link.replace("&amp;", "&"))
        assert "根拠となる規定: " in text
        assert FORMS[re.findall(r"/forms/([\w-]+)", link)[0]].title in text


def test_the_second_and_third_person_sign_in_for_themselves(office: Office, tmp_path: Path) -> None:
    case = office.case()
    staff = Staff(tmp_path / "staff.db")
    people = ("staff.a1", "staff.a2", "staff.a3")
    for actor in people:
        staff.add(actor, f"職員 {actor}", b"a long passphrase")
    with ExitStack() as parts:
        parts.callback(staff.close)
        app = agency_app(office.stage.door("AZ-CORE"), staff=staff, mode="real")
        served = parts.enter_context(Served(app))

        def signed_in(actor: str) -> Clerk:
            clerk = Clerk(served.url, "")
            parts.callback(clerk.close)
            clerk.base = ""
            secret = {"actor": actor, "passphrase": "a long passphrase"}
            assert clerk.http.post("/sign-in", data=secret).status_code == 303
            return clerk

        first, second, third = map(signed_in, people)
        assert first.http.post("/person", data={"actor": "staff.a2"}).status_code == 404
        drafted = first.does(
            f"/cases/{case}/forms/override",
            {
                "recipients": [office.id("MID-HOSP")],
                "sections": ["CHILD"],
                "reason": "SPECIAL_REASON",
                "alternatives": ["WAIT_FOR_CONSENT"],
                "text_REASON": "連絡がつかない",
            },
        )
        let = f"/cases/{case}/forms/override-word?about={drafted}"

        def offered(clerk: Clerk) -> tuple[bool, bool]:
            """On the work list, and on the case's page."""
            return let in clerk.page("/"), let in clerk.case(case)

        assert list(map(offered, (first, second, third))) == [(False,) * 2, (True,) * 2, (True,) * 2]
        second.does(let, {"agreed": "yes"})
        assert list(map(offered, (first, second, third))) == [(False,) * 2, (False,) * 2, (True,) * 2]
        assert second.fill(let, {"agreed": "yes"})[0] == 403
        assert first.fill(let, {"agreed": "yes"})[0] == 403
        third.does(let, {"agreed": "yes"})
        assert "この承認で" in first.case(case)
        let_by = [r.actor for r in office.stage.records() if r.topic == "basis_override.approved"]
        assert let_by[-2:] == ["staff.a2", "staff.a3"]
        stranger = Clerk(served.url, "")
        parts.callback(stranger.close)
        stranger.base = ""
        answer = stranger.http.post(f"/cases/{case}/forms/override", data={"ask": str(case)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_the_offices_register_a_case_and_look_at_its_plan_again(office: Office) -> None:
    case = office.case()
    office.at("AZ-CORE").does(f"/cases/{case}/forms/registration-request", {"to": office.id("AZ-COORD")})
    coordinator = office.at("AZ-COORD")
    assert f"/cases/{case}/forms/registration" in coordinator.page("/")
    coordinator.does(
        f"/cases/{case}/forms/registration", {"standing": "NEEDS_SUPPORT", "to": office.id("AZ-CORE")}
    )
    assert "要支援児童" in office.at("AZ-CORE").case(case)
    assert "REGISTER" not in office.waits(case, "AZ-COORD")
    office.at("AZ-CORE").does(f"/cases/{office.run.case}/forms/plan-review", {"text_PLAN": "週一回に"})


def test_who_works_for_a_contractor_is_registered_trained_and_known(office: Office) -> None:
    npo = office.at("SORA-NPO")
    links = re.findall(r'href="/agency/SORA-NPO(/programme/forms/([\w-]+)[^"]+)"', npo.page("/programme"))
    paths = {key: path for path, key in links}
    new = {"worker": "W-NEW", "employment": "FULL_TIME"}
    npo.does(paths["worker"], new)
    page = npo.page("/programme")
    assert "W-NEW" in page
    assert "研修「傾聴とコミュニケーション」がない" in page
    lacking = read(npo.page(paths["training"])).values["modules"]
    assert len(lacking) == 7
    npo.does(paths["training"], {"worker": "W-NEW"})
    status, _, text = npo.fill(paths["qualification"], {"worker": "W-NEW", "qualification": "その他の専門職"})
    assert (status, "一覧にない資格です" in text) == (403, True)
    npo.does(paths["qualification"], {"worker": "W-NEW", "qualification": "保健師"})
    assert "研修「傾聴とコミュニケーション」がない" not in npo.page("/programme")


def test_each_person_says_for_itself_that_it_knows_the_rules(office: Office) -> None:
    door = office.stage.door("NS-CGC")
    sent = door.send(
        Kind.AGENCY, door.agency, "confidentiality_rules.adopted", {"edition": "R8-1"}, actor="head"
    )
    assert sent.outcome == "recorded"
    clerk = office.at("NS-CGC")
    assert "未確認" in clerk.page("/programme")
    clerk.does(f"/programme/forms/rules-known?about={office.id('NS-CGC')}", {"agreed": "yes"})
    assert "確認済み" in clerk.page("/programme")
    assert "未確認" in office.at("NS-CGC", "second").page("/programme")
