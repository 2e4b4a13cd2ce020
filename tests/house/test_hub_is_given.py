"""The hub is given time and concurrency: only ``gateway/hub/real.py`` takes them from the machine."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HUB = Path(__file__).parents[2] / "gateway" / "hub"
REAL = "real.py"
ALLOWED_OF = {"threading": {"Lock", "RLock"}, "concurrent.futures": {"Future", "InvalidStateError"}}
"""What a module may use of the libraries of concurrency: what guards, and what carries a result."""
FORBIDDEN_MODULES = {"time", "random", "secrets", "sched", "multiprocessing", "asyncio.tasks"}
FORBIDDEN_CALLS = {"sleep", "now", "utcnow", "today", "uuid1", "uuid4", "urandom", "randbytes", "monotonic"}
CLOCKS = {"clock", "_clock", "_machine_clock", "machine_clock"}
"""Objects whose ``now`` is a given clock."""


def machine_uses(source: str) -> list[str]:
    """What this module takes from the machine by itself: threads, sleep, clock, random ids."""
    uses: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
            uses += sorted(names & (FORBIDDEN_MODULES | set(ALLOWED_OF)))
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = {alias.name for alias in node.names}
            if node.module in FORBIDDEN_MODULES:
                uses.append(node.module)
            elif node.module in ALLOWED_OF:
                uses += sorted(names - ALLOWED_OF[node.module])
            uses += sorted(names & FORBIDDEN_CALLS)
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_CALLS and not _is_given(node):
            uses.append(ast.unparse(node))
    return uses


def _is_given(node: ast.Attribute) -> bool:
    """Whether this is ``now`` of a given clock, or ``sleep`` of a given executor."""
    owner = node.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
    return (node.attr == "now" and name in CLOCKS) or (
        node.attr == "sleep" and name in {"executor", "_executor"}
    )


@pytest.mark.parametrize("path", [pytest.param(p, id=p.name) for p in sorted(HUB.glob("*.py"))])
def test_no_module_of_the_hub_takes_threads_time_or_ids_from_the_machine(path: Path) -> None:
    uses = machine_uses(path.read_text(encoding="utf-8"))
    assert (uses != []) == (path.name == REAL), uses


@pytest.mark.parametrize(
    "source",
    [
        "from threading import Thread",
        "from threading import Event",
        "import threading",
        "import time",
        "from time import monotonic",
        "from concurrent.futures import ThreadPoolExecutor",
        "from datetime import datetime\nat = datetime.now()",
        "import uuid\nnew = uuid.uuid4()",
        "from uuid import uuid4",
        "import os\nkey = os.urandom(32)",
        "import secrets",
        "import asyncio\nasyncio.sleep(1)",
    ],
)
def test_a_module_that_takes_them_is_detected(source: str) -> None:
    assert machine_uses(source)
