"""What a registrar reads before signing: each document in plain Japanese, with everything that is signed in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from domain import events as e
from domain.calendar import JST
from domain.codes import Body, Role
from domain.record import Command
from gateway.cli.language import tr
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
    yield tr("請求の照合番号: {}", grouped(checked.request.digest))
    yield tr("ハブの識別子: {}", genesis.hub.hex())
    yield tr("ハブの種類: {}", tr("実際の運用") if genesis.mode == "real" else tr("訓練用"))
    for number, document in enumerate(checked.documents, 1):
        yield ""
        yield tr("文書 {}/{}(照合番号 {})", number, len(checked.documents), grouped(document.document.digest))
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
    yield tr("命令の番号: {}", document.command.command_id)
    yield tr("作成: {}", _time_text(document.command.created_at))
    if document.not_after is not None:
        yield tr("有効期限: {}", _time_text(document.not_after))


def _genesis_lines(genesis: Genesis, own: SignaturePublic) -> Iterator[str]:
    yield tr("ハブの設立: 次の鍵を、このハブの最初の鍵とします")
    yield tr("記録簿の鍵(ハブ): {}", fingerprint(genesis.log))
    for number, person in enumerate(genesis.reg, 1):
        yield tr("登録責任者 {}: {}{}", number, fingerprint(person), tr("(あなた)") if person == own else "")
    yield tr("監査機関: {}", fingerprint(genesis.audit_sig, genesis.audit_kem))
    yield tr(
        "記録の流れ: {}、記録簿の番号: {}、規則集の番号: {}", genesis.stream, genesis.log_id, genesis.rules_id
    )
    yield tr("→ ほかの登録責任者と監査機関に、電話などで照合番号を確かめてください")


def _key_set_lines(key_set: KeySet, *, replaces: bool) -> Iterator[str]:
    yield tr("機関の鍵の公示: {}(略号 {})", key_set.name, key_set.code)
    yield tr("役割: {}", "、".join(f"{role_text(role)}({role})" for role in key_set.roles) or tr("なし"))
    body = tr("なし") if key_set.body is None else f"{tr(BODIES[Body(key_set.body)])}({key_set.body})"
    yield tr("法律上の種類: {}、地方公共団体コード: {}", body, key_set.municipality or tr("なし"))
    if Role.CGC in key_set.roles and key_set.body == Body.MUNICIPALITY:
        yield tr("→ 市(特別区)が設置する児童相談所です。このコードの市(区)と一つの機関として情報を扱います")
    if key_set.body == Body.MUNICIPALITY and not key_set.municipality:
        yield tr("注意: 地方公共団体コードがありません。同じ市区町村の機関の間の根拠が使えません")
    yield tr("鍵の保管: {}", tr(CUSTODIES[key_set.custody]))
    yield tr("鍵の照合番号: {}", fingerprint(key_set.sig, key_set.kem))
    yield tr("機関の番号: {}", key_set.agency)
    yield tr("→ この機関に、電話などで鍵の照合番号を確かめてください")
    if replaces:
        yield tr("注意: この機関には、以前に別の鍵を承認しています。失効の後の新しい鍵か確かめてください")


def _order_lines(command: Command, agencies: Mapping[UUID, KeySet]) -> Iterator[str]:
    event = command.proposed_event
    yield tr("登録責任者の命令: {}({})", event.TITLE, event.TOPIC)
    match event:
        case e.RuleBookPublished():
            yield tr("規則集 {}(このソフトウェアの規則集と同じであることを確かめました)", event.edition)
            yield tr("根拠 {} 件", len(event.rule_book["bases"]))
            calendar = event.rule_book["policy"]["calendar"]
            closing_days = "、".join(calendar["closing_days"]) or tr("なし")
            yield tr(
                "休日の暦: {} 年まで、祝日 {} 日。ほかの閉庁日: {}",
                calendar["until_year"],
                len(calendar["holidays"]),
                closing_days,
            )
        case e.CoreAgencyDesignated() | e.CoordinatingAgencyDesignated():
            yield tr("指定する機関: {}", _agency_text(event.agency, agencies))
            yield tr("地域の番号: {}", command.about.id)
        case e.KeySetRevoked():
            yield tr("鍵を失効させる機関: {}", _agency_text(command.about.id, agencies))
            since = event.compromised_since
            yield tr("漏えい: なし") if since is None else tr("漏えいしたおそれ: {} から", _time_text(since))
        case e.AuditMandateBegan():
            yield tr("監査の第 {} 期を始めます。任期の最終日: {}", event.number, _day_text(event.until))


def _agency_text(agency: UUID, agencies: Mapping[UUID, KeySet]) -> str:
    key_set = agencies.get(agency)
    if key_set is None:
        return tr("{}(この請求に、署名された鍵の公示がありません)", agency)
    return tr("{}(略号 {}、{})", key_set.name, key_set.code, agency)


def _time_text(at: datetime) -> str:
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")


def _day_text(day: date) -> str:
    return day.isoformat()
