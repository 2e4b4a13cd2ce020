"""Consent: given, refused, withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import uuid5

from domain import events as e
from domain.calendar import end_of
from domain.codes import AUTHOR_ONLY, Purpose, Section
from gateway.agency.forms.access import RIGHTS_GROUP
from gateway.agency.forms.corrections import with_about
from gateway.agency.forms.fill import FieldError
from gateway.agency.forms.kinds import (
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    reason_section,
)
from gateway.pages.labels import CAPACITIES
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


def _finalise_consent(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    consent = str(uuid5(form_context.command_id, "consent"))
    until = field_values.pop("until")
    expires = None if until is None else end_of(date.fromisoformat(until))
    if expires is not None and expires <= form_context.now:
        raise FieldError("until", "「いつまで」は今日より後の日にしてください。")
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


RECIPIENTS = Field(name="recipients", label="伝える相手", input_kind=InputKind.MANY, choices=_other_agencies)
CONSENT_SECTIONS_FIELD = Field(
    name="sections",
    label="伝える情報区分",
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
        description="本人が、だれに・どの情報区分を伝えてよいと言ったかを、説明したとおりの範囲で記録します。",
        next_step="「この事例について伝える」で、根拠に本人同意を選べるようになります。親権者の同意なら、二人で「威迫の確認」をします。",
        group=RIGHTS_GROUP,
        fields=(
            Field(name="capacity", label="同意した人の立場", input_kind=InputKind.ONE, choices=CAPACITIES),
            RECIPIENTS,
            CONSENT_SECTIONS_FIELD,
            Field(
                name="until",
                label="いつまで",
                input_kind=InputKind.DAY,
                is_required=False,
                help="決めていなければ空けておいてください(撤回まで続きます)。",
            ),
        ),
        section_inputs=(reason_section("説明したこと・同意の様子"),),
        finalise=_finalise_consent,
        send="同意を記録する",
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
        next_step="この時から、この同意だけを根拠に伝えたものは、受け取った機関でも開けなくなります。読んだことは取り消せません。",
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
