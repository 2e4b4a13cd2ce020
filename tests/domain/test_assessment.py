"""An assessment: somebody looked, «not looked at» is nothing known, strengths are strengths, and names stay sealed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain import events as e
from domain.codes import Body, IndicatorValue, Involvement, Route, Section, SupportNeed
from domain.dated_rules import PREGNANCY_SUPPORT, holds
from domain.indicators import INDICATORS, Indicator, Reading, is_assessed, read_indicators
from domain.reasons import Reason
from domain.rulebook import first_edition
from tests.domain.builders import (
    ALL_ASSESSED,
    AZ_CORE,
    LEARNED,
    MID_HOSP,
    NOTHING_ASSESSED,
    TOWN,
    EventInput,
    case_message,
    given,
    refused,
    rule_book,
)

CONCERN, SERIOUS, NO_CONCERN = IndicatorValue.CONCERN, IndicatorValue.SERIOUS, IndicatorValue.NO_CONCERN
AT_HOSPITAL = e.InvolvedAgency(
    agency=MID_HOSP, body=None, involvement=Involvement.SUPPORTS_NOW, contact_named=False
)


def assessment(*sections: Section, indicators: Any = None, **more: Any) -> EventInput:
    return case_message(
        e.IndicatorAssessmentRecorded,
        AZ_CORE,
        sections=sections,
        indicators={**ALL_ASSESSED, **(indicators or {})},
        **more,
    )


def test_an_assessment_at_which_nobody_looked_is_refused():
    command = case_message(e.IndicatorAssessmentRecorded, AZ_CORE, indicators=NOTHING_ASSESSED)
    assert given(LEARNED).when(command) == refused(command, Reason.NOTHING_ASSESSED)
    assert given(LEARNED, edition=1).when(command) == [command.event]


@pytest.mark.parametrize("value", [v for v in IndicatorValue if v is not IndicatorValue.NOT_ASSESSED])
def test_one_item_that_was_looked_at_is_enough_even_if_it_is_unknown(value):
    command = case_message(
        e.IndicatorAssessmentRecorded, AZ_CORE, indicators={**NOTHING_ASSESSED, "EN_HOUSING": value}
    )
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize("value", [CONCERN, SERIOUS])
def test_another_need_in_pregnancy_is_named_in_words(value):
    without = assessment(Section.CAREGIVER, indicators={"PR_OTHER": value})
    assert given(LEARNED).when(without) == refused(without, Reason.WORDS_MISSING)
    named = assessment(Section.PREG, indicators={"PR_OTHER": value})
    assert given(LEARNED).when(named) == [named.event]


def test_without_another_need_there_is_nothing_to_name():
    command = assessment(indicators={"PR_OTHER": NO_CONCERN})
    assert given(LEARNED).when(command) == [command.event]


@pytest.mark.parametrize(
    "involved",
    [
        pytest.param(
            e.InvolvedAgency(
                agency=None, body=Body.SCHOOL, involvement=Involvement.KNOWS_FAMILY, contact_named=False
            ),
            id="one without a door",
        ),
        pytest.param(
            e.InvolvedAgency(
                agency=MID_HOSP, body=None, involvement=Involvement.SUPPORTS_NOW, contact_named=True
            ),
            id="one whose contact is known",
        ),
    ],
)
def test_the_name_of_an_agency_or_its_contact_is_sealed(involved):
    without = assessment(involved=(involved,))
    assert given(LEARNED).when(without) == refused(without, Reason.NAMES_NOT_SEALED)
    sealed = assessment(Section.BASIC, involved=(involved,))
    assert given(LEARNED).when(sealed) == [sealed.event]


def test_route_involved_agencies_and_the_report_of_the_home_visit_are_codes():
    command = assessment(
        route=Route.INFANT_HOME_VISIT, involved=(AT_HOSPITAL,), home_visit_report=SupportNeed.SURVEY_NEEDED
    )
    assert given(LEARNED).when(command) == [command.event]


def test_a_family_became_known_through_the_support_of_expectant_mothers_only_since_it_exists():
    command = assessment(route=Route.PREGNANCY_SUPPORT)
    rows = [{"code": PREGNANCY_SUPPORT, "since": "2030-04-01"}]
    later = rule_book({**first_edition(), "edition": "later", "dated_rules": rows})
    early = given(LEARNED, town=(*TOWN, later))
    assert early.when(command) == refused(command, Reason.SERVICE_NOT_IN_FORCE)
    assert given(LEARNED).when(command) == [command.event]
    assert not holds(first_edition(), PREGNANCY_SUPPORT, date(2025, 3, 31))
    assert holds(first_edition(), PREGNANCY_SUPPORT, date(2025, 4, 1))


def test_a_report_of_a_home_visit_has_one_of_three_values_or_none():
    for need in (*SupportNeed, None):
        report = case_message(
            e.InfantHomeVisitReported, MID_HOSP, [AZ_CORE], [Section.CHILD], "CWA-21-10-5", support_need=need
        )
        assert given(LEARNED).when(report) == [report.event]


# --- how values are read ----------------------------------------------------------------------------------------


def codes(indicators: tuple[Indicator, ...]) -> set[str]:
    return {indicator.code for indicator in indicators}


def test_every_item_is_read_as_exactly_one_of_five():
    reading = read_indicators(ALL_ASSESSED)
    parts = (
        reading.concerns,
        reading.strengths,
        reading.no_concern,
        reading.unknown,
        reading.not_assessed,
    )
    assert sum(map(len, parts)) == len(INDICATORS)
    assert codes(reading.no_concern) == {"BI_CHILD_AGE"}


def test_what_nobody_looked_at_is_no_concern_of_nobody():
    reading = read_indicators({})
    assert reading == Reading((), (), (), (), INDICATORS)
    assert not is_assessed({})


def test_strengths_are_read_the_right_way_round():
    strong = read_indicators({"CG_HAS_CONFIDANT": NO_CONCERN, "EN_AVAILABLE_RESOURCES": CONCERN})
    assert codes(strong.strengths) == {"CG_HAS_CONFIDANT"}
    assert codes(strong.concerns) == {"EN_AVAILABLE_RESOURCES"}
    assert codes(strong.no_concern) == set()


def test_what_is_unknown_is_neither_a_concern_nor_none():
    reading = read_indicators({"CH_HEALTH_STATUS": IndicatorValue.UNKNOWN, "PR_YOUNG": SERIOUS})
    assert (codes(reading.unknown), codes(reading.concerns)) == ({"CH_HEALTH_STATUS"}, {"PR_YOUNG"})
