"""Where the rules of the families are registered: each rule names the messages it is for, right above itself.

@form_of(e.PlanExtended)
def extends_plan(context: DecisionContext) -> Refusal | None: ...
"""

from __future__ import annotations

from collections.abc import Callable

from domain.case_message import CaseMessage, Sender
from domain.context import Rule

SENDER_RULES: dict[Sender, Rule] = {}
FORM_RULES: dict[type[CaseMessage], Rule] = {}
READY_RULES: dict[type[CaseMessage], Rule] = {}


def sender_rule(sender: Sender) -> Callable[[Rule], Rule]:
    """Marks the rule that a class statement names as ``sender=``."""

    def register(rule: Rule) -> Rule:
        if sender in SENDER_RULES:
            raise TypeError(f"{sender} has a rule already: {SENDER_RULES[sender].__name__}")
        SENDER_RULES[sender] = rule
        return rule

    return register


def form_of(*messages: type[CaseMessage]) -> Callable[[Rule], Rule]:
    """Marks the rule on what the data of these messages have to state."""
    return _register_in(FORM_RULES, messages)


def ready_for(*messages: type[CaseMessage]) -> Callable[[Rule], Rule]:
    """Marks the rule on what has to be recorded before these messages."""
    return _register_in(READY_RULES, messages)


def _register_in(
    table: dict[type[CaseMessage], Rule], messages: tuple[type[CaseMessage], ...]
) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for message in messages:
            if message in table:
                raise TypeError(f"{message.__name__} has a rule already: {table[message].__name__}")
            table[message] = rule
        return rule

    return register
