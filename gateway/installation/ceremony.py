"""Making what the registrars approve: the founding of a hub, an agency's key set, and the registrars' orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from adapters.mapper import command_of
from domain.errors import NotFound, Refused
from domain.events import Kind
from domain.record import REGISTRARS
from domain.rulebook import EDITION, first_edition, with_calendar
from gateway.installation.exchanged_files import read_exchanged_file
from gateway.installation.folder import create_hub_keys, write_installation
from gateway.installation.key_folder import (
    AgencyFolder,
    kem_key,
    new_key_folder,
    signature_keys,
    write_agency,
    write_keys,
)
from gateway.installation.public_half import FILE, Holder, PublicHalf, require_three_registrars
from gateway.protocol.client import HubClient, retry_until_timeout
from gateway.protocol.commands import encode_command_payload, request
from keys.approval import (
    Approval,
    ApprovalRequest,
    Document,
    completed,
    parse_approval_request,
    signer_in_force,
)
from keys.canonical import format_time
from keys.command import parse_command
from keys.frame import COMMAND, GENESIS, Frame, sign
from keys.genesis import Genesis, encode_genesis
from keys.keyset import ACT as KEY_SET_ACT
from keys.keyset import KeySet, key_set_fields, parse_key_set, verify_key_set
from keys.keystore import Keystore
from keys.lp import sha256
from keys.signing import KemKey, SignatureKeys

FOUNDING_FILE = "founding.json"
KEY_SET_FILE = "key-set.request"
RETRY_SECONDS = 20.0


def create_party(folder: Path, holder: Holder, name: str, passphrase: bytes) -> PublicHalf:
    """Make the keys of a registrar or of the audit office in an empty folder. Returns what is handed out.

    Raises Malformed for a folder that is not empty, and for a short passphrase.
    """
    new_key_folder(folder, passphrase)
    sig, kem = SignatureKeys.generate(), KemKey.generate() if holder == "audit" else None
    party_secrets = {"sig": sig.seeds} if kem is None else {"sig": sig.seeds, "kem": kem.seed}
    write_keys(folder, party_secrets, passphrase, rehearsal=False)
    half = PublicHalf(holder, name, sig.public, None if kem is None else kem.public)
    half.write(folder / FILE)
    return half


# --- founding --------------------------------------------------------------------------------------------------------


def request_founding(
    folder: Path, *, registrars: Sequence[PublicHalf], audit: PublicHalf, passphrase: bytes, now: datetime
) -> ApprovalRequest:
    """Make a real hub's own keys in an empty folder, and the request for genesis and rules. No other key is made here.

    The order that publishes the rules is valid for six days: until then the hub is founded, or begun anew.
    """
    require_three_registrars(registrars)
    assert audit.kem is not None
    genesis, log = create_hub_keys(
        folder,
        mode="real",
        registrars=[half.sig for half in registrars],
        audit=(audit.sig, audit.kem),
        passphrase=passphrase,
    )
    payload = encode_genesis(genesis)
    rules = {"edition": EDITION, "rule_book": first_edition()}
    founding = ApprovalRequest(
        genesis,
        (
            Document("genesis", payload, sign(GENESIS, payload, log).signatures),
            _order(genesis, Kind.RULE_BOOK, genesis.rules_id, "rule_book.published", rules, now),
        ),
    )
    (folder / "hub" / FOUNDING_FILE).write_bytes(founding.encode())
    return founding


def complete_founding(folder: Path, approvals: Sequence[Approval]) -> list[Frame]:
    """Complete the folder with the genesis that two registrars signed. Returns the orders that are to be recorded.

    Raises NotFound where no founding was begun here, and as ``completed``. It can be called again.
    """
    try:
        founding = parse_approval_request((folder / "hub" / FOUNDING_FILE).read_bytes())
    except FileNotFoundError as error:
        raise NotFound("no-founding") from error
    genesis_frame, *orders = completed(founding, approvals)
    if not (folder / "installation.json").exists():
        write_installation(folder, genesis_frame, "OWN_DEVICE")
    return orders


# --- an agency -------------------------------------------------------------------------------------------------------


def create_agency(
    folder: Path,
    genesis: Genesis,
    *,
    about: Mapping[str, Any],
    passphrase: bytes,
    now: datetime,
    agency: UUID | None = None,
) -> ApprovalRequest:
    """Make the keys of an agency in an empty folder on its own machine, and the request that publishes them.

    ``about``: code, name, roles, body, municipality; ``agency``: its id, where it had keys that were revoked.
    Raises Malformed for what a key set can't say, before anything is written.
    """
    place = AgencyFolder(folder, agency or uuid4(), str(about["code"]), "OWN_DEVICE")
    sig, kem = SignatureKeys.generate(), KemKey.generate()
    asked = key_set_request(genesis, place, about, sig, kem, now)
    write_agency(place, genesis, sig, kem, passphrase)
    (place.folder / KEY_SET_FILE).write_bytes(asked.encode())
    return asked


def renew_request(place: AgencyFolder, keystore: Keystore, now: datetime) -> ApprovalRequest:
    """The same request with new times, where the registrars did not come to it in time. Raises NotFound, Malformed."""
    before = parse_approval_request(read_exchanged_file(place.folder / KEY_SET_FILE))
    fields = parse_command(before.documents[0].payload).fields
    about = {key: fields[key] for key in ("code", "name", "roles", "body", "municipality")}
    asked = key_set_request(
        place.pinned_genesis, place, about, signature_keys(keystore), kem_key(keystore), now
    )
    (place.folder / KEY_SET_FILE).write_bytes(asked.encode())
    return asked


def key_set_request(
    genesis: Genesis,
    place: AgencyFolder,
    about: Mapping[str, Any],
    sig: SignatureKeys,
    kem: KemKey,
    now: datetime,
) -> ApprovalRequest:
    """The request that publishes these keys, signed by themselves. Raises Malformed for what a key set can't say."""
    fields = key_set_fields(
        code=about["code"],
        name=about["name"],
        roles=about["roles"],
        body=about["body"],
        municipality=about["municipality"],
        custody=place.custody,
        sig=sig.public,
        kem=kem.public,
    )
    payload = encode_command_payload(
        hub=genesis.hub,
        kind=Kind.AGENCY,
        about=place.id,
        by=place.id,
        actor="registrars",
        act=KEY_SET_ACT,
        fields=fields,
        now=now,
    )
    _, command = parse_key_set(payload)
    command_of(command, sha256(payload))
    return ApprovalRequest(genesis, (Document("command", payload, sign(COMMAND, payload, sig).signatures),))


# --- the registrars' orders ------------------------------------------------------------------------------------------


def _order(
    genesis: Genesis, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any], now: datetime
) -> Document:
    payload = encode_command_payload(
        hub=genesis.hub,
        kind=kind,
        about=about,
        by=REGISTRARS,
        actor="registrars",
        act=act,
        fields=fields,
        now=now,
    )
    return Document("command", payload, ())


class Orders:
    """Requests for orders about agencies that the hub knows. ``client``: of the pinned hub; nothing is signed here."""

    def __init__(self, client: HubClient, now: datetime) -> None:
        self._hub_client = client
        self._genesis = client.genesis()
        self._now = now

    def designation(self, network: UUID | None, *, core: str, coordinating: str) -> ApprovalRequest:
        """Both offices of a network; None for a new one. Raises NotFound for an unknown code. Basis: guideline 3(1), (2); CWA 25-2(4)."""
        network = network or uuid4()
        chains = [self._key_sets(core), self._key_sets(coordinating)]
        acts = ("core_agency.designated", "coordinating_agency.designated")
        documents = [
            self._order(Kind.NETWORK, network, act, {"agency": str(chain[-1][1].agency)})
            for act, chain in zip(acts, chains, strict=True)
        ]
        return self._request(documents, chains)

    def revocation(self, code: str, compromised_since: datetime | None) -> ApprovalRequest:
        """The agency's present key set is no longer in force. Raises NotFound. Source: KH-1 §2."""
        chain = self._key_sets(code)
        since = None if compromised_since is None else format_time(compromised_since)
        fields = {"compromised_since": since}
        order = self._order(Kind.AGENCY, chain[-1][1].agency, "key_set.revoked", fields)
        return self._request([order], [chain])

    def mandate(self, number: int, until: str) -> ApprovalRequest:
        """The audit office's next mandate, until the end of this day. Source: KH-1 §3."""
        fields = {"number": number, "until": until}
        return self._request([self._order(Kind.LOG, self._genesis.log_id, "audit_mandate.began", fields)], [])

    def calendar(self, calendar: Mapping[str, Any]) -> ApprovalRequest:
        """The rule book of this program with this calendar of office days. Basis: own rule (開庁日の暦); 民法142条."""
        book = with_calendar(first_edition(), dict(calendar))
        fields = {"edition": EDITION, "rule_book": book}
        order = self._order(Kind.RULE_BOOK, self._genesis.rules_id, "rule_book.published", fields)
        return self._request([order], [])

    def _order(self, kind: Kind, about: UUID, act: str, fields: Mapping[str, Any]) -> Document:
        return _order(self._genesis, kind, about, act, fields, self._now)

    def _request(
        self, documents: Sequence[Document], chains: Sequence[list[tuple[Frame, KeySet]]]
    ) -> ApprovalRequest:
        evidence = {frame.digest: frame for chain in chains for frame, _ in chain}
        return ApprovalRequest(self._genesis, tuple(documents), tuple(evidence.values()))

    def _key_sets(self, code: str) -> list[tuple[Frame, KeySet]]:
        """The verified key sets of the agency of this code, oldest first. Raises NotFound, Untrusted."""
        for agency in self._hub_client.agencies():
            chain: list[tuple[Frame, KeySet]] = []
            for frame in self._hub_client.key_sets(UUID(agency["id"])):
                if parse_command(frame.payload).act != KEY_SET_ACT:
                    continue  # a revocation: the next set is a first one
                signer = signer_in_force(frame.payload, {k.digest: k for _, k in chain})
                chain.append((frame, verify_key_set(frame, in_force=signer, registrars=self._genesis.reg)))
            if chain and chain[-1][1].code == code:
                return chain
        raise NotFound("agency-not-found")


def submit_frames(client: HubClient, frames: Sequence[Frame]) -> None:
    """Have the hub record these frames, in order. Sending the same again is safe.

    Raises Refused with the reason that the hub recorded, and the hub's errors.
    """
    for frame in frames:
        data = request(frame)
        answer = retry_until_timeout(partial(client.submit, data), RETRY_SECONDS)
        if answer["outcome"] != "recorded":
            raise Refused("order-refused", f"The hub recorded the reason {answer['reason']}.")
