"""The six digits of an authenticator app: a new secret, the time step of a code, and the picture that the app reads.

Source: RFC 6238; RFC 4648 (base32).
"""

from __future__ import annotations

import hmac
import io
import unicodedata
from datetime import UTC, datetime

import pyotp
import segno

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A phone's clock may be half a minute wrong, and a code may have been typed slowly."""
DIGITS = 6
ISSUER = "Kakehashi"


def new_secret() -> str:
    """160 bits in base32. Source: RFC 4226, section 4 (R6)."""
    return pyotp.random_base32(32)


def typed_code(text: str) -> str | None:
    """The code that somebody typed, in ASCII digits and without blanks; None for what can't be one."""
    code = "".join(unicodedata.normalize("NFKC", text).split()) if len(text) <= 4 * DIGITS else ""
    return code if code.isascii() and code.isdigit() and len(code) == DIGITS else None


def step_of(secret: str, code: str, at: float) -> int | None:
    """The time step whose code this is, of the present one and its neighbours; None for another code."""
    now, totp = int(at // STEP_SECONDS), pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    right = [
        step
        for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1)
        if hmac.compare_digest(totp.at(datetime.fromtimestamp(step * STEP_SECONDS, UTC)), code)
    ]
    return right[-1] if right else None


def uri(secret: str, actor: str, door: str) -> str:
    """What the app reads: the secret, and whose it is. ``door``: the name of the agency, as the app shows it."""
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    return totp.provisioning_uri(name=actor, issuer_name=f"{ISSUER} {door}".strip())


def picture(text: str) -> bytes:
    """This text as a QR code in SVG, of black on white whatever the page's colours are. Source: ISO/IEC 18004."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=5, border=4, dark="#000", light="#fff", xmldecl=False, svgns=True, title=None
    )
    return out.getvalue()


def grouped(secret: str) -> str:
    """The secret in groups of four, for those who type it."""
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
