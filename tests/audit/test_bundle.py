"""A bundle is verified by itself, and whatever is done to it is found where it was done (I6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
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
    """The bundle of SC-1's case, and the one of all."""
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


def found(exported: ExportedBundle, data: bytes) -> BundleResult:
    return verify_bundle(data, exported.hub, exported.kem)


def parts(data: bytes) -> dict[str, bytes]:
    return {name: bytes(part) for name, part in _bundle_parts(data)[0].items()}


def changed(exported: ExportedBundle, **files: bytes) -> BundleResult:
    """The bundle with other parts, packed anew as a forger would: the container's digest fits."""
    return found(exported, pack({**parts(exported.data), **files}))


def test_the_container_is_as_it_is_written_down() -> None:
    """KHB1, the number of parts, each name and part with its length, and the digest of all: by hand."""
    by_hand = b"KHB1" + b"\x00\x02" + b"\x00\x01a" + b"\x00" * 7 + b"\x02xy" + b"\x00\x02bc" + b"\x00" * 8
    assert pack({"a": b"xy", "bc": b""}) == by_hand + hashlib.sha256(by_hand).digest()
    all_cases = {
        name: name.encode() for name in ("genesis", "checkpoint", "entries", "records", "keys", "times")
    }
    assert _bundle_parts(pack(all_cases)) == (all_cases, [])


def test_a_bundle_verifies_without_the_hub(exported: ExportedBundle) -> None:
    result = found(exported, exported.data)
    assert result.faults == []
    assert result.control
    assert result.decisions > 20
    assert result.complete == result.originators > 5
    assert found(exported, exported.all_cases).faults == []
    assert found(exported, exported.all_cases).records == result.log_size


def test_without_the_audit_offices_key_place_and_root_still_hold(exported: ExportedBundle) -> None:
    result = verify_bundle(exported.data, exported.hub, None)
    assert (result.faults, result.decisions, result.control) == ([], 0, False)
    assert result.records > 20
    other = verify_bundle(exported.data, exported.hub, KemKey.generate())
    assert any(f.where.startswith("keys, originator") for f in other.faults)


def test_a_bundle_of_another_hub_is_refused(exported: ExportedBundle) -> None:
    assert [f.where for f in verify_bundle(exported.data, bytes(32), exported.kem).faults] == ["genesis"]


def test_any_flipped_bit_is_found(exported: ExportedBundle) -> None:
    """By the container's digest; of the places a sample is looked at whole."""
    data = exported.data
    for at in range(0, len(data), max(1, len(data) // 4000)):
        wrong = bytearray(data)
        wrong[at] ^= 1 << (at % 8)
        assert sha256(bytes(wrong[:-32])).digest() != bytes(wrong[-32:])
    for at in range(5, len(data), len(data) // 12):
        wrong = bytearray(data)
        wrong[at] ^= 1
        assert not found(exported, bytes(wrong)).ok


def test_what_only_the_containers_digest_covers_is_found_by_it(exported: ExportedBundle) -> None:
    """Control keys, where one can't open them, and the digest itself."""
    keys = parts(exported.data)["keys"]
    for at in (exported.data.index(keys) + len(keys) // 2, len(exported.data) - 1):
        wrong = bytearray(exported.data)
        wrong[at] ^= 1
        result = verify_bundle(bytes(wrong), exported.hub, None)
        assert [f.what for f in result.faults] == ["bundle-digest"]


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_of_a_part_is_located_though_the_digest_was_made_to_fit(
    exported: ExportedBundle, name: str
) -> None:
    data = parts(exported.data)[name]
    for at in (3, len(data) // 2, len(data) - 2):
        wrong = bytearray(data)
        wrong[at] ^= 1
        result = changed(exported, **{name: bytes(wrong)})
        assert not result.ok, (name, at)
        assert all(f.what != "bundle-digest" for f in result.faults)


def _split(data: bytes) -> list[bytes]:
    """The records of a bundle, each with its frame around it."""
    rows, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at + 8 : at + 10], "big")
        size = int.from_bytes(data[at + 10 + length : at + 14 + length], "big")
        end = at + 14 + length + size
        rows.append(data[at:end])
        at = end
    return rows


def test_a_record_that_is_dropped_doubled_or_moved_is_located(exported: ExportedBundle) -> None:
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
    assert ("record-out-of-order", bundle_records[n].seq) in {(f.what, f.seq) for f in doubled.faults}
    swapped = changed(exported, records=b"".join([*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]]))
    assert ("record-out-of-order", bundle_records[n].seq) in {(f.what, f.seq) for f in swapped.faults}


def test_the_last_record_of_a_case_left_out_is_found_by_its_tag(exported: ExportedBundle) -> None:
    rows = _split(parts(exported.data)["records"])
    result = changed(exported, records=b"".join(rows[:-1]))
    assert {f.what for f in result.faults} == {"record-left-out"}


def _entries(data: bytes) -> list[bytes]:
    """The entries of a bundle, each with its length before it."""
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at:end])
        at = end
    return found


@pytest.mark.parametrize("forgery", ["changed", "cut off", "one more"])
def test_entries_that_do_not_come_to_the_signed_root_are_found_by_it_alone(
    exported: ExportedBundle, forgery: str
) -> None:
    """Of a record that the bundle does not carry: nobody has it to hold it against its entry."""
    rows, entries = _split(parts(exported.data)["records"]), _entries(parts(exported.data)["entries"])
    last = parse_leaf(entries[-1][2:])
    assert int.from_bytes(rows[-1][:8], "big") == last.seq
    other = replace(last, sha=bytes(32)) if forgery == "changed" else replace(last, seq=last.seq + 1)
    forged = len(other.encode()).to_bytes(2, "big") + other.encode()
    forgeries = {"changed": [*entries[:-1], forged], "cut off": entries[:-1], "one more": [*entries, forged]}
    files = {**parts(exported.data), "records": b"".join(rows[:-1]), "entries": b"".join(forgeries[forgery])}
    result = verify_bundle(pack(files), exported.hub, None)
    assert [(f.what, f.where) for f in result.faults] == [("root-differs", "entries")]


def test_a_cut_bundle_and_one_with_something_more_are_found(exported: ExportedBundle) -> None:
    for wrong in (
        exported.data[:-1],
        exported.data[:-200],
        exported.data + b"\0",
        b"",
        b"KHB1",
        exported.data[4:],
    ):
        assert not found(exported, wrong).ok
    assert not found(exported, pack({**parts(exported.data), "more": b""})).ok


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
    passphrase_option = ["--passphrase-file", str(exported.folder / "passphrase")]
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
