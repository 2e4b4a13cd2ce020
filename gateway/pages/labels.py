"""The Japanese text of the codes that forms offer and cases show, besides those of ``texts``."""

from __future__ import annotations

from collections.abc import Mapping

ALTERNATIVES: Mapping[str, str] = {
    "REQUEST_FROM_OWNER": "中核機関・記録の持ち主に尋ねる",
    "WAIT_FOR_CONSENT": "本人の同意を待つ",
    "REGISTER_THE_CASE": "要対協に登録して共有する",
    "REQUEST_UNDER_LAW": "法令にもとづき照会する",
}

HANDOVER_ITEMS: Mapping[str, str] = {
    "RISK_SHEET": "リスクアセスメントシート",
    "PHOTOS": "外傷等の写真",
    "FAMILY": "家族構成・基本情報",
    "CHILD": "子どもの状況",
    "CAREGIVER": "養育者の状況",
    "MEDICAL": "医療情報",
    "PLAN": "支援計画",
    "VISITS": "訪問記録",
    "MINUTES": "会議録",
    "NEW_ADDRESS": "転居先",
}

HANDOVER_STATES: Mapping[str, str] = {
    "SENT": "この一式で送る",
    "FOLLOWS": "別に送る・後で送る",
    "NONE": "ない",
}

REQUESTERS: Mapping[str, str] = {
    "SELF": "本人",
    "LEGAL_REPRESENTATIVE": "法定代理人(親権者など)",
    "AGENT": "任意代理人",
}

ACCESS_RESULTS: Mapping[str, str] = {
    "FULL": "全部開示",
    "PARTIAL": "一部開示",
    "NONE": "全部不開示",
    "EXISTENCE_NOT_DISCLOSED": "存否を答えない",
}

ELIGIBILITIES: Mapping[str, str] = {"ELIGIBLE": "対象とする", "NOT_ELIGIBLE": "対象としない"}

GROUNDS: Mapping[str, str] = {
    "APPI-78-1-1": "78条1項1号: 本人・子の生命、健康、生活、財産を害するおそれ",
    "APPI-78-1-2": "78条1項2号: ほかの個人の情報",
    "APPI-78-1-3": "78条1項3号: 法人等の正当な利益を害するおそれ",
    "APPI-78-1-6": "78条1項6号: 審議・検討の中立性を損なうおそれ",
    "APPI-78-1-7": "78条1項7号: 事務の適正な遂行に支障を及ぼすおそれ",
    "APPI-81": "81条: 存否を答えるだけで知れてしまう",
}

CAPACITIES: Mapping[str, str] = {
    "SELF": "本人",
    "GUARDIAN": "親権者(一人)",
    "GUARDIANS_JOINTLY": "親権者(共同)",
}

STANDINGS: Mapping[str, str] = {
    "NEEDS_PROTECTION": "要保護児童",
    "NEEDS_SUPPORT": "要支援児童",
    "EXPECTANT": "特定妊婦",
}

METHODS: Mapping[str, str] = {
    "SIGHTED": "子ども本人を目視した",
    "TELEPHONE": "電話で聞いた",
    "THROUGH_OTHERS": "関係機関・家族から聞いた",
    "FAMILY_ONLY": "家族とだけ会った",
}

URGENCIES: Mapping[str, str] = {
    "AT_ONCE": "直ちに安全を確認する",
    "WITHIN_TIME": "期限内(48時間)に安全を確認する",
    "WATCH": "見守りながら情報を集める",
}

REFERRAL_OUTCOMES: Mapping[str, str] = {
    "ACCEPTED": "受け付けて支援を始める",
    "IN_PROGRESS": "検討している",
    "NOT_ELIGIBLE": "この事業の対象としない",
    "SENT_ON": "ほかの機関へつないだ",
}

BREACH_STAGES: Mapping[str, str] = {"PRELIMINARY": "速報", "FINAL": "確報"}

AUDIT_GROUNDS: Mapping[str, str] = {"AUDIT": "監査", "REVIEW": "検証", "COURT": "裁判所の嘱託など"}

FURTHER_TIERS: Mapping[str, str] = {"T2_SKILL": "技術向上研修", "T3_APPLIED": "応用研修(事例検討など)"}

MODULES: Mapping[str, str] = {
    "M1_PURPOSE": "事業の意義と目的",
    "M2_CONFIDENTIALITY": "守秘義務について",
    "M3_ABUSE_PREVENTION": "児童虐待の予防について",
    "M4_LOCAL_RESOURCES": "地域の子育て支援の情報",
    "M5_LISTENING": "傾聴とコミュニケーション",
    "M6_VISIT_PRACTICE": "訪問支援の実際",
    "M7_CASE_STUDY": "事例検討",
}

EMPLOYMENTS: Mapping[str, str] = {"FULL_TIME": "常勤", "PART_TIME": "非常勤"}

SCOPES: Mapping[str, str] = {"FULL": "全部委託", "PARTIAL": "一部委託"}

GAPS: Mapping[str, str] = {
    "REQUIREMENT_1": "委託要件 9(1)[1] 職員の体制が未確認",
    "REQUIREMENT_2": "委託要件 9(1)[2] 守秘の体制が未確認",
    "REQUIREMENT_3": "委託要件 9(1)[3] 運営の体制が未確認",
    "MEMBERSHIP": "要対協の構成員になっていない",
    "OATH": "誓約書がない、または期限切れ",
    "REGISTRATION": "訪問支援者として登録されていない",
    **{f"TRAINING_{module}": f"研修「{text}」がない、または期限切れ" for module, text in MODULES.items()},
}

TARGET_CLASSES: Mapping[str, str] = {
    "TC1_PREGNANCY": "妊娠期からの支援が要る家庭",
    "TC2_POSTPARTUM": "出産後間もない時期の養育に不安のある家庭",
    "TC3_INADEQUATE_CARE": "不適切な養育状態にある家庭",
    "TC4_REUNIFICATION": "施設などからの家庭復帰の家庭",
    "TC9_OTHER": "その他",
}

SUPPORT_TYPES: Mapping[str, str] = {"SHORT_INTENSIVE": "短期集中型", "MID_TERM": "中期型"}

PLAN_CONTENTS: Mapping[str, str] = {
    "SC_A": "ア 妊娠期の支援",
    "SC_B": "イ 出産後の育児の支援",
    "SC_C": "ウ 養育の改善の支援",
    "SC_D": "エ 家庭復帰の支援",
}

PLAN_PARTS: Mapping[str, str] = {
    "GOAL": "目標",
    "CONTENT": "内容",
    "PERIOD": "期間",
    "METHOD": "方法",
    "SUPPORTERS": "支援者",
}

CLOSING_REASONS: Mapping[str, str] = {
    "GOAL_REACHED": "目標に届いた",
    "SERVICE_CHANGED": "ほかの支援に移った",
    "MOVED_AWAY": "転居した",
    "TRANSFER": "ほかの市町村へ移管した",
    "WITHDRAWN": "家族が支援を望まない",
    "OTHER": "その他",
}

INDICATOR_VALUES: Mapping[str, str] = {
    "NO_CONCERN": "気になるところはない",
    "CONCERN": "気になる",
    "SERIOUS": "深刻",
    "UNKNOWN": "分からない",
    "NOT_ASSESSED": "見ていない",
}

VISITOR_ROLES: Mapping[str, str] = {"SPECIALIST": "専門的相談支援", "HOUSEKEEPING": "育児・家事援助"}

CONDITIONS: Mapping[str, str] = {
    "PURPOSE_ONLY": "この目的だけに使う",
    "NO_FURTHER_SHARING": "ほかへ渡さない",
    "NAMED_STAFF_ONLY": "担当者だけが扱う",
    "NO_COPY": "複写しない",
    "RETURN_OR_DESTROY": "使い終えたら返すか廃棄する",
}

RETENTIONS: Mapping[str, str] = {
    "CHILD_AGE": "子どもの年齢まで(要対協・児童相談所の事例)",
    "AFTER_CLOSING": "終結から一定の年数",
    "PERMANENT": "永年(特別養子縁組など)",
}

HOLD_GROUNDS: Mapping[str, str] = {
    "REVIEW": "検証",
    "LITIGATION": "訴訟",
    "RIGHTS_REQUEST": "開示・訂正・利用停止の請求中",
}

APPRAISALS: Mapping[str, str] = {"DESTROY": "廃棄する", "PRESERVE": "歴史公文書等として残す"}

FINDINGS: Mapping[str, str] = {
    "IN_ORDER": "適正",
    "IMPROVEMENT_REQUESTED": "改善を求めた",
    "REQUIREMENTS_DOUBTED": "要件に疑いがある",
}

PRACTICES: Mapping[str, str] = {"ACCOMPANIED_VISIT": "同行訪問", "ROLE_PLAY": "ロールプレイ"}

BUSINESS_ITEMS: Mapping[str, str] = {
    "NAME_AND_SEAT": "経営者の名称・主たる事務所",
    "KIND_AND_CONTENT": "事業の種類・内容",
    "ARTICLES": "条例・定款など",
}

REQUIREMENTS: Mapping[str, str] = {"1": "職員の配置", "2": "守秘の体制", "3": "管理の体制"}
"""Items of guideline 9(1)."""

SERVICES: Mapping[str, str] = {
    "HOUSEKEEPING": "子育て世帯訪問支援",
    "SHORT_STAY": "子育て短期支援",
    "DAY_CARE": "一時預かり・保育",
    "GATHERING_PLACE": "地域子育て支援拠点",
    "FAMILY_SUPPORT": "ファミリー・サポート",
    "POSTPARTUM_CARE": "産後ケア",
    "OTHER": "その他",
}

REASON_LABELS: Mapping[str, str] = {
    "LIFE_IN_DANGER": "子ども・家族の生命や身体に危険が迫っている",
    "CHILD_NOT_FOUND": "子どもの所在や安否が分からない",
    "OWNER_UNREACHABLE": "記録の持ち主に連絡がつかず、待てない",
    "CLEARLY_IN_THEIR_INTEREST": "本人の利益になることが明らか",
    "SPECIAL_REASON": "提供する特別の理由がある",
    "NOT_NEEDED": "いまは提供・対応の必要がない",
    "NO_BASIS_FOUND": "提供できる根拠がない",
    "WOULD_HARM": "提供すると子ども・家族を害するおそれがある",
    "WATCHED_BY_OTHERS": "ほかの機関が対応している",
    "MORE_TO_BE_LEARNED": "情報が足りず、まず確かめる",
    "UNLAWFUL_USE": "目的外の利用、または違法な取扱い",
    "UNLAWFUL_PROVISION": "違法な提供",
    "NO_LONGER_NEEDED": "保有する必要がなくなった",
    "CONSENT_WITHDRAWN": "同意が撤回された",
    "SENT_TO_WRONG_PLACE": "宛先を誤った",
    "WRONG_CONTENT": "内容に誤りがある",
    "NO_SUCH_THING": "その書類はない",
    "COMES_LATER": "後で届くことになっている",
    "NOT_KNOWN_TO_US": "把握していない",
    "NOT_ALLOWED_TO_TELL": "守秘などの理由で答えられない",
    "COME_LATE": "届出が遅れた",
    "OTHER_SERVICE_FITS": "ほかの支援が合っている",
    "OTHER_CLASS": "例示にない区分に当たる",
    "LONGER_NEEDED": "目安より長い支援が要る",
    "OTHER_CONTENT_NEEDED": "区分と違う内容が要る",
    "GOAL_NOT_REACHED": "目標に届いていない",
    "GOAL_WAS_REACHED": "目標に届いた",
    "NEW_NEED": "新しい課題が生じた",
    "NEEDED_AGAIN": "再び支援が要る",
    "NO_OTHER_SERVICE": "ほかの家事支援が使えない",
    "MOVED_AWAY": "転居した",
    "NO_LONGER_FITS": "登録の要件に当たらなくなった",
    "OTHER_PROFESSION": "一覧にないが、専門的相談支援に足りる",
}
"""Reasons that forms offer. What is to be said in words stands sealed under 理由."""
