"""The notifier's shield at a real door: his words are found before they leave, and nowhere kept in clear."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from domain.errors import Malformed, NotThere
from domain.events import Kind, dump
from gateway.agency.door import Part, Sent
from gateway.agency.traces import LEAST, marks_of, plain, shows
from tests.gateway.hubkit import START, Ground, ground

NAME, PHONE = "架空 とおる", "090-0000-1234"
WHO = f"氏名: {NAME}\n電話: {PHONE}\n関係:隣\n備考: 夜に声がした".encode()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("hub") / "hub") as made:
        made.case = uuid4()
        made.sent = received(made)
        yield made


def received(hub: Ground) -> Sent:
    """AZ-COORD records what a neighbour said on the telephone."""
    fields = {"notifier_token": "N-7F3", "received_at": dump(START), "taken_in": True}
    parts = [Part("NOTIFIER", WHO), Part("RISK", "〔架空〕泣き声".encode())]
    return say(hub, "AZ-COORD", "abuse_notification.received", fields, parts)


def say(hub: Ground, by: str, act: str, fields: dict[str, object], parts: list[Part], *to: str) -> Sent:
    ids = sorted(str(hub.door(code).agency) for code in to)
    common = {"to": ids, "basis": dict.fromkeys(ids, "APPI-69-2-3"), "consent": []}
    common |= {"purpose": "SAFETY", "reason": None}
    return hub.door(by).send(Kind.CASE, hub.case, act, {**common, **fields}, parts, actor="staff.c")


def forwarded(hub: Ground, text: str) -> Sent:
    fields = {"forwards": str(hub.sent.ask_id)}
    return say(hub, "AZ-COORD", "notification.forwarded", fields, [Part("RISK", text.encode())], "KS-CGC")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"通告者は{NAME}さん", id="the name"),
        pytest.param("架空とおる さんの話では", id="the name, written together"),
        pytest.param("連絡先 09000001234", id="the number without hyphens"),
        pytest.param("連絡先 090-0000-1234", id="the number in wide digits"),
    ],
)
def test_what_shows_who_notified_does_not_leave(hub: Ground, text: str) -> None:
    sent = forwarded(hub, text)
    assert (sent.outcome, sent.reason) == ("refused", "NOTIFIER_SHOWS")


def test_what_shows_nothing_goes_and_the_other_side_learns_no_notifier(hub: Ground) -> None:
    sent = forwarded(hub, "夜に泣き声がするとのこと")
    assert sent.outcome == "recorded"
    cgc = hub.door("KS-CGC")
    cgc.refresh()
    told = [m for m in cgc.book.messages(hub.case) if m["by"] != "HUB"]
    assert {m["act"] for m in told} == {"notification.forwarded"}
    assert "N-7F3" not in str(told)
    secret = next(item for item, section in hub.sent.items if section == "NOTIFIER")
    with pytest.raises(NotThere):
        cgc.open(hub.case, hub.sent.ask_id, secret, "NOTIFIER", actor="staff.k")


def test_the_door_keeps_no_word_of_it(hub: Ground) -> None:
    book = hub.stage.installation.agency("AZ-COORD").folder / "door.db"
    kept = b"".join(p.read_bytes() for p in book.parent.glob("door.db*"))
    for word in (NAME, plain(NAME), PHONE, plain(PHONE)):
        assert word.encode() not in kept


def test_the_audit_office_is_told_a_token_and_a_day(hub: Ground) -> None:
    rows = hub.stage.audit.ledger(hub.case)["notifications"]
    assert [(r["token"], r["received_on"]) for r in rows] == [("N-7F3", "2025-05-12")]


def test_a_token_holds_no_words(hub: Ground) -> None:
    fields = {"notifier_token": "とおる", "received_at": dump(START), "taken_in": True}
    with pytest.raises(Malformed, match="wrong-fields"):
        say(hub, "AZ-COORD", "abuse_notification.received", fields, [Part("RISK", b"x")])


def test_only_labelled_values_of_some_length_are_marked() -> None:
    found = dict(marks_of(WHO.decode(), lambda word: word))
    assert set(found.values()) == {
        plain(NAME).encode(),
        plain(PHONE).encode(),
    }  # «隣» is too short, «備考» no label
    assert all(length >= LEAST for length in found)


def test_a_text_shorter_than_every_word_shows_nothing() -> None:
    marks = {5: frozenset({"架空とおる".encode()})}
    assert not shows("架空", marks, lambda word: word)
    assert shows("ここに架空とおるが", marks, lambda word: word)
