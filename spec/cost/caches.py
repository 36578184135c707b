"""How many numbers a cache keeps: all keys and values that a decoder makes, as a polynomial.

What is called K or V is a key or a value, in the algorithm or in one that it calls. A window is a
matter of the mask, which no size tells: what it keeps is the value at as many tokens as it has.
"""

from collections.abc import Iterator, Mapping

from spec.cost.counts import loops, numbers
from spec.language import tree
from spec.language.checked import Checked
from spec.language.polynomials import Poly, sum_of
from spec.language.tree import Line, Node, walk
from spec.language.types import Family, Key, Type

_KEPT = ("K", "V")


def cached(algorithms: Mapping[str, Checked], id: str) -> Poly:
    """Return how many numbers all keys and values hold that an algorithm makes."""
    return sum_of(_made(algorithms, id, algorithms[id].program.body))


def _made(algorithms: Mapping[str, Checked], id: str, lines: tuple[Line, ...]) -> Iterator[Poly]:
    checked, seen = algorithms[id], set[Key]()
    for line in lines:
        match line.statement:
            case tree.For(_, binder, None):
                kept = sum_of(_made(algorithms, id, line.body))
                yield _in_all_turns(checked, binder, kept)
            case tree.For(_, binder, Node() as body):
                kept = sum_of(_by_calls(algorithms, id, body))
                yield _in_all_turns(checked, binder, kept)
            case statement:
                yield from _by_calls(algorithms, id, statement)
        for key in checked.names.sets.get(line.number, ()):
            if key.base in _KEPT and key not in seen:  # a key is set again where it is turned
                yield numbers(_one(checked, line, key), algorithms)
            seen.add(key)


def _one(checked: Checked, line: Line, key: Key) -> Type:
    type = checked.typing.after[line.number][key]
    return type.member if isinstance(type, Family) else type


def _by_calls(algorithms: Mapping[str, Checked], id: str, node: Node) -> Iterator[Poly]:
    typing = algorithms[id].typing
    for call in walk(node):
        if call in typing.callees:
            yield cached(algorithms, typing.callees[call]).replace(typing.calls[call])


def _in_all_turns(checked: Checked, binder: Node, kept: Poly) -> Poly:
    for loop in reversed(loops(checked, binder)):
        kept = kept.sum(loop.index, loop.low, loop.high)
    return kept
