"""During support: registration with the network, review of the plan, visits, and concerns of a visitor."""

from __future__ import annotations

from dataclasses import replace

from domain import events as e
from domain.codes import Purpose, Section
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CONSENT_INDEPENDENT_BASES,
    CONTRACTOR,
    COORD,
    CORE,
    TO_CORE,
    Field,
    Form,
    InputKind,
    SectionText,
    To,
    child_seen_field,
    reason_field,
    reason_section,
)
from gateway.agency.forms.safety import CHILD_SEEN
from gateway.pages.labels import REASON_LABELS, STANDINGS

GROUP = "要対協"
VISITS = "訪問"

NETWORK_AND_VISIT_FORMS = (
    Form(
        key="registration-request",
        act=e.NetworkCaseRegistrationRequested,
        title="要対協への登録を求める",
        description="関係機関で情報を交換するために、調整機関へ登録を求めます。",
        next_step="調整機関の仕事一覧に出ます。",
        group=GROUP,
        roles=CORE,
        section_inputs=(reason_section("登録を求める理由"),),
        to=To(roles=COORD, preselected_roles=COORD, is_required=True),
        send="登録を求める",
    ),
    Form(
        key="registration",
        act=e.NetworkCaseRegistered,
        title="要対協に登録する",
        description="この事例を要対協の進行管理に載せます。",
        next_step="構成員どうしの情報交換の根拠(児福法25条の2第2項など)が使えるようになります。",
        group=GROUP,
        roles=COORD,
        fields=(Field(name="standing", label="登録の区分", input_kind=InputKind.ONE, choices=STANDINGS),),
        to=To(roles=CORE, preselected_roles=CORE),
        tasks=frozenset({"REGISTER"}),
        send="登録する",
    ),
    Form(
        key="deregistration",
        act=e.NetworkCaseDeregistered,
        title="要対協の登録を外す",
        description="進行管理から外します。理由が要ります。",
        next_step="要対協を根拠とする情報交換は、この先できなくなります。",
        group=GROUP,
        roles=COORD,
        fields=(reason_field(REASON_LABELS, "GOAL_WAS_REACHED", "MOVED_AWAY", "NO_LONGER_FITS"),),
        section_inputs=(reason_section(),),
        to=To(roles=CORE, preselected_roles=CORE),
        send="登録を外す",
    ),
    Form(
        key="plan-review",
        act=e.PlanReviewed,
        title="計画を見直す",
        description="支援計画を見直したことを記録します。",
        next_step="次の見直しの期限が始まります。",
        group="計画",
        roles=CORE,
        section_inputs=(SectionText(section=Section.PLAN, label="見直した内容"),),
        tasks=frozenset({"REVIEW", "LATE_REVIEW"}),
        send="見直しを記録する",
    ),
    Form(
        key="concern",
        act=e.SafetyConcernRaised,
        title="安全上の懸念を知らせる",
        description="支援の中で気になったこと(あざ、急な欠席、会えない日が続くなど)を、すぐ知らせます。確かでなくてもかまいません。",
        next_step="受けた機関の仕事一覧で、ほかの兆候とまとめて見られます。虐待と思うときは「通告」してください。",
        group="通告・安全",
        section_inputs=(
            SectionText(section=Section.RISK, label="気になったこと", is_required=True),
            CHILD_SEEN,
        ),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, bases=("CWA-21-10-2-3", *CONSENT_INDEPENDENT_BASES)),
        purpose=Purpose.SAFETY,
    ),
    Form(
        key="visit-report",
        act=e.VisitReportSubmitted,
        title="訪問を報告する",
        description="訪問して見たこと、したことを中核機関に報告します。",
        next_step="中核機関が7日のうちに確認します。",
        group=VISITS,
        roles=CONTRACTOR,
        fields=(child_seen_field("見ていない(家族とだけ会った)"),),
        section_inputs=(SectionText(section=Section.VISIT, label="訪問の記録", is_required=True), CHILD_SEEN),
        to=replace(TO_CORE, is_required=True),
        finalise=lambda field_values, form_context: {**field_values, "worker": form_context.actor},
    ),
    Form(
        key="visit-planned",
        act=e.HomeVisitScheduled,
        title="訪問の予定を知らせる",
        description="次に訪問する日を知らせます。",
        next_step="その日から7日のうちに報告がなければ、期限超過として残ります。",
        group=VISITS,
        roles=CONTRACTOR,
        fields=(Field(name="planned_on", label="訪問する日", input_kind=InputKind.DAY),),
        to=To(roles=CORE, preselected_roles=CORE),
        send="予定を記録する",
    ),
    Form(
        key="visit-failed",
        act=e.HomeVisitFailed,
        title="不在だったと知らせる",
        description="訪問したが、だれにも会えなかったことを知らせます。",
        next_step="子どもに会えない日が30日続くと、中核機関に知らせが出ます。",
        group=VISITS,
        roles=CONTRACTOR,
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
    ),
    Form(
        key="visit-refused",
        act=e.HomeVisitRefused,
        title="訪問を断られたと知らせる",
        description="家族が訪問を断ったことを知らせます。",
        next_step="断られても支援は終わりません。中核機関が次の手を決めます。",
        group=VISITS,
        roles=CONTRACTOR,
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
    ),
)
