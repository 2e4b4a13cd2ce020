"""A family that cannot be located, and restrictions of contact with a child."""

from __future__ import annotations

from datetime import datetime

from domain import events as e
from domain.calendar import day_of
from domain.codes import Purpose, Section
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CGC,
    CONTRACTOR,
    CORE,
    EXT,
    MED,
    CaseMessages,
    Choices,
    Field,
    Form,
    FormContext,
    InputKind,
    Message,
    SectionText,
    To,
    ours,
)
from gateway.agency.forms.safety import FORWARD_BASES, GROUP
from gateway.agency.forms.sections import with_fields
from gateway.agency.forms.transfer import BASIC
from gateway.pages.dates import day_text
from gateway.pages.labels import FORBIDDEN_CONTACTS, LOCATED_BY, SEARCH_RESULTS, SEARCH_STEPS

SEARCH_TASKS = frozenset({"SEARCH", "LATE_SEARCH"})
BAN_TASKS = frozenset({"LATE_BAN_END"})


def _we_search(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) or form_context.agency in about.get("to", [])


def _bans_in_force(messages: CaseMessages) -> list[Message]:
    """The restrictions of contact that this door knows and that were not lifted or renewed."""
    return [
        m
        for m in messages
        if m["act"] == e.ContactForbidden.TOPIC
        and "fields" in m
        and not messages.answering(e.ContactBanLifted.TOPIC, "answers", m["message"])
        and not messages.answering(e.ContactForbidden.TOPIC, "renews", m["message"])
    ]


def _our_bans(form_context: FormContext) -> Choices:
    return {
        m["message"]: f"{day_text(m['at'])} の制限"
        for m in _bans_in_force(form_context.messages)
        if ours(form_context, m)
    }


def contact_ban_warnings(messages: CaseMessages, now: datetime) -> list[str]:
    """What to mind in this case, one sentence for each restriction of contact in force that this door knows."""
    today = day_of(now).isoformat()
    return [
        "子どもとの接触が制限されています("
        + "、".join(FORBIDDEN_CONTACTS[contact] for contact in m["fields"]["contacts"])
        + f"、{day_text(until) + 'まで' if until else '期限の定めなし'})。保護者への連絡・同席・同意の扱いに注意してください。"
        for m in _bans_in_force(messages)
        if not (until := m["fields"]["until"]) or until >= today
    ]


SEARCH_FORMS = (
    Form(
        key="whereabouts-lost",
        act=e.WhereaboutsLost,
        title="居所が分からないことを記録する",
        description="家庭や子どもの居所が分からないときに記録し、調査を始めます。児童相談所・調整機関などにも知らせて、いっしょに捜します。",
        next_step="調査の記録が14日ないと、期限超過として仕事一覧に出ます。子どもの姿を確かめる期限は止まりません。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(
            Field(
                name="last_seen_on",
                label="最後に姿が確認された日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="分からなければ空けておきます。",
            ),
        ),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="経緯・心配なこと")), BASIC),
        to=To(roles=AUTHORITIES | EXT, bases=FORWARD_BASES, help="いっしょに捜す機関を選びます。"),
        purpose=Purpose.SAFETY,
        send="記録して調査を始める",
    ),
    Form(
        key="search-step",
        act=e.SearchStepRecorded,
        title="調査したことを記録する",
        description="居所を捜すためにしたことと、その結果を記録します。",
        next_step="次の調査までの期限が、今日から数え直されます。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(e.WhereaboutsLost,),
        open=_we_search,
        max_per_message=200,
        fields=(
            Field(name="search_step", label="調査の方法", input_kind=InputKind.ONE, choices=SEARCH_STEPS),
            Field(name="search_result", label="結果", input_kind=InputKind.ONE, choices=SEARCH_RESULTS),
        ),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="分かったこと")),),
        to=To(
            roles=AUTHORITIES, bases=FORWARD_BASES, help="知らせる相手。選ばなければ自機関の記録になります。"
        ),
        purpose=Purpose.SAFETY,
        tasks=SEARCH_TASKS,
        send="調査を記録する",
    ),
    Form(
        key="whereabouts-established",
        act=e.WhereaboutsEstablished,
        title="居所が分かったことを記録する",
        description="居所が分かったことと、どのように確かめたかを記録します。",
        next_step="調査の期限が終わります。「本人を目視」のときだけ、子どもの安全確認の期限も終わります。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(e.WhereaboutsLost,),
        open=_we_search,
        max_per_message=20,
        fields=(Field(name="located_by", label="確かめ方", input_kind=InputKind.ONE, choices=LOCATED_BY),),
        section_inputs=(SectionText(section=Section.CHILD, label="子どもの様子"), BASIC),
        to=To(roles=AUTHORITIES, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
        tasks=SEARCH_TASKS,
        send="居所の確認を記録する",
    ),
)

CONTACT_BAN_FORMS = (
    Form(
        key="contact-forbidden",
        act=e.ContactForbidden,
        title="面会・通信等を制限する",
        description="児童虐待防止法による面会・通信の制限や接近禁止命令を記録し、関わる機関に知らせます。だれの接触かは「危険度・保護」に書きます。",
        next_step="関わる機関の事例の画面に制限があることが表示されます。期限の7日前に予告します。",
        group=GROUP,
        roles=CGC,
        fields=(
            Field(
                name="contacts",
                label="制限するもの",
                input_kind=InputKind.MANY,
                choices=FORBIDDEN_CONTACTS,
            ),
            Field(
                name="until",
                label="制限の最後の日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="定めがなければ空けておきます。",
            ),
            Field(
                name="renews",
                label="延長・変更するもとの制限",
                input_kind=InputKind.ONE,
                choices=_our_bans,
                is_required=False,
                visible_if=lambda s: bool(_our_bans(s)),
            ),
        ),
        section_inputs=(SectionText(section=Section.RISK, label="だれの、どのような接触か"),),
        to=To(roles=CORE | AUTHORITIES | CONTRACTOR | MED | EXT, preselected_roles=CORE, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
        tasks=BAN_TASKS,
        finalise=lambda values, form_context: {"renews": None, **values},
        send="制限を記録して知らせる",
    ),
    Form(
        key="contact-ban-lifted",
        act=e.ContactBanLifted,
        title="面会・通信等の制限を解除する",
        description="制限を解除したことを記録し、知らせた機関に通知します。",
        next_step="事例の画面の表示が消えます。",
        group=GROUP,
        roles=CGC,
        about=(e.ContactForbidden,),
        open=lambda form_context, about: (
            ours(form_context, about) and about["message"] in _our_bans(form_context)
        ),
        to=To(fixed=FormContext.other_side),
        purpose=Purpose.SAFETY,
        tasks=BAN_TASKS,
        send="解除を記録する",
    ),
)
