"""The acts of case workers through the pages of real doors and a real hub; each arrives on the other agency's page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from domain.calendar import day_of
from domain.codes import AuditGround, Module
from domain.events import Kind
from domain.record import commission_of
from gateway.agency.forms.table import FORMS
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.app import agency_app
from gateway.audit.verification import Verification
from gateway.pages.dates import day_text
from gateway.pages.texts import section_text
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story
from tests.gateway.page_client import PageClient, parse_form

STORY = Path(__file__).parents[1] / "scenarios" / "family-moves.yaml"


class PagesFixture:
    """A rehearsal hub, its pages, and the people who use them."""

    def __init__(self, run: Run, url: str, stack: ExitStack) -> None:
        self.run, self.url, self._parts = run, url, stack

    @property
    def rehearsal_hub(self) -> RehearsalHub:
        return self.run.rehearsal_hub

    def at(self, code: str, other: str = "") -> PageClient:
        """A person of this agency; ``other``: another of its people."""
        page_client = PageClient(
            self.url, code, f"{self.rehearsal_hub.actors[code]}.{other}" if other else None
        )
        self._parts.callback(page_client.close)
        return page_client

    def id(self, code: str) -> str:
        return str(self.rehearsal_hub.door(code).agency)

    def case(self, **more: str) -> UUID:
        """A new case, begun by a notification that AZ-CORE received."""
        form_values = {"text_CHILD": "右腕にあざがある", "text_RISK": "けがが繰り返されている", **more}
        status, _, redirect_url = self.at("AZ-CORE").fill("/forms/intake", form_values)
        assert status == 303, redirect_url
        opened_item = re.search(r"/cases/([0-9a-f-]{36})", redirect_url)
        assert opened_item is not None
        return UUID(opened_item[1])

    def forward_notification(self, case: UUID, code: str = "KS-CGC", text: str = "右腕のあざ") -> str:
        """AZ-CORE forwards the notification of this case to another authority. Returns the message's id."""
        notified = self.message(case, "AZ-CORE", "abuse_notification.received")
        agency = self.id(code)
        path = f"/cases/{case}/forms/forward?about={notified}"
        return self.at("AZ-CORE").submit(
            path, {"text_CHILD": text, "to": agency, f"basis.{agency}": "CWA-25-7-1"}
        )

    def message(self, case: UUID, code: str, act: str) -> str:
        door = self.rehearsal_hub.door(code)
        door.refresh()
        return str([m["message"] for m in door.store.messages(case) if m["act"] == act][-1])

    def pending_tasks(self, case: UUID, code: str) -> set[str]:
        door = self.rehearsal_hub.door(code)
        door.refresh()
        return {t["kind"] for t in door.store.tasks.of_case(str(case))}

    def day(self, days: int) -> str:
        return (day_of(self.rehearsal_hub.now()) + timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesFixture]:
    story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= 8), expects=(), must_hold=())
    story = replace(story, contractors={c: replace(w, until=None) for c, w in story.contractors.items()})
    with open_rehearsal_hub(tmp_path_factory.mktemp("office") / "hub", start_of(story)) as rehearsal_hub:
        run, report = play(story, rehearsal_hub)
        assert report.problems == []
        rehearsal_hub.complete_rewrap_duties()
        with ServedApp(pages_app(rehearsal_hub, Verification())) as served, ExitStack() as stack:
            yield PagesFixture(run, served.url, stack)


def readable(page_client: PageClient, case: UUID, section: str) -> tuple[str, dict[str, str]] | None:
    """How the page of a case offers this section to be read: the path below the case and what its form sends."""
    page = page_client.case(case)
    single = re.search(
        rf'name="message" value="([^"]+)"><input type="hidden" name="item" value="([^"]+)">'
        rf'<input type="hidden" name="section" value="{section}">',
        page,
    )
    if single is not None:
        return "open", {"message": single[1], "item": single[2], "section": section}
    for form in re.findall(r'/read" class="reading">(.*?)</form>', page, re.S):
        if f'<span class="tag">{section_text(section)}</span>' in form:
            return "read", {"message": re.findall(r'name="message" value="([^"]+)"', form)[0]}
    return None


def opened(page_client: PageClient, case: UUID, section: str) -> str:
    """The page on which this section is shown, opened from the case's page."""
    offered = readable(page_client, case, section)
    assert offered is not None, "no item of this section can be opened"
    path, values = offered
    answer = page_client.http.post(
        f"{page_client.base}/cases/{case}/{path}", data=values, follow_redirects=True
    )
    assert answer.status_code == 200, answer.text
    return str(answer.text)


EMERGENCY = {
    "sections": ["RISK"],
    "reason": "LIFE_IN_DANGER",
    "alternatives": ["REQUEST_FROM_OWNER"],
    "text_REASON": "夜間で担当につながらない",
}


def test_a_contractor_is_informed_of_an_assignment_though_nobody_is_addressed(office: PagesFixture) -> None:
    """The story and the API name nobody; the contractor's door learns of it like by the page."""
    core, case = office.rehearsal_hub.door("AZ-CORE"), office.run.case
    office.message(case, "SORA-NPO", "support_worker.assigned")
    by_story = office.message(case, "AZ-CORE", "support_worker.assigned")
    [fields] = [m["fields"] for m in core.store.messages(case) if m["message"] == by_story]
    named = {name: fields[name] for name in ("agency", "worker")}
    role = {name: fields[name] for name in ("role", "qualification")}
    app = agency_app(core, staff=Staff.rehearsal("staff.core", mode="rehearsal"), mode="rehearsal")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for act, more in (("unassigned", {}), ("assigned", role)):
            message = {"case": str(case), "act": f"support_worker.{act}", "fields": {**named, **more}}
            answer = client.post("/api/messages", json=message)
            assert answer.json().get("outcome") == "recorded", answer.text
    core.refresh()
    about_visitors = [m for m in core.store.messages(case) if m["act"].startswith("support_worker.")]
    assert [m["to"] for m in about_visitors] == 3 * [[office.id("SORA-NPO")]]
    office.message(case, "SORA-NPO", "support_worker.assigned")


def test_a_colleague_and_another_agency_approve_on_their_own_pages_and_the_owner_reviews(
    office: PagesFixture,
) -> None:
    case = office.case()
    office.forward_notification(case)
    first = office.at("KS-CGC")
    request = first.submit(f"/cases/{case}/forms/emergency", EMERGENCY)
    approval_path = f"/cases/{case}/forms/emergency-approval?about={request}"
    status, _, text = first.fill(approval_path, {"agreed": "yes"})
    assert (status, "別の職員による確認が必要です" in text) == (403, True)
    for code in ("AZ-CORE", "AZ-COORD"):  # both are addressed, and asked to approve it
        assert "EMERGENCY_APPROVAL" in office.pending_tasks(case, code)
        assert approval_path in office.at(code).page("/")
    for code, other in (("KS-CGC", "second"), ("AZ-CORE", "")):
        assert readable(first, case, "RISK") is None
        page_client = office.at(code, other)
        page_client.page_with("/", "承認を待っています")
        assert "記録の持ち主に尋ねる" in page_client.page(approval_path)
        page_client.submit(approval_path, {"agreed": "yes"})
    assert "2人(成立)" in first.case(case)
    assert "EMERGENCY_APPROVAL" not in office.pending_tasks(case, "AZ-COORD")
    office.rehearsal_hub.complete_rewrap_duties()
    assert "けがが繰り返されている" in opened(first, case, "RISK")
    owner = office.at("AZ-CORE")
    assert approval_path.partition("?")[0] not in owner.page("/")
    owner.page_with("/", f"forms/emergency-review?about={request}")
    owner.submit(f"/cases/{case}/forms/emergency-review?about={request}", {"justified": "yes"})
    assert "やむを得なかった" in first.case(case)
    assert "EMERGENCY_REVIEW" not in office.pending_tasks(case, "AZ-CORE")


def test_without_an_approval_from_outside_the_pages_name_when_it_opens_and_that_it_did(
    office: PagesFixture,
) -> None:
    case = office.case()
    office.forward_notification(case)
    first = office.at("KS-CGC")
    request = first.submit(f"/cases/{case}/forms/emergency", EMERGENCY)
    approval_path = f"/cases/{case}/forms/emergency-approval?about={request}"
    for other in ("second", "third"):
        office.at("KS-CGC", other).submit(approval_path, {"agreed": "yes"})
    assert "2人(別の機関の承認がないため、求めから15分で成立)" in first.case(case)
    office.rehearsal_hub.set_clock(office.rehearsal_hub.now() + timedelta(minutes=15))
    for code in ("AZ-CORE", "AZ-COORD"):
        assert "LATE_EMERGENCY_UNILATERAL" in office.pending_tasks(case, code)
        assert "別の機関の承認のない緊急閲覧が行われています" in office.at(code).page("/")
    status, _, text = office.at("AZ-COORD").fill(approval_path, {"agreed": "yes"})
    assert (status, "すでに開いたものです" in text) == (403, True)


def test_an_incomplete_emergency_form_shows_errors_at_its_fields_and_sends_nothing(
    office: PagesFixture,
) -> None:
    case = office.case()
    office.forward_notification(case)
    before = len(list(office.rehearsal_hub.records()))
    status, parsed_form, _ = office.at("KS-CGC").fill(
        f"/cases/{case}/forms/emergency", {"sections": ["PLAN"], "text_REASON": " "}
    )
    assert status == 400
    assert set(parsed_form.errors) == {"reason", "alternatives", "text_REASON"}
    assert parsed_form.values["sections"] == ["PLAN"]
    status, parsed_form, _ = office.at("KS-CGC").fill(
        f"/cases/{case}/forms/emergency", {**EMERGENCY, "sections": ["NOTIFIER"]}
    )
    assert set(parsed_form.errors) == {"sections"}
    assert len(list(office.rehearsal_hub.records())) == before


def test_a_refusal_of_the_hub_is_shown_at_the_field_and_entered_text_is_kept(office: PagesFixture) -> None:
    case = office.case()
    office.forward_notification(case)
    status, parsed_form, _ = office.at("KS-CGC").fill(
        f"/cases/{case}/forms/emergency", {**EMERGENCY, "sections": ["CLOSING"]}
    )
    assert status == 403
    assert parsed_form.errors == {"sections": "この情報区分の記録はありません。"}
    assert parsed_form.values["text_REASON"] == ["夜間で担当につながらない"]


def test_no_page_overrides_a_basis_before_two_others_have_approved(office: PagesFixture) -> None:
    case = office.case()
    hospital = office.id("MID-HOSP")
    page_client = office.at("AZ-CORE")
    disclosure = {
        "to": hospital,
        f"basis.{hospital}": "APPI-69-2-4",
        "text_CHILD": "受診を勧めたい",
    }
    status, _, text = page_client.fill(f"/cases/{case}/disclose", disclosure)
    assert (status, "先に別の職員二人の承認が必要です" in text) == (400, True)
    override_link = re.search(r'href="/agency/AZ-CORE(/cases/[^"]+/forms/override[^"]+)"', text)
    assert override_link is not None
    override_request = page_client.submit(
        override_link[1].replace("&amp;", "&"),
        {
            "reason": "CLEARLY_IN_THEIR_INTEREST",
            "alternatives": ["WAIT_FOR_CONSENT"],
            "text_REASON": "連絡がつかない",
        },
    )
    approval_path = f"/cases/{case}/forms/override-approval?about={override_request}"
    assert page_client.fill(approval_path, {"agreed": "yes"})[0] == 403
    office.at("AZ-CORE", "second").submit(approval_path, {"agreed": "yes"})
    assert page_client.fill(f"/cases/{case}/disclose", disclosure)[0] == 400
    assert "この承認で" not in page_client.case(case)
    office.at("AZ-CORE", "third").submit(approval_path, {"agreed": "yes"})
    page = page_client.case(case)
    assert f"この承認で{office.rehearsal_hub.names['MID-HOSP']}に子どもの状況を送る" in page
    link = re.search(r'href="/agency/AZ-CORE(/cases/[^"]+/disclose\?[^"]+)"', page)
    assert link is not None
    page_client.submit(link[1].replace("&amp;", "&"), {"text_CHILD": "受診を勧めたい"})
    assert "受診を勧めたい" in opened(office.at("MID-HOSP"), case, "CHILD")


def test_responsibility_is_transferred_when_the_child_was_seen(
    office: PagesFixture,
) -> None:
    case = office.case()
    old, new = office.at("AZ-CORE"), office.at("TW-CORE")
    receiving_agency = office.id("TW-CORE")
    transfer = old.submit(
        f"/cases/{case}/forms/transfer",
        {
            "moves_on": office.day(20),
            "to": receiving_agency,
            "text_BASIC": "母と子",
            f"basis.{receiving_agency}": "APPI-69-2-3",
        },
    )
    package = f"/cases/{case}/forms/package?about={transfer}"
    status, parsed_form, _ = old.fill(package, {"text_BASIC": "母と子"})
    assert status == 400
    assert set(parsed_form.errors) == {"checklist", "text_RISK"}
    assert "リスクアセスメントシート" in parsed_form.errors["checklist"]
    sent = old.submit(
        package,
        {
            "checklist.RISK_SHEET": "SENT",
            "checklist.PHOTOS": "NONE",
            "text_RISK": "重い",
            f"basis.{receiving_agency}": "APPI-69-2-3",
        },
    )
    assert "CONFIRM_TRANSFER" in office.pending_tasks(case, "TW-CORE")
    new.page_with("/", f"forms/receipt?about={sent}")
    assert "外傷等の写真: ない" in new.case(case)
    assert parse_form(new.page(f"/cases/{case}/forms/receipt?about={sent}")).offered["received"] == [
        "RISK_SHEET"
    ]
    new.submit(f"/cases/{case}/forms/receipt?about={sent}", {"received": "RISK_SHEET"})
    new.submit(f"/cases/{case}/forms/receipt?about={transfer}")
    assert "受け取ったもの" in old.case(case)
    done = f"/cases/{case}/forms/transfer-done?about={transfer}"
    status, parsed_form, _ = old.fill(done, {"child_seen": "yes"})
    assert status == 400
    assert "移管先が子どもを目視していません" in parsed_form.errors["child_seen"]
    new.submit(f"/cases/{case}/forms/sighted", {"agreed": "yes"})
    new.submit(done, {"child_seen": "yes"})
    assert "移管の完了" in old.case(case)


def test_a_guardians_request_is_decided_section_by_section_with_its_grounds(office: PagesFixture) -> None:
    case = office.case(**{"text_NOTIFIER.氏名": "例示 一郎"})
    page_client = office.at("AZ-CORE")
    request = page_client.submit(f"/cases/{case}/forms/access-request", {"requester": "LEGAL_REPRESENTATIVE"})
    assert {"DECIDE_ACCESS"} <= office.pending_tasks(case, "AZ-CORE")
    check = f"/cases/{case}/forms/coercion-check?about={request}"
    people = parse_form(page_client.page(check)).offered["second"]
    assert people == ["staff.AZ-CORE.second", "staff.AZ-CORE.third"]
    page_client.submit(check, {"second": people[0], "coerced": "no"})
    path = f"/cases/{case}/forms/access-decision?about={request}"
    parsed_form = parse_form(page_client.page(path))
    assert {"withheld.NOTIFIER", "withheld.CHILD", "withheld.RISK"} <= set(parsed_form.offered)
    assert "APPI-78-1-3" not in parsed_form.offered["withheld.NOTIFIER"]
    status, parsed_form, _ = page_client.fill(path, {"withheld.RISK": "APPI-78-1-7"})
    assert (status, set(parsed_form.errors)) == (400, {"withheld"})
    assert "子どもの状況" in parsed_form.errors["withheld"]
    decisions = {
        "withheld.RISK": "APPI-78-1-7",
        "withheld.CHILD": "DISCLOSE",
        "withheld.NOTIFIER": "DISCLOSE",
    }
    status, parsed_form, _ = page_client.fill(path, decisions)
    assert (status, set(parsed_form.errors)) == (400, {"withheld"})
    assert "通告者特定情報は必ず不開示" in parsed_form.errors["withheld"]
    office.rehearsal_hub.set_clock(office.rehearsal_hub.now() + timedelta(hours=49))
    page_client.submit(path, {**decisions, "withheld.NOTIFIER": "APPI-78-1-2"})
    text = page_client.case(case)
    assert "一部開示" in text
    assert "78条1項7号" in text
    assert "DECIDE_ACCESS" not in office.pending_tasks(case, "AZ-CORE")


def test_withholding_everything_needs_a_legal_reason_for_every_section(office: PagesFixture) -> None:
    case = office.case()
    page_client = office.at("AZ-CORE")
    request = page_client.submit(f"/cases/{case}/forms/access-request", {"requester": "SELF"})
    path = f"/cases/{case}/forms/access-decision?about={request}"
    for child in ("", "DISCLOSE"):
        some = {"decision": "NONE", "withheld.RISK": "APPI-78-1-7", "withheld.CHILD": child}
        status, parsed_form, _ = page_client.fill(path, some)
        assert (status, set(parsed_form.errors)) == (400, {"withheld"})
    page_client.submit(path, {"decision": "EXISTENCE_NOT_DISCLOSED"})
    assert "存否を答えない" in page_client.case(case)


def test_recipients_of_a_wrong_message_get_the_correction_and_answer(office: PagesFixture) -> None:
    case = office.case()
    wrong = office.forward_notification(case, text="左腕のあざ")
    page_client, recipient = office.at("AZ-CORE"), office.at("KS-CGC")
    path = f"/cases/{case}/forms/correction?about={wrong}"
    status, parsed_form, text = page_client.fill(path, {"text_REASON": "写し間違い"})
    assert (status, set(parsed_form.errors)) == (400, {"text_CHILD"})  # a reason alone corrects nothing
    assert set(re.findall('<textarea [^>]*name="([^"]+)"', text)) == {"text_CHILD", "text_REASON"}
    assert f"対象: 事例 {str(case)[:8]}" in text
    correction = page_client.submit(path, {"text_CHILD": "右腕のあざ"})
    cgc = office.id("KS-CGC")
    notice = page_client.submit(
        f"/cases/{case}/forms/correction-notice?about={correction}",
        {"text_CHILD": "右腕が正しい", f"basis.{cgc}": "APPI-69-2-3"},
    )
    recipient.page_with("/", "訂正・回収に対応し、確認する")
    recipient.submit(f"/cases/{case}/forms/notice-followed?about={notice}", {"agreed": "yes"})
    recall = page_client.submit(f"/cases/{case}/forms/recall?about={wrong}", {"reason": "WRONG_CONTENT"})
    recipient.submit(f"/cases/{case}/forms/notice-followed?about={recall}", {"agreed": "yes"})
    assert page_client.case(case).count("訂正・回収の確認") >= 2
    assert "CONFIRM" not in office.pending_tasks(case, "KS-CGC")
    page_client.submit(
        f"/cases/{case}/forms/use-stop?about={wrong}", {"reason": "UNLAWFUL_USE", "agreed": "yes"}
    )
    assert "閲覧終了" in recipient.case(case)


def test_only_a_sighting_of_the_child_stops_the_48_hours(office: PagesFixture) -> None:
    case = office.case()
    page_client = office.at("AZ-CORE")
    assert "SEE_CHILD" in office.pending_tasks(case, "AZ-CORE")
    page_client.page_with("/", "安全を確認する")
    page_client.submit(f"/cases/{case}/forms/triage", {"urgency": "AT_ONCE"})
    page_client.submit(f"/cases/{case}/forms/safety", {"method": "TELEPHONE"})
    assert "<dt>子ども本人の目視</dt><dd>なし</dd>" in page_client.case(case)
    assert "SEE_CHILD" in office.pending_tasks(case, "AZ-CORE")
    cgc = office.id("KS-CGC")
    sighting = {"method": "SIGHTED", "to": cgc, f"basis.{cgc}": "CAPA-13-4", "text_CHILD": "けがはない"}
    page_client.submit(f"/cases/{case}/forms/safety", {**sighting, "text_CHILD.flag": ["CHILD_STATEMENT"]})
    assert "SEE_CHILD" not in office.pending_tasks(case, "AZ-CORE")
    text = office.at("KS-CGC").case(case)
    assert "子ども本人を目視した" in text
    assert "子どもの発言" in text


def test_words_of_the_notifier_are_not_disclosed(office: PagesFixture) -> None:
    status, parsed_form, text = office.at("AZ-CORE").fill(
        "/forms/intake", {"text_CHILD": "大家の架空花子さんから聞いた", "text_NOTIFIER.氏名": "架空花子"}
    )
    assert status == 400
    assert "通告者が分かる記載があります" in text
    assert parsed_form.values["text_CHILD"] == ["大家の架空花子さんから聞いた"]


def test_a_slip_is_shown_before_it_is_sent_and_only_what_is_sent_in_spite_of_it_is_an_offence(
    office: PagesFixture,
) -> None:
    runtime = office.rehearsal_hub.runtime
    assert runtime is not None
    core, door = office.at("AZ-CORE"), office.rehearsal_hub.door("AZ-CORE")
    slip: dict[str, str | Sequence[str]] = {
        "text_CHILD": "大家の架空花子さんから聞いた",
        "text_NOTIFIER.氏名": "架空花子",
    }
    head, cases, outbox = runtime.store.head(), set(door.store.cases()), len(door.store.outgoing())
    status, parsed_form, text = core.fill("/forms/intake", slip)
    assert (status, "まだ記録していません" in text) == (400, True)
    assert parsed_form.errors == {
        "text_CHILD": "通告者が分かる記載があります。通告者特定情報に分けてください。"
    }
    assert parsed_form.offered["anyway"] == ["yes"]
    assert (runtime.store.head(), len(door.store.outgoing())) == (head, outbox)
    assert door.store.marks(UUID(parsed_form.values["command_id"][0])) == {}

    values = {
        **parsed_form.values,
        "text_CHILD": ["近所の人から聞いた"],
    }  # corrected: the same form, the same id
    corrected = core.http.post(parsed_form.action, data=values)
    assert corrected.status_code == 303
    assert runtime.projector.wait_for(runtime.store.head(), 20)
    refused = [r for r in runtime.projector.queries.exceptions(door.now()) if r.kind == "REFUSED"]

    status, parsed_form, _ = core.fill("/forms/intake", {**slip, "anyway": "yes"})
    assert status == 403
    assert runtime.projector.wait_for(runtime.store.head(), 20)
    now_refused = [r for r in runtime.projector.queries.exceptions(door.now()) if r.kind == "REFUSED"]
    assert len(now_refused) == len(refused) + 1
    phantom = str(({r.case for r in now_refused} - {r.case for r in refused}).pop())
    for code in ("AZ-CORE", "AZ-COORD", "MID-HOSP"):
        office.rehearsal_hub.door(code).refresh()
        assert phantom not in office.rehearsal_hub.door(code).store.cases()
        assert phantom[:8] not in office.at(code).page("/cases")
    assert len(set(door.store.cases()) - cases) == 1


def test_the_auditor_sees_how_often_each_agency_asked_beforehand(office: PagesFixture) -> None:
    office.at("AZ-CORE").fill(
        "/forms/intake", {"text_CHILD": "架空花子から", "text_NOTIFIER.氏名": "架空花子"}
    )
    page_client = office.at("AZ-CORE")
    text = page_client.http.get("/audit/exceptions").text
    rows = re.findall(
        r"<tr><td>([^<]+)</td><td>([^<]+)</td><td>(\d+)</td><td>(\d+)</td><td>0</td></tr>", text
    )
    assert any(
        name.startswith("あおぞら市こども家庭センター") and int(n) >= int(bad) >= 1
        for _, name, n, bad in rows
    ), rows


def test_a_notification_dated_tomorrow_is_not_sent(office: PagesFixture) -> None:
    status, parsed_form, _ = office.at("AZ-CORE").fill(
        "/forms/intake", {"text_CHILD": "あざ", "received_at": f"{office.day(1)}T10:00"}
    )
    assert (status, set(parsed_form.errors)) == (400, {"received_at"})
    status, parsed_form, _ = office.at("AZ-CORE").fill("/forms/intake", {"received_at": "きのう"})
    assert (status, set(parsed_form.errors)) == (400, {"received_at", "text_CHILD"})


def test_a_notification_by_a_hospital_starts_48_hours_for_its_recipient(office: PagesFixture) -> None:
    core = office.id("AZ-CORE")
    status, _, redirect_url = office.at("MID-HOSP").fill(
        "/forms/notify", {"text_CHILD": "骨折", "to": core, f"basis.{core}": "CAPA-6-1"}
    )
    assert status == 303
    case = UUID(redirect_url.partition("/cases/")[2][:36])
    assert "SEE_CHILD" in office.pending_tasks(case, "AZ-CORE")
    message = office.message(case, "AZ-CORE", "abuse_notification.received")
    office.at("AZ-CORE").submit(f"/cases/{case}/forms/outcome?about={message}", {"outcome": "IN_PROGRESS"})
    assert "検討している" in office.at("MID-HOSP").case(case)


def test_a_decision_not_to_act_has_a_reason_and_a_day_of_review(office: PagesFixture) -> None:
    case = office.case()
    office.forward_notification(case)
    page_client = office.at("KS-CGC")
    path = f"/cases/{case}/forms/non-disclosure"
    filled = {"reason": "WATCHED_BY_OTHERS", "text_REASON": "市が見守る", "review_on": office.day(0)}
    status, parsed_form, _ = page_client.fill(path, filled)
    assert (status, set(parsed_form.errors)) == (400, {"review_on"})
    assert "ACT" in office.pending_tasks(case, "KS-CGC")
    forwarded = office.message(case, "KS-CGC", "notification.forwarded")
    page_client.submit(path, {**filled, "review_on": office.day(20), "answers": forwarded})
    assert "ほかの機関が対応している" in page_client.case(case)
    assert "ACT" not in office.pending_tasks(case, "KS-CGC")


def test_disclosures_based_on_a_consent_are_closed_when_it_is_withdrawn(office: PagesFixture) -> None:
    case = office.case()
    page_client = office.at("AZ-CORE")
    hospital = office.id("MID-HOSP")
    covered = {"recipients": [hospital], "sections": ["CHILD"]}
    page_client.submit(f"/cases/{case}/forms/consent-refused", covered)
    path, by_mother = (
        f"/cases/{case}/forms/consent",
        {**covered, "capacity": "GUARDIAN", "given_by": ["MOTHER"]},
    )
    status, parsed_form, _ = page_client.fill(path, by_mother)
    assert (status, set(parsed_form.errors)) == (400, {"until"})
    page_client.submit(
        f"/cases/{case}/forms/parental-authority", {"states.MOTHER": "HELD", "states.FATHER": "LOST"}
    )
    assert "父: 親権を失った(喪失・辞任)、母: 親権者である" in page_client.case(case)
    status, parsed_form, _ = page_client.fill(path, {**by_mother, "given_by": ["FATHER"], "age": "3"})
    assert (status, set(parsed_form.errors)) == (400, {"given_by"})
    given = page_client.submit(path, {**by_mother, "age": "3"})
    people = parse_form(page_client.page(f"/cases/{case}/forms/coercion-check?about={given}")).offered[
        "second"
    ]
    page_client.submit(
        f"/cases/{case}/forms/coercion-check?about={given}", {"second": people[0], "coerced": "no"}
    )
    check = office.message(case, "AZ-CORE", "coercion_check.done")
    confirmation = f"/cases/{case}/forms/coercion-confirmation?about={check}"
    assert confirmation not in page_client.page("/")  # it is not offered to the one who recorded it
    second = office.at("AZ-CORE", "second")
    second.page_with("/", confirmation)
    second.submit(confirmation, {"agreed": "yes"})
    assert "CONFIRM_CHECK" not in office.pending_tasks(case, "AZ-CORE")
    disclosure = {"to": hospital, f"basis.{hospital}": "CONSENT", "text_CHILD": "体重の伸び"}
    page_client.submit(f"/cases/{case}/disclose", disclosure)
    other = office.at("MID-HOSP")
    assert "体重の伸び" in opened(other, case, "CHILD")
    page_client.submit(f"/cases/{case}/forms/consent-withdrawn?about={given}")
    assert "閲覧終了" in other.case(case)


def test_suspension_and_reinstatement_of_a_contractor_are_shown_on_its_page(office: PagesFixture) -> None:
    npo, core = office.at("SORA-NPO"), office.at("AZ-CORE")
    assert "有効" in npo.page("/programme")
    links = dict(
        re.findall(
            r'href="/agency/SORA-NPO(/programme/forms/(?:\w+)\?about=[^"]+)">([^<]+)<', npo.page("/programme")
        )
    )
    paths = {text: path for path, text in links.items()}
    worker = office.rehearsal_hub.actors["SORA-NPO"]
    assert worker in parse_form(npo.page(paths["誓約書を記録する"])).offered["worker"]
    npo.submit(paths["誓約書を記録する"], {"worker": worker, "valid_until": office.day(1)})
    office.rehearsal_hub.set_clock(office.rehearsal_hub.now() + timedelta(days=3))
    text = npo.page("/programme")
    assert "停止中" in text
    assert "誓約書がない、または期限切れ" in text
    assert "訪問報告" in npo.case(office.run.case)  # it keeps the receipts of its own commands
    back = re.search(r'href="/agency/AZ-CORE(/programme/forms/reinstate[^"]+)"', core.page("/programme"))
    assert back is not None
    status, _, text = core.fill(back[1], {"agreed": "yes"})
    assert (status, "そろっていません" in text) == (403, True)
    status, parsed_form, _ = npo.fill(
        paths["誓約書を記録する"], {"worker": worker, "valid_until": office.day(-1)}
    )
    assert (status, set(parsed_form.errors)) == (400, {"valid_until"})
    npo.submit(paths["誓約書を記録する"], {"worker": worker, "valid_until": office.day(300)})
    core.submit(back[1], {"agreed": "yes"})
    assert "停止中" not in npo.page("/programme")


def test_a_core_agency_records_the_documents_of_its_own_workers(office: PagesFixture) -> None:
    core = office.at("AZ-CORE")
    own = commission_of(UUID(office.id("AZ-CORE")), UUID(office.id("AZ-CORE")))
    page = core.page("/programme")
    assert "この機関の訪問支援者" in page
    offered = set(re.findall(rf"/programme/forms/([\w-]+)\?about={own}", page))
    assert {"worker", "training", "oath", "qualification", "practice", "further-training"} <= offered
    assert not offered & {
        "exemption",  # no qualification is verified yet
        "reinstate",
        "contractor-requirement",
        "performance",
        "supervision",
        "contract-ended",
    }
    path = f"/programme/forms/{{}}?about={own}"
    core.submit(path.format("worker"), {"worker": "W-C9", "employment": "PART_TIME"})
    assert "誓約書がない、または期限切れ" in core.page("/programme")
    core.submit(path.format("qualification"), {"worker": "W-C9", "qualification": "保健師"})
    exempted = {"worker": "W-C9", "module": "M5_LISTENING", "qualification": "保健師"}
    core.submit(path.format("worker"), {"worker": "W-C8", "employment": "PART_TIME"})
    status, parsed_form, text = core.fill(path.format("exemption"), {**exempted, "worker": "W-C8"})
    assert (status, set(parsed_form.errors)) == (400, {"qualification"})
    assert "保健師(W-C9)" in text
    core.submit(path.format("exemption"), exempted)
    attended = [m.value for m in Module if m is not Module.M5_LISTENING]
    core.submit(path.format("training"), {"worker": "W-C9", "modules": attended})
    core.submit(path.format("oath"), {"worker": "W-C9"})
    line = re.search(r"<td class=\"mono\">W-C9</td>.*?</tr>", core.page("/programme"), re.S)
    assert line is not None
    assert "そろっています" in line[0]
    core.submit(
        path.format("further-training"), {"worker": "W-C9", "tier": "T2_SKILL", "modules": ["M7_CASE_STUDY"]}
    )
    assert "この機関の訪問支援者" not in office.at("MID-HOSP").page("/programme")


def test_an_audit_request_is_shown_to_the_owner_and_two_approve(office: PagesFixture) -> None:
    case = office.case()
    [message] = [m for m in messages_of(office, case, "AZ-CORE") if m["act"] == "abuse_notification.received"]
    item = next(i for i in message["items"] if i["section"] == "RISK")
    until = date.fromisoformat(office.day(20))
    request = office.rehearsal_hub.audit.request_content(
        case, [UUID(item["item"])], ground=AuditGround.COURT, until=until
    )
    path = f"/cases/{case}/forms/audit-grant?about={request}"
    page_client = office.at("AZ-CORE")
    page_client.page_with("/", "監査機関が内容の閲覧を求めています")
    assert "裁判所の嘱託など" in page_client.page(path)
    page_client.submit(path, {"agreed": "yes"})
    assert page_client.fill(path, {"agreed": "yes"})[0] == 403
    office.at("AZ-CORE", "second").submit(path, {"agreed": "yes"})
    office.rehearsal_hub.complete_rewrap_duties()
    opened_item = office.rehearsal_hub.audit.open(case, UUID(message["message"]), UUID(item["item"]), "RISK")
    assert opened_item.content.decode() == "けがが繰り返されている"
    answer = office.at("MID-HOSP").http.get(
        f"/agency/MID-HOSP/cases/{case}/forms/audit-grant?about={request}"
    )
    assert answer.status_code == 404


def test_a_referral_names_the_family_by_its_fields_and_control_names_its_children(
    office: PagesFixture,
) -> None:
    hospital, core = office.at("MID-HOSP"), office.id("AZ-CORE")
    assert parse_form(hospital.page("/new")).values["to"] == [core]
    values = {
        "subject_consent": "NOT_REQUESTED",
        "text_RISK": "",
        "form_BASIC.children.new.1.name.text": "山田 さくら",
        "form_BASIC.children.new.1.born_on": "春ごろ",
    }
    status, parsed_form, text = hospital.fill("/new", values)
    assert (status, set(parsed_form.errors)) == (400, {"form_BASIC.children.new.1.born_on"})
    assert "「生年月日」を R8.5.12" in text
    assert parsed_form.values["form_BASIC.children.new.1.name.text"] == ["山田 さくら"]
    hospital.submit("/new", {**values, "form_BASIC.children.new.1.born_on": "R7.5.2"})
    receiver, door = office.at("AZ-CORE"), office.rehearsal_hub.door("AZ-CORE")
    door.refresh()
    messages = [m for case in door.store.cases() for m in door.store.messages(UUID(case))]
    [referral] = [
        m for m in messages if m["act"] == "family_information.provided" and m["fields"].get("children")
    ]
    [child] = referral["fields"]["children"]
    page = opened(receiver, UUID(referral["case"]), "BASIC")
    assert f"山田 さくら(参照 {child[:8]})" in page
    assert "令和7年5月2日(2025年5月2日)" in page


def visit_of(npo: PageClient, path: str) -> dict[str, str | Sequence[str]]:
    """What a report of a visit has to state: day, times, place, who was met, each child, the next visit."""
    seen = [name for name in parse_form(npo.page(path)).offered if re.search(r"\.children\..+\.seen$", name)]
    return {
        "form_VISIT.visited_on": "R7.6.2",
        "form_VISIT.started_at": "10:00",
        "form_VISIT.ended_at": "10:40",
        "form_VISIT.place": "自宅",
        "form_VISIT.met": "母",
        "form_VISIT.next_visit_on": "不明",
        **dict.fromkeys(seen, "yes"),
    }


def test_a_visitor_reports_a_visit_by_its_fields(office: PagesFixture) -> None:
    npo, case = office.at("SORA-NPO"), office.run.case
    path = f"/cases/{case}/forms/visit-report"
    status, parsed_form, _ = npo.fill(path, {"child_seen": "no", "text_VISIT": "母とだけ会った"})
    required = {f"form_VISIT.{name}" for name in ("visited_on", "started_at", "ended_at", "place", "met")}
    required.add("form_VISIT.next_visit_on")
    assert (status, {n for n in parsed_form.errors if ".children." not in n}) == (400, required)
    wrong = {**visit_of(npo, path), "child_seen": "no", "form_VISIT.visited_on": "春ごろ"}
    status, parsed_form, _ = npo.fill(path, wrong)
    assert (status, set(parsed_form.errors)) == (400, {"form_VISIT.visited_on"})
    assert parsed_form.values["form_VISIT.place"] == ["自宅"]
    sent = npo.submit(path, {**wrong, "form_VISIT.visited_on": "R7.6.2", "form_VISIT.concerns": "不明"})
    core = office.at("AZ-CORE")
    core.page_with(f"/cases/{case}", sent)
    report = next(m for m in messages_of(office, case, "AZ-CORE") if m["message"] == sent)
    item = next(i["item"] for i in report["items"] if i["section"] == "VISIT")
    values = {"message": report["message"], "item": item, "section": "VISIT"}
    page = str(core.http.post(f"{core.base}/cases/{case}/open", data=values).text)
    assert '<dt class="depth-0">訪問日</dt><dd>令和7年6月2日(2025年6月2日)</dd>' in page
    assert '<dt class="depth-0">場所</dt><dd>自宅</dd>' in page
    assert '<dt class="depth-0">気になる点</dt><dd>不明</dd>' in page


def test_a_visitor_reports_visits_and_concerns(office: PagesFixture) -> None:
    npo, case = office.at("SORA-NPO"), office.run.case
    core = office.id("AZ-CORE")
    path = f"/cases/{case}/forms/visit-report"
    parsed_form = parse_form(npo.page(path))
    assert parsed_form.values["to"] == [core]
    npo.submit(path, {**visit_of(npo, path), "child_seen": "no", "text_VISIT": "母とだけ会った"})
    worry = {"text_RISK": "二週続けて子に会えない", f"basis.{core}": "CWA-21-10-2-3"}
    npo.submit(f"/cases/{case}/forms/concern", worry)
    npo.submit(f"/cases/{case}/forms/visit-planned", {"planned_on": office.day(2)})
    text = office.at("AZ-CORE").case(case)
    assert "安全上の懸念" in text
    assert day_text(office.day(2)) in text
    report = office.message(case, "AZ-CORE", "visit_report.submitted")
    office.at("AZ-CORE").submit(f"/cases/{case}/forms/report-review?about={report}")
    assert "訪問報告の確認" in npo.case(case)


def test_an_audit_request_is_shown_to_the_author_of_an_item_and_not_to_others(
    office: PagesFixture,
) -> None:
    core = office.id("AZ-CORE")
    notification = {"text_CHILD": "骨折", "to": core, f"basis.{core}": "CAPA-6-1"}
    _, _, redirect_url = office.at("MID-HOSP").fill("/forms/notify", notification)
    case = UUID(redirect_url.partition("/cases/")[2][:36])
    office.forward_notification(case)
    [message] = [m for m in messages_of(office, case, "MID-HOSP") if m["items"]]
    item = UUID(message["items"][0]["item"])
    until = date.fromisoformat(office.day(5))
    office.rehearsal_hub.audit.request_content(case, [item], ground=AuditGround.AUDIT, until=until)
    page = office.at("MID-HOSP").case(case)
    assert "監査機関が内容の閲覧を求めています" in page
    assert "forms/audit-grant" not in page
    page = office.at("KS-CGC").case(case)
    assert "この機関に知らされていない項目" in page
    assert str(case)[:8] not in office.at("TW-CORE").page("/")


def test_a_breach_has_a_preliminary_and_a_final_report(office: PagesFixture) -> None:
    npo, case = office.at("SORA-NPO"), office.run.case
    first = {"leaked": ["BASIC"], "persons": "２", "subjects_informed": "no", "to": office.id("AZ-CORE")}
    npo.submit(f"/cases/{case}/forms/breach", first)
    parsed_form = parse_form(npo.page(f"/cases/{case}/forms/breach"))
    assert parsed_form.values["stage"] == ["FINAL"]
    npo.submit(f"/cases/{case}/forms/breach", {**first, "subjects_informed": "yes"})
    text = office.at("AZ-CORE").case(case)
    assert "速報" in text
    assert "確報" in text


def test_a_request_is_answered_or_declined_with_a_reason(office: PagesFixture) -> None:
    case = office.case()
    office.forward_notification(case)
    cgc = office.id("KS-CGC")
    page_client, recipient = office.at("AZ-CORE"), office.at("KS-CGC")
    for _ in range(2):
        page_client.fill(
            f"/cases/{case}/forms/question",
            {"to": cgc, f"basis.{cgc}": "CAPA-13-4", "text_CHILD": "経過は"},
        )
    requests = [m for m in messages_of(office, case, "KS-CGC") if m["act"] == "information.requested"]
    core = office.id("AZ-CORE")
    recipient.submit(
        f"/cases/{case}/forms/answer?about={requests[0]['message']}",
        {"text_CHILD": "面接した", f"basis.{core}": "CAPA-13-4"},
    )
    recipient.submit(
        f"/cases/{case}/forms/decline?about={requests[1]['message']}", {"reason": "NOT_KNOWN_TO_US"}
    )
    text = page_client.case(case)
    assert "不回答" in text
    assert "把握していない" in text


def messages_of(office: PagesFixture, case: UUID, code: str) -> list[dict[str, Any]]:
    door = office.rehearsal_hub.door(code)
    door.refresh()
    return door.store.messages(case)


def test_the_same_page_sent_twice_is_recorded_once(office: PagesFixture) -> None:
    case = office.case()
    page_client = office.at("AZ-CORE")
    parsed_form = parse_form(page_client.page(f"/cases/{case}/forms/triage"))
    values = {**parsed_form.values, "urgency": ["WATCH"]}
    places = {page_client.http.post(parsed_form.action, data=values).headers["location"] for _ in range(2)}
    assert len(places) == 1
    second_response = page_client.http.post(parsed_form.action, data={**values, "urgency": ["AT_ONCE"]})
    assert "この画面からはすでに送りました" in second_response.text
    triage_messages = [m for m in messages_of(office, case, "AZ-CORE") if m["act"] == "emergency.triaged"]
    assert len(triage_messages) == 1


def test_an_agency_without_a_part_in_a_case_gets_no_form_of_it(office: PagesFixture) -> None:
    case = office.case()
    page_client = office.at("TW-CORE")
    for path in (f"/cases/{case}/forms/emergency", f"/cases/{case}/forms/no-such", "/forms/emergency"):
        assert page_client.http.get(page_client.base + path).status_code == 404
    answer = page_client.http.post(
        f"{page_client.base}/cases/{case}/forms/safety", data={"command_id": str(case)}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("code", ["AZ-CORE", "KS-CGC", "MID-HOSP", "SORA-NPO"])
def test_every_offered_form_opens_and_its_fields_have_labels(office: PagesFixture, code: str) -> None:
    case = office.case() if code == "AZ-CORE" else office.run.case
    page_client = office.at(code)
    if code == "KS-CGC":
        case = office.case()
        office.forward_notification(case)
    links = re.findall(rf'href="/agency/{code}(/cases/[^"]+/forms/[^"]+)"', page_client.case(case))
    assert len(links) > 10
    for link in links:
        text = page_client.page(link.replace("&amp;", "&"))
        assert "根拠となる規定: " in text
        assert FORMS[re.findall(r"/forms/([\w-]+)", link)[0]].title in text


def test_each_approving_person_signs_in_with_an_own_session(office: PagesFixture, tmp_path: Path) -> None:
    case = office.case()
    staff = Staff(tmp_path / "staff.db")
    people = ("staff.a1", "staff.a2", "staff.a3")
    for actor in people:
        staff.add(actor, f"職員 {actor}", b"a long passphrase", roles=ALL_ROLES)
    with ExitStack() as stack:
        stack.callback(staff.close)
        door = office.rehearsal_hub.door("AZ-CORE")  # shared: it asks its own people again afterwards
        stack.callback(setattr, door, "permissions", door.permissions)
        app = agency_app(office.rehearsal_hub.door("AZ-CORE"), staff=staff, mode="real")
        served = stack.enter_context(ServedApp(app))

        def signed_in(actor: str) -> PageClient:
            page_client = PageClient(served.url, "")
            stack.callback(page_client.close)
            page_client.base = ""
            secret = {"actor": actor, "passphrase": "a long passphrase"}
            assert page_client.http.post("/sign-in", data=secret).status_code == 303
            return page_client

        first, second, third = map(signed_in, people)
        assert first.http.post("/person", data={"actor": "staff.a2"}).status_code == 404
        override_request = first.submit(
            f"/cases/{case}/forms/override",
            {
                "recipients": [office.id("MID-HOSP")],
                "sections": ["CHILD"],
                "reason": "SPECIAL_REASON",
                "alternatives": ["WAIT_FOR_CONSENT"],
                "text_REASON": "連絡がつかない",
            },
        )
        approval_path = f"/cases/{case}/forms/override-approval?about={override_request}"

        def offered(page_client: PageClient) -> tuple[bool, bool]:
            """Whether the approval is offered on the work list, and on the case's page."""
            return approval_path in page_client.page("/"), approval_path in page_client.case(case)

        assert list(map(offered, (first, second, third))) == [(False,) * 2, (True,) * 2, (True,) * 2]
        second.submit(approval_path, {"agreed": "yes"})
        assert list(map(offered, (first, second, third))) == [(False,) * 2, (False,) * 2, (True,) * 2]
        assert second.fill(approval_path, {"agreed": "yes"})[0] == 403
        assert first.fill(approval_path, {"agreed": "yes"})[0] == 403
        third.submit(approval_path, {"agreed": "yes"})
        assert "この承認で" in first.case(case)
        approvers = [r.actor for r in office.rehearsal_hub.records() if r.topic == "basis_override.approved"]
        assert approvers[-2:] == ["staff.a2", "staff.a3"]
        stranger = PageClient(served.url, "")
        stack.callback(stranger.close)
        stranger.base = ""
        answer = stranger.http.post(f"/cases/{case}/forms/override", data={"command_id": str(case)})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_offices_register_a_case_and_review_its_plan(office: PagesFixture) -> None:
    case = office.case()
    office.at("AZ-CORE").submit(f"/cases/{case}/forms/registration-request", {"to": office.id("AZ-COORD")})
    coordinator = office.at("AZ-COORD")
    coordinator.page_with("/", f"/cases/{case}/forms/registration")
    coordinator.submit(
        f"/cases/{case}/forms/registration", {"standing": "NEEDS_SUPPORT", "to": office.id("AZ-CORE")}
    )
    assert "要支援児童" in office.at("AZ-CORE").case(case)
    assert "REGISTER" not in office.pending_tasks(case, "AZ-COORD")
    office.at("AZ-CORE").submit(f"/cases/{office.run.case}/forms/plan-review", {"text_PLAN": "週一回に"})


def test_a_contractors_worker_is_registered_trained_and_shown(office: PagesFixture) -> None:
    npo = office.at("SORA-NPO")
    links = re.findall(r'href="/agency/SORA-NPO(/programme/forms/([\w-]+)[^"]+)"', npo.page("/programme"))
    paths = {key: path for path, key in links}
    new = {"worker": "W-NEW", "employment": "FULL_TIME"}
    npo.submit(paths["worker"], new)
    page = npo.page("/programme")
    assert "W-NEW" in page
    assert "研修「傾聴とコミュニケーション」がない" in page
    lacking = parse_form(npo.page(paths["training"])).values["modules"]
    assert len(lacking) == 7
    npo.submit(paths["training"], {"worker": "W-NEW"})
    status, _, text = npo.fill(paths["qualification"], {"worker": "W-NEW", "qualification": "その他の専門職"})
    assert (status, "一覧にない資格です" in text) == (403, True)
    npo.submit(paths["qualification"], {"worker": "W-NEW", "qualification": "保健師"})
    assert "研修「傾聴とコミュニケーション」がない" not in npo.page("/programme")


def test_each_person_acknowledges_the_confidentiality_rules(office: PagesFixture) -> None:
    door = office.rehearsal_hub.door("NS-CGC")
    sent = door.send(
        Kind.AGENCY, door.agency, "confidentiality_rules.adopted", {"edition": "R8-1"}, actor="head"
    )
    assert sent.outcome == "recorded"
    page_client = office.at("NS-CGC")
    assert "未確認" in page_client.page("/programme")
    page_client.submit(f"/programme/forms/rules-known?about={office.id('NS-CGC')}", {"agreed": "yes"})
    assert "確認済み" in page_client.page("/programme")
    assert "未確認" in office.at("NS-CGC", "second").page("/programme")
