"""A stay in another municipality (里帰り): its beginning, a later return, and the return."""

from __future__ import annotations

from collections.abc import Sequence

from domain import events as e
from domain.codes import Section
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CORE,
    Field,
    Form,
    FormContext,
    InputKind,
    Message,
    SectionText,
    To,
)
from gateway.agency.forms.sections import with_fields
from gateway.agency.forms.transfer import GROUP, TRANSFER_BASES


def _is_core_in_stay(form_context: FormContext, about: Message) -> bool:
    return bool(form_context.roles & CORE) and not form_context.of(
        e.StayEnded.TOPIC, "stay", about["message"]
    )


def _other_town(form_context: FormContext) -> Sequence[str]:
    """The core agency of the other of the two towns."""
    return [
        agency
        for agency in form_context.other_participants()
        if agency in form_context.agencies and form_context.agencies[agency].roles & CORE
    ]


PLAN = SectionText(section=Section.PLAN, label="滞在先にお願いしたいこと")
RISK = with_fields(SectionText(section=Section.RISK, label="いまの危険度・気をつけること"))
STAY_FORMS = (
    Form(
        key="stay",
        act=e.StayingElsewhere,
        title="里帰り・一時的な滞在を知らせる",
        description="子どもや妊婦が別の市町村に滞在を始めたときに、滞在先の市町村の中核機関に知らせます。予定の段階では「家庭の情報を提供する」を使ってください。",
        next_step="この事例の責任は自分の市町村に残ります。滞在先の中核機関と調整機関は、滞在のあいだ、この家庭の基本情報・支援計画・危険度を開けるようになります(秘匿住所と通告者の情報は開けません)。帰宅を記録すると、開けなくなります。",
        group=GROUP,
        roles=CORE,
        fields=(
            Field(name="stays_since", label="滞在を始めた日", input_kind=InputKind.DAY),
            Field(
                name="returns_on",
                label="帰宅の予定の日",
                input_kind=InputKind.DAY,
                is_required=False,
                help="この日を過ぎても帰宅の記録がないと、両方の市町村に知らせが出ます。分からなければ空けておいてください。",
            ),
        ),
        section_inputs=(
            SectionText(
                section=Section.BASIC,
                label="だれが、どのような事情で、どこに滞在しているか",
                help="秘匿住所は書かないでください。",
                is_required=True,
            ),
            RISK,
            PLAN,
        ),
        to=To(
            roles=AUTHORITIES,
            other_municipality_only=True,
            is_required=True,
            bases=TRANSFER_BASES,
            default_basis=TRANSFER_BASES[0],
            help="滞在先の中核機関を必ず含めてください。調整機関も選べます。",
        ),
    ),
    Form(
        key="stay-extended",
        act=e.StayExtended,
        title="滞在が延びることを知らせる",
        description="帰宅が予定より遅くなるときに、新しい予定の日を記録します。どちらの市町村からでも記録できます。",
        next_step="もう一方の市町村に届きます。新しい予定の日まで、帰宅の確認の期限が延びます。",
        group=GROUP,
        about=(e.StayingElsewhere,),
        answers="stay",
        open=_is_core_in_stay,
        max_per_message=20,
        fields=(Field(name="returns_on", label="帰宅の予定の日", input_kind=InputKind.DAY),),
        section_inputs=(RISK,),
        to=To(fixed=_other_town, bases=TRANSFER_BASES, default_basis=TRANSFER_BASES[0]),
        tasks=frozenset({"LATE_STAY"}),
    ),
    Form(
        key="stay-ended",
        act=e.StayEnded,
        title="帰宅したことを記録する",
        description="滞在が終わって家庭に戻ったことを記録します。どちらの市町村からでも記録できます。",
        next_step="もう一方の市町村に届きます。この記録から、滞在先の機関は、自ら書いたものと自分に送られたもののほかは開けません。滞在先の訪問支援者の割当ても終わります。",
        group=GROUP,
        about=(e.StayingElsewhere,),
        answers="stay",
        open=_is_core_in_stay,
        fields=(Field(name="returned_on", label="帰宅した日", input_kind=InputKind.DAY),),
        section_inputs=(with_fields(SectionText(section=Section.RISK, label="滞在中のこと・引き継ぐこと")),),
        to=To(fixed=_other_town, bases=TRANSFER_BASES, default_basis=TRANSFER_BASES[0]),
        tasks=frozenset({"LATE_STAY"}),
        send="帰宅を記録する",
    ),
)
