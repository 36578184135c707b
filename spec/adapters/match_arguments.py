"""Which argument each parameter of a function takes: by name, by a synonym, or in order."""

import inspect
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import ascii_lowercase
from typing import Any

from spec import library, symbols
from spec.adapters.options import is_bias
from spec.calling.python_signature import (
    is_required,
    name_of,
    parameters_of,
    written_parameters,
)
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Function
from spec.machine.trees import arrays

#: How deep the parameters of an algorithm lie: W holds W_qkv, which holds W_q.
DEPTH = 2
#: How many letters at least, in the order of the alphabet, are not names of anything.
FEWEST = 3
#: The argument that a function may take twice, as keys and as values.
KEYS_AND_VALUES = "Z"


class UntakenArgumentError(AdapterError):
    """A function does not take an argument that it must take."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(message)
        self.argument = argument


@dataclass(frozen=True)
class Matching:
    """The argument that each parameter of a function takes, as far as names and order show it."""

    taken: Mapping[str, str]  # the argument of each parameter: `{"q": "X"}`
    unknown: tuple[str, ...]  # the required parameters that take no argument
    left: tuple[str, ...]  # the arrays that no parameter takes


@cache
def synonyms() -> Mapping[str, Mapping[str, Any]]:
    """Return the names that people use, by the paper's names: the tables of `synonyms.toml`."""
    text = files("spec.adapters").joinpath("synonyms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def matched(
    function: Function, required: Mapping[str, Any], optional: Mapping[str, Any], algorithm: str
) -> dict[str, Any]:
    """Return the arguments for a call of a function, by the names of its parameters.

    The function must take every required argument that is an array, or a record, whole or field by
    field; it may leave out numbers. It takes optional ones, such as a source of random numbers, by
    name alone. `algorithm` stands in messages: `Algorithm 4`.

    Raises
    ------
    AdapterError
        If a parameter has no argument.
    UntakenArgumentError
        If an array has no parameter.
    """
    attempts = []
    for depth in range(DEPTH + 1):
        matching = match(function, required, optional)
        if not matching.unknown and not matching.left:
            both = {**optional, **required}
            return {name: both[argument] for name, argument in matching.taken.items()}
        wrong = len(matching.unknown) + len(matching.left)
        attempts.append((wrong, depth, matching, required))
        required = spread(required)
    _, _, best, required = min(attempts, key=lambda attempt: attempt[:2])
    if best.unknown:
        known = ", ".join(
            described(name, value) for name, value in required.items() if value is not None
        )
        raise AdapterError(
            f"{name_of(function)} takes {best.unknown[0]}, which is not an argument of "
            f"{algorithm}: these are {known}"
        )
    name = best.left[0]
    raise UntakenArgumentError(
        name,
        f"{name_of(function)} does not take {described(name, required[name])}, an argument of "
        f"{algorithm}: it takes {written_parameters(function)}",
    )


def match(function: Function, required: Mapping[str, Any], optional: Mapping[str, Any]) -> Matching:
    """Return which argument each parameter takes, as far as the names and the order show it.

    The paper's own names come first, then names that differ in letters alone, then synonyms: in
    `norm(gamma, e, b)` b is β. Parameters without such a name take the arguments that are left in
    the paper's order, unless their name is known for what the algorithm does not have: in
    `norm(e, gamma, beta)` of an algorithm without β, beta is not ε. Letters in the order
    of the alphabet are not names: `attend(a, b, c, d)` takes arguments in order.
    """
    parameters, arguments = parameters_of(function), {**optional, **required}
    needed = dict.fromkeys(name for name, each in parameters.items() if is_required(each))
    taken: dict[str, str] = {}
    for way in () if _are_letters(list(needed)) else WAYS:
        for name, parameter in parameters.items():
            free = [argument for argument in arguments if argument not in taken.values()]
            argument = None if name in taken or _is_random_key(parameter) else way(name, free)
            # A parameter with a default keeps it where there is nothing to give.
            if argument and (name in needed or arguments[argument] is not None):
                taken[name] = argument
    if KEYS_AND_VALUES in taken.values():
        for name in needed.keys() - taken.keys():
            if argument_named(name, [KEYS_AND_VALUES]) and not _is_random_key(parameters[name]):
                taken[name] = KEYS_AND_VALUES
    unknown = [name for name in parameters if name in needed and name not in taken]
    left = [argument for argument in required if argument not in taken.values()]
    left_arrays = [argument for argument in left if list(arrays(required[argument]))]
    misnamed = any(names_another(name, arguments) for name in unknown)
    for rest in (left_arrays, left):
        contradicts = taken and (misnamed or any(map(is_bias, rest)))
        if unknown and len(unknown) == len(rest) and not contradicts:
            return Matching({**taken, **dict(zip(unknown, rest, strict=True))}, (), ())
    return Matching(taken, tuple(unknown), tuple(left_arrays))


def _same_name(name: str, arguments: Iterable[str]) -> str | None:
    return name if name in arguments else None


def _same_letters(name: str, arguments: Iterable[str]) -> str | None:
    same = [argument for argument in arguments if letters(argument) == letters(name)]
    return same[0] if len(same) == 1 else None


def _synonym(name: str, arguments: Iterable[str]) -> str | None:
    table = synonyms()["arguments"]
    return next(
        (argument for argument in arguments if is_synonym(name, table.get(argument, ()))), None
    )


#: The ways from a parameter's name to its argument, the surest first.
WAYS: tuple[Callable[[str, Iterable[str]], str | None], ...] = (
    _same_name,
    _same_letters,
    _synonym,
)


def argument_named(name: str, arguments: Iterable[str]) -> str | None:
    """Return the argument that a name stands for, if there is one: `Z` for `memory`."""
    arguments = list(arguments)
    return next(filter(None, (way(name, arguments) for way in WAYS)), None)


def names_another(name: str, arguments: Iterable[str]) -> bool:
    """Say whether a name stands for arguments of other algorithms, and for none of these."""
    meanings = _meanings().get(letters(name), set())
    return bool(meanings) and meanings.isdisjoint(arguments)


@cache
def _meanings() -> Mapping[str, set[str]]:
    """Return the arguments, of any algorithm, that each name stands for, by its letters."""
    headers = [checked.header for checked in library.checked().values()]
    keys = {key for header in headers for key in (*header.fields, *header.hyperparameters)}
    keys |= {key for header in headers for key, _ in header.inputs}
    names: dict[str, list[str]] = {symbols.ascii(str(key)): [] for key in keys}
    meanings: dict[str, set[str]] = {}
    for argument, others in (*names.items(), *synonyms()["arguments"].items()):
        for name in (argument, *others):
            meanings.setdefault(letters(name), set()).add(argument)
    return meanings


def _are_letters(names: list[str]) -> bool:
    """Say whether names are letters in the order of the alphabet, `a, b, c`, which mean nothing."""
    return len(names) >= FEWEST and "".join(names) in ascii_lowercase


def _is_random_key(parameter: inspect.Parameter) -> bool:
    """Say whether a parameter is a source of random numbers, as those of JAX are called."""
    return parameter.name == "key" and parameter.kind is inspect.Parameter.KEYWORD_ONLY


def is_synonym(name: str, others: Iterable[str]) -> bool:
    """Say whether a name has the letters of one of several others."""
    return letters(name) in map(letters, others)


def letters(name: str) -> str:
    """Return a name in lower case without underscores, the same for `Wq` and `w_q`."""
    return name.replace("_", "").casefold()


def spread(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with the fields of each record in its place."""
    fields: dict[str, Any] = {}
    for name, value in arguments.items():
        fields |= value._asdict() if hasattr(value, "_fields") else {name: value}
    return fields


def described(name: str, value: Any) -> str:
    """Return an argument with its shape, or a record with its fields: `W_q (4, 13)`."""
    if hasattr(value, "shape"):
        return f"{name} {value.shape}"
    if hasattr(value, "_fields"):
        return f"{name} ({', '.join(value._fields)})"
    return name
