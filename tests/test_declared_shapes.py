"""Are the shapes in the annotations those that the pseudocode declares?

Arguments are drawn from the pseudocode's declarations, where every size is a prime of its own, and
are brought into Python's form: the names of an annotation are the sizes of each of their arrays.
Their result is drawn like one more input. What Python adds, leading axes, is not in this form.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import starmap
from typing import Any, Generic, NamedTuple, cast

import numpy as np
import pytest
from helpers.paper import PAPER
from helpers.public_things import parameter_classes
from jaxtyping import Float, Integer

from algorithms.signatures.annotations import (
    ArrayOf,
    Declaration,
    Items,
    Number,
    Optional,
    Record,
    Several,
    declared,
    read,
)
from algorithms.signatures.arrays import A, A_co, Array
from algorithms.signatures.messages import compiled
from spec import symbols
from spec.inputs.draw import SIZES, draw, per_token
from spec.inputs.python_form import input_name, python_form
from spec.language import alg_file, parse, tree
from spec.language.checked import Checked, declarations
from spec.language.header import Argument, Header
from spec.language.plain_text import text
from spec.language.types import Key, Tokens, Type, sizes_of
from spec.library import checked, programs
from spec.pairing import implementations

OURS = implementations("algorithms")
TOKENS = 2  # taken at once by what takes one token in the paper
WRITTEN = object()  # a result whose length is not declared
#: Twice the least is less than any other, and K14's ℓ = k + w − 1 is none of them.
PRIMES = [n for n in (3, *range(11, 200)) if all(n % factor for factor in range(2, n))]

#: What a function requires of a hyperparameter that the pseudocode declares in this way.
RANGES = {
    "ℕ": "{} >= 0",
    "V": "0 <= {} < N_V",
    "[ℓ_max]": "1 <= {} <= ell_max",
    "(0, 1)": "0 < {} < 1",
    "(0, ∞)": "{} > 0",
}

NONE = "the spec has none"
NOT_REQUIRED = "the spec does not require it"
#: What differs: in which algorithms, what, how, and why.
LISTED = [
    ("8 9 10 11 12 13 14 15", "activation", NONE, "ReLU or GELU unless another is given"),
    (
        "5 8 9 10 14 15",
        "attention",
        NONE,
        "Algorithm 4 unless another is given that is equal to it",
    ),
    ("9 10", "padding", NONE, "which tokens only fill up a batch; the paper has no batch"),
    ("8", "padding_x", NONE, "the same, of x"),
    ("8", "padding_z", NONE, "the same, of z"),
    ("12 14 15", "rng", NONE, "where random numbers come from"),
    ("14 15", "weigh", NONE, "which tokens may be drawn; the paper draws from all of them"),
    ("11 12 13", "value_and_gradient", NONE, "how ∇loss(θ) is found; the paper does not say (A13)"),
    ("15", "ell_gen", NONE, "an end to a loop that has none in the paper (A5)"),
    ("6 8 9 10 11 12 13 14 15", "eps >= 0", NOT_REQUIRED, "or √(v + ε) might have no value"),
    ("14 15 K2 K3 K7 K13 K15", "τ ∈ (0, ∞)", "not required", "0 and ∞ have their limits"),
    ("14 15", "tau >= 0", NOT_REQUIRED, "0 and ∞ have their limits"),
    ("D3", "special", NONE, "tokens that BERT does not mask, which no text declares (A10)"),
    ("D1", "alpha >= 0", NOT_REQUIRED, "it is a part of the weight"),
    ("D1", "alpha <= 1", NOT_REQUIRED, "it is a part of the weight"),
    ("O4", "i >= 0", NOT_REQUIRED, "the text has i ∈ ℕ, an input"),
    ("D9 O4", "eta_min >= 0", NOT_REQUIRED, "a step does not climb"),
    ("D9 O4", "N_steps ∈ ℕ", "not required", "follows from N_warm + 1 ≤ N_steps"),
    ("D9", "B ∈ ℕ", "not required", "follows from 1 ≤ B"),
    ("C4 C5 C6 C7", "B ∈ ℕ", "not required", "follows from B >= 1"),
    ("C4 C5 C6 C7", "B >= 1", NOT_REQUIRED, "follows but where there are no columns"),
    ("C4 C6", "ℓ_x = N_B B", "not required", "the last block may be smaller"),
    ("C5 C7", "ℓ_z = N_B B", "not required", "the last block may be smaller"),
    ("X2 H10 K12 K13 K14 K15", "w ∈ ℕ", "not required", "follows from 1 ≤ w, or from w = ℓ + 1"),
    ("K14", "t_0 ∈ ℕ", "not required", "follows from k ≤ t_0"),
    ("F3 K15", "k ∈ ℕ", "not required", "follows from 1 ≤ k"),
    ("K2 K7 K13 K15", "ℓ_gen ∈ ℕ", "not required", "follows from 1 ≤ ℓ_gen"),
    ("K2 K4 K6 K7 K12 K13 K14 K15", "1 <= L", NOT_REQUIRED, "a cache of no layer has no length"),
    ("K3 K5", "1 <= L_dec", NOT_REQUIRED, "a cache of no layer has no length"),
    ("S2 S4", "α ∈ (0, 1)", "not required", "where it is 0 or 1 nothing is left out"),
    ("S2", "0 < alpha <= 1", NOT_REQUIRED, "with 1 nothing is left out"),
    ("S4", "0 <= alpha <= 1", NOT_REQUIRED, "with 0 nothing is left out"),
    ("S6", "0 <= y < N_V", NOT_REQUIRED, "y is a token"),
    ("S5", "0 <= s < N_S", NOT_REQUIRED, "s is a state"),
    ("P2", "return", "integer *batch for float64", "a count, of what has no type of numbers"),
    ("S7", "B ∈ ℕ", "not required", "follows from 1 ≤ B"),
    ("S7", "ℓ_gen ∈ ℕ", "not required", "follows from 1 ≤ ℓ_gen"),
    ("D3", "N_V ∈ ℕ", "not required", "follows from mask_token < N_V"),
    ("D4 D5", "length(x) + 1 ≤ first_sentinel", "not required", "of tokens from 0: ell is less"),
    ("D4 D5", "N_V ∈ ℕ", "not required", "follows from first_sentinel < N_V"),
    ("D4 D5", "ell <= first_sentinel", NOT_REQUIRED, "length(x) + 1 ≤ first_sentinel, from 0"),
    (
        "D4 D5",
        "first_sentinel < N_V",
        NOT_REQUIRED,
        "the text has first_sentinel ∈ [N_V], an input",
    ),
    ("D7", "0 <= c < N_C", NOT_REQUIRED, "c is a class"),
    ("D6", "ℓ_p ∈ ℕ", "not required", "follows from 1 ≤ ℓ_p"),
    ("R7", "κ ∈ ℕ", "not required", "follows from 1 ≤ κ"),
    ("R7 R8 X8", "D ∈ ℕ", "not required", "follows from κ ≤ D"),
    ("R8 X8", "1 ≤ κ", "not required", "a table of no column is refused"),
    ("X8", "1 ≤ κ_dec", "not required", "a table of no column is refused"),
    ("14", "ell <= ell_max", NOT_REQUIRED, "follows but where ℓ_gen = 0"),
    ("15", "ell_gen >= 0", NOT_REQUIRED, "ell_gen is ours"),
    ("15", "ell_gen <= ell_max", NOT_REQUIRED, "ell_gen is ours"),
]


def primes(header: Header) -> dict[str, int]:
    """A prime for each size of an algorithm: there are few layers and heads.

    The least is for one that may not be larger than another, `d_rot` in `2 d_rot ≤ d_attn`.
    """
    limited = {
        atom.name
        for requirement in header.requirements
        for atom in requirement.excess.atoms
        if (requirement.excess.coefficients(atom)[1].constant or 0) < 0
    }
    own = {atom.name for type in header.variables.values() for atom in sizes_of(type)}
    names = sorted(own & SIZES.keys(), key=lambda name: (name not in limited, SIZES[name], name))
    return dict(zip(names, PRIMES, strict=False))


def listed(id: str) -> set[tuple[str, str]]:
    """What is listed of an algorithm; of one of ours, all that may be added to any algorithm."""
    return {
        (name, how)
        for ids, name, how, _ in LISTED
        if id in ids.split() or (id not in PAPER and how in (NONE, NOT_REQUIRED))
    }


@cache
def stacked() -> set[type]:
    """The parameters that others have by heads, which lead their arrays like a batch."""
    fields = [part for cls in parameter_classes() for part in read(cls).fields.values()]
    return {part.type for part in fields if isinstance(part, Record) and "batch" in part.names}


def wanted(algorithms: Mapping[str, Checked], id: str) -> dict[str, Any]:
    """The arguments that the pseudocode declares in Python's form, and the result.

    How many tokens a text has that is a result, no declaration says; it is left out, or `WRITTEN`.
    """
    header = algorithms[id].header
    times = TOKENS if per_token(header) else 1

    def drawn(*results: Argument) -> dict[str, Any]:
        with_results = replace(header, inputs=(*header.inputs, *results))
        planted = {**algorithms, id: replace(algorithms[id], header=with_results)}
        runs = [draw(planted, id, np.random.default_rng(0), primes(header)) for _ in range(times)]
        return python_form(planted, id, runs, np.float64)

    def result(key: Key, type: Type) -> Any:
        if isinstance(type, Tokens):
            return WRITTEN
        return drawn((key, type))[input_name(str(key), type)]

    results = tuple(starmap(result, header.outputs))
    form = drawn()
    if results[0] is not WRITTEN or len(results) > 1:
        form["return"] = results if len(results) > 1 else results[0]
    return form


class Comparison:
    """What a function declares, beside what an algorithm does."""

    def __init__(
        self, algorithms: Mapping[str, Checked], id: str, function: Callable[..., Any]
    ) -> None:
        self.algorithm, self.wanted = algorithms[id], wanted(algorithms, id)
        self.signature = declared(function)
        self.parts = {**self.signature.arguments, "return": self.signature.result}
        self.requires = getattr(function, "requires", ())
        self.primes = primes(self.algorithm.header)
        for atom, size in self.algorithm.header.equal.items():
            of_parts = {part: self.primes[part.name] for part in size.atoms}
            self.primes[atom.name] = size.value(of_parts)
        #: Sizes by their names in Python. The length of a sequence has one that is Python's own.
        self.sizes = {
            symbols.ascii(name): prime
            for name, prime in self.primes.items()
            if not name.startswith("length(")
        }

    def differences(self) -> Iterator[tuple[str, str]]:
        for name in self.signature.arguments.keys() - self.wanted.keys():
            yield name, NONE
        header = self.algorithm.header
        parameters = {
            symbols.ascii(key.glyph)
            for key, _ in header.parameters
            if key not in header.hyperparameters  # a mask
            and key not in header.learned_numbers  # one for each head
        }
        have = [name for name in self.parts if name in self.wanted]
        if have != [*self.wanted]:
            yield "arguments", f"{' '.join(have)} for {' '.join(self.wanted)}"
        for name in have:
            yield from self.compare(self.parts[name], self.wanted[name], name, name in parameters)
        for key, default in header.defaults.items():
            name = symbols.ascii(key.glyph)
            if self.signature.defaults.get(name) != default:
                yield name, f"{self.signature.defaults.get(name)} for the default {default}"
        rules = dict(self.rules())
        for written, rule in rules.items():
            if rule not in self.requires:
                yield written, "not required"
        for rule in self.requires:
            if rule not in rules.values():
                yield rule, NOT_REQUIRED

    def compare(
        self, declaration: Declaration, value: Any, path: str, parameter: bool = False
    ) -> Iterator[tuple[str, str]]:
        match declaration:
            case _ if value is WRITTEN:
                return
            case Several(parts):
                for place, (part, one) in enumerate(zip(parts, value, strict=True)):
                    yield from self.compare(part, one, f"{path}[{place}]")
            case Optional(part):
                yield from self.compare(part, value, path)
            case Record(cls, fields):
                if [*fields] != [*value._fields]:
                    yield path, f"{' '.join(fields)} for {' '.join(value._fields)}"
                for name in fields.keys() & {*value._fields}:
                    part, leads = fields[name], cls in stacked()
                    yield from self.compare(part, getattr(value, name), f"{path}.{name}", not leads)
            case Items(item, count):
                yield from self.shape((count,), (len(value),), f"{path}[…]")
                yield from self.compare(item, value[0], f"{path}[…]", parameter)
            case ArrayOf(batch, axes, kind):
                value = np.asarray(value)  # a number may be one without axes
                one = value.size == 1 or (batch and value.shape == (TOKENS,))  # or side by side
                value = value.flat[:1].reshape(()) if one and not axes else value
                if (value.dtype.kind, bool(batch and parameter)) != (kind[0], False):
                    yield path, f"{kind} {batch} for {value.dtype}"
                yield from self.shape(axes, value.shape, path)
            case Number(type):
                if not isinstance(np.asarray(value).item(), type):
                    yield path, f"{type.__name__} for {value}"

    def shape(
        self, axes: tuple[str, ...], shape: tuple[int, ...], path: str
    ) -> Iterator[tuple[str, str]]:
        """Compare sizes. A name that the pseudocode does not have is that of a length."""
        for axis, size in zip(axes, shape, strict=False):
            if axis.isidentifier() and size not in self.sizes.values():
                self.sizes.setdefault(axis, size)
        if [self.size(axis) for axis in axes] != [*shape]:
            yield path, f"{' '.join(axes)} for {' '.join(map(self.written, shape))}"

    def size(self, axis: str) -> float:
        """An axis may be a sum, of products: `H*d_attn`, `ell+ell_x`, `2*k+1`."""
        code = compiled(axis)
        sizes = {name: self.sizes.get(name, math.nan) for name in code.co_names}
        return cast("float", eval(code, {}, sizes))

    def written(self, size: int) -> str:
        """A size by the pseudocode's names."""
        return " ".join(name for name, prime in self.primes.items() if size % prime == 0) or str(
            size
        )

    def rules(self) -> Iterator[tuple[str, str]]:
        """What the pseudocode requires, and how Python writes it.

        No sequence is ever empty, and two sizes may be equal by having one name.
        """
        for row in self.algorithm.program.section("Hyperparameters"):
            for item in row.node.items if isinstance(row.node, tree.Declarations) else ():
                kind = text(item.kind) if isinstance(item, tree.Declaration) else ""
                for name in map(text, item.names):
                    if symbols.ascii(name) in self.wanted and kind in RANGES:
                        yield f"{name} ∈ {kind}", RANGES[kind].format(symbols.ascii(name))
        for requirement in self.algorithm.header.requirements:
            left, _, right = (rule := self.in_python(requirement.text)).partition(" == ")
            if left != right and not requirement.text.startswith("1 ≤ length("):
                yield requirement.text, rule

    def in_python(self, rule: str) -> str:
        """A condition as Python writes it: `ell <= ell_max` for `length(x) ≤ ℓ_max`."""
        names = {size: name for name, size in self.sizes.items()}

        def name(match: re.Match[str]) -> str:
            return names.get(self.primes.get(match[0]), match[0])

        rule = re.sub(r"length\([^)]*\)|[^\W\d][\w\u0300-\u036f]*", name, rule)
        rule = re.sub(r"(?<=\w) (?=\w)", " * ", rule)  # a product
        return rule.replace(" = ", " == ").replace("≤", "<=").replace("−", "-")


def found(
    id: str,
    function: Callable[..., Any] | None = None,
    algorithms: Mapping[str, Checked] | None = None,
) -> set[tuple[str, str]]:
    """Every difference of a function from an algorithm."""
    return {*Comparison(algorithms or checked(), id, function or OURS[id]).differences()}


def test_every_algorithm_of_the_paper_is_compared() -> None:
    assert set(PAPER) <= OURS.keys() <= checked().keys()


@pytest.mark.parametrize("id", OURS)
def test_nothing_differs_but_what_is_listed(id: str) -> None:
    assert found(id) == listed(id) if id in PAPER else found(id) <= listed(id)


def test_what_is_listed_has_a_reason() -> None:
    assert all(reason for *_, reason in LISTED)


# Planted: the function is wrong.


def test_wrong_annotations_are_seen() -> None:
    def layer_norm(
        e: Float[A, "*batch d_e ell"],
        beta: Float[A, "*#batch d_e"],
        gamma: Integer[Array, " d_g"],
        *,
        eps: float = 1e-5,
        ddof: int = 0,
    ) -> Float[A, "*batch ell d_e"]:
        raise NotImplementedError

    assert found("6", layer_norm) == {
        ("arguments", "e beta gamma eps return for e gamma beta eps return"),
        ("ddof", NONE),
        ("beta", "float *#batch for float64"),
        ("eps", "1e-05 for the default 0"),
        ("gamma", "integer  for float64"),
        ("gamma", "d_g for d_e"),
        ("return", "ell d_e for d_e 2"),
    }


def test_a_batch_of_parameters_is_seen_but_of_what_heads_are_stacked_of() -> None:
    class Wrong(NamedTuple, Generic[A_co]):
        W_q: Float[A_co, "*#batch d_attn d_e"]

    comparison = Comparison(checked(), "6", OURS["6"])
    comparison.sizes["d_attn"] = PRIMES[-1]
    value = Wrong(np.ones((PRIMES[-1], comparison.primes["d_e"])))
    assert [*comparison.compare(read(Wrong), value, "W")] == [
        ("W.W_q", "float *#batch for float64")
    ]


# Planted: the pseudocode is wrong.

HEADS, LAYER = "for h ∈ [H]: W^h_qkv as in", "theta.layers[…].W.W_qkv"
#: Where the text is changed, where it is seen, and all that is said; `...` stands for more of it.
EDITS = [
    # A shape, in its own algorithm, and in one that has it as a part, in that one's sizes.
    ("7", "W_u ∈ ℝ^{N_V×d_e}", "W_u ∈ ℝ^{d_e×N_V}", "7", [("W_u", "N_V d_e for d_e N_V")]),
    ("4", "W_v ∈ ℝ^{d_out×d_z}", "W_v ∈ ℝ^{d_out×d_x}", "4",
     [("W_qkv.W_v", "d_out d_z for d_out d_x")]),
    ("4", "W_k ∈ ℝ^{d_attn×d_z}", "W_k ∈ ℝ^{d_out×d_z}", "10",
     [(f"{LAYER}.W_k", "H d_attn d_e for H d_mid d_e")]),
    # A size that is not replaced, and heads that are not there.
    ("5", " with d_out = d_mid", "", "9",
     [(f"{LAYER}.W_v", "H d_mid d_e for H d_e d_e"), (f"{LAYER}.b_v", "H d_mid for H d_e")]),
    ("5", HEADS, "W_qkv as in", "5", [("W.W_qkv.W_q", "H d_attn d_x for d_attn d_x"), ...]),
    # Another order, and another loop of layers.
    ("10", "W_e ∈ ℝ^{d_e×N_V}, W_p ∈ ℝ^{d_e×ℓ_max}", "W_p ∈ ℝ^{d_e×ℓ_max}, W_e ∈ ℝ^{d_e×N_V}", "10",
     [("theta", "W_e W_p layers gamma beta W_u for W_p W_e layers gamma beta W_u")]),
    ("8", "EDTransformer(z, x | θ)", "EDTransformer(x, z | θ)", "8",
     [("arguments", "z x theta eps return for x z theta eps return")]),
    ("8", "for l ∈ [L_dec]:", "for l ∈ [L_enc]:", "8", [...]),
    # Requirements, ranges and defaults.
    ("13", "length(x_n) ≤ ℓ_max", "length(x_n) + 1 ≤ ℓ_max", "13",
     [("length(x_n) + 1 ≤ ℓ_max", "not required"), ("ell <= ell_max", NOT_REQUIRED)]),
    ("13", "η ∈ (0, ∞)", "η ∈ (0, 1)", "13",
     [("η ∈ (0, 1)", "not required"), ("eta > 0", NOT_REQUIRED)]),
    ("6", "default 0", "default 1", "6", [("eps", "0.0 for the default 1")]),
]  # fmt: skip


@pytest.mark.parametrize(("id", "old", "new", "seen_in", "said"), EDITS)
def test_another_text_of_the_pseudocode_is_seen(id, old, new, seen_in, said) -> None:
    text = alg_file.write(programs()[id].layout)
    assert old in text
    # Without those of ours, some of which take apart what is changed.
    trees = {other: programs()[other] for other in PAPER}
    trees[id] = parse.program(alg_file.read(text.replace(old, new), "planted"))
    headers = declarations(trees)
    planted = {
        id: replace(checked()[id], program=tree, header=headers[id]) for id, tree in trees.items()
    }
    seen = found(seen_in, algorithms=planted) - listed(seen_in)
    lines = {line for line in said if line is not ...}
    assert lines < seen if ... in said else lines == seen
