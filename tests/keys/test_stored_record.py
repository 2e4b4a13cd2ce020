"""A record that can't be read here says why: its key was destroyed, or newer rules decided it."""

from __future__ import annotations

from uuid import UUID

import pytest

from keys.stored_record import KEY_GONE, NEWER_EDITION, UnreadableRecord

CASE = UUID("11111111-1111-4111-8111-111111111111")


@pytest.mark.parametrize(
    ("error_code", "gone", "newer_edition"),
    [(KEY_GONE, True, False), (NEWER_EDITION, False, True), ("unknown-version", False, False)],
)
def test_an_unreadable_record_is_refused_with_its_reason(
    error_code: str, gone: bool, newer_edition: bool
) -> None:
    record = UnreadableRecord(1, CASE, 1, "case", b"", error_code)
    assert (record.gone, record.newer_edition) == (gone, newer_edition)
