"""The auditor's pages over a hub's folder, on this machine alone: ``kakehashi audit serve``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from domain.facts import dump
from gateway.archive import Archive
from gateway.audit.app import audit_app
from gateway.audit.history import history, of_views
from gateway.serving import Served
from gateway.verify import Verification
from projections.queries import Queries


class KeptLedger:
    """The ledger from the views of an opened folder, as the audit office gets it from a running hub."""

    def __init__(self, archive: Archive) -> None:
        self._queries = Queries(archive.views.reader)

    def now(self) -> datetime:
        """The time of this machine."""
        return datetime.now(UTC)

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]:
        """Disclosures, readings, consents and notifications, of one case or all, as they stood at ``as_of``."""
        return {
            "disclosures": dump(self._queries.ledger(case=case, as_of=as_of)),
            "openings": dump(self._queries.openings(case=case, as_of=as_of)),
            "consents": dump(self._queries.consents(case=case, as_of=as_of)),
            "notifications": dump(self._queries.notifications(case=case, as_of=as_of)),
        }


@contextmanager
def served_pages(archive: Archive, found: Verification, *, port: int = 0) -> Iterator[str]:
    """Where the pages are, until the context is left. ``found``: what the last verification of the record found.

    Whoever knows the address may look: it holds a secret that is new each time, and answers on loopback only.
    """
    queries = Queries(archive.views.reader)
    base = f"/{token_urlsafe(16)}"
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount(
        base,
        audit_app(
            KeptLedger(archive),
            names={str(a.id): a.name for a in archive.views.register.agencies.values()},
            mode=archive.installation.mode,
            base=base,
            verification=found.to_json,
            past=lambda case, upto: history(of_views(archive.store, queries, case, upto), case),
            hub=archive.installation.hub.hex(),
        ),
    )
    with Served(app, port=port) as served:
        yield f"{served.url}{base}/"
