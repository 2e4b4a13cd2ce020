"""The verifier's reader is another one than the store's: on every published form they say the same, and refuse alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

import adapters.mapper as writing
import gateway.verifier.reading as verifying
from domain.decide import ASKABLE
from domain.errors import Malformed
from domain.record import Record
from keys import canonical
from tests.domain.kit import AZ_CORE, COMMISSIONED, LEARNED, TO_SORA, opening
from tests.domain.test_mapper import FRAME, KEYED, item, payload, wrap

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "events").glob("*.json"))


@dataclass(frozen=True)
class Vector:
    originator: UUID
    version: int
    actor: str
    body: bytes


def vector(path: Path) -> Vector:
    told = json.loads(path.read_text(encoding="utf-8"))
    return Vector(UUID(told["originator"]), told["version"], told["actor"], told["body"].encode())


def both(read: Callable[[Any], Any]) -> list[Any]:
    """What each of the two says: the value, or that it refuses."""
    found: list[Any] = []
    for module in (writing, verifying):
        try:
            found.append(read(module))
        except Malformed:
            found.append(Malformed)
    return found


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_both_read_every_published_form_alike(path: Path) -> None:
    one = vector(path)
    first, second = both(lambda m: m.record_of(one.body, one.originator, one.version, one.actor))
    assert isinstance(first, Record)
    assert first == second
    if path.stem.endswith(f".v{type(first.fact).VERSION}"):  # an earlier shape is read, and not written again
        assert canonical.encode(verifying.said(second)) == one.body


def spoilt(value: Any) -> Iterator[Any]:
    """The data with one thing changed: left out, added, of another type, of another form."""
    for key in value:
        without = {k: v for k, v in value.items() if k != key}
        yield without
        for other in (None, 7, -1, "x", [], {}, ["x"], {"x": 1}, True, "2025-06-04T00:30:00Z"):
            if other != value[key] or type(other) is not type(value[key]):
                yield {**value, key: other}
        if isinstance(value[key], dict):
            for inner in spoilt(value[key]):
                yield {**value, key: inner}
    yield {**value, "more": 1}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_both_refuse_the_same_bodies(path: Path) -> None:
    one = vector(path)
    refused = 0
    for wrong in spoilt(canonical.parse(one.body)):
        try:
            body = canonical.encode(wrong)
        except (Malformed, TypeError, ValueError):
            continue
        first, second = both(lambda m, body=body: m.record_of(body, one.originator, one.version, one.actor))  # type: ignore[misc]
        assert first == second, wrong
        refused += first is Malformed
    assert refused > 40


def test_both_refuse_a_body_in_another_form() -> None:
    one = vector(VECTORS[0])
    for body in (one.body + b" ", one.body.replace(b":", b": ", 1), b"[]", b"", b"\xff"):
        assert both(lambda m, body=body: m.record_of(body, one.originator, one.version, one.actor)) == [  # type: ignore[misc]
            Malformed,
            Malformed,
        ]
    elsewhere = UUID(int=1)
    assert both(lambda m: m.record_of(one.body, elsewhere, one.version, one.actor)) == [Malformed] * 2


def asked(path: Path) -> Any:
    """The record of a published form as somebody's own word, to ask for it."""
    one = vector(path)
    record = verifying.record_of(one.body, one.originator, one.version, one.actor)
    return SimpleNamespace(
        fact=record.fact, on=record.about, by=record.by, ask=record.ask_id, actor=record.actor
    )


ASKED = [path for path in VECTORS if type(asked(path).fact) in ASKABLE]


@pytest.mark.parametrize("path", ASKED, ids=lambda path: path.stem)
def test_both_make_the_same_draft_of_a_wish_and_refuse_the_same(path: Path) -> None:
    right = payload(asked(path))
    looked = 0
    for fields in (right.fields, *spoilt(right.fields)):
        wrong = replace(right, fields=fields)
        first, second = both(lambda m, wrong=wrong: m.wish_of(wrong, FRAME))  # type: ignore[misc]
        assert first == second, fields
        looked += 1
    assert looked > 1


@pytest.mark.parametrize("one", [KEYED, TO_SORA, opening(LEARNED, AZ_CORE), COMMISSIONED[-1]])
def test_both_read_the_parts_of_a_frame_alike(one: Any) -> None:
    right = payload(one)
    part, other = item(LEARNED.item()), wrap(LEARNED.item().item, AZ_CORE)
    for changed in (
        {},
        {"items": (part,), "wraps": ()},
        {"items": (part,), "wraps": (other, replace(other, to=LEARNED.by))},
        {"act": "no.such_act"},
        {"act": "key.destroyed"},
        {"about": replace(right.about, kind="network")},
    ):
        first, second = both(lambda m, changed=changed: m.wish_of(replace(right, **changed), FRAME))  # type: ignore[misc]
        assert first == second, changed
