"""The family's list: whoever holds it learns nothing that he did not know, and nobody comes to harm by it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from domain import events as e
from domain.codes import AccessResult, Flag, Requester, Role, Section
from domain.family_list import LISTED_ACTS, FamilyListRow, FamilyReader, family_list
from tests.domain.builders import (
    AGENCIES,
    AZ_COORD,
    AZ_CORE,
    EXT_NURSERY,
    KS_CGC,
    MID_HOSP,
    SORA_NPO,
    TW_ONE,
    EventInput,
    case_message,
    consent_of,
    given,
    id_of,
    jst,
)

S, R = Section, FamilyReader
MAY, JUNE, JULY = jst("2025-05-10 10:00"), jst("2025-06-10 10:00"), date(2025, 7, 15)
MOTHERS, FATHERS, OTHERS = id_of("mother's"), id_of("father's"), id_of("another's")
CONSENTS = [consent_of(name) for name in ("mother's", "father's", "another's")]
ROLES = {agency: roles for agency, roles, _, _ in AGENCIES.values()}

PLAN = case_message(
    e.SupportPlanFormulated, AZ_CORE, [SORA_NPO], [S.PLAN], "CWA-21-10-2-3", at=MAY, name="plan"
)
REPORT = case_message(e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT, S.CHILD], at=MAY, name="report")
NOTIFIED = case_message(
    e.AbuseNotificationReceived, AZ_CORE, sections=[S.NOTIFIER, S.RISK], at=JUNE, recorded_for_notifier=True
)
CONCERN = [
    NOTIFIED,
    case_message(
        e.NotificationForwarded, AZ_CORE, [KS_CGC], [S.BASIC, S.RISK], at=JUNE, forwards=NOTIFIED.command_id
    ),
    case_message(e.SafetyConfirmed, AZ_COORD, [AZ_CORE], [S.CHILD], at=JUNE),
]


def disclosed_to(
    to: UUID = MID_HOSP,
    sections: list[object] | None = None,
    *,
    signed: UUID | None = MOTHERS,
    by: UUID = AZ_CORE,
    at: object = MAY,
    name: str = "disclosed_to",
) -> EventInput:
    """A disclosure on a consent, or on the law only."""
    return case_message(
        e.DisclosureMade,
        by,
        [to],
        sections or [S.BASIC],  # type: ignore[arg-type]
        "APPI-69-2-4" if signed is None else "CONSENT",
        consent=[] if signed is None else [signed],
        at=at,  # type: ignore[arg-type]
        name=name,
    )


def seen(
    *past: object, reader: FamilyReader = R.SUPPORTED, signed: UUID = MOTHERS, today: date = JULY
) -> list[FamilyListRow]:
    case = given(*CONSENTS, *past).world.case  # type: ignore[arg-type]
    return family_list(case, ROLES, reader, frozenset({signed}), today=today)


def row(by: UUID, to: UUID, *sections: Section, month: int = 5) -> FamilyListRow:
    return FamilyListRow(date(2025, month, 1), by, to, frozenset(sections))


# --- what is on it ------------------------------------------------------------------------------------------


def test_the_supported_mother_sees_her_plan_her_visits_and_what_she_signed_for() -> None:
    rows = seen(PLAN, REPORT, disclosed_to(sections=[S.BASIC, S.PREG]))
    assert sorted(rows) == sorted(
        [
            row(AZ_CORE, SORA_NPO, S.PLAN),
            row(SORA_NPO, AZ_CORE, S.VISIT),
            row(AZ_CORE, MID_HOSP, S.BASIC, S.PREG),
        ]
    )


def test_mothers_and_fathers_lists_differ() -> None:
    past = [
        PLAN,
        disclosed_to(sections=[S.BASIC, S.PREG], name="hers"),
        disclosed_to(SORA_NPO, [S.CHILD, S.MEDICAL], signed=FATHERS, name="his"),
    ]
    assert row(AZ_CORE, MID_HOSP, S.BASIC, S.PREG) in seen(*past)
    assert seen(*past, reader=R.GUARDIAN, signed=FATHERS) == [row(AZ_CORE, SORA_NPO, S.CHILD)]


def test_tellings_of_one_month_are_one_row_and_nobody_can_count_them() -> None:
    once = seen(disclosed_to(sections=[S.BASIC, S.CHILD]))
    assert once == seen(
        disclosed_to(), disclosed_to(sections=[S.CHILD], name="repeated"), disclosed_to(name="and again")
    )


def test_the_month_that_runs_is_not_on_it_yet() -> None:
    assert seen(disclosed_to(), today=date(2025, 5, 31)) == []
    assert seen(disclosed_to(), today=date(2025, 6, 1)) == [row(AZ_CORE, MID_HOSP, S.BASIC)]


def test_an_office_that_is_core_and_coordinating_is_met_as_the_core_agency() -> None:
    assert seen(disclosed_to(by=TW_ONE)) == [row(TW_ONE, MID_HOSP, S.BASIC)]


# --- who may come to harm -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", list(R))
def test_a_notification_and_what_followed_changes_no_list(reader: FamilyReader) -> None:
    quiet = [PLAN, disclosed_to(), disclosed_to(SORA_NPO, signed=OTHERS, name="other")]
    for signed in (MOTHERS, FATHERS, OTHERS):
        assert seen(*quiet, *CONCERN, reader=reader, signed=signed) == seen(
            *quiet, reader=reader, signed=signed
        )


def test_a_sibling_sees_nothing_but_what_he_signed_for() -> None:
    past = [
        PLAN,
        REPORT,
        disclosed_to(),
        disclosed_to(SORA_NPO, [S.BASIC, S.CAREGIVER], signed=OTHERS, name="his own"),
    ]
    assert seen(*past, reader=R.RELATIVE, signed=FATHERS) == []
    assert seen(*past, reader=R.RELATIVE, signed=OTHERS) == [row(AZ_CORE, SORA_NPO, S.BASIC)]


@pytest.mark.parametrize("reader", list(R))
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            case_message(
                e.FamilyInformationProvided, EXT_NURSERY, [AZ_CORE], [S.CHILD], "CWA-21-10-5", at=MAY
            ),
            id="a nursery reported its concern",
        ),
        pytest.param(
            case_message(e.FamilyInformationProvided, MID_HOSP, [AZ_CORE], [S.BASIC], "CWA-21-10-5", at=MAY),
            id="a hospital reported its concern",
        ),
        pytest.param(disclosed_to(KS_CGC), id="to the child guidance centre, even signed for"),
        pytest.param(disclosed_to(AZ_COORD), id="to the coordinating agency, even signed for"),
        pytest.param(disclosed_to(by=KS_CGC), id="by the child guidance centre"),
        pytest.param(disclosed_to(signed=None), id="disclosed without a consent"),
        pytest.param(
            case_message(e.SupportPlanFormulated, AZ_CORE, [EXT_NURSERY], [S.PLAN], "CWA-25-2-2", at=MAY),
            id="the plan to a nursery for which nobody signed",
        ),
        pytest.param(
            disclosed_to(EXT_NURSERY, signed=OTHERS), id="to a nursery for which somebody else signed"
        ),
        pytest.param(
            case_message(
                e.InformationRequestAnswered, MID_HOSP, [AZ_CORE], [S.CHILD], at=MAY, answers=id_of("q")
            ),
            id="an answer to a question of the core agency",
        ),
    ],
)
def test_whoever_may_have_notified_is_on_no_list(message: EventInput, reader: FamilyReader) -> None:
    assert seen(message, reader=reader) == []


def test_a_nursery_is_shown_to_who_signed_for_it() -> None:
    assert seen(disclosed_to(EXT_NURSERY)) == [row(AZ_CORE, EXT_NURSERY, S.BASIC)]


@pytest.mark.parametrize(
    "section",
    [
        pytest.param(S.NOTIFIER, id="a notifier"),
        pytest.param(S.ADDR, id="a hidden address"),
        pytest.param(S.RISK, id="a danger"),
        pytest.param(S.CONF, id="minutes"),
        *(pytest.param((S.CHILD, flag), id=flag) for flag in Flag if flag is not Flag.SENSITIVE),
    ],
)
def test_what_travels_with_a_concern_is_not_on_it_either(section: object) -> None:
    assert seen(disclosed_to(sections=[S.BASIC, section])) == []


def test_sensitive_alone_is_hers_to_see() -> None:
    assert seen(disclosed_to(sections=[(S.MEDICAL, Flag.SENSITIVE)])) == [row(AZ_CORE, MID_HOSP, S.MEDICAL)]


def test_author_only_sections_are_not_in_the_family_list() -> None:
    assert seen(disclosed_to(sections=[S.REASON, S.SOURCE])) == []


def test_held_messages_are_not_in_the_family_list() -> None:
    waits = case_message(
        e.DisclosureMade,
        AZ_CORE,
        [MID_HOSP],
        [S.BASIC],
        "CONSENT",
        consent=[MOTHERS],
        at=MAY,
        held=[MID_HOSP],
    )
    assert seen(waits) == []


@pytest.mark.parametrize(
    "hides", [pytest.param(S.ADDR, id="address"), pytest.param((S.BASIC, Flag.DV_PROTECTED), id="flag")]
)
def test_the_other_guardians_list_stops_where_an_address_is_hidden(hides: object) -> None:
    past = [
        disclosed_to(signed=FATHERS, name="before"),
        disclosed_to(SORA_NPO, [hides], at=JUNE, name="she hides"),
        disclosed_to(SORA_NPO, signed=FATHERS, at=JUNE, name="after"),
        disclosed_to(SORA_NPO, signed=MOTHERS, at=JUNE, name="hers"),
    ]
    assert seen(*past, reader=R.GUARDIAN, signed=FATHERS) == [row(AZ_CORE, MID_HOSP, S.BASIC)]
    assert seen(*past) == [row(AZ_CORE, SORA_NPO, S.BASIC, month=6)]


def test_the_list_stops_at_the_first_hidden_address() -> None:
    past = [
        disclosed_to(signed=FATHERS, at=jst("2025-04-10 10:00"), name="before"),
        disclosed_to(SORA_NPO, [S.ADDR], name="she hides"),
        disclosed_to(SORA_NPO, signed=FATHERS, name="after"),
        disclosed_to(SORA_NPO, [S.ADDR], at=JUNE, name="she hides again"),
    ]
    assert seen(*past, reader=R.GUARDIAN, signed=FATHERS) == [row(AZ_CORE, MID_HOSP, S.BASIC, month=4)]


def test_a_protected_address_stops_the_list_whatever_else_it_carries() -> None:
    hidden = case_message(e.ProtectedAddressRegistered, AZ_CORE, at=MAY, until=None)
    later = disclosed_to(SORA_NPO, signed=FATHERS, at=JUNE)
    assert seen(hidden, later, reader=R.GUARDIAN, signed=FATHERS) == []
    assert seen(later, reader=R.GUARDIAN, signed=FATHERS) == [row(AZ_CORE, SORA_NPO, S.BASIC, month=6)]


@pytest.mark.parametrize("reader", list(R))
def test_after_an_answer_that_does_not_confirm_existence_there_is_no_list(reader: FamilyReader) -> None:
    access_request = case_message(
        e.SubjectAccessRequested,
        AZ_CORE,
        at=MAY,
        requester=Requester.LEGAL_REPRESENTATIVE,
        name="access_request",
    )
    answer = case_message(
        e.SubjectAccessDecided,
        AZ_CORE,
        at=JUNE,
        answers=access_request.command_id,
        result=AccessResult.EXISTENCE_NOT_DISCLOSED,
        withheld=(),
    )
    assert seen(PLAN, disclosed_to(), access_request, answer, reader=reader) == []
    assert seen(PLAN, disclosed_to(), access_request) != []


@pytest.mark.parametrize(
    "act",
    sorted(
        {
            e.CaseConferenceConvened,
            e.NetworkCaseRegistered,
            *e.REVEALS_NOTIFICATION,
            *(c.event.__class__ for c in CONCERN),
        },
        key=lambda act: act.TOPIC,
    ),
)
def test_an_event_that_reveals_the_reason_is_not_in_the_list(act: type[e.Event]) -> None:
    assert not issubclass(act, LISTED_ACTS)


def test_an_unlisted_event_stays_off_the_list_even_with_her_consent() -> None:
    conference = case_message(
        e.CaseConferenceConvened, AZ_CORE, [MID_HOSP], [S.BASIC], "CONSENT", consent=[MOTHERS], at=MAY
    )
    assert seen(conference) == []


def test_an_agency_of_which_nothing_is_known_is_not_shown() -> None:
    case = given(*CONSENTS, disclosed_to()).world.case
    without = {a: r for a, r in ROLES.items() if a != MID_HOSP}
    unknown = family_list(case, without, R.GUARDIAN, frozenset({FATHERS}), today=JULY)
    assert unknown == []
    assert Role.MED in ROLES[MID_HOSP]
