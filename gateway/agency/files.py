"""Files of an agency's own systems: read by an adapter, taken whole, sent message by message, answered in kind.

The same bytes again go on where they were, and are recorded once, also after the door was stopped between two
messages. What a file says lies nowhere in the clear: the door keeps keyed digests, ids and sealed parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID, uuid4

from adapters.agencies import Draft, Finding, Outcome, WrongFile, adapter_for
from domain.errors import Broken, ExchangeError, Unavailable
from domain.events import Kind
from gateway.agency.door import Door, Part, Sent
from gateway.agency.staff import Person
from gateway.pages.texts import basis_text, reason_text
from gateway.protocol.problems import TITLES, branch_of, problem

SOURCE = "SOURCE"
_WORDS = {
    "recorded": "記録しました",
    "held": "委託先の準備が整うまで保留されます",
    "waiting": "ハブに届くまで送信箱で待っています",
}


@dataclass(frozen=True)
class Answered:
    """A file's answer. ``ok``: everything was recorded; ``rows``: place and outcome of each message."""

    ok: bool
    media_type: str
    ending: str
    data: bytes = field(repr=False)
    rows: tuple[tuple[str, Outcome], ...] = ()


class Files:
    """One door's files. Thread-safe: one file is taken at a time."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._taking = Lock()

    def send(
        self, person: Person, data: bytes, told: Callable[[int, int], None] = lambda done, of: None
    ) -> Answered:
        """Read, take and send. Raises WrongFile (nothing was taken), and what the hub says where it is away."""
        adapter = adapter_for(data)
        agencies = {k.code: k.agency for k in self._door.directory()}
        taken = adapter.read(data, agencies)
        outcomes = []
        file = self._door.own_digest(data)
        with self._taking:
            for n, (draft, (ask, case)) in enumerate(
                zip(taken.drafts, self._intake(file, taken.drafts), strict=True)
            ):
                outcomes.append(self._sent(person, draft, ask, case, file + n.to_bytes(4, "big")))
                told(n + 1, len(taken.drafts))
        media_type, ending = adapter.kind(data)
        return Answered(
            ok=all(one.outcome in ("recorded", "held") for one in outcomes),
            media_type=media_type,
            ending=ending,
            data=adapter.answer(taken, outcomes),
            rows=tuple((d.place, o) for d, o in zip(taken.drafts, outcomes, strict=True)),
        )

    @staticmethod
    def refused(data: bytes, wrong: WrongFile) -> Answered:
        """The answer to a file of which nothing was taken."""
        try:
            adapter = adapter_for(data)
        except WrongFile:
            return Answered(False, "application/json", ".json", b"{}\n")
        media_type, ending = adapter.kind(data)
        return Answered(False, media_type, ending, adapter.refuse(data, wrong.findings))

    def _intake(self, file: bytes, drafts: tuple[Draft, ...]) -> list[tuple[UUID, UUID]]:
        """What each message is sent as: as before where these bytes came before, else chosen and kept now.

        The case: the one that the file names; else the one known under the sender's own number; else a new one.
        """
        book = self._door.book
        known = book.intake(file)
        if known:
            return known
        families: dict[bytes, UUID] = {}
        messages = []
        findings = []
        for draft in drafts:
            own = None
            if draft.reference is not None:
                own = self._door.own_digest(b"family\0" + draft.reference.encode())
            before = None if own is None else families.get(own) or book.family(own)
            if draft.case is not None and before is not None and draft.case != before:
                findings.append(Finding(draft.place, "", "case-differs"))
            case = draft.case or before or uuid4()
            if own is not None:
                families[own] = case
            messages.append((uuid4(), case))
        if findings:
            raise WrongFile(findings)
        book.keep_intake(file, messages, families)
        return messages

    def _sent(self, person: Person, draft: Draft, ask: UUID, case: UUID, asked: bytes) -> Outcome:
        parts = [Part(words.section, words.text.encode()) for words in draft.sections]
        parts.append(Part(SOURCE, draft.source, schema=draft.schema))
        try:
            sent = self._door.send(
                Kind.CASE,
                case,
                draft.act,
                draft.fields,
                parts,
                actor=person.actor,
                occurred_at=draft.occurred_at,
                ask_id=ask,
                asked=asked,
            )
        except (Unavailable, Broken):
            raise
        except ExchangeError as error:
            body = problem(error)[1]
            return Outcome(case, ask, "refused", error.flaw, TITLES[branch_of(error)], str(body["detail"]))
        return _outcome(sent)


def _outcome(sent: Sent) -> Outcome:
    """What became of one message, in words."""
    kind = "held" if sent.outcome == "recorded" and sent.held else sent.outcome
    if kind != "refused":
        return Outcome(sent.case, sent.ask_id, kind, None, _WORDS[kind], "")
    fitting = "、".join(f"{basis_text(code)}({code})" for code in sent.fitting)
    remedy = f"次の根拠なら認められます: {fitting}" if fitting else ""
    return Outcome(sent.case, sent.ask_id, kind, sent.reason, reason_text(sent.reason), remedy)
