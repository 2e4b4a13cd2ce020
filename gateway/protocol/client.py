"""A client of the hub: HTTP with signed frames."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import UUID

import httpx2 as httpx

from domain.errors import Unavailable
from gateway.protocol.hub_watch import HubWatch
from gateway.protocol.problems import error_of
from gateway.protocol.trust import trusted_certificates
from gateway.protocol.waiting import seconds_left
from keys.frame import Frame, parse_frame
from keys.genesis import Genesis, verify_genesis

REQUEST_TYPE = "application/vnd.kakehashi.request"
CALL_SECONDS = 30.0
"""For one call: a large item over a slow line, a command behind a full queue."""
PROBE_SECONDS = 2.0
"""For the question whether the hub answers at all, which needs no work of it."""

T = TypeVar("T")


def retry_until_timeout(
    call: Callable[[], T], seconds: float, *, give_up: Callable[[], bool] = lambda: False
) -> T:
    """Call again while the call raises Unavailable, for at most so many ``seconds``; then raise it.

    The same command is recorded once, so sending its bytes again is safe; a query must be signed anew for each call.
    ``pending-key`` is raised at once: it takes longer. Work with limited time is not retried beyond it,
    nor once ``give_up`` says that it is of no use.
    """
    left = seconds_left()
    until, pause = monotonic() + (seconds if left is None else min(seconds, left)), 0.05
    while True:
        try:
            return call()
        except Unavailable as error:
            if monotonic() + pause > until or error.error_code == "pending-key" or give_up():
                raise
        sleep(pause)
        pause = min(pause * 2, 1.0)


class HubClient:
    """Talks to one hub, whose id the caller has pinned. Thread-safe.

    While the hub is away (``watch``) calls raise Unavailable at once.
    """

    def __init__(
        self,
        url: str,
        *,
        hub: bytes | None = None,
        timeout: float = CALL_SECONDS,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self._http = httpx.Client(base_url=url, timeout=timeout, verify=trusted_certificates())
        self._timeout = timeout
        self._probe_seconds = probe_seconds
        self._pinned_hub_id = hub
        self.watch = HubWatch(self._answers)

    def close(self) -> None:
        self.watch.close()
        self._http.close()

    def _answers(self) -> bool:
        try:
            return self._http.get("/healthz", timeout=self._probe_seconds).status_code == 200
        except (httpx.HTTPError, RuntimeError):  # RuntimeError: the client was closed meanwhile
            return False

    def _send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        """One call. Raises Unavailable where the hub does not answer in time, or is known not to answer."""
        left = seconds_left()
        if self.watch.away_seconds is not None or (left is not None and left <= 0):
            raise Unavailable("hub-unreachable")
        timeout = self._timeout if left is None else min(self._timeout, left)
        try:
            return self._http.request(method, path, timeout=timeout, **kwargs)
        except httpx.HTTPError as error:
            self.watch.suspect()
            raise Unavailable("hub-unreachable") from error

    def genesis(self) -> Genesis:
        """The hub's genesis, verified against the pin. Raises Untrusted, Unavailable."""
        frame = parse_frame(self._get_bytes("/v1/genesis"))
        return verify_genesis(frame, hub=self._pinned_hub_id)

    def key_sets(self, agency: UUID) -> list[Frame]:
        """The published key sets of an agency, oldest first, as they were signed (not verified here)."""
        return [
            parse_frame(b64decode(encoded))
            for encoded in self._request_json("GET", f"/v1/key-sets/{agency}")["frames"]
        ]

    def agencies(self) -> list[dict[str, Any]]:
        """The agencies that have a key set: id and digest of the key set in force."""
        agencies: list[dict[str, Any]] = self._request_json("GET", "/v1/agencies")["agencies"]
        return agencies

    def submit(self, request: bytes) -> dict[str, Any]:
        """Send one request and return the hub's answer. Raises the error that the hub answers, or Unavailable.

        A recorded refusal is an answer, too (``outcome: refused``).
        """
        return self._request_json("POST", "/v1/commands", content=request)

    def query(self, request: bytes) -> dict[str, Any]:
        """Send a signed query, which is not recorded: feed, recipients, ledger."""
        return self._request_json("POST", "/v1/queries", content=request)

    def put_item(self, digest: bytes, sealed: bytes, request: bytes) -> None:
        """Upload a sealed item for the item store, with the signed query ``upload``. Idempotent."""
        headers = {"kakehashi-request": b64encode(request).decode("ascii")}
        self._request_json("PUT", f"/v1/items/{digest.hex()}", content=sealed, headers=headers)

    def checkpoint(self) -> bytes:
        """The last signed head of the log, as a note (not verified here). Raises NotFound before the first."""
        return self._get_bytes("/v1/log/checkpoint")

    def witnessed(self) -> bytes:
        """The newest head with its cosignatures (not verified here). Raises NotFound before the first."""
        return self._get_bytes("/v1/log/witnessed")

    def inclusion(self, seq: int, size: int) -> dict[str, Any]:
        """The proof for the record at this position under the head of ``size`` leaves: index, size, proof in hex."""
        return self._request_json("GET", f"/v1/log/proof/{seq}?size={size}")

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the head of ``second`` leaves continues that of ``first``."""
        path = f"/v1/log/consistency?first={first}&second={second}"
        return [bytes.fromhex(encoded) for encoded in self._request_json("GET", path)["proof"]]

    def now(self) -> str:
        """The hub's time (UTC text), which is also the time of a rehearsal's doors."""
        return str(self._request_json("GET", "/v1/clock")["now"])

    def set_clock(self, at: str, token: str) -> dict[str, Any]:
        """Move a rehearsal's clock."""
        headers = {"authorization": f"Bearer {token}"}
        return self._request_json("POST", "/v1/rehearsal/clock", json={"at": at}, headers=headers)

    def health(self) -> dict[str, Any]:
        """The hub's health report, ready or not. Raises Unavailable."""
        try:
            report: dict[str, Any] = self._send("GET", "/readyz").json()
        except ValueError as error:
            raise Unavailable("hub-unreachable") from error
        return report

    def _get_bytes(self, path: str) -> bytes:
        response = self._send("GET", path)
        if response.status_code != 200:
            raise error_of(response.status_code, _problem_body(response))
        return response.content

    def _request_json(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        if "content" in kwargs:
            kwargs["headers"] = {"content-type": REQUEST_TYPE, **kwargs.get("headers", {})}
        response = self._send(method, path, **kwargs)
        body = _problem_body(response)
        if response.status_code >= 400 and body.get("outcome") != "refused":
            raise error_of(response.status_code, body)
        return body


def _problem_body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
