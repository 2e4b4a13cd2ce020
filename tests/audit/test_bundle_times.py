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
from gateway.verifier.bundle import NAMES, Fault, Verified, _files, _stamps, verify_bundle
from keys.checkpoint import Checkpoint, sign_checkpoint
from keys.signing import KemKey, SignatureKeys
from keys.timestamps import Stamp, TimeAuthority, ask_time, parse_stamp, stamp_of
from tests.gateway.hubkit import ground
from tests.tsa import Authority, ServedAuthority, needs_openssl

pytestmark = needs_openssl


@dataclass
class Taken:
    data: bytes
    older: bytes  # of a case that was over before the first token
    hub: bytes
    kem: KemKey
    log: SignatureKeys
    origin: str
    authority: Authority
    folder: Path
    sizes: list[int]
    asked: str

    @property
    def stamps(self) -> list[Stamp]:
        return [parse_stamp(raw) for raw in _stamps(bytes(_files(self.data)[0]["times"]))]

    def stamped(self, note: bytes, by: Authority | None = None) -> bytes:
        """A token over this note, by the authority."""
        return stamp_of(note, (by or self.authority).answer(ask_time(note)[0])).encode()

    def with_times(self, *stamps: bytes) -> bytes:
        """The bundle with these tokens, packed anew as a forger would: the container's digest fits."""
        times = b"".join(len(one).to_bytes(4, "big") + one for one in stamps)
        return pack({**_files(self.data)[0], "times": times})


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    folder = tmp_path_factory.mktemp("times")
    authority = Authority(folder / "tsa")
    served = ServedAuthority(authority)
    with ground(folder / "hub") as made:
        runtime = made.stage.runtime
        assert runtime is not None
        runtime.timestamps._settings = TimeSettings(served.url, TimeAuthority.from_pem(authority.pem()))
        made.refer(early := uuid4())
        asked = [made.stage.audit.ask_for_control(one) for one in (made.case, early, None)]
        sizes = []
        for _ in range(3):
            while runtime.logbook.size < made.head():
                runtime.logbook.step()
            assert runtime.timestamps.step()
            sizes.append(made.head())
            made.refer()
        while runtime.logbook.size < made.head():
            runtime.logbook.step()
        installation = made.stage.installation
        with open_archive(installation) as archive:
            data, older = export(archive, asked[0]), export(archive, asked[1])
        log, origin = runtime.logbook._keys, runtime.logbook.origin
        _, kem = installation.audit()
        yield Taken(
            data,
            older,
            installation.hub,
            kem,
            log,
            origin,
            authority,
            installation.folder,
            sizes,
            str(asked[2]),
        )
    served.down()


def found(taken: Taken, data: bytes, pem: bytes | None = None) -> Verified:
    authority = TimeAuthority.from_pem(taken.authority.pem() if pem is None else pem)
    return verify_bundle(data, taken.hub, None, authority)


def faults(told: Verified) -> list[str]:
    return [f.what for f in told.faults]


def test_the_tokens_of_a_bundle_hold_by_ones_own_certificate(taken: Taken) -> None:
    told = found(taken, taken.data)
    assert told.faults == []
    assert [t["size"] for t in told.times] == taken.sizes
    assert told.tokens == 3
    assert 0 < told.timed < told.records  # the last record has no token yet
    both = verify_bundle(taken.data, taken.hub, taken.kem, TimeAuthority.from_pem(taken.authority.pem()))
    assert (both.faults, both.times) == ([], told.times)


def test_a_bundle_carries_the_earliest_token_of_each_record_and_the_newest_of_all(taken: Taken) -> None:
    """An older case stands under the first token; the second speaks for none of its records first."""
    told = found(taken, taken.older)
    assert (told.faults, told.timed) == ([], told.records)
    assert [t["size"] for t in told.times] == [taken.sizes[0], taken.sizes[-1]]


def test_without_a_pin_tokens_are_left_aside_and_that_is_told(taken: Taken) -> None:
    told = verify_bundle(taken.data, taken.hub, None)
    assert (told.faults, told.tokens, told.times, told.timed) == ([], 3, [], 0)


def test_a_bundle_without_tokens_verifies_but_not_for_who_wants_the_time(taken: Taken) -> None:
    files = {name: data for name, data in _files(taken.data)[0].items() if name in NAMES}
    assert verify_bundle(pack(files), taken.hub, None).ok
    told = found(taken, pack(files))
    assert told.faults == [Fault("time-token-missing", "times")]


def test_any_flipped_bit_of_the_tokens_is_found_or_says_the_same(taken: Taken) -> None:
    """The container's digest finds them all. A forger, who makes it fit, gains nothing."""
    honest = found(taken, taken.data).times
    times = _files(taken.data)[0]["times"]
    missed = 0
    for at in range(0, len(times), 47):
        wrong = bytearray(times)
        wrong[at] ^= 1 << (at % 8)
        told = found(taken, pack({**_files(taken.data)[0], "times": bytes(wrong)}))
        missed += told.ok
        assert not told.ok or told.times == honest, at
    assert missed <= 2
    wrong = bytearray(taken.data)
    wrong[-1000] ^= 1
    assert "bundle-digest" in faults(found(taken, bytes(wrong)))


def test_a_token_of_one_head_does_not_speak_for_another(taken: Taken) -> None:
    first, second, _ = taken.stamps
    crossed = b"".join((b"KHS1", *(len(p).to_bytes(4, "big") + p for p in (second.note, first.token))))
    told = found(taken, taken.with_times(crossed))
    assert told.faults == [Fault("time-imprint", "times, token 1")]
    assert told.times == []


def test_a_head_that_was_signed_and_stamped_but_is_not_this_logs_is_told(taken: Taken) -> None:
    """A hub that showed another log to the authority convicts itself."""
    size = taken.sizes[0]
    forged = sign_checkpoint(Checkpoint(taken.origin, size, bytes(32)), taken.log, 1).encode()
    later = sign_checkpoint(Checkpoint(taken.origin, 10**6, bytes(32)), taken.log, 1).encode()
    for note in (forged, later):
        told = found(taken, taken.with_times(taken.stamped(note)))
        assert (faults(told), told.times) == (["time-of-another-log"], [])


def test_a_head_that_this_log_did_not_sign_is_told(taken: Taken) -> None:
    stranger = SignatureKeys.generate(taken.log.public.kind)
    head = taken.stamps[0].checkpoint
    told = found(taken, taken.with_times(taken.stamped(sign_checkpoint(head, stranger, 1).encode())))
    assert (faults(told), told.times) == (["checkpoint-not-signed"], [])


def test_a_token_of_another_authority_is_told(taken: Taken, tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange")
    note = taken.stamps[0].note
    told = found(taken, taken.with_times(taken.stamped(note, strange)))
    assert (faults(told), told.times) == (["time-authority"], [])
    told = found(taken, taken.data, strange.pem())
    assert (faults(told), told.times) == (["time-authority"] * 3, [])
    taken.authority.certify("neighbour")
    narrow = found(taken, taken.data, taken.authority.pem("root", "neighbour"))
    assert faults(narrow) == ["time-signer"] * 3


def test_a_token_by_a_certificate_that_is_not_for_time_is_told(taken: Taken) -> None:
    taken.authority.certify("plain", "plain")
    stamp = taken.stamps[0]
    token = taken.authority.signed_by(stamp.token, "plain")
    told = found(taken, taken.with_times(stamp_of(stamp.note, token).encode()))
    assert (faults(told), told.times) == (["time-purpose"], [])


def test_one_token_that_does_not_hold_does_not_hide_the_others(taken: Taken) -> None:
    kept = [stamp.encode() for stamp in taken.stamps]
    told = found(taken, taken.with_times(kept[0], kept[1][:-1], kept[2]))
    assert told.faults == [Fault("stamp-form", "times, token 2")]
    assert [t["size"] for t in told.times] == [taken.sizes[0], taken.sizes[2]]
    swapped = found(taken, taken.with_times(kept[1], kept[0]))
    assert faults(swapped) == ["time-of-another-log"]  # only in the order of the log


def test_the_commands_export_and_verify_the_time(taken: Taken, tmp_path: Path) -> None:
    runner = CliRunner()
    out, pem = tmp_path / "case.khb", tmp_path / "tsa.pem"
    made = runner.invoke(
        app, ["audit", "export", "--data", str(taken.folder), "--out", str(out), "--request", taken.asked]
    )
    assert made.exit_code == 0, made.output
    pem.write_bytes(taken.authority.pem())
    verify = ["audit", "verify-bundle", str(out), "--hub", taken.hub.hex()]
    plain = runner.invoke(app, verify)
    assert plain.exit_code == 0
    assert "--tsa" in plain.stdout
    told = runner.invoke(app, [*verify, "--tsa", str(pem)])
    assert told.exit_code == 0, told.output
    assert "時刻トークン 3/3 件" in told.stdout.replace("\n", "")
    as_json = json.loads(runner.invoke(app, [*verify, "--tsa", str(pem), "--json"]).stdout)
    assert as_json["timed"] == taken.sizes[-1]
    pem.write_bytes(b"")
    assert runner.invoke(app, [*verify, "--tsa", str(pem)]).exit_code != 0
