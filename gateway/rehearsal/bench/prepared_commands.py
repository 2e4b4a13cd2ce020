"""Commands prepared in advance: sealed and signed as a door does it, so that a bench measures the hub only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.events import Kind
from domain.record import About
from gateway.protocol.commands import READ_VALIDITY, encode_command_payload, request, signed
from gateway.rehearsal.bench.target_hub import CORE, HOSPITAL, AgencyKeys, BenchHub
from keys.command import ItemRef, WrappedKeyRef
from keys.item import seal_item
from keys.lp import sha256
from keys.wrapped_key import seal_wrapped_key

SECTIONS = ("BASIC", "MEDICAL")
TEXT = ("架空の家族についての、ふつうの長さの連絡。訪問の様子と、次の予定。" * 4).encode()
MESSAGES_A_CASE = 10
SCHEMA = "text/v1"


@dataclass(frozen=True)
class PreparedCommand:
    """One request and its items (id and section)."""

    case: UUID
    command_id: UUID
    items: tuple[tuple[UUID, str], ...]
    request: bytes


def referrals(
    target_hub: BenchHub, lanes: int, each: int, report_progress: Callable[[int], None] = lambda done: None
) -> list[list[PreparedCommand]]:
    """The messages of each sender in order: ten a case, the first of which begins it."""
    by_sender: list[list[PreparedCommand]] = []
    for lane in range(lanes):
        prepared_commands: list[PreparedCommand] = []
        for n in range(each):
            if n % MESSAGES_A_CASE == 0:
                case = uuid4()
            prepared_commands.append(_referral(target_hub, case))
            report_progress(lane * each + n + 1)
        by_sender.append(prepared_commands)
    return by_sender


def referrals_to(target_hub: BenchHub, case: UUID, count: int) -> list[PreparedCommand]:
    """So many messages in this one case."""
    return [_referral(target_hub, case) for _ in range(count)]


def openings(target_hub: BenchHub, prepared_commands: Sequence[PreparedCommand]) -> list[bytes]:
    """The core agency's requests to open the first item of each of these messages."""
    return [_opening(target_hub, prepared_command) for prepared_command in prepared_commands]


def _referral(target_hub: BenchHub, case: UUID) -> PreparedCommand:
    sender, readers = (
        target_hub.agencies[HOSPITAL],
        (target_hub.agencies[HOSPITAL], target_hub.agencies[CORE]),
    )
    about, hub, command_id = About(Kind.CASE, case), target_hub.installation.hub, uuid4()
    items, wrapped_keys, inline_items, keys = [], [], [], []
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
        inline_items.append(sealed.sealed)
        items.append(
            ItemRef(
                item=name,
                section=section,
                flags=(),
                schema=SCHEMA,
                size=sealed.size,
                storage="inline",
                kc=sealed.kc,
                digest=sealed.digest,
            )
        )
        for reader in readers:
            wrapped_key = seal_wrapped_key(
                hub=hub,
                about=about,
                item=name,
                kc=sealed.kc,
                keyset=sender.keyset,
                to=reader.kem.public,
                item_key=sealed.key,
            )
            wrapped_keys.append(
                WrappedKeyRef(item=name, to=reader.id, kid=reader.kem.public.kid, digest=sha256(wrapped_key))
            )
            keys.append(wrapped_key)
    core = target_hub.agencies[CORE].id
    payload = encode_command_payload(
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
        now=target_hub.now,
        keyset=sender.keyset,
        command_id=command_id,
        items=items,
        wrapped_keys=wrapped_keys,
    )
    item_sections = tuple((item.item, item.section) for item in items)
    return PreparedCommand(
        case, command_id, item_sections, request(signed(payload, sender.sig), [*inline_items, *keys])
    )


def _opening(target_hub: BenchHub, prepared_command: PreparedCommand) -> bytes:
    reader: AgencyKeys = target_hub.agencies[CORE]
    item, section = prepared_command.items[0]
    payload = encode_command_payload(
        hub=target_hub.installation.hub,
        kind=Kind.CASE,
        about=prepared_command.case,
        by=reader.id,
        actor="staff.2",
        act="section.opened",
        fields={
            "message": str(prepared_command.command_id),
            "item": str(item),
            "section": section,
            "purpose": "SUPPORT",
        },
        now=target_hub.now,
        keyset=reader.keyset,
        valid_for=READ_VALIDITY,
    )
    return request(signed(payload, reader.sig))
