"""Writes docs/limits.md from the tables of the applications and the numbers of ``gateway/protocol/limits.py``.

``python -m tests.house.regenerate`` runs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from gateway.agency.web import app as agency
from gateway.audit import app as audit
from gateway.hub import app as hub
from gateway.protocol import limits
from gateway.protocol.limits import CAPACITIES, DURATIONS, HUB_CAPACITIES, ConnectionLimits, Load, RouteLimit
from gateway.witness import app as witness

PATH = Path(__file__).parents[2] / "docs" / "limits.md"
APPLICATIONS = {
    "An agency's door": agency.LIMITS,
    "The hub": hub.LIMITS,
    "The auditor's pages": audit.LIMITS,
    "A witness": witness.LIMITS,
}
MEANINGS = {
    "connections": "connections at a time; the one that waits longest for a request makes room, else 503",
    "head": "seconds for the head of a request",
    "idle": "seconds between two requests of a connection",
    "stalled": "seconds in which nothing of an answer could be written",
    "linger": "seconds in which what still arrives after a refusal is thrown away",
    "linger_bytes": "bytes of it at most",
    "check_every": "seconds between two looks at a connection",
}
HEAD = """# Limits

Written by `python -m tests.house.regenerate` from `gateway/protocol/limits.py` and the tables of the applications; a test
keeps it current.

One layer stands in front of every application (`gateway/protocol/outermost.py`; no other way of serving one exists). It
counts the bytes of a body as they arrive, whatever the request declares; nothing of a body is written to disk. An
application reads a body only in its place, and a door only after it knows who comes, so that memory is bounded by places
times lengths. A request that is answered before its body has arrived closes its connection.

| what | answer |
|---|---|
| a body that is too long, declared or sent | 413 `body-too-long` |
| a body that does not arrive in its time | 408 `body-too-slow` |
| no place is free, and as many wait as may | 503 `too-busy`, with `Retry-After` |
| one source has as many places as it may have | 429 `too-many-requests`, with `Retry-After` |
| the answer does not begin in its time (its work goes on, in its place) | 503 `answer-too-slow`, with `Retry-After` |
| path, query and headers over 16 KiB | 431 `head-too-long` |
| a host name that the server was not given | 421 `wrong-host` |
| a form from another site, or with `Origin: null` | 401 `other-origin` |
| a body in another encoding than UTF-8 | 400 `charset-not-utf8` |

An answer that has begun is never cut, however long it takes, as long as somebody reads it. Health has no places and is
answered at once. The bound for one source needs a reverse proxy that adds `X-Forwarded-For`, named with `--trusted-proxy`: what comes from
the machine itself is not told apart.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Loads\n", *_loads("a door, the auditor's pages", CAPACITIES), ""]
    parts += [*_loads("the hub, a witness", HUB_CAPACITIES), "", "## Routes\n"]
    parts.append("The first row that fits holds. A request that no row fits can't have a body.\n")
    for title, rows in APPLICATIONS.items():
        parts += [f"### {title}\n", "| route | load | longest body |", "|---|---|---|", *_routes(rows), ""]
    parts += ["## Connections\n", "| setting | value | what |", "|---|---|---|"]
    parts += [f"| `{f.name}` | {f.default:,} | {MEANINGS[f.name]} |" for f in fields(ConnectionLimits)]
    parts.append("")
    return "\n".join(parts)


def _loads(where: str, capacities: object) -> Iterable[str]:
    assert isinstance(capacities, dict)
    yield f"| load ({where}) | at a time | waiting | of one source | seconds for the body | seconds to the answer |"
    yield "|---|---|---|---|---|---|"
    for load in Load:
        capacity, duration = capacities.get(load), DURATIONS[load]
        if load is Load.HEALTH:
            yield f"| {load} | all | | | | |"
        elif capacity is not None:
            source = capacity.of_one_source or "all"
            yield (
                f"| {load} | {capacity.active} | {capacity.waiting} | {source} | {duration.body:g} | {duration.answer:g} |"
            )
    yield f"\nA request waits at most {limits.WAIT_SECONDS:g} seconds for its place."


def _routes(rows: Iterable[RouteLimit]) -> Iterable[str]:
    for row in rows:
        length = f"{row.max_bytes:,}" if row.max_bytes else "none"
        yield f"| {row.method} `{row.path}` | {row.load} | {length} |"
