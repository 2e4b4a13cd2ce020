"""The keystore file and where passphrases come from."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from domain.errors import Malformed, NotFound, Unavailable, Untrusted
from keys import keystore, sealing
from keys.keystore import (
    PROFILE_COST,
    REHEARSAL_COST,
    Cost,
    add_passphrase,
    change_passphrase,
    open_keystore,
    open_with_data_key,
    passphrases_of,
    remove_passphrase,
    seal_keystore,
    unlock_keystore,
    unseal_keystore,
    write_keystore,
)
from keys.lp import lp
from keys.passphrase import read_passphrase

SECRETS = {"sig": b"\1" * 64, "kem": b"\2" * 32, "vk/1": b"\3" * 32}
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
VECTORS = Path(__file__).parents[1] / "vectors" / "keys"


def file_of(cost, *, label=b"", count=1):
    """A file of this cost that nothing opens."""
    slot = (
        len(label).to_bytes(1, "big") + label + cost.encode() + bytes(16) + bytes(keystore.SEALED_KEY_BYTES)
    )
    return keystore.MAGIC + count.to_bytes(1, "big") + slot * count + bytes(328)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "agency.keystore"


def test_a_keystore_of_the_profiles_cost_opens_with_its_passphrase(path):
    write_keystore(path, SECRETS, "とても長いひみつの言葉です")
    assert open_keystore(path, "とても長いひみつの言葉です") == SECRETS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]
    assert Cost(262_144, 3, 4) == PROFILE_COST


def test_a_keystore_is_replaced_atomically(refuses, path, monkeypatch):
    write_keystore(path, SECRETS, "one", CHEAP)
    monkeypatch.setattr(os, "replace", _full)
    with refuses(Unavailable, "keystore-not-written"):
        write_keystore(path, {}, "two", CHEAP)
    monkeypatch.undo()
    assert os.listdir(path.parent) == [path.name]
    assert open_keystore(path, "one", rehearsal=True) == SECRETS
    write_keystore(path, {}, "two", CHEAP)
    assert open_keystore(path, "two", rehearsal=True) == {}


def _full(*_):
    raise OSError("disk full")


def test_text_and_bytes_of_a_passphrase_and_its_two_unicode_forms_are_one(path):
    write_keystore(path, SECRETS, "がぎ", CHEAP)
    assert open_keystore(path, "か\u3099き\u3099", rehearsal=True) == SECRETS
    assert open_keystore(path, "がぎ".encode(), rehearsal=True) == SECRETS


def test_attack_wrong_passphrase_is_refused(refuses, path):
    write_keystore(path, SECRETS, "right", CHEAP)
    with refuses(Untrusted, "keystore-passphrase"):
        open_keystore(path, "wrong", rehearsal=True)


@pytest.mark.parametrize(
    "cost",
    [REHEARSAL_COST, Cost(262_143, 3, 4), Cost(262_144, 2, 4), Cost(262_144, 3, 3)],
    ids=["rehearsal", "memory", "passes", "lanes"],
)
def test_attack_keystore_that_is_cheap_to_guess_is_refused_outside_rehearsal(refuses, path, cost):
    path.write_bytes(file_of(cost))
    path.chmod(0o600)
    with refuses(Untrusted, "keystore-cost-floor"):
        open_keystore(path, "any")


@pytest.mark.parametrize(
    "cost",
    [
        Cost(1 << 21, 3, 4),
        Cost(262_144, 17, 4),
        Cost(262_144, 3, 17),
        Cost(8, 0, 1),
        Cost(8, 1, 0),
        Cost(15, 1, 2),
    ],
    ids=["memory", "passes", "lanes", "no passes", "no lanes", "too little memory"],
)
def test_attack_keystore_that_exhausts_the_machine_is_refused(refuses, cost):
    with refuses(Malformed, "keystore-cost"):
        unseal_keystore(file_of(cost), "any", rehearsal=True)


def test_too_little_memory_for_argon2id_is_reported_as_unavailable(refuses, monkeypatch):
    def short(**_):
        raise MemoryError

    monkeypatch.setattr("keys.keystore.Argon2id", short)
    with refuses(Unavailable, "keystore-memory"):
        seal_keystore({}, "x", CHEAP)


def test_attack_keystore_readable_by_others_is_refused(refuses, path):
    write_keystore(path, SECRETS, "x", CHEAP)
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        with refuses(Untrusted, "keystore-mode"):
            open_keystore(path, "x", rehearsal=True)


def test_attack_keystore_of_another_user_is_refused(refuses, path, monkeypatch):
    write_keystore(path, SECRETS, "x", CHEAP)
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    if path.stat().st_uid == 0:
        os.chown(path, 54_321, -1)
    with refuses(Untrusted, "keystore-owner"):
        open_keystore(path, "x", rehearsal=True)


def test_attack_keystore_that_is_a_link_or_a_pipe_is_refused(refuses, path):
    write_keystore(path, SECRETS, "x", CHEAP)
    link, pipe = path.with_name("link"), path.with_name("pipe")
    link.symlink_to(path)
    os.mkfifo(pipe, 0o600)
    with refuses(Unavailable, "keystore-not-read"):
        open_keystore(link, "x", rehearsal=True)
    with refuses(Untrusted, "keystore-not-a-file"):
        open_keystore(pipe, "x", rehearsal=True)


def test_a_missing_keystore_is_reported_as_not_found(refuses, path):
    with refuses(NotFound, "keystore-not-found"):
        open_keystore(path, "x")
    with refuses(Unavailable, "keystore-not-written"):
        write_keystore(path.with_name("no") / "x", {}, "x", CHEAP)


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b"", "keystore-truncated", id="nothing"),
        pytest.param(b"KHK3" + bytes(400), "keystore-magic", id="another form"),
        pytest.param(file_of(CHEAP, count=0), "keystore-slot-count", id="no passphrase"),
        pytest.param(file_of(CHEAP, count=9), "keystore-slot-count", id="nine passphrases"),
        pytest.param(file_of(CHEAP, label=b"\xff"), "keystore-label", id="a label that is no text"),
        pytest.param(file_of(CHEAP, label=b"a\n"), "keystore-label", id="a label of two lines"),
        pytest.param(file_of(CHEAP, label=b"a" * 61), "keystore-label", id="a long label"),
        pytest.param(bytes(1024 * 1024 + 1), "keystore-size", id="too long"),
    ],
)
def test_a_keystore_of_another_form_is_refused(refuses, data, error_code):
    with refuses(Malformed, error_code):
        unseal_keystore(data, "x", rehearsal=True)


@pytest.mark.parametrize(("text", "error_code"), [(b"[]", "keystore-form"), (b'{"a":"A0"}', "hex-form")])
def test_a_keystore_whose_content_is_no_object_of_hex_is_malformed(refuses, path, text, error_code):
    opened = write_keystore(path, {}, "x", CHEAP)
    header = path.read_bytes()[: -len(sealing.seal(bytes(32), b"", sealing.pad(b"{}")))]
    data = header + sealing.seal(opened.data_key, lp("kh/keystore/v2", header), sealing.pad(text))
    with refuses(Malformed, error_code):
        unseal_keystore(data, "x", rehearsal=True)


# --- passphrases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", ["eleven char", "十一文字のことばですよ", b"eleven char"])
def test_a_real_keystore_takes_no_passphrase_below_12_characters(refuses, path, passphrase):
    with refuses(Malformed, "short-passphrase"):
        write_keystore(path, SECRETS, passphrase)
    assert not path.exists()
    write_keystore(path, SECRETS, passphrase, CHEAP)
    with refuses(Untrusted, "keystore-cost-floor"):
        add_passphrase(path, passphrase, "another passphrase", "")


def test_each_passphrase_opens_the_keystore_and_a_rewritten_one(path):
    opened = write_keystore(path, SECRETS, "one", CHEAP)
    add_passphrase(path, "one", "two", "金庫の封筒", rehearsal=True)
    assert [slot.label for slot in passphrases_of(path)] == ["", "金庫の封筒"]
    opened.replace({"vk/2": b"\4" * 32})  # by the data key alone, which knows nothing of the new passphrase
    for passphrase in ("one", "two"):
        assert open_keystore(path, passphrase, rehearsal=True) == {"vk/2": b"\4" * 32}
    assert opened.secrets == open_with_data_key(path, opened.data_key).secrets == {"vk/2": b"\4" * 32}


def test_what_was_removed_from_a_keystore_is_not_in_the_new_file(path):
    opened = write_keystore(path, SECRETS, "one", CHEAP)
    header_bytes = len(path.read_bytes()) - len(sealing.seal(bytes(32), b"", sealing.pad(b"x" * 300)))
    opened.replace({k: v for k, v in SECRETS.items() if k != "vk/1"})
    data = path.read_bytes()
    body = sealing.open_sealed(
        opened.data_key, lp("kh/keystore/v2", data[:header_bytes]), data[header_bytes:]
    )
    assert SECRETS["sig"].hex().encode() in body
    assert SECRETS["vk/1"].hex().encode() not in body
    assert "vk/1" not in open_keystore(path, "one", rehearsal=True)


def test_a_changed_passphrase_gives_the_file_another_data_key_where_it_is_the_only_one(refuses, path):
    old = write_keystore(path, SECRETS, "one", CHEAP)
    assert change_passphrase(path, "one", "two", rehearsal=True)
    with refuses(Untrusted, "keystore-passphrase"):
        open_keystore(path, "one", rehearsal=True)
    with refuses(Untrusted, "keystore-changed"):
        old.reload()
    before = path.read_bytes()
    with refuses(Untrusted, "keystore-changed"):
        old.replace({})
    assert path.read_bytes() == before
    add_passphrase(path, "two", "three", "", rehearsal=True)
    held = unlock_keystore(path, "three", rehearsal=True)
    assert not change_passphrase(path, "two", "four", rehearsal=True)
    assert held.reload() == open_keystore(path, "four", rehearsal=True) == SECRETS


def test_a_removed_passphrase_does_not_open_and_the_last_one_stays(refuses, path):
    write_keystore(path, SECRETS, "one", CHEAP)
    for number in range(2, 9):
        add_passphrase(path, "one", f"word {number}", str(number), rehearsal=True)
    with refuses(Malformed, "keystore-slots-full"):
        add_passphrase(path, "one", "word 9", "9", rehearsal=True)
    with refuses(NotFound, "keystore-slot-not-found"):
        remove_passphrase(path, "one", 9, rehearsal=True)
    assert not remove_passphrase(path, "word 8", 1, rehearsal=True)
    with refuses(Untrusted, "keystore-passphrase"):
        open_keystore(path, "one", rehearsal=True)
    for _ in range(5):
        assert not remove_passphrase(path, "word 8", 1, rehearsal=True)
    old = unlock_keystore(path, "word 7", rehearsal=True)
    assert remove_passphrase(path, "word 8", 1, rehearsal=True)
    with refuses(Untrusted, "keystore-changed"):
        old.reload()
    with refuses(Malformed, "keystore-last-passphrase"):
        remove_passphrase(path, "word 8", 1, rehearsal=True)
    with refuses(Malformed, "keystore-label"):
        add_passphrase(path, "word 8", "more", "a" * 61, rehearsal=True)
    assert open_keystore(path, "word 8", rehearsal=True) == SECRETS


def test_attack_a_moved_or_changed_passphrase_of_a_keystore_is_refused(refuses, path):
    """Who can write the file but has no passphrase can't take a passphrase out, or put one of another file in."""
    write_keystore(path, SECRETS, "one", CHEAP)
    add_passphrase(path, "one", "two", "", rehearsal=True)
    data = path.read_bytes()
    slot = 1 + 12 + 16 + keystore.SEALED_KEY_BYTES
    without = keystore.MAGIC + b"\x01" + data[5 : 5 + slot] + data[5 + 2 * slot :]
    swapped = data[:5] + data[5 + slot : 5 + 2 * slot] + data[5 : 5 + slot] + data[5 + 2 * slot :]
    for changed in (without, swapped):
        with refuses(Untrusted, "keystore-passphrase"):
            unseal_keystore(changed, "one", rehearsal=True)


def test_a_keystore_of_the_first_form_is_read_and_rewritten_and_gets_the_second_with_a_second_passphrase(
    path,
):
    golden = json.loads((VECTORS / "keystore.json").read_text(encoding="utf-8"))
    path.write_bytes(bytes.fromhex(golden["file"]))
    path.chmod(0o600)
    passphrase, secrets = golden["passphrase"], {k: bytes.fromhex(v) for k, v in golden["secrets"].items()}
    opened = unlock_keystore(path, passphrase, rehearsal=True)
    opened.replace({**secrets, "vk/1": b"\3" * 32})
    assert path.read_bytes()[:4] == b"KHK1"
    assert open_keystore(path, passphrase, rehearsal=True) == {**secrets, "vk/1": b"\3" * 32}
    add_passphrase(path, passphrase, "two", "", rehearsal=True)
    assert path.read_bytes()[:4] == b"KHK2"
    for each in (passphrase, "two"):
        assert open_keystore(path, each, rehearsal=True) == {**secrets, "vk/1": b"\3" * 32}


def test_an_opened_keystore_shows_names_only(path):
    opened = write_keystore(path, SECRETS, "one", CHEAP)
    assert repr(opened) == "<Keystore agency.keystore: kem, sig, vk/1>"


def test_a_keystore_file_contains_no_secret_in_clear(path):
    write_keystore(path, SECRETS, "x", CHEAP)
    data = path.read_bytes()
    assert not [name for name, secret in SECRETS.items() if secret in data or secret.hex().encode() in data]


@pytest.mark.parametrize("passphrase", ["", b"", "x" * 1025], ids=["empty", "no bytes", "too long"])
def test_a_passphrase_has_1_to_1024_bytes(refuses, passphrase):
    with refuses(Malformed, "passphrase-length"):
        seal_keystore({}, passphrase, CHEAP)


def test_a_passphrase_comes_from_a_prompt_a_descriptor_or_a_credential_file(tmp_path, monkeypatch):
    wanted = "がぎ".encode()
    monkeypatch.setattr("getpass.getpass", lambda prompt: "か\u3099き\u3099")
    assert read_passphrase(prompt="? ") == wanted
    reader, writer = os.pipe()
    os.write(writer, wanted + b"\n")
    os.close(writer)
    assert read_passphrase(fd=reader) == wanted
    file = tmp_path / "credential"
    file.write_bytes(wanted + b"\r\n")
    file.chmod(0o440)
    assert read_passphrase(file=file) == wanted


def test_a_missing_doubled_or_unreadable_passphrase_source_is_refused(refuses, tmp_path):
    for sources in ({}, {"prompt": "?", "fd": 0}):
        with refuses(Malformed, "passphrase-source"):
            read_passphrase(**sources)
    with refuses(NotFound, "passphrase-file-not-found"):
        read_passphrase(file=tmp_path / "no")
    file = tmp_path / "credential"
    file.write_bytes(b"\xff")
    file.chmod(0o600)
    with refuses(Malformed, "passphrase-utf8"):
        read_passphrase(file=file)


def test_attack_credential_file_open_to_others_is_refused(refuses, tmp_path):
    file = tmp_path / "credential"
    file.write_bytes(b"x")
    file.chmod(0o644)
    with refuses(Untrusted, "passphrase-file-mode"):
        read_passphrase(file=file)
