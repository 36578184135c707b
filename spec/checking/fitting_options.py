"""Options with which a function can be called that cannot be called as it was asked.

They are not guessed from its name or its error: the function is called with every set of words of
`--layout` that gives each of its parameters an argument, on small arguments whose sizes all differ.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from itertools import product
from typing import Any

from spec import library
from spec.adapters.choose import adapter_for, is_module
from spec.adapters.options import WORDS
from spec.adapters.sequences import DISTRIBUTIONS
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.guarded_call import CallError, guarded_call
from spec.calling.python_signature import name_of
from spec.calling.verdict import Verdict
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.adapter_error import AdapterError, FailedCallError
from spec.inputs.arguments import Adapter, Arguments, Function
from spec.inputs.draw import SIZES
from spec.inputs.formats import Format
from spec.inputs.variations import SMALL, Variation
from spec.language.tree import Gradient
from spec.machine.trees import leaves
from spec.usage_error import UsageError

Options = Mapping[str, object]

#: How often a function is called at most: a bound in work, so that a busy machine changes nothing.
CALLS = 4000
#: The options that decide which arguments a function takes; the others decide in which form.
NAMING = ("qkv", "mask", "biases", "itself")
#: The argument, or the field of one, without which an option makes no difference.
SUBJECTS = {
    "mask": "Mask",
    "masks": "Mask",
    "qkv": "W_q",
    "heads": "W_o",
    "tied": "W_u",
    "itself": "Z",
}
#: The arguments of the calls.
VARIATION = Variation("all sizes differ, and are small", SMALL, seed=9)


@dataclass(frozen=True)
class Fitting:
    """Options with which a function returns an array of the right shape.

    Attributes
    ----------
    options
        All options of `layout` or of `modules`.
    trial
        A call with them.
    """

    options: Options
    trial: Trial

    @property
    def agrees(self) -> bool:
        """Whether the result is right, too."""
        return self.trial.verdict.passes

    def advice(self, function: Function, *, on_command_line: bool) -> str:
        """Say how the function can be called, in the words of a command line or in Python."""
        if on_command_line:
            words = [word for word, option in WORDS.items() if option in self.options.items()]
            how = f"--layout {' '.join(words)}"
        else:
            made = [f"{name}={value!r}" for name, value in self.options.items()]
            if is_module(function):
                how = f"modules({', '.join([name_of(function), self.trial.arguments.id, *made])})"
            else:
                how = f"layout({', '.join(made)})"
        right = "its result is right" if self.agrees else f"it {self.trial.problem}"
        return f"With `{how}` it can be called; on small arguments {right}."


def may_be_called_otherwise(trials: Sequence[Trial]) -> bool:
    """Say whether a function fails where sizes differ as one does that wants another layout.

    Where sizes are equal, or 1, even such a function may return an array.
    """
    misled = (Verdict.RAISES, Verdict.DOES_NOT_FIT, Verdict.WRONG_SHAPE)
    return bool(trials) and trials[0].verdict in misled


def cannot_be_called(
    tested: FunctionUnderTest, trials: Sequence[Trial], fitting: Fitting | None
) -> bool:
    """Say of a function that fails where sizes differ whether the question is at fault.

    The function raises on arguments of every kind; or it is right with other options; or it is
    never right, raises where sizes differ, and returns an array there with other options.
    """
    if all(trial.verdict in (Verdict.RAISES, Verdict.DOES_NOT_FIT) for trial in trials):
        return True
    if fitting is None or fitting.agrees:
        return fitting is not None
    same_sizes = fitting.trial.arguments.sizes == tested.arguments(VARIATION).sizes
    never_right = not any(trial.verdict.passes for trial in trials)
    return never_right and trials[0].verdict is Verdict.RAISES and same_sizes


def adapter_or_advice(
    function: Function,
    id: str,
    options: Options,
    format: Format,
    seconds: float,
    *,
    on_command_line: bool,
) -> Adapter:
    """Return the adapter of a function.

    Raises
    ------
    AdapterError
        If it does not fit the function; the message says with which options another one does.
    """
    try:
        return adapter_for(function, id, **options)
    except AdapterError as error:
        no_adapter = Adapter("", lambda *_: None, options=options)
        algorithms = library.checked()
        tested = FunctionUnderTest(algorithms, id, function, no_adapter, format, seconds)
        if (fitting := fitting_options(tested)) is None:
            raise
        advice = fitting.advice(function, on_command_line=on_command_line)
        raise AdapterError(f"{error}. {advice}") from error


def fitting_options(tested: FunctionUnderTest) -> Fitting | None:
    """Return the fewest options more with which a function can be called, or None.

    Options with which its result is right are preferred, if they are at most one more.
    """
    given = tested.adapter.options
    if given is None or tested.algorithms[tested.id].program.uses(Gradient):
        return None
    values = _values(tested, given)
    attempt, shaped = _Attempt(tested, given), list[Fitting]()
    naming = {name: each for name, each in values.items() if name in NAMING}
    other = {name: each for name, each in values.items() if name not in NAMING}
    named = [more for more in _choices(naming) if attempt.reaches(more)]
    both = ({**more, **rest} for more, rest in product(named, _choices(other)))
    every = [{name: more[name] for name in values if name in more} for more in both]
    every = [more for more in every if _makes_sense({**given, **more})]
    for more in sorted(every, key=lambda more: (_words(more), _hides_masks(more)))[:CALLS]:
        if shaped and _words(more) > _words(shaped[0].options) - _words(given) + 1:
            break
        fitting = attempt(more)
        if fitting and fitting.agrees:
            return fitting
        if fitting:
            shaped.append(fitting)
    return shaped[0] if shaped else None


def _values(tested: FunctionUnderTest, given: Options) -> dict[str, list[object]]:
    """Return the values of each option that is not given and is about something the function has.

    A library that was not imported is not the function's.
    """
    leaf_paths = leaves(dict(tested.arguments(VARIATION).named))
    subjects = {"", *(step for path, _ in leaf_paths for step in path)}
    key, _ = tested.algorithms[tested.id].header.output
    values: dict[str, list[object]] = {}
    for name, value in WORDS.values():
        missing = (name == "library" and value not in sys.modules) or (
            name == "result" and str(key) not in DISTRIBUTIONS
        )
        if name not in given and not missing and SUBJECTS.get(name, "") in subjects:
            values.setdefault(name, []).append(value)
    return values


def _choices(values: Mapping[str, Sequence[object]]) -> list[Options]:
    """Return all ways to choose one value, or none, of each option."""
    return [
        {name: value for name, value in zip(values, chosen, strict=True) if value is not None}
        for chosen in product(*([None, *each] for each in values.values()))
    ]


def _makes_sense(options: Options) -> bool:
    """Say whether each option has what it is about: a batch of masks needs a batch, and masks."""
    if "masks" in options and ("batch" not in options or _hides_masks(options)):
        return False
    return options.get("heads") != "after tokens" or options.get("qkv") == "ready"


def _hides_masks(options: Options) -> bool:
    """Say whether a function is given no mask, and so is tested on less."""
    return options.get("mask") in ("causal", "none")


def _words(options: Options) -> int:
    """Return the number of options besides the library."""
    return len(options.keys() - {"library"})


class _Attempt:
    """Calls a function with more options than those that are given."""

    def __init__(self, tested: FunctionUnderTest, given: Options) -> None:
        self.tested = tested
        self.given = given
        self.drawn: dict[str, Arguments] = {}

    def __call__(self, more: Options) -> Fitting | None:
        """Return a call with more options, if its result has the right shape."""
        try:
            adapter, arguments = self.call(more)
            guarded_call(self.tested.function, adapter, arguments, self.tested.seconds)
            trial = replace(self.tested, adapter=adapter).call(exact_result(arguments))
        except (UsageError, CallError, UndefinedResultError):
            return None
        shaped = trial.verdict in (Verdict.DIFFERS, Verdict.NOT_A_NUMBER)
        return Fitting({**self.given, **more}, trial) if shaped or trial.verdict.passes else None

    def reaches(self, more: Options) -> bool:
        """Say whether each parameter has an argument, without calling a function of somebody's."""

        @wraps(self.tested.function)
        def reached(*_: Any, **__: Any) -> None:
            raise _ReachedError

        try:
            adapter, arguments = self.call(more)
            if not is_module(self.tested.function):
                adapter.call(reached, arguments)
        except UsageError:
            return False
        except FailedCallError:
            return True
        return is_module(self.tested.function)

    def call(self, more: Options) -> tuple[Adapter, Arguments]:
        """Return the adapter and the arguments of a call with more options.

        Arguments are drawn once for all adapters that restrict them in the same way.
        """
        adapter = adapter_for(self.tested.function, self.tested.id, **{**self.given, **more})
        adapter = replace(adapter, draws=self.tested.adapter.draws)
        sizes = adapter.sizes({**SIZES, **VARIATION.sizes})
        restrictions = repr((dict(sizes), adapter.inputs, adapter.values))
        if restrictions not in self.drawn:
            self.drawn[restrictions] = replace(self.tested, adapter=adapter).arguments(VARIATION)
        return adapter, replace(self.drawn[restrictions], adapter=adapter)


class _ReachedError(Exception):
    """Stands for what a function does."""
