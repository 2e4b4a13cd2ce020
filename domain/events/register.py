"""The register: who the agencies are, who holds which office, who belongs to which network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.codes import Body, Role
from domain.events.base import Event, Kind


@dataclass(frozen=True, kw_only=True)
class KeySetPublished(Event, topic="key_set.published"):
    """The public keys of an agency from now on, vouched for by two of the registrars.

    ``municipality``: code of the local government the agency belongs to, null where none.
    ``custody``: who could sign (OWN_DEVICE, HSM, HOSTED). Basis: own rule (KH-1 §2); APPI 66.
    """

    ON = Kind.AGENCY

    code: str
    name: str
    roles: frozenset[Role]
    body: Body
    municipality: str | None
    custody: str
    sig: dict[str, str]
    kem: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class KeySetRevoked(Event, topic="key_set.revoked"):
    """The agency's present key set is no longer in force.

    ``compromised_since``: from then on its private keys may have been in other hands; null where they
    were merely retired. Basis: own rule (KH-1 §2).
    """

    ON = Kind.AGENCY

    compromised_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class CoreAgencyDesignated(Event, topic="core_agency.designated"):
    """中核機関の指定: one for each municipality. Basis: guideline 3(1)."""

    ON = Kind.NETWORK

    agency: UUID


@dataclass(frozen=True, kw_only=True)
class CoordinatingAgencyDesignated(Event, topic="coordinating_agency.designated"):
    """調整機関の指定: one for each network. Basis: CWA 25-2(4); guideline 3(2)."""

    ON = Kind.NETWORK

    agency: UUID


@dataclass(frozen=True, kw_only=True)
class NetworkMemberAdmitted(Event, topic="network_member.admitted"):
    """要対協への加入. ``item``: which item of CWA 25-5 the member falls under (1, 2 or 3).

    Basis: CWA 25-2, 25-5; guideline 8[4].
    """

    ON = Kind.NETWORK

    member: UUID
    item: int


@dataclass(frozen=True, kw_only=True)
class NetworkMemberWithdrawn(Event, topic="network_member.withdrawn"):
    """要対協からの脱退. The duty of secrecy goes on. Basis: CWA 25-2, 25-5."""

    ON = Kind.NETWORK

    member: UUID


@dataclass(frozen=True, kw_only=True)
class NetworkMembershipPublished(Event, topic="network_membership.published"):
    """公示 of the members. Basis: CWA 25-2(3); 施行規則25条の27."""

    ON = Kind.NETWORK

    members: frozenset[UUID]
    published_on: date
