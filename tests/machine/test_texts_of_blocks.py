"""Is attention by blocks attention, exactly and for every number?

Both are computed in balls, so that two numbers that differ are apart as soon as the balls are
narrow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers.changed_texts import changed
from helpers.runs import drawn

from spec.domains import Floats
from spec.domains.balls import Balls
from spec.inputs.draw import Inputs
from spec.library import checked
from spec.machine import Machine

BITS = 128
#: What each computes block by block, and blocks of the sequence whose columns it takes in blocks.
WHOLE = {"C4": "4", "C5": "4", "C6": "C1", "C7": "C1"}
BLOCKS = [(1, 6), (2, 3), (3, 2), (6, 1)]


def inputs(id: str, B: int = 2, N_B: int = 3) -> Inputs:
    """Arguments with queries that may ask nothing, the last key alone, the first alone."""
    arguments = drawn(id, B=B, N_B=N_B)
    (Mask,) = (one for one in arguments.parameters if isinstance(one, np.ndarray))
    Mask[:, 1:4] = 0
    Mask[-1, 2] = Mask[0, 3] = 1
    return arguments


def run(id: str, given: Inputs, domain: Any, algorithms: Any = None) -> Any:
    machine: Machine[Any] = Machine(algorithms or checked(), domain)
    known = given.hyperparameters if id in WHOLE else {}
    return machine.run(id, given.inputs, given.parameters, known)


def apart(id: str, given: Inputs, algorithms: Any = None) -> int:
    """How many numbers of an algorithm are surely not those of attention as a whole."""
    with Balls(BITS) as balls:
        whole = run(WHOLE[id], given, balls).ravel()
        blocks = run(id, given, balls, algorithms).ravel()
        assert all(one.rad() < 2.0 ** (-BITS / 2) for one in blocks)
        return sum(not one.overlaps(other) for one, other in zip(whole, blocks, strict=True))


@pytest.mark.parametrize(("B", "N_B"), BLOCKS)
@pytest.mark.parametrize("id", WHOLE)
def test_blocks_of_any_size_give_attention(id: str, B: int, N_B: int) -> None:
    assert apart(id, inputs(id, B, N_B)) == 0


@pytest.mark.parametrize("id", WHOLE)
def test_a_query_that_may_ask_nothing_gets_zeros(id: str) -> None:
    found = run(id, inputs(id), Floats())
    assert found[:, 1].tolist() == [0.0] * len(found)
    assert all(column.any() for column in np.delete(found, 1, axis=1).T)


@pytest.mark.parametrize("id", ["C6", "C7"])
def test_large_scores_do_not_overflow(id: str) -> None:
    loud = inputs(id)
    Q, K, V = loud.inputs
    for queries in (1e6 * np.abs(Q), -1e6 * np.abs(Q)):  # exp of every score is ∞, or 0
        scores = replace(loud, inputs=(queries, np.abs(K), V))
        found = run(id, scores, Floats()).astype(float)
        whole = run("C1", scores, Floats()).astype(float)
        assert np.isfinite(found).all()
        assert not np.isfinite(whole).all() or not whole.any()
        assert found[:, 2] == pytest.approx(V[:, -1], rel=2.0**-50)  # the one key that it may ask


@pytest.mark.parametrize(
    ("line", "old", "new"),
    [
        ("C6.1", " / √d_attn", ""),
        ("C6.3", "(i−1) B+1 : i B", "1:B"),
        ("C6.4", "i − 1", "N_B − i"),
        ("C6.8", "A[u, t]", "A[u, 1]"),
        ("C6.10", " / n[t]", ""),
        ("C7.1", " / √d_attn", ""),
        ("C7.6", "(i−1) B+1 : i B", "1:B"),
        ("C7.7", "i − 1", "N_B − i"),
        ("C7.8", "max(m[t], max(S[:, t]))", "max(S[:, t])"),
        ("C7.12", "m[t] − r[t]", "m[t]"),
        ("C7.13", "c[t] n[t]", "n[t]"),
        ("C7.14", "c[t] A[:, t]", "A[:, t]"),
        ("C7.14", "(i−1) B+1 : i B", "1:B"),
        ("C7.15", "m ← m̂", "m ← m"),
        ("C7.17", " / n[t]", ""),
    ],
)
def test_a_wrong_line_is_seen(line: str, old: str, new: str) -> None:
    id = line.partition(".")[0]
    assert apart(id, inputs(id), {**checked(), id: changed(line, old, new)}) > 0
