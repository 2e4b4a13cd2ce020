"""What a meeting looks at: told to offices alone, and nothing by which a notifier could be inferred."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.agenda import line
from domain.codes import Section
from domain.events import (
    AbuseNotificationReceived,
    InformationRequestAnswered,
    InformationRequested,
    NotificationForwarded,
)
from domain.tasks import TaskKind
from tests.domain.kit import (
    AZ_COORD,
    AZ_CORE,
    CLOSED,
    EXT_NURSERY,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    REGISTERED,
    given,
    jst,
    tell,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-06-02 09:00")
ASKED = tell(InformationRequested, AZ_CORE, [KS_CGC], due_on=None, at=AT)


def of(
    agency: Any, *past: Any, now: Any = AT + timedelta(days=1), since: Any = AT - timedelta(days=30)
) -> Any:
    return line(given(LEARNED, *past).world, agency, since, now)


def test_only_who_looks_after_the_case_has_it_on_its_agenda():
    assert of(AZ_CORE) is not None
    for other in (AZ_COORD, MID_HOSP, KS_CGC):
        assert of(other) is None
    assert of(AZ_COORD, REGISTERED) is not None
    assert of(AZ_CORE, CLOSED) is None


def test_it_says_what_changed_since_and_who_was_asked_and_is_silent():
    found = of(AZ_CORE, ASKED, since=AT - timedelta(hours=1))
    assert [m.id for m in found.changed] == [ASKED.ask]
    assert found.silent == {KS_CGC}
    answered = tell(InformationRequestAnswered, KS_CGC, [AZ_CORE], answers=ASKED.ask)
    assert of(AZ_CORE, ASKED, answered).silent == frozenset()


def test_it_says_what_is_late_and_what_waits():
    so = given(LEARNED)
    run(so, AT + timedelta(days=20))
    found = line(so.world, AZ_CORE, AT, AT + timedelta(days=20))
    assert found is not None
    assert {TaskKind.LATE_ACKNOWLEDGE, TaskKind.LATE_READ} <= {t.kind for t in found.late}
    assert {TaskKind.ACKNOWLEDGE, TaskKind.READ} <= {t.kind for t in found.open}


def test_a_case_of_which_nobody_wrote_for_three_months_is_marked():
    assert not of(AZ_CORE).quiet
    assert of(AZ_CORE, now=AT + timedelta(days=120)).quiet


def test_members_without_a_part_are_those_that_were_not_asked():
    assert of(AZ_CORE).not_asked == {KS_CGC, EXT_NURSERY}
    assert of(AZ_CORE, ASKED).not_asked == {EXT_NURSERY}


def test_a_nursery_that_notified_somebody_else_is_still_named_as_one_that_was_not_asked():
    """Else the list would tell the core agency who notified."""
    notice = tell(AbuseNotificationReceived, EXT_NURSERY, [AZ_COORD], [S.NOTIFIER], "CAPA-6-1")
    copy = tell(NotificationForwarded, AZ_COORD, [AZ_CORE], [S.RISK], "APPI-69-1", forwards=notice.ask)
    assert EXT_NURSERY in of(AZ_CORE, notice, copy).not_asked


def test_once_it_is_registered_the_coordinating_agency_has_it_on_its_agenda_and_no_other_member():
    late = AT + timedelta(days=1)
    for world in (given(LEARNED).world, given(LEARNED, REGISTERED).world):
        found = {a for a in (AZ_CORE, AZ_COORD, KS_CGC, MID_HOSP) if line(world, a, AT, late) is not None}
        assert found == {AZ_CORE} | ({AZ_COORD} if world.case.registered else set())


def test_a_case_is_as_quiet_as_its_last_word():
    word = tell(InformationRequested, AZ_CORE, [KS_CGC], at=AT + timedelta(days=60), name="a word")
    found = line(given(LEARNED, word).world, AZ_CORE, AT, AT + timedelta(days=120))
    assert found is not None
    assert (found.last_at, found.quiet) == (AT + timedelta(days=60), False)
