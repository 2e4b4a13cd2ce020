"""Opening every item as every agency, and comparing with what the story expects."""

from __future__ import annotations

from datetime import datetime

from domain.codes import Purpose, Section
from domain.errors import NotFound, Untrusted
from gateway.rehearsal.scenario.run import Check, OpenableSections, Run, WrittenItem
from gateway.rehearsal.scenario.story import AUDITOR, Expect

NOT_IN_FORCE = "key-set-not-in-force"


def check_views(run: Run, expect: Expect) -> None:
    """Open every item as every agency named, and as the audit office."""
    run.rehearsal_hub.complete_rewrap_duties()
    for code in dict.fromkeys((*expect.views, AUDITOR)):
        run.progress(f"{expect.at:%Y-%m-%d} {code} の閲覧を確認")
        expected = {s: list(ns) for s, ns in expect.views.get(code, {}).items() if ns}
        run.checks.append(view_of(run, code, expect.at, expected))


def check_probe(run: Run, code: str) -> None:
    """The view at a moment that a sentence names, unless it is checked already."""
    run.rehearsal_hub.complete_rewrap_duties()
    at = run.rehearsal_hub.now()
    known = any(c.agency == code and c.at == at for c in run.checks)
    if not known:
        run.probe_checks.append(view_of(run, code, at, {}))


def view_of(run: Run, code: str, at: datetime, expected: OpenableSections) -> Check:
    """What this agency can really open now: items that decrypt to the text that was written."""
    check = Check(at, code, {}, expected)
    for w in run.written:
        if w.section in (Section.SOURCE, Section.REASON):
            continue
        text = _read_if_openable(run, code, w)
        if text is None:
            continue
        if text == w.text:
            check.openable.setdefault(w.section, []).append(w.n)
        else:
            check.wrong.append(f"{w.section}(#{w.n}) は書かれた文と異なります")
    check.openable = {s: sorted(ns) for s, ns in sorted(check.openable.items())}
    check.expected = {s: sorted(ns) for s, ns in sorted(expected.items())}
    return check


def _read_if_openable(run: Run, code: str, w: WrittenItem) -> bytes | None:
    if code != AUDITOR and code not in run.rehearsal_hub.doors:
        return None  # a person outside, and the hub itself, have no door and no keys
    try:
        return read_item(run, code, w, Purpose.REHEARSAL_CHECK)
    except NotFound:
        return None
    except Untrusted as error:
        if is_key_set_out_of_force(error):
            return None
        raise


def read_item(run: Run, code: str, w: WrittenItem, purpose: Purpose) -> bytes:
    """Open one item as this agency or the audit office. Raises NotFound for an item that it may not open."""
    if code == AUDITOR:
        return run.rehearsal_hub.audit.open(w.case, w.message, w.item, w.section, purpose=purpose).content
    actor = run.actor_of(code)
    return (
        run.rehearsal_hub.door(code)
        .open(w.case, w.message, w.item, w.section, actor=actor, purpose=purpose)
        .content
    )


def is_key_set_out_of_force(error: Untrusted) -> bool:
    """Whether the hub refused only because the agency's key set is not in force."""
    return error.error_code == NOT_IN_FORCE
