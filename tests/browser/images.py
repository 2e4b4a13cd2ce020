"""The pictures of README.md, taken anew from the demo's case load: ``python -m tests.browser.images DIR``.

``DIR``: what ``kakehashi demo --once --data DIR`` has left. Everybody in it is invented.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from gateway.audit.verification import Verifier, doors_of
from gateway.protocol.serving import ServedApp
from gateway.rehearsal.demo import pages_app
from gateway.rehearsal.scenario.rehearsal_hub import reopen_rehearsal_hub
from tests.browser.test_pages import ARGS, CHROMIUM

IMAGES = Path(__file__).parents[2] / "docs" / "images"
MAX_BYTES = 150 * 1024
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 720}


def main(folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    with reopen_rehearsal_hub(folder) as hub:
        assert hub.runtime is not None
        verifier = Verifier(hub.runtime.recorder, hub.runtime.store, hub.genesis)
        verification = verifier.run(doors=doors_of(hub.installation))
        with (
            ServedApp(pages_app(hub, verification)) as served,
            sync_playwright() as play,
            play.chromium.launch(executable_path=CHROMIUM, args=ARGS) as browser,
        ):
            wide = browser.new_context(viewport=WIDE, locale="ja-JP").new_page()
            take_wide(wide, served.url)
            phone = browser.new_context(viewport=NARROW, locale="ja-JP", device_scale_factor=2).new_page()
            phone.goto(f"{served.url}/agency/AZ-CORE/")
            phone.locator("table.work").scroll_into_view_if_needed()
            phone.evaluate("() => scrollTo(0, document.querySelector('.title-row').offsetTop)")
            save(phone, "phone")


def take_wide(page: Any, url: str) -> None:
    core, hospital = f"{url}/agency/AZ-CORE", f"{url}/agency/MID-HOSP"
    page.goto(f"{core}/")
    save(page, "work-list")
    page.locator("th.family a", has_not_text="名前をまだ開いていない").first.click()
    page.locator("#next").wait_for()
    save(page, "case")
    page.goto(f"{hospital}/new")
    page.check("[name=subject_consent][value=REFUSED]")
    page.fill("#f-text_RISK", "母が一人で抱えている。健診に来ておらず、体重が増えない。")
    page.locator("#f-form_BASIC details.group summary").first.click()
    page.fill("[name='form_BASIC.children.new.1.name.text']", "架空 さくら")
    page.fill("[name='form_BASIC.children.new.1.name.kana']", "かくう さくら")
    page.click("button[value=preview]")
    save(page, "preview")
    page.goto(f"{url}/audit/exceptions")
    save(page, "auditor")


def save(page: Any, name: str) -> None:
    """What is in the window, as WebP. Raises AssertionError if that is larger than a README should load."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    out = BytesIO()
    picture.save(out, "WEBP", quality=80, method=6)
    assert out.tell() <= MAX_BYTES, (name, out.tell())
    (IMAGES / f"{name}.webp").write_bytes(out.getvalue())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
