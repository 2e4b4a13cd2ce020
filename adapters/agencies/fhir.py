"""FHIR R4: a hospital's referral as a Bundle, answered by Task and OperationOutcome.

One Bundle is one message. Every resource of it is taken or the Bundle is refused: nothing is dropped in silence.
The code systems of ours are in README.md. Source: HL7 FHIR R4 (4.0.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

from adapters.agencies.contract import (
    BASIS_OF,
    MAX_FILE_BYTES,
    Draft,
    Finding,
    Outcome,
    Taken,
    Words,
    WrongFile,
    fields_of,
)
from domain.codes import IndicatorValue, Section, SubjectConsent
from domain.indicators import INDICATORS
from domain.rulebook import BASES

ACT, AGENCY, BASIS = "urn:kakehashi:act", "urn:kakehashi:agency", "urn:kakehashi:basis"
CASE, MESSAGE, SECTION = "urn:kakehashi:case", "urn:kakehashi:message", "urn:kakehashi:section"
INDICATOR, DEGREE = "urn:kakehashi:indicator", "urn:kakehashi:degree"
CONSENT = "urn:kakehashi:consent"
REASON, OUTCOME = "urn:kakehashi:reason", "urn:kakehashi:outcome"
LOINC = "http://loinc.org"
WEEKS = {(LOINC, "11885-1"), (LOINC, "18185-9"), (LOINC, "49051-6")}  # gestational age
OF_CHILD = {
    (LOINC, "8339-4"),
    (LOINC, "89269-5"),
    (LOINC, "9272-6"),
    (LOINC, "9274-2"),
}  # birth weight, height, Apgar
BUNDLES = ("message", "collection", "transaction")
RESOURCES = ("ServiceRequest", "Patient", "RelatedPerson", "Observation", "Condition", "Consent")
SCHEMA = "fhir+json/r4"
GENDERS = {"male": "男", "female": "女", "other": "その他", "unknown": "不明"}
BASES_THERE = frozenset(str(row["code"]) for row in BASES)
_LABELS = {one.code: one for one in INDICATORS}
_STATUS = {"recorded": "received", "held": "on-hold", "refused": "rejected", "waiting": "requested"}
_ISSUE = {
    "recorded": "informational",
    "held": "informational",
    "refused": "business-rule",
    "waiting": "transient",
}
_SENDABLE = frozenset(s.value for s in Section) - {"SOURCE", "REASON"}

Json = dict[str, Any]


class Fhir:
    """The adapter."""

    name = "FHIR R4"

    def knows(self, data: bytes) -> bool:
        return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def read(self, data: bytes, agencies: Mapping[str, UUID]) -> Taken:
        """One draft of one Bundle. Raises WrongFile."""
        if len(data) > MAX_FILE_BYTES:
            raise WrongFile([Finding("Bundle", "", "too-large")])
        return _Reading(_parsed(data), data, agencies).taken()

    def answer(self, taken: Taken, outcomes: Sequence[Outcome]) -> bytes:
        """A Bundle of a Task that says what became of the request, and an OperationOutcome in words."""
        [outcome] = outcomes
        context = taken.context
        task: Json = {
            "resourceType": "Task",
            "id": str(outcome.message),
            "identifier": [{"system": MESSAGE, "value": str(outcome.message)}],
            "groupIdentifier": {"system": CASE, "value": str(outcome.case)},
            "status": _STATUS[outcome.outcome],
            "businessStatus": {
                "coding": [{"system": OUTCOME, "code": outcome.outcome}],
                "text": outcome.words,
            },
            "intent": "order",
            "focus": {"reference": context["request"]},
            "for": {"reference": context["subject"]},
            "owner": {"identifier": {"system": AGENCY, "value": context["to"]}},
        }
        if outcome.reason is not None:
            task["statusReason"] = {
                "coding": [{"system": REASON, "code": outcome.reason}],
                "text": outcome.words,
            }
        severity = "error" if outcome.outcome == "refused" else "information"
        issue: Json = {
            "severity": severity,
            "code": _ISSUE[outcome.outcome],
            "details": {"text": outcome.words},
            "expression": ["Bundle"],
        }
        if outcome.remedy:
            issue["diagnostics"] = outcome.remedy
        report = {"resourceType": "OperationOutcome", "issue": [issue]}
        entries = [{"fullUrl": f"urn:uuid:{outcome.message}", "resource": task}, {"resource": report}]
        return _written({"resourceType": "Bundle", "type": "collection", "entry": entries})

    def refuse(self, data: bytes, findings: Sequence[Finding]) -> bytes:
        """An OperationOutcome with an issue for each finding."""
        issues = [
            {
                "severity": "error",
                "code": _issue_code(f.flaw),
                "details": {"coding": [{"system": "urn:kakehashi:flaw", "code": f.flaw}], "text": f.what},
                "diagnostics": f.remedy,
                "expression": [f"{f.place}.{f.field}" if f.field else f.place],
            }
            for f in findings
        ]
        return _written({"resourceType": "OperationOutcome", "issue": issues})

    def kind(self, data: bytes) -> tuple[str, str]:
        return "application/fhir+json", ".json"


def _issue_code(flaw: str) -> str:
    """Source: FHIR R4, IssueType."""
    if flaw in ("code-unknown", "agency-unknown", "act-not-taken"):
        return "code-invalid"
    if flaw.endswith("-missing") or flaw in ("empty", "one-request"):
        return "required"
    return {"not-json": "structure", "not-fhir": "structure", "reference-not-there": "not-found"}.get(
        flaw, "invalid"
    )


def _written(value: Json) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


class _Twice(ValueError):
    """A key stands twice in one object."""


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError("no number of JSON")


def _parsed(data: bytes) -> Json:
    try:
        found = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_pairs, parse_constant=_constant, parse_float=str
        )
    except _Twice:
        raise WrongFile([Finding("Bundle", "", "duplicate-key")]) from None
    except (ValueError, RecursionError):
        raise WrongFile([Finding("Bundle", "", "not-json")]) from None
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        raise WrongFile([Finding("Bundle", "resourceType", "not-a-bundle")])
    return found


class _Reading:
    """One Bundle being read: findings gather, and the first step that leaves some ends it."""

    def __init__(self, bundle: Json, data: bytes, agencies: Mapping[str, UUID]) -> None:
        self.bundle = bundle
        self.data = data
        self.agencies = agencies
        self.findings: list[Finding] = []
        self.there: dict[str, tuple[str, Json]] = {}  # by what it may be referred to
        self.by_type: dict[str, list[tuple[str, Json]]] = {name: [] for name in RESOURCES}
        self.words: dict[str, list[str]] = {}

    def wrong(self, place: str, field: str, flaw: str) -> None:
        self.findings.append(Finding(place, field, flaw))

    def checked(self) -> None:
        if self.findings:
            raise WrongFile(self.findings)

    def taken(self) -> Taken:
        self._entries()
        self.checked()
        [(place, request)] = self.by_type["ServiceRequest"]
        act = self._act(place, request)
        subject = self._subject(place, request)
        to = self._addressee(place, request)
        basis = self._coded(request.get("reasonCode"), place, "reasonCode", BASIS, BASES_THERE)
        self._people()
        indicators, weeks = self._observations()
        self._conditions()
        consent = self._consent()
        rests_on = self._rests_on()
        self._notes(place, request)
        if not self.words:
            self.wrong("Bundle", "", "empty")
        occurred = self._time(place, request)
        answers = self._answered(place, request) if act == "information_request.answered" else None
        case = self._id(place, request, "identifier", CASE)
        self.checked()
        own: Json
        if act == "family_information.provided":
            own = {"subject_consent": consent, "weeks_pregnant": weeks, "indicators": indicators}
        else:
            own = {"answers": str(answers)}
        own["consent"] = [str(one) for one in rests_on]
        draft = Draft(
            place=place,
            reference=_own_number(request),
            case=case,
            act=str(act),
            fields=fields_of(str(act), self.agencies[str(to)], basis, own),
            sections=tuple(Words(section, "\n".join(self.words[section])) for section in sorted(self.words)),
            occurred_at=occurred,
            source=self.data,
            schema=SCHEMA,
        )
        context = {"request": self._named(place), "subject": subject, "to": to}
        return Taken((draft,), context)

    # --- the entries ---------------------------------------------------------------------------------------------

    def _entries(self) -> None:
        if self.bundle.get("type") not in BUNDLES:
            self.wrong("Bundle", "type", "bundle-type")
        entries = self.bundle.get("entry")
        if not isinstance(entries, list):
            entries = []
        if _modified(self.bundle):
            self.wrong("Bundle", "", "modifier")
        for n, entry in enumerate(entries):
            place = f"Bundle.entry[{n}].resource"
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                self.wrong(place, "", "not-fhir")
                continue
            kind = resource.get("resourceType")
            if kind not in RESOURCES:
                self.wrong(place, "resourceType", "resource-not-taken")
                continue
            self._valid(place, kind, resource)
            self.by_type[kind].append((place, resource))
            for name in (
                entry.get("fullUrl"),
                f"{kind}/{resource.get('id')}" if resource.get("id") else None,
            ):
                if isinstance(name, str):
                    self.there[name] = (place, resource)
        if len(self.by_type["ServiceRequest"]) != 1:
            self.wrong("Bundle", "entry", "one-request")

    def _valid(self, place: str, kind: str, resource: Json) -> None:
        """The form that FHIR asks for, by its own models; what they let pass is asked for where it is read."""
        from fhir.resources.R4B import get_fhir_model_class
        from pydantic import ValidationError

        try:
            get_fhir_model_class(kind).model_validate_json(json.dumps(resource))
        except ValidationError as error:
            for one in error.errors(include_input=False, include_url=False, include_context=False):
                path = ".".join(str(part) for part in one["loc"] if _is_name(part))
                self.wrong(place, path, "not-fhir")
        except Exception:  # a model may stumble over what is no FHIR at all
            self.wrong(place, "", "not-fhir")

    def _named(self, place: str) -> str:
        return next((name for name, (there, _) in self.there.items() if there == place), place)

    # --- the request ---------------------------------------------------------------------------------------------

    def _act(self, place: str, request: Json) -> str | None:
        if request.get("status") != "active" or request.get("doNotPerform"):
            self.wrong(place, "status", "not-in-force")
        for coding in _codings(request.get("code")):
            if coding.get("system") == ACT and coding.get("code") in BASIS_OF:
                return str(coding["code"])
        self.wrong(place, "code", "act-not-taken")
        return None

    def _subject(self, place: str, request: Json) -> str | None:
        named = _reference(request.get("subject"))
        found = self.there.get(named or "")
        if found is None or found[1].get("resourceType") != "Patient":
            self.wrong(place, "subject", "subject-missing")
        for n, one in enumerate(request.get("supportingInfo") or ()):
            if _reference(one) not in self.there:
                self.wrong(place, f"supportingInfo[{n}]", "reference-not-there")
        return named

    def _addressee(self, place: str, request: Json) -> str | None:
        codes = [
            one.get("identifier", {}).get("value")
            for one in request.get("performer") or ()
            if isinstance(one, dict) and one.get("identifier", {}).get("system") == AGENCY
        ]
        if len(codes) != 1:
            self.wrong(place, "performer", "agency-missing")
            return None
        if codes[0] not in self.agencies:
            self.wrong(place, "performer[0].identifier.value", "agency-unknown")
            return None
        return str(codes[0])

    def _answered(self, place: str, request: Json) -> UUID | None:
        for n, one in enumerate(request.get("basedOn") or ()):
            identifier = one.get("identifier", {}) if isinstance(one, dict) else {}
            if identifier.get("system") == MESSAGE:
                return self._uuid(place, f"basedOn[{n}].identifier.value", identifier.get("value"))
        self.wrong(place, "basedOn", "answers-missing")
        return None

    def _id(self, place: str, resource: Json, field: str, system: str) -> UUID | None:
        for n, one in enumerate(resource.get(field) or ()):
            if isinstance(one, dict) and one.get("system") == system:
                return self._uuid(place, f"{field}[{n}].value", one.get("value"))
        return None

    def _uuid(self, place: str, field: str, text: object) -> UUID | None:
        try:
            return UUID(str(text).removeprefix("urn:uuid:"))
        except ValueError:
            self.wrong(place, field, "id-form")
            return None

    def _time(self, place: str, request: Json) -> datetime | None:
        for field in ("occurrenceDateTime", "authoredOn"):
            text = request.get(field)
            if isinstance(text, str):
                try:
                    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
                except ValueError:
                    self.wrong(place, field, "date-form")
                    return None
                if found.tzinfo is None:
                    self.wrong(place, field, "time-zone")
                    return None
                return found
        return None

    def _coded(self, concepts: Any, place: str, field: str, system: str, known: frozenset[str]) -> str | None:
        for n, concept in enumerate(concepts if isinstance(concepts, list) else ()):
            for coding in _codings(concept):
                if coding.get("system") == system:
                    if coding.get("code") not in known:
                        self.wrong(place, f"{field}[{n}]", "code-unknown")
                        return None
                    return str(coding["code"])
        return None

    # --- what is told --------------------------------------------------------------------------------------------

    def say(self, section: str, line: str) -> None:
        if line:
            self.words.setdefault(section, []).append(line)

    def _notes(self, place: str, request: Json) -> None:
        for note in request.get("note") or ():
            self.say("MEDICAL", str(note.get("text", "")))

    def _people(self) -> None:
        for label, kind in (("対象者", "Patient"), ("関係者", "RelatedPerson")):
            for _, person in self.by_type[kind]:
                lines = [
                    ("氏名", "、".join(filter(None, map(_name, person.get("name") or ())))),
                    ("続柄", "、".join(filter(None, map(_concept, person.get("relationship") or ())))),
                    ("性別", GENDERS.get(str(person.get("gender")), "")),
                    ("生年月日", str(person.get("birthDate") or "")),
                    ("住所", "、".join(filter(None, map(_address, person.get("address") or ())))),
                    ("連絡先", "、".join(str(t.get("value") or "") for t in person.get("telecom") or ())),
                ]
                told = " / ".join(f"{name}: {value}" for name, value in lines if value)
                self.say("BASIC", f"{label} {told}" if told else "")

    def _observations(self) -> tuple[dict[str, str], int | None]:
        indicators: dict[str, str] = {}
        weeks: int | None = None
        for place, one in self.by_type["Observation"]:
            if one.get("status") not in ("final", "amended", "corrected", "preliminary", "registered"):
                self.wrong(place, "status", "not-in-force")
                continue
            codes = {(c.get("system"), c.get("code")) for c in _codings(one.get("code"))}
            named = next((code for system, code in codes if system == INDICATOR), None)
            if named is not None:
                self._indicator(place, one, str(named), indicators)
                continue
            section = self._section(place, one, codes)
            self.say(section, f"{_concept(one.get('code'))}: {_value(one)}")
            if codes & WEEKS:
                weeks = self._weeks(place, one)
        return indicators, weeks

    def _indicator(self, place: str, one: Json, code: str, found: dict[str, str]) -> None:
        if code not in _LABELS:
            self.wrong(place, "code", "code-unknown")
            return
        degree = next(
            (c.get("code") for c in _codings(one.get("valueCodeableConcept")) if c.get("system") == DEGREE),
            None,
        )
        if degree not in set(IndicatorValue):
            self.wrong(place, "valueCodeableConcept", "code-unknown")
            return
        found[code] = str(degree)
        label, words = _LABELS[code], (one.get("valueCodeableConcept") or {}).get("text")
        if words:  # the degree itself is control, and needs no section
            self.say(label.section.value, f"指標 {label.label}: {words}")

    def _section(self, place: str, one: Json, codes: set[tuple[Any, Any]]) -> str:
        for n, concept in enumerate(one.get("category") or ()):
            for coding in _codings(concept):
                if coding.get("system") == SECTION:
                    if coding.get("code") in _SENDABLE:
                        return str(coding["code"])
                    self.wrong(place, f"category[{n}]", "code-unknown")
        if codes & WEEKS:
            return "PREG"
        return "CHILD" if codes & OF_CHILD else "MEDICAL"

    def _weeks(self, place: str, one: Json) -> int | None:
        value = one.get("valueInteger")
        if value is None:
            value = (one.get("valueQuantity") or {}).get("value")
        if not re.fullmatch(r"\d{1,2}(\.0+)?", str(value)):
            self.wrong(place, "valueQuantity.value", "number-form")
            return None
        weeks = int(float(str(value)))
        if weeks > 45:
            self.wrong(place, "valueQuantity.value", "weeks-range")
        return weeks

    def _conditions(self) -> None:
        for place, one in self.by_type["Condition"]:
            status = {c.get("code") for c in _codings(one.get("verificationStatus"))}
            if status & {"entered-in-error", "refuted"}:
                self.wrong(place, "verificationStatus", "not-in-force")
            notes = " ".join(str(n.get("text", "")) for n in one.get("note") or ())
            self.say("MEDICAL", f"傷病名: {_concept(one.get('code'))} {notes}".rstrip())

    def _consent(self) -> str:
        """Whether the person agreed to this being told. Absent: not asked. Basis: CWA 21-10-5 (it does not bar)."""
        consents = [c for c in self.by_type["Consent"] if not _ours(c[1], CONSENT)]
        if not consents:
            return SubjectConsent.NOT_ASKED.value
        if len(consents) > 1:
            self.wrong("Bundle", "entry", "consent-twice")
        place, one = consents[0]
        kind = (one.get("provision") or {}).get("type")
        if one.get("status") == "rejected" or (one.get("status") == "active" and kind == "deny"):
            return SubjectConsent.REFUSED.value
        if one.get("status") == "active" and kind == "permit":
            return SubjectConsent.GIVEN.value
        self.wrong(place, "status", "not-in-force")
        return SubjectConsent.NOT_ASKED.value

    def _rests_on(self) -> list[UUID]:
        """The recorded consents that this rests on: those that bear the hub's number."""
        numbers = [self._id(p, one, "identifier", CONSENT) for p, one in self.by_type["Consent"]]
        return sorted({number for number in numbers if number is not None})


def _ours(resource: Json, system: str) -> bool:
    return any(isinstance(i, dict) and i.get("system") == system for i in resource.get("identifier") or ())


def _is_name(part: object) -> bool:
    return isinstance(part, int) or (
        isinstance(part, str) and re.fullmatch(r"[A-Za-z]{1,40}", part) is not None
    )


def _modified(value: Any) -> bool:
    """Whether anything says that it means something else than it seems to."""
    if isinstance(value, dict):
        return any(k in ("modifierExtension", "implicitRules") or _modified(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_modified, value))


def _codings(concept: Any) -> list[Json]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [c for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []


def _concept(concept: Any) -> str:
    """A concept in words: its own text, else a display, else a code."""
    if not isinstance(concept, dict):
        return ""
    codings = _codings(concept)
    shown = [str(c[key]) for key in ("display", "code") for c in codings if c.get(key)]
    return str(concept.get("text") or (shown[0] if shown else ""))


def _text_of(one: Json) -> str:
    return _concept(one.get("valueCodeableConcept"))


def _value(one: Json) -> str:
    """An observation's value in words."""
    quantity = one.get("valueQuantity")
    if isinstance(quantity, dict):
        return f"{quantity.get('value', '')} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    if "valueBoolean" in one:
        return "はい" if one["valueBoolean"] else "いいえ"
    for key in ("valueString", "valueInteger", "valueDateTime"):
        if key in one:
            return str(one[key])
    parts = [f"{_concept(c.get('code'))} {_value(c)}" for c in one.get("component") or ()]
    return _text_of(one) or "、".join(parts) or _concept(one.get("dataAbsentReason")) or "記載なし"


def _reference(value: Any) -> str | None:
    found = value.get("reference") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _own_number(request: Json) -> str | None:
    """The sender's own number for the family: of the requisition, else the first identifier that is not ours."""
    for one in (request.get("requisition"), *(request.get("identifier") or ())):
        if isinstance(one, dict) and one.get("value") and one.get("system") != CASE:
            return f"{one.get('system') or ''}|{one['value']}"
    return None


def _name(name: Json) -> str:
    return str(
        name.get("text")
        or " ".join([str(name.get("family", "")), *map(str, name.get("given") or ())]).strip()
    )


def _address(address: Json) -> str:
    parts = [
        address.get("postalCode"),
        address.get("state"),
        address.get("city"),
        *(address.get("line") or ()),
    ]
    return str(address.get("text") or " ".join(str(p) for p in parts if p))
