"""The auditor's pages: the ledger as of any moment, a case's timeline, exceptions, exports. They never show content."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import FastAPI, Query
from fastapi.responses import HTMLResponse, Response

from domain.audit_exceptions import INDEX_REBUILT, REHEARSAL_REFUSED
from domain.errors import NotFound
from domain.events import NOTIFICATIONS, dump
from gateway.audit import words
from gateway.audit.balp import audit_events
from gateway.audit.exception_texts import EXCEPTION_TEXTS
from gateway.audit.history import History
from gateway.audit.proofs import group_proofs, proofs
from gateway.audit.refusals import WEIGHTS, weight_words
from gateway.audit.reports import STATUS_LABELS, as_csv, as_pdf, disclosures, openings
from gateway.audit.selection import (
    Selected,
    Selection,
    cursor_text,
    parse_case,
    parse_cursor,
    selection_as_of,
)
from gateway.audit.sheet_origin import SheetOrigin
from gateway.audit.timeline import moments, openable_sections
from gateway.installation.dry_run_counts import DryRunsOfDay
from gateway.pages.render import error_page, page, with_static
from gateway.pages.texts import SECTIONS, TASKS
from gateway.protocol.application import Application
from gateway.protocol.limits import Load, RouteLimit
from keys.keyset import Custody
from projections.audit_rows import AuditRows, Rows

HistoryAt = Callable[[UUID, datetime | None], History]
RenderPage = Callable[..., HTMLResponse]
Verified = Callable[[], dict[str, Any] | None]
PAGE = 50
MOMENTS = 50
LIMITS = (
    RouteLimit("GET", "/static/{path:path}", Load.PUBLIC),
    RouteLimit("GET", "/export/{form}", Load.HEAVY),
    RouteLimit("GET", "/{path:path}", Load.KNOWN),  # whoever knows the secret address
)
OUTCOMES = ("DISCLOSED", "STANDING", "HELD", "RELEASED", "REFUSED")
READING_OUTCOMES = ("OPENED", "REFUSED")
LINKS = (
    ("/", "提供"),
    ("/readings", "閲覧"),
    ("/refusals", "拒否された閲覧"),
    ("/consents", "同意・通告"),
    ("/exceptions", "例外"),
)
EXPORTS = (
    ("ledger.csv", "提供(CSV)"),
    ("openings.csv", "閲覧(CSV)"),
    ("review.pdf", "審査会用(PDF)"),
    ("inquiry.pdf", "検証用(PDF)"),
    ("balp.ndjson", "監査システム用(FHIR)"),
)
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


class LedgerSource(Protocol):
    """Where a whole ledger comes from, for a file: the audit office, which queries the hub; or the folder of an installation."""

    def now(self) -> datetime: ...

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]: ...


@dataclass(frozen=True)
class RecordAtHand:
    """The record that the pages show. ``rows``: a page of a list; ``history_at``: a case as of a moment; ``mandate``: of the
    audit office, JSON; ``origin``: what an exported sheet states of the hub and its log; ``catch_up``: brings the rows level
    with the record, where they may be behind; ``dry_runs``: how often agencies asked beforehand what would be decided, by the
    day, the latest first."""

    rows: AuditRows
    history_at: HistoryAt
    mandate: Callable[[], Mapping[str, Any]]
    origin: Callable[[], SheetOrigin]
    catch_up: Callable[[], object] = lambda: None
    dry_runs: Callable[[], Sequence[DryRunsOfDay]] = tuple


@dataclass(frozen=True)
class _Pages:
    """What all pages share. ``render``: a page; ``verified``: the last verification as JSON, None where there was none;
    ``is_rehearsal``: whether the hub is one. On a real hub nothing is set apart as a rehearsal's check."""

    office: LedgerSource
    record: RecordAtHand
    names: Mapping[str, str]
    render: RenderPage
    verified: Verified
    is_rehearsal: bool

    @property
    def rows(self) -> AuditRows:
        """The lists, lacking nothing that is recorded."""
        self.record.catch_up()
        return self.record.rows

    def show(self, name: str, title: str, path: str, selected: Selection, **values: Any) -> HTMLResponse:
        """A page of lists with its filter."""
        return self.render(
            name,
            title=title,
            current_path=path,
            chosen=selected.texts,
            query=selected.query,
            agencies=sorted(self.names.items(), key=lambda name: name[1]),
            sections=SECTIONS,
            exports=EXPORTS,
            status_labels=STATUS_LABELS,
            **values,
        )

    def proven(self, rows: Rows) -> list[dict[str, Any]]:
        """The rows, each with the status of its records by the last verification."""
        status = group_proofs(self.verified())
        return [{**row, "proof": status(row["position"], row["faulty"])} for row in rows.rows]

    def faulty_positions(self) -> frozenset[int]:
        verification = self.verified() or {"findings": []}
        return frozenset(f["position"] for f in verification["findings"] if f["position"] is not None)


def audit_app(
    office: LedgerSource,
    *,
    names: Mapping[str, str],
    mode: str,
    record: RecordAtHand,
    base: str = "",
    verification: Callable[[], dict[str, Any]] | None = None,
    hub: str = "",
    custody: Custody = "HOSTED",
) -> Application:
    """The application of the audit office. ``names``: agency id -> name; ``hub``: its identifier, hex; ``custody``: whether
    the parties' keys are in the hub's folder, which every page then says."""
    app = Application(
        title="架け橋 監査",
        limits=LIMITS,
        error_response=partial(error_page, base=base, mode=mode, custody=custody),
    )
    with_static(app)
    render_page = partial(
        page,
        base=base,
        mode=mode,
        custody=custody,
        person=None,
        links=LINKS,
        words=words,
        party=partial(words.party_words, names=names),
        day_acts=[n.TOPIC for n in NOTIFICATIONS],
    )
    verified: Verified = verification if verification is not None else lambda: None
    pages = _Pages(office, record, names, render_page, verified, mode == "rehearsal")
    _add_disclosures(app, pages)
    _add_readings(app, pages)
    _add_consents(app, pages)
    _add_exports(app, pages, hub)
    _add_timeline(app, pages)
    _add_exceptions(app, pages)
    return app


def _add_disclosures(app: FastAPI, pages: _Pages) -> None:
    @app.get("/", response_class=HTMLResponse)
    def ledger(selected: Selected, before: str = "") -> HTMLResponse:
        place = parse_cursor(before)
        rows = pages.rows.disclosures(selected.chosen, PAGE, place, pages.faulty_positions())
        mandate = pages.record.mandate()
        return pages.show(
            "audit.html",
            "監査: 提供の台帳",
            "/",
            selected,
            verification=pages.verified(),
            mandate={**mandate, "expired": _is_over(mandate["until"], pages.office.now())},
            outcomes=OUTCOMES,
            rows=pages.proven(rows),
            total=rows.total,
            more=_next_page(selected, rows),
        )


def _add_readings(app: FastAPI, pages: _Pages) -> None:
    @app.get("/readings", response_class=HTMLResponse)
    def readings(selected: Selected, before: str = "") -> HTMLResponse:
        place = parse_cursor(before)
        rows = pages.rows.readings(selected.chosen, PAGE, place, pages.faulty_positions())
        return pages.show(
            "audit_readings.html",
            "監査: 閲覧",
            "/readings",
            selected,
            outcomes=READING_OUTCOMES,
            rows=pages.proven(rows),
            total=rows.total,
            more=_next_page(selected, rows),
        )

    @app.get("/refusals", response_class=HTMLResponse)
    def refusals(selected: Selected, number: PageNumber = 1) -> HTMLResponse:
        refused = partial(
            pages.rows.refused_readings, selected.chosen, weights=WEIGHTS, faulty=pages.faulty_positions()
        )
        rows, own = refused(PAGE, (number - 1) * PAGE), refused(PAGE, 0, of_audit=True)
        return pages.show(
            "audit_refusals.html",
            "監査: 拒否された閲覧",
            "/refusals",
            selected,
            outcomes=(),
            weight_words=weight_words,
            rows=pages.proven(rows),
            total=rows.total,
            own=pages.proven(own),
            own_total=own.total,
            more=selected.query_with(page=str(number + 1)) if rows.more else "",
        )


def _add_consents(app: FastAPI, pages: _Pages) -> None:
    @app.get("/consents", response_class=HTMLResponse)
    def consents(selected: Selected, before: str = "", notified_before: str = "") -> HTMLResponse:
        place, notified_place = parse_cursor(before), parse_cursor(notified_before)
        rows = pages.rows.consents(selected.chosen, PAGE, place)
        notified = pages.rows.notifications(selected.chosen, PAGE, notified_place)
        more_notified = selected.query_with(before=before, notified_before=cursor_text(notified.cursor))
        return pages.show(
            "audit_consents.html",
            "監査: 同意・通告",
            "/consents",
            selected,
            outcomes=(),
            rows=rows.rows,
            total=rows.total,
            notifications=notified.rows,
            notifications_total=notified.total,
            more=selected.query_with(before=cursor_text(rows.cursor), notified_before=notified_before)
            if rows.more
            else "",
            more_notifications=more_notified if notified.more else "",
        )


def _add_exceptions(app: FastAPI, pages: _Pages) -> None:
    kinds = sorted(
        {**EXCEPTION_TEXTS, **{k: t for k, t in TASKS.items() if k.startswith("LATE_")}}.items(),
        key=lambda kind: kind[1],
    )

    @app.get("/exceptions", response_class=HTMLResponse)
    def exceptional(selected: Selected, number: PageNumber = 1) -> HTMLResponse:
        as_of = selected.texts["as_of"] or pages.office.now().isoformat()
        dated = selection_as_of(selected, as_of)
        apart = (INDEX_REBUILT, *([REHEARSAL_REFUSED] if pages.is_rehearsal else []))
        rows = pages.rows.exceptions(dated.chosen, PAGE, (number - 1) * PAGE, apart)
        counted = () if number > 1 or dated.chosen.kind else apart
        by_day = {kind: pages.rows.by_day(kind, dated.chosen) for kind in counted}
        return pages.show(
            "audit_exceptions.html",
            "監査: 例外",
            "/exceptions",
            selected,
            outcomes=(),
            kinds=kinds,
            dry_runs=[] if number > 1 else _dry_runs(pages, selected),
            rows=rows.rows,
            rebuilds=by_day.get(INDEX_REBUILT, []),
            checks=by_day.get(REHEARSAL_REFUSED, []),
            total=rows.total,
            more=dated.query_with(page=str(number + 1)) if rows.more else "",
        )


def _dry_runs(pages: _Pages, selected: Selection) -> list[DryRunsOfDay]:
    """The counts of the selected agency, or of all: they have no case and no kind."""
    return [d for d in pages.record.dry_runs() if selected.chosen.agency in ("", str(d.agency))]


def _add_exports(app: FastAPI, pages: _Pages, hub: str) -> None:
    @app.get("/export/{form}")
    def export(form: str, selected: Selected) -> Response:
        """The selected rows as a file."""
        if form not in dict(EXPORTS):
            raise NotFound("not-found")
        ledger = _selected_ledger(pages.office, selected)
        names, status_of, origin = pages.names, proofs(pages.verified()), pages.record.origin()
        conditions = selected.conditions(names)
        match form:
            case "ledger.csv" | "openings.csv":
                table = disclosures if form == "ledger.csv" else openings
                body = as_csv(table(ledger, names, status_of), origin, conditions)
                media = "text/csv; charset=utf-8"
            case "review.pdf" | "inquiry.pdf":
                at = selected.chosen.as_of or pages.office.now()
                kind = form.removesuffix(".pdf")
                body = as_pdf(
                    kind,
                    ledger,
                    names,
                    status_of,
                    at=at,
                    origin=origin,
                    conditions=conditions,
                    omits_notifications=bool(selected.chosen.agency),
                )
                media = "application/pdf"
            case _:
                events = audit_events(ledger, hub=hub, names=names)
                lines = (json.dumps(e, ensure_ascii=False) + "\n" for e in events)
                body, media = "".join(lines).encode(), "application/fhir+ndjson"
        return Response(
            body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{form}"'}
        )


def _selected_ledger(office: LedgerSource, selected: Selection) -> dict[str, Any]:
    """All selected rows, as of the selected moment; where an agency is selected, no notification. Basis: CAPA 7."""
    ledger = office.ledger(case=selected.case, as_of=selected.chosen.as_of)
    return {
        "disclosures": [row for row in ledger["disclosures"] if selected.selects(row, "by", "to")],
        "openings": [row for row in ledger["openings"] if selected.selects(row, "agency")],
        "consents": [row for row in ledger["consents"] if selected.selects(row, "by", "sender", "recipient")],
        "notifications": [row for row in ledger["notifications"] if selected.selects(row)],
    }


def _add_timeline(app: FastAPI, pages: _Pages) -> None:
    @app.get("/timeline", response_class=HTMLResponse)
    def timeline(case: str, n: int = 1_000_000) -> HTMLResponse:
        case_id = parse_case(case)
        rows = moments(pages.record.history_at(case_id, None))
        if not rows:
            raise NotFound("not-found")
        n = min(max(n, 1), len(rows))
        at, first = rows[n - 1]["at"], max(n - MOMENTS, 0)
        return pages.render(
            "audit_timeline.html",
            title=f"監査: 事例 {words.case_words(case_id)} の経過",
            current_path="/timeline",
            case=str(case_id),
            n=n,
            total=len(rows),
            first=first,
            moments=[{"n": number, **row} for number, row in enumerate(rows[first:n], first + 1)],
            now=rows[n - 1],
            openable=openable_sections(pages.record.history_at(case_id, at), at),
        )


def _next_page(selected: Selection, rows: Rows) -> str:
    return selected.query_with(before=cursor_text(rows.cursor)) if rows.more else ""


def _is_over(until: str | None, now: datetime) -> bool:
    return until is not None and until <= dump(now)
