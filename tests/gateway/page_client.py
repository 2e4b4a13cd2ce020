"""A case worker at a screen, over real HTTP: opens a page, fills in what it asks, sends it, reads what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from uuid import UUID

import httpx2 as httpx


@dataclass
class ParsedForm:
    """What the form of a page sends if nothing is touched, what can be chosen, and what it names as wrong."""

    action: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class _FormParser(HTMLParser):
    """The last form of the page (the one before it changes the person), and the errors beside its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.parsed_form = ParsedForm()
        self._select = self._textarea = self._error = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form" and "card" in a.get("class", ""):
            self.parsed_form.action = a["action"]
        if tag == "p" and a.get("class") == "error":
            self._error = a["id"].removeprefix("e-")
        if not self.parsed_form.action:
            return
        name = a.get("name", "")
        if tag == "input":
            ticks = a.get("type") in ("checkbox", "radio")
            if ticks:
                self.parsed_form.offered.setdefault(name, []).append(a["value"])
            if not ticks or "checked" in a:
                self.parsed_form.values.setdefault(name, []).append(a.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self.parsed_form.offered.setdefault(self._select, []).append(a["value"])
            if "selected" in a or self._select not in self.parsed_form.values:
                self.parsed_form.values[self._select] = [a["value"]]
        elif tag == "textarea":
            self._textarea = name

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "p":
            self._error = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.parsed_form.values.setdefault(self._textarea, []).append(data)
        if self._error:
            self.parsed_form.errors[self._error] = self.parsed_form.errors.get(self._error, "") + unescape(
                data
            )


def parse_form(text: str) -> ParsedForm:
    """What a page asks."""
    reader = _FormParser()
    reader.feed(text)
    return reader.parsed_form


class PageClient:
    """One person of one agency. ``as_``: another reference, where another of its people sits there."""

    def __init__(self, url: str, code: str, as_: str | None = None) -> None:
        self.base = f"/agency/{code}"
        self.http = httpx.Client(base_url=url, timeout=60, headers={"accept": "text/html"})
        if as_ is not None:
            assert self.http.post(f"{self.base}/person", data={"actor": as_}).status_code == 303

    def page(self, path: str) -> str:
        answer = self.http.get(self.base + path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def case(self, case: UUID) -> str:
        return self.page(f"/cases/{case}")

    def fill(
        self, path: str, filled: dict[str, str | Sequence[str]] | None = None
    ) -> tuple[int, ParsedForm, str]:
        """Open this form, fill it in, send it. Status (303: it was sent), what is asked again, and text or address."""
        parsed_form = parse_form(self.page(path))
        values = {
            **parsed_form.values,
            **{k: [v] if isinstance(v, str) else list(v) for k, v in (filled or {}).items()},
        }
        answer = self.http.post(parsed_form.action, data=values)
        if answer.status_code == 303:
            return 303, parsed_form, answer.headers["location"]
        return answer.status_code, parse_form(answer.text), answer.text

    def submit(self, path: str, filled: dict[str, str | Sequence[str]] | None = None) -> str:
        """The same, where it must be taken: the message's id."""
        status, parsed_form, text = self.fill(path, filled)
        assert status == 303, (parsed_form.errors, text)
        return text.rpartition("#m-")[2]

    def close(self) -> None:
        self.http.close()
