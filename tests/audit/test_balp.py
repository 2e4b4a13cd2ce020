"""AuditEvents of the ledger fit FHIR and the profiles of IHE, and reveal nothing that the ledger hides."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent

from gateway.audit.balp import PROFILE, audit_events
from tests.audit.profiles import FOLDER, Profile

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="IHE's BALP profiles are not here")

KINDS = ("PrivacyDisclosure.Source", "PrivacyDisclosure.Recipient", "PatientRead", "AuthZconsent")
CORE, HOSP, CASE = (f"0000000{n}-0000-4000-8000-000000000000" for n in (1, 2, 3))
CONSENT, ITEM, COMMAND_ID = (f"0000000{n}-0000-4000-8000-000000000000" for n in (4, 5, 6))
AT = "2025-06-01T01:00:00.000000Z"
DISCLOSURE_ROW: dict[str, Any] = {
    "position": 7, "n": 0, "at": AT, "case": CASE, "message": COMMAND_ID, "act": "disclosure.made", "by": CORE,
    "to": HOSP, "section": "BASIC", "item": ITEM, "flags": ["SENSITIVE"], "basis": "CONSENT",
    "consent": [CONSENT], "subject_consent": "GIVEN", "purpose": "SUPPORT", "outcome": "DISCLOSED",
    "reason": None, "at_fault": None, "fitting": [], "version": 3, "rules": 1,
}  # fmt: skip
REFUSED = DISCLOSURE_ROW | {
    "position": 8, "item": None, "consent": [], "outcome": "REFUSED", "reason": "NO_CONSENT", "purpose": None
}  # fmt: skip
OPENED: dict[str, Any] = {
    "position": 9, "at": AT, "case": CASE, "command_id": COMMAND_ID, "message": COMMAND_ID, "item": ITEM, "section": "BASIC",
    "agency": HOSP, "actor": "staff.h1", "purpose": "SUPPORT", "outcome": "OPENED", "reason": None,
    "received": "OK", "received_at": "2025-06-01T01:00:01.000000Z",
}  # fmt: skip
REFUSED_OPENING = OPENED | {
    "position": 10, "command_id": CONSENT, "outcome": "REFUSED", "reason": "CONSENT_WITHDRAWN", "received": None
}  # fmt: skip
LEDGER = {"disclosures": [DISCLOSURE_ROW, REFUSED], "openings": [OPENED, REFUSED_OPENING]}


def events(ledger: dict[str, Any] = LEDGER) -> list[dict[str, Any]]:
    return list(audit_events(ledger, hub="ab" * 16, names={CORE: "中核", HOSP: "病院"}))


def _profile(event: dict[str, Any]) -> str:
    return str(event["meta"]["profile"][0]).removeprefix(PROFILE)


def test_every_kind_is_there_and_each_fits_its_profile() -> None:
    generated = events()
    assert {_profile(e) for e in generated} == set(KINDS)
    for event in generated:
        AuditEvent.model_validate_json(json.dumps(event))
        assert Profile(_profile(event)).faults(event) == []
        if _profile(event) == "PatientRead":
            assert Profile("Read").faults(event) == []
    assert len({e["id"] for e in generated}) == len(generated)
    assert events() == generated


def test_consent_decisions_have_their_outcome_and_reason() -> None:
    outcomes = [(e["outcome"], e.get("outcomeDesc")) for e in events() if _profile(e) == "AuthZconsent"]
    assert outcomes == [("0", None), ("8", "NO_CONSENT"), ("8", "CONSENT_WITHDRAWN")]


def test_a_notification_bears_the_token_and_no_hour() -> None:
    notification_row = DISCLOSURE_ROW | {
        "act": "abuse_notification.received",
        "by": "NTF-7",
        "consent": [],
        "basis": "CAPA-6-1",
    }
    [event] = events({"disclosures": [notification_row], "openings": []})
    assert event["recorded"] == "2025-06-01T15:00:00.000000Z"
    assert event["agent"][0]["who"]["identifier"]["value"] == "urn:kakehashi:party:NTF-7"
    assert Profile("PrivacyDisclosure.Source").faults(event) == []


def test_held_and_unconfirmed_items_are_no_disclosure_and_no_import() -> None:
    held, unconfirmed = DISCLOSURE_ROW | {"outcome": "HELD"}, OPENED | {"received": None, "received_at": None}
    kinds = [_profile(e) for e in events({"disclosures": [held], "openings": [unconfirmed]})]
    assert kinds == ["PatientRead"]


# --- the checker itself ---------------------------------------------------------------------------------------


def _examples() -> Iterator[Any]:
    for path in sorted((FOLDER / "examples").glob("AuditEvent-*.json")) if FOLDER.is_dir() else ():
        example = json.loads(path.read_text())
        name = example["meta"]["profile"][0].removeprefix(PROFILE)
        if name in (*KINDS, "Read"):
            yield pytest.param(name, example, id=path.stem)


@pytest.mark.parametrize(("name", "example"), list(_examples()))
def test_the_examples_of_ihe_pass_the_checker(name: str, example: dict[str, Any]) -> None:
    assert Profile(name).faults(example) == []


def _mutations(event: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """The event with one coding changed, for each of its codings."""
    if isinstance(event, list):
        for n, element in enumerate(event):
            yield from ((w, [*event[:n], s, *event[n + 1 :]]) for w, s in _mutations(element, f"{at}/{n}"))
    elif isinstance(event, dict):
        if "code" in event:
            yield f"{at}/code", {**event, "code": "wrong"}
        for key, value in event.items():
            yield from ((w, {**event, key: s}) for w, s in _mutations(value, f"{at}/{key}"))


FREE = ("/source/", "/purposeOfEvent/")


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_code_is_a_fault(kind: str) -> None:
    event = next(e for e in events() if _profile(e) == kind)
    for where, mutated in _mutations(event):
        data_of_a_disclosure = "Disclosure" in kind and where.startswith("/entity/1/")
        further = kind == "PatientRead" and where.startswith("/agent/2/")
        if where.startswith((*FREE, "/entity/2/")) or data_of_a_disclosure or further:
            continue  # not restricted to certain codes
        assert Profile(kind).faults(mutated), where


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["type", "subtype", "outcome", "agent", "entity", "recorded", "source"])
def test_a_missing_part_is_a_fault(kind: str, name: str) -> None:
    event = copy.deepcopy(next(e for e in events() if _profile(e) == kind))
    del event[name]
    assert Profile(kind).faults(event)
