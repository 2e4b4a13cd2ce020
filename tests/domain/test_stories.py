"""The scenarios in the domain only: every expected view, and the sentences that concern decisions."""

from __future__ import annotations

import pytest

from domain import events as e
from domain.codes import CaseStatus, Module, Section
from domain.reasons import Reason
from domain.record import AUDIT
from tests.domain.builders import NETWORK, id_of, jst
from tests.domain.stories import Story

BUILT = ("sc-1", "sc-3", "sc-4", "sc-6")


@pytest.fixture(scope="module", params=BUILT)
def story(request: pytest.FixtureRequest) -> Story:
    return Story(request.param).play()


def test_each_agency_opens_at_each_moment_just_what_the_story_expects(story):
    assert story.expectations
    for at, agency, seen, expected in story.expectations:
        assert seen == expected, f"{agency} at {at}"


def test_the_auditor_is_asked_and_opens_nothing(story):
    assert [seen for _, agency, seen, _ in story.expectations if agency == AUDIT] == [
        {} for _ in story.text["expect"]
    ]


def test_just_what_the_story_lets_the_rules_refuse_is_refused(story):
    refused = {
        n for n, event in story.answers.items() if isinstance(event, (e.DisclosureRefused, e.CommandRefused))
    }
    assert refused == {s["n"] for s in story.steps if "tried" in s}


def test_just_what_the_story_holds_is_held(story):
    held = {n for n, event in story.answers.items() if getattr(event, "held", None)}
    assert held == {s["n"] for s in story.steps if s["event"] == "DisclosureHeld"}


def test_only_the_hubs_own_steps_are_not_played(story):
    assert story.skipped == [
        s["n"] for s in story.steps if s["from"] == "HUB" and s["event"] != "HeldDisclosureReleased"
    ]


def test_sc_4_the_training_lapses_at_midnight_and_suspends_in_this_order():
    story = Story("sc-4").play()
    lapsed, suspended = (
        r
        for r in story.due
        if isinstance(r.event, e.TrainingLapsed | e.ContractorSuspended) and r.at < jst("2026-01-01 00:00")
    )
    assert (lapsed.at, suspended.at) == (jst("2025-09-01 00:00"),) * 2
    assert lapsed.event == e.TrainingLapsed(
        worker="W-HIDA-SWC",
        module=Module.M2_CONFIDENTIALITY,
        valid_until=jst("2025-08-31 12:00").date(),
    )
    assert suspended.event == e.ContractorSuspended(
        gaps=frozenset({"W-HIDA-SWC:TRAINING_M2_CONFIDENTIALITY"})
    )


def test_sc_4_number_17_waits_and_is_decided_anew():
    story = Story("sc-4").play()
    held = story.answers[17]
    assert isinstance(held, e.DisclosureHeld)
    assert held.held == {id_of("HIDA-SWC")}
    assert isinstance(story.answers[22], e.HeldDisclosureReleased)


def test_sc_6_number_9_is_refused_for_want_of_an_oath():
    refusal = Story("sc-6").play().answers[9]
    assert refusal == e.DisclosureRefused(
        act=e.DisclosureMade.TOPIC,
        to=frozenset({id_of("SORA-NPO")}),
        sections=frozenset({Section.BASIC, Section.PREG, Section.PLAN}),
        basis={id_of("SORA-NPO"): "CWA-21-10-2-3"},
        reason=Reason.CONTRACTOR_NOT_READY,
        at_fault=id_of("SORA-NPO"),
        fitting=frozenset(),
    )


def test_sc_6_stays_pending_until_the_third_follow_on_is_accepted():
    story = Story("sc-6")
    last = story.steps[-1]
    story.steps = story.steps[:-1]
    assert story.play().so.world.case.status is CaseStatus.FOLLOW_ON_PENDING
    story._step(last, jst("2026-08-19 09:00"))
    assert story.so.world.case.status is CaseStatus.CLOSED


def test_a_case_that_is_no_network_case_is_in_no_register():
    case = Story("sc-6").play().so.world.case
    assert (case.network, case.registered) == (NETWORK, False)
