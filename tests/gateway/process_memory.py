"""What is in the memory of a process that a test has started."""

from __future__ import annotations

from pathlib import Path

CHUNK_BYTES = 16 * 1024 * 1024


def processes_below(pid: int) -> list[int]:
    """The process and all processes that it has started."""
    children = [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    for task in Path(f"/proc/{pid}/task").iterdir():
        children += [int(n) for n in (task / "children").read_text().split() if int(n) not in children]
    return [pid, *(each for child in children for each in processes_below(child))]


def occurrences(pid: int, wanted: bytes) -> int:
    """How often these bytes are in the writable memory of this process. Raises PermissionError, FileNotFoundError."""
    count = 0
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            if "w" not in rights:
                continue
            begin, end = (int(part, 16) for part in place.split("-"))
            count += _in_region(memory, begin, end, wanted)
    return count


def _in_region(memory: object, begin: int, end: int, wanted: bytes) -> int:
    count, at, rest = 0, begin, b""
    while at < end:
        memory.seek(at)  # type: ignore[attr-defined]
        try:
            data = memory.read(min(CHUNK_BYTES, end - at))  # type: ignore[attr-defined]
        except OSError:
            return count  # a region that can't be read, such as the kernel's own
        if not data:
            return count
        count += (rest + data).count(wanted)
        rest, at = data[-(len(wanted) - 1) :], at + len(data)
    return count
