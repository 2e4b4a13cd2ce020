"""Every form, by its key; which are offered where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from domain.errors import NotThere
from domain.events import Kind
from gateway.agency.forms.course import COURSE
from gateway.agency.forms.emergency import EMERGENCY
from gateway.agency.forms.keeping import KEEPING
from gateway.agency.forms.kinds import Form, Message, Scene
from gateway.agency.forms.meetings import MEETINGS
from gateway.agency.forms.moves import MOVES
from gateway.agency.forms.programme import AUDIT, PROGRAMME
from gateway.agency.forms.rights import RIGHTS
from gateway.agency.forms.safety import ANSWERS, SAFETY
from gateway.agency.forms.support import SUPPORT

FORMS: Mapping[str, Form] = {
    form.key: form
    for form in (
        *SAFETY,
        *EMERGENCY,
        *ANSWERS,
        *COURSE,
        *SUPPORT,
        *MOVES,
        *RIGHTS,
        *MEETINGS,
        *KEEPING,
        AUDIT,
        *PROGRAMME,
    )
}


def form_of(key: str) -> Form:
    """The form of this key. Raises NotThere."""
    if key not in FORMS:
        raise NotThere("form-not-there", "choose a form that a page offers")
    return FORMS[key]


def of_case(scene: Scene) -> dict[str, list[Form]]:
    """What can be said about a case as a whole, by group."""
    found: dict[str, list[Form]] = {}
    for form in FORMS.values():
        if form.of_case and form.fits(scene):
            found.setdefault(form.group, []).append(form)
    return found


def of_message(scene: Scene, message: Message) -> list[Form]:
    """What can be said about this message."""
    about = replace(scene, about=message)
    return [f for f in FORMS.values() if not f.of_case and f.offered_about(about, message)]


def beginning(scene: Scene) -> list[Form]:
    """What can begin a case."""
    return [form for form in FORMS.values() if form.begins and form.fits(scene)]


def of_programme(scene: Scene, about: Message, kind: Kind) -> list[Form]:
    """What can be said about a commission, or about our own agency."""
    found = [f for f in FORMS.values() if f.act.ON is kind and kind is not Kind.CASE]
    return [f for f in found if f.fits(scene) and f.open(scene, about)]


def doing(scene: Scene, task: Mapping[str, object]) -> Iterator[Form]:
    """The forms that do what this line of the work list asks."""
    message = scene.message(task["message"])
    for form in FORMS.values():
        if task["kind"] not in form.tasks or not form.fits(scene):
            continue
        if form.of_case or (message is not None and form.offered_about(scene, message)):
            yield form
