"""What people are writing on the pages of a door, kept sealed for this agency alone until it is sent or thrown away.

A draft has the idempotency key of its page: whoever comes back to it sends under the same one. Only the person who wrote
it is given it. What a page sent after its session had ended by time is kept apart (``kept_posts``), until that person has
signed in again.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.errors import Conflict, ExchangeError, Malformed, NotFound, Refused, Untrusted
from domain.events import dump

if TYPE_CHECKING:
    from gateway.agency.door import Door

PAGE_DRAFT_SCHEMA = """
CREATE TABLE IF NOT EXISTS page_drafts(
    id TEXT PRIMARY KEY, actor TEXT NOT NULL, case_id TEXT NOT NULL, composing TEXT NOT NULL, at TEXT NOT NULL,
    sealed BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS page_drafts_by_actor ON page_drafts(actor, at);
CREATE TABLE IF NOT EXISTS kept_posts(
    id TEXT PRIMARY KEY, actor TEXT NOT NULL, case_id TEXT NOT NULL, composing TEXT NOT NULL, at TEXT NOT NULL,
    sealed BLOB NOT NULL);
"""
PAGE_DRAFT_TABLES = ("page_drafts", "kept_posts")
"""Those with a ``case_id``: what is erased with its case."""
VERSION = 1
MAX_DRAFT_BYTES = 256 * 1024
DRAFT_FORM_MAX_BYTES = 4 * MAX_DRAFT_BYTES
"""A draft as a form sends it: a character of three bytes takes nine in it."""
FORM_MAX_FIELDS = 1000
"""Of any form on which something is written."""
MAX_DRAFTS = 50
"""Of one person."""
DRAFT_DAYS = 30
"""Since the last change."""
KEPT_POST_DAYS = 7
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
WRITING_PATHS = re.compile(
    rf"/new|/forms/[a-z-]{{1,40}}|/cases/({_UUID})/(?:disclose|forms/[a-z-]{{1,40}})|/programme/forms/[a-z-]{{1,40}}"
)
"""The pages on which something is written that is sent, below the door."""
NOT_ENTERED = frozenset({"step", "anyway", "discard", "file", "path"})
"""What buttons and files add to what was entered."""
Write = Callable[[], AbstractContextManager[sqlite3.Connection]]
Query = Callable[..., list[Any]]
Values = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class PageDraft:
    """What somebody wrote. ``path``: of its page, below the door; ``case``: that it is about, None where it begins one."""

    id: UUID
    path: str
    case: UUID | None
    at: str
    values: dict[str, list[str]] = field(repr=False)


@dataclass(frozen=True)
class UnreadableDraft:
    """A draft that can't be opened: it was changed, or sealed by another key or version of this door."""

    id: UUID
    at: str


@dataclass(frozen=True)
class DraftRow:
    """One row of either table."""

    id: UUID
    actor: str
    case: str
    composing: str
    at: str
    sealed: bytes = field(repr=False)


class PageDraftRows:
    """The tables above. ``write`` and ``query`` are those of the door's database."""

    def __init__(self, write: Write, query: Query) -> None:
        self._write, self._query = write, query

    def save(self, row: DraftRow) -> bool:
        """Store a draft in place of the last of this id; false where that is another person's."""
        with self._write() as db:
            changed = db.execute(
                "INSERT INTO page_drafts VALUES (?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET case_id=excluded.case_id,"
                " composing=excluded.composing, at=excluded.at, sealed=excluded.sealed WHERE actor=excluded.actor",
                _columns(row),
            )
            return bool(changed.rowcount)

    def rows(self, actor: str) -> list[DraftRow]:
        """This person's drafts, the latest first."""
        rows = self._query("SELECT * FROM page_drafts WHERE actor=? ORDER BY at DESC, id", actor)
        return [_draft_row(r) for r in rows]

    def count(self, actor: str) -> int:
        """How many drafts this person has that neither wait in the outbox nor are recorded; what was refused counts."""
        [(count,)] = self._query(
            "SELECT count(*) FROM page_drafts WHERE actor=? AND NOT EXISTS (SELECT 1 FROM outbox WHERE command_id=id"
            " AND state<>'FAILED' AND (answer IS NULL OR json_extract(answer, '$.outcome')<>'refused'))",
            actor,
        )
        return int(count)

    def row(self, actor: str, id: UUID) -> DraftRow | None:
        rows = self._query("SELECT * FROM page_drafts WHERE actor=? AND id=?", actor, str(id))
        return _draft_row(rows[0]) if rows else None

    def delete(self, actor: str, id: UUID) -> None:
        with self._write() as db:
            db.execute("DELETE FROM page_drafts WHERE actor=? AND id=?", (actor, str(id)))

    def replace(self, id: UUID, row: DraftRow) -> bool:
        """Store a draft in place of this person's one of another id; false where there is none."""
        with self._write() as db:
            changed = db.execute(
                "UPDATE page_drafts SET id=?, actor=?, case_id=?, composing=?, at=?, sealed=? WHERE actor=? AND id=?",
                (*_columns(row), row.actor, str(id)),
            )
            return bool(changed.rowcount)

    def is_of_another(self, actor: str, id: UUID) -> bool:
        """Whether somebody else writes, or wrote, under this id."""
        others = "SELECT 1 FROM {} WHERE id=? AND actor<>?"
        return any(self._query(others.format(table), str(id), actor) for table in PAGE_DRAFT_TABLES)

    def keep(self, row: DraftRow) -> None:
        """Store what a page sent without a session. What another person sent stays."""
        with self._write() as db:
            db.execute(
                "INSERT INTO kept_posts VALUES (?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET case_id=excluded.case_id,"
                " composing=excluded.composing, at=excluded.at, sealed=excluded.sealed WHERE actor=excluded.actor",
                _columns(row),
            )

    def give_back(self, actor: str) -> list[UUID]:
        """Make drafts of what was kept for this person, the latest first, and erase it there."""
        with self._write() as db:
            rows = db.execute("SELECT * FROM kept_posts WHERE actor=? ORDER BY at DESC", (actor,)).fetchall()
            for row in rows:
                db.execute("DELETE FROM page_drafts WHERE id=? AND actor=?", (row[0], actor))
                db.execute("INSERT OR IGNORE INTO page_drafts VALUES (?,?,?,?,?,?)", row)
            db.execute("DELETE FROM kept_posts WHERE actor=?", (actor,))
        return [UUID(row[0]) for row in rows]

    def delete_before(self, drafts_at: str, posts_at: str) -> None:
        """Erase drafts and kept posts that were last changed before then."""
        with self._write() as db:
            db.execute("DELETE FROM page_drafts WHERE at<?", (drafts_at,))
            db.execute("DELETE FROM kept_posts WHERE at<?", (posts_at,))

    def keep_only_of(self, actors: Collection[str]) -> None:
        """Erase what was written by anybody else."""
        for table in PAGE_DRAFT_TABLES:
            for (actor,) in self._query(f"SELECT DISTINCT actor FROM {table}"):
                if actor not in actors:
                    with self._write() as db:
                        db.execute(f"DELETE FROM {table} WHERE actor=?", (actor,))

    @staticmethod
    def settle(db: sqlite3.Connection, id: UUID) -> None:
        """Within a transaction of the outbox: what was written under this id is recorded."""
        for table in PAGE_DRAFT_TABLES:
            db.execute(f"DELETE FROM {table} WHERE id=?", (str(id),))


def _columns(row: DraftRow) -> tuple[Any, ...]:
    return (str(row.id), row.actor, row.case, row.composing, row.at, row.sealed)


def _draft_row(r: Any) -> DraftRow:
    return DraftRow(UUID(r[0]), r[1], r[2], r[3], r[4], bytes(r[5]))


def sealed_name(id: UUID, actor: str) -> str:
    """Under which name a draft is sealed: it opens as this person's only."""
    return f"page-draft/{id}/{actor}"


def draft_bytes(path: str, values: Values) -> bytes:
    """What is sealed, in version 1."""
    entered = {name: list(texts) for name, texts in values.items() if name not in NOT_ENTERED}
    return json.dumps({"v": VERSION, "path": path, "values": entered}, ensure_ascii=False).encode()


def read_draft(data: bytes) -> tuple[str, dict[str, list[str]]]:
    """Path and values of a draft. Raises Untrusted for what no version of this door wrote."""
    stored = json.loads(data)
    if stored.get("v") != VERSION:
        raise Untrusted("own-seal-form")
    return stored["path"], {name: list(texts) for name, texts in stored["values"].items()}


def case_of_path(path: str) -> UUID | None:
    """The case of a page on which something is written. Raises NotFound for any other path."""
    match = WRITING_PATHS.fullmatch(path)
    if match is None:
        raise NotFound("not-found")
    return None if match[1] is None else UUID(match[1])


class PageDrafts:
    """The drafts of one door. Thread-safe. None of it needs the hub."""

    def __init__(self, door: Door) -> None:
        self._door = door

    @property
    def _draft_rows(self) -> PageDraftRows:
        return self._door.store.page_drafts

    def save(self, actor: str, id: UUID, path: str, values: Values) -> str:
        """Store what is written now, and return the time.

        Raises NotFound (no such page), Malformed (too long), Refused (too many), Conflict (it was sent already).
        """
        row = self._sealed_row(actor, id, path, values)
        if self._door.store.is_under_way(id):
            raise Conflict("command-id-taken")
        known = self._draft_rows.row(actor, id)
        if known is None:
            self.expire()
            if len(self._draft_rows.rows(actor)) >= MAX_DRAFTS:
                raise Refused("drafts-too-many")
        if not self._draft_rows.save(row):
            raise NotFound("not-found")
        return row.at

    def keep_until_recorded(self, actor: str, id: UUID, path: str, values: Values) -> None:
        """Store what waits in the outbox: where it is not recorded in the end, its writer gets it back. Raises like ``save``."""
        if not self._draft_rows.save(self._sealed_row(actor, id, path, values)):
            raise NotFound("not-found")

    def keep_post(self, actor: str, id: UUID, path: str, values: Values) -> None:
        """Store what a page sent when the session of this person had ended. ``id``: the page's idempotency key.

        Raises NotFound (no such page, or another person's key), Malformed.
        """
        if self.is_of_another(actor, id):
            raise NotFound("not-found")
        self._draft_rows.keep(self._sealed_row(actor, id, path, values))

    def give_back(self, actor: str) -> PageDraft | None:
        """What was kept for this person becomes a draft; the latest of them. None for nothing."""
        ids = self._draft_rows.give_back(actor)
        return self.find(actor, ids[0]) if ids else None

    def find(self, actor: str, id: UUID) -> PageDraft | None:
        """This person's draft of this id."""
        row = self._draft_rows.row(actor, id)
        return None if row is None else self._draft_of(row)

    def listed(self, actor: str) -> list[PageDraft | UnreadableDraft]:
        """This person's drafts, the latest first; without what waits or was recorded."""
        rows = self._draft_rows.rows(actor)
        for row in rows:
            if self._door.store.is_recorded(row.id):
                self._draft_rows.delete(actor, row.id)
        return [self._listed(row) for row in rows if not self._door.store.is_under_way(row.id)]

    def count(self, actor: str) -> int:
        """How many drafts ``listed`` would give."""
        return self._draft_rows.count(actor)

    def _listed(self, row: DraftRow) -> PageDraft | UnreadableDraft:
        try:
            return self._draft_of(row)
        except (ExchangeError, ValueError, KeyError, TypeError, AttributeError):
            return UnreadableDraft(row.id, row.at)

    def is_of_another(self, actor: str, id: UUID) -> bool:
        """Whether this is the key of what somebody else writes."""
        return self._draft_rows.is_of_another(actor, id)

    def renew(self, actor: str, id: UUID, to: UUID) -> None:
        """Give this person's draft another key: it was sent under its own and refused on record. Raises Malformed."""
        draft = self.find(actor, id)
        if draft is not None:
            values = {**draft.values, "command_id": [str(to)]}
            self._draft_rows.replace(id, self._sealed_row(actor, to, draft.path, values))

    def replace(self, actor: str, id: UUID, to: UUID, path: str, values: Values) -> None:
        """Store this under another key than that of its draft, in place of the draft if there is one. Raises like ``save``."""
        values = {**values, "command_id": [str(to)]}
        if not self._draft_rows.replace(id, self._sealed_row(actor, to, path, values)):
            self.save(actor, to, path, values)

    def delete(self, actor: str, id: UUID) -> None:
        self._draft_rows.delete(actor, id)

    def keep_only_of(self, actors: Collection[str]) -> None:
        """Erase what was written by anybody who is not of these: they can't come back to it."""
        self._draft_rows.keep_only_of(actors)

    def expire(self) -> None:
        """Erase what nobody has touched for long."""
        now = self._door.now()
        self._draft_rows.delete_before(
            dump(now - timedelta(days=DRAFT_DAYS)), dump(now - timedelta(days=KEPT_POST_DAYS))
        )

    def _sealed_row(self, actor: str, id: UUID, path: str, values: Values) -> DraftRow:
        case = case_of_path(path)
        data = draft_bytes(path, values)
        if len(data) > MAX_DRAFT_BYTES:
            raise Malformed("draft-too-large")
        sealed = self._door.seal_for_itself(sealed_name(id, actor), data)
        composing = next(iter(values.get("composing", ())), "")[:36]
        return DraftRow(
            id, actor, "" if case is None else str(case), composing, dump(self._door.now()), sealed
        )

    def _draft_of(self, row: DraftRow) -> PageDraft:
        path, values = read_draft(self._door.open_own(sealed_name(row.id, row.actor), row.sealed))
        return PageDraft(row.id, path, case_of_path(path), row.at, values)
