"""Files as agencies send them, to be changed one thing at a time."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from adapters.agencies import InboundMessage
from adapters.agencies.contract import SectionText
from adapters.content_json import read_content
from domain.content import as_text, lines

CORE = UUID("11111111-1111-4111-8111-111111111111")
AGENCIES = {"AZ-CORE": CORE}
NOW = datetime(2025, 5, 13, 0, 0, tzinfo=UTC)
"""The day after the files below were written."""
SECRET = "架空の名前"
"""Stands in every free text: no error may hold it."""


def bundle() -> dict[str, Any]:
    """A hospital's referral of a young expectant mother who said no."""
    patient = {"reference": "Patient/p1"}
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"text": "情報提供"},
        "category": [{"text": "情報提供"}],
        "policyRule": {"text": "説明書"},
        "provision": {"type": "deny"},
    }
    resources: list[dict[str, Any]] = [
        {
            "resourceType": "ServiceRequest",
            "id": "r1",
            "status": "active",
            "intent": "proposal",
            "requisition": {"system": "urn:oid:1.2.392.0", "value": "A-17"},
            "code": {"coding": [{"system": "urn:kakehashi:act", "code": "family_information.provided"}]},
            "reasonCode": [{"coding": [{"system": "urn:kakehashi:basis", "code": "CWA-21-10-5"}]}],
            "subject": patient,
            "performer": [{"identifier": {"system": "urn:kakehashi:agency", "value": "AZ-CORE"}}],
            "authoredOn": "2025-05-12T10:20:00+09:00",
            "supportingInfo": [{"reference": "Observation/o1"}],
        },
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"text": f"{SECRET} 花子"}],
            "gender": "female",
            "birthDate": "2008-02-03",
            "address": [{"text": f"{SECRET}市1-2-3"}],
            "telecom": [{"system": "phone", "value": "000-0000-0000"}],
        },
        {
            "resourceType": "Observation",
            "id": "o1",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "11885-1"}], "text": "妊娠週数"},
            "subject": patient,
            "valueQuantity": {"value": 30, "unit": "週"},
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "urn:kakehashi:indicator", "code": "PR_NO_CHECKUPS"}]},
            "valueCodeableConcept": {"coding": [{"system": "urn:kakehashi:degree", "code": "SERIOUS"}]},
        },
        {
            "resourceType": "Condition",
            "code": {"text": f"{SECRET}症"},
            "subject": patient,
            "note": [{"text": "通院中"}],
        },
        consent,
    ]
    return {"resourceType": "Bundle", "type": "message", "entry": [{"resource": r} for r in resources]}


def encoded(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


ROW = {
    "整理番号": "母-12",
    "宛先機関": "AZ-CORE",
    "把握年月日": "令和7年5月12日",
    "氏名": f"{SECRET} 花子",
    "生年月日": "H20.2.3",
    "住所": f"{SECRET}市1-2-3",
    "電話": "000-0000-0000",
    "妊娠週数": "３０",
    "妊娠・出産の状況": f"{SECRET}のため健診未受診",
    "養育者の状況": f"{SECRET}、相談相手がいない",
    "本人・保護者の同意": "同意なし",
    "本人・保護者への説明": "説明済み",
    "指標:若年": "○",
    "指標:相談できる人がいる": "心配なし",
}


def table(*rows: dict[str, str]) -> list[list[str]]:
    heads = list(dict.fromkeys(head for row in rows for head in row))
    return [heads, *([row.get(head, "") for head in heads] for row in rows)]


def as_csv(rows: list[list[str]], code: str = "utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(code)


def as_xlsx(rows: list[list[Any]]) -> bytes:
    from openpyxl import Workbook

    workbook = Workbook()
    sheet = workbook.create_sheet("表", 0)
    del workbook["Sheet"]
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def section_texts(inbound: InboundMessage) -> dict[str, str]:
    """Each section as a person reads it."""
    return {
        one.section: as_text(lines(read_content(one.schema, one.text.encode()))) for one in inbound.sections
    }


def written(section: SectionText) -> object:
    """A section as the published examples have it: its text, or its schema with what is stated."""
    if section.schema == "text/v1":
        return section.text
    return {"schema": section.schema, "content": _stated(json.loads(section.text))}


def _stated(value: object) -> object:
    """Without the fields that were not asked."""
    if isinstance(value, dict):
        return {name: _stated(inner) for name, inner in value.items() if inner is not None}
    return [_stated(one) for one in value] if isinstance(value, list) else value
