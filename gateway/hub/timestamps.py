"""Asking an authority for the time of the log's head. Whoever is away is asked again; exchange never waits for it.

The newest head gets a token, at most every so many minutes: it speaks for all records under it, so that after an
outage one token is all that was missed. Tokens lie in ``hub/log/time``, each with the head it speaks of, in a file named
by that head's size; none is asked for again. Source: KH-1 §8, RFC 3161.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

import httpx2 as httpx

from domain.errors import ExchangeError, Malformed, NotThere, Untrusted
from gateway.hub.log import LogKeeper, write_whole
from keys.checkpoint import Checkpoint, parse_checkpoint
from keys.note import parse_note
from keys.proofs import verify_consistency
from keys.timestamps import (
    MAX_TOKEN_BYTES,
    Stamp,
    TimeAuthority,
    ask_time,
    parse_stamp,
    stamp_of,
    verify_time,
)

POLL_SECONDS = 1.0
ANSWER_SECONDS = 60.0
FILE = "tsa.json"
FOLDER = "time"


@dataclass(frozen=True)
class TimeSettings:
    """Who is asked, whose word is believed, how often at most, and how soon again after a failure."""

    url: str
    authority: TimeAuthority
    every_seconds: float = 3600.0
    retry_seconds: float = 60.0


def time_settings(folder: Path) -> TimeSettings | None:
    """``hub/tsa.json``: ``{"url", "certificates", "policy", "every_minutes"}``; None where there is no such file.

    ``certificates`` names a PEM file in the same folder; ``policy`` (an OID) and ``every_minutes`` (60) may be left
    out. Raises Malformed.
    """
    path = folder / FILE
    if not path.exists():
        return None
    form = Malformed("time-settings", f"{FILE}: url, certificates (a PEM file), policy and every_minutes")
    try:
        found = json.loads(path.read_text())
        if not {"url", "certificates"} <= set(found) <= {"url", "certificates", "policy", "every_minutes"}:
            raise form
        minutes, policy = found.get("every_minutes", 60), found.get("policy")
        if type(minutes) is not int or minutes < 1 or not _is_address(found["url"]):
            raise form
        pem = (folder / str(found["certificates"])).read_bytes()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise form from error
    authority = TimeAuthority.from_pem(pem, None if policy is None else str(policy))
    return TimeSettings(str(found["url"]), authority, minutes * 60.0, min(60.0, minutes * 60.0))


def _is_address(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://"))


def stamped_sizes(log: Path) -> list[int]:
    """Of which heads there are tokens in this log's folder, smallest first."""
    folder = log / FOLDER
    return sorted(int(p.name) for p in folder.iterdir() if p.name.isdigit()) if folder.is_dir() else []


def read_stamp(log: Path, size: int) -> Stamp | None:
    """The token of this head; None where its file is gone or damaged."""
    try:
        found = parse_stamp((log / FOLDER / str(size)).read_bytes())
    except (OSError, ExchangeError):
        return None
    return found if found.checkpoint.size == size else None


class TimeStamps:
    """The time tokens of one hub's log. ``start`` asks for them in a thread of its own, ``close`` ends that."""

    def __init__(
        self, logbook: LogKeeper, log: Path, settings: TimeSettings | None, timeout: float = 10.0
    ) -> None:
        self.trouble: str | None = None
        """Why the head that was to be stamped last has no token; it is tried again."""
        self._logbook = logbook
        self._log = log
        self._settings = settings
        self._http = httpx.Client(timeout=timeout)
        self._lock = Lock()  # owns the two below
        self._sizes = stamped_sizes(log)
        self._newest = self._first(reversed(self._sizes))
        self._ended = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        if self._settings is not None:
            self._thread = Thread(target=self._run, args=(self._settings,), name="time", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(15)
        self._http.close()

    def _run(self, settings: TimeSettings) -> None:
        wait = self._left(settings.every_seconds)
        while not self._ended.wait(wait):
            stored = self.step()
            again = settings.retry_seconds if self.trouble else POLL_SECONDS
            wait = settings.every_seconds if stored else again

    def _left(self, every: float) -> float:
        """Seconds until the next token may be asked for, over an end of the process, too."""
        if self._newest is None:
            return POLL_SECONDS
        since = (datetime.now(UTC) - self._newest.at).total_seconds()
        return max(POLL_SECONDS, min(every, every - since))

    def covering(self, seq: int | None = None) -> Stamp:
        """The earliest token that speaks for the record at this position, or the newest of all. Raises NotThere."""
        with self._lock:
            sizes, newest = self._sizes, self._newest
        found = newest if seq is None else self._first(n for n in sizes if n >= seq)
        if found is None:
            raise NotThere("no-time-token", "no time token speaks for this yet: ask again later")
        return found

    def _first(self, sizes: Iterable[int]) -> Stamp | None:
        """The first of these that can be read."""
        return next((s for s in (read_stamp(self._log, size) for size in sizes) if s is not None), None)

    def step(self) -> bool:
        """Have the head of now stamped, unless its token is there; whether one was stored. Never raises."""
        if self._settings is None or self._logbook.size == 0:
            return False
        trouble, stored = None, False
        try:
            note = self._logbook.checkpoint
            if self._grown(parse_checkpoint(parse_note(note).text)):
                request, nonce = ask_time(note)
                token = self._asked(self._settings.url, request)
                verify_time(token, note, self._settings.authority, nonce)
                self._keep(stamp_of(note, token))
                stored = True
        except httpx.HTTPError:
            trouble = "the authority is away"
        except OSError:
            trouble = "it could not be written to the disk"
        except ExchangeError as error:
            trouble = error.remedy or error.flaw
        except Exception as error:  # whatever an outsider answers, it is asked again
            trouble = f"unexpected {type(error).__name__}"
        self.trouble = trouble
        return stored

    def _grown(self, head: Checkpoint) -> bool:
        """Whether there is more than was stamped. What was stamped must stand unchanged under it."""
        if self._newest is None:
            return True
        before = self._newest.checkpoint
        try:
            steps = self._logbook.continues(before.size, head.size)
            verify_consistency(before.size, head.size, steps, before.root, head.root)
        except (Malformed, Untrusted, NotThere) as error:
            raise Untrusted(
                "stamped-head-contradicted",
                f"the log does not continue its head of {before.size} records, which has a token: run the audit",
            ) from error
        return head.size > before.size

    def _asked(self, url: str, request: bytes) -> bytes:
        headers = {"content-type": "application/timestamp-query", "accept-encoding": "identity"}
        with self._http.stream("POST", url, content=request, headers=headers) as answer:
            if answer.status_code != 200:
                raise Malformed("time-refused", f"it answered {answer.status_code}")
            token, until = b"", monotonic() + ANSWER_SECONDS
            for chunk in answer.iter_raw():
                token += chunk
                if len(token) > MAX_TOKEN_BYTES or monotonic() > until:
                    raise Malformed("time-answer", "it answered more than 64 KiB, or too slowly")
        return token

    def _keep(self, stamp: Stamp) -> None:
        """On disk first; then others may have it."""
        size = stamp.checkpoint.size
        write_whole(self._log / FOLDER / str(size), stamp.encode())
        with self._lock:
            self._sizes, self._newest = sorted({*self._sizes, size}), stamp
