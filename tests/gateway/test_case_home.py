"""The page of a case: what is read in place, recorded once, and forgotten in time; what has to come first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from domain.codes import Purpose
from domain.events import Kind
from gateway.agency.door import SectionContent
from gateway.agency.index.readers import IndexReader
from gateway.agency.item_opening import OpenedItem
from gateway.agency.recent_contents import MAX_ITEM_BYTES, SECONDS, RecentContents
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.web.app import agency_app
from gateway.agency.web.case_home import HIDDEN_FROM_PERSON, HIDDEN_WHILE_AWAY
from keys.command import ItemRef
from tests.gateway.hubkit import OPENING, REFERRAL, HubWithCase, hub_with_case
from tests.gateway.index_kit import NOW, OTHER, id_of

PASSPHRASE = "a long passphrase"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("home") / "hub") as opened_hub:
        yield opened_hub


@pytest.fixture
def staff(tmp_path: Path) -> Iterator[Staff]:
    staff = Staff(tmp_path / "staff.db")
    for actor in ("staff.a", "staff.b"):
        staff.add(actor, f"職員 {actor}", PASSPHRASE.encode(), roles=ALL_ROLES)
    yield staff
    staff.close()


@pytest.fixture
def seconds() -> list[float]:
    return [0.0]


@pytest.fixture
def sessions(hub: HubWithCase, staff: Staff, seconds: list[float]) -> Iterator[Any]:
    """Signs a person in to the door of AZ-CORE: each call is a session of its own."""
    door = hub.door("AZ-CORE")
    door.recent = RecentContents(lambda: seconds[0])
    with ExitStack() as stack:

        def sign_in(actor: str = "staff.a") -> TestClient:
            app = agency_app(door, staff=staff, mode="rehearsal")
            client = TestClient(app, base_url="https://localhost", headers={"origin": "https://localhost"})
            stack.enter_context(client)
            assert client.post("/sign-in", data={"actor": actor, "passphrase": PASSPHRASE}).status_code == 200
            return client

        yield sign_in


def send(hub: HubWithCase, *parts: SectionContent) -> tuple[UUID, UUID]:
    """The hospital refers a family anew. Returns case and message."""
    case = uuid4()
    sent = hub.door("MID-HOSP").send(Kind.CASE, case, REFERRAL, hub.referral(), parts, actor="staff.h")
    return case, sent.command_id


def text_part(section: str, text: str, *flags: str) -> SectionContent:
    return SectionContent(section, text.encode(), flags)


def openings(hub: HubWithCase, case: UUID) -> list[tuple[str, str, str]]:
    """Section, purpose and person of each recorded opening of this case, in order."""
    return [
        (r.event.section.value, r.event.purpose.value, str(r.actor))
        for r in hub.rehearsal_hub.records()
        if r.topic == OPENING and r.about.id == case
    ]


def read(client: TestClient, case: UUID, message: UUID, purpose: str = "SUPPORT") -> str:
    answer = client.post(f"/cases/{case}/read", data={"message": str(message), "purpose": purpose})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


WORDS = ("架空の家庭は三人です", "体重は増えています")


def test_one_click_opens_the_ordinary_items_once_each_and_others_by_their_own(
    hub: HubWithCase, sessions: Any
) -> None:
    case, message = send(
        hub,
        text_part("BASIC", WORDS[0]),
        text_part("CHILD", WORDS[1]),
        text_part("CHILD", "怖いと言った", "CHILD_STATEMENT"),
        text_part("ADDR", "架空町一丁目"),
    )
    client = sessions()
    before = client.get(f"/cases/{case}").text
    assert not any(word in before for word in WORDS)
    assert openings(hub, case) == []
    page = read(client, case, message, "SAFETY")
    assert all(word in page for word in WORDS)
    assert "怖いと言った" not in page
    assert "架空町" not in page
    both = [("BASIC", "SAFETY", "staff.a"), ("CHILD", "SAFETY", "staff.a")]
    assert openings(hub, case) == both
    again = client.get(f"/cases/{case}").text
    assert all(word in again for word in WORDS)
    read(client, case, message)
    assert openings(hub, case) == both  # it is at hand: nothing is opened a second time
    singles = re.findall(
        r'name="item" value="([^"]+)"><input type="hidden" name="section" value="([^"]+)"', again
    )
    assert {section for _, section in singles} == {"CHILD", "ADDR"}
    for item, section in singles:
        data = {"message": str(message), "item": item, "section": section, "purpose": "SUPERVISION"}
        assert client.post(f"/cases/{case}/open", data=data).status_code == 200
    assert openings(hub, case)[2:] == [(section, "SUPERVISION", "staff.a") for _, section in singles]
    last = client.get(f"/cases/{case}").text
    assert "怖いと言った" in last
    assert "架空町" not in last  # a protected address is shown where it was opened, and nowhere again


def test_only_this_session_is_shown_it_again_and_no_longer_than_a_quarter_of_an_hour(
    hub: HubWithCase, sessions: Any, seconds: list[float]
) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client, same_person, colleague = sessions(), sessions(), sessions("staff.b")
    assert WORDS[1] in read(client, case, message)
    for other in (same_person, colleague):
        assert WORDS[1] not in other.get(f"/cases/{case}").text
    seconds[0] = SECONDS - 1
    assert WORDS[1] in client.get(f"/cases/{case}").text
    seconds[0] = SECONDS
    assert WORDS[1] not in client.get(f"/cases/{case}").text
    assert len(openings(hub, case)) == 1
    assert WORDS[1] in read(client, case, message)
    assert len(openings(hub, case)) == 2


def test_who_signs_out_leaves_nothing_in_memory(hub: HubWithCase, sessions: Any) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client = sessions()
    read(client, case, message)
    recent = hub.door("AZ-CORE").recent
    assert len(recent._kept) == 1
    client.post("/sign-out")
    assert (len(recent._kept), recent._bytes) == (0, 0)


def test_what_may_not_be_opened_any_more_is_not_shown_and_not_kept(hub: HubWithCase, sessions: Any) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client = sessions()
    assert WORDS[1] in read(client, case, message)
    hub.door("MID-HOSP").send(
        Kind.CASE,
        case,
        "use.stopped",
        {
            "to": [],
            "basis": {},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": "UNLAWFUL_USE",
            "stops": str(message),
        },
        actor="staff.h",
    )
    door = hub.door("AZ-CORE")
    page = client.get(f"/cases/{case}").text
    assert WORDS[1] not in page
    assert "閲覧終了" in page
    assert len(door.recent._kept) == 0


def test_while_the_hub_is_away_nothing_is_shown_from_memory(
    hub: HubWithCase, sessions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client, door = sessions(), hub.door("AZ-CORE")
    shown = read(client, case, message)
    assert not any(why in shown for why in (HIDDEN_WHILE_AWAY, HIDDEN_FROM_PERSON))
    monkeypatch.setattr(type(door), "behind_since", "2025-05-12T00:00:00.000000Z")
    page = client.get(f"/cases/{case}").text
    assert (WORDS[1] in page, HIDDEN_WHILE_AWAY in page) == (False, True)


def test_what_this_person_may_not_know_is_hidden_in_so_many_words(
    hub: HubWithCase, sessions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client = sessions()
    monkeypatch.setattr(IndexReader, "may_know", lambda self, case: False)
    assert HIDDEN_FROM_PERSON not in client.get(f"/cases/{case}").text
    page = read(client, case, message)
    assert (WORDS[1] in page, HIDDEN_FROM_PERSON in page) == (False, True)
    assert len(openings(hub, case)) == 1


def test_no_page_names_an_agency_or_an_alarm_by_its_code(
    hub: HubWithCase, sessions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client, door = sessions(), hub.door("AZ-CORE")
    author = str(hub.door("MID-HOSP").agency)
    directory = [k for k in door.directory() if str(k.agency) != author]
    monkeypatch.setattr(door, "directory", lambda: directory)
    shown = [client.get(path).text for path in (f"/cases/{case}", "/meeting")]
    assert "ほかの機関 →" in shown[0]
    assert not any(author in text for text in shown)
    row = door.store.message(case, message)
    assert row is not None
    [item] = row["items"]
    form = {"message": str(message), "item": item["item"], "section": item["section"]}
    opened_page = client.post(f"/cases/{case}/open", data=form).text
    assert ("ほかの機関" in opened_page, author in opened_page) == (True, False)
    monkeypatch.setattr(door.store, "log_alarms", lambda: [{"kind": "log-split-view"}])
    page = client.get("/outbox").text
    assert "ハブの記録簿の先頭が以前のものとつながりません" in page
    assert "log-split-view" not in page


def test_a_message_of_nobody_is_not_found_and_another_purpose_is_refused(
    hub: HubWithCase, sessions: Any
) -> None:
    case, message = send(hub, text_part("CHILD", WORDS[1]))
    client = sessions()
    client.get(f"/cases/{case}")
    for where, what in ((case, uuid4()), (uuid4(), message)):
        assert client.post(f"/cases/{where}/read", data={"message": str(what)}).status_code == 404
    wrong = {"message": str(message), "purpose": "AUDIT"}
    assert client.post(f"/cases/{case}/read", data=wrong).status_code == 400
    assert openings(hub, case) == []


def test_what_came_since_the_last_look_is_marked_and_can_be_shown_alone(
    hub: HubWithCase, sessions: Any
) -> None:
    case, first = send(hub, text_part("CHILD", WORDS[1]))
    client = sessions()
    assert client.get(f"/cases/{case}").text.count(">新着</span>") == 1
    hub.door("MID-HOSP").send(
        Kind.CASE, case, REFERRAL, hub.referral(), [text_part("CHILD", WORDS[0])], actor="staff.h"
    )
    page = client.get(f"/cases/{case}").text
    assert (page.count(">新着</span>"), page.count("<article")) == (1, 2)
    [link] = re.findall(
        r'href="(\?only=news[^"#]+)', page
    )  # the page above was a look: the link says since when
    alone = client.get(f"/cases/{case}{unescape(link)}").text
    assert re.findall(r'<article class="card" id="m-([^"]+)"', alone) != [str(first)]
    assert (alone.count(">新着</span>"), alone.count("<article")) == (1, 1)
    assert client.get(f"/cases/{case}").text.count(">新着</span>") == 0
    assert sessions("staff.b").get(f"/cases/{case}").text.count(">新着</span>") == 2


# --- the memory itself -----------------------------------------------------------------------------------------------


def opened(
    n: int, content: bytes = b"words", *, section: str = "CHILD", flags: tuple[str, ...] = ()
) -> OpenedItem:
    return OpenedItem(content, section, "text/v1", OTHER, NOW, REFERRAL, id_of(f"item {n}"), flags=flags)


CASE, MESSAGE = id_of("case"), id_of("message")


@pytest.mark.parametrize(
    "never",
    [
        pytest.param(opened(1, section="ADDR"), id="a protected address"),
        pytest.param(opened(1, section="NOTIFIER"), id="who notified"),
        pytest.param(opened(1, flags=("ADDRESS_TRACE",)), id="an address elsewhere"),
        pytest.param(opened(1, flags=("NOTIFIER_TRACE",)), id="a trace of who notified"),
        pytest.param(opened(1, bytes(MAX_ITEM_BYTES + 1)), id="too large"),
    ],
)
def test_some_contents_are_never_kept(never: OpenedItem) -> None:
    recent = RecentContents(lambda: 0.0)
    assert recent.keep("session", CASE, MESSAGE, never, Purpose.SUPPORT) is False
    assert recent.of_case("session", CASE) == {}


def test_the_memory_is_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.agency.recent_contents.MAX_BYTES", 10)
    recent = RecentContents(lambda: 0.0)
    for n in range(4):
        recent.keep("session", CASE, MESSAGE, opened(n, b"1234"), Purpose.SUPPORT)
    assert set(recent.of_case("session", CASE)) == {str(id_of("item 2")), str(id_of("item 3"))}
    assert recent._bytes == 8


def test_a_page_of_the_feed_takes_away_what_it_closes_and_what_was_destroyed() -> None:
    recent = RecentContents(lambda: 0.0)
    other = id_of("other case")
    for case, n in ((CASE, 1), (CASE, 2), (other, 3)):
        recent.keep("session", case, MESSAGE, opened(n), Purpose.SUPPORT)
    items = [
        {"item": str(id_of("item 1")), "state": "OPENABLE"},
        {"item": str(id_of("item 2")), "state": "CLOSED"},
    ]
    recent.apply_feed([{"case": str(CASE), "message": str(MESSAGE), "body": {"items": items}}], [])
    assert set(recent.of_case("session", CASE)) == {str(id_of("item 1"))}
    recent.apply_feed([], [str(other)])
    assert recent.of_case("session", other) == {}
    recent.apply_feed([{"case": str(CASE), "message": str(MESSAGE), "body": {"gone": True}}], [])
    assert (recent.of_case("session", CASE), recent._bytes) == ({}, 0)


def test_the_file_of_a_document_is_one_thing_with_it() -> None:
    recent = RecentContents(lambda: 0.0)
    file = ItemRef(
        item=id_of("file"),
        section="MEDICAL",
        flags=(),
        schema="bytes/v1",
        size=1,
        storage="store",
        kc=b"",
        digest=b"",
    )
    document = OpenedItem(
        b"{}", "MEDICAL", "document/v1", OTHER, NOW, REFERRAL, id_of("document"), after=file
    )
    recent.note_form(document)
    assert recent.document_of(str(file.item)) == str(document.item)
    assert recent.document_of(str(document.item)) is None


# --- what comes first ------------------------------------------------------------------------------------------------


def test_what_has_to_come_first_is_named_and_linked(hub: HubWithCase, sessions: Any) -> None:
    case, _ = send(hub, text_part("BASIC", WORDS[0]))
    page = unescape(sessions().get(f"/cases/{case}").text)
    for title, key in (("支援の要否を決める", "assessment"), ("支援を始める", "eligibility")):
        [missing] = re.findall(rf'<li class="not-now">{title}.*?</li>', page, re.S)
        assert "先に" in missing
        assert f"/cases/{case}/forms/{key}" in missing
    assert f"/cases/{case}/forms/reopen" not in page
    assert 'class="now" aria-current="step"' in page
