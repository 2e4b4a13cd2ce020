"""The parsers of the verifier and of the store are separate, and agree on every published form and on refusals."""

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
import gateway.verifier.record_parser as verifying
from domain.decide import PERMITTED_COMMANDS
from domain.errors import Malformed
from domain.record import Record
from keys import canonical
from tests.domain.builders import AZ_CORE, COMMISSIONED, LEARNED, TO_SORA, opening
from tests.domain.test_mapper import FRAME, KEYED, item, payload, wrapped_key

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "events").glob("*.json"))


@dataclass(frozen=True)
class Vector:
    originator: UUID
    version: int
    actor: str
    body: bytes


def vector(path: Path) -> Vector:
    data = json.loads(path.read_text(encoding="utf-8"))
    return Vector(UUID(data["originator"]), data["version"], data["actor"], data["body"].encode())


def with_both_parsers(read: Callable[[Any], Any]) -> list[Any]:
    """The result of each of the two parsers: the value, or Malformed."""
    results: list[Any] = []
    for module in (writing, verifying):
        try:
            results.append(read(module))
        except Malformed:
            results.append(Malformed)
    return results


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_both_parsers_read_every_published_form_alike(path: Path) -> None:
    published = vector(path)
    first, second = with_both_parsers(
        lambda m: m.record_of(published.body, published.originator, published.version, published.actor)
    )
    assert isinstance(first, Record)
    assert first == second
    if path.stem.endswith(
        f".v{type(first.event).VERSION}"
    ):  # earlier versions are read and never written again
        assert canonical.encode(verifying.record_json(second)) == published.body


def mutations(value: Any) -> Iterator[Any]:
    """The data with one change: a key removed or added, a value of another type or form."""
    for key in value:
        without_key = {k: v for k, v in value.items() if k != key}
        yield without_key
        for other in (None, 7, -1, "x", [], {}, ["x"], {"x": 1}, True, "2025-06-04T00:30:00Z"):
            if other != value[key] or type(other) is not type(value[key]):
                yield {**value, key: other}
        if isinstance(value[key], dict):
            for inner in mutations(value[key]):
                yield {**value, key: inner}
    yield {**value, "more": 1}


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_both_parsers_refuse_the_same_bodies(path: Path) -> None:
    published = vector(path)
    refused = 0
    for wrong in mutations(canonical.parse(published.body)):
        try:
            body = canonical.encode(wrong)
        except (Malformed, TypeError, ValueError):
            continue
        first, second = with_both_parsers(
            lambda m, body=body: m.record_of(body, published.originator, published.version, published.actor)
        )  # type: ignore[misc]
        assert first == second, wrong
        refused += first is Malformed
    assert refused > 40


def test_both_parsers_refuse_a_body_that_is_not_canonical() -> None:
    published = vector(VECTORS[0])
    for body in (published.body + b" ", published.body.replace(b":", b": ", 1), b"[]", b"", b"\xff"):
        assert with_both_parsers(
            lambda m, body=body: m.record_of(body, published.originator, published.version, published.actor)
        ) == [  # type: ignore[misc]
            Malformed,
            Malformed,
        ]
    elsewhere = UUID(int=1)
    assert (
        with_both_parsers(
            lambda m: m.record_of(published.body, elsewhere, published.version, published.actor)
        )
        == [Malformed] * 2
    )


def command(path: Path) -> Any:
    """A command that proposes the event of a published form."""
    published = vector(path)
    record = verifying.record_of(published.body, published.originator, published.version, published.actor)
    return SimpleNamespace(
        event=record.event, on=record.about, by=record.by, command_id=record.command_id, actor=record.actor
    )


COMMANDS = [path for path in VECTORS if type(command(path).event) in PERMITTED_COMMANDS]


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.stem)
def test_both_parsers_propose_the_same_event_and_refuse_the_same_fields(path: Path) -> None:
    right = payload(command(path))
    checked = 0
    for fields in (right.fields, *mutations(right.fields)):
        wrong = replace(right, fields=fields)
        first, second = with_both_parsers(lambda m, wrong=wrong: m.command_of(wrong, FRAME))  # type: ignore[misc]
        assert first == second, fields
        checked += 1
    assert checked > 1


@pytest.mark.parametrize("published", [KEYED, TO_SORA, opening(LEARNED, AZ_CORE), COMMISSIONED[-1]])
def test_both_parsers_read_the_parts_of_a_frame_alike(published: Any) -> None:
    right = payload(published)
    part, other = item(LEARNED.item()), wrapped_key(LEARNED.item().item, AZ_CORE)
    for changed in (
        {},
        {"items": (part,), "wrapped_keys": ()},
        {"items": (part,), "wrapped_keys": (other, replace(other, to=LEARNED.by))},
        {"act": "no.such_act"},
        {"act": "key.destroyed"},
        {"about": replace(right.about, kind="network")},
    ):
        first, second = with_both_parsers(
            lambda m, changed=changed: m.command_of(replace(right, **changed), FRAME)
        )  # type: ignore[misc]
        assert first == second, changed
