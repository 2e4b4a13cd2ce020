"""Counts the rooms of the gateway, the arrows between them, and the circles: ``python tests/house/rooms.py [ROOT]``.

A room is a package directly under ``gateway``, or a module there. An arrow is that one room imports another. A circle is
a set of rooms that reach each other.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

Arrows = Mapping[str, set[str]]


def arrows_of(root: Path) -> Arrows:
    """Room -> the rooms that it imports, of the tree at ``root``."""
    gateway = root / "gateway"
    arrows: dict[str, set[str]] = {
        path.stem: set()
        for path in gateway.iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or any(path.glob("*.py")))
    }
    for path in gateway.rglob("*.py"):
        room = path.relative_to(gateway).with_suffix("").parts[0]
        if room in arrows:
            arrows[room] |= {other for other in _imported(path) if other in arrows} - {room}
    return arrows


def _imported(path: Path) -> set[str]:
    rooms: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        rooms |= {name.split(".")[1] for name in names if name.startswith("gateway.")}
    return rooms


def circles_of(arrows: Arrows) -> list[list[str]]:
    """Every set of rooms that reach each other."""
    reach = {room: _reachable(room, arrows) for room in arrows}
    circles = {
        tuple(sorted(other for other in arrows if other in reach[room] and room in reach[other]))
        for room in arrows
    }
    return [list(circle) for circle in sorted(circles) if circle]


def _reachable(room: str, arrows: Arrows) -> set[str]:
    reached: set[str] = set()
    todo = [*arrows[room]]
    while todo:
        other = todo.pop()
        if other not in reached:
            reached.add(other)
            todo += arrows[other]
    return reached


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    arrows = arrows_of(root)
    circles = circles_of(arrows)
    print(f"{len(arrows)} rooms, {sum(map(len, arrows.values()))} arrows, {len(circles)} circles")
    for room in sorted(arrows):
        print(f"  {room} -> {', '.join(sorted(arrows[room])) or '(none)'}")
    for circle in circles:
        print(f"  circle: {', '.join(circle)}")


if __name__ == "__main__":
    main()
