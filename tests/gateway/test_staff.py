"""The people and systems of a door: added and removed, with what ends at once, and the door's own log of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import scrypt
from pathlib import Path
from typing import Any
from unicodedata import normalize
from uuid import UUID

import pytest
from typer.testing import CliRunner

from domain.errors import Conflict, ExchangeError, InvariantViolation, Malformed, NotFound, Untrusted
from domain.roles import StaffRole
from gateway.agency import passphrases
from gateway.agency import staff as staff_module
from gateway.agency.staff import DEVICE_DAYS, DEVICES_OF_A_PERSON, Staff
from gateway.agency.staff_store import DAY_SECONDS
from gateway.cli.main import app

PASSPHRASE = "correct horse battery"
DAY = DAY_SECONDS


@pytest.fixture(autouse=True)
def _cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """The right hash takes a third of a second each; its cost is tested in tests/abuse."""
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    monkeypatch.setattr(
        passphrases, "scrypt_hash", lambda p, salt: scrypt(p, salt=salt, n=16, r=8, p=1, dklen=32)
    )


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def staff(tmp_path: Path, clock: Clock) -> Iterator[Staff]:
    with closing(Staff(tmp_path / "staff.db", clock)) as opened:
        opened.add("staff.a1", "職員A", PASSPHRASE, by="cli:root")
        yield opened


@pytest.fixture
def other(tmp_path: Path, clock: Clock, staff: Staff) -> Iterator[Staff]:
    """The same file, as the command line has it open while the door runs."""
    with closing(Staff(tmp_path / "staff.db", clock)) as opened:
        yield opened


def sign_in(staff: Staff, actor: str = "staff.a1", passphrase: str = PASSPHRASE, devices: Any = ()) -> Any:
    checked = staff.check_passphrase(actor, passphrase.encode())
    return None if checked is None else staff.begin_session(actor, checked, devices)


def acts(staff: Staff) -> list[tuple[str, str, str]]:
    return [(entry.by, entry.what, entry.about) for entry in staff.log()]


# --- people ---------------------------------------------------------------------------------------------


def test_removing_a_person_ends_sessions_devices_and_tokens_in_a_running_door(
    staff: Staff, other: Staff
) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    signed_in, colleague = sign_in(staff), sign_in(staff, "staff.a2")
    token = staff.add_token("sys:emr", "電子カルテ", responsible="staff.a1")
    kept = staff.add_token("sys:mch", "母子保健", responsible="staff.a2")
    assert staff.person_of_session(signed_in.session) is not None
    assert staff.device_of("staff.a1", signed_in.devices) is not None
    assert staff.person_of_token(token) is not None
    [of_a1] = [t.id for t in staff.tokens() if t.responsible == "staff.a1"]
    assert other.remove("staff.a1", by="cli:root") == [of_a1]
    assert staff.person_of_session(signed_in.session) is None
    assert staff.device_of("staff.a1", signed_in.devices) is None
    assert staff.person_of_token(token) is None
    assert sign_in(staff) is None
    assert staff.person_of_session(colleague.session) is not None
    assert staff.person_of_token(kept) is not None
    assert ("cli:root", "person-removed", "staff.a1") in acts(staff)
    assert ("cli:root", "token-revoked", "sys:emr") in acts(staff)


def test_a_new_passphrase_ends_sessions_and_devices_in_a_running_door(staff: Staff, other: Staff) -> None:
    signed_in = sign_in(staff)
    other.change_passphrase("staff.a1", "battery staple horse", by="cli:root")
    assert staff.person_of_session(signed_in.session) is None
    assert staff.device_of("staff.a1", signed_in.devices) is None
    assert sign_in(staff) is None
    assert sign_in(staff, passphrase="battery staple horse") is not None
    assert ("cli:root", "passphrase-changed", "staff.a1") in acts(staff)


def test_a_passphrase_that_changed_while_it_was_checked_begins_no_session(staff: Staff, other: Staff) -> None:
    checked = staff.check_passphrase("staff.a1", PASSPHRASE.encode())
    assert checked is not None
    other.change_passphrase("staff.a1", "battery staple horse")
    assert staff.begin_session("staff.a1", checked) is None


def nobody(staff: Staff) -> None:
    staff.change_passphrase("staff.zz", PASSPHRASE)


REFUSED: dict[str, tuple[type[ExchangeError], Callable[[Staff], object]]] = {
    "actor-form": (Malformed, lambda s: s.add("no such form!", "職員", PASSPHRASE)),
    "actor-of-a-system": (Malformed, lambda s: s.add("sys:emr", "職員", PASSPHRASE)),
    "name-form": (Malformed, lambda s: s.add("staff.b", "\x07", PASSPHRASE)),
    "short-passphrase": (Malformed, lambda s: s.add("staff.b", "職員", "十一文字あいうえおかき")),
    "passphrase-utf8": (Malformed, lambda s: s.add("staff.b", "職員", b"\xff" * 20)),
    "actor-taken": (Conflict, lambda s: s.add("staff.a1", "別人", PASSPHRASE)),
    "name-of-a-system": (Conflict, lambda s: s.add("taken", "職員", PASSPHRASE)),
    "person-not-found": (NotFound, nobody),
    "system-form": (Malformed, lambda s: s.add_token("staff.a1", "電子カルテ")),
    "token-days": (Malformed, lambda s: s.add_token("sys:x", "x", days=731)),
    "name-of-a-person": (Conflict, lambda s: s.add_token("sys:x", "職員 A")),
    "token-not-found": (NotFound, lambda s: s.revoke_token("00000000")),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_may_not_be_is_refused_and_changes_nothing(staff: Staff, code: str) -> None:
    staff.add_token("sys:taken", "電子カルテ")
    before = (staff.people(), staff.tokens(), staff.log())
    cls, act = REFUSED[code]
    with pytest.raises(cls) as refused:
        act(staff)
    assert refused.value.error_code == code
    assert (staff.people(), staff.tokens(), staff.log()) == before


@pytest.mark.parametrize("name", ["職員A", "職員A ", " staff.a1 ", "STAFF.A1"])
def test_a_token_bears_no_persons_name_or_reference(staff: Staff, name: str) -> None:
    with pytest.raises(Conflict, match="name-of-a-person"):
        staff.add_token("sys:x", name)
    with pytest.raises(Conflict, match="name-of-a-person"):
        staff.add_token("sys:staff.a1", "電子カルテ")


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        pytest.param("correct horse battery\r\n", "correct horse battery", id="a line end in the file"),
        pytest.param(
            normalize("NFD", "がぎぐげござじずぜぞだぢ"), "がぎぐげござじずぜぞだぢ", id="NFD and NFC"
        ),
    ],
)
def test_a_passphrase_is_the_same_however_it_is_encoded(staff: Staff, chosen: str, typed: str) -> None:
    staff.change_passphrase("staff.a1", chosen)
    assert staff.check_passphrase("staff.a1", passphrases.normalised(typed)) is not None


# --- devices --------------------------------------------------------------------------------------------


def test_a_device_is_its_persons_and_expires(staff: Staff, clock: Clock) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    [device] = sign_in(staff).devices
    assert staff.device_of("staff.a1", [device]) is not None
    assert staff.device_of("staff.a2", [device]) is None
    assert staff.device_of("staff.a1", [device + "x"]) is None
    clock.now += DEVICE_DAYS * DAY - 1
    assert staff.device_of("staff.a1", [device]) is not None
    clock.now += 1
    assert staff.device_of("staff.a1", [device]) is None


def test_people_of_one_machine_each_have_a_device(staff: Staff) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    first = sign_in(staff).devices
    both = sign_in(staff, "staff.a2", devices=first).devices
    assert [staff.device_of(actor, both) is not None for actor in ("staff.a1", "staff.a2")] == [True, True]
    again = sign_in(staff, "staff.a1", devices=both).devices
    assert len(again) == 2
    assert staff.device_of("staff.a1", both) is None, "a device is replaced at each sign-in"
    assert [entry.detail for entry in staff.log() if entry.what == "signed-in"] == ["new device"] * 2 + [""]


def test_devices_of_a_person_are_bounded(staff: Staff, clock: Clock, tmp_path: Path) -> None:
    checked = staff.check_passphrase("staff.a1", PASSPHRASE.encode())
    assert checked is not None
    for _ in range(DEVICES_OF_A_PERSON + 5):
        clock.now += 1
        assert staff.begin_session("staff.a1", checked) is not None
    with closing(sqlite3.connect(tmp_path / "staff.db")) as db:
        assert db.execute("SELECT count(*) FROM devices").fetchone() == (DEVICES_OF_A_PERSON,)


def test_an_invitation_is_a_device_for_a_day_and_for_one_sign_in(staff: Staff, clock: Clock) -> None:
    late, used = staff.invite_device("staff.a1"), staff.invite_device("staff.a1")
    assert staff.device_of("staff.a1", [used]) is not None
    assert sign_in(staff, devices=[used]) is not None
    assert staff.device_of("staff.a1", [used]) is None
    clock.now += DAY
    assert staff.device_of("staff.a1", [late]) is None


# --- tokens ---------------------------------------------------------------------------------------------


def test_a_token_has_name_age_last_use_and_an_end(staff: Staff, clock: Clock) -> None:
    token = staff.add_token("sys:emr", "電子カルテ", days=30, responsible="staff.a1")
    [info] = staff.tokens()
    assert (info.actor, info.name, info.responsible, info.used_at) == (
        "sys:emr",
        "電子カルテ",
        "staff.a1",
        None,
    )
    clock.now += 3 * DAY
    person = staff.person_of_token(token)
    assert person is not None
    assert (person.actor, person.is_system) == ("sys:emr", True)
    [info] = staff.tokens()
    assert info.used_at is not None
    assert (info.used_at.timestamp(), info.age_days, info.expired) == (clock.now, 3, False)
    clock.now += 27 * DAY
    with pytest.raises(Untrusted, match="token-expired"):
        staff.person_of_token(token)
    assert staff.person_of_token(token + "x") is None
    assert staff.tokens()[0].expired
    assert acts(staff).count(("sys:emr", "token-first-used", "sys:emr")) == 1


def test_a_revoked_token_ends_in_a_running_door_and_the_log_keeps_its_last_use(
    staff: Staff, other: Staff
) -> None:
    token = staff.add_token("sys:emr", "電子カルテ")
    assert staff.person_of_token(token) is not None
    other.revoke_token(other.tokens()[0].id, by="cli:root")
    assert staff.person_of_token(token) is None
    assert staff.tokens() == []
    assert "last used 2027-01-15" in staff.log()[-1].detail


# --- the log --------------------------------------------------------------------------------------------


def test_what_was_stopped_of_a_protected_address_is_in_the_log_without_the_address(staff: Staff) -> None:
    case = UUID(int=7)
    staff.log_address("staff.a1", "address-stopped", case, "disclosure.made")
    staff.log_address("staff.a1", "address-sent", case, "disclosure.made")
    staff.add_token("sys:emr", "電子カルテ")
    entries = [(e.by, e.what, e.about, e.detail) for e in staff.address_log()]
    assert entries == [
        ("staff.a1", "address-sent", str(case), "disclosure.made"),
        ("staff.a1", "address-stopped", str(case), "disclosure.made"),
    ]
    assert len(staff.log()) == len(entries) + 2  # a person was added, and a token


def test_the_log_can_only_be_appended_to(staff: Staff, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "staff.db")) as db:
        for statement in ("UPDATE log SET by='nobody'", "DELETE FROM log"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE log SET about='staff.b' WHERE n=2",
        "DELETE FROM log WHERE n=2",
        "INSERT INTO log SELECT 9, at, by, what, about, detail, previous, hash FROM log WHERE n=2",
    ],
)
def test_an_entry_that_was_changed_removed_or_added_is_noticed(
    staff: Staff, tmp_path: Path, change: str
) -> None:
    staff.add("staff.a2", "職員B", PASSPHRASE)
    staff.add_token("sys:emr", "電子カルテ")
    assert len(staff.log()) == 3
    with closing(sqlite3.connect(tmp_path / "staff.db", isolation_level=None)) as db:
        db.execute("DROP TRIGGER log_is_not_changed")
        db.execute("DROP TRIGGER log_is_not_removed")
        db.execute(change)
    with pytest.raises(InvariantViolation, match="staff-log-broken"):
        staff.log()


def test_failed_sign_ins_are_logged_as_one_number_and_unknown_names_not_at_all(
    staff: Staff, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passphrases, "verifies", lambda passphrase, salt, stored: False)
    for n in range(50):
        assert staff.check_passphrase("staff.a1", b"wrong") is None
        assert staff.check_passphrase(f"nobody.{n}", b"wrong") is None
    assert acts(staff) == [("cli:root", "person-added", "staff.a1")]
    clock.now += staff_module.FAILURES_LOGGED_EVERY_SECONDS
    assert staff.check_passphrase("staff.a1", b"wrong") is None
    failures = [(e.about, e.detail) for e in staff.log() if e.what == "sign-ins-failed"]
    assert failures == [("", "50"), ("staff.a1", "51")]


def test_secrets_of_the_staff_are_not_stored_in_clear(tmp_path: Path, staff: Staff) -> None:
    token = staff.add_token("sys:mch", "システム")
    signed_in = sign_in(staff)
    files = b"".join(path.read_bytes() for path in tmp_path.glob("staff.db*"))
    assert b"sys:mch" in files
    for secret in (PASSPHRASE, token, signed_in.session, *signed_in.devices, staff.invite_device("staff.a1")):
        assert secret.encode() not in files
    assert [path.stat().st_mode & 0o077 for path in tmp_path.glob("staff.db*")] == [0] * 3


# --- files of the first version ---------------------------------------------------------------------------

FIRST_VERSION = """
CREATE TABLE staff(actor TEXT PRIMARY KEY, name TEXT NOT NULL, salt BLOB, hash BLOB);
CREATE TABLE tokens(hash BLOB PRIMARY KEY, actor TEXT NOT NULL);
CREATE TABLE sessions(hash BLOB PRIMARY KEY, actor TEXT NOT NULL, began REAL NOT NULL, seen REAL NOT NULL);
CREATE TABLE failures(actor TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL);
"""


def test_a_file_of_the_first_version_keeps_its_people_and_ends_tokens_in_a_persons_name(
    tmp_path: Path, clock: Clock
) -> None:
    path, salt = tmp_path / "staff.db", bytes(range(16))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(FIRST_VERSION)
        hashed = passphrases.scrypt_hash(PASSPHRASE.encode(), salt)
        db.execute("INSERT INTO staff VALUES ('staff.a1','職員A',?,?)", (salt, hashed))
        db.execute(
            "INSERT INTO staff VALUES ('sys.1','電子カルテ',NULL,NULL), ('sys:2','母子保健',NULL,NULL)"
        )
        for token, actor in (("one", "sys.1"), ("two", "sys:2"), ("three", "staff.a1")):
            db.execute("INSERT INTO tokens VALUES (?,?)", (staff_module._digest(token), actor))
    for _ in range(2):
        with closing(Staff(path, clock)) as staff:
            assert staff.people() == {"staff.a1": "職員A"}
            assert sign_in(staff) is not None
            person = staff.person_of_token("two")
            assert person is not None
            assert person.actor == "sys:2"
            for token in ("one", "three"):
                with pytest.raises(Untrusted, match="token-of-a-person"):
                    staff.person_of_token(token)
            assert acts(staff)[:3].count(("upgrade", "token-revoked", "sys.1")) == 1


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "staff.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(InvariantViolation, match="staff-store-version"):
        Staff(path)


# --- the command line -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    about = {"id": "00000000-0000-4000-8000-000000000001", "code": "AZ-CORE", "custody": "OWN_DEVICE"}
    (tmp_path / "agency.json").write_text(json.dumps(about))
    secret = tmp_path / "passphrase-of-the-person"
    secret.write_text(PASSPHRASE + "\n")
    secret.chmod(0o600)
    return tmp_path


def run(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["agency", *words[:2], "--folder", str(folder), *words[2:]])
    if done.exception is not None:
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_staff_and_tokens_are_managed_without_the_passphrase_of_the_keys(folder: Path) -> None:
    secret = ["--passphrase-file", str(folder / "passphrase-of-the-person")]
    run(folder, "staff", "add", "--actor", "staff.a1", "--name", "職員A", "--role", "manager", *secret)
    run(folder, "staff", "roles", "--actor", "staff.a1", "--role", "CASE_WORKER", "--role", "AUDIT")
    run(folder, "staff", "passphrase", "--actor", "staff.a1", *secret)
    token = run(
        folder, "token", "add", "--actor", "sys:emr", "--name", "電子カルテ", "--responsible", "staff.a1"
    ).split()[-1]
    with closing(Staff(folder / "staff.db")) as door:
        assert door.person_of_token(token) is not None
        assert json.loads(run(folder, "staff", "list", "--json")) == [
            {"actor": "staff.a1", "name": "職員A", "roles": ["AUDIT", "CASE_WORKER"]}
        ]
        assert "職員A" in run(folder, "staff", "list")
        [info] = json.loads(run(folder, "token", "list", "--json"))
        assert (info["actor"], info["expired"]) == ("sys:emr", False)
        assert "sys:emr" in run(folder, "token", "list")
        run(folder, "token", "revoke", "--id", info["id"])
        assert door.person_of_token(token) is None
        invitation = run(folder, "staff", "device", "--actor", "staff.a1").split("invitation=")[1].strip()
        assert door.device_of("staff.a1", [invitation]) is not None
        run(folder, "staff", "remove", "--actor", "staff.a1")
        assert door.people() == {}
        door.add("staff.b2", "職員B", PASSPHRASE, roles=[StaffRole.ADMINISTRATOR])
        with pytest.raises(Conflict, match="last-administrator"):
            run(folder, "staff", "remove", "--actor", "staff.b2")
        assert set(door.people()) == {"staff.b2"}
    entries = json.loads(run(folder, "staff", "log", "--json"))
    assert [entry["what"] for entry in entries] == [
        "person-added",
        "roles-changed",
        "roles-changed",
        "passphrase-changed",
        "token-issued",
        "token-first-used",
        "token-revoked",
        "device-invited",
        "person-removed",
        "person-added",
        "roles-changed",
    ]
    assert entries[0]["by"].startswith("cli:")
    assert "職員を登録" in run(folder, "staff", "log")
    assert len(json.loads(run(folder, "staff", "log", "--json", "--last", "2"))) == 2
