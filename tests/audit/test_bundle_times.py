"""Time tokens of a bundle count only over heads of this log and by the pinned authority; others are faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from gateway.audit.bundle import export, pack
from gateway.cli.main import app
from gateway.hub.timestamps import TimeSettings
from gateway.installation.archive import open_archive
from gateway.verifier.bundle import (
    NAMES,
    BundleFault,
    BundleResult,
    _bundle_parts,
    _time_stamps,
    verify_bundle,
)
from keys.checkpoint import Checkpoint, sign_checkpoint
from keys.signing import KemKey, SignatureKeys
from keys.timestamps import Stamp, TimeAuthority, build_time_request, parse_stamp, stamp_of
from tests.gateway.hubkit import hub_with_case
from tests.tsa import Authority, ServedAuthority, needs_openssl

pytestmark = needs_openssl


@dataclass
class ExportedBundle:
    data: bytes
    older: bytes  # of a case whose last record is before the first token
    hub: bytes
    kem: KemKey
    log: SignatureKeys
    origin: str
    authority: Authority
    folder: Path
    sizes: list[int]
    request_id: str

    @property
    def stamps(self) -> list[Stamp]:
        return [parse_stamp(raw) for raw in _time_stamps(bytes(_bundle_parts(self.data)[0]["times"]))]

    def stamped(self, note: bytes, by: Authority | None = None) -> bytes:
        """A stamp: this note and a token over it."""
        return stamp_of(note, (by or self.authority).answer(build_time_request(note)[0])).encode()

    def with_times(self, *stamps: bytes) -> bytes:
        """The bundle with these stamps and a matching digest, as a forger would make it."""
        times = b"".join(len(stamp_bytes).to_bytes(4, "big") + stamp_bytes for stamp_bytes in stamps)
        return pack({**_bundle_parts(self.data)[0], "times": times})


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportedBundle]:
    folder = tmp_path_factory.mktemp("times")
    authority = Authority(folder / "tsa")
    served = ServedAuthority(authority)
    with hub_with_case(folder / "hub") as hub_kit:
        runtime = hub_kit.rehearsal_hub.runtime
        assert runtime is not None
        runtime.timestamps._tsa_settings = TimeSettings(served.url, TimeAuthority.from_pem(authority.pem()))
        hub_kit.refer(early := uuid4())
        request_ids = [
            hub_kit.rehearsal_hub.audit.request_control(case) for case in (hub_kit.case, early, None)
        ]
        sizes = []
        for _ in range(3):
            while runtime.log_keeper.size < hub_kit.head():
                runtime.log_keeper.step()
            assert runtime.timestamps.step()
            sizes.append(hub_kit.head())
            hub_kit.refer()
        while runtime.log_keeper.size < hub_kit.head():
            runtime.log_keeper.step()
        installation = hub_kit.rehearsal_hub.installation
        with open_archive(installation) as archive:
            data, older = export(archive, request_ids[0]), export(archive, request_ids[1])
        log, origin = runtime.log_keeper._signing_keys, runtime.log_keeper.origin
        _, kem = installation.audit()
        yield ExportedBundle(
            data,
            older,
            installation.hub,
            kem,
            log,
            origin,
            authority,
            installation.folder,
            sizes,
            str(request_ids[2]),
        )
    served.down()


def verified(exported: ExportedBundle, data: bytes, pem: bytes | None = None) -> BundleResult:
    authority = TimeAuthority.from_pem(exported.authority.pem() if pem is None else pem)
    return verify_bundle(data, exported.hub, None, authority)


def faults(result: BundleResult) -> list[str]:
    return [f.code for f in result.faults]


def test_tokens_verify_with_the_pinned_certificate(exported: ExportedBundle) -> None:
    result = verified(exported, exported.data)
    assert result.faults == []
    assert [t["size"] for t in result.times] == exported.sizes
    assert result.tokens == 3
    assert 0 < result.timed < result.records  # no token covers the last record yet
    with_audit_key = verify_bundle(
        exported.data, exported.hub, exported.kem, TimeAuthority.from_pem(exported.authority.pem())
    )
    assert (with_audit_key.faults, with_audit_key.times) == ([], result.times)


def test_a_bundle_carries_the_earliest_token_of_each_record_and_the_newest_of_all(
    exported: ExportedBundle,
) -> None:
    """All records of the older case are covered by the first token, so the second is left out."""
    result = verified(exported, exported.older)
    assert (result.faults, result.timed) == ([], result.records)
    assert [t["size"] for t in result.times] == [exported.sizes[0], exported.sizes[-1]]


def test_tokens_are_counted_but_not_used_without_a_pinned_authority(exported: ExportedBundle) -> None:
    result = verify_bundle(exported.data, exported.hub, None)
    assert (result.faults, result.tokens, result.times, result.timed) == ([], 3, [], 0)


def test_a_bundle_without_tokens_fails_only_where_an_authority_is_given(exported: ExportedBundle) -> None:
    files = {name: data for name, data in _bundle_parts(exported.data)[0].items() if name in NAMES}
    assert verify_bundle(pack(files), exported.hub, None).ok
    result = verified(exported, pack(files))
    assert result.faults == [BundleFault("time-token-missing", "times")]


def test_any_flipped_bit_in_a_token_is_detected_or_changes_nothing(exported: ExportedBundle) -> None:
    """The container's digest detects them all; a forger with a matching digest gains nothing."""
    honest = verified(exported, exported.data).times
    times = _bundle_parts(exported.data)[0]["times"]
    missed = 0
    for at in range(0, len(times), 47):
        wrong = bytearray(times)
        wrong[at] ^= 1 << (at % 8)
        result = verified(exported, pack({**_bundle_parts(exported.data)[0], "times": bytes(wrong)}))
        missed += result.ok
        assert not result.ok or result.times == honest, at
    assert missed <= 2
    wrong = bytearray(exported.data)
    wrong[-1000] ^= 1
    assert "bundle-digest" in faults(verified(exported, bytes(wrong)))


def test_a_token_over_another_head_is_a_fault(exported: ExportedBundle) -> None:
    first, second, _ = exported.stamps
    crossed = b"".join((b"KHS1", *(len(p).to_bytes(4, "big") + p for p in (second.note, first.token))))
    result = verified(exported, exported.with_times(crossed))
    assert result.faults == [BundleFault("time-imprint", "times, token 1")]
    assert result.times == []


def test_a_stamped_head_of_another_log_is_a_fault(exported: ExportedBundle) -> None:
    """The token proves that the hub presented another log to the authority."""
    size = exported.sizes[0]
    forged = sign_checkpoint(Checkpoint(exported.origin, size, bytes(32)), exported.log, 1).encode()
    later = sign_checkpoint(Checkpoint(exported.origin, 10**6, bytes(32)), exported.log, 1).encode()
    for note in (forged, later):
        result = verified(exported, exported.with_times(exported.stamped(note)))
        assert (faults(result), result.times) == (["time-of-another-log"], [])


def test_a_stamped_head_that_this_log_did_not_sign_is_a_fault(exported: ExportedBundle) -> None:
    stranger = SignatureKeys.generate(exported.log.public.kind)
    head = exported.stamps[0].checkpoint
    result = verified(
        exported, exported.with_times(exported.stamped(sign_checkpoint(head, stranger, 1).encode()))
    )
    assert (faults(result), result.times) == (["checkpoint-not-signed"], [])


def test_a_token_of_another_authority_is_a_fault(exported: ExportedBundle, tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange")
    note = exported.stamps[0].note
    result = verified(exported, exported.with_times(exported.stamped(note, strange)))
    assert (faults(result), result.times) == (["time-authority"], [])
    result = verified(exported, exported.data, strange.pem())
    assert (faults(result), result.times) == (["time-authority"] * 3, [])
    exported.authority.certify("neighbour")
    narrow = verified(exported, exported.data, exported.authority.pem("root", "neighbour"))
    assert faults(narrow) == ["time-signer"] * 3


def test_a_token_by_a_certificate_for_another_use_is_a_fault(exported: ExportedBundle) -> None:
    exported.authority.certify("plain", "plain")
    stamp = exported.stamps[0]
    token = exported.authority.signed_by(stamp.token, "plain")
    result = verified(exported, exported.with_times(stamp_of(stamp.note, token).encode()))
    assert (faults(result), result.times) == (["time-purpose"], [])


def test_an_invalid_token_does_not_hide_the_others(exported: ExportedBundle) -> None:
    stamp_list = [stamp.encode() for stamp in exported.stamps]
    result = verified(exported, exported.with_times(stamp_list[0], stamp_list[1][:-1], stamp_list[2]))
    assert result.faults == [BundleFault("stamp-form", "times, token 2")]
    assert [t["size"] for t in result.times] == [exported.sizes[0], exported.sizes[2]]
    swapped = verified(exported, exported.with_times(stamp_list[1], stamp_list[0]))
    assert faults(swapped) == ["time-of-another-log"]  # tokens have to be in the order of the log


def test_the_commands_export_and_verify_the_time(exported: ExportedBundle, tmp_path: Path) -> None:
    runner = CliRunner()
    out, pem = tmp_path / "case.khb", tmp_path / "tsa.pem"
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
    pem.write_bytes(exported.authority.pem())
    verify = ["audit", "verify-bundle", str(out), "--hub", exported.hub.hex()]
    plain = runner.invoke(app, verify)
    assert plain.exit_code == 0
    assert "--tsa" in plain.stdout
    result = runner.invoke(app, [*verify, "--tsa", str(pem)])
    assert result.exit_code == 0, result.output
    assert "時刻トークン 3/3 件" in result.stdout.replace("\n", "")
    as_json = json.loads(runner.invoke(app, [*verify, "--tsa", str(pem), "--json"]).stdout)
    assert as_json["timed"] == exported.sizes[-1]
    pem.write_bytes(b"")
    assert runner.invoke(app, [*verify, "--tsa", str(pem)]).exit_code != 0
