"""After the control of a case is destroyed nobody reads its records; that none is missing or altered is still proven (I7)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.bus import JetStreamApplicationRecorder, RawMessage
from domain.errors import Broken, NotThere
from domain.events import ControlDestroyed
from domain.record import access_of
from gateway.audit.bundle import _entries
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.cli.main import app
from gateway.hub.read_models import as_stored, catch_up, engine_over
from gateway.hub.runtime import start_hub
from gateway.hub.shredding import PENDING, Shredder
from gateway.installation.archive import Archive, open_archive
from gateway.installation.folder import Installation, open_installation
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.stage import open_stage
from gateway.rehearsal.scenario.story import read_story
from keys.checkpoint import origin_of, verify_checkpoint
from keys.vault import CONTROL, Vault

STORY = Path(__file__).parents[1] / "scenarios" / "nothing-left.yaml"
pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub on which all of a case was destroyed."""
    folder = tmp_path_factory.mktemp("over")
    story = read_story(STORY)
    with open_stage(folder / "hub", start_of(story)) as stage:
        _, report = play(story, stage)
        assert report.problems == []
    return folder


@pytest.fixture
def installation(over: Path, tmp_path: Path) -> Installation:
    shutil.copytree(over / "hub", tmp_path / "hub")
    return open_installation(tmp_path / "hub")


def verified(archive: Archive, recorder: Any = None) -> Verification:
    installation = archive.installation
    catch_up(archive.views, archive.store)  # the hub may have ended before its last rows stood
    return Verifier(recorder or archive.recorder, archive.store, archive.genesis).run(
        views=archive.views, doors=doors_of(installation), log=installation.hub_folder / "log"
    )


def destroyed(archive: Archive) -> ControlDestroyed:
    kept = archive.store.load(archive.genesis.log_id)
    [fact] = [k.record.fact for k in kept if isinstance(k.record.fact, ControlDestroyed)]
    assert isinstance(fact, ControlDestroyed)
    return fact


def test_nobody_reads_it_and_all_else_verifies(installation: Installation) -> None:
    with open_archive(installation) as archive:
        fact = destroyed(archive)
        for originator in (fact.scope, access_of(fact.scope)):
            assert archive.store.control_status(originator) == "gone"
            with pytest.raises(NotThere):
                archive.store.load(originator)
        found = verified(archive)
    assert [f.__dict__ for f in found.findings] == []
    assert found.rows_compared
    assert found.log_size in (found.records - 1, found.records)  # the last may have come after the last head


def test_no_row_but_its_leaves_speaks_of_it(installation: Installation, tmp_path: Path) -> None:
    """The live rows were erased; rows made anew never have it."""
    with open_archive(installation) as archive:
        case = str(destroyed(archive).scope)
        anew = engine_over(archive.store, tmp_path / "anew.db")
        anew.start()
        anew.apply_many(as_stored(k) for k in archive.store.seen(1, 10_000))
        for views in (archive.views, anew):
            with views.reader.connect() as db:
                naming = {
                    t.name for t in views.tables for row in db.execute(t.select()) if case in map(str, row)
                }
            assert naming == {"leaves"}
        assert anew.digest() == archive.views.digest()
        anew.close()


def test_a_hub_started_on_it_does_not_know_the_case(installation: Installation) -> None:
    runtime = start_hub(installation)
    try:
        with open_archive(installation) as archive:
            case = destroyed(archive).scope
        assert runtime.hub.tick() == 0
        with pytest.raises(NotThere, match="not-there"):
            runtime.hub.duties(case, next(iter(runtime.hub.register.agencies)))
        assert runtime.logbook.problem is None
    finally:
        runtime.close()


def test_a_log_that_is_lost_afterwards_comes_to_the_same_root(installation: Installation) -> None:
    """What it said of the records that nobody can read any more was kept when their keys went."""
    folder = installation.hub_folder / "log"
    log_all(installation)
    before = entries_and_head(installation)
    shutil.rmtree(folder / "tile")
    log_all(installation)  # made anew from the stream, up to the head that was signed
    assert entries_and_head(installation) == before
    shutil.rmtree(folder)
    log_all(installation)
    with open_archive(installation) as archive:
        assert verified(archive).findings == []
    assert entries_and_head(installation) == before


@pytest.mark.parametrize("kind", ["control of the case", "control of its readings", "sections"])
def test_a_key_that_is_there_again_though_it_was_destroyed_is_told(
    installation: Installation, kind: str
) -> None:
    """By whoever takes the tombstones out of the vault, and has keys made under the old names."""
    with closing(sqlite3.connect(installation.hub_folder / "vault.db")) as vault, vault:
        vault.execute("DELETE FROM gone")
    with open_archive(installation) as archive:
        fact, keys = destroyed(archive), archive.store._vault
        case, sections = fact.scope, archive.views.register.destroyed[fact.scope]
        match kind:
            case "sections":
                keys.ensure(sks=[(fact.scope, section.value) for section in sections])
            case "control of the case":
                keys.ensure(cks=[(case, 1)])
            case _:
                keys.ensure(cks=[(access_of(case), 1)])
        found = [(f.what, f.where) for f in verified(archive).findings]
    if kind == "control of the case":  # a key is there, and opens none of its records
        sealed = {where for what, where in found if what == "seal-broken"}
        assert len(sealed) == fact.last_version
        assert all(case.hex in where for where in sealed)
    else:
        told = [where for what, where in found if what == "key-not-destroyed"]
        assert told == [f"case {case}"] * (len(sections) if kind == "sections" else 1)


def log_all(installation: Installation) -> None:
    """A hub runs until its log has everything."""
    runtime = start_hub(installation)
    while runtime.logbook.size < runtime.store.head():
        runtime.logbook.step()
    assert runtime.logbook.problem is None
    runtime.close()


def entries_and_head(installation: Installation) -> tuple[bytes, int]:
    """Every entry of the log as it lies there, and the size that was signed."""
    folder = installation.hub_folder / "log"
    note = (folder / "checkpoint").read_bytes()
    origin = origin_of(installation.hub, installation.genesis.mode)
    head, _ = verify_checkpoint(note, origin, installation.genesis.log)
    return b"".join(_entries(folder, head.size)), head.size


def test_every_door_forgets_it_but_for_the_receipts_of_what_it_sent(installation: Installation) -> None:
    with open_archive(installation) as archive:
        case = str(destroyed(archive).scope)
    doors = doors_of(installation)
    receipts = 0
    for path in doors:
        with closing(sqlite3.connect(path)) as db:
            for table in ("inbox", "marks", "families", "intake"):
                assert db.execute(f"SELECT count(*) FROM {table} WHERE case_id=?", (case,)).fetchone() == (0,)
            [found] = db.execute("SELECT count(*) FROM outbox WHERE about=?", (case,)).fetchone()
            assert db.execute("SELECT value FROM state WHERE key='erased'").fetchall() == [("1",)]
            receipts += found
    assert len(doors) == 4
    assert receipts > 0


class Spoiled:
    """The stream with one record of the case altered, or left out."""

    def __init__(self, recorder: JetStreamApplicationRecorder, at: int, *, drop: bool) -> None:
        self._recorder, self._at, self._drop = recorder, at, drop

    def head(self) -> int:
        return self._recorder.head()

    def read_raw(self, start: int, limit: int) -> list[RawMessage]:
        page = [
            m for m in self._recorder.read_raw(start, limit) if not (self._drop and m.sequence == self._at)
        ]
        return [replace(m, state=m.state[:-1] + b"\0") if m.sequence == self._at else m for m in page]


@pytest.mark.parametrize("drop", [False, True], ids=["altered", "left out"])
def test_a_record_that_nobody_can_read_is_still_missed_and_its_change_found(
    installation: Installation, drop: bool
) -> None:
    with open_archive(installation) as archive:
        case = destroyed(archive).scope
        at = next(k.position for k in archive.store.seen(1, 10_000) if as_stored(k).originator == case)
        spoiled = Spoiled(archive.recorder, at, drop=drop)
        found = Verifier(spoiled, archive.store, archive.genesis).run(log=installation.hub_folder / "log")  # type: ignore[arg-type]
    assert at in {f.position for f in found.findings}
    assert {f.what for f in found.findings} & {"record-missing", "log-entry-differs"}


def test_control_keys_that_are_missing_without_a_record_are_found(
    over: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that drops the keys of a case and says nothing of it is found out."""
    installation = stopped(tmp_path, monkeypatch, "before the record")
    (installation.hub_folder / PENDING).unlink()
    with open_archive(installation) as archive:
        found = Verifier(archive.recorder, archive.store, archive.genesis).run()
    assert {f.what for f in found.findings} == {"key-missing"}


# --- ends in between ---------------------------------------------------------------------------------------------


class Ended(Exception):
    """The process ended here."""


def stopped(folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> Installation:
    """A hub that ended inside the destruction of control."""
    destroy, shred, recorded = Shredder.destroy, Vault.shred, Shredder.recorded

    def ends_after(self: Shredder, fact: Any, at: Any) -> None:
        destroy(self, fact, at)
        if isinstance(fact, ControlDestroyed):
            raise Ended

    def ends_before(self: Vault, scope: Any, classes: Any, **more: Any) -> Any:
        if CONTROL in classes:
            raise Ended
        return shred(self, scope, classes, **more)

    def ends_last(self: Shredder, generation: int) -> None:
        if generation == 3:
            raise Ended
        recorded(self, generation)

    with monkeypatch.context() as meanwhile:
        if step == "before the vault":
            meanwhile.setattr(Vault, "shred", ends_before)
        elif step == "before the record":
            meanwhile.setattr(Shredder, "destroy", ends_after)
        else:
            meanwhile.setattr(Shredder, "recorded", ends_last)
        story = read_story(STORY)
        with open_stage(folder / "hub", start_of(story)) as stage, suppress(Broken):
            play(story, stage)
    return open_installation(folder / "hub")


@pytest.mark.parametrize("step", ["before the vault", "before the record", "before the old key is taken out"])
def test_an_end_between_any_two_steps_is_made_good_at_the_next_start(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody could compute any more without the keys was written down before they went."""
    installation = stopped(tmp_path, monkeypatch, step)
    assert (installation.hub_folder / PENDING).exists()
    for _ in range(2):  # once, however often it is started
        runtime = start_hub(installation)
        runtime.hub.tick()
        runtime.close()
    assert [n for n in installation.hub_secrets() if n.startswith("vk/")] == ["vk/3"]
    assert not (installation.hub_folder / PENDING).exists()
    with open_archive(installation) as archive:
        assert destroyed(archive).generation == 3
        found = verified(archive)
    assert [f.__dict__ for f in found.findings] == []


def test_the_certificate_tells_both(installation: Installation) -> None:
    done = CliRunner().invoke(app, ["audit", "certificate", "--data", str(installation.folder), "--json"])
    assert done.exit_code == 0, done.output
    content, control = json.loads(done.stdout)["destroyed"]
    assert (content["what"], control["what"]) == ("content", "control")
    assert content["sections"] == ["BASIC", "CHILD", "SOURCE"]
    assert control["sections"] == []
    assert control["keys_still_there"] == []
    assert control["case"] == content["case"]
    assert [who.split("/")[1] for who in control["approved_by"]] == [
        "staff.AZ-CORE.owner",
        "staff.AZ-CORE.supervisor",
    ]
    assert content["approved_by"] == []  # that stood in the control
    told = CliRunner().invoke(app, ["audit", "certificate", "--data", str(installation.folder)])
    assert told.exit_code == 0
    assert "制御情報" in told.stdout.replace("\n", "")
