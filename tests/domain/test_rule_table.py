"""Where rules and effects are registered: one of each kind for a message, one function for a sender."""

from __future__ import annotations

from typing import Any

import pytest

from domain import events as e
from domain.acts import ACTS
from domain.case_message import Sender
from domain.effects import EFFECTS, effect_of
from domain.evolution import EFFECT_MODULES
from domain.rule_table import FORM_RULES, READY_RULES, SENDER_RULES, form_of, ready_for, sender_rule
from tests.domain.builders import AZ_CORE, LEARNED, TW_CORE, case_message, given, id_of


@pytest.mark.parametrize(
    ("mark", "table", "known"),
    [
        pytest.param(form_of, FORM_RULES, e.PlanExtended, id="what it has to state"),
        pytest.param(ready_for, READY_RULES, e.PlanExtended, id="what has to be recorded before it"),
        pytest.param(effect_of, EFFECTS, e.PlanExtended, id="what follows from it"),
        pytest.param(sender_rule, SENDER_RULES, Sender.CORE, id="who may send it"),
    ],
)
def test_a_second_function_for_the_same_is_refused_at_import(mark: Any, table: Any, known: Any) -> None:
    before = dict(table)

    def second(*given: Any) -> None: ...

    with pytest.raises(TypeError, match="already"):
        mark(known)(second)
    assert table == before


def test_the_table_of_acts_has_the_rules_that_are_registered() -> None:
    act = ACTS[e.PlanExtended]
    assert act.sender is SENDER_RULES[Sender.CORE]
    assert (act.form, act.ready) == (FORM_RULES[e.PlanExtended], READY_RULES[e.PlanExtended])
    assert set(FORM_RULES) | set(READY_RULES) <= set(ACTS)


def test_an_effect_is_of_a_message_that_can_be_recorded() -> None:
    assert set(EFFECTS) <= set(e.MESSAGES)
    modules = {module.__name__ for module in EFFECT_MODULES}
    assert {effect.__module__ for effect in EFFECTS.values()} == modules


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            case_message(e.TransferPackageSent, AZ_CORE, hands_over=id_of("nothing"), checklist={}),
            id="a package of no transfer",
        ),
        pytest.param(
            case_message(e.TransferReceiptConfirmed, TW_CORE, answers=id_of("nothing"), received=frozenset()),
            id="a receipt of no transfer",
        ),
        pytest.param(
            case_message(e.BasisOverrideApproved, AZ_CORE, approves=id_of("nothing")),
            id="an approval of no override",
        ),
        pytest.param(
            case_message(e.EmergencyAccessApproved, AZ_CORE, approves=id_of("nothing")),
            id="an approval of no emergency access",
        ),
        pytest.param(
            case_message(e.DestructionApproved, AZ_CORE, approves=id_of("nothing")),
            id="an approval of no destruction",
        ),
    ],
)
def test_history_with_an_effect_on_nothing_is_still_read(command: Any) -> None:
    before, after = given(LEARNED).world.case, given(LEARNED, command).world.case
    assert set(after.messages) == {LEARNED.command_id, command.command_id}
    assert (after.transfer, after.overrides, after.granted, after.disposal) == (
        before.transfer,
        before.overrides,
        before.granted,
        before.disposal,
    )
