"""Wishes made beforehand: sealed and signed as a door does it, so that a bench measures the hub alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.events import Kind
from gateway.protocol.commands import READ_FOR, payload_bytes, request, signed
from gateway.rehearsal.bench.ground import CORE, HOSPITAL, Agency, Ground
from keys.command import ItemRef, WrapRef
from keys.item import seal_item
from keys.lp import About, sha256
from keys.wrap import seal_wrap

SECTIONS = ("BASIC", "MEDICAL")
TEXT = ("架空の家族についての、ふつうの長さの連絡。訪問の様子と、次の予定。" * 4).encode()
MESSAGES_A_CASE = 10
SCHEMA = "text/v1"


@dataclass(frozen=True)
class Letter:
    """One request and what it brings. ``items``: id and section of each."""

    case: UUID
    ask_id: UUID
    items: tuple[tuple[UUID, str], ...]
    request: bytes


def referrals(
    ground: Ground, lanes: int, each: int, told: Callable[[int], None] = lambda done: None
) -> list[list[Letter]]:
    """For each sender its messages in their order: ten to a case, the first of which begins it."""
    found: list[list[Letter]] = []
    for lane in range(lanes):
        letters: list[Letter] = []
        for n in range(each):
            if n % MESSAGES_A_CASE == 0:
                case = uuid4()
            letters.append(_referral(ground, case))
            told(lane * each + n + 1)
        found.append(letters)
    return found


def openings(ground: Ground, letters: Sequence[Letter]) -> list[bytes]:
    """The core agency's requests to open the first item of each of these messages."""
    return [_opening(ground, letter) for letter in letters]


def _referral(ground: Ground, case: UUID) -> Letter:
    sender, readers = ground.agencies[HOSPITAL], (ground.agencies[HOSPITAL], ground.agencies[CORE])
    about, hub, ask = About(Kind.CASE.value, case), ground.installation.hub, uuid4()
    items, wraps, beside, keys = [], [], [], []
    for section in SECTIONS:
        name = uuid4()
        sealed = seal_item(
            hub=hub,
            about=about,
            item=name,
            section=section,
            schema=SCHEMA,
            keyset=sender.keyset,
            content=TEXT,
        )
        beside.append(sealed.sealed)
        items.append(
            ItemRef(
                item=name,
                section=section,
                flags=(),
                schema=SCHEMA,
                size=sealed.size,
                kept="beside",
                kc=sealed.kc,
                digest=sealed.digest,
            )
        )
        for reader in readers:
            wrap = seal_wrap(
                hub=hub,
                about=about,
                item=name,
                kc=sealed.kc,
                keyset=sender.keyset,
                to=reader.kem.public,
                item_key=sealed.key,
            )
            wraps.append(WrapRef(item=name, to=reader.id, kid=reader.kem.public.kid, digest=sha256(wrap)))
            keys.append(wrap)
    core = ground.agencies[CORE].id
    payload = payload_bytes(
        hub=hub,
        kind=Kind.CASE,
        about=case,
        by=sender.id,
        actor="staff.1",
        act="family_information.provided",
        fields={
            "to": [str(core)],
            "basis": {str(core): "CWA-21-10-5"},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "subject_consent": "REFUSED",
            "weeks_pregnant": 30,
            "indicators": {"PR_YOUNG": "CONCERN"},
        },
        now=ground.now,
        keyset=sender.keyset,
        ask_id=ask,
        items=items,
        wraps=wraps,
    )
    named = tuple((item.item, item.section) for item in items)
    return Letter(case, ask, named, request(signed(payload, sender.sig), [*beside, *keys]))


def _opening(ground: Ground, letter: Letter) -> bytes:
    reader: Agency = ground.agencies[CORE]
    item, section = letter.items[0]
    payload = payload_bytes(
        hub=ground.installation.hub,
        kind=Kind.CASE,
        about=letter.case,
        by=reader.id,
        actor="staff.2",
        act="section.opened",
        fields={
            "message": str(letter.ask_id),
            "item": str(item),
            "section": section,
            "purpose": "SUPPORT",
        },
        now=ground.now,
        keyset=reader.keyset,
        good_for=READ_FOR,
    )
    return request(signed(payload, reader.sig))
