"""What people write at a door is not lost and not sent twice: drafts, the end of a session, back and reload, a hub that is
away; and the look at what each recipient will see."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from domain.errors import Malformed, NotFound, Refused, Unavailable, Untrusted
from gateway.agency import page_drafts, passphrases
from gateway.agency.attachment_store import CHECKED, AttachmentRow
from gateway.agency.drafts import SectionContent
from gateway.agency.factors import step_up
from gateway.agency.factors.sessions import FRESH_SECONDS
from gateway.agency.forms.kinds import OtherAgency
from gateway.agency.forms.table import FORMS
from gateway.agency.page_drafts import MAX_DRAFT_BYTES, DraftRow, PageDrafts, draft_bytes, read_draft
from gateway.agency.serve import expire_drafts
from gateway.agency.staff import IDLE_SECONDS, KEEPS_POST_SECONDS, Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.staff_store import StaffAct
from gateway.agency.web.app import agency_app
from gateway.agency.web.outbox import outbox_row
from gateway.agency.web.preview import at_recipient
from gateway.installation import dry_run_counts
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.page_client import parse_form
from tests.gateway.sign_in_kit import make_older
from tests.gateway.test_form_table import form_context

CANARY = "架空の下書き七七三"
RIGHT = "correct horse battery"
OWN = {"origin": "http://127.0.0.1", "accept": "text/html"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("drafts") / "hub") as opened:
        for code in ("AZ-CORE", "MID-HOSP"):
            opened.door(code).refresh()
        yield opened


def has_kept(drafts: PageDrafts, actor: str) -> bool:
    """Whether something waits that was sent without a session."""
    return bool(drafts._draft_rows._query("SELECT 1 FROM kept_posts WHERE actor=?", actor))


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[Staff]:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        for actor in ("staff.a1", "staff.b2"):
            opened.add(actor, f"職員{actor[-2:]}", RIGHT, roles=ALL_ROLES)
        yield opened


class Screen:
    """A browser of one person at the door of MID-HOSP."""

    def __init__(self, hub: HubWithCase, staff: Staff, actor: str = "staff.a1") -> None:
        app = agency_app(hub.door("MID-HOSP"), staff=staff, mode="real")
        self.http = TestClient(app, base_url="https://127.0.0.1", follow_redirects=False)
        self.http.headers |= {"origin": "https://127.0.0.1", "accept": "text/html"}
        self.actor = actor
        self.location = self.sign_in()

    def sign_in(self, actor: str = "") -> str:
        """Where one is sent after signing in."""
        form = {"actor": actor or self.actor, "passphrase": RIGHT}
        answer = self.http.post("/sign-in", data=form)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    def form(self, path: str) -> dict[str, list[str]]:
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return dict(parse_form(answer.text).values)

    def save(self, values: dict[str, list[str]]) -> Any:
        return self.http.post("/drafts", data=values, headers={"accept": "application/json"})


@pytest.fixture
def screen(hub: HubWithCase, staff: Staff) -> Screen:
    return Screen(hub, staff)


def written(screen: Screen, text: str = CANARY, path: str = "/new") -> dict[str, list[str]]:
    """A referral as it stands on the page."""
    return {**screen.form(path), "subject_consent": ["REFUSED"], "text_RISK": [text]}


def referrals(hub: HubWithCase) -> int:
    return sum(entry.act == "family_information.provided" for entry in hub.door("MID-HOSP").store.outgoing())


# --- drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_kept_as_one_types_and_given_back_to_its_writer_alone(
    hub: HubWithCase, staff: Staff, screen: Screen
) -> None:
    values = written(screen)
    key = values["command_id"][0]
    assert re.fullmatch("[0-9]{2}:[0-9]{2}", screen.save(values).json()["at"])
    assert screen.form(f"/new?draft={key}")["text_RISK"] == [CANARY]
    assert screen.form(f"/new?draft={key}")["command_id"] == [key]
    listed = screen.http.get("/drafts").text
    assert f"/new?draft={key}" in listed
    assert "新しい家庭" in listed
    other = Screen(hub, staff, "staff.b2")
    assert key not in other.http.get("/drafts").text
    assert "text_RISK" not in other.form(f"/new?draft={key}")
    assert other.save({**values, "text_RISK": ["上書き"]}).status_code == 404
    other.http.post("/drafts/delete", data={"draft": key})
    assert screen.form(f"/new?draft={key}")["text_RISK"] == [CANARY]
    assert other.form(f"/new?draft={key}")["command_id"] != [key]
    stolen = other.http.post("/new", data={**values, "text_RISK": ["横取り"], "step": ["send"]})
    assert key not in stolen.headers["location"]
    assert screen.form(f"/new?draft={key}")["text_RISK"] == [CANARY]
    assert screen.form(f"/cases/{hub.case}/disclose?draft={key}")["command_id"] != [key]
    screen.http.post("/drafts/delete", data={"draft": key})
    assert "text_RISK" not in screen.form(f"/new?draft={key}")
    assert screen.form(f"/new?draft={key}")["command_id"] != [key]


def test_without_a_script_a_button_keeps_the_draft_and_shows_the_page_again(screen: Screen) -> None:
    values = written(screen)
    saved = screen.http.post("/drafts", data={**values, "save": ["1"]})
    assert saved.status_code == 303
    page = screen.http.get(saved.headers["location"])
    assert CANARY in page.text
    assert "に保存した下書きです" in page.text


def test_nothing_of_a_draft_is_readable_on_the_disk(hub: HubWithCase, staff: Staff, screen: Screen) -> None:
    values = written(screen)
    screen.save(values)
    drafts = PageDrafts(hub.door("MID-HOSP"))
    drafts.keep_post("staff.a1", uuid4(), "/new", values)
    [(_, _, path)] = hub.door("MID-HOSP").store._query("PRAGMA database_list")
    files = [file for file in Path(path).parent.glob(f"{Path(path).name}*") if file.is_file()]
    assert {file.suffix for file in files} >= {".db", ".db-wal"}
    for file in files:
        data = file.read_bytes()
        assert CANARY.encode() not in data
        assert b"text_RISK" not in data
        assert CANARY.encode("utf-16-le") not in data


def test_a_draft_opens_under_its_own_id_and_person_only(hub: HubWithCase) -> None:
    door = hub.door("MID-HOSP")
    id, other = uuid4(), uuid4()
    PageDrafts(door).save("staff.x", id, "/new", {"text_RISK": [CANARY]})
    with door.store._write() as db:
        db.execute(
            "INSERT INTO page_drafts SELECT ?,actor,case_id,composing,at,sealed FROM page_drafts WHERE id=?",
            (str(other), str(id)),
        )
        db.execute("UPDATE page_drafts SET actor='staff.y' WHERE id=?", (str(id),))
    for actor, which in (("staff.x", other), ("staff.y", id)):
        with pytest.raises(Untrusted):
            PageDrafts(door).find(actor, which)
        door.store.page_drafts.delete(actor, which)


def test_what_version_1_of_a_draft_wrote_is_read() -> None:
    stored = '{"v": 1, "path": "/new", "values": {"text_RISK": ["一行め\\r\\n二行め"], "to": ["a", "b"]}}'
    values = {"text_RISK": ["一行め\r\n二行め"], "to": ["a", "b"]}
    assert read_draft(stored.encode()) == ("/new", values)
    assert draft_bytes("/new", {**values, "step": ["send"]}).decode() == stored
    with pytest.raises(Untrusted):
        read_draft(b'{"v": 2, "path": "/new", "values": {}}')


def test_drafts_have_limits_and_an_end(hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = PageDrafts(hub.door("MID-HOSP"))
    with pytest.raises(NotFound):
        drafts.save("staff.z", uuid4(), "/sign-in", {})
    with pytest.raises(Malformed, match="draft-too-large"):
        drafts.save("staff.z", uuid4(), "/new", {"text_RISK": ["あ" * (MAX_DRAFT_BYTES // 3)]})
    monkeypatch.setattr(page_drafts, "MAX_DRAFTS", 1)
    first = uuid4()
    drafts.save("staff.z", first, "/new", {"text_RISK": ["一"]})
    with pytest.raises(Refused, match="drafts-too-many"):
        drafts.save("staff.z", uuid4(), "/new", {})
    drafts.save("staff.z", first, "/new", {"text_RISK": ["二"]})
    [draft] = drafts.listed("staff.z")
    assert draft.values["text_RISK"] == ["二"]
    drafts.expire()
    assert len(drafts.listed("staff.z")) == 1
    monkeypatch.setattr(page_drafts, "DRAFT_DAYS", -1)
    drafts.expire()
    assert drafts.listed("staff.z") == []


def test_the_navigation_counts_the_drafts_that_the_list_shows(hub: HubWithCase, screen: Screen) -> None:
    drafts = PageDrafts(hub.door("MID-HOSP"))
    for draft in drafts.listed("staff.a1"):
        drafts.delete("staff.a1", draft.id)
    assert ">下書き</a>" in screen.http.get("/outbox").text
    drafts.save("staff.a1", uuid4(), "/new", {"text_RISK": [CANARY]})
    drafts.save("staff.b2", uuid4(), "/new", {"text_RISK": [CANARY]})
    assert ">下書き(1)</a>" in screen.http.get("/outbox").text
    for entry in hub.door("MID-HOSP").store.outgoing():
        drafts.keep_until_recorded("staff.a1", entry.command_id, "/new", {"text_RISK": [CANARY]})
    assert drafts.count("staff.a1") == len(drafts.listed("staff.a1"))


def test_a_destroyed_case_takes_its_drafts_with_it(hub: HubWithCase) -> None:
    door, case = hub.door("MID-HOSP"), uuid4()
    drafts = PageDrafts(door)
    drafts.save("staff.z", uuid4(), f"/cases/{case}/disclose", {"text_RISK": [CANARY]})
    drafts.keep_post("staff.z", uuid4(), f"/cases/{case}/disclose", {"text_RISK": [CANARY]})
    door.store.store_feed_page([], door.store.cursor, erased=[str(case)])
    assert drafts.listed("staff.z") == []
    assert not has_kept(drafts, "staff.z")


def test_an_attachment_stays_as_long_as_its_draft(hub: HubWithCase) -> None:
    door = hub.door("MID-HOSP")
    composing, id, attachment = uuid4(), uuid4(), uuid4()
    rows = door.store.attachments
    rows.receive(
        AttachmentRow(attachment, "staff.z", str(composing), "2025-01-01", CHECKED, None, b"", None), b""
    )
    drafts = PageDrafts(door)
    drafts.save("staff.z", id, "/new", {"composing": [str(composing)], "attach": [str(attachment)]})
    rows.delete_before("2025-01-02")
    assert rows.row(attachment) is not None
    drafts.keep_post("staff.z", id, "/new", {"composing": [str(composing)], "attach": [str(attachment)]})
    drafts.delete("staff.z", id)
    rows.delete_before("2025-01-02")
    assert rows.row(attachment) is not None
    drafts.give_back("staff.z")
    drafts.delete("staff.z", id)
    rows.delete_before("2025-01-02")
    assert rows.row(attachment) is None


def test_what_somebody_else_sent_without_a_session_is_not_replaced(
    hub: HubWithCase, screen: Screen, now: list[float]
) -> None:
    drafts, values = PageDrafts(hub.door("MID-HOSP")), written(screen)
    drafts.keep_post("staff.b2", UUID(values["command_id"][0]), "/new", {"text_RISK": ["別の人"]})
    now[0] += IDLE_SECONDS + 1
    assert screen.http.post("/new", data=values).headers["location"] == "/sign-in?kept=1"
    for actor, text in (("staff.b2", "別の人"), ("staff.a1", CANARY)):
        given_back = drafts.give_back(actor)
        assert given_back is not None
        assert given_back.values["text_RISK"] == [text]
        drafts.delete(actor, given_back.id)


def test_drafts_end_with_their_writer_and_with_time_though_nobody_opens_the_list(
    hub: HubWithCase, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = PageDrafts(hub.door("MID-HOSP"))
    hub.door("MID-HOSP").store.page_drafts.keep_only_of([])
    for actor in ("staff.a1", "staff.gone"):
        drafts.save(actor, uuid4(), "/new", {"text_RISK": [CANARY]})
        drafts.keep_post(actor, uuid4(), "/new", {"text_RISK": [CANARY]})
    expire_drafts(drafts, staff)
    assert [len(drafts.listed(actor)) for actor in ("staff.a1", "staff.gone")] == [1, 0]
    assert [has_kept(drafts, actor) for actor in ("staff.a1", "staff.gone")] == [True, False]
    monkeypatch.setattr(page_drafts, "DRAFT_DAYS", -1)
    monkeypatch.setattr(page_drafts, "KEPT_POST_DAYS", -1)
    expire_drafts(drafts, staff)
    assert (drafts.listed("staff.a1"), has_kept(drafts, "staff.a1")) == ([], False)


def test_a_draft_that_can_t_be_opened_is_listed_to_be_deleted_beside_the_others(
    hub: HubWithCase, screen: Screen
) -> None:
    values, lost = written(screen), uuid4()
    screen.save(values)
    hub.door("MID-HOSP").store.page_drafts.save(
        DraftRow(lost, "staff.a1", "", "", "2025-05-12T01:00:00.000000Z", b"?")
    )
    listed = screen.http.get("/drafts")
    assert listed.status_code == 200
    assert "開けない下書き" in listed.text
    assert values["command_id"][0] in listed.text
    screen.http.post("/drafts/delete", data={"draft": str(lost)})
    assert "開けない下書き" not in screen.http.get("/drafts").text


# --- the end of a session --------------------------------------------------------------------------------------------


def test_what_is_sent_after_the_session_ended_is_kept_and_given_back_to_the_same_person(
    hub: HubWithCase, staff: Staff, screen: Screen, now: list[float]
) -> None:
    values, sent = written(screen), referrals(hub)
    key = values["command_id"][0]
    now[0] += IDLE_SECONDS + 1
    answer = screen.http.post("/new", data={**values, "step": ["send"]})
    assert answer.headers["location"] == "/sign-in?kept=1"
    assert "書いたものは封をして預かりました" in screen.http.get(answer.headers["location"]).text
    assert referrals(hub) == sent
    again = screen.http.post("/new", data={**values, "text_RISK": ["二つめ"]})
    assert again.headers["location"] == "/sign-in"  # once a session
    assert screen.sign_in("staff.b2") == "/"
    drafts = PageDrafts(hub.door("MID-HOSP"))
    assert has_kept(drafts, "staff.a1")
    location = screen.sign_in()
    assert location == f"/new?draft={key}&kept=1"
    assert not has_kept(drafts, "staff.a1")
    page = screen.http.get(location)
    assert "まだ送っていません" in page.text
    form = parse_form(page.text)
    assert (form.values["text_RISK"], form.values["command_id"]) == ([CANARY], [key])
    assert screen.sign_in() == "/"


@pytest.mark.parametrize(
    "why", ["too late", "signed out", "too long", "unknown", "nothing written", "no page"]
)
def test_what_nobody_vouches_for_is_not_kept(
    hub: HubWithCase, staff: Staff, screen: Screen, now: list[float], why: str
) -> None:
    values = written(screen)
    path = "/new"
    if why == "signed out":
        session = screen.http.cookies["__Host-kakehashi"]
        screen.http.post("/sign-out")
        screen.http.cookies.set("__Host-kakehashi", session)
    now[0] += IDLE_SECONDS + (KEEPS_POST_SECONDS if why == "too late" else 1)
    if why == "too long":
        values["text_RISK"] = ["あ" * (MAX_DRAFT_BYTES // 3)]
    if why == "unknown":
        screen.http.cookies.clear()
        screen.http.cookies.set("__Host-kakehashi", "x" * 43)
    if why == "nothing written":
        path, values = f"/cases/{hub.case}/charge", {"actor": ["staff.a1"]}
    if why == "no page":
        del screen.http.headers["origin"]
    answer = screen.http.post(path, data=values)
    assert answer.headers["location"] == "/sign-in"
    assert not has_kept(PageDrafts(hub.door("MID-HOSP")), "staff.a1")


def test_the_button_that_keeps_a_long_draft_keeps_it_after_the_session_ended_too(
    hub: HubWithCase, screen: Screen, now: list[float]
) -> None:
    values = written(screen, "あ" * (MAX_DRAFT_BYTES // 9 + 10))
    key = values["command_id"][0]
    now[0] += IDLE_SECONDS + 1
    assert screen.save(values).headers["location"] == "/sign-in"  # the script has the text yet
    answer = screen.http.post("/drafts", data={**values, "save": ["1"]})
    assert answer.headers["location"] == "/sign-in?kept=1"
    location = screen.sign_in()
    assert location == f"/new?draft={key}&kept=1"
    assert screen.form(location)["text_RISK"] == values["text_RISK"]


def test_a_session_that_ended_by_time_lets_nobody_in(staff: Staff, now: list[float]) -> None:
    hashed = staff.check_passphrase("staff.a1", RIGHT.encode())
    assert hashed is not None
    admission = staff.begin_session("staff.a1", hashed)
    assert admission is not None
    now[0] += IDLE_SECONDS + 1
    assert staff.person_of_session(admission.session) is None
    now[0] -= IDLE_SECONDS
    assert staff.person_of_session(admission.session) is None
    assert staff.take_ended_session(admission.session) == "staff.a1"
    assert staff.take_ended_session(admission.session) is None
    second = staff.begin_session("staff.a1", hashed)
    assert second is not None
    now[0] += IDLE_SECONDS + 1
    assert staff.person_of_session(second.session) is None
    staff.remove("staff.a1")
    assert staff.take_ended_session(second.session) is None


def test_a_staff_file_of_version_2_gets_what_ended_sessions_need(tmp_path: Path) -> None:
    path = tmp_path / "staff.db"
    Staff(path).close()
    make_older(path, 2)
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO staff VALUES ('staff.old','旧',x'',x'',0,0)")
        db.commit()
    with closing(Staff(path)) as staff:
        assert staff.people() == {"staff.old": "旧"}
        assert staff.take_ended_session("x" * 43) is None


# --- once ------------------------------------------------------------------------------------------------------------


def test_double_click_back_and_reload_send_once(hub: HubWithCase, screen: Screen) -> None:
    values, sent = written(screen), referrals(hub)
    key = values["command_id"][0]
    looked = screen.http.post("/new", data={**values, "step": ["preview"]})
    assert looked.headers["location"] == f"/new?draft={key}&step=preview"
    preview = parse_form(screen.http.get(looked.headers["location"]).text)
    sending = {**preview.values, "step": ["send"]}
    places = {screen.http.post(preview.action, data=sending).headers["location"] for _ in range(2)}
    assert places == {f"/cases/{key}?done=referral&sent={key}"}
    assert screen.http.post("/new", data={**values, "step": ["preview"]}).headers["location"] in places
    for path in (f"/new?draft={key}", f"/new?draft={key}&step=preview"):
        page = screen.http.get(path).text
        assert "この画面からは、もう送りました" in page
        assert CANARY not in page
    other = screen.http.post("/new", data={**sending, "text_RISK": ["別の内容"]})
    assert other.status_code == 400
    assert "この画面からはすでに送りました" in other.text
    assert "別の内容" in other.text
    assert referrals(hub) == sent + 1
    assert key not in screen.http.get("/drafts").text
    late = screen.save(values)  # a late autosave leaves no draft of what was sent, and does not claim to
    assert (late.status_code, late.json()["error_code"]) == (409, "command-id-taken")
    assert key not in screen.http.get("/drafts").text


def test_with_the_hub_away_what_is_sent_waits_and_the_page_states_it(
    hub: HubWithCase, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("MID-HOSP")
    values = written(screen)

    def away(*_: object, **__: object) -> None:
        raise Unavailable("hub-unreachable")

    for name in ("query", "submit", "agencies", "key_sets", "put_item"):
        monkeypatch.setattr(door.client, name, away)
    monkeypatch.setattr(door, "_retry_seconds", 0.0)
    page = screen.http.get("/new")
    assert (page.status_code, "ハブに接続できません" in page.text) == (200, True)
    for path in ("/drafts", "/outbox", "/cases", f"/cases/{hub.case}"):
        assert screen.http.get(path).status_code == 200
    looked = screen.http.post("/new", data={**values, "step": ["preview"]})
    preview = screen.http.get(looked.headers["location"]).text
    assert "つながってから確かめます" in preview
    sent = screen.http.post("/new", data={**values, "step": ["send"]})
    assert sent.headers["location"] == f"/outbox?sent={values['command_id'][0]}"
    outbox = screen.http.get(sent.headers["location"]).text
    assert "ハブにつながりしだい、自動で届きます" in outbox
    assert "object at" not in outbox
    assert "添付など" not in outbox  # nothing is attached
    assert values["command_id"][0] not in screen.http.get("/drafts").text
    monkeypatch.undo()
    assert door.flush() == 1
    id = UUID(values["command_id"][0])
    assert door.store.page_drafts.row("staff.a1", id) is None  # erased as it was recorded
    assert "記録済み" in screen.http.get(sent.headers["location"]).text


def test_what_waited_and_was_refused_in_the_end_is_given_back_to_its_writer(
    hub: HubWithCase, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("MID-HOSP")
    agencies = {k.code: str(k.agency) for k in door.directory()}
    service, path = agencies["EXT-SERVICE"], f"/cases/{hub.case}/disclose"
    values = {
        **screen.form(path),
        "to": [service],
        f"basis.{service}": ["APPI-27-1-3"],
        "text_ADDR": ["架空県架空市1-2-3"],
        "step": ["send"],
    }
    key = values["command_id"][0]

    def away(*_: object, **__: object) -> None:
        raise Unavailable("hub-unreachable")

    for name in ("query", "submit", "agencies", "key_sets"):
        monkeypatch.setattr(door.client, name, away)
    monkeypatch.setattr(door, "_retry_seconds", 0.0)
    assert screen.http.post(path, data=values).headers["location"] == f"/outbox?sent={key}"
    assert key not in screen.http.get("/drafts").text
    monkeypatch.undo()
    assert door.flush() == 1
    listed = screen.http.get("/drafts").text
    assert key in listed
    assert "記録されませんでした" in listed
    form = screen.form(f"{path}?draft={key}")
    assert form["text_ADDR"] == ["架空県架空市1-2-3"]
    assert form["command_id"] == [key]  # to look at it changes nothing
    assert screen.save({**form, "text_CHILD": ["書き足し"]}).status_code == 200
    again = screen.http.post(
        path, data={**form, "text_CHILD": ["書き足し"], "anyway": ["yes"], "step": ["send"]}
    )
    assert again.status_code == 403
    kept = parse_form(again.text).values["command_id"][0]
    assert screen.form(f"{path}?draft={kept}")["text_CHILD"] == ["書き足し"]
    listed = screen.http.get("/drafts").text
    assert (key in listed, kept in listed) == (False, True)


def test_the_outbox_states_how_many_large_items_have_gone(hub: HubWithCase) -> None:
    door, id = hub.door("MID-HOSP"), uuid4()
    digests = [bytes([n]) * 32 for n in range(3)]
    door.store.enqueue(
        id,
        uuid4(),
        "disclosure.made",
        "2025-05-12T01:00:00.000000Z",
        b"f",
        b"r",
        items=[(d, d) for d in digests],
    )
    door.store.attachments.note_uploaded(id, 1)
    entry = door.store.sent(id)
    assert entry is not None
    row = outbox_row(door, entry)
    assert (row["items"], row["uploaded"]) == (3, 1)
    door.store.fail(id, {"error_code": "not-found"})


# --- the look before sending -----------------------------------------------------------------------------------------


def test_each_recipient_is_shown_what_it_will_see(hub: HubWithCase, staff: Staff, screen: Screen) -> None:
    door = hub.door("MID-HOSP")
    agencies = {k.code: str(k.agency) for k in door.directory()}
    path = f"/cases/{hub.case}/disclose"
    values = {
        **screen.form(path),
        "to": [agencies["AZ-CORE"], agencies["KS-CGC"]],
        f"basis.{agencies['AZ-CORE']}": ["CWA-21-10-5"],
        f"basis.{agencies['KS-CGC']}": ["CAPA-6-1"],
        "text_CHILD": ["体重が増えない"],
        "form_CAREGIVER.persons.0.person.relationship": ["母"],
        "form_CAREGIVER.persons.0.upbringing_history": ["施設で育った"],
        "form_CAREGIVER.persons.0.health_status": ["よい"],
    }
    looked = screen.http.post(path, data={**values, "step": ["preview"]})
    assert looked.status_code == 303, looked.text
    drafts = screen.http.get("/drafts").text
    assert FORMS["disclosure"].title in drafts
    assert f"{path}?draft=" in drafts
    page = screen.http.get(looked.headers["location"]).text
    assert page.count("届きます</span>") == 2
    assert page.count("体重が増えない</div>") == 2
    assert page.count('<span class="tag warn">要配慮</span>') >= 2
    assert "要支援児童・特定妊婦の情報提供" in page
    assert "この事例にまだ関わっていない宛先です: 県児童相談所。" in page
    written_on = screen.http.post(path, data={**values, "step": ["edit"]})
    assert screen.form(written_on.headers["location"])["text_CHILD"] == ["体重が増えない"]
    sent = screen.http.post(path, data={**values, "step": ["send"]})
    assert sent.status_code == 303, sent.text
    command = door.store.sent(UUID(values["command_id"][0]))
    assert command is not None
    door.refresh()
    message = door.store.message(hub.case, command.command_id)
    assert message is not None
    assert sorted(i["section"] for i in message["items"]) == ["CAREGIVER", "CAREGIVER", "CHILD"]


def test_only_bases_that_fit_are_offered_the_best_first_and_nobody_new_is_preselected(
    hub: HubWithCase, staff: Staff, screen: Screen
) -> None:
    agencies = {k.code: str(k.agency) for k in hub.door("MID-HOSP").directory()}
    form = parse_form(screen.http.get(f"/cases/{hub.case}/disclose").text)
    assert form.values["to"] == [agencies["AZ-CORE"]]
    of_core = form.offered[f"basis.{agencies['AZ-CORE']}"]
    assert of_core[:2] == ["", "CWA-21-10-5"]
    assert not {"CONSENT", "CWA-25-2-2", "APPI-69-1", "CWA-21-10-2-3"} & set(of_core)
    text = screen.http.get("/new").text
    assert '<option value="CWA-21-10-5" selected>要支援児童・特定妊婦の情報提供</option>' in text
    core = Screen.__new__(Screen)
    core.http = TestClient(
        agency_app(hub.door("AZ-CORE"), staff=Staff.rehearsal("staff.c", mode="rehearsal"), mode="rehearsal"),
        base_url="http://127.0.0.1",
    )
    assert "to" not in core.form(f"/cases/{hub.case}/disclose")
    assert "to" not in core.form(f"/cases/{hub.case}/forms/question")
    assert core.form(f"/cases/{hub.case}/forms/question")["due_on"] != [""]


def dry_runs_logged(staff: Staff) -> int:
    return sum(entry.what == StaffAct.DRY_RUN for entry in staff.log())


def test_what_the_rules_refuse_is_answered_before_it_is_shown_and_sent_only_where_it_is_insisted_on(
    hub: HubWithCase, staff: Staff, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    agencies = {k.code: str(k.agency) for k in hub.door("MID-HOSP").directory()}
    service, path = agencies["EXT-SERVICE"], f"/cases/{hub.case}/disclose"
    values = {
        **screen.form(path),
        "to": [service],
        f"basis.{service}": ["APPI-27-1-3"],
        "text_ADDR": ["架空県架空市1-2-3"],
        "step": ["preview"],
    }
    refused = screen.http.post(path, data=values)
    assert refused.status_code == 400
    assert "anyway" in parse_form(refused.text).offered
    assert '<button class="quiet" name="step" value="insist">' in refused.text
    unticked = screen.http.post(path, data={**values, "step": ["insist"]})
    assert unticked.status_code == 400
    before = len(hub.door("MID-HOSP").store.outgoing())
    shown = screen.http.post(path, data={**values, "anyway": ["yes"], "step": ["insist"]})
    assert (shown.status_code, len(hub.door("MID-HOSP").store.outgoing())) == (200, before)
    assert "規則では認められない見込みです" in shown.text
    assert "架空県架空市1-2-3" in shown.text  # as each recipient would see it
    assert 'name="anyway" value="yes"' in shown.text
    insisted = screen.http.post(path, data={**values, "anyway": ["yes"]})
    assert insisted.status_code == 400  # what is only looked at is not looked at in spite of it
    assert screen.save({**values, "anyway": ["yes"]}).status_code == 200
    asked = dry_runs_logged(staff)
    for more in (1, 2):
        looked = screen.http.get(f"{path}?draft={values['command_id'][0]}&step=preview")
        assert "まだ記録していません" in looked.text
        assert "この宛先には、この情報区分を送れません" not in looked.text
        assert dry_runs_logged(staff) == asked + more
    monkeypatch.setattr(
        page_drafts, "MAX_DRAFTS", 1
    )  # as many as there may be: it takes the place of its own
    sent = screen.http.post(path, data={**values, "anyway": ["yes"], "step": ["send"]})
    assert sent.status_code == 403
    kept = parse_form(sent.text).values["command_id"][0]
    assert kept != values["command_id"][0]
    assert screen.form(f"{path}?draft={kept}")["text_ADDR"] == ["架空県架空市1-2-3"]
    assert values["command_id"][0] not in screen.http.get("/drafts").text


def test_what_is_looked_at_again_is_not_asked_again_unless_it_was_changed(
    hub: HubWithCase, staff: Staff, screen: Screen
) -> None:
    values = written(screen, text="見直す前の文")
    key, asked = values["command_id"][0], dry_runs_logged(staff)
    looked = screen.http.post("/new", data={**values, "step": ["preview"]})
    for _ in range(2):
        assert "見直す前の文" in screen.http.get(looked.headers["location"]).text
    assert dry_runs_logged(staff) == asked + 1
    screen.save({**values, "text_RISK": ["見直した後の文"]})
    assert "見直した後の文" in screen.http.get(f"/new?draft={key}&step=preview").text
    assert dry_runs_logged(staff) == asked + 2


def test_whoever_tries_words_of_the_notifier_out_stands_in_the_log_of_the_door(
    hub: HubWithCase, staff: Staff, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("MID-HOSP")
    logged: list[tuple[str, str, UUID, str]] = []
    monkeypatch.setattr(door.addresses, "own_log", lambda *entry: logged.append(entry))
    notifier = SectionContent("NOTIFIER", "氏名: 架空通子".encode())
    for text in ("架空通子", "架空通子", "隣の架空通子", "別の人"):
        door.checked_parts(
            hub.case,
            "family_information.provided",
            hub.referral(),
            [SectionContent("RISK", text.encode()), notifier],
            actor="staff.a1",
        )
    assert logged == [("staff.a1", "notifier-met", hub.case, "family_information.provided")] * 2


def test_what_goes_to_a_suspended_contractor_is_shown_as_held() -> None:
    context = form_context(
        agencies={"npo": OtherAgency(name="架空NPO", roles=frozenset({"CONTRACTOR"}), body="PRIVATE")}
    )
    part = SectionContent("CHILD", "元気".encode())
    states = [
        at_recipient(part, context, "npo", "disclosure.made", suspended).state
        for suspended in (frozenset(), frozenset({"npo"}))
    ]
    assert states == ["ARRIVES", "HELD"]
    flagged = SectionContent("CAREGIVER", b"x", ("SENSITIVE",))
    assert at_recipient(flagged, context, "npo", "disclosure.made", frozenset()).state == "BARRED"
    traced = SectionContent("CHILD", b"x", ("NOTIFIER_TRACE",))
    assert at_recipient(traced, context, "npo", "disclosure.made", frozenset()).state == "BARRED"


def test_one_button_sends_nothing_once_the_limit_of_dry_runs_is_reached(
    hub: HubWithCase, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = hub.door("AZ-CORE")
    sent = [entry.command_id for entry in door.store.outgoing()]
    monkeypatch.setattr(dry_run_counts, "MAX_AN_HOUR", 0)
    core = TestClient(
        agency_app(door, staff=Staff.rehearsal("staff.c", mode="rehearsal"), mode="rehearsal"),
        base_url="http://127.0.0.1",
        headers=OWN,
        follow_redirects=False,
    )
    [message, *_] = [m["message"] for m in door.store.messages(hub.case)]
    answer = core.post(f"/cases/{hub.case}/answer", data={"message": message, "act": "referral.read"})
    assert answer.status_code == 400
    assert "1時間の上限に達しました" in answer.text
    assert [entry.command_id for entry in door.store.outgoing()] == sent


def test_the_preview_bars_no_more_than_the_matrix() -> None:
    def state(role: str, section: str, act: str = "disclosure.made", *flags: str) -> str:
        context = form_context(
            agencies={"npo": OtherAgency(name="架空NPO", roles=frozenset({role}), body="PRIVATE")}
        )
        suspended = frozenset({"npo"} if role == "CONTRACTOR" else ())
        return at_recipient(SectionContent(section, b"x", flags), context, "npo", act, suspended).state

    notification = "abuse_notification.received"
    assert [state("EXT", section) for section in ("CONF", "CLOSING", "ADDR", "CHILD")] == [
        "ARRIVES", "ARRIVES", "BARRED", "ARRIVES",
    ]  # fmt: skip
    assert state("EXT", "CHILD", "disclosure.made", "ADDRESS_TRACE") == "BARRED"
    assert state("CONTRACTOR", "CHILD", "disclosure.made") == "HELD"
    assert state("CONTRACTOR", "CHILD", notification) == "ARRIVES"  # not as this case's contractor
    assert state("CONTRACTOR", "CHILD", notification, "SENSITIVE") == "ARRIVES"


# --- a fresh factor ---------------------------------------------------------------------------------------------------


def test_who_has_to_confirm_first_goes_on_with_what_was_written_and_sends_it_once(
    hub: HubWithCase, screen: Screen, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_up, "STEP_UP_ACTS", {"family_information.provided": step_up.When.ALWAYS})
    values, before = written(screen), referrals(hub)
    key = values["command_id"][0]
    now[0] += FRESH_SECONDS + 1
    asked = screen.http.post("/new", data={**values, "step": ["send"]})
    assert asked.headers["location"].startswith("/step-up?next=")
    assert referrals(hub) == before
    after = parse_qs(urlsplit(asked.headers["location"]).query)["next"][0]
    assert after == f"/new?draft={key}&step=preview"
    done = screen.http.post("/step-up", data={"proof": RIGHT, "next": after})
    assert done.headers["location"] == after
    preview = dict(parse_form(screen.http.get(after).text).values)
    assert (preview["command_id"], preview["text_RISK"]) == ([key], [CANARY])
    for _ in range(2):
        screen.http.post("/new", data={**preview, "step": ["send"]})
    assert referrals(hub) == before + 1


def test_a_session_needs_a_fresh_factor_for_an_act_of_the_table_and_a_token_does_not(
    hub: HubWithCase, staff: Staff, screen: Screen, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_up, "STEP_UP_ACTS", {"home_visit.completed": step_up.When.ALWAYS})
    message = {"case": str(hub.case), "act": "home_visit.completed"}
    now[0] += FRESH_SECONDS + 1
    answer = screen.http.post("/api/messages", json=message)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "step-up-needed")
    token = staff.add_token("sys:emr", "電子カルテ")
    screen.http.cookies.clear()
    answer = screen.http.post("/api/messages", json=message, headers={"authorization": f"Bearer {token}"})
    assert answer.json().get("error_code") != "step-up-needed"
