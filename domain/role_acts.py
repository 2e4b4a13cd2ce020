"""The one table role × act, and the one question that a door asks before each act.

Which agency may send what, and to whom, is a rule of the record, and the hub decides it. Who of the agency may do it is the
agency's own order, and its door keeps it: by this table, in which an act without a row is nobody's, and by the agency's
settings, which only take away. Pure.
Basis: APPI 66, 67 (安全管理, 従事者の義務); guideline 8.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from domain.actors import Actor
from domain.events import EVENTS
from domain.roles import OPENINGS, Denial, DoorAct, StaffRole

_WORKER, _MANAGER, _VISITOR = StaffRole.CASE_WORKER, StaffRole.MANAGER, StaffRole.VISITOR
_RECEPTION, _AUDIT, _ADMINISTRATOR = StaffRole.RECEPTION, StaffRole.AUDIT, StaffRole.ADMINISTRATOR

_NOBODY: frozenset[StaffRole] = frozenset()
_EVERYBODY = frozenset(StaffRole)
_DECIDING = frozenset({_MANAGER})
_WORKING = frozenset({_WORKER, _MANAGER})
_RECEIVING = _WORKING | {_RECEPTION}
_VISITING = _WORKING | {_VISITOR}
_MEETS_FAMILIES = _WORKING | {_RECEPTION, _VISITOR}

_COMMANDS: tuple[tuple[frozenset[StaffRole], str], ...] = (
    (
        _NOBODY,  # the registrars' and the audit office's, and what a door does by itself
        """
        core_agency.designated coordinating_agency.designated key_set.published key_set.revoked rule_book.published
        audit_control.requested audit_content_access.requested audit_mandate.began
        section.opened disclosure.received wrapped_key_fetched_for.rewrap items.rewrapped
        """,
    ),
    (
        _DECIDING,  # decisions and approvals of a superior
        """
        audit_content_access.granted basis_override.approved emergency_access.approved emergency_access.reviewed
        address_disclosure.approved address_protection.ended support_plan.approved eligibility.determined
        case.reopened support.closed case_referred_to.cgc family_court.notified emergency.triaged
        contact.forbidden contact_ban.lifted family_service_measure.taken staff_abuse.investigated
        transfer.initiated transfer.cancelled transfer.completed
        network_case.registered network_case.deregistered
        destruction.approved control.appraised records.appraised retention_policy.assigned
        legal_hold.placed legal_hold.lifted subject_access.decided use.stopped breach.reported
        network_member.admitted network_member.withdrawn network_membership.published
        outsourcing_contract.concluded outsourcing_contract.ended contractor.reinstated contractor.supervised
        contractor_requirement.verified criminal_record_check.recorded qualification.verified
        support_worker.registered support_worker.left training_module.exempted
        business_abolition.notified business_change.notified business_commencement.notified
        confidentiality_rules.adopted prefectural_supervision.received
        """,
    ),
    (
        _WORKING,  # the work on a case, and the programme's day to day
        """
        closing_consultation.held closing_evaluation.recorded follow_on_service.accepted follow_on_service.arranged
        consent.given consent.refused parental_authority.recorded content_unreadable.answered disclosure.made
        held_disclosure.released non_disclosure.decided basis_override.requested emergency_access.requested
        family_service.answered family_service.recommended
        child.died child.placed child.returned children.joined children.separated parent.died
        unknown_child.identified information.requested information_request.answered information_request.declined
        specialist_judgement.given specialist_judgement.requested case.split cases.joined
        cgc_transfer.notified relocation.confirmed relocation.learned transfer_conference.held
        transfer_package.sent transfer_receipt.confirmed case_conference.convened conference_minutes.recorded
        network_case_registration.requested network_meeting.held network_meeting.requested
        address_disclosure.requested breach_subjects.informed disclosure_conditions.imposed
        protected_address.registered referral_outcome.reported support_case.opened
        coercion_check.confirmed coercion_check.done correction.made correction_notified_to.recipients
        recall_notice.sent notification.forwarded safety.confirmed
        stay.ended stay.extended staying.elsewhere follow_up.provided indicator_assessment.recorded
        other_support.coordinated plan.extended plan.reviewed short_term_goal.evaluated specialist_service.linked
        support.commenced support_plan.formulated support_plan_handed.over support_type.changed support_type.decided
        support_worker.assigned support_worker.unassigned visit_report.reviewed
        search_step.recorded whereabouts.established whereabouts.lost
        contractor_performance.reported field_practice.completed training_module.completed oath.signed
        community_service.registered resource_gap.recorded
        """,
    ),
    (
        _RECEIVING,  # what arrives at the counter or by telephone
        """
        abuse_notification.received staff_abuse.reported family_information.provided infant_home_visit.reported
        programme_notification.received official_request.received subject_access.requested consent.withdrawn
        """,
    ),
    (
        _VISITING,  # what a visitor sees, does and writes
        """
        child.sighted contact.attempted contact.refused home_visit.completed home_visit.failed home_visit.refused
        home_visit.scheduled visit_report.submitted support_plan.proposed role_division.confirmed
        disclosure.read referral.read recall.acknowledged
        """,
    ),
    (
        _MEETS_FAMILIES,  # whoever meets it says so at once
        "safety_concern.raised breach.detected content_unreadable.reported referral.acknowledged",
    ),
    (_EVERYBODY, "confidentiality_rules.acknowledged"),
)

_OPENINGS: tuple[tuple[frozenset[StaffRole], str], ...] = (
    (_MEETS_FAMILIES, "open.basic"),
    (
        _VISITING,
        "open.addr open.child open.caregiver open.env open.preg open.medical open.risk open.plan open.visit",
    ),
    (_WORKING, "open.notifier open.conf open.closing open.source open.reason"),
)

_AT_THE_DOOR: Mapping[DoorAct, frozenset[StaffRole]] = {
    DoorAct.READ_CASES: _MEETS_FAMILIES,
    DoorAct.READ_FAMILY: _MEETS_FAMILIES,
    DoorAct.SEARCH_FAMILIES: _RECEIVING,
    DoorAct.COMPARE_FAMILIES: _WORKING,
    DoorAct.READ_CHARGES: _WORKING,
    DoorAct.CHANGE_CHARGE: _WORKING,
    DoorAct.MOVE_CHARGES: _DECIDING,
    DoorAct.WRITE_DRAFTS: _MEETS_FAMILIES,
    DoorAct.ATTACH_FILES: _MEETS_FAMILIES,
    DoorAct.IMPORT_FILES: _WORKING,
    DoorAct.READ_OUTBOX: _MEETS_FAMILIES,
    DoorAct.PREPARE_MEETING: _WORKING,
    DoorAct.PRINT_FORMS: _VISITING,
    DoorAct.READ_PROGRAMME: _EVERYBODY,
    DoorAct.READ_STATISTICS: _WORKING | {_AUDIT},
    DoorAct.ISSUE_STATISTICS: _DECIDING,
    DoorAct.READ_OPENINGS: _WORKING | {_AUDIT},
    DoorAct.USE_PHONE: _VISITING,
    DoorAct.MANAGE_PHONES: _WORKING,
    DoorAct.READ_INDEX: _DECIDING | {_ADMINISTRATOR},
    DoorAct.REBUILD_INDEX: _DECIDING,
    DoorAct.READ_CONTENT_LOGS: _DECIDING | {_AUDIT},
    DoorAct.READ_LOG: frozenset({_AUDIT, _ADMINISTRATOR}),
    DoorAct.CHANGE_PEOPLE: frozenset({_ADMINISTRATOR}),
    DoorAct.CHANGE_TOKENS: frozenset({_ADMINISTRATOR}),
    DoorAct.CHANGE_SETTINGS: frozenset({_ADMINISTRATOR}),
    DoorAct.READ_KEYS: frozenset({_ADMINISTRATOR, _AUDIT}),
    DoorAct.READ_REGISTER: frozenset({_ADMINISTRATOR, _AUDIT, _MANAGER}),
    DoorAct.READ_RULES: frozenset({_ADMINISTRATOR, _AUDIT, _MANAGER}),
    DoorAct.READ_HEALTH: frozenset({_ADMINISTRATOR, _AUDIT}),
}


def _table_rows() -> Iterable[tuple[str, frozenset[StaffRole]]]:
    for holders, acts in (*_COMMANDS, *_OPENINGS):
        yield from ((act, holders) for act in acts.split())
    yield from ((act.value, holders) for act, holders in _AT_THE_DOOR.items())


ROLE_ACTS: Mapping[str, frozenset[StaffRole]] = dict(_table_rows())
"""Act -> the roles that have it: the topic of every command, every opening by section, every act at a door."""

DOORS_OWN = frozenset(
    {"section.opened", "disclosure.received", "wrapped_key_fetched_for.rewrap", "items.rewrapped"}
)
"""What a door signs by itself, as a part of an opening or of its duties."""

_FOR_SYSTEMS = frozenset(
    {
        DoorAct.READ_CASES,
        DoorAct.READ_FAMILY,
        DoorAct.SEARCH_FAMILIES,
        DoorAct.READ_CHARGES,
        DoorAct.CHANGE_CHARGE,
        DoorAct.MOVE_CHARGES,
        DoorAct.ATTACH_FILES,
        DoorAct.IMPORT_FILES,
        DoorAct.READ_OUTBOX,
        DoorAct.PREPARE_MEETING,
        DoorAct.PRINT_FORMS,
        DoorAct.READ_PROGRAMME,
        DoorAct.READ_OPENINGS,
        DoorAct.ISSUE_STATISTICS,
        DoorAct.READ_INDEX,
        DoorAct.READ_REGISTER,
        DoorAct.READ_HEALTH,
    }
)

SYSTEM_ACTS = frozenset(
    {
        *(
            act
            for act, roles in ROLE_ACTS.items()
            if roles and act in EVENTS and EVENTS[act].ACTOR is Actor.ANYONE
        ),
        *OPENINGS,
        *(act.value for act in _FOR_SYSTEMS),
    }
)
"""What the token of a system may be given: no person's own word, and nothing that changes who may do what."""

TOKEN_DEFAULT = frozenset(
    {DoorAct.IMPORT_FILES.value, "family_information.provided", "information_request.answered"}
)
"""What a token has for which nothing was chosen: to send files, as the adapters read them."""

TakenAway = Collection[tuple[StaffRole, str]]
"""An agency's settings: the role that does not have this act here, though the table would give it."""


def may(
    roles: Collection[StaffRole], act: str, *, is_own_case: bool | None = None, taken: TakenAway = ()
) -> Denial | None:
    """Why a person of these roles may not do this act; None where it may.

    ``is_own_case``: whether the case that the act is about is assigned to this person as its visitor; None where the act is
    about no single case.
    """
    holders = ROLE_ACTS.get(act, _NOBODY)
    if not holders:
        return Denial.NOT_AT_A_DOOR
    held = holders.intersection(roles)
    if not held:
        return Denial.ROLE_REQUIRED
    left = {role for role in held if (role, act) not in taken}
    if not left:
        return Denial.TAKEN_AWAY
    if left == {StaffRole.VISITOR} and is_own_case is False:
        return Denial.OWN_CASES_ONLY
    return None


def may_system(granted: Collection[str], act: str) -> Denial | None:
    """Why a system whose token has these acts may not do this act; None where it may."""
    return None if act in SYSTEM_ACTS and act in granted else Denial.NOT_IN_TOKEN


def holders_of(act: str, taken: TakenAway = ()) -> tuple[StaffRole, ...]:
    """The roles that have this act at a door with these settings, in the order of the roles."""
    return tuple(r for r in StaffRole if r in ROLE_ACTS.get(act, _NOBODY) and (r, act) not in taken)
