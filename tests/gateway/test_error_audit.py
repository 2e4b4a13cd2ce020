"""Every error code that a person at the audit pages can meet and that no other test provokes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from domain.errors import Unavailable
from gateway.audit.app import audit_app
from gateway.audit.reports import _pdf
from gateway.pages import typesetting
from projections.queries import _parse_cursor
from tests.gateway.hubkit import START


def test_a_case_that_is_no_id_is_answered_with_case_form() -> None:
    pages = TestClient(audit_app(cast(Any, None), names={}, mode="rehearsal"), base_url="http://127.0.0.1")
    answer = pages.get("/", params={"case": "no-id"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "case-form")


def test_a_cursor_of_no_page_is_answered_with_cursor_form() -> None:
    office = SimpleNamespace(now=lambda: START)
    pages = TestClient(
        audit_app(
            cast(Any, office),
            names={},
            mode="rehearsal",
            history_at=lambda case, at: cast(Any, None),
            exception_page=lambda at, case, before, count: cast(Any, _parse_cursor(before, 4)),
        ),
        base_url="http://127.0.0.1",
    )
    answer = pages.get("/exceptions", params={"before": "no-cursor"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "cursor-form")


def test_a_report_without_its_font_is_refused_with_font_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "FONT", "No Such Font")
    with pytest.raises(Unavailable) as raised:
        _pdf("台帳", [], [])
    assert raised.value.error_code == "font-missing"
