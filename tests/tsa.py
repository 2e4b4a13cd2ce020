"""A time stamping authority made on the spot: OpenSSL's, behind HTTP on loopback, and ways to let it lie or be away."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import pytest

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
POLICY, OTHER_POLICY = "1.2.3.4.1", "1.2.3.4.5"
GRANTED, REJECTED = "3003020100", "3003020102"
_USES = {
    "self": "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n",
    "root": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n",
    "wordy": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nnsComment=longer than another\n",
    "time": "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n",
    "lax": "keyUsage=critical,digitalSignature\nextendedKeyUsage=timeStamping\n",
    "both": "keyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping,emailProtection\n",
    "plain": "keyUsage=critical,digitalSignature\n",
}
_CONFIG = f"""
[req]
distinguished_name=dn
[dn]
[reply]
serial=serial
default_policy={POLICY}
other_policies={OTHER_POLICY}
digests=sha256,sha384,sha512
signer_digest=sha256
ess_cert_id_alg=sha256
"""


class Authority:
    """Its root and its certificates lie in one folder; each is called by its name."""

    def __init__(self, folder: Path, root: str = "root") -> None:
        self.folder = folder
        self.root = root
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "serial").write_text("01\n")
        uses = "".join(f"[{name}]\n{lines}" for name, lines in _USES.items())
        (folder / "tsa.cnf").write_text(_CONFIG + uses)
        self._lock = Lock()
        self.self_certify(root, "root")
        self.certify("time")

    def self_certify(self, name: str, use: str) -> None:
        """A certificate of this name, for this use, by itself."""
        self._key(name)
        wanted = ["-config", "tsa.cnf", "-extensions", use, "-subj", f"/CN={name}", "-days", "3650"]
        self._run("req", "-x509", "-new", "-key", f"{name}.key", "-out", f"{name}.pem", *wanted)

    def certify(self, name: str, use: str = "time", *, days: int = 3650, by: str = "") -> None:
        """A certificate of this name, for this use, by the root or another."""
        self._key(name)
        subject = ["-config", "tsa.cnf", "-subj", f"/CN={name}"]
        self._run("req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr", *subject)
        issuer = ["-CA", f"{by or self.root}.pem", "-CAkey", f"{by or self.root}.key", "-CAcreateserial"]
        what = ["-in", f"{name}.csr", "-out", f"{name}.pem", "-days", str(days)]
        self._run("x509", "-req", *what, *issuer, "-extfile", "tsa.cnf", "-extensions", use)

    def pem(self, *names: str) -> bytes:
        return b"".join((self.folder / f"{n}.pem").read_bytes() for n in (names or (self.root,)))

    def answer(
        self, request: bytes, *, signer: str = "time", more: tuple[str, ...] = (), precision_digits: int = 0
    ) -> bytes:
        """What ``openssl ts`` replies. ``precision_digits``: of the fraction of a second in the token's time."""
        with self._lock:
            (self.folder / "q").write_bytes(request)
            config = (self.folder / "tsa.cnf").read_text()
            precision = f"[reply]\nclock_precision_digits={precision_digits}"
            (self.folder / "precise.cnf").write_text(config.replace("[reply]", precision))
            by = ["-signer", f"{signer}.pem", "-inkey", f"{signer}.key"]
            asked = ["-queryfile", "q", "-out", "r", "-config", "precise.cnf", "-section", "reply"]
            self._run("ts", "-reply", *asked, *by, *more)
            return (self.folder / "r").read_bytes()

    def signed_by(self, answer: bytes, signer: str) -> bytes:
        """The same word, signed by a certificate by which ``openssl ts`` would not sign."""
        (self.folder / "r").write_bytes(answer)
        self._run("ts", "-reply", "-in", "r", "-token_out", "-out", "token")
        self._run("cms", "-verify", "-noverify", "-inform", "DER", "-in", "token", "-out", "said")
        form = ["-binary", "-nodetach", "-cades", "-econtent_type", "1.2.840.113549.1.9.16.1.4"]
        by = ["-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-md", "sha256"]
        self._run("cms", "-sign", *form, *by, "-in", "said", "-outform", "DER", "-out", "token")
        return response(GRANTED, (self.folder / "token").read_bytes())

    def _key(self, name: str) -> None:
        self._run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")

    def _run(self, *args: str) -> None:
        done = subprocess.run(["openssl", *args], cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def response(status: str, token: bytes = b"") -> bytes:
    """TimeStampResp in DER: a status, and a token of 256 bytes or more where there is one."""
    body = bytes.fromhex(status) + token
    return (
        b"\x30" + bytes([len(body)]) if len(body) < 128 else b"\x30\x82" + len(body).to_bytes(2, "big")
    ) + body


class ServedAuthority:
    """An authority over HTTP. ``reply``: what is answered to a request, status and bytes; ``asked``: all requests."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.asked: list[bytes] = []
        self.reply: Callable[[bytes], tuple[int, bytes]] = lambda request: (200, authority.answer(request))
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def up(self) -> None:
        """Answer again, at the same address."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), self._handler())
        self._port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        """Away: nobody listens there."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["content-length"]))
                outer.asked.append(request)
                assert self.headers["content-type"] == "application/timestamp-query"
                status, data = outer.reply(request)
                self.send_response(status)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
