"""Fields of a command about a case.

A detail that no rule needs may be absent in a story; what a door would fill in is filled in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain import events as e
from domain.children import UNKNOWN_CHILD, SpeaksOfChildren
from gateway.rehearsal.scenario.fields.closing import CLOSING_FIELDS
from gateway.rehearsal.scenario.fields.codes import with_canonical_codes
from gateway.rehearsal.scenario.fields.consent import CONSENT_FIELDS
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.exceptions import EXCEPTIONS_FIELDS
from gateway.rehearsal.scenario.fields.household import HOUSEHOLD_FIELDS
from gateway.rehearsal.scenario.fields.joined import JOINED_FIELDS
from gateway.rehearsal.scenario.fields.plan import PLAN_FIELDS
from gateway.rehearsal.scenario.fields.referral import REFERRAL_FIELDS
from gateway.rehearsal.scenario.fields.retention import RETENTION_FIELDS
from gateway.rehearsal.scenario.fields.rights import RIGHTS_FIELDS
from gateway.rehearsal.scenario.fields.search import SEARCH_FIELDS
from gateway.rehearsal.scenario.fields.stays import STAYS_FIELDS
from gateway.rehearsal.scenario.fields.transfer import TRANSFER_FIELDS
from gateway.rehearsal.scenario.fields.values import as_list
from gateway.rehearsal.scenario.fields.visits import VISITS_FIELDS
from gateway.rehearsal.scenario.story import Step


def case_fields(step: Step, cls: type[e.Event], run: RunContext, to: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a case command. ``to``: the addressees that have a door."""
    basis = step.basis
    if isinstance(basis, str):
        bases = {str(run.id_of(code)): basis for code in to}
    else:
        bases = {str(run.id_of(code)): named for code, named in (basis or {}).items() if code in to}
    common: dict[str, Any] = {
        "to": sorted(str(run.id_of(code)) for code in to),
        "basis": bases,
        "consent": sorted(str(run.consent_of(c)) for c in step.consent),
        "purpose": "SUPPORT",
        "reason": step.details.get("reason"),
    }
    if issubclass(cls, SpeaksOfChildren):
        common["children"] = children_named(step, run)
    return with_canonical_codes(cls, {**common, **FIELD_BUILDERS.get(cls.__name__, _no_fields)(step, run)})


def children_named(step: Step, run: RunContext) -> list[str]:
    """The references of the children that the story names by label (``UNKNOWN``: nobody knows which); none: all of them."""
    labels = as_list(step.details.get("children"))
    return sorted(str(UNKNOWN_CHILD if c == "UNKNOWN" else run.child_of(step, c)) for c in labels)


FIELD_BUILDERS: Mapping[str, FieldBuilder] = {
    **REFERRAL_FIELDS,
    **PLAN_FIELDS,
    **VISITS_FIELDS,
    **CLOSING_FIELDS,
    **CONSENT_FIELDS,
    **RIGHTS_FIELDS,
    **EXCEPTIONS_FIELDS,
    **TRANSFER_FIELDS,
    **JOINED_FIELDS,
    **SEARCH_FIELDS,
    **STAYS_FIELDS,
    **RETENTION_FIELDS,
    **HOUSEHOLD_FIELDS,
}


def is_agency_event(cls: type[e.Event]) -> bool:
    return issubclass(cls, e.AgencyEvent)


def is_case_event(cls: type[e.Event]) -> bool:
    return issubclass(cls, e.CaseMessage)


def is_commission_event(cls: type[e.Event]) -> bool:
    return issubclass(cls, e.CommissionEvent)


def _no_fields(step: Step, run: RunContext) -> dict[str, Any]:
    return {}
