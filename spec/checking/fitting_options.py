"""Options with which a function can be called that cannot be called as it was asked.

They are not guessed from its name or its error: the function is called with each word of `--layout`
more, then with two and with three, on small arguments whose sizes all differ.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from spec.adapters.array_libraries import LIBRARIES
from spec.adapters.choose import adapter_for, is_module
from spec.adapters.options import WORDS
from spec.calling.function_under_test import FunctionUnderTest, Trial
from spec.calling.guarded_call import CallError, guarded_call
from spec.calling.python_signature import name_of
from spec.calling.verdict import Verdict
from spec.expected.result import UndefinedResultError, exact_result
from spec.inputs.arguments import Adapter
from spec.inputs.variations import SMALL, Variation
from spec.language.tree import Gradient
from spec.usage_error import UsageError

Options = Mapping[str, object]

#: How many words are added at most, besides that for the library of the arrays.
MOST_WORDS = 3
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

    def advice(self, tested: FunctionUnderTest, *, on_command_line: bool) -> str:
        """Say how the function can be called, in the words of a command line or in Python."""
        if on_command_line:
            words = [word for word, option in WORDS.items() if option in self.options.items()]
            how = f"--layout {' '.join(words)}"
        else:
            made = [f"{name}={value!r}" for name, value in self.options.items()]
            is_of_modules = is_module(tested.function)
            maker = "modules" if is_of_modules else "layout"
            of = [name_of(tested.function), tested.id] if is_of_modules else []
            how = f"{maker}({', '.join([*of, *made])})"
        right = "its result is right" if self.agrees else f"it {self.trial.problem}"
        return f"With `{how}` it can be called; on small arguments {right}."


def may_be_called_otherwise(trials: Sequence[Trial]) -> bool:
    """Say whether a function fails as one does that wants its arguments in another layout.

    It is never right: where sizes are equal, even such a function may return an array.
    """
    misled = (Verdict.RAISES, Verdict.DOES_NOT_FIT, Verdict.WRONG_SHAPE)
    never_right = not any(trial.verdict.passes for trial in trials)
    return bool(trials) and trials[0].verdict in misled and never_right


def cannot_be_called(
    tested: FunctionUnderTest, trials: Sequence[Trial], fitting: Fitting | None
) -> bool:
    """Say of a function that is never right whether the question is at fault.

    The function raises on arguments of every kind; or it is right with other options; or it raises
    where sizes differ, and with other options it returns an array at the same sizes.
    """
    if all(trial.verdict in (Verdict.RAISES, Verdict.DOES_NOT_FIT) for trial in trials):
        return True
    if fitting is None:
        return False
    same_sizes = fitting.trial.arguments.sizes == tested.arguments(VARIATION).sizes
    return fitting.agrees or (trials[0].verdict is Verdict.RAISES and same_sizes)


def fitting_options(tested: FunctionUnderTest) -> Fitting | None:
    """Return the fewest options more with which a function can be called, or None.

    Options with which its result is right are preferred, if they are at most one more.
    """
    given = tested.adapter.options
    if given is None or tested.algorithms[tested.id].program.uses(Gradient):
        return None
    shaped: list[tuple[int, Fitting]] = []
    for count, options in _more(given, is_module(tested.function)):
        if shaped and count > shaped[0][0] + 1:
            break
        fitting = _fitting(tested, options)
        if fitting and fitting.agrees:
            return fitting
        if fitting:
            shaped.append((count, fitting))
    return shaped[0][1] if shaped else None


def _more(given: Options, is_of_modules: bool) -> Iterator[tuple[int, Options]]:
    """Yield given options with more of them, the fewest first, and how many these are.

    A function of a library that was not imported need not be called with its arrays; modules show
    themselves of which library they are.
    """
    words = [option for option in WORDS.values() if option[0] not in given and option[0] != "library"]
    libraries: list[Options] = [{}]
    if "library" not in given and not is_of_modules:
        libraries += [{"library": name} for name in LIBRARIES[1:] if name in sys.modules]
    for count in range(MOST_WORDS + 1):
        for together in combinations(words, count):
            more = dict(together)
            if len(more) == count:  # no two of them are values of one option
                for library in libraries:
                    if more or library:
                        yield count, {**given, **library, **more}


def _fitting(tested: FunctionUnderTest, options: Options) -> Fitting | None:
    """Return options with a call, if a function returns an array of the right shape with them."""
    try:
        adapter = adapter_for(tested.function, tested.id, **options)
        tried = replace(tested, adapter=replace(adapter, draws=tested.adapter.draws))
        arguments = tried.arguments(VARIATION)
        guarded_call(tried.function, tried.adapter, arguments, tried.seconds)
        trial = tried.call(exact_result(arguments))
    except (UsageError, CallError, UndefinedResultError):
        return None
    shaped = (Verdict.DIFFERS, Verdict.NOT_A_NUMBER)
    fits = trial.verdict.passes or trial.verdict in shaped
    return Fitting(options, trial) if fits else None
