"""A process that has collected the tests once, and for each mutant forks one that runs some of them until the first fails.

Jobs come and answers go as lines of JSON on two descriptors. A function is changed in the forked process by giving the
function objects another code object; a table or class statement is changed in its file before a worker starts.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import resource
import select
import signal
import sys
import time
import types
from typing import Any

import coverage
import pytest

KEEP = ("test_the_domain_decides_as_the_text_demands", "test_the_hub_now_does_as_the_text_demands")
"""Of ``tests/models`` what plays stories through ``decide``."""
SERVERS = ("tests/projections/test_postgres.py", "tests/editions/test_two_editions.py")

RANDOM = (
    "test_visibility_model.py",
    "test_random_commands.py",
    "test_alarms_model.py",
    "test_persistent_map.py",
)
"""Of ``tests/domain`` what takes long and runs nearly all of the rules, like all other suites: not measured."""
OWN = ("domain", "projections", "tests")
"""Whose caches are emptied: what they hold was computed by unchanged code."""


class Worker:
    def __init__(self, jobs: int, answers: int) -> None:
        self.jobs, self.answers = os.fdopen(jobs, encoding="utf-8"), os.fdopen(answers, "w", encoding="utf-8")
        self.items: dict[str, pytest.Item] = {}
        self.functions: dict[tuple[str, str, int], list[types.FunctionType]] = {}
        self.caches: list[Any] = []
        self.report: int | None = None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [
            i
            for i in items
            if not i.nodeid.startswith(SERVERS)
            and (not i.nodeid.startswith("tests/models/") or any(name in i.nodeid for name in KEEP))
        ]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            self._answer({"outcome": "killed", "by": "the tests could not be collected"})
            return True
        self.items = {item.nodeid: item for item in session.items}
        for thing in gc.get_objects():
            if isinstance(thing, types.FunctionType) and "/domain/" in thing.__code__.co_filename:
                code = thing.__code__
                key = (code.co_filename, code.co_qualname, code.co_firstlineno)
                self.functions.setdefault(key, []).append(thing)
            elif isinstance(thing, functools._lru_cache_wrapper) and (thing.__module__ or "").startswith(OWN):
                self.caches.append(thing)
        gc.collect()
        gc.freeze()
        self._answer({"tests": list(self.items)})
        for line in self.jobs:
            job = json.loads(line)
            self._answer(self._measure(session) if "map" in job else self._play(session, job))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.report is not None and report.failed:
            os.write(self.report, report.nodeid.encode())
            os._exit(1)

    def _answer(self, answer: dict[str, Any]) -> None:
        self.answers.write(json.dumps(answer) + "\n")
        self.answers.flush()

    # --- one mutant -----------------------------------------------------------------------------------------

    def _play(self, session: pytest.Session, job: dict[str, Any]) -> dict[str, Any]:
        code = compile(job["source"], job["file"], "exec", dont_inherit=True) if job["source"] else None
        end, report = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                self._in_child(session, job, code, report)
            except BaseException as problem:
                os.write(report, f"!{type(problem).__name__}: {problem}".encode())
                os._exit(2)
            os._exit(0)
        os.close(report)
        ready, _, _ = select.select([end], [], [], job["seconds"] * 6)
        if not ready:
            os.killpg(child, signal.SIGKILL)
        by = os.read(end, 2000).decode(errors="replace")
        os.close(end)
        _, status = os.waitpid(child, 0)
        if by.startswith("!"):
            return {"outcome": "invalid", "by": by[1:]}
        if by:
            return {"outcome": "killed", "by": by}
        return {"outcome": "survived" if status == 0 else "killed", "by": "" if status == 0 else "time limit"}

    def _in_child(self, session: pytest.Session, job: dict[str, Any], code: Any, report: int) -> None:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"] + 5))
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        for cache in self.caches:
            cache.cache_clear()
        if code is not None and not self._change(job["file"], job["unit"], code):
            raise LookupError("no function object has this code")
        self.report = report
        items = [self.items[name] for name in job["tests"] if name in self.items]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _change(self, file: str, unit: str, module: types.CodeType) -> int:
        changed, ready = 0, [module]
        while ready:
            code = ready.pop()
            ready += [c for c in code.co_consts if isinstance(c, types.CodeType)]
            name = code.co_qualname
            if name == unit or name.startswith(f"{unit}.<locals>."):
                for function in self.functions.get((file, name, code.co_firstlineno), ()):
                    function.__code__ = code
                    changed += 1
        return changed

    # --- which test runs which line -------------------------------------------------------------------------

    def _measure(self, session: pytest.Session) -> dict[str, Any]:
        lines: dict[str, dict[int, list[int]]] = {}
        seconds: list[float] = []
        measured = coverage.Coverage(data_file=None, source=["domain"], config_file=False)
        measured.start()
        measurable = [i for name, i in self.items.items() if name.startswith("tests/domain/")]
        items = [i for i in measurable if i.path.name not in RANDOM]
        names = [item.nodeid for item in items]
        rest = [name for name in self.items if name not in set(names)]
        for n, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            for cache in self.caches:
                cache.cache_clear()
            measured.switch_context(str(n))
            began = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds.append(round(time.process_time() - began, 4))
        measured.stop()
        data = measured.get_data()
        for file in data.measured_files():
            by_line = data.contexts_by_lineno(file)
            lines[file] = {line: [int(c) for c in who if c] for line, who in by_line.items() if any(who)}
        return {"tests": names, "seconds": seconds, "lines": lines, "rest": rest}


def main() -> int:
    jobs, answers = int(sys.argv[1]), int(sys.argv[2])
    options = ["-q", "-s", "-n", "0", "-p", "no:randomly", "--no-header", "--no-summary"]
    return int(pytest.main([*options, *sys.argv[3:]], plugins=[Worker(jobs, answers)]))


if __name__ == "__main__":
    sys.exit(main())
