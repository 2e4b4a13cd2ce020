"""The branches that the tests cover, measured while they run: with ``KAKEHASHI_COVERAGE`` set to a folder.

The coverage of a run of its own would play the same tests twice. Here each test process measures from its start, so that
what modules do when they are imported counts, and later only while a test of ``MEASURED`` runs: a trace makes the others,
with servers, browsers and other processes, slower and covers nothing that these do not. ``.ci/run`` combines what the
processes have saved and looks at the bound.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator
from pathlib import Path, PurePath

import pytest
from coverage import Coverage
from coverage.exceptions import CoverageWarning

MEASURED_FOLDERS = frozenset({"domain", "editions", "keys", "projections"})
MEASURED = frozenset(
    {
        "adapters/test_content_json.py",
        "audit/test_exceptions.py",
        "house/test_control_forms.py",
        "house/test_errors.py",
        "house/test_every_event.py",
    }
)
"""Modules of other folders that are measured too."""
NOT_MEASURED = frozenset({"editions/test_two_editions.py", "projections/test_postgres.py"})
SLOW_WITH_A_TRACE = ("any_history", "sc-6", "without_a_new_edition")
"""Parts of names of tests that cover nothing more and would take minutes."""


def is_measured(module: PurePath, name: str) -> bool:
    """Whether this test counts. ``module``: its path below ``tests``."""
    path = module.as_posix()
    counts = path in MEASURED or (module.parts[0] in MEASURED_FOLDERS and path not in NOT_MEASURED)
    return counts and not any(part in name for part in SLOW_WITH_A_TRACE)


class Measuring:
    """A plugin that measures in this process. ``folder``: where it saves what it has measured, at the end."""

    def __init__(self, folder: Path, tests: Path) -> None:
        self._tests = tests
        self._coverage = Coverage(data_file=str(folder / "data"), data_suffix=True)
        self._coverage.start()
        self._runs = True

    def _switch(self, on: bool) -> None:
        if on != self._runs:
            self._runs = on
            (self._coverage.start if on else self._coverage.stop)()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._switch(is_measured(item.path.relative_to(self._tests), item.name))
        return (yield)

    def pytest_sessionfinish(self) -> None:
        self._switch(False)
        with warnings.catch_warnings():  # the process that only hands out the tests has nothing to save
            warnings.simplefilter("ignore", CoverageWarning)
            self._coverage.save()
