"""Every code that a person can meet has a Japanese text."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain import codes
from domain.codes import CaseStatus, Flag, Purpose, Role, Section, SubjectConsent
from domain.events import EVENTS
from domain.reasons import Reason
from domain.rulebook import BASES, GROUNDS
from domain.tasks import TaskKind
from gateway.agency.staff_store import StaffAct
from gateway.pages import labels, texts
from gateway.protocol.problems import STATUS, TITLES

GATEWAY = Path(labels.__file__).parents[1]
PAGES, DOOR_PAGES = GATEWAY / "pages", GATEWAY / "agency" / "web"


@pytest.mark.parametrize(
    ("table", "known"),
    [
        pytest.param(texts.ROLES, Role, id="roles"),
        pytest.param(texts.SECTIONS, Section, id="sections"),
        pytest.param(texts.FLAGS, Flag, id="flags"),
        pytest.param(texts.PURPOSES, Purpose, id="purposes"),
        pytest.param(texts.ACTS, EVENTS, id="topics"),
        pytest.param(texts.STATUSES, CaseStatus, id="statuses"),
        pytest.param(texts.TASKS, TaskKind, id="tasks"),
        pytest.param(texts.CONSENTS, SubjectConsent, id="consents"),
        pytest.param(texts.REASONS, Reason, id="reasons"),
        pytest.param(texts.BASES, [row["code"] for row in BASES], id="bases"),
        pytest.param(labels.ALTERNATIVES, codes.Alternative, id="alternatives"),
        pytest.param(labels.HANDOVER_ITEMS, codes.HandoverItem, id="things handed over"),
        pytest.param(labels.HANDOVER_STATES, codes.HandoverState, id="whether they are sent"),
        pytest.param(labels.REQUESTERS, codes.Requester, id="requesters"),
        pytest.param(labels.ACCESS_RESULTS, codes.AccessResult, id="access results"),
        pytest.param(labels.ELIGIBILITIES, codes.EligibilityResult, id="eligibility"),
        pytest.param(labels.GROUNDS, {g for row in GROUNDS.values() for g in row}, id="grounds"),
        pytest.param(labels.CAPACITIES, codes.ConsentCapacity, id="capacities"),
        pytest.param(labels.STANDINGS, codes.NetworkStanding, id="standings"),
        pytest.param(labels.METHODS, codes.SafetyMethod, id="methods"),
        pytest.param(labels.URGENCIES, codes.Urgency, id="urgencies"),
        pytest.param(labels.REFERRAL_OUTCOMES, codes.ReferralOutcome, id="referral outcomes"),
        pytest.param(labels.BREACH_STAGES, codes.BreachStage, id="stages of a breach"),
        pytest.param(labels.BREACH_INTENTS, codes.BreachIntent, id="purposes of a breach"),
        pytest.param(labels.NOTICE_EXCEPTIONS, codes.NoticeException, id="grounds not to inform of a breach"),
        pytest.param(labels.AUDIT_GROUNDS, codes.AuditGround, id="grounds of an audit"),
        pytest.param(labels.MODULES, codes.Module, id="modules"),
        pytest.param(labels.EMPLOYMENTS, codes.Employment, id="employments"),
        pytest.param(labels.SCOPES, codes.OutsourcingScope, id="scopes"),
        pytest.param(labels.TARGET_CLASSES, codes.TargetClass, id="target classes"),
        pytest.param(labels.SUPPORT_TYPES, codes.SupportType, id="types of support"),
        pytest.param(labels.PLAN_CONTENTS, codes.PlanContent, id="contents of a plan"),
        pytest.param(labels.PLAN_PARTS, codes.PlanPart, id="parts of a plan"),
        pytest.param(labels.CLOSING_REASONS, codes.ClosingReason, id="closing reasons"),
        pytest.param(labels.INDICATOR_VALUES, codes.IndicatorValue, id="answers to an indicator"),
        pytest.param(labels.VISITOR_ROLES, codes.SupportRole, id="roles of visitors"),
        pytest.param(labels.CONDITIONS, codes.Condition, id="conditions"),
        pytest.param(labels.RETENTIONS, codes.RetentionPolicy, id="retention policies"),
        pytest.param(labels.HOLD_GROUNDS, codes.HoldGround, id="grounds of a hold"),
        pytest.param(labels.APPRAISALS, codes.Appraisal, id="appraisals"),
        pytest.param(labels.FINDINGS, codes.Finding, id="findings"),
        pytest.param(labels.PRACTICES, codes.Practice, id="practices"),
        pytest.param(labels.BUSINESS_ITEMS, codes.BusinessItem, id="items of a business notice"),
        pytest.param(labels.STAFF_LOG, StaffAct, id="log of a door"),
        pytest.param(labels.SERVICES, codes.CommunityService, id="community services"),
    ],
)
def test_every_code_has_a_text_and_every_text_a_code(table: dict[str, str], known: object) -> None:
    assert set(table) == {str(c) for c in known}  # type: ignore[attr-defined]
    assert all(text.strip() for text in table.values())


def test_every_error_has_a_title_and_a_status() -> None:
    assert set(TITLES) == set(STATUS)


@pytest.mark.parametrize("word", ["入る</button>", "窓口から出", "入り直"])
def test_who_signs_in_reads_login_everywhere(word: str) -> None:
    pages = [*PAGES.rglob("*.html"), *PAGES.rglob("*.js"), *DOOR_PAGES.glob("*.py")]
    assert len(pages) > 50
    assert [path.name for path in pages if word in path.read_text(encoding="utf-8")] == []
