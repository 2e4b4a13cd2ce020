"""From the entered values to what is sent. Errors are found before anything is sent, and shown at their fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.blank_text import is_blank
from domain.calendar import JST
from domain.codes import AUTHOR_ONLY
from domain.content import Content, flags_of, plain
from domain.date_bounds import EVENT_DATES
from domain.decide import BASIS_REASONS
from domain.events import dump
from domain.reasons import Reason
from domain.time_text import parse_day_text, parse_time_text
from gateway.agency.attachments import AttachedPart
from gateway.agency.forms.attached import read_attached
from gateway.agency.forms.children import references_of
from gateway.agency.forms.content_inputs import FieldProblem
from gateway.agency.forms.kinds import Field, FieldValues, Form, FormContext, InputKind, SectionText, To
from keys.fields import ACTOR

Values = Mapping[str, Sequence[str]]
MAX_TEXT_LENGTH = 1_000_000
_LOCAL_TIME = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(?:\.[0-9]{1,6})?)?")
"""What a datetime-local input sends: Japanese time, with or without seconds."""

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
    Reason.CHILDREN_NOT_NAMED: "children",
    Reason.CHILD_UNKNOWN: "children",
    Reason.ALREADY_ONE_CHILD: "children",
    Reason.SOURCE_UNKNOWN: "known_from",
    Reason.CHILD_LIVES: "closing_reason",
    Reason.NOTHING_TO_OPEN: "sections",
    Reason.CONSENT_END_MISSING: "until",
    Reason.OTHER_GUARDIAN_MISSING: "capacity",
    Reason.AUTHORITY_NOT_HELD: "given_by",
    Reason.AUTHORITY_WITH_PARENTS: "capacity",
    Reason.GIVER_MISSING: "given_by",
    Reason.AUTHORITY_INCOMPLETE: "states",
    Reason.NO_CONSENT: "consents",
    Reason.WORKER_UNKNOWN: "worker",
    Reason.QUALIFICATION_NOT_LISTED: "qualification",
    Reason.QUALIFICATION_NOT_VERIFIED: "qualification",
    Reason.ROLE_MISSING: "role",
    Reason.VALIDITY_TOO_LONG: "valid_until",
    Reason.REQUIREMENT_DOUBTED: "agency",
    Reason.WORKER_NOT_READY: "worker",
    Reason.CONTRACTOR_NOT_COMMISSIONED: "agency",
    Reason.CONTRACTOR_SUSPENDED: "agency",
    Reason.CONTRACTOR_NOT_READY: "agency",
    Reason.NO_TARGET_CLASS: "target_classes",
    Reason.DISCHARGE_DATE_MISSING: "discharge_on",
    Reason.PLAN_INCOMPLETE: "parts",
    Reason.PLAN_DATES_WRONG: "plan_until",
    Reason.PLAN_WITHOUT_END: "plan_until",
    Reason.SERVICE_NOT_IN_FORCE: "service",
    Reason.SERVICE_DAYS_MISSING: "begins_on",
    Reason.HOUSEKEEPING_WITHOUT_GOAL: "housekeeping",
    Reason.HANDOVER_UNCLEAR: "handed_on",
    Reason.NOT_A_PARTICIPANT: "participants",
    Reason.NOT_CONSULTED: "consulted",
    Reason.VISITOR_NOT_CONSULTED: "consulted",
    Reason.AGENCY_NOT_CONSULTED: "consulted",
    Reason.EVALUATION_DISAGREES: "reason",
    Reason.FOLLOW_ON_MISSING: "follow_on",
    Reason.FOLLOW_ON_INCONSISTENT: "follow_on",
    Reason.NOTHING_ASSESSED: "indicators",
    Reason.WORDS_MISSING: "text_PREG",
    Reason.NAMES_NOT_SEALED: "text_BASIC",
    Reason.RETENTION_DAY_WRONG: "until",
    Reason.NO_SECTIONS: "sections",
    Reason.CONDITIONS_MISSING: "conditions",
    Reason.CONTACTS_MISSING: "contacts",
    Reason.DAY_OVER: "until",
    Reason.ADDRESS_MISSING: "text_ADDR",
    Reason.SAME_CASE: "other",
    Reason.ALREADY_JOINED: "other",
    Reason.NOT_JOINED: "other",
    Reason.NOT_YOUR_CASE: "other",
    Reason.RETURN_BEFORE_STAY: "returns_on",
    Reason.RETURN_DAY_OVER: "returns_on",
    Reason.NUMBERS_WRONG: "ends_on",
    Reason.NOT_OPENED: "item",
    Reason.NOTICE_INCOMPLETE: "items",
    Reason.TIME_AHEAD: "happened_on",
    Reason.MODULE_NEVER_EXEMPT: "module",
    Reason.REQUIREMENT_UNKNOWN: "items",
}
"""Reason of a refusal -> the field to correct, if the form has that field."""

OTHER_FIELDS_OF_REASON: Mapping[str, tuple[str, ...]] = {
    Reason.TIME_AHEAD: ("returned_on", "placed_on", "died_on", "stays_since"),
    Reason.AUTHORITY_NOT_HELD: ("reason",),
}
"""The same, in forms that ask for it by another field."""

RECIPIENT_REASONS = frozenset(
    {
        Reason.OWNER_NOT_ADDRESSED,
        Reason.NOT_ANOTHER_MUNICIPALITY,
        Reason.OTHER_TOWN_NOT_ADDRESSED,
        Reason.NOT_A_CGC,
        Reason.NOT_A_COURT,
        Reason.NO_CORE_AGENCY,
        Reason.RECIPIENTS_WRONG,
        Reason.UNKNOWN_ADDRESSEE,
        Reason.CONTRACTOR_NOT_ASSIGNED,
    }
) | (BASIS_REASONS - set(FIELD_OF_REASON))
"""Refusals that other addressees, or another basis for them, would correct."""


@dataclass(frozen=True)
class FilledSection:
    """One section as it was written: free text, or a content of a schema."""

    section: str
    flags: tuple[str, ...]
    text: str | None = None
    content: Content | None = None

    def to_json(self) -> dict[str, Any]:
        """As the API takes it."""
        written: dict[str, Any] = {"section": self.section, "flags": list(self.flags)}
        if self.content is None:
            return {**written, "text": self.text}
        return {**written, "schema": self.content.SCHEMA, "content": plain(self.content)}


@dataclass
class Filled:
    """A form as it was filled in. ``errors``: field -> what to correct; it can be sent if there are none."""

    values: Values
    field_values: FieldValues = field(default_factory=dict)
    to: list[str] = field(default_factory=list)
    basis: dict[str, str] = field(default_factory=dict)
    parts: list[FilledSection] = field(default_factory=list)
    attached: list[AttachedPart] = field(default_factory=list)
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
        values |= {
            f"basis.{a}": [form.to.first_basis(form_context, a)] for a in form.to.candidates(form_context)
        }
    return Filled(values)


def fill(form: Form, form_context: FormContext, values: Values) -> Filled:
    """Read every field; collect the errors of all of them."""
    filled = Filled(values)
    for form_field in form.visible_fields(form_context):
        value, error = _read_field(form_field, form_context, values)
        if not error and value is not None and not _can_be_meant(form, form_field, value, form_context.now):
            error = "確かめてください。遠い過去または将来の日付です"
        if error:
            filled.errors[form_field.name] = (
                f"「{form_field.label}」を{error}。"
                if form_field.input_kind is not InputKind.CHECK
                else error
            )
        elif form_field.input_kind is not InputKind.CHECK:
            filled.field_values[form_field.name] = value
    _read_sections(form, form_context, filled)
    filled.attached, problem = read_attached(values, attachable_sections(form))
    if problem:
        filled.errors["attachments"] = problem
    _check_content(form, form_context, filled)
    if form.to is not None:
        _read_addressees(form.to, form_context, filled)
    _name_children(form, form_context, filled)
    if not filled.errors and form.finalise is not None:
        try:
            filled.field_values = form.finalise(filled.field_values, form_context)
        except FieldError as field_error:
            filled.errors[field_error.field_name] = field_error.message
    return filled


def _name_children(form: Form, form_context: FormContext, filled: Filled) -> None:
    """The children of whom control speaks, by their references."""
    values = filled.field_values
    if form.children_from_content:
        values["children"] = _children_named_in(filled.parts)
    elif "children" in values:
        values["children"] = references_of(values["children"], form_context.command_id)


def _children_named_in(parts: Sequence[FilledSection]) -> list[str]:
    """The references of the children that these contents state something of."""
    return sorted({str(ref) for part in parts for ref in _references_in(part.content)})


def _references_in(content: Content | None) -> Iterator[UUID]:
    children = getattr(content, "children", None)
    for child in children if isinstance(children, tuple) else ():
        ref = getattr(getattr(child, "child", child), "ref", None)
        if isinstance(ref, UUID):
            yield ref


def attachable_sections(form: Form) -> tuple[str, ...]:
    """The sections of this form under which a file can be attached; none where it discloses nothing."""
    if form.to is None:
        return ()
    return tuple(s.section.value for s in form.section_inputs if s.section not in AUTHOR_ONLY)


class FieldError(Exception):
    """An error that ``Form.finalise`` found. ``field_name``: where it is shown."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field_name, self.message = field_name, message


def field_of_refusal(form: Form, form_context: FormContext, reason: str | None) -> str:
    """The field to correct after this refusal; empty if it is none of this form's fields."""
    names = {f.name for f in form.visible_fields(form_context)} | {
        w.name for w in form.visible_sections(form_context)
    }
    code = reason or ""
    for name in (FIELD_OF_REASON.get(code, ""), *OTHER_FIELDS_OF_REASON.get(code, ())):
        if name in names:
            return name
    return "to" if form.to is not None and reason in RECIPIENT_REASONS else ""


def _check_content(form: Form, form_context: FormContext, filled: Filled) -> None:
    if form.needs_content and not (filled.attached or _discloses(filled)):
        first = form.visible_sections(form_context)[0].name
        filled.errors.setdefault(first, "内容を、どれか一つの情報区分に書いてください。")


def _discloses(filled: Filled) -> bool:
    return any(part.section not in AUTHOR_ONLY for part in filled.parts)


def _read_sections(form: Form, form_context: FormContext, filled: Filled) -> None:
    for section_input in form.visible_sections(form_context):
        has_content = _read_content(section_input, form_context, filled)
        text = _section_text(section_input, filled)
        text = "" if is_blank(text) else text
        if text and len(text) <= MAX_TEXT_LENGTH:
            selected_flags = tuple(
                f.value for f in section_input.flags if f.value in filled.many(f"{section_input.name}.flag")
            )
            filled.parts.append(FilledSection(section_input.section.value, selected_flags, text=text))
        elif text:
            filled.errors[section_input.name] = f"「{section_input.label}」が長すぎます。短くしてください。"
        elif section_input.is_required and not has_content:
            filled.errors[section_input.name] = f"「{section_input.label}」を{ENTER_TEXT}。"


def _read_content(section_input: SectionText, form_context: FormContext, filled: Filled) -> bool:
    """Read the fields of its schema; whether anything was entered there."""
    if section_input.content is None:
        return False
    try:
        contents = section_input.read_contents(form_context, filled.one)
    except FieldProblem as problem:
        filled.errors[problem.field_name] = problem.message
        return True
    for name, label in section_input.missing_inputs(form_context, filled.one):
        filled.errors[name] = f"「{label}」を記入してください。分からないときは「不明」としてください。"
    for content in contents:
        flags = tuple(sorted(flags_of(content)))
        filled.parts.append(FilledSection(section_input.section.value, flags, content=content))
    return bool(contents)


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
    discloses = bool(filled.attached) or _discloses(filled)
    filled.to = sorted(selected)
    if not discloses:
        return
    for agency in selected:
        code = filled.one(f"basis.{agency}")
        if code not in to.offered(form_context, agency):
            filled.errors["to"] = "内容を提供する宛先ごとに「根拠」を選んでください。"
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


def _can_be_meant(form: Form, form_field: Field, value: Any, now: datetime) -> bool:
    """Whether a date lies where the door would send it. Shown at its field, before the door refuses it."""
    if form_field.input_kind not in (InputKind.DAY, InputKind.MOMENT):
        return True
    is_day = form_field.input_kind is InputKind.DAY
    at = parse_day_text(value) if is_day else parse_time_text(value)
    bounds = (
        bounds
        for path, bounds in EVENT_DATES.items()
        if path.startswith(f"{form.act.TOPIC}.") and path.endswith(f".{form_field.name}")
    )
    return all(one.admits(at, now) for one in bounds)


def _read_date(text: str) -> tuple[Any, str]:
    try:
        return parse_day_text(text).isoformat(), ""
    except ValueError:
        return None, "2026-05-31 のような日付で記入してください"


def _read_datetime(text: str) -> tuple[Any, str]:
    try:
        local = _LOCAL_TIME.fullmatch(text)
        at = parse_time_text(f"{text}{'' if local[1] else ':00'}+09:00" if local else text)
        return dump(at.astimezone(UTC)), ""
    except (ValueError, OverflowError):
        return None, "2026-05-31T09:30 のような日時で記入してください"


def local_input_value(at: datetime) -> str:
    """A time as a datetime-local input shows it: Japanese time, to the minute."""
    return at.astimezone(JST).strftime("%Y-%m-%dT%H:%M")
