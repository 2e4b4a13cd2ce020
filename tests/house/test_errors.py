"""The drawn tree of errors is the real one, and every branch has a status."""

from __future__ import annotations

import re

from domain import errors
from domain.errors import ExchangeError
from gateway.protocol.problems import STATUS, error_of, problem


def test_the_drawing_is_the_tree() -> None:
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    assert drawn == {cls.__name__ for cls in ExchangeError.__subclasses__()}


def test_every_branch_has_a_status_and_comes_back_as_itself() -> None:
    assert set(STATUS) == set(ExchangeError.__subclasses__())
    for branch, status in STATUS.items():
        code, body = problem(branch("some-error-code", "mend it"))
        assert code == body["status"] == status
        back = error_of(code, body)
        assert (type(back), back.error_code, back.remedy) == (branch, "some-error-code", "mend it")


def test_an_answer_that_is_no_problem_reads_unavailable() -> None:
    assert error_of(502, {}).code == "unavailable"
