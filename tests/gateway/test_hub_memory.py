"""The hub's memory equals the record, also when parts of it are reloaded during decisions."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from adapters.store import Store
from domain.events import Kind
from domain.record import Record
from domain.register import Register
from gateway.hub.memory import WorldCache
from tests.gateway.hubkit import HubWithCase, hub_with_case


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    """Two networks that both change after a moment in which both were there."""
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        core, coord = new_hub.door("EXT-SERVICE"), new_hub.door("AZ-COORD")
        new_hub.rehearsal_hub.registrars.designate(uuid4(), core=core.agency, coordinating=core.agency)
        member = {"member": str(core.agency), "item": 3}
        sent = coord.send(Kind.NETWORK, new_hub.network, "network_member.admitted", member, actor="staff.c")
        assert sent.outcome == "recorded"
        yield new_hub


def records(hub: HubWithCase) -> list[Record]:
    store: Store = hub.store
    return [stored.record for stored in store.read(1, 500)]


def before(hub: HubWithCase, missing: int) -> Register:
    """The register without its last records."""
    register = Register()
    for record in records(hub)[:-missing]:
        register = register.with_record(record)
    return register


def test_a_reloaded_record_survives_a_decision_that_began_before_the_reload(hub: HubWithCase) -> None:
    decided, unanswered = records(hub)[-2:]
    memory = WorldCache(hub.store, before(hub, 2))
    world = memory.world(decided.originator)
    memory.invalidate(unanswered.originator)
    memory.world(unanswered.originator)
    memory.fold_in(world.after(decided), decided)
    for record in (decided, unanswered):
        registered = memory.register.find(record.originator.kind, record.originator.id)
        assert registered is not None
        assert registered.version == record.version


def test_an_invalidation_during_a_reload_is_not_cleared_by_it(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = records(hub)[-1]
    memory = WorldCache(hub.store, before(hub, 1))
    load = Store.load

    def loading(store: Store, *args: object, **kwargs: object) -> object:
        loaded = load(store, *args, **kwargs)  # type: ignore[arg-type]
        memory.invalidate(last.originator)  # an append without answer, just after this was read
        return loaded

    memory.invalidate(last.originator)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Store, "load", loading)
        memory.world(last.originator)
    assert memory.is_due(last.at)
    memory.reload_register()
    assert not memory.is_due(last.at)


def test_a_record_that_was_reloaded_already_is_folded_once(hub: HubWithCase) -> None:
    last = records(hub)[-1]
    memory = WorldCache(hub.store, before(hub, 1))
    world = memory.world(last.originator)
    memory.invalidate(last.originator)
    register = memory.world(last.originator).register
    memory.fold_in(world.after(last), last)
    assert memory.register is register
