"""A command loads what it uses: it starts at once, and a process that opens keys runs little code that is not its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command

from gateway.cli.main import COMMANDS, GROUPS, app, program

SERVERS = {"fastapi", "uvicorn", "sqlalchemy", "nats", "eventsourcing"}
LOADED = "import json, sys; {}; print(json.dumps(sorted(sys.modules)))"


def loaded_by(statement: str) -> set[str]:
    """The modules that a new process has loaded after this statement."""
    command = [sys.executable, "-c", LOADED.format(statement)]
    return set(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


def shape(command: Any) -> dict[str, Any]:
    """Help, parameters and commands of a command, all the way down."""
    return {
        "help": command.help,
        "parameters": [(p.name, p.opts) for p in command.params],
        "commands": {name: shape(one) for name, one in getattr(command, "commands", {}).items()},
    }


WHOLE = shape(get_command(app))["commands"]


def test_the_whole_command_line_has_every_command_once() -> None:
    assert list(WHOLE) == [*COMMANDS, *GROUPS]
    assert set(WHOLE["keystore"]["commands"]["passphrase"]["commands"]) == {"list", "add", "change", "remove"}
    audit = set(WHOLE["audit"]["commands"])
    assert audit >= {"verify", "as-of", "verify-bundle", "open-content"}, "one command of each module"
    assert all(WHOLE[name]["help"] for name in WHOLE)


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_a_command_that_is_named_is_the_one_of_the_whole_command_line(name: str) -> None:
    assert shape(get_command(program(["--debug", name, "more", "demo"])))["commands"] == {name: WHOLE[name]}


@pytest.mark.parametrize("arguments", [[], ["--help"], ["unknown"], ["unknown", "hub"]])
def test_where_no_command_is_named_all_are_there(arguments: list[str]) -> None:
    assert list(shape(get_command(program(arguments)))["commands"]) == list(WHOLE)


def test_a_registrars_command_loads_no_server_database_or_bus() -> None:
    loaded = loaded_by("from gateway.cli.main import program; program(['registrar', 'approve'])")
    assert "gateway.cli.registrar" in loaded
    assert loaded & {*SERVERS, "gateway.cli.agency", "adapters.agencies.fhir"} == set()


def test_the_process_that_reads_a_passphrase_loads_keys_and_errors_only() -> None:
    loaded = loaded_by("import gateway.installation.unlocking")
    assert "keys.keystore" in loaded
    assert (
        loaded & {*SERVERS, "pydantic", "httpx2", "typer", "domain.events", "adapters.agencies.fhir"} == set()
    )
