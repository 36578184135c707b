"""How many examples Hypothesis draws: `HYPOTHESIS_PROFILE` names one of these profiles."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("desk", deadline=None, max_examples=25)
#: The same draws every time, and more of them.
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
#: Enough to run every row of the code.
settings.register_profile("few", settings.get_profile("ci"), max_examples=5)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if "CI" in os.environ else "desk"))
