"""Attachments of messages that are being written: kept sealed for this agency alone until a message takes them along.

A file passes through states that a person and a system can see: received (sealed on disk as it came), checked in a
reading process (or refused, and erased), taken along by a command, sent. Each step is on disk before the next begins, so
that a door that was stopped goes on where it was. Nothing of a file is ever on disk in clear.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from adapters.attachments import MAX_ATTACHMENT_BYTES, Change, CheckedAttachment, MediaType, safe_name
from adapters.content_json import write_content
from domain.codes import Section
from domain.content.document import Document
from domain.content.values import PartialDate
from domain.errors import Malformed, NotFound, Refused, Unavailable
from domain.events import dump
from gateway.agency.attachment_store import (
    CHECKED,
    RECEIVED,
    REFUSED,
    SENT,
    AttachmentRow,
    AttachmentRows,
    kept_name,
)
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.door import Door
from gateway.agency.drafts import SectionContent
from gateway.agency.parsing import AttachmentPool
from keys.lp import sha256

KEPT_UNSENT = timedelta(days=1)
"""What no message has taken along by then is erased."""
MAX_KEPT = 20
"""Of one person or system, of those that are neither sent nor refused."""
MAX_IN_MESSAGE = 10
MAX_BYTES_IN_MESSAGE = 2 * MAX_ATTACHMENT_BYTES
"""All are sealed in memory at once."""


@dataclass(frozen=True)
class Attachment:
    """One attachment of somebody's at this door. ``state``: RECEIVED, CHECKED, REFUSED or SENT; ``error_code``: why it was
    refused; ``command_id``: the command that takes it along. Without a name once it is sent."""

    id: UUID
    state: str
    error_code: str | None
    composing: str
    command_id: UUID | None
    file_name: str = field(repr=False, default="")
    media_type: MediaType | None = None
    size: int = 0
    digest: bytes = field(repr=False, default=b"")
    changes: tuple[Change, ...] = ()
    pages: int = 0
    words: str = field(repr=False, default="")


@dataclass(frozen=True)
class AttachedPart:
    """An attachment as a message names it. ``day``: of the document, as an ISO date, a month or a year; empty for none."""

    attachment: UUID
    section: Section
    title: str = field(repr=False, default="")
    day: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far an attachment is. ``step``: RECEIVED, CHECKED, SEALED (for its recipients), SENDING, RECORDED, or REFUSED;
    ``uploaded`` of ``items``: how many large items of its command the hub has."""

    step: str
    uploaded: int = 0
    items: int = 0


class Attachments:
    """The attachments of one door. Thread-safe."""

    def __init__(self, door: Door, pool: AttachmentPool) -> None:
        self._door, self.pool = door, pool

    @property
    def _rows(self) -> AttachmentRows:
        return self._door.store.attachments

    def receive(
        self, actor: str, id: UUID, data: bytes, file_name: str, *, composing: str = ""
    ) -> Attachment:
        """Store a file and look at it. ``id``: chosen by who sends it, so that the same again is one attachment.

        Raises Malformed (empty, too large), Refused (too many wait), Unavailable (it is stored; ask for it later).
        """
        if not data:
            raise Malformed("attachment-broken")
        if len(data) > MAX_ATTACHMENT_BYTES:
            raise Malformed("attachment-too-large")
        self.expire()
        known = self._rows.row(id)
        if known is not None:
            return self.find(actor, id)
        if sum(row.state not in (SENT, REFUSED) for row in self._rows.rows(actor)) >= MAX_KEPT:
            raise Refused("attachments-waiting")
        head = self._seal(id, "head", _head(file_name, None))
        row = AttachmentRow(id, actor, composing, dump(self._door.now()), RECEIVED, None, head, None)
        self._rows.receive(row, self._seal(id, "data", data))
        return self._look_at(row)

    def find(self, actor: str, id: UUID) -> Attachment:
        """One attachment of this person or system; looked at now if that was not done yet. Raises NotFound."""
        row = self._rows.row(id)
        if row is None or row.actor != actor:
            raise NotFound("not-found")
        return self._look_at(row)

    def refused(self, actor: str) -> frozenset[str]:
        """The ids of those of this person or system that may not be sent."""
        return frozenset(str(row.id) for row in self._rows.rows(actor) if row.state == REFUSED)

    def listed(self, actor: str, composing: str) -> list[Attachment]:
        """What was attached to this message so far and was not sent yet, oldest first."""
        rows = [r for r in self._rows.rows(actor) if r.composing == composing and r.command_id is None]
        return [self._as_known(row) for row in rows]

    def progress(self, attachment: Attachment) -> Progress:
        """How far this attachment is."""
        if attachment.state == SENT:
            return Progress("RECORDED")
        command = None if attachment.command_id is None else self._door.store.sent(attachment.command_id)
        if attachment.state != CHECKED or command is None:
            return Progress(attachment.state)
        items = self._rows.outgoing_items(command.command_id)
        uploaded = sum(item.is_uploaded for item in items)
        if not items:
            return Progress("CHECKED")
        return Progress("SENDING" if uploaded else "SEALED", uploaded, len(items))

    def discard(self, actor: str, id: UUID) -> None:
        """Erase one that no command takes along. Raises NotFound."""
        self.find(actor, id)
        self._rows.delete(id)

    def expire(self) -> int:
        """Erase what nobody sent for ``KEPT_UNSENT``. Returns how many."""
        return self._rows.delete_before(dump(self._door.now() - KEPT_UNSENT))

    def parts(self, actor: str, attached: Sequence[AttachedPart]) -> list[SectionContent]:
        """Two sections for each: what it is (``document/v1``), and right after it its bytes (``bytes/v1``).

        Raises Malformed: not kept here (any more), not checked, too many at once.
        """
        files = [self._sendable(actor, one.attachment) for one in attached]
        if len(files) > MAX_IN_MESSAGE or sum(file.size for file in files) > MAX_BYTES_IN_MESSAGE:
            raise Malformed("attachments-too-many")
        return [part for one, file in zip(attached, files, strict=True) for part in self._parts_of(one, file)]

    def _sendable(self, actor: str, id: UUID) -> Attachment:
        row = self._rows.row(id)
        file = None if row is None or row.actor != actor else self._look_at(row)
        if file is None or file.state != CHECKED:
            raise Malformed("attachment-not-kept")
        return file

    def _parts_of(self, one: AttachedPart, file: Attachment) -> list[SectionContent]:
        assert file.media_type is not None
        document = Document(
            title=one.title or None,
            file_name=file.file_name,
            media_type=file.media_type.value,
            size=file.size,
            digest=file.digest.hex(),
            dated_on=PartialDate(value=one.day, written="") if one.day else None,
            made_by=None,
            children=None,
            description=None,
        )
        section = one.section.value
        return [
            SectionContent(section, write_content(document), one.flags, DOCUMENT_SCHEMA),
            SectionContent(
                section,
                self._door.attached(file.id)[0],
                one.flags,
                BYTES_SCHEMA,
                attachment=file.id,
                words=file.words,
            ),
        ]

    # --- one file ----------------------------------------------------------------------------------------------

    def _as_known(self, row: AttachmentRow) -> Attachment:
        """The same as ``_look_at``, or as it was received where the reading process has no place for it now."""
        try:
            return self._look_at(row)
        except Unavailable:
            return self._attachment_of(row)

    def _look_at(self, row: AttachmentRow) -> Attachment:
        """The attachment, after the look at it that was still to come. Raises Unavailable."""
        if row.state == RECEIVED:
            data = self._rows.data(row.id)
            if data is not None:
                self._check(row, self._open(row.id, "data", data))
            row = self._rows.row(row.id) or row
        return self._attachment_of(row)

    def _attachment_of(self, row: AttachmentRow) -> Attachment:
        if row.head is None:
            return Attachment(row.id, row.state, row.error_code, row.composing, row.command_id)
        head = json.loads(self._open(row.id, "head", row.head))
        return Attachment(
            id=row.id,
            state=row.state,
            error_code=row.error_code,
            composing=row.composing,
            command_id=row.command_id,
            file_name=head["file_name"],
            media_type=None if head["media_type"] is None else MediaType(head["media_type"]),
            size=head["size"],
            digest=bytes.fromhex(head["digest"]),
            changes=tuple(map(Change, head["changes"])),
            pages=head["pages"],
            words=head["words"],
        )

    def _check(self, row: AttachmentRow, data: bytes) -> None:
        assert row.head is not None
        file_name = json.loads(self._open(row.id, "head", row.head))["file_name"]
        try:
            checked = self.pool.check(data)
        except Malformed as error:
            self._rows.refuse(row.id, error.error_code)
            return
        head = self._seal(row.id, "head", _head(file_name, checked))
        self._rows.check(row.id, head, self._seal(row.id, "data", checked.data))

    def _seal(self, id: UUID, what: str, content: bytes) -> bytes:
        return self._door.seal_for_itself(kept_name(id, what), content)

    def _open(self, id: UUID, what: str, sealed: bytes) -> bytes:
        return self._door.open_own(kept_name(id, what), sealed)


def _head(file_name: str, checked: CheckedAttachment | None) -> bytes:
    """What there is to know about an attachment, as JSON."""
    known: dict[str, Any] = {
        "file_name": file_name[:1000],
        "media_type": None,
        "size": 0,
        "digest": "",
        "changes": [],
        "pages": 0,
        "words": "",
    }
    if checked is not None:
        name = safe_name(file_name, checked.media_type)
        is_same_name = name == file_name
        changes = [*checked.changes, *(() if is_same_name else (Change.NAME_CHANGED,))]
        known |= {
            "file_name": name,
            "media_type": checked.media_type.value,
            "size": len(checked.data),
            "digest": sha256(checked.data).hex(),
            "changes": [change.value for change in changes],
            "pages": checked.pages,
            "words": checked.words,
        }
    return json.dumps(known).encode()
