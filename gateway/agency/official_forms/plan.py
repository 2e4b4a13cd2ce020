"""サポートプラン, to be handed to the family: its plan alone, in large letters. Basis: CWA 10(1)4."""

from __future__ import annotations

from domain import events as e
from domain.codes import Section
from gateway.agency.official_forms import common
from gateway.agency.official_forms.contents import Contents, Filled
from gateway.agency.official_forms.control import Control, shown
from gateway.agency.official_forms.layout import (
    Block,
    Cell,
    Cells,
    Paragraphs,
    PrintedForm,
    Rest,
    Sheet,
    Signature,
    Table,
)

ACTS = (
    e.SupportPlanFormulated.TOPIC,
    e.SupportPlanApproved.TOPIC,
    e.SupportCommenced.TOPIC,
)
SECTIONS = (Section.PLAN,)


def for_family(contents: Contents, control: Control) -> PrintedForm:
    """サポートプラン(ご家族にお渡しするもの)."""
    plan = contents.filled("plan")
    message = control.newest(*ACTS)
    decided = (message or {}).get("fields", {}).get("plan") or {}
    words = contents.of_section(Section.PLAN)
    period = [plan.text("starts_on"), plan.text("ends_on")]
    if not any(period) and decided:
        period = [_day(decided.get("plan_from")), _day(decided.get("plan_until"))]
    blocks: list[Block] = [
        Paragraphs(["この計画は、ご家族といっしょに作り、ご家族にお渡しするものです。"]),
        Cells(
            "",
            [
                [Cell("作った日", plan.text("made_on"))],
                [Cell("作った担当", plan.text("makers") or _makers(decided))],
                [Cell("担当者", common.staffs_text(plan, "made_by") or control.own_name)],
                [Cell("ご家族", plan.text("family"))],
                [Cell("お子さん", plan.called("children"))],
                [Cell("計画の期間", " から ".join(t for t in period if t))],
            ],
            label_width=36,
        ),
        *([Cells("計画の内容", [[Cell("", words)]])] if words else []),
        Cells(
            "ご本人とお子さんの気持ち",
            [
                [Cell("ご本人の希望", plan.text("views_of_persons"), height=18)],
                [Cell("お子さんの希望", plan.text("views_of_children"), height=18)],
            ],
            label_width=36,
        ),
        Cells(
            "いまの様子と、これからしたいこと",
            [
                [Cell("いまの様子・困っていること", plan.text("situation"), height=18)],
                [Cell("解決したいこと", plan.text("to_be_solved"), height=18)],
            ],
            label_width=36,
        ),
        _goals(plan),
        _supports(plan),
        Cells(
            "",
            [
                [Cell("ご家族がすること", plan.text("family_does"), height=18)],
                [Cell("ご案内した支援", _recommendations(plan))],
                [Cell("見直しの時期", plan.text("review_on") or _day(decided.get("review_due_on")))],
                [Cell("ふりかえり(評価)", plan.text("evaluation"), height=14)],
                [Cell("備考", plan.text("note"))],
            ],
            label_width=36,
        ),
        Rest(),
        Cells(
            "説明と同意",
            [
                [Cell("説明した日", plan.text("explained_on") or _day(decided.get("explained_on")))],
                [
                    Cell("説明した人", plan.text("explained_by")),
                    Cell("説明を受けた人", plan.text("explained_to")),
                ],
                [Cell("同意", plan.text("agreement"))],
                [Cell("お渡しした日", plan.text("handed_on")), Cell("受け取った人", plan.text("handed_to"))],
                [Cell("お渡しの方法", plan.text("handover"))],
            ],
            label_width=36,
        ),
        Signature(
            [
                ("署名の日", plan.text("signed_on") or common.BLANK_DAY, False),
                ("ご本人(保護者・妊婦)", plan.text("signed_by"), False),
                ("お子さん(書けるとき)", "", False),
            ],
            "この計画について説明を受けました",
        ),
    ]
    title = "サポートプラン"
    return common.printed(title, [Sheet(title, blocks)], contents, control, handling="", easy=True)


def _goals(plan: Filled) -> Table:
    rows = [
        [
            plan.joined(entry, "number", "term"),
            plan.joined(entry, "text", "whose", separator="\n"),
            plan.text(f"{entry}.due_on"),
        ]
        for entry in plan.entries("goals")
    ]
    stated = plan.list_text("goals")
    return Table(
        "目標", ("番号", "目標", "いつまでに"), (2, 8, 4), rows or ([["", stated, ""]] if stated else [])
    )


def _supports(plan: Filled) -> Table:
    rows = []
    for entry in plan.entries("supports"):
        period = " から ".join(
            t for t in (plan.text(f"{entry}.starts_on"), plan.text(f"{entry}.ends_on")) if t
        )
        goals = plan.text(f"{entry}.goals")
        rows.append(
            [
                plan.joined(entry, "service", "kind", separator="\n"),
                plan.joined(entry, "content", "method", separator="\n")
                + (f"\n(目標 {goals})" if goals else ""),
                common.staff_text(plan, f"{entry}.provider"),
                "\n".join(t for t in (plan.text(f"{entry}.frequency"), period) if t),
            ]
        )
    stated = plan.list_text("supports")
    head = ("支援の種類", "内容", "担当する機関", "回数・期間")
    return Table("支援", head, (4, 6, 4, 5), rows or ([[stated, "", "", ""]] if stated else []), 3, 12)


def _recommendations(plan: Filled) -> str:
    rows = [
        plan.joined(entry, "service", "recommended_on", "answer") for entry in plan.entries("recommendations")
    ]
    return "\n".join(rows) or plan.list_text("recommendations")


def _day(value: str | None) -> str:
    return "" if value is None else shown("plan_until", value, {})


def _makers(decided: dict[str, object]) -> str:
    from gateway.pages.labels import PLAN_MAKERS

    made_by = decided.get("made_by")
    return "、".join(PLAN_MAKERS[str(code)] for code in made_by) if isinstance(made_by, list) else ""
