"""The connection itself: TLS, closing, a server that comes late, threads that wait."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from eventsourcing.persistence import OperationalError

from adapters.bus import BusSettings, Connection, connect
from adapters.bus.api import Api
from adapters.bus.binary import find_binary


def test_close_is_idempotent_and_ends_the_thread(settings):
    connection = Connection(settings)
    connection.await_connection(time.monotonic() + 5)
    connection.close()
    connection.close()
    assert not connection._loop_thread.is_alive()
    with pytest.raises(OperationalError, match="closed"):
        Api(connection).call("INFO")


def test_close_before_the_first_call_is_allowed(settings):
    for _ in range(20):
        Connection(settings).close()


def test_waiting_calls_fail_when_the_connection_closes(settings, proxy):
    connection = Connection(replace(settings, url=f"nats://127.0.0.1:{proxy.port}"))
    connection.await_connection(time.monotonic() + 5)
    proxy.swallow_everything = True
    timer = threading.Timer(0.3, connection.close)
    timer.start()
    began = time.monotonic()
    with pytest.raises(OperationalError, match="closed"):
        Api(connection).call("INFO")
    assert time.monotonic() - began < 5
    timer.join()


def test_many_threads_share_one_connection(recorder, event):
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(30):
                one = event()
                recorder.insert_events([one])
                assert recorder.select_events(one.originator_id) == [one]
        except BaseException as e:
            errors.append(e)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert recorder.head() == 360


def test_a_second_address_is_tried_when_the_first_is_dead(settings):
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # bound, but nothing listens
        both = f"nats://127.0.0.1:{dead.getsockname()[1]},{settings.url}"
        connect(replace(settings, url=both)).close()


def test_locate_finds_one_version(recorder, event):
    one = event()
    [position] = recorder.insert_events([one])
    located = recorder.locate(one.originator_id, 1)
    assert (located.id, located.state) == (position, one.state)
    assert recorder.locate(one.originator_id, 2) is None


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """An authority and a certificate for 127.0.0.1."""
    now = datetime.datetime.now(datetime.UTC)

    def make(name: str, key, issuer: str, issuer_key, ca: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(issuer_key, SHA256())

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    paths = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(make("root", root, "root", root, True).public_bytes(pem))
    paths[1].write_bytes(make("leaf", leaf, "root", root, False).public_bytes(pem))
    paths[2].write_bytes(
        leaf.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def test_tls_works_with_a_private_certificate_authority(tmp_path):
    ca, cert, key = certificates(tmp_path)
    conf = tmp_path / "tls.conf"
    conf.write_text(
        f'listen: "127.0.0.1:-1"\nports_file_dir: "{tmp_path}"\n'
        f'tls {{ cert_file: "{cert}", key_file: "{key}", ca_file: "{ca}", verify: true }}\n'
    )
    server = subprocess.Popen(
        [str(find_binary()), "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while not (ports := list(tmp_path.glob("*.ports"))) and time.monotonic() < deadline:
            time.sleep(0.02)
        port = ports[0].read_text().partition("127.0.0.1:")[2].partition('"')[0]
        settings = BusSettings(url=f"tls://127.0.0.1:{port}", tls_ca=ca, tls_cert=cert, tls_key=key)
        connection = Connection(settings)
        connection.await_connection(time.monotonic() + 5)
        assert connection.server_version
        connection.close()
        stranger = Connection(replace(settings, tls_ca=None, tls_cert=cert, tls_key=key))
        with pytest.raises(OperationalError, match="the bus is unreachable"):
            stranger.await_connection(time.monotonic() + 1)
        stranger.close()
    finally:
        server.terminate()
        server.wait(10)
