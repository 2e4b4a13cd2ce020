"""One agency's door as a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic

from domain.errors import ExchangeError, Unavailable
from gateway.agency.devices import PhoneSettings
from gateway.agency.door import DOOR_ACTOR, MALFORMED_ERRORS, Door
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.inclusion import LogProver, try_proof_batch
from gateway.agency.index.rebuild import BackgroundRebuild
from gateway.agency.page_drafts import PageDrafts
from gateway.agency.parsing import AttachmentPool, ParsingPool
from gateway.agency.permissions import StaffPermissions
from gateway.agency.staff import Staff
from gateway.agency.store import DoorStore
from gateway.agency.web.app import agency_app
from gateway.agency.web.waiting import HubTimeLimits
from gateway.installation.key_folder import AgencyFolder, kem_key, signature_keys
from gateway.pages.dates import DateStyle
from gateway.protocol.client import HubClient
from gateway.protocol.serving import ServedApp
from gateway.protocol.waiting import waiting_at_most
from gateway.witness.policy import Policy
from keys.canonical import parse_time
from keys.keystore import Keystore

DUTY_SECONDS = 5.0
DRAFT_DUTY_SECONDS = 600.0
START_SECONDS = 5.0
"""How long a start waits for the hub before the door opens with what it knows."""


@contextmanager
def open_door(place: AgencyFolder, keystore: Keystore, hub_url: str) -> Iterator[tuple[Door, str]]:
    """The door of this agency with its opened keys, and the hub's mode; closed with the context.

    It also opens while the hub is away. Raises NotFound (no hub is pinned in the folder), Untrusted (another hub answers).
    """
    with ExitStack() as stack:
        client = HubClient(hub_url, hub=place.pinned_genesis.hub)
        stack.callback(client.close)
        store = DoorStore(place.folder / "door.db")
        stack.callback(store.close)
        genesis = place.pinned_genesis
        _require_pinned_hub(client)
        door = Door(
            agency=place.id,
            sig=signature_keys(keystore),
            kem=kem_key(keystore),
            client=client,
            store=store,
            genesis=genesis,
            now=clock_of(client, genesis.mode),
        )
        stack.callback(door.index.close)
        staff = Staff(place.folder / "staff.db")
        stack.callback(staff.close)
        door.addresses.own_log = staff.log_address
        door.permissions = StaffPermissions(staff, lambda: door.overviews)
        yield door, genesis.mode


def _require_pinned_hub(client: HubClient) -> None:
    """Raises Untrusted where another hub answers; a hub that is away is met later, and its receipts are verified."""
    with waiting_at_most(START_SECONDS), suppress(Unavailable):
        client.genesis()


@contextmanager
def serve_agency(
    place: AgencyFolder,
    keystore: Keystore,
    hub_url: str,
    *,
    port: int = 0,
    trusted_proxies: Sequence[str] = (),
    host_names: Iterable[str] = (),
    hub_limits: HubTimeLimits | None = None,
    dates: DateStyle = DateStyle.BOTH,
    phone: PhoneSettings | None = None,
) -> Iterator[str]:
    """The door of this agency, served until the context ends. Yields its URL. Raises as ``open_door``.

    ``trusted_proxies``, ``host_names``: as of ``ServedApp``; ``hub_limits``: how long a request may wait for the
    hub; ``dates``: in which calendar its pages write days; ``phone``: whom a visitor telephones, and how long
    a sheet stays on a phone.
    """
    with ExitStack() as stack:
        door, mode = stack.enter_context(open_door(place, keystore, hub_url))
        staff = Staff(place.folder / "staff.db")
        stack.callback(staff.close)
        parsing_pool = ParsingPool()
        stack.callback(parsing_pool.close)
        parsing_pool.start()
        attachment_pool = AttachmentPool()
        stack.callback(attachment_pool.close)
        stop = Event()
        duty_thread = Thread(
            target=_run_background_duties,
            args=(door, staff, stop, _policy(place)),
            name="duties",
            daemon=True,
        )
        duty_thread.start()
        stack.callback(duty_thread.join, 5)
        stack.callback(stop.set)
        door.index.start()
        rebuilding = BackgroundRebuild(door)
        stack.callback(rebuilding.close)
        app = agency_app(
            door,
            rebuilding=rebuilding,
            staff=staff,
            mode=mode,
            custody=place.custody,
            parsing_pool=parsing_pool,
            attachment_pool=attachment_pool,
            hub_limits=hub_limits,
            dates=dates,
            sign_in=SignInSettings.read(place.folder),
            phone=phone,
        )
        served = stack.enter_context(
            ServedApp(app, port=port, trusted_proxies=trusted_proxies, host_names=host_names)
        )
        yield served.url


def _policy(place: AgencyFolder) -> Policy | None:
    """The witnesses that this agency has pinned in ``witnesses.json`` of its folder, or None."""
    path = place.folder / "witnesses.json"
    return Policy.read(path) if path.exists() else None


def clock_of(client: HubClient, mode: str) -> Callable[[], datetime]:
    """A real door has its own clock; a rehearsal's door uses the hub's, and its last time while the hub is away."""
    if mode == "real":
        return lambda: datetime.now(UTC)
    last = [datetime.now(UTC)]

    def hub_time() -> datetime:
        with suppress(Unavailable):
            last[0] = parse_time(client.now())
        return last[0]

    return hub_time


def expire_drafts(drafts: PageDrafts, staff: Staff) -> None:
    """Erase what nobody has touched for long, and what was written by people who are no longer of this door."""
    drafts.expire()
    drafts.keep_only_of(staff.people())


def _run_background_duties(door: Door, staff: Staff, stop: Event, policy: Policy | None) -> None:
    """Every ``DUTY_SECONDS``: flush the outbox, read feed and list of agencies, make missing wrapped keys, fetch
    inclusion proofs, and drop what was opened, or written and not sent, too long ago."""
    log_prover = LogProver(door, policy)
    door.keeps_directory = True
    drafts_due = 0.0
    while not stop.is_set():
        door.recent.prune()
        if monotonic() >= drafts_due:
            expire_drafts(PageDrafts(door), staff)
            drafts_due = monotonic() + DRAFT_DUTY_SECONDS
        if door.client.watch.away_seconds is None:  # else the watch asks whether the hub is back
            with suppress(ExchangeError, *MALFORMED_ERRORS):  # tried again in the next round
                door.refresh_directory()
                door.flush()
                door.refresh()
                door.rewrap(actor=DOOR_ACTOR)
                try_proof_batch(log_prover)
        stop.wait(DUTY_SECONDS)
