"""The six kinds of help (家庭支援事業): recommended, answered by the family, given as a measure."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section, ServiceAnswer
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    COMMISSIONED,
    CORE,
    TO_OFFICE,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    SectionText,
    To,
    ours,
    reason_field,
    reason_section,
)
from gateway.pages.labels import FAMILY_SERVICES, REASON_LABELS, SERVICE_ANSWERS, UNAVOIDABLE_REASONS

GROUP = "家庭支援事業"
PROVIDER = To(bases=(*TO_OFFICE, *COMMISSIONED), help="事業者に知らせるときに選びます。")
DAYS = (
    Field(
        name="begins_on",
        label="利用の始まり",
        input_kind=InputKind.DAY,
        is_required=False,
        help="利用するときに書きます。",
    ),
    Field(
        name="ends_on",
        label="利用の終わり",
        input_kind=InputKind.DAY,
        is_required=False,
        help="短期支援と一時預かりでは書いてください。",
    ),
)


def _finalise_answer(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    if field_values["answer"] != ServiceAnswer.ACCEPTED:
        return {**field_values, "begins_on": None, "ends_on": None}
    if field_values["begins_on"] is None:
        raise FieldError("begins_on", "「利用の始まり」を記入してください。")
    return field_values


FAMILY_SERVICE_FORMS = (
    Form(
        key="service-recommended",
        act=e.FamilyServiceRecommended,
        title="家庭支援事業の利用を勧める",
        description="家庭に合う支援を六つの事業から選び、利用を勧めたことを記録します(利用勧奨)。",
        next_step="家族の答えを「利用勧奨への答え」で記録してください。",
        group=GROUP,
        roles=CORE,
        fields=(
            Field(
                name="service",
                label="勧める事業",
                input_kind=InputKind.ONE,
                choices=FAMILY_SERVICES,
                help="養育支援訪問は、対象と決めた家庭に勧めます。児童育成支援拠点は、主に学齢の子どもの居場所です。",
            ),
            reason_field(
                REASON_LABELS,
                "NEW_NEED",
                "OTHER_SERVICE_FITS",
                label="計画に書いていない事業を勧める理由",
                is_required=False,
            ),
        ),
        section_inputs=(SectionText(section=Section.PLAN, label="勧めた内容"), reason_section()),
        send="勧奨を記録する",
    ),
    Form(
        key="service-answered",
        act=e.FamilyServiceAnswered,
        title="利用勧奨への答えを記録する",
        description="勧めた事業を家族が利用するかを記録します。利用するときは、事業者に知らせます。",
        next_step="事業者は、終結のときに尋ねる関係機関になります。",
        group=GROUP,
        roles=CORE,
        about=(e.FamilyServiceRecommended,),
        open=ours,
        max_per_message=9,
        fields=(
            Field(name="answer", label="家族の答え", input_kind=InputKind.ONE, choices=SERVICE_ANSWERS),
            *DAYS,
        ),
        section_inputs=(SectionText(section=Section.PLAN, label="利用の内容"), reason_section()),
        to=PROVIDER,
        finalise=_finalise_answer,
        tasks=frozenset({"LATE_SERVICE"}),
        send="答えを記録する",
    ),
    Form(
        key="service-measure",
        act=e.FamilyServiceMeasureTaken,
        title="家庭支援事業を措置で行う",
        description="勧めても、やむを得ない事由で利用が著しく困難なときに、申込みによらずに支援します(21条の18第2項)。",
        next_step="事業者は、終結のときに尋ねる関係機関になります。",
        group=GROUP,
        roles=CORE,
        about=(e.FamilyServiceRecommended,),
        open=ours,
        max_per_message=9,
        fields=(
            Field(
                name="unavoidable_reason",
                label="やむを得ない事由",
                input_kind=InputKind.ONE,
                choices=UNAVOIDABLE_REASONS,
            ),
            Field(name="begins_on", label="支援の始まり", input_kind=InputKind.DAY),
            DAYS[1],
        ),
        section_inputs=(SectionText(section=Section.PLAN, label="支援の内容"), reason_section()),
        to=PROVIDER,
        send="措置を記録する",
    ),
)
