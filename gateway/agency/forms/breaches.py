"""Data breaches: preliminary and final report."""

from __future__ import annotations

from domain import events as e
from domain.codes import AUTHOR_ONLY, Section
from gateway.agency.forms.fill import FieldError, local_input_value
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CORE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    To,
    ours,
    reason_section,
)
from gateway.agency.forms.safety import check_not_in_future
from gateway.pages.labels import BREACH_STAGES
from gateway.pages.texts import SECTIONS


def _finalise_breach(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    field_values = check_not_in_future("found_at")(field_values, form_context)
    if field_values["stage"] == "FINAL" and not field_values["answers"]:
        raise FieldError("answers", "確報には、もとになる速報を選んでください。")
    return {**field_values, "answers": field_values["answers"] if field_values["stage"] == "FINAL" else None}


def _preliminary_reports(form_context: FormContext) -> Choices:
    """Our preliminary reports of this case."""
    own_breach_reports = [
        m for m in form_context.messages if m["act"] == e.BreachReported.TOPIC and ours(form_context, m)
    ]
    return {
        m["message"]: f"{m['at'][:10]} の速報"
        for m in own_breach_reports
        if m.get("fields", {}).get("stage") == "PRELIMINARY"
    }


BREACH_FORMS = (
    Form(
        key="breach",
        act=e.BreachReported,
        title="漏えいを報告する",
        description="情報が漏れた、失われた、または誤って渡したおそれに気づいたときに、分かる範囲ですぐ報告します(速報)。",
        next_step="30日のうちに確報を出します。本人への通知の有無も報告します。",
        group="連絡・回答",
        fields=(
            Field(
                name="stage",
                label="報告の段階",
                input_kind=InputKind.ONE,
                choices=BREACH_STAGES,
                default=lambda s: ["FINAL" if _preliminary_reports(s) else "PRELIMINARY"],
            ),
            Field(
                name="answers",
                label="もとになる速報",
                input_kind=InputKind.ONE,
                choices=_preliminary_reports,
                is_required=False,
                help="確報のときだけ選びます。",
                default=lambda s: list(_preliminary_reports(s))[:1],
                visible_if=lambda s: bool(_preliminary_reports(s)),
            ),
            Field(
                name="found_at",
                label="気づいた日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
            ),
            Field(
                name="leaked",
                label="漏れた(おそれのある)情報区分",
                input_kind=InputKind.MANY,
                choices={s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY},
            ),
            Field(
                name="persons",
                label="本人の人数",
                input_kind=InputKind.COUNT,
                help="分からなければ、分かる範囲の数。",
            ),
            Field(
                name="subjects_informed",
                label="本人に知らせましたか",
                input_kind=InputKind.YES,
                choices={"yes": "知らせた", "no": "まだ知らせていない"},
            ),
        ),
        section_inputs=(reason_section("経緯と、とった措置"),),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, help="委託元・中核機関に知らせます。"),
        tasks=frozenset({"LATE_BREACH"}),
        finalise=lambda field_values, form_context: _finalise_breach(
            {"answers": None, **field_values}, form_context
        ),
        send="報告する",
    ),
)
