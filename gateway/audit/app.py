"""The auditor's pages: the ledger as of any moment, a case's timeline, exceptions, exports. Never content."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from domain.audit_exceptions import ExceptionRow
from domain.calendar import JST
from domain.errors import ExchangeError, Malformed, NotFound
from domain.events import dump
from gateway.audit.balp import audit_events
from gateway.audit.exception_texts import exception_text
from gateway.audit.history import History
from gateway.audit.proofs import StatusOf, proofs
from gateway.audit.reports import STATUS_LABELS, as_csv, as_pdf, disclosures, openings
from gateway.audit.timeline import moments, openable_sections
from gateway.pages.render import page, with_static
from gateway.protocol.problems import MEDIA_TYPE, problem


class LedgerSource(Protocol):
    """Who tells the ledger: the audit office, by asking the hub; or an opened folder."""

    def now(self) -> datetime: ...

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]: ...


HistoryAt = Callable[[UUID, datetime | None], History]
ExceptionPage = Callable[[datetime, UUID | None, str, int], tuple[list[ExceptionRow], str]]
"""What to look at as of a moment, of a case or all, latest first: so many of those before a mark; and the next mark."""
PAGE = 500
LEDGER_PARTS = ("disclosures", "openings", "consents", "notifications", "cases")
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
    hub: str = "",
) -> FastAPI:
    """The application of the audit office. ``names``: agency id -> name; ``hub``: its identifier, hex.

    ``history_at``: a case as it stood at a moment, where the record is at hand, and ``exception_page``: what to look at then, of a case
    or of all; without them there is no timeline and are no exceptions.
    """
    names = {**names, "NOTIFIER": "通告者", "HUB": "架け橋(自動)", "AUDIT": "監査"}
    links = [("/", "台帳")] + ([] if exception_page is None else [("/exceptions", "例外")])
    render_page = partial(page, base=base, mode=mode, person=None, links=links, names=names)
    app = with_static(FastAPI(title="架け橋 監査", docs_url=None, redoc_url=None, openapi_url=None))

    @app.exception_handler(ExchangeError)
    async def on_error(_: Request, error: ExchangeError) -> JSONResponse:
        status, body = problem(error)
        return JSONResponse(body, status, media_type=MEDIA_TYPE)

    def proof() -> StatusOf:
        return proofs(None if verification is None else verification())

    def chosen(case: str, agency: str, outcome: str, as_of: str) -> dict[str, Any]:
        """The ledger as of then, of what was chosen."""
        case_filter = _checked_uuid(case)
        selection = office.ledger(
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
            "mandate": selection["mandate"] | {"over": _is_over(selection["mandate"]["until"], office.now())},
        }

    @app.get("/", response_class=HTMLResponse)
    def ledger(case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> HTMLResponse:
        selection, status_of = chosen(case, agency, outcome, as_of), proof()
        opened = Counter((o["item"], o["agency"]) for o in selection["openings"] if o["outcome"] == "OPENED")
        choice = {"case": case, "agency": agency, "outcome": outcome, "as_of": as_of}
        selection["disclosures"] = [
            {**d, "opened": opened[(d["item"], d["to"])], "proof": status_of(d["position"])}
            for d in selection["disclosures"]
        ]
        selection["openings"] = [{**o, "proof": status_of(o["position"])} for o in selection["openings"]]
        counts = {name: len(selection[name]) for name in LEDGER_PARTS}
        selection |= {name: selection[name][-PAGE:] for name in LEDGER_PARTS}  # the last; a file has them all
        return render_page(
            "audit.html",
            title="監査: 提供の台帳",
            current_path="/",
            verification=None if verification is None else verification(),
            agencies=sorted(names.items(), key=lambda n: n[1]),
            outcomes=OUTCOMES,
            chosen=choice,
            query=urlencode({k: v for k, v in choice.items() if v}),
            proofs=STATUS_LABELS,
            timeline=history_at is not None,
            counts=counts,
            **selection,
        )

    @app.get("/export/{form}")
    def export(form: str, case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> Response:
        """What is chosen, as a file."""
        selection = chosen(case, agency, outcome, as_of)
        match form:
            case "ledger.csv":
                body, media = as_csv(disclosures(selection, names, proof())), "text/csv; charset=utf-8"
            case "openings.csv":
                body, media = as_csv(openings(selection, names, proof())), "text/csv; charset=utf-8"
            case "review.pdf" | "inquiry.pdf":
                kind, at = form.removesuffix(".pdf"), _parse_local_time(as_of) or office.now()
                body, media = as_pdf(kind, selection, names, proof(), at=at), "application/pdf"
            case "balp.ndjson":
                events = audit_events(selection, hub=hub, names=names)
                lines = (json.dumps(e, ensure_ascii=False) + "\n" for e in events)
                body, media = "".join(lines).encode(), "application/fhir+ndjson"
            case _:
                raise NotFound("not-found")
        return Response(
            body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{form}"'}
        )

    if history_at is None or exception_page is None:
        return app

    @app.get("/timeline", response_class=HTMLResponse)
    def timeline(case: str, n: int = 1_000_000) -> HTMLResponse:
        case_filter = UUID(_checked_uuid(case) or str(UUID(int=0)))
        timeline_rows = moments(history_at(case_filter, None))
        if not timeline_rows:
            raise NotFound("not-found")
        n = min(max(n, 1), len(timeline_rows))
        at = timeline_rows[n - 1]["at"]
        return render_page(
            "audit_timeline.html",
            title=f"監査: 事例 {str(case_filter)[:8]} の経過",
            current_path="/timeline",
            case=str(case_filter),
            n=n,
            moments=timeline_rows,
            now=timeline_rows[n - 1],
            openable=openable_sections(history_at(case_filter, at), at),
        )

    @app.get("/exceptions", response_class=HTMLResponse)
    def exceptional(case: str = "", as_of: str = "", before: str = "") -> HTMLResponse:
        at, case_filter = _parse_local_time(as_of) or office.now(), _checked_uuid(case)
        selection, next_cursor = exception_page(at, UUID(case_filter) if case_filter else None, before, PAGE)
        rows = [{**dump(row), "text": exception_text(row.kind)} for row in selection]
        more = {"case": case_filter, "as_of": at.isoformat(), "before": next_cursor}
        return render_page(
            "audit_exceptions.html",
            title="監査: 例外",
            current_path="/exceptions",
            rows=rows,
            more=urlencode(more) if next_cursor else "",
        )

    return app


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
    """A local time of the form, in Japan."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("time-form", "Write the time as YYYY-MM-DDTHH:MM.") from error
    return (at.replace(tzinfo=JST) if at.tzinfo is None else at).astimezone(UTC)
