"""担当: who of the agency is in charge of a case, since when, and who stands in until when; with its history.

The agency's own matter, kept at its door, sealed, and never sent. It goes with the case. Basis: own rule (担当).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from threading import RLock
from uuid import UUID

from domain.calendar import day_of
from domain.errors import Malformed
from domain.events import dump
from gateway.agency.index.charge_store import ChargeStore
from keys.derive import KeyUse
from keys.lp import lp
from keys.signing import KemKey

MAX_REASON = 500


@dataclass(frozen=True)
class Charge:
    """Who is in charge from ``since`` on (a day), as of an entry of the history. ``actor``: empty where nobody is;
    ``deputy``: who stands in through ``deputy_until``, empty for nobody; ``set_by``, ``set_at``: who wrote the entry."""

    actor: str
    since: str
    deputy: str
    deputy_until: str
    set_by: str
    set_at: str

    def deputy_on(self, day: date) -> str:
        """Who stands in on this day, or empty."""
        return self.deputy if self.deputy and day.isoformat() <= self.deputy_until else ""

    def includes(self, actor: str, day: date) -> bool:
        """Whether this person is in charge, or stands in on this day."""
        return bool(actor) and actor in (self.actor, self.deputy_on(day))


@dataclass(frozen=True)
class FamilyAnswer:
    """A person's answer that two cases are not of one family, so that it is not asked again."""

    by: str
    at: str
    reason: str


class Charges:
    """The charges and answers of one door. Thread-safe."""

    def __init__(self, store: ChargeStore, kem: KemKey, hub: bytes, now: Callable[[], datetime]) -> None:
        self._store, self._kem, self._hub, self._now = store, kem, hub, now
        self._lock = RLock()
        self._change_count = -1
        self._histories: dict[str, tuple[Charge, ...]] = {}

    def of(self, case: UUID | str) -> Charge | None:
        """Who is in charge now; None where nobody ever was."""
        history = self.history(case)
        return history[-1] if history else None

    def history(self, case: UUID | str) -> tuple[Charge, ...]:
        """All entries of a case, oldest first. Raises Untrusted where they were changed."""
        return self._all().get(str(case), ())

    def current(self) -> dict[str, Charge]:
        """Case -> who is in charge now, of every case that ever had somebody."""
        return {case: history[-1] for case, history in self._all().items()}

    def cases_of(self, actor: str) -> frozenset[str]:
        """The cases of which this person is in charge, or for which it stands in today."""
        today = day_of(self._now())
        return frozenset(case for case, h in self._all().items() if h[-1].includes(actor, today))

    def counts(self) -> dict[str, int]:
        """Person -> of how many cases it is in charge."""
        counts: dict[str, int] = {}
        for history in self._all().values():
            if history[-1].actor:
                counts[history[-1].actor] = counts.get(history[-1].actor, 0) + 1
        return counts

    def assign(
        self,
        cases: Iterable[UUID | str],
        actor: str,
        *,
        by: str,
        people: Collection[str],
        deputy: str = "",
        deputy_until: date | None = None,
    ) -> None:
        """Put a person in charge of cases, from today on. ``people``: of this door. Raises Malformed."""
        today = day_of(self._now())
        if actor not in people or (deputy and deputy not in people):
            raise Malformed("charge-person")
        if deputy == actor or bool(deputy) != (deputy_until is not None):
            raise Malformed("charge-deputy")
        if deputy_until is not None and deputy_until < today:
            raise Malformed("charge-deputy")
        until = "" if deputy_until is None else deputy_until.isoformat()
        new = Charge(actor, today.isoformat(), deputy, until, by, dump(self._now()))
        named = [str(c) for c in cases]
        self._store.change(lambda known: {c: self._sealed(c, (*self._opened(c, known), new)) for c in named})

    def hand_over(self, from_actor: str, to_actor: str, *, by: str, people: Collection[str]) -> int:
        """Move all cases of one person to another, also where it stands in; returns how many. ``from_actor`` may have left
        the agency. Raises Malformed."""
        if to_actor not in people:
            raise Malformed("charge-person")
        if from_actor == to_actor or not from_actor:
            raise Malformed("charge-same-person")
        today, at, moved = day_of(self._now()), dump(self._now()), 0

        def update(known: Mapping[str, bytes]) -> Mapping[str, bytes]:
            nonlocal moved
            changed: dict[str, bytes] = {}
            for case in known:
                history = self._opened(case, known)
                if history and history[-1].includes(from_actor, today):
                    new = _without(history[-1], from_actor, to_actor)
                    entry = replace(new, since=today.isoformat(), set_by=by, set_at=at)
                    changed[case] = self._sealed(case, (*history, entry))
            moved = len(changed)
            return changed

        self._store.change(update)
        return moved

    # --- two cases of one family ------------------------------------------------------------------------------

    def dismiss(self, case: UUID, other: UUID, *, by: str, reason: str) -> None:
        """A person states that two cases are not of one family. Raises Malformed without a reason."""
        if not reason.strip() or len(reason) > MAX_REASON:
            raise Malformed("family-answer-reason")
        one, two = sorted((str(case), str(other)))
        data = json.dumps(asdict(FamilyAnswer(by, dump(self._now()), reason.strip())), ensure_ascii=False)
        context = lp("kh/family-answer/v1", self._hub, UUID(one), UUID(two))
        self._store.store_answer(one, two, self._kem.own_seal(KeyUse.CASE_CHARGE, context, data.encode()))

    def dismissed(self, case: UUID) -> dict[UUID, FamilyAnswer]:
        """Cases of which a person stated that they are of another family than this one."""
        answers: dict[UUID, FamilyAnswer] = {}
        for (one, two), sealed in self._store.answers().items():
            if str(case) in (one, two):
                context = lp("kh/family-answer/v1", self._hub, UUID(one), UUID(two))
                data = json.loads(self._kem.open_own_seal(KeyUse.CASE_CHARGE, context, sealed))
                answers[UUID(two if one == str(case) else one)] = FamilyAnswer(**data)
        return answers

    # --- sealed -------------------------------------------------------------------------------------------------

    def _all(self) -> Mapping[str, tuple[Charge, ...]]:
        with self._lock:
            count = self._store.change_count
            if count != self._change_count:
                known = self._store.charges()
                self._histories = {case: self._opened(case, known) for case in known}
                self._change_count = count
            return self._histories

    def _context(self, case: str) -> bytes:
        return lp("kh/case-charge/v1", self._hub, UUID(case))

    def _sealed(self, case: str, history: tuple[Charge, ...]) -> bytes:
        data = json.dumps([asdict(one) for one in history], ensure_ascii=False).encode()
        return self._kem.own_seal(KeyUse.CASE_CHARGE, self._context(case), data)

    def _opened(self, case: str, known: Mapping[str, bytes]) -> tuple[Charge, ...]:
        sealed = known.get(case)
        if sealed is None:
            return ()
        data = json.loads(self._kem.open_own_seal(KeyUse.CASE_CHARGE, self._context(case), sealed))
        return tuple(Charge(**one) for one in data)


def _without(charge: Charge, old: str, new: str) -> Charge:
    """The charge with one person in place of another; nobody stands in for itself."""
    actor = new if charge.actor == old else charge.actor
    deputy = new if charge.deputy == old else charge.deputy
    if deputy == actor:
        deputy = ""
    return replace(charge, actor=actor, deputy=deputy, deputy_until=charge.deputy_until if deputy else "")
