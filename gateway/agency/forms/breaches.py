"""Data breaches: that one came to light, its reports, and the notice to the persons concerned."""

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
from gateway.pages.dates import day_text
from gateway.pages.labels import BREACH_INTENTS, BREACH_STAGES, NOTICE_EXCEPTIONS
from gateway.pages.texts import SECTIONS


def _finalise_breach(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    field_values = check_not_in_future("found_at")(field_values, form_context)
    if field_values["stage"] == "FINAL" and not field_values["answers"]:
        raise FieldError("answers", "確報には、もとになる漏えいか速報を選んでください。")
    if field_values["stage"] == "PRELIMINARY" and field_values["answers"] not in {
        None,
        *_leaks(form_context),
    }:
        return {**field_values, "answers": None}
    return field_values


def _leaks(form_context: FormContext) -> Choices:
    """The leaks of this case that we have recorded."""
    own = [m for m in form_context.messages if m["act"] == e.BreachDetected.TOPIC and ours(form_context, m)]
    return {m["message"]: f"{day_text(m['at'])} に記録した漏えい" for m in own}


def _reported(form_context: FormContext) -> Choices:
    """What a report can be about: our leaks, and our preliminary reports."""
    return {**_leaks(form_context), **_preliminary_reports(form_context)}


def _preliminary_reports(form_context: FormContext) -> Choices:
    """Our preliminary reports of this case."""
    own_breach_reports = [
        m for m in form_context.messages if m["act"] == e.BreachReported.TOPIC and ours(form_context, m)
    ]
    return {
        m["message"]: f"{day_text(m['at'])} の速報"
        for m in own_breach_reports
        if m.get("fields", {}).get("stage") == "PRELIMINARY"
    }


LEAKED_FIELD = Field(
    name="leaked",
    label="漏れた(おそれのある)情報区分",
    input_kind=InputKind.MANY,
    choices={s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY},
)

BREACH_FORMS = (
    Form(
        key="breach-detected",
        act=e.BreachDetected,
        title="漏えい等に気づいたことを記録する",
        description="情報が漏れた、失われた、または誤って渡したおそれに気づいたときに、まず記録します。",
        next_step="概ね3〜5日のうちに速報し、30日(不正の目的のおそれがあるか分からないときは60日)のうちに確報し、本人に知らせます。",
        group="連絡・回答",
        fields=(
            Field(
                name="detected_at",
                label="気づいた日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
            ),
            LEAKED_FIELD,
            Field(
                name="persons",
                label="本人の人数",
                input_kind=InputKind.COUNT,
                is_required=False,
                help="まだ分からなければ、空けておいてください。",
            ),
            Field(
                name="intent", label="不正の目的のおそれ", input_kind=InputKind.ONE, choices=BREACH_INTENTS
            ),
        ),
        section_inputs=(reason_section("分かっていることと、とった措置"),),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, help="委託元・中核機関に知らせます。"),
        finalise=check_not_in_future("detected_at"),
        send="記録する",
    ),
    Form(
        key="breach-informed",
        act=e.BreachSubjectsInformed,
        title="漏えい等を本人に知らせた",
        description="漏えいを本人に知らせたこと、または知らせない理由を記録します。",
        next_step="知らせるまで、期限を過ぎると警報が出ます。",
        group="連絡・回答",
        fields=(
            Field(
                name="answers",
                label="どの漏えいか",
                input_kind=InputKind.ONE,
                choices=_leaks,
                default=lambda s: list(_leaks(s))[:1],
            ),
            Field(name="persons", label="知らせた人数", input_kind=InputKind.COUNT),
            Field(
                name="exception",
                label="知らせない人がいるときの理由",
                input_kind=InputKind.ONE,
                choices=NOTICE_EXCEPTIONS,
                is_required=False,
            ),
        ),
        tasks=frozenset({"LATE_BREACH_NOTICE"}),
        send="記録する",
    ),
    Form(
        key="breach",
        act=e.BreachReported,
        title="漏えいを報告する",
        description="情報が漏れた、失われた、または誤って渡したおそれに気づいたときに、分かる範囲ですぐ報告します(速報)。",
        next_step="30日のうち(不正の目的のおそれがあるか分からないときは60日のうち)に確報を出します。後から分かったことは、同じ形で続報します。",
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
                label="もとになる漏えい・速報",
                input_kind=InputKind.ONE,
                choices=_reported,
                is_required=False,
                help="速報は記録した漏えいを、確報と続報はその漏えいか速報を選びます。",
                default=lambda s: list(_reported(s))[:1],
                visible_if=lambda s: bool(_reported(s)),
            ),
            Field(
                name="found_at",
                label="気づいた日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
            ),
            LEAKED_FIELD,
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
        tasks=frozenset({"REPORT_BREACH", "LATE_BREACH", "LATE_BREACH_PRELIMINARY", "LATE_BREACH_INTENT"}),
        finalise=lambda field_values, form_context: _finalise_breach(
            {"answers": None, **field_values}, form_context
        ),
        send="報告する",
    ),
)
