"""Roles at a door: the file that keeps them, and the matrix role × act × way, walked from the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import scrypt
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from starlette.testclient import TestClient

from domain.errors import Conflict, ExchangeError, Malformed, NotFound, Refused
from domain.events import EVENTS, CaseMessage, Kind
from domain.role_acts import ROLE_ACTS, SYSTEM_ACTS, TOKEN_DEFAULT, may, may_system
from domain.roles import OPENINGS, Denial, StaffRole
from gateway.agency import passphrases
from gateway.agency.door import Door
from gateway.agency.page_drafts import PageDrafts
from gateway.agency.permissions import StaffPermissions
from gateway.agency.staff import Person, Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.agency.store import WAITING, OutboxEntry
from gateway.agency.web.app import agency_app
from gateway.agency.web.outbox import shown_entries
from gateway.agency.web.page_context import PageContext
from gateway.agency.web.route_acts import ROUTE_ACTS, WHOEVER_IS_SIGNED_IN
from tests.gateway.hubkit import HubWithCase, hub_with_case
from tests.gateway.sign_in_kit import make_older
from tests.gateway.stranger import example_path, routes_of
from tests.gateway.test_strangers import AGENCY_PUBLIC

PASSPHRASE = "correct horse battery"
DENIALS = {denial.value for denial in Denial}
NOW = 1_800_000_000.0
DAY = 24 * 60 * 60
OF_A_PROVIDER = {("POST", "/invitations/link"), ("GET", "/step-up/provider")}
"""Routes of a door that has an identity provider."""
PHONE_PUBLIC = {
    *("/phone/manifest.webmanifest", "/phone/shell", "/phone/sw.js"),
    *("/phone/contact", "/phone/envelopes"),  # for a registered phone, by its own key
}


def at(days: float) -> datetime:
    return datetime.fromtimestamp(NOW, UTC) + timedelta(days=days)


@pytest.fixture
def now() -> list[float]:
    return [NOW]


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: list[float]) -> Iterator[Staff]:
    cheap = lambda p, salt: scrypt(p, salt=salt, n=16, r=8, p=1, dklen=32)  # noqa: E731
    monkeypatch.setattr(passphrases, "scrypt_hash", cheap)
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        opened.add("chief", "管理 一", PASSPHRASE, roles=[StaffRole.ADMINISTRATOR, StaffRole.MANAGER])
        opened.add("worker", "担当 二", PASSPHRASE, roles=[StaffRole.CASE_WORKER])
        yield opened


# --- the file ---------------------------------------------------------------------------------------------


def test_a_person_has_no_role_but_those_that_were_given(staff: Staff) -> None:
    staff.add("new", "新人", PASSPHRASE)
    assert staff.roles.authority_of("new").roles == frozenset()
    assert staff.roles.authority_of("nobody").roles == frozenset()
    staff.roles.set_roles("new", [StaffRole.RECEPTION], by="chief")
    assert staff.roles.authority_of("new").roles == {StaffRole.RECEPTION}
    last = staff.log()[-1]
    assert (last.by, last.what, last.about, last.detail) == ("chief", "roles-changed", "new", "RECEPTION")
    staff.remove("new")
    assert "new" not in staff.roles.all_roles()


def test_a_deputy_has_the_roles_that_the_other_has_while_it_lasts(staff: Staff, now: list[float]) -> None:
    number = staff.roles.add_deputy(
        "chief", "worker", [StaffRole.MANAGER], begins_at=at(1), ends_at=at(3), by="chief"
    )
    roles = lambda: staff.roles.authority_of("worker").roles  # noqa: E731
    assert roles() == {StaffRole.CASE_WORKER}
    now[0] += DAY
    assert roles() == {StaffRole.CASE_WORKER, StaffRole.MANAGER}
    staff.roles.set_roles("chief", [StaffRole.ADMINISTRATOR])
    assert roles() == {StaffRole.CASE_WORKER}  # nobody lends what it has not
    staff.roles.set_roles("chief", [StaffRole.ADMINISTRATOR, StaffRole.MANAGER])
    staff.roles.end_deputy(number, by="chief")
    assert roles() == {StaffRole.CASE_WORKER}
    assert [e.what for e in staff.log()][-4:] == [
        "deputy-added",
        "roles-changed",
        "roles-changed",
        "deputy-ended",
    ]
    staff.roles.add_deputy("chief", "worker", [StaffRole.MANAGER], begins_at=at(0), ends_at=at(3))
    now[0] += 2 * DAY
    assert roles() == {StaffRole.CASE_WORKER}


WRONG: dict[str, tuple[type[ExchangeError], Callable[[Any], object]]] = {
    "deputy-same-person": (Malformed, lambda s: deputy(s, "chief")),
    "deputy-period": (Malformed, lambda s: deputy(s, "worker", ends=-1)),
    "deputy-roles": (Malformed, lambda s: deputy(s, "worker", role=StaffRole.VISITOR)),
    "person-not-found": (NotFound, lambda s: deputy(s, "nobody")),
    "deputy-not-found": (NotFound, lambda s: s.roles.end_deputy(99)),
    "not-in-role": (Malformed, lambda s: s.roles.take_away(StaffRole.AUDIT, "disclosure.made")),
    "last-administrator": (Conflict, lambda s: s.roles.set_roles("chief", [StaffRole.MANAGER])),
    "token-acts": (Malformed, lambda s: s.add_token("sys:emr", "カルテ", acts=["consent.given"])),
}


def deputy(staff: Staff, who: str, *, ends: int = 2, role: StaffRole = StaffRole.MANAGER) -> None:
    staff.roles.add_deputy("chief", who, [role], begins_at=at(-3), ends_at=at(ends))


@pytest.mark.parametrize("code", WRONG)
def test_a_wrong_change_is_refused_by_its_name_and_changes_nothing(staff: Staff, code: str) -> None:
    before = len(staff.log()), staff.roles.all_roles()
    kind, change = WRONG[code]
    with pytest.raises(kind, match=code):
        change(staff)
    assert (len(staff.log()), staff.roles.all_roles()) == before


def test_the_tokens_of_a_system_that_hold_at_once_have_the_same_acts(staff: Staff, now: list[float]) -> None:
    staff.add_token("sys:emr", "カルテ", days=1)
    assert staff.roles.authority_of("sys:emr").acts == TOKEN_DEFAULT
    with pytest.raises(Conflict, match="token-acts-differ"):
        staff.add_token("sys:emr", "カルテ", acts=["cases.read"])
    staff.add_token("sys:emr", "カルテ", days=2)
    now[0] += 3 * DAY
    assert staff.roles.authority_of("sys:emr").acts == frozenset()
    staff.add_token("sys:emr", "カルテ", acts=["cases.read"])
    assert staff.roles.authority_of("sys:emr").acts == {"cases.read"}


def test_people_of_a_file_without_roles_get_some_and_one_of_them_can_give_more(
    staff: Staff, tmp_path: Path
) -> None:
    staff.add_token("sys:emr", "カルテ", acts=SYSTEM_ACTS)
    staff.close()
    make_older(tmp_path / "staff.db", 3)
    with closing(Staff(tmp_path / "staff.db", lambda: NOW)) as opened:
        assert opened.roles.all_roles() == {
            "chief": {StaffRole.ADMINISTRATOR, StaffRole.CASE_WORKER, StaffRole.MANAGER},
            "worker": {StaffRole.CASE_WORKER},
        }
        assert opened.roles.authority_of("sys:emr").acts == TOKEN_DEFAULT
        assert [e.what for e in opened.log()][-2:] == ["roles-changed"] * 2


def test_nobody_is_changed_at_a_rehearsals_door() -> None:
    staff = Staff.rehearsal("staff.a1", mode="rehearsal")
    assert staff.roles.authority_of("staff.a1").roles == ALL_ROLES
    with pytest.raises(Refused, match="rehearsal-staff"):
        staff.roles.set_roles("staff.a1", [])


# --- the matrix -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWithCase]:
    with hub_with_case(tmp_path_factory.mktemp("roles") / "hub") as opened:
        opened.door("AZ-CORE").refresh()
        yield opened


@pytest.fixture
def door(hub: HubWithCase, staff: Staff) -> Iterator[Door]:
    """A door with one person for each role, named after it, and two systems."""
    door = hub.door("AZ-CORE")
    before = door.permissions
    for role in StaffRole:
        staff.add(role.value, f"{role.value}の人", PASSPHRASE, roles=[role])
    staff.add_token("sys:narrow", "狭い")
    staff.add_token("sys:wide", "広い", acts=SYSTEM_ACTS)
    door.permissions = StaffPermissions(staff, lambda: door.overviews)
    yield door
    door.permissions = before


def denial_of(call: Callable[[], object]) -> str | None:
    """The denial by which this was refused; None where it got past the roles, whatever became of it then."""
    try:
        call()
    except Refused as error:
        return error.error_code if error.error_code in DENIALS else None
    except ExchangeError:
        return None
    return None


def test_a_door_signs_and_opens_for_each_role_what_the_table_gives(hub: HubWithCase, door: Door) -> None:
    """Of every command and every opening, by every role; the fields are empty, so nothing is sent."""
    before, wrong = hub.head(), []
    for act in ROLE_ACTS:
        event = EVENTS.get(act)
        if event is None and act not in OPENINGS:
            continue
        is_case = event is None or issubclass(event, CaseMessage) or event.ON in (Kind.CASE, Kind.CASE_ACCESS)
        for role in StaffRole:
            expected = may([role], act, is_own_case=False if is_case else None)
            if act in OPENINGS:
                call = lambda r=role, a=act: door.open(  # noqa: E731
                    hub.case, uuid4(), uuid4(), OPENINGS[a].value, actor=r.value
                )
                if expected is None:
                    door.permissions.require(act, role.value, hub.case)
                    continue
            else:
                kind = Kind.CASE if is_case else event.ON or Kind.AGENCY  # type: ignore[union-attr]
                call = lambda k=kind, a=act, r=role: door.send(  # noqa: E731
                    k, hub.case, a, {"no": "such"}, actor=r.value
                )
            got = denial_of(call)
            if got != (None if expected is None else expected.value):
                wrong.append((act, role.value, got, expected))
    assert wrong == []
    assert hub.head() == before


def test_a_system_does_what_its_token_grants(hub: HubWithCase, door: Door) -> None:
    for act in ROLE_ACTS:
        for actor, granted in (("sys:narrow", TOKEN_DEFAULT), ("sys:wide", SYSTEM_ACTS)):
            got = denial_of(lambda a=act, w=actor: door.permissions.require(a, w))
            expected = may_system(granted, act)
            assert got == (None if expected is None else expected.value), (act, actor)


def client_of(door: Door, staff: Staff, actor: str = "", token: str = "") -> TestClient:
    app = agency_app(door, staff=staff, mode="real")
    client = TestClient(app, base_url="https://127.0.0.1", raise_server_exceptions=False)
    client.headers["origin"] = "https://127.0.0.1"
    if token:
        client.headers["authorization"] = f"Bearer {token}"
    else:
        form = {"actor": actor, "passphrase": PASSPHRASE}
        assert client.post("/sign-in", data=form, follow_redirects=False).status_code == 303
    return client


def test_every_route_has_its_act(door: Door, staff: Staff) -> None:
    app = agency_app(door, staff=staff, mode="real")
    missing = {
        (method, path)
        for method, path in routes_of(app)
        if (method, path) not in AGENCY_PUBLIC
        and path not in PHONE_PUBLIC
        and (method, path) not in ROUTE_ACTS
    }
    assert missing == set()
    assert set(ROUTE_ACTS) - routes_of(app) <= OF_A_PROVIDER
    assert {act for act in ROUTE_ACTS.values() if act != WHOEVER_IS_SIGNED_IN} <= set(ROLE_ACTS)


@pytest.mark.parametrize("role", [role.value for role in StaffRole])
def test_each_role_comes_to_the_routes_that_the_table_gives(
    hub: HubWithCase, door: Door, staff: Staff, role: str
) -> None:
    """Pages and API. A route that is refused answers 403 before anything is read; others as they answer."""
    client, wrong = client_of(door, staff, role), []
    here = routes_of(client.app)  # type: ignore[arg-type]
    client.headers["accept"] = "application/json"
    for (method, path), act in ROUTE_ACTS.items():
        if act == WHOEVER_IS_SIGNED_IN or (method, path) not in here:
            continue
        expected = may([StaffRole(role)], act, is_own_case=False if "{case}" in path else None)
        is_form = path in ("/new", "/cases/{case}/disclose") or path.endswith("forms/{key}")
        if expected is None and (method != "GET" or is_form):
            continue  # what is written or signed there is asked for by its own act
        url = example_path(path.replace("{case}", str(hub.case)))
        answer = client.request(method, url, follow_redirects=False)
        with suppress(ValueError):
            if answer.status_code >= 500:
                wrong.append((method, path, answer.status_code, answer.text, expected))
            code = answer.json().get("error_code") if answer.status_code == 403 else None
            if (code if code in DENIALS else None) != (None if expected is None else expected.value):
                wrong.append((method, path, answer.status_code, code, expected))
    assert wrong == []


def test_a_refusal_names_the_roles_it_takes_and_who_has_them(
    hub: HubWithCase, door: Door, staff: Staff
) -> None:
    client = client_of(door, staff, "RECEPTION")
    client.headers["accept"] = "text/html"
    answer = client.get("/statistics")
    assert answer.status_code == 403
    assert "「統計を見る」には担当・管理職・監査の役割が要ります" in answer.text
    assert "管理 一" in answer.text
    work = client.get("/").text
    assert "/statistics" not in work
    assert "/search" in work


def test_what_a_setting_takes_away_is_gone_at_once_in_every_way(
    hub: HubWithCase, door: Door, staff: Staff
) -> None:
    client = client_of(door, staff, "MANAGER")
    assert client.get("/statistics").status_code == 200
    staff.roles.take_away(StaffRole.MANAGER, "statistics.read", by="chief")
    staff.roles.take_away(StaffRole.MANAGER, "open.notifier", by="chief")
    refused = client.get("/statistics", headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["error_code"]) == (403, "act-taken-away")
    body = {"message": str(uuid4()), "section": "NOTIFIER"}
    opened = client.post(f"/api/cases/{hub.case}/items/{uuid4()}/open", json=body)
    assert (opened.status_code, opened.json()["error_code"]) == (403, "act-taken-away")
    staff.roles.give_back(StaffRole.MANAGER, "statistics.read", by="chief")
    assert client.get("/statistics").status_code == 200


def test_a_deputys_act_is_noted_in_the_doors_log(hub: HubWithCase, door: Door, staff: Staff) -> None:
    staff.roles.add_deputy(
        "MANAGER", "RECEPTION", [StaffRole.MANAGER], begins_at=at(-1), ends_at=at(1), by="chief"
    )
    with suppress(ExchangeError):
        door.open(hub.case, uuid4(), uuid4(), "NOTIFIER", actor="RECEPTION")
    last = staff.log()[-1]
    assert (last.by, last.what, last.about, last.detail) == (
        "RECEPTION",
        "deputy-acted",
        "MANAGER",
        "open.notifier",
    )


def test_the_families_of_a_visitor_are_those_of_who_stands_in_meanwhile(
    hub: HubWithCase, door: Door, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = door.overviews.of(hub.case)
    assert one is not None
    assigned = replace(one, assigned=frozenset({"VISITOR"}))
    monkeypatch.setattr(door.overviews, "of", lambda case: assigned if case == hub.case else None)
    monkeypatch.setattr(door.overviews, "all", lambda: {str(hub.case): assigned})
    permissions = StaffPermissions(staff, lambda: door.overviews)
    act, stands_in = "visit_report.submitted", Person("RECEPTION", "受付")
    assert permissions.denial(act, "VISITOR", hub.case) is None
    assert permissions.denial(act, "RECEPTION", hub.case) is not None
    number = staff.roles.add_deputy(
        "VISITOR", "RECEPTION", [StaffRole.VISITOR], begins_at=at(-1), ends_at=at(1), by="chief"
    )
    assert permissions.denial(act, "RECEPTION", hub.case) is None
    assert permissions.denial(act, "RECEPTION", uuid4()) is not None
    assert permissions.shown_cases(stands_in)(str(hub.case))
    permissions.note(act, "RECEPTION", hub.case)
    assert (staff.log()[-1].what, staff.log()[-1].about) == ("deputy-acted", "VISITOR")
    staff.roles.end_deputy(number, by="chief")
    assert permissions.denial(act, "RECEPTION", hub.case) is not None


def test_a_visitor_who_stands_in_for_a_colleague_is_noted_where_the_case_is_not_its_own(
    hub: HubWithCase, door: Door, staff: Staff
) -> None:
    staff.roles.add_deputy(
        "CASE_WORKER", "VISITOR", [StaffRole.CASE_WORKER], begins_at=at(-1), ends_at=at(1), by="chief"
    )
    entries = len(staff.log())
    door.permissions.note("visit_report.submitted", "VISITOR", hub.case)
    assert [(e.what, e.about) for e in staff.log()[entries:]] == [("deputy-acted", "CASE_WORKER")]


def test_a_token_is_held_to_its_own_acts(hub: HubWithCase, door: Door, staff: Staff) -> None:
    token = staff.add_token("sys:list", "一覧", acts=["outbox.read"])
    client = client_of(door, staff, token=token)
    assert client.get("/api/outbox").status_code == 200
    refused = client.get("/api/worklist")
    assert (refused.status_code, refused.json()["error_code"]) == (403, "act-not-in-token")
    message = {"act": "key_set.published", "fields": {}}
    answer = client.post("/api/programme", json=message)
    assert answer.json()["error_code"] in ("person-required", "act-not-in-token")


def test_a_visitor_keeps_no_draft_in_a_case_of_others_and_is_named_none(
    hub: HubWithCase, door: Door, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(door, staff, "VISITOR")
    client.headers["accept"] = "text/html"
    path = f"/cases/{hub.case}/forms/home-visit"
    values = {"command_id": str(uuid4()), "path": path, "text": "書きかけ"}
    assert client.post("/drafts", data=values, follow_redirects=False).status_code == 404
    assert client.get("/drafts").text.count("draft=") == 0
    other = client_of(door, staff, "worker")
    assert other.post("/drafts", data=values, follow_redirects=False).status_code == 303
    PageDrafts(door).save("VISITOR", uuid4(), path, {"text": ["書きかけ"]})
    asked: list[UUID] = []
    names = door.index.names
    monkeypatch.setattr(door.index, "names", lambda cases, r: asked.extend(cases) or names(cases, r))
    assert client.get("/drafts").text.count("draft=") == 1
    assert asked == []
    assert other.get("/drafts").text.count("draft=") == 1
    assert asked == [hub.case]


def test_a_visitors_outbox_has_what_is_about_no_case_and_none_of_others_cases(
    hub: HubWithCase, door: Door, staff: Staff
) -> None:
    pages = cast(PageContext, SimpleNamespace(permissions=door.permissions))

    def shown(actor: str, act: str, about: UUID) -> bool:
        entry = OutboxEntry(uuid4(), about, act, "2026-12-01T00:00:00Z", WAITING, None, None)
        return shown_entries(pages, Person(actor, actor))(entry)

    assert not shown("VISITOR", "home_visit.completed", hub.case)
    assert not shown("VISITOR", "no.such_act", hub.case)
    assert shown("worker", "home_visit.completed", hub.case)
    about_none = [act for act, event in EVENTS.items() if event.ON in (Kind.AGENCY, Kind.COMMISSION)]
    assert about_none
    assert all(shown("VISITOR", act, door.agency) for act in about_none)


def test_a_persons_command_of_the_registrars_is_not_made_at_a_door(door: Door, hub: HubWithCase) -> None:
    with pytest.raises(Refused, match="act-not-at-a-door"):
        door.send(Kind.AGENCY, door.agency, "key_set.published", {}, actor="MANAGER")
    with pytest.raises(Refused, match="own-cases-only"):
        door.open(hub.case, uuid4(), uuid4(), "BASIC", actor="VISITOR")
    with pytest.raises(Refused, match="role-required"):
        door.send(Kind.CASE, hub.case, "disclosure.made", {}, actor="RECEPTION")


# --- the administrator's pages ----------------------------------------------------------------------------


def test_an_administrator_keeps_people_tokens_and_settings_and_sees_no_case(
    hub: HubWithCase, door: Door, staff: Staff
) -> None:
    client = client_of(door, staff, "chief")
    client.headers["accept"] = "text/html"

    def post(path: str, **fields: object) -> str:
        answer = client.post(f"/administration/{path}", data=fields)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.text

    person = {"actor": "new.1", "name": "新しい人", "passphrase": PASSPHRASE}
    assert "職員を登録しました" in post("people", **person, role=["RECEPTION", "AUDIT"])
    assert staff.roles.authority_of("new.1").roles == {StaffRole.RECEPTION, StaffRole.AUDIT}
    post("people/roles", actor="new.1", role=["CASE_WORKER"])
    assert staff.roles.authority_of("new.1").roles == {StaffRole.CASE_WORKER}
    last_day = at(20).date().isoformat()
    shown = post("deputies", principal="chief", deputy="new.1", role=["MANAGER"], until=last_day)
    assert "代理を決めました" in shown
    [deputy] = staff.roles.deputies()
    assert (deputy.principal, deputy.deputy, deputy.roles) == ("chief", "new.1", {StaffRole.MANAGER})
    post("deputies/end", deputy=deputy.id)
    assert staff.roles.deputies() == []
    post("settings", role="AUDIT", act="statistics.read")
    assert "統計を見る" in client.get("/administration/settings").text
    post("settings/give-back", role="AUDIT", act="statistics.read")
    assert staff.roles.taken_away() == frozenset()
    system = {"actor": "sys:made", "name": "作成", "days": 30, "act": ["outbox.read"]}
    token = post("tokens", **system).split('<p class="mono">')[1].split("</p>")[0]
    assert client_of(door, staff, token=token).get("/api/outbox").status_code == 200
    assert token not in client.get("/administration/tokens").text  # once
    made = next(one for one in staff.tokens() if one.actor == "sys:made")
    post("tokens/revoke", token=made.id)
    post("people/remove", actor="new.1")
    assert "new.1" not in staff.people()
    refused = client.post("/administration/people/remove", data={"actor": "ADMINISTRATOR"})
    assert refused.status_code == 200  # another is left
    refused = client.post("/administration/people/remove", data={"actor": "chief"})
    assert refused.status_code == 409
    assert "先に、別の職員にシステム管理の役割を付けてください" in refused.text
    by = {entry.by for entry in staff.log()[-12:]}
    assert by == {"chief", "sys:made"}


def test_pages_of_the_administration_name_no_case(hub: HubWithCase, door: Door, staff: Staff) -> None:
    staff.log_address("worker", "address-stopped", hub.case, "disclosure.made")
    client = client_of(door, staff, "ADMINISTRATOR")
    for path in ("", "/people", "/settings", "/tokens", "/keys", "/register", "/health", "/log"):
        answer = client.get(f"/administration{path}")
        assert answer.status_code == 200, path
        assert str(hub.case) not in answer.text
        assert str(hub.case)[:8] not in answer.text
    assert "秘匿住所の記載を止めた" in client.get("/administration/log?by=worker").text
    assert "秘匿住所の記載を止めた</td>" not in client.get("/administration/log?what=signed-in").text
    auditor = client_of(door, staff, "AUDIT")
    assert str(hub.case) in auditor.get("/administration/log").text
    assert auditor.get("/administration/people").status_code == 403
    assert "職員と役割" not in auditor.get("/administration").text
    assert client_of(door, staff, "RECEPTION").get("/administration").status_code == 403
    table = client.get("/roles").text
    assert "計画承認" in table
    assert "設定で不可" not in table
