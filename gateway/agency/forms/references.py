"""Fields by which a message says what it is about: a planned visit, a referral, an earlier decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain import events as e
from domain.calendar import day_of
from gateway.agency.forms.display import local_time_text
from gateway.agency.forms.kinds import Choices, Field, FormContext, InputKind, Message, ours, theirs
from gateway.agency.index.case_overview import planned_visits
from gateway.pages.dates import day_text
from gateway.pages.texts import act_text

NAMING_FIELDS = ("answers", "forwards", "visit", "replaces")


def _named_by_us(form_context: FormContext) -> set[object]:
    """What messages of ours say that they are about."""
    return {
        message["fields"].get(name)
        for message in form_context.messages
        if ours(form_context, message) and "fields" in message
        for name in NAMING_FIELDS
    }


def _planned_visits(form_context: FormContext) -> list[Message]:
    """The visits that are still planned, by their day."""
    return sorted(planned_visits(form_context.messages), key=lambda m: str(m["fields"]["planned_on"]))


def _visit_choices(form_context: FormContext) -> Choices:
    plans = {
        m["message"]: f"{day_text(m['fields']['planned_on'])} の予定" for m in _planned_visits(form_context)
    }
    return plans | {"": "予定になかった訪問"}


def _due_visit(form_context: FormContext) -> Sequence[str]:
    """The oldest of our own visits whose day has come."""
    today = day_of(form_context.now).isoformat()
    due = (
        m
        for m in _planned_visits(form_context)
        if ours(form_context, m) and str(m["fields"]["planned_on"]) <= today
    )
    first = next(due, None)
    return [] if first is None else [first["message"]]


VISIT_FIELD = Field(
    name="visit",
    label="どの予定の訪問ですか",
    input_kind=InputKind.ONE,
    choices=_visit_choices,
    default=_due_visit,
    is_required=False,
    help="選んだ予定の報告の期限だけが止まります。",
    visible_if=lambda form_context: bool(_planned_visits(form_context)),
)

POSTPONED_VISIT_FIELD = Field(
    name="replaces",
    label="日を改める予定",
    input_kind=InputKind.ONE,
    choices=lambda form_context: {**_visit_choices(form_context), "": "新しい予定"},
    default=lambda form_context: [""],
    is_required=False,
    help="前の予定の代わりのときに選びます。前の予定の報告の期限は止まります。",
    visible_if=lambda form_context: bool(_planned_visits(form_context)),
)


def _open_referrals(form_context: FormContext) -> Iterator[Message]:
    """The referrals to us that no message of ours names, the oldest first."""
    topics, named = {cls.TOPIC for cls in e.REFERRALS}, _named_by_us(form_context)
    for message in form_context.messages:
        if message["act"] in topics and theirs(form_context, message) and message["message"] not in named:
            yield message


def _message_text(message: Message) -> str:
    return f"{local_time_text(message['at'], {})} {act_text(message['act'])}"


def _referral_choices(form_context: FormContext) -> Choices:
    return {m["message"]: _message_text(m) for m in _open_referrals(form_context)}


REFERRAL_FIELD = Field(
    name="answers",
    label="どの連絡についてですか",
    input_kind=InputKind.ONE,
    choices=lambda form_context: {**_referral_choices(form_context), "": "どれとも決めない"},
    default=lambda form_context: list(_referral_choices(form_context))[:1],
    is_required=False,
    help="選んだ連絡の対応の期限だけが止まります。",
    visible_if=lambda form_context: bool(_referral_choices(form_context)),
)


def _specialist_choices(form_context: FormContext) -> Choices:
    named = _named_by_us(form_context)
    return {
        m["message"]: _message_text(m)
        for m in form_context.messages
        if m["act"] == e.SupportTypeDecided.TOPIC
        and ours(form_context, m)
        and m["fields"]["specialist_needed"]
        and m["message"] not in named
    }


SPECIALIST_FIELD = Field(
    name="answers",
    label="どの決定によるものですか",
    input_kind=InputKind.ONE,
    choices=_specialist_choices,
    default=lambda form_context: list(_specialist_choices(form_context))[:1],
    is_required=False,
    visible_if=lambda form_context: bool(_specialist_choices(form_context)),
)


def own_decisions_not_to_disclose(form_context: FormContext) -> Choices:
    """Our decisions not to disclose that are still to be reviewed."""
    named = _named_by_us(form_context)
    return {
        m["message"]: f"{_message_text(m)}(見直す日 {day_text(m['fields']['review_on'])})"
        for m in form_context.messages
        if m["act"] == e.NonDisclosureDecided.TOPIC and ours(form_context, m) and m["message"] not in named
    }


def _decided_about(form_context: FormContext) -> Choices:
    return {
        **_referral_choices(form_context),
        **own_decisions_not_to_disclose(form_context),
        **_specialist_choices(form_context),
    }


DECIDED_ABOUT_FIELD = Field(
    name="answers",
    label="何についての判断ですか",
    input_kind=InputKind.ONE,
    choices=lambda form_context: {**_decided_about(form_context), "": "上のどれでもない"},
    default=lambda form_context: [""],
    is_required=False,
    help="選んだものの期限だけが止まります。",
    visible_if=lambda form_context: bool(_decided_about(form_context)),
)

WITHHELD_FROM_FIELD = Field(
    name="withheld_from",
    label="提供しない相手",
    input_kind=InputKind.MANY,
    choices=lambda form_context: {id: other.name for id, other in form_context.agencies.items()},
    is_required=False,
    help="相手を選ぶと、後でそのすべてに提供したときに見直しが済みます。",
)
