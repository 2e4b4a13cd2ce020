"""Every edition of the rules answers its stored histories as it did when they were stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain import events as e
from domain import evolution, readiness, visibility, world
from domain.acts import ACTS
from domain.alarms import raising as alarms
from domain.codes import Section
from domain.editions import CURRENT_EDITION
from domain.reasons import Reason
from domain.record import HUB, REGISTRARS
from tests.domain.builders import AZ_CORE, LEARNED, NOON, case_message, command_of, given
from tests.editions.history import (
    Row,
    command_row,
    differences,
    folder_of,
    given_row,
    read_histories,
    record_history,
    write_histories,
)

RULE_CHANGED = """
The rules of edition {edition} answer otherwise than they did when agencies acted under them:

  {differences}

Records of that edition would be called false by `kakehashi audit verify`. If the change is wanted, it is a new
edition: keep the old rule, register the new one with @since_edition, add a row to EDITIONS (domain/editions.py)
and run `python -m tests.vectors.make_editions`. How: docs/how-to/change-a-rule.md.
Never change what lies in {folder}, unless that edition is not released yet: then the same command stores it anew.
"""
NO_HISTORY = "edition {edition} has no stored histories: run python -m tests.vectors.make_editions"
EVERY_EDITION = range(1, CURRENT_EDITION + 1)
RENAMED_STORIES = {
    "an-exception-let-by-two": "exception-with-dual-approval",
    "destroyed-in-few-words": "terse-destruction",
    "few-words-course": "terse-course",
    "few-words-move": "terse-move",
    "few-words-refused": "terse-refusals",
    "few-words-rights": "terse-rights",
    "moves-in-few-words": "terse-relocation",
    "nothing-left": "control-destroyed",
    "other-words": "alternative-spellings",
    "two-look": "telephone-does-not-stop-the-clock",
    "two-officials-let-the-auditor": "audit-access-with-dual-approval",
}
"""The name of a story in its stored history, which is never edited, and the name of its file now."""
FILES = ("stories.jsonl.xz", "tests.jsonl.xz")


@cache
def histories(edition: int, file: str) -> list[tuple[str, list[Row]]]:
    path = folder_of(edition) / file
    assert path.exists(), NO_HISTORY.format(edition=edition)
    return list(read_histories(path))


def contents(rows: Iterable[Row]) -> set[str]:
    """The topics and the reasons that occur in these rows."""
    events = [
        row.get("answer") or row.get("command") or row.get("asked") or row.get("due") or row.get("given")
        for row in rows
        if "look" not in row and "error" not in row
    ]
    return {event["topic"] for event in events} | {str(event["fields"].get("reason")) for event in events}


@cache
def sampled_histories(edition: int, file: str) -> list[tuple[str, list[Row]]]:
    """The histories of a file with a topic or a reason that no history before them has, and every twelfth."""
    sample, seen = [], set[str]()
    for earlier in FILES[FILES.index(file) + 1 :]:  # the short histories of tests first
        seen |= contents(row for _, rows in sampled_histories(edition, earlier) for row in rows)
    for number, (name, rows) in enumerate(histories(edition, file)):
        if number % 12 == 0 or not contents(rows) <= seen:
            sample.append((name, rows))
            seen |= contents(rows)
    return sample


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("edition", EVERY_EDITION)
def test_an_edition_answers_its_stored_histories_as_it_did(edition: int, file: str, large: bool) -> None:
    """The usual run replays a sample with every topic and every reason; --large and .ci/run replay all."""
    replayed = (histories if large else sampled_histories)(edition, file)
    all_differences = list(differences(edition, replayed))
    if all_differences:
        shown = "\n  ".join(all_differences[:12])
        pytest.fail(
            RULE_CHANGED.format(edition=edition, differences=shown, folder=folder_of(edition)), pytrace=False
        )


@pytest.mark.parametrize("edition", EVERY_EDITION)
def test_no_stored_history_was_edited_and_none_is_missing(edition: int) -> None:
    folder = folder_of(edition)
    assert (folder / "MANIFEST").exists(), NO_HISTORY.format(edition=edition)
    listed = dict(reversed(line.split("  ")) for line in (folder / "MANIFEST").read_text().splitlines())
    assert listed == {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob("*.xz")}
    assert sorted(listed) == sorted(FILES)


def test_the_histories_have_every_story_every_event_and_every_reason() -> None:
    stories = histories(1, "stories.jsonl.xz")
    names = {path.stem for path in (Path(__file__).parents[1] / "scenarios").glob("*.yaml")}
    assert {RENAMED_STORIES.get(name, name) for name, _ in stories} <= names
    assert len(stories) >= 45
    present = contents(
        row
        for edition in EVERY_EDITION
        for file in FILES
        for _, rows in histories(edition, file)
        for row in rows
    )
    assert {*e.EVENTS, *map(str, Reason)} - present == set()


@pytest.mark.parametrize("edition", EVERY_EDITION)
def test_the_sample_of_the_usual_run_has_every_topic_and_reason_of_the_histories(edition: int) -> None:
    def present(select: Callable[[int, str], list[tuple[str, list[Row]]]]) -> set[str]:
        return contents(row for file in FILES for _, rows in select(edition, file) for row in rows)

    assert present(sampled_histories) == present(histories)
    for file in FILES:
        assert len(sampled_histories(edition, file)) < len(histories(edition, file)) / 2


# --- a change of a rule is found --------------------------------------------------------------------------


def later(rule: Callable[..., Any]) -> Callable[..., Any]:
    def deadline(*args: Any) -> Any:
        at = rule(*args)
        return None if at is None else at + timedelta(hours=1)

    return deadline


def without_last(rule: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: rule(*args)[:-1]


MUTANTS: dict[str, tuple[Any, str, Callable[[Any], Any]]] = {
    "a deadline an hour later": (alarms, "deadline", later),
    "an act without its condition": (
        ACTS,
        e.SupportCommenced,  # type: ignore[dict-item]
        lambda act: replace(act, ready=None),
    ),
    "an act for another sender": (
        ACTS,
        e.CaseReopened,  # type: ignore[dict-item]
        lambda act: replace(act, sender=lambda context: None),
    ),
    "outgoing copies as standing access": (visibility, "OUTGOING_COPIES", lambda copies: ()),
    "a signal that does not count": (evolution, "weak_signal", lambda rule: lambda event: False),
    "a clock that nothing stops": (evolution, "stopped_clocks", lambda rule: lambda case, event, by, at: []),
    "a visitor without gaps": (readiness, "worker_gaps", lambda rule: lambda *args: frozenset()),
    "an originator that is not looked at": (world, "rests_on", without_last),
}


@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_a_changed_rule_without_a_new_edition_is_detected(
    mutant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, change = MUTANTS[mutant]
    if isinstance(where, dict):
        monkeypatch.setitem(where, name, change(where[name]))
    else:
        changed = change(getattr(where, name))
        monkeypatch.setattr(where, name, changed)
        if name == "rests_on":
            monkeypatch.setattr("tests.editions.history.rests_on", changed)
    first_difference = next((d for file in reversed(FILES) for d in differences(1, histories(1, file))), None)
    assert first_difference is not None
    assert ": row " in first_difference


# --- the form of a history --------------------------------------------------------------------------------


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    past = given(LEARNED)
    asks = command_row(command_of(case_message(e.UseStopped, AZ_CORE, stops=LEARNED.command_id), NOON), NOON)
    rows = record_history(1, [*(given_row(r) for r in past.records if r.by in (HUB, REGISTRARS)), asks])
    write_histories(tmp_path / "one.xz", [("a", rows), ("b", rows[:2])])
    assert list(read_histories(tmp_path / "one.xz")) == [("a", rows), ("b", rows[:2])]


def history_with_alarms() -> list[Row]:
    past = given(LEARNED)
    until = NOON + timedelta(days=30)
    minutes = case_message(e.ConferenceMinutesRecorded, AZ_CORE, sections=[Section.CONF])
    inputs = [*(given_row(r) for r in past.records), command_row(command_of(minutes, until), until)]
    return record_history(1, inputs)


def differences_of(rows: list[Row]) -> list[str]:
    return list(differences(1, [("a", rows)]))


def test_what_begins_alike_is_played_once_and_differs_where_it_differs() -> None:
    rows = history_with_alarms()
    changed = [*rows[:-1], {**rows[-1], "rests_on": []}]
    assert [d[:2] for d in differences(1, [("a", rows), ("b", changed), ("c", rows), ("d", rows[:3])])] == [
        "b:"
    ]


def test_each_kind_of_difference_is_named_with_its_row() -> None:
    rows = history_with_alarms()
    first_alarm = next(n for n, row in enumerate(rows) if "due" in row)
    assert differences_of(rows) == []

    def with_row(number: int, **changes: Any) -> list[Row]:
        return [*rows[:number], {**rows[number], **changes}, *rows[number + 1 :]]

    [missing] = differences_of([*rows[:first_alarm], rows[-1]])
    assert missing.endswith("referral_unacknowledged_alarm.raised before it now")
    assert missing.startswith(f"a: row {first_alarm + 1} (command conference_minutes.recorded, ")
    [rested] = differences_of(with_row(-1 % len(rows), rests_on=[]))
    assert "rests_on: was [], is [[" in rested
    alarm = rows[first_alarm]["due"]
    fields = {**alarm["fields"], "escalated": True}
    assert any(
        "field escalated: was True, is False" in d
        for d in differences_of(with_row(first_alarm, due={**alarm, "fields": fields}))
    )
    answer = {
        "topic": "command.refused",
        "v": 1,
        "fields": {"act": "x", "reason": "DESTROYED", "at_fault": None},
    }
    assert any(
        "was command.refused, is conference_minutes.recorded" in d
        for d in differences_of(with_row(len(rows) - 1, answer=answer))
    )
    assert any("could open items" in d for d in differences_of(with_row(len(rows) - 1, opens={})))
