"""A rehearsal hub with its doors, registrars and audit office, and the set clock that they share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from domain.events import dump
from domain.record import HUB, Record
from gateway.agency.door import RETRY_SECONDS, Door
from gateway.agency.parsing import AttachmentPool, ParsingPool
from gateway.agency.store import DoorStore
from gateway.audit.office import AuditOffice
from gateway.hub.runtime import HubRuntime, start_hub
from gateway.installation.folder import Installation, create_installation, open_installation
from gateway.installation.key_folder import AgencyFolder
from gateway.installation.registrars import Registrars
from gateway.protocol.client import HubClient, retry_until_timeout
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.guard import refuse_real_hub
from gateway.rehearsal.scenario.story import Actor
from keys.stored_record import StoredRecord

BODY_BY_ROLE = {
    "CORE": "MUNICIPALITY",
    "COORD": "MUNICIPALITY",
    "CGC": "PREFECTURE",
    "MED": "MEDICAL",
    "CONTRACTOR": "COMMISSIONED",
}
_OUTSIDE = (
    ("COURT", re.compile(r"COURT|裁判所")),
    ("INVESTIGATION", re.compile(r"POLICE|PROSECUT|警察|検察")),
    ("BAR", re.compile(r"(?<![A-Z])BAR(?![A-Z])|弁護士会")),
)
"""Bodies outside welfare, health and education. A story may call a court or a prosecutor OTHER_PUBLIC."""
CITY_CENTRE = re.compile(
    r"政令|指定都市|設置市|中核市|特別区|[市区](立)?(こども|子ども|児童)(家庭)?(総合)?相談"
)
"""Names of a child guidance centre that a city or special ward has of its own."""
BODY_PATTERNS = (
    *_OUTSIDE,
    ("PREFECTURE", re.compile(r"(?<![A-Z])PREF(?![A-Z])|保健所|県庁|都庁|府庁|道庁")),
    (
        "MUNICIPALITY",
        re.compile(
            r"WELFARE-OFFICE|(?<![A-Z])BOE(?![A-Z])|福祉事務所|教育委員会|課$|係$|担当|保健センター|市役所|役場"
        ),
    ),
    ("SCHOOL", re.compile(r"SCHOOL|KINDERGARTEN|学校|幼稚園")),
    ("WELFARE_FACILITY", re.compile(r"NURSERY|HOIKU|CHILDCARE|保育|こども園|乳児院|養護施設")),
    ("MEDICAL", re.compile(r"CLINIC|HOSP|病院|医院|クリニック|診療所|助産院")),
)
"""The legal body of an agency outside the programme, by its code or name."""
SAME_MUNICIPALITY_BASES = {"APPI-69-1", "APPI-69-2-2"}
"""Bases that apply only between offices of one municipality."""
PREFECTURE_BASES = {"CWA-21-10-4", "CWA-26-1-3", "CWA-26-1-8"}
"""Bases on which a body of the prefecture discloses to a municipality."""
MAX_REWRAP_ROUNDS = 5
WITHOUT_DIGITS = str.maketrans("0123456789", "ghijklmnop")
"""A canary has no digits: with them it can look like the numbers of a protected address."""
AGENCIES_FILE = "rehearsal.json"


class RehearsalHub:
    """A rehearsal hub and everything a story needs. All commands reach the hub over HTTP. Raises Refused for a real hub."""

    def __init__(
        self,
        installation: Installation,
        url: str,
        start: datetime,
        *,
        runtime: HubRuntime | None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        refuse_real_hub(installation.folder)
        self.installation = installation
        self.url = url
        self.canary = f"canary-{uuid4().hex.translate(WITHOUT_DIGITS)}"
        self.runtime = runtime
        self._clock_time = start
        self._retry_seconds = retry_seconds
        self._hub_client = HubClient(url, hub=installation.hub)
        self.genesis = self._hub_client.genesis()
        persons = installation.registrars()
        self.registrars = Registrars(persons[:2], self._hub_client, self.genesis, self.now)
        sig, kem = installation.audit()
        self.audit = AuditOffice(
            sig=sig, kem=kem, client=self._hub_client, genesis=self.genesis, now=self.now
        )
        self.parsing_pool = ParsingPool()
        self.attachment_pool = AttachmentPool()
        self.doors: dict[str, Door] = {}
        self.names: dict[str, str] = {}
        self.actors: dict[str, str] = {}
        self._coordinating: frozenset[str] = frozenset()

    def now(self) -> datetime:
        """The rehearsal's time, shared by every door."""
        return self._clock_time

    def set_clock(self, at: datetime) -> None:
        """Move the rehearsal's time forward; the hub records what falls due until then."""
        if at > self._clock_time:
            token = self.installation.clock_token or ""
            retry_until_timeout(lambda: self._hub_client.set_clock(dump(at), token), self._retry_seconds)
            self._clock_time = at

    def door(self, code: str) -> Door:
        """The door of this agency. Raises KeyError where it has none."""
        return self.doors[code]

    def set_up_agencies(
        self,
        actors: Sequence[Actor],
        *,
        core: str,
        actor_of: Callable[[str], str],
        coordinating: Collection[str] = (),
    ) -> None:
        """Publish the rules and the agencies' key sets, and open their doors. ``coordinating``: those that hold this
        office too."""
        self._coordinating = frozenset(coordinating)
        self.registrars.publish_rule_book()
        towns = _towns(actors)
        for actor in actors:
            place = self.installation.create_agency(actor.code)
            self._publish_agency_key_set(place, actor, core, towns)
            self._open_door(place, actor.name, actor_of(actor.code))
        about = {code: {"name": self.names[code], "actor": self.actors[code]} for code in self.doors}
        (self.installation.folder / AGENCIES_FILE).write_text(
            json.dumps(about, ensure_ascii=False, indent=1) + "\n"
        )

    def in_force(self, code: str) -> bool:
        """Whether this agency's key set is in force, by the hub's list of agencies."""
        return str(self.doors[code].agency) in {a["id"] for a in self._hub_client.agencies()}

    def republish_key_set(self, actor: Actor, actors: Sequence[Actor], *, core: str) -> dict[str, Any]:
        """Publish the revoked keys of an agency again and reopen its door with them."""
        place = next(p for p in self.installation.agencies() if p.code == actor.code)
        answer = self._publish_agency_key_set(place, actor, core, _towns(actors))
        door = self.doors[actor.code]
        door.store.close()
        door.client.close()
        self._open_door(place, self.names[actor.code], self.actors[actor.code])
        return answer

    def _publish_agency_key_set(
        self, place: AgencyFolder, actor: Actor, core: str, towns: frozenset[str]
    ) -> dict[str, Any]:
        sig, kem = self.installation.agency_keys(place)
        body = _body(actor, core, towns)
        return self.registrars.publish_key_set(
            place.id,
            code=actor.code,
            name=actor.name,
            roles=sorted({actor.role, *(["COORD"] if actor.code in self._coordinating else [])}),
            body=body,
            municipality=_municipality(actor, body, core, towns),
            custody="HOSTED",
            sig=sig,
            kem=kem.public,
        )

    def reopen_agency_doors(self) -> None:
        """Open the doors that an earlier rehearsal set up."""
        about = json.loads((self.installation.folder / AGENCIES_FILE).read_text())
        for place in self.installation.agencies():
            if place.code in about:
                self._open_door(place, about[place.code]["name"], about[place.code]["actor"])

    def reopen_doors(self) -> None:
        """Close every door and open it again on its store, as after a restart."""
        for door in self.doors.values():
            door.store.close()
            door.client.close()
        self.reopen_agency_doors()

    def _open_door(self, place: AgencyFolder, name: str, actor: str) -> None:
        sig, kem = self.installation.agency_keys(place)
        self.names[place.code], self.actors[place.code] = name, actor
        self.doors[place.code] = Door(
            agency=place.id,
            sig=sig,
            kem=kem,
            client=HubClient(self.url, hub=self.installation.hub),
            store=DoorStore(place.folder / "door.db"),
            genesis=self.genesis,
            now=self.now,
            retry_seconds=self._retry_seconds,
        )

    def complete_rewrap_duties(self) -> None:
        """Fulfil open re-wrap duties until there are none."""
        for _ in range(MAX_REWRAP_ROUNDS):
            done = 0
            # an agency whose keys were revoked has no duty
            known = {UUID(a["id"]) for a in self._hub_client.agencies()}
            for code, door in self.doors.items():
                if door.agency not in known:
                    continue
                door.refresh()
                done += door.rewrap(actor=self.actors[code])
            if not done:
                return

    def hub_records(self) -> list[Record]:
        """The hub's own events so far."""
        return [r for r in self.records() if r.by == HUB]

    def records(self) -> Iterator[Record]:
        """Everything recorded, in order."""
        if self.runtime is None:
            return
        position = 1
        while page := self.runtime.store.read_tolerant(position, 500):
            yield from (k.record for k in page if isinstance(k, StoredRecord))
            position += len(page)

    def close(self) -> None:
        for door in self.doors.values():
            door.store.close()
            door.client.close()
        self._hub_client.close()
        self.parsing_pool.close()
        self.attachment_pool.close()


def _towns(actors: Sequence[Actor]) -> frozenset[str]:
    """The municipalities of a story: the first words of their offices' codes."""
    return frozenset(a.code.split("-")[0] for a in actors if a.role in ("CORE", "COORD"))


def _municipality(actor: Actor, body: str, core: str, towns: frozenset[str]) -> str | None:
    """The local government that an agency belongs to: of a municipality's offices; a city's own child guidance centre is
    of the city that its code names."""
    if body != "MUNICIPALITY":
        return None
    return actor.code.split("-")[0] if actor.role == "CGC" else _town(actor, core, towns)


def _town(actor: Actor, core: str, towns: frozenset[str]) -> str:
    """The municipality of an office: the first word of its code, else that of the core agency."""
    called = actor.code.split("-")[0]
    return called if called in towns else core.split("-")[0]


def _body(actor: Actor, core: str, towns: frozenset[str]) -> str:
    """The legal body of an agency: as the story says, else by its role, else by its bases, code and name."""
    called = next((b for b, pattern in BODY_PATTERNS if pattern.search(f"{actor.code} {actor.name}")), None)
    outside = called in dict(_OUTSIDE)
    if actor.body:
        return called if actor.body == "OTHER_PUBLIC" and called is not None and outside else actor.body
    if actor.role == "CGC" and (actor.code.split("-")[0] in towns or CITY_CENTRE.search(actor.name)):
        return "MUNICIPALITY"
    if actor.role in BODY_BY_ROLE:
        return BODY_BY_ROLE[actor.role]
    if actor.bases & PREFECTURE_BASES:
        return "PREFECTURE"
    if called is not None and outside:
        return called
    if actor.bases & SAME_MUNICIPALITY_BASES:
        return "MUNICIPALITY"
    same = actor.code.split("-")[0] in towns | {core.split("-")[0]}
    if any(b == "CWA-21-10-5" or b.startswith("APPI-27-") for b in actor.bases):
        return called or ("MUNICIPALITY" if same else "WELFARE_FACILITY")
    if "APPI-69-2-3" in actor.bases:
        return "MUNICIPALITY" if same else "OTHER_PUBLIC"
    return called or ("MUNICIPALITY" if same else "WELFARE_FACILITY")


@contextmanager
def reopen_rehearsal_hub(folder: Path) -> Iterator[RehearsalHub]:
    """The rehearsal hub that is in this folder, with its doors. Raises Refused for a real hub."""
    with ExitStack() as stack:
        refuse_real_hub(folder)
        installation = open_installation(folder)
        runtime = start_hub(installation)
        stack.callback(runtime.close)
        served = stack.enter_context(ServedApp(runtime.app))
        rehearsal_hub = RehearsalHub(installation, served.url, runtime.hub.clock.now(), runtime=runtime)
        stack.callback(rehearsal_hub.close)
        rehearsal_hub.reopen_agency_doors()
        yield rehearsal_hub


@contextmanager
def open_rehearsal_hub(folder: Path, start: datetime) -> Iterator[RehearsalHub]:
    """A fresh rehearsal hub in this folder, served over HTTP, its clock at ``start``."""
    with ExitStack() as stack:
        installation = create_installation(folder, mode="rehearsal")
        runtime = start_hub(installation, at=start)
        stack.callback(runtime.close)
        served = stack.enter_context(ServedApp(runtime.app))
        rehearsal_hub = RehearsalHub(installation, served.url, start, runtime=runtime)
        stack.callback(rehearsal_hub.close)
        yield rehearsal_hub
