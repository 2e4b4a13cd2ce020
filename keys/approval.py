"""What two of the three registrars approve, each on their own machine: requests, approvals, and the signed frames.

A request holds documents that still lack the registrars' signatures, and what they rest on. A registrar checks and reads
it, and hands back an approval with their signatures; two approvals and the request give the frames that the hub records.
All three files are public. Source: KH-1 §2, «Approvals».
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID

from domain.errors import Malformed, Untrusted
from keys import canonical
from keys.command import parse_command
from keys.fields import Fields
from keys.frame import (
    COMMAND,
    GENESIS,
    MAX_PAYLOAD_BYTES,
    Frame,
    FrameType,
    Signature,
    parse_frame,
    sign,
    verify,
)
from keys.genesis import Genesis, encode_genesis, parse_genesis, verify_genesis
from keys.keyset import ACT as KEY_SET_ACT
from keys.keyset import KeySet, parse_key_set, verify_key_set, verify_registrars_act
from keys.lp import ZEROS, sha256
from keys.signing import SignatureKeys, SignaturePublic

DocumentType: TypeAlias = Literal["genesis", "command"]
FRAME_TYPES: Mapping[str, FrameType] = {"genesis": GENESIS, "command": COMMAND}
REQUEST_FORM, APPROVAL_FORM = "kakehashi-approval-request/1", "kakehashi-approval/1"
MAX_DOCUMENTS = 64
MAX_EVIDENCE = 64
SIGNERS_NEEDED = 2


@dataclass(frozen=True)
class Document:
    """A payload to be approved, with the signatures that it has before the registrars sign: the hub's or an agency's."""

    type: DocumentType
    payload: bytes
    signatures: tuple[Signature, ...]

    @property
    def digest(self) -> bytes:
        return sha256(self.payload)


@dataclass(frozen=True)
class ApprovalRequest:
    """``genesis``: of the hub that it is for; ``evidence``: signed key sets of the agencies that the documents name."""

    genesis: Genesis
    documents: tuple[Document, ...]
    evidence: tuple[Frame, ...] = ()

    @property
    def digest(self) -> bytes:
        """What an approval names: SHA-256 of the file."""
        return sha256(self.encode())

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical.encode(
            {
                "form": REQUEST_FORM,
                "genesis": encode_genesis(self.genesis).hex(),
                "documents": [
                    {
                        "type": one.type,
                        "payload": one.payload.hex(),
                        "signatures": _signatures_json(one.signatures),
                    }
                    for one in self.documents
                ],
                "evidence": [frame.encode().hex() for frame in self.evidence],
            }
        )


@dataclass(frozen=True)
class Approval:
    """One registrar's signatures over every document of a request, by the digest of each payload."""

    request: bytes
    by: bytes
    signatures: Mapping[bytes, tuple[Signature, ...]]

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical.encode(
            {
                "form": APPROVAL_FORM,
                "request": self.request.hex(),
                "by": self.by.hex(),
                "signatures": {
                    digest.hex(): _signatures_json(two) for digest, two in self.signatures.items()
                },
            }
        )


# --- reading ---------------------------------------------------------------------------------------------------------


def parse_approval_request(data: bytes) -> ApprovalRequest:
    """The request of these bytes; nothing is verified but its form. Raises Malformed, or Untrusted for invalid keys."""
    fields = Fields(canonical.parse(data), "approval-request", ("form", "genesis", "documents", "evidence"))
    fields.require("form", REQUEST_FORM)
    documents = tuple(_parse_document(one) for one in fields.list("documents", MAX_DOCUMENTS))
    if not documents or len({one.digest for one in documents}) != len(documents):
        raise fields.form_error("documents", "at least one, each once")
    evidence = tuple(parse_frame(canonical.parse_hex(one)) for one in fields.list("evidence", MAX_EVIDENCE))
    return ApprovalRequest(parse_genesis(canonical.parse_hex(fields.raw("genesis"))), documents, evidence)


def parse_approval(data: bytes) -> Approval:
    """The approval of these bytes; its signatures are not verified. Raises Malformed."""
    fields = Fields(canonical.parse(data), "approval", ("form", "request", "by", "signatures"))
    fields.require("form", APPROVAL_FORM)
    signatures = {
        canonical.parse_digest(digest): _parse_signatures(two, 2)
        for digest, two in fields.object("signatures").items()
    }
    return Approval(fields.hex("request"), fields.hex("by"), signatures)


def _parse_document(value: object) -> Document:
    fields = Fields(value, "approval-document", ("type", "payload", "signatures"))
    document_type: DocumentType = (
        "genesis" if fields.one_of("type", ("genesis", "command")) == "genesis" else "command"
    )
    payload = canonical.parse_hex(fields.raw("payload"))
    if not 1 <= len(payload) <= MAX_PAYLOAD_BYTES:
        raise fields.form_error("payload", f"1 to {MAX_PAYLOAD_BYTES} bytes")
    return Document(document_type, payload, _parse_signatures(fields.raw("signatures"), 2))


def _signatures_json(signatures: Sequence[Signature]) -> list[dict[str, Any]]:
    return [{"alg": one.alg, "key_id": one.key_id.hex(), "value": one.value.hex()} for one in signatures]


def _parse_signatures(value: object, most: int) -> tuple[Signature, ...]:
    if not isinstance(value, list) or len(value) > most:
        raise Malformed("approval-signature-list")
    signatures = []
    for one in value:
        fields = Fields(one, "approval-signature", ("alg", "key_id", "value"))
        alg = fields.integer("alg", 1, 3)
        signatures.append(Signature(alg, fields.hex("key_id"), canonical.parse_hex(fields.raw("value"))))
    return tuple(signatures)


# --- signing and completing ------------------------------------------------------------------------------------------


def sign_request(request: ApprovalRequest, keys: SignatureKeys) -> Approval:
    """The approval of a registrar who has checked and read the request (``gateway/installation/approval_checks``)."""
    signatures = {
        one.digest: sign(FRAME_TYPES[one.type], one.payload, keys).signatures for one in request.documents
    }
    return Approval(request.digest, keys.public.key_ids[0], signatures)


def completed(request: ApprovalRequest, approvals: Sequence[Approval]) -> list[Frame]:
    """The frames with the signatures of two registrars, verified, in the order of the request.

    The order of the approvals does not matter; a third is left out. Raises Untrusted for an approval of another request,
    by somebody else, or with a signature that does not hold; Malformed where there are fewer than two persons.
    """
    order = {person.key_ids[0]: place for place, person in enumerate(request.genesis.reg)}
    by_person: dict[int, Approval] = {}
    for approval in approvals:
        digests = {one.digest for one in request.documents}
        if approval.request != request.digest or set(approval.signatures) != digests:
            raise Untrusted("approval-of-another-request")
        if approval.by not in order:
            raise Untrusted("approval-unknown-person")
        _verify_approval(request, approval, request.genesis.reg[order[approval.by]])
        by_person[order[approval.by]] = approval
    if len(by_person) < SIGNERS_NEEDED:
        raise Malformed("two-approvals")
    chosen = [by_person[place] for place in sorted(by_person)[:SIGNERS_NEEDED]]
    frames = []
    for document in request.documents:
        registrars = tuple(s for approval in chosen for s in approval.signatures[document.digest])
        frames.append(Frame(document.payload, document.signatures + registrars))
    _verify_frames(request, frames)
    return frames


def _verify_approval(request: ApprovalRequest, approval: Approval, person: SignaturePublic) -> None:
    for document in request.documents:
        frame = Frame(document.payload, approval.signatures[document.digest])
        verify(FRAME_TYPES[document.type], frame, [person])


def _verify_frames(request: ApprovalRequest, frames: Sequence[Frame]) -> None:
    in_force = key_sets_of(request)
    for document, frame in zip(request.documents, frames, strict=True):
        if document.type == "genesis":
            verify_genesis(frame, hub=request.genesis.hub)
        elif parse_command(frame.payload).act == KEY_SET_ACT:
            signer = signer_in_force(frame.payload, in_force)
            verify_key_set(frame, in_force=signer, registrars=request.genesis.reg)
        else:
            verify_registrars_act(frame, request.genesis.reg)


def key_sets_of(request: ApprovalRequest) -> dict[bytes, KeySet]:
    """The key sets of the evidence by digest, each verified: signed by the one before and by two registrars of this hub.

    Raises Untrusted, Malformed.
    """
    key_sets: dict[bytes, KeySet] = {}
    for frame in request.evidence:
        key_set = verify_key_set(
            frame, in_force=signer_in_force(frame.payload, key_sets), registrars=request.genesis.reg
        )
        key_sets[key_set.digest] = key_set
    return key_sets


def signer_in_force(payload: bytes, key_sets: Mapping[bytes, KeySet]) -> SignaturePublic | None:
    """Whose SIG signs this key set: None for a first set, which its own new SIG signs. Raises Untrusted, Malformed."""
    key_set, command = parse_key_set(payload)
    if command.keyset == ZEROS:
        return None
    before = key_sets.get(command.keyset)
    if before is None or before.agency != key_set.agency:
        raise Untrusted("key-set-chain")
    return before.sig


def latest_by_agency(key_sets: Mapping[bytes, KeySet]) -> dict[UUID, KeySet]:
    """The last key set of each agency in the evidence."""
    return {key_set.agency: key_set for key_set in key_sets.values()}
