"""The auditor's pages over a hub's folder, on loopback only: ``kakehashi audit serve``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from secrets import token_urlsafe

from gateway.audit.app import RecordAtHand, audit_app
from gateway.audit.history import history, indexed_records
from gateway.audit.ledger import RetainedLedger
from gateway.audit.sheet_origin import sheet_origin
from gateway.audit.verification import Verification
from gateway.installation.archive import Archive
from gateway.installation.dry_run_counts import DRY_RUN_ROWS, dry_runs_by_day
from gateway.pages.render import error_page
from gateway.protocol.application import Application
from gateway.protocol.serving import ServedApp
from projections.audit_rows import AuditRows
from projections.queries import Queries


@contextmanager
def served_pages(archive: Archive, verification: Verification, *, port: int = 0) -> Iterator[str]:
    """Serve the pages until the context is left; yields their URL. ``verification``: the last one of this record.

    The URL is the only access control: it holds a secret that is new each time, and is reachable on loopback only.
    """
    queries = Queries(archive.read_models.reader)
    base, ledger = f"/{token_urlsafe(16)}", RetainedLedger(archive)
    mode, custody = archive.installation.mode, archive.installation.custody
    app = Application(  # outside the secret address nothing of it is told, in words that a person reads
        limits=(), error_response=partial(error_page, base="", mode=mode, custody=custody)
    )
    app.mount(
        base,
        audit_app(
            ledger,
            names={str(a.id): a.name for a in archive.read_models.register.agencies.values()},
            mode=mode,
            base=base,
            verification=verification.to_json,
            record=RecordAtHand(
                rows=AuditRows(archive.read_models.reader),
                history_at=lambda case, upto: history(
                    indexed_records(archive.store, queries, case, upto), case
                ),
                mandate=ledger.mandate,
                origin=lambda: sheet_origin(archive.installation, archive.genesis),
                dry_runs=lambda: dry_runs_by_day(archive.installation.hub_folder, DRY_RUN_ROWS),
            ),
            hub=archive.installation.hub.hex(),
            custody=custody,
        ),
    )
    with ServedApp(app, port=port) as served:
        yield f"{served.url}{base}/"
