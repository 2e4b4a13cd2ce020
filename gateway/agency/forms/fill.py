"""From the entered values to what is sent. Errors are found before anything is sent, and shown at their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from domain.calendar import JST
from domain.codes import AUTHOR_ONLY
from domain.decide import BASIS_REASONS
from domain.events import dump
from domain.reasons import Reason
from gateway.agency.forms.kinds import Field, FieldValues, Form, FormContext, InputKind, SectionText, To
from keys.fields import ACTOR

Values = Mapping[str, Sequence[str]]
MAX_TEXT_LENGTH = 1_000_000

SELECT_ONE, SELECT_AT_LEAST_ONE, ENTER_TEXT = "選んでください", "一つ以上選んでください", "書いてください"

FIELD_OF_REASON: Mapping[str, str] = {
    Reason.REASON_MISSING: "reason",
    Reason.REVIEW_DAY_MISSING: "review_on",
    Reason.GROUND_NOT_APPLICABLE: "withheld",
    Reason.NOTIFIER_NOT_WITHHELD: "withheld",
    Reason.CHILD_STATEMENT_NOT_WITHHELD: "withheld",
    Reason.RESULT_INCONSISTENT: "decision",
    Reason.CHECKLIST_INCOMPLETE: "checklist",
    Reason.RISK_SHEET_MISSING: "text_RISK",
    Reason.CHILD_NOT_SEEN: "child_seen",
    Reason.NOTHING_TO_OPEN: "sections",
    Reason.NO_CONSENT: "consents",
    Reason.WORKER_UNKNOWN: "worker",
    Reason.QUALIFICATION_NOT_LISTED: "qualification",
    Reason.WORKER_NOT_READY: "worker",
    Reason.CONTRACTOR_NOT_COMMISSIONED: "agency",
    Reason.CONTRACTOR_SUSPENDED: "agency",
    Reason.CONTRACTOR_NOT_READY: "agency",
    Reason.NO_TARGET_CLASS: "target_classes",
    Reason.DISCHARGE_DATE_MISSING: "discharge_on",
    Reason.PLAN_INCOMPLETE: "parts",
    Reason.PLAN_DATES_WRONG: "plan_until",
    Reason.NOT_CONSULTED: "consulted",
    Reason.VISITOR_NOT_CONSULTED: "consulted",
    Reason.RETENTION_DAY_WRONG: "until",
    Reason.NO_SECTIONS: "sections",
    Reason.CONDITIONS_MISSING: "conditions",
    Reason.ADDRESS_MISSING: "text_ADDR",
    Reason.NUMBERS_WRONG: "ends_on",
    Reason.NOTICE_INCOMPLETE: "items",
    Reason.TIME_AHEAD: "happened_on",
    Reason.MODULE_NEVER_EXEMPT: "module",
    Reason.REQUIREMENT_UNKNOWN: "items",
}
"""Reason of a refusal -> the field to correct, if the form has that field."""

RECIPIENT_REASONS = frozenset(
    {
        Reason.OWNER_NOT_ADDRESSED,
        Reason.NOT_ANOTHER_MUNICIPALITY,
        Reason.NOT_A_CGC,
        Reason.NO_CORE_AGENCY,
        Reason.RECIPIENTS_WRONG,
        Reason.UNKNOWN_ADDRESSEE,
        Reason.CONTRACTOR_NOT_ASSIGNED,
    }
) | (BASIS_REASONS - set(FIELD_OF_REASON))
"""Refusals that other addressees, or another basis for them, would correct."""


@dataclass
class Filled:
    """A form as it was filled in. ``errors``: field -> what to correct; it can be sent if there are none."""

    values: Values
    field_values: FieldValues = field(default_factory=dict)
    to: list[str] = field(default_factory=list)
    basis: dict[str, str] = field(default_factory=dict)
    parts: list[tuple[str, str, list[str]]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The first value entered for this field, or an empty string."""
        values = self.values.get(name, [])
        return values[0] if values else ""

    def many(self, name: str) -> Sequence[str]:
        return self.values.get(name, [])


def initial_values(form: Form, form_context: FormContext) -> Filled:
    """The values of an empty form: defaults and preselected addressees."""
    values: dict[str, Sequence[str]] = {
        f.name: f.default(form_context) for f in form.visible_fields(form_context) if f.default
    }
    if form.to is not None:
        values["to"] = form.to.preselected(form_context)
        values |= {f"basis.{a}": [form.to.default_basis] for a in form.to.candidates(form_context)}
    return Filled(values)


def fill(form: Form, form_context: FormContext, values: Values) -> Filled:
    """Read every field; collect the errors of all of them."""
    filled = Filled(values)
    for form_field in form.visible_fields(form_context):
        value, error = _read_field(form_field, form_context, values)
        if error:
            filled.errors[form_field.name] = (
                f"「{form_field.label}」を{error}。"
                if form_field.input_kind is not InputKind.CHECK
                else error
            )
        elif form_field.input_kind is not InputKind.CHECK:
            filled.field_values[form_field.name] = value
    _read_sections(form, filled)
    if form.to is not None:
        _read_addressees(form.to, form_context, filled)
    if not filled.errors and form.finalise is not None:
        try:
            filled.field_values = form.finalise(filled.field_values, form_context)
        except FieldError as field_error:
            filled.errors[field_error.field_name] = field_error.message
    return filled


class FieldError(Exception):
    """An error that ``Form.finalise`` found. ``field_name``: where it is shown."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field_name, self.message = field_name, message


def field_of_refusal(form: Form, form_context: FormContext, reason: str | None) -> str:
    """The field to correct after this refusal; empty if it is none of this form's fields."""
    names = {f.name for f in form.visible_fields(form_context)} | {w.name for w in form.section_inputs}
    name = FIELD_OF_REASON.get(reason or "", "")
    if name in names:
        return name
    return "to" if form.to is not None and reason in RECIPIENT_REASONS else ""


def _read_sections(form: Form, filled: Filled) -> None:
    for section_input in form.section_inputs:
        text = _section_text(section_input, filled)
        if text and len(text) <= MAX_TEXT_LENGTH:
            selected_flags = [
                f.value for f in section_input.flags if f.value in filled.many(f"{section_input.name}.flag")
            ]
            filled.parts.append((section_input.section.value, text, selected_flags))
        elif text:
            filled.errors[section_input.name] = f"「{section_input.label}」が長すぎます。短くしてください。"
        elif section_input.is_required:
            filled.errors[section_input.name] = f"「{section_input.label}」を{ENTER_TEXT}。"


def _section_text(section_input: SectionText, filled: Filled) -> str:
    if not section_input.lines:
        return filled.one(section_input.name).strip()
    entered = {
        label: " ".join(filled.one(f"{section_input.name}.{label}").split()) for label in section_input.lines
    }
    return "\n".join(f"{label}: {value}" for label, value in entered.items() if value)


def _read_addressees(to: To, form_context: FormContext, filled: Filled) -> None:
    candidates = to.candidates(form_context)
    selected = [a for a in filled.many("to") if a in candidates] if to.fixed is None else candidates
    if not selected and to.is_required:
        filled.errors["to"] = "「宛先」を一つ以上選んでください。"
    disclosed_parts = [p for p in filled.parts if p[0] not in AUTHOR_ONLY]
    filled.to = sorted(selected)
    if not disclosed_parts:
        return
    for agency in selected:
        code = filled.one(f"basis.{agency}")
        if code not in to.offered(form_context, agency):
            filled.errors["to"] = "内容を伝える宛先ごとに「根拠」を選んでください。"
        else:
            filled.basis[agency] = code


def _read_field(form_field: Field, form_context: FormContext, values: Values) -> tuple[Any, str]:
    """The value and an empty string, or None and what to correct."""
    if form_field.input_kind is InputKind.EACH:
        return _read_rows(form_field, form_context, values)
    entered = [v.strip() for v in values.get(form_field.name, []) if v.strip()]
    choices = form_field.offered(form_context)
    match form_field.input_kind:
        case InputKind.CHECK:
            return None, "" if entered else "確かめて、印を付けてください。"
        case InputKind.MANY:
            known = sorted({v for v in entered if v in choices})
            return known, SELECT_AT_LEAST_ONE if form_field.is_required and not known else ""
        case _ if not entered:
            return None, (
                SELECT_ONE if form_field.input_kind in (InputKind.ONE, InputKind.YES) else "記入してください"
            ) if form_field.is_required else ""
        case InputKind.ONE:
            return (entered[0], "") if entered[0] in choices else (None, SELECT_ONE)
        case InputKind.YES:
            return (entered[0] == "yes", "") if entered[0] in ("yes", "no") else (None, SELECT_ONE)
        case InputKind.DAY:
            return _read_date(entered[0])
        case InputKind.MOMENT:
            return _read_datetime(entered[0])
        case InputKind.COUNT:
            number = entered[0].translate(str.maketrans("０１２３４５６７８９", "0123456789"))
            fits = number.isascii() and number.isdigit() and len(number) < 8
            return (int(number), "") if fits else (None, "0以上の数で記入してください")
        case _:
            fits = ACTOR.fullmatch(entered[0]) is not None
            return (entered[0], "") if fits else (None, "英数字と . _ : @ - で記入してください")


def _read_rows(form_field: Field, form_context: FormContext, values: Values) -> tuple[Any, str]:
    rows = form_field.rows(form_context) if form_field.rows else {}
    chosen = {}
    for row in rows:
        entered = next(iter(values.get(f"{form_field.name}.{row}", [])), "")
        if entered in form_field.row_choices_for(form_context, row):
            chosen[row] = entered
    missing = [text for row, text in rows.items() if row in form_field.required_rows and row not in chosen]
    return chosen, f"すべて選んでください(未記入: {'、'.join(missing)})" if missing else ""


def _read_date(text: str) -> tuple[Any, str]:
    try:
        return date.fromisoformat(text).isoformat(), ""
    except ValueError:
        return None, "2026-05-31 のような日付で記入してください"


def _read_datetime(text: str) -> tuple[Any, str]:
    try:
        at = datetime.fromisoformat(text)
        return dump((at.replace(tzinfo=JST) if at.tzinfo is None else at).astimezone(UTC)), ""
    except (ValueError, OverflowError):
        return None, "2026-05-31T09:30 のような日時で記入してください"


def local_input_value(at: datetime) -> str:
    """A time as a datetime-local input shows it: Japanese time, to the minute."""
    return at.astimezone(JST).strftime("%Y-%m-%dT%H:%M")
