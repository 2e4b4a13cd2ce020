"""A family moves: begun when the move is planned, receipted thing by thing, over when the child was seen there."""

from __future__ import annotations

from domain.codes import HandoverItem, Purpose, Section
from domain.events import (
    CgcTransferNotified,
    ChildSighted,
    RelocationConfirmed,
    RelocationLearned,
    TransferCompleted,
    TransferConferenceHeld,
    TransferInitiated,
    TransferPackageSent,
    TransferReceiptConfirmed,
)
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CGC,
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
    ours,
    seen,
    theirs,
    why,
)
from gateway.pages.labels import HANDOVER_ITEMS, HANDOVER_STATES, WHYS

GROUP = "転居・移管"
BETWEEN = ("APPI-69-2-3", "CWA-25-2-2", "CAPA-13-4", "APPI-69-2-1")
MOVES_ON = Field(
    name="moves_on",
    label="転居(予定)の日",
    ask=Ask.DAY,
    must=False,
    help="分からなければ空けておいてください。",
)


def _sent_things(scene: Scene) -> Choices:
    """What came with what it is about; all things where it came on paper."""
    checklist = (scene.about or {}).get("fields", {}).get("checklist", {})
    sent = [item for item, state in checklist.items() if state == "SENT"]
    return {i: text for i, text in HANDOVER_ITEMS.items() if not checklist or i in sent}


def _core_of_transfer(scene: Scene, about: Message) -> bool:
    return bool(scene.roles & CORE) and (ours(scene, about) or theirs(scene, about))


def _seen(made: Made, scene: Scene) -> Made:
    return {**made, "child_seen": bool(made.get("child_seen"))}


RISK = Words(section=Section.RISK, label="危険度・保護(リスクアセスメントシート)", must=True)
BASIC = Words(section=Section.BASIC, label="家族構成・基本情報")
CHILD = Words(section=Section.CHILD, label="子どもの状況")
CAREGIVER = Words(section=Section.CAREGIVER, label="養育者の状況")
PLAN = Words(section=Section.PLAN, label="支援計画")
VISIT = Words(section=Section.VISIT, label="訪問記録")
ADDR = Words(section=Section.ADDR, label="転居先", help="「秘匿住所」として封をします。宛先だけが開けます。")

MOVES = (
    Form(
        key="relocation",
        act=RelocationLearned,
        title="転居(予定)を知らせる",
        lead="転居の予定や事実を知ったときに、すぐ中核機関などへ知らせます。",
        then="中核機関は7日のうちに移管を始めます。",
        group=GROUP,
        fields=(MOVES_ON,),
        words=(ADDR,),
        to=To(roles=AUTHORITIES, first=CORE, bases=TO_OFFICE),
        begins=True,
    ),
    Form(
        key="transfer",
        act=TransferInitiated,
        title="移管を始める",
        lead="転居先の市町村の中核機関に、引き継ぐことを知らせます。転居が決まる前、予定の段階で始めてください。",
        then="相手は24時間のうちに受領を確認します。相手が子どもを目視するまで、責任は移りません。続けて「移管一式を送る」へ進んでください。",
        group=GROUP,
        roles=CORE,
        fields=(MOVES_ON,),
        words=(BASIC, Words(section=Section.RISK, label="いまの危険度"), ADDR),
        to=To(
            roles=CORE,
            elsewhere=True,
            bases=BETWEEN,
            usual=BETWEEN[0],
            help="相手の市町村の窓口がここにないときは、宛先を選ばずに始め、紙で送ってください。",
        ),
    ),
    Form(
        key="package",
        act=TransferPackageSent,
        title="移管一式を送る",
        lead="引き継ぐ書類を点検表のとおりに送ります。リスクアセスメントシートと写真の有無には必ず答えます。",
        then="相手は届いたものを一つずつ確認します。24時間のうちに確認がなければ知らせが出ます。",
        group=GROUP,
        roles=CORE,
        about=(TransferInitiated,),
        answers="hands_over",
        open=ours,
        times=20,
        fields=(
            Field(
                name="checklist",
                label="点検表",
                ask=Ask.EACH,
                rows=lambda s: HANDOVER_ITEMS,
                choices=HANDOVER_STATES,
                must_rows=frozenset({HandoverItem.RISK_SHEET.value, HandoverItem.PHOTOS.value}),
                help="送らないものは「ない」か「別に送る」を選んでください。",
            ),
        ),
        words=(RISK, BASIC, CHILD, CAREGIVER, PLAN, VISIT, ADDR),
        to=To(fixed=Scene.other_side, bases=BETWEEN, usual=BETWEEN[0]),
    ),
    Form(
        key="cgc-transfer",
        act=CgcTransferNotified,
        title="児童相談所どうしで移管を知らせる",
        lead="転居先を受け持つ児童相談所に、引き継ぐことを知らせます。",
        then="相手の児童相談所に届きます。",
        group=GROUP,
        roles=CGC,
        words=(RISK, BASIC, ADDR),
        to=To(roles=CGC, must=True, bases=("CAPA-4-6", *BETWEEN)),
    ),
    Form(
        key="receipt",
        act=TransferReceiptConfirmed,
        title="移管の受領を確認する",
        lead="手元に届いたものだけに印を付けてください。届いていないものは、送り手に分かります。",
        then="受領しても、責任はまだ移りません。子どもを目視して「移管を完了する」と移ります。",
        group=GROUP,
        about=(TransferInitiated, TransferPackageSent),
        open=theirs,
        times=5,
        fields=(
            Field(
                name="received",
                label="手元にあるもの",
                ask=Ask.MANY,
                choices=_sent_things,
                must=False,
                help="中身を開いて確かめてから印を付けてください。",
            ),
        ),
        to=To(fixed=Scene.other_side),
        tasks=frozenset({"CONFIRM_TRANSFER", "LATE_TRANSFER"}),
        send="受領を確認する",
    ),
    Form(
        key="transfer-conference",
        act=TransferConferenceHeld,
        title="引継ぎ会議を記録する",
        lead="双方で顔を合わせて引き継いだことを記録します。",
        then="相手にも届きます。",
        group=GROUP,
        about=(TransferInitiated,),
        answers="hands_over",
        open=_core_of_transfer,
        times=20,
        words=(Words(section=Section.CONF, label="会議録"),),
        to=To(fixed=Scene.other_side, bases=BETWEEN, usual=BETWEEN[0]),
    ),
    Form(
        key="moved",
        act=RelocationConfirmed,
        title="転居を確認する",
        lead="転居したこと、転居先で子ども本人を見たかを記録します。",
        then="転居先の市町村が子どもを目視すると、移管を完了できます。",
        group=GROUP,
        roles=CORE,
        fields=(
            Field(name="moved_on", label="転居した日", ask=Ask.DAY, must=False),
            seen("見ていない(電話・家族の話だけ)"),
        ),
        to=To(roles=AUTHORITIES, first=CORE),
    ),
    Form(
        key="sighted",
        act=ChildSighted,
        title="子どもを目視した",
        lead="子ども本人を自分の目で見たことを記録します。電話や家族の話だけのときは使わないでください。",
        then="48時間の安全確認の期限が止まり、移管では「子どもの目視」が済みます。",
        group="通告・安全",
        fields=(agreed("子ども本人を、この目で見ました"),),
        words=(CHILD,),
        to=To(
            roles=AUTHORITIES,
            first=CORE,
            bases=("CWA-25-2-2", *TO_OFFICE),
            help="知らせる相手。選ばなければ自機関の記録になります。",
        ),
        purpose=Purpose.SAFETY,
        begins=False,
    ),
    Form(
        key="transfer-done",
        act=TransferCompleted,
        title="移管を完了する",
        lead="転居先の市町村が子どもを目視したときに、責任を移します。",
        then="この記録から、転居先の中核機関がこの事例の責任を持ちます。",
        group=GROUP,
        about=(TransferInitiated,),
        answers="hands_over",
        open=_core_of_transfer,
        fields=(
            seen("まだ見ていない", "転居先の市町村が子ども本人を見ましたか"),
            why(
                WHYS,
                "COMES_LATER",
                "NO_SUCH_THING",
                label="受領していないものがあるときの理由",
                must=False,
                help="すべて受け取っていれば要りません。",
            ),
        ),
        to=To(fixed=Scene.other_side),
        made=_seen,
        tasks=frozenset({"LATE_HANDOVER"}),
        send="移管を完了する",
    ),
)
