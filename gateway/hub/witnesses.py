"""Collecting the witnesses' cosignatures of each head. One that is away is asked again; commands never wait for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import httpx2 as httpx

from domain.errors import ExchangeError, Malformed, NotFound
from gateway.hub.executor import Background, Executor
from gateway.hub.log import LogKeeper
from gateway.protocol.trust import trusted_certificates
from gateway.witness.service import encode_request
from keys.checkpoint import parse_checkpoint, verify_cosignature
from keys.note import Note, parse_note, parse_signature_lines, with_signatures
from keys.signing import SignatureKind, SignaturePublic

WITNESS_POLL_SECONDS = 1.0
WITNESS_SETTINGS_FILE = "witnesses.json"
SHUTDOWN_SECONDS = 10.0


@dataclass(frozen=True)
class WitnessSettings:
    """A witness, its URL, and the keys that verify its cosignatures."""

    name: str
    url: str
    keys: SignaturePublic


def known_witnesses(folder: Path) -> list[WitnessSettings]:
    """``hub/witnesses.json``: ``[{"name", "url", "keys"}]``; none where there is no such file. Raises Malformed."""
    path = folder / WITNESS_SETTINGS_FILE
    if not path.exists():
        return []
    try:
        return [
            WitnessSettings(
                str(w["name"]), str(w["url"]), SignaturePublic.from_json(SignatureKind.LOG, w["keys"])
            )
            for w in json.loads(path.read_text())
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(
            "witness-settings", f"{WITNESS_SETTINGS_FILE} is a list of objects with name, url and keys."
        ) from error


class Witnesses:
    """The witnesses of one hub's log. ``start`` begins asking them for each head, ``close`` ends it."""

    def __init__(
        self,
        log_keeper: LogKeeper,
        witnesses: Sequence[WitnessSettings],
        executor: Executor,
        timeout: float = 5.0,
    ) -> None:
        self.missing_cosignatures: dict[str, str] = {}
        """Who has not cosigned the last head that it was sent, and why."""
        self._witnessed_log = log_keeper
        self._witnesses = list(witnesses)
        self._http = httpx.Client(timeout=timeout, verify=trusted_certificates())
        # the last head that each has cosigned
        self._cosigned_sizes = dict.fromkeys((w.name for w in witnesses), 0)
        self._note_lock = Lock()
        self._cosigned_note: Note | None = None
        self._executor = executor
        self._cosigning: Background | None = None

    def start(self) -> None:
        """Ask for cosignatures from now on, where there are witnesses."""
        if self._witnesses:
            self._cosigning = self._executor.repeat(
                "witnesses", WITNESS_POLL_SECONDS, self._collect_cosignatures
            )

    def close(self) -> None:
        if self._cosigning is not None:
            self._cosigning.stop(SHUTDOWN_SECONDS)
        self._http.close()

    def _collect_cosignatures(self) -> float:
        self.step()
        return WITNESS_POLL_SECONDS

    @property
    def witnessed(self) -> bytes:
        """The newest head that was sent to witnesses, with its cosignatures. Raises NotFound before the first."""
        with self._note_lock:
            if self._cosigned_note is not None:
                return self._cosigned_note.encode()
        raise NotFound("no-checkpoint")

    def step(self) -> None:
        """Send the present head to those who have not cosigned it."""
        with suppress(NotFound):
            data = self._witnessed_log.checkpoint
            note = parse_note(data)
            size = parse_checkpoint(note.text).size
            outstanding = [w for w in self._witnesses if self._cosigned_sizes[w.name] != size]
            if not outstanding:
                return
            with self._note_lock:
                if self._cosigned_note is not None and self._cosigned_note.text == note.text:
                    note = self._cosigned_note
            for witness in outstanding:
                note = self._request_cosignature(witness, data, note, size)
            with self._note_lock:
                self._cosigned_note = note

    def _request_cosignature(self, witness: WitnessSettings, data: bytes, note: Note, size: int) -> Note:
        try:
            for _ in range(2):
                old = min(self._cosigned_sizes[witness.name], size)
                proof = self._witnessed_log.consistency_proof(old, size)
                url = witness.url.rstrip("/") + "/add-checkpoint"
                answer = self._http.post(url, content=encode_request(old, proof, data))
                if answer.status_code == 409 and answer.text.strip().isdigit():
                    self._cosigned_sizes[witness.name] = int(answer.text)  # it has seen another head last
                    continue
                if answer.status_code != 200:
                    raise Malformed("witness-refused", f"The witness answered {answer.status_code}.")
                cosigned = with_signatures(note, parse_signature_lines(answer.text))
                verify_cosignature(cosigned, witness.name, witness.keys)
                self._cosigned_sizes[witness.name] = size
                self.missing_cosignatures.pop(witness.name, None)
                return cosigned
            self.missing_cosignatures[witness.name] = "the witness has seen another head"
        except httpx.HTTPError:
            self.missing_cosignatures[witness.name] = "the witness does not answer"
        except ExchangeError as error:
            self.missing_cosignatures[witness.name] = error.explanation
        return note
