"""What the house holds every event to: a topic, a law, a vector, no words about a person."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import typing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from adapters.mapper import body_of, record_of
from domain.errors import Malformed
from domain.events import EVENTS, Event
from keys import canonical
from tests.vectors.make_events import record_for

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "events"

CODES_AND_REFERENCES = {
    # text fields that are allowed in an event, and why each can't hold words about a person
    "act": "a topic",
    "reason": "a code",
    "error_code": "a code",
    "code": "an agency's short code",
    "name": "an agency's name",
    "municipality": "a municipality's code",
    "custody": "a code",
    "mode": "a code",
    "edition": "an edition's name",
    "indicator_set": "an edition's name",
    "worker": "a pseudonymous reference",
    "second": "a pseudonymous reference",
    "staff": "a pseudonymous reference",
    "notifier_token": "a pseudonymous reference",
    "ground": "a code",
    "qualification": "a profession",
}

every_event = pytest.mark.parametrize("cls", EVENTS.values(), ids=list(EVENTS))


@every_event
def test_a_fact_names_its_law(cls: type[Event]) -> None:
    doc = inspect.getdoc(cls) or ""
    assert "Basis:" in doc, f"{cls.__name__} does not say its law"


@every_event
def test_a_topic_is_the_facts_name(cls: type[Event]) -> None:
    name_parts = re.findall(r"[A-Z][a-z]*", cls.__name__)
    assert "_".join(w.lower() for w in name_parts[:-1]) + "." + name_parts[-1].lower() == cls.TOPIC


@every_event
def test_a_fact_holds_no_words_about_a_person(cls: type[Event]) -> None:
    hints = typing.get_type_hints(cls)
    for f in fields(cls):
        if (
            "str" in str(hints[f.name])
            and "dict" not in str(hints[f.name])
            and "frozenset" not in str(hints[f.name])
        ):
            assert f.name in CODES_AND_REFERENCES, f"{cls.__name__}.{f.name} is free text"


@every_event
def test_a_fact_is_read_from_its_vector_and_written_byte_for_byte(cls: type[Event]) -> None:
    vector = json.loads((VECTORS / f"{cls.TOPIC}.v{cls.VERSION}.json").read_text(encoding="utf-8"))
    record = record_of(
        vector["body"].encode(), UUID(vector["originator"]), vector["version"], vector["actor"]
    )
    assert type(record.event) is cls
    assert body_of(record) == vector["body"].encode()


def types_in(value: object) -> object:
    """The types of a value and of all that is in it."""
    if is_dataclass(value):
        return (type(value), {f.name: types_in(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, dict):
        return (dict, {(type(k), str(types_in(v))) for k, v in value.items()})
    if isinstance(value, frozenset | tuple):
        return (type(value), {str(types_in(v)) for v in value})
    return type(value)


@every_event
def test_a_vector_comes_back_with_every_value_of_its_type(cls: type[Event]) -> None:
    """A code is that code again, not a text; a set is a set; a day is a day."""
    vector = json.loads((VECTORS / f"{cls.TOPIC}.v{cls.VERSION}.json").read_text(encoding="utf-8"))
    record, originator = record_for(cls)
    read = record_of(vector["body"].encode(), originator, record.version, record.actor)
    assert UUID(vector["originator"]) == originator
    assert types_in(read) == types_in(record)
    assert replace(read, event=record.event) == record


def test_no_vector_was_edited_and_none_is_missing() -> None:
    listed = dict(reversed(line.split("  ")) for line in (VECTORS / "MANIFEST").read_text().splitlines())
    caught = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in VECTORS.glob("*.json")}
    assert caught == listed


def body(of: str, **changes: object) -> tuple[bytes, UUID, int, str]:
    """A vector's body with something changed."""
    vector = json.loads((VECTORS / f"{of}.v1.json").read_text(encoding="utf-8"))
    value = canonical.parse(vector["body"].encode())
    for key, new in changes.items():
        place = value["fields"] if key in value["fields"] else value
        place[key] = new
    return canonical.encode(value), UUID(vector["originator"]), vector["version"], vector["actor"]


@pytest.mark.parametrize(
    ("change", "error_code"),
    [
        pytest.param({"topic": "disclosure.invented"}, "unknown-topic", id="unknown topic"),
        pytest.param({"v": 2}, "unknown-version", id="version of tomorrow"),
        pytest.param({"v": 0}, "unknown-version", id="version nought"),
        pytest.param({"v": True}, "wrong-number", id="version is no number"),
        pytest.param({"at": "2025-06-04T09:30:00"}, "time-form", id="naive time"),
        pytest.param({"purpose": "CURIOSITY"}, "wrong-fields", id="unknown code"),
        pytest.param({"to": "AZ-CORE"}, "wrong-fields", id="wrong type"),
        pytest.param({"reason": 7}, "wrong-fields", id="number for text"),
        pytest.param({"about": {"kind": "family", "id": "x"}}, "wrong-about", id="unknown kind"),
        pytest.param({"rests_on": [["case"]]}, "wrong-rests-on", id="rests on half a thing"),
        pytest.param({"by": "SOMEBODY"}, "uuid-form", id="nobody"),
        pytest.param({"more": 1}, "wrong-body", id="extra key"),
    ],
)
def test_a_body_that_we_would_not_write_is_refused(change: dict[str, object], error_code: str) -> None:
    with pytest.raises(Malformed) as caught:
        record_of(*body("disclosure.made", **change))
    assert caught.value.error_code == error_code


def changed_fields(change: dict[str, object], drop: str = "") -> tuple[bytes, UUID, int, str]:
    data, originator, version, actor = body("disclosure.made")
    value = canonical.parse(data)
    value["fields"].update(change)
    value["fields"].pop(drop, None)
    return canonical.encode(value), originator, version, actor


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(Malformed, match="wrong-fields"):
        record_of(*changed_fields({"colour": "red"}))


def test_a_missing_field_is_refused() -> None:
    with pytest.raises(Malformed, match="wrong-fields"):
        record_of(*changed_fields({}, drop="purpose"))


def test_an_unsorted_or_repeated_list_of_codes_is_refused() -> None:
    two = ["00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000001"]
    for wrong in (two, [two[0], two[0]]):
        with pytest.raises(Malformed, match="wrong-fields"):
            record_of(*changed_fields({"to": wrong}))


def test_a_naive_time_inside_a_fact_is_refused() -> None:
    data, originator, version, actor = body("key_set.revoked")
    value = canonical.parse(data)
    value["fields"]["compromised_since"] = "2025-06-04T00:30:00.000125"
    with pytest.raises(Malformed):
        record_of(canonical.encode(value), originator, version, actor)


def test_a_record_that_was_moved_to_another_originator_is_refused() -> None:
    data, originator, version, actor = body("disclosure.made")
    with pytest.raises(Malformed, match="wrong-originator"):
        record_of(data, UUID(int=originator.int ^ 1), version, actor)


def test_a_code_comes_back_as_the_code_it_was() -> None:
    record = record_of(*body("disclosure.made"))
    from domain.codes import Purpose

    assert record.event.purpose is Purpose.REHEARSAL_CHECK  # type: ignore[attr-defined]
    assert replace(record) == record


# --- the class statement itself ----------------------------------------------------------------------------


def test_a_topic_is_never_used_twice() -> None:
    with pytest.raises(TypeError, match="belongs to DisclosureMade"):
        type("Again", (Event,), {}, topic="disclosure.made")


def test_a_module_path_is_no_topic() -> None:
    with pytest.raises(TypeError, match="not a topic"):
        type("Wrong", (Event,), {}, topic="domain.events:Wrong")


def test_a_new_version_without_its_upcaster_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match="upcast_v1_v2"):
        type("Newer", (Event,), {}, topic="newer.event", version=2)
