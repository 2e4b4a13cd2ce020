"""One agency's door over HTTP: which routes there are, and who may come to them."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from starlette.formparsers import MultiPartParser

from domain.error_codes import Audience
from gateway.agency.door import Door
from gateway.agency.files import Files
from gateway.agency.staff import Staff
from gateway.agency.web.api import add_api, problems
from gateway.agency.web.cases import add_case_pages
from gateway.agency.web.compose import add_form_pages
from gateway.agency.web.disclosures import add_disclosure_pages
from gateway.agency.web.error_pages import add_error_handlers, error_response
from gateway.agency.web.files import add_file_pages
from gateway.agency.web.guard import FORM_MAX_BYTES, Guard, require_same_origin
from gateway.agency.web.meeting import add_meeting_page
from gateway.agency.web.outbox import add_outbox_page
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.programme import add_programme_page
from gateway.agency.web.sign_in import add_person_switch, add_sign_in_pages
from gateway.agency.web.work import add_work_page
from gateway.pages.render import with_static
from gateway.protocol.problem_responses import with_problem_schemas

LOOPBACK_HOSTS = ["127.0.0.1", "localhost"]
# A file in clear stays in memory: it is never written to disk.
MultiPartParser.spool_max_size = FORM_MAX_BYTES


def agency_app(door: Door, *, staff: Staff, mode: str, base: str = "") -> FastAPI:
    """The application of one door. ``base``: the path under which it is mounted."""
    app = with_static(
        FastAPI(title="架け橋 機関の窓口", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    )
    pages, files, guard = PageContext(door, staff, mode, base), Files(door), Guard(staff, base)
    add_error_handlers(app, pages)
    require_same_origin(app, lambda request, error: error_response(request, error, pages))

    systems = guard.systems()
    add_api(systems, door, files)

    public = guard.public()
    add_health(public)
    add_sign_in_pages(public, pages)

    people = guard.people()
    add_person_switch(people, pages)
    add_work_page(people, pages)
    add_case_pages(people, pages)
    add_disclosure_pages(people, pages)
    add_outbox_page(people, pages)
    add_file_pages(people, pages, files)
    add_meeting_page(people, pages)
    add_form_pages(people, pages)
    add_programme_page(people, pages)

    app.include_router(systems, prefix="/api", tags=["agency"], responses=problems(401, 500, 503))
    app.include_router(public)
    app.include_router(people)
    if staff.rehearsal_auto_sign_in:
        # Everybody who comes is signed in, so another site must not reach this door under a name of its own.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_HOSTS)
    return with_problem_schemas(app, Audience.DOOR)


def add_health(public: APIRouter) -> None:
    @public.get("/healthz")
    def health() -> dict[str, str]:
        """The process answers."""
        return {"status": "up"}
