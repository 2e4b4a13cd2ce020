"""Reasons of refusal: one for each condition. Codes are permanent (records contain them)."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A reason of refusal. The comment is the condition; Japanese texts are in the gateway."""

    # form
    NO_SECTIONS = "NO_SECTIONS"  # a message that discloses must carry something
    SECTIONS_NOT_ALLOWED = "SECTIONS_NOT_ALLOWED"  # an act that carries no content
    NOT_OPENED = "NOT_OPENED"  # it speaks of an item that its sender has not opened on record
    UNKNOWN_MESSAGE = "UNKNOWN_MESSAGE"  # it answers, approves or releases a message that is not there
    ALREADY_ANSWERED = "ALREADY_ANSWERED"
    INDICATORS_INCOMPLETE = "INDICATORS_INCOMPLETE"
    INDICATOR_UNKNOWN = "INDICATOR_UNKNOWN"
    NOTHING_ASSESSED = "NOTHING_ASSESSED"  # an assessment at which nobody looked
    WORDS_MISSING = "WORDS_MISSING"  # «other» without saying what
    NAMES_NOT_SEALED = "NAMES_NOT_SEALED"  # an involved agency or its 担当者 is named under BASIC
    NO_TARGET_CLASS = "NO_TARGET_CLASS"
    DISCHARGE_DATE_MISSING = "DISCHARGE_DATE_MISSING"
    REASON_MISSING = "REASON_MISSING"  # a rule of kind W: allowed with a recorded reason
    PLAN_INCOMPLETE = "PLAN_INCOMPLETE"
    PLAN_WITHOUT_END = "PLAN_WITHOUT_END"  # a plan that names no last day
    HANDOVER_UNCLEAR = "HANDOVER_UNCLEAR"  # on which day, or how, a family was given its plan is not stated
    SERVICE_NOT_IN_FORCE = (
        "SERVICE_NOT_IN_FORCE"  # a kind of help, or a way to learn of a family, before the law has it
    )
    SERVICE_DAYS_MISSING = (
        "SERVICE_DAYS_MISSING"  # help without its first day, or for a time without its last
    )
    PLAN_DATES_WRONG = "PLAN_DATES_WRONG"
    CONSENT_SCOPE_WRONG = "CONSENT_SCOPE_WRONG"
    CONSENT_END_MISSING = (
        "CONSENT_END_MISSING"  # given for a child, it ends when the child is of age at the latest
    )
    OTHER_GUARDIAN_MISSING = (
        "OTHER_GUARDIAN_MISSING"  # both who have parental authority consent, or a reason why not
    )
    AUTHORITY_NOT_HELD = (
        "AUTHORITY_NOT_HELD"  # whose parental authority is suspended or lost represents no child
    )
    AUTHORITY_WITH_PARENTS = "AUTHORITY_WITH_PARENTS"  # nobody acts for parents who have parental authority
    GIVER_MISSING = "GIVER_MISSING"  # where one parent has it and another has not, it is stated who consented
    AUTHORITY_INCOMPLETE = "AUTHORITY_INCOMPLETE"  # a suspension states its end, within two years
    CONSENT_EXISTS = "CONSENT_EXISTS"
    MESSAGE_EXISTS = "MESSAGE_EXISTS"  # its command_id is that of another agency's message in this case
    ITEM_EXISTS = "ITEM_EXISTS"
    WORKER_UNKNOWN = "WORKER_UNKNOWN"
    REQUIREMENT_UNKNOWN = "REQUIREMENT_UNKNOWN"
    MODULE_NEVER_EXEMPT = "MODULE_NEVER_EXEMPT"
    TIME_AHEAD = "TIME_AHEAD"  # received later than now
    SOURCE_UNKNOWN = "SOURCE_UNKNOWN"  # known from an agency that is not in the register
    CHILDREN_NOT_NAMED = "CHILDREN_NOT_NAMED"  # what is about single children says which
    CHILD_UNKNOWN = (
        "CHILD_UNKNOWN"  # a child of whom nobody can say who it is, or that the case does not know
    )
    ALREADY_ONE_CHILD = "ALREADY_ONE_CHILD"  # fewer than two children are joined
    CHILD_LIVES = (
        "CHILD_LIVES"  # closed for a death while a child of the family lives, or none is known to have died
    )
    SIGHTING_UNCLEAR = "SIGHTING_UNCLEAR"  # «sighted», but the child was not seen
    REVIEW_DAY_MISSING = "REVIEW_DAY_MISSING"
    GROUND_NOT_APPLICABLE = "GROUND_NOT_APPLICABLE"
    RESULT_INCONSISTENT = "RESULT_INCONSISTENT"  # full and withheld, or partly and nothing withheld
    SECOND_PERSON_MISSING = "SECOND_PERSON_MISSING"  # another person is to do it
    NOT_A_PERSON = "NOT_A_PERSON"  # a system did, or is named for, what only a person may do
    ALREADY_OPEN = "ALREADY_OPEN"  # an emergency access that is open, or was
    NO_OWN_PART = (
        "NO_OWN_PART"  # an approval from outside by an agency that only the request brought into the case
    )
    KEY_SET_MISSING = "KEY_SET_MISSING"  # an approval from outside by an agency without a key set in force
    COORDINATING_NOT_ADDRESSED = (
        "COORDINATING_NOT_ADDRESSED"  # an emergency access is addressed to the coordinating agency too
    )
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
    SAME_CASE = "SAME_CASE"  # a case is not joined with itself
    ALREADY_JOINED = "ALREADY_JOINED"  # the two cases are of one family already, be it by others
    NOT_JOINED = "NOT_JOINED"
    NO_STAY = "NO_STAY"  # no stay in another municipality lasts, or it is another one
    RETURN_BEFORE_STAY = "RETURN_BEFORE_STAY"
    RETURN_DAY_OVER = "RETURN_DAY_OVER"  # a stay is prolonged until a day that is over
    NO_TRANSFER = "NO_TRANSFER"  # no hand-over is under way, or it is another one
    RISK_SHEET_MISSING = "RISK_SHEET_MISSING"  # a hand-over without RISK
    CHECKLIST_INCOMPLETE = "CHECKLIST_INCOMPLETE"  # risk sheet and photos are answered, if only with «none»
    ADDRESS_MISSING = "ADDRESS_MISSING"  # a protected address is disclosed under ADDR
    ADDRESS_NOT_APPROVED = "ADDRESS_NOT_APPROVED"  # in another section only where two persons state why
    HOUSEKEEPING_WITHOUT_GOAL = "HOUSEKEEPING_WITHOUT_GOAL"
    NOTICE_INCOMPLETE = "NOTICE_INCOMPLETE"  # a notice to the prefecture covers less than the law requires
    QUALIFICATION_NOT_LISTED = "QUALIFICATION_NOT_LISTED"  # a specialist of another profession needs a reason
    QUALIFICATION_NOT_VERIFIED = (
        "QUALIFICATION_NOT_VERIFIED"  # an exemption for a qualification that nobody has verified
    )
    ROLE_MISSING = "ROLE_MISSING"  # a visitor is assigned for specialist help or for help with the household
    VALIDITY_TOO_LONG = "VALIDITY_TOO_LONG"  # longer than the law lets a check of criminal records be valid
    MANDATE_OUT_OF_SEQUENCE = (
        "MANDATE_OUT_OF_SEQUENCE"  # not the number after the last, or not for a year to come at most
    )
    NUMBERS_WRONG = "NUMBERS_WRONG"  # a report over days that run backwards, or of less than nothing
    RETENTION_DAY_WRONG = "RETENTION_DAY_WRONG"  # an age needs its day, and nothing else has one
    CONDITIONS_MISSING = "CONDITIONS_MISSING"
    CONTACTS_MISSING = "CONTACTS_MISSING"  # a restriction of contact states which contact
    DAY_OVER = "DAY_OVER"  # it would be over before it begins
    RECIPIENTS_WRONG = "RECIPIENTS_WRONG"  # a correction goes to just those who had what was wrong
    # parties
    NOT_IN_PERSON = "NOT_IN_PERSON"  # each person acknowledges for itself
    NOT_AN_OPERATOR = "NOT_AN_OPERATOR"  # it does not run the programme
    NOT_AN_AUTHORITY = "NOT_AN_AUTHORITY"  # neither an office of the municipality nor a child guidance centre
    NOT_ANOTHER_MUNICIPALITY = (
        "NOT_ANOTHER_MUNICIPALITY"  # a family is handed over to another one's core agency
    )
    OTHER_TOWN_NOT_ADDRESSED = "OTHER_TOWN_NOT_ADDRESSED"  # both towns are informed of the course of a stay
    NOT_A_CGC = "NOT_A_CGC"
    NOT_A_COURT = "NOT_A_COURT"
    FACILITY_UNKNOWN = "FACILITY_UNKNOWN"  # no agency of the register, or an office of a network
    FACILITY_ADDRESSED = "FACILITY_ADDRESSED"  # a report of abuse by its staff, to itself
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
    NOT_YOUR_CASE = "NOT_YOUR_CASE"  # no other case of this number, or another core agency's
    NOT_YOUR_COMMISSION = "NOT_YOUR_COMMISSION"
    AUDITOR_OPENS_NOTHING = "AUDITOR_OPENS_NOTHING"
    NOT_YOURS = "NOT_YOURS"
    # matrix
    NEVER_FOR_ROLE = "NEVER_FOR_ROLE"
    NOT_A_PARTICIPANT = "NOT_A_PARTICIPANT"  # minutes and closing talk go to members who took part
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
    REQUEST_NOT_RECORDED = (
        "REQUEST_NOT_RECORDED"  # a basis for what an outside body asked by law: no such request
    )
    COMMISSIONED_DATA = "COMMISSIONED_DATA"  # a contractor does not pass on what it has from its commission
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
    REQUIREMENT_DOUBTED = "REQUIREMENT_DOUBTED"  # a contractor whose requirements are to be verified anew
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
    SERVICE_NOT_ANSWERED = (
        "SERVICE_NOT_ANSWERED"  # a measure before the family has answered the recommendation
    )
    SERVICE_ACCEPTED = "SERVICE_ACCEPTED"  # a measure for help that the family uses
    AGENCY_NOT_CONSULTED = "AGENCY_NOT_CONSULTED"
    NOT_EVALUATED = "NOT_EVALUATED"
    EVALUATION_DISAGREES = "EVALUATION_DISAGREES"  # closed as reached, though it was not, without a reason
    FOLLOW_ON_MISSING = "FOLLOW_ON_MISSING"  # a closing that does not say what follows
    FOLLOW_ON_INCONSISTENT = "FOLLOW_ON_INCONSISTENT"  # it says «arranged» where nothing is, or the reverse
    NOT_RECEIVED = "NOT_RECEIVED"  # the new municipality has not confirmed that it has the papers
    CHILD_NOT_SEEN = "CHILD_NOT_SEEN"  # the new municipality has not seen the child
    NOT_TRANSFERRED = "NOT_TRANSFERRED"
    NOT_CLOSED = "NOT_CLOSED"
    NOT_SUSPENDED = "NOT_SUSPENDED"
    NOTHING_TO_REBUILD = "NOTHING_TO_REBUILD"  # for its case index a door opens BASIC again, and nothing anew
    PURPOSE_OF_OPENINGS = "PURPOSE_OF_OPENINGS"  # a message that states a purpose which only openings have
    NO_REWRAP_DUTY = "NO_REWRAP_DUTY"
