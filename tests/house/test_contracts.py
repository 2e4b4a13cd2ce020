"""The import contracts of pyproject.toml can fail: each is broken once, in a copy, by an import that it forbids."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = [contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]]
FORBIDDEN = {
    "Imports point one way": ("domain/calendar.py", "keys.canonical"),
    "Projections never hold a key": ("projections/rows.py", "keys.canonical"),
    "The translators of agencies' formats": ("adapters/agencies/fhir.py", "adapters.agencies.spreadsheet"),
    "Only keys imports cryptography": ("gateway/hub/read_models.py", "cryptography"),
    "Only adapters.bus imports nats": ("adapters/store.py", "nats"),
    "Only gateway imports fastapi": ("adapters/mapper.py", "fastapi"),
    "Only adapters and projections import eventsourcing": ("domain/calendar.py", "eventsourcing"),
    "The rooms of the gateway are layered": ("gateway/protocol/client.py", "gateway.pages.texts"),
    "An agency's door and the hub": ("gateway/agency/door.py", "gateway.hub.read_models"),
    "The product does not know its rehearsals": ("gateway/hub/runtime.py", "gateway.rehearsal.guard"),
    "Nothing imports the command line": ("gateway/rehearsal/demo.py", "gateway.cli.printing"),
    "The verifier shares rules and primitives": ("gateway/verifier/judge.py", "adapters.mapper"),
    "The writer does not use the verifier": ("gateway/hub/read_models.py", "gateway.verifier.judge"),
}
"""How a contract's name begins, and an import that breaks it."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy with all of these imports, and with a room that has no place."""
    copy = tmp_path_factory.mktemp("tree")
    for package in PYPROJECT["tool"]["importlinter"]["root_packages"]:
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, module in FORBIDDEN.values():
        with (copy / path).open("a", encoding="utf-8") as file:
            file.write(f"\nimport {module}\n")
    (copy / "gateway" / "attic").mkdir()
    (copy / "gateway" / "attic" / "__init__.py").touch()
    lint = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=copy, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return re.sub(r"\s+", " ", done.stdout)


def test_every_contract_has_an_import_that_breaks_it() -> None:
    assert [[name for name in CONTRACTS if name.startswith(start)] for start in FORBIDDEN] == [
        [name] for name in CONTRACTS
    ]


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_forbidden_import_breaks_its_contract(name: str, report: str) -> None:
    assert f"{name} BROKEN" in report


def test_a_room_without_a_place_breaks_the_layers(report: str) -> None:
    assert "gateway.attic" in report or "- attic" in report
