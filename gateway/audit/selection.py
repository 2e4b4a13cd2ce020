"""What an auditor selects on the pages: it stands in the address, so that a list can be noted, sent on and opened again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends

from domain.calendar import JST
from domain.errors import Malformed
from gateway.pages.dates import time_text
from gateway.pages.texts import outcome_text, section_text
from projections.audit_rows import Cursor, LedgerFilter

YEARS = (1900, 9000)
"""What is asked about lies between these years: at the edges of the calendar there is no day before or after."""
ID_DIGITS = 36
_CASE = re.compile(r"[0-9a-f-]{0,36}")
_CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,9})")


@dataclass(frozen=True)
class Selection:
    """The texts of the filter fields as they were given, and what they select."""

    texts: Mapping[str, str]
    chosen: LedgerFilter

    @property
    def case(self) -> UUID | None:
        """The case, where its number is given in full."""
        return parse_case(self.chosen.case) if len(self.chosen.case) == ID_DIGITS else None

    @property
    def query(self) -> str:
        """The fields that select something, for an address."""
        return urlencode({name: text for name, text in self.texts.items() if text})

    def query_with(self, **more: str) -> str:
        """The same with other fields."""
        return urlencode({name: text for name, text in {**self.texts, **more}.items() if text})

    def conditions(self, agencies: Mapping[str, str]) -> list[str]:
        """What selects the rows of a file, in words; empty where all are in it. ``agencies``: id -> name."""
        in_words: Mapping[str, Callable[[str], str]] = {
            "case": "事例番号 {}".format,
            "agency": lambda id: f"機関 {agencies.get(id, 'ほかの機関')}",
            "section": lambda code: f"情報区分 {section_text(code)}",
            "outcome": lambda code: f"結果 {outcome_text(code)}",
            "since": lambda text: f"{time_text(parse_local_time(text))} から",
            "as_of": lambda text: f"{time_text(parse_local_time(text))} まで",
        }
        return [words(self.texts[name]) for name, words in in_words.items() if self.texts[name]]

    def selects(self, row: Mapping[str, Any], *parties: str) -> bool:
        """Whether a row of the whole ledger is selected; ``parties``: the names of its columns of agencies."""
        chosen = self.chosen
        return (
            row["case"].startswith(chosen.case)
            and (not chosen.agency or chosen.agency in {row[name] for name in parties})
            and chosen.outcome in ("", row.get("outcome", chosen.outcome))
            and chosen.section in ("", row.get("section", chosen.section))
            and (chosen.since is None or "at" not in row or parse_stored_time(row["at"]) >= chosen.since)
        )


def selection(
    case: str = "",
    agency: str = "",
    section: str = "",
    outcome: str = "",
    kind: str = "",
    since: str = "",
    as_of: str = "",
) -> Selection:
    """What the fields of an address select. Raises Malformed ``case-form``, ``time-form``."""
    digits = case.strip().lower()
    if not _CASE.fullmatch(digits):
        raise Malformed("case-form")
    texts = {
        "case": digits,
        "agency": agency,
        "section": section,
        "outcome": outcome,
        "kind": kind,
        "since": since,
        "as_of": as_of,
    }
    chosen = LedgerFilter(
        **{name: texts[name] for name in ("case", "agency", "section", "outcome", "kind")},
        since=parse_local_time(since),
        as_of=parse_local_time(as_of),
    )
    return Selection(texts, chosen)


def selection_as_of(selected: Selection, as_of: str) -> Selection:
    """The same as of a moment, for the pages that follow one that was made then."""
    return selection(**{**selected.texts, "as_of": as_of})


Selected = Annotated[Selection, Depends(selection)]


def parse_case(text: str) -> UUID:
    """The number of a case. Raises Malformed."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Malformed("case-form") from error


def parse_cursor(text: str) -> Cursor | None:
    """Where a page begins; None for the first. Raises Malformed."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise Malformed("cursor-form")
    return int(match[1]), int(match[2])


def cursor_text(cursor: Cursor | None) -> str:
    """The same for an address; empty for None."""
    return "" if cursor is None else f"{cursor[0]}-{cursor[1]}"


def parse_local_time(text: str) -> datetime | None:
    """The time of a form field: in Japan unless it names its offset."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if not YEARS[0] <= at.year <= YEARS[1]:
            raise ValueError("a year at the edge of the calendar")
        return (at.replace(tzinfo=JST) if at.tzinfo is None else at).astimezone(UTC)
    except ValueError as error:
        raise Malformed("time-form", "Write the time as YYYY-MM-DDTHH:MM.") from error


def parse_stored_time(text: str) -> datetime:
    """The time of a row."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
