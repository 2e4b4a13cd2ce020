"""A sample of the random stories on every run; ``--large`` plays all of them. ``python -m tests.models`` says more."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from tests.models.awaited import AWAITED
from tests.models.running import done, run, unexpected
from tests.models.shrinking import shows_difference, shrink
from tests.models.stories import generate
from tests.models.through_decide import through_decide
from tests.models.through_hub import through_hub

SAMPLE, WHOLE = 60, 1000
ON_A_HUB, ON_HUBS = (12,), 150


def test_a_seed_gives_the_same_story_always():
    assert [generate(seed) for seed in range(5)] == [generate(seed) for seed in range(5)]
    assert generate(1) != generate(2)


def test_the_domain_decides_as_the_text_demands(large):
    wrong = []
    for seed in range(WHOLE if large else SAMPLE):
        differing = through_decide(generate(seed)).differences
        wrong += [(seed, str(d)) for d in differing if d.sort not in AWAITED]
    assert wrong == []


@pytest.mark.parametrize("seed", ON_A_HUB)
def test_a_live_hub_does_as_the_text_demands(seed):
    assert [d for d in through_hub(generate(seed)).differences if d.sort not in AWAITED] == []


@pytest.mark.large
@pytest.mark.timeout(7200)
def test_live_hubs_do_as_the_text_demands(large):
    if not large:
        pytest.skip("with --large")
    wrong = []
    for seed in range(ON_HUBS):
        wrong += [(seed, d) for d in through_hub(generate(seed)).differences if d.sort not in AWAITED]
    assert wrong == []


@pytest.mark.parametrize(
    "rule",
    [
        "V1",
        "V2",
        "V3",
        "V4",
        "V5",
        "V6",
        "V7",
        "V8",
        "V9",
        "V10",
        "EMERGENCY",
        "V4 copy",
        "matrix",
        "bases",
        "held",
        "child",
    ],
)
def test_a_model_with_one_rule_reversed_differs(rule):
    assert any(differences(seed, rule) != differences(seed) for seed in range(WHOLE)), "no story notices it"


@cache
def differences(seed: int, flip: str | None = None) -> Counter[str]:
    return Counter(map(str, through_decide(generate(seed), flip).differences))


def test_a_shrunk_story_still_shows_its_difference_and_no_step_too_many():
    raw = next(
        r for r in map(generate, range(50)) if any(m["event"] == "SafetyConfirmed" for m in r["timeline"])
    )

    def play(story):
        return through_decide(story, flip="V1")

    shows = shows_difference(play, "view", "V1")
    small = shrink(raw, shows)
    assert shows(small)
    assert len(small["timeline"]) == 1 < len(raw["timeline"])


def test_a_run_goes_on_where_it_was_and_plays_a_cut_line_again(tmp_path):
    results = tmp_path / "results.jsonl"
    run([1, 2], "decide", results, lambda _: None)
    whole = results.read_bytes()
    results.write_bytes(whole[:-20])
    assert done(results) == {("decide", 1)}
    run([1, 2], "decide", results, lambda _: None)
    assert done(results) == {("decide", 1), ("decide", 2)}


def test_a_difference_that_waits_for_a_rule_is_kept_apart():
    [awaited] = [*AWAITED][:1] or [("", "")]
    assert [d.rule for d in unexpected([[*awaited, "known"], ["view", "V1", "new"]])] == (
        ["V1"] if AWAITED else ["", "V1"]
    )
