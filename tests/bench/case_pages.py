"""``python -m tests.bench.case_pages``: the work list and a case's page of a door with few and with many cases, beside a bare
page of the same server, in one run.

By hand; it asserts nothing. The cases are real: each was referred by another agency, and every page reads the feed of a
real hub. The bare page is the sign-in, which asks neither hub nor database.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID

import httpx2 as httpx

from adapters.content_json import write_content
from domain.events import Kind
from gateway.agency.door import SectionContent
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.protocol.serving import ServedApp
from tests.bench.case_index import family
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case
from tests.gateway.index_kit import id_of


def p95_ms(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] * 1000


def fill(hub: HubWithCase, cases: int) -> UUID:
    """So many families, referred by the hospital; the core agency has opened the first hundred."""
    hospital, core, case = hub.door("MID-HOSP"), hub.door("AZ-CORE"), hub.case
    for n in range(cases - 1):
        case = UUID(bytes=id_of(f"bench {n}").bytes, version=4)
        part = SectionContent("BASIC", write_content(family(n)), (), "family/v1")
        sent = hospital.send(Kind.CASE, case, REFERRAL, hub.referral(), [part], actor="staff.h")
        if n < 100:
            core.open(case, sent.command_id, sent.items[0][0], "BASIC", actor="staff.a")
    core.refresh()
    return case


@contextmanager
def served_door(folder: Path, cases: int) -> Iterator[tuple[httpx.Client, UUID]]:
    with ExitStack() as stack:
        hub = stack.enter_context(hub_with_case(folder / "hub"))
        case = fill(hub, cases)
        door = hub.door("AZ-CORE")
        door.keeps_directory = True  # as a served door, which reads the list of agencies in the background
        at = hub.rehearsal_hub.now()
        door.now = lambda: at  # a real door has its own clock, and does not ask the hub for the time
        staff = Staff.rehearsal("staff.a", mode="rehearsal")
        served = stack.enter_context(ServedApp(agency_app(door, staff=staff, mode="rehearsal")))
        yield stack.enter_context(httpx.Client(base_url=served.url, timeout=60)), case


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs=2, default=[4, 1000])
    parser.add_argument("--rounds", type=int, default=100)
    options = parser.parse_args()
    with ExitStack() as stack:
        doors = {}
        for cases in options.cases:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            began = time.perf_counter()
            doors[cases] = stack.enter_context(served_door(folder, cases))
            print(f"{cases} cases made in {time.perf_counter() - began:.0f} s", flush=True)
        times: dict[tuple[str, int], list[float]] = {}
        for _ in range(options.rounds):
            for cases, (client, case) in doors.items():
                for name, path in (
                    ("bare page", "/sign-in"),
                    ("work list", "/"),
                    ("work list, all by family", "/?show=all&sort=family"),
                    ("case", f"/cases/{case}"),
                ):
                    times.setdefault((name, cases), []).append(_seconds(lambda: client.get(path)))  # noqa: B023
    for (name, cases), taken in sorted(times.items()):
        first = f"first {taken[0] * 1000:.0f} ms, " if name != "bare page" else ""
        print(
            f"{name}, {cases} cases: {first}median {statistics.median(taken) * 1000:.1f} ms, p95 {p95_ms(taken):.1f} ms"
        )


def _seconds(get: Callable[[], httpx.Response]) -> float:
    began = time.perf_counter()
    answer = get()
    taken = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    return taken


if __name__ == "__main__":
    main()
