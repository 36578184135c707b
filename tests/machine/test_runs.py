"""Does the machine do what the pseudocode says, at all sizes, and disturb nothing?

That it computes what the reference computes, line by line, is shown where they are tied.
"""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
from flint import arb, ctx
from helpers.changed_texts import read, understood
from helpers.paper import PAPER, TRAINING
from helpers.rounding import gamma
from helpers.runs import Largest, Seen, changed, comparable, drawn, run, stream

from spec.domains import Floats, Reverse
from spec.domains.balls import Balls
from spec.domains.depth import Depths
from spec.expected.trace import numbers
from spec.inputs.draw import SIZES, draw
from spec.language.errors import CheckError
from spec.language.types import sizes_of
from spec.library import checked
from spec.machine import Machine, Parameters, Watcher

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

IDS = list(checked())
every_algorithm = pytest.mark.parametrize("id", IDS)
without_gradients = pytest.mark.parametrize("id", [id for id in IDS if id not in TRAINING])


# Over every domain ----------------------------------------------------------------------------


@pytest.mark.parametrize("id", [str(n) for n in range(1, 11)])
def test_the_exact_value_lies_in_the_ball_and_near_the_float(id):
    inputs, largest = drawn(id), Largest()
    rounded = run(id, inputs, watcher=largest)
    depth = max(one.depth for one in run(id, inputs, Depths()).ravel())
    coarse, fine = run(id, inputs, Balls(128)), run(id, inputs, Balls(256))
    for number, one, other in zip(rounded.flat, coarse.flat, fine.flat, strict=True):
        assert one.contains(other)
        assert abs(other - arb(float(number))) <= gamma(depth) * largest.number


@without_gradients
def test_plain_numbers_make_constants_of_a_domain_with_derivatives(id):
    inputs = drawn(id)
    same = run(id, inputs, Reverse(Floats()), random=stream())
    assert comparable(same) == comparable(run(id, inputs, random=stream()))


# Special cases --------------------------------------------------------------------------------


TYPES = [type for one in checked().values() for type in one.header.variables.values()]
NAMES = {atom.name for type in TYPES for atom in sizes_of(type) if atom.kind == "size"}


@every_algorithm
def test_every_size_may_be_1(id):
    ones = dict.fromkeys(NAMES, 1) | {"N_V": 2, "ℓ_max": 4, "N_steps": 2, "N_data": 2}
    if "d_rot" in checked()[id].header.size_names:  # two rows of a query are turned together
        ones["d_attn"] = 2
    inputs = draw(checked(), id, np.random.default_rng(0), ones)
    run(id, inputs, random=stream())
    run(id, inputs, Balls(), random=stream())


@pytest.mark.parametrize(
    ("id", "sizes", "shape"),
    [
        ("3", {"T": 0}, (SIZES["d_out"], 1)),
        ("4", {"l_z": 0}, (SIZES["d_out"], SIZES["ℓ_x"])),
        ("4", {"l_x": 0}, (SIZES["d_out"], 0)),
    ],
)
def test_without_tokens_there_are_zeros_or_no_columns(id, sizes, shape):
    assert run(id, drawn(id, **sizes)).tolist() == np.zeros(shape).tolist()


def test_with_a_vocabulary_of_one_token_it_is_certain():
    assert run("10", drawn("10", N_V=1)).tolist() == [[1.0] * SIZES["length(x)"]]


@pytest.mark.parametrize("sizes", [{"N_epochs": 0}, {"N_data": 0}])
@pytest.mark.parametrize("id", sorted(TRAINING & {*PAPER}))
def test_training_without_a_step_changes_nothing(id, sizes):
    inputs = drawn(id, **sizes)
    (θ,) = (part for part in inputs.inputs if isinstance(part, Parameters))
    assert list(numbers(run(id, inputs))) == list(numbers(θ))


def test_a_loss_without_terms_has_gradient_0():
    inputs = changed(drawn("12"), p_mask=1e-9, mask_token=1, input0=[[2, 3], [4, 5]])
    trained = run("12", inputs, random=stream())
    assert list(numbers(trained)) == list(numbers(inputs.inputs[1]))


def test_a_continuation_may_be_empty():
    assert run("14", drawn("14", l_gen=0)) == []


# Loops that end, and do not ---------------------------------------------------------------------


def test_a_loop_that_does_not_end_is_stopped_and_noted():
    inputs, another = changed(drawn("15"), eos_token=1), drawn("6")
    machine = Machine(checked(), Floats(), random=itertools.repeat(0.0), turns=3)
    found = machine.run("15", inputs.inputs, inputs.parameters, inputs.hyperparameters)
    assert found == [inputs.hyperparameters["bos_token"], *[SIZES["N_V"]] * 3]
    assert machine.stopped == ["15.3"]
    machine.run("6", another.inputs, another.parameters)
    assert machine.stopped == []


GROWING = """\
Algorithm X91: E ← Grow(x | W_e)
Input: x ∈ V*
Output: E ∈ ℝ^{d_e×N_V}
Parameters: W_e ∈ ℝ^{d_e×N_V}
Hyperparameters: eos_token ∈ V

1  y ← 1
2  while y ≠ eos_token:
3      x ← [x, eos_token]
4      for t ∈ [length(x)]: E[:, t] ← W_e[:, x[t]]
5      y ← length(x)
6  end
7  return W_e
"""


def test_the_length_of_what_a_while_grows_is_known_in_its_turns():
    seen = []
    watcher = Seen("X91.4", lambda frame, values: seen.append(values["E"].shape))
    machine = Machine({"X91": understood(read(GROWING))}, Floats(), watcher=watcher)
    machine.run("X91", [[1]], [np.ones((2, 5))], {"eos_token": 3})
    assert seen == [(2, 2), (2, 3)]
    assert machine.stopped == []


TURNED = """\
Algorithm X92: Y ← turned(X)
Input: X ∈ ℝ^{m×n}
Output: Y ∈ ℝ^{m×n}

1  Y ← X
2  for i ∈ [m]: Y[i, :] ← X[m − i + 1, :]
3  return Y
"""


def test_a_row_is_set_as_a_column_is():
    machine = Machine({"X92": understood(read(TURNED))}, Floats())
    X = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(machine.run("X92", [X]), X[::-1])


DOWN = """\
Algorithm X93: k, Y ← down(X)
Input: X ∈ ℝ^{m n×d}
Output: k ∈ ℝ, Y ∈ ℝ^{m n×d}
Hyperparameters: m ∈ ℕ

1  [X^1; …; X^m] ← X
2  k ← 0 · 1
3  for i = m, …, 1:
4      k ← 10 k + i
5      Y^i ← k X^i
6  end
7  Y ← [Y^1; …; Y^m]
8  return k, Y = Y
"""


@pytest.mark.parametrize("m", [1, 3])
def test_a_loop_may_run_down_and_rows_are_divided(m):
    machine = Machine({"X93": understood(read(DOWN))}, Floats())
    X = np.ones((2 * m, 2))
    k, Y = machine.run("X93", [X], (), {"m": m})
    assert k == int("0" + "".join(map(str, range(m, 0, -1))))
    rows = [int("".join(map(str, range(m, i - 1, -1)))) for i in range(1, m + 1) for _ in (0, 1)]
    assert Y.tolist() == [[row, row] for row in rows]


def test_a_sequence_does_not_grow_in_a_loop_that_runs_down():
    down = GROWING.replace("while y ≠ eos_token:", "for i = d_e, …, 1:")
    with pytest.raises(CheckError, match="x grows in a loop that runs down"):
        understood(read(down))


# Nothing is disturbed ---------------------------------------------------------------------------


class Keeper(Watcher):
    """What was seen, and what it was then."""

    def __init__(self):
        self.seen = []

    def call(self, frame):
        self.keep(dict(frame.variables))

    def line(self, frame, line, values):
        self.keep(values)

    def keep(self, values):
        self.seen.append((values, repr(comparable(values))))


@every_algorithm
def test_what_was_seen_of_a_line_never_changes(id):
    keeper = Keeper()
    run(id, drawn(id), random=stream(), watcher=keeper)
    assert keeper.seen
    for values, before in keeper.seen:
        assert repr(comparable(values)) == before


@every_algorithm
def test_no_input_is_changed_and_two_runs_give_the_same(id):
    inputs = drawn(id)
    before = copy.deepcopy(inputs)
    one, other = (run(id, inputs, random=stream()) for _ in range(2))
    assert repr(inputs) == repr(before)
    assert comparable(one) == comparable(other)


def test_a_run_leaves_the_precision_as_it_was():
    run("4", drawn("4"), Balls(333))
    assert ctx.prec == 53
