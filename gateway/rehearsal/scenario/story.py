"""Reading a story file. The error for a file that can't be read says what to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from domain.codes import Section
from domain.errors import Malformed
from gateway.rehearsal.scenario.families import StoryFamily, invented_family, parse_family

HUB, PERSON, AUDITOR = "HUB", "EXT-PERSON", "AUDITOR"
OWN_FAMILY = "own"
"""The name under ``families`` of the family whose story it is; others have the label that steps use."""

EVENT_ALIASES: Mapping[str, str] = {
    "WishRefused": "CommandRefused",
    "WrapFetchedForRewrap": "WrappedKeyFetchedForRewrap",
    "ReferralOutcomeTold": "ReferralOutcomeReported",
}
"""Names of the published story format, and the event that each means."""
CODE_ALIASES: Mapping[str, str] = {
    "GROUND_DOES_NOT_FIT": "GROUND_NOT_APPLICABLE",
    "RESULT_DOES_NOT_FIT": "RESULT_INCONSISTENT",
    "OWNER_NOT_TOLD": "OWNER_NOT_ADDRESSED",
    "ACCESS_OVER": "ACCESS_EXPIRED",
    "NOTIFIER_SHOWS": "NOTIFIER_IDENTIFIABLE",
    "MANDATE_OUT_OF_TURN": "MANDATE_OUT_OF_SEQUENCE",
    "CONTENT_LEFT": "CONTENT_NOT_DESTROYED",
    "NOT_ASKED": "NOT_REQUESTED",
    "ASK_THE_OWNER": "REQUEST_FROM_OWNER",
    "EXISTENCE_NOT_TOLD": "EXISTENCE_NOT_DISCLOSED",
    "IMPROVEMENT_ASKED": "IMPROVEMENT_REQUESTED",
    "KEEP": "PRESERVE",
    "NOT_FOUND": "NOT_FOUND",
}
"""Codes of earlier stories, and the product's code that each means."""


@dataclass(frozen=True)
class Actor:
    """An agency of the story."""

    code: str
    role: str
    name: str
    member: bool
    body: str | None
    bases: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One message of the story."""

    n: int
    at: datetime
    by: str
    to: tuple[str, ...]
    event: str
    sections: tuple[str, ...]
    basis: str | Mapping[str, str] | None
    consent: tuple[str, ...]
    details: Mapping[str, Any]
    tried: Mapping[str, Any] | None
    releases: int | None
    family: str | None = None  # None: the story's own family
    unanswered: bool = False  # nobody acknowledges or reads it but as the story says


@dataclass(frozen=True)
class Expect:
    """What each agency may open at a moment: agency -> section -> message numbers."""

    at: datetime
    views: Mapping[str, Mapping[str, tuple[int, ...]]]


@dataclass(frozen=True)
class ContractPeriod:
    """A contractor's time in the story."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Story:
    """A story: agencies, set-up, timeline, expected views and sentences."""

    id: str
    title: str
    agencies: Mapping[str, Actor]
    core: str
    coordinating: str | None
    contractors: Mapping[str, ContractPeriod]
    steps: tuple[Step, ...]
    expects: tuple[Expect, ...]
    must_hold: tuple[str, ...]
    source: Path = field(default=Path())
    families: Mapping[str | None, StoryFamily] = field(default_factory=dict)

    def family(self, label: str | None) -> StoryFamily:
        """Whom the story is about, or another family that it names: as described, else an invented one."""
        described = self.families.get(label)
        sections = [section for step in self.steps for section in step.sections]
        first_year = min(step.at.year for step in self.steps)
        return described or invented_family(self.id, label, sections, first_year)

    def doors(self) -> list[Actor]:
        """The agencies that have a door: all but the hub, the audit office and persons outside."""
        return [a for a in self.agencies.values() if a.role != HUB and a.code not in (PERSON, AUDITOR)]


def read_story(path: Path) -> Story:
    """The story of a file. Raises Malformed, naming the place, for anything that is not of the format."""
    return story_of(raw_story(path), path)


def raw_story(path: Path) -> dict[str, Any]:
    """What is in a story's file. Raises Malformed where it is not a mapping."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Malformed("story-unreadable", f"{path.name} can't be read: {type(error).__name__}.") from error
    if not isinstance(raw, dict):
        raise Malformed("story-form", f"{path.name} is not a mapping.")
    return raw


def story_of(raw: Mapping[str, Any], path: Path) -> Story:
    """The story in what a file holds. Raises Malformed, naming the place, for anything that is not of the format."""
    try:
        return _parse_story(raw, path)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(
            "story-form", f"{path.name} does not have its form: {type(error).__name__}: {error}"
        ) from error


def _parse_story(raw: Mapping[str, Any], path: Path) -> Story:
    agencies = {
        code: Actor(
            code,
            str(a["role"]),
            str(a.get("name", code)),
            bool(a.get("network_member", False)),
            a.get("body"),
        )
        for code, a in raw["agencies"].items()
    }
    setup = raw.get("setup") or {}
    contractors = {
        code: ContractPeriod(_utc_time(c["from"]), _utc_time(c["until"]) if c.get("until") else None)
        for code, c in (setup.get("contractors") or {}).items()
    }
    steps = tuple(sorted((_parse_step(s) for s in raw["timeline"]), key=lambda s: (s.at, s.n)))
    agencies = {code: replace(a, bases=_bases_used_by(steps, code)) for code, a in agencies.items()}
    story = Story(
        id=str(raw["id"]),
        title=str(raw.get("title", "")),
        agencies=agencies,
        core=str(setup["core"]),
        coordinating=setup.get("coordinating"),
        contractors=contractors,
        steps=steps,
        expects=tuple(sorted((_parse_expectation(e) for e in raw.get("expect") or []), key=lambda e: e.at)),
        must_hold=tuple(str(m) for m in raw.get("must_hold") or []),
        source=path,
        families={
            None if label == OWN_FAMILY else label: parse_family(family)
            for label, family in (raw.get("families") or {}).items()
        },
    )
    _validate(story)
    return story


def _as_tuple(value: Any) -> tuple[str, ...]:
    """One name or a list of them."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def _bases_used_by(steps: Sequence[Step], code: str) -> frozenset[str]:
    """The bases on which an agency sends or receives in this story."""
    used_bases: set[str] = set()
    for step in steps:
        named = step.basis if isinstance(step.basis, Mapping) else dict.fromkeys(step.to, step.basis or "")
        if step.by == code:
            used_bases |= set(named.values())
        elif code in step.to:
            used_bases.add(named.get(code, ""))
    return frozenset(used_bases - {""})


def _parse_step(raw: Mapping[str, Any]) -> Step:
    return Step(
        n=int(raw["n"]),
        at=_utc_time(raw["at"]),
        by=str(raw["from"]),
        to=_as_tuple(raw.get("to")),
        event=canonical_event(str(raw["event"])),
        sections=_as_tuple(raw.get("sections")),
        basis=raw.get("basis"),
        consent=_as_tuple(raw.get("consent")),
        details=_canonical_codes(raw.get("details") or {}),
        tried=_canonical_attempt(raw.get("tried")),
        releases=raw.get("releases"),
        family=raw.get("family"),
        unanswered=bool(raw.get("unanswered", False)),
    )


def canonical_event(name: str) -> str:
    """The event's name in this edition."""
    return EVENT_ALIASES.get(name, name)


def _canonical_codes(value: Any) -> Any:
    """Details with the codes of this edition."""
    if isinstance(value, Mapping):
        return {key: _canonical_codes(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_canonical_codes(inner) for inner in value]
    return CODE_ALIASES.get(value, value) if isinstance(value, str) else value


def _canonical_attempt(raw: Any) -> Any:
    """A tried step with the names of this edition."""
    if not isinstance(raw, Mapping):
        return raw
    attempt = dict(raw)
    if "event" in attempt:
        attempt["event"] = canonical_event(str(attempt["event"]))
    if "details" in attempt:
        attempt["details"] = _canonical_codes(attempt["details"])
    return attempt


def _parse_expectation(raw: Mapping[str, Any]) -> Expect:
    views = {
        code: {section: tuple(sorted(ns)) for section, ns in (view or {}).items()}
        for code, view in (raw.get("views") or {}).items()
    }
    return Expect(_utc_time(raw["at"]), views)


def _utc_time(value: Any) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return at.astimezone(UTC)


def _validate(story: Story) -> None:
    known = set(story.agencies)
    for step in story.steps:
        unknown_agencies = {step.by, *step.to} - known - {HUB, PERSON, AUDITOR}
        if unknown_agencies:
            raise Malformed(
                "story-agency",
                f"Step #{step.n} names the unknown agency {', '.join(sorted(unknown_agencies))}.",
            )
        wrong = set(step.sections) - {s.value for s in Section}
        if wrong:
            raise Malformed(
                "story-section", f"Step #{step.n} names the unknown section {', '.join(sorted(wrong))}."
            )
    numbers = [s.n for s in story.steps]
    if len(set(numbers)) != len(numbers):
        raise Malformed("story-number")
