"""The real executor, and the command queue on it: order, batches, and an end that leaves nobody waiting."""

from __future__ import annotations

from threading import Event, get_ident

import pytest

from domain.errors import Unavailable
from gateway.hub.queue import CommandQueue, QueuedCommand
from gateway.hub.real import ThreadExecutor

Queued = QueuedCommand[str, str]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_lane_runs_what_its_last_jobs_submit_before_it_ends(workers: int) -> None:
    lane = ThreadExecutor().lane("test", workers)
    ran: list[str] = []
    closing = Event()

    def last() -> None:
        assert closing.wait(10)
        lane.submit(lambda: ran.append("submitted by the last"))

    lane.submit(lambda: ran.append("first"))
    lane.submit(last)
    closing.set()
    lane.close()
    assert ran == ["first", "submitted by the last"]


def test_a_lane_of_one_worker_runs_its_jobs_in_order_in_one_thread() -> None:
    lane = ThreadExecutor().lane("test")
    ran: list[tuple[int, int]] = []
    for n in range(100):
        lane.submit(lambda n=n: ran.append((n, get_ident())))  # type: ignore[misc]
    lane.close()
    assert [n for n, _ in ran] == list(range(100))
    assert len({thread for _, thread in ran}) == 1


def test_a_repeated_step_runs_until_it_is_stopped() -> None:
    twice, calls = Event(), []

    def step() -> float:
        calls.append(None)
        if len(calls) == 2:
            twice.set()
        return 0.0 if len(calls) < 2 else 3600.0

    repeated = ThreadExecutor().repeat("test", 0.0, step)
    assert twice.wait(10)
    assert repeated.alive
    repeated.stop(10)
    assert not repeated.alive
    assert len(calls) == 2


def test_a_follower_lives_until_its_work_returns() -> None:
    ended = Event()
    following = ThreadExecutor().follow("test", lambda: bool(ended.wait(10)) and None)
    assert following.alive
    ended.set()
    following.stop(10)
    assert not following.alive


def parse(data: bytes) -> str:
    if data == b"":
        raise ValueError("empty")
    return data.decode()


def test_commands_that_wait_are_decided_in_one_batch_of_bounded_size() -> None:
    first_runs, go_on = Event(), Event()
    batches: list[list[str | None]] = []

    def decide(batch: list[Queued]) -> list[Queued]:
        batches.append([command.parsed for command in batch])
        first_runs.set()
        assert go_on.wait(10)
        for command in batch:
            command.complete(f"answer to {command.parsed}")
        return []

    queue = CommandQueue(parse, decide, max_batch=2, executor=ThreadExecutor())
    first = queue.put(b"1")
    assert first_runs.wait(10)
    others = [queue.put(data) for data in (b"2", b"3", b"4")]
    with pytest.raises(ValueError, match="empty"):
        queue.put(b"").result(10)  # read after the others, so that they wait now
    go_on.set()
    assert [f.result(10) for f in (first, *others)] == [f"answer to {n}" for n in "1234"]
    assert batches == [["1"], ["2", "3"], ["4"]]
    queue.close()


def test_a_command_to_be_decided_again_goes_before_those_that_came_later() -> None:
    decided: list[str | None] = []

    def decide(batch: list[Queued]) -> list[Queued]:
        [command] = batch
        decided.append(command.parsed)
        command.attempts += 1
        if command.parsed == "1" and command.attempts < 3:
            return [command]
        command.complete("done")
        return []

    queue = CommandQueue(parse, decide, max_batch=1, executor=ThreadExecutor())
    waiting = queue.put(b"1"), queue.put(b"2")
    assert [future.result(10) for future in waiting] == ["done", "done"]
    assert decided == ["1", "1", "1", "2"]
    queue.close()


def test_an_error_in_a_batch_is_the_answer_to_all_of_it() -> None:
    def decide(batch: list[Queued]) -> list[Queued]:
        raise RuntimeError("broken")

    queue = CommandQueue(parse, decide, max_batch=5, executor=ThreadExecutor())
    with pytest.raises(RuntimeError, match="broken"):
        queue.put(b"1").result(10)
    queue.close()


def test_an_exclusive_job_answers_with_its_result_or_its_error() -> None:
    queue = CommandQueue(parse, lambda batch: [], max_batch=5, executor=ThreadExecutor())
    assert queue.run_exclusive(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        queue.run_exclusive(lambda: 1 // 0)
    queue.close()


def test_after_its_end_a_queue_refuses_and_what_was_under_way_is_answered() -> None:
    def decide(batch: list[Queued]) -> list[Queued]:
        for command in batch:
            queue.respond(lambda command=command: command.complete("done"))  # type: ignore[misc]
        return []

    queue = CommandQueue(parse, decide, max_batch=5, executor=ThreadExecutor())
    under_way = [queue.put(b"x") for _ in range(20)]
    queue.close()
    queue.close()
    assert {future.result(0) for future in under_way} == {"done"}
    with pytest.raises(Unavailable, match="hub-stopping"):
        queue.put(b"late").result(10)
    with pytest.raises(Unavailable, match="hub-stopping"):
        queue.run_exclusive(lambda: 1)
