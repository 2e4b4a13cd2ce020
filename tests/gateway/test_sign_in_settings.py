"""What an agency sets for signing in: without a file the strictest holds, and a wrong one is named by its key."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Malformed
from gateway.agency.factors.settings import FILE, OidcSettings, SignInSettings

OIDC = {"issuer": "https://idp.example", "client_id": "door", "client_secret_file": "secret"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("a secret\n")
    (tmp_path / "secret").chmod(0o600)
    return tmp_path


def read(folder: Path, settings: Any) -> SignInSettings:
    (folder / FILE).write_text(settings if isinstance(settings, str) else json.dumps(settings))
    return SignInSettings.read(folder)


def test_without_a_file_or_a_day_a_second_factor_is_asked_from_the_beginning(folder: Path) -> None:
    for settings in (SignInSettings.read(folder), read(folder, {})):
        assert settings == SignInSettings(second_factor_from=date.min)
        assert settings.needs_second_factor(0.0)
    assert not read(folder, {"second_factor_from": None}).needs_second_factor(0.0)


def test_an_identity_provider_is_read_with_its_secret(folder: Path) -> None:
    settings = read(folder, {"public_url": "https://door.example", "oidc": OIDC})
    assert settings.oidc == OidcSettings("https://idp.example", "door", "a secret")


@pytest.mark.parametrize(
    ("written", "url", "rp_id"),
    [
        ("https://Door.Example:443/az/", "https://door.example/az", "door.example"),
        ("HTTPS://door.example", "https://door.example", "door.example"),
        ("https://door.example:8443", "https://door.example:8443", "door.example"),
        ("http://LOCALHOST:80/", "http://localhost", "localhost"),
        ("", "", ""),
    ],
)
def test_the_address_of_the_door_is_kept_as_browsers_write_it(
    folder: Path, written: str, url: str, rp_id: str
) -> None:
    settings = read(folder, {"public_url": written})
    assert (settings.public_url, settings.rp_id) == (url, rp_id)
    assert settings.origin == url.removesuffix("/az")


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        pytest.param("{", "the whole file", id="no JSON"),
        pytest.param({"second_factor": None}, "the names of its keys", id="an unknown key"),
        pytest.param({"second_factor_from": "soon"}, "second_factor_from", id="no day"),
        *(
            pytest.param({"public_url": url}, "public_url", id=f"public_url {url}")
            for url in (
                "https://[",
                "https://door.example:port",
                "http://door.example",
                "http://127.0.0.1",
                "https://",
                "https://user@door.example",
                "https://door.example/?a=b",
                7,
                None,
            )
        ),
        pytest.param({"oidc": OIDC}, "public_url", id="a provider without an address to come back to"),
        *(
            pytest.param({"oidc": OIDC | {"issuer": url}}, "oidc.issuer", id=f"issuer {url}")
            for url in ("http://idp.example", "https://[", "ftp://idp.example", "idp.example", "")
        ),
        pytest.param({"oidc": OIDC | {"secret": "x"}}, "oidc", id="an unknown key of the provider"),
    ],
)
def test_a_wrong_file_is_refused_by_the_key_to_correct(folder: Path, settings: Any, key: str) -> None:
    with pytest.raises(Malformed, match="sign-in-settings") as raised:
        read(folder, settings)
    assert f"Correct {key}" in str(raised.value.detail)


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_secret_that_others_may_read_is_refused(folder: Path, mode: int) -> None:
    (folder / "secret").chmod(mode)
    with pytest.raises(Malformed) as raised:
        read(folder, {"public_url": "https://door.example", "oidc": OIDC})
    assert "client_secret_file" in str(raised.value.detail)
