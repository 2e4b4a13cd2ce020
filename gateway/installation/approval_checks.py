"""What must hold before a registrar is asked to approve, and the memory of what was approved with these keys.

Nothing is signed that was not parsed and understood: an unknown kind of document, another hub's, one that is changed or too
old is refused before anything is shown. Two of three sign, so any two approvals share a registrar: it is enough that each
remembers to which agency a code was given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from adapters.mapper import command_of
from domain import events as e
from domain.errors import Malformed, Refused, Untrusted
from domain.office_days import is_calendar
from domain.record import REGISTRARS, Command
from domain.rulebook import EDITION, first_edition, with_calendar
from gateway.installation.key_folder import KeyFolder
from keys.approval import (
    FRAME_TYPES,
    ApprovalRequest,
    Document,
    key_sets_of,
    latest_by_agency,
    signer_in_force,
)
from keys.canonical import format_time
from keys.command import WRITE_AHEAD, parse_command
from keys.frame import Frame, verify
from keys.genesis import Genesis
from keys.keyset import KeySet, parse_key_set
from keys.signing import SignaturePublic

APPROVED_FILE = "approved.jsonl"
CLOCK_DIFFERENCE = timedelta(minutes=10)  # between two machines that nobody has set wrong
ORDERS = (
    e.RuleBookPublished,
    e.CoreAgencyDesignated,
    e.CoordinatingAgencyDesignated,
    e.KeySetRevoked,
    e.AuditMandateBegan,
)
"""What the registrars order, besides the genesis and key sets. A new act is added here when its text can be shown."""


@dataclass(frozen=True)
class CheckedDocument:
    """A document that may be shown. ``command``: None for the genesis; ``key_set``: of an agency that publishes its keys."""

    document: Document
    command: Command | None
    not_after: datetime | None
    key_set: KeySet | None = None
    replaces_keys: bool = False


@dataclass(frozen=True)
class CheckedRequest:
    """A request that this registrar may approve. ``agencies``: those that it names, by verified key sets."""

    request: ApprovalRequest
    documents: tuple[CheckedDocument, ...]
    agencies: Mapping[UUID, KeySet]


class ApprovedLog:
    """What was approved with the keys of this folder: a line for each document."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / APPROVED_FILE

    def entries(self) -> list[dict[str, Any]]:
        """All lines, oldest first."""
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]

    def agency_of(self, code: str) -> UUID | None:
        """The agency to which this code was given."""
        return next((UUID(one["agency"]) for one in self.entries() if one.get("code") == code), None)

    def keys_of(self, agency: UUID) -> str | None:
        """The last key set that was approved for this agency, by digest."""
        own = [one["digest"] for one in self.entries() if one.get("code") and one["agency"] == str(agency)]
        return own[-1] if own else None

    def add(self, checked: CheckedRequest, at: datetime) -> None:
        """Remember an approval. Called before the signatures leave this machine."""
        with self._path.open("a", encoding="utf-8") as file:
            for one in checked.documents:
                about = {"at": format_time(at), "digest": one.document.digest.hex()}
                if one.command is None:
                    about["act"] = "genesis"
                else:
                    about |= {"act": one.command.proposed_event.TOPIC, "agency": str(one.command.about.id)}
                if one.key_set is not None:
                    about["code"] = one.key_set.code
                file.write(json.dumps(about, ensure_ascii=False) + "\n")


def checked(
    request: ApprovalRequest, place: KeyFolder, own: SignaturePublic, now: datetime
) -> CheckedRequest:
    """The request, with everything verified that a registrar can verify alone. ``own``: the public half of this folder.

    Raises Refused, Untrusted or Malformed with the one condition that does not hold.
    """
    genesis = request.genesis
    _check_hub(request, place, own)
    key_sets = key_sets_of(request)
    log, documents = ApprovedLog(place.folder), []
    for document in request.documents:
        if document.type == "genesis":
            documents.append(_checked_genesis(document, genesis))
            continue
        payload = parse_command(document.payload)
        if payload.hub != genesis.hub:
            raise Untrusted("other-hub")
        command = command_of(payload, document.digest)
        if genesis.mode == "real":
            _check_time(payload.created_at, payload.not_after, now)
        if isinstance(command.proposed_event, e.KeySetPublished):
            documents.append(_checked_key_set(document, command, payload.not_after, key_sets, log))
        else:
            _check_order(document, command, genesis)
            documents.append(CheckedDocument(document, command, payload.not_after))
    _check_codes_once(documents)
    return CheckedRequest(request, tuple(documents), latest_by_agency(key_sets))


def _check_hub(request: ApprovalRequest, place: KeyFolder, own: SignaturePublic) -> None:
    genesis, pinned = request.genesis, place.genesis
    if own not in genesis.reg:
        raise Untrusted("not-a-registrar-here")
    if pinned is not None and pinned.hub != genesis.hub:
        raise Untrusted("other-hub-pinned")
    if pinned is None and genesis.mode != "real":
        raise Refused("rehearsal-hub-real-keys")
    if pinned is None and all(one.type != "genesis" for one in request.documents):
        place.pinned_genesis  # noqa: B018  raises that there is none


def _checked_genesis(document: Document, genesis: Genesis) -> CheckedDocument:
    if document.digest != genesis.hub:
        raise Untrusted("genesis-other-hub")
    verify(FRAME_TYPES["genesis"], Frame(document.payload, document.signatures), [genesis.log])
    return CheckedDocument(document, None, None)


def _checked_key_set(
    document: Document,
    command: Command,
    not_after: datetime,
    key_sets: Mapping[bytes, KeySet],
    log: ApprovedLog,
) -> CheckedDocument:
    key_set, _ = parse_key_set(document.payload)
    if not isinstance(key_set.by, UUID):
        raise Refused("approval-unknown-document")  # the audit office's keys are in the genesis
    signer = signer_in_force(document.payload, key_sets) or key_set.sig
    verify(FRAME_TYPES["command"], Frame(document.payload, document.signatures), [signer])
    known = log.agency_of(key_set.code)
    if known not in (None, key_set.agency):
        raise Refused("agency-code-used")
    before = log.keys_of(key_set.agency)
    replaces = before not in (None, document.digest.hex())
    return CheckedDocument(document, command, not_after, key_set, replaces)


def _check_order(document: Document, command: Command, genesis: Genesis) -> None:
    event = command.proposed_event
    if not isinstance(event, ORDERS) or command.by != REGISTRARS or document.signatures:
        raise Refused("approval-unknown-document")
    if isinstance(event, e.RuleBookPublished):
        _check_rules(event)
    places = {e.RuleBookPublished: genesis.rules_id, e.AuditMandateBegan: genesis.log_id}
    if command.about.id != places.get(type(event), command.about.id):
        raise Untrusted("other-hub")


def _check_rules(event: e.RuleBookPublished) -> None:
    """The book of this program; its calendar alone is the office's own (``registrar prepare calendar``)."""
    calendar = event.rule_book.get("policy", {}).get("calendar")
    if not is_calendar(calendar):
        raise Refused("approval-other-rules")
    if (event.edition, event.rule_book) != (EDITION, with_calendar(first_edition(), calendar)):
        raise Refused("approval-other-rules")


def _check_time(created_at: datetime, not_after: datetime, now: datetime) -> None:
    """Neither over nor for later: what is signed today is recorded within seven days. Source: architecture §7."""
    if now >= not_after:
        raise Refused("approval-too-late")
    if created_at > now + CLOCK_DIFFERENCE or not_after > now + WRITE_AHEAD:
        raise Refused("approval-too-early")


def _check_codes_once(documents: Sequence[CheckedDocument]) -> None:
    codes = [one.key_set.code for one in documents if one.key_set is not None]
    if len(set(codes)) != len(codes):
        raise Malformed("approval-request-documents")
