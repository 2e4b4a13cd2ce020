"""Commands that make keys or change who can open them: what they refuse, and what they leave behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner, Result

from domain.errors import ExchangeError
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.audit.app import audit_app
from gateway.cli.main import app
from gateway.installation.exchanged_files import MAX_FILE_BYTES
from gateway.installation.folder import create_installation, open_installation
from gateway.installation.unlocking import unlock_in_child
from gateway.rehearsal.demo import record_at_hand
from keys.keystore import open_keystore, write_keystore
from tests.gateway.hubkit import hub_with_case

SHORT, LONG, OTHER = "eleven char", "long enough passphrase", "another long passphrase"
HOSTED_TEXT = "鍵を共同の機械で預かっています"


def secret(folder: Path, text: str) -> str:
    """A passphrase file with this text."""
    path = folder / f"{len(list(folder.iterdir()))}.passphrase"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return str(path)


def run(*arguments: str | Path, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=answer)


def error_code(done: Result) -> str:
    """Of the error with which the command ended."""
    assert isinstance(done.exception, ExchangeError), done.output
    return done.exception.error_code


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three registrars and the audit office."""
    root = tmp_path_factory.mktemp("parties")
    for name in ("1", "2", "3"):
        made = run(
            *("registrar", "init", "--folder", root / name, "--name", f"架空の責任者{name}"),
            *("--passphrase-file", secret(root, LONG)),
        )
        assert made.exit_code == 0, made.output
        shown = run("registrar", "show", "--folder", root / name)
        assert made.output.startswith(shown.output)
    assert (
        run("audit", "init", "--folder", root / "a", "--passphrase-file", secret(root, LONG)).exit_code == 0
    )
    return root


def founding(parties: Path, data: Path) -> list[str | Path]:
    halves = [option for n in ("1", "2", "3") for option in ("--registrar", parties / n / "public.json")]
    return ["hub", "init", "--data", data, *halves, "--audit", parties / "a" / "public.json"]


def test_no_command_makes_keys_under_a_short_passphrase(parties: Path, tmp_path: Path) -> None:
    short = ["--passphrase-file", secret(tmp_path, SHORT)]
    for n, command in enumerate(
        (
            ["registrar", "init", "--name", "架空", "--folder"],
            ["audit", "init", "--folder"],
            ["witness", "init", "--name", "witness.example", "--data"],
            ["hub", "init", "--hosted", "--data"],
            [*founding(parties, Path())[:2], *founding(parties, Path())[4:], "--data"],
        )
    ):
        folder = tmp_path / f"keys {n}"
        assert error_code(run(*command, folder, *short)) == "short-passphrase", command
        assert not (folder.exists() and any(folder.iterdir())), "so that the command can be given again"


def test_the_hub_makes_no_key_of_anybody_else(parties: Path, tmp_path: Path) -> None:
    data, own = tmp_path / "hub", ["--passphrase-file", secret(tmp_path, LONG)]
    assert run(*founding(parties, data), *own).exit_code == 0
    assert [p.relative_to(data) for p in data.rglob("keystore")] == [Path("hub/keystore")]
    assert set(open_keystore(data / "hub" / "keystore", LONG)) == {"log", "vk/1", "bus"}
    assert error_code(run("hub", "found", "--data", data, *own, data / "none")) == "file-not-found"
    assert not (data / "installation.json").exists()
    twice = founding(parties, tmp_path / "other")
    twice[5] = twice[7]
    assert error_code(run(*twice, *own)) == "three-registrars"
    assert run("hub", "init", "--data", tmp_path / "other").exit_code == 2
    assert run(*founding(parties, tmp_path / "other"), "--hosted", *own).exit_code == 2
    assert not (tmp_path / "other").exists()


def test_a_registrar_is_asked_and_may_decline(parties: Path, tmp_path: Path) -> None:
    data, own = tmp_path / "hub", ["--passphrase-file", secret(tmp_path, LONG)]
    assert run(*founding(parties, data), *own).exit_code == 0
    request, approval = data / "hub" / "founding.json", tmp_path / "approval"
    asked = ["registrar", "approve", request, "--folder", parties / "1", "--out", approval, *own]
    declined = run(*asked, answer="n\n")
    assert "ハブの設立" in declined.output
    assert error_code(declined) == "approval-declined"
    assert not approval.exists()
    assert not (parties / "1" / "genesis.json").exists()
    assert run(*asked, answer="y\n").exit_code == 0
    assert error_code(run("hub", "found", "--data", data, approval, *own)) == "two-approvals"
    assert not (data / "installation.json").exists()
    other = tmp_path / "other hub"
    assert run(*founding(parties, other), *own).exit_code == 0
    again = ["registrar", "approve", other / "hub" / "founding.json", "--folder", parties / "1", *own]
    assert error_code(run(*again, "--yes")) == "other-hub-pinned"
    assert error_code(run("hub", "found", "--data", other, approval, *own)) == "approval-of-another-request"
    assert error_code(run("hub", "found", "--data", parties / "a", approval, *own)) == "no-founding"
    long_file = tmp_path / "long"
    with long_file.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert error_code(run("hub", "found", "--data", data, long_file, *own)) == "approval-file-size"


def test_a_second_passphrase_is_set_changed_and_removed(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    path = folder / "keystore"
    write_keystore(path, {"sig": b"\1" * 64}, LONG)
    known, new = secret(tmp_path, LONG), secret(tmp_path, OTHER)
    change = ["--passphrase-file", known, "--new-passphrase-file", new]
    short = ["--passphrase-file", known, "--new-passphrase-file", secret(tmp_path, SHORT)]
    assert (
        error_code(run("keystore", "passphrase", "add", path, "--label", "x", *short)) == "short-passphrase"
    )
    assert run("keystore", "passphrase", "add", path, "--label", "金庫の封筒", *change).exit_code == 0
    assert run("keystore", "passphrase", "list", path).output == "1: (名前なし)\n2: 金庫の封筒\n"
    assert open_keystore(path, LONG) == open_keystore(path, OTHER)
    third = secret(tmp_path, "third long passphrase")
    changed = run(
        *("keystore", "passphrase", "change", path),
        *("--passphrase-file", known, "--new-passphrase-file", third),
    )
    assert "控えも処分してください" in changed.output
    removed = run("keystore", "passphrase", "remove", path, "--number", "1", "--passphrase-file", new)
    assert removed.output == "パスワードを外しました\n"
    assert open_keystore(path, OTHER) == {"sig": b"\1" * 64}
    for gone in (known, third):
        left = run("keystore", "passphrase", "remove", path, "--number", "1", "--passphrase-file", gone)
        assert error_code(left) == "keystore-passphrase"


def test_the_passphrase_of_a_running_hub_is_not_changed(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        path = hub.rehearsal_hub.installation.hub_folder / "keystore"
        for command in (["change"], ["remove", "--number", "1"]):
            known = str(path.with_name("passphrase"))
            more = ["--new-passphrase-file", known] if command == ["change"] else []
            done = run("keystore", "passphrase", *command, path, "--passphrase-file", known, *more)
            assert error_code(done) == "hub-running"


def test_a_child_process_opens_a_keystore_and_reports_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "keystore"
    write_keystore(path, {"sig": b"\1" * 64}, LONG)
    assert unlock_in_child(path, Path(secret(tmp_path, LONG)), None).secrets == {"sig": b"\1" * 64}
    for file, code in (
        (secret(tmp_path, OTHER), "keystore-passphrase"),
        (str(tmp_path / "none"), "passphrase-file-not-found"),
    ):
        with pytest.raises(ExchangeError) as refused:
            unlock_in_child(path, Path(file), None)
        assert refused.value.error_code == code
    with pytest.raises(ExchangeError, match="passphrase-source"):
        unlock_in_child(path, Path(secret(tmp_path, LONG)), 0)


def test_where_keys_are_hosted_every_page_states_it(tmp_path: Path) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        door, place = hub.door("AZ-CORE"), hub.rehearsal_hub.installation.agency("AZ-CORE")
        [own] = [k for k in door.directory() if k.code == "AZ-CORE"]
        assert place.custody == own.custody == hub.rehearsal_hub.installation.custody == "HOSTED"
        staff = Staff.rehearsal("staff.a1", mode="rehearsal")
        for custody in ("HOSTED", "OWN_DEVICE"):
            pages = TestClient(
                agency_app(door, staff=staff, mode="rehearsal", custody=custody), base_url="http://127.0.0.1"
            )
            paths = ["/", "/cases", f"/cases/{hub.case}", "/outbox", "/files", "/meeting", "/programme"]
            for path in (*paths, "/sign-in", "/no-such-page"):
                text = pages.get(path, headers={"accept": "text/html"}).text
                assert (HOSTED_TEXT in text) == (custody == "HOSTED"), (path, custody)
            ledger = TestClient(
                audit_app(
                    hub.rehearsal_hub.audit,
                    names={},
                    mode="rehearsal",
                    record=record_at_hand(hub.rehearsal_hub),
                    custody=custody,
                ),
                base_url="http://127.0.0.1",
            )
            assert (HOSTED_TEXT in ledger.get("/").text) == (custody == "HOSTED")


def test_a_hosted_hub_states_in_its_folder_that_it_keeps_the_keys_of_all(tmp_path: Path) -> None:
    create_installation(tmp_path / "hub", mode="rehearsal")
    assert open_installation(tmp_path / "hub").custody == "HOSTED"
