"""Codes of the health report of a hub (``/readyz``): problems, which stop recording, and alarms, which do not."""

from __future__ import annotations

from domain.error_codes.model import HEALTH, Audience, rows

ROWS = tuple(
    rows(
        HEALTH,
        Audience.OPERATOR,
        # problems
        (
            "bus-mismatch",
            "The bus or its stream is not set up as the hub requires.",
            "Correct the setting that the detail names.",
            "バスの設定がハブの求めるものと違います",
            "示された設定を直してください",
        ),
        (
            "bus-not-ready",
            "The bus is connected and can't answer now.",
            "Wait; see the log of the bus if it lasts.",
            "バスが応答できない状態です",
            "しばらく待ち、続くときはバスのログを確かめてください",
        ),
        (
            "bus-disconnected",
            "The hub has no connection to the bus.",
            "Start the bus, or check the network between hub and bus.",
            "バスに接続できていません",
            "バスを起動するか、通信を確かめてください",
        ),
        (
            "disk-full",
            "The disk of the hub or the stream of the bus has too little room.",
            "Make room on the disk, or raise the limit of the stream.",
            "ディスクまたはストリームの空きが足りません",
            "空きを増やしてください",
        ),
        (
            "read-models-stopped",
            "The process of the read models does not run.",
            "Restart the hub.",
            "閲覧用の表の更新が止まっています",
            "ハブを起動し直してください",
        ),
        # alarms
        (
            "read-model-parked",
            "A read model could not apply a record and has stopped before it.",
            "Update this program, then rebuild the read model.",
            "閲覧用の表の一つが、ある記録の前で止まっています",
            "新しい版に更新し、表を作り直してください",
        ),
        (
            "cosignature-missing",
            "A witness has not cosigned the newest head.",
            "Ask the witness for the cause that the detail names.",
            "立会人の署名が届いていません",
            "示された原因を立会人に確かめてください",
        ),
        (
            "time-token-delayed",
            "The newest head has no time token yet.",
            "Wait; ask the time authority if it lasts.",
            "記録簿の先頭に時刻トークンがまだありません",
            "しばらく待ち、続くときは時刻認証局に確かめてください",
        ),
        (
            "log-signing-delayed",
            "The log could not sign the newest records yet.",
            "Wait; correct the cause that the detail names if it lasts.",
            "新しい記録がまだ署名されていません",
            "しばらく待ち、続くときは示された原因を直してください",
        ),
        (
            "log-signing-stopped",
            "The stream contradicts what the log has signed, and nothing more is signed.",
            "Stop the hub, run «kakehashi audit verify» and report the findings.",
            "ストリームが署名済みの記録簿と食い違い、署名を止めています",
            "ハブを止め、監査の検証を実行して報告してください",
        ),
        (
            "destruction-failed",
            "The keys of a case could not be destroyed yet.",
            "Correct the cause that the detail names; the hub tries again.",
            "廃棄すべき鍵をまだ廃棄できていません",
            "示された原因を直してください。ハブがやり直します",
        ),
        (
            "mandate-expired",
            "The mandate of the audit office is over.",
            "Let the registrars begin the next («kakehashi audit begin-mandate»).",
            "監査部門の任期が終わっています",
            "登録責任者に次の任期を始めてもらってください",
        ),
    )
)
