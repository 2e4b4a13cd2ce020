"""kill -9 of the server under load: what was acknowledged is there exactly once, and appends go on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from uuid import uuid4

import pytest

from adapters.bus import EmbeddedServer, OutcomeUnknown, connect

KEY = b"k" * 32


@pytest.mark.faults
def test_kill_9_during_concurrent_appends_loses_and_duplicates_nothing(tmp_path, event):
    reported: list[str] = []
    server = EmbeddedServer(
        tmp_path / "data", store_key=KEY, on_event=lambda event_name, _: reported.append(event_name)
    )
    with server.start():
        recorder = connect(server.hub_settings())
        acked: dict[int, tuple[object, int]] = {}
        unknown: list[object] = []
        errors: list[Exception] = []
        stop = threading.Event()

        def write(batch: int) -> None:
            while not stop.is_set():
                case = uuid4()
                events = [event(case, v) for v in range(1, batch + 1)]
                try:
                    positions = recorder.insert_events(events)
                except OutcomeUnknown:
                    unknown.append(case)
                except Exception as e:
                    errors.append(e)
                    return
                else:
                    acked.update(zip(positions, [(case, e.originator_version) for e in events], strict=True))

        threads = [threading.Thread(target=write, args=(n,)) for n in (1, 1, 1, 4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                time.sleep(0.4)
                before = len(acked)
                os.kill(server.pid, signal.SIGKILL)
                deadline = time.monotonic() + 10
                while len(acked) < before + 20 and time.monotonic() < deadline:
                    time.sleep(0.02)
                assert len(acked) >= before + 20, "appends go on after the restart"
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert errors == []
        assert unknown == []
        stored = recorder.select_notifications(1, 10_000_000)
        recorder.close()
    assert [n.id for n in stored] == list(range(1, len(stored) + 1))
    by_position = {n.id: (n.originator_id, n.originator_version) for n in stored}
    assert {position: by_position[position] for position in acked} == acked
    assert max(Counter(by_position.values()).values()) == 1
    assert set(by_position.values()) == set(acked.values()), "and nothing that was not acknowledged"
    assert reported.count("crashed") >= 3


def test_stored_records_survive_an_orderly_stop_and_start(tmp_path, event):
    case = uuid4()
    with EmbeddedServer(tmp_path / "data", store_key=KEY).start() as server:
        recorder = connect(server.hub_settings())
        recorder.insert_events([event(case, 1), event(case, 2)])
        recorder.close()
    with EmbeddedServer(tmp_path / "data", store_key=KEY).start() as server:
        recorder = connect(server.hub_settings())
        assert [e.originator_version for e in recorder.select_events(case)] == [1, 2]
        recorder.close()
