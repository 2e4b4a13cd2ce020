"""The rule book: dated lawful bases, the matrix and the standing access, as data.

The hub publishes it as an event (``rule_book.published``) and judges by what is recorded, never by this
module: history is judged by the book of its day. This module is the first edition, H21-0316002.

Source: domain/SOURCES.md, «Law», which states where each article was read and what is unsure; matrix from
guideline 8, 9(2)[1] and the acts.
"""

from __future__ import annotations

from typing import Any

from domain.public_holidays import PUBLIC_HOLIDAYS, UNTIL_YEAR

EDITION = "H21-0316002/5"

Row = dict[str, Any]

_ANY = [["ANY", "ANY"]]
_LOCAL = ("MUNICIPALITY", "PREFECTURE")
_PUBLIC = (*_LOCAL, "OTHER_PUBLIC", "INVESTIGATION")
_PRIVATE = ("MEDICAL", "WELFARE_FACILITY", "SCHOOL", "COMMISSIONED", "PRIVATE", "BAR")
_OF_CHILDREN = ("MEDICAL", "WELFARE_FACILITY", "SCHOOL", "COMMISSIONED", "PRIVATE")
"""Bodies of medicine, welfare and education for children and expectant mothers, and who works there (CWA 21-10-5; CAPA
13-4). Which private body is one, its registration with the hub says."""


def _basis_row(
    code: str,
    kind: str,
    since: str,
    parties: list[list[str]],
    *needs: str,
    until: str | None = None,
    way: str = "BOTH",
) -> Row:
    """One dated row. ``kind``: G gateway, P competence alone, O override, R restriction.

    ``parties``: pairs between which it permits. ``way``: in which direction the first may inform the second, and the
    second no more than ask, answer and report back (THERE; ASKED: it is for the second to ask), or either the other
    (BOTH; so does an older book, which has no such word).
    ``needs``: REGISTERED, BOTH_MEMBERS, CONSENT, COMMISSION; ONE_BODY: two offices of local governments are of the same one
    (ONE_MUNICIPALITY in books up to /4); REQUESTED: it is on record that the recipient asked by this law; OVERRIDE: two
    persons approve it first; TO_AUTHORITY where it carries to the authority only (a notification is not answered with
    content).
    """
    return {
        "code": code,
        "kind": kind,
        "since": since,
        "until": until,
        "parties": sorted(parties),
        "way": way,
        "needs": sorted(needs),
    }


def _party_pairs(*senders: str, receivers: tuple[str, ...]) -> list[list[str]]:
    return [[a, b] for a in senders for b in receivers]


BASES: list[Row] = [
    _basis_row(
        "CWA-25-1",
        "G",
        "2005-04-01",
        _party_pairs("ANY", receivers=("MUNICIPALITY", "PREFECTURE")),
        "TO_AUTHORITY",
    ),
    _basis_row(
        "CWA-33-12",
        "G",
        "2025-10-01",
        _party_pairs("ANY", receivers=_LOCAL),
        "TO_AUTHORITY",
    ),
    _basis_row("CWA-25-1-P", "G", "1948-01-01", [["ANY", "COURT"]], way="THERE"),
    _basis_row("CWA-25-O", "O", "2016-10-01", _ANY),
    _basis_row("CWA-25-2-2", "G", "2005-04-01", _ANY, "REGISTERED", "BOTH_MEMBERS"),
    _basis_row(
        "CWA-25-2-5",
        "G",
        "2005-04-01",
        _party_pairs("NETWORK", receivers=("PREFECTURE", "COMMISSIONED", "NETWORK")),
        "REGISTERED",
    ),
    _basis_row("CWA-25-3-1", "G", "2005-04-01", _party_pairs("NETWORK", receivers=("ANY",)), "REGISTERED"),
    _basis_row(
        "CWA-25-3-2",
        "G",
        "2020-04-01",
        _party_pairs("ANY", receivers=("NETWORK",)),
        "REGISTERED",
        way="ASKED",
    ),
    _basis_row("CWA-25-5", "R", "2005-04-01", _ANY),
    _basis_row("CWA-61-3", "R", "2005-04-01", _ANY),
    _basis_row("CWA-21-10-2-1", "P", "2009-04-01", _ANY),
    _basis_row("CWA-21-10-2-3", "G", "2009-04-01", [["MUNICIPALITY", "COMMISSIONED"]], "COMMISSION"),
    _basis_row("CWA-21-10-2-4", "R", "2009-04-01", _ANY),
    _basis_row("CWA-21-10-4", "G", "2009-04-01", [["PREFECTURE", "MUNICIPALITY"]], way="THERE"),
    _basis_row(
        "CWA-21-10-5",
        "G",
        "2016-10-01",
        _party_pairs(*_OF_CHILDREN, receivers=("MUNICIPALITY",)),
        way="THERE",
    ),
    _basis_row("CWA-26-1-8", "G", "2009-04-01", [["PREFECTURE", "MUNICIPALITY"]], way="THERE"),
    _basis_row("CWA-26-1-3", "G", "2017-04-01", [["PREFECTURE", "MUNICIPALITY"]], way="THERE"),
    _basis_row("CWA-25-7-1", "G", "2005-04-01", [["MUNICIPALITY", "PREFECTURE"]], way="THERE"),
    _basis_row("CWA-10-1", "P", "2005-04-01", _ANY),
    _basis_row("CWA-21-18", "P", "2024-04-01", _ANY),
    _basis_row("CAPA-5-2", "P", "2020-04-01", _ANY),
    _basis_row("CAPA-5-3", "R", "2020-04-01", _ANY),
    _basis_row("CAPA-5-4", "O", "2020-04-01", _ANY),
    _basis_row(
        "CAPA-6-1",
        "G",
        "2000-11-20",
        _party_pairs("ANY", receivers=("MUNICIPALITY", "PREFECTURE")),
        "TO_AUTHORITY",
    ),
    _basis_row("CAPA-6-3", "O", "2000-11-20", _ANY),
    _basis_row("CAPA-7", "R", "2000-11-20", _ANY),
    _basis_row("CAPA-8", "P", "2000-11-20", _ANY),
    _basis_row("CAPA-8-2-2", "G", "2017-04-01", [["CGC", "MUNICIPALITY"]], way="THERE"),
    _basis_row("CAPA-8-2-4", "G", "2017-04-01", [["CGC", "MUNICIPALITY"]], way="THERE"),
    _basis_row("CWA-28-1", "G", "1948-01-01", [["CGC", "COURT"]], way="THERE"),
    _basis_row("CWA-33-3", "G", "2025-06-01", [["CGC", "COURT"]], way="THERE"),
    _basis_row(
        "CAPA-13-4",
        "G",
        "2016-10-01",
        _party_pairs(*_PUBLIC, *_OF_CHILDREN, receivers=_LOCAL),
        way="ASKED",
    ),
    _basis_row("CAPA-4-6", "G", "2020-04-01", [["PREFECTURE", "PREFECTURE"]]),
    _basis_row("CAPA-4-5", "P", "2008-04-01", _ANY),
    *(
        _basis_row(
            f"APPI-27-1-{n}", "G", "2022-04-01", _party_pairs(*_PRIVATE, receivers=("ANY",)), way="THERE"
        )
        for n in (1, 2, 3, 4)
    ),
    _basis_row(
        "APPI-27-C", "G", "2022-04-01", _party_pairs(*_PRIVATE, receivers=("ANY",)), "CONSENT", way="THERE"
    ),
    _basis_row(
        "APPI-69-1",
        "G",
        "2023-04-01",
        _party_pairs(*_LOCAL, receivers=(*_PUBLIC, "COURT")),
        "ONE_BODY",
        way="THERE",
    ),
    _basis_row(
        "APPI-69-2-1", "G", "2023-04-01", _party_pairs(*_PUBLIC, receivers=("ANY",)), "CONSENT", way="THERE"
    ),
    _basis_row("APPI-69-2-2", "G", "2023-04-01", _party_pairs(*_LOCAL, receivers=_LOCAL), "ONE_BODY"),
    _basis_row("APPI-69-2-3", "G", "2023-04-01", _party_pairs(*_PUBLIC, receivers=_PUBLIC)),
    _basis_row(
        "APPI-69-2-4", "G", "2023-04-01", _party_pairs(*_PUBLIC, receivers=("ANY",)), "OVERRIDE", way="THERE"
    ),
    _basis_row("APPI-70", "R", "2023-04-01", _ANY),
    _basis_row("APPI-66", "R", "2023-04-01", _ANY),
    _basis_row("APPI-67", "R", "2023-04-01", _ANY),
    _basis_row("PC-134", "R", "1908-10-01", _ANY),
    _basis_row("LPSA-34", "R", "1951-02-13", _ANY),
    _basis_row("CWA-18-22", "R", "2003-11-29", _ANY),
    _basis_row("MCHA-9-2", "P", "2024-04-01", _ANY),
    _basis_row("MCHA-10", "P", "1966-01-01", _ANY),
    _basis_row("MCHA-11", "P", "1966-01-01", _ANY),
    _basis_row("MCHA-17", "P", "1966-01-01", _ANY),
    _basis_row("MCHA-19", "P", "1966-01-01", _ANY),
    _basis_row("MCHA-19-2", "G", "2020-06-01", [["MUNICIPALITY", "MUNICIPALITY"]]),
    *(
        _basis_row(code, "G", since, [["ANY", asker]], "REQUESTED", way="ASKED")
        for code, since, asker in (
            ("CRPA-197-2", "1949-01-01", "INVESTIGATION"),
            ("ATTA-23-2", "1951-06-09", "BAR"),
            ("CPA-186", "1998-01-01", "COURT"),
            ("CPA-226", "1998-01-01", "COURT"),
            ("DRPA-62", "2013-01-01", "COURT"),
        )
    ),
    _basis_row("CONSENT", "G", "1947-05-03", _ANY, "CONSENT"),
]

NEVER: dict[str, list[str]] = {
    # Basis: CAPA 7 (NOTIFIER); APPI 69(2) proviso (ADDR); guideline 6(5)[1] and CWA 25-5 (CONF, CLOSING)
    "MED": ["ADDR", "NOTIFIER"],
    "CONTRACTOR": ["NOTIFIER"],
    "EXT": ["ADDR", "CLOSING", "CONF", "NOTIFIER"],
}
"""The N of the matrix: sections that a role is never sent."""

PARTICIPANTS: dict[str, list[str]] = {"EXT": ["CLOSING", "CONF"]}
"""What of the N of the matrix becomes D for members of the network who took part in the meeting. Basis: CWA 25-2(2), 25-5;
guideline 6(2)[1], 6(5)[1]. Where a book does not say so, nobody gets more than its N permits."""

NEVER_FLAGGED: dict[str, list[str]] = {"CONTRACTOR": ["SENSITIVE"]}
"""Flags that keep an item from a role. Basis: guideline 9(2)[1], no more than is needed."""

STANDING: dict[str, list[str]] = {
    "COORD": ["BASIC", "CLOSING", "CONF", "PLAN", "RISK"],
    "STAY": ["BASIC", "PLAN", "RISK"],
}
"""The A of the matrix: for the coordinating agency (Basis: CWA 25-2(5); guideline 3(2)), and for the offices of a town where
some of the family stay (Basis: CWA 10(1), 25-2(2); APPI 69(2)3)."""

SINCE: dict[str, str] = {
    "joint_authority": "2026-04-01",  # 民法824条の2
}
"""From which day on a rule of the law holds. Where a book names no day, that rule does not hold yet."""

QUALIFICATIONS: list[str] = [
    "保健師",
    "助産師",
    "看護師",
    "保育士",
    "児童指導員",
    "医師",
    "社会福祉士",
    "精神保健福祉士",
    "公認心理師",
]
"""Who may give specialist help without a reason. Basis: guideline 4(2) names the first five (等); the rest is own."""

RETENTION: dict[str, Row] = {
    "CHILD_AGE": {"years": 25, "authority": "児童相談所運営指針 (児童記録票) に準じた案"},
    "AFTER_CLOSING": {"years": 10, "authority": "文書管理規程 (市町村) の案"},
    "PERMANENT": {"years": None, "authority": "特別養子縁組等の案"},
}
"""How long content is kept: own proposals, to be set by the municipality [unsure]. Basis: APPI 61."""

DATED_RULES: list[Row] = [
    # since 2024-04-01 help with the household is 子育て世帯訪問支援事業. Basis: CWA 21-18
    {"code": "HOUSEKEEPING_ELSEWHERE", "since": "2024-04-01"},
    # the six 家庭支援事業 are recommended, and given as measures. Basis: CWA 21-18
    {"code": "FAMILY_SERVICES", "since": "2024-04-01"},
    # a サポートプラン is made by 母子保健 and 児童福祉 together. Basis: CWA 10(1)4; MCHA 9-2
    {"code": "JOINT_SUPPORT_PLAN", "since": "2024-04-01"},
    # 妊婦等包括相談支援事業 exists, and families become known through it. Basis: CWA 6-3
    {"code": "PREGNANCY_SUPPORT", "since": "2025-04-01"},
]
"""Rules that hold from a day on (``domain/dated_rules.py``)."""

POLICY: Row = {
    "training_valid_months": {"M2_CONFIDENTIALITY": 12},
    "short_type_months": 3,
    "mid_type_months": [6, 12],
    "mid_type_short_goal_months": [1, 3],
    "plan_end_notice_days": 14,
    "review_months": 3,
    "acknowledge_hours": 24,
    "read_hours": 48,
    "act_days": 14,
    "safety_hours": 48,
    "follow_on_days": 14,
    "report_read_days": 7,
    "visits_per_week": 2,
    "contact_days": 30,
    "silence_months": 3,
    "access_days": 30,
    "signals_count": 3,
    "signals_months": 6,
    "confirmation_days": 14,
    "emergency_hours": 24,
    "emergency_outside_approval_minutes": 15,
    "emergency_review_days": 7,
    "guard_hours": 48,
    "override_hours": 24,
    "address_disclosure_hours": 24,
    "transfer_hours": 24,
    "handover_days": 20,
    "transfer_begin_days": 7,
    "visit_report_days": 7,
    "breach_days": 30,
    "breach_preliminary_days": 3,
    "breach_preliminary_latest_days": 5,
    "breach_intent_days": 60,
    "breach_notice_days": 14,
    "specialist_days": 14,
    "search_days": 14,
    "ban_end_notice_days": 7,
    "unreadable_days": 3,
    "protection_end_notice_days": 30,
    "service_answer_days": 30,
    "stay_days": 60,
    "retention": RETENTION,
    "performance_months": 12,
    "tier_months": {"T2_SKILL": 12, "T3_APPLIED": 12},
    "publish_days": 30,
    "gap_notice_days": 30,
    "requirement_recheck_days": 14,
    "replacement_days": 7,
    "record_check_from": None,
    "escalate_hours": 24,
    "calendar_notice_days": 90,
    "calendar": {"until_year": UNTIL_YEAR, "holidays": PUBLIC_HOLIDAYS, "closing_days": []},
}
"""Local policy: defaults, to be set by the municipality. Never law (the 30 days of an answer to a person who asks
for data are APPI 83; the 48 hours of a safety check stand in the ministry's guidance). Where a book names no
time, that clock raises no alarm. ``record_check_from``: the day from which on every visitor's criminal record has to
be checked (犯罪事実確認), null while the office has not switched that on."""

GROUNDS: dict[str, list[str]] = {
    # Basis: APPI 78(1), 81; CAPA 7
    "NOTIFIER": ["APPI-78-1-2", "APPI-78-1-7", "APPI-81"],
    "ADDR": ["APPI-78-1-1", "APPI-78-1-2", "APPI-81"],
    "CONF": ["APPI-78-1-2", "APPI-78-1-6", "APPI-78-1-7"],
    "CLOSING": ["APPI-78-1-1", "APPI-78-1-2", "APPI-78-1-6", "APPI-78-1-7"],
    "RISK": ["APPI-78-1-1", "APPI-78-1-2", "APPI-78-1-6", "APPI-78-1-7", "APPI-81"],
    "CHILD": ["APPI-78-1-1", "APPI-78-1-2", "APPI-78-1-7"],
    "MEDICAL": ["APPI-78-1-1", "APPI-78-1-2", "APPI-78-1-3", "APPI-78-1-7"],
    "": ["APPI-78-1-1", "APPI-78-1-2", "APPI-78-1-7"],
}
"""On which grounds a section may be withheld from the person concerned; the empty name: every other section."""


def with_calendar(rule_book: Row, calendar: Row) -> Row:
    """This book with another calendar of office days (``domain/office_days.py``)."""
    return {**rule_book, "policy": {**rule_book["policy"], "calendar": calendar}}


def first_edition() -> Row:
    """The complete rule book as JSON data."""
    return {
        "edition": EDITION,
        "bases": sorted(BASES, key=lambda row: str(row["code"])),
        "never": NEVER,
        "participants": PARTICIPANTS,
        "never_flagged": NEVER_FLAGGED,
        "standing": STANDING,
        "since": SINCE,
        "policy": POLICY,
        "dated_rules": DATED_RULES,
        "grounds": GROUNDS,
        "qualifications": QUALIFICATIONS,
    }
