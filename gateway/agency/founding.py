"""Registering agencies from a list: who they are, who holds which office, who is a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import yaml

from domain.codes import Body, Role
from domain.errors import Malformed, NotFound, Refused, Unavailable
from domain.events import Kind
from gateway.agency.door import Door
from gateway.agency.store import DoorStore
from gateway.installation.folder import Installation
from gateway.installation.key_folder import AgencyFolder
from gateway.installation.registrars import Registrars
from gateway.protocol.client import HubClient

_AGENCY_KEYS = {"name", "roles", "body", "municipality", "member"}


@dataclass(frozen=True)
class ListedAgency:
    """One agency of the list. ``member``: the item of CWA 25-5 by which it is a member; None for no member."""

    code: str
    name: str
    roles: tuple[Role, ...]
    body: Body
    municipality: str | None
    member: int | None


@dataclass(frozen=True)
class RegisterFile:
    """A list of agencies with the two offices of their network."""

    agencies: tuple[ListedAgency, ...]
    core: str
    coordinating: str

    @staticmethod
    def read(path: Path) -> RegisterFile:
        """Read the list from a YAML file. Raises Malformed, naming agency and key."""
        try:
            raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
            agencies = tuple(_named_agency(path, code, about) for code, about in raw["agencies"].items())
            parsed = RegisterFile(agencies, str(raw["core"]), str(raw["coordinating"]))
        except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Malformed(
                "register-form", f"{path.name} does not have its form: {type(error).__name__}: {error}"
            ) from error
        codes = {a.code for a in agencies}
        for office in (parsed.core, parsed.coordinating):
            if office not in codes:
                raise Malformed("register-office", f"{office} is not in the list of agencies.")
        return parsed


SETUP_ACTOR = "sys:setup"
"""Who admits the members of the list: the setup of an installation, not a person."""


def _named_agency(path: Path, code: str, about: Any) -> ListedAgency:
    """One agency of the list. Raises Malformed, naming the agency and the key that is missing."""
    try:
        return _parse_agency(code, about)
    except KeyError as missing:
        raise Malformed(
            "register-form", f"{path.name}: {code}: the key {missing.args[0]} is missing."
        ) from missing


def _parse_agency(code: str, about: dict[str, Any]) -> ListedAgency:
    if set(about) - _AGENCY_KEYS:
        raise ValueError(f"{code}: unknown key {', '.join(sorted(set(about) - _AGENCY_KEYS))}")
    member = about.get("member")
    if member not in (None, 1, 2, 3):
        raise ValueError(f"{code}: member is the item of 25条の5: 1, 2 or 3")
    return ListedAgency(
        code=code,
        name=str(about["name"]),
        roles=tuple(Role(r) for r in about["roles"]),
        body=Body(about["body"]),
        municipality=about.get("municipality"),
        member=member,
    )


def register_agencies(
    installation: Installation,
    url: str,
    register_file: RegisterFile | None,
    passphrase: bytes | None = None,
) -> None:
    """Publish the rules, and the agencies, offices and members of the list, if one is given: on the machine that
    keeps the keys of all. ``passphrase``: of every keystore in the folder, None in a rehearsal."""
    client = HubClient(url, hub=installation.hub)
    try:
        genesis = client.genesis()
        persons = installation.registrars(passphrase)

        def now() -> datetime:
            return datetime.fromisoformat(client.now().replace("Z", "+00:00")).astimezone(UTC)

        registrars = Registrars(persons[:2], client, genesis, now)
        registrars.publish_rule_book()
        if register_file is None:
            return
        agency_folders: dict[str, AgencyFolder] = {}
        for agency in register_file.agencies:
            agency_folder = agency_folders[agency.code] = installation.create_agency(agency.code, passphrase)
            sig, kem = installation.agency_keys(agency_folder, passphrase)
            registrars.publish_key_set(
                agency_folder.id,
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
        registrars.designate(
            network,
            core=agency_folders[register_file.core].id,
            coordinating=agency_folders[register_file.coordinating].id,
        )
        office = agency_folders[register_file.coordinating]
        sig, kem = installation.agency_keys(office, passphrase)
        store = DoorStore(office.folder / "door.db")
        door = Door(agency=office.id, sig=sig, kem=kem, client=client, store=store, genesis=genesis, now=now)
        for agency in register_file.agencies:
            if agency.member is not None:
                fields = {"member": str(agency_folders[agency.code].id), "item": agency.member}
                door.send(Kind.NETWORK, network, "network_member.admitted", fields, actor=SETUP_ACTOR)
        store.close()
    finally:
        client.close()


def admit_member(door: Door, network: UUID, code: str, item: int, actor: str) -> None:
    """Admit the agency of this code to the network, as its coordinating agency. ``item``: of CWA 25-5.

    Raises NotFound for an unknown code, Refused with the reason that the hub recorded, Unavailable.
    """
    member = next((k.agency for k in door.directory() if k.code == code), None)
    if member is None:
        raise NotFound("agency-not-found")
    fields = {"member": str(member), "item": item}
    result = door.send(Kind.NETWORK, network, "network_member.admitted", fields, actor=actor)
    if result.outcome == "waiting":
        raise Unavailable("hub-unreachable")
    if result.outcome != "recorded":
        raise Refused("order-refused", f"The hub recorded the reason {result.reason}.")
