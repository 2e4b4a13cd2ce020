"""What the player reads from a story before it plays: which referral a receipt is about, and who visits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.events import EVENTS
from gateway.rehearsal.scenario.crews import Crews
from gateway.rehearsal.scenario.referral_answers import answers
from gateway.rehearsal.scenario.story import EVENT_ALIASES, Story, read_story


def story(tmp_path: Path, *timeline: dict[str, Any]) -> Story:
    agencies = {
        code: {"role": role, "name": code}
        for code, role in [
            ("C", "CORE"),
            ("O", "COORD"),
            ("M", "MED"),
            ("S", "CONTRACTOR"),
            ("EXT-PERSON", "EXT"),
        ]
    }
    setup = {
        "core": "C",
        "coordinating": "O",
        "contractors": {"S": {"from": "2025-06-10T09:00:00+09:00", "until": "2025-09-10T09:00:00+09:00"}},
    }
    steps = [{"n": n, "to": [], **step} for n, step in enumerate(timeline, start=1)]
    path = tmp_path / "story.yaml"
    path.write_text(yaml.safe_dump({"id": "X", "agencies": agencies, "setup": setup, "timeline": steps}))
    return read_story(path)


def disclosure_step(day: str, by: str = "M", to: str = "C", **more: Any) -> dict[str, Any]:
    return {
        "at": f"{day}T09:00:00+09:00",
        "from": by,
        "to": [to],
        "event": "FamilyInformationProvided",
        **more,
    }


def acknowledged(day: str, by: str = "C", **more: Any) -> dict[str, Any]:
    return {"at": f"{day}T10:00:00+09:00", "from": by, "event": "ReferralAcknowledged", **more}


@pytest.mark.parametrize(
    ("timeline", "answered"),
    [
        pytest.param(
            [disclosure_step("2025-06-01"), acknowledged("2025-06-02")], {(1, "C"): 2}, id="the one before"
        ),
        pytest.param(
            [disclosure_step("2025-06-01"), disclosure_step("2025-06-03"), acknowledged("2025-06-04")],
            {(2, "C"): 3},
            id="the last before",
        ),
        pytest.param(
            [
                disclosure_step("2025-06-01"),
                disclosure_step("2025-06-03"),
                acknowledged("2025-06-04"),
                acknowledged("2025-06-05"),
            ],
            {(1, "C"): 3, (2, "C"): 4},
            id="both in their order",
        ),
        pytest.param(
            [
                disclosure_step("2025-06-01"),
                disclosure_step("2025-06-03"),
                acknowledged("2025-06-04", details={"answers": 1}),
                acknowledged("2025-06-05"),
            ],
            {(1, "C"): 3, (2, "C"): 4},
            id="the one it names",
        ),
        pytest.param(
            [
                disclosure_step("2025-06-01", family="B"),
                disclosure_step("2025-06-01"),
                acknowledged("2025-06-02", family="B"),
            ],
            {(1, "C"): 3},
            id="of its own family",
        ),
        pytest.param(
            [
                disclosure_step("2025-06-01"),
                disclosure_step("2025-06-01", by="O"),
                acknowledged("2025-06-02", to=["M"]),
            ],
            {(1, "C"): 3},
            id="of its addressee",
        ),
        pytest.param(
            [
                disclosure_step("2025-06-01", by="EXT-PERSON", to="O"),
                acknowledged("2025-06-02", by="O", to=["EXT-PERSON"]),
            ],
            {(1, "O"): 2},
            id="of a person outside",
        ),
        pytest.param([acknowledged("2025-05-31"), disclosure_step("2025-06-01")], {}, id="none before it"),
    ],
)
def test_an_acknowledgement_finds_its_referral(timeline, answered, tmp_path):
    assert answers(story(tmp_path, *timeline), "ReferralAcknowledged") == answered


def step_of(event: str, day: str, **details: Any) -> dict[str, Any]:
    return {"at": f"{day}T12:00:00+09:00", "from": "S", "to": ["C"], "event": event, "details": details}


@pytest.mark.parametrize(
    ("timeline", "first", "joins"),
    [
        pytest.param([], "W-S", [], id="nobody is named"),
        pytest.param(
            [step_of("VisitReportSubmitted", "2025-06-20", worker="W-1")], "W-1", [], id="one who visits"
        ),
        pytest.param(
            [step_of("OathSigned", "2025-06-09", worker="W-1")], "W-1", [], id="one who signs an oath before"
        ),
        pytest.param(
            [step_of("OathSigned", "2025-07-01", worker="W-2")],
            "W-S",
            ["W-2"],
            id="one who signs an oath later",
        ),
        pytest.param(
            [step_of("OathLapsed", "2025-07-01"), step_of("OathSigned", "2025-07-02", worker="W-1")],
            "W-1",
            [],
            id="one who renews an oath",
        ),
        pytest.param(
            [
                step_of("VisitReportSubmitted", "2025-06-20", worker="W-1"),
                step_of("SupportWorkerAssigned", "2025-07-01", worker="W-2"),
            ],
            "W-1",
            ["W-2"],
            id="a second",
        ),
    ],
)
def test_who_visits_from_the_start_and_who_joins(timeline, first, joins, tmp_path):
    crews = Crews(story(tmp_path, *timeline))
    assert crews.first("S") == first
    assert [w for w in crews.all("S") if crews.joins("S", w)] == joins


def test_a_training_that_lapses_is_valid_through_the_day_before(tmp_path):
    crews = Crews(
        story(
            tmp_path,
            step_of("TrainingLapsed", "2025-07-01", module="M2_CONFIDENTIALITY"),
            step_of("TrainingModuleCompleted", "2025-07-05", modules=["M2_CONFIDENTIALITY"]),
            step_of("TrainingLapsed", "2025-08-01", module="M2_CONFIDENTIALITY"),
        )
    )
    [(until, modules)] = [(d, m) for d, m in crews.training("S", "W-S").items() if d is not None]
    assert (until, modules) == ("2025-06-30", ["M2_CONFIDENTIALITY"])
    after = crews.story.steps[1].at
    assert crews.lapse("TrainingLapsed", "S", "M2_CONFIDENTIALITY", "W-S", after) == "2025-07-31"


def test_whoever_is_still_assigned_is_unassigned_at_the_end(tmp_path):
    crews = Crews(
        story(
            tmp_path,
            step_of("SupportWorkerAssigned", "2025-07-01", worker="W-2"),
            step_of("SupportWorkerAssigned", "2025-07-02", worker="W-3"),
            step_of("SupportWorkerUnassigned", "2025-07-03", worker="W-2"),
        )
    )
    assert crews.assigned("S") == ["W-S", "W-3"]


@pytest.mark.parametrize(("published", "ours"), EVENT_ALIASES.items())
def test_a_published_story_may_name_an_event_as_its_format_does(
    published: str, ours: str, tmp_path: Path
) -> None:
    step = {"at": "2025-07-01T09:00:00+09:00", "from": "C", "event": published}
    [read] = story(tmp_path, {**step, "tried": {"event": published}}).steps
    assert read.tried is not None
    assert (read.event, read.tried["event"]) == (ours, ours)
    assert ours in {cls.__name__ for cls in EVENTS.values()}


def test_codes_of_earlier_stories_are_read_as_todays_wherever_details_hold_them(tmp_path: Path) -> None:
    details = {
        "reason": "GROUND_DOES_NOT_FIT",
        "rows": [{"result": "EXISTENCE_NOT_TOLD"}, "NOT_FOUND"],
        "n": 3,
    }
    step = {"at": "2025-07-01T09:00:00+09:00", "from": "C", "event": "WishRefused", "details": details}
    [read] = story(tmp_path, {**step, "tried": {"event": "SupportClosed", "details": details}}).steps
    ours = {
        "reason": "GROUND_NOT_APPLICABLE",
        "rows": [{"result": "EXISTENCE_NOT_DISCLOSED"}, "NOT_FOUND"],
        "n": 3,
    }
    assert read.details == ours
    assert read.tried is not None
    assert read.tried["details"] == ours
