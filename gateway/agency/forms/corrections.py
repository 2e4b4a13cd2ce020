"""Correction, stop of use and recall of what was disclosed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain import events as e
from domain.codes import AUTHOR_ONLY, Section
from gateway.agency.forms.access import RIGHTS_GROUP
from gateway.agency.forms.kinds import (
    NOTIFIER_LINES,
    TO_OFFICE,
    Form,
    FormContext,
    Message,
    SectionText,
    To,
    agreed,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.pages.labels import REASON_LABELS
from gateway.pages.texts import SECTIONS


def with_about(form_context: FormContext, about: Message) -> FormContext:
    return replace(form_context, about=about)


def _was_disclosed(form_context: FormContext, about: Message) -> bool:
    return _with_items(form_context, about) and bool(set(about.get("to", [])) - set(about.get("held", [])))


def _recipients_of_corrected(form_context: FormContext) -> Sequence[str]:
    """The recipients of the message that this correction corrects."""
    corrected_message = form_context.message((form_context.about or {}).get("fields", {}).get("corrects"))
    return (
        []
        if corrected_message is None
        else [a for a in corrected_message.get("to", []) if a not in corrected_message.get("held", [])]
    )


def _corrects_disclosed_message(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and bool(_recipients_of_corrected(with_about(form_context, about)))


def _with_items(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and any(i["section"] not in AUTHOR_ONLY for i in about.get("items", []))


def _sections_corrected(form_context: FormContext) -> set[str]:
    """The sections of the message that is corrected, read in vain, or whose correction is told; all where it is not known."""
    about = form_context.about or {}
    corrected = form_context.message(_corrected_id(about)) or about
    sections = {i["section"] for i in corrected.get("items", [])} - AUTHOR_ONLY
    return sections or {s.value for s in Section}


def _corrected_id(about: Message) -> object:
    fields = about.get("fields", {})
    return fields.get("corrects") or fields.get("message")


def _is_corrected(section: Section) -> Callable[[FormContext], bool]:
    return lambda form_context: section.value in _sections_corrected(form_context)


def _correctable(section: Section) -> SectionText:
    return SectionText(
        section=section,
        label=f"正しい内容: {SECTIONS[section]}",
        lines=NOTIFIER_LINES if section is Section.NOTIFIER else (),
        visible_if=_is_corrected(section),
    )


CORRECTABLE = tuple(_correctable(s) for s in Section if s not in AUTHOR_ONLY | {Section.NOTIFIER})
"""Every section that is disclosed: the form shows those of the message."""

CORRECTION_FORMS = (
    Form(
        key="correction",
        act=e.CorrectionMade,
        title="訂正する",
        description="自機関が書いた内容の誤りを訂正します。もとの記録は消えずに残り、訂正が加わります。",
        next_step="もとの内容を受け取った機関があれば、続けて「訂正を提供先に知らせる」へ進んでください。",
        group=RIGHTS_GROUP,
        any_message=True,
        answers="corrects",
        open=_with_items,
        max_per_message=20,
        section_inputs=(*CORRECTABLE, _correctable(Section.NOTIFIER), reason_section("訂正の理由")),
        needs_content=True,
        send="訂正を記録する",
    ),
    Form(
        key="correction-notice",
        act=e.CorrectionNotifiedToRecipients,
        title="訂正を提供先に知らせる",
        description="誤った内容を受け取ったすべての機関に知らせます。宛先は自動で決まります。",
        next_step="受け取った機関は、対応して確認を返します。",
        group=RIGHTS_GROUP,
        about=(e.CorrectionMade,),
        open=_corrects_disclosed_message,
        section_inputs=CORRECTABLE,
        to=To(fixed=_recipients_of_corrected, is_required=True, bases=TO_OFFICE),
    ),
    Form(
        key="use-stop",
        act=e.UseStopped,
        title="利用を停止する",
        description="この連絡で提供した内容を、これからだれも開けないようにします(自機関だけは、訂正や検証のために開けます)。",
        next_step="すでに読んだことは取り消せません。渡した紙や写しを返してもらうには「回収を求める」へ進んでください。",
        group=RIGHTS_GROUP,
        any_message=True,
        answers="stops",
        open=_with_items,
        fields=(
            reason_field(
                REASON_LABELS, "UNLAWFUL_USE", "UNLAWFUL_PROVISION", "NO_LONGER_NEEDED", "CONSENT_WITHDRAWN"
            ),
            agreed("この連絡の内容が、受け取った機関で開けなくなることを確かめました"),
        ),
        send="利用を停止する",
    ),
    Form(
        key="recall",
        act=e.RecallNoticeSent,
        title="回収を求める",
        description="この連絡を受け取ったすべての機関に、写しや紙の返却・廃棄を求めます。宛先は自動で決まります。",
        next_step="受け取った機関は、14日のうちに対応して確認を返します。",
        group=RIGHTS_GROUP,
        any_message=True,
        answers="recalls",
        open=_was_disclosed,
        fields=(
            reason_field(
                REASON_LABELS,
                "SENT_TO_WRONG_PLACE",
                "WRONG_CONTENT",
                "CONSENT_WITHDRAWN",
                "UNLAWFUL_PROVISION",
            ),
        ),
        to=To(fixed=FormContext.other_side, is_required=True),
        send="回収を求める",
    ),
    Form(
        key="notice-followed",
        act=e.RecallAcknowledged,
        title="訂正・回収に対応したと答える",
        description="求められたとおり、手元の写しや紙を直し、または返却・廃棄したことを答えます。",
        next_step="求めた機関に通知されます。",
        group=RIGHTS_GROUP,
        about=(e.RecallNoticeSent, e.CorrectionNotifiedToRecipients),
        open=theirs,
        fields=(agreed("手元の写し・紙・別の書類への転記を調べ、求められたとおりにしました"),),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"CONFIRM", "LATE_CONFIRM"}),
        send="対応したと答える",
    ),
)
