"""The shared stories a year later, under other codes, with fewer details: who may open what does not change."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from tests.gateway.test_scenarios import STORIES, run

LATER = timedelta(weeks=52)  # the same weekdays: visits are counted by the week
DAY = re.compile(r"20\d\d-\d\d-\d\d")
OPTIONAL_DETAILS = {"weeks_pregnant", "indicators", "urgency"}


def _a_year_later(match: re.Match[str]) -> str:
    return (date.fromisoformat(match[0]) + LATER).isoformat()


def _renamed(text: str, codes: list[str]) -> str:
    """Every agency under another code; the first part still names its municipality."""
    for n, code in enumerate(sorted(codes, key=len, reverse=True)):
        if code.startswith("EXT-") or code == "HUB":
            continue
        town = {"AZ": "QX", "TW": "RY"}.get(code.split("-")[0], f"Z{n}")
        text = re.sub(rf"(?<![A-Z-]){code}(?![A-Z-])", f"{town}-OFFICE{n}", text)
    return text


@pytest.mark.parametrize("name", ["sc-1", "sc-3", "sc-4", "sc-6"])
def test_dates_codes_and_optional_details_change_nothing(name: str, tmp_path: Path) -> None:
    text = (STORIES / f"{name}.yaml").read_text(encoding="utf-8")
    story = yaml.safe_load(text)
    varied = yaml.safe_load(DAY.sub(_a_year_later, _renamed(text, list(story["agencies"]))))
    for step in varied["timeline"]:
        step.pop("note", None)
        details = step.get("details") or {}
        for detail in OPTIONAL_DETAILS & set(details):
            del details[detail]
    varied["must_hold"] = []
    path = tmp_path / "varied.yaml"
    path.write_text(yaml.safe_dump(varied, allow_unicode=True, sort_keys=False), encoding="utf-8")
    code, [report] = run(path)
    assert report["reasons"] == []
    assert [c for c in report["checks"] if not c["ok"]] == []
    assert (code, report["ok"]) == (0, True)
    assert len(report["checks"]) > 5
