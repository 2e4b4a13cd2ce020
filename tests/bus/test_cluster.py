"""Three servers: what is read is never older than what is known, whichever of them answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic, sleep
from uuid import uuid4

import pytest
from eventsourcing.persistence import OperationalError

from adapters.bus import ItemStore, JetStreamApplicationRecorder, connect
from adapters.bus.fresh import MAX_SILENT_SECONDS, Behind, FreshReads, is_in_contact_with_majority
from gateway.rehearsal.torture.bus_cluster import SERVERS, BusCluster
from keys.lp import sha256

pytestmark = pytest.mark.faults
DELAY_SECONDS = 0.25


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusCluster]:
    with BusCluster(tmp_path_factory.mktemp("cluster") / "bus") as it:
        yield it


@pytest.fixture
def follower(cluster: BusCluster) -> Iterator[int]:
    """A server that does not lead the stream; afterwards everything is well again."""
    leader = cluster.leader()
    assert leader is not None
    yield (leader + 1) % SERVERS
    cluster.proxies.heal()
    for n in range(SERVERS):
        cluster.resume(n)
    cluster.wait_until_current()


def recorder_at(cluster: BusCluster, n: int) -> JetStreamApplicationRecorder:
    """A recorder whose connection goes to this server."""
    return connect(replace(cluster.settings, url=f"nats://127.0.0.1:{cluster.addresses[n].port}"))


def test_a_server_that_lags_is_not_believed(cluster: BusCluster, follower: int, event) -> None:
    """Its direct gets do answer from before: that is seen, too, else this would show nothing."""
    reader, stale = recorder_at(cluster, follower), 0
    try:
        cluster.proxies.delay_replication(cluster.pairs_of(follower), DELAY_SECONDS)
        case = uuid4()
        for version in range(1, 101):
            if version > 8 and stale > 0:
                break  # on a busy machine a replica is sometimes level before it is asked
            [position] = reader.insert_events([event(case, version)])
            subject = f"{reader.settings.prefix}.{case.hex}.*"
            seen = len(reader._pull({"multi_last": [subject], "batch": 1024})) - 1
            stale += seen < version
            assert [e.originator_version for e in reader.select_events(case)] == list(range(1, version + 1))
            assert reader.locate(case, version) is not None
            assert reader.select_notifications(position, 10)[-1].id == position
            assert reader.read_raw(position, 10)[-1].sequence == position
            assert reader.head() == position
        assert reader.select_events(uuid4()) == []
        assert stale > 0, "the replica never lagged"
    finally:
        reader.close()


def test_an_item_that_a_lagging_server_lacks_comes_from_the_leader(
    cluster: BusCluster, follower: int
) -> None:
    store = ItemStore(replace(cluster.settings, url=f"nats://127.0.0.1:{cluster.addresses[follower].port}"))
    try:
        cluster.proxies.delay_replication(cluster.pairs_of(follower), DELAY_SECONDS)
        for n in range(3):
            data = bytes([n]) * 700_000
            store.put(sha256(data), data)
            assert store.has(sha256(data))
            assert store.get(sha256(data)) == data
    finally:
        store.close()


def test_a_client_leaves_a_server_that_is_cut_off(cluster: BusCluster, follower: int, event) -> None:
    addresses = [cluster.addresses[n] for n in (follower, *(n for n in range(SERVERS) if n != follower))]
    urls = ",".join(f"nats://127.0.0.1:{a.port}" for a in addresses)
    recorder = connect(replace(cluster.settings, url=urls, timeout=25.0, try_timeout=2.0))
    try:
        cluster.proxies.partition(cluster.pairs_of(follower), cut=True)
        case = uuid4()
        recorder.insert_events([event(case, 1)])
        assert len(recorder.select_events(case)) == 1
    finally:
        recorder.close()


def test_without_a_fresh_answer_there_is_none(cluster: BusCluster, follower: int, event) -> None:
    reader = connect(
        replace(
            cluster.settings,
            url=f"nats://127.0.0.1:{cluster.addresses[follower].port}",
            timeout=3.0,
            try_timeout=1.0,
        )
    )
    try:
        case = uuid4()
        reader.insert_events([event(case, 1)])
        cluster.proxies.partition(cluster.pairs_of(follower), cut=True)
        reader._fresh.saw(reader._fresh.known_head + 1)  # it knows of a record that this server lacks
        with pytest.raises(OperationalError):
            reader.select_events(case)
    finally:
        reader.close()


def test_a_paused_server_comes_back_without_showing_the_past(
    cluster: BusCluster, follower: int, event
) -> None:
    other = next(n for n in range(SERVERS) if n not in (follower, cluster.leader()))
    writer, reader = recorder_at(cluster, other), recorder_at(cluster, follower)
    case = uuid4()
    try:
        cluster.pause(follower)
        for version in range(1, 30):
            writer.insert_events([event(case, version)])
        reader._fresh.saw(writer.head())
        cluster.resume(follower)
        until = monotonic() + 1.5
        while monotonic() < until:
            assert len(reader.select_events(case)) == 29
            sleep(0.01)
    finally:
        writer.close()
        reader.close()


@pytest.mark.parametrize(
    ("silent", "in_contact"),
    [
        pytest.param([0.1, 0.1], True, id="both answer"),
        pytest.param([0.1, 60.0], True, id="one silent"),
        pytest.param([MAX_SILENT_SECONDS, 60.0], False, id="alone"),
        pytest.param([], True, id="one server"),
    ],
)
def test_a_leader_without_contact_to_a_majority_is_not_believed(
    silent: list[float], in_contact: bool
) -> None:
    peers = [{"name": str(n), "current": True, "active": int(s * 1e9)} for n, s in enumerate(silent)]
    assert is_in_contact_with_majority({"replicas": peers}) is in_contact


def test_an_offline_peer_is_not_in_contact() -> None:
    peers = [{"active": 0, "offline": True}, {"active": 0, "offline": True}]
    assert not is_in_contact_with_majority({"replicas": peers})


def test_the_known_head_never_goes_back(cluster: BusCluster) -> None:
    recorder = recorder_at(cluster, 0)
    try:
        fresh = FreshReads(recorder._api)
        fresh.saw(7)
        fresh.saw(3)
        assert fresh.known_head == 7
        with pytest.raises(Behind):
            fresh.require(6)
        fresh.require(7)
    finally:
        recorder.close()
