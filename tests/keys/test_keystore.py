"""The keystore file and where passphrases come from."""

from __future__ import annotations

import os
import stat

import pytest

from domain.errors import Malformed, NotFound, Unavailable, Untrusted
from keys import keystore, sealing
from keys.keystore import (
    PROFILE_COST,
    REHEARSAL_COST,
    Cost,
    open_keystore,
    read_passphrase,
    seal_keystore,
    unseal_keystore,
    write_keystore,
)
from keys.lp import lp

SECRETS = {"sig": b"\1" * 64, "kem": b"\2" * 32, "vk/1": b"\3" * 32}
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "agency.keystore"


def test_a_keystore_of_the_profiles_cost_opens_with_its_passphrase(path):
    write_keystore(path, SECRETS, "ひみつの言葉")
    assert open_keystore(path, "ひみつの言葉") == SECRETS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [path.name]
    assert Cost(262_144, 3, 4) == PROFILE_COST


def test_a_keystore_is_written_over_whole_or_not_at_all(refuses, path, monkeypatch):
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
    data = keystore.MAGIC + cost.encode() + bytes(16) + bytes(328)
    path.write_bytes(data)
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
        unseal_keystore(keystore.MAGIC + cost.encode() + bytes(16 + 328), "any", rehearsal=True)


def test_a_machine_short_of_memory_is_told_as_such(refuses, monkeypatch):
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


def test_a_keystore_that_is_not_there_is_named_as_such(refuses, path):
    with refuses(NotFound, "keystore-not-found"):
        open_keystore(path, "x")
    with refuses(Unavailable, "keystore-not-written"):
        write_keystore(path.with_name("no") / "x", {}, "x", CHEAP)


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        pytest.param(b"", "keystore-truncated", id="nothing"),
        pytest.param(b"KHK2" + bytes(400), "keystore-magic", id="another form"),
        pytest.param(bytes(1024 * 1024 + 1), "keystore-size", id="too long"),
    ],
)
def test_a_keystore_of_another_form_is_refused(refuses, data, error_code):
    with refuses(Malformed, error_code):
        unseal_keystore(data, "x", rehearsal=True)


@pytest.mark.parametrize(("text", "error_code"), [(b"[]", "keystore-form"), (b'{"a":"A0"}', "hex-form")])
def test_a_keystore_that_holds_something_else_is_refused(refuses, text, error_code):
    header = seal_keystore({}, "x", CHEAP)[:32]
    key = keystore._derive_key(b"x", header, CHEAP)
    data = header + sealing.seal(key, lp("kh/keystore/v1", header), sealing.pad(text))
    with refuses(Malformed, error_code):
        unseal_keystore(data, "x", rehearsal=True)


def test_no_secret_stands_in_the_file(path):
    write_keystore(path, SECRETS, "x", CHEAP)
    data = path.read_bytes()
    assert not [name for name, secret in SECRETS.items() if secret in data or secret.hex().encode() in data]


@pytest.mark.parametrize("passphrase", ["", b"", "x" * 1025], ids=["empty", "no bytes", "too long"])
def test_a_passphrase_is_neither_empty_nor_endless(refuses, passphrase):
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


def test_passphrase_sources_that_are_none_are_refused(refuses, tmp_path):
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
