"""A case worker at a screen, over real HTTP: opens a page, fills in what it asks, sends it, reads what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from uuid import UUID

import httpx2 as httpx


@dataclass
class Asked:
    """What the form of a page sends if nothing is touched, what can be chosen, and what it names as wrong."""

    action: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """The last form of the page (the one before it changes the person), and the errors beside its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = Asked()
        self._select = self._area = self._error = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form" and "card" in a.get("class", ""):
            self.asked.action = a["action"]
        if tag == "p" and a.get("class") == "error":
            self._error = a["id"].removeprefix("e-")
        if not self.asked.action:
            return
        name = a.get("name", "")
        if tag == "input":
            ticks = a.get("type") in ("checkbox", "radio")
            if ticks:
                self.asked.offered.setdefault(name, []).append(a["value"])
            if not ticks or "checked" in a:
                self.asked.values.setdefault(name, []).append(a.get("value", ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self.asked.offered.setdefault(self._select, []).append(a["value"])
            if "selected" in a or self._select not in self.asked.values:
                self.asked.values[self._select] = [a["value"]]
        elif tag == "textarea":
            self._area = name

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "p":
            self._error = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.asked.values.setdefault(self._area, []).append(data)
        if self._error:
            self.asked.errors[self._error] = self.asked.errors.get(self._error, "") + unescape(data)


def read(text: str) -> Asked:
    """What a page asks."""
    reader = _Reader()
    reader.feed(text)
    return reader.asked


class Clerk:
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

    def fill(self, path: str, filled: dict[str, str | Sequence[str]] | None = None) -> tuple[int, Asked, str]:
        """Open this form, fill it in, send it. Status (303: it was sent), what is asked again, and text or address."""
        asked = read(self.page(path))
        values = {
            **asked.values,
            **{k: [v] if isinstance(v, str) else list(v) for k, v in (filled or {}).items()},
        }
        answer = self.http.post(asked.action, data=values)
        if answer.status_code == 303:
            return 303, asked, answer.headers["location"]
        return answer.status_code, read(answer.text), answer.text

    def does(self, path: str, filled: dict[str, str | Sequence[str]] | None = None) -> str:
        """The same, where it must be taken: the message's id."""
        status, asked, text = self.fill(path, filled)
        assert status == 303, (asked.errors, text)
        return text.rpartition("#m-")[2]

    def close(self) -> None:
        self.http.close()
