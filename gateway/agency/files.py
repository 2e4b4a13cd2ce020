"""Files of an agency's own systems: parsed by an adapter, accepted completely or not at all, sent message by message.

The same file again continues where it stopped, also after the door was stopped between two messages, and every
message is recorded once. The door stores keyed digests, ids and sealed parts of a file, never its text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock
from uuid import UUID, uuid4

from adapters.agencies import Finding, InboundMessage, Outcome, WrongFile
from adapters.agencies.formats import adapter_for
from domain import error_codes
from domain.errors import ExchangeError, InvariantViolation, Unavailable
from domain.events import Kind
from gateway.agency.child_references import section_content
from gateway.agency.door import Door, SectionContent, SubmissionResult
from gateway.agency.parsing import ParsingPool
from gateway.agency.staff import Person
from gateway.pages.texts import basis_text, reason_text
from gateway.protocol.problems import title_of
from keys.derive import KeyUse

SOURCE = "SOURCE"
DV_PROTECTED = "この事例にはDV等支援措置があります。住所・避難先を書かないでください"
_OUTCOME_TEXTS = {
    "recorded": "記録しました",
    "held": "委託先の準備が整うまで保留されます",
    "waiting": "ハブに届くまで送信箱で待っています",
}


@dataclass(frozen=True)
class FileResult:
    """The answer to a file, in its own format (``data``). ``ok``: everything was recorded; ``rows``: place and outcome
    of each message.
    """

    ok: bool
    media_type: str
    ending: str
    data: bytes = field(repr=False)
    rows: tuple[tuple[str, Outcome], ...] = ()


class Files:
    """The files of one door. Thread-safe: one file at a time."""

    def __init__(self, door: Door, parsing_pool: ParsingPool) -> None:
        self._door = door
        self._parsing_pool = parsing_pool
        self._intake_lock = Lock()

    def send(
        self, person: Person, data: bytes, on_progress: Callable[[int, int], None] = lambda done, of: None
    ) -> FileResult:
        """Parse, accept and send. Raises WrongFile (nothing was accepted), Unavailable (send it again to continue).

        The bytes themselves are looked at in a process of the pool; here only what came out of it is.
        """
        adapter = adapter_for(data)
        agencies = {k.code: k.agency for k in self._door.directory()}
        parsed_file = self._parsing_pool.read(data, agencies, self._door.now())
        outcomes = []
        file_digest = self._door.own_digest(KeyUse.FILE_DIGEST, data)
        with self._intake_lock:
            for n, (inbound, (command_id, case)) in enumerate(
                zip(
                    parsed_file.inbound_messages,
                    self._intake(file_digest, parsed_file.inbound_messages),
                    strict=True,
                )
            ):
                outcomes.append(
                    self._send_one(person, inbound, command_id, case, file_digest + n.to_bytes(4, "big"))
                )
                on_progress(n + 1, len(parsed_file.inbound_messages))
        media_type, ending = adapter.kind(data)
        return FileResult(
            ok=all(outcome.outcome in ("recorded", "held") for outcome in outcomes),
            media_type=media_type,
            ending=ending,
            data=adapter.answer(parsed_file, outcomes),
            rows=tuple(
                (inbound.place, outcome)
                for inbound, outcome in zip(parsed_file.inbound_messages, outcomes, strict=True)
            ),
        )

    @staticmethod
    def refused(data: bytes, wrong: WrongFile) -> FileResult:
        """The answer to a file that was not accepted."""
        try:
            adapter = adapter_for(data)
        except WrongFile:
            return FileResult(False, "application/json", ".json", b"{}\n")
        media_type, ending = adapter.kind(data)
        return FileResult(False, media_type, ending, adapter.refuse(data, wrong.findings))

    def _intake(
        self, file_digest: bytes, inbound_messages: tuple[InboundMessage, ...]
    ) -> list[tuple[UUID, UUID]]:
        """Command id and case of each message, the same as before if this file was accepted before.

        The case is the one the file names, else the one known under the sender's own reference, else a new one.
        Raises WrongFile.
        """
        store = self._door.store
        known = store.intake(file_digest)
        if known:
            return known
        families: dict[bytes, UUID] = {}
        messages = []
        findings = []
        for inbound in inbound_messages:
            reference_digest = None
            if inbound.reference is not None:
                reference_digest = self._door.own_digest(KeyUse.FAMILY_DIGEST, inbound.reference.encode())
            known_case = (
                None
                if reference_digest is None
                else families.get(reference_digest) or store.family(reference_digest)
            )
            if inbound.case is not None and known_case is not None and inbound.case != known_case:
                findings.append(Finding(inbound.place, "", "case-differs"))
            case = inbound.case or known_case or uuid4()
            if reference_digest is not None:
                families[reference_digest] = case
            messages.append((uuid4(), case))
        if findings:
            raise WrongFile(findings)
        store.store_intake(file_digest, messages, families)
        return messages

    def _send_one(
        self, person: Person, inbound: InboundMessage, command_id: UUID, case: UUID, request: bytes
    ) -> Outcome:
        parts = [section_content(self._door, case, section) for section in inbound.sections]
        parts.append(SectionContent(SOURCE, inbound.source, schema=inbound.schema))
        try:
            sent = self._door.send(
                Kind.CASE,
                case,
                inbound.act,
                inbound.fields,
                parts,
                actor=person.actor,
                occurred_at=inbound.occurred_at,
                command_id=command_id,
                request=request,
            )
        except (Unavailable, InvariantViolation):
            raise
        except ExchangeError as error:
            return _outcome_of_error(case, command_id, error)
        outcome = _outcome_of(sent)
        if self._door.addresses.protected_until(case) is None:
            return outcome
        return replace(outcome, explanation=f"{outcome.explanation}({DV_PROTECTED})")


def _outcome_of_error(case: UUID, command_id: UUID, error: ExchangeError) -> Outcome:
    """What became of one message that was never recorded, in words."""
    row = error_codes.find(error.error_code)
    what, remedy = (title_of(error), error.remedy) if row is None else (row.meaning_ja, row.remedy_ja)
    return Outcome(case, command_id, "refused", error.error_code, what, remedy)


def _outcome_of(sent: SubmissionResult) -> Outcome:
    """The outcome of one message, with its explanation and remedy in Japanese."""
    kind = "held" if sent.outcome == "recorded" and sent.held else sent.outcome
    if kind != "refused":
        return Outcome(sent.case, sent.command_id, kind, None, _OUTCOME_TEXTS[kind], "")
    fitting = "、".join(f"{basis_text(code)}({code})" for code in sent.fitting)
    remedy = f"次の根拠なら認められます: {fitting}" if fitting else ""
    return Outcome(sent.case, sent.command_id, kind, sent.reason, reason_text(sent.reason), remedy)
