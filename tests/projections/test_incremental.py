"""Rows that are made anew only for what a record touches are those that are made anew for the whole case (I4).

The other engine keeps nothing in memory, so it makes every row of a case anew with each record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, islice
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain import events as e
from domain.alarms.raising import next_alarm
from domain.alarms.schedule import AlarmSchedule
from domain.case import Case
from domain.codes import Alternative, Role, Section
from domain.evolution import evolve
from domain.record import Record
from keys import canonical
from projections import case_change
from projections.agency_feed import MESSAGES
from projections.engine import Engine
from projections.exceptions import EXCEPTIONS, MESSAGE_AUTHORS
from projections.queries import Queries
from projections.stream_record import StreamRecord
from projections.task_queries import WorklistEntry
from projections.worklist import DEADLINES, TASK_CHANGES, TASKS
from tests.editions.history import Player, Row, command_of, folder_of, read_histories
from tests.projections.conftest import MakeEngine
from tests.projections.kit import (
    CGC,
    CON,
    COORD,
    CORE,
    EXT,
    MED,
    NETWORK,
    RULE_BOOK_ID,
    WORKER,
    RecordedStream,
    case,
    full,
)

CASES = (case(1), case(2))
CASE_TABLES = (MESSAGES, TASKS, TASK_CHANGES, DEADLINES, EXCEPTIONS, MESSAGE_AUTHORS)
AGENCIES = (CORE, COORD, CGC, MED, CON, EXT)
SECTIONS = (Section.BASIC, Section.RISK, Section.VISIT, Section.PLAN, Section.CHILD)


class RecordingPlayer(Player):
    """A stored history's records in the order of the stream, as projections read them."""

    def __init__(self, edition: int) -> None:
        super().__init__(edition)
        self.stream: list[StreamRecord] = []

    def fold(self, record: Record) -> None:
        super().fold(record)
        position = len(self.stream) + 1
        subject = f"kakehashi.v1.{record.originator.id.hex}.{record.version}"
        leaf = hashlib.sha256(subject.encode()).digest()
        self.stream.append(
            StreamRecord(position, record, subject, leaf, record.originator.id, record.version)
        )


def played(rows: Iterable[Row]) -> list[StreamRecord]:
    """The records of a stored history."""
    player = RecordingPlayer(1)
    for row in rows:
        if "given" in row:
            player.give(row)
        elif "due" in row:
            due = player.due(canonical.parse_time(row["at"]))
            assert due is not None
            player.record_due(due)
        elif "command" in row:
            record, _ = player.answer(command_of(row), canonical.parse_time(row["at"]))
            player.fold(record)
    return player.stream


def loader(stream: Sequence[StreamRecord]) -> Callable[[UUID, int], list[Record]]:
    """Loads from these records as a store does."""

    def load(originator: UUID, up_to: int) -> list[Record]:
        return [r.known for r in stream if r.originator == originator and r.version <= up_to]

    return load


def rows_of(engine: Engine) -> list[set[tuple[Any, ...]]]:
    with engine.reader.connect() as db:
        return [{tuple(row) for row in db.execute(select(table))} for table in CASE_TABLES]


class FollowedTasks:
    """An agency's tasks, kept by what changed in them alone."""

    def __init__(self, agency: UUID) -> None:
        self.agency = agency
        self.tasks: set[WorklistEntry] = set()
        self.cursor, self.edition = 0, 0

    def follow(self, queries: Queries) -> None:
        changes = queries.task_changes(self.agency, self.cursor, self.edition)
        assert changes.since == self.cursor
        self.tasks = {task for task in self.tasks if task.case not in changes.cases} | {*changes.tasks}
        self.cursor, self.edition = changes.cursor, changes.edition


def require_equal_after_every_record(stream: Sequence[StreamRecord], engines: Sequence[Engine]) -> None:
    live, from_scratch = engines
    queries, followed = Queries(live.reader), [FollowedTasks(agency) for agency in AGENCIES]
    for stream_record in stream:
        live.apply(stream_record)
        from_scratch.apply(stream_record)
        assert live.parked == from_scratch.parked == {}
        assert rows_of(live) == rows_of(from_scratch), (stream_record.position, stream_record.known)
        one = followed[
            stream_record.position % len(followed)
        ]  # each agency reads now and then, as a door does
        one.follow(queries)
        assert one.tasks == {*queries.worklist(one.agency)}, (stream_record.position, one.agency)


@pytest.fixture
def compare(tmp_path: Any) -> Callable[[Sequence[StreamRecord]], None]:
    """Applies records to an engine that follows its cases and to one that keeps nothing, and compares after each."""
    numbers = count()

    def compared(stream: Sequence[StreamRecord]) -> None:
        engines = [Engine(tmp_path / f"{next(numbers)}.db", loader(stream), cases=n) for n in (256, 0)]
        try:
            for engine in engines:
                engine.start()
            require_equal_after_every_record(stream, engines)
        finally:
            for engine in engines:
                engine.close()

    return compared


Compare = Callable[[Sequence[StreamRecord]], None]
PARTS = 4
USUAL_ROWS = 60  # of a history in the usual run: longer ones have the same acts, several times


def sampled_histories(large: bool) -> Iterator[tuple[str, list[Row]]]:
    """Histories with a topic that none before them has, the short ones of tests first; ``large``: all."""
    seen: set[str] = set()
    yield from _with_new_topics("tests.jsonl.xz", seen, large)
    yield from _with_new_topics("stories.jsonl.xz", seen, large)


def _with_new_topics(file: str, seen: set[str], large: bool) -> Iterator[tuple[str, list[Row]]]:
    for name, rows in read_histories(folder_of(1) / file):
        topics = {row[kind]["topic"] for row in rows for kind in ("command", "due", "given") if kind in row}
        if large or (len(rows) <= USUAL_ROWS and not topics <= seen):
            seen |= topics
            yield name, rows


@pytest.mark.parametrize("part", range(PARTS))
def test_every_stored_history_gives_the_rows_of_the_whole_case(
    compare: Compare, large: bool, part: int
) -> None:
    for _, rows in islice(sampled_histories(large), part, None, PARTS):
        compare(played(rows))


def test_a_restart_in_the_middle_gives_the_same_rows(make_engine: MakeEngine) -> None:
    story = full(2)
    live, whole = make_engine(story, "live.db"), make_engine(story, "whole.db", cases=0)
    half = len(story.stream) // 2
    live.apply_many(story.stream[:half])
    live.close()
    live = make_engine(story, "live.db")
    live.apply_many(story.stream[half:])
    whole.apply_many(story.stream)
    assert list(live.differences(whole)) == []


@pytest.mark.parametrize("lost", ["rewrapped", "stopped", "messages"])
def test_what_a_change_does_not_name_shows_as_a_difference(
    compare: Compare, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """The comparison above would detect a field that is forgotten."""
    original = case_change.FollowedCase._touched

    def forgetful(self: Any, after: Any) -> Any:
        before = self._case
        self._case = replace(before, **{lost: getattr(after, lost)})
        try:
            return original(self, after)
        finally:
            self._case = before

    monkeypatch.setattr(case_change.FollowedCase, "_touched", forgetful)
    histories = read_histories(folder_of(1) / "stories.jsonl.xz")
    with pytest.raises(AssertionError):
        _compare_all(compare, histories)


def _compare_all(compare: Compare, histories: Iterable[tuple[str, list[Row]]]) -> None:
    for _, rows in histories:
        compare(played(rows))


def test_a_schedule_equals_a_look_at_all_clocks(full_stream: RecordedStream) -> None:
    policy = full_stream.register.rules[RULE_BOOK_ID].rule_book["policy"]
    case_now = Case(id=case(0))
    schedule = AlarmSchedule(case_now)
    compared = set()
    for record in full_stream.records[case(0)]:
        case_now = evolve(case_now, record)
        schedule.follow(case_now)
        assert schedule.next_alarm(policy) == next_alarm(case_now, policy)
        compared.add(schedule.next_alarm(policy))
    assert len(compared) > 5
    later = {**policy, "acknowledge_hours": 1, "escalate_hours": 2}
    assert schedule.next_alarm(later) == next_alarm(case_now, later)
    assert AlarmSchedule(case_now).next_alarm(policy) == next_alarm(case_now, policy)


def _emergency(story: RecordedStream, id: UUID, n: int) -> Record:
    """An emergency access is asked for: of those who are asked it is a task for some hours."""
    return story.send_message(
        id,
        (MED, CGC)[n % 2],
        e.EmergencyAccessRequested,
        to=[CORE, COORD],
        reason="CHILD_LIFE_AT_RISK",
        basis="APPI-69-2-4",
        more_fields={"sections": frozenset({Section.BASIC}), "alternatives": frozenset(Alternative)},
    )


def test_a_task_that_ends_by_time_alone_is_gone_with_the_next_record(
    compare: Compare, make_engine: MakeEngine, story: RecordedStream
) -> None:
    story.referral(CASES[0])
    asked = _emergency(story, CASES[0], 0)
    engine = make_engine(story)
    engine.apply_many(story.stream)
    kinds = {(t.kind, t.message) for t in Queries(engine.reader).worklist(CORE)}
    assert ("EMERGENCY_APPROVAL", asked.command_id) in kinds
    story.send_message(
        CASES[0], COORD, e.EmergencyAccessApproved, to=[MED], approves=asked.command_id
    )  # its own task is done
    engine.apply_many(story.stream)
    assert "EMERGENCY_APPROVAL" not in {t.kind for t in Queries(engine.reader).worklist(COORD)}
    story.now += timedelta(days=2)
    story.referral(CASES[0])
    engine.apply_many(story.stream)
    kinds = {(t.kind, t.message) for t in Queries(engine.reader).worklist(CORE)}
    assert ("EMERGENCY_APPROVAL", asked.command_id) not in kinds
    compare(story.stream)


def test_a_change_of_the_register_for_many_cases_comes_in_steps_that_no_feed_shows_half_done(
    make_engine: MakeEngine, story: RecordedStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        story.referral(case(n))
        story.disclosed(case(n), to=[CGC], basis="CWA-25-7-1", sections=[Section.CHILD])
    at_once, stepped = make_engine(story), make_engine(story)
    for engine in (at_once, stepped):
        engine.apply_many(story.stream)
    before, position = Queries(stepped.reader).feed(CGC, 0), stepped.position
    story.agency(CGC, Role.CONTRACTOR)
    at_once.apply_many(story.stream)
    monkeypatch.setattr("projections.engine.CASES_PER_STEP", 2)
    steps: list[tuple[int, int]] = []
    original = Engine._refresh_step

    def step(self: Engine, *arguments: Any) -> None:
        original(self, *arguments)
        shown = Queries(self.reader).feed(CGC, before.cursor)
        steps.append((shown.as_of, len(shown.rows)))

    monkeypatch.setattr(Engine, "_refresh_step", step)
    stepped.apply_many(story.stream)
    assert steps == [(position, 0)] * 3
    assert len(Queries(stepped.reader).feed(CGC, before.cursor).rows) == 5
    assert list(stepped.differences(at_once)) == []


def test_a_transaction_with_many_rows_ends(
    make_engine: MakeEngine, full_stream: RecordedStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, stepped = make_engine(full_stream), make_engine(full_stream)
    transactions: list[int] = []
    original = Engine._end_transaction

    def end(self: Engine, batch_state: Any, *, committed: bool) -> None:
        original(self, batch_state, committed=committed)
        transactions.append(batch_state.position)

    monkeypatch.setattr(Engine, "_end_transaction", end)
    at_once.apply_many(full_stream.stream)
    few = len(transactions)
    monkeypatch.setattr("projections.engine.MAX_PENDING_ROWS", 3)
    stepped.apply_many(full_stream.stream)
    assert len(transactions) - few > 2 * few
    assert list(stepped.differences(at_once)) == []


# --- random histories ------------------------------------------------------------------------------------------

Act = Callable[[RecordedStream, UUID, int], object]


def _reply(story: RecordedStream, id: UUID, n: int) -> None:
    """Acknowledge, read, or ask back about one of the messages so far."""
    messages = list(story.world(id).case.messages.values())
    if messages:
        message = messages[n % len(messages)]
        kind = (e.ReferralAcknowledged, e.ReferralRead, e.InformationRequestDeclined)[n % 3]
        to = [] if kind is e.ReferralRead else [message.by]
        fields = {"reason": "NO_DATA"} if kind is e.InformationRequestDeclined else {}
        story.send_message(id, sorted(message.to, key=str)[0] if message.to else CORE, kind, to=to,
                           answers=message.id, **fields)  # fmt: skip


def _open(story: RecordedStream, id: UUID, n: int) -> None:
    items = list(story.world(id).case.all_items())
    if items:
        message, item = items[n % len(items)]
        by = AGENCIES[n % len(AGENCIES)]
        [sent] = [r for r in story.records[id] if r.command_id == message.id]
        story.open(id, by, sent, message.items.index(item), actor=WORKER if by == CON else "p-1")


def _stop_use(story: RecordedStream, id: UUID, n: int) -> None:
    messages = [m for m in story.world(id).case.messages.values() if m.items]
    if messages:
        message = messages[n % len(messages)]
        story.send_message(id, message.by, e.UseStopped, to=[], stops=message.id, reason="UNLAWFUL")


def _release(story: RecordedStream, id: UUID, n: int) -> None:
    held = [m for m in story.world(id).case.messages.values() if m.held]
    if held:
        story.send_message(id, CORE, e.HeldDisclosureReleased, to=[CON], releases=held[n % len(held)].id)


def _consent_and_send(story: RecordedStream, id: UUID, n: int) -> None:
    consent = story.consented(id, CORE, EXT, [Section.BASIC])
    story.disclosed(id, [EXT], "CONSENT", consent=[consent], sections=[Section.BASIC])


def _withdraw(story: RecordedStream, id: UUID, n: int) -> None:
    consents = sorted(story.world(id).case.consents, key=str)
    if consents:
        story.send_message(id, CORE, e.ConsentWithdrawn, consent=[consents[n % len(consents)]])


def _notify(story: RecordedStream, id: UUID, n: int) -> None:
    story.send_message(
        id,
        (EXT, MED)[n % 2],
        e.AbuseNotificationReceived,
        to=[(CORE, CGC)[n % 2]],
        basis="CAPA-6",
        sections=[Section.RISK],
        received_at=story.now,
        recorded_for_notifier=False,
        channel=None,
        notifier_token=None,
    )


def _wait(story: RecordedStream, id: UUID, n: int) -> None:
    story.now += timedelta(days=(1, 9, 40, 100)[n % 4])
    story.clock()


def _network(story: RecordedStream, id: UUID, n: int) -> None:
    member = (CON, MED)[n // 2 % 2]
    leaves, comes = e.NetworkMemberWithdrawn(member=member), e.NetworkMemberAdmitted(member=member, item=1)
    story.registrars(e.Kind.NETWORK, NETWORK, (leaves, comes)[n % 2], by=COORD)


ACTS: dict[str, Act] = {
    "referral": lambda story, id, n: story.referral(id),
    "reply": _reply,
    "request": lambda story, id, n: story.send_message(
        id, CORE, e.InformationRequested, to=[(CGC, MED)[n % 2]], basis="CWA-25-3-1", due_on=None
    ),
    "registration": lambda story, id, n: story.registered(id),
    "rewrap": lambda story, id, n: story.rewrapped(id),
    "support": lambda story, id, n: (story.decided(id), story.commenced(id)),
    "assign": lambda story, id, n: story.assigned(id),
    "unassign": lambda story, id, n: story.send_message(
        id, CORE, e.SupportWorkerUnassigned, to=[CON], agency=CON, worker=WORKER
    ),
    "disclose": lambda story, id, n: story.disclosed(id, sections=[SECTIONS[n % len(SECTIONS)]]),
    "visit": lambda story, id, n: story.visited(id),
    "release": _release,
    "open": _open,
    "stop": _stop_use,
    "consent": _consent_and_send,
    "withdraw": _withdraw,
    "wait": _wait,
    "lapse and train": lambda story, id, n: story.reinstate(),
    "close": lambda story, id, n: story.closed(id),
    "network": _network,
    "role": lambda story, id, n: story.agency(CGC, (Role.CONTRACTOR, None)[n % 2]),
    "notify": _notify,
    "emergency": _emergency,
}
STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from(CASES), st.integers(0, 59)),
    min_size=10,
    max_size=40,
)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking plays hundreds of histories
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_random_histories_give_the_rows_of_the_whole_case(
    compare: Compare, steps: list[tuple[str, UUID, int]]
) -> None:
    story = RecordedStream().set_up_agencies().contractor()
    for id in CASES:
        story.referral(id)
    for name, id, n in steps:
        ACTS[name](story, id, n)
    compare(story.stream)
