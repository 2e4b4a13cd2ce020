"""FHIR R4: a hospital's referral as a Bundle, answered by Task and OperationOutcome.

One Bundle is one message. Every resource of it is accepted or the Bundle is refused: none is silently dropped.
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
    Finding,
    InboundMessage,
    Outcome,
    ParsedFile,
    SectionText,
    WrongFile,
    fields_of,
)
from adapters.agencies.people import FilePerson, basic_section
from adapters.agencies.sections import (
    diagnosis,
    field_of_indicator,
    medical_content,
    medical_test,
    noted_content,
    partial_date,
    person_named,
    section_of,
)
from domain.blank_text import is_blank
from domain.calendar import day_of
from domain.codes import IndicatorValue, Section, SubjectConsent
from domain.content import Content
from domain.content.common import PersonInQuestion
from domain.content.medical import Diagnosis, MedicalTest
from domain.date_bounds import ANY_DAY, BIRTH, EXPECTED_DELIVERY, OCCURRED, Bounds
from domain.indicators import INDICATORS
from domain.rulebook import BASES
from domain.time_text import parse_day_text, parse_time_text

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
DELIVERY = {(LOINC, "11778-8"), (LOINC, "11779-6"), (LOINC, "11780-4"), (LOINC, "11781-2")}  # expected date
BUNDLES = ("message", "collection", "transaction")
RESOURCES = ("ServiceRequest", "Patient", "RelatedPerson", "Observation", "Condition", "Consent")
SCHEMA = "fhir+json/r4"
MAX_DEPTH = 32
"""Of nested objects and lists; an observation with components and extensions has about 12."""
MAX_VALUES = 200_000
"""Of a Bundle, counted by their commas and brackets; a referral has some hundreds."""
GENDERS = {"male": "男", "female": "女", "other": "その他", "unknown": "不明"}
KNOWN_BASES = frozenset(str(row["code"]) for row in BASES)
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

    def recognises(self, data: bytes) -> bool:
        return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")

    def __init__(self, *, max_depth: int = MAX_DEPTH, max_values: int = MAX_VALUES) -> None:
        self._max_depth, self._max_values = max_depth, max_values

    def read(self, data: bytes, agencies: Mapping[str, UUID], now: datetime) -> ParsedFile:
        """One message of one Bundle. Raises WrongFile."""
        if len(data) > MAX_FILE_BYTES:
            raise WrongFile([Finding("Bundle", "", "too-large")])
        _check_structure(data, self._max_depth, self._max_values)
        return _BundleReader(_parse_bundle(data), data, agencies, now).parsed_file()

    def answer(self, parsed_file: ParsedFile, outcomes: Sequence[Outcome]) -> bytes:
        """A Bundle of a Task with the outcome of the request, and an OperationOutcome with its text."""
        [outcome] = outcomes
        context = parsed_file.context
        task: Json = {
            "resourceType": "Task",
            "id": str(outcome.message),
            "identifier": [{"system": MESSAGE, "value": str(outcome.message)}],
            "groupIdentifier": {"system": CASE, "value": str(outcome.case)},
            "status": _STATUS[outcome.outcome],
            "businessStatus": {
                "coding": [{"system": OUTCOME, "code": outcome.outcome}],
                "text": outcome.explanation,
            },
            "intent": "order",
            "focus": {"reference": context["request"]},
            "for": {"reference": context["subject"]},
            "owner": {"identifier": {"system": AGENCY, "value": context["to"]}},
        }
        if outcome.reason is not None:
            task["statusReason"] = {
                "coding": [{"system": REASON, "code": outcome.reason}],
                "text": outcome.explanation,
            }
        severity = "error" if outcome.outcome == "refused" else "information"
        issue: Json = {
            "severity": severity,
            "code": _ISSUE[outcome.outcome],
            "details": {"text": outcome.explanation},
            "expression": ["Bundle"],
        }
        if outcome.remedy:
            issue["diagnostics"] = outcome.remedy
        report = {"resourceType": "OperationOutcome", "issue": [issue]}
        entries = [{"fullUrl": f"urn:uuid:{outcome.message}", "resource": task}, {"resource": report}]
        return _encode_json({"resourceType": "Bundle", "type": "collection", "entry": entries})

    def refuse(self, data: bytes, findings: Sequence[Finding]) -> bytes:
        """An OperationOutcome with an issue for each finding."""
        issues = [
            {
                "severity": "error",
                "code": _issue_code(f.error_code),
                "details": {
                    "coding": [{"system": "urn:kakehashi:error-code", "code": f.error_code}],
                    "text": f.meaning,
                },
                "diagnostics": f.remedy,
                "expression": [f"{f.place}.{f.field}" if f.field else f.place],
            }
            for f in findings
        ]
        return _encode_json({"resourceType": "OperationOutcome", "issue": issues})

    def kind(self, data: bytes) -> tuple[str, str]:
        return "application/fhir+json", ".json"


def _issue_code(error_code: str) -> str:
    """Source: HL7 FHIR R4, IssueType."""
    if error_code in ("code-unknown", "agency-unknown", "act-not-accepted"):
        return "code-invalid"
    if error_code.endswith("-missing") or error_code in ("empty", "request-count"):
        return "required"
    return {"not-json": "structure", "not-fhir": "structure", "reference-not-found": "not-found"}.get(
        error_code, "invalid"
    )


def _encode_json(value: Json) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
"""A string, closed or not, or a sign of structure. It never goes back, so a file is passed over once."""


def _check_structure(data: bytes, max_depth: int, max_values: int) -> None:
    """Count nesting and values before anything is built of them. Raises WrongFile at the first that is too much."""
    depth = values = 0
    for match in _TOKEN.finditer(data):
        sign = match[0][:1]
        if sign == b'"':
            continue
        values += 1
        depth += 1 if sign in b"[{" else -1 if sign in b"]}" else 0
        if depth > max_depth or values > max_values:
            raise WrongFile([Finding("Bundle", "", "file-too-large-inside")])


class _DuplicateKey(ValueError):
    """A key occurs twice in one object."""


def _unique_keys(pairs: list[tuple[str, Any]]) -> Json:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        raise _DuplicateKey
    return parsed


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _parse_bundle(data: bytes) -> Json:
    try:
        bundle = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_float=str,
        )
    except _DuplicateKey:
        raise WrongFile([Finding("Bundle", "", "duplicate-key")]) from None
    except (ValueError, RecursionError):
        raise WrongFile([Finding("Bundle", "", "not-json")]) from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise WrongFile([Finding("Bundle", "resourceType", "not-a-bundle")])
    return bundle


class _BundleReader:
    """One Bundle being read: findings gather, and the first step that leaves some ends it."""

    def __init__(self, bundle: Json, data: bytes, agencies: Mapping[str, UUID], now: datetime) -> None:
        self.bundle = bundle
        self.now = now
        self.data = data
        self.agencies = agencies
        self.findings: list[Finding] = []
        self.by_reference: dict[str, tuple[str, Json]] = {}  # by what it may be referred to
        self.by_type: dict[str, list[tuple[str, Json]]] = {name: [] for name in RESOURCES}
        self.section_lines: dict[str, list[str]] = {}  # all words of each section
        self.without_field: dict[str, list[str]] = {}  # those of them that its schema has no field for
        self.fields: dict[str, dict[str, Any]] = {}
        self.diagnoses: list[Diagnosis] = []
        self.tests: list[MedicalTest] = []
        self.request_subject: str | None = None
        self.people: list[FilePerson] = []

    def add_finding(self, place: str, field: str, error_code: str) -> None:
        self.findings.append(Finding(place, field, error_code))

    def raise_findings(self) -> None:
        if self.findings:
            raise WrongFile(self.findings)

    def parsed_file(self) -> ParsedFile:
        self._read_entries()
        self.raise_findings()
        [(place, request)] = self.by_type["ServiceRequest"]
        act = self._read_act(place, request)
        subject = self.request_subject = self._subject(place, request)
        to = self._addressee(place, request)
        basis = self._read_code(request.get("reasonCode"), place, "reasonCode", BASIS, KNOWN_BASES)
        self._read_people()
        indicators, weeks = self._observations()
        self._conditions()
        consent = self._consent()
        rests_on = self._rests_on()
        self._notes(place, request)
        sections = self._sections(weeks is not None or "PREG" in self.section_lines)
        if not sections:
            self.add_finding("Bundle", "", "empty")
        occurred = self._occurred_at(place, request)
        answers = self._answered_request(place, request) if act == "information_request.answered" else None
        case = self._identifier(place, request, "identifier", CASE)
        self.raise_findings()
        own: Json
        if act == "family_information.provided":
            own = {"subject_consent": consent, "weeks_pregnant": weeks, "indicators": indicators}
        else:
            own = {"answers": str(answers)}
        own["consent"] = [str(one) for one in rests_on]
        inbound = InboundMessage(
            place=place,
            reference=_own_number(request),
            case=case,
            act=str(act),
            fields=fields_of(str(act), self.agencies[str(to)], basis, own),
            sections=sections,
            occurred_at=occurred,
            source=self.data,
            schema=SCHEMA,
        )
        context = {"request": self._reference_of(place), "subject": subject, "to": to}
        return ParsedFile((inbound,), context)

    # --- the entries ---------------------------------------------------------------------------------------------

    def _read_entries(self) -> None:
        if self.bundle.get("type") not in BUNDLES:
            self.add_finding("Bundle", "type", "bundle-type")
        entries = self.bundle.get("entry")
        if not isinstance(entries, list):
            entries = []
        if _has_modifier(self.bundle):
            self.add_finding("Bundle", "", "modifier")
        for n, entry in enumerate(entries):
            place = f"Bundle.entry[{n}].resource"
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                self.add_finding(place, "", "not-fhir")
                continue
            kind = resource.get("resourceType")
            if kind not in RESOURCES:
                self.add_finding(place, "resourceType", "resource-not-accepted")
                continue
            self._valid(place, kind, resource)
            self.by_type[kind].append((place, resource))
            for name in (
                entry.get("fullUrl"),
                f"{kind}/{resource.get('id')}" if resource.get("id") else None,
            ):
                if isinstance(name, str):
                    self.by_reference[name] = (place, resource)
        if len(self.by_type["ServiceRequest"]) != 1:
            self.add_finding("Bundle", "entry", "request-count")

    def _valid(self, place: str, kind: str, resource: Json) -> None:
        """The form that FHIR asks for, by its own models; what they let pass is asked for where it is read."""
        from fhir.resources.R4B import get_fhir_model_class
        from pydantic import ValidationError

        try:
            get_fhir_model_class(kind).model_validate_json(json.dumps(resource))
        except ValidationError as error:
            for one in error.errors(include_input=False, include_url=False, include_context=False):
                path = ".".join(str(part) for part in one["loc"] if _is_name(part))
                self.add_finding(place, path, "not-fhir")
        except MemoryError:
            raise
        except Exception:  # a model may stumble over what is no FHIR at all
            self.add_finding(place, "", "not-fhir")

    def _reference_of(self, place: str) -> str:
        return next((name for name, (at, _) in self.by_reference.items() if at == place), place)

    # --- the request ---------------------------------------------------------------------------------------------

    def _read_act(self, place: str, request: Json) -> str | None:
        if request.get("status") != "active" or request.get("doNotPerform"):
            self.add_finding(place, "status", "not-in-force")
        for coding in _codings(request.get("code")):
            if coding.get("system") == ACT and coding.get("code") in BASIS_OF:
                return str(coding["code"])
        self.add_finding(place, "code", "act-not-accepted")
        return None

    def _subject(self, place: str, request: Json) -> str | None:
        named = _reference(request.get("subject"))
        referenced = self.by_reference.get(named or "")
        if referenced is None or referenced[1].get("resourceType") != "Patient":
            self.add_finding(place, "subject", "subject-missing")
        for n, one in enumerate(request.get("supportingInfo") or ()):
            if _reference(one) not in self.by_reference:
                self.add_finding(place, f"supportingInfo[{n}]", "reference-not-found")
        return named

    def _addressee(self, place: str, request: Json) -> str | None:
        codes = [
            one.get("identifier", {}).get("value")
            for one in request.get("performer") or ()
            if isinstance(one, dict) and one.get("identifier", {}).get("system") == AGENCY
        ]
        if len(codes) != 1:
            self.add_finding(place, "performer", "agency-missing")
            return None
        if codes[0] not in self.agencies:
            self.add_finding(place, "performer[0].identifier.value", "agency-unknown")
            return None
        return str(codes[0])

    def _answered_request(self, place: str, request: Json) -> UUID | None:
        for n, one in enumerate(request.get("basedOn") or ()):
            identifier = one.get("identifier", {}) if isinstance(one, dict) else {}
            if identifier.get("system") == MESSAGE:
                return self._uuid(place, f"basedOn[{n}].identifier.value", identifier.get("value"))
        self.add_finding(place, "basedOn", "answers-missing")
        return None

    def _identifier(self, place: str, resource: Json, field: str, system: str) -> UUID | None:
        for n, one in enumerate(resource.get(field) or ()):
            if isinstance(one, dict) and one.get("system") == system:
                return self._uuid(place, f"{field}[{n}].value", one.get("value"))
        return None

    def _uuid(self, place: str, field: str, text: object) -> UUID | None:
        try:
            return UUID(str(text).removeprefix("urn:uuid:"))
        except ValueError:
            self.add_finding(place, field, "id-form")
            return None

    def _occurred_at(self, place: str, request: Json) -> datetime | None:
        for field in ("occurrenceDateTime", "authoredOn"):
            text = request.get(field)
            if isinstance(text, str):
                if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}|[^+Z]*T[^+Z-]*", text):
                    self.add_finding(place, field, "time-zone")
                    return None
                try:
                    occurred = parse_time_text(text)
                except ValueError:
                    self.add_finding(place, field, "date-form")
                    return None
                if not OCCURRED.admits(occurred, self.now):
                    self.add_finding(place, field, "date-range")
                    return None
                return occurred
        return None

    def _read_code(
        self, concepts: Any, place: str, field: str, system: str, known: frozenset[str]
    ) -> str | None:
        for n, concept in enumerate(concepts if isinstance(concepts, list) else ()):
            for coding in _codings(concept):
                if coding.get("system") == system:
                    if coding.get("code") not in known:
                        self.add_finding(place, f"{field}[{n}]", "code-unknown")
                        return None
                    return str(coding["code"])
        return None

    def _check_day(self, place: str, field: str, text: object, bounds: Bounds) -> None:
        """Whether a date or time of the content can be meant; its form is FHIR's, which may leave out month and day."""
        if not isinstance(text, str):
            return
        try:
            day = parse_day_text((text + "-01-01")[:10] if len(text) < 10 else text[:10])
        except ValueError:
            self.add_finding(place, field, "date-form")
            return
        if not bounds.admits(day, self.now):
            self.add_finding(place, field, "date-range")

    # --- the content ----------------------------------------------------------------------------------------------

    def add_line(self, section: str, line: str, *, has_field: bool = False) -> None:
        if is_blank(line):
            return
        self.section_lines.setdefault(section, []).append(line)
        if not has_field:
            self.without_field.setdefault(section, []).append(line)

    def set_field(self, section: str, field: str, value: Any, **more: Any) -> bool:
        """Fill a field of the section's schema, once; whether it is the first value of it."""
        known = self.fields.setdefault(section, {})
        if value is None or field in known:
            return False
        known.update({field: value} | {k: v for k, v in more.items() if v is not None})
        return True

    def _content_in_schema(self, section: str) -> Content | None:
        """The section in its schema, where something of it has a field."""
        more = self.without_field.get(section, [])
        if section == Section.MEDICAL:
            return medical_content(self.diagnoses, self.tests, more)
        return noted_content(section, self.fields.get(section, {}), more)

    def _sections(self, is_pregnancy: bool) -> tuple[SectionText, ...]:
        lines = dict(self.section_lines)
        more = lines.pop(Section.BASIC.value, [])
        sections = [
            section_of(section, self._content_in_schema(section), text) for section, text in lines.items()
        ]
        if more or not all(person.is_empty for person in self.people):
            sections.append(
                basic_section(self.people, more, today=day_of(self.now), is_pregnancy=is_pregnancy)
            )
        return tuple(sorted(sections, key=lambda one: one.section))

    def _notes(self, place: str, request: Json) -> None:
        for note in request.get("note") or ():
            self.add_line("MEDICAL", str(note.get("text", "")))

    def _read_people(self) -> None:
        for kind in ("Patient", "RelatedPerson"):
            for place, person in self.by_type[kind]:
                self._check_day(place, "birthDate", person.get("birthDate"), BIRTH)
                self.people.append(_person(person))

    def _observations(self) -> tuple[dict[str, str], int | None]:
        indicators: dict[str, str] = {}
        weeks: int | None = None
        for place, one in self.by_type["Observation"]:
            if one.get("status") not in ("final", "amended", "corrected", "preliminary", "registered"):
                self.add_finding(place, "status", "not-in-force")
                continue
            codes = {(c.get("system"), c.get("code")) for c in _codings(one.get("code"))}
            named = next((code for system, code in codes if system == INDICATOR), None)
            if named is not None:
                self._indicator(place, one, str(named), indicators)
                continue
            self._check_day(place, "valueDateTime", one.get("valueDateTime"), _bounds_of(codes))
            if codes & WEEKS:
                weeks = self._weeks(place, one)
            self._observed(one, codes, self._section(place, one, codes), weeks)
        return indicators, weeks

    def _observed(self, one: Json, codes: set[tuple[Any, Any]], section: str, weeks: int | None) -> None:
        """An observation in the field that its section has for it, and in words."""
        name, value, note = _concept(one.get("code")), _value(one), _notes_text(one)
        has_field = False
        if section == Section.MEDICAL:
            self.tests.append(medical_test(one, name, value, note, self._other_person(one)))
            has_field = True
        elif section == Section.PREG and codes & WEEKS and weeks is not None:
            weeks_on = partial_date(one.get("effectiveDateTime"))
            has_field = self.set_field(section, "weeks", weeks, weeks_on=weeks_on) and not note
        elif section == Section.PREG and codes & DELIVERY:
            has_field = self.set_field(section, "due_on", partial_date(one.get("valueDateTime"))) and not note
        self.add_line(section, f"{name}: {value} {note}".rstrip(), has_field=has_field)

    def _other_person(self, one: Json) -> PersonInQuestion | None:
        """Whom a resource is about, where that is not the one whom the request is about."""
        named = _reference(one.get("subject"))
        if named is None or named == self.request_subject or named not in self.by_reference:
            return None
        return person_named(_person(self.by_reference[named][1]).name)

    def _indicator(self, place: str, one: Json, code: str, indicators: dict[str, str]) -> None:
        if code not in _LABELS:
            self.add_finding(place, "code", "code-unknown")
            return
        degree = next(
            (c.get("code") for c in _codings(one.get("valueCodeableConcept")) if c.get("system") == DEGREE),
            None,
        )
        if degree not in set(IndicatorValue):
            self.add_finding(place, "valueCodeableConcept", "code-unknown")
            return
        indicators[code] = str(degree)
        label, text = _LABELS[code], (one.get("valueCodeableConcept") or {}).get("text")
        if text:  # the degree itself is control, and needs no section
            section = label.section.value
            field = field_of_indicator(section, code)
            has_field = field is not None and self.set_field(section, field, str(text))
            self.add_line(section, f"指標 {label.label}: {text}", has_field=has_field)

    def _section(self, place: str, one: Json, codes: set[tuple[Any, Any]]) -> str:
        for n, concept in enumerate(one.get("category") or ()):
            for coding in _codings(concept):
                if coding.get("system") == SECTION:
                    if coding.get("code") in _SENDABLE:
                        return str(coding["code"])
                    self.add_finding(place, f"category[{n}]", "code-unknown")
        if codes & WEEKS:
            return "PREG"
        return "CHILD" if codes & OF_CHILD else "MEDICAL"

    def _weeks(self, place: str, one: Json) -> int | None:
        value = one.get("valueInteger")
        if value is None:
            value = (one.get("valueQuantity") or {}).get("value")
        if not re.fullmatch(r"[0-9]{1,2}(\.0+)?", str(value)):
            self.add_finding(place, "valueQuantity.value", "number-form")
            return None
        weeks = int(float(str(value)))
        if weeks > 45:
            self.add_finding(place, "valueQuantity.value", "weeks-range")
        return weeks

    def _conditions(self) -> None:
        for place, one in self.by_type["Condition"]:
            status = {c.get("code") for c in _codings(one.get("verificationStatus"))}
            if status & {"entered-in-error", "refuted"}:
                self.add_finding(place, "verificationStatus", "not-in-force")
            name, notes = _concept(one.get("code")), _notes_text(one)
            self.diagnoses.append(diagnosis(one, name, notes, self._other_person(one)))
            self.add_line("MEDICAL", f"傷病名: {name} {notes}".rstrip(), has_field=True)

    def _consent(self) -> str:
        """Whether the person agreed to this disclosure. Absent: not asked. Basis: CWA 21-10-5 (it does not bar)."""
        consents = [c for c in self.by_type["Consent"] if not _has_identifier(c[1], CONSENT)]
        if not consents:
            return SubjectConsent.NOT_REQUESTED.value
        if len(consents) > 1:
            self.add_finding("Bundle", "entry", "duplicate-consent")
        place, one = consents[0]
        kind = (one.get("provision") or {}).get("type")
        if one.get("status") == "rejected" or (one.get("status") == "active" and kind == "deny"):
            return SubjectConsent.REFUSED.value
        if one.get("status") == "active" and kind == "permit":
            return SubjectConsent.GIVEN.value
        self.add_finding(place, "status", "not-in-force")
        return SubjectConsent.NOT_REQUESTED.value

    def _rests_on(self) -> list[UUID]:
        """The recorded consents that this rests on: those that bear the hub's number."""
        numbers = [self._identifier(p, one, "identifier", CONSENT) for p, one in self.by_type["Consent"]]
        return sorted({number for number in numbers if number is not None})


def _has_identifier(resource: Json, system: str) -> bool:
    return any(isinstance(i, dict) and i.get("system") == system for i in resource.get("identifier") or ())


def _bounds_of(codes: set[tuple[Any, Any]]) -> Bounds:
    return EXPECTED_DELIVERY if codes & DELIVERY else ANY_DAY


def _is_name(part: object) -> bool:
    return isinstance(part, int) or (
        isinstance(part, str) and re.fullmatch(r"[A-Za-z]{1,40}", part) is not None
    )


def _has_modifier(value: Any) -> bool:
    """Whether any element changes the meaning of another (``modifierExtension``, ``implicitRules``)."""
    if isinstance(value, dict):
        return any(k in ("modifierExtension", "implicitRules") or _has_modifier(v) for k, v in value.items())
    return isinstance(value, list) and any(map(_has_modifier, value))


def _codings(concept: Any) -> list[Json]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return [c for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []


def _concept(concept: Any) -> str:
    """A concept in words: its own text, else a display, else a code."""
    if not isinstance(concept, dict):
        return ""
    codings = _codings(concept)
    labels = [str(c[key]) for key in ("display", "code") for c in codings if c.get(key)]
    return str(concept.get("text") or (labels[0] if labels else ""))


def _notes_text(one: Json) -> str:
    return " ".join(filter(None, (str(note.get("text", "")) for note in one.get("note") or ())))


def _text_of(one: Json) -> str:
    return _concept(one.get("valueCodeableConcept"))


def _value(one: Json) -> str:
    """An observation's value in words."""
    quantity = one.get("valueQuantity")
    if isinstance(quantity, dict):
        number = f"{quantity.get('comparator') or ''}{quantity.get('value', '')}"
        return f"{number} {quantity.get('unit') or quantity.get('code') or ''}".strip()
    if "valueBoolean" in one:
        return "はい" if one["valueBoolean"] else "いいえ"
    for key in ("valueString", "valueInteger", "valueDateTime"):
        if key in one:
            return str(one[key])
    span = one.get("valueRange")
    if isinstance(span, dict):
        return "〜".join(_value({"valueQuantity": span.get(end) or {}}) for end in ("low", "high"))
    parts = [f"{_concept(c.get('code'))} {_value(c)}" for c in one.get("component") or ()]
    return _text_of(one) or "、".join(parts) or _concept(one.get("dataAbsentReason")) or "記載なし"


def _reference(value: Any) -> str | None:
    result = value.get("reference") if isinstance(value, dict) else None
    return result if isinstance(result, str) else None


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


def _person(person: Json) -> FilePerson:
    """A Patient or RelatedPerson. The first name that is no reading is the person's; others stay as they are written.

    Source: HL7 iso21090-EN-representation.
    """
    names = [name for name in person.get("name") or () if isinstance(name, dict)]
    kana = next((_name(name) for name in names if _representation(name) == "SYL"), "")
    written = [_name(name) for name in names if _representation(name) != "SYL" and _name(name)]
    telecoms = [t for t in person.get("telecom") or () if isinstance(t, dict) and t.get("value")]
    return FilePerson(
        name=written[0] if written else "",
        kana=kana,
        relationship="、".join(filter(None, map(_concept, person.get("relationship") or ()))),
        sex=GENDERS.get(str(person.get("gender")), ""),
        born_on=str(person.get("birthDate") or ""),
        addresses=list(filter(None, map(_address, person.get("address") or ()))),
        phones=[str(t["value"]) for t in telecoms if t.get("system") in (None, "phone", "sms")],
        other=[f"氏名(別): {name}" for name in written[1:]]
        + [f"連絡先: {t['value']}" for t in telecoms if t.get("system") not in (None, "phone", "sms")],
    )


def _representation(name: Json) -> str | None:
    """Whether a name is written in kanji (IDE) or is its reading (SYL), where that is stated."""
    for one in name.get("extension") or ():
        if isinstance(one, dict) and str(one.get("url", "")).endswith("iso21090-EN-representation"):
            return str(one.get("valueCode"))
    return None


def _address(address: Json) -> str:
    parts = [
        address.get("postalCode"),
        address.get("state"),
        address.get("city"),
        *(address.get("line") or ()),
    ]
    return str(address.get("text") or " ".join(str(p) for p in parts if p))
