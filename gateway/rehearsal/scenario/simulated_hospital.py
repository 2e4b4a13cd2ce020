"""A hospital's own system, simulated: it knows FHIR and the hub's code lists, and nothing of the hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from adapters.agencies import fhir
from domain.calendar import JST
from gateway.rehearsal.scenario.families import StoryChild, StoryFamily

_CONSENT = {
    "resourceType": "Consent",
    "status": "active",
    "scope": {"text": "情報提供"},
    "category": [{"text": "情報提供"}],
    "policyRule": {"text": "情報提供の説明書"},
}


def hospital_bundle(
    *,
    act: str,
    to: str,
    at: datetime,
    case: UUID,
    fields: Mapping[str, Any],
    texts: Mapping[str, str],
    family: StoryFamily,
) -> bytes:
    """A message of a hospital as its system would write it. ``to``: code of the addressee; ``texts``: by section."""
    request: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "id": "request",
        "identifier": [{"system": fhir.CASE, "value": str(case)}],
        "status": "active",
        "intent": "proposal",
        "code": {"coding": [{"system": fhir.ACT, "code": act}]},
        "subject": {"reference": "Patient/mother"},
        "performer": [{"identifier": {"system": fhir.AGENCY, "value": to}}],
        "authoredOn": at.astimezone(JST).isoformat(),
    }
    for basis in fields["basis"].values():
        request["reasonCode"] = [{"coding": [{"system": fhir.BASIS, "code": basis}]}]
    if "answers" in fields:
        request["basedOn"] = [{"identifier": {"system": fhir.MESSAGE, "value": fields["answers"]}}]
    resources = [request, {"resourceType": "Patient", "id": "mother"}]
    if "BASIC" in texts:
        resources[-1] |= _patient(family)
        resources += [_related(child) for child in family.children if child.born_on is not None]
    for section, text in texts.items():
        resources.append(_observation("記載", valueString=text, category=[_concept(fhir.SECTION, section)]))
    if fields.get("weeks_pregnant") is not None:
        weeks = _observation("妊娠週数", valueQuantity={"value": fields["weeks_pregnant"], "unit": "週"})
        weeks["code"]["coding"] = [{"system": fhir.LOINC, "code": "11885-1"}]
        resources.append(weeks)
    for code, value in fields.get("indicators", {}).items():
        indicator = _observation(code, valueCodeableConcept=_concept(fhir.DEGREE, value))
        indicator["code"]["coding"] = [{"system": fhir.INDICATOR, "code": code}]
        resources.append(indicator)
    agreed = {"REFUSED": "deny", "GIVEN": "permit"}.get(fields.get("subject_consent", ""))
    if agreed is not None:
        resources.append({**_CONSENT, "provision": {"type": agreed}})
    for number in fields["consent"]:
        named = [{"system": fhir.CONSENT, "value": number}]
        resources.append({**_CONSENT, "identifier": named, "provision": {"type": "permit"}})
    bundle = {"resourceType": "Bundle", "type": "message", "entry": [{"resource": r} for r in resources]}
    return json.dumps(bundle, ensure_ascii=False).encode()


def _patient(family: StoryFamily) -> dict[str, Any]:
    """The mother, as a hospital has her."""
    mother = family.adults[0]
    patient: dict[str, Any] = {"gender": "female", "name": _names(mother.name, mother.kana)}
    if mother.born_on is not None:
        patient["birthDate"] = mother.born_on
    if family.address is not None:
        patient["address"] = [{"text": family.address}]
    if family.phone is not None:
        patient["telecom"] = [{"system": "phone", "value": family.phone}]
    return patient


def _related(child: StoryChild) -> dict[str, Any]:
    return {
        "resourceType": "RelatedPerson",
        "id": f"child-{child.born_on}",
        "patient": {"reference": "Patient/mother"},
        "relationship": [{"text": "子"}],
        "name": _names(child.name, child.kana),
        "birthDate": child.born_on,
    }


def _names(name: str, kana: str) -> list[dict[str, Any]]:
    """Source: HL7 iso21090-EN-representation."""
    url = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
    return [
        {"text": text, "extension": [{"url": url, "valueCode": code}]}
        for text, code in ((name, "IDE"), (kana, "SYL"))
    ]


def _concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _observation(name: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": name},
        "subject": {"reference": "Patient/mother"},
        **more,
    }
