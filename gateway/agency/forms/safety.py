"""Notifications, triage and safety checks, forwarding, and decisions not to disclose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from domain import events as e
from domain.calendar import day_of
from domain.codes import Flag, Purpose, SafetyMethod, Section
from gateway.agency.forms.fill import FieldError, local_input_value
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CGC,
    CONTRACTOR,
    COORD,
    CORE,
    EXT,
    MED,
    NOTIFIER_LINES,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    SectionText,
    To,
    ours,
    reason_field,
    reason_section,
    theirs,
)
from gateway.agency.forms.references import DECIDED_ABOUT_FIELD, REFERRAL_FIELD, WITHHELD_FROM_FIELD
from gateway.agency.forms.sections import with_fields
from gateway.agency.forms.transfer import BASIC, CAREGIVER
from gateway.pages.labels import (
    CHANNELS,
    METHODS,
    REASON_LABELS,
    REFERRAL_OUTCOMES,
    STAFF_ABUSE_RESULTS,
    URGENCIES,
)

GROUP = "通告・安全"
STAFF_REPORT_BASES = ("CWA-33-12",)
NOTIFY_BASES = ("CAPA-6-1", "CWA-25-1")
FORWARD_BASES = ("CWA-25-7-1", "CAPA-13-4", "CWA-25-2-2", "CWA-26-1-3", "APPI-69-2-3", "APPI-69-1")
CHILD_SEEN = with_fields(
    SectionText(
        section=Section.CHILD,
        label="子どもの様子",
        flags=(Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN),
        help="子どもの言葉には「子どもの発言」の印を付けてください。保護者からの開示請求で守られます。",
    )
)
CHILD_STATEMENT_SECTION = with_fields(
    SectionText(
        section=Section.CHILD,
        label="通告の内容(子どもの様子)",
        is_required=True,
        flags=(Flag.CHILD_STATEMENT, Flag.NEVER_TO_GUARDIAN),
        help="通告した人が分かることは書かないでください。",
    )
)
RISK_SECTION = with_fields(SectionText(section=Section.RISK, label="危険度・けがなど"))


def check_not_in_future(name: str) -> Any:
    def checked(field_values: FieldValues, form_context: FormContext) -> FieldValues:
        if field_values[name] > e.dump(form_context.now):
            raise FieldError(
                name,
                f"いま({local_input_value(form_context.now).replace('T', ' ')})より後の時刻です。直してください。",
            )
        return field_values

    return checked


def _finalise_safety_check(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    """``child_seen`` follows from the method: only a sighting counts."""
    return {**field_values, "child_seen": field_values["method"] == SafetyMethod.SIGHTED}


def _check_review_date(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    if date.fromisoformat(field_values["review_on"]) <= day_of(form_context.now):
        raise FieldError("review_on", "「見直す日」は今日より後の日にしてください。")
    return field_values


def _may_forward(form_context: FormContext, about: Message) -> bool:
    return theirs(form_context, about) or (
        ours(form_context, about) and bool(about["fields"].get("recorded_for_notifier"))
    )


def _facilities(form_context: FormContext) -> Choices:
    """Agencies that hold no office in a network, our own among them."""
    own = {} if form_context.roles & (CORE | COORD) else {form_context.agency: "自機関"}
    return own | {
        id: other.name for id, other in form_context.agencies.items() if not other.roles & (CORE | COORD)
    }


FACILITY_FIELD = Field(
    name="facility",
    label="虐待が疑われる施設",
    input_kind=InputKind.ONE,
    choices=_facilities,
    is_required=False,
    help="登録のない施設なら空けておき、名称を下に書きます。選んだ施設には何も通知されません。",
)
CHANNEL_FIELD = Field(
    name="channel",
    label="受けた方法",
    input_kind=InputKind.ONE,
    choices=CHANNELS,
    is_required=False,
    help="分からなければ空けておきます。児童委員を介した通告も、ここで選びます。",
)

SAFETY_FORMS = (
    Form(
        key="intake",
        act=e.AbuseNotificationReceived,
        title="通告を受け付ける",
        description="住民などから受けた通告を書き取ります。ここから48時間の安全確認の期限が始まります。",
        next_step="続けて「緊急度を判定する」「安全を確認する」へ進みます。ほかの機関へは「通告を転送する」で、通告者を伏せて提供します。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(
            Field(
                name="received_at",
                label="通告を受けた日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
                help="受けた時刻です。記録した時刻ではありません。",
            ),
            CHANNEL_FIELD,
        ),
        section_inputs=(
            replace(CHILD_STATEMENT_SECTION, is_required=False),
            RISK_SECTION,
            BASIC,
            SectionText(
                section=Section.NOTIFIER,
                label="通告した人が分かること",
                lines=NOTIFIER_LINES,
                help="分かるものだけを書きます。自機関だけが開け、同じ言葉がほかの欄にあると送れません(児虐法7条)。",
            ),
        ),
        purpose=Purpose.SAFETY,
        fixed={"notifier_token": None, "recorded_for_notifier": True},
        finalise=check_not_in_future("received_at"),
        begins_case=True,
        needs_content=True,
        send="通告を受け付ける",
    ),
    Form(
        key="notify",
        is_previewed=True,
        act=e.AbuseNotificationReceived,
        title="虐待を通告する",
        description="虐待を受けたと思われる子どもを見つけたときに、市町村か児童相談所へ通告します。確かな証拠は要りません。",
        next_step="受けた機関に48時間の安全確認の期限が始まります。守秘義務は通告を妨げません。",
        group=GROUP,
        roles=MED | CONTRACTOR | EXT,
        fields=(
            Field(
                name="received_at",
                label="通告する日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
            ),
        ),
        section_inputs=(CHILD_STATEMENT_SECTION, RISK_SECTION, BASIC),
        to=To(
            roles=AUTHORITIES,
            preselected_roles=CORE,
            is_required=True,
            bases=NOTIFY_BASES,
            default_basis=NOTIFY_BASES[0],
        ),
        purpose=Purpose.SAFETY,
        fixed={"notifier_token": None, "recorded_for_notifier": False, "channel": None},
        finalise=check_not_in_future("received_at"),
        begins_case=True,
        send="通告する",
    ),
    Form(
        key="staff-report",
        act=e.StaffAbuseReported,
        title="施設職員等による虐待を通報する",
        description="保育所・認定こども園・施設などの職員による虐待を受けたと思われる子どもについて、市町村か都道府県(児童相談所)へ通報します(児福法33条の12)。",
        next_step="受けた機関が事実を確認します。その施設には通知されません。守秘義務は通報を妨げず、通報を理由に不利益な扱いを受けません。",
        group=GROUP,
        roles=MED | CONTRACTOR | EXT,
        fields=(
            FACILITY_FIELD,
            Field(
                name="received_at",
                label="通報する日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
            ),
        ),
        section_inputs=(CHILD_STATEMENT_SECTION, RISK_SECTION, BASIC),
        to=To(
            roles=AUTHORITIES,
            preselected_roles=CORE,
            is_required=True,
            bases=STAFF_REPORT_BASES,
            default_basis=STAFF_REPORT_BASES[0],
        ),
        purpose=Purpose.SAFETY,
        fixed={"notifier_token": None, "recorded_for_notifier": False},
        finalise=check_not_in_future("received_at"),
        begins_case=True,
        send="通報する",
    ),
    Form(
        key="staff-report-intake",
        act=e.StaffAbuseReported,
        title="施設職員等による虐待の通報を受け付ける",
        description="住民や職員から受けた、保育所・施設などの職員による虐待の通報を書き取ります(児福法33条の12)。",
        next_step="続けて「施設での虐待の事実確認を記録する」へ進みます。ほかの機関へは「通告を転送する」で、通報者を伏せて提供します。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(
            FACILITY_FIELD,
            Field(
                name="received_at",
                label="通報を受けた日時",
                input_kind=InputKind.MOMENT,
                default=lambda s: [local_input_value(s.now)],
                help="受けた時刻です。記録した時刻ではありません。",
            ),
        ),
        section_inputs=(
            CHILD_STATEMENT_SECTION,
            RISK_SECTION,
            BASIC,
            SectionText(
                section=Section.NOTIFIER,
                label="通報した人が分かること",
                lines=NOTIFIER_LINES,
                help="分かるものだけを書きます。自機関だけが開け、同じ言葉がほかの欄にあると送れません(児福法33条の13)。",
            ),
        ),
        purpose=Purpose.SAFETY,
        fixed={"notifier_token": None, "recorded_for_notifier": True},
        finalise=check_not_in_future("received_at"),
        begins_case=True,
        send="通報を受け付ける",
    ),
    Form(
        key="staff-investigated",
        act=e.StaffAbuseInvestigated,
        title="施設での虐待の事実確認を記録する",
        description="通報された子どもの状況と事実を確認した結果を記録します(児福法33条の14)。",
        next_step="「対応する」の期限が止まります。その施設には通知されません。",
        group=GROUP,
        roles=AUTHORITIES,
        about=(e.StaffAbuseReported,),
        open=_may_forward,
        fields=(Field(name="result", label="結果", input_kind=InputKind.ONE, choices=STAFF_ABUSE_RESULTS),),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="確認したこと")), CHILD_SEEN),
        to=To(roles=AUTHORITIES, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="事実確認を記録する",
    ),
    Form(
        key="triage",
        act=e.EmergencyTriaged,
        title="緊急度を判定する",
        description="緊急受理会議で決めた緊急度を記録します。",
        next_step="判定しても48時間の期限は止まりません。止めるのは子どもの目視だけです。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(
            Field(name="urgency", label="緊急度", input_kind=InputKind.ONE, choices=URGENCIES),
            REFERRAL_FIELD,
        ),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="判定の内容")),),
        to=To(roles=AUTHORITIES, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="判定を記録する",
    ),
    Form(
        key="safety",
        act=e.SafetyConfirmed,
        title="安全を確認する",
        description="子どもの安全をどのように確かめたかを記録します。",
        next_step="48時間の期限が止まるのは「子ども本人を目視した」ときだけです。電話や家族の話では止まりません。",
        group=GROUP,
        roles=AUTHORITIES,
        fields=(Field(name="method", label="確かめ方", input_kind=InputKind.ONE, choices=METHODS),),
        section_inputs=(CHILD_SEEN, RISK_SECTION),
        to=To(
            roles=AUTHORITIES, bases=FORWARD_BASES, help="知らせる相手。選ばなければ自機関の記録になります。"
        ),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"SEE_CHILD", "LATE_SAFETY", "LATE_CONTACT"}),
        finalise=_finalise_safety_check,
        send="安全確認を記録する",
    ),
    Form(
        key="forward",
        act=e.NotificationForwarded,
        title="通告を転送する",
        description="受けた通告を、対応すべきほかの機関へ、通告した人を伏せて転送します。",
        next_step="受けた機関にも48時間の安全確認の期限が始まります。",
        group=GROUP,
        roles=AUTHORITIES,
        about=e.NOTIFICATIONS,
        answers="forwards",
        open=_may_forward,
        max_per_message=20,
        section_inputs=(replace(CHILD_STATEMENT_SECTION, is_required=False), RISK_SECTION, BASIC),
        needs_content=True,
        to=To(roles=AUTHORITIES, is_required=True, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
        tasks=frozenset({"ACT"}),
        send="封をして転送する",
    ),
    Form(
        key="to-cgc",
        act=e.CaseReferredToCgc,
        title="児童相談所へ送致する",
        description="児童相談所の専門的な判断や保護が必要な事例を送ります。",
        next_step="児童相談所が受領を確認し、対応を決めます。",
        group=GROUP,
        roles=AUTHORITIES - CGC,
        section_inputs=(
            with_fields(SectionText(section=Section.RISK, label="危険度・送致の理由", is_required=True)),
            CHILD_SEEN,
            CAREGIVER,
            BASIC,
        ),
        to=To(roles=CGC, preselected_roles=CGC, is_required=True, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
    ),
    Form(
        key="family-court",
        act=e.FamilyCourtNotified,
        title="家庭裁判所へ通告する",
        description="罪を犯した満14歳以上の児童を見つけたときは、市町村や児童相談所ではなく家庭裁判所へ通告します。",
        next_step="事例の経過に残ります。その後は家庭裁判所の手続によります。",
        group=GROUP,
        section_inputs=(
            with_fields(SectionText(section=Section.RISK, label="通告の内容", is_required=True)),
            BASIC,
        ),
        to=To(roles=EXT, is_required=True, bases=("CWA-25-1-P",), default_basis="CWA-25-1-P"),
        purpose=Purpose.SAFETY,
        send="家庭裁判所へ通告する",
    ),
    Form(
        key="non-disclosure",
        act=e.NonDisclosureDecided,
        title="提供しない・対応しないと決める",
        description="いまは提供しない、または対応しないと判断したことを、理由と見直す日とともに記録します。",
        next_step="見直す日が過ぎると、期限超過として仕事一覧に出ます。",
        group=GROUP,
        fields=(
            reason_field(
                REASON_LABELS,
                "NOT_NEEDED",
                "WATCHED_BY_OTHERS",
                "MORE_TO_BE_LEARNED",
                "NO_BASIS_FOUND",
                "WOULD_HARM",
            ),
            Field(name="review_on", label="見直す日", input_kind=InputKind.DAY),
            DECIDED_ABOUT_FIELD,
            WITHHELD_FROM_FIELD,
        ),
        section_inputs=(reason_section("判断の経緯", is_required=True),),
        tasks=frozenset({"ACT", "LATE_ACT", "LATE_NON_DISCLOSURE", "LATE_SPECIALIST"}),
        finalise=_check_review_date,
        send="判断を記録する",
    ),
    Form(
        key="outcome",
        act=e.ReferralOutcomeReported,
        title="結果を知らせる",
        description="情報をくれた機関に、その後どうしたかを知らせます。",
        next_step="相手には選んだ結果だけが通知されます。",
        group=GROUP,
        about=e.REFERRALS,
        open=theirs,
        fields=(Field(name="outcome", label="結果", input_kind=InputKind.ONE, choices=REFERRAL_OUTCOMES),),
        to=To(fixed=FormContext.other_side),
        tasks=frozenset({"ACT", "LATE_ACT"}),
        send="結果を知らせる",
    ),
)
