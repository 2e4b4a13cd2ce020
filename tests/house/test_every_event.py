"""What every event has to have: a topic, a law, a vector, a test, a task; and no free text about a person.

That what may be commanded has a form, or a stated place where it is submitted instead, is tested in
``tests/gateway/test_form_table.py``.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from uuid import UUID

import pytest

from adapters.mapper import body_of, record_of
from domain import events
from domain.alarms.raising import ALARMS
from domain.clock_stops import STOP_RULES
from domain.errors import Malformed
from domain.events import EVENTS, MESSAGES, REFERRALS, CaseMessage, Event
from domain.tasks import TaskKind, all_tasks, tasks
from keys import canonical
from tests.domain.builders import AZ_COORD, AZ_CORE, KS_CGC, LEARNED, MID_HOSP, NOON, case_message, given
from tests.house.make_glossary import meaning_of
from tests.vectors.make_events import record_for

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "events"
TESTS = "\n".join(
    p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests" / "domain").glob("test_*.py"))
)
AUTHORITIES = (AZ_CORE, AZ_COORD, KS_CGC)
SHARED = {f.name for f in fields(CaseMessage)}


def is_request(cls: type[CaseMessage]) -> bool:
    return cls.TOPIC.endswith(".requested")


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
    "gap": "a code",
    "qualification": "a profession",
}

every_event = pytest.mark.parametrize("cls", EVENTS.values(), ids=list(EVENTS))


@every_event
def test_an_event_states_its_title_and_its_law(cls: type[Event]) -> None:
    assert cls.TITLE.strip() == cls.TITLE != ""
    assert re.match(r"(CWA|CAPA|CPSA|APPI|MCHA|guideline|own rule|社会福祉法|domain)\b", cls.LAW), cls.LAW


@every_event
def test_an_event_begins_its_docstring_with_its_meaning(cls: type[Event]) -> None:
    """The first sentence is its row of the glossary."""
    assert cls.__doc__ is not None
    assert cls.__doc__[0].isupper()
    assert meaning_of(cls).endswith(".")
    assert "Basis:" not in cls.__doc__, "its law is stated in the class statement"


@every_event
def test_an_event_has_a_test(cls: type[Event]) -> None:
    used = re.search(rf"\b{cls.__name__}\b", TESTS)
    assert used, f"no file tests/domain/test_*.py names {cls.__name__}"


@every_event
def test_an_event_is_defined_in_a_family_and_is_in_the_list_of_all(cls: type[Event]) -> None:
    assert re.fullmatch(r"domain\.\w+\.events", cls.__module__)
    assert getattr(events, cls.__name__) is cls, f"domain/events.py does not import {cls.__module__}"


def waits_for_somebody(cls: type[CaseMessage]) -> bool:
    """Whether a message of this class, to every other agency, puts something into anybody's work list."""
    data = {n: v for n, v in fields_of(cls).items() if n not in SHARED}
    message = case_message(cls, MID_HOSP, AUTHORITIES, name="it", **data)
    world = given(LEARNED, message).world
    return any(task.message == message.command_id for _, task in all_tasks(world, now=NOON))


def fields_of(cls: type[Event]) -> dict[str, object]:
    return {f.name: getattr(record_for(cls)[0].event, f.name) for f in fields(cls)}


ASKING = [c for c in MESSAGES if c.IN_GROUPS["unsolicited"] or c.IN_GROUPS["begins_case"] or is_request(c)]


@pytest.mark.parametrize("cls", ASKING, ids=lambda c: c.TOPIC)
def test_what_arrives_unsolicited_is_in_a_work_list_or_states_why_not(cls: type[CaseMessage]) -> None:
    assert waits_for_somebody(cls) is not bool(cls.NO_TASK), (
        "state the clocks it starts (starts=REFERRAL_CLOCKS puts it into the work list), or no_task"
    )


@pytest.mark.parametrize("cls", [c for c in MESSAGES if c not in ASKING], ids=lambda c: c.TOPIC)
def test_only_what_arrives_unsolicited_states_that_it_has_no_task(cls: type[CaseMessage]) -> None:
    assert cls.NO_TASK == ""


@pytest.mark.parametrize("cls", REFERRALS, ids=lambda c: c.TOPIC)
def test_a_referral_is_unsolicited_and_each_addressee_has_to_acknowledge_read_and_act(
    cls: type[CaseMessage],
) -> None:
    assert cls.IN_GROUPS["unsolicited"]
    data = {n: v for n, v in fields_of(cls).items() if n not in SHARED}
    message = case_message(cls, MID_HOSP, AUTHORITIES, name="it", **data)
    world = given(LEARNED, message).world
    for agency in AUTHORITIES:
        kinds = {t.kind for t in tasks(world, agency, now=NOON) if t.message == message.command_id}
        assert kinds >= {TaskKind.ACKNOWLEDGE, TaskKind.READ, TaskKind.ACT}


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda c: c.TOPIC)
def test_every_clock_that_a_message_states_can_start_and_stop(cls: type[CaseMessage]) -> None:
    assert set(cls.STARTS or ()) <= set(ALARMS), "a clock without an alarm"
    assert set(cls.STOPS or ()) <= set(STOP_RULES), "domain/clock_stops.py does not say when it stops"


@every_event
def test_a_topic_is_the_name_of_its_event(cls: type[Event]) -> None:
    name_parts = re.findall(r"[A-Z][a-z]*", cls.__name__)
    assert "_".join(w.lower() for w in name_parts[:-1]) + "." + name_parts[-1].lower() == cls.TOPIC


@every_event
def test_an_event_has_no_free_text_about_a_person(cls: type[Event]) -> None:
    hints = typing.get_type_hints(cls)
    for f in fields(cls):
        if (
            "str" in str(hints[f.name])
            and "dict" not in str(hints[f.name])
            and "frozenset" not in str(hints[f.name])
        ):
            assert f.name in CODES_AND_REFERENCES, f"{cls.__name__}.{f.name} is free text"


@every_event
def test_an_event_is_read_from_its_vector_and_written_byte_for_byte(cls: type[Event]) -> None:
    vector = json.loads((VECTORS / f"{cls.TOPIC}.v{cls.VERSION}.json").read_text(encoding="utf-8"))
    record = record_of(
        vector["body"].encode(), UUID(vector["originator"]), vector["version"], vector["actor"]
    )
    assert type(record.event) is cls
    assert body_of(record) == vector["body"].encode()


OLDER = sorted(
    path
    for cls in EVENTS.values()
    for version in range(1, cls.VERSION)
    if (path := VECTORS / f"{cls.TOPIC}.v{version}.json").is_file()
)


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.stem)
def test_an_event_of_an_older_version_is_read_as_one_of_today(path: Path) -> None:
    """And what it says then is written, and read again, as the current version of it."""
    vector = json.loads(path.read_text(encoding="utf-8"))
    place = (UUID(vector["originator"]), vector["version"], vector["actor"])
    record = record_of(vector["body"].encode(), *place)
    assert path.stem.rpartition(".v")[0] == record.event.TOPIC
    again = record_of(body_of(record), *place)
    assert (again, types_in(again)) == (record, types_in(record))


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
def test_every_value_of_a_vector_is_read_with_its_type(cls: type[Event]) -> None:
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
        pytest.param({"v": 9}, "unknown-version", id="version of tomorrow"),
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


def test_a_naive_time_inside_an_event_is_refused() -> None:
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
