"""The audit office, connected to a running hub with the keys in its own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

from gateway.audit.office import AuditOffice
from gateway.installation.folder import moment
from gateway.installation.key_folder import KeyFolder, kem_key, signature_keys
from gateway.protocol.client import HubClient
from keys.genesis import Genesis
from keys.keystore import Keystore


@contextmanager
def connect_office(place: KeyFolder, keystore: Keystore, hub_url: str) -> Iterator[AuditOffice]:
    """The audit office at the hub that its folder pins, until the block ends. Raises NotFound where it pins none,
    Unavailable where the hub does not answer."""
    with closing(HubClient(hub_url, hub=place.pinned_genesis.hub)) as client:
        genesis = client.genesis()
        yield AuditOffice(
            sig=signature_keys(keystore),
            kem=kem_key(keystore),
            client=client,
            genesis=genesis,
            now=_clock(genesis, client),
        )


def _clock(genesis: Genesis, client: HubClient) -> Callable[[], datetime]:
    rehearsal = genesis.mode == "rehearsal"
    return (lambda: moment(client.now())) if rehearsal else (lambda: datetime.now(UTC))
