"""What an agency discloses of its own accord, and what it asks: a family it refers, sections about a known one, a question."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain import events as e
from domain.calendar import day_of
from domain.codes import Section, SubjectConsent
from domain.indicators import INDICATORS
from gateway.agency.forms.bases import fitting_bases
from gateway.agency.forms.kinds import (
    CORE,
    Choices,
    Field,
    Form,
    FormContext,
    InputKind,
    To,
)
from gateway.agency.forms.references import own_decisions_not_to_disclose
from gateway.agency.forms.sections import folded, section_of
from gateway.pages.texts import CONSENTS

GROUP = "連絡・回答"
ANSWER_DAYS = 14
"""A proposal for the day by which a question is to be answered."""
REFERRAL_BASES = ("CWA-21-10-5", "CWA-25-2-2", "CWA-21-10-4", "CWA-26-1-8", "CWA-25-7-1", "CAPA-6-1")
DISCLOSURE_BASES = ("CWA-25-2-2", "CWA-21-10-2-3")
QUESTION_BASES = ("CWA-25-3-1", "CWA-25-2-2", "CAPA-13-4")
_OTHERS = (
    *(Section.CHILD, Section.CAREGIVER, Section.ENV, Section.PREG, Section.MEDICAL, Section.RISK),
    *(Section.PLAN, Section.VISIT, Section.CONF, Section.CLOSING, Section.ADDR, Section.NOTIFIER),
)


def _bases_of_referral(form_context: FormContext, agency: str) -> list[str]:
    return fitting_bases(form_context, agency, unsolicited=True, preferred=REFERRAL_BASES)


def _bases_of_disclosure(form_context: FormContext, agency: str) -> list[str]:
    return fitting_bases(form_context, agency, unsolicited=True, preferred=DISCLOSURE_BASES)


def _bases_of_question(form_context: FormContext, agency: str) -> list[str]:
    return fitting_bases(form_context, agency, unsolicited=False, preferred=QUESTION_BASES)


def _core_agency(form_context: FormContext) -> list[str]:
    """The core agency to which we referred a family last, else that of our municipality, else the only one; nobody where that
    is open."""
    cores = [id for id, other in form_context.agencies.items() if other.roles & CORE]
    before = next((id for id in form_context.referred_to() if id in cores), None)
    if before is not None:
        return [before]
    own = [
        id
        for id in cores
        if form_context.municipality and form_context.agencies[id].municipality == form_context.municipality
    ]
    return own if len(own) == 1 else cores if len(cores) == 1 else []


def _core_of_case(form_context: FormContext) -> list[str]:
    """The core agency that takes part in the case already; nobody where we are one ourselves."""
    if form_context.roles & CORE:
        return []
    participants = {m["by"] for m in form_context.messages} | {
        a for m in form_context.messages for a in m.get("to", [])
    }
    cores = [a for a, other in form_context.agencies.items() if other.roles & CORE and a in participants]
    return cores if len(cores) == 1 else []


def _indicator_choices(form_context: FormContext, code: str) -> Choices:
    return {"CONCERN": "気になる", "SERIOUS": "強く気になる", "NO_CONCERN": "気にならない"}


def _proposed_day(form_context: FormContext) -> list[str]:
    return [(day_of(form_context.now) + timedelta(days=ANSWER_DAYS)).isoformat()]


DISCLOSING_FORMS = (
    Form(
        key="referral",
        act=e.FamilyInformationProvided,
        title="気になる家庭を知らせる",
        description="支援が要ると思われる家庭を、市町村の中核機関へ知らせます。分かることだけを書けば足ります。",
        next_step="中核機関の仕事一覧に出て、受け取り・読んだこと・対応がここに返ってきます。",
        group=GROUP,
        fields=(
            Field(
                name="subject_consent",
                label="本人(保護者・妊婦)の同意",
                input_kind=InputKind.ONE,
                choices={code: CONSENTS[code] for code in (c.value for c in SubjectConsent)},
                help="同意がなくても、拒否されていても知らせることができます(児福法21条の10の5)。",
            ),
            Field(
                name="weeks_pregnant",
                label="妊娠週数(妊婦のとき)",
                input_kind=InputKind.COUNT,
                is_required=False,
            ),
            Field(
                name="indicators",
                label="気づいた指標",
                input_kind=InputKind.EACH,
                rows=lambda form_context: {i.code: i.label for i in INDICATORS},
                row_choices=_indicator_choices,
                is_required=False,
                help="ガイドラインの36項目です。気づいたものだけを選びます。",
                is_folded=True,
            ),
        ),
        section_inputs=(
            section_of(Section.RISK, "心配なこと・知らせる理由"),
            replace(section_of(Section.BASIC, "家庭(家族構成・連絡先)"), has_folded_fields=False),
            *folded(Section.CHILD, Section.CAREGIVER, Section.ENV, Section.PREG, Section.MEDICAL),
            *folded(Section.ADDR),
        ),
        to=To(
            is_required=True,
            suggested=_core_agency,
            bases_for=_bases_of_referral,
            has_default_basis=True,
        ),
        begins_case=True,
        is_previewed=True,
        children_from_content=True,
        send="知らせる",
    ),
    Form(
        key="disclosure",
        act=e.DisclosureMade,
        title="情報を提供する",
        description="相手に必要なことだけを提供します。提供したことは取り消せません。",
        next_step="宛先だけが開けます。だれがいつ開いたかが記録されます。",
        group=GROUP,
        fields=(
            Field(
                name="answers",
                label="見直す判断(提供しないと決めていたとき)",
                input_kind=InputKind.ONE,
                choices=own_decisions_not_to_disclose,
                is_required=False,
                visible_if=lambda form_context: bool(own_decisions_not_to_disclose(form_context)),
            ),
        ),
        section_inputs=folded(Section.BASIC, *_OTHERS),
        to=To(is_required=True, suggested=_core_of_case, bases_for=_bases_of_disclosure),
        is_previewed=True,
    ),
    Form(
        key="question",
        act=e.InformationRequested,
        title="照会する(尋ねる)",
        description="ほかの機関に、家庭について知っていることを尋ねます。",
        next_step="期限までに、回答か、回答できない理由が返ってきます。",
        group=GROUP,
        fields=(
            Field(
                name="due_on",
                label="回答の期限",
                input_kind=InputKind.DAY,
                is_required=False,
                default=_proposed_day,
            ),
        ),
        section_inputs=folded(Section.BASIC, *_OTHERS),
        to=To(is_required=True, bases_for=_bases_of_question),
        is_previewed=True,
        send="尋ねる",
    ),
)
