"""The sections of a file beside BASIC, in the schemas of their own: what has a field is in it, the rest under 備考.

Where the schema does not take a value as it was written (too long, in several lines), the whole section stays the text of
its lines: nothing of a file is shortened or lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.agencies.contract import SectionText
from adapters.content_json import write_content
from domain.codes import Section
from domain.content import Amount, AmountRange, Content, Part, PartialDate, PersonName
from domain.content.caregiver import CaregiverCondition, CaregiverConditions
from domain.content.codes import DiagnosisState
from domain.content.common import PersonInQuestion
from domain.content.environment import Environment
from domain.content.medical import Diagnosis, Medical, MedicalTest
from domain.content.pregnancy import Pregnancies, Pregnancy
from domain.errors import Malformed

Json = Mapping[str, Any]
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,10})?")
_STATES = {
    "resolved": DiagnosisState.CURED,
    "remission": DiagnosisState.REMISSION,
    "provisional": DiagnosisState.SUSPECTED,
    "differential": DiagnosisState.SUSPECTED,
    "unconfirmed": DiagnosisState.SUSPECTED,
    "confirmed": DiagnosisState.CONFIRMED,
}
"""Of a Condition; the first that its codes name. Source: HL7 FHIR R4, condition-clinical, condition-ver-status."""


def section_of(section: str, content: Content | None, lines: Sequence[str]) -> SectionText:
    """The content in its schema, or the lines as text where there is none or the schema does not take it."""
    if content is not None:
        try:
            return SectionText(section, write_content(content).decode(), content.SCHEMA)
        except Malformed:
            pass
    return SectionText(section, "\n".join(lines))


def note_of(lines: Iterable[str]) -> str | None:
    return "\n".join(lines) or None


def field_of_indicator(section: str, code: str) -> str | None:
    """The field for the notes on an indicator in the schema of its section; None where there is none, or where it asks for a
    flag, which no file states."""
    part = _NOTED.get(section)
    forms = {} if part is None else part.fields()
    return next((name for name, form in forms.items() if form.indicator == code and form.flag is None), None)


_NOTED: Mapping[str, type[Part]] = {
    Section.PREG.value: Pregnancy,
    Section.CAREGIVER.value: CaregiverCondition,
    Section.ENV.value: Environment,
}


def noted_content(section: str, fields: Mapping[str, Any], more: Iterable[str]) -> Content | None:
    """Pregnancy, caregivers or environment. ``fields``: of the one person that is spoken of, or of the household; ``more``:
    lines that have no field."""
    if not fields:
        return None
    note = note_of(more)
    if section == Section.PREG:
        return Pregnancies(pregnancies=(Pregnancy(**{"note": note, **fields}),))
    if section == Section.CAREGIVER:
        return CaregiverConditions(persons=(CaregiverCondition(**{"note": note, **fields}),))
    return Environment(**{"note": note, **fields})


def medical_content(
    diagnoses: Sequence[Diagnosis], tests: Sequence[MedicalTest], more: Iterable[str]
) -> Content | None:
    """MEDICAL. ``more``: lines that have no field."""
    if not diagnoses and not tests:
        return None
    return Medical(diagnoses=tuple(diagnoses) or None, tests=tuple(tests) or None, note=note_of(more))


# --- values of FHIR ---------------------------------------------------------------------------------------------


def diagnosis(one: Json, name: str, note: str, person: PersonInQuestion | None) -> Diagnosis:
    """A Condition. ``name``: its code in words; ``note``: its notes."""
    codings = [c for c in _codings(one.get("code")) if c.get("code")]
    coding = codings[0] if codings else {}
    stated = {
        str(c.get("code"))
        for field in ("clinicalStatus", "verificationStatus")
        for c in _codings(one.get(field))
    }
    return Diagnosis(
        person=person,
        name=name or None,
        code=_text_or_none(coding.get("code")),
        code_list=_text_or_none(coding.get("system")),
        state=next((state for code, state in _STATES.items() if code in stated), None),
        since=partial_date(one.get("onsetDateTime")),
        until=partial_date(one.get("abatementDateTime")),
        note=" ".join(filter(None, (note, str(one.get("onsetString") or "")))) or None,
    )


def medical_test(
    one: Json, name: str, result: str, note: str, person: PersonInQuestion | None
) -> MedicalTest:
    """An Observation. ``name``: its code in words; ``result``: its value in words, where it is no amount; ``note``: its
    notes."""
    measured, span = amount(one.get("valueQuantity")), amount_range(one.get("valueRange"))
    references = one.get("referenceRange") or ()
    is_in_words = (measured is None and span is None) or bool(one.get("component"))
    return MedicalTest(
        person=person,
        name=name or None,
        amount=measured,
        range=span,
        result=result if is_in_words else None,
        reference=amount_range(references[0]) if references else None,
        reference_note="、".join(str(r["text"]) for r in references if r.get("text")) or None,
        tested_on=partial_date(one.get("effectiveDateTime")),
        note=note or None,
    )


def amount(quantity: object) -> Amount | None:
    """A Quantity digit for digit; None where it is none, or is written with an exponent."""
    if not isinstance(quantity, Mapping) or _DECIMAL.fullmatch(str(quantity.get("value"))) is None:
        return None
    unit = str(quantity.get("unit") or quantity.get("code") or "")
    return Amount(str(quantity["value"]), str(quantity.get("comparator") or ""), unit)


def amount_range(value: object) -> AmountRange | None:
    """A Range, or the low and high of a reference range."""
    if not isinstance(value, Mapping):
        return None
    low, high = amount(value.get("low")), amount(value.get("high"))
    return None if low is None and high is None else AmountRange(low, high)


def partial_date(text: object) -> PartialDate | None:
    """A FHIR date or dateTime, which may leave out day and month; a time of day stays in what was written."""
    if not isinstance(text, str) or not text:
        return None
    return PartialDate(text[:10], text if len(text) > len("2025-05-12") else "")


def person_named(name: str) -> PersonInQuestion | None:
    return PersonInQuestion(name=PersonName(name, None)) if name else None


def _codings(concept: object) -> list[Json]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return [c for c in codings if isinstance(c, Mapping)] if isinstance(codings, list) else []


def _text_or_none(value: object) -> str | None:
    return str(value) if value else None
