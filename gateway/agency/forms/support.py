"""From the assessment to the follow-on service: what the core agency decides, plans, has visited, and closes."""

from __future__ import annotations

from dataclasses import replace

from domain.calendar import day_of
from domain.codes import Section
from domain.events import (
    CaseReopened,
    ClosingConsultationHeld,
    ClosingEvaluationRecorded,
    ContactAttempted,
    ContactRefused,
    EligibilityDetermined,
    FollowOnServiceAccepted,
    FollowOnServiceArranged,
    FollowUpProvided,
    HomeVisitCompleted,
    IndicatorAssessmentRecorded,
    InfantHomeVisitReported,
    OtherSupportCoordinated,
    PlanExtended,
    ProgrammeNotificationReceived,
    RoleDivisionConfirmed,
    ShortTermGoalEvaluated,
    SpecialistServiceLinked,
    SupportCaseOpened,
    SupportClosed,
    SupportCommenced,
    SupportPlanApproved,
    SupportPlanFormulated,
    SupportPlanHandedOver,
    SupportPlanProposed,
    SupportTypeChanged,
    SupportTypeDecided,
    SupportWorkerAssigned,
    SupportWorkerUnassigned,
)
from domain.indicators import INDICATOR_SET, INDICATORS
from domain.rulebook import QUALIFICATIONS
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    COMMISSIONED,
    CONTRACTOR,
    CORE,
    TO_CORE,
    TO_OFFICE,
    Ask,
    Choices,
    Field,
    Form,
    Made,
    Scene,
    To,
    Words,
    agreed,
    in_words,
    seen,
    theirs,
    why,
)
from gateway.agency.forms.safety import CHILD_SEEN
from gateway.pages.labels import (
    CLOSING_REASONS,
    ELIGIBILITIES,
    INDICATOR_VALUES,
    PLAN_CONTENTS,
    PLAN_PARTS,
    SUPPORT_TYPES,
    TARGET_CLASSES,
    VISITOR_ROLES,
    WHYS,
)

TOLD = "連絡・通知"
DECIDING = "評価・決定"
PLANNING = "計画"
VISITS = "訪問"
ENDING = "終結・後続支援"
VISITORS = To(roles=CONTRACTOR | CORE, bases=COMMISSIONED, usual=COMMISSIONED[0])


def _assessed(made: Made, scene: Scene) -> Made:
    """Every item is answered, if only with «not assessed»; there is no score."""
    return {"indicators": {one.code: made["indicators"].get(one.code, "NOT_ASSESSED") for one in INDICATORS}}


def _eligible(made: Made, scene: Scene) -> Made:
    return made if made["result"] == "ELIGIBLE" else {**made, "support_type": None}


def _planned(made: Made, scene: Scene) -> Made:
    plan = {name: made.pop(name) for name in PLAN_KEYS}
    return {**made, "plan": {**plan, "housekeeping": None}}


def _visitors(scene: Scene) -> Choices:
    """Our own agency, and every contractor."""
    ours = {scene.agency: "自機関"}
    return ours | {id: other.name for id, other in scene.agencies.items() if other.roles & CONTRACTOR}


def _others(scene: Scene) -> Choices:
    """Who has a part in the case."""
    parts = {m["by"] for m in scene.messages} | {a for m in scene.messages for a in m.get("to", [])}
    return {id: other.name for id, other in scene.agencies.items() if id in parts}


def _assigned(scene: Scene) -> Choices:
    """The visitors whom this door knows to be assigned."""
    found: dict[str, str] = {}
    for m in scene.messages:
        fields = m.get("fields", {})
        if m["act"] == SupportWorkerAssigned.TOPIC:
            found[f"{fields['agency']} {fields['worker']}"] = fields["worker"]
        elif m["act"] == SupportWorkerUnassigned.TOPIC:
            found.pop(f"{fields['agency']} {fields['worker']}", None)
    return found


def _unassigned(made: Made, scene: Scene) -> Made:
    agency, _, worker = made["worker"].partition(" ")
    return {"agency": agency, "worker": worker}


PLAN = (
    Field(name="content", label="支援内容(ア〜エ)", ask=Ask.ONE, choices=PLAN_CONTENTS),
    Field(
        name="parts",
        label="計画書に書いたこと",
        ask=Ask.MANY,
        choices=PLAN_PARTS,
        default=lambda scene: tuple(PLAN_PARTS),
        help="ガイドライン6(3)[1]の五つすべてが要ります。書いていないものは印を外してください。",
    ),
    Field(
        name="plan_from",
        label="支援の始まり",
        ask=Ask.DAY,
        default=lambda scene: (day_of(scene.now).isoformat(),),
    ),
    Field(
        name="plan_until",
        label="支援の終わり(最終日)",
        ask=Ask.DAY,
        must=False,
        help="短期集中型では決めてください。目安は3か月です。",
    ),
    Field(name="visits_per_week", label="週の訪問回数", ask=Ask.COUNT, must=False),
    Field(
        name="target_months",
        label="達成までの月数",
        ask=Ask.COUNT,
        must=False,
        help="中期型。目安は6〜12か月。",
    ),
    Field(name="short_term_months", label="短期目標の月数", ask=Ask.COUNT, must=False, help="中期型。"),
    Field(name="review_due_on", label="次に見直す日", ask=Ask.DAY, must=False),
    why(
        WHYS,
        "LONGER_NEEDED",
        "OTHER_CONTENT_NEEDED",
        label="目安と違うときの理由",
        must=False,
        help="期間が目安より長い、または区分と違う内容のときに選びます。",
    ),
)
PLAN_KEYS = tuple(f.name for f in PLAN if f.name != "reason")
"""The fields that are the plan's own."""
PLAN_WORDS = (Words(section=Section.PLAN, label="支援計画", must=True), in_words())
TYPE = Field(name="support_type", label="支援の類型", ask=Ask.ONE, choices=SUPPORT_TYPES)
LONGER = ("GOAL_NOT_REACHED", "NEW_NEED", "LONGER_NEEDED")

SUPPORT = (
    Form(
        key="infant-visit",
        act=InfantHomeVisitReported,
        title="乳児家庭全戸訪問の結果を知らせる",
        lead="全戸訪問で会った家庭のうち、養育支援が要ると思われる家庭を市町村に知らせます。",
        then="中核機関の仕事一覧に出ます。",
        group=TOLD,
        words=(
            Words(section=Section.CHILD, label="訪問の様子", must=True),
            Words(section=Section.BASIC, label="氏名など"),
        ),
        to=To(roles=AUTHORITIES, first=CORE, must=True, bases=("CWA-21-10-5", *TO_OFFICE)),
        begins=True,
    ),
    Form(
        key="programme-notice",
        act=ProgrammeNotificationReceived,
        title="この事業が合う家庭を知らせる(児童相談所など)",
        lead="児童福祉法26条1項8号などにより、この事業が合うと思われる家庭を市町村に通知します。",
        then="中核機関の仕事一覧に出ます。",
        group=TOLD,
        words=(
            Words(section=Section.RISK, label="知らせること", must=True),
            Words(section=Section.BASIC, label="氏名など"),
        ),
        to=To(roles=AUTHORITIES, first=CORE, must=True, bases=("CWA-26-1-8", *TO_OFFICE)),
        begins=True,
    ),
    Form(
        key="open-case",
        act=SupportCaseOpened,
        title="支援ケースを開設する",
        lead="この家庭の支援を、事業の目的のために始めることを記録します。",
        then="この目的の外で使うことは、別の根拠が要ります。",
        group=DECIDING,
        roles=CORE,
        words=(in_words(),),
        send="開設する",
    ),
    Form(
        key="assessment",
        act=IndicatorAssessmentRecorded,
        title="指標で評価する",
        lead="ガイドラインの36項目を見て、気になるかどうかを選びます。点数は付けません。見ていない項目は選ばずに残してください。",
        then="評価があると、支援の要否を決められます。",
        group=DECIDING,
        roles=CORE,
        fields=(
            Field(
                name="indicators",
                label="項目",
                ask=Ask.EACH,
                rows=lambda scene: {one.code: one.label for one in INDICATORS},
                choices=INDICATOR_VALUES,
                must=False,
            ),
        ),
        words=(Words(section=Section.RISK, label="全体としての見立て"),),
        fixed={"indicator_set": INDICATOR_SET},
        made=_assessed,
        send="評価を記録する",
    ),
    Form(
        key="eligibility",
        act=EligibilityDetermined,
        title="支援の要否を決める",
        lead="この家庭を養育支援訪問の対象とするかを決めます。「対象としない」も決定として残ります。",
        then="対象とすると計画を作れます。送り手には「紹介の結果を知らせる」で伝えてください。",
        group=DECIDING,
        roles=CORE | CONTRACTOR,
        fields=(
            Field(name="result", label="決定", ask=Ask.ONE, choices=ELIGIBILITIES),
            Field(
                name="target_classes",
                label="対象者の区分",
                ask=Ask.MANY,
                choices=TARGET_CLASSES,
                must=False,
                help="対象とするときは一つ以上。",
            ),
            Field(
                name="support_type",
                label="支援の類型",
                ask=Ask.ONE,
                choices=SUPPORT_TYPES,
                must=False,
                help="後で決めてもかまいません。",
            ),
            Field(
                name="discharge_on",
                label="施設・里親からの退所日",
                ask=Ask.DAY,
                must=False,
                help="家庭復帰の支援のときに要ります。",
            ),
            why(
                WHYS,
                "NOT_NEEDED",
                "OTHER_SERVICE_FITS",
                "WATCHED_BY_OTHERS",
                "OTHER_CLASS",
                must=False,
                help="対象としないとき、または「その他」の区分のときに選びます。",
            ),
        ),
        words=(Words(section=Section.RISK, label="判断の理由"),),
        made=_eligible,
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="決定を記録する",
    ),
    Form(
        key="support-type",
        act=SupportTypeDecided,
        title="支援の類型を決める",
        lead="短期集中型か中期型か、専門的な支援につなぐかを決めます。",
        then="専門的な支援が要るとした場合、接続がないと期限超過として知らせます。",
        group=DECIDING,
        roles=CORE,
        fields=(
            TYPE,
            Field(
                name="specialist_needed",
                label="専門的な支援",
                ask=Ask.YES,
                choices={"yes": "つなぐ必要がある", "no": "必要ない"},
            ),
        ),
        send="決定を記録する",
    ),
    Form(
        key="support-type-change",
        act=SupportTypeChanged,
        title="支援の類型を変える",
        lead="途中で類型を変えるときに、理由とともに記録します。",
        then="計画を作り直してください。",
        group=DECIDING,
        roles=CORE,
        fields=(TYPE, why(WHYS, *LONGER)),
        words=(in_words(),),
        send="変更を記録する",
    ),
    Form(
        key="plan",
        act=SupportPlanFormulated,
        title="支援計画を作る",
        lead="目標・内容・期間・方法・支援者を計画書に書き、期間と内容の区分を選びます。",
        then="見直しの日と計画の終わりを、期限として見守ります。続けて支援の開始を記録してください。",
        group=PLANNING,
        roles=CORE,
        fields=PLAN,
        words=PLAN_WORDS,
        to=VISITORS,
        made=_planned,
        tasks=frozenset({"LATE_PLAN_END"}),
    ),
    Form(
        key="plan-proposal",
        act=SupportPlanProposed,
        title="支援計画の案を出す",
        lead="全部を委託されている機関が、計画の案を中核機関に出します。",
        then="中核機関が承認すると計画になります。",
        group=PLANNING,
        roles=CONTRACTOR,
        words=(Words(section=Section.PLAN, label="支援計画の案", must=True),),
        to=replace(TO_CORE, must=True),
    ),
    Form(
        key="plan-approval",
        act=SupportPlanApproved,
        title="計画の案を承認する",
        lead="委託先が出した案を確かめ、計画として決めます。",
        then="出した機関に届きます。",
        group=PLANNING,
        roles=CORE,
        about=(SupportPlanProposed,),
        answers="approves",
        open=theirs,
        fields=PLAN,
        words=(Words(section=Section.PLAN, label="支援計画(直したところがあれば)"), in_words()),
        to=To(fixed=Scene.other_side, bases=COMMISSIONED, usual=COMMISSIONED[0]),
        made=_planned,
        send="承認する",
    ),
    Form(
        key="commence",
        act=SupportCommenced,
        title="支援を始める",
        lead="決まった計画にもとづき、支援を始めたことを記録します。",
        then="訪問の間隔、計画の見直し、子どもの姿の確認を見守ります。",
        group=PLANNING,
        roles=CORE,
        fixed={"plan": None, "target_classes": None},
        send="開始を記録する",
    ),
    Form(
        key="plan-handed",
        act=SupportPlanHandedOver,
        title="計画を家族に渡した",
        lead="支援計画を家族に手渡したことを記録します。",
        then="家族本人の一覧に載ります。",
        group=PLANNING,
        roles=CORE,
        words=(Words(section=Section.PLAN, label="渡したときの様子"),),
        send="記録する",
    ),
    Form(
        key="goal",
        act=ShortTermGoalEvaluated,
        title="短期目標を評価する",
        lead="短期目標にどこまで届いたかを記録します。計画の見直しにもなります。",
        then="次の見直しの期限が始まります。",
        group=PLANNING,
        roles=CORE,
        words=(Words(section=Section.PLAN, label="評価", must=True),),
        tasks=frozenset({"REVIEW", "LATE_REVIEW"}),
        send="評価を記録する",
    ),
    Form(
        key="plan-extension",
        act=PlanExtended,
        title="計画の期間を延ばす",
        lead="計画の最終日を先に延ばします。理由が要ります。",
        then="新しい最終日まで期限を見守ります。",
        group=PLANNING,
        roles=CORE,
        fields=(Field(name="plan_until", label="新しい最終日", ask=Ask.DAY), why(WHYS, *LONGER)),
        words=(in_words(),),
        tasks=frozenset({"LATE_PLAN_END"}),
        send="延長を記録する",
    ),
    Form(
        key="specialist",
        act=SpecialistServiceLinked,
        title="専門的な支援につなぐ",
        lead="専門的な支援につないだことを記録し、要ることを相手に伝えます。",
        then="つないでいないという知らせが止まります。",
        group=PLANNING,
        roles=CORE,
        words=(Words(section=Section.PLAN, label="つないだ支援"),),
        to=To(bases=TO_OFFICE),
        tasks=frozenset({"LATE_SPECIALIST"}),
        send="接続を記録する",
    ),
    Form(
        key="other-support",
        act=OtherSupportCoordinated,
        title="ほかの支援と連絡調整した",
        lead="保育所や一時預かりなど、ほかの支援と調整したことを記録します。",
        then="事例の経過に残ります。",
        group=PLANNING,
        words=(Words(section=Section.PLAN, label="調整したこと"),),
        to=To(bases=TO_OFFICE),
        send="調整を記録する",
    ),
    Form(
        key="assign",
        act=SupportWorkerAssigned,
        title="訪問支援者を割り当てる",
        lead="この家庭を訪問する人を決めます。研修・誓約書・委託要件がそろった人だけを割り当てられます。",
        then="委託先は、この家庭の訪問に要る情報を受けられるようになります。",
        group=VISITS,
        roles=CORE,
        fields=(
            Field(name="agency", label="訪問する機関", ask=Ask.ONE, choices=_visitors),
            Field(
                name="worker",
                label="訪問支援者(登録番号)",
                ask=Ask.REF,
                help="名前ではなく、登録番号で書いてください。",
            ),
            Field(name="role", label="役割", ask=Ask.ONE, choices=VISITOR_ROLES, must=False),
            Field(
                name="qualification",
                label="資格(自機関の職員のとき)",
                ask=Ask.ONE,
                choices={q: q for q in QUALIFICATIONS},
                must=False,
            ),
            why(
                WHYS,
                "NO_OTHER_SERVICE",
                "OTHER_PROFESSION",
                must=False,
                help="一覧にない資格の専門的相談支援、または家事援助のときに選びます。",
            ),
        ),
        tasks=frozenset({"COVER_VISIT"}),
        send="割り当てる",
    ),
    Form(
        key="unassign",
        act=SupportWorkerUnassigned,
        title="割当を解く",
        lead="この人はもうこの家庭を訪問しません。",
        then="委託先に割当がなくなると、その委託先は内容を開けなくなります。",
        group=VISITS,
        roles=CORE,
        fields=(Field(name="worker", label="訪問支援者(登録番号)", ask=Ask.ONE, choices=_assigned),),
        made=_unassigned,
        send="割当を解く",
    ),
    Form(
        key="visited",
        act=HomeVisitCompleted,
        title="訪問した(中核機関)",
        lead="自機関の訪問支援者が訪問したことを記録します。委託先の訪問は「訪問を報告する」で届きます。",
        then="子どもを目視したときは、子どもの姿の確認の期限が改まります。",
        group=VISITS,
        roles=CORE,
        fields=(
            seen("見ていない(家族とだけ会った)"),
            Field(name="worker", label="訪問支援者(登録番号)", ask=Ask.REF),
        ),
        words=(Words(section=Section.VISIT, label="訪問の記録"), CHILD_SEEN),
        tasks=frozenset({"LATE_CONTACT", "LATE_VISITS", "LATE_SILENCE"}),
        send="訪問を記録する",
    ),
    Form(
        key="contact",
        act=ContactAttempted,
        title="連絡・訪問を試みた",
        lead="電話や訪問で連絡を取ろうとしたことを記録します。",
        then="家族に会えない日が続くと、中核機関に知らせが出ます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        words=(Words(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        send="記録する",
    ),
    Form(
        key="contact-refused",
        act=ContactRefused,
        title="連絡を断られた",
        lead="家族が連絡や面談を断ったことを記録します。",
        then="断られても支援は終わりません。ほかの兆候とまとめて見られます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        words=(Words(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        send="記録する",
    ),
    Form(
        key="roles",
        act=RoleDivisionConfirmed,
        title="役割分担を確認した",
        lead="だれが何を受け持つかを、訪問する機関どうしで確かめたことを記録します。",
        then="事例の経過に残ります。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        words=(Words(section=Section.PLAN, label="役割分担"),),
        to=VISITORS,
        send="確認を記録する",
    ),
    Form(
        key="follow-up",
        act=FollowUpProvided,
        title="家庭・訪問支援者を支える",
        lead="家庭や訪問支援者の相談に乗り、助言したことを記録します。",
        then="事例の経過に残ります。",
        group=VISITS,
        roles=CORE,
        words=(Words(section=Section.VISIT, label="相談・助言の内容"),),
        to=VISITORS,
        send="記録する",
    ),
    Form(
        key="closing-talk",
        act=ClosingConsultationHeld,
        title="終結を協議した",
        lead="訪問支援者や関係機関と、終結してよいかを話し合ったことを記録します。",
        then="協議と評価がそろうと、終結できます。",
        group=ENDING,
        roles=CORE,
        fields=(
            Field(
                name="consulted",
                label="協議した機関",
                ask=Ask.MANY,
                choices=_others,
                help="訪問している機関を必ず入れてください。",
            ),
        ),
        words=(Words(section=Section.CONF, label="協議の内容"),),
        send="協議を記録する",
    ),
    Form(
        key="evaluation",
        act=ClosingEvaluationRecorded,
        title="支援の後の評価",
        lead="目標に届いたか、養育の環境がよくなったかを評価します。",
        then="協議と評価がそろうと、終結できます。",
        group=ENDING,
        roles=CORE,
        fields=(
            Field(
                name="goal_reached",
                label="目標",
                ask=Ask.YES,
                choices={"yes": "届いた", "no": "届いていない"},
            ),
            Field(
                name="environment_improved",
                label="養育の環境",
                ask=Ask.YES,
                choices={"yes": "よくなった", "no": "よくなっていない"},
            ),
        ),
        words=(Words(section=Section.RISK, label="評価の内容"),),
        send="評価を記録する",
    ),
    Form(
        key="close",
        act=SupportClosed,
        title="支援を終結する",
        lead="協議と評価を経て、支援を終えます。",
        then="後続支援を頼んであれば、受け入れられるまで見守ります。終結しても記録は保存されます。",
        group=ENDING,
        roles=CORE,
        fields=(Field(name="closing_reason", label="終結の理由", ask=Ask.ONE, choices=CLOSING_REASONS),),
        words=(in_words("終結に至る経緯"),),
        tasks=frozenset({"LATE_PLAN_END"}),
        send="終結する",
    ),
    Form(
        key="follow-on",
        act=FollowOnServiceArranged,
        title="後続の支援を頼む",
        lead="終結の後を引き継ぐ機関に、支援を頼みます。",
        then="相手が受け入れるまで、仕事一覧に残ります。",
        group=ENDING,
        roles=CORE,
        words=(Words(section=Section.PLAN, label="頼むこと"),),
        to=To(must=True, bases=(*TO_OFFICE, *COMMISSIONED)),
    ),
    Form(
        key="follow-on-accepted",
        act=FollowOnServiceAccepted,
        title="後続の支援を受け入れる",
        lead="頼まれた支援を引き受けます。",
        then="頼んだ機関に届きます。",
        group=ENDING,
        about=(FollowOnServiceArranged,),
        open=theirs,
        fields=(agreed("頼まれた支援を引き受けます"),),
        to=To(fixed=Scene.other_side),
        tasks=frozenset({"ACCEPT", "LATE_ACCEPT"}),
        send="受け入れる",
    ),
    Form(
        key="reopen",
        act=CaseReopened,
        title="事例を再開する",
        lead="終結した事例の支援を、再び始めます。",
        then="計画を作り、支援の開始を記録してください。",
        group=ENDING,
        roles=CORE,
        fields=(why(WHYS, "NEEDED_AGAIN", "NEW_NEED"),),
        words=(in_words(),),
        send="再開する",
    ),
)
