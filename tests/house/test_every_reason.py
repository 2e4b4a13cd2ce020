"""Every reason of refusal can be given, and a test yields it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.reasons import Reason

ROOT = Path(__file__).parents[2]


def named_in(folder: Path) -> set[str]:
    """The reasons that the code of this folder names."""
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    return {name for text in texts for name in re.findall(r"\bReason\.([A-Z_]+)\b", text)}


@pytest.mark.parametrize(
    "folder",
    [
        pytest.param(ROOT / "domain", id="given by a rule"),
        pytest.param(ROOT / "tests" / "domain", id="yielded by a test"),
    ],
)
def test_every_reason_is(folder: Path) -> None:
    assert {reason.name for reason in Reason} - named_in(folder) == set()


def test_a_reasons_code_is_its_name() -> None:
    assert {reason.name for reason in Reason} == {reason.value for reason in Reason}
