"""What would be decided is asked before a message is sent: decided anew, limited, counted, and recorded nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import httpx2 as httpx
import pytest

from domain.codes import Section
from domain.errors import NotFound, Refused, Unavailable
from domain.events import Kind
from gateway.agency.door import DryRun, SectionContent
from gateway.agency.staff import Person, Staff
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.before_sending import objection_before_sending
from gateway.agency.web.messages import MessageIn, SectionIn
from gateway.agency.web.page_context import PageContext
from gateway.installation import dry_run_counts
from gateway.installation.dry_run_counts import DryRunCounts, DryRunsOfDay, dry_runs_by_day
from tests.gateway.hubkit import REFERRAL, START, HubWithCase, hub_with_case

DAY = date(2025, 5, 12)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("dry") / "hub") as opened_hub:
        yield opened_hub


def ask(hub: HubWithCase, fields: dict[str, Any], act: str = REFERRAL, **more: Any) -> httpx.Response:
    items = [{"item": str(uuid4()), "section": "BASIC", "flags": []}]
    asked = {"act": act, "fields": fields, "items": items}
    return hub.post(hub.unsigned("MID-HOSP", "dry_run", asked, **more), "/v1/queries")


def counts(hub: HubWithCase) -> DryRunsOfDay:
    rows = dry_runs_by_day(hub.rehearsal_hub.installation.hub_folder, 10)
    return next(row for row in rows if row.agency == hub.door("MID-HOSP").agency)


def test_the_answer_is_that_of_the_command_and_leaves_no_record(hub: HubWithCase) -> None:
    head, bad = hub.head(), hub.referral(basis={str(hub.door("AZ-CORE").agency): "APPI-27-C"})
    good, refused = ask(hub, hub.referral()).json(), ask(hub, bad).json()
    assert good == {"outcome": "accepted", "reason": None, "at_fault": None, "fitting": []}
    assert (refused["outcome"], refused["reason"]) == ("refused", "NO_CONSENT")
    assert hub.head() == head
    sent = hub.door("MID-HOSP").send(
        Kind.CASE, hub.case, REFERRAL, bad, [SectionContent("BASIC", b"x")], actor="staff.h"
    )
    assert (sent.outcome, sent.reason, list(sent.fitting)) == ("refused", "NO_CONSENT", refused["fitting"])
    assert sent.at_fault == refused["at_fault"] == str(hub.door("AZ-CORE").agency)


def test_the_door_asks_without_content_and_checks_the_form_itself(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    door, leaving = hub.door("MID-HOSP"), list[bytes]()
    query = door.client.query
    monkeypatch.setattr(door.client, "query", lambda data: (leaving.append(data), query(data))[1])
    parts = [SectionContent("BASIC", "架空花子".encode())]
    assert door.dry_run(hub.case, REFERRAL, hub.referral(), parts, actor="staff.h") == DryRun(None)
    assert [b"dry_run" in data for data in leaving] == [True]
    assert "架空花子".encode() not in leaving[0]
    with pytest.raises(Refused, match="person-required"):
        door.dry_run(hub.case, "emergency_access.requested", {}, actor="sys:records")
    assert len(leaving) == 1


def test_a_system_is_not_answered_and_nothing_is_tried_that_goes_around_a_rule(hub: HubWithCase) -> None:
    answer = ask(hub, hub.referral(), actor="sys:records")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "person-required")
    override = {
        "to": [],
        "basis": {},
        "consent": [],
        "purpose": "SUPPORT",
        "reason": "CLEARLY_IN_THEIR_INTEREST",
        "code": "APPI-69-2-4",
        "recipients": [str(hub.door("AZ-CORE").agency)],
        "sections": ["BASIC"],
        "alternatives": ["WAIT_FOR_CONSENT"],
    }
    answer = ask(hub, override, "basis_override.requested")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "never-tried"), answer.text


def test_a_case_that_is_not_there_counts_as_refused_and_stands_in_the_doors_log(hub: HubWithCase) -> None:
    door, staff = hub.door("MID-HOSP"), Staff.rehearsal("staff.h", mode="rehearsal")
    pages = cast(PageContext, SimpleNamespace(door=door, staff=staff, attachments=None))
    core, unknown = hub.door("AZ-CORE").agency, uuid4()
    text = SectionIn(section=Section.BASIC, text="架空花子")
    message = MessageIn(case=unknown, act="disclosure.made", to=[core], sections=[text])
    ask(hub, hub.referral())
    before = counts(hub)
    with pytest.raises(NotFound, match="not-found"):
        objection_before_sending(pages, Person("staff.h", "架空職員"), message, anyway=False)
    now = counts(hub)
    assert (now.asked - before.asked, now.refused - before.refused) == (1, 1)
    [entry] = [e for e in staff.log() if e.what == StaffAct.DRY_RUN]
    assert (entry.about, entry.detail) == (str(unknown), "disclosure.made NOT_FOUND")


def test_an_agency_asks_so_often_an_hour_and_the_auditor_sees_how_often(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(hub, hub.referral())
    before = counts(hub)
    ask(hub, hub.referral(basis={}))
    now = counts(hub)
    assert (now.asked - before.asked, now.refused - before.refused, now.limited) == (1, 1, 0)
    monkeypatch.setattr(dry_run_counts, "MAX_AN_HOUR", 0)
    answer = ask(hub, hub.referral())
    assert (answer.status_code, answer.json()["error_code"]) == (429, "dry-runs-used-up")
    assert answer.headers["retry-after"] == "3600"
    assert (counts(hub).asked, counts(hub).limited) == (now.asked, 1)


def test_the_limit_is_for_each_agency_and_ends_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run_counts, "MAX_AN_HOUR", 2)
    assert dry_runs_by_day(tmp_path, 10) == []
    path, one, other = tmp_path / dry_run_counts.FILE, uuid4(), uuid4()
    kept = DryRunCounts(path)
    kept.enter(one, DAY, START)
    kept.enter(one, DAY, START + timedelta(minutes=30))
    kept.close()
    kept = DryRunCounts(path)  # a restart forgets nothing
    with pytest.raises(Unavailable, match="dry-runs-used-up"):
        kept.enter(one, DAY, START + timedelta(minutes=59))
    kept.enter(other, DAY, START + timedelta(minutes=59))
    kept.enter(one, DAY, START + timedelta(minutes=60))
    kept.note_refused(one, DAY)
    kept.close()
    assert {row.agency: row for row in dry_runs_by_day(tmp_path, 10)} == {
        one: DryRunsOfDay(DAY, one, asked=3, refused=1, limited=1),
        other: DryRunsOfDay(DAY, other, asked=1, refused=0, limited=0),
    }
