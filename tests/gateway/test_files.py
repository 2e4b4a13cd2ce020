"""Files at a real door and a real hub: accepted completely or not at all, recorded once, answered in their format."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from domain.error_codes import TABLE
from domain.errors import Unavailable
from domain.events import FamilyInformationProvided
from gateway.agency.door import Door
from gateway.agency.staff import Staff
from gateway.agency.web.app import agency_app
from gateway.cli.main import app as kakehashi
from gateway.protocol.serving import ServedApp
from tests.adapters.kit import ROW, SECRET, as_csv, as_xlsx, bundle, encoded, table
from tests.gateway.hubkit import HubWithCase, hub_with_case


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("hub") / "installation") as opened_hub:
        yield opened_hub


def door_app(hub: HubWithCase, code: str) -> Any:
    staff = Staff.rehearsal(f"staff.{code}", mode="rehearsal")
    return agency_app(hub.door(code), staff=staff, mode="rehearsal")


def post(hub: HubWithCase, data: bytes, code: str = "MID-HOSP") -> Any:
    client = TestClient(door_app(hub, code), base_url="http://127.0.0.1")
    return client.post("/api/files", content=data)


def row(**changes: str) -> dict[str, str]:
    return {**ROW, "整理番号": str(uuid4()), **changes}


def fresh_bundle() -> bytes:
    """A Bundle about a family that is new to the hub."""
    value = bundle()
    value["entry"][0]["resource"]["requisition"]["value"] = str(uuid4())
    return encoded(value)


def recorded(hub: HubWithCase, case: UUID) -> list[FamilyInformationProvided]:
    events = [k.record.event for k in hub.store.load(case)]
    assert all(isinstance(f, FamilyInformationProvided) for f in events)
    return events  # type: ignore[return-value]


def opened(hub: HubWithCase, code: str, case: UUID, message: UUID, section: str) -> str:
    door: Door = hub.door(code)
    door.refresh()
    [matches] = [m for m in door.store.messages(case) if m["message"] == str(message)]
    [item] = [i for i in matches["items"] if i["section"] == section]
    return door.open(case, message, UUID(item["item"]), section, actor="staff.x").content.decode()


def test_a_bundle_is_recorded_answered_by_a_task_and_opened_by_its_addressee(hub: HubWithCase) -> None:
    answer = post(hub, fresh_bundle())
    assert answer.status_code == 200
    body = answer.json()
    assert (body["ok"], body["media_type"]) == (True, "application/fhir+json")
    [row_result] = body["rows"]
    task = json.loads(b64decode(body["answer"]))["entry"][0]["resource"]
    assert (task["status"], task["identifier"][0]["value"]) == ("received", row_result["message"])
    case, message = UUID(row_result["case"]), UUID(row_result["message"])
    assert SECRET in opened(hub, "AZ-CORE", case, message, "BASIC")
    [event] = recorded(hub, case)
    assert (event.weeks_pregnant, event.subject_consent.value) == (30, "REFUSED")


def test_only_the_sender_can_open_the_file_as_received(hub: HubWithCase) -> None:
    data = fresh_bundle()
    [row_result] = post(hub, data).json()["rows"]
    case, message = UUID(row_result["case"]), UUID(row_result["message"])
    assert opened(hub, "MID-HOSP", case, message, "SOURCE").encode() == data
    core = hub.door("AZ-CORE")
    core.refresh()
    [seen] = [m for m in core.store.messages(case) if m["message"] == str(message)]
    assert "SOURCE" not in [i["section"] for i in seen["items"]]


def test_the_same_file_again_is_recorded_once_also_after_a_restart(hub: HubWithCase) -> None:
    data = as_csv(table(row(), row(), row()))
    first = post(hub, data).json()
    assert [r["outcome"] for r in first["rows"]] == ["recorded"] * 3
    hub.rehearsal_hub.reopen_doors()
    assert post(hub, data).json() == first
    for row_result in first["rows"]:
        assert len(recorded(hub, UUID(row_result["case"]))) == 1


def test_a_door_stopped_between_two_messages_continues_with_the_next(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_xlsx(table(row(), row(), row()))
    send, sent = Door.send, []

    def stopped(self: Door, *args: Any, **kwargs: Any) -> Any:
        if len(sent) == 1:
            raise RuntimeError("the process ended here")
        sent.append(kwargs["command_id"])
        return send(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(Door, "send", stopped)
        assert post(hub, data).json()["error_code"] == "unexpected"
    hub.rehearsal_hub.reopen_doors()
    body = post(hub, data).json()
    assert [r["outcome"] for r in body["rows"]] == ["recorded"] * 3
    assert UUID(body["rows"][0]["message"]) == sent[0]
    assert len({r["case"] for r in body["rows"]}) == 3
    for row_result in body["rows"]:
        assert len(recorded(hub, UUID(row_result["case"]))) == 1


def test_a_file_with_one_wrong_row_is_not_accepted(hub: HubWithCase) -> None:
    head = hub.head()
    answer = post(hub, as_csv(table(row(), row(把握年月日="S64.1.8"), row())))
    assert answer.status_code == 400
    body = answer.json()
    assert (body["category"], body["error_code"]) == ("malformed", "wrong-file")
    assert [(f["place"], f["field"], f["error_code"]) for f in body["findings"]] == [
        ("3行目", "把握年月日", "no-such-date")
    ]
    rows = list(csv.reader(io.StringIO(b64decode(body["answer"]).decode("utf-8-sig"))))
    assert rows == [
        ["行", "項目", "誤り", "直し方"],
        ["3行目", "把握年月日", "暦にない日付です", "元号と年・月・日を確かめてください"],
    ]
    assert SECRET not in answer.text
    assert hub.head() == head


def test_the_senders_own_reference_names_the_same_case_again(hub: HubWithCase) -> None:
    one = row()
    [first] = post(hub, as_csv(table(one))).json()["rows"]
    [second] = post(hub, as_csv(table({**one, "養育環境": "転居の予定"}))).json()["rows"]
    assert second["case"] == first["case"]
    assert len(recorded(hub, UUID(first["case"]))) == 2
    [named] = post(hub, as_csv(table(row(事例番号=first["case"])))).json()["rows"]
    assert named["case"] == first["case"]
    wrong = post(hub, as_csv(table({**one, "事例番号": str(uuid4())})))
    assert [f["error_code"] for f in wrong.json()["findings"]] == ["case-differs"]


def test_a_refused_row_is_answered_with_the_fitting_bases(hub: HubWithCase) -> None:
    body = post(hub, as_csv(table(row(), row(根拠="CWA-25-3-2")))).json()
    assert [r["outcome"] for r in body["rows"]] == ["recorded", "refused"]
    assert not body["ok"]
    rows = list(csv.reader(io.StringIO(b64decode(body["answer"]).decode("utf-8-sig"))))
    assert [r[4] for r in rows[1:]] == ["記録しました", "認められませんでした"]
    assert rows[2][5]


def test_a_hub_that_is_away_leaves_the_file_to_be_sent_again(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = as_csv(table(row()))
    door = hub.door("MID-HOSP")

    def unavailable_submit(*_: Any, **__: Any) -> Any:
        raise Unavailable("hub-unreachable", "the hub does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(type(door.client), "submit", unavailable_submit)
        patched.setattr(door, "_retry_seconds", 0.1)
        body = post(hub, data).json()
        assert [r["outcome"] for r in body["rows"]] == ["waiting"]
    assert door.flush() >= 1
    [row_result] = post(hub, data).json()["rows"]
    assert row_result["outcome"] == "recorded"
    assert len(recorded(hub, UUID(row_result["case"]))) == 1


def test_a_body_that_is_too_long_or_no_file_is_refused(hub: HubWithCase) -> None:
    assert post(hub, b"x" * (10 * 1024 * 1024 + 1)).json()["error_code"] == "body-too-long"
    assert [f["error_code"] for f in post(hub, b"%PDF").json()["findings"]] == ["unknown-format"]


def test_no_text_of_a_file_is_stored_in_the_doors_folder(hub: HubWithCase) -> None:
    secret = f"秘密{uuid4().hex}"
    post(hub, as_csv(table(row(氏名=secret, 整理番号=secret))))
    post(hub, as_csv(table(row(氏名=secret, 把握年月日="x"))))
    folder = hub.rehearsal_hub.installation.folder
    texts = (secret.encode(), secret[2:].encode())
    matches = [p for p in folder.rglob("*") if p.is_file() and any(t in p.read_bytes() for t in texts)]
    assert matches == []


def test_the_send_command_writes_the_answer_next_to_the_file(hub: HubWithCase, tmp_path: Path) -> None:
    file = tmp_path / "母子.csv"
    file.write_bytes(as_csv(table(row())))
    with ServedApp(door_app(hub, "MID-HOSP")) as served:
        arguments = ["send", "--door", served.url]
        cli_result = CliRunner().invoke(kakehashi, [*arguments, str(file)])
        assert cli_result.exit_code == 0, cli_result.output
        rows = list(csv.reader(io.StringIO((tmp_path / "母子.結果.csv").read_text("utf-8-sig"))))
        assert rows[1][4] == "記録しました"
        file.write_bytes(as_csv(table(row(妊娠週数="x"))))
        assert CliRunner().invoke(kakehashi, [*arguments, str(file)]).exit_code == 1
        rows = list(csv.reader(io.StringIO((tmp_path / "母子.結果.csv").read_text("utf-8-sig"))))
        assert rows[1][1] == "妊娠週数"


def test_the_send_command_uses_the_keys_of_the_folder(hub: HubWithCase, tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_bytes(fresh_bundle())
    folder = str(hub.rehearsal_hub.installation.agency("MID-HOSP").folder)
    arguments = ["send", "--folder", folder, "--hub", hub.rehearsal_hub.url, str(file)]
    cli_result = CliRunner().invoke(kakehashi, arguments)
    assert cli_result.exit_code == 0, cli_result.output
    answer = json.loads((tmp_path / "b.結果.json").read_text())
    assert answer["entry"][0]["resource"]["status"] == "received"


def test_the_send_command_writes_the_template(tmp_path: Path) -> None:
    cli_result = CliRunner().invoke(kakehashi, ["send", "--template", str(tmp_path / "t.xlsx")])
    assert cli_result.exit_code == 0
    assert (tmp_path / "t.xlsx").read_bytes().startswith(b"PK")


def upload(hub: HubWithCase, data: bytes) -> Any:
    client = TestClient(door_app(hub, "MID-HOSP"), base_url="http://127.0.0.1")
    return client.post("/files", files={"file": ("f.csv", data)}, headers={"accept": "text/html"})


def test_the_page_sends_a_file_and_shows_the_outcome_of_each_row(hub: HubWithCase) -> None:
    page = upload(hub, as_csv(table(row(), row(根拠="CWA-25-3-2"))))
    assert page.status_code == 200
    assert "2 件の結果" in page.text
    assert "記録しました" in page.text
    wrong = upload(hub, as_csv(table(row(妊娠週数="x"))))
    assert wrong.status_code == 400
    assert "何も受け付けていません" in wrong.text
    assert "妊娠週数" in wrong.text
    assert upload(hub, b"x" * (11 * 1024 * 1024)).status_code == 413


def test_a_file_without_a_declared_length_is_not_read(hub: HubWithCase) -> None:
    client = TestClient(door_app(hub, "MID-HOSP"), base_url="http://127.0.0.1")

    def pieces() -> Iterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'
        for _ in range(20):
            yield b"x" * (1024 * 1024)
        yield b"\r\n--x--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=x", "accept": "text/html"}
    answer = client.post("/files", content=pieces(), headers=headers)
    assert answer.status_code == 413
    assert TABLE["body-too-long"].meaning_ja in answer.text


def test_an_uploaded_file_is_never_written_to_disk_in_clear(
    hub: HubWithCase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    rows = [row(養育環境="長い文。" * 2000) for _ in range(60)]  # far beyond what is spooled by default
    data = as_csv(table(*rows))
    assert len(data) > 1_400_000
    page = upload(hub, data)
    assert page.status_code == 200, page.text
    assert "60 件の結果" in page.text


def children_of(hub: HubWithCase, row_result: dict[str, Any]) -> dict[str, str]:
    """Name -> reference, as the addressee reads them."""
    case, message = UUID(row_result["case"]), UUID(row_result["message"])
    family = json.loads(opened(hub, "AZ-CORE", case, message, "BASIC"))
    return {child["name"]["text"]: child["ref"] for child in family["children"]}


def test_a_child_that_comes_again_keeps_its_reference_and_no_other_family_has_it(hub: HubWithCase) -> None:
    child = {"氏名": "架空 そら", "生年月日": "R6.1.1", "妊娠週数": "", "続柄": "長男"}
    sibling = {**child, "氏名": "架空 うみ", "続柄": "長女"}
    one, other = str(uuid4()), str(uuid4())
    first = post(hub, as_csv(table(row(**child, 整理番号=one), row(**sibling, 整理番号=other)))).json()[
        "rows"
    ]
    again = post(
        hub, as_csv(table(row(**sibling, 整理番号=one), row(**child, 整理番号=one, 養育環境="")))
    ).json()["rows"]
    assert again[0]["case"] == first[0]["case"]
    known, elsewhere, now = children_of(hub, first[0]), children_of(hub, first[1]), children_of(hub, again[0])
    assert now["架空 そら"] == known["架空 そら"]
    assert set(now) == {"架空 そら", "架空 うみ"}
    assert now["架空 うみ"] != elsewhere["架空 うみ"]
    assert UUID(now["架空 そら"]).version == 4
