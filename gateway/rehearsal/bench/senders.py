"""Senders for a bench: keep-alive HTTP/1.1 with the least work a request, each answer timed.

An ordinary client would cost more than what is measured here: both sides share the same cores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class LoadResult:
    """The answers that a number of senders received. ``seconds``: from the first request to the last answer; ``times``: each
    request's, in seconds; ``answers``: status and body, in the order of the requests."""

    seconds: float
    times: tuple[float, ...]
    answers: tuple[tuple[int, bytes], ...]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.times) / self.seconds

    def quantile(self, part: float) -> float:
        """The time (seconds) under which this part of the requests was answered."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def send_all(url: str, path: str, lanes: Sequence[Sequence[bytes]]) -> LoadResult:
    """POST every body of every lane; one sender a lane, one after the other in it."""
    return asyncio.run(_send_all(url, path, lanes))


async def _send_all(url: str, path: str, lanes: Sequence[Sequence[bytes]]) -> LoadResult:
    host, _, port = url.removeprefix("http://").partition(":")
    connections = [await asyncio.open_connection(host, int(port)) for _ in lanes]
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/octet-stream\r\ncontent-length: "
    )
    try:
        began = perf_counter()
        results = await asyncio.gather(
            *(
                _send_lane(*connection, head.encode(), lane)
                for connection, lane in zip(connections, lanes, strict=True)
            )
        )
        seconds = perf_counter() - began
    finally:
        for _, writer in connections:
            writer.close()
    flat = [timed_answer for lane in results for timed_answer in lane]
    return LoadResult(
        seconds, tuple(t for t, _, _ in flat), tuple((status, body) for _, status, body in flat)
    )


async def _send_lane(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, bodies: Sequence[bytes]
) -> list[tuple[float, int, bytes]]:
    results = []
    for body in bodies:
        began = perf_counter()
        writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        content = await reader.readexactly(length)
        results.append((perf_counter() - began, int(answer[9:12]), content))
    return results
