"""Access by the data subject: request, decision, check for coercion."""

from __future__ import annotations

from domain import events as e
from domain.codes import AUTHOR_ONLY, Flag, Section
from domain.rulebook import GROUNDS as GROUNDS_BY_SECTION
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    agreed,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.pages.labels import GROUNDS, REASON_LABELS, REQUESTERS
from gateway.pages.texts import FLAGS, SECTIONS

RIGHTS_GROUP = "本人の権利・同意"
DISCLOSE = "DISCLOSE"
PER_SECTION = "PER_SECTION"
WITHHOLD_ALL = "NONE"
EXISTENCE_NOT_DISCLOSED = "EXISTENCE_NOT_DISCLOSED"
GUARDIAN_WITHHELD_FLAGS = (Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN)


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


def _by_guardian(form_context: FormContext, about: Message) -> bool:
    fields = about.get("fields", {})
    return bool(fields.get("requester") == "LEGAL_REPRESENTATIVE" or fields.get("capacity", "SELF") != "SELF")


def _colleagues(form_context: FormContext) -> Choices:
    """The other people of this door who may confirm a check."""
    return {
        actor: f"{name}({actor})"
        for actor, name in form_context.people.items()
        if actor != form_context.actor and form_context.permits(actor, e.CoercionCheckConfirmed.TOPIC)
    }


def _is_second(form_context: FormContext, about: Message) -> bool:
    """Whether this person is the one whom the check names."""
    return ours(form_context, about) and about.get("fields", {}).get("second") == form_context.actor


def _confirm_what_is_recorded(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    check = (form_context.about or {})["fields"]
    return {**field_values, "answers": check["answers"], "coerced": check["coerced"]}


ACCESS_FORMS = (
    Form(
        key="access-request",
        act=e.SubjectAccessRequested,
        title="開示請求を受け付ける",
        description="本人や代理人から、自分の情報を見たいという請求を受けたことを記録します。名前は書きません。",
        next_step="30日のうちに決定します。親権者からの請求なら、二人で「威迫の確認」をします。",
        group=RIGHTS_GROUP,
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
        group=RIGHTS_GROUP,
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
            reason_field(
                REASON_LABELS,
                "AUTHORITY_CHECKED",
                label="親権の確認",
                is_required=False,
                help="親権を停止・喪失した親がいる家庭で、親権者からの請求に開示するときに選びます。",
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
        next_step="選んだ職員が自分の画面で確認すると成立します。確認がないまま請求や同意が進むと、期限超過として残ります。",
        group=RIGHTS_GROUP,
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
        key="coercion-confirmation",
        act=e.CoercionCheckConfirmed,
        title="威迫の確認を二人目として確かめる",
        description="一緒に確かめた職員が記録した結果を、あなた自身の確認として記録します。",
        next_step="これで威迫の確認が成立します。結果が違うと思うときは、ここでは記録せず、二人で確かめ直して新しく記録してください。",
        group=RIGHTS_GROUP,
        roles=AUTHORITIES,
        about=(e.CoercionCheckDone,),
        answers="confirms",
        open=_is_second,
        fields=(agreed("一緒に確かめ、記録された結果のとおりでした"),),
        section_inputs=(reason_section("確かめたこと"),),
        finalise=_confirm_what_is_recorded,
        tasks=frozenset({"CONFIRM_CHECK"}),
        only_while_pending=True,
        send="確認する",
    ),
)
