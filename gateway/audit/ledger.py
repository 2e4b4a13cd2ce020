"""The ledger of an installation's folder, for use without a running hub."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.events import dump
from gateway.hub.query_json import mandate_json
from gateway.installation.archive import Archive
from projections.queries import Queries


class RetainedLedger:
    """The ledger from the read models of a folder, in the form in which a running hub sends it to the audit office."""

    def __init__(self, archive: Archive) -> None:
        self._queries = Queries(archive.read_models.reader)
        self._read_models = archive.read_models

    def now(self) -> datetime:
        """The time of this machine."""
        return datetime.now(UTC)

    def mandate(self) -> Mapping[str, Any]:
        """The audit office's mandate in force, as JSON."""
        return mandate_json(self._read_models.register)

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]:
        """Disclosures, readings, consents and notifications, of one case or all, as of a moment."""
        return {
            "disclosures": dump(self._queries.ledger(case=case, as_of=as_of)),
            "openings": dump(self._queries.openings(case=case, as_of=as_of)),
            "consents": dump(self._queries.consents(case=case, as_of=as_of)),
            "notifications": dump(self._queries.notifications(case=case, as_of=as_of)),
            "mandate": mandate_json(self._read_models.register),
        }
