"""A hub with a case in it, and requests made by hand: any byte can be changed and signed again.

What a door would never send is made here from ``keys`` alone, and sent over plain HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2 as httpx

from adapters.bus import EmbeddedServer
from domain.events import Kind
from domain.record import About
from gateway.agency.door import Door, SectionContent, SubmissionResult
from gateway.hub.runtime import start_hub
from gateway.installation.folder import Installation, create_installation
from gateway.protocol.serving import ServedApp
from gateway.protocol.trust import trusted_certificates
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.story import Actor
from keys import canonical
from keys.frame import COMMAND, Frame, FrameType, Signature, pae
from keys.item import seal_item
from keys.lp import ZEROS, sha256
from keys.signing import KemPublic, SignatureKeys
from keys.wrapped_key import seal_wrapped_key

START = datetime(2025, 5, 12, 1, 0, tzinfo=UTC)
PEOPLE = (
    Actor("AZ-CORE", "CORE", "あおぞら市こども家庭センター", True, None),
    Actor("AZ-COORD", "COORD", "あおぞら市要対協調整機関", True, None),
    Actor("MID-HOSP", "MED", "みどり産科病院", True, None),
    Actor("EXT-SERVICE", "EXT", "ひだまり家事支援", False, None),
    Actor("KS-CGC", "CGC", "県児童相談所", True, None),
)
REFERRAL = "family_information.provided"
OPENING = "section.opened"
RECEIVED = "disclosure.received"
FETCH = "wrapped_key_fetched_for.rewrap"


def time_text(at: datetime) -> str:
    return canonical.format_time(at)


def sign_by(keys: SignatureKeys, payload: bytes, frame_type: FrameType = COMMAND) -> list[Signature]:
    """Both signatures of one signer, which a test may then change, drop or swap."""
    values = keys.sign_message(pae(frame_type.payload_type, payload), frame_type.context)
    ids = zip(keys.public.algs, keys.public.key_ids, values, strict=True)
    return [Signature(int(alg), kid, value) for alg, kid, value in ids]


def frame_bytes(payload: bytes, signatures: Sequence[Signature], magic: bytes = b"KHF1") -> bytes:
    return Frame(payload, tuple(signatures), magic).encode()


def request_bytes(frame: bytes, parts: Sequence[bytes] = (), magic: bytes = b"KHQ1") -> bytes:
    """KHQ1 by hand: nothing is checked."""
    chunks = [magic, len(frame).to_bytes(4, "big"), frame, len(parts).to_bytes(2, "big")]
    for part in parts:
        chunks += [len(part).to_bytes(4, "big"), part]
    return b"".join(chunks)


@dataclass
class UnsignedRequest:
    """A command before it is signed: every key of its payload, and its parts, in the open."""

    payload: dict[str, Any]
    signers: list[SignatureKeys]
    parts: list[bytes] = field(default_factory=list)

    def signed(self) -> tuple[bytes, list[Signature]]:
        data = canonical.encode(self.payload)
        return data, [s for keys in self.signers for s in sign_by(keys, data)]

    def frame(self) -> bytes:
        return frame_bytes(*self.signed())

    def encode(self) -> bytes:
        return request_bytes(self.frame(), self.parts)

    @property
    def command_id(self) -> UUID:
        return UUID(self.payload["command_id"])


class HubWithCase:
    """A rehearsal hub with agencies, one case that MID-HOSP opened with AZ-CORE, and a way to send raw bytes."""

    def __init__(self, rehearsal_hub: RehearsalHub) -> None:
        self.rehearsal_hub = rehearsal_hub
        self.http = httpx.Client(base_url=rehearsal_hub.url, timeout=60, verify=trusted_certificates())
        rehearsal_hub.set_up_agencies(PEOPLE, core="AZ-CORE", actor_of=lambda code: f"staff.{code}")
        self.network = uuid4()
        rehearsal_hub.registrars.designate(
            self.network, core=self.door("AZ-CORE").agency, coordinating=self.door("AZ-COORD").agency
        )
        for code in ("AZ-CORE", "AZ-COORD", "MID-HOSP", "KS-CGC"):
            fields = {"member": str(self.door(code).agency), "item": 1}
            self.door("AZ-COORD").send(
                Kind.NETWORK, self.network, "network_member.admitted", fields, actor="staff.c"
            )
        self.case = uuid4()
        self.sent = self.refer()

    def door(self, code: str) -> Door:
        return self.rehearsal_hub.door(code)

    def sig(self, code: str) -> SignatureKeys:
        return self.rehearsal_hub.installation.agency_keys(self.rehearsal_hub.installation.agency(code))[0]

    def kem(self, code: str) -> KemPublic:
        return self.rehearsal_hub.installation.agency_keys(self.rehearsal_hub.installation.agency(code))[
            1
        ].public

    @property
    def store(self):  # type: ignore[no-untyped-def]
        assert self.rehearsal_hub.runtime is not None
        return self.rehearsal_hub.runtime.store

    def head(self) -> int:
        position: int = self.store.head()
        return position

    # --- through the doors ---------------------------------------------------------------------------------

    def referral(self, *to: str, **more: Any) -> dict[str, Any]:
        """The fields of a referral; ``more`` changes them."""
        agencies = [str(self.door(code).agency) for code in (to or ("AZ-CORE",))]
        fields = {
            "to": sorted(agencies),
            "basis": dict.fromkeys(sorted(agencies), "CWA-21-10-5"),
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "subject_consent": "NOT_REQUESTED",
            "weeks_pregnant": None,
            "indicators": {},
        }
        return {**fields, **more}

    def refer(
        self, case: UUID | None = None, sections: Sequence[str] = ("BASIC", "MEDICAL")
    ) -> SubmissionResult:
        """MID-HOSP refers a family to AZ-CORE, through its door."""
        parts = [SectionContent(s, self.text(s)) for s in sections]
        return self.door("MID-HOSP").send(
            Kind.CASE, case or self.case, REFERRAL, self.referral(), parts, actor="staff.h"
        )

    def note(self, case: UUID, sections: Sequence[str] = ("CONF",)) -> SubmissionResult:
        """AZ-CORE records minutes in its own file, without addressees."""
        fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}
        parts = [SectionContent(s, self.text(s)) for s in sections]
        return self.door("AZ-CORE").send(
            Kind.CASE, case, "conference_minutes.recorded", fields, parts, actor="staff.a"
        )

    def text(self, section: str) -> bytes:
        return f"〔架空〕{section} {self.rehearsal_hub.canary}".encode()

    # --- by hand -----------------------------------------------------------------------------------------------

    def unsigned(self, code: str, act: str, fields: dict[str, Any], **more: Any) -> UnsignedRequest:
        """An unsigned command of this agency about the case; ``more`` changes any key of the payload."""
        now = self.rehearsal_hub.now()
        door = self.door(code)
        payload = {
            "v": 1,
            "suite": 1,
            "hub": self.rehearsal_hub.installation.hub.hex(),
            "about": {"kind": "case", "id": str(self.case)},
            "command_id": str(uuid4()),
            "by": str(door.agency),
            "actor": f"staff.{code}",
            "act": act,
            "created_at": time_text(now),
            "occurred_at": None,
            "not_after": time_text(now + timedelta(minutes=5)),
            "fields": fields,
            "items": [],
            "wrapped_keys": [],
            "keyset": door.keyset().hex(),
            "prev": ZEROS.hex(),
        }
        return UnsignedRequest({**payload, **more}, [self.sig(code)])

    def disclosure(
        self,
        sections: Sequence[str] = ("BASIC", "MEDICAL"),
        to: Sequence[str] = ("AZ-CORE", "MID-HOSP"),
        **more: Any,
    ) -> UnsignedRequest:
        """A valid referral of MID-HOSP with sealed items, wrapped to ``to``."""
        unsigned = self.unsigned("MID-HOSP", REFERRAL, self.referral(), **more)
        for section in sections:
            self.add_item(unsigned, section, self.text(section), to)
        return unsigned

    def add_item(self, unsigned: UnsignedRequest, section: str, content: bytes, to: Sequence[str]) -> UUID:
        """Seal one more item and wrap it to these agencies; parts stay in payload order."""
        about = About(Kind.CASE, UUID(unsigned.payload["about"]["id"]))
        item, keyset = uuid4(), bytes.fromhex(unsigned.payload["keyset"])
        hub = self.rehearsal_hub.installation.hub
        sealed = seal_item(
            hub=hub, about=about, item=item, section=section, schema="text/v1", keyset=keyset, content=content
        )
        inline_count = sum(i["storage"] == "inline" for i in unsigned.payload["items"])
        storage = "inline" if sealed.size <= 16 * 1024 else "store"
        if storage == "inline":
            unsigned.parts.insert(inline_count, sealed.sealed)
        unsigned.payload["items"].append(
            {
                "item": str(item),
                "section": section,
                "flags": [],
                "schema": "text/v1",
                "size": sealed.size,
                "storage": storage,
                "kc": sealed.kc.hex(),
                "digest": sealed.digest.hex(),
            }
        )
        for code in to:
            kem = self.kem(code)
            wrapped_key = seal_wrapped_key(
                hub=hub, about=about, item=item, kc=sealed.kc, keyset=keyset, to=kem, item_key=sealed.key
            )
            unsigned.payload["wrapped_keys"].append(
                {
                    "item": str(item),
                    "to": str(self.door(code).agency),
                    "kid": kem.kid.hex(),
                    "digest": sha256(wrapped_key).hex(),
                }
            )
            unsigned.parts.append(wrapped_key)
        return item

    def reading(
        self, code: str, item: UUID | None = None, message: UUID | None = None, **more: Any
    ) -> UnsignedRequest:
        """A valid OpenSection for the first item of the case's first message; ``more`` changes its payload."""
        first, section = self.sent.items[0]
        fields = {
            "message": str(message or self.sent.command_id),
            "item": str(item or first),
            "section": section,
            "purpose": "SUPPORT",
        }
        return self.unsigned(code, OPENING, {**fields, **more.pop("fields", {})}, **more)

    def post(
        self,
        data: bytes | UnsignedRequest,
        path: str = "/v1/commands",
        content_type: str = "application/vnd.kakehashi.request",
    ) -> httpx.Response:
        body = data.encode() if isinstance(data, UnsignedRequest) else data
        return self.http.post(path, content=body, headers={"content-type": content_type})

    def close(self) -> None:
        self.http.close()


@contextmanager
def hub_with_case(folder: Path) -> Iterator[HubWithCase]:
    """A fresh hub with a case, gone at the end."""
    with open_rehearsal_hub(folder, START) as rehearsal_hub:
        opened_hub = HubWithCase(rehearsal_hub)
        try:
            yield opened_hub
        finally:
            opened_hub.close()


@contextmanager
def hub_with_case_on_bus(bus: EmbeddedServer, folder: Path, *, timeout: float = 2.0) -> Iterator[HubWithCase]:
    """The same on a bus that the test starts, and can stop and restart; the hub gives up after ``timeout`` seconds."""
    with ExitStack() as stack:
        installation = create_installation(folder, mode="rehearsal")
        name_bus(installation, bus, timeout)
        runtime = start_hub(installation, at=START)
        stack.callback(runtime.close)
        served = stack.enter_context(ServedApp(runtime.app))
        rehearsal_hub = RehearsalHub(installation, served.url, START, runtime=runtime)
        stack.callback(rehearsal_hub.close)
        opened_hub = HubWithCase(rehearsal_hub)
        stack.callback(opened_hub.close)
        yield opened_hub


def name_bus(installation: Installation, bus: EmbeddedServer, timeout: float) -> None:
    """Configure the bus that the hub of this folder uses."""
    settings = bus.hub_settings()
    about = {
        "JETSTREAM_URL": settings.url,
        "JETSTREAM_SYS_SEED_FILE": str(bus.folder / "seeds" / "sys.seed"),
        "JETSTREAM_INBOX": settings.inbox,
        "JETSTREAM_SEED_FILE": str(bus.folder / "seeds" / "hub.seed"),
        "JETSTREAM_TIMEOUT": str(timeout),
        "JETSTREAM_TRY_TIMEOUT": str(timeout),
        "JETSTREAM_CONNECT_TIMEOUT": str(timeout),
    }
    (installation.hub_folder / "bus.json").write_text(json.dumps(about))
