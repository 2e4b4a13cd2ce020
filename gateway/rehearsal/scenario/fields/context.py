"""What the fields of a command may refer to: the events by name, and the run so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from domain import events as e
from domain.codes import PlanContent, TargetClass
from gateway.rehearsal.scenario.story import Step, Story

BY_NAME: Mapping[str, type[e.Event]] = {cls.__name__: cls for cls in e.EVENTS.values()}
"""Events by the name that stories use."""


CONTENT_BY_TARGET_CLASS = {
    TargetClass.TC1_PREGNANCY: PlanContent.SC_A,
    TargetClass.TC2_POSTPARTUM: PlanContent.SC_B,
    TargetClass.TC3_INADEQUATE_CARE: PlanContent.SC_C,
    TargetClass.TC4_REUNIFICATION: PlanContent.SC_D,
}


class RunContext(Protocol):
    """What steps refer to in the run so far."""

    @property
    def story(self) -> Story: ...

    def held_from(self, code: str) -> set[int]: ...

    def author_of(self, step: Step) -> str: ...

    def codes_with_door(self, codes: tuple[str, ...]) -> tuple[str, ...]: ...

    def id_of(self, code: str) -> UUID: ...

    def case_of_family(self, label: str | None) -> UUID: ...

    def consent_of(self, name: str) -> UUID: ...

    def message_of(self, n: int) -> UUID: ...

    def child_of(self, step: Step, label: str) -> UUID: ...

    def referral_for(self, step: Step) -> UUID: ...

    def last_of(self, step: Step, *events: str) -> UUID: ...

    def last_received(self, step: Step) -> UUID: ...

    def begun_transfer(self, step: Step) -> UUID | None: ...

    def recalled_by(self, step: Step, named: list[int]) -> UUID: ...

    def audit_request_of(self, n: int | None) -> tuple[UUID, list[UUID], date]: ...

    def worker_of(self, code: str) -> str: ...

    @property
    def last_plan_content(self) -> str: ...

    @property
    def messages(self) -> Mapping[int, UUID]: ...


FieldBuilder = Callable[[Step, RunContext], dict[str, Any]]
