"""The pages of a visitor's phone without a script: today, a sheet by recorded openings, a report, a concern."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from domain.errors import Unavailable
from domain.roles import StaffRole
from tests.attachments.kit import HEIC
from tests.phone.conftest import COLLEAGUE, DUTY, PASSPHRASE, VISITOR, Visiting

ORIGIN = "https://127.0.0.1"


def client_of(visiting: Visiting, actor: str) -> TestClient:
    """Signed in at the door."""
    visiting.need_visit()
    http = TestClient(visiting.app(), base_url=ORIGIN, headers={"Origin": ORIGIN})
    http.post("/sign-in", data={"actor": actor, "passphrase": PASSPHRASE})
    return http


@pytest.fixture
def phone(visiting: Visiting) -> Iterator[TestClient]:
    with client_of(visiting, VISITOR) as http:
        yield http


def report_of(page: str) -> dict[str, str]:
    """The least that a report needs, over what its page has filled in."""
    values = dict(re.findall(r'<input type="(?:hidden|date|time|text)" name="([^"]+)" value="([^"]*)"', page))
    children = re.findall(r'name="(child\.[^"]+\.seen)" value="yes"', page)
    return {**values, "met": "母", "next_visit": "7", **dict.fromkeys(children, "yes")}


def test_a_visitor_reads_a_sheet_by_recorded_openings_and_reports(
    visiting: Visiting, phone: TestClient
) -> None:
    page = phone.get("/phone/").text
    assert f'href="tel:{DUTY.replace("-", "")}"' in page
    assert f"/phone/cases/{visiting.case}" in page
    opened = visiting.records("section.opened")
    sheet = phone.get(f"/phone/cases/{visiting.case}").text
    assert "内容を読む" in sheet
    assert visiting.records("section.opened") == opened
    sheet = phone.post(f"/phone/cases/{visiting.case}/read").text
    assert "支援計画" in sheet
    assert visiting.records("section.opened") > opened
    assert "内容を読む" not in sheet

    form = phone.get(f"/phone/cases/{visiting.case}/report").text
    values = report_of(form)
    assert values["place"] == "自宅"
    assert values["visited_on"]
    assert values["started_at"] < values["ended_at"]
    assert values["visit"]
    reports = visiting.records("visit_report.submitted")
    answer = phone.post(
        f"/phone/cases/{visiting.case}/report", data=values, files={"photo": ("PHOTO.HEIC", HEIC, "")}
    )
    assert "訪問の報告を記録しました" in answer.text
    assert visiting.records("visit_report.submitted") == reports + 1
    again = phone.post(f"/phone/cases/{visiting.case}/report", data=values)
    assert "訪問の報告を記録しました" in again.text
    assert visiting.records("visit_report.submitted") == reports + 1
    sent = visiting.message(values["command_id"])
    assert sent["fields"]["visit"] == values["visit"]
    assert (
        len([i for i in sent["items"] if i["section"] == "VISIT"]) == 3
    )  # the report, a photo and what it is


def test_a_report_that_can_not_be_meant_is_kept_as_a_draft_with_the_reason(
    visiting: Visiting, phone: TestClient
) -> None:
    values = report_of(phone.get(f"/phone/cases/{visiting.case}/report").text)
    answer = phone.post(f"/phone/cases/{visiting.case}/report", data={**values, "visited_on": "春ごろ"})
    assert "訪問日" in answer.text
    assert "まだ送っていません" in answer.text
    assert str(values["command_id"]) in phone.get("/drafts").text


def test_a_concern_is_two_taps_from_the_sheet(visiting: Visiting, phone: TestClient) -> None:
    concerns = visiting.records("safety_concern.raised")
    form = phone.get(f"/phone/cases/{visiting.case}/concern").text
    values = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    button = re.findall(r'<button class="danger wide" name="what" value="([^"]+)"', form)[0]
    answer = phone.post(f"/phone/cases/{visiting.case}/concern", data={**values, "what": button})
    assert "懸念を記録しました" in answer.text
    assert visiting.records("safety_concern.raised") == concerns + 1


def test_a_concern_is_raised_after_the_visit_that_made_the_family_the_visitors(
    visiting: Visiting, phone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.agency.web.phone.visitor_cases", lambda door, reader: [])
    concerns = visiting.records("safety_concern.raised")
    form = phone.get(f"/phone/cases/{visiting.case}/concern").text
    values = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    answer = phone.post(f"/phone/cases/{visiting.case}/concern", data={**values, "what": "けが・あざがある"})
    assert "懸念を記録しました" in answer.text
    assert visiting.records("safety_concern.raised") == concerns + 1
    assert phone.get(f"/phone/cases/{visiting.case}/report").status_code == 404


def test_a_photo_that_can_not_be_read_is_left_out_of_a_report(visiting: Visiting, phone: TestClient) -> None:
    visiting.need_visit()
    values = report_of(phone.get(f"/phone/cases/{visiting.case}/report").text)
    answer = phone.post(
        f"/phone/cases/{visiting.case}/report", data=values, files={"photo": ("PHOTO.HEIC", HEIC[:200], "")}
    )
    assert "訪問の報告を記録しました" in answer.text
    assert "写真のうち受け付けられなかったものがあります" in answer.text


def test_a_sheet_names_the_family_in_its_heading_only_and_counts_what_stayed_closed(
    visiting: Visiting, phone: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = phone.get(f"/phone/cases/{visiting.case}").text
    assert "<title>家庭票 | 架け橋</title>" in sheet
    assert "<h1>家庭票</h1>" not in sheet
    assert "開けなかった内容が" not in sheet

    def closed(*args: object, **kwargs: object) -> None:
        raise Unavailable("hub-unreachable")

    monkeypatch.setattr(visiting.door, "open", closed)
    assert "開けなかった内容が" in phone.post(f"/phone/cases/{visiting.case}/read").text


def test_a_family_of_a_colleague_and_one_that_is_not_there_read_the_same(visiting: Visiting) -> None:
    with client_of(visiting, COLLEAGUE) as colleague:
        assert str(visiting.case) not in colleague.get("/phone/").text
        for path in ("", "/report", "/concern"):
            answers = {
                colleague.get(f"/phone/cases/{case}{path}").text.replace(str(case), "")
                for case in (visiting.case, uuid4())
            }
            assert len(answers) == 1
        form = {"command_id": str(uuid4()), "composing": str(uuid4()), "what": "けが"}
        assert colleague.post(f"/phone/cases/{visiting.case}/concern", data=form).status_code == 404


def test_who_is_not_signed_in_gets_only_the_shell_which_names_nobody(visiting: Visiting) -> None:
    with TestClient(visiting.app(), base_url=ORIGIN) as stranger:
        for path in ("/phone/", f"/phone/cases/{visiting.case}", "/phone/devices", "/phone/waiting"):
            assert stranger.get(path, follow_redirects=False).headers["location"] == "/sign-in"
        shell = stranger.get("/phone/shell")
        assert shell.status_code == 200
        assert VISITOR not in shell.text
        assert str(visiting.case) not in shell.text
        worker = stranger.get("/phone/sw.js")
        assert "require-trusted-types-for" in worker.headers["content-security-policy"]
        assert re.match(r'const VERSION = "[0-9a-f]{16}";', worker.text)
        assert stranger.get("/phone/manifest.webmanifest").json()["scope"] == "/phone/"
        for headers in ({}, {"Kakehashi-Device": str(uuid4())}, {"Kakehashi-Device": "x"}):
            assert stranger.post("/phone/contact", data={"nonce": "00"}, headers=headers).status_code == 404
            body = b"x" * 100
            assert stranger.post("/phone/envelopes", content=body, headers=headers).status_code == 404


def test_everything_is_looked_at_by_a_visitor_who_is_not_shown_every_case(visiting: Visiting) -> None:
    visiting.staff.add("W-NEW", "訪問 三郎", PASSPHRASE, roles=[StaffRole.VISITOR])
    try:
        with client_of(visiting, "W-NEW") as visitor:
            answer = visitor.post("/looked", data={"upto": 99}, follow_redirects=False)
            assert answer.status_code == 303
        assert visiting.door.store.arrivals.looks("W-NEW") == {}
    finally:
        visiting.staff.remove("W-NEW")
