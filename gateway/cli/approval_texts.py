"""What a registrar reads before signing: each document in plain Japanese, with everything that is signed in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from domain import events as e
from domain.calendar import JST
from domain.codes import Body, Role
from domain.record import Command
from gateway.installation.approval_checks import CheckedDocument, CheckedRequest
from gateway.installation.public_half import fingerprint, grouped
from gateway.pages.texts import role_text
from keys.genesis import Genesis
from keys.keyset import KeySet
from keys.signing import SignaturePublic

BODIES = {
    Body.MUNICIPALITY: "市区町村",
    Body.PREFECTURE: "都道府県",
    Body.MEDICAL: "医療機関",
    Body.WELFARE_FACILITY: "社会福祉施設",
    Body.SCHOOL: "学校",
    Body.COMMISSIONED: "委託を受けた団体",
    Body.PRIVATE: "民間",
    Body.OTHER_PUBLIC: "その他の公的機関",
    Body.COURT: "裁判所",
    Body.INVESTIGATION: "捜査機関(検察・警察)",
    Body.BAR: "弁護士会",
}
CUSTODIES = {
    "OWN_DEVICE": "機関自身の機械(OWN_DEVICE)",
    "HSM": "機関自身の暗号装置(HSM)",
    "HOSTED": "共同の機械に預けている(HOSTED)",
}


def request_lines(checked: CheckedRequest, own: SignaturePublic) -> Iterator[str]:
    """Everything that an approval signs, line by line."""
    genesis = checked.request.genesis
    yield f"請求の照合番号: {grouped(checked.request.digest)}"
    yield f"ハブの識別子: {genesis.hub.hex()}"
    yield f"ハブの種類: {'実際の運用' if genesis.mode == 'real' else '訓練用'}"
    for number, document in enumerate(checked.documents, 1):
        yield ""
        yield f"文書 {number}/{len(checked.documents)}(照合番号 {grouped(document.document.digest)})"
        yield from ("  " + line for line in _document_lines(document, checked, own))


def _document_lines(
    document: CheckedDocument, checked: CheckedRequest, own: SignaturePublic
) -> Iterator[str]:
    if document.command is None:
        yield from _genesis_lines(checked.request.genesis, own)
        return
    if document.key_set is not None:
        yield from _key_set_lines(document.key_set, replaces=document.replaces_keys)
    else:
        yield from _order_lines(document.command, checked.agencies)
    yield f"命令の番号: {document.command.command_id}"
    yield f"作成: {_time_text(document.command.created_at)}"
    if document.not_after is not None:
        yield f"有効期限: {_time_text(document.not_after)}"


def _genesis_lines(genesis: Genesis, own: SignaturePublic) -> Iterator[str]:
    yield "ハブの設立: 次の鍵を、このハブの最初の鍵とします"
    yield f"記録簿の鍵(ハブ): {fingerprint(genesis.log)}"
    for number, person in enumerate(genesis.reg, 1):
        yield f"登録責任者 {number}: {fingerprint(person)}{'(あなた)' if person == own else ''}"
    yield f"監査機関: {fingerprint(genesis.audit_sig, genesis.audit_kem)}"
    yield f"記録の流れ: {genesis.stream}、記録簿の番号: {genesis.log_id}、規則集の番号: {genesis.rules_id}"
    yield "→ ほかの登録責任者と監査機関に、電話などで照合番号を確かめてください"


def _key_set_lines(key_set: KeySet, *, replaces: bool) -> Iterator[str]:
    yield f"機関の鍵の公示: {key_set.name}(略号 {key_set.code})"
    yield f"役割: {'、'.join(f'{role_text(role)}({role})' for role in key_set.roles) or 'なし'}"
    body = "なし" if key_set.body is None else f"{BODIES.get(Body(key_set.body))}({key_set.body})"
    yield f"法律上の種類: {body}、地方公共団体コード: {key_set.municipality or 'なし'}"
    if Role.CGC in key_set.roles and key_set.body == Body.MUNICIPALITY:
        yield "→ 市(特別区)が設置する児童相談所です。このコードの市(区)と一つの機関として情報を扱います"
    if key_set.body == Body.MUNICIPALITY and not key_set.municipality:
        yield "注意: 地方公共団体コードがありません。同じ市区町村の機関の間の根拠が使えません"
    yield f"鍵の保管: {CUSTODIES[key_set.custody]}"
    yield f"鍵の照合番号: {fingerprint(key_set.sig, key_set.kem)}"
    yield f"機関の番号: {key_set.agency}"
    yield "→ この機関に、電話などで鍵の照合番号を確かめてください"
    if replaces:
        yield "注意: この機関には、以前に別の鍵を承認しています。失効の後の新しい鍵か確かめてください"


def _order_lines(command: Command, agencies: Mapping[UUID, KeySet]) -> Iterator[str]:
    event = command.proposed_event
    yield f"登録責任者の命令: {event.TITLE}({event.TOPIC})"
    match event:
        case e.RuleBookPublished():
            yield f"規則集 {event.edition}(このソフトウェアの規則集と同じであることを確かめました)"
            yield f"根拠 {len(event.rule_book['bases'])} 件"
            calendar = event.rule_book["policy"]["calendar"]
            closing_days = "、".join(calendar["closing_days"]) or "なし"
            yield f"休日の暦: {calendar['until_year']} 年まで、祝日 {len(calendar['holidays'])} 日。ほかの閉庁日: {closing_days}"
        case e.CoreAgencyDesignated() | e.CoordinatingAgencyDesignated():
            yield f"指定する機関: {_agency_text(event.agency, agencies)}"
            yield f"地域の番号: {command.about.id}"
        case e.KeySetRevoked():
            yield f"鍵を失効させる機関: {_agency_text(command.about.id, agencies)}"
            since = event.compromised_since
            yield "漏えい: なし" if since is None else f"漏えいしたおそれ: {_time_text(since)} から"
        case e.AuditMandateBegan():
            yield f"監査の第 {event.number} 期を始めます。任期の最終日: {_day_text(event.until)}"


def _agency_text(agency: UUID, agencies: Mapping[UUID, KeySet]) -> str:
    key_set = agencies.get(agency)
    if key_set is None:
        return f"{agency}(この請求に、署名された鍵の公示がありません)"
    return f"{key_set.name}(略号 {key_set.code}、{agency})"


def _time_text(at: datetime) -> str:
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")


def _day_text(day: date) -> str:
    return day.isoformat()
