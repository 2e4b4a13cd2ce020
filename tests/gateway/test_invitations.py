"""Invitations: the first administrator by a code from the command line, others by one of an administrator, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from domain.errors import Conflict, Untrusted
from domain.roles import StaffRole
from gateway.agency import passphrases
from gateway.agency.factors.invitations import FIRST_CODE_SECONDS, INVITATION_SECONDS, Invitations
from gateway.agency.factors.settings import SignInSettings
from gateway.agency.staff import Staff
from gateway.agency.staff_roles import ALL_ROLES
from gateway.protocol.problems import text_ja_of_code
from tests.gateway.sign_in_kit import ACTOR, PASSPHRASE, RIGHT, browser, code_at, door_app, secret_on

NEW = "staff.b2"
CODE = re.compile(r"\b[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}\b")
BOTH = {"passphrase": PASSPHRASE, "again": PASSPHRASE}


@pytest.fixture
def now() -> list[float]:
    return [1_800_000_000.0]


@pytest.fixture
def staff(tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Staff]:
    monkeypatch.setattr(passphrases, "COST", passphrases.Cost(8, 1))
    with closing(Staff(tmp_path / "staff.db", lambda: now[0])) as opened:
        yield opened


@pytest.fixture
def invitations(staff: Staff) -> Invitations:
    return Invitations(staff.store, staff.now)


def test_the_first_administrator_joins_by_a_code_and_invites_the_next(
    staff: Staff, invitations: Invitations, now: list[float]
) -> None:
    code = invitations.first(ACTOR, "職員A", by="cli:root")
    assert staff.people() == {}
    app = door_app(staff, SignInSettings(second_factor_from=date.min))
    page = browser(app)
    assert page.post("/join", data={"code": code.lower(), **BOTH}).headers["location"] == "/sign-in/app"
    secret = secret_on(page.get("/sign-in/app").text)
    page.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    shown = page.post("/invitations", data={"actor": NEW, "name": "職員B", "role": "RECEPTION"})
    invited = CODE.search(shown.text)
    assert invited is not None
    other = browser(app)
    assert other.post("/join", data={"code": invited[0], **BOTH}).headers["location"] == "/sign-in/app"
    secret = secret_on(other.get("/sign-in/app").text)
    other.post("/sign-in/app", data={"code": code_at(secret, now[0])})
    assert staff.people() == {ACTOR: "職員A", NEW: "職員B"}
    assert staff.roles.all_roles() == {
        ACTOR: frozenset({StaffRole.ADMINISTRATOR}),
        NEW: frozenset({StaffRole.RECEPTION}),
    }
    assert other.get("/invitations").status_code == 403
    assert [(e.by, e.what, e.about) for e in staff.log() if "person" in e.what] == [
        ("cli:root", "person-invited", ACTOR),
        ("cli:root", "person-added", ACTOR),
        (ACTOR, "person-invited", NEW),
        (ACTOR, "person-added", NEW),
    ]
    with pytest.raises(Conflict, match="not-the-first-person"):
        invitations.first("staff.c3", "職員C", by="cli:root")


@pytest.mark.parametrize("seconds", [FIRST_CODE_SECONDS, INVITATION_SECONDS])
def test_a_code_holds_once_and_for_its_time(
    staff: Staff, invitations: Invitations, now: list[float], seconds: float
) -> None:
    invite = invitations.first if seconds == FIRST_CODE_SECONDS else invitations.invite
    code = invite(ACTOR, "職員A", by="cli:root")
    now[0] += seconds - 1
    assert invitations.find(code).actor == ACTOR
    now[0] += 1
    for late in (code, "AAAA-AAAA-AAAA-AAAA", ""):
        with pytest.raises(Untrusted, match="invitation-wrong"):
            invitations.accept(late, PASSPHRASE)
    code = invite(ACTOR, "職員A", by="cli:root")
    invitations.accept(code, PASSPHRASE)
    with pytest.raises(Untrusted, match="invitation-wrong"):
        invitations.accept(code, PASSPHRASE)


def test_a_new_code_ends_the_one_before(invitations: Invitations) -> None:
    codes = [invitations.invite(ACTOR, "職員A", by="cli:root") for _ in range(2)]
    with pytest.raises(Untrusted):
        invitations.find(codes[0])
    assert invitations.find(codes[1]).is_new


def test_what_is_typed_wrongly_at_joining_uses_no_code_up(staff: Staff, invitations: Invitations) -> None:
    code = invitations.first(ACTOR, "職員A", by="cli:root")
    page = browser(door_app(staff, SignInSettings()))
    assert "招待コード" in page.get("/join").text
    for data, error_code in (
        ({"code": code, "passphrase": PASSPHRASE, "again": "another"}, "passphrases-differ"),
        ({"code": code, "passphrase": "short", "again": "short"}, "short-passphrase"),
        ({"code": "AAAA", **BOTH}, "invitation-wrong"),
    ):
        refused = page.post("/join", data=data)
        assert refused.status_code in (400, 401)
        assert text_ja_of_code(error_code) in refused.text
    assert page.post("/join", data={"code": code, **BOTH}).headers["location"] == "/"


def test_who_has_lost_every_way_in_starts_anew_by_a_code_of_an_administrator(
    staff: Staff, now: list[float]
) -> None:
    staff.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
    staff.add(NEW, "職員B", PASSPHRASE)
    app = door_app(staff, SignInSettings())
    administrator, lost = browser(app), browser(app)
    administrator.post("/sign-in", data=RIGHT)
    lost.post("/sign-in", data={**RIGHT, "actor": NEW})
    secret = secret_on(lost.get("/account/app").text)
    lost.post("/account/app", data={"code": code_at(secret, now[0])})
    shown = administrator.post("/invitations/reset", data={"actor": NEW})
    code = CODE.search(shown.text)
    assert code is not None
    assert lost.get("/files").status_code == 303
    assert browser(app).post("/sign-in", data={**RIGHT, "actor": NEW}).status_code == 401
    again = browser(app)
    chosen = {"passphrase": "battery staple horse", "again": "battery staple horse"}
    assert again.post("/join", data={"code": code[0], **chosen}).headers["location"] == "/"
    assert staff.people()[NEW] == "職員B"
    assert administrator.post("/invitations/reset", data={"actor": ACTOR}).status_code == 404
    assert administrator.post("/invitations/reset", data={"actor": "nobody"}).status_code == 404


def test_a_reference_that_is_taken_is_not_invited_again(staff: Staff) -> None:
    staff.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
    page = browser(door_app(staff, SignInSettings()))
    page.post("/sign-in", data=RIGHT)
    refused = page.post("/invitations", data={"actor": ACTOR, "name": "別人"})
    assert (refused.status_code, text_ja_of_code("actor-taken") in refused.text) == (409, True)


def test_codes_are_not_stored_in_clear(tmp_path: Path, invitations: Invitations) -> None:
    code = invitations.first(ACTOR, "職員A", by="cli:root")
    files = b"".join(path.read_bytes() for path in tmp_path.glob("staff.db*"))
    assert code.encode() not in files
    assert code.replace("-", "").encode() not in files


def test_an_invitation_ends_with_the_authority_of_who_made_it(staff: Staff, invitations: Invitations) -> None:
    staff.add(ACTOR, "職員A", PASSPHRASE, roles=ALL_ROLES)
    staff.add(NEW, "職員B", PASSPHRASE, roles=ALL_ROLES)
    codes = [
        invitations.invite("staff.c3", "職員C", by=ACTOR),
        invitations.invite("staff.d4", "職員D", by=NEW),
    ]
    kept = invitations.invite("staff.e5", "職員E", by="cli:root")
    staff.roles.set_roles(ACTOR, {StaffRole.ADMINISTRATOR})
    assert invitations.find(codes[0]).is_new
    staff.roles.set_roles(NEW, {StaffRole.AUDIT})
    staff.roles.set_roles(NEW, {StaffRole.ADMINISTRATOR})
    staff.remove(ACTOR)
    for code in codes:
        with pytest.raises(Untrusted, match="invitation-wrong"):
            invitations.accept(code, PASSPHRASE)
    assert invitations.find(kept).actor == "staff.e5"


def test_a_new_persons_code_never_chooses_the_passphrase_of_somebody_who_came_otherwise(
    staff: Staff, invitations: Invitations
) -> None:
    code = invitations.invite(ACTOR, "職員A", by="cli:root")
    staff.add(ACTOR, "職員A", PASSPHRASE)
    with pytest.raises(Untrusted, match="invitation-wrong"):
        invitations.accept(code, "another passphrase")
    code = invitations.reset(ACTOR, by="cli:root")
    staff.change_passphrase(ACTOR, PASSPHRASE)
    with pytest.raises(Untrusted, match="invitation-wrong"):
        invitations.accept(code, "another passphrase")
