"""What the house holds every rule to: each reason is given somewhere, and each has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain import events as e
from domain.acts import ACTS
from domain.decide import PERMITTED_COMMANDS
from domain.decide_register import REGISTER_ACTS
from domain.due import HUB_ACTS
from domain.reasons import Reason
from domain.refusals import REFUSALS
from domain.rulebook import BASES

ROOT = Path(__file__).parents[2]
HUB_ANSWERS = {e.DisclosureHeld, *REFUSALS}


def text_of(folder: str) -> str:
    """All that stands in the Python files of a folder."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / folder).rglob("*.py")))


DOMAIN, TESTS = text_of("domain"), text_of("tests/domain")


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_given_by_a_rule_and_has_a_test(reason: Reason) -> None:
    assert reason.name == reason.value
    reference = re.compile(rf"\bReason\.{reason.name}\b")
    assert reference.search(DOMAIN), "nothing gives this reason: take it away"
    assert reference.search(TESTS), "no test gives this reason"


@pytest.mark.parametrize("cls", [pytest.param(c, id=c.TOPIC) for c in e.EVENTS.values()])
def test_a_fact_is_asked_for_or_is_the_hubs_own(cls: type) -> None:
    """Every act has one place where it is decided; all else is on a closed list."""
    own = HUB_ANSWERS | set(HUB_ACTS) | {e.HubFounded}
    assert (cls in PERMITTED_COMMANDS) or (cls in own)
    assert not (cls in ACTS and cls in REGISTER_ACTS)


def test_every_rule_of_an_act_names_its_law_or_what_it_is() -> None:
    rules = {r for act in ACTS.values() for r in (act.sender, act.form, act.ready) if r is not None}
    without_law = {r.__name__ for r in rules if "Basis:" not in (r.__doc__ or "")}
    assert without_law == {"anyone", "answers_received_message"}


def test_every_basis_of_the_rule_book_has_its_row_in_the_sources() -> None:
    text = (ROOT / "domain" / "SOURCES.md").read_text(encoding="utf-8")
    rows = {row.replace(" ", "-") for row in re.findall(r"^\| ([A-Z]+(?: [\d-]+)?) \|", text, re.M)}
    codes = {row["code"] for row in BASES}
    assert {c for c in codes if not any(c == row or c.startswith(row + "-") for row in rows)} == set()
