"""An assessment on a page: strengths are strengths, and what nobody looked at is never shown as no concern."""

from __future__ import annotations

import pytest

from domain.indicators import INDICATOR_CODES
from gateway.agency.forms.display import summary_rows

NOTHING = dict.fromkeys(sorted(INDICATOR_CODES), "NOT_ASSESSED")


def shown(**fields: object) -> dict[str, str]:
    return dict(summary_rows({"fields": fields}, {"hospital": "みどり架空病院"}))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, "見ていない: ここに挙げていない項目すべて", id="nobody looked at anything"),
        pytest.param(
            {"CH_HEALTH_STATUS": "SERIOUS", "CH_DAILY_CARE": "CONCERN"},
            "気になる: 健康状態(発育・発達状態の遅れなど)(深刻)、日常のケア状況・基本的な生活習慣。"
            "見ていない: ここに挙げていない項目すべて",
            id="concerns",
        ),
        pytest.param(
            {"CG_HAS_CONFIDANT": "NO_CONCERN", "EN_AVAILABLE_RESOURCES": "SERIOUS"},
            "気になる: 利用可能な社会資源(ない・いない)。強み: 相談できる人がいる。"
            "見ていない: ここに挙げていない項目すべて",
            id="a strength that is there, and one that is not",
        ),
        pytest.param(
            {**dict.fromkeys(NOTHING, "NO_CONCERN"), "PR_YOUNG": "UNKNOWN", "PR_OTHER": "NOT_ASSESSED"},
            None,
            id="few are left out",
        ),
    ],
)
def test_each_item_is_named_for_what_is_known_of_it(values, expected):
    text = shown(indicators={**NOTHING, **values})["指標"]
    if expected is None:
        assert text.endswith("分からない: 若年。見ていない: その他")
    else:
        assert text == expected


def test_involved_agencies_are_named_where_they_have_a_door_and_by_kind_elsewhere():
    rows = [
        {"agency": "hospital", "body": None, "involvement": "SUPPORTS_NOW", "contact_named": True},
        {"agency": None, "body": "SCHOOL", "involvement": "KNOWS_FAMILY", "contact_named": False},
    ]
    assert shown(involved=rows)["関与機関"] == (
        "みどり架空病院(いま支援している、担当者の記載あり)、学校(把握しているが支援していない)"
    )


def test_who_could_not_be_asked_is_shown_with_the_reason():
    assert shown(not_consulted={"hospital": "DECLINED"})["尋ねられなかった機関"] == (
        "みどり架空病院(協議に応じない)"
    )
