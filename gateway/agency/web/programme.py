"""Contracts, workers, training and the network's members: what is about no single case."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from domain.events import Kind
from gateway.agency.forms.table import FORMS, forms_for_programme
from gateway.agency.web.form_context import form_context_of, programme_subjects
from gateway.agency.web.guard import SignedIn
from gateway.agency.web.page_context import PageContext


def add_programme_page(people: APIRouter, pages: PageContext) -> None:
    """Our own agency, our networks and our commissions, each with the forms that are offered for it."""

    @people.get("/programme", response_class=HTMLResponse, include_in_schema=False)
    def programme(person: SignedIn, done: str = "") -> Response:
        form_context = form_context_of(pages, person)
        subjects = programme_subjects(pages, person, form_context)
        return pages.render_page(
            "programme.html",
            "委託・研修",
            person,
            current_path="/programme",
            own_agency=subjects.own_agency,
            own_forms=forms_for_programme(form_context, subjects.own_agency, Kind.AGENCY),
            commissions=[
                (c, forms_for_programme(replace(form_context, about=c), c, Kind.COMMISSION))
                for c in subjects.commissions
            ],
            networks=[
                (n, forms_for_programme(replace(form_context, about=n), n, Kind.NETWORK))
                for n in subjects.networks
            ],
            names=pages.names(),
            agency=form_context.agency,
            done=FORMS.get(done),
        )
