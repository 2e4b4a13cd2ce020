"""Signed notes: text, a blank line, and a line for each signature.

Source: C2SP signed-note.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from domain.errors import Malformed
from keys.lp import sha256

ED25519, COSIGNATURE, ML_DSA_44 = 0x01, 0x04, 0x06
"""Signature types: Ed25519 over the text; Ed25519 and ML-DSA-44 with a time (C2SP tlog-cosignature)."""
MAX_NOTE_BYTES = 256 * 1024
MAX_SIGNATURES = 64
ID_BYTES = 4
_DASH = "\u2014 "


@dataclass(frozen=True)
class NoteSignature:
    """One signature: by which name, under which 4-byte key id, and the value."""

    name: str
    id: bytes
    value: bytes

    def encode(self) -> str:
        return f"{_DASH}{self.name} {b64encode(self.id + self.value).decode()}\n"


@dataclass(frozen=True)
class Note:
    """Text (with its last newline) and its signatures, none of them verified."""

    text: str
    lines: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        return (self.text + "\n" + "".join(line.encode() for line in self.lines)).encode()

    def of(self, name: str, id: bytes) -> list[NoteSignature]:
        """The signatures under this very name and key id; a verifier looks at no others."""
        return [line for line in self.lines if (line.name, line.id) == (name, id)]


def note_key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name, newline, type, public key)[:4]."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:ID_BYTES]


def parse_note(data: bytes) -> Note:
    """The note of these bytes, and of no others. Raises Malformed."""
    if len(data) > MAX_NOTE_BYTES:
        raise Malformed("note-size")
    try:
        decoded = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("note-utf8") from error
    if any(ord(c) < 0x20 and c != "\n" for c in decoded):
        raise Malformed("note-control")
    text, blank, rest = decoded.rpartition("\n\n")
    if not blank or not text or not rest.endswith("\n"):
        raise _note_form_error()
    lines = parse_signature_lines(rest)
    note = Note(text + "\n", lines)
    if note.encode() != data:
        raise _note_form_error()
    return note


def parse_signature_lines(rest: str) -> tuple[NoteSignature, ...]:
    """Signature lines. Raises Malformed."""
    lines = tuple(_parse_signature_line(one) for one in rest.removesuffix("\n").split("\n"))
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise Malformed("note-signature-count")
    return lines


def _parse_signature_line(text: str) -> NoteSignature:
    parts = text.removeprefix(_DASH).split(" ")
    raw = base64_of(parts[-1])
    if not text.startswith(_DASH) or len(parts) != 2 or not is_name(parts[0]) or len(raw) <= ID_BYTES:
        raise Malformed("note-signature-line")
    return NoteSignature(parts[0], raw[:ID_BYTES], raw[ID_BYTES:])


def _note_form_error() -> Malformed:
    return Malformed("note-form")


def base64_of(text: str) -> bytes:
    """The bytes of standard base64, nothing where it is not just that."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if b64encode(raw).decode() == text else b""


def is_name(name: str) -> bool:
    """Whether it can name a key: not empty, no spaces, no plus."""
    return bool(name) and "+" not in name and not any(c.isspace() for c in name)


def with_signatures(note: Note, lines: Iterable[NoteSignature]) -> Note:
    """The note with more signatures, each once."""
    return Note(note.text, tuple(dict.fromkeys((*note.lines, *lines))))
