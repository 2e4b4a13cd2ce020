"""Consent: given, refused, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import uuid5

from domain import events as e
from domain.calendar import day_of, end_of, months_later
from domain.codes import AUTHOR_ONLY, ConsentCapacity, Purpose, Section
from gateway.agency.forms.access import RIGHTS_GROUP
from gateway.agency.forms.corrections import with_about
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    reason_field,
    reason_section,
)
from gateway.pages.labels import AUTHORITY_STATES, CAPACITIES, PARENTS, REASON_LABELS
from gateway.pages.texts import SECTIONS


def _other_agencies(form_context: FormContext) -> Choices:
    return {id: other.name for id, other in form_context.agencies.items()}


def _consent_scope(
    field_values: FieldValues, form_context: FormContext, consent: str
) -> list[dict[str, object]]:
    recipients: Sequence[str] = field_values.pop("recipients")
    sections = field_values.pop("sections")
    return [
        {"consent": consent, "sender": form_context.agency, "recipient": recipient, "sections": sections}
        for recipient in recipients
    ]


OF_AGE = 18
"""Basis: 民法4条."""


def _last_day(until: str | None, age: int | None, form_context: FormContext) -> date | None:
    """The last day: as entered, and before the oldest child is of age. Of its age in full years alone no birthday can be
    told: at 3 it is 17 for sure 14 years from today."""
    entered = None if until is None else date.fromisoformat(until)
    if age is None:
        return entered
    if age >= OF_AGE:
        raise FieldError("age", "18歳以上の人については、本人が同意します。")
    of_age = months_later(day_of(form_context.now), 12 * (OF_AGE - 1 - age))
    return of_age if entered is None or (age < OF_AGE - 1 and of_age < entered) else entered


def _finalise_consent(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    consent = str(uuid5(form_context.command_id, "consent"))
    last_day = _last_day(field_values.pop("until"), field_values.pop("age"), form_context)
    if last_day is None and field_values["capacity"] != ConsentCapacity.SELF:
        raise FieldError(
            "until", "子どもについての同意では「いつまで」か「子どもの年齢」を記入してください。"
        )
    expires = None if last_day is None else end_of(last_day)
    if expires is not None and expires <= form_context.now:
        raise FieldError("until", "「いつまで」は今日より後の日にしてください。")
    field_values["sole_holder"] = bool(field_values["sole_holder"])
    scope = _consent_scope(field_values, form_context, consent)
    return {**field_values, "scope": scope, "consent": [consent], "expires_at": e.dump(expires)}


def _finalise_consent_refusal(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {
        "requested_scope": _consent_scope(
            field_values, form_context, str(uuid5(form_context.command_id, "consent"))
        )
    }


def _consents_in_force(form_context: FormContext) -> Choices:
    """The consents in force of the message this is about, each with its recipient and sections."""
    names = {form_context.agency: "自機関", **_other_agencies(form_context)}
    withdrawn = {
        c for m in form_context.messages if m["act"] == e.ConsentWithdrawn.TOPIC for c in m.get("consent", [])
    }
    return {
        row["consent"]: f"{names.get(row['recipient'], '他機関')}に "
        + "・".join(SECTIONS[s] for s in row["sections"])
        for row in (form_context.about or {}).get("fields", {}).get("scope", [])
        if row["consent"] not in withdrawn
    }


def _has_consent_in_force(form_context: FormContext, about: Message) -> bool:
    return bool(_consents_in_force(with_about(form_context, about)))


def _finalise_withdrawal(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {"consent": field_values["consents"]}


RECIPIENTS = Field(name="recipients", label="提供先", input_kind=InputKind.MANY, choices=_other_agencies)
CONSENT_SECTIONS_FIELD = Field(
    name="sections",
    label="提供する情報区分",
    input_kind=InputKind.MANY,
    choices={
        s.value: SECTIONS[s.value] for s in Section if s not in AUTHOR_ONLY and s is not Section.NOTIFIER
    },
    help="説明したとおりの範囲だけを選んでください。",
)

CONSENT_FORMS = (
    Form(
        key="consent",
        act=e.ConsentGiven,
        title="同意を記録する",
        description="本人が、だれに・どの情報区分を提供してよいと言ったかを、説明したとおりの範囲で記録します。",
        next_step="「情報を提供する」で、根拠に本人同意を選べるようになります。親権者の同意なら、二人で「威迫の確認」をします。",
        group=RIGHTS_GROUP,
        fields=(
            Field(name="capacity", label="同意した人の立場", input_kind=InputKind.ONE, choices=CAPACITIES),
            Field(
                name="given_by",
                label="同意した親",
                input_kind=InputKind.MANY,
                choices=PARENTS,
                is_required=False,
                help="親権者の同意のときに選びます。共同なら二人とも、それぞれの意思を確かめてから。",
            ),
            Field(
                name="sole_holder",
                label="ほかに親権者がいますか",
                input_kind=InputKind.YES,
                choices={"yes": "いない(単独親権)", "no": "いる、または分からない"},
                is_required=False,
                help="2026年4月1日から、親権者が二人いるときは二人の同意が要ります。",
            ),
            reason_field(
                REASON_LABELS,
                *("URGENT", "OTHER_CANNOT_ACT", "DAILY_MATTER", "COURT_DETERMINED"),
                label="二人いるのに一人の同意でよい理由",
                is_required=False,
            ),
            RECIPIENTS,
            CONSENT_SECTIONS_FIELD,
            Field(
                name="age",
                label="子ども(何人かなら最年長)の満年齢",
                input_kind=InputKind.COUNT,
                is_required=False,
                help="子どもについての同意は18歳になると終わります。年齢から終わりの日を計算します(年齢は送られません)。17歳なら「いつまで」も記入してください。",
            ),
            Field(
                name="until",
                label="いつまで",
                input_kind=InputKind.DAY,
                is_required=False,
                help="本人自身の同意で、決めていなければ空けておいてください(撤回まで続きます)。",
            ),
        ),
        section_inputs=(reason_section("説明したこと・同意の様子"),),
        finalise=_finalise_consent,
        send="同意を記録する",
    ),
    Form(
        key="parental-authority",
        act=e.ParentalAuthorityRecorded,
        title="親権の状況を記録する",
        description="だれが親権者か、停止・喪失があるかを記録します。前の記録に代わります。",
        next_step="この後に記録する同意は、この状況に合うかが確かめられます。",
        group=RIGHTS_GROUP,
        roles=AUTHORITIES,
        fields=(
            Field(
                name="states",
                label="親権の状況",
                input_kind=InputKind.EACH,
                rows=lambda s: PARENTS,
                choices=AUTHORITY_STATES,
                is_required=False,
            ),
            Field(
                name="suspended_until",
                label="停止の最終日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="家庭裁判所が定めた日(2年以内)。停止がなければ空けておいてください。",
            ),
        ),
        section_inputs=(reason_section("確かめ方(戸籍・審判書など)"),),
        send="記録する",
    ),
    Form(
        key="consent-refused",
        act=e.ConsentRefused,
        title="同意されなかったことを記録する",
        description="何について尋ね、同意されなかったかを記録します。",
        next_step="断られても、法令にもとづく提供や通告は妨げられません。",
        group=RIGHTS_GROUP,
        fields=(RECIPIENTS, CONSENT_SECTIONS_FIELD),
        section_inputs=(reason_section("説明したこと・断られた様子"),),
        finalise=_finalise_consent_refusal,
        send="記録する",
    ),
    Form(
        key="consent-withdrawn",
        act=e.ConsentWithdrawn,
        title="同意の撤回を記録する",
        description="本人が同意を取り消したことを記録します。",
        next_step="この時から、この同意だけを根拠に提供したものは、受け取った機関でも開けなくなります。読んだことは取り消せません。",
        group=RIGHTS_GROUP,
        about=(e.ConsentGiven,),
        answers="",
        open=_has_consent_in_force,
        max_per_message=20,
        fields=(
            Field(
                name="consents",
                label="撤回する同意",
                input_kind=InputKind.MANY,
                choices=_consents_in_force,
                default=lambda s: list(_consents_in_force(s)),
            ),
        ),
        section_inputs=(reason_section("撤回の様子"),),
        purpose=Purpose.SUPPORT,
        finalise=_finalise_withdrawal,
        send="撤回を記録する",
    ),
)
