"""Fields of a move to another municipality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.codes import HandoverItem, HandoverState
from gateway.rehearsal.scenario.fields.codes import reason_code
from gateway.rehearsal.scenario.fields.context import FieldBuilder, RunContext
from gateway.rehearsal.scenario.fields.values import as_list, day_text, message_or_last
from gateway.rehearsal.scenario.story import Step


def _relocation(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    named = d.get("moves_on") or d.get("planned_on") or d.get("move_date") or d.get("moves_at")
    return {"moves_on": day_text(named)}


def _transfer_reference(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("hands_over", step.details.get("about"))
    known = n is not None and n in run.messages
    return {"hands_over": str(run.message_of(int(n)) if known else run.last_of(step, "TransferInitiated"))}


_HANDOVER_ITEMS: Mapping[str, tuple[str, ...]] = {
    "BASIC": ("FAMILY",),
    "CHILD": ("CHILD", "PHOTOS"),
    "CAREGIVER": ("CAREGIVER",),
    "MEDICAL": ("MEDICAL",),
    "RISK": ("RISK_SHEET",),
    "PLAN": ("PLAN",),
    "VISIT": ("VISITS",),
    "CONF": ("MINUTES",),
    "ADDR": ("NEW_ADDRESS",),
}


def _sent_items(step: Step) -> set[str]:
    return {handover_item for section in step.sections for handover_item in _HANDOVER_ITEMS.get(section, ())}


def _package(step: Step, run: RunContext) -> dict[str, Any]:
    """A list that the story does not give is that of the sections."""
    checklist = {"PHOTOS": "NONE", **dict.fromkeys(_sent_items(step), "SENT")}
    listed = step.details.get("checklist") or {}
    listed_items = listed if isinstance(listed, Mapping) else dict.fromkeys(as_list(listed), "SENT")
    for handover_item, state in listed_items.items():
        if handover_item in set(HandoverItem) and state in set(HandoverState):
            checklist[handover_item] = state
    return {**_transfer_reference(step, run), "checklist": {"RISK_SHEET": "FOLLOWS", **checklist}}


def _transfer_receipt(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    transfer_events = ("TransferPackageSent", "TransferInitiated", "CgcTransferNotified")
    n = d.get("answers")
    known = set(HandoverItem)
    listed_items = {t for t in d.get("received") or d.get("items") or known if t in known}
    return {
        "answers": message_or_last(run, step, n, *transfer_events),
        "received": sorted(listed_items),
    }


def _relocation_confirmed(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "moved_on": day_text(d.get("moved_on") or d.get("moved_at")),
        "child_seen": bool(d.get("child_seen", False)),
    }


def _transferred(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    seen = bool(d.get("child_seen", False))
    return {**_transfer_reference(step, run), "child_seen": seen, "reason": d.get("reason", "STATED")}


def _cancelled(step: Step, run: RunContext) -> dict[str, Any]:
    """The hand-over that it calls off; none where the story has begun none."""
    n = step.details.get("hands_over", step.details.get("about"))
    begun = run.begun_transfer(step) if n is None else run.message_of(int(n))
    reason = step.details.get("reason", "MOVE_CANCELLED")
    return {"hands_over": None if begun is None else str(begun), "reason": reason}


def _protected(step: Step, run: RunContext) -> dict[str, Any]:
    return {"until": day_text(step.details.get("until") or step.details.get("valid_until"))}


def _protection_ended(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("ends", step.details.get("about"))
    return {
        "ends": message_or_last(run, step, n, "ProtectedAddressRegistered"),
        "reason": reason_code(step.details.get("reason") or "MEASURE_ENDED"),
    }


def _address_disclosure(step: Step, run: RunContext) -> dict[str, Any]:
    d = step.details
    return {
        "recipients": sorted(str(run.id_of(code)) for code in d.get("recipients") or step.to),
        "sections": sorted(d.get("sections") or ["BASIC"]),
        "reason": reason_code(d.get("reason") or "NEEDED_TO_REACH_FAMILY"),
        "to": [],
        "basis": {},
    }


def _address_disclosure_approval(step: Step, run: RunContext) -> dict[str, Any]:
    n = step.details.get("approves", step.details.get("answers"))
    return {
        "approves": message_or_last(run, step, n, "AddressDisclosureRequested"),
        "reason": reason_code(step.details.get("reason") or "NEEDED_TO_REACH_FAMILY"),
    }


TRANSFER_FIELDS: Mapping[str, FieldBuilder] = {
    "RelocationLearned": _relocation,
    "TransferInitiated": _relocation,
    "TransferPackageSent": _package,
    "TransferReceiptConfirmed": _transfer_receipt,
    "TransferConferenceHeld": _transfer_reference,
    "RelocationConfirmed": _relocation_confirmed,
    "TransferCompleted": _transferred,
    "TransferCancelled": _cancelled,
    "ProtectedAddressRegistered": _protected,
    "AddressProtectionEnded": _protection_ended,
    "AddressDisclosureRequested": _address_disclosure,
    "AddressDisclosureApproved": _address_disclosure_approval,
}
