"""Reasons of refusal: one for each condition. Codes are permanent (records contain them)."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A reason of refusal. The comment is the condition; Japanese texts are in the gateway."""

    # form
    NO_SECTIONS = "NO_SECTIONS"  # a message that discloses must carry something
    SECTIONS_NOT_ALLOWED = "SECTIONS_NOT_ALLOWED"  # an act that carries no content
    UNKNOWN_MESSAGE = "UNKNOWN_MESSAGE"  # it answers, approves or releases a message that is not there
    ALREADY_ANSWERED = "ALREADY_ANSWERED"
    INDICATORS_INCOMPLETE = "INDICATORS_INCOMPLETE"
    INDICATOR_UNKNOWN = "INDICATOR_UNKNOWN"
    NO_TARGET_CLASS = "NO_TARGET_CLASS"
    DISCHARGE_DATE_MISSING = "DISCHARGE_DATE_MISSING"
    REASON_MISSING = "REASON_MISSING"  # a rule of kind W: allowed with a recorded reason
    PLAN_INCOMPLETE = "PLAN_INCOMPLETE"
    PLAN_DATES_WRONG = "PLAN_DATES_WRONG"
    CONSENT_SCOPE_WRONG = "CONSENT_SCOPE_WRONG"
    CONSENT_EXISTS = "CONSENT_EXISTS"
    MESSAGE_EXISTS = "MESSAGE_EXISTS"  # its command_id is that of another agency's message in this case
    ITEM_EXISTS = "ITEM_EXISTS"
    WORKER_UNKNOWN = "WORKER_UNKNOWN"
    REQUIREMENT_UNKNOWN = "REQUIREMENT_UNKNOWN"
    MODULE_NEVER_EXEMPT = "MODULE_NEVER_EXEMPT"
    TIME_AHEAD = "TIME_AHEAD"  # received later than now
    SIGHTING_UNCLEAR = "SIGHTING_UNCLEAR"  # «sighted», but the child was not seen
    REVIEW_DAY_MISSING = "REVIEW_DAY_MISSING"
    GROUND_NOT_APPLICABLE = "GROUND_NOT_APPLICABLE"
    RESULT_INCONSISTENT = "RESULT_INCONSISTENT"  # full and withheld, or partly and nothing withheld
    SECOND_PERSON_MISSING = "SECOND_PERSON_MISSING"  # another person is to do it
    OWNER_NOT_ADDRESSED = "OWNER_NOT_ADDRESSED"  # an emergency access is addressed to the core agency too
    NOTHING_TO_OPEN = "NOTHING_TO_OPEN"
    ITEMS_DIFFER = "ITEMS_DIFFER"  # what is approved is not what was requested
    ACCESS_EXPIRED = "ACCESS_EXPIRED"  # its last day is over
    OWN_REVIEW = "OWN_REVIEW"  # who read does not look back on itself
    NOTIFIER_IDENTIFIABLE = (
        "NOTIFIER_IDENTIFIABLE"  # words that identify who notified, elsewhere than under NOTIFIER
    )
    NOTIFIER_NOT_WITHHELD = "NOTIFIER_NOT_WITHHELD"
    CHILD_STATEMENT_NOT_WITHHELD = "CHILD_STATEMENT_NOT_WITHHELD"
    GUARD_PAUSE = "GUARD_PAUSE"  # a guardian asks where there is danger: it rests first
    NO_TRANSFER = "NO_TRANSFER"  # no hand-over is under way, or it is another one
    RISK_SHEET_MISSING = "RISK_SHEET_MISSING"  # a hand-over without RISK
    CHECKLIST_INCOMPLETE = "CHECKLIST_INCOMPLETE"  # risk sheet and photos are answered, if only with «none»
    ADDRESS_MISSING = "ADDRESS_MISSING"  # a protected address is disclosed under ADDR
    HOUSEKEEPING_WITHOUT_GOAL = "HOUSEKEEPING_WITHOUT_GOAL"
    NOTICE_INCOMPLETE = "NOTICE_INCOMPLETE"  # a notice to the prefecture covers less than the law requires
    QUALIFICATION_NOT_LISTED = "QUALIFICATION_NOT_LISTED"  # a specialist of another profession needs a reason
    MANDATE_OUT_OF_SEQUENCE = (
        "MANDATE_OUT_OF_SEQUENCE"  # not the number after the last, or not for a year to come at most
    )
    NUMBERS_WRONG = "NUMBERS_WRONG"  # a report over days that run backwards, or of less than nothing
    RETENTION_DAY_WRONG = "RETENTION_DAY_WRONG"  # an age needs its day, and nothing else has one
    CONDITIONS_MISSING = "CONDITIONS_MISSING"
    RECIPIENTS_WRONG = "RECIPIENTS_WRONG"  # a correction goes to just those who had what was wrong
    # parties
    NOT_IN_PERSON = "NOT_IN_PERSON"  # each person acknowledges for itself
    NOT_AN_OPERATOR = "NOT_AN_OPERATOR"  # it does not run the programme
    NOT_AN_AUTHORITY = "NOT_AN_AUTHORITY"  # neither an office of the municipality nor a child guidance centre
    NOT_ANOTHER_MUNICIPALITY = (
        "NOT_ANOTHER_MUNICIPALITY"  # a family is handed over to another one's core agency
    )
    NOT_A_CGC = "NOT_A_CGC"
    UNKNOWN_ADDRESSEE = "UNKNOWN_ADDRESSEE"
    ADDRESSEE_IS_SENDER = "ADDRESSEE_IS_SENDER"
    NOT_RESPONSIBLE_CORE = "NOT_RESPONSIBLE_CORE"
    NOT_COORDINATING = "NOT_COORDINATING"
    NOT_AN_OFFICE = "NOT_AN_OFFICE"  # neither core nor coordinating agency of the case
    NOT_ADDRESSED = "NOT_ADDRESSED"  # it answers a message that was not sent to it
    NOT_THE_SENDER = "NOT_THE_SENDER"  # only a message's sender may ask for its release
    NOT_A_CONTRACTOR = "NOT_A_CONTRACTOR"
    NOT_FULLY_COMMISSIONED = "NOT_FULLY_COMMISSIONED"
    NO_CORE_AGENCY = "NO_CORE_AGENCY"
    NOT_YOUR_COMMISSION = "NOT_YOUR_COMMISSION"
    AUDITOR_OPENS_NOTHING = "AUDITOR_OPENS_NOTHING"
    NOT_YOURS = "NOT_YOURS"
    # matrix
    NEVER_FOR_ROLE = "NEVER_FOR_ROLE"
    SENSITIVE_NOT_FOR_ROLE = "SENSITIVE_NOT_FOR_ROLE"
    # basis
    NO_BASIS = "NO_BASIS"
    BASIS_UNKNOWN = "BASIS_UNKNOWN"
    BASIS_NOT_IN_FORCE = "BASIS_NOT_IN_FORCE"
    NO_GATEWAY = "NO_GATEWAY"
    BASIS_FOR_OTHER_PARTIES = "BASIS_FOR_OTHER_PARTIES"
    NOT_REGISTERED = "NOT_REGISTERED"
    NOT_A_MEMBER = "NOT_A_MEMBER"
    OTHER_MUNICIPALITY = "OTHER_MUNICIPALITY"
    NOT_APPROVED_BY_TWO = "NOT_APPROVED_BY_TWO"  # an exceptional basis: two other persons approve it first
    NO_CONSENT = "NO_CONSENT"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    CONSENT_DOES_NOT_COVER = "CONSENT_DOES_NOT_COVER"
    CONSENT_NOT_CHECKED = (
        "CONSENT_NOT_CHECKED"  # a guardian's where there is danger: two persons look at it first
    )
    # readiness
    CONTRACTOR_NOT_COMMISSIONED = "CONTRACTOR_NOT_COMMISSIONED"
    CONTRACTOR_NOT_ASSIGNED = "CONTRACTOR_NOT_ASSIGNED"
    CONTRACTOR_NOT_READY = "CONTRACTOR_NOT_READY"
    CONTRACTOR_SUSPENDED = "CONTRACTOR_SUSPENDED"
    WORKER_NOT_READY = "WORKER_NOT_READY"
    WORKER_NOT_ASSIGNED = "WORKER_NOT_ASSIGNED"
    RULES_NOT_ACKNOWLEDGED = (
        "RULES_NOT_ACKNOWLEDGED"  # this person does not know its agency's rules of secrecy
    )
    RULES_NOT_ADOPTED = "RULES_NOT_ADOPTED"  # no such edition is in force
    ALREADY_ADOPTED = "ALREADY_ADOPTED"
    CORE_EXISTS = "CORE_EXISTS"  # the municipality has its core agency
    CASE_CLOSED = "CASE_CLOSED"
    HELD = "HELD"
    DESTROYED = "DESTROYED"  # its keys were destroyed
    LEGAL_HOLD = "LEGAL_HOLD"
    CONTENT_NOT_DESTROYED = "CONTENT_NOT_DESTROYED"  # control is not destroyed before content
    NOT_EXPIRED = "NOT_EXPIRED"
    USE_STOPPED = "USE_STOPPED"
    NOT_HELD = "NOT_HELD"
    ALREADY_REGISTERED = "ALREADY_REGISTERED"
    NOT_ASSESSED = "NOT_ASSESSED"
    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    NO_PLAN = "NO_PLAN"
    NOT_COMMENCED = "NOT_COMMENCED"
    NOT_CONSULTED = "NOT_CONSULTED"
    VISITOR_NOT_CONSULTED = "VISITOR_NOT_CONSULTED"
    NOT_EVALUATED = "NOT_EVALUATED"
    NOT_RECEIVED = "NOT_RECEIVED"  # the new municipality has not confirmed that it has the papers
    CHILD_NOT_SEEN = "CHILD_NOT_SEEN"  # the new municipality has not seen the child
    NOT_TRANSFERRED = "NOT_TRANSFERRED"
    NOT_CLOSED = "NOT_CLOSED"
    NOT_SUSPENDED = "NOT_SUSPENDED"
    NO_REWRAP_DUTY = "NO_REWRAP_DUTY"
