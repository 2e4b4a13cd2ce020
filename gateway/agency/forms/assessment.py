"""Intake and assessment: notices, opening of the case, assessment, eligibility, type of support."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from domain.indicators import INDICATOR_SET, INDICATORS
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CONTRACTOR,
    CORE,
    TO_OFFICE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    SectionText,
    To,
    reason_field,
    reason_section,
)
from gateway.agency.forms.planning import EXTENSION_REASONS, participants
from gateway.agency.forms.sections import folded, with_fields
from gateway.pages.labels import (
    BODIES,
    ELIGIBILITIES,
    INDICATOR_VALUES,
    INVOLVEMENTS,
    REASON_LABELS,
    ROUTES,
    STRENGTH_VALUES,
    SUPPORT_NEEDS,
    SUPPORT_TYPES,
    TARGET_CLASSES,
)

INTAKE_GROUP = "連絡・通知"
DECISION_GROUP = "評価・決定"


def _finalise_assessment(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """Every item is answered, if only with «not assessed»; there is no score."""
    if not field_values["indicators"]:
        raise FieldError("indicators", "見た項目を一つ以上選んでください。")
    contacts, others = field_values.pop("contacts"), field_values.pop("other_bodies")
    known = field_values["involved"]
    return {
        **field_values,
        "indicators": {
            indicator.code: field_values["indicators"].get(indicator.code, "NOT_ASSESSED")
            for indicator in INDICATORS
        },
        "involved": [
            {
                "agency": agency,
                "body": None,
                "involvement": known[agency],
                "contact_named": agency in contacts,
            }
            for agency in sorted(known)
        ]
        + [
            {"agency": None, "body": body, "involvement": others[body], "contact_named": True}
            for body in sorted(others)
        ],
    }


def _indicator_choices(form_context: FormContext, code: str) -> Choices:
    """A strength is there or wanting; everything else is a concern or not."""
    return STRENGTH_VALUES if code in _PROTECTIVE else INDICATOR_VALUES


_PROTECTIVE = frozenset(i.code for i in INDICATORS if i.polarity == "protective")


def _finalise_eligibility(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return field_values if field_values["result"] == "ELIGIBLE" else {**field_values, "support_type": None}


TYPE = Field(name="support_type", label="支援の類型", input_kind=InputKind.ONE, choices=SUPPORT_TYPES)

ASSESSMENT_FORMS = (
    Form(
        key="infant-visit",
        act=e.InfantHomeVisitReported,
        title="乳児家庭全戸訪問の結果を知らせる",
        description="全戸訪問で会った家庭のうち、養育支援が要ると思われる家庭を市町村に知らせます。",
        next_step="中核機関の仕事一覧に出ます。",
        group=INTAKE_GROUP,
        fields=(
            Field(
                name="support_need",
                label="支援の必要性",
                input_kind=InputKind.ONE,
                choices=SUPPORT_NEEDS,
                is_required=False,
                help="まだ決められないときは選ばずに残してください。",
            ),
        ),
        section_inputs=(
            SectionText(section=Section.CHILD, label="訪問の様子", is_required=True),
            SectionText(section=Section.BASIC, label="氏名など"),
        ),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, is_required=True, bases=("CWA-21-10-5", *TO_OFFICE)),
        begins_case=True,
    ),
    Form(
        key="programme-notice",
        act=e.ProgrammeNotificationReceived,
        title="この事業が合う家庭を知らせる(児童相談所など)",
        description="児童福祉法26条1項8号などにより、この事業が合うと思われる家庭を市町村に通知します。",
        next_step="中核機関の仕事一覧に出ます。",
        group=INTAKE_GROUP,
        section_inputs=(
            with_fields(SectionText(section=Section.RISK, label="知らせること", is_required=True)),
            SectionText(section=Section.BASIC, label="氏名など"),
            *folded(Section.CHILD, Section.CAREGIVER, Section.ENV),
        ),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, is_required=True, bases=("CWA-26-1-8", *TO_OFFICE)),
        begins_case=True,
    ),
    Form(
        key="open-case",
        act=e.SupportCaseOpened,
        title="支援ケースを開設する",
        description="この家庭の支援を、事業の目的のために始めることを記録します。",
        next_step="この目的の外で使うことは、別の根拠が要ります。",
        group=DECISION_GROUP,
        roles=CORE,
        section_inputs=(reason_section(),),
        send="開設する",
    ),
    Form(
        key="assessment",
        act=e.IndicatorAssessmentRecorded,
        title="指標で評価する",
        description="ガイドラインの36項目を見て、気になるかどうかを選びます。点数は付けません。見ていない項目は選ばずに残してください。",
        next_step="評価があると、支援の要否を決められます。",
        group=DECISION_GROUP,
        roles=CORE,
        fields=(
            Field(
                name="indicators",
                label="項目",
                input_kind=InputKind.EACH,
                rows=lambda form_context: {i.code: i.label for i in INDICATORS},
                row_choices=_indicator_choices,
                is_required=False,
            ),
            Field(
                name="home_visit_report",
                label="乳児家庭全戸訪問の報告",
                input_kind=InputKind.ONE,
                choices=SUPPORT_NEEDS,
                is_required=False,
                help="報告があるときに選びます。",
            ),
            Field(
                name="route", label="把握の経路", input_kind=InputKind.ONE, choices=ROUTES, is_required=False
            ),
            Field(
                name="involved",
                label="関与機関と経過",
                input_kind=InputKind.EACH,
                rows=participants,
                choices=INVOLVEMENTS,
                is_required=False,
            ),
            Field(
                name="contacts",
                label="担当者を下の欄に書いた関与機関",
                input_kind=InputKind.MANY,
                choices=participants,
                is_required=False,
            ),
            Field(
                name="other_bodies",
                label="この仕組みに入っていない関与機関と経過",
                input_kind=InputKind.EACH,
                rows=lambda form_context: BODIES,
                choices=INVOLVEMENTS,
                is_required=False,
                help="機関名と担当者は下の欄に書いてください。",
            ),
        ),
        section_inputs=(
            with_fields(SectionText(section=Section.RISK, label="全体としての見立て")),
            SectionText(section=Section.BASIC, label="関与機関の機関名・担当者・経過"),
            SectionText(
                section=Section.PREG,
                label="妊娠期の「その他」の内容",
                help="「その他」が気になるときは必ず書いてください。",
            ),
            *folded(Section.CHILD, Section.CAREGIVER, Section.ENV),
        ),
        fixed={"indicator_set": INDICATOR_SET},
        tasks=frozenset({"REASSESS"}),
        finalise=_finalise_assessment,
        send="評価を記録する",
    ),
    Form(
        key="eligibility",
        act=e.EligibilityDetermined,
        title="支援の要否を決める",
        description="この家庭を養育支援訪問の対象とするかを決めます。「対象としない」も決定として残ります。",
        next_step="対象とすると計画を作れます。送り手には「紹介の結果を知らせる」で通知してください。",
        group=DECISION_GROUP,
        roles=CORE | CONTRACTOR,
        fields=(
            Field(name="result", label="決定", input_kind=InputKind.ONE, choices=ELIGIBILITIES),
            Field(
                name="target_classes",
                label="対象者の区分",
                input_kind=InputKind.MANY,
                choices=TARGET_CLASSES,
                is_required=False,
                help="対象とするときは一つ以上。",
            ),
            Field(
                name="support_type",
                label="支援の類型",
                input_kind=InputKind.ONE,
                choices=SUPPORT_TYPES,
                is_required=False,
                help="後で決めてもかまいません。",
            ),
            Field(
                name="discharge_on",
                label="施設・里親からの退所日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="家庭復帰の支援のときに要ります。",
            ),
            reason_field(
                REASON_LABELS,
                "NOT_NEEDED",
                "OTHER_SERVICE_FITS",
                "WATCHED_BY_OTHERS",
                "OTHER_CLASS",
                is_required=False,
                help="対象としないとき、または「その他」の区分のときに選びます。",
            ),
        ),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="判断の理由")),),
        finalise=_finalise_eligibility,
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="決定を記録する",
    ),
    Form(
        key="support-type",
        act=e.SupportTypeDecided,
        title="支援の類型を決める",
        description="短期集中型か中期型か、専門的な支援につなぐかを決めます。",
        next_step="専門的な支援が要るとした場合、接続がないと期限超過として知らせます。",
        group=DECISION_GROUP,
        roles=CORE,
        fields=(
            TYPE,
            Field(
                name="specialist_needed",
                label="専門的な支援",
                input_kind=InputKind.YES,
                choices={"yes": "つなぐ必要がある", "no": "必要ない"},
            ),
        ),
        send="決定を記録する",
    ),
    Form(
        key="support-type-change",
        act=e.SupportTypeChanged,
        title="支援の類型を変える",
        description="途中で類型を変えるときに、理由とともに記録します。",
        next_step="計画を作り直してください。",
        group=DECISION_GROUP,
        roles=CORE,
        fields=(TYPE, reason_field(REASON_LABELS, *EXTENSION_REASONS)),
        section_inputs=(reason_section(),),
        send="変更を記録する",
    ),
)
