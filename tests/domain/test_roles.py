"""The table role × act: complete, shut by default, and its codes permanent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.actors import Actor
from domain.codes import Section
from domain.events import EVENTS
from domain.role_acts import DOORS_OWN, ROLE_ACTS, SYSTEM_ACTS, TOKEN_DEFAULT, holders_of, may, may_system
from domain.roles import DOOR_ACT_TITLES, OPENINGS, ROLE_TITLES, Denial, DoorAct, StaffRole

pytestmark = pytest.mark.fast
VECTOR = Path(__file__).parents[1] / "vectors" / "roles" / "codes.v1.json"
COMMANDS = {topic for topic, event in EVENTS.items() if event.may_be_commanded()}
CONTENT = {*OPENINGS, *COMMANDS} - {"confidentiality_rules.acknowledged"}


def test_every_command_opening_and_act_at_a_door_has_a_row_and_nothing_else_has() -> None:
    assert set(ROLE_ACTS) == COMMANDS | set(OPENINGS) | {act.value for act in DoorAct}
    assert len(OPENINGS) == len(Section)
    assert not COMMANDS & {act.value for act in DoorAct}  # one word, one act
    assert set(ROLE_TITLES) == set(StaffRole)
    assert set(DOOR_ACT_TITLES) == set(DoorAct)


def test_released_codes_are_permanent() -> None:
    released = json.loads(VECTOR.read_text(encoding="utf-8"))
    assert {role.value for role in StaffRole} >= set(released["roles"])
    assert {act.value for act in DoorAct} >= set(released["door_acts"])
    assert set(OPENINGS) >= set(released["openings"])
    assert {denial.value for denial in Denial} >= set(released["denials"])


def test_an_administrator_has_nothing_of_a_case_and_an_auditor_reads_logs_only() -> None:
    for role in (StaffRole.ADMINISTRATOR, StaffRole.AUDIT):
        assert {act for act in CONTENT if role in ROLE_ACTS[act]} == set()
        assert role not in ROLE_ACTS[DoorAct.READ_CASES]


@pytest.mark.parametrize(
    ("roles", "act", "is_own", "taken", "denial"),
    [
        pytest.param([], "disclosure.made", None, [], Denial.ROLE_REQUIRED, id="no role"),
        pytest.param(StaffRole, "nothing.known", None, [], Denial.NOT_AT_A_DOOR, id="an act without a row"),
        pytest.param(StaffRole, "key_set.published", None, [], Denial.NOT_AT_A_DOOR, id="the registrars'"),
        pytest.param(
            ["CASE_WORKER"], "destruction.approved", True, [], Denial.ROLE_REQUIRED, id="not a manager"
        ),
        pytest.param(["MANAGER"], "destruction.approved", False, [], None, id="a manager, in any case"),
        pytest.param(
            ["VISITOR"], "home_visit.completed", False, [], Denial.OWN_CASES_ONLY, id="another's case"
        ),
        pytest.param(["VISITOR"], "home_visit.completed", True, [], None, id="the visitor's own case"),
        pytest.param(["VISITOR"], "safety_concern.raised", None, [], None, id="about no case of this agency"),
        pytest.param(
            ["CASE_WORKER", "VISITOR"], "home_visit.completed", False, [], None, id="by another role"
        ),
        pytest.param(
            ["CASE_WORKER", "VISITOR"],
            "home_visit.completed",
            False,
            [(StaffRole.CASE_WORKER, "home_visit.completed")],
            Denial.OWN_CASES_ONLY,
            id="the other role is taken away",
        ),
        pytest.param(
            ["RECEPTION"],
            "open.basic",
            None,
            [(StaffRole.RECEPTION, "open.basic")],
            Denial.TAKEN_AWAY,
            id="taken away",
        ),
        pytest.param(["VISITOR"], "open.notifier", True, [], Denial.ROLE_REQUIRED, id="who notified"),
        pytest.param(["RECEPTION"], "open.addr", None, [], Denial.ROLE_REQUIRED, id="a protected address"),
    ],
)
def test_who_may(
    roles: list[str], act: str, is_own: bool | None, taken: list[tuple[StaffRole, str]], denial: Denial | None
) -> None:
    assert may([StaffRole(r) for r in roles], act, is_own_case=is_own, taken=taken) is denial


def test_a_setting_only_takes_away() -> None:
    assert may([StaffRole.AUDIT], "disclosure.made", taken=[(StaffRole.AUDIT, "disclosure.made")]) is not None
    assert holders_of("open.basic", [(StaffRole.VISITOR, "open.basic")]) == (
        StaffRole.CASE_WORKER,
        StaffRole.MANAGER,
        StaffRole.RECEPTION,
    )


def test_a_system_has_the_acts_of_its_token_and_no_persons_word() -> None:
    assert may_system(TOKEN_DEFAULT, "family_information.provided") is None
    assert may_system(TOKEN_DEFAULT, "cases.read") is Denial.NOT_IN_TOKEN
    assert may_system(["consent.given"], "consent.given") is Denial.NOT_IN_TOKEN  # a person's own word
    assert {a for a in SYSTEM_ACTS if a in EVENTS and EVENTS[a].ACTOR is not Actor.ANYONE} == set()
    assert not SYSTEM_ACTS & DOORS_OWN
    assert TOKEN_DEFAULT <= SYSTEM_ACTS
