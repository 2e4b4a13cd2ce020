"""The configuration of servers of one's own: users and their rights, one folder for each server, and the hub's settings.

<folder>/
  bus.json               the hub's settings (``JETSTREAM_…``); names seed files, holds no secret
  seeds/{hub,ops,sys}.seed   0600; the operations user's stays with the operator
  <server>/nats.conf     0600; without TLS it holds the password that the servers show each other
  <server>/store-key.conf    0600; the key of that server's disk
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from .layout import ACCOUNT, private_folder, quote, seed_in, user_line, write_private
from .rights import hub_user, ops_user, public_of, sys_user
from .settings import MAX_PAYLOAD_BYTES, BusSettings

BUS_FILE = "bus.json"
CLUSTER = "kakehashi"
HUB_INBOX, OPS_INBOX, SYS_INBOX = "_INBOX.hub", "_INBOX.ops", "_INBOX.sys"
CLIENT_PORT, CLUSTER_PORT = 4222, 6222
CLUSTER_TIMES = {"JETSTREAM_TIMEOUT": "30", "JETSTREAM_TRY_TIMEOUT": "6"}
"""Seconds. After the loss of a leader some seconds pass without an answer, 4.7 to 5.9 as measured."""


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """One server: its name (and folder), and where clients and the other servers reach it."""

    name: str
    host: str
    port: int = CLIENT_PORT
    cluster_port: int = CLUSTER_PORT


def server_addresses(
    hosts: Sequence[str], port: int = CLIENT_PORT, cluster_port: int = CLUSTER_PORT
) -> list[ServerAddress]:
    """Addresses of one or three servers; those on the same host get ports that follow each other."""
    return [
        ServerAddress(
            name=f"nats-{n + 1}",
            host=host,
            port=port + list(hosts[:n]).count(host),
            cluster_port=cluster_port + list(hosts[:n]).count(host),
        )
        for n, host in enumerate(hosts)
    ]


def write_configuration(folder: Path, servers: Sequence[ServerAddress], stream: str) -> Path:
    """Write seeds and configurations for these servers, and the hub's settings, whose file is returned.

    Servers that are not all on loopback need TLS: their configuration names ``ca.pem``, ``cert.pem`` and ``key.pem``,
    which the operator puts beside it. ``ValueError`` for another number of servers than 1, 3 or 5.
    """
    names = BusSettings(stream=stream, replicas=len(servers))
    tls = not all(_is_loopback(server.host) for server in servers)
    seeds = {user: seed_in(private_folder(folder), user, None) for user in ("hub", "ops", "sys")}
    secret = os.urandom(24).hex()
    for server in servers:
        place = private_folder(folder / server.name)
        write_private(place / "store-key.conf", f'key: "{os.urandom(32).hex()}"\n')
        write_private(place / "nats.conf", _server_conf(server, servers, names, seeds, secret, tls=tls))
    scheme = "tls" if tls else "nats"
    about = {
        "JETSTREAM_URL": ",".join(f"{scheme}://{server.host}:{server.port}" for server in servers),
        "JETSTREAM_REPLICAS": str(len(servers)),
        "JETSTREAM_SEED_FILE": "seeds/hub.seed",
        "JETSTREAM_INBOX": HUB_INBOX,
        "JETSTREAM_SYS_SEED_FILE": "seeds/sys.seed",
        "JETSTREAM_SYS_INBOX": SYS_INBOX,
        **({"JETSTREAM_TLS_CA": "ca.pem"} if tls else {}),
        **(CLUSTER_TIMES if len(servers) > 1 else {}),
    }
    path = folder / BUS_FILE
    write_private(path, json.dumps(about, indent=2) + "\n")
    return path


def _server_conf(
    server: ServerAddress,
    servers: Sequence[ServerAddress],
    names: BusSettings,
    seeds: dict[str, str],
    secret: str,
    *,
    tls: bool,
) -> str:
    hub = hub_user(
        public_of(seeds["hub"]),
        stream=names.stream,
        prefix=names.prefix,
        bucket=names.bucket,
        inbox=HUB_INBOX,
        notify=names.notify,
    )
    lines = [
        f"server_name: {quote(server.name)}",
        f'listen: "{server.host}:{server.port}"',
        "# No monitoring port: it asks nobody to sign in. The hub asks for reports as the system account's user.",
        f"max_payload: {MAX_PAYLOAD_BYTES}",
        *(_tls_lines() if tls else []),
        "jetstream {",
        '  store_dir: "."  # the folder in which the server is started',
        "  sync_interval: always  # a record that is acknowledged is on the disk",
        "  cipher: chachapoly",
        '  include "store-key.conf"  # without this very key the records can not be read again',
        "}",
        "accounts {",
        f"  {ACCOUNT} {{",
        "    jetstream: enabled",
        "    users: [",
        user_line(hub),
        user_line(ops_user(public_of(seeds["ops"]), inbox=OPS_INBOX)),
        "    ]",
        "  }",
        "  SYS {",
        "    users: [",
        user_line(sys_user(public_of(seeds["sys"]), inbox=SYS_INBOX)),
        "    ]",
        "  }",
        "}",
        "system_account: SYS",
        *(_cluster_lines(server, servers, secret, tls=tls) if len(servers) > 1 else []),
    ]
    return "\n".join(lines) + "\n"


def _cluster_lines(
    server: ServerAddress, servers: Sequence[ServerAddress], secret: str, *, tls: bool
) -> list[str]:
    routes = [
        quote(f"nats-route://route:{secret}@{other.host}:{other.cluster_port}")
        for other in servers
        if other is not server
    ]
    return [
        "cluster {",
        f"  name: {CLUSTER}",
        f'  listen: "{server.host}:{server.cluster_port}"',
        f"  authorization {{ user: route, password: {quote(secret)} }}",
        *([f"  {line}" for line in _tls_lines(verify=True)] if tls else []),
        f"  routes: [{', '.join(routes)}]",
        "}",
    ]


def _tls_lines(*, verify: bool = False) -> list[str]:
    files = 'cert_file: "cert.pem", key_file: "key.pem", ca_file: "ca.pem"'
    return [f'tls {{ {files}, min_version: "1.3"{", verify: true" if verify else ""} }}']


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
