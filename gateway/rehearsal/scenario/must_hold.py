"""Sentences that a run must satisfy besides its views. Those of a known form are checked; the rest say why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from domain.calendar import JST, day_of, end_of, monday_of
from domain.case import Case
from domain.clocks import child_was_sighted
from domain.codes import CaseStatus
from domain.events import (
    AbuseNotificationReceived,
    CaseAlarm,
    Kind,
    SafetyCheckOverdueAlarmRaised,
    VisitGapAlarmRaised,
)
from domain.evolution import evolve
from domain.family_list import FamilyReader, family_list
from domain.record import HUB, About
from domain.register import Register
from gateway.rehearsal.scenario.fields.context import BY_NAME
from gateway.rehearsal.scenario.run import Check, OpenableSections, Run
from gateway.rehearsal.scenario.story import AUDITOR, canonical_event


@dataclass(frozen=True)
class SentenceResult:
    """One sentence: whether it holds (None: not checked), and by what."""

    text: str
    ok: bool | None
    how: str


@dataclass(frozen=True)
class Probe:
    """The view of one agency to be checked at a moment that a sentence names."""

    agency: str
    at: datetime


Checker = Callable[[Run, re.Match[str]], tuple[bool, str]]

_DATED = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)(?: (?P<time>\d\d:\d\d))?: (?P<rest>.+)", re.S)
_EMPTY = re.compile(r"(?P<agency>[A-Z][A-Z0-9-]+)(?:'s view)?(?: is)? empty\b")
_STILL_HELD = re.compile(r"(?P<agency>[A-Z][A-Z0-9-]+) is reinstated but #(?P<n>\d+) is still held")
_NEVER = re.compile(r"(?P<agency>[A-Z][A-Z0-9-]+) never sees (?P<section>[A-Z]+)$")
_THROUGHOUT = re.compile(r"(?P<agency>[A-Z][A-Z0-9-]+) is empty throughout")
_ONLY = re.compile(
    r"^(?P<section>[A-Z]+)(?: \([^)]*\))? is visible to (?P<agency>[A-Z][A-Z0-9-]+) only(?:, at every date|$)"
)
_UNTIL = re.compile(
    r"^(?:until (?P<before>\S+) )?(?P<agency>[A-Z][A-Z0-9-]+) is empty(?: until (?P<until>\S+))?$"
)
_NO_ALARM = re.compile(r"^no (?P<alarm>[A-Z][A-Za-z]+) about #(?P<n>\d+)$")
_REFUSED_CONSENT = re.compile(r"the refused consent \(#(?P<n>\d+)\) does not block the disclosure")
_REFUSES = re.compile(r"#(?P<n>\d+): hub refuses, nothing is delivered")
_PENDING = re.compile(r"case stays FOLLOW_ON_PENDING until all .*accepted \(#(?P<n>\d+)\)")
_FAMILY = re.compile(r"access history prepared for .* does not show #(?P<first>\d+)-#(?P<last>\d+)")
_SIGHTED = re.compile(r"sighting within .* is provable from #(?P<told>\d+) and #(?P<seen>\d+)")
_FREQUENT = re.compile(r"first week of #(?P<n>\d+) has \d+ visits .*frequency rule is satisfied")

_TOKEN = re.compile(r"the auditor sees the token (?P<token>[A-Za-z0-9-]+), never name")


def probes(run: Run) -> list[Probe]:
    """The views that sentences need besides the expected ones."""
    moments = []
    for text in run.story.must_hold:
        dated = _DATED.match(text)
        if dated is None:
            continue
        for what in (_EMPTY, _STILL_HELD):
            for m in what.finditer(dated["rest"]):
                if m["agency"] in run.story.agencies:
                    moments.append(Probe(m["agency"], _moment(dated)))
    return moments


def _moment(dated: re.Match[str]) -> datetime:
    return datetime.fromisoformat(f"{dated['day']}T{dated['time'] or '12:00'}").replace(tzinfo=JST)


def evaluate_sentences(run: Run) -> list[SentenceResult]:
    """The result of every sentence of the story."""
    return [_evaluate_sentence(run, text) for text in run.story.must_hold]


def _evaluate_sentence(run: Run, text: str) -> SentenceResult:
    dated = _DATED.match(text)
    if dated is not None:
        return _evaluate_dated_sentence(run, text, dated)
    for pattern, check in _CHECKS:
        match = pattern.search(text)
        if match:
            ok, how = check(run, match)
            return SentenceResult(text, ok, how)
    return SentenceResult(text, None, "この文を機械で確かめる方法はまだありません")


def _evaluate_dated_sentence(run: Run, text: str, dated: re.Match[str]) -> SentenceResult:
    """A sentence about one moment: empty views, and held messages that stay closed and unread."""
    at = _moment(dated)
    results: list[tuple[bool, str]] = []
    for m in _EMPTY.finditer(dated["rest"]):
        check = _check_near(run, m["agency"], at)
        if check is not None:
            results.append(
                (not check.openable and not check.wrong, f"{m['agency']}: {at:%Y-%m-%d %H:%M} の閲覧")
            )
    held = _STILL_HELD.search(dated["rest"])
    if held is not None:
        check = _check_near(run, held["agency"], at)
        n = int(held["n"])
        if check is not None:
            opened = {x for ns in check.openable.values() for x in ns}
            results.append((n not in opened, f"#{n} は {at:%Y-%m-%d %H:%M} に開けない"))
    unread = re.search(r"#(\d+) does not count as received", dated["rest"])
    if unread is not None:
        rows = _ledger_of_message(run, int(unread[1]))
        outcomes = {row["outcome"] for row in rows["disclosures"] if row["to"] in _contractors(run)}
        results.append(
            ("HELD" in outcomes and "DISCLOSED" not in outcomes, f"台帳 #{unread[1]}: {sorted(outcomes)}")
        )
    if not results:
        return SentenceResult(text, None, "この文を機械で確かめる方法はまだありません")
    return SentenceResult(text, all(ok for ok, _ in results), "、".join(how for _, how in results))


def _check_near(run: Run, agency: str, at: datetime) -> Check | None:
    """The look at this agency nearest to a moment, if it is on the same day and no earlier than it."""
    checks_that_day = [
        c
        for c in (*run.checks, *run.probe_checks)
        if c.agency == agency and timedelta() <= c.at - at < timedelta(days=1)
    ]
    return min(checks_that_day, key=lambda c: c.at, default=None)


def _views_of(run: Run, agency: str) -> list[OpenableSections]:
    return [c.openable for c in (*run.checks, *run.probe_checks) if c.agency == agency]


def _never(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    views = _views_of(run, m["agency"])
    return all(m["section"] not in v for v in views), f"{len(views)} 時点の閲覧で {m['section']} は開けない"


def _throughout(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    views = _views_of(run, m["agency"])
    return not any(views), f"{len(views)} 時点の閲覧はすべて空"


def _only(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    others = [c for c in run.checks if c.agency != m["agency"] and m["section"] in c.openable]
    return not others, f"{m['section']} を開けたほかの機関は {len(others)}"


def _until(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    named = m["before"] or m["until"]
    if named is None:
        return _throughout(run, m)
    until = datetime.fromisoformat(named)
    until = until if until.tzinfo is not None else until.replace(tzinfo=JST)
    views = [c for c in (*run.checks, *run.probe_checks) if c.agency == m["agency"] and c.at < until]
    return not any(c.openable for c in views), f"{named} までの {len(views)} 時点の閲覧はすべて空"


def _no_alarm(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    kind, about = BY_NAME.get(canonical_event(m["alarm"])), run.messages.get(int(m["n"]))
    acts = [r.event for r in run.recorded if r.by == HUB]
    alarms = [f for f in acts if type(f) is kind and isinstance(f, CaseAlarm) and f.message == about]
    return (
        about is not None and kind is not None and not alarms,
        f"#{m['n']} についての {m['alarm']} は {len(alarms)} 件",
    )


def _refused_consent(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    rows = [r for r in _ledger_of_message(run, int(m["n"]))["disclosures"] if r["outcome"] == "DISCLOSED"]
    ok = bool(rows) and all(r["basis"] and r["subject_consent"] == "REFUSED" for r in rows)
    return ok, f"台帳に提供 {len(rows)} 件、根拠と同意拒否を併記"


def _refuses(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    n = int(m["n"])
    delivered = [w for w in run.written if w.n == n]
    refused = n in run.refused
    return refused and not delivered, "拒否が記録され、項目は残っていない" if refused else "拒否されていない"


def _case_before(run: Run, *, before: int | None = None) -> Case:
    """The case as it was recorded: to the end, or up to just before one message."""
    case = Case(id=run.case)
    stop = run.messages.get(before) if before is not None else None
    for record in run.recorded:
        if record.originator == About(Kind.CASE, run.case):
            if stop is not None and record.command_id == stop:
                return case
            case = evolve(case, record)
    return case


def _pending(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    before, after = _case_before(run, before=int(m["n"])).status, _case_before(run).status
    ok = before is CaseStatus.FOLLOW_ON_PENDING and after is CaseStatus.CLOSED
    return ok, f"#{m['n']} の前は {before}、後は {after}"


def _family(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    """The family's list is the same with and without these messages: it does not reveal that they exist."""
    hidden = {run.messages.get(n) for n in range(int(m["first"]), int(m["last"]) + 1)}
    case = _case_before(run)
    without = replace(case, messages=case.messages.without(k for k in hidden if k is not None))
    register = Register()
    for record in run.recorded:
        if record.originator.kind not in (Kind.CASE, Kind.CASE_ACCESS):
            register = register.with_record(record)
    roles = {agency.id: agency.roles for agency in register.agencies.values()}
    after = day_of(case.last_at or run.rehearsal_hub.now()) + timedelta(
        days=31
    )  # all months of the case are over
    rows, same = 0, True
    for reader in FamilyReader:
        listed, listed_without = (
            family_list(c, roles, reader, frozenset(c.consents), today=after) for c in (case, without)
        )
        rows, same = rows + len(listed), same and listed == listed_without
    return same, f"家庭の一覧 {rows} 件は、これらがない場合と同じ"


def _sighted(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    case = _case_before(run)
    notice = case.messages[run.messages[int(m["told"])]].event
    seen = case.messages[run.messages[int(m["seen"])]]
    assert isinstance(notice, AbuseNotificationReceived)
    time_to_sighting = seen.at - notice.received_at
    alarms = [r for r in run.recorded if r.by == HUB and isinstance(r.event, SafetyCheckOverdueAlarmRaised)]
    ok = child_was_sighted(seen.event) and time_to_sighting <= timedelta(hours=48) and not alarms
    return ok, f"通告から目視まで {time_to_sighting}、警報 {len(alarms)} 件"


def _frequent(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    begun = _case_before(run).messages[run.messages[int(m["n"])]].at
    week = end_of(monday_of(day_of(begun)) + timedelta(days=6))
    gaps = [
        r for r in run.recorded if r.by == HUB and isinstance(r.event, VisitGapAlarmRaised) and r.at == week
    ]
    return not gaps, f"{day_of(begun)} の週の訪問回数不足の警報は {len(gaps)} 件"


def _ledger_of_message(run: Run, n: int) -> dict[str, Any]:
    ledger = run.rehearsal_hub.audit.ledger(run.case)
    message = str(run.messages.get(n))
    return {**ledger, "disclosures": [r for r in ledger["disclosures"] if r["message"] == message]}


def _contractors(run: Run) -> set[str]:
    return {str(run.id_of(code)) for code in run.story.contractors}


def _token(run: Run, m: re.Match[str]) -> tuple[bool, str]:
    """The audit office sees the token and the day of the notification, and can open nothing of it."""
    rows = run.rehearsal_hub.audit.ledger(run.case)["notifications"]
    hidden = not any(c.openable for c in run.checks if c.agency == AUDITOR)
    known = {row["token"] for row in rows} == {m["token"]} and all(len(r["received_on"]) == 10 for r in rows)
    return hidden and known, f"監査に見えるのは符号 {m['token']} と受理日だけ"


_CHECKS: tuple[tuple[re.Pattern[str], Checker], ...] = (
    (_NEVER, _never),
    (_THROUGHOUT, _throughout),
    (_ONLY, _only),
    (_UNTIL, _until),
    (_NO_ALARM, _no_alarm),
    (_REFUSED_CONSENT, _refused_consent),
    (_REFUSES, _refuses),
    (_PENDING, _pending),
    (_FAMILY, _family),
    (_SIGHTED, _sighted),
    (_FREQUENT, _frequent),
    (_TOKEN, _token),
)
