"""How many numbers a cache keeps: all keys and values that a decoder makes, as a polynomial.

What is called K or V is a key or a value, in the algorithm or in one that it calls. Where caches
are handed on, those that come out are counted, K̂_l, or those that are there at the end, K_l. A
window is a matter of the mask, which no size tells: what it keeps is the value at as many tokens
as it has. Few algorithms keep something else in place of keys and values.
"""

from collections.abc import Iterator, Mapping, Set
from functools import partial

from spec.cost.counts import loops, numbers
from spec.language import tree
from spec.language.checked import Checked
from spec.language.polynomials import Poly, sum_of
from spec.language.tree import Line, Node, walk
from spec.language.types import Family, Key, Type, map_sizes

_KEPT = ("K", "V", "K̂", "V̂")
_INSTEAD = {
    "H7": ("C", "K_r"),  # of which the keys and values of all heads are made
    "L2": ("S", "ζ"),  # a state, which each token changes
}


def cached(algorithms: Mapping[str, Checked], id: str) -> Poly:
    """Return how many numbers all keys and values hold that an algorithm makes."""
    checked = algorithms[id]
    caches = [type for key, type in checked.header.outputs if key.base in _KEPT]
    caches = caches or list(_whole(checked, checked.program.body).values())
    if caches:
        return sum_of(numbers(type, algorithms) for type in caches)
    return sum_of(_made(algorithms, id, checked.program.body))


def _whole(checked: Checked, lines: tuple[Line, ...]) -> Mapping[Key, Type]:
    """Return the caches of all layers that lines set, as they are after the last turn."""
    whole: dict[Key, Type] = {}
    for line in lines:
        match line.statement:
            case tree.For(_, binder, None):
                ends = {loop.index: loop.high for loop in loops(checked, binder)}
                at_end = partial(Poly.replace, new=ends)
                inner = _whole(checked, line.body).items()
                whole |= {key: map_sizes(type, at_end) for key, type in inner}
            case tree.While():
                whole |= _whole(checked, line.body)
            case tree.Several(targets):
                for key in (checked.names.targets[target].key for target in targets):
                    if key.base in _KEPT and key.is_family:
                        whole[key] = checked.typing.after[line.number][key]
    return whole


def _made(
    algorithms: Mapping[str, Checked],
    id: str,
    lines: tuple[Line, ...],
    before: Set[Key] = frozenset(),
) -> Iterator[Poly]:
    checked, seen = algorithms[id], {*before}
    for line in lines:
        match line.statement:
            case tree.Assign(tree.Rows()):
                continue  # which takes apart what is there
            case tree.For(_, binder, None):
                kept = sum_of(_made(algorithms, id, line.body, seen))
                yield _in_all_turns(checked, binder, kept)
            case tree.For(_, binder, Node() as body):
                kept = sum_of(_by_calls(algorithms, id, body))
                yield _in_all_turns(checked, binder, kept)
            case statement:
                yield from _by_calls(algorithms, id, statement)
        for key in checked.names.sets.get(line.number, ()):
            keeps = str(key) in _INSTEAD[id] if id in _INSTEAD else key.base in _KEPT
            if keeps and key not in seen:  # a key is set again where it is turned
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
