"""What the house holds every rule to: each reason is given somewhere, and each has its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain import events as e
from domain.acts import ACTS, RULE_MODULES
from domain.case_message import Sender
from domain.decide import PERMITTED_COMMANDS
from domain.due import HUB_ACTS
from domain.evolution import EFFECT_MODULES
from domain.reasons import Reason
from domain.rule_table import SENDER_RULES
from domain.rulebook import BASES

ROOT = Path(__file__).parents[2]

DECISIONS_OF_THE_REGISTER = {"domain.agencies.rules", "domain.commission.rules", "domain.programme.rules"}


def text_of(folder: str) -> str:
    """The text of all Python files of a folder."""
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / folder).rglob("*.py")))


DOMAIN, TESTS = text_of("domain"), text_of("tests/domain")


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_given_by_a_rule_and_has_a_test(reason: Reason) -> None:
    assert reason.name == reason.value
    reference = re.compile(rf"\bReason\.{reason.name}\b")
    assert reference.search(DOMAIN), "nothing gives this reason: take it away"
    assert reference.search(TESTS), "no test gives this reason"


@pytest.mark.parametrize("cls", [pytest.param(c, id=c.TOPIC) for c in e.EVENTS.values()])
def test_an_event_is_recorded_for_the_cause_it_states(cls: type[e.Event]) -> None:
    by_clock = cls.CAUSE in (e.Cause.CLOCK, e.Cause.COMMAND_OR_CLOCK)
    assert by_clock is (cls in HUB_ACTS), "domain/due.py lists what a clock may cause"
    assert (cls in PERMITTED_COMMANDS) is (cls.CAUSE in (e.Cause.COMMAND, e.Cause.COMMAND_OR_CLOCK))
    if issubclass(cls, e.CaseMessage):
        assert (cls in ACTS) is (cls in PERMITTED_COMMANDS)


@pytest.mark.parametrize("sender", list(Sender))
def test_every_sender_rule_is_defined_and_used(sender: Sender) -> None:
    assert sender in SENDER_RULES, "mark its function with sender_rule"
    assert any(message.SENDER is sender for message in e.MESSAGES)


def test_every_module_of_rules_and_effects_is_imported() -> None:
    for name, imported in (("rules", RULE_MODULES), ("effects", EFFECT_MODULES)):
        modules = {f"domain.{p.parent.name}.{name}" for p in (ROOT / "domain").glob(f"*/{name}.py")}
        assert modules <= {m.__name__ for m in imported} | DECISIONS_OF_THE_REGISTER


def test_every_rule_of_an_act_names_its_law_or_what_it_is() -> None:
    rules = {r for act in ACTS.values() for r in (act.sender, act.form, act.ready) if r is not None}
    without_law = {r.__name__ for r in rules if "Basis:" not in (r.__doc__ or "")}
    assert without_law == {"anyone", "answers_received_message"}


def test_every_basis_of_the_rule_book_has_its_row_in_the_sources() -> None:
    text = (ROOT / "domain" / "SOURCES.md").read_text(encoding="utf-8")
    rows = {row.replace(" ", "-") for row in re.findall(r"^\| ([A-Z]+(?: [\d-]+)?) \|", text, re.M)}
    codes = {row["code"] for row in BASES}
    assert {c for c in codes if not any(c == row or c.startswith(row + "-") for row in rows)} == set()
