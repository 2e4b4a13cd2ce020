"""What the law and the design say, as data: parties of bases, the matrix, periods. Written from ``domain.md`` §2 and §3.

«None» is an answer: the text leaves it open, and nothing is asserted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

JST = timezone(timedelta(hours=9))
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

Answer = bool | None


def day_of(at: datetime) -> date:
    return at.astimezone(JST).date()


def start_of_day(day: date) -> datetime:
    return datetime.combine(day, time(), JST).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    return start_of_day(day + DAY)


def months_after(day: date, months: int) -> date:
    """The same day so many calendar months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + years, month + 1, 1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - DAY)


def next_office_day(day: date) -> date:
    """民法142条: the first day from this one on which offices are open: no Saturday, Sunday, holiday or turn of the year
    (行政機関の休日). Public holidays of a year that nobody has entered are not known to the hub: see ``FIXED``."""
    while day.weekday() >= 5 or (day.month, day.day) in FIXED or day in MOVABLE:
        day += DAY
    return day


FIXED = frozenset(
    {
        *(
            (12, 29),
            (12, 30),
            (12, 31),
            (1, 1),
            (1, 2),
            (1, 3),
            (2, 11),
            (2, 23),
            (4, 29),
            (5, 3),
            (5, 4),
            (5, 5),
        ),
        *((8, 11), (11, 3), (11, 23)),
    }
)
"""国民の祝日に関する法律 2条, days fixed by date; 行政機関の休日に関する法律 1条."""
MOVABLE = frozenset(
    date.fromisoformat(text)
    for text in (
        *("2023-07-17", "2023-09-18", "2023-09-23", "2023-10-09", "2024-01-08", "2024-02-12", "2024-03-20"),
        *("2024-05-06", "2024-07-15", "2024-08-12", "2024-09-16", "2024-09-22", "2024-09-23", "2024-10-14"),
        *("2024-11-04", "2025-01-13", "2025-02-24", "2025-03-20", "2025-05-06", "2025-07-21", "2025-09-15"),
        *("2025-09-23", "2025-10-13", "2025-11-24", "2026-01-12", "2026-03-20", "2026-05-06", "2026-07-20"),
        *("2026-09-21", "2026-09-22", "2026-09-23", "2026-10-12", "2027-01-11", "2027-03-21", "2027-03-22"),
        *("2027-07-19", "2027-09-20", "2027-09-23", "2027-10-11"),
    )
)
"""The same law: Mondays, equinoxes and days in lieu of the years that stories reach."""
NEVER: Mapping[str, frozenset[str]] = {
    "MED": frozenset({"ADDR", "NOTIFIER"}),
    "CONTRACTOR": frozenset({"NOTIFIER"}),
    "EXT": frozenset({"ADDR", "NOTIFIER"}),
}
"""§3, the N of the matrix. CONF and CLOSING of external services depend on taking part and are judged apart."""
STANDING = frozenset({"BASIC", "RISK", "PLAN", "CONF", "CLOSING"})
"""§3, the A of COORD. NOTIFIER is A for the unit that received it: it is an addressee then."""
STAY = frozenset({"BASIC", "PLAN", "RISK"})
"""V11: what the town of stay sees of the home town's file."""
OUTGOING = frozenset(
    {
        *("DisclosureMade", "DisclosureHeld", "FollowOnServiceArranged", "InformationRequested"),
        *("NotificationForwarded", "TransferInitiated", "TransferPackageSent", "TransferConferenceHeld"),
        *("TransferReceiptConfirmed", "TransferCompleted", "StayingElsewhere"),
    }
)
"""V4: copies going out, which standing access never covers."""
SPEAKS_OF_CHILDREN = frozenset(
    {
        *("AbuseNotificationReceived", "CaseReferredToCgc", "CgcTransferNotified", "ChildSighted"),
        *("EligibilityDetermined", "EmergencyTriaged", "FamilyInformationProvided", "HomeVisitCompleted"),
        *("IndicatorAssessmentRecorded", "InfantHomeVisitReported", "NotificationForwarded"),
        *("ProgrammeNotificationReceived", "RelocationConfirmed", "SafetyConcernRaised", "SafetyConfirmed"),
        *("StayingElsewhere", "TransferCompleted", "VisitReportSubmitted", "ChildPlaced", "ChildReturned"),
        *(
            "ChildDied",
            "ChildrenJoined",
            "UnknownChildIdentified",
            "WhereaboutsLost",
            "WhereaboutsEstablished",
        ),
        *("ContactForbidden",),
    }
)
"""Messages that can name children; all others are about the family. Source: EVENTS.md."""
REFERRALS = frozenset(
    {
        *("FamilyInformationProvided", "InfantHomeVisitReported", "ProgrammeNotificationReceived"),
        *("AbuseNotificationReceived", "NotificationForwarded", "CaseReferredToCgc"),
        *("StayingElsewhere", "WhereaboutsLost"),
    }
)
CONSENT_BASES = frozenset({"CONSENT", "APPI-69-2-1", "APPI-27-C"})
NO_GATEWAY = frozenset(
    {
        *("CAPA-8", "CAPA-5-2", "CAPA-4-5", "CWA-10-1", "CWA-21-18", "CWA-21-10-2-1", "MCHA-9-2"),  # kind P
        *("CAPA-7", "CAPA-5-3", "CWA-25-5", "CWA-21-10-2-4", "LPSA-34", "APPI-70"),  # kind R
        *("CAPA-5-4", "CAPA-6-3", "CWA-25-O"),  # kind O
    }
)
"""§2: «P alone no gateway»; an R restricts, an O only says that secrecy does not bar."""
PUBLIC = frozenset({"MUNICIPALITY", "PREFECTURE", "OTHER_PUBLIC"})
PRIVATE = frozenset({"MEDICAL", "PRIVATE", "COMMISSIONED"})


@dataclass(frozen=True)
class Party:
    """An agency as a basis sees it."""

    code: str
    role: str
    body: str
    town: str | None
    member: bool


@dataclass(frozen=True)
class Transfer:
    """What is asked of a basis: one message from one party to another on a day."""

    by: Party
    to: Party
    event: str
    day: date
    registered: bool
    """With the network to which both belong."""
    answers_request: bool = False
    """It answers a request of the recipient."""
    consented: bool = False
    """A consent in force covers sender, recipient and sections."""
    commissioned: bool = False
    """One of the two is the other's contractor."""


def is_authority(party: Party) -> bool:
    """CWA 25(1), CAPA 6(1): municipality or child guidance centre."""
    return party.role in ("CORE", "COORD", "CGC")


def permits(code: str, t: Transfer) -> Answer:
    """Whether this basis carries this message (§2). None where the text leaves it open."""
    if code in NO_GATEWAY:
        return False
    since = SINCE.get(code)
    if since is not None and t.day < since:
        return False
    rule = RULES.get(code)
    return None if rule is None else rule(t)


SINCE: Mapping[str, date] = {
    "APPI-69-1": date(2023, 4, 1),
    "APPI-69-2-1": date(2023, 4, 1),
    "APPI-69-2-3": date(2023, 4, 1),
    "APPI-27-C": date(2022, 4, 1),
    "APPI-27-1-1": date(2022, 4, 1),
    "APPI-27-1-2": date(2022, 4, 1),
    "CAPA-4-6": date(2020, 4, 1),
    "CWA-25-3-2": date(2020, 4, 1),
    "CWA-21-10-5": date(2016, 10, 1),
}
"""§2 «in force since»; §0.6: municipalities fall under APPI chapter 5 since 2023-04-01."""


def _notification(t: Transfer) -> Answer:
    if not is_authority(t.to):
        return None if t.to.body in PUBLIC else False  # 福祉事務所
    return True if t.event in ("AbuseNotificationReceived", "NotificationForwarded") else None


def _network(t: Transfer) -> Answer:
    return t.registered and t.by.member and t.to.member


def _request(t: Transfer) -> Answer:
    if not t.registered:
        return False
    if t.by.role not in ("CORE", "COORD"):
        return None if t.to.role in ("CORE", "COORD") else False  # a basis covers the answer, too
    return True if t.event == "InformationRequested" else None


def _reply(t: Transfer) -> Answer:
    if t.to.role not in ("CORE", "COORD") or not t.registered:
        return False
    return True if t.answers_request else None


def _commission(t: Transfer) -> Answer:
    if not t.commissioned and t.by.body == "MUNICIPALITY" and t.to.body == "COMMISSIONED":
        return None  # another office of the town that commissions it
    return t.commissioned


def _information(t: Transfer) -> Answer:
    if t.to.body != "MUNICIPALITY":
        return False
    if t.by.body in ("MEDICAL", "WELFARE_FACILITY", "SCHOOL", "PRIVATE"):
        return True
    return None


def _cgc_to_city(t: Transfer) -> Answer:
    return t.by.role == "CGC" and t.to.body == "MUNICIPALITY"


def _city_to_cgc(t: Transfer) -> Answer:
    if t.to.role != "CGC" and t.to.body == "PREFECTURE":
        return None  # 知事
    return t.by.body == "MUNICIPALITY" and t.to.role == "CGC"


def _cgc_to_cgc(t: Transfer) -> Answer:
    return t.by.role == "CGC" and t.to.role == "CGC"


def _within(t: Transfer) -> Answer:
    if t.by.body in PRIVATE:
        return False
    return True if t.by.body == t.to.body == "MUNICIPALITY" and t.by.town == t.to.town else None


def _to_public(t: Transfer) -> Answer:
    if t.by.body not in PUBLIC or t.to.body in PRIVATE | {"WELFARE_FACILITY"}:
        return False
    if "OTHER_PUBLIC" in (t.by.body, t.to.body):
        return None
    return None if t.by.body == t.to.body == "MUNICIPALITY" and t.by.town == t.to.town else True


def _public_consent(t: Transfer) -> Answer:
    return t.by.body in PUBLIC and t.consented


def _private_consent(t: Transfer) -> Answer:
    if t.by.body in PUBLIC:
        return False
    return t.consented


def _consent(t: Transfer) -> Answer:
    return t.consented


def _private(t: Transfer) -> Answer:
    if t.by.body in PUBLIC:
        return False
    return None if t.by.body == "COMMISSIONED" else True


def _abused_child(t: Transfer) -> Answer:
    return True if t.answers_request and t.to.role in ("CORE", "CGC") else None


RULES = {
    "CAPA-6-1": _notification,
    "CWA-25-1": _notification,
    "CWA-25-2-2": _network,
    "CWA-25-3-1": _request,
    "CWA-25-3-2": _reply,
    "CWA-21-10-2-3": _commission,
    "CWA-21-10-5": _information,
    "CWA-26-1-8": _cgc_to_city,
    "CWA-26-1-3": _cgc_to_city,
    "CWA-25-7-1": _city_to_cgc,
    "CAPA-4-6": _cgc_to_cgc,
    "CAPA-13-4": _abused_child,
    "APPI-69-1": _within,
    "APPI-69-2-3": _to_public,
    "APPI-69-2-1": _public_consent,
    "APPI-27-C": _private_consent,
    "APPI-27-1-1": _private,
    "APPI-27-1-2": _private,
    "CONSENT": _consent,
}
