"""A contractor's papers and its reinstatement, the rules of secrecy, and what the audit office asks to open."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.calendar import day_of
from domain.codes import Purpose
from domain.facts import (
    AuditContentAccessGranted,
    AuditContentAccessRequested,
    ConfidentialityRulesAcknowledged,
    ContractorReinstated,
    OathSigned,
    QualificationVerified,
    SupportWorkerRegistered,
    TrainingModuleCompleted,
)
from domain.rulebook import QUALIFICATIONS
from gateway.forms.fill import Mend
from gateway.forms.kinds import AUTHORITIES, Ask, Choices, Field, Form, Made, Message, Scene, agreed, why
from gateway.pages.labels import EMPLOYMENTS, MODULES, WHYS

GROUP = "委託先の要件"


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
    return bool(about.get("by") == scene.agency)


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
        then="期限が切れると委託先は停止し、内容を開けなくなります。",
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
        then="期限が切れると委託先は停止し、内容を開けなくなります。",
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
