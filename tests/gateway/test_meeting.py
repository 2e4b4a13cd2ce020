"""Agendas and summaries of openings, queried from a running hub and shown on the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from domain.codes import Purpose
from domain.errors import Malformed
from domain.events import Kind, dump
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from tests.gateway.hubkit import HubWithCase, hub_with_case


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
