"""Differences that are known and wait for a rule: (kind, rule) and why. Empty when the rules are whole."""

from __future__ import annotations

from collections.abc import Mapping

AWAITED: Mapping[tuple[str, str], str] = {}
