"""The rule book: dated lawful bases, the matrix and the standing access, as data.

The hub publishes it as an event (``rule_book.published``) and judges by what is recorded, never by this
module: history is judged by the book of its day. This module is the first edition, H21-0316002.

Source: domain/SOURCES.md, «Law», which states where each article was read and what is unsure; matrix from
guideline 8, 9(2)[1] and the acts.
"""

from __future__ import annotations

from typing import Any

EDITION = "H21-0316002/3"

Row = dict[str, Any]

_ANY = [["ANY", "ANY"]]
_PUBLIC = ("MUNICIPALITY", "PREFECTURE", "OTHER_PUBLIC")
_PRIVATE = ("MEDICAL", "WELFARE_FACILITY", "SCHOOL", "COMMISSIONED", "PRIVATE")


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
    ``needs``: REGISTERED, BOTH_MEMBERS, ONE_MUNICIPALITY, CONSENT, COMMISSION; OVERRIDE: two persons approve it
    first; TO_AUTHORITY where it carries
    to the authority only (a notification is not answered with content).
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
    _basis_row("CWA-25-O", "O", "2016-06-03", _ANY),
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
        _party_pairs("MEDICAL", "WELFARE_FACILITY", "SCHOOL", receivers=("MUNICIPALITY",)),
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
    _basis_row(
        "CAPA-13-4",
        "G",
        "2017-04-01",
        _party_pairs(
            *("MUNICIPALITY", "PREFECTURE", "OTHER_PUBLIC", "MEDICAL", "WELFARE_FACILITY", "SCHOOL"),
            receivers=("MUNICIPALITY", "PREFECTURE"),
        ),
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
    _basis_row("APPI-69-1", "G", "2023-04-01", [["MUNICIPALITY", "MUNICIPALITY"]], "ONE_MUNICIPALITY"),
    _basis_row(
        "APPI-69-2-1", "G", "2023-04-01", _party_pairs(*_PUBLIC, receivers=("ANY",)), "CONSENT", way="THERE"
    ),
    _basis_row("APPI-69-2-2", "G", "2023-04-01", [["MUNICIPALITY", "MUNICIPALITY"]], "ONE_MUNICIPALITY"),
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
    _basis_row("MCHA-19-2", "G", "2024-04-01", [["MUNICIPALITY", "MUNICIPALITY"]]),
    _basis_row("CONSENT", "G", "1947-05-03", _ANY, "CONSENT"),
]

NEVER: dict[str, list[str]] = {
    # Basis: CAPA 7 (NOTIFIER); APPI 69(2) proviso (ADDR); guideline 6(5)[1] and CWA 25-5 (CONF, CLOSING)
    "MED": ["ADDR", "NOTIFIER"],
    "CONTRACTOR": ["NOTIFIER"],
    "EXT": ["ADDR", "CLOSING", "CONF", "NOTIFIER"],
}
"""The N of the matrix: sections that a role is never sent."""

NEVER_FLAGGED: dict[str, list[str]] = {"CONTRACTOR": ["SENSITIVE"]}
"""Flags that keep an item from a role. Basis: guideline 9(2)[1], no more than is needed."""

STANDING: dict[str, list[str]] = {"COORD": ["BASIC", "CLOSING", "CONF", "PLAN", "RISK"]}
"""The A of the matrix for the coordinating agency. Basis: CWA 25-2(5); guideline 3(2)."""

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

POLICY: Row = {
    "training_valid_months": {"M2_CONFIDENTIALITY": 12},
    "short_type_months": 3,
    "mid_type_months": [6, 12],
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
    "emergency_review_days": 7,
    "guard_hours": 48,
    "override_hours": 24,
    "transfer_hours": 24,
    "handover_days": 20,
    "transfer_begin_days": 7,
    "visit_report_days": 7,
    "breach_days": 30,
    "specialist_days": 14,
    "retention": RETENTION,
    "performance_months": 12,
    "tier_months": {"T2_SKILL": 12, "T3_APPLIED": 12},
    "publish_days": 30,
    "escalate_hours": 24,
}
"""Local policy: defaults, to be set by the municipality. Never law (the 30 days of an answer to a person who asks
for data are APPI 83; the 48 hours of a safety check stand in the ministry's guidance). Where a book names no
time, that clock raises no alarm."""

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


def first_edition() -> Row:
    """The complete rule book as JSON data."""
    return {
        "edition": EDITION,
        "bases": sorted(BASES, key=lambda row: str(row["code"])),
        "never": NEVER,
        "never_flagged": NEVER_FLAGGED,
        "standing": STANDING,
        "policy": POLICY,
        "grounds": GROUNDS,
        "qualifications": QUALIFICATIONS,
    }
