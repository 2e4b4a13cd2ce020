"""Codes of the health reports of hub and doors (``/readyz``): problems, which stop recording, and alarms, which do not."""

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
        (
            "door-store-not-ready",
            "The database of the door can't be read or written.",
            "Make room on the disk and check the rights of the door's folder.",
            "窓口のデータベースが使えません",
            "ディスクの空きとフォルダーの権限を確かめてください",
        ),
        (
            "own-key-set-not-in-force",
            "The keys of this door are not those of the agency's key set in force.",
            "Start the door with the agency's present keys, or have the registrars publish a key set.",
            "この窓口の鍵は有効な鍵一式のものではありません",
            "現在の鍵で窓口を起動するか、登録責任者に鍵一式を公開してもらってください",
        ),
        # alarms
        (
            "hub-away",
            "The door gets no answer from the hub.",
            "Check the hub and the network; what is sent waits in the outbox.",
            "ハブに接続できません",
            "ハブと通信を確かめてください。送ったものは送信箱で待ちます",
        ),
        (
            "outbox-waiting",
            "Commands in the outbox have no answer yet.",
            "Wait; if it lasts, see whether the hub is away.",
            "送信箱で待っているものがあります",
            "しばらく待ち、続くときはハブへの接続を確かめてください",
        ),
        (
            "feed-behind",
            "The door could not read what is new at the hub.",
            "Wait; if it lasts, see the health of the hub.",
            "ハブの新しい内容を受け取れていません",
            "しばらく待ち、続くときはハブの状態を確かめてください",
        ),
        (
            "memory-not-protected",
            "This system can't close the memory of the hub to other processes of its user.",
            "Run the hub on Linux, under a user of its own.",
            "このシステムでは、ハブのメモリーを他のプロセスから守れません",
            "Linux で、ハブ専用の利用者で動かしてください",
        ),
        (
            "read-model-parked",
            "A read model could not apply a record and has stopped before it.",
            "Update this program, then rebuild the read model.",
            "閲覧用の表の一つが、ある記録の前で止まっています",
            "新しい版に更新し、表を作り直してください",
        ),
        (
            "calendar-ending",
            "The public holidays in the rule book's calendar end soon, or are over.",
            "Have two registrars publish a calendar that goes further (kakehashi registrar prepare calendar).",
            "規則集の休日の暦がまもなく切れるか、切れています",
            "kakehashi registrar prepare calendar で先の年までの暦を作り、登録責任者二人の承認で公示してください",
        ),
        (
            "read-models-lagging",
            "The read models are far behind the record; feeds and pages say how old the state is that they show.",
            "Wait; see the load of the machine and the log of the projector if it lasts.",
            "閲覧用の表が記録に遅れています",
            "しばらく待ち、続くときは機械の負荷と更新の処理のログを確かめてください",
        ),
        (
            "item-sweep-failed",
            "The hub could not delete the uploaded items that no command names.",
            "Wait; correct the cause that the detail names if it lasts.",
            "使われていない預け物を削除できませんでした",
            "しばらく待ち、続くときは示された原因を直してください",
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
