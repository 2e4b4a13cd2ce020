"""Answers to referrals and requests, and release of held messages."""

from __future__ import annotations

from domain import events as e
from domain.codes import Body, Section
from domain.rulebook import BASES
from gateway.agency.forms.bases import fitting_bases
from gateway.agency.forms.kinds import (
    CORE,
    Choices,
    Field,
    Form,
    FormContext,
    InputKind,
    Message,
    To,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.agency.forms.sections import folded
from gateway.pages.labels import REASON_LABELS
from gateway.pages.texts import basis_text

ANSWER_PREFERRED = ("CWA-25-3-2", "CWA-25-2-2", "CAPA-13-4")
"""What a question by the network or by an authority is answered by, if it permits it between the two."""


def _bases_of_answer(form_context: FormContext, agency: str) -> list[str]:
    return fitting_bases(form_context, agency, unsolicited=False, preferred=ANSWER_PREFERRED)


def _has_held_recipients(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and bool(about.get("held"))


_ASKERS = frozenset({Body.COURT.value, Body.INVESTIGATION.value, Body.BAR.value})
OFFICIAL_REQUESTS: Choices = {
    row["code"]: basis_text(row["code"]) for row in BASES if "REQUESTED" in row["needs"]
}
"""The laws by which an outside body asks, each with its text."""


def _who_asks_by_law(form_context: FormContext) -> Choices:
    """Courts, investigating authorities and bar associations."""
    return {id: other.name for id, other in form_context.agencies.items() if other.body in _ASKERS}


ANSWER_FORMS = (
    Form(
        key="official-request",
        act=e.OfficialRequestReceived,
        title="外部機関からの照会・嘱託を記録する",
        description="裁判所・捜査機関・弁護士会から、法律にもとづく照会や嘱託が届いたことを記録します。",
        next_step="答えるときは「情報を提供する」で、同じ法律を根拠に選びます。答えないときは「不提供の判断」を記録します。",
        group="連絡・回答",
        fields=(
            Field(
                name="requesting_agency",
                label="照会・嘱託した機関",
                input_kind=InputKind.ONE,
                choices=_who_asks_by_law,
            ),
            Field(name="code", label="照会・嘱託の根拠", input_kind=InputKind.ONE, choices=OFFICIAL_REQUESTS),
            Field(name="requested_on", label="照会・嘱託の日", input_kind=InputKind.DAY),
            Field(name="due_on", label="回答の期限", input_kind=InputKind.DAY, is_required=False),
        ),
        section_inputs=(reason_section("照会・嘱託の内容"),),
        send="記録する",
    ),
    Form(
        key="answer",
        act=e.InformationRequestAnswered,
        title="照会に回答する",
        description="尋ねられたことに答えます。必要な範囲だけを書いてください。",
        next_step="尋ねた機関だけが開けます。",
        group="連絡・回答",
        about=(e.InformationRequested,),
        open=theirs,
        section_inputs=folded(
            *(Section.BASIC, Section.CHILD, Section.CAREGIVER, Section.ENV),
            *(Section.PREG, Section.MEDICAL, Section.RISK),
        ),
        to=To(fixed=FormContext.other_side, bases_for=_bases_of_answer, has_default_basis=True),
        is_previewed=True,
        tasks=frozenset({"ANSWER", "LATE_ANSWER"}),
    ),
    Form(
        key="decline",
        act=e.InformationRequestDeclined,
        title="回答しないと答える",
        description="答えられないときも、黙っていずに理由を返します。",
        next_step="尋ねた機関に、理由が通知されます。",
        group="連絡・回答",
        about=(e.InformationRequested,),
        open=theirs,
        fields=(
            reason_field(
                REASON_LABELS, "NOT_KNOWN_TO_US", "NOT_ALLOWED_TO_TELL", "NO_BASIS_FOUND", "WOULD_HARM"
            ),
        ),
        section_inputs=(reason_section("経緯"),),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"ANSWER", "LATE_ANSWER"}),
        send="回答しないと答える",
    ),
    Form(
        key="report-review",
        act=e.VisitReportReviewed,
        title="訪問報告を確認する",
        description="委託先の訪問報告を読み、確認したことを記録します。",
        next_step="委託先に通知されます。",
        group="連絡・回答",
        roles=CORE,
        about=(e.VisitReportSubmitted,),
        open=theirs,
        section_inputs=(reason_section("確認したこと・次にすること"),),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"REVIEW_REPORT", "LATE_REPORT"}),
        send="確認を記録する",
    ),
    Form(
        key="release",
        act=e.HeldDisclosureReleased,
        title="保留した連絡の解除を申し出る",
        description="委託先が再開したので、待っていた連絡を届けます。",
        next_step="規則をもう一度調べ、よければ届きます。",
        group="連絡・回答",
        any_message=True,
        answers="releases",
        open=_has_held_recipients,
        max_per_message=5,
        fields=(
            Field(
                name="agreed",
                label="この連絡を、いま届けてよいことを確かめました",
                input_kind=InputKind.CHECK,
            ),
        ),
        to=To(fixed=lambda s: (s.about or {}).get("held", []), is_required=True),
        tasks=frozenset({"RELEASE"}),
        send="解除を申し出る",
    ),
)
