"""Fields of a content on a page: which of a schema's fields are asked, and what was entered made into its content.

Every label comes from the schema. What stays empty was not asked; «不明» in any field is unknown. What a page does not
ask stays free text beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from adapters.content_json import complete_content
from domain.content import Amount, Content, Part, PartialDate, PersonName
from domain.content.caregiver import CaregiverConditions
from domain.content.child import ChildConditions
from domain.content.closing import Closing
from domain.content.code_texts import code_texts
from domain.content.environment import Environment
from domain.content.family import Family
from domain.content.form import Code, Count, Entries, FieldForm, Group, Shape, Text, YesNo
from domain.content.medical import Medical
from domain.content.minutes import Minutes
from domain.content.plan import Plan
from domain.content.pregnancy import Pregnancies
from domain.content.reading import INVISIBLE
from domain.content.risk import Risk
from domain.content.visit import Visit
from domain.errors import Malformed
from domain.wareki import value_of_parts, western_parts
from gateway.agency.forms.children import NEW, UNKNOWN, references_of

UNKNOWN_WORD = "不明"
UNKNOWN_CODE = "?"
CALLED = "呼び名"
_AMOUNT = re.compile(r"(<=|>=|<|>)?(-?[0-9]+(?:\.[0-9]+)?)([^\s0-9][^\s]*)?")
_TIME = re.compile(r"([0-9]{1,2})[::時]([0-9]{2})分?")
_UNKNOWN_VALUE = {"unknown": True}


@dataclass(frozen=True)
class Repeated:
    """A list of groups: ``count`` of them are offered, or one for each child of the case (None)."""

    name: str
    count: int | None
    shown: tuple[str | Repeated | Nested, ...]


@dataclass(frozen=True)
class Nested:
    """A part of its own within another: whom a statement is about, which agency."""

    name: str
    shown: tuple[str | Repeated | Nested, ...]


Shown = str | Repeated | Nested


@dataclass(frozen=True)
class Input:
    """One input of a page. ``kind``: text, lines, choice, choices (several) or group; ``inputs``: those of a group; ``flag``:
    what has to be considered where it is filled, so that it is sealed apart; ``is_flat``: the group needs no frame."""

    name: str
    label: str
    kind: str
    choices: Mapping[str, str]
    hint: str = ""
    inputs: tuple[Input, ...] = ()
    is_required: bool = False
    flag: str = ""
    is_flat: bool = False


@dataclass(frozen=True)
class ContentInputs:
    """The fields of one schema that a form asks."""

    content: type[Content]
    shown: tuple[Shown, ...]
    required: frozenset[str] = frozenset()
    """What must be filled in, if only with «不明»: a field, or one of the group of each known child (``children.seen``)."""

    def inputs(self, name: str, children: Mapping[str, str]) -> tuple[Input, ...]:
        """What the page shows; ``children``: whom it offers, by reference or as a new one."""
        rows = _rows_of(children)
        required = set(self._required_names(name, rows))
        return tuple(_marked(one, required) for one in _inputs(self.content, self.shown, name, rows))

    def missing(
        self, name: str, one: Callable[[str], str], children: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Name and label of each required field that is empty, in the order of the page."""
        for single, heading in _singles(self.inputs(name, children)):
            if single.is_required and not _cleaned(one(single.name)):
                yield single.name, f"{heading}{single.label}"

    def _required_names(self, at: str, rows: Mapping[str, str]) -> Iterator[str]:
        for path in self.required:
            group, _, field_name = path.rpartition(".")
            if not group:
                yield f"{at}.{path}"
            yield from (f"{at}.{group}.{key}.{field_name}" for key in rows if group and key not in NEW)

    def read(
        self, name: str, one: Callable[[str], str], children: Mapping[str, str], command_id: UUID
    ) -> Content | None:
        """The content; None where nothing was entered. Raises FieldProblem."""
        state = _read_part(self.content, self.shown, name, one, _rows_of(children), command_id)
        if not state:
            return None
        try:
            return complete_content(self.content.SCHEMA, state)
        except Malformed as error:
            raise FieldProblem(name, error.detail_ja or error.remedy) from None


def _marked(one: Input, required: Collection[str]) -> Input:
    return replace(
        one, is_required=one.name in required, inputs=tuple(_marked(i, required) for i in one.inputs)
    )


def _singles(inputs: Sequence[Input], heading: str = "") -> Iterator[tuple[Input, str]]:
    """Every single input, with the heading of the group in which it stands."""
    for one in inputs:
        if one.kind == "group":
            yield from _singles(one.inputs, f"{one.label}の")
        else:
            yield one, heading


class FieldProblem(Exception):
    """What was entered can't be meant. ``field_name``: where the message is shown."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field_name, self.message = field_name, message


def _rows_of(children: Mapping[str, str]) -> dict[str, str]:
    """The children for whom a page has a group: those of the case and, where it knows of few, new ones."""
    known = {key: text for key, text in children.items() if key not in NEW and key != UNKNOWN}
    new = {key: text for key, text in children.items() if key in NEW}
    return known or new


# --- what a page shows ---------------------------------------------------------------------------------------


def _inputs(cls: type[Part], shown: Sequence[Shown], at: str, rows: Mapping[str, str]) -> Iterator[Input]:
    for one in shown:
        if isinstance(one, Repeated):
            yield from _repeated_inputs(cls.fields()[one.name], one, at, rows)
        elif isinstance(one, Nested):
            form = cls.fields()[one.name]
            name = f"{at}.{one.name}"
            inputs = tuple(_inputs(_part_of(form), one.shown, name, rows))
            yield Input(name, form.label, "group", {}, inputs=inputs, flag=_flag_of(form))
        else:
            form = cls.fields()[one]
            yield _input(form, f"{at}.{one}")


def _repeated_inputs(
    form: FieldForm, repeated: Repeated, at: str, rows: Mapping[str, str]
) -> Iterator[Input]:
    part = _part_of(form)
    labels = dict(rows) if repeated.count is None else {str(n): str(n + 1) for n in range(repeated.count)}
    for key, label in labels.items():
        name = f"{at}.{repeated.name}.{key}"
        heading = label if repeated.count is None else f"{form.label} {label}"
        called = (Input(f"{name}.called", CALLED, "text", {}),) if _names_child_beside(part, repeated) else ()
        inputs = (*called, *_inputs(part, repeated.shown, name, rows))
        yield Input(name, heading, "group", {}, inputs=inputs, flag=_flag_of(form))


def _flag_of(form: FieldForm) -> str:
    return "" if form.flag is None else form.flag.value


def _names_child_beside(part: type[Part], repeated: Repeated) -> bool:
    """Whether a group for a child names it by a part of its own, with what the sender calls it."""
    return repeated.count is None and "child" in part.fields()


def _part_of(form: FieldForm) -> type[Part]:
    shape = form.shape.of if isinstance(form.shape, Entries) else form.shape
    assert isinstance(shape, Group)
    return shape.part


def _input(form: FieldForm, name: str) -> Input:
    return replace(_unflagged_input(form, name), flag=_flag_of(form))


def _unflagged_input(form: FieldForm, name: str) -> Input:
    shape = form.shape
    if isinstance(shape, Entries) and isinstance(shape.of, Code):
        return Input(name, form.label, "choices", code_texts(shape.of.codes))
    if isinstance(shape, YesNo):
        return Input(name, form.label, "choice", {"yes": form.yes, "no": form.no, UNKNOWN_CODE: UNKNOWN_WORD})
    if isinstance(shape, Code):
        return Input(name, form.label, "choice", {**code_texts(shape.codes), UNKNOWN_CODE: UNKNOWN_WORD})
    if isinstance(shape, Text) and shape.several_lines:
        return Input(name, form.label, "lines", {})
    if isinstance(shape, Group) and shape.part is PersonName:
        kana = Input(f"{name}.kana", "ふりがな", "text", {})
        text = Input(f"{name}.text", form.label, "text", {})
        return Input(name, form.label, "group", {}, inputs=(text, kana), is_flat=True)
    return Input(name, form.label, "text", {}, hint=_hint(shape))


def _hint(shape: Shape) -> str:
    if isinstance(shape, Text):
        return shape.form_ja
    if isinstance(shape, Group):
        return {PartialDate: "R8.5.12 など", Amount: "9.80 kg など"}.get(shape.part, "")
    return "「、」で区切って並べます" if isinstance(shape, Entries) else ""


# --- what was entered ----------------------------------------------------------------------------------------


def _read_part(
    cls: type[Part],
    shown: Sequence[Shown],
    at: str,
    one: Callable[[str], str],
    rows: Mapping[str, str],
    command_id: UUID,
) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for shown_field in shown:
        if isinstance(shown_field, Repeated):
            form = cls.fields()[shown_field.name]
            entries = _read_entries(form, shown_field, at, one, rows, command_id)
            if entries:
                state[shown_field.name] = entries
            continue
        if isinstance(shown_field, Nested):
            part = _part_of(cls.fields()[shown_field.name])
            inner = _read_part(part, shown_field.shown, f"{at}.{shown_field.name}", one, rows, command_id)
            if inner:
                state[shown_field.name] = inner
            continue
        form = cls.fields()[shown_field]
        value = _read_field(form, f"{at}.{shown_field}", one)
        if value is not None:
            state[shown_field] = value
    return state


def _read_entries(
    form: FieldForm,
    repeated: Repeated,
    at: str,
    one: Callable[[str], str],
    rows: Mapping[str, str],
    command_id: UUID,
) -> list[dict[str, Any]]:
    part = _part_of(form)
    keys = list(rows) if repeated.count is None else [str(n) for n in range(repeated.count)]
    entries = []
    for key in keys:
        entry = _read_part(part, repeated.shown, f"{at}.{repeated.name}.{key}", one, rows, command_id)
        if not entry:
            continue
        if repeated.count is None:
            reference = references_of([key], command_id)[0]
            called = " ".join(_cleaned(one(f"{at}.{repeated.name}.{key}.called")).split()) or None
            is_beside = _names_child_beside(part, repeated)
            entry |= {"child": {"ref": reference, "called": called}} if is_beside else {"ref": reference}
        entries.append(entry)
    return entries


def _read_field(form: FieldForm, name: str, one: Callable[[str], str]) -> Any:
    shape = form.shape
    if isinstance(shape, Group) and shape.part is PersonName:
        text, kana = (_cleaned(one(f"{name}.{part}")) for part in ("text", "kana"))
        if not text and not kana:
            return None
        return {"text": _or_unknown(text), "kana": _or_unknown(kana)}
    if isinstance(shape, Entries) and isinstance(shape.of, Code):
        return [code for code in code_texts(shape.of.codes) if one(f"{name}.{code}")] or None
    entered = _cleaned(one(name))
    if not entered:
        return None
    if entered in (UNKNOWN_WORD, UNKNOWN_CODE):
        return _UNKNOWN_VALUE
    return _read_value(shape, entered, name, form.label)


def _or_unknown(text: str) -> Any:
    return _UNKNOWN_VALUE if text == UNKNOWN_WORD else text or None


def _cleaned(text: str) -> str:
    """Without what can't be seen, and with the line breaks of a content."""
    return INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _read_value(shape: Shape, entered: str, name: str, label: str) -> Any:
    if isinstance(shape, YesNo):
        return {"yes": True, "no": False}.get(entered)
    if isinstance(shape, Group):
        return (
            _read_date(entered, name, label)
            if shape.part is PartialDate
            else _read_amount(entered, name, label)
        )
    if isinstance(shape, Count):
        return _read_count(entered, name, label)
    if isinstance(shape, Entries):
        return [_read_value(shape.of, one, name, label) for one in re.split(r"[\n、,]\s*", entered) if one]
    if isinstance(shape, Text) and not shape.several_lines:
        return _read_time(entered) if shape.form == "HH:MM" else " ".join(entered.split())
    return entered


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _read_time(entered: str) -> str:
    match = _TIME.fullmatch(_folded(entered).replace(" ", ""))
    return f"{int(match[1]):02d}:{match[2]}" if match else entered


def _read_date(entered: str, name: str, label: str) -> dict[str, str]:
    parts = western_parts(entered)
    if parts is None:
        raise FieldProblem(name, f"「{label}」を R8.5.12、令和8年5月、2026-05 のように書いてください。")
    value = value_of_parts(parts)
    return {"value": value, "written": "" if entered == value else entered}


def _read_amount(entered: str, name: str, label: str) -> dict[str, str]:
    match = _AMOUNT.fullmatch(_folded(entered).replace(" ", ""))
    if match is None:
        raise FieldProblem(name, f"「{label}」を 9.80 kg のように、数字と単位で書いてください。")
    return {"value": match[2], "comparator": match[1] or "", "unit": match[3] or ""}


def _read_count(entered: str, name: str, label: str) -> int:
    number = _folded(entered)
    if re.fullmatch("[0-9]{1,9}", number) is None:
        raise FieldProblem(name, f"「{label}」を0以上の数で書いてください。")
    return int(number)


# --- which fields pages ask ----------------------------------------------------------------------------------

VISIT_INPUTS = ContentInputs(
    Visit,
    (
        *("visited_on", "started_at", "ended_at", "place", "met"),
        Repeated("visitors", 2, ("agency", "person", "profession")),
        Repeated(
            "children",
            None,
            ("seen", "how", "clothing", "weight", "injuries", "expression", "condition"),
        ),
        *("caregivers", "environment", "support", "reaction"),
        Repeated("progress", 3, ("number", "goal", "degree", "note")),
        *("concerns", "urgency", "next_visit_on", "next_visit_at", "next_visit"),
    ),
)
"""Of a visit. A child's own words have a section of their own, with their flag."""

VISIT_REPORT_INPUTS = replace(
    VISIT_INPUTS,
    required=frozenset(
        {"visited_on", "started_at", "ended_at", "place", "met", "children.seen", "next_visit_on"}
    ),
)
"""The same in a report: day, times, place, who was met, whether each child was seen, and the next visit. Basis: guideline
6(4)[1]."""

_PHONE = ("kind", "number", "owner", "may_call", "hours")
_ADDRESS = ("kind", "postal_code", "text", "care_of")
FAMILY_INPUTS = ContentInputs(
    Family,
    (
        "known_on",
        Repeated(
            "children",
            None,
            (
                "name",
                "born_on",
                "due_on",
                "age",
                "sex",
                "relationship",
                "affiliation",
                "lives_together",
                "note",
            ),
        ),
        Repeated(
            "adults",
            3,
            (
                *("name", "born_on", "age", "relationship", "is_guardian", "lives_together", "occupation"),
                *("may_contact", "contact_way", "contact_hours"),
            ),
        ),
        "composition",
        Repeated("addresses", 2, _ADDRESS),
        Repeated("phones", 2, _PHONE),
        Repeated("handbooks", 1, ("number", "issued_by")),
        *("languages", "needs_interpreter", "note"),
    ),
)
"""Who a family is, as a referral states it."""

PLAN_INPUTS = ContentInputs(
    Plan,
    (
        *("made_on", "family", "views_of_persons", "views_of_children", "situation", "to_be_solved"),
        Repeated("goals", 4, ("number", "term", "text", "whose", "due_on")),
        *("starts_on", "ends_on"),
        Repeated(
            "supports",
            4,
            ("service", "kind", "content", "method", "frequency", "starts_on", "ends_on", "goals"),
        ),
        *("family_does", "review_on", "evaluation"),
        *("explained_on", "explained_to", "explained_by", "agreement", "handed_on", "handed_to", "note"),
    ),
)
"""A plan, as the family is given it."""

_MEASURE = ("kind", "amount", "measured_on")
_OWN_WORDS = ("words", "stated_on", "stated_to", "circumstances")
_PERSON = Nested("person", ("name", "relationship"))
CHILD_INPUTS = ContentInputs(
    ChildConditions,
    (
        Repeated(
            "children",
            None,
            (
                *("observed_on", "observed_by", "period"),
                Repeated("measures", 2, _MEASURE),
                *("growth", "birth_status", "checkup_status", "vaccinations", "health_status"),
                *("emotional_stability", "problem_behaviour", "daily_care", "caregiver_relationship"),
                *("signs", "signs_note", "affiliation"),
                Repeated("own_words", 2, _OWN_WORDS),
                "note",
            ),
        ),
        "note",
    ),
)
"""How each child is. Its own words are sealed apart, with their flag."""

CAREGIVER_INPUTS = ContentInputs(
    CaregiverConditions,
    (
        Repeated(
            "persons",
            2,
            (
                _PERSON,
                *("role", "observed_on", "observed_by", "upbringing_history", "family_relations"),
                *("pregnancy_delivery", "health_status", "depressive_tendency", "personality_tendency"),
                *("housekeeping_parenting", "feelings_to_child", "problem_awareness", "has_confidant"),
                Repeated("scores", 1, ("name", "amount", "measured_on")),
                *("support_asked_for", "note"),
            ),
        ),
        "note",
    ),
)
"""How those are who raise the children. What is sensitive by the guideline is sealed apart."""

ENVIRONMENT_INPUTS = ContentInputs(
    Environment,
    (
        *("observed_on", "observed_by", "couple_relationship", "family_change", "economic_work", "housing"),
        *("relocation", "community_relations", "available_resources"),
        Repeated("supporters", 2, (_PERSON, "helps_with", "how_often")),
        *("signs", "signs_note", "note"),
    ),
)
"""In what circumstances the children live."""

PREGNANCY_INPUTS = ContentInputs(
    Pregnancies,
    (
        *("observed_on", "observed_by"),
        Repeated(
            "pregnancies",
            1,
            (
                _PERSON,
                *("due_on", "weeks", "weeks_on", "plurality", "handbook", "has_checkups", "last_checkup_on"),
                *("births_before", "delivery_at", "clinic", "course", "problems", "young", "economic"),
                *("ambivalence", "no_handbook_late_notice", "no_checkups", "multiple", "physical_mental"),
                *("other", "support_asked_for", "note"),
            ),
        ),
        "note",
    ),
)
"""An expectant mother."""

MEDICAL_INPUTS = ContentInputs(
    Medical,
    (
        Nested("provider", ("agency", "department", "person", "profession", "phone")),
        *("addressee", "issued_on"),
        Nested("patient", ("name", "relationship")),
        *("patient_sex", "patient_born_on"),
        Repeated("diagnoses", 3, ("name", "is_main", "state", "since", "note")),
        *("condition", "history", "treatment", "medication"),
        Repeated(
            "births",
            None,
            (
                *("born_on", "place", "place_name", "weeks", "days", "plurality", "weight", "height"),
                *("head", "apgar", "delivery_remarks", "pregnancy_problems", "had_checkups", "checkups"),
            ),
        ),
        Repeated("tests", 3, ("name", "amount", "result", "tested_on", "note")),
        Repeated("stays", 1, ("hospital", "admitted_on", "discharged_on", "discharged_to", "note")),
        *("purpose", "note"),
    ),
)
"""What a hospital or clinic states (別紙様式12の2, 12の3)."""

RISK_INPUTS = ContentInputs(
    Risk,
    (
        *("assessed_on", "reason", "urgency", "urgency_note", "level", "level_note"),
        Repeated("abuses", None, ("kinds", "content", "since", "last_on", "frequency", "course")),
        Repeated(
            "injuries",
            None,
            ("where", "kind", "size", "description", "explained_as", "seen_on", "seen_by", "photographed"),
        ),
        *("partner_violence", "children_note", "family_note"),
        Repeated(
            "safety_checks",
            1,
            (
                *("checked_on", "checked_at", "method", "place"),
                Repeated("children", None, ("seen", "is_safe", "condition")),
                "note",
            ),
        ),
        *("strengths", "measures"),
        Repeated("accounts", 1, ("by", "stated_on", "content")),
        Repeated("own_words", 1, _OWN_WORDS),
        "note",
    ),
)
"""What endangers the children. What others stated and a child's own words are sealed apart."""

_AGENCY = ("agency", "person", "profession")
MINUTES_INPUTS = ContentInputs(
    Minutes,
    (
        *("meeting", "held_on", "started_at", "ended_at", "place"),
        Repeated("participants", 6, _AGENCY),
        Repeated("absent", 2, ("agency",)),
        *("recorded_by", "course"),
        Repeated("information", 6, (Nested("staff", ("agency", "person")), "content")),
        *("risk_level", "risk_note", "policy"),
        Repeated("roles", 6, (Nested("staff", ("agency", "person")), "task", "due_on")),
        Nested("lead", ("agency", "person")),
        *("next_on", "next_at", "next_note", "note"),
    ),
)
"""One meeting about one family."""

CLOSING_INPUTS = ContentInputs(
    Closing,
    (
        *("evaluated_on", "support"),
        Repeated("evaluated_by", 2, _AGENCY),
        Repeated("goals", 4, ("number", "goal", "degree", "note")),
        *("is_improved", "environment", "remaining", "family_opinion"),
        Repeated("opinions", 4, (Nested("staff", ("agency", "person")), "stated_on", "opinion")),
        *("reason", "reason_note", "follow_on"),
        Repeated(
            "follow_ons", 2, (Nested("provider", ("agency", "person")), "content", "starts_on", "is_accepted")
        ),
        *("reopen_when", "note"),
    ),
)
"""Whether the goals are reached; who was asked; what follows."""
