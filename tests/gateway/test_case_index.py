"""The case index: what feeds it, what leaves it, who is shown what, and that nothing of it can be read on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.content_json import write_content
from domain.codes import Flag, Purpose
from domain.content import TextContent
from domain.errors import Refused, Unavailable
from domain.events import dump
from gateway.agency.index.case_index import MAX_AGE, ListedName
from keys.signing import KemKey
from tests.gateway.index_kit import (
    DAY,
    NOW,
    OTHER,
    OWN,
    STAFF,
    IndexedDoor,
    family_content,
    gone,
    id_of,
    indexed_door,
    item_of,
    message_row,
    reader,
)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[IndexedDoor]:
    with indexed_door(tmp_path) as opened:
        yield opened


CASE, MESSAGE = id_of("family"), id_of("family 1")
FAMILY = write_content(family_content())


# --- what feeds it -------------------------------------------------------------------------------------------------


def test_a_family_is_known_once_it_was_opened(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, MESSAGE))
    assert door.matching("高橋") == []
    assert door.index.names([CASE], reader()) == {str(CASE): ListedName("UNOPENED")}
    door.open(CASE, MESSAGE, FAMILY)
    assert door.matching("高橋") == [CASE]
    assert door.index.names([CASE], reader()) == {
        str(CASE): ListedName("NAMED", "髙橋 花子", "たかはし はなこ", (3,))
    }


def test_a_family_is_known_that_this_agency_wrote(door: IndexedDoor) -> None:
    door.feed()
    part = (str(item_of(MESSAGE)), "BASIC", "family/v1", (), FAMILY)
    other = (str(id_of("other")), "MEDICAL", "family/v1", (), write_content(family_content("別 人")))
    door.index.note_sent(CASE, MESSAGE, [part, other], written_at=NOW)
    assert (door.matching("高橋"), door.matching("別")) == ([CASE], [])


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"section": "MEDICAL"}, id="another section"),
        pytest.param({"section": "ADDR"}, id="a protected address"),
        pytest.param({"purpose": Purpose.REHEARSAL_CHECK}, id="the check of a rehearsal"),
        pytest.param({"schema": "visit/v1"}, id="another schema"),
        pytest.param({"flags": [Flag.SENSITIVE.value]}, id="sensitive"),
        pytest.param({"flags": [Flag.NOTIFIER_TRACE.value]}, id="a trace of the notifier"),
        pytest.param({"flags": [Flag.THIRD_PARTY.value]}, id="of a third party"),
        pytest.param({"flags": [Flag.CHILD_STATEMENT.value]}, id="a child's own words"),
    ],
)
def test_nothing_else_feeds_it(door: IndexedDoor, changed: dict[str, Any]) -> None:
    door.feed(message_row(CASE, MESSAGE))
    door.open(CASE, MESSAGE, FAMILY, **changed)
    assert door.matching("高橋") == []


def test_a_content_that_is_not_of_its_form_feeds_nothing(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, MESSAGE))
    door.open(CASE, MESSAGE, b'{"children":1}')
    door.open(CASE, MESSAGE, write_content(TextContent("高橋")), schema="text/v1")
    assert door.matching("高橋") == []
    assert door.index.names([CASE], reader()) == {str(CASE): ListedName("NAMELESS")}


def test_the_newest_statement_is_shown_and_older_names_are_matched(door: IndexedDoor) -> None:
    case = door.learn(
        "family", family_content("佐藤 花子", "さとう はなこ", ref=id_of("c")), written_at=NOW - DAY
    )
    door.learn("family", family_content("髙橋 花子", ref=id_of("c"), address=None, phone=None), n=2)
    view = door.index.family(case, reader())
    assert view is not None
    assert ([p.name for p in view.children], [p.name for p in view.former]) == (["髙橋 花子"], ["佐藤 花子"])
    assert (view.addresses, view.phones) == (("青葉市本町三丁目12番5号",), ("090-1234-5678",))
    assert (door.matching("佐藤"), door.matching("高橋")) == ([case], [case])


# --- what leaves it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["CLOSED", "gone", "receipt"])
def test_what_may_not_be_opened_any_more_leaves_it_with_its_key(door: IndexedDoor, state: str) -> None:
    door.learn("family", family_content())
    key = door.store._query("SELECT key FROM index_families")[0][0]
    last = {
        "CLOSED": message_row(CASE, MESSAGE, "CLOSED"),
        "gone": gone(CASE, MESSAGE),
        "receipt": message_row(CASE, MESSAGE, items=[]),
    }[state]
    door.feed(last)
    assert (door.matching("高橋"), door.index.family(CASE, reader())) == ([], None)
    assert door.store._query("SELECT * FROM index_families") == []
    assert key not in all_bytes(door.path)


def test_what_stays_of_a_family_gets_a_new_key(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    door.learn("family", family_content("鈴木 一", "すずき はじめ"), n=2)
    before = door.store._query("SELECT key, sealed FROM index_families")
    door.feed(message_row(CASE, id_of("family 2"), "CLOSED"))
    assert (door.matching("高橋"), door.matching("鈴木")) == ([CASE], [])
    after = door.store._query("SELECT key, sealed FROM index_families")
    assert before[0][0] != after[0][0]


def test_a_destroyed_case_leaves_it(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    door.charges.assign([CASE], STAFF, by=STAFF, people=[STAFF])
    door.charges.dismiss(CASE, id_of("other"), by=STAFF, reason="同姓同名")
    door.feed(erased=[CASE])
    assert (door.matching("高橋"), door.charges.of(CASE), door.charges.dismissed(CASE)) == ([], None, {})


def test_what_the_feed_does_not_have_is_not_taken_from_an_opening(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, MESSAGE, "CLOSED"))
    door.open(CASE, MESSAGE, FAMILY)
    door.open(CASE, id_of("unknown"), FAMILY)
    assert door.matching("高橋") == []


# --- protected addresses ----------------------------------------------------------------------------------------------


def contact(door: IndexedDoor, case: Any = CASE) -> tuple[Any, ...]:
    view = door.index.family(case, reader())
    assert view is not None
    return door.matching("本町3-12"), door.matching("09012345678"), view.addresses, view.phones


SHOWN = ([CASE], [CASE], ("青葉市本町三丁目12番5号",), ("090-1234-5678",))
NOT_SHOWN: tuple[Any, ...] = ([], [], (), ())


def test_while_an_address_is_protected_no_address_and_no_telephone_is_shown_or_matched(
    door: IndexedDoor,
) -> None:
    door.learn("family", family_content())
    assert contact(door) == SHOWN
    until = (NOW + DAY).date().isoformat()
    door.feed(message_row(CASE, MESSAGE, protected_until=until))
    assert contact(door) == NOT_SHOWN
    assert door.matching("高橋") == [CASE]
    [view] = door.index.search("高橋", reader()).families
    assert (view.addresses, view.phones) == ((), ())
    door.at += 3 * DAY
    door.feed()
    assert contact(door) == SHOWN  # the last day is over


def test_the_protection_reaches_all_cases_of_the_family(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    other = id_of("the same family")
    joined = message_row(CASE, id_of("join"), act="cases.joined", items=[], fields={"other": str(other)})
    protected = message_row(other, id_of("its message"), items=[], protected_until="2027-01-01")
    door.feed(joined, protected)
    assert contact(door) == NOT_SHOWN


def test_an_item_that_states_a_protected_address_gives_names_alone(door: IndexedDoor) -> None:
    door.learn("family", family_content(), flags=[Flag.DV_PROTECTED.value], written_at=NOW)
    assert contact(door) == NOT_SHOWN
    door.learn("family", family_content(), n=2, written_at=NOW - DAY)  # an older one, without the flag
    assert contact(door) == NOT_SHOWN
    ended = message_row(
        CASE, id_of("ended"), act="address_protection.ended", items=[], at=dump(NOW + timedelta(hours=1))
    )
    door.feed(ended)
    assert contact(door) == SHOWN


# --- who is shown what --------------------------------------------------------------------------------------------------


def test_the_month_of_a_childs_birth_is_there_for_counts_by_age(door: IndexedDoor) -> None:
    child, unborn = id_of("child"), id_of("another")
    door.feed(message_row(CASE, MESSAGE))
    assert door.index.birth_month(CASE, child) is None
    door.open(CASE, MESSAGE, write_content(family_content(ref=child)))
    assert door.index.birth_month(CASE, child) == "2023-04"
    assert door.index.birth_month(CASE, unborn) is None
    assert door.index.birth_month(OTHER, child) is None
    door.open(CASE, MESSAGE, write_content(family_content(ref=child, born="2023")))
    assert door.index.birth_month(CASE, child) is None  # a year alone is no month


def test_a_child_has_its_name_for_who_may_know_it(door: IndexedDoor) -> None:
    child = id_of("child")
    case = door.learn("family", family_content("高橋 花子", ref=child))
    assert door.index.child_names(case, reader()) == {str(child): "高橋 花子"}
    assert door.index.child_names(case, reader(programme=None)) == {}
    assert door.index.child_names(uuid4(), reader()) == {}


def test_without_the_hub_for_a_day_nothing_is_shown(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    door.at += MAX_AGE
    assert door.matching("高橋") == [CASE]
    door.at += timedelta(seconds=1)
    for ask in (lambda: door.matching("高橋"), lambda: door.index.family(CASE, reader())):
        with pytest.raises(Unavailable, match="index-out-of-date"):
            ask()
    assert door.index.names([CASE], reader()) == {str(CASE): ListedName("HIDDEN")}
    door.feed()
    assert door.matching("高橋") == [CASE]


def test_a_door_that_never_read_the_feed_shows_nothing(door: IndexedDoor) -> None:
    with pytest.raises(Unavailable, match="index-out-of-date"):
        door.matching("高橋")


RULES = {"commissions": [], "rules": {"edition": "1", "acknowledged": ["staff.b"]}}


def test_who_has_not_acknowledged_the_rules_is_shown_nothing(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    for nobody in (reader(programme=RULES), reader(programme=None)):
        with pytest.raises(Refused, match="index-rules-not-acknowledged"):
            door.matching("高橋", nobody)
        assert door.index.family(CASE, nobody) is None
        assert door.index.names([CASE], nobody) == {str(CASE): ListedName("HIDDEN")}
    assert door.matching("高橋", reader("staff.b", programme=RULES)) == [CASE]


def papers(*gaps: str) -> dict[str, Any]:
    return {
        "commissions": [{"workers": [{"worker": "W-1", "gaps": list(gaps)}]}],
        "rules": {"edition": None, "acknowledged": []},
    }


def assignment(act: str = "assigned", worker: str = "W-1", agency: Any = OWN) -> dict[str, Any]:
    return {"act": f"support_worker.{act}", "fields": {"agency": str(agency), "worker": worker}}


CONTRACTOR = frozenset({"CONTRACTOR"})


@pytest.mark.parametrize(
    ("roles", "programme", "assignments", "is_shown"),
    [
        pytest.param(CONTRACTOR, papers(), [assignment()], True, id="the assigned visitor"),
        pytest.param(CONTRACTOR, papers(), [], False, id="a visitor who is not assigned"),
        pytest.param(CONTRACTOR, papers(), [assignment(worker="W-2")], False, id="another one is assigned"),
        pytest.param(
            CONTRACTOR, papers(), [assignment(), assignment("unassigned")], False, id="not any more"
        ),
        pytest.param(CONTRACTOR, papers(), [assignment(agency=OTHER)], False, id="another agency's"),
        pytest.param(CONTRACTOR, papers("OATH"), [assignment()], False, id="whose oath has lapsed"),
        pytest.param(
            CONTRACTOR, papers() | {"commissions": []}, [assignment()], False, id="unknown to the hub"
        ),
        pytest.param(frozenset({"CORE"}), papers("OATH"), [assignment()], False, id="an own visitor, lapsed"),
        pytest.param(frozenset({"CORE"}), papers("OATH"), [], True, id="the same person, not assigned"),
        pytest.param(
            frozenset({"CORE", "CONTRACTOR"}), papers(), [assignment(worker="W-2")], False, id="both"
        ),
        pytest.param(frozenset({"CORE", "CONTRACTOR"}), papers(), [], True, id="both, in a case of its own"),
    ],
)
def test_a_visitor_is_shown_families_as_far_as_it_may_open_them(
    door: IndexedDoor, roles: Any, programme: Any, assignments: Any, is_shown: bool
) -> None:
    door.learn("family", family_content())
    who = reader("W-1", roles=roles, programme=programme, assignments=lambda case: assignments)
    assert door.matching("高橋", who) == ([CASE] if is_shown else [])
    assert (door.index.family(CASE, who) is not None) == is_shown
    assert (door.known(who) != []) == is_shown


# --- on disk ------------------------------------------------------------------------------------------------------------


def all_bytes(path: Path) -> bytes:
    return b"".join(f.read_bytes() for f in sorted(path.parent.iterdir()) if f.is_file())


CANARIES = ("鸚鵡谷", "おうむだに", "オオムダニ", "2019-03-27", "09055501234", "鸞町", "K-777123")


def test_attack_a_stolen_door_shows_no_name(
    door: IndexedDoor, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No byte of what is known is in a file, also while the door runs and searches, nor where temporary files go."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("SQLITE_TMPDIR", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    families = [
        family_content(
            f"鸚鵡谷 {n}子", "おうむだに はなこ", born="2019-03-27", phone="090-5550-1234",
            address=f"青葉市鸞町{n}-1", number="K-777123", mother="鸚鵡谷 母",
        )
        for n in range(1, 60)
    ]  # fmt: skip
    for n, family in enumerate(families):
        door.learn(f"family {n}", family)
    case = id_of("family 1")
    door.charges.assign([case], "staff.canary", by="staff.canary", people=["staff.canary"])
    door.charges.dismiss(case, id_of("family 2"), by="staff.canary", reason="鸚鵡谷 は別人")
    for text in ("鸚鵡谷", "おうむだに", "鸞町", "1234", "H31.3.27"):
        assert door.index.search(text, reader()).total == 59
    on_disk = all_bytes(door.path) + b"".join(f.read_bytes() for f in temporary.rglob("*") if f.is_file())
    assert len(on_disk) > 100_000
    for canary in (*CANARIES, "staff.canary"):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp932", "euc_jp"):
            try:
                needle = canary.encode(encoding)
            except UnicodeEncodeError:
                continue
            assert needle not in on_disk, (canary, encoding)
        assert canary.encode("unicode_escape") not in on_disk


def test_attack_an_entry_of_another_family_or_of_another_door_is_not_opened(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    door.learn("other", family_content("鈴木 一", "すずき はじめ", mother=""))
    [(key, sealed)] = door.store._query("SELECT key, sealed FROM index_families WHERE case_id=?", str(CASE))
    with sqlite3.connect(door.path) as db:
        db.execute(
            "UPDATE index_families SET key=?, sealed=?, n=n+10 WHERE case_id=?",
            (key, sealed, str(id_of("other"))),
        )
        db.execute("UPDATE state SET value=value+10 WHERE key='index_changes'")
    db.close()
    assert door.index.status().unreadable == (id_of("other"),)
    assert (door.matching("鈴木"), door.matching("高橋")) == ([], [CASE])
    stranger = IndexedDoor(door.path, KemKey(bytes([1]) * 32))
    assert (stranger.matching("高橋"), len(stranger.index.status().unreadable)) == ([], 2)
    stranger.close()


def test_after_a_start_it_is_as_it_was(door: IndexedDoor) -> None:
    door.learn("family", family_content())
    door.learn("family", family_content("鈴木 一", "すずき はじめ", mother=""), n=2)
    door.learn("other", family_content("鈴木 二", "すずき ふたば", mother=""))
    known = door.known()
    again = IndexedDoor(door.path)
    assert again.known() == known
    again.learn("third", family_content("田中 三", "たなか", mother=""))  # in another process
    assert door.matching("田中") == [id_of("third")]
    again.feed(gone(CASE, MESSAGE))
    assert door.matching("高橋") == []
    again.close()


def test_it_states_up_to_which_record_it_goes(door: IndexedDoor) -> None:
    door.feed(message_row(CASE, MESSAGE), cursor=41)
    status = door.index.status()
    assert (status.position, status.as_of, status.families, status.unreadable) == (41, dump(NOW), 0, ())


# --- after a start ------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(door: IndexedDoor, monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexedDoor]:
    """The same door just started: 12 families on disk, of which four are read at once, and no thread yet."""
    for n in range(12):
        door.learn(f"family {n}", family_content(f"高橋 {n}子", "たかはし", ref=id_of(f"child {n}")))
    monkeypatch.setattr("gateway.agency.index.case_index.READ_AT_ONCE", 4)
    started = IndexedDoor(door.path, door.kem)
    monkeypatch.setattr(started.index, "start", lambda: None)
    yield started
    started.close()


def state(door: IndexedDoor) -> tuple[int, int]:
    status = door.index.status()
    return status.families, status.waiting


def test_a_search_after_a_start_states_how_much_is_still_to_be_read(many: IndexedDoor) -> None:
    result = many.index.search("高橋", reader())
    assert (result.total, result.waiting, state(many)) == (0, 12, (0, 12))
    assert many.index._read_some()
    result = many.index.search("高橋", reader())
    assert (result.total, result.waiting, state(many)) == (4, 8, (4, 8))
    many.index.read_all()
    result = many.index.search("高橋", reader())
    assert (result.total, result.waiting, many.index.status().entries) == (12, 0, 12)


def test_the_names_of_a_page_are_there_before_all_is_read(many: IndexedDoor) -> None:
    assert state(many) == (0, 12)
    assert many.index.names([id_of("family 7")], reader()) == {
        str(id_of("family 7")): ListedName("NAMED", "高橋 7子", "たかはし", (3,))
    }
    assert many.index.birth_month(id_of("family 8"), id_of("child 8")) == "2023-04"
    assert many.index.has_item(id_of("family 9"), str(item_of(id_of("family 9 1"))))
    assert state(many) == (3, 9)


def test_what_may_not_be_opened_any_more_is_not_shown_while_the_rest_is_read(many: IndexedDoor) -> None:
    case, other = id_of("family 7"), id_of("family 8")
    assert many.index.family(case, reader()) is not None
    assert many.index.family(other, reader()) is not None
    changed = [message_row(id_of(f"family {n}"), id_of(f"family {n} 1"), "CLOSED") for n in (3, 7)]
    many.feed(*changed)
    assert many.index.family(case, reader()) is None
    assert (many.index.search("高橋", reader()).total, state(many)) == (1, (1, 9))
    many.index.read_all()
    assert many.index.search("高橋", reader()).total == 10


def test_a_protected_address_is_not_matched_however_it_came_to_be_read(many: IndexedDoor) -> None:
    case = id_of("family 7")
    until = (NOW + DAY).date().isoformat()
    assert many.index.family(case, reader()) is not None  # read before it was protected
    many.feed(
        *(message_row(id_of(f"family {n}"), id_of(f"family {n} 1"), protected_until=until) for n in (7, 8))
    )
    many.index.read_all()
    assert many.index.search("本町3-12", reader()).total == 10
    many.at += 3 * DAY
    many.feed()
    assert many.index.search("本町3-12", reader()).total == 12


def test_what_is_joined_with_an_unread_family_has_no_address_until_that_is_read(many: IndexedDoor) -> None:
    read, unread = id_of("family 7"), id_of("flagged")
    many.learn("flagged", family_content("高橋 花子"), flags=[Flag.DV_PROTECTED.value])
    many.feed(message_row(read, id_of("join"), act="cases.joined", items=[], fields={"other": str(unread)}))
    shown, alone = many.index.family(read, reader()), many.index.family(id_of("family 8"), reader())
    assert shown is not None
    assert (shown.addresses, shown.phones) == ((), ())
    assert alone is not None
    assert (alone.addresses != (), many.matching("本町3-12")) == (True, [alone.case])
    many.index.read_all()
    assert (many.index.search("本町3-12", reader()).total, read in many.matching("本町3-12")) == (11, False)
    many.feed(message_row(unread, id_of("flagged 1"), "CLOSED"))
    assert read in many.matching("本町3-12")


def test_a_door_reads_its_index_by_itself_once_it_has_started(door: IndexedDoor) -> None:
    for n in range(3):
        door.learn(f"family {n}", family_content(f"高橋 {n}子"))
    again = IndexedDoor(door.path, door.kem)
    again.index.start()
    assert again.index._thread is not None
    again.index._thread.join(10)
    assert (len(again.index._search), again.index._waiting) == (3, {})
    again.close()
