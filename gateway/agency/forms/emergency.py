"""Emergency access, and disclosure without consent: one requests, two others approve, another agency reviews."""

from __future__ import annotations

from collections.abc import Sequence

from domain.case import APPROVERS
from domain.codes import AUTHOR_ONLY, Purpose, Section
from domain.events import (
    BasisOverrideApproved,
    BasisOverrideRequested,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    EmergencyAccessReviewed,
)
from domain.rulebook import BASES
from domain.visibility import NO_STANDING_ACCESS
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    COORD,
    CORE,
    Choices,
    Field,
    Form,
    FormContext,
    InputKind,
    Message,
    To,
    agreed,
    is_approved,
    may_approve,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.pages.labels import ALTERNATIVES, REASON_LABELS
from gateway.pages.texts import BASES as BASIS_TEXTS
from gateway.pages.texts import SECTIONS

GROUP = "緊急・例外"
OPENABLE_SECTIONS: Choices = {
    s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY and s not in NO_STANDING_ACCESS
}
DISCLOSABLE_SECTIONS: Choices = {s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY}
ALTERNATIVES_FIELD = Field(
    name="alternatives",
    label="先に考えたほかの方法",
    input_kind=InputKind.MANY,
    choices=ALTERNATIVES,
    help="それではなぜ足りないかは、下の「理由・経緯」に書いてください。",
)


def _other_agencies(form_context: FormContext) -> Choices:
    return {id: other.name for id, other in form_context.agencies.items()}


def _override_bases(form_context: FormContext) -> Choices:
    """Bases that need the approval of two others."""
    return {
        row["code"]: BASIS_TEXTS.get(row["code"], row["code"]) for row in BASES if "OVERRIDE" in row["needs"]
    }


def _only_override_basis(form_context: FormContext) -> Sequence[str]:
    codes = list(_override_bases(form_context))
    return codes if len(codes) == 1 else []


def _core_and_coordinating(form_context: FormContext) -> list[str]:
    """The core agency of the case, as far as we know it, and the coordinating agency of its municipality."""
    participants = {a for m in form_context.messages for a in (m["by"], *m.get("to", []))}
    cores = [id for id, other in form_context.agencies.items() if other.roles & CORE]
    known = [id for id in cores if id in participants] or (cores if len(cores) == 1 else [])
    towns = {form_context.agencies[id].municipality for id in known}
    offices = [
        id
        for id, other in form_context.agencies.items()
        if other.roles & COORD and other.municipality in towns
    ]
    return list(dict.fromkeys((*known, *offices)))


def _may_approve_emergency(form_context: FormContext, about: Message) -> bool:
    """This person has no part in it yet, and another approval is waited for: ours until there are two, and one of
    another agency than asks until there is one beside another."""
    approvals = form_context.of(EmergencyAccessApproved.TOPIC, "approves", about["message"])
    own = [m for m in approvals if ours(form_context, m)]
    if not (ours(form_context, about) or theirs(form_context, about)) or is_approved(about, approvals):
        return False
    if ours(form_context, about) and len(own) >= APPROVERS:
        return False
    return form_context.actor not in [m.get("actor") for m in (about, *own) if ours(form_context, m)]


def _may_approve_override(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and may_approve(form_context, about, BasisOverrideApproved)


def _may_review(form_context: FormContext, about: Message) -> bool:
    """The review is made by another agency than the one that read."""
    return theirs(form_context, about)


EMERGENCY_FORMS = (
    Form(
        key="emergency",
        act=EmergencyAccessRequested,
        title="緊急閲覧を求める",
        description="命や安全にかかわり、記録の持ち主に頼んでいては間に合わないときに、中核機関の記録を見るための求めです。",
        next_step="求めただけでは何も開きません。ほかの二人がそれぞれ自分の画面で承認すると24時間だけ開きます。そのうち一人は、この事例や要対協のほかの機関の人です(すぐに電話で頼んでください)。15分たってもほかの機関の承認がないときは、あなたの機関のほかの二人の承認で自動的に開き、そのことが記録され、中核機関と調整機関に知らせが届きます。いずれも後で中核機関が確認します。",
        group=GROUP,
        fields=(
            Field(
                name="sections",
                label="見る必要のある情報区分",
                input_kind=InputKind.MANY,
                choices=OPENABLE_SECTIONS,
                help="必要なものだけを選んでください。通告者と秘匿住所は開けません。",
            ),
            reason_field(REASON_LABELS, "LIFE_IN_DANGER", "CHILD_NOT_FOUND", "OWNER_UNREACHABLE"),
            ALTERNATIVES_FIELD,
        ),
        section_inputs=(reason_section("理由・経緯(なぜ、ほかの方法では間に合わないか)", is_required=True),),
        to=To(
            roles=CORE | COORD,
            is_required=True,
            suggested=_core_and_coordinating,
            help="この事例の中核機関と調整機関に必ず知らせ、承認を頼みます。",
        ),
        purpose=Purpose.SAFETY,
        send="緊急閲覧を求める",
    ),
    Form(
        key="emergency-approval",
        act=EmergencyAccessApproved,
        title="緊急閲覧を承認する",
        description="求めた人とは別の二人の承認が必要で、そのうち一人は求めた機関とは別の機関の人です。あなたはその一人として承認します。",
        next_step="別の機関の承認を含む二人の承認で、求めた機関に24時間だけ開きます。求めから15分たっても別の機関の承認がないときは、求めた機関のほかの二人の承認で開きます。承認した人は記録に残ります。求めた本人や、すでに承認した人は承認できません。",
        group=GROUP,
        about=(EmergencyAccessRequested,),
        answers="approves",
        open=_may_approve_emergency,
        max_per_message=2,
        fields=(agreed("求めの理由と、ほかの方法を考えたことを確かめ、自分の判断で承認します"),),
        to=To(fixed=FormContext.other_participants),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"EMERGENCY_APPROVAL"}),
        send="承認する",
    ),
    Form(
        key="emergency-review",
        act=EmergencyAccessReviewed,
        title="緊急閲覧を事後に確認する",
        description="ほかの機関が緊急に閲覧しました。やむを得ないものだったかを確認します。",
        next_step="結果は閲覧した機関に通知され、記録に残ります。7日を過ぎると監査機関にも期限超過が見えます。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(EmergencyAccessRequested,),
        open=_may_review,
        fields=(
            Field(
                name="justified",
                label="やむを得ない閲覧でしたか",
                input_kind=InputKind.YES,
                choices={"yes": "やむを得なかった", "no": "認められない"},
            ),
        ),
        section_inputs=(reason_section("確認したこと"),),
        to=To(fixed=FormContext.other_side),
        purpose=Purpose.SUPERVISION,
        tasks=frozenset({"EMERGENCY_REVIEW", "LATE_EMERGENCY_REVIEW", "LATE_EMERGENCY_UNILATERAL"}),
        only_while_pending=True,
        send="確認を記録する",
    ),
    Form(
        key="override",
        act=BasisOverrideRequested,
        title="例外的な提供を起案する",
        description="同意もほかの根拠もなく、それでも提供することが本人の利益になるなど特別の理由があるとき(個情法69条2項4号)の起案です。",
        next_step="起案しただけでは提供できません。あなたの機関のほかの二人がそれぞれ承認すると、24時間のうちにこの相手・この情報区分に限って送れます。",
        group=GROUP,
        fields=(
            Field(
                name="code",
                label="例外の根拠",
                input_kind=InputKind.ONE,
                choices=_override_bases,
                default=_only_override_basis,
            ),
            Field(name="recipients", label="提供先", input_kind=InputKind.MANY, choices=_other_agencies),
            Field(
                name="sections",
                label="提供する情報区分",
                input_kind=InputKind.MANY,
                choices=DISCLOSABLE_SECTIONS,
            ),
            reason_field(REASON_LABELS, "CLEARLY_IN_THEIR_INTEREST", "SPECIAL_REASON", "LIFE_IN_DANGER"),
            ALTERNATIVES_FIELD,
        ),
        section_inputs=(reason_section("理由・経緯(なぜ、この提供が必要か)", is_required=True),),
        send="起案する",
    ),
    Form(
        key="override-approval",
        act=BasisOverrideApproved,
        title="例外的な提供を承認する",
        description="起案した人とは別の二人の承認が必要です。あなたはその一人として承認します。",
        next_step="二人目の承認から24時間、起案された相手と情報区分に限って送れます。起案した本人や、すでに承認した人は承認できません。",
        group=GROUP,
        about=(BasisOverrideRequested,),
        answers="approves",
        open=_may_approve_override,
        max_per_message=2,
        fields=(agreed("起案の理由と、ほかの方法を考えたことを確かめ、自分の判断で承認します"),),
        send="承認する",
    ),
)
