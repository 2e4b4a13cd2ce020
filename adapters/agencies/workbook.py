"""A look at a workbook before a library reads it whole: what it unpacks to, and which cells its sheets really use.

What a workbook says about itself (``<dimension>``, the sizes in its archive) may be wrong, so everything is counted
as it is unpacked, piece by piece, and the first limit that is passed ends it. Source: ECMA-376.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath
from xml.parsers import expat

from adapters.agencies.contract import Finding, WrongFile

WORKBOOK, RELATIONSHIPS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
CHUNK_BYTES = 64 * 1024
_LOCAL_HEADER_BYTES, _LENGTHS_AT = 30, 26
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True)
class WorkbookLimits:
    """How much a workbook may hold.

    ``rows``, ``columns``: of the used range of a sheet, the heading being a row; a list has at most 1,000 rows below
    it and fewer than 80 columns. ``entries``: files in the archive; a workbook of one sheet has about 12, pictures
    add some. ``unpacked_bytes``: of all of them; a full list has about 10 MB. ``ratio``: unpacked to packed, of an
    entry of more than ``ratio_from_bytes``; sheets of equal cells reach about 30. ``depth``: of nested XML elements.
    """

    rows: int = 1001
    columns: int = 200
    entries: int = 500
    unpacked_bytes: int = 64 * 1024 * 1024
    ratio: int = 200
    ratio_from_bytes: int = 1024 * 1024
    depth: int = 64


WORKBOOK_LIMITS = WorkbookLimits()


def check_workbook(data: bytes, limits: WorkbookLimits = WORKBOOK_LIMITS) -> None:
    """Raises WrongFile for an archive that is no workbook, has macros or hidden content, or passes a limit."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
        _check_entries(data, infos, limits)
        entries = {_name_of(info): info for info in infos}
        if len(entries) != len(infos):
            raise _wrong("not-a-workbook")
        _measure(data, infos, limits)
        for sheet in _visible_sheets(data, entries, limits):
            _check_sheet(_unpacked(data, entries[sheet]), limits)
    except (KeyError, ValueError, OSError, NotImplementedError, struct.error):
        raise _wrong("not-a-workbook") from None
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError):
        raise _wrong("not-a-workbook") from None


def _wrong(error_code: str) -> WrongFile:
    return WrongFile([Finding("ファイル", "", error_code)])


def _name_of(info: zipfile.ZipInfo) -> str:
    return info.filename.replace("\\", "/").lstrip("/").lower()


def _check_entries(data: bytes, infos: list[zipfile.ZipInfo], limits: WorkbookLimits) -> None:
    """What the archive declares: number, packing and sizes of its entries."""
    if any(_name_of(info).endswith("vbaproject.bin") for info in infos):
        raise _wrong("macro")
    if any(info.compress_type not in _PACKED or info.flag_bits & _ENCRYPTED for info in infos):
        raise _wrong("not-a-workbook")
    if sum(info.compress_size for info in infos) > len(data):
        raise _wrong("not-a-workbook")  # entries that overlap: one piece would be unpacked many times
    if len(infos) > limits.entries or sum(info.file_size for info in infos) > limits.unpacked_bytes:
        raise _wrong("file-too-large-inside")


def _measure(data: bytes, infos: list[zipfile.ZipInfo], limits: WorkbookLimits) -> None:
    """Unpack every entry once, to nowhere: the real sizes."""
    total = 0
    for info in infos:
        size = 0
        for chunk in _unpacked(data, info):
            size += len(chunk)
            total += len(chunk)
            if total > limits.unpacked_bytes:
                raise _wrong("file-too-large-inside")
            if size > limits.ratio_from_bytes and size > limits.ratio * max(info.compress_size, 1):
                raise _wrong("file-too-large-inside")
        if size != info.file_size:
            raise _wrong("not-a-workbook")


def _unpacked(data: bytes, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The real content of an entry, in pieces, whatever size it declares."""
    name_length, extra_length = struct.unpack_from("<HH", data, info.header_offset + _LENGTHS_AT)
    start = info.header_offset + _LOCAL_HEADER_BYTES + name_length + extra_length
    packed = data[start : start + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        yield from (packed[n : n + CHUNK_BYTES] for n in range(0, len(packed), CHUNK_BYTES))
        return
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for n in range(0, len(packed), CHUNK_BYTES):
        waiting = packed[n : n + CHUNK_BYTES]
        while not inflater.eof and (waiting or inflater.unconsumed_tail):
            chunk = inflater.decompress(waiting, CHUNK_BYTES)
            waiting = inflater.unconsumed_tail
            if chunk:
                yield chunk
    if rest := inflater.flush():
        yield rest


# --- the sheets ----------------------------------------------------------------------------------------------------


def _visible_sheets(data: bytes, entries: Mapping[str, zipfile.ZipInfo], limits: WorkbookLimits) -> list[str]:
    """The entries of the sheets that are shown, by the names they have in the archive."""
    relationships = [
        attributes
        for name, attributes in _elements(_unpacked(data, entries[RELATIONSHIPS]), limits)
        if name == "Relationship"
    ]
    target_of = {row.get("Id"): row.get("Target", "") for row in relationships}
    return [
        _path_of(target_of[attributes["id"]])
        for name, attributes in _elements(_unpacked(data, entries[WORKBOOK]), limits)
        if name == "sheet" and attributes.get("state", "visible") == "visible"
    ]


def _path_of(target: str) -> str:
    target = target.replace("\\", "/")
    return normpath(target.lstrip("/") if target.startswith("/") else join("xl", target)).lower()


def _elements(chunks: Iterator[bytes], limits: WorkbookLimits) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every element that begins, in order, by its local name, with its attributes by theirs."""
    begun: list[tuple[str, Mapping[str, str]]] = []
    depth = 0

    def on_start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.depth:
            raise _wrong("file-too-large-inside")
        begun.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    def on_end(name: str) -> None:
        nonlocal depth
        depth -= 1

    def on_doctype(*_: object) -> None:
        raise _wrong("not-a-workbook")  # a workbook has none; it could define what its text stands for

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = on_start, on_end
    parser.StartDoctypeDeclHandler = on_doctype
    for chunk in chunks:
        parser.Parse(chunk, False)
        yield from begun
        begun.clear()
    parser.Parse(b"", True)
    yield from begun


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


@dataclass
class _Position:
    """Where in a sheet the reading is. Rows and cells that name no place follow the one before."""

    row: int = 0
    column: int = 0
    row_is_hidden: bool = False
    hidden_columns: list[range] = field(default_factory=list)

    def begin_row(self, attributes: Mapping[str, str]) -> None:
        named = attributes.get("r", "")
        self.row = int(named) if _NUMBER.fullmatch(named) else self.row + 1
        self.column, self.row_is_hidden = 0, attributes.get("hidden") in ("1", "true")

    def begin_cell(self, attributes: Mapping[str, str]) -> None:
        match = _CELL.fullmatch(attributes.get("r", ""))
        self.column += 1
        if match:
            self.column, self.row = _column_number(match[1]), int(match[2])

    def hide_columns(self, attributes: Mapping[str, str]) -> None:
        """A group of hidden columns is one element, from ``min`` to ``max``."""
        if attributes.get("hidden") in ("1", "true"):
            self.hidden_columns.append(range(int(attributes["min"]), int(attributes["max"]) + 1))

    @property
    def is_hidden(self) -> bool:
        return self.row_is_hidden or any(self.column in columns for columns in self.hidden_columns)

    def hidden_finding(self) -> Finding:
        if self.row_is_hidden:
            return Finding(f"{self.row}行目", "", "hidden-cells")
        return Finding("1行目", f"{self.column}列目", "hidden-cells")


def _column_number(name: str) -> int:
    number = 0
    for sign in name:
        number = number * 26 + ord(sign) - ord("A") + 1
    return number


def _check_sheet(chunks: Iterator[bytes], limits: WorkbookLimits) -> None:
    """Only cells with a value count: a format may reach down to the last row that a sheet can have."""
    at, hidden = _Position(), dict[Finding, None]()
    for name, attributes in _elements(chunks, limits):
        if name in _VALUES:
            _require_in_range(at, limits)
            if at.is_hidden:
                hidden[at.hidden_finding()] = None
        elif name in _PLACES:
            _PLACES[name](at, attributes)
            if len(at.hidden_columns) > limits.columns:
                raise _wrong("too-many-columns")
    if hidden:
        raise WrongFile(list(hidden))


_VALUES = ("v", "is", "f")
_PLACES: Mapping[str, Callable[[_Position, Mapping[str, str]], None]] = {
    "col": _Position.hide_columns,
    "row": _Position.begin_row,
    "c": _Position.begin_cell,
}


def _require_in_range(at: _Position, limits: WorkbookLimits) -> None:
    if at.row > limits.rows:
        raise _wrong("too-many")
    if at.column > limits.columns:
        raise _wrong("too-many-columns")
