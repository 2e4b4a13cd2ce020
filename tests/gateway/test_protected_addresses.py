"""A protected address at real doors: found on every way out, in every case, and never stored in clear."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from domain.errors import Refused
from domain.events import Kind
from gateway.agency.address_text import fold
from gateway.agency.door import Door, SectionContent, SubmissionResult
from gateway.agency.drafts import Draft, seal_draft
from gateway.agency.staff import Staff
from gateway.agency.store import FAILED
from gateway.agency.web.app import agency_app
from tests.adapters.kit import ROW, as_csv, as_xlsx, bundle, encoded, table
from tests.gateway.hubkit import START, HubWithCase, hub_with_case

ADDRESS = "架空県みはる市朝日ヶ丘三丁目12番5号 コーポかすみ203号室\n電話: 099-555-0123\n施設: 母子生活支援施設 みはらし寮"
WRITTEN = "母子は朝日が丘３－１２にいる"
STOPPED = "content-needs-review"


class Town:
    """A hub whose core agency has registered a protected address with the child guidance centre."""

    def __init__(self, hub: HubWithCase) -> None:
        self.hub = hub
        self.core, self.cgc = hub.door("AZ-CORE"), hub.door("KS-CGC")
        self.log: list[tuple[str, str, UUID, str]] = []
        self.protections: list[tuple[UUID, UUID]] = []

    def register(
        self, case: UUID, *to: str, until: str | None = "2025-12-31", address: str = ADDRESS
    ) -> SubmissionResult:
        sent = self.send(
            self.core, case, "protected_address.registered", [("ADDR", address)], *to, until=until
        )
        self.protections.append((case, sent.command_id))
        return sent

    def end(self, case: UUID, message: UUID) -> SubmissionResult:
        fields = {"ends": str(message), "reason": "MEASURE_ENDED"}
        return self.send(self.core, case, "address_protection.ended", [], **fields)

    def reset(self) -> None:
        """No address is protected, and the log is empty."""
        for case, message in self.protections:
            self.end(case, message)
        self.protections.clear()
        for door in (self.core, self.cgc):
            door.refresh()
        self.log.clear()
        self.core.addresses.own_log = lambda *entry: self.log.append(entry)

    def send(
        self,
        door: Door,
        case: UUID,
        act: str,
        parts: list[tuple[str, str]],
        *to: str,
        actor: str = "staff.one",
        flags: tuple[str, ...] = (),
        **fields: Any,
    ) -> SubmissionResult:
        ids = sorted(str(self.hub.door(code).agency) for code in to)
        common: dict[str, Any] = {"to": ids, "basis": dict.fromkeys(ids, "APPI-69-2-3"), "consent": []}
        common |= {"purpose": "SAFETY", "reason": None}
        common |= {"answers": None} if act == "disclosure.made" else {}
        contents = [SectionContent(section, text.encode(), flags) for section, text in parts]
        return door.send(Kind.CASE, case, act, {**common, **fields}, contents, actor=actor)

    def disclose(self, door: Door, case: UUID, text: str, *to: str, **more: Any) -> SubmissionResult:
        section = more.pop("section", "BASIC")
        return self.send(door, case, "disclosure.made", [(section, text)], *to, **more)

    def stopped(self, door: Door, case: UUID, text: str, *to: str, **more: Any) -> None:
        head = self.hub.head()
        with pytest.raises(Refused, match=STOPPED):
            self.disclose(door, case, text, *to, **more)
        assert self.hub.head() == head

    def open_address(self, door: Door, case: UUID, sent: SubmissionResult, actor: str = "staff.k") -> None:
        [(item, section)] = sent.items
        door.open(case, sent.command_id, item, section, actor=actor)

    def family(self) -> UUID:
        """Another family of the core agency."""
        case = uuid4()
        self.hub.refer(case)
        self.core.refresh()
        return case

    def page(self, door: Door, actor: str) -> TestClient:
        staff = Staff.rehearsal(actor, mode="rehearsal")
        door.addresses.own_log = staff.log_address
        return TestClient(agency_app(door, staff=staff, mode="rehearsal"), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as hub:
        yield Town(hub)


@pytest.fixture(autouse=True)
def _nothing_is_protected_at_first(town: Town) -> None:
    town.reset()


@pytest.fixture
def case(town: Town) -> UUID:
    """A family whose address is protected."""
    case = town.family()
    assert town.register(case, "KS-CGC").outcome == "recorded"
    return case


@pytest.mark.parametrize("section", ["BASIC", "RISK", "CONF", "NOTIFIER", "PLAN"])
def test_a_door_that_has_written_the_address_stops_it_in_every_other_section(
    town: Town, case: UUID, section: str
) -> None:
    town.stopped(town.core, case, WRITTEN, "KS-CGC", section=section)
    town.stopped(
        town.core, case, WRITTEN, section=section
    )  # its own file, too: others read it by standing rule
    assert town.log == [("staff.one", "address-stopped", case, "disclosure.made")] * 2


def test_the_address_itself_goes_under_its_own_section_and_what_is_harmless_goes_as_ever(
    town: Town, case: UUID
) -> None:
    assert town.disclose(town.core, case, ADDRESS, "KS-CGC", section="ADDR").outcome == "recorded"
    assert town.disclose(town.core, case, "3月12日に訪問、5回目", "KS-CGC").outcome == "recorded"
    kept = town.send(
        town.core, case, "conference_minutes.recorded", [("CONF", "経過を確認"), ("REASON", WRITTEN)]
    )
    assert kept.outcome == "recorded"  # its author alone opens REASON
    assert town.log == []


def test_it_is_stopped_in_the_message_that_registers_it(town: Town) -> None:
    case = town.family()
    with pytest.raises(Refused, match=STOPPED):
        town.send(
            town.core,
            case,
            "protected_address.registered",
            [("ADDR", ADDRESS), ("RISK", WRITTEN)],
            "KS-CGC",
            until=None,
        )
    assert town.core.addresses.protected_until(case) is None


def test_it_is_stopped_in_the_case_of_another_family_of_the_same_door(town: Town, case: UUID) -> None:
    other = town.family()
    town.stopped(town.core, other, f"祖母宅の隣、{WRITTEN}", "KS-CGC")
    assert town.log == [("staff.one", "address-stopped", other, "disclosure.made")]
    assert str(case) not in str(town.log)


def test_a_door_stops_it_from_the_moment_on_at_which_it_has_opened_it(town: Town) -> None:
    case = town.family()
    sent = town.register(case, "KS-CGC", until=None)
    town.cgc.refresh()
    assert town.cgc.addresses.protected_until(case) == date.max
    assert (
        town.disclose(town.cgc, case, WRITTEN, "AZ-CORE").outcome == "recorded"
    )  # it can't know the address
    town.open_address(town.cgc, case, sent)
    town.stopped(town.cgc, case, WRITTEN, "AZ-CORE")
    assert town.end(case, sent.command_id).outcome == "recorded"
    town.cgc.refresh()
    assert town.cgc.store.addresses.marks(START.date()) == []
    assert town.disclose(town.cgc, case, WRITTEN, "AZ-CORE").outcome == "recorded"


def test_a_door_that_opens_a_registration_protects_it_before_the_feed_states_until_when(town: Town) -> None:
    case = town.family()
    sent = town.register(case, "KS-CGC")
    town.open_address(town.cgc, case, sent)
    assert town.cgc.addresses.protected_until(case) == date.max
    town.stopped(town.cgc, case, WRITTEN, "AZ-CORE")
    assert town.cgc.addresses.protected_until(case) == date(
        2025, 12, 31
    )  # it was looked up before it was stopped


def test_a_protection_that_has_ended_meanwhile_stops_nothing(town: Town, case: UUID) -> None:
    [(_, message)] = town.protections
    town.stopped(town.core, case, WRITTEN, "KS-CGC")
    assert town.end(case, message).outcome == "recorded"
    assert town.disclose(town.core, case, WRITTEN, "KS-CGC").outcome == "recorded"


def test_a_longer_protection_holds_from_its_registration_on(town: Town, case: UUID) -> None:
    town.core.refresh()
    town.register(case, until="2026-12-31")
    assert town.core.addresses.protected_until(case) == date(2026, 12, 31)
    town.core.refresh()
    assert town.core.addresses.protected_until(case) == date(2026, 12, 31)


def test_an_address_that_was_written_before_its_protection_is_stopped_after_it(town: Town) -> None:
    case = town.family()
    assert town.disclose(town.core, case, ADDRESS, "KS-CGC", section="ADDR").outcome == "recorded"
    assert town.disclose(town.core, case, WRITTEN, "KS-CGC").outcome == "recorded"
    town.register(case, until=None, address="別の場所")
    town.stopped(town.core, case, WRITTEN, "KS-CGC")


def test_marks_end_with_the_last_day_of_the_measure(town: Town) -> None:
    case = town.family()
    town.register(case, until="2025-06-30")
    town.core.refresh()
    marks = town.core.store.addresses.marks
    assert {origin[0] for origin, _ in marks(date(2025, 6, 30))} == {case}
    assert marks(date(2025, 7, 1)) == []
    assert town.core.addresses.protected_until(case) is None


def test_what_may_no_longer_be_opened_is_no_longer_looked_for(town: Town, case: UUID) -> None:
    sent = town.disclose(town.core, case, ADDRESS, "KS-CGC", section="ADDR")
    town.cgc.refresh()
    town.open_address(town.cgc, case, sent)
    town.stopped(town.cgc, case, WRITTEN, "AZ-CORE")
    stop = town.send(
        town.core,
        case,
        "use.stopped",
        [],
        "KS-CGC",
        stops=str(sent.command_id),
        reason="NO_LONGER_NEEDED",
    )
    assert stop.outcome == "recorded", stop
    town.cgc.refresh()
    assert town.disclose(town.cgc, case, WRITTEN, "AZ-CORE").outcome == "recorded"


def test_a_registration_that_the_hub_refuses_protects_nothing(town: Town) -> None:
    case = town.family()
    sent = town.register(case, "MID-HOSP")
    assert (sent.outcome, sent.reason) == ("refused", "NEVER_FOR_ROLE")
    assert town.core.addresses.protected_until(case) is None
    assert town.disclose(town.core, case, WRITTEN, "KS-CGC").outcome == "recorded"


def test_no_part_of_the_address_is_on_the_disk_of_a_door(town: Town, case: UUID) -> None:
    for code in ("AZ-CORE", "KS-CGC"):
        folder = town.hub.rehearsal_hub.installation.agency(code).folder
        stored = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
        for line in ("朝日", "コーポ", "みはらし", "0995550123", "555-0123", fold(ADDRESS).text[:6]):
            assert line.encode() not in stored


# --- who learns what -------------------------------------------------------------------------------------------


def test_who_has_not_read_the_address_here_learns_nothing_but_that_it_needs_a_look(
    town: Town, case: UUID
) -> None:
    parts = [SectionContent("RISK", WRITTEN.encode()), SectionContent("BASIC", b"x")]
    seen = town.core.addresses.places(case, "disclosure.made", parts, actor="staff.one")
    assert [(p.section, p.words) for p in seen] == [("RISK", "日が丘３－１２")]
    for actor in ("staff.two", "sys:records"):
        assert town.core.addresses.places(case, "disclosure.made", parts, actor=actor) == []
        assert town.core.addresses.with_flags(case, "disclosure.made", parts, actor=actor) == parts


def test_the_api_answers_with_the_code_alone(town: Town, case: UUID) -> None:
    to = str(town.cgc.agency)
    message = {
        "case": str(case),
        "act": "disclosure.made",
        "to": [to],
        "basis": {to: "APPI-69-2-3"},
        "sections": [{"section": "BASIC", "text": WRITTEN}],
    }
    answer = town.page(town.core, "staff.one").post("/api/messages", json=message)
    assert (answer.status_code, answer.json()["error_code"]) == (403, STOPPED)
    assert not any(word in answer.text for word in ("朝日", "日が丘", "BASIC", str(case)))


def test_every_other_party_is_warned_and_learns_nothing_of_the_place(town: Town, case: UUID) -> None:
    hospital = town.page(town.hub.door("MID-HOSP"), "staff.h")
    page = hospital.get(f"/cases/{case}").text
    assert "DV等支援措置あり。住所・避難先を書かないでください" in page
    for path in ("disclose", "forms/breach"):
        assert "DV等支援措置あり" in hospital.get(f"/cases/{case}/{path}").text
    messages = hospital.get(f"/api/cases/{case}").json()
    assert {m["protected_until"] for m in messages} == {"2025-12-31"}
    assert not {"protected_address.registered"} & {m["act"] for m in messages}
    assert str(town.cgc.agency) not in str(messages)
    to = str(town.core.agency)
    sent = hospital.post(
        "/api/messages",
        json={
            "case": str(case),
            "act": "family_information.provided",
            "to": [to],
            "basis": {to: "CWA-21-10-5"},
            "fields": {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}},
            "sections": [{"section": "BASIC", "text": "経過の続き"}],
        },
    ).json()
    assert (sent["outcome"], sent["dv_protected"]) == ("recorded", True)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(lambda row: as_csv(table(row)), id="csv"),
        pytest.param(lambda row: as_xlsx(table(row)), id="xlsx"),
        pytest.param(lambda row: _bundle(row["住所"]), id="FHIR"),
    ],
)
def test_a_file_is_stopped_in_its_own_format_without_a_word_of_the_address(
    town: Town, case: UUID, data: Any
) -> None:
    row = {**ROW, "整理番号": str(uuid4()), "宛先機関": "KS-CGC", "住所": "朝日ケ丘三丁目１２番地"}
    answer = town.page(town.core, "staff.one").post("/api/files", content=data(row)).json()
    [one] = answer["rows"]
    assert (one["outcome"], one["reason"], one["explanation"]) == (
        "refused",
        STOPPED,
        "この内容は確認が必要です",
    )
    assert "朝日" not in str(answer)


def _bundle(address: str) -> bytes:
    value = bundle()
    value["entry"][0]["resource"]["requisition"]["value"] = str(uuid4())
    value["entry"][0]["resource"]["performer"][0]["identifier"]["value"] = "KS-CGC"
    value["entry"][1]["resource"]["address"] = [{"text": address}]
    return encoded(value)


def test_a_message_that_waited_is_looked_through_again_before_it_is_sealed(town: Town, case: UUID) -> None:
    """It was written when this door did not know the address."""
    id, fields = uuid4(), {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
    parts = [SectionContent("CONF", WRITTEN.encode())]
    draft = Draft(id, Kind.CASE, case, "conference_minutes.recorded", fields, parts, "staff.one", None)
    sealed = seal_draft(draft, town.core.hub, town.core._kem)
    town.core.store.store_draft(id, case, draft.act, "2025-05-12T01:00:00.000000Z", sealed)
    head = town.hub.head()
    assert town.core.flush() == 1
    assert town.hub.head() == head
    entry = town.core.store.sent(id)
    assert entry is not None
    assert (entry.state, (entry.answer or {})["error_code"]) == (FAILED, STOPPED)


# --- where two persons have stated why -----------------------------------------------------------------------------


def test_it_goes_out_in_another_section_when_two_persons_have_stated_why(town: Town, case: UUID) -> None:
    flag = ("ADDRESS_TRACE",)
    early = town.disclose(town.core, case, WRITTEN, "KS-CGC", flags=flag)
    assert (early.outcome, early.reason) == ("refused", "ADDRESS_NOT_APPROVED")
    draft = town.send(
        town.core,
        case,
        "address_disclosure.requested",
        [("REASON", "住所の区分では足りない")],
        recipients=[str(town.cgc.agency)],
        sections=["BASIC"],
        reason="NEEDED_TO_REACH_FAMILY",
    )
    approval = {"approves": str(draft.command_id), "reason": "LIFE_IN_DANGER"}
    for actor, outcome in (("staff.one", "refused"), ("staff.two", "recorded")):
        approved = town.send(town.core, case, "address_disclosure.approved", [], actor=actor, **approval)
        assert approved.outcome == outcome
    with pytest.raises(Refused, match="person-required"):
        town.disclose(town.core, case, WRITTEN, "KS-CGC", flags=flag, actor="sys:records")
    assert town.disclose(town.core, case, WRITTEN, "KS-CGC", flags=flag).outcome == "recorded"
    never = town.disclose(town.core, case, WRITTEN, "MID-HOSP", flags=flag)
    assert (never.outcome, never.reason) == ("refused", "NEVER_FOR_ROLE")
    town.core.checked_parts(
        case,
        "disclosure.made",
        _fields_to(town.cgc),
        [SectionContent("BASIC", WRITTEN.encode(), flag)],
        actor="staff.one",
    )
    assert [entry[1] for entry in town.log] == ["address-sent"] * 3  # what is looked at is not sent


def _fields_to(door: Door) -> dict[str, Any]:
    to = str(door.agency)
    more = {"consent": [], "purpose": "SAFETY", "reason": None, "answers": None}
    return {"to": [to], "basis": {to: "APPI-69-2-3"}, **more}


def test_what_is_looked_at_again_is_logged_once_as_stopped(town: Town, case: UUID) -> None:
    for text in (WRITTEN, WRITTEN, f"{WRITTEN}。", WRITTEN):
        with pytest.raises(Refused, match=STOPPED):
            town.core.dry_run(
                case,
                "disclosure.made",
                _fields_to(town.cgc),
                [SectionContent("BASIC", text.encode())],
                actor="staff.one",
            )
    assert [entry[1] for entry in town.log] == ["address-stopped"] * 2


def test_who_knows_the_address_sees_on_the_page_where_it_stands_and_drafts_and_sends_from_there(
    town: Town, case: UUID
) -> None:
    browser = town.page(town.core, "staff.one")
    to = str(town.cgc.agency)
    entered = {"to": to, f"basis.{to}": "APPI-69-2-3", "text_BASIC": WRITTEN, "command_id": str(uuid4())}
    headers = {"origin": "http://127.0.0.1"}
    path = f"/cases/{case}/disclose"
    known = browser.post(path, data=entered, headers=headers)
    assert "この内容は確認が必要です" in known.text
    assert "基本情報: 「日が丘３－１２」" in known.text
    assert f"/cases/{case}/forms/address-disclosure?recipients={to}&amp;sections=BASIC" in known.text
    form = browser.get(f"/cases/{case}/forms/address-disclosure?recipients={to}&sections=BASIC").text
    assert f'value="{to}" checked' in form
    browser.cookies.set("kakehashi-person", "staff.one.second")
    stranger = browser.post(path, data=entered, headers=headers)
    assert "この内容は確認が必要です" in stranger.text
    assert "日が丘" not in stranger.text.replace(WRITTEN, "")
    browser.cookies.clear()
    confirmed = browser.post(
        path, data={**entered, "address_confirmed": "true", "step": "send"}, headers=headers
    )
    assert "先に二人の職員が理由を記録します" in confirmed.text
    log = browser.get("/address-log").text
    assert "秘匿住所の記載を止めた" in log
    assert str(case) in log
    assert "朝日" not in log


def test_the_form_of_an_act_stops_it_and_shows_the_place_to_who_knows_it(town: Town, case: UUID) -> None:
    browser = town.page(town.core, "staff.one")
    entered = {"command_id": str(uuid4()), "participants": str(town.cgc.agency), "text_CONF": WRITTEN}
    answer = browser.post(
        f"/cases/{case}/forms/minutes", data=entered, headers={"origin": "http://127.0.0.1"}
    )
    assert answer.status_code == 400
    assert "会議録: 「日が丘３－１２」" in answer.text
