"""Conditions of a disclosure, retention periods, holds, and destruction."""

from __future__ import annotations

from domain import events as e
from domain.codes import Appraisal
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CORE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    To,
    agreed,
    may_approve,
    ours,
    reason_section,
)
from gateway.agency.forms.protection import PROTECTION_GROUP
from gateway.pages.labels import APPRAISALS, CONDITIONS, HOLD_GROUNDS, RETENTIONS
from gateway.pages.texts import SECTIONS

DISPOSAL_GROUP = "保存・廃棄"


def _sent_by_us(form_context: FormContext, about: Message) -> bool:
    return ours(form_context, about) and bool(about.get("to"))


def _may_approve_destruction(form_context: FormContext, about: Message) -> bool:
    """True for people of the agency that appraised it for destruction, other than the appraiser; two must approve."""
    is_to_be_destroyed = about["fields"].get("appraisal", Appraisal.DESTROY) == Appraisal.DESTROY
    return (
        ours(form_context, about)
        and is_to_be_destroyed
        and may_approve(form_context, about, e.DestructionApproved)
    )


def _known_sections(form_context: FormContext) -> Choices:
    """The sections of the case that this door knows of."""
    known = {i["section"] for m in form_context.messages for i in m.get("items", [])}
    return {s: text for s, text in SECTIONS.items() if s in known}


def _finalise_appraisal(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return field_values if field_values["appraisal"] == "DESTROY" else {**field_values, "sections": []}


RETENTION_FORMS = (
    Form(
        key="conditions",
        act=e.DisclosureConditionsImposed,
        title="提供に条件を付ける",
        description="渡した情報の使い方について、相手に条件を求めます。",
        next_step="相手に届き、その画面に条件が示されます。",
        group=PROTECTION_GROUP,
        about=(e.DisclosureMade, e.InformationRequestAnswered, e.FamilyInformationProvided),
        answers="disclosure",
        open=_sent_by_us,
        max_per_message=5,
        fields=(
            Field(name="conditions", label="条件", input_kind=InputKind.MANY, choices=CONDITIONS),
            Field(name="until", label="持っていてよい最終日", input_kind=InputKind.DAY, is_required=False),
        ),
        to=To(fixed=FormContext.other_side),
        send="条件を求める",
    ),
    Form(
        key="retention",
        act=e.RetentionPolicyAssigned,
        title="保存期間を指定する",
        description="この事例の内容をいつまで保存するかを指定します。年数は規則集にあります。",
        next_step="満了すると評価を求める知らせが出ます。ひとりでに消えることはありません。",
        group=DISPOSAL_GROUP,
        roles=CORE,
        fields=(
            Field(name="policy", label="保存の区分", input_kind=InputKind.ONE, choices=RETENTIONS),
            Field(
                name="until",
                label="子どもがその年齢に達する日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="「子どもの年齢まで」のときだけ書きます。",
            ),
        ),
        tasks=frozenset({"KEEP_RECORDS"}),
        send="指定する",
    ),
    Form(
        key="hold",
        act=e.LegalHoldPlaced,
        title="廃棄を止める",
        description="検証・訴訟・請求中のため、この事例の記録の廃棄を止めます。",
        next_step="解くまで何も廃棄されません。",
        group=DISPOSAL_GROUP,
        roles=AUTHORITIES,
        fields=(Field(name="ground", label="理由", input_kind=InputKind.ONE, choices=HOLD_GROUNDS),),
        section_inputs=(reason_section(),),
        tasks=frozenset({"KEEP_RECORDS"}),
        send="廃棄を止める",
    ),
    Form(
        key="hold-lifted",
        act=e.LegalHoldLifted,
        title="廃棄の停止を解く",
        description="止める理由がなくなったので、停止を解きます。止めた機関だけが解けます。",
        next_step="ほかに停止がなければ、満了した記録は評価できます。",
        group=DISPOSAL_GROUP,
        roles=AUTHORITIES,
        about=(e.LegalHoldPlaced,),
        answers="lifts",
        open=ours,
        fields=(agreed("廃棄を止める理由がなくなったことを確かめました"),),
        send="停止を解く",
    ),
    Form(
        key="appraisal",
        act=e.RecordsAppraised,
        title="満了した記録を評価する",
        description="保存期間が満了した内容を、廃棄するか、歴史公文書等として残すかを評価します。",
        next_step="廃棄には、あなたのほかに二人の承認が要ります。二人目の承認で鍵が失われ、元には戻りません。",
        group=DISPOSAL_GROUP,
        roles=CORE,
        fields=(
            Field(name="appraisal", label="評価", input_kind=InputKind.ONE, choices=APPRAISALS),
            Field(
                name="sections",
                label="廃棄する情報区分",
                input_kind=InputKind.MANY,
                choices=_known_sections,
                is_required=False,
                help="廃棄するときは一つ以上。",
            ),
        ),
        section_inputs=(reason_section("評価の理由"),),
        finalise=_finalise_appraisal,
        tasks=frozenset({"LATE_RETENTION"}),
        send="評価を記録する",
    ),
    Form(
        key="control-appraisal",
        act=e.ControlAppraised,
        title="やり取りの記録も廃棄する",
        description="内容をすべて廃棄した後、だれがだれに何をいつ提供したかの記録も廃棄するよう評価します。",
        next_step="二人の承認で、この事例のことはだれにも読めなくなります。抜けや改ざんがないことは、その後も確かめられます。",
        group=DISPOSAL_GROUP,
        roles=CORE,
        fields=(agreed("内容はすべて廃棄され、やり取りの記録も残す必要がないことを確かめました"),),
        tasks=frozenset({"LATE_RETENTION"}),
        send="評価を記録する",
    ),
    Form(
        key="destruction-approval",
        act=e.DestructionApproved,
        title="廃棄を承認する",
        description="評価した人とは別の二人が、自分の判断で承認します。",
        next_step="二人目の承認で鍵が失われ、元には戻りません。",
        group=DISPOSAL_GROUP,
        roles=CORE,
        about=(e.RecordsAppraised, e.ControlAppraised),
        answers="approves",
        open=_may_approve_destruction,
        max_per_message=2,
        fields=(agreed("評価の内容を確かめ、自分の判断で廃棄を承認します"),),
        send="承認する",
    ),
)
