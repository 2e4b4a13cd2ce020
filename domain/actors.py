"""Who acts for an agency: a person, or a system of the agency. A system is not a person.

A command names its actor, a pseudonymous reference. References of systems begin with ``sys:``, so rules and doors can
tell them from persons by the reference alone.
"""

from __future__ import annotations

import re
from enum import Enum

SYSTEM_PREFIX = "sys:"
SYSTEM = re.compile(r"sys:[a-z0-9][a-z0-9._-]{0,59}")
"""The form of a system's reference: ``sys:emr1``."""


class Actor(Enum):
    """Who may give a command for an event; each class statement says it.

    PERSON: whoever signs decides, approves or vouches for what was seen. Basis: APPI 66, 67.
    """

    PERSON = "a person"
    ANYONE = "a person or a system"


def is_system(actor: str) -> bool:
    """Whether this reference is a system's. ``SYS:`` in any case of letters is one too: it is never a person's."""
    return actor.casefold().startswith(SYSTEM_PREFIX)
