"""How many random examples a run makes: a few that are the same in every run, or many with ``--hypothesis-profile=long``.

``ci`` is the usual run. Its examples are derived from the test itself, so a run can be repeated, and the branches that
it covers do not vary. ``long`` searches anew each time and remembers what failed.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.register_profile("long", deadline=None)


def is_long() -> bool:
    """Whether this run makes many examples."""
    return settings.get_current_profile_name() == "long"


def examples(usual: int, *, long: int) -> settings:
    """Settings of a test of random histories. Examples are not shrunk: to make a long history shorter takes minutes."""
    return settings(
        max_examples=long if is_long() else usual,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
