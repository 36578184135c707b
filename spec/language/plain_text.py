"""The tree back to text: plain Unicode, as the files are written.

    text(program.lines[0].statement) == "Q ← W_q X + b_q 1ᵀ"

White space follows the paper's habit: a sum, or a quotient, is tight where it stands small, in
a script, in an index within an index, at the ends of a slice or as a factor.
"""

from __future__ import annotations

from spec.language import alg_file
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
    Program,
    Range,
    Reals,
    Requirements,
    Return,
    Row,
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

# How tightly the parts of an expression hold together, the loosest first.
LOOSE, SUM, TERM, PRODUCT, JUXTAPOSED, PREFIX, POSTFIX, NAMED, BRACKETED = range(9)
TIGHTNESS = {"+": SUM, "−": SUM, "·": PRODUCT, "/": PRODUCT, "⊙": PRODUCT, " ": JUXTAPOSED}

_DIGITS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def text(node: Node) -> str:
    """Write a node as it stands in the files."""
    return _Writer().write(node)


def program_text(program: Program) -> alg_file.Algorithm:
    """Lay out an algorithm anew from its trees; `alg_file.write` makes the file of it."""
    head = program.layout
    sections = tuple(
        alg_file.Section(section.name, tuple(map(_row, program.section(section.name))))
        for section in head.sections
    )
    lines = tuple(
        alg_file.Line(
            line.number,
            line.layout.indent,
            text(line.statement),
            None if line.claim is None else text(line.claim),
            line.layout.row,
            line.layout.comment,
        )
        for line in program.lines
    )
    signature = None if program.signature is None else text(program.signature)
    return alg_file.Algorithm(
        head.id, head.title, signature, head.comment, sections, lines, head.path
    )


def tightness(node: Node) -> int:
    """Return how tightly a node holds together when it is written without brackets."""
    match node:
        case Binary("·" | "/" | "⊙", _, Sum()) | Sum():
            return TERM  # a sum takes the whole product to its right, and so may only end one
        case Binary(operator):
            return TIGHTNESS[operator]
        case Negative():
            return SUM
        case Prefix() | Gradient():
            return PREFIX
        case Number() | Infinity() | Ones():
            return POSTFIX
        case Name() | Power():
            return NAMED
        case Named() | Compare() | Not() | Slice():
            return LOOSE
    return BRACKETED


def _row(row: Row) -> str:
    note = "" if row.note is None else f" — {row.note}"
    return " " * row.indent + text(row.node) + note


class _Writer:
    """Writes nodes; `small` says whether what it is at stands small."""

    def __init__(self, small: bool = False, indexed: bool = False) -> None:
        self.small = small
        self.indexed = indexed

    def write(self, node: Node, least: int = LOOSE) -> str:
        """Write a node, in brackets if it does not hold together as tightly as `least`."""
        return self._written(node) if tightness(node) >= least else f"({self._written(node)})"

    def all(self, nodes: tuple[Node, ...], separator: str = ", ") -> str:
        return separator.join(self.write(node) for node in nodes)

    def script(self, mark: str, node: Node | None) -> str:
        match node:
            case None:
                return ""
            case Mark(numeral):
                return str(numeral).translate(_DIGITS)
            case Number(value):
                return f"{mark}{value}"
            case Name(base, None, None) if base.replace("ℓ", "l").isascii() and base.isalnum():
                return mark + base
        return f"{mark}{{{_Writer(small=True).write(node)}}}"

    def dimensions(self, nodes: tuple[Node, ...]) -> str:
        return f"^{{{_Writer(small=True).all(nodes, '×')}}}" if nodes else ""

    def subscript(self, node: Node) -> str:
        inner = _Writer(small=self.small or self.indexed, indexed=True)
        return inner.write(node)

    def _binary(self, node: Binary, factor: bool = False) -> str:
        """Write an operation; one that is itself a factor is a quotient, and tight."""
        operator, level = node.operator, TIGHTNESS[node.operator]
        small = factor or (self.small and operator != "·")
        gap = "" if operator == " " or small else " "
        match node.left:
            case Binary("/") if level == PRODUCT == tightness(node.left):
                left = self._binary(node.left, factor=True)
            case _:
                left = self.write(node.left, level)
        right = self.write(node.right, TERM if tightness(node) == TERM else level + 1)
        return f"{left}{gap}{operator}{gap}{right}"

    def _written(self, node: Node) -> str:  # one case for each kind of node
        match node:
            # Expressions
            case Number(value):
                return str(value)
            case Infinity():
                return "∞"
            case Ones():
                return "1ᵀ"
            case Name(base, above, below):
                return base + self.script("^", above) + self.script("_", below)
            case Mark():
                return self.script("^", node)
            case Negative(operand):
                return "−" + self.write(operand, TERM)
            case Binary():
                return self._binary(node)
            case Power(base, exponent):
                return self.write(base, BRACKETED) + str(exponent.value).translate(_DIGITS)
            case Transpose(operand):
                return self.write(operand, NAMED) + "ᵀ"
            case Prefix(function, operand):
                return function + (" " if function.isalpha() else "") + self.write(operand, PREFIX)
            case Call(function, arguments, parameters):
                bar = f" | {self.all(parameters)}" if parameters else ""
                return f"{function}({self.all(arguments)}{bar})"
            case Named(target, operator, value):
                return f"{self.write(target)} {operator} {self.write(value)}"
            case Gradient(call):
                return "∇" + self.write(call)
            case Index(array, subscripts):
                inside = ", ".join(self.subscript(subscript) for subscript in subscripts)
                return f"{self.write(array, NAMED)}[{inside}]"
            case All():
                return ":"
            case Slice(low, high):
                gap = " " if isinstance(low, Binary) or isinstance(high, Binary) else ""
                inner = _Writer(small=True)
                return f"{inner.write(low)}{gap}:{gap}{inner.write(high)}"
            case Columns(items):
                return f"[{self.all(items)}]"
            case Rows(items):
                return f"[{self.all(items, '; ')}]"
            case Dots():
                return "…"
            case Compare(operator, left, right):
                return f"{self.write(left)} {operator} {self.write(right)}"
            case Not(operand):
                return "¬" + self.write(operand, POSTFIX)
            case Iverson(condition):
                return f"⟦{self.write(condition)}⟧"
            case Collect(binder, condition):
                return f"{{{self.write(binder)} : {self.write(condition)}}}"
            case Sum(binder, body):
                return f"Σ{self._under(binder)} {self.write(body, TERM)}"
            # Binders
            case Implied(names):
                return self.all(names)
            case UpTo(name, high):
                return f"{self.write(name)} ∈ [{self.write(high)}]"
            case Range(name, low, high):
                return f"{self.write(name)} = {self.write(low)}, …, {self.write(high)}"
            case Member(name, collection):
                return f"{self.write(name)}∈{self.write(collection)}"
            # Statements
            case Assign(target, operator, value):
                return f"{self.write(target)} {operator} {self.write(value)}"
            case Choose(target, value, probability, otherwise):
                chance = f"with probability {self.write(probability)}"
                written = f"{self.write(target)} ← {self.write(value)}"
                return f"{written} {chance}, else {self.write(otherwise)}"
            case Sample(token, distribution, weights):
                drawn = f"{self.write(distribution)} ∝ {self.write(weights)}"
                return f"sample a token {self.write(token)} from {drawn}"
            case For(word, binder, body):
                gap = "" if word == "∀" and len(binder.names) == 1 else " "
                rest = "" if body is None else " " + self.write(body)
                return f"{word}{gap}{self.write(binder)}:{rest}"
            case While(condition):
                return f"while {self.write(condition)}:"
            case If(condition, body):
                return f"if {self.write(condition)} then {self.write(body)}"
            case Return(None, value):
                return f"return {self.write(value)}"
            case Return(Name() as result, value):
                return f"return {self.write(result)} = {self.write(value)}"
            case End():
                return "end"
            # Heads
            case Reals(dimensions, None):
                return "ℝ" + self.dimensions(dimensions)
            case Reals(dimensions, (low, high)):
                gap = "" if dimensions else " "
                return f"({low},{gap}{high})" + self.dimensions(dimensions)
            case Bits(dimensions):
                return "{0,1}" + self.dimensions(dimensions)
            case Naturals():
                return "ℕ"
            case Vocabulary():
                return "V"
            case Sequences():
                return "V*"
            case Distributions():
                return "Δ(V)"
            case Positions(high):
                return f"[{self.write(high)}]"
            case Declaration(names, kind, default):
                rest = "" if default is None else f" default {default.value}"
                return f"{self.all(names)} ∈ {self.write(kind)}{rest}"
            case Alike(names, algorithm, equal):
                rest = f" with {self.all(equal, ' = ')}" if equal else ""
                return f"{self.all(names)} as in Algorithm {algorithm}{rest}"
            case Declarations(items, each):
                return ("" if each is None else f"for {self.write(each)}: ") + self.all(items)
            case Each(binder):
                return f"for {self.write(binder)}:"
            case Consists(name):
                return f"{self.write(name)} consisting of"
            case Signature(result, function, inputs, parameters):
                bar = f" | {self.all(parameters)}" if parameters else ""
                return f"{self.write(result)} ← {function}({self.all(inputs)}{bar})"
            case Abbreviation(short, full):
                return f"{self.write(short)} ≡ {self.write(full)}"
            case Requirements(conditions):
                return self.all(conditions)
            case Open(condition, line, erratum):
                return f"{self.write(condition)} at line {self.write(line)} ({erratum})"
        raise TypeError(f"{type(node).__name__} is no node of the language")

    def _under(self, binder: Node) -> str:
        small = _Writer(small=True)
        match binder:
            case Implied((name,)):
                return self.script("_", name)
            case Range(name, low, high):
                return f"_{{{small.write(name)}={small.write(low)}}}^{{{small.write(high)}}}"
        return f"_{{{small.write(binder)}}}"
