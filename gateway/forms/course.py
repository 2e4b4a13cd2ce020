"""As support goes: registering with the network, looking at the plan again, visits, and what worries a visitor."""

from __future__ import annotations

from domain.codes import Purpose, Section
from domain.facts import (
    HomeVisitFailed,
    HomeVisitRefused,
    HomeVisitScheduled,
    NetworkCaseRegistered,
    NetworkCaseRegistrationRequested,
    PlanReviewed,
    SafetyConcernRaised,
    VisitReportSubmitted,
)
from gateway.forms.kinds import (
    AUTHORITIES,
    CONTRACTOR,
    COORD,
    CORE,
    WHATEVER_THEY_SAY,
    Ask,
    Field,
    Form,
    To,
    Words,
    in_words,
)
from gateway.forms.safety import CHILD_SEEN
from gateway.pages.labels import STANDINGS

GROUP = "要対協"
VISITS = "訪問"
COMMISSIONED = ("CWA-21-10-2-3", "CWA-25-2-2")

COURSE = (
    Form(
        key="registration-request",
        act=NetworkCaseRegistrationRequested,
        title="要対協への登録を求める",
        lead="関係機関で情報を交換するために、調整機関へ登録を求めます。",
        then="調整機関の仕事一覧に出ます。",
        group=GROUP,
        roles=CORE,
        words=(in_words("登録を求める理由"),),
        to=To(roles=COORD, first=COORD, must=True),
        send="登録を求める",
    ),
    Form(
        key="registration",
        act=NetworkCaseRegistered,
        title="要対協に登録する",
        lead="この事例を要対協の進行管理に載せます。",
        then="構成員どうしの情報交換の根拠(児福法25条の2第2項など)が使えるようになります。",
        group=GROUP,
        roles=COORD,
        fields=(Field(name="standing", label="登録の区分", ask=Ask.ONE, choices=STANDINGS),),
        to=To(roles=CORE, first=CORE),
        tasks=frozenset({"REGISTER"}),
        send="登録する",
    ),
    Form(
        key="plan-review",
        act=PlanReviewed,
        title="計画を見直す",
        lead="支援計画を見直したことを記録します。",
        then="次の見直しの期限が始まります。",
        group="計画",
        roles=CORE,
        words=(Words(section=Section.PLAN, label="見直した内容"),),
        tasks=frozenset({"REVIEW", "LATE_REVIEW"}),
        send="見直しを記録する",
    ),
    Form(
        key="concern",
        act=SafetyConcernRaised,
        title="安全上の懸念を知らせる",
        lead="支援の中で気になったこと(あざ、急な欠席、会えない日が続くなど)を、すぐ知らせます。確かでなくてもかまいません。",
        then="受けた機関の仕事一覧で、ほかの兆候とまとめて見られます。虐待と思うときは「通告」してください。",
        group="通告・安全",
        words=(Words(section=Section.RISK, label="気になったこと", must=True), CHILD_SEEN),
        to=To(roles=AUTHORITIES, first=CORE, bases=("CWA-21-10-2-3", *WHATEVER_THEY_SAY)),
        purpose=Purpose.SAFETY,
    ),
    Form(
        key="visit-report",
        act=VisitReportSubmitted,
        title="訪問を報告する",
        lead="訪問して見たこと、したことを中核機関に報告します。",
        then="中核機関が7日のうちに確認します。",
        group=VISITS,
        roles=CONTRACTOR,
        fields=(
            Field(
                name="child_seen",
                label="子ども本人を見ましたか",
                ask=Ask.YES,
                choices={"yes": "目視した", "no": "見ていない(家族とだけ会った)"},
            ),
        ),
        words=(Words(section=Section.VISIT, label="訪問の記録", must=True), CHILD_SEEN),
        to=To(roles=CORE, first=CORE, must=True, bases=COMMISSIONED, usual=COMMISSIONED[0]),
        made=lambda made, scene: {**made, "worker": scene.actor},
    ),
    Form(
        key="visit-planned",
        act=HomeVisitScheduled,
        title="訪問の予定を知らせる",
        lead="次に訪問する日を知らせます。",
        then="その日から7日のうちに報告がなければ、期限超過として残ります。",
        group=VISITS,
        roles=CONTRACTOR,
        fields=(Field(name="planned_on", label="訪問する日", ask=Ask.DAY),),
        to=To(roles=CORE, first=CORE),
        send="予定を記録する",
    ),
    Form(
        key="visit-failed",
        act=HomeVisitFailed,
        title="不在だったと知らせる",
        lead="訪問したが、だれにも会えなかったことを知らせます。",
        then="子どもに会えない日が30日続くと、中核機関に知らせが出ます。",
        group=VISITS,
        roles=CONTRACTOR,
        words=(Words(section=Section.VISIT, label="様子"),),
        to=To(roles=CORE, first=CORE, bases=COMMISSIONED, usual=COMMISSIONED[0]),
    ),
    Form(
        key="visit-refused",
        act=HomeVisitRefused,
        title="訪問を断られたと知らせる",
        lead="家族が訪問を断ったことを知らせます。",
        then="断られても支援は終わりません。中核機関が次の手を決めます。",
        group=VISITS,
        roles=CONTRACTOR,
        words=(Words(section=Section.VISIT, label="様子"),),
        to=To(roles=CORE, first=CORE, bases=COMMISSIONED, usual=COMMISSIONED[0]),
    ),
)
