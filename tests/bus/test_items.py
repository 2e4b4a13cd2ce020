"""Items under their digest: stored twice without harm, read back complete, never damaged, orphans removed."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from adapters.bus import ItemDamaged, ItemMissing, ItemStore, ensure_items
from adapters.bus.items import CHUNK_BYTES


def digest(data: bytes) -> bytes:
    return sha256(data).digest()


@pytest.fixture
def items(bus):
    settings = bus.new_stream_settings()
    ensure_items(settings)
    store = ItemStore(settings)
    yield store
    store.close()


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 20 * CHUNK_BYTES + 7])
def test_a_stored_item_is_read_back_unchanged(items, size):
    data = os.urandom(size)
    items.put(digest(data), data)
    items.put(digest(data), data)
    assert items.get(digest(data)) == data


def test_a_missing_item_is_reported_as_missing(items):
    with pytest.raises(ItemMissing):
        items.get(bytes(32))
    items.delete(bytes(32))


def test_an_item_with_a_wrong_digest_is_refused(items):
    with pytest.raises(ValueError):
        items.put(bytes(32), b"something")


def test_a_damaged_item_is_reported(items):
    data = os.urandom(2 * CHUNK_BYTES)
    items.put(digest(data), data)
    items._publish(f"{items._prefix}.C.{digest(data).hex()}.1", b"another")
    with pytest.raises(ItemDamaged):
        items.get(digest(data))


def test_a_deleted_item_is_missing_and_can_be_stored_again(items):
    data = os.urandom(1000)
    items.put(digest(data), data)
    items.delete(digest(data))
    with pytest.raises(ItemMissing):
        items.get(digest(data))
    items.put(digest(data), data)
    assert items.get(digest(data)) == data


def test_orphaned_items_are_deleted_once_they_are_old_enough(items):
    stored, unwanted, broken_off = (os.urandom(n) for n in (1000, 2000, 3000))
    for data in (stored, unwanted):
        items.put(digest(data), data)
    items._publish(f"{items._prefix}.C.{digest(broken_off).hex()}.0", broken_off)
    now = datetime.now(UTC)
    assert items.delete_orphans(now - timedelta(minutes=5)) == 0, "too young"
    assert items.delete_orphans(now + timedelta(minutes=5)) == 1, "the remains of an interrupted put"
    assert items.delete_orphans(now + timedelta(minutes=5), lambda d: d == digest(stored)) == 1
    assert items.get(digest(stored)) == stored
    with pytest.raises(ItemMissing):
        items.get(digest(unwanted))
    with pytest.raises(ValueError):
        items.delete_orphans(datetime.now())  # noqa: DTZ005 what is refused


def test_the_hub_user_may_store_and_delete_items(bus):
    store = ItemStore(bus.server.hub_settings())
    try:
        data = os.urandom(100_000)
        store.put(digest(data), data)
        assert store.get(digest(data)) == data
        store.delete(digest(data))
        time.sleep(0)
        assert store.delete_orphans(datetime.now(UTC) + timedelta(minutes=1)) == 0
    finally:
        store.close()
