"""Requests for approval, approvals, and the frames that two of them complete."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from domain.errors import Malformed, Untrusted
from domain.events import Kind
from domain.record import REGISTRARS, About
from keys import canonical
from keys.approval import (
    ApprovalRequest,
    Document,
    completed,
    key_sets_of,
    latest_by_agency,
    parse_approval,
    parse_approval_request,
    sign_request,
    signer_in_force,
)
from keys.command import encode_command
from keys.frame import COMMAND, GENESIS, sign
from keys.genesis import encode_genesis, verify_genesis
from keys.keyset import sign_key_set, verify_key_set, verify_registrars_act
from tests.keys.conftest import an_id


@pytest.fixture(scope="module")
def order(world):
    return encode_command(
        world.command(
            about=About(Kind.NETWORK, an_id("network")),
            by=REGISTRARS,
            actor="registrars",
            act="core_agency.designated",
            fields={"agency": str(world.core)},
            occurred_at=None,
            items=(),
            wrapped_keys=(),
            keyset=bytes(32),
        )
    )


@pytest.fixture(scope="module")
def request_of_three(world, order):
    """Genesis, a first key set and an order."""
    genesis, key_set = encode_genesis(world.genesis), encode_command(world.key_set_payload)
    return ApprovalRequest(
        world.genesis,
        (
            Document("genesis", genesis, sign(GENESIS, genesis, world.log).signatures),
            Document("command", key_set, sign(COMMAND, key_set, world.core_sig).signatures),
            Document("command", order, ()),
        ),
    )


@pytest.mark.parametrize("persons", [(0, 1), (2, 0), (2, 1), (1, 0, 2)])
def test_two_approvals_in_any_order_complete_every_document(world, request_of_three, persons):
    sent = parse_approval_request(request_of_three.encode())
    assert sent == request_of_three
    approvals = [parse_approval(sign_request(sent, world.reg[n]).encode()) for n in persons]
    genesis, key_set, order = completed(sent, approvals)
    assert verify_genesis(genesis, hub=world.hub) == world.genesis
    assert verify_key_set(key_set, in_force=None, registrars=world.reg_public).code == "core-1"
    assert verify_registrars_act(order, world.reg_public).act == "core_agency.designated"


def test_one_person_is_not_two(refuses, world, request_of_three):
    approval = sign_request(request_of_three, world.reg[0])
    for given in ([], [approval], [approval, sign_request(request_of_three, world.reg[0])]):
        with refuses(Malformed, "two-approvals"):
            completed(request_of_three, given)


def test_attack_an_approval_by_somebody_else_or_of_another_request_is_refused(
    refuses, world, request_of_three
):
    good = sign_request(request_of_three, world.reg[0])
    shorter = dataclasses.replace(request_of_three, documents=request_of_three.documents[:2])
    with refuses(Untrusted, "approval-of-another-request"):
        completed(request_of_three, [good, sign_request(shorter, world.reg[1])])
    renamed = dataclasses.replace(sign_request(shorter, world.reg[1]), request=request_of_three.digest)
    with refuses(Untrusted, "approval-of-another-request"):
        completed(request_of_three, [good, renamed])
    with refuses(Untrusted, "approval-unknown-person"):
        completed(request_of_three, [good, sign_request(request_of_three, world.core_sig)])
    as_another = dataclasses.replace(good, by=world.reg[1].public.key_ids[0])
    with refuses(Untrusted, "signature-key"):
        completed(request_of_three, [good, as_another])


def test_attack_every_changed_byte_of_a_signature_of_an_approval_is_refused(world, request_of_three):
    good, other = (sign_request(request_of_three, world.reg[n]) for n in (0, 1))
    for digest, two in good.signatures.items():
        for place, signature in enumerate(two):
            for value in (
                bytes([signature.value[0] ^ 1]) + signature.value[1:],
                signature.value[:-1],
                signature.value + b"\0",
                b"",
            ):
                changed = list(two)
                changed[place] = dataclasses.replace(signature, value=value)
                bad = dataclasses.replace(good, signatures={**good.signatures, digest: tuple(changed)})
                with pytest.raises(Untrusted):
                    completed(request_of_three, [bad, other])


def test_attack_a_changed_document_needs_its_own_signatures(world, request_of_three):
    """The LOG key and the agency's own key have signed before the registrars."""
    for place in (0, 1):
        documents = list(request_of_three.documents)
        documents[place] = dataclasses.replace(
            documents[place], signatures=request_of_three.documents[1 - place].signatures
        )
        changed = dataclasses.replace(request_of_three, documents=tuple(documents))
        with pytest.raises(Untrusted):
            completed(changed, [sign_request(changed, world.reg[n]) for n in (0, 1)])


def test_a_later_key_set_rests_on_the_one_in_force_in_the_evidence(refuses, world):
    first = sign_key_set(encode_command(world.key_set_payload), world.core_sig, world.reg[0], world.reg[2])
    new = world.sig("core, second")
    fields = {**world.key_set_payload.fields, "sig": new.public.to_json()}
    later = encode_command(
        world.key_set(fields=fields, keyset=first.digest, command_id=an_id("second key set"))
    )
    own = sign(COMMAND, later, world.core_sig).signatures
    request = ApprovalRequest(world.genesis, (Document("command", later, own),), (first,))
    assert list(latest_by_agency(key_sets_of(request))) == [world.core]
    sent = parse_approval_request(request.encode())
    [frame] = completed(sent, [sign_request(sent, world.reg[n]) for n in (1, 2)])
    assert (
        verify_key_set(frame, in_force=world.core_sig.public, registrars=world.reg_public).sig == new.public
    )
    with refuses(Untrusted, "key-set-chain"):
        signer_in_force(later, {})
    two_days = timedelta(days=2)
    unsigned = sign_key_set(
        encode_command(world.key_set(created_at=world.noon - two_days)),
        world.core_sig,
        world.clinic_sig,
        world.reg[2],
    )
    with refuses(Untrusted, "registrars-unknown-person"):
        key_sets_of(dataclasses.replace(request, evidence=(unsigned,)))


def changed_json(data, path, value):
    """The canonical JSON with one value replaced; ``...`` removes the key."""
    whole = canonical.parse(data)
    place = whole
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return canonical.encode(whole)


@pytest.mark.parametrize(
    ("path", "value", "error_code"),
    [
        pytest.param(["evidence"], ..., "approval-request-keys", id="a key is missing"),
        pytest.param(["form"], "kakehashi-approval-request/2", "approval-request-form", id="form"),
        pytest.param(["documents"], [], "approval-request-documents", id="no document"),
        pytest.param(["documents"], {}, "approval-request-documents", id="no list of documents"),
        pytest.param(["evidence"], {}, "approval-request-evidence", id="no list of evidence"),
        pytest.param(["documents", 0, "name"], "x", "approval-document-keys", id="another key"),
        pytest.param(["documents", 0, "type"], "letter", "approval-document-type", id="unknown type"),
        pytest.param(["documents", 0, "payload"], "", "approval-document-payload", id="no payload"),
        pytest.param(["documents", 0, "signatures"], {}, "approval-signature-list", id="no list"),
        pytest.param(["documents", 0, "signatures", 0, "x"], 1, "approval-signature-keys", id="signature"),
        pytest.param(["documents", 0, "signatures", 0, "alg"], 4, "approval-signature-alg", id="algorithm"),
        pytest.param(["documents", 0, "signatures", 0, "key_id"], "", "approval-signature-key-id", id="key"),
    ],
)
def test_a_request_of_another_form_is_malformed(refuses, request_of_three, path, value, error_code):
    with refuses(Malformed, error_code):
        parse_approval_request(changed_json(request_of_three.encode(), path, value))


def test_a_document_that_is_there_twice_is_malformed(refuses, request_of_three):
    twice = dataclasses.replace(request_of_three, documents=request_of_three.documents[:1] * 2)
    with refuses(Malformed, "approval-request-documents"):
        parse_approval_request(twice.encode())


@pytest.mark.parametrize(
    ("path", "value", "error_code"),
    [
        pytest.param(["by"], ..., "approval-keys", id="a key is missing"),
        pytest.param(["form"], 1, "approval-form", id="form"),
        pytest.param(["request"], "00", "approval-request", id="request"),
        pytest.param(["by"], "00", "approval-by", id="by"),
        pytest.param(["signatures"], [], "approval-signatures", id="no object"),
    ],
)
def test_an_approval_of_another_form_is_malformed(refuses, world, request_of_three, path, value, error_code):
    data = sign_request(request_of_three, world.reg[0]).encode()
    with refuses(Malformed, error_code):
        parse_approval(changed_json(data, path, value))
