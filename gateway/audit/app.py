"""The auditor's pages: the ledger as of any moment, a case's timeline, exceptions, exports. They never show content."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from domain.audit_exceptions import ExceptionRow
from domain.calendar import JST
from domain.errors import Malformed, NotFound
from domain.events import dump
from gateway.audit.balp import audit_events
from gateway.audit.exception_texts import exception_text
from gateway.audit.history import History
from gateway.audit.proofs import StatusOf, proofs
from gateway.audit.reports import STATUS_LABELS, as_csv, as_pdf, disclosures, openings
from gateway.audit.timeline import moments, openable_sections
from gateway.installation.dry_run_counts import DryRunsOfDay
from gateway.pages.render import error_page, page, with_static
from gateway.protocol.application import Application
from gateway.protocol.limits import Load, RouteLimit
from keys.keyset import Custody
from projections.queries import IndexRebuild


class LedgerSource(Protocol):
    """Where the ledger comes from: the audit office, which queries the hub; or the folder of an installation."""

    def now(self) -> datetime: ...

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]: ...


HistoryAt = Callable[[UUID, datetime | None], History]
ExceptionPage = Callable[[datetime, UUID | None, str, int], tuple[list[ExceptionRow], str]]
"""(as of, case or None for all, cursor, limit) -> exceptions, latest first, and the cursor of the next page."""
IndexRebuilds = Callable[[datetime, UUID | None], Sequence[IndexRebuild]]
"""(as of, case or None for all) -> what doors opened again for their case index, by agency and day."""
RenderPage = Callable[..., HTMLResponse]
PAGE = 500
YEARS = (1900, 9000)
"""What is asked about lies between these years: at the edges of the calendar there is no day before or after."""
LEDGER_PARTS = ("disclosures", "openings", "consents", "notifications", "cases")
LIMITS = (
    RouteLimit("GET", "/static/{path:path}", Load.PUBLIC),
    RouteLimit("GET", "/export/{form}", Load.HEAVY),
    RouteLimit("GET", "/{path:path}", Load.KNOWN),  # whoever knows the secret address
)
OUTCOMES = ("DISCLOSED", "STANDING", "HELD", "RELEASED", "REFUSED", "OPENED")


def audit_app(
    office: LedgerSource,
    *,
    names: Mapping[str, str],
    mode: str,
    base: str = "",
    verification: Callable[[], dict[str, Any]] | None = None,
    history_at: HistoryAt | None = None,
    exception_page: ExceptionPage | None = None,
    index_rebuilds: IndexRebuilds = lambda as_of, case: (),
    dry_runs: Callable[[], Sequence[DryRunsOfDay]] | None = None,
    hub: str = "",
    custody: Custody = "HOSTED",
) -> Application:
    """The application of the audit office. ``names``: agency id -> name; ``hub``: its identifier, hex; ``custody``: whether
    the parties' keys are in the hub's folder, which every page then says.

    ``history_at``: a case as of a moment; ``exception_page``: the exceptions as of a moment; ``index_rebuilds``: those
    that are counted together. All need the record at hand: without them there is no timeline and there are no exceptions.
    ``dry_runs``: how often agencies asked beforehand what would be decided, by the day, the latest first.
    """
    names = {**names, "NOTIFIER": "通告者", "HUB": "架け橋(自動)", "AUDIT": "監査"}
    links = [("/", "台帳")] + ([] if exception_page is None else [("/exceptions", "例外")])
    render_page = partial(page, base=base, mode=mode, custody=custody, person=None, links=links, names=names)
    app = Application(
        title="架け橋 監査",
        limits=LIMITS,
        error_response=partial(error_page, base=base, mode=mode, custody=custody),
    )
    with_static(app)
    selector = _LedgerSelector(office, verification)
    _add_ledger_page(app, selector, render_page, names, timeline=history_at is not None)
    _add_exports(app, selector, names, hub)
    if history_at is not None and exception_page is not None:
        _add_timeline(app, render_page, history_at)
        _add_exceptions(app, render_page, office, exception_page, index_rebuilds, dry_runs or tuple)
    return app


class _LedgerSelector:
    """The ledger, filtered by what the auditor selects, and how far the record behind it was verified."""

    def __init__(self, office: LedgerSource, verification: Callable[[], dict[str, Any]] | None) -> None:
        self._office = office
        self._run_verification = verification

    def now(self) -> datetime:
        return self._office.now()

    def verification(self) -> dict[str, Any] | None:
        """The last verification as JSON; None where there was none."""
        return None if self._run_verification is None else self._run_verification()

    def status_of(self) -> StatusOf:
        """The status of each row by the last verification."""
        return proofs(self.verification())

    def select(self, case: str, agency: str, outcome: str, as_of: str) -> dict[str, Any]:
        """The ledger as of a moment; an empty filter selects everything."""
        case_filter = _checked_uuid(case)
        selection = self._office.ledger(
            case=UUID(case_filter) if case_filter else None, as_of=_parse_local_time(as_of)
        )
        return {
            "cases": sorted({r["case"] for r in selection["disclosures"]}),
            "disclosures": [
                d
                for d in selection["disclosures"]
                if _matches_filter(d, case_filter, outcome) and agency in ("", d["by"], d["to"])
            ],
            "openings": [
                o
                for o in selection["openings"]
                if _matches_filter(o, case_filter, outcome) and agency in ("", o["agency"])
            ],
            "consents": [
                c
                for c in selection["consents"]
                if case_filter in ("", c["case"]) and agency in ("", c["by"], c["sender"], c["recipient"])
            ],
            "notifications": [n for n in selection["notifications"] if case_filter in ("", n["case"])],
            "mandate": selection["mandate"]
            | {"expired": _is_over(selection["mandate"]["until"], self.now())},
        }


def _add_ledger_page(
    app: FastAPI,
    selector: _LedgerSelector,
    render_page: RenderPage,
    names: Mapping[str, str],
    *,
    timeline: bool,
) -> None:
    @app.get("/", response_class=HTMLResponse)
    def ledger(case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> HTMLResponse:
        selection, status_of = selector.select(case, agency, outcome, as_of), selector.status_of()
        opened = Counter((o["item"], o["agency"]) for o in selection["openings"] if o["outcome"] == "OPENED")
        filters = {"case": case, "agency": agency, "outcome": outcome, "as_of": as_of}
        selection["disclosures"] = [
            {**d, "opened": opened[(d["item"], d["to"])], "proof": status_of(d["position"])}
            for d in selection["disclosures"]
        ]
        selection["openings"] = [{**o, "proof": status_of(o["position"])} for o in selection["openings"]]
        counts = {name: len(selection[name]) for name in LEDGER_PARTS}
        selection |= {name: selection[name][-PAGE:] for name in LEDGER_PARTS}  # exported files have all rows
        return render_page(
            "audit.html",
            title="監査: 提供の台帳",
            current_path="/",
            verification=selector.verification(),
            agencies=sorted(names.items(), key=lambda n: n[1]),
            outcomes=OUTCOMES,
            chosen=filters,
            query=urlencode({k: v for k, v in filters.items() if v}),
            proofs=STATUS_LABELS,
            timeline=timeline,
            counts=counts,
            **selection,
        )


def _add_exports(app: FastAPI, selector: _LedgerSelector, names: Mapping[str, str], hub: str) -> None:
    @app.get("/export/{form}")
    def export(form: str, case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> Response:
        """The selected rows as a file."""
        selection = selector.select(case, agency, outcome, as_of)
        match form:
            case "ledger.csv" | "openings.csv":
                table = disclosures if form == "ledger.csv" else openings
                body, media = as_csv(table(selection, names, selector.status_of())), "text/csv; charset=utf-8"
            case "review.pdf" | "inquiry.pdf":
                kind, at = form.removesuffix(".pdf"), _parse_local_time(as_of) or selector.now()
                body, media = as_pdf(kind, selection, names, selector.status_of(), at=at), "application/pdf"
            case "balp.ndjson":
                events = audit_events(selection, hub=hub, names=names)
                lines = (json.dumps(e, ensure_ascii=False) + "\n" for e in events)
                body, media = "".join(lines).encode(), "application/fhir+ndjson"
            case _:
                raise NotFound("not-found")
        return Response(
            body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{form}"'}
        )


def _add_timeline(app: FastAPI, render_page: RenderPage, history_at: HistoryAt) -> None:
    @app.get("/timeline", response_class=HTMLResponse)
    def timeline(case: str, n: int = 1_000_000) -> HTMLResponse:
        case_id = UUID(_checked_uuid(case) or str(UUID(int=0)))
        timeline_rows = moments(history_at(case_id, None))
        if not timeline_rows:
            raise NotFound("not-found")
        n = min(max(n, 1), len(timeline_rows))
        at = timeline_rows[n - 1]["at"]
        return render_page(
            "audit_timeline.html",
            title=f"監査: 事例 {str(case_id)[:8]} の経過",
            current_path="/timeline",
            case=str(case_id),
            n=n,
            moments=timeline_rows,
            now=timeline_rows[n - 1],
            openable=openable_sections(history_at(case_id, at), at),
        )


def _add_exceptions(
    app: FastAPI,
    render_page: RenderPage,
    office: LedgerSource,
    exception_page: ExceptionPage,
    index_rebuilds: IndexRebuilds,
    dry_runs: Callable[[], Sequence[DryRunsOfDay]],
) -> None:
    @app.get("/exceptions", response_class=HTMLResponse)
    def exceptional(case: str = "", as_of: str = "", before: str = "") -> HTMLResponse:
        at, case_filter = _parse_local_time(as_of) or office.now(), _checked_uuid(case)
        of_case = UUID(case_filter) if case_filter else None
        selection, next_cursor = exception_page(at, of_case, before, PAGE)
        rows = [{**dump(row), "text": exception_text(row.kind)} for row in selection]
        more = {"case": case_filter, "as_of": at.isoformat(), "before": next_cursor}
        return render_page(
            "audit_exceptions.html",
            title="監査: 例外",
            current_path="/exceptions",
            rows=rows,
            rebuilds=[] if before else [dump(one) for one in index_rebuilds(at, of_case)],
            dry_runs=[] if case_filter or before else dry_runs(),
            more=urlencode(more) if next_cursor else "",
        )


def _matches_filter(row: Mapping[str, Any], case: str, outcome: str) -> bool:
    return case in ("", row["case"]) and outcome in ("", row["outcome"])


def _is_over(until: str | None, now: datetime) -> bool:
    return until is not None and until <= dump(now)


def _checked_uuid(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError as error:
        raise Malformed("case-form") from error


def _parse_local_time(text: str) -> datetime | None:
    """The time of a form field: in Japan unless it names its offset."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if not YEARS[0] <= at.year <= YEARS[1]:
            raise ValueError("a year at the edge of the calendar")
        return (at.replace(tzinfo=JST) if at.tzinfo is None else at).astimezone(UTC)
    except ValueError as error:
        raise Malformed("time-form", "Write the time as YYYY-MM-DDTHH:MM.") from error
