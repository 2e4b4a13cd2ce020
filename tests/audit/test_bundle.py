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
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import open_stage
from gateway.rehearsal.scenario.story import read_story
from gateway.verifier.bundle import NAMES, Verified, _files, _records, verify_bundle
from keys.leaf import parse_leaf
from keys.signing import KemKey

ROOT = Path(__file__).parents[2]
STORY = ROOT / "tests" / "scenarios" / "sc-1.yaml"


@dataclass
class Taken:
    data: bytes
    whole: bytes
    hub: bytes
    kem: KemKey
    folder: Path
    asked: str


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    """The bundle of SC-1's case, and the one of all."""
    story = replace(read_story(STORY), expects=(), must_hold=())
    with open_stage(tmp_path_factory.mktemp("bundle") / "hub", start_of(story)) as stage:
        run, report = play(story, stage)
        assert report.problems == []
        runtime = stage.runtime
        assert runtime is not None
        asked, asked_all = (stage.audit.ask_for_control(one) for one in (run.case, None))
        while runtime.logbook.size < runtime.store.head():
            runtime.logbook.step()
        _, kem = stage.installation.audit()
        with open_archive(stage.installation) as archive:
            one, whole = export(archive, asked), export(archive, asked_all)
        yield Taken(one, whole, stage.installation.hub, kem, stage.installation.folder, str(asked))


def found(taken: Taken, data: bytes) -> Verified:
    return verify_bundle(data, taken.hub, taken.kem)


def parts(data: bytes) -> dict[str, bytes]:
    return {name: bytes(part) for name, part in _files(data)[0].items()}


def changed(taken: Taken, **files: bytes) -> Verified:
    """The bundle with other parts, packed anew as a forger would: the container's digest fits."""
    return found(taken, pack({**parts(taken.data), **files}))


def test_the_container_is_as_it_is_written_down() -> None:
    """KHB1, the number of parts, each name and part with its length, and the digest of all: by hand."""
    by_hand = b"KHB1" + b"\x00\x02" + b"\x00\x01a" + b"\x00" * 7 + b"\x02xy" + b"\x00\x02bc" + b"\x00" * 8
    assert pack({"a": b"xy", "bc": b""}) == by_hand + hashlib.sha256(by_hand).digest()
    whole = {name: name.encode() for name in ("genesis", "checkpoint", "entries", "records", "keys", "times")}
    assert _files(pack(whole)) == (whole, [])


def test_a_bundle_verifies_without_the_hub(taken: Taken) -> None:
    told = found(taken, taken.data)
    assert told.faults == []
    assert told.control
    assert told.decisions > 20
    assert told.complete == told.originators > 5
    assert found(taken, taken.whole).faults == []
    assert found(taken, taken.whole).records == told.log_size


def test_without_the_audit_offices_key_place_and_root_still_hold(taken: Taken) -> None:
    told = verify_bundle(taken.data, taken.hub, None)
    assert (told.faults, told.decisions, told.control) == ([], 0, False)
    assert told.records > 20
    other = verify_bundle(taken.data, taken.hub, KemKey.generate())
    assert any(f.where.startswith("keys, originator") for f in other.faults)


def test_a_bundle_of_another_hub_is_refused(taken: Taken) -> None:
    assert [f.where for f in verify_bundle(taken.data, bytes(32), taken.kem).faults] == ["genesis"]


def test_any_flipped_bit_is_found(taken: Taken) -> None:
    """By the container's digest; of the places a sample is looked at whole."""
    data = taken.data
    for at in range(0, len(data), max(1, len(data) // 4000)):
        wrong = bytearray(data)
        wrong[at] ^= 1 << (at % 8)
        assert sha256(bytes(wrong[:-32])).digest() != bytes(wrong[-32:])
    for at in range(5, len(data), len(data) // 12):
        wrong = bytearray(data)
        wrong[at] ^= 1
        assert not found(taken, bytes(wrong)).ok


def test_what_only_the_containers_digest_covers_is_found_by_it(taken: Taken) -> None:
    """Control keys, where one can't open them, and the digest itself."""
    keys = parts(taken.data)["keys"]
    for at in (taken.data.index(keys) + len(keys) // 2, len(taken.data) - 1):
        wrong = bytearray(taken.data)
        wrong[at] ^= 1
        told = verify_bundle(bytes(wrong), taken.hub, None)
        assert [f.what for f in told.faults] == ["bundle-digest"]


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_of_a_part_is_located_though_the_digest_was_made_to_fit(
    taken: Taken, name: str
) -> None:
    data = parts(taken.data)[name]
    for at in (3, len(data) // 2, len(data) - 2):
        wrong = bytearray(data)
        wrong[at] ^= 1
        told = changed(taken, **{name: bytes(wrong)})
        assert not told.ok, (name, at)
        assert all(f.what != "bundle-digest" for f in told.faults)


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


def test_a_record_that_is_dropped_doubled_or_moved_is_located(taken: Taken) -> None:
    rows = _split(parts(taken.data)["records"])
    lying = [one for one, _ in _records(memoryview(parts(taken.data)["records"]), Verified())]
    n = len(rows) // 2
    dropped = changed(taken, records=b"".join(rows[:n] + rows[n + 1 :]))
    on, _ = lying[n].place
    later = [one.seq for one in lying[n + 1 :] if one.place[0] == on]
    assert not dropped.ok
    if later:
        assert later[0] in {f.seq for f in dropped.faults}
    doubled = changed(taken, records=b"".join([*rows[: n + 1], *rows[n:]]))
    assert ("record-out-of-order", lying[n].seq) in {(f.what, f.seq) for f in doubled.faults}
    swapped = changed(taken, records=b"".join([*rows[:n], rows[n + 1], rows[n], *rows[n + 2 :]]))
    assert ("record-out-of-order", lying[n].seq) in {(f.what, f.seq) for f in swapped.faults}


def test_the_last_record_of_a_case_left_out_is_found_by_its_tag(taken: Taken) -> None:
    rows = _split(parts(taken.data)["records"])
    told = changed(taken, records=b"".join(rows[:-1]))
    assert {f.what for f in told.faults} == {"record-left-out"}


def _entries(data: bytes) -> list[bytes]:
    """The entries of a bundle, each with its length before it."""
    found, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        found.append(data[at:end])
        at = end
    return found


@pytest.mark.parametrize("lie", ["changed", "cut off", "one more"])
def test_entries_that_do_not_come_to_the_signed_root_are_found_by_it_alone(taken: Taken, lie: str) -> None:
    """Of a record that the bundle does not carry: nobody has it to hold it against its entry."""
    rows, entries = _split(parts(taken.data)["records"]), _entries(parts(taken.data)["entries"])
    last = parse_leaf(entries[-1][2:])
    assert int.from_bytes(rows[-1][:8], "big") == last.seq
    other = replace(last, sha=bytes(32)) if lie == "changed" else replace(last, seq=last.seq + 1)
    forged = len(other.encode()).to_bytes(2, "big") + other.encode()
    lies = {"changed": [*entries[:-1], forged], "cut off": entries[:-1], "one more": [*entries, forged]}
    files = {**parts(taken.data), "records": b"".join(rows[:-1]), "entries": b"".join(lies[lie])}
    told = verify_bundle(pack(files), taken.hub, None)
    assert [(f.what, f.where) for f in told.faults] == [("root-differs", "entries")]


def test_a_cut_bundle_and_one_with_something_more_are_found(taken: Taken) -> None:
    for wrong in (taken.data[:-1], taken.data[:-200], taken.data + b"\0", b"", b"KHB1", taken.data[4:]):
        assert not found(taken, wrong).ok
    assert not found(taken, pack({**parts(taken.data), "more": b""})).ok


def test_the_commands_export_and_verify(taken: Taken, tmp_path: Path) -> None:
    runner = CliRunner()
    out = tmp_path / "case.khb"
    made = runner.invoke(
        app, ["audit", "export", "--data", str(taken.folder), "--out", str(out), "--request", taken.asked]
    )
    assert made.exit_code == 0, made.output
    keystore = ["--audit-keystore", str(taken.folder / "audit" / "keystore"), "--rehearsal"]
    word = ["--passphrase-file", str(taken.folder / "passphrase")]
    told = runner.invoke(
        app, ["audit", "verify-bundle", str(out), "--hub", taken.hub.hex(), *keystore, *word, "--json"]
    )
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["ok"]
    plain = runner.invoke(app, ["audit", "verify-bundle", str(out), "--hub", taken.hub.hex()])
    assert plain.exit_code == 0
    assert "異常なし" in plain.stdout
    out.write_bytes(out.read_bytes()[:-1])
    assert runner.invoke(app, ["audit", "verify-bundle", str(out), "--hub", taken.hub.hex()]).exit_code == 1
