"""Writes domain/ROLES.md from the table role × act.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from domain.events import EVENTS
from domain.role_acts import ROLE_ACTS, SYSTEM_ACTS, TOKEN_DEFAULT
from domain.roles import DOOR_ACT_TITLES, OPENINGS, ROLE_TITLES, Denial, DoorAct, StaffRole

PATH = Path(__file__).parents[2] / "domain" / "ROLES.md"
HEAD = """# Roles

Which role of an agency's people has which act, written from `domain/role_acts.py` by `python -m tests.house.regenerate`. An act
without a role is nobody's at a door. A setting of an agency can only take away. ● the role has it; ○ in the cases alone that
are assigned to the person. Systems: ● a token may be given it; ◎ a token has it where nothing was chosen.
"""


def page() -> str:
    """The whole document."""
    lines = [HEAD, "## Roles\n", "| code | role |", "|---|---|"]
    lines += [f"| {role} | {ROLE_TITLES[role]} |" for role in StaffRole]
    for title, acts in (
        ("At a door", [act.value for act in DoorAct]),
        ("Openings, by section", list(OPENINGS)),
        ("Commands", sorted(topic for topic in ROLE_ACTS if topic in EVENTS)),
    ):
        lines += ["", f"## {title}\n", *_table(acts)]
    lines += ["", "## Why somebody may not\n", "The first that holds is the reason.\n"]
    lines += [f"{n}. `{denial}`" for n, denial in enumerate(Denial, 1)]
    return "\n".join(lines) + "\n"


def _table(acts: Iterable[str]) -> Iterable[str]:
    yield "| act | | " + " | ".join(ROLE_TITLES.values()) + " | systems |"
    yield "|---" * (len(StaffRole) + 3) + "|"
    for act in acts:
        marks = [_mark(role, act) for role in StaffRole]
        system = "◎" if act in TOKEN_DEFAULT else "●" if act in SYSTEM_ACTS else ""
        yield f"| `{act}` | {_title(act)} | " + " | ".join(marks) + f" | {system} |"


def _mark(role: StaffRole, act: str) -> str:
    if role not in ROLE_ACTS[act]:
        return ""
    is_about_cases = act in OPENINGS or act in EVENTS or DoorAct(act) in _ABOUT_CASES
    return "○" if role is StaffRole.VISITOR and is_about_cases and act not in _PERSONAL else "●"


_PERSONAL = ("confidentiality_rules.acknowledged",)
_ABOUT_CASES = (
    DoorAct.READ_CASES,
    DoorAct.READ_FAMILY,
    DoorAct.READ_OUTBOX,
    DoorAct.PRINT_FORMS,
    DoorAct.WRITE_DRAFTS,
    DoorAct.ATTACH_FILES,
    DoorAct.USE_PHONE,
)


def _title(act: str) -> str:
    if act in OPENINGS:
        return OPENINGS[act].value
    return EVENTS[act].TITLE if act in EVENTS else DOOR_ACT_TITLES[DoorAct(act)]
