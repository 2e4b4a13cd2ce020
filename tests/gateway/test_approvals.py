"""What a registrar may approve, what is shown, and what is refused before anything is shown or signed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.errors import ExchangeError, Malformed, NotFound, Refused, Untrusted
from domain.events import Kind
from domain.record import REGISTRARS
from domain.rulebook import EDITION, first_edition
from gateway.cli.approval_texts import request_lines
from gateway.installation.approval_checks import ApprovedLog, checked
from gateway.installation.ceremony import key_set_request
from gateway.installation.key_folder import AgencyFolder, KeyFolder
from gateway.installation.public_half import PublicHalf, fingerprint, require_three_registrars
from gateway.protocol.commands import encode_command_payload
from keys.approval import ApprovalRequest, Document
from keys.frame import COMMAND, GENESIS, sign
from keys.genesis import Genesis, encode_genesis
from keys.signing import KemKey, SignatureKeys, SignatureKind

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
ABOUT = {
    "code": "AZ-CORE",
    "name": "あおぞら市こども家庭センター",
    "roles": ["CORE"],
    "body": "MUNICIPALITY",
    "municipality": "999999",
}


class Registry:
    """Three registrars, a hub's LOG key, and an agency; no keystores: the keys are in memory."""

    def __init__(self, folder: Path, mode: Any = "real") -> None:
        self.folder = folder
        self.log = SignatureKeys.generate(SignatureKind.LOG)
        self.persons = [SignatureKeys.generate() for _ in range(3)]
        self.agency_sig, self.agency_kem = SignatureKeys.generate(), KemKey.generate()
        self.agency = uuid4()
        self.genesis = Genesis(
            mode=mode,
            stream="KAKEHASHI",
            log_id=uuid4(),
            rules_id=uuid4(),
            log=self.log.public,
            reg=(self.persons[0].public, self.persons[1].public, self.persons[2].public),
            audit_sig=SignatureKeys.generate().public,
            audit_kem=KemKey.generate().public,
        )
        self.place = KeyFolder(folder)
        self.place.pin(self.genesis)

    def checked(self, request: ApprovalRequest, person: int = 0, now: datetime = NOW) -> Any:
        return checked(request, self.place, self.persons[person].public, now)

    def key_set(self, agency: UUID | None = None, **about: Any) -> ApprovalRequest:
        """What this agency asks for, as its own machine makes it."""
        place = AgencyFolder(self.folder, agency or self.agency, "AZ-CORE", "OWN_DEVICE")
        return key_set_request(self.genesis, place, {**ABOUT, **about}, self.agency_sig, self.agency_kem, NOW)

    def order(
        self, act: str, fields: dict[str, Any], *, kind: Kind, about: UUID | None = None, **more: Any
    ) -> ApprovalRequest:
        payload = encode_command_payload(
            hub=more.pop("hub", self.genesis.hub),
            kind=kind,
            about=about or uuid4(),
            by=REGISTRARS,
            actor="registrars",
            act=act,
            fields=fields,
            now=NOW,
            **more,
        )
        return ApprovalRequest(self.genesis, (Document("command", payload, ()),))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def test_everything_that_is_signed_is_shown(registry: Registry) -> None:
    own, payload = registry.persons[1].public, encode_genesis(registry.genesis)
    rules = registry.order(
        "rule_book.published",
        {"edition": EDITION, "rule_book": first_edition()},
        kind=Kind.RULE_BOOK,
        about=registry.genesis.rules_id,
    )
    founding = ApprovalRequest(
        registry.genesis,
        (Document("genesis", payload, sign(GENESIS, payload, registry.log).signatures), *rules.documents),
    )
    text = "\n".join(request_lines(registry.checked(founding, 1), own))
    shown = [registry.genesis.hub.hex(), "実際の運用", EDITION, "(あなた)"]
    shown += [fingerprint(p.public) for p in (registry.log, *registry.persons)]
    shown.append(fingerprint(registry.genesis.audit_sig, registry.genesis.audit_kem))
    assert [one for one in shown if one not in text] == []
    assert text.index("(あなた)") > text.index(fingerprint(own))

    asked = registry.key_set()
    text = "\n".join(request_lines(registry.checked(asked), registry.persons[0].public))
    shown = [str(ABOUT[k]) for k in ("code", "name", "municipality")] + ["中核機関", "市区町村", "OWN_DEVICE"]
    shown += [fingerprint(registry.agency_sig.public, registry.agency_kem.public), str(registry.agency)]
    assert [one for one in shown if one not in text] == []

    centre = registry.key_set(code="AZ-CGC", roles=["CGC"], municipality=None)
    text = "\n".join(request_lines(registry.checked(centre), own))
    assert "市(特別区)が設置する児童相談所" in text
    assert "地方公共団体コードがありません" in text

    core = registry.order("core_agency.designated", {"agency": str(registry.agency)}, kind=Kind.NETWORK)
    text = "\n".join(request_lines(registry.checked(core), own))
    assert f"{registry.agency}(この請求に、署名された鍵の公示がありません)" in text


def test_what_was_approved_is_remembered_and_a_code_is_given_once(registry: Registry) -> None:
    first = registry.checked(registry.key_set())
    ApprovedLog(registry.folder).add(first, NOW)
    registry.checked(registry.key_set())  # the same agency asks again
    with pytest.raises(Refused, match="agency-code-used"):
        registry.checked(registry.key_set(uuid4()))
    registry.checked(registry.key_set(uuid4(), code="AZ-OTHER"))
    registry.agency_sig = SignatureKeys.generate()
    again = registry.checked(registry.key_set())
    assert again.documents[0].replaces_keys
    assert "以前に別の鍵を承認しています" in "\n".join(request_lines(again, registry.persons[0].public))


def changed_document(request: ApprovalRequest, **changes: Any) -> ApprovalRequest:
    return dataclasses.replace(request, documents=(dataclasses.replace(request.documents[0], **changes),))


def wrong_own_signature(r: Registry) -> ApprovalRequest:
    asked = r.key_set()
    other = sign(COMMAND, asked.documents[0].payload, SignatureKeys.generate()).signatures
    return changed_document(asked, signatures=other)


def changed_bytes(r: Registry) -> ApprovalRequest:
    asked = r.key_set()
    payload = asked.documents[0].payload.replace(b'"code":"AZ-CORE"', b'"code":"AZ-COR3"')
    assert payload != asked.documents[0].payload
    return changed_document(asked, payload=payload)


def other_genesis(r: Registry) -> ApprovalRequest:
    """Another hub with the same registrars."""
    return dataclasses.replace(r.key_set(), genesis=dataclasses.replace(r.genesis, log_id=uuid4()))


def not_their_hub(r: Registry) -> ApprovalRequest:
    persons = tuple(SignatureKeys.generate().public for _ in range(3))
    return dataclasses.replace(
        r.key_set(), genesis=dataclasses.replace(r.genesis, reg=(persons[0], persons[1], persons[2]))
    )


def genesis_signed_by_another(r: Registry) -> ApprovalRequest:
    payload = encode_genesis(r.genesis)
    signatures = sign(GENESIS, payload, SignatureKeys.generate(SignatureKind.LOG)).signatures
    return ApprovalRequest(r.genesis, (Document("genesis", payload, signatures),))


def another_genesis_as_document(r: Registry) -> ApprovalRequest:
    payload = encode_genesis(dataclasses.replace(r.genesis, log_id=uuid4()))
    return ApprovalRequest(
        r.genesis, (Document("genesis", payload, sign(GENESIS, payload, r.log).signatures),)
    )


def other_rules(r: Registry) -> ApprovalRequest:
    rules = {"edition": EDITION, "rule_book": {**first_edition(), "never": []}}
    return r.order("rule_book.published", rules, kind=Kind.RULE_BOOK, about=r.genesis.rules_id)


def rules_of_another_sequence(r: Registry) -> ApprovalRequest:
    rules = {"edition": EDITION, "rule_book": first_edition()}
    return r.order("rule_book.published", rules, kind=Kind.RULE_BOOK)


def order_that_is_signed_already(r: Registry) -> ApprovalRequest:
    asked = r.order("core_agency.designated", {"agency": str(r.agency)}, kind=Kind.NETWORK)
    return changed_document(
        asked, signatures=sign(COMMAND, asked.documents[0].payload, r.persons[1]).signatures
    )


def two_agencies_of_one_code(r: Registry) -> ApprovalRequest:
    one, other = r.key_set(), r.key_set(uuid4())
    return dataclasses.replace(one, documents=one.documents + other.documents)


def unknown_order(r: Registry) -> ApprovalRequest:
    fields = {"member": str(r.agency), "item": 1}
    return r.order("network_member.admitted", fields, kind=Kind.NETWORK)


@pytest.mark.parametrize(
    ("make", "error", "error_code"),
    [
        (wrong_own_signature, Untrusted, "signature-key"),
        (changed_bytes, Untrusted, "wrong-ed25519-signature"),
        (other_genesis, Untrusted, "other-hub-pinned"),
        (not_their_hub, Untrusted, "not-a-registrar-here"),
        (genesis_signed_by_another, Untrusted, "signature-key"),
        (another_genesis_as_document, Untrusted, "genesis-other-hub"),
        (other_rules, Refused, "approval-other-rules"),
        (rules_of_another_sequence, Untrusted, "other-hub"),
        (order_that_is_signed_already, Refused, "approval-unknown-document"),
        (two_agencies_of_one_code, Malformed, "approval-request-documents"),
        (unknown_order, Refused, "approval-unknown-document"),
        (
            lambda r: r.order("no.such_act", {}, kind=Kind.NETWORK),
            Malformed,
            "unknown-act",
        ),
        (
            lambda r: r.order(
                "core_agency.designated", {"agency": str(r.agency)}, kind=Kind.NETWORK, hub=bytes(32)
            ),
            Untrusted,
            "other-hub",
        ),
    ],
)
def test_what_a_registrar_can_not_understand_or_verify_is_refused(
    registry: Registry,
    make: Callable[[Registry], ApprovalRequest],
    error: type[ExchangeError],
    error_code: str,
) -> None:
    with pytest.raises(error) as refused:
        registry.checked(make(registry))
    assert refused.value.error_code == error_code


@pytest.mark.parametrize(
    ("after", "error_code"),
    [
        (timedelta(days=6), "approval-too-late"),
        (timedelta(minutes=-11), "approval-too-early"),
        (timedelta(days=-2), "approval-too-early"),
    ],
)
def test_a_request_is_approved_in_its_time_only(
    registry: Registry, after: timedelta, error_code: str
) -> None:
    registry.checked(registry.key_set(), now=NOW - timedelta(minutes=10))
    registry.checked(registry.key_set(), now=NOW + timedelta(days=6) - timedelta(seconds=1))
    with pytest.raises(Refused, match=error_code):
        registry.checked(registry.key_set(), now=NOW + after)


def test_real_keys_approve_nothing_of_a_rehearsal(tmp_path: Path) -> None:
    rehearsal = Registry(tmp_path, "rehearsal")
    (tmp_path / "genesis.json").unlink()
    with pytest.raises(Refused, match="rehearsal-hub-real-keys"):
        rehearsal.checked(rehearsal.key_set())


def test_who_has_not_signed_the_genesis_names_it_first(registry: Registry) -> None:
    (registry.folder / "genesis.json").unlink()
    with pytest.raises(NotFound, match="no-pinned-hub"):
        registry.checked(registry.key_set())
    registry.place.pin(registry.genesis)
    registry.checked(registry.key_set())
    with pytest.raises(Untrusted, match="other-hub-pinned"):
        registry.place.pin(dataclasses.replace(registry.genesis, log_id=uuid4()))


def test_a_public_half_is_read_as_it_was_written_and_for_its_holder_only(tmp_path: Path) -> None:
    registrar = PublicHalf("registrar", "架空の責任者", SignatureKeys.generate().public, None)
    audit = PublicHalf("audit", "監査室", SignatureKeys.generate().public, KemKey.generate().public)
    for half in (registrar, audit):
        half.write(tmp_path / half.holder)
        assert PublicHalf.read(tmp_path / half.holder, half.holder) == half
    with pytest.raises(Malformed, match="public-half-form"):
        PublicHalf.read(tmp_path / "audit", "registrar")
    (tmp_path / "other").write_text("[]")
    with pytest.raises(Malformed, match="public-half-form"):
        PublicHalf.read(tmp_path / "other", "audit")
    with pytest.raises(NotFound, match="file-not-found"):
        PublicHalf.read(tmp_path / "none", "audit")
    others = [PublicHalf("registrar", "", SignatureKeys.generate().public, None) for _ in range(2)]
    require_three_registrars([registrar, *others])
    for wrong in ([registrar, *others[:1]], [registrar, registrar, others[0]]):
        with pytest.raises(Malformed, match="three-registrars"):
            require_three_registrars(wrong)
