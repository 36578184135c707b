"""`make bench`: every measurement, or those named."""

from __future__ import annotations

import sys

from bench import checks, decoding, gpt2_small, training

MEASUREMENTS = {
    "checks": checks.measure,
    "decoding": decoding.measure,
    "gpt2_small": gpt2_small.measure,
    "training": training.measure,
}

for name in sys.argv[1:] or MEASUREMENTS:
    MEASUREMENTS[name]()
