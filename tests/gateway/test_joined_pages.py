"""Cases of one family by the pages of a door: they are joined, linked on both pages, and separated again."""

from __future__ import annotations

from uuid import UUID, uuid4

from gateway.agency.joined_cases import cases_of_family, joined_with
from tests.gateway.test_forms import PagesFixture, office  # noqa: F401
from tests.gateway.test_forms_programme import CaseWork

ONE, TWO, THREE = (uuid4() for _ in range(3))


def message(act: str, case: UUID, other: UUID | None = None) -> dict[str, object]:
    return {"act": act, "case": str(case), "fields": {"other": str(other)}}


JOINED = [message("cases.joined", ONE, TWO), message("cases.joined", THREE, TWO)]


def test_who_is_of_one_family_follows_from_the_pairs() -> None:
    assert joined_with(JOINED, ONE) == [str(TWO)]
    assert cases_of_family(JOINED, ONE) == sorted([str(TWO), str(THREE)])
    assert cases_of_family(JOINED, uuid4()) == []
    split = [*JOINED, message("case.split", TWO, THREE)]
    assert cases_of_family(split, ONE) == [str(TWO)]
    moved = [*JOINED, message("transfer.completed", TWO)]
    assert cases_of_family(moved, ONE) == []


def test_two_cases_are_joined_linked_and_separated(office: PagesFixture) -> None:  # noqa: F811
    one, other = office.case(), office.case()
    work = CaseWork(office, one, office.at("AZ-CORE"))
    page = work.core.page(f"/cases/{one}/forms/join-cases")
    assert f'value="{other}"' in page
    assert f'value="{one}"' not in page
    assert "閲覧できる機関は変わらない" in page
    work.submit("join-cases", {"other": str(other), "agreed": "yes"})
    for here, there in ((one, other), (other, one)):
        assert f'href="/cases/{there}"' in work.core.page(f"/cases/{here}").replace(work.core.base, "")
    assert f'value="{other}"' not in work.core.page(f"/cases/{one}/forms/join-cases")
    work.submit("split-cases", {"other": str(other), "reason": "JOINED_BY_MISTAKE"})
    assert "同じ家庭の事例: " not in work.core.page(f"/cases/{one}")
