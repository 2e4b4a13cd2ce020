"""Saying to the author that what was opened can't be read, and the author's answer."""

from __future__ import annotations

from domain import events as e
from domain.codes import AUTHOR_ONLY
from gateway.agency.forms.access import RIGHTS_GROUP
from gateway.agency.forms.corrections import CORRECTABLE
from gateway.agency.forms.kinds import (
    TO_OFFICE,
    Choices,
    Field,
    Form,
    FormContext,
    InputKind,
    Message,
    To,
    ours,
    theirs,
)
from gateway.pages.labels import CONTENT_FAULTS, FAULT_ANSWERS
from gateway.pages.texts import section_text


def _items(form_context: FormContext) -> Choices:
    """The items of the message by their place in it: which of them was opened, the hub knows."""
    items = [] if form_context.about is None else form_context.about.get("items", [])
    shown = [item for item in items if item["section"] not in AUTHOR_ONLY]
    return {item["item"]: f"{n}. {section_text(item['section'])}" for n, item in enumerate(shown, 1)}


def _has_items_of_another(form_context: FormContext, about: Message) -> bool:
    return not ours(form_context, about) and bool(about.get("items"))


def _author(form_context: FormContext) -> list[str]:
    return [] if form_context.about is None else [form_context.about["by"]]


UNREADABLE_FORMS = (
    Form(
        key="unreadable",
        act=e.ContentUnreadableReported,
        title="読めないことを送り手に知らせる",
        description="開いた内容が読めないことを、書いた機関に知らせます。内容は写しません。",
        next_step="書いた機関の仕事一覧に載り、訂正か回答があるまで残ります。",
        group=RIGHTS_GROUP,
        any_message=True,
        answers="message",
        open=_has_items_of_another,
        max_per_message=20,
        fields=(
            Field(name="item", label="読めない項目", input_kind=InputKind.ONE, choices=_items),
            Field(name="fault", label="読めない理由", input_kind=InputKind.ONE, choices=CONTENT_FAULTS),
        ),
        to=To(fixed=_author, is_required=True),
        send="送り手に知らせる",
    ),
    Form(
        key="unreadable-answer",
        act=e.ContentUnreadableAnswered,
        title="読めない内容について答える",
        description="読めないと知らせた機関に答えます。正しい内容を一緒に送ることができます。",
        next_step="知らせた機関に通知され、仕事一覧から消えます。",
        group=RIGHTS_GROUP,
        about=(e.ContentUnreadableReported,),
        open=theirs,
        fields=(Field(name="result", label="結果", input_kind=InputKind.ONE, choices=FAULT_ANSWERS),),
        section_inputs=CORRECTABLE,
        to=To(fixed=_author, is_required=True, bases=TO_OFFICE),
        tasks=frozenset({"MAKE_READABLE", "LATE_UNREADABLE"}),
        send="答える",
    ),
)
