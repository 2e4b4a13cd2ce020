"""What an agency has set for signing in: the file ``sign-in.json`` of its folder. Without it the strictest holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeGuard
from urllib.parse import SplitResult, urlsplit

from domain.calendar import JST
from domain.errors import Malformed

FILE = "sign-in.json"
LOOPBACK = frozenset({"localhost"})
"""Where browsers make passkeys over plain HTTP; for an address such as 127.0.0.1 they never do."""


@dataclass(frozen=True)
class OidcSettings:
    """The agency's identity provider. ``claim``: which claim of the ID token names the person; ``max_age_seconds`` and ``acr``:
    how fresh and how strong its sign-in must be, where set."""

    issuer: str
    client_id: str
    client_secret: str
    name: str = "庁内の認証"
    claim: str = "sub"
    max_age_seconds: int | None = None
    acr: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignInSettings:
    """``second_factor_from``: the first day on which a passphrase alone does not suffice; None: never. ``public_url``: under which
    address people reach the door (its host is the rp id of passkeys); empty: there are no passkeys and no identity provider.
    """

    second_factor_from: date | None = None
    public_url: str = ""
    oidc: OidcSettings | None = None

    @staticmethod
    def read(folder: Path) -> SignInSettings:
        """Those of this agency's folder; where it has none, a second factor is asked for from the beginning.

        Raises Malformed, naming the key to correct.
        """
        path = folder / FILE
        if not path.exists():
            return SignInSettings(second_factor_from=date.min)
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise _wrong("the whole file") from error
        return _settings_of(raw, folder)

    def needs_second_factor(self, now: float) -> bool:
        """Whether a passphrase alone no longer suffices at this time."""
        first = self.second_factor_from
        return first is not None and datetime.fromtimestamp(now, UTC).astimezone(JST).date() >= first

    @property
    def rp_id(self) -> str:
        """The host by which passkeys are bound to this door; empty where there are none."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def origin(self) -> str:
        """Scheme, host and port of the pages; empty where they are not set."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _settings_of(raw: Any, folder: Path) -> SignInSettings:
    if not isinstance(raw, dict) or set(raw) - {"second_factor_from", "public_url", "oidc"}:
        raise _wrong("the names of its keys")
    try:
        day = raw.get("second_factor_from")
        first = (
            date.min if "second_factor_from" not in raw else None if day is None else date.fromisoformat(day)
        )
    except (TypeError, ValueError) as error:
        raise _wrong("second_factor_from") from error
    url = _public_url_of(raw.get("public_url", ""))
    oidc = None if raw.get("oidc") is None else _oidc_of(raw["oidc"], folder)
    if oidc is not None and not url:
        raise _wrong("public_url")
    return SignInSettings(first, url, oidc)


def _public_url_of(url: Any) -> str:
    """Empty, HTTPS, or plain HTTP of this machine by its name; as browsers write it in Origin."""
    if url == "":
        return ""
    parts = _split(url)
    if parts is None or not _is_plain(parts) or not _is_secure(parts, LOOPBACK):
        raise _wrong("public_url")
    return f"{parts.scheme}://{_host_and_port(parts)}{parts.path.rstrip('/')}"


def is_provider_url(url: Any) -> TypeGuard[str]:
    """Whether the door may talk to the provider at this address: HTTPS, or plain HTTP of this machine."""
    parts = _split(url)
    return parts is not None and _is_secure(parts, LOOPBACK | {"127.0.0.1", "::1"})


def _split(url: Any) -> SplitResult | None:
    """The parts of an address that names a host; None for anything else."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        return parts if parts is not None and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _is_plain(parts: SplitResult) -> bool:
    return not parts.query and not parts.fragment and "@" not in parts.netloc


def _is_secure(parts: SplitResult, loopback: frozenset[str]) -> bool:
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in loopback)


def _host_and_port(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    is_default = parts.port in (None, {"https": 443, "http": 80}[parts.scheme])
    return f"{host}" if is_default else f"{host}:{parts.port}"


_TEXTS = ("issuer", "client_id", "client_secret_file")


def _oidc_of(raw: Any, folder: Path) -> OidcSettings:
    known = {*_TEXTS, "name", "claim", "max_age_seconds", "acr"}
    if not isinstance(raw, dict) or set(raw) - known:
        raise _wrong("oidc")
    for key in (*_TEXTS, *({"name", "claim"} & set(raw))):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise _wrong(f"oidc.{key}")
    if not is_provider_url(raw["issuer"]):
        raise _wrong("oidc.issuer, which is reached by https")
    age, acr = raw.get("max_age_seconds"), raw.get("acr", [])
    if age is not None and (type(age) is not int or age < 0):
        raise _wrong("oidc.max_age_seconds")
    if not isinstance(acr, list) or not all(isinstance(one, str) for one in acr):
        raise _wrong("oidc.acr")
    return OidcSettings(
        issuer=raw["issuer"],
        client_id=raw["client_id"],
        client_secret=_secret_of(folder / raw["client_secret_file"]),
        name=raw.get("name", OidcSettings.name),
        claim=raw.get("claim", OidcSettings.claim),
        max_age_seconds=age,
        acr=tuple(acr),
    )


def _secret_of(path: Path) -> str:
    """What the file of the client's secret holds; it must be closed to others."""
    try:
        secret, mode = path.read_text(encoding="utf-8").strip(), path.stat().st_mode
    except (OSError, ValueError) as error:
        raise _wrong("oidc.client_secret_file") from error
    if not secret or mode & 0o077:
        raise _wrong("oidc.client_secret_file, which only the door's user may read")
    return secret


def _wrong(what: str) -> Malformed:
    return Malformed("sign-in-settings", f"Correct {what} in {FILE} of the agency's folder.")
