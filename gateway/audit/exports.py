"""The ledger in the forms that leave the audit office: BALP events, tables, reports, and the family's own list."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.calendar import day_of
from domain.errors import NotFound
from domain.family_list import FamilyReader, family_list
from gateway.audit.balp import audit_events
from gateway.audit.history import history, indexed_records
from gateway.audit.ledger import RetainedLedger
from gateway.audit.proofs import proofs
from gateway.audit.reports import as_csv, as_pdf, disclosures, family_pdf, openings
from gateway.audit.sheet_origin import sheet_origin
from gateway.audit.verification import Verifier
from gateway.installation.archive import Archive
from projections.queries import Queries

TABLES = {"disclosures": disclosures, "openings": openings}
"""What a table may hold, by name."""


def balp_events(archive: Archive, case: UUID | None, upto: datetime | None) -> list[dict[str, Any]]:
    """The ledger as IHE BALP AuditEvents. ``upto``: as of this moment; None: of all that is recorded."""
    ledger = RetainedLedger(archive).ledger(case, upto)
    return list(audit_events(ledger, hub=archive.installation.hub.hex(), names=_agency_names(archive)))


def csv_table(archive: Archive, table: str, case: UUID | None, upto: datetime | None) -> tuple[bytes, int]:
    """One of ``TABLES`` as CSV, each row with the result of its verification, and how many rows it has."""
    ledger = RetainedLedger(archive).ledger(case, upto)
    rows = TABLES[table](ledger, _agency_names(archive), proofs(_run_verification(archive)))
    return as_csv(rows, sheet_origin(archive.installation, archive.genesis)), len(rows)


def pdf_report(
    archive: Archive, audience: str, case: UUID | None, upto: datetime | None, at: datetime
) -> tuple[bytes, int]:
    """A report for the review board or an inquiry, and how many disclosures it lists. ``at``: the date it bears."""
    ledger = RetainedLedger(archive).ledger(case, upto)
    proof = proofs(_run_verification(archive))
    origin = sheet_origin(archive.installation, archive.genesis)
    pdf = as_pdf(audience, ledger, _agency_names(archive), proof, at=at, origin=origin)
    return pdf, len(ledger["disclosures"])


def family_report(
    archive: Archive, case: UUID, reader: FamilyReader, signed: Collection[UUID], at: datetime
) -> tuple[bytes, int]:
    """The list that this member of the family may be given, and how many rows it has. ``signed``: the consents that
    this person signed. Raises NotFound where there is no such case."""
    queries = Queries(archive.read_models.reader)
    if case not in queries.all_cases():
        raise NotFound("not-found")
    case_history = history(indexed_records(archive.store, queries, case, at), case)
    roles = {a.id: a.roles for a in case_history.register.agencies.values()}
    rows = family_list(case_history.case, roles, reader, frozenset(signed), today=day_of(at))
    origin = sheet_origin(archive.installation, archive.genesis)
    return family_pdf(rows, _agency_names(archive), origin=origin), len(rows)


def _run_verification(archive: Archive) -> dict[str, Any]:
    log = archive.installation.hub_folder / "log"
    return Verifier(archive.recorder, archive.store, archive.genesis).run(log=log).to_json()


def _agency_names(archive: Archive) -> dict[str, str]:
    return {str(a.id): a.name for a in archive.read_models.register.agencies.values()}
