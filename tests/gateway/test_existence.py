"""Nobody learns from an answer whether a case exists: another's case reads like no case, in every question and command.

Every event of a case is sent as a command, and every query is asked, by agencies that were told nothing of a case: once
about a case that others have, with the ids of its messages and items, and once about none. And what an agency is told
unasked does not change because others have begun a case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from adapters.mapper import PERMITTED_COMMANDS
from domain.addressing import TAKES_PART
from domain.errors import Conflict, Unavailable
from domain.events import EVENTS, AccessEvent, Event, Kind, dump
from gateway.hub.answered_queries import AnsweredQueries
from gateway.installation import dry_run_counts
from keys.request import parse_request
from tests.gateway.hubkit import REFERRAL, START, HubWithCase, hub_with_case, time_text
from tests.vectors.make_events import record_for

MINUTES = timedelta(minutes=5)
STRANGERS = ("AZ-COORD", "EXT-SERVICE", "KS-CGC")
"""A coordinating agency before registration, another agency without a part in it, the child guidance centre."""
FILLED_BY_THE_HUB = frozenset({"items", "keyed"})
CASE_EVENTS = sorted(
    topic
    for topic, cls in EVENTS.items()
    if cls in PERMITTED_COMMANDS and cls.ON in (Kind.CASE, Kind.CASE_ACCESS)
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("existence") / "hub") as opened_hub:
        yield opened_hub


def fields_of(topic: str) -> dict[str, Any]:
    """Fields for this act: of the form the act has, whatever the rules would say to them."""
    fields: dict[str, Any] = dump(record_for(EVENTS[topic])[0].event)
    return {n: v for n, v in fields.items() if n not in FILLED_BY_THE_HUB | EVENTS[topic].HUB_FIELDS}


def with_ids_of_the_case(hub: HubWithCase, fields: dict[str, Any]) -> dict[str, Any]:
    """The same fields, with the ids of the case's first message and item where they name one."""
    message, item = str(hub.sent.command_id), str(hub.sent.items[0][0])
    renamed = {name: message for name in ("message", "answers", "forwards", "about") if fields.get(name)}
    return {**fields, **renamed} | ({"item": item} if fields.get("item") else {})


def ask(
    hub: HubWithCase, code: str, act: str, fields: dict[str, Any], case: str, path: str
) -> httpx.Response:
    now = hub.rehearsal_hub.now()
    unsigned = hub.unsigned(
        code, act, fields, about={"kind": "case", "id": case}, not_after=time_text(now + MINUTES)
    )
    return hub.post(unsigned, path)


def pair(
    hub: HubWithCase, code: str, act: str, fields: dict[str, Any], path: str
) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """The answers about the case of others and about none."""
    others = ask(hub, code, act, with_ids_of_the_case(hub, fields), str(hub.case), path)
    none = ask(hub, code, act, fields, str(uuid4()), path)
    assert _headers(others) == _headers(none)
    return (others.status_code, others.content), (none.status_code, none.content)


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "date"}


@pytest.mark.parametrize("code", STRANGERS)
def test_a_command_about_anothers_case_is_answered_like_one_about_none(hub: HubWithCase, code: str) -> None:
    before, not_found = hub.head(), 0
    for topic in CASE_EVENTS:
        if issubclass(EVENTS[topic], TAKES_PART):
            continue  # whoever reports something takes part from then on, and everybody in the case sees it
        others, none = pair(hub, code, topic, fields_of(topic), "/v1/commands")
        assert others == none, (topic, others, none)
        not_found += others[0] == 404
    assert not_found > 0.8 * len([t for t in CASE_EVENTS if not issubclass(EVENTS[t], TAKES_PART)])
    assert hub.head() == before  # and nothing is recorded in either


@pytest.mark.parametrize("code", STRANGERS)
def test_the_recipients_of_a_message_in_anothers_case_are_those_in_none(hub: HubWithCase, code: str) -> None:
    answered = 0
    for topic in CASE_EVENTS:
        if issubclass(EVENTS[topic], AccessEvent):
            continue
        item = {"item": str(uuid4()), "section": "BASIC", "flags": []}
        fields = {"act": topic, "fields": fields_of(topic), "items": [item]}
        fields["fields"] |= _addressees(hub, EVENTS[topic])
        others, none = pair(hub, code, "recipients", fields, "/v1/queries")
        assert others == none, (topic, others, none)
        answered += others[0] == 200
    assert answered > 0  # what takes part in a case


@pytest.mark.parametrize("code", STRANGERS)
def test_what_would_be_decided_in_anothers_case_is_what_would_be_in_none(
    hub: HubWithCase, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run_counts, "MAX_AN_HOUR", 10_000)
    before, answered = hub.head(), 0
    for topic in CASE_EVENTS:
        item = {"item": str(uuid4()), "section": "BASIC", "flags": []}
        fields = {"act": topic, "fields": fields_of(topic), "items": [item]}
        fields["fields"] |= _addressees(hub, EVENTS[topic])
        others, none = pair(hub, code, "dry_run", fields, "/v1/queries")
        assert others == none, (topic, others, none)
        answered += others[0] == 200
    assert answered > 0  # what takes part in a case
    assert hub.head() == before  # and nothing is recorded


def _addressees(hub: HubWithCase, cls: type[Event]) -> dict[str, Any]:
    core = str(hub.door("AZ-CORE").agency)
    return {"to": [core], "basis": {core: "CWA-25-3"}} if issubclass(cls, TAKES_PART) else {}


@pytest.mark.parametrize("code", STRANGERS)
def test_the_duties_in_anothers_case_are_those_in_none(hub: HubWithCase, code: str) -> None:
    others, none = pair(hub, code, "duties", {}, "/v1/queries")
    assert others == none
    assert others[0] == 404


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in (Kind.CASE, Kind.CASE_ACCESS)])
@pytest.mark.parametrize("code", STRANGERS)
def test_a_case_is_unknown_under_any_other_kind_too(hub: HubWithCase, code: str, kind: Kind) -> None:
    for topic, cls in sorted(EVENTS.items()):
        if cls.ON is not kind or cls not in PERMITTED_COMMANDS:
            continue
        answers = [
            hub.post(hub.unsigned(code, topic, fields_of(topic), about={"kind": kind.value, "id": id}))
            for id in (str(hub.case), str(uuid4()))
        ]
        assert answers[0].content == answers[1].content, topic


@pytest.mark.parametrize("code", STRANGERS)
def test_the_feed_and_reports_of_an_agency_do_not_change_with_a_case_of_others(
    hub: HubWithCase, code: str
) -> None:
    since = {"since": time_text(hub.rehearsal_hub.now() - 9 * MINUTES)}
    questions: dict[str, dict[str, Any]] = {
        "feed": {"cursor": 0},
        "agenda": since,
        "openings": since,
        "own_openings": {"after": 0},
        "programme": {},
        "audits": {},
    }

    def answers() -> dict[str, dict[str, Any]]:
        about = {"kind": "agency", "id": str(hub.door(code).agency)}
        by_act = {
            act: hub.post(hub.unsigned(code, act, fields, about=about), "/v1/queries").json()
            for act, fields in questions.items()
        }
        assert by_act["feed"].pop("cursor") >= 0  # how far the record has been read, of all cases together
        for answer in by_act.values():
            answer.pop("as_of", None)  # likewise
            answer.pop("behind", None)
        return by_act

    before = answers()
    hub.refer(uuid4())
    assert answers() == before


def test_an_item_of_anothers_case_opens_like_none(hub: HubWithCase) -> None:
    for code in STRANGERS:
        answers = {
            (response.status_code, response.content)
            for response in (
                hub.post(hub.reading(code)),
                hub.post(hub.reading(code, item=uuid4())),
                hub.post(hub.reading(code, message=uuid4())),
                hub.post(hub.reading(code, about={"kind": "case", "id": str(uuid4())})),
            )
        }
        assert len(answers) == 1
        assert json.loads(answers.pop()[1])["error_code"] == "not-found"


def test_no_answer_about_anothers_case_takes_longer_than_one_about_none(hub: HubWithCase) -> None:
    seconds: dict[str, list[float]] = {"others": [], "none": []}
    cases = {"others": str(hub.case), "none": str(uuid4())}
    for _ in range(40):
        for which, case in cases.items():
            start = perf_counter()
            assert ask(hub, "AZ-COORD", "duties", {}, case, "/v1/queries").status_code == 404
            seconds[which].append(perf_counter() - start)
    ratio = median(seconds["others"]) / median(seconds["none"])
    assert 0.5 < ratio < 2


def test_a_coordinating_agency_takes_part_from_registration_on(hub: HubWithCase) -> None:
    case = uuid4()
    hub.refer(case)
    assert ask(hub, "AZ-COORD", "duties", {}, str(case), "/v1/queries").status_code == 404
    fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None, "standing": None}
    sent = hub.door("AZ-COORD").send(Kind.CASE, case, "network_case.registered", fields, actor="staff.c")
    assert sent.outcome == "recorded"
    assert ask(hub, "AZ-COORD", "duties", {}, str(case), "/v1/queries").status_code == 200


def test_news_of_a_stranger_is_accepted_and_does_not_reveal_who_else_reads_the_case(hub: HubWithCase) -> None:
    """The coordinating agency of a registered case reads it by standing access, and gets its key afterwards."""
    case = uuid4()
    hub.refer(case)
    fields = {"to": [], "basis": {}, "consent": [], "purpose": "SUPPORT", "reason": None, "standing": None}
    hub.door("AZ-COORD").send(Kind.CASE, case, "network_case.registered", fields, actor="staff.c")
    query = {
        "act": REFERRAL,
        "fields": hub.referral(),
        "items": [{"item": str(uuid4()), "section": "BASIC", "flags": []}],
    }
    about_case, about_none = (
        ask(hub, "KS-CGC", "recipients", query, str(id), "/v1/queries") for id in (case, uuid4())
    )
    assert about_case.content == about_none.content
    assert about_case.status_code == 200


# --- a query is answered once -------------------------------------------------------------------------------


def test_a_query_that_is_sent_again_is_answered_once_also_after_a_restart(hub: HubWithCase) -> None:
    about = {"kind": "agency", "id": str(hub.door("AZ-CORE").agency)}
    query = hub.unsigned("AZ-CORE", "programme", {}, about=about).encode()
    assert hub.post(query, "/v1/queries").status_code == 200
    replayed = hub.post(query, "/v1/queries")
    assert (replayed.status_code, replayed.json()["error_code"]) == (409, "query-replayed")
    runtime = hub.rehearsal_hub.runtime
    assert runtime is not None
    path = runtime.installation.hub_folder / "answered_queries.db"
    reopened = AnsweredQueries(path)
    now = hub.rehearsal_hub.now()
    with pytest.raises(Conflict, match="query-replayed"):
        reopened.enter(parse_request(query).frame.digest, now, now)
    reopened.close()


def test_a_query_leaves_the_table_when_its_time_is_over(tmp_path: Path) -> None:
    answered = AnsweredQueries(tmp_path / "answered.db")
    answered.enter(b"1" * 32, START, START)
    answered.close()
    answered = AnsweredQueries(tmp_path / "answered.db")
    answered.enter(b"2" * 32, START + 2 * MINUTES, START + MINUTES)  # cleans
    answered.enter(b"1" * 32, START + 2 * MINUTES, START + MINUTES)
    answered.close()


def test_without_its_table_a_hub_answers_no_query(tmp_path: Path) -> None:
    answered = AnsweredQueries(tmp_path / "answered.db")
    answered._db.execute("PRAGMA query_only=ON")
    with pytest.raises(Unavailable, match="query-store-unavailable"):
        answered.enter(b"1" * 32, START, START)
    answered.close()


def test_a_door_signs_a_query_anew_for_each_try(hub: HubWithCase, monkeypatch: pytest.MonkeyPatch) -> None:
    door = hub.door("AZ-CORE")
    query, lost = door.client.query, [True]

    def lose_the_first_answer(request: bytes) -> dict[str, Any]:
        answer = query(request)
        if lost:
            lost.clear()
            raise Unavailable("hub-unreachable")
        return answer

    monkeypatch.setattr(door.client, "query", lose_the_first_answer)
    assert "commissions" in door.query(Kind.AGENCY, door.agency, "programme", {}, actor="staff.a")
