"""References of children whom a foreign file names: made by this door, the same for the same child of a family.

A file knows no references. A child that comes again in a later file of the same family, under the same name and day of
birth, keeps its own, so that clocks and rows speak of one child; nobody without this door's key can compute one from a
name.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from adapters.agencies.contract import SectionText
from adapters.content_json import read_content, write_content
from domain.content import PartialDate, PersonName
from domain.content.family import Child, Family
from gateway.agency.door import Door
from gateway.agency.drafts import TEXT, SectionContent
from keys.derive import KeyUse


def section_content(door: Door, case: UUID, section: SectionText) -> SectionContent:
    """A section of a file as this door sends it. Raises Malformed where it does not read under its schema."""
    data = section.text.encode()
    if section.schema == TEXT:
        return SectionContent(section.section, data)
    content = read_content(section.schema, data)
    if isinstance(content, Family) and isinstance(content.children, tuple):
        children = tuple(
            replace(child, ref=_reference(door, case, child, n)) for n, child in enumerate(content.children)
        )
        content = replace(content, children=children)
    return SectionContent(section.section, write_content(content), schema=content.SCHEMA)


def _reference(door: Door, case: UUID, child: Child, n: int) -> UUID:
    name = child.name.text if isinstance(child.name, PersonName) else None
    born_on = child.born_on.value if isinstance(child.born_on, PartialDate) else ""
    who = "".join(name.split()) if isinstance(name, str) else f"#{n}"
    digest = door.own_digest(KeyUse.CHILD_REFERENCE, f"{case}\n{who}\n{born_on}".encode())
    return UUID(bytes=digest[:16], version=4)
