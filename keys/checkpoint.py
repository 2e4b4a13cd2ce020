"""Checkpoints: the signed head of the tree, and the cosignatures of witnesses.

The log signs the text by Ed25519, and size and root by ML-DSA-44 with a time; a witness cosigns by both, each
with a time. Source: C2SP tlog-checkpoint, tlog-cosignature; KH-1 §8.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from domain.errors import Malformed, Untrusted
from keys.lp import DIGEST_BYTES
from keys.note import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    Note,
    NoteSignature,
    base64_of,
    is_name,
    note_key_id,
    parse_note,
)
from keys.receipt import Mode
from keys.signing import SIGNATURE_BYTES, Alg, SignatureKeys, SignaturePublic

_LABEL = b"subtree/v1\n\0"
_TIME_LIMIT = 2**63


def origin_of(hub: bytes, mode: Mode) -> str:
    """The log's name: no other hub's, and a rehearsal's never a real one's."""
    return f"kakehashi/{mode}/{hub.hex()}"


@dataclass(frozen=True)
class Checkpoint:
    """The claim of the log of this ``origin``: its first ``size`` leaves have this ``root``."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text: three lines and no more. Raises Malformed."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not is_name(lines[0]):
        raise Malformed("checkpoint-form")
    size = lines[1]
    if not (size.isascii() and size.isdigit()) or (size != "0" and size[0] == "0") or len(size) > 15:
        raise Malformed("checkpoint-size")
    root = base64_of(lines[2])
    if len(root) != DIGEST_BYTES:
        raise Malformed("checkpoint-root")
    return Checkpoint(lines[0], int(size), root)


def sign_checkpoint(checkpoint: Checkpoint, log: SignatureKeys, at: int) -> Note:
    """The checkpoint signed by the log's pair. ``at``: POSIX seconds."""
    name = checkpoint.origin
    ed25519, _ = log.sign_message(checkpoint.text.encode(), b"")
    _, mldsa = log.sign_message(_mldsa_cosigned_message(name, at, checkpoint), b"")
    lines = (
        NoteSignature(name, note_key_id(name, ED25519, log.public.ed25519), ed25519),
        NoteSignature(name, note_key_id(name, ML_DSA_44, log.public.mldsa), at.to_bytes(8, "big") + mldsa),
    )
    return Note(checkpoint.text, lines)


def cosign(
    checkpoint: Checkpoint, witness: SignatureKeys, name: str, at: int
) -> tuple[NoteSignature, NoteSignature]:
    """A witness's two signature lines. Call it only after the checkpoint was verified to continue the last one seen."""
    ed25519, _ = witness.sign_message(_ed25519_cosigned_message(checkpoint, at), b"")
    _, mldsa = witness.sign_message(_mldsa_cosigned_message(name, at, checkpoint), b"")
    stamp = at.to_bytes(8, "big")
    return (
        NoteSignature(name, note_key_id(name, COSIGNATURE, witness.public.ed25519), stamp + ed25519),
        NoteSignature(name, note_key_id(name, ML_DSA_44, witness.public.mldsa), stamp + mldsa),
    )


def verify_checkpoint(data: bytes, origin: str, log: SignaturePublic) -> tuple[Checkpoint, Note]:
    """The checkpoint of these bytes, signed by both keys of this log. Raises Malformed, Untrusted."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise Untrusted("checkpoint-origin")
    [ed25519_line] = _single_signature(note, origin, note_key_id(origin, ED25519, log.ed25519))
    log.verify_ed25519(checkpoint.text.encode(), ed25519_line.value)
    [mldsa_line] = _single_signature(note, origin, note_key_id(origin, ML_DSA_44, log.mldsa))
    at, signature = _split_time(mldsa_line, SIGNATURE_BYTES[Alg.ML_DSA_44])
    log.verify_mldsa(_mldsa_cosigned_message(origin, at, checkpoint), b"", signature)
    return checkpoint, note


def head_time(note: Note, origin: str, log: SignaturePublic) -> int:
    """When the log signed a checkpoint that ``verify_checkpoint`` returned, in seconds since 1970, by its own clock."""
    [mldsa_line] = _single_signature(note, origin, note_key_id(origin, ML_DSA_44, log.mldsa))
    return _split_time(mldsa_line, SIGNATURE_BYTES[Alg.ML_DSA_44])[0]


def verify_cosignature(note: Note, name: str, witness: SignaturePublic) -> int:
    """When this witness cosigned (POSIX seconds, the earlier of its two). Raises Malformed, Untrusted."""
    checkpoint = parse_checkpoint(note.text)
    [ed25519_line] = _single_signature(note, name, note_key_id(name, COSIGNATURE, witness.ed25519))
    at, ed25519 = _split_time(ed25519_line, SIGNATURE_BYTES[Alg.ED25519])
    witness.verify_ed25519(_ed25519_cosigned_message(checkpoint, at), ed25519)
    [mldsa_line] = _single_signature(note, name, note_key_id(name, ML_DSA_44, witness.mldsa))
    mldsa_time, mldsa = _split_time(mldsa_line, SIGNATURE_BYTES[Alg.ML_DSA_44])
    witness.verify_mldsa(_mldsa_cosigned_message(name, mldsa_time, checkpoint), b"", mldsa)
    return min(at, mldsa_time)


def _single_signature(note: Note, name: str, id: bytes) -> list[NoteSignature]:
    matching = note.of(name, id)
    if len(matching) != 1:
        raise Untrusted("checkpoint-not-signed")
    return matching


def _split_time(line: NoteSignature, length: int) -> tuple[int, bytes]:
    if len(line.value) != 8 + length:
        raise Malformed("cosignature-length")
    at = int.from_bytes(line.value[:8], "big")
    if at >= _TIME_LIMIT:
        raise Malformed("cosignature-time")
    return at, line.value[8:]


def _ed25519_cosigned_message(checkpoint: Checkpoint, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{checkpoint.text}".encode()


def _mldsa_cosigned_message(name: str, at: int, checkpoint: Checkpoint) -> bytes:
    """The ``cosigned_message`` of tlog-cosignature, for the subtree from leaf 0."""
    parts = [_LABEL]
    for text in (name.encode(), None, checkpoint.origin.encode()):
        if text is None:
            parts.append(at.to_bytes(8, "big"))
            continue
        if not 1 <= len(text) <= 255:
            raise Malformed("cosigner-name")
        parts += (bytes([len(text)]), text)
    parts += ((0).to_bytes(8, "big"), checkpoint.size.to_bytes(8, "big"), checkpoint.root)
    return b"".join(parts)
