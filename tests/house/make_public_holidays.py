"""Writes domain/public_holidays.py: the public holidays of the calendar that the first rule book brings.

``python -m tests.house.make_public_holidays`` writes it for a new rule book; a hub's own calendar is made by ``kakehashi
registrar prepare calendar``.
"""

from __future__ import annotations

from pathlib import Path

from gateway.installation.public_holidays import public_holidays

PATH = Path(__file__).parents[2] / "domain" / "public_holidays.py"
FIRST_YEAR, LAST_YEAR = 2025, 2028


def module() -> str:
    """The text of the module."""
    rows = [f'    "{day}": "{name}",' for day, name in public_holidays(FIRST_YEAR, LAST_YEAR).items()]
    head = [
        f'"""Public holidays of Japan, {FIRST_YEAR} to {LAST_YEAR}, for the calendar of the first rule book. Written by',
        "``tests/house/make_public_holidays.py``.",
        "",
        "By 国民の祝日に関する法律; the days of the equinoxes of later years are computed [unsure until the 官報 of February",
        'before]."""',
        "",
        "from __future__ import annotations",
        "",
        f"UNTIL_YEAR = {LAST_YEAR}",
        "PUBLIC_HOLIDAYS: dict[str, str] = {",
    ]
    return "\n".join([*head, *rows, "}"]) + "\n"


if __name__ == "__main__":
    PATH.write_text(module(), encoding="utf-8")
