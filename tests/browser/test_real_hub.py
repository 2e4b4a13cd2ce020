"""A real hub, founded by the documented commands, each door a process of its own; then a family's whole way by pages alone.

Nobody here does what a person can't: commands are run as gateway/README.md names them, links and buttons are clicked where they
are seen, fields are filled in as they are shown. The hospital and the coordinating agency work without scripts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from domain.calendar import JST
from tests.browser.door_user import DoorUser
from tests.browser.test_pages import ARGS, CHROMIUM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.timeout(600),
]
ROOT = Path(__file__).parents[2]
AGENCIES = """
core: AZ-CORE
coordinating: AZ-COORD
agencies:
  AZ-CORE:  {name: あおぞら市こども家庭センター, roles: [CORE], body: MUNICIPALITY, municipality: '999999', member: 1}
  AZ-COORD: {name: あおぞら市要対協調整機関, roles: [COORD], body: MUNICIPALITY, municipality: '999999', member: 1}
  MID-HOSP: {name: みどりの架空総合病院, roles: [MED], body: MEDICAL, member: 2}
  SORA-NPO: {name: NPO法人そらまめ架空支援, roles: [CONTRACTOR], body: COMMISSIONED}
"""
VISITOR = "v-101"
STAFF = {"AZ-CORE": "staff.a1", "AZ-COORD": "staff.c1", "MID-HOSP": "staff.h1", "SORA-NPO": VISITOR}
WITHOUT_SCRIPTS = frozenset({"AZ-COORD", "MID-HOSP"})
CONTRACTOR, HOSPITAL, EVERY_CHILD = "そらまめ", "みどり", "この家庭の子ども全員"
PASSPHRASE = "a long passphrase of a person"


def start(*arguments: str, log: Path) -> subprocess.Popen[bytes]:
    """A command as the README writes it. ``log``: takes all that it prints."""
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", *arguments],
            cwd=ROOT,
            env={**os.environ, "LC_ALL": "C.UTF-8", "COLUMNS": "300"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )


def run(*arguments: str, log: Path) -> str:
    """The same to its end; what it printed."""
    assert start(*arguments, log=log).wait(300) == 0, log.read_text()
    return log.read_text()


@contextmanager
def serving(commands: Mapping[str, Sequence[str]], folder: Path) -> Iterator[dict[str, str]]:
    """Commands that serve, started side by side; yields the address that each prints, and ends them."""
    logs = {name: folder / f"{name}.log" for name in commands}
    started = [start(*arguments, log=logs[name]) for name, arguments in commands.items()]
    try:
        urls: dict[str, str] = {}
        until = monotonic() + 120
        while len(urls) < len(commands):
            assert all(one.poll() is None for one in started), [log.read_text() for log in logs.values()]
            assert monotonic() < until
            sleep(0.05)
            for name, log in logs.items():
                if printed := re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace")):
                    urls[name] = printed[0]
        yield urls
    finally:
        for one in started:
            one.terminate()
        for one in started:
            one.wait(30)


@dataclass(frozen=True)
class DoorUsers:
    """Who works at each of the four doors."""

    core: DoorUser
    coordinating: DoorUser
    hospital: DoorUser
    contractor: DoorUser


def day(after: int) -> str:
    return (datetime.now(JST).date() + timedelta(days=after)).isoformat()


def prepare_programme(at: DoorUsers) -> None:
    """Members, contract, rules, visitors and business, as the pages say what comes next."""
    for user in (at.core, at.hospital, at.contractor):
        user.page.locator(
            "main a", has_text="委託・研修"
        ).click()  # what a new door offers on its empty list of work
        user.act("rules-adopted", edition="rules-2026")
        assert "未確認" in user.read()
        user.act("rules-known", agreed="yes")
        assert "確認済み" in user.read()
    at.core.to("委託・研修")
    at.core.act("contract", contractor=CONTRACTOR, scope="PARTIAL", ends_on=day(300), agreed="yes")
    at.coordinating.to("委託・研修")
    at.coordinating.act("member-admission", member=CONTRACTOR, item="2")
    at.coordinating.act("members-published")
    assert "公示されていません" not in at.coordinating.read()
    at.contractor.to("委託・研修")
    at.contractor.wait_for("一部委託")
    at.contractor.act("worker", worker=VISITOR, employment="PART_TIME")
    at.contractor.act("qualification", worker=VISITOR, qualification="保健師")
    at.contractor.act("training", worker=VISITOR)
    at.contractor.act("oath", worker=VISITOR)
    at.contractor.act("business-began", happened_on=day(0))
    at.core.to("委託・研修")
    at.core.wait_for(VISITOR)
    at.core.act("contractor-requirement", items=["1", "2", "3"])
    assert "要件不足" not in at.core.read()
    assert "そろっています" in at.core.read()


def refer(at: DoorUsers) -> None:
    """The hospital refers a family; the city acknowledges and reads."""
    at.hospital.to("家庭を知らせる")
    at.hospital.send(
        {
            "subject_consent": "GIVEN",
            "text_RISK": "母が一人で抱えている。体重が増えない。",
            "form_BASIC.children.new.1.name.text": "架空さくら",
        }
    )
    at.core.to("仕事一覧")
    at.core.wait_for("みどりの架空総合病院")
    at.core.page.locator("main th.family a").first.click()
    at.core.read()
    at.core.page.locator("#next button[name=act]").first.click()
    at.core.page.locator("button", has_text="内容を読む").first.click()
    at.core.page.locator("section.shown").first.wait_for()
    assert "体重が増えない" in at.core.read()


def decide(at: DoorUsers) -> None:
    """The city assesses, decides, plans and assigns a visitor, of which the contractor is informed."""
    at.core.act("assessment", {"indicators.CG_DEPRESSIVE_TENDENCY": "CONCERN", "children": EVERY_CHILD})
    at.core.act(
        "eligibility", result="ELIGIBLE", target_classes="TC2_POSTPARTUM", support_type="SHORT_INTENSIVE"
    )
    at.core.act(
        "plan", content="SC_B", plan_until=day(80), text_PLAN="週に一度訪ね、授乳と体重を一緒に見る。"
    )
    at.core.act("assign", visitor=f": {VISITOR}", role="SPECIALIST")


def disclose(at: DoorUsers) -> None:
    """The city discloses what the visit needs, and commences."""
    at.core.page.locator("#next a", has_text="情報を提供する").click()
    at.core.send(
        {
            "to": CONTRACTOR,
            "basis": "養育支援訪問の委託",
            "form_BASIC.children.*.name.text": "架空さくら",
            "text_PLAN": "週に一度訪ねる。",
        }
    )
    at.core.act("commence")


def visit(at: DoorUsers) -> None:
    """The contractor's visitor reads, plans, visits and reports; the city reviews."""
    core, contractor = at.core, at.contractor
    contractor.open_case()
    assert "訪問支援者の割当" in contractor.read()
    contractor.page.locator("button", has_text="内容を読む").first.click()
    contractor.page.locator("section.shown").first.wait_for()
    contractor.act("visit-planned", planned_on=day(0))
    record = {
        "visited_on": day(0),
        "started_at": "09:00",
        "ended_at": "10:00",
        "place": "自宅",
        "met": "母、さくら",
        "next_visit_on": day(7),
    }
    contractor.act(
        "visit-report",
        {f"form_VISIT.{name}": text for name, text in record.items()},
        child_seen="yes",
        children=EVERY_CHILD,
        text_VISIT="授乳を一緒に見た。",
    )
    core.open_case()
    core.act("report-review")


def close_with_follow_on(at: DoorUsers) -> None:
    """Consultation, evaluation, a follow-on service, and the end of the support."""
    at.core.act("closing-consultation", consulted=[CONTRACTOR, HOSPITAL])
    at.core.act("evaluation", goal_reached="yes", environment_improved="yes")
    at.core.act("follow-on", to=HOSPITAL)
    at.core.act("close", closing_reason="GOAL_REACHED", follow_on="ARRANGED")
    at.hospital.open_case()
    at.hospital.act("follow-on-accepted", agreed="yes")
    at.core.wait_for("架空さくら 終結")


def test_a_real_hub_is_founded_by_commands_and_a_family_is_supported_by_pages_alone(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    data, log = tmp_path / "hub", tmp_path / "command.log"
    (tmp_path / "agencies.yaml").write_text(AGENCIES, encoding="utf-8")
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    (tmp_path / "passphrase").chmod(0o600)
    secret = ["--passphrase-file", str(tmp_path / "passphrase")]
    on = ["--data", str(data)]
    founded = run(
        "hub", "init", *on, "--hosted", "--register", str(tmp_path / "agencies.yaml"), *secret, log=log
    )
    folders = dict(re.findall(r"(\S+) の窓口のフォルダ: (\S+)", founded))
    assert set(folders) == set(STAFF)
    added = [
        start(
            *("agency", "staff", "add", "--folder", folders[code], "--actor", actor),
            *("--name", f"職員 {actor}", "--role", "CASE_WORKER", "--role", "MANAGER", *secret),
            log=tmp_path / f"{code}.staff.log",
        )
        for code, actor in STAFF.items()
    ]
    assert [one.wait(120) for one in added] == [0, 0, 0, 0]
    with ExitStack() as stack:
        hub = stack.enter_context(serving({"hub": ["hub", "serve", *on, *secret]}, tmp_path))["hub"]
        doors = {c: ["agency", "serve", "--folder", f, "--hub", hub, *secret] for c, f in folders.items()}
        urls = stack.enter_context(serving(doors, tmp_path))
        play = stack.enter_context(sync_playwright())
        browser = stack.enter_context(play.chromium.launch(executable_path=CHROMIUM, args=ARGS))
        users = {code: DoorUser(browser, urls[code], scripts=code not in WITHOUT_SCRIPTS) for code in STAFF}
        for code, user in users.items():
            user.sign_in(STAFF[code], PASSPHRASE)
        at = DoorUsers(users["AZ-CORE"], users["AZ-COORD"], users["MID-HOSP"], users["SORA-NPO"])
        prepare_programme(at)
        refer(at)
        decide(at)
        disclose(at)
        visit(at)
        close_with_follow_on(at)
        assert [user.unexpected for user in users.values()] == [[], [], [], []]
    assert "異常なし" in run("audit", "verify", *on, *secret, log=log)
