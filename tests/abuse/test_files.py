"""Files that are too much, just over a limit: refused before they cost, and never at the cost of the door."""

from __future__ import annotations

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from adapters.agencies import WrongFile
from adapters.agencies.contract import MAX_FINDINGS
from adapters.agencies.fhir import Fhir
from adapters.agencies.formats import adapter_for
from adapters.agencies.spreadsheet import MAX_LINES, MAX_ROWS, Spreadsheet
from adapters.agencies.workbook import WORKBOOK_LIMITS, WorkbookLimits, check_workbook
from domain.errors import Unavailable
from gateway.agency.parsing import PARSING_LIMITS, ParsingLimits, ParsingPool
from tests.adapters.kit import AGENCIES, NOW, ROW, as_csv, as_xlsx, bundle, encoded, table

HONEST = as_csv(table(*[{**ROW, "整理番号": str(n)} for n in range(MAX_ROWS)]))
FOR_A_TEST = replace(PARSING_LIMITS, workers=1, waiting=0, wall_seconds=20.0)


def error_codes(read: Callable[[], object]) -> list[str]:
    with pytest.raises(WrongFile) as caught:
        read()
    return [one.error_code for one in caught.value.findings]


def seconds(data: bytes) -> float:
    """The best of three, so that what else the machine does counts little."""
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        with suppress(WrongFile):
            adapter_for(data).read(data, AGENCIES, NOW)
        taken.append(time.perf_counter() - begun)
    return min(taken)


# --- limits that are passed are noticed before the whole is read ---------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(as_csv([["整理番号", "宛先機関", *(f"列{n}" for n in range(3000))]]), id="headings"),
        pytest.param(as_csv([["整理番号", "宛先機関"]]) + b"\n" * 1_000_000, id="empty lines"),
        pytest.param(as_csv([["整理番号", "宛先機関"]]) + b"\xff\n" * 500_000, id="lines in no encoding"),
        pytest.param(as_csv(table(ROW)) + b"1,AZ-CORE\r\n" * 100_000, id="rows"),
        pytest.param(b'{"resourceType":"Bundle","x":[' + b"0," * 1_000_000 + b"0]}", id="values"),
        pytest.param(b'{"resourceType":"Bundle","x":"' + b'\\"' * 1_000_000, id="a string without end"),
    ],
)
def test_a_file_that_is_refused_costs_little_more_than_one_that_is_read(data: bytes) -> None:
    assert seconds(data) < 8 * seconds(HONEST)


@pytest.mark.parametrize(
    ("data", "error_code"),
    [
        (as_csv([["整理番号", "宛先機関", *(f"列{n}" for n in range(199))]]), "too-many-columns"),
        (as_csv([["整理番号", "宛先機関"]]) + b"\n" * MAX_LINES, "too-many"),
        (as_csv([["整理番号", "宛先機関"], *([["1", "AZ-CORE"]] * (MAX_ROWS + 1))]), "too-many"),
    ],
    ids=["columns", "lines", "rows"],
)
def test_a_csv_stops_at_the_first_limit(data: bytes, error_code: str) -> None:
    assert error_codes(lambda: Spreadsheet().read(data, AGENCIES, NOW)) == [error_code]


def test_empty_lines_below_a_list_are_no_rows() -> None:
    data = as_csv(table(ROW)) + b",,,\r\n" * 5000
    assert len(Spreadsheet().read(data, AGENCIES, NOW).inbound_messages) == 1


def test_errors_without_end_are_reported_up_to_a_number() -> None:
    data = as_csv(
        table(*[{**ROW, "整理番号": str(n), "生年月日": "?", "把握年月日": "?"} for n in range(900)])
    )
    codes = error_codes(lambda: Spreadsheet().read(data, AGENCIES, NOW))
    assert (len(codes), codes[-1]) == (MAX_FINDINGS + 1, "more-findings")


@pytest.mark.parametrize(("depth", "values"), [(4, 1000), (100, 40)], ids=["depth", "values"])
def test_a_bundle_is_counted_before_anything_is_built_of_it(depth: int, values: int) -> None:
    assert Fhir(max_depth=20, max_values=1000).read(encoded(bundle()), AGENCIES, NOW)
    narrow = Fhir(max_depth=depth, max_values=values)
    assert error_codes(lambda: narrow.read(encoded(bundle()), AGENCIES, NOW)) == ["file-too-large-inside"]


# --- workbooks: what they declare and what they are -----------------------------------------------------------------


def changed(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one of its entries changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in archive.namelist():
            content = archive.read(entry)
            made.writestr(entry, change(content) if entry == name else content)
    return out.getvalue()


def sheet_changed(change: Callable[[bytes], bytes]) -> bytes:
    return changed(as_xlsx(table(ROW, ROW)), "xl/worksheets/sheet1.xml", change)


def read_workbook(data: bytes, limits: WorkbookLimits = WORKBOOK_LIMITS) -> Callable[[], object]:
    return lambda: Spreadsheet(limits).read(data, AGENCIES, NOW)


def test_the_used_range_is_counted_in_the_sheet_whatever_it_declares() -> None:
    data = sheet_changed(lambda xml: xml.replace(b'<dimension ref="A1:N3"', b'<dimension ref="A1:A1"'))
    assert b"A1:A1" in zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml")
    check_workbook(data, WorkbookLimits(rows=3, columns=14))
    assert error_codes(lambda: check_workbook(data, WorkbookLimits(rows=2))) == ["too-many"]
    assert error_codes(lambda: check_workbook(data, WorkbookLimits(columns=13))) == ["too-many-columns"]


@pytest.mark.parametrize(
    ("place", "error_code"), [(b"A1002", "too-many"), (b"GS2", "too-many-columns")], ids=["row", "column"]
)
def test_one_cell_far_away_makes_the_range_that_large(place: bytes, error_code: str) -> None:
    cell = b'<c r="' + place + b'"><v>1</v></c></row>'
    data = sheet_changed(lambda xml: cell.join(xml.rsplit(b"</row>", 1)))
    assert error_codes(lambda: check_workbook(data)) == [error_code]  # before a table of that size is made


def test_a_cell_with_a_format_and_no_value_is_not_used() -> None:
    row = b'<row r="5000"><c r="A5000" s="1"/></row></sheetData>'
    check_workbook(sheet_changed(lambda xml: xml.replace(b"</sheetData>", row)))


def test_entries_are_measured_as_they_unpack() -> None:
    data = as_xlsx(table(ROW))
    real = sum(entry.file_size for entry in zipfile.ZipFile(io.BytesIO(data)).infolist())
    check_workbook(data, WorkbookLimits(unpacked_bytes=real))
    for limits in (
        WorkbookLimits(unpacked_bytes=real - 1),
        WorkbookLimits(entries=3),
        WorkbookLimits(ratio=2, ratio_from_bytes=100),
        WorkbookLimits(depth=2),
    ):
        assert error_codes(read_workbook(data, limits)) == ["file-too-large-inside"]


def test_an_entry_of_another_size_than_it_declares_is_refused() -> None:
    data = bytearray(as_xlsx(table(ROW)))
    directory = data.rindex(b"PK\x01\x02")
    declared = int.from_bytes(data[directory + 24 : directory + 28], "little")
    data[directory + 24 : directory + 28] = (declared - 1).to_bytes(4, "little")
    assert error_codes(read_workbook(bytes(data))) == ["not-a-workbook"]


def test_a_sheet_that_defines_names_for_text_is_refused() -> None:
    doctype = b'<!DOCTYPE worksheet [<!ENTITY a "b">]><worksheet'
    data = sheet_changed(lambda xml: xml.replace(b"<worksheet", doctype, 1))
    assert error_codes(read_workbook(data)) == ["not-a-workbook"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="3"', b'<row hidden="1" r="3"'),
        (b"<sheetData>", b'<cols><col min="4" max="6" hidden="1"/></cols><sheetData>'),
    ],
    ids=["a filtered row", "a group of columns"],
)
def test_content_that_its_sender_does_not_see_is_not_sent(old: bytes, new: bytes) -> None:
    data = sheet_changed(lambda xml: xml.replace(old, new, 1))
    assert set(error_codes(read_workbook(data))) == {"hidden-cells"}


# --- the processes that read -----------------------------------------------------------------------------------------


@pytest.fixture
def pool() -> Iterator[ParsingPool]:
    with_limits = ParsingPool(FOR_A_TEST)
    yield with_limits
    with_limits.close()


def worker_pid(pool: ParsingPool) -> int:
    """The process that was used last, or None of it. It is free while this looks."""
    worker = pool._free.get()
    pool._free.put(worker)
    assert worker is not None
    return worker.pid


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    "data",
    [encoded(bundle()), as_csv(table(ROW), "cp932"), as_xlsx(table(ROW))],
    ids=["fhir", "csv", "xlsx"],
)
def test_a_process_reads_what_the_adapter_reads(pool: ParsingPool, data: bytes) -> None:
    there, here = pool.read(data, AGENCIES, NOW), adapter_for(data).read(data, AGENCIES, NOW)
    assert there == here
    assert [one.source for one in there.inbound_messages] == [one.source for one in here.inbound_messages]


def test_findings_come_back_as_they_are(pool: ParsingPool) -> None:
    data = as_csv(table({**ROW, "把握年月日": "きのう"}))
    assert error_codes(lambda: pool.read(data, AGENCIES, NOW)) == ["date-form"]


def test_one_process_reads_file_after_file_and_ends_with_the_pool(pool: ParsingPool) -> None:
    pool.start()
    first = worker_pid(pool)
    for _ in range(3):
        pool.read(encoded(bundle()), AGENCIES, NOW)
    assert worker_pid(pool) == first
    pool.close()
    assert not is_there(first)
    with pytest.raises(Unavailable) as caught:
        pool.read(encoded(bundle()), AGENCIES, NOW)
    assert caught.value.error_code == "file-reader-unavailable"


def test_a_process_has_nothing_of_the_door(pool: ParsingPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAKEHASHI_TEST", "secret-of-the-door")
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)
    try:
        pool.start()
        process = Path(f"/proc/{worker_pid(pool)}")
        assert sorted(one.name for one in (process / "fd").iterdir()) == ["0", "1", "2"]
        assert b"secret-of-the-door" not in (process / "environ").read_bytes()
        limits = (process / "limits").read_text()
    finally:
        os.close(reading)
        os.close(writing)
    set_limits = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    for name in ("Max core file size", "Max file size", "Max processes"):
        assert set_limits[name] == "0", name
    assert int(set_limits["Max address space"]) < 1 << 30


def test_a_process_that_is_stuck_is_replaced_and_the_next_file_is_read(pool: ParsingPool) -> None:
    stuck = ParsingPool(replace(FOR_A_TEST, wall_seconds=1.0))
    stuck.start()
    first = worker_pid(stuck)
    os.kill(first, signal.SIGSTOP)
    assert error_codes(lambda: stuck.read(encoded(bundle()), AGENCIES, NOW)) == ["file-too-slow"]
    assert not is_there(first)
    stuck.start()
    assert worker_pid(stuck) != first
    assert stuck.read(encoded(bundle()), AGENCIES, NOW)
    stuck.close()


@pytest.mark.parametrize(
    ("ending", "error_code"), [(signal.SIGXCPU, "file-too-slow"), (signal.SIGKILL, "file-unreadable")]
)
def test_a_process_that_ends_over_a_file_is_replaced(
    pool: ParsingPool, ending: signal.Signals, error_code: str
) -> None:
    pool.start()
    first = worker_pid(pool)
    os.kill(first, signal.SIGSTOP)  # it must not answer before it ends
    codes: list[str] = []
    sender = Thread(target=lambda: codes.extend(error_codes(lambda: pool.read(HONEST, AGENCIES, NOW))))
    sender.start()
    while pool._free.qsize():
        time.sleep(0.01)
    time.sleep(0.5)  # until the file is on its way: one that ended before is replaced first
    os.kill(first, ending)
    with suppress(ProcessLookupError):  # SIGKILL needs no waking
        os.kill(first, signal.SIGCONT)
    sender.join()
    assert codes == [error_code]
    assert len(pool.read(HONEST, AGENCIES, NOW).inbound_messages) == MAX_ROWS
    assert not is_there(first)


def test_a_process_that_ended_between_two_files_is_noticed_before_the_next(pool: ParsingPool) -> None:
    pool.start()
    first = worker_pid(pool)
    os.kill(first, signal.SIGKILL)
    while "Z" not in Path(f"/proc/{first}/stat").read_text().rsplit(")", 1)[1].split()[0]:
        time.sleep(0.01)
    assert pool.read(encoded(bundle()), AGENCIES, NOW)
    assert worker_pid(pool) != first


@pytest.mark.parametrize(
    "limits",
    [replace(FOR_A_TEST, memory_bytes=8 * 1024 * 1024), replace(FOR_A_TEST, output_bytes=20_000)],
    ids=["memory", "output"],
)
def test_a_file_that_needs_too_much_is_refused_and_a_small_one_is_read(limits: ParsingLimits) -> None:
    pool = ParsingPool(limits)
    assert error_codes(lambda: pool.read(HONEST, AGENCIES, NOW)) == ["file-too-large-inside"]
    assert pool.read(as_csv(table(ROW)), AGENCIES, NOW)
    pool.close()


def test_where_the_queue_is_full_the_file_is_to_be_sent_again(pool: ParsingPool) -> None:
    pool.start()
    os.kill(worker_pid(pool), signal.SIGSTOP)
    pid = worker_pid(pool)
    results: list[object] = []
    sender = Thread(target=lambda: results.append(pool.read(encoded(bundle()), AGENCIES, NOW)))
    sender.start()
    while pool._free.qsize():
        time.sleep(0.01)
    with pytest.raises(Unavailable) as caught:
        pool.read(encoded(bundle()), AGENCIES, NOW)
    assert caught.value.error_code == "file-reader-busy"
    assert caught.value.retry_after_seconds is not None
    os.kill(pid, signal.SIGCONT)
    sender.join()
    assert len(results) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"findings": [], "inbound_messages": []},
        {"findings": [{"place": "", "field": "", "error_code": "invented"}]},
        {"findings": [], "more": 1},
        {"inbound_messages": [{"act": "control.destroyed"}]},
        [],
    ],
    ids=["nothing", "a code of its own", "more", "an act of its own", "no object"],
)
def test_what_a_process_answers_is_not_believed(
    pool: ParsingPool, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool.start()
    worker = pool._free.get()
    assert worker is not None
    monkeypatch.setattr(type(worker), "ask", lambda self, request: json.dumps(answer).encode())
    pool._free.put(worker)
    assert error_codes(lambda: pool.read(encoded(bundle()), AGENCIES, NOW)) == ["file-unreadable"]
    assert not is_there(worker.pid)


def test_a_process_opens_no_file_and_no_connection() -> None:
    """The same process, asked to do what a misled library could do."""
    import subprocess
    import sys

    script = (
        "from gateway.agency import parsing_worker as w; import socket, subprocess; w._give_up(1 << 28, 0)\n"
        "for attempt in (lambda: open('/etc/hostname'), lambda: open('x', 'w'), socket.socket,"
        " lambda: subprocess.run(['true'])):\n"
        "    try: attempt(); print('done')\n"
        "    except PermissionError: print('refused')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True, cwd="/", timeout=60
    )
    assert ran.stdout.split() == ["refused"] * 4
