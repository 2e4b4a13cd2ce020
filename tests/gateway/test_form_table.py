"""The table of forms against the events and codes it names: all names exist, and everything has law and label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from typing import get_args, get_type_hints
from uuid import UUID, uuid4

import pytest

from domain.codes import Section
from domain.decide import PERMITTED_COMMANDS
from domain.events import (
    AbuseNotificationReceived,
    CaseMessage,
    EmergencyAccessApproved,
    EmergencyAccessRequested,
    Event,
    Kind,
    RelocationLearned,
    SubjectAccessDecided,
    SupportWorkerAssigned,
    SupportWorkerUnassigned,
)
from domain.reasons import Reason
from domain.tasks import TaskKind
from gateway.agency.forms.display import DISPLAYED_FIELDS
from gateway.agency.forms.fill import FIELD_OF_REASON, Filled, _section_text, fill
from gateway.agency.forms.kinds import (
    CaseMessages,
    Field,
    Form,
    FormContext,
    InputKind,
    OtherAgency,
    SectionText,
    To,
)
from gateway.agency.forms.planning import PLAN_KEYS
from gateway.agency.forms.table import FORMS
from gateway.agency.implied_addressees import with_implied_addressees
from gateway.agency.notifier_marks import notifier_marks
from gateway.pages.law import law_of
from gateway.pages.texts import BASES

COMPUTED_FIELDS = {
    "assign": {"visitor"},
    "access-decision": {"decision"},
    "assessment": {"contacts", "other_bodies"},
    "consent": {"age", "recipients", "sections", "until"},
    "consent-refused": {"recipients", "sections"},
    "consent-withdrawn": {"consents"},
    "plan": set(PLAN_KEYS),
    "plan-approval": set(PLAN_KEYS),
}
"""Fields of forms that ``Form.finalise`` turns into fields of their events."""

SUPPLIED_FIELDS = {
    "contractor-requirement": {"scope"},  # the contract says it
    "access-decision": {"result"},
    "audit-grant": {"opens", "until"},
    "coercion-confirmation": {"answers", "coerced"},
    "consent": {"expires_at", "scope"},
    "contract-renewed": {"contractor"},
    "consent-refused": {"requested_scope"},
    "oath": {"employment"},
    "plan": {"plan"},
    "plan-approval": {"plan"},
    "referral": {"children"},
    "rules-known": {"edition", "staff"},
    "safety": {"child_seen"},
    "transfer-cancel": {"hands_over"},
    "unassign": {"agency"},
    "visit-report": {"worker"},
}
"""Fields of events that ``Form.finalise`` supplies, from other fields or from what the door knows."""

EVERY = [pytest.param(form, id=key) for key, form in FORMS.items()]


SERVED_WITHOUT_FORM = {
    "buttons beside a line of the work list or an item": {
        "referral.acknowledged",
        "referral.read",
        "disclosure.read",
        "section.opened",
    },
    "the door by itself": {
        "items.rewrapped",
        "wrapped_key_fetched_for.rewrap",
        "disclosure.received",
        "key_set.published",
    },
    "the registrars' commands": {
        "audit_mandate.began",
        "coordinating_agency.designated",
        "core_agency.designated",
        "key_set.revoked",
        "rule_book.published",
    },
    "the audit office's commands": {
        "audit_content_access.requested",
        "audit_control.requested",
    },
}
"""Acts without a form -> what records them."""


def test_every_act_has_a_form_or_is_listed_with_what_records_it() -> None:
    forms = {form.act.TOPIC for form in FORMS.values()}
    elsewhere = [topic for topics in SERVED_WITHOUT_FORM.values() for topic in topics]
    assert len(elsewhere) == len(set(elsewhere))
    assert not forms & set(elsewhere)
    assert forms | set(elsewhere) == {cls.TOPIC for cls in PERMITTED_COMMANDS}


def form_context(**more: object) -> FormContext:
    known = {
        "agency": "me",
        "roles": frozenset({"CORE"}),
        "body": "MUNICIPALITY",
        "municipality": "1",
        "actor": "staff.a",
        "people": {},
        "agencies": {"other": OtherAgency(name="児童相談所", roles=frozenset({"CGC"}), body="PREFECTURE")},
        "messages": [],
        "about": None,
        "now": datetime(2026, 1, 5, 3, 0, tzinfo=UTC),
        "command_id": uuid4(),
    }
    known |= more
    known["messages"] = CaseMessages(known["messages"])
    return FormContext(**known)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", EVERY)
def test_the_fields_of_a_form_are_those_of_its_event(form: Form) -> None:
    own = {f.name for f in fields(form.act)}
    form_fields = {f.name for f in form.fields if f.input_kind is not InputKind.CHECK} - COMPUTED_FIELDS.get(
        form.key, set()
    )
    assert form_fields | set(form.fixed) <= own
    if form.answers and not form.is_about_case and issubclass(form.act, CaseMessage):
        assert form.answers in own


def asked_by(form: Form) -> set[str]:
    """The fields of the event that the form asks for, states, or takes from the message it is about."""
    answered = {form.answers} if form.act.ON is Kind.CASE and not form.is_about_case else set()
    return {f.name for f in form.fields} | set(form.fixed) | answered


@pytest.mark.parametrize("form", EVERY)
def test_a_form_asks_for_every_field_of_its_event(form: Form) -> None:
    of_every_message = {f.name for f in fields(CaseMessage)}
    not_covered = {f.name for f in fields(form.act) if f.init} - of_every_message - asked_by(form)
    assert not_covered == SUPPLIED_FIELDS.get(form.key, set())


VALUE_OR_NOTHING = {
    InputKind.ONE,
    InputKind.DAY,
    InputKind.MOMENT,
    InputKind.COUNT,
    InputKind.REF,
    InputKind.YES,
}


@pytest.mark.parametrize("form", EVERY)
def test_what_may_be_left_empty_may_be_absent_from_the_event(form: Form) -> None:
    types = get_type_hints(form.act)
    empty = {
        f.name
        for f in form.fields
        if f.input_kind in VALUE_OR_NOTHING and not (f.is_required and f.visible_if is None)
    }
    needed = {name for name in empty & set(types) if type(None) not in get_args(types[name])}
    by_other_means = {
        "consent": {"sole_holder"},  # left empty, it is «no»
        "assign": {"agency", "worker"},  # written of who is on no roll only
    }
    assert needed == by_other_means.get(form.key, set())


@pytest.mark.parametrize("form", EVERY)
def test_a_form_has_its_law_and_its_texts_in_japanese(form: Form) -> None:
    law = law_of(form.act)
    assert law
    assert not re.search("[A-Za-z]", law)
    assert all((form.title, form.description, form.next_step, form.send))
    assert set(form.tasks) <= set(TaskKind)
    assert set(form.to.bases if form.to else ()) <= set(BASES)


def choices(form: Form) -> Iterator[tuple[Field, str]]:
    for field in form.fields:
        if not callable(field.choices):
            yield from ((field, text) for text in field.choices.values())


@pytest.mark.parametrize("form", EVERY)
def test_every_choice_has_a_japanese_text(form: Form) -> None:
    assert not [text for _, text in choices(form) if text.isascii()]


def test_every_displayed_code_has_a_japanese_text() -> None:
    names = {f.name for form in FORMS.values() if form.act.ON is Kind.CASE for f in form.fields}
    field_values = {name for some in COMPUTED_FIELDS.values() for name in some}
    hidden = {"agreed", "support_plan", "answers", "second", *field_values} - {"recipients", "sections"}
    assert names - hidden <= set(DISPLAYED_FIELDS)


def test_every_refusal_is_shown_at_a_field_that_some_form_has() -> None:
    names = {f.name for form in FORMS.values() for f in form.fields}
    names |= {w.name for form in FORMS.values() for w in form.section_inputs}
    assert set(FIELD_OF_REASON) <= set(Reason)
    assert set(FIELD_OF_REASON.values()) <= names


@pytest.mark.parametrize(
    ("event", "law"),
    [
        pytest.param(EmergencyAccessRequested, "個情法69条2項4号、児虐法8条", id="an item of a paragraph"),
        pytest.param(
            EmergencyAccessApproved,
            "個情法69条2項4号、本システムの規則(二人の承認)",
            id="an own rule by its name",
        ),
        pytest.param(
            RelocationLearned,
            "児福法10条1項、児福法25条の2第2項、本システムの規則",
            id="an own rule in English has no name",
        ),
        pytest.param(SubjectAccessDecided, "個情法78条、個情法79条、個情法81条、個情法83条", id="a list"),
        pytest.param(AbuseNotificationReceived, "児虐法6条1項、児虐法7条、児福法25条1項", id="two laws"),
    ],
)
def test_a_legal_basis_is_cited_as_in_japanese_practice(event: type[Event], law: str) -> None:
    assert law_of(event) == law


FORM_WITH_EVERY_INPUT = Form(
    key="one",
    act=RelocationLearned,
    title="",
    description="",
    next_step="",
    group="",
    fields=(
        Field(name="day", label="日", input_kind=InputKind.DAY),
        Field(name="moment", label="時", input_kind=InputKind.MOMENT),
        Field(name="count", label="数", input_kind=InputKind.COUNT),
        Field(name="ref", label="番号", input_kind=InputKind.REF),
        Field(name="one", label="一つ", input_kind=InputKind.ONE, choices={"A": "あ"}),
        Field(name="yes", label="はい", input_kind=InputKind.YES),
        Field(name="many", label="いくつか", input_kind=InputKind.MANY, choices={"A": "あ", "B": "い"}),
    ),
    section_inputs=(SectionText(section=Section.CHILD, label="様子"),),
    to=To(fixed=lambda s: ["other"], bases=("CAPA-13-4",)),
)
VALID_VALUES = {
    "day": ["2026-02-01"],
    "moment": ["2026-02-01T09:30"],
    "count": ["１２"],
    "ref": ["W-1"],
    "one": ["A"],
    "yes": ["no"],
    "many": ["B", "A"],
}


def test_a_correct_entry_is_read_as_the_event_needs_it() -> None:
    filled = fill(FORM_WITH_EVERY_INPUT, form_context(), VALID_VALUES)
    assert filled.errors == {}
    assert filled.field_values == {
        "day": "2026-02-01",
        "moment": "2026-02-01T00:30:00.000000Z",
        "count": 12,
        "ref": "W-1",
        "one": "A",
        "yes": False,
        "many": ["A", "B"],
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("day", "2026-02-30", id="no such day"),
        pytest.param("day", "", id="no day"),
        pytest.param("moment", "あさ", id="no time"),
        pytest.param("moment", "0001-01-01T00:00", id="a time before year 1 in UTC"),
        pytest.param("count", "-1", id="a negative number"),
        pytest.param("count", "²", id="not a plain digit"),
        pytest.param("ref", "山田 花子", id="a name"),
        pytest.param("one", "C", id="not offered"),
        pytest.param("yes", "maybe", id="neither yes nor no"),
        pytest.param("many", "C", id="nothing of what is offered"),
    ],
)
def test_a_wrong_entry_is_reported_at_its_field(name: str, value: str) -> None:
    filled = fill(FORM_WITH_EVERY_INPUT, form_context(), {**VALID_VALUES, name: [value]})
    assert set(filled.errors) == {name}
    assert filled.errors[name].startswith("「")


@pytest.mark.parametrize("code", ["", "APPI-69-2-4", "NO-SUCH"])
def test_no_text_is_sent_without_a_basis_that_the_form_offers(code: str) -> None:
    values = {**VALID_VALUES, "text_CHILD": ["元気"], "basis.other": [code]}
    filled = fill(FORM_WITH_EVERY_INPUT, form_context(), values)
    assert set(filled.errors) == {"to"}
    assert filled.basis == {}


def test_fixed_addressees_do_not_come_from_the_browser() -> None:
    values = {**VALID_VALUES, "to": ["somebody-else"], "text_CHILD": ["元気"], "basis.other": ["CAPA-13-4"]}
    filled = fill(FORM_WITH_EVERY_INPUT, form_context(), values)
    assert (filled.to, filled.basis) == (["other"], {"other": "CAPA-13-4"})


@pytest.mark.parametrize(
    ("mine", "theirs", "offered"),
    [
        pytest.param("CORE", "CGC", ["CAPA-13-4", "CONSENT"], id="two authorities"),
        pytest.param(
            "CONTRACTOR", "CORE", ["CAPA-13-4", "CWA-21-10-2-3", "CONSENT"], id="a contractor reports"
        ),
        pytest.param("CONTRACTOR", "CONTRACTOR", ["CONSENT"], id="parties that no row names"),
    ],
)
def test_only_bases_between_two_such_parties_are_offered(mine: str, theirs: str, offered: list[str]) -> None:
    to = To(bases=("CAPA-13-4", "CWA-21-10-2-3", "CONSENT"))
    context = form_context(
        roles=frozenset({mine}), agencies={"other": OtherAgency(name="", roles=frozenset({theirs}))}
    )
    assert to.offered(context, "other") == offered


def test_a_basis_is_offered_in_reverse_direction_only_for_an_answer() -> None:
    to = To(bases=("CWA-25-7-1", "CWA-21-10-4", "APPI-69-2-3"))
    assert to.offered(form_context(), "other") == [
        "CWA-25-7-1",
        "APPI-69-2-3",
    ]  # 児福法21条の10の4: a disclosure by a prefecture
    form_fields = {"act": "information.requested", "message": "m", "by": "other", "to": ["me"], "fields": {}}
    assert to.offered(form_context(about=form_fields), "other") == [
        "CWA-25-7-1",
        "CWA-21-10-4",
        "APPI-69-2-3",
    ]


def test_a_visitor_is_chosen_from_the_rolls_and_who_is_on_none_is_written() -> None:
    npo = OtherAgency(name="委託先", roles=frozenset({"CONTRACTOR"}), body="COMMISSIONED")
    rolls = {"npo": {"V-2": ["TRAINING"], "V-1": []}, "me": {"W-1": []}}
    about = form_context(agencies={"npo": npo}, people={"W-1": "架空花子"}, roll=lambda: rolls)
    [visitor] = [f for f in FORMS["assign"].visible_fields(about) if f.name == "visitor"]
    assert list(visitor.offered(about)) == ["npo V-1", "npo V-2", "me W-1", "-"]
    offered = list(visitor.offered(about).values())
    assert offered[0] == "委託先: V-1"
    assert offered[1].startswith("委託先: V-2(まだ割り当てられません")
    assert offered[2] == "自機関: 架空花子 W-1"
    chosen = fill(FORMS["assign"], about, {"visitor": ["npo V-1"], "role": ["SPECIALIST"]})
    assert (chosen.errors, chosen.field_values["agency"], chosen.field_values["worker"]) == ({}, "npo", "V-1")
    assert "visitor" not in chosen.field_values
    written = {"visitor": ["-"], "agency": ["npo"], "role": ["SPECIALIST"]}
    assert set(fill(FORMS["assign"], about, written).errors) == {"worker"}
    assert "名簿にいません" in fill(FORMS["assign"], about, {**written, "worker": ["V-9"]}).errors["worker"]
    both = {"visitor": ["npo V-1"], "worker": ["V-9"], "role": ["SPECIALIST"]}
    assert "どちらか一方" in fill(FORMS["assign"], about, both).errors["worker"]
    lacks = fill(FORMS["assign"], about, {"visitor": ["npo V-2"], "role": ["SPECIALIST"]})
    assert "まだ割り当てられません" in lacks.errors["visitor"]
    hub_is_away = form_context(agencies={"npo": npo})
    assert "visitor" not in {f.name for f in FORMS["assign"].visible_fields(hub_is_away)}
    assert fill(FORMS["assign"], hub_is_away, {**written, "worker": ["V-9"]}).errors == {}


@pytest.mark.parametrize("act", [SupportWorkerAssigned.TOPIC, SupportWorkerUnassigned.TOPIC])
def test_a_visitors_agency_is_addressed_whatever_the_way_and_no_other_act_is_changed(act: str) -> None:
    own, npo, other = (str(UUID(int=n)) for n in (1, 2, 3))
    addressed = partial(with_implied_addressees, agency=UUID(own), is_addressable=lambda id: id == npo)
    fields = {"to": [], "agency": npo, "worker": "V-1"}
    assert addressed(act, fields) == {**fields, "to": [npo]}
    assert addressed(act, {**fields, "to": [other]})["to"] == [npo, other]
    unchanged = (
        {**fields, "to": [npo]},
        {**fields, "agency": own},
        {**fields, "agency": other},  # it has no keys in force
        {**fields, "agency": 7},
        {**fields, "to": "nobody"},
        {"worker": "V-1"},
    )
    for same in unchanged:
        assert addressed(act, same) == same
    assert addressed("home_visit.scheduled", fields) == fields


def test_every_form_asks_who_notified_line_by_line_so_that_the_door_learns_the_words() -> None:
    asked = [w for form in FORMS.values() for w in form.section_inputs if w.section is Section.NOTIFIER]
    assert len(asked) > 3
    for section_input in asked:
        values = {f"{section_input.name}.{label}": [f"架空の{label}"] for label in section_input.lines}
        text = _section_text(section_input, Filled(values))
        assert len(list(notifier_marks(text, bytes))) == len(section_input.lines) > 0


def test_what_is_written_of_a_risk_or_a_closing_has_fields_beside_its_free_words() -> None:
    in_words_alone = {
        form.key
        for form in FORMS.values()
        for section_input in form.section_inputs
        if section_input.section in (Section.RISK, Section.CLOSING) and section_input.content is None
    }
    # what replaces other words is in words; who may not be contacted is in no field of the schema
    assert in_words_alone == {"contact-forbidden", "correction", "correction-notice", "unreadable-answer"}
