"""A real hub that changes its edition: what was recorded under each verifies under its own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from adapters import store as store_module
from adapters.mapper import body_of
from adapters.store import Evidence
from domain import editions
from domain.errors import InvariantViolation, Unavailable
from domain.events import dump
from domain.record import Record
from gateway.agency.door import SubmissionResult
from gateway.audit.bundle import export
from gateway.audit.verification import Finding, Verifier
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, reopen_rehearsal_hub
from gateway.verifier.bundle import BundleResult, verify_bundle
from tests.editions.made_up import FORMER, NEXT, SHORTER, release_next_edition
from tests.gateway.hubkit import START, HubWithCase, hub_with_case

DAY = timedelta(hours=24)
RUN = CliRunner()
FirstEdition = tuple[Path, UUID, UUID, SubmissionResult]


def records(hub: RehearsalHub) -> list[Record]:
    assert hub.runtime is not None
    store = hub.runtime.store
    return [stored.record for stored in store.read(1, store.head())]


def findings_of(hub: RehearsalHub, *, rows: bool = True) -> list[Finding]:
    """What the verifier says of the whole stream, and of the live rows."""
    runtime = hub.runtime
    assert runtime is not None
    verifier = Verifier(runtime.recorder, runtime.store, runtime.installation.genesis)
    if not rows:
        return verifier.run().findings
    runtime.projector.catch_up()
    result = verifier.run(read_models=runtime.read_models)
    assert result.findings or result.rows_compared
    return result.findings


def rebuild_rows(folder: Path) -> None:
    result = RUN.invoke(app, ["projections", "rebuild", "--data", str(folder)])
    assert result.exit_code == 0, result.output


def note(hub: RehearsalHub, case: UUID) -> str:
    """Minutes without a reason: edition 2 refuses them."""
    made = HubWithCase.note(as_case_hub(hub), case)
    return made.outcome


def as_case_hub(hub: RehearsalHub) -> HubWithCase:
    """The helpers of ``hubkit`` on a hub that was opened again."""
    known = HubWithCase.__new__(HubWithCase)
    known.rehearsal_hub = hub
    return known


@dataclass
class Upgraded:
    """A hub under edition 2 whose record began under edition 1."""

    hub: RehearsalHub
    case: UUID
    silent_case: UUID
    referral: SubmissionResult


@pytest.fixture
def first_edition(tmp_path: Path) -> FirstEdition:
    """A hub that ran under edition 1 and was ended: seven hours after a referral nobody acknowledged it."""
    with hub_with_case(tmp_path / "hub") as hub:
        case, silent_case = hub.case, hub.refer(uuid4()).case
        assert hub.note(case).outcome == "recorded"
        hub.rehearsal_hub.set_clock(START + SHORTER + timedelta(hours=1))
        assert hub.note(case).outcome == "recorded"
        assert {r.topic for r in records(hub.rehearsal_hub)} & {
            "referral_unacknowledged_alarm.raised"
        } == set()
    return tmp_path / "hub", case, silent_case, hub.sent


@pytest.fixture
def upgraded(first_edition: FirstEdition, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upgraded]:
    folder, case, silent_case, referral = first_edition
    release_next_edition(monkeypatch)
    rebuild_rows(folder)
    with reopen_rehearsal_hub(folder) as hub:
        yield Upgraded(hub, case, silent_case, referral)


def test_a_record_of_two_editions_verifies(upgraded: Upgraded) -> None:
    hub = upgraded.hub
    assert note(hub, upgraded.case) == "refused"
    hub.set_clock(hub.now() + timedelta(hours=2))
    late = as_case_hub(hub).refer(uuid4()).case
    hub.set_clock(hub.now() + SHORTER)
    made = records(hub)
    assert {r.edition for r in made} == {FORMER, NEXT}
    assert [r.edition for r in made] == sorted(r.edition for r in made)
    alarms = {r.about.id: r.edition for r in made if r.topic == "referral_unacknowledged_alarm.raised"}
    assert alarms == dict.fromkeys((upgraded.case, upgraded.silent_case, late), NEXT)
    [refusal] = [r for r in made if r.topic in ("command.refused", "disclosure.refused")]
    assert (refusal.edition, refusal.event.reason) == (NEXT, "REASON_MISSING")  # type: ignore[attr-defined]
    assert findings_of(hub) == []


def bundle_of(hub: RehearsalHub, case: UUID | None) -> BundleResult:
    request = hub.audit.request_control(case)
    runtime = hub.runtime
    assert runtime is not None
    while runtime.log_keeper.size < runtime.store.head():
        runtime.log_keeper.step()
    _, kem = hub.installation.audit()
    with open_archive(hub.installation) as archive:
        data = export(archive, request)
    return verify_bundle(data, hub.installation.hub, kem, request=request)


@pytest.mark.parametrize("whole", [True, False], ids=["all cases", "one case"])
def test_a_bundle_of_two_editions_verifies(upgraded: Upgraded, whole: bool) -> None:
    assert note(upgraded.hub, upgraded.case) == "refused"
    result = bundle_of(upgraded.hub, None if whole else upgraded.case)
    assert (result.faults, result.control) == ([], True)
    assert result.decisions > 5


def test_a_replay_shows_the_edition_of_each_step(upgraded: Upgraded) -> None:
    assert note(upgraded.hub, upgraded.case) == "refused"
    folder = upgraded.hub.installation.folder
    argv = ["audit", "replay", "--data", str(folder), "--case", str(upgraded.case)]
    result = RUN.invoke(app, [*argv, "--json"])
    assert result.exit_code == 0, result.output
    steps = json.loads(result.stdout)
    assert [s["fault"] for s in steps] == [None] * len(steps)
    expected = [r.edition for r in records(upgraded.hub) if r.about.id == upgraded.case]
    assert [s["edition"] for s in steps] == expected
    assert set(expected) == {FORMER, NEXT}
    core = str(upgraded.hub.door("AZ-CORE").agency)
    referral = {str(item) for item, _ in upgraded.referral.items}
    for step in steps:  # what could be opened is worked out by the rules of then
        assert (referral <= set(step["openable"][core])) is (step["edition"] == FORMER)
    assert "規則の版" in RUN.invoke(app, argv, terminal_width=200).stdout


def test_what_could_be_opened_as_of_a_moment_follows_the_rules_of_then(upgraded: Upgraded) -> None:
    hub = upgraded.hub
    before = dump(START + timedelta(hours=1))
    hub.set_clock(hub.now() + timedelta(hours=1))
    assert note(hub, upgraded.case) == "refused"
    argv = ["audit", "as-of", "--data", str(hub.installation.folder), "--case", str(upgraded.case), "--json"]
    referral = {str(item) for item, _ in upgraded.referral.items}
    for at, could_open in ((before, True), (dump(hub.now()), False)):
        for raw in ([], ["--raw"]):
            result = RUN.invoke(app, [*argv, "--agency", "AZ-CORE", "--at", at, *raw])
            assert result.exit_code == 0, result.output
            rows = {row["item"]: row["could_open"] for row in json.loads(result.stdout)}
            assert {rows[item] for item in referral} == {could_open}


def test_rows_of_an_older_edition_are_to_be_rebuilt(
    first_edition: FirstEdition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They show what is due and what may be opened by the rules of today."""
    release_next_edition(monkeypatch)
    with (
        pytest.raises(InvariantViolation, match="read-models-of-another-edition"),
        reopen_rehearsal_hub(first_edition[0]),
    ):
        pass


# --- a wrong edition --------------------------------------------------------------------------------------


def append_claiming(hub: RehearsalHub, case: UUID, edition: int, patch: pytest.MonkeyPatch) -> int:
    """Minutes that the hub records under another edition than it decided by. Returns their position."""
    runtime = hub.runtime
    assert runtime is not None

    def claiming(record: Record) -> bytes:
        return body_of(Record(**{**record.__dict__, "edition": edition}))

    with patch.context() as meanwhile:
        meanwhile.setattr(store_module, "body_of", claiming)
        note(hub, case)
    return runtime.store.head()


def test_a_record_that_goes_back_to_an_older_edition_is_detected(
    upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = upgraded.hub
    assert note(hub, upgraded.case) == "refused"
    position = append_claiming(hub, upgraded.case, FORMER, monkeypatch)
    result = findings_of(hub, rows=False)
    assert ("edition-decreased", position) in [(f.code, f.position) for f in result]
    assert {f.position for f in result} == {
        position
    }  # by the rules of edition 1 it was not to be refused either


def test_a_record_that_claims_a_newer_edition_is_detected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_with_case(tmp_path / "hub") as hub:
        release_next_edition(
            monkeypatch
        )  # the hub's own world is of edition 1 still, and accepts the minutes
        runtime = hub.rehearsal_hub.runtime
        assert runtime is not None
        with monkeypatch.context() as as_before:
            as_before.setattr(editions, "CURRENT_EDITION", FORMER)
            position = append_claiming(hub.rehearsal_hub, hub.case, NEXT, monkeypatch)
            hub.refer(uuid4())
        result = [(f.code, f.position) for f in findings_of(hub.rehearsal_hub, rows=False)]
        assert result == [("decision-differs", position), ("edition-decreased", position + 1)]


# --- an edition that this release does not have -----------------------------------------------------------


def test_an_older_release_reports_that_it_cannot_judge_and_accuses_nobody(
    upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = upgraded.hub
    assert note(hub, upgraded.case) == "refused"
    result = bundle_of(hub, None)
    assert result.faults == []
    newer = [n for n, r in enumerate(records(hub), 1) if r.edition == NEXT]
    monkeypatch.undo()
    findings = findings_of(hub, rows=False)
    assert [(f.code, f.position) for f in findings] == [("unknown-edition", n) for n in newer]
    assert all("decided under newer rules" in f.detail for f in findings)


def test_an_older_release_does_not_decide_where_a_newer_one_has(
    upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even in cases that have no record of the newer edition: its records would go back to an older one."""
    hub = upgraded.hub
    assert note(hub, upgraded.case) == "refused"
    runtime = hub.runtime
    assert runtime is not None
    folder = hub.installation.folder
    runtime.close()
    monkeypatch.undo()
    rebuild_rows(folder)
    with pytest.raises(Unavailable, match="newer-record"), reopen_rehearsal_hub(folder):
        pass


def test_a_running_hub_decides_nothing_more_once_a_newer_edition_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer hub on the same stream by mistake: also what is about other cases is answered Unavailable."""
    with hub_with_case(tmp_path / "hub") as hub:
        last = hub.store.load(hub.case)[-1].record
        newer = {"version": last.version + 1, "command_id": uuid4(), "frame": None, "edition": NEXT}
        hub.store.append(Record(**{**last.__dict__, **newer}), Evidence(frame=b""))
        head = hub.head()
        other_case = hub.disclosure(("BASIC",), about={"kind": "case", "id": str(uuid4())}).encode()
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                hub.door("MID-HOSP").client.submit(other_case)
            assert caught.value.error_code == "newer-record"
        assert hub.head() == head
