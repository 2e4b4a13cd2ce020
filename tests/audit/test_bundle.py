"""A bundle verifies without the hub, and every change to it is located (I6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.audit.bundle import export, pack
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.bundle import NAMES, BundleResult, _bundle_parts, _bundle_records, verify_bundle
from keys.leaf import parse_leaf
from keys.signing import KemKey

ROOT = Path(__file__).parents[2]
STORY = ROOT / "tests" / "scenarios" / "sc-1.yaml"


@dataclass
class ExportedBundle:
    data: bytes
    all_cases: bytes
    hub: bytes
    kem: KemKey
    folder: Path
    request_id: str


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportedBundle]:
    """The bundle of the case of SC-1, and the bundle of all cases."""
    story = replace(read_story(STORY), expects=(), must_hold=())
    with open_rehearsal_hub(tmp_path_factory.mktemp("bundle") / "hub", start_of(story)) as rehearsal_hub:
        run, report = play(story, rehearsal_hub)
        assert report.problems == []
        runtime = rehearsal_hub.runtime
        assert runtime is not None
        request_id, request_all = (rehearsal_hub.audit.request_control(case) for case in (run.case, None))
        while runtime.log_keeper.size < runtime.store.head():
            runtime.log_keeper.step()
        _, kem = rehearsal_hub.installation.audit()
        with open_archive(rehearsal_hub.installation) as archive:
            one_case, all_cases = export(archive, request_id), export(archive, request_all)
        yield ExportedBundle(
            one_case,
            all_cases,
            rehearsal_hub.installation.hub,
            kem,
            rehearsal_hub.installation.folder,
            str(request_id),
        )


def verified(exported: ExportedBundle, data: bytes) -> BundleResult:
    return verify_bundle(data, exported.hub, exported.kem)


def parts(data: bytes) -> dict[str, bytes]:
    return {name: bytes(part) for name, part in _bundle_parts(data)[0].items()}


def changed(exported: ExportedBundle, **files: bytes) -> BundleResult:
    """The bundle with other parts and a matching digest, as a forger would make it."""
    return verified(exported, pack({**parts(exported.data), **files}))


def test_the_container_has_its_documented_bytes() -> None:
    """KHB1, the number of parts, each name and part with its length, and the digest of all, built by hand."""
    by_hand = b"KHB1" + b"\x00\x02" + b"\x00\x01a" + b"\x00" * 7 + b"\x02xy" + b"\x00\x02bc" + b"\x00" * 8
    assert pack({"a": b"xy", "bc": b""}) == by_hand + hashlib.sha256(by_hand).digest()
    all_cases = {
        name: name.encode() for name in ("genesis", "checkpoint", "entries", "records", "keys", "times")
    }
    assert _bundle_parts(pack(all_cases)) == (all_cases, [])


def test_a_bundle_verifies_without_the_hub(exported: ExportedBundle) -> None:
    result = verified(exported, exported.data)
    assert result.faults == []
    assert result.control
    assert result.decisions > 20
    assert result.complete == result.originators > 5
    assert verified(exported, exported.all_cases).faults == []
    assert verified(exported, exported.all_cases).records == result.log_size


def test_position_and_root_verify_without_the_audit_offices_key(exported: ExportedBundle) -> None:
    result = verify_bundle(exported.data, exported.hub, None)
    assert (result.faults, result.decisions, result.control) == ([], 0, False)
    assert result.records > 20
    other = verify_bundle(exported.data, exported.hub, KemKey.generate())
    assert any(f.where.startswith("keys, originator") for f in other.faults)


def test_a_bundle_of_another_hub_is_refused(exported: ExportedBundle) -> None:
    assert [f.where for f in verify_bundle(exported.data, bytes(32), exported.kem).faults] == ["genesis"]


def _with_digest(data: bytes) -> bytes:
    return data + sha256(data).digest()


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        pytest.param(lambda data: _with_digest(b"ZIP1" + data[4:-32]), "bundle-magic", id="another magic"),
        pytest.param(lambda data: _with_digest(data[:-40]), "bundle-truncated", id="its last part cut short"),
        pytest.param(lambda data: pack({**parts(data), "more": b""}), "bundle-parts", id="an unknown part"),
        pytest.param(lambda data: pack({**parts(data), "keys": b"{}"}), "keys-unreadable", id="no keys"),
        pytest.param(
            lambda data: pack({**parts(data), "entries": b"\x00\x01x" + parts(data)["entries"]}),
            "entry-malformed",
            id="an entry that is no leaf",
        ),
        pytest.param(
            lambda data: pack({**parts(data), "entries": b""}), "record-not-logged", id="no entries at all"
        ),
    ],
)
def test_a_bundle_that_is_not_of_its_form_has_a_fault_of_this_code(
    exported: ExportedBundle, forge: Callable[[bytes], bytes], code: str
) -> None:
    assert code in {f.code for f in verified(exported, forge(exported.data)).faults}


def test_any_flipped_bit_is_detected(exported: ExportedBundle) -> None:
    """By the container's digest at 4000 places; by the complete verification at 12."""
    data = exported.data
    for at in range(0, len(data), max(1, len(data) // 4000)):
        wrong = bytearray(data)
        wrong[at] ^= 1 << (at % 8)
        assert sha256(bytes(wrong[:-32])).digest() != bytes(wrong[-32:])
    for at in range(5, len(data), len(data) // 12):
        wrong = bytearray(data)
        wrong[at] ^= 1
        assert not verified(exported, bytes(wrong)).ok


def test_the_containers_digest_detects_what_nothing_else_covers(exported: ExportedBundle) -> None:
    """Without the audit office's key: the control keys, and the digest itself."""
    keys = parts(exported.data)["keys"]
    for at in (exported.data.index(keys) + len(keys) // 2, len(exported.data) - 1):
        wrong = bytearray(exported.data)
        wrong[at] ^= 1
        result = verify_bundle(bytes(wrong), exported.hub, None)
        assert [f.code for f in result.faults] == ["bundle-digest"]


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_in_a_part_is_located_under_a_matching_digest(
    exported: ExportedBundle, name: str
) -> None:
    data = parts(exported.data)[name]
    for at in (3, len(data) // 2, len(data) - 2):
        wrong = bytearray(data)
        wrong[at] ^= 1
        result = changed(exported, **{name: bytes(wrong)})
        assert not result.ok, (name, at)
        assert all(f.code != "bundle-digest" for f in result.faults)


def _split(data: bytes) -> list[bytes]:
    """The records of a bundle, each with position, subject and lengths."""
    rows, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at + 8 : at + 10], "big")
        size = int.from_bytes(data[at + 10 + length : at + 14 + length], "big")
        end = at + 14 + length + size
        rows.append(data[at:end])
        at = end
    return rows


def test_a_dropped_duplicated_or_moved_record_is_located(exported: ExportedBundle) -> None:
    rows = _split(parts(exported.data)["records"])
    bundle_records = [
        record for record, _ in _bundle_records(memoryview(parts(exported.data)["records"]), BundleResult())
    ]
    n = len(rows) // 2
    dropped = changed(exported, records=b"".join(rows[:n] + rows[n + 1 :]))
    on, _ = bundle_records[n].originator_and_version
    later = [record.seq for record in bundle_records[n + 1 :] if record.originator_and_version[0] == on]
    assert not dropped.ok
    if later:
        assert later[0] in {f.seq for f in dropped.faults}
    doubled = changed(exported, records=b"".join([*rows[: n + 1], *rows[n:]]))
    assert ("record-out-of-order", bundle_records[n].seq) in {(f.code, f.seq) for f in doubled.faults}
    swapped = changed(exported, records=b"".join([*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]]))
    assert ("record-out-of-order", bundle_records[n].seq) in {(f.code, f.seq) for f in swapped.faults}


def test_omitting_the_last_record_of_a_case_is_detected_by_its_tag(exported: ExportedBundle) -> None:
    rows = _split(parts(exported.data)["records"])
    result = changed(exported, records=b"".join(rows[:-1]))
    assert {f.code for f in result.faults} == {"record-omitted"}


def _entries(data: bytes) -> list[bytes]:
    """The entries of a bundle, each with its length before it."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at:end])
        at = end
    return entries


@pytest.mark.parametrize("forgery", ["changed", "removed", "added"])
def test_wrong_entries_are_detected_by_the_signed_root(exported: ExportedBundle, forgery: str) -> None:
    """The entry is of a record that the bundle does not contain, so it can't be compared with its record."""
    rows, entries = _split(parts(exported.data)["records"]), _entries(parts(exported.data)["entries"])
    last = parse_leaf(entries[-1][2:])
    assert int.from_bytes(rows[-1][:8], "big") == last.seq
    other = replace(last, sha=bytes(32)) if forgery == "changed" else replace(last, seq=last.seq + 1)
    forged = len(other.encode()).to_bytes(2, "big") + other.encode()
    forgeries = {"changed": [*entries[:-1], forged], "removed": entries[:-1], "added": [*entries, forged]}
    files = {**parts(exported.data), "records": b"".join(rows[:-1]), "entries": b"".join(forgeries[forgery])}
    result = verify_bundle(pack(files), exported.hub, None)
    assert [(f.code, f.where) for f in result.faults] == [("log-root-differs", "entries")]


def test_a_truncated_or_extended_bundle_is_detected(exported: ExportedBundle) -> None:
    for wrong in (
        exported.data[:-1],
        exported.data[:-200],
        exported.data + b"\0",
        b"",
        b"KHB1",
        exported.data[4:],
    ):
        assert not verified(exported, wrong).ok
    assert not verified(exported, pack({**parts(exported.data), "more": b""})).ok


def test_the_commands_export_and_verify(exported: ExportedBundle, tmp_path: Path) -> None:
    runner = CliRunner()
    out = tmp_path / "case.khb"
    export_run = runner.invoke(
        app,
        [
            "audit",
            "export",
            "--data",
            str(exported.folder),
            "--out",
            str(out),
            "--request",
            exported.request_id,
        ],
    )
    assert export_run.exit_code == 0, export_run.output
    keystore = ["--audit-keystore", str(exported.folder / "audit" / "keystore"), "--rehearsal"]
    passphrase_option = ["--passphrase-file", str(exported.folder / "audit" / "passphrase")]
    result = runner.invoke(
        app,
        [
            "audit",
            "verify-bundle",
            str(out),
            "--hub",
            exported.hub.hex(),
            *keystore,
            *passphrase_option,
            "--json",
        ],
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["ok"]
    plain = runner.invoke(app, ["audit", "verify-bundle", str(out), "--hub", exported.hub.hex()])
    assert plain.exit_code == 0
    assert "異常なし" in plain.stdout
    out.write_bytes(out.read_bytes()[:-1])
    assert (
        runner.invoke(app, ["audit", "verify-bundle", str(out), "--hub", exported.hub.hex()]).exit_code == 1
    )
