"""Hypothesis strategies: `calls(f)` draws a call of a checked function, as it is annotated."""

from __future__ import annotations

import copy
import warnings
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, NamedTuple, cast

import numpy as np
from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st

from algorithms.extensions.token_weights import min_p
from algorithms.paper.inference import LengthLimitWarning
from algorithms.signatures.annotations import (
    ArrayOf,
    Choice,
    Declaration,
    Instance,
    Items,
    Number,
    Optional,
    Record,
    Several,
    Signature,
    declared,
)
from algorithms.signatures.messages import compiled
from helpers.rounding import assert_close, budget
from helpers.shown_sizes import length, shown

Function = Callable[..., Any]
Keys = tuple[str | int, ...]  # where a part stands: ("theta", "layers", 1, "W")

SIZES = range(1, 30)
COUNTS = range(3)  # of layers, of a data set's items, of leading axes
INTEGERS = (*range(-1, 65), 128)  # 128 is the D of T5
FLOATS = (-1.0, 0.0, 1e-12, 1e-5, 0.5, 1.0, 2.0, 0.9, 0.999, 1e-8, 1e-6)
NEAR = 7  # a name stands for one of the seven least that it may
EDGES = 2  # … and in a crowded call, for one of the two least

#: A column of one row is constant: 0/0 without an ε (erratum A1).
GENERIC = ("eps > 0 or d_e > 1", "eps > 0 or d_f > 1")

#: Layer norm divides by √ε at least. In a column of nearly equal entries a rounding is otherwise
#: as large as one likes, and no formula in the sizes bounds it.
SMOOTH = ("eps >= 0.5",)

#: The paper's letters for distributions on the vocabulary, and along which axis they are.
DISTRIBUTIONS = {"p": -1, "q": -1, "p_c": -1, "P": -2}
UNIFORM = ("u",)  # random numbers
POSITIVE = ("v", "Omega")  # means of squares, and the base of a power
STATES = {"delta": "N_S"}  # an automaton's, and of how many


def flattening(loss: Function, theta: Any) -> tuple[Any, Any]:
    """Return the loss, and in place of its gradient θ scaled by 0.25 / (1 + loss)."""
    value = loss(theta)
    return value, theta.map(lambda w: w * (0.25 / (1 + float(value))))


#: What an argument that is a function is given.
CALLABLES = {"value_and_gradient": flattening, "weigh": partial(min_p, alpha=0.25)}


# What a function declares ------------------------------------------------------------------------


@cache
def signature(function: Function) -> Signature:
    """What a function declares."""
    return declared(function)


def requires(function: Function) -> tuple[str, ...]:
    """What a checked function asks of its sizes and numbers."""
    return tuple(cast("Any", function).requires)


def numbers_of_items(function: Function) -> list[str]:
    """The arguments that are a number for each of several things: a window for each layer."""
    parts = signature(function).arguments.items()
    return [
        name for name, part in parts if isinstance(part, Items) and isinstance(part.item, Number)
    ]


class Rules:
    """Conditions on sizes, each asked as soon as all of its names are known."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.codes = [compiled(text) for text in texts]

    def hold(self, sizes: Mapping[str, Any]) -> bool:
        """Whether none is broken."""
        asked = [code for code in self.codes if sizes.keys() >= {*code.co_names}]
        return all(eval(code, {}, sizes) for code in asked)

    def about(self, name: str) -> Rules:
        """Those that ask for this name."""
        some = Rules([])
        some.codes = [code for code in self.codes if name in code.co_names]
        return some


# A call and its parts -----------------------------------------------------------------------------


class Leaf(NamedTuple):
    """An array of a call: where it stands, what is declared of it, and what it is."""

    keys: Keys
    declaration: ArrayOf
    value: Any
    theta: bool  # it is a parameter
    scope: Keys  # (), or the item of a data set in which its sizes hold

    @property
    def path(self) -> str:
        """Its name in error messages: `theta.layers[1].W.b_o`."""
        first, *rest = self.keys
        return f"{first}" + "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in rest)

    @property
    def leading(self) -> tuple[int, ...]:
        """The lengths of its leading axes."""
        shape: tuple[int, ...] = self.value.shape
        return shape[: len(shape) - len(self.declaration.axes)]

    @property
    def axes(self) -> list[Axis]:
        """Its axes that have a name."""
        axes = self.declaration.axes
        return [Axis(self, place, name) for place, name in enumerate(axes, -len(axes))]


class Axis(NamedTuple):
    """An axis of an array of a call: its place, counted from the end, and its name."""

    leaf: Leaf
    place: int
    name: str

    @property
    def size(self) -> int:
        """How long it is."""
        return int(self.leaf.value.shape[self.place])

    @property
    def names(self) -> list[tuple[Keys, str]]:
        """The sizes that it is made of, each with where it holds: `H*d_mid` has two."""
        return [(self.leaf.scope, name) for name in compiled(self.name).co_names]


def each(
    function: Callable[[Leaf], Any],
    declaration: Declaration,
    value: Any,
    keys: Keys,
    theta: bool = False,
    scope: Keys = (),
) -> Any:
    """The value with `function` of each array in its place."""
    match declaration:
        case ArrayOf():
            return function(Leaf(keys, declaration, value, theta, scope))
        case Optional(part) if value is not None:
            return each(function, part, value, keys, theta, scope)
        case Record(cls, fields):
            parts = (
                each(function, part, getattr(value, name), (*keys, name), True, scope)
                for name, part in fields.items()
            )
            return cls(*parts)
        case Items(item, _, shared):
            parts = (
                each(function, item, part, (*keys, n), theta, scope if shared else (*keys, n))
                for n, part in enumerate(value)
            )
            return type(value)(parts)
        case Several(some):
            return tuple(
                each(function, part, value[n], (*keys, n), theta, scope)
                for n, part in enumerate(some)
            )
    return value


def leaves(declaration: Declaration, value: Any, name: str) -> list[Leaf]:
    """Every array in a value, in the order of the declaration."""
    found: list[Leaf] = []
    each(found.append, declaration, value, (name,))
    return found


def lengths(declaration: Declaration, value: Any) -> Iterator[tuple[str, int]]:
    """How many layers or items there are, of each name, at every depth."""
    match declaration:
        case Items(item, size):
            yield size, len(value)
            for part in value:
                yield from lengths(item, part)
        case Record(_, fields):
            for name, part in fields.items():
                yield from lengths(part, getattr(value, name))


class Call(NamedTuple):
    """A function and its arguments, to be run any number of times."""

    function: Function
    arguments: dict[str, Any]

    def run(self) -> Any:
        """The result. Generators are copied: every run draws the same numbers."""
        arguments = {
            name: copy.deepcopy(value) if isinstance(value, np.random.Generator) else value
            for name, value in self.arguments.items()
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LengthLimitWarning)
            return self.function(**arguments)

    def each(self, function: Callable[[Leaf], Any]) -> Call:
        """The same call with `function` of each array in its place."""
        declarations = signature(self.function).arguments
        arguments = {
            name: each(function, declarations[name], value, (name,))
            for name, value in self.arguments.items()
        }
        return Call(self.function, arguments)

    def of(self, values: Iterable[Any]) -> Call:
        """The same call with other arrays, in the order of `leaves`."""
        left = iter(values)
        return self.each(lambda _: next(left))

    def but(self, leaf: Leaf, value: Any) -> Call:
        """The same call with another value for one array."""
        return self.each(lambda other: value if other.keys == leaf.keys else other.value)

    @property
    def leaves(self) -> list[Leaf]:
        """Its arrays, in the order in which they are checked."""
        found: list[Leaf] = []
        self.each(found.append)
        return found

    @property
    def axes(self) -> list[Axis]:
        """The axes of all arrays that have a name."""
        return [axis for leaf in self.leaves for axis in leaf.axes]

    @property
    def batch(self) -> tuple[int, ...]:
        """The leading axes of all arrays, broadcast."""
        return np.broadcast_shapes(*(leaf.leading for leaf in self.leaves))

    def sizes(self, scope: Keys = ()) -> dict[str, Any]:
        """What each name stands for: the size of an axis, or a number."""
        seen = [shown(a.name, a.size) for a in self.axes if a.leaf.scope in ((), scope)]
        numbers = {n: v for n, v in self.arguments.items() if isinstance(v, int | float)}
        parts = signature(self.function).arguments
        for name, value in self.arguments.items():
            numbers |= lengths(parts[name], value)
        if scope and scope[0] in numbers_of_items(self.function):
            numbers[str(scope[0])] = self.arguments[str(scope[0])][scope[1]]
        return {**ChainMap(*reversed(seen)), **numbers}

    @property
    def allowed(self) -> bool:
        """Whether its sizes are as `requires` says."""
        rules = Rules(requires(self.function))
        scopes = {(), *(leaf.scope for leaf in self.leaves)}
        for name in numbers_of_items(self.function):
            scopes |= {(name, n) for n in range(len(self.arguments[name]))}
        return all(rules.hold(self.sizes(scope)) for scope in scopes)


# Its result ---------------------------------------------------------------------------------------


def flat(call: Call, result: Any) -> list[Any]:
    """The arrays of a result, in NumPy. A number is one, and a function has none."""
    parts = leaves(signature(call.function).result, result, "result")
    arrays = [np.asarray(leaf.value) for leaf in parts]
    return arrays or [np.asarray(result)] * (not callable(result))


def assert_same(call: Call, got: Any, want: Any) -> None:
    """The results differ as sums in another order do, by rounding; whole numbers do not."""
    near = budget(*call.arguments.values())
    for one, other in zip(flat(call, got), flat(call, want), strict=True):
        if one.dtype.kind == "f":
            assert_close(one, other, **near)
        else:
            assert np.array_equal(one, other)


# The drawing of a call ----------------------------------------------------------------------------


@st.composite
def calls(
    draw: st.DrawFn,
    function: Function,
    dtype: Any = np.float64,
    *,
    batch: range = COUNTS,
    crowded: bool | None = None,
    keeping: tuple[str, ...] = (),
    breaking: str | None = None,
) -> Call:
    """A call that the function is to accept, or one that breaks one rule of what it requires.

    Its floats are of type `dtype`, its leading axes as many as a number in `batch`, and it keeps
    the rules of `keeping` too. One call in four is crowded: it has few sizes for many names.
    """
    arguments, _, defaults = signature(function)
    required = [f"not ({rule})" if rule == breaking else rule for rule in requires(function)]
    rules = Rules([*required, *GENERIC, *keeping])
    if crowded is None:
        crowded = draw(st.integers(0, 3)) == 3
    drawing = Drawing(draw, rules, np.dtype(dtype), crowded)
    drawing.batch = tuple(drawing.size(f"batch[{n}]") for n in range(draw(st.sampled_from(batch))))
    # A data set comes last: the sizes of its items are bounded by those of θ.
    sets = {part.size for part in arguments.values() if isinstance(part, Items)}
    order = sorted(arguments.items(), key=lambda pair: bool(sets & {*getattr(pair[1], "axes", ())}))
    order = sorted(order, key=lambda pair: isinstance(pair[1], Items))
    drawn = {
        name: drawing.value(part, name)
        for name, part in order
        if not (isinstance(part, Instance) and name in defaults)
    }
    return Call(function, {name: drawn[name] for name in arguments if name in drawn})


@cache
def many(function: Function, examples: int = 200, **options: Any) -> list[Call]:
    """Some calls, the same in every run."""
    drawn: list[Call] = []

    @settings(max_examples=examples, derandomize=True, database=None, phases=[Phase.generate])
    @given(calls(function, **options))
    def collect(call: Call) -> None:
        drawn.append(call)

    collect()
    return drawn


#: Loops that are entered and end soon, and a distribution that has a slope.
TAME = (
    *SMOOTH,
    "N_data == 1 or N_data > 2",
    "N_data == 1 or N_C == 0",  # of a set with classes, one sequence
    "N_epochs == 1",
    "B <= 2",
    "1 <= ell_gen <= 2",
    "ell_max <= 4",
    "1 < d_rot <= 2",
    "tau >= 0.5",
)


@cache
def example(function: Function) -> Call:
    """One call with one leading axis: of a few the largest, with as few sizes of 1 as can be."""

    def rank(call: Call) -> tuple[int, int]:
        ones = [*call.sizes().values(), *call.batch].count(1)
        return -ones, sum(leaf.value.size for leaf in call.leaves)

    return max(many(function, 40, batch=range(1, 2), crowded=False, keeping=TAME), key=rank)


#: What a function takes that draws, trains, or writes one token after another.
EAGER = {"rng", "value_and_gradient", "ell_gen", "first_sentinel"}


def traceable(function: Function) -> bool:
    """Whether a function makes arrays of arrays, and does nothing that is EAGER."""
    arguments, result, defaults = signature(function)
    needed = [part for name, part in arguments.items() if name not in defaults]
    return (
        isinstance(result, ArrayOf | Several)
        and any(isinstance(part, ArrayOf) for part in needed)
        and not any(isinstance(part, Instance) for part in needed)
        and not EAGER & arguments.keys()
    )


class Drawing:
    """The sizes drawn so far, and how the next part of the call is drawn."""

    def __init__(self, draw: st.DrawFn, rules: Rules, dtype: np.dtype[Any], crowded: bool) -> None:
        self.draw, self.rules, self.dtype, self.crowded = draw, rules, dtype, crowded
        self.sizes: ChainMap[str, Any] = ChainMap()
        self.batch: tuple[int, ...] = ()
        # Whose is a leading axis that broadcasts and is longer than 1: θ's, or the inputs'?
        self.owner: dict[int, bool] = {}
        # Hypothesis chooses sizes. Entries have nothing to shrink to, and are to be generic.
        self.rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def value(self, declaration: Declaration, name: str, theta: bool = False) -> Any:
        """A value of what is declared."""
        match declaration:
            case ArrayOf():
                return self.array(declaration, name, theta)
            case Optional(part):
                left_out = self.draw(st.booleans()) and self.dispensable(name)
                return None if left_out else self.value(part, name, theta)
            case Record(cls, fields):
                drawn = {field: self.value(part, field, True) for field, part in fields.items()}
                norm = drawn.keys() & {"gamma_e", "beta_e"}
                if any(drawn[field] is None for field in norm):  # it has both, or there is none
                    drawn |= dict.fromkeys(norm)
                return cls(**drawn)
            case Items(item, count, shared):
                number = range(self.pick(count, COUNTS, beyond=range(50)))
                if shared:
                    return tuple(self.value(item, name, theta) for _ in number)
                return [self.member().value(item, name, theta) for _ in number]
            case Number(kind):
                return self.pick(name, INTEGERS if kind is int else FLOATS)
            case Choice(words):
                return self.draw(st.sampled_from(words))
            case Instance(np.random.Generator):
                return self.rng.spawn(1)[0]
            case Instance() if name in CALLABLES:
                return CALLABLES[name]
        raise TypeError(f"no strategy for {name}: {declaration}")

    def dispensable(self, name: str) -> bool:
        """Whether an argument may be left out: a special token is then one of the last three."""
        if name in CALLABLES:  # ours take long, and are for NumPy's arrays alone
            return False
        return not name.endswith("_token") or bool(self.sizes["N_V"] >= 3)

    def member(self) -> Drawing:
        """The drawing of an item, whose sizes are its own."""
        inner = copy.copy(self)
        inner.sizes = self.sizes.new_child()
        return inner

    def array(self, declaration: ArrayOf, name: str, theta: bool) -> Any:
        """Generic entries, in a shape that fits the sizes drawn before."""
        named = [length(axis, self.size) for axis in declaration.axes]
        shape = (*self.leading(declaration.batch, theta), *named)
        if declaration.right_padding:
            *batch, ell = shape
            return np.arange(ell) < self.rng.integers(0, ell, (*batch, 1), endpoint=True)
        if declaration.kind == "bool":
            return np.asarray(self.rng.random(shape) < 0.75)
        if declaration.kind == "integer":
            size = declaration.below.size if declaration.below else STATES.get(name)
            return self.rng.integers(0, 100 if size is None else self.size(size), shape)
        if name in DISTRIBUTIONS:
            weights = self.rng.standard_exponential(shape)
            return (weights / weights.sum(DISTRIBUTIONS[name], keepdims=True)).astype(self.dtype)
        if name in UNIFORM:
            return self.rng.uniform(0.01, 0.99, shape).astype(self.dtype)
        entries = self.rng.standard_normal(shape)
        return np.asarray(entries**2 if name in POSITIVE else entries, self.dtype)

    def leading(self, batch: str, theta: bool) -> tuple[int, ...]:
        """Leading axes. One that broadcasts is 1, or as long as the batch, or not there."""
        if batch != "*#batch":
            return self.batch if batch else ()
        first = self.draw(st.integers(0, len(self.batch)))
        return tuple(
            self.batch[n] if self.draw(st.booleans()) and self.owns(n, theta) else 1
            for n in range(first, len(self.batch))
        )

    def owns(self, axis: int, theta: bool) -> bool:
        """Whether a leading axis is free, or its own: an input and θ never share one."""
        return self.owner.setdefault(axis, theta) == theta

    def size(self, name: str) -> int:
        """The size of this name, which no other name has where that can be."""
        return int(self.pick(name, SIZES, fresh=not self.crowded))

    def pick(
        self, name: str, pool: Iterable[Any], fresh: bool = False, beyond: Iterable[Any] = ()
    ) -> Any:
        """What this name stands for. A new one breaks no rule, and lies beyond if it must."""
        if name not in self.sizes:
            known, rules = dict(self.sizes), self.rules.about(name)
            fits = ([v for v in some if rules.hold({**known, name: v})] for some in (pool, beyond))
            fit = next(filter(None, fits), [])
            if not fit:
                reject()
            new = [value for value in fit if value not in known.values()] if fresh else []
            near = EDGES if self.crowded else NEAR
            self.sizes[name] = self.draw(st.sampled_from((new or fit)[:near]))
        return self.sizes[name]
