"""Registration of a case with the network, and its removal."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.forms.bases import fitting_bases
from gateway.agency.forms.kinds import (
    COORD,
    CORE,
    Field,
    Form,
    FormContext,
    InputKind,
    To,
    reason_field,
    reason_section,
)
from gateway.agency.forms.sections import folded
from gateway.pages.labels import REASON_LABELS, STANDINGS

GROUP = "要対協"
REQUEST_BASES = ("APPI-69-1", "CWA-25-2-2")
"""Within one municipality first: before the registration the network's own basis does not apply."""


def _bases_of_request(form_context: FormContext, agency: str) -> list[str]:
    return fitting_bases(form_context, agency, unsolicited=True, preferred=REQUEST_BASES)


NETWORK_FORMS = (
    Form(
        key="registration-request",
        act=e.NetworkCaseRegistrationRequested,
        title="要対協への登録を求める",
        description="関係機関で情報を交換するために、調整機関へ登録を求めます。",
        next_step="調整機関の仕事一覧に出ます。",
        group=GROUP,
        roles=CORE,
        section_inputs=(
            reason_section("登録を求める理由"),
            *folded(Section.BASIC, Section.RISK, Section.PREG, Section.CHILD, Section.CAREGIVER, Section.ENV),
        ),
        to=To(
            roles=COORD,
            preselected_roles=COORD,
            is_required=True,
            bases_for=_bases_of_request,
            has_default_basis=True,
        ),
        send="登録を求める",
    ),
    Form(
        key="registration",
        act=e.NetworkCaseRegistered,
        title="要対協に登録する",
        description="この事例を要対協の進行管理に載せます。",
        next_step="構成員どうしの情報交換の根拠(児福法25条の2第2項など)が使えるようになります。",
        group=GROUP,
        roles=COORD,
        fields=(Field(name="standing", label="登録の区分", input_kind=InputKind.ONE, choices=STANDINGS),),
        to=To(roles=CORE, preselected_roles=CORE),
        tasks=frozenset({"REGISTER"}),
        send="登録する",
    ),
    Form(
        key="deregistration",
        act=e.NetworkCaseDeregistered,
        title="要対協の登録を外す",
        description="進行管理から外します。理由が要ります。",
        next_step="要対協を根拠とする情報交換は、この先できなくなります。",
        group=GROUP,
        roles=COORD,
        fields=(reason_field(REASON_LABELS, "GOAL_WAS_REACHED", "MOVED_AWAY", "NO_LONGER_FITS"),),
        section_inputs=(reason_section(),),
        to=To(roles=CORE, preselected_roles=CORE),
        send="登録を外す",
    ),
)
