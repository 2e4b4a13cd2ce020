"""Printing at a real door: opened on record, logged, guarded, and given away without being stored."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from typer.testing import CliRunner

from adapters.content_json import write_content
from domain.content.family import Child, Family
from domain.content.values import PersonName
from domain.error_codes import TABLE
from domain.events import Kind
from domain.roles import StaffRole
from gateway.agency.door import Door, SectionContent, SubmissionResult
from gateway.agency.official_forms import printing
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.cli.main import app
from gateway.pages import typesetting
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.test_exports import needs_font
from tests.gateway.test_official_forms import text_of
from tests.gateway.test_protected_addresses import ADDRESS, STOPPED

pytestmark = needs_font


class Office:
    """The core agency's door, its page, and a family."""

    def __init__(self, hub: HubWithCase) -> None:
        self.hub, self.door = hub, hub.door("AZ-CORE")
        self.staff = Staff.rehearsal("staff.one", mode="rehearsal")
        self.door.addresses.own_log = self.staff.log_address
        application = agency_app(self.door, staff=self.staff, mode="rehearsal")
        self.page = TestClient(application, base_url="http://127.0.0.1", headers={"accept": "text/html"})

    def family(self) -> UUID:
        case = uuid4()
        self.hub.refer(case)
        self.door.refresh()
        return case

    def record(
        self, case: UUID, *parts: tuple[str, bytes | str], door: Door | None = None, **more: Any
    ) -> SubmissionResult:
        """What the core agency writes in its own file, a minute later than what was written before."""
        self.hub.rehearsal_hub.set_clock(self.hub.rehearsal_hub.now() + timedelta(minutes=1))
        fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        act = more.pop("act", "disclosure.made")
        flags = more.pop("flags", ())
        schema = more.pop("schema", "text/v1")
        contents = [
            SectionContent(section, text if isinstance(text, bytes) else text.encode(), flags, schema)
            for section, text in parts
        ]
        fields |= {"answers": None} if act == "disclosure.made" else {}
        sent = (door or self.door).send(Kind.CASE, case, act, {**fields, **more}, contents, actor="staff.one")
        assert sent.outcome == "recorded", sent
        self.door.refresh()
        return sent

    def protect(self, case: UUID, address: str = ADDRESS) -> SubmissionResult:
        return self.record(
            case, ("ADDR", address), act="protected_address.registered", until="2027-12-31", purpose="SAFETY"
        )

    def print(self, case: UUID, key: str, *sent: SubmissionResult, **more: Any) -> Response:
        """Print everything of these messages from the page."""
        items = [str(item) for one in sent for item, _ in one.items]
        form = {"item": items, "purpose": "SUPPORT", **more}
        return self.page.post(f"/cases/{case}/print/{key}", data=form)

    def openings(self, case: UUID) -> list[dict[str, Any]]:
        return [r for r in self.hub.rehearsal_hub.records() if r.topic == "section.opened"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as hub:
        yield Office(hub)


@pytest.fixture
def case(office: Office) -> UUID:
    return office.family()


def test_a_form_is_printed_from_what_is_opened_on_record_and_the_door_logs_it(
    office: Office, case: UUID
) -> None:
    family = Family(children=(Child(ref=uuid4(), name=PersonName("架空 花子", "かくう はなこ")),))
    sent = office.record(case, ("BASIC", write_content(family)), schema="family/v1")
    other = office.record(case, ("CHILD", "元気である"))
    before = len(office.openings(case))
    answer = office.print(case, "information-child", sent, other, purpose="SAFETY")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'inline; filename="information-child.pdf"'
    text = text_of(answer.content)
    for word in ("架空花子", "かくうはなこ", "元気である", "発行職員staff.one", "訓練用"):
        assert word in text
    opened = office.openings(case)[before:]
    assert [(r.actor, r.event.purpose, r.event.section) for r in opened] == [
        ("staff.one", "SAFETY", "BASIC"),
        ("staff.one", "SAFETY", "CHILD"),
    ]  # in the order in which they were written
    entry = office.staff.print_log()[0]
    assert (entry.by, entry.about, entry.detail) == ("staff.one", str(case), "information-child")
    log = office.page.get("/print-log").text
    assert "要支援児童等に関する情報提供書(児童)" in log
    assert str(case) in log


def test_the_page_lists_what_will_be_opened_and_opens_nothing_itself(office: Office, case: UUID) -> None:
    office.record(case, ("CHILD", "古い"))
    newest = office.record(case, ("CHILD", "新しい"), ("NOTIFIER", "氏名: 隣の人"))
    before = len(office.openings(case))
    page = office.page.get(f"/cases/{case}/print/notification").text
    chosen = re.findall(r'name="(item|confirmed_item)" value="([0-9a-f-]+)"( checked)?', page)
    by_item = {item: (name, bool(checked)) for name, item, checked in chosen}
    items = {section: str(item) for item, section in newest.items}
    assert by_item[items["CHILD"]] == ("item", True)
    assert by_item[items["NOTIFIER"]] == ("confirmed_item", False)
    assert (
        sum(checked for _, checked in by_item.values()) == 2
    )  # the newest BASIC of the referral, and this CHILD
    assert len(office.openings(case)) == before


def test_a_message_proposes_its_own_items_and_the_case_page_links_to_its_forms(
    office: Office, case: UUID
) -> None:
    first = office.record(case, ("CHILD", "一回目"))
    office.record(case, ("CHILD", "二回目"))
    path = f"/cases/{case}/print?message={first.command_id}"
    assert path in office.page.get(f"/cases/{case}").text
    assert "この連絡の様式" in office.page.get(path).text
    page = office.page.get(f"/cases/{case}/print/information-child?message={first.command_id}").text
    assert f'value="{first.items[0][0]}" checked' in page


@pytest.mark.parametrize(
    ("section", "key"), [("NOTIFIER", "notification"), ("ADDR", "notification")], ids=["notifier", "address"]
)
def test_what_needs_a_tick_of_its_own_is_never_printed_by_the_common_one(
    office: Office, case: UUID, section: str, key: str
) -> None:
    sent = office.record(case, (section, "氏名: 隣の人"))
    before = len(office.openings(case))
    refused = office.print(case, key, sent)
    assert refused.status_code == 400
    assert "項目ごとの確認がなければ印刷できません" in refused.text
    assert len(office.openings(case)) == before
    answer = office.print(case, key, confirmed_item=[str(sent.items[0][0])])
    assert "隣の人" in text_of(answer.content)
    assert office.staff.print_log()[0].detail == f"{key} {section}"


def test_an_item_that_is_not_offered_reads_like_one_that_is_not_there(office: Office, case: UUID) -> None:
    minutes = office.record(case, ("CONF", "会議"), act="conference_minutes.recorded", participants=[])
    other_family = office.record(office.family(), ("CHILD", "別の家庭"))
    for sent in (minutes, other_family):
        assert office.print(case, "information-child", sent).status_code == 404
    assert office.print(case, "information-child", item=[str(uuid4())]).status_code == 404
    assert office.print(case, "no-such-form").status_code == 404
    assert office.page.get(f"/cases/{uuid4()}/print").status_code == 404
    assert office.page.get(f"/cases/{uuid4()}/print/minutes").status_code == 404
    assert office.page.get(f"/cases/{case}/print/minutes?message={uuid4()}").status_code == 404


@pytest.mark.parametrize("flag", ["NEVER_TO_GUARDIAN", "THIRD_PARTY", "DV_PROTECTED", "CHILD_STATEMENT"])
def test_the_familys_plan_is_never_printed_from_what_the_family_may_not_read(
    office: Office, case: UUID, flag: str
) -> None:
    hidden = office.record(case, ("PLAN", "家族に見せない"), flags=(flag,))
    shown = office.record(case, ("PLAN", "いっしょに考えた"))
    assert office.print(case, "support-plan", hidden).status_code == 404
    assert "いっしょに考えた" in text_of(office.print(case, "support-plan", shown).content)


# --- protected addresses ----------------------------------------------------------------------------------------------


def test_while_an_address_is_protected_a_form_prints_none_unless_it_was_ticked(
    office: Office, case: UUID
) -> None:
    words = office.record(case, ("BASIC", "母: 架空 花子\n住所: 別の市1丁目1番\n電話: 099-555-9999"))
    protected = office.protect(case)
    assert (
        "秘匿住所に印を付けないとき、住所・電話番号は印刷しません"
        in office.page.get(f"/cases/{case}/print/notification").text
    )
    text = text_of(office.print(case, "notification", words).content)
    assert "架空花子" in text
    for hidden in ("別の市", "099-555", "みはる市"):
        assert hidden not in text
    ticked = office.print(case, "notification", words, confirmed_item=[str(protected.items[0][0])])
    text = text_of(ticked.content)
    assert "みはる市朝日ヶ丘三丁目12番5号" in text
    assert "別の市1丁目1番" in text


def test_a_protected_address_in_another_writing_is_looked_for_in_what_would_be_printed(
    office: Office, case: UUID
) -> None:
    earlier = office.record(case, ("CHILD", "母子は夕日が丘５－８にいる"))
    office.protect(case, "架空県かぜ市夕日ヶ丘五丁目8番9号 コーポかぜ101号室")
    printed_before = len(office.staff.print_log())
    answer = office.print(case, "information-child", earlier)
    assert answer.status_code == 403
    assert TABLE[STOPPED].meaning_ja in answer.text
    assert len(office.staff.print_log()) == printed_before
    assert office.staff.address_log()[0].detail == "様式: 要支援児童等に関する情報提供書(児童)"


# --- what can't be printed --------------------------------------------------------------------------------------------


def test_a_character_without_picture_is_named_by_its_place_on_the_page(office: Office, case: UUID) -> None:
    sent = office.record(case, ("CHILD", "名前は花\ue000"))
    answer = office.print(case, "information-child", sent)
    assert answer.status_code == 400
    assert "の5文字目は、印刷用の書体にない文字" in answer.text
    assert f'value="{sent.items[0][0]}" checked' in answer.text


def test_too_much_is_refused_before_anything_is_opened(office: Office, case: UUID) -> None:
    before = len(office.openings(case))
    answer = office.print(case, "minutes", item=[str(uuid4()) for _ in range(printing.MAX_ITEMS + 1)])
    assert (answer.status_code, "開く項目が多すぎます" in answer.text) == (400, True)
    assert len(office.openings(case)) == before


# --- systems, visitors, the command line ------------------------------------------------------------------------------


class SystemOffice(Office):
    """The same door, used by a system of the agency."""

    def __init__(self, office: Office) -> None:
        self.hub, self.door = office.hub, office.door
        self.staff = Staff.rehearsal("sys:records", mode="rehearsal")
        application = agency_app(self.door, staff=self.staff, mode="rehearsal")
        self.page = TestClient(application, base_url="http://127.0.0.1")


def test_a_system_prints_what_needs_no_persons_tick_and_no_more(office: Office, case: UUID) -> None:
    system = SystemOffice(office)
    sent = office.record(case, ("CHILD", "元気である"), ("NOTIFIER", "氏名: 隣の人"))
    path = f"/api/cases/{case}/official-forms/notification"
    offered = {row["section"]: row for row in system.page.get(path).json()}
    assert offered["NOTIFIER"]["needs_own_tick"] is True
    child = offered["CHILD"]["item"]
    answer = system.page.post(path, json={"items": [child]})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert "元気である" in text_of(answer.content)
    refused = system.page.post(path, json={"confirmed_items": [offered["NOTIFIER"]["item"]]})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "person-required")
    unticked = system.page.post(path, json={"items": [offered["NOTIFIER"]["item"]]})
    assert (unticked.status_code, unticked.json()["error_code"]) == (400, "section-needs-own-tick")
    many = system.page.post(path, json={"items": [str(uuid4()) for _ in range(100)]})
    assert (many.status_code, many.json()["error_code"]) == (400, "too-many-items-to-print")
    assert sent.outcome == "recorded"


def test_errors_of_printing_have_their_codes_for_programs(
    office: Office, case: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = SystemOffice(office)
    sent = office.record(case, ("CHILD", "花\ue000"))
    path, order = f"/api/cases/{case}/official-forms/information-child", {"items": [str(sent.items[0][0])]}
    answer = system.page.post(path, json=order)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "character-not-printable")
    assert "2文字目" in answer.json()["detail_ja"]
    monkeypatch.setattr(printing, "MAX_CHARACTERS", 1)
    answer = system.page.post(path, json=order)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "print-too-long")
    monkeypatch.undo()
    monkeypatch.setattr(typesetting, "FONT", "No Such Font")
    answer = system.page.post(path, json={})
    assert (answer.status_code, answer.json()["error_code"]) == (503, "font-missing")


def test_the_oath_of_an_unknown_visitor_is_not_there(office: Office) -> None:
    form = {"commission": str(uuid4()), "worker": "W-1"}
    assert office.page.post("/programme/print/oath", data=form).status_code == 404


def test_the_command_line_writes_a_new_file_for_its_owner_alone(
    office: Office, case: UUID, tmp_path: Path
) -> None:
    sent = office.record(case, ("CHILD", "元気である"))
    place = office.hub.rehearsal_hub.installation.agency("AZ-CORE").folder
    common = ["--folder", str(place), "--hub", office.hub.rehearsal_hub.url, "--case", str(case)]
    with closing(Staff(place / "staff.db")) as staff:
        staff.add("staff.a1", "職員A", "a long passphrase", roles=[StaffRole.CASE_WORKER])
    run = CliRunner()
    listed = run.invoke(app, ["agency", "form", "list", *common, "--form", "information-child", "--json"])
    assert str(sent.items[0][0]) in listed.output, listed.exception
    assert "要支援児童等に関する情報提供書" in run.invoke(app, ["agency", "form", "list", *common]).output
    file = tmp_path / "form.pdf"
    command = ["agency", "form", "print", *common, "--form", "information-child", "--actor", "staff.a1"]
    command += ["--item", str(sent.items[0][0]), "--out", str(file)]
    done = run.invoke(app, command)
    assert done.exit_code == 0, (done.output, done.exception)
    assert "元気である" in text_of(file.read_bytes())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_bytes()
    before = len(office.openings(case))
    again = run.invoke(app, command)
    assert getattr(again.exception, "error_code", None) == "file-exists"
    assert file.read_bytes() == written
    assert len(office.openings(case)) == before
    log = run.invoke(app, ["agency", "staff", "log", "--folder", str(place), "--json"])
    [entry] = [row for row in json.loads(log.output) if row["what"] == "form-printed"]
    assert (entry["by"], entry["about"], entry["detail"]) == ("staff.a1", str(case), "information-child")
