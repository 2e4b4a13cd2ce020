"""Error codes of what the registrars approve, and of the files that the holders of keys exchange."""

from __future__ import annotations

from domain.error_codes.model import MALFORMED, NOT_FOUND, REFUSED, UNTRUSTED, Audience, rows

ROWS = (
    *rows(
        NOT_FOUND,
        Audience.OPERATOR,
        (
            "no-founding",
            "No founding was begun in this folder.",
            "Begin with «kakehashi hub init».",
            "このフォルダでは設立を始めていません",
            "「kakehashi hub init」から始めてください",
        ),
    ),
    *rows(
        MALFORMED,
        Audience.OPERATOR,
        (
            "public-half-form",
            "The file is not the public half of the keys of this holder.",
            "Name the file public.json that the holder has sent.",
            "この立場の「公開する半分」のファイルではありません",
            "本人から届いた public.json を指定してください",
        ),
        (
            "three-registrars",
            "A hub has exactly three different registrars.",
            "Name the public halves of three persons.",
            "登録責任者は、異なる三人が必要です",
            "三人分の公開する半分を指定してください",
        ),
        (
            "approval-file-size",
            "The file is larger than 16 MiB.",
            "Name a request or an approval.",
            "ファイルが大きすぎます",
            "請求か承認のファイルを指定してください",
        ),
        (
            "approval-signature-list",
            "A document or approval does not have a list of at most two signatures.",
            "Ask the sender for the file again.",
            "署名の数が正しくありません",
            "ファイルをもう一度送ってもらってください",
        ),
        (
            "two-approvals",
            "The approvals of two different registrars are needed.",
            "Name the approvals of two persons.",
            "異なる二人の登録責任者の承認が必要です",
            "二人分の承認を指定してください",
        ),
    ),
    *rows(
        REFUSED,
        Audience.OPERATOR,
        (
            "approval-unknown-document",
            "The request has a document of a kind that registrars do not approve.",
            "Do not sign it; ask the sender what it is.",
            "登録責任者が承認する種類の文書ではありません",
            "署名せず、送った人に確かめてください",
        ),
        (
            "approval-other-rules",
            "The rule book of the request is not the one of this software.",
            "Use the release of the software that the hub uses.",
            "請求の規則集が、このソフトウェアの規則集と違います",
            "ハブと同じ版のソフトウェアを使ってください",
        ),
        (
            "approval-too-late",
            "The time in which this could be recorded is over.",
            "Ask for a new request.",
            "この請求の期限は過ぎています",
            "請求を作り直してもらってください",
        ),
        (
            "approval-too-early",
            "The request was made in the future, or is valid for longer than seven days.",
            "Check the clocks of both machines, and ask for a new request.",
            "請求の日時が先のものか、期限が7日より先です",
            "双方の機械の時計を確かめ、請求を作り直してもらってください",
        ),
        (
            "approval-declined",
            "The registrar did not approve.",
            "Nothing was signed.",
            "承認しませんでした",
            "署名はしていません",
        ),
        (
            "agency-code-used",
            "You have approved this code for another agency.",
            "Ask the agency to choose another code.",
            "この略号は、別の機関に承認しています",
            "別の略号にしてもらってください",
        ),
        (
            "rehearsal-hub-real-keys",
            "The request is for a rehearsal hub, and your keys are real ones.",
            "Use keys of a rehearsal for it.",
            "訓練用ハブの請求です。実際の運用の鍵では承認できません",
            "訓練には訓練用の鍵を使ってください",
        ),
        (
            "order-refused",
            "The hub has recorded a refusal.",
            "Correct what the detail names.",
            "ハブが拒否し、記録しました",
            "理由を確かめてください",
        ),
    ),
    *rows(
        UNTRUSTED,
        Audience.OPERATOR,
        (
            "not-a-registrar-here",
            "Your keys are not those of a registrar of this hub.",
            "Check the folder of your keys, and which hub the request is for.",
            "あなたの鍵は、このハブの登録責任者の鍵ではありません",
            "鍵のフォルダと、どのハブの請求かを確かめてください",
        ),
        (
            "approval-of-another-request",
            "The approval is of another request.",
            "Name the approvals of this request, byte for byte the same file.",
            "別の請求の承認です",
            "同じ請求のファイルへの承認を指定してください",
        ),
        (
            "approval-unknown-person",
            "The approval is not of a registrar of this hub.",
            "Name the approvals of registrars of this hub.",
            "このハブの登録責任者でない人の承認です",
            "このハブの登録責任者の承認を指定してください",
        ),
        (
            "audit-keys-of-another",
            "The keys of this folder are not those of the audit office in the genesis.",
            "Check the folder and the genesis file.",
            "このフォルダの鍵は、設立文書にある監査機関の鍵ではありません",
            "フォルダと設立文書を確かめてください",
        ),
    ),
)
