"""Are the keys and values of a decoder, which a cache keeps, as many as its kind promises?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spec.cost import value
from spec.cost.counts import loops, numbers
from spec.cost.presets import presets
from spec.language import tree
from spec.language.polynomials import Poly, sum_of
from spec.language.tree import Line, Node, walk
from spec.language.types import Family, Key, Type
from spec.library import checked


def cached(id: str) -> Poly:
    """How many numbers all keys and values hold that an algorithm makes."""
    return sum_of(made(id, checked()[id].program.body))


def made(id: str, lines: tuple[Line, ...]) -> Iterator[Poly]:
    seen = set()
    for line in lines:
        match line.statement:
            case tree.For(_, binder, None):
                yield in_all_turns(id, binder, sum_of(made(id, line.body)))
            case tree.For(_, binder, Node() as body):
                yield in_all_turns(id, binder, sum_of(by_calls(id, body)))
            case statement:
                yield from by_calls(id, statement)
        for key in checked()[id].names.sets.get(line.number, ()):
            if key.base in ("K", "V") and key not in seen:  # a key is set again where it is turned
                yield numbers(one(id, line, key), checked())
            seen.add(key)


def one(id: str, line: Line, key: Key) -> Type:
    type = checked()[id].typing.after[line.number][key]
    return type.member if isinstance(type, Family) else type


def by_calls(id: str, node: Node) -> Iterator[Poly]:
    typing = checked()[id].typing
    for call in walk(node):
        if call in typing.callees:
            yield cached(typing.callees[call]).replace(typing.calls[call])


def in_all_turns(id: str, binder: Node, kept: Poly) -> Poly:
    for loop in reversed(loops(checked()[id], binder)):
        kept = kept.sum(loop.index, loop.low, loop.high)
    return kept


@pytest.mark.parametrize(
    ("id", "kept"),
    [
        ("10", "H L d_attn length(x) + H L d_mid length(x)"),
        ("X1", "H_kv L d_attn length(x) + H_kv L d_mid length(x)"),
        # Each of the L blocks has L_s layers, and keys and values once.
        ("X3", "H_kv L d_attn length(x) + H_kv L d_mid length(x)"),
    ],
)
def test_a_cache_holds_a_key_and_a_value_of_each_head_for_each_token(id: str, kept: str) -> None:
    assert str(cached(id)) == kept


@pytest.mark.parametrize(
    ("id", "preset", "sizes", "numbers"),
    [
        ("X1", "llama-2-7b", {}, 262_144),
        ("X1", "llama-3-8b", {}, 65_536),
        ("X1", "llama-2-7b", {"H_kv": 1, "R": 32}, 8_192),  # multi-query attention
        ("X3", "llama-3-8b", {"L": 16, "L_s": 2}, 32_768),  # two layers share: half
    ],
)
def test_shared_heads_and_shared_layers_make_a_cache_smaller(
    id: str, preset: str, sizes: dict[str, int], numbers: int
) -> None:
    assert value(cached(id), {**presets()[preset], **sizes, "length(x)": 1}) == numbers
