"""``python -m tests.bench.case_pages``: each kind of page of a door with few and with many cases, beside a bare page of the
same server, in one run: median, p95, and processor time of a request.

By hand; it asserts nothing. The cases are real: each was referred by another agency, and every page reads the feed of a
real hub. The bare page is the sign-in, which asks neither hub nor database. Door, hub and reader share one process, so that
the processor time is that of all three.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx2 as httpx

from adapters.content_json import write_content
from domain.events import Kind
from gateway.agency.door import Door, SectionContent
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.protocol.serving import ServedApp
from tests.bench.case_index import family
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case
from tests.gateway.index_kit import id_of

FORM = "open-case"


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


@dataclass(frozen=True)
class Looked:
    """What the pages are about: a case, and an item of it that was not opened before."""

    case: str
    message: str
    item: str
    section: str


def looked_at(door: Door, case: UUID) -> Looked:
    message = door.store.messages(case)[0]
    item = message["items"][0]
    return Looked(str(case), message["message"], item["item"], item["section"])


@contextmanager
def served_door(folder: Path, cases: int) -> Iterator[tuple[httpx.Client, Looked]]:
    with ExitStack() as stack:
        hub = stack.enter_context(hub_with_case(folder / "hub"))
        case = fill(hub, cases)
        door = hub.door("AZ-CORE")
        door.keeps_directory = True  # as a served door, which reads the list of agencies in the background
        at = hub.rehearsal_hub.now()
        door.now = lambda: at  # a real door has its own clock, and does not ask the hub for the time
        staff = Staff.rehearsal("staff.a", mode="rehearsal")
        served = stack.enter_context(ServedApp(agency_app(door, staff=staff, mode="rehearsal")))
        yield stack.enter_context(httpx.Client(base_url=served.url, timeout=60)), looked_at(door, case)


@dataclass
class Measured:
    """What the requests of one kind took: seconds by the clock, and seconds of this process."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def note(self, get: Callable[[], httpx.Response]) -> None:
        began, worked = time.perf_counter(), time.process_time()
        answer = get()
        self.clock.append(time.perf_counter() - began)
        self.processor.append(time.process_time() - worked)
        assert answer.status_code == 200, answer.text


BARE = "bare page"
PAGES: Mapping[str, Callable[[httpx.Client, Looked], httpx.Response]] = {
    BARE: lambda client, _: client.get("/sign-in"),
    "work list": lambda client, _: client.get("/"),
    "work list, all by family": lambda client, _: client.get("/?show=all&sort=family"),
    "list of cases": lambda client, _: client.get("/cases"),
    "case": lambda client, about: client.get(f"/cases/{about.case}"),
    "family": lambda client, about: client.get(f"/cases/{about.case}/family"),
    "compose form": lambda client, about: client.get(f"/cases/{about.case}/forms/{FORM}"),
    "an item opened, on record": lambda client, about: client.post(
        f"/cases/{about.case}/open",
        data={"message": about.message, "item": about.item, "section": about.section},
    ),
    "search": lambda client, _: client.post("/search", data={"text": "はなこ"}),
    "outbox": lambda client, _: client.get("/outbox"),
    "drafts": lambda client, _: client.get("/drafts"),
}


def table(measured: Mapping[tuple[str, int], Measured], few: int, many: int) -> Iterator[str]:
    """The rows of a table in Markdown, in milliseconds."""
    yield f"| page | median, {few} cases | {many} | p95, {few} | {many} | processor, {few} | {many} | ratio | to the bare page |"
    yield "|---|---|---|---|---|---|---|---|---|"
    bare = statistics.median(measured[BARE, many].processor)
    for name in PAGES:
        one, other = measured[name, few], measured[name, many]
        medians = [statistics.median(times) * 1000 for times in (one.clock, other.clock)]
        p95 = [p95_ms(times) for times in (one.clock, other.clock)]
        worked = [statistics.median(times) * 1000 for times in (one.processor, other.processor)]
        cells = (f"{ms:.1f}" for ms in (*medians, *p95, *worked))
        yield f"| {name} | {' | '.join(cells)} | {worked[1] / worked[0]:.1f} | {worked[1] / bare / 1000:.0f} |"


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
        measured: dict[tuple[str, int], Measured] = {}
        for _ in range(options.rounds):
            for cases, (client, about) in doors.items():
                for name, get in PAGES.items():
                    one = measured.setdefault((name, cases), Measured())
                    one.note(partial(get, client, about))
    for line in table(measured, *options.cases):
        print(line)
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
