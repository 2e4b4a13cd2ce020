"""What all pages of a door share: whose door it is, who is in, and where the pages are."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from domain.errors import ExchangeError
from gateway.agency.door import Door
from gateway.agency.staff import Person, Staff
from gateway.pages.render import page

COOKIE = "kakehashi"
NAVIGATION = (
    ("/", "仕事一覧"),
    ("/cases", "事例"),
    ("/meeting", "会議資料"),
    ("/files", "ファイル送信"),
    ("/outbox", "送信箱"),
    ("/programme", "委託・研修"),
)


class PageContext:
    """What the pages of a door share."""

    def __init__(self, door: Door, staff: Staff, mode: str, base: str) -> None:
        self.door, self.staff, self.mode, self.base = door, staff, mode, base

    def person(self, request: Request) -> Person | None:
        return self.staff.person_of_session(request.cookies.get(COOKIE))

    def render_page(
        self, name: str, title: str, person: Person | None, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        shared = {
            "base": self.base,
            "mode": self.mode,
            "person": person,
            "title": title,
            "door_name": self.name(),
            "can_sign_out": not self.staff.rehearsal_auto_sign_in,
            "people": self.staff.people() if self.staff.rehearsal_auto_sign_in else {},
            "current_path": values.pop("current_path", ""),
        }
        if person is not None:
            shared["links"] = NAVIGATION
        return page(name, status=status, **shared, **values)

    def name(self) -> str:
        try:
            return self.names().get(str(self.door.agency), "窓口")
        except ExchangeError:
            return "窓口"

    def names(self) -> dict[str, str]:
        return {str(k.agency): k.name for k in self.door.directory()}

    def redirect_to_sign_in(self) -> RedirectResponse:
        return RedirectResponse(f"{self.base}/sign-in", 303)
