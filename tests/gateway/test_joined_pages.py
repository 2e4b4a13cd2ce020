"""Cases of one family by the pages of a door: they are joined, linked on both pages, and separated again."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from gateway.agency.joined_cases import cases_of_family, joined_with
from gateway.agency.web import form_context
from tests.gateway.page_client import parse_form
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


def test_the_other_case_of_a_family_is_searched_for(
    office: PagesFixture,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    family = {"form_BASIC.children.new.1.name.text": "鷺沼 かのん"}
    one, *others, named = office.case(), office.case(), office.case(), office.case(**family)
    monkeypatch.setattr(form_context, "MAX_OFFERED", 2)
    work = CaseWork(office, one, office.at("AZ-CORE"))
    path = f"/cases/{one}/forms/join-cases"

    def searched(text: str, **more: str) -> list[str]:
        status, _, page = work.core.fill(path, {"other.search": text, "agreed": "yes", **more})
        assert (
            status == 200
        )  # nothing was recorded, though everything else was filled in: Enter in the search sends nothing
        assert "まだ記録していません" not in page
        return [case for case in parse_form(page).offered["other"] if case]

    first = work.core.page(path)
    assert len([case for case in parse_form(first).offered["other"] if case]) == 2
    assert "始めの2件だけ" in first
    for case in (*others, named):
        assert searched(str(case)[:8]) == [str(case)]
    assert searched("鷺沼") == [str(named)]
    assert searched("どこにもいない名前") == []
    assert searched(str(named)[:8], other=str(others[0])) == [
        str(others[0]),
        str(named),
    ]  # what was chosen stays
    work.submit("join-cases", {"other": str(others[0]), "agreed": "yes"})
    assert f'value="{others[0]}"' not in work.core.page(path)
