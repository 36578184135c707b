"""What the pseudocode declares and what a function declares, in lines of text that can be compared.

There is a line for each array at any depth, in Python's names:

    theta.layers[L].W.W_qkv.W_q    float H d_attn d_e
    x[N_data]                      integer<N_V ell

A function may add to the pseudocode's declarations what Python adds to the paper:

- `*batch`, or `*#batch`, may lead all arrays but parameters; and those that others have by heads;
- `ell` may follow, for all tokens at once, where the algorithm takes a single token;
- `H` leads what is declared for h ∈ [H], and `T` follows what is declared for t ∈ [T]: stacked;
- a tuple holds all l ∈ [L] under a name of its own; a sequence holds all n ∈ [N_data];
- a result, or a single token, may leave out what it is below, `<N_V`.

The length of a sequence has no name in the pseudocode's head: a function gives it one, which must
not be that of another size. A requirement is written as in the pseudocode, in Python's signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeGuard

from algorithms.signatures.declarations import (
    ArrayOf,
    Choice,
    Declaration,
    Instance,
    Items,
    Number,
    Optional,
    Record,
    declared,
)
from spec import symbols
from spec.language import tree
from spec.language.header import Header, instance
from spec.language.plain_text import text
from spec.language.polynomials import ONE, Atom, Poly
from spec.language.types import N_V, Bundle, Family, Key, Matrix, Tokens, Type, Whole, sizes_of

#: The indices whose families are stacked, into an axis in front or behind.
IN_FRONT, BEHIND = "h", "t"
#: What a function requires of a hyperparameter that the pseudocode declares in this way.
RANGES = {"ℕ": "{} >= 0", "V": "0 <= {} < N_V", "(0, 1)": "0 < {} < 1", "(0, ∞)": "{} > 0"}


class Declared(NamedTuple):
    """What a function declares: the lines of its arguments in their order, then of `return`."""

    name: str
    shapes: Mapping[str, str]
    defaults: Mapping[str, object] = {}
    requires: tuple[str, ...] = ()


def declared_by(function: Callable[..., Any], names: Mapping[str, str]) -> Declared:
    """What a function declares; `names` holds what it calls some of the paper's arguments."""
    signature = declared(function)
    parts = {**signature.arguments, "return": signature.result}
    shapes = dict(line for name, part in parts.items() for line in _lines(name, part))
    shapes |= {name: shapes.pop(own) for name, own in names.items()}
    requires = getattr(function, "requires", ())
    return Declared(function.__name__, shapes, signature.defaults, requires)


def _lines(path: str, declaration: Declaration) -> Iterator[tuple[str, str]]:
    match declaration:
        case ArrayOf(batch, axes, kind, _, below):
            entries = kind if below is None else f"{kind}<{below.size}"
            yield path, " ".join(word for word in (entries, batch, *axes) if word)
        case Record(_, fields):
            for name, field in fields.items():
                yield from _lines(f"{path}.{name}", field)
        case Items(item, size):
            yield from _lines(f"{path}[{size}]", item)
        case Optional(value):
            yield from _lines(path, value)
        case Number(cls):
            yield path, {int: "integer", float: "float"}[cls]
        case Choice(words):
            yield path, " ".join(words)
        case Instance(cls):
            yield path, cls.__name__


@dataclass(frozen=True)
class Wanted:
    """What the line of a function must say.

    Attributes
    ----------
    text
        What the pseudocode declares: `H times d_attn×d_e`.
    kind, axes
        The kind of the entries, and the axes: `float`, (H, d_attn, d_e).
    below
        What tokens and positions are below: `N_V`.
    batch, per_token
        Whether `*batch` may lead, whether `ell` may follow.
    """

    text: str
    kind: str
    axes: tuple[Poly, ...] = ()
    below: str = ""
    batch: bool = False
    per_token: bool = False

    def pattern(self, lengths: Mapping[str, str]) -> str:
        """What the line must match, where the lengths of sequences have these names."""
        axes = "".join(re.escape(f" {in_python(axis, lengths)}") for axis in self.axes)
        below = f"(<{self.below})?" if self.below else ""
        batch = r"(?P<batch> \*#?batch)?" if self.batch else "(?P<batch>)"
        tokens = r"(?P<tokens> \w+)?" if self.per_token else "(?P<tokens>)"
        return f"{self.kind}{below}{batch}{axes}{tokens}"


def wanted(header: Header, headers: Mapping[str, Header]) -> dict[str, Wanted]:
    """What a function must declare, in order, with every field of θ at every depth."""
    by_heads = {
        part.member.algorithm
        for other in headers.values()
        for part in other.fields.values()
        if isinstance(part, Family) and part.index.name == IN_FRONT
        if isinstance(part.member, Bundle)
    }
    found: dict[str, Wanted] = {}

    def add(name: str, type: Type, *, batch: bool, per_token: bool = False) -> None:
        if isinstance(type, Bundle):
            batch = type.algorithm in by_heads
        elif _is_tuple(type):
            name, type, batch = f"{name}[{in_python(type.count)}]", type.member, False
        for path, part in _parts(name, type, header, headers):
            found[path] = replace(part, batch=batch, per_token=per_token)

    takes_one_token = all(
        isinstance(type, Whole) or (isinstance(type, Matrix) and type.columns == ONE)
        for _, type in header.inputs
    )
    for key, type in header.inputs:
        add(_argument(key, type), type, batch=True, per_token=takes_one_token)
    for key, type in header.parameters:
        add(_argument(key, type), type, batch=key in header.hyperparameters)  # a mask
    for key, type in _passed_by_name(header):
        add(_argument(key, type), type, batch=True)
    add("return", header.output[1], batch=True, per_token=takes_one_token)
    return found


def _parts(
    path: str, type: Type, header: Header, headers: Mapping[str, Header]
) -> Iterator[tuple[str, Wanted]]:
    """Every array within an argument, by its path."""
    match type:
        case Bundle(algorithm, sizes):
            for key, field in headers[algorithm].fields.items():
                at, part = path, instance(field, dict(sizes))
                if _is_tuple(part):  # θ[L].W is all of W_l
                    at, part = f"{path}[{in_python(part.count)}]", part.member
                yield from _parts(f"{at}.{symbols.ascii(key.glyph)}", part, header, headers)
        case Family(index, count, member):
            for name, part in _parts(path, member, header, headers):
                axes = (count, *part.axes) if index.name == IN_FRONT else (*part.axes, count)
                yield name, replace(part, text=f"{count} times {part.text}", axes=axes)
        case Matrix(rows, columns, bits):
            axes = () if type.entries == ONE else (rows,) if columns == ONE else (rows, columns)
            yield path, Wanted(str(type), "bool" if bits else "float", axes)
        case Tokens(length):
            yield path, Wanted(str(type), "integer", (length,), in_python(N_V))
        case Whole(value, high):
            index = None if value is None else value.atom
            if index is not None and index in header.bounds:
                _, high = header.bounds[index]
            yield path, Wanted(str(type), "integer", below="" if high is None else in_python(high))
        case _:
            raise AssertionError(f"nothing is declared to be {type}")


def differences(
    program: tree.Program, headers: Mapping[str, Header], function: Declared
) -> set[str]:
    """Every difference of a function from an algorithm: `Algorithm 4, Mask: …`."""
    found = _Comparison(program, headers, function).differences()
    return {f"Algorithm {program.id}, {name}: {problem}" for name, problem in found}


class _Comparison:
    """What the pseudocode wants, what the function has, and what it calls the lengths.

    `names` holds what the function calls an array, by the path that the pseudocode has for it.
    """

    def __init__(
        self, program: tree.Program, headers: Mapping[str, Header], function: Declared
    ) -> None:
        self.program = program
        self.header = headers[program.id]
        self.function = function
        self.wanted = wanted(self.header, headers)
        self.names: dict[str, str] = {}
        for path in function.shapes:
            unnamed = re.sub(r"\.\w+\[", "[", path)  # the name of a tuple is Python's own
            self.names[path if unnamed in self.names else unnamed] = path
        self.taken = {
            in_python(type.value)
            for type in self.header.variables.values()
            if isinstance(type, Whole) and type.value is not None
        }
        self.lengths: dict[str, str] = {}
        for path, want in self.wanted.items():
            if want.text.startswith("a sequence ") and path in self.names:
                self.note(str(*want.axes), function.shapes[self.names[path]])

    def note(self, length: str, line: str) -> None:
        """Note the name of a length, unless another size has it."""
        match = re.fullmatch(r"\S+( \*#?batch)? (\w+)", line)
        if match is not None and match[2] not in {*self.taken, *self.lengths.values()}:
            self.lengths.setdefault(length, match[2])

    def differences(self) -> Iterator[tuple[str, str]]:
        yield from self.shapes()
        yield from (
            (own, "the spec has none")
            for path, own in self.names.items()
            if path not in self.wanted
        )
        yield from self.order()
        for key, default in self.header.defaults.items():
            name = symbols.ascii(key.glyph)
            have = self.function.defaults.get(name)
            if name in self.names and have != default:
                yield name, f"the spec's default is {default}, {self.function.name}'s is {have}"
        rules = dict(self.requirements())
        for written, rule in rules.items():
            if rule not in self.function.requires:
                yield written, f"{self.function.name} does not require it"
        for rule in self.function.requires:
            if rule not in rules.values():
                yield rule, "the spec does not require it"

    def shapes(self) -> Iterator[tuple[str, str]]:
        function = self.function.name
        lines = [line for name, line in self.function.shapes.items() if name != "return"]
        batched = any(re.search(r"\*#?batch", line) for line in lines)
        first: tuple[str, str] | None = None
        for path, want in self.wanted.items():
            if path not in self.names:
                yield path, f"the spec declares {want.text}, {function} has none"
                continue
            name = self.names[path]
            line = self.function.shapes[name]
            match = re.fullmatch(want.pattern(self.lengths), line)
            tokens = "" if match is None else (match["tokens"] or "").strip()
            bounded = not want.below or path == "return" or " " not in line or "<" in line
            if not match or not bounded or tokens in {*self.taken, *self.lengths.values()}:
                yield name, f"the spec declares {want.text}, {function} has {line}"
                continue
            if want.per_token:
                first = first or (name, tokens)
                if tokens != first[1]:
                    yield name, f"{line} is not for as many tokens as {first[0]}"
            if path == "return" and bool(match["batch"]) != batched:
                argument = "an argument" if batched else "no argument"
                yield name, f"{function} has {line}, but {argument} has leading axes"

    def order(self) -> Iterator[tuple[str, str]]:
        """Compare the order of arguments and fields, without those that are passed by name."""
        free = {"return", *(_argument(key, type) for key, type in _passed_by_name(self.header))}
        wanted = [path for path in self.wanted if path in self.names and path not in free]
        have = [path for path in self.names if path in wanted]
        for path, want in zip(have, wanted, strict=True):
            if path != want:
                problem = f"{self.function.name} has it where the spec has {want}"
                yield self.names[path], problem
                return

    def requirements(self) -> Iterator[tuple[str, str]]:
        """What the pseudocode requires, and how Python writes it. No sequence is ever empty."""
        by_name = {key.glyph for key, _ in _passed_by_name(self.header)}
        for row in self.program.section("Hyperparameters"):
            for item in row.node.items if isinstance(row.node, tree.Declarations) else ():
                for name in map(text, item.names):
                    kind = text(item.kind) if isinstance(item, tree.Declaration) else ""
                    if name in by_name and kind in RANGES:
                        yield f"{name} ∈ {kind}", RANGES[kind].format(symbols.ascii(name))
        for requirement in self.header.requirements:
            if not requirement.text.startswith("1 ≤ length("):
                yield requirement.text, _rule(requirement.text, self.lengths)


def _is_tuple(type: Type) -> TypeGuard[Family]:
    return isinstance(type, Family) and type.index.name not in (IN_FRONT, BEHIND)


def _argument(key: Key, type: Type) -> str:
    """The name of an argument; `z` is all of `z_n`."""
    return symbols.ascii(symbols.lookup(key.glyph).stem if _is_tuple(type) else key.glyph)


def _passed_by_name(header: Header) -> Iterator[tuple[Key, Type]]:
    """The hyperparameters that are not the size of an argument, nor arguments themselves."""
    arguments = (*header.inputs, *header.parameters)
    sizes = set[Atom]().union(*(sizes_of(type) for _, type in arguments))
    for key, type in header.hyperparameters.items():
        size = type.value if isinstance(type, Whole) else None
        is_argument = any(key == argument for argument, _ in arguments)
        if not is_argument and (size is None or size.atom not in sizes):
            yield key, type


def in_python(size: Poly, lengths: Mapping[str, str] = {}) -> str:
    """A size as Python writes it: `H*d_mid`; `ell` where `length(x)` has that name."""
    return _rule(str(size).replace(" ", "·"), lengths)


def _rule(written: str, lengths: Mapping[str, str]) -> str:
    """A condition as Python writes it: `ell <= ell_max` for `length(x) ≤ ℓ_max`."""

    def name(match: re.Match[str]) -> str:
        is_length = match[0].startswith("length(")
        return lengths.get(match[0], match[0]) if is_length else symbols.ascii(match[0])

    written = re.sub(r"length\([^)]*\)|[^\W\d][\w\u0300-\u036f]*", name, written)
    return written.replace("≤", "<=").replace("−", "-").replace("·", "*")
