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
from tests.gateway.hubkit import START


def refusal(path: str) -> tuple[int, str]:
    stub = cast(Any, SimpleNamespace(now=lambda: START))
    pages = TestClient(audit_app(stub, names={}, mode="rehearsal", record=stub), base_url="http://127.0.0.1")
    answer = pages.get(path)
    return answer.status_code, answer.json()["error_code"]


@pytest.mark.parametrize(
    "path", ["/?case=no-id", "/readings?case=%27", "/timeline?case=1a2b3c4d", "/export/ledger.csv?case=x"]
)
def test_a_case_that_is_no_id_is_answered_with_case_form(path: str) -> None:
    assert refusal(path) == (400, "case-form")


@pytest.mark.parametrize("path", ["/?before=no-cursor", "/readings?before=1", "/consents?notified_before=[]"])
def test_a_cursor_of_no_page_is_answered_with_cursor_form(path: str) -> None:
    assert refusal(path) == (400, "cursor-form")


def test_a_report_without_its_font_is_refused_with_font_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "FONT", "No Such Font")
    with pytest.raises(Unavailable) as raised:
        _pdf("台帳", [], [])
    assert raised.value.error_code == "font-missing"
