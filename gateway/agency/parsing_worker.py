"""The process that reads foreign files for a door: no keys, no network, no files of its own, little memory and time.

It is started once and reads one file after the other, from standard input, until that ends. What it needs is loaded
first; then it gives up what a file could misuse, and only then says that it is ready.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from typing import NoReturn

from adapters.agencies import Finding, WrongFile
from adapters.agencies.fhir import RESOURCES
from adapters.agencies.formats import adapter_for
from adapters.attachments import check_attachment
from domain.errors import Malformed
from gateway.agency.parsing_messages import (
    ATTACHMENTS,
    EXIT_NO_MEMORY,
    EXIT_UNREADABLE,
    LENGTH_BYTES,
    ORDER,
    ParsingRequest,
    answer_of,
    checked_answer,
    refusal_of,
    unchecked_answer,
)

STDIN, STDOUT = 0, 1
MAX_OPEN_FILES = 16
MAX_TASKS_WITH_THREADS = 4096
"""The kernel counts threads of a user as processes, and the decoder of HEIC ends the process where it can't start one."""
SPARE_CPU_SECONDS = 1  # the limit is in whole seconds, and what was used before is rounded down
REFUSED_EVENTS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system")
"""Audit events of Python that reading a file never needs."""


def main() -> None:
    """``python -m gateway.agency.parsing_worker KIND MEMORY_BYTES CPU_SECONDS OUTPUT_BYTES``."""
    kind = sys.argv[1]
    memory_bytes, cpu_seconds, output_bytes = map(int, sys.argv[2:])
    is_for_attachments = kind == ATTACHMENTS
    answer_to = _answer_attachment if is_for_attachments else _answer_file
    if is_for_attachments:
        _load_for_attachments()
    else:
        _load_for_files()
    _give_up(memory_bytes, MAX_TASKS_WITH_THREADS if is_for_attachments else 0)
    _write(b"")
    while True:
        _answer_next(cpu_seconds, output_bytes, answer_to)


def _load_for_files() -> None:
    """What reading takes long to load, so that the first file does not wait for it."""
    import python_calamine  # noqa: F401
    from fhir.resources.R4B import get_fhir_model_class

    for name in RESOURCES:
        get_fhir_model_class(name)


def _load_for_attachments() -> None:
    from adapters.attachments import pdf, pictures  # noqa: F401


def _give_up(memory_bytes: int, tasks: int) -> None:
    """Memory beyond what is in use now, core dumps, writing, processes, network, and files other than Python's own."""
    with open("/proc/self/statm", "rb") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_AS, used + memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, tasks),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
    ):
        resource.setrlimit(what, (limit, limit))
    library = tuple({sys.prefix, sys.base_prefix, *filter(None, sys.path)})

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(REFUSED_EVENTS) or (event == "open" and not _reads_library(library, *arguments)):
            raise PermissionError(f"a reading process does not {event}")

    sys.addaudithook(refuse)


def _reads_library(library: tuple[str, ...], path: object, _mode: object, flags: object) -> bool:
    """Whether this opens a module for reading: some libraries load parts of themselves when they are first used."""
    is_for_reading = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) == 0
    return is_for_reading and isinstance(path, str) and path.startswith(library)


def _allow_cpu(seconds: int) -> None:
    """That much processor time from now on; SIGXCPU ends the process after it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + SPARE_CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def _answer_next(cpu_seconds: int, output_bytes: int, answer_to: Callable[[bytes], bytes]) -> None:
    """Write the answer to one file. After anything unexpected this process ends, and another one takes its place."""
    size = int.from_bytes(_read(LENGTH_BYTES), ORDER)
    _allow_cpu(cpu_seconds)
    answer = answer_to(_read(size))
    if len(answer) > output_bytes:
        answer = refusal_of((Finding("ファイル", "", "file-too-large-inside"),))
    _write(answer)


def _answer_file(head: bytes) -> bytes:
    try:
        request = ParsingRequest.model_validate_json(head)
        data = _read(request.size)
        return answer_of(adapter_for(data).read(data, request.agencies, request.now), data)
    except WrongFile as wrong:
        return refusal_of(wrong.findings)
    except MemoryError:
        _end(EXIT_NO_MEMORY)
    except BaseException:  # a panic in a library's native code is no Exception
        _end(EXIT_UNREADABLE)


def _answer_attachment(data: bytes) -> bytes:
    try:
        return checked_answer(check_attachment(data))
    except Malformed as error:
        return unchecked_answer(error.error_code)
    except MemoryError:
        _end(EXIT_NO_MEMORY)
    except BaseException:
        _end(EXIT_UNREADABLE)


def _end(status: int) -> NoReturn:
    """Without an answer: the door learns from the status what it was, and can't ask a process that is about to end."""
    os._exit(status)


def _read(size: int) -> bytes:
    """Just so many bytes of standard input; ends the process where it ends."""
    data = bytearray()
    while len(data) < size:
        chunk = os.read(STDIN, min(size - len(data), 1 << 20))
        if not chunk:
            os._exit(0)
        data += chunk
    return bytes(data)


def _write(answer: bytes) -> None:
    message = memoryview(len(answer).to_bytes(LENGTH_BYTES, ORDER) + answer)
    while message:
        message = message[os.write(STDOUT, message) :]


if __name__ == "__main__":
    main()
