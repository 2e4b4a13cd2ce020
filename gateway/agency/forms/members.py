"""The network's members: admission, withdrawal and announcement to the public, by its coordinating agency."""

from __future__ import annotations

from collections.abc import Sequence

from domain import events as e
from domain.calendar import day_of
from gateway.agency.forms.kinds import (
    COORD,
    Choices,
    Field,
    FieldValues,
    Form,
    FormContext,
    InputKind,
    Message,
    agreed,
)
from gateway.pages.labels import MEMBER_ITEMS

GROUP = "構成員"


def _coordinated_by_us(form_context: FormContext, about: Message) -> bool:
    return about.get("coordinating") == form_context.agency


def _has_members(form_context: FormContext, about: Message) -> bool:
    return _coordinated_by_us(form_context, about) and bool(about.get("members"))


def _members(form_context: FormContext) -> Choices:
    members = (form_context.about or {}).get("members", {})
    return {id: _agency_name(form_context, id) for id in members}


def _others(form_context: FormContext) -> Choices:
    members = (form_context.about or {}).get("members", {})
    return {id: other.name for id, other in form_context.agencies.items() if id not in members}


def _agency_name(form_context: FormContext, id: str) -> str:
    other = form_context.agencies.get(id)
    return other.name if other is not None else ("自機関" if id == form_context.agency else id[:8])


def _all_members(form_context: FormContext) -> Sequence[str]:
    return list(_members(form_context))


def _with_number(field_values: FieldValues, form_context: FormContext) -> FieldValues:
    return {**field_values, "item": int(field_values["item"])}


MEMBER_FORMS = (
    Form(
        key="member-admission",
        act=e.NetworkMemberAdmitted,
        title="構成員を加える",
        description="要保護児童対策地域協議会の構成員を加えます。構成員は児福法25条の5の守秘義務を負います。",
        next_step="次は、構成員を公示してください。公示までは、構成員であることを根拠とする情報交換に注意の表示が付きます。",
        group=GROUP,
        roles=COORD,
        open=_coordinated_by_us,
        fields=(
            Field(name="member", label="加わる機関", input_kind=InputKind.ONE, choices=_others),
            Field(
                name="item",
                label="児福法25条の5のどの号か",
                input_kind=InputKind.ONE,
                choices=MEMBER_ITEMS,
                help="守秘義務の及ぶ人の範囲が、号によって異なります。",
            ),
        ),
        finalise=_with_number,
        send="構成員に加える",
    ),
    Form(
        key="member-withdrawal",
        act=e.NetworkMemberWithdrawn,
        title="構成員の脱退を記録する",
        description="構成員が協議会を離れたことを記録します。離れた後も守秘義務は続きます。",
        next_step="この機関への、協議会を根拠とする情報提供は、この先できなくなります。公示も改めてください。",
        group=GROUP,
        roles=COORD,
        open=_has_members,
        fields=(
            Field(name="member", label="離れる機関", input_kind=InputKind.ONE, choices=_members),
            agreed("この機関が受け持つ家庭への支援を、引き継いだことを確かめました"),
        ),
        send="脱退を記録する",
    ),
    Form(
        key="members-published",
        act=e.NetworkMembershipPublished,
        title="構成員を公示したと記録する",
        description="構成員の名称を公示したことを記録します(児福法25条の2第3項)。",
        next_step="公示に載っていない構成員がいると、調整機関に知らせが出ます。",
        group=GROUP,
        roles=COORD,
        open=_has_members,
        fields=(
            Field(
                name="members",
                label="公示した構成員",
                input_kind=InputKind.MANY,
                choices=_members,
                default=_all_members,
            ),
            Field(
                name="published_on",
                label="公示した日",
                input_kind=InputKind.DAY,
                default=lambda form_context: [day_of(form_context.now).isoformat()],
            ),
        ),
        send="公示を記録する",
    ),
)
