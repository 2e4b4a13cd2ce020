"""Protection of the notifier at a real door: identifying words are found before sending and never stored in clear."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from domain.errors import Malformed, NotFound
from domain.events import Kind, dump
from gateway.agency.door import SectionContent, SubmissionResult
from gateway.agency.notifier_marks import MIN_LENGTH, contains_mark, normalised, notifier_marks
from tests.gateway.hubkit import START, HubWithCase, hub_with_case

NAME, PHONE = "架空 とおる", "090-0000-1234"
WHO = f"氏名: {NAME}\n電話: {PHONE}\n関係:隣\n備考: 夜に声がした".encode()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "hub") as opened_hub:
        opened_hub.case = uuid4()
        opened_hub.sent = received(opened_hub)
        yield opened_hub


def received(hub: HubWithCase) -> SubmissionResult:
    """AZ-COORD records a notification that a neighbour made by telephone."""
    fields = {
        "notifier_token": "N-7F3",
        "received_at": dump(START),
        "recorded_for_notifier": True,
        "channel": None,
    }
    parts = [SectionContent("NOTIFIER", WHO), SectionContent("RISK", "〔架空〕泣き声".encode())]
    return submit_message(hub, "AZ-COORD", "abuse_notification.received", fields, parts)


def submit_message(
    hub: HubWithCase, by: str, act: str, fields: dict[str, object], parts: list[SectionContent], *to: str
) -> SubmissionResult:
    ids = sorted(str(hub.door(code).agency) for code in to)
    common = {"to": ids, "basis": dict.fromkeys(ids, "APPI-69-2-3"), "consent": []}
    common |= {"purpose": "SAFETY", "reason": None}
    return hub.door(by).send(Kind.CASE, hub.case, act, {**common, **fields}, parts, actor="staff.c")


def forwarded(hub: HubWithCase, text: str) -> SubmissionResult:
    fields = {"forwards": str(hub.sent.command_id)}
    return submit_message(
        hub, "AZ-COORD", "notification.forwarded", fields, [SectionContent("RISK", text.encode())], "KS-CGC"
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"通告者は{NAME}さん", id="the name"),
        pytest.param("架空とおる さんの話では", id="the name, written together"),
        pytest.param("連絡先 09000001234", id="the number without hyphens"),
        pytest.param("連絡先 090-0000-1234", id="the number in wide digits"),
    ],
)
def test_a_text_that_reveals_the_notifier_is_not_sent(hub: HubWithCase, text: str) -> None:
    sent = forwarded(hub, text)
    assert (sent.outcome, sent.reason) == ("refused", "NOTIFIER_IDENTIFIABLE")


def test_a_text_without_marks_is_sent_and_the_recipient_learns_no_notifier(hub: HubWithCase) -> None:
    sent = forwarded(hub, "夜に泣き声がするとのこと")
    assert sent.outcome == "recorded"
    cgc = hub.door("KS-CGC")
    cgc.refresh()
    messages = [m for m in cgc.store.messages(hub.case) if m["by"] != "HUB"]
    assert {m["act"] for m in messages} == {"notification.forwarded"}
    assert "N-7F3" not in str(messages)
    secret = next(item for item, section in hub.sent.items if section == "NOTIFIER")
    with pytest.raises(NotFound):
        cgc.open(hub.case, hub.sent.command_id, secret, "NOTIFIER", actor="staff.k")


def test_the_door_stores_no_word_of_the_notifier(hub: HubWithCase) -> None:
    store = hub.rehearsal_hub.installation.agency("AZ-COORD").folder / "door.db"
    stored_marks = b"".join(p.read_bytes() for p in store.parent.glob("door.db*"))
    for value in (NAME, normalised(NAME), PHONE, normalised(PHONE)):
        assert value.encode() not in stored_marks


def test_the_audit_office_gets_a_token_and_a_day_only(hub: HubWithCase) -> None:
    rows = hub.rehearsal_hub.audit.ledger(hub.case)["notifications"]
    assert [(r["token"], r["received_on"]) for r in rows] == [("N-7F3", "2025-05-12")]


def test_a_notifier_token_contains_no_text(hub: HubWithCase) -> None:
    fields = {
        "notifier_token": "とおる",
        "received_at": dump(START),
        "recorded_for_notifier": True,
        "channel": None,
    }
    with pytest.raises(Malformed, match="wrong-fields"):
        submit_message(hub, "AZ-COORD", "abuse_notification.received", fields, [SectionContent("RISK", b"x")])


def test_only_labelled_values_of_two_or_more_characters_are_marked() -> None:
    marks = dict(notifier_marks(WHO.decode(), lambda value: value))
    assert set(marks.values()) == {
        normalised(NAME).encode(),
        normalised(PHONE).encode(),
    }  # «隣» is too short, «備考» no label
    assert all(length >= MIN_LENGTH for length in marks)


def test_a_text_shorter_than_every_mark_contains_none() -> None:
    marks = {5: frozenset({"架空とおる".encode()})}
    assert not contains_mark("架空", marks, lambda value: value)
    assert contains_mark("ここに架空とおるが", marks, lambda value: value)
