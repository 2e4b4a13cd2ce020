"""The Japanese text of every code. A code without a text is a failing test, never a bare code on a page."""

from __future__ import annotations

from collections.abc import Mapping

from domain import error_codes
from domain.error_codes import Audience
from domain.events import EVENTS
from domain.office_days import OFFICE_DAY_CLOCKS
from domain.tasks import CLOCK_OF_TASK

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
    "ADDRESS_TRACE": "秘匿住所の記載",
}

PURPOSES: Mapping[str, str] = {
    "SUPPORT": "養育支援訪問事業の実施",
    "SAFETY": "安全確認・保護",
    "SUPERVISION": "指導・上席の確認",
    "AUDIT": "監査",
    "INDEX_REBUILD": "窓口の事例索引の作り直し",
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
    "RELEASE": "保留した提供の解除を申し出る",
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
    "EMERGENCY_APPROVAL": "緊急閲覧の求めが届いています(承認するかをすぐに判断する)",
    "CONFIRM_CHECK": "威迫の確認を二人目として確かめる",
    "EMERGENCY_REVIEW": "緊急閲覧を事後に確認する",
    "LATE_EMERGENCY": "緊急閲覧が行われています(事後確認待ち)",
    "LATE_EMERGENCY_UNILATERAL": "別の機関の承認のない緊急閲覧が行われています(事後確認待ち)",
    "LATE_EMERGENCY_END": "緊急閲覧の期限が過ぎました",
    "LATE_EMERGENCY_REVIEW": "期限超過: 緊急閲覧の事後確認",
    "COVER_VISIT": "委託先が訪問できません。予定した訪問の代わりを手配する",
    "REASSESS": "保護者の死亡後の養育の体制を確かめ、評価・計画を見直す",
    "KEEP_RECORDS": "子どもの死亡の検証に備え、記録の保存(廃棄の停止・保存期間)を決める",
    "SUPERVISE": "期限超過を上席が確認する",
    "LATE_ACKNOWLEDGE": "期限超過: 受領確認がありません",
    "LATE_READ": "期限超過: 既読になっていません",
    "LATE_ACT": "期限超過: 対応が記録されていません",
    "LATE_SAFETY": "期限超過: 子どもの目視確認がありません",
    "LATE_ANSWER": "期限超過: 照会への回答がありません",
    "LATE_ACCEPT": "期限超過: 後続支援が受け入れられていません",
    "LATE_REPORT": "期限超過: 訪問報告が確認されていません",
    "LATE_RIGHTS": "期限超過: 本人の請求に決定がありません",
    "CONFIRM_TRANSFER": "移管の受領を項目ごとに確認する",
    "LATE_TRANSFER": "期限超過: 移管の受領確認がありません",
    "LATE_HANDOVER": "期限超過: 移管が完了していません(移管先での目視確認待ち)",
    "REPLACE_VISITOR": "訪問支援者がいなくなった家庭に、代わりの人を割り当てる",
    "LATE_REPLACEMENT": "期限超過: 支援中の家庭に訪問支援者がいません",
    "LATE_STAY": "期限超過: 滞在先からの帰宅が確認されていません(帰宅か延長を記録してください)",
    "LATE_MOVE": "期限超過: 転居の情報があり、移管が始まっていません",
    "LATE_NON_DISCLOSURE": "期限超過: 不提供の判断を見直す日が過ぎました",
    "LATE_VISIT_REPORT": "期限超過: 予定した訪問の報告がありません",
    "REPORT_BREACH": "漏えい等を速報する",
    "LATE_BREACH_PRELIMINARY": "期限超過: 漏えいの速報がありません(概ね3〜5日以内)",
    "LATE_BREACH_INTENT": "期限超過: 漏えい(不正の目的のおそれ)の確報がありません(60日以内)",
    "LATE_BREACH_NOTICE": "期限超過: 漏えいの本人への通知がありません",
    "LATE_BREACH": "期限超過: 漏えいの確報がありません",
    "LATE_RETENTION": "保存期間が満了しました。評価と廃棄を決める",
    "LATE_SPECIALIST": "期限超過: 専門サービスに接続していません",
    "LATE_BUNDLE": "委託先が必要な情報なしに訪問しています",
    "LATE_REVIEW": "期限超過: 計画が見直されていません",
    "LATE_PLAN_ENDING": "計画期間の終わりが近づいています(見直し・延長・終結の準備)",
    "LATE_PLAN_END": "期限超過: 計画期間が終わっています",
    "LATE_VISITS": "期限超過: 週の訪問回数が足りません",
    "LATE_CONTACT": "期限超過: 子どもの姿が確認されていません",
    "LATE_SILENCE": "期限超過: 事例に動きがありません",
    "SEARCH": "居所を捜し、調査を記録する",
    "LATE_SEARCH": "期限超過: 居所の調査が記録されていません",
    "MAKE_READABLE": "読めない内容を訂正するか、回答する",
    "LATE_UNREADABLE": "期限超過: 読めない内容に対応していません",
    "LATE_PROTECTION_END": "住所の秘匿がまもなく終わります(支援措置の更新を確かめ、登録し直すか終える)",
    "LATE_OFFICIAL": "期限超過: 裁判所・捜査機関・弁護士会からの照会に回答していません",
    "LATE_SERVICE": "期限超過: 家庭支援事業の利用勧奨への答えが記録されていません",
    "LATE_BAN_END": "面会・通信等の制限がまもなく終わります(延長か解除を決める)",
}

CONSENTS: Mapping[str, str] = {"GIVEN": "同意あり", "REFUSED": "同意拒否", "NOT_REQUESTED": "未確認"}

BASES: Mapping[str, str] = {
    "CWA-25-1": "児福法25条1項(通告)",
    "CWA-33-12": "児福法33条の12第1項(施設職員等による虐待の通報)",
    "CWA-25-1-P": "児福法25条1項ただし書(家庭裁判所への通告)",
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
    "CAPA-8-2-2": "児虐法8条2項2号(市町村への送致)",
    "CAPA-8-2-4": "児虐法8条2項4号(事業が適当との通知)",
    "CWA-28-1": "児福法28条1項(家庭裁判所の承認の申立て)",
    "CWA-33-3": "児福法33条3項・4項(一時保護状の請求)",
    "CRPA-197-2": "刑訴法197条2項(捜査関係事項照会への回答)",
    "ATTA-23-2": "弁護士法23条の2(弁護士会照会への回答)",
    "CPA-186": "民訴法186条(調査の嘱託への回答)",
    "CPA-226": "民訴法226条(文書送付の嘱託への回答)",
    "DRPA-62": "家事事件手続法62条(調査の嘱託への回答)",
    "CAPA-13-4": "児虐法13条の4(資料・情報の提供)",
    "CAPA-4-6": "児虐法4条6項(移転時の情報提供)",
    "CAPA-4-5": "児虐法4条5項(検証)",
    "APPI-27-1-1": "個情法27条1項1号(法令)",
    "APPI-27-1-2": "個情法27条1項2号(生命・身体・財産)",
    "APPI-27-1-3": "個情法27条1項3号(児童の健全な育成)",
    "APPI-27-1-4": "個情法27条1項4号(公の事務への協力)",
    "APPI-27-C": "個情法27条1項(本人同意)",
    "APPI-69-1": "個情法69条1項(同じ自治体の利用目的内・法令に基づく提供)",
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
    "NO_SECTIONS": "提供する情報区分がありません。",
    "SECTIONS_NOT_ALLOWED": "この手続きに情報区分は付けられません。",
    "NOT_OPENED": "この項目を開いた記録がありません。開いてから知らせてください。",
    "UNKNOWN_MESSAGE": "対象の連絡が見つかりません。",
    "ALREADY_ANSWERED": "すでに回答済みです。",
    "SERVICE_NOT_IN_FORCE": "その事業は、まだ始まっていません。",
    "SERVICE_DAYS_MISSING": "利用の始まりの日(一時的な支援では終わりの日も)を書いてください。",
    "SERVICE_NOT_ANSWERED": "措置の前に、利用勧奨への家族の答えを記録してください。",
    "SERVICE_ACCEPTED": "家族が利用すると答えています。措置は要りません。",
    "PLAN_WITHOUT_END": "計画の最終日を決めてください。",
    "HANDOVER_UNCLEAR": "計画を渡した日と渡し方を選んでください。",
    "NOTHING_ASSESSED": "一つも見ていない評価は記録できません。見た項目を一つ以上選んでください。",
    "WORDS_MISSING": "「その他」が気になるときは、何かを妊娠期の欄に書いてください。",
    "NAMES_NOT_SEALED": "関与機関の名前・担当者を、関与機関の欄に書いてください。",
    "INDICATORS_INCOMPLETE": "指標のすべての項目に回答してください(評価しない項目は「未評価」)。",
    "INDICATOR_UNKNOWN": "指標の一覧にない項目があります。",
    "NO_TARGET_CLASS": "対象区分と支援類型を選んでください。",
    "DISCHARGE_DATE_MISSING": "退所・委託終了の日が必要です。",
    "REASON_MISSING": "理由の記録が必要です。",
    "PLAN_INCOMPLETE": "計画には目標・内容・期間・方法・支援者の五つが必要です。",
    "PLAN_DATES_WRONG": "計画の日付が前後しています。",
    "CONSENT_SCOPE_WRONG": "同意の範囲(受け手・情報区分)が正しくありません。",
    "CONSENT_END_MISSING": (
        "子どもについての同意には終わりの日が必要です。子どもが18歳になる日より前の日を選んでください。"
    ),
    "OTHER_GUARDIAN_MISSING": (
        "親権者が二人いるときは、もう一人の同意も必要です(民法824条の2)。二人から得て「共同」で記録するか、"
        "一人でよい理由を選ぶか、単独親権であることを記録してください。"
    ),
    "AUTHORITY_NOT_HELD": "親権を停止・喪失した親は、子どもを代理できません(同意も開示請求も)。親権の状況を確かめてください。"
    "開示を決めるときは、請求した人に親権があることを選んでください。",
    "AUTHORITY_WITH_PARENTS": "親権者がいる子どもについては、未成年後見人・親権代行者の同意を根拠にできません。",
    "GIVER_MISSING": "親権の状況が父母で違います。だれが同意したかを選んでください。",
    "AUTHORITY_INCOMPLETE": "親権の状況を一人以上選んでください。停止には終わりの日(2年以内)が必要です。",
    "CONSENT_EXISTS": "この同意はすでに記録されています。",
    "MESSAGE_EXISTS": "この申出番号は使われています。",
    "ITEM_EXISTS": "この項目番号は使われています。",
    "WORKER_UNKNOWN": "登録・割当のない訪問支援者です。",
    "REQUIREMENT_UNKNOWN": "委託要件は9(1)[1]〜[3]から選んでください。",
    "MODULE_NEVER_EXEMPT": "この研修科目は省略できません。",
    "TIME_AHEAD": "受理した時刻が現在より後になっています。",
    "SOURCE_UNKNOWN": "知らせた機関が登録されていません。",
    "CHILDREN_NOT_NAMED": "どの子どものことかを選んでください。",
    "CHILD_UNKNOWN": "この事例で知られていない子ども、または「名前の分からない子ども」は選べません。",
    "ALREADY_ONE_CHILD": "まとめるには、別々の子どもの番号が二つ以上要ります。",
    "CHILD_LIVES": "この家庭の子ども全員の死亡が記録されていません。ほかの終結の理由を選んでください。",
    "SIGHTING_UNCLEAR": "目視としながら、子どもを見ていないことになっています。",
    "REVIEW_DAY_MISSING": "見直す日が必要です。",
    "GROUND_NOT_APPLICABLE": "この情報区分には使えない不開示の理由です。",
    "RESULT_INCONSISTENT": "開示決定の結果と不開示の内容が合っていません。",
    "NOT_A_PERSON": "人が自分で行うことです。システムからは記録できず、システムを職員として選ぶこともできません。",
    "ALREADY_OPEN": "この緊急閲覧は、すでに開いたものです。",
    "NO_OWN_PART": "この求めより前からこの事例にかかわる機関か、要対協の構成機関の承認が必要です。",
    "KEY_SET_MISSING": "承認する機関の鍵が有効ではありません。",
    "COORDINATING_NOT_ADDRESSED": "緊急閲覧の求めは、調整機関にも送ります。",
    "SECOND_PERSON_MISSING": "別の職員による確認が必要です。",
    "OWNER_NOT_ADDRESSED": "緊急閲覧は中核機関に知らせてください。",
    "NOTHING_TO_OPEN": "この情報区分の記録はありません。",
    "OWN_REVIEW": "閲覧した機関とは別の機関が確認してください。",
    "NOTIFIER_IDENTIFIABLE": "通告者が分かる記載があります。通告者特定情報に分けてください。",
    "NOTIFIER_NOT_WITHHELD": "通告者特定情報は必ず不開示としてください。",
    "CHILD_STATEMENT_NOT_WITHHELD": "子どもの発言など保護者に不開示の項目を、不開示に加えてください。",
    "GUARD_PAUSE": "危険度の記録がある事例で保護者が請求したときは、定めた時間をおいてから決定してください。",
    "RECIPIENTS_WRONG": "訂正の通知は、もとの連絡を受け取ったすべての機関だけにあててください。",
    "SAME_CASE": "同じ事例どうしは結び付けられません。",
    "ALREADY_JOINED": "すでに同じ家庭の事例として結び付いています。",
    "NOT_JOINED": "結び付いていない事例です。",
    "NOT_YOUR_CASE": "その番号の事例がないか、自機関が中核機関である事例ではありません。",
    "NO_STAY": "続いている滞在がないか、別の滞在です。",
    "RETURN_BEFORE_STAY": "帰宅の予定の日が、滞在を始めた日より前です。",
    "RETURN_DAY_OVER": "帰宅の予定の日が過ぎています。",
    "OTHER_TOWN_NOT_ADDRESSED": "もう一方の市町村の中核機関を宛先に含めてください。",
    "NO_TRANSFER": "進行中の移管がないか、別の移管です。",
    "RISK_SHEET_MISSING": "移管一式には危険度(リスクアセスメントシート)が必要です。",
    "CHECKLIST_INCOMPLETE": "移管の点検表で、リスクシートと写真の有無に答えてください。",
    "ADDRESS_MISSING": "秘匿住所は情報区分「秘匿住所」に書いてください。",
    "ADDRESS_NOT_APPROVED": "この内容は確認が必要です。秘匿住所を別の区分で送るには、先に二人の職員が理由を記録します。",
    "CONDITIONS_MISSING": "提供条件を一つ以上選んでください。",
    "REQUEST_NOT_RECORDED": (
        "この根拠で答えるには、相手がこの法律で照会・嘱託したことの記録が必要です。"
        "先に「外部機関からの照会・嘱託を記録する」で記録してください。"
    ),
    "COMMISSIONED_DATA": (
        "委託で得た情報は、委託した市町村にだけ返します。ほかの機関には中核機関から提供します"
        "(通告と、生命・身体・財産の危険のための提供を除く)。"
    ),
    "NOT_APPROVED_BY_TWO": "この根拠による提供には、先に別の職員二人の承認が必要です。",
    "NOT_ANOTHER_MUNICIPALITY": "移管は、ほかの市町村の中核機関にあててください。",
    "NOT_RECEIVED": "移管先が受領を確認していません。",
    "CHILD_NOT_SEEN": "移管先が子どもを目視していません。それまでは移管元が責任を持ちます。",
    "NOT_TRANSFERRED": "移管が完了していないため、移管による終結はできません。",
    "NOT_IN_PERSON": "周知の確認は本人が行ってください。",
    "NOT_AN_OPERATOR": "事業を行う機関の手続きです。",
    "HOUSEKEEPING_WITHOUT_GOAL": "育児・家事援助には目標が必要です。",
    "NOTICE_INCOMPLETE": "届出の記載事項(名称・所在地、種類・内容、条例・定款等)がそろっていません。",
    "QUALIFICATION_NOT_VERIFIED": "この資格はまだ確認されていません。先に「資格を確認する」を記録してください。",
    "ROLE_MISSING": "訪問支援者の役割(専門的相談支援・育児家事援助)を選んでください。",
    "VALIDITY_TOO_LONG": "犯罪事実確認の有効期限が、確認の日から5年を経過する年度の末日を過ぎています。",
    "REQUIREMENT_DOUBTED": "この委託先の要件に疑いがあり、確かめ直すまで新しい割当はできません。",
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
    "NOT_A_CGC": "児童相談所だけが対象です。",
    "NOT_A_COURT": "宛先にできるのは家庭裁判所だけです。",
    "FACILITY_UNKNOWN": "その施設は登録されていないか、要対協の中核機関・調整機関です。",
    "FACILITY_ADDRESSED": "職員等による虐待の通報は、その施設を宛先にできません。",
    "CONTACTS_MISSING": "制限するものを一つ以上選んでください。",
    "DAY_OVER": "最後の日がすでに過ぎています。",
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
    "NOT_A_PARTICIPANT": "会議録と終結の協議は、その会議に出席した構成員にだけ提供できます。出席機関を確かめてください。",
    "SENSITIVE_NOT_FOR_ROLE": "要配慮の項目は、この機関には提供できません。",
    "NO_BASIS": "宛先ごとに提供の根拠が必要です。",
    "BASIS_UNKNOWN": "根拠の符号が規則集にありません。",
    "BASIS_NOT_IN_FORCE": "この根拠は、この日には施行されていません。",
    "NO_GATEWAY": "この条文だけでは提供の根拠になりません。",
    "BASIS_FOR_OTHER_PARTIES": "この根拠は、この送り手と受け手の間には使えません。",
    "NOT_REGISTERED": "要対協に登録された事例でなければ使えない根拠です。",
    "NOT_A_MEMBER": "双方が要対協の構成員でなければ使えない根拠です。",
    "OTHER_MUNICIPALITY": "同じ地方公共団体の中でだけ使える根拠です。",
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
    "WORKER_NOT_READY": "この訪問支援者は名簿に登録がないか、研修・誓約書などがそろっていません。「委託・研修」の画面で確かめてください。",
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
    "VISITOR_NOT_CONSULTED": "終結協議に、訪問した機関がすべて入っていません。尋ねられないときは、その理由を協議に記録してください。",
    "AGENCY_NOT_CONSULTED": "終結協議に、支援につないだ関係機関が入っていません。尋ねられないときは、その理由を協議に記録してください。",
    "NOT_EVALUATED": "先に支援後評価が必要です。",
    "EVALUATION_DISAGREES": "支援後評価では目標や養育の環境が届いていません。終結の理由と合わないときは、なぜ終結するかを選んでください。",
    "FOLLOW_ON_MISSING": "終結の後に何が続くか(要らないときは「要らない」)を選んでください。",
    "FOLLOW_ON_INCONSISTENT": "終結の後の支援が記録と合っていません(依頼の記録を確かめてください)。",
    "NOT_CLOSED": "終結していません。",
    "NOT_SUSPENDED": "停止中ではありません。",
    "NOTHING_TO_REBUILD": "事例索引の作り直しで開けるのは、この機関が書いたか前に開いた基本情報だけです。",
    "PURPOSE_OF_OPENINGS": "この利用目的は、事例索引の作り直しで情報を開くときだけのものです。",
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


def period_text(kind: object) -> str:
    """How the time of a task runs; empty for one without a time of its own."""
    clock = CLOCK_OF_TASK.get(str(kind))
    if clock is None:
        return ""
    return "最終日が閉庁日なら次の開庁日" if clock in OFFICE_DAY_CLOCKS else "休日も進む"


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
    """Why a command was never recorded and what to do, in Japanese; where the code is not ours or not a door's, whom to
    tell."""
    row = error_codes.find(str(error_code))
    if row is None or not row.audience & Audience.DOOR:
        return "窓口の管理者に、送付した日時を知らせてください。"
    return row.text_ja
