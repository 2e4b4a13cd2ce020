"""Asking a time-stamp authority for tokens of the log's head. One that is away is asked again; commands never wait.

The newest head gets a token, at most once in so many minutes. A token covers all records under its head, so that
after an outage the next one covers what was missed. Tokens are files in ``hub/log/time``, each with its head, named
by the head's size; none is asked for twice. Source: KH-1 §8; RFC 3161.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

import httpx2 as httpx

from domain.errors import ExchangeError, Malformed, NotFound, Untrusted
from gateway.hub.clock import Clock
from gateway.hub.executor import Background, Executor
from gateway.hub.files import write_atomically
from gateway.hub.log import LogKeeper
from gateway.protocol.trust import trusted_certificates
from keys.checkpoint import Checkpoint, parse_checkpoint
from keys.note import parse_note
from keys.proofs import verify_consistency
from keys.timestamps import (
    MAX_TOKEN_BYTES,
    Stamp,
    TimeAuthority,
    build_time_request,
    parse_stamp,
    stamp_of,
    verify_time,
)

TSA_POLL_SECONDS = 1.0
TSA_ANSWER_SECONDS = 60.0
TSA_SETTINGS_FILE = "tsa.json"
STAMPS_FOLDER = "time"
SHUTDOWN_SECONDS = 15.0


@dataclass(frozen=True)
class TimeSettings:
    """The authority's URL and certificates, how often it is asked at most, and how soon again after a failure."""

    url: str
    authority: TimeAuthority
    every_seconds: float = 3600.0
    retry_seconds: float = 60.0


def time_settings(folder: Path) -> TimeSettings | None:
    """``hub/tsa.json``: ``{"url", "certificates", "policy", "every_minutes"}``; None where there is no such file.

    ``certificates`` names a PEM file in the same folder; ``policy`` (an OID) and ``every_minutes`` (60) may be left
    out. Raises Malformed.
    """
    path = folder / TSA_SETTINGS_FILE
    if not path.exists():
        return None
    malformed_settings = Malformed(
        "time-settings",
        f"{TSA_SETTINGS_FILE} has the keys url, certificates (a PEM file), policy and every_minutes.",
    )
    try:
        parsed = json.loads(path.read_text())
        if not {"url", "certificates"} <= set(parsed) <= {"url", "certificates", "policy", "every_minutes"}:
            raise malformed_settings
        minutes, policy = parsed.get("every_minutes", 60), parsed.get("policy")
        if type(minutes) is not int or minutes < 1 or not _is_address(parsed["url"]):
            raise malformed_settings
        pem = (folder / str(parsed["certificates"])).read_bytes()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise malformed_settings from error
    authority = TimeAuthority.from_pem(pem, None if policy is None else str(policy))
    return TimeSettings(str(parsed["url"]), authority, minutes * 60.0, min(60.0, minutes * 60.0))


def _is_address(url: object) -> bool:
    return isinstance(url, str) and url.startswith(("http://", "https://"))


def stamped_head_sizes(log_folder: Path) -> list[int]:
    """The sizes of the heads with a token in this log's folder, smallest first."""
    folder = log_folder / STAMPS_FOLDER
    return sorted(int(p.name) for p in folder.iterdir() if p.name.isdigit()) if folder.is_dir() else []


def read_stamp(log_folder: Path, size: int) -> Stamp | None:
    """The token of this head; None where its file is gone or damaged."""
    try:
        stamp = parse_stamp((log_folder / STAMPS_FOLDER / str(size)).read_bytes())
    except (OSError, ExchangeError):
        return None
    return stamp if stamp.checkpoint.size == size else None


class TimeStamps:
    """The time tokens of one hub's log. ``start`` begins asking for them, ``close`` ends it.

    ``machine_clock``: the machine's own clock, by which the authority is asked; a rehearsal's can be set."""

    def __init__(
        self,
        log_keeper: LogKeeper,
        log_folder: Path,
        settings: TimeSettings | None,
        executor: Executor,
        machine_clock: Clock,
        timeout: float = 10.0,
    ) -> None:
        self.trouble: str | None = None
        """Why the last attempt brought no token; there are others."""
        self._stamped_log = log_keeper
        self._log_folder = log_folder
        self._tsa_settings = settings
        self._http = httpx.Client(timeout=timeout, verify=trusted_certificates())
        self._stamps_lock = Lock()  # owns the two below
        self._sizes = stamped_head_sizes(log_folder)
        self._newest_stamp = self._first_readable(reversed(self._sizes))
        self._executor = executor
        self._machine_clock = machine_clock
        self._stamping: Background | None = None

    def start(self) -> None:
        """Ask for tokens from now on, where an authority is configured."""
        settings = self._tsa_settings
        if settings is not None:
            first = self._seconds_until_next(settings.every_seconds)
            self._stamping = self._executor.repeat("time", first, partial(self._stamp_new_head, settings))

    def close(self) -> None:
        if self._stamping is not None:
            self._stamping.stop(SHUTDOWN_SECONDS)
        self._http.close()

    def _stamp_new_head(self, settings: TimeSettings) -> float:
        """Returns in how many seconds to ask again."""
        if self.step():
            return settings.every_seconds
        return settings.retry_seconds if self.trouble else TSA_POLL_SECONDS

    def _seconds_until_next(self, every: float) -> float:
        """Seconds until the next token may be asked for, also after a restart."""
        if self._newest_stamp is None:
            return TSA_POLL_SECONDS
        since = (self._machine_clock.now() - self._newest_stamp.at).total_seconds()
        return max(TSA_POLL_SECONDS, min(every, every - since))

    def stamp_covering(self, seq: int | None = None) -> Stamp:
        """The earliest token that covers the record at this position (None: the newest token). Raises NotFound."""
        with self._stamps_lock:
            sizes, newest = self._sizes, self._newest_stamp
        stamp = newest if seq is None else self._first_readable(n for n in sizes if n >= seq)
        if stamp is None:
            raise NotFound("no-time-token")
        return stamp

    def _first_readable(self, sizes: Iterable[int]) -> Stamp | None:
        """The token of the first of these heads whose file can be read."""
        return next(
            (s for s in (read_stamp(self._log_folder, size) for size in sizes) if s is not None), None
        )

    def step(self) -> bool:
        """Get a token for the present head, unless there is one; whether one was stored. Never raises."""
        if self._tsa_settings is None or self._stamped_log.size == 0:
            return False
        trouble, stored = None, False
        try:
            note = self._stamped_log.checkpoint
            if self._grown(parse_checkpoint(parse_note(note).text)):
                request, nonce = build_time_request(note)
                token = self._request_token(self._tsa_settings.url, request)
                verify_time(token, note, self._tsa_settings.authority, nonce)
                self._store_stamp(stamp_of(note, token))
                stored = True
        except httpx.HTTPError:
            trouble = "the authority does not answer"
        except OSError:
            trouble = "it could not be written to the disk"
        except ExchangeError as error:
            trouble = error.explanation
        except Exception as error:  # whatever the authority answers, it is asked again
            trouble = f"unexpected {type(error).__name__}"
        self.trouble = trouble
        return stored

    def _grown(self, head: Checkpoint) -> bool:
        """Whether the head has grown since the newest token, and continues the head of that token.

        Raises Untrusted where it does not continue it."""
        if self._newest_stamp is None:
            return True
        before = self._newest_stamp.checkpoint
        try:
            steps = self._stamped_log.consistency_proof(before.size, head.size)
            verify_consistency(before.size, head.size, steps, before.root, head.root)
        except (Malformed, Untrusted, NotFound) as error:
            raise Untrusted(
                "stamped-head-contradicted",
                f"The log does not continue its head of {before.size} records, which has a time token: run the audit.",
            ) from error
        return head.size > before.size

    def _request_token(self, url: str, request: bytes) -> bytes:
        headers = {"content-type": "application/timestamp-query", "accept-encoding": "identity"}
        with self._http.stream("POST", url, content=request, headers=headers) as answer:
            if answer.status_code != 200:
                raise Malformed("time-refused", f"The time authority answered {answer.status_code}.")
            token, until = b"", self._executor.elapsed() + TSA_ANSWER_SECONDS
            for chunk in answer.iter_raw():
                token += chunk
                if len(token) > MAX_TOKEN_BYTES or self._executor.elapsed() > until:
                    raise Malformed("time-answer")
        return token

    def _store_stamp(self, stamp: Stamp) -> None:
        """Write it to the disk, then serve it."""
        size = stamp.checkpoint.size
        write_atomically(self._log_folder / STAMPS_FOLDER / str(size), stamp.encode())
        with self._stamps_lock:
            self._sizes, self._newest_stamp = sorted({*self._sizes, size}), stamp
