"""What can be changed in a module, one place at a time: comparisons, conditions, constants, returns, statements, tables.

A change replaces the text of one node and keeps the number of lines, so that all other code stays where it was. Texts for
people, annotations, decorators and defaults of parameters stay.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
}
CALLS = {"any": "all", "all": "any", "min": "max", "max": "min"}
MEMBERS = {"Reason", "Role", "ClockKind", "Section", "Purpose", "AuthorityState", "HandoverState", "Basis"}
"""Enumerations of which another member may stand where one does."""


@dataclass(frozen=True)
class Mutant:
    """One change. ``unit``: the function, class statement (``class X``) or table (``table X``) that it is in; ``first`` and
    ``last``: the lines of its statement; ``start`` and ``end``: the bytes of the file that ``text`` replaces."""

    path: str
    unit: str
    operator: str
    first: int
    last: int
    start: int
    end: int
    text: str
    before: str
    after: str

    @property
    def in_function(self) -> bool:
        return not self.unit.startswith(("class ", "table "))

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.text.encode() + source[self.end :]


def mutants_of(path: str, source: bytes) -> list[Mutant]:
    """All changes of a module that give other code."""
    return list(_Module(path, source).mutants())


class _Module:
    def __init__(self, path: str, source: bytes) -> None:
        self.path, self.source, self.tree = path, source, ast.parse(source)
        self.offsets = [0]
        for line in source.splitlines(keepends=True):
            self.offsets.append(self.offsets[-1] + len(line))
        self.members: dict[str, list[str]] = {}
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in MEMBERS
            ):
                known = self.members.setdefault(node.value.id, [])
                known += [node.attr] if node.attr.isupper() and node.attr not in known else []

    def mutants(self) -> Iterator[Mutant]:
        for unit, statement in _statements(self.tree.body, "", top=True):
            for old, operator, new in self._changes(unit, statement):
                if (made := self._mutant(unit, statement, old, operator, new)) is not None:
                    yield made

    def _mutant(
        self, unit: str, statement: ast.stmt, old: ast.AST, operator: str, new: ast.AST | None
    ) -> Mutant | None:
        assert isinstance(old, ast.stmt | ast.expr | ast.keyword)
        assert old.end_lineno is not None
        assert old.end_col_offset is not None
        start = self.offsets[old.lineno - 1] + old.col_offset
        end = self.offsets[old.end_lineno - 1] + old.end_col_offset
        before = self.source[start:end].decode()
        lines = "\n" * before.count("\n")
        if isinstance(old, ast.stmt):
            if before.startswith("elif"):
                return None
            after = "pass" if new is None else ast.unparse(new)
            text = after + lines
        else:
            assert new is not None
            after = ast.unparse(new)
            text = f"({after}{lines})"
        body = getattr(statement, "body", None)
        last = (
            body[0].lineno - 1
            if isinstance(body, list) and body
            else statement.end_lineno or statement.lineno
        )
        return Mutant(
            self.path,
            unit,
            operator,
            statement.lineno,
            max(statement.lineno, last),
            start,
            end,
            text,
            " ".join(before.split()),
            after,
        )

    def _changes(self, unit: str, statement: ast.stmt) -> Iterator[tuple[ast.AST, str, ast.AST | None]]:
        inside = not unit.startswith(("class ", "table "))
        if inside:
            yield from _of_statement(statement)
        for node in _expressions(statement, inside):
            yield from ((node, operator, new) for operator, new in self._of_expression(node))

    def _of_expression(self, node: ast.expr) -> Iterator[tuple[str, ast.expr]]:
        for change in BY_NODE.get(type(node), ()):
            yield from change(node)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            known = self.members.get(node.value.id, [])
            if node.attr in known and len(known) > 1:
                yield "other member", _with(node, attr=known[(known.index(node.attr) + 1) % len(known)])


def _statements(body: list[ast.stmt], inside: str, *, top: bool) -> Iterator[tuple[str, ast.stmt]]:
    """Each statement that does something, with the unit that it belongs to. ``top``: of a module or class, else of code."""
    for statement in body:
        name = inside
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and top:
            name = f"{inside}.{statement.name}" if inside else statement.name
        if isinstance(statement, ast.ClassDef):
            yield f"class {name}", statement
            yield from _statements(statement.body, name, top=True)
        elif isinstance(statement, ast.FunctionDef):
            yield from _statements(statement.body, name, top=False)
        elif top:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                owner = f"class {inside}" if inside else f"table {ast.unparse(target)}"
                yield owner, statement
        else:
            yield name, statement
            for part in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(statement, part, []), name, top=False)
            for handler in getattr(statement, "handlers", []):
                yield from _statements(handler.body, name, top=False)


def _expressions(statement: ast.stmt, inside: bool) -> Iterator[ast.expr]:
    """The expressions of one statement, without those of the statements in it."""
    if isinstance(statement, ast.ClassDef):
        ready: list[ast.AST] = [k.value for k in statement.keywords]
    elif isinstance(statement, ast.AnnAssign):
        ready = [] if statement.value is None else [statement.value]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        ready = []
    else:
        ready = [
            n for n in ast.iter_child_nodes(statement) if not isinstance(n, ast.stmt | ast.ExceptHandler)
        ]
    while ready:
        node = ready.pop()
        if isinstance(node, ast.JoinedStr | ast.arguments | ast.cmpop | ast.expr_context):
            continue
        if isinstance(node, ast.expr):
            yield node
        ready += ast.iter_child_nodes(node)


def _of_statement(statement: ast.stmt) -> Iterator[tuple[ast.AST, str, ast.AST | None]]:
    if isinstance(statement, ast.Return) and statement.value is not None:
        value = statement.value
        if not (isinstance(value, ast.Constant) and value.value is None):
            yield statement, "returns None", ast.Return(ast.Constant(None))
        if isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp):
            yield statement, "returns", ast.Return(ast.Constant(True))
            yield statement, "returns", ast.Return(ast.Constant(False))
    if isinstance(statement, ast.If | ast.For | ast.AugAssign | ast.Continue | ast.Break) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    ):
        yield statement, "removed statement", None
    if isinstance(statement, ast.If | ast.While):
        test = statement.test
        yield test, "reversed condition", ast.UnaryOp(ast.Not(), test)


def _of_constant(node: ast.Constant) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield "off by one", ast.Constant(node.value + 1)
        yield "off by one", ast.Constant(node.value - 1)


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield "any/all, min/max", _with(node, func=ast.Name(CALLS[node.func.id], ast.Load()))
    plain = [a for a in node.args if not isinstance(a, ast.Starred)]
    if len(plain) == len(node.args) > 1:
        for n in range(len(plain) - 1):
            if ast.dump(plain[n]) != ast.dump(plain[n + 1]):
                swapped = [*plain[:n], plain[n + 1], plain[n], *plain[n + 2 :]]
                yield "swapped arguments", _with(node, args=swapped)
    if isinstance(node.func, ast.Attribute) and not node.args and not node.keywords:
        yield "dropped call", node.func.value
    for n in range(len(node.keywords)):
        yield "dropped keyword", _with(node, keywords=[*node.keywords[:n], *node.keywords[n + 1 :]])


def _with(node: ast.expr, **changed: object) -> ast.expr:
    new = copy.copy(node)
    for name, value in changed.items():
        setattr(new, name, value)
    return new


def _of_comparison(node: ast.Compare) -> Iterator[tuple[str, ast.expr]]:
    if len(node.ops) == 1:
        for op in COMPARISONS.get(type(node.ops[0]), ()):
            yield "comparison", _with(node, ops=[op()])


def _of_condition(node: ast.BoolOp) -> Iterator[tuple[str, ast.expr]]:
    yield "and/or", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for n in range(len(node.values)):
        rest = [*node.values[:n], *node.values[n + 1 :]]
        yield "dropped condition", rest[0] if len(rest) == 1 else _with(node, values=rest)


def _of_not(node: ast.UnaryOp) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node.op, ast.Not):
        yield "dropped not", node.operand


def _of_operator(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    if type(node.op) in BINARY:
        yield "operator", _with(node, op=BINARY[type(node.op)]())
        yield "dropped operand", node.left


def _of_branches(node: ast.IfExp) -> Iterator[tuple[str, ast.expr]]:
    yield "swapped branches", _with(node, body=node.orelse, orelse=node.body)


def _of_elements(node: ast.Set | ast.List | ast.Tuple) -> Iterator[tuple[str, ast.expr]]:
    for n in range(len(node.elts) if len(node.elts) > 1 else 0):
        yield "dropped element", _with(node, elts=[*node.elts[:n], *node.elts[n + 1 :]])


def _of_mapping(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for n in range(len(node.keys) if len(node.keys) > 1 else 0):
        keys, values = node.keys[:n] + node.keys[n + 1 :], node.values[:n] + node.values[n + 1 :]
        yield "dropped element", _with(node, keys=keys, values=values)


def _of_filter(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[tuple[str, ast.expr]]:
    for n, part in enumerate(node.generators):
        if part.ifs:
            bare = ast.comprehension(part.target, part.iter, [], part.is_async)
            yield (
                "dropped filter",
                _with(node, generators=[*node.generators[:n], bare, *node.generators[n + 1 :]]),
            )


BY_NODE: dict[type[ast.expr], tuple[Callable[[Any], Iterator[tuple[str, ast.expr]]], ...]] = {
    ast.Compare: (_of_comparison,),
    ast.BoolOp: (_of_condition,),
    ast.UnaryOp: (_of_not,),
    ast.BinOp: (_of_operator,),
    ast.IfExp: (_of_branches,),
    ast.Constant: (_of_constant,),
    ast.Call: (_of_call,),
    ast.Set: (_of_elements,),
    ast.List: (_of_elements,),
    ast.Tuple: (_of_elements,),
    ast.Dict: (_of_mapping,),
    ast.ListComp: (_of_filter,),
    ast.SetComp: (_of_filter,),
    ast.GeneratorExp: (_of_filter,),
    ast.DictComp: (_of_filter,),
}
