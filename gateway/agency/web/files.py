"""Sending a file of the agency's own systems from a page."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from adapters.agencies import Finding, Outcome, WrongFile
from gateway.agency.files import Files
from gateway.agency.staff import Person
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext


def add_file_pages(people: APIRouter, pages: PageContext, files: Files) -> None:
    """Choose a file, send it, and read what became of each of its messages."""

    def render_page(
        person: Person,
        *,
        status: int = 200,
        findings: Sequence[Finding] = (),
        rows: Sequence[tuple[str, Outcome]] = (),
    ) -> HTMLResponse:
        return pages.render_page(
            "files.html",
            "ファイル送付",
            person,
            status=status,
            current_path="/files",
            findings=findings,
            rows=rows,
        )

    @people.get("/files", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def choose_file(person: SignedIn) -> Response:
        return render_page(person)

    @people.post("/files", response_class=HTMLResponse, include_in_schema=False)
    async def send_file(request: Request, person: SignedIn) -> Response:
        async with request.form(max_files=1, max_fields=1) as form:
            uploaded = form.get("file")
            data = await uploaded.read() if isinstance(uploaded, UploadFile) else b""
        try:
            file_result = await run_in_threadpool(files.send, person, data)
        except WrongFile as wrong:
            return await run_in_threadpool(render_page, person, findings=wrong.findings, status=400)
        return await run_in_threadpool(render_page, person, rows=file_result.rows)
