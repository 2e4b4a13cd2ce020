"""The events of the family ``agencies``; what belongs to it is in the docstring of the package."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.actors import Actor
from domain.codes import Body, Role
from domain.event import Cause, Event, Kind


@dataclass(frozen=True, kw_only=True)
class KeySetPublished(
    Event,
    topic="key_set.published",
    title="鍵の公示",
    law="own rule (KH-1 §2); APPI 66",
    on=Kind.AGENCY,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """The public keys of an agency from now on, vouched for by two of the registrars.

    ``municipality``: code of the local government the agency belongs to, null where none. ``custody``:
    who could sign (OWN_DEVICE, HSM, HOSTED).
    """

    code: str
    name: str
    roles: frozenset[Role]
    body: Body
    municipality: str | None
    custody: str
    sig: dict[str, str]
    kem: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class KeySetRevoked(
    Event,
    topic="key_set.revoked",
    title="鍵の失効",
    law="own rule (KH-1 §2)",
    on=Kind.AGENCY,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """The agency's present key set is no longer in force.

    ``compromised_since``: from then on its private keys may have been in other hands; null where they
    were merely retired.
    """

    compromised_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class CoreAgencyDesignated(
    Event,
    topic="core_agency.designated",
    title="中核機関指定",
    law="guideline 3(1)",
    on=Kind.NETWORK,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """An agency is designated core agency: one for each municipality."""

    agency: UUID


@dataclass(frozen=True, kw_only=True)
class CoordinatingAgencyDesignated(
    Event,
    topic="coordinating_agency.designated",
    title="調整機関指定",
    law="CWA 25-2(4); guideline 3(2)",
    on=Kind.NETWORK,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """An agency is designated coordinating agency: one for each network."""

    agency: UUID


@dataclass(frozen=True, kw_only=True)
class NetworkMemberAdmitted(
    Event,
    topic="network_member.admitted",
    title="要対協加入",
    law="CWA 25-2, 25-5; guideline 8[4]",
    on=Kind.NETWORK,
    cause=Cause.COMMAND,
    actor=Actor.ANYONE,
):
    """An agency becomes a member of a network.

    ``item``: which item of CWA 25-5 the member falls under (1, 2 or 3).
    """

    member: UUID
    item: int


@dataclass(frozen=True, kw_only=True)
class NetworkMemberWithdrawn(
    Event,
    topic="network_member.withdrawn",
    title="要対協脱退",
    law="CWA 25-2, 25-5",
    on=Kind.NETWORK,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """An agency leaves a network; its duty of secrecy continues."""

    member: UUID


@dataclass(frozen=True, kw_only=True)
class NetworkMembershipPublished(
    Event,
    topic="network_membership.published",
    title="構成員の公示",
    law="CWA 25-2(3); 施行規則25条の27",
    on=Kind.NETWORK,
    cause=Cause.COMMAND,
    actor=Actor.ANYONE,
):
    """The members of a network were announced to the public."""

    members: frozenset[UUID]
    published_on: date


@dataclass(frozen=True, kw_only=True)
class HubFounded(
    Event,
    topic="hub.founded",
    title="ハブ創設",
    law="own rule (KH-1 §2)",
    on=Kind.LOG,
    cause=Cause.GENESIS,
):
    """Record 1: the genesis, signed by the log key and two of the registrars.

    Its content is in its frame, whose digest is the hub's id for ever.
    """

    mode: str


@dataclass(frozen=True, kw_only=True)
class RuleBookPublished(
    Event,
    topic="rule_book.published",
    title="規則集の公示",
    law="own rule (architecture: rule book); the law itself is named in each row of the book",
    on=Kind.RULE_BOOK,
    cause=Cause.COMMAND,
    actor=Actor.PERSON,
):
    """The dated rules as data, from this moment on; history is judged by the rule book of its day."""

    edition: str
    rule_book: dict[str, Any]
