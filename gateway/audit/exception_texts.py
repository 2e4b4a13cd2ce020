"""What each kind of exception is called on pages and in tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.audit_exceptions import INDEX_REBUILT, REHEARSAL_REFUSED, ExceptionRow
from domain.calendar import day_of
from gateway.pages.texts import TASKS

EXCEPTION_TEXTS = {
    "UNREAD": "48時間未閲覧",
    "HELD": "保留中",
    "REFUSED": "拒否",
    "NOT_OPENED": "受け手の窓口で開けず",
    "OVERRIDDEN": "例外的な提供・閲覧",
    "UNILATERAL": "別の機関の承認のない緊急閲覧",
    "NON_DISCLOSURE": "不提供・不対応の判断",
    "WITH_REASON": "理由付きの例外",
    "INDEX_REBUILT": "窓口の事例索引の作り直しのための開封",
    "REHEARSAL_REFUSED": "訓練での閲覧確認の拒否",
    "READ_NOT_ACTED_ON": "閲覧後に対応なし",
}


def counted_together(rows: Iterable[ExceptionRow]) -> list[tuple[ExceptionRow, int]]:
    """The rows in their order, each with how many it stands for: what an agency opened again for its case index on one day,
    or was refused in the check of a rehearsal, is one row, in the place of the first."""
    counts: dict[tuple[Any, ...], tuple[ExceptionRow, int]] = {}
    for n, row in enumerate(rows):
        is_counted = row.kind in (INDEX_REBUILT, REHEARSAL_REFUSED)
        key = (row.kind, row.agency, day_of(row.at)) if is_counted else (n,)
        first, count = counts.get(key, (row, 0))
        counts[key] = (first, count + 1)
    return list(counts.values())


def exception_text(kind: str) -> str:
    """The name of a kind of exception: of its own, or that of the task that is late."""
    return EXCEPTION_TEXTS.get(kind) or TASKS.get(kind, kind)
