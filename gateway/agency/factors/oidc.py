"""Sign-in by the agency's identity provider: code flow with PKCE, state and nonce, and the checks that no library makes.

The provider says who somebody is, never what they may do: a person must be of this door already, and linked by an administrator.
Source: OIDC Core, sections 3.1.2 and 3.1.3; OIDC Discovery; OIDC RP-Initiated Logout; RFC 7636.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import KeySet

from domain.errors import Unavailable, Untrusted
from gateway.agency.factors.settings import OidcSettings, is_provider_url

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signatures with a published key only: no shared secret, and never none."""
HASHES = {"256": sha256, "384": sha384, "512": sha512}
LEEWAY_SECONDS = 60
FLOW_SECONDS = 10 * 60
METADATA_SECONDS = 60 * 60
TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 256 * 1024
CALLBACK = "/sign-in/provider/back"


@dataclass(frozen=True)
class Flow:
    """One way to the provider and back. ``cookie``: what binds it to the browser; ``url``: where the browser goes."""

    cookie: str
    url: str


@dataclass(frozen=True)
class StepUp:
    """A session whose person proves it again at the provider, and where they go on, below the door."""

    session: str
    after: str


@dataclass(frozen=True)
class Answer:
    """Whom the provider names, by the claim that is set; ``step_up``: what for, where the person had signed in already."""

    subject: str
    step_up: StepUp | None


@dataclass(frozen=True)
class _Secrets:
    """What one flow shares with the provider: all of it follows from its cookie and this process's key."""

    state: str
    nonce: str
    verifier: str
    began: float


class Provider:
    """The identity provider of one door. Thread-safe. ``now``: seconds of the machine's clock, by which tokens are judged;
    ``public_url``: of the door, below which the provider sends people back."""

    def __init__(self, settings: OidcSettings, public_url: str, now: Callable[[], float]) -> None:
        self.settings, self._now = settings, now
        self.callback = f"{public_url}{CALLBACK}"
        self._key = secrets.token_bytes(32)
        self._lock = (
            Lock()
        )  # owns what was read, what was finished, and what people who have signed in have begun
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None
        self._finished: dict[str, float] = {}
        self._step_ups: dict[str, tuple[float, StepUp]] = {}

    def begin(self, step_up: StepUp | None = None) -> Flow:
        """Send a browser to the provider; with ``step_up`` the person has to prove it anew. Raises Unavailable: provider-away."""
        metadata, settings = self._read_metadata(), self.settings
        now = self._now()
        cookie = f"{secrets.token_urlsafe(32)}.{int(now)}"
        flow = self._secrets_of(cookie)
        extra: dict[str, str] = {}
        if step_up is not None:
            extra |= {"prompt": "login", "max_age": "0"}
        elif settings.max_age_seconds is not None:
            extra["max_age"] = str(settings.max_age_seconds)
        if settings.acr:
            extra["acr_values"] = " ".join(settings.acr)
        with self._client() as client:
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
                **extra,
            )
        if step_up is not None:
            with self._lock:
                self._step_ups = {k: v for k, v in self._step_ups.items() if now - v[0] < FLOW_SECONDS}
                self._step_ups[cookie] = (now, step_up)
        return Flow(cookie, str(url))

    def finish(self, cookie: str, answer: Mapping[str, str]) -> Answer:
        """Whom the provider names. ``answer``: the query with which the browser came back.

        Raises Untrusted: provider-refused, provider-flow; Unavailable: provider-away.
        """
        flow, now = self._secrets_of(cookie), self._now()
        with self._lock:
            is_used = cookie in self._finished
            _, step_up = self._step_ups.get(cookie, (0.0, None))
        in_time = 0 <= now - flow.began < FLOW_SECONDS
        if is_used or not in_time or not _same(answer.get("state", ""), flow.state):
            raise Untrusted("provider-flow")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise Untrusted("provider-refused")
        if "error" in answer or not answer.get("code"):
            raise Untrusted("provider-refused")
        token = self._redeem(answer["code"], flow.verifier)
        claims = self._verified(token, flow.nonce, None if step_up is None else flow.began)
        subject = claims.get(self.settings.claim)
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            raise Untrusted("provider-refused")
        self._finish(cookie)
        return Answer(subject, step_up)

    def _secrets_of(self, cookie: str) -> _Secrets:
        """Raises Untrusted: provider-flow, for what is no cookie of a flow."""
        _, _, began = cookie.partition(".")
        if not (began.isascii() and began.isdigit() and len(began) <= 12):
            raise Untrusted("provider-flow")

        def derived(what: str) -> str:
            digest = hmac.digest(self._key, f"{what}\0{cookie}".encode("utf-8", "surrogatepass"), "sha256")
            return urlsafe_b64encode(digest).rstrip(b"=").decode()

        return _Secrets(derived("state"), derived("nonce"), derived("verifier"), float(began))

    def _finish(self, cookie: str) -> None:
        """Use a flow up: only those that ended well are remembered, so that strangers can't fill the table.

        Raises Untrusted: provider-flow, where it was used meanwhile.
        """
        now = self._now()
        with self._lock:
            self._finished = {k: at for k, at in self._finished.items() if now - at < FLOW_SECONDS}
            if cookie in self._finished:
                raise Untrusted("provider-flow")
            self._finished[cookie] = now
            self._step_ups.pop(cookie, None)

    def sign_out_url(self, after: str) -> str | None:
        """Where the provider signs somebody out, who then comes back to ``after``; None where it can't, or is away."""
        try:
            endpoint = self._read_metadata().get("end_session_endpoint")
        except (Unavailable, Untrusted):
            return None
        if not is_provider_url(endpoint):
            return None
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": after}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    # --- what the provider answers --------------------------------------------------------------------------

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            scope="openid",
            redirect_uri=self.callback,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def _redeem(self, code: str, verifier: str) -> Mapping[str, Any]:
        metadata = self._read_metadata()
        try:
            with self._client() as client:
                return dict(client.fetch_token(metadata["token_endpoint"], code=code, code_verifier=verifier))
        except httpx.TransportError as error:
            raise Unavailable("provider-away") from error
        except (OAuthError, ValueError, TypeError) as error:
            raise Untrusted("provider-refused") from error

    def _verified(self, token: Mapping[str, Any], nonce: str, fresh_since: float | None) -> Mapping[str, Any]:
        """The claims of the ID token, all of them checked. Raises Untrusted: provider-refused."""
        text = token.get("id_token")
        if not isinstance(text, str):
            raise Untrusted("provider-refused")
        try:
            decoded = self._decoded(text)
            _check_claims(decoded.claims, self.settings, nonce, self._now(), fresh_since)
            _check_access_token(decoded.header, decoded.claims, token.get("access_token"))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Untrusted("provider-refused") from error
        return decoded.claims

    def _decoded(self, text: str) -> jwt.Token:
        """The token, by the keys that are known; where they do not fit, by those that the provider publishes now: it may have a
        new key, under a new name or under the same one."""
        try:
            return jwt.decode(text, self._read_keys(), algorithms=ALGORITHMS)
        except (BadSignatureError, JoseError, ValueError):
            return jwt.decode(text, self._read_keys(again=True), algorithms=ALGORITHMS)

    def _read_metadata(self) -> dict[str, Any]:
        with self._lock:
            known = self._metadata
        if known is not None and self._now() - known[0] < METADATA_SECONDS:
            return known[1]
        metadata = self._get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if metadata.get("issuer") != self.settings.issuer or not all(
            is_provider_url(metadata.get(k)) for k in wanted
        ):
            raise Untrusted("provider-refused")
        with self._lock:
            self._metadata = (self._now(), metadata)
        return metadata

    def _read_keys(self, *, again: bool = False) -> KeySet:
        with self._lock:
            known = self._keys
        if known is not None and not again:
            return known
        published = self._get(self._read_metadata()["jwks_uri"])
        try:
            usable = [
                k for k in published["keys"] if k.get("kty") in ("RSA", "EC") and k.get("use", "sig") == "sig"
            ]
            keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Untrusted("provider-refused") from error
        with self._lock:
            self._keys = keys
        return keys

    def _get(self, url: str) -> dict[str, Any]:
        """A JSON object of the provider. Raises Unavailable: provider-away."""
        try:
            with (
                httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client,
                client.stream("GET", url) as response,
            ):
                body = b""
                for part in response.iter_bytes():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise ValueError
            answer = json.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable("provider-away") from error
        if response.status_code != 200 or not isinstance(answer, dict):
            raise Unavailable("provider-away")
        return answer


def _check_claims(
    claims: Mapping[str, Any], settings: OidcSettings, nonce: str, now: float, fresh_since: float | None
) -> None:
    """Raises ValueError, JoseError. Source: OIDC Core, section 3.1.3.7."""
    jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": settings.issuer},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    ).validate(dict(claims))
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    others = claims.get("azp", settings.client_id if len(audience) == 1 else None)
    if settings.client_id not in audience or others != settings.client_id:
        raise ValueError("audience")
    if not isinstance(claims.get("nonce"), str) or not _same(claims["nonce"], nonce):
        raise ValueError("nonce")
    if settings.acr and claims.get("acr") not in settings.acr:
        raise ValueError("acr")
    oldest = fresh_since
    if oldest is None and settings.max_age_seconds is not None:
        oldest = now - settings.max_age_seconds
    if oldest is not None:
        at = claims.get("auth_time")
        if (
            not isinstance(at, int | float)
            or isinstance(at, bool)
            or not oldest - LEEWAY_SECONDS <= at <= now + LEEWAY_SECONDS
        ):
            raise ValueError("auth_time")


def _check_access_token(header: Mapping[str, Any], claims: Mapping[str, Any], access_token: Any) -> None:
    """Raises ValueError where the token names another access token. Source: OIDC Core, section 3.1.3.6."""
    stated = claims.get("at_hash")
    if stated is None:
        return
    digest = HASHES[str(header["alg"])[2:]](str(access_token).encode("ascii")).digest()
    half = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not isinstance(stated, str) or not _same(stated, half):
        raise ValueError("at_hash")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
