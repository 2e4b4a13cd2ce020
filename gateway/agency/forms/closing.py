"""Closing: consultation, evaluation, follow-on service, reopening."""

from __future__ import annotations

from domain import events as e
from domain.codes import ClosingReason, Section
from gateway.agency.forms.bases import fitting_bases
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    CORE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    SectionText,
    To,
    agreed,
    reason_field,
    reason_section,
    theirs,
)
from gateway.agency.forms.meetings import NETWORK_BASES
from gateway.agency.forms.planning import participants
from gateway.agency.forms.sections import folded, with_fields
from gateway.pages.labels import CLOSING_REASONS, FOLLOW_ONS, NOT_CONSULTED, REASON_LABELS

CLOSING_GROUP = "終結・後続支援"
FOLLOW_ON_BASES = ("CWA-25-2-2", "CWA-21-10-2-3")


def _consultable(form_context: FormContext) -> Choices:
    """The agencies that take part in the case, and our own for its visitors."""
    return {form_context.agency: "自機関の訪問支援者", **participants(form_context)}


def _finalise_consultation(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    asked, missed = field_values["consulted"], field_values["not_consulted"]
    if not asked and not missed:
        raise FieldError("consulted", "協議した機関を一つ以上選んでください。")
    if set(asked) & missed.keys():
        raise FieldError("not_consulted", "協議した機関には、尋ねられなかった理由を選ばないでください。")
    return field_values


def _finalise_closing(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    ended = field_values["closing_reason"] in (ClosingReason.TRANSFER, ClosingReason.CHILD_DIED)
    if not ended and field_values["follow_on"] is None:
        raise FieldError("follow_on", "「終結の後」を選んでください。")
    return field_values | ({"follow_on": None} if ended else {})


def _bases_of_follow_on(form_context: FormContext, agency: str) -> list[str]:
    """Who takes over may be outside the network and the commission: then the person's consent is what permits it."""
    return fitting_bases(form_context, agency, unsolicited=True, preferred=FOLLOW_ON_BASES)


CLOSING_FORMS = (
    Form(
        key="closing-consultation",
        act=e.ClosingConsultationHeld,
        title="終結を協議した",
        description="訪問支援者や関係機関と、終結してよいかを話し合ったことを記録します。",
        next_step="協議と評価がそろうと、終結できます。",
        group=CLOSING_GROUP,
        roles=CORE,
        fields=(
            Field(
                name="consulted",
                label="協議した機関",
                input_kind=InputKind.MANY,
                choices=_consultable,
                is_required=False,
                help="訪問した機関と、支援につないだ機関をすべて入れてください。自機関の訪問支援者が訪問したときは「自機関」も入れます。",
            ),
            Field(
                name="not_consulted",
                label="尋ねられなかった機関と理由",
                input_kind=InputKind.EACH,
                rows=participants,
                choices=NOT_CONSULTED,
                is_required=False,
                help="尋ねた機関は選ばずに残してください。",
            ),
        ),
        section_inputs=(
            with_fields(SectionText(section=Section.CONF, label="協議の内容")),
            with_fields(SectionText(section=Section.CLOSING, label="終結の見込み・引き継ぐこと")),
        ),
        to=To(
            bases=NETWORK_BASES,
            help="協議した機関に協議の内容を届けるときに選びます。警察・学校・保育所などは、協議した構成員だけです。",
        ),
        finalise=_finalise_consultation,
        send="協議を記録する",
    ),
    Form(
        key="evaluation",
        act=e.ClosingEvaluationRecorded,
        title="支援の後の評価",
        description="目標に届いたか、養育の環境がよくなったかを評価します。",
        next_step="協議と評価がそろうと、終結できます。",
        group=CLOSING_GROUP,
        roles=CORE,
        fields=(
            Field(
                name="goal_reached",
                label="目標",
                input_kind=InputKind.YES,
                choices={"yes": "届いた", "no": "届いていない"},
            ),
            Field(
                name="environment_improved",
                label="養育の環境",
                input_kind=InputKind.YES,
                choices={"yes": "よくなった", "no": "よくなっていない"},
            ),
        ),
        section_inputs=(
            with_fields(
                SectionText(
                    section=Section.CLOSING,
                    label="評価の内容",
                    help="目標ごとの結果、残る課題、家族の意見を書きます。",
                )
            ),
        ),
        send="評価を記録する",
    ),
    Form(
        key="close",
        act=e.SupportClosed,
        title="支援を終結する",
        description="協議と評価を経て、支援を終えます。",
        next_step="後続支援を頼んであれば、受け入れられるまで見守ります。終結しても記録は保存されます。",
        group=CLOSING_GROUP,
        roles=CORE,
        fields=(
            Field(
                name="closing_reason", label="終結の理由", input_kind=InputKind.ONE, choices=CLOSING_REASONS
            ),
            Field(
                name="follow_on",
                label="終結の後",
                input_kind=InputKind.ONE,
                choices=FOLLOW_ONS,
                is_required=False,
                help="ほかの市町村へ移管したとき以外は選んでください。",
            ),
            reason_field(
                REASON_LABELS,
                "REACHED_ENOUGH",
                "OTHER_SERVICE_FITS",
                "SUPPORT_REFUSED",
                label="評価と違うときの理由",
                is_required=False,
                help="目標に届いていない、または環境がよくなっていないのに終結するときに選びます。",
            ),
        ),
        section_inputs=(reason_section("終結に至る経緯"), *folded(Section.CLOSING)),
        finalise=_finalise_closing,
        tasks=frozenset({"LATE_PLAN_END", "LATE_PLAN_ENDING"}),
        send="終結する",
    ),
    Form(
        key="follow-on",
        act=e.FollowOnServiceArranged,
        title="後続の支援を頼む",
        description="終結の後を引き継ぐ機関に、支援を頼みます。",
        next_step="相手が受け入れるまで、仕事一覧に残ります。",
        group=CLOSING_GROUP,
        roles=CORE,
        section_inputs=(SectionText(section=Section.PLAN, label="頼むこと"), *folded(Section.BASIC)),
        to=To(is_required=True, bases_for=_bases_of_follow_on),
    ),
    Form(
        key="follow-on-accepted",
        act=e.FollowOnServiceAccepted,
        title="後続の支援を受け入れる",
        description="頼まれた支援を引き受けます。",
        next_step="頼んだ機関に届きます。",
        group=CLOSING_GROUP,
        about=(e.FollowOnServiceArranged,),
        open=theirs,
        fields=(agreed("頼まれた支援を引き受けます"),),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"ACCEPT", "LATE_ACCEPT"}),
        send="受け入れる",
    ),
    Form(
        key="reopen",
        act=e.CaseReopened,
        title="事例を再開する",
        description="終結した事例の支援を、再び始めます。",
        next_step="前の決定と計画は使えません。支援の要否を決め直し、計画を作ってから、支援の開始を記録してください。",
        group=CLOSING_GROUP,
        roles=CORE,
        fields=(reason_field(REASON_LABELS, "NEEDED_AGAIN", "NEW_NEED"),),
        section_inputs=(reason_section(),),
        send="再開する",
    ),
)
