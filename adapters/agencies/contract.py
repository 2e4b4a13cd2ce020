"""What every adapter keeps to: foreign bytes in, messages to be sent out, and the answer in the sender's own format.

An adapter is pure: no clock, no file, no id of its own making. It accepts a complete file or none of it, and reports
all findings at once, each with its place, never with the content found there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from domain.errors import Malformed

MAX_FILE_BYTES = 10 * 1024 * 1024

ERROR_CODES: Mapping[str, tuple[str, str]] = {
    "unknown-format": (
        "この形式は受け取れません",
        "FHIR R4のBundle(JSON)、xlsx、csvのいずれかで送ってください",
    ),
    "too-large": ("ファイルが大きすぎます", "10MB以下に分けて送ってください"),
    "not-json": ("JSONとして読めません", "UTF-8のJSONで送ってください"),
    "duplicate-key": ("同じキーが二度あります", "キーを一つにしてください"),
    "not-a-bundle": ("Bundleではありません", "resourceTypeがBundleのものを送ってください"),
    "bundle-type": ("Bundleの種類が違います", "message・collection・transactionのいずれかにしてください"),
    "not-fhir": ("FHIR R4の形ではありません", "FHIR R4の仕様に合わせてください"),
    "resource-not-accepted": (
        "この資源は受け取れません",
        "ServiceRequest・Patient・RelatedPerson・Observation・Condition・Consentだけにしてください",
    ),
    "modifier": ("意味を変える拡張があります", "modifierExtensionとimplicitRulesを取り除いてください"),
    "request-count": ("依頼が一つではありません", "一つのBundleにServiceRequestを一つだけ入れてください"),
    "not-in-force": (
        "有効な記載ではありません",
        "取消・誤記入のものを除き、有効な状態のものだけにしてください",
    ),
    "reference-not-found": (
        "参照先がBundleの中にありません",
        "参照する資源を同じBundleに入れてください",
    ),
    "subject-missing": ("対象者がありません", "対象者をPatientとして入れ、参照してください"),
    "act-not-accepted": (
        "連絡の種類が決まっていません",
        "family_information.provided か information_request.answered を指定してください",
    ),
    "agency-missing": ("宛先機関がありません", "宛先機関の略号を書いてください"),
    "agency-unknown": ("登録のない機関です", "登録された機関の略号を書いてください"),
    "code-unknown": ("決められた用語にありません", "用語の一覧から選んでください"),
    "duplicate-consent": ("同意の記載が一つではありません", "Consentは一つだけにしてください"),
    "id-form": ("番号の形が違います", "画面や回答に示された番号をそのまま書いてください"),
    "answers-missing": ("どの依頼への回答か分かりません", "依頼の受付番号を書いてください"),
    "number-form": ("数として読めません", "半角または全角の数字だけで書いてください"),
    "weeks-range": ("妊娠週数が範囲の外です", "0から45までの週数を書いてください"),
    "date-form": ("日付として読めません", "2025-05-12、令和7年5月12日、R7.5.12 のように書いてください"),
    "date-not-there": ("暦にない日付です", "元号と年・月・日を確かめてください"),
    "time-zone": ("時刻に時差がありません", "+09:00 を付けてください"),
    "empty": ("内容がありません", "伝える内容を一つ以上書いてください"),
    "encoding": ("文字として読めない行です", "UTF-8かShift_JIS(CP932)で保存し直してください"),
    "macro": ("マクロを含むファイルです", "マクロのないxlsxで保存し直してください"),
    "not-a-workbook": ("表計算ファイルとして読めません", "xlsxかcsvで保存し直してください"),
    "sheets": ("表が一枚ではありません", "送る表を一枚だけにしてください"),
    "header-missing": ("必要な列がありません", "ひな形の見出しを変えずに使ってください"),
    "header-unknown": ("ひな形にない列です", "列を消すか、ひな形の見出しに直してください"),
    "duplicate-header": ("同じ見出しの列が二つあります", "列を一つにしてください"),
    "reference-missing": ("整理番号がありません", "行ごとに整理番号を付けてください"),
    "differs": ("同じ整理番号の前の行と違います", "空欄にするか、前の行と同じにしてください"),
    "rows-not-adjacent": ("同じ整理番号の行が離れています", "同じ整理番号の行を続けて並べてください"),
    "number-in-text": ("数値として保存されています", "セルの書式を文字列にして入れ直してください"),
    "too-long": ("長すぎます", "一つの欄は2万字までにしてください"),
    "too-many": ("行が多すぎます", "1,000行までに分けて送ってください"),
    "case-differs": (
        "事例番号が、この整理番号で前に送った事例と違います",
        "事例番号か整理番号を確かめてください",
    ),
}
"""Everything that can be wrong with a file: what, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. ``place``: row or element; ``field``: column or path within it; ``error_code``: of ERROR_CODES."""

    place: str
    field: str
    error_code: str

    @property
    def what(self) -> str:
        return ERROR_CODES[self.error_code][0]

    @property
    def remedy(self) -> str:
        return ERROR_CODES[self.error_code][1]

    def to_json(self) -> dict[str, str]:
        """The public form."""
        return {
            "place": self.place,
            "field": self.field,
            "error_code": self.error_code,
            "what": self.what,
            "remedy": self.remedy,
        }


class WrongFile(Malformed):
    """Nothing of the file was taken. ``findings``: all that is wrong with it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("wrong-file", "correct what the findings name; nothing was taken")
        self.findings = tuple(findings)


@dataclass(frozen=True)
class SectionText:
    """One section's text, in clear, inside the agency."""

    section: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class InboundMessage:
    """One message of a file. ``place``: where in the file; ``reference``: the sender's own number for the family.

    ``case``: the hub's number, where the file names it. ``fields``: those of the act, ready for a command.
    ``source``: the foreign bytes that are stored sealed with it, for the author only; ``schema``: their form.
    """

    place: str
    reference: str | None = field(repr=False)
    case: UUID | None
    act: str
    fields: Mapping[str, Any]
    sections: tuple[SectionText, ...]
    occurred_at: datetime | None
    source: bytes = field(repr=False)
    schema: str


@dataclass(frozen=True)
class ParsedFile:
    """A file that was read completely. ``context``: what the adapter needs to answer in the same form."""

    inbound_messages: tuple[InboundMessage, ...]
    context: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What became of one message: ``recorded``, ``held``, ``refused`` or ``waiting``; the reason in Japanese."""

    case: UUID
    message: UUID
    outcome: str
    reason: str | None
    explanation: str
    remedy: str


class Adapter(Protocol):
    """One foreign format."""

    name: str

    def recognises(self, data: bytes) -> bool:
        """Whether these bytes are of this format, at a glance."""
        ...

    def read(self, data: bytes, agencies: Mapping[str, UUID]) -> ParsedFile:
        """The messages of a file. ``agencies``: who can be addressed, by code. Raises WrongFile."""
        ...

    def answer(self, parsed_file: ParsedFile, outcomes: Sequence[Outcome]) -> bytes:
        """The answer in the sender's own form."""
        ...

    def refuse(self, data: bytes, findings: Sequence[Finding]) -> bytes:
        """The answer to a file that was not taken, in the sender's own form."""
        ...

    def kind(self, data: bytes) -> tuple[str, str]:
        """Media type and file ending of an answer to these bytes."""
        ...


COMMON_FIELDS: Mapping[str, Any] = {"consent": [], "purpose": "SUPPORT", "reason": None}
BASIS_OF: Mapping[str, str] = {
    "family_information.provided": "CWA-21-10-5",
    "information_request.answered": "CWA-25-3-2",
}
"""The acts that adapters send, and the basis that is meant where a file names none. Source: domain.md §2."""


def fields_of(act: str, to: UUID, basis: str | None, own: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a command to one addressee."""
    return {**COMMON_FIELDS, "to": [str(to)], "basis": {str(to): basis or BASIS_OF[act]}, **own}
