"""Error codes of the signed forms: canonical JSON, frames, commands, requests, key sets, genesis. Source: KH-1 §5."""

from __future__ import annotations

from collections.abc import Iterator

from domain.error_codes.model import MALFORMED, UNTRUSTED, Audience, ErrorCode, field_error_code, rows

SENDER = Audience.HUB | Audience.DOOR
FOUNDING = Audience.OPERATOR | Audience.AUDITOR
CHECKING = Audience.OPERATOR | Audience.AUDITOR

FIELDS_OF_FORMS: dict[str, tuple[Audience, str, str, tuple[str, ...]]] = {
    "sig-public": (Audience.HUB, "public signing key", "署名用公開鍵", ("ed25519", "mldsa65")),
    "log-public": (FOUNDING, "public key of the log", "記録簿の公開鍵", ("ed25519", "mldsa44")),
    "kem-public": (Audience.HUB, "public key for wrapping", "封入用公開鍵", ("xwing",)),
    "command": (
        Audience.HUB,
        "command",
        "申出",
        (
            "v",
            "suite",
            "hub",
            "command-id",
            "by",
            "actor",
            "act",
            "created-at",
            "occurred-at",
            "not-after",
            "fields",
            "items",
            "wrapped-keys",
            "keyset",
            "prev",
        ),
    ),
    "command-about": (Audience.HUB, "subject of the command («about»)", "申出の対象", ("kind", "id")),
    "item": (
        Audience.HUB,
        "description of an item",
        "情報項目の記述",
        ("item", "section", "flags", "schema", "size", "storage", "kc", "digest"),
    ),
    "wrapped-key": (
        Audience.HUB,
        "description of a wrapped key",
        "包み鍵の記述",
        ("item", "to", "kid", "digest"),
    ),
    "genesis": (
        FOUNDING,
        "genesis",
        "ハブの設立文書",
        ("v", "suite", "mode", "stream", "log-id", "rules-id", "reg"),
    ),
    "genesis-audit": (FOUNDING, "audit office's part of the genesis", "設立文書の監査部門の項", ()),
    "key-set": (
        Audience.HUB,
        "key set",
        "鍵の組",
        ("code", "name", "roles", "body", "municipality", "custody"),
    ),
    "leaf": (CHECKING, "entry of the log", "記録簿の項目", ("v", "seq", "sha", "tag")),
    "receipt": (CHECKING, "receipt", "受領証", ("v", "hub", "mode", "notes")),
    "approval-request": (
        Audience.OPERATOR,
        "request for approval",
        "承認の請求",
        ("form", "documents", "evidence"),
    ),
    "approval-document": (Audience.OPERATOR, "document to approve", "承認する文書", ("type", "payload")),
    "approval": (Audience.OPERATOR, "approval", "承認", ("form", "request", "by", "signatures")),
    "approval-signature": (Audience.OPERATOR, "signature of an approval", "承認の署名", ("alg", "key-id")),
    "device-envelope": (
        Audience.DOOR,
        "envelope of a device",
        "端末の封書",
        ("v", "hub", "agency", "device", "envelope", "number", "kid", "written-at"),
    ),
    "device-statement": (
        Audience.INTERNAL,
        "statement to a device",
        "端末への通知",
        ("v", "hub", "agency", "device", "about", "at", "form", "state"),
    ),
    "note": (CHECKING, "note of a receipt", "受領証の記載", ("v", "command-id", "frame", "promised-at")),
}
"""Noun of a JSON form -> audience, name, name in Japanese, and its fields.

Rule: a form raises ``<noun>-keys`` where its keys are not exactly the agreed ones, and ``<noun>-<field>``
(``field_error_code``) where one field does not have its form. All of these are Malformed.
"""

BINARY_FORMS: dict[str, tuple[Audience, str, str, tuple[str, ...]]] = {
    "frame": (Audience.HUB, "frame", "署名付きの包み", ("magic", "truncated", "trailing")),
    "request": (Audience.HUB, "request", "要求", ("magic", "truncated", "trailing")),
    "device-envelope": (
        Audience.DOOR,
        "envelope of a device",
        "端末の封書",
        ("magic", "truncated", "trailing"),
    ),
    "record": (CHECKING, "record", "記録", ("magic", "truncated", "trailing")),
    "receipt": (CHECKING, "receipt", "受領証", ("magic", "truncated")),
    "keystore": (Audience.OPERATOR, "keystore", "鍵ファイル", ("magic", "truncated")),
}
"""Noun of a binary form -> audience, name, name in Japanese, and what can fail of its framing.

Rule: ``<noun>-magic`` where the first bytes name another form, ``<noun>-truncated`` where bytes are missing,
``<noun>-trailing`` where bytes follow the last part. All of these are Malformed.
"""


def _field_rows() -> Iterator[ErrorCode]:
    for noun, (audience, name, name_ja, fields) in FIELDS_OF_FORMS.items():
        yield ErrorCode(
            f"{noun}-keys",
            (MALFORMED,),
            audience,
            f"The {name} does not have exactly the agreed keys.",
            "Give every key of the form once, and no other key.",
            f"{name_ja}の項目名に過不足があります",
            "定められた項目だけを、すべて書いてください",
        )
        for field in fields:
            yield ErrorCode(
                field_error_code(noun, field),
                (MALFORMED,),
                audience,
                f"The field {field.replace('-', '_')} of the {name} does not have its form.",
                f"Correct the field {field.replace('-', '_')}.",
                f"{name_ja}の項目「{field.replace('-', '_')}」の形式が正しくありません",
                "この項目を直してください",
            )


def _binary_rows() -> Iterator[ErrorCode]:
    texts = {
        "magic": (
            "The bytes are not a {}.",
            "Send a form of this kind and version.",
            "{}の形式ではありません",
            "正しい種類と版のものを送ってください",
        ),
        "truncated": (
            "The {} ends before its last part.",
            "Send all of the bytes.",
            "{}が途中で切れています",
            "全体を送ってください",
        ),
        "trailing": (
            "Bytes follow the last part of the {}.",
            "Send nothing after the last part.",
            "{}の後に余分な内容があります",
            "余分な内容を除いてください",
        ),
    }
    for noun, (audience, name, name_ja, endings) in BINARY_FORMS.items():
        for ending in endings:
            meaning, remedy, meaning_ja, remedy_ja = texts[ending]
            yield ErrorCode(
                f"{noun}-{ending}",
                (MALFORMED,),
                audience,
                meaning.format(name),
                remedy,
                meaning_ja.format(name_ja),
                remedy_ja,
            )


def derived_rows() -> tuple[ErrorCode, ...]:
    """The rows that follow from the rules of ``FIELDS_OF_FORMS`` and ``BINARY_FORMS``."""
    return (*_field_rows(), *_binary_rows())


ROWS = (
    *derived_rows(),
    *rows(
        MALFORMED,
        Audience.DOOR,
        (
            "device-envelope-size",
            "A part of the envelope of a device is longer or shorter than it can be.",
            "Attach a file of up to 25 MiB.",
            "端末の封書が長すぎます",
            "写真は1枚25MBまでにしてください",
        ),
        (
            "device-key-length",
            "The public key of a device does not have the length of ML-DSA-65.",
            "Set the phone up again.",
            "端末の公開鍵の長さが正しくありません",
            "端末の準備をやり直してください",
        ),
    ),
    *rows(
        UNTRUSTED,
        Audience.DOOR,
        (
            "device-signature-wrong",
            "The envelope is not signed by the device that it names.",
            "Set the phone up again, and send what was written on it once more.",
            "端末の署名が確かめられません",
            "端末の準備をやり直し、書いたものをもう一度送ってください",
        ),
    ),
    *rows(
        MALFORMED,
        SENDER,
        (
            "json-syntax",
            "The bytes are not JSON.",
            "Write JSON.",
            "JSONとして読み取れません",
            "JSONの書式を確かめてください",
        ),
        (
            "json-utf8",
            "The text is not UTF-8.",
            "Write UTF-8.",
            "文字コードがUTF-8ではありません",
            "UTF-8で書いてください",
        ),
        (
            "uuid-form",
            "The value is not a UUID in the agreed spelling.",
            "Write a lower-case UUID with hyphens.",
            "番号(UUID)の形式が正しくありません",
            "小文字とハイフンで書いてください",
        ),
        (
            "time-form",
            "The time or day is not in the agreed spelling.",
            "Write the time as YYYY-MM-DDTHH:MM:SS.ffffffZ.",
            "日時の形式が正しくありません",
            "定められた形式で日時を書いてください",
        ),
        (
            "time-value",
            "The time is not a moment of the calendar.",
            "Write a moment that exists.",
            "暦にない日時です",
            "日付と時刻を確かめてください",
        ),
    ),
    *rows(
        MALFORMED,
        Audience.HUB,
        (
            "json-depth",
            "Lists and objects are nested more than 16 deep.",
            "Nest at most 16 deep.",
            "JSONの入れ子が深すぎます",
            "16段までにしてください",
        ),
        (
            "json-nesting",
            "The JSON text is nested too deep to be read.",
            "Nest at most 16 deep.",
            "JSONの入れ子が深すぎて読み取れません",
            "16段までにしてください",
        ),
        (
            "json-duplicate-key",
            "An object names one key twice.",
            "Name each key once.",
            "同じ項目名が二度あります",
            "項目名を一つにしてください",
        ),
        (
            "json-float",
            "A number is not an integer.",
            "Use integers or text; leave out fractions, exponents, NaN and Infinity.",
            "整数でない数があります",
            "整数か文字列で書いてください",
        ),
        (
            "json-integer-length",
            "An integer has too many digits.",
            "Keep integers below 2^53 in size.",
            "整数の桁が多すぎます",
            "2の53乗より小さい整数にしてください",
        ),
        (
            "json-integer-range",
            "An integer is outside the range that every reader can represent.",
            "Keep integers below 2^53 in size.",
            "整数が範囲の外です",
            "2の53乗より小さい整数にしてください",
        ),
        (
            "json-not-canonical",
            "The JSON is not in canonical form.",
            "Sort the keys and leave out spaces and needless escapes.",
            "JSONが正規形ではありません",
            "キーを並べ、空白と不要なエスケープを除いてください",
        ),
        (
            "json-surrogate",
            "A text holds a lone surrogate.",
            "Write valid Unicode text.",
            "文字として成り立たない符号があります",
            "正しいUnicodeの文字だけにしてください",
        ),
        (
            "digest-form",
            "The digest is not in the agreed spelling.",
            "Write 64 lower-case hex digits.",
            "要約値の形式が正しくありません",
            "小文字の16進数64桁で書いてください",
        ),
        (
            "hex-form",
            "The value is not lower-case hex.",
            "Write lower-case hex.",
            "16進数の形式が正しくありません",
            "小文字の16進数で書いてください",
        ),
        (
            "hex-length",
            "The hex value has another length than agreed.",
            "Write as many bytes as the form says.",
            "16進数の長さが違います",
            "定められた桁数で書いてください",
        ),
        (
            "command-size",
            "The signed payload is larger than 256 KiB.",
            "Send less in one command.",
            "申出の内容が大きすぎます",
            "256KiBまでに分けてください",
        ),
        (
            "command-times",
            "The command expires before it was made.",
            "Set not_after to a time that is not before created_at.",
            "有効期限が作成時刻より前です",
            "有効期限を作成時刻以後にしてください",
        ),
        (
            "item-storage-size",
            "An item is in the wrong storage for its size.",
            "Upload items over 16 KiB to the store, and send smaller ones inline in the request.",
            "情報項目の置き場所が大きさに合っていません",
            "16KiBを超えるものは先に預け、以下のものは要求に入れてください",
        ),
        (
            "item-without-author-wrapped-key",
            "An item is not wrapped to the agency of its author.",
            "Wrap every item to the agency of its author, too.",
            "作成した機関自身の包み鍵がありません",
            "作成した機関にも包み鍵を付けてください",
        ),
        (
            "registrars-items",
            "A command of the registrars carries items or wrapped keys.",
            "Leave out items and wrapped keys.",
            "登録責任者の申出に情報項目か包み鍵があります",
            "取り除いてください",
        ),
        (
            "registrars-keyset",
            "A command of the registrars names a key set.",
            "Set keyset to zeros.",
            "登録責任者の申出に鍵の組が指定されています",
            "ゼロを指定してください",
        ),
        (
            "registrars-by",
            "A command for the registrars names another sender.",
            "Set by to REGISTRARS.",
            "登録責任者の申出の名義が違います",
            "名義をREGISTRARSにしてください",
        ),
        (
            "registrars-count",
            "The form does not name three registrars.",
            "Name the three registrars.",
            "登録責任者が三人ではありません",
            "三人を指定してください",
        ),
        (
            "repeated-item",
            "A command names one item twice.",
            "Name each item once.",
            "同じ情報項目が二度あります",
            "一度だけ書いてください",
        ),
        (
            "repeated-item-digest",
            "Two items of a command have the same sealed bytes.",
            "Seal each item by itself.",
            "二つの情報項目の封印が同じです",
            "一つずつ封印してください",
        ),
        (
            "repeated-wrapped-key",
            "A command has two wrapped keys of one item for one recipient.",
            "Give one wrapped key for each item and recipient.",
            "同じ宛先の包み鍵が二つあります",
            "項目と宛先ごとに一つにしてください",
        ),
        (
            "repeated-wrapped-key-digest",
            "Two wrapped keys of a command have the same bytes.",
            "Make each wrapped key by itself.",
            "二つの包み鍵が同じです",
            "一つずつ作ってください",
        ),
        (
            "rewrap-form",
            "A command that adds wrapped keys also carries items.",
            "Send wrapped keys only.",
            "鍵の追加の申出に情報項目があります",
            "包み鍵だけを送ってください",
        ),
        (
            "wrapped-key-without-item",
            "A wrapped key is for an item that the command does not name.",
            "Wrap only the items of this command.",
            "申出にない情報項目の包み鍵があります",
            "この申出の項目だけにしてください",
        ),
        (
            "frame-algorithm",
            "A signature of the frame names an unknown algorithm.",
            "Use 1 (Ed25519), 2 (ML-DSA-65) or 3 (ML-DSA-44).",
            "署名の方式が定められたものではありません",
            "定められた方式で署名してください",
        ),
        (
            "frame-payload-size",
            "The payload of the frame is empty or larger than 256 KiB.",
            "Send a payload of at most 256 KiB.",
            "署名する内容の大きさが範囲の外です",
            "256KiBまでにしてください",
        ),
        (
            "frame-signature-count",
            "The frame does not have two signatures of each of one to three signers.",
            "Give two signatures for each of one to three signers.",
            "署名の数が違います",
            "署名者ごとに二つ付けてください",
        ),
        (
            "frame-signature-size",
            "A signature does not have the length of its algorithm.",
            "Use 64 (Ed25519), 3,309 (ML-DSA-65) or 2,420 (ML-DSA-44) bytes.",
            "署名の長さが方式に合っていません",
            "署名を作り直してください",
        ),
        (
            "key-set-about",
            "The key set is published for another originator than its sender.",
            "Publish the agency's own key set; the audit office publishes its own about the log.",
            "鍵の組の対象が違います",
            "自機関の鍵の組を公開してください",
        ),
        (
            "key-set-act",
            "The command does not publish a key set.",
            "Set act to key_set.published.",
            "鍵の組を公開する申出ではありません",
            "操作名をkey_set.publishedにしてください",
        ),
        (
            "key-set-items",
            "The publication of a key set carries items or wrapped keys.",
            "Leave out items and wrapped keys.",
            "鍵の組の公開に情報項目か包み鍵があります",
            "取り除いてください",
        ),
        (
            "request-part-count",
            "The request has more parts than allowed.",
            "Send at most 64 items and 256 wrapped keys.",
            "要求の添付が多すぎます",
            "項目64件、包み鍵256件までにしてください",
        ),
        (
            "request-size",
            "The request is larger than 1 MiB.",
            "Upload items over 16 KiB to the store, or send less in one command.",
            "要求が大きすぎます",
            "1MiBまでに分けてください",
        ),
    ),
    *rows(
        UNTRUSTED,
        Audience.HUB,
        (
            "frame-type",
            "The frame was signed for another purpose.",
            "Sign a frame of the type that this operation takes.",
            "署名の用途が違います",
            "用途に合う署名をしてください",
        ),
        (
            "signature-algorithm",
            "The signatures are not in the agreed order of algorithms.",
            "Give the Ed25519 signature first, then the ML-DSA signature of the same signer.",
            "署名の方式の順序が違います",
            "定められた順に署名してください",
        ),
        (
            "signature-count",
            "The frame does not have exactly two signatures by each signer.",
            "Give two signatures by each signer and no others.",
            "署名の数が署名者に合っていません",
            "署名者ごとに二つだけ付けてください",
        ),
        (
            "signature-key",
            "A signature names another key than the one expected.",
            "Sign with the key that is in force for this sender.",
            "署名に使われた鍵が違います",
            "登録された鍵で署名してください",
        ),
        (
            "key-set-not-chained",
            "A key set signed by the key in force does not name that key set.",
            "Name the key set in force in keyset.",
            "前の鍵の組とのつながりがありません",
            "有効な鍵の組を指定してください",
        ),
        (
            "key-set-not-first",
            "A key set signed by its own new key names an earlier key set.",
            "Set keyset to zeros, or sign with the key in force.",
            "新しい鍵だけで署名した鍵の組が前の組を指しています",
            "ゼロを指定するか、有効な鍵で署名してください",
        ),
        (
            "key-set-registrars-key",
            "The key set uses a key of a registrar.",
            "Make new keys for the agency.",
            "登録責任者の鍵が機関の鍵に使われています",
            "機関の鍵を新しく作ってください",
        ),
        (
            "key-set-signature-count",
            "The key set is not signed by the agency and two registrars.",
            "Let the agency and two registrars sign, with two signatures each.",
            "鍵の組の署名がそろっていません",
            "機関と登録責任者二人の署名をそろえてください",
        ),
        (
            "registrars-order",
            "The registrars' signatures are not in the order of the genesis.",
            "Put the signatures in the order of the genesis.",
            "登録責任者の署名の順序が違います",
            "設立文書の順に並べてください",
        ),
        (
            "registrars-same-person",
            "One registrar signed twice.",
            "Let two different registrars sign.",
            "同じ登録責任者が二度署名しています",
            "別の二人が署名してください",
        ),
        (
            "registrars-signature-count",
            "The command is not signed by exactly two registrars.",
            "Let two registrars sign, with two signatures each.",
            "登録責任者二人の署名がそろっていません",
            "二人の署名をそろえてください",
        ),
        (
            "registrars-unknown-person",
            "A signature is not of a registrar of this hub.",
            "Let two registrars of this hub sign.",
            "このハブの登録責任者でない人の署名です",
            "このハブの登録責任者が署名してください",
        ),
        (
            "item-part-digest",
            "A sealed item does not have the digest that was signed.",
            "Send the sealed bytes whose digest was signed.",
            "送られた情報項目が署名されたものと違います",
            "署名したものと同じ内容を送ってください",
        ),
        (
            "item-part-size",
            "A sealed item does not have the size that was signed.",
            "Send the sealed bytes whose size was signed.",
            "送られた情報項目の大きさが署名されたものと違います",
            "署名したものと同じ内容を送ってください",
        ),
        (
            "part-missing",
            "An inline item or a wrapped key is missing from the request.",
            "Send every inline item and then every wrapped key that the payload names.",
            "要求に添付の不足があります",
            "申出に書いた項目と包み鍵をすべて付けてください",
        ),
        (
            "part-unnamed",
            "The request carries a part that the payload does not name.",
            "Send only the parts that the payload names.",
            "申出に書かれていない添付があります",
            "書いたものだけを付けてください",
        ),
        (
            "wrapped-key-part-digest",
            "A wrapped key does not have the digest that was signed.",
            "Send the wrapped key whose digest was signed.",
            "送られた包み鍵が署名されたものと違います",
            "署名したものと同じ包み鍵を送ってください",
        ),
        (
            "wrapped-key-part-size",
            "A wrapped key does not have 1,168 bytes.",
            "Send a wrapped key of 1,168 bytes.",
            "包み鍵の長さが違います",
            "包み鍵を作り直してください",
        ),
    ),
    *rows(
        MALFORMED,
        Audience.INTERNAL,
        (
            "json-key",
            "A key of an object to be written is not text.",
            "Use text for keys.",
            "項目名が文字列ではありません",
            "文字列にしてください",
        ),
        (
            "json-type",
            "A value to be written has no JSON form.",
            "Use text, integers, true, false, null, lists and objects.",
            "JSONに書けない値があります",
            "定められた型の値だけにしてください",
        ),
        (
            "time-naive",
            "A time to be written has no time zone.",
            "Give a time with its time zone.",
            "時差のない時刻です",
            "時差のある時刻を渡してください",
        ),
        (
            "sign-payload-size",
            "The payload to be signed is larger than 256 KiB.",
            "Sign at most 256 KiB.",
            "署名する内容が大きすぎます",
            "256KiBまでにしてください",
        ),
        (
            "request-too-long",
            "The request to be sent is larger than 1 MiB.",
            "Upload items over 16 KiB to the store, or send less at once.",
            "送る要求が大きすぎます",
            "1MiBまでに分けてください",
        ),
        (
            "lp-count",
            "Too many elements are to be joined.",
            "Join at most 65,535 elements.",
            "連結する要素が多すぎます",
            "65,535個までにしてください",
        ),
        (
            "lp-element",
            "An element to be joined has no agreed form.",
            "Use bytes, text, UUIDs or integers of 64 bits.",
            "連結できない要素があります",
            "定められた型の要素だけにしてください",
        ),
        (
            "lp-label",
            "The label of a joined form is not plain ASCII.",
            "Use ASCII without zero bytes.",
            "連結の名札が正しくありません",
            "ASCII文字にしてください",
        ),
        (
            "lp-text",
            "A text to be joined is not valid Unicode.",
            "Use valid Unicode text.",
            "文字として成り立たない要素があります",
            "正しいUnicodeの文字にしてください",
        ),
    ),
    *rows(
        MALFORMED,
        FOUNDING,
        (
            "genesis-ids",
            "The genesis uses one id for the log and the rule book.",
            "Use two different ids.",
            "記録簿と規則集の番号が同じです",
            "別の番号にしてください",
        ),
        (
            "genesis-registrar-count",
            "The genesis does not name three registrars.",
            "Name three registrars.",
            "設立文書の登録責任者が三人ではありません",
            "三人を指定してください",
        ),
    ),
    *rows(
        UNTRUSTED,
        FOUNDING,
        (
            "genesis-other-hub",
            "The genesis is of another hub than the pinned one.",
            "Check the address of the hub and the pinned hub id.",
            "登録したハブとは別のハブの設立文書です",
            "接続先とハブの番号を確かめてください",
        ),
        (
            "genesis-repeated-key",
            "The log, the registrars or the audit office share a key.",
            "Give each a key of its own.",
            "設立文書で同じ鍵が使い回されています",
            "それぞれ別の鍵にしてください",
        ),
        (
            "genesis-signature-count",
            "The genesis is not signed by the log and two registrars.",
            "Let the log and two registrars sign, with two signatures each.",
            "設立文書の署名がそろっていません",
            "記録簿と登録責任者二人の署名をそろえてください",
        ),
    ),
)
