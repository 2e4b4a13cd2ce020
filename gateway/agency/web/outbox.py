"""What this door sent, what became of it, and whether the log proves it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.events import EVENTS, CaseMessage, Kind
from gateway.agency.door import Door
from gateway.agency.inclusion import LogProver
from gateway.agency.staff import Person
from gateway.agency.store import FAILED, WAITING, OutboxEntry
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext
from gateway.pages.texts import failure_text

MAX_ROWS = 200


def add_outbox_page(people: APIRouter, pages: PageContext) -> None:
    """The last ``MAX_ROWS`` commands, the newest first."""
    door = pages.door

    @people.get("/outbox", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def outbox(person: SignedIn, sent: UUID | None = None) -> Response:
        log_status = LogProver(door).log_status()
        is_shown = shown_entries(pages, person)
        newest = [o for o in reversed(door.store.outgoing()) if is_shown(o)][:MAX_ROWS]
        proven = door.store.proven()
        rows = [outbox_row(door, entry, proven) for entry in newest]
        return pages.render_page(
            "outbox.html",
            "送信箱",
            person,
            current_path="/outbox",
            sent=rows,
            just_sent=next((row for row in rows if row["command_id"] == str(sent)), None),
            log_status=log_status,
        )


def shown_entries(pages: PageContext, person: Person) -> Callable[[OutboxEntry], bool]:
    """Which commands the outbox shows this person: those about a case that it may be shown, and those about none."""
    is_shown_case = pages.permissions.shown_cases(person)
    return lambda entry: not _is_about_case(entry.act) or is_shown_case(str(entry.about))


def _is_about_case(act: str) -> bool:
    event = EVENTS.get(act)
    return event is None or issubclass(event, CaseMessage) or event.ON in (Kind.CASE, Kind.CASE_ACCESS)


def outbox_row(door: Door, entry: OutboxEntry, proven: set[UUID] | None = None) -> dict[str, Any]:
    """What became of a command. ``items``, ``uploaded``: how many of its large items the hub has; ``attachments``: how many
    files wait to be sealed for their recipients."""
    answer = entry.answer or {}
    items = door.store.attachments.outgoing_items(entry.command_id) if entry.state == WAITING else []
    return {
        "proven": entry.command_id in (door.store.proven() if proven is None else proven),
        "at": entry.at,
        "act": entry.act,
        "about": str(entry.about),
        "command_id": str(entry.command_id),
        "state": entry.state,
        "outcome": answer.get("outcome"),
        "reason": answer.get("reason"),
        "failure": failure_text(answer.get("error_code")) if entry.state == FAILED else "",
        "items": len(items),
        "uploaded": sum(item.is_uploaded for item in items),
        "attachments": door.store.attachments.claimed(entry.command_id) if entry.state == WAITING else 0,
    }
