"""What all pages of a door share: whose door it is, and how a page is rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi.responses import HTMLResponse

from domain.errors import ExchangeError
from gateway.agency.attachments import Attachments
from gateway.agency.door import Door
from gateway.agency.page_drafts import PageDrafts
from gateway.agency.staff import Person, Staff
from gateway.pages.render import page
from keys.keyset import Custody

NAVIGATION = (
    ("/", "仕事一覧"),
    ("/new", "家庭を知らせる"),
    ("/cases", "事例"),
    ("/phone/", "きょうの訪問"),
    ("/search", "家庭を探す"),
    ("/meeting", "会議資料"),
    ("/files", "ファイル送付"),
    ("/drafts", "下書き"),
    ("/outbox", "送信箱"),
    ("/programme", "委託・研修"),
    ("/statistics", "統計"),
)


class PageContext:
    """One door's pages. ``base``: the path under which the door is mounted; ``custody``: who keeps its keys;
    ``attachments``: the files that people attach to what they write."""

    def __init__(
        self, door: Door, staff: Staff, mode: str, base: str, custody: Custody, attachments: Attachments
    ) -> None:
        self.door, self.staff, self.mode, self.base, self.custody = door, staff, mode, base, custody
        self.attachments = attachments
        self.drafts = PageDrafts(door)
        self.end_session: Callable[[str], None] = lambda session: None
        """What else ends with a session that somebody ends, by its reference."""

    def render_page(
        self, name: str, title: str, person: Person | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        shared = {
            "base": self.base,
            "mode": self.mode,
            "custody": self.custody,
            "person": person,
            "title": title,
            "door_name": self.name(),
            "can_sign_out": not self.staff.rehearsal_auto_sign_in,
            "people": self.staff.people() if self.staff.rehearsal_auto_sign_in else {},
            "current_path": values.pop("current_path", ""),
        }
        if person is not None:
            shared["links"] = NAVIGATION
            shared["glossary_link"] = True
            shared["behind"] = self.door.store.behind
            shared["behind_since"] = self.door.behind_since
        return page(name, status=status, **shared, **values)

    def name(self) -> str:
        """The agency's name; «窓口» while the hub is away."""
        try:
            return self.names().get(str(self.door.agency), "窓口")
        except ExchangeError:
            return "窓口"

    def names(self) -> dict[str, str]:
        """Agency id -> name."""
        return {str(k.agency): k.name for k in self.door.directory()}
