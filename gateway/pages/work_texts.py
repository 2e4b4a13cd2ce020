"""The Japanese text of a work list: which cases it shows, in which order, what kind of matter, and what has come."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.pages.texts import act_text, task_text

SHOWS: Mapping[str, str] = {
    "open": "することがある事例",
    "mine": "自分の担当",
    "unread": "未読",
    "all": "すべての事例",
}

SORTS: Mapping[str, str] = {
    "due": "急ぐ順",
    "family": "家庭の名前順",
    "charge": "担当者順",
    "changed": "新しい動きの順",
}

GROUPS: Mapping[str, str] = {
    "safety": "安全確認・居所",
    "inquiry": "情報提供・照会",
    "visit": "訪問・報告",
    "plan": "計画・支援",
    "emergency": "緊急閲覧",
    "rights": "請求・訂正・漏えい・保存",
    "move": "移管・転居・滞在",
    "other": "その他",
}

PARTS: Mapping[str, str] = {
    "URGENT": "期限超過・至急",
    "TODAY": "今日",
    "THIS_WEEK": "7日以内",
    "LATER": "それ以降・期限なし",
    "WAITING": "相手を待っています",
    "NEW": "新しい動き",
    "NOTHING": "いますることはありません",
}

TIMELINE: Mapping[str, str] = {
    "all": "すべて",
    "news": "前に見てから",
    "content": "内容のあるもの",
    "received": "ほかの機関から",
    "ours": "自機関の記録",
    "visits": "訪問・安全",
    "plan": "計画・会議・終結",
    "rights": "同意・請求・保護",
}
"""What of a case's messages is shown."""

_NAMELESS: Mapping[str, str] = {
    "UNOPENED": "名前をまだ開いていない家庭",
    "NAMELESS": "名前の記載がない家庭",
    "HIDDEN": "名前を表示できない家庭",
}


def nameless_text(state: str) -> str:
    """What a list calls a family without a known name."""
    return _NAMELESS[state]


def matter_text(kind: str) -> str:
    """What is to be done, or what is late; that it is late is shown beside it."""
    return task_text(kind).removeprefix("期限超過: ")


def notice_text(kind: str, count: int) -> str:
    """What has come, and how often."""
    if kind == "ASSIGNED":
        return "あなたが訪問支援者に割り当てられました"
    if kind == "ASSIGNS":
        return "訪問支援者の割当が届いています"
    return f"「{act_text(kind)}」が{f'{count}件' if count > 1 else ''}届いています"


def ages_text(ages: tuple[int | None, ...]) -> str:
    """The ages of the children of a family; empty where there is none."""
    return "・".join("年齢不明" if age is None else f"{age}歳" for age in ages)
