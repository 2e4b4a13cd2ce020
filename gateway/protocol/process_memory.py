"""What keeps the memory of a process that holds keys away from other processes of the machine, and from the disk.

Call it in every process that opens a keystore: a new program does not inherit the first part.
"""

from __future__ import annotations

import ctypes
import resource

PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4


def protect_process_memory() -> bool:
    """No core dump, and no reading or tracing by other processes of the same user. Whether all of it is in force.

    On systems other than Linux only the core dump is off, and the hub's health has an alarm.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = _prctl()
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    return is_protected()


def can_be_protected() -> bool:
    """Whether this system can protect the memory of a process."""
    return _prctl() is not None


def is_protected() -> bool:
    """Whether the memory of this process is protected."""
    prctl = _prctl()
    no_core = resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    return no_core and prctl is not None and prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0


def _prctl() -> ctypes._NamedFuncPointer | None:
    function = getattr(ctypes.CDLL(None), "prctl", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    return function
