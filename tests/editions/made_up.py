"""A made-up next edition of the rules: a shorter deadline, one more refusal, and less that may be opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import editions, visibility
from domain import events as e
from domain.acts import ACTS
from domain.alarms import raising as alarms
from domain.clocks import Clock, ClockKind
from domain.codes import Role
from domain.context import DecisionContext, Refusal, needs
from domain.editions import Edition, since_edition
from domain.reasons import Reason
from domain.register import Register

SHORTER = timedelta(hours=6)
FORMER = editions.CURRENT_EDITION
NEXT = FORMER + 1
NEXT_ROW = Edition(NEXT, date(2099, 4, 1), "a made-up change")


def release_next_edition(patch: pytest.MonkeyPatch) -> None:
    """From here on this process has the made-up edition and decides under it."""
    patch.setattr(editions, "EDITIONS", (*editions.EDITIONS, NEXT_ROW))
    patch.setattr(editions, "CURRENT_EDITION", NEXT)
    before = alarms.deadline

    @since_edition(NEXT, before=before)
    def deadline(clock: Clock, policy: Mapping[str, Any]) -> datetime | None:
        """A referral is acknowledged within six hours."""
        return clock.since + SHORTER if clock.kind is ClockKind.ACKNOWLEDGE else before(clock, policy)

    act = ACTS[e.ConferenceMinutesRecorded]

    def was_ready(context: DecisionContext) -> Refusal | None:
        return act.ready(context) if act.ready else None

    @since_edition(NEXT, before=was_ready)
    def minutes_name_their_reason(context: DecisionContext) -> Refusal | None:
        """Minutes say why the conference met."""
        return was_ready(context) or needs(context.event.reason is not None, Reason.REASON_MISSING)

    @since_edition(NEXT, before=visibility.as_contractor)
    def as_contractor(register: Register, event: e.CaseMessage, agency: UUID) -> bool:
        """A referral opens for a core agency only where it is the commissioned contractor, which it is not."""
        known = register.agencies.get(agency)
        referral = isinstance(event, e.FamilyInformationProvided)
        return referral and known is not None and Role.CORE in known.roles

    patch.setattr(visibility, "as_contractor", as_contractor)
    patch.setattr(alarms, "deadline", deadline)
    patch.setitem(ACTS, e.ConferenceMinutesRecorded, replace(act, ready=minutes_name_their_reason))
