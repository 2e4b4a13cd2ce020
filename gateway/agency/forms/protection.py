"""Protected addresses: registering and ending the protection, and sending one in another section than its own."""

from __future__ import annotations

from domain import events as e
from domain.codes import AUTHOR_ONLY, Purpose, Section
from domain.rulebook import NEVER
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    TO_OFFICE,
    Choices,
    Field,
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
from gateway.pages.labels import REASON_LABELS
from gateway.pages.texts import SECTIONS

PROTECTION_GROUP = "秘匿・提供条件"
SECTIONS_WITH_ADDRESS: Choices = {
    s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY and s is not Section.ADDR
}
WHY = ("NEEDED_TO_REACH_FAMILY", "LIFE_IN_DANGER", "SUBJECT_WISHES", "CLEARLY_IN_THEIR_INTEREST")


def _may_know_an_address(form_context: FormContext) -> Choices:
    """The agencies with a role to which the matrix ever gives an address."""
    never = {role for role, sections in NEVER.items() if Section.ADDR in sections}
    return {id: a.name for id, a in form_context.agencies.items() if a.roles - never}


def _may_end(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) or (theirs(form_context, about) and "CORE" in form_context.roles)


def _may_approve(form_context: FormContext, about: Message) -> bool:
    """Another person of the agency that drafted it."""
    return ours(form_context, about) and about.get("actor") != form_context.actor


PROTECTION_FORMS = (
    Form(
        key="protected-address",
        act=e.ProtectedAddressRegistered,
        title="住所を秘匿する",
        tasks=frozenset({"LATE_PROTECTION_END"}),
        description="DV等支援措置などで、住所を知られてはならないことを登録します。住所は自機関と宛先だけが開けます。",
        next_step="この先、住所は「秘匿住所」としてしか送れません。この事例にかかわるすべての機関の画面に、DV等支援措置があることだけが示されます(場所は示されません)。ほかの保護者の一覧は、ここで止まります。",
        group=PROTECTION_GROUP,
        fields=(
            Field(
                name="until",
                label="措置の最終日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="決まっていなければ空けておいてください。",
            ),
        ),
        section_inputs=(
            SectionText(
                section=Section.ADDR,
                label="秘匿する住所",
                is_required=True,
                help="住所、建物と部屋、施設の名前、その場所の電話を、一行に一つずつ書いてください。窓口は、ここに書いたものがほかの情報区分に現れないかを、送る前に探します。",
            ),
        ),
        to=To(roles=AUTHORITIES, bases=TO_OFFICE, help="知らせる相手。選ばなければ自機関だけが開けます。"),
        purpose=Purpose.SAFETY,
        send="秘匿を登録する",
    ),
    Form(
        key="address-protection-end",
        act=e.AddressProtectionEnded,
        title="住所の秘匿を終える",
        description="DV等支援措置が終わったこと、または登録の誤りを記録します。措置の最終日が来れば、記録しなくても終わります。",
        next_step="ほかに秘匿の登録がなければ、各機関の画面の表示が消え、窓口が住所を探すための印も消えます。",
        group=PROTECTION_GROUP,
        about=(e.ProtectedAddressRegistered,),
        answers="ends",
        open=_may_end,
        fields=(
            reason_field(REASON_LABELS, "MEASURE_ENDED", "SUBJECT_WISHES", "REGISTERED_IN_ERROR"),
            agreed("本人の意向と支援措置の状況を確かめました"),
        ),
        section_inputs=(reason_section(),),
        purpose=Purpose.SAFETY,
        send="秘匿を終える",
    ),
    Form(
        key="address-disclosure",
        act=e.AddressDisclosureRequested,
        title="秘匿住所を含む内容の提供を起案する",
        description="秘匿住所は情報区分「秘匿住所」だけに書きます。ほかの区分の文中にどうしても必要なときの起案です。医療機関・委託先でない関係機関には、この方法でも送れません。",
        next_step="起案しただけでは送れません。あなたの機関の別の一人が理由を記録して承認すると、24時間のうちに、この相手・この情報区分に限って送れます。",
        group=PROTECTION_GROUP,
        fields=(
            Field(
                name="recipients",
                label="送る相手",
                input_kind=InputKind.MANY,
                choices=_may_know_an_address,
                is_required=False,
                help="自機関の記録だけなら、選ばないでください。",
            ),
            Field(
                name="sections",
                label="秘匿住所が書かれる情報区分",
                input_kind=InputKind.MANY,
                choices=SECTIONS_WITH_ADDRESS,
            ),
            reason_field(REASON_LABELS, *WHY),
        ),
        section_inputs=(
            reason_section("理由・経緯(なぜ「秘匿住所」の区分では足りないか)", is_required=True),
        ),
        purpose=Purpose.SAFETY,
        send="起案する",
    ),
    Form(
        key="address-disclosure-approval",
        act=e.AddressDisclosureApproved,
        title="秘匿住所を含む内容の提供を承認する",
        description="起案した人とは別の一人として、秘匿住所が「秘匿住所」以外の区分で送られることを承認します。",
        next_step="承認から24時間、起案された相手と情報区分に限って送れます。送った内容は、宛先だけが開けます。",
        group=PROTECTION_GROUP,
        about=(e.AddressDisclosureRequested,),
        answers="approves",
        open=_may_approve,
        fields=(
            reason_field(REASON_LABELS, *WHY, label="承認する理由"),
            agreed("送る相手と内容を確かめ、自分の判断で承認します"),
        ),
        section_inputs=(reason_section("確かめたこと"),),
        purpose=Purpose.SAFETY,
        send="承認する",
    ),
)
