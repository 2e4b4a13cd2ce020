"""The verifier finds and locates whatever is done to a stored stream, and to the rows made of it (I3, I4)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.bus import EmbeddedServer, ItemStore, RawMessage, connect
from adapters.mapper import body_of
from adapters.store import Store
from domain.events import DisclosureMade, EligibilityDetermined, TrainingLapsed
from domain.record import Record
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.rehearsal.scenario.player import Run
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import Stage, open_stage
from gateway.rehearsal.scenario.story import read_story
from keys.record import build_record
from keys.stored_record import Kept
from projections.engine import Engine

STORY = Path(__file__).parents[1] / "scenarios" / "sc-1.yaml"


@dataclass
class Played:
    stage: Stage
    run: Run
    messages: list[RawMessage]
    records: list[Record]

    def place(self, fact: type, nth: int = 0) -> int:
        """The index in the stream of the nth record with this fact."""
        return [n for n, r in enumerate(self.records) if isinstance(r.fact, fact)][nth]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """SC-1 with its last look, on a hub of its own."""
    story = read_story(STORY)
    story = replace(story, expects=story.expects[:1])
    with open_stage(tmp_path_factory.mktemp("played") / "hub", start_of(story)) as stage:
        run, report = play(story, stage)
        assert report.problems == []
        assert stage.runtime is not None
        stage.runtime.follower.catch_up()
        messages = stage.runtime.recorder.read_raw(1, 10_000)
        yield Played(stage, run, messages, list(stage.records()))


@contextmanager
def copied(played: Played, tmp_path: Path, messages: list[RawMessage]) -> Iterator[Verifier]:
    """A stream made anew from these messages, as an operator of the bus could, under the same vault."""
    runtime = played.stage.runtime
    assert runtime is not None
    secrets = played.stage.installation.hub_secrets()
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
                hub=played.stage.installation.hub,
                prefix=settings.prefix,
                audit=played.stage.genesis.audit_kem,
            )
            yield Verifier(recorder, store, played.stage.genesis)
        finally:
            items.close()
            recorder.close()


def opened(played: Played, raw: RawMessage) -> Kept:
    """A record as it lies there, for who forges another on it."""
    [kept] = played.stage.runtime.store.read(raw.sequence, 1)  # type: ignore[union-attr]
    return kept


def verified(
    played: Played, tmp_path: Path, messages: list[RawMessage], *, views: bool = True
) -> Verification:
    runtime = played.stage.runtime
    assert runtime is not None
    with copied(played, tmp_path, messages) as verifier:
        return verifier.run(
            views=runtime.views if views else None, doors=doors_of(played.stage.installation) if views else ()
        )


def by_log(played: Played, tmp_path: Path, messages: list[RawMessage]) -> Verification:
    """Verified by the signed log alone: no views, no receipts."""
    logbook = played.stage.runtime.logbook  # type: ignore[union-attr]
    while logbook.size < len(played.messages):
        logbook.step()
    with copied(played, tmp_path, messages) as verifier:
        return verifier.run(log=played.stage.installation.hub_folder / "log")


def places(found: Verification) -> set[int | None]:
    return {f.position for f in found.findings}


def test_an_untouched_stream_verifies_in_every_respect(played: Played, tmp_path: Path) -> None:
    found = verified(played, tmp_path, played.messages)
    assert found.findings == []
    assert found.records == len(played.messages)
    assert found.decisions == found.signatures == found.records - 1 - found.hub_acts
    assert found.rows_compared
    assert found.receipts > 30


def test_an_untouched_stream_is_that_of_the_signed_log(played: Played, tmp_path: Path) -> None:
    found = by_log(played, tmp_path, played.messages)
    assert found.findings == []
    assert found.log_size == len(played.messages)


@pytest.mark.parametrize("part", [13, 300, -1], ids=["part head", "control", "last byte"])
def test_the_signed_log_finds_a_flipped_bit_where_it_is(played: Played, tmp_path: Path, part: int) -> None:
    place = played.place(DisclosureMade)
    messages = list(played.messages)
    messages[place] = flipped(messages[place], part)
    found = by_log(played, tmp_path, messages)
    assert (place + 1) in {f.position for f in found.findings}


def test_the_signed_log_finds_a_record_that_opens_and_is_not_the_one_that_was_logged(
    played: Played, tmp_path: Path
) -> None:
    """The same fact, sealed anew under the same keys by whoever runs the hub: only the log tells."""
    runtime = played.stage.runtime
    assert runtime is not None
    place = played.place(EligibilityDetermined)
    kept = runtime.store.read(place + 1, 1)[0]
    messages = list(played.messages)
    state = build_record(
        hub=played.stage.installation.hub,
        originator=kept.record.originator.id,
        version=kept.record.version,
        epoch=kept.opened.epoch,
        keys=runtime.store._vault,
        body_json=kept.opened.body_json,
        frame=kept.frame,
        scope=kept.record.about.id,
    )
    messages[place] = replace(messages[place], state=state)
    found = by_log(played, tmp_path, messages)
    assert [(f.what, f.position) for f in found.findings] == [("log-entry-differs", place + 1)]


def test_the_signed_log_finds_what_was_cut_off_at_the_end(played: Played, tmp_path: Path) -> None:
    found = by_log(played, tmp_path, played.messages[:-2])
    assert [(f.what, f.position) for f in found.findings] == [("record-missing", len(played.messages) - 1)]


def test_the_signed_log_finds_two_records_that_changed_places(played: Played, tmp_path: Path) -> None:
    messages = list(played.messages)
    messages[-1], messages[-2] = messages[-2], messages[-1]
    found = by_log(played, tmp_path, messages)
    assert {len(messages) - 1, len(messages)} <= places(found)


def test_a_log_whose_entries_are_lost_or_whose_head_is_not_signed_is_told(
    played: Played, tmp_path: Path
) -> None:
    by_log(played, tmp_path / "first", played.messages)
    folder = tmp_path / "log"
    shutil.copytree(played.stage.installation.hub_folder / "log", folder)
    shutil.rmtree(folder / "tile" / "entries")
    with copied(played, tmp_path, played.messages) as verifier:
        assert "log-entry-missing" in {f.what for f in verifier.run(log=folder).findings}
    note = bytearray((folder / "checkpoint").read_bytes())
    note[-20] ^= 1
    (folder / "checkpoint").write_bytes(bytes(note))
    with copied(played, tmp_path / "again", played.messages) as verifier:
        assert {f.where for f in verifier.run(log=folder).findings} == {"hub/log/checkpoint"}


def flipped(m: RawMessage, at: int) -> RawMessage:
    state = bytearray(m.state)
    state[at % len(state)] ^= 1
    return replace(m, state=bytes(state))


@pytest.mark.parametrize(
    "part", [0, 4, 13, 300, -1], ids=["magic", "suite", "part head", "control", "last byte"]
)
def test_one_flipped_bit_is_found_at_its_place(played: Played, tmp_path: Path, part: int) -> None:
    place = played.place(DisclosureMade)
    messages = list(played.messages)
    messages[place] = flipped(messages[place], part)
    found = verified(played, tmp_path, messages)
    assert place + 1 in places(found)
    assert found.findings[0].position == place + 1


def test_without_views_and_receipts_a_flipped_bit_in_sealed_control_is_still_found(
    played: Played, tmp_path: Path
) -> None:
    place = played.place(DisclosureMade)
    messages = list(played.messages)
    messages[place] = flipped(messages[place], 400)
    found = verified(played, tmp_path, messages, views=False)
    assert found.findings[0].position == place + 1


def test_without_views_and_receipts_a_flipped_bit_in_a_sealed_part_is_still_found(
    played: Played, tmp_path: Path
) -> None:
    """The last byte is one of a wrap: control opens, and what it carries does not."""
    place = played.place(DisclosureMade)
    messages = list(played.messages)
    messages[place] = flipped(messages[place], -1)
    found = verified(played, tmp_path, messages, views=False)
    assert found.findings
    assert found.findings[0].position == place + 1


def test_a_receipt_alone_finds_that_its_record_is_another(played: Played, tmp_path: Path) -> None:
    """A record without parts, sealed anew over the same words: nothing but the receipt knows its bytes."""
    place = played.place(EligibilityDetermined)
    raw = played.messages[place]
    kept = opened(played, raw)
    assert isinstance(raw.originator_id, UUID)
    assert not kept.opened.items
    store = played.stage.runtime.store  # type: ignore[union-attr]
    state = build_record(
        hub=played.stage.installation.hub,
        originator=raw.originator_id,
        version=raw.version or 0,
        epoch=kept.opened.epoch,
        keys=store._vault,
        body_json=kept.opened.body_json,
        frame=kept.frame,
        scope=raw.originator_id,
    )
    messages = [*played.messages[:place], replace(raw, state=state), *played.messages[place + 1 :]]
    with copied(played, tmp_path, messages) as verifier:
        found = verifier.run(doors=doors_of(played.stage.installation))
    assert [(f.what, f.position) for f in found.findings] == [("receipt-without-record", place + 1)]


def test_a_dropped_record_is_found_at_its_place(played: Played, tmp_path: Path) -> None:
    place = played.place(DisclosureMade)
    found = verified(played, tmp_path, played.messages[:place] + played.messages[place + 1 :])
    assert found.findings[0].position == place + 1


def test_a_stream_cut_off_at_its_end_is_found_by_views_and_receipts(played: Played, tmp_path: Path) -> None:
    found = verified(played, tmp_path, played.messages[:-2])
    assert "record-missing" in {f.what for f in found.findings}
    assert len(played.messages) - 1 in places(found)


def test_two_records_of_one_case_in_other_order_are_found(played: Played, tmp_path: Path) -> None:
    messages = list(played.messages)
    places_ = [n for n, m in enumerate(messages) if m.originator_id == played.run.case][2:4]
    a, b = places_
    messages[a], messages[b] = messages[b], messages[a]
    found = verified(played, tmp_path, messages, views=False)
    assert found.findings[0].what == "version-out-of-order"


def test_two_records_of_different_originators_in_other_order_are_found(
    played: Played, tmp_path: Path
) -> None:
    messages = list(played.messages)
    a = next(
        n for n in range(20, len(messages) - 1) if messages[n].originator_id != messages[n + 1].originator_id
    )
    messages[a], messages[a + 1] = messages[a + 1], messages[a]
    found = verified(played, tmp_path, messages)
    assert {"record-moved"} <= {f.what for f in found.findings}
    assert {a + 1, a + 2} <= places(found)


def test_two_records_that_changed_places_under_each_others_names_do_not_open(
    played: Played, tmp_path: Path
) -> None:
    messages = list(played.messages)
    a, b = played.place(DisclosureMade, 0), played.place(DisclosureMade, 1)
    messages[a], messages[b] = (
        replace(messages[a], state=messages[b].state),
        replace(messages[b], state=messages[a].state),
    )
    found = verified(played, tmp_path, messages, views=False)
    assert found.findings[0].position == a + 1
    assert b + 1 in places(found)


def resealed(
    played: Played, place: int, change: Callable[[Record], Record], *, frame: bytes | None = None
) -> RawMessage:
    """A record that the hub's own operator forged with the hub's own keys."""
    runtime = played.stage.runtime
    assert runtime is not None
    raw = played.messages[place]
    kept = opened(played, raw)
    forged = change(kept.record)
    wraps = []
    payload = kept.payload
    assert payload is not None
    for w in payload.wraps if kept.opened.sealed_wraps else ():
        section = next(i.section for i in payload.items if i.item == w.item)
        wraps.append((section, runtime.store.wrap(kept, w.item, w.to, section)))  # type: ignore[arg-type]
    state = build_record(
        hub=played.stage.installation.hub,
        originator=forged.originator.id,
        version=forged.version,
        epoch=1,
        keys=runtime.store._vault,
        body_json=body_of(forged),
        frame=kept.frame if frame is None else frame,
        items=kept.opened.items,
        wraps=wraps,
        scope=forged.about.id,
    )
    return replace(raw, state=state)


def test_a_decision_forged_by_the_hub_itself_does_not_replay(played: Played, tmp_path: Path) -> None:
    place = played.place(EligibilityDetermined)
    messages = list(played.messages)
    messages[place] = resealed(
        played, place, lambda r: replace(r, fact=replace(r.fact, target_classes=frozenset()))
    )
    found = verified(played, tmp_path, messages, views=False)
    assert (found.findings[0].what, found.findings[0].position) == ("decision-differs", place + 1)


def test_a_record_resealed_as_it_was_is_not_mistaken_for_a_forgery(played: Played, tmp_path: Path) -> None:
    place = played.place(EligibilityDetermined)
    messages = list(played.messages)
    messages[place] = resealed(played, place, lambda r: r)
    assert verified(played, tmp_path, messages, views=False).findings == []


def test_a_signature_that_was_changed_under_the_seal_is_found(played: Played, tmp_path: Path) -> None:
    place = played.place(EligibilityDetermined)
    runtime = played.stage.runtime
    assert runtime is not None
    frame = bytearray(opened(played, played.messages[place]).frame)
    frame[-1] ^= 1
    messages = list(played.messages)
    messages[place] = resealed(played, place, lambda r: r, frame=bytes(frame))
    found = verified(played, tmp_path, messages, views=False)
    assert found.findings[0].position == place + 1
    assert "signature" in found.findings[0].what


def test_an_act_of_the_hub_that_was_not_due_is_found(played: Played, tmp_path: Path) -> None:
    from datetime import date

    from domain.codes import Module
    from domain.events import OathSigned
    from domain.record import HUB, hub_ask

    runtime = played.stage.runtime
    assert runtime is not None
    place = played.place(OathSigned)
    before = played.records[place]
    forged = replace(
        before,
        version=before.version + 1,
        by=HUB,
        actor="",
        ask_id=hub_ask(before.originator.id, before.version + 1),
        frame=None,
        rests_on=(),
        fact=TrainingLapsed(
            worker="W-SORA-NPO", module=Module.M2_CONFIDENTIALITY, valid_until=date(2025, 6, 1)
        ),
    )
    state = build_record(
        hub=played.stage.installation.hub,
        originator=forged.originator.id,
        version=forged.version,
        epoch=1,
        keys=runtime.store._vault,
        body_json=body_of(forged),
        scope=forged.about.id,
    )
    raw = replace(played.messages[place], version=forged.version, state=state)
    found = verified(played, tmp_path, [*played.messages, raw], views=False)
    assert (found.findings[0].what, found.findings[0].position) == (
        "hub-act-not-due",
        len(played.messages) + 1,
    )


def test_a_row_that_differs_from_its_facts_is_named(played: Played, tmp_path: Path) -> None:
    runtime = played.stage.runtime
    assert runtime is not None
    live = played.stage.installation.hub_folder / "views.db"
    copy = tmp_path / "views.db"
    with sqlite3.connect(live) as db, sqlite3.connect(copy) as to:
        db.backup(to)
    with sqlite3.connect(copy) as db:
        db.execute(
            "UPDATE disclosures SET outcome='REFUSED' WHERE position=(SELECT max(position) FROM disclosures)"
        )
    db.close()
    views = Engine(copy, runtime.store.records)
    views.start()
    try:
        found = Verifier(runtime.recorder, runtime.store, played.stage.genesis).run(views=views)
    finally:
        views.close()
    assert {f.what for f in found.findings} == {"row-differs"}
    assert all("disclosures" in f.where for f in found.findings)
