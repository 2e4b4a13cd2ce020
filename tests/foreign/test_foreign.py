"""Independent programs reach the same results: Go's sumdb packages for the log, @noble for every signature.

They are installed by ``.ci/run``, outside the tree; where they are missing these tests are skipped with that reason.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.audit.bundle import export, pack
from gateway.audit.verification import doors_of
from gateway.installation.archive import open_archive
from gateway.verifier.bundle import _bundle_parts
from tests.gateway.hubkit import hub_with_case

HERE = Path(__file__).parent
GO_PACKAGES = Path("/usr/share/gocode")
MODULES = Path(os.environ.get("KAKEHASHI_NODE_MODULES", "/nowhere"))
needs_go = pytest.mark.skipif(
    shutil.which("go") is None or not (GO_PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir(),
    reason="Debian's golang-go and golang-golang-x-mod-dev are not installed",
)
needs_noble = pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "@noble" / "post-quantum").is_dir(),
    reason="node or @noble/* are not installed (KAKEHASHI_NODE_MODULES names their folder)",
)


@dataclass
class Evidence:
    """A bundle, and what the hub, its doors and the audit office hold besides."""

    bundle: bytes
    hub: str
    reported: dict[str, Any]

    def with_part(self, name: str, change: Callable[[bytearray], None]) -> Evidence:
        """Another part, packed again as a forger would: the container's digest fits."""
        files = _bundle_parts(self.bundle)[0]
        data = bytearray(files[name])
        change(data)
        return Evidence(pack({**files, name: bytes(data)}), self.hub, self.reported)

    def with_reported(self, change: Callable[[dict[str, Any]], None]) -> Evidence:
        reported = json.loads(json.dumps(self.reported))
        change(reported)
        return Evidence(self.bundle, self.hub, reported)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """A case, with heads of three sizes, as outsiders get hold of it."""
    with hub_with_case(tmp_path_factory.mktemp("foreign") / "hub") as built:
        log_keeper = built.rehearsal_hub.runtime.log_keeper
        request = built.rehearsal_hub.audit.request_control(built.case)
        heads: list[str] = []
        for _ in range(3):
            built.refer()
            while log_keeper.size < built.head():
                log_keeper.step()
            heads.append(built.http.get("/v1/log/checkpoint").text)
        sizes = [int(head.split("\n")[1]) for head in heads]
        installation = built.rehearsal_hub.installation
        inclusion = [built.http.get(f"/v1/log/proof/{n + 1}").json() for n in range(sizes[-1])]
        consistency = [
            built.http.get("/v1/log/consistency", params={"first": size, "second": sizes[-1]}).json()
            for size in sizes
        ]
        with open_archive(installation) as archive:
            bundle = export(archive, request)
            stored = archive.store.read(1, 500)
        frames = dict.fromkeys(k.frame for k in stored if k.frame and k.record.frame != installation.hub)
        reported = {
            "inclusion": inclusion,
            "consistency": [{"first": head, **one} for head, one in zip(heads, consistency, strict=True)],
            "frames": [frame.hex() for frame in frames],
            "receipts": [receipt.hex() for door in doors_of(installation) for receipt in _receipts(door)],
        }
        yield Evidence(bundle, installation.hub.hex(), reported)


def _receipts(door: Path) -> list[bytes]:
    with closing(sqlite3.connect(f"file:{door}?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT answer FROM outbox WHERE state='CONFIRMED'").fetchall()
    return [b64decode(json.loads(answer)["receipt"]) for (answer,) in rows]


@dataclass
class Program:
    """One of the outside programs, ready to run."""

    command: list[str]
    folder: Path

    def run(self, one: Evidence, hub: str | None = None) -> subprocess.CompletedProcess[str]:
        (self.folder / "bundle").write_bytes(one.bundle)
        (self.folder / "evidence.json").write_text(json.dumps(one.reported))
        args = ["bundle", hub or one.hub, "evidence.json"]
        return subprocess.run(
            [*self.command, *args], cwd=self.folder, capture_output=True, text=True, check=False
        )

    def holds(self, one: Evidence) -> dict[str, int]:
        done = self.run(one)
        assert done.returncode == 0, done.stderr
        result: dict[str, int] = json.loads(done.stdout)
        return result

    def refuses(self, one: Evidence, why: str) -> None:
        done = self.run(one)
        assert done.returncode == 1
        assert why in done.stderr, done.stderr


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("go")
    env = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_PACKAGES), "CGO_ENABLED": "0"}
    env |= {"GOCACHE": os.environ.get("GOCACHE", str(folder / "cache")), "GOFLAGS": ""}
    command = ["go", "build", "-o", str(folder / "log"), str(HERE / "log.go")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Program([str(folder / "log")], folder)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("node")
    (folder / "node_modules").symlink_to(MODULES)
    shutil.copy(HERE / "signatures.mjs", folder)
    return Program(["node", "signatures.mjs"], folder)


def flip(at: float, bit: int = 1) -> Callable[[bytearray], None]:
    """Flip one bit of the byte at this fraction of the data."""

    def change(data: bytearray) -> None:
        data[int(at * (len(data) - 1))] ^= bit

    return change


def flip_hex(text: str, at: int) -> str:
    data = bytearray.fromhex(text)
    data[at] ^= 1
    return data.hex()


@needs_go
def test_go_verifies_inclusion_of_every_record_and_consistency_of_each_head(
    go: Program, evidence: Evidence
) -> None:
    result = go.holds(evidence)
    assert result["records"] > 10
    assert result["inclusion"] == len(evidence.reported["inclusion"]) > 10
    assert result["consistency"] == 3


@needs_go
@pytest.mark.parametrize(
    ("name", "at", "why"),
    [
        pytest.param("checkpoint", 0.02, "checkpoint", id="its origin"),
        pytest.param("checkpoint", 0.07, "checkpoint", id="its signature or root"),
        pytest.param("entries", 0.5, "", id="an entry"),
        pytest.param("entries", 1.0, "", id="the last entry"),
        pytest.param("records", 0.5, "not the one that was logged", id="a record"),
        pytest.param("records", 1.0, "not the one that was logged", id="the last record"),
        pytest.param("genesis", 0.1, "", id="the genesis"),
    ],
)
def test_a_flipped_bit_makes_go_fail(go: Program, evidence: Evidence, name: str, at: float, why: str) -> None:
    go.refuses(evidence.with_part(name, flip(at)), why)


@needs_go
def test_a_flipped_bit_of_a_proof_makes_go_fail(go: Program, evidence: Evidence) -> None:
    def inclusion(reported: dict[str, Any]) -> None:
        reported["inclusion"][3]["proof"][0] = flip_hex(reported["inclusion"][3]["proof"][0], 5)

    def consistency(reported: dict[str, Any]) -> None:
        reported["consistency"][0]["proof"][0] = flip_hex(reported["consistency"][0]["proof"][0], 5)

    go.refuses(evidence.with_reported(inclusion), "inclusion")
    go.refuses(evidence.with_reported(consistency), "consistency")
    assert go.run(evidence, hub="00" * 32).returncode == 1
    wrong = bytearray(evidence.bundle)
    wrong[-1000] ^= 1
    go.refuses(Evidence(bytes(wrong), evidence.hub, evidence.reported), "digest")


@needs_noble
def test_noble_verifies_checkpoint_receipts_and_commands(node: Program, evidence: Evidence) -> None:
    result = node.holds(evidence)
    assert result["frames"] == len(evidence.reported["frames"]) > 10
    assert result["receipts"] == len(evidence.reported["receipts"]) > 3
    assert result["sets"] >= 5


# in a frame of two signatures: Ed25519's, then ML-DSA-65's
ED25519_AT, ML_DSA_AT = -3309 - 2 - 32 - 1 - 10, -10


@needs_noble
@pytest.mark.parametrize(
    ("what", "at"),
    [
        pytest.param("frames", 300, id="payload of a command"),
        pytest.param("frames", ED25519_AT, id="its Ed25519 signature"),
        pytest.param("frames", ML_DSA_AT, id="its ML-DSA-65 signature"),
        pytest.param("receipts", 60, id="payload of a receipt"),
        pytest.param("receipts", -2420 - 2 - 32 - 1 - 10, id="its Ed25519 signature there"),
        pytest.param("receipts", -10, id="its ML-DSA-44 signature"),
    ],
)
def test_a_flipped_bit_of_a_command_or_a_receipt_makes_noble_fail(
    node: Program, evidence: Evidence, what: str, at: int
) -> None:
    def change(reported: dict[str, Any]) -> None:
        reported[what][-1] = flip_hex(reported[what][-1], at)

    node.refuses(evidence.with_reported(change), "Error")


@needs_noble
@pytest.mark.parametrize(
    ("name", "at"),
    [
        pytest.param("checkpoint", 0.02, id="its origin"),
        pytest.param("checkpoint", 0.06, id="its root or Ed25519 signature"),
        pytest.param("checkpoint", 0.9, id="its ML-DSA-44 signature"),
        pytest.param("genesis", 0.1, id="payload of the genesis"),
        pytest.param("genesis", 0.999, id="a registrar's signature"),
    ],
)
def test_a_flipped_bit_of_what_the_log_signs_makes_noble_fail(
    node: Program, evidence: Evidence, name: str, at: float
) -> None:
    node.refuses(evidence.with_part(name, flip(at, 2)), "Error")


@needs_noble
def test_noble_refuses_another_hub_and_a_command_left_without_its_key_set(
    node: Program, evidence: Evidence
) -> None:
    assert node.run(evidence, hub="00" * 32).returncode == 1
    frames = evidence.reported["frames"]
    author = _payload_of(frames[-1])["by"]
    remaining = [
        f for f in frames if (_payload_of(f)["by"], _payload_of(f)["act"]) != (author, "key_set.published")
    ]
    assert len(remaining) == len(frames) - 1
    node.refuses(
        evidence.with_reported(lambda reported: reported.update(frames=remaining)), "nobody has published"
    )


def _payload_of(frame: str) -> dict[str, Any]:
    """The payload of a frame; signatures are not verified."""
    data = bytes.fromhex(frame)
    result: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[4:8], "big")])
    return result
