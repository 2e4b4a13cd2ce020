"""Documents that say what the code says are kept true."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from types import ModuleType

import pytest

from domain.codes import Role, Section
from domain.events import EVENTS
from tests.house import make_events_md, make_glossary

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "domain"
UNLISTED = {"__init__.py", "calendar.py", "case_offices.py", "record.py"}  # helpers that others import


@pytest.mark.parametrize("document", [make_events_md, make_glossary], ids=["events", "glossary"])
def test_a_generated_table_is_current(document: ModuleType) -> None:
    assert document.PATH.read_text(encoding="utf-8") == document.page(), (
        "run python -m tests.house.regenerate"
    )


def test_every_family_is_on_the_map_of_the_domain() -> None:
    text = (DOMAIN / "README.md").read_text(encoding="utf-8")
    families = {path.parent.name for path in DOMAIN.glob("*/events.py")}
    assert families == set(re.findall(r"^\| \[(\w+)/\]\(\1\) \|", text, re.M))
    assert [p.name for p in DOMAIN.glob("*.py") if f"({p.name})" not in text and p.name not in UNLISTED] == []


def test_every_role_and_section_has_its_word_in_the_glossary() -> None:
    text = (DOMAIN / "GLOSSARY.md").read_text(encoding="utf-8")
    terms = set(re.findall(r"^\| `([^`]+)` \|", text, re.M))
    wanted = {str(r) for r in Role} | {str(s) for s in Section}
    assert wanted - terms == set()


LAW = r"\b(?:CWA|CAPA|APPI|MCHA) \d+(?:-\d+)*"


def bases() -> set[str]:
    """The laws that the domain names, as it names them."""
    laws: set[str] = set()
    for path in DOMAIN.rglob("*.py"):
        for law_text in re.findall(r"Basis: ([^\n\"]+)", path.read_text(encoding="utf-8")):
            laws |= set(re.findall(LAW, law_text))
    for event in EVENTS.values():
        laws |= set(re.findall(LAW, event.LAW))
    return laws


def test_every_law_that_is_named_has_its_row_in_the_sources() -> None:
    rows = (DOMAIN / "SOURCES.md").read_text(encoding="utf-8")
    assert {b for b in bases() if f"| {b} |" not in rows} == set()


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "domain/README.md", "domain/EVENTS.md", "gateway/README.md", "adapters/bus/README.md"),
        *("keys/KH-1.md", "keys/THREATS.md", "docs/how-to/add-an-event.md"),
    ],
)
def test_every_link_in_a_document_leads_somewhere(name: str) -> None:
    path = ROOT / name
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_command_is_in_the_readme() -> None:
    from gateway.cli.main import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [c.callback.__name__ for c in app.registered_commands if c.callback]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names += [f"{group.name} {c.name}" for c in group.typer_instance.registered_commands]
    assert [n for n in names if f"kakehashi {n}" not in text] == []


def test_the_readmes_two_commands_are_those_that_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert ".venv/bin/pip install -q -c constraints.txt -e '.[dev]'" in ci
    assert (
        ".venv/bin/pip install -q -c constraints.txt -e '.[dev]' && .venv/bin/python -m pytest -q" in readme
    )
    assert ".venv/bin/python -m pytest -q" in ci


def test_no_document_or_code_names_this_machine_or_a_registry() -> None:
    wrong = re.compile("/" + "work/main|/" + "farm/|pyt" + "honhosted|py" + "pi\\.org|npm" + "js\\.")
    for path in ROOT.rglob("*"):
        if (
            path.is_file()
            and ".venv" not in path.parts
            and ".git" not in path.parts
            and path.suffix in (".py", ".md", ".toml", ".txt", ".yaml", ".json", ".html")
        ):
            assert not wrong.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_the_openapi_documents_are_current() -> None:
    documents = runpy.run_path(str(Path(__file__).parent / "make_openapi.py"))["documents"]()
    for name, text in documents.items():
        assert (ROOT / "gateway" / "protocol" / "openapi" / name).read_text(encoding="utf-8") == text, name
