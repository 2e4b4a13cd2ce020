"""From how many families on a count may leave the agency."""

from __future__ import annotations

SMALL_COUNT = 5
"""A count to which fewer families contribute is not issued. Basis: own rule (少数の秘匿)."""
