"""A door without a hub that has keys of its own, and a browser at its pages of signing in."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pyotp
from fastapi import FastAPI
from fastapi.testclient import TestClient

from domain.errors import Unavailable
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.own_seal import open_own, seal_own
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from keys.signing import KemKey

ACTOR, PASSPHRASE = "staff.a1", "correct horse battery"
RIGHT = {"actor": ACTOR, "passphrase": PASSPHRASE}
ORIGIN = "https://127.0.0.1"
HUB = bytes(32)


class DoorWithoutHub:
    """What the pages of signing in ask of a door."""

    agency = UUID(int=1)
    behind_since = None

    def __init__(self) -> None:
        self._kem = KemKey.generate()

    class store:
        outgoing = staticmethod(list)
        behind = 0

        class page_drafts:
            give_back = staticmethod(lambda actor: [])
            count = staticmethod(lambda actor: 0)

        class devices:
            end_session = staticmethod(lambda session, at: None)

    class recent:
        end_session = staticmethod(lambda reference: None)

    def now(self) -> datetime:
        return datetime(2027, 1, 15, tzinfo=UTC)

    def directory(self) -> list[Any]:
        raise Unavailable("hub-unreachable")

    def seal_for_itself(self, name: str, content: bytes) -> bytes:
        return seal_own(name, content, self.agency, HUB, self._kem)

    def open_own(self, name: str, sealed: bytes) -> bytes:
        return open_own(name, sealed, self.agency, HUB, self._kem)


def door_app(staff: Staff, settings: SignInSettings, door: Any = None) -> FastAPI:
    """The application of a door with these settings."""
    return agency_app(cast(Any, door or DoorWithoutHub()), staff=staff, mode="real", sign_in=settings)


def browser(app: FastAPI, source: str = "192.0.2.1") -> TestClient:
    """A browser without cookies, at the door by TLS."""
    headers = {"origin": ORIGIN, "accept": "text/html"}
    return TestClient(app, base_url=ORIGIN, client=(source, 1), headers=headers, follow_redirects=False)


def secret_on(page: str) -> str:
    """The secret of an app as the page shows it."""
    shown = re.search(r'id="app-secret">([A-Z2-7 ]+)<', page)
    assert shown is not None, page
    return shown[1].replace(" ", "")


def recovery_codes_on(page: str) -> list[str]:
    """The recovery codes as the page shows them."""
    return re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page)


def code_at(secret: str, at: float) -> str:
    """What the app shows at this time."""
    return pyotp.TOTP(secret).at(int(at))


def make_older(path: Path, version: int) -> None:
    """Take from a closed staff file what came after this version (2 or 3), as if it had been written by it."""
    kept = {"staff", "sessions", "devices", "tokens", "log"} | ({"ended_sessions"} if version > 2 else set())
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        for table in sorted(table for table in tables - kept if not table.startswith("sqlite_")):
            db.execute(f"DROP TABLE {table}")
        db.execute("ALTER TABLE tokens DROP COLUMN acts")
        for column in ("id", "device", "factor", "factor_at"):
            db.execute(f"ALTER TABLE sessions DROP COLUMN {column}")
        db.execute(f"PRAGMA user_version={version}")
