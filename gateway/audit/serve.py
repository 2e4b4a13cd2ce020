"""The auditor's pages over a hub's folder, on this machine alone: ``kakehashi audit serve``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_urlsafe

from fastapi import FastAPI

from gateway.audit.app import audit_app
from gateway.audit.history import history, of_views
from gateway.audit.ledger import KeptLedger
from gateway.audit.verification import Verification
from gateway.installation.archive import Archive
from gateway.protocol.serving import Served
from projections.queries import Queries


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
            odd=queries.latest_exceptions,
            hub=archive.installation.hub.hex(),
        ),
    )
    with Served(app, port=port) as served:
        yield f"{served.url}{base}/"
