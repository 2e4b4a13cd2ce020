"""What is written into the sections of a story's messages: structured where there is a schema for the section.

Every content holds the canary of the rehearsal, by which tests find out where content has got that must not be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from adapters.content_json import write_content
from domain.calendar import JST, day_of
from domain.codes import Section
from domain.content import Content, NamedChild, PartialDate, PersonName
from domain.content.caregiver import CaregiverCondition, CaregiverConditions
from domain.content.child import ChildCondition, ChildConditions
from domain.content.closing import Closing
from domain.content.codes import AddressKind, GoalTerm, PhoneKind, ProgressDegree, Sex
from domain.content.common import Address, GoalProgress, PersonInQuestion, Phone, Staff
from domain.content.environment import Environment
from domain.content.family import Adult, Child, Family
from domain.content.medical import Medical
from domain.content.minutes import Minutes
from domain.content.plan import Goal, Plan, Support
from domain.content.pregnancy import Pregnancies, Pregnancy
from domain.content.risk import Risk
from domain.content.visit import Visit, VisitedChild
from gateway.agency.drafts import TEXT, SectionContent
from gateway.rehearsal.scenario.families import StoryAdult, StoryChild, StoryFamily
from gateway.rehearsal.scenario.run import Run
from gateway.rehearsal.scenario.story import Step

Fields = Mapping[str, Any]


def section_contents(run: Run, step: Step, fields: Fields) -> tuple[SectionContent, ...]:
    """The sections of this step's message, in its order."""
    flags: Mapping[str, list[str]] = step.details.get("flags") or {}
    contents = []
    for section in step.sections:
        schema, content = _content_of(run, step, section, fields)
        contents.append(SectionContent(section, content, tuple(sorted(flags.get(section, ()))), schema))
    return tuple(contents)


def section_text(run: Run, step: Step, section: str) -> str:
    """The text that the story gives for this section, else an invented one."""
    canary = run.rehearsal_hub.canary
    given = (step.details.get("texts") or {}).get(section)
    if given is not None:
        return f"{given}\n{canary}"
    if section == Section.ADDR:  # an address that no other invented text holds, since doors look for it
        return f"〔架空〕架空県見本市雲之上町{step.n}丁目9番{100 + step.n}号。{canary}"
    return f"〔架空〕{run.story.id} #{step.n} {section} の記載。{canary}"


def _content_of(run: Run, step: Step, section: str, fields: Fields) -> tuple[str, bytes]:
    write = _WRITERS.get(section)
    if write is None or section in (step.details.get("texts") or {}):
        return TEXT, section_text(run, step, section).encode()
    content = write(run, step, fields)
    return content.SCHEMA, write_content(content)


def _family(run: Run, step: Step, fields: Fields) -> Content:
    family = run.story.family(step.family)
    return Family(
        known_on=_day_of_step(step),
        children=tuple(_child(child, run.child_of(step, child.label)) for child in family.children),
        adults=tuple(_adult(adult) for adult in family.adults),
        addresses=_addresses(family),
        phones=_phones(family),
        languages=("日本語",),
        needs_interpreter=False,
        note=section_text(run, step, Section.BASIC),
    )


def _visit(run: Run, step: Step, fields: Fields) -> Content:
    seen = fields.get("child_seen")
    return Visit(
        visited_on=_day_of_step(step),
        started_at=step.at.astimezone(JST).strftime("%H:%M"),
        place="自宅",
        visitors=(_staff_of(run, step),),
        met=tuple(a.relationship for a in run.story.family(step.family).adults),
        children=tuple(
            VisitedChild(child=child, seen=seen, how="居室で顔と手足を見た" if seen else None)
            for child in _named_children(run, step, fields)
        ),
        support="育児の相談を聞き、手順を一緒に確かめた",
        note=section_text(run, step, Section.VISIT),
    )


def _plan(run: Run, step: Step, fields: Fields) -> Content:
    stated: Mapping[str, Any] = fields.get("plan") or {}
    begins, ends = (stated.get(name) for name in ("begins_on", "until"))
    return Plan(
        made_on=_day_of_step(step),
        made_by=(_staff_of(run, step),),
        children=tuple(_named_children(run, step, fields)),
        views_of_persons="だれに相談すればよいか知りたい",
        situation="育児の負担が大きく、相談する相手が少ない",
        goals=(
            Goal(number=1, term=GoalTerm.SHORT, text="受診と健診を欠かさない"),
            Goal(number=2, term=GoalTerm.LONG, text="安心して子どもと暮らせる"),
        ),
        starts_on=PartialDate(begins, "") if begins else None,
        ends_on=PartialDate(ends, "") if ends else None,
        supports=(
            Support(kind="養育支援訪問", content="育児・家事の援助と助言", frequency="週1回", goals=(1, 2)),
        ),
        family_does="困ったときは、その日のうちに電話する",
        note=section_text(run, step, Section.PLAN),
    )


def _child_conditions(run: Run, step: Step, fields: Fields) -> Content:
    return ChildConditions(
        children=tuple(
            ChildCondition(child=child, observed_on=_day_of_step(step), daily_care="着替えと入浴が不規則")
            for child in _named_children(run, step, fields)
        ),
        note=section_text(run, step, Section.CHILD),
    )


def _caregiver_conditions(run: Run, step: Step, fields: Fields) -> Content:
    return CaregiverConditions(
        persons=tuple(
            CaregiverCondition(
                person=_person_in_question(adult),
                observed_on=_day_of_step(step),
                has_confidant="近くに頼れる人が少ない",
            )
            for adult in run.story.family(step.family).adults
            if adult.is_guardian
        ),
        note=section_text(run, step, Section.CAREGIVER),
    )


def _environment(run: Run, step: Step, fields: Fields) -> Content:
    return Environment(
        observed_on=_day_of_step(step),
        economic_work="収入が不安定",
        available_resources="近くに地域子育て支援拠点がある",
        note=section_text(run, step, Section.ENV),
    )


def _pregnancies(run: Run, step: Step, fields: Fields) -> Content:
    family = run.story.family(step.family)
    weeks = fields.get("weeks_pregnant")
    return Pregnancies(
        observed_on=_day_of_step(step),
        pregnancies=tuple(
            Pregnancy(
                person=_person_in_question(mother),
                weeks=weeks,
                weeks_on=None if weeks is None else _day_of_step(step),
                due_on=next((_date(c.due_on) for c in family.children if c.due_on), None),
                unborn=tuple(
                    NamedChild(run.child_of(step, c.label), c.name) for c in family.children if c.due_on
                ),
            )
            for mother in family.adults[:1]
        ),
        note=section_text(run, step, Section.PREG),
    )


def _medical(run: Run, step: Step, fields: Fields) -> Content:
    return Medical(
        provider=_staff_of(run, step),
        issued_on=_day_of_step(step),
        patient=next((_person_in_question(a) for a in run.story.family(step.family).adults), None),
        condition="通院の中断がある",
        note=section_text(run, step, Section.MEDICAL),
    )


def _risk(run: Run, step: Step, fields: Fields) -> Content:
    return Risk(
        assessed_on=_day_of_step(step),
        assessed_by=(_staff_of(run, step),),
        strengths="母は支援を受け入れている",
        note=section_text(run, step, Section.RISK),
    )


def _minutes(run: Run, step: Step, fields: Fields) -> Content:
    return Minutes(
        held_on=_day_of_step(step),
        participants=tuple(
            Staff(agency=run.story.agencies[code].name)
            for code in (run.author_of(step), *step.to)
            if code in run.story.agencies
        ),
        children=tuple(_named_children(run, step, fields)),
        policy="訪問を続け、次回までに健診の受診を確かめる",
        note=section_text(run, step, Section.CONF),
    )


def _closing(run: Run, step: Step, fields: Fields) -> Content:
    return Closing(
        evaluated_on=_day_of_step(step),
        evaluated_by=(_staff_of(run, step),),
        children=tuple(_named_children(run, step, fields)),
        goals=(GoalProgress(number=1, degree=ProgressDegree.REACHED),),
        is_improved=True,
        environment="健診を欠かさず受け、相談する相手ができた",
        note=section_text(run, step, Section.CLOSING),
    )


_WRITERS: Mapping[str, Callable[[Run, Step, Fields], Content]] = {
    Section.BASIC: _family,
    Section.CHILD: _child_conditions,
    Section.CAREGIVER: _caregiver_conditions,
    Section.ENV: _environment,
    Section.PREG: _pregnancies,
    Section.MEDICAL: _medical,
    Section.RISK: _risk,
    Section.PLAN: _plan,
    Section.VISIT: _visit,
    Section.CONF: _minutes,
    Section.CLOSING: _closing,
}


def _named_children(run: Run, step: Step, fields: Fields) -> list[NamedChild]:
    """The children of whom the message speaks: those that control names, else all of the family."""
    called = {run.child_of(step, c.label): c.name for c in run.story.family(step.family).children}
    stated = [UUID(ref) for ref in fields.get("children") or ()]
    return [NamedChild(ref, called.get(ref)) for ref in stated or called]


def _staff_of(run: Run, step: Step) -> Staff:
    return Staff(agency=run.story.agencies[run.author_of(step)].name)


def _person_in_question(adult: StoryAdult) -> PersonInQuestion:
    return PersonInQuestion(name=PersonName(adult.name, adult.kana), relationship=adult.relationship)


def _child(child: StoryChild, ref: UUID) -> Child:
    return Child(
        ref=ref,
        name=PersonName(child.name, child.kana),
        born_on=_date(child.born_on),
        due_on=_date(child.due_on),
        sex=None if child.sex is None else Sex[child.sex],
        affiliation=child.affiliation,
        lives_together=None if child.born_on is None else True,
    )


def _adult(adult: StoryAdult) -> Adult:
    return Adult(
        name=PersonName(adult.name, adult.kana),
        born_on=_date(adult.born_on),
        relationship=adult.relationship,
        is_guardian=adult.is_guardian,
        lives_together=adult.lives_together,
    )


def _addresses(family: StoryFamily) -> tuple[Address, ...] | None:
    """None (not asked) where the story tells of no ordinary address."""
    return None if family.address is None else (Address(kind=AddressKind.RESIDENCE, text=family.address),)


def _phones(family: StoryFamily) -> tuple[Phone, ...] | None:
    return (
        None if family.phone is None else (Phone(kind=PhoneKind.MOBILE, number=family.phone, may_call=True),)
    )


def _date(text: str | None) -> PartialDate | None:
    return None if text is None else PartialDate(text, "")


def _day_of_step(step: Step) -> PartialDate:
    return PartialDate(day_of(step.at).isoformat(), "")
