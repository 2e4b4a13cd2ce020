"""Words of content in a field of control: no act carries them out of the door, in any field, in any form (I1)."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest

from domain.decide import PERMITTED_COMMANDS
from domain.errors import Malformed
from domain.events import CaseMessage, Event, Kind, dump
from gateway.agency.control_form import require_command_form
from gateway.agency.door import Door, SectionContent
from tests.faults.test_canary import contains_canary
from tests.gateway.hubkit import START, HubWithCase, hub_with_case
from tests.vectors.make_events import record_for

WORDS = ("空野花子が怯えている", "Hanako Sorano is afraid", "hanako\nsorano", "空野花子")
BY_REGISTRARS = (Kind.RULE_BOOK, Kind.LOG)
MADE_ELSEWHERE = {"items.rewrapped", "key_set.published", "key_set.revoked"}
"""Acts that ``Door.send`` does not make: keys for others' items, and what the registrars sign."""
ACTS = sorted(
    (c for c in PERMITTED_COMMANDS if c.ON not in BY_REGISTRARS and c.TOPIC not in MADE_ELSEWHERE),
    key=lambda c: c.TOPIC,
)
OF_TODAY = {
    "2025-07-27": "2025-05-12",
    "2025-06-04T00:30:00.000125Z": "2025-05-12T00:30:00.000125Z",
    "QUALIFICATION": "保健師",
    "ERROR-CODE": "untrusted/release-form",
}

Path = tuple[str | int, ...]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as opened_hub:
        yield opened_hub


@pytest.fixture
def leaving(hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every byte that a door sends, to the hub or to anything else."""
    sent: list[bytes] = []
    send = httpx.Client.send

    def recording(self: httpx.Client, request: httpx.Request, **kwargs: Any) -> httpx.Response:
        head = request.headers.get("kakehashi-request", "")
        sent.append(str(request.url).encode() + request.read() + b64decode(head))
        return send(self, request, **kwargs)

    monkeypatch.setattr(httpx.Client, "send", recording)
    return sent


def fields_of(cls: type[Event]) -> dict[str, Any]:
    """Fields that a door sends: a value of every type, of this day."""
    fields = {n: v for n, v in dump(record_for(cls)[0].event).items() if n not in cls.HUB_FIELDS}
    text = json.dumps(fields, ensure_ascii=False)
    for sample, of_today in OF_TODAY.items():
        text = text.replace(sample, of_today)
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where words could stand: in place of every value, at every depth."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def put(fields: dict[str, Any], path: Path, words: str) -> dict[str, Any]:
    changed: Any = deepcopy(fields)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = words
    return changed  # type: ignore[no-any-return]


def put_as_keys(fields: dict[str, Any], words: str) -> Iterator[dict[str, Any]]:
    """Words as the name of a field, and as a key of every map."""
    yield {**fields, words: None}
    for name, value in fields.items():
        if isinstance(value, dict):
            yield {**fields, name: {**value, words: next(iter(value.values()), "X")}}


def about_of(hub: HubWithCase, kind: Kind) -> UUID:
    return hub.case if kind is Kind.CASE else UUID(int=7)


def kind_of(cls: type[Event]) -> Kind:
    return Kind.CASE if cls.ON in (None, Kind.CASE_ACCESS) else cls.ON


@pytest.mark.parametrize("cls", ACTS, ids=lambda c: c.TOPIC)
def test_words_in_any_field_of_any_act_never_leave_the_door(
    hub: HubWithCase, leaving: list[bytes], cls: type[Event]
) -> None:
    door, kind, fields = hub.door("AZ-CORE"), kind_of(cls), fields_of(cls)
    parts = [SectionContent("BASIC", "内容".encode())] if issubclass(cls, CaseMessage) else []
    require_command_form(
        kind, hub.case, cls.TOPIC, fields, parts, actor="staff.a", occurred_at=None, now=START
    )  # so that it is the words that are refused
    for words in WORDS:
        changes = [put(fields, path, words) for path in places(fields)] + list(put_as_keys(fields, words))
        for changed in changes:
            with pytest.raises(Malformed) as caught:
                door.send(kind, about_of(hub, kind), cls.TOPIC, changed, parts, actor="staff.a")
            assert words not in str(caught.value)
            assert caught.value.error_code in ("wrong-fields", "json-key")
        assert not any(contains_canary(one, words) for one in leaving)
    assert leaving == []


@pytest.mark.parametrize("words", WORDS)
def test_words_beside_the_fields_never_leave_the_door(
    hub: HubWithCase, leaving: list[bytes], words: str
) -> None:
    door, fields = hub.door("MID-HOSP"), hub.referral()
    part, act = SectionContent("BASIC", b"x"), "family_information.provided"
    for changed in (
        {"act": words},
        {"actor": words},
        {"parts": [SectionContent(words, b"x")]},
        {"parts": [SectionContent("BASIC", b"x", flags=(words,))]},
        {"parts": [SectionContent("BASIC", b"x", schema=words)]},
    ):
        given: dict[str, Any] = {"act": act, "fields": fields, "parts": [part], "actor": "staff.h", **changed}
        with pytest.raises(Malformed) as caught:
            door.send(
                Kind.CASE, UUID(int=7), given["act"], given["fields"], given["parts"], actor=given["actor"]
            )
        assert words not in str(caught.value)
    assert leaving == []


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    "act", ["feed", "agenda", "openings", "programme", "duties", "upload", "recipients", "dry_run"]
)
def test_words_in_a_question_never_leave_the_door(
    hub: HubWithCase, leaving: list[bytes], act: str, words: str
) -> None:
    door = hub.door("MID-HOSP")
    questions: list[dict[str, Any]] = [{"since": words}, {"cursor": 0, words: 1}, {"more": {"x": words}}]
    questions.append(
        {"act": "family_information.provided", "fields": hub.referral(reason=words), "items": []}
    )
    for fields in questions:
        with pytest.raises(Malformed) as caught:
            door.query(Kind.CASE, hub.case, act, fields, actor="staff.h")
        assert words not in str(caught.value)
    assert leaving == []


def test_a_refused_message_leaves_nothing_in_the_outbox(hub: HubWithCase) -> None:
    door: Door = hub.door("MID-HOSP")
    before = len(list(door.store.outgoing()))
    with pytest.raises(Malformed):
        door.send(
            Kind.CASE,
            UUID(int=7),
            "family_information.provided",
            hub.referral(reason=WORDS[0]),
            [SectionContent("NOTIFIER", "通告者".encode())],
            actor="staff.h",
        )
    assert len(list(door.store.outgoing())) == before
