"""What can be wrong with a draft that is kept at a door."""

from __future__ import annotations

from domain.error_codes.model import MALFORMED, REFUSED, Audience, rows

ROWS = (
    *rows(
        MALFORMED,
        Audience.DOOR,
        (
            "draft-too-large",
            "What is written is longer than a draft can be (256 KiB).",
            "Attach the long part as a file.",
            "下書きとして預かるには長すぎます",
            "長い文書はファイルにして添付してください",
        ),
    ),
    *rows(
        REFUSED,
        Audience.DOOR,
        (
            "drafts-too-many",
            "Of this person 50 drafts are kept.",
            "Send or delete some of them.",
            "下書きが50件あります",
            "送るか、要らないものを削除してください",
        ),
    ),
)
