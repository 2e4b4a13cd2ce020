"""Items and wrapped keys: who can open what, and at which place only."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.errors import Malformed, Untrusted
from domain.events import Kind
from domain.record import About
from keys import sealing
from keys.item import key_commitment, open_item, seal_item
from keys.lp import lp, sha256
from keys.wrapped_key import WRAPPED_KEY_BYTES, open_wrapped_key, seal_wrapped_key

OTHER = UUID("99999999-9999-4999-8999-999999999999")


def item_place(world, **changes):
    place = {
        "hub": world.hub,
        "about": world.about,
        "item": world.item_ids[0],
        "section": "BASIC",
        "schema": "text/v1",
        "keyset": world.keyset,
    }
    return place | changes


def wrapped_key_place(world, **changes):
    place = {
        "hub": world.hub,
        "about": world.about,
        "item": world.item_ids[0],
        "kc": world.sealed[0].kc,
        "keyset": world.keyset,
    }
    return place | changes


def test_each_recipient_opens_its_wrapped_key_and_with_it_the_item(world):
    for to, kem in world.recipients:
        wrapped_key = world.wrapped_keys[world.item_ids[0], to]
        assert len(wrapped_key) == WRAPPED_KEY_BYTES == 1168
        key = open_wrapped_key(kem=kem, wrapped_key=wrapped_key, **wrapped_key_place(world))
        assert key == world.sealed[0].key
        one = world.sealed[0]
        assert open_item(key=key, kc=one.kc, sealed=one.sealed, **item_place(world)) == world.contents[0]


def test_a_sealed_item_shows_digest_size_and_commitment_but_not_its_key(world):
    one = world.sealed[0]
    assert (one.digest, one.size) == (sha256(one.sealed), len(one.sealed))
    assert one.kc == key_commitment(one.key, world.about, world.item_ids[0])
    assert repr(one.key) not in repr(one)
    assert "sealed" not in repr(one)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"hub": bytes(32)}, id="another hub"),
        pytest.param({"section": "RISK"}, id="another section"),
        pytest.param({"schema": "text/v2"}, id="another schema"),
        pytest.param({"keyset": bytes(32)}, id="another key set"),
    ],
)
def test_attack_item_moved_to_another_place_does_not_open(refuses, world, change):
    one = world.sealed[0]
    with refuses(Untrusted, "seal-broken"):
        open_item(key=one.key, kc=one.kc, sealed=one.sealed, **item_place(world, **change))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"about": About(Kind.CASE, OTHER)}, id="another case"),
        pytest.param({"about": About(Kind.AGENCY, UUID(int=0))}, id="another kind"),
        pytest.param({"item": OTHER}, id="another item"),
    ],
)
def test_attack_item_of_another_case_or_name_does_not_match_its_commitment(refuses, world, change):
    one = world.sealed[0]
    place = item_place(world, **change)
    with refuses(Untrusted, "item-key-commitment"):
        open_item(key=one.key, kc=one.kc, sealed=one.sealed, **place)
    with refuses(Untrusted, "seal-broken"):
        kc = key_commitment(one.key, place["about"], place["item"])
        open_item(key=one.key, kc=kc, sealed=one.sealed, **place)


def test_attack_hub_shows_invented_content_under_a_key_of_its_own(refuses, world):
    invented = world.seal(world.item_ids[0], "BASIC", b"invented")
    with refuses(Untrusted, "item-key-commitment"):
        open_item(key=invented.key, kc=world.sealed[0].kc, sealed=invented.sealed, **item_place(world))


def test_attack_one_sealed_text_opens_to_two_texts_for_two_recipients(refuses, world):
    """With a seal that does not commit to its key, one ciphertext opens to two texts under two keys."""
    one = world.sealed[0]
    second_key = bytes(32)
    kc = key_commitment(second_key, world.about, world.item_ids[0])
    with refuses(Untrusted, "seal-broken"):
        open_item(key=second_key, kc=kc, sealed=one.sealed, **item_place(world))


def test_attack_sealed_items_swapped_do_not_open(refuses, world):
    with refuses(Untrusted, "seal-broken"):
        open_item(
            key=world.sealed[0].key,
            kc=world.sealed[0].kc,
            sealed=world.sealed[1].sealed,
            **item_place(world),
        )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"hub": bytes(32)}, id="another hub"),
        pytest.param({"about": About(Kind.CASE, OTHER)}, id="another case"),
        pytest.param({"item": OTHER}, id="another item"),
        pytest.param({"kc": bytes(32)}, id="another commitment"),
        pytest.param({"keyset": bytes(32)}, id="another key set"),
    ],
)
def test_attack_wrapped_key_moved_to_another_place_does_not_open(refuses, world, change):
    wrapped_key = world.wrapped_keys[world.item_ids[0], world.core]
    with refuses(Untrusted, "wrapped-key-broken"):
        open_wrapped_key(kem=world.core_kem, wrapped_key=wrapped_key, **wrapped_key_place(world, **change))


def test_attack_wrapped_key_of_another_recipient_does_not_open(refuses, world):
    wrapped_key = world.wrapped_keys[world.item_ids[0], world.clinic]
    with refuses(Untrusted, "wrapped-key-broken"):
        open_wrapped_key(kem=world.core_kem, wrapped_key=wrapped_key, **wrapped_key_place(world))


def test_attack_wrapped_key_made_by_a_stranger_around_another_key_is_refused(refuses, world):
    """HPKE base mode does not authenticate the sender: anyone can make a wrapped key. The commitment refuses it."""
    wrapped_key = seal_wrapped_key(to=world.core_kem.public, item_key=bytes(32), **wrapped_key_place(world))
    with refuses(Untrusted, "wrapped-key-commitment"):
        open_wrapped_key(kem=world.core_kem, wrapped_key=wrapped_key, **wrapped_key_place(world))


def test_wrapped_keys_and_keys_of_another_length_are_refused(refuses, world):
    with refuses(Malformed, "wrapped-key-length"):
        open_wrapped_key(kem=world.core_kem, wrapped_key=bytes(1167), **wrapped_key_place(world))
    with refuses(Malformed, "item-key-length"):
        seal_wrapped_key(to=world.core_kem.public, item_key=bytes(31), **wrapped_key_place(world))


def test_an_item_of_more_than_25_mib_sealed_is_refused(refuses, world):
    with refuses(Malformed, "item-too-long"):
        seal_item(content=bytes(25 * 1024 * 1024), **item_place(world))


def test_attack_padding_of_an_item_that_hides_text_is_refused(refuses, world):
    key, place = bytes(32), item_place(world)
    context = lp(
        "kh/item/v1",
        *(world.hub, "case", world.case, world.item_ids[0], "BASIC", "text/v1", world.keyset),
    )
    sealed = sealing.seal(key, context, sealing.pad(b"shown")[:-6] + b"hidden")
    kc = key_commitment(key, world.about, world.item_ids[0])
    with refuses(Malformed, "pad-zeros"):
        open_item(key=key, kc=kc, sealed=sealed, **place)
