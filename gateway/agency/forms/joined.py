"""Joining the cases of one family, and taking that back."""

from __future__ import annotations

from domain import events as e
from gateway.agency.forms.kinds import CORE, Field, Form, InputKind, agreed, reason_field, reason_section
from gateway.pages.labels import REASON_LABELS

GROUP = "事例の管理"

JOINED_FORMS = (
    Form(
        key="join-cases",
        act=e.CasesJoined,
        title="同じ家庭の事例を結び付ける",
        description="同じ家庭に事例が二つあるときに、中核機関が結び付けます。事例は一つにはまとめません。",
        next_step="この先、兆候の集積・子どもの目視・要対協への登録は、結び付けた事例を合わせて数えます。事例を見られる機関と、開けられる情報は変わりません。もう一方の事例にも記録されます。",
        group=GROUP,
        roles=CORE,
        fields=(
            Field(
                name="other",
                label="同じ家庭の事例",
                input_kind=InputKind.ONE,
                choices=lambda form_context: form_context.other_cases(),
                search=lambda form_context, text, chosen: form_context.find_cases(text, chosen),
                help="自機関が中核機関である事例だけを結び付けられます。事例を開いて、同じ家庭であることを確かめてから選んでください。",
            ),
            agreed(
                "両方の事例を見て、同じ家庭であることを確かめました。兆候・目視・登録が合わせて数えられ、"
                "閲覧できる機関は変わらないことを理解しました"
            ),
        ),
        send="結び付ける",
    ),
    Form(
        key="split-cases",
        act=e.CaseSplit,
        title="事例の結び付けを解く",
        description="別の家庭の事例を誤って結び付けたときに、解きます。記録は何も消えません。",
        next_step="この先、二つの事例は別々に数えます。もう一方の事例にも記録されます。",
        group=GROUP,
        roles=CORE,
        fields=(
            Field(
                name="other",
                label="解く事例",
                input_kind=InputKind.ONE,
                choices=lambda form_context: form_context.joined_cases(),
            ),
            reason_field(REASON_LABELS, "JOINED_BY_MISTAKE", "NO_LONGER_ONE_FAMILY"),
        ),
        section_inputs=(reason_section(),),
        send="結び付けを解く",
    ),
)
