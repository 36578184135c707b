"""Are the costs of the algorithms, as polynomials, what a run of them does and holds?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import pairwise, repeat
from typing import Any

import numpy as np
import pytest
from helpers.changed_texts import read, understood
from helpers.counting import Counting

from spec.cost import Cost, Operations, cost, value
from spec.cost.counts import CostError
from spec.cost.memory import Peak, never_negative
from spec.cost.presets import presets
from spec.inputs.draw import SIZES, as_required, draw
from spec.language.checked import Checked
from spec.language.names import Built, Variable
from spec.language.polynomials import Atom, Poly
from spec.language.tree import (
    Call,
    If,
    Index,
    Infinity,
    Line,
    Name,
    Node,
    Number,
    Ones,
    Transpose,
    walk,
)
from spec.language.types import Bundle
from spec.library import checked, paper
from spec.machine import Frame, Machine, Parameters, Watcher
from spec.pairing import Ref

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

GPT2_SMALL = {**presets()["gpt2-small"], "length(x)": 1024}
LENGTHS = {"ℓ", "length(x)", "length(z)", "length(x_n)", "length(z_n)", "turns"}
#: Sums over the tokens of a sequence from the second on, or from one behind a prefix: they have no
#: terms where the first number is the second.
EMPTY_SUMS = {
    **dict.fromkeys((("11", 5), ("13", 5), ("D9", 6)), ("length(x_n)", "1")),
    ("D6", 1): ("ℓ", "ℓ_p"),
    ("D7", 1): ("ℓ", "1"),
}

every_algorithm = pytest.mark.parametrize("id", checked())


class Meter(Machine[Any]):
    """Runs an algorithm, and notes for each of its lines what was done and how much was held.

    A gradient is θ itself: neither computing it nor what that takes is seen.
    """

    def __init__(
        self, algorithms: Mapping[str, Checked], turns: int = 100, random: float = 0.0
    ) -> None:
        watcher = Watcher()
        watcher.call = self.began  # type: ignore[method-assign]
        watcher.line = self.done  # type: ignore[method-assign]
        # With 0 everything that may be masked is, and the last token is drawn.
        super().__init__(
            algorithms, Counting(), random=repeat(random), turns=turns, watcher=watcher
        )
        self.operations: dict[int, Counter[str]] = {}
        self.held: dict[int, int] = {}
        self.before: Counter[str] = Counter()
        self.most = 0
        self.frames: list[tuple[Frame, dict[Any, Any]]] = []
        self.waiting: list[list[int]] = []

    # What the watcher sees

    def began(self, frame: Frame) -> None:
        if not self.frames:
            header = frame.checked.header
            inputs = [key for key, type in header.inputs if isinstance(type, Bundle)]
            given = [frame.variables[key] for key in (*header.fields, *inputs)]
            self.parameters = sum(map(numbers, given))
        self.frames.append((frame, dict(frame.variables)))

    def done(self, frame: Frame, line: Line, values: Mapping[str, Any]) -> None:
        self.waiting[-1].clear()
        if len(self.frames) == 1:
            now = Counter(self.domain.operations)
            self.operations.setdefault(line.number, Counter()).update(now - self.before)
            self.held[line.number] = max(self.held.get(line.number, 0), self.most)
            self.before, self.most = now, 0

    # What is held

    def call(self, *arguments: Any) -> Any:
        self.waiting.append([])
        result = super().call(*arguments)
        self.waiting.pop()
        self.frames.pop()
        return result

    def expression(self, node: Node, frame: Frame) -> Any:
        self.waiting.append([])
        value = super().expression(node, frame)
        operands = self.waiting.pop()
        match node:
            case Index() | Transpose():
                size = operands[0]
            case Number() | Infinity() | Ones():
                size = 0
            case Name() if isinstance(frame.checked.names.uses[node], Variable | Built):
                size = 0
            case Call() if node in frame.checked.names.functions:
                size = 0
            case _:
                size = numbers(value)
                self.note(sum(operands) + size)
        self.waiting[-1].append(size)
        return value

    def statement(self, statement: Any, frame: Frame) -> None:
        self.waiting.append([])
        match statement:
            case If(condition, body):  # which is taken to hold
                self.condition(condition, frame)
                self.statement(body, frame)
                self.note(0)
            case _:
                super().statement(statement, frame)
        self.waiting.pop()

    def normalised(self, weights: Any) -> Any:
        q = super().normalised(weights)
        self.note(numbers(q))
        return q

    def gradient(self, call: Call, frame: Frame) -> Any:
        return self.expression(call.arguments[0], frame)

    def note(self, more: int) -> None:
        variables = sum(
            numbers(value)
            for frame, given in self.frames
            for key, value in frame.variables.items()
            if value is not given.get(key)
        )
        self.most = max(self.most, variables + sum(map(sum, self.waiting)) + more)


def numbers(value: Any) -> int:
    """Count the real numbers of a value of the machine's."""
    match value:
        case int() | list() | set():
            return 0
        case np.ndarray():
            return 0 if value.size and isinstance(value.flat[0], int) else value.size
        case dict():
            return sum(map(numbers, value.values()))
        case tuple():
            return sum(map(numbers, value))
        case Parameters():
            return sum(map(numbers, value.fields.values()))
    if hasattr(value, "last"):  # a function that is defined: the value that it has
        return sum(numbers(result) for *_, result in value.last[-1:])
    return 0 if callable(value) else 1


@cache
def of(id: str) -> Cost:
    return cost(checked(), id)


def counts(operations: Operations, sizes: Mapping[str, int]) -> dict[str, int]:
    found = {kind: value(number, sizes) for kind, number in operations.kinds.items()}
    return {kind: number for kind, number in found.items() if number}


def peaks(cost: Cost, meter: Meter, sizes: Mapping[str, int]) -> dict[int, int]:
    """Return the peaks of the lines that a run comes to, a `for` and an `end` not among them."""
    return {
        line: max((peak.value(sizes) for peak in cost.memory[line]), default=0)
        for line in meter.held
    }


def drawn_sizes(id: str, source: np.random.Generator, most: int) -> dict[str, int]:
    names = {*of(id).sizes, "T", "ℓ", "ℓ_x", "ℓ_z", "d_x", "d_z", "d_out", "d_in"}
    sizes = {name: int(source.integers(1, most + 1)) for name in sorted(names)}
    sizes |= {name: min(2, sizes[name]) for name in ("N_data", "N_epochs") if name in sizes}
    if "ℓ_gen" in sizes:
        sizes["ℓ_gen"] += 1  # the loops of K2 and K7, which begin at 2, have a turn
    longest = max(size for name, size in sizes.items() if name in LENGTHS)
    sizes["ℓ_max"] = longest + sizes.get("ℓ_gen", 1) + sizes.get("ℓ", 0)
    if "N_steps" in sizes:
        sizes["N_warm"] = sizes["N_steps"] - 1
    if "d_rot" in sizes:
        sizes["d_attn"] = sizes.get("d_attn", 1) + 2 * sizes["d_rot"]
    for atom, size in checked()[id].header.equal.items():
        sizes[atom.name] = value(size, sizes)
    if "turns" in sizes:  # the first token would end the loop
        sizes["N_V"] = max(sizes["N_V"], 2)
    known = as_required({**SIZES, **sizes}, checked()[id].header)
    return {name: known[name] for name in sizes}


def run(id: str, source: np.random.Generator, sizes: Mapping[str, int]) -> Meter:
    """Run an algorithm at given sizes."""
    given = {name: size for name, size in sizes.items() if name != "turns"}
    inputs = draw(checked(), id, source, sizes=given, values={"eos_token": 1})
    header = checked()[id].header
    names = [str(key) for key, _ in header.inputs]
    given = [
        [one[: sizes[f"length({name})"]] for one in value] if name in {"x_n", "z_n"} else value
        for name, value in zip(names, inputs.inputs, strict=True)
    ]
    # Where all is masked, line 4.5 sets something.
    parameters = [
        0 * value if str(key) == "Mask" else value
        for (key, _), value in zip(header.parameters, inputs.parameters, strict=True)
    ]
    # With 1 the token of a draft does not stay.
    meter = Meter(checked(), sizes.get("turns", 100), 1.0 if id == "S6" else 0.0)
    meter.run(id, given, parameters, inputs.hyperparameters)
    return meter


@cache
def runs(id: str) -> list[tuple[Meter, dict[str, int]]]:
    """Return runs of an algorithm at several sizes, all of them 1 at first, as far as may be."""
    source = np.random.default_rng(7)
    several = [drawn_sizes(id, source, most) for most in (1, 2, 4)]
    return [(run(id, source, sizes), sizes) for sizes in several]


def parsed(*texts: str) -> dict[str, Checked]:
    """Read algorithms as if the library held them too."""
    programs = [read(text) for text in texts]
    return {**checked(), **{one.id: understood(one, *programs) for one in programs}}


# operations ---------------------------------------------------------------------------------------


@every_algorithm
def test_each_line_does_in_a_run_what_its_polynomials_say(id: str) -> None:
    for meter, sizes in runs(id):
        for line, operations in of(id).lines.items():
            expected = counts(operations, sizes)
            ends = EMPTY_SUMS.get((id, line))
            if ends and sizes[ends[0]] == sizes.get(ends[1], 1):
                steps = sizes.get("N_data", 1) * sizes.get("N_epochs", 1)  # no terms, no addition
                expected["add"] = expected.get("add", 0) + steps
            found = meter.operations.get(line, {})
            if (id, line) == ("D9", 10):  # the learning rate rises in some steps only
                assert Counter(found) <= Counter(expected), sizes
            else:
                assert found == expected, (line, sizes)


def test_multiply_adds_are_those_of_the_textbook() -> None:
    assert str(of("4").total["multiply-add"]) == (
        "d_attn d_x ℓ_x + d_attn d_z ℓ_z + d_attn ℓ_x ℓ_z + d_out d_z ℓ_z + d_out ℓ_x ℓ_z"
    )
    assert str(of("10").total["multiply-add"]) == (
        "2 H L d_attn d_e length(x) + H L d_attn length(x)² + 2 H L d_e d_mid length(x)"
        " + H L d_mid length(x)² + 2 L d_e d_mlp length(x) + N_V d_e length(x)"
    )


def test_with_one_head_of_queries_in_each_group_attention_costs_what_it_does_without() -> None:
    alone = {Atom("H_kv"): Poly.of(Atom("H")), Atom("R"): Poly.of(1)}
    assert of("H2").total.map(lambda number: number.replace(alone)) == of("5").total
    assert of("H2").parameters.replace(alone) == of("5").parameters
    # The rest is that of the heads of queries, H_kv R of them.
    added = of("H2").total["multiply-add"] - of("5").total["multiply-add"].replace(
        {Atom("H"): Poly.of(Atom("H_kv"))}
    )
    assert str(added) == (
        "H_kv R d_attn d_x ℓ_x + H_kv R d_attn ℓ_x ℓ_z + H_kv R d_mid d_out ℓ_x"
        " + H_kv R d_mid ℓ_x ℓ_z − H_kv d_attn d_x ℓ_x − H_kv d_attn ℓ_x ℓ_z"
        " − H_kv d_mid d_out ℓ_x − H_kv d_mid ℓ_x ℓ_z"
    )


def test_layers_that_share_keys_and_values_project_to_them_once() -> None:
    one = {Atom("L_s"): Poly.of(1)}
    shared = of("X3").total.map(lambda number: number.replace(one))
    assert shared["multiply-add"] == of("X1").total["multiply-add"]
    assert of("X3").parameters.replace(one) == of("X1").parameters
    assert of("X2").total == of("X1").total  # a window hides, and saves nothing here


def test_only_what_depends_on_the_data_is_counted_at_most() -> None:
    found = {id: set(of(id).at_most) for id in paper() if of(id).at_most}
    assert found == {"12": {9}}


# parameters ---------------------------------------------------------------------------------------


@every_algorithm
def test_parameters_are_as_many_as_are_given(id: str) -> None:
    for meter, sizes in runs(id):
        assert value(of(id).parameters, sizes) == meter.parameters


# memory -------------------------------------------------------------------------------------------


@every_algorithm
def test_the_most_that_a_run_holds_is_the_peak_of_each_line_and_of_all(id: str) -> None:
    for meter, sizes in runs(id):
        assert meter.held == peaks(of(id), meter, sizes), sizes
        most, path = of(id).peak(sizes)
        assert most == max(meter.held.values()) == meter.held[path[0].line]


@every_algorithm
def test_a_peak_is_traced_into_the_calls(id: str) -> None:
    for peak in of(id).peaks:
        assert peak.path[0].algorithm == id
        for outer, inner in pairwise(peak.path):
            (line,) = [
                one for one in checked()[outer.algorithm].program.lines if one.number == outer.line
            ]
            callees = checked()[outer.algorithm].typing.callees
            called = {callees[node] for node in walk(line.statement) if node in callees}
            assert inner.algorithm in called


@every_algorithm
def test_no_peak_is_covered_by_another(id: str) -> None:
    for peak in of(id).peaks:
        assert [other for other in of(id).peaks if other.covers(peak)] == [peak]


def test_the_logits_of_gpt2_small_are_its_peak() -> None:
    most, path = of("10").peak(GPT2_SMALL)
    assert most == 1024 * (2 * 50257 + 3 * 768)
    assert path == (Ref("10", 11),)


def test_a_longer_context_moves_the_peak_into_attention() -> None:
    path = of("10").peak({**GPT2_SMALL, "length(x)": 100_000})[1]
    assert path == (Ref("10", 6), Ref("5", 2), Ref("4", 6))


@pytest.mark.parametrize(
    ("id", "layers", "tokens", "columns"),
    [
        ("∇10", "L", "length(x)", 2),
        ("∇9", "L", "length(x̃)", 3),
        ("∇8", "L_enc", "length(z)", 3),
        ("∇8", "L_dec", "length(x)", 4),
    ],
)
def test_training_keeps_a_few_columns_a_token_and_layer(
    id: str, layers: str, tokens: str, columns: int
) -> None:
    kept = tuple(sorted((layers, "d_e", tokens)))
    for peak in of(id).peaks:
        terms = peak.numbers.terms.items()
        named = {tuple(sorted(atom.name for atom in atoms)): factor for atoms, factor in terms}
        assert named[kept] == columns


a, b = (Poly.of(Atom(name)) for name in "ab")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (a * 0, True),
        (a - 1, True),
        (a * b - a, True),
        (a * a - a, True),
        (2 * a * b - a - b, True),
        (a - b, False),
        (a - 2, False),
        (a * b - a * a, False),
        (a * b - a - 1, False),
    ],
)
def test_what_is_never_negative_where_sizes_are_at_least_1(size: Poly, expected: bool) -> None:
    assert never_negative(size) == expected


def test_a_peak_that_needs_more_covers_nothing_that_needs_less() -> None:
    path = (Ref("4", 1),)
    high, low = Peak(2 * a, path), Peak(a, path)
    later = Peak(2 * a, path, frozenset({b - 2}))
    assert high.covers(low)
    assert not low.covers(high)
    assert high.covers(later)
    assert not later.covers(low)


# What the fifteen have not, or not in these forms -------------------------------------------------

MIX = """\
Algorithm X91: Y ← Mix(X, x | W, b, Part)
Input: X ∈ ℝ^{d_e×ℓ}
       x ∈ V*
Output: Y ∈ ℝ^{N d_e×ℓ}
Parameters: W ∈ ℝ^{d_e×d_e}, b ∈ ℝ^{d_e}
Hyperparameters: Part ∈ ℝ^{d_e×ℓ}, N ∈ ℕ, p ∈ (0,1)

1  for i = 1, …, N:
2      A ← exp(W X) ⊙ X + Part
3      Y^i ← (A + Part) / √N
4      for t ∈ [ℓ]: B^i[:, t] ← −(A[:, t] − b)
5      c ← A[1, 1] + i with probability 2 · p, else log (A[1, 1] / 2 + i)
6      for t ∈ [ℓ]: if t ≤ ℓ then X[:, t] ← W b
7      D ← Σ_{j=1}^{i} (X ⊙ X)
8      g ← (bᵀ W b)³
9      for t ∈ [ℓ]: C[:, t] ← −X[:, t]
10 end
11 return Y = [Y^1; …; Y^N]
"""
EMBED = """\
Algorithm X92: E ← Embed(x, W)
Input: x ∈ V*
       W ∈ ℝ^{d_e×N_V}
Output: E ∈ ℝ^{d_e×length(x)}

1  for t ∈ [length(x)]: E[:, t] ← W[:, x[t]]
2  return E = E + E
"""
GROW = """\
Algorithm X93: x̂ ← Grow(x, W)
Input: x ∈ V*
       W ∈ ℝ^{d_e×N_V}
Output: x̂ ∈ V*
Requires: 1 ≤ length(x)

1  y ← 0
2  while y ≠ 1:
3      E ← Embed(x, W + W)
4      G ← E Eᵀ + E Eᵀ
5      y ← 2
6      x ← [x, x[1], x[1]]
7  end
8  F ← Embed(x, W)
9  return x̂ = x
"""


@pytest.mark.parametrize("length", [1, 2])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_other_forms_of_lines_cost_what_a_run_does(turns: int, length: int) -> None:
    algorithms = parsed(MIX)
    sizes = {"N": turns, "d_e": 3, "ℓ": length}
    found = cost(algorithms, "X91")
    meter = Meter(algorithms)
    random = np.random.default_rng(7).standard_normal
    given = random((3, 3)), random(3), random((3, length))
    meter.run("X91", [random((3, length)), [1]], given, {"N": turns, "p": 0.4})
    done = {line: counts(one, sizes) for line, one in found.lines.items() if one.kinds}
    assert found.at_most == {5, 6}
    assert done.pop(5) == {kind: turns * n for kind, n in EITHER.items()}
    assert meter.operations[5] == {"add": turns, "multiply": turns}
    assert done == {line: meter.operations[line] for line in done}
    assert meter.held == peaks(found, meter, sizes)


EITHER = {"add": 2, "multiply": 1, "divide": 1, "log": 1}


@pytest.mark.parametrize("turns", [1, 2, 4])
def test_a_sequence_that_grows_by_two_is_as_long_as_it_gets(turns: int) -> None:
    algorithms = parsed(EMBED, GROW)
    sizes = {"N_V": 2, "d_e": 3, "length(x)": 2, "turns": turns}
    found = cost(algorithms, "X93")
    meter = Meter(algorithms, turns)
    meter.run("X93", [[1, 2], np.zeros((3, 2))])
    done = {line: counts(one, sizes) for line, one in found.lines.items() if one.kinds}
    assert done == {line: meter.operations[line] for line in (3, 4, 8)}
    assert meter.held == peaks(found, meter, sizes)


def test_a_sequence_that_doubles_has_no_polynomial_cost() -> None:
    doubling = GROW.replace("[x, x[1], x[1]]", "[x, x]")
    with pytest.raises(CostError, match=r"Algorithm X93, line 2: a sequence does not grow by"):
        cost(parsed(EMBED, doubling), "X93")
