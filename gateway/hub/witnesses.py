"""Asking witnesses for their word on each head. Whoever is away is asked again; exchange never waits for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread

import httpx2 as httpx

from domain.errors import ExchangeError, Malformed, NotThere
from gateway.hub.log import LogKeeper
from gateway.witness.service import request_of
from keys.checkpoint import parse_checkpoint, verify_cosignature
from keys.note import Note, parse_lines, parse_note, with_lines
from keys.signing import SignatureKind, SignaturePublic

POLL_SECONDS = 1.0
FILE = "witnesses.json"


@dataclass(frozen=True)
class Known:
    """A witness that is asked: where, and by which keys its word is known."""

    name: str
    url: str
    keys: SignaturePublic


def known_witnesses(folder: Path) -> list[Known]:
    """``hub/witnesses.json``: ``[{"name", "url", "keys"}]``; none where there is no such file. Raises Malformed."""
    path = folder / FILE
    if not path.exists():
        return []
    try:
        return [
            Known(str(w["name"]), str(w["url"]), SignaturePublic.from_json(SignatureKind.LOG, w["keys"]))
            for w in json.loads(path.read_text())
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed("witness-settings", f"{FILE}: a list of name, url and keys") from error


class Witnesses:
    """The witnesses of one hub's log. ``start`` asks them in a thread of its own, ``close`` ends that."""

    def __init__(self, logbook: LogKeeper, witnesses: Sequence[Known], timeout: float = 5.0) -> None:
        self.silent: dict[str, str] = {}
        """Who has not cosigned the last head it was asked for, and why."""
        self._logbook = logbook
        self._witnesses = list(witnesses)
        self._http = httpx.Client(timeout=timeout)
        self._sizes = dict.fromkeys((w.name for w in witnesses), 0)  # the last head that each has cosigned
        self._lock = Lock()
        self._note: Note | None = None
        self._ended = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        if self._witnesses:
            self._thread = Thread(target=self._run, name="witnesses", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(10)
        self._http.close()

    def _run(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self.step()

    @property
    def witnessed(self) -> bytes:
        """The newest head with all cosignatures that there are of it. Raises NotThere before the first."""
        with self._lock:
            if self._note is not None:
                return self._note.encode()
        raise NotThere("no-checkpoint", "no head was shown to witnesses yet: ask again in a moment")

    def step(self) -> None:
        """Show the head of now to those who have not cosigned it."""
        with suppress(NotThere):
            data = self._logbook.checkpoint
            note = parse_note(data)
            size = parse_checkpoint(note.text).size
            waiting = [w for w in self._witnesses if self._sizes[w.name] != size]
            if not waiting:
                return
            with self._lock:
                if self._note is not None and self._note.text == note.text:
                    note = self._note
            for witness in waiting:
                note = self._asked(witness, data, note, size)
            with self._lock:
                self._note = note

    def _asked(self, witness: Known, data: bytes, note: Note, size: int) -> Note:
        try:
            for _ in range(2):
                old = min(self._sizes[witness.name], size)
                proof = self._logbook.continues(old, size)
                url = witness.url.rstrip("/") + "/add-checkpoint"
                answer = self._http.post(url, content=request_of(old, proof, data))
                if answer.status_code == 409 and answer.text.strip().isdigit():
                    self._sizes[witness.name] = int(answer.text)  # it has seen another head last
                    continue
                if answer.status_code != 200:
                    raise Malformed("witness-refused", f"it answered {answer.status_code}")
                more = with_lines(note, parse_lines(answer.text))
                verify_cosignature(more, witness.name, witness.keys)
                self._sizes[witness.name] = size
                self.silent.pop(witness.name, None)
                return more
            self.silent[witness.name] = "it has seen another head"
        except httpx.HTTPError:
            self.silent[witness.name] = "away"
        except ExchangeError as error:
            self.silent[witness.name] = error.remedy or error.flaw
        return note
