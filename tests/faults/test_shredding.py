"""After shredding nothing that the hub keeps opens what was destroyed, and everything else still verifies (I7)."""

from __future__ import annotations

import json
import shutil
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.errors import InvariantViolation, NotFound
from domain.events import KeyDestroyed
from gateway.audit.verification import Verifier, doors_of
from gateway.cli.main import app
from gateway.hub.read_models import catch_up
from gateway.hub.runtime import start_hub
from gateway.hub.shredding import Destroyed, Shredder
from gateway.installation.archive import open_archive
from gateway.installation.custody import FileCustody
from gateway.installation.folder import Installation, open_installation
from gateway.rehearsal.scenario.rehearsal_hub import open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from gateway.rehearsal.scenario.story import read_story
from keys.vault import Vault

STORY = Path(__file__).parents[1] / "scenarios" / "after-25-years.yaml"


@pytest.fixture(scope="module")
def destroyed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a hub on which a case was destroyed after 25 years, and its vault from just before, with the key."""
    folder = tmp_path_factory.mktemp("destroyed_folder")
    story = read_story(STORY)
    destroy = Shredder.destroy

    def keep_and_destroy(self: Shredder, event: Destroyed, at: datetime) -> None:
        before = folder / "before"
        before.mkdir(exist_ok=True)
        for sqlite_file in open_installation(folder / "hub").hub_folder.glob("vault.db*"):
            shutil.copy(sqlite_file, before)
        (before / "vk-1").write_bytes(open_installation(folder / "hub").hub_secrets()["vk/1"])
        destroy(self, event, at)

    with (
        pytest.MonkeyPatch.context() as patch,
        open_rehearsal_hub(folder / "hub", start_of(story)) as rehearsal_hub,
    ):
        patch.setattr(Shredder, "destroy", keep_and_destroy)
        _, report = play(story, rehearsal_hub)
        assert report.problems == []
    return folder


@pytest.fixture
def installation(destroyed_folder: Path, tmp_path: Path) -> Installation:
    shutil.copytree(destroyed_folder / "hub", tmp_path / "hub")
    return open_installation(tmp_path / "hub")


def destroyed(installation: Installation) -> KeyDestroyed:
    with open_archive(installation) as archive:
        [event] = [
            k.record.event for k in archive.store.read(1, 10_000) if isinstance(k.record.event, KeyDestroyed)
        ]
    assert isinstance(event, KeyDestroyed)
    return event


def test_the_keys_are_destroyed_and_all_else_verifies(installation: Installation) -> None:
    event = destroyed(installation)
    assert {s.value for s in event.sections} == {"BASIC", "CHILD"}
    with open_archive(installation) as archive:
        for section in event.sections:
            assert archive.store.key_status(event.scope, section.value) == "gone"
        assert archive.store.key_status(event.scope, "RISK") == "here"
        for stored in archive.store.load(event.scope):
            for item, section in _own_wrapped_keys(stored):
                if section in event.sections:
                    with pytest.raises(NotFound, match="key-gone"):
                        archive.store.wrapped_key(stored, item, stored.record.by, section)
        catch_up(archive.read_models, archive.store)
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run(
            read_models=archive.read_models, doors=doors_of(installation)
        )
    assert [f.__dict__ for f in verification.findings] == []
    assert verification.rows_compared


def _own_wrapped_keys(stored):  # type: ignore[no-untyped-def]
    if stored.payload is None:
        return []
    sections = {i.item: i.section for i in stored.payload.items}
    return [(w.item, sections[w.item]) for w in stored.payload.wrapped_keys if w.to == stored.record.by]


def test_an_old_copy_of_the_vault_does_not_open(installation: Installation) -> None:
    """The key under which it was sealed is not kept."""
    assert [n for n in installation.hub_secrets() if n.startswith("vk/")] == ["vk/2"]


def test_an_outdated_vault_is_refused_at_the_start(
    destroyed_folder: Path, installation: Installation
) -> None:
    """As it was before the destruction, put back with its key: it would open what was destroyed."""
    for sqlite_file in ("vault.db-wal", "vault.db-shm"):
        (installation.hub_folder / sqlite_file).unlink(missing_ok=True)
    before = destroyed_folder / "before"
    for sqlite_file in before.glob("vault.db*"):
        shutil.copy(sqlite_file, installation.hub_folder)
    old_key = {"vk/1": (before / "vk-1").read_bytes()}
    installation.write_hub_secrets({**installation.hub_secrets(), **old_key})
    with pytest.raises(InvariantViolation) as refused:
        start_hub(installation).close()
    assert refused.value.error_code == "vault-generation"


def test_a_key_missing_without_a_record_is_detected(installation: Installation) -> None:
    event = destroyed(installation)
    custody = FileCustody(installation, installation.hub_secrets())
    with closing(Vault.open(installation.hub_folder / "vault.db", custody)) as vault:
        vault.shred(event.scope, ["RISK"], next_vk=custody.ensure_vault_key(3))
    with open_archive(installation) as archive:
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run()
    assert {f.code for f in verification.findings} == {"key-missing"}


def test_a_key_in_place_of_a_destroyed_one_is_detected(installation: Installation) -> None:
    event = destroyed(installation)
    custody = FileCustody(installation, installation.hub_secrets())
    with closing(Vault.open(installation.hub_folder / "vault.db", custody)) as vault:
        vault._connection.execute("DELETE FROM gone")
        vault.ensure(sks=[(event.scope, "BASIC")])
    with open_archive(installation) as archive:
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run()
    assert "seal-broken" in {f.code for f in verification.findings}


class Ended(Exception):
    """The process ended here."""


@pytest.mark.parametrize("step", ["before the vault", "before the record", "before the old key is taken out"])
def test_a_crash_between_any_two_steps_is_completed_at_the_next_start(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub ends inside the destruction; started again, it does what is left, once."""
    story = read_story(STORY)
    if step == "before the vault":
        monkeypatch.setattr(Vault, "shred", _ends)
    elif step == "before the record":
        shred = Shredder.destroy
        monkeypatch.setattr(Shredder, "destroy", lambda self, event, at: (shred(self, event, at), _ends()))
    else:
        monkeypatch.setattr(Shredder, "recorded", _ends)
    with open_rehearsal_hub(tmp_path / "hub", start_of(story)) as rehearsal_hub, suppress(InvariantViolation):
        # the hub answers with an error, and loses what it holds in memory
        play(story, rehearsal_hub)
    monkeypatch.undo()
    installation = open_installation(tmp_path / "hub")
    runtime = start_hub(installation)
    runtime.hub.tick()
    runtime.close()
    assert destroyed(installation).generation == 2
    assert [n for n in installation.hub_secrets() if n.startswith("vk/")] == ["vk/2"]
    with open_archive(installation) as archive:
        catch_up(archive.read_models, archive.store)  # the hub may have ended before its last rows stood
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run(
            read_models=archive.read_models
        )
    assert [f.__dict__ for f in verification.findings] == []


def _ends(*_: object, **__: object) -> None:
    raise Ended


def test_the_certificate_states_what_was_destroyed_and_how_thoroughly(installation: Installation) -> None:
    done = CliRunner().invoke(app, ["audit", "certificate", "--data", str(installation.folder), "--json"])
    assert done.exit_code == 0, done.output
    [certificate_json] = json.loads(done.stdout)["destroyed"]
    assert certificate_json["sections"] == ["BASIC", "CHILD"]
    assert certificate_json["how"] == "logically"
    assert certificate_json["remaining_keys"] == []
    assert [who.split("/")[1] for who in certificate_json["approved_by"]] == [
        "staff.AZ-CORE.owner",
        "staff.AZ-CORE.supervisor",
    ]
