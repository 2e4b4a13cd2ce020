"""Acts of the random stories that concern a child in danger and what is owed to the persons concerned: where children are, who
cannot be located, cases of one family, emergencies, leaks, the audit office, how long records are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.models.law import DAY, HOUR, day_of, end_of_day, start_of_day
from tests.models.model import RECORDED

if TYPE_CHECKING:
    from tests.models.stories import Writer

Raw = dict[str, Any]
CORE, COORD, CGC, HOSP = "AZ-CORE", "AZ-COORD", "KS-CGC", "MID-HOSP"
NURSERY, POLICE, SERVICE = "EXT-NURSERY", "AZ-POLICE", "EXT-SERVICE"
PLACES = ("TEMPORARY_PROTECTION", "TEMPORARY_PROTECTION", "INSTITUTION", "HOSPITAL", "RELATIVES")
SECOND = "B"


def _informed(w: Writer, *codes: str) -> list[str]:
    return [c for c in codes if w.has(c) and c in w.model.informed]


def _soon(w: Writer, most: int = 60) -> None:
    w.now += timedelta(hours=w.rng.randrange(1, most))


# --- where children are -----------------------------------------------------------------------------------------------


def place_child(w: Writer) -> None:
    at_home = [c for c in w.model.living if c not in w.model.placed]
    if not at_home:
        return
    children = at_home if w.rng.random() < 0.4 else sorted(w.rng.sample(at_home, 1))
    by = w.rng.choice(_informed(w, CORE, CGC, HOSP))
    details: Raw = {
        "children": children,
        "place": w.rng.choice(PLACES),
        "placed_on": day_of(w.now).isoformat(),
    }
    if by == CORE and CGC in w.model.informed:
        details["known_from"] = CGC
    to = [] if by == CORE else [CORE]
    if w.add("ChildPlaced", by, to, [], details=details) == RECORDED and w.rng.random() < 0.6:
        w.wait()
        return_child(w)


def return_child(w: Writer) -> None:
    away = sorted(w.model.placed)
    if not away:
        return
    place = w.model.placed[w.rng.choice(away)]
    children = [c for c in away if w.model.placed[c] == place]
    by = w.rng.choice(_informed(w, CORE, CGC))
    details = {"children": children, "returned_from": place, "returned_on": day_of(w.now).isoformat()}
    if w.add("ChildReturned", by, [] if by == CORE else [CORE], [], details=details) != RECORDED:
        return
    if w.rng.random() < 0.5:
        _soon(w)
        w.add("ChildSighted", CORE, [], [], details={"children": children})


def two_references(w: Writer) -> None:
    """A hospital speaks of a child by another reference; the core agency finds out that it is the same child."""
    if "X" in w.model.family:
        return
    details: Raw = {"children": ["X"]}
    if w.rng.random() < 0.5:
        event, basis = "AbuseNotificationReceived", "CAPA-6-1"
        details["received_at"] = w.now.isoformat()
    else:
        event, basis = "FamilyInformationProvided", "CWA-21-10-5"
    if w.add(event, HOSP, [CORE], ["BASIC"], basis=basis, details=details) != RECORDED:
        return
    _soon(w, 40)
    n = len(w.story["timeline"]) + 1
    joined = w.add("ChildrenJoined", w.model.core, [], [], details={"children": ["A", "X"]})
    if joined == RECORDED and w.rng.random() < 0.7:
        _soon(w, 40)
        w.add("ChildSighted", CORE, [], [], details={"children": [w.rng.choice(("A", "X"))]})
    if joined == RECORDED and w.rng.random() < 0.5:
        _soon(w, 100)
        w.add("ChildrenSeparated", CORE, [], [], details={"answers": n, "reason": "STATED"})
        if w.rng.random() < 0.5:
            _soon(w, 40)
            w.add("ChildSighted", CORE, [], [], details={"children": [w.rng.choice(("A", "X"))]})


def unknown_child(w: Writer) -> None:
    n = len(w.story["timeline"]) + 1
    details: Raw = {"received_at": w.now.isoformat(), "children": ["UNKNOWN"], "notifier_token": f"N-{n}"}
    sections = ["BASIC", "RISK", "NOTIFIER"]
    if (
        w.add("AbuseNotificationReceived", "EXT-PERSON", [CORE], sections, basis="CAPA-6-1", details=details)
        != RECORDED
    ):
        return
    _soon(w, 40)
    if w.rng.random() < 0.5 and w.model.living:
        w.add("ChildSighted", CORE, [], [], details={"children": [w.model.living[0]]})
        _soon(w, 30)
    if w.rng.random() < 0.7 and w.model.living:
        child = w.rng.choice(w.model.living)
        by = CORE if w.rng.random() < 0.85 else COORD
        if by not in w.model.informed:
            return
        w.add("UnknownChildIdentified", by, [], [], details={"answers": n, "children": [child]})
        if w.rng.random() < 0.6:
            _soon(w, 30)
            w.add("ChildSighted", CORE, [], [], details={"children": [child]})


def child_dies(w: Writer) -> None:
    if not w.model.living:
        return
    by = w.rng.choice(_informed(w, CORE, HOSP))
    to = [] if by == CORE else [CORE]
    draw = w.rng.random()
    if draw < 0.2:
        w.add("ChildDied", by, to, [], details={"died_on": day_of(w.now).isoformat()})
        return
    children = list(w.model.living) if draw < 0.4 else [w.rng.choice(w.model.living)]
    w.add("ChildDied", by, to, [], details={"children": children, "died_on": day_of(w.now).isoformat()})


def close_after_a_death(w: Writer) -> None:
    w.add("SupportClosed", w.model.core, [], [], details={"reason": "CHILD_DIED"})


def parent_dies(w: Writer) -> None:
    by = w.rng.choice(_informed(w, CORE, HOSP))
    w.add("ParentDied", by, [] if by == CORE else [CORE], [], details={"parent": "MOTHER"})


# --- a family that cannot be located, contact that is forbidden -----------------------------------------------------------


def lose(w: Writer) -> None:
    by, to = w.rng.choice(((CORE, CGC), (CORE, COORD), (COORD, CORE), (CORE, None), (HOSP, CORE)))
    if by not in w.model.informed:
        return
    n = len(w.story["timeline"]) + 1
    details = {**w.kids(), "last_seen_on": (day_of(w.now) - 3 * DAY).isoformat()}
    if w.add("WhereaboutsLost", by, [to] if to else [], [], details=details) != RECORDED:
        return
    if to and w.rng.random() < 0.5:
        w.model.acknowledged.add((n, to))
        w.owed.append((to, n, by))
    for _ in range(w.rng.randrange(0, 4)):
        w.wait()
        who = w.rng.choice((by, by, to or by, COORD, CGC))
        if who not in w.model.informed:
            continue
        step = w.rng.choice(("VISITED", "RESIDENT_REGISTER", "SCHOOL_OR_NURSERY", "POLICE"))
        result = w.rng.choice(("PENDING", "NO_TRACE", "TRACE"))
        w.add(
            "SearchStepRecorded",
            who,
            [],
            [],
            details={"answers": n, "search_step": step, "search_result": result},
        )
    if w.rng.random() < 0.7:
        w.wait()
        locate(w)


def locate(w: Writer) -> None:
    if not w.model.searches:
        return
    n = next(iter(w.model.searches))
    m = w.model.messages[n]
    searched = sorted(w.model.searches[n])
    children = searched if w.rng.random() < 0.6 else searched[:1]
    by = w.rng.choice((m.by, *m.to, COORD)) if w.rng.random() < 0.3 else m.by
    if by in w.model.informed:
        how = w.rng.choice(("SIGHTED", "OTHER_AGENCY", "DOCUMENTS"))
        w.add(
            "WhereaboutsEstablished",
            by,
            [],
            [],
            details={"answers": n, "children": children, "located_by": how},
        )


def ban(w: Writer) -> None:
    by = w.rng.choice(_informed(w, CGC, CGC, CORE))
    until = (day_of(w.now) + w.rng.randrange(12, 60) * DAY).isoformat()
    details: Raw = {"contacts": ["MEETING"], "until": until}
    if w.model.bans and w.rng.random() < 0.5:
        details["renews"] = max(w.model.bans)
    w.add("ContactForbidden", by, [CORE] if by == CGC else [], [], details=details)


def lift(w: Writer) -> None:
    if w.model.bans:
        n = w.rng.choice(sorted(w.model.bans))
        by = CGC if w.rng.random() < 0.8 else "NS-CGC"
        if w.has(by) and by in w.model.informed:
            w.add("ContactBanLifted", by, [CORE], [], details={"answers": n})


# --- two cases of one family --------------------------------------------------------------------------------------------


def second_case(w: Writer) -> None:
    """The same family becomes known a second time; the core agency joins the two."""
    if "others" in w.story or w.model.core != CORE or w.model.same or w.model.dead:
        return
    w.story["others"] = [SECOND]
    family = w.story["children"]
    children = family if w.rng.random() < 0.6 else family[:1]
    details: Raw = {"children": children}
    if w.rng.random() < 0.5:
        details["received_at"] = w.now.isoformat()
        w.add(
            "AbuseNotificationReceived",
            HOSP,
            [CORE],
            ["BASIC", "RISK"],
            basis="CAPA-6-1",
            details=details,
            family=SECOND,
        )
    else:
        w.add(
            "FamilyInformationProvided",
            HOSP,
            [CORE],
            ["BASIC", "CHILD"],
            basis="CWA-21-10-5",
            details=details,
            family=SECOND,
        )
    for _ in range(w.rng.randrange(0, 3)):
        _soon(w)
        in_second(w)
    _soon(w)
    join(w)


def join(w: Writer) -> None:
    if "others" not in w.story:
        return
    by = CORE if w.rng.random() < 0.9 else COORD
    if by not in w.model.informed:
        return
    if w.add("CasesJoined", by, [], [], details={"other": SECOND}) == RECORDED:
        for _ in range(w.rng.randrange(1, 5)):
            _soon(w)
            w.rng.choice((in_second, in_second, seen_in_first))(w)
        w.look()


def in_second(w: Writer) -> None:
    """Something happens in the second case."""
    if "others" not in w.story or not w.model.of(SECOND).living:
        return
    children = list(w.model.of(SECOND).living)
    draw = w.rng.random()
    if draw < 0.4:
        w.add("ChildSighted", CORE, [], [], details={"children": children}, family=SECOND)
    elif draw < 0.6:
        details: Raw = {"received_at": w.now.isoformat(), "children": children}
        w.add(
            "AbuseNotificationReceived",
            HOSP,
            [CORE],
            ["BASIC", "RISK"],
            basis="CAPA-6-1",
            details=details,
            family=SECOND,
        )
    elif draw < 0.9:
        w.add("DisclosureMade", CORE, [HOSP], ["BASIC"], basis="CWA-25-2-2", family=SECOND)
    else:
        w.add("EmergencyTriaged", CORE, [], ["RISK"], details={"urgency": "WITHIN_TIME"}, family=SECOND)


def seen_in_first(w: Writer) -> None:
    w.add("ChildSighted", CORE, [], [], details={"children": list(w.model.living)} if w.model.living else {})


def split(w: Writer) -> None:
    if w.model.joined is not None:
        w.add("CaseSplit", CORE, [], [], details={"other": SECOND, "reason": "STATED"})
        _soon(w)
        in_second(w)


# --- emergencies, the audit office, leaks, retention ------------------------------------------------------------------------


def emergency(w: Writer) -> None:
    """A hospital or a centre asks to read; two approve, or somebody who may not."""
    readers = _informed(w, HOSP, CGC)
    if not readers or w.model.core != CORE:
        return
    by = w.rng.choice(readers)
    n = len(w.story["timeline"]) + 1
    to = [CORE, COORD] if w.rng.random() < 0.85 else [CORE]
    named = w.some("BASIC", "CHILD", "RISK", "MEDICAL", most=4)
    person = f"staff.{by}.first"
    details: Raw = {"sections": named, "reason": "LIFE_IN_DANGER", "actor": person}
    if w.add("EmergencyAccessRequested", by, to, [], details=details) != RECORDED:
        return
    w.look()
    if w.rng.random() < 0.15:
        w.add("EmergencyAccessApproved", by, [], [], details={"approves": n, "actor": person})
    outside = w.rng.random() < 0.6
    approvers = [(by, "second"), (CORE if outside else by, "third")]
    if outside and w.rng.random() < 0.5:
        approvers.reverse()
    for agency, who in approvers if w.rng.random() < 0.9 else approvers[:1]:
        w.now += timedelta(minutes=w.rng.randrange(1, 12))
        w.add(
            "EmergencyAccessApproved",
            agency,
            [],
            [],
            details={"approves": n, "actor": f"staff.{agency}.{who}"},
        )
    w.look()
    w.now += timedelta(minutes=20)
    w.look()
    if w.rng.random() < 0.5:
        _soon(w, 100)
        reviewer = w.rng.choice((CORE, COORD, by))
        if reviewer in w.model.informed:
            w.add("EmergencyAccessReviewed", reviewer, [], [], details={"answers": n, "justified": True})
    w.now += 25 * HOUR
    w.look()


def audit(w: Writer) -> None:
    """The audit office asks for some items; two officials approve, or one only."""
    with_content = [m.n for m in w.model.messages.values() if m.sections and m.by == w.model.core]
    if not with_content or w.model.core != CORE:
        return
    named = sorted(w.rng.sample(with_content, min(3, len(with_content))))
    n = len(w.story["timeline"]) + 1
    until = day_of(w.now) + w.rng.randrange(5, 25) * DAY
    details: Raw = {"messages": named, "until": until.isoformat()}
    if w.add("AuditContentAccessRequested", "AUDITOR", [], [], details=details) != RECORDED:
        return
    for who in ("second", "third")[: w.rng.choice((1, 2, 2, 2))]:
        w.now += timedelta(minutes=20)
        details = {"grants": n, "actor": f"staff.{CORE}.{who}"}
        w.add("AuditContentAccessGranted", CORE, [], [], details=details)
        w.look()
    if w.rng.random() < 0.5:
        w.now = max(w.now, end_of_day(until) + timedelta(minutes=1))
        w.look()


def leak(w: Writer) -> None:
    n = len(w.story["timeline"]) + 1
    details: Raw = {
        "detected_at": (w.now - HOUR).isoformat(),
        "leaked": ["BASIC"],
        "intent": w.rng.choice(("NONE", "SUSPECTED", "UNKNOWN")),
        "persons": 1,
    }
    if w.add("BreachDetected", CORE, [], [], details=details) != RECORDED:
        return
    more = {"found_at": details["detected_at"], "leaked": ["BASIC"], "persons": 1}
    if w.rng.random() < 0.6:
        _soon(w, 100)
        w.add("BreachReported", CORE, [], [], details={**more, "stage": "PRELIMINARY", "about": n})
    if w.rng.random() < 0.6:
        w.now += w.rng.randrange(1, 12) * DAY
        w.add("BreachSubjectsInformed", CORE, [], [], details={"answers": n, "persons": 1})
    if w.rng.random() < 0.5:
        w.now += w.rng.randrange(1, 40) * DAY
        w.add("BreachReported", CORE, [], [], details={**more, "stage": "FINAL", "answers": n})


def protect_until(w: Writer) -> None:
    until = (day_of(w.now) + w.rng.randrange(33, 120) * DAY).isoformat()
    details = {"until": until} if w.rng.random() < 0.8 else {}
    w.add("ProtectedAddressRegistered", CORE, [], ["ADDR"], details=details)


def keep(w: Writer) -> None:
    """How long it is kept, and its appraisal: in time, too early, or under a hold."""
    core = w.model.core
    until = day_of(w.now) + w.rng.randrange(10, 50) * DAY
    policy = w.rng.choice(("CHILD_AGE", "CHILD_AGE", "CHILD_AGE", "AFTER_CLOSING"))
    details: Raw = {"policy": policy, **({"until": until.isoformat()} if policy == "CHILD_AGE" else {})}
    if w.add("RetentionPolicyAssigned", core, [], [], details=details) != RECORDED:
        return
    if w.model.closed_at is None or w.rng.random() < 0.3:
        return
    n = len(w.story["timeline"]) + 1
    held = (
        w.rng.random() < 0.4
        and w.add("LegalHoldPlaced", core, [], [], details={"ground": "REVIEW"}) == RECORDED
    )
    if w.rng.random() < 0.7:
        w.now = max(w.now, start_of_day(until + 2 * DAY) + timedelta(hours=w.rng.randrange(24)))
    appraise(w)
    if held:
        w.add("LegalHoldLifted", core, [], [], details={"lifts": n})
        appraise(w)


def appraise(w: Writer) -> None:
    w.add("RecordsAppraised", w.model.core, [], [], details={"appraisal": "PRESERVE"})


def close_and_keep(w: Writer) -> None:
    from tests.models.stories import close

    if w.model.supported:
        close(w)
    if w.model.closed_at is not None:
        w.wait()
        keep(w)


def longer_stay(w: Writer) -> None:
    stay = w.model.stay
    if stay is not None and stay.ended_at is None:
        later = (day_of(w.now) + w.rng.randrange(5, 40) * DAY).isoformat()
        by = w.rng.choice((CORE, f"{stay.town}-CORE"))
        to = [f"{stay.town}-CORE" if by == CORE else CORE]
        w.add("StayExtended", by, to, [], details={"stay": stay.n, "returns_on": later})


def three_notifications(w: Writer) -> None:
    """F14: nothing but notifications, three of them."""
    for _ in range(2):
        w.now += timedelta(days=w.rng.randrange(1, 50), minutes=w.rng.randrange(600))
        details = {"received_at": w.now.isoformat(), "children": w.story["children"]}
        w.add("AbuseNotificationReceived", HOSP, [CORE], ["BASIC", "RISK"], basis="CAPA-6-1", details=details)
        if w.rng.random() < 0.15:
            w.add("EmergencyTriaged", CORE, [], ["RISK"], details={"urgency": "WITHIN_TIME"})


def another_visitor(w: Writer) -> None:
    """The only one leaves; in time, late or never there is another."""
    from tests.models.stories import NPO, visitor_leaves

    visitor_leaves(w)
    c = w.model.contractors.get(NPO)
    if c is None or c.assigned or w.rng.random() < 0.3:
        return
    w.now += w.rng.randrange(1, 9) * DAY
    details = {"agency": NPO, "worker": "W-S3"}
    w.add("SupportWorkerAssigned", w.model.core, [], [], details=details)


def decide_access(w: Writer) -> None:
    n = w.last("SubjectAccessRequested")
    if n is not None:
        notified = any("NOTIFIER" in m.sections for m in w.model.messages.values())
        details: Raw = {"answers": n, "result": "FULL"}
        if notified and w.rng.random() < 0.8:
            details = {"answers": n, "result": "PARTIAL", "withheld": ["NOTIFIER"]}
        w.add("SubjectAccessDecided", w.model.messages[n].by, [], [], details=details)


def review_not_disclosed(w: Writer) -> None:
    n = w.last("NonDisclosureDecided")
    if n is not None:
        day = (day_of(w.now) + w.rng.randrange(3, 60) * DAY).isoformat()
        details = {"answers": n, "review_on": day, "reason": "NOT_NEEDED"}
        w.add("NonDisclosureDecided", CORE, [], [], details=details)


def prompt_answers(w: Writer) -> None:
    """What is waited for, done in time: an answer, a review, an outcome, the renewal of a restriction."""
    from tests.models.stories import (
        accept,
        access_request,
        answer,
        arrange,
        ask,
        confirm_recall,
        decide_type,
        learn_move,
        link_service,
        move,
        not_disclosed,
        recall,
        report,
        review_report,
    )

    pairs: list[tuple[Callable[[Writer], None], Callable[[Writer], None]]] = [
        (ask, answer),
        (learn_move, move),
        (decide_type, link_service),
        (recall, confirm_recall),
        (not_disclosed, review_not_disclosed),
        (report, review_report),
        (access_request, decide_access),
        (arrange, accept),
        (ban, lift),
        (ban, lift),
        (news, report_outcome),
        (transfer, report_outcome),
        (transfer, receive_transfer),
        (specialist_wanted, link_service),
        (protect_until, protect_without_end),
        (short_leak, whole_report),
    ]
    begins, ends = w.rng.choice(pairs)
    begins(w)
    _soon(w, 22)
    ends(w)


def news(w: Writer) -> None:
    w.add("FamilyInformationProvided", HOSP, [CORE], ["BASIC"], basis="CWA-21-10-5", details=w.kids())


def transfer(w: Writer) -> None:
    if w.has("NS-CGC"):
        n = len(w.story["timeline"]) + 1
        w.model.acknowledged.add((n, "NS-CGC"))
        w.add("CgcTransferNotified", CGC, ["NS-CGC"], ["RISK"], basis="CAPA-4-6", details=w.kids())


def receive_transfer(w: Writer) -> None:
    n = w.last("CgcTransferNotified")
    if n is not None:
        w.add("ReferralAcknowledged", "NS-CGC", [CGC], [], details={"answers": n})
        _soon(w, 20)
        report_outcome(w)


def specialist_wanted(w: Writer) -> None:
    kind = w.model.support_type or "MID_TERM"
    details = {"support_type": kind, "specialist_needed": True}
    w.add("SupportTypeDecided", w.model.core, [], [], details=details)
    if not w.model.registered.get("AZ"):
        w.add("NetworkCaseRegistered", COORD, [CORE], [])


def protect_without_end(w: Writer) -> None:
    w.add("ProtectedAddressRegistered", CORE, [], ["ADDR"])


def report_outcome(w: Writer) -> None:
    """The outcome of the last referral."""
    n = w.last("FamilyInformationProvided", "CgcTransferNotified")
    if n is not None:
        m = w.model.messages[n]
        w.add("ReferralOutcomeReported", m.to[0], [m.by], [], details={"answers": n, "outcome": "ACCEPTED"})


def short_leak(w: Writer) -> None:
    details: Raw = {
        "detected_at": (w.now - HOUR).isoformat(),
        "leaked": ["BASIC"],
        "intent": "NONE",
        "persons": 1,
    }
    w.add("BreachDetected", CORE, [], [], details=details)


def whole_report(w: Writer) -> None:
    n = w.last("BreachDetected")
    if n is not None:
        details = {"found_at": w.model.messages[n].details["detected_at"], "leaked": ["BASIC"], "persons": 1}
        w.add("BreachReported", CORE, [], [], details={**details, "stage": "FINAL", "answers": n})


MORE_ACTS: tuple[tuple[float, Callable[[Writer], None]], ...] = (
    (4, place_child),
    (2, return_child),
    (2, two_references),
    (1.5, unknown_child),
    (0.4, child_dies),
    (0.6, close_after_a_death),
    (0.4, parent_dies),
    (2, lose),
    (1, locate),
    (2, ban),
    (1.2, lift),
    (2.5, second_case),
    (1, join),
    (2, in_second),
    (0.7, split),
    (1.5, emergency),
    (1.5, audit),
    (2, leak),
    (1, keep),
    (4, close_and_keep),
    (1.5, longer_stay),
    (2.5, another_visitor),
    (2, protect_until),
    (1, decide_access),
    (1, review_not_disclosed),
    (8, prompt_answers),
)
