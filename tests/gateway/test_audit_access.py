"""The audit office opens approved content over HTTP: its readings are in the ledger, and the record verifies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.codes import AuditGround
from domain.errors import NotFound, Refused, Unavailable, Untrusted
from domain.events import ItemsRewrapped, Kind
from gateway.audit.verification import Verifier, doors_of
from gateway.cli.main import app
from gateway.hub.read_models import catch_up
from gateway.installation.archive import open_archive
from gateway.rehearsal.scenario.player import play_story
from gateway.rehearsal.scenario.rehearsal_hub import RehearsalHub, open_rehearsal_hub
from gateway.rehearsal.scenario.report import start_of
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Story, read_story

STORY = Path(__file__).parents[1] / "scenarios" / "audit-access-with-dual-approval.yaml"


@contextmanager
def played(folder: Path, until: int) -> Iterator[tuple[Run, RehearsalHub]]:
    """The story up to this message, with its hub running."""
    story: Story = read_story(STORY)
    story = replace(story, steps=tuple(s for s in story.steps if s.n <= until), expects=())
    with open_rehearsal_hub(folder, start_of(story)) as rehearsal_hub:
        run = Run(story, rehearsal_hub)
        play_story(run)
        assert run.problems == []
        yield run, rehearsal_hub


def opened(run: Run, rehearsal_hub: RehearsalHub, n: int, section: str) -> Any:
    [w] = [w for w in run.written if (w.n, w.section) == (n, section)]
    return rehearsal_hub.audit.open(w.case, w.message, w.item, w.section), w.text


def test_approved_content_opens_once_the_owners_door_has_made_the_keys(tmp_path: Path) -> None:
    with played(tmp_path / "hub", 8) as (run, rehearsal_hub):
        with pytest.raises(Unavailable, match="pending-key"):
            opened(run, rehearsal_hub, 1, "MEDICAL")
        rehearsal_hub.complete_rewrap_duties()
        for n, section in ((1, "MEDICAL"), (3, "RISK")):
            opened_text, text = opened(run, rehearsal_hub, n, section)
            assert opened_text.content == text
        with pytest.raises(NotFound):
            opened(run, rehearsal_hub, 1, "BASIC")
        rewrap_events = [r.event for r in rehearsal_hub.records() if isinstance(r.event, ItemsRewrapped)]
        assert [w.to for event in rewrap_events for w in event.wrapped_keys].count("AUDIT") == 2
        ledger = rehearsal_hub.audit.ledger(run.case)
        audit_disclosures = {(d["section"], d["act"]) for d in ledger["disclosures"] if d["to"] == "AUDIT"}
        assert audit_disclosures == {("MEDICAL", "items.rewrapped"), ("RISK", "items.rewrapped")}
        readings = [
            (o["section"], o["purpose"], o["outcome"], o["received"])
            for o in ledger["openings"]
            if o["agency"] == "AUDIT"
        ]
        assert ("MEDICAL", "AUDIT", "OPENED", "OK") in readings
        assert ("BASIC", "AUDIT", "REFUSED", None) in readings
        installation = rehearsal_hub.installation
    with open_archive(installation) as archive:
        catch_up(archive.read_models, archive.store)
        result = Verifier(archive.recorder, archive.store, archive.genesis).run(
            read_models=archive.read_models, doors=doors_of(installation)
        )
    assert [f.__dict__ for f in result.findings] == []
    assert result.rows_compared


def test_the_audit_office_requests_and_opens_content_on_the_command_line(tmp_path: Path) -> None:
    with played(tmp_path / "hub", 3) as (run, rehearsal_hub):
        [w] = [w for w in run.written if (w.n, w.section) == (3, "RISK")]
        common = [
            "--folder",
            str(tmp_path / "hub" / "audit"),
            "--hub",
            rehearsal_hub.url,
            "--case",
            str(run.case),
        ]
        arguments = ["audit", "request-content", *common, "--item", str(w.item), "--until", "2026-05-31"]
        done = CliRunner().invoke(app, [*arguments, "--ground", "COURT"])
        assert done.exit_code == 0, done.output
        request = done.stdout.split()[-1]
        fields = {
            "to": [],
            "basis": {},
            "consent": [],
            "purpose": "SUPPORT",
            "reason": None,
            "grants": request,
            "opens": [str(w.item)],
            "until": "2026-05-31",
        }
        for code, actor in (("AZ-CORE", "staff.one"), ("AZ-CORE", "staff.two")):
            approval = rehearsal_hub.door(code).send(
                Kind.CASE, run.case, "audit_content_access.granted", fields, actor=actor
            )
            assert approval.outcome == "recorded"
        rehearsal_hub.complete_rewrap_duties()
        named = ["--message", str(w.message), "--item", str(w.item), "--section", "RISK"]
        done = CliRunner().invoke(app, ["audit", "open-content", *common, *named, "--raw"])
        assert done.exit_code == 0, done.output
        assert done.stdout_bytes == w.text
        shown = CliRunner().invoke(app, ["audit", "open-content", *common, *named])
        assert shown.exit_code == 0, shown.output
        assert "危険度・保護" in shown.output or "備考" in shown.output


def test_a_wrapped_key_for_another_agency_is_refused_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub that releases another agency's wrapped key is detected, and the failure is in the record."""
    with played(tmp_path / "hub", 8) as (run, rehearsal_hub):
        rehearsal_hub.complete_rewrap_duties()
        office = rehearsal_hub.audit
        command = office._hub_client.submit

        def swapped(data: bytes) -> dict[str, Any]:
            answer = command(data)
            if answer.get("release"):
                answer["release"]["wrapped_key_frame"] = None
            return answer

        monkeypatch.setattr(office._hub_client, "submit", swapped)
        with pytest.raises(Untrusted, match="released-wrapped-key-digest"):
            opened(run, rehearsal_hub, 1, "MEDICAL")
        ledger = rehearsal_hub.audit.ledger(run.case)
        assert [o["received"] for o in ledger["openings"] if o["agency"] == "AUDIT"] == [
            "untrusted/released-wrapped-key-digest"
        ]


def test_a_request_against_the_rules_is_refused_and_recorded(tmp_path: Path) -> None:
    with played(tmp_path / "hub", 3) as (run, rehearsal_hub):
        with pytest.raises(Refused, match="audit-refused"):
            rehearsal_hub.audit.request_content(
                run.case, [], ground=AuditGround.COURT, until=date(2030, 1, 1)
            )
        assert "command.refused" in [r.topic for r in rehearsal_hub.records()]
