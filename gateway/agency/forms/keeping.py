"""What is kept hidden, under which conditions it was given, how long it is kept, and how it goes."""

from __future__ import annotations

from domain.codes import Appraisal, Purpose, Section
from domain.events import (
    ControlAppraised,
    DestructionApproved,
    DisclosureConditionsImposed,
    DisclosureMade,
    FamilyInformationProvided,
    InformationRequestAnswered,
    LegalHoldLifted,
    LegalHoldPlaced,
    ProtectedAddressRegistered,
    RecordsAppraised,
    RetentionPolicyAssigned,
)
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CORE,
    TO_OFFICE,
    Ask,
    Choices,
    Field,
    Form,
    Made,
    Message,
    Scene,
    To,
    Words,
    agreed,
    another_person,
    in_words,
    ours,
)
from gateway.pages.labels import APPRAISALS, CONDITIONS, HOLD_GROUNDS, RETENTIONS
from gateway.pages.texts import SECTIONS

HIDDEN = "秘匿・提供条件"
DISPOSAL = "保存・廃棄"


def _sent_by_us(scene: Scene, about: Message) -> bool:
    return ours(scene, about) and bool(about.get("to"))


def _another_of_ours(scene: Scene, about: Message) -> bool:
    """Two others of the agency that appraised it, where it is to be destroyed."""
    goes = about["fields"].get("appraisal", Appraisal.DESTROY) == Appraisal.DESTROY
    return ours(scene, about) and goes and another_person(scene, about, DestructionApproved)


def _sections(scene: Scene) -> Choices:
    """The sections that this door knows the case to have."""
    known = {i["section"] for m in scene.messages for i in m.get("items", [])}
    return {s: text for s, text in SECTIONS.items() if s in known}


def _appraised(made: Made, scene: Scene) -> Made:
    return made if made["appraisal"] == "DESTROY" else {**made, "sections": []}


KEEPING = (
    Form(
        key="protected-address",
        act=ProtectedAddressRegistered,
        title="住所を秘匿する",
        lead="DV等支援措置などで、住所を知られてはならないことを登録します。住所は自機関と宛先だけが開けます。",
        then="この先、住所は「秘匿住所」としてしか送れません。ほかの保護者の一覧は、ここで止まります。",
        group=HIDDEN,
        fields=(
            Field(
                name="until",
                label="措置の最終日",
                ask=Ask.DAY,
                must=False,
                help="決まっていなければ空けておいてください。",
            ),
        ),
        words=(Words(section=Section.ADDR, label="秘匿する住所", must=True),),
        to=To(roles=AUTHORITIES, bases=TO_OFFICE, help="知らせる相手。選ばなければ自機関だけが開けます。"),
        purpose=Purpose.SAFETY,
        send="秘匿を登録する",
    ),
    Form(
        key="conditions",
        act=DisclosureConditionsImposed,
        title="提供に条件を付ける",
        lead="渡した情報の使い方について、相手に条件を求めます。",
        then="相手に届き、その画面に条件が示されます。",
        group=HIDDEN,
        about=(DisclosureMade, InformationRequestAnswered, FamilyInformationProvided),
        answers="disclosure",
        open=_sent_by_us,
        times=5,
        fields=(
            Field(name="conditions", label="条件", ask=Ask.MANY, choices=CONDITIONS),
            Field(name="until", label="持っていてよい最終日", ask=Ask.DAY, must=False),
        ),
        to=To(fixed=Scene.other_side),
        send="条件を求める",
    ),
    Form(
        key="retention",
        act=RetentionPolicyAssigned,
        title="保存期間を指定する",
        lead="この事例の内容をいつまで保存するかを指定します。年数は規則集にあります。",
        then="満了すると評価を求める知らせが出ます。ひとりでに消えることはありません。",
        group=DISPOSAL,
        roles=CORE,
        fields=(
            Field(name="policy", label="保存の区分", ask=Ask.ONE, choices=RETENTIONS),
            Field(
                name="until",
                label="子どもがその年齢に達する日",
                ask=Ask.DAY,
                must=False,
                help="「子どもの年齢まで」のときだけ書きます。",
            ),
        ),
        send="指定する",
    ),
    Form(
        key="hold",
        act=LegalHoldPlaced,
        title="廃棄を止める",
        lead="検証・訴訟・請求中のため、この事例の記録の廃棄を止めます。",
        then="解くまで何も廃棄されません。",
        group=DISPOSAL,
        roles=AUTHORITIES,
        fields=(Field(name="ground", label="理由", ask=Ask.ONE, choices=HOLD_GROUNDS),),
        words=(in_words(),),
        send="廃棄を止める",
    ),
    Form(
        key="hold-lifted",
        act=LegalHoldLifted,
        title="廃棄の停止を解く",
        lead="止める理由がなくなったので、停止を解きます。止めた機関だけが解けます。",
        then="ほかに停止がなければ、満了した記録は評価できます。",
        group=DISPOSAL,
        roles=AUTHORITIES,
        about=(LegalHoldPlaced,),
        answers="lifts",
        open=ours,
        fields=(agreed("廃棄を止める理由がなくなったことを確かめました"),),
        send="停止を解く",
    ),
    Form(
        key="appraisal",
        act=RecordsAppraised,
        title="満了した記録を評価する",
        lead="保存期間が満了した内容を、廃棄するか、歴史公文書等として残すかを評価します。",
        then="廃棄には、あなたのほかに二人の承認が要ります。二人目の承認で鍵が失われ、元には戻りません。",
        group=DISPOSAL,
        roles=CORE,
        fields=(
            Field(name="appraisal", label="評価", ask=Ask.ONE, choices=APPRAISALS),
            Field(
                name="sections",
                label="廃棄する情報区分",
                ask=Ask.MANY,
                choices=_sections,
                must=False,
                help="廃棄するときは一つ以上。",
            ),
        ),
        words=(in_words("評価の理由"),),
        made=_appraised,
        tasks=frozenset({"LATE_RETENTION"}),
        send="評価を記録する",
    ),
    Form(
        key="control-appraisal",
        act=ControlAppraised,
        title="やり取りの記録も廃棄する",
        lead="内容をすべて廃棄した後、だれがだれに何をいつ伝えたかの記録も廃棄するよう評価します。",
        then="二人の承認で、この事例のことはだれにも読めなくなります。抜けや改ざんがないことは、その後も確かめられます。",
        group=DISPOSAL,
        roles=CORE,
        fields=(agreed("内容はすべて廃棄され、やり取りの記録も残す必要がないことを確かめました"),),
        tasks=frozenset({"LATE_RETENTION"}),
        send="評価を記録する",
    ),
    Form(
        key="destruction-word",
        act=DestructionApproved,
        title="廃棄を承認する",
        lead="評価した人とは別の二人が、自分の判断で承認します。",
        then="二人目の承認で鍵が失われ、元には戻りません。",
        group=DISPOSAL,
        roles=CORE,
        about=(RecordsAppraised, ControlAppraised),
        answers="approves",
        open=_another_of_ours,
        times=2,
        fields=(agreed("評価の内容を確かめ、自分の判断で廃棄を承認します"),),
        send="承認する",
    ),
)
