"""Slow, silent and many clients at a served application. Times are set low for the test, and none is asserted."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import MappingProxyType

import httpx2 as httpx
import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse

from domain.error_codes import TABLE
from gateway.protocol import limits as limits_module
from gateway.protocol import outermost
from gateway.protocol.application import Application
from gateway.protocol.limits import Capacity, ConnectionLimits, Duration, Load, RouteLimit
from gateway.protocol.security_headers import SECURITY_HEADERS
from gateway.protocol.serving import ServedApp

MAX_BYTES = 64 * 1024
TABLE_OF_TEST = [
    RouteLimit("GET", "/healthz", Load.HEALTH),
    RouteLimit("GET", "/public", Load.PUBLIC),
    RouteLimit("GET", "/stream", Load.KNOWN),
    RouteLimit("GET", "/wait", Load.KNOWN),
    RouteLimit("GET", "/fail", Load.KNOWN),
    RouteLimit("POST", "/read", Load.KNOWN, MAX_BYTES),
    RouteLimit("POST", "/unread", Load.KNOWN, 64 * MAX_BYTES),
]
CAPACITIES = {
    Load.PUBLIC: Capacity(active=2, waiting=0, of_one_source=1),
    Load.KNOWN: Capacity(active=1, waiting=1),
}
QUICK = ConnectionLimits(connections=3, head=0.3, idle=0.3, stalled=0.3, linger=0.3, check_every=0.05)
LONG = {load: Duration(body=60, answer=60) for load in Load}


class Bench:
    """An application whose handlers wait until they are let go."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Semaphore(0), threading.Event()
        self.app = Application(limits=TABLE_OF_TEST, capacities=CAPACITIES)
        app = self.app

        @app.get("/healthz")
        async def health() -> dict[str, str]:
            return {"status": "up"}

        @app.get("/wait")
        def wait() -> dict[str, str]:
            self.entered.release()
            self.let_go.wait(30)
            return {"waited": "yes"}

        app.get("/public")(wait)

        @app.get("/stream")
        def stream() -> StreamingResponse:
            def parts() -> Iterator[bytes]:
                yield b"begin"
                self.entered.release()
                self.let_go.wait(30)
                yield b"x" * (8 * 1024 * 1024) + b"end"

            return StreamingResponse(parts())

        @app.get("/fail")
        def fail() -> None:
            raise RuntimeError("山田花子 lives at /cases/secret")

        @app.post("/read")
        async def read(request: Request) -> dict[str, int]:
            return {"read": len(await request.body())}

        @app.post("/unread")
        async def unread() -> dict[str, str]:
            return {"read": "nothing"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.let_go.set()


@pytest.fixture
def served(bench: Bench) -> Iterator[ServedApp]:
    with ServedApp(bench.app, trusted_proxies=["127.0.0.1"]) as served_app:
        yield served_app
        bench.let_go.set()


def connect(served: ServedApp) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=30)


def read_all(connection: socket.socket) -> bytes:
    """What arrives until the server closes the connection."""
    data = b""
    try:
        while part := connection.recv(65536):
            data += part
    except ConnectionResetError:
        data += b"<reset>"
    return data


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *headers, "", ""]).encode()


def code_of(answer: bytes) -> tuple[int, str]:
    """Status and error code of a whole answer, which must be a problem with every security header."""
    lines, _, body = answer.partition(b"\r\n\r\n")
    names = {line.split(b":")[0].lower().decode() for line in lines.splitlines()[1:]}
    assert names >= {name.lower() for name in SECURITY_HEADERS}
    document = json.loads(body)
    assert document["detail_ja"] == TABLE[document["error_code"]].text_ja
    return int(lines.split()[1]), document["error_code"]


# --- connections ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "begin",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nhost: 127.0", id="half a head"),
        pytest.param(head("GET", "/healthz") + b"GET /heal", id="half a second head"),
        pytest.param(head("GET", "/healthz"), id="no second request"),
    ],
)
def test_a_connection_that_sends_no_whole_head_is_closed(bench: Bench, begin: bytes) -> None:
    with ServedApp(bench.app, limits=QUICK) as served, connect(served) as connection:
        connection.sendall(begin)
        read_all(connection)  # ends: the server closes


def test_an_answer_that_nobody_reads_is_given_up(bench: Bench) -> None:
    bench.let_go.set()
    with ServedApp(bench.app, limits=QUICK) as served:
        silent = socket.socket()
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.connect(("127.0.0.1", served.port))
        silent.sendall(head("GET", "/stream"))
        protocols = served._server.server_state.connections
        assert bench.entered.acquire(timeout=30)
        deadline = threading.Event()
        for _ in range(300):
            if not protocols:
                break
            deadline.wait(0.1)
        assert not protocols
        silent.close()


def test_an_idle_connection_makes_room_for_a_new_one(bench: Bench) -> None:
    few = ConnectionLimits(connections=3)
    with ServedApp(bench.app, limits=few) as served, ExitStack() as stack:
        idle = [stack.enter_context(connect(served)) for _ in range(10)]
        assert httpx.get(f"{served.url}/healthz").status_code == 200
        assert read_all(idle[0]) in (b"", b"<reset>")


def test_a_connection_too_many_is_answered_with_503_where_all_others_are_worked_on(bench: Bench) -> None:
    few = ConnectionLimits(connections=2)
    with ServedApp(bench.app, limits=few) as served, ExitStack() as stack:
        for _ in range(2):
            busy = stack.enter_context(connect(served))
            busy.sendall(head("GET", "/wait"))
        assert bench.entered.acquire(timeout=30)
        for _ in range(100):  # until the second is being waited for, too
            waiting = served._server.server_state.connections
            if len(waiting) == 2 and all(c.idle_since is None for c in waiting):  # type: ignore[attr-defined]
                break
            threading.Event().wait(0.05)
        answer = read_all(stack.enter_context(connect(served)))
        assert code_of(answer) == (503, "too-busy")
        assert b"retry-after: " in answer
        bench.let_go.set()


def test_what_is_not_http_is_answered_with_a_problem(
    served: ServedApp, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(served) as connection:
        connection.sendall(b"\x16\x03\x01 this is TLS\r\n\r\n")
        assert code_of(read_all(connection)) == (400, "not-http")
    assert caplog.records == []


def test_a_request_to_change_the_protocol_is_answered_as_a_usual_one_and_not_logged(
    served: ServedApp, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"connection": "upgrade", "upgrade": "websocket"}
    assert httpx.get(f"{served.url}/healthz", headers=headers).json() == {"status": "up"}
    assert caplog.records == []


# --- bodies -----------------------------------------------------------------------------------------------------


def test_a_body_that_arrives_too_slowly_is_answered_with_408(
    served: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outermost, "DURATIONS", {**LONG, Load.KNOWN: Duration(body=0.2, answer=60)})
    with connect(served) as connection:
        connection.sendall(head("POST", "/read", "content-length: 100") + b"x")
        answer = read_all(connection)
        assert code_of(answer) == (408, "body-too-slow")
        assert b"connection: close" in answer


@pytest.mark.parametrize(
    ("declared", "sent"),
    [
        pytest.param(f"content-length: {MAX_BYTES + 1}", b"", id="declared"),
        pytest.param(
            "transfer-encoding: chunked", b"%x\r\n" % (2 * MAX_BYTES) + b"x" * MAX_BYTES * 2, id="sent"
        ),
    ],
)
def test_a_body_that_is_too_long_is_answered_before_it_ends(
    served: ServedApp, declared: str, sent: bytes
) -> None:
    with connect(served) as connection:
        connection.sendall(head("POST", "/read", declared) + sent)
        answer = read_all(connection)
        assert code_of(answer) == (413, "body-too-long")
        assert b"connection: close" in answer


def test_a_body_of_just_the_permitted_length_is_read(served: ServedApp) -> None:
    url = f"{served.url}/read"
    assert httpx.post(url, content=bytes(MAX_BYTES)).json() == {"read": MAX_BYTES}
    assert httpx.post(url, content=iter([bytes(MAX_BYTES - 1), b"x"])).json() == {"read": MAX_BYTES}


def test_whoever_still_sends_can_read_why_he_was_refused(served: ServedApp) -> None:
    """A server that closed at once would answer the rest with a reset, and the client might miss the answer."""
    with connect(served) as connection:
        connection.sendall(head("POST", "/unread", f"content-length: {64 * MAX_BYTES}"))
        for _ in range(8):
            connection.sendall(bytes(MAX_BYTES))
            threading.Event().wait(0.01)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    assert b"<reset>" not in answer


def test_what_follows_a_refused_body_is_not_read_as_a_request(served: ServedApp) -> None:
    with connect(served) as connection:
        connection.sendall(
            head("POST", "/read", f"content-length: {MAX_BYTES + 1}") + head("GET", "/healthz") * 3
        )
        assert read_all(connection).count(b"HTTP/1.1 ") == 1


# --- places ------------------------------------------------------------------------------------------------------


def in_background(call: Callable[[], httpx.Response], into: list[httpx.Response]) -> threading.Thread:
    thread = threading.Thread(target=lambda: into.append(call()))
    thread.start()
    return thread


def test_a_busy_server_answers_503_and_its_health(bench: Bench, served: ServedApp) -> None:
    answers: list[httpx.Response] = []
    url = f"{served.url}/wait"
    threads = [in_background(lambda: httpx.get(url, timeout=60), answers) for _ in range(2)]
    assert bench.entered.acquire(timeout=30)
    places = bench.app.outermost.places[Load.KNOWN]
    for _ in range(600):
        if len(places._waiting) == 1:
            break
        threading.Event().wait(0.05)
    refused = httpx.get(url, timeout=60)
    assert (refused.status_code, refused.json()["error_code"]) == (503, "too-busy")
    assert int(refused.headers["retry-after"]) > 0
    assert httpx.get(f"{served.url}/healthz").status_code == 200
    bench.let_go.set()
    for thread in threads:
        thread.join(30)
    assert [a.status_code for a in answers] == [200, 200]  # the one that waited was answered, too
    for _ in range(600):  # a place is free after its answer was sent
        if not places.active:
            break
        threading.Event().wait(0.05)
    assert places.active == 0


def test_one_source_cannot_take_every_place(bench: Bench, served: ServedApp) -> None:
    def ask(source: str) -> httpx.Response:
        return httpx.get(f"{served.url}/public", headers={"x-forwarded-for": source}, timeout=60)

    answers: list[httpx.Response] = []
    first = in_background(lambda: ask("192.0.2.1"), answers)
    assert bench.entered.acquire(timeout=30)
    refused = ask("192.0.2.1")
    assert (refused.status_code, refused.json()["error_code"]) == (429, "too-many-requests")
    assert int(refused.headers["retry-after"]) > 0
    other = in_background(lambda: ask("192.0.2.2"), answers)
    assert bench.entered.acquire(timeout=30)
    bench.let_go.set()
    first.join(30)
    other.join(30)
    assert [a.status_code for a in answers] == [200, 200]
    assert ask("192.0.2.1").status_code == 200


def test_a_request_that_waits_too_long_for_its_place_is_answered_with_503(
    bench: Bench, served: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "WAIT_SECONDS", 0.1)
    answers: list[httpx.Response] = []
    thread = in_background(lambda: httpx.get(f"{served.url}/wait", timeout=60), answers)
    assert bench.entered.acquire(timeout=30)
    assert httpx.get(f"{served.url}/wait", timeout=60).json()["error_code"] == "too-busy"
    bench.let_go.set()
    thread.join(30)
    assert answers[0].status_code == 200
    assert httpx.get(f"{served.url}/wait").status_code == 200  # no place was lost


# --- answers ------------------------------------------------------------------------------------------------------


def test_an_answer_that_does_not_begin_in_time_is_given_up(
    bench: Bench, served: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outermost, "DURATIONS", {**LONG, Load.KNOWN: Duration(body=60, answer=0.2)})
    answer = httpx.get(f"{served.url}/wait", timeout=60)
    assert (answer.status_code, answer.json()["error_code"]) == (503, "answer-too-slow")
    assert bench.app.outermost.places[Load.KNOWN].active == 1  # its work goes on
    bench.let_go.set()


def test_a_long_answer_that_has_begun_is_not_cut(
    bench: Bench, served: ServedApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        outermost, "DURATIONS", MappingProxyType({**LONG, Load.KNOWN: Duration(body=60, answer=0.1)})
    )
    answers: list[httpx.Response] = []
    thread = in_background(lambda: httpx.get(f"{served.url}/stream", timeout=60), answers)
    assert bench.entered.acquire(timeout=30)
    threading.Event().wait(0.3)
    bench.let_go.set()
    thread.join(30)
    assert answers[0].content.endswith(b"end")


def test_a_defect_is_one_line_in_the_log_without_what_somebody_wrote(
    served: ServedApp, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = httpx.get(f"{served.url}/fail")
    assert (answer.status_code, answer.json()["error_code"]) == (500, "unexpected")
    for _ in range(600):  # the line is written after the answer
        lines = [r.getMessage() for r in caplog.records if r.name.startswith(("kakehashi", "uvicorn"))]
        if lines:
            break
        threading.Event().wait(0.05)
    assert httpx.get(f"{served.url}/healthz").status_code == 200
    assert len(lines) == 1
    assert "RuntimeError at test_connections.py" in lines[0]
    assert "花子" not in lines[0]
    assert "secret" not in lines[0]
    assert "Traceback" not in capfd.readouterr().err


def test_only_bounded_applications_are_served() -> None:
    from fastapi import FastAPI

    with pytest.raises(TypeError):
        ServedApp(FastAPI())  # type: ignore[arg-type]
