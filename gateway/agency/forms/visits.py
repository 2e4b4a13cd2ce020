"""Visits: who is assigned, what was planned, done, refused, and what concerned the visitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain import events as e
from domain.codes import Purpose, Section
from domain.rulebook import QUALIFICATIONS
from gateway.agency.case_state import plans_in_force
from gateway.agency.forms.content_inputs import VISIT_INPUTS, VISIT_REPORT_INPUTS
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    COMMISSIONED,
    CONSENT_INDEPENDENT_BASES,
    CONTRACTOR,
    CORE,
    TO_CORE,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    SectionText,
    To,
    child_seen_field,
    reason_field,
)
from gateway.agency.forms.references import POSTPONED_VISIT_FIELD, VISIT_FIELD
from gateway.agency.forms.safety import CHILD_SEEN
from gateway.agency.forms.sections import folded, with_fields
from gateway.pages.dates import day_text
from gateway.pages.labels import GAPS, REASON_LABELS, VISITOR_ROLES

VISITS = "訪問"
OFF_ROLL = "-"
"""Stands for a visitor who is on no roll that this door knows."""
VISITOR_RECIPIENTS = To(roles=CONTRACTOR | CORE, bases=COMMISSIONED, default_basis=COMMISSIONED[0])


def _visiting_agencies(form_context: FormContext) -> Choices:
    """Our own agency, and every contractor."""
    own_agency_choice = {form_context.agency: "自機関"}
    return own_agency_choice | {
        id: other.name for id, other in form_context.agencies.items() if other.roles & CONTRACTOR
    }


def _assigned_workers(form_context: FormContext) -> Choices:
    """The assigned workers that this door knows of."""
    assigned_workers: dict[str, str] = {}
    for m in form_context.messages:
        fields = m.get("fields", {})
        if m["act"] == e.SupportWorkerAssigned.TOPIC:
            assigned_workers[f"{fields['agency']} {fields['worker']}"] = fields["worker"]
        elif m["act"] == e.SupportWorkerUnassigned.TOPIC:
            assigned_workers.pop(f"{fields['agency']} {fields['worker']}", None)
    return assigned_workers


def _visitors_on_rolls(form_context: FormContext) -> Choices:
    """Everybody on the rolls that this door knows, with what each still lacks; those first who can be assigned."""
    choices = {
        f"{agency} {worker}": _visitor_text(form_context, agency, worker, gaps)
        for agency, workers in form_context.roll().items()
        for worker, gaps in sorted(workers.items(), key=lambda row: (bool(row[1]), row[0]))
    }
    return {**choices, OFF_ROLL: "この一覧にいない人(下に登録番号を書く)"}


def _visitor_text(form_context: FormContext, agency: str, worker: str, gaps: Sequence[str]) -> str:
    own, other = agency == form_context.agency, form_context.agencies.get(agency)
    name = form_context.people.get(worker, "") if own else ""
    who = (
        f"{'自機関' if own else other.name if other else 'ほかの機関'}: {f'{name} ' if name else ''}{worker}"
    )
    return f"{who}(まだ割り当てられません: {_gaps_text(gaps)})" if gaps else who


def _gaps_text(gaps: Sequence[str]) -> str:
    return "、".join(GAPS.get(gap, gap) for gap in gaps)


def _knows_a_roll(form_context: FormContext) -> bool:
    return any(form_context.roll().values())


def _check_roll(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """Who is on no roll is named as such, and what somebody on it lacks by its name; the hub decides anew."""
    chosen = field_values.pop("visitor", None) or OFF_ROLL
    field_name = "worker" if chosen == OFF_ROLL else "visitor"
    if chosen != OFF_ROLL:
        agency, _, worker = chosen.partition(" ")
        if field_values.get("worker") not in (None, worker):
            raise FieldError(
                "worker", "一覧で選んだ人と、書いた登録番号が違います。どちらか一方にしてください。"
            )
        field_values |= {"agency": agency, "worker": worker}
    for name, label in (("agency", "訪問する機関"), ("worker", "訪問支援者(登録番号)")):
        if field_values.get(name) is None:
            raise FieldError(name, f"「{label}」を記入してください。")
    of_agency = form_context.roll().get(field_values["agency"])
    gaps = None if of_agency is None else of_agency.get(field_values["worker"])
    if of_agency is not None and gaps is None:
        raise FieldError(
            "worker",
            "この登録番号の訪問支援者は、選んだ機関の名簿にいません。「委託・研修」の画面で登録を確かめてください。",
        )
    if gaps:
        raise FieldError(
            field_name,
            f"この訪問支援者はまだ割り当てられません。そろっていないもの: {_gaps_text(gaps)}。",
        )
    return field_values


def _finalise_unassignment(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    agency, _, worker = field_values["worker"].partition(" ")
    return {"agency": agency, "worker": worker}


def _plans_in_force(form_context: FormContext) -> Choices:
    """What brought the plan in force to this door, the newest first."""
    plans = plans_in_force(form_context.messages, form_context.agency)
    return {m["message"]: f"{day_text(str(m['at']))} に届いた計画" for m in plans}


VISIT_FORMS = (
    Form(
        key="assign",
        act=e.SupportWorkerAssigned,
        title="訪問支援者を割り当てる",
        description="この家庭を訪問する人を決めます。研修・誓約書・委託要件がそろった人だけを割り当てられます。",
        next_step="委託先は、この家庭の訪問に要る情報を受けられるようになります。",
        group=VISITS,
        roles=CORE,
        fields=(
            Field(
                name="visitor",
                label="訪問支援者",
                input_kind=InputKind.ONE,
                choices=_visitors_on_rolls,
                help="自機関と委託先の名簿にいる人です。",
                visible_if=_knows_a_roll,
            ),
            Field(
                name="agency",
                label="訪問する機関",
                input_kind=InputKind.ONE,
                choices=_visiting_agencies,
                is_required=False,
                help="上の一覧から選んだときは要りません。",
            ),
            Field(
                name="worker",
                label="訪問支援者(登録番号)",
                input_kind=InputKind.REF,
                is_required=False,
                help="上の一覧から選んだときは要りません。名前ではなく、登録番号で書いてください。",
            ),
            Field(name="role", label="役割", input_kind=InputKind.ONE, choices=VISITOR_ROLES),
            Field(
                name="qualification",
                label="資格(自機関の職員のとき)",
                input_kind=InputKind.ONE,
                choices={q: q for q in QUALIFICATIONS},
                is_required=False,
                help="名簿にある人の資格は、「委託・研修」の画面の「資格を確認する」で記録します。専門的相談支援には、一覧にある資格か理由が要ります。",
            ),
            reason_field(
                REASON_LABELS,
                "NO_OTHER_SERVICE",
                "OTHER_PROFESSION",
                is_required=False,
                help="一覧にない資格の専門的相談支援、または家事援助のときに選びます。",
            ),
        ),
        finalise=_check_roll,
        tasks=frozenset({"COVER_VISIT", "REPLACE_VISITOR", "LATE_REPLACEMENT"}),
        send="割り当てる",
    ),
    Form(
        key="unassign",
        act=e.SupportWorkerUnassigned,
        title="割当を解く",
        description="この人はもうこの家庭を訪問しません。",
        next_step="委託先に割当がなくなると、その委託先は内容を開けなくなります。",
        group=VISITS,
        roles=CORE,
        fields=(
            Field(
                name="worker",
                label="訪問支援者(登録番号)",
                input_kind=InputKind.ONE,
                choices=_assigned_workers,
            ),
        ),
        finalise=_finalise_unassignment,
        send="割当を解く",
    ),
    Form(
        key="visited",
        act=e.HomeVisitCompleted,
        title="訪問した(中核機関)",
        description="自機関の訪問支援者が訪問したことを記録します。委託先の訪問は「訪問を報告する」で届きます。",
        next_step="子どもを目視したときは、子どもの姿の確認の期限が改まります。",
        group=VISITS,
        roles=CORE,
        fields=(
            child_seen_field("見ていない(家族とだけ会った)"),
            Field(name="worker", label="訪問支援者(登録番号)", input_kind=InputKind.REF),
            VISIT_FIELD,
        ),
        section_inputs=(
            SectionText(section=Section.VISIT, label="訪問の記録", content=VISIT_INPUTS),
            CHILD_SEEN,
            *folded(Section.RISK),
        ),
        tasks=frozenset({"LATE_CONTACT", "LATE_VISITS", "LATE_SILENCE", "LATE_VISIT_REPORT", "COVER_VISIT"}),
        send="訪問を記録する",
    ),
    Form(
        key="contact",
        act=e.ContactAttempted,
        title="連絡・訪問を試みた",
        description="電話や訪問で連絡を取ろうとしたことを記録します。",
        next_step="家族に会えない日が続くと、中核機関に知らせが出ます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        send="記録する",
    ),
    Form(
        key="contact-refused",
        act=e.ContactRefused,
        title="連絡を断られた",
        description="家族が連絡や面談を断ったことを記録します。",
        next_step="断られても支援は終わりません。ほかの兆候とまとめて見られます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        send="記録する",
    ),
    Form(
        key="roles",
        act=e.RoleDivisionConfirmed,
        title="役割分担を確認した",
        description="だれが何を受け持つかを、訪問する機関どうしで確かめたことを記録します。",
        next_step="事例の経過に残ります。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        section_inputs=(SectionText(section=Section.PLAN, label="役割分担"),),
        to=VISITOR_RECIPIENTS,
        send="確認を記録する",
    ),
    Form(
        key="follow-up",
        act=e.FollowUpProvided,
        title="家庭・訪問支援者を支える",
        description="家庭や訪問支援者の相談に乗り、助言したことを記録します。",
        next_step="事例の経過に残ります。",
        group=VISITS,
        roles=CORE,
        section_inputs=(SectionText(section=Section.VISIT, label="相談・助言の内容"),),
        to=VISITOR_RECIPIENTS,
        send="記録する",
    ),
)

VISIT_REPORT_FORMS = (
    Form(
        key="concern",
        act=e.SafetyConcernRaised,
        title="安全上の懸念を知らせる",
        description="支援の中で気になったこと(あざ、急な欠席、会えない日が続くなど)を、すぐ知らせます。確かでなくてもかまいません。",
        next_step="受けた機関の仕事一覧で、ほかの兆候とまとめて見られます。虐待と思うときは「通告」してください。",
        group="通告・安全",
        section_inputs=(
            with_fields(SectionText(section=Section.RISK, label="気になったこと", is_required=True)),
            CHILD_SEEN,
        ),
        to=To(roles=AUTHORITIES, preselected_roles=CORE, bases=("CWA-21-10-2-3", *CONSENT_INDEPENDENT_BASES)),
        purpose=Purpose.SAFETY,
    ),
    Form(
        key="visit-report",
        act=e.VisitReportSubmitted,
        title="訪問を報告する",
        description="訪問して見たこと、したことを中核機関に報告します。",
        next_step="中核機関が7日のうちに確認します。",
        group=VISITS,
        roles=CONTRACTOR,
        fields=(
            child_seen_field("見ていない(家族とだけ会った)"),
            VISIT_FIELD,
            Field(
                name="support_plan",
                label="もとにした支援計画",
                input_kind=InputKind.ONE,
                choices=_plans_in_force,
                default=lambda form_context: list(_plans_in_force(form_context))[:1],
                is_required=False,
                help="いま有効な計画のうち、この訪問がもとにした版です。新しいものから並びます。",
            ),
            reason_field(
                REASON_LABELS,
                "NO_PLAN_RECEIVED",
                "EMERGENCY",
                label="計画によらないときの理由",
                is_required=False,
            ),
        ),
        section_inputs=(
            SectionText(
                section=Section.VISIT, label="訪問の記録", is_required=True, content=VISIT_REPORT_INPUTS
            ),
            CHILD_SEEN,
        ),
        to=replace(TO_CORE, is_required=True),
        tasks=frozenset({"LATE_VISIT_REPORT"}),
        finalise=lambda field_values, form_context: {**field_values, "worker": form_context.actor},
    ),
    Form(
        key="visit-planned",
        act=e.HomeVisitScheduled,
        title="訪問の予定を知らせる",
        description="次に訪問する日を知らせます。",
        next_step="その日から7日のうちに報告がなければ、期限超過として残ります。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        fields=(
            Field(name="planned_on", label="訪問する日", input_kind=InputKind.DAY),
            POSTPONED_VISIT_FIELD,
        ),
        to=To(roles=CORE, preselected_roles=CORE),
        send="予定を記録する",
    ),
    Form(
        key="visit-failed",
        act=e.HomeVisitFailed,
        title="不在だったと知らせる",
        description="訪問したが、だれにも会えなかったことを知らせます。",
        next_step="子どもに会えない日が30日続くと、中核機関に知らせが出ます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        fields=(VISIT_FIELD,),
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        tasks=frozenset({"LATE_VISIT_REPORT", "COVER_VISIT"}),
    ),
    Form(
        key="visit-refused",
        act=e.HomeVisitRefused,
        title="訪問を断られたと知らせる",
        description="家族が訪問を断ったことを知らせます。",
        next_step="断られても支援は終わりません。中核機関が次の手を決めます。",
        group=VISITS,
        roles=CORE | CONTRACTOR,
        fields=(VISIT_FIELD,),
        section_inputs=(SectionText(section=Section.VISIT, label="様子"),),
        to=TO_CORE,
        tasks=frozenset({"LATE_VISIT_REPORT", "COVER_VISIT"}),
    ),
)
