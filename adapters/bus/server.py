"""A NATS server of our own, for a hub on one machine: started, watched, started again, stopped."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from eventsourcing.persistence import OperationalError

from .binary import binary_version, find_binary
from .client import Connection
from .errors import AlreadyRunning
from .layout import check_key, config, private_folder, seed_in, stream_folder, write_private
from .monitor import health_errors
from .rights import User, hub_user, ops_user, public_of, sys_user
from .settings import BusSettings

log = logging.getLogger(__name__)

HUB_INBOX = "_INBOX.hub"
OPS_INBOX = "_INBOX.ops"
SYS_INBOX = "_INBOX.sys"
CHECK_INTERVAL_SECONDS = 2.0  # seconds between looks at a running server
MIN_FREE_BYTES_TO_RESTART = 64 * 1024 * 1024  # free bytes that make a new start worth while after a full disk
STOP_TIMEOUT_SECONDS = 10.0  # seconds that a server may take to end in good order

# The server must not outlive us. The command to die with the parent is a mark of a process that survives
# exec, and belongs to the thread that forked: hence a little program in between, started by a thread
# that lives as long as the server. (A function run between fork and exec is not safe with threads.)
_LAUNCH = """
import os, signal, sys
parent = int(sys.argv[1])
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None, use_errno=True).prctl(1, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedServer:
    """One ``nats-server`` on loopback with a data folder of its own.

    ``store_key`` (32 bytes) encrypts the files on disk: without it they can't be read again.
    It reaches the server through memory that has no name in the file system and is emptied after
    the start (where the system has no such memory: a 0600 file that is removed after the start);
    never by command line or environment.

    A crash is reported to ``on_event`` and the log, and the server is restarted on the same port.
    ``on_event`` runs on the watching thread and gets one word (``started``, ``crashed``, ``stuck``,
    ``stopped``) and a sentence. ``stuck`` is a server that can't write: it is started again as soon
    as there is room.
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        store_key: bytes,
        cipher: str = "chachapoly",
        stream: str = "KAKEHASHI",
        prefix: str = "kakehashi.v1",
        bucket: str = "kakehashi-items",
        hub_seed: str | None = None,
        ops_seed: str | None = None,
        extra_users: Sequence[User] = (),
        binary: Path | None = None,
        port: int = -1,
        max_file_store: int | None = None,
        on_event: Callable[[str, str], None] | None = None,
        start_timeout: float = 60.0,
    ) -> None:
        if len(store_key) != 32:
            raise ValueError("the store key has 32 bytes")
        if cipher not in ("chachapoly", "aes"):
            raise ValueError("cipher is 'chachapoly' or 'aes'")
        self.folder = Path(data_dir).absolute()
        self._store_key_hex = store_key.hex()
        self._cipher = cipher
        self._bus_names = BusSettings(stream=stream, prefix=prefix, bucket=bucket)
        self._seeds = {"hub": hub_seed, "ops": ops_seed}
        self._extra_users = tuple(extra_users)
        self._binary = binary
        self._port_number = port
        self._system: Connection | None = None  # the watching thread's own
        self._max_file_store = max_file_store
        self._on_event = on_event
        self._start_timeout = start_timeout
        self.version = ""
        self._lock_fd = -1
        self._server_process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        self._stop_requested = threading.Event()
        self._first_start = threading.Event()
        self._first_error: Exception | None = None

    # -- life

    def start(self, *, setup: bool = True, create: bool = True) -> Self:
        """Start the server, wait until it serves, and make the streams in a folder that never had any.

        ``create``: False for a folder that must have them: nothing is made then.

        ``AlreadyRunning`` if the folder is in use, ``ProgrammingError`` if the key is not the one it
        was made with, ``StreamDrift`` if a stream is not what it must be, ``OperationalError`` if the server does not come up.
        """
        if self._watcher is not None:
            raise AlreadyRunning("this server has been started already")
        private_folder(self.folder)
        self._lock_fd = _lock_folder(self.folder / "lock")
        try:
            binary = self._binary or find_binary()
            self.version = binary_version(binary)
            check_key(self.folder, bytes.fromhex(self._store_key_hex))
            users = self._users()
            # Whatever was made once must still be there: a new, empty stream would hide a loss.
            known = not create or stream_folder(self.folder, self._bus_names.stream).exists()
            self._stop_requested.clear()
            self._first_start.clear()
            self._first_error = None
            self._watcher = threading.Thread(
                target=self._supervise, args=(binary, users), name="nats-server-watcher", daemon=True
            )
            self._watcher.start()
            self._first_start.wait()
            if self._first_error is not None:
                raise self._first_error
            if setup:
                from .items import ensure_items
                from .stream import ensure_stream

                ensure_stream(self.ops_settings(), create=not known)
                ensure_items(self.ops_settings(), create=not known)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the process that we started, and no other. Safe to call twice."""
        self._stop_requested.set()
        process = self._server_process
        if process is not None and process.poll() is None:
            process.terminate()
        if self._watcher is not None:
            self._watcher.join(STOP_TIMEOUT_SECONDS)
            if self._watcher.is_alive() and process is not None:
                process.kill()
            self._watcher.join()
            self._watcher = None
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def __enter__(self) -> Self:
        return self if self._watcher is not None else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- how to reach it

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port_number}"

    @property
    def pid(self) -> int | None:
        """The process id of the running server, or None while there is none."""
        process = self._server_process
        return process.pid if process is not None and process.poll() is None else None

    def hub_settings(self) -> BusSettings:
        """The settings of the hub's user."""
        return self._settings_of_user("hub", HUB_INBOX)

    def ops_settings(self) -> BusSettings:
        """The settings of the operations user, who makes and changes streams."""
        return self._settings_of_user("ops", OPS_INBOX)

    def disk_free_bytes(self) -> int:
        """The room left on the disk that holds the records."""
        return shutil.disk_usage(self.folder).free

    def _settings_of_user(self, user: str, inbox: str) -> BusSettings:
        return BusSettings(
            url=self.url,
            stream=self._bus_names.stream,
            prefix=self._bus_names.prefix,
            bucket=self._bus_names.bucket,
            seed=self._seed_of_user(user),
            sys_seed=self._seed_of_user("sys"),
            sys_inbox=SYS_INBOX,
            inbox=inbox,
            name=f"kakehashi-{user}",
        )

    def _seed_of_user(self, user: str) -> str:
        return seed_in(self.folder, user, self._seeds.get(user))

    def _users(self) -> list[User]:
        names = self._bus_names
        hub = hub_user(
            public_of(self._seed_of_user("hub")),
            stream=names.stream,
            prefix=names.prefix,
            bucket=names.bucket,
            inbox=HUB_INBOX,
            notify=names.notify,
        )
        ops = ops_user(public_of(self._seed_of_user("ops")), inbox=OPS_INBOX)
        return [hub, ops, *self._extra_users]

    # -- the watching thread

    def _supervise(self, binary: Path, users: list[User]) -> None:
        pause = 0.1
        while not self._stop_requested.is_set():
            began = time.monotonic()
            try:
                self._launch(binary, users)
            except Exception as e:
                self._end_process()
                if not self._first_start.is_set():
                    self._first_error = e
                    self._first_start.set()
                    return
                self._emit_event("crashed", f"nats-server did not start: {e}")
            else:
                self._emit_event("started", f"nats-server {self.version} serves on {self.url}")
                self._first_start.set()
                assert self._server_process is not None
                code = self._wait_for_exit(self._server_process)
                if self._stop_requested.is_set():
                    break
                self._emit_event("crashed", f"nats-server ended by itself (code {code}); starting it again")
            if time.monotonic() - began > 30:
                pause = 0.1  # it had run well: this is a new trouble
            self._stop_requested.wait(pause)
            pause = min(pause * 2, 5.0)
        if self._system is not None:
            self._system.close()
            self._system = None
        self._end_process()
        self._emit_event("stopped", "nats-server is stopped")

    def _wait_for_exit(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the end of the process, and see meanwhile that it can still write.

        A server whose disk was full does not recover by itself once there is space: restart it then.
        """
        write_error = ""
        while True:
            try:
                return process.wait(CHECK_INTERVAL_SECONDS)
            except subprocess.TimeoutExpired:
                pass
            before, write_error = write_error, self._write_error()
            if write_error and write_error != before:
                self._emit_event("stuck", f"nats-server can't write: {write_error}")
            if write_error and self.disk_free_bytes() >= MIN_FREE_BYTES_TO_RESTART:
                process.terminate()

    def _write_error(self) -> str:
        if self._system is None:
            settings = self.hub_settings().as_system()
            assert settings is not None
            self._system = Connection(settings)
        try:
            [reported] = health_errors(self._system, 2.0)
        except OperationalError:
            return ""  # busy or ending: the exit status decides
        return reported if "write error" in reported else ""

    def _launch(self, binary: Path, users: list[User]) -> None:
        ports_of = self.folder.glob("*.ports")
        for old in ports_of:
            old.unlink()
        key = _SecretFile(self.folder, f'key: "{self._store_key_hex}"\n')
        try:
            text = config(
                self.folder,
                users=users,
                cipher=self._cipher,
                key_file=key.path,
                port=self._port_number,
                system=sys_user(public_of(self._seed_of_user("sys")), inbox=SYS_INBOX),
                max_file_store=self._max_file_store,
            )
            conf = self.folder / "nats.conf"
            write_private(conf, text)
            self._server_process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), str(binary), "-c", str(conf)],
                pass_fds=(*key.fds, self._lock_fd),  # the folder stays locked until the server is gone too
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd=self.folder,
                start_new_session=True,  # an interrupt from the keyboard is for us; we stop the server
            )
            self._port_number = self._await_port(self._server_process)
        finally:
            key.wipe()

    def _await_port(self, process: subprocess.Popen[bytes]) -> int:
        """Wait until the server has written its port, which it does once it serves."""
        deadline = time.monotonic() + self._start_timeout
        while time.monotonic() < deadline and not self._stop_requested.is_set():
            if process.poll() is not None:
                break
            for path in self.folder.glob("*.ports"):
                try:
                    reported = json.loads(path.read_text(encoding="utf-8"))
                    return _port_number(reported["nats"][0])
                except (ValueError, KeyError, IndexError):
                    pass  # not yet written to the end
            time.sleep(0.005)
        raise OperationalError(f"nats-server did not start: {_last_log_error(self.folder / 'nats.log')}")

    def _end_process(self) -> None:
        process = self._server_process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _emit_event(self, event_name: str, sentence: str) -> None:
        log.log(logging.WARNING if event_name == "crashed" else logging.INFO, "%s", sentence)
        if self._on_event is not None:
            try:
                self._on_event(event_name, sentence)
            except Exception:
                log.exception("on_event failed")  # the listener's trouble must not end the watch


class _SecretFile:
    """Bytes that the server can read by a path while it starts, without a file on disk where possible."""

    def __init__(self, folder: Path, text: str) -> None:
        self.fds: tuple[int, ...] = ()
        if hasattr(os, "memfd_create"):
            fd = os.memfd_create("store-key")
            os.write(fd, text.encode())
            self.fds = (fd,)
            self.path = f"/proc/self/fd/{fd}"
        else:
            file = folder / "store-key.conf"
            write_private(file, text)
            self.path = str(file)

    def wipe(self) -> None:
        for fd in self.fds:
            os.ftruncate(fd, 0)  # the server holds the same memory open: empty it there too
            os.close(fd)
        if not self.fds:
            Path(self.path).unlink(missing_ok=True)


def _lock_folder(path: Path, timeout: float = 3.0) -> int:
    """Hold the folder. A server whose parent has just died takes a moment to follow it: be patient."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            if time.monotonic() >= deadline:
                os.close(fd)
                raise AlreadyRunning("another server uses this data folder") from e
            time.sleep(0.05)
        else:
            return fd


def _port_number(url: str) -> int:
    return int(url.rpartition(":")[2])


def _last_log_error(path: Path) -> str:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "no log was written"
    log_errors = [line.partition("] ")[2] for line in lines if "[FTL]" in line or "[ERR]" in line]
    return log_errors[-1] if log_errors else (lines[-1] if lines else "its log is empty")
