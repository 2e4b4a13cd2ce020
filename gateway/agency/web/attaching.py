"""Attaching files to what is being written on a page: the file goes to the door, and what was written stays on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from domain.errors import ExchangeError, Unavailable
from gateway.agency.attachment_store import REFUSED
from gateway.agency.attachments import AttachedPart, Attachment
from gateway.agency.page_drafts import FORM_MAX_FIELDS
from gateway.agency.staff import Person
from gateway.agency.web.messages import AttachmentIn
from gateway.agency.web.page_context import PageContext
from gateway.pages.labels import ATTACHMENT_CHANGES
from gateway.protocol.problems import text_ja_of, text_ja_of_code

ATTACHMENT_HEADER = "Kakehashi-Attachment"
Values = dict[str, list[str]]


@dataclass(frozen=True)
class AttachmentRow:
    """One attachment as a page shows it, with what was entered about it."""

    id: str
    name: str
    size: str
    state: str
    problem: str
    changes: list[str]
    is_ticked: bool
    section: str
    title: str
    day: str


def composing_of(values: Mapping[str, Sequence[str]]) -> str:
    """Which message is being written, as its page says; a new one where it says nothing."""
    try:
        return str(UUID(next(iter(values.get("composing", ())), "")))
    except ValueError:
        return str(uuid4())


@dataclass(frozen=True)
class Entered:
    """What was entered on a page whose button attaches a file. ``attachment``: the number of that file, empty for none;
    ``problem``: why there is none."""

    values: Values
    attachment: str = ""
    problem: str = ""

    def note(self, response: Response) -> Response:
        """The page, with the number of the file for the script that has sent it."""
        if self.attachment:
            response.headers[ATTACHMENT_HEADER] = self.attachment
        return response


async def receive_entered(request: Request, pages: PageContext, person: Person) -> Entered:
    """What was entered, after the file in it was received or one was discarded."""
    async with request.form(max_files=1, max_fields=FORM_MAX_FIELDS) as entered:
        values = {name: [str(v) for v in entered.getlist(name) if isinstance(v, str)] for name in entered}
        uploaded = entered.get("file")
        data, name = b"", ""
        if isinstance(uploaded, UploadFile):
            data, name = await uploaded.read(), uploaded.filename or ""
    composing = composing_of(values)
    values["composing"] = [composing]
    for text in values.get("discard", ()):
        await run_in_threadpool(_discard, pages, person, text)
    if not data:
        return Entered(values)
    id = uuid4()
    try:
        await run_in_threadpool(pages.attachments.receive, person.actor, id, data, name, composing=composing)
    except Unavailable:  # it is stored, and the page says that it waits
        pass
    except ExchangeError as error:
        return Entered(values, problem=text_ja_of(error))
    values.setdefault("attach", []).append(str(id))
    return Entered(values, attachment=str(id))


def _discard(pages: PageContext, person: Person, text: str) -> None:
    try:
        pages.attachments.discard(person.actor, UUID(text))
    except (ValueError, ExchangeError):
        return


def attachment_rows(
    pages: PageContext, person: Person, values: Mapping[str, Sequence[str]], sections: Sequence[str]
) -> list[AttachmentRow]:
    """The attachments of the message that is being written."""
    listed = pages.attachments.listed(person.actor, composing_of(values))
    return [_row_of(one, values, sections) for one in listed]


def _row_of(one: Attachment, values: Mapping[str, Sequence[str]], sections: Sequence[str]) -> AttachmentRow:
    id = str(one.id)
    return AttachmentRow(
        id=id,
        name=one.file_name,
        size=_size_text(one.size),
        state=one.state,
        problem=text_ja_of_code(one.error_code) if one.state == REFUSED and one.error_code else "",
        changes=[ATTACHMENT_CHANGES[change] for change in one.changes],
        is_ticked=id in values.get("attach", ()),
        section=next(iter(values.get(f"attach_section.{id}", ())), sections[0] if len(sections) == 1 else ""),
        title=next(iter(values.get(f"attach_title.{id}", ())), ""),
        day=next(iter(values.get(f"attach_day.{id}", ())), ""),
    )


def attachments_in(attached: Sequence[AttachedPart]) -> list[AttachmentIn]:
    """What was entered, as a message takes it."""
    return [
        AttachmentIn(attachment=a.attachment, section=a.section, title=a.title, day=a.day) for a in attached
    ]


def _size_text(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{max(1, size // 1000)} KB"


def attaching_values(
    pages: PageContext,
    person: Person,
    values: Mapping[str, Sequence[str]],
    sections: Sequence[str],
    *,
    action: str,
    problem: str = "",
) -> dict[str, Any]:
    """What the template needs to show the attachments of a message. ``action``: where files are sent to."""
    return {
        "composing": composing_of(values),
        "attachments": attachment_rows(pages, person, values, sections),
        "attachment_sections": sections,
        "attach_action": action,
        "attach_problem": problem,
    }
