"""`make bench`: every measurement, or those named."""

from __future__ import annotations

import sys

from bench import checks, gpt2_small

MEASUREMENTS = {"checks": checks.measure, "gpt2_small": gpt2_small.measure}

for name in sys.argv[1:] or MEASUREMENTS:
    MEASUREMENTS[name]()
