"""The short forms of a visitor's phone: words to tap, made into what the full forms take.

A report is ``visit-report`` (``visited`` of a core agency's own visitor), a concern is ``concern``: the same fields, the
same checks, the same command. Basis: guideline 6(4)[1]. Source: own rule (docs/decisions/0052).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from domain.calendar import JST, day_of
from domain.codes import Role, Section
from gateway.agency.forms.children import ALL
from gateway.agency.forms.content_inputs import UNKNOWN_WORD
from gateway.agency.forms.fill import initial_values
from gateway.agency.forms.kinds import Form, FormContext
from gateway.agency.forms.table import FORMS

Values = Mapping[str, Sequence[str]]
VISIT_MINUTES = 60
"""How long a visit is taken to have lasted until its visitor says otherwise."""
MET = ("母", "父", "祖母", "祖父", "きょうだい")
SEEN_HOW = ("起きて遊んでいた", "抱っこされていた", "眠っていた", "食事中だった")
NOT_SEEN_WHY = (
    "外出中と言われた",
    "別の部屋で眠っていると言われた",
    "会わせてもらえなかった",
    "登園・登校中だった",
)
CONDITIONS = ("元気", "機嫌がよい", "表情が乏しい", "泣き続けていた", "おびえる様子")
INJURIES = ("見えるけがはない", "あざ・傷がある")
CAREGIVERS = ("落ち着いていた", "疲れが見えた", "いらいらしていた", "話したがらなかった", "相談があった")
ENVIRONMENTS = (
    "片付いている",
    "散らかっている",
    "食べ物がある",
    "においが気になる",
    "危ない物が手の届く所にある",
)
SUPPORTS = ("話を聞いた", "育児を手伝った", "家事を手伝った", "育児の助言", "受診・手続を勧めた")
NEXT_VISITS = {"7": "1週間後", "14": "2週間後", "28": "4週間後", "": "未定"}
CONCERNS = (
    "けが・あざがある",
    "子どもに会えない",
    "どなり声・泣き声",
    "食事・清潔が心配",
    "保護者の様子が心配",
    "その他",
)
NO_CHILD = "-"
"""The row of a family of whose children this door knows nothing yet."""
REPORT_SECTION = f"form_{Section.VISIT.value}"


@dataclass(frozen=True)
class Prefilled:
    """What a report begins with, in Japanese time."""

    day: str
    started_at: str
    ended_at: str


def prefilled(now: datetime) -> Prefilled:
    """Today, and the last hour in steps of five minutes."""
    end = now.astimezone(JST)
    end -= timedelta(minutes=end.minute % 5)
    start = end - timedelta(minutes=VISIT_MINUTES)
    if start.date() != end.date():
        start = end.replace(hour=0, minute=0)
    return Prefilled(day_of(now).isoformat(), start.strftime("%H:%M"), end.strftime("%H:%M"))


def report_form(form_context: FormContext) -> Form:
    """The full form behind a visitor's report at this agency."""
    return FORMS["visit-report" if Role.CONTRACTOR.value in form_context.roles else "visited"]


def concern_form() -> Form:
    return FORMS["concern"]


def hidden_values(form: Form, form_context: FormContext) -> dict[str, list[str]]:
    """What the full form begins with, which the phone does not ask: addressees, their bases, the plan and the planned visit."""
    values = {name: list(entered) for name, entered in initial_values(form, form_context).values.items()}
    chosen = values.get("to", [])
    for agency in chosen:
        if form.to is not None and not values.get(f"basis.{agency}", [""])[0]:
            values[f"basis.{agency}"] = list(form.to.offered(form_context, agency)[:1])
    known = {"to", "visit", "support_plan", "answers"} | {f"basis.{agency}" for agency in chosen}
    return {name: entered for name, entered in values.items() if name in known and entered}


def child_rows(form_context: FormContext, names: Mapping[str, str]) -> dict[str, str]:
    """Key -> name of each child that a report asks about. ``names``: what the index calls them."""
    rows = _content_rows(report_form(form_context), form_context)
    if not rows:
        return {NO_CHILD: "、".join(dict.fromkeys(names.values())) or "子ども"}
    return {key: names.get(key, label) for key, label in rows.items()}


def _content_rows(form: Form, form_context: FormContext) -> dict[str, str]:
    """The groups of the full form that are about a child of this case."""
    prefix = f"{REPORT_SECTION}.children."
    rows: dict[str, str] = {}
    for section_input in form.section_inputs:
        for one in section_input.content_inputs(form_context):
            if one.kind == "group" and one.name.startswith(prefix):
                rows[one.name.removeprefix(prefix)] = one.label
    return {key: label for key, label in rows.items() if _is_reference(key)}


def _is_reference(key: str) -> bool:
    try:
        return bool(UUID(key))
    except ValueError:
        return False


def report_values(values: Values, form_context: FormContext) -> dict[str, list[str]]:
    """The values of the full form. ``values``: as the short one has them."""
    entered = _Entered(values)
    written: dict[str, list[str]] = hidden_values(report_form(form_context), form_context)
    written |= {
        name: list(entered.many(name)) for name in values if name in _CARRIED or name.startswith("attach")
    }
    written["command_id"] = [entered.one("command_id")]
    content = {
        **{name: entered.one(name) for name in ("visited_on", "started_at", "ended_at", "place", "concerns")},
        "met": entered.words("met"),
        "caregivers": entered.words("caregivers"),
        "environment": entered.words("environment"),
        "support": entered.words("support"),
        "next_visit_on": _next_visit(entered),
    }
    written |= {f"{REPORT_SECTION}.{name}": [text] for name, text in content.items() if text}
    keys = [name.removeprefix("child.").removesuffix(".seen") for name in values if _asks_seen(name)]
    written |= _children(entered, keys)
    seen = [entered.one(f"child.{key}.seen") for key in keys]
    if any(seen):
        written["child_seen"] = ["yes" if "yes" in seen else "no"]
    written["children"] = _children_meant(dict(zip(keys, seen, strict=True)))
    if form_context_is_core(form_context):
        written["worker"] = [form_context.actor]
    return written


_CARRIED = frozenset({"composing", "visit"})


def form_context_is_core(form_context: FormContext) -> bool:
    """Whether the visitor is of the core agency itself, whose form asks for the visitor's reference."""
    return report_form(form_context).key == "visited"


def _asks_seen(name: str) -> bool:
    return name.startswith("child.") and name.endswith(".seen")


def _children(entered: _Entered, keys: Sequence[str]) -> dict[str, list[str]]:
    written: dict[str, list[str]] = {}
    for key in keys:
        seen = entered.one(f"child.{key}.seen")
        how = entered.words(f"child.{key}.{'how' if seen == 'yes' else 'why'}", f"child.{key}.other")
        if key == NO_CHILD:
            text = "、".join(part for part in (how, entered.words(f"child.{key}.condition")) if part)
            if text:
                written["text_VISIT"] = [f"子どもについて: {text}"]
            continue
        fields = {
            "seen": seen,
            "how": how,
            "condition": entered.words(f"child.{key}.condition") if seen == "yes" else "",
            "injuries": entered.words(f"child.{key}.injuries") if seen == "yes" else "",
        }
        prefix = f"{REPORT_SECTION}.children.{key}"
        written |= {f"{prefix}.{name}": [text] for name, text in fields.items() if text}
    return written


def _children_meant(seen: Mapping[str, str]) -> list[str]:
    """Of whom control speaks: those who were seen; where nobody was, all who were asked about."""
    named = {key: answer for key, answer in seen.items() if key != NO_CHILD}
    return [key for key, answer in named.items() if answer == "yes"] or list(named) or [ALL]


def _next_visit(entered: _Entered) -> str:
    chosen = entered.one("next_visit")
    if not chosen.isascii() or not chosen.isdigit():
        return UNKNOWN_WORD
    try:
        return (date.fromisoformat(entered.one("visited_on")) + timedelta(days=int(chosen))).isoformat()
    except ValueError:
        return UNKNOWN_WORD


def concern_values(values: Values, form_context: FormContext) -> dict[str, list[str]]:
    """The values of the full form of a concern."""
    entered = _Entered(values)
    text = entered.words("what", "more")
    written = hidden_values(concern_form(), form_context)
    written |= {name: list(values[name]) for name in values if name.startswith("attach") or name in _CARRIED}
    written |= {"command_id": [entered.one("command_id")], "children": [ALL]}
    if text:
        written["text_RISK"] = [f"今すぐ見てほしい(訪問先から): {text}"]
    return written


@dataclass(frozen=True)
class _Entered:
    values: Values

    def many(self, name: str) -> list[str]:
        return [text.strip() for text in self.values.get(name, ()) if text.strip()]

    def one(self, name: str) -> str:
        return next(iter(self.many(name)), "")

    def words(self, *names: str) -> str:
        """What was tapped under these names, and then what was written beside it (``NAME_more``)."""
        beside = [text for name in names for text in self.many(f"{name}_more")]
        return "、".join([*(text for name in names for text in self.many(name)), *beside])
