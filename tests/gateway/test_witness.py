"""Witnesses over HTTP: a head that continues the log is cosigned; contradictions are refused and kept as evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

from domain.errors import Malformed, Untrusted
from gateway.agency.inclusion import LogProver
from gateway.cli.main import app
from gateway.hub.real import ThreadExecutor
from gateway.hub.witnesses import Witnesses, WitnessSettings, known_witnesses
from gateway.protocol.serving import ServedApp
from gateway.protocol.trust import trusted_certificates
from gateway.witness.app import witness_app
from gateway.witness.policy import Policy
from gateway.witness.service import MAX_BODY_BYTES, Witness, encode_request
from keys.checkpoint import Checkpoint, origin_of, sign_checkpoint, verify_cosignature
from keys.note import Note, parse_note, parse_signature_lines, with_signatures
from keys.signing import SignatureKeys, SignatureKind
from keys.tree import consistency, leaf_hash, root
from tests.gateway.hubkit import HubWithCase
from tests.gateway.hubkit import hub_with_case as new_hub_with_case
from tests.keys.test_log import MANY, naive, subtrees

LOG, STRANGER, KEYS = (SignatureKeys.from_seeds(SignatureKind.LOG, bytes([n]) * 64) for n in (1, 2, 3))
ORIGIN = origin_of(b"\7" * 32, "rehearsal")
NAME = "witness.example/one"
TREE = subtrees(MANY)
FORKED = subtrees([leaf_hash(b"other"), *MANY[1:]])


def head(size: int, tree=TREE) -> Checkpoint:  # type: ignore[no-untyped-def]
    return Checkpoint(ORIGIN, size, root(size, tree))


def note(size: int, tree=TREE, log: SignatureKeys = LOG) -> bytes:  # type: ignore[no-untyped-def]
    return sign_checkpoint(head(size, tree), log, 1_700_000_000).encode()


def proof(first: int, second: int, tree=TREE) -> list[bytes]:  # type: ignore[no-untyped-def]
    return consistency(first, second, tree) if 0 < first < second else []


class ServedWitness:
    """A served witness, and a client that presents heads to it."""

    def __init__(self, url: str, witness: Witness) -> None:
        self.http = httpx.Client(base_url=url, timeout=30, verify=trusted_certificates())
        self.witness = witness

    def present(self, old: int, data: bytes, steps: list[bytes] | None = None) -> httpx.Response:
        return self.http.post("/add-checkpoint", content=encode_request(old, steps or [], data))


@pytest.fixture
def one(tmp_path: Path) -> Iterator[ServedWitness]:
    with ExitStack() as stack:
        witness = Witness(tmp_path / "witness.db", NAME, KEYS, {ORIGIN: LOG.public}, lambda: 1_700_000_001)
        stack.callback(witness.close)
        served = stack.enter_context(ServedApp(witness_app(witness)))
        served_witness = ServedWitness(served.url, witness)
        stack.callback(served_witness.http.close)
        yield served_witness


def test_a_head_that_continues_the_last_one_is_cosigned(one: ServedWitness) -> None:
    for first, second in ((0, 3), (3, 8), (8, 8), (8, 500)):
        answer = one.present(first, note(second), proof(first, second))
        assert answer.status_code == 200, answer.text
        cosigned = with_signatures(parse_note(note(second)), parse_signature_lines(answer.text))
        assert verify_cosignature(cosigned, NAME, KEYS.public) == 1_700_000_001
    assert one.witness.evidence() == []


def test_a_wrong_old_size_is_answered_with_the_cosigned_size(one: ServedWitness) -> None:
    one.present(0, note(5))
    for old in (0, 3):
        answer = one.present(old, note(8), proof(old, 8))
        assert (answer.status_code, answer.text) == (409, "5\n")
        assert answer.headers["content-type"].startswith("text/x.tlog.size")


@pytest.mark.parametrize(
    ("old", "size", "tree", "status", "why"),
    [
        pytest.param(5, 5, FORKED, 409, "split-view", id="another head of the same size"),
        pytest.param(0, 5, FORKED, 409, "split-view", id="the same, claiming that no head was cosigned"),
        pytest.param(5, 8, FORKED, 422, "fork", id="a later head of another tree"),
        pytest.param(0, 3, TREE, 409, None, id="rolled back, claiming that no head was cosigned"),
    ],
)
def test_a_contradictory_head_is_refused_and_kept_as_evidence(
    one: ServedWitness,
    old: int,
    size: int,
    tree,
    status: int,
    why: str | None,  # type: ignore[no-untyped-def]
) -> None:
    first_note, presented = note(5), note(size, tree)
    one.present(0, first_note)
    answer = one.present(old, presented, proof(old, size, tree))
    assert answer.status_code == status
    evidence = one.witness.evidence()
    assert [e[1] for e in evidence] == ([why] if why else [])
    if why:
        assert (evidence[0][2], evidence[0][3]) == (first_note, presented)
    assert one.present(5, note(6), proof(5, 6)).status_code == 200  # an honest head is still cosigned


def test_a_rollback_is_refused(one: ServedWitness) -> None:
    one.present(0, note(5))
    assert one.present(5, note(3)).status_code == 400


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(note(5, log=STRANGER), 403, id="signed by another"),
        pytest.param(
            sign_checkpoint(Checkpoint("another/log", 5, bytes(32)), LOG, 1).encode(), 404, id="unknown"
        ),
        pytest.param(Note(head(5).text, parse_note(note(5)).lines[:1]).encode(), 403, id="half signed"),
        pytest.param(b"nothing", 400, id="no note"),
    ],
)
def test_a_head_of_another_log_or_signer_is_refused(one: ServedWitness, data: bytes, status: int) -> None:
    assert one.present(0, data).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1\n",
        b"old -1\n\n",
        b"old 01\n\n",
        b"new 0\n\n",
        b"old 0\nAAAA\n\n",
        b"old 0\n" + b"AAAA\n" * 64 + b"\n",
    ],
)
def test_a_malformed_request_is_refused(one: ServedWitness, body: bytes) -> None:
    assert one.http.post("/add-checkpoint", content=body + note(5)).status_code == 400


def test_a_body_that_is_too_long_is_answered_with_a_problem_document(one: ServedWitness) -> None:
    answer = one.http.post("/add-checkpoint", content=bytes(MAX_BODY_BYTES + 1))
    assert (answer.status_code, answer.json()["error_code"]) == (413, "body-too-long")
    assert answer.headers["content-type"] == "application/problem+json"
    assert one.http.get("/healthz").json()["status"] == "up"


def test_a_body_that_is_cut_off_is_answered_with_a_problem_document(tmp_path: Path) -> None:
    """Nobody reads this answer, since the client is gone; it must not be an error of the witness."""
    witness = Witness(tmp_path / "witness.db", NAME, KEYS, {ORIGIN: LOG.public}, lambda: 1)
    sent: list[dict[str, Any]] = []
    incoming = iter(
        [{"type": "http.request", "body": b"old 0\n", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> dict[str, Any]:
        return next(incoming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/add-checkpoint", "raw_path": b"/add-checkpoint",
        "query_string": b"", "headers": [(b"host", b"127.0.0.1"), (b"transfer-encoding", b"chunked")],
        "http_version": "1.1", "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "root_path": "",
    }  # fmt: skip
    asyncio.run(witness_app(witness)(scope, receive, send))
    witness.close()
    assert sent[0]["status"] == 400
    assert json.loads(sent[1]["body"])["error_code"] == "body-cut-off"


def test_a_wrong_proof_is_refused(one: ServedWitness) -> None:
    one.present(0, note(5))
    assert one.present(5, note(8), [bytes(32), *proof(5, 8)[1:]]).status_code == 422
    assert one.present(5, note(8)).status_code == 422


def test_cosigned_heads_survive_a_restart(tmp_path: Path) -> None:
    for size, old in ((5, 0), (5, 5)):
        witness = Witness(tmp_path / "witness.db", NAME, KEYS, {ORIGIN: LOG.public}, lambda: 1)
        assert witness.add_checkpoint(encode_request(old, [], note(size))).status == 200
        witness.close()
    reopened = Witness(tmp_path / "witness.db", NAME, KEYS, {ORIGIN: LOG.public}, lambda: 1)
    assert reopened.add_checkpoint(encode_request(0, [], note(3))).status == 409
    reopened.close()


def test_no_cosignature_is_given_before_the_head_is_stored(tmp_path: Path) -> None:
    """Without a stored head there is no cosignature."""
    witness = Witness(tmp_path / "witness.db", NAME, KEYS, {ORIGIN: LOG.public}, lambda: 1)
    witness._database.execute("DROP TABLE heads")
    with pytest.raises(Exception, match="heads"):
        witness.add_checkpoint(encode_request(0, [], note(3)))
    witness.close()


# --- policy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "quorum", "dishonest", "fits"),
    [(1, 1, 0, True), (3, 2, 0, True), (3, 2, 1, False), (3, 3, 1, True), (4, 2, 0, False), (2, 3, 0, False)],
)
def test_two_quorums_share_an_honest_witness(n: int, quorum: int, dishonest: int, fits: bool) -> None:
    known = {f"w{i}": SignatureKeys.generate(SignatureKind.LOG).public for i in range(n)}
    if fits:
        assert Policy(known, quorum, dishonest)
    else:
        with pytest.raises(Malformed, match="quorum"):
            Policy(known, quorum, dishonest)


def test_a_malformed_policy_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "witnesses.json"
    for text in ("", "[]", '{"quorum": 1}', '{"quorum": 1, "witnesses": {"a": {}}}'):
        path.write_text(text)
        with pytest.raises(Malformed):
            Policy.read(path)
    path.write_text(json.dumps({"quorum": 1, "witnesses": {NAME: KEYS.public.to_json()}}))
    assert Policy.read(path).quorum == 1


# --- the hub and its doors ------------------------------------------------------------------------------------------


@pytest.fixture
def hub_with_case(tmp_path: Path) -> Iterator[HubWithCase]:
    with new_hub_with_case(tmp_path / "hub") as made:
        yield made


def _grown(hub_with_case: HubWithCase) -> None:
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    while log_keeper.size < hub_with_case.head():
        log_keeper.step()


def _witness(
    hub_with_case: HubWithCase, folder: Path, name: str, keys: SignatureKeys, stack: ExitStack
) -> WitnessSettings:
    genesis = hub_with_case.rehearsal_hub.genesis
    logs = {origin_of(genesis.hub, genesis.mode): genesis.log}
    witness = Witness(folder / f"{name}.db", name, keys, logs, lambda: 1_800_000_000)
    stack.callback(witness.close)
    served = stack.enter_context(ServedApp(witness_app(witness)))
    return WitnessSettings(name, served.url, keys.public)


def test_a_door_proves_inclusion_only_under_a_head_with_a_quorum(
    hub_with_case: HubWithCase, tmp_path: Path
) -> None:
    runtime = hub_with_case.rehearsal_hub.runtime
    door = hub_with_case.door("MID-HOSP")
    policy = Policy({"one": KEYS.public, "two": STRANGER.public, "three": LOG.public}, 2, 0)
    log_prover = LogProver(door, policy)
    assert log_prover.prove_batch() == 0  # no head was presented to a witness yet
    with ExitStack() as stack:
        first = _witness(hub_with_case, tmp_path, "one", KEYS, stack)
        away = WitnessSettings("two", "http://127.0.0.1:9", STRANGER.public)
        hub_witnesses = Witnesses(runtime.log_keeper, [first, away], ThreadExecutor(), timeout=2.0)
        stack.callback(hub_witnesses.close)
        runtime.witnesses._cosigned_note = None
        _grown(hub_with_case)
        hub_witnesses.step()
        assert hub_witnesses.missing_cosignatures == {"two": "the witness does not answer"}
        runtime.witnesses._cosigned_note = hub_witnesses._cosigned_note  # what the hub serves
        with pytest.raises(Untrusted, match="too-few-witnesses"):
            log_prover.prove_batch()
        hub_with_case.refer()  # messages are still exchanged
        second = _witness(hub_with_case, tmp_path, "two", STRANGER, stack)
        hub_witnesses._witnesses = [first, second]
        _grown(hub_with_case)
        hub_witnesses.step()
        assert hub_witnesses.missing_cosignatures == {}
        runtime.witnesses._cosigned_note = hub_witnesses._cosigned_note
        hub_with_case.refer()
        _grown(hub_with_case)  # the log has grown beyond the witnessed head
        assert log_prover.prove_batch() > 0
        assert log_prover.log_status().alarms == []
        assert log_prover.log_status().waiting > 0


def test_a_restarted_hub_continues_from_the_size_that_the_witness_names(
    hub_with_case: HubWithCase, tmp_path: Path
) -> None:
    runtime = hub_with_case.rehearsal_hub.runtime
    with ExitStack() as stack:
        one = _witness(hub_with_case, tmp_path, "one", KEYS, stack)
        for _ in range(2):  # a hub that has lost the size of the last cosigned head
            hub_witnesses = Witnesses(runtime.log_keeper, [one], ThreadExecutor())
            stack.callback(hub_witnesses.close)
            hub_with_case.refer()
            _grown(hub_with_case)
            hub_witnesses.step()
            assert hub_witnesses.missing_cosignatures == {}
            assert verify_cosignature(parse_note(hub_witnesses.witnessed), "one", KEYS.public)


def test_malformed_witness_settings_are_refused(tmp_path: Path) -> None:
    assert known_witnesses(tmp_path) == []
    (tmp_path / "witnesses.json").write_text('[{"name": "one"}]')
    with pytest.raises(Malformed):
        known_witnesses(tmp_path)
    about = [{"name": "one", "url": "http://127.0.0.1:9", "keys": KEYS.public.to_json()}]
    (tmp_path / "witnesses.json").write_text(json.dumps(about))
    assert known_witnesses(tmp_path)[0].keys == KEYS.public


def test_the_keys_of_a_witness_are_created_only_once(tmp_path: Path) -> None:
    passphrase_file = tmp_path / "passphrase_file"
    passphrase_file.write_text("a long enough passphrase\n")
    passphrase_file.chmod(0o600)
    args = [
        "witness",
        "init",
        "--data",
        str(tmp_path / "w"),
        "--name",
        NAME,
        "--passphrase-file",
        str(passphrase_file),
    ]
    made = CliRunner().invoke(app, args)
    assert made.exit_code == 0, made.output
    assert json.loads((tmp_path / "w" / "witness.json").read_text())["name"] == NAME
    assert CliRunner().invoke(app, args).exit_code != 0
    assert naive(MANY[:1]) == MANY[0]
