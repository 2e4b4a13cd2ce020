"""Documents that say what the code says are kept true."""

from __future__ import annotations

import re
import runpy
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

from domain.codes import Role, Section
from domain.events import EVENTS
from gateway.cli.main import app
from tests.house import (
    make_clocks_md,
    make_content_md,
    make_events_md,
    make_glossary,
    make_limits_md,
    make_roles_md,
)

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "domain"
UNLISTED = {"__init__.py", "calendar.py", "case_offices.py", "record.py"}  # helpers that others import


@pytest.mark.parametrize(
    "document",
    [make_clocks_md, make_content_md, make_events_md, make_glossary, make_limits_md, make_roles_md],
    ids=["clocks", "content", "events", "glossary", "limits", "roles"],
)
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


# --- what code cites ---------------------------------------------------------------------------------------

SOURCES = DOMAIN / "SOURCES.md"
LAW = r"\b(?:CWA|CAPA|APPI|MCHA|PC|LPSA) \d+(?:-\d+)*|社会福祉法\d+条"
STANDARD = r"\b(?:RFC \d+|FIPS \d+(?:-\d+)?|C2SP [\w-]+)"
DOCUMENTS = {"architecture": ROOT / "docs" / "architecture.md", "KH-1": ROOT / "keys" / "KH-1.md"}
SECTIONS = r"(architecture|KH-1) (§\d+(?: \(\d+\))?(?:(?:, | and )§\d+)*)"


def sources_of_code() -> list[Path]:
    return [path for path in ROOT.rglob("*.py") if is_ours(path)]


def is_ours(path: Path) -> bool:
    inside = path.relative_to(ROOT).parts
    return not any(part in (".venv", ".git", "node_modules", "build") for part in inside)


def citations(word: str, text: str) -> list[str]:
    """What follows ``Basis:`` or ``Source:`` in docstrings and comments, each up to the end of its paragraph."""
    cited_texts = []
    for match in re.finditer(rf"\b{word}: (?!.*\b{word}: )", text):
        is_comment = "#" in text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        rest = re.sub(r"^ +", "", text[match.end() :], flags=re.M)
        end = r"\n(?!#)" if is_comment else r'"""|\n\n|",\n'
        paragraph = re.split(end, rest, maxsplit=1)[0]
        cited_texts.append(re.sub(r"\n(# )?", " ", paragraph).strip())
    return cited_texts


def cited(word: str) -> list[tuple[str, str]]:
    """Every citation of the product's code with the file in which it is."""
    return [
        (str(path.relative_to(ROOT)), citation)
        for path in sources_of_code()
        if path.relative_to(ROOT).parts[0] != "tests"
        for citation in citations(word, path.read_text(encoding="utf-8"))
    ]


@cache
def known_codes() -> set[str]:
    """The first column of the tables of SOURCES.md."""
    return set(re.findall(r"^\| ([^|`]+) \|", SOURCES.read_text(encoding="utf-8"), re.M)) - {"code"}


def is_known(citation: str) -> bool:
    """It begins with a section of our own documents, an own rule, or a code that has its row."""
    known = (*known_codes(), "architecture §", "KH-1 §", "own rule", "local policy", "domain/")
    return citation.startswith(known)


def unknown_parts(citation: str) -> set[str]:
    """The laws and standards that it names and that have no row; the citation itself where it begins with none."""
    named = set(re.findall(LAW, citation)) | set(re.findall(STANDARD, citation))
    unknown = {name for name in named if name not in known_codes()}
    return unknown if is_known(citation) else unknown | {citation}


@cache
def section_numbers(document: str) -> list[str]:
    return re.findall(r"^## §?(\d+)", DOCUMENTS[document].read_text(encoding="utf-8"), re.M)


def missing_sections(text: str) -> set[str]:
    """The sections of our own documents that a text cites and that they do not have."""
    missing = set()
    for document, sections in re.findall(SECTIONS, text):
        missing |= {
            f"{document} §{number}"
            for number in re.findall(r"§(\d+)", sections)
            if number not in section_numbers(document)
        }
    return missing


@pytest.mark.parametrize("word", ["Basis", "Source"])
def test_what_code_cites_has_its_row_in_the_sources(word: str) -> None:
    assert [(path, unknown) for path, text in cited(word) if (unknown := unknown_parts(text))] == []


def test_the_law_of_every_event_has_its_row_in_the_sources() -> None:
    assert [(name, unknown) for name, e in EVENTS.items() if (unknown := unknown_parts(e.LAW))] == []


def test_every_section_that_is_cited_exists() -> None:
    texts = [*sources_of_code(), *documents()]
    wrong = [(str(p), bad) for p in texts if (bad := missing_sections(p.read_text(encoding="utf-8")))]
    assert wrong == []


@pytest.mark.parametrize(
    ("citation", "unknown"),
    [
        pytest.param("KH-1 §1; RFC 9162 2.1.", set(), id="a section and a standard with its row"),
        pytest.param("domain.md §2.", {"domain.md §2."}, id="a document that is not here"),
        pytest.param("RFC 9162; RFC 1 3.", {"RFC 1"}, id="a standard without row"),
        pytest.param("CWA 25-2(2); CAPA 99.", {"CAPA 99"}, id="a law without row"),
        pytest.param("everybody knows", {"everybody knows"}, id="nothing that can be looked up"),
    ],
)
def test_a_citation_that_leads_nowhere_is_reported(citation: str, unknown: set[str]) -> None:
    assert unknown_parts(citation) == unknown


def test_a_citation_reaches_to_the_end_of_its_paragraph() -> None:
    text = 'a line. Source: RFC 9162\n2.1; "quoted".\n\nMore."""\n# Basis: CWA 25\n# and CAPA 7'
    assert citations("Source", text) == ['RFC 9162 2.1; "quoted".']
    assert citations("Basis", text) == ["CWA 25 and CAPA 7"]


def test_a_section_that_does_not_exist_is_reported() -> None:
    assert missing_sections(f"architecture §3 (5), §{99}; KH-1 §1 and §{98}") == {
        "architecture §" + "99",
        "KH-1 §" + "98",
    }


# --- where documents lead ----------------------------------------------------------------------------------


def documents() -> list[Path]:
    return [path for path in ROOT.rglob("*.md") if is_ours(path)]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document: Path, text: str) -> list[str]:
    """Links, relative to the document, to a file or heading that does not exist."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
        if target.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(target)
    return broken


def missing_files(document: Path, text: str) -> list[str]:
    """Paths in backticks that do not exist. ``<name>`` and ``…`` are placeholders."""
    top = {path.name for path in ROOT.iterdir() if path.is_dir()}
    missing = []
    for name in re.findall(r"`([\w./-]+)`", text):
        if "/" in name and name.split("/")[0] in top:
            if not (ROOT / name).exists() and not (document.parent / name).exists():
                missing.append(name)
        elif re.fullmatch(r"\w+\.py", name):
            package = document.parent if (document.parent / "__init__.py").exists() else ROOT
            if not any(is_ours(path) for home in (package, ROOT / "tests") for path in home.rglob(name)):
                missing.append(name)
    return missing


def test_every_link_in_a_document_leads_somewhere() -> None:
    wrong = {
        str(p): broken for p in documents() if (broken := broken_links(p, p.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_every_file_that_a_document_names_exists() -> None:
    wrong = {str(p): lost for p in documents() if (lost := missing_files(p, p.read_text(encoding="utf-8")))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        pytest.param(
            "[a](README.md#use-it), [b](docs/architecture.md#7-time)", [], id="every one leads somewhere"
        ),
        pytest.param("[a](nowhere.md)", ["nowhere.md"], id="no such file"),
        pytest.param(
            "[a](docs/architecture.md#nothing)", ["docs/architecture.md#nothing"], id="no such heading"
        ),
        pytest.param("```\n[a](nowhere.md)\n```", [], id="an example of code is not a link"),
    ],
)
def test_a_broken_link_is_reported(text: str, broken: list[str]) -> None:
    assert broken_links(ROOT / "README.md", text) == broken


def test_a_file_that_is_gone_is_reported() -> None:
    text = "`domain/decide.py`, `domain/nowhere.py`, `decide.py`, `nowhere.py`, `DIR/hub/bus.json`"
    assert missing_files(ROOT / "README.md", text) == ["domain/nowhere.py", "nowhere.py"]


def test_every_test_that_a_document_names_exists() -> None:
    tests = list((ROOT / "tests").rglob("*.py"))
    existing = {path.stem for path in tests}
    for path in tests:
        existing |= set(re.findall(r"^ *def (test_\w+)", path.read_text(encoding="utf-8"), re.M))
    texts = {path: path.read_text(encoding="utf-8") for path in documents()}
    named = {(str(path), name) for path, text in texts.items() for name in re.findall(r"\btest_\w+", text)}
    assert {(path, name) for path, name in named if name not in existing and not name.endswith("_")} == set()


def test_every_decision_is_in_the_list_under_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    rows = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("0*.md")):
        number, title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(". ", 1)
        assert number == "NNNN" or f"| [{number}]({path.name}) | {title} | " in rows, path.name


# --- the commands of the README ----------------------------------------------------------------------------


def commands_of_the_program() -> dict[str, dict[str, bool]]:
    """Each command and its options, with whether it is required."""
    commands: dict[str, dict[str, bool]] = {}

    def collect(command: Any, name: str) -> None:
        for child_name, child in getattr(command, "commands", {}).items():
            collect(child, f"{name} {child_name}".strip())
        if not hasattr(command, "commands"):
            commands[name] = {option: p.required for p in command.params for option in p.opts}

    collect(get_command(app), "")
    return commands


def command_rows(text: str) -> list[str]:
    """The first cell of each row of the README's table of commands."""
    return [cell for row in re.findall(r"^\| (`kakehashi .+?) \| ", text, re.M) for cell in row.split("`, `")]


def wrong_options(readme: str) -> list[str]:
    """Commands that do not exist, options that they do not have, and required options that are not named."""
    known = commands_of_the_program()
    wrong = []
    for cell in command_rows(readme):
        words = cell.strip("`").removeprefix("kakehashi ").split()
        name = next((n for n in (" ".join(words[:3]), " ".join(words[:2]), words[0]) if n in known), None)
        if name is None:
            wrong.append(cell)
            continue
        named = {word for word in words if word.startswith("--")}
        required = {option for option, needed in known[name].items() if needed and option.startswith("--")}
        wrong += sorted(f"{name} {option}" for option in named - set(known[name]))
        wrong += sorted(f"{name} lacks {option}" for option in required - named if "…" not in words)
    return wrong


def test_the_table_of_commands_names_what_the_program_has() -> None:
    assert wrong_options((ROOT / "README.md").read_text(encoding="utf-8")) == []


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in commands_of_the_program() if f"kakehashi {name}" not in text] == []


def test_a_wrong_row_of_the_table_of_commands_is_reported() -> None:
    rows = "| `kakehashi audit nothing` | x |\n| `kakehashi torture --sed 1` | x |\n| `kakehashi hub serve` | x |\n"
    assert wrong_options(rows) == ["`kakehashi audit nothing`", "torture --sed", "hub serve lacks --data"]


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
