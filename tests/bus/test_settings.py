"""Settings: read from an environment, refused when they can't be meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.bus import BusSettings, Factory
from adapters.bus.settings import _ENV

README = (Path(__file__).parents[2] / "adapters" / "bus" / "README.md").read_text(encoding="utf-8")


def test_an_empty_environment_gives_the_defaults():
    assert BusSettings.from_env({}) == BusSettings()
    assert BusSettings.from_env({"JETSTREAM_URL": "  ", "JETSTREAM_TIMEOUT": ""}) == BusSettings()


def test_every_setting_is_read_from_the_environment():
    env = {
        "JETSTREAM_URL": "tls://a:4222, tls://b:4222",
        "JETSTREAM_STREAM": "HUB",
        "JETSTREAM_SUBJECT_PREFIX": "hub.v1",
        "JETSTREAM_SEED_FILE": "/run/seed",
        "JETSTREAM_SYS_SEED_FILE": "/run/sys.seed",
        "JETSTREAM_SYS_INBOX": "_INBOX.reports",
        "JETSTREAM_REQUIRE_SYNC": "no",
        "JETSTREAM_TIMEOUT": "30",
        "JETSTREAM_TRY_TIMEOUT": "10.5",
        "JETSTREAM_CONNECT_TIMEOUT": "2",
        "JETSTREAM_REPLICAS": "3",
        "JETSTREAM_BUCKET": "hub-items",
        "JETSTREAM_INBOX": "_INBOX.hub",
        "JETSTREAM_TLS_CA": "/tls/ca.pem",
        "JETSTREAM_TLS_CERT": "/tls/cert.pem",
        "JETSTREAM_TLS_KEY": "/tls/key.pem",
        "JETSTREAM_CLIENT_NAME": "hub-1",
        "ORIGINATOR_ID_TYPE": "text",
    }
    assert set(env) == set(_ENV)
    settings = BusSettings.from_env(env)
    assert settings == BusSettings(
        url="tls://a:4222, tls://b:4222",
        stream="HUB",
        prefix="hub.v1",
        seed_file=Path("/run/seed"),
        sys_seed_file=Path("/run/sys.seed"),
        sys_inbox="_INBOX.reports",
        require_sync=False,
        timeout=30.0,
        try_timeout=10.5,
        connect_timeout=2.0,
        replicas=3,
        bucket="hub-items",
        inbox="_INBOX.hub",
        ids="text",
        tls_ca=Path("/tls/ca.pem"),
        tls_cert=Path("/tls/cert.pem"),
        tls_key=Path("/tls/key.pem"),
        name="hub-1",
    )
    assert settings.urls == ["tls://a:4222", "tls://b:4222"]
    assert settings.servers == 3
    system = settings.as_system()
    assert system is not None
    assert (system.seed_file, system.inbox) == (Path("/run/sys.seed"), "_INBOX.reports")
    assert system.as_system() is None


@pytest.mark.parametrize(
    "key", [*_ENV, Factory.JETSTREAM_OPS_SEED_FILE, Factory.JETSTREAM_OPS_INBOX, Factory.CREATE_TABLE]
)
def test_every_setting_is_documented(key):
    assert f"`{key}`" in README


@pytest.mark.parametrize(
    "wrong",
    [
        {"stream": "A.B"},
        {"stream": ""},
        {"bucket": "a/b"},
        {"prefix": "a..b"},
        {"prefix": "a.>"},
        {"inbox": "*"},
        {"timeout": 0.0},
        {"try_timeout": -1.0},
        {"replicas": 2},
        {"ids": "int"},
        {"seed": "S", "seed_file": Path("f")},
    ],
    ids=str,
)
def test_invalid_settings_are_refused(wrong):
    with pytest.raises(ValueError):
        BusSettings(**wrong)


def test_a_seed_is_read_from_its_file(tmp_path):
    (tmp_path / "seed").write_text("SUABC\n")
    assert BusSettings(seed_file=tmp_path / "seed").read_seed() == "SUABC"
    assert BusSettings(seed="SUX").read_seed() == "SUX"
    assert BusSettings().read_seed() is None
