"""What a form is: an act of the published list, what it asks for, to whom it goes, and when it is offered.

A form decides nothing: it offers what is plausible and reports early what is missing. The hub decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, overload
from uuid import UUID

from domain.bases import parties_of
from domain.case import APPROVERS
from domain.children import SpeaksOfChildren
from domain.codes import Body, Flag, Purpose, Role, Section
from domain.content import Content
from domain.events import Event, Kind
from domain.register import Agency
from domain.rulebook import BASES
from gateway.agency.forms.children import ALL, ALL_NAME, child_choices, child_names, one_at_most
from gateway.agency.forms.content_inputs import ContentInputs, Input
from gateway.agency.forms.flagged_fields import split_by_flag

Choices = Mapping[str, str]
Message = Mapping[str, Any]
"""A message of the feed, or another subject of a form (a commission, a request of the audit office) in the same shape."""


@dataclass(frozen=True, kw_only=True)
class OtherAgency:
    """An agency that can be addressed."""

    name: str
    roles: frozenset[str]
    body: str | None = None
    municipality: str | None = None


class CaseMessages(Sequence[Message]):
    """Messages in order, looked up by their id and by what they answer without looking at each one again.

    ``names``: of children by reference, as far as this door has read them and who looks may know them.
    """

    def __init__(
        self, messages: Iterable[Message] = (), names: Callable[[], Mapping[str, str]] = dict
    ) -> None:
        self._messages = tuple(messages)
        self._names = names
        self._by_id: dict[object, Message] | None = None
        self._answers: dict[tuple[str, str], dict[object, list[Message]]] = {}
        self._child_names: dict[str, str] | None = None

    @overload
    def __getitem__(self, n: int) -> Message: ...

    @overload
    def __getitem__(self, n: slice) -> Sequence[Message]: ...

    def __getitem__(self, n: int | slice) -> Message | Sequence[Message]:
        return self._messages[n]

    def __len__(self) -> int:
        return len(self._messages)

    def by_id(self, message: object) -> Message | None:
        """The message of this id, or nothing."""
        if self._by_id is None:
            self._by_id = {m["message"]: m for m in reversed(self._messages)}
        return self._by_id.get(message)

    def child_names(self) -> Mapping[str, str]:
        """Reference -> what pages call this child."""
        if self._child_names is None:
            self._child_names = child_names(self._messages, self._names())
        return self._child_names

    def answering(self, act: str, name: str, message: object) -> list[Message]:
        """The messages of this act of which the field ``name`` has this id."""
        if (act, name) not in self._answers:
            answers: dict[object, list[Message]] = {}
            for m in self._messages:
                value = m.get("fields", {}).get(name) if m["act"] == act else None
                if isinstance(value, str):
                    answers.setdefault(value, []).append(m)
            self._answers[act, name] = answers
        return self._answers[act, name].get(message, [])


@dataclass(frozen=True)
class SearchedChoices:
    """What a search offers. ``choices``: the first that fit; ``is_partial``: whether more do; ``problem``: why nothing was
    searched, in Japanese."""

    choices: Choices = field(default_factory=dict)
    is_partial: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class FormContext:
    """What a form depends on. ``people``: of this door, by reference; ``agencies``: all others, by id.

    ``command_id``: the idempotency key of the page, so that a page sent twice is recorded once. ``other_cases``: the door's
    other cases, without those of the family; ``find_cases``: those of them that fit a text, and the one with this id;
    ``joined_cases``: those joined with this one; ``roll``: of each visiting agency
    whose roll this door knows, what each of its visitors lacks; ``referred_to``: to whom this agency has referred families
    before, the latest first; ``permits``: whether this person of this door may do this act here.
    """

    agency: str
    roles: frozenset[str]
    body: str | None
    municipality: str | None
    actor: str
    people: Mapping[str, str]
    agencies: Mapping[str, OtherAgency]
    messages: CaseMessages
    about: Message | None
    now: datetime
    command_id: UUID
    other_cases: Callable[[], Choices] = dict
    find_cases: Callable[[str, str], SearchedChoices] = lambda text, chosen: SearchedChoices()
    joined_cases: Callable[[], Choices] = dict
    roll: Callable[[], Mapping[str, Mapping[str, Sequence[str]]]] = dict
    referred_to: Callable[[], Sequence[str]] = tuple
    permits: Callable[[str, str], bool] = lambda actor, act: True

    def of(self, act: str, name: str, message: object) -> list[Message]:
        """The messages of this act that answer that message by that field."""
        return self.messages.answering(act, name, message)

    def message(self, message: object) -> Message | None:
        return self.messages.by_id(message)

    def consents(self, to: Collection[str], sections: Collection[str]) -> list[UUID]:
        """The consents in force that cover one of these recipients and one of these sections."""
        withdrawn = {
            c for m in self.messages if m["act"] == "consent.withdrawn" for c in m.get("consent", [])
        }
        rows = [row for m in self.messages for row in m.get("fields", {}).get("scope") or []]
        return sorted(
            {
                UUID(row["consent"])
                for row in rows
                if row["consent"] not in withdrawn
                and row["recipient"] in to
                and set(row["sections"]) & set(sections)
            }
        )

    def other_participants(self) -> list[str]:
        """The sender and the recipients of the message this is about, except us."""
        if self.about is None:
            return []
        return sorted({self.about["by"], *self.about.get("to", [])} - {self.agency})

    def other_side(self) -> list[str]:
        """The recipients of the message this is about if we sent it, else its sender."""
        if self.about is None:
            return []
        recipients = [a for a in self.about.get("to", []) if a not in self.about.get("held", [])]
        return recipients if self.about["by"] == self.agency else [self.about["by"]]


class InputKind(Enum):
    """How a field is entered."""

    ONE = "ONE"
    MANY = "MANY"
    EACH = "EACH"  # one choice for each row
    YES = "YES"
    DAY = "DAY"
    MOMENT = "MOMENT"
    COUNT = "COUNT"
    REF = "REF"  # a short reference, no free text
    CHECK = "CHECK"  # must be ticked before sending; not sent itself


ChoicesOf = Callable[[FormContext], Choices]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. ``choices``: code -> Japanese; ``rows`` and ``row_choices``: those of EACH.

    ``search``: of ONE with more choices than a page can offer: those that fit a searched text, and the one that is chosen.
    ``default``: the values of an empty form. ``required_rows``: rows that must be answered. ``is_folded``: the page shows it
    once it is chosen.
    """

    name: str
    label: str
    input_kind: InputKind
    choices: Choices | ChoicesOf = field(default_factory=dict)
    rows: ChoicesOf | None = None
    row_choices: Callable[[FormContext, str], Choices] | None = None
    required_rows: frozenset[str] = frozenset()
    search: Callable[[FormContext, str, str], SearchedChoices] | None = None
    default: Callable[[FormContext], Sequence[str]] | None = None
    help: str = ""
    is_required: bool = True
    is_folded: bool = False
    visible_if: Callable[[FormContext], bool] | None = None

    @property
    def search_name(self) -> str:
        """The name of the text that is searched for; with ``.before``, of what was searched for last."""
        return f"{self.name}.search"

    def offered(self, form_context: FormContext) -> Choices:
        return self.choices(form_context) if callable(self.choices) else self.choices

    def row_choices_for(self, form_context: FormContext, row: str) -> Choices:
        return self.row_choices(form_context, row) if self.row_choices else self.offered(form_context)


@dataclass(frozen=True, kw_only=True)
class SectionText:
    """One section, sealed for its addressees, as free text and, where ``content`` is given, by the fields of a schema
    (each an item of its own). ``flags``: the flags that can be set on the text.

    ``lines``: labels if it is entered as single lines (``氏名: …``); empty if it is one text. ``is_folded``: the page shows it
    once it is chosen; ``has_folded_fields``: the same of its fields alone.
    """

    section: Section
    label: str
    help: str = ""
    is_required: bool = False
    flags: tuple[Flag, ...] = ()
    lines: tuple[str, ...] = ()
    content: ContentInputs | None = None
    visible_if: Callable[[FormContext], bool] | None = None
    is_folded: bool = False
    has_folded_fields: bool = False

    @property
    def name(self) -> str:
        return f"text_{self.section.value}"

    @property
    def content_name(self) -> str:
        return f"form_{self.section.value}"

    def content_inputs(self, form_context: FormContext) -> tuple[Input, ...]:
        """The fields of its schema as the page shows them; none where it is free text only."""
        return (
            ()
            if self.content is None
            else self.content.inputs(self.content_name, _child_choices(form_context))
        )

    def missing_inputs(
        self, form_context: FormContext, one: Callable[[str], str]
    ) -> Iterator[tuple[str, str]]:
        """Name and label of each field of its schema that must be filled in, if only with «不明», and is not."""
        if self.content is not None:
            yield from self.content.missing(self.content_name, one, _child_choices(form_context))

    def read_contents(self, form_context: FormContext, one: Callable[[str], str]) -> list[Content]:
        """What was entered in them, what has a flag apart; nothing where nothing was. Raises FieldProblem."""
        if self.content is None:
            return []
        content = self.content.read(
            self.content_name, one, _child_choices(form_context), form_context.command_id
        )
        return [] if content is None else split_by_flag(content)


@dataclass(frozen=True, kw_only=True)
class To:
    """Addressees. ``fixed``: derived from the message it is about; else they are chosen among those of ``roles``.

    ``bases``: offered if a section is disclosed; ``default_basis``: selected at first, if the act itself implies it.
    ``preselected_roles``: roles that are ticked at first, or ``suggested`` computes who is.
    ``other_municipality_only``: only agencies of another one. ``bases_for``: computes the bases for one recipient, the best
    first, instead of ``bases``; ``has_default_basis``: the best of them is selected at first.
    """

    fixed: Callable[[FormContext], Sequence[str]] | None = None
    roles: frozenset[str] = frozenset()
    is_required: bool = False
    bases: tuple[str, ...] = ()
    default_basis: str = ""
    preselected_roles: frozenset[str] = frozenset()
    suggested: Callable[[FormContext], Sequence[str]] | None = None
    other_municipality_only: bool = False
    bases_for: Callable[[FormContext, str], list[str]] | None = None
    has_default_basis: bool = False
    help: str = ""

    @property
    def asks_basis(self) -> bool:
        """Whether what goes to these addressees needs a basis."""
        return bool(self.bases) or self.bases_for is not None

    def first_basis(self, form_context: FormContext, agency: str) -> str:
        """The basis that is selected at first for this addressee; empty for none."""
        if self.bases_for is None or not self.has_default_basis:
            return self.default_basis
        return next(iter(self.bases_for(form_context, agency)), "")

    def candidates(self, form_context: FormContext) -> list[str]:
        if self.fixed is not None:
            return [a for a in self.fixed(form_context) if a != form_context.agency]
        return [
            id
            for id, other in form_context.agencies.items()
            if (not self.roles or other.roles & self.roles)
            and not (self.other_municipality_only and other.municipality == form_context.municipality)
        ]

    def offered(self, form_context: FormContext, agency: str) -> list[str]:
        """The bases that permit a disclosure between the parties of these two agencies.

        A basis counts in reverse direction if it works both ways, or if the form answers a message. The hub checks
        what else a basis requires.
        """
        if self.bases_for is not None:
            return self.bases_for(form_context, agency)
        other = form_context.agencies.get(agency)
        if other is None:
            return list(dict.fromkeys(self.bases))
        mine, theirs = (
            _parties_of_agency(form_context.roles, form_context.body),
            _parties_of_agency(other.roles, other.body),
        )
        answering = form_context.about is not None
        return [
            code
            for code in dict.fromkeys(self.bases)  # in the given order, each once
            if _basis_fits_parties(_BASES[code], mine, theirs)
            or (
                (answering or _BASES[code]["way"] == "BOTH")
                and _basis_fits_parties(_BASES[code], theirs, mine)
            )
        ]

    def preselected(self, form_context: FormContext) -> list[str]:
        """The addressees ticked at first: fixed ones, else participants with a preselected role, or the only such agency."""
        if self.fixed is not None:
            return self.candidates(form_context)
        if self.suggested is not None:
            return [a for a in self.suggested(form_context) if a in self.candidates(form_context)]
        if form_context.roles & self.preselected_roles:
            return []  # we have that role ourselves
        participants = {m["by"] for m in form_context.messages} | {
            a for m in form_context.messages for a in m.get("to", [])
        }
        matching = [
            a
            for a in self.candidates(form_context)
            if form_context.agencies[a].roles & self.preselected_roles
        ]
        return [a for a in matching if a in participants] or (matching if len(matching) == 1 else [])


_BASES: Mapping[str, Mapping[str, Any]] = {row["code"]: row for row in BASES}


def bases_of_agency(roles: frozenset[str], body: str | None, on: date) -> list[str]:
    """The bases in force on this day by which an agency like this may inform, ask or answer anybody."""
    mine = _parties_of_agency(roles, body)
    return [
        row["code"]
        for row in BASES
        if row["kind"] == "G"
        and row["since"] <= on.isoformat()
        and any(one in mine or other in mine - {"ANY"} for one, other in row["parties"])
    ]


def _basis_fits_parties(basis: Mapping[str, Any], mine: frozenset[str], theirs: frozenset[str]) -> bool:
    return any(a in mine and b in theirs for a, b in basis["parties"])


def _parties_of_agency(roles: frozenset[str], body: str | None) -> frozenset[str]:
    """The parties of the bases that an agency of these roles and this body counts as."""
    agency_body = Body(body) if body is not None else Body.PRIVATE
    return parties_of(Agency(id=UUID(int=0), roles=frozenset(map(Role, roles)), body=agency_body))


def always_offered(form_context: FormContext, about: Message) -> bool:
    return True


def ours(form_context: FormContext, about: Message) -> bool:
    """We wrote it."""
    return bool(about.get("by") == form_context.agency)


def theirs(form_context: FormContext, about: Message) -> bool:
    """It was sent to us."""
    return form_context.agency in about.get("to", [])


def may_approve(form_context: FormContext, about: Message, approval_type: type[Event]) -> bool:
    """True if this person may give one of the two approvals: it made no request here and has not approved yet.

    Messages of other agencies come without the reference of their author, who can't be this person.
    """
    earlier_messages = form_context.of(approval_type.TOPIC, "approves", about["message"])
    earlier_actors = [m.get("actor") for m in (about, *earlier_messages) if ours(form_context, m)]
    return len(earlier_messages) < APPROVERS and form_context.actor not in earlier_actors


def is_approved(request: Message, approvals: Sequence[Message]) -> bool:
    """Whether these approvals, as far as this door knows them, open an emergency access at once: two, one of another
    agency."""
    return len(approvals) >= APPROVERS and any(m.get("by") != request.get("by") for m in approvals)


def _child_choices(form_context: FormContext) -> Choices:
    return child_choices(form_context.messages.child_names())


def _all_or_some(form_context: FormContext) -> Choices:
    return {ALL: ALL_NAME, **_child_choices(form_context)}


def _all_where_one_is_known(form_context: FormContext) -> Sequence[str]:
    """Where several are known, a person says whom it is about: nobody is seen by default."""
    return [ALL] if one_at_most(form_context.messages.child_names()) else []


def children_field(label: str, *, help: str = "") -> Field:
    """Which children, each by name."""
    return Field(name="children", label=label, input_kind=InputKind.MANY, choices=_child_choices, help=help)


WHICH_CHILDREN = Field(
    name="children",
    label="どの子どもか",
    input_kind=InputKind.MANY,
    choices=_all_or_some,
    default=_all_where_one_is_known,
    help="見た子ども、話にのぼった子どもだけを選びます。",
)
"""Which of the children of the family, or all of them."""

FieldValues = dict[str, Any]
"""Field -> entered value, including ``reason`` and ``consent``."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One act as a form. ``about``: the acts of the messages it can be about (empty: about the case itself;
    ``any_message``: about every message).

    ``answers``: the field that names the message; ``open``: whether the form is offered for it; ``max_per_message``:
    how often we may send it about one message. ``finalise``: the last change of the entered values. ``is_previewed``: before
    it is sent it is shown as each recipient will see it; ``children_from_content``: control states the children that its
    contents name. ``description``:
    what it does; ``next_step``: what happens next. ``tasks``: the kinds of task it completes; ``only_while_pending``:
    it is offered only while such a task waits. ``begins_case``: it may begin a case. ``offered_on``: the kind of subject
    that offers it, if another than the act's own; ``originator``: then names what the act is about.
    ``needs_content``: something must be written in one of its sections, whichever.
    """

    key: str
    act: type[Event]
    title: str
    description: str
    next_step: str
    group: str
    roles: frozenset[str] = frozenset()
    about: tuple[type[Event], ...] = ()
    any_message: bool = False
    answers: str = "answers"
    open: Callable[[FormContext, Message], bool] = always_offered
    max_per_message: int = 1
    fields: tuple[Field, ...] = ()
    section_inputs: tuple[SectionText, ...] = ()
    to: To | None = None
    purpose: Purpose = Purpose.SUPPORT
    fixed: Mapping[str, Any] = field(default_factory=dict)
    finalise: Callable[[FieldValues, FormContext], FieldValues] | None = None
    tasks: frozenset[str] = frozenset()
    only_while_pending: bool = False
    begins_case: bool = False
    is_previewed: bool = False
    children_from_content: bool = False
    offered_on: Kind | None = None
    originator: Callable[[FieldValues, FormContext], UUID] | None = None
    needs_content: bool = False
    send: str = "封をして送付する"

    def __post_init__(self) -> None:
        """Every form of an act that speaks of children asks which."""
        asked = self.children_from_content or "children" in {f.name for f in self.fields}
        if issubclass(self.act, SpeaksOfChildren) and not asked:
            object.__setattr__(self, "fields", (WHICH_CHILDREN, *self.fields))

    @property
    def subject_kind(self) -> Kind | None:
        """The kind of subject on whose card or page it is offered."""
        return self.offered_on or self.act.ON

    @property
    def is_about_case(self) -> bool:
        """True if it is about a case itself, not about a message."""
        return self.act.ON is Kind.CASE and not (self.about or self.any_message)

    def fits(self, form_context: FormContext) -> bool:
        """True if this agency has a role that uses it, and this person may."""
        is_of_agency = not self.roles or bool(self.roles & form_context.roles)
        return is_of_agency and form_context.permits(form_context.actor, self.act.TOPIC)

    def is_offered_for(self, form_context: FormContext, message: Message) -> bool:
        """True if it can be sent about this message, as far as this door knows."""
        accepts_act = self.any_message or message["act"] in {event.TOPIC for event in self.about}
        if not (
            accepts_act
            and self.fits(form_context)
            and "fields" in message
            and self.open(form_context, message)
        ):
            return False
        earlier_messages = [
            m
            for m in form_context.of(self.act.TOPIC, self.answers, message["message"])
            if ours(form_context, m)
        ]
        return len(earlier_messages) < self.max_per_message

    def visible_fields(self, form_context: FormContext) -> list[Field]:
        return [f for f in self.fields if f.visible_if is None or f.visible_if(form_context)]

    def visible_sections(self, form_context: FormContext) -> list[SectionText]:
        return [s for s in self.section_inputs if s.visible_if is None or s.visible_if(form_context)]


CORE, COORD, CGC, MED, CONTRACTOR, EXT = (
    frozenset({r.value}) for r in (Role.CORE, Role.COORD, Role.CGC, Role.MED, Role.CONTRACTOR, Role.EXT)
)
AUTHORITIES = CORE | COORD | CGC

CONSENT_INDEPENDENT_BASES = (
    "CWA-21-10-5",
    "CWA-25-2-2",
    "CWA-25-3-2",
    "CAPA-13-4",
    "APPI-69-1",
    "APPI-69-2-3",
)
"""Bases that permit a disclosure to an office whether the family agrees or not. Source: domain/SOURCES.md."""
COMMISSIONED = ("CWA-21-10-2-3", "CWA-25-2-2")
"""Bases between a core agency and the agencies that visit for it."""
TO_OFFICE = (*CONSENT_INDEPENDENT_BASES, "APPI-69-2-1", "CWA-21-10-2-3", "APPI-27-C")
"""Bases that permit a disclosure to an office of the municipality or the prefecture."""

TO_CORE = To(roles=CORE, preselected_roles=CORE, bases=COMMISSIONED, default_basis=COMMISSIONED[0])
"""From a visiting agency to the core agency."""


def child_seen_field(no: str, label: str = "子ども本人を見ましたか") -> Field:
    """Whether the child itself was seen; ``no``: the text of the other answer."""
    return Field(
        name="child_seen", label=label, input_kind=InputKind.YES, choices={"yes": "目視した", "no": no}
    )


def agreed(label: str) -> Field:
    """A statement that must be ticked."""
    return Field(name="agreed", label=label, input_kind=InputKind.CHECK)


def reason_field(
    choices: Choices, *names: str, label: str = "理由", is_required: bool = True, help: str = ""
) -> Field:
    """The reason as a code; its text is a section of its own."""
    return Field(
        name="reason",
        label=label,
        input_kind=InputKind.ONE,
        choices={name: choices[name] for name in names},
        is_required=is_required,
        help=help,
    )


NOTIFIER_LINES = ("氏名", "電話", "住所", "関係", "言葉")
"""What is asked about who notified, line by line, so that the door finds it again elsewhere."""


def reason_section(label: str = "理由・経緯", *, is_required: bool = False) -> SectionText:
    """The reason as text, which only our own agency can open."""
    return SectionText(
        section=Section.REASON, label=label, is_required=is_required, help="自機関だけが開けます。"
    )
