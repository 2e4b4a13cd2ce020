"""Who consents for a child: parents together, who acts for them, and until the child is of age."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain import events as e
from domain.calendar import end_of
from domain.case import Authority
from domain.codes import (
    AccessResult,
    AuthorityState,
    Caregiver,
    ConsentCapacity,
    Parent,
    Requester,
    Section,
)
from domain.reasons import Reason
from domain.rulebook import first_edition
from tests.domain.builders import (
    AZ_CORE,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NOON,
    case_message,
    given,
    id_of,
    jst,
    refused,
    rule_book,
)

JOINT = jst("2026-04-01 00:00")
BEFORE = JOINT - timedelta(microseconds=1)
END = end_of(date(2030, 3, 31))
A, B = id_of("child A"), id_of("child B")
MOTHER, FATHER = Parent.MOTHER, Parent.FATHER
HELD, SUSPENDED, LOST = AuthorityState.HELD, AuthorityState.SUSPENDED, AuthorityState.LOST


def _consent(capacity=ConsentCapacity.GUARDIAN, by=AZ_CORE, **more):
    row = e.ConsentScope(
        consent=id_of("C1"), sender=AZ_CORE, recipient=EXT_SERVICE, sections=frozenset({Section.CHILD})
    )
    fields = {"expires_at": END, "consent": [id_of("C1")], "scope": (row,), "capacity": capacity, **more}
    fields["given_by"] = frozenset(fields.get("given_by", ()))
    return case_message(e.ConsentGiven, by, **fields)


def _recorded(states, *children, until=None, name="authority", by=AZ_CORE, **more):
    return case_message(
        e.ParentalAuthorityRecorded,
        by,
        states=states,
        suspended_until=until,
        children=frozenset(children),
        name=name,
        **more,
    )


BOTH = {MOTHER: HELD, FATHER: HELD}
FATHER_SUSPENDED = {MOTHER: HELD, FATHER: SUSPENDED}
UNTIL = date(2027, 3, 31)


# --- joint parental authority ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "command", "now"),
    [
        pytest.param([], _consent(), BEFORE, id="one, before the law"),
        pytest.param([], _consent(ConsentCapacity.GUARDIANS_JOINTLY), JOINT, id="both"),
        pytest.param([], _consent(reason="URGENT"), JOINT, id="one, with the reason why not both"),
        pytest.param([], _consent(sole_holder=True), JOINT, id="one who states to hold it alone"),
        pytest.param(
            [_recorded({MOTHER: HELD})], _consent(given_by={MOTHER}), JOINT, id="the only one on record"
        ),
        pytest.param(
            [_recorded(FATHER_SUSPENDED, until=UNTIL)],
            _consent(given_by={MOTHER}),
            JOINT,
            id="the other's is suspended",
        ),
        pytest.param(
            [_recorded(BOTH, A), _recorded({MOTHER: HELD}, B, name="of B")],
            _consent(given_by={MOTHER}, children=frozenset({B})),
            JOINT,
            id="of this child she has it alone",
        ),
        pytest.param([], _consent(ConsentCapacity.SELF, expires_at=None), JOINT, id="the person itself"),
    ],
)
def test_a_consent_of_all_who_have_parental_authority_is_recorded(past, command, now):
    assert given(LEARNED, past).when(command, now=now) == [command.event]


@pytest.mark.parametrize(
    ("past", "command"),
    [
        pytest.param([], _consent(), id="one, and nothing is known of the other"),
        pytest.param([], _consent(given_by={MOTHER}), id="the mother alone"),
        pytest.param(
            [_recorded(BOTH)], _consent(given_by={MOTHER}, sole_holder=True), id="the record says otherwise"
        ),
        pytest.param(
            [_recorded(BOTH, A), _recorded({MOTHER: HELD}, B, name="of B")],
            _consent(given_by={MOTHER}),
            id="for both children, of one of whom two have it",
        ),
    ],
)
def test_from_april_2026_one_guardians_consent_needs_the_others_or_a_reason(command, past):
    so = given(LEARNED, past)
    assert so.when(command, now=JOINT) == refused(command, Reason.OTHER_GUARDIAN_MISSING)
    assert so.when(command, now=BEFORE) == [command.event]


def test_where_the_rule_book_names_no_day_one_guardian_suffices():
    book = {k: v for k, v in first_edition().items() if k != "since"}
    command = _consent()
    assert given(LEARNED, rule_book(book)).when(command, now=JOINT) == [command.event]


def test_in_edition_1_nobody_was_asked_who_represents_the_child():
    command = _consent(expires_at=None)
    assert given(LEARNED, edition=1).when(command, now=JOINT) == [command.event]


# --- suspended, lost, and who acts instead --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "until"),
    [
        pytest.param(FATHER_SUSPENDED, UNTIL, id="suspended"),
        pytest.param({MOTHER: HELD, FATHER: LOST}, None, id="lost"),
        pytest.param({MOTHER: HELD}, None, id="never had"),
        pytest.param({FATHER: LOST}, None, id="nobody has it"),
    ],
)
@pytest.mark.parametrize("given_by", [{FATHER}, {MOTHER, FATHER}])
def test_whose_parental_authority_is_suspended_or_lost_represents_nobody(states, until, given_by):
    command = _consent(ConsentCapacity.GUARDIANS_JOINTLY, given_by=given_by)
    so = given(LEARNED, _recorded(states, until=until))
    assert so.when(command, now=JOINT) == refused(command, Reason.AUTHORITY_NOT_HELD)


def test_where_one_has_it_and_the_other_not_it_is_stated_who_consented():
    command = _consent(reason="URGENT")
    so = given(LEARNED, _recorded(FATHER_SUSPENDED, until=UNTIL))
    assert so.when(command, now=JOINT) == refused(command, Reason.GIVER_MISSING)


def test_a_suspension_is_over_after_its_last_day():
    so, command = (
        given(LEARNED, _recorded(FATHER_SUSPENDED, until=UNTIL)),
        _consent(given_by={FATHER}, reason="X"),
    )
    last = jst("2027-03-31 23:59:59")
    assert so.when(command, now=last) == refused(command, Reason.AUTHORITY_NOT_HELD)
    assert so.when(command, now=jst("2027-04-01 00:00")) == [command.event]


@pytest.mark.parametrize(
    ("capacity", "by"),
    [
        pytest.param(ConsentCapacity.MINOR_GUARDIAN, AZ_CORE, id="a guardian of the minor"),
        pytest.param(ConsentCapacity.CGC_DIRECTOR, KS_CGC, id="the head of the child guidance centre"),
        pytest.param(ConsentCapacity.FACILITY_HEAD, AZ_CORE, id="the head of the institution"),
    ],
)
def test_who_acts_for_parents_does_so_where_none_has_parental_authority(capacity, by):
    command = _consent(capacity, by)
    here = case_message(e.InformationRequested, AZ_CORE, [by]) if by != AZ_CORE else LEARNED
    none = _recorded({MOTHER: LOST, FATHER: LOST})
    assert given(LEARNED, here).when(command, now=JOINT) == [command.event]
    assert given(LEARNED, here, none).when(command, now=JOINT) == [command.event]
    so = given(LEARNED, here, _recorded({MOTHER: HELD, FATHER: LOST}))
    assert so.when(command, now=JOINT) == refused(command, Reason.AUTHORITY_WITH_PARENTS)


def test_only_a_child_guidance_centre_states_that_its_head_consents():
    command = _consent(ConsentCapacity.CGC_DIRECTOR)
    assert given(LEARNED).when(command, now=JOINT) == refused(command, Reason.NOT_A_CGC)


# --- until the child is of age --------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", sorted(set(ConsentCapacity) - {ConsentCapacity.SELF}))
@pytest.mark.parametrize("end", [None, NOON + timedelta(days=19 * 366, microseconds=1)])
def test_a_consent_for_a_child_names_its_end(capacity, end):
    command = _consent(capacity, expires_at=end)
    assert given(LEARNED).when(command) == refused(command, Reason.CONSENT_END_MISSING)


# --- the record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(_recorded({}), Reason.AUTHORITY_INCOMPLETE, id="of nobody"),
        pytest.param(_recorded(FATHER_SUSPENDED), Reason.AUTHORITY_INCOMPLETE, id="a suspension without end"),
        pytest.param(_recorded(BOTH, until=UNTIL), Reason.AUTHORITY_INCOMPLETE, id="an end of no suspension"),
        pytest.param(
            _recorded(FATHER_SUSPENDED, until=date(2027, 6, 3)),
            Reason.AUTHORITY_INCOMPLETE,
            id="over two years",
        ),
        pytest.param(_recorded(BOTH, by=MID_HOSP), Reason.NOT_AN_AUTHORITY, id="by a hospital"),
    ],
)
def test_an_incomplete_record_of_parental_authority_is_refused(command, reason):
    assert given(LEARNED).when(command) == refused(command, reason)


def test_an_authority_records_who_has_parental_authority():
    command = _recorded(FATHER_SUSPENDED, A, until=date(2027, 6, 2))
    assert given(LEARNED).when(command) == [command.event]


def test_what_is_recorded_of_all_children_replaces_what_was_recorded_of_one():
    so = given(LEARNED, _recorded(BOTH, A), _recorded({MOTHER: HELD}, name="later"))
    assert so.world.case.authority == {None: Authority({MOTHER: HELD}, None)}
    assert so.world.case.authorities(frozenset({A})) == (Authority({MOTHER: HELD}, None),)
    assert given(LEARNED, _recorded(BOTH, A)).world.case.authorities(frozenset({B})) == ()


def test_what_was_recorded_before_names_no_parents():
    state = {}
    e.ConsentGiven.upcast_v1_v2(state)
    assert state == {"children": [], "given_by": [], "sole_holder": False}


# --- after the death of a parent --------------------------------------------------------------------------------


def _died(parent):
    return case_message(e.ParentDied, AZ_CORE, parent=parent, died_on=None)


ADOPTED = {Parent.ADOPTIVE_MOTHER: HELD, FATHER: HELD}


@pytest.mark.parametrize(
    ("past", "command", "reason"),
    [
        pytest.param(
            [_recorded(BOTH), _died(Caregiver.MOTHER)],
            _consent(given_by={FATHER}),
            None,
            id="the other alone",
        ),
        pytest.param(
            [_recorded(BOTH), _died(Caregiver.OTHER_GUARDIAN)],
            _consent(given_by={FATHER}),
            Reason.OTHER_GUARDIAN_MISSING,
            id="somebody else has died",
        ),
        pytest.param(
            [_recorded(BOTH), _died(Caregiver.MOTHER)],
            _consent(given_by={MOTHER}),
            Reason.AUTHORITY_NOT_HELD,
            id="who has died consents no more",
        ),
        pytest.param(
            [_recorded(ADOPTED), _died(Caregiver.MOTHER)],
            _consent(given_by={FATHER}),
            None,
            id="an adoptive one",
        ),
        pytest.param(
            [_recorded({MOTHER: HELD}), _died(Caregiver.MOTHER)],
            _consent(ConsentCapacity.MINOR_GUARDIAN),
            None,
            id="a guardian, after the only one",
        ),
    ],
)
def test_nobody_waits_for_the_consent_of_a_parent_who_has_died(past, command, reason):
    [event] = given(LEARNED, past).when(command, now=JOINT)
    assert getattr(event, "reason", None) is reason


def test_a_consent_for_a_child_outlives_the_parent_who_gave_it():
    so = given(LEARNED, _recorded({MOTHER: HELD}), _consent(given_by={MOTHER}), _died(Caregiver.MOTHER))
    assert so.world.case.consents[id_of("C1")].in_force(JOINT)


# --- who asks for a child's data ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("past", "requester", "result", "reason", "refusal"),
    [
        (
            [_recorded(FATHER_SUSPENDED, until=UNTIL)],
            Requester.LEGAL_REPRESENTATIVE,
            AccessResult.FULL,
            None,
            True,
        ),
        (
            [_recorded(FATHER_SUSPENDED, until=UNTIL)],
            Requester.LEGAL_REPRESENTATIVE,
            AccessResult.FULL,
            "CHECKED",
            False,
        ),
        (
            [_recorded(FATHER_SUSPENDED, until=UNTIL)],
            Requester.LEGAL_REPRESENTATIVE,
            AccessResult.NONE,
            None,
            False,
        ),
        ([_recorded(FATHER_SUSPENDED, until=UNTIL)], Requester.SELF, AccessResult.FULL, None, False),
        ([_recorded(BOTH)], Requester.LEGAL_REPRESENTATIVE, AccessResult.FULL, None, False),
        ([], Requester.LEGAL_REPRESENTATIVE, AccessResult.FULL, None, False),
    ],
)
def test_where_a_parent_has_lost_authority_an_access_is_granted_with_a_reason(
    past, requester, result, reason, refusal
):
    asked = case_message(e.SubjectAccessRequested, AZ_CORE, requester=requester)
    decision = case_message(
        e.SubjectAccessDecided, AZ_CORE, answers=asked.command_id, result=result, withheld=(), reason=reason
    )
    answer = refused(decision, Reason.AUTHORITY_NOT_HELD) if refusal else [decision.event]
    assert given(LEARNED, past, asked).when(decision, now=JOINT) == answer
