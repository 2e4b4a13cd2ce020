"""Bundles by a hub's operator who lies with all the keys that a hub has: what is found, where, and what can't be.

Each lie is a whole log of its own: sealed, tagged, hashed and signed anew, so that nothing shows but what was signed by
others, what the rules say, and what somebody saw before.
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
from gateway.installation.folder import make_installation
from gateway.verifier.bundle import Verified, verify_bundle
from keys import canonical
from keys.keyset import key_set_fields, sign_key_set
from keys.signing import KemKey, SignatureKeys, SignatureKind
from tests.audit.insider import Insider, Tale, Told, again, put
from tests.gateway.hubkit import Ground, Letter, ground, request_bytes, time_text

ALARM = "referral_unacknowledged_alarm.raised"
REFERRED = "family_information.provided"
REFUSED = "disclosure.refused"
BOOK = "rule_book.published"


@dataclass(frozen=True)
class Scene:
    """What an auditor has: pinned hub, own keys, an earlier bundle, the request; and what the operator has."""

    insider: Insider
    hub: bytes
    kem: KemKey
    first: UUID
    second: UUID
    request: UUID
    of_first: UUID
    one_case: bytes
    earlier: bytes
    retired: SignatureKeys
    retired_set: str
    folder: Path

    def verified(self, data: bytes, **more: Any) -> Verified:
        return verify_bundle(data, self.hub, self.kem, **more)

    @property
    def by_new_keys(self) -> Told:
        """What KS-CGC tried under its second key set."""
        cgc = self.insider.find(lambda t: t.body["topic"] == "key_set.published", nth=5).on
        return self.insider.find(lambda t: t.body["by"] == str(cgc) and t.on != cgc)

    def topic(self, topic: str, on: UUID | None = None, nth: int = 0) -> Told:
        return self.insider.find(lambda t: t.body["topic"] == topic and on in (None, t.on), nth)


def rotated(made: Ground, code: str) -> tuple[SignatureKeys, bytes]:
    """A second key set of this agency: its new keys, and its digest."""
    sig, kem = SignatureKeys.generate(), KemKey.generate()
    fields = key_set_fields(
        code=code, name="県児童相談所", roles=["CGC"], body="PREFECTURE", municipality=None, custody="HOSTED",
        sig=sig.public, kem=kem.public,
    )  # fmt: skip
    agency = str(made.door(code).agency)
    letter = made.letter(code, "key_set.published", fields, about={"kind": "agency", "id": agency})
    frame = sign_key_set(
        canonical.encode(letter.payload), made.sig(code), *made.stage.installation.registry()[:2]
    )
    assert made.post(request_bytes(frame.encode())).json()["outcome"] == "recorded"
    return sig, frame.digest


def taken(made: Ground, asked: UUID) -> bytes:
    runtime = made.stage.runtime
    assert runtime is not None
    while runtime.logbook.size < made.head():
        runtime.logbook.step()
    with open_archive(made.stage.installation) as archive:
        return export(archive, asked)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Two cases, a refusal, a reading, changed keys, an alarm, a second mandate, a second rule book."""
    second = uuid4()
    with ground(tmp_path_factory.mktemp("insider") / "hub") as made:
        stage = made.stage
        made.refer(second)
        item, section = made.sent.items[0]
        made.door("AZ-CORE").open(made.case, made.sent.ask_id, item, section, actor="staff.a")
        core = str(made.door("AZ-CORE").agency)
        wrong = made.letter("MID-HOSP", REFERRED, made.referral(basis={core: "APPI-69-1"}))
        made.add_item(wrong, "BASIC", b"x", ["AZ-CORE", "MID-HOSP"])
        assert made.post(wrong).json()["outcome"] == "refused"
        retired, retired_set = made.sig("KS-CGC"), made.door("KS-CGC").keyset().hex()
        new, digest = rotated(made, "KS-CGC")
        by_cgc = made.letter("KS-CGC", REFERRED, made.referral(), keyset=digest.hex())
        assert made.post(Letter(by_cgc.payload, [new])).json()["outcome"] == "refused"
        earlier = taken(made, stage.audit.ask_for_control(None))
        stage.set_clock(stage.now() + timedelta(days=3))  # nobody has said that the referrals arrived
        made.note(made.case)
        made.refer(second)
        stage.registry.begin_mandate(2, date(2026, 3, 31))
        made.note(made.case)
        book = first_edition()
        stage.set_clock(stage.now() + timedelta(days=30))
        book = {**book, "edition": "second", "policy": {**book["policy"], "acknowledge_hours": 1}}
        told = stage.registry.order(
            Kind.RULE_BOOK, stage.genesis.rules_id, BOOK, {"edition": "second", "book": book}
        )
        assert told["outcome"] == "recorded"
        made.note(made.case)
        stage.set_clock(stage.now() + timedelta(days=1))
        of_first = stage.audit.ask_for_control(made.case)
        one_case = taken(made, of_first)
        request = stage.audit.ask_for_control(None)
        data = taken(made, request)
        installation = stage.installation
        log = SignatureKeys.from_seeds(SignatureKind.LOG, installation.hub_secrets()["log"])
        _, kem = installation.audit()
        insider = Insider.of(data, installation.hub, installation.mode, log, kem)
        yield Scene(
            insider, installation.hub, kem, made.case, second, request, of_first, one_case, earlier, retired,
            retired_set, installation.folder,
        )  # fmt: skip


def test_what_the_operator_makes_of_the_truth_verifies(scene: Scene) -> None:
    """The kit is no lie by itself: each attack below is found by what it changes."""
    told = scene.verified(scene.insider.bundle(scene.insider.tale))
    assert told.faults == []
    assert told.records == told.log_size == len(scene.insider.tale)
    true = scene.verified(pack(scene.insider.files), seen=scene.earlier, request=scene.request)
    assert true.faults == []
    assert scene.verified(scene.one_case, seen=scene.earlier, request=scene.of_first).faults == []


# --- lies in what is told -------------------------------------------------------------------------------------

Lie = Callable[[Scene], tuple[Tale, Told]]
"""The tale that is told, and the record of it where it is found out."""


def swapped(scene: Scene, old: Told, new: Told) -> tuple[Tale, Told]:
    return put(scene.insider.tale, old, new), new


def retired_key(s: Scene) -> tuple[Tale, Told]:
    old = s.by_new_keys
    return swapped(s, old, old.resigned(s.retired, keyset=s.retired_set))


def retired_key_names_the_new_set(s: Scene) -> tuple[Tale, Told]:
    old = s.by_new_keys
    return swapped(s, old, old.resigned(s.retired, actor="staff.another"))


def other_edition_named(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFUSED)
    return swapped(s, old, old.saying(rules=2))


def book_brought_forward(s: Scene) -> tuple[Tale, Told]:
    """The second rule book before the refusal, which is judged by it: all as if it had been so."""
    tale, _, refused = _with_the_book_before_the_refusal(s, {})
    return tale, refused


def book_brought_forward_and_dated_back(s: Scene) -> tuple[Tale, Told]:
    tale, book, _ = _with_the_book_before_the_refusal(s, {"at": s.topic(REFUSED).body["at"]})
    return tale, book


def _with_the_book_before_the_refusal(s: Scene, more: dict[str, Any]) -> tuple[Tale, Told, Told]:
    old, refused = s.topic(BOOK, nth=1), s.topic(REFUSED)
    book, by_it = replace(old.saying(**more), epoch=1, audit_wrap=None), refused.saying(rules=2)
    return put([t for t in s.insider.tale if t is not old], refused, book, by_it), book, by_it


def refused_made_accepted(s: Scene) -> tuple[Tale, Told]:
    old, like = s.topic(REFUSED), s.topic(REFERRED)
    fields = {**like.body["fields"], "basis": old.payload["fields"]["basis"], "items": []}
    return swapped(s, old, old.saying(topic=REFERRED, v=like.body["v"], fields=fields))


def accepted_made_refused(s: Scene) -> tuple[Tale, Told]:
    old, like = s.topic(REFERRED, s.second), s.topic(REFUSED)
    refused = replace(old.saying(topic=REFUSED, v=1, fields=like.body["fields"]), items=(), wraps=())
    return swapped(s, old, refused)


def moved_to_another_case(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFERRED, s.second)
    moved = replace(old.saying(about={"kind": "case", "id": str(s.first)}), on=s.first, audit_wrap=None)
    tale = again(put(s.insider.tale, old, moved))
    return tale, tale[s.insider.tale.index(old)]


def answered_twice(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFERRED, s.second, nth=1)
    twice = replace(old, audit_wrap=None)
    tale = again(put(s.insider.tale, old, old, twice))
    return tale, tale[s.insider.tale.index(old) + 1]


def read_twice_under_one_wish(s: Scene) -> tuple[Tale, Told]:
    old = s.topic("section.opened")
    refused = old.saying(topic="opening.refused", fields={**old.body["fields"], "reason": "NOT_ADDRESSED"})
    tale = again(put(s.insider.tale, old, old, replace(refused, audit_wrap=None)))
    return tale, tale[s.insider.tale.index(old) + 1]


def left_out_in_the_middle(s: Scene) -> tuple[Tale, Told]:
    """With all that followed from it, the rest counted anew; who sent the next one has a receipt for it."""
    tale = _without(s, s.topic(REFERRED, s.second))
    return tale, next(t for t in tale if t.on == s.second and t.body["topic"] == REFERRED)


def _without(s: Scene, lost: Told) -> Tale:
    """As if it had never been: no alarm about it either, and the case's first key brought by who comes first now."""
    ask = lost.body["ask_id"]
    rest = [t for t in s.insider.tale if t is not lost and t.body["fields"].get("message") != ask]
    for gone in s.insider.tale:
        heirs = [t for t in rest if (t.on, t.epoch) == (gone.on, gone.epoch)]
        if gone.audit_wrap is not None and heirs and all(t is not gone for t in rest):
            rest = put(rest, heirs[0], replace(heirs[0], audit_wrap=gone.audit_wrap))
    return again(rest)


def another_mandate(s: Scene) -> tuple[Tale, Told]:
    old = s.insider.find(lambda t: t.on == s.first and t.epoch == 2)
    return swapped(s, old, replace(old, epoch=1, audit_wrap=None))


def alarm_brought_early(s: Scene) -> tuple[Tale, Told]:
    alarm, before = s.topic(ALARM, s.first), s.topic(REFUSED)
    early = alarm.saying(at=before.body["at"])
    rest = [t for t in s.insider.tale if t is not alarm]
    tale = again(put(rest, before, before, early))
    return tale, tale[rest.index(before) + 1]


def alarm_withheld(s: Scene) -> tuple[Tale, Told]:
    first = [t for t in s.insider.tale if t.on == s.first]
    kept = [t for t in s.insider.tale if t.on != s.first or not t.body["topic"].endswith("_alarm.raised")]
    after = first[next(n for n, t in enumerate(first) if t.body["topic"] == ALARM) :]
    found = next(t for t in after if t.body["by"] != "HUB")
    tale = again(kept)
    return tale, tale[kept.index(found)]


def alarm_for_another(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(ALARM, s.first)
    other = str(s.topic("key_set.published", nth=1).on)
    return swapped(s, old, old.saying(fields={**old.body["fields"], "late": other}))


def keys_published_out_of_order(s: Scene) -> tuple[Tale, Told]:
    cgc = s.insider.find(lambda t: t.body["topic"] == "key_set.published", nth=5)
    first = s.insider.find(lambda t: t.on == cgc.on)
    rest = [t for t in s.insider.tale if t is not cgc]
    tale = again(put(rest, first, replace(cgc, audit_wrap=first.audit_wrap), replace(first, audit_wrap=None)))
    return tale, tale[s.insider.tale.index(first)]


def keys_published_after_they_were_used(s: Scene) -> tuple[Tale, Told]:
    new = s.insider.find(lambda t: t.body["topic"] == "key_set.published", nth=5)
    used = s.by_new_keys
    rest = [t for t in s.insider.tale if t is not new]
    return put(rest, used, used, new), used


def second_genesis(s: Scene) -> tuple[Tale, Told]:
    old, last = s.insider.tale[0], s.insider.tale[-1]
    twice = replace(old.saying(at=last.body["at"]), audit_wrap=None, epoch=last.epoch)
    tale = again([*s.insider.tale, twice])
    return tale, tale[-1]


def dated_later_than_it_was_good_for(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(BOOK, nth=1)
    return swapped(s, old, old.saying(at="2025-12-31T00:00:00.000000Z"))


def dated_before_what_it_follows(s: Scene) -> tuple[Tale, Told]:
    old = [t for t in s.insider.tale if t.on == s.first and t.body["by"] != "HUB"][-1]
    before = next(t for t in s.insider.tale if t.on == s.first and t.version == old.version - 1)
    earlier = canonical.parse_time(before.body["at"]) - timedelta(seconds=1)
    return swapped(s, old, old.saying(at=time_text(earlier)))


def parts_dropped(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old, items=old.items[1:]))


def parts_exchanged(s: Scene) -> tuple[Tale, Told]:
    old, other = s.topic(REFERRED, s.first), s.topic(REFERRED, s.second)
    return swapped(s, old, replace(old, items=other.items))


def keys_of_items_dropped(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old, wraps=old.wraps[1:]))


def parts_of_a_refusal_kept(s: Scene) -> tuple[Tale, Told]:
    old, other = s.topic(REFUSED), s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old, items=other.items))


def wish_of_nobody(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, replace(old.saying(frame=None), frame=b""))


def another_sender(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(REFERRED, s.first)
    return swapped(s, old, old.saying(by=str(s.topic("key_set.published").on)))


def registry_act_of_others(s: Scene) -> tuple[Tale, Told]:
    old = s.topic(BOOK, nth=1)
    return swapped(s, old, old.resigned(s.retired, actor="another"))


LIES: list[tuple[Lie, str]] = [
    (retired_key, "signature-key"),
    (retired_key_names_the_new_set, "signature-key"),
    (other_edition_named, "decision-differs: rules"),
    (book_brought_forward, "rests-on-later"),
    (book_brought_forward_and_dated_back, "not-when-signed"),
    (refused_made_accepted, "decision-differs: family_information.provided instead of disclosure.refused"),
    (accepted_made_refused, "decision-differs: disclosure.refused instead of family_information.provided"),
    (moved_to_another_case, "envelope-differs"),
    (answered_twice, "ask-answered-twice"),
    (read_twice_under_one_wish, "ask-answered-twice"),
    (left_out_in_the_middle, "prev-not-recorded"),
    (another_mandate, "other-mandate"),
    (alarm_brought_early, "hub-act-not-due"),
    (alarm_for_another, "hub-act-not-due"),
    (alarm_withheld, "hub-act-withheld"),
    (keys_published_out_of_order, "key-set-not-first"),
    (keys_published_after_they_were_used, "signature-key"),
    (second_genesis, "genesis-not-first"),
    (dated_later_than_it_was_good_for, "not-when-signed"),
    (dated_before_what_it_follows, "time-goes-back"),
    (parts_dropped, "record-items-missing"),
    (parts_exchanged, "record-item-digest"),
    (keys_of_items_dropped, "record-wraps-missing"),
    (parts_of_a_refusal_kept, "parts-of-a-refusal"),
    (wish_of_nobody, "no-frame"),
    (another_sender, "envelope-differs"),
    (registry_act_of_others, "registry-signature-count"),
]


@pytest.mark.parametrize(("lie", "what"), [pytest.param(*one, id=one[0].__name__) for one in LIES])
def test_a_lie_is_found_at_the_record_where_it_was_told(scene: Scene, lie: Lie, what: str) -> None:
    tale, where = lie(scene)
    told = scene.verified(scene.insider.bundle(tale))
    [seq] = [n for n, one in enumerate(tale, 1) if one is where]
    assert told.faults
    assert (told.faults[0].what, told.faults[0].seq) == (what, seq)


# --- lies in what is handed over, and in what is taken back ------------------------------------------------------


def whats(told: Verified) -> set[str]:
    return {f.what for f in told.faults}


def without_case(s: Scene, case: UUID) -> bytes:
    """The true log, with no record of this case handed over."""
    files, kept, at = s.insider.files, b"", 0
    for told in s.insider.tale:
        data = files["records"]
        length = int.from_bytes(data[at + 8 : at + 10], "big")
        end = at + 14 + length + int.from_bytes(data[at + 10 + length : at + 14 + length], "big")
        kept += b"" if told.on in (case, access_of(case)) else data[at:end]
        at = end
    return pack({**files, "records": kept})


def test_a_case_left_out_is_found_by_who_asked_for_all(scene: Scene) -> None:
    data = without_case(scene, scene.second)
    assert scene.verified(data).faults == []  # a bundle of the other case looks just so
    told = scene.verified(data, request=scene.request)
    gone = {t.seq for t in scene.insider.tale if t.on == scene.second}
    assert whats(told) == {"record-not-there"}
    assert {f.seq for f in told.faults} <= gone
    assert sum("positions" in f.where for f in told.faults) >= 1


def test_the_very_case_asked_for_left_out_is_found(scene: Scene) -> None:
    told = scene.verified(without_case(scene, scene.first), request=scene.of_first)
    assert [(f.what, f.where) for f in told.faults] == [("case-left-out", f"case {scene.first}")]


def test_a_bundle_for_another_request_is_found(scene: Scene) -> None:
    assert whats(scene.verified(scene.earlier, request=scene.request)) == {"request-not-there"}
    told = verify_bundle(scene.one_case, scene.hub, None, request=scene.of_first)
    assert whats(told) == {"request-needs-key"}


def test_the_last_record_of_a_case_left_out_is_found_by_its_tag(scene: Scene) -> None:
    files, last = scene.insider.files, [t for t in scene.insider.tale if t.on == scene.second][-1]
    one = next(t for t in scene.insider.tale if t is last)
    subject = f"{scene.insider.prefix}.{one.on.hex}.{one.version}".encode()
    at = files["records"].index(subject) - 10
    size = int.from_bytes(files["records"][at + 10 + len(subject) :][:4], "big")
    cut = files["records"][:at] + files["records"][at + 14 + len(subject) + size :]
    told = scene.verified(pack({**files, "records": cut}))
    assert ("record-left-out", f"originator {one.on}, version {one.version}") in [
        (f.what, f.where) for f in told.faults
    ]


def test_a_tag_that_is_not_that_of_its_record_is_found_by_nothing_else(scene: Scene) -> None:
    """Else the record after it could be left out unseen: its tag would be looked for in vain."""
    seq = next(n for n, t in enumerate(scene.insider.tale, 1) if t.on == scene.second and t.version == 2)
    told = scene.verified(scene.insider.bundle(scene.insider.tale, tags={seq: bytes(16)}))
    assert [(f.what, f.seq) for f in told.faults] == [("tag-differs", seq)]


def test_versions_that_jump_are_named_at_the_record_that_jumps(scene: Scene) -> None:
    lost = next(t for t in scene.insider.tale if t.on == scene.second and t.version == 2)
    tale = [t for t in scene.insider.tale if t is not lost]
    told = scene.verified(scene.insider.bundle(tale))
    [seq] = [n for n, t in enumerate(tale, 1) if t.on == scene.second and t.version == 3]
    assert ("version-gap", seq) in [(f.what, f.seq) for f in told.faults]


def test_a_log_cut_to_an_earlier_head_is_found_by_who_has_seen_a_later_one(scene: Scene) -> None:
    cut = scene.insider.bundle(scene.insider.tale[:-4])
    assert scene.verified(cut).faults == []
    seen = pack(scene.insider.files)
    told = scene.verified(cut, seen=seen)
    assert [(f.what, f.seq) for f in told.faults] == [("log-rolled-back", len(scene.insider.tale) - 3)]
    assert whats(scene.verified(cut, seen=scene.insider.files["checkpoint"])) == {"log-rolled-back"}
    assert whats(scene.verified(cut, request=scene.request)) == {"request-not-there"}


def forgotten(s: Scene) -> tuple[Tale, Told]:
    """The last wish of a case, after which its sender sent nothing there: as if it had never come."""
    lost = [t for t in s.insider.tale if t.on == s.first and t.body["by"] != "HUB"][-1]
    return _without(s, lost), lost


def test_a_wish_taken_back_from_the_whole_log_is_found_by_who_has_seen_it(scene: Scene) -> None:
    """By the head alone that it is another log; by an earlier bundle also where it begins to differ."""
    tale, lost = forgotten(scene)
    data = scene.insider.bundle(tale)
    assert scene.verified(data).faults == []
    assert whats(scene.verified(data, seen=scene.insider.files["checkpoint"])) == {"log-rolled-back"}
    longer = scene.insider.bundle([*tale, *scene.insider.tale[-1:] * 3])
    by_head = verify_bundle(longer, scene.hub, None, seen=scene.insider.files["checkpoint"])
    assert whats(by_head) == {"log-forked"}
    by_bundle = verify_bundle(longer, scene.hub, None, seen=pack(scene.insider.files))
    assert [f.what for f in by_bundle.faults][:2] == ["log-forked", "entry-changed"]
    assert by_bundle.faults[1].seq == lost.seq


def test_an_earlier_record_changed_under_a_later_head_is_located_by_an_earlier_bundle(scene: Scene) -> None:
    tale, where = other_edition_named(scene)
    told = verify_bundle(scene.insider.bundle(tale), scene.hub, None, seen=scene.earlier)
    assert next(f.seq for f in told.faults if f.what == "entry-changed") == where.seq


def test_a_head_of_another_log_is_no_head_seen_before(scene: Scene, tmp_path: Path) -> None:
    for seen in (b"", b"no note", pack({"checkpoint": b""})):
        assert [f.where for f in scene.verified(pack(scene.insider.files), seen=seen).faults] == [
            "the head seen before"
        ]


def test_the_audit_offices_wraps_of_two_cases_exchanged_are_named(scene: Scene) -> None:
    files = scene.insider.files
    known = canonical.parse(files["keys"])
    a, b = str(scene.first), str(scene.second)
    known["wraps"][a]["1"], known["wraps"][b]["1"] = known["wraps"][b]["1"], known["wraps"][a]["1"]
    told = scene.verified(pack({**files, "keys": canonical.encode(known)}))
    wheres = {f.where for f in told.faults if f.where.startswith("keys")}
    assert wheres == {f"keys, originator {one}, mandate 1" for one in (a, b)}


def test_the_wraps_of_two_mandates_exchanged_are_named(scene: Scene) -> None:
    files = scene.insider.files
    known = canonical.parse(files["keys"])
    of = known["wraps"][str(scene.first)]
    of["1"], of["2"] = of["2"], of["1"]
    told = scene.verified(pack({**files, "keys": canonical.encode(known)}))
    wheres = {f.where for f in told.faults if f.where.startswith("keys")}
    assert wheres == {f"keys, originator {scene.first}, mandate {n}" for n in (1, 2)}


def test_another_hubs_genesis_under_our_log_is_found(scene: Scene, tmp_path: Path) -> None:
    other = make_installation(tmp_path / "other", mode="rehearsal").genesis_frame.encode()
    told = scene.verified(pack({**scene.insider.files, "genesis": other}))
    assert [f.where for f in told.faults] == ["genesis"]


# --- what can't be found in a bundle alone (THREATS.md says so) --------------------------------------------------


def test_what_a_hub_says_of_time_within_a_wishs_own_time_is_its_word_alone(scene: Scene) -> None:
    """A wish of six days can be dated anywhere in its days, where nothing before or after it says otherwise."""
    old = [t for t in scene.insider.tale if t.on == scene.first and t.body["by"] != "HUB"][-1]
    later = old.saying(at=time_text(canonical.parse_time(old.body["at"]) + timedelta(minutes=30)))
    assert scene.verified(scene.insider.bundle(put(scene.insider.tale, old, later))).faults == []


def test_an_alarm_withheld_at_the_very_end_shows_only_after_an_hour(scene: Scene) -> None:
    alarm = scene.topic(ALARM, scene.first)
    until = scene.insider.tale[: scene.insider.tale.index(alarm)]
    assert scene.verified(scene.insider.bundle(until)).faults == []


def test_the_command_holds_a_bundle_against_what_was_seen_and_asked_for(scene: Scene, tmp_path: Path) -> None:
    whole, cut, head = tmp_path / "whole.khb", tmp_path / "cut.khb", tmp_path / "checkpoint"
    whole.write_bytes(pack(scene.insider.files))
    cut.write_bytes(scene.insider.bundle(scene.insider.tale[:-4]))
    head.write_bytes(scene.insider.files["checkpoint"])
    keys = ["--audit-keystore", str(scene.folder / "audit" / "keystore"), "--rehearsal"]
    keys += ["--passphrase-file", str(scene.folder / "passphrase"), "--hub", scene.hub.hex()]

    def code(bundle: Path, *more: str) -> int:
        return CliRunner().invoke(app, ["audit", "verify-bundle", str(bundle), *keys, *more]).exit_code

    asked = ["--request", str(scene.request)]
    assert code(whole, "--seen", str(head), *asked) == 0
    assert code(cut) == 0
    assert code(cut, "--seen", str(head)) == 1
    assert code(cut, "--seen", str(whole)) == 1
    assert code(cut, *asked) == 1
