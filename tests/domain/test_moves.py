"""A family moves: the old municipality stays responsible until the new one has the papers and has seen the child."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import events as e
from domain.case_offices import destination
from domain.clock_kinds import ClockKind
from domain.codes import CaseStatus, ClosingReason, HandoverItem, HandoverState, Role, SafetyMethod, Section
from domain.reasons import Reason
from domain.record import REGISTRARS, About
from domain.tasks import TaskKind, tasks
from domain.visibility import pending_keys, standing_readers
from tests.domain.builders import (
    AZ_COORD,
    AZ_CORE,
    AZ_MCH,
    COMMENCED,
    DECIDED,
    EXT_SERVICE,
    KS_CGC,
    LEARNED,
    MID_HOSP,
    NETWORK,
    NOON,
    OTHER_NETWORK,
    READY,
    REGISTERED,
    SORA_NPO,
    TW_CORE,
    TW_ONE,
    WORKER,
    EventInput,
    admitted,
    case_message,
    event_input,
    given,
    id_of,
    jst,
    keys,
    refused,
)
from tests.domain.test_clocks import run

S = Section
AT = jst("2025-06-01 09:00")
SENT, NONE = HandoverState.SENT, HandoverState.NONE
LIST = {HandoverItem.RISK_SHEET: SENT, HandoverItem.PHOTOS: NONE}
OTHER = About(e.Kind.NETWORK, OTHER_NETWORK)
OTHER_TOWN: tuple[EventInput, ...] = (
    keys("TW-CORE"),
    keys("TW-ONE"),
    event_input(REGISTRARS, e.CoreAgencyDesignated(agency=TW_CORE), on=OTHER, name="core there"),
    event_input(
        REGISTRARS, e.CoordinatingAgencyDesignated(agency=TW_ONE), on=OTHER, name="coordinating there"
    ),
)


def begins(**more: Any) -> EventInput:
    usual: dict[str, Any] = {"moves_on": date(2025, 6, 20), "name": "begins", "at": AT}
    return case_message(
        e.TransferInitiated, more.pop("by", AZ_CORE), more.pop("to", [TW_CORE]), **{**usual, **more}
    )


def package(*sections: Section, checklist: Any = None, **more: Any) -> EventInput:
    usual: dict[str, Any] = {"name": "package", "hands_over": id_of("begins")}
    alarms_raised = sections or (S.BASIC, S.RISK)
    listed = LIST if checklist is None else checklist
    return case_message(
        e.TransferPackageSent,
        AZ_CORE,
        [TW_CORE],
        alarms_raised,
        "APPI-69-2-3",
        checklist=listed,
        **{**usual, **more},
    )


def receipt(by: UUID = TW_CORE, **more: Any) -> EventInput:
    usual: dict[str, Any] = {
        "name": "receipt",
        "answers": id_of("package"),
        "received": frozenset({HandoverItem.RISK_SHEET}),
    }
    return case_message(e.TransferReceiptConfirmed, by, [AZ_CORE], **{**usual, **more})


SEEN = case_message(e.ChildSighted, TW_CORE, name="seen there")


def completes(by: UUID = TW_CORE, **more: Any) -> EventInput:
    usual: dict[str, Any] = {"name": "completes", "hands_over": id_of("begins"), "child_seen": False}
    return case_message(e.TransferCompleted, by, **{**usual, **more})


BEFORE: tuple[Any, ...] = (LEARNED, OTHER_TOWN)
UNDER_WAY: tuple[Any, ...] = (*BEFORE, begins(), package(), receipt())
THERE = e.Placed(network=OTHER_NETWORK, core=TW_CORE)
DONE: tuple[Any, ...] = (*UNDER_WAY, SEEN, completes(placed=THERE))


# --- beginning ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason", "at_fault"),
    [
        pytest.param(begins(by=AZ_COORD), Reason.NOT_RESPONSIBLE_CORE, None, id="not by the core agency"),
        pytest.param(begins(to=[KS_CGC]), Reason.NOT_ANOTHER_MUNICIPALITY, None, id="to no core agency"),
    ],
)
def test_the_responsible_core_agency_hands_over_to_another_municipality(command, reason, at_fault):
    assert given(BEFORE).when(command) == refused(command, reason, at_fault)


def test_a_core_agency_of_the_same_municipality_is_no_other_one():
    so = given(BEFORE, keys("AZ-MCH", roles=frozenset({Role.CORE})))
    command = begins(to=[AZ_MCH])
    assert so.when(command) == refused(command, Reason.NOT_ANOTHER_MUNICIPALITY)


def test_it_may_begin_on_paper_to_nobody_here():
    command = begins(to=[])
    assert given(BEFORE).when(command) == [command.event]


def test_a_transfer_informs_the_new_municipality_and_nobody_else():
    so = given(BEFORE, REGISTERED, READY, begins(sections=[S.ADDR], basis="APPI-69-2-3"))
    assert TW_CORE in so.world.case.parties
    where_to = begins(sections=[S.ADDR]).item().item
    assert so.opens(TW_CORE) == {where_to}
    assert where_to not in so.opens(AZ_COORD) | so.opens(SORA_NPO) | so.opens(MID_HOSP)


# --- the package ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(package(S.BASIC), Reason.RISK_SHEET_MISSING, id="without the risk sheet"),
        pytest.param(
            package(checklist={HandoverItem.RISK_SHEET: SENT}),
            Reason.CHECKLIST_INCOMPLETE,
            id="no answer for photos",
        ),
        pytest.param(package(hands_over=id_of("another")), Reason.NO_TRANSFER, id="of another hand-over"),
    ],
)
def test_a_package_has_the_risk_sheet_and_answers_for_the_photos(command, reason):
    assert given(BEFORE, begins()).when(command) == refused(command, reason)


def test_a_package_is_sent_only_during_a_hand_over():
    assert given(BEFORE).when(package()) == refused(package(), Reason.NO_TRANSFER)
    assert given(BEFORE, begins()).when(package()) == [package().event]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        pytest.param(
            receipt(answers=LEARNED.command_id),
            Reason.UNKNOWN_MESSAGE,
            id="of something else",
        ),
        pytest.param(receipt(by=AZ_COORD), Reason.NOT_ADDRESSED, id="by somebody who was sent nothing"),
    ],
)
def test_the_addressee_of_a_package_confirms_what_it_received(command, reason):
    command = replace(command, event=replace(command.event, to=frozenset()))
    assert given(BEFORE, begins(), package()).when(command) == refused(command, reason)


def test_there_is_no_receipt_where_nothing_is_handed_over():
    command = receipt(answers=LEARNED.command_id)
    assert given(BEFORE).when(command) == refused(command, Reason.UNKNOWN_MESSAGE)


@pytest.mark.parametrize(
    ("to", "there"),
    [
        pytest.param([KS_CGC, MID_HOSP, AZ_MCH, TW_CORE], OTHER_NETWORK, id="others are informed too"),
        pytest.param([TW_ONE], None, id="its coordinating agency only"),
        pytest.param([AZ_CORE], None, id="a core agency of the network that has it already"),
        pytest.param([KS_CGC], None, id="an agency of no network"),
        pytest.param([], None, id="on paper"),
    ],
)
def test_a_case_moves_to_the_network_of_the_new_core_agency(to, there):
    world = given(BEFORE, begins(to=to)).world
    actual = destination(world.register, world.case)
    assert (actual.id if actual else None) == there


def test_the_new_core_agency_may_record_news_from_the_start_of_the_hand_over():
    news = case_message(e.FamilyInformationProvided, TW_CORE, [], [S.BASIC], name="news")
    assert given(BEFORE).when(news) == refused(news, Reason.NO_CORE_AGENCY)
    assert given(BEFORE, begins()).when(news) == [news.event]


def test_news_may_be_addressed_to_the_core_agency_of_another_municipality():
    news = case_message(
        e.FamilyInformationProvided, MID_HOSP, [TW_CORE], [S.BASIC], "CWA-21-10-5", name="news"
    )
    assert given(BEFORE).when(news) == [news.event]
    assert given(BEFORE, begins()).when(news) == [news.event]


def test_a_receipt_may_answer_the_beginning_or_a_package():
    for answered in ("begins", "package"):
        command = receipt(answers=id_of(answered))
        assert given(BEFORE, begins(), package()).when(command) == [command.event]


# --- the end ----------------------------------------------------------------------------------------------------


def test_responsibility_passes_with_the_papers_and_the_child_seen():
    so = given(UNDER_WAY, SEEN)
    assert so.when(completes()) == [replace(completes().event, placed=THERE)]
    assert so.when(completes(by=AZ_CORE)) == [replace(completes().event, placed=THERE)]
    case = given(DONE).world.case
    assert (case.core, case.network, case.status) == (TW_CORE, OTHER_NETWORK, CaseStatus.OPEN)
    assert (case.former, case.transfer) == (frozenset({AZ_CORE}), None)


@pytest.mark.parametrize(
    "sight",
    [
        pytest.param(case_message(e.ChildSighted, TW_CORE), id="sighted"),
        pytest.param(case_message(e.SafetyConfirmed, TW_CORE), id="safety confirmed by sight"),
        pytest.param(
            case_message(e.HomeVisitCompleted, TW_CORE, sections=[S.VISIT], worker="W-T"), id="a visit"
        ),
        pytest.param(
            case_message(e.RelocationConfirmed, TW_CORE, moved_on=None, child_seen=True),
            id="arrival, the child seen",
        ),
    ],
)
def test_the_child_is_seen_there_by_any_of_these(sight):
    so = given(UNDER_WAY)
    assert so.when(sight) == [sight.event]
    assert given(UNDER_WAY, sight).world.case.transfer.seen


@pytest.mark.parametrize(
    "sight",
    [
        pytest.param(case_message(e.ChildSighted, AZ_CORE), id="seen by the old municipality"),
        pytest.param(case_message(e.ChildSighted, MID_HOSP), id="seen by a hospital"),
        pytest.param(
            case_message(e.SafetyConfirmed, TW_CORE, child_seen=False, method=SafetyMethod.TELEPHONE),
            id="telephoned",
        ),
        pytest.param(
            case_message(e.RelocationConfirmed, TW_CORE, moved_on=None, child_seen=False),
            id="arrival, the family met",
        ),
    ],
)
def test_nothing_else_counts_as_seen_there(sight):
    assert given(UNDER_WAY, sight).when(completes()) == refused(completes(), Reason.CHILD_NOT_SEEN)


def test_only_the_new_municipality_states_that_the_child_was_seen():
    own_sighting = completes(child_seen=True)
    assert given(UNDER_WAY).when(own_sighting) == [replace(own_sighting.event, placed=THERE)]
    by_old = completes(by=AZ_CORE, child_seen=True)
    assert given(UNDER_WAY).when(by_old) == refused(by_old, Reason.CHILD_NOT_SEEN)


def test_the_old_municipality_waits_for_the_receipt():
    so = given(BEFORE, begins(), package(), SEEN)
    assert so.when(completes(by=AZ_CORE)) == refused(completes(by=AZ_CORE), Reason.NOT_RECEIVED)


def test_what_was_sent_and_is_not_in_hand_needs_a_reason():
    so = given(BEFORE, begins(), package(), receipt(received=frozenset()), SEEN)
    assert so.when(completes()) == refused(completes(), Reason.REASON_MISSING)
    with_reason = completes(reason="ON_ITS_WAY")
    assert so.when(with_reason) == [replace(with_reason.event, placed=THERE)]


@pytest.mark.parametrize("by", [AZ_COORD, TW_CORE, AZ_CORE])
def test_nothing_ends_that_was_not_begun(by):
    command = completes(by=by)
    known = case_message(e.DisclosureMade, AZ_CORE, [TW_CORE], [S.BASIC], "APPI-69-2-3")
    assert given(BEFORE, known).when(command) in (
        refused(command, Reason.NO_TRANSFER),
        refused(command, Reason.NOT_RESPONSIBLE_CORE),
    )


def test_a_transfer_on_paper_ends_the_case_once_the_child_was_seen():
    so = given(BEFORE, READY, begins(to=[]))
    assert so.when(completes(by=AZ_CORE)) == refused(completes(by=AZ_CORE), Reason.CHILD_NOT_SEEN)
    command = completes(by=AZ_CORE, child_seen=True)
    assert so.when(command) == [command.event]
    case = given(BEFORE, READY, begins(to=[]), command).world.case
    assert (case.status, case.core, case.assigned) == (CaseStatus.TRANSFERRED, AZ_CORE, frozenset())


def test_closed_as_handed_over_needs_the_hand_over_and_no_consultation():
    command = case_message(e.SupportClosed, AZ_CORE, closing_reason=ClosingReason.TRANSFER)
    so = given(UNDER_WAY, DECIDED, COMMENCED)
    assert so.when(command) == refused(command, Reason.NOT_TRANSFERRED)
    assert given(DONE).when(command) == [command.event]
    other = case_message(e.SupportClosed, AZ_COORD, closing_reason=ClosingReason.TRANSFER)
    assert given(DONE).when(other) == refused(other, Reason.NOT_RESPONSIBLE_CORE)


def test_the_old_contractor_sees_until_its_municipality_ends_its_part():
    report = case_message(
        e.VisitReportSubmitted, SORA_NPO, [AZ_CORE], [S.VISIT], "CWA-21-10-2-3", actor=WORKER
    )
    so = given(
        LEARNED, OTHER_TOWN, READY, report, begins(), package(), receipt(), SEEN, completes(placed=THERE)
    )
    assert so.opens(SORA_NPO) == {report.item().item}
    ends = case_message(e.SupportWorkerUnassigned, AZ_CORE, name="ends")
    assert so.when(ends) == [ends.event]
    closes = case_message(e.SupportClosed, AZ_CORE, closing_reason=ClosingReason.TRANSFER)
    so.put(closes)
    assert not so.opens(SORA_NPO)
    assert so.world.case.status is CaseStatus.OPEN  # the new municipality goes on


def test_what_the_old_contractor_writes_is_of_the_old_core_agencys_file():
    report = case_message(e.VisitReportSubmitted, SORA_NPO, [], [S.VISIT], actor=WORKER)
    so = given(LEARNED, OTHER_TOWN, READY, begins(), package(), receipt(), SEEN, completes(placed=THERE))
    so.put(report)
    assert report.item().item in so.opens(AZ_CORE)
    assert report.item().item not in so.opens(TW_CORE)


def test_the_new_core_agency_reads_what_it_was_sent_and_nothing_of_the_old_file():
    own = case_message(e.DisclosureMade, AZ_CORE, [], [S.BASIC], name="old file")
    so = given(LEARNED, OTHER_TOWN, own, begins(), package(), receipt(), SEEN, completes(placed=THERE))
    assert so.opens(TW_CORE) == {i.item for i in package().event.items}  # type: ignore[attr-defined]
    assert own.item().item in so.opens(AZ_CORE)


# --- two networks -------------------------------------------------------------------------------------------------


def test_the_new_network_registers_it_and_reads_its_own_core_agencys_file_only():
    note = case_message(e.DisclosureMade, TW_CORE, [], [S.BASIC], name="there")
    old = case_message(e.RelocationLearned, AZ_CORE, [], [S.BASIC], moves_on=None, name="old file")
    there = case_message(e.NetworkCaseRegistered, TW_ONE, [TW_CORE], name="registered there")
    so = given(BEFORE, REGISTERED, old, begins())
    assert so.when(there) == [replace(there.event, placed=THERE)]
    so.put(replace(there, event=replace(there.event, placed=THERE)))
    assert so.world.case.core == AZ_CORE  # not responsible by that
    copy = case_message(
        e.RelocationConfirmed, TW_CORE, [], [S.BASIC], moved_on=None, child_seen=False, name="arrived"
    )
    so.put(copy)
    readers = {r for m, i, r in pending_keys(so.world.register, so.world.case, rule_book=so.world.rule_book)}
    assert readers == {AZ_COORD, TW_ONE}
    case, rule_book = so.world.case, so.world.rule_book
    of_old = standing_readers(so.world.register, case, AZ_CORE, old.event, old.item(), rule_book)
    of_new = standing_readers(so.world.register, case, TW_CORE, copy.event, copy.item(), rule_book)
    assert (of_old, of_new) == ({AZ_COORD}, {TW_ONE})
    assert not standing_readers(
        so.world.register, case, TW_CORE, note.event, note.item(), rule_book
    )  # a copy going out


def test_each_network_registers_once_and_takes_off_its_own():
    there = case_message(e.NetworkCaseRegistered, TW_ONE, [TW_CORE], name="there", placed=THERE)
    so = given(BEFORE, REGISTERED, begins(), there)
    repeated = case_message(e.NetworkCaseRegistered, TW_ONE, name="repeated")
    assert so.when(repeated) == refused(repeated, Reason.ALREADY_REGISTERED)
    off = case_message(e.NetworkCaseDeregistered, AZ_COORD, reason="MOVED", name="off")
    assert so.when(off) == [off.event]
    so.put(off)
    assert so.world.case.registered_in == {OTHER_NETWORK}
    assert not so.world.case.registered  # the responsible one has taken it off
    other = case_message(e.NetworkCaseDeregistered, KS_CGC, reason="MOVED")
    assert so.when(other) == refused(other, Reason.NOT_COORDINATING)


def test_members_of_one_network_do_not_become_members_of_the_other():
    so = given(BEFORE, REGISTERED, begins())
    command = case_message(e.DisclosureMade, AZ_CORE, [TW_CORE], [S.BASIC], "CWA-25-2-2")
    [event] = so.when(command)
    assert event.reason is Reason.NOT_A_MEMBER  # type: ignore[attr-defined]


# --- clocks ---------------------------------------------------------------------------------------------------------


def test_a_hand_over_that_nobody_confirms_raises_the_alarm_after_a_day_and_climbs():
    alarms_raised = run(given(BEFORE, begins()), until=AT + timedelta(days=3))
    mine = [
        (at - AT, alarm.responsible, alarm.escalated)
        for at, alarm in alarms_raised
        if isinstance(alarm, e.TransferUnacknowledgedAlarmRaised)
    ]
    assert mine == [(timedelta(days=1), TW_CORE, False), (timedelta(days=2), TW_CORE, True)]


@pytest.mark.parametrize(
    ("answer", "left"),
    [
        pytest.param(receipt(answers=id_of("begins"), received=frozenset()), 1, id="of the beginning only"),
        pytest.param(receipt(), 0, id="of the package"),
    ],
)
def test_a_receipt_stops_the_clock_of_what_it_answers(answer, left):
    so = given(BEFORE, begins(), package(), answer)
    assert len([k for k in so.world.case.clocks if k[0] == "TRANSFER"]) == left
    waiting = [t for t in tasks(so.world, TW_CORE, now=NOON) if t.kind is TaskKind.CONFIRM_TRANSFER]
    assert len(waiting) == left


def test_an_unfinished_hand_over_raises_an_alarm_20_days_after_the_move():
    def actual(past: Any) -> list[Any]:
        came = run(given(past), until=jst("2025-07-11 12:00"))
        return [(at, a.responsible, a.to) for at, a in came if isinstance(a, e.TransferOverdueAlarmRaised)]

    assert actual(UNDER_WAY) == [(jst("2025-07-11 00:00"), AZ_CORE, frozenset({TW_CORE}))]
    assert actual(DONE) == []


def test_a_known_move_without_hand_over_raises_an_alarm():
    learned = case_message(e.RelocationLearned, MID_HOSP, [AZ_CORE], moves_on=None, at=AT)
    came = run(given(BEFORE, learned), until=AT + timedelta(days=9))
    actual = [a for _, a in came if isinstance(a, e.TransferNotBegunAlarmRaised)]
    assert [(a.responsible, a.escalated) for a in actual] == [(AZ_CORE, False), (AZ_CORE, True)]
    called_off = case_message(e.TransferCancelled, AZ_CORE, reason="STAYS_IN_MUNICIPALITY")
    for done in (begins(at=None), called_off):
        assert given(BEFORE, learned, done).world.case.move_known_at is None
    decided = case_message(e.NonDisclosureDecided, AZ_CORE, reason="NOT_NEEDED", answers=learned.command_id)
    assert given(BEFORE, learned, decided).world.case.move_known_at == AT
    assert given(BEFORE, learned, decided, edition=1).world.case.move_known_at is None


def test_a_move_that_is_learned_of_again_is_due_since_it_was_first_known():
    first, again = (
        case_message(e.RelocationLearned, MID_HOSP, [AZ_CORE], moves_on=None, at=at, name=f"learned {at}")
        for at in (AT, AT + timedelta(days=3))
    )
    assert given(BEFORE, first, again).world.case.move_known_at == AT
    assert given(BEFORE, first, again, edition=1).world.case.move_known_at == again.at
    under_way = given(BEFORE, first, begins(at=None), replace(again, at=None))
    assert under_way.world.case.move_known_at is None


def test_a_hand_over_is_called_off_by_the_core_agency_with_its_reason():
    learned = case_message(e.RelocationLearned, MID_HOSP, [AZ_CORE], moves_on=None, at=AT)
    known, begun = given(BEFORE, learned), given(UNDER_WAY)

    def off(by: Any = AZ_CORE, reason: str | None = "MOVE_CANCELLED", **more: Any) -> EventInput:
        return case_message(e.TransferCancelled, by, reason=reason, **more)

    assert known.when(off()) == [off().event]
    named = off(hands_over=id_of("begins"))
    assert begun.when(named) == [named.event]
    for so, wrong, reason in (
        (known, off(reason=None), Reason.REASON_MISSING),
        (known, named, Reason.NO_TRANSFER),
        (begun, off(), Reason.NO_TRANSFER),
        (begun, off(hands_over=id_of("another")), Reason.NO_TRANSFER),
        (given(BEFORE), off(), Reason.NO_TRANSFER),
        (known, off(MID_HOSP), Reason.NOT_RESPONSIBLE_CORE),
    ):
        assert so.when(wrong) == refused(wrong, reason)
    begun.put(named)
    assert begun.world.case.transfer is None
    assert not {k for k, *_ in begun.world.case.clocks} & {ClockKind.TRANSFER, ClockKind.HANDOVER}


# --- between child guidance centres ------------------------------------------------------------------------------------


def test_child_guidance_centres_notify_each_other_by_their_own_clause():
    so = given(LEARNED, keys("TW-ONE", roles=frozenset({Role.CGC}), body="PREFECTURE"))
    command = case_message(e.CgcTransferNotified, KS_CGC, [TW_ONE], [S.RISK], "CAPA-4-6")
    assert so.when(command) == [command.event]
    to_city = case_message(e.CgcTransferNotified, KS_CGC, [AZ_CORE])
    assert so.when(to_city) == refused(to_city, Reason.NOT_A_CGC)
    by_city = case_message(e.CgcTransferNotified, AZ_CORE, [KS_CGC])
    assert so.when(by_city) == refused(by_city, Reason.NOT_A_CGC, AZ_CORE)


ANOTHER_CENTRE = (
    keys("TW-ONE", roles=frozenset({Role.CGC, Role.COORD}), body="PREFECTURE"),
    replace(LEARNED, at=AT - timedelta(days=1)),
)
HANDED = case_message(e.CgcTransferNotified, KS_CGC, [TW_ONE], [S.RISK], "CAPA-4-6", at=AT)


def alarms_of(so: Any, until: datetime) -> list[tuple[timedelta, str, bool, frozenset[UUID]]]:
    """How long after the transfer, which, whether escalated, and who besides is informed; of the transfer only."""
    return [
        (at - AT, type(a).__name__, a.escalated, a.to)
        for at, a in run(so, until)
        if a.message == HANDED.command_id
    ]


def test_a_transfer_between_centres_is_waited_for_as_any_referral_and_climbs_to_both_coordinating_agencies():
    came = alarms_of(given(ANOTHER_CENTRE, HANDED), AT + timedelta(days=4))
    day, sender, all_three = timedelta(days=1), frozenset({KS_CGC}), frozenset({KS_CGC, AZ_COORD})
    assert sorted(came) == sorted(
        [
            (day, "ReferralUnacknowledgedAlarmRaised", False, sender),
            (day, "TransferUnacknowledgedAlarmRaised", False, sender),
            (2 * day, "ReferralUnacknowledgedAlarmRaised", True, all_three),
            (2 * day, "TransferUnacknowledgedAlarmRaised", True, all_three),
            (2 * day, "ReferralUnreadAlarmRaised", False, sender),
            (2 * day, "SafetyCheckOverdueAlarmRaised", False, sender),
            (3 * day, "ReferralUnreadAlarmRaised", True, all_three),
            (3 * day, "SafetyCheckOverdueAlarmRaised", True, all_three),
        ]
    )
    assert alarms_of(given(ANOTHER_CENTRE, HANDED, edition=1), AT + timedelta(days=4)) == []


def test_the_coordinating_agency_of_the_new_place_is_informed_and_gets_a_part_in_the_case():
    member = event_input(TW_ONE, e.NetworkMemberAdmitted(member=EXT_SERVICE, item=1), on=OTHER, name="member")
    centre = keys("EXT-SERVICE", roles=frozenset({Role.CGC}), body="PREFECTURE")
    handed = case_message(e.CgcTransferNotified, KS_CGC, [EXT_SERVICE], [S.RISK], "CAPA-4-6", at=AT)
    so = given(ANOTHER_CENTRE, centre, member, handed)
    assert TW_ONE not in so.world.case.parties
    last = [a for _, a in run(so, AT + timedelta(days=2)) if a.escalated][-1]
    assert last.to == {KS_CGC, AZ_COORD, TW_ONE}
    assert TW_ONE in so.world.case.parties
    late = {t.kind for t in tasks(so.world, TW_ONE, now=AT + timedelta(days=2))}
    assert late == {TaskKind.LATE_ACKNOWLEDGE, TaskKind.LATE_TRANSFER}


def test_a_centre_that_belongs_to_several_networks_informs_none_of_them_but_where_the_family_was():
    member = event_input(TW_ONE, e.NetworkMemberAdmitted(member=EXT_SERVICE, item=1), on=OTHER, name="member")
    centre = keys("EXT-SERVICE", roles=frozenset({Role.CGC}), body="PREFECTURE")
    handed = case_message(e.CgcTransferNotified, KS_CGC, [EXT_SERVICE], [S.RISK], "CAPA-4-6", at=AT)
    so = given(ANOTHER_CENTRE, centre, member, admitted(EXT_SERVICE), handed)
    last = [a for _, a in run(so, AT + timedelta(days=2)) if a.escalated][-1]
    assert last.to == {KS_CGC, AZ_COORD}


@pytest.mark.parametrize(
    ("done", "remaining"),
    [
        pytest.param(
            case_message(e.ReferralAcknowledged, TW_ONE, answers=HANDED.command_id),
            {"READ", "ACT", "SAFETY"},
            id="acknowledged",
        ),
        pytest.param(
            case_message(e.TransferReceiptConfirmed, TW_ONE, answers=HANDED.command_id, received=frozenset()),
            {"READ", "ACT", "SAFETY"},
            id="its receipt was confirmed",
        ),
        pytest.param(
            case_message(e.DisclosureRead, TW_ONE, answers=HANDED.command_id),
            {"ACKNOWLEDGE", "TRANSFER", "ACT", "SAFETY"},
            id="read",
        ),
        pytest.param(
            case_message(e.ReferralOutcomeReported, TW_ONE, [KS_CGC], answers=HANDED.command_id),
            {"ACKNOWLEDGE", "TRANSFER", "READ", "SAFETY"},
            id="answered",
        ),
        pytest.param(
            case_message(e.ChildSighted, TW_ONE),
            {"ACKNOWLEDGE", "TRANSFER", "READ"},
            id="the child was seen by the new centre",
        ),
        pytest.param(
            case_message(e.ChildSighted, AZ_CORE),
            {"ACKNOWLEDGE", "TRANSFER", "READ", "ACT", "SAFETY"},
            id="the child was seen where it was before",
        ),
    ],
)
def test_the_new_centre_answers_a_transfer_as_any_referral(done: EventInput, remaining: set[str]):
    so = given(ANOTHER_CENTRE, HANDED)
    assert so.when(done) == [done.event]
    so.put(done)
    assert {
        k for k, message, who, _ in so.world.case.clocks if (message, who) == (HANDED.command_id, TW_ONE)
    } == (remaining)


def test_a_receipt_of_a_transfer_between_centres_is_none_of_the_hand_over_between_municipalities():
    receipt = case_message(
        e.TransferReceiptConfirmed, KS_CGC, answers=HANDED.command_id, received=frozenset()
    )
    so = given(ANOTHER_CENTRE, HANDED, OTHER_TOWN, begins(at=None))
    assert so.when(receipt) == refused(receipt, Reason.NOT_ADDRESSED)
    so.put(replace(receipt, by=TW_ONE))
    assert so.world.case.transfer is not None
    assert not so.world.case.transfer.confirmed


def test_in_edition_1_a_transfer_between_centres_could_not_be_answered():
    old = given(ANOTHER_CENTRE, HANDED, edition=1)
    outcome = case_message(e.ReferralOutcomeReported, TW_ONE, [KS_CGC], answers=HANDED.command_id)
    assert old.when(outcome) == refused(outcome, Reason.UNKNOWN_MESSAGE)
    stranger = case_message(e.ReferralOutcomeReported, AZ_CORE, [KS_CGC], answers=HANDED.command_id)
    assert old.when(stranger) == refused(stranger, Reason.NOT_ADDRESSED)
    receipt = case_message(
        e.TransferReceiptConfirmed, TW_ONE, answers=HANDED.command_id, received=frozenset()
    )
    assert old.when(receipt) == refused(receipt, Reason.UNKNOWN_MESSAGE)
    known = case_message(e.ReferralOutcomeReported, AZ_CORE, [MID_HOSP], answers=LEARNED.command_id)
    assert old.when(known) == [known.event]


def test_a_conference_is_about_the_hand_over_under_way():
    command = case_message(
        e.TransferConferenceHeld, TW_CORE, [AZ_CORE], [S.CONF], "APPI-69-2-3", hands_over=id_of("begins")
    )
    assert given(UNDER_WAY).when(command) == [command.event]
    wrong = replace(command, event=replace(command.event, hands_over=id_of("no")))
    assert given(UNDER_WAY).when(wrong) == refused(wrong, Reason.NO_TRANSFER)
    stranger = case_message(e.TransferConferenceHeld, MID_HOSP, hands_over=id_of("begins"))
    assert given(UNDER_WAY).when(stranger) == refused(stranger, Reason.NOT_RESPONSIBLE_CORE)


def test_the_networks_own_id_is_kept():
    assert given(BEFORE, REGISTERED).world.case.registered_in == {NETWORK}
