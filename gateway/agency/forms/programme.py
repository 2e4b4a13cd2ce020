"""Contractors and their workers, confidentiality rules, reports and supervision, services of the area."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

from domain import events as e
from domain.calendar import day_of
from domain.codes import Purpose
from domain.events import Kind
from domain.record import commission_of
from domain.rulebook import QUALIFICATIONS
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    CONTRACTOR,
    CORE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    agreed,
    reason_field,
)
from gateway.pages.dates import day_text
from gateway.pages.labels import (
    BUSINESS_ITEMS,
    EMPLOYMENTS,
    FINDINGS,
    FURTHER_TIERS,
    MODULES,
    PRACTICES,
    REASON_LABELS,
    REQUIREMENTS,
    SCOPES,
    SERVICES,
)

GROUP = "委託先の要件"
REPORTS = "委託先の報告・指導"


def _workers(form_context: FormContext) -> Choices:
    return {w["worker"]: w["worker"] for w in (form_context.about or {}).get("workers", [])}


def _missing_modules(form_context: FormContext) -> list[str]:
    """The training modules that some worker lacks."""
    gaps = {g for w in (form_context.about or {}).get("workers", []) for g in w["gaps"]}
    return [m for m in MODULES if f"TRAINING_{m}" in gaps]


def _with_employment(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    known = {w["worker"]: w["employment"] for w in (form_context.about or {}).get("workers", [])}
    return _check_still_valid({**field_values, "employment": known[field_values["worker"]]}, form_context)


def _check_still_valid(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    if field_values["valid_until"] is not None and date.fromisoformat(field_values["valid_until"]) < day_of(
        form_context.now
    ):
        raise FieldError("valid_until", "「有効期限」が過ぎています。日付を確かめてください。")
    return field_values


def commission_subject(
    about: Message, names: Mapping[str, str], agency: str
) -> tuple[str, list[tuple[str, str]]]:
    """Whose visitors a form is about: a contractor's by name, with scope and period of its contract, or our own."""
    if about.get("contractor") == about.get("by"):
        return "この機関の訪問支援者", []
    commissioned = about.get("by") == agency
    title = (
        f"委託先 {names.get(about['contractor'], 'ほかの機関')}"
        if commissioned
        else f"{names.get(about['by'], 'ほかの機関')}からの委託"
    )
    if not about.get("begins_on"):
        return title, [("契約", "まだ記録がありません")]
    until = f" {day_text(about['ends_on'])} まで" if about.get("ends_on") else ""
    return title, [
        ("委託の範囲", SCOPES.get(about["scope"], "")),
        ("期間", f"{day_text(about['begins_on'])} から{until}"),
    ]


def commissioned_by_us(form_context: FormContext, about: Message) -> bool:
    """True for a contractor of ours; our own visitors have no contract."""
    return about.get("by") == form_context.agency != about.get("contractor")


def _commissioned(form_context: FormContext, about: Message) -> bool:
    return about.get("contractor") == form_context.agency != about.get("by")


def _employed_by_us(form_context: FormContext, about: Message) -> bool:
    return about.get("contractor") == form_context.agency


def _exempted_by_us(form_context: FormContext, about: Message) -> bool:
    """True for our own visitors and for those of a contractor of ours, where a qualification was verified."""
    return about.get("by") == form_context.agency and bool(_verified_qualifications(about))


def _verified_qualifications(about: Message | None) -> Choices:
    """Each qualification that was verified, with the workers who have it."""
    holders: dict[str, list[str]] = {}
    for worker in (about or {}).get("workers", []):
        for qualification in worker.get("verified", []):
            holders.setdefault(qualification, []).append(worker["worker"])
    return {q: f"{q}({'、'.join(workers)})" for q, workers in holders.items()}


def _finalise_exemption(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """The qualification is one of the worker who is chosen."""
    workers = (form_context.about or {}).get("workers", [])
    own = [q for w in workers if w["worker"] == field_values["worker"] for q in w.get("verified", [])]
    if field_values["qualification"] not in own:
        raise FieldError("qualification", "選んだ訪問支援者について確認された資格を選んでください。")
    return field_values


def _suspended(form_context: FormContext, about: Message) -> bool:
    return commissioned_by_us(form_context, about) and bool(about.get("suspended"))


def _finalise_acknowledgement(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {"edition": (form_context.about or {})["edition"], "staff": form_context.actor}


def _not_yet_acknowledged(form_context: FormContext, about: Message) -> bool:
    return about.get("edition") is not None and form_context.actor not in about.get("acknowledged", [])


WORKER_FIELD = Field(name="worker", label="訪問支援者(登録番号)", input_kind=InputKind.ONE, choices=_workers)
SERVICE = Field(name="service", label="支援", input_kind=InputKind.ONE, choices=SERVICES)
VALID_UNTIL_FIELD = Field(
    name="valid_until",
    label="有効期限(最終日)",
    input_kind=InputKind.DAY,
    is_required=False,
    help="期限がなければ空けておいてください。",
)

CONTRACTS = "委託契約"


def _contractors(form_context: FormContext) -> Choices:
    return {
        id: other.name
        for id, other in form_context.agencies.items()
        if CONTRACTOR & other.roles and id != form_context.agency
    }


def _contract_fields(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    if field_values["ends_on"] is not None and field_values["ends_on"] < field_values["begins_on"]:
        raise FieldError("ends_on", "「終わりの日」が「始まりの日」より前です。日付を確かめてください。")
    return field_values


def _renewed_fields(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """The same contractor with another scope or another period."""
    contractor = (form_context.about or {})["contractor"]
    return _contract_fields({**field_values, "contractor": contractor}, form_context)


def _commission_with(field_values: FieldValues, form_context: FormContext) -> UUID:
    return commission_of(UUID(form_context.agency), UUID(field_values["contractor"]))


def _today(form_context: FormContext) -> list[str]:
    return [day_of(form_context.now).isoformat()]


def _as_contracted(name: str) -> Callable[[FormContext], list[str]]:
    return lambda form_context: [v for v in [(form_context.about or {}).get(name)] if v]


SCOPE_HELP = "全部委託では、対象の決定と支援計画の案も委託先が行います。"
ENDS_HELP = "契約書に終わりの日がなければ、空けておいてください。"

PROGRAMME_FORMS = (
    Form(
        key="contract",
        act=e.OutsourcingContractConcluded,
        title="委託契約を記録する",
        description="養育支援訪問事業を委託する機関と、その範囲・期間を記録します。",
        next_step="次は、委託先の要件を確認し、訪問支援者を登録してもらってください。協議会の構成員でない委託先は、調整機関に加入の手続きを依頼してください。",
        group=CONTRACTS,
        roles=CORE,
        offered_on=Kind.AGENCY,
        originator=_commission_with,
        fields=(
            Field(name="contractor", label="委託先", input_kind=InputKind.ONE, choices=_contractors),
            Field(
                name="scope", label="委託の範囲", input_kind=InputKind.ONE, choices=SCOPES, help=SCOPE_HELP
            ),
            Field(name="begins_on", label="始まりの日", input_kind=InputKind.DAY, default=_today),
            Field(
                name="ends_on",
                label="終わりの日(最終日)",
                input_kind=InputKind.DAY,
                is_required=False,
                help=ENDS_HELP,
            ),
            agreed("委託契約書を交わし、個人情報の取扱いに関する特記事項を含むことを確かめました"),
        ),
        finalise=_contract_fields,
        send="契約を記録する",
    ),
    Form(
        key="contract-renewed",
        act=e.OutsourcingContractConcluded,
        title="契約の期間・範囲を改める",
        description="この委託先との契約を、新しい期間または範囲で記録します。",
        next_step="範囲を広げたときは、その範囲の要件を確かめ直してください。",
        group=CONTRACTS,
        open=commissioned_by_us,
        fields=(
            Field(
                name="scope",
                label="委託の範囲",
                input_kind=InputKind.ONE,
                choices=SCOPES,
                default=_as_contracted("scope"),
                help=SCOPE_HELP,
            ),
            Field(
                name="begins_on",
                label="始まりの日",
                input_kind=InputKind.DAY,
                default=_as_contracted("begins_on"),
            ),
            Field(
                name="ends_on",
                label="終わりの日(最終日)",
                input_kind=InputKind.DAY,
                is_required=False,
                default=_as_contracted("ends_on"),
                help=ENDS_HELP,
            ),
        ),
        finalise=_renewed_fields,
        send="契約を記録する",
    ),
    Form(
        key="worker",
        act=e.SupportWorkerRegistered,
        title="訪問支援者を登録する",
        description="訪問する職員を、名前ではなく番号で登録します。",
        next_step="研修と(非常勤なら)誓約書がそろうと、割当を受けられます。",
        group=GROUP,
        fields=(
            Field(
                name="worker",
                label="登録番号",
                input_kind=InputKind.REF,
                help="英数字。名前は書かないでください。",
            ),
            Field(name="employment", label="勤務", input_kind=InputKind.ONE, choices=EMPLOYMENTS),
            Field(
                name="qualification",
                label="資格",
                input_kind=InputKind.ONE,
                choices={q: q for q in QUALIFICATIONS},
                is_required=False,
            ),
        ),
        send="登録する",
    ),
    Form(
        key="oath",
        act=e.OathSigned,
        title="誓約書を記録する",
        description="守秘の誓約書に署名を受けたことを記録します。非常勤の訪問支援者には欠かせません。",
        next_step="期限が切れると、委託先は停止して内容を開けなくなり、この機関の訪問支援者は新しく割り当てられなくなります。",
        group=GROUP,
        fields=(WORKER_FIELD, VALID_UNTIL_FIELD),
        finalise=_with_employment,
        send="誓約書を記録する",
    ),
    Form(
        key="training",
        act=e.TrainingModuleCompleted,
        title="研修の修了を記録する",
        description="基礎的研修の科目を修めたことを記録します。",
        next_step="期限が切れると、委託先は停止して内容を開けなくなり、この機関の訪問支援者は新しく割り当てられなくなります。",
        group=GROUP,
        fields=(
            WORKER_FIELD,
            Field(
                name="modules",
                label="修めた科目",
                input_kind=InputKind.MANY,
                choices=MODULES,
                default=_missing_modules,
            ),
            VALID_UNTIL_FIELD,
        ),
        fixed={"tier": "T1_BASIC"},
        finalise=_check_still_valid,
        send="修了を記録する",
    ),
    Form(
        key="qualification",
        act=e.QualificationVerified,
        title="資格を確認する",
        description="専門的相談支援に当たる人の資格証を確かめたことを記録します。",
        next_step="一覧にない資格のときは、理由も選んでください。",
        group=GROUP,
        fields=(
            WORKER_FIELD,
            Field(
                name="qualification",
                label="確かめた資格",
                input_kind=InputKind.ONE,
                choices={**{q: q for q in QUALIFICATIONS}, "その他の専門職": "その他の専門職"},
            ),
            reason_field(
                REASON_LABELS, "OTHER_PROFESSION", label="一覧にない資格のときの理由", is_required=False
            ),
        ),
        send="資格を確認する",
    ),
    Form(
        key="worker-left",
        act=e.SupportWorkerLeft,
        title="訪問支援者の退職を記録する",
        description="この人を名簿から外します。委託先も、委託元も記録できます。",
        next_step="この人の割当はすべて終わります。訪問支援者がいなくなった家庭には、代わりの人を割り当てる仕事が出ます。",
        group=GROUP,
        fields=(WORKER_FIELD, Field(name="left_on", label="最後の日", input_kind=InputKind.DAY)),
        send="退職を記録する",
    ),
    Form(
        key="record-check",
        act=e.CriminalRecordCheckRecorded,
        title="犯罪事実確認をしたことを記録する",
        description="雇い主として、こども性暴力防止法の犯罪事実確認をしたことと、その期限だけを記録します。",
        next_step="確認の結果や書面の内容は、架け橋のどこにも書かないでください。",
        group=GROUP,
        open=_employed_by_us,
        fields=(
            WORKER_FIELD,
            Field(name="checked_on", label="確認した日", input_kind=InputKind.DAY),
            Field(
                name="valid_until",
                label="有効期限(最終日)",
                input_kind=InputKind.DAY,
                help="確認の日から5年を経過する日の属する年度の末日まで。",
            ),
        ),
        finalise=_check_still_valid,
        send="記録する",
    ),
    Form(
        key="reinstate",
        act=e.ContractorReinstated,
        title="委託先を再開する",
        description="停止していた委託先の要件がそろったことを確かめ、再開します。",
        next_step="再開しても、保留した連絡はひとりでに届きません。仕事一覧の「保留した提供の解除を申し出る」から届けてください。",
        group=GROUP,
        open=_suspended,
        fields=(agreed("研修・誓約書・委託要件・要対協の構成員であることを確かめました"),),
        send="再開する",
    ),
    Form(
        key="rules-known",
        act=e.ConfidentialityRulesAcknowledged,
        title="守秘規程を確認したと記録する",
        description="あなた自身が、いまの守秘規程を読んで分かったことを記録します。ほかの人の分はできません。",
        next_step="確認するまで、あなたは内容を開けません。",
        group="守秘規程",
        open=_not_yet_acknowledged,
        fields=(agreed("いまの守秘規程を読み、守ります"),),
        finalise=_finalise_acknowledgement,
        send="確認したと記録する",
    ),
    Form(
        key="contractor-requirement",
        act=e.ContractorRequirementVerified,
        title="委託要件を確認する",
        description="委託先が、職員・守秘・管理の要件を満たすことを確かめたことを記録します。",
        next_step="要件がそろわない委託先は、割当を受けられません。守秘(9(1)[2])は、委託先自身の守秘規程と、守秘義務の研修を修めた人の記録があって初めて満たしたことになります。",
        group=GROUP,
        open=commissioned_by_us,
        fields=(
            Field(
                name="items",
                label="確かめた要件",
                input_kind=InputKind.MANY,
                choices=REQUIREMENTS,
                help="全部委託では3つとも要ります。委託の範囲は契約のとおりです。範囲を変えるときは「契約の期間・範囲を改める」で記録してください。",
            ),
        ),
        finalise=lambda field_values, form_context: {
            "items": [int(n) for n in field_values["items"]],
            "scope": (form_context.about or {})["scope"],
        },
        send="要件を確認する",
    ),
    Form(
        key="exemption",
        act=e.TrainingModuleExempted,
        title="研修の科目を省く",
        description="その分野の資格を確認した人について、委託元(中核機関)が科目の受講を省くことを認めます。",
        next_step="目的・守秘・地域資源の科目は、だれも省けません。",
        group=GROUP,
        open=_exempted_by_us,
        fields=(
            WORKER_FIELD,
            Field(name="module", label="省く科目", input_kind=InputKind.ONE, choices=MODULES),
            Field(
                name="qualification",
                label="確認された資格",
                input_kind=InputKind.ONE,
                choices=lambda form_context: _verified_qualifications(form_context.about),
                help="かっこの中の人について確認されています。",
            ),
        ),
        finalise=_finalise_exemption,
        send="省略を記録する",
    ),
    Form(
        key="further-training",
        act=e.TrainingModuleCompleted,
        title="技術向上・応用研修の修了を記録する",
        description="訪問を始めた人が続けて受ける研修を修めたことを記録します。",
        next_step="段階ごとに、長く受けていない人について知らせが出ます。",
        group=GROUP,
        fields=(
            WORKER_FIELD,
            Field(name="tier", label="段階", input_kind=InputKind.ONE, choices=FURTHER_TIERS),
            Field(name="modules", label="修めた科目", input_kind=InputKind.MANY, choices=MODULES),
        ),
        fixed={"valid_until": None},
        send="修了を記録する",
    ),
    Form(
        key="practice",
        act=e.FieldPracticeCompleted,
        title="同行訪問・実技を記録する",
        description="訪問支援者が同行訪問や実技を終えたことを記録します。",
        next_step="研修の記録に残ります。",
        group=GROUP,
        fields=(
            WORKER_FIELD,
            Field(name="practice", label="したこと", input_kind=InputKind.ONE, choices=PRACTICES),
        ),
        send="記録する",
    ),
    Form(
        key="performance",
        act=e.ContractorPerformanceReported,
        title="実施状況を報告する",
        description="期間の実施状況を、数だけで委託元に報告します。",
        next_step="報告が遅れると、委託元に知らせが出ます。",
        group=REPORTS,
        open=_commissioned,
        fields=(
            Field(name="begins_on", label="期間の始め", input_kind=InputKind.DAY),
            Field(name="ends_on", label="期間の終わり", input_kind=InputKind.DAY),
            Field(name="families", label="訪問した家庭の数", input_kind=InputKind.COUNT),
            Field(name="visits", label="訪問の回数", input_kind=InputKind.COUNT),
        ),
        send="報告する",
    ),
    Form(
        key="supervision",
        act=e.ContractorSupervised,
        title="委託先を指導した",
        description="委託先を指導し、見つかったことを記録します。",
        next_step="「要件に疑いがある」なら、新しい割当はできなくなります。期限までに要件を確かめ直さないと、委託先は停止します。",
        group=REPORTS,
        open=commissioned_by_us,
        fields=(Field(name="finding", label="結果", input_kind=InputKind.ONE, choices=FINDINGS),),
        purpose=Purpose.SUPERVISION,
        send="指導を記録する",
    ),
    Form(
        key="contract-ended",
        act=e.OutsourcingContractEnded,
        title="委託を終える",
        description="この委託先との委託を終えます。",
        next_step="委託先は、これまでに受けた内容を開けなくなります。",
        group=GROUP,
        open=commissioned_by_us,
        fields=(agreed("訪問中の家庭を引き継いだことを確かめました"),),
        send="委託を終える",
    ),
    Form(
        key="rules-adopted",
        act=e.ConfidentialityRulesAdopted,
        title="守秘規程を定める",
        description="自機関の守秘規程を定めた(改めた)ことを記録します。",
        next_step="職員が一人ずつ「確認したと記録する」まで、その人は内容を開けません。",
        group="守秘規程",
        fields=(
            Field(
                name="edition",
                label="規程の名前・版",
                input_kind=InputKind.REF,
                help="例: rules-2026。英数字で書いてください。",
            ),
        ),
        send="定める",
    ),
    *(
        Form(
            key=key,
            act=act,
            title=f"事業の{heading}を届け出る",
            description=f"第2種社会福祉事業の{heading}を都道府県に届け出ます。",
            next_step="一月を過ぎた届出には理由が要ります。",
            group="届出・指導監督",
            roles=CORE | CONTRACTOR,
            fields=(
                Field(name="happened_on", label=f"{heading}の日", input_kind=InputKind.DAY),
                Field(
                    name="items",
                    label="届け出ること",
                    input_kind=InputKind.MANY,
                    choices=BUSINESS_ITEMS,
                    default=lambda form_context: tuple(BUSINESS_ITEMS),
                ),
                reason_field(REASON_LABELS, "COME_LATE", label="遅れた理由", is_required=False),
            ),
            send="届け出る",
        )
        for key, act, heading in (
            ("business-began", e.BusinessCommencementNotified, "開始"),
            ("business-changed", e.BusinessChangeNotified, "変更"),
            ("business-ended", e.BusinessAbolitionNotified, "廃止"),
        )
    ),
    Form(
        key="prefectural-supervision",
        act=e.PrefecturalSupervisionReceived,
        title="都道府県の指導監督を受けた",
        description="指導監督を受け、示されたことを記録します。",
        next_step="自機関の記録に残ります。",
        group="届出・指導監督",
        roles=CORE | CONTRACTOR,
        fields=(Field(name="finding", label="結果", input_kind=InputKind.ONE, choices=FINDINGS),),
        send="記録する",
    ),
    Form(
        key="community-service",
        act=e.CommunityServiceRegistered,
        title="地域の支援を登録する",
        description="この事業とあわせて使える地域の支援を登録します。",
        next_step="後続の支援を考えるときの手がかりになります。",
        group="地域の支援",
        roles=CORE,
        fields=(
            SERVICE,
            Field(name="places", label="受け入れられる数", input_kind=InputKind.COUNT, is_required=False),
        ),
        send="登録する",
    ),
    Form(
        key="resource-gap",
        act=e.ResourceGapRecorded,
        title="足りない支援を記録する",
        description="必要としたのに使えなかった家庭の数を、数だけで記録します。",
        next_step="地域の支援を整えるときの根拠になります。",
        group="地域の支援",
        roles=CORE,
        fields=(SERVICE, Field(name="families", label="家庭の数", input_kind=InputKind.COUNT)),
        send="記録する",
    ),
)
