"""The administrator's pages on how things are: keys, register, health. They change nothing."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain import error_codes
from domain.errors import ExchangeError
from gateway.agency.inclusion import LogProver
from gateway.agency.web.form_context import form_context_of, programme_subjects
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.health import health_report
from gateway.agency.web.page_context import PageContext
from gateway.pages.labels import CUSTODIES
from keys.keyset import KeySet


def add_state_pages(people: APIRouter, pages: PageContext) -> None:
    """``/administration/keys``, ``/administration/register``, ``/administration/health``."""
    door = pages.door

    @people.get("/administration/keys", response_class=HTMLResponse, include_in_schema=False)
    def keys(person: SignedIn) -> Response:
        own = next((k for k in door.directory() if k.agency == door.agency), None)
        return pages.render_page(
            "administration_keys.html",
            "機関の鍵",
            person,
            current_path="/administration",
            key_set=None if own is None else _key_set_row(own),
            problem=_words(door.key_problem),
            hub=door.hub.hex(),
        )

    @people.get("/administration/register", response_class=HTMLResponse, include_in_schema=False)
    def register(person: SignedIn) -> Response:
        context = form_context_of(pages, person)
        subjects = programme_subjects(pages, person, context)
        return pages.render_page(
            "administration_register.html",
            "機関・構成員・委託",
            person,
            current_path="/administration",
            agencies=[_key_set_row(k) for k in door.directory()],
            networks=subjects.networks,
            commissions=subjects.commissions,
            names=pages.names(),
            agency=context.agency,
        )

    @people.get("/administration/health", response_class=HTMLResponse, include_in_schema=False)
    def health(person: SignedIn) -> Response:
        return pages.render_page(
            "administration_health.html",
            "稼働の状態",
            person,
            current_path="/administration",
            door_state=_findings(health_report(door)),
            hub_state=_hub_state(pages),
            log_status=LogProver(door).log_status(),
            clock=_clock(pages),
        )


def _key_set_row(key_set: KeySet) -> dict[str, Any]:
    return {
        "code": key_set.code,
        "name": key_set.name,
        "roles": key_set.roles,
        "custody": CUSTODIES[key_set.custody],
        "digest": key_set.digest.hex(),
        "kid": key_set.kem.kid.hex(),
    }


def _findings(report: dict[str, Any]) -> dict[str, Any]:
    """A health report in words."""
    return {
        "ready": report.get("ready") is True,
        "problems": [_finding(f) for f in report.get("problems", ())],
        "alarms": [_finding(f) for f in report.get("alarms", ())],
    }


def _finding(finding: dict[str, Any]) -> str:
    where = f"({finding['where']})" if finding.get("where") else ""
    return f"{_words(finding['code'])}{where}"


def _words(code: str | None) -> str:
    """What a health code means and what to do; the code where it is another version's."""
    row = None if code is None else error_codes.find(code)
    return row.text_ja if row is not None else code or ""


def _hub_state(pages: PageContext) -> dict[str, Any] | None:
    """What the hub reports of itself; None while it is away."""
    try:
        report = pages.door.client.health()
    except ExchangeError:
        return None
    numbers = {name: report.get(name) for name in ("read_models", "read_models_behind", "parked", "bus")}
    return _findings(report) | numbers


def _clock(pages: PageContext) -> str | None:
    """The hub's time; None while it is away."""
    try:
        return pages.door.client.now()
    except ExchangeError:
        return None
