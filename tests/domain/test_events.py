"""What an event is: a published topic, a version with its upcasters, one stored form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain import events as e
from domain.actors import Actor
from domain.calendar import JST
from domain.case_message import GROUPS, Carries, Sender
from domain.codes import Section
from tests.domain.builders import AZ_CORE, NETWORK


@pytest.fixture
def published() -> Iterator[dict[str, type[e.Event]]]:
    """The published events; what a test adds is taken away again."""
    before = dict(e.EVENTS)
    yield e.EVENTS
    e.EVENTS.clear()
    e.EVENTS.update(before)


def test_a_topic_is_never_used_twice(published):
    with pytest.raises(TypeError, match="belongs to PlanReviewed"):

        class Duplicate(e.Event, topic="plan.reviewed"):
            pass


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param("plan", id="one word"),
        pytest.param("Plan.reviewed", id="capitals"),
        pytest.param("domain.events.plan", id="a module path"),
        pytest.param("plan.reviewed\n", id="a line end"),
        pytest.param("plan.re_viewed", id="a last word of two parts"),
    ],
)
def test_what_is_not_a_topic_is_refused(topic, published):
    with pytest.raises(TypeError, match="is not a topic"):

        class Wrong(e.Event, topic=topic):
            pass


def test_a_higher_version_needs_every_upcaster(published):
    with pytest.raises(TypeError, match="upcast_v1_v2 is missing"):

        class Lifted(e.Event, topic="only_here.lifted", version=2):
            pass


COMPLETE: dict[str, Any] = {
    "topic": "only_here.noted",
    "title": "試験",
    "law": "own rule",
    "actor": Actor.PERSON,
    "sender": Sender.CORE,
    "carries": Carries.MAY,
    "starts": (),
    "stops": (),
    **dict.fromkeys(GROUPS, False),
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in COMPLETE.items() if key != name}


@pytest.mark.parametrize("name", [name for name in COMPLETE if name != "topic"])
def test_a_message_that_leaves_a_statement_out_is_refused_at_import(name, published):
    with pytest.raises(TypeError, match=rf"Noted: the class statement has to state {name} \("):

        class Noted(e.CaseMessage, **without(name)):
            pass

    assert "only_here.noted" not in e.EVENTS


@pytest.mark.parametrize("name", ["title", "law", "cause"])
def test_an_event_that_leaves_a_statement_out_is_refused_at_import(name, published):
    stated = {"title": "試験", "law": "own rule", "cause": e.Cause.CLOCK}
    del stated[name]
    with pytest.raises(TypeError, match=rf"Noted: the class statement has to state {name} \("):

        class Noted(e.Event, topic="only_here.noted", **stated):
            pass


def test_what_no_command_may_propose_has_no_actor(published):
    with pytest.raises(TypeError, match="no command may propose it"):

        class Noted(
            e.Event,
            topic="only_here.noted",
            title="試験",
            law="own rule",
            cause=e.Cause.CLOCK,
            actor=Actor.PERSON,
        ):
            pass

    assert "only_here.noted" not in e.EVENTS


@pytest.mark.parametrize("group", GROUPS)
def test_a_case_step_that_claims_a_group_is_refused_at_import(group, published):
    with pytest.raises(TypeError, match="contradicts its base class"):

        class Noted(e.CaseStep, **{**COMPLETE, group: True}):
            pass


def test_what_a_message_states_is_what_the_rules_read(published):
    @dataclass(frozen=True, kw_only=True)
    class Noted(e.CaseMessage, **COMPLETE):
        pass

    assert (Noted.SENDER, Noted.CARRIES) == (Sender.CORE, Carries.MAY)
    assert (Noted.STARTS, Noted.STOPS) == ((), ())
    assert dict.fromkeys(GROUPS, False) == Noted.IN_GROUPS
    assert (Noted.TITLE, Noted.LAW, Noted.ON) == ("試験", "own rule", e.Kind.CASE)
    assert (Noted.may_be_commanded(), Noted.ACTOR) == (True, Actor.PERSON)


def test_an_old_state_is_lifted_step_by_step(published):
    @dataclass(frozen=True, kw_only=True)
    class Lifted(
        e.Event,
        topic="only_here.lifted",
        version=3,
        title="試験",
        law="own rule",
        cause=e.Cause.COMMAND,
        actor=Actor.ANYONE,
    ):
        steps: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["steps"] = state["steps"] + "2"

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["steps"] = state["steps"] + "3"

    old, middle, new = {"steps": "1"}, {"steps": "2"}, {"steps": "3"}
    e.upcast("only_here.lifted", 1, old)
    e.upcast("only_here.lifted", 2, middle)
    e.upcast("only_here.lifted", 3, new)
    assert (old, middle, new) == ({"steps": "123"}, {"steps": "23"}, {"steps": "3"})


PLAN_IN_VERSION_3: dict[str, Any] = {
    "made_by": [],
    "services": [],
    "explained_on": None,
    "agreement": None,
}


@pytest.mark.parametrize(
    ("topic", "version_1", "version_2"),
    [
        ("support_worker.assigned", {}, {"role": None}),
        ("support_type.decided", {}, {"specialist_needed": False}),
        (
            "support_plan.formulated",
            {"plan": {}},
            {
                "plan": {
                    "housekeeping": None,
                    "made_by": [],
                    "services": [],
                    "explained_on": None,
                    "agreement": None,
                }
            },
        ),
        ("support.commenced", {"plan": None}, {"plan": None}),
    ],
)
def test_an_event_of_version_1_states_what_was_true_then(topic, version_1, version_2):
    e.upcast(topic, 1, version_1)
    assert version_1 == version_2


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        pytest.param(Section.BASIC, "BASIC", id="a code"),
        pytest.param(AZ_CORE, str(AZ_CORE), id="an id"),
        pytest.param(date(2025, 6, 2), "2025-06-02", id="a day"),
        pytest.param(
            datetime(2025, 6, 2, 12, 0, tzinfo=JST), "2025-06-02T03:00:00.000000Z", id="a time in Japan"
        ),
        pytest.param(
            datetime(2025, 6, 2, 3, 0, 0, 5, tzinfo=UTC), "2025-06-02T03:00:00.000005Z", id="microseconds"
        ),
        pytest.param(frozenset({3, 1, 2}), [1, 2, 3], id="a set of numbers, sorted"),
        pytest.param(frozenset({Section.RISK, Section.ADDR}), ["ADDR", "RISK"], id="a set of codes, sorted"),
        pytest.param(({"b": (1, None)},), [{"b": [1, None]}], id="a tuple"),
        pytest.param([True, "x"], [True, "x"], id="a list"),
        pytest.param(
            e.Placed(network=NETWORK, core=AZ_CORE),
            {"network": str(NETWORK), "core": str(AZ_CORE)},
            id="a part of an event",
        ),
    ],
)
def test_there_is_one_stored_form(value, stored):
    assert e.dump(value) == stored


def test_a_time_without_zone_has_no_stored_form():
    with pytest.raises(ValueError, match="a time without zone"):
        e.dump(datetime(2025, 6, 2, 12, 0))  # noqa: DTZ001
