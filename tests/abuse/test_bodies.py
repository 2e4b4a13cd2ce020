"""Long bodies: what they cost a served door in memory, as a ratio to an honest request in the same process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.agency.web.app import MESSAGE_MAX_BYTES

ROOT = Path(__file__).parents[2]
MIB = 1024 * 1024
HONEST_BYTES = 8 * MIB
EXCESS_BYTES = 64 * MIB
FORM = b'--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=b"


class ServedDoor:
    """A door in a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.abuse.served_door", str(folder / "staff.db")]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        about = json.loads(self.process.stdout.readline())
        self.token: str = about["token"]
        host, _, port = about["url"].removeprefix("http://").partition(":")
        self.address = (host, int(port))

    def peak_bytes(self) -> int:
        """The most memory that the process has used since the last ``reset_peak``."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")

    def post(self, path: str, content_type: str, body: bytes, *, headers: str = "") -> tuple[int, int]:
        """Send a body in chunks. Returns the status, and by how many bytes the process grew at most."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        before = self.peak_bytes()
        with socket.create_connection(self.address, timeout=60) as connection:
            head = f"POST {path} HTTP/1.1\r\nhost: {self.address[0]}\r\ncontent-type: {content_type}\r\n"
            try:
                connection.sendall(f"{head}{headers}transfer-encoding: chunked\r\n\r\n".encode())
                for at in range(0, len(body), 65536):
                    piece = body[at : at + 65536]
                    connection.sendall(b"%x\r\n" % len(piece) + piece + b"\r\n")
                connection.sendall(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                pass  # the door reads no further
            status = int(connection.recv(1024).split()[1])
        return status, self.peak_bytes() - before


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDoor]:
    served = ServedDoor(tmp_path_factory.mktemp("door"))
    yield served
    served.process.communicate(timeout=30)


@pytest.fixture(scope="module")
def honest_growth(door: ServedDoor) -> int:
    """What a message of usual form and of nearly the permitted length costs."""
    text = json.dumps({"act": "no-such-act", "reason": "x" * HONEST_BYTES}).encode()
    status, growth = door.post(
        "/api/messages", "application/json", text, headers=f"authorization: Bearer {door.token}\r\n"
    )
    assert status == 400
    return max(growth, HONEST_BYTES)


@pytest.mark.parametrize(
    ("path", "content_type", "begin", "status"),
    [
        pytest.param("/api/messages", "application/json", b'"', 401, id="JSON"),
        pytest.param("/api/files", "application/json", b'"', 401, id="a file for the API"),
        pytest.param("/files", MULTIPART, FORM, 303, id="a file in a form"),
        pytest.param("/sign-in", MULTIPART, FORM, 413, id="a file in the form for signing in"),
    ],
)
def test_a_strangers_long_body_costs_a_fraction_of_an_honest_message(
    door: ServedDoor, honest_growth: int, path: str, content_type: str, begin: bytes, status: int
) -> None:
    answered, growth = door.post(path, content_type, begin + b"x" * EXCESS_BYTES)
    assert answered == status
    assert growth < honest_growth / 2


@pytest.mark.parametrize("path", ["/api/messages", "/api/files", "/api/cases/{0}/items/{0}/open"])
def test_a_system_that_sends_without_end_costs_no_more_than_an_honest_message(
    door: ServedDoor, honest_growth: int, path: str
) -> None:
    path = path.format("00000000-0000-0000-0000-000000000007")
    headers = f"authorization: Bearer {door.token}\r\n"
    status, growth = door.post(path, "application/json", b'"' + b"x" * EXCESS_BYTES, headers=headers)
    assert status == 413
    assert EXCESS_BYTES > 4 * MESSAGE_MAX_BYTES
    assert growth < 1.5 * honest_growth
