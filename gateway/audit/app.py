"""The auditor's page: the ledger as of any moment, and the last verification. Never content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse

from domain.calendar import JST
from domain.errors import ExchangeError, Malformed
from gateway.audit.office import AuditOffice
from gateway.pages.render import page, with_static
from gateway.problems import MEDIA_TYPE, problem

OUTCOMES = ("DISCLOSED", "STANDING", "HELD", "RELEASED", "REFUSED", "OPENED")


def audit_app(
    office: AuditOffice,
    *,
    names: Mapping[str, str],
    mode: str,
    base: str = "",
    verification: Callable[[], dict[str, Any]] | None = None,
) -> FastAPI:
    """The application of the audit office. ``names``: agency id -> name."""
    app = with_static(FastAPI(title="架け橋 監査", docs_url=None, redoc_url=None, openapi_url=None))

    @app.exception_handler(ExchangeError)
    async def on_error(_: Request, error: ExchangeError) -> JSONResponse:
        status, body = problem(error)
        return JSONResponse(body, status, media_type=MEDIA_TYPE)

    @app.get("/", response_class=HTMLResponse)
    def ledger(case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> HTMLResponse:
        found = office.ledger(as_of=_moment(as_of))
        opened = Counter((o["item"], o["agency"]) for o in found["openings"] if o["outcome"] == "OPENED")
        cases = sorted({r["case"] for r in found["disclosures"]})
        wanted = _uuid(case)
        disclosures = [
            {**d, "opened": opened[(d["item"], d["to"])]}
            for d in found["disclosures"]
            if _fits(d, wanted, outcome) and agency in ("", d["by"], d["to"])
        ]
        openings = [o for o in found["openings"] if _fits(o, wanted, outcome) and agency in ("", o["agency"])]
        consents = [
            c
            for c in found["consents"]
            if wanted in ("", c["case"]) and agency in ("", c["by"], c["sender"], c["recipient"])
        ]
        return page(
            "audit.html",
            title="監査: 提供の台帳",
            base=base,
            mode=mode,
            person=None,
            verification=None if verification is None else verification(),
            names=names,
            agencies=sorted(names.items(), key=lambda n: n[1]),
            cases=cases,
            outcomes=OUTCOMES,
            chosen={"case": case, "agency": agency, "outcome": outcome, "as_of": as_of},
            disclosures=disclosures,
            openings=openings,
            consents=consents,
            notifications=[n for n in found["notifications"] if wanted in ("", n["case"])],
        )

    return app


def _fits(row: Mapping[str, Any], case: str, outcome: str) -> bool:
    return case in ("", row["case"]) and outcome in ("", row["outcome"])


def _uuid(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError as error:
        raise Malformed("case-form", "choose a case of the list") from error


def _moment(text: str) -> datetime | None:
    """A local time of the form, in Japan."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("time-form", "write the time as YYYY-MM-DDTHH:MM") from error
    return (at.replace(tzinfo=JST) if at.tzinfo is None else at).astimezone(UTC)
