"""Every code that a person can meet has a Japanese text."""

from __future__ import annotations

import pytest

from domain.codes import CaseStatus, Flag, Purpose, Role, Section, SubjectConsent
from domain.facts import FACTS
from domain.reasons import Reason
from domain.rulebook import BASES
from domain.tasks import TaskKind
from gateway.pages import texts
from gateway.problems import STATUS, TITLES


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        pytest.param(texts.ROLES, Role, id="roles"),
        pytest.param(texts.SECTIONS, Section, id="sections"),
        pytest.param(texts.FLAGS, Flag, id="flags"),
        pytest.param(texts.PURPOSES, Purpose, id="purposes"),
        pytest.param(texts.ACTS, FACTS, id="topics"),
        pytest.param(texts.STATUSES, CaseStatus, id="statuses"),
        pytest.param(texts.TASKS, TaskKind, id="tasks"),
        pytest.param(texts.CONSENTS, SubjectConsent, id="consents"),
        pytest.param(texts.REASONS, Reason, id="reasons"),
        pytest.param(texts.BASES, [row["code"] for row in BASES], id="bases"),
    ],
)
def test_every_code_has_a_text_and_every_text_a_code(table: dict[str, str], codes: object) -> None:
    assert set(table) == {str(c) for c in codes}  # type: ignore[attr-defined]
    assert all(text.strip() for text in table.values())


def test_every_error_has_a_title_and_a_status() -> None:
    assert set(TITLES) == set(STATUS)
