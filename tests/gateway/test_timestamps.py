"""The log's head gets time tokens of an authority; a missing or false answer delays the token and nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import httpx2 as httpx
import pytest

from domain.errors import Malformed, NotFound
from gateway.hub import timestamps as module
from gateway.hub.executor import Background
from gateway.hub.log import LogKeeper
from gateway.hub.real import RealClock, ThreadExecutor
from gateway.hub.timestamps import TimeSettings, TimeStamps, read_stamp, stamped_head_sizes, time_settings
from gateway.installation.folder import create_installation
from gateway.rehearsal.torture.process import HubProcess
from keys.checkpoint import verify_checkpoint
from keys.leaf import Leaf
from keys.timestamps import Stamp, TimeAuthority, verify_time
from tests.gateway.hubkit import START, HubWithCase
from tests.gateway.hubkit import hub_with_case as new_hub_with_case
from tests.tsa import OTHER_POLICY, REJECTED, Authority, ServedAuthority, needs_openssl, response

pytestmark = needs_openssl


@pytest.fixture
def hub_with_case(tmp_path: Path) -> Iterator[HubWithCase]:
    with new_hub_with_case(tmp_path / "hub") as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def served(authority: Authority) -> Iterator[ServedAuthority]:
    made = ServedAuthority(authority)
    yield made
    made.down()


def settings(served: ServedAuthority, **more: float) -> TimeSettings:
    return TimeSettings(served.url, TimeAuthority.from_pem(served.authority.pem()), **more)


def log_of(hub_with_case: HubWithCase) -> Path:
    folder: Path = hub_with_case.rehearsal_hub.installation.hub_folder / "log"
    return folder


@pytest.fixture
def stamps(hub_with_case: HubWithCase, served: ServedAuthority) -> TimeStamps:
    """Those of the running hub, driven by hand."""
    time_stamps: TimeStamps = hub_with_case.rehearsal_hub.runtime.timestamps
    time_stamps._tsa_settings = settings(served)
    grown(hub_with_case)
    return time_stamps


def grown(hub_with_case: HubWithCase) -> None:
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    while log_keeper.size < hub_with_case.head():
        log_keeper.step()


def new_stamps(log_keeper: LogKeeper, folder: Path, pace: TimeSettings | None) -> TimeStamps:
    """Time tokens of this log that nothing asks for but the test."""
    return TimeStamps(log_keeper, folder, pace, ThreadExecutor(), RealClock())


def verified(stamp: Stamp, hub_with_case: HubWithCase, served: ServedAuthority) -> datetime:
    """By a verifier of its own: the log signed this head, and the authority this time."""
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    assert (
        verify_checkpoint(stamp.note, log_keeper.origin, log_keeper._signing_keys.public)[0]
        == stamp.checkpoint
    )
    return verify_time(stamp.token, stamp.note, TimeAuthority.from_pem(served.authority.pem()))


def test_the_newest_head_gets_a_token_once_and_it_is_served(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority, tmp_path: Path
) -> None:
    assert hub_with_case.http.get("/v1/log/time").status_code == 404
    assert stamps.step()
    assert not stamps.step()  # nothing new: not asked again
    first = stamps.stamp_covering()
    assert first.checkpoint.size == hub_with_case.head()
    assert verified(first, hub_with_case, served) == first.at
    hub_with_case.refer()
    grown(hub_with_case)
    assert stamps.step()
    assert len(served.asked) == 2
    second = stamps.stamp_covering()
    assert stamps.stamp_covering(first.checkpoint.size) == first  # the earliest word for what it covers
    assert stamps.stamp_covering(first.checkpoint.size + 1) == second
    with pytest.raises(NotFound, match="no-time-token"):
        stamps.stamp_covering(second.checkpoint.size + 1)
    time_json = hub_with_case.http.get("/v1/log/time").json()
    assert time_json["size"] == second.checkpoint.size
    earlier = hub_with_case.http.get("/v1/log/time", params={"seq": 1}).json()
    assert earlier["size"] == first.checkpoint.size
    (tmp_path / "note").write_bytes(time_json["checkpoint"].encode())
    (tmp_path / "tsr").write_bytes(b64decode(time_json["token"]))
    (tmp_path / "root.pem").write_bytes(served.authority.pem())
    command = ["openssl", "ts", "-verify", "-in", "tsr", "-data", "note", "-CAfile", "root.pem"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_while_the_authority_is_away_commands_are_recorded_and_one_token_covers_them(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority
) -> None:
    served.down()
    for _ in range(3):
        assert not stamps.step()
        assert hub_with_case.refer().outcome == "recorded"
        grown(hub_with_case)
    ready = hub_with_case.http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["alarms"] == [
        {"code": "time-token-delayed", "where": "", "detail": "the authority does not answer"}
    ]
    served.up()
    assert stamps.step()
    assert stamps.stamp_covering(1).checkpoint.size == hub_with_case.head()
    assert hub_with_case.http.get("/readyz").json()["alarms"] == []
    assert len(served.asked) == 1


FALSE_ANSWERS: dict[str, tuple[str, Callable[[ServedAuthority, Path, bytes], tuple[int, bytes]]]] = {
    "an error": ("answered 503", lambda s, _, q: (503, b"")),
    "a page": ("TimeStampResp", lambda s, _, q: (200, b"<html></html>")),
    "too much": ("64 KiB", lambda s, _, q: (200, bytes(65 * 1024))),
    "a refusal": ("refused a token", lambda s, _, q: (200, response(REJECTED))),
    "a token over other bytes": (
        "other bytes",
        lambda s, _, q: (
            200,
            s.authority.answer(q[: (i := q.index(b"\x04\x40") + 2)] + bytes(64) + q[i + 64 :]),
        ),
    ),
    "an old token over the same": (
        "another request",
        lambda s, _, q: (200, s.authority.answer(q[:-7] + bytes([q[-7] ^ 1]) + q[-6:])),
    ),
    "another authority": (
        "not signed by a pinned authority",
        lambda s, f, q: (200, Authority(f / "strange").answer(q)),
    ),
    "a signer without the use": ("not for time stamping only", lambda s, _, q: (200, _plain(s.authority, q))),
    "a changed signature": (
        "signature of the time token",
        lambda s, _, q: (200, (t := s.authority.answer(q))[:-1] + bytes([t[-1] ^ 1])),
    ),
}


def _plain(authority: Authority, request: bytes) -> bytes:
    authority.certify("plain", "plain")
    return authority.signed_by(authority.answer(request), "plain")


def test_an_invalid_token_is_not_stored_and_the_next_valid_one_is(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority, tmp_path: Path
) -> None:
    honest = served.reply
    for name, (why, false_answer) in FALSE_ANSWERS.items():
        served.reply = lambda request, reply=false_answer: reply(served, tmp_path, request)  # type: ignore[misc]
        assert not stamps.step(), name
        assert why in (stamps.trouble or ""), name
        assert stamped_head_sizes(log_of(hub_with_case)) == []
    served.reply = honest
    assert stamps.step()
    assert stamps.trouble is None


def test_a_token_under_another_policy_is_not_stored(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority
) -> None:
    pinned = TimeAuthority.from_pem(served.authority.pem(), OTHER_POLICY)
    stamps._tsa_settings = TimeSettings(served.url, pinned)
    assert not stamps.step()
    assert "policy" in (stamps.trouble or "")
    served.reply = lambda q: (200, served.authority.answer(q, more=("-tspolicy", OTHER_POLICY)))
    assert stamps.step()


class Ended(Exception):
    """The process ended here."""


@pytest.mark.parametrize("moment", ["before", "half", "after"])
def test_a_crash_around_the_write_leaves_a_complete_token_or_none(
    hub_with_case: HubWithCase,
    stamps: TimeStamps,
    served: ServedAuthority,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = module.write_atomically

    def ends(path: Path, data: bytes) -> None:
        if moment == "half":  # what an end between write and rename leaves
            path.parent.mkdir(exist_ok=True)
            path.with_name(f".{path.name}.new").write_bytes(data[: len(data) // 2])
        if moment == "after":
            write(path, data)
        raise Ended

    monkeypatch.setattr(module, "write_atomically", ends)
    stamps.step()
    assert stamps.trouble == "unexpected Ended"
    monkeypatch.undo()
    restarted = new_stamps(
        hub_with_case.rehearsal_hub.runtime.log_keeper, log_of(hub_with_case), settings(served)
    )
    assert restarted.step() == (moment != "after")
    assert len(served.asked) == (1 if moment == "after" else 2)
    assert verified(restarted.stamp_covering(), hub_with_case, served)
    restarted.close()


def test_a_full_disk_is_reported_and_no_unstored_token_is_served(
    hub_with_case: HubWithCase, stamps: TimeStamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_atomically", full)
    assert not stamps.step()
    assert "disk" in (stamps.trouble or "")
    with pytest.raises(NotFound):
        stamps.stamp_covering()


@pytest.mark.parametrize("harm", ["cut", "flipped", "of another head"])
def test_a_damaged_token_is_not_served_and_is_replaced(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority, harm: str
) -> None:
    assert stamps.step()
    first = stamps.stamp_covering().checkpoint.size
    hub_with_case.refer()
    grown(hub_with_case)
    assert stamps.step()
    [_, path] = sorted((log_of(hub_with_case) / "time").iterdir(), key=lambda p: int(p.name))
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data[:-9] if harm == "cut" else data)
    if harm == "of another head":
        shutil.copy(path.with_name(str(first)), path)
    assert read_stamp(log_of(hub_with_case), int(path.name)) is None
    restarted = new_stamps(
        hub_with_case.rehearsal_hub.runtime.log_keeper, log_of(hub_with_case), settings(served)
    )
    assert restarted.stamp_covering().checkpoint.size == first
    with pytest.raises(NotFound):
        restarted.stamp_covering(first + 1)
    assert restarted.step()
    assert restarted.stamp_covering(first + 1).checkpoint.size == int(path.name)
    restarted.close()


def test_attack_truncated_stream_without_checkpoint_is_detected_by_a_time_token(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub has forgotten what it signed and signs a shorter stream anew: its own keys do not stop it."""
    assert stamps.step()
    covered, folder = (
        stamps.stamp_covering().checkpoint.size,
        hub_with_case.rehearsal_hub.installation.folder / "copy",
    )
    shutil.copytree(log_of(hub_with_case) / "time", folder / "time")
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    shorter = LogKeeper(
        hub_with_case.store,
        folder,
        log_keeper._signing_keys,
        log_keeper.origin,
        hub_with_case.rehearsal_hub.now,
        ThreadExecutor(),
    )
    shorter.restore()
    head, leaves = hub_with_case.store.head, hub_with_case.store.leaves
    monkeypatch.setattr(hub_with_case.store, "head", lambda: covered - 2)
    monkeypatch.setattr(
        hub_with_case.store, "leaves", lambda seq, most: leaves(seq, most)[: covered - 1 - seq]
    )
    assert shorter.step()
    assert shorter.size == covered - 2
    restarted = new_stamps(shorter, folder, settings(served))
    assert not restarted.step()
    assert f"does not continue its head of {covered} records" in (restarted.trouble or "")
    assert len(served.asked) == 1  # no token for such a head
    # with the complete stream the log reaches the stamped head again
    monkeypatch.setattr(hub_with_case.store, "head", head)
    monkeypatch.setattr(hub_with_case.store, "leaves", leaves)
    shorter.step()
    hub_with_case.refer()
    shorter.step()
    assert restarted.step()
    restarted.close()


def test_attack_replaced_record_under_a_stamped_head_is_detected(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority
) -> None:
    """The log is made anew, as long as before or longer, with one leaf exchanged."""
    assert stamps.step()
    covered, folder = (
        stamps.stamp_covering().checkpoint.size,
        hub_with_case.rehearsal_hub.installation.folder / "copy",
    )
    shutil.copytree(log_of(hub_with_case) / "time", folder / "time")
    log_keeper = hub_with_case.rehearsal_hub.runtime.log_keeper
    other = LogKeeper(
        hub_with_case.store,
        folder,
        log_keeper._signing_keys,
        log_keeper.origin,
        hub_with_case.rehearsal_hub.now,
        ThreadExecutor(),
    )
    for leaf in (*hub_with_case.store.leaves(1, covered - 1), Leaf(covered, bytes(32), bytes(16))):
        other.offer_leaf(leaf)
    restarted = new_stamps(other, folder, settings(served))
    for _ in range(2):
        assert other.step()
        assert not restarted.step()
        assert f"does not continue its head of {covered} records" in (restarted.trouble or "")
        hub_with_case.refer()
    assert other.size > covered
    restarted.close()


# --- pace, start and end ----------------------------------------------------------------------------------------


class TwoSteps(ThreadExecutor):
    """Calls a repeated step twice at once, and notes after how many seconds each call, and the next, would be due."""

    def __init__(self) -> None:
        self.delays: list[float] = []

    def repeat(self, name: str, first: float, step: Callable[[], float]) -> Background:
        self.delays.append(first)
        for _ in range(2):
            self.delays.append(step())
        return super().repeat(name, 3600.0, lambda: 3600.0)


def delays_of(stamps: TimeStamps) -> list[float]:
    """After how many seconds the authority is asked from a start on."""
    stamps._executor = executor = TwoSteps()
    stamps.start()
    assert stamps._stamping is not None
    stamps._stamping.stop(5)
    return executor.delays


def test_authority_is_asked_at_most_once_in_the_configured_time(
    hub_with_case: HubWithCase, stamps: TimeStamps, served: ServedAuthority
) -> None:
    stamps._tsa_settings = settings(served, every_seconds=600.0, retry_seconds=30.0)
    first_token_nothing_new = [module.TSA_POLL_SECONDS, 600.0, module.TSA_POLL_SECONDS]
    assert delays_of(stamps) == first_token_nothing_new
    hub_with_case.refer()
    grown(hub_with_case)
    served.down()
    delays = delays_of(stamps)
    assert 500 < delays[0] <= 600  # a restart does not shorten it
    assert delays[1:] == [30.0, 30.0]


def test_a_token_with_a_time_far_off_does_not_delay_the_next_request_for_ever(
    hub_with_case: HubWithCase, stamps: TimeStamps
) -> None:
    assert stamps.step()
    assert stamps._newest_stamp is not None
    for at in (datetime.now(UTC) + timedelta(days=400), datetime.now(UTC) - timedelta(days=400)):
        object.__setattr__(stamps._newest_stamp, "at", at)
        assert module.TSA_POLL_SECONDS <= stamps._seconds_until_next(600.0) <= 600.0


def test_without_settings_no_token_is_requested(hub_with_case: HubWithCase) -> None:
    stamps = new_stamps(hub_with_case.rehearsal_hub.runtime.log_keeper, log_of(hub_with_case), None)
    stamps.start()
    assert not stamps.step()
    stamps.close()


@pytest.mark.parametrize(
    "more",
    [
        {"url": "ftp://127.0.0.1"},
        {"url": None},
        {"certificates": "other.pem"},
        {"every_minutes": 0},
        {"every_minutes": "60"},
        {"every_minutes": True},
        {"policy": "any"},
        {"hash": "MD5"},
    ],
)
def test_unknown_or_invalid_settings_are_refused(
    tmp_path: Path, authority: Authority, more: dict[str, object]
) -> None:
    assert time_settings(tmp_path) is None
    (tmp_path / "tsa.pem").write_bytes(authority.pem())
    about = {"url": "http://127.0.0.1:9", "certificates": "tsa.pem"}
    (tmp_path / "tsa.json").write_text(json.dumps(about))
    settings = time_settings(tmp_path)
    assert settings is not None
    assert (settings.every_seconds, settings.retry_seconds, settings.authority.policy) == (
        3600.0,
        60.0,
        None,
    )
    (tmp_path / "tsa.json").write_text(json.dumps({**about, **more}))
    with pytest.raises(Malformed):
        time_settings(tmp_path)
    for text in ("", "[]", "{}", '["url", "certificates"]'):
        (tmp_path / "tsa.json").write_text(text)
        with pytest.raises(Malformed):
            time_settings(tmp_path)


def test_a_hub_killed_before_storing_a_token_requests_and_stores_one_again(
    tmp_path: Path, served: ServedAuthority
) -> None:
    """kill -9 while the authority answers, and as soon as it has answered; then a start that is let be."""
    installation = create_installation(tmp_path / "hub", mode="rehearsal")
    (installation.hub_folder / "tsa.pem").write_bytes(served.authority.pem())
    about = {"url": served.url, "certificates": "tsa.pem"}
    (installation.hub_folder / "tsa.json").write_text(json.dumps(about))
    hub = HubProcess(installation, START)
    honest, log = served.reply, installation.hub_folder / "log"
    try:
        for half in (True, False):

            def kills(request: bytes, half: bool = half) -> tuple[int, bytes]:
                answer = honest(request)[1]
                if half:
                    hub.kill()
                return 200, answer

            served.reply = kills
            before = len(served.asked)
            hub.start()
            wait_for(lambda n=before: len(served.asked) > n)  # type: ignore[misc]
            hub.kill()
            assert stamped_head_sizes(log) == [] or not half
        served.reply = honest
        hub.start()
        wait_for(lambda: stamped_head_sizes(log) != [])
        time_json = httpx.get(f"{hub.url}/v1/log/time", timeout=30).json()
        token, note = b64decode(time_json["token"]), time_json["checkpoint"].encode()
        assert verify_time(token, note, TimeAuthority.from_pem(served.authority.pem()))
        assert time_json["size"] == 1
    finally:
        hub.stop()


def wait_for(what: Callable[[], bool]) -> None:
    until = monotonic() + 60
    while not what():
        assert monotonic() < until
        with suppress(OSError):
            sleep(0.02)
