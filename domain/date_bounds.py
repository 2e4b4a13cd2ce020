"""Which days a date can mean: a birth is not in the future, a plan does not end in a hundred years.

A date outside is a slip of the pen (another century, day and month exchanged, a number read as a date), and a signed
slip can't be taken back. What the rules say about a date within its bounds is the hub's to decide. One table, for what
a door sends (``EVENT_DATES``) and for what stands in a file (``BIRTH``, ``EXPECTED_DELIVERY``, ``OCCURRED``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.calendar import JST, day_of
from domain.event import Event

FIRST_DAY = date(1900, 1, 1)
"""Nobody of whom a file can tell was born before, and nothing that it tells happened before."""


@dataclass(frozen=True)
class Bounds:
    """From ``days_back`` days before today, or ``FIRST_DAY`` where that is None, until ``days_ahead`` days after today."""

    days_ahead: int
    days_back: int | None = None

    def admits(self, value: date | datetime, now: datetime) -> bool:
        """Whether this day or moment lies within. A time without zone never does."""
        if isinstance(value, datetime):
            return value.tzinfo is not None and self._admits_moment(value, now)
        today = day_of(now)
        return self._first_day(today) <= value <= today + timedelta(self.days_ahead)

    def _admits_moment(self, value: datetime, now: datetime) -> bool:
        first = datetime.combine(self._first_day(day_of(now)), datetime.min.time(), JST)
        return first <= value <= now + timedelta(self.days_ahead)

    def _first_day(self, today: date) -> date:
        return FIRST_DAY if self.days_back is None else max(FIRST_DAY, today - timedelta(self.days_back))


_YEAR = 366
OCCURRED = Bounds(days_ahead=1)
"""What has happened. A day ahead, since clocks differ and Japan is nine hours before UTC."""
BIRTH = Bounds(days_ahead=0)
EXPECTED_DELIVERY = Bounds(days_ahead=300, days_back=2 * _YEAR)
"""A pregnancy lasts 280 days from the last period; behind lies what a file still tells of a child already born."""
ANY_DAY = Bounds(days_ahead=2 * _YEAR)
"""A day of an observation that names no kind."""
_NEXT_STEP = Bounds(days_ahead=_YEAR, days_back=10 * _YEAR)  # an answer, a visit, a move, a meeting
_REVIEW = Bounds(days_ahead=2 * _YEAR, days_back=10 * _YEAR)
_PLAN = Bounds(days_ahead=3 * _YEAR, days_back=10 * _YEAR)  # a plan is for months, and may be prolonged
_CONTRACT = Bounds(days_ahead=10 * _YEAR, days_back=10 * _YEAR)
_PROTECTION = Bounds(days_ahead=25 * _YEAR)  # a condition or consent may last until a newborn is grown up
_RETENTION = Bounds(days_ahead=130 * _YEAR)  # from birth on, for as long as a life lasts

EVENT_DATES: Mapping[str, Bounds] = {
    "staff_abuse.reported.received_at": OCCURRED,
    "abuse_notification.received.received_at": OCCURRED,
    "audit_content_access.granted.until": _REVIEW,
    "audit_content_access.requested.until": _REVIEW,
    "audit_mandate.began.until": _REVIEW,
    "breach.detected.detected_at": OCCURRED,
    "breach.reported.found_at": OCCURRED,
    "business_abolition.notified.happened_on": _NEXT_STEP,  # 社会福祉法69条: it is notified beforehand
    "business_change.notified.happened_on": _NEXT_STEP,
    "business_commencement.notified.happened_on": _NEXT_STEP,
    "child.died.died_on": OCCURRED,
    "child.placed.placed_on": OCCURRED,
    "child.returned.returned_on": OCCURRED,
    "consent.given.expires_at": _PROTECTION,
    "contact.forbidden.until": _PROTECTION,
    "contractor_performance.reported.begins_on": _NEXT_STEP,
    "contractor_performance.reported.ends_on": _NEXT_STEP,
    "criminal_record_check.recorded.checked_on": OCCURRED,
    "criminal_record_check.recorded.valid_until": _CONTRACT,
    "disclosure_conditions.imposed.until": _PROTECTION,
    "eligibility.determined.discharge_on": Bounds(days_ahead=2 * _YEAR),
    "family_service.answered.begins_on": _NEXT_STEP,
    "family_service.answered.ends_on": _PLAN,
    "family_service_measure.taken.begins_on": _NEXT_STEP,
    "family_service_measure.taken.ends_on": _PLAN,
    "home_visit.scheduled.planned_on": _NEXT_STEP,
    "information.requested.due_on": _NEXT_STEP,
    "key_set.revoked.compromised_since": OCCURRED,
    "network_meeting.requested.due_on": _NEXT_STEP,
    "network_membership.published.published_on": _NEXT_STEP,
    "non_disclosure.decided.review_on": _REVIEW,
    "oath.signed.valid_until": _CONTRACT,
    "official_request.received.due_on": _NEXT_STEP,
    "official_request.received.requested_on": OCCURRED,
    "outsourcing_contract.concluded.begins_on": _CONTRACT,
    "outsourcing_contract.concluded.ends_on": _CONTRACT,
    "parental_authority.recorded.suspended_until": _REVIEW,
    "plan.extended.plan_until": _PLAN,
    "protected_address.registered.until": _PROTECTION,
    "relocation.confirmed.moved_on": OCCURRED,
    "relocation.learned.moves_on": _NEXT_STEP,
    "parent.died.died_on": OCCURRED,
    "retention_policy.assigned.until": _RETENTION,
    "specialist_judgement.requested.due_on": _NEXT_STEP,
    "stay.ended.returned_on": OCCURRED,
    "stay.extended.returns_on": _NEXT_STEP,
    "staying.elsewhere.returns_on": _NEXT_STEP,
    "staying.elsewhere.stays_since": OCCURRED,
    "support.commenced.plan.explained_on": OCCURRED,
    "support.commenced.plan.plan_from": _PLAN,
    "support.commenced.plan.plan_until": _PLAN,
    "support.commenced.plan.review_due_on": _REVIEW,
    "support_plan.approved.plan.explained_on": OCCURRED,
    "support_plan.approved.plan.plan_from": _PLAN,
    "support_plan.approved.plan.plan_until": _PLAN,
    "support_plan.approved.plan.review_due_on": _REVIEW,
    "support_plan.formulated.plan.explained_on": OCCURRED,
    "support_plan.formulated.plan.plan_from": _PLAN,
    "support_plan.formulated.plan.plan_until": _PLAN,
    "support_plan.formulated.plan.review_due_on": _REVIEW,
    "support_plan_handed.over.handed_on": OCCURRED,
    "support_worker.left.left_on": OCCURRED,
    "training_module.completed.valid_until": _CONTRACT,
    "transfer.initiated.moves_on": _NEXT_STEP,
    "whereabouts.lost.last_seen_on": OCCURRED,
}
"""Every date and time of an event that can be commanded: topic and path -> its bounds."""


def date_out_of_bounds(event: Event, now: datetime) -> str | None:
    """The path of the first date that can't be meant; None if there is none."""
    for path, value in _dates_of(event, event.TOPIC):
        bounds = EVENT_DATES.get(path)
        if bounds is not None and not bounds.admits(value, now.astimezone(UTC)):
            return path.removeprefix(f"{event.TOPIC}.")
    return None


def _dates_of(value: Any, path: str) -> Iterator[tuple[str, date | datetime]]:
    if isinstance(value, date):
        yield path, value
    elif is_dataclass(value):
        for one in fields(value):
            yield from _dates_of(getattr(value, one.name), f"{path}.{one.name}")
    elif isinstance(value, tuple | frozenset):
        for inner in value:
            yield from _dates_of(inner, path)
