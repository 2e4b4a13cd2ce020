"""Writes domain/CLOCKS.md: each clock, what starts it, and the only acts that stop it.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

from pathlib import Path

from domain.alarms.raising import ALARMS
from domain.case_clock_ends import CASE_CLOCKS
from domain.clock_stops import STOP_RULES
from domain.clocks import ClockKind
from domain.events import MESSAGES
from domain.office_days import OFFICE_DAY_CLOCKS

PATH = Path(__file__).parents[2] / "domain" / "CLOCKS.md"


_INTRODUCTION = (
    "What is waited for, written by `tests/house/make_clocks_md.py` from the class statements (`starts`, `stops`), from"
    " `domain/clock_stops.py` and `domain/case_clock_ends.py`. One act stops the clock of what it is about: a message of an"
    " act that is not in a row does not stop it, one that is in it stops it only as its row says. Each cell has its test in"
    " `tests/domain/test_clock_table.py`. Records of edition 1 are judged by `domain/past/edition_1/clocks.py`."
)


def page() -> str:
    """One row a clock: those of a message, then those of the case as a whole."""
    lines = [
        "# Clocks",
        "",
        _INTRODUCTION,
        "",
        "## Of a message",
        "",
        "| clock | alarm | started by | stopped by | by whom | which of them | its time | law of the alarm |",
        "|---|---|---|---|---|---|---|---|",
        *(_message_row(kind) for kind in STOP_RULES),
        "",
        "## Of the case as a whole",
        "",
        "| clock | alarm | runs | ends with | its time | law of the alarm |",
        "|---|---|---|---|---|---|",
        *(_case_row(kind) for kind in CASE_CLOCKS),
    ]
    return "\n".join(lines) + "\n"


def _message_row(kind: ClockKind) -> str:
    rule, alarm = STOP_RULES[kind], ALARMS[kind]
    starts = ", ".join(m.__name__ for m in MESSAGES if kind in (m.STARTS or ()))
    stops = ", ".join(m.__name__ for m in MESSAGES if kind in (m.STOPS or ()))
    return (
        f"| {kind} | {alarm.TITLE} `{alarm.__name__}` | {starts} | {stops or '–'} | {rule.whose} | {rule.about}"
        f" | {_time(kind)} | {alarm.LAW} |"
    )


def _time(kind: ClockKind) -> str:
    why = OFFICE_DAY_CLOCKS.get(kind)
    return "runs through" if why is None else f"ends on an office day ({why})"


def _case_row(kind: ClockKind) -> str:
    runs, ends = CASE_CLOCKS[kind]
    alarm = ALARMS[kind]
    return f"| {kind} | {alarm.TITLE} `{alarm.__name__}` | {runs} | {ends} | {_time(kind)} | {alarm.LAW} |"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
