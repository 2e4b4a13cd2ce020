"""Running the programme: rules of secrecy, qualifications, reports, notices to the prefecture, announcements."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

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
from domain.events import (
    BundleMissingAlarmRaised,
    BusinessAbolitionNotified,
    BusinessChangeNotified,
    BusinessCommencementNotified,
    BusinessNoticeOverdueAlarmRaised,
    CommunityServiceRegistered,
    ConfidentialityRulesAcknowledged,
    ConfidentialityRulesAdopted,
    ContractorPerformanceReported,
    ContractorSupervised,
    CoreAgencyDesignated,
    DisclosureMade,
    Fact,
    FieldPracticeCompleted,
    FurtherTrainingOverdueAlarmRaised,
    HomeVisitScheduled,
    Kind,
    MembershipUnpublishedAlarmRaised,
    NetworkMemberAdmitted,
    NetworkMembershipPublished,
    OpeningRefused,
    OutsourcingContractEnded,
    PerformanceReportOverdueAlarmRaised,
    PrefecturalSupervisionReceived,
    QualificationVerified,
    ResourceGapRecorded,
    SpecialistServiceLinked,
    SpecialistUnlinkedAlarmRaised,
    SupportPlanFormulated,
    SupportTypeDecided,
    SupportWorkerAssigned,
    SupportWorkerRegistered,
    SupportWorkerUnassigned,
    TrainingModuleCompleted,
    VisitReportSubmitted,
)
from domain.reasons import Reason
from domain.record import REGISTRY, About
from domain.rulebook import first_edition
from domain.tasks import TaskKind, tasks
from tests.domain.kit import (
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
    Given,
    Said,
    given,
    id_of,
    jst,
    keys,
    opening,
    plan,
    refused,
    rule_book,
    said,
    tell,
)
from tests.domain.test_clocks import run

S = Section
WHOLE = frozenset(BusinessItem)


def of(agency: UUID, fact: Fact, by: Any = None, **more: Any) -> Said:
    """What an agency says of itself."""
    name = more.pop("name", f"{fact.TOPIC} {agency}")
    return said(by or agency, fact, on=About(Kind.AGENCY, agency), name=name, **more)


def due(so: Given, until: str, kind: type[Fact]) -> list[tuple[Any, Fact]]:
    """What the clock brings of the register by then, recorded as it comes."""
    came: list[tuple[Any, Fact]] = []
    while (found := next_due(so.world.register, jst(until))) is not None:
        so.put(said("HUB", found.fact, on=found.about, name=f"due {len(came)}", at=found.at), by_hub=True)
        came.append((found.at, found.fact))
        assert len(came) < 50
    return [(at, fact) for at, fact in came if type(fact) is kind]


# --- rules of secrecy --------------------------------------------------------------------------------------

ADOPTED = of(AZ_CORE, ConfidentialityRulesAdopted(edition="R7"))


def knows(actor: str = "p-1", staff: str | None = None, edition: str = "R7", agency: UUID = AZ_CORE) -> Said:
    fact = ConfidentialityRulesAcknowledged(edition=edition, staff=staff or actor)
    return of(agency, fact, actor=actor, name=f"knows {actor} {edition}")


def test_nobody_opens_who_does_not_know_the_rules_of_its_agency():
    wish = opening(LEARNED, AZ_CORE)
    assert given(LEARNED).when(wish) == [wish.fact]
    so = given(LEARNED, ADOPTED)
    [fact] = so.when(wish)
    assert isinstance(fact, OpeningRefused)
    assert fact.reason is Reason.RULES_NOT_ACKNOWLEDGED
    so.put(knows())
    assert so.when(wish) == [wish.fact]
    [other] = so.when(opening(LEARNED, AZ_CORE, actor="p-2"))
    assert other.reason is Reason.RULES_NOT_ACKNOWLEDGED  # type: ignore[attr-defined]


def test_a_new_edition_is_to_be_known_anew():
    so = given(LEARNED, ADOPTED, knows(), of(AZ_CORE, ConfidentialityRulesAdopted(edition="R8"), name="new"))
    [fact] = so.when(opening(LEARNED, AZ_CORE))
    assert fact.reason is Reason.RULES_NOT_ACKNOWLEDGED  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(ADOPTED, Reason.ALREADY_ADOPTED, id="adopted twice"),
        pytest.param(knows(staff="p-2"), Reason.NOT_IN_PERSON, id="for another person"),
        pytest.param(knows(edition="R8"), Reason.RULES_NOT_ADOPTED, id="of another edition"),
        pytest.param(knows(agency=MID_HOSP), Reason.RULES_NOT_ADOPTED, id="where there are none"),
        pytest.param(
            of(AZ_CORE, ConfidentialityRulesAdopted(edition="R9"), by=AZ_COORD),
            Reason.NOT_YOURS,
            id="of another",
        ),
    ],
)
def test_rules_are_adopted_once_and_known_in_person(wish, reason):
    assert given(ADOPTED).when(wish) == refused(wish, reason)


# --- qualifications and practice -------------------------------------------------------------------------------


def test_a_profession_that_is_not_listed_needs_a_reason():
    def is_a(qualification: str, reason: str | None = None, worker: str = WORKER) -> Said:
        return said(AZ_CORE, QualificationVerified(worker=worker, qualification=qualification, reason=reason))

    so = given(COMMISSIONED)
    assert so.when(is_a("保健師")) == [is_a("保健師").fact]
    assert so.when(is_a("占い師")) == refused(is_a("占い師"), Reason.QUALIFICATION_NOT_LISTED)
    assert so.when(is_a("栄養士", "FEEDING")) == [is_a("栄養士", "FEEDING").fact]
    nobody = is_a("保健師", worker="W-0")
    assert so.when(nobody) == refused(nobody, Reason.WORKER_UNKNOWN)
    so.put(is_a("助産師"))
    commission = so.world.register.commission(AZ_CORE, SORA_NPO)
    assert commission is not None
    assert commission.workers[WORKER].qualification == "助産師"


def test_practice_is_kept_with_the_visitor():
    went = said(SORA_NPO, FieldPracticeCompleted(worker=WORKER, practice=Practice.ROLE_PLAY))
    so = given(COMMISSIONED, went)
    commission = so.world.register.commission(AZ_CORE, SORA_NPO)
    assert commission is not None
    assert commission.workers[WORKER].practised == {Practice.ROLE_PLAY}
    nobody = said(SORA_NPO, FieldPracticeCompleted(worker="W-0", practice=Practice.ROLE_PLAY))
    assert given(COMMISSIONED).when(nobody) == refused(nobody, Reason.WORKER_UNKNOWN)


def learnt(tier: Tier, at: str) -> Said:
    fact = TrainingModuleCompleted(
        worker=WORKER, modules=frozenset({Module.M7_CASE_STUDY}), tier=tier, valid_until=None
    )
    return said(SORA_NPO, fact, name=f"learnt {tier} {at}", at=jst(at))


def overdue(tier: Tier, at: str) -> tuple[Any, Fact]:
    return jst(at), FurtherTrainingOverdueAlarmRaised(worker=WORKER, tier=tier, due_at=jst(at))


def test_the_second_and_third_tier_are_waited_for_a_year_each_and_told_of_once():
    so = given(COMMISSIONED)
    both = due(so, "2027-12-01 00:00", FurtherTrainingOverdueAlarmRaised)
    assert both == [overdue(t, "2026-04-02 00:00") for t in (Tier.T2_SKILL, Tier.T3_APPLIED)]
    done = given(COMMISSIONED, learnt(Tier.T2_SKILL, "2025-10-10 09:00"))
    later = due(done, "2027-12-01 00:00", FurtherTrainingOverdueAlarmRaised)
    assert later == [
        overdue(Tier.T3_APPLIED, "2026-04-02 00:00"),
        overdue(Tier.T2_SKILL, "2026-10-11 00:00"),
    ]
    done.put(learnt(Tier.T3_APPLIED, "2027-12-02 09:00"))
    assert not due(done, "2028-12-02 23:59", FurtherTrainingOverdueAlarmRaised)
    assert due(done, "2028-12-03 00:00", FurtherTrainingOverdueAlarmRaised) == [
        overdue(Tier.T3_APPLIED, "2028-12-03 00:00")
    ]


def test_nobody_waits_for_the_training_of_who_visits_no_more_or_never_did():
    ended = said(AZ_CORE, OutsourcingContractEnded())
    assert not due(given(COMMISSIONED, ended), "2027-12-01 00:00", FurtherTrainingOverdueAlarmRaised)
    untrained = said(
        SORA_NPO, SupportWorkerRegistered(worker="W-0", employment=Employment.PART_TIME, qualification=None)
    )
    late = due(given(COMMISSIONED, untrained), "2027-12-01 00:00", FurtherTrainingOverdueAlarmRaised)
    assert {fact.worker for _, fact in late} == {WORKER}


# --- performance and supervision ---------------------------------------------------------------------------------


def report(by: UUID = SORA_NPO, **more: Any) -> Said:
    usual = {"begins_on": date(2025, 4, 1), "ends_on": date(2025, 6, 1), "families": 3, "visits": 20}
    return said(
        by,
        ContractorPerformanceReported(**{**usual, **more}),
        name=f"report {more}",
        at=jst("2025-06-02 09:00"),
    )


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(report(by=AZ_CORE), Reason.NOT_YOUR_COMMISSION, id="by who commissioned"),
        pytest.param(report(ends_on=date(2025, 3, 1)), Reason.NUMBERS_WRONG, id="backwards"),
        pytest.param(report(ends_on=date(2025, 6, 3)), Reason.NUMBERS_WRONG, id="of days to come"),
        pytest.param(report(visits=-1), Reason.NUMBERS_WRONG, id="less than nothing"),
    ],
)
def test_a_contractor_reports_on_days_that_are_over(wish, reason):
    assert given(COMMISSIONED).when(wish) == refused(wish, reason)


def test_a_contractor_that_visited_nobody_says_so():
    wish = report(families=0, visits=0)
    assert given(COMMISSIONED).when(wish) == [wish.fact]


def test_a_report_is_waited_for_every_year_and_told_of_once():
    so = given(COMMISSIONED)
    late = due(so, "2026-04-03 00:00", PerformanceReportOverdueAlarmRaised)
    assert [at for at, _ in late] == [jst("2026-04-02 00:00")]
    reported = given(COMMISSIONED, report())
    reported.put(report(families=4))
    assert not due(reported, "2026-04-03 00:00", PerformanceReportOverdueAlarmRaised)


def test_the_core_agency_supervises():
    wish = said(AZ_CORE, ContractorSupervised(finding=Finding.IN_ORDER))
    assert given(COMMISSIONED).when(wish) == [wish.fact]
    own = said(SORA_NPO, ContractorSupervised(finding=Finding.IN_ORDER))
    assert given(COMMISSIONED).when(own) == refused(own, Reason.NOT_YOUR_COMMISSION)


# --- the prefecture ------------------------------------------------------------------------------------------------


def notice(
    cls: type[Any] = BusinessCommencementNotified,
    agency: UUID = SORA_NPO,
    on: date = date(2025, 5, 2),
    items: frozenset[BusinessItem] = WHOLE,
    reason: str | None = None,
) -> Said:
    return of(agency, cls(happened_on=on, items=items, reason=reason))


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        pytest.param(notice(items=WHOLE - {BusinessItem.ARTICLES}), Reason.NOTICE_INCOMPLETE, id="not whole"),
        pytest.param(
            notice(BusinessChangeNotified, items=frozenset()),
            Reason.NOTICE_INCOMPLETE,
            id="a change of nothing",
        ),
        pytest.param(notice(on=date(2025, 6, 3)), Reason.TIME_AHEAD, id="of a day to come"),
        pytest.param(notice(on=date(2025, 5, 1)), Reason.REASON_MISSING, id="later than a month"),
        pytest.param(notice(agency=EXT_SERVICE), Reason.NOT_AN_OPERATOR, id="by who does not run it"),
        pytest.param(
            of(EXT_SERVICE, PrefecturalSupervisionReceived(finding=Finding.IN_ORDER)),
            Reason.NOT_AN_OPERATOR,
            id="supervised without running it",
        ),
    ],
)
def test_a_notice_is_whole_and_within_a_month(wish, reason):
    assert given().when(wish) == refused(wish, reason)


@pytest.mark.parametrize(
    "wish",
    [
        notice(),
        notice(on=date(2025, 6, 2)),
        notice(on=date(2025, 5, 1), reason="FOUND_LATE"),
        notice(BusinessChangeNotified, items=frozenset({BusinessItem.ARTICLES})),
        notice(BusinessAbolitionNotified),
        of(AZ_CORE, PrefecturalSupervisionReceived(finding=Finding.IMPROVEMENT_ASKED)),
        of(AZ_CORE, CommunityServiceRegistered(service=CommunityService.SHORT_STAY, places=4)),
        of(AZ_CORE, ResourceGapRecorded(service=CommunityService.SHORT_STAY, families=7)),
    ],
    ids=lambda w: w.fact.TOPIC,
)
def test_what_an_agency_says_of_itself_is_so(wish):
    assert given().when(wish) == [wish.fact]


@pytest.mark.parametrize(
    "fact",
    [
        CommunityServiceRegistered(service=CommunityService.OTHER, places=None),
        ResourceGapRecorded(service=CommunityService.OTHER, families=1),
    ],
)
def test_resources_are_the_core_agencys(fact):
    wish = of(MID_HOSP, fact)
    assert given().when(wish) == refused(wish, Reason.NOT_RESPONSIBLE_CORE)


def test_a_programme_that_runs_for_a_month_without_notice_is_told_of_once():
    begins = said(
        REGISTRY, CoreAgencyDesignated(agency=id_of("AZ-MCH")), on=About(Kind.NETWORK, id_of("new"))
    )
    so = given(begins)
    found = due(so, "2025-09-01 00:00", BusinessNoticeOverdueAlarmRaised)
    assert [at for at, _ in found] == [jst("2025-05-02 00:00")]
    told = given(begins, of(id_of("AZ-MCH"), notice().fact))
    assert not due(told, "2025-09-01 00:00", BusinessNoticeOverdueAlarmRaised)
    ended = of(id_of("AZ-MCH"), notice(BusinessAbolitionNotified).fact)
    assert not due(given(begins, ended), "2025-09-01 00:00", BusinessNoticeOverdueAlarmRaised)


# --- offices and members --------------------------------------------------------------------------------------------


def test_a_municipality_has_one_core_agency():
    second = said(REGISTRY, CoreAgencyDesignated(agency=AZ_CORE), on=About(Kind.NETWORK, id_of("new")))
    assert given().when(second) == refused(second, Reason.CORE_EXISTS)
    again = said(REGISTRY, CoreAgencyDesignated(agency=AZ_CORE), name="again")
    assert given().when(again) == [again.fact]
    other = keys("AZ-MCH", roles=frozenset({"CORE"}))
    instead = said(REGISTRY, CoreAgencyDesignated(agency=id_of("AZ-MCH")), name="instead")
    assert given(other).when(instead) == [instead.fact]


def test_each_member_that_is_not_made_public_is_told_of_on_its_own_day():
    def new(member: UUID, on: str) -> Said:
        fact = NetworkMemberAdmitted(member=member, item=2)
        return said(AZ_COORD, fact, name=f"new {member}", at=jst(f"{on} 10:00"))

    so = given(new(EXT_SERVICE, "2025-05-01"), new(TW_CORE, "2025-05-11"))
    found = due(so, "2025-09-01 00:00", MembershipUnpublishedAlarmRaised)
    assert [(at, f.members) for at, f in found] == [  # type: ignore[attr-defined]
        (jst("2025-06-01 00:00"), frozenset({EXT_SERVICE})),
        (jst("2025-06-11 00:00"), frozenset({TW_CORE})),
    ]


LATE: list[Any] = [
    pytest.param([COMMISSIONED], PerformanceReportOverdueAlarmRaised, "2026-04-02 00:00", id="performance"),
    pytest.param(
        [said(REGISTRY, CoreAgencyDesignated(agency=id_of("AZ-MCH")), on=About(Kind.NETWORK, id_of("new")))],
        BusinessNoticeOverdueAlarmRaised,
        "2025-05-02 00:00",
        id="the notice to the prefecture",
    ),
    pytest.param(
        [said(AZ_COORD, NetworkMemberAdmitted(member=EXT_SERVICE, item=2), at=jst("2025-05-01 10:00"))],
        MembershipUnpublishedAlarmRaised,
        "2025-06-01 00:00",
        id="a member",
    ),
]


@pytest.mark.parametrize(("past", "alarm", "at"), LATE)
def test_what_is_late_is_told_of_at_the_end_of_its_day_and_once(past, alarm, at):
    so = given(past)
    moment = jst(at)
    assert next_due(so.world.register, moment - timedelta(seconds=1)) is None
    assert [when for when, _ in due(so, at, alarm)] == [moment]
    assert not due(so, at, alarm)


@pytest.mark.parametrize(("past", "alarm", "at"), LATE)
def test_where_the_book_names_no_time_the_laws_month_alone_is_left(past, alarm, at):
    book = rule_book({**first_edition(), "policy": {}})
    town = [book if one.fact.TOPIC == book.fact.TOPIC else one for one in TOWN]
    found = due(given(past, town=town), "2027-01-01 00:00", alarm)
    assert bool(found) is (alarm is BusinessNoticeOverdueAlarmRaised)


def test_members_that_are_not_made_public_within_a_month_are_told_of_together():
    new = [
        said(AZ_COORD, NetworkMemberAdmitted(member=m, item=2), name=f"new {m}", at=jst("2025-05-01 10:00"))
        for m in (EXT_SERVICE, TW_CORE)
    ]
    found = due(given(new), "2025-09-01 00:00", MembershipUnpublishedAlarmRaised)
    assert [(at, f.members) for at, f in found] == [  # type: ignore[attr-defined]
        (jst("2025-06-01 00:00"), frozenset({EXT_SERVICE, TW_CORE}))
    ]
    public = said(
        AZ_COORD,
        NetworkMembershipPublished(
            members=frozenset({EXT_SERVICE, TW_CORE, *MEMBERS}), published_on=date(2025, 5, 9)
        ),
        name="public",
        at=jst("2025-05-09 10:00"),
    )
    assert due(given(new, public), "2025-05-31 00:00", MembershipUnpublishedAlarmRaised) == []


# --- visits left uncovered ---------------------------------------------------------------------------------------------


def test_a_visit_that_a_contractor_may_not_make_is_the_core_agencys_to_cover():
    planned = tell(HomeVisitScheduled, SORA_NPO, [AZ_CORE], planned_on=date(2025, 6, 3), actor=WORKER)
    so = given(LEARNED, READY, TO_SORA, planned)

    def to_cover() -> list[Any]:
        found = tasks(so.world, AZ_CORE, now=NOON)
        return [(t.message, t.due_at) for t in found if t.kind is TaskKind.COVER_VISIT]

    assert to_cover() == []
    so.put(tell(SupportWorkerUnassigned, AZ_CORE))
    assert to_cover() == [(planned.ask, jst("2025-06-04 00:00"))]
    assert not [t for t in tasks(so.world, AZ_COORD, now=NOON) if t.kind is TaskKind.COVER_VISIT]
    so.put(tell(DisclosureMade, AZ_CORE, name="own note", at=NOON + timedelta(days=1)))
    assert len(to_cover()) == 1


# --- roles, tiers, housekeeping, specialist help, bundles ---------------------------------------------------------


def assigns(role: SupportRole | None, qualification: str | None = None, reason: str | None = None) -> Said:
    return tell(SupportWorkerAssigned, AZ_CORE, role=role, qualification=qualification, reason=reason)


@pytest.mark.parametrize(
    ("wish", "reason"),
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
    ],
)
def test_specialist_help_is_for_listed_professions_and_housekeeping_is_another_service(wish, reason):
    assert given(LEARNED, COMMISSIONED).when(wish) == refused(wish, reason)


@pytest.mark.parametrize(
    "wish",
    [
        assigns(None),
        assigns(SupportRole.SPECIALIST, "保健師"),
        assigns(SupportRole.SPECIALIST, None, "TRAINED_FOR_YEARS"),
        assigns(SupportRole.HOUSEKEEPING, None, "NO_SUCH_SERVICE_HERE"),
    ],
)
def test_who_fits_or_has_a_reason_is_assigned(wish):
    assert given(LEARNED, COMMISSIONED).when(wish) == [wish.fact]


def test_a_profession_that_was_verified_counts():
    is_one = said(AZ_CORE, QualificationVerified(worker=WORKER, qualification="助産師", reason=None))
    wish = assigns(SupportRole.SPECIALIST)
    assert given(LEARNED, COMMISSIONED, is_one).when(wish) == [wish.fact]


@pytest.mark.parametrize(
    "wish",
    [
        assigns(SupportRole.HOUSEKEEPING),
        tell(
            SupportPlanFormulated,
            AZ_CORE,
            sections=[S.PLAN],
            plan=plan(housekeeping=Housekeeping.WITH_GOAL),
        ),
    ],
    ids=["a visitor for it", "a plan with it"],
)
def test_housekeeping_was_a_part_of_the_programme_until_the_last_of_march_2024(wish):
    begun = replace(COMMISSIONED[0], fact=replace(COMMISSIONED[0].fact, begins_on=date(2024, 1, 1)))
    so = given(LEARNED, begun, *COMMISSIONED[1:], ASSESSED, ELIGIBLE)
    assert so.when(wish, now=jst("2024-03-31 23:59:59")) == [wish.fact]
    assert so.when(wish, now=jst("2024-04-01 00:00")) == refused(wish, Reason.REASON_MISSING)


def test_only_the_basic_tier_makes_a_visitor_ready():
    applied = said(
        SORA_NPO,
        TrainingModuleCompleted(
            worker=WORKER, modules=frozenset(Module), tier=Tier.T3_APPLIED, valid_until=None
        ),
    )
    without = [one for one in COMMISSIONED if not isinstance(one.fact, TrainingModuleCompleted)]
    wish = assigns(None)
    assert given(LEARNED, without, applied).when(wish) == refused(wish, Reason.WORKER_NOT_READY, SORA_NPO)
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
    wish = tell(
        SupportPlanFormulated, AZ_CORE, sections=[S.PLAN], plan=plan(housekeeping=housekeeping), reason=reason
    )
    expected = [wish.fact] if refusal is None else refused(wish, refusal)
    assert given(LEARNED, ASSESSED, ELIGIBLE).when(wish) == expected


def alarms(kind: type[Any], *past: Any, until: str) -> list[Any]:
    return [(at, a.late) for at, a in run(given(LEARNED, *past), jst(until)) if isinstance(a, kind)]


def test_specialist_help_that_is_needed_is_linked_within_a_fortnight():
    needed = tell(
        SupportTypeDecided,
        AZ_CORE,
        support_type=SupportType.SHORT_INTENSIVE,
        specialist_needed=True,
        at=jst("2025-06-02 10:00"),
    )
    late = [(jst("2025-06-16 10:00"), AZ_CORE)]
    assert alarms(SpecialistUnlinkedAlarmRaised, needed, until="2025-06-16 10:00") == late
    linked = tell(SpecialistServiceLinked, AZ_CORE)
    assert alarms(SpecialistUnlinkedAlarmRaised, needed, linked, until="2025-06-16 10:00") == []
    unneeded = replace(needed, fact=replace(needed.fact, specialist_needed=False))  # type: ignore[call-arg]
    assert alarms(SpecialistUnlinkedAlarmRaised, unneeded, until="2025-06-16 10:00") == []


def test_a_contractor_that_visits_without_what_it_needs_is_told_of_at_once():
    at = jst("2025-06-02 10:00")
    report = tell(VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER, at=at)
    assert alarms(BundleMissingAlarmRaised, READY, report, until="2025-06-02 12:00") == [(at, AZ_CORE)]
    assert alarms(BundleMissingAlarmRaised, READY, TO_SORA, report, until="2025-06-02 12:00") == []
    assert alarms(BundleMissingAlarmRaised, READY, report, TO_SORA, until="2025-06-01 12:00") == []
    second = replace(report, ask=id_of("second"), at=at + timedelta(hours=1))
    told = alarms(BundleMissingAlarmRaised, READY, report, second, until="2025-06-02 12:00")
    assert told == [(at, AZ_CORE)]  # once, until it is given what it needs
    another = tell(SupportWorkerAssigned, AZ_CORE, agency=HIDA_SWC, worker=HIDA_WORKER, name="another")
    assert alarms(BundleMissingAlarmRaised, READY, another, report, until="2025-06-02 12:00") == [
        (at, AZ_CORE)
    ]
    so = given(LEARNED, READY, report, TO_SORA)
    assert not [k for k in so.world.case.clocks if k[0] == "BUNDLE"]
