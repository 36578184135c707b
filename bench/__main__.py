"""`make bench`: every measurement, or those named."""

from __future__ import annotations

import sys

from bench import checks, decoding, forward, growth, imports, training

MEASUREMENTS = {
    "checks": checks.measure,
    "decoding": decoding.measure,
    "forward": forward.measure,
    "growth": growth.measure,
    "imports": imports.measure,
    "training": training.measure,
}

for name in sys.argv[1:] or MEASUREMENTS:
    MEASUREMENTS[name]()
