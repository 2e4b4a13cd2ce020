"""Foreign files are read in processes of their own, so that no file can hurt the door that it comes to.

A door holds keys and serves people; a file from outside can make a library loop, run out of memory or end the
process. Each reading process gets little memory and time, no key, no network and no file; one that passes a limit is
ended and replaced, its file gets a finding, nothing of it is recorded, and the next file is read.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, LifoQueue
from threading import BoundedSemaphore
from time import monotonic
from typing import Generic, TypeVar
from uuid import UUID

from adapters.agencies import Finding, ParsedFile, WrongFile
from adapters.agencies.contract import MAX_FILE_BYTES
from adapters.attachments import MAX_ATTACHMENT_BYTES, CheckedAttachment
from domain.errors import Malformed, Unavailable
from gateway.agency.parsing_messages import (
    ATTACHMENTS,
    EXIT_NO_MEMORY,
    EXIT_UNREADABLE,
    FILES,
    LENGTH_BYTES,
    ORDER,
    ParsingRequest,
    WorkerKind,
    parse_answer,
    parse_checked,
)

WORKER_MODULE = "gateway.agency.parsing_worker"
START_SECONDS = 60.0
"""A process is ready in about one second; a machine that starts many things at once is slower."""
END_SECONDS = 5.0
RETRY_AFTER_SECONDS = 5
"""A full queue of ordinary files is read in about this time."""


@dataclass(frozen=True)
class ParsingLimits:
    """What reading files may cost.

    ``workers``: processes; the door and the hub next to it need a core too. ``waiting``: files in the queue behind
    them, each up to 10 MB in memory. ``memory_bytes``: of one process, beyond what it has loaded; the largest honest
    workbook takes about 200 MB. ``cpu_seconds``, ``wall_seconds``: for one file; the largest honest one takes about 3.
    ``output_bytes``: of one answer; text of 10 MB is there twice, as content and as source. ``files``: read by one
    process before it is replaced, so that memory that a library keeps does not add up.
    """

    workers: int = 2
    waiting: int = 8
    memory_bytes: int = 512 * 1024 * 1024
    cpu_seconds: int = 20
    wall_seconds: float = 30.0
    output_bytes: int = 48 * 1024 * 1024
    files: int = 200


PARSING_LIMITS = ParsingLimits()
ATTACHMENT_LIMITS = ParsingLimits(
    workers=1, waiting=4, memory_bytes=1024 * 1024 * 1024, cpu_seconds=40, wall_seconds=60.0, files=50
)
"""A picture of the largest size takes about 700 MB while it is encoded anew."""
A = TypeVar("A")

_ENDINGS = {
    -signal.SIGXCPU: "file-too-slow",
    -signal.SIGABRT: "file-too-large-inside",
    EXIT_NO_MEMORY: "file-too-large-inside",
    EXIT_UNREADABLE: "file-unreadable",
}


class _WorkerFailed(Exception):
    """The process ended, or was ended, over a file. ``error_code``: the finding about that file."""

    def __init__(self, error_code: str) -> None:
        super().__init__(error_code)
        self.error_code = error_code


class _WorkerPool(Generic[A]):
    """A few processes, which are started when they are first needed. Thread-safe.

    A process ends with the pool, and also by itself when the door is gone, since its input ends then.
    """

    def __init__(self, kind: WorkerKind, limits: ParsingLimits, parse: Callable[[bytes, bytes], A]) -> None:
        self._kind, self._limits, self._parse = kind, limits, parse
        self._places = BoundedSemaphore(limits.workers + limits.waiting)
        self._free: LifoQueue[_Worker | None] = LifoQueue()  # the one that was used last is used first
        for _ in range(limits.workers):
            self._free.put(None)
        self._is_closed = False

    def start(self) -> None:
        """Start one process now, so that a door that can't read files is noticed at once. Raises Unavailable."""
        worker = self._free.get()
        try:
            worker = worker or _Worker(self._kind, self._limits)
        finally:
            self._free.put(worker)

    def _ask(self, request: bytes, data: bytes) -> A:
        """What a process answers. Raises _WorkerFailed, Unavailable (try again)."""
        if not self._places.acquire(blocking=False):
            raise Unavailable("file-reader-busy", retry_after_seconds=RETRY_AFTER_SECONDS)
        try:
            return self._ask_free_worker(request, data)
        finally:
            self._places.release()

    def _ask_free_worker(self, request: bytes, data: bytes) -> A:
        try:
            worker = self._free.get(timeout=self._limits.wall_seconds)
        except Empty:
            raise Unavailable("file-reader-busy", retry_after_seconds=RETRY_AFTER_SECONDS) from None
        try:
            if worker is None or not worker.is_alive:
                worker = self._new_worker()
            answer = self._parse(worker.ask(request), data)
        except _WorkerFailed:
            raise
        except ValueError:
            _end(worker)
            raise _WorkerFailed("file-unreadable") from None
        finally:
            self._free.put(self._kept(worker))
        return answer

    def _new_worker(self) -> _Worker:
        if self._is_closed:
            raise Unavailable("file-reader-unavailable")
        return _Worker(self._kind, self._limits)

    def _kept(self, worker: _Worker | None) -> _Worker | None:
        """The same process for the next file, or None where another one is to be started."""
        if worker is None or (worker.is_alive and worker.files < self._limits.files and not self._is_closed):
            return worker
        worker.end()
        return None

    def close(self) -> None:
        """End the processes; one that is reading ends after its file."""
        self._is_closed = True
        for _ in range(self._limits.workers):
            with suppress(Empty):
                _end(self._free.get_nowait())
                self._free.put(None)


class ParsingPool(_WorkerPool[ParsedFile | tuple[Finding, ...]]):
    """Reads the files of an agency's own systems."""

    def __init__(self, limits: ParsingLimits = PARSING_LIMITS) -> None:
        super().__init__(FILES, limits, parse_answer)

    def read(self, data: bytes, agencies: Mapping[str, UUID], now: datetime) -> ParsedFile:
        """What an adapter reads of this file. Raises WrongFile (also where a limit was passed), Unavailable (try again)."""
        if len(data) > MAX_FILE_BYTES:
            raise WrongFile([Finding("ファイル", "", "too-large")])
        try:
            answer = self._ask(_encode_request(data, agencies, now), data)
        except _WorkerFailed as failed:
            raise WrongFile([Finding("ファイル", "", failed.error_code)]) from None
        if not isinstance(answer, ParsedFile):
            raise WrongFile(answer)
        return answer


class AttachmentPool(_WorkerPool[CheckedAttachment | str]):
    """Looks at the files that people attach, and at those that they are sent."""

    def __init__(self, limits: ParsingLimits = ATTACHMENT_LIMITS) -> None:
        super().__init__(ATTACHMENTS, limits, parse_checked)

    def check(self, data: bytes) -> CheckedAttachment:
        """The file as it may be sent. Raises Malformed (why it may not), Unavailable (try again)."""
        if len(data) > MAX_ATTACHMENT_BYTES:
            raise Malformed("attachment-too-large")
        try:
            answer = self._ask(len(data).to_bytes(LENGTH_BYTES, ORDER) + data, data)
        except _WorkerFailed as failed:
            if failed.error_code == "file-unreadable":
                raise Malformed("attachment-broken") from None
            raise Malformed("attachment-too-slow") from None
        if isinstance(answer, CheckedAttachment):
            return answer
        raise _wrong(answer)


def _wrong(code: str) -> Malformed:
    """What the reading process says is wrong with an attachment."""
    return Malformed(code)


def _encode_request(data: bytes, agencies: Mapping[str, UUID], now: datetime) -> bytes:
    head = ParsingRequest(agencies=dict(agencies), now=now, size=len(data)).model_dump_json().encode()
    return len(head).to_bytes(LENGTH_BYTES, ORDER) + head + data


def _end(worker: _Worker | None) -> None:
    if worker is not None:
        worker.end()


class _Worker:
    """One reading process. It gets two pipes, and nothing else of the door: no file, no variable, no terminal."""

    def __init__(self, kind: WorkerKind, limits: ParsingLimits) -> None:
        self.files = 0
        self._limits = limits
        settings = (kind, limits.memory_bytes, limits.cpu_seconds, limits.output_bytes)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", WORKER_MODULE, *map(str, settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            close_fds=True,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
        self._finalizer = weakref.finalize(self, _end_process, self._process)
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)
        try:
            self._receive(monotonic() + START_SECONDS)
        except _WorkerFailed as failed:
            raise Unavailable("file-reader-unavailable") from failed

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: bytes) -> bytes:
        """The answer to a request. Raises _WorkerFailed; then this process has ended."""
        self.files += 1
        deadline = monotonic() + self._limits.wall_seconds
        self._send(request, deadline)
        return self._receive(deadline)

    def end(self) -> None:
        """End this process, by its id."""
        self._finalizer()

    def _send(self, request: bytes, deadline: float) -> None:
        unsent = memoryview(request)
        while unsent:
            self._wait(self._input, selectors.EVENT_WRITE, deadline)
            try:
                unsent = unsent[os.write(self._input, unsent) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._failed() from None

    def _receive(self, deadline: float) -> bytes:
        size = int.from_bytes(self._receive_bytes(LENGTH_BYTES, deadline), ORDER)
        if size > self._limits.output_bytes:
            self.end()
            raise _WorkerFailed("file-too-large-inside")
        return self._receive_bytes(size, deadline)

    def _receive_bytes(self, size: int, deadline: float) -> bytes:
        received = bytearray()
        while len(received) < size:
            self._wait(self._output, selectors.EVENT_READ, deadline)
            try:
                chunk = os.read(self._output, min(size - len(received), 1 << 20))
            except BlockingIOError:
                continue
            if not chunk:
                raise self._failed()
            received += chunk
        return bytes(received)

    def _wait(self, pipe: int, event: int, deadline: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, event)
            if not selector.select(max(0.0, deadline - monotonic())):
                self.end()
                raise _WorkerFailed("file-too-slow")

    def _failed(self) -> _WorkerFailed:
        """Why the process ended by itself; native code that gets no memory aborts."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self.end()
        return _WorkerFailed(_ENDINGS.get(self._process.returncode, "file-unreadable"))


def _end_process(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
