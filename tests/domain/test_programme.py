"""Running the programme: rules of secrecy, qualifications, reports, notices to the prefecture, announcements."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.codes import (
    BusinessItem,
    CommunityService,
    Employment,
    Finding,
    Housekeeping,
    Module,
    Practice,
    Section,
    SupportRole,
    SupportType,
    Tier,
)
from domain.due import next_due
from domain.reasons import Reason
from domain.record import REGISTRARS, About
from domain.rulebook import first_edition
from domain.tasks import TaskKind, tasks
from tests.domain.builders import (
    ASSESSED,
    AZ_COORD,
    AZ_CORE,
    COMMISSIONED,
    ELIGIBLE,
    EXT_SERVICE,
    HIDA_SWC,
    HIDA_WORKER,
    LEARNED,
    MEMBERS,
    MID_HOSP,
    NOON,
    READY,
    SORA_NPO,
    TO_SORA,
    TOWN,
    TW_CORE,
    WORKER,
    EventInput,
    Given,
    case_message,
    event_input,
    given,
    id_of,
    jst,
    keys,
    opening,
    plan,
    refused,
    rule_book,
)
from tests.domain.test_clocks import run

S = Section
ALL_ITEMS = frozenset(BusinessItem)


def of(agency: UUID, event: e.Event, by: Any = None, **more: Any) -> EventInput:
    """What an agency records about itself."""
    name = more.pop("name", f"{event.TOPIC} {agency}")
    return event_input(by or agency, event, on=About(e.Kind.AGENCY, agency), name=name, **more)


def due(so: Given, until: str, kind: type[e.Event]) -> list[tuple[Any, e.Event]]:
    """What the clock brings of the register by then, recorded as it comes."""
    came: list[tuple[Any, e.Event]] = []
    while (actual := next_due(so.world.register, jst(until))) is not None:
        so.put(
            event_input("HUB", actual.event, on=actual.about, name=f"due {len(came)}", at=actual.at),
            by_hub=True,
        )
        came.append((actual.at, actual.event))
        assert len(came) < 50
    return [(at, event) for at, event in came if type(event) is kind]


# --- rules of secrecy --------------------------------------------------------------------------------------

ADOPTED = of(AZ_CORE, e.ConfidentialityRulesAdopted(edition="R7"))


def knows(
    actor: str = "p-1", staff: str | None = None, edition: str = "R7", agency: UUID = AZ_CORE
) -> EventInput:
    event = e.ConfidentialityRulesAcknowledged(edition=edition, staff=staff or actor)
    return of(agency, event, actor=actor, name=f"knows {actor} {edition}")


def test_nobody_opens_who_does_not_know_the_rules_of_its_agency():
    command = opening(LEARNED, AZ_CORE)
    assert given(LEARNED).when(command) == [command.event]
    so = given(LEARNED, ADOPTED)
    [event] = so.when(command)
    assert isinstance(event, e.OpeningRefused)
    assert event.reason is Reason.RULES_NOT_ACKNOWLEDGED
    so.put(knows())
    assert so.when(command) == [command.event]
    [other] = so.when(opening(LEARNED, AZ_CORE, actor="p-2"))
    assert other.reason is Reason.RULES_NOT_ACKNOWLEDGED  # type: ignore[attr-defined]


def test_a_new_edition_is_to_be_known_anew():
    so = given(
        LEARNED, ADOPTED, knows(), of(AZ_CORE, e.ConfidentialityRulesAdopted(edition="R8"), name="new")
    )
    [event] = so.when(opening(LEARNED, AZ_CORE))
    assert event.reason is Reason.RULES_NOT_ACKNOWLEDGED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(ADOPTED, Reason.ALREADY_ADOPTED, id="adopted twice"),
        pytest.param(knows(staff="p-2"), Reason.NOT_IN_PERSON, id="for another person"),
        pytest.param(knows(edition="R8"), Reason.RULES_NOT_ADOPTED, id="of another edition"),
        pytest.param(knows(agency=MID_HOSP), Reason.RULES_NOT_ADOPTED, id="where there are none"),
        pytest.param(
            of(AZ_CORE, e.ConfidentialityRulesAdopted(edition="R9"), by=AZ_COORD),
            Reason.NOT_YOURS,
            id="of another",
        ),
    ],
)
def test_rules_are_adopted_once_and_known_in_person(command, reason):
    assert given(ADOPTED).when(command) == refused(command, reason)


# --- qualifications and practice -------------------------------------------------------------------------------


def test_a_profession_that_is_not_listed_needs_a_reason():
    def is_a(qualification: str, reason: str | None = None, worker: str = WORKER) -> EventInput:
        return event_input(
            AZ_CORE, e.QualificationVerified(worker=worker, qualification=qualification, reason=reason)
        )

    so = given(COMMISSIONED)
    assert so.when(is_a("保健師")) == [is_a("保健師").event]
    assert so.when(is_a("占い師")) == refused(is_a("占い師"), Reason.QUALIFICATION_NOT_LISTED)
    assert so.when(is_a("栄養士", "FEEDING")) == [is_a("栄養士", "FEEDING").event]
    nobody = is_a("保健師", worker="W-0")
    assert so.when(nobody) == refused(nobody, Reason.WORKER_UNKNOWN)
    so.put(is_a("助産師"))
    commission = so.world.register.commission(AZ_CORE, SORA_NPO)
    assert commission is not None
    assert commission.workers[WORKER].qualification == "助産師"


def test_practice_is_kept_with_the_visitor():
    went = event_input(SORA_NPO, e.FieldPracticeCompleted(worker=WORKER, practice=Practice.ROLE_PLAY))
    so = given(COMMISSIONED, went)
    commission = so.world.register.commission(AZ_CORE, SORA_NPO)
    assert commission is not None
    assert commission.workers[WORKER].practised == {Practice.ROLE_PLAY}
    nobody = event_input(SORA_NPO, e.FieldPracticeCompleted(worker="W-0", practice=Practice.ROLE_PLAY))
    assert given(COMMISSIONED).when(nobody) == refused(nobody, Reason.WORKER_UNKNOWN)


def learnt(tier: Tier, at: str) -> EventInput:
    event = e.TrainingModuleCompleted(
        worker=WORKER, modules=frozenset({Module.M7_CASE_STUDY}), tier=tier, valid_until=None
    )
    return event_input(SORA_NPO, event, name=f"learnt {tier} {at}", at=jst(at))


def overdue(tier: Tier, at: str) -> tuple[Any, e.Event]:
    return jst(at), e.FurtherTrainingOverdueAlarmRaised(worker=WORKER, tier=tier, due_at=jst(at))


def test_the_second_and_third_tier_raise_one_alarm_each_after_a_year():
    so = given(COMMISSIONED)
    both = due(so, "2027-12-01 00:00", e.FurtherTrainingOverdueAlarmRaised)
    assert both == [overdue(t, "2026-04-02 00:00") for t in (Tier.T2_SKILL, Tier.T3_APPLIED)]
    done = given(COMMISSIONED, learnt(Tier.T2_SKILL, "2025-10-10 09:00"))
    later = due(done, "2027-12-01 00:00", e.FurtherTrainingOverdueAlarmRaised)
    assert later == [
        overdue(Tier.T3_APPLIED, "2026-04-02 00:00"),
        overdue(Tier.T2_SKILL, "2026-10-11 00:00"),
    ]
    done.put(learnt(Tier.T3_APPLIED, "2027-12-02 09:00"))
    assert not due(done, "2028-12-02 23:59", e.FurtherTrainingOverdueAlarmRaised)
    assert due(done, "2028-12-03 00:00", e.FurtherTrainingOverdueAlarmRaised) == [
        overdue(Tier.T3_APPLIED, "2028-12-03 00:00")
    ]


def test_nobody_waits_for_the_training_of_who_visits_no_more_or_never_did():
    ended = event_input(AZ_CORE, e.OutsourcingContractEnded())
    assert not due(given(COMMISSIONED, ended), "2027-12-01 00:00", e.FurtherTrainingOverdueAlarmRaised)
    untrained = event_input(
        SORA_NPO, e.SupportWorkerRegistered(worker="W-0", employment=Employment.PART_TIME, qualification=None)
    )
    responsible = due(given(COMMISSIONED, untrained), "2027-12-01 00:00", e.FurtherTrainingOverdueAlarmRaised)
    assert {event.worker for _, event in responsible} == {WORKER}


# --- performance and supervision ---------------------------------------------------------------------------------


def report(by: UUID = SORA_NPO, **more: Any) -> EventInput:
    usual = {"begins_on": date(2025, 4, 1), "ends_on": date(2025, 6, 1), "families": 3, "visits": 20}
    return event_input(
        by,
        e.ContractorPerformanceReported(**{**usual, **more}),
        name=f"report {more}",
        at=jst("2025-06-02 09:00"),
    )


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(report(by=AZ_CORE), Reason.NOT_YOUR_COMMISSION, id="by who commissioned"),
        pytest.param(report(ends_on=date(2025, 3, 1)), Reason.NUMBERS_WRONG, id="backwards"),
        pytest.param(report(ends_on=date(2025, 6, 3)), Reason.NUMBERS_WRONG, id="of days to come"),
        pytest.param(report(visits=-1), Reason.NUMBERS_WRONG, id="less than nothing"),
    ],
)
def test_a_contractor_reports_on_days_that_are_over(command, reason):
    assert given(COMMISSIONED).when(command) == refused(command, reason)


def test_a_contractor_without_visits_reports_zero():
    command = report(families=0, visits=0)
    assert given(COMMISSIONED).when(command) == [command.event]


def test_a_missing_yearly_report_raises_one_alarm():
    so = given(COMMISSIONED)
    responsible = due(so, "2026-04-03 00:00", e.PerformanceReportOverdueAlarmRaised)
    assert [at for at, _ in responsible] == [jst("2026-04-02 00:00")]
    reported = given(COMMISSIONED, report())
    reported.put(report(families=4))
    assert not due(reported, "2026-04-03 00:00", e.PerformanceReportOverdueAlarmRaised)


def test_the_core_agency_supervises():
    command = event_input(AZ_CORE, e.ContractorSupervised(finding=Finding.IN_ORDER))
    assert given(COMMISSIONED).when(command) == [command.event]
    own = event_input(SORA_NPO, e.ContractorSupervised(finding=Finding.IN_ORDER))
    assert given(COMMISSIONED).when(own) == refused(own, Reason.NOT_YOUR_COMMISSION)


# --- the prefecture ------------------------------------------------------------------------------------------------


def notice(
    cls: type[Any] = e.BusinessCommencementNotified,
    agency: UUID = SORA_NPO,
    on: date = date(2025, 5, 2),
    items: frozenset[BusinessItem] = ALL_ITEMS,
    reason: str | None = None,
) -> EventInput:
    return of(agency, cls(happened_on=on, items=items, reason=reason))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            notice(items=ALL_ITEMS - {BusinessItem.ARTICLES}), Reason.NOTICE_INCOMPLETE, id="not complete"
        ),
        pytest.param(
            notice(e.BusinessChangeNotified, items=frozenset()),
            Reason.NOTICE_INCOMPLETE,
            id="a change of nothing",
        ),
        pytest.param(notice(on=date(2025, 6, 3)), Reason.TIME_AHEAD, id="of a day to come"),
        pytest.param(notice(on=date(2025, 5, 1)), Reason.REASON_MISSING, id="later than a month"),
        pytest.param(notice(agency=EXT_SERVICE), Reason.NOT_AN_OPERATOR, id="by who does not run it"),
        pytest.param(
            of(EXT_SERVICE, e.PrefecturalSupervisionReceived(finding=Finding.IN_ORDER)),
            Reason.NOT_AN_OPERATOR,
            id="supervised without running it",
        ),
        pytest.param(
            of(AZ_CORE, e.CalendarEndingAlarmRaised(due_at=NOON)), Reason.NOT_YOURS, id="an alarm of the hub"
        ),
    ],
)
def test_a_notice_is_complete_and_within_a_month(command, reason):
    assert given().when(command) == refused(command, reason)


@pytest.mark.parametrize(
    "command",
    [
        notice(),
        notice(on=date(2025, 6, 2)),
        notice(on=date(2025, 5, 1), reason="FOUND_LATE"),
        notice(e.BusinessChangeNotified, items=frozenset({BusinessItem.ARTICLES})),
        notice(e.BusinessAbolitionNotified),
        of(AZ_CORE, e.PrefecturalSupervisionReceived(finding=Finding.IMPROVEMENT_REQUESTED)),
        of(AZ_CORE, e.CommunityServiceRegistered(service=CommunityService.SHORT_STAY, places=4)),
        of(AZ_CORE, e.ResourceGapRecorded(service=CommunityService.SHORT_STAY, families=7)),
    ],
    ids=lambda w: w.event.TOPIC,
)
def test_what_an_agency_records_about_itself_is_its_state(command):
    assert given().when(command) == [command.event]


@pytest.mark.parametrize(
    "event",
    [
        e.CommunityServiceRegistered(service=CommunityService.OTHER, places=None),
        e.ResourceGapRecorded(service=CommunityService.OTHER, families=1),
    ],
)
def test_resources_are_the_core_agencys(event):
    command = of(MID_HOSP, event)
    assert given().when(command) == refused(command, Reason.NOT_RESPONSIBLE_CORE)


def test_a_programme_without_notice_for_a_month_raises_one_alarm():
    begins = event_input(
        REGISTRARS, e.CoreAgencyDesignated(agency=id_of("AZ-MCH")), on=About(e.Kind.NETWORK, id_of("new"))
    )
    so = given(begins)
    actual = due(so, "2025-09-01 00:00", e.BusinessNoticeOverdueAlarmRaised)
    assert [at for at, _ in actual] == [jst("2025-05-02 00:00")]
    informed = given(begins, of(id_of("AZ-MCH"), notice().event))
    assert not due(informed, "2025-09-01 00:00", e.BusinessNoticeOverdueAlarmRaised)
    ended = of(id_of("AZ-MCH"), notice(e.BusinessAbolitionNotified).event)
    assert not due(given(begins, ended), "2025-09-01 00:00", e.BusinessNoticeOverdueAlarmRaised)


# --- offices and members --------------------------------------------------------------------------------------------


def test_a_municipality_has_one_core_agency():
    second = event_input(
        REGISTRARS, e.CoreAgencyDesignated(agency=AZ_CORE), on=About(e.Kind.NETWORK, id_of("new"))
    )
    assert given().when(second) == refused(second, Reason.CORE_EXISTS)
    repeated = event_input(REGISTRARS, e.CoreAgencyDesignated(agency=AZ_CORE), name="repeated")
    assert given().when(repeated) == [repeated.event]
    other = keys("AZ-MCH", roles=frozenset({"CORE"}))
    instead = event_input(REGISTRARS, e.CoreAgencyDesignated(agency=id_of("AZ-MCH")), name="instead")
    assert given(other).when(instead) == [instead.event]


def test_each_unannounced_member_raises_an_alarm_on_its_own_day():
    def new(member: UUID, on: str) -> EventInput:
        event = e.NetworkMemberAdmitted(member=member, item=2)
        return event_input(AZ_COORD, event, name=f"new {member}", at=jst(f"{on} 10:00"))

    so = given(new(EXT_SERVICE, "2025-05-01"), new(TW_CORE, "2025-05-11"))
    actual = due(so, "2025-09-01 00:00", e.MembershipUnpublishedAlarmRaised)
    assert [(at, f.members) for at, f in actual] == [  # type: ignore[attr-defined]
        (jst("2025-06-01 00:00"), frozenset({EXT_SERVICE})),
        (jst("2025-06-11 00:00"), frozenset({TW_CORE})),
    ]


LATE: list[Any] = [
    pytest.param([COMMISSIONED], e.PerformanceReportOverdueAlarmRaised, "2026-04-02 00:00", id="performance"),
    pytest.param(
        [
            event_input(
                REGISTRARS,
                e.CoreAgencyDesignated(agency=id_of("AZ-MCH")),
                on=About(e.Kind.NETWORK, id_of("new")),
            )
        ],
        e.BusinessNoticeOverdueAlarmRaised,
        "2025-05-02 00:00",
        id="the notice to the prefecture",
    ),
    pytest.param(
        [
            event_input(
                AZ_COORD, e.NetworkMemberAdmitted(member=EXT_SERVICE, item=2), at=jst("2025-05-01 10:00")
            )
        ],
        e.MembershipUnpublishedAlarmRaised,
        "2025-06-01 00:00",
        id="a member",
    ),
]


@pytest.mark.parametrize(("past", "alarm", "at"), LATE)
def test_what_is_late_raises_one_alarm_at_the_end_of_its_day(past, alarm, at):
    so = given(past)
    moment = jst(at)
    assert next_due(so.world.register, moment - timedelta(seconds=1)) is None
    assert [when for when, _ in due(so, at, alarm)] == [moment]
    assert not due(so, at, alarm)


@pytest.mark.parametrize(("past", "alarm", "at"), LATE)
def test_without_times_in_the_rule_book_only_the_laws_month_applies(past, alarm, at):
    published = rule_book({**first_edition(), "policy": {}})
    town = [published if one.event.TOPIC == published.event.TOPIC else one for one in TOWN]
    actual = due(given(past, town=town), "2027-01-01 00:00", alarm)
    assert bool(actual) is (alarm is e.BusinessNoticeOverdueAlarmRaised)


def test_members_unannounced_for_a_month_raise_one_alarm_together():
    new = [
        event_input(
            AZ_COORD, e.NetworkMemberAdmitted(member=m, item=2), name=f"new {m}", at=jst("2025-05-01 10:00")
        )
        for m in (EXT_SERVICE, TW_CORE)
    ]
    actual = due(given(new), "2025-09-01 00:00", e.MembershipUnpublishedAlarmRaised)
    assert [(at, f.members) for at, f in actual] == [  # type: ignore[attr-defined]
        (jst("2025-06-01 00:00"), frozenset({EXT_SERVICE, TW_CORE}))
    ]
    public = event_input(
        AZ_COORD,
        e.NetworkMembershipPublished(
            members=frozenset({EXT_SERVICE, TW_CORE, *MEMBERS}), published_on=date(2025, 5, 9)
        ),
        name="public",
        at=jst("2025-05-09 10:00"),
    )
    assert due(given(new, public), "2025-05-31 00:00", e.MembershipUnpublishedAlarmRaised) == []


# --- visits left uncovered ---------------------------------------------------------------------------------------------


def test_a_visit_that_a_contractor_may_not_make_is_the_core_agencys_to_cover():
    planned = case_message(
        e.HomeVisitScheduled, SORA_NPO, [AZ_CORE], planned_on=date(2025, 6, 3), actor=WORKER
    )
    so = given(LEARNED, READY, TO_SORA, planned)

    def to_cover() -> list[Any]:
        actual = tasks(so.world, AZ_CORE, now=NOON)
        return [(t.message, t.due_at) for t in actual if t.kind is TaskKind.COVER_VISIT]

    assert to_cover() == []
    so.put(case_message(e.SupportWorkerUnassigned, AZ_CORE))
    assert to_cover() == [(planned.command_id, jst("2025-06-04 00:00"))]
    assert not [t for t in tasks(so.world, AZ_COORD, now=NOON) if t.kind is TaskKind.COVER_VISIT]
    so.put(case_message(e.DisclosureMade, AZ_CORE, name="own note", at=NOON + timedelta(days=1)))
    assert len(to_cover()) == 1
    so.put(case_message(e.SupportClosed, AZ_CORE, name="closes", at=NOON + timedelta(days=2)))
    assert to_cover() == []  # nobody is to be visited any more


# --- roles, tiers, housekeeping, specialist help, bundles ---------------------------------------------------------


def assigns(
    role: SupportRole | None, qualification: str | None = None, reason: str | None = None
) -> EventInput:
    return case_message(
        e.SupportWorkerAssigned, AZ_CORE, role=role, qualification=qualification, reason=reason
    )


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(assigns(SupportRole.SPECIALIST), Reason.QUALIFICATION_NOT_LISTED, id="no profession"),
        pytest.param(
            assigns(SupportRole.SPECIALIST, "占い師"),
            Reason.QUALIFICATION_NOT_LISTED,
            id="another profession",
        ),
        pytest.param(
            assigns(SupportRole.HOUSEKEEPING), Reason.REASON_MISSING, id="housekeeping since 2024-04"
        ),
        pytest.param(assigns(None), Reason.ROLE_MISSING, id="no role"),
    ],
)
def test_specialist_help_needs_a_listed_profession_and_housekeeping_a_reason(command, reason):
    assert given(LEARNED, COMMISSIONED).when(command) == refused(command, reason)


@pytest.mark.parametrize(
    "command",
    [
        assigns(SupportRole.SPECIALIST, "保健師"),
        assigns(SupportRole.SPECIALIST, None, "TRAINED_FOR_YEARS"),
        assigns(SupportRole.HOUSEKEEPING, None, "NO_SUCH_SERVICE_HERE"),
    ],
)
def test_who_fits_or_has_a_reason_is_assigned(command):
    assert given(LEARNED, COMMISSIONED).when(command) == [command.event]


def test_a_profession_that_was_verified_counts():
    is_one = event_input(AZ_CORE, e.QualificationVerified(worker=WORKER, qualification="助産師", reason=None))
    command = assigns(SupportRole.SPECIALIST)
    assert given(LEARNED, COMMISSIONED, is_one).when(command) == [command.event]


@pytest.mark.parametrize(
    "command",
    [
        assigns(SupportRole.HOUSEKEEPING),
        case_message(
            e.SupportPlanFormulated,
            AZ_CORE,
            sections=[S.PLAN],
            plan=plan(housekeeping=Housekeeping.WITH_GOAL),
        ),
    ],
    ids=["a visitor for it", "a plan with it"],
)
def test_housekeeping_was_a_part_of_the_programme_until_the_last_of_march_2024(command):
    begun = replace(COMMISSIONED[0], event=replace(COMMISSIONED[0].event, begins_on=date(2024, 1, 1)))
    so = given(LEARNED, begun, *COMMISSIONED[1:], ASSESSED, ELIGIBLE)
    assert so.when(command, now=jst("2024-03-31 23:59:59")) == [command.event]
    assert so.when(command, now=jst("2024-04-01 00:00")) == refused(command, Reason.REASON_MISSING)


def test_only_the_basic_tier_makes_a_visitor_ready():
    applied = event_input(
        SORA_NPO,
        e.TrainingModuleCompleted(
            worker=WORKER, modules=frozenset(Module), tier=Tier.T3_APPLIED, valid_until=None
        ),
    )
    without = [one for one in COMMISSIONED if not isinstance(one.event, e.TrainingModuleCompleted)]
    command = assigns(SupportRole.SPECIALIST, "保健師")
    assert given(LEARNED, without, applied).when(command) == refused(
        command, Reason.WORKER_NOT_READY, SORA_NPO
    )
    commission = given(without, applied).world.register.commission(AZ_CORE, SORA_NPO)
    assert commission is not None
    assert set(commission.workers[WORKER].tiers) == {Tier.T3_APPLIED}


@pytest.mark.parametrize(
    ("housekeeping", "reason", "refusal"),
    [
        (Housekeeping.WITHOUT_GOAL, "ANY", Reason.HOUSEKEEPING_WITHOUT_GOAL),
        (Housekeeping.WITH_GOAL, None, Reason.REASON_MISSING),
        (Housekeeping.WITH_GOAL, "NO_SUCH_SERVICE_HERE", None),
    ],
)
def test_housekeeping_in_a_plan_has_a_goal_and_today_a_reason(housekeeping, reason, refusal):
    command = case_message(
        e.SupportPlanFormulated,
        AZ_CORE,
        sections=[S.PLAN],
        plan=plan(housekeeping=housekeeping),
        reason=reason,
    )
    expected = [command.event] if refusal is None else refused(command, refusal)
    assert given(LEARNED, ASSESSED, ELIGIBLE).when(command) == expected


def alarms(kind: type[Any], *past: Any, until: str) -> list[Any]:
    return [(at, a.responsible) for at, a in run(given(LEARNED, *past), jst(until)) if isinstance(a, kind)]


def test_specialist_help_that_is_needed_is_linked_within_a_fortnight():
    needed = case_message(
        e.SupportTypeDecided,
        AZ_CORE,
        support_type=SupportType.SHORT_INTENSIVE,
        specialist_needed=True,
        at=jst("2025-06-02 10:00"),
    )
    responsible = [(jst("2025-06-16 10:00"), AZ_CORE)]
    assert alarms(e.SpecialistUnlinkedAlarmRaised, needed, until="2025-06-16 10:00") == responsible
    linked = case_message(e.SpecialistServiceLinked, AZ_CORE)
    assert alarms(e.SpecialistUnlinkedAlarmRaised, needed, linked, until="2025-06-16 10:00") == []
    unneeded = replace(needed, event=replace(needed.event, specialist_needed=False))  # type: ignore[call-arg]
    assert alarms(e.SpecialistUnlinkedAlarmRaised, unneeded, until="2025-06-16 10:00") == []


def test_a_contractor_visiting_without_what_it_needs_raises_an_alarm_at_once():
    at = jst("2025-06-02 10:00")
    report = case_message(
        e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER, at=at
    )
    assert alarms(e.BundleMissingAlarmRaised, READY, report, until="2025-06-02 12:00") == [(at, AZ_CORE)]
    assert alarms(e.BundleMissingAlarmRaised, READY, TO_SORA, report, until="2025-06-02 12:00") == []
    assert alarms(e.BundleMissingAlarmRaised, READY, report, TO_SORA, until="2025-06-01 12:00") == []
    second = replace(report, command_id=id_of("second"), at=at + timedelta(hours=1))
    informed = alarms(e.BundleMissingAlarmRaised, READY, report, second, until="2025-06-02 12:00")
    assert informed == [(at, AZ_CORE)]  # once, until it is given what it needs
    another = case_message(
        e.SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker=HIDA_WORKER, name="another"
    )
    assert alarms(e.BundleMissingAlarmRaised, READY, another, report, until="2025-06-02 12:00") == [
        (at, AZ_CORE)
    ]
    so = given(LEARNED, READY, report, TO_SORA)
    assert not [k for k in so.world.case.clocks if k[0] == "BUNDLE"]
