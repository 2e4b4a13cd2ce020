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
from domain.errors import InvariantViolation, NotFound
from domain.events import ControlDestroyed
from domain.record import access_of
from gateway.audit.bundle import _log_entries
from gateway.audit.verification import Verification, Verifier, doors_of
from gateway.cli.main import app
from gateway.hub.read_models import as_stream_record, catch_up, open_engine
from gateway.hub.runtime import start_hub
from gateway.hub.shredding import PENDING, Shredder
from gateway.installation.archive import Archive, open_archive
from gateway.installation.folder import Installation, open_installation
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from keys.checkpoint import origin_of, verify_checkpoint
from keys.vault import CONTROL, Vault

STORY = Path(__file__).parents[1] / "scenarios" / "control-destroyed.yaml"
pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def destroyed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub on which all of a case was destroyed."""
    folder = tmp_path_factory.mktemp("destroyed_folder")
    story = read_story(STORY)
    with open_rehearsal_hub(folder / "hub", start_of(story)) as rehearsal_hub:
        _, report = play(story, rehearsal_hub)
        assert report.problems == []
    return folder


@pytest.fixture
def installation(destroyed_folder: Path, tmp_path: Path) -> Installation:
    shutil.copytree(destroyed_folder / "hub", tmp_path / "hub")
    return open_installation(tmp_path / "hub")


def verified(archive: Archive, recorder: Any = None) -> Verification:
    installation = archive.installation
    catch_up(archive.read_models, archive.store)  # the hub may have ended before its last rows stood
    return Verifier(recorder or archive.recorder, archive.store, archive.genesis).run(
        read_models=archive.read_models, doors=doors_of(installation), log=installation.hub_folder / "log"
    )


def destroyed(archive: Archive) -> ControlDestroyed:
    log_records = archive.store.load(archive.genesis.log_id)
    [event] = [k.record.event for k in log_records if isinstance(k.record.event, ControlDestroyed)]
    assert isinstance(event, ControlDestroyed)
    return event


def test_its_records_are_unreadable_and_all_others_verify(installation: Installation) -> None:
    with open_archive(installation) as archive:
        event = destroyed(archive)
        for originator in (event.scope, access_of(event.scope)):
            assert archive.store.control_status(originator) == "gone"
            with pytest.raises(NotFound):
                archive.store.load(originator)
        verification = verified(archive)
    assert [f.__dict__ for f in verification.findings] == []
    assert verification.rows_compared
    assert verification.log_size in (
        verification.records - 1,
        verification.records,
    )  # the last may have come after the last head


def test_read_models_keep_only_the_leaves_of_its_records(installation: Installation, tmp_path: Path) -> None:
    """The live rows were erased; rows made anew never have it."""
    with open_archive(installation) as archive:
        case = str(destroyed(archive).scope)
        rebuilt = open_engine(archive.store, tmp_path / "anew.db")
        rebuilt.start()
        rebuilt.apply_many(as_stream_record(k) for k in archive.store.read_tolerant(1, 10_000))
        for read_models in (archive.read_models, rebuilt):
            with read_models.reader.connect() as db:
                naming = {
                    t.name
                    for t in read_models.tables
                    for row in db.execute(t.select())
                    if case in map(str, row)
                }
            assert naming == {"leaves"}
        assert rebuilt.digest() == archive.read_models.digest()
        rebuilt.close()


def test_a_hub_started_on_it_does_not_know_the_case(installation: Installation) -> None:
    runtime = start_hub(installation)
    try:
        with open_archive(installation) as archive:
            case = destroyed(archive).scope
        assert runtime.hub.tick() == 0
        with pytest.raises(NotFound, match="not-found"):
            runtime.hub.duties(case, next(iter(runtime.hub.register.agencies)))
        assert runtime.log_keeper.problem is None
    finally:
        runtime.close()


def test_a_log_rebuilt_afterwards_has_the_same_root(installation: Installation) -> None:
    """The leaf tags of unreadable records were stored when their keys were destroyed."""
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
def test_a_destroyed_key_that_exists_again_is_reported(installation: Installation, kind: str) -> None:
    """By whoever takes the tombstones out of the vault, and has keys made under the old names."""
    with closing(sqlite3.connect(installation.hub_folder / "vault.db")) as vault, vault:
        vault.execute("DELETE FROM gone")
    with open_archive(installation) as archive:
        event, keys = destroyed(archive), archive.store._vault
        case, sections = event.scope, archive.read_models.register.destroyed[event.scope]
        match kind:
            case "sections":
                keys.ensure(sks=[(event.scope, section.value) for section in sections])
            case "control of the case":
                keys.ensure(cks=[(case, 1)])
            case _:
                keys.ensure(cks=[(access_of(case), 1)])
        findings = [(f.code, f.where) for f in verified(archive).findings]
    if kind == "control of the case":  # a key is there, and opens none of its records
        sealed = {where for what, where in findings if what == "seal-broken"}
        assert len(sealed) == event.last_version
        assert all(case.hex in where for where in sealed)
    else:
        case_ids = [where for what, where in findings if what == "key-not-destroyed"]
        assert case_ids == [f"case {case}"] * (len(sections) if kind == "sections" else 1)


def log_all(installation: Installation) -> None:
    """A hub runs until its log has everything."""
    runtime = start_hub(installation)
    while runtime.log_keeper.size < runtime.store.head():
        runtime.log_keeper.step()
    assert runtime.log_keeper.problem is None
    runtime.close()


def entries_and_head(installation: Installation) -> tuple[bytes, int]:
    """Every entry of the log, from its files, and the signed size."""
    folder = installation.hub_folder / "log"
    note = (folder / "checkpoint").read_bytes()
    origin = origin_of(installation.hub, installation.genesis.mode)
    head, _ = verify_checkpoint(note, origin, installation.genesis.log)
    return b"".join(_log_entries(folder, head.size)), head.size


def test_every_door_erases_it_except_the_receipts_of_its_own_commands(installation: Installation) -> None:
    with open_archive(installation) as archive:
        case = str(destroyed(archive).scope)
    doors = doors_of(installation)
    receipts = 0
    for path in doors:
        with closing(sqlite3.connect(path)) as db:
            for table in ("inbox", "marks", "families", "intake"):
                assert db.execute(f"SELECT count(*) FROM {table} WHERE case_id=?", (case,)).fetchone() == (0,)
            [outbox_rows] = db.execute("SELECT count(*) FROM outbox WHERE about=?", (case,)).fetchone()
            assert db.execute("SELECT value FROM state WHERE key='erased'").fetchall() == [("1",)]
            receipts += outbox_rows
    assert len(doors) == 4
    assert receipts > 0


class AlteredRecorder:
    """The stream with one record of the case altered, or left out."""

    def __init__(self, recorder: JetStreamApplicationRecorder, at: int, *, drop: bool) -> None:
        self._inner, self._position, self._drop = recorder, at, drop

    def head(self) -> int:
        return self._inner.head()

    def read_raw(self, start: int, limit: int) -> list[RawMessage]:
        page = [
            m for m in self._inner.read_raw(start, limit) if not (self._drop and m.sequence == self._position)
        ]
        return [replace(m, state=m.state[:-1] + b"\0") if m.sequence == self._position else m for m in page]


@pytest.mark.parametrize("drop", [False, True], ids=["altered", "left out"])
def test_a_missing_or_altered_unreadable_record_is_detected(installation: Installation, drop: bool) -> None:
    with open_archive(installation) as archive:
        case = destroyed(archive).scope
        at = next(
            k.position
            for k in archive.store.read_tolerant(1, 10_000)
            if as_stream_record(k).originator == case
        )
        altered = AlteredRecorder(archive.recorder, at, drop=drop)
        verification = Verifier(altered, archive.store, archive.genesis).run(  # type: ignore[arg-type]
            log=installation.hub_folder / "log"
        )
    assert at in {f.position for f in verification.findings}
    assert {f.code for f in verification.findings} & {"record-missing", "log-entry-differs"}


def test_control_keys_missing_without_a_record_are_detected(
    destroyed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that drops the keys of a case and says nothing of it is found out."""
    installation = stopped_in_destruction(tmp_path, monkeypatch, "before the record")
    (installation.hub_folder / PENDING).unlink()
    with open_archive(installation) as archive:
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run()
    assert {f.code for f in verification.findings} == {"key-missing"}


# --- ends in between ---------------------------------------------------------------------------------------------


class Ended(Exception):
    """The process ended here."""


def stopped_in_destruction(folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> Installation:
    """A hub that ended inside the destruction of control."""
    destroy, shred, recorded = Shredder.destroy, Vault.shred, Shredder.recorded

    def ends_after(self: Shredder, event: Any, at: Any) -> None:
        destroy(self, event, at)
        if isinstance(event, ControlDestroyed):
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
        with (
            open_rehearsal_hub(folder / "hub", start_of(story)) as rehearsal_hub,
            suppress(InvariantViolation),
        ):
            play(story, rehearsal_hub)
    return open_installation(folder / "hub")


@pytest.mark.parametrize("step", ["before the vault", "before the record", "before the old key is taken out"])
def test_a_crash_between_any_two_steps_is_completed_at_the_next_start(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody could compute any more without the keys was written down before they went."""
    installation = stopped_in_destruction(tmp_path, monkeypatch, step)
    assert (installation.hub_folder / PENDING).exists()
    for _ in range(2):  # once, however often it is started
        runtime = start_hub(installation)
        runtime.hub.tick()
        runtime.close()
    assert [n for n in installation.hub_secrets() if n.startswith("vk/")] == ["vk/3"]
    assert not (installation.hub_folder / PENDING).exists()
    with open_archive(installation) as archive:
        assert destroyed(archive).generation == 3
        verification = verified(archive)
    assert [f.__dict__ for f in verification.findings] == []


def test_the_certificate_lists_content_and_control(installation: Installation) -> None:
    done = CliRunner().invoke(app, ["audit", "certificate", "--data", str(installation.folder), "--json"])
    assert done.exit_code == 0, done.output
    content, control = json.loads(done.stdout)["destroyed"]
    assert (content["kind"], control["kind"]) == ("content", "control")
    assert content["sections"] == ["BASIC", "CHILD", "SOURCE"]
    assert control["sections"] == []
    assert control["remaining_keys"] == []
    assert control["case"] == content["case"]
    assert [who.split("/")[1] for who in control["approved_by"]] == [
        "staff.AZ-CORE.owner",
        "staff.AZ-CORE.supervisor",
    ]
    assert content["approved_by"] == []  # that stood in the control
    certificate_result = CliRunner().invoke(app, ["audit", "certificate", "--data", str(installation.folder)])
    assert certificate_result.exit_code == 0
    assert "制御情報" in certificate_result.stdout.replace("\n", "")
