"""Agendas and summaries of openings, queried from a running hub and shown on the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pypdfium2
import pytest
from fastapi.testclient import TestClient

from domain.codes import Purpose
from domain.content.text import TextContent
from domain.errors import Malformed, NotFound, Unavailable
from domain.events import Kind, dump
from gateway.agency.door import SectionContent
from gateway.agency.official_forms import printing
from gateway.agency.official_forms.contents import Contents, OpenedSection
from gateway.agency.official_forms.control import Control
from gateway.agency.official_forms.meeting_papers import INFORMATION, bound, paper
from gateway.agency.official_forms.printing import _set
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case
from tests.gateway.test_exports import needs_font, text_of

CHILD = "33333333-0000-4000-8000-000000000003"
DAY = "2026-05-12T05:05:00.000000Z"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("meeting") / "hub") as opened_hub:
        yield opened_hub


def query_agency(hub: HubWithCase, code: str, act: str) -> dict:  # type: ignore[type-arg]
    door = hub.door(code)
    since = dump(hub.rehearsal_hub.now() - timedelta(days=1))
    return door.query(Kind.AGENCY, door.agency, act, {"since": since}, actor="staff.1")


def open_first_item(hub: HubWithCase, code: str, purpose: Purpose) -> None:
    """The reader opens the first item of the referral."""
    door = hub.door(code)
    door.refresh()
    [message] = door.store.messages(hub.case)[:1]
    item = message["items"][0]
    door.open(
        hub.case,
        UUID(message["message"]),
        UUID(item["item"]),
        item["section"],
        actor="staff.r",
        purpose=purpose,
    )


def test_only_offices_get_an_agenda(hub: HubWithCase) -> None:
    rows = query_agency(hub, "AZ-CORE", "agenda")["lines"]
    [row] = [r for r in rows if r["case"] == str(hub.case)]
    assert row["changed"]
    assert {t["kind"] for t in row["open"]} >= {"ACKNOWLEDGE", "READ"}
    assert str(hub.door("KS-CGC").agency) in row["not_consulted"]
    assert query_agency(hub, "MID-HOSP", "agenda")["lines"] == []


def test_the_responsible_agency_gets_a_summary_of_openings_by_others(hub: HubWithCase) -> None:
    hub.door("MID-HOSP").refresh()
    [message] = hub.door("MID-HOSP").store.messages(hub.case)[:1]
    item = message["items"][0]
    with pytest.raises(NotFound):  # the audit office is no agency, and its attempts are none of theirs
        hub.rehearsal_hub.audit.open(
            hub.case,
            UUID(message["message"]),
            UUID(item["item"]),
            item["section"],
            purpose=Purpose.REHEARSAL_CHECK,
        )
    assert query_agency(hub, "AZ-CORE", "openings")["openings"] == []
    for _ in range(3):
        open_first_item(hub, "MID-HOSP", Purpose.SUPPORT)
    open_first_item(hub, "MID-HOSP", Purpose.REHEARSAL_CHECK)
    open_first_item(hub, "AZ-CORE", Purpose.SUPPORT)  # its own openings are not in its summary
    [row] = query_agency(hub, "AZ-CORE", "openings")["openings"]
    assert (row["agency"], row["case"], row["count"]) == (
        str(hub.door("MID-HOSP").agency),
        str(hub.case),
        3,
    )
    assert query_agency(hub, "MID-HOSP", "openings")["openings"] == []


def test_a_query_without_its_start_time_is_refused(hub: HubWithCase) -> None:
    door = hub.door("AZ-CORE")
    for fields in ({}, {"since": "yesterday"}, {"since": None}):
        with pytest.raises(Malformed):
            door.query(Kind.AGENCY, door.agency, "agenda", fields, actor="staff.1")


def test_the_page_and_the_api_show_the_agenda(hub: HubWithCase) -> None:
    app = agency_app(
        hub.door("AZ-CORE"), staff=Staff.rehearsal("staff.1", mode="rehearsal"), mode="rehearsal"
    )
    with TestClient(app, base_url="http://localhost") as web:
        page = web.get("/meeting?days=9999")
        assert page.status_code == 200
        assert "まだ尋ねていない構成員" in page.text
        assert str(hub.case)[:8] in page.text
        since = dump(hub.rehearsal_hub.now() - timedelta(days=1))
        assert web.get("/api/agenda", params={"since": since}).json()["lines"]
        assert "openings" in web.get("/api/openings", params={"since": since}).json()
        assert web.get("/api/agenda", params={"since": "2025-05-01T00:00:00"}).status_code in (400, 422)


# --- papers --------------------------------------------------------------------------------------------------


@pytest.fixture
def web(hub: HubWithCase) -> Iterator[tuple[TestClient, Staff]]:
    staff = Staff.rehearsal("staff.1", mode="rehearsal")
    with TestClient(
        agency_app(hub.door("AZ-CORE"), staff=staff, mode="rehearsal"), base_url="http://localhost"
    ) as client:
        yield client, staff


@needs_font
def test_papers_of_chosen_cases_open_nothing_unless_asked_and_are_in_the_log(
    hub: HubWithCase, web: tuple[TestClient, Staff]
) -> None:
    client, staff = web

    def openings() -> list[str]:
        return [str(r.event.purpose) for r in hub.rehearsal_hub.records() if r.topic == "section.opened"]  # type: ignore[attr-defined]

    hub.note(hub.case, ("PLAN",))
    door = hub.door("AZ-CORE")
    door.refresh()
    before = openings()
    answer = client.post("/meeting/papers", data={"case": str(hub.case)})
    assert answer.status_code == 200, answer.text
    shown = text_of(answer.content)
    assert str(hub.case)[:8] in shown
    assert "まだ尋ねていない構成員" in shown
    assert "待ち" in shown
    assert "支援計画" not in shown
    assert openings() == before
    answer = client.post("/meeting/papers", data={"case": str(hub.case), "opens": "true"})
    assert "支援計画" in text_of(answer.content)
    assert hub.rehearsal_hub.canary in text_of(answer.content)
    assert len(openings()) > len(before)
    assert set(openings()[len(before) :]) == {"SUPPORT"}
    entry = staff.print_log()[0]
    assert (entry.about, entry.detail.split(" ")[0]) == (str(hub.case), "meeting-papers")
    assert "PLAN" in entry.detail
    assert "会議資料" in client.get("/print-log").text


@needs_font
def test_a_case_that_cannot_be_printed_has_its_paper_without_it_and_what_was_opened_is_in_the_log(
    hub: HubWithCase, web: tuple[TestClient, Staff], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, staff = web
    door, other = hub.door("AZ-CORE"), uuid4()
    part = SectionContent("BASIC", "架空".encode())
    hub.door("MID-HOSP").send(Kind.CASE, other, REFERRAL, hub.referral(), [part], actor="staff.h")
    hub.note(hub.case, ("PLAN",))
    fields: dict[str, Any] = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
    unprintable = [SectionContent("PLAN", "読めない字は\ue000です".encode())]
    door.send(Kind.CASE, other, "conference_minutes.recorded", fields, unprintable, actor="staff.a")
    door.refresh()
    asked = {"case": [str(hub.case), str(other)], "opens": "true"}
    answer = client.post("/meeting/papers", data=asked)
    assert answer.status_code == 200, answer.text
    shown = text_of(answer.content)
    assert hub.rehearsal_hub.canary in shown
    assert "載せていない理由" in shown
    assert "読めない字は" not in shown
    logged = {entry.about: entry.detail for entry in staff.print_log()}
    assert ["PLAN" in logged[str(case)] for case in (hub.case, other)] == [True, True]

    opened = door.open

    def not_other(case: UUID, *args: Any, **more: Any) -> Any:
        if case == other:
            raise NotFound("not-found")
        return opened(case, *args, **more)

    monkeypatch.setattr(door, "open", not_other)
    shown = text_of(client.post("/meeting/papers", data=asked).content)
    assert (hub.rehearsal_hub.canary in shown, "載せていない理由" in shown) == (True, True)
    monkeypatch.setattr(printing, "typeset", lambda *args: (_ for _ in ()).throw(Unavailable("no-font")))
    before = len(staff.print_log())
    assert client.post("/meeting/papers", data=asked).status_code == 503
    assert [entry.about for entry in staff.print_log()[: len(staff.print_log()) - before]] == [str(hub.case)]


def test_papers_of_no_case_or_of_anothers_are_refused(web: tuple[TestClient, Staff]) -> None:
    client, _ = web
    none = client.post("/meeting/papers", data={"days": "30"})
    assert none.status_code == 400
    assert "1件から20件まで選んでください" in none.text
    other = client.post("/meeting/papers", data={"case": "00000000-0000-4000-8000-000000000000"})
    assert other.status_code == 404


@needs_font
def test_a_case_takes_two_pages_at_most_however_much_there_is() -> None:
    task = {"kind": "ACKNOWLEDGE", "child": CHILD, "since": DAY, "due_at": DAY, "message": None}
    agenda = {
        "status": "SUPPORTED",
        "quiet": True,
        "last_at": DAY,
        "late": [task] * 30,
        "open": [task] * 30,
        "changed": [{"message": CHILD, "act": "disclosure.made", "by": CHILD, "at": DAY}] * 90,
        "silent": [CHILD] * 40,
        "not_consulted": [CHILD] * 40,
    }
    about = {
        "agenda": agenda,
        "children": "架空の長い名前の子ども、" * 40,
        "charge": "担当の職員" * 9,
        "days": 366,
    }
    at = datetime(2026, 5, 12, 5, 5, tzinfo=UTC)
    control = Control(
        case=CHILD,
        agency=CHILD,
        names={CHILD: "とても長い名前の機関" * 6},
        messages=(),
        about=None,
        now=at,
        actor="staff.1",
        is_rehearsal=True,
        programme=about,
    )
    long = TextContent("長い記載です。改行\nもあります。" * 200)
    opened = [OpenedSection("m", "記録", s, long, "機関", at) for s in INFORMATION]
    one = paper(Contents(opened, {}), control)
    document = pypdfium2.PdfDocument(_set(bound([one, one], control)))
    try:
        starts = [n for n, p in enumerate(document) if "事例番号" in p.get_textpage().get_text_bounded()]
        assert starts[0] == 0
        assert len(starts) == 2
        assert starts[1] <= 2
        assert len(document) - starts[1] <= 2
    finally:
        document.close()
