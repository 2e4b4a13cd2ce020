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

from domain.calendar import JST
from domain.errors import ExchangeError, Malformed, NotThere
from domain.events import dump
from domain.exceptional import Exceptional
from gateway.audit.balp import audit_events
from gateway.audit.history import History
from gateway.audit.proofs import Proof, proofs
from gateway.audit.reports import PROOFS, as_csv, as_pdf, disclosures, openings
from gateway.audit.timeline import moments, views
from gateway.cli.audit import kind_text
from gateway.pages.render import page, with_static
from gateway.protocol.problems import MEDIA_TYPE, problem


class Ledgers(Protocol):
    """Who tells the ledger: the audit office, by asking the hub; or an opened folder."""

    def now(self) -> datetime: ...

    def ledger(self, case: UUID | None = None, as_of: datetime | None = None) -> dict[str, Any]: ...


Past = Callable[[UUID, datetime | None], History]
Odd = Callable[[datetime, UUID | None, str, int], tuple[list[Exceptional], str]]
"""What to look at as of a moment, of a case or all, latest first: so many of those before a mark; and the next mark."""
PAGE = 500
SHOWN = ("disclosures", "openings", "consents", "notifications", "cases")
OUTCOMES = ("DISCLOSED", "STANDING", "HELD", "RELEASED", "REFUSED", "OPENED")


def audit_app(
    office: Ledgers,
    *,
    names: Mapping[str, str],
    mode: str,
    base: str = "",
    verification: Callable[[], dict[str, Any]] | None = None,
    past: Past | None = None,
    odd: Odd | None = None,
    hub: str = "",
) -> FastAPI:
    """The application of the audit office. ``names``: agency id -> name; ``hub``: its identifier, hex.

    ``past``: a case as it stood at a moment, where the record is at hand, and ``odd``: what to look at then, of a case
    or of all; without them there is no timeline and are no exceptions.
    """
    names = {**names, "NOTIFIER": "通告者", "HUB": "架け橋(自動)", "AUDIT": "監査"}
    links = [("/", "台帳")] + ([] if odd is None else [("/exceptions", "例外")])
    shown = partial(page, base=base, mode=mode, person=None, links=links, names=names)
    app = with_static(FastAPI(title="架け橋 監査", docs_url=None, redoc_url=None, openapi_url=None))

    @app.exception_handler(ExchangeError)
    async def on_error(_: Request, error: ExchangeError) -> JSONResponse:
        status, body = problem(error)
        return JSONResponse(body, status, media_type=MEDIA_TYPE)

    def proof() -> Proof:
        return proofs(None if verification is None else verification())

    def chosen(case: str, agency: str, outcome: str, as_of: str) -> dict[str, Any]:
        """The ledger as of then, of what was chosen."""
        wanted = _uuid(case)
        found = office.ledger(case=UUID(wanted) if wanted else None, as_of=_moment(as_of))
        return {
            "cases": sorted({r["case"] for r in found["disclosures"]}),
            "disclosures": [
                d
                for d in found["disclosures"]
                if _fits(d, wanted, outcome) and agency in ("", d["by"], d["to"])
            ],
            "openings": [
                o for o in found["openings"] if _fits(o, wanted, outcome) and agency in ("", o["agency"])
            ],
            "consents": [
                c
                for c in found["consents"]
                if wanted in ("", c["case"]) and agency in ("", c["by"], c["sender"], c["recipient"])
            ],
            "notifications": [n for n in found["notifications"] if wanted in ("", n["case"])],
            "mandate": found["mandate"] | {"over": _over(found["mandate"]["until"], office.now())},
        }

    @app.get("/", response_class=HTMLResponse)
    def ledger(case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> HTMLResponse:
        found, proved = chosen(case, agency, outcome, as_of), proof()
        opened = Counter((o["item"], o["agency"]) for o in found["openings"] if o["outcome"] == "OPENED")
        choice = {"case": case, "agency": agency, "outcome": outcome, "as_of": as_of}
        found["disclosures"] = [
            {**d, "opened": opened[(d["item"], d["to"])], "proof": proved(d["position"])}
            for d in found["disclosures"]
        ]
        found["openings"] = [{**o, "proof": proved(o["position"])} for o in found["openings"]]
        counts = {name: len(found[name]) for name in SHOWN}
        found |= {name: found[name][-PAGE:] for name in SHOWN}  # the last; a file has them all
        return shown(
            "audit.html",
            title="監査: 提供の台帳",
            here="/",
            verification=None if verification is None else verification(),
            agencies=sorted(names.items(), key=lambda n: n[1]),
            outcomes=OUTCOMES,
            chosen=choice,
            query=urlencode({k: v for k, v in choice.items() if v}),
            proofs=PROOFS,
            timeline=past is not None,
            counts=counts,
            **found,
        )

    @app.get("/export/{form}")
    def export(form: str, case: str = "", agency: str = "", outcome: str = "", as_of: str = "") -> Response:
        """What is chosen, as a file."""
        found = chosen(case, agency, outcome, as_of)
        match form:
            case "ledger.csv":
                body, media = as_csv(disclosures(found, names, proof())), "text/csv; charset=utf-8"
            case "openings.csv":
                body, media = as_csv(openings(found, names, proof())), "text/csv; charset=utf-8"
            case "review.pdf" | "inquiry.pdf":
                kind, at = form.removesuffix(".pdf"), _moment(as_of) or office.now()
                body, media = as_pdf(kind, found, names, proof(), at=at), "application/pdf"
            case "balp.ndjson":
                events = audit_events(found, hub=hub, names=names)
                lines = (json.dumps(e, ensure_ascii=False) + "\n" for e in events)
                body, media = "".join(lines).encode(), "application/fhir+ndjson"
            case _:
                raise NotThere("not-there", "choose a file of the page")
        return Response(
            body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{form}"'}
        )

    if past is None or odd is None:
        return app

    @app.get("/timeline", response_class=HTMLResponse)
    def timeline(case: str, n: int = 1_000_000) -> HTMLResponse:
        wanted = UUID(_uuid(case) or str(UUID(int=0)))
        told = moments(past(wanted, None))
        if not told:
            raise NotThere("not-there", "choose a case of the list")
        n = min(max(n, 1), len(told))
        at = told[n - 1]["at"]
        return shown(
            "audit_timeline.html",
            title=f"監査: 事例 {str(wanted)[:8]} の経過",
            here="/timeline",
            case=str(wanted),
            n=n,
            moments=told,
            now=told[n - 1],
            views=views(past(wanted, at), at),
        )

    @app.get("/exceptions", response_class=HTMLResponse)
    def exceptional(case: str = "", as_of: str = "", before: str = "") -> HTMLResponse:
        at, wanted = _moment(as_of) or office.now(), _uuid(case)
        found, mark = odd(at, UUID(wanted) if wanted else None, before, PAGE)
        rows = [{**dump(row), "text": kind_text(row.kind)} for row in found]
        more = {"case": wanted, "as_of": at.isoformat(), "before": mark}
        return shown(
            "audit_exceptions.html",
            title="監査: 例外",
            here="/exceptions",
            rows=rows,
            more=urlencode(more) if mark else "",
        )

    return app


def _fits(row: Mapping[str, Any], case: str, outcome: str) -> bool:
    return case in ("", row["case"]) and outcome in ("", row["outcome"])


def _over(until: str | None, now: datetime) -> bool:
    return until is not None and until <= dump(now)


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
