"""One agency's door as a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from threading import Event, Thread

from domain.errors import ExchangeError
from gateway.agency.door import Door
from gateway.agency.inclusion import LogProver, try_proof_batch
from gateway.agency.staff import Staff
from gateway.agency.store import DoorStore
from gateway.agency.web.app import agency_app
from gateway.installation.folder import AgencyFolder, Installation
from gateway.protocol.client import HubClient
from gateway.protocol.serving import ServedApp
from gateway.witness.policy import Policy
from keys.canonical import parse_time

DUTY_SECONDS = 5.0
DUTY_ACTOR = "door"


@contextmanager
def open_door(
    installation: Installation, code: str, hub_url: str
) -> Iterator[tuple[Door, AgencyFolder, str]]:
    """The door of this agency, its folder, and the hub's mode; closed with the context.

    Raises NotFound (no such agency in the folder), Untrusted (the hub is not the pinned one), Unavailable.
    """
    with ExitStack() as stack:
        place = installation.agency(code)
        sig, kem = installation.agency_keys(place)
        client = HubClient(hub_url, hub=installation.hub)
        stack.callback(client.close)
        genesis = client.genesis()
        store = DoorStore(place.folder / "door.db")
        stack.callback(store.close)
        door = Door(
            agency=place.id,
            sig=sig,
            kem=kem,
            client=client,
            store=store,
            genesis=genesis,
            now=clock_of(client, genesis.mode),
        )
        yield door, place, genesis.mode


@contextmanager
def serve_agency(installation: Installation, code: str, hub_url: str, *, port: int = 0) -> Iterator[str]:
    """The door of this agency, served until the context ends. Yields its URL. Raises as ``open_door``."""
    with ExitStack() as stack:
        door, place, mode = stack.enter_context(open_door(installation, code, hub_url))
        staff = Staff(place.folder / "staff.db")
        stack.callback(staff.close)
        stop = Event()
        duty_thread = Thread(
            target=_run_background_duties, args=(door, stop, _policy(place)), name="duties", daemon=True
        )
        duty_thread.start()
        stack.callback(duty_thread.join, 5)
        stack.callback(stop.set)
        served = stack.enter_context(ServedApp(agency_app(door, staff=staff, mode=mode), port=port))
        yield served.url


def _policy(place: AgencyFolder) -> Policy | None:
    """The witnesses that this agency has pinned in ``witnesses.json`` of its folder, or None."""
    path = place.folder / "witnesses.json"
    return Policy.read(path) if path.exists() else None


def clock_of(client: HubClient, mode: str) -> Callable[[], datetime]:
    """A real door has its own clock; a rehearsal's door uses the hub's."""
    if mode == "real":
        return lambda: datetime.now(UTC)
    return lambda: parse_time(client.now())


def _run_background_duties(door: Door, stop: Event, policy: Policy | None) -> None:
    """Every ``DUTY_SECONDS``: flush the outbox, read the feed, make missing wrapped keys, fetch inclusion proofs."""
    log_prover = LogProver(door, policy)
    while not stop.wait(DUTY_SECONDS):
        try:
            door.flush()
            door.refresh()
            door.rewrap(actor=DUTY_ACTOR)
            try_proof_batch(log_prover)
        except ExchangeError:
            continue  # the hub is away: retried in the next round


def add_staff(
    installation: Installation, code: str, *, actor: str, name: str, passphrase: bytes | None
) -> str | None:
    """Add a person with a passphrase, or without one a system, whose token is returned."""
    staff = Staff(installation.agency(code).folder / "staff.db")
    try:
        if passphrase is None:
            return staff.add_system(actor, name)
        staff.add(actor, name, passphrase)
        return None
    finally:
        staff.close()
