"""Any command by anybody at any time: answered with what it asked for or one reason, never with an exception.

Every act is asked for with random data, in and out of place. A second reading of who may do what, from the
guideline's issuers and the matrix, looks at all that is let through.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import event as hypothesis_event
from hypothesis import given
from hypothesis import strategies as st

import tests.domain.builders as kit
from domain import events as e
from domain.acts import ACTS
from domain.calendar import day_of
from domain.codes import ClosingReason, Role, Section
from domain.record import AUDIT
from domain.tasks import tasks
from tests.domain.builders import EventInput, Given, case_message, id_of
from tests.domain.test_visibility_model import (
    AGENCIES,
    BEFORE,
    CLOSE,
    OWN,
    Reading,
    basis_for,
    clock,
)
from tests.profiles import examples

BASES = ("CONSENT", "APPI-69-1", "CWA-21-10-2-3", "CWA-25-2-2", "APPI-69-2-3", "APPI-69-2-4", "no such basis")
TEXTS = (kit.WORKER, kit.SECOND_WORKER, kit.CITY_WORKER, "OTHER", "APPI-69-2-4", "p-1", "p-2", "a word")
COMMAND_IDS = sorted(
    {one.command_id for past in BEFORE.values() for one in past} | {id_of(f"wild {n}") for n in range(20)}
)
IDS = st.one_of(
    st.sampled_from(AGENCIES), st.sampled_from(COMMAND_IDS), st.just(id_of("C0")), st.just(kit.NETWORK)
)
DAYS = st.integers(-400, 900).map(lambda n: day_of(kit.NOON) + timedelta(days=n))
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    UUID: IDS,
    date: DAYS,
    datetime: DAYS.map(lambda d: datetime(d.year, d.month, d.day, tzinfo=UTC)),
    str: st.sampled_from(TEXTS),
    int: st.integers(-1, 40),
    bool: st.booleans(),
    NoneType: st.none(),
}
WAYS = sorted(ACTS, key=lambda act: act.TOPIC)


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of this type that the mapper accepts."""
    if kind in PLAIN:
        return PLAIN[kind]
    args, origin = get_args(kind), get_origin(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(of, args))
    if origin is frozenset:
        return st.frozensets(of(args[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(of(args[0]), of(args[1]), max_size=3)
    if origin is tuple:
        return st.lists(of(args[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    return st.builds(kind, **{name: of(hint) for name, hint in get_type_hints(kind).items()})


COMMON = {field.name for field in fields(e.CaseMessage)}
DATA = {
    act: st.fixed_dictionaries(
        {field.name: of(get_type_hints(act)[field.name]) for field in fields(act) if field.name not in COMMON}
    )
    for act in WAYS
}


@st.composite
def wild(draw: st.DrawFn) -> tuple[Any, ...]:
    """An act with its data; every second time with what is usual, so that some get far."""
    act = draw(st.sampled_from(WAYS))
    data = {**draw(DATA[act]), **(kit._USUAL.get(act, {}) if draw(st.booleans()) else {})}
    return (
        act,
        data,
        draw(st.one_of(st.just(kit.AZ_CORE), st.sampled_from(AGENCIES))),
        draw(st.frozensets(st.sampled_from([*AGENCIES, kit.NOBODY]), max_size=2)),
        draw(st.lists(st.sampled_from(sorted(Section)), max_size=2)),
        draw(st.sampled_from(BASES)),
        draw(st.sampled_from(["p-1", "p-2", "p-3", kit.WORKER])),
        draw(st.one_of(st.none(), st.sampled_from(TEXTS))),
        draw(st.sampled_from([1, 1, 24, 24 * 40, 24 * 400])),
    )


CORES_OWN = (
    e.EligibilityDetermined,
    e.SupportCommenced,
    e.SupportPlanApproved,
    e.TransferInitiated,
    e.TransferPackageSent,
    e.CaseReopened,
)
"""What only the responsible core agency does (domain, 1.1)."""
NEVER = {
    Role.MED: CLOSE,
    Role.CONTRACTOR: {Section.NOTIFIER},
    Role.EXT: CLOSE | {Section.CONF, Section.CLOSING},
}
"""The N of the matrix (domain, 3)."""
OTHER_SERVICE = (e.FollowOnServiceArranged, e.FollowOnServiceAccepted)


def lawful(reading: Reading, so: Given, command: EventInput, event: Any) -> None:
    """What holds of every message that was accepted."""
    place = reading.place()
    full = Role.CONTRACTOR in reading.roles(command.by)
    if place is not None:
        if isinstance(event, CORES_OWN) and not (full and isinstance(event, e.EligibilityDetermined)):
            assert command.by == place.core, event.TOPIC
        if isinstance(event, e.SupportClosed) and event.closing_reason is not ClosingReason.TRANSFER:
            assert command.by == place.core
    disclosed = {i.section for i in event.items} - OWN
    for to in event.to if disclosed else ():
        assert to != command.by
        assert event.basis.get(to) not in (None, "no such basis")
        roles = reading.roles(to)
        if isinstance(event, OTHER_SERVICE):
            roles = frozenset({Role.EXT if role is Role.CONTRACTOR else role for role in roles})
        assert not disclosed & set.intersection(*(set(NEVER.get(role, ())) for role in roles))
        if Role.CONTRACTOR in roles and to not in event.held:
            assert reading.contractor_ready(to)
    if Role.CONTRACTOR in reading.roles(command.by) and not isinstance(event, OTHER_SERVICE):
        assert not reading.ended()
        assert command.actor in reading.workers_here(command.by)


@examples(15, long=2400)
@given(before=st.sampled_from(sorted(BEFORE)), steps=st.lists(wild(), min_size=8, max_size=20))
def test_any_command_is_answered_and_what_is_accepted_is_lawful(
    before: str, steps: list[tuple[Any, ...]]
) -> None:
    so = kit.given(*BEFORE[before])
    at = so.records[-1].at if so.records[-1].at > kit.NOON else kit.NOON
    for n, (act, data, by, to, sections, basis, actor, reason, hours) in enumerate(steps):
        at += timedelta(hours=hours)
        clock(so, at)
        bases = {a: basis if basis != BASES[0] or n % 2 else fit(so, by, a) for a in sorted(to)}
        base = case_message(
            e.DisclosureMade, by, to, sections, bases, name=f"wild {n}", actor=actor, reason=reason
        )
        common = {name: getattr(base.event, name) for name in COMMON}
        command = replace(base, event=act(**{**common, "consent": frozenset({id_of("C0")}), **data}))
        reading = Reading(so.records, day_of(at))
        [event] = so.when(command, now=at)
        hypothesis_event(f"{act.TOPIC}: {'refused' if not isinstance(event, e.CaseMessage) else 'let'}")
        if isinstance(event, e.CaseMessage):
            assert isinstance(event, (act, e.DisclosureHeld))
            lawful(reading, so, command, event)
        else:
            assert isinstance(event, (e.DisclosureRefused, e.CommandRefused))
            assert event.act == act.TOPIC
        so.put(replace(command, event=event, at=at))
        if isinstance(event, e.CaseMessage):
            [repeated] = so.when(command, now=at)
            assert getattr(repeated, "reason", None) == "MESSAGE_EXISTS"
        seen = Reading(so.records, day_of(at))
        for reader in (*AGENCIES, AUDIT):
            assert so.opens(reader, now=at) == seen.opens(reader), reader
        for agency in AGENCIES:
            tasks(so.world, agency, now=at)


def fit(so: Given, by: UUID, to: UUID) -> str:
    return basis_for(so, by, to) if to in so.world.register.agencies else "CWA-25-2-2"
