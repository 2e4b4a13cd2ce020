"""The effects of ``domain.contact_ban``: what follows in the state of a case from its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from domain import events as e
from domain.case import Case, Message
from domain.effects import effect_of


@effect_of(e.ContactForbidden)
def contact_forbidden(case: Case, event: e.ContactForbidden, message: Message) -> Case:
    """Who may not see the child may be the one from whom it needs protection: what a guardian asks or consents to is
    checked for coercion. Basis: CAPA 12; APPI 78(1)1."""
    others = {id: until for id, until in case.contact_bans.items() if id != event.renews}
    return replace(case, contact_bans={**others, message.id: event.until or date.max}, at_risk=True)


@effect_of(e.ContactBanLifted)
def ban_lifted(case: Case, event: e.ContactBanLifted, message: Message) -> Case:
    bans = {id: until for id, until in case.contact_bans.items() if id != event.answers}
    return replace(case, contact_bans=bans)
