"""What every printed form of the tree has in common.

`Setter` says what is set, in which order, with which brackets, and where a line may be broken; a
`Style` says how. Brackets and white space are those of `spec.language.plain_text`: the plain texts
of the pieces, one after the other, are what it writes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from spec.language.plain_text import (
    BRACKETED,
    LOOSE,
    NAMED,
    POSTFIX,
    PREFIX,
    PRODUCT,
    TERM,
    TIGHTNESS,
    text,
    tightness,
)
from spec.language.tree import (
    Abbreviation,
    Alike,
    All,
    Assign,
    Binary,
    Bits,
    Call,
    Choose,
    Collect,
    Columns,
    Compare,
    Consists,
    Declaration,
    Declarations,
    Distributions,
    Dots,
    Each,
    End,
    For,
    Gradient,
    If,
    Implied,
    Index,
    Infinity,
    Iverson,
    Mark,
    Member,
    Name,
    Named,
    Naturals,
    Negative,
    Node,
    Not,
    Number,
    Ones,
    Open,
    Positions,
    Power,
    Prefix,
    Range,
    Reals,
    Requirements,
    Return,
    Rows,
    Sample,
    Sequences,
    Signature,
    Slice,
    Sum,
    Transpose,
    UpTo,
    Vocabulary,
    While,
)

T = TypeVar("T")

HAT, TILDE, PRIME = "\u0302", "\u0303", "'"
ALWAYS = BRACKETED + 1
APPLY = "\u2061"  # stands, unseen, between a function and its arguments


class Style(Protocol[T]):
    """How the parts of a formula are written."""

    def name(self, letters: str) -> T:
        """Write a name: one letter is italic, several are upright."""
        ...

    def number(self, digits: str) -> T:
        """Write a numeral."""
        ...

    def sign(self, sign: str, before: bool, after: bool) -> T:
        """Write an operator or a bracket, set off on either side or not; a space is a product."""
        ...

    def space(self) -> T:
        """Leave a little room."""
        ...

    def transposed(self) -> T:
        """Write the mark of a transpose."""
        ...

    def accent(self, base: T, mark: str) -> T:
        """Put a hat or a tilde on top."""
        ...

    def scripts(self, base: T, below: T | None, above: T | None) -> T:
        """Put one script or both to the right."""
        ...

    def root(self, inside: T) -> T:
        """Write a square root over all that it is taken of."""
        ...

    def row(self, parts: Sequence[T]) -> T:
        """Write parts side by side, as one."""
        ...


@dataclass(frozen=True)
class Atom(Generic[T]):
    """A piece of a formula; `called` is the function whose name it is, if that is to be a link."""

    value: T
    plain: str
    called: str | None = None


@dataclass(frozen=True)
class Word:
    """English among the formulas."""

    plain: str
    keyword: bool = True


@dataclass(frozen=True)
class Reference:
    """`Algorithm 5`"""

    algorithm: str

    @property
    def plain(self) -> str:
        """Return what is read."""
        return f"Algorithm {self.algorithm}"


@dataclass(frozen=True)
class Break:
    """A space at which a line may go on below."""

    plain: str = " "


@dataclass(frozen=True)
class Space:
    """A space at which a line may not."""

    plain: str = " "


Pieces = Iterator[Atom[T] | Word | Reference | Break | Space]


@dataclass(frozen=True)
class Setter(Generic[T]):
    """Sets nodes in a style.

    Attributes
    ----------
    linked
        The functions of which calls are to be links.
    open
        Whether a line may be broken within a formula, which it never is inside brackets.
    small, indexed
        Whether what is set stands in a script, or in an index.
    """

    style: Style[T]
    linked: Container[str] = ()
    open: bool = False
    small: bool = False
    indexed: bool = False

    def set(self, node: Node, least: int = LOOSE) -> Pieces[T]:
        """Set a node, in brackets if it does not hold together as tightly as `least`."""
        if tightness(node) >= least:
            yield from self._set(node)
        else:
            yield from self._between("(", self._closed.set(node), ")")

    @property
    def _closed(self) -> Setter[T]:
        return replace(self, open=False)

    @property
    def _scripted(self) -> Setter[T]:
        return replace(self, open=False, small=True, indexed=False)

    def _value(self, node: Node, least: int = LOOSE) -> T:
        """Set a node as one value, in which no line is broken and nothing is a link."""
        return self._joined(replace(self._closed, linked=()).set(node, least))

    def _joined(self, pieces: Iterable[Atom[T] | Word | Reference | Break | Space]) -> T:
        parts = [piece.value for piece in pieces if isinstance(piece, Atom)]
        return parts[0] if len(parts) == 1 else self.style.row(parts)

    # Pieces

    def _sign(self, sign: str, before: bool = False, after: bool = False) -> Atom[T]:
        value = self.style.sign(sign, before, after)
        return Atom(value, " " * before + sign + " " * after)

    def _ending(self, sign: str, before: bool = False) -> Pieces[T]:
        """Set a sign after which a line may be broken."""
        yield self._sign(sign, before, after=not self.open)
        if self.open:
            yield Break()

    def _between(self, opening: str, pieces: Pieces[T], closing: str) -> Pieces[T]:
        yield self._sign(opening)
        yield from pieces
        yield self._sign(closing)

    def _all(self, nodes: Iterable[Node], sign: str = ",", before: bool = False) -> Pieces[T]:
        for i, node in enumerate(nodes):
            if i:
                yield from self._ending(sign, before)
            yield from self.set(node)

    def _around(self, left: Node, sign: str, right: Node) -> Pieces[T]:
        yield from self.set(left)
        yield from self._ending(sign, before=True)
        yield from self.set(right)

    def _said(self, *words: str | Node, keyword: bool = True) -> Pieces[T]:
        """Set words, each with what it introduces; a line may be broken before a word."""
        for i, part in enumerate(words):
            if isinstance(part, str):
                yield from [Break()] if i else []
                yield Word(part, keyword)
            else:
                yield Space()
                yield from self.set(part)

    # Names and what is written about them

    def _letters(self, base: str) -> T:
        letters = unicodedata.normalize("NFD", base).rstrip(PRIME)
        stem = letters.rstrip(HAT + TILDE)
        value = self.style.name(unicodedata.normalize("NFC", stem))
        for mark in letters[len(stem) :]:
            value = self.style.accent(value, mark)
        primes = base.count(PRIME)
        parts = [value, *(self.style.sign("′", False, False) for _ in range(primes))]
        return self.style.row(parts) if primes else value

    def _name(self, name: Name, mark: T | None = None) -> T:
        """Set a name; `mark` stands where its upper script would."""
        match name:
            case Name(first, None, Name(second, None, None)) if len(first) > 1 < len(second):
                return self.style.name(f"{first}_{second}")  # `mask_token` is one word
        above = mark if name.above is None else self._script(name.above)
        below = None if name.below is None else self._script(name.below)
        return self.style.scripts(self._letters(name.base), below, above)

    def _raised(self, base: Node) -> T:
        """Set what gets an exponent, in brackets too if it has one already."""
        return self._value(base, ALWAYS if isinstance(base, Power | Transpose) else BRACKETED)

    def _script(self, node: Node) -> T:
        return self._scripted._value(node)

    def _dimensioned(self, base: T, dimensions: Sequence[Node]) -> T:
        if not dimensions:
            return base
        setter = self._scripted
        parts: list[T] = []
        for i, dimension in enumerate(dimensions):
            parts += [self.style.sign("×", False, False)] if i else []
            parts.append(setter._value(dimension))
        above = parts[0] if len(parts) == 1 else self.style.row(parts)
        return self.style.scripts(base, None, above)

    def _spelt(self, *parts: str) -> T:
        """Set letters, numerals and brackets as they are, side by side."""
        values: list[T] = []
        for part in parts:
            if part.isdecimal():
                values.append(self.style.number(part))
            elif part.isalpha() or part == "∞":
                values.append(self.style.name(part))
            else:
                values.append(self.style.sign(part.strip(), False, part.endswith(" ")))
        return self.style.row(values)

    # Expressions with parts on both sides

    def _binary(self, node: Binary, factor: bool = False) -> Pieces[T]:
        """Set an operation; one that is itself a factor is a quotient, and tight."""
        operator, level = node.operator, TIGHTNESS[node.operator]
        tight = factor or (self.small and operator != "·")
        match node.left:
            case Binary("/") if level == PRODUCT == tightness(node.left):
                yield from self._binary(node.left, factor=True)
            case _:
                yield from self.set(node.left, level)
        if operator == " ":
            yield Atom(self.style.sign(" ", False, False), " ")
        elif self.open and operator in "+−":
            yield Break()
            yield self._sign(operator, after=True)
        else:
            yield self._sign(operator, before=not tight, after=not tight)
        yield from self.set(node.right, TERM if tightness(node) == TERM else level + 1)

    def _call(
        self, function: str, arguments: Sequence[Node], parameters: Sequence[Node]
    ) -> Pieces[T]:
        called = function if function in self.linked else None
        base, _, below = function.partition("_")
        name = Name(base, None, Name(below) if below else None)
        yield Atom(self._name(name), function, called)
        yield Atom(self.style.sign(APPLY, False, False), "")
        inner = self._closed
        yield self._sign("(")
        yield from inner._all(arguments)
        for i, parameter in enumerate(parameters):
            if i == 0:
                yield self._sign("|", before=True, after=True)
            else:  # an equation is long
                yield from (self if isinstance(parameter, Named) else inner)._ending(",")
            yield from inner.set(parameter)
        yield self._sign(")")

    def _sum(self, node: Sum) -> Pieces[T]:
        sign = self.style.sign("∑", False, False)
        match node.binder:
            case Range(name, low, high):
                start = [*self._scripted.set(name), self._sign("="), *self._scripted.set(low)]
                value = self.style.scripts(sign, self._joined(start), self._script(high))
            case binder:
                value = self.style.scripts(sign, self._script(binder), None)
        yield Atom(value, text(replace(node, body=Number(0))).removesuffix(" 0"))
        yield Atom(self.style.space(), " ")
        yield from self.set(node.body, TERM)

    def _slice(self, node: Slice) -> Pieces[T]:
        spaced = isinstance(node.low, Binary) or isinstance(node.high, Binary)
        setter = self._scripted
        yield from setter.set(node.low)
        yield self._sign(":", spaced, spaced)
        yield from setter.set(node.high)

    def _for(self, node: For) -> Pieces[T]:
        if node.word == "∀":
            yield self._sign("∀")
            if len(node.binder.names) > 1:
                yield Atom(self.style.space(), " ")
        else:
            yield from (Word(node.word), Space())
        yield from self._closed.set(node.binder)
        yield self._sign(":")
        if node.body is not None:
            yield Break()
            yield from self.set(node.body)

    def _set(self, node: Node) -> Pieces[T]:  # one case for each kind of node
        style = self.style
        match node:
            # Expressions
            case Number(value):
                yield Atom(style.number(str(value)), text(node))
            case Infinity():
                yield Atom(style.name("∞"), text(node))
            case Ones():
                yield Atom(style.scripts(style.number("1"), None, style.transposed()), text(node))
            case Name():
                yield Atom(self._name(node), text(node))
            case Mark(numeral):
                yield Atom(style.number(str(numeral)), text(node))
            case Negative(operand):
                yield self._sign("−")
                yield from self.set(operand, TERM)
            case Binary():
                yield from self._binary(node)
            case Power(base, exponent):
                raised = style.scripts(self._raised(base), None, self._script(exponent))
                yield Atom(raised, text(node))
            case Transpose(Name(above=None) as operand):
                yield Atom(self._name(operand, style.transposed()), text(node))
            case Transpose(operand):
                turned = style.scripts(self._raised(operand), None, style.transposed())
                yield Atom(turned, text(node))
            case Prefix("√", operand):
                yield Atom(style.root(self._value(operand)), text(node))
            case Prefix(function, operand):
                yield Atom(style.name(function), function)
                yield Atom(style.space(), " ")
                yield from self.set(operand, PREFIX)
            case Call(function, arguments, parameters):
                yield from self._call(function, arguments, parameters)
            case Named(target, operator, value):
                yield from self._around(target, operator, value)
            case Gradient(call):
                yield self._sign("∇")
                yield from self.set(call)
            case Index(array, subscripts):
                yield from self.set(array, NAMED)
                inner = replace(self._closed, small=self.small or self.indexed, indexed=True)
                yield from self._between("[", inner._all(subscripts), "]")
            case All():
                yield self._sign(":")
            case Slice():
                yield from self._slice(node)
            case Columns(items):
                yield from self._between("[", self._closed._all(items), "]")
            case Rows(items):
                yield from self._between("[", self._closed._all(items, ";"), "]")
            case Dots():
                yield self._sign("…")
            case Compare(operator, left, right):
                yield from self._around(left, operator, right)
            case Not(operand):
                yield self._sign("¬")
                yield from self.set(operand, POSTFIX)
            case Iverson(condition):
                yield from self._between("⟦", self._closed.set(condition), "⟧")
            case Collect(binder, condition):
                yield from self._between("{", self._closed._around(binder, ":", condition), "}")
            case Sum():
                yield from self._sum(node)
            # Binders
            case Implied(names):
                yield from self._all(names)
            case UpTo(name, high):
                yield from self.set(name)
                yield self._sign("∈", before=True, after=True)
                yield from self._between("[", self._closed.set(high), "]")
            case Range(name, low, high):
                yield from self._closed._around(name, "=", low)
                yield from self._closed._ending(",")
                yield from self._closed._all((Dots(), high))
            case Member(name, collection):
                yield from self.set(name)
                yield self._sign("∈")
                yield from self.set(collection)
            # Statements
            case Assign(target, operator, value):
                yield from self._around(target, operator, value)
            case Choose(target, value, probability, otherwise):
                yield from self._around(target, "←", value)
                yield Break()
                yield from self._said("with probability", probability)
                yield self._sign(",")
                yield Break()
                yield from self._said("else", otherwise)
            case Sample(token, distribution, weights):
                yield from self._said("sample a token", token, "from")
                yield Space()
                yield from self._around(distribution, "∝", weights)
            case For():
                yield from self._for(node)
            case While(condition):
                yield from self._said("while", condition)
                yield self._sign(":")
            case If(condition, body):
                yield from self._said("if", condition, "then", body)
            case Return(None, value):
                yield from self._said("return", value)
            case Return(Name() as result, value):
                yield from (Word("return"), Space())
                yield from self._around(result, "=", value)
            case End():
                yield Word("end")
            # Heads
            case Reals(dimensions, None):
                yield Atom(self._dimensioned(style.name("ℝ"), dimensions), text(node))
            case Reals(dimensions, (low, high)):
                interval = self._spelt("(", low, "," if dimensions else ", ", high, ")")
                yield Atom(self._dimensioned(interval, dimensions), text(node))
            case Bits(dimensions):
                bits = self._spelt("{", "0", ",", "1", "}")
                yield Atom(self._dimensioned(bits, dimensions), text(node))
            case Naturals():
                yield Atom(style.name("ℕ"), text(node))
            case Vocabulary():
                yield Atom(style.name("V"), text(node))
            case Sequences():
                star = style.sign("*", False, False)
                yield Atom(style.scripts(style.name("V"), None, star), text(node))
            case Distributions():
                yield Atom(self._spelt("Δ", APPLY, "(", "V", ")"), text(node))
            case Positions(high):
                yield from self._between("[", self._closed.set(high), "]")
            case Declaration(names, kind, default):
                yield from self._all(names)
                yield self._sign("∈", before=True, after=True)
                yield from self.set(kind)
                if default is not None:
                    yield Break()
                    yield from self._said("default", default, keyword=False)
            case Alike(names, algorithm, equal):
                yield from self._all(names)
                yield from (Break(), Word("as in", keyword=False), Space(), Reference(algorithm))
                if equal:
                    yield from (Break(), Word("with", keyword=False), Space())
                    yield from self._closed._all(equal, "=", before=True)
            case Declarations(items, each):
                if each is not None:
                    yield from (*self._set(Each(each)), Break())
                yield from self._all(items)
            case Each(binder):
                yield from self._said("for", binder)
                yield self._sign(":")
            case Consists(name):
                yield from self.set(name)
                yield from (Space(), Word("consisting of", keyword=False))
            case Signature(result, function, inputs, parameters):
                yield from self._around(result, "←", Call(function, inputs, parameters))
            case Abbreviation(short, full):
                yield from self._around(short, "≡", full)
            case Requirements(conditions):
                yield from self._all(conditions)
            case Open(condition, line, erratum):
                yield from self.set(condition)
                yield Break()
                yield from self._said("at line", line, keyword=False)
                yield from (Space(), Word(f"({erratum})", keyword=False))
            case _:
                raise TypeError(f"{type(node).__name__} is no node of the language")
