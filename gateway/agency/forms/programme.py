"""A contractor's papers and its reinstatement, the rules of secrecy, and what the audit office asks to open."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.calendar import day_of
from domain.codes import Purpose
from domain.events import (
    AuditContentAccessGranted,
    AuditContentAccessRequested,
    BusinessAbolitionNotified,
    BusinessChangeNotified,
    BusinessCommencementNotified,
    CommunityServiceRegistered,
    ConfidentialityRulesAcknowledged,
    ConfidentialityRulesAdopted,
    ContractorPerformanceReported,
    ContractorReinstated,
    ContractorRequirementVerified,
    ContractorSupervised,
    FieldPracticeCompleted,
    OathSigned,
    OutsourcingContractEnded,
    PrefecturalSupervisionReceived,
    QualificationVerified,
    ResourceGapRecorded,
    SupportWorkerRegistered,
    TrainingModuleCompleted,
    TrainingModuleExempted,
)
from domain.rulebook import QUALIFICATIONS
from gateway.agency.forms.fill import Mend
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CONTRACTOR,
    CORE,
    Ask,
    Choices,
    Field,
    Form,
    Made,
    Message,
    Scene,
    agreed,
    why,
)
from gateway.pages.labels import (
    BUSINESS_ITEMS,
    EMPLOYMENTS,
    FINDINGS,
    FURTHER_TIERS,
    MODULES,
    PRACTICES,
    REQUIREMENTS,
    SCOPES,
    SERVICES,
    WHYS,
)

GROUP = "委託先の要件"
REPORTS = "委託先の報告・指導"


def _workers(scene: Scene) -> Choices:
    return {w["worker"]: w["worker"] for w in (scene.about or {}).get("workers", [])}


def _lacking(scene: Scene) -> list[str]:
    """The modules that some visitor lacks."""
    gaps = {g for w in (scene.about or {}).get("workers", []) for g in w["gaps"]}
    return [m for m in MODULES if f"TRAINING_{m}" in gaps]


def _employed(made: Made, scene: Scene) -> Made:
    known = {w["worker"]: w["employment"] for w in (scene.about or {}).get("workers", [])}
    return _still({**made, "employment": known[made["worker"]]}, scene)


def _still(made: Made, scene: Scene) -> Made:
    if made["valid_until"] is not None and date.fromisoformat(made["valid_until"]) < day_of(scene.now):
        raise Mend("valid_until", "「有効期限」が過ぎています。日付を確かめてください。")
    return made


def commissioned_by_us(scene: Scene, about: Message) -> bool:
    """A contractor of ours: our own visitors are under no commission."""
    return about.get("by") == scene.agency != about.get("contractor")


def _commissioned(scene: Scene, about: Message) -> bool:
    return about.get("contractor") == scene.agency != about.get("by")


def _suspended(scene: Scene, about: Message) -> bool:
    return commissioned_by_us(scene, about) and bool(about.get("suspended"))


def _rules(made: Made, scene: Scene) -> Made:
    return {"edition": (scene.about or {})["edition"], "staff": scene.actor}


def _not_yet_known(scene: Scene, about: Message) -> bool:
    return about.get("edition") is not None and scene.actor not in about.get("acknowledged", [])


def _granted(made: Made, scene: Scene) -> Made:
    asked: dict[str, Any] = (scene.about or {})["fields"]
    return {"opens": asked["opens"], "until": asked["until"]}


WORKER = Field(name="worker", label="訪問支援者(登録番号)", ask=Ask.ONE, choices=_workers)
SERVICE = Field(name="service", label="支援", ask=Ask.ONE, choices=SERVICES)
UNTIL = Field(
    name="valid_until",
    label="有効期限(最終日)",
    ask=Ask.DAY,
    must=False,
    help="期限がなければ空けておいてください。",
)

PROGRAMME = (
    Form(
        key="worker",
        act=SupportWorkerRegistered,
        title="訪問支援者を登録する",
        lead="訪問する職員を、名前ではなく番号で登録します。",
        then="研修と(非常勤なら)誓約書がそろうと、割当を受けられます。",
        group=GROUP,
        fields=(
            Field(name="worker", label="登録番号", ask=Ask.REF, help="英数字。名前は書かないでください。"),
            Field(name="employment", label="勤務", ask=Ask.ONE, choices=EMPLOYMENTS),
            Field(
                name="qualification",
                label="資格",
                ask=Ask.ONE,
                choices={q: q for q in QUALIFICATIONS},
                must=False,
            ),
        ),
        send="登録する",
    ),
    Form(
        key="oath",
        act=OathSigned,
        title="誓約書を記録する",
        lead="守秘の誓約書に署名を受けたことを記録します。非常勤の訪問支援者には欠かせません。",
        then="期限が切れると、委託先は停止して内容を開けなくなり、この機関の訪問支援者は新しく割り当てられなくなります。",
        group=GROUP,
        fields=(WORKER, UNTIL),
        made=_employed,
        send="誓約書を記録する",
    ),
    Form(
        key="training",
        act=TrainingModuleCompleted,
        title="研修の修了を記録する",
        lead="基礎的研修の科目を修めたことを記録します。",
        then="期限が切れると、委託先は停止して内容を開けなくなり、この機関の訪問支援者は新しく割り当てられなくなります。",
        group=GROUP,
        fields=(
            WORKER,
            Field(
                name="modules",
                label="修めた科目",
                ask=Ask.MANY,
                choices=MODULES,
                default=_lacking,
            ),
            UNTIL,
        ),
        fixed={"tier": "T1_BASIC"},
        made=_still,
        send="修了を記録する",
    ),
    Form(
        key="qualification",
        act=QualificationVerified,
        title="資格を確認する",
        lead="専門的相談支援に当たる人の資格証を確かめたことを記録します。",
        then="一覧にない資格のときは、理由も選んでください。",
        group=GROUP,
        fields=(
            WORKER,
            Field(
                name="qualification",
                label="確かめた資格",
                ask=Ask.ONE,
                choices={**{q: q for q in QUALIFICATIONS}, "その他の専門職": "その他の専門職"},
            ),
            why(WHYS, "OTHER_PROFESSION", label="一覧にない資格のときの理由", must=False),
        ),
        send="資格を確認する",
    ),
    Form(
        key="reinstate",
        act=ContractorReinstated,
        title="委託先を再開する",
        lead="停止していた委託先の要件がそろったことを確かめ、再開します。",
        then="再開しても、保留した連絡はひとりでに届きません。仕事一覧の「保留した開示の解除を申し出る」から届けてください。",
        group=GROUP,
        open=_suspended,
        fields=(agreed("研修・誓約書・委託要件・要対協の構成員であることを確かめました"),),
        send="再開する",
    ),
    Form(
        key="rules-known",
        act=ConfidentialityRulesAcknowledged,
        title="守秘規程を確認したと記録する",
        lead="あなた自身が、いまの守秘規程を読んで分かったことを記録します。ほかの人の分はできません。",
        then="確認するまで、あなたは内容を開けません。",
        group="守秘規程",
        open=_not_yet_known,
        fields=(agreed("いまの守秘規程を読み、守ります"),),
        made=_rules,
        send="確認したと記録する",
    ),
    Form(
        key="contractor-requirement",
        act=ContractorRequirementVerified,
        title="委託要件を確認する",
        lead="委託先が、職員・守秘・管理の要件を満たすことを確かめたことを記録します。",
        then="要件がそろわない委託先は、割当を受けられません。",
        group=GROUP,
        open=commissioned_by_us,
        fields=(
            Field(name="items", label="確かめた要件", ask=Ask.MANY, choices=REQUIREMENTS),
            Field(name="scope", label="委託の範囲", ask=Ask.ONE, choices=SCOPES),
        ),
        made=lambda made, scene: {**made, "items": [int(n) for n in made["items"]]},
        send="要件を確認する",
    ),
    Form(
        key="exemption",
        act=TrainingModuleExempted,
        title="研修の科目を省く",
        lead="その分野の資格がある人について、科目の受講を省くことを記録します。",
        then="目的・守秘・地域資源の科目は、だれも省けません。",
        group=GROUP,
        fields=(
            WORKER,
            Field(name="module", label="省く科目", ask=Ask.ONE, choices=MODULES),
            Field(name="qualification", label="資格", ask=Ask.ONE, choices={q: q for q in QUALIFICATIONS}),
        ),
        send="省略を記録する",
    ),
    Form(
        key="further-training",
        act=TrainingModuleCompleted,
        title="技術向上・応用研修の修了を記録する",
        lead="訪問を始めた人が続けて受ける研修を修めたことを記録します。",
        then="段階ごとに、長く受けていない人について知らせが出ます。",
        group=GROUP,
        fields=(
            WORKER,
            Field(name="tier", label="段階", ask=Ask.ONE, choices=FURTHER_TIERS),
            Field(name="modules", label="修めた科目", ask=Ask.MANY, choices=MODULES),
        ),
        fixed={"valid_until": None},
        send="修了を記録する",
    ),
    Form(
        key="practice",
        act=FieldPracticeCompleted,
        title="同行訪問・実技を記録する",
        lead="訪問支援者が同行訪問や実技を終えたことを記録します。",
        then="研修の記録に残ります。",
        group=GROUP,
        fields=(WORKER, Field(name="practice", label="したこと", ask=Ask.ONE, choices=PRACTICES)),
        send="記録する",
    ),
    Form(
        key="performance",
        act=ContractorPerformanceReported,
        title="実施状況を報告する",
        lead="期間の実施状況を、数だけで委託元に報告します。",
        then="報告が遅れると、委託元に知らせが出ます。",
        group=REPORTS,
        open=_commissioned,
        fields=(
            Field(name="begins_on", label="期間の始め", ask=Ask.DAY),
            Field(name="ends_on", label="期間の終わり", ask=Ask.DAY),
            Field(name="families", label="訪問した家庭の数", ask=Ask.COUNT),
            Field(name="visits", label="訪問の回数", ask=Ask.COUNT),
        ),
        send="報告する",
    ),
    Form(
        key="supervision",
        act=ContractorSupervised,
        title="委託先を指導した",
        lead="委託先を指導し、見つかったことを記録します。",
        then="要件に疑いがあれば、委託先は停止します。",
        group=REPORTS,
        open=commissioned_by_us,
        fields=(Field(name="finding", label="結果", ask=Ask.ONE, choices=FINDINGS),),
        purpose=Purpose.SUPERVISION,
        send="指導を記録する",
    ),
    Form(
        key="contract-ended",
        act=OutsourcingContractEnded,
        title="委託を終える",
        lead="この委託先との委託を終えます。",
        then="委託先は、これまでに受けた内容を開けなくなります。",
        group=GROUP,
        open=commissioned_by_us,
        fields=(agreed("訪問中の家庭を引き継いだことを確かめました"),),
        send="委託を終える",
    ),
    Form(
        key="rules-adopted",
        act=ConfidentialityRulesAdopted,
        title="守秘規程を定める",
        lead="自機関の守秘規程を定めた(改めた)ことを記録します。",
        then="職員が一人ずつ「確認したと記録する」まで、その人は内容を開けません。",
        group="守秘規程",
        fields=(
            Field(
                name="edition",
                label="規程の名前・版",
                ask=Ask.REF,
                help="例: rules-2026。英数字で書いてください。",
            ),
        ),
        send="定める",
    ),
    *(
        Form(
            key=key,
            act=act,
            title=f"事業の{what}を届け出る",
            lead=f"第2種社会福祉事業の{what}を都道府県に届け出ます。",
            then="一月を過ぎた届出には理由が要ります。",
            group="届出・指導監督",
            roles=CORE | CONTRACTOR,
            fields=(
                Field(name="happened_on", label=f"{what}の日", ask=Ask.DAY),
                Field(
                    name="items",
                    label="届け出ること",
                    ask=Ask.MANY,
                    choices=BUSINESS_ITEMS,
                    default=lambda scene: tuple(BUSINESS_ITEMS),
                ),
                why(WHYS, "COME_LATE", label="遅れた理由", must=False),
            ),
            send="届け出る",
        )
        for key, act, what in (
            ("business-began", BusinessCommencementNotified, "開始"),
            ("business-changed", BusinessChangeNotified, "変更"),
            ("business-ended", BusinessAbolitionNotified, "廃止"),
        )
    ),
    Form(
        key="prefectural-supervision",
        act=PrefecturalSupervisionReceived,
        title="都道府県の指導監督を受けた",
        lead="指導監督を受け、示されたことを記録します。",
        then="自機関の記録に残ります。",
        group="届出・指導監督",
        roles=CORE | CONTRACTOR,
        fields=(Field(name="finding", label="結果", ask=Ask.ONE, choices=FINDINGS),),
        send="記録する",
    ),
    Form(
        key="community-service",
        act=CommunityServiceRegistered,
        title="地域の支援を登録する",
        lead="この事業とあわせて使える地域の支援を登録します。",
        then="後続の支援を考えるときの手がかりになります。",
        group="地域の支援",
        roles=CORE,
        fields=(SERVICE, Field(name="places", label="受け入れられる数", ask=Ask.COUNT, must=False)),
        send="登録する",
    ),
    Form(
        key="resource-gap",
        act=ResourceGapRecorded,
        title="足りない支援を記録する",
        lead="必要としたのに使えなかった家庭の数を、数だけで記録します。",
        then="地域の支援を整えるときの根拠になります。",
        group="地域の支援",
        roles=CORE,
        fields=(SERVICE, Field(name="families", label="家庭の数", ask=Ask.COUNT)),
        send="記録する",
    ),
)

AUDIT = Form(
    key="audit-grant",
    act=AuditContentAccessGranted,
    title="監査閲覧を承認する",
    lead="監査機関が、名指しした項目の内容を見たいと求めています。別の二人の職員の承認で、その項目だけが期限まで開きます。",
    then="二人目の承認で、持ち主の窓口が監査機関の鍵を作り、閲覧はすべて記録されます。認めないときは承認しないでください。期限が過ぎれば求めは終わります。",
    group="監査",
    roles=AUTHORITIES,
    about=(AuditContentAccessRequested,),
    answers="grants",
    times=2,
    fields=(agreed("求められた項目と期限を確かめ、自分の判断で承認します"),),
    purpose=Purpose.AUDIT,
    made=_granted,
    send="承認する",
)
