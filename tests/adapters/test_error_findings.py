"""Every finding of a file that no other test provokes: one test for each."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from adapters.agencies import WrongFile
from adapters.agencies.fhir import Fhir
from domain.error_codes import TABLE
from tests.adapters.kit import AGENCIES, NOW, bundle, encoded

Resources = list[dict[str, Any]]


def answer_to_nothing(resources: Resources) -> None:
    resources[0]["code"]["coding"][0]["code"] = "information_request.answered"


def two_consents(resources: Resources) -> None:
    resources.append(copy.deepcopy(next(r for r in resources if r["resourceType"] == "Consent")))


CASES: dict[str, Callable[[Resources], None]] = {
    "answers-missing": answer_to_nothing,
    "duplicate-consent": two_consents,
}


@pytest.mark.parametrize("error_code", CASES)
def test_the_file_is_refused_with_this_finding(error_code: str) -> None:
    value = bundle()
    resources = [entry["resource"] for entry in value["entry"]]
    CASES[error_code](resources)
    value["entry"] = [{"resource": resource} for resource in resources]
    with pytest.raises(WrongFile) as raised:
        Fhir().read(encoded(value), AGENCIES, NOW)
    assert error_code in {finding.error_code for finding in raised.value.findings}
    [finding] = [f for f in raised.value.findings if f.error_code == error_code]
    assert (finding.meaning, finding.remedy) == (TABLE[error_code].meaning_ja, TABLE[error_code].remedy_ja)
