"""The guideline clause by clause: what it demands, the events that keep it, the kind of rule, and the tests of it.

Kinds: H the hub refuses · W allowed with a recorded reason · T an alarm by the clock · D the datum must be
there · R recorded only, with the reason why no rule can judge it.
A test is named ``file::function``; ``*`` stands for a whole file.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Clause:
    """One row of the table."""

    clause: str
    demands: str
    events: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]  # kind, what it demands
    tests: tuple[str, ...]


def _clause(clause: str, demands: str, events: str, rules: list[str], tests: str) -> Clause:
    split = tuple((r[0], r[2:]) for r in rules)
    return Clause(clause, demands, tuple(events.split()), split, tuple(tests.split()))


CLAUSES: tuple[Clause, ...] = (
    _clause(
        "1", "visits to households that specially need them, for proper care", "SupportCaseOpened",
        ["H the core agency opens a case", "D every message has its case and purpose"],
        "test_protection::test_the_core_agency_opens_a_case_and_nobody_else",
    ),
    _clause(
        "2", "who is meant: child and caregiver, and how they are found",
        "EligibilityDetermined FamilyInformationProvided IndicatorAssessmentRecorded",
        ["H at least one class", "W TC9 (the list is «for example»)", "D the route"],
        "test_acts::test_an_incomplete_eligibility_decision_is_refused"
        " test_acts::test_a_complete_eligibility_decision_is_recorded",
    ),
    _clause(
        "2[1]", "young, unattended or unwanted pregnancy", "EligibilityDetermined",
        ["H no support without a class", "D the class; its indicators are among the 36"],
        "test_acts::test_an_incomplete_eligibility_decision_is_refused"
        " test_acts::test_a_complete_eligibility_decision_is_recorded",
    ),
    _clause(
        "2[2]", "about a year after birth", "EligibilityDetermined",
        ["W a child beyond it"],
        "test_acts::test_an_incomplete_eligibility_decision_is_refused"
        " test_acts::test_a_complete_eligibility_decision_is_recorded",
    ),
    _clause(
        "2[3]", "care that may be inadequate", "EligibilityDetermined",
        ["H no support without a class", "D the class; the 48 hours of a notification run besides"],
        "test_acts::test_an_incomplete_eligibility_decision_is_refused"
        " test_acts::test_a_complete_eligibility_decision_is_recorded",
    ),
    _clause(
        "2[4]", "home again from residential or foster care", "EligibilityDetermined",
        ["H the day of the discharge"],
        "test_acts::test_an_incomplete_eligibility_decision_is_refused"
        " test_acts::test_a_complete_eligibility_decision_is_recorded",
    ),
    _clause(
        "3(1)", "a core agency: progress, and coordination with other support",
        "CoreAgencyDesignated OtherSupportCoordinated StayingElsewhere StayExtended StayEnded StayOverdueAlarmRaised",
        [
            "H one core agency for each municipality, one responsible for each case",
            "T a family that stays elsewhere and whose return nobody recorded in time",
        ],
        "test_programme::test_a_municipality_has_one_core_agency"
        " test_stays::test_the_town_of_the_stay_sees_basics_plan_and_dangers_also_earlier_ones"
        " test_stays::test_a_planned_return_that_passes_without_a_word_is_an_alarm_to_both_towns"
        " test_acts::test_what_is_the_core_agencys_is_nobody_elses",
    ),
    _clause(
        "3(2)", "core and coordinating agency work together",
        "CoordinatingAgencyDesignated NetworkCaseRegistrationRequested NetworkCaseRegistered NetworkCaseDeregistered",
        ["H one coordinating agency a network; registered once with each", "D standing access from registration on"],
        "test_acts::test_a_case_is_registered_once_and_deregistered_with_a_reason"
        " test_moves::test_each_network_registers_once_and_takes_off_its_own",
    ),
    _clause(
        "3(3)", "professional judgement is sought", "SpecialistJudgementRequested SpecialistJudgementGiven",
        ["H a judgement has its request", "T not given by its day"],
        "test_course::test_what_is_asked_with_a_day_runs_a_clock_until_it_is_answered",
    ),
    _clause(
        "4(1)", "visitors act on the core agency's plan",
        "SupportWorkerAssigned SupportWorkerUnassigned HomeVisitScheduled SupportWorkerLeft"
        " SupportWorkerAssignmentEnded FamilyWithoutVisitorAlarmRaised",
        [
            "H a visit report names the version of the plan that reached its sender", "W without one it says why",
            "H who is not ready is not assigned",
            "H who has left is assigned no more", "T a family in support without a visitor",
        ],
        "test_acts::test_a_visit_report_without_a_plan_states_a_reason"
        " test_plans::test_a_visit_report_names_the_version_of_the_plan_that_reached_its_sender"
        " test_acts::test_nobody_is_assigned_who_is_not_ready"
        " test_roll::test_a_visitor_leaves_and_only_its_own_assignments_end"
        " test_roll::test_a_family_in_support_without_a_visitor_waits_for_another_and_raises_an_alarm",
    ),
    _clause(
        "4(2)", "specialist help by listed professions; help with the household by trained people",
        "SupportWorkerRegistered QualificationVerified RoleDivisionConfirmed",
        [
            "H an assignment states its role; a specialist has a listed profession",
            "W another (等); housekeeping since 2024-04",
        ],
        "test_programme::test_specialist_help_needs_a_listed_profession_and_housekeeping_a_reason"
        " test_programme::test_who_fits_or_has_a_reason_is_assigned",
    ),
    _clause(
        "4(3)", "visitors are trained first",
        "TrainingModuleCompleted TrainingLapsed WorkerAssignmentRecorded VisitorGapAheadAlarmRaised"
        " CriminalRecordCheckRecorded",
        [
            "H no assignment and no content before the basic tier is complete, for own visitors as for a contractor's",
            "T an assigned visitor's gap is announced to both sides, then suspends",
        ],
        "test_roll::test_a_visitor_who_is_assigned_to_no_family_suspends_nobody"
        " test_roll::test_a_gap_is_announced_thirty_days_before_to_both_sides_and_renewed_in_time_suspends_nobody"
        " test_roll::test_switched_on_it_is_announced_and_a_visitor_without_it_suspends_from_that_day"
        " test_own_staff::test_an_own_visitor_who_is_not_sworn_any_more_opens_nothing_and_its_colleagues_do"
        " test_registry_decisions::test_disclosure_to_a_contractor_with_one_gap_is_refused"
        " test_programme::test_only_the_basic_tier_makes_a_visitor_ready"
        " test_own_staff::test_an_own_visitor_who_is_registered_is_ready_before_it_is_assigned",
    ),
    _clause(
        "5(1)[1]", "for those who specially need it", "IndicatorAssessmentRecorded",
        ["H the assessment comes before the decision"],
        "test_acts::test_the_assessment_precedes_the_eligibility_decision",
    ),
    _clause(
        "5(1)[2]", "short, dense, careful", "SupportPlanFormulated", ["T a week with fewer visits than the plan names"],
        "test_clocks::test_the_plans_own_number_of_visits_counts_where_it_is_higher",
    ),
    _clause(
        "5(1)[3]", "the family is approached actively",
        "ContactAttempted ContactRefused HomeVisitFailed HomeVisitRefused ContactGapAlarmRaised ChildPlaced ChildReturned",
        ["T a child was not seen for 30 days, in every open case", "T at home after a measure it is seen in 48 h (CAPA 13-2)",
         "H a refusal closes nothing"],
        "test_clocks::test_a_child_that_was_not_seen_for_thirty_days_raises_an_alarm"
        " test_children::test_an_open_case_misses_its_child_before_support_begins_and_whoever_writes"
        " test_children::test_after_a_hand_over_the_new_core_agency_has_its_own_time"
        " test_children::test_a_child_away_from_home_is_missed_by_the_core_agency_and_not_by_its_visitor"
        " test_children::test_a_child_that_comes_home_after_a_measure_is_seen_within_the_hours_of_a_safety_check"
        " test_course::test_a_refused_visit_closes_nothing",
    ),
    _clause(
        "5(1)[4]", "other schemes are combined", "OtherSupportCoordinated", [
            "R which other schemes fit a family is a judgement of the office: no rule can judge it",
        ],
        "test_acts::test_every_message_but_the_hubs_own_answer_is_an_act",
    ),
    _clause(
        "5(2)[1]", "short type; specialist agencies are linked where needed",
        "SupportTypeDecided SpecialistServiceLinked SpecialistUnlinkedAlarmRaised",
        ["H a plan has a last day", "W longer than three months", "T specialist help needed and not linked"],
        "test_programme::test_specialist_help_that_is_needed_is_linked_within_a_fortnight"
        " test_acts::test_an_unusual_plan_needs_a_reason",
    ),
    _clause(
        "5(2)[2]", "mid-term type, with goal and time", "SupportTypeDecided SupportTypeChanged",
        ["H a plan says goal and period, and its last day", "W the type changes; target or first goal otherwise than named"],
        "test_acts::test_a_plan_has_all_five_parts test_plans::test_there_is_no_plan_without_a_last_day"
        " test_acts::test_an_unusual_plan_needs_a_reason",
    ),
    _clause(
        "6(1)[1]ア", "news from visits to infants, maternal health, hospitals",
        "InfantHomeVisitReported FamilyInformationProvided ReferralAcknowledged ReferralRead ReferralOutcomeReported"
        " ReferralUnacknowledgedAlarmRaised ReferralUnreadAlarmRaised ReferralUnactedAlarmRaised",
        ["T acknowledged in 24 h, read in 48 h, acted on in 14 days"],
        "test_clocks::test_unanswered_referral_raises_alarms_after_1_2_and_14_days",
    ),
    _clause(
        "6(1)[1]イ", "notices and notifications",
        "AbuseNotificationReceived ProgrammeNotificationReceived NotificationForwarded EmergencyTriaged"
        " SafetyConfirmed ChildSighted UnknownChildIdentified ChildrenJoined ChildrenSeparated CaseReferredToCgc"
        " SafetyCheckOverdueAlarmRaised SignalsGatheredAlarmRaised",
        ["H to an authority, never to a contractor; what tells the notifier is split off",
         "T each child that was notified is seen in 48 h"],
        "test_notifications::test_nobody_else_is test_notifications::test_what_identifies_the_notifier_is_refused_for_every_addressee"
        " test_clocks::test_a_call_or_a_meeting_with_the_family_never_stops_the_clock"
        " test_children::test_a_sighting_stops_the_clocks_of_those_who_were_seen"
        " test_children::test_once_it_is_known_who_the_child_was_its_own_clock_counts"
        " test_signals::test_the_third_signal_in_half_a_year_alarms_only_the_core_agency_at_once",
    ),
    _clause(
        "6(1)[2]", "the core agency gathers information",
        "InformationRequested InformationRequestAnswered InformationRequestDeclined RequestUnansweredAlarmRaised",
        ["T the day of the reply", "W declining says why"],
        "test_clocks::test_a_request_is_unanswered_when_its_day_is_over test_acts::test_an_agency_that_declines_states_its_reason",
    ),
    _clause(
        "6(2)[1]", "the core agency decides, with a conference where needed",
        "CaseConferenceConvened ConferenceMinutesRecorded EligibilityDetermined",
        ["H only the core agency decides; an office convenes; minutes go to members who took part"],
        "test_acts::test_what_is_the_core_agencys_is_nobody_elses test_acts::test_a_conference_is_an_offices"
        " test_meetings::test_a_member_that_takes_part_gets_minutes_and_closing_talk"
        " test_meetings::test_strangers_and_who_was_not_there_get_none",
    ),
    _clause(
        "6(2)[2]", "by the list of indicators", "IndicatorAssessmentRecorded",
        ["H at least one item was looked at; «other» is in words, names are sealed",
         "D every item of the edition is answered; no score; strengths are read as strengths"],
        "test_acts::test_an_assessment_answers_every_item_of_the_edition"
        " test_assessment::test_an_assessment_at_which_nobody_looked_is_refused"
        " test_assessment::test_another_need_in_pregnancy_is_named_in_words"
        " test_assessment::test_strengths_are_read_the_right_way_round"
        " test_rulebook::test_the_list_of_indicators_has_the_36_items_of_the_guideline",
    ),
    _clause(
        "6(3)[1]", "a plan: goal, content, period, method, supporters",
        "SupportPlanProposed SupportPlanFormulated SupportPlanApproved SupportPlanHandedOver SupportCommenced",
        ["H support begins on a decided plan with all five", "H when and how the family was given its plan",
         "W made by one side of the office only where both make it"],
        "test_acts::test_a_plan_has_all_five_parts test_acts::test_support_begins_on_a_plan"
        " test_plans::test_it_is_on_record_when_and_how_a_family_was_given_its_plan"
        " test_plans::test_for_who_is_registered_as_needing_support_both_sides_make_the_plan",
    ),
    _clause(
        "6(3)[2]ア", "from pregnancy on: SC_A goes with TC1", "SupportPlanFormulated", ["W another content than the class's"],
        "test_acts::test_an_unusual_plan_needs_a_reason",
    ),
    _clause(
        "6(3)[2]イ", "to about a year after birth: SC_B goes with TC2", "SupportPlanFormulated", ["W another content than the class's"],
        "test_acts::test_an_unusual_plan_needs_a_reason",
    ),
    _clause(
        "6(3)[2]ウ", "inadequate care: SC_C goes with TC3", "SupportPlanFormulated", ["W another content than the class's"],
        "test_acts::test_an_unusual_plan_needs_a_reason",
    ),
    _clause(
        "6(3)[2]エ", "home again: SC_D goes with TC4", "SupportPlanFormulated", ["W another content than the class's"],
        "test_acts::test_an_unusual_plan_needs_a_reason",
    ),
    _clause(
        "6(3)[3]", "help with the household only with a goal", "SupportPlanFormulated SupportWorkerAssigned",
        ["H no housekeeping without goal", "W since 2024-04 it is another service"],
        "test_programme::test_housekeeping_in_a_plan_has_a_goal_and_today_a_reason"
        " test_plans::test_the_book_moves_the_day_on_which_housekeeping_went_elsewhere"
        " test_plans::test_housekeeping_as_the_service_that_it_is_now_needs_no_reason",
    ),
    _clause(
        "6(3)[4]", "ア・イ: three months, several visits a week",
        "SupportCommenced PlanExtended HomeVisitCompleted VisitGapAlarmRaised PlanEndingAlarmRaised PlanOverAlarmRaised",
        ["W longer", "T fewer than two visits in a week; the plan ends soon; it is over"],
        "test_clocks::test_a_week_of_the_short_type_with_fewer_than_two_visits_raises_an_alarm"
        " test_acts::test_a_plan_is_extended_beyond_its_last_day_with_a_reason"
        " test_plans::test_fourteen_days_before_the_end_there_is_one_alarm_that_is_not_escalated",
    ),
    _clause(
        "6(3)[5]", "ウ・エ: six months to a year, reviewed every three months",
        "ShortTermGoalEvaluated PlanReviewed ReviewOverdueAlarmRaised",
        ["T no review in three months", "W no target within 6–12 months, no first goal within 3"],
        "test_clocks::test_an_overdue_review_raises_an_alarm_at_the_end_of_its_day_until_a_review",
    ),
    _clause(
        "6(4)[1]", "reports are taken and progress is minded; family and visitors are followed up",
        "VisitReportSubmitted VisitReportReviewed RoleDivisionConfirmed FollowUpProvided ReportUnreadAlarmRaised"
        " VisitUnreportedAlarmRaised CaseSilentAlarmRaised ContactGapAlarmRaised",
        [
            "T each planned visit is reported by itself; a report is looked at; an open case is not silent",
        ],
        "test_clocks::test_a_report_that_the_core_agency_has_not_looked_at_in_seven_days_is_unread"
        " test_protection::test_a_planned_visit_is_reported_on_within_a_week"
        " test_clock_table::test_a_report_is_about_one_visit"
        " test_clocks::test_an_open_case_of_which_nobody_speaks_for_three_months_is_silent",
    ),
    _clause(
        "6(4)[2]", "network meetings where needed", "NetworkMeetingRequested NetworkMeetingHeld",
        ["T a request that is not answered"],
        "test_course::test_what_is_asked_with_a_day_runs_a_clock_until_it_is_answered",
    ),
    _clause(
        "6(5)[1]", "evaluated, and closed after consultation",
        "ClosingConsultationHeld ClosingEvaluationRecorded SupportClosed ChildDied ParentDied",
        ["H whoever visited or was brought in was asked, or it is on record why not; evaluated; so is a hand-over",
         "W closed otherwise than it was evaluated", "H by a death only where no child lives"],
        "test_children::test_a_case_ends_by_a_death_when_no_child_lives"
        " test_acts::test_a_case_is_not_closed_before_what_must_be_before"
        " test_closing::test_a_visitor_who_was_not_asked_stands_in_the_way"
        " test_closing::test_an_agency_that_was_brought_in_to_support_the_family_is_asked_too"
        " test_closing::test_a_closing_that_differs_from_the_evaluation_needs_a_reason"
        " test_moves::test_closed_as_handed_over_needs_the_hand_over_and_no_consultation",
    ),
    _clause(
        "6(5)[2]", "linked to what follows", "FollowOnServiceArranged FollowOnServiceAccepted CaseReopened FollowOnUnacceptedAlarmRaised",
        ["H a closing names what follows, or that nothing must, and it is so",
         "H a reopened case needs a new decision and plan",
         "D a closed case is pending until accepted", "T not accepted in 14 days"],
        "test_acts::test_a_closed_case_is_pending_until_every_follow_on_is_accepted"
        " test_closing::test_what_follows_is_named_and_is_so"
        " test_closing::test_a_case_that_is_reopened_needs_a_new_decision_and_a_new_plan"
        " test_clocks::test_a_follow_on_unaccepted_for_14_times_24_hours_raises_an_alarm",
    ),
    _clause(
        "7(1)", "training by local conditions; qualified people skip their own field",
        "TrainingModuleCompleted FieldPracticeCompleted TrainingModuleExempted",
        [
            "H purpose, secrecy and local resources are never skipped",
            "H the core agency exempts, for a verified qualification",
        ],
        "test_contractors::test_purpose_secrecy_and_local_resources_are_never_exempt"
        " test_roll::test_the_core_agency_exempts_for_a_qualification_that_was_verified"
        " test_programme::test_practice_is_kept_with_the_visitor",
    ),
    _clause(
        "7(2)", "visitors are followed up", "FollowUpProvided", ["H by the core agency"],
        "test_acts::test_what_is_the_core_agencys_is_nobody_elses",
    ),
    _clause(
        "7(3)", "three tiers", "TrainingModuleCompleted FurtherTrainingOverdueAlarmRaised",
        [
            "H the basic tier before the first visit",
            "T nothing of the second or third tier in a year: a task of both sides, it suspends nobody",
        ],
        "test_roll::test_a_tier_that_is_overdue_is_a_task_of_both_sides_and_suspends_nobody "
        "test_programme::test_only_the_basic_tier_makes_a_visitor_ready "
        "test_programme::test_the_second_and_third_tier_raise_one_alarm_each_after_a_year",
    ),
    _clause(
        "7 box", "seven basic modules", "TrainingModuleCompleted", ["H each of them, or skipped"],
        "test_registry_decisions::test_disclosure_to_a_contractor_with_one_gap_is_refused",
    ),
    _clause(
        "8[1]", "rules of secrecy that everybody knows", "ConfidentialityRulesAdopted ConfidentialityRulesAcknowledged",
        ["H nothing opens for who does not know the rules in force"],
        "test_programme::test_nobody_opens_who_does_not_know_the_rules_of_its_agency"
        " test_programme::test_a_new_edition_is_to_be_known_anew",
    ),
    _clause(
        "8[2]", "training on secrecy", "TrainingModuleCompleted",
        ["H module M2, never skipped, and repeated within the local period"],
        "test_contractors::test_purpose_secrecy_and_local_resources_are_never_exempt"
        " test_roll::test_training_in_secrecy_is_valid_for_the_local_period_at_the_most",
    ),
    _clause(
        "8[3]", "part-time staff swear", "OathSigned OathLapsed", ["H no oath, no content", "T an oath that lapses suspends"],
        "test_suspension::test_an_oath_lapses_too test_suspension::test_a_full_time_visitor_needs_no_oath"
        " test_own_staff::test_an_own_visitor_who_is_registered_is_ready_before_it_is_assigned",
    ),
    _clause(
        "8[4]", "visitors are members of the network, and that is public",
        "NetworkMemberAdmitted NetworkMemberWithdrawn NetworkMembershipPublished MembershipUnpublishedAlarmRaised",
        ["H membership on the day", "T not made public in 30 days"],
        "test_suspension::test_losing_membership_suspends_at_that_moment"
        " test_programme::test_members_unannounced_for_a_month_raise_one_alarm_together",
    ),
    _clause(
        "9(1)[1]", "staff that can do it, and trained visitors",
        "ContractorRequirementVerified OutsourcingContractConcluded OutsourcingContractEnded ContractorSuspended"
        " ContractorReinstated RequirementRecheckOverdueAlarmRaised",
        [
            "H before anything is disclosed", "T a lapse suspends, and so does a doubt that nobody settles in 14 days",
        ],
        "test_registry_decisions::test_disclosure_to_a_contractor_with_one_gap_is_refused"
        " test_roll::test_requirements_not_verified_anew_in_time_count_as_not_met"
        " test_contractors::test_reinstatement_is_the_core_agencys_explicit_act",
    ),
    _clause(
        "9(1)[2]", "training, rules and measures that keep secrets",
        "ContractorRequirementVerified ConfidentialityRulesAdopted TrainingModuleCompleted",
        ["H it rests on the contractor's own rules and training records"],
        "test_roll::test_requirement_2_rests_on_the_contractors_own_rules_and_records",
    ),
    _clause(
        "9(1)[3]", "able to decide goals and content, where all is outsourced", "ContractorRequirementVerified",
        ["H the third requirement where the scope is FULL; else it plans nothing"],
        "test_contractors::test_a_full_contractor_needs_the_third_requirement",
    ),
    _clause(
        "9(2)[1]", "what it needs, and no more",
        "DisclosureMade DisclosureHeld HeldDisclosureReleased BundleMissingAlarmRaised",
        ["H not what the matrix keeps from it; held while it is suspended; it passes nothing on",
         "T it visits without what it needs"],
        "test_order::test_sensitive_items_do_not_go_to_a_contractor"
        " test_bases_of_law::test_a_contractor_does_not_pass_on_what_it_has_from_its_commission"
        " test_programme::test_a_contractor_visiting_without_what_it_needs_raises_an_alarm_at_once",
    ),
    _clause(
        "9(2)[2]", "its performance is known and guided",
        "ContractorPerformanceReported ContractorSupervised PerformanceReportOverdueAlarmRaised",
        ["T no report in a year", "H while requirements are doubted nobody new is assigned"],
        "test_programme::test_a_missing_yearly_report_raises_one_alarm"
        " test_programme::test_the_core_agency_supervises"
        " test_roll::test_while_requirements_are_doubted_nobody_new_is_assigned_and_families_are_visited_on",
    ),
    _clause(
        "10 届出", "notified to the prefecture",
        "BusinessCommencementNotified BusinessChangeNotified BusinessAbolitionNotified BusinessNoticeOverdueAlarmRaised",
        ["W later than a month", "T a programme that runs without notice"],
        "test_programme::test_a_notice_is_complete_and_within_a_month"
        " test_programme::test_a_programme_without_notice_for_a_month_raises_one_alarm",
    ),
    _clause(
        "10 指導監督", "supervised by the prefecture",
        "PrefecturalSupervisionReceived RequirementRecheckOverdueAlarmRaised",
        ["T a doubt about a requirement is settled in 14 days, else it counts as not met"],
        "test_roll::test_requirements_not_verified_anew_in_time_count_as_not_met",
    ),
    _clause(
        "11", "local services are combined, and what is missing is known",
        "CommunityServiceRegistered ResourceGapRecorded FamilyServiceRecommended FamilyServiceAnswered"
        " FamilyServiceMeasureTaken",
        ["D numbers without personal data", "W a kind of help that is not in the plan",
         "H a measure only where recommending was in vain, and with its days"],
        "test_family_services::test_a_measure_is_taken_only_where_recommending_was_in_vain"
        " test_family_services::test_help_that_is_not_in_the_plan_is_recommended_with_a_reason"
        " test_programme::test_resources_are_the_core_agencys test_programme::test_what_an_agency_records_about_itself_is_its_state",
    ),
)  # fmt: skip
