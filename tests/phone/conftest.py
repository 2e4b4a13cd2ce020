"""One hub, and the door of a contractor whose visitor has a family to visit today: shared by all tests of the phone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.calendar import day_of
from domain.events import Kind
from domain.roles import StaffRole
from gateway.agency.attachments import Attachments
from gateway.agency.devices import Devices, PhoneSettings
from gateway.agency.door import Door
from gateway.agency.index.case_overview import planned_visits
from gateway.agency.recent_contents import RecentContents
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.report import play, start_of
from tests.gateway.test_forms import STORY, read_story

VISITOR, COLLEAGUE, PASSPHRASE = "W-SORA-NPO", "W-OTHER", "a long passphrase"
DUTY = "03-0000-0000"


class Visiting:
    """The door of SORA-NPO. ``url``: while it is served; it can be stopped and started again at the same port."""

    def __init__(self, hub: RehearsalHub, case: UUID, staff: Staff) -> None:
        self.hub, self.case, self.staff = hub, case, staff
        self.door: Door = hub.door("SORA-NPO")
        self.core: Door = hub.door("AZ-CORE")
        self.settings = PhoneSettings(DUTY, 10)
        self._served: ServedApp | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def app(self) -> Any:
        return agency_app(
            self.door,
            staff=self.staff,
            mode="rehearsal",
            phone=self.settings,
            attachment_pool=self.hub.attachment_pool,
            parsing_pool=self.hub.parsing_pool,
        )

    def devices(self) -> Devices:
        """The phones of this door."""
        return Devices(self.door, Attachments(self.door, self.hub.attachment_pool), self.settings)

    def start(self) -> None:
        """Serve the door; at the port where it was before."""
        self._served = ServedApp(self.app(), port=self.port).__enter__()
        self.port = int(self._served.url.rpartition(":")[2])

    def stop(self) -> None:
        if self._served is not None:
            self._served.__exit__(None, None, None)
        self._served = None

    def need_visit(self) -> None:
        """A visit is planned for today that nobody has reported."""
        self.door.refresh()
        if planned_visits(self.door.store.messages(self.case)):
            return
        fields = {**ADDRESSED, "planned_on": day_of(self.hub.now()).isoformat(), "replaces": None}
        sent = self.door.send(Kind.CASE, self.case, "home_visit.scheduled", fields, actor=VISITOR)
        assert sent.outcome == "recorded", sent
        self.door.refresh()

    def stop_phones(self) -> None:
        """Nobody has a phone in use: a person has at most five."""
        for row in self.door.store.devices.devices():
            self.door.store.devices.stop(row.id, "2025-05-12T00:00:00.000000Z", COLLEAGUE)

    def message(self, id: str) -> dict[str, Any]:
        """A message of the case, as the door knows it."""
        self.door.refresh()
        return next(m for m in self.door.store.messages(self.case) if m["message"] == id)

    def records(self, topic: str) -> int:
        """How often this is on record in the case."""
        return sum(r.topic == topic for r in self.hub.records())


ADDRESSED = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None}


@pytest.fixture(scope="session")
def visiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visiting]:
    folder = tmp_path_factory.mktemp("visiting")
    story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= 8), expects=(), must_hold=())
    story = replace(story, contractors={c: replace(w, until=None) for c, w in story.contractors.items()})
    with ExitStack() as stack:
        hub = stack.enter_context(open_rehearsal_hub(folder / "hub", start_of(story)))
        run, report = play(story, hub)
        assert report.problems == []
        hub.complete_rewrap_duties()
        staff = Staff(folder / "staff.db")
        stack.callback(staff.close)
        staff.add(VISITOR, "訪問 花子", PASSPHRASE, roles=[StaffRole.VISITOR])
        staff.add(COLLEAGUE, "訪問 次郎", PASSPHRASE, roles=[StaffRole.CASE_WORKER])
        visiting = Visiting(hub, run.case, staff)
        visiting.door.recent = RecentContents()
        npo = str(visiting.door.agency)
        fields = {
            **ADDRESSED,
            "to": [npo],
            "agency": npo,
            "worker": VISITOR,
            "role": "SPECIALIST",
            "qualification": "保健師",
        }
        sent = visiting.core.send(
            Kind.CASE, run.case, "support_worker.assigned", fields, actor="staff.AZ-CORE"
        )
        assert sent.outcome == "recorded", sent
        visiting.door.refresh()
        visiting.start()
        stack.callback(visiting.stop)
        yield visiting
