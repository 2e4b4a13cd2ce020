"""Transfer of a case when a family moves: from the planned move to the sighting of the child by the new agency."""

from __future__ import annotations

from domain import events as e
from domain.codes import HandoverItem, Purpose, Section
from gateway.agency.forms.content_inputs import FAMILY_INPUTS
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CGC,
    CORE,
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
    child_seen_field,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.agency.forms.sections import with_fields
from gateway.pages.labels import HANDOVER_ITEMS, HANDOVER_STATES, REASON_LABELS

GROUP = "転居・移管"
TRANSFER_BASES = ("APPI-69-2-3", "CWA-25-2-2", "CAPA-13-4", "APPI-69-2-1")
MOVE_DATE_FIELD = Field(
    name="moves_on",
    label="転居(予定)の日",
    input_kind=InputKind.DAY,
    is_required=False,
    help="分からなければ空けておいてください。",
)


def _sent_handover_items(form_context: FormContext) -> Choices:
    """The documents that the package says were sent; all of them if it was sent on paper."""
    checklist = (form_context.about or {}).get("fields", {}).get("checklist", {})
    sent = [item for item, state in checklist.items() if state == "SENT"]
    return {i: text for i, text in HANDOVER_ITEMS.items() if not checklist or i in sent}


def _is_core_in_transfer(form_context: FormContext, about: Message) -> bool:
    return bool(form_context.roles & CORE) and (ours(form_context, about) or theirs(form_context, about))


def _with_child_seen(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {**field_values, "child_seen": bool(field_values.get("child_seen"))}


RISK = with_fields(
    with_fields(
        SectionText(section=Section.RISK, label="危険度・保護(リスクアセスメントシート)", is_required=True)
    )
)
BASIC = SectionText(section=Section.BASIC, label="家族構成・基本情報", content=FAMILY_INPUTS)
CHILD = with_fields(SectionText(section=Section.CHILD, label="子どもの状況"))
CAREGIVER = with_fields(SectionText(section=Section.CAREGIVER, label="養育者の状況"))
PLAN = with_fields(SectionText(section=Section.PLAN, label="支援計画"))
VISIT = with_fields(SectionText(section=Section.VISIT, label="訪問記録"))
ADDR = SectionText(
    section=Section.ADDR, label="転居先", help="「秘匿住所」として封をします。宛先だけが開けます。"
)


def _running_transfer(form_context: FormContext) -> Message | None:
    """The hand-over that we began and that is neither done nor called off, the last one."""
    ended = {
        m["fields"]["hands_over"]
        for m in form_context.messages
        if m["act"] in (e.TransferCompleted.TOPIC, e.TransferCancelled.TOPIC) and "fields" in m
    }
    begun = [
        m for m in form_context.messages if m["act"] == e.TransferInitiated.TOPIC and ours(form_context, m)
    ]
    return begun[-1] if begun and begun[-1]["message"] not in ended else None


def _cancelled_transfer(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    transfer = _running_transfer(form_context)
    return {**field_values, "hands_over": None if transfer is None else transfer["message"]}


def _other_side_of_transfer(form_context: FormContext) -> list[str]:
    transfer = _running_transfer(form_context)
    return [] if transfer is None else list(transfer.get("to", []))


TRANSFER_FORMS = (
    Form(
        key="relocation",
        act=e.RelocationLearned,
        title="転居(予定)を知らせる",
        description="転居の予定や事実を知ったときに、すぐ中核機関などへ知らせます。",
        next_step="中核機関は7日のうちに移管を始めます。",
        group=GROUP,
        fields=(MOVE_DATE_FIELD,),
        section_inputs=(ADDR,),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, bases=TO_OFFICE),
        begins_case=True,
    ),
    Form(
        key="transfer",
        act=e.TransferInitiated,
        title="移管を始める",
        description="転居先の市町村の中核機関に、引き継ぐことを知らせます。転居が決まる前、予定の段階で始めてください。",
        next_step="相手は24時間のうちに受領を確認します。相手が子どもを目視するまで、責任は移りません。続けて「移管一式を送る」へ進んでください。",
        group=GROUP,
        roles=CORE,
        fields=(MOVE_DATE_FIELD,),
        section_inputs=(BASIC, with_fields(SectionText(section=Section.RISK, label="いまの危険度")), ADDR),
        to=To(
            roles=CORE,
            other_municipality_only=True,
            bases=TRANSFER_BASES,
            default_basis=TRANSFER_BASES[0],
            help="相手の市町村の窓口がここにないときは、宛先を選ばずに始め、紙で送ってください。",
        ),
    ),
    Form(
        key="package",
        act=e.TransferPackageSent,
        title="移管一式を送る",
        description="引き継ぐ書類を点検表のとおりに送ります。リスクアセスメントシートと写真の有無には必ず答えます。",
        next_step="相手は届いたものを一つずつ確認します。24時間のうちに確認がなければ知らせが出ます。",
        group=GROUP,
        roles=CORE,
        about=(e.TransferInitiated,),
        answers="hands_over",
        open=ours,
        max_per_message=20,
        fields=(
            Field(
                name="checklist",
                label="点検表",
                input_kind=InputKind.EACH,
                rows=lambda s: HANDOVER_ITEMS,
                choices=HANDOVER_STATES,
                required_rows=frozenset({HandoverItem.RISK_SHEET.value, HandoverItem.PHOTOS.value}),
                help="送らないものは「ない」か「別に送る」を選んでください。",
            ),
        ),
        section_inputs=(RISK, BASIC, CHILD, CAREGIVER, PLAN, VISIT, ADDR),
        to=To(fixed=FormContext.other_side, bases=TRANSFER_BASES, default_basis=TRANSFER_BASES[0]),
    ),
    Form(
        key="transfer-cancel",
        act=e.TransferCancelled,
        title="移管を取りやめる",
        description="転居を取りやめた、市内の転居だったなど、引き継ぐ必要がなくなったことを理由とともに記録します。始めた移管があれば、それを終えます。",
        next_step="移管の期限がすべて止まります。この事例の責任は、いまの中核機関に残ります。",
        group=GROUP,
        roles=CORE,
        fields=(reason_field(REASON_LABELS, "STAYS_IN_MUNICIPALITY", "MOVE_CANCELLED"),),
        section_inputs=(reason_section(),),
        to=To(roles=AUTHORITIES, suggested=_other_side_of_transfer),
        finalise=_cancelled_transfer,
        tasks=frozenset({"LATE_MOVE", "LATE_HANDOVER", "LATE_TRANSFER"}),
        send="取りやめを記録する",
    ),
    Form(
        key="cgc-transfer",
        act=e.CgcTransferNotified,
        title="児童相談所どうしで移管を知らせる",
        description="転居先を受け持つ児童相談所に、引き継ぐことを知らせます。",
        next_step="相手は24時間のうちに受領を確認し、48時間のうちに読んで子ども本人の安全を確かめ、結果を答えます。遅れると、転居元と転居先の調整機関にも知らせが出ます。",
        group=GROUP,
        roles=CGC,
        section_inputs=(RISK, BASIC, CHILD, CAREGIVER, PLAN, VISIT, ADDR),
        to=To(roles=CGC, is_required=True, bases=("CAPA-4-6", *TRANSFER_BASES)),
    ),
    Form(
        key="receipt",
        act=e.TransferReceiptConfirmed,
        title="移管の受領を確認する",
        description="手元に届いたものだけに印を付けてください。届いていないものは、送り手に分かります。",
        next_step="受領しても、責任はまだ移りません。子どもを目視して「移管を完了する」と移ります。",
        group=GROUP,
        about=(e.TransferInitiated, e.TransferPackageSent, e.CgcTransferNotified),
        open=theirs,
        max_per_message=5,
        fields=(
            Field(
                name="received",
                label="手元にあるもの",
                input_kind=InputKind.MANY,
                choices=_sent_handover_items,
                is_required=False,
                help="中身を開いて確かめてから印を付けてください。",
            ),
        ),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"CONFIRM_TRANSFER", "LATE_TRANSFER"}),
        send="受領を確認する",
    ),
    Form(
        key="transfer-conference",
        act=e.TransferConferenceHeld,
        title="引継ぎ会議を記録する",
        description="双方で顔を合わせて引き継いだことを記録します。",
        next_step="相手にも届きます。",
        group=GROUP,
        about=(e.TransferInitiated,),
        answers="hands_over",
        open=_is_core_in_transfer,
        max_per_message=20,
        section_inputs=(SectionText(section=Section.CONF, label="会議録"),),
        to=To(fixed=FormContext.other_side, bases=TRANSFER_BASES, default_basis=TRANSFER_BASES[0]),
    ),
    Form(
        key="moved",
        act=e.RelocationConfirmed,
        title="転居を確認する",
        description="転居したこと、転居先で子ども本人を見たかを記録します。",
        next_step="転居先の市町村が子どもを目視すると、移管を完了できます。",
        group=GROUP,
        roles=CORE,
        fields=(
            Field(name="moved_on", label="転居した日", input_kind=InputKind.DAY, is_required=False),
            child_seen_field("見ていない(電話・家族の話だけ)"),
        ),
        to=To(roles=AUTHORITIES, preselected_roles=CORE),
    ),
    Form(
        key="sighted",
        act=e.ChildSighted,
        title="子どもを目視した",
        description="子ども本人を自分の目で見たことを記録します。電話や家族の話だけのときは使わないでください。",
        next_step="48時間の安全確認の期限が止まり、移管では「子どもの目視」が済みます。",
        group="通告・安全",
        fields=(agreed("子ども本人を、この目で見ました"),),
        section_inputs=(CHILD,),
        to=To(
            roles=AUTHORITIES,
            preselected_roles=CORE,
            bases=("CWA-25-2-2", *TO_OFFICE),
            help="知らせる相手。選ばなければ自機関の記録になります。",
        ),
        purpose=Purpose.SAFETY,
        begins_case=False,
    ),
    Form(
        key="transfer-done",
        act=e.TransferCompleted,
        title="移管を完了する",
        description="転居先の市町村が子どもを目視したときに、責任を移します。",
        next_step="この記録から、転居先の中核機関がこの事例の責任を持ちます。",
        group=GROUP,
        about=(e.TransferInitiated,),
        answers="hands_over",
        open=_is_core_in_transfer,
        fields=(
            child_seen_field("まだ見ていない", "転居先の市町村が子ども本人を見ましたか"),
            reason_field(
                REASON_LABELS,
                "COMES_LATER",
                "NO_SUCH_THING",
                label="受領していないものがあるときの理由",
                is_required=False,
                help="すべて受け取っていれば要りません。",
            ),
        ),
        to=To(fixed=FormContext.other_side),
        finalise=_with_child_seen,
        tasks=frozenset({"LATE_HANDOVER"}),
        send="移管を完了する",
    ),
)
