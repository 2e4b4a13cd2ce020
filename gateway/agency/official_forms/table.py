"""The official forms: what each may hold, where it is offered, and the function that fills it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.codes import Flag, Section
from gateway.agency.official_forms import (
    information,
    minutes,
    notification,
    oath,
    plan,
    request,
    transfer,
    visit,
)
from gateway.agency.official_forms.contents import Contents
from gateway.agency.official_forms.control import Control
from gateway.agency.official_forms.layout import PrintedForm

_NOT_FOR_THE_FAMILY = frozenset(
    {Flag.NEVER_TO_GUARDIAN, Flag.DV_PROTECTED, Flag.THIRD_PARTY, Flag.CHILD_STATEMENT}
)
"""What a child has confided, too: nobody knows into whose hands the sheet comes."""
_TRACES = frozenset({Flag.NOTIFIER_TRACE, Flag.ADDRESS_TRACE})


@dataclass(frozen=True, kw_only=True)
class OfficialForm:
    """One form. ``sections``: what may be opened for it; ``acts``: the messages at which it is offered.

    ``excluded``: items with one of these flags are never printed on it; ``form_data``: pure.
    """

    key: str
    title: str
    sections: tuple[Section, ...]
    acts: tuple[str, ...]
    form_data: Callable[[Contents, Control], PrintedForm]
    excluded: frozenset[Flag] = frozenset()

    @property
    def file_name(self) -> str:
        """The name of the printed file, which names nobody."""
        return f"{self.key}.pdf"


_ALL = (
    OfficialForm(
        key="information-child",
        title="要支援児童等に関する情報提供書(児童)",
        sections=information.SECTIONS,
        acts=information.ACTS,
        form_data=information.of_children,
        excluded=_TRACES,
    ),
    OfficialForm(
        key="information-pregnancy",
        title="要支援児童等に関する情報提供書(妊婦)",
        sections=information.SECTIONS,
        acts=information.ACTS,
        form_data=information.of_expectant_mothers,
        excluded=_TRACES,
    ),
    OfficialForm(
        key="notification",
        title="虐待相談・通告受付票",
        sections=notification.SECTIONS,
        acts=notification.ACTS,
        form_data=notification.intake,
    ),
    OfficialForm(
        key="support-plan",
        title="サポートプラン",
        sections=plan.SECTIONS,
        acts=plan.ACTS,
        form_data=plan.for_family,
        excluded=_TRACES | _NOT_FOR_THE_FAMILY,
    ),
    OfficialForm(
        key="visit-report",
        title="養育支援訪問報告書",
        sections=visit.SECTIONS,
        acts=visit.ACTS,
        form_data=visit.report,
    ),
    OfficialForm(
        key="minutes",
        title="個別ケース検討会議 会議録",
        sections=minutes.SECTIONS,
        acts=minutes.ACTS,
        form_data=minutes.minutes,
    ),
    OfficialForm(
        key="transfer",
        title="ケース移管通知書",
        sections=transfer.SECTIONS,
        acts=transfer.ACTS,
        form_data=transfer.notice,
        excluded=_TRACES,
    ),
    OfficialForm(
        key="request",
        title="情報提供等協力依頼書",
        sections=request.SECTIONS,
        acts=request.ACTS,
        form_data=request.request,
        excluded=_TRACES,
    ),
)
OFFICIAL_FORMS: Mapping[str, OfficialForm] = {form.key: form for form in _ALL}
"""Of a case, by key."""
PRINTABLE_ACTS = frozenset(act for form in _ALL for act in form.acts)
"""Messages for which there is a form."""
OATH = OfficialForm(key="oath", title="誓約書", sections=(), acts=(), form_data=oath.oath)
"""Of the programme: about a visitor, and about no case."""
