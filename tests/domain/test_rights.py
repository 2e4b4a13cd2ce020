"""What the person concerned asks for: each ground fits its section, what must stay back stays back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.codes import AccessResult, Flag, Requester, Section
from domain.events import (
    AbuseNotificationReceived,
    ConferenceMinutesRecorded,
    CorrectionMade,
    CorrectionNotifiedToRecipients,
    DisclosureMade,
    EmergencyTriaged,
    InformationRequestAnswered,
    RecallNoticeSent,
    SubjectAccessDecided,
    SubjectAccessRequested,
    UseStopped,
    Withheld,
)
from domain.reasons import Reason
from tests.domain.kit import (
    AZ_COORD,
    AZ_CORE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    REGISTERED,
    given,
    id_of,
    items,
    jst,
    refused,
    tell,
)

S = Section
ASKED = tell(SubjectAccessRequested, AZ_CORE, at=jst("2025-06-02 10:00"))
BY_FATHER = tell(
    SubjectAccessRequested, AZ_CORE, at=jst("2025-06-02 10:00"), requester=Requester.LEGAL_REPRESENTATIVE
)
NOTIFIED = tell(
    AbuseNotificationReceived, AZ_CORE, sections=[S.NOTIFIER, S.RISK], taken_in=True, name="notified"
)
STATEMENT = tell(
    InformationRequestAnswered,
    MID_HOSP,
    [AZ_CORE],
    [(S.CHILD, Flag.CHILD_STATEMENT), S.CHILD],
    "APPI-27-1-3",
    answers=id_of("a request"),
)
LATER = jst("2025-06-04 10:00")


def kept(section: Section, ground: str, flag: Flag | None = None) -> Withheld:
    return Withheld(section=section, ground=ground, flag=flag)


def decided(*withheld: Withheld, result: AccessResult | None = None, by: Any = AZ_CORE, **more: Any) -> Any:
    shown = AccessResult.PARTIAL if withheld else AccessResult.FULL
    return tell(
        SubjectAccessDecided,
        by,
        **{"answers": ASKED.ask, "result": result or shown, "withheld": withheld, **more},
    )


# --- the decision ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(decided(), id="all is shown"),
        pytest.param(decided(kept(S.CONF, "APPI-78-1-6")), id="minutes withheld as deliberation"),
        pytest.param(decided(kept(S.CAREGIVER, "APPI-78-1-2")), id="third parties withheld"),
        pytest.param(decided(kept(S.NOTIFIER, "APPI-81")), id="not said whether there was a notifier"),
        pytest.param(
            decided(result=AccessResult.EXISTENCE_NOT_TOLD), id="not said whether there is anything"
        ),
    ],
)
def test_a_decision_is_recorded(wish: Any) -> None:
    assert given(LEARNED, ASKED).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(decided(answers=id_of("nothing")), Reason.UNKNOWN_MESSAGE, id="of no request"),
        pytest.param(decided(answers=LEARNED.ask), Reason.UNKNOWN_MESSAGE, id="of something else"),
        pytest.param(decided(by=AZ_COORD), Reason.NOT_ADDRESSED, id="by another agency"),
        pytest.param(
            decided(kept(S.PLAN, "APPI-81")), Reason.GROUND_DOES_NOT_FIT, id="the plan's existence withheld"
        ),
        pytest.param(
            decided(kept(S.CONF, "BECAUSE")), Reason.GROUND_DOES_NOT_FIT, id="a ground that is not in the law"
        ),
        pytest.param(
            decided(result=AccessResult.PARTIAL),
            Reason.RESULT_DOES_NOT_FIT,
            id="partly, and nothing withheld",
        ),
        pytest.param(
            decided(kept(S.CONF, "APPI-78-1-6"), result=AccessResult.FULL),
            Reason.RESULT_DOES_NOT_FIT,
            id="in full, and something withheld",
        ),
    ],
)
def test_other_decisions_are_refused(wish: Any, reason: Reason) -> None:
    assert given(LEARNED, ASKED).when(wish) == refused(wish, reason)


def test_a_request_is_decided_once() -> None:
    again = decided(name="again")
    assert given(LEARNED, ASKED, decided()).when(again) == refused(again, Reason.ALREADY_ANSWERED)


def test_who_holds_a_notifier_withholds_it_whole() -> None:
    so = given(LEARNED, NOTIFIED, ASKED)
    for wish in (
        decided(),
        decided(kept(S.CONF, "APPI-78-1-6")),
        decided(kept(S.NOTIFIER, "APPI-81", Flag.THIRD_PARTY)),
    ):
        assert so.when(wish) == refused(wish, Reason.NOTIFIER_NOT_WITHHELD)
    for fine in (decided(kept(S.NOTIFIER, "APPI-81")), decided(result=AccessResult.NONE)):
        assert so.when(fine) == [fine.fact]


# --- a guardian asks ----------------------------------------------------------------------------------------------


def by_father(*withheld: Withheld, **more: Any) -> Any:
    return decided(*withheld, answers=BY_FATHER.ask, **more)


@pytest.mark.parametrize(
    ("wish", "shown"),
    [
        pytest.param(by_father(), False, id="nothing withheld"),
        pytest.param(by_father(kept(S.CONF, "APPI-78-1-6")), False, id="something else withheld"),
        pytest.param(
            by_father(kept(S.CHILD, "APPI-78-1-1", Flag.CHILD_STATEMENT)), True, id="its words withheld"
        ),
        pytest.param(by_father(kept(S.CHILD, "APPI-78-1-1")), True, id="all of the child withheld"),
    ],
)
def test_the_childs_own_words_are_never_shown_to_a_guardian(wish: Any, shown: bool) -> None:
    expected = [wish.fact] if shown else refused(wish, Reason.CHILD_STATEMENT_NOT_WITHHELD)
    assert given(LEARNED, STATEMENT, BY_FATHER).when(wish, now=LATER) == expected


def test_to_the_person_itself_they_may_be_shown() -> None:
    assert given(LEARNED, STATEMENT, ASKED).when(decided()) == [decided().fact]


def test_where_there_is_danger_a_guardians_request_rests_before_it_is_granted() -> None:
    danger = tell(ConferenceMinutesRecorded, AZ_CORE, sections=[S.RISK])
    wish = by_father(kept(S.RISK, "APPI-78-1-1"))
    so = given(LEARNED, danger, BY_FATHER)
    assert so.when(wish, now=NOON) == refused(wish, Reason.GUARD_PAUSE)
    assert so.when(wish, now=LATER) == [wish.fact]
    nothing_shown = by_father(result=AccessResult.NONE)
    assert so.when(nothing_shown, now=NOON) == [nothing_shown.fact]
    assert given(LEARNED, BY_FATHER).when(wish, now=NOON) == [wish.fact]


# --- correction, use stopped ----------------------------------------------------------------------------------------

WRONG = tell(DisclosureMade, AZ_CORE, [MID_HOSP, KS_CGC], [S.MEDICAL], "APPI-69-2-4", name="wrong")
CORRECTED = tell(CorrectionMade, AZ_CORE, sections=[S.MEDICAL], corrects=WRONG.ask)


def test_who_wrote_it_corrects_it() -> None:
    so = given(LEARNED, WRONG)
    assert so.when(CORRECTED) == [CORRECTED.fact]
    by_other = tell(CorrectionMade, MID_HOSP, corrects=WRONG.ask)
    assert so.when(by_other) == refused(by_other, Reason.NOT_THE_SENDER)
    of_nothing = tell(CorrectionMade, AZ_CORE, corrects=id_of("nothing"))
    assert so.when(of_nothing) == refused(of_nothing, Reason.UNKNOWN_MESSAGE)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        pytest.param([MID_HOSP, KS_CGC], None, id="to all who had it"),
        pytest.param([MID_HOSP], Reason.RECIPIENTS_WRONG, id="one is left out"),
        pytest.param([MID_HOSP, KS_CGC, AZ_COORD], Reason.RECIPIENTS_WRONG, id="one too many"),
    ],
)
def test_a_correction_follows_the_copies(to: Any, reason: Reason | None) -> None:
    wish = tell(CorrectionNotifiedToRecipients, AZ_CORE, to, answers=CORRECTED.ask)
    expected = [wish.fact] if reason is None else refused(wish, reason)
    assert given(LEARNED, WRONG, CORRECTED).when(wish) == expected


def test_who_reads_by_standing_rule_may_be_told_of_the_correction_and_asked_back_too() -> None:
    own = tell(EmergencyTriaged, AZ_CORE, [], [S.RISK], name="own")
    fixed = tell(CorrectionMade, AZ_CORE, sections=[S.RISK], corrects=own.ask)
    notice = tell(CorrectionNotifiedToRecipients, AZ_CORE, [AZ_COORD], answers=fixed.ask)
    recall = tell(RecallNoticeSent, AZ_CORE, [AZ_COORD], recalls=own.ask)
    for wish in (notice, recall):
        assert given(LEARNED, own, fixed).when(wish) == refused(wish, Reason.RECIPIENTS_WRONG)
        assert given(LEARNED, REGISTERED, own, fixed).when(wish) == [wish.fact]


def test_who_still_waits_for_what_was_wrong_is_not_told_of_its_correction() -> None:
    waiting = replace(WRONG, fact=replace(WRONG.fact, held=frozenset({KS_CGC})))  # type: ignore[type-var]
    wish = tell(CorrectionNotifiedToRecipients, AZ_CORE, [MID_HOSP], answers=CORRECTED.ask)
    assert given(LEARNED, waiting, CORRECTED).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    ("by", "answers", "reason"),
    [
        pytest.param(AZ_CORE, WRONG.ask, Reason.UNKNOWN_MESSAGE, id="of what is no correction"),
        pytest.param(AZ_CORE, id_of("nothing"), Reason.UNKNOWN_MESSAGE, id="of nothing"),
        pytest.param(MID_HOSP, CORRECTED.ask, Reason.NOT_THE_SENDER, id="by another agency"),
    ],
)
def test_other_notices_of_a_correction_are_refused(by: Any, answers: Any, reason: Reason) -> None:
    wish = tell(CorrectionNotifiedToRecipients, by, [KS_CGC], answers=answers)
    assert given(LEARNED, WRONG, CORRECTED).when(wish) == refused(wish, reason)


STOPPED = tell(UseStopped, AZ_CORE, stops=WRONG.ask, reason="UNLAWFUL_USE")


def test_what_is_used_no_more_is_opened_by_its_author_alone() -> None:
    so = given(LEARNED, WRONG)
    assert so.opens(MID_HOSP) & items(WRONG)
    so.put(STOPPED)
    assert not so.opens(MID_HOSP) & items(WRONG)
    assert items(WRONG) <= so.opens(AZ_CORE)


def test_what_is_used_no_more_stays_so_when_something_else_is_stopped_too() -> None:
    other = replace(WRONG, ask=id_of("other"), fact=tell(DisclosureMade, AZ_CORE, name="other").fact)
    so = given(LEARNED, WRONG, other, STOPPED)
    so.put(tell(UseStopped, AZ_CORE, stops=id_of("other"), reason="X", name="stops the other"))
    assert not so.opens(MID_HOSP) & items(WRONG)


def test_opening_it_is_refused_with_this_reason() -> None:
    from tests.domain.kit import opening

    [fact] = given(LEARNED, WRONG, STOPPED).when(opening(WRONG, MID_HOSP))
    assert fact.reason == Reason.USE_STOPPED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("past", "wish", "reason"),
    [
        pytest.param(
            [],
            tell(UseStopped, MID_HOSP, stops=WRONG.ask, reason="X"),
            Reason.NOT_THE_SENDER,
            id="by a reader",
        ),
        pytest.param(
            [],
            tell(UseStopped, AZ_CORE, stops=id_of("no"), reason="X"),
            Reason.UNKNOWN_MESSAGE,
            id="of nothing",
        ),
        pytest.param(
            [], tell(UseStopped, AZ_CORE, stops=WRONG.ask), Reason.REASON_MISSING, id="for no reason"
        ),
        pytest.param(
            [STOPPED],
            tell(UseStopped, AZ_CORE, stops=WRONG.ask, reason="X", name="again"),
            Reason.ALREADY_ANSWERED,
            id="twice",
        ),
    ],
)
def test_other_stops_are_refused(past: Any, wish: Any, reason: Reason) -> None:
    assert given(LEARNED, WRONG, past).when(wish) == refused(wish, reason)


def test_a_hospital_is_asked_and_decides_too() -> None:
    asked = tell(SubjectAccessRequested, MID_HOSP, name="at the hospital")
    wish = decided(by=MID_HOSP, answers=asked.ask)
    assert given(LEARNED, asked).when(wish) == [wish.fact]
