"""The agenda of a meeting: for offices only, and nothing by which a notifier could be inferred."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.agenda import agenda_item, not_consulted
from domain.codes import Section
from domain.events import (
    AbuseNotificationReceived,
    InformationRequestAnswered,
    InformationRequested,
    NotificationForwarded,
)
from domain.tasks import TaskKind
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    CLOSED,
    EXT_NURSERY,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    REGISTERED,
    case_message,
    given,
    jst,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-06-02 09:00")
REQUESTED = case_message(InformationRequested, AZ_CORE, [KS_CGC], due_on=None, at=AT)


def agenda_of(
    agency: Any, *past: Any, now: Any = AT + timedelta(days=1), since: Any = AT - timedelta(days=30)
) -> Any:
    return agenda_item(given(LEARNED, *past).world, agency, since, now)


def test_only_who_looks_after_the_case_has_it_on_its_agenda():
    assert agenda_of(AZ_CORE) is not None
    for other in (AZ_COORD, MID_HOSP, KS_CGC):
        assert agenda_of(other) is None
    assert agenda_of(AZ_COORD, REGISTERED) is not None
    assert agenda_of(AZ_CORE, CLOSED) is None


def test_the_agenda_lists_changes_and_agencies_that_have_not_answered():
    actual = agenda_of(AZ_CORE, REQUESTED, since=AT - timedelta(hours=1))
    assert [m.id for m in actual.changed] == [REQUESTED.command_id]
    assert actual.silent == {KS_CGC}
    answered = case_message(InformationRequestAnswered, KS_CGC, [AZ_CORE], answers=REQUESTED.command_id)
    assert agenda_of(AZ_CORE, REQUESTED, answered).silent == frozenset()


def test_the_agenda_lists_what_is_late_and_what_waits():
    so = given(LEARNED)
    run(so, AT + timedelta(days=20))
    actual = agenda_item(so.world, AZ_CORE, AT, AT + timedelta(days=20))
    assert actual is not None
    assert {TaskKind.LATE_ACKNOWLEDGE, TaskKind.LATE_READ} <= {t.kind for t in actual.late}
    assert {TaskKind.ACKNOWLEDGE, TaskKind.READ} <= {t.kind for t in actual.open}


def test_a_case_of_which_nobody_wrote_for_three_months_is_marked():
    assert not agenda_of(AZ_CORE).quiet
    assert agenda_of(AZ_CORE, now=AT + timedelta(days=120)).quiet


def test_members_without_a_part_are_those_that_were_not_asked():
    assert agenda_of(AZ_CORE).not_consulted == {KS_CGC, EXT_NURSERY}
    assert agenda_of(AZ_CORE, REQUESTED).not_consulted == {EXT_NURSERY}


def test_a_case_in_no_network_has_no_members_to_ask():
    assert not_consulted(given().world, []) == frozenset()


def test_a_nursery_that_notified_another_agency_is_listed_as_not_asked():
    """Else the list would reveal to the core agency who notified."""
    notice = case_message(AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD], [S.NOTIFIER], "CAPA-6-1")
    copy = case_message(
        NotificationForwarded, AZ_COORD, [AZ_CORE], [S.RISK], "APPI-69-1", forwards=notice.command_id
    )
    assert EXT_NURSERY in agenda_of(AZ_CORE, notice, copy).not_consulted


def test_a_registered_case_is_on_the_agenda_of_the_coordinating_agency_only():
    late = AT + timedelta(days=1)
    for world in (given(LEARNED).world, given(LEARNED, REGISTERED).world):
        actual = {
            a for a in (AZ_CORE, AZ_COORD, KS_CGC, MID_HOSP) if agenda_item(world, a, AT, late) is not None
        }
        assert actual == {AZ_CORE} | ({AZ_COORD} if world.case.registered else set())


def test_the_agenda_counts_silence_from_the_last_message():
    late_request = case_message(
        InformationRequested, AZ_CORE, [KS_CGC], at=AT + timedelta(days=60), name="a word"
    )
    actual = agenda_item(given(LEARNED, late_request).world, AZ_CORE, AT, AT + timedelta(days=120))
    assert actual is not None
    assert (actual.last_at, actual.quiet) == (AT + timedelta(days=60), False)
