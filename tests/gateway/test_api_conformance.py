"""Hub and door answer any request as their OpenAPI documents describe, and never with a server error.

schemathesis makes the requests from the documents in ``gateway/protocol/openapi``: valid ones, and ones that break the
schema in one place. The same requests in every run, a few for each operation; many with ``--hypothesis-profile=long``.
Source: OpenAPI 3.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.profiles import is_long

DOCUMENTS = Path(__file__).parents[2] / "gateway" / "protocol" / "openapi"
SETTINGS = settings(
    max_examples=250 if is_long() else 8,  # requests of each mode for each operation
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
load_all_checks()
CONFORMS = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)


def operations(name: str) -> list[APIOperation]:
    schema = schemathesis.openapi.from_dict(json.loads((DOCUMENTS / name).read_text(encoding="utf-8")))
    return [result.ok() for result in schema.get_all_operations()]


HUB_OPERATIONS = operations("hub.json")
DOOR_OPERATIONS = operations("agency.json")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("conformance") / "hub") as opened_hub:
        yield opened_hub


@pytest.fixture(scope="module")
def hub_application(hub: HubWithCase) -> FastAPI:
    assert hub.rehearsal_hub.runtime is not None
    return hub.rehearsal_hub.runtime.app


@pytest.fixture(scope="module")
def door_application(hub: HubWithCase) -> FastAPI:
    return agency_app(
        hub.door("AZ-CORE"), staff=Staff.rehearsal("staff.1", mode="rehearsal"), mode="rehearsal"
    )


def check_answers(operation: APIOperation, mode: GenerationMode, app: FastAPI) -> None:
    """Every answer to generated requests of this operation is one that the document describes."""

    @SETTINGS
    @given(case=operation.as_strategy(generation_mode=mode))
    def conforms(case: Case) -> None:
        case.call_and_validate(app=app, base_url="http://127.0.0.1", checks=CONFORMS)

    conforms()


def can_be_broken(operation: APIOperation) -> bool:
    """Whether the document demands anything: any text will do for a part of a path that is a plain string."""
    schemas = [parameter.definition["schema"] for parameter in operation.path_parameters]
    return bool(operation.query or operation.body) or any(
        s["type"] != "string" or "format" in s for s in schemas
    )


def of_each_mode(described: list[APIOperation]) -> list[object]:
    """Each operation with valid requests, and with broken ones where its document has something to break."""
    return [
        pytest.param(operation, mode, id=f"{operation.method} {operation.path} {mode.value}")
        for operation in described
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or can_be_broken(operation)
    ]


@pytest.mark.parametrize(("operation", "mode"), of_each_mode(HUB_OPERATIONS))
def test_the_hub_conforms_to_its_openapi_document(
    operation: APIOperation, mode: GenerationMode, hub_application: FastAPI
) -> None:
    check_answers(operation, mode, hub_application)


@pytest.mark.parametrize(("operation", "mode"), of_each_mode(DOOR_OPERATIONS))
def test_a_door_conforms_to_its_openapi_document(
    operation: APIOperation, mode: GenerationMode, door_application: FastAPI
) -> None:
    check_answers(operation, mode, door_application)
