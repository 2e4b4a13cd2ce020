"""From what was filled in to what is sent: every flaw beside its field, in Japanese, before anything leaves the door."""

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
from gateway.agency.forms.kinds import Ask, Field, Form, Made, Scene, To, Words
from keys.fields import ACTOR

Values = Mapping[str, Sequence[str]]
LONGEST = 1_000_000

CHOOSE, TICK, WRITE = "選んでください", "一つ以上選んでください", "書いてください"

PLACES: Mapping[str, str] = {
    Reason.REASON_MISSING: "reason",
    Reason.REVIEW_DAY_MISSING: "review_on",
    Reason.GROUND_DOES_NOT_FIT: "withheld",
    Reason.NOTIFIER_NOT_WITHHELD: "withheld",
    Reason.CHILD_STATEMENT_NOT_WITHHELD: "withheld",
    Reason.RESULT_DOES_NOT_FIT: "decision",
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
"""Where on a form a refusal is mended, where the form has that field."""

TO_PLACES = frozenset(
    {
        Reason.OWNER_NOT_TOLD,
        Reason.NOT_ANOTHER_MUNICIPALITY,
        Reason.NOT_A_CGC,
        Reason.NO_CORE_AGENCY,
        Reason.RECIPIENTS_WRONG,
        Reason.UNKNOWN_ADDRESSEE,
        Reason.CONTRACTOR_NOT_ASSIGNED,
    }
) | (BASIS_REASONS - set(PLACES))
"""What is mended by other addressees or another basis for them."""


@dataclass
class Filled:
    """A form as it was filled in. ``errors``: field -> what to mend; empty: it can be sent."""

    values: Values
    made: Made = field(default_factory=dict)
    to: list[str] = field(default_factory=list)
    basis: dict[str, str] = field(default_factory=dict)
    parts: list[tuple[str, str, list[str]]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    def one(self, name: str) -> str:
        found = self.values.get(name, [])
        return found[0] if found else ""

    def many(self, name: str) -> Sequence[str]:
        return self.values.get(name, [])


def at_first(form: Form, scene: Scene) -> Filled:
    """What stands in a form before anybody wrote into it."""
    values: dict[str, Sequence[str]] = {f.name: f.default(scene) for f in form.asked(scene) if f.default}
    if form.to is not None:
        values["to"] = form.to.ticked(scene)
        values |= {f"basis.{a}": [form.to.usual] for a in form.to.candidates(scene)}
    return Filled(values)


def fill(form: Form, scene: Scene, values: Values) -> Filled:
    """Read every field, and name every flaw."""
    filled = Filled(values)
    for one in form.asked(scene):
        value, error = _read(one, scene, values)
        if error:
            filled.errors[one.name] = f"「{one.label}」を{error}。" if one.ask is not Ask.CHECK else error
        elif one.ask is not Ask.CHECK:
            filled.made[one.name] = value
    _words(form, filled)
    if form.to is not None:
        _addressed(form.to, scene, filled)
    if not filled.errors and form.made is not None:
        try:
            filled.made = form.made(filled.made, scene)
        except Mend as flaw:
            filled.errors[flaw.place] = flaw.what
    return filled


class Mend(Exception):
    """What the last touch of a form found. ``place``: its field."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(what)
        self.place, self.what = place, what


def place_of(form: Form, scene: Scene, reason: str | None) -> str:
    """The field where this refusal is mended; empty where it is none's."""
    names = {f.name for f in form.asked(scene)} | {w.name for w in form.words}
    found = PLACES.get(reason or "", "")
    if found in names:
        return found
    return "to" if form.to is not None and reason in TO_PLACES else ""


def _words(form: Form, filled: Filled) -> None:
    for words in form.words:
        text = _text(words, filled)
        if text and len(text) <= LONGEST:
            marked = [f.value for f in words.flags if f.value in filled.many(f"{words.name}.flag")]
            filled.parts.append((words.section.value, text, marked))
        elif text:
            filled.errors[words.name] = f"「{words.label}」が長すぎます。短くしてください。"
        elif words.must:
            filled.errors[words.name] = f"「{words.label}」を{WRITE}。"


def _text(words: Words, filled: Filled) -> str:
    if not words.lines:
        return filled.one(words.name).strip()
    given = {label: " ".join(filled.one(f"{words.name}.{label}").split()) for label in words.lines}
    return "\n".join(f"{label}: {value}" for label, value in given.items() if value)


def _addressed(to: To, scene: Scene, filled: Filled) -> None:
    candidates = to.candidates(scene)
    chosen = [a for a in filled.many("to") if a in candidates] if to.fixed is None else candidates
    if not chosen and to.must:
        filled.errors["to"] = "「宛先」を一つ以上選んでください。"
    told = [p for p in filled.parts if p[0] not in AUTHOR_ONLY]
    filled.to = sorted(chosen)
    if not told:
        return
    for agency in chosen:
        code = filled.one(f"basis.{agency}")
        if code not in to.offered(scene, agency):
            filled.errors["to"] = "内容を伝える宛先ごとに「根拠」を選んでください。"
        else:
            filled.basis[agency] = code


def _read(one: Field, scene: Scene, values: Values) -> tuple[Any, str]:
    """The value, or what to do about it."""
    if one.ask is Ask.EACH:
        return _each(one, scene, values)
    given = [v.strip() for v in values.get(one.name, []) if v.strip()]
    choices = one.offered(scene)
    match one.ask:
        case Ask.CHECK:
            return None, "" if given else "確かめて、印を付けてください。"
        case Ask.MANY:
            known = sorted({v for v in given if v in choices})
            return known, TICK if one.must and not known else ""
        case _ if not given:
            return None, (CHOOSE if one.ask in (Ask.ONE, Ask.YES) else "記入してください") if one.must else ""
        case Ask.ONE:
            return (given[0], "") if given[0] in choices else (None, CHOOSE)
        case Ask.YES:
            return (given[0] == "yes", "") if given[0] in ("yes", "no") else (None, CHOOSE)
        case Ask.DAY:
            return _day(given[0])
        case Ask.MOMENT:
            return _moment(given[0])
        case Ask.COUNT:
            number = given[0].translate(str.maketrans("０１２３４５６７８９", "0123456789"))
            fits = number.isascii() and number.isdigit() and len(number) < 8
            return (int(number), "") if fits else (None, "0以上の数で記入してください")
        case _:
            fits = ACTOR.fullmatch(given[0]) is not None
            return (given[0], "") if fits else (None, "英数字と . _ : @ - で記入してください")


def _each(one: Field, scene: Scene, values: Values) -> tuple[Any, str]:
    rows = one.rows(scene) if one.rows else {}
    found = {}
    for row in rows:
        given = next(iter(values.get(f"{one.name}.{row}", [])), "")
        if given in one.offered_in(scene, row):
            found[row] = given
    missing = [text for row, text in rows.items() if row in one.must_rows and row not in found]
    return found, f"すべて選んでください(未記入: {'、'.join(missing)})" if missing else ""


def _day(text: str) -> tuple[Any, str]:
    try:
        return date.fromisoformat(text).isoformat(), ""
    except ValueError:
        return None, "2026-05-31 のような日付で記入してください"


def _moment(text: str) -> tuple[Any, str]:
    try:
        at = datetime.fromisoformat(text)
        return dump((at.replace(tzinfo=JST) if at.tzinfo is None else at).astimezone(UTC)), ""
    except (ValueError, OverflowError):
        return None, "2026-05-31T09:30 のような日時で記入してください"


def local(at: datetime) -> str:
    """A time as an input of a form shows it: Japan's, to the minute."""
    return at.astimezone(JST).strftime("%Y-%m-%dT%H:%M")
