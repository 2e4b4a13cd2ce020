"""Where the bus is and how to speak to it: one frozen value, also read from an environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eventsourcing.utils import strtobool

MAX_RECORD_BYTES = 1536 * 1024  # subject, headers and state of one record
MAX_PAYLOAD_BYTES = 2 * 1024 * 1024  # what the server must accept: a record and room for the protocol

_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, kw_only=True)
class BusSettings:
    """How to reach one stream. Times are seconds. ``ValueError`` if a value can't be used.

    ``url`` is one address or several with commas between. ``timeout`` bounds every call, its
    retries and the wait for an unreachable bus; ``try_timeout`` bounds one try.
    """

    url: str = "nats://127.0.0.1:4222"
    stream: str = "KAKEHASHI"
    prefix: str = "kakehashi.v1"
    seed: str | None = field(default=None, repr=False)
    seed_file: Path | None = None
    sys_seed: str | None = field(default=None, repr=False)  # of the user who asks servers for their reports
    sys_seed_file: Path | None = None
    sys_inbox: str = "_INBOX.sys"
    require_sync: bool = True  # refuse a server that does not report that it syncs before it acknowledges
    timeout: float = 20.0
    try_timeout: float = 6.0
    connect_timeout: float = 5.0
    replicas: int = 1
    bucket: str = "kakehashi-items"
    inbox: str = "_INBOX"
    ids: str = "uuid"  # or "text": the originator ids of the application
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    name: str = "kakehashi"  # shown in the server's list of connections

    def __post_init__(self) -> None:
        for key in ("stream", "bucket"):
            if not _NAME.fullmatch(getattr(self, key)):
                raise ValueError(f"{key} may hold letters, digits, '-' and '_' only")
        for key in ("prefix", "inbox", "sys_inbox"):
            if not _PREFIX.fullmatch(getattr(self, key)):
                raise ValueError(f"{key} may hold words of letters, digits, '-' and '_' with dots between")
        for key in ("timeout", "try_timeout", "connect_timeout"):
            if not getattr(self, key) > 0:
                raise ValueError(f"{key} must be above zero")
        if self.replicas not in (1, 3, 5):
            raise ValueError("replicas must be 1, 3 or 5")
        if self.ids not in ("uuid", "text"):
            raise ValueError("ids must be 'uuid' or 'text'")
        if (self.seed and self.seed_file) or (self.sys_seed and self.sys_seed_file):
            raise ValueError("give a seed or a seed file, not both")

    @property
    def urls(self) -> list[str]:
        return [u.strip() for u in self.url.split(",") if u.strip()]

    @property
    def servers(self) -> int:
        """How many servers keep the record."""
        return self.replicas

    def as_system(self) -> BusSettings | None:
        """The same bus for the user of the servers' system account; None if no such user is named."""
        if self.sys_seed is None and self.sys_seed_file is None:
            return None
        return replace(
            self,
            seed=self.sys_seed,
            seed_file=self.sys_seed_file,
            inbox=self.sys_inbox,
            sys_seed=None,
            sys_seed_file=None,
            name=f"{self.name}-system",
        )

    @property
    def notify(self) -> str:
        """The subjects on which the server reports that something was stored."""
        return f"notify.{self.prefix}.>"

    def read_seed(self) -> str | None:
        """The secret seed, or None for a server without authentication."""
        if self.seed_file is not None:
            return self.seed_file.read_text(encoding="ascii").strip()
        return self.seed

    @classmethod
    def from_env(cls, env: Mapping[str, str | None]) -> BusSettings:
        """Read ``JETSTREAM_…``; what is absent or empty keeps its default."""
        given: dict[str, Any] = {}
        for key, (name, read) in _ENV.items():
            text = env.get(key) or ""
            if text.strip():
                given[name] = read(text.strip())
        return cls(**given)


_ENV: dict[str, tuple[str, Any]] = {
    "JETSTREAM_URL": ("url", str),
    "JETSTREAM_STREAM": ("stream", str),
    "JETSTREAM_SUBJECT_PREFIX": ("prefix", str),
    "JETSTREAM_SEED_FILE": ("seed_file", Path),
    "JETSTREAM_SYS_SEED_FILE": ("sys_seed_file", Path),
    "JETSTREAM_SYS_INBOX": ("sys_inbox", str),
    "JETSTREAM_REQUIRE_SYNC": ("require_sync", strtobool),
    "JETSTREAM_TIMEOUT": ("timeout", float),
    "JETSTREAM_TRY_TIMEOUT": ("try_timeout", float),
    "JETSTREAM_CONNECT_TIMEOUT": ("connect_timeout", float),
    "JETSTREAM_REPLICAS": ("replicas", int),
    "JETSTREAM_BUCKET": ("bucket", str),
    "JETSTREAM_INBOX": ("inbox", str),
    "JETSTREAM_TLS_CA": ("tls_ca", Path),
    "JETSTREAM_TLS_CERT": ("tls_cert", Path),
    "JETSTREAM_TLS_KEY": ("tls_key", Path),
    "JETSTREAM_CLIENT_NAME": ("name", str),
    "ORIGINATOR_ID_TYPE": ("ids", str),
}
