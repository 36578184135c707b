"""How the tree is written: its pieces in order, with their brackets and the white space between.

A `Style` says what a piece looks like, in MathML or in LaTeX. Every piece also has a plain text,
and these, one after the other, are what stands in the files.

White space follows the paper's habit: a sum, or a quotient, is tight where it stands small, in
a script, in an index within an index, at the ends of a slice or as a factor.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

from spec.language import tree
from spec.language.alg_file import width
from spec.language.tree import Node

T = TypeVar("T")

# How tightly the parts of an expression hold together, the loosest first.
LOOSE, BOTH, COMPARED, SUM, TERM, PRODUCT, JUXTAPOSED, PREFIX, POSTFIX, NAMED, BRACKETED, ALWAYS = (
    range(12)
)
TIGHTNESS = {"+": SUM, "−": SUM, "·": PRODUCT, "/": PRODUCT, "⊙": PRODUCT, " ": JUXTAPOSED}

HAT, TILDE, BAR, PRIME = "\u0302", "\u0303", "\u0304", "'"
OPENING, CLOSING = "([{⟦", ")]}⟧"
APPLY = "\u2061"  # stands, unseen, between a function and its arguments

LONG = 32  # characters of a call, its brackets apart, from which on a line may be broken in it

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def tightness(node: Node) -> int:
    """Return how tightly a node holds together when it is written without brackets."""
    match node:
        case tree.Binary("·" | "/" | "⊙", _, tree.Sum()) | tree.Sum():
            return TERM  # a sum takes the whole product to its right, and so may only end one
        case tree.Binary(operator):
            return TIGHTNESS[operator]
        case tree.Negative():
            return SUM
        case tree.Prefix() | tree.Gradient():
            return PREFIX
        case tree.Number() | tree.Infinity() | tree.Pi() | tree.Ones() | tree.Zeros():
            return POSTFIX
        case tree.Name() | tree.Power():
            return NAMED
        case tree.Compare() | tree.Not():
            return COMPARED
        case tree.Both():
            return BOTH
        case tree.Either() | tree.Named() | tree.Slice() | tree.Result():
            return LOOSE
    return BRACKETED


class Style(Protocol[T]):
    """How the parts of a formula look."""

    def name(self, letters: str) -> T:
        """Write a name: one letter is italic, several are upright."""

    def number(self, digits: str) -> T:
        """Write a numeral."""

    def sign(self, sign: str, before: bool, after: bool) -> T:
        """Write an operator or a bracket, set off on either side or not; a space is a product."""

    def space(self) -> T:
        """Leave a little room."""

    def transposed(self) -> T:
        """Write the mark of a transpose."""

    def accent(self, base: T, mark: str) -> T:
        """Put a hat, a tilde or a bar on top."""

    def scripts(self, base: T, below: T | None, above: T | None) -> T:
        """Put one script or both to the right."""

    def root(self, inside: T) -> T:
        """Write a square root over its operand."""

    def row(self, parts: Sequence[T]) -> T:
        """Write parts side by side, as one."""


@dataclass(frozen=True)
class Atom(Generic[T]):
    """A piece of a formula; `called` is the name that its link leads to, if it has a link."""

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
        """The words of the reference."""
        return f"Algorithm {self.algorithm}"


@dataclass(frozen=True)
class Break:
    """A space at which a line may go on below."""

    plain: str = " "


SPACE = Word(" ", keyword=False)  # at which a line may not be broken

Piece = Atom[T] | Word | Reference | Break


def _shown(pieces: Iterable[Piece[Any]]) -> int:
    """Return how many characters of some pieces are seen in print."""
    return len(re.sub("[ ^_{}]", "", "".join(piece.plain for piece in pieces)))


@dataclass(frozen=True)
class Typesetter(Generic[T]):
    """Writes nodes in a style.

    Attributes
    ----------
    linked
        The names that are to be links, where they are called and where they stand alone.
    open
        Whether a line may be broken within a formula, which it never is inside brackets.
    small, indexed
        Whether the node stands in a script, or in an index.
    """

    style: Style[T]
    linked: Container[str] = ()
    open: bool = False
    small: bool = False
    indexed: bool = False

    def pieces(self, node: Node, least: int = LOOSE) -> Iterator[Piece[T]]:
        """Write a node, in brackets if it does not hold together as tightly as `least`."""
        return self._pieces(node) if tightness(node) >= least else self._row("(", node, ")")

    @cached_property
    def _closed(self) -> Typesetter[T]:
        return replace(self, open=False) if self.open else self

    @cached_property
    def _scripted(self) -> Typesetter[T]:
        return Typesetter(self.style, small=True)

    # Several pieces in a row

    def _row(self, *parts: str | Node | Piece[T] | Iterator[Piece[T]]) -> Iterator[Piece[T]]:
        """Write signs, nodes and other pieces; no line is broken within brackets.

        A sign has the space around it, ` ∈ `; a newline at its end is a space that may be broken.
        """
        setter = self
        for part in parts:
            match part:
                case str():
                    broken = part.endswith("\n") and setter.open
                    yield self._sign(part[:-1] if broken else part.replace("\n", " "))
                    if broken:
                        yield Break()
                    if part in OPENING + CLOSING:
                        setter = self._closed if part in OPENING else self
                case Node():
                    yield from setter.pieces(part)
                case Atom() | Word() | Reference() | Break():
                    yield part
                case _:
                    yield from part

    def _list(self, nodes: Iterable[Node], sign: str = ",\n") -> Iterator[Piece[T]]:
        for i, node in enumerate(nodes):
            yield from self._row(sign, node) if i else self.pieces(node)

    def _sign(self, sign: str) -> Atom[T]:
        bare = sign.strip() or sign
        before, after = (end == " " != bare for end in (sign[0], sign[-1]))
        return Atom(self.style.sign(bare, before, after), sign)

    # What is written as one piece

    def _joined(self, pieces: Iterable[Piece[T]]) -> Atom[T]:
        """Put the pieces of a formula together, in which no line is broken."""
        atoms = [piece for piece in pieces if isinstance(piece, Atom)]
        if len(atoms) == 1:
            return atoms[0]
        value = self.style.row([atom.value for atom in atoms])
        return Atom(value, "".join(atom.plain for atom in atoms))

    def _operand(self, node: Node, least: int, in_print: int) -> Atom[T]:
        """Write a node that gets a mark; print and plain text put brackets at two levels."""
        bare = list(self._closed.pieces(node))
        plain, printed = (
            self._joined(bare if tightness(node) >= level else self._row("(", *bare, ")"))
            for level in (least, in_print)
        )
        return Atom(printed.value, plain.plain)

    def _raised(self, node: Node, least: int) -> Atom[T]:
        """Write a node that gets an exponent, in brackets in print if it has one already."""
        exponent = isinstance(node, tree.Power | tree.Transpose)
        return self._operand(node, least, ALWAYS if exponent else BRACKETED)

    def _letters(self, base: str) -> T:
        letters = unicodedata.normalize("NFD", base).rstrip(PRIME)
        stem = letters.rstrip(HAT + TILDE + BAR)
        value = self.style.name(unicodedata.normalize("NFC", stem))
        for mark in letters[len(stem) :]:
            value = self.style.accent(value, mark)
        primes = base.count(PRIME)
        parts = [value, *(self.style.sign("′", False, False) for _ in range(primes))]
        return self.style.row(parts) if primes else value

    def _script(self, mark: str, node: Node | None) -> tuple[T | None, str]:
        """Write a script; its plain text is in braces unless it is one word."""
        if node is None:
            return None, ""
        script = self._joined(self._scripted.pieces(node))
        if isinstance(node, tree.Mark):
            return script.value, script.plain
        is_word = re.fullmatch("[A-Za-z0-9ℓ]+", script.plain)
        return script.value, mark + (script.plain if is_word else f"{{{script.plain}}}")

    def _name(self, name: tree.Name, mark: T | None = None) -> Atom[T]:
        """Write a name; `mark` stands where its upper script would."""
        above, plain_above = self._script("^", name.above)
        below, plain_below = self._script("_", name.below)
        match name.above, name.below:
            case None, tree.Name(second, None, None) if width(name.base) > 1 < len(second):
                value = self.style.name(f"{name.base}_{second}")  # `mask_token` is one word
            case _:
                letters = self._letters(name.base)
                value = self.style.scripts(letters, below, above if mark is None else mark)
        return Atom(value, name.base + plain_above + plain_below)

    def _linked(self, name: Atom[T]) -> Atom[T]:
        """Make a link of a name that is to be one."""
        return replace(name, called=name.plain) if name.plain in self.linked else name

    def _dimensioned(self, base: Atom[T], dimensions: Sequence[Node]) -> Atom[T]:
        if not dimensions:
            return base
        above = self._by(dimensions)
        value = self.style.scripts(base.value, None, above.value)
        return Atom(value, f"{base.plain}^{{{above.plain}}}")

    def _by(self, dimensions: Sequence[Node]) -> Atom[T]:
        """Write how many rows, and by how many columns, small."""
        times = self._sign("×")
        rows, *columns = (self._joined(self._scripted.pieces(size)) for size in dimensions)
        return self._joined([rows, *(part for size in columns for part in (times, size))])

    def _spelt(self, *parts: str) -> Atom[T]:
        """Write letters, numerals and brackets as they are, side by side."""
        values: list[T] = []
        for part in parts:
            if part.isdecimal():
                values.append(self.style.number(part))
            elif part.isalpha() or part == "∞":
                values.append(self.style.name(part))
            else:
                values.append(self.style.sign(part.strip(), False, part.endswith(" ")))
        return Atom(self.style.row(values), "".join(parts).replace(APPLY, ""))

    # Nodes that take several steps

    def _binary(self, node: tree.Binary, factor: bool = False) -> Iterator[Piece[T]]:
        """Write an operation; one that is itself a factor is a quotient, and tight."""
        operator, level = node.operator, TIGHTNESS[node.operator]
        match node.left:
            case tree.Binary("/") if level == PRODUCT == tightness(node.left):
                yield from self._binary(node.left, factor=True)
            case _:
                yield from self.pieces(node.left, level)
        if self.open and operator in "+−":
            yield from self._row(Break(), f"{operator} ")
        elif operator == " " or factor or (self.small and operator != "·"):
            yield self._sign(operator)
        else:
            yield self._sign(f" {operator} ")
        yield from self.pieces(node.right, TERM if tightness(node) == TERM else level + 1)

    def _call(
        self, function: str, arguments: Sequence[Node], parameters: Sequence[Node]
    ) -> Iterator[Piece[T]]:
        base, _, below = function.removeprefix("∇").partition("_")
        name = self._name(tree.Name(base, None, tree.Name(below) if below else None))
        value = name.value
        if function.startswith("∇"):
            value = self.style.row([self.style.sign("∇", False, False), value])
        yield self._linked(Atom(value, function))
        yield Atom(self.style.sign(APPLY, False, False), "")
        inner = self._closed
        plain = [one for one in parameters if not isinstance(one, tree.Named)]
        # Where no line may be broken, nobody asks how long the call is.
        measured = (arguments, plain) if self.open else ((), ())
        taken, given = (_shown(inner._list(nodes)) for nodes in measured)
        is_long = len(function) + taken > LONG, len(function) + taken + given > LONG
        yield from self._row("(", (self if is_long[0] else inner)._list(arguments))
        for i, parameter in enumerate(parameters):
            # At equations, within long ones, and between the two halves of a long call, a line may
            # be broken.
            beside = any(isinstance(one, tree.Named) for one in parameters[i - 1 : i + 1])
            outer = self if (beside if i else is_long[1]) else inner
            named = self.open and isinstance(parameter, tree.Named)
            alone = named and _shown(inner.pieces(parameter)) > LONG
            pieces = (self if alone else inner).pieces(parameter)
            yield from outer._row(",\n" if i else " |\n", pieces)
        yield self._sign(")")

    def _sum(self, node: tree.Sum) -> Iterator[Piece[T]]:
        sign, small = self.style.sign("∑", False, False), self._scripted
        match node.binder:
            case tree.Range(name, low, high):
                start = self._joined(small._row(name, "=", low))
                end = self._joined(small.pieces(high))
                below, above, plain = start.value, end.value, f"_{{{start.plain}}}^{{{end.plain}}}"
                yield Atom(self.style.scripts(sign, below, above), f"Σ{plain}")
            case binder:
                script, plain = self._script("_", binder)
                yield Atom(self.style.scripts(sign, script, None), f"Σ{plain}")
        yield from (Atom(self.style.space(), " "), *self.pieces(node.body, TERM))

    def _for(self, node: tree.For) -> Iterator[Piece[T]]:
        if node.word == "∀":
            yield self._sign("∀")
            if len(node.binder.names) > 1:
                yield Atom(self.style.space(), " ")
        else:
            yield from (Word(node.word), SPACE)
        yield from self._row(self._closed.pieces(node.binder), ":")
        if node.body is not None:
            yield from self._row(Break(), node.body)

    def _pieces(self, node: Node) -> Iterator[Piece[T]]:  # one case for each kind of node
        style = self.style
        match node:
            # Expressions
            case tree.Number(value):
                yield Atom(style.number(str(value)), str(value))
            case tree.Infinity():
                yield Atom(style.name("∞"), "∞")
            case tree.Pi():
                yield Atom(style.name("π"), "π")
            case tree.Ones():
                yield Atom(style.scripts(style.number("1"), None, style.transposed()), "1ᵀ")
            case tree.Zeros(dimensions):
                below = self._by(dimensions)
                zeros = style.scripts(style.number("0"), below.value, None)
                yield Atom(zeros, f"0_{{{below.plain}}}")
            case tree.Name():
                yield self._linked(self._name(node))
            case tree.Mark(numeral):
                yield Atom(style.number(str(numeral)), str(numeral).translate(_RAISED))
            case tree.Negative(operand):
                yield from self._row("−", self.pieces(operand, TERM))
            case tree.Binary():
                yield from self._binary(node)
            case tree.Power(base, tree.Number(value) as exponent):
                raised, (above, _) = self._raised(base, BRACKETED), self._script("^", exponent)
                plain = raised.plain + str(value).translate(_RAISED)
                yield Atom(style.scripts(raised.value, None, above), plain)
            case tree.Transpose(tree.Name(above=None) as operand):
                name = self._name(operand, style.transposed())
                yield Atom(name.value, f"{name.plain}ᵀ")
            case tree.Transpose(operand):
                raised = self._raised(operand, NAMED)
                turned = style.scripts(raised.value, None, style.transposed())
                yield Atom(turned, f"{raised.plain}ᵀ")
            case tree.Prefix("√", operand):
                inside = self._operand(operand, PREFIX, in_print=LOOSE)
                yield Atom(style.root(inside.value), f"√{inside.plain}")
            case tree.Prefix(function, operand):
                yield self._linked(Atom(style.name(function), function))
                yield Atom(style.space(), " ")
                yield from self.pieces(operand, PREFIX)
            case tree.Call(function, arguments, parameters):
                yield from self._call(function, arguments, parameters)
            case tree.Gradient(call):
                yield from self._row("∇", call)
            case tree.Index(array, subscripts):
                inner = replace(self._closed, small=self.small or self.indexed, indexed=True)
                yield from self._row(self.pieces(array, NAMED), "[", inner._list(subscripts), "]")
            case tree.All():
                yield self._sign(":")
            case tree.Slice(low, high):
                spaced = isinstance(low, tree.Binary) or isinstance(high, tree.Binary)
                yield from self._scripted._row(low, " : " if spaced else ":", high)
            case tree.Columns(items):
                yield from self._row("[", self._closed._list(items), "]")
            case tree.Rows(items):
                dots = any(isinstance(item, tree.Dots) for item in items)
                blocks = (self._closed if dots else self)._list(items, ";\n")
                yield from self._row("[", blocks, "]")
            case tree.Dots():
                yield self._sign("…")
            case tree.Named(left, operator, right) | tree.Compare(operator, left, right):
                yield from self._row(left, f" {operator}\n", right)
            case tree.Both(left, right):
                yield from self._row(self.pieces(left, BOTH), " ∧\n", self.pieces(right, COMPARED))
            case tree.Either(left, right):
                yield from self._row(left, " ∨\n", self.pieces(right, BOTH))
            case tree.Not(operand):
                yield from self._row("¬", self.pieces(operand, POSTFIX))
            case tree.Iverson(condition):
                yield from self._row("⟦", condition, "⟧")
            case tree.Collect(binder, condition):
                yield from self._row("{", binder, " : ", condition, "}")
            case tree.Sum():
                yield from self._sum(node)
            # Binders
            case tree.Implied(names):
                yield from self._list(names)
            case tree.UpTo(name, high):
                yield from self._row(name, " ∈ ", "[", high, "]")
            case tree.Range(name, low, high):
                yield from self._closed._row(name, " = ", low, ", ", tree.Dots(), ", ", high)
            case tree.Member(name, collection):
                yield from self._row(name, "∈", collection)
            # Statements
            case tree.Assign(target, operator, value):
                yield from self._row(target, f" {operator}\n", value)
            case tree.Several(targets, call):
                yield from self._row(self._list(targets), " ←\n", call)
            case tree.Choose(target, value, probability, otherwise):
                yield from self._row(target, " ←\n", value, Break(), Word("with probability"))
                yield from self._row(SPACE, probability, ",", Break(), Word("else"))
                yield from self._row(SPACE, otherwise)
            case tree.Sample(token, distribution, weights):
                yield from self._row(Word("sample a token"), SPACE, token, Break())
                yield from self._row(Word("from"), SPACE, distribution, " ∝\n", weights)
            case tree.For():
                yield from self._for(node)
            case tree.While(condition):
                yield from self._row(Word("while"), SPACE, condition, ":")
            case tree.If(condition, body):
                yield from self._row(Word("if"), SPACE, condition, Break())
                yield from self._row(Word("then"), SPACE, body)
            case tree.Result(None, value):
                yield from self.pieces(value)
            case tree.Result(tree.Name() as name, value):
                yield from self._row(name, " =\n", value)
            case tree.Return() | tree.Returns():
                yield from self._row(Word("return"), SPACE, self._list(node.results))
            case tree.End():
                yield Word("end")
            # Heads
            case tree.Reals(dimensions, None):
                yield self._dimensioned(Atom(style.name("ℝ"), "ℝ"), dimensions)
            case tree.Reals(dimensions, (low, high)):
                interval = self._spelt("(", low, "," if dimensions else ", ", high, ")")
                yield self._dimensioned(interval, dimensions)
            case tree.Bits(dimensions):
                yield self._dimensioned(self._spelt("{", "0", ",", "1", "}"), dimensions)
            case tree.Naturals():
                yield Atom(style.name("ℕ"), "ℕ")
            case tree.Vocabulary():
                yield Atom(style.name("V"), "V")
            case tree.Sequences():
                star = style.sign("*", False, False)
                yield Atom(style.scripts(style.name("V"), None, star), "V*")
            case tree.Distributions():
                yield self._spelt("Δ", APPLY, "(", "V", ")")
            case tree.Positions(high):
                yield from self._row("[", high, "]")
            case tree.Declaration(names, kind, default):
                yield from self._row(self._list(names), " ∈ ", kind)
                if default is not None:
                    yield from self._row(Break(), Word("default", False), SPACE, default)
            case tree.Alike(names, algorithm, equal, parts):
                yield from self._row(self._list(names), Break(), Word("as in", False), SPACE)
                yield Reference(algorithm)
                if equal:
                    sizes = self._closed._list(equal, " = ")
                    yield from self._row(Break(), Word("with", False), SPACE, sizes)
                if parts:
                    yield from (self._sign(","), Break(), Word("part by part", False))
            case tree.Declarations(items, None):
                yield from self._list(items)
            case tree.Declarations(items, tree.UpTo() as binder):
                yield from self._row(tree.Each(binder), Break(), self._list(items))
            case tree.Each(binder):
                yield from self._row(Word("for"), SPACE, binder, ":")
            case tree.Consists(name):
                yield from self._row(name, SPACE, Word("consisting of", False))
            case tree.Signature(results, function, inputs, parameters):
                called = self._call(function, inputs, parameters)
                yield from self._row(self._list(results), " ←\n", called)
            case tree.Abbreviation(short, full):
                yield from self._row(short, " ≡\n", full)
            case tree.Requirements(conditions):
                yield from self._list(conditions)
            case tree.Open(condition, line, erratum):
                yield from self._row(condition, Break(), Word("at line", False), SPACE, line)
                yield from (SPACE, Word(f"({erratum})", False))
            case _:
                raise TypeError(f"{type(node).__name__} is not a node of the language")
