"""Emergency access at real doors: persons and systems, real keys, another agency's approval or its time, one day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from domain import events as e
from domain.actors import Actor
from domain.decide import PERMITTED_COMMANDS
from domain.errors import NotFound, Refused
from domain.events import Kind
from domain.roles import StaffRole
from gateway.agency.door import SectionContent, SubmissionResult, require_person
from gateway.agency.permissions import Unattended
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.verification import Verifier, doors_of
from tests.gateway.hubkit import START, HubWithCase, hub_with_case

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
REQUEST_FIELDS = {
    "sections": ["BASIC"],
    "alternatives": ["REQUEST_FROM_OWNER"],
    "reason": "LIFE_IN_DANGER",
}


def submit_message(
    hub: HubWithCase,
    by: str,
    act: str,
    fields: dict[str, object],
    to: list[str],
    actor: str,
    *parts: SectionContent,
) -> SubmissionResult:
    ids = sorted(str(hub.door(code).agency) for code in to)
    common = {"to": ids, "basis": dict.fromkeys(ids, "APPI-69-2-3"), "consent": [], "purpose": "SAFETY"}
    sent = hub.door(by).send(
        Kind.CASE, hub.case, act, {**common, "reason": None, **fields}, parts, actor=actor
    )
    assert sent.outcome == "recorded", sent.reason
    return sent


class Emergency:
    """The child guidance centre knows of a case, and reads what was not sent to it."""

    def __init__(self, hub: HubWithCase) -> None:
        self.hub = hub
        submit_message(
            hub,
            "AZ-CORE",
            "disclosure.made",
            {"answers": None},
            ["KS-CGC"],
            "staff.a",
            SectionContent("PLAN", b"plan"),
        )
        self.item = next(i for i, section in hub.sent.items if section == "BASIC")

    def request(self, actor: str = "staff.k1") -> UUID:
        to = ["AZ-CORE", "AZ-COORD"]
        sent = submit_message(
            self.hub, "KS-CGC", "emergency_access.requested", dict(REQUEST_FIELDS), to, actor
        )
        return sent.command_id

    def approve(self, request: UUID, by: str, actor: str) -> None:
        submit_message(self.hub, by, "emergency_access.approved", {"approves": str(request)}, [], actor)

    def opened(self) -> bytes:
        self.hub.rehearsal_hub.complete_rewrap_duties()
        cgc = self.hub.door("KS-CGC")
        return cgc.open(self.hub.case, self.hub.sent.command_id, self.item, "BASIC", actor="staff.k1").content

    def tasks(self, code: str) -> set[str]:
        door = self.hub.door(code)
        door.refresh()
        return {t["kind"] for t in door.store.tasks.of_case(str(self.hub.case))}

    def verify(self) -> None:
        """The record from outside: each decision, and each act of the hub's clock, made again."""
        runtime, installation = self.hub.rehearsal_hub.runtime, self.hub.rehearsal_hub.installation
        assert runtime is not None
        verifier = Verifier(runtime.recorder, runtime.store, self.hub.rehearsal_hub.genesis)
        assert [finding.__dict__ for finding in verifier.run(doors=doors_of(installation)).findings] == []


@contextmanager
def emergency(folder: Path) -> Iterator[Emergency]:
    with hub_with_case(folder) as hub:
        yield Emergency(hub)


def test_a_colleague_and_another_agency_open_it_for_one_day(tmp_path: Path) -> None:
    with emergency(tmp_path / "hub") as case:
        request = case.request()
        for by, actor in (("KS-CGC", "staff.k2"), ("AZ-COORD", "staff.b")):
            with pytest.raises(NotFound):
                case.opened()
            assert "EMERGENCY_APPROVAL" in case.tasks("AZ-CORE")
            case.approve(request, by, actor)
        assert case.opened() == case.hub.text("BASIC")
        assert "LATE_EMERGENCY" in case.tasks("MID-HOSP")
        case.hub.rehearsal_hub.set_clock(START + 25 * HOUR)
        with pytest.raises(NotFound):
            case.opened()


def test_three_persons_of_one_agency_wait_a_quarter_of_an_hour_and_it_is_recorded_and_reviewed(
    tmp_path: Path,
) -> None:
    with emergency(tmp_path / "hub") as case:
        request = case.request()
        for actor in ("staff.k2", "staff.k3"):
            case.approve(request, "KS-CGC", actor)
        requested_at = next(r.at for r in case.hub.rehearsal_hub.records() if r.command_id == request)
        case.hub.rehearsal_hub.set_clock(requested_at + 15 * MINUTE - timedelta(microseconds=1))
        with pytest.raises(NotFound):
            case.opened()
        case.hub.rehearsal_hub.set_clock(requested_at + 15 * MINUTE)  # nobody does anything more
        assert case.opened() == case.hub.text("BASIC")
        [opened] = [
            r
            for r in case.hub.rehearsal_hub.records()
            if isinstance(r.event, e.UnilateralEmergencyAccessOpened)
        ]
        assert opened.at == requested_at + 15 * MINUTE
        for code in ("AZ-CORE", "AZ-COORD", "MID-HOSP"):
            assert "LATE_EMERGENCY_UNILATERAL" in case.tasks(code)
        assert "EMERGENCY_REVIEW" in case.tasks("AZ-CORE")
        review = {"answers": str(request), "justified": True}
        submit_message(case.hub, "AZ-CORE", "emergency_access.reviewed", review, ["KS-CGC"], "staff.a")
        assert not {"LATE_EMERGENCY_UNILATERAL", "EMERGENCY_REVIEW"} & case.tasks("AZ-CORE")
        case.verify()


# --- systems ----------------------------------------------------------------------------------------------

COMMON = {"basis": {}, "consent": [], "purpose": "SAFETY"}


def test_three_tokens_of_one_agency_ask_approve_and_open_nothing(tmp_path: Path) -> None:
    """The attack, at the door and, past the door, at the hub."""
    with emergency(tmp_path / "hub") as case, ExitStack() as stack:
        door = case.hub.door("KS-CGC")
        staff = Staff(tmp_path / "staff.db")
        stack.callback(staff.close)
        staff.add("staff.k1", "児相の人", "a long passphrase", roles=[StaffRole.CASE_WORKER])
        systems = TestClient(agency_app(door, staff=staff, mode="real"), base_url="https://127.0.0.1")
        tokens = [staff.add_token(f"sys:{name}", f"システム{name}") for name in ("one", "two", "three")]
        to = sorted(str(case.hub.door(code).agency) for code in ("AZ-CORE", "AZ-COORD"))

        def post(token: str, act: str, fields: dict[str, Any], **more: Any) -> tuple[int, object]:
            body = {"case": str(case.hub.case), "act": act, "fields": fields, **COMMON, **more}
            answer = systems.post("/api/messages", json=body, headers={"authorization": f"Bearer {token}"})
            return answer.status_code, answer.json().get("error_code")

        before = case.hub.head()
        asked = {key: REQUEST_FIELDS[key] for key in ("sections", "alternatives")}
        request = post(tokens[0], "emergency_access.requested", asked, to=to, reason="LIFE_IN_DANGER")
        assert request == (403, "person-required")
        by_person = case.request()
        approval = {"approves": str(by_person)}
        for token in tokens[1:]:
            assert post(token, "emergency_access.approved", approval) == (403, "person-required")
            chosen = post(token, "emergency_access.approved", {**approval, "actor": "staff.k2"})
            assert chosen == (403, "person-required")  # who acts is not for the sender to choose
        assert post(tokens[1], "emergency_access.approved", approval, actor="staff.k2")[0] in (400, 422)
        assert case.hub.head() == before + 1  # the person's request
        for actor in ("sys:two", "sys:three"):  # a door that does not check: the rule does
            event = submit_past_door(case.hub, approval, actor)
            assert event == e.CommandRefused(
                act="emergency_access.approved", reason="NOT_A_PERSON", at_fault=None
            )
        case.hub.rehearsal_hub.set_clock(START + HOUR)
        with pytest.raises(NotFound):
            case.opened()
        case.verify()


def submit_past_door(hub: HubWithCase, approval: dict[str, Any], actor: str) -> e.Event:
    """The same command signed with the agency's keys, sent without its door's check."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gateway.agency.door.require_person", lambda act, actor: None)
        patched.setattr(hub.door("KS-CGC"), "permissions", Unattended())
        fields = {"to": [], **COMMON, "reason": None, **approval}
        hub.door("KS-CGC").send(Kind.CASE, hub.case, "emergency_access.approved", fields, actor=actor)
    return list(hub.rehearsal_hub.records())[-1].event


@pytest.mark.parametrize("act", sorted(PERMITTED_COMMANDS, key=lambda act: act.TOPIC), ids=lambda a: a.TOPIC)
def test_a_door_refuses_a_system_what_the_class_states_that_a_person_does(act: type[e.Event]) -> None:
    require_person(act.TOPIC, "staff.a1")
    if act.ACTOR is Actor.PERSON:
        with pytest.raises(Refused) as refused:
            require_person(act.TOPIC, "sys:emr1")
        assert refused.value.error_code == "person-required"
    else:
        require_person(act.TOPIC, "sys:emr1")
