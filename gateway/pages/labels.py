"""The Japanese text of the codes that forms offer and cases show, besides those of ``texts``."""

from __future__ import annotations

from collections.abc import Mapping

from domain import codes
from domain.content.code_texts import code_texts

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
    "GUARDIANS_JOINTLY": "親権者(共同。二人それぞれから)",
    "MINOR_GUARDIAN": "未成年後見人",
    "CGC_DIRECTOR": "児童相談所長(親権の代行)",
    "FACILITY_HEAD": "施設長(親権の代行)",
}

PARENTS: Mapping[str, str] = {
    "MOTHER": "母",
    "FATHER": "父",
    "ADOPTIVE_MOTHER": "養母",
    "ADOPTIVE_FATHER": "養父",
}

AUTHORITY_STATES: Mapping[str, str] = {
    "HELD": "親権者である",
    "SUSPENDED": "親権を停止されている",
    "LOST": "親権を失った(喪失・辞任)",
    "NOT_HELD": "もともと親権者でない",
}

STANDINGS: Mapping[str, str] = {
    "NEEDS_PROTECTION": "要保護児童",
    "NEEDS_SUPPORT": "要支援児童",
    "EXPECTANT": "特定妊婦",
}

METHODS = code_texts(codes.SafetyMethod)

CHANNELS = code_texts(codes.NotificationChannel)

SEARCH_STEPS: Mapping[str, str] = {
    "VISITED": "訪問・近隣への聞き取り",
    "RELATIVES": "親族への照会",
    "RESIDENT_REGISTER": "住民基本台帳・戸籍の照会",
    "OTHER_MUNICIPALITY": "ほかの市町村への照会",
    "SCHOOL_OR_NURSERY": "学校・保育所等への照会",
    "MEDICAL": "医療機関・健診・予防接種の記録の照会",
    "BENEFITS": "児童手当等の受給状況の照会",
    "IMMIGRATION": "出入国記録の照会",
    "POLICE": "警察への相談・行方不明者届",
    "OTHER_CGCS": "全国の児童相談所への情報提供",
    "OTHER": "その他",
}

SEARCH_RESULTS: Mapping[str, str] = {
    "PENDING": "回答待ち",
    "NO_TRACE": "手がかりなし",
    "TRACE": "手がかりあり",
}

LOCATED_BY: Mapping[str, str] = {
    "SIGHTED": "本人を目視した",
    "DEPARTURE_RECORD": "出国の記録で確認した",
    "OTHER_AGENCY": "ほかの市町村・児童相談所・警察が確認した",
    "DOCUMENTS": "届出・在籍等の記録で確認した",
}

FORBIDDEN_CONTACTS: Mapping[str, str] = {
    "MEETING": "面会",
    "CORRESPONDENCE": "通信(電話・手紙・SNSなど)",
    "APPROACH": "つきまとい・はいかい(接近禁止命令)",
}

STAFF_ABUSE_RESULTS: Mapping[str, str] = {
    "SUBSTANTIATED": "虐待を確認した",
    "NOT_SUBSTANTIATED": "虐待はなかった",
    "UNDETERMINED": "判断に至らなかった",
}

URGENCIES = code_texts(codes.Urgency)

REFERRAL_OUTCOMES: Mapping[str, str] = {
    "ACCEPTED": "受け付けて支援を始める",
    "IN_PROGRESS": "検討している",
    "NOT_ELIGIBLE": "この事業の対象としない",
    "SENT_ON": "ほかの機関へつないだ",
}

BREACH_INTENTS: Mapping[str, str] = {
    "NONE": "不正の目的のおそれはない",
    "SUSPECTED": "不正の目的のおそれがある",
    "UNKNOWN": "分からない",
}
NOTICE_EXCEPTIONS: Mapping[str, str] = {
    "UNREACHABLE": "通知が困難(代わりの措置をとる)",
    "WOULD_HARM": "通知すると不開示情報に当たる",
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

MEMBER_ITEMS: Mapping[str, str] = {
    "1": "1号 国・地方公共団体の機関",
    "2": "2号 法人",
    "3": "3号 その他の人",
}
"""Basis: CWA 25-5: whom the duty of secrecy binds, by the kind of member."""

SCOPES: Mapping[str, str] = {"FULL": "全部委託", "PARTIAL": "一部委託"}

GAPS: Mapping[str, str] = {
    "REQUIREMENT_1": "委託要件 9(1)[1] 職員の体制が未確認",
    "REQUIREMENT_2": "委託要件 9(1)[2] 守秘の体制が未確認(委託先の守秘規程と、守秘義務の研修を修めた人の記録も要ります)",
    "REQUIREMENT_3": "委託要件 9(1)[3] 運営の体制が未確認",
    "MEMBERSHIP": "要対協の構成員になっていない",
    "OATH": "誓約書がない、または期限切れ",
    "REGISTRATION": "訪問支援者として登録されていない",
    "RECORD_CHECK": "犯罪事実確認がない、または期限切れ",
    **{f"TRAINING_{module}": f"研修「{text}」がない、または期限切れ" for module, text in MODULES.items()},
}

COMMISSION_DUTIES: Mapping[str, str] = {
    "RENEW": "期限までに更新するか、代わりの人を割り当てる",
    "MEND": "いま足りない: そろえるか、代わりの人を割り当てる",
    "RECHECK": "委託要件に疑い: 期限までに要件を確かめ直す(過ぎると委託先は停止します)",
    "REINSTATE": "足りないものがそろいました: 委託先を再開する",
    "PERFORMANCE": "実施状況の報告が遅れています",
    "TRAIN": "技術向上・応用研修が遅れています",
}

GAPS_AHEAD: Mapping[str, str] = {
    "OATH": "誓約書",
    "RECORD_CHECK": "犯罪事実確認",
    **{f"TRAINING_{module}": f"研修「{text}」" for module, text in MODULES.items()},
    "T2_SKILL": "技術向上研修",
    "T3_APPLIED": "応用研修",
}

TARGET_CLASSES: Mapping[str, str] = {
    "TC1_PREGNANCY": "妊娠期からの支援が要る家庭",
    "TC2_POSTPARTUM": "出産後間もない時期の養育に不安のある家庭",
    "TC3_INADEQUATE_CARE": "不適切な養育状態にある家庭",
    "TC4_REUNIFICATION": "施設などからの家庭復帰の家庭",
    "TC9_OTHER": "その他",
}

SUPPORT_TYPES: Mapping[str, str] = {"SHORT_INTENSIVE": "短期集中型", "MID_TERM": "中期型"}

PLAN_CONTENTS = code_texts(codes.PlanContent)

PLAN_PARTS: Mapping[str, str] = {
    "GOAL": "目標",
    "CONTENT": "内容",
    "PERIOD": "期間",
    "METHOD": "方法",
    "SUPPORTERS": "支援者",
}

PLAN_MAKERS = code_texts(codes.PlanMaker)

PLAN_AGREEMENTS = code_texts(codes.PlanAgreement)

PLAN_HANDOVERS = code_texts(codes.PlanHandover)

FAMILY_SERVICES = code_texts(codes.FamilyService)

SERVICE_ANSWERS: Mapping[str, str] = {
    "ACCEPTED": "利用する",
    "DECLINED": "利用しない",
    "UNABLE": "利用したいが、できない",
}

UNAVOIDABLE_REASONS: Mapping[str, str] = {
    "GUARDIAN_UNABLE": "疾病・障害などで保護者が手続できない",
    "GUARDIAN_REFUSES": "保護者が拒み、子どもに支援が要る",
    "GUARDIAN_ABSENT": "保護者と連絡がとれない",
    "OTHER": "その他のやむを得ない事由",
}

HOUSEKEEPINGS: Mapping[str, str] = {
    "WITH_GOAL": "ある(目標を書いた)",
    "WITHOUT_GOAL": "ある(目標はまだない)",
}

CLOSING_REASONS = code_texts(codes.ClosingReason)

CHILD_PLACES: Mapping[str, str] = {
    "TEMPORARY_PROTECTION": "一時保護",
    "HOSPITAL": "病院(入院)",
    "INSTITUTION": "施設・里親",
    "RELATIVES": "親族の家・里帰り",
}


def child_place_text(code: object) -> str:
    """Where a child is; empty for at home, as far as is known."""
    return {**CHILD_PLACES, "DIED": "死亡"}.get(str(code), "")


CAREGIVERS = code_texts(codes.Caregiver)

NOT_CONSULTED: Mapping[str, str] = {
    "NO_ANSWER": "連絡がつかない・回答がない",
    "DECLINED": "協議に応じない",
    "NO_LONGER_THERE": "委託の終了などでもういない",
    "WOULD_HARM": "知らせると家族に危険がある",
}

FOLLOW_ONS = code_texts(codes.FollowOn)

ROUTES: Mapping[str, str] = {
    "INFANT_HOME_VISIT": "乳児家庭全戸訪問",
    "MATERNAL_CHILD_HEALTH": "母子保健(妊娠届・健診・保健指導)",
    "MEDICAL": "医療機関",
    "PREGNANCY_SUPPORT": "妊婦等包括相談支援事業(令和7年4月から)",
    "CHILD_GUIDANCE_CENTRE": "児童相談所からの通知・送致",
    "NOTIFICATION": "通告・連絡",
    "NETWORK_MEMBER": "保育所・学校など要対協の構成員",
    "FAMILY": "本人・家族の相談",
    "OTHER": "その他",
}

INVOLVEMENTS = code_texts(codes.Involvement)

BODIES: Mapping[str, str] = {
    "MUNICIPALITY": "市町村",
    "PREFECTURE": "都道府県・児童相談所",
    "MEDICAL": "医療機関",
    "WELFARE_FACILITY": "児童福祉施設",
    "SCHOOL": "学校",
    "COMMISSIONED": "委託先",
    "PRIVATE": "民間の団体",
    "OTHER_PUBLIC": "その他の公的機関",
}

SUPPORT_NEEDS = code_texts(codes.SupportNeed)

STRENGTH_VALUES: Mapping[str, str] = {
    "NO_CONCERN": "ある・いる(強み)",
    "CONCERN": "十分でない",
    "SERIOUS": "ない・いない",
    "UNKNOWN": "分からない",
    "NOT_ASSESSED": "見ていない",
}
"""The same values at an item whose presence is a strength."""

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
    "URGENT": "子の利益のため急迫の事情がある(民法824条の2第1項3号)",
    "OTHER_CANNOT_ACT": "もう一方が親権を行えない(所在不明・重い病気など。1項2号)",
    "DAILY_MATTER": "監護・教育の日常の行為に当たる(2項)",
    "COURT_DETERMINED": "家庭裁判所が単独で行えると定めた(3項)",
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
    "PERIOD_NOT_FIXED": "期間の目安を決められない事情がある",
    "MADE_BY_ONE_SIDE": "母子保健・児童福祉の一方だけで作る事情がある",
    "NO_PLAN_RECEIVED": "計画をまだ受け取っていない",
    "EMERGENCY": "緊急の訪問で、計画によらない",
    "OTHER_CONTENT_NEEDED": "区分と違う内容が要る",
    "GOAL_NOT_REACHED": "目標に届いていない",
    "GOAL_WAS_REACHED": "目標に届いた",
    "REACHED_ENOUGH": "残る課題は小さく、ほかの支援で足りる",
    "SUPPORT_REFUSED": "働きかけを続けても、家族が支援を受け入れない",
    "NEW_NEED": "新しい課題が生じた",
    "NEEDED_AGAIN": "再び支援が要る",
    "NO_OTHER_SERVICE": "ほかの家事支援が使えない",
    "MOVED_AWAY": "転居した",
    "STAYS_IN_MUNICIPALITY": "市町村内の転居で、引き継ぐ必要がない",
    "MOVE_CANCELLED": "転居を取りやめた",
    "NO_LONGER_FITS": "登録の要件に当たらなくなった",
    "NEEDED_TO_REACH_FAMILY": "訪問・連絡・保護に、この区分での記載が欠かせない",
    "SUBJECT_WISHES": "本人が望んでいる",
    "MEASURE_ENDED": "支援措置が終わった",
    "REGISTERED_IN_ERROR": "登録に誤りがあった",
    "JOINED_BY_MISTAKE": "別の家庭だった(取り違え)",
    "NO_LONGER_ONE_FAMILY": "家庭が分かれた",
    "AUTHORITY_CHECKED": "請求した人に親権があることを確かめた",
    "DIFFERENT_CHILDREN": "別の子どもだった(取り違え)",
    "NOT_CERTAIN": "同じ子どもかどうか確かめられない",
    "OTHER_PROFESSION": "一覧にないが、専門的相談支援に足りる",
}
"""Reasons that forms offer. What is to be said in words stands sealed under 理由."""

CUSTODIES: Mapping[str, str] = {
    "OWN_DEVICE": "機関自身の機械",
    "HSM": "機関のハードウェア(HSM)",
    "HOSTED": "共同の機械(預かり)",
}
"""Who keeps an agency's keys."""

STAFF_LOG: Mapping[str, str] = {
    "address-stopped": "秘匿住所の記載を止めた",
    "address-sent": "秘匿住所の記載を、確認のうえ送った",
    "notifier-met": "通告者が分かる記載を見つけた",
    "family-searched": "家庭を検索",
    "family-shown": "家庭の票を表示",
    "family-dismissed": "別の家庭と判断",
    "charge-changed": "担当を変更",
    "charges-moved": "担当を引き継ぎ",
    "index-rebuild": "事例索引の作り直し",
    "form-printed": "様式を印刷した",
    "dry-run": "送付前に確認した",
    "person-added": "職員を登録",
    "person-removed": "職員の登録を消去",
    "passphrase-changed": "パスワードを変更",
    "device-invited": "端末を招待",
    "device-registered": "訪問用の端末を準備",
    "device-stopped": "訪問用の端末を停止",
    "signed-in": "ログインした",
    "sign-ins-failed": "ログイン失敗(回数)",
    "token-issued": "トークンを発行",
    "token-first-used": "トークンを初めて利用",
    "token-revoked": "トークンを失効",
    "app-set-up": "認証アプリを設定",
    "recovery-codes-made": "予備コードを作成",
    "recovery-code-used": "予備コードを使用",
    "passkey-added": "パスキーを登録",
    "passkey-ended": "パスキーを削除",
    "sessions-ended": "ログイン中の端末を終了",
    "person-invited": "職員を招待",
    "factors-reset": "ログインの方法を初期化",
    "identity-linked": "庁内の認証と結び付け",
    "identity-unlinked": "庁内の認証との結び付けを解除",
    "roles-changed": "役割を変更",
    "deputy-added": "代理を決めた",
    "deputy-ended": "代理を終えた",
    "deputy-acted": "代理として行った",
    "act-taken-away": "役割から権限を外した",
    "act-given-back": "外した権限を戻した",
}
"""What the log of a door reports."""

FACTORS: Mapping[str, str] = {
    "passphrase": "パスワード",
    "app": "パスワードと認証アプリ",
    "recovery-code": "パスワードと予備コード",
    "passkey": "パスキー",
    "provider": "庁内の認証",
}
"""By what somebody signed in, or confirmed it last."""

ATTACHMENT_CHANGES: Mapping[str, str] = {
    "LOCATION_REMOVED": "撮った場所の情報を消しました",
    "DETAILS_REMOVED": "作成者・機種・日時などの付帯情報を消しました",
    "ROTATED": "向きを直しました",
    "CONVERTED_TO_JPEG": "HEICをJPEGにしました",
    "COLOURS_CONVERTED": "色を標準(sRGB)に直しました",
    "FIRST_PICTURE_ONLY": "最初の一枚だけにしました",
    "ENCODED_ANEW": "画素だけから作り直しました",
    "REWRITTEN": "PDFを書き直しました(見た目は同じです)",
    "SIGNATURE_LOST": "電子署名の検証はできなくなりました",
    "NAME_CHANGED": "ファイル名を直しました",
}
"""What a door changes in a file before it is sent."""

ATTACHMENT_STEPS: Mapping[str, str] = {
    "RECEIVED": "受付",
    "CHECKED": "検査",
    "SEALED": "封",
    "SENDING": "送付",
    "RECORDED": "受領",
    "REFUSED": "受け付けられません",
}
"""How far an attachment is on its way."""

CONTENT_FAULTS: Mapping[str, str] = {
    "FORM": "書式どおりに読めない",
    "SCHEMA_UNKNOWN": "この窓口の知らない書式",
    "FILE_DIFFERS": "ファイルが、添えられた情報と合わない",
    "FILE_REFUSED": "ファイルが壊れているか、保護されているか、動くものを含む",
    "EMPTY": "開けるが、内容が分からない",
}
FAULT_ANSWERS: Mapping[str, str] = {
    "SENT_AGAIN": "内容を送り直した",
    "SENT_OTHERWISE": "紙または口頭で提供した",
    "READS_HERE": "こちらでは読める",
    "NOT_NEEDED": "取り下げた、またはもう要らない",
}
"""Content that could not be read, and what its author says to it."""
