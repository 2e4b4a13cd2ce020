"""Error codes of rehearsals: scenarios, measurements and fault injection."""

from __future__ import annotations

from domain.error_codes.model import INVARIANT_VIOLATION, MALFORMED, REFUSED, UNAVAILABLE, Audience, rows

ROWS = (
    *rows(
        MALFORMED,
        Audience.OPERATOR,
        (
            "story-agency",
            "A step of the scenario names an unknown agency.",
            "Name agencies of the scenario.",
            "筋書きに登録のない機関があります",
            "筋書きの機関を直してください",
        ),
        (
            "story-form",
            "The scenario does not have its form.",
            "Correct the file as the detail says.",
            "筋書きの形式が正しくありません",
            "ファイルを直してください",
        ),
        (
            "story-nothing-to-open",
            "A step of the scenario opens a message without sections.",
            "Name a message that carries sections.",
            "開く情報のない連絡が指定されています",
            "情報のある連絡を指定してください",
        ),
        (
            "story-number",
            "Two messages of the scenario have the same number.",
            "Give every message a number of its own.",
            "筋書きの連絡の番号が重なっています",
            "別の番号にしてください",
        ),
        (
            "story-section",
            "A step of the scenario names an unknown section.",
            "Name sections of the glossary.",
            "筋書きに未知の情報区分があります",
            "情報区分を直してください",
        ),
        (
            "story-unreadable",
            "The file of the scenario cannot be read.",
            "Check the file as the detail says.",
            "筋書きのファイルを読み取れません",
            "ファイルを確かめてください",
        ),
    ),
    *rows(
        REFUSED,
        Audience.OPERATOR,
        (
            "real-hub",
            "The folder holds a real hub.",
            "Name another folder: rehearsals never work on a real hub.",
            "このフォルダは本番のハブです",
            "別のフォルダを指定してください。訓練は本番のハブでは動きません",
        ),
    ),
    *rows(
        UNAVAILABLE,
        Audience.OPERATOR,
        (
            "no-small-disk",
            "A small file system cannot be mounted here.",
            "Run this as root on Linux.",
            "小さなファイルシステムを作れません",
            "Linuxの管理者権限で実行してください",
        ),
        (
            "not-started",
            "The hub of the rehearsal does not start.",
            "See the log of the hub.",
            "訓練のハブが起動しません",
            "ハブのログを確かめてください",
        ),
    ),
    *rows(
        INVARIANT_VIOLATION,
        Audience.OPERATOR,
        (
            "bench-not-logged",
            "The two measured hubs differ in another way than the log.",
            "Report this as a defect of the measurement.",
            "比べるハブの記録簿の有無が違います",
            "不具合として報告してください",
        ),
        (
            "bench-not-recorded",
            "Requests of the measurement were not recorded.",
            "See the detail for the first answer.",
            "測定の要求が記録されませんでした",
            "最初の回答を確かめてください",
        ),
        (
            "bench-not-verified",
            "The record of the measurement does not verify.",
            "See the detail for the first finding.",
            "測定の記録を検証できません",
            "最初の指摘を確かめてください",
        ),
        (
            "hub-ended",
            "The hub of the rehearsal ended by itself.",
            "See the detail for the end of its log.",
            "訓練のハブが途中で終了しました",
            "ログを確かめてください",
        ),
    ),
)
