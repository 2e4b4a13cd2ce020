"""A real hub founded the separate way, by commands only: each holder of keys on a machine (here: in a folder) of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest

from keys.frame import parse_frame
from keys.keystore import open_keystore
from tests.gateway.process_memory import occurrences, processes_below

ROOT = Path(__file__).parents[2]
NETWORK = re.compile(r"地域の番号: (\S+)")
REGISTRARS = ("one", "two", "three")
AGENCIES = {
    "AZ-CORE": ("あおぞら市こども家庭センター", "CORE", "MUNICIPALITY", "999999"),
    "AZ-COORD": ("あおぞら市要対協調整機関", "COORD", "MUNICIPALITY", "999999"),
    "MID-HOSP": ("みどりの架空総合病院", "MED", "MEDICAL", None),
}

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]  # some forty commands, each a process


@dataclass
class Machines:
    """The folders of all parties, each with a passphrase of its own beside it."""

    root: Path
    passphrases: dict[str, str] = field(default_factory=dict)

    def folder(self, party: str) -> Path:
        return self.root / party / "keys"

    def secret(self, party: str) -> list[str]:
        """The option that names the party's passphrase file."""
        path = self.root / f"{party}.passphrase"
        if party not in self.passphrases:
            self.passphrases[party] = f"long passphrase of {party}"
            path.write_text(self.passphrases[party] + "\n")
            path.chmod(0o600)
        return ["--passphrase-file", str(path)]

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "gateway.cli", *arguments],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "300"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def by(self, party: str, *arguments: str, fails: bool = False) -> str:
        """The same, with the party's own folder and passphrase."""
        return self.run(*arguments, "--folder", str(self.folder(party)), *self.secret(party), fails=fails)

    def approve(self, request: Path, *names: str) -> list[str]:
        """Approved by these registrars, each with their own keys; returns the files of the approvals."""
        files = [str(request.with_name(f"{request.name}.{name}.approval")) for name in names]
        for name, file in zip(names, files, strict=True):
            self.by(name, "registrar", "approve", str(request), "--yes", "--out", file)
        return files

    def secrets(self, party: str) -> Mapping[str, bytes]:
        """What only this party may hold."""
        keystore = (
            self.root / "hub" / "hub" / "keystore" if party == "hub" else self.folder(party) / "keystore"
        )
        return open_keystore(keystore, self.passphrases[party])


@contextmanager
def serving(log: Path, *arguments: str) -> Iterator[tuple[str, int]]:
    """Run a command that serves; yields the URL it prints and its process id, and ends it."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", *arguments], cwd=ROOT, stdout=out, stderr=out
        )
        try:
            until = monotonic() + 60
            while not (match := re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace"))):
                assert process.poll() is None, log.read_text(errors="replace")
                assert monotonic() < until
                sleep(0.05)
            yield match[0], process.pid
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Machines:
    """Keys of the registrars and the audit office, and the hub founded with their approvals."""
    m = Machines(tmp_path_factory.mktemp("parties"))
    for name in REGISTRARS:
        m.by(name, "registrar", "init", "--name", f"登録責任者 {name}")
    m.by("audit", "audit", "init", "--name", "監査室")
    halves = [f"--registrar={m.folder(name) / 'public.json'}" for name in REGISTRARS]
    hub = ["--data", str(m.root / "hub")]
    audit_half = f"--audit={m.folder('audit') / 'public.json'}"
    m.run("hub", "init", *hub, *halves, audit_half, *m.secret("hub"))
    approvals = m.approve(m.root / "hub" / "hub" / "founding.json", "three", "one")
    m.run("hub", "found", *hub, *approvals, *m.secret("hub"))
    genesis = ["--genesis", str(m.root / "hub" / "hub.genesis")]
    m.run("audit", "pin", "--folder", str(m.folder("audit")), *genesis)
    for code, (name, roles, body, municipality) in AGENCIES.items():
        about = ["--code", code, "--name", name, "--roles", roles, "--body", body]
        about += ["--municipality", municipality] if municipality else []
        m.by(code, "agency", "init", *genesis, *about)
    return m


def test_a_hub_is_founded_and_used_while_every_party_keeps_its_own_keys(machines: Machines) -> None:
    m, genesis = machines, str(machines.root / "hub" / "hub.genesis")
    logs = m.root / "logs"
    logs.mkdir()
    with ExitStack() as stack:
        hub_url, hub_process = stack.enter_context(
            serving(logs / "hub", "hub", "serve", "--data", str(m.root / "hub"), *m.secret("hub"))
        )
        at = ["--hub", hub_url]
        for code, pair in zip(AGENCIES, (("one", "two"), ("two", "one"), ("one", "three")), strict=True):
            request = m.folder(code) / "key-set.request"
            if code == "AZ-CORE":  # the person who did not sign the genesis names it once
                shown = m.by("two", "registrar", "approve", str(request), "--yes", "--genesis", genesis)
                assert "あおぞら市こども家庭センター(略号 AZ-CORE)" in shown
                assert "機関自身の機械(OWN_DEVICE)" in shown
            m.run("registrar", "submit", str(request), *m.approve(request, *pair), *at)
        offices = m.root / "offices.request"
        prepared = m.run(
            *("registrar", "prepare", "designation", "--folder", str(m.folder("three")), *at),
            *("--core", "AZ-CORE", "--coordinating", "AZ-COORD", "--out", str(offices)),
        )
        network = NETWORK.search(prepared)
        assert network is not None
        m.run("registrar", "submit", str(offices), *m.approve(offices, "two", "three"), *at)
        admit = ["--network", network[1], "--member", "MID-HOSP", "--item", "2", "--actor", "staff.a1"]
        person = ["--actor", "staff.a1", "--name", "職員A", "--role", "MANAGER"]
        m.by("AZ-COORD", "agency", "staff", "add", *person)
        m.by("AZ-COORD", "agency", "admit-member", *at, *admit)
        doors = {}
        for code in ("MID-HOSP", "AZ-CORE"):
            folder = ["--folder", str(m.folder(code))]
            issued = m.run(
                "agency", "token", "add", *folder, "--actor", "sys:records", "--name", "記録", *ACTS
            )
            url, door_process = stack.enter_context(
                serving(logs / code, "agency", "serve", *folder, *at, *m.secret(code))
            )
            _assert_no_passphrase_in_memory(m, code, door_process)
            token = {"authorization": f"Bearer {issued.split()[-1]}"}
            doors[code] = stack.enter_context(httpx2.Client(base_url=url, headers=token, timeout=30))
        _refer(doors["MID-HOSP"], doors["AZ-CORE"])
        m.by("audit", "audit", "request-control", *at)
        _assert_no_passphrase_in_memory(m, "hub", hub_process)
    verified = m.run("audit", "verify", "--data", str(m.root / "hub"), *m.secret("hub"))
    assert "異常なし" in verified
    _assert_nobody_holds_keys_of_another(m)


def _refer(hospital: httpx2.Client, city: httpx2.Client) -> None:
    """The hospital refers a family, and the city opens what it wrote."""
    ids = {a["code"]: a["id"] for a in hospital.get("/api/agencies").json()}
    sent = hospital.post(
        "/api/messages",
        json={
            "act": "family_information.provided",
            "to": [ids["AZ-CORE"]],
            "basis": {ids["AZ-CORE"]: "CWA-21-10-5"},
            "fields": {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": 30, "indicators": {}},
            "sections": [{"section": "PREG", "text": "架空の妊娠三十週"}],
        },
    ).json()
    assert sent["outcome"] == "recorded", sent
    [message] = city.get(f"/api/cases/{sent['case']}").json()
    [item] = message["items"]
    opened = city.post(
        f"/api/cases/{sent['case']}/items/{item['item']}/open",
        json={"message": sent["message"], "section": "PREG", "purpose": "SUPPORT"},
    )
    assert opened.json()["text"] == "架空の妊娠三十週"


ACTS = ("--act", "family_information.provided", "--act", "cases.read", "--act", "open.preg")
READER_OF_FILES = b"parsing_worker"


def _assert_no_passphrase_in_memory(m: Machines, party: str, process: int) -> None:
    """Neither the process that serves nor one that it has started has the passphrase of its keystore in memory."""
    public = m.root / "hub" / "hub.genesis"
    hub = parse_frame(public.read_bytes()).digest
    for pid in processes_below(process):
        command_line = Path(f"/proc/{pid}/cmdline").read_text()
        if "nats-server" in command_line:
            continue  # it is given the key of its store, and knows nothing of the hub
        # what reads foreign files knows nothing of the hub either
        known = READER_OF_FILES if READER_OF_FILES.decode() in command_line else hub
        assert occurrences(pid, known) > 0, "the memory was read"
        assert occurrences(pid, m.passphrases[party].encode()) == 0, (party, pid)


def _assert_nobody_holds_keys_of_another(m: Machines) -> None:
    """No file of a party has a seed or the passphrase of another, in any form in which this product writes bytes."""
    parties = ["hub", "audit", *REGISTRARS, *AGENCIES]
    searched, held_by = 0, {party: m.secrets(party) for party in parties}
    for party in parties:
        files = [p for p in (m.root / party).rglob("*") if p.is_file()]
        assert any(p.name == "keystore" for p in files)
        assert len([p for p in files if p.name == "keystore"]) == 1, files
        for other in parties:
            secrets = [s[n : n + 32] for s in held_by[other].values() for n in range(0, len(s), 32)]
            secrets.append(m.passphrases[other].encode())
            for path in files:
                data = path.read_bytes()
                held = [s for s in secrets if s in data or s.hex().encode() in data]
                assert held == [], (party, path, other)
                searched += 1
    assert searched > 100
