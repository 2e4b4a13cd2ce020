"""What this door sent, what became of it, and whether the log proves it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from gateway.agency.inclusion import LogProver
from gateway.agency.store import FAILED, OutboxEntry
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext
from gateway.pages.texts import failure_text

MAX_ROWS = 200


def add_outbox_page(people: APIRouter, pages: PageContext) -> None:
    """The last ``MAX_ROWS`` commands, the newest first."""
    door = pages.door

    @people.get("/outbox", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def outbox(person: SignedIn) -> Response:
        proven, log_status = door.store.proven(), LogProver(door).log_status()
        newest = list(reversed(door.store.outgoing()))[:MAX_ROWS]
        return pages.render_page(
            "outbox.html",
            "送信箱",
            person,
            current_path="/outbox",
            sent=[_outbox_row(entry, proven) for entry in newest],
            log_status=log_status,
        )


def _outbox_row(entry: OutboxEntry, proven: set[UUID]) -> dict[str, Any]:
    answer = entry.answer or {}
    return {
        "proven": entry.command_id in proven,
        "at": entry.at,
        "act": entry.act,
        "command_id": str(entry.command_id),
        "state": entry.state,
        "outcome": answer.get("outcome"),
        "reason": answer.get("reason"),
        "failure": failure_text(answer.get("error_code")) if entry.state == FAILED else "",
    }
