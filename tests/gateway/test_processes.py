"""The same code as several processes: a hub and two doors that communicate over HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest

from domain.role_acts import SYSTEM_ACTS

ROOT = Path(__file__).parents[2]
AGENCIES = """
core: AZ-CORE
coordinating: AZ-COORD
agencies:
  AZ-CORE: {name: あおぞら市こども家庭センター, roles: [CORE], body: MUNICIPALITY, municipality: '999999', member: 1}
  AZ-COORD: {name: あおぞら市要対協調整機関, roles: [COORD], body: MUNICIPALITY, municipality: '999999', member: 1}
  MID-HOSP: {name: みどりの架空総合病院, roles: [MED], body: MEDICAL, member: 2}
"""

pytestmark = pytest.mark.faults


def kakehashi(*arguments: str) -> str:
    """Run a command to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def serving(log: Path, *arguments: str) -> Iterator[str]:
    """Run a command that serves; yields the URL it prints, and ends the process."""
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
            yield match[0]
        finally:
            process.terminate()
            process.wait(20)


def test_a_hospitals_system_reaches_the_city_through_three_processes(tmp_path: Path) -> None:
    listed, hub = tmp_path / "agencies.yaml", str(tmp_path / "hub")
    listed.write_text(AGENCIES, encoding="utf-8")
    kakehashi("hub", "init", "--data", hub, "--rehearsal", "--register", str(listed))
    folders = {code: str(tmp_path / "hub" / "agencies" / code) for code in ("MID-HOSP", "AZ-CORE")}
    tokens = {
        code: kakehashi(
            "agency",
            "token",
            "add",
            "--folder",
            folders[code],
            "--actor",
            "sys:1",
            "--name",
            "s",
            *(word for act in sorted(SYSTEM_ACTS) for word in ("--act", act)),
        )
        .strip()
        .split()[-1]
        for code in ("MID-HOSP", "AZ-CORE")
    }
    with (
        serving(tmp_path / "hub.log", "hub", "serve", "--data", hub) as url,
        serving(
            tmp_path / "m.log", "agency", "serve", "--folder", folders["MID-HOSP"], "--hub", url
        ) as hospital,
        serving(tmp_path / "c.log", "agency", "serve", "--folder", folders["AZ-CORE"], "--hub", url) as city,
    ):
        doors = {
            code: httpx2.Client(
                base_url=base, headers={"authorization": f"Bearer {tokens[code]}"}, timeout=30
            )
            for code, base in (("MID-HOSP", hospital), ("AZ-CORE", city))
        }
        ids = {a["code"]: a["id"] for a in doors["MID-HOSP"].get("/api/agencies").json()}
        sent = (
            doors["MID-HOSP"]
            .post(
                "/api/messages",
                json={
                    "act": "family_information.provided",
                    "to": [ids["AZ-CORE"]],
                    "basis": {ids["AZ-CORE"]: "CWA-21-10-5"},
                    "fields": {"subject_consent": "NOT_REQUESTED", "weeks_pregnant": 30, "indicators": {}},
                    "sections": [{"section": "PREG", "text": "架空の妊娠三十週"}],
                },
            )
            .json()
        )
        assert sent["outcome"] == "recorded"
        waiting = doors["AZ-CORE"].get("/api/worklist").json()
        assert {t["kind"] for t in waiting} == {"ACKNOWLEDGE", "READ", "ACT"}
        [message] = doors["AZ-CORE"].get(f"/api/cases/{sent['case']}").json()
        [item] = message["items"]
        opened = doors["AZ-CORE"].post(
            f"/api/cases/{sent['case']}/items/{item['item']}/open",
            json={"message": sent["message"], "section": "PREG", "purpose": "SUPPORT"},
        )
        assert opened.json()["text"] == "架空の妊娠三十週"
        nobody = httpx2.get(f"{city}/api/worklist")
        assert nobody.status_code == 401
        for door in doors.values():
            door.close()
    assert "異常なし" in kakehashi("audit", "verify", "--data", hub)
    ledger = kakehashi("audit", "ledger", "--data", hub, "--case", sent["case"])
    assert "CWA-21-10-5" in ledger
