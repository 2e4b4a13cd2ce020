"""What the person concerned asks for, and consent: asked, decided category by category, corrected, stopped, recalled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import uuid5

from domain.calendar import end_of
from domain.codes import AUTHOR_ONLY, Flag, Purpose, Section
from domain.events import (
    CoercionCheckDone,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    CorrectionMade,
    CorrectionNotifiedToRecipients,
    RecallAcknowledged,
    RecallNoticeSent,
    SubjectAccessDecided,
    SubjectAccessRequested,
    UseStopped,
    dump,
)
from domain.rulebook import GROUNDS as BY_SECTION
from gateway.agency.forms.fill import Mend
from gateway.agency.forms.kinds import (
    AUTHORITIES,
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
    agreed,
    in_words,
    ours,
    theirs,
    why,
)
from gateway.pages.labels import CAPACITIES, GROUNDS, REQUESTERS, WHYS
from gateway.pages.texts import FLAGS, SECTIONS

GROUP = "本人の権利・同意"
DISCLOSE = "DISCLOSE"
BY_ROW, NOTHING, NO_ANSWER = "BY_ROW", "NONE", "EXISTENCE_NOT_TOLD"
GUARDED = (Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN)


# --- access ------------------------------------------------------------------------------------------------


def _held_sections(scene: Scene) -> Choices:
    """A row for each section that we hold, and for each kind of item in it that a guardian must not see."""
    rows: dict[str, str] = {}
    found = sorted(
        {
            (i["section"], flag)
            for m in scene.messages
            for i in m.get("items", [])
            if i["section"] not in AUTHOR_ONLY
            for flag in ("", *(f for f in i["flags"] if f in GUARDED))
        },
        key=lambda row: (list(Section).index(Section(row[0])), row[1]),
    )
    for section, flag in found:
        rows[f"{section}/{flag}" if flag else section] = SECTIONS[section] + (
            f"のうち「{FLAGS[flag]}」" if flag else ""
        )
    return rows


def _grounds(scene: Scene, row: str) -> Choices:
    section = row.partition("/")[0]
    fitting = BY_SECTION.get(section, BY_SECTION[""])
    return {DISCLOSE: "開示する", **{g: f"不開示 {GROUNDS[g]}" for g in fitting}}


def _decided(made: Made, scene: Scene) -> Made:
    chosen, decision = made.pop("withheld"), made.pop("decision")
    if decision == NO_ANSWER:
        return {**made, "result": decision, "withheld": []}
    rows = _held_sections(scene)
    missing = [text for row, text in rows.items() if row not in chosen]
    if missing:
        raise Mend(
            "withheld",
            f"区分ごとに「開示する」か不開示の理由を選んでください(未記入: {'、'.join(missing)})。",
        )
    withheld = {row: ground for row, ground in chosen.items() if ground != DISCLOSE}
    if decision == NOTHING and any("/" not in row and row not in withheld for row in rows):
        raise Mend("withheld", "全部を不開示にするには、区分ごとに不開示の理由を選んでください。")
    return {
        **made,
        "result": decision if decision == NOTHING else "PARTIAL" if withheld else "FULL",
        "withheld": [
            {"section": row.partition("/")[0], "ground": ground, "flag": row.partition("/")[2] or None}
            for row, ground in withheld.items()
        ],
    }


# --- consent -----------------------------------------------------------------------------------------------


def _everybody(scene: Scene) -> Choices:
    return {id: other.name for id, other in scene.agencies.items()}


def _scope(made: Made, scene: Scene, consent: str) -> list[dict[str, object]]:
    recipients: Sequence[str] = made.pop("recipients")
    sections = made.pop("sections")
    return [
        {"consent": consent, "sender": scene.agency, "recipient": recipient, "sections": sections}
        for recipient in recipients
    ]


def _given(made: Made, scene: Scene) -> Made:
    consent = str(uuid5(scene.ask, "consent"))
    until = made.pop("until")
    expires = None if until is None else end_of(date.fromisoformat(until))
    if expires is not None and expires <= scene.now:
        raise Mend("until", "「いつまで」は今日より後の日にしてください。")
    scope = _scope(made, scene, consent)
    return {**made, "scope": scope, "consent": [consent], "expires_at": dump(expires)}


def _refused(made: Made, scene: Scene) -> Made:
    return {"asked_for": _scope(made, scene, str(uuid5(scene.ask, "consent")))}


def _consents_given(scene: Scene) -> Choices:
    """The consents of what this is about, by whom they let see what."""
    names = {scene.agency: "自機関", **_everybody(scene)}
    gone = {c for m in scene.messages if m["act"] == ConsentWithdrawn.TOPIC for c in m.get("consent", [])}
    return {
        row["consent"]: f"{names.get(row['recipient'], '他機関')}に "
        + "・".join(SECTIONS[s] for s in row["sections"])
        for row in (scene.about or {}).get("fields", {}).get("scope", [])
        if row["consent"] not in gone
    }


def _still_given(scene: Scene, about: Message) -> bool:
    return bool(_consents_given(_about(scene, about)))


def _about(scene: Scene, about: Message) -> Scene:
    return replace(scene, about=about)


def _withdrawn(made: Made, scene: Scene) -> Made:
    return {"consent": made["consents"]}


def _by_guardian(scene: Scene, about: Message) -> bool:
    fields = about.get("fields", {})
    return bool(fields.get("requester") == "LEGAL_REPRESENTATIVE" or fields.get("capacity", "SELF") != "SELF")


def _others(scene: Scene) -> Choices:
    """The other people of this door."""
    return {actor: f"{name}({actor})" for actor, name in scene.people.items() if actor != scene.actor}


# --- what was wrong ------------------------------------------------------------------------------------------


def _told_to_somebody(scene: Scene, about: Message) -> bool:
    return _with_items(scene, about) and bool(set(about.get("to", [])) - set(about.get("held", [])))


def _told_wrongly(scene: Scene) -> Sequence[str]:
    """Who was given what this correction corrects."""
    wrong = scene.message((scene.about or {}).get("fields", {}).get("corrects"))
    return [] if wrong is None else [a for a in wrong.get("to", []) if a not in wrong.get("held", [])]


def _corrected_what_was_told(scene: Scene, about: Message) -> bool:
    return ours(scene, about) and bool(_told_wrongly(_about(scene, about)))


def _with_items(scene: Scene, about: Message) -> bool:
    return ours(scene, about) and any(i["section"] not in AUTHOR_ONLY for i in about.get("items", []))


CORRECTABLE = tuple(
    Words(section=s, label=f"正しい内容: {SECTIONS[s]}")
    for s in (Section.BASIC, Section.CHILD, Section.CAREGIVER, Section.ENV, Section.MEDICAL, Section.RISK)
)
RECIPIENTS = Field(name="recipients", label="伝える相手", ask=Ask.MANY, choices=_everybody)
COVERED = Field(
    name="sections",
    label="伝える情報区分",
    ask=Ask.MANY,
    choices={
        s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY and s is not Section.NOTIFIER
    },
    help="説明したとおりの範囲だけを選んでください。",
)

RIGHTS = (
    Form(
        key="access-request",
        act=SubjectAccessRequested,
        title="開示請求を受け付ける",
        lead="本人や代理人から、自分の情報を見たいという請求を受けたことを記録します。名前は書きません。",
        then="30日のうちに決定します。親権者からの請求なら、二人で「威迫の確認」をします。",
        group=GROUP,
        fields=(Field(name="requester", label="請求した人の立場", ask=Ask.ONE, choices=REQUESTERS),),
        words=(in_words("受付のメモ"),),
        send="受け付ける",
    ),
    Form(
        key="access-decision",
        act=SubjectAccessDecided,
        title="開示請求に決定する",
        lead="情報区分ごとに、開示するか、どの理由で開示しないかを決めます。",
        then="通告者特定情報はいつも不開示です。親権者の請求では、子どもの発言など保護者に見せない項目も不開示にします。",
        group=GROUP,
        about=(SubjectAccessRequested,),
        open=ours,
        fields=(
            Field(
                name="decision",
                label="決定",
                ask=Ask.ONE,
                choices={
                    BY_ROW: "区分ごとに決める(全部開示・一部開示)",
                    NOTHING: "全部を開示しない",
                    NO_ANSWER: "あるかないかを答えない(81条)",
                },
                default=lambda s: [BY_ROW],
            ),
            Field(
                name="withheld",
                label="情報区分ごとの決定",
                ask=Ask.EACH,
                rows=_held_sections,
                row_choices=_grounds,
                help="選べるのは、その区分に使える個情法の理由だけです。「あるかないかを答えない」ときは選ばなくてかまいません。",
            ),
        ),
        words=(in_words("決定の理由"),),
        tasks=frozenset({"DECIDE_ACCESS", "LATE_RIGHTS"}),
        made=_decided,
        send="決定を記録する",
    ),
    Form(
        key="coercion-check",
        act=CoercionCheckDone,
        title="威迫の確認を記録する",
        lead="親権者の請求や同意が、本人・子どもの本当の意思か、無理強いされていないかを二人で確かめます。",
        then="確認がないまま請求や同意が進むと、期限超過として残ります。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(SubjectAccessRequested, ConsentGiven),
        open=lambda s, m: _by_guardian(s, m) and (ours(s, m) or theirs(s, m)),
        fields=(
            Field(
                name="second",
                label="一緒に確かめた職員",
                ask=Ask.ONE,
                choices=_others,
                help="あなたとは別の職員です。一覧にいなければ、窓口の管理者に登録を頼んでください。",
            ),
            Field(
                name="coerced",
                label="無理強いの疑い",
                ask=Ask.YES,
                choices={"yes": "疑いがある", "no": "疑いはない"},
            ),
        ),
        words=(in_words("確かめたこと"),),
        tasks=frozenset({"LATE_COERCION"}),
        send="確認を記録する",
    ),
    Form(
        key="correction",
        act=CorrectionMade,
        title="訂正する",
        lead="自機関が書いた内容の誤りを訂正します。もとの記録は消えずに残り、訂正が加わります。",
        then="もとの内容を受け取った機関があれば、続けて「訂正を提供先に知らせる」へ進んでください。",
        group=GROUP,
        any_message=True,
        answers="corrects",
        open=_with_items,
        times=20,
        words=(*CORRECTABLE, in_words("訂正の理由")),
        send="訂正を記録する",
    ),
    Form(
        key="correction-notice",
        act=CorrectionNotifiedToRecipients,
        title="訂正を提供先に知らせる",
        lead="誤った内容を受け取ったすべての機関に知らせます。宛先は自動で決まります。",
        then="受け取った機関は、対応して確認を返します。",
        group=GROUP,
        about=(CorrectionMade,),
        open=_corrected_what_was_told,
        words=CORRECTABLE,
        to=To(fixed=_told_wrongly, must=True, bases=TO_OFFICE),
    ),
    Form(
        key="use-stop",
        act=UseStopped,
        title="利用を停止する",
        lead="この連絡で伝えた内容を、これからだれも開けないようにします(自機関だけは、訂正や検証のために開けます)。",
        then="すでに読んだことは取り消せません。渡した紙や写しを返してもらうには「回収を求める」へ進んでください。",
        group=GROUP,
        any_message=True,
        answers="stops",
        open=_with_items,
        fields=(
            why(WHYS, "UNLAWFUL_USE", "UNLAWFUL_PROVISION", "NO_LONGER_NEEDED", "CONSENT_WITHDRAWN"),
            agreed("この連絡の内容が、受け取った機関で開けなくなることを確かめました"),
        ),
        send="利用を停止する",
    ),
    Form(
        key="recall",
        act=RecallNoticeSent,
        title="回収を求める",
        lead="この連絡を受け取ったすべての機関に、写しや紙の返却・廃棄を求めます。宛先は自動で決まります。",
        then="受け取った機関は、14日のうちに対応して確認を返します。",
        group=GROUP,
        any_message=True,
        answers="recalls",
        open=_told_to_somebody,
        fields=(
            why(WHYS, "SENT_TO_WRONG_PLACE", "WRONG_CONTENT", "CONSENT_WITHDRAWN", "UNLAWFUL_PROVISION"),
        ),
        to=To(fixed=Scene.other_side, must=True),
        send="回収を求める",
    ),
    Form(
        key="notice-followed",
        act=RecallAcknowledged,
        title="訂正・回収に対応したと答える",
        lead="求められたとおり、手元の写しや紙を直し、または返却・廃棄したことを答えます。",
        then="求めた機関に伝わります。",
        group=GROUP,
        about=(RecallNoticeSent, CorrectionNotifiedToRecipients),
        open=theirs,
        fields=(agreed("手元の写し・紙・別の書類への転記を調べ、求められたとおりにしました"),),
        to=To(fixed=Scene.other_side),
        tasks=frozenset({"CONFIRM", "LATE_CONFIRM"}),
        send="対応したと答える",
    ),
    Form(
        key="consent",
        act=ConsentGiven,
        title="同意を記録する",
        lead="本人が、だれに・どの情報区分を伝えてよいと言ったかを、説明したとおりの範囲で記録します。",
        then="「この事例について伝える」で、根拠に本人同意を選べるようになります。親権者の同意なら、二人で「威迫の確認」をします。",
        group=GROUP,
        fields=(
            Field(name="capacity", label="同意した人の立場", ask=Ask.ONE, choices=CAPACITIES),
            RECIPIENTS,
            COVERED,
            Field(
                name="until",
                label="いつまで",
                ask=Ask.DAY,
                must=False,
                help="決めていなければ空けておいてください(撤回まで続きます)。",
            ),
        ),
        words=(in_words("説明したこと・同意の様子"),),
        made=_given,
        send="同意を記録する",
    ),
    Form(
        key="consent-refused",
        act=ConsentRefused,
        title="同意されなかったことを記録する",
        lead="何について尋ね、同意されなかったかを記録します。",
        then="断られても、法令にもとづく提供や通告は妨げられません。",
        group=GROUP,
        fields=(RECIPIENTS, COVERED),
        words=(in_words("説明したこと・断られた様子"),),
        made=_refused,
        send="記録する",
    ),
    Form(
        key="consent-withdrawn",
        act=ConsentWithdrawn,
        title="同意の撤回を記録する",
        lead="本人が同意を取り消したことを記録します。",
        then="この時から、この同意だけを根拠に伝えたものは、受け取った機関でも開けなくなります。読んだことは取り消せません。",
        group=GROUP,
        about=(ConsentGiven,),
        answers="",
        open=_still_given,
        times=20,
        fields=(
            Field(
                name="consents",
                label="撤回する同意",
                ask=Ask.MANY,
                choices=_consents_given,
                default=lambda s: list(_consents_given(s)),
            ),
        ),
        words=(in_words("撤回の様子"),),
        purpose=Purpose.SUPPORT,
        made=_withdrawn,
        send="撤回を記録する",
    ),
)
