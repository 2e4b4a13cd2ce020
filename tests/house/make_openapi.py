"""Writes the OpenAPI documents of the two doors from their applications.

python tests/house/make_openapi.py
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.hub.app import hub_app

FOLDER = Path(__file__).parents[2] / "gateway" / "protocol" / "openapi"


def documents() -> dict[str, str]:
    """File name -> text. The applications are only described, never called, so nothing stands behind them."""
    stub = cast(Any, None)
    hub = hub_app(
        stub,
        stub,
        genesis=b"",
        health=dict,
        uploads=stub,
        rehearsal_token=None,
        log_keeper=stub,
        witnesses=stub,
        timestamps=stub,
    )
    door = cast(Any, SimpleNamespace())
    agency = agency_app(door, staff=Staff.rehearsal("staff.1", mode="rehearsal"), mode="rehearsal")
    return {name: _document_text(app.openapi()) for name, app in (("hub.json", hub), ("agency.json", agency))}


def _document_text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
