"""A command proposes an event; a record is read only in the one form in which it is written."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from adapters.mapper import body_of, command_of, parse_party, parse_proposed_event, read_event, record_of
from domain import events as e
from domain.codes import Flag, Purpose, Section, Tier
from domain.decide import PERMITTED_COMMANDS
from domain.editions import CURRENT_EDITION
from domain.errors import Malformed
from domain.events import Kind
from domain.record import AUDIT, HUB, REGISTRARS, About, Record, access_of
from keys import canonical
from keys.command import CommandPayload, ItemRef, WrappedKeyRef
from tests.domain.builders import (
    ASSESSED,
    ASSIGNED,
    AZ_CORE,
    CASE,
    COMMISSIONED,
    LEARNED,
    MID_HOSP,
    NETWORK,
    NOON,
    REGISTERED,
    SORA_NPO,
    TO_SORA,
    EventInput,
    event_input,
    given,
    id_of,
    opening,
)

FRAME = b"f" * 32
CREATED_AT = datetime(2025, 6, 2, 3, 0, tzinfo=UTC)


def payload(one: EventInput, **changed: Any) -> CommandPayload:
    """The signed payload that asks for this."""
    event, own = one.event, type(one.event).HUB_FIELDS
    items = event.items if isinstance(event, e.CaseMessage) else ()
    usual = CommandPayload(
        hub=bytes(32),
        about=About(one.on.kind, one.on.id),
        command_id=one.command_id,
        by=one.by,  # type: ignore[arg-type]
        actor=one.actor,
        act=event.TOPIC,
        created_at=CREATED_AT,
        occurred_at=None,
        not_after=CREATED_AT,
        fields={f.name: e.dump(getattr(event, f.name)) for f in fields(event) if f.name not in own},
        items=tuple(item(i) for i in items),
        wrapped_keys=tuple(wrapped_key(i.item, to) for i in items for to in sorted(i.keyed)),
        keyset=bytes(32),
    )
    return replace(usual, **changed)


def item(of: e.Item) -> ItemRef:
    return ItemRef(
        item=of.item,
        section=of.section.value,
        flags=tuple(flag.value for flag in of.flags),
        schema="note.v1",
        size=512,
        storage="inline",
        kc=bytes(32),
        digest=bytes(32),
    )


def wrapped_key(of: UUID, to: Any) -> WrappedKeyRef:
    return WrappedKeyRef(item=of, to=to, kid=bytes(32), digest=bytes(32))


KEYED = replace(
    TO_SORA,
    event=replace(
        TO_SORA.event,
        items=tuple(
            replace(
                i, keyed=frozenset({SORA_NPO, AZ_CORE}), flags=frozenset({Flag.SENSITIVE, Flag.THIRD_PARTY})
            )
            for i in TO_SORA.event.items  # type: ignore[attr-defined]
        ),
    ),
)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(KEYED, id="a message with keyed items"),
        pytest.param(REGISTERED, id="a message without items"),
        pytest.param(opening(LEARNED, AZ_CORE), id="a reading"),
        pytest.param(COMMISSIONED[-1], id="an oath"),
    ],
)
def test_a_command_is_parsed_into_the_event_it_proposes(one: EventInput) -> None:
    command = command_of(payload(one), FRAME)
    assert (command.proposed_event, command.by, command.command_id, command.actor) == (
        one.event,
        one.by,
        one.command_id,
        one.actor,
    )
    assert (command.about.kind, command.about.id) == (one.on.kind, one.on.id)
    assert (command.frame, command.created_at, command.occurred_at) == (FRAME, CREATED_AT, None)


def test_a_rewrap_brings_its_wraps_in_the_order_of_its_frame() -> None:
    wrapped_keys = (e.Rewrapped(item=id_of("b"), to=SORA_NPO), e.Rewrapped(item=id_of("a"), to=MID_HOSP))
    one = event_input(AZ_CORE, e.ItemsRewrapped(wrapped_keys=wrapped_keys))
    command = command_of(
        payload(one, wrapped_keys=tuple(wrapped_key(w.item, w.to) for w in wrapped_keys)), FRAME
    )
    assert command.proposed_event == one.event


@pytest.mark.parametrize(
    "cls", [c for c in e.EVENTS.values() if c not in PERMITTED_COMMANDS], ids=lambda c: c.TOPIC
)
def test_what_is_the_hubs_own_can_not_be_asked_for(cls: type[e.Event]) -> None:
    refuses("unknown-act", payload(TO_SORA, act=cls.TOPIC))


def refuses(error_code: str, wrong: CommandPayload) -> None:
    with pytest.raises(Malformed) as caught:
        command_of(wrong, FRAME)
    assert caught.value.error_code == error_code


def with_fields(one: EventInput, **changed: Any) -> CommandPayload:
    usual = payload(one)
    return replace(usual, fields={**usual.fields, **changed})


def without(one: EventInput, name: str) -> CommandPayload:
    usual = payload(one)
    return replace(usual, fields={k: v for k, v in usual.fields.items() if k != name})


LEARNED_ITEM = LEARNED.item().item


@pytest.mark.parametrize(
    ("error_code", "wrong"),
    [
        pytest.param("unknown-act", payload(TO_SORA, act="disclosure.invented"), id="no such act"),
        pytest.param(
            "wrong-kind", payload(TO_SORA, about=About(Kind.NETWORK, CASE)), id="about another kind"
        ),
        pytest.param(
            "wrong-kind",
            payload(opening(LEARNED, AZ_CORE), about=About(Kind.CASE_ACCESS, access_of(CASE))),
            id="a reading is asked for about its case",
        ),
        *(
            pytest.param("hub-fields", with_fields(TO_SORA, **{name: value}), id=f"brings {name}")
            for name, value in {"items": [], "held": [str(SORA_NPO)], "placed": None}.items()
        ),
        pytest.param(
            "hub-fields",
            with_fields(event_input(AZ_CORE, e.ItemsRewrapped(wrapped_keys=())), wrapped_keys=[]),
            id="brings wrapped keys",
        ),
        pytest.param(
            "parts-not-allowed",
            payload(COMMISSIONED[-1], items=(item(LEARNED.item()),)),
            id="an oath with an item",
        ),
        pytest.param(
            "parts-not-allowed",
            payload(opening(LEARNED, AZ_CORE), wrapped_keys=(wrapped_key(LEARNED_ITEM, AZ_CORE),)),
            id="a reading with a wrapped key",
        ),
        pytest.param("wrong-fields", with_fields(TO_SORA, colour="red"), id="a field too many"),
        pytest.param("wrong-fields", without(TO_SORA, "purpose"), id="a field too few"),
        pytest.param("wrong-fields", with_fields(TO_SORA, purpose="CURIOSITY"), id="an unknown code"),
        pytest.param(
            "wrong-fields", with_fields(TO_SORA, purpose=Purpose.SAFETY.name.lower()), id="small letters"
        ),
        pytest.param("wrong-fields", with_fields(TO_SORA, to=str(SORA_NPO)), id="one where a set is asked"),
        pytest.param(
            "wrong-fields",
            with_fields(TO_SORA, to=sorted([str(SORA_NPO), str(MID_HOSP)])[::-1]),
            id="an unsorted set",
        ),
        pytest.param("wrong-fields", with_fields(TO_SORA, to=[str(SORA_NPO)] * 2), id="a member twice"),
        pytest.param(
            "wrong-fields", with_fields(TO_SORA, to=[str(SORA_NPO).upper()]), id="an id in capitals"
        ),
        pytest.param("wrong-fields", with_fields(TO_SORA, reason=7), id="a number for a text"),
        pytest.param(
            "wrong-fields", with_fields(COMMISSIONED[-1], valid_until="2025-6-2"), id="a day misspelt"
        ),
        pytest.param(
            "wrong-fields",
            with_fields(COMMISSIONED[0], begins_on="2025-04-01T00:00:00Z"),
            id="a time for a day",
        ),
        pytest.param("wrong-fields", with_fields(COMMISSIONED[1], items=["1"]), id="a text for a number"),
        pytest.param("wrong-fields", with_fields(COMMISSIONED[1], items=[True]), id="a yes for a number"),
        pytest.param(
            "wrong-fields",
            payload(TO_SORA, wrapped_keys=(wrapped_key(TO_SORA.item().item, AUDIT),)),
            id="a key for the auditor",
        ),
        pytest.param(
            "wrong-fields",
            payload(TO_SORA, items=(replace(item(TO_SORA.item()), section="DIARY"),)),
            id="an unknown section",
        ),
    ],
)
def test_a_command_that_is_not_of_its_form_is_refused(error_code: str, wrong: CommandPayload) -> None:
    refuses(error_code, wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(with_fields(TO_SORA, reason="the mother is called Hanako"), id="words for a reason"),
        pytest.param(with_fields(TO_SORA, reason="母の名は花子"), id="Japanese words for a reason"),
        pytest.param(with_fields(TO_SORA, basis={str(SORA_NPO): "she agreed"}), id="words for a basis"),
        pytest.param(with_fields(COMMISSIONED[-1], worker="空野 花子"), id="a name for a worker"),
        pytest.param(
            with_fields(LEARNED, indicators={"knows Hanako": "CONCERN"}), id="words for an indicator"
        ),
        pytest.param(with_fields(ASSESSED, indicator_set="of Hanako"), id="words for a set of indicators"),
        pytest.param(with_fields(ASSIGNED, qualification="midwife of Hanako"), id="words for a profession"),
    ],
)
def test_control_holds_codes_and_references_never_free_text(wrong: CommandPayload) -> None:
    refuses("wrong-fields", wrong)


@pytest.mark.parametrize("value", ["of Hanako", ["花子"], {"花子": 1}, 7])
def test_a_field_of_a_later_shape_is_not_overwritten_by_the_lift_of_an_earlier_one(value: object) -> None:
    """Else anything could be signed and recorded in it."""
    refuses("wrong-fields", with_fields(ASSIGNED, role=value))


def test_a_profession_is_named_in_its_own_script() -> None:
    assert (
        command_of(with_fields(ASSIGNED, qualification="保健師"), FRAME).proposed_event.qualification
        == "保健師"
    )  # type: ignore[attr-defined]


# --- records -------------------------------------------------------------------------------------------------


HISTORY: list[Record] = given(LEARNED, COMMISSIONED, KEYED).records


@pytest.mark.parametrize("record", HISTORY, ids=lambda r: f"{r.topic} {r.version}")
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    back = record_of(body_of(record), record.originator.id, record.version, record.actor)
    assert back == record
    assert body_of(back) == body_of(record)


def test_codes_sets_and_days_are_read_with_their_types() -> None:
    last_event = HISTORY[-1]
    event: Any = record_of(body_of(last_event), CASE, last_event.version, "").event
    assert event.purpose is Purpose.SUPPORT
    assert event.items[0].section is Section.BASIC
    assert type(event.to) is frozenset
    assert type(event.items) is tuple
    oath = read_event("oath.signed", 1, e.dump(COMMISSIONED[-1].event))
    assert isinstance(oath, e.OathSigned)
    assert oath == COMMISSIONED[-1].event


def changed(**new: Any) -> bytes:
    return canonical.encode({**canonical.parse(body_of(HISTORY[-1])), **new})


FIELDS = canonical.parse(body_of(HISTORY[-1]))["fields"]


@pytest.mark.parametrize(
    ("error_code", "body"),
    [
        pytest.param("unknown-topic", changed(topic="disclosure.invented"), id="an unknown topic"),
        pytest.param("wrong-text", changed(topic=7), id="a topic that is a number"),
        pytest.param("unknown-version", changed(v=9), id="tomorrow's version"),
        pytest.param("unknown-version", changed(v=0), id="version nought"),
        pytest.param("wrong-number", changed(v=True), id="a version that is no number"),
        pytest.param("wrong-number", changed(rules="1"), id="rules as text"),
        pytest.param("wrong-number", changed(edition=None), id="no edition"),
        pytest.param("wrong-number", changed(edition=0), id="edition nought"),
        pytest.param(
            "unknown-edition", changed(edition=CURRENT_EDITION + 1, topic="of.tomorrow"), id="a newer edition"
        ),
        pytest.param("time-form", changed(at="2025-06-02T12:00:00"), id="a naive time"),
        pytest.param(
            "time-form", changed(at="2025-06-02T12:00:00.000000+09:00"), id="a time of another zone"
        ),
        pytest.param("uuid-form", changed(by="SOMEBODY"), id="nobody's word"),
        pytest.param("uuid-form", changed(command_id=None), id="no ask"),
        pytest.param("digest-form", changed(frame="00"), id="half a frame"),
        pytest.param("wrong-about", changed(about={"kind": "family", "id": str(CASE)}), id="about no kind"),
        pytest.param("wrong-about", changed(about={"kind": "case"}), id="about half a thing"),
        pytest.param("wrong-about", changed(about="case"), id="about a word"),
        pytest.param("wrong-rests-on", changed(rests_on=[["case", str(CASE)]]), id="rests on no version"),
        pytest.param("wrong-rests-on", changed(rests_on=["case"]), id="rests on a word"),
        pytest.param("wrong-rests-on", changed(rests_on=[["family", str(CASE), 1]]), id="rests on no kind"),
        pytest.param("wrong-about", changed(about={"kind": [], "id": str(CASE)}), id="about a list"),
        pytest.param("wrong-rests-on", changed(rests_on=None), id="rests on null"),
        pytest.param("wrong-rests-on", changed(rests_on=[[{}, str(CASE), 1]]), id="rests on an object"),
        pytest.param("wrong-fields", changed(fields=None), id="fields that are null"),
        pytest.param(
            "wrong-fields",
            changed(fields=[[k, v] for k, v in FIELDS.items()]),
            id="fields as a list of pairs",
        ),
        pytest.param("wrong-body", changed(more=1), id="a key too many"),
        pytest.param("wrong-body", b"[]", id="no body at all"),
        pytest.param("json-not-canonical", body_of(HISTORY[-1]) + b" ", id="a needless space"),
        pytest.param(
            "wrong-originator",
            changed(about={"kind": "network", "id": str(NETWORK)}),
            id="a message of a case in a network",
        ),
    ],
)
def test_a_body_that_the_hub_would_not_write_is_refused(error_code: str, body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        record_of(body, CASE, 1, "")
    assert caught.value.error_code == error_code


@pytest.mark.parametrize(
    ("record", "elsewhere"),
    [
        pytest.param(HISTORY[-1], id_of("another case"), id="to another case"),
        pytest.param(HISTORY[-1], access_of(CASE), id="from the case to its readings"),
        pytest.param(HISTORY[0], CASE, id="from the rule book to a case"),
    ],
)
def test_a_record_that_was_moved_is_refused(record: Record, elsewhere: UUID) -> None:
    with pytest.raises(Malformed) as caught:
        record_of(body_of(record), elsewhere, record.version, record.actor)
    assert caught.value.error_code == "wrong-originator"


def test_a_reading_is_recorded_on_the_case_access() -> None:
    so = given(LEARNED, opening(LEARNED, AZ_CORE))
    record = so.records[-1]
    assert isinstance(record.event, e.SectionOpened)
    assert record_of(body_of(record), access_of(CASE), 1, record.actor).originator.kind is e.Kind.CASE_ACCESS
    with pytest.raises(Malformed, match="wrong-originator"):
        record_of(body_of(record), CASE, 1, record.actor)


@pytest.mark.parametrize(
    ("error_code", "time"),
    [
        pytest.param("naive-time", "2025-06-02T03:00:00.000000", id="without zone"),
        pytest.param("wrong-fields", "2025-06-02T12:00:00.000000+09:00", id="of another zone"),
        pytest.param("wrong-fields", "2025-06-02T03:00:00Z", id="without decimals"),
        pytest.param("wrong-fields", "2025-06-02", id="a day only"),
        pytest.param("wrong-fields", 1748833200, id="seconds"),
    ],
)
def test_a_time_inside_an_event_in_another_form_is_refused(error_code: str, time: object) -> None:
    with pytest.raises(Malformed) as caught:
        read_event("key_set.revoked", 1, {"compromised_since": time})
    assert caught.value.error_code == error_code


@pytest.mark.parametrize("party", [HUB, REGISTRARS, AUDIT])
def test_three_parties_are_named_besides_the_agencies(party: str) -> None:
    assert parse_party(party) == party
    assert parse_party(str(AZ_CORE)) == AZ_CORE


@pytest.mark.parametrize("wrong", ["hub", "", None, 7, str(AZ_CORE).upper()])
def test_nobody_else_speaks(wrong: object) -> None:
    with pytest.raises(Malformed):
        parse_party(wrong)


def test_a_time_is_recorded_in_utc_with_six_decimals() -> None:
    assert canonical.parse(body_of(replace(HISTORY[-1], at=NOON)))["at"] == "2025-06-02T03:00:00.000000Z"


def test_a_frame_of_an_earlier_shape_is_read_as_it_was_meant():
    """Frames do not state the version of their fields; they must verify for ever."""
    old = {"worker": "W-1", "modules": ["M2_CONFIDENTIALITY"], "valid_until": None}
    event = parse_proposed_event(e.TrainingModuleCompleted, dict(old))
    assert (event.tier, event.worker) == (Tier.T1_BASIC, "W-1")
    plan = {
        "plan_from": "2025-06-05", "plan_until": None, "content": "SC_A", "parts": [], "target_months": None,
        "short_term_months": None, "review_due_on": None, "visits_per_week": None,
    }  # fmt: skip
    full_event = {
        "to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None, "items": [], "held": [],
        "placed": None, "plan": plan, "target_classes": None,
    }  # fmt: skip
    assert parse_proposed_event(e.SupportCommenced, full_event).plan.housekeeping is None
    assert "housekeeping" not in plan  # what was signed is not touched
    with pytest.raises(Malformed, match="wrong-fields"):
        parse_proposed_event(e.TrainingModuleCompleted, {**old, "more": 1})
