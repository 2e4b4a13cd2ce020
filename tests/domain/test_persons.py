"""A system is not a person: what is a person's own word is refused to systems, all acts by all rules."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from typing import Any, get_type_hints

import pytest

from domain import events as e
from domain.actors import SYSTEM, Actor, is_system
from domain.codes import Employment, Section
from domain.decide import PERMITTED_COMMANDS, PERSON_FIELDS
from domain.errors import NotFound
from domain.reasons import Reason
from domain.record import About
from tests.domain.builders import (
    ASSIGNED,
    AZ_CORE,
    COMMISSIONED,
    LEARNED,
    SORA_NPO,
    WORKER,
    EventInput,
    case_message,
    event_input,
    given,
    id_of,
    opening,
    refused,
)
from tests.vectors.make_events import sample

ALL_ACTS = sorted(PERMITTED_COMMANDS, key=lambda act: act.TOPIC)


def one(act: Any, actor: str) -> EventInput:
    """A command for an event of this class; it names persons only."""
    hints = get_type_hints(act)
    values = {
        f.name: "p-2" if f.name in PERSON_FIELDS else sample(hints[f.name], f.name) for f in fields(act)
    }
    on = e.Kind.AGENCY if act.ON is e.Kind.AGENCY else None
    return event_input(AZ_CORE, act(**values), actor=actor, on=None if on is None else About(on, AZ_CORE))


def reason_of(command: EventInput, edition: int | None = None) -> object:
    with suppress(NotFound):  # a reading of an item that is not there
        [event] = given(LEARNED, edition=edition).when(command)
        return getattr(event, "reason", None)
    return None


@pytest.mark.parametrize("act", ALL_ACTS, ids=lambda act: act.TOPIC)
def test_an_act_is_refused_to_a_system_where_its_class_states_that_it_is_a_persons(act: Any) -> None:
    for_person, for_system = reason_of(one(act, "p-1")), reason_of(one(act, "sys:emr1"))
    assert for_person is not Reason.NOT_A_PERSON
    assert (for_system is Reason.NOT_A_PERSON) is (act.ACTOR is Actor.PERSON)
    assert reason_of(one(act, "sys:emr1"), edition=1) is not Reason.NOT_A_PERSON


APPROVING_FIELDS = {"approves", "grants", "confirms", "second", "justified"}


def test_every_approval_and_every_second_word_is_a_persons() -> None:
    approving = {act for act in ALL_ACTS if APPROVING_FIELDS & {f.name for f in fields(act)}}
    assert len(approving) == 9
    assert {act.ACTOR for act in approving} == {Actor.PERSON}


@pytest.mark.parametrize("family", ["retention", "emergency"])
def test_all_of_these_families_is_for_persons(family: str) -> None:
    acts = [act for act in ALL_ACTS if act.__module__.split(".")[1] == family]
    assert len(acts) > 4
    assert {act.ACTOR for act in acts} == {Actor.PERSON}


@pytest.mark.parametrize(
    "act",
    [
        e.FamilyInformationProvided, e.AbuseNotificationReceived, e.InformationRequestAnswered,
        e.VisitReportSubmitted, e.ReferralAcknowledged, e.DisclosureReceived, e.ItemsRewrapped,
        e.WrappedKeyFetchedForRewrap, e.SectionOpened, e.NetworkMemberAdmitted, e.ConsentWithdrawn,
        e.BreachReported,
    ],
)  # fmt: skip
def test_what_systems_send_stays_open_to_them(act: Any) -> None:
    assert act.ACTOR is Actor.ANYONE


@pytest.mark.parametrize(
    ("actor", "system"),
    [
        pytest.param("sys:emr1", True, id="a system"),
        pytest.param("SYS:emr1", True, id="in capitals"),
        pytest.param("Sys:", True, id="of no name"),
        pytest.param("staff.sys:1", False, id="in the middle"),
        pytest.param("system.1", False, id="a name that only begins so"),
        pytest.param("", False, id="the hub"),
    ],
)
def test_a_system_is_known_by_its_reference_alone(actor: str, system: bool) -> None:
    assert is_system(actor) is system


@pytest.mark.parametrize(
    ("actor", "fits"),
    [
        ("sys:door", True), ("sys:emr1.east-2_b", True), ("sys:" + "a" * 60, True), ("sys:" + "a" * 61, False),
        ("sys:", False), ("SYS:door", False), ("sys:Door", False), ("sys:a:b", False), ("sys:.a", False), ("door", False),
    ],
)  # fmt: skip
def test_the_form_of_a_systems_reference(actor: str, fits: bool) -> None:
    assert (SYSTEM.fullmatch(actor) is not None) is fits


NAMED = event_input(
    AZ_CORE,
    e.SupportWorkerRegistered(worker="sys:visitor", employment=Employment.FULL_TIME, qualification=None),
)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(NAMED, id="as a visitor"),
        pytest.param(
            case_message(e.SupportWorkerAssigned, AZ_CORE, worker="sys:visitor"), id="as an assigned one"
        ),
        pytest.param(
            case_message(e.HomeVisitCompleted, AZ_CORE, worker="SYS:x"),
            id="as who visits",
        ),
    ],
)
def test_no_system_is_named_for_a_person(command: EventInput) -> None:
    assert given(LEARNED).when(command) == refused(command, Reason.NOT_A_PERSON)
    assert reason_of(command, edition=1) is not Reason.NOT_A_PERSON


AT_WORK = (LEARNED, *COMMISSIONED, ASSIGNED)
REPORT = case_message(
    e.VisitReportSubmitted,
    SORA_NPO,
    [AZ_CORE],
    [Section.VISIT],
    "CWA-21-10-2-3",
    worker=WORKER,
    reason="BEFORE_COMMENCEMENT",
    actor="sys:reports",
)


def test_a_contractors_system_reports_where_the_contractor_has_assigned_a_visitor() -> None:
    assert given(*AT_WORK).when(REPORT) == [REPORT.event]
    by_stranger = replace(REPORT, actor="p-9")
    assert given(*AT_WORK).when(by_stranger) == refused(by_stranger, Reason.WORKER_NOT_ASSIGNED, SORA_NPO)
    first = given(*AT_WORK, edition=1).when(REPORT)
    assert first == refused(REPORT, Reason.WORKER_NOT_ASSIGNED, SORA_NPO)
    nobody = given(LEARNED, *COMMISSIONED).when(REPORT)
    assert nobody == refused(REPORT, Reason.CONTRACTOR_NOT_ASSIGNED, SORA_NPO)


def test_a_contractors_system_opens_nothing() -> None:
    to_sora = case_message(
        e.DisclosureMade, AZ_CORE, [SORA_NPO], [Section.BASIC], "CWA-21-10-2-3", name="for sora"
    )
    so = given(*AT_WORK, to_sora)
    by_system = opening(to_sora, SORA_NPO, actor="sys:reports")
    [event] = so.when(by_system)
    assert getattr(event, "reason", None) is Reason.WORKER_NOT_READY
    assert so.when(opening(to_sora, SORA_NPO, actor=WORKER)) == [opening(to_sora, SORA_NPO).event]


def test_three_systems_of_one_agency_open_nothing_in_an_emergency() -> None:
    """The attack: three tokens of one agency ask, approve twice, and open."""
    request = case_message(e.EmergencyAccessRequested, SORA_NPO, [AZ_CORE], reason="LIFE", actor="sys:a")
    assert given(*AT_WORK).when(request) == refused(request, Reason.NOT_A_PERSON)
    by_person = replace(request, actor=WORKER)
    for actor in ("sys:b", "sys:c"):
        approval = case_message(
            e.EmergencyAccessApproved,
            SORA_NPO,
            approves=by_person.command_id,
            actor=actor,
            name=f"approval {id_of(actor)}",
        )
        assert given(*AT_WORK, by_person).when(approval) == refused(approval, Reason.NOT_A_PERSON)
