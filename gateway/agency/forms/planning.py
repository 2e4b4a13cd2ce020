"""The plan: proposal, approval, commencement, changes, extension, review."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.calendar import day_of
from domain.codes import Section
from gateway.agency.forms.content_inputs import PLAN_INPUTS
from gateway.agency.forms.kinds import (
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
    reason_field,
    reason_section,
    theirs,
)
from gateway.agency.forms.references import SPECIALIST_FIELD
from gateway.agency.forms.visits import VISITOR_RECIPIENTS
from gateway.pages.labels import (
    FAMILY_SERVICES,
    HOUSEKEEPINGS,
    PLAN_AGREEMENTS,
    PLAN_CONTENTS,
    PLAN_HANDOVERS,
    PLAN_MAKERS,
    PLAN_PARTS,
    REASON_LABELS,
)

PLANNING_GROUP = "計画"


def _finalise_plan(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    plan = {name: field_values.pop(name) for name in PLAN_KEYS}
    return {**field_values, "plan": plan}


def participants(form_context: FormContext) -> Choices:
    """The agencies that take part in the case."""
    parts = {m["by"] for m in form_context.messages} | {
        a for m in form_context.messages for a in m.get("to", [])
    }
    return {id: other.name for id, other in form_context.agencies.items() if id in parts}


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
        help="短期集中型は3か月、中期型は達成までの月数が目安です。終わりの14日前に知らせます。",
    ),
    Field(name="visits_per_week", label="週の訪問回数", input_kind=InputKind.COUNT, is_required=False),
    Field(
        name="target_months",
        label="達成までの月数",
        input_kind=InputKind.COUNT,
        is_required=False,
        help="中期型では書いてください。目安は6〜12か月。",
    ),
    Field(
        name="short_term_months",
        label="短期目標の月数",
        input_kind=InputKind.COUNT,
        is_required=False,
        help="中期型では書いてください。当面の目安は3か月。",
    ),
    Field(name="review_due_on", label="次に見直す日", input_kind=InputKind.DAY, is_required=False),
    Field(
        name="made_by",
        label="計画を作った担当",
        input_kind=InputKind.MANY,
        choices=PLAN_MAKERS,
        default=lambda form_context: tuple(PLAN_MAKERS),
        help="要支援児童・特定妊婦、妊娠期・出産後の家庭の計画は、母子保健と児童福祉が一緒に作ります。",
    ),
    Field(
        name="services",
        label="支援の種類(家庭支援事業)",
        input_kind=InputKind.MANY,
        choices=FAMILY_SERVICES,
        is_required=False,
    ),
    Field(
        name="housekeeping",
        label="育児・家事援助",
        input_kind=InputKind.ONE,
        choices=HOUSEKEEPINGS,
        is_required=False,
        help="計画に入れるときは目標が要ります。いまは「子育て世帯訪問支援」として選びます。",
    ),
    Field(name="explained_on", label="家族に説明した日", input_kind=InputKind.DAY, is_required=False),
    Field(
        name="agreement",
        label="家族の同意",
        input_kind=InputKind.ONE,
        choices=PLAN_AGREEMENTS,
        is_required=False,
    ),
    reason_field(
        REASON_LABELS,
        "LONGER_NEEDED",
        "PERIOD_NOT_FIXED",
        "OTHER_CONTENT_NEEDED",
        "MADE_BY_ONE_SIDE",
        "NO_OTHER_SERVICE",
        label="目安と違うときの理由",
        is_required=False,
        help="期間が目安と違う、区分と違う内容、一方の担当だけで作る、家事援助をこの事業で行うときに選びます。",
    ),
)
PLAN_KEYS = tuple(f.name for f in PLAN if f.name != "reason")
"""The fields of a plan."""
PLAN_SECTION_INPUTS = (
    SectionText(section=Section.PLAN, label="支援計画", is_required=True, content=PLAN_INPUTS),
    reason_section(),
)
EXTENSION_REASONS = ("GOAL_NOT_REACHED", "NEW_NEED", "LONGER_NEEDED")

PLANNING_FORMS = (
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
        tasks=frozenset({"LATE_PLAN_END", "LATE_PLAN_ENDING"}),
    ),
    Form(
        key="plan-proposal",
        act=e.SupportPlanProposed,
        title="支援計画の案を出す",
        description="全部を委託されている機関が、計画の案を中核機関に出します。",
        next_step="中核機関が承認すると計画になります。",
        group=PLANNING_GROUP,
        roles=CONTRACTOR,
        section_inputs=(
            SectionText(section=Section.PLAN, label="支援計画の案", is_required=True, content=PLAN_INPUTS),
        ),
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
            SectionText(section=Section.PLAN, label="支援計画(直したところがあれば)", content=PLAN_INPUTS),
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
        fields=(
            Field(
                name="handed_on",
                label="渡した(説明した)日",
                input_kind=InputKind.DAY,
                default=lambda form_context: (day_of(form_context.now).isoformat(),),
            ),
            Field(name="handover", label="渡し方", input_kind=InputKind.ONE, choices=PLAN_HANDOVERS),
            Field(
                name="agreement",
                label="家族の同意",
                input_kind=InputKind.ONE,
                choices=PLAN_AGREEMENTS,
                is_required=False,
            ),
            reason_field(
                REASON_LABELS,
                "WOULD_HARM",
                label="渡さないと決めた理由",
                is_required=False,
                help="渡さないときに選びます。",
            ),
        ),
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
        tasks=frozenset({"LATE_PLAN_END", "LATE_PLAN_ENDING"}),
        send="延長を記録する",
    ),
    Form(
        key="specialist",
        act=e.SpecialistServiceLinked,
        title="専門的な支援につなぐ",
        description="専門的な支援につないだことを記録し、要ることを相手に提供します。",
        next_step="つないでいないという知らせが止まります。",
        group=PLANNING_GROUP,
        roles=CORE,
        fields=(SPECIALIST_FIELD,),
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
)

PLAN_REVIEW_FORMS = (
    Form(
        key="plan-review",
        act=e.PlanReviewed,
        title="計画を見直す",
        description="支援計画を見直したことを記録します。",
        next_step="次の見直しの期限が始まります。",
        group="計画",
        roles=CORE,
        section_inputs=(SectionText(section=Section.PLAN, label="見直した内容"),),
        to=replace(VISITOR_RECIPIENTS, help="訪問する機関に、見直した計画を届けるときに選びます。"),
        tasks=frozenset({"REVIEW", "LATE_REVIEW", "REASSESS"}),
        send="見直しを記録する",
    ),
)
