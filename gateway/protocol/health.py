"""What the health report of a process names: problems, which keep it from its work, and alarms, which do not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HealthFinding:
    """A problem or an alarm. ``code``: of the table of errors; ``where``: which part of its kind; ``detail``: the cause."""

    code: str
    where: str = ""
    detail: str = ""
