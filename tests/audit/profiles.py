"""A small checker of FHIR profiles: cardinalities, patterns, fixed values, slices and required codes of a snapshot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "shared" / "conformance" / "balp"
_CHOICE = re.compile(r"(pattern|fixed)[A-Z]\w*")


class Profile:
    """One profile. ``faults``: how a resource violates it, by element."""

    def __init__(self, name: str) -> None:
        path = FOLDER / "profiles" / f"StructureDefinition-IHE.BasicAudit.{name}.json"
        known = json.loads(path.read_text())
        self.elements: dict[str, dict[str, Any]] = {e["id"]: e for e in known["snapshot"]["element"]}

    def faults(self, resource: dict[str, Any]) -> list[str]:
        return list(self._node("AuditEvent", resource))

    def _node(self, at: str, value: Any) -> Iterator[str]:
        element = self.elements[at]
        if not _fits(element, value):
            yield f"{at}: not the required value"
        if not _bound(element, value):
            yield f"{at}: not a code of the value set"
        depth = at.count(".") + 1
        for id_, child in self.elements.items():
            if id_.startswith(f"{at}.") and id_.count(".") == depth and ":" not in id_[len(at) + 1 :]:
                yield from self._children(id_, child, _get(value, child["path"].rsplit(".", 1)[1]))

    def _children(self, at: str, element: dict[str, Any], values: list[Any]) -> Iterator[str]:
        yield from _count(at, element, len(values))
        slices = {i: e for i, e in self.elements.items() if re.fullmatch(re.escape(at) + r":\w+", i)}
        of: dict[str, list[Any]] = {i: [] for i in slices}
        for value in values:
            mine = next((i for i in slices if self._belongs(i, element, value)), None)
            if mine is not None:
                of[mine].append(value)
            elif slices and element.get("slicing", {}).get("rules") == "closed":
                yield f"{at}: matches none of the closed slices"
            yield from self._node(mine or at, value)
        for id_, matches in of.items():
            yield from _count(id_, slices[id_], len(matches))

    def _belongs(self, slice_: str, element: dict[str, Any], value: Any) -> bool:
        for by in element["slicing"]["discriminator"]:
            path = slice_ if by["path"] == "$this" else f"{slice_}.{by['path']}"
            matches = [value] if by["path"] == "$this" else _get(value, by["path"])
            expected = self.elements[path]
            if not any(_fits(expected, f) and _bound(expected, f) for f in matches):
                return False
        return True


def _count(at: str, element: dict[str, Any], n: int) -> Iterator[str]:
    if n < element["min"] or (element["max"] != "*" and n > int(element["max"])):
        yield f"{at}: {n} times instead of {element['min']}..{element['max']}"


def _get(value: Any, name: str) -> list[Any]:
    if not isinstance(value, dict):
        return []
    if name.endswith("[x]"):
        return [v for k, v in value.items() if re.fullmatch(re.escape(name[:-3]) + "[A-Z].*", k)]
    matches = value.get(name, [])
    return matches if isinstance(matches, list) else [matches]


def _fits(element: dict[str, Any], value: Any) -> bool:
    """Whether the value contains the pattern, or equals the fixed value."""
    for name, expected in element.items():
        if _CHOICE.fullmatch(name) and not (
            value == expected if name.startswith("fixed") else _contains(value, expected)
        ):
            return False
    return True


def _contains(value: Any, expected: Any) -> bool:
    if isinstance(expected, dict):
        return isinstance(value, dict) and all(
            k in value and _contains(value[k], w) for k, w in expected.items()
        )
    if isinstance(expected, list):
        return isinstance(value, list) and all(any(_contains(v, w) for v in value) for w in expected)
    return bool(value == expected)


def _bound(element: dict[str, Any], value: Any) -> bool:
    """Whether the value has a code of its required value set, where that is among the profiles and lists its codes."""
    binding = element.get("binding", {})
    path = (
        FOLDER / "profiles" / f"ValueSet-{binding.get('valueSet', '').split('|')[0].rsplit('/', 1)[-1]}.json"
    )
    if binding.get("strength") != "required" or not path.exists() or not isinstance(value, dict):
        return True
    for include in json.loads(path.read_text())["compose"]["include"]:
        codes = {c["code"] for c in include.get("concept", [])} or _codes_of(include["system"])
        if value.get("system") == include["system"] and (not codes or value.get("code") in codes):
            return True
    return False


def _codes_of(system: str) -> set[str]:
    """All codes of a code system among the profiles; empty where it is not there."""
    path = FOLDER / "profiles" / f"CodeSystem-{system.rsplit('/', 1)[-1]}.json"
    return {c["code"] for c in json.loads(path.read_text())["concept"]} if path.exists() else set()
