"""A person at the pages of one agency's door: clicks what is shown, fills in what is asked, reads what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import pyotp

CODE = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b[a-z_]+\.[a-z_]+_[a-z_]+\b|[{}]|\bNone\b|\bnull\b")
"""What no page may show: codes of the domain, topics of events, JSON."""
WAIT_SECONDS = 60
Filled = Mapping[str, str | Sequence[str]]


class DoorUser:
    """A person at the pages of one door: clicks what is shown, fills in what is asked, reads what is answered."""

    def __init__(self, browser: Any, url: str, *, scripts: bool = True) -> None:
        context = browser.new_context(
            java_script_enabled=scripts, viewport={"width": 1280, "height": 900}, locale="ja-JP"
        )
        self.page, self.url, self.has_scripts = context.new_page(), url, scripts
        self.page.set_default_timeout(WAIT_SECONDS * 1000)
        self.secret = ""
        self.unexpected: list[str] = []
        self.page.on("pageerror", lambda error: self.unexpected.append(str(error)))

    def sign_in(self, actor: str, passphrase: str) -> None:
        self.page.goto(self.url)
        self.page.fill("#actor", actor)
        self.page.fill("#passphrase", passphrase)
        self.page.click("main form button:has-text('ログイン')")
        if "/sign-in/app" in self.page.url:
            self._set_up_app()
        assert "職員ID" not in self.read()

    def _set_up_app(self) -> None:
        self.secret = self.page.inner_text("#app-secret").replace(" ", "")
        self.page.fill("#code", pyotp.TOTP(self.secret).now())
        self.page.click("main form button:has-text('設定する')")
        assert self.page.locator(".recovery-codes li").count() == 10
        self.page.click("main a:has-text('続ける')")

    def read(self) -> str:
        """The page as it is seen; it has no code and nothing that the writer of the page forgot to say in Japanese."""
        text = self.page.inner_text("main")
        shown = CODE.search(text)
        assert shown is None, (self.page.url, shown[0], text)
        return " ".join(text.split())

    def to(self, title: str) -> None:
        """By the navigation that is on every page."""
        self.page.click(f"nav[aria-label='主な画面'] >> text='{title}'")

    def wait_for(self, text: str) -> None:
        """Reload until it is there, as somebody does who was told that something was sent."""
        until = monotonic() + WAIT_SECONDS
        while text not in self.read():
            assert monotonic() < until, (text, self.read())
            self.page.wait_for_timeout(200)
            self.page.reload()

    def act(self, form: str, filled: Filled | None = None, **more: str | Sequence[str]) -> str:
        """Go to this form by a link of the page, fill it in and send it; returns what is answered."""
        self.follow(self.page.locator(f"main a[href*='/forms/{form}?'], main a[href$='/forms/{form}']").first)
        return self.send({**(filled or {}), **more})

    def send(self, filled: Filled) -> str:
        self.read()
        for name, value in filled.items():
            self.put(name, value)
        answered = self.submit()
        assert "を記録しました" in answered, answered
        return answered

    def submit(self, *, confirm: bool = True) -> str:
        """Press the form's own button and, where it is shown once more before it is sent, the one there."""
        self.page.locator("main form[data-draft] p.row button:visible:not([name=save])").last.click()
        shown = self.read()
        button = self.page.locator("button[name=step][value=send]")
        if confirm and button.count():
            button.click()
            if "/step-up" in self.page.url:  # the sign-in was more than five minutes ago
                self.page.fill("#proof", pyotp.TOTP(self.secret).now())
                self.page.click("text=確認して続ける >> nth=0")
                button.click()
            return self.read()
        return shown

    def insist(self) -> str:
        """Send what the page has warned of, in spite of it."""
        anyway = self.page.locator("[name=anyway]")
        if not anyway.count():
            self.page.click("button[name=step][value=send]")
        anyway.check()
        self.page.click("button[name=step][value=insist]")
        self.page.locator("button", has_text="このまま送付する").click()
        return self.read()

    def choose(self, name: str, values: Sequence[str]) -> None:
        """Tick these of several, and no others."""
        boxes = self.page.locator(f"main [name='{name}']:not([type=hidden])")
        for n in range(boxes.count()):
            box = boxes.nth(n)
            if box.get_attribute("value") in values:
                self._unfold(box)
            if box.is_checked() != (box.get_attribute("value") in values):
                self._unfold(box)
                box.set_checked(box.get_attribute("value") in values)

    def put(self, name: str, value: str | Sequence[str]) -> None:
        """Fill in one field; a choice by its value or by words of its label."""
        if name.startswith("basis."):
            select = self.page.locator(f"main select[name='{name}']")
            self._unfold(select)
            offered = select.locator("option").evaluate_all("all => all.map(o => o.value)")
            assert value in offered, (self.page.url, name, value, offered)
            select.select_option(value)
            return
        if name == "basis":
            self.page.locator("main select[name^='basis.']", has_text=value).first.select_option(label=value)
            return
        start, _, end = name.partition("*")
        named = f"[name^='{start}'][name$='{end}']" if end else f"[name='{name}']"
        fields = self.page.locator(f"main {named}:not([type=hidden])")
        self._unfold(fields.first)
        kind = fields.first.evaluate("e => e.type")
        if kind in ("radio", "checkbox"):
            for one in [value] if isinstance(value, str) else value:
                by_value = self.page.locator(f"main {named}[value='{one}']")
                by_label = self.page.locator(f"main label:has({named})", has_text=one).locator("input")
                (by_value if by_value.count() else by_label).first.check()
        elif kind == "select-one":
            fields.first.select_option(value)
        else:
            fields.first.fill(value)

    def _unfold(self, element: Any) -> None:
        folded = element.locator("xpath=ancestor::details[not(@open)]")
        for _ in range(folded.count()):
            folded.first.locator("> summary").click()

    def follow(self, link: Any) -> None:
        """A link or button, after opening whatever it is folded into."""
        self._unfold(link)
        link.click()

    def open_case(self) -> None:
        """The one family of this door, from its list of cases."""
        self.to("事例")
        self.wait_for("最後の動き")
        self.page.locator("main table a").first.click()
        self.read()
