"""Searches for a family and restrictions of contact by their pages."""

from __future__ import annotations

from tests.gateway.test_forms import PagesFixture
from tests.gateway.test_forms import office as office

RESTRICTED = "子どもとの接触が制限されています"


def test_a_restriction_of_contact_is_shown_where_somebody_writes_until_it_is_lifted(
    office: PagesFixture,
) -> None:
    case = office.case()
    office.forward_notification(case)
    centre, core, agency = office.at("KS-CGC"), office.at("AZ-CORE"), office.id("AZ-CORE")
    pages = (f"/cases/{case}", f"/cases/{case}/disclose", f"/cases/{case}/forms/safety")
    assert not any(RESTRICTED in core.page(path) for path in pages)
    ban = centre.submit(
        f"/cases/{case}/forms/contact-forbidden",
        {
            "contacts": ["MEETING", "APPROACH"],
            "until": office.day(60),
            "text_RISK": "父による面会",
            "to": agency,
        }
        | {f"basis.{agency}": "CWA-26-1-3"},
    )
    core.page_with(pages[0], RESTRICTED)
    assert all("つきまとい・はいかい(接近禁止命令)、面会" in core.page(path) for path in pages)
    centre.submit(f"/cases/{case}/forms/contact-ban-lifted?about={ban}", {})
    core.page_with(pages[0], "面会・通信等の制限の解除")
    assert not any(RESTRICTED in core.page(path) for path in pages)


def test_a_search_is_recorded_step_by_step(office: PagesFixture) -> None:
    case = office.case()
    core = office.at("AZ-CORE")
    lost = core.submit(f"/cases/{case}/forms/whereabouts-lost", {"last_seen_on": office.day(-9)})
    assert "SEARCH" in office.pending_tasks(case, "AZ-CORE")
    step = f"/cases/{case}/forms/search-step?about={lost}"
    core.submit(step, {"search_step": "RESIDENT_REGISTER", "search_result": "PENDING"})
    core.page_with(f"/cases/{case}", "住民基本台帳・戸籍の照会")
    core.submit(f"/cases/{case}/forms/whereabouts-established?about={lost}", {"located_by": "SIGHTED"})
    assert {"SEARCH", "SEE_CHILD"}.isdisjoint(office.pending_tasks(case, "AZ-CORE"))
