"""One agency's door over HTTP: which routes there are, and who may come to them."""

from __future__ import annotations

from functools import partial

from adapters.agencies.contract import MAX_FILE_BYTES
from adapters.attachments import MAX_ATTACHMENT_BYTES
from domain.error_codes import Audience
from gateway.agency.attachments import Attachments
from gateway.agency.devices import Devices, PhoneSettings
from gateway.agency.door import Door
from gateway.agency.factors.passkeys import MAX_CREDENTIAL_CHARACTERS
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.files import Files
from gateway.agency.index.rebuild import BackgroundRebuild
from gateway.agency.page_drafts import DRAFT_FORM_MAX_BYTES
from gateway.agency.parsing import AttachmentPool, ParsingPool
from gateway.agency.permissions import StaffPermissions
from gateway.agency.staff import Staff
from gateway.agency.statistics.issues import Statistics
from gateway.agency.web.account import add_account_pages, add_session_pages
from gateway.agency.web.addresses import add_address_log_page
from gateway.agency.web.administration import add_administration_pages
from gateway.agency.web.administration_state import add_state_pages
from gateway.agency.web.api import add_api, problems
from gateway.agency.web.cases import add_case_pages
from gateway.agency.web.compose import add_form_pages
from gateway.agency.web.drafts import add_draft_pages
from gateway.agency.web.error_pages import door_error_response, invalid_input
from gateway.agency.web.families import add_family_pages
from gateway.agency.web.families_api import add_families_api
from gateway.agency.web.files import add_file_pages
from gateway.agency.web.glossary import add_glossary_page
from gateway.agency.web.guard import API, Guard
from gateway.agency.web.health import add_health
from gateway.agency.web.interrupted import InterruptedPosts
from gateway.agency.web.joining import add_invitation_pages, add_join_page, add_link_page
from gateway.agency.web.meeting import add_meeting_page
from gateway.agency.web.outbox import add_outbox_page
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.phone import PhonePages, add_phone_pages
from gateway.agency.web.phone_devices import MAX_ENVELOPE_BYTES, add_device_routes, device_of_head
from gateway.agency.web.phone_shell import add_phone_shell
from gateway.agency.web.printed_forms import add_print_api, add_print_pages, printer_of
from gateway.agency.web.programme import add_programme_page
from gateway.agency.web.provider import add_provider_pages, add_provider_step_up
from gateway.agency.web.received_files import add_received_file_pages
from gateway.agency.web.second_step import add_second_step_pages
from gateway.agency.web.sign_in import add_passkey_sign_in, add_person_switch, add_sign_in_pages
from gateway.agency.web.statistics import add_statistics_api, add_statistics_pages
from gateway.agency.web.step_up import add_step_up_pages
from gateway.agency.web.waiting import HubTimeLimits
from gateway.agency.web.ways_in import WaysIn
from gateway.agency.web.work import add_work_page
from gateway.pages.dates import DateStyle
from gateway.pages.render import with_static
from gateway.protocol.application import Application
from gateway.protocol.limits import FORM_MAX_BYTES, Load, RouteLimit
from gateway.protocol.problem_responses import with_problem_schemas
from keys.keyset import Custody

FILE_FORM_MAX_BYTES = MAX_FILE_BYTES + 64 * 1024
"""A file with what the form adds to it."""
PAGE_FORM_MAX_BYTES = 4 * 1024 * 1024
"""A form with several long texts: a character of Japanese takes nine bytes in it."""
ATTACHMENT_FORM_MAX_BYTES = MAX_ATTACHMENT_BYTES + PAGE_FORM_MAX_BYTES
"""A file, and what was written so far."""
CREDENTIAL_FORM_MAX_BYTES = 3 * MAX_CREDENTIAL_CHARACTERS + FORM_MAX_BYTES
"""What an authenticator answers, as JSON in a form."""
PHONE_FORM_MAX_BYTES = MAX_ATTACHMENT_BYTES + 64 * 1024
"""A short form with photos, without a script; a script sends each photo by itself."""
MESSAGE_MAX_BYTES = FILE_FORM_MAX_BYTES
"""What a system sends as JSON is no longer than what it could send as a file."""
LIMITS = (
    RouteLimit("GET", "/healthz", Load.HEALTH),
    RouteLimit("GET", "/readyz", Load.HEALTH),
    RouteLimit("GET", "/static/{path:path}", Load.PUBLIC),
    RouteLimit("GET", "/sign-in", Load.PUBLIC),
    RouteLimit("POST", "/sign-in", Load.SIGN_IN, FORM_MAX_BYTES),
    RouteLimit("GET", "/sign-in/code", Load.PUBLIC),
    RouteLimit("POST", "/sign-in/code", Load.PUBLIC, FORM_MAX_BYTES),
    RouteLimit("GET", "/sign-in/app", Load.PUBLIC),
    RouteLimit("GET", "/sign-in/app.svg", Load.PUBLIC),
    RouteLimit("POST", "/sign-in/app", Load.PUBLIC, FORM_MAX_BYTES),
    RouteLimit("POST", "/sign-in/passkey", Load.PUBLIC, CREDENTIAL_FORM_MAX_BYTES),
    RouteLimit("GET", "/sign-in/provider", Load.PUBLIC),
    RouteLimit("GET", "/sign-in/provider/back", Load.PUBLIC),
    RouteLimit("POST", "/invitations/link", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/join", Load.PUBLIC),
    RouteLimit("POST", "/join", Load.PUBLIC, 2 * FORM_MAX_BYTES),
    RouteLimit("GET", "/invitations", Load.LOCAL),
    RouteLimit("POST", "/invitations", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/invitations/reset", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/session/left", Load.PUBLIC),
    RouteLimit("POST", "/session/keep", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/step-up", Load.LOCAL),
    RouteLimit("GET", "/step-up/provider", Load.LOCAL),
    RouteLimit("POST", "/step-up", Load.SIGN_IN, 2 * FORM_MAX_BYTES),
    RouteLimit("POST", "/step-up/passkey", Load.LOCAL, CREDENTIAL_FORM_MAX_BYTES),
    RouteLimit("GET", "/account", Load.LOCAL),
    RouteLimit("GET", "/account/{path:path}", Load.LOCAL),
    RouteLimit("POST", "/account/app", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/account/recovery-codes", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/account/passkeys", Load.LOCAL, CREDENTIAL_FORM_MAX_BYTES),
    RouteLimit("POST", "/account/passkeys/end", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/sessions", Load.LOCAL),
    RouteLimit("POST", "/sessions/end", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/sessions/end-others", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/sign-out", Load.PUBLIC, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/files", Load.HEAVY, MAX_FILE_BYTES),
    RouteLimit("POST", "/api/messages", Load.SYSTEM, MESSAGE_MAX_BYTES),
    RouteLimit("POST", "/api/programme", Load.SYSTEM, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/cases/{case}/items/{item}/open", Load.SYSTEM, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/search", Load.SYSTEM, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/cases/{case}/charge", Load.SYSTEM, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/charges/hand-over", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/api/index", Load.LOCAL),
    RouteLimit("POST", "/api/cases/{case}/official-forms/{key}", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit("GET", "/api/outbox", Load.LOCAL),
    RouteLimit("GET", "/api/log", Load.LOCAL),
    RouteLimit("GET", "/api/{path:path}", Load.SYSTEM),
    RouteLimit("POST", "/files", Load.HEAVY, FILE_FORM_MAX_BYTES),
    RouteLimit("POST", "/person", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/attachments", Load.HEAVY, MAX_ATTACHMENT_BYTES),
    RouteLimit("DELETE", "/api/attachments/{attachment}", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/cases/{case}/items/{item}/file", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit("POST", "/new/attach", Load.HEAVY, ATTACHMENT_FORM_MAX_BYTES),
    RouteLimit("POST", "/forms/{key}/attach", Load.HEAVY, ATTACHMENT_FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/disclose/attach", Load.HEAVY, ATTACHMENT_FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/forms/{key}/attach", Load.HEAVY, ATTACHMENT_FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/file", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit("POST", "/api/statistics/issues", Load.SYSTEM, FORM_MAX_BYTES),
    RouteLimit("GET", "/statistics/issues/{path:path}", Load.LOCAL),
    RouteLimit("POST", "/statistics/issue", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/drafts", Load.LOCAL, DRAFT_FORM_MAX_BYTES),
    RouteLimit("POST", "/drafts/delete", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/administration", Load.LOCAL),
    RouteLimit("GET", "/administration/people", Load.LOCAL),
    RouteLimit("GET", "/administration/settings", Load.LOCAL),
    RouteLimit("GET", "/administration/tokens", Load.LOCAL),
    RouteLimit("GET", "/administration/log", Load.LOCAL),
    RouteLimit("GET", "/roles", Load.LOCAL),
    RouteLimit("POST", "/administration/people", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/people/{what}", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/deputies", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/deputies/end", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/settings", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/settings/give-back", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/tokens", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/administration/tokens/revoke", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/new", Load.KNOWN, PAGE_FORM_MAX_BYTES),
    RouteLimit("POST", "/forms/{key}", Load.KNOWN, PAGE_FORM_MAX_BYTES),
    RouteLimit("POST", "/programme/forms/{key}", Load.KNOWN, PAGE_FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/forms/{key}", Load.KNOWN, PAGE_FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/disclose", Load.KNOWN, PAGE_FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/open", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/read", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/answer", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/search", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/charge", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/cases/{case}/another-family", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/looked", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/charges", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/charges", Load.LOCAL),
    RouteLimit("POST", "/index", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("GET", "/index", Load.LOCAL),
    RouteLimit("GET", "/family-log", Load.LOCAL),
    RouteLimit("POST", "/cases/{case}/print/{key}", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit("POST", "/meeting/papers", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit("POST", "/programme/print/oath", Load.HEAVY, FORM_MAX_BYTES),
    RouteLimit("GET", "/glossary", Load.LOCAL),
    RouteLimit("GET", "/outbox", Load.LOCAL),
    RouteLimit("GET", "/print-log", Load.LOCAL),
    RouteLimit("GET", "/address-log", Load.LOCAL),
    RouteLimit("GET", "/files", Load.LOCAL),
    RouteLimit("GET", "/phone/sw.js", Load.PUBLIC),
    RouteLimit("GET", "/phone/shell", Load.PUBLIC),
    RouteLimit("GET", "/phone/manifest.webmanifest", Load.PUBLIC),
    RouteLimit("GET", "/phone", Load.LOCAL),
    RouteLimit("POST", "/phone/contact", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/envelopes", Load.HEAVY, MAX_ENVELOPE_BYTES),
    RouteLimit("POST", "/phone/device", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/sheets", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/devices/stop", Load.LOCAL, FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/waiting", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/cases/{case}/read", Load.KNOWN, FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/cases/{case}/report", Load.HEAVY, PHONE_FORM_MAX_BYTES),
    RouteLimit("POST", "/phone/cases/{case}/concern", Load.HEAVY, PHONE_FORM_MAX_BYTES),
    RouteLimit("GET", "/{path:path}", Load.KNOWN),
)


def agency_app(
    door: Door,
    *,
    staff: Staff,
    mode: str,
    base: str = "",
    custody: Custody = "HOSTED",
    parsing_pool: ParsingPool | None = None,
    attachment_pool: AttachmentPool | None = None,
    rebuilding: BackgroundRebuild | None = None,
    hub_limits: HubTimeLimits | None = None,
    dates: DateStyle = DateStyle.BOTH,
    sign_in: SignInSettings | None = None,
    phone: PhoneSettings | None = None,
) -> Application:
    """The application of one door. ``base``: the path under which it is mounted. ``custody``: as in its key set; every page
    says so where the keys are hosted, and where nobody has said that they are not. ``parsing_pool``: reads its files, by
    default one of its own, whose
    processes end with the application; ``attachment_pool``: the same for attachments. ``dates``: in which calendar its
    pages write days; ``sign_in``: what the agency has set for signing in; ``phone``: whom a visitor telephones, and how long a
    sheet stays on a phone."""
    app = Application(
        title="架け橋 機関の窓口",
        version="1",
        limits=LIMITS,
        error_response=partial(door_error_response, base=base, mode=mode, custody=custody),
        invalid=invalid_input,
    )
    with_static(app)
    attachments = Attachments(door, attachment_pool or AttachmentPool())
    permissions = StaffPermissions(staff, lambda: door.overviews)
    door.permissions = permissions
    pages = PageContext(door, staff, permissions, mode, base, custody, attachments)
    files = Files(door, parsing_pool or ParsingPool())
    rebuilding = rebuilding or BackgroundRebuild(door)
    interrupted = InterruptedPosts(staff, pages.drafts, base)
    guard = Guard(staff, permissions, base, hub_limits or HubTimeLimits.default(mode), interrupted, dates)

    systems = guard.systems()
    add_api(systems, pages, files)
    add_families_api(systems, pages)
    printer = printer_of(door, staff, mode)
    add_print_api(systems, door, printer)
    statistics = Statistics(door)
    add_statistics_api(systems, statistics)

    public, people = guard.public(), guard.people()
    add_health(public, door)
    ways = WaysIn(pages, sign_in or SignInSettings())
    add_sign_in_pages(public, ways)
    if not staff.rehearsal_auto_sign_in:
        add_second_step_pages(public, ways)
        add_passkey_sign_in(public, ways)
        add_session_pages(public, people, ways)
        add_step_up_pages(people, ways)
        add_join_page(public, ways)
        add_invitation_pages(people, ways)
        add_account_pages(people, ways)
        if ways.provider is not None:
            add_provider_pages(public, ways, ways.provider)
            add_provider_step_up(people, ways, ways.provider)
            add_link_page(people, ways, ways.provider.settings.issuer)
    phone_pages = PhonePages(pages, Devices(door, attachments, phone or PhoneSettings()))
    pages.end_session = phone_pages.devices.end_session
    add_phone_shell(public, phone_pages)

    add_person_switch(people, pages)
    add_work_page(people, pages)
    add_case_pages(people, pages)
    add_family_pages(people, pages, rebuilding)
    add_draft_pages(people, pages)
    add_outbox_page(people, pages)
    add_glossary_page(people, pages)
    add_file_pages(people, pages, files)
    add_received_file_pages(people, pages)
    add_meeting_page(people, pages, printer)
    add_form_pages(people, pages)
    add_programme_page(people, pages)
    add_address_log_page(people, pages)
    add_print_pages(people, pages, printer)
    add_statistics_pages(people, pages, statistics)
    add_administration_pages(people, pages)
    add_state_pages(people, pages)

    app.include_router(systems, prefix=API, tags=["agency"], responses=problems(401, 403, 429, 500, 503))
    phones = guard.devices(partial(device_of_head, phone=phone_pages))
    add_phone_pages(people, phone_pages)
    add_device_routes(people, phones, phone_pages)

    app.include_router(public)
    app.include_router(phones)
    app.include_router(people)
    with_problem_schemas(app, Audience.DOOR)
    return app
