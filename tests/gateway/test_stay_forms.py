"""A family stays in another town for a while, and comes back: by the pages of both towns."""

from __future__ import annotations

from tests.gateway.test_forms import PagesFixture, office  # noqa: F401


def test_a_stay_is_recorded_extended_and_ended_by_the_pages_of_both_towns(office: PagesFixture) -> None:  # noqa: F811
    case, there = office.case(), office.id("TW-CORE")
    home_page, there_page = office.at("AZ-CORE"), office.at("TW-CORE")
    path = f"/cases/{case}/forms/{{}}"
    known = {
        "stays_since": office.day(0),
        "returns_on": office.day(30),
        "to": there,
        f"basis.{there}": "APPI-69-2-3",
    }
    status, parsed_form, _ = home_page.fill(path.format("stay"), known)
    assert (status, set(parsed_form.errors)) == (400, {"text_BASIC"})
    ahead = {**known, "text_BASIC": "母と子が祖父母宅に滞在", "stays_since": office.day(2)}
    status, parsed_form, _ = home_page.fill(path.format("stay"), ahead)
    assert (status, set(parsed_form.errors)) == (400, {"stays_since"})
    stay = home_page.submit(path.format("stay"), {**ahead, "stays_since": office.day(0)})
    there_page.page_with(f"/cases/{case}", "里帰り・一時的な滞在")

    extended = path.format("stay-extended") + f"?about={stay}"
    status, parsed_form, _ = there_page.fill(extended, {"returns_on": office.day(-1)})
    assert (status, set(parsed_form.errors)) == (400, {"returns_on"})
    there_page.submit(extended, {"returns_on": office.day(60)})
    home_page.page_with(f"/cases/{case}", "滞在の延長")

    ended = path.format("stay-ended") + f"?about={stay}"
    status, parsed_form, _ = home_page.fill(ended, {"returned_on": office.day(1)})
    assert (status, set(parsed_form.errors)) == (400, {"returned_on"})
    home_page.submit(ended, {"returned_on": office.day(0)})
    there_page.page_with(f"/cases/{case}", "帰宅(滞在の終了)")
    assert f"stay-ended?about={stay}" not in home_page.case(case)
