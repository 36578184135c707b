"""From the text of an algorithm to its tree: rows by the grammar, blocks by their indentation."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, Transformer, Tree, UnexpectedCharacters, UnexpectedToken, v_args
from lark.exceptions import VisitError
from lark.tree import Meta

from spec.language import alg_file, tree
from spec.language.errors import ParseError
from spec.language.plain_text import text as written
from spec.language.tree import Line, Node, Program, Row

#: What a row can be, besides a numbered line.
ROWS = {
    "Abbreviation": "abbreviation",
    "Requires": "requirements",
    "Open": "open",
    "Input": "declarations",
    "Output": "declarations",
    "Parameters": "declarations",
    "Hyperparameters": "declarations",
}
STARTS = ("statement", "each", "consists", "signature", *sorted(set(ROWS.values())))

DEEPEST = 100  # levels of nesting, ten times what the texts need: the tree is walked recursively

_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


def grammar() -> str:
    """Return the grammar of the language, in lark's notation."""
    return files("spec.language").joinpath("grammar.lark").read_text(encoding="utf-8")


@cache
def parser() -> Lark:
    """Return the parser; to make its tables takes half a second."""
    return Lark(
        grammar(),
        parser="lalr",
        start=list(STARTS),
        maybe_placeholders=True,
        propagate_positions=True,
    )


def program(algorithm: alg_file.Algorithm, like: Program | None = None) -> Program:
    """Read every row of an algorithm.

    Parameters
    ----------
    algorithm, like
        The text of an algorithm, and the program of one from which it differs in few lines: rows
        that both share are not read again.

    Raises
    ------
    ParseError
        At the first row that is not in the language: its algorithm, line and column, and the row.
    """
    signature = None
    if like is not None and like.layout.signature == algorithm.signature:
        signature = like.signature
    elif algorithm.signature is not None:
        signature = row(algorithm.signature, "signature", algorithm.id, "heading")
    if like is not None and like.layout.sections == algorithm.sections:
        rows = like.rows
    else:
        rows = tuple(_rows(algorithm))
    # Each line is taken once, since facts are kept by the identity of a node.
    read = {(line.layout.text, line.layout.claim): line for line in (like.lines if like else ())}
    lines = []
    for layout in algorithm.lines:
        line = read.pop((layout.text, layout.claim), None) or _line(algorithm.id, layout)
        lines.append(Line(layout, line.statement, line.claim))
    return Program(algorithm, signature, rows, _blocks(lines, 0))


def statement(text: str, algorithm: str, number: int) -> Any:
    """Read what stands in a numbered line."""
    return row(text, "statement", algorithm, f"line {number}")


def row(text: str, start: str, algorithm: str, place: str) -> Any:
    """Read a row by a rule of the grammar, `start`.

    Spans and columns count the characters of the row in Unicode's form NFC.
    """
    text = unicodedata.normalize("NFC", text)
    try:
        parsed = parser().parse(text, start=start)
        return _Builder(visit_tokens=False).transform(_shallow(parsed))
    except (UnexpectedCharacters, UnexpectedToken) as error:
        column, problem = _unexpected(error, text)
    except (_Misuse, VisitError) as error:
        misuse = error.orig_exc if isinstance(error, VisitError) else error
        if not isinstance(misuse, _Misuse):
            raise
        column, problem = misuse.column, misuse.problem
    raise ParseError(algorithm, place, column, text, problem)


def _unexpected(error: UnexpectedCharacters | UnexpectedToken, text: str) -> tuple[int, str]:
    """Return the column at which a row leaves the language, and how.

    If only one word or sign may follow, the problem names it.
    """
    at = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters):
        wanted, problem = error.allowed, f"'{text[at]}' makes no sense here"
    elif error.token.type == "$END":
        at, wanted, problem = len(text), error.expected, "the row ends too early"
    else:
        wanted, problem = error.expected, f"'{error.token}' makes no sense here"
    due = [terminal.pattern for terminal in parser().terminals if terminal.name in wanted]
    if len(wanted) == 1 and due and due[0].type == "str":
        problem += f", '{due[0].value}' is due"
    return at + 1, problem


def _shallow(parsed: Tree[Token]) -> Tree[Token]:
    """Return a tree, unless it is nested too deeply."""
    level = [parsed]
    for _ in range(DEEPEST):
        level = [part for above in level for part in above.children if isinstance(part, Tree)]
        if not level:
            return parsed
    raise _Misuse(_span(level[0].meta), "this is nested too deeply")


@cache
def words() -> frozenset[str]:
    """Return the words of the grammar, which cannot be names."""
    values = {terminal.pattern.value for terminal in parser().terminals}
    return frozenset(value for value in values if re.fullmatch("[a-z]{2,}", value))


class _Misuse(Exception):
    """A row that the grammar accepts and the tree cannot hold."""

    def __init__(self, span: tuple[int, int], problem: str) -> None:
        super().__init__(problem)
        self.column = span[0] + 1
        self.problem = problem


def _rows(algorithm: alg_file.Algorithm) -> Iterator[Row]:
    for section in algorithm.sections:
        for raw in section.rows:
            indent = len(raw) - len(raw.lstrip())
            text, dash, note = (part.strip() for part in raw.partition(" — "))
            start = ROWS[section.name]
            if text.endswith("consisting of"):
                start = "consists"
            elif text.endswith(":"):
                start = "each"
            node = row(text, start, algorithm.id, section.name)
            yield Row(section.name, indent, text, node, note if dash else None)


def _line(algorithm: str, line: alg_file.Line) -> Line:
    claim = None
    if line.claim is not None:
        claim = row(line.claim, "declarations", algorithm, f"line {line.number}, after ▷")
    return Line(line, statement(line.text, algorithm, line.number), claim)


def _blocks(lines: list[Line], indent: int) -> tuple[Line, ...]:
    """Put the lines that are further in into the line above them."""
    block: list[Line] = []
    while lines and lines[0].layout.indent == indent:
        line = lines.pop(0)
        body = _blocks(lines, indent + 1)
        block.append(Line(line.layout, line.statement, line.claim, body))
    return tuple(block)


#: The rules that are named for a node which holds all of their parts as one list.
LISTS = ("implied", "columns", "rows", "requirements")

#: The rules whose operator stands between two operands; the first field of their nodes holds it.
INFIX = ("binary", "compare")

_KINDS = {kind.__name__.lower(): kind for kind in tree.kinds()}


@v_args(inline=True, meta=True)
class _Builder(Transformer[Token, Any]):
    """Makes a node of each rule.

    A rule is named for the kind of node that it makes, whose fields are the parts of the rule in
    their order; the last may be missing. Other rules have a method of their name.
    """

    def __default__(self, rule: str, parts: list[Any], meta: Meta) -> Node:
        while parts and parts[-1] is None:
            parts = parts[:-1]
        if rule in LISTS:
            parts = [tuple(parts)]
        if rule in INFIX:
            parts = [parts[1], parts[0], parts[2]]
        words = (str(part) if isinstance(part, Token) else part for part in parts)
        return _KINDS[rule.replace("_", "")](*words, span=_span(meta))

    def inputs(self, _: Meta, *items: Any) -> tuple[Any, ...]:
        return tuple(item for item in items if item is not None)

    arguments = names = dimensions = equal = inputs

    def word(self, _: Meta, token: Token) -> str:
        return str(token)

    arrow = additive = multiplicative = function = compared = equated = word

    def group(self, _: Meta, inner: Node) -> Node:
        return inner

    # Names and numbers

    def name(self, meta: Meta, base: Token, above: Any, below: Any) -> Node:
        if base in words() and not isinstance(below, tree.Name):  # `token_embedding` is one word
            raise _Misuse(_span(meta), f"'{base}' is a word of the language, not a name")
        return tree.Name(str(base), above, below, span=_span(meta))

    def above(self, meta: Meta, script: Token | Node) -> Node:
        start, end = _span(meta)
        match script:
            case Node():
                return script
            case Token("DIGIT", digit):
                return tree.Mark(int(digit.translate(_DIGITS)), span=(start, end))
        text, span = script[1:], (start + 1, end)
        return _number(text, span) if text.isdecimal() else tree.Name(text, span=span)

    below = above

    def number(self, meta: Meta, token: Token) -> Node:
        return _number(token, _span(meta))

    # Expressions

    def juxtapose(self, meta: Meta, left: Any, right: Any) -> Node:
        return tree.Binary(" ", left, right, span=_span(meta))

    def power(self, meta: Meta, base: Any, digit: Token) -> Node:
        start, end = _span(meta)
        exponent = tree.Number(int(digit.translate(_DIGITS)), span=(end - 1, end))
        return tree.Power(base, exponent, span=(start, end))

    def call(self, meta: Meta, function: Node, arguments: Any, parameters: Any) -> Node:
        return tree.Call(written(function), arguments, parameters or (), span=_span(meta))

    def nabla(self, meta: Meta, call: Any) -> Node:
        if len(call.arguments) == 1 and not call.parameters:
            return tree.Gradient(call, span=_span(meta))
        function = f"∇{call.function}"
        return tree.Call(function, call.arguments, call.parameters, span=_span(meta))

    def named(self, meta: Meta, target: Any, operator: str, value: Any) -> Node:
        if not isinstance(target, tree.Name | tree.Index):
            raise _Misuse(target.span, "an argument given by an equation must have a name")
        return tree.Named(target, operator, value, span=_span(meta))

    def index(self, meta: Meta, array: Any, *subscripts: Any) -> Node:
        return tree.Index(array, subscripts, span=_span(meta))

    def sum_implied(self, meta: Meta, name: Any, body: Any) -> Node:
        if not isinstance(name, tree.Name):
            raise _Misuse(name.span, "what a sum runs over must be a name")
        return tree.Sum(tree.Implied((name,), span=name.span), body, span=_span(meta))

    def sum_range(self, meta: Meta, name: Any, low: Any, high: Any, body: Any) -> Node:
        binder = tree.Range(name, low, high, span=(name.span[0], high.span[1]))
        return tree.Sum(binder, body, span=_span(meta))

    def sum_member(self, meta: Meta, name: Any, collection: Any, body: Any) -> Node:
        binder = tree.Member(name, collection, span=(name.span[0], collection.span[1]))
        return tree.Sum(binder, body, span=_span(meta))

    # Statements

    def assign(self, meta: Meta, target: Any, operator: str, value: Any) -> Node:
        self._settable(target, tree.Name | tree.Index | tree.Call | tree.Rows)
        if isinstance(target, tree.Rows) and not all(
            isinstance(item, tree.Name | tree.Dots) for item in target.items
        ):
            raise _Misuse(target.span, "only the members of a family are set in rows")
        return tree.Assign(target, operator, value, span=_span(meta))

    def several(self, meta: Meta, *parts: Any) -> Node:
        *targets, call = parts
        if isinstance(call, tree.Gradient):
            raise _Misuse(call.span, "a gradient is one result")
        for target in targets:
            self._settable(target, tree.Name)
        return tree.Several(tuple(targets), call, span=_span(meta))

    def return_(self, meta: Meta, result: Any) -> Node:
        name, value = (
            (result.name, result.value) if isinstance(result, tree.Result) else (None, result)
        )
        return tree.Return(name, value, span=_span(meta))

    def returns(self, meta: Meta, *results: Any) -> Node:
        named = (
            result
            if isinstance(result, tree.Result)
            else tree.Result(None, result, span=result.span)
            for result in results
        )
        return tree.Returns(tuple(named), span=_span(meta))

    def choose(self, meta: Meta, target: Any, operator: str, *others: Any) -> Node:
        self._settable(target, tree.Name | tree.Index)
        if operator != "←":
            raise _Misuse(target.span, "a random choice is set with ←, not with =")
        return tree.Choose(target, *others, span=_span(meta))

    def _settable(self, target: Node, kinds: Any) -> None:
        if not isinstance(target, kinds):
            raise _Misuse(target.span, "what stands left of the arrow cannot be set")

    # Heads

    def declarations(self, meta: Meta, binder: Any, *items: Any) -> Node:
        return tree.Declarations(items, binder, span=_span(meta))

    def alike(self, meta: Meta, names: Any, id: Token, equal: Any, parts: Any) -> Node:
        return tree.Alike(names, str(id), equal or (), parts is not None, span=_span(meta))

    def unit(self, meta: Meta, _: Token, dimensions: Any) -> Node:
        return tree.Reals(dimensions or (), ("0", "1"), span=_span(meta))

    def positive(self, meta: Meta, _: Token, dimensions: Any) -> Node:
        return tree.Reals(dimensions or (), ("0", "∞"), span=_span(meta))

    def signature(self, meta: Meta, results: Any, *parts: Any) -> Node:
        *nabla, function, inputs, parameters = parts
        name = "".join(nabla) + written(function)
        return tree.Signature(results, name, inputs, parameters or (), span=_span(meta))


def _span(meta: Meta) -> tuple[int, int]:
    return (0, 0) if meta.empty else (meta.start_pos, meta.end_pos)


def _number(digits: str, span: tuple[int, int]) -> Node:
    try:
        return tree.Number(int(digits), span=span)
    except ValueError:  # Python refuses thousands of digits
        raise _Misuse(span, "the number is too long") from None
