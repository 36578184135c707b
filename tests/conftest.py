"""How many examples Hypothesis draws, and which tests share a process."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

#: Numbers are drawn one after the other: where one bounds another, the first may leave none for it.
REJECTED = HealthCheck.filter_too_much

# `HYPOTHESIS_PROFILE` names one of these.
settings.register_profile("desk", deadline=None, max_examples=25, suppress_health_check=[REJECTED])
#: The same draws every time.
settings.register_profile(
    "ci",
    settings.get_profile("desk"),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, REJECTED],
)
#: Four times as many, where somebody asks for them.
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "desk"))


def pytest_collection_modifyitems(items):
    """Let one process have all tests of a file, but for those that are marked for another group."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))
