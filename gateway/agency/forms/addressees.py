"""The addressees of a form as its page offers them: who is at hand, and everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.agency.forms.fill import Filled
from gateway.agency.forms.kinds import FormContext, To
from gateway.pages.basis_words import basis_words
from gateway.pages.texts import basis_text

MAX_AT_HAND = 8
"""So many are offered at once, whoever they are."""


@dataclass(frozen=True)
class Addressee:
    """One agency that can be addressed. ``bases``: code -> words, the best first; ``articles``: words -> article."""

    id: str
    name: str
    is_selected: bool
    bases: Mapping[str, str]
    articles: Mapping[str, str]
    basis: str


@dataclass(frozen=True)
class Addressees:
    """``at_hand``: those who are selected or take part in the case; ``others``: the rest, which the page folds."""

    at_hand: tuple[Addressee, ...]
    others: tuple[Addressee, ...]


def addressees_of(to: To | None, form_context: FormContext, filled: Filled) -> Addressees:
    """Those of this form."""
    if to is None:
        return Addressees((), ())
    offered = [_addressee(to, form_context, agency, filled) for agency in to.candidates(form_context)]
    nobody_yet = not any(a.is_selected for a in offered)
    if to.fixed is not None or (nobody_yet and len(offered) <= MAX_AT_HAND):
        return Addressees(tuple(offered), ())
    participants = {m.get("by") for m in form_context.messages} | {
        a for m in form_context.messages for a in m.get("to", [])
    }
    at_hand = [a for a in offered if a.is_selected or a.id in participants]
    return Addressees(tuple(at_hand), tuple(a for a in offered if a not in at_hand))


def _addressee(to: To, form_context: FormContext, agency: str, filled: Filled) -> Addressee:
    other = form_context.agencies.get(agency)
    codes = to.offered(form_context, agency) if to.asks_basis else []
    return Addressee(
        id=agency,
        name=other.name if other else "ほかの機関",
        is_selected=agency in filled.many("to") or to.fixed is not None,
        bases={code: basis_words(code) for code in codes},
        articles={basis_words(code): basis_text(code) for code in codes},
        basis=filled.one(f"basis.{agency}"),
    )
