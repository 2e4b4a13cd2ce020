"""``document/v1`` (any section): what an attached document is. Its bytes are an item of their own, known by their digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from domain.content.form import SHARED_SECTIONS, Content, Count, Text, asks, needs
from domain.content.values import Answer, LongText, NamedChild, PartialDate, ShortText

Sha256 = Annotated[str, Text(64, pattern="[0-9a-f]{64}", form="64 hexadecimal digits", form_ja="16進数64桁")]
MediaType = Annotated[
    str,
    Text(100, pattern=r"[a-z]+/[a-z0-9][a-z0-9.+-]*", form="a media type", form_ja="application/pdf の形"),
]
FileName = Annotated[
    str,
    Text(200, pattern=r"[^/\\:*?\"<>|]+", form="the name of a file without folders", form_ja="ファイル名"),
]
FileBytes = Annotated[int, Count(25 * 1024 * 1024)]


@dataclass(frozen=True, kw_only=True)
class Document(Content, schema="document", title="添付文書", sections=SHARED_SECTIONS):
    """``digest``: SHA-256 of the bytes in clear; ``size``: how many they are. ``dated_on``: of the document, not of the file."""

    title: Answer[ShortText] = asks("標題")
    file_name: FileName = needs("ファイル名")
    media_type: MediaType = needs("形式")
    size: FileBytes = needs("大きさ(バイト)")
    digest: Sha256 = needs("SHA-256")
    dated_on: Answer[PartialDate] = asks("文書の日付")
    made_by: Answer[ShortText] = asks("作成者")
    children: Answer[tuple[NamedChild, ...]] = asks("子ども")
    description: Answer[LongText] = asks("内容")
