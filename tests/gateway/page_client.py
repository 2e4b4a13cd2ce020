"""A case worker over real HTTP: opens a page, fills in its form, sends it, reads the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from http.cookiejar import CookieJar, DefaultCookiePolicy
from time import monotonic, sleep
from uuid import UUID

import httpx2 as httpx

from gateway.protocol.trust import trusted_certificates


@dataclass
class ParsedForm:
    """The form of a page: the values it sends if nothing is changed, the choices, and the errors at its fields."""

    action: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


class _FormParser(HTMLParser):
    """Reads the form with class ``card`` of a page, and the errors at its fields."""

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
            self._add_input(name, a)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._add_option(a)
        elif tag == "textarea":
            self._textarea = name

    def _add_input(self, name: str, attributes: dict[str, str]) -> None:
        is_choice = attributes.get("type") in ("checkbox", "radio")
        if is_choice:
            self.parsed_form.offered.setdefault(name, []).append(attributes["value"])
        if not is_choice or "checked" in attributes:
            self.parsed_form.values.setdefault(name, []).append(attributes.get("value", ""))

    def _add_option(self, attributes: dict[str, str]) -> None:
        self.parsed_form.offered.setdefault(self._select, []).append(attributes["value"])
        if "selected" in attributes or self._select not in self.parsed_form.values:
            self.parsed_form.values[self._select] = [attributes["value"]]

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
    """The form of a page."""
    reader = _FormParser()
    reader.feed(text)
    return reader.parsed_form


class PageClient:
    """One person of one agency. ``as_``: the reference of another of its people."""

    def __init__(self, url: str, code: str, as_: str | None = None) -> None:
        self.base = f"/agency/{code}"
        # as a browser does: it states its page, and takes secure cookies from this machine also without TLS
        cookies = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
        headers = {"accept": "text/html", "origin": url}
        self.http = httpx.Client(
            base_url=url, timeout=60, headers=headers, cookies=cookies, verify=trusted_certificates()
        )
        if as_ is not None:
            assert self.http.post(f"{self.base}/person", data={"actor": as_}).status_code == 303

    def page(self, path: str) -> str:
        answer = self.http.get(self.base + path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def page_with(self, path: str, text: str) -> str:
        """The page once this text is on it, the first of its pages: read models follow the record a moment later."""
        until = monotonic() + 60
        while text not in (page := self._page_of_list_with(path, text)) and monotonic() < until:
            sleep(0.1)
        assert text in page
        return page

    def _page_of_list_with(self, path: str, text: str) -> str:
        """That of the pages of a long list which has this text, else the last."""
        page, number = self.page(path), 1
        while text not in page and f'?page={number + 1}"' in page:
            number += 1
            page = self.page(f"{path}?page={number}")
        return page

    def case(self, case: UUID) -> str:
        return self.page(f"/cases/{case}")

    def fill(
        self, path: str, filled: dict[str, str | Sequence[str]] | None = None
    ) -> tuple[int, ParsedForm, str]:
        """Open this form, fill it in, send it. Returns the status (303: sent), the form, and the text or redirect address."""
        parsed_form = parse_form(self.page(path))
        values = {
            **parsed_form.values,
            **{k: [v] if isinstance(v, str) else list(v) for k, v in (filled or {}).items()},
        }
        answer = self.confirmed(self.http.post(parsed_form.action, data=values))
        if answer.status_code == 303:
            return 303, parsed_form, answer.headers["location"]
        return answer.status_code, parse_form(answer.text), answer.text

    def confirmed(self, answer: httpx.Response) -> httpx.Response:
        """What is answered once what was entered is sent, if this is the page that shows it before."""
        if "&step=preview" in answer.headers.get("location", ""):
            answer = self.http.get(answer.headers["location"])
        if 'name="step" value="send"' not in answer.text:
            return answer
        preview = parse_form(answer.text)
        return self.http.post(preview.action, data={**preview.values, "step": "send"})

    def submit(self, path: str, filled: dict[str, str | Sequence[str]] | None = None) -> str:
        """Fill in and send a form that must be accepted. Returns the message's id."""
        status, parsed_form, text = self.fill(path, filled)
        assert status == 303, (parsed_form.errors, text)
        return text.rpartition("&sent=")[2]

    def close(self) -> None:
        self.http.close()
