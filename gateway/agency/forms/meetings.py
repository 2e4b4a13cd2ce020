"""Meetings of a case, and professional judgements."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    COORD,
    CORE,
    TO_OFFICE,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    SectionText,
    To,
    reason_section,
    theirs,
)
from gateway.agency.forms.sections import folded, with_fields

GROUP = "会議・専門職"
NETWORK_BASES = ("CWA-25-2-2", "CWA-25-3-2", *TO_OFFICE)
PARTICIPANTS = Field(
    name="participants",
    label="出席した機関",
    input_kind=InputKind.MANY,
    choices=lambda s: {id: other.name for id, other in s.agencies.items()},
    help="自機関は自動で入ります。警察・学校・保育所などの構成員には、出席したときだけ会議録を送れます。",
)


def _finalise_participants(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """With our own agency, which records the meeting."""
    return {**field_values, "participants": sorted({*field_values["participants"], form_context.agency})}


DUE = Field(name="due_on", label="いつまでに", input_kind=InputKind.DAY, is_required=False)

MEETING_FORMS = (
    Form(
        key="conference",
        act=e.CaseConferenceConvened,
        title="個別ケース検討会議を招集する",
        description="この事例の個別ケース検討会議に、関係機関を招きます。",
        next_step="招かれた機関に届きます。議題は「会議資料」で記録から作れます。",
        group=GROUP,
        roles=AUTHORITIES,
        section_inputs=(
            SectionText(section=Section.CONF, label="会議の案内(日時・場所・議題)"),
            *folded(Section.BASIC),
        ),
        to=To(bases=NETWORK_BASES),
        send="招集する",
    ),
    Form(
        key="minutes",
        act=e.ConferenceMinutesRecorded,
        title="会議録を残す",
        description="会議で話し合い、決めたことを記録します。",
        next_step="選んだ機関が開けます。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(PARTICIPANTS,),
        section_inputs=(
            with_fields(SectionText(section=Section.CONF, label="会議録", is_required=True)),
            *folded(Section.CHILD, Section.CAREGIVER, Section.ENV, Section.PREG, Section.RISK),
        ),
        to=To(bases=NETWORK_BASES),
        finalise=_finalise_participants,
        send="会議録を残す",
    ),
    Form(
        key="meeting-request",
        act=e.NetworkMeetingRequested,
        title="会議の開催を求める",
        description="調整機関に、会議を開くことを求めます。",
        next_step="調整機関の仕事一覧に出ます。",
        group=GROUP,
        roles=CORE,
        fields=(DUE,),
        section_inputs=(reason_section("求める理由"),),
        to=To(roles=COORD, preselected_roles=COORD, is_required=True),
        send="開催を求める",
    ),
    Form(
        key="meeting-held",
        act=e.NetworkMeetingHeld,
        title="会議を開いた",
        description="求められていない会議を開いたことを記録します。求めに応じた会議は、その求めの下から記録してください。",
        next_step="事例の経過に残ります。",
        group=GROUP,
        roles=COORD,
        fixed={"answers": None},
        fields=(PARTICIPANTS,),
        section_inputs=(with_fields(SectionText(section=Section.CONF, label="会議録")),),
        to=To(bases=NETWORK_BASES),
        finalise=_finalise_participants,
        send="開催を記録する",
    ),
    Form(
        key="meeting-answered",
        act=e.NetworkMeetingHeld,
        title="求められた会議を開いた",
        description="求めに応じて会議を開いたことを記録します。",
        next_step="求めた機関に届きます。",
        group=GROUP,
        roles=COORD,
        about=(e.NetworkMeetingRequested,),
        open=theirs,
        fields=(PARTICIPANTS,),
        section_inputs=(with_fields(SectionText(section=Section.CONF, label="会議録")),),
        to=To(fixed=FormContext.other_side, bases=NETWORK_BASES),
        finalise=_finalise_participants,
        send="開催を記録する",
    ),
    Form(
        key="judgement-request",
        act=e.SpecialistJudgementRequested,
        title="専門職の判断を求める",
        description="医師・保健師・心理職などに、専門職としての判断を求めます。",
        next_step="相手が答えるまで残ります。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(DUE,),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="判断してほしいこと")),),
        to=To(is_required=True, bases=NETWORK_BASES),
        send="判断を求める",
    ),
    Form(
        key="judgement",
        act=e.SpecialistJudgementGiven,
        title="専門職の判断を回答する",
        description="求められた判断を回答します。",
        next_step="求めた機関に届きます。",
        group=GROUP,
        about=(e.SpecialistJudgementRequested,),
        open=theirs,
        section_inputs=(with_fields(SectionText(section=Section.MEDICAL, label="判断")),),
        to=To(fixed=FormContext.other_side, bases=NETWORK_BASES),
        send="判断を回答する",
    ),
)
