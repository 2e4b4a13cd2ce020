"""Minutes and closing talk go to members of the network who took part, and to no stranger."""

from __future__ import annotations

import pytest

from domain import events as e
from domain.codes import Section
from domain.reasons import Reason
from domain.rulebook import first_edition
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    EXT_SERVICE,
    LEARNED,
    MID_HOSP,
    REGISTERED,
    case_message,
    event_input,
    given,
    refused,
    rule_book,
)

KNOWN = (LEARNED, REGISTERED)
OUT = event_input(AZ_COORD, e.NetworkMemberWithdrawn(member=EXT_NURSERY), name="the nursery leaves")


def _minutes(
    *participants, to=EXT_NURSERY, sections=(Section.CONF,), act=e.ConferenceMinutesRecorded, **more
):
    return case_message(
        act, AZ_COORD, [to], sections, "CWA-25-2-2", participants=frozenset(participants), **more
    )


def _held(*participants, **more):
    return _minutes(*participants, act=e.NetworkMeetingHeld, answers=None, **more)


def _closing_talk(*consulted, to=EXT_NURSERY, sections=(Section.CLOSING,)):
    return case_message(
        e.ClosingConsultationHeld, AZ_CORE, [to], sections, "CWA-25-2-2", consulted=frozenset(consulted)
    )


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(_minutes(AZ_COORD, EXT_NURSERY), id="minutes"),
        pytest.param(_held(AZ_COORD, EXT_NURSERY), id="the report of a meeting"),
        pytest.param(_closing_talk(EXT_NURSERY), id="closing talk"),
        pytest.param(_closing_talk(EXT_NURSERY, sections=[Section.CONF, Section.CLOSING]), id="both"),
        pytest.param(
            case_message(e.CaseConferenceConvened, AZ_COORD, [EXT_NURSERY], [Section.CONF], "CWA-25-2-2"),
            id="the invitation",
        ),
    ],
)
def test_a_member_that_takes_part_gets_minutes_and_closing_talk(command):
    assert given(*KNOWN).when(command) == [command.event]


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param([], _minutes(AZ_COORD), Reason.NOT_A_PARTICIPANT, id="a member that was not there"),
        pytest.param([], _held(AZ_COORD), Reason.NOT_A_PARTICIPANT, id="of another meeting"),
        pytest.param([], _closing_talk(MID_HOSP), Reason.NOT_A_PARTICIPANT, id="not consulted"),
        pytest.param(
            [],
            _minutes(AZ_COORD, EXT_SERVICE, to=EXT_SERVICE),
            Reason.NEVER_FOR_ROLE,
            id="a stranger, though stated",
        ),
        pytest.param([OUT], _minutes(EXT_NURSERY), Reason.NEVER_FOR_ROLE, id="a member no more"),
        pytest.param(
            [],
            _minutes(EXT_NURSERY, sections=[Section.CONF, Section.ADDR]),
            Reason.NEVER_FOR_ROLE,
            id="a protected address is in it",
        ),
    ],
)
def test_strangers_and_who_was_not_there_get_none(past, command, reason):
    [to] = command.event.to
    assert given(*KNOWN, past).when(command) == refused(command, reason, to)


def test_before_registration_nobody_is_bound_to_secrecy_about_it():
    command = _minutes(EXT_NURSERY)
    assert given(LEARNED).when(command) == refused(command, Reason.NEVER_FOR_ROLE, EXT_NURSERY)


LATER = case_message(
    e.DisclosureMade, AZ_CORE, [EXT_NURSERY], [Section.CONF], "CWA-25-2-2", name="what was agreed"
)


@pytest.mark.parametrize(
    "met",
    [
        pytest.param(_minutes(EXT_NURSERY, to=AZ_CORE), id="minutes"),
        pytest.param(_held(EXT_NURSERY, to=AZ_CORE), id="a meeting"),
        pytest.param(_closing_talk(EXT_NURSERY, to=AZ_COORD), id="a closing consultation"),
    ],
)
def test_who_took_part_once_may_be_sent_what_was_agreed_later_on(met):
    assert given(*KNOWN).when(LATER) == refused(LATER, Reason.NOT_A_PARTICIPANT, EXT_NURSERY)
    assert given(*KNOWN, met).when(LATER) == [LATER.event]


def test_who_was_at_one_meeting_is_not_by_that_at_the_next():
    again = _minutes(AZ_COORD, name="the next meeting")
    past = [*KNOWN, _minutes(EXT_NURSERY)]
    assert given(*past).when(again) == refused(again, Reason.NOT_A_PARTICIPANT, EXT_NURSERY)


def test_in_edition_1_and_by_an_older_rule_book_no_other_agency_got_minutes():
    command, book = _minutes(EXT_NURSERY), {k: v for k, v in first_edition().items() if k != "participants"}
    no = refused(command, Reason.NEVER_FOR_ROLE, EXT_NURSERY)
    assert given(*KNOWN, edition=1).when(command) == no
    assert given(*KNOWN, rule_book(book)).when(command) == no


def test_what_was_recorded_before_states_nobody():
    state = {}
    e.ConferenceMinutesRecorded.upcast_v1_v2(state)
    assert state == {"participants": []}
