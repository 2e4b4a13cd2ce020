"""The vault: keys exist before they are needed, and are gone when they were destroyed."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import UUID

import pytest

from domain.errors import InvariantViolation, Malformed, NotFound, Unavailable, Untrusted
from keys.record import FixedKeys, build_record, list_parts, open_record
from keys.vault import KeystoreCustody, Vault

CASE = UUID("11111111-1111-4111-8111-111111111111")
OTHER = UUID("22222222-2222-4222-8222-222222222222")
ONE, TWO = b"\1" * 32, b"\2" * 32
CUSTODY = KeystoreCustody({"vk/1": ONE, "vk/2": TWO, "sig": b"x"})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vault.db"


@pytest.fixture
def vault(path):
    with closing(Vault.open(path, CUSTODY)) as one:
        yield one


def change(path, sql, *values):
    """A change made directly to the file, bypassing the vault."""
    with closing(sqlite3.connect(path)) as file:
        file.execute(sql, values)
        file.commit()


def test_vault_keys_are_created_once_and_survive_reopening(vault, path):
    vault.ensure([(CASE, 1), (CASE, 1)], [(CASE, "control"), (CASE, "BASIC")])
    keys = [vault.ck(CASE, 1), vault.sk(CASE, "control"), vault.sk(CASE, "BASIC")]
    assert len({*keys}) == 3
    vault.ensure([(CASE, 1), (OTHER, 1)])
    assert vault.ck(CASE, 1) == keys[0]
    vault.close()
    with closing(Vault.open(path, CUSTODY)) as repeated:
        assert [repeated.ck(CASE, 1), repeated.sk(CASE, "control"), repeated.sk(CASE, "BASIC")] == keys
        assert repeated.check() == 4


def test_two_vaults_on_one_file_keep_the_key_created_first(vault, path):
    with closing(Vault.open(path, CUSTODY)) as second:
        second.ensure([(CASE, 1)])
        vault.ensure([(CASE, 1)])
        assert vault.ck(CASE, 1) == second.ck(CASE, 1)


def test_concurrent_threads_get_the_same_key(vault):
    def one(n):
        vault.ensure([(CASE, n % 3 + 1)], [(CASE, "BASIC")])
        return n % 3, vault.ck(CASE, n % 3 + 1), vault.sk(CASE, "BASIC")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(60)))) == 3


def test_the_vault_gives_a_record_its_keys(vault, world):
    vault.ensure([(CASE, 1)], [(CASE, "control")])
    state = build_record(
        hub=world.hub,
        originator=CASE,
        version=1,
        epoch=1,
        keys=vault,
        body_json=b"{}",
        audit=world.audit_kem.public,
        scope=CASE,
    )
    ck = vault.ck(CASE, list_parts(state).epoch)
    assert open_record(ck=ck, hub=world.hub, originator=CASE, version=1, state=state).body_json == b"{}"
    assert ck == FixedKeys({(CASE, 1): ck}).ck(CASE, 1)


def test_a_destroyed_key_and_a_key_never_created_have_different_error_codes(refuses, vault):
    vault.ensure([(CASE, 1)], [(CASE, "BASIC")])
    with refuses(NotFound, "key-never-existed"):
        vault.sk(CASE, "RISK")
    vault.shred(CASE, ["BASIC"], next_vk=TWO)
    with refuses(NotFound, "key-gone"):
        vault.sk(CASE, "BASIC")
    assert [vault.status_sk(CASE, "BASIC"), vault.status_sk(CASE, "RISK")] == ["gone", "never"]
    assert [vault.status_ck(CASE, 1), vault.status_ck(CASE, 2)] == ["here", "never"]


def test_shredding_a_class_leaves_the_others_under_a_new_vault_key(vault, path):
    vault.ensure([(CASE, 1), (OTHER, 1)], [(CASE, "BASIC"), (CASE, "control"), (OTHER, "BASIC")])
    storage = [vault.ck(CASE, 1), vault.sk(CASE, "control"), vault.sk(OTHER, "BASIC")]
    done = vault.shred(CASE, ["BASIC"], originators=[CASE], next_vk=TWO)
    assert (done.generation, done.removed, vault.generation) == (2, 1, 2)
    vault.close()
    with closing(Vault.open(path, KeystoreCustody({"vk/2": TWO}))) as repeated:
        assert [repeated.ck(CASE, 1), repeated.sk(CASE, "control"), repeated.sk(OTHER, "BASIC")] == storage
        assert repeated.check() == 4
        assert repeated.generation == 2


def test_another_process_takes_over_the_vault_key_with_which_one_has_shredded(vault, path):
    vault.ensure([], [(CASE, "BASIC"), (OTHER, "BASIC")])
    with closing(Vault.open(path, CUSTODY)) as second:
        assert second.generation == 1
        vault.shred(CASE, ["BASIC"], next_vk=TWO)
        assert second.sk(OTHER, "BASIC") == vault.sk(OTHER, "BASIC")
        assert second.generation == 2
        assert second.status_sk(CASE, "BASIC") == "gone"


def test_forgotten_keys_are_opened_again_and_a_key_destroyed_elsewhere_is_gone(vault, path):
    vault.ensure([], [(CASE, "BASIC"), (OTHER, "BASIC")])
    with closing(Vault.open(path, CUSTODY)) as second:
        kept = second.sk(OTHER, "BASIC")
        assert second.status_sk(CASE, "BASIC") == "here"
        vault.shred(CASE, ["BASIC"], next_vk=TWO)
        second.forget()
        assert second.status_sk(CASE, "BASIC") == "gone"
        assert second.sk(OTHER, "BASIC") == kept


def test_shredding_control_takes_the_control_keys_of_all_epochs(vault):
    vault.ensure([(CASE, 1), (CASE, 2), (OTHER, 1)], [(CASE, "BASIC"), (CASE, "control")])
    assert vault.shred(CASE, ["control"], originators=[CASE], next_vk=TWO).removed == 3
    assert [vault.status_ck(CASE, 1), vault.status_ck(CASE, 2)] == ["gone", "gone"]
    assert [vault.status_ck(OTHER, 1), vault.status_sk(CASE, "BASIC")] == ["here", "here"]


def test_leaf_tags_of_destroyed_records_are_stored_when_their_keys_are_removed(vault, path):
    vault.ensure([(CASE, 1)], [(CASE, "control")])
    storage = [(CASE, 1, b"t" * 16), (CASE, 2, b"u" * 16)]
    vault.shred(CASE, ["control"], originators=[CASE], tags=storage, next_vk=TWO)
    assert [vault.tag(CASE, n) for n in (1, 2, 3)] == [b"t" * 16, b"u" * 16, None]
    with closing(Vault.open(path, KeystoreCustody({"vk/2": TWO}))) as repeated:
        assert repeated.tag(CASE, 2) == b"u" * 16


def test_attack_destroyed_key_is_made_again_under_its_name(refuses, vault):
    vault.ensure([], [(CASE, "BASIC")])
    vault.shred(CASE, ["BASIC"], next_vk=TWO)
    with refuses(NotFound, "key-destroyed"):
        vault.ensure([(CASE, 1)], [(CASE, "BASIC")])
    assert vault.status_ck(CASE, 1) == "never", "all or none"


def test_attack_old_copy_of_the_vault_does_not_open_without_the_destroyed_vault_key(refuses, vault, path):
    vault.ensure([], [(CASE, "BASIC")])
    vault.close()
    copy = path.with_name("copy.db")
    shutil.copy2(path, copy)
    with closing(Vault.open(path, CUSTODY)) as repeated:
        repeated.shred(CASE, ["BASIC"], next_vk=TWO)
    with refuses(Unavailable, "vault-key-missing"):
        Vault.open(copy, KeystoreCustody({"vk/2": TWO}))
    change(copy, "UPDATE meta SET generation = 2")
    with refuses(Untrusted, "vault-wrong-key"):
        Vault.open(copy, KeystoreCustody({"vk/2": TWO}))


def test_attack_rows_of_an_old_vault_put_back_after_shredding_do_not_open(refuses, vault, path):
    vault.ensure([], [(CASE, "BASIC"), (CASE, "RISK")])
    with closing(sqlite3.connect(path)) as file:
        row = file.execute("SELECT * FROM entry WHERE class = 'BASIC'").fetchone()
    vault.shred(CASE, ["BASIC"], next_vk=TWO)
    vault.close()
    change(path, "INSERT INTO entry VALUES (?, ?, ?, ?, ?)", *row)
    with closing(Vault.open(path, KeystoreCustody({"vk/2": TWO}))) as repeated:
        with refuses(InvariantViolation, "vault-other-generation"):
            repeated.sk(CASE, "BASIC")
        change(path, "UPDATE entry SET generation = 2")
        with refuses(Untrusted, "vault-entry"):
            repeated.sk(CASE, "BASIC")
        with refuses(Untrusted, "vault-entry"):
            repeated.check()


def test_attack_vault_rows_swapped_or_changed_do_not_open(refuses, vault, path):
    vault.ensure([(CASE, 1), (OTHER, 1)], [(CASE, "BASIC")])
    vault.close()
    change(path, "UPDATE entry SET scope = ? WHERE kind = 'ck' AND scope = ?", b"\3" * 16, OTHER.bytes)
    change(path, "UPDATE entry SET sealed = zeroblob(104) WHERE kind = 'sk'")
    with closing(Vault.open(path, CUSTODY)) as repeated:
        repeated.ck(CASE, 1)
        for probe in (
            lambda: repeated.ck(UUID(bytes=b"\3" * 16), 1),
            lambda: repeated.sk(CASE, "BASIC"),
            repeated.check,
        ):
            with refuses(Untrusted, "vault-entry"):
                probe()


def test_attack_vault_under_the_key_of_another_vault_is_refused(refuses, vault, path):
    with refuses(Untrusted, "vault-wrong-key"):
        Vault.open(path, KeystoreCustody({"vk/1": TWO}))


def test_attack_vault_file_open_to_others_is_refused(refuses, vault, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_name("vault.db-wal").stat().st_mode) == 0o600
    path.chmod(0o640)
    with refuses(Untrusted, "vault-mode"):
        Vault.open(path, CUSTODY)


def test_neither_the_vault_file_nor_a_repr_contains_a_key(vault, path):
    vault.ensure([(CASE, 1)])
    key = vault.ck(CASE, 1)
    vault.close()
    assert key not in path.read_bytes()
    assert repr(vault) == "<Vault generation 1>"
    assert repr(CUSTODY) == "<KeystoreCustody of 2 keys>"


def test_every_vault_write_is_synced(vault):
    [mode] = vault._connection.execute("PRAGMA synchronous").fetchone()
    [journal] = vault._connection.execute("PRAGMA journal_mode").fetchone()
    assert (mode, journal) == (2, "wal")


def test_the_cache_of_opened_keys_is_bounded(vault, monkeypatch):
    monkeypatch.setattr("keys.vault._CACHE_LIMIT", 2)
    vault.ensure([(CASE, n) for n in (1, 2)])
    first = vault.ck(CASE, 1)
    vault.ensure([(CASE, 3)])
    assert len(vault._opened_keys) == 1
    assert vault.ck(CASE, 1) == first


def test_shredding_nothing_or_without_a_fresh_key_changes_nothing(refuses, vault):
    vault.ensure([(CASE, 1)])
    with refuses(NotFound, "nothing-to-shred"):
        vault.shred(CASE, ["BASIC"], next_vk=TWO)
    for key in (ONE, bytes(31)):
        with refuses(Malformed, "vault-next-key"):
            vault.shred(CASE, ["control"], next_vk=key)
    with refuses(Untrusted, "vault-next-key-not-in-custody"):
        vault.shred(CASE, ["control"], next_vk=b"\3" * 32)
    assert vault.generation == 1
    assert vault.check() == 1


def test_nothing_is_shredded_before_the_custody_holds_the_next_key(refuses, path):
    with closing(Vault.open(path, KeystoreCustody({"vk/1": ONE}))) as vault:
        vault.ensure([], [(CASE, "BASIC")])
        with refuses(Unavailable, "vault-key-missing"):
            vault.shred(CASE, ["BASIC"], next_vk=TWO)
        assert vault.status_sk(CASE, "BASIC") == "here"


def test_an_unusable_vault_file_is_reported_as_unavailable_or_broken(refuses, vault, path, tmp_path):
    with refuses(Unavailable, "vault-unavailable"):
        Vault.open(tmp_path / "no" / "vault.db", CUSTODY)
    change(path, "UPDATE meta SET format = 2")
    with refuses(InvariantViolation, "vault-format"):
        Vault.open(path, CUSTODY)
    vault.close()
    with refuses(InvariantViolation, "vault-broken"):
        vault.ensure([(CASE, 9)])
    path.with_name("vault.db").write_bytes(b"no database at all, but long enough to look at" * 100)
    with refuses(InvariantViolation, "vault-broken"):
        Vault.open(path, CUSTODY)


def test_a_failed_vault_write_is_rolled_back_and_can_be_retried(refuses, vault, path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        vault._connection.execute("PRAGMA busy_timeout = 1")
        with refuses(Unavailable, "vault-unavailable"):
            vault.ensure([(CASE, 1)])
        other.execute("ROLLBACK")
    assert vault.status_ck(CASE, 1) == "never"
    vault.ensure([(CASE, 1)])
    assert vault.status_ck(CASE, 1) == "here"


def test_check_detects_a_damaged_vault_file(refuses, vault, path):
    vault.ensure([(CASE, n) for n in range(1, 200)])
    vault.close()
    data = bytearray(path.read_bytes())
    for page in range(4096 * 4, len(data), 4096):
        data[page : page + 64] = b"\xff" * 64
    path.write_bytes(data)
    with closing(Vault.open(path, CUSTODY)) as repeated, pytest.raises(InvariantViolation) as caught:
        repeated.check()
    assert caught.value.error_code in {"vault-integrity", "vault-broken"}
