"""The log's head gets its time from an authority; who is away, or lies, delays that word and nothing else."""

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

from domain.errors import Malformed, NotThere
from gateway.hub import timestamps as module
from gateway.hub.log import LogKeeper
from gateway.hub.timestamps import TimeSettings, TimeStamps, read_stamp, stamped_sizes, time_settings
from gateway.installation.folder import make_installation
from gateway.rehearsal.torture.process import HubProcess
from keys.checkpoint import verify_checkpoint
from keys.leaf import Leaf
from keys.timestamps import Stamp, TimeAuthority, verify_time
from tests.gateway.hubkit import START, Ground
from tests.gateway.hubkit import ground as new_ground
from tests.tsa import OTHER_POLICY, REJECTED, Authority, ServedAuthority, needs_openssl, response

pytestmark = needs_openssl


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with new_ground(tmp_path / "hub") as made:
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


def log_of(ground: Ground) -> Path:
    folder: Path = ground.stage.installation.hub_folder / "log"
    return folder


@pytest.fixture
def stamps(ground: Ground, served: ServedAuthority) -> TimeStamps:
    """Those of the running hub, driven by hand."""
    found: TimeStamps = ground.stage.runtime.timestamps
    found._settings = settings(served)
    grown(ground)
    return found


def grown(ground: Ground) -> None:
    logbook = ground.stage.runtime.logbook
    while logbook.size < ground.head():
        logbook.step()


def verified(stamp: Stamp, ground: Ground, served: ServedAuthority) -> datetime:
    """By a verifier of its own: the log signed this head, and the authority this time."""
    logbook = ground.stage.runtime.logbook
    assert verify_checkpoint(stamp.note, logbook.origin, logbook._keys.public)[0] == stamp.checkpoint
    return verify_time(stamp.token, stamp.note, TimeAuthority.from_pem(served.authority.pem()))


def test_the_newest_head_gets_a_token_once_and_it_is_served(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority, tmp_path: Path
) -> None:
    assert ground.http.get("/v1/log/time").status_code == 404
    assert stamps.step()
    assert not stamps.step()  # nothing new: not asked again
    first = stamps.covering()
    assert first.checkpoint.size == ground.head()
    assert verified(first, ground, served) == first.at
    ground.refer()
    grown(ground)
    assert stamps.step()
    assert len(served.asked) == 2
    second = stamps.covering()
    assert stamps.covering(first.checkpoint.size) == first  # the earliest word for what it covers
    assert stamps.covering(first.checkpoint.size + 1) == second
    with pytest.raises(NotThere, match="no-time-token"):
        stamps.covering(second.checkpoint.size + 1)
    told = ground.http.get("/v1/log/time").json()
    assert told["size"] == second.checkpoint.size
    earlier = ground.http.get("/v1/log/time", params={"seq": 1}).json()
    assert earlier["size"] == first.checkpoint.size
    (tmp_path / "note").write_bytes(told["checkpoint"].encode())
    (tmp_path / "tsr").write_bytes(b64decode(told["token"]))
    (tmp_path / "root.pem").write_bytes(served.authority.pem())
    command = ["openssl", "ts", "-verify", "-in", "tsr", "-data", "note", "-CAfile", "root.pem"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_while_the_authority_is_away_exchange_goes_on_and_one_token_then_covers_all_of_it(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority
) -> None:
    served.down()
    for _ in range(3):
        assert not stamps.step()
        assert ground.refer().outcome == "recorded"
        grown(ground)
    ready = ground.http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["alarms"] == ["the log's head has no time token (the authority is away)"]
    served.up()
    assert stamps.step()
    assert stamps.covering(1).checkpoint.size == ground.head()
    assert ground.http.get("/readyz").json()["alarms"] == []
    assert len(served.asked) == 1


LIES: dict[str, tuple[str, Callable[[ServedAuthority, Path, bytes], tuple[int, bytes]]]] = {
    "an error": ("answered 503", lambda s, _, q: (503, b"")),
    "a page": ("TimeStampResp", lambda s, _, q: (200, b"<html></html>")),
    "too much": ("64 KiB", lambda s, _, q: (200, bytes(65 * 1024))),
    "a refusal": ("gave no token", lambda s, _, q: (200, response(REJECTED))),
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
        "no authority that is pinned",
        lambda s, f, q: (200, Authority(f / "strange").answer(q)),
    ),
    "a signer without the use": ("time stamping alone", lambda s, _, q: (200, _plain(s.authority, q))),
    "a changed signature": (
        "not as its authority",
        lambda s, _, q: (200, (t := s.authority.answer(q))[:-1] + bytes([t[-1] ^ 1])),
    ),
}


def _plain(authority: Authority, request: bytes) -> bytes:
    authority.certify("plain", "plain")
    return authority.signed_by(authority.answer(request), "plain")


def test_what_does_not_hold_is_not_kept_and_the_next_honest_answer_is(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority, tmp_path: Path
) -> None:
    honest = served.reply
    for name, (why, lie) in LIES.items():
        served.reply = lambda request, lie=lie: lie(served, tmp_path, request)  # type: ignore[misc]
        assert not stamps.step(), name
        assert why in (stamps.trouble or ""), name
        assert stamped_sizes(log_of(ground)) == []
    served.reply = honest
    assert stamps.step()
    assert stamps.trouble is None


def test_a_token_under_another_policy_is_not_kept(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority
) -> None:
    pinned = TimeAuthority.from_pem(served.authority.pem(), OTHER_POLICY)
    stamps._settings = TimeSettings(served.url, pinned)
    assert not stamps.step()
    assert "policy" in (stamps.trouble or "")
    served.reply = lambda q: (200, served.authority.answer(q, more=("-tspolicy", OTHER_POLICY)))
    assert stamps.step()


class Ended(Exception):
    """The process ended here."""


@pytest.mark.parametrize("moment", ["before", "half", "after"])
def test_an_end_around_the_write_leaves_a_whole_token_or_none(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = module.write_whole

    def ends(path: Path, data: bytes) -> None:
        if moment == "half":  # what an end between write and rename leaves
            path.parent.mkdir(exist_ok=True)
            path.with_name(f".{path.name}.new").write_bytes(data[: len(data) // 2])
        if moment == "after":
            write(path, data)
        raise Ended

    monkeypatch.setattr(module, "write_whole", ends)
    stamps.step()
    assert stamps.trouble == "unexpected Ended"
    monkeypatch.undo()
    again = TimeStamps(ground.stage.runtime.logbook, log_of(ground), settings(served))
    assert again.step() == (moment != "after")
    assert len(served.asked) == (1 if moment == "after" else 2)
    assert verified(again.covering(), ground, served)
    again.close()


def test_a_full_disk_is_told_and_nothing_is_served_that_is_not_kept(
    ground: Ground, stamps: TimeStamps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    assert not stamps.step()
    assert "disk" in (stamps.trouble or "")
    with pytest.raises(NotThere):
        stamps.covering()


@pytest.mark.parametrize("harm", ["cut", "flipped", "of another head"])
def test_a_damaged_token_is_not_served_and_made_anew(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority, harm: str
) -> None:
    assert stamps.step()
    first = stamps.covering().checkpoint.size
    ground.refer()
    grown(ground)
    assert stamps.step()
    [_, path] = sorted((log_of(ground) / "time").iterdir(), key=lambda p: int(p.name))
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data[:-9] if harm == "cut" else data)
    if harm == "of another head":
        shutil.copy(path.with_name(str(first)), path)
    assert read_stamp(log_of(ground), int(path.name)) is None
    again = TimeStamps(ground.stage.runtime.logbook, log_of(ground), settings(served))
    assert again.covering().checkpoint.size == first
    with pytest.raises(NotThere):
        again.covering(first + 1)
    assert again.step()
    assert again.covering(first + 1).checkpoint.size == int(path.name)
    again.close()


def test_attack_lost_checkpoint_of_a_truncated_stream_is_noticed_by_a_time_token(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub has forgotten what it signed and signs a shorter stream anew: its own keys do not stop it."""
    assert stamps.step()
    covered, folder = stamps.covering().checkpoint.size, ground.stage.installation.folder / "copy"
    shutil.copytree(log_of(ground) / "time", folder / "time")
    logbook = ground.stage.runtime.logbook
    shorter = LogKeeper(ground.store, folder, logbook._keys, logbook.origin, ground.stage.now)
    shorter.restore()
    head, leaves = ground.store.head, ground.store.leaves
    monkeypatch.setattr(ground.store, "head", lambda: covered - 2)
    monkeypatch.setattr(ground.store, "leaves", lambda seq, most: leaves(seq, most)[: covered - 1 - seq])
    assert shorter.step()
    assert shorter.size == covered - 2
    again = TimeStamps(shorter, folder, settings(served))
    assert not again.step()
    assert f"does not continue its head of {covered} records" in (again.trouble or "")
    assert len(served.asked) == 1  # no token for such a head
    # with the stream whole again the log comes to what was stamped
    monkeypatch.setattr(ground.store, "head", head)
    monkeypatch.setattr(ground.store, "leaves", leaves)
    shorter.step()
    ground.refer()
    shorter.step()
    assert again.step()
    again.close()


def test_attack_another_record_put_under_a_stamped_head_is_noticed(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority
) -> None:
    """The log is made anew, as long as before or longer, with one leaf exchanged."""
    assert stamps.step()
    covered, folder = stamps.covering().checkpoint.size, ground.stage.installation.folder / "copy"
    shutil.copytree(log_of(ground) / "time", folder / "time")
    logbook = ground.stage.runtime.logbook
    other = LogKeeper(ground.store, folder, logbook._keys, logbook.origin, ground.stage.now)
    for leaf in (*ground.store.leaves(1, covered - 1), Leaf(covered, bytes(32), bytes(16))):
        other.offer(leaf)
    again = TimeStamps(other, folder, settings(served))
    for _ in range(2):
        assert other.step()
        assert not again.step()
        assert f"does not continue its head of {covered} records" in (again.trouble or "")
        ground.refer()
    assert other.size > covered
    again.close()


# --- pace, start and end ----------------------------------------------------------------------------------------


class Waits:
    """Stands for the end of the process: tells how long was waited each time, and ends after a few."""

    def __init__(self, most: int) -> None:
        self.waited: list[float] = []
        self._most = most

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return len(self.waited) > self._most

    def set(self) -> None:
        pass


def test_a_token_is_asked_for_no_more_often_than_agreed(
    ground: Ground, stamps: TimeStamps, served: ServedAuthority
) -> None:
    pace = settings(served, every_seconds=600.0, retry_seconds=30.0)
    stamps._settings = pace
    stamps._ended = waits = Waits(2)  # type: ignore[assignment]
    stamps._run(pace)
    assert waits.waited == [module.POLL_SECONDS, 600.0, module.POLL_SECONDS]  # first, token, nothing new
    ground.refer()
    grown(ground)
    served.down()
    stamps._ended = waits = Waits(2)  # type: ignore[assignment]
    stamps._run(pace)
    assert 500 < waits.waited[0] <= 600  # an end of the process does not shorten it
    assert waits.waited[1:] == [30.0, 30.0]


def test_a_hub_whose_authority_gave_a_time_far_off_does_not_wait_for_ever(
    ground: Ground, stamps: TimeStamps
) -> None:
    assert stamps.step()
    assert stamps._newest is not None
    for at in (datetime.now(UTC) + timedelta(days=400), datetime.now(UTC) - timedelta(days=400)):
        object.__setattr__(stamps._newest, "at", at)
        assert module.POLL_SECONDS <= stamps._left(600.0) <= 600.0


def test_without_settings_nobody_is_asked(ground: Ground) -> None:
    stamps = TimeStamps(ground.stage.runtime.logbook, log_of(ground), None)
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
def test_the_settings_are_read_strictly(
    tmp_path: Path, authority: Authority, more: dict[str, object]
) -> None:
    assert time_settings(tmp_path) is None
    (tmp_path / "tsa.pem").write_bytes(authority.pem())
    about = {"url": "http://127.0.0.1:9", "certificates": "tsa.pem"}
    (tmp_path / "tsa.json").write_text(json.dumps(about))
    found = time_settings(tmp_path)
    assert found is not None
    assert (found.every_seconds, found.retry_seconds, found.authority.policy) == (3600.0, 60.0, None)
    (tmp_path / "tsa.json").write_text(json.dumps({**about, **more}))
    with pytest.raises(Malformed):
        time_settings(tmp_path)
    for text in ("", "[]", "{}", '["url", "certificates"]'):
        (tmp_path / "tsa.json").write_text(text)
        with pytest.raises(Malformed):
            time_settings(tmp_path)


def test_a_hub_killed_between_token_and_disk_asks_again_and_ends_with_one(
    tmp_path: Path, served: ServedAuthority
) -> None:
    """kill -9 while the authority answers, and as soon as it has answered; then a start that is let be."""
    installation = make_installation(tmp_path / "hub", mode="rehearsal")
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
            assert stamped_sizes(log) == [] or not half
        served.reply = honest
        hub.start()
        wait_for(lambda: stamped_sizes(log) != [])
        told = httpx.get(f"{hub.url}/v1/log/time", timeout=30).json()
        token, note = b64decode(told["token"]), told["checkpoint"].encode()
        assert verify_time(token, note, TimeAuthority.from_pem(served.authority.pem()))
        assert told["size"] == 1
    finally:
        hub.stop()


def wait_for(what: Callable[[], bool]) -> None:
    until = monotonic() + 60
    while not what():
        assert monotonic() < until
        with suppress(OSError):
            sleep(0.02)
