"""What a page says of the files that are attached to a message: which, under which section, with which title and day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from domain.codes import Section
from domain.time_text import parse_day_text
from gateway.agency.attachments import AttachedPart

MAX_TITLE = 300


def read_attached(
    values: Mapping[str, Sequence[str]], sections: Collection[str]
) -> tuple[list[AttachedPart], str]:
    """The attachments that are ticked, and what to correct (empty for nothing). ``sections``: those that may be chosen."""
    attached: list[AttachedPart] = []
    for text in values.get("attach", ()):
        section = _one(values, f"attach_section.{text}")
        title, day = _one(values, f"attach_title.{text}"), _one(values, f"attach_day.{text}")
        try:
            if day:
                parse_day_text(day)
            id = UUID(text)
        except ValueError:
            return [], "添付の日付を 2026-05-31 のように記入してください。"
        if section not in sections:
            return [], "添付ごとに情報区分を選んでください。"
        if len(title) > MAX_TITLE:
            return [], "添付の題名を短くしてください。"
        attached.append(AttachedPart(id, Section(section), title, day))
    return attached, ""


def _one(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next((value.strip() for value in values.get(name, ()) if value.strip()), "")
