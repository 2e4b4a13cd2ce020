"""The demo's case load: its days follow the day on which it is played."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.calendar import JST
from gateway.rehearsal.case_load import CASE_LOAD, stories_for
from gateway.rehearsal.scenario.relative_days import from_today, moved
from gateway.rehearsal.scenario.story import raw_story

NOW = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)  # half past nine in Japan
LATE = datetime(2026, 12, 1, 15, 30, tzinfo=UTC)  # the next day there


@pytest.mark.parametrize(
    ("text", "now", "day"),
    [
        ("today", NOW, "2026-12-01"),
        ("today", LATE, "2026-12-02"),
        ("today-31", NOW, "2026-10-31"),
        ("today+6 10:20", NOW, "2026-12-07T10:20:00+09:00"),
        ("now-40m", NOW, "2026-12-01T08:50:00+09:00"),
        ("today or so", NOW, "today or so"),
    ],
)
def test_a_relative_day_is_a_day_in_japan(text: str, now: datetime, day: str) -> None:
    assert from_today({"at": [text, 3]}, now) == {"at": [day, 3]}


def test_a_moved_story_moves_its_sentences_too() -> None:
    raw = {"at": "2025-05-31T10:00:00+09:00", "must_hold": ["2025-05-31: empty"], "n": 1}
    assert moved(raw, 14) == {"at": "2025-06-14T10:00:00+09:00", "must_hold": ["2025-06-14: empty"], "n": 1}


@pytest.mark.parametrize("now", [NOW, LATE, datetime(2028, 2, 29, 3, tzinfo=UTC)])
def test_the_first_story_ends_before_the_case_load_begins_and_nothing_is_later_than_now(
    now: datetime,
) -> None:
    first, load = stories_for(now)
    assert max(s.at for s in first.steps) < min(s.at for s in load.steps)
    assert max(s.at for s in load.steps) <= now
    assert {s.at.astimezone(JST).weekday() for s in first.steps} == {0, 1, 2, 3, 4}  # moved by whole weeks


def test_each_family_is_described_and_each_agency_has_a_part() -> None:
    _, load = stories_for(NOW)
    assert {s.family for s in load.steps} == set(load.families)
    assert len(load.families) == 12
    assert {a.code for a in load.doors()} == {s.by for s in load.steps} | {
        c for s in load.steps for c in s.to
    }
    assert raw_story(CASE_LOAD)["expect"] == []
