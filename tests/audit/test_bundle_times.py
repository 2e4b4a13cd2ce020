"""The time tokens of a bundle hold by certificates of one's own, over heads of this very log, or it is told why not."""

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
    older: bytes  # of a case that was over before the first token
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
        """A token over this note, by the authority."""
        return stamp_of(note, (by or self.authority).answer(build_time_request(note)[0])).encode()

    def with_times(self, *stamps: bytes) -> bytes:
        """The bundle with these tokens, packed anew as a forger would: the container's digest fits."""
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


def found(exported: ExportedBundle, data: bytes, pem: bytes | None = None) -> BundleResult:
    authority = TimeAuthority.from_pem(exported.authority.pem() if pem is None else pem)
    return verify_bundle(data, exported.hub, None, authority)


def faults(result: BundleResult) -> list[str]:
    return [f.what for f in result.faults]


def test_the_tokens_of_a_bundle_hold_by_ones_own_certificate(exported: ExportedBundle) -> None:
    result = found(exported, exported.data)
    assert result.faults == []
    assert [t["size"] for t in result.times] == exported.sizes
    assert result.tokens == 3
    assert 0 < result.timed < result.records  # the last record has no token yet
    with_audit_key = verify_bundle(
        exported.data, exported.hub, exported.kem, TimeAuthority.from_pem(exported.authority.pem())
    )
    assert (with_audit_key.faults, with_audit_key.times) == ([], result.times)


def test_a_bundle_carries_the_earliest_token_of_each_record_and_the_newest_of_all(
    exported: ExportedBundle,
) -> None:
    """An older case stands under the first token; the second speaks for none of its records first."""
    result = found(exported, exported.older)
    assert (result.faults, result.timed) == ([], result.records)
    assert [t["size"] for t in result.times] == [exported.sizes[0], exported.sizes[-1]]


def test_without_a_pin_tokens_are_left_aside_and_that_is_told(exported: ExportedBundle) -> None:
    result = verify_bundle(exported.data, exported.hub, None)
    assert (result.faults, result.tokens, result.times, result.timed) == ([], 3, [], 0)


def test_a_bundle_without_tokens_verifies_but_not_for_who_wants_the_time(exported: ExportedBundle) -> None:
    files = {name: data for name, data in _bundle_parts(exported.data)[0].items() if name in NAMES}
    assert verify_bundle(pack(files), exported.hub, None).ok
    result = found(exported, pack(files))
    assert result.faults == [BundleFault("time-token-missing", "times")]


def test_any_flipped_bit_of_the_tokens_is_found_or_says_the_same(exported: ExportedBundle) -> None:
    """The container's digest finds them all. A forger, who makes it fit, gains nothing."""
    honest = found(exported, exported.data).times
    times = _bundle_parts(exported.data)[0]["times"]
    missed = 0
    for at in range(0, len(times), 47):
        wrong = bytearray(times)
        wrong[at] ^= 1 << (at % 8)
        result = found(exported, pack({**_bundle_parts(exported.data)[0], "times": bytes(wrong)}))
        missed += result.ok
        assert not result.ok or result.times == honest, at
    assert missed <= 2
    wrong = bytearray(exported.data)
    wrong[-1000] ^= 1
    assert "bundle-digest" in faults(found(exported, bytes(wrong)))


def test_a_token_of_one_head_does_not_speak_for_another(exported: ExportedBundle) -> None:
    first, second, _ = exported.stamps
    crossed = b"".join((b"KHS1", *(len(p).to_bytes(4, "big") + p for p in (second.note, first.token))))
    result = found(exported, exported.with_times(crossed))
    assert result.faults == [BundleFault("time-imprint", "times, token 1")]
    assert result.times == []


def test_a_head_that_was_signed_and_stamped_but_is_not_this_logs_is_told(exported: ExportedBundle) -> None:
    """A hub that showed another log to the authority convicts itself."""
    size = exported.sizes[0]
    forged = sign_checkpoint(Checkpoint(exported.origin, size, bytes(32)), exported.log, 1).encode()
    later = sign_checkpoint(Checkpoint(exported.origin, 10**6, bytes(32)), exported.log, 1).encode()
    for note in (forged, later):
        result = found(exported, exported.with_times(exported.stamped(note)))
        assert (faults(result), result.times) == (["time-of-another-log"], [])


def test_a_head_that_this_log_did_not_sign_is_told(exported: ExportedBundle) -> None:
    stranger = SignatureKeys.generate(exported.log.public.kind)
    head = exported.stamps[0].checkpoint
    result = found(
        exported, exported.with_times(exported.stamped(sign_checkpoint(head, stranger, 1).encode()))
    )
    assert (faults(result), result.times) == (["checkpoint-not-signed"], [])


def test_a_token_of_another_authority_is_told(exported: ExportedBundle, tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange")
    note = exported.stamps[0].note
    result = found(exported, exported.with_times(exported.stamped(note, strange)))
    assert (faults(result), result.times) == (["time-authority"], [])
    result = found(exported, exported.data, strange.pem())
    assert (faults(result), result.times) == (["time-authority"] * 3, [])
    exported.authority.certify("neighbour")
    narrow = found(exported, exported.data, exported.authority.pem("root", "neighbour"))
    assert faults(narrow) == ["time-signer"] * 3


def test_a_token_by_a_certificate_that_is_not_for_time_is_told(exported: ExportedBundle) -> None:
    exported.authority.certify("plain", "plain")
    stamp = exported.stamps[0]
    token = exported.authority.signed_by(stamp.token, "plain")
    result = found(exported, exported.with_times(stamp_of(stamp.note, token).encode()))
    assert (faults(result), result.times) == (["time-purpose"], [])


def test_one_token_that_does_not_hold_does_not_hide_the_others(exported: ExportedBundle) -> None:
    stamp_list = [stamp.encode() for stamp in exported.stamps]
    result = found(exported, exported.with_times(stamp_list[0], stamp_list[1][:-1], stamp_list[2]))
    assert result.faults == [BundleFault("stamp-form", "times, token 2")]
    assert [t["size"] for t in result.times] == [exported.sizes[0], exported.sizes[2]]
    swapped = found(exported, exported.with_times(stamp_list[1], stamp_list[0]))
    assert faults(swapped) == ["time-of-another-log"]  # only in the order of the log


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
