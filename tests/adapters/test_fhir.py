"""The hospital's Bundle: what is read, what is answered, and every way in which it can be wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.agencies import ERROR_CODES, Finding, Outcome, WrongFile
from adapters.agencies.fhir import Fhir
from adapters.agencies.formats import adapter_for
from tests.adapters.kit import AGENCIES, CORE, NOW, SECRET, bundle, encoded, section_texts, written

VECTORS = Path(__file__).parent / "vectors"
SHARED = Path(__file__).parents[3] / "shared" / "conformance"
Change = Callable[[list[dict[str, Any]]], object]


def read(value: dict[str, Any]) -> Any:
    return Fhir().read(encoded(value), AGENCIES, NOW)


def resources(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in value["entry"]]


def test_a_referral_is_split_into_sections_and_codes() -> None:
    [inbound] = read(bundle()).inbound_messages
    section_text = section_texts(inbound)
    assert set(section_text) == {"BASIC", "PREG", "MEDICAL"}
    assert SECRET in section_text["BASIC"]
    assert "平成20年2月3日(2008年2月3日)" in section_text["BASIC"]
    stated = {
        name: [line.strip() for line in text.splitlines() if "未確認" not in line]
        for name, text in section_text.items()
    }
    assert stated["PREG"] == ["妊婦ごとの状況:", "妊娠週数: 30"]
    assert stated["MEDICAL"] == [f"傷病名の一覧: {SECRET}症", f"傷病名: {SECRET}症", "備考: 通院中"]
    assert inbound.fields == {
        "to": [str(CORE)],
        "basis": {str(CORE): "CWA-21-10-5"},
        "consent": [],
        "purpose": "SUPPORT",
        "reason": None,
        "subject_consent": "REFUSED",
        "weeks_pregnant": 30,
        "indicators": {"PR_NO_CHECKUPS": "SERIOUS"},
    }
    assert inbound.reference == "urn:oid:1.2.392.0|A-17"
    assert inbound.occurred_at == datetime(2025, 5, 12, 1, 20, tzinfo=UTC)
    assert inbound.source == encoded(bundle()), "kept as received, byte for byte"
    assert SECRET not in repr(inbound)


def test_the_published_example_reads_as_published() -> None:
    data = (VECTORS / "referral.fhir.json").read_bytes()
    [inbound] = adapter_for(data).read(data, AGENCIES, NOW).inbound_messages
    collected = {
        "act": inbound.act,
        "reference": inbound.reference,
        "fields": inbound.fields,
        "occurred_at": inbound.occurred_at.isoformat() if inbound.occurred_at else None,
        "sections": {w.section: written(w) for w in inbound.sections},
    }
    assert collected == json.loads((VECTORS / "referral.message.json").read_text())


def content(value: dict[str, Any], section: str) -> dict[str, Any]:
    [inbound] = read(value).inbound_messages
    [one] = [s for s in inbound.sections if s.section == section]
    shown = written(one)
    assert isinstance(shown, dict), shown
    return dict(shown["content"])


LABORATORY = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "CRP"},
    "subject": {"reference": "Patient/p2"},
    "effectiveDateTime": "2025-05-11",
    "valueQuantity": {"value": 0.50, "comparator": "<", "unit": "mg/dL"},
    "referenceRange": [{"high": {"value": 0.30, "unit": "mg/dL"}, "text": "成人"}],
    "note": [{"text": "再検"}],
}
BABY = {"resourceType": "Patient", "id": "p2", "name": [{"text": "架空 葵"}], "birthDate": "2025-05-01"}


def test_diagnoses_and_tests_have_their_fields_digit_for_digit() -> None:
    value = bundle()
    condition = next(r for r in resources(value) if r["resourceType"] == "Condition")
    condition["code"]["coding"] = [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "O99.3"}]
    condition["verificationStatus"] = {"coding": [{"code": "provisional"}]}
    condition["onsetDateTime"] = "2025-04"
    value["entry"] += [{"resource": BABY}, {"resource": LABORATORY}]
    data = (
        encoded(value)
        .replace(b'"value": 0.5,', b'"value": 0.50,')
        .replace(b'"value": 0.3,', b'"value": 0.30,')
    )
    [inbound] = Fhir().read(data, AGENCIES, NOW).inbound_messages
    [medical] = [s for s in inbound.sections if s.section == "MEDICAL"]
    assert written(medical) == {
        "schema": "medical/v1",
        "content": {
            "diagnoses": [
                {
                    "code": "O99.3",
                    "code_list": "http://hl7.org/fhir/sid/icd-10",
                    "name": f"{SECRET}症",
                    "note": "通院中",
                    "since": {"value": "2025-04", "written": ""},
                    "state": "SUSPECTED",
                }
            ],
            "tests": [
                {
                    "amount": {"comparator": "<", "unit": "mg/dL", "value": "0.50"},
                    "name": "CRP",
                    "note": "再検",
                    "person": {"name": {"text": "架空 葵"}},
                    "reference": {"high": {"comparator": "", "unit": "mg/dL", "value": "0.30"}},
                    "reference_note": "成人",
                    "tested_on": {"value": "2025-05-11", "written": ""},
                }
            ],
        },
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"valueQuantity": None, "valueString": "陰性"}, {"result": "陰性"}, id="words"),
        pytest.param(
            {"valueQuantity": {"value": 1e30, "unit": "g"}}, {"result": "1e+30 g"}, id="an exponent"
        ),
        pytest.param(
            {
                "valueQuantity": None,
                "valueRange": {"low": {"value": 1, "unit": "g"}, "high": {"value": 2, "unit": "g"}},
            },
            {
                "range": {
                    "low": {"value": "1", "comparator": "", "unit": "g"},
                    "high": {"value": "2", "comparator": "", "unit": "g"},
                }
            },
            id="a range",
        ),
        pytest.param(
            {"valueQuantity": None, "component": [{"code": {"text": "上"}, "valueInteger": 120}]},
            {"result": "上 120"},
            id="components",
        ),
    ],
)
def test_a_value_that_is_no_amount_is_kept_in_its_words(change: dict[str, Any], expected: Any) -> None:
    value = bundle()
    test = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "検査"},
        **LABORATORY,
        **change,
    }
    test = {k: v for k, v in test.items() if v is not None and k not in ("note", "referenceRange", "subject")}
    value["entry"].append({"resource": test})
    [shown] = content(value, "MEDICAL")["tests"]
    assert shown == {"name": "CRP", "tested_on": {"value": "2025-05-11", "written": ""}, **expected}


def test_notes_on_an_indicator_stand_in_its_field_and_a_second_one_below() -> None:
    value = bundle()
    indicator = next(r for r in resources(value) if r.get("valueCodeableConcept"))
    indicator["valueCodeableConcept"]["text"] = "一度も受けていない"
    second = copy.deepcopy(indicator)
    second["valueCodeableConcept"]["text"] = "二回受けた"
    value["entry"].append({"resource": second})
    [pregnancy] = content(value, "PREG")["pregnancies"]
    assert pregnancy == {
        "weeks": 30,
        "no_checkups": "一度も受けていない",
        "note": "指標 妊婦健康診査未受診等: 二回受けた",
    }


def test_a_name_that_no_field_takes_leaves_the_section_as_text() -> None:
    value = bundle()
    condition = next(r for r in resources(value) if r["resourceType"] == "Condition")
    condition["code"]["text"] = "症" * 400
    [inbound] = read(value).inbound_messages
    [medical] = [s for s in inbound.sections if s.section == "MEDICAL"]
    assert (medical.schema, medical.text) == ("text/v1", f"傷病名: {'症' * 400} 通院中")


def test_an_answer_names_the_request_it_answers() -> None:
    value, requested = bundle(), uuid4()
    request = resources(value)[0]
    request["code"]["coding"][0]["code"] = "information_request.answered"
    request["basedOn"] = [{"identifier": {"system": "urn:kakehashi:message", "value": str(requested)}}]
    del request["reasonCode"]
    [inbound] = read(value).inbound_messages
    assert (inbound.act, inbound.fields["answers"]) == ("information_request.answered", str(requested))
    assert inbound.fields["basis"] == {str(CORE): "CWA-25-3-2"}


def test_a_case_and_recorded_consents_are_named_by_the_hubs_numbers() -> None:
    value, case, consent = bundle(), uuid4(), uuid4()
    resources(value)[0]["identifier"] = [{"system": "urn:kakehashi:case", "value": str(case)}]
    agreed = copy.deepcopy(resources(value)[-1])
    agreed["identifier"] = [{"system": "urn:kakehashi:consent", "value": str(consent)}]
    agreed["provision"] = {"type": "permit"}
    value["entry"].append({"resource": agreed})
    [inbound] = read(value).inbound_messages
    assert inbound.case == case
    assert inbound.fields["consent"] == [str(consent)]
    assert inbound.fields["subject_consent"] == "REFUSED", (
        "the other consent is the person's answer to this disclosure"
    )


@pytest.mark.parametrize("kind", ["recorded", "held", "refused", "waiting"])
def test_every_answer_is_fhir(kind: str) -> None:
    outcome = Outcome(uuid4(), uuid4(), kind, "NO_BASIS" if kind == "refused" else None, "ことば", "直し方")
    answer = Fhir().answer(read(bundle()), [outcome])
    get_fhir_model_class("Bundle").model_validate_json(answer)
    task, report = (entry["resource"] for entry in json.loads(answer)["entry"])
    assert (task["focus"]["reference"], task["for"]["reference"]) == ("ServiceRequest/r1", "Patient/p1")
    assert (
        task["status"]
        == {
            "recorded": "received",
            "held": "on-hold",
            "refused": "rejected",
            "waiting": "requested",
        }[kind]
    )
    assert task["identifier"][0]["value"] == str(outcome.message)
    assert report["issue"][0]["details"]["text"] == "ことば"


def _set(n: int, key: str, value: Any) -> Change:
    return lambda collected: collected[n].__setitem__(key, value)


def _drop(n: int, key: str) -> Change:
    return lambda collected: collected[n].pop(key)


R, P, E = (f"Bundle.entry[{n}].resource" for n in (0, 1, 5))
O1, O2, C = (f"Bundle.entry[{n}].resource" for n in (2, 3, 4))
WRONG: list[tuple[str, Change, tuple[str, str, str]]] = [
    ("revoked", _set(0, "status", "revoked"), (R, "status", "not-in-force")),
    ("not to be done", _set(0, "doNotPerform", True), (R, "status", "not-in-force")),
    ("no act", _set(0, "code", {"text": "x"}), (R, "code", "act-not-accepted")),
    (
        "unknown act",
        _set(0, "code", {"coding": [{"system": "urn:kakehashi:act", "code": "consent.given"}]}),
        (R, "code", "act-not-accepted"),
    ),
    (
        "unknown basis",
        _set(0, "reasonCode", [{"coding": [{"system": "urn:kakehashi:basis", "code": "X"}]}]),
        (R, "reasonCode[0]", "code-unknown"),
    ),
    ("no addressee", _drop(0, "performer"), (R, "performer", "agency-missing")),
    (
        "unknown addressee",
        _set(0, "performer", [{"identifier": {"system": "urn:kakehashi:agency", "value": "X"}}]),
        (R, "performer[0].identifier.value", "agency-unknown"),
    ),
    ("subject elsewhere", _set(0, "subject", {"reference": "Patient/x"}), (R, "subject", "subject-missing")),
    (
        "reference elsewhere",
        _set(0, "supportingInfo", [{"reference": "Observation/x"}]),
        (R, "supportingInfo[0]", "reference-not-found"),
    ),
    ("local time", _set(0, "authoredOn", "2025-05-12"), (R, "authoredOn", "time-zone")),
    (
        "a case of another form",
        _set(0, "identifier", [{"system": "urn:kakehashi:case", "value": SECRET}]),
        (R, "identifier[0].value", "id-form"),
    ),
    ("no intent", _drop(0, "intent"), (R, "intent", "not-fhir")),
    ("a birth date of another form", _set(1, "birthDate", SECRET), (P, "birthDate", "not-fhir")),
    ("an unknown element", _set(1, "secret", SECRET), (P, "secret", "not-fhir")),
    ("weeks in words", _set(2, "valueQuantity", {"unit": "週"}), (O1, "valueQuantity.value", "number-form")),
    ("too many weeks", _set(2, "valueQuantity", {"value": 46}), (O1, "valueQuantity.value", "weeks-range")),
    ("entered in error", _set(2, "status", "entered-in-error"), (O1, "status", "not-in-force")),
    (
        "a section that is none",
        _set(2, "category", [{"coding": [{"system": "urn:kakehashi:section", "code": "SOURCE"}]}]),
        (O1, "category[0]", "code-unknown"),
    ),
    (
        "an indicator that is none",
        _set(3, "code", {"coding": [{"system": "urn:kakehashi:indicator", "code": "X"}]}),
        (O2, "code", "code-unknown"),
    ),
    (
        "a degree that is none",
        _set(3, "valueCodeableConcept", {"text": SECRET}),
        (O2, "valueCodeableConcept", "code-unknown"),
    ),
    (
        "a refuted condition",
        _set(4, "verificationStatus", {"coding": [{"code": "refuted"}]}),
        (C, "verificationStatus", "not-in-force"),
    ),
    ("a draft consent", _set(5, "status", "draft"), (E, "status", "not-in-force")),
    ("a consent without word", _drop(5, "provision"), (E, "status", "not-in-force")),
]


@pytest.mark.parametrize(("change", "wanted"), [(c, w) for _, c, w in WRONG], ids=[n for n, _, _ in WRONG])
def test_each_finding_names_its_element(change: Change, wanted: tuple[str, str, str]) -> None:
    value = bundle()
    change(resources(value))
    with pytest.raises(WrongFile) as caught:
        read(value)
    assert Finding(*wanted) in caught.value.findings
    report = Fhir().refuse(b"", caught.value.findings)
    get_fhir_model_class("OperationOutcome").model_validate_json(report)
    assert SECRET not in report.decode() + repr(caught.value.findings) + str(caught.value)


def test_several_findings_are_reported_at_once() -> None:
    value = bundle()
    resources(value)[0]["performer"] = []
    resources(value)[3]["valueCodeableConcept"] = {"text": "x"}
    with pytest.raises(WrongFile) as caught:
        read(value)
    assert {f.error_code for f in caught.value.findings} >= {"agency-missing", "code-unknown"}


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        (b"{", "not-json"),
        (b'{"a":1,"a":2}', "duplicate-key"),
        (b'{"resourceType":"Patient"}', "not-a-bundle"),
        (b'{"resourceType":"Bundle","type":"history"}', "bundle-type"),
        (b'{"resourceType":"Bundle","type":"message"}', "request-count"),
        (b'{"resourceType":"Bundle","type":"message","entry":[1]}', "not-fhir"),
        (b'{"resourceType":"Bundle","type":"message","implicitRules":"x"}', "modifier"),
        (b"{" + b" " * 10 * 1024 * 1024 + b"}", "too-large"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "file-too-large-inside"),
        (b'{"a":NaN}', "not-json"),
    ],
)
def test_bytes_that_are_no_bundle_are_reported_as_such(data: bytes, error_code: str) -> None:
    with pytest.raises(WrongFile) as caught:
        Fhir().read(data, AGENCIES, NOW)
    assert error_code in {f.error_code for f in caught.value.findings}


def test_a_resource_of_an_unsupported_type_refuses_the_bundle() -> None:
    value = bundle()
    value["entry"].append({"resource": {"resourceType": "MedicationRequest"}})
    with pytest.raises(WrongFile) as caught:
        read(value)
    assert caught.value.findings == (
        Finding("Bundle.entry[6].resource", "resourceType", "resource-not-accepted"),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_corrupted_bundle_is_read_or_refused_and_never_echoed(data: st.DataObject) -> None:
    value = bundle()
    for _ in range(data.draw(st.integers(1, 3))):
        collected: Any = value
        while isinstance(collected, dict | list) and collected:
            keys = list(collected) if isinstance(collected, dict) else list(range(len(collected)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(collected[key], dict | list) or data.draw(st.booleans()):
                collected[key] = data.draw(
                    st.sampled_from([None, SECRET, 1, True, [], {}, [SECRET], {"a": SECRET}])
                )
                break
            collected = collected[key]
    collected = reported(value)
    assert SECRET not in repr(collected)
    assert {f.error_code for f in collected} <= ERROR_CODES


def reported(value: dict[str, Any]) -> tuple[Finding, ...]:
    try:
        read(value)
    except WrongFile as wrong:
        return wrong.findings
    return ()


@pytest.mark.parametrize("guide", ["sdohcc", "pcf"])
def test_referrals_of_other_guides_are_read_or_refused_for_a_named_reason(guide: str) -> None:
    files = sorted((SHARED / guide).rglob("*.json"))
    if not files:
        pytest.skip(f"no conformance data of {guide} here")
    for path in files:
        resource = json.loads(path.read_text())
        kind = resource.get("resourceType")
        value = resource if kind == "Bundle" else {"resourceType": "Bundle", "type": "collection"}
        if kind != "Bundle":
            value["entry"] = [{"resource": resource}]
        with pytest.raises(WrongFile) as caught:
            Fhir().read(json.dumps(value).encode(), AGENCIES, NOW)
        assert all(f.place.startswith("Bundle") for f in caught.value.findings), path.name


def test_our_task_has_the_shape_of_other_guides_tasks() -> None:
    files = sorted((SHARED / "sdohcc").rglob("Task-*.json"))
    if not files:
        pytest.skip("no conformance data of sdohcc here")
    outcome = Outcome(UUID(int=1), UUID(int=2), "recorded", None, "w", "")
    ours = json.loads(Fhir().answer(read(bundle()), [outcome]))["entry"][0]["resource"]
    theirs = [json.loads(path.read_text()) for path in files]
    for task in theirs:
        assert {"status", "intent", "for"} <= set(task) & set(ours)
    assert any("focus" in task and "owner" in task for task in theirs)
    assert ours["intent"] in {task["intent"] for task in theirs}
