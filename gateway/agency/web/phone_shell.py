"""What a phone keeps to start without signal: a page without any data, its scripts and its look. Nobody need be signed in.

The worker caches just these files. Its script has their digest as its version: a browser takes a new worker up only
where the script itself has changed.
"""

from __future__ import annotations

import json
from functools import cache

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from gateway.agency.forms import visitor_forms as short
from gateway.agency.web.phone import MAX_PHOTOS, PHONE_POLICY, PhonePages
from gateway.pages.render import PAGES_FOLDER
from keys.lp import sha256

SHELL_FILES = (
    "kakehashi.css",
    "icon.svg",
    *(
        f"phone/{name}"
        for name in ("phone.css", "app.js", "clock.js", "forms.js", "noble.js", "outbox.js", "store.js")
    ),
)
ICONS = {"phone/icon-192.png": "192x192", "phone/icon-512.png": "512x512"}


@cache
def _static_digest() -> bytes:
    static = PAGES_FOLDER / "static"
    return sha256(b"".join((static / name).read_bytes() for name in SHELL_FILES))


def add_phone_shell(public: APIRouter, phone: PhonePages) -> None:
    base = phone.pages.base

    def shell_page() -> Response:
        return phone.render(
            "phone_shell.html",
            "きょうの訪問(通信なし)",
            None,
            choices=short,
            max_photos=MAX_PHOTOS,
            prefilled=short.Prefilled("", "", ""),
        )

    @public.get("/phone/shell", response_class=HTMLResponse, include_in_schema=False)
    def shell() -> Response:
        return shell_page()

    @public.get("/phone/sw.js", include_in_schema=False)
    def worker() -> Response:
        version = sha256(_static_digest() + bytes(shell_page().body)).hex()[:16]
        files = [f"{base}/phone/shell", *(f"{base}/static/{name}" for name in SHELL_FILES)]
        source = (PAGES_FOLDER / "static" / "phone" / "worker.js").read_text(encoding="utf-8")
        head = f"const VERSION = {json.dumps(version)};\nconst BASE = {json.dumps(base)};\nconst FILES = {json.dumps(files)};\n"
        return Response(
            head + source,
            media_type="text/javascript",
            headers={"Content-Security-Policy": PHONE_POLICY, "Cache-Control": "no-cache"},
        )

    @public.get("/phone/manifest.webmanifest", include_in_schema=False)
    def manifest() -> Response:
        icons = [
            {"src": f"{base}/static/{name}", "sizes": size, "type": "image/png", "purpose": "any maskable"}
            for name, size in ICONS.items()
        ]
        about = {
            "id": f"{base}/phone/",
            "name": "架け橋 きょうの訪問",
            "short_name": "訪問",
            "lang": "ja",
            "start_url": f"{base}/phone/",
            "scope": f"{base}/phone/",
            "display": "standalone",
            "background_color": "#ffffff",
            "theme_color": "#0017c1",
            "icons": icons,
        }
        return Response(
            json.dumps(about, ensure_ascii=False),
            media_type="application/manifest+json",
            headers={"Cache-Control": "no-cache"},
        )
