"""A small identity provider that signs what a test wants: for answers that an honest provider never gives."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


class SigningProvider:
    """``claims``: what the next ID token states instead; ``keys``: those that are published; ``signs_with``: the private one."""

    client_id = "kakehashi"

    def __init__(self, now: list[float]) -> None:
        self.now = now
        self.issuer = ""
        self.signs_with = new_key("one")
        self.published: list[RSAKey] = [self.signs_with]
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.nonces: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.key_requests = 0

    def authorize(self, url: str, code: str = "code-1") -> dict[str, str]:
        """Sign in at the address to which the browser was sent; the query with which it comes back."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        self.nonces[code] = asked["nonce"]
        self.asked = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        self.forms.append(form)
        digest = sha256(b"access").digest()
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": "subject-1",
            "iat": int(self.now[0]),
            "exp": int(self.now[0]) + 300,
            "nonce": self.nonces[form["code"]],
            "at_hash": urlsafe_b64encode(digest[:16]).rstrip(b"=").decode(),
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.signs_with.kid, **self.header}
        signed = jwt.encode(header, claims, self.signs_with)
        return {"access_token": "access", "token_type": "Bearer", "id_token": signed}

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/jwks":
            self.key_requests += 1
            return {"keys": [key.as_dict(private=False) for key in self.published]}
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/out",
        }


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@contextmanager
def served(provider: SigningProvider) -> Iterator[SigningProvider]:
    """The provider on loopback, until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(provider.answer(urlsplit(self.path).path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._send(provider.token({k: v[0] for k, v in parse_qs(body).items()}))

        def _send(self, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join(5)
