"""The clocks of the case as a whole in words: when each runs, and what ends it (``domain/alarms/raising.py`` computes them)."""

from __future__ import annotations

from collections.abc import Mapping

from domain.clock_kinds import ClockKind

CASE_CLOCKS: Mapping[ClockKind, tuple[str, str]] = {
    ClockKind.REVIEW: (
        "while the family is supported, from the start of support or the last review",
        "PlanReviewed, ShortTermGoalEvaluated or ClosingConsultationHeld of the core agency (each begins it anew); the closing",
    ),
    ClockKind.PLAN_END: (
        "while the family is supported on a plan with a last day",
        "PlanExtended, a new plan, or the closing, each of the core agency",
    ),
    ClockKind.PLAN_ENDING: (
        "while the family is supported on a plan with a last day, from so many days before it until it is over",
        "PlanExtended, a new plan, or the closing, each of the core agency; the end of the plan",
    ),
    ClockKind.VISITS: (
        "for each full week of a plan of the short type",
        "so many visits in that week, the report of a recorded visit not counted again; the alarm ends with the next visit",
    ),
    ClockKind.CONTACT: (
        (
            "in every open case, for each child, from when it was last seen (before its birth: the family), else since the case"
            " knows of it, and since the core agency is responsible; for visitors while they support the family and the child is"
            " at home"
        ),
        (
            "a sighting of the child: ChildSighted, SafetyConfirmed by sight, a visit with the child seen, or its first sight at a"
            " new place; its death; the closing"
        ),
    ),
    ClockKind.SILENCE: (
        "while the case is open or supported, from its last message",
        "any message of the case; the closing",
    ),
    ClockKind.SIGNALS: (
        "from the third weak signal within six months",
        "EmergencyTriaged or ConferenceMinutesRecorded; to call a conference (CaseConferenceConvened) is not to hold it",
    ),
    ClockKind.MOVE: (
        "from when a move was first known, while no hand-over has begun",
        "TransferInitiated or TransferCancelled of the core agency; no decision not to disclose, and no further news of the move",
    ),
    ClockKind.STAY: (
        "while some of the family stay in another municipality, until the planned day of the return, else the days of the book",
        "StayEnded or StayExtended of either town about that stay; the closing; the hand-over to that town",
    ),
    ClockKind.PROTECTION_END: (
        "while an address of the family is protected until a day, from so many days before the last of these",
        "ProtectedAddressRegistered with a later last day, or with none; AddressProtectionEnded of it",
    ),
    ClockKind.REPLACEMENT: (
        "while the family is supported, from when its last visitor left or was unassigned",
        "SupportWorkerAssigned; the closing",
    ),
    ClockKind.RETENTION: ("from the end of the retention period", "RecordsAppraised"),
}
"""Kind -> when it runs, what ends it."""
