"""How many examples Hypothesis draws, and how seldom Python looks for cycles of objects."""

from __future__ import annotations

import gc
import os
from pathlib import Path

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

# The machine makes numbers by the million, and hardly a cycle: to look for them took a fifth.
gc.set_threshold(100_000, 50, 100)


def pytest_ignore_collect(collection_path, config):
    """Leave out what needs a browser, unless it is asked for: `make browser`."""
    if collection_path == Path(__file__).parent / "browser":
        return not any("browser" in argument for argument in config.args) or None
    return None


def pytest_collection_finish():
    """Let the search for cycles pass over what has been imported, which stays."""
    gc.collect()
    gc.freeze()
