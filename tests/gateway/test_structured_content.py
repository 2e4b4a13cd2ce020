"""Content with form at real doors: refused where it does not have its form, shown by its lines, searched field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from adapters.agencies.fhir import SCHEMA as FHIR_SCHEMA
from adapters.agencies.spreadsheet import SCHEMA as ROWS_SCHEMA
from adapters.content_json import write_content
from domain.codes import Flag, Section
from domain.content import OPAQUE, UNKNOWN, Amount, Content, NamedChild, PartialDate, PersonName, TextContent
from domain.content.address import KeptFrom, ProtectedAddress
from domain.content.caregiver import CaregiverCondition, CaregiverConditions
from domain.content.common import Address, OwnWords, Phone
from domain.content.family import Family
from domain.content.notifier import Notifier
from domain.content.visit import Visit, VisitedChild
from domain.errors import Malformed, Refused
from domain.events import Kind
from gateway.agency import door as door_module
from gateway.agency.content_form import (
    identifying_texts,
    require_content_form,
    searched_texts,
    shown_content,
)
from gateway.agency.door import SectionContent
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from tests.gateway.hubkit import HubWithCase, hub_with_case

SAKURA = UUID("7a3e1c52-1111-4222-8333-444455556666")
VISIT = Visit(
    visited_on=PartialDate("2025-06-02", "R7.6.2"),
    children=(VisitedChild(child=NamedChild(SAKURA, "さくら"), seen=True, weight=Amount("9.80", "", "kg")),),
    concerns=UNKNOWN,
)


def part(content: Content, *flags: Flag, section: Section | None = None) -> SectionContent:
    where = section or next(iter(sorted(content.SECTIONS)))
    return SectionContent(where.value, write_content(content), tuple(flags), content.SCHEMA)


# --- what may be sealed --------------------------------------------------------------------------------------


def refusal_of(*parts: SectionContent) -> Malformed:
    with pytest.raises(Malformed) as caught:
        require_content_form(parts)
    return caught.value


def test_what_has_its_form_may_be_sealed() -> None:
    require_content_form(
        [
            part(VISIT),
            part(TextContent("そのまま"), section=Section.RISK),
            SectionContent("SOURCE", b"\xff", schema=FHIR_SCHEMA),
            SectionContent("SOURCE", b"[]", schema=ROWS_SCHEMA),
        ]
    )
    assert {FHIR_SCHEMA, ROWS_SCHEMA} <= set(OPAQUE)


def test_a_content_that_does_not_read_is_named_by_its_section_and_field_and_not_by_its_value() -> None:
    wrong = SectionContent("VISIT", write_content(VISIT).replace(b'"9.80"', b'"9,80"'), schema="visit/v1")
    error = refusal_of(part(VISIT), wrong)
    assert (error.error_code, error.detail) == (
        "content-form",
        "In the section 1: Correct children.0.weight: an amount is a decimal number in digits.",
    )
    assert error.detail_ja == "「子ども › 1 › 体重」を直してください。数値は 2.10 のような数字です。"


@pytest.mark.parametrize(
    ("wrong", "error_code"),
    [
        pytest.param(
            SectionContent("VISIT", b"{}", schema="visit/v9"), "unknown-content-schema", id="a version"
        ),
        pytest.param(
            SectionContent("VISIT", b"{}", schema="other/v1"), "unknown-content-schema", id="a schema"
        ),
        pytest.param(part(VISIT, section=Section.BASIC), "content-section", id="a visit as a family"),
        pytest.param(
            SectionContent("BASIC", b"{}", schema=FHIR_SCHEMA),
            "content-section",
            id="foreign bytes for others",
        ),
    ],
)
def test_a_schema_that_has_no_place_there_is_refused(wrong: SectionContent, error_code: str) -> None:
    assert refusal_of(wrong).error_code == error_code


@pytest.mark.parametrize(
    ("content", "flag"),
    [
        pytest.param(
            Visit(children=(VisitedChild(child=NamedChild(SAKURA), own_words=(OwnWords(words="こわい"),)),)),
            Flag.CHILD_STATEMENT,
            id="a child's own words",
        ),
        pytest.param(
            CaregiverConditions(persons=(CaregiverCondition(upbringing_history="施設で育つ"),)),
            Flag.SENSITIVE,
            id="how a caregiver grew up",
        ),
        pytest.param(ProtectedAddress(place="みはらし寮"), Flag.DV_PROTECTED, id="a protected place"),
    ],
)
def test_a_field_that_asks_for_a_flag_names_it(content: Content, flag: Flag) -> None:
    error = refusal_of(part(content))
    assert (error.error_code, error.detail) == (
        "content-flag-missing",
        f"Add {flag} to the flags of the section 0.",
    )
    assert flag in error.detail_ja
    require_content_form([part(content, flag)])


# --- how it is shown -----------------------------------------------------------------------------------------


def test_what_does_not_read_is_shown_as_it_came_and_named_so() -> None:
    for schema, data in (("visit/v1", b'{"a":1}'), ("visit/v9", b'{"a":1}'), (FHIR_SCHEMA, b'{"a":1}')):
        shown = shown_content(schema, data)
        assert (shown.title, shown.lines, shown.content, shown.structure) == ("読めない内容", (), None, None)
        assert shown.text == '読めない内容\n{"a":1}'


def test_plain_text_is_shown_as_it_was_whatever_its_bytes() -> None:
    assert shown_content("text/v1", "一\n二".encode()).text == "一\n二"
    assert shown_content("text/v1", b"\xff").text == "\ufffd"
    assert shown_content("text/v1", b"a").structure is None


# --- over the API and on the pages ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "hub") as opened_hub:
        yield opened_hub


def client(hub: HubWithCase, code: str) -> TestClient:
    staff = Staff.rehearsal(f"staff.{code}", mode="rehearsal")
    return TestClient(agency_app(hub.door(code), staff=staff, mode="rehearsal"), base_url="http://127.0.0.1")


def basic(hub: HubWithCase, section: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A referral from the hospital to the core agency."""
    to = str(hub.door("AZ-CORE").agency)
    return {
        "act": "family_information.provided",
        "to": [to],
        "basis": {to: "CWA-21-10-5"},
        "fields": {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}},
        "sections": [section],
        **more,
    }


def opened(hub: HubWithCase, sent: dict[str, Any], query: str = "") -> dict[str, Any]:
    reader = client(hub, "AZ-CORE")
    messages = reader.get(f"/api/cases/{sent['case']}").json()
    [item] = next(m for m in messages if m["message"] == sent["message"])["items"]
    answer = reader.post(
        f"/api/cases/{sent['case']}/items/{item['item']}/open{query}",
        json={"message": sent["message"], "section": item["section"]},
    )
    assert answer.status_code == 200, answer.text
    return {k: answer.json()[k] for k in ("section", "schema", "text", "content", "readable")}


def test_a_system_sends_a_structure_and_reads_lines_or_the_structure(hub: HubWithCase) -> None:
    content = {
        "children": [{"ref": str(SAKURA), "name": {"text": "山田 さくら"}}],
        "phones": {"unknown": True},
    }
    section = {"section": "BASIC", "schema": "family/v1", "content": content}
    sent = client(hub, "MID-HOSP").post("/api/messages", json=basic(hub, section)).json()
    assert sent["outcome"] == "recorded"
    by_default = opened(hub, sent)
    assert (by_default["schema"], by_default["content"], by_default["readable"]) == ("family/v1", None, True)
    assert by_default["text"].startswith(
        "子ども: 山田 さくら(参照 7a3e1c52)\n  参照: 7a3e1c52-1111-4222-8333-444455556666\n"
        "  氏名: 山田 さくら\n  未確認: 生年月日、"
    )
    structure = opened(hub, sent, "?as=json")["content"]
    assert (structure["phones"], structure["adults"]) == ({"unknown": True}, None)
    assert structure["children"][0]["name"] == {"text": "山田 さくら", "kana": None}


@pytest.mark.parametrize(
    ("section", "status", "error_code"),
    [
        pytest.param({"section": "BASIC"}, 400, "wrong-fields", id="neither text nor content"),
        pytest.param(
            {"section": "BASIC", "text": "a", "schema": "family/v1", "content": {}},
            400,
            "wrong-fields",
            id="both",
        ),
        pytest.param({"section": "BASIC", "content": {}}, 400, "wrong-fields", id="content without a schema"),
        pytest.param(
            {"section": "BASIC", "text": "a", "schema": "family/v1"},
            400,
            "wrong-fields",
            id="text with a schema",
        ),
        pytest.param(
            {"section": "BASIC", "schema": "family/v1", "content": {"children": [{}]}},
            400,
            "content-form",
            id="a child without reference",
        ),
        pytest.param(
            {"section": "BASIC", "schema": "family/v1", "content": {"phones": 1.5}},
            400,
            "json-type",
            id="a float",
        ),
        pytest.param(
            {"section": "BASIC", "schema": "family/v2", "content": {}},
            400,
            "unknown-content-schema",
            id="a version",
        ),
        pytest.param(
            {"section": "RISK", "schema": "family/v1", "content": {}}, 400, "content-section", id="a section"
        ),
    ],
)
def test_what_a_system_may_not_send_leaves_nothing_at_the_hub(
    hub: HubWithCase, section: dict[str, Any], status: int, error_code: str
) -> None:
    before = hub.rehearsal_hub.runtime.recorder.head()  # type: ignore[union-attr]
    answer = client(hub, "MID-HOSP").post("/api/messages", json=basic(hub, section))
    assert (answer.status_code, answer.json()["error_code"]) == (status, error_code), answer.text
    assert hub.rehearsal_hub.runtime.recorder.head() == before  # type: ignore[union-attr]


def sent_by_another_release(
    hub: HubWithCase, data: bytes, monkeypatch: pytest.MonkeyPatch, schema: str = "family/v7"
) -> dict[str, Any]:
    """A referral with a content that this release does not read."""
    monkeypatch.setattr(door_module, "require_content_form", lambda parts: None)
    request = basic(hub, {})
    ids = {
        "to": request["to"],
        "basis": request["basis"],
        "consent": [],
        "purpose": "SUPPORT",
        "reason": None,
    }
    sent = hub.door("MID-HOSP").send(
        Kind.CASE,
        uuid4(),
        request["act"],
        {**ids, **request["fields"], "children": []},
        [SectionContent("BASIC", data, schema=schema)],
        actor="staff.MID-HOSP",
    )
    return {"case": str(sent.case), "message": str(sent.command_id)}


def test_what_came_from_another_release_and_does_not_read_is_never_dropped(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = '{"names":"<script>alert(1)</script> 山田"}'.encode()
    sent = sent_by_another_release(hub, data, monkeypatch)
    shown = opened(hub, sent)
    assert (shown["readable"], shown["content"], shown["schema"]) == (False, None, "family/v7")
    assert shown["text"] == f"読めない内容\n{data.decode()}"
    page = page_of(hub, sent)
    assert "読めない内容" in page
    assert "(様式「家族の基本情報」)" in page
    assert "family/v7" not in page
    assert "<summary>届いたままの文字を見る</summary>" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 山田" in page
    assert "<script>alert" not in page


def page_of(hub: HubWithCase, sent: dict[str, Any]) -> str:
    reader = client(hub, "AZ-CORE")
    messages = reader.get(f"/api/cases/{sent['case']}").json()
    [item] = next(m for m in messages if m["message"] == sent["message"])["items"]
    form = {"message": sent["message"], "item": item["item"], "section": item["section"]}
    headers = {"origin": "http://127.0.0.1"}
    answer = reader.post(f"/cases/{sent['case']}/open", data=form, headers=headers)
    assert answer.status_code == 200
    return str(answer.text)


def test_a_page_shows_a_content_by_its_lines(hub: HubWithCase) -> None:
    content = {"known_on": {"value": "2025-06", "written": "R7年6月ごろ"}, "composition": "<b>祖母</b>と同居"}
    section = {"section": "BASIC", "schema": "family/v1", "content": content}
    sent = client(hub, "MID-HOSP").post("/api/messages", json=basic(hub, section)).json()
    page = page_of(hub, sent)
    assert '<dt class="depth-0">把握年月日</dt><dd>令和7年6月(2025年6月) 原文「R7年6月ごろ」</dd>' in page
    assert '<dt class="depth-0">家族構成(補足)</dt><dd>&lt;b&gt;祖母&lt;/b&gt;と同居</dd>' in page
    assert '<dt class="depth-0">未確認</dt><dd class="meta">子ども、保護者・同居人、' in page


# --- what is looked for in fields ----------------------------------------------------------------------------

NOTIFIER = Notifier(
    name=PersonName("架空 とおる", "かくう とおる"),
    phones=("090-0000-1234",),
    words=("夜中に\n泣き声がした",),
    notified_on=PartialDate("2025-06-02", "R7.6.2"),
    note="折り返しは不要",
)


def test_the_marks_of_a_notifier_are_its_marked_fields_line_by_line() -> None:
    assert identifying_texts("notifier/v1", write_content(NOTIFIER)) == (
        "氏名: 架空 とおる\nふりがな: かくう とおる\n電話: 090-0000-1234\n言葉: 夜中に\n言葉: 泣き声がした",
    )


def test_the_marks_of_an_address_are_its_places_without_days_and_without_who_must_not_know() -> None:
    content = ProtectedAddress(
        addresses=(Address(text="朝日ヶ丘3-12-5", since=PartialDate("2025", "令和7年")),),
        place="みはらし寮",
        phones=(Phone(number="099-555-0123"),),
        kept_from=(KeptFrom(address="夕日町1-2-3"),),
        children=(NamedChild(SAKURA),),
    )
    assert identifying_texts("address/v1", write_content(content)) == (
        "住所: 朝日ヶ丘3-12-5\n施設・避難先: みはらし寮\n番号: 099-555-0123",
    )


def test_what_does_not_read_is_searched_as_its_bytes() -> None:
    data = '{"a":"みはらし寮"}'.encode()
    assert searched_texts("visit/v9", data) == (data.decode(),)
    assert identifying_texts("text/v1", "氏名: 架空".encode()) == ("氏名: 架空",)


def common(hub: HubWithCase, *to: str, purpose: str = "SAFETY") -> dict[str, Any]:
    ids = sorted(str(hub.door(code).agency) for code in to)
    return {
        "to": ids,
        "basis": dict.fromkeys(ids, "APPI-69-2-3"),
        "consent": [],
        "purpose": purpose,
        "reason": None,
        "children": [],
    }


def test_a_notifiers_name_is_noticed_in_a_field_of_another_content(hub: HubWithCase) -> None:
    case, core = uuid4(), hub.door("AZ-COORD")
    fields = {
        **common(hub),
        "notifier_token": "N-7F3",
        "received_at": "2025-05-12T00:00:00.000000Z",
        "recorded_for_notifier": True,
        "channel": None,
    }
    parts = [part(NOTIFIER), SectionContent("RISK", "〔架空〕泣き声".encode())]
    sent = core.send(Kind.CASE, case, "abuse_notification.received", fields, parts, actor="staff.AZ-COORD")
    assert sent.outcome == "recorded", sent.reason
    report = Visit(children=(VisitedChild(child=NamedChild(SAKURA), condition="架空とおるさんの話では"),))
    flagged = core._with_notifier_flags(
        case, "visit_report.submitted", [part(report), part(VISIT)], "staff.AZ-COORD"
    )
    assert [Flag.NOTIFIER_TRACE in p.flags for p in flagged] == [True, False]


def test_a_protected_address_is_noticed_in_a_field_of_another_content(hub: HubWithCase) -> None:
    case, core = uuid4(), hub.door("AZ-CORE")
    secret = ProtectedAddress(
        addresses=(Address(text="架空県みはる市朝日ヶ丘三丁目12番5号 コーポかすみ203号室"),),
        place="みはらし寮",
    )
    core.addresses.note_sent(
        case, uuid4(), "protected_address.registered", {}, [part(secret, Flag.DV_PROTECTED)], actor="staff.a"
    )
    elsewhere = Family(addresses=(Address(text="朝日が丘3-12"),))
    with pytest.raises(Refused) as caught:
        core.addresses.require_clean(uuid4(), "disclosure.made", [part(elsewhere)], actor="staff.a")
    assert caught.value.error_code == "content-needs-review"
    core.addresses.require_clean(
        uuid4(), "disclosure.made", [part(Family(addresses=(Address(text="夕日町1-2-3"),)))], actor="staff.a"
    )
