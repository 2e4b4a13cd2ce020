"""``requirements-hashed.txt`` has the versions of ``constraints.txt``, a hash for each, all that is needed, no address."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement

from tests.house.make_requirements import required

ROOT = Path(__file__).parents[2]
NOT_AT_RUN_TIME = {"hatchling", "trove-classifiers"}
"""They build the package; ``constraints.txt`` pins what is installed, and ``pyproject.toml`` pins the first."""


def entries() -> dict[str, tuple[Requirement, list[str]]]:
    """Name -> requirement with its pin, and the hashes of its files."""
    text = (ROOT / "requirements-hashed.txt").read_text().replace("\\\n", " ")
    by_name = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line.strip())
            parsed = Requirement(requirement)
            by_name[parsed.name] = (parsed, hashes)
    return by_name


def test_the_pins_are_those_of_the_constraints() -> None:
    constraints = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    pinned = {c.name: str(c.specifier) for c in constraints}
    versions = {name: str(requirement.specifier) for name, (requirement, _) in entries().items()}
    built_with = {name: versions.pop(name) for name in NOT_AT_RUN_TIME}
    assert versions.items() <= pinned.items()
    assert {f"hatchling{built_with['hatchling']}"} <= set(required())


def test_every_file_has_a_hash_and_no_address_is_written() -> None:
    for requirement, hashes in entries().values():
        assert hashes, requirement.name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)
    assert "://" not in (ROOT / "requirements-hashed.txt").read_text()


def test_all_that_is_needed_is_there() -> None:
    names = {name.lower().replace("_", "-") for name in entries()}
    needed = {Requirement(one).name.lower().replace(".", "-").replace("_", "-") for one in required()}
    assert needed <= names
