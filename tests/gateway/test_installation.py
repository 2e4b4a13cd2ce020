"""Installations: founded once, opened with their passphrase only, on the embedded bus or one that was named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from adapters.bus import EmbeddedServer
from domain.errors import InvariantViolation, Malformed, NotFound, Untrusted
from gateway.agency.founding import RegisterFile, register_agencies
from gateway.audit.verification import Verifier
from gateway.hub.runtime import start_hub
from gateway.installation.archive import open_archive
from gateway.installation.folder import create_installation, moment, open_installation
from gateway.protocol.serving import ServedApp

AGENCIES = """
core: AZ-CORE
coordinating: AZ-COORD
agencies:
  AZ-CORE: {name: あおぞら市こども家庭センター, roles: [CORE], body: MUNICIPALITY, municipality: '999999', member: 1}
  AZ-COORD: {name: あおぞら市要対協調整機関, roles: [COORD], body: MUNICIPALITY, municipality: '999999', member: 1}
  SORA-NPO: {name: NPO法人そらまめ架空支援, roles: [CONTRACTOR], body: COMMISSIONED}
"""


@pytest.fixture
def listed(tmp_path: Path) -> RegisterFile:
    path = tmp_path / "agencies.yaml"
    path.write_text(AGENCIES, encoding="utf-8")
    return RegisterFile.read(path)


def test_a_real_hub_is_founded_with_its_agencies_and_opens_only_with_its_passphrase(
    tmp_path: Path, listed: RegisterFile
) -> None:
    folder = tmp_path / "hub"
    new_installation = create_installation(folder, mode="real", passphrase=b"a long enough passphrase")
    runtime = start_hub(new_installation)
    try:
        with ServedApp(runtime.app) as served:
            register_agencies(new_installation, served.url, listed, b"a long enough passphrase")
        assert {a.code for a in runtime.hub.register.agencies.values()} == {"AZ-CORE", "AZ-COORD", "SORA-NPO"}
        [network] = runtime.hub.register.networks.values()
        assert len(network.members) == 2
    finally:
        runtime.close()
    with pytest.raises(Malformed, match="no-passphrase"):
        open_installation(folder)
    with pytest.raises(Untrusted):
        start_hub(open_installation(folder, b"another passphrase"))
    with open_archive(open_installation(folder, b"a long enough passphrase")) as archive:
        verification = Verifier(archive.recorder, archive.store, archive.genesis).run(
            read_models=archive.read_models
        )
        assert verification.findings == []
        assert verification.records == 1 + 1 + 3 + 2 + 2


def test_an_installation_is_never_overwritten(tmp_path: Path) -> None:
    create_installation(tmp_path / "hub", mode="rehearsal")
    with pytest.raises(Malformed, match="folder-not-empty"):
        create_installation(tmp_path / "hub", mode="rehearsal")


def test_a_folder_without_installation_is_answered_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="hub init"):
        open_installation(tmp_path)


def test_a_real_installation_needs_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="no-passphrase"):
        create_installation(tmp_path / "hub", mode="real")


def test_no_secret_is_readable_in_a_folder(tmp_path: Path) -> None:
    passphrase = b"a long enough passphrase"
    new_installation = create_installation(tmp_path / "hub", mode="real", passphrase=passphrase)
    secrets = list(new_installation.hub_secrets().values())
    audit_sig, audit_kem = new_installation.audit(passphrase)
    secrets += [k.seeds for k in new_installation.registrars(passphrase)] + [audit_sig.seeds, audit_kem.seed]
    for path in new_installation.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(s[:32] in data or s.hex().encode() in data for s in secrets), path.name
            assert passphrase not in data


def test_a_hub_whose_stream_is_lost_does_not_start_a_new_one(tmp_path: Path) -> None:
    new_installation = create_installation(tmp_path / "hub", mode="rehearsal")
    start_hub(new_installation).close()
    shutil.rmtree(new_installation.hub_folder / "bus")
    with pytest.raises(InvariantViolation, match="record-lost"):
        start_hub(new_installation)


def test_a_hub_uses_the_bus_that_its_operator_named(tmp_path: Path, listed: RegisterFile) -> None:
    new_installation = create_installation(tmp_path / "hub", mode="rehearsal")
    with EmbeddedServer(tmp_path / "elsewhere", store_key=bytes(range(32))).start() as server:
        settings = server.hub_settings()
        about = {
            "JETSTREAM_URL": settings.url,
            "JETSTREAM_SYS_SEED_FILE": str(tmp_path / "elsewhere" / "seeds" / "sys.seed"),
            "JETSTREAM_INBOX": settings.inbox,
            "JETSTREAM_SEED_FILE": str(tmp_path / "elsewhere" / "seeds" / "hub.seed"),
        }
        (new_installation.hub_folder / "bus.json").write_text(json.dumps(about))
        runtime = start_hub(new_installation)
        try:
            assert runtime.bus is None
            with ServedApp(runtime.app) as served:
                register_agencies(new_installation, served.url, listed)
            assert runtime.recorder.head() == 9
        finally:
            runtime.close()
        with open_archive(new_installation) as archive:
            assert Verifier(archive.recorder, archive.store, archive.genesis).run().findings == []
    assert not (new_installation.hub_folder / "bus").exists()


@pytest.mark.parametrize(
    ("text", "error_text"),
    [
        pytest.param("core: A", "agencies", id="no agencies"),
        pytest.param(
            "core: A\ncoordinating: A\nagencies: {A: {name: a, roles: [KING], body: PRIVATE}}",
            "KING",
            id="role",
        ),
        pytest.param(
            "core: B\ncoordinating: A\nagencies: {A: {name: a, roles: [CORE], body: PRIVATE}}",
            "B",
            id="office",
        ),
        pytest.param(
            "core: A\ncoordinating: A\nagencies: {A: {name: a, roles: [CORE], body: PRIVATE, colour: red}}",
            "colour",
            id="unknown key",
        ),
    ],
)
def test_an_invalid_list_of_agencies_is_refused_with_the_place(
    text: str, error_text: str, tmp_path: Path
) -> None:
    path = tmp_path / "agencies.yaml"
    path.write_text(text)
    with pytest.raises(Malformed, match=error_text):
        RegisterFile.read(path)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(Malformed, match="naive-time"):
        moment("2025-06-05T12:00:00")


def test_a_list_names_the_agency_and_the_key_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "agencies.yaml"
    path.write_text(
        "core: A\ncoordinating: A\nagencies:\n  A: {name: 架空市, roles: [CORE]}\n", encoding="utf-8"
    )
    with pytest.raises(Malformed, match="A: the key body is missing") as raised:
        RegisterFile.read(path)
    assert raised.value.error_code == "register-form"
