"""Rights of the data subject (access, correction, stop of use, recall), and consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import uuid5

from domain import events as e
from domain.calendar import end_of
from domain.codes import AUTHOR_ONLY, Flag, Purpose, Section
from domain.rulebook import GROUNDS as GROUNDS_BY_SECTION
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    TO_OFFICE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    SectionText,
    To,
    agreed,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.pages.labels import CAPACITIES, GROUNDS, REASON_LABELS, REQUESTERS
from gateway.pages.texts import FLAGS, SECTIONS

GROUP = "本人の権利・同意"
DISCLOSE = "DISCLOSE"
PER_SECTION, WITHHOLD_ALL, EXISTENCE_NOT_DISCLOSED = "PER_SECTION", "NONE", "EXISTENCE_NOT_DISCLOSED"
GUARDIAN_WITHHELD_FLAGS = (Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN)


# --- access ------------------------------------------------------------------------------------------------


def _held_sections(form_context: FormContext) -> Choices:
    """A row for each section that we hold, and for each kind of item in it that a guardian must not see."""
    rows: dict[str, str] = {}
    section_flags = sorted(
        {
            (i["section"], flag)
            for m in form_context.messages
            for i in m.get("items", [])
            if i["section"] not in AUTHOR_ONLY
            for flag in ("", *(f for f in i["flags"] if f in GUARDIAN_WITHHELD_FLAGS))
        },
        key=lambda row: (list(Section).index(Section(row[0])), row[1]),
    )
    for section, flag in section_flags:
        rows[f"{section}/{flag}" if flag else section] = SECTIONS[section] + (
            f"のうち「{FLAGS[flag]}」" if flag else ""
        )
    return rows


def _grounds(form_context: FormContext, row: str) -> Choices:
    section = row.partition("/")[0]
    fitting = GROUNDS_BY_SECTION.get(section, GROUNDS_BY_SECTION[""])
    return {DISCLOSE: "開示する", **{g: f"不開示 {GROUNDS[g]}" for g in fitting}}


def _finalise_access_decision(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    chosen, decision = field_values.pop("withheld"), field_values.pop("decision")
    if decision == EXISTENCE_NOT_DISCLOSED:
        return {**field_values, "result": decision, "withheld": []}
    rows = _held_sections(form_context)
    missing = [text for row, text in rows.items() if row not in chosen]
    if missing:
        raise FieldError(
            "withheld",
            f"区分ごとに「開示する」か不開示の理由を選んでください(未記入: {'、'.join(missing)})。",
        )
    withheld = {row: ground for row, ground in chosen.items() if ground != DISCLOSE}
    if decision == WITHHOLD_ALL and any("/" not in row and row not in withheld for row in rows):
        raise FieldError("withheld", "全部を不開示にするには、区分ごとに不開示の理由を選んでください。")
    return {
        **field_values,
        "result": decision if decision == WITHHOLD_ALL else "PARTIAL" if withheld else "FULL",
        "withheld": [
            {"section": row.partition("/")[0], "ground": ground, "flag": row.partition("/")[2] or None}
            for row, ground in withheld.items()
        ],
    }


# --- consent -----------------------------------------------------------------------------------------------


def _other_agencies(form_context: FormContext) -> Choices:
    return {id: other.name for id, other in form_context.agencies.items()}


def _consent_scope(
    field_values: FieldValues, form_context: FormContext, consent: str
) -> list[dict[str, object]]:
    recipients: Sequence[str] = field_values.pop("recipients")
    sections = field_values.pop("sections")
    return [
        {"consent": consent, "sender": form_context.agency, "recipient": recipient, "sections": sections}
        for recipient in recipients
    ]


def _finalise_consent(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    consent = str(uuid5(form_context.command_id, "consent"))
    until = field_values.pop("until")
    expires = None if until is None else end_of(date.fromisoformat(until))
    if expires is not None and expires <= form_context.now:
        raise FieldError("until", "「いつまで」は今日より後の日にしてください。")
    scope = _consent_scope(field_values, form_context, consent)
    return {**field_values, "scope": scope, "consent": [consent], "expires_at": e.dump(expires)}


def _finalise_consent_refusal(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {
        "requested_scope": _consent_scope(
            field_values, form_context, str(uuid5(form_context.command_id, "consent"))
        )
    }


def _consents_in_force(form_context: FormContext) -> Choices:
    """The consents in force of the message this is about, each with its recipient and sections."""
    names = {form_context.agency: "自機関", **_other_agencies(form_context)}
    withdrawn = {
        c for m in form_context.messages if m["act"] == e.ConsentWithdrawn.TOPIC for c in m.get("consent", [])
    }
    return {
        row["consent"]: f"{names.get(row['recipient'], '他機関')}に "
        + "・".join(SECTIONS[s] for s in row["sections"])
        for row in (form_context.about or {}).get("fields", {}).get("scope", [])
        if row["consent"] not in withdrawn
    }


def _has_consent_in_force(form_context: FormContext, about: Message) -> bool:
    return bool(_consents_in_force(_with_about(form_context, about)))


def _with_about(form_context: FormContext, about: Message) -> FormContext:
    return replace(form_context, about=about)


def _finalise_withdrawal(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {"consent": field_values["consents"]}


def _by_guardian(form_context: FormContext, about: Message) -> bool:
    fields = about.get("fields", {})
    return bool(fields.get("requester") == "LEGAL_REPRESENTATIVE" or fields.get("capacity", "SELF") != "SELF")


def _colleagues(form_context: FormContext) -> Choices:
    """The other people of this door."""
    return {
        actor: f"{name}({actor})"
        for actor, name in form_context.people.items()
        if actor != form_context.actor
    }


# --- correction ----------------------------------------------------------------------------------------------


def _was_disclosed(form_context: FormContext, about: Message) -> bool:
    return _with_items(form_context, about) and bool(set(about.get("to", [])) - set(about.get("held", [])))


def _recipients_of_corrected(form_context: FormContext) -> Sequence[str]:
    """The recipients of the message that this correction corrects."""
    corrected_message = form_context.message((form_context.about or {}).get("fields", {}).get("corrects"))
    return (
        []
        if corrected_message is None
        else [a for a in corrected_message.get("to", []) if a not in corrected_message.get("held", [])]
    )


def _corrects_disclosed_message(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and bool(_recipients_of_corrected(_with_about(form_context, about)))


def _with_items(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and any(i["section"] not in AUTHOR_ONLY for i in about.get("items", []))


CORRECTABLE = tuple(
    SectionText(section=s, label=f"正しい内容: {SECTIONS[s]}")
    for s in (Section.BASIC, Section.CHILD, Section.CAREGIVER, Section.ENV, Section.MEDICAL, Section.RISK)
)
RECIPIENTS = Field(name="recipients", label="伝える相手", input_kind=InputKind.MANY, choices=_other_agencies)
CONSENT_SECTIONS_FIELD = Field(
    name="sections",
    label="伝える情報区分",
    input_kind=InputKind.MANY,
    choices={
        s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY and s is not Section.NOTIFIER
    },
    help="説明したとおりの範囲だけを選んでください。",
)

RIGHTS = (
    Form(
        key="access-request",
        act=e.SubjectAccessRequested,
        title="開示請求を受け付ける",
        description="本人や代理人から、自分の情報を見たいという請求を受けたことを記録します。名前は書きません。",
        next_step="30日のうちに決定します。親権者からの請求なら、二人で「威迫の確認」をします。",
        group=GROUP,
        fields=(
            Field(name="requester", label="請求した人の立場", input_kind=InputKind.ONE, choices=REQUESTERS),
        ),
        section_inputs=(reason_section("受付のメモ"),),
        send="受け付ける",
    ),
    Form(
        key="access-decision",
        act=e.SubjectAccessDecided,
        title="開示請求に決定する",
        description="情報区分ごとに、開示するか、どの理由で開示しないかを決めます。",
        next_step="通告者特定情報はいつも不開示です。親権者の請求では、子どもの発言など保護者に見せない項目も不開示にします。",
        group=GROUP,
        about=(e.SubjectAccessRequested,),
        open=ours,
        fields=(
            Field(
                name="decision",
                label="決定",
                input_kind=InputKind.ONE,
                choices={
                    PER_SECTION: "区分ごとに決める(全部開示・一部開示)",
                    WITHHOLD_ALL: "全部を開示しない",
                    EXISTENCE_NOT_DISCLOSED: "あるかないかを答えない(81条)",
                },
                default=lambda s: [PER_SECTION],
            ),
            Field(
                name="withheld",
                label="情報区分ごとの決定",
                input_kind=InputKind.EACH,
                rows=_held_sections,
                row_choices=_grounds,
                help="選べるのは、その区分に使える個情法の理由だけです。「あるかないかを答えない」ときは選ばなくてかまいません。",
            ),
        ),
        section_inputs=(reason_section("決定の理由"),),
        tasks=frozenset({"DECIDE_ACCESS", "LATE_RIGHTS"}),
        finalise=_finalise_access_decision,
        send="決定を記録する",
    ),
    Form(
        key="coercion-check",
        act=e.CoercionCheckDone,
        title="威迫の確認を記録する",
        description="親権者の請求や同意が、本人・子どもの本当の意思か、無理強いされていないかを二人で確かめます。",
        next_step="確認がないまま請求や同意が進むと、期限超過として残ります。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(e.SubjectAccessRequested, e.ConsentGiven),
        open=lambda s, m: _by_guardian(s, m) and (ours(s, m) or theirs(s, m)),
        fields=(
            Field(
                name="second",
                label="一緒に確かめた職員",
                input_kind=InputKind.ONE,
                choices=_colleagues,
                help="あなたとは別の職員です。一覧にいなければ、窓口の管理者に登録を頼んでください。",
            ),
            Field(
                name="coerced",
                label="無理強いの疑い",
                input_kind=InputKind.YES,
                choices={"yes": "疑いがある", "no": "疑いはない"},
            ),
        ),
        section_inputs=(reason_section("確かめたこと"),),
        tasks=frozenset({"LATE_COERCION"}),
        send="確認を記録する",
    ),
    Form(
        key="correction",
        act=e.CorrectionMade,
        title="訂正する",
        description="自機関が書いた内容の誤りを訂正します。もとの記録は消えずに残り、訂正が加わります。",
        next_step="もとの内容を受け取った機関があれば、続けて「訂正を提供先に知らせる」へ進んでください。",
        group=GROUP,
        any_message=True,
        answers="corrects",
        open=_with_items,
        max_per_message=20,
        section_inputs=(*CORRECTABLE, reason_section("訂正の理由")),
        send="訂正を記録する",
    ),
    Form(
        key="correction-notice",
        act=e.CorrectionNotifiedToRecipients,
        title="訂正を提供先に知らせる",
        description="誤った内容を受け取ったすべての機関に知らせます。宛先は自動で決まります。",
        next_step="受け取った機関は、対応して確認を返します。",
        group=GROUP,
        about=(e.CorrectionMade,),
        open=_corrects_disclosed_message,
        section_inputs=CORRECTABLE,
        to=To(fixed=_recipients_of_corrected, is_required=True, bases=TO_OFFICE),
    ),
    Form(
        key="use-stop",
        act=e.UseStopped,
        title="利用を停止する",
        description="この連絡で伝えた内容を、これからだれも開けないようにします(自機関だけは、訂正や検証のために開けます)。",
        next_step="すでに読んだことは取り消せません。渡した紙や写しを返してもらうには「回収を求める」へ進んでください。",
        group=GROUP,
        any_message=True,
        answers="stops",
        open=_with_items,
        fields=(
            reason_field(
                REASON_LABELS, "UNLAWFUL_USE", "UNLAWFUL_PROVISION", "NO_LONGER_NEEDED", "CONSENT_WITHDRAWN"
            ),
            agreed("この連絡の内容が、受け取った機関で開けなくなることを確かめました"),
        ),
        send="利用を停止する",
    ),
    Form(
        key="recall",
        act=e.RecallNoticeSent,
        title="回収を求める",
        description="この連絡を受け取ったすべての機関に、写しや紙の返却・廃棄を求めます。宛先は自動で決まります。",
        next_step="受け取った機関は、14日のうちに対応して確認を返します。",
        group=GROUP,
        any_message=True,
        answers="recalls",
        open=_was_disclosed,
        fields=(
            reason_field(
                REASON_LABELS,
                "SENT_TO_WRONG_PLACE",
                "WRONG_CONTENT",
                "CONSENT_WITHDRAWN",
                "UNLAWFUL_PROVISION",
            ),
        ),
        to=To(fixed=FormContext.other_side, is_required=True),
        send="回収を求める",
    ),
    Form(
        key="notice-followed",
        act=e.RecallAcknowledged,
        title="訂正・回収に対応したと答える",
        description="求められたとおり、手元の写しや紙を直し、または返却・廃棄したことを答えます。",
        next_step="求めた機関に伝わります。",
        group=GROUP,
        about=(e.RecallNoticeSent, e.CorrectionNotifiedToRecipients),
        open=theirs,
        fields=(agreed("手元の写し・紙・別の書類への転記を調べ、求められたとおりにしました"),),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"CONFIRM", "LATE_CONFIRM"}),
        send="対応したと答える",
    ),
    Form(
        key="consent",
        act=e.ConsentGiven,
        title="同意を記録する",
        description="本人が、だれに・どの情報区分を伝えてよいと言ったかを、説明したとおりの範囲で記録します。",
        next_step="「この事例について伝える」で、根拠に本人同意を選べるようになります。親権者の同意なら、二人で「威迫の確認」をします。",
        group=GROUP,
        fields=(
            Field(name="capacity", label="同意した人の立場", input_kind=InputKind.ONE, choices=CAPACITIES),
            RECIPIENTS,
            CONSENT_SECTIONS_FIELD,
            Field(
                name="until",
                label="いつまで",
                input_kind=InputKind.DAY,
                is_required=False,
                help="決めていなければ空けておいてください(撤回まで続きます)。",
            ),
        ),
        section_inputs=(reason_section("説明したこと・同意の様子"),),
        finalise=_finalise_consent,
        send="同意を記録する",
    ),
    Form(
        key="consent-refused",
        act=e.ConsentRefused,
        title="同意されなかったことを記録する",
        description="何について尋ね、同意されなかったかを記録します。",
        next_step="断られても、法令にもとづく提供や通告は妨げられません。",
        group=GROUP,
        fields=(RECIPIENTS, CONSENT_SECTIONS_FIELD),
        section_inputs=(reason_section("説明したこと・断られた様子"),),
        finalise=_finalise_consent_refusal,
        send="記録する",
    ),
    Form(
        key="consent-withdrawn",
        act=e.ConsentWithdrawn,
        title="同意の撤回を記録する",
        description="本人が同意を取り消したことを記録します。",
        next_step="この時から、この同意だけを根拠に伝えたものは、受け取った機関でも開けなくなります。読んだことは取り消せません。",
        group=GROUP,
        about=(e.ConsentGiven,),
        answers="",
        open=_has_consent_in_force,
        max_per_message=20,
        fields=(
            Field(
                name="consents",
                label="撤回する同意",
                input_kind=InputKind.MANY,
                choices=_consents_in_force,
                default=lambda s: list(_consents_in_force(s)),
            ),
        ),
        section_inputs=(reason_section("撤回の様子"),),
        purpose=Purpose.SUPPORT,
        finalise=_finalise_withdrawal,
        send="撤回を記録する",
    ),
)
