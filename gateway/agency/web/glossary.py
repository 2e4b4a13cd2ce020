"""用語と手続き: what the words of the pages mean, and for each form what it does, by which law, and what happens then."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from gateway.agency.forms.kinds import Form
from gateway.agency.forms.table import FORMS
from gateway.agency.web.guard import SignedIn, needs_no_hub
from gateway.agency.web.page_context import PageContext
from gateway.pages.glossary import GLOSSARY
from gateway.pages.law import law_of


def add_glossary_page(people: APIRouter, pages: PageContext) -> None:
    """One page, made of the labels and of the table of forms."""

    @people.get("/glossary", response_class=HTMLResponse, include_in_schema=False)
    @needs_no_hub
    def glossary(person: SignedIn) -> Response:
        groups: dict[str, list[tuple[Form, str]]] = {}
        for form in FORMS.values():
            groups.setdefault(form.group, []).append((form, law_of(form.act)))
        return pages.render_page(
            "glossary.html",
            "用語と手続き",
            person,
            current_path="/glossary",
            glossary=GLOSSARY,
            groups=groups,
        )
