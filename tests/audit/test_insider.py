"""Bundles forged by a hub's operator with all the keys of a hub: what is detected and where, and what can't be.

Each forgery is a complete log, sealed, tagged, hashed and signed again, so that only the signatures of others, the rules,
and heads seen before can reveal it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from domain.events import Kind
from domain.record import access_of
from domain.rulebook import first_edition
from gateway.audit.bundle import export, pack
from gateway.cli.main import app
from gateway.installation.archive import open_archive
from gateway.installation.folder import create_installation
from gateway.verifier.bundle import BundleFault, BundleResult, verify_bundle
from keys import canonical
from keys.keyset import key_set_fields, sign_key_set
from keys.signing import KemKey, SignatureKeys, SignatureKind
from tests.audit.forged_log import EditableRecord, Insider, RecordSequence, renumbered, replaced
from tests.gateway.hubkit import HubWithCase, UnsignedRequest, hub_with_case, request_bytes, time_text

ALARM = "referral_unacknowledged_alarm.raised"
REFERRED = "family_information.provided"
REFUSED = "disclosure.refused"
RULE_BOOK_PUBLISHED = "rule_book.published"


@dataclass(frozen=True)
class InsiderScenario:
    """What the auditor has (pinned hub, own keys, an earlier bundle, the request) and what the operator has."""

    insider: Insider
    hub: bytes
    kem: KemKey
    first: UUID
    second: UUID
    request: UUID
    of_first: UUID
    case_bundle: bytes
    earlier: bytes
    retired: SignatureKeys
    retired_set: str
    folder: Path

    def verified(self, data: bytes, **more: Any) -> BundleResult:
        return verify_bundle(data, self.hub, self.kem, **more)

    @property
    def by_new_keys(self) -> EditableRecord:
        """The command that KS-CGC sent under its second key set."""
        cgc = self.insider.find(lambda t: t.body["topic"] == "key_set.published", nth=5).originator_id
        return self.insider.find(lambda t: t.body["by"] == str(cgc) and t.originator_id != cgc)

    def topic(self, topic: str, originator_id: UUID | None = None, nth: int = 0) -> EditableRecord:
        return self.insider.find(
            lambda t: t.body["topic"] == topic and originator_id in (None, t.originator_id), nth
        )


def rotated(hub_kit: HubWithCase, code: str) -> tuple[SignatureKeys, bytes]:
    """Publish a second key set of this agency. Returns its new keys and its digest."""
    sig, kem = SignatureKeys.generate(), KemKey.generate()
    fields = key_set_fields(
        code=code, name="県児童相談所", roles=["CGC"], body="PREFECTURE", municipality=None, custody="HOSTED",
        sig=sig.public, kem=kem.public,
    )  # fmt: skip
    agency = str(hub_kit.door(code).agency)
    unsigned = hub_kit.unsigned(code, "key_set.published", fields, about={"kind": "agency", "id": agency})
    frame = sign_key_set(
        canonical.encode(unsigned.payload),
        hub_kit.sig(code),
        *hub_kit.rehearsal_hub.installation.registrars()[:2],
    )
    assert hub_kit.post(request_bytes(frame.encode())).json()["outcome"] == "recorded"
    return sig, frame.digest


def export_bundle(hub_kit: HubWithCase, request_id: UUID) -> bytes:
    runtime = hub_kit.rehearsal_hub.runtime
    assert runtime is not None
    while runtime.log_keeper.size < hub_kit.head():
        runtime.log_keeper.step()
    with open_archive(hub_kit.rehearsal_hub.installation) as archive:
        return export(archive, request_id)


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsiderScenario]:
    """Two cases, a refusal, a reading, changed keys, an alarm, a second mandate, a second rule book."""
    second = uuid4()
    with hub_with_case(tmp_path_factory.mktemp("insider") / "hub") as hub_kit:
        rehearsal_hub = hub_kit.rehearsal_hub
        hub_kit.refer(second)
        item, section = hub_kit.sent.items[0]
        hub_kit.door("AZ-CORE").open(hub_kit.case, hub_kit.sent.command_id, item, section, actor="staff.a")
        core = str(hub_kit.door("AZ-CORE").agency)
        wrong = hub_kit.unsigned("MID-HOSP", REFERRED, hub_kit.referral(basis={core: "APPI-69-1"}))
        hub_kit.add_item(wrong, "BASIC", b"x", ["AZ-CORE", "MID-HOSP"])
        assert hub_kit.post(wrong).json()["outcome"] == "refused"
        retired, retired_set = hub_kit.sig("KS-CGC"), hub_kit.door("KS-CGC").keyset().hex()
        new, digest = rotated(hub_kit, "KS-CGC")
        by_cgc = hub_kit.unsigned("KS-CGC", REFERRED, hub_kit.referral(), keyset=digest.hex())
        assert hub_kit.post(UnsignedRequest(by_cgc.payload, [new])).json()["outcome"] == "refused"
        earlier = export_bundle(hub_kit, rehearsal_hub.audit.request_control(None))
        rehearsal_hub.set_clock(rehearsal_hub.now() + timedelta(days=3))  # the referrals are not acknowledged
        hub_kit.note(hub_kit.case)
        hub_kit.refer(second)
        rehearsal_hub.registrars.begin_mandate(2, date(2026, 3, 31))
        hub_kit.note(hub_kit.case)
        rule_book = first_edition()
        rehearsal_hub.set_clock(rehearsal_hub.now() + timedelta(days=30))
        rule_book = {
            **rule_book,
            "edition": "second",
            "policy": {**rule_book["policy"], "acknowledge_hours": 1},
        }
        result = rehearsal_hub.registrars.order(
            Kind.RULE_BOOK,
            rehearsal_hub.genesis.rules_id,
            RULE_BOOK_PUBLISHED,
            {"edition": "second", "rule_book": rule_book},
        )
        assert result["outcome"] == "recorded"
        hub_kit.note(hub_kit.case)
        rehearsal_hub.set_clock(rehearsal_hub.now() + timedelta(days=1))
        of_first = rehearsal_hub.audit.request_control(hub_kit.case)
        case_bundle = export_bundle(hub_kit, of_first)
        request = rehearsal_hub.audit.request_control(None)
        data = export_bundle(hub_kit, request)
        installation = rehearsal_hub.installation
        log = SignatureKeys.from_seeds(SignatureKind.LOG, installation.hub_secrets()["log"])
        _, kem = installation.audit()
        insider = Insider.of(data, installation.hub, installation.mode, log, kem)
        yield InsiderScenario(
            insider, installation.hub, kem, hub_kit.case, second, request, of_first, case_bundle, earlier, retired,
            retired_set, installation.folder,
        )  # fmt: skip


def test_a_log_rebuilt_from_the_true_records_verifies(scenario: InsiderScenario) -> None:
    """The forger's kit alone causes no fault: each attack below is detected by what it changes."""
    result = scenario.verified(scenario.insider.bundle(scenario.insider.sequence))
    assert result.faults == []
    assert result.records == result.log_size == len(scenario.insider.sequence)
    true = scenario.verified(pack(scenario.insider.files), seen=scenario.earlier, request=scenario.request)
    assert true.faults == []
    assert (
        scenario.verified(scenario.case_bundle, seen=scenario.earlier, request=scenario.of_first).faults == []
    )


# --- forged records -------------------------------------------------------------------------------------------

Forgery = Callable[[InsiderScenario], tuple[RecordSequence, EditableRecord]]
"""Makes the forged sequence, and the record in it where the forgery is detected."""


def swapped(
    scenario: InsiderScenario, old: EditableRecord, new: EditableRecord
) -> tuple[RecordSequence, EditableRecord]:
    return replaced(scenario.insider.sequence, old, new), new


def signed_by_retired_key(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.by_new_keys
    return swapped(s, old, old.signed_again_by(s.retired, keyset=s.retired_set))


def retired_key_names_the_new_set(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.by_new_keys
    return swapped(s, old, old.signed_again_by(s.retired, actor="staff.another"))


def other_edition_named(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFUSED)
    return swapped(s, old, old.with_body(rules=2))


def rule_book_moved_earlier(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    """The second rule book moved before a refusal, which is decided by it in the forged log."""
    sequence, _, refused = _move_rule_book_before_refusal(s, {})
    return sequence, refused


def rule_book_moved_earlier_and_backdated(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    sequence, rule_book, _ = _move_rule_book_before_refusal(s, {"at": s.topic(REFUSED).body["at"]})
    return sequence, rule_book


def _move_rule_book_before_refusal(
    s: InsiderScenario, more: dict[str, Any]
) -> tuple[RecordSequence, EditableRecord, EditableRecord]:
    old, refused = s.topic(RULE_BOOK_PUBLISHED, nth=1), s.topic(REFUSED)
    rule_book, refused_by_second = (
        replace(old.with_body(**more), epoch=1, audit_wrapped_key=None),
        refused.with_body(rules=2),
    )
    return (
        replaced([t for t in s.insider.sequence if t is not old], refused, rule_book, refused_by_second),
        rule_book,
        refused_by_second,
    )


def refusal_turned_into_acceptance(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old, like = s.topic(REFUSED), s.topic(REFERRED)
    fields = {**like.body["fields"], "basis": old.payload["fields"]["basis"], "items": []}
    return swapped(s, old, old.with_body(topic=REFERRED, v=like.body["v"], fields=fields))


def acceptance_turned_into_refusal(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old, like = s.topic(REFERRED, s.second), s.topic(REFUSED)
    refused = replace(
        old.with_body(topic=REFUSED, v=1, fields=like.body["fields"]), items=(), wrapped_keys=()
    )
    return swapped(s, old, refused)


def moved_to_another_case(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFERRED, s.second)
    moved = replace(
        old.with_body(about={"kind": "case", "id": str(s.first)}),
        originator_id=s.first,
        audit_wrapped_key=None,
    )
    sequence = renumbered(replaced(s.insider.sequence, old, moved))
    return sequence, sequence[s.insider.sequence.index(old)]


def command_id_reused(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFERRED, s.second, nth=1)
    twice = replace(old, audit_wrapped_key=None)
    sequence = renumbered(replaced(s.insider.sequence, old, old, twice))
    return sequence, sequence[s.insider.sequence.index(old) + 1]


def command_id_reused_for_reading(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic("section.opened")
    refused = old.with_body(topic="opening.refused", fields={**old.body["fields"], "reason": "NOT_ADDRESSED"})
    sequence = renumbered(replaced(s.insider.sequence, old, old, replace(refused, audit_wrapped_key=None)))
    return sequence, sequence[s.insider.sequence.index(old) + 1]


def record_left_out(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    """Without the record and its alarms, renumbered; the sender of the next one has a receipt for it."""
    sequence = _without(s, s.topic(REFERRED, s.second))
    return sequence, next(t for t in sequence if t.originator_id == s.second and t.body["topic"] == REFERRED)


def _without(s: InsiderScenario, lost: EditableRecord) -> RecordSequence:
    """The sequence without this record and its alarms; the next record of its originator carries the audit key."""
    lost_command_id = lost.body["command_id"]
    rest = [
        t for t in s.insider.sequence if t is not lost and t.body["fields"].get("message") != lost_command_id
    ]
    for gone in s.insider.sequence:
        heirs = [t for t in rest if (t.originator_id, t.epoch) == (gone.originator_id, gone.epoch)]
        if gone.audit_wrapped_key is not None and heirs and all(t is not gone for t in rest):
            rest = replaced(rest, heirs[0], replace(heirs[0], audit_wrapped_key=gone.audit_wrapped_key))
    return renumbered(rest)


def another_mandate(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.insider.find(lambda t: t.originator_id == s.first and t.epoch == 2)
    return swapped(s, old, replace(old, epoch=1, audit_wrapped_key=None))


def alarm_before_due_time(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    alarm, before = s.topic(ALARM, s.first), s.topic(REFUSED)
    early = alarm.with_body(at=before.body["at"])
    rest = [t for t in s.insider.sequence if t is not alarm]
    sequence = renumbered(replaced(rest, before, before, early))
    return sequence, sequence[rest.index(before) + 1]


def alarm_withheld(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    first = [t for t in s.insider.sequence if t.originator_id == s.first]
    remaining = [
        t
        for t in s.insider.sequence
        if t.originator_id != s.first or not t.body["topic"].endswith("_alarm.raised")
    ]
    after = first[next(n for n, t in enumerate(first) if t.body["topic"] == ALARM) :]
    detected = next(t for t in after if t.body["by"] != "HUB")
    sequence = renumbered(remaining)
    return sequence, sequence[remaining.index(detected)]


def alarm_for_another(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(ALARM, s.first)
    other = str(s.topic("key_set.published", nth=1).originator_id)
    return swapped(s, old, old.with_body(fields={**old.body["fields"], "responsible": other}))


def keys_published_out_of_order(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    cgc = s.insider.find(lambda t: t.body["topic"] == "key_set.published", nth=5)
    first = s.insider.find(lambda t: t.originator_id == cgc.originator_id)
    rest = [t for t in s.insider.sequence if t is not cgc]
    sequence = renumbered(
        replaced(
            rest,
            first,
            replace(cgc, audit_wrapped_key=first.audit_wrapped_key),
            replace(first, audit_wrapped_key=None),
        )
    )
    return sequence, sequence[s.insider.sequence.index(first)]


def keys_published_after_they_were_used(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    new = s.insider.find(lambda t: t.body["topic"] == "key_set.published", nth=5)
    used = s.by_new_keys
    rest = [t for t in s.insider.sequence if t is not new]
    return replaced(rest, used, used, new), used


def second_genesis(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old, last = s.insider.sequence[0], s.insider.sequence[-1]
    twice = replace(old.with_body(at=last.body["at"]), audit_wrapped_key=None, epoch=last.epoch)
    sequence = renumbered([*s.insider.sequence, twice])
    return sequence, sequence[-1]


def dated_after_validity(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(RULE_BOOK_PUBLISHED, nth=1)
    return swapped(s, old, old.with_body(at="2025-12-31T00:00:00.000000Z"))


def dated_before_predecessor(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = [t for t in s.insider.sequence if t.originator_id == s.first and t.body["by"] != "HUB"][-1]
    before = next(
        t for t in s.insider.sequence if t.originator_id == s.first and t.version == old.version - 1
    )
    earlier = canonical.parse_time(before.body["at"]) - timedelta(seconds=1)
    return swapped(s, old, old.with_body(at=time_text(earlier)))


def parts_dropped(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old, items=old.items[1:]))


def parts_exchanged(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old, other = s.topic(REFERRED, s.first), s.topic(REFERRED, s.second)
    return swapped(s, old, replace(old, items=other.items))


def keys_of_items_dropped(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old, wrapped_keys=old.wrapped_keys[1:]))


def parts_added_to_refusal(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old, other = s.topic(REFUSED), s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old, items=other.items))


def unsigned_command(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old.with_body(frame=None), frame=b""))


def another_sender(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, old.with_body(by=str(s.topic("key_set.published").originator_id)))


def registrars_act_of_others(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    old = s.topic(RULE_BOOK_PUBLISHED, nth=1)
    return swapped(s, old, old.signed_again_by(s.retired, actor="another"))


FORGERIES: list[tuple[Forgery, str] | tuple[Forgery, str, str]] = [
    (signed_by_retired_key, "signature-key"),
    (retired_key_names_the_new_set, "signature-key"),
    (other_edition_named, "decision-differs", "rules"),
    (rule_book_moved_earlier, "rests-on-later"),
    (rule_book_moved_earlier_and_backdated, "outside-validity"),
    (
        refusal_turned_into_acceptance,
        "decision-differs",
        "family_information.provided instead of disclosure.refused",
    ),
    (
        acceptance_turned_into_refusal,
        "decision-differs",
        "disclosure.refused instead of family_information.provided",
    ),
    (moved_to_another_case, "envelope-differs"),
    (command_id_reused, "command-answered-twice"),
    (command_id_reused_for_reading, "command-answered-twice"),
    (record_left_out, "prev-not-recorded"),
    (another_mandate, "other-mandate"),
    (alarm_before_due_time, "hub-act-not-due"),
    (alarm_for_another, "hub-act-not-due"),
    (alarm_withheld, "hub-act-withheld"),
    (keys_published_out_of_order, "key-set-not-first"),
    (keys_published_after_they_were_used, "signature-key"),
    (second_genesis, "genesis-not-first"),
    (dated_after_validity, "outside-validity"),
    (dated_before_predecessor, "time-decreased"),
    (parts_dropped, "record-items-missing"),
    (parts_exchanged, "record-item-digest"),
    (keys_of_items_dropped, "record-wrapped-keys-missing"),
    (parts_added_to_refusal, "parts-of-a-refusal"),
    (unsigned_command, "no-frame"),
    (another_sender, "envelope-differs"),
    (registrars_act_of_others, "registrars-signature-count"),
]


@pytest.mark.parametrize(
    ("forgery", "code", "detail"),
    [pytest.param(*(*forgery, "")[:3], id=forgery[0].__name__) for forgery in FORGERIES],
)
def test_a_forgery_is_located_at_the_forged_record(
    scenario: InsiderScenario, forgery: Forgery, code: str, detail: str
) -> None:
    sequence, where = forgery(scenario)
    result = scenario.verified(scenario.insider.bundle(sequence))
    [seq] = [n for n, record in enumerate(sequence, 1) if record is where]
    assert result.faults[0] == BundleFault(code, "records", seq, detail)


# --- omitted records and rolled back logs ------------------------------------------------------------------------


def fault_codes(result: BundleResult) -> set[str]:
    return {f.code for f in result.faults}


def without_case(s: InsiderScenario, case: UUID) -> bytes:
    """The true log without the records of this case."""
    files, remaining, at = s.insider.files, b"", 0
    for record in s.insider.sequence:
        data = files["records"]
        length = int.from_bytes(data[at + 8 : at + 10], "big")
        end = at + 14 + length + int.from_bytes(data[at + 10 + length : at + 14 + length], "big")
        remaining += b"" if record.originator_id in (case, access_of(case)) else data[at:end]
        at = end
    return pack({**files, "records": remaining})


def test_an_omitted_case_is_detected_by_a_request_for_all_cases(scenario: InsiderScenario) -> None:
    data = without_case(scenario, scenario.second)
    assert scenario.verified(data).faults == []  # it is a valid bundle of the other case
    result = scenario.verified(data, request=scenario.request)
    gone = {t.seq for t in scenario.insider.sequence if t.originator_id == scenario.second}
    assert fault_codes(result) == {"requested-record-missing"}
    assert {f.seq for f in result.faults} <= gone
    assert sum("positions" in f.where for f in result.faults) >= 1


def test_omitting_the_requested_case_is_detected(scenario: InsiderScenario) -> None:
    result = scenario.verified(without_case(scenario, scenario.first), request=scenario.of_first)
    assert [(f.code, f.where) for f in result.faults] == [("case-omitted", f"case {scenario.first}")]


def test_a_bundle_for_another_request_is_detected(scenario: InsiderScenario) -> None:
    assert fault_codes(scenario.verified(scenario.earlier, request=scenario.request)) == {"request-missing"}
    result = verify_bundle(scenario.case_bundle, scenario.hub, None, request=scenario.of_first)
    assert fault_codes(result) == {"request-needs-key"}


def test_omitting_the_last_record_of_a_case_is_detected_by_its_tag(scenario: InsiderScenario) -> None:
    files, last = (
        scenario.insider.files,
        [t for t in scenario.insider.sequence if t.originator_id == scenario.second][-1],
    )
    one = next(t for t in scenario.insider.sequence if t is last)
    subject = f"{scenario.insider.prefix}.{one.originator_id.hex}.{one.version}".encode()
    at = files["records"].index(subject) - 10
    size = int.from_bytes(files["records"][at + 10 + len(subject) :][:4], "big")
    cut = files["records"][:at] + files["records"][at + 14 + len(subject) + size :]
    result = scenario.verified(pack({**files, "records": cut}))
    assert ("record-omitted", f"originator {one.originator_id}, version {one.version}") in [
        (f.code, f.where) for f in result.faults
    ]


def test_a_wrong_tag_is_detected(scenario: InsiderScenario) -> None:
    """Otherwise the record after it could be omitted: omissions are detected by the tag of the next record."""
    seq = next(
        n
        for n, t in enumerate(scenario.insider.sequence, 1)
        if t.originator_id == scenario.second and t.version == 2
    )
    result = scenario.verified(scenario.insider.bundle(scenario.insider.sequence, tags={seq: bytes(16)}))
    assert [(f.code, f.seq) for f in result.faults] == [("tag-differs", seq)]


def test_a_version_gap_is_located_at_the_record_after_it(scenario: InsiderScenario) -> None:
    lost = next(t for t in scenario.insider.sequence if t.originator_id == scenario.second and t.version == 2)
    sequence = [t for t in scenario.insider.sequence if t is not lost]
    result = scenario.verified(scenario.insider.bundle(sequence))
    [seq] = [n for n, t in enumerate(sequence, 1) if t.originator_id == scenario.second and t.version == 3]
    assert ("version-out-of-order", seq) in [(f.code, f.seq) for f in result.faults]


def test_a_rolled_back_log_is_detected_by_a_later_head(scenario: InsiderScenario) -> None:
    cut = scenario.insider.bundle(scenario.insider.sequence[:-4])
    assert scenario.verified(cut).faults == []
    seen = pack(scenario.insider.files)
    result = scenario.verified(cut, seen=seen)
    assert [(f.code, f.seq) for f in result.faults] == [
        ("log-rolled-back", len(scenario.insider.sequence) - 3)
    ]
    assert fault_codes(scenario.verified(cut, seen=scenario.insider.files["checkpoint"])) == {
        "log-rolled-back"
    }
    assert fault_codes(scenario.verified(cut, request=scenario.request)) == {"request-missing"}


def forgotten(s: InsiderScenario) -> tuple[RecordSequence, EditableRecord]:
    """The sequence without the last command of a case, after which its sender sent no other there."""
    lost = [t for t in s.insider.sequence if t.originator_id == s.first and t.body["by"] != "HUB"][-1]
    return _without(s, lost), lost


def test_a_command_removed_from_the_log_is_detected_by_a_head_seen_before(scenario: InsiderScenario) -> None:
    """A head shows that it is another log; an earlier bundle also shows where it begins to differ."""
    sequence, lost = forgotten(scenario)
    data = scenario.insider.bundle(sequence)
    assert scenario.verified(data).faults == []
    assert fault_codes(scenario.verified(data, seen=scenario.insider.files["checkpoint"])) == {
        "log-rolled-back"
    }
    longer = scenario.insider.bundle([*sequence, *scenario.insider.sequence[-1:] * 3])
    by_head = verify_bundle(longer, scenario.hub, None, seen=scenario.insider.files["checkpoint"])
    assert fault_codes(by_head) == {"log-split-view"}
    by_bundle = verify_bundle(longer, scenario.hub, None, seen=pack(scenario.insider.files))
    assert [f.code for f in by_bundle.faults][:2] == ["log-split-view", "entry-changed"]
    assert by_bundle.faults[1].seq == lost.seq


def test_a_changed_earlier_record_is_located_by_an_earlier_bundle(
    scenario: InsiderScenario,
) -> None:
    sequence, where = other_edition_named(scenario)
    result = verify_bundle(scenario.insider.bundle(sequence), scenario.hub, None, seen=scenario.earlier)
    assert next(f.seq for f in result.faults if f.code == "entry-changed") == where.seq


def test_an_invalid_head_seen_before_is_a_fault(scenario: InsiderScenario, tmp_path: Path) -> None:
    for seen in (b"", b"no note", pack({"checkpoint": b""})):
        assert [f.where for f in scenario.verified(pack(scenario.insider.files), seen=seen).faults] == [
            "the head seen before"
        ]


def test_exchanged_audit_keys_of_two_cases_are_located(scenario: InsiderScenario) -> None:
    files = scenario.insider.files
    known = canonical.parse(files["keys"])
    a, b = str(scenario.first), str(scenario.second)
    known["wrapped_keys"][a]["1"], known["wrapped_keys"][b]["1"] = (
        known["wrapped_keys"][b]["1"],
        known["wrapped_keys"][a]["1"],
    )
    result = scenario.verified(pack({**files, "keys": canonical.encode(known)}))
    expected_places = {f.where for f in result.faults if f.where.startswith("keys")}
    assert expected_places == {f"keys, originator {one}, mandate 1" for one in (a, b)}


def test_exchanged_audit_keys_of_two_mandates_are_located(scenario: InsiderScenario) -> None:
    files = scenario.insider.files
    known = canonical.parse(files["keys"])
    of = known["wrapped_keys"][str(scenario.first)]
    of["1"], of["2"] = of["2"], of["1"]
    result = scenario.verified(pack({**files, "keys": canonical.encode(known)}))
    expected_places = {f.where for f in result.faults if f.where.startswith("keys")}
    assert expected_places == {f"keys, originator {scenario.first}, mandate {n}" for n in (1, 2)}


def test_the_genesis_of_another_hub_is_detected(scenario: InsiderScenario, tmp_path: Path) -> None:
    other = create_installation(tmp_path / "other", mode="rehearsal").genesis_frame.encode()
    result = scenario.verified(pack({**scenario.insider.files, "genesis": other}))
    assert [f.where for f in result.faults] == ["genesis"]


# --- what can't be found in a bundle alone (THREATS.md says so) --------------------------------------------------


def test_a_record_dated_anywhere_within_its_commands_validity_is_not_detected(
    scenario: InsiderScenario,
) -> None:
    """A command valid for six days can be dated anywhere in them, as far as the records before and after permit."""
    old = [
        t for t in scenario.insider.sequence if t.originator_id == scenario.first and t.body["by"] != "HUB"
    ][-1]
    later = old.with_body(at=time_text(canonical.parse_time(old.body["at"]) + timedelta(minutes=30)))
    assert (
        scenario.verified(scenario.insider.bundle(replaced(scenario.insider.sequence, old, later))).faults
        == []
    )


def test_an_alarm_withheld_at_the_end_is_not_detected_within_an_hour(scenario: InsiderScenario) -> None:
    alarm = scenario.topic(ALARM, scenario.first)
    until = scenario.insider.sequence[: scenario.insider.sequence.index(alarm)]
    assert scenario.verified(scenario.insider.bundle(until)).faults == []


def test_the_command_compares_a_bundle_with_a_head_and_a_request(
    scenario: InsiderScenario, tmp_path: Path
) -> None:
    all_records, cut, head = tmp_path / "whole.khb", tmp_path / "cut.khb", tmp_path / "checkpoint"
    all_records.write_bytes(pack(scenario.insider.files))
    cut.write_bytes(scenario.insider.bundle(scenario.insider.sequence[:-4]))
    head.write_bytes(scenario.insider.files["checkpoint"])
    keys = ["--audit-keystore", str(scenario.folder / "audit" / "keystore"), "--rehearsal"]
    keys += ["--passphrase-file", str(scenario.folder / "audit" / "passphrase"), "--hub", scenario.hub.hex()]

    def code(bundle: Path, *more: str) -> int:
        return CliRunner().invoke(app, ["audit", "verify-bundle", str(bundle), *keys, *more]).exit_code

    request_id = ["--request", str(scenario.request)]
    assert code(all_records, "--seen", str(head), *request_id) == 0
    assert code(cut) == 0
    assert code(cut, "--seen", str(head)) == 1
    assert code(cut, "--seen", str(all_records)) == 1
    assert code(cut, *request_id) == 1
