"""Who is informed of a message whatever its sender writes, because that follows from what the message states.

A contractor's door shows what was opened to those visitors alone of whose assignment it was informed. So the agency of a
visitor is informed of the assignment and of its end on every way into the door: pages, API, files. An agency that can't be
addressed is left out, so that a visitor of one without keys can still be unassigned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from domain.events import SupportWorkerAssigned, SupportWorkerUnassigned

_TOPICS = frozenset({SupportWorkerAssigned.TOPIC, SupportWorkerUnassigned.TOPIC})


def with_implied_addressees(
    act: str, fields: Mapping[str, Any], agency: UUID, is_addressable: Callable[[str], bool]
) -> Mapping[str, Any]:
    """These fields, and in ``to`` also whom the message informs by what it states.

    ``agency``: the sender. Fields of the wrong form stay as they are: what judges the form of a command refuses them.
    """
    visitors_agency, to = fields.get("agency"), fields.get("to")
    if act not in _TOPICS or visitors_agency == str(agency) or not isinstance(to, list):
        return fields
    if not isinstance(visitors_agency, str) or visitors_agency in to or not is_addressable(visitors_agency):
        return fields
    return {**fields, "to": sorted([*to, visitors_agency])}
