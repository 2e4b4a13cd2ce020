"""A real browser keeps the session of a door: over plain HTTP on this machine, and never under another name of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.agency.web.cookies import SESSION
from gateway.protocol.serving import ServedApp
from tests.browser.test_pages import ARGS, CHROMIUM
from tests.gateway.test_strangers import DoorWithoutHub

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def cookies_after_sign_in(url: str, resolver: str) -> list[dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as play_,
        play_.chromium.launch(executable_path=CHROMIUM, args=[*ARGS, resolver]) as launched,
    ):
        page = launched.new_page()
        page.goto(f"{url}/sign-in")
        page.fill("#actor", "staff.a1")
        page.fill("#passphrase", "correct horse battery")
        page.click("main button")
        page.goto(f"{url}/files")
        return [{**cookie, "at": page.url} for cookie in page.context.cookies()]


@pytest.mark.parametrize(("host", "is_kept"), [("127.0.0.1", True), ("door.example", False)])
def test_a_session_is_kept_where_nobody_can_listen(tmp_path: Path, host: str, is_kept: bool) -> None:
    """A form of ``door.example`` over plain HTTP is refused already, since its origin is not of TLS."""
    staff = Staff(tmp_path / "staff.db")
    staff.add("staff.a1", "職員A", b"correct horse battery")
    app = agency_app(cast(Any, DoorWithoutHub()), staff=staff, mode="real")
    try:
        with ServedApp(app, host_names=[host]) as served:
            resolver = "--host-resolver-rules=MAP door.example 127.0.0.1"
            cookies = cookies_after_sign_in(f"http://{host}:{served.port}", resolver)
    finally:
        staff.close()
    kept = [c for c in cookies if c["name"] == SESSION]
    assert [(c["secure"], c["httpOnly"], c["path"], c["sameSite"]) for c in kept] == (
        [(True, True, "/", "Strict")] if is_kept else []
    )
    assert all(c["at"].endswith("/files") for c in kept)  # not sent back to the sign-in
