"""The children and parents of a family: where a child lives, who is meant, who died."""

from __future__ import annotations

from domain import events as e
from domain.children import SpeaksOfChildren
from domain.codes import Purpose, Section
from gateway.agency.forms.children import UNKNOWN
from gateway.agency.forms.kinds import (
    AUTHORITIES,
    CGC,
    CORE,
    Choices,
    Field,
    Form,
    FormContext,
    InputKind,
    Message,
    SectionText,
    To,
    agreed,
    children_field,
    reason_field,
    reason_section,
)
from gateway.agency.forms.safety import CHILD_SEEN, FORWARD_BASES, GROUP, RISK_SECTION
from gateway.agency.forms.sections import with_fields
from gateway.pages.labels import CAREGIVERS, CHILD_PLACES, REASON_LABELS

TO_AUTHORITIES = To(roles=AUTHORITIES, preselected_roles=CORE, bases=("CWA-21-10-2-3", *FORWARD_BASES))


def _other_agencies(form_context: FormContext) -> Choices:
    return {id: other.name for id, other in form_context.agencies.items()}


def _centres(form_context: FormContext) -> Choices:
    own = {form_context.agency: "自機関"} if form_context.roles & CGC else {}
    return own | {id: other.name for id, other in form_context.agencies.items() if other.roles & CGC}


def _speaks_of_unknown(form_context: FormContext, about: Message) -> bool:
    return UNKNOWN in (about["fields"].get("children") or [])


HOUSEHOLD_FORMS = (
    Form(
        key="child-placed",
        act=e.ChildPlaced,
        title="一時保護・入院・施設入所・里帰りを記録する",
        description="子どもが家にいないことを記録します。いつから、どこにいるかを選びます。",
        next_step="訪問支援者の「子どもの姿の確認」の期限はこの子どもについて止まります。中核機関の期限は止まりません。",
        group=GROUP,
        fields=(
            Field(name="place", label="子どもの居所", input_kind=InputKind.ONE, choices=CHILD_PLACES),
            Field(name="placed_on", label="いつから", input_kind=InputKind.DAY),
            Field(
                name="known_from",
                label="だれから知ったか",
                input_kind=InputKind.ONE,
                choices=_other_agencies,
                is_required=False,
                help="自機関が直接知っているときは選びません。",
            ),
        ),
        section_inputs=(RISK_SECTION,),
        to=TO_AUTHORITIES,
        purpose=Purpose.SAFETY,
        send="居所を記録する",
    ),
    Form(
        key="child-returned",
        act=e.ChildReturned,
        title="子どもの帰宅を記録する",
        description="一時保護・措置の解除、退院、里帰りの終わりなどで子どもが家に戻ったことを記録します(一時的な帰宅も含みます)。",
        next_step="一時保護・施設・里親からの帰宅では、子どもを目視して安全を確認する期限が始まります(児虐法13条の2)。",
        group=GROUP,
        fields=(
            Field(name="returned_from", label="どこから", input_kind=InputKind.ONE, choices=CHILD_PLACES),
            Field(name="returned_on", label="帰宅した日", input_kind=InputKind.DAY),
            Field(
                name="released_by",
                label="措置・一時保護を解除した児童相談所",
                input_kind=InputKind.ONE,
                choices=_centres,
                is_required=False,
                help="選んだ児童相談所にも、安全確認の期限が始まります。",
            ),
        ),
        section_inputs=(RISK_SECTION,),
        to=TO_AUTHORITIES,
        purpose=Purpose.SAFETY,
        send="帰宅を記録する",
    ),
    Form(
        key="child-identified",
        act=e.UnknownChildIdentified,
        title="名前の分からなかった子どもがだれかを記録する",
        description="この連絡にある「名前の分からない子ども」が、どの子どもだったかを選びます。",
        next_step="その子どもの安全確認の期限になります。すでに目視していれば、期限は終わります。",
        group=GROUP,
        roles=CORE,
        about=tuple(event for event in e.MESSAGES if issubclass(event, SpeaksOfChildren)),
        open=_speaks_of_unknown,
        fields=(children_field("だれだったか", help="一人とは限りません。"),),
        section_inputs=(SectionText(section=Section.CHILD, label="分かった経緯"),),
        to=To(roles=AUTHORITIES, bases=FORWARD_BASES),
        purpose=Purpose.SAFETY,
        send="どの子どもかを記録する",
    ),
    Form(
        key="children-joined",
        act=e.ChildrenJoined,
        title="同じ子どもの記録をまとめる",
        description="別々の番号で記録されていた子どもが同じ子どもだと分かったときに、まとめます。記録は消えません。",
        next_step="期限、目視、居所は一人の子どもとして数えられます。",
        group=GROUP,
        roles=CORE,
        fields=(
            children_field("まとめる子ども", help="同じ子どもの番号を二つ以上選びます。"),
            agreed("名前・生年月日を確かめ、同じ子どもであることを確認しました"),
        ),
        to=To(),
        purpose=Purpose.SAFETY,
        send="まとめる",
    ),
    Form(
        key="children-separated",
        act=e.ChildrenSeparated,
        title="まとめた子どもの記録を分ける",
        description="別の子どもの記録を誤ってまとめたときに、分けます。記録は消えません。まとめたことも残ります。",
        next_step="期限はそれぞれの子どもについて続きます。まとめていた間に記録した目視は、どちらの子どもを見たか分からないので数えません。見た子どもを改めて記録してください。",
        group=GROUP,
        roles=CORE,
        about=(e.ChildrenJoined,),
        fields=(reason_field(REASON_LABELS, "DIFFERENT_CHILDREN", "NOT_CERTAIN"),),
        section_inputs=(reason_section(),),
        to=To(),
        purpose=Purpose.SAFETY,
        send="分ける",
    ),
    Form(
        key="child-died",
        act=e.ChildDied,
        title="子どもの死亡を記録する",
        description="子どもが亡くなったこと(死産を含みます)を記録します。経緯は危険度・医療の欄に書きます。",
        next_step="この子どもについての期限は終わります。中核機関の仕事一覧に、検証のための記録の保存(児虐法4条5項)を決める仕事が出ます。",
        group=GROUP,
        fields=(
            children_field("亡くなった子ども"),
            Field(name="died_on", label="亡くなった日", input_kind=InputKind.DAY, is_required=False),
        ),
        section_inputs=(RISK_SECTION, with_fields(SectionText(section=Section.MEDICAL, label="医療の経過"))),
        to=TO_AUTHORITIES,
        purpose=Purpose.SAFETY,
        send="死亡を記録する",
    ),
    Form(
        key="parent-died",
        act=e.ParentDied,
        title="保護者の死亡を記録する",
        description="母・父などの保護者が亡くなったことを記録します。",
        next_step="事例は続きます。中核機関の仕事一覧に、養育の体制を確かめて評価・計画を見直す仕事が出ます。",
        group=GROUP,
        fields=(
            Field(name="parent", label="亡くなった人", input_kind=InputKind.ONE, choices=CAREGIVERS),
            Field(name="died_on", label="亡くなった日", input_kind=InputKind.DAY, is_required=False),
        ),
        section_inputs=(SectionText(section=Section.CAREGIVER, label="養育の体制"), CHILD_SEEN),
        to=TO_AUTHORITIES,
        purpose=Purpose.SAFETY,
        send="死亡を記録する",
    ),
)
