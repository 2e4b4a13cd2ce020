"""Where a command belongs, who may address it, when it is recorded, for whom its items are wrapped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import events as e
from domain.addressing import (
    has_recorded_frame,
    has_wrapped_key,
    is_addressable,
    item_recipients,
    may_ask_recipients,
    may_create_originator,
    originator_name,
    originator_of,
    recorded_at,
)
from domain.codes import Employment, Section
from domain.errors import Malformed
from domain.originator import Originator
from domain.reasons import Reason
from domain.record import AUDIT, REGISTRARS, About, Command, access_of, commission_of
from domain.refusals import REFUSALS, is_refusal
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CASE,
    COMMISSION,
    EXT_SERVICE,
    LEARNED,
    MID_HOSP,
    NETWORK,
    NOBODY,
    NOON,
    SORA_NPO,
    EventInput,
    admitted,
    case_message,
    command_of,
    contract,
    event_input,
    given,
    id_of,
    keys,
    opening,
    refused,
    rule_book,
    worker,
)

READING = opening(LEARNED, AZ_CORE)
OWN_STAFF = About(e.Kind.COMMISSION, commission_of(SORA_NPO, SORA_NPO))


def command(one: EventInput) -> Command:
    return command_of(one, NOON)


def test_readings_are_recorded_in_an_originator_of_their_own_beside_the_case() -> None:
    world = given(LEARNED).world
    assert originator_of(world, command(case_message(e.ConferenceMinutesRecorded, AZ_CORE))) == world.case
    assert originator_of(world, command(READING)) == world.access
    assert originator_name(world, command(READING)) == About(e.Kind.CASE_ACCESS, access_of(CASE))
    assert originator_name(world, command(LEARNED)) == About(e.Kind.CASE, CASE)


def test_what_is_not_about_a_case_is_recorded_in_the_register() -> None:
    world = given().world
    assert originator_of(world, command(admitted(EXT_SERVICE))) == world.register.networks[NETWORK]
    new = About(e.Kind.NETWORK, id_of("a new network"))
    one = event_input(REGISTRARS, e.CoreAgencyDesignated(agency=AZ_CORE), on=new)
    assert originator_of(world, command(one)) == Originator(id=new.id)
    assert originator_name(world, command(one)) == new


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param(None, NOON, id="first record"),
        pytest.param(NOON - timedelta(seconds=1), NOON, id="after the last record"),
        pytest.param(NOON + timedelta(hours=1), NOON + timedelta(hours=1), id="clock went back"),
    ],
)
def test_a_record_is_never_earlier_than_the_last_of_its_originator(last: Any, expected: Any) -> None:
    assert recorded_at(NOON, Originator(id=CASE, last_at=last)) == expected


@pytest.mark.parametrize(
    ("one", "may"),
    [
        pytest.param(LEARNED, True, id="a case, by anybody"),
        pytest.param(rule_book(), True, id="anything, by the registrars"),
        pytest.param(keys("AZ-CORE"), True, id="an agency, by its key set"),
        pytest.param(contract(), True, id="a commission, by its commissioner"),
        pytest.param(
            event_input(
                SORA_NPO,
                e.SupportWorkerRegistered(worker="w", employment=Employment.PART_TIME, qualification=None),
                on=OWN_STAFF,
            ),
            True,
            id="an agency's own visitors, by itself",
        ),
        pytest.param(worker(), False, id="a commission, by its contractor"),
        pytest.param(
            event_input(AZ_COORD, contract().event, on=About(e.Kind.COMMISSION, COMMISSION)),
            False,
            id="a commission of others",
        ),
        pytest.param(admitted(EXT_SERVICE), False, id="a network, by its office"),
        pytest.param(
            event_input(AUDIT, admitted(EXT_SERVICE).event), False, id="a network, by the audit office"
        ),
    ],
)
def test_only_who_owns_an_id_makes_its_first_record(one: EventInput, may: bool) -> None:
    assert may_create_originator(command(one)) is may


@pytest.mark.parametrize(
    ("one", "addressable"),
    [
        pytest.param(case_message(e.ConferenceMinutesRecorded, AZ_CORE), True, id="a party of the case"),
        pytest.param(opening(LEARNED, EXT_SERVICE), False, id="another agency"),
        pytest.param(opening(LEARNED, AUDIT), True, id="a reading of the audit office, refused on record"),
        pytest.param(
            case_message(e.ConferenceMinutesRecorded, AUDIT), False, id="a message of the audit office"
        ),
        pytest.param(admitted(EXT_SERVICE), True, id="the register"),
    ],
)
def test_a_case_exists_for_those_alone_who_have_a_part_in_it(one: EventInput, addressable: bool) -> None:
    assert is_addressable(given(LEARNED).world, command(one)) is addressable


def test_a_frame_counts_as_recorded_for_its_sender_and_its_place_alone() -> None:
    world = given(LEARNED, READING).world
    sent, read = command(LEARNED), command(READING)
    assert has_recorded_frame(world, sent, sent.frame)
    assert not has_recorded_frame(world, read, sent.frame), "another sender's"
    assert has_recorded_frame(world, read, read.frame), "a reading counts for the case"
    key_set = command(keys("AZ-CORE"))
    assert has_recorded_frame(world, key_set, key_set.frame)
    assert not has_recorded_frame(world, key_set, read.frame), "of another originator"


def test_items_are_wrapped_for_author_addressees_and_standing_readers() -> None:
    news = case_message(
        e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [Section.BASIC, Section.SOURCE], "CWA-21-10-5"
    )
    recipients = dict(item_recipients(given().world, command(news)))
    assert list(recipients.values()) == [frozenset({MID_HOSP, AZ_CORE}), frozenset({MID_HOSP})]


def test_an_item_of_a_first_message_is_wrapped_by_the_offices_that_it_settles() -> None:
    one = case_message(e.FamilyInformationProvided, MID_HOSP, [AZ_COORD], [Section.BASIC], "CWA-25-3-1")
    settled = given(LEARNED).world
    assert item_recipients(given().world, command(one))[0][1] == item_recipients(settled, command(one))[0][1]


@pytest.mark.parametrize("one", [event_input(AUDIT, LEARNED.event, on=About(e.Kind.CASE, CASE)), READING])
def test_what_is_no_message_of_an_agency_wraps_nothing(one: EventInput) -> None:
    with pytest.raises(Malformed, match="wrong-sender"):
        item_recipients(given(LEARNED).world, command(one))


def test_a_reader_has_a_key_from_the_message_or_from_a_later_wrapping() -> None:
    rewrapped = event_input(
        AZ_CORE, e.ItemsRewrapped(wrapped_keys=(e.Rewrapped(item=LEARNED.item(0).item, to=AZ_COORD),))
    )
    item = replace(LEARNED.item(0), keyed=frozenset({MID_HOSP}))
    before, after = given(LEARNED).world, given(LEARNED, rewrapped).world
    assert has_wrapped_key(before, MID_HOSP, item)
    assert not has_wrapped_key(before, AZ_COORD, item)
    assert has_wrapped_key(after, AZ_COORD, item)
    assert not has_wrapped_key(after, NOBODY, item)


def test_refusals_are_the_hubs_negative_answers() -> None:
    assert set(REFUSALS) == {e.DisclosureRefused, e.CommandRefused, e.OpeningRefused}
    assert all(is_refusal(refused(one, Reason.NOT_YOURS)[0]) for one in (LEARNED, admitted(EXT_SERVICE)))
    assert not is_refusal(LEARNED.event)


@pytest.mark.parametrize(
    ("one", "permitted"),
    [
        pytest.param(LEARNED, True, id="news of a family, by anybody"),
        pytest.param(
            case_message(e.NetworkCaseRegistered, AZ_COORD, [AZ_CORE]), True, id="the network's office"
        ),
        pytest.param(case_message(e.NetworkCaseRegistered, SORA_NPO, [AZ_CORE]), False, id="not its office"),
        pytest.param(
            case_message(e.ConferenceMinutesRecorded, AZ_CORE), True, id="who has a part in the case"
        ),
        pytest.param(case_message(e.ConferenceMinutesRecorded, SORA_NPO), False, id="a stranger"),
    ],
)
def test_who_learns_for_whom_to_wrap(one: EventInput, permitted: bool) -> None:
    assert may_ask_recipients(given(LEARNED).world, command(one)) is permitted
