"""Contracts and the network's members through the pages of real doors, and through the API where a system may do it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastapi.testclient import TestClient

from domain.record import commission_of
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.pages.dates import day_text
from tests.gateway.page_client import parse_form
from tests.gateway.test_forms import PagesFixture, office  # noqa: F401


def contracts(office: PagesFixture) -> str:  # noqa: F811
    return f"/programme/forms/contract?about={office.id('AZ-CORE')}"


def network_of(text: str, key: str) -> str:
    match = re.search(rf"/programme/forms/{key}\?about=([0-9a-f-]+)", text)
    assert match is not None, text
    return match[1]


def systems(office: PagesFixture, code: str, actor: str) -> TestClient:  # noqa: F811
    app = agency_app(
        office.rehearsal_hub.door(code), staff=Staff.rehearsal(actor, mode="rehearsal"), mode="rehearsal"
    )
    return TestClient(app, base_url="http://127.0.0.1")


def recorded(client: TestClient, record: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.post("/api/programme", json=record)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_contract_is_ended_and_concluded_anew_through_pages_alone(office: PagesFixture) -> None:  # noqa: F811
    core, npo = office.at("AZ-CORE"), office.id("SORA-NPO")
    about = commission_of(
        office.rehearsal_hub.door("AZ-CORE").agency, office.rehearsal_hub.door("SORA-NPO").agency
    )
    core.submit(f"/programme/forms/contract-ended?about={about}", {"agreed": "yes"})
    assert "契約なし" in core.page("/programme")
    wrong = {"contractor": npo, "scope": "PARTIAL", "agreed": "yes", "ends_on": office.day(-30)}
    status, form, _ = core.fill(contracts(office), wrong)
    assert (status, form.errors) == (
        400,
        {"ends_on": "「終わりの日」が「始まりの日」より前です。日付を確かめてください。"},
    )
    core.submit(contracts(office), {**wrong, "ends_on": office.day(300)})
    assert f"一部委託 / {day_text(office.day(0))} から {day_text(office.day(300))} まで" in " ".join(
        core.page("/programme").split()
    )
    core.submit(
        f"/programme/forms/contract-renewed?about={about}", {"scope": "FULL", "ends_on": office.day(400)}
    )
    page = " ".join(office.at("SORA-NPO").page("/programme").split())
    assert f"全部委託 / {day_text(office.day(0))} から {day_text(office.day(400))} まで" in page


def test_only_a_core_agency_is_offered_a_contract_and_only_with_contractors(office: PagesFixture) -> None:  # noqa: F811
    form = parse_form(office.at("AZ-CORE").page(contracts(office)))
    assert set(form.offered["contractor"]) - {""} == {office.id("SORA-NPO")}
    assert "委託契約を記録する" not in office.at("MID-HOSP").page("/programme")
    assert "委託契約を記録する" not in office.at("SORA-NPO").page("/programme")


def test_a_member_leaves_the_network_and_is_admitted_and_announced_anew(office: PagesFixture) -> None:  # noqa: F811
    coordinating, hospital = office.at("AZ-COORD"), office.id("MID-HOSP")
    network = network_of(coordinating.page("/programme"), "member-withdrawal")
    row = re.compile(r"<td>みどりの架空総合病院</td><td>([^<]*)</td>\s*<td>(.*?)</td>", re.S)
    coordinating.submit(
        f"/programme/forms/member-withdrawal?about={network}", {"member": hospital, "agreed": "yes"}
    )
    assert row.search(coordinating.page("/programme")) is None
    coordinating.submit(
        f"/programme/forms/member-admission?about={network}", {"member": hospital, "item": "2"}
    )
    admitted = row.search(coordinating.page("/programme"))
    assert admitted is not None
    assert admitted[1] == "2号 法人"
    coordinating.submit(f"/programme/forms/members-published?about={network}")
    announced = row.search(office.at("MID-HOSP").page("/programme"))  # members are public
    assert announced is not None
    assert "公示済み" in announced[2]
    assert "構成員を加える" not in office.at("AZ-CORE").page("/programme")


def test_a_training_system_records_by_the_api_but_concludes_no_contract(office: PagesFixture) -> None:  # noqa: F811
    system = systems(office, "AZ-CORE", "sys:training")
    npo = office.id("SORA-NPO")
    known = next(
        c
        for c in system.get("/api/programme").json()["commissions"]
        if c["contractor"] == npo and c["workers"]
    )
    worker = known["workers"][0]["worker"]
    training = {"worker": worker, "modules": ["M1_PURPOSE"], "valid_until": None, "tier": "T1_BASIC"}
    record = {"act": "training_module.completed", "contractor": npo, "fields": training}
    assert recorded(system, record)["outcome"] == "recorded"
    contract = {"contractor": npo, "scope": "FULL", "begins_on": office.day(0), "ends_on": None}
    refused = system.post(
        "/api/programme",
        json={"act": "outsourcing_contract.concluded", "contractor": npo, "fields": contract},
    )
    assert (refused.status_code, refused.json()["error_code"]) == (403, "person-required")
    unknown = system.post("/api/programme", json={"act": "disclosure.made", "fields": {}})
    assert (unknown.status_code, unknown.json()["error_code"]) == (400, "unknown-act")
