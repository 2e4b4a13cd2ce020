"""Every error code that a client of the hub can meet and that no other test provokes: one test for each, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from adapters.bus import ItemMissing
from adapters.store import Store
from domain.error_codes import TABLE
from domain.errors import Conflict
from domain.events import Kind
from gateway.agency.door import SectionContent
from gateway.hub.queries import SignedQueries
from gateway.hub.real import RealClock
from keys.lp import ZEROS
from tests.gateway.hubkit import REFERRAL, START, HubWithCase, hub_with_case, time_text

Patch = pytest.MonkeyPatch
Provoke = Callable[[HubWithCase, Patch], httpx.Response]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as new_hub:
        yield new_hub


def get(path: str) -> Provoke:
    return lambda hub, patch: hub.http.get(path)


def set_clock(hub: HubWithCase) -> httpx.Response:
    headers = {"authorization": f"Bearer {hub.rehearsal_hub.installation.clock_token}"}
    return hub.http.post("/v1/rehearsal/clock", json={"at": time_text(START)}, headers=headers)


def wrong_header(hub: HubWithCase, patch: Patch) -> httpx.Response:
    return hub.http.put(f"/v1/items/{'ab' * 32}", content=b"x", headers={"kakehashi-request": "***"})


def recipients_query(hub: HubWithCase, **fields: Any) -> dict[str, Any]:
    item = {"item": str(uuid4()), "section": "BASIC", "flags": []}
    return {"act": REFERRAL, "fields": hub.referral(**fields), "items": [item]}


def unknown_addressee(hub: HubWithCase, patch: Patch) -> httpx.Response:
    to = str(uuid4())
    query = recipients_query(hub, to=[to], basis={to: "CWA-21-10-5"})
    return hub.post(hub.unsigned("MID-HOSP", "recipients", query), "/v1/queries")


def message_of_the_audit_office(hub: HubWithCase, patch: Patch) -> httpx.Response:
    command = hub.unsigned("MID-HOSP", REFERRAL, hub.referral(), by="AUDIT", keyset=ZEROS.hex())
    command.signers = [hub.rehearsal_hub.audit._sig]
    return hub.post(command)


def lost_item(hub: HubWithCase, patch: Patch) -> httpx.Response:
    def missing(digest: bytes) -> bytes:
        raise ItemMissing

    long_text = SectionContent("BASIC", b"x" * 20_000)
    sent = hub.door("MID-HOSP").send(
        Kind.CASE, uuid4(), REFERRAL, hub.referral(), [long_text], actor="staff.h"
    )
    about = {"kind": "case", "id": str(sent.case)}
    patch.setattr(hub.store._items, "get", missing)
    return hub.post(hub.reading("AZ-CORE", sent.items[0][0], sent.command_id, about=about))


def old_read_models(hub: HubWithCase, patch: Patch) -> httpx.Response:
    assert hub.rehearsal_hub.runtime is not None
    patch.setattr(hub.rehearsal_hub.runtime.projector, "wait_for", lambda position, timeout: False)
    office = hub.rehearsal_hub.audit
    fields = {"case": None, "as_of": None, "request": str(office.request_control(None))}
    query = office._signed_request(Kind.LOG, hub.rehearsal_hub.installation.genesis.log_id, "ledger", fields)
    return httpx.post(f"{hub.rehearsal_hub.url}/v1/queries", content=query)


def defect(hub: HubWithCase, patch: Patch) -> httpx.Response:
    def fail(self: SignedQueries, data: bytes) -> dict[str, Any]:
        raise RuntimeError("a defect")

    patch.setattr(SignedQueries, "answer", fail)
    return httpx.post(f"{hub.rehearsal_hub.url}/v1/queries", content=b"")  # the connection ends with it


def always_overtaken(hub: HubWithCase, patch: Patch) -> httpx.Response:
    conflicts = lambda self, drafts, head=None: [Conflict("version-exists") for _ in drafts]  # noqa: E731
    unsigned = hub.disclosure()
    patch.setattr(Store, "append_each", conflicts)
    return hub.post(unsigned)


def read_while_others_write(hub: HubWithCase, patch: Patch) -> httpx.Response:
    data = hub.reading("AZ-CORE").encode()
    assert hub.post(data).status_code == 200
    head = Store.head
    patch.setattr(Store, "head", lambda self: head(self) + 1)
    return hub.post(data)


def stopping(hub: HubWithCase, patch: Patch) -> httpx.Response:
    assert hub.rehearsal_hub.runtime is not None
    patch.setattr(hub.rehearsal_hub.runtime.hub._command_queue, "_closed", True)
    return hub.post(hub.disclosure())


def rehearsals_check_on_a_real_hub(hub: HubWithCase, patch: Patch) -> httpx.Response:
    assert hub.rehearsal_hub.runtime is not None
    real = replace(hub.rehearsal_hub.genesis, mode="real")
    patch.setattr(hub.rehearsal_hub.runtime.hub.admission, "_genesis", real)
    return hub.post(hub.reading("AZ-CORE", fields={"purpose": "REHEARSAL_CHECK"}))


def clock_of_a_real_hub(hub: HubWithCase, patch: Patch) -> httpx.Response:
    assert hub.rehearsal_hub.runtime is not None
    patch.setattr(hub.rehearsal_hub.runtime.hub._timers, "_clock", RealClock())
    return set_clock(hub)


def unsigned_log(hub: HubWithCase, patch: Patch) -> httpx.Response:
    assert hub.rehearsal_hub.runtime is not None
    patch.setattr(hub.rehearsal_hub.runtime.log_keeper, "_signed_head", None)
    return hub.http.get("/v1/log/checkpoint")


CASES: dict[str, tuple[int, Provoke]] = {
    "addressee-not-found": (404, unknown_addressee),
    "hub-stopping": (503, stopping),
    "item-missing": (503, lost_item),
    "no-checkpoint": (404, unsigned_log),
    "not-covered": (404, get("/v1/log/proof/999999")),
    "proof-range": (400, get("/v1/log/consistency?first=5&second=1")),
    "read-models-behind": (503, old_read_models),
    "real-clock": (400, clock_of_a_real_hub),
    "rehearsal-purpose": (400, rehearsals_check_on_a_real_hub),
    "repeated-conflict": (503, always_overtaken),
    "state-not-current": (503, read_while_others_write),
    "unexpected": (500, defect),
    "upload-header": (400, wrong_header),
    "wrong-method": (405, lambda hub, patch: hub.http.delete("/v1/genesis")),
    "wrong-sender": (400, message_of_the_audit_office),
    "wrong-request": (400, get("/v1/key-sets/not-an-id")),
}


@pytest.mark.parametrize("error_code", CASES)
def test_the_hub_answers_with_this_code(error_code: str, hub: HubWithCase, monkeypatch: Patch) -> None:
    status, provoke = CASES[error_code]
    answer = provoke(hub, monkeypatch)
    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (status, error_code)
    assert problem["category"] in TABLE[error_code].categories
    assert problem["detail_ja"] == TABLE[error_code].text_ja
