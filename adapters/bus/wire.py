"""The bytes of the protocol that the hot path writes and reads itself.

Source: NATS client protocol (HPUB, PUB); NATS ADR-4 (headers).
"""

from __future__ import annotations

from dataclasses import dataclass

_PROTOCOL_VERSION = b"NATS/1.0"


def frame(subject: str, reply: str, headers: tuple[tuple[str, str], ...], payload: bytes) -> bytes:
    """One message to publish. Subject, reply and headers must be clean: ours are made, not taken."""
    destination = f"{subject} {reply}".strip().encode()
    if not headers:
        return b"PUB %b %d\r\n%b\r\n" % (destination, len(payload), payload)
    block = header_block(headers)
    return b"HPUB %b %d %d\r\n%b%b\r\n" % (destination, len(block), len(block) + len(payload), block, payload)


def header_block(headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers)
    return _PROTOCOL_VERSION + b"\r\n" + lines.encode() + b"\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its raw headers and its bytes."""

    raw: bytes
    data: bytes

    @property
    def status(self) -> int:
        """The status of an answer without a message (204, 404, 503 …), or 0."""
        code = self.raw[len(_PROTOCOL_VERSION) : len(_PROTOCOL_VERSION) + 4]
        return int(code) if code[:1] == b" " and code[1:].isdigit() else 0

    @property
    def status_text(self) -> str:
        """The description after the status."""
        line = self.raw.partition(b"\r\n")[0]
        return line[len(_PROTOCOL_VERSION) + 4 :].strip().decode("utf-8", "replace")

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Every header in order, repeated ones too; bytes that are not UTF-8 are shown, not refused."""
        parsed = []
        for line in self.raw.split(b"\r\n")[1:]:
            if line:
                key, _, value = line.partition(b":")
                parsed.append((key.decode("utf-8", "replace"), value.strip().decode("utf-8", "replace")))
        return tuple(parsed)
