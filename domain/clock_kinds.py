"""The kinds of clocks. What starts and stops one is stated by each event; how it runs is in ``clocks.py``."""

from __future__ import annotations

from enum import StrEnum


class ClockKind(StrEnum):
    """What is waited for."""

    ACKNOWLEDGE = "ACKNOWLEDGE"
    READ = "READ"
    ACT = "ACT"
    SAFETY = "SAFETY"
    ANSWER = "ANSWER"
    ACCEPT = "ACCEPT"
    REPORT = "REPORT"
    RIGHTS = "RIGHTS"
    EMERGENCY = "EMERGENCY"
    EMERGENCY_UNILATERAL = "EMERGENCY_UNILATERAL"
    EMERGENCY_END = "EMERGENCY_END"
    EMERGENCY_REVIEW = "EMERGENCY_REVIEW"
    COERCION = "COERCION"
    CONFIRM = "CONFIRM"
    TRANSFER = "TRANSFER"
    HANDOVER = "HANDOVER"
    NON_DISCLOSURE = "NON_DISCLOSURE"
    VISIT_REPORT = "VISIT_REPORT"
    BREACH = "BREACH"
    BREACH_PRELIMINARY = "BREACH_PRELIMINARY"
    BREACH_INTENT = "BREACH_INTENT"
    BREACH_NOTICE = "BREACH_NOTICE"
    SPECIALIST = "SPECIALIST"
    BUNDLE = "BUNDLE"
    SEARCH = "SEARCH"
    BAN_END = "BAN_END"
    UNREADABLE = "UNREADABLE"
    OFFICIAL = "OFFICIAL"
    SERVICE = "SERVICE"
    # of the case as a whole
    REVIEW = "REVIEW"
    PLAN_END = "PLAN_END"
    PLAN_ENDING = "PLAN_ENDING"
    VISITS = "VISITS"
    CONTACT = "CONTACT"
    SILENCE = "SILENCE"
    SIGNALS = "SIGNALS"
    MOVE = "MOVE"
    REPLACEMENT = "REPLACEMENT"
    STAY = "STAY"
    PROTECTION_END = "PROTECTION_END"
    RETENTION = "RETENTION"


REFERRAL_CLOCKS = (ClockKind.ACKNOWLEDGE, ClockKind.READ, ClockKind.ACT)
"""A message that starts these is a referral: its addressees acknowledge it, read it and act on it."""
