"""Every error code that a person at the audit pages can meet and that no other test provokes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import typst
from fastapi.testclient import TestClient

from domain.errors import Unavailable
from gateway.audit.app import audit_app
from gateway.audit.reports import _pdf
from projections.queries import _parse_cursor
from tests.gateway.hubkit import START


def test_a_case_that_is_no_id_is_answered_with_case_form() -> None:
    pages = TestClient(audit_app(cast(Any, None), names={}, mode="rehearsal"))
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
        )
    )
    answer = pages.get("/exceptions", params={"before": "no-cursor"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "cursor-form")


def test_a_report_without_its_font_is_refused_with_font_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    warning = SimpleNamespace(message="unknown font family: noto sans cjk jp")
    monkeypatch.setattr(typst, "compile_with_warnings", lambda *args, **kwargs: (b"", [warning]))
    with pytest.raises(Unavailable) as raised:
        _pdf("台帳", [], [])
    assert raised.value.error_code == "font-missing"
