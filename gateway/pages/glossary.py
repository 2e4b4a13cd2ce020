"""The words of the pages, explained in the Japanese of offices. What has a label is explained under its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.pages.texts import FLAGS, ROLES, SECTIONS

Words = Sequence[tuple[str, str]]

PRODUCT_WORDS: Words = (
    ("窓口", "機関の職員が使う画面です。機関の鍵は窓口だけが持ち、内容はここで封をし、ここで開きます。"),
    (
        "ハブ",
        "機関どうしの間に立つ仕組みです。だれに提供できるかを判断して記録し、内容を読むことはできません。",
    ),
    ("封をする", "内容を宛先の機関だけが開ける形にすることです。途中の者は読めません。"),
    ("提供", "情報を、法律の根拠によりほかの機関に渡すことです。渡した後に取り消すことはできません。"),
    (
        "根拠",
        "提供を認める法律の条文または本人の同意です。宛先ごとに選びます。",
    ),
    ("開示請求", "本人・法定代理人が、自分の情報の開示を求めることです(個人情報保護法76条)。"),
    ("受領の控え", "送付したものが記録されたことの証明です。事例の終結の後も残ります。"),
    ("受領確認・既読", "届いたことを確かめ、内容を読んだことを提供元に知らせる記録です。"),
    (
        "拒否",
        "規則により認められない申出の記録です。送付の前に示された誤りを直せば、拒否にはなりません。",
    ),
    ("保留", "宛先の委託先が停止中のため、まだ届いていない提供です。再開の後、提供元が解除を申し出ます。"),
    ("停止中", "研修・誓約書・構成員の資格などが切れたため、委託先が内容を開けない状態です。"),
    ("台帳", "だれに・何を・どの根拠で提供し、だれが開いたかの一覧です。監査機関が見ます。"),
    ("事例", "一つの家庭の支援の記録です。番号からは、だれの事例か分かりません。"),
    ("担当", "窓口の中で、事例を受け持つ職員です。ほかの機関には見えません。"),
    ("職員ID", "記録に残る職員の符号です。氏名は窓口の中だけで表示します。"),
)

_OF_ROLES: Mapping[str, str] = {
    "CORE": "養育支援訪問事業の事例を管理する市町村の機関です。支援の要否を決め、計画を作ります。",
    "COORD": "要保護児童対策地域協議会の調整機関です。登録された事例の進み具合を見ます。",
    "CGC": "都道府県などの児童相談所です。",
    "MED": "病院・診療所・助産所です。",
    "CONTRACTOR": "市町村から訪問を委託された機関です。契約と要件がそろい、割当のある事例だけを見られます。",
    "EXT": "保育所・学校・警察・ほかのサービスなど、上のどれでもない機関です。",
}
_OF_SECTIONS: Mapping[str, str] = {
    "BASIC": "氏名・ふりがな・生年月日・世帯・ふだんの住所・連絡先。",
    "ADDR": "支援措置などで守る住所・居所。ほかの区分には書きません。",
    "NOTIFIER": "通告した人と、その人だけが知ること。ほかの区分には書きません(児童虐待防止法7条)。",
    "CHILD": "子どもの様子・発育・生活。子どもの発言には印を付けます。",
    "CAREGIVER": "保護者など、育てている人の様子。",
    "ENV": "家族・仕事・住まい・近隣との関係。",
    "PREG": "妊娠の経過と、特定妊婦としての支援の必要。",
    "MEDICAL": "診断・治療・出生の記録。",
    "RISK": "緊急度・安全の評価・保護の措置。",
    "PLAN": "目標・内容・期間・方法・支援者。",
    "VISIT": "訪問して見たこと・したこと。",
    "CONF": "会議の議事と意見。出席した構成員だけに提供できます。",
    "CLOSING": "支援の後の評価、終結の判断、引き継ぐこと。",
    "SOURCE": "受け取ったファイルそのもの。受け取った機関だけが開けます。",
    "REASON": "判断の理由の文章。書いた機関だけが開けます。",
}
_OF_FLAGS: Mapping[str, str] = {
    "CHILD_STATEMENT": "保護者からの開示請求でも守られます。",
    "SENSITIVE": "要配慮個人情報など、特に慎重に扱うもの。提供できない宛先があります。",
    "THIRD_PARTY": "家族のほかの人についての情報。",
    "DV_PROTECTED": "支援措置の対象の家庭の情報。",
    "NEVER_TO_GUARDIAN": "保護者からの開示請求では、いつも不開示とするもの。",
    "NOTIFIER_TRACE": "通告した人が分かる記載を窓口が見つけたもの。提供できません。",
    "ADDRESS_TRACE": "秘匿住所が書かれていることを、送付する人が確かめたもの。",
}

GLOSSARY: Sequence[tuple[str, Words]] = (
    ("画面の言葉", PRODUCT_WORDS),
    ("機関の役割", tuple((text, _OF_ROLES[code]) for code, text in ROLES.items())),
    ("情報区分", tuple((text, _OF_SECTIONS[code]) for code, text in SECTIONS.items())),
    ("印", tuple((text, _OF_FLAGS[code]) for code, text in FLAGS.items())),
)
"""Heading -> words and what they mean. A role, section or flag without an explanation is an error at the start."""
