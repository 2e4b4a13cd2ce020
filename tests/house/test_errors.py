"""The tree of errors is the drawn one, every code that is raised or reported has its row, and every row has its origin."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from domain import errors
from domain.error_codes import (
    FILE_FINDING,
    FINDING,
    HEALTH,
    LAYERS,
    TABLE,
    Audience,
    ErrorCode,
    codes_of,
    signed_forms,
)
from domain.errors import ExchangeError, Malformed
from gateway.protocol.problem_responses import codes_of_status, problem_responses, statuses_of
from gateway.protocol.problems import STATUS, error_of, problem

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "keys", "adapters", "projections", "gateway")
CLASSES = {cls.__name__: cls for cls in ExchangeError.__subclasses__()}
FORMS = signed_forms.FIELDS_OF_FORMS.keys() | signed_forms.BINARY_FORMS.keys()
DERIVING = {"keys/fields.py", "keys/reader.py"}  # raise <noun>-<what failed>; see signed_forms
REPORTS_FINDING = {"Finding", "BundleFault", "RecordFault", "_report", "report"}
VERIFYING = ("gateway/audit/verification.py", "gateway/verifier/")
CODE_OF_ANOTHER = {
    "error.error_code",
    "fault.code",
    "code",
}  # of an error or a finding that was made elsewhere
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
DIALECT = re.compile(
    r"\b(wish|wishes|flaws?|mend|told|said|heard|whom|desk|stands?|beside|lies?|alone|anew|hand(?:s|ed)? "
    r"(?:out|over)|take[ns]? in|comes? to|goes on|makes good|askers?|unasked)\b"
)


@cache
def trees() -> dict[str, ast.Module]:
    """Path -> syntax tree, of every module of the product."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {str(f.relative_to(ROOT)): ast.parse(f.read_text(encoding="utf-8")) for f in files}


@cache
def calls_by_name() -> dict[str, list[tuple[str, ast.Call]]]:
    """Called name (of a function, a class or a method) -> its calls, each with the path of its module."""
    by_name: dict[str, list[tuple[str, ast.Call]]] = {}
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                by_name.setdefault(name, []).append((path, node))
    return by_name


def calls(names: Iterable[str]) -> list[tuple[str, ast.Call]]:
    """Every call of one of these names, with the path of its module."""
    return [call for name in sorted(names) for call in calls_by_name().get(name, [])]


@cache
def values_of_parameter(path: str, name: str) -> set[str]:
    """What the callers in the same module pass as the first argument of the function with this parameter."""
    functions = {
        node.name
        for node in ast.walk(trees()[path])
        if isinstance(node, ast.FunctionDef) and name in [a.arg for a in node.args.args]
    }
    passed = (node.args[0] for where, node in calls(functions) if where == path)
    return {arg.value for arg in passed if isinstance(arg, ast.Constant)}


def codes_at(path: str, node: ast.expr) -> set[str]:
    """The codes that one raise site can raise. Fails for a code that can't be read from the source."""
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.Name):
        return values_of_parameter(path, node.id)
    assert path in DERIVING, f"{path}: {ast.unparse(node)} is neither a constant nor derived by a stated rule"
    return set()


@cache
def raised() -> set[tuple[str, str]]:
    """(category, code) of every raise site but the derived ones."""
    pairs = {("malformed", "wrong-file")}  # the one error with a class of its own: it carries findings
    for path, node in calls(set(CLASSES)):
        if path != "gateway/protocol/problems.py":
            category = CLASSES[ast.unparse(node.func)].category
            pairs |= {(category, code) for code in codes_at(path, node.args[0])}
    return pairs | {("unavailable", "unexpected-answer")}


@cache
def reported() -> set[tuple[str, str]]:
    """(category, code) of every finding of a verification, and of every line of the health report."""
    pairs = set()
    for path, node in calls(REPORTS_FINDING):
        if path.startswith(VERIFYING):
            if isinstance(node.args[0], ast.Constant):
                pairs.add((FINDING, node.args[0].value))
            else:
                assert ast.unparse(node.args[0]) in CODE_OF_ANOTHER, f"{path}:{node.lineno}"
    for path, node in calls({"HealthFinding"}):
        assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}"
        pairs.add((HEALTH, node.args[0].value))
    return pairs


@cache
def file_findings() -> set[str]:
    """Every string of the readers of files that is the code of a finding."""
    known = {row.code for row in TABLE.values() if FILE_FINDING in row.categories}
    return {
        node.value
        for path, tree in trees().items()
        if path.startswith(("adapters/agencies/", "gateway/agency/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in known
    }


def derived() -> set[str]:
    return {row.code for row in signed_forms.derived_rows()}


def test_the_drawing_is_the_tree() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {cls.__name__ for cls in ExchangeError.__subclasses__()}


def test_every_category_has_a_status_and_is_read_back_from_its_problem() -> None:
    assert set(STATUS) == set(ExchangeError.__subclasses__())
    for cls, status in STATUS.items():
        answered, body = problem(cls("some-error-code", "Correct it."))
        assert answered == body["status"] == status
        assert body["type"] == f"urn:kakehashi:problem:{cls.category}:some-error-code"
        back = error_of(answered, body)
        assert (type(back), back.error_code, back.remedy) == (cls, "some-error-code", "Correct it.")


def test_an_answer_that_is_no_problem_reads_unavailable() -> None:
    assert (error_of(502, {}).category, error_of(502, {}).error_code) == ("unavailable", "unexpected-answer")


def test_an_error_without_detail_has_the_remedy_of_the_table() -> None:
    assert Malformed("json-syntax").remedy == TABLE["json-syntax"].remedy
    assert Malformed("json-syntax", "Say more.").remedy == "Say more."
    assert Malformed("code-of-a-newer-peer").remedy == ""


def test_an_error_explains_what_happened() -> None:
    assert Malformed("json-syntax").explanation == TABLE["json-syntax"].meaning
    assert Malformed("json-syntax", "Say more.").explanation == "Say more."
    assert Malformed("code-of-a-newer-peer").explanation == "code-of-a-newer-peer"


def test_a_problem_has_the_japanese_text_of_the_table() -> None:
    row = TABLE["too-late"]
    assert problem(Malformed("too-late"))[1]["detail_ja"] == f"{row.meaning_ja}。{row.remedy_ja}。"


def test_only_what_http_itself_names_has_a_status_of_its_own() -> None:
    assert {row.code: row.status for row in TABLE.values() if row.status} == {
        "body-too-long": 413,
        "dry-runs-used-up": 429,
        "body-too-slow": 408,
        "head-too-long": 431,
        "sign-in-waits": 429,
        "too-many-requests": 429,
        "too-many-wrong-tokens": 429,
        "wrong-host": 421,
        "wrong-method": 405,
    }
    assert problem(Malformed("body-too-long"))[0] == 413


def test_every_code_that_is_raised_is_in_the_table_with_its_category() -> None:
    assert {(category, code) for category, code in raised() if code not in TABLE} == set()
    assert {
        (category, code) for category, code in raised() if category not in TABLE[code].categories
    } == set()


def test_every_finding_is_in_the_table_with_its_category() -> None:
    assert {(category, code) for category, code in reported() if code not in TABLE} == set()
    assert {
        (category, code) for category, code in reported() if category not in TABLE[code].categories
    } == set()


def test_every_row_is_raised_or_reported_with_each_of_its_categories() -> None:
    rows = {(category, row.code) for row in TABLE.values() for category in row.categories}
    reached = raised() | reported() | {(FILE_FINDING, code) for code in file_findings()}
    reached |= {("malformed", code) for code in derived()}
    assert rows - reached == set()


def test_every_form_that_derives_codes_is_read_somewhere() -> None:
    nouns = {ast.unparse(node.args[1]) for _, node in calls({"Fields", "Reader"})}
    of_signing_keys = {"sig-public", "log-public"}
    assert nouns == {repr(noun) for noun in FORMS - of_signing_keys} | {"f'{kind.value}-public'"}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.code) for row in TABLE.values()])
def test_a_row_states_in_plain_sentences_what_happened_and_what_to_do(row: ErrorCode) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row.code)
    assert row.audience
    for sentence in (row.meaning, row.remedy):
        assert re.fullmatch(r"[A-Z][^\n]*\.", sentence)
        assert not DIALECT.search(sentence), sentence
    for text in (row.meaning_ja, row.remedy_ja):
        assert JAPANESE.search(text)
        assert not text.endswith("。")


def test_a_detail_at_a_raise_site_is_a_sentence() -> None:
    for path, node in calls(set(CLASSES)):
        if len(node.args) > 1 and isinstance(node.args[1], (ast.Constant, ast.JoinedStr)):
            text = ast.unparse(node.args[1]).removeprefix("f")[1:-1]
            assert re.match(r"[A-Z{]", text), f"{path}:{node.lineno}: {text}"
            assert text[-1] in ".}", f"{path}:{node.lineno}: {text}"
            assert not DIALECT.search(text), f"{path}:{node.lineno}: {text}"


def messages() -> Iterator[tuple[str, int, str]]:
    """Path, line and text of each literal message of an exception or a log entry."""
    raised_calls = [
        (path, node.exc)
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
    ]
    for path, call in (*raised_calls, *calls({"warning", "exception", "critical"})):
        for arg in call.args if isinstance(call, ast.Call) else ():
            if isinstance(arg, (ast.Constant, ast.JoinedStr)):
                yield path, arg.lineno, ast.unparse(arg)


def test_no_message_of_an_exception_or_a_log_entry_holds_dialect() -> None:
    assert [message for message in messages() if DIALECT.search(message[2])] == []


def test_every_code_that_a_client_can_meet_is_provoked_by_a_test() -> None:
    tests = "".join(
        file.read_text(encoding="utf-8")
        for file in (ROOT / "tests").rglob("test_*.py")
        if file.parent.name != "house"
    )
    named = set(re.findall(r"[\"/]([a-z0-9-]+)\"", tests))
    clients = Audience.HUB | Audience.DOOR | Audience.AUDIT_PAGES
    assert {code for code in codes_of(clients) if code not in named} == set()


def test_every_finding_and_health_code_is_provoked_by_a_test() -> None:
    tests = "".join(
        file.read_text(encoding="utf-8")
        for file in (ROOT / "tests").rglob("test_*.py")
        if file.parent.name != "house"
    )
    codes = {row.code for row in TABLE.values() if {FINDING, HEALTH} & set(row.categories)}
    assert {code for code in codes if f'"{code}"' not in tests} == set()


def test_every_client_code_has_a_status_that_the_documents_name() -> None:
    for audience in (Audience.HUB, Audience.DOOR):
        for code in codes_of(audience):
            if statuses_of(TABLE[code]):
                assert all(code in codes_of_status(audience, status) for status in statuses_of(TABLE[code]))


def test_a_route_that_names_a_status_without_codes_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="402"):
        problem_responses(Audience.HUB, 402)


def test_a_layer_names_each_code_once() -> None:
    codes = [row.code for rows in LAYERS.values() for row in rows]
    assert len(codes) == len(set(codes)) == len(TABLE)


def test_the_page_of_errors_is_current() -> None:
    page = runpy.run_path(str(Path(__file__).parent / "make_errors_md.py"))["page"]()
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == page
