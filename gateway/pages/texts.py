"""The Japanese text of every code. A code without a text is a failing test, never a bare code on a page."""

from __future__ import annotations

from collections.abc import Mapping

from domain import error_codes
from domain.error_codes import Audience
from domain.events import EVENTS

ROLES: Mapping[str, str] = {
    "CORE": "中核機関",
    "COORD": "調整機関",
    "CGC": "児童相談所",
    "MED": "医療機関",
    "CONTRACTOR": "委託先",
    "EXT": "関係機関",
}

SECTIONS: Mapping[str, str] = {
    "BASIC": "基本情報",
    "ADDR": "秘匿住所",
    "NOTIFIER": "通告者特定情報",
    "CHILD": "子どもの状況",
    "CAREGIVER": "養育者の状況",
    "ENV": "養育環境",
    "PREG": "妊娠期・特定妊婦",
    "MEDICAL": "医療情報",
    "RISK": "危険度・保護",
    "PLAN": "支援計画",
    "VISIT": "訪問記録",
    "CONF": "会議録",
    "CLOSING": "終結評価",
    "SOURCE": "原本",
    "REASON": "理由",
}

FLAGS: Mapping[str, str] = {
    "CHILD_STATEMENT": "子どもの発言",
    "SENSITIVE": "要配慮",
    "THIRD_PARTY": "第三者情報",
    "DV_PROTECTED": "DV等支援措置",
    "NEVER_TO_GUARDIAN": "保護者に不開示",
    "NOTIFIER_TRACE": "通告者の手がかり",
}

PURPOSES: Mapping[str, str] = {
    "SUPPORT": "養育支援訪問事業の実施",
    "SAFETY": "安全確認・保護",
    "SUPERVISION": "指導・上席の確認",
    "AUDIT": "監査",
    "REHEARSAL_CHECK": "訓練での閲覧確認",
}

ACTS: Mapping[str, str] = {topic: event.TITLE for topic, event in EVENTS.items()}
"""Titles of events, as their class statements state them."""

OUTCOMES: Mapping[str, str] = {
    "DISCLOSED": "提供",
    "STANDING": "常時閲覧",
    "HELD": "保留",
    "RELEASED": "保留解除",
    "REFUSED": "拒否",
    "OPENED": "閲覧",
    "GIVEN": "同意",
    "WITHDRAWN": "撤回",
    "recorded": "記録しました",
    "refused": "規則により拒否されました",
    "waiting": "ハブの応答を待っています",
    "OK": "照合済み",
}

STATES: Mapping[str, str] = {
    "OPENABLE": "閲覧可",
    "PENDING_KEY": "鍵の準備中",
    "CLOSED": "閲覧終了",
}

STATUSES: Mapping[str, str] = {
    "OPEN": "受付中",
    "SUPPORTED": "支援中",
    "FOLLOW_ON_PENDING": "後続支援の受入れ待ち",
    "CLOSED": "終結",
    "TRANSFERRED": "移管済み",
}

TASKS: Mapping[str, str] = {
    "ACKNOWLEDGE": "受領を確認する",
    "READ": "情報提供を読む",
    "ANSWER": "照会に回答する",
    "REWRAP": "鍵を追加する(窓口が自動で行います)",
    "RELEASE": "保留した開示の解除を申し出る",
    "HELD": "委託先の再開を待つ(保留中)",
    "ACCEPT": "後続支援を受け入れる",
    "REVIEW": "計画を見直す",
    "REGISTER": "要対協への登録を判断する",
    "SEE_CHILD": "子どもを目視して安全を確認する",
    "ACT": "情報提供・通告への対応を決める",
    "REVIEW_REPORT": "訪問報告を確認する",
    "DECIDE_ACCESS": "開示請求に決定する",
    "CONFIRM": "訂正・回収に対応し、確認する",
    "LATE_COERCION": "保護者の請求・同意を二人で確認する",
    "LATE_CONFIRM": "期限超過: 訂正・回収の確認",
    "LATE_SIGNALS": "弱い兆候が重なっています(まとめて確認する)",
    "EMERGENCY_REVIEW": "緊急閲覧を事後に確認する",
    "LATE_EMERGENCY": "緊急閲覧が行われています(事後確認待ち)",
    "LATE_EMERGENCY_END": "緊急閲覧の期限が過ぎました",
    "LATE_EMERGENCY_REVIEW": "期限超過: 緊急閲覧の事後確認",
    "COVER_VISIT": "委託先が訪問できません。予定した訪問の代わりを手配する",
    "SUPERVISE": "期限超過を上席が確認する",
    "LATE_ACKNOWLEDGE": "期限超過: 受領確認がありません",
    "LATE_READ": "期限超過: 閲読がありません",
    "LATE_ACT": "期限超過: 対応が記録されていません",
    "LATE_SAFETY": "期限超過: 子どもの目視確認がありません",
    "LATE_ANSWER": "期限超過: 照会への回答がありません",
    "LATE_ACCEPT": "期限超過: 後続支援が受け入れられていません",
    "LATE_REPORT": "期限超過: 訪問報告が確認されていません",
    "LATE_RIGHTS": "期限超過: 本人の請求に決定がありません",
    "CONFIRM_TRANSFER": "移管の受領を項目ごとに確認する",
    "LATE_TRANSFER": "期限超過: 移管の受領確認がありません",
    "LATE_HANDOVER": "期限超過: 移管が完了していません(移管先での目視確認待ち)",
    "LATE_MOVE": "期限超過: 転居の情報があり、移管が始まっていません",
    "LATE_NON_DISCLOSURE": "期限超過: 不提供の判断を見直す日が過ぎました",
    "LATE_VISIT_REPORT": "期限超過: 予定した訪問の報告がありません",
    "LATE_BREACH": "期限超過: 漏えいの確報がありません",
    "LATE_RETENTION": "保存期間が満了しました。評価と廃棄を決める",
    "LATE_SPECIALIST": "期限超過: 専門サービスに接続していません",
    "LATE_BUNDLE": "委託先が必要な情報なしに訪問しています",
    "LATE_REVIEW": "期限超過: 計画が見直されていません",
    "LATE_PLAN_END": "期限超過: 計画期間が終わっています",
    "LATE_VISITS": "期限超過: 週の訪問回数が足りません",
    "LATE_CONTACT": "期限超過: 子どもの姿が確認されていません",
    "LATE_SILENCE": "期限超過: 事例に動きがありません",
}

CONSENTS: Mapping[str, str] = {"GIVEN": "同意あり", "REFUSED": "同意拒否", "NOT_REQUESTED": "未確認"}

BASES: Mapping[str, str] = {
    "CWA-25-1": "児福法25条1項(通告)",
    "CWA-25-O": "児福法25条2項",
    "CWA-25-2-2": "児福法25条の2第2項(要対協の情報交換)",
    "CWA-25-2-5": "児福法25条の2第5項(調整機関)",
    "CWA-25-3-1": "児福法25条の3第1項(協力の求め)",
    "CWA-25-3-2": "児福法25条の3第2項(協力の応答)",
    "CWA-25-5": "児福法25条の5(守秘義務)",
    "CWA-61-3": "児福法61条の3(罰則)",
    "CWA-21-10-2-1": "児福法21条の10の2第1項",
    "CWA-21-10-2-3": "児福法21条の10の2第3項(委託)",
    "CWA-21-10-2-4": "児福法21条の10の2第4項(守秘)",
    "CWA-21-10-4": "児福法21条の10の4(知事の通知)",
    "CWA-21-10-5": "児福法21条の10の5(要支援児童等の情報提供)",
    "CWA-26-1-8": "児福法26条1項8号(児相の通知)",
    "CWA-26-1-3": "児福法26条1項3号(市町村送致)",
    "CWA-25-7-1": "児福法25条の7第1項(児相送致等)",
    "CWA-10-1": "児福法10条1項",
    "CWA-21-18": "児福法21条の18",
    "CAPA-5-2": "児虐法5条2項",
    "CAPA-5-3": "児虐法5条3項",
    "CAPA-5-4": "児虐法5条4項",
    "CAPA-6-1": "児虐法6条1項(通告)",
    "CAPA-6-3": "児虐法6条3項",
    "CAPA-7": "児虐法7条(通告者の秘匿)",
    "CAPA-8": "児虐法8条",
    "CAPA-13-4": "児虐法13条の4(資料・情報の提供)",
    "CAPA-4-6": "児虐法4条6項(移転時の情報提供)",
    "CAPA-4-5": "児虐法4条5項(検証)",
    "APPI-27-1-1": "個情法27条1項1号(法令)",
    "APPI-27-1-2": "個情法27条1項2号(生命・身体・財産)",
    "APPI-27-1-3": "個情法27条1項3号(児童の健全な育成)",
    "APPI-27-1-4": "個情法27条1項4号(公の事務への協力)",
    "APPI-27-C": "個情法27条1項(本人同意)",
    "APPI-69-1": "個情法69条1項(利用目的内)",
    "APPI-69-2-1": "個情法69条2項1号(本人同意)",
    "APPI-69-2-2": "個情法69条2項2号(内部利用)",
    "APPI-69-2-3": "個情法69条2項3号(他の行政機関等)",
    "APPI-69-2-4": "個情法69条2項4号(本人の利益等)",
    "APPI-70": "個情法70条",
    "APPI-66": "個情法66条",
    "APPI-67": "個情法67条",
    "PC-134": "刑法134条",
    "LPSA-34": "地公法34条",
    "CWA-18-22": "児福法18条の22",
    "MCHA-9-2": "母子保健法9条の2",
    "MCHA-10": "母子保健法10条",
    "MCHA-11": "母子保健法11条",
    "MCHA-17": "母子保健法17条",
    "MCHA-19": "母子保健法19条",
    "MCHA-19-2": "母子保健法19条の2(健診情報)",
    "CONSENT": "本人同意",
}

REASONS: Mapping[str, str] = {
    "NO_SECTIONS": "伝える情報区分がありません。",
    "SECTIONS_NOT_ALLOWED": "この手続きに情報区分は付けられません。",
    "UNKNOWN_MESSAGE": "対象の連絡が見つかりません。",
    "ALREADY_ANSWERED": "すでに回答済みです。",
    "INDICATORS_INCOMPLETE": "指標のすべての項目に回答してください(評価しない項目は「未評価」)。",
    "INDICATOR_UNKNOWN": "指標の一覧にない項目があります。",
    "NO_TARGET_CLASS": "対象区分と支援類型を選んでください。",
    "DISCHARGE_DATE_MISSING": "退所・委託終了の日が必要です。",
    "REASON_MISSING": "理由の記録が必要です。",
    "PLAN_INCOMPLETE": "計画には目標・内容・期間・方法・支援者の五つが必要です。",
    "PLAN_DATES_WRONG": "計画の日付が前後しています。",
    "CONSENT_SCOPE_WRONG": "同意の範囲(受け手・情報区分)が正しくありません。",
    "CONSENT_EXISTS": "この同意はすでに記録されています。",
    "MESSAGE_EXISTS": "この申出番号は使われています。",
    "ITEM_EXISTS": "この項目番号は使われています。",
    "WORKER_UNKNOWN": "登録・割当のない訪問支援者です。",
    "REQUIREMENT_UNKNOWN": "委託要件は9(1)[1]〜[3]から選んでください。",
    "MODULE_NEVER_EXEMPT": "この研修科目は省略できません。",
    "TIME_AHEAD": "受理した時刻が現在より後になっています。",
    "SIGHTING_UNCLEAR": "目視としながら、子どもを見ていないことになっています。",
    "REVIEW_DAY_MISSING": "見直す日が必要です。",
    "GROUND_NOT_APPLICABLE": "この情報区分には使えない不開示の理由です。",
    "RESULT_INCONSISTENT": "開示決定の結果と不開示の内容が合っていません。",
    "SECOND_PERSON_MISSING": "別の職員による確認が必要です。",
    "OWNER_NOT_ADDRESSED": "緊急閲覧は中核機関に知らせてください。",
    "NOTHING_TO_OPEN": "この情報区分の記録はありません。",
    "OWN_REVIEW": "閲覧した機関とは別の機関が確認してください。",
    "NOTIFIER_IDENTIFIABLE": "通告者が分かる記載があります。通告者特定情報に分けてください。",
    "NOTIFIER_NOT_WITHHELD": "通告者特定情報は必ず不開示としてください。",
    "CHILD_STATEMENT_NOT_WITHHELD": "子どもの発言など保護者に不開示の項目を、不開示に加えてください。",
    "GUARD_PAUSE": "危険度の記録がある事例で保護者が請求したときは、定めた時間をおいてから決定してください。",
    "RECIPIENTS_WRONG": "訂正の通知は、もとの連絡を受け取ったすべての機関だけにあててください。",
    "NO_TRANSFER": "進行中の移管がないか、別の移管です。",
    "RISK_SHEET_MISSING": "移管一式には危険度(リスクアセスメントシート)が必要です。",
    "CHECKLIST_INCOMPLETE": "移管の点検表で、リスクシートと写真の有無に答えてください。",
    "ADDRESS_MISSING": "秘匿住所は情報区分「秘匿住所」に書いてください。",
    "CONDITIONS_MISSING": "提供条件を一つ以上選んでください。",
    "NOT_APPROVED_BY_TWO": "この根拠による提供には、先に別の職員二人の承認が必要です。",
    "NOT_ANOTHER_MUNICIPALITY": "移管は、ほかの市町村の中核機関にあててください。",
    "NOT_RECEIVED": "移管先が受領を確認していません。",
    "CHILD_NOT_SEEN": "移管先が子どもを目視していません。それまでは移管元が責任を持ちます。",
    "NOT_TRANSFERRED": "移管が完了していないため、移管による終結はできません。",
    "NOT_IN_PERSON": "周知の確認は本人が行ってください。",
    "NOT_AN_OPERATOR": "事業を行う機関の手続きです。",
    "HOUSEKEEPING_WITHOUT_GOAL": "育児・家事援助には目標が必要です。",
    "NOTICE_INCOMPLETE": "届出の記載事項(名称・所在地、種類・内容、条例・定款等)がそろっていません。",
    "QUALIFICATION_NOT_LISTED": "一覧にない資格です。専門的相談支援に当たる理由を記録してください。",
    "MANDATE_OUT_OF_SEQUENCE": "監査の任期は前の次の番号で、1年以内の期限を付けます。",
    "NUMBERS_WRONG": "期間の前後、または件数が正しくありません。",
    "RULES_NOT_ACKNOWLEDGED": "守秘規程の周知確認をしてから閲覧してください。",
    "RULES_NOT_ADOPTED": "この版の規程は制定されていません。",
    "ALREADY_ADOPTED": "この版の規程はすでに制定されています。",
    "CORE_EXISTS": "この市町村にはすでに中核機関が指定されています。",
    "RETENTION_DAY_WRONG": "年齢による保存期間には満了日が、その他の保存期間には満了日なしが必要です。",
    "DESTROYED": "保存期間が満了し、廃棄されました。",
    "CONTENT_NOT_DESTROYED": "内容が残っている間は、提供の記録(制御情報)を廃棄できません。",
    "LEGAL_HOLD": "廃棄が停止されています(検証・訴訟・請求中)。",
    "NOT_EXPIRED": "保存期間が満了していません。",
    "ITEMS_DIFFER": "請求された項目・期限と、承認する項目・期限が一致しません。",
    "ACCESS_EXPIRED": "閲覧の期限が過ぎています。",
    "NOT_AN_AUTHORITY": "中核機関・調整機関・児童相談所だけができる、またはこれらだけにあてられる手続きです。",
    "NOT_A_CGC": "送致の宛先は児童相談所だけです。",
    "USE_STOPPED": "利用を停止した連絡です。",
    "UNKNOWN_ADDRESSEE": "宛先の機関が登録されていません。",
    "ADDRESSEE_IS_SENDER": "自機関は宛先にできません。",
    "NOT_RESPONSIBLE_CORE": "この事例の中核機関だけができます。",
    "NOT_COORDINATING": "調整機関だけができます。",
    "NOT_AN_OFFICE": "中核機関か調整機関だけができます。",
    "NOT_ADDRESSED": "自機関あての連絡ではありません。",
    "NOT_THE_SENDER": "送り手の機関だけができます。",
    "NOT_A_CONTRACTOR": "委託先ではありません。",
    "NOT_FULLY_COMMISSIONED": "全部委託の委託先だけができます。",
    "NO_CORE_AGENCY": "中核機関か調整機関を宛先に入れてください。",
    "NOT_YOUR_COMMISSION": "この委託の当事者ではありません。",
    "AUDITOR_OPENS_NOTHING": "監査では内容を開けません。",
    "NOT_YOURS": "見つかりません。",
    "NEVER_FOR_ROLE": "この情報区分は、この機関には提供できません。",
    "SENSITIVE_NOT_FOR_ROLE": "要配慮の項目は、この機関には提供できません。",
    "NO_BASIS": "宛先ごとに提供の根拠が必要です。",
    "BASIS_UNKNOWN": "根拠の符号が規則集にありません。",
    "BASIS_NOT_IN_FORCE": "この根拠は、この日には施行されていません。",
    "NO_GATEWAY": "この条文だけでは提供の根拠になりません。",
    "BASIS_FOR_OTHER_PARTIES": "この根拠は、この送り手と受け手の間には使えません。",
    "NOT_REGISTERED": "要対協に登録された事例でなければ使えない根拠です。",
    "NOT_A_MEMBER": "双方が要対協の構成員でなければ使えない根拠です。",
    "OTHER_MUNICIPALITY": "同じ市町村の中でだけ使える根拠です。",
    "NO_CONSENT": "記録された同意がありません。",
    "CONSENT_WITHDRAWN": "同意は撤回されています。",
    "CONSENT_EXPIRED": "同意の期間が過ぎています。",
    "CONSENT_DOES_NOT_COVER": "同意の範囲に、この受け手またはこの情報区分が含まれていません。",
    "CONSENT_NOT_CHECKED": (
        "危険度の記録がある事例で保護者がした同意は、威迫がないことを二人で確かめるまで根拠にできません。"
        "確認を記録するか、ほかの根拠を選んでください。"
    ),
    "CONTRACTOR_NOT_COMMISSIONED": "有効な委託契約がありません。",
    "CONTRACTOR_NOT_ASSIGNED": "この事例に割り当てられた訪問支援者がいません。",
    "CONTRACTOR_NOT_READY": "委託先の要件(研修・誓約書・構成員・要件確認)がそろっていません。",
    "CONTRACTOR_SUSPENDED": "委託先は停止中です。",
    "WORKER_NOT_READY": "この訪問支援者の研修または誓約書が有効ではありません。",
    "WORKER_NOT_ASSIGNED": "この事例に割り当てられた訪問支援者ではありません。",
    "CASE_CLOSED": "事例は終結しています。",
    "HELD": "保留中です。",
    "NOT_HELD": "保留中の宛先ではありません。",
    "ALREADY_REGISTERED": "すでに要対協に登録されています。",
    "NOT_ASSESSED": "先に指標評価が必要です。",
    "NOT_ELIGIBLE": "先に対象決定が必要です。",
    "NO_PLAN": "決定した計画がありません。",
    "NOT_COMMENCED": "支援が開始されていません。",
    "NOT_CONSULTED": "先に終結協議が必要です。",
    "VISITOR_NOT_CONSULTED": "終結協議に訪問支援者が入っていません。",
    "NOT_EVALUATED": "先に支援後評価が必要です。",
    "NOT_CLOSED": "終結していません。",
    "NOT_SUSPENDED": "停止中ではありません。",
    "NO_REWRAP_DUTY": "追加すべき鍵はありません。",
}


def _label(table: Mapping[str, str], code: object) -> str:
    return table.get(str(code), str(code))


def role_text(code: object) -> str:
    return _label(ROLES, code)


def section_text(code: object) -> str:
    return _label(SECTIONS, code)


def flag_text(code: object) -> str:
    return _label(FLAGS, code)


def purpose_text(code: object) -> str:
    return _label(PURPOSES, code)


def act_text(topic: object) -> str:
    return _label(ACTS, topic)


def outcome_text(code: object) -> str:
    return _label(OUTCOMES, code)


def state_text(code: object) -> str:
    return _label(STATES, code)


def status_text(code: object) -> str:
    return _label(STATUSES, code)


def task_text(kind: object) -> str:
    return _label(TASKS, kind)


def consent_text(code: object) -> str:
    return _label(CONSENTS, code) if code else ""


def basis_text(code: object) -> str:
    return f"{_label(BASES, code)}" if code else ""


def reason_text(code: object) -> str:
    return _label(REASONS, code) if code else ""


def finding_text(code: str) -> str:
    """What a finding of a verification means, in Japanese; empty for a code that is not ours."""
    row = error_codes.find(code)
    return "" if row is None else row.meaning_ja


def failure_text(error_code: object) -> str:
    """Why a command was never recorded and what to do, in Japanese; of a code that is not ours, the code itself."""
    row = error_codes.find(str(error_code))
    if row is None or not row.audience & Audience.DOOR:
        return f"窓口の管理者に次の符号を伝えてください: {error_code}"
    return row.text_ja
