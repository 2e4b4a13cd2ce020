"""What all pages of a door share: whose door it is, and how a page is rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from fastapi.responses import HTMLResponse

from domain.errors import ExchangeError
from domain.events import FamilyInformationProvided
from domain.roles import DoorAct
from gateway.agency.attachments import Attachments
from gateway.agency.door import Door
from gateway.agency.page_drafts import PageDrafts
from gateway.agency.permissions import StaffPermissions
from gateway.agency.staff import Person, Staff
from gateway.agency.web.interrupted import DRAFTS_PATH
from gateway.agency.web.route_acts import ROUTE_ACTS, WHOEVER_IS_SIGNED_IN
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
    (DRAFTS_PATH, "下書き"),
    ("/outbox", "送信箱"),
    ("/programme", "委託・研修"),
    ("/statistics", "統計"),
    ("/administration", "管理"),
)

SHOWN_FOR = {"/new": FamilyInformationProvided.TOPIC, "/administration": DoorAct.READ_LOG}
"""Of pages that are a form, or lead to others: the act for which they are in the navigation."""


class PageContext:
    """One door's pages. ``base``: the path under which the door is mounted; ``custody``: who keeps its keys;
    ``attachments``: the files that people attach to what they write."""

    def __init__(
        self,
        door: Door,
        staff: Staff,
        permissions: StaffPermissions,
        mode: str,
        base: str,
        custody: Custody,
        attachments: Attachments,
    ) -> None:
        self.permissions = permissions
        self.door, self.staff, self.mode, self.base, self.custody = door, staff, mode, base, custody
        self.attachments = attachments
        self.drafts = PageDrafts(door)
        self.end_session: Callable[[str], None] = lambda session: None
        """What else ends with a session that somebody ends, by its reference."""

    @contextmanager
    def ending_sessions(self, actor: str = "") -> Iterator[None]:
        """What is done within may end sessions, of this person or of anybody: what hangs on them ends with them."""
        if self.staff.rehearsal_auto_sign_in:
            yield
            return
        before = self.staff.sessions.references(actor)
        yield
        for reference in before - self.staff.sessions.references(actor):
            self.door.recent.end_session(reference)
            self.end_session(reference)

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
            shared["links"] = self._navigation(person)
            shared["glossary_link"] = True
            shared["may"] = partial(self.may, person)
            shared["behind"] = self.door.store.behind
            shared["behind_since"] = self.door.behind_since
        return page(name, status=status, **shared, **values)

    def _navigation(self, person: Person) -> list[tuple[str, str]]:
        """The main pages that this person may open, with how many drafts this person has."""
        drafts = self.drafts.count(person.actor)
        counted = {DRAFTS_PATH: f"({drafts})"} if drafts else {}
        return [
            (path, f"{text}{counted.get(path, '')}")
            for path, text in NAVIGATION
            if self.may_get(person, path)
        ]

    def may(self, person: Person, act: str, case: UUID | None = None) -> bool:
        """Whether this person may do this act now, so that a page can leave out what it may not."""
        return self.permissions.of_person(act, person, case) is None

    def may_get(self, person: Person, path: str) -> bool:
        """Whether this person may come to this page."""
        act = SHOWN_FOR.get(path) or ROUTE_ACTS[("GET", path)]
        return act == WHOEVER_IS_SIGNED_IN or self.may(person, act)

    def name(self) -> str:
        """The agency's name; «窓口» while the hub is away."""
        try:
            return self.names().get(str(self.door.agency), "窓口")
        except ExchangeError:
            return "窓口"

    def names(self) -> dict[str, str]:
        """Agency id -> name."""
        return {str(k.agency): k.name for k in self.door.directory()}
