"""Times, dates and empty sections at a door: refused in the API, in forms and in files, before anything is signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from gateway.agency.forms.fill import fill
from gateway.agency.forms.kinds import FormContext
from gateway.agency.forms.table import FORMS
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from tests.adapters.kit import ROW, as_csv, bundle, encoded, table
from tests.domain.test_date_bounds import LOOKALIKES
from tests.gateway.hubkit import START, HubWithCase, hub_with_case

FAR = [
    "1899-12-31T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    (START + timedelta(days=1, seconds=1)).isoformat(),
]
NOT_IN_UTC = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as opened_hub:
        yield opened_hub


@pytest.fixture(scope="module")
def client(hub: HubWithCase) -> TestClient:
    staff = Staff.rehearsal("staff.h", mode="rehearsal")
    return TestClient(
        agency_app(hub.door("MID-HOSP"), staff=staff, mode="rehearsal"), base_url="http://127.0.0.1"
    )


def message(hub: HubWithCase, **changes: Any) -> dict[str, Any]:
    to = str(hub.door("AZ-CORE").agency)
    return {
        "act": "family_information.provided",
        "to": [to],
        "basis": {to: "CWA-21-10-5"},
        "fields": {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": None, "indicators": {}},
        "sections": [{"section": "BASIC", "text": "架空の家庭"}],
        **changes,
    }


def refused(hub: HubWithCase, client: TestClient, error_code: str, **changes: Any) -> str:
    before = hub.head()
    answer = client.post("/api/messages", json=message(hub, **changes))
    assert (answer.status_code, answer.json()["error_code"]) == (400, error_code)
    assert hub.head() == before
    return str(answer.json()["detail"])


@pytest.mark.parametrize("text", [one for one in LOOKALIKES if one is not None], ids=repr)
def test_what_only_resembles_a_time_is_refused_by_the_api(
    hub: HubWithCase, client: TestClient, text: object
) -> None:
    assert "occurred_at" in refused(hub, client, "wrong-fields", occurred_at=text)


@pytest.mark.parametrize("text", NOT_IN_UTC)
def test_a_time_that_utc_does_not_have_is_no_time(hub: HubWithCase, client: TestClient, text: str) -> None:
    assert "occurred_at" in refused(hub, client, "wrong-fields", occurred_at=text)


@pytest.mark.parametrize("text", FAR)
def test_a_time_that_can_not_be_meant_is_refused_by_the_api(
    hub: HubWithCase, client: TestClient, text: str
) -> None:
    assert "occurred_at" in refused(hub, client, "date-out-of-range", occurred_at=text)


def test_a_time_that_can_be_meant_is_signed_as_it_was_written(hub: HubWithCase, client: TestClient) -> None:
    answer = client.post("/api/messages", json=message(hub, occurred_at="2025-05-12T09:30:00+09:00"))
    assert answer.json()["outcome"] == "recorded", answer.text
    kept = hub.store.read(hub.head(), 1)[0].record
    assert kept.frame is not None


@pytest.mark.parametrize("since", ["20250512", "1747011600", "2025-05-12", "2025-05-12T10:00:00"])
@pytest.mark.parametrize("path", ["/api/agenda", "/api/openings"])
def test_what_only_resembles_a_time_is_no_since(client: TestClient, path: str, since: str) -> None:
    assert client.get(path, params={"since": since}).status_code == 400
    assert client.get(path, params={"since": "2025-05-12T10:00:00+09:00"}).status_code == 200


@pytest.mark.parametrize(
    ("due_on", "error_code"),
    [
        ("2025-5-20", "wrong-fields"),
        ("20250520", "wrong-fields"),
        (20250520, "wrong-fields"),
        ("2025-05-20T00:00:00Z", "wrong-fields"),
        ("2525-05-20", "date-out-of-range"),
        ("1025-05-20", "date-out-of-range"),
    ],
)
def test_a_date_of_an_act_has_its_form_and_its_bounds(
    hub: HubWithCase, client: TestClient, due_on: object, error_code: str
) -> None:
    changes = {"act": "information.requested", "fields": {"due_on": due_on}}
    if error_code == "date-out-of-range":
        assert "due_on" in refused(hub, client, error_code, **changes)
    else:
        refused(hub, client, error_code, **changes)


@pytest.mark.parametrize("text", ["", " ", "\u3000\n", "\u200b", "\u3164"])
def test_an_empty_section_is_refused_by_the_api(hub: HubWithCase, client: TestClient, text: str) -> None:
    sections = [{"section": "BASIC", "text": "x"}, {"section": "MEDICAL", "text": text}]
    assert "1" in refused(hub, client, "empty-section", sections=sections)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"act": "x",\n "to": [}', "JSONの2行9文字目"),
        (b"{", "JSONの1行2文字目"),
        ('{"空野":\n\n  花子}'.encode(), "JSONの3行3文字目"),
    ],
)
def test_broken_json_is_named_by_line_and_character(client: TestClient, body: bytes, place: str) -> None:
    answer = client.post("/api/messages", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "json-syntax")
    assert place in answer.json()["detail_ja"]
    assert "花子" not in answer.text


# --- files ---------------------------------------------------------------------------------------------------------


def findings(client: TestClient, data: bytes) -> list[tuple[str, str]]:
    answer = client.post("/api/files", content=data)
    assert answer.status_code == 400, answer.text
    return [(one["field"], one["error_code"]) for one in answer.json()["findings"]]


@pytest.mark.parametrize(
    ("heading", "value", "error_code"),
    [
        ("把握年月日", "令和7年5月14日", "date-range"),
        ("把握年月日", "M32.12.31", "date-range"),
        ("生年月日", "令和7年5月13日", "date-range"),
        ("生年月日", "1899-12-31", "date-range"),
        ("分娩予定日", "2026-03-09", "date-range"),
        ("分娩予定日", "2022-01-01", "date-range"),
        ("分娩予定日", "9" * 200, "date-form"),
    ],
)
def test_a_date_of_a_list_that_can_not_be_meant_is_named(
    client: TestClient, heading: str, value: str, error_code: str
) -> None:
    row = {**ROW, "整理番号": str(uuid4()), heading: value}
    assert findings(client, as_csv(table(row))) == [(heading, error_code)]


def bundle_with(number: int, **changes: Any) -> bytes:
    value = bundle()
    value["entry"][number]["resource"] |= changes
    return encoded(value)


@pytest.mark.parametrize(
    ("number", "changes", "finding"),
    [
        (0, {"authoredOn": "2025-05-14T10:00:00+09:00"}, ("authoredOn", "date-range")),
        (0, {"authoredOn": "1899-05-12T10:00:00+09:00"}, ("authoredOn", "date-range")),
        (0, {"authoredOn": "2025-05-12"}, ("authoredOn", "time-zone")),
        (1, {"birthDate": "2025-05-13"}, ("birthDate", "date-range")),
        (1, {"birthDate": "1899"}, ("birthDate", "date-range")),
        (
            2,
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": "11778-8"}]},
                "valueQuantity": None,
                "valueDateTime": "2027-05-12",
            },
            ("valueDateTime", "date-range"),
        ),
    ],
)
def test_a_date_of_a_bundle_that_can_not_be_meant_is_named(
    client: TestClient, number: int, changes: dict[str, Any], finding: tuple[str, str]
) -> None:
    value = json.loads(bundle_with(number, **changes))
    resource = value["entry"][number]["resource"]
    value["entry"][number]["resource"] = {k: v for k, v in resource.items() if v is not None}
    assert findings(client, encoded(value)) == [finding]


def test_a_bundle_of_blanks_has_no_content(client: TestClient) -> None:
    value = bundle()
    keep = [one for one in value["entry"] if one["resource"]["resourceType"] in ("ServiceRequest", "Patient")]
    keep[0]["resource"]["note"] = [{"text": "\u3000\n"}]
    keep[0]["resource"]["supportingInfo"] = []
    del keep[0]["resource"]["supportingInfo"]
    keep[1]["resource"] = {"resourceType": "Patient", "id": "p1"}
    assert findings(client, encoded({**value, "entry": keep})) == [("", "empty")]


# --- forms ---------------------------------------------------------------------------------------------------------


def context() -> FormContext:
    return FormContext(
        agency=str(uuid4()),
        roles=frozenset({"CORE"}),
        body="MUNICIPALITY",
        municipality="999999",
        actor="staff.a",
        people={},
        agencies={},
        messages=[],
        about=None,
        now=START,
        command_id=uuid4(),
    )


@pytest.mark.parametrize("day", ["2525-05-20", "1025-05-20", "20250520", "2025-W21-2", "2025-05-20T00:00"])
def test_a_date_of_a_form_that_can_not_be_meant_is_shown_at_its_field(day: str) -> None:
    [key] = [key for key, form in FORMS.items() if form.act.TOPIC == "home_visit.scheduled"]
    assert "planned_on" in fill(FORMS[key], context(), {"planned_on": [day]}).errors
    assert "planned_on" not in fill(FORMS[key], context(), {"planned_on": ["2025-05-20"]}).errors


@pytest.mark.parametrize(
    "moment", ["2025-05-20T09:30", "20250512", "2025-05-12", "2025-05-12 09:30", "1899-05-12T09:30"]
)
def test_a_moment_of_a_form_that_can_not_be_meant_is_shown_at_its_field(moment: str) -> None:
    key = next(key for key, form in FORMS.items() if form.act.TOPIC == "breach.reported")
    assert "found_at" in fill(FORMS[key], context(), {"found_at": [moment]}).errors
    filled = fill(FORMS[key], context(), {"found_at": ["2025-05-12T09:30"]})
    assert filled.field_values["found_at"] == "2025-05-12T00:30:00.000000Z"
