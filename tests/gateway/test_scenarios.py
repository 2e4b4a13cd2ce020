"""Stories played through the doors by the users' command: every item is opened as every agency (I5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from gateway.cli.main import app

STORIES = Path(__file__).parents[1] / "scenarios"
RUN = CliRunner()
WITH_VIEWS = (
    "sc-1",
    "sc-3",
    "sc-4",
    "sc-6",
    "nursery-notifies",
    "visits-missing",
    "telephone-does-not-stop-the-clock",
    "family-moves",
    "after-25-years",
    "audit-access-with-dual-approval",
    "control-destroyed",
    "oath-lapses",
    "twins-one-placed",
    "parents-opposed",
    "correction-follows",
    "withdrawn-after-reading",
    "member-leaves-and-returns",
    "neighbour-and-school",
    "review-overdue",
    "alternative-spellings",
    "two-consents",
    "terse-relocation",
    "police-and-telephone",
    "three-clinics",
    "requirements-one-by-one",
    "a-visitor-step-by-step",
    "a-second-visitor",
    "own-part-timer",
    "follow-ons-at-the-edge",
    "next-town",
    "keys-and-readings",
    "two-families",
    "two-towns",
    "released-too-early",
    "one-of-two-withdrawn",
    "consent-to-its-last-day",
    "bases-by-day-and-party",
    "a-fathers-paper",
    "terse-destruction",
    "exception-with-dual-approval",
    "one-office-for-both",
    "held-while-consent-goes",
    "closing-without-the-visitor",
    "closing-asks-everybody",
    "a-plan-with-six-services",
    "court-and-warrant",
    "a-citys-own-centre",
    "reported-by-a-playgroup",
    "minutes-for-who-was-there",
    "both-parents-consent",
    "one-parent-or-both",
)
TERSE = ("terse-course", "terse-rights", "terse-move", "terse-refusals")
OTHERS = sorted({path.stem for path in STORIES.glob("*.yaml")} - {*WITH_VIEWS, *TERSE})


def run(*files: Path) -> tuple[int, list[dict]]:  # type: ignore[type-arg]
    result = RUN.invoke(app, ["scenario", "run", *map(str, files), "--json"])
    return result.exit_code, json.loads(result.stdout)["scenarios"]


def test_the_packaged_story_is_the_one_that_is_tested() -> None:
    packaged = Path(__file__).parents[2] / "gateway" / "rehearsal" / "scenario" / "stories" / "sc-1.yaml"
    assert packaged.read_bytes() == (STORIES / "sc-1.yaml").read_bytes()


@pytest.mark.parametrize("name", WITH_VIEWS)
def test_every_agency_can_open_exactly_what_the_story_expects(name: str) -> None:
    code, [story] = run(STORIES / f"{name}.yaml")
    assert story["reasons"] == []
    assert [c for c in story["checks"] if not c["ok"]] == []
    assert [m for m in story["must_hold"] if m["ok"] is False] == []
    assert (code, story["ok"]) == (0, True)
    checked_agencies = {c["agency"] for c in story["checks"]}
    assert "AUDITOR" in checked_agencies
    granted = name == "audit-access-with-dual-approval"  # else the audit office opens nothing (V10)
    assert any(c["openable"] for c in story["checks"] if c["agency"] == "AUDITOR") is granted
    assert any(c["openable"] for c in story["checks"])


@pytest.mark.parametrize("name", TERSE)
def test_details_that_no_rule_needs_may_be_absent_and_missing_ones_are_refused(name: str) -> None:
    code, [story] = run(STORIES / f"{name}.yaml")
    assert story["reasons"] == []
    assert (code, story["ok"]) == (0, True)


@pytest.mark.parametrize("name", OTHERS)
def test_a_story_about_clocks_and_refusals_plays(name: str) -> None:
    code, [story] = run(STORIES / f"{name}.yaml")
    assert story["reasons"] == []
    assert [c for c in story["checks"] if not c["ok"]] == []
    assert (code, story["ok"]) == (0, True)


def test_a_refusal_for_another_reason_than_the_storys_is_reported(tmp_path: Path) -> None:
    story = yaml.safe_load((STORIES / "correction-follows.yaml").read_text(encoding="utf-8"))
    [wrong] = [s for s in story["timeline"] if s["n"] == 5]
    wrong["details"] = {"reason": "NO_BASIS"}
    path = tmp_path / "story.yaml"
    path.write_text(yaml.safe_dump({**story, "expect": []}), encoding="utf-8")
    code, [report_json] = run(path)
    assert code == 1
    assert report_json["reasons"] == ["#5: NO_BASIS で拒否されるはずが RECIPIENTS_WRONG でした"]


def short(tmp_path: Path, change: dict[str, object]) -> Path:
    """SC-1 up to its first expected views, with one change."""
    story = yaml.safe_load((STORIES / "sc-1.yaml").read_text(encoding="utf-8"))
    story["timeline"] = story["timeline"][:3]
    story["expect"] = story["expect"][:1]
    story["must_hold"] = []
    story.update(change)
    path = tmp_path / "story.yaml"
    path.write_text(yaml.safe_dump(story, allow_unicode=True), encoding="utf-8")
    return path


def cells() -> list[tuple[str, dict[str, list[int]]]]:
    return [
        ("KS-CGC", {"BASIC": [1]}),  # one it must not have
        ("AZ-CORE", {"BASIC": [1], "PREG": [1]}),  # one too few
        ("MID-HOSP", {"BASIC": [1], "PREG": [1], "MEDICAL": [2]}),  # another number
    ]


@pytest.mark.parametrize(("agency", "view"), cells(), ids=["one too many", "one too few", "another number"])
def test_a_story_with_one_wrong_expected_view_fails(
    agency: str, view: dict[str, list[int]], tmp_path: Path
) -> None:
    story = yaml.safe_load((STORIES / "sc-1.yaml").read_text(encoding="utf-8"))
    expect = story["expect"][:1]
    expect[0]["views"][agency] = view
    code, [result_json] = run(short(tmp_path, {"expect": expect}))
    assert (code, result_json["ok"]) == (1, False)
    assert [c["agency"] for c in result_json["checks"] if not c["ok"]] == [agency]


def test_an_event_that_is_not_built_is_reported_and_fails(tmp_path: Path) -> None:
    story = yaml.safe_load((STORIES / "sc-1.yaml").read_text(encoding="utf-8"))
    timeline = story["timeline"][:3]
    timeline[2] = {**timeline[2], "event": "SomethingOfTomorrow"}
    code, [result_json] = run(short(tmp_path, {"timeline": timeline}))
    assert (code, result_json["ok"]) == (1, False)
    assert any("SomethingOfTomorrow" in reason for reason in result_json["reasons"])


def test_a_refusal_that_does_not_happen_fails(tmp_path: Path) -> None:
    story = yaml.safe_load((STORIES / "sc-1.yaml").read_text(encoding="utf-8"))
    tried = {
        "n": 4,
        "at": "2025-05-13T10:00:00+09:00",
        "from": "AZ-CORE",
        "to": [],
        "event": "DisclosureRefused",
        "sections": [],
        "tried": {
            "event": "DisclosureMade",
            "to": ["AZ-COORD"],
            "sections": ["BASIC"],
            "basis": "APPI-69-1",
        },
    }
    code, [result_json] = run(short(tmp_path, {"timeline": [*story["timeline"][:3], tried]}))
    assert (code, result_json["ok"]) == (1, False)
    assert any("拒否されるはず" in reason for reason in result_json["reasons"])


def more(*steps: dict[str, object]) -> list[dict[str, object]]:
    """The first three messages of SC-1, and these."""
    story = yaml.safe_load((STORIES / "sc-1.yaml").read_text(encoding="utf-8"))
    later = {"at": "2025-05-13T11:00:00+09:00", "to": [], "sections": []}
    return [*story["timeline"][:3], *({"n": 4 + i, **later, **step} for i, step in enumerate(steps))]


@pytest.mark.parametrize(
    ("step", "error_text"),
    [
        pytest.param(
            {"from": "HUB", "event": "ContactGapAlarmRaised"},
            "記録していません",
            id="an alarm that was not raised",
        ),
        pytest.param(
            {"from": "KS-CGC", "event": "SectionOpened", "details": {"about": 1}},
            "NOT_FOUND",
            id="a reading that is refused",
        ),
        pytest.param(
            {"from": "AZ-CORE", "event": "OpeningRefused", "sections": ["BASIC"], "details": {"about": 1}},
            "拒否されるはず",
            id="a refused reading that is permitted",
        ),
        pytest.param(
            {"from": "AZ-CORE", "event": "SectionOpened", "details": {"about": 3}},
            "story-nothing-to-open",
            id="a reading that names no item",
        ),
        pytest.param(
            {"from": "AZ-COORD", "event": "ItemsRewrapped"}, "NO_REWRAP_DUTY", id="a duty that nobody has"
        ),
        pytest.param({"from": "HUB", "event": "HubFounded"}, "送れません", id="an event before any story"),
    ],
)
def test_a_story_that_did_not_happen_as_expected_fails(
    step: dict[str, object], error_text: str, tmp_path: Path
) -> None:
    code, [result_json] = run(short(tmp_path, {"timeline": more(step)}))
    assert (code, result_json["ok"]) == (1, False)
    [reason] = result_json["reasons"]
    assert error_text in reason


def test_a_story_may_publish_rules_and_request_audit_control(tmp_path: Path) -> None:
    steps = (
        {"from": "HUB", "event": "RuleBookPublished"},
        {"from": "AUDITOR", "event": "AuditControlRequested"},
    )
    code, [result_json] = run(short(tmp_path, {"timeline": more(*steps)}))
    assert (result_json["reasons"], code) == ([], 0)


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("no ReferralUnacknowledgedAlarmRaised about #1", True),
        ("no ReferralUnacknowledgedAlarmRaised about #9", False),
        ("until 2025-05-14 KS-CGC is empty", True),
        ("AZ-CORE is empty until 2025-05-14T09:00", False),
        ("MEDICAL is visible to AZ-CORE only", False),
        ("nobody has any doubts", None),
    ],
)
def test_a_sentence_of_a_known_form_is_checked(text: str, ok: bool | None, tmp_path: Path) -> None:
    _, [result_json] = run(short(tmp_path, {"must_hold": [text]}))
    assert [m["ok"] for m in result_json["must_hold"]] == [ok]


@pytest.mark.parametrize(
    ("text", "error_text"),
    [
        pytest.param("- a list\n", "mapping", id="no mapping"),
        pytest.param("id: X\n", "agencies", id="no agencies"),
        pytest.param("id: [unclosed\n", "ParserError", id="no YAML"),
    ],
)
def test_a_file_that_is_no_story_is_answered_with_what_to_correct(
    text: str, error_text: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    result = RUN.invoke(app, ["scenario", "run", str(path)])
    assert result.exit_code != 0
    assert error_text in str(result.exception)
