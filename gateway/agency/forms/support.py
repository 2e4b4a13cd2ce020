"""From the assessment to the follow-on service: the decisions, plans and visits of the core agency, and the closing."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.calendar import day_of
from domain.codes import Section
from domain.indicators import INDICATOR_SET, INDICATORS
from domain.rulebook import QUALIFICATIONS
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    COMMISSIONED,
    CONTRACTOR,
    CORE,
    TO_CORE,
    TO_OFFICE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    SectionText,
    To,
    agreed,
    child_seen_field,
    reason_field,
    reason_section,
    theirs,
)
from gateway.agency.forms.safety import CHILD_SEEN
from gateway.pages.labels import (
    CLOSING_REASONS,
    ELIGIBILITIES,
    INDICATOR_VALUES,
    PLAN_CONTENTS,
    PLAN_PARTS,
    REASON_LABELS,
    SUPPORT_TYPES,
    TARGET_CLASSES,
    VISITOR_ROLES,
)

INTAKE_GROUP = "連絡・通知"
DECISION_GROUP = "評価・決定"
PLANNING_GROUP = "計画"
VISITS = "訪問"
CLOSING_GROUP = "終結・後続支援"
VISITOR_RECIPIENTS = To(roles=CONTRACTOR | CORE, bases=COMMISSIONED, default_basis=COMMISSIONED[0])


def _finalise_assessment(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """Every item is answered, if only with «not assessed»; there is no score."""
    return {
        "indicators": {
            one.code: field_values["indicators"].get(one.code, "NOT_ASSESSED") for one in INDICATORS
        }
    }


def _finalise_eligibility(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return field_values if field_values["result"] == "ELIGIBLE" else {**field_values, "support_type": None}


def _finalise_plan(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    plan = {name: field_values.pop(name) for name in PLAN_KEYS}
    return {**field_values, "plan": {**plan, "housekeeping": None}}


def _visiting_agencies(form_context: FormContext) -> Choices:
    """Our own agency, and every contractor."""
    own_agency_choice = {form_context.agency: "自機関"}
    return own_agency_choice | {
        id: other.name for id, other in form_context.agencies.items() if other.roles & CONTRACTOR
    }


def _participants(form_context: FormContext) -> Choices:
    """The agencies that take part in the case."""
    parts = {m["by"] for m in form_context.messages} | {
        a for m in form_context.messages for a in m.get("to", [])
    }
    return {id: other.name for id, other in form_context.agencies.items() if id in parts}


def _assigned_workers(form_context: FormContext) -> Choices:
    """The assigned workers that this door knows of."""
    assigned_workers: dict[str, str] = {}
    for m in form_context.messages:
        fields = m.get("fields", {})
        if m["act"] == e.SupportWorkerAssigned.TOPIC:
            assigned_workers[f"{fields['agency']} {fields['worker']}"] = fields["worker"]
        elif m["act"] == e.SupportWorkerUnassigned.TOPIC:
            assigned_workers.pop(f"{fields['agency']} {fields['worker']}", None)
    return assigned_workers


def _finalise_unassignment(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    agency, _, worker = field_values["worker"].partition(" ")
    return {"agency": agency, "worker": worker}


PLAN = (
    Field(name="content", label="支援内容(ア〜エ)", input_kind=InputKind.ONE, choices=PLAN_CONTENTS),
    Field(
        name="parts",
        label="計画書に書いたこと",
        input_kind=InputKind.MANY,
        choices=PLAN_PARTS,
        default=lambda form_context: tuple(PLAN_PARTS),
        help="ガイドライン6(3)[1]の五つすべてが要ります。書いていないものは印を外してください。",
    ),
    Field(
        name="plan_from",
        label="支援の始まり",
        input_kind=InputKind.DAY,
        default=lambda form_context: (day_of(form_context.now).isoformat(),),
    ),
    Field(
        name="plan_until",
        label="支援の終わり(最終日)",
        input_kind=InputKind.DAY,
        is_required=False,
        help="短期集中型では決めてください。目安は3か月です。",
    ),
    Field(name="visits_per_week", label="週の訪問回数", input_kind=InputKind.COUNT, is_required=False),
    Field(
        name="target_months",
        label="達成までの月数",
        input_kind=InputKind.COUNT,
        is_required=False,
        help="中期型。目安は6〜12か月。",
    ),
    Field(
        name="short_term_months",
        label="短期目標の月数",
        input_kind=InputKind.COUNT,
        is_required=False,
        help="中期型。",
    ),
    Field(name="review_due_on", label="次に見直す日", input_kind=InputKind.DAY, is_required=False),
    reason_field(
        REASON_LABELS,
        "LONGER_NEEDED",
        "OTHER_CONTENT_NEEDED",
        label="目安と違うときの理由",
        is_required=False,
        help="期間が目安より長い、または区分と違う内容のときに選びます。",
    ),
)
PLAN_KEYS = tuple(f.name for f in PLAN if f.name != "reason")
"""The fields of a plan."""
PLAN_SECTION_INPUTS = (
    SectionText(section=Section.PLAN, label="支援計画", is_required=True),
    reason_section(),
)
TYPE = Field(name="support_type", label="支援の類型", input_kind=InputKind.ONE, choices=SUPPORT_TYPES)
EXTENSION_REASONS = ("GOAL_NOT_REACHED", "NEW_NEED", "LONGER_NEEDED")

SUPPORT = (
    Form(
        key="infant-visit",
        act=e.InfantHomeVisitReported,
        title="乳児家庭全戸訪問の結果を知らせる",
        description="全戸訪問で会った家庭のうち、養育支援が要ると思われる家庭を市町村に知らせます。",
        next_step="中核機関の仕事一覧に出ます。",
        group=INTAKE_GROUP,
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
            SectionText(section=Section.RISK, label="知らせること", is_required=True),
            SectionText(section=Section.BASIC, label="氏名など"),
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
                rows=lambda form_context: {one.code: one.label for one in INDICATORS},
                choices=INDICATOR_VALUES,
                is_required=False,
            ),
        ),
        section_inputs=(SectionText(section=Section.RISK, label="全体としての見立て"),),
        fixed={"indicator_set": INDICATOR_SET},
        finalise=_finalise_assessment,
        send="評価を記録する",
    ),
    Form(
        key="eligibility",
        act=e.EligibilityDetermined,
        title="支援の要否を決める",
        description="この家庭を養育支援訪問の対象とするかを決めます。「対象としない」も決定として残ります。",
        next_step="対象とすると計画を作れます。送り手には「紹介の結果を知らせる」で伝えてください。",
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
        section_inputs=(SectionText(section=Section.RISK, label="判断の理由"),),
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
    Form(
        key="plan",
        act=e.SupportPlanFormulated,
        title="支援計画を作る",
        description="目標・内容・期間・方法・支援者を計画書に書き、期間と内容の区分を選びます。",
        next_step="見直しの日と計画の終わりを、期限として見守ります。続けて支援の開始を記録してください。",
        group=PLANNING_GROUP,
        roles=CORE,
        fields=PLAN,
        section_inputs=PLAN_SECTION_INPUTS,
        to=VISITOR_RECIPIENTS,
        finalise=_finalise_plan,
        tasks=frozenset({"LATE_PLAN_END"}),
    ),
    Form(
        key="plan-proposal",
        act=e.SupportPlanProposed,
        title="支援計画の案を出す",
        description="全部を委託されている機関が、計画の案を中核機関に出します。",
        next_step="中核機関が承認すると計画になります。",
        group=PLANNING_GROUP,
        roles=CONTRACTOR,
        section_inputs=(SectionText(section=Section.PLAN, label="支援計画の案", is_required=True),),
        to=replace(TO_CORE, is_required=True),
    ),
    Form(
        key="plan-approval",
        act=e.SupportPlanApproved,
        title="計画の案を承認する",
        description="委託先が出した案を確かめ、計画として決めます。",
        next_step="出した機関に届きます。",
        group=PLANNING_GROUP,
        roles=CORE,
        about=(e.SupportPlanProposed,),
        answers="approves",
        open=theirs,
        fields=PLAN,
        section_inputs=(
            SectionText(section=Section.PLAN, label="支援計画(直したところがあれば)"),
            reason_section(),
        ),
        to=To(fixed=FormContext.other_side, bases=COMMISSIONED, default_basis=COMMISSIONED[0]),
        finalise=_finalise_plan,
        send="承認する",
    ),
    Form(
        key="commence",
        act=e.SupportCommenced,
        title="支援を始める",
        description="決まった計画にもとづき、支援を始めたことを記録します。",
        next_step="訪問の間隔、計画の見直し、子どもの姿の確認を見守ります。",
        group=PLANNING_GROUP,
        roles=CORE,
        fixed={"plan": None, "target_classes": None},
        send="開始を記録する",
    ),
    Form(
        key="plan-handed",
        act=e.SupportPlanHandedOver,
        title="計画を家族に渡した",
        description="支援計画を家族に手渡したことを記録します。",
        next_step="家族本人の一覧に載ります。",
        group=PLANNING_GROUP,
        roles=CORE,
        section_inputs=(SectionText(section=Section.PLAN, label="渡したときの様子"),),
        send="記録する",
    ),
    Form(
        key="goal",
        act=e.ShortTermGoalEvaluated,
        title="短期目標を評価する",
        description="短期目標にどこまで届いたかを記録します。計画の見直しにもなります。",
        next_step="次の見直しの期限が始まります。",
        group=PLANNING_GROUP,
        roles=CORE,
        section_inputs=(SectionText(section=Section.PLAN, label="評価", is_required=True),),
        tasks=frozenset({"REVIEW", "LATE_REVIEW"}),
        send="評価を記録する",
    ),
    Form(
        key="plan-extension",
        act=e.PlanExtended,
        title="計画の期間を延ばす",
        description="計画の最終日を先に延ばします。理由が要ります。",
        next_step="新しい最終日まで期限を見守ります。",
        group=PLANNING_GROUP,
        roles=CORE,
        fields=(
            Field(name="plan_until", label="新しい最終日", input_kind=InputKind.DAY),
            reason_field(REASON_LABELS, *EXTENSION_REASONS),
        ),
        section_inputs=(reason_section(),),
        tasks=frozenset({"LATE_PLAN_END"}),
        send="延長を記録する",
    ),
    Form(
        key="specialist",
        act=e.SpecialistServiceLinked,
        title="専門的な支援につなぐ",
        description="専門的な支援につないだことを記録し、要ることを相手に伝えます。",
        next_step="つないでいないという知らせが止まります。",
        group=PLANNING_GROUP,
        roles=CORE,
        section_inputs=(SectionText(section=Section.PLAN, label="つないだ支援"),),
        to=To(bases=TO_OFFICE),
        tasks=frozenset({"LATE_SPECIALIST"}),
        send="接続を記録する",
    ),
    Form(
        key="other-support",
        act=e.OtherSupportCoordinated,
        title="ほかの支援と連絡調整した",
        description="保育所や一時預かりなど、ほかの支援と調整したことを記録します。",
        next_step="事例の経過に残ります。",
        group=PLANNING_GROUP,
        section_inputs=(SectionText(section=Section.PLAN, label="調整したこと"),),
        to=To(bases=TO_OFFICE),
        send="調整を記録する",
    ),
    Form(
        key="assign",
        act=e.SupportWorkerAssigned,
        title="訪問支援者を割り当てる",
        description="この家庭を訪問する人を決めます。研修・誓約書・委託要件がそろった人だけを割り当てられます。",
        next_step="委託先は、この家庭の訪問に要る情報を受けられるようになります。",
        group=VISITS,
        roles=CORE,
        fields=(
            Field(name="agency", label="訪問する機関", input_kind=InputKind.ONE, choices=_visiting_agencies),
            Field(
                name="worker",
                label="訪問支援者(登録番号)",
                input_kind=InputKind.REF,
                help="名前ではなく、登録番号で書いてください。",
            ),
            Field(
                name="role", label="役割", input_kind=InputKind.ONE, choices=VISITOR_ROLES, is_required=False
            ),
            Field(
                name="qualification",
                label="資格(自機関の職員のとき)",
                input_kind=InputKind.ONE,
                choices={q: q for q in QUALIFICATIONS},
                is_required=False,
            ),
            reason_field(
                REASON_LABELS,
                "NO_OTHER_SERVICE",
                "OTHER_PROFESSION",
                is_required=False,
                help="一覧にない資格の専門的相談支援、または家事援助のときに選びます。",
            ),
        ),
        tasks=frozenset({"COVER_VISIT"}),
        send="割り当てる",
    ),
    Form(
        key="unassign",
        act=e.SupportWorkerUnassigned,
        title="割当を解く",
        description="この人はもうこの家庭を訪問しません。",
        next_step="委託先に割当がなくなると、その委託先は内容を開けなくなります。",
        group=VISITS,
        roles=CORE,
        fields=(
            Field(
                name="worker",
                label="訪問支援者(登録番号)",
                input_kind=InputKind.ONE,
                choices=_assigned_workers,
            ),
        ),
        finalise=_finalise_unassignment,
        send="割当を解く",
    ),
    Form(
        key="visited",
        act=e.HomeVisitCompleted,
        title="訪問した(中核機関)",
        description="自機関の訪問支援者が訪問したことを記録します。委託先の訪問は「訪問を報告する」で届きます。",
        next_step="子どもを目視したときは、子どもの姿の確認の期限が改まります。",
        group=VISITS,
        roles=CORE,
        fields=(
            child_seen_field("見ていない(家族とだけ会った)"),
            Field(name="worker", label="訪問支援者(登録番号)", input_kind=InputKind.REF),
        ),
        section_inputs=(SectionText(section=Section.VISIT, label="訪問の記録"), CHILD_SEEN),
        tasks=frozenset({"LATE_CONTACT", "LATE_VISITS", "LATE_SILENCE"}),
        send="訪問を記録する",
    ),
    Form(
        key="contact",
        act=e.ContactAttempted,
        title="連絡・訪問を試みた",
        description="電話や訪問で連絡を取ろうとしたことを記録します。",
        next_step="家族に会えない日が続くと、中核機関に知らせが出ます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        send="記録する",
    ),
    Form(
        key="contact-refused",
        act=e.ContactRefused,
        title="連絡を断られた",
        description="家族が連絡や面談を断ったことを記録します。",
        next_step="断られても支援は終わりません。ほかの兆候とまとめて見られます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        send="記録する",
    ),
    Form(
        key="roles",
        act=e.RoleDivisionConfirmed,
        title="役割分担を確認した",
        description="だれが何を受け持つかを、訪問する機関どうしで確かめたことを記録します。",
        next_step="事例の経過に残ります。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        section_inputs=(SectionText(section=Section.PLAN, label="役割分担"),),
        to=VISITOR_RECIPIENTS,
        send="確認を記録する",
    ),
    Form(
        key="follow-up",
        act=e.FollowUpProvided,
        title="家庭・訪問支援者を支える",
        description="家庭や訪問支援者の相談に乗り、助言したことを記録します。",
        next_step="事例の経過に残ります。",
        group=VISITS,
        roles=CORE,
        section_inputs=(SectionText(section=Section.VISIT, label="相談・助言の内容"),),
        to=VISITOR_RECIPIENTS,
        send="記録する",
    ),
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
                choices=_participants,
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
