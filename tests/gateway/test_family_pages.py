"""Search, family sheets, charges and the index at a running hub: through pages and through the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from adapters.content_json import write_content
from domain.codes import Purpose
from domain.content import TextContent
from domain.content.family import Family
from domain.events import Kind
from domain.roles import DoorAct, StaffRole
from gateway.agency.documents import BYTES_SCHEMA, DOCUMENT_SCHEMA
from gateway.agency.drafts import SectionContent
from gateway.agency.index.readers import reader_of
from gateway.agency.index.rebuild import RebuildProgress, missing_items, rebuild
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import RehearsalRoles
from gateway.agency.web.app import agency_app
from tests.gateway.hubkit import REFERRAL, HubWithCase, hub_with_case
from tests.gateway.index_kit import family_content
from tests.gateway.test_attachments import document_of

BASE_URL = "http://127.0.0.1"
ORIGIN = {"origin": BASE_URL}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path / "hub") as opened_hub:
        yield opened_hub


@pytest.fixture
def core(hub: HubWithCase) -> Iterator[TestClient]:
    with browser_of(hub, "AZ-CORE") as client:
        yield client


def browser_of(hub: HubWithCase, code: str) -> TestClient:
    staff = Staff.rehearsal(f"staff.{code}", mode="rehearsal")
    app = agency_app(hub.door(code), staff=staff, mode="rehearsal", custody="OWN_DEVICE")
    return TestClient(app, base_url=BASE_URL, headers={"accept": "text/html", **ORIGIN})


def refer(hub: HubWithCase, family: Family, case: UUID | None = None) -> UUID:
    """The hospital refers a family; its door writes the content of the family."""
    case = case or uuid4()
    part = SectionContent("BASIC", write_content(family), (), "family/v1")
    sent = hub.door("MID-HOSP").send(Kind.CASE, case, REFERRAL, hub.referral(), [part], actor="staff.h")
    assert sent.outcome == "recorded"
    return case


def open_basic(hub: HubWithCase, case: UUID, code: str = "AZ-CORE") -> None:
    door = hub.door(code)
    door.refresh()
    for message in door.store.messages(case):
        for item in message["items"]:
            if item["section"] == "BASIC":
                door.open(case, UUID(message["message"]), UUID(item["item"]), "BASIC", actor=f"staff.{code}")


def search(client: TestClient, text: str) -> str:
    return client.post("/search", data={"text": text}).text


def log_of(client: TestClient) -> list[str]:
    text = client.get("/family-log").text
    return re.findall(
        r"<td>(家庭を検索|家庭の票を表示|担当を変更|担当を引き継ぎ|別の家庭と判断|事例索引の作り直し)</td>",
        text,
    )


def test_a_family_is_shown_to_who_opened_it_and_each_look_is_in_the_doors_log(
    hub: HubWithCase, core: TestClient
) -> None:
    case = refer(hub, family_content())
    assert "未開封" in core.get("/cases").text
    assert "髙橋" not in core.get("/cases").text + core.get("/").text
    assert "見つかりません" in search(core, "高橋")

    open_basic(hub, case)
    page = search(core, "高橋 花子")
    assert f'/cases/{case}/family">髙橋 花子' in page
    assert "髙橋 花子(たかはし はなこ)" in page
    for path in ("/cases", "/", f"/cases/{case}"):
        assert "髙橋 花子" in core.get(path).text
    sheet = core.get(f"/cases/{case}/family").text
    for text in (
        "髙橋 花子",
        "髙橋 葉子",
        "令和5年4月12日(2023年4月12日)",
        "090-1234-5678",
        "青葉市本町三丁目12番5号",
    ):
        assert text in sheet
    core.get(f"/cases/{case}")  # once more within a quarter of an hour: no entry of its own
    assert log_of(core) == ["家庭の票を表示", "家庭の票を表示", "家庭を検索", "家庭を検索"]
    assert "高橋" not in core.get("/family-log").text

    with browser_of(hub, "KS-CGC") as stranger:
        assert "見つかりません" in search(stranger, "高橋")
        assert stranger.get(f"/cases/{case}/family").status_code == 404


def test_systems_search_through_the_api(hub: HubWithCase, core: TestClient) -> None:
    case = refer(hub, family_content())
    open_basic(hub, case)
    api = {"accept": "application/json"}
    answer = core.post("/api/search", json={"text": "090-1234-5678"}, headers=api).json()
    assert (answer["total"], [f["case"] for f in answer["families"]]) == (1, [str(case)])
    assert answer["position"] == hub.door("AZ-CORE").store.cursor
    family = core.get(f"/api/cases/{case}/family", headers=api).json()
    assert (family["title"], family["phones"]) == ("髙橋 花子", ["090-1234-5678"])
    assert core.post("/api/search", json={"text": " "}, headers=api).status_code == 400
    assert core.get(f"/api/cases/{uuid4()}/family", headers=api).status_code == 404
    index = core.get("/api/index", headers=api).json()
    assert (index["families"], index["unreadable"], index["current"]) == (1, [], True)


def test_who_is_in_charge_is_set_shown_filtered_and_handed_over(hub: HubWithCase, core: TestClient) -> None:
    case, me, second = refer(hub, family_content()), "staff.AZ-CORE", "staff.AZ-CORE.second"
    hub.door("AZ-CORE").refresh()
    assert "担当している事例はありません" in core.get("/cases?mine=1").text
    until = "2099-12-31"
    core.post(f"/cases/{case}/charge", data={"actor": me, "deputy": second, "deputy_until": until})
    page = core.get("/cases?mine=1").text
    assert str(case)[:8] in page
    assert "訓練用の職員(代理 訓練用の職員二、令和81(2099)年12月31日 まで)" in page
    wrong = core.post(f"/cases/{case}/charge", data={"actor": "staff.nobody"})
    assert wrong.status_code == 400
    api = {"accept": "application/json"}
    assert core.post(f"/api/cases/{uuid4()}/charge", json={"actor": me}, headers=api).status_code == 404
    moved = core.post("/charges", data={"from_actor": me, "to_actor": second})
    assert "1件の担当を引き継ぎました" in moved.text
    history = core.get(f"/api/cases/{case}/charge", headers=api).json()
    assert [(h["actor"], h["deputy"]) for h in history] == [(me, second), (second, "")]
    assert "担当している事例はありません" in core.get("/cases?mine=1").text
    answer = core.post("/api/charges/hand-over", json={"from_actor": second, "to_actor": me}, headers=api)
    assert answer.json() == {"moved": 1}
    assert log_of(core) == ["担当を引き継ぎ", "担当を引き継ぎ", "担当を変更"]


def test_a_family_that_may_be_the_same_is_proposed_until_a_person_answers(
    hub: HubWithCase, core: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = refer(hub, family_content())
    second = refer(hub, family_content("高橋 花子", phone="03-1111-2222"))
    third = refer(hub, family_content("高橋 ハナコ", "タカハシ ハナコ", phone=None, address=None))
    for case in (first, second, third):
        open_basic(hub, case)
    page = core.get(f"/cases/{second}").text
    assert page.count("同じ家庭かもしれません") == 2
    with monkeypatch.context() as patch:  # who may not compare families is shown none beside this one
        taken = frozenset((role, DoorAct.COMPARE_FAMILIES.value) for role in StaffRole)
        patch.setattr(RehearsalRoles, "taken_away", lambda roles: taken)
        alone = core.get(f"/cases/{second}").text
        assert "高橋 花子" in alone
        assert "同じ家庭かもしれ" not in alone
        assert "髙橋 花子" not in alone
    assert "一致: 氏名・生年月日 高橋 花子(2023-04-12) = 髙橋 花子(2023-04-12)" in page
    assert "相違: 電話 03-1111-2222 / 090-1234-5678" in page
    assert f"/cases/{second}/forms/join-cases?other={first}" in page
    form = core.get(f"/cases/{second}/forms/join-cases?other={first}").text
    assert f'value="{first}" checked' in form or f'value="{first}" selected' in form
    assert f"髙橋 花子 事例 {str(first)[:8]}" in form
    assert "― 同じ家庭かもしれません(一致: 氏名・生年月日、氏名またはふりがな、住所、相違: 電話)" in form
    assert form.index(f'value="{first}"') < form.index(
        f'value="{hub.case}"'
    )  # what may be the same comes first
    assert f"氏名の記載なし 事例 {str(hub.case)[:8]}" in form
    agreed = re.findall(
        r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td><span class="tag(?: warn)?">(..)<',
        form,
    )
    assert ("氏名・生年月日", "高橋 花子(2023-04-12)", "髙橋 花子(2023-04-12)", "一致") in agreed
    assert ("電話", "03-1111-2222", "090-1234-5678", "相違") in agreed

    unreasoned = core.post(f"/cases/{second}/another-family", data={"other": str(third), "reason": " "})
    assert unreasoned.status_code == 400
    core.post(f"/cases/{second}/another-family", data={"other": str(third), "reason": "いとこ同士"})
    assert core.get(f"/cases/{second}").text.count("同じ家庭かもしれません") == 1
    assert (
        core.get(f"/cases/{third}").text.count("同じ家庭かもしれません") == 1
    )  # the first case still is asked about
    with browser_of(hub, "MID-HOSP") as hospital:
        assert "同じ家庭かもしれません" not in hospital.get(f"/cases/{second}").text


def test_a_lost_index_is_made_anew_from_what_was_opened_and_from_nothing_else(
    hub: HubWithCase, core: TestClient
) -> None:
    door = hub.door("AZ-CORE")
    opened = [refer(hub, family_content(f"家族 {n}子")) for n in range(3)]
    unopened = refer(hub, family_content("未開封 子"))
    for case in opened:
        open_basic(hub, case)
    known = door.index.status().families
    with door.store._write() as db:
        db.execute("DELETE FROM index_families WHERE case_id=?", (str(opened[0]),))
        db.execute("UPDATE index_families SET sealed=x'00', n=n+10 WHERE case_id=?", (str(opened[1]),))
        db.execute("UPDATE state SET value=value+10 WHERE key='index_changes'")
    assert door.index.status().unreadable == (opened[1],)
    assert "開けない家庭が1件あります" in core.get("/search").text
    assert {case for case, _, _ in missing_items(door, actor="staff.r")} == {opened[0], opened[1]}

    seen: list[RebuildProgress] = []
    result = rebuild(door, actor="staff.r", progress=seen.append)
    assert (result, [p.done for p in seen]) == (RebuildProgress(2, 2, 0), [0, 1, 2])
    assert (door.index.status().families, door.index.status().unreadable) == (known, ())
    assert missing_items(door, actor="staff.r") == []
    assert "家族 0子" in search(core, "家族")
    assert "未開封" not in search(core, "子")
    assert unopened not in {UUID(c) for c in re.findall(r"/cases/([0-9a-f-]{36})/family", search(core, "子"))}

    openings = [
        o for o in hub.rehearsal_hub.audit.ledger()["openings"] if o["purpose"] == Purpose.INDEX_REBUILD.value
    ]
    assert [o["outcome"] for o in openings] == ["OPENED", "OPENED"]


def test_the_index_is_made_anew_on_its_page(hub: HubWithCase) -> None:
    from gateway.agency.index.rebuild import BackgroundRebuild

    door = hub.door("AZ-CORE")
    open_basic(hub, refer(hub, family_content()))
    with door.store._write() as db:
        db.execute("DELETE FROM index_families")
        db.execute("UPDATE state SET value=value+1 WHERE key='index_changes'")
    rebuilding = BackgroundRebuild(door)
    app = agency_app(
        door,
        staff=Staff.rehearsal("staff.r", mode="rehearsal"),
        mode="rehearsal",
        custody="OWN_DEVICE",
        rebuilding=rebuilding,
    )
    with TestClient(app, base_url=BASE_URL, headers={"accept": "text/html", **ORIGIN}) as client:
        assert "家庭</dt><dd>0件" in client.get("/index").text
        client.post("/index")
        assert rebuilding._thread is not None
        rebuilding._thread.join(60)
        page = client.get("/index").text
        assert "1件のうち 1件を開き直しました" in page
        assert "家庭</dt><dd>1件" in page
    rebuilding.close()


def test_nobody_is_shown_what_a_door_opens_for_its_index(hub: HubWithCase, core: TestClient) -> None:
    case = refer(hub, family_content())
    open_basic(hub, case)
    [message] = hub.door("AZ-CORE").store.messages(case)
    body = {"message": message["message"], "section": "BASIC", "purpose": Purpose.INDEX_REBUILD.value}
    path = f"/api/cases/{case}/items/{message['items'][0]['item']}/open"
    assert core.post(path, json=body, headers={"accept": "application/json"}).status_code == 400


def test_what_a_door_sent_is_in_its_own_index_and_made_anew_alike(hub: HubWithCase) -> None:
    case, door = refer(hub, family_content()), hub.door("MID-HOSP")
    door.refresh()
    known = door.index.family(case, reader_of(door, "staff.h"))
    assert known is not None
    door.store.index.remove(case)
    assert rebuild(door, actor="staff.h") == RebuildProgress(1, 1, 0)
    assert door.index.family(case, reader_of(door, "staff.h")) == known


PDF = b"%PDF-1.7 a scanned form"


def test_no_file_is_opened_to_make_the_index_anew(hub: HubWithCase) -> None:
    """A referral with the family, a text and a file, all under BASIC: one item is opened, whichever agency makes it anew."""
    parts = [
        SectionContent("BASIC", write_content(family_content()), (), "family/v1"),
        SectionContent("BASIC", write_content(TextContent("補足です")), (), "text/v1"),
        SectionContent("BASIC", document_of(PDF), schema=DOCUMENT_SCHEMA),
        SectionContent("BASIC", PDF, schema=BYTES_SCHEMA),
    ]
    case, hospital, core = uuid4(), hub.door("MID-HOSP"), hub.door("AZ-CORE")
    sent = hospital.send(Kind.CASE, case, REFERRAL, hub.referral(), parts, actor="staff.h")
    assert sent.outcome == "recorded"
    open_basic(hub, case)
    for door in (hospital, core):
        door.refresh()
        known = door.index.family(case, reader_of(door, "staff.r"))
        assert known is not None
        door.store.index.remove(case)
        assert len(missing_items(door, actor="staff.r")) == 4
        assert rebuild(door, actor="staff.r") == RebuildProgress(4, done=1, skipped=3)
        assert door.index.family(case, reader_of(door, "staff.r")) == known
        assert missing_items(door, actor="staff.r") == []
    openings = [o for o in hub.rehearsal_hub.audit.ledger()["openings"] if o["purpose"] == "INDEX_REBUILD"]
    assert len(openings) == 2
