"""Notifications and what must follow, decisions not to tell or act, answers, and what leaked."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.calendar import day_of
from domain.codes import AUTHOR_ONLY, Flag, Purpose, SafetyMethod, Section
from domain.events import (
    REFERRALS,
    AbuseNotificationReceived,
    BreachReported,
    CaseReferredToCgc,
    EmergencyTriaged,
    HeldDisclosureReleased,
    InformationRequestAnswered,
    InformationRequestDeclined,
    InformationRequested,
    NonDisclosureDecided,
    NotificationForwarded,
    ReferralOutcomeTold,
    SafetyConfirmed,
    VisitReportReviewed,
    VisitReportSubmitted,
    dump,
)
from gateway.agency.forms.fill import Mend, local
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CGC,
    CONTRACTOR,
    CORE,
    EXT,
    MED,
    TO_OFFICE,
    Ask,
    Choices,
    Field,
    Form,
    Made,
    Message,
    Scene,
    To,
    Words,
    in_words,
    ours,
    theirs,
    why,
)
from gateway.agency.forms.moves import BASIC, CAREGIVER
from gateway.pages.labels import BREACH_STAGES, METHODS, REFERRAL_OUTCOMES, URGENCIES, WHYS
from gateway.pages.texts import SECTIONS

GROUP = "通告・安全"
NOTIFY = ("CAPA-6-1", "CWA-25-1")
FORWARD = ("CWA-25-7-1", "CAPA-13-4", "CWA-25-2-2", "CWA-26-1-3", "APPI-69-2-3", "APPI-69-1")
ANSWER = ("CWA-25-3-2", "CWA-25-2-2", "CAPA-13-4", *TO_OFFICE)
CHILD_SEEN = Words(
    section=Section.CHILD,
    label="子どもの様子",
    flags=(Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN),
    help="子どもの言葉には「子どもの発言」の印を付けてください。保護者からの開示請求で守られます。",
)
SAID = Words(
    section=Section.CHILD,
    label="通告の内容(子どもの様子)",
    must=True,
    flags=(Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN),
    help="通告した人が分かることは書かないでください。",
)
DANGER = Words(section=Section.RISK, label="危険度・けがなど")


def _not_ahead(name: str) -> Any:
    def made(made: Made, scene: Scene) -> Made:
        if made[name] > dump(scene.now):
            raise Mend(name, f"いま({local(scene.now).replace('T', ' ')})より後の時刻です。直してください。")
        return made

    return made


def _safety(made: Made, scene: Scene) -> Made:
    """The child was seen where it was sighted, and nowhere else."""
    return {**made, "child_seen": made["method"] == SafetyMethod.SIGHTED}


def _later(made: Made, scene: Scene) -> Made:
    if date.fromisoformat(made["review_on"]) <= day_of(scene.now):
        raise Mend("review_on", "「見直す日」は今日より後の日にしてください。")
    return made


def _breach(made: Made, scene: Scene) -> Made:
    made = _not_ahead("found_at")(made, scene)
    if made["stage"] == "FINAL" and not made["answers"]:
        raise Mend("answers", "確報には、もとになる速報を選んでください。")
    return {**made, "answers": made["answers"] if made["stage"] == "FINAL" else None}


def _first_reports(scene: Scene) -> Choices:
    """Our preliminary reports of this case."""
    found = [m for m in scene.messages if m["act"] == BreachReported.TOPIC and ours(scene, m)]
    return {
        m["message"]: f"{m['at'][:10]} の速報"
        for m in found
        if m.get("fields", {}).get("stage") == "PRELIMINARY"
    }


def _received(scene: Scene, about: Message) -> bool:
    return theirs(scene, about) or (ours(scene, about) and bool(about["fields"].get("taken_in")))


def _waits(scene: Scene, about: Message) -> bool:
    return ours(scene, about) and bool(about.get("held"))


SAFETY = (
    Form(
        key="intake",
        act=AbuseNotificationReceived,
        title="通告を受け付ける",
        lead="住民などから受けた通告を書き取ります。ここから48時間の安全確認の期限が始まります。",
        then="続けて「緊急度を判定する」「安全を確認する」へ進みます。ほかの機関へは「通告を転送する」で、通告者を伏せて伝えます。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(
            Field(
                name="received_at",
                label="通告を受けた日時",
                ask=Ask.MOMENT,
                default=lambda s: [local(s.now)],
                help="受けた時刻です。記録した時刻ではありません。",
            ),
        ),
        words=(
            SAID,
            DANGER,
            BASIC,
            Words(
                section=Section.NOTIFIER,
                label="通告した人が分かること",
                lines=("氏名", "電話", "住所", "関係", "言葉"),
                help="分かるものだけを書きます。自機関だけが開け、同じ言葉がほかの欄にあると送れません(児虐法7条)。",
            ),
        ),
        purpose=Purpose.SAFETY,
        fixed={"notifier_token": None, "taken_in": True},
        made=_not_ahead("received_at"),
        begins=True,
        send="通告を受け付ける",
    ),
    Form(
        key="notify",
        act=AbuseNotificationReceived,
        title="虐待を通告する",
        lead="虐待を受けたと思われる子どもを見つけたときに、市町村か児童相談所へ通告します。確かな証拠は要りません。",
        then="受けた機関に48時間の安全確認の期限が始まります。守秘義務は通告を妨げません。",
        group=GROUP,
        roles=MED | CONTRACTOR | EXT,
        fields=(
            Field(
                name="received_at",
                label="通告する日時",
                ask=Ask.MOMENT,
                default=lambda s: [local(s.now)],
            ),
        ),
        words=(SAID, DANGER, BASIC),
        to=To(roles=AUTHORITIES, first=CORE, must=True, bases=NOTIFY, usual=NOTIFY[0]),
        purpose=Purpose.SAFETY,
        fixed={"notifier_token": None, "taken_in": False},
        made=_not_ahead("received_at"),
        begins=True,
        send="通告する",
    ),
    Form(
        key="triage",
        act=EmergencyTriaged,
        title="緊急度を判定する",
        lead="緊急受理会議で決めた緊急度を記録します。",
        then="判定しても48時間の期限は止まりません。止めるのは子どもの目視だけです。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(Field(name="urgency", label="緊急度", ask=Ask.ONE, choices=URGENCIES),),
        words=(Words(section=Section.RISK, label="判定の内容"),),
        to=To(roles=AUTHORITIES, bases=FORWARD),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="判定を記録する",
    ),
    Form(
        key="safety",
        act=SafetyConfirmed,
        title="安全を確認する",
        lead="子どもの安全をどのように確かめたかを記録します。",
        then="48時間の期限が止まるのは「子ども本人を目視した」ときだけです。電話や家族の話では止まりません。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(Field(name="method", label="確かめ方", ask=Ask.ONE, choices=METHODS),),
        words=(CHILD_SEEN, DANGER),
        to=To(roles=AUTHORITIES, bases=FORWARD, help="知らせる相手。選ばなければ自機関の記録になります。"),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"SEE_CHILD", "LATE_SAFETY"}),
        made=_safety,
        send="安全確認を記録する",
    ),
    Form(
        key="forward",
        act=NotificationForwarded,
        title="通告を転送する",
        lead="受けた通告を、対応すべきほかの機関へ、通告した人を伏せて転送します。",
        then="受けた機関にも48時間の安全確認の期限が始まります。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(AbuseNotificationReceived,),
        answers="forwards",
        open=_received,
        times=20,
        words=(SAID, DANGER, BASIC),
        to=To(roles=AUTHORITIES, must=True, bases=FORWARD),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"ACT"}),
        send="封をして転送する",
    ),
    Form(
        key="to-cgc",
        act=CaseReferredToCgc,
        title="児童相談所へ送致する",
        lead="児童相談所の専門的な判断や保護が必要な事例を送ります。",
        then="児童相談所が受領を確認し、対応を決めます。",
        group=GROUP,
        roles=AUTHORITIES - CGC,
        words=(
            Words(section=Section.RISK, label="危険度・送致の理由", must=True),
            CHILD_SEEN,
            CAREGIVER,
            BASIC,
        ),
        to=To(roles=CGC, first=CGC, must=True, bases=FORWARD),
        purpose=Purpose.SAFETY,
    ),
    Form(
        key="not-told",
        act=NonDisclosureDecided,
        title="伝えない・対応しないと決める",
        lead="いまは伝えない、または対応しないと判断したことを、理由と見直す日とともに記録します。",
        then="見直す日が過ぎると、期限超過として仕事一覧に出ます。",
        group=GROUP,
        fields=(
            why(
                WHYS,
                "NOT_NEEDED",
                "WATCHED_BY_OTHERS",
                "MORE_TO_BE_LEARNED",
                "NO_BASIS_FOUND",
                "WOULD_HARM",
            ),
            Field(name="review_on", label="見直す日", ask=Ask.DAY),
        ),
        words=(in_words("判断の経緯", must=True),),
        tasks=frozenset({"ACT", "LATE_ACT", "LATE_NOT_TOLD"}),
        made=_later,
        send="判断を記録する",
    ),
    Form(
        key="outcome",
        act=ReferralOutcomeTold,
        title="結果を知らせる",
        lead="情報をくれた機関に、その後どうしたかを知らせます。",
        then="相手には選んだ結果だけが伝わります。",
        group=GROUP,
        about=REFERRALS,
        open=theirs,
        fields=(Field(name="outcome", label="結果", ask=Ask.ONE, choices=REFERRAL_OUTCOMES),),
        to=To(fixed=Scene.other_side),
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="結果を知らせる",
    ),
)

ANSWERS = (
    Form(
        key="answer",
        act=InformationRequestAnswered,
        title="照会に回答する",
        lead="尋ねられたことに答えます。必要な範囲だけを書いてください。",
        then="尋ねた機関だけが開けます。",
        group="連絡・回答",
        about=(InformationRequested,),
        open=theirs,
        words=tuple(
            Words(section=s, label=SECTIONS[s])
            for s in (
                Section.BASIC,
                Section.CHILD,
                Section.CAREGIVER,
                Section.ENV,
                Section.PREG,
                Section.MEDICAL,
                Section.RISK,
            )
        ),
        to=To(fixed=Scene.other_side, bases=ANSWER),
        tasks=frozenset({"ANSWER", "LATE_ANSWER"}),
    ),
    Form(
        key="decline",
        act=InformationRequestDeclined,
        title="回答しないと答える",
        lead="答えられないときも、黙っていずに理由を返します。",
        then="尋ねた機関に、理由が伝わります。",
        group="連絡・回答",
        about=(InformationRequested,),
        open=theirs,
        fields=(why(WHYS, "NOT_KNOWN_TO_US", "NOT_ALLOWED_TO_TELL", "NO_BASIS_FOUND", "WOULD_HARM"),),
        words=(in_words("経緯"),),
        to=To(fixed=Scene.other_side),
        tasks=frozenset({"ANSWER", "LATE_ANSWER"}),
        send="回答しないと答える",
    ),
    Form(
        key="report-review",
        act=VisitReportReviewed,
        title="訪問報告を確認する",
        lead="委託先の訪問報告を読み、確認したことを記録します。",
        then="委託先に伝わります。",
        group="連絡・回答",
        roles=CORE,
        about=(VisitReportSubmitted,),
        open=theirs,
        words=(in_words("確認したこと・次にすること"),),
        to=To(fixed=Scene.other_side),
        tasks=frozenset({"REVIEW_REPORT", "LATE_REPORT"}),
        send="確認を記録する",
    ),
    Form(
        key="release",
        act=HeldDisclosureReleased,
        title="保留した連絡の解除を申し出る",
        lead="委託先が再開したので、待っていた連絡を届けます。",
        then="規則をもう一度調べ、よければ届きます。",
        group="連絡・回答",
        any_message=True,
        answers="releases",
        open=_waits,
        times=5,
        fields=(
            Field(
                name="agreed",
                label="この連絡を、いま届けてよいことを確かめました",
                ask=Ask.CHECK,
            ),
        ),
        to=To(fixed=lambda s: (s.about or {}).get("held", []), must=True),
        tasks=frozenset({"RELEASE"}),
        send="解除を申し出る",
    ),
    Form(
        key="breach",
        act=BreachReported,
        title="漏えいを報告する",
        lead="情報が漏れた、失われた、または誤って渡したおそれに気づいたときに、分かる範囲ですぐ報告します(速報)。",
        then="30日のうちに確報を出します。本人への通知の有無も報告します。",
        group="連絡・回答",
        fields=(
            Field(
                name="stage",
                label="報告の段階",
                ask=Ask.ONE,
                choices=BREACH_STAGES,
                default=lambda s: ["FINAL" if _first_reports(s) else "PRELIMINARY"],
            ),
            Field(
                name="answers",
                label="もとになる速報",
                ask=Ask.ONE,
                choices=_first_reports,
                must=False,
                help="確報のときだけ選びます。",
                default=lambda s: list(_first_reports(s))[:1],
                shown=lambda s: bool(_first_reports(s)),
            ),
            Field(
                name="found_at",
                label="気づいた日時",
                ask=Ask.MOMENT,
                default=lambda s: [local(s.now)],
            ),
            Field(
                name="leaked",
                label="漏れた(おそれのある)情報区分",
                ask=Ask.MANY,
                choices={s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY},
            ),
            Field(name="persons", label="本人の人数", ask=Ask.COUNT, help="分からなければ、分かる範囲の数。"),
            Field(
                name="told",
                label="本人に知らせましたか",
                ask=Ask.YES,
                choices={"yes": "知らせた", "no": "まだ知らせていない"},
            ),
        ),
        words=(in_words("経緯と、とった措置"),),
        to=To(roles=AUTHORITIES, first=CORE, help="委託元・中核機関に知らせます。"),
        tasks=frozenset({"LATE_BREACH"}),
        made=lambda made, scene: _breach({"answers": None, **made}, scene),
        send="報告する",
    ),
)
