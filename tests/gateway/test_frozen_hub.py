"""A hub that takes connections and answers nothing does not freeze its doors.

Times are compared with the door's own limits, which are set for the test, and with the time limit of a call to the hub:
who waited for that would wait ten times as long.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2 as httpx
import pytest

from domain.errors import Unavailable
from gateway.agency.serve import open_door, serve_agency
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.app import LIMITS
from gateway.agency.web.cookies import SESSION
from gateway.agency.web.waiting import HubTimeLimits
from gateway.installation.folder import Installation, open_installation
from gateway.protocol.client import CALL_SECONDS, HubClient
from gateway.protocol.hub_watch import HubWatch
from gateway.protocol.limits import CAPACITIES, LimitTable, Load, RouteLimit
from gateway.protocol.waiting import seconds_left, waiting_at_most
from tests.gateway.test_processes import AGENCIES, ROOT, kakehashi

PAGE_SECONDS = 3.0
PASSPHRASE = b"correct horse battery"
NEEDS_NO_HUB = ("/healthz", "/readyz", "/sign-in", "/outbox", "/files", "/static/kakehashi.css")
WOULD_ASK_THE_HUB = ("/", "/cases", "/programme", "/meeting", "/drafts", "/new", "/forms/intake")
CONTENT = "架空の内容九八七"

pytestmark = pytest.mark.faults


@dataclass
class HubProcess:
    url: str
    pid: int

    @contextmanager
    def frozen(self) -> Iterator[None]:
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)


@dataclass
class Served:
    installation: Installation
    hub: HubProcess
    doors: dict[str, str]
    resources: ExitStack

    def person(self, code: str) -> httpx.Client:
        """A person who has signed in at this door."""
        client = httpx.Client(base_url=self.doors[code], timeout=2 * CALL_SECONDS)
        self.resources.callback(client.close)
        form = {"actor": "staff.a1", "passphrase": PASSPHRASE.decode()}
        client.headers["origin"] = self.doors[code]
        response = client.post("/sign-in", data=form)
        assert response.status_code == 303
        cookies = response.headers.get_list("set-cookie")
        client.headers["cookie"] = next(c.partition(";")[0] for c in cookies if c.startswith(f"{SESSION}="))
        return client


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub as a process of its own, and two doors in this process."""
    folder = tmp_path_factory.mktemp("frozen")
    listed, data = folder / "agencies.yaml", folder / "hub"
    listed.write_text(AGENCIES, encoding="utf-8")
    kakehashi("hub", "init", "--data", str(data), "--rehearsal", "--register", str(listed))
    installation = open_installation(data)
    with ExitStack() as stack:
        hub = stack.enter_context(_hub_process(data, folder / "hub.log"))
        doors = {}
        for code in ("MID-HOSP", "AZ-CORE"):
            staff = Staff(installation.agency(code).folder / "staff.db")
            staff.add("staff.a1", "職員A", PASSPHRASE, roles=ALL_ROLES)
            staff.close()
            place = installation.agency(code)
            (place.folder / "sign-in.json").write_text('{"second_factor_from": null}')
            limits = HubTimeLimits(page=PAGE_SECONDS, send=PAGE_SECONDS, system=PAGE_SECONDS)
            door = serve_agency(place, place.unlock(), hub.url, hub_limits=limits)
            doors[code] = stack.enter_context(door)
        for url in doors.values():  # until each door has read once what it keeps
            wait_until(lambda url=url: httpx.get(f"{url}/readyz").json()["feed_at"])  # type: ignore[misc]
        yield Served(installation, hub, doors, stack)


@contextmanager
def _hub_process(data: Path, log: Path) -> Iterator[HubProcess]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "hub", "serve", "--data", str(data)],
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
        try:
            wait_until(lambda: re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace")))
            url = re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace"))
            assert url is not None
            yield HubProcess(url[0], process.pid)
        finally:
            process.terminate()
            process.wait(30)


def wait_until(holds: Callable[[], Any], seconds: float = 60) -> None:
    until = monotonic() + seconds
    while not holds():
        assert monotonic() < until
        sleep(0.05)


def timed(client: httpx.Client, path: str) -> tuple[httpx.Response, float]:
    start = monotonic()
    response = client.get(path)
    return response, monotonic() - start


def message(client: httpx.Client) -> dict[str, Any]:
    """A message to AZ-CORE, as JSON of the API."""
    city = next(a["id"] for a in client.get("/api/agencies").json() if a["code"] == "AZ-CORE")
    return {
        "act": "family_information.provided",
        "to": [city],
        "basis": {city: "CWA-21-10-5"},
        "fields": {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": 30, "indicators": {}},
        "sections": [{"section": "PREG", "text": CONTENT}],
    }


def alarms_of(client: httpx.Client) -> set[str]:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["problems"]) == (200, [])
    return {alarm["code"] for alarm in response.json()["alarms"]}


def test_a_frozen_hub_leaves_every_page_of_a_door_and_what_is_sent_waits_and_arrives(served: Served) -> None:
    hospital, city = served.person("MID-HOSP"), served.person("AZ-CORE")
    body = message(hospital)
    assert hospital.post("/api/messages", json=body).json()["outcome"] == "recorded"
    for path in (*NEEDS_NO_HUB, *WOULD_ASK_THE_HUB):
        response, seconds = timed(hospital, path)
        assert response.status_code == 200, (path, response.text)
        assert "ハブに接続できません" not in response.text

    with served.hub.frozen():
        # More people than a door has threads look something up; who needs no hub is not kept waiting by them.
        with ThreadPoolExecutor(60) as crowd:
            looking = [crowd.submit(timed, hospital, "/cases") for _ in range(60)]
            sleep(PAGE_SECONDS / 10)
            for path in NEEDS_NO_HUB:
                response, seconds = timed(served.person("MID-HOSP"), path)
                assert response.status_code == 200
                assert seconds < PAGE_SECONDS, (path, seconds)
            for one in looking:
                response, seconds = one.result()
                assert seconds < CALL_SECONDS / 3  # what the first of them would wait at least
                assert response.status_code in (200, 503)
        wait_until(lambda: "hub-away" in alarms_of(hospital))

        for path in WOULD_ASK_THE_HUB:
            response, seconds = timed(hospital, path)
            assert response.status_code == 200, (path, response.text)
            assert seconds < PAGE_SECONDS, (path, seconds)
        assert re.search(
            r"ハブに接続できません。令和\d+\(\d{4}\)年\d+月\d+日 \d\d:\d\d 時点の内容です",
            hospital.get("/cases").text,
        )
        assert hospital.get("/api/cases").headers["Kakehashi-As-Of"]

        start = monotonic()
        waiting = hospital.post("/api/messages", json=body).json()
        assert monotonic() - start < PAGE_SECONDS
        assert waiting["outcome"] == "waiting"
        assert "送信箱で待っています" in hospital.get("/outbox").text
        assert {"hub-away", "outbox-waiting", "feed-behind"} <= alarms_of(hospital)
        for file in (served.installation.agency("MID-HOSP").folder).glob("door.db*"):
            assert CONTENT.encode() not in file.read_bytes()
        for path in ("/healthz", "/outbox"):
            assert timed(hospital, path)[1] < PAGE_SECONDS

    wait_until(lambda: "outbox-waiting" not in alarms_of(hospital))
    wait_until(lambda: waiting["case"] in city.get("/api/cases").json())
    [received] = city.get(f"/api/cases/{waiting['case']}").json()
    [item] = [i for i in received["items"] if i["section"] == "PREG"]
    opened = city.post(
        f"/api/cases/{waiting['case']}/items/{item['item']}/open",
        json={"message": waiting["message"], "section": "PREG"},
    )
    assert opened.json()["text"] == CONTENT
    assert "ハブに接続できません" not in hospital.get("/cases").text


def test_a_door_opens_and_takes_messages_while_nothing_answers_at_the_hubs_address(served: Served) -> None:
    with socket.socket() as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        black_hole.listen(128)  # the kernel takes the connections, nobody answers
        url = f"http://127.0.0.1:{black_hole.getsockname()[1]}"
        start = monotonic()
        place = served.installation.agency("MID-HOSP")
        with open_door(place, place.unlock(), url) as (door, _):
            assert door.genesis.hub == served.installation.hub
            with waiting_at_most(PAGE_SECONDS):
                assert {k.code for k in door.directory()} >= {"AZ-CORE", "MID-HOSP"}
                door.refresh_if_possible()
            assert door.behind_since is not None
        assert monotonic() - start < CALL_SECONDS / 3


def test_work_with_limited_time_gives_up_and_a_hub_that_is_away_is_not_called() -> None:
    with socket.socket() as black_hole:
        black_hole.bind(("127.0.0.1", 0))
        black_hole.listen(8)
        client = HubClient(f"http://127.0.0.1:{black_hole.getsockname()[1]}", probe_seconds=0.2)
        try:
            with waiting_at_most(0.5), pytest.raises(Unavailable, match="hub-unreachable"):
                client.agencies()
            wait_until(lambda: client.watch.away_seconds is not None)
            start = monotonic()
            with pytest.raises(Unavailable, match="hub-unreachable"):
                client.agencies()
            assert monotonic() - start < CALL_SECONDS / 3
        finally:
            client.close()


def test_an_inner_limit_never_lengthens_an_outer_one() -> None:
    assert seconds_left() is None
    with waiting_at_most(1), waiting_at_most(60):
        left = seconds_left()
        assert left is not None
        assert left <= 1
    assert seconds_left() is None


def test_a_slow_call_makes_no_hub_away_and_one_that_answers_again_is_back() -> None:
    answers = [False, False, True, True]
    watch = HubWatch(lambda: answers.pop(0), pause_seconds=0.01)
    watch.suspect()
    wait_until(lambda: len(answers) == 1)
    wait_until(lambda: watch.away_seconds is None)
    watch.suspect()
    wait_until(lambda: not answers)
    assert watch.away_seconds is None
    watch.close()


def test_what_may_wait_for_the_hub_leaves_threads_for_what_needs_none() -> None:
    assert CAPACITIES[Load.KNOWN].active + CAPACITIES[Load.SYSTEM].active + CAPACITIES[Load.HEAVY].active < 40
    own = (Load.LOCAL, Load.HEALTH, Load.PUBLIC, Load.SIGN_IN)
    assert all(door_limit(path).load in own for path in NEEDS_NO_HUB)
    assert all(door_limit(path).load is Load.KNOWN for path in WOULD_ASK_THE_HUB)


def door_limit(path: str) -> RouteLimit:
    limit = LimitTable(LIMITS).find("GET", path)
    assert limit is not None
    return limit
