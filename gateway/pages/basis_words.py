"""The lawful bases in the words of offices. The article stands behind «条文» (``texts.basis_text``)."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.pages.texts import basis_text

BASIS_WORDS: Mapping[str, str] = {
    "CWA-25-1": "要保護児童の通告",
    "CWA-33-12": "施設職員等による虐待の通報",
    "CWA-25-1-P": "家庭裁判所への通告",
    "CWA-25-2-2": "要対協の構成員どうしの情報交換",
    "CWA-25-2-5": "要対協の調整機関としての連絡",
    "CWA-25-3-1": "要対協からの協力の求め",
    "CWA-25-3-2": "要対協の求めへの回答",
    "CWA-21-10-2-3": "養育支援訪問の委託",
    "CWA-21-10-4": "知事から市町村への通知",
    "CWA-21-10-5": "要支援児童・特定妊婦の情報提供",
    "CWA-26-1-8": "児童相談所から市町村への通知",
    "CWA-26-1-3": "児童相談所から市町村への送致",
    "CWA-25-7-1": "児童相談所への送致",
    "CAPA-6-1": "虐待の通告",
    "CAPA-8-2-2": "虐待の事案の市町村への送致",
    "CAPA-8-2-4": "子育て支援事業が適当との通知",
    "CWA-28-1": "家庭裁判所への承認の申立て",
    "CWA-33-3": "一時保護状の請求",
    "CRPA-197-2": "捜査関係事項照会への回答",
    "ATTA-23-2": "弁護士会照会への回答",
    "CPA-186": "裁判所の調査の嘱託への回答(民事)",
    "CPA-226": "裁判所の文書送付の嘱託への回答",
    "DRPA-62": "家庭裁判所の調査の嘱託への回答",
    "CAPA-13-4": "市町村・児童相談所の求めによる資料の提供",
    "CAPA-4-6": "転居先の児童相談所への情報提供",
    "APPI-27-1-1": "法令に基づく提供",
    "APPI-27-1-2": "生命・身体・財産の保護のための提供",
    "APPI-27-1-3": "児童の健全な育成のための提供",
    "APPI-27-1-4": "公の事務への協力",
    "APPI-27-C": "本人の同意(民間の機関から)",
    "APPI-69-1": "同じ自治体の中での提供",
    "APPI-69-2-1": "本人の同意(行政機関から)",
    "APPI-69-2-2": "同じ自治体の中での利用",
    "APPI-69-2-3": "ほかの行政機関の事務に必要な提供",
    "APPI-69-2-4": "本人の利益・特別の理由による提供(ほかの二人の承認が要ります)",
    "MCHA-19-2": "母子保健の転出先への情報提供",
    "CONSENT": "本人の同意",
}
"""Code of a basis that permits a disclosure -> what it is, without its article."""


def basis_words(code: str) -> str:
    """What this basis is, in words; its article where no words are known."""
    return BASIS_WORDS.get(code) or basis_text(code)
