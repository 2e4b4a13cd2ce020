"""Agendas and notices of readings, asked of a running hub and seen on the page."""

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
from tests.gateway.hubkit import Ground
from tests.gateway.hubkit import ground as new_ground


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with new_ground(tmp_path_factory.mktemp("meeting") / "hub") as made:
        yield made


def ask(ground: Ground, code: str, act: str) -> dict:  # type: ignore[type-arg]
    door = ground.door(code)
    since = dump(ground.stage.now() - timedelta(days=1))
    return door.question(Kind.AGENCY, door.agency, act, {"since": since}, actor="staff.1")


def read(ground: Ground, code: str, purpose: Purpose) -> None:
    """The reader opens the first item of the referral."""
    door = ground.door(code)
    door.refresh()
    [message] = door.book.messages(ground.case)[:1]
    item = message["items"][0]
    door.open(
        ground.case,
        UUID(message["message"]),
        UUID(item["item"]),
        item["section"],
        actor="staff.r",
        purpose=purpose,
    )


def test_an_agenda_is_for_the_offices(ground: Ground) -> None:
    [line] = [one for one in ask(ground, "AZ-CORE", "agenda")["lines"] if one["case"] == str(ground.case)]
    assert line["changed"]
    assert {t["kind"] for t in line["open"]} >= {"ACKNOWLEDGE", "READ"}
    assert str(ground.door("KS-CGC").agency) in line["not_asked"]
    assert ask(ground, "MID-HOSP", "agenda")["lines"] == []


def test_the_responsible_agency_is_told_gathered_who_else_opened(ground: Ground) -> None:
    assert ask(ground, "AZ-CORE", "openings")["openings"] == []
    for _ in range(3):
        read(ground, "MID-HOSP", Purpose.SUPPORT)
    read(ground, "MID-HOSP", Purpose.REHEARSAL_CHECK)
    read(ground, "AZ-CORE", Purpose.SUPPORT)  # its own are not told to it
    [row] = ask(ground, "AZ-CORE", "openings")["openings"]
    assert (row["agency"], row["case"], row["count"]) == (
        str(ground.door("MID-HOSP").agency),
        str(ground.case),
        3,
    )
    assert ask(ground, "MID-HOSP", "openings")["openings"] == []


def test_a_question_without_its_time_is_refused(ground: Ground) -> None:
    door = ground.door("AZ-CORE")
    for fields in ({}, {"since": "yesterday"}, {"since": None}):
        with pytest.raises(Malformed):
            door.question(Kind.AGENCY, door.agency, "agenda", fields, actor="staff.1")


def test_the_page_and_the_api_tell_it(ground: Ground) -> None:
    app = agency_app(
        ground.door("AZ-CORE"), staff=Staff.rehearsal("staff.1", mode="rehearsal"), mode="rehearsal"
    )
    with TestClient(app, base_url="http://localhost") as web:
        page = web.get("/meeting?days=9999")
        assert page.status_code == 200
        assert "まだ尋ねていない構成員" in page.text
        assert str(ground.case)[:8] in page.text
        since = dump(ground.stage.now() - timedelta(days=1))
        assert web.get("/api/agenda", params={"since": since}).json()["lines"]
        assert "openings" in web.get("/api/openings", params={"since": since}).json()
        assert web.get("/api/agenda", params={"since": "2025-05-01T00:00:00"}).status_code in (400, 422)
