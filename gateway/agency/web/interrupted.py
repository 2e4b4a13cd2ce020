"""What a page sends after its session has ended by time: kept for the same person until they have signed in again.

Source: own rule (docs/decisions/0047).
"""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from domain.errors import ExchangeError
from gateway.agency.page_drafts import DRAFT_FORM_MAX_BYTES, FORM_MAX_FIELDS, WRITING_PATHS, PageDrafts
from gateway.agency.staff import Staff

URL_ENCODED = "application/x-www-form-urlencoded"
DRAFTS_PATH = "/drafts"
"""Where the button sends that keeps a draft. What the script sends there is not kept: it has the text, and sends it again."""


class InterruptedPosts:
    """Those of one door. ``base``: the path under which it is mounted."""

    def __init__(self, staff: Staff, drafts: PageDrafts, base: str) -> None:
        self._staff, self._drafts, self._base = staff, drafts, base

    async def keep(self, request: Request, session: str | None) -> bool:
        """Keep what this request sends, if it is what somebody wrote and its session ended not long ago; whether it was kept.

        Its body is read only then, and only if it is not too long.
        """
        path = request.url.path.removeprefix(self._base)
        is_draft = path == DRAFTS_PATH and "application/json" not in request.headers.get("accept", "")
        is_writing = is_draft or WRITING_PATHS.fullmatch(path) is not None
        if request.method != "POST" or not is_writing or not _is_short_form(request):
            return False
        actor = await run_in_threadpool(self._staff.take_ended_session, session)
        if actor is None:
            return False
        async with request.form(max_files=0, max_fields=FORM_MAX_FIELDS) as entered:
            values = {name: [str(v) for v in entered.getlist(name)] for name in entered}
        if is_draft:
            path = next(iter(values.get("path", ())), "")
            values.pop("save", None)
        id = _id_in(values)
        if id is None:
            return False
        try:
            await run_in_threadpool(self._keep, actor, id, path, values)
        except ExchangeError:
            return False
        return True

    def _keep(self, actor: str, id: UUID, path: str, values: dict[str, list[str]]) -> None:
        """Under another key where this is a colleague's: neither takes the place of the other."""
        self._drafts.keep_post(actor, uuid4() if self._drafts.is_of_another(actor, id) else id, path, values)


def _is_short_form(request: Request) -> bool:
    stated = request.headers.get("content-length", "")
    is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == URL_ENCODED
    return is_form and stated.isascii() and stated.isdigit() and int(stated) <= DRAFT_FORM_MAX_BYTES


def _id_in(values: dict[str, list[str]]) -> UUID | None:
    """The idempotency key of the page, which every page on which something is written states."""
    try:
        return UUID(next(iter(values.get("command_id", ())), ""))
    except ValueError:
        return None
