"""Error codes of installations, their settings and the command line."""

from __future__ import annotations

from domain.error_codes.model import MALFORMED, NOT_FOUND, UNAVAILABLE, Audience, rows

ROWS = (
    *rows(
        NOT_FOUND,
        Audience.OPERATOR,
        (
            "agency-not-found",
            "There is no agency of this code here.",
            "Check the code of the agency.",
            "この略号の機関がありません",
            "略号を確かめてください",
        ),
        (
            "no-installation",
            "There is no installation in this folder.",
            "Make one with «kakehashi init».",
            "このフォルダに設置がありません",
            "「kakehashi init」で作ってください",
        ),
        (
            "file-not-found",
            "The file cannot be read.",
            "Name a file that can be read.",
            "ファイルを読み取れません",
            "ファイルの名前と権限を確かめてください",
        ),
    ),
    *rows(
        MALFORMED,
        Audience.OPERATOR,
        (
            "folder-not-empty",
            "The folder is not empty, and nothing is overwritten.",
            "Name an empty folder.",
            "フォルダが空ではありません",
            "空のフォルダを指定してください",
        ),
        (
            "no-passphrase",
            "A real installation was given no passphrase.",
            "Give the passphrase by prompt, file or file descriptor.",
            "合言葉がありません",
            "入力、ファイル、記述子のどれかで渡してください",
        ),
        (
            "register-form",
            "The file of agencies does not have its form.",
            "Correct the file as the detail says.",
            "機関の一覧のファイルの形式が正しくありません",
            "ファイルを直してください",
        ),
        (
            "register-office",
            "An office is not in the list of agencies.",
            "Add the office to the list of agencies.",
            "機関の一覧にない部署です",
            "一覧に加えてください",
        ),
        (
            "bus-settings",
            "The settings of the message bus do not have their form.",
            "Correct the settings as the detail says.",
            "記録の保存先の設定の形式が正しくありません",
            "設定ファイルを直してください",
        ),
        (
            "witness-name",
            "The name of the witness holds a space or a plus sign.",
            "Choose a name without spaces and plus signs.",
            "立会人の名前に使えない文字があります",
            "空白と+のない名前にしてください",
        ),
    ),
    *rows(
        UNAVAILABLE,
        Audience.OPERATOR,
        (
            "door-unreachable",
            "The door of the agency does not answer.",
            "Start the door, or name its address.",
            "機関の窓口が応答しません",
            "窓口を起動するか、接続先を指定してください",
        ),
        (
            "bus-in-use",
            "Another process uses the data of the message bus and does not say where it is.",
            "End the other process, or try again in a moment.",
            "別のプロセスが保存先を使っています",
            "終了するか、少し待ってください",
        ),
        (
            "read-models-in-use",
            "Another process writes these read models.",
            "End the other process first.",
            "別のプロセスが閲覧用の表に書いています",
            "先に終了してください",
        ),
        (
            "not-served",
            "The HTTP server did not start.",
            "See the log of the process.",
            "HTTPサーバーが起動しませんでした",
            "プロセスのログを確かめてください",
        ),
        (
            "port-taken",
            "The port is used by another process.",
            "Name another port.",
            "ポートが使われています",
            "別のポートを指定してください",
        ),
    ),
)
