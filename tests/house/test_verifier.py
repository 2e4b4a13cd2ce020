"""What verifies shares no code with what writes: only the rules and the primitives (architecture §4)."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("domain", "keys", "adapters", "projections", "gateway")
PRIMITIVES = {
    "keys",
    "keys.b64",
    "keys.canonical",
    "keys.checkpoint",
    "keys.fields",
    "keys.frame",
    "keys.genesis",
    "keys.item",
    "keys.stored_record",
    "keys.keyset",
    "keys.leaf",
    "keys.lp",
    "keys.note",
    "keys.proofs",
    "keys.reader",
    "keys.receipt",
    "keys.record",
    "keys.sealing",
    "keys.signing",
    "keys.timestamps",
    "keys.command",
    "keys.control_text",
    "keys.wrapped_key",
}
"""Of ``keys``, what a verifier may use: no vault, no keystore, no tree that is written."""


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of ours that one imports, by its text."""
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.ImportFrom):
            package = module if path.name == "__init__.py" else module.rpartition(".")[0]
            modules |= (
                {f"{package}.{node.module}"} if node.module else {f"{package}.{a.name}" for a in node.names}
            )
    return frozenset(name for name in modules if name.split(".")[0] in OURS and is_module(name))


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def closure(*roots: str) -> set[str]:
    """Everything of ours that is loaded with these."""
    modules: set[str] = set()
    todo = [*roots]
    while todo:
        module = todo.pop()
        if module not in modules:
            modules.add(module)
            todo += imports(module)
    return modules


VERIFYING = {
    f"gateway.verifier.{path.stem}"
    for path in (ROOT / "gateway" / "verifier").glob("*.py")
    if path.stem != "__init__"
}


def test_the_verifier_rests_on_rules_and_primitives_alone() -> None:
    used = closure(*VERIFYING)
    assert {m for m in used if m.split(".")[0] in ("adapters", "projections")} == set()
    assert {m for m in used if m.split(".")[0] == "gateway"} == VERIFYING
    assert {m for m in used if m.split(".")[0] == "keys"} <= PRIMITIVES


def test_what_writes_uses_nothing_of_the_verifier() -> None:
    """Neither is the other's: a fault in one is not one in both."""
    writing = closure(
        "gateway.hub.hub", "gateway.hub.log", "adapters.store", "adapters.mapper", "gateway.agency.door"
    )
    assert {m for m in writing if m.startswith("gateway.verif")} == set()
    assert "adapters.mapper" in writing


def test_the_arithmetic_of_proofs_stands_alone() -> None:
    assert imports("keys.proofs") == {"domain.errors"}


def test_this_can_fail() -> None:
    assert "adapters.mapper" in closure("gateway.audit.verification")
    assert "gateway.hub.hub" in closure("gateway.hub.app")
