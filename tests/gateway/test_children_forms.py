"""Which child: what pages call the children of a case, and how a person says whom an act is about."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from domain.children import UNKNOWN_CHILD
from gateway.agency.forms.children import (
    NEW,
    UNKNOWN,
    UNKNOWN_NAME,
    child_choices,
    child_names,
    child_rows,
    references_of,
)
from gateway.agency.forms.links import child_name, form_path
from gateway.agency.forms.table import FORMS
from tests.gateway.test_form_table import form_context
from tests.gateway.test_forms import PagesFixture, office  # noqa: F401
from tests.gateway.test_forms_programme import CaseWork, case_work  # noqa: F401

A, B, C = (f"{symbol * 8}-0000-4000-8000-000000000000" for symbol in "abc")


def message(act: str, *children: str, at: str = "2026-01-01T00:00:00Z", **more: object) -> dict[str, object]:
    return {"act": act, "message": str(uuid4()), "at": at, "fields": {"children": list(children), **more}}


# --- what pages call them -----------------------------------------------------------------------------------------------


def test_children_are_numbered_in_the_order_in_which_a_door_learned_of_them() -> None:
    messages = [message("child.sighted", B), message("child.sighted", A, UNKNOWN), {"act": "x", "fields": {}}]
    assert child_names(messages) == {B: "子ども1", A: "子ども2", UNKNOWN: UNKNOWN_NAME}


def test_two_references_for_one_child_have_one_name_and_are_offered_once() -> None:
    messages = [message("child.sighted", *one) for one in ([A], [B], [C])] + [
        message("children.joined", A, C)
    ]
    names = child_names(messages)
    assert names == {A: "子ども1", C: "子ども1", B: "子ども2", UNKNOWN: UNKNOWN_NAME}
    assert list(child_choices(names)) == [A, B, *NEW, UNKNOWN]


def test_a_child_has_the_name_that_was_read_and_no_two_are_called_the_same() -> None:
    messages = [message("child.sighted", *one) for one in ([A], [B], [C])]
    assert child_names(messages, {B: "架空さくら", A: ""}) == {
        A: "子ども1",
        B: "架空さくら",
        C: "子ども3",
        UNKNOWN: UNKNOWN_NAME,
    }
    of_one_name = child_names(messages, {A: "架空さくら", B: "架空さくら"})
    assert list(of_one_name.values()) == [
        "架空さくら(子ども1)",
        "架空さくら(子ども2)",
        "子ども3",
        UNKNOWN_NAME,
    ]
    joined = [*messages, message("children.joined", A, C)]
    names = child_names(joined, {C: "架空さくら"})
    assert (names[A], names[C], names[B]) == ("架空さくら", "架空さくら", "子ども2")
    assert list(child_choices(names)) == [A, B, *NEW, UNKNOWN]


def test_a_join_that_is_taken_back_gives_each_child_its_name_again_and_counts_for_neither() -> None:
    join = {**message("children.joined", A, C), "by": "core", "to": []}
    meanwhile = {**message("child.sighted", A, at="2026-01-02T00:00:00Z"), "by": "core"}
    elsewhere = {**message("child.sighted", C, at="2026-01-03T00:00:00Z"), "by": "hospital"}
    messages = [message("child.sighted", *one) for one in ([A], [B], [C])] + [join, meanwhile, elsewhere]
    joined_rows = list(child_rows(messages, child_names(messages)))
    assert joined_rows[0] == ("子ども1", "2026-01-03T00:00:00Z", "")
    messages.append(message("children.separated", answers=join["message"]))
    names = child_names(messages)
    assert names == {
        A: "子ども1",
        B: "子ども2",
        C: "子ども3",
        UNKNOWN: UNKNOWN_NAME,
    }
    assert [seen[:10] for _, seen, _ in child_rows(messages, names)] == [
        "2026-01-01",
        "2026-01-01",
        "2026-01-03",
    ]
    again = [*messages, {**message("children.joined", A, C), "by": "core", "to": []}]
    assert child_names(again)[C] == "子ども1"


def test_a_new_child_has_the_same_reference_where_a_page_is_sent_twice() -> None:
    command = uuid4()
    first, again = (references_of(["new.1", "new.2", A], command) for _ in range(2))
    assert first == again
    assert A in first
    assert len(set(first)) == 3
    assert not set(first) & set(references_of(["new.1", "new.2"], uuid4()))
    assert references_of(["all"], command) == []
    assert references_of(["all", A], command) == [A]  # who is named counts before all


def test_what_a_door_knows_of_each_child_is_in_a_row() -> None:
    messages = [
        message("family_information.provided", A, B),
        message("child.placed", A, place="HOSPITAL"),
        message("visit_report.submitted", child_seen=True, at="2026-01-02T00:00:00Z"),
        message("safety.confirmed", B, child_seen=True, method="SIGHTED", at="2026-01-03T00:00:00Z"),
        message("safety.confirmed", A, child_seen=True, method="TELEPHONE", at="2026-01-04T00:00:00Z"),
        message("child.sighted", UNKNOWN, at="2026-01-05T00:00:00Z"),
    ]
    rows = list(child_rows(messages, child_names(messages)))
    assert rows == [
        ("子ども1", "2026-01-02T00:00:00Z", "HOSPITAL"),
        ("子ども2", "2026-01-03T00:00:00Z", ""),
    ]
    messages += [message("child.returned", A, returned_from="HOSPITAL"), message("child.died", B)]
    assert [place for _, _, place in child_rows(messages, child_names(messages))] == ["", "DIED"]


def test_a_task_names_its_child_and_its_form_has_it_ticked() -> None:
    here = form_context(messages=[message("child.sighted", A)])
    assert child_name(here, {"child": A}) == "子ども1"
    assert child_name(here, {"child": B}) == "ほかの子ども"
    assert child_name(here, {"child": None}) == child_name(here, {}) == ""
    case = uuid4()
    assert form_path(FORMS["safety"], case, child=A) == f"/cases/{case}/forms/safety?children={A}"
    assert form_path(FORMS["hold"], case, child=A) == f"/cases/{case}/forms/hold"


# --- by the pages of a real hub -----------------------------------------------------------------------------------------


def names_on(text: str) -> list[str]:
    return re.findall(r'<th scope="row">(子ども[^<]+)</th>', text)


def case_with(office: PagesFixture, *children: str) -> CaseWork:  # noqa: F811
    case = office.case(children=list(children))  # type: ignore[arg-type]
    return CaseWork(office, case, office.at("AZ-CORE"))


def references(work: CaseWork) -> list[str]:
    """The references of the children of this case, as the page of a form offers them."""
    page = work.core.page(f"/cases/{work.case}/forms/safety")
    offered = re.findall(r'name="children" value="([0-9a-f-]{36})"', page)
    return [one for one in offered if one != str(UNKNOWN_CHILD)]


def safety_tasks(work: CaseWork) -> list[str | None]:
    door = work.office.rehearsal_hub.door("AZ-CORE")
    door.refresh()
    tasks = door.store.tasks.of_case(str(work.case))
    return sorted(str(t["child"]) for t in tasks if t["kind"] == "SEE_CHILD")


def test_two_children_are_notified_one_is_seen_and_the_other_stays_on_the_work_list(
    office: PagesFixture,  # noqa: F811
) -> None:
    work = case_with(office, "new.1", "new.2")
    first, second = references(work)
    assert safety_tasks(work) == sorted([first, second])
    name_of = dict(zip((first, second), names_on(work.core.case(work.case)), strict=True))
    start = work.core.page("/")
    assert f"<strong>{'・'.join(name_of[child] for child in sorted((first, second)))}</strong>" in start
    home = work.core.case(work.case)
    for child in (first, second):
        assert f"/cases/{work.case}/forms/safety?children={child}" in home
    assert f'value="{first}" checked' in work.core.page(f"/cases/{work.case}/forms/safety?children={first}")
    work.submit("safety", {"method": "SIGHTED", "children": [first]})
    assert safety_tasks(work) == [second]
    assert set(work.refused("safety", {"method": "SIGHTED"})) == {"children"}  # of two, whom?
    work.submit("safety", {"method": "SIGHTED", "children": ["all"]})
    assert safety_tasks(work) == []


def test_one_child_needs_no_choice(case_work: CaseWork) -> None:  # noqa: F811
    assert safety_tasks(case_work) == ["None"]
    case_work.submit("safety", {"method": "SIGHTED"})
    assert safety_tasks(case_work) == []


def test_an_unknown_child_is_identified_and_two_references_are_joined(office: PagesFixture) -> None:  # noqa: F811
    work = case_with(office, UNKNOWN)
    assert safety_tasks(work) == [UNKNOWN]
    notice = office.message(work.case, "AZ-CORE", "abuse_notification.received")
    work.submit("child-identified", {"children": ["new.1"]}, about=notice)
    [first] = references(work)
    assert safety_tasks(work) == [first]
    status, parsed_form, _ = work.core.fill(
        f"/cases/{work.case}/forms/children-joined", {"children": [first], "agreed": "yes"}
    )
    assert (status, set(parsed_form.errors)) == (400, {"children"})
    work.submit("safety", {"method": "TELEPHONE", "children": ["new.1"]})
    both = references(work)
    assert len(both) == 2
    work.submit("children-joined", {"children": both, "agreed": "yes"})
    work.core.page_with(f"/cases/{work.case}", "<h3>同じ子どもの記録をまとめる</h3>")
    assert len(references(work)) == 1
    assert len(names_on(work.core.case(work.case))) == 1
    join = office.message(work.case, "AZ-CORE", "children.joined")
    assert set(work.refused("children-separated", {}, about=join)) == {"reason"}
    work.submit("children-separated", {"reason": "DIFFERENT_CHILDREN"}, about=join)
    work.core.page_with(f"/cases/{work.case}", "子ども2")
    assert len(references(work)) == len(names_on(work.core.case(work.case))) == 2


def test_a_placement_a_return_and_deaths_are_recorded_and_the_case_ends(office: PagesFixture) -> None:  # noqa: F811
    work = case_with(office, "new.1")
    [child] = references(work)
    work.submit("safety", {"method": "SIGHTED"})
    today = office.day(0)
    assert set(work.refused("child-placed", {"place": "HOSPITAL", "placed_on": office.day(2)})) == {
        "placed_on"
    }
    stay = {"place": "TEMPORARY_PROTECTION", "placed_on": today, "known_from": office.id("KS-CGC")}
    work.submit("child-placed", {**stay, "children": [child]})
    assert "一時保護" in work.core.case(work.case)
    home = {"returned_from": "TEMPORARY_PROTECTION", "returned_on": today, "children": [child]}
    work.submit("child-returned", home)
    assert safety_tasks(work) == [child]
    work.submit("parent-died", {"parent": "MOTHER"})
    assert "REASSESS" in office.pending_tasks(work.case, "AZ-CORE")
    assert set(work.refused("close", {"closing_reason": "CHILD_DIED"})) == {"closing_reason"}
    assert set(work.refused("child-died")) == {"children"}
    work.submit("child-died", {"children": [child], "died_on": today})
    assert safety_tasks(work) == []
    assert "死亡" in work.core.case(work.case)
    assert "KEEP_RECORDS" in office.pending_tasks(work.case, "AZ-CORE")
    work.submit("hold", {"ground": "REVIEW", "text_REASON": "検証のため"})
    assert "KEEP_RECORDS" not in office.pending_tasks(work.case, "AZ-CORE")
    work.submit("close", {"closing_reason": "CHILD_DIED"})
    assert "子どもが亡くなった" in work.core.case(UUID(str(work.case)))
