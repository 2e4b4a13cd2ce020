"""A small world of fixed keys and ids: one hub, two agencies, three registrars, an audit office, one case.

Seeds are SHA-256 of names, so that every run and every vector uses the same keys.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from domain.errors import ExchangeError
from domain.events import Kind
from domain.record import About
from keys import canonical
from keys.command import CommandPayload, ItemRef, WrappedKeyRef, encode_command
from keys.frame import COMMAND, Frame, sign
from keys.genesis import Genesis, encode_genesis
from keys.item import SealedItem, seal_item
from keys.keyset import key_set_fields
from keys.lp import ZEROS, sha256
from keys.record import FixedKeys, build_record
from keys.request import encode_request
from keys.signing import KemKey, SignatureKeys, SignatureKind
from keys.wrapped_key import seal_wrapped_key

NOON = datetime(2026, 4, 1, 3, 0, 0, 250_000, tzinfo=UTC)
NAMES = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


def seed(name: str, length: int = 32) -> bytes:
    return hashlib.shake_256(b"kakehashi test " + name.encode()).digest(length)


def an_id(name: str) -> UUID:
    return uuid5(NAMES, name)


class World:
    """Built once; tests change copies only."""

    noon = NOON

    def __init__(self) -> None:
        self.log = SignatureKeys.from_seeds(SignatureKind.LOG, seed("log", 64))
        self.reg = tuple(self.sig(f"reg {n}") for n in range(3))
        self.reg_public = tuple(one.public for one in self.reg)
        self.audit_sig, self.audit_kem = self.sig("audit"), self.kem("audit")
        self.core_sig, self.core_kem = self.sig("core"), self.kem("core")
        self.clinic_sig, self.clinic_kem = self.sig("clinic"), self.kem("clinic")
        self.core, self.clinic, self.case = an_id("core"), an_id("clinic"), an_id("case")
        self.genesis = Genesis(
            mode="rehearsal",
            stream="KAKEHASHI",
            log_id=an_id("log"),
            rules_id=an_id("rules"),
            log=self.log.public,
            reg=(self.reg[0].public, self.reg[1].public, self.reg[2].public),
            audit_sig=self.audit_sig.public,
            audit_kem=self.audit_kem.public,
        )
        self.hub = sha256(encode_genesis(self.genesis))
        self.about = About(Kind.CASE, self.case)
        self.key_set_payload = self.key_set()
        self.keyset = sha256(encode_command(self.key_set_payload))
        self.item_ids = (an_id("item 0"), an_id("item 1"))
        self.contents = ("氏名と生年月日".encode(), "診断の要点".encode())
        self.sections = ("BASIC", "MEDICAL")
        self.sealed = tuple(
            self.seal(i, section, content)
            for i, section, content in zip(self.item_ids, self.sections, self.contents, strict=True)
        )
        self.recipients = ((self.core, self.core_kem), (self.clinic, self.clinic_kem))
        self.wrapped_keys = {
            (i, to): self.wrapped_key(i, one, kem)
            for i, one in zip(self.item_ids, self.sealed, strict=True)
            for to, kem in self.recipients
        }
        self.payload = self.command()
        self.payload_bytes = encode_command(self.payload)
        self.frame = sign(COMMAND, self.payload_bytes, self.core_sig)
        self.frame_bytes = self.frame.encode()
        self.parts = (*(one.sealed for one in self.sealed), *self.wrapped_keys.values())
        self.request = encode_request(self.frame_bytes, self.parts)
        self.ck = seed("ck")
        self.sks = {name: seed(f"sk {name}") for name in ("control", *self.sections)}
        self.keys = FixedKeys(
            {(self.case, 1): self.ck}, {(self.case, name): key for name, key in self.sks.items()}
        )
        self.body = canonical.encode({"topic": "family_information.provided", "v": 1})
        self.state = self.record()

    def sig(self, name: str) -> SignatureKeys:
        return SignatureKeys.from_seeds(SignatureKind.SIG, seed(f"sig {name}", 64))

    def kem(self, name: str) -> KemKey:
        return KemKey(seed(f"kem {name}"))

    def seal(self, item: UUID, section: str, content: bytes) -> SealedItem:
        return seal_item(
            hub=self.hub,
            about=self.about,
            item=item,
            section=section,
            schema="text/v1",
            keyset=self.keyset,
            content=content,
        )

    def wrapped_key(self, item: UUID, sealed: SealedItem, kem: KemKey) -> bytes:
        return seal_wrapped_key(
            hub=self.hub,
            about=self.about,
            item=item,
            kc=sealed.kc,
            keyset=self.keyset,
            to=kem.public,
            item_key=sealed.key,
        )

    def key_set(self, **changes: Any) -> CommandPayload:
        payload = CommandPayload(
            hub=self.hub,
            about=About(Kind.AGENCY, self.core),
            command_id=an_id("key set command"),
            by=self.core,
            actor="staff-7",
            act="key_set.published",
            created_at=NOON,
            occurred_at=None,
            not_after=NOON + timedelta(days=7),
            fields=key_set_fields(
                code="core-1",
                name="こども家庭センター",
                roles=["CORE"],
                body="MUNICIPALITY",
                municipality="131016",
                custody="HSM",
                sig=self.core_sig.public,
                kem=self.core_kem.public,
            ),
            keyset=ZEROS,
        )
        return dataclasses.replace(payload, **changes)

    def command(self, **changes: Any) -> CommandPayload:
        payload = CommandPayload(
            hub=self.hub,
            about=self.about,
            command_id=an_id("command"),
            by=self.core,
            actor="staff-7",
            act="family_information.provided",
            created_at=NOON,
            occurred_at=NOON - timedelta(hours=2),
            not_after=NOON + timedelta(days=7),
            fields={"to": [str(self.clinic)], "basis": {}, "consent": [], "purpose": "SUPPORT"},
            items=tuple(
                ItemRef(
                    item=i,
                    section=section,
                    flags=("CHILD_STATEMENT", "SENSITIVE"),
                    schema="text/v1",
                    size=one.size,
                    storage="inline",
                    kc=one.kc,
                    digest=one.digest,
                )
                for i, section, one in zip(self.item_ids, self.sections, self.sealed, strict=True)
            ),
            wrapped_keys=tuple(
                WrappedKeyRef(
                    item=i, to=to, kid=dict(self.recipients)[to].public.kid, digest=sha256(wrapped_key)
                )
                for (i, to), wrapped_key in self.wrapped_keys.items()
            ),
            keyset=self.keyset,
        )
        return dataclasses.replace(payload, **changes)

    def record(self, **changes: Any) -> bytes:
        section = dict(zip(self.item_ids, self.sections, strict=True))
        defaults: dict[str, Any] = {
            "hub": self.hub,
            "originator": self.case,
            "version": 1,
            "epoch": 1,
            "keys": self.keys,
            "body_json": self.body,
            "frame": self.frame_bytes,
            "items": [one.sealed for one in self.sealed],
            "wrapped_keys": [(section[i], wrapped_key) for (i, _), wrapped_key in self.wrapped_keys.items()],
            "audit": self.audit_kem.public,
            "scope": self.case,
        }
        return build_record(**(defaults | changes))

    def signed(self, *signers: SignatureKeys, payload: bytes | None = None) -> Frame:
        return sign(COMMAND, self.payload_bytes if payload is None else payload, *signers)


@pytest.fixture(scope="session")
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def refuses() -> Callable[[type[ExchangeError], str], Any]:
    """``with refuses(Untrusted, "seal-broken"):``: just this class and error code, and a remedy in words."""

    @contextmanager
    def check(error: type[ExchangeError], error_code: str) -> Iterator[None]:
        with pytest.raises(error) as caught:
            yield
        assert (caught.type, caught.value.error_code) == (error, error_code)
        assert caught.value.remedy

    return check
