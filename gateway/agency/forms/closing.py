"""Closing: consultation, evaluation, follow-on service, reopening."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.forms.kinds import (
    COMMISSIONED,
    CORE,
    TO_OFFICE,
    Field,
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
from gateway.agency.forms.planning import participants
from gateway.pages.labels import CLOSING_REASONS, REASON_LABELS

CLOSING_GROUP = "終結・後続支援"

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
                choices=participants,
                help="訪問している機関を必ず入れてください。",
            ),
        ),
        section_inputs=(SectionText(section=Section.CONF, label="協議の内容"),),
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
        section_inputs=(SectionText(section=Section.RISK, label="評価の内容"),),
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
        ),
        section_inputs=(reason_section("終結に至る経緯"),),
        tasks=frozenset({"LATE_PLAN_END"}),
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
        section_inputs=(SectionText(section=Section.PLAN, label="頼むこと"),),
        to=To(is_required=True, bases=(*TO_OFFICE, *COMMISSIONED)),
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
        next_step="計画を作り、支援の開始を記録してください。",
        group=CLOSING_GROUP,
        roles=CORE,
        fields=(reason_field(REASON_LABELS, "NEEDED_AGAIN", "NEW_NEED"),),
        section_inputs=(reason_section(),),
        send="再開する",
    ),
)
