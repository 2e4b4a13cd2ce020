"""Setting up a hub from a list of agencies: who they are, who holds which office, who is a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from domain.codes import Body, Role
from domain.errors import Malformed
from domain.events import Kind
from gateway.agency.door import Door
from gateway.agency.store import Book
from gateway.installation.folder import AgencyPlace, Installation
from gateway.installation.registrars import Registry
from gateway.protocol.client import HubClient

_KEYS = {"name", "roles", "body", "municipality", "member"}


@dataclass(frozen=True)
class Listed:
    """One agency of the list. ``member``: item of CWA 25-5 as which it is a member; None where it is none."""

    code: str
    name: str
    roles: tuple[Role, ...]
    body: Body
    municipality: str | None
    member: int | None


@dataclass(frozen=True)
class RegisterFile:
    """A list of agencies with the two offices of their network."""

    agencies: tuple[Listed, ...]
    core: str
    coordinating: str

    @staticmethod
    def read(path: Path) -> RegisterFile:
        """The list of a YAML file. Raises Malformed, naming agency and key."""
        try:
            raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            agencies = tuple(_listed(code, about) for code, about in raw["agencies"].items())
            found = RegisterFile(agencies, str(raw["core"]), str(raw["coordinating"]))
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed("register-form", f"{path.name}: {type(error).__name__}: {error}") from error
        codes = {a.code for a in agencies}
        for office in (found.core, found.coordinating):
            if office not in codes:
                raise Malformed("register-office", f"{office} is not in the list of agencies")
        return found


def _listed(code: str, about: dict[str, Any]) -> Listed:
    if set(about) - _KEYS:
        raise ValueError(f"{code}: unknown key {', '.join(sorted(set(about) - _KEYS))}")
    member = about.get("member")
    if member not in (None, 1, 2, 3):
        raise ValueError(f"{code}: member is the item of 25条の5: 1, 2 or 3")
    return Listed(
        code=code,
        name=str(about["name"]),
        roles=tuple(Role(r) for r in about["roles"]),
        body=Body(about["body"]),
        municipality=about.get("municipality"),
        member=member,
    )


def register_agencies(installation: Installation, url: str, wanted: RegisterFile | None) -> None:
    """Publish the rules, and where a list is given its agencies, offices and members."""
    client = HubClient(url, hub=installation.hub)
    try:
        genesis = client.genesis()
        persons = installation.registry()

        def now() -> datetime:
            return datetime.fromisoformat(client.now().replace("Z", "+00:00")).astimezone(UTC)

        registry = Registry(persons[:2], client, genesis, now)
        registry.publish_rule_book()
        if wanted is None:
            return
        places: dict[str, AgencyPlace] = {}
        for agency in wanted.agencies:
            place = places[agency.code] = installation.make_agency(agency.code)
            sig, kem = installation.agency_keys(place)
            registry.publish_key_set(
                place.id,
                code=agency.code,
                name=agency.name,
                roles=[r.value for r in agency.roles],
                body=agency.body.value,
                municipality=agency.municipality,
                custody="HOSTED",
                sig=sig,
                kem=kem.public,
            )
        network = uuid4()
        registry.designate(network, core=places[wanted.core].id, coordinating=places[wanted.coordinating].id)
        office = places[wanted.coordinating]
        sig, kem = installation.agency_keys(office)
        book = Book(office.folder / "door.db")
        door = Door(agency=office.id, sig=sig, kem=kem, client=client, book=book, genesis=genesis, now=now)
        for agency in wanted.agencies:
            if agency.member is not None:
                fields = {"member": str(places[agency.code].id), "item": agency.member}
                door.send(Kind.NETWORK, network, "network_member.admitted", fields, actor="setup")
        book.close()
    finally:
        client.close()
