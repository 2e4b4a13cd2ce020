"""Writes domain/GUIDELINE.md from ``guideline.py``.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATH = ROOT / "domain" / "GUIDELINE.md"


def page() -> str:
    """The whole table, in the order of the guideline."""
    lines = [
        "# The guideline, clause by clause",
        "",
        "養育支援訪問事業ガイドライン (雇児発第0316002号): what each clause demands, the events that keep it, the rule,",
        "and where it is tested. Written by `tests/house/make_guideline_md.py`; a clause without event or test fails.",
        "",
        "H the hub refuses · W allowed with a recorded reason · T an alarm by the clock · D the datum must be there ·",
        "R recorded only, with the reason why no rule can judge it. Every row has one of H, W, T and R.",
        "",
        "| clause | demands | events | rule | tests |",
        "|---|---|---|---|---|",
    ]
    for clause in runpy.run_path(str(Path(__file__).parent / "guideline.py"))["CLAUSES"]:
        events = ", ".join(f"`{name}`" for name in clause.events)
        rules = "; ".join(f"**{kind}** {what}" for kind, what in clause.rules)
        tests = ", ".join(_link(test) for test in clause.tests)
        lines.append(f"| {clause.clause} | {clause.demands} | {events} | {rules} | {tests} |")
    return "\n".join(lines) + "\n"


def _link(test: str) -> str:
    file, _, function = test.partition("::")
    title = function.removeprefix("test_").replace("_", " ")
    return f"[{title}](../tests/domain/{file}.py)"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
