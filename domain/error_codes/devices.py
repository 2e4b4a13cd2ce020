"""What can be wrong with a visitor's phone, and with what it brings to its door."""

from __future__ import annotations

from domain.error_codes.model import CONFLICT, MALFORMED, NOT_FOUND, REFUSED, UNTRUSTED, Audience, rows

ROWS = (
    *rows(
        MALFORMED,
        Audience.DOOR,
        (
            "device-content",
            "What is sealed in the envelope does not have its form.",
            "Open the page of the phone again, and write it again.",
            "端末の封書の中身を読み取れません",
            "端末の画面を開き直して、書き直してください",
        ),
        (
            "device-nonce",
            "A phone asks for the time with 32 bytes of its own choice.",
            "Open the page of the phone again.",
            "端末からの問合せの形式が正しくありません",
            "端末の画面を開き直してください",
        ),
    ),
    *rows(
        MALFORMED,
        Audience.OPERATOR,
        (
            "sheet-hours",
            "A sheet stays on a phone for 1 to 12 hours.",
            "Choose 1 to 12.",
            "家庭票を端末に置く時間は1時間から12時間です",
            "1から12までで選んでください",
        ),
        (
            "duty-number",
            "The number of the duty officer is not a telephone number.",
            "Write it in half-width digits and hyphens.",
            "当番の電話番号の形式が正しくありません",
            "半角の数字とハイフンで書いてください",
        ),
    ),
    *rows(
        NOT_FOUND,
        Audience.DOOR,
        (
            "device-unknown",
            "No phone of this person is registered under this number.",
            "Set the phone up in a session.",
            "この端末は準備されていません",
            "ログインして、端末を準備してください",
        ),
    ),
    *rows(
        REFUSED,
        Audience.DOOR,
        (
            "device-stopped",
            "The office has stopped this phone.",
            "Ask the office; set the phone up again once it is found.",
            "この端末は止められています",
            "職場に確かめ、端末を準備し直してください",
        ),
        (
            "devices-too-many",
            "A person has at most 5 phones in use.",
            "Stop one that is not used any more.",
            "使用中の端末が5台あります",
            "使わない端末を止めてください",
        ),
        (
            "device-envelopes-waiting",
            "This person has 50 messages of phones to look at.",
            "Sign in and send or discard them; the phone keeps what it has.",
            "確かめを待つものが50件あります",
            "ログインして、送るか捨ててください。端末のものはそのまま残ります",
        ),
    ),
    *rows(
        UNTRUSTED,
        Audience.DOOR,
        (
            "device-envelope-elsewhere",
            "The envelope is of another phone, or for another door.",
            "Send it from the phone on which it was written to the door where that phone was set up.",
            "この端末・この窓口の封書ではありません",
            "書いた端末から、準備した窓口へ送ってください",
        ),
    ),
    *rows(
        CONFLICT,
        Audience.DOOR,
        (
            "device-envelope-changed",
            "Another envelope came under this number before.",
            "Open the page of the phone again, and write it again.",
            "同じ番号で別の封書が届いています",
            "端末の画面を開き直して、書き直してください",
        ),
        (
            "device-envelope-key",
            "The envelope is sealed to a key that this door does not use any more.",
            "Tell the office what was written, and set the phone up again.",
            "前の鍵で封をした封書です。窓口では開けません",
            "書いた内容を職場に伝え、端末を準備し直してください",
        ),
    ),
)
