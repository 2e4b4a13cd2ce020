"""``UNKNOWN``, which is neither a value nor the absence of one."""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal


class Unknown(Enum):
    """The type of ``UNKNOWN``."""

    UNKNOWN = "UNKNOWN"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final[Literal[Unknown.UNKNOWN]] = Unknown.UNKNOWN
"""不明: it was asked, and nobody knows. In JSON ``{"unknown":true}``."""
