"""The audit office and the registrars, connected to a running hub with the keys in an installation's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime

from gateway.audit.office import AuditOffice
from gateway.installation.folder import Installation, moment
from gateway.installation.registrars import Registrars
from gateway.protocol.client import HubClient


@contextmanager
def connect_office(installation: Installation, hub_url: str) -> Iterator[AuditOffice]:
    """The audit office at this hub, until the block ends. Raises Unavailable where the hub does not answer."""
    sig, kem = installation.audit()
    with closing(HubClient(hub_url, hub=installation.hub)) as client:
        now = _clock(installation, client)
        yield AuditOffice(sig=sig, kem=kem, client=client, genesis=client.genesis(), now=now)


def begin_mandate(installation: Installation, hub_url: str, number: int, until: date) -> None:
    """Two registrars begin the audit office's mandate of this number. ``until``: its last day."""
    with closing(HubClient(hub_url, hub=installation.hub)) as client:
        registrars = Registrars(
            installation.registrars()[:2], client, client.genesis(), _clock(installation, client)
        )
        registrars.begin_mandate(number, until)


def _clock(installation: Installation, client: HubClient) -> Callable[[], datetime]:
    return (lambda: moment(client.now())) if installation.rehearsal else (lambda: datetime.now(UTC))
