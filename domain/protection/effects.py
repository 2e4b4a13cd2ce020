"""The effects of ``domain.protection``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain import events as e
from domain.case import (
    Case,
    Message,
)
from domain.effects import effect_of


@effect_of(e.ProtectedAddressRegistered)
def address_protected(case: Case, event: e.ProtectedAddressRegistered, message: Message) -> Case:
    return replace(case, address_until=event.until or date.max)
