"""The verifier locates every change to a stored stream and to its rows (I3, I4)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.bus import EmbeddedServer, ItemStore, RawMessage, connect
from adapters.mapper import body_of
from adapters.store import Store
from domain.events import DisclosureMade, EligibilityDetermined, TrainingLapsed
from domain.record import Record
from gateway.audit import verification
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import read_story
from keys.record import build_record
from keys.stored_record import StoredRecord
from projections.engine import Engine

STORY = Path(__file__).parents[1] / "scenarios" / "sc-1.yaml"


@dataclass
class PlayedStory:
    rehearsal_hub: RehearsalHub
    run: Run
    messages: list[RawMessage]
    records: list[Record]

    def index_of(self, event: type, nth: int = 0) -> int:
        """The index in the stream of the nth record with this event."""
        return [n for n, r in enumerate(self.records) if isinstance(r.event, event)][nth]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlayedStory]:
    """SC-1 with its first check only, on a hub of its own."""
    story = read_story(STORY)
    story = replace(story, expects=story.expects[:1])
    with open_rehearsal_hub(tmp_path_factory.mktemp("played") / "hub", start_of(story)) as rehearsal_hub:
        run, report = play(story, rehearsal_hub)
        assert report.problems == []
        assert rehearsal_hub.runtime is not None
        rehearsal_hub.runtime.projector.catch_up()
        messages = rehearsal_hub.runtime.recorder.read_raw(1, 10_000)
        yield PlayedStory(rehearsal_hub, run, messages, list(rehearsal_hub.records()))


@contextmanager
def verifier_of_copy(played: PlayedStory, tmp_path: Path, messages: list[RawMessage]) -> Iterator[Verifier]:
    """A verifier of a new stream of these messages, as the operator of the bus could make it, under the same vault."""
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    secrets = played.rehearsal_hub.installation.hub_secrets()
    with EmbeddedServer(tmp_path / "bus", store_key=secrets["bus"]).start() as server:
        settings = server.hub_settings()
        recorder, items = connect(settings), ItemStore(settings)
        try:
            for m in messages:
                assert m.originator_id is not None
                assert m.version is not None
                recorder.insert_events([StoredEvent(m.originator_id, m.version, m.topic or "", m.state)])
            store = Store(
                recorder,
                items,
                runtime.store._vault,
                hub=played.rehearsal_hub.installation.hub,
                prefix=settings.prefix,
                audit=played.rehearsal_hub.genesis.audit_kem,
            )
            yield Verifier(recorder, store, played.rehearsal_hub.genesis)
        finally:
            items.close()
            recorder.close()


def opened(played: PlayedStory, raw: RawMessage) -> StoredRecord:
    """An opened record, from which another can be forged."""
    [stored] = played.rehearsal_hub.runtime.store.read(raw.sequence, 1)  # type: ignore[union-attr]
    return stored


def verified(
    played: PlayedStory, tmp_path: Path, messages: list[RawMessage], *, read_models: bool = True
) -> Verification:
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    with verifier_of_copy(played, tmp_path, messages) as verifier:
        return verifier.run(
            read_models=runtime.read_models if read_models else None,
            doors=doors_of(played.rehearsal_hub.installation) if read_models else (),
        )


def by_log(played: PlayedStory, tmp_path: Path, messages: list[RawMessage]) -> Verification:
    """Verify with the signed log, without read models and receipts."""
    log_keeper = played.rehearsal_hub.runtime.log_keeper  # type: ignore[union-attr]
    while log_keeper.size < len(played.messages):
        log_keeper.step()
    with verifier_of_copy(played, tmp_path, messages) as verifier:
        return verifier.run(log=played.rehearsal_hub.installation.hub_folder / "log")


def indexes_of(result: Verification) -> set[int | None]:
    return {f.position for f in result.findings}


def test_an_unchanged_stream_verifies_completely(played: PlayedStory, tmp_path: Path) -> None:
    result = verified(played, tmp_path, played.messages)
    assert result.findings == []
    assert result.records == len(played.messages)
    assert result.decisions == result.signatures == result.records - 1 - result.hub_acts
    assert result.rows_compared
    assert result.receipts > 30


def test_an_unchanged_stream_matches_the_signed_log(played: PlayedStory, tmp_path: Path) -> None:
    result = by_log(played, tmp_path, played.messages)
    assert result.findings == []
    assert result.log_size == len(played.messages)


@pytest.mark.parametrize("part", [13, 300, -1], ids=["part head", "control", "last byte"])
def test_the_signed_log_locates_a_flipped_bit(played: PlayedStory, tmp_path: Path, part: int) -> None:
    index = played.index_of(DisclosureMade)
    messages = list(played.messages)
    messages[index] = flipped(messages[index], part)
    result = by_log(played, tmp_path, messages)
    assert (index + 1) in {f.position for f in result.findings}


def test_the_signed_log_locates_a_resealed_record(played: PlayedStory, tmp_path: Path) -> None:
    """The same event, sealed again under the same keys by the hub's operator: only the log detects it."""
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    index = played.index_of(EligibilityDetermined)
    stored = runtime.store.read(index + 1, 1)[0]
    messages = list(played.messages)
    state = build_record(
        hub=played.rehearsal_hub.installation.hub,
        originator=stored.record.originator.id,
        version=stored.record.version,
        epoch=stored.opened.epoch,
        keys=runtime.store._vault,
        body_json=stored.opened.body_json,
        frame=stored.frame,
        scope=stored.record.about.id,
    )
    messages[index] = replace(messages[index], state=state)
    result = by_log(played, tmp_path, messages)
    assert [(f.code, f.position) for f in result.findings] == [("log-entry-differs", index + 1)]


def test_the_signed_log_detects_records_removed_from_the_end(played: PlayedStory, tmp_path: Path) -> None:
    result = by_log(played, tmp_path, played.messages[:-2])
    assert [(f.code, f.position) for f in result.findings] == [("record-missing", len(played.messages) - 1)]


def test_the_signed_log_locates_two_exchanged_records(played: PlayedStory, tmp_path: Path) -> None:
    messages = list(played.messages)
    messages[-1], messages[-2] = messages[-2], messages[-1]
    result = by_log(played, tmp_path, messages)
    assert {len(messages) - 1, len(messages)} <= indexes_of(result)


def test_missing_log_entries_and_an_unsigned_head_are_reported(played: PlayedStory, tmp_path: Path) -> None:
    by_log(played, tmp_path / "first", played.messages)
    folder = tmp_path / "log"
    shutil.copytree(played.rehearsal_hub.installation.hub_folder / "log", folder)
    shutil.rmtree(folder / "tile" / "entries")
    with verifier_of_copy(played, tmp_path, played.messages) as verifier:
        assert "log-entry-missing" in {f.code for f in verifier.run(log=folder).findings}
    note = bytearray((folder / "checkpoint").read_bytes())
    note[-20] ^= 1
    (folder / "checkpoint").write_bytes(bytes(note))
    with verifier_of_copy(played, tmp_path / "again", played.messages) as verifier:
        assert {f.where for f in verifier.run(log=folder).findings} == {"hub/log/checkpoint"}


def flipped(m: RawMessage, at: int) -> RawMessage:
    state = bytearray(m.state)
    state[at % len(state)] ^= 1
    return replace(m, state=bytes(state))


@pytest.mark.parametrize(
    "part", [0, 4, 13, 300, -1], ids=["magic", "suite", "part head", "control", "last byte"]
)
def test_one_flipped_bit_is_located(played: PlayedStory, tmp_path: Path, part: int) -> None:
    index = played.index_of(DisclosureMade)
    messages = list(played.messages)
    messages[index] = flipped(messages[index], part)
    result = verified(played, tmp_path, messages)
    assert index + 1 in indexes_of(result)
    assert result.findings[0].position == index + 1


def test_a_flipped_bit_in_control_is_located_without_read_models(played: PlayedStory, tmp_path: Path) -> None:
    index = played.index_of(DisclosureMade)
    messages = list(played.messages)
    messages[index] = flipped(messages[index], 400)
    result = verified(played, tmp_path, messages, read_models=False)
    assert result.findings[0].position == index + 1


def test_a_flipped_bit_in_a_sealed_part_is_located_without_read_models(
    played: PlayedStory, tmp_path: Path
) -> None:
    """The last byte belongs to a wrapped key: control opens, the wrapped key does not."""
    index = played.index_of(DisclosureMade)
    messages = list(played.messages)
    messages[index] = flipped(messages[index], -1)
    result = verified(played, tmp_path, messages, read_models=False)
    assert result.findings
    assert result.findings[0].position == index + 1


def test_a_receipt_detects_a_resealed_record(played: PlayedStory, tmp_path: Path) -> None:
    """A record without parts, sealed again with the same content: only the receipt has the digest of its bytes."""
    index = played.index_of(EligibilityDetermined)
    raw = played.messages[index]
    stored = opened(played, raw)
    assert isinstance(raw.originator_id, UUID)
    assert not stored.opened.items
    store = played.rehearsal_hub.runtime.store  # type: ignore[union-attr]
    state = build_record(
        hub=played.rehearsal_hub.installation.hub,
        originator=raw.originator_id,
        version=raw.version or 0,
        epoch=stored.opened.epoch,
        keys=store._vault,
        body_json=stored.opened.body_json,
        frame=stored.frame,
        scope=raw.originator_id,
    )
    messages = [*played.messages[:index], replace(raw, state=state), *played.messages[index + 1 :]]
    with verifier_of_copy(played, tmp_path, messages) as verifier:
        result = verifier.run(doors=doors_of(played.rehearsal_hub.installation))
    assert [(f.code, f.position) for f in result.findings] == [("receipt-without-record", index + 1)]


def test_a_dropped_record_is_located(played: PlayedStory, tmp_path: Path) -> None:
    index = played.index_of(DisclosureMade)
    result = verified(played, tmp_path, played.messages[:index] + played.messages[index + 1 :])
    assert result.findings[0].position == index + 1


def test_read_models_and_receipts_detect_records_removed_from_the_end(
    played: PlayedStory, tmp_path: Path
) -> None:
    result = verified(played, tmp_path, played.messages[:-2])
    assert "record-missing" in {f.code for f in result.findings}
    assert len(played.messages) - 1 in indexes_of(result)


def test_two_reordered_records_of_one_case_are_detected(played: PlayedStory, tmp_path: Path) -> None:
    messages = list(played.messages)
    indexes = [n for n, m in enumerate(messages) if m.originator_id == played.run.case][2:4]
    a, b = indexes
    messages[a], messages[b] = messages[b], messages[a]
    result = verified(played, tmp_path, messages, read_models=False)
    assert result.findings[0].code == "version-out-of-order"


def test_two_reordered_records_of_different_originators_are_located(
    played: PlayedStory, tmp_path: Path
) -> None:
    messages = list(played.messages)
    a = next(
        n for n in range(20, len(messages) - 1) if messages[n].originator_id != messages[n + 1].originator_id
    )
    messages[a], messages[a + 1] = messages[a + 1], messages[a]
    result = verified(played, tmp_path, messages)
    assert {"record-moved"} <= {f.code for f in result.findings}
    assert {a + 1, a + 2} <= indexes_of(result)


def test_a_record_with_other_bytes_than_its_leaf_is_located(played: PlayedStory, tmp_path: Path) -> None:
    index = played.index_of(DisclosureMade)
    messages = list(played.messages)
    messages[index] = flipped(messages[index], 300)
    result = verified(played, tmp_path, messages)
    assert ("record-altered", index + 1) in {(f.code, f.position) for f in result.findings}


def test_an_added_record_has_no_leaf_in_the_read_models(played: PlayedStory, tmp_path: Path) -> None:
    added = replace(played.messages[-1], originator_id=uuid4(), version=1)
    result = verified(played, tmp_path, [*played.messages, added])
    position = len(played.messages) + 1
    assert ("leaf-missing", position) in {(f.code, f.position) for f in result.findings}


def test_a_message_that_is_no_record_is_located(played: PlayedStory, tmp_path: Path) -> None:
    foreign = replace(played.messages[0], topic="of.another")
    result = verified(played, tmp_path, [foreign], read_models=False)
    assert ("foreign-message", 1) in {(f.code, f.position) for f in result.findings}


def test_a_record_that_cannot_be_parsed_is_located(
    played: PlayedStory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(**record: object) -> None:
        raise ValueError(record)

    monkeypatch.setattr(verification, "read", parse)
    result = verified(played, tmp_path, played.messages[:1], read_models=False)
    assert ("record-unreadable", 1) in {(f.code, f.position) for f in result.findings}


def test_a_record_under_the_subject_of_another_does_not_open(played: PlayedStory, tmp_path: Path) -> None:
    messages = list(played.messages)
    a, b = played.index_of(DisclosureMade, 0), played.index_of(DisclosureMade, 1)
    messages[a], messages[b] = (
        replace(messages[a], state=messages[b].state),
        replace(messages[b], state=messages[a].state),
    )
    result = verified(played, tmp_path, messages, read_models=False)
    assert result.findings[0].position == a + 1
    assert b + 1 in indexes_of(result)


def resealed(
    played: PlayedStory, index: int, change: Callable[[Record], Record], *, frame: bytes | None = None
) -> RawMessage:
    """A record that the hub's operator forged with the hub's keys."""
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    raw = played.messages[index]
    stored = opened(played, raw)
    forged_record = change(stored.record)
    wrapped_keys = []
    payload = stored.payload
    assert payload is not None
    for w in payload.wrapped_keys if stored.opened.sealed_wrapped_keys else ():
        section = next(i.section for i in payload.items if i.item == w.item)
        wrapped_keys.append((section, runtime.store.wrapped_key(stored, w.item, w.to, section)))  # type: ignore[arg-type]
    state = build_record(
        hub=played.rehearsal_hub.installation.hub,
        originator=forged_record.originator.id,
        version=forged_record.version,
        epoch=1,
        keys=runtime.store._vault,
        body_json=body_of(forged_record),
        frame=stored.frame if frame is None else frame,
        items=stored.opened.items,
        wrapped_keys=wrapped_keys,
        scope=forged_record.about.id,
    )
    return replace(raw, state=state)


def test_a_decision_forged_by_the_hub_does_not_replay(played: PlayedStory, tmp_path: Path) -> None:
    index = played.index_of(EligibilityDetermined)
    messages = list(played.messages)
    messages[index] = resealed(
        played, index, lambda r: replace(r, event=replace(r.event, target_classes=frozenset()))
    )
    result = verified(played, tmp_path, messages, read_models=False)
    assert (result.findings[0].code, result.findings[0].position) == ("decision-differs", index + 1)


def test_a_resealed_record_with_the_same_content_replays(played: PlayedStory, tmp_path: Path) -> None:
    index = played.index_of(EligibilityDetermined)
    messages = list(played.messages)
    messages[index] = resealed(played, index, lambda r: r)
    assert verified(played, tmp_path, messages, read_models=False).findings == []


def test_a_changed_signature_inside_a_resealed_record_is_located(played: PlayedStory, tmp_path: Path) -> None:
    index = played.index_of(EligibilityDetermined)
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    frame = bytearray(opened(played, played.messages[index]).frame)
    frame[-1] ^= 1
    messages = list(played.messages)
    messages[index] = resealed(played, index, lambda r: r, frame=bytes(frame))
    result = verified(played, tmp_path, messages, read_models=False)
    assert result.findings[0].position == index + 1
    assert "signature" in result.findings[0].code


def test_an_act_of_the_hub_that_was_not_due_is_located(played: PlayedStory, tmp_path: Path) -> None:
    from datetime import date

    from domain.codes import Module
    from domain.events import OathSigned
    from domain.record import HUB, hub_command_id

    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    index = played.index_of(OathSigned)
    roll = played.records[index].originator
    index = max(n for n, record in enumerate(played.records) if record.originator == roll)
    before = played.records[index]
    forged_record = replace(
        before,
        version=before.version + 1,
        by=HUB,
        actor="",
        command_id=hub_command_id(before.originator.id, before.version + 1),
        frame=None,
        rests_on=(),
        event=TrainingLapsed(
            worker="W-SORA-NPO", module=Module.M2_CONFIDENTIALITY, valid_until=date(2025, 6, 1)
        ),
    )
    state = build_record(
        hub=played.rehearsal_hub.installation.hub,
        originator=forged_record.originator.id,
        version=forged_record.version,
        epoch=1,
        keys=runtime.store._vault,
        body_json=body_of(forged_record),
        scope=forged_record.about.id,
    )
    raw = replace(played.messages[index], version=forged_record.version, state=state)
    result = verified(played, tmp_path, [*played.messages, raw], read_models=False)
    assert (result.findings[0].code, result.findings[0].position) == (
        "hub-act-not-due",
        len(played.messages) + 1,
    )


def test_a_row_that_differs_from_its_events_is_reported(played: PlayedStory, tmp_path: Path) -> None:
    runtime = played.rehearsal_hub.runtime
    assert runtime is not None
    live = played.rehearsal_hub.installation.hub_folder / "read_models.db"
    copy = tmp_path / "read_models.db"
    with sqlite3.connect(live) as db, sqlite3.connect(copy) as to:
        db.backup(to)
    with sqlite3.connect(copy) as db:
        db.execute(
            "UPDATE disclosures SET outcome='REFUSED' WHERE position=(SELECT max(position) FROM disclosures)"
        )
    db.close()
    read_models = Engine(copy, runtime.store.records)
    read_models.start()
    try:
        result = Verifier(runtime.recorder, runtime.store, played.rehearsal_hub.genesis).run(
            read_models=read_models
        )
    finally:
        read_models.close()
    assert {f.code for f in result.findings} == {"row-differs"}
    assert all("disclosures" in f.where for f in result.findings)
