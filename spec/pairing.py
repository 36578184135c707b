"""Which statements of a function carry out which numbered lines.

A statement says so itself, in a comment that ends its last row:

    S = K.mT @ Q  # 4.4
    for layer in theta.layers:  # 10.4
    return V @ softmax(S / math.sqrt(d_attn))  # 4.6
    X = embed(x)  # 10.2-10.3
    Y_h = heads(X, Z)  # 4.6, 5.2

After a `;` may follow a view, an expression that changes the layout of the code's array to the
paper's. Other comments are not tags. Functions are found by an attribute,
`function.algorithm == "4"`.
"""

import ast
import importlib
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from spec.language.alg_file import ID, Algorithm, Line
from spec.usage_error import UsageError

Function = Callable[..., Any]

_REF = rf"{ID}\.\d+"
_TAG = re.compile(rf"# (?P<refs>{_REF}(?:-{_REF})?(?:, {_REF}(?:-{_REF})?)*)(?:; (?P<view>.+))?")

_BETWEEN_STATEMENTS = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


class PairingError(UsageError):
    """A tag that cannot be read, or two functions for one algorithm."""


class Ref(NamedTuple):
    """A numbered line of an algorithm: `4.5`."""

    algorithm: str
    line: int

    def __str__(self) -> str:
        return f"{self.algorithm}.{self.line}"


@dataclass(frozen=True)
class Statement:
    """A statement on the rows `first` to `last` of its file; a compound one is its header.

    `text` is the statement in one row, without comments.
    """

    first: int
    last: int
    refs: tuple[Ref, ...] = ()
    view: str | None = None
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class Code:
    """A row of code, with the lines that its statement carries out."""

    row: int
    text: str
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True)
class Row:
    """Lines beside the code that carries them out; either may be missing."""

    lines: tuple[Line, ...] = ()
    code: tuple[Code, ...] = ()


@dataclass(frozen=True)
class Pairing:
    """The lines of an algorithm beside the code of a function.

    Attributes
    ----------
    algorithm, function
        The algorithm, and the function that carries it out.
    rows
        All lines beside all code, in order on both sides.
    untagged
        The lines that no statement carries out; a line `end` needs none.
    unknown
        The tags of lines that do not exist.
    """

    algorithm: Algorithm
    function: Function
    rows: tuple[Row, ...]
    untagged: tuple[Line, ...]
    unknown: tuple[Ref, ...]


def statements(function: Function) -> tuple[Statement, ...]:
    """Return the statements of a function's body, the docstring left out."""
    return _Source(function).statements


def pair(
    algorithm: Algorithm, function: Function, library: Mapping[str, Algorithm] | None = None
) -> Pairing:
    """Set an algorithm's lines beside the code of a function.

    Tags of other algorithms are looked up in `library`, which holds all algorithms, by id; without
    it they are not checked.
    """
    source = _Source(function)
    refs = [ref for statement in source.statements for ref in statement.refs]
    tagged = {ref.line for ref in refs if ref.algorithm == algorithm.id}
    known = {**(library or {}), algorithm.id: algorithm}
    unknown = (
        ref
        for ref in refs
        if (ref.algorithm in known and ref.line not in _numbers(known[ref.algorithm]))
        or (library is not None and ref.algorithm not in known)
    )
    needed = (line for line in algorithm.lines if not line.ends)
    return Pairing(
        algorithm,
        function,
        rows=(Row(code=source.signature), *_rows(algorithm, source)),
        untagged=tuple(line for line in needed if line.number not in tagged),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def algorithm_of(function: object) -> str | None:
    """Return the id of the algorithm that a function carries out, None if there is none."""
    id = getattr(function, "algorithm", None)
    if not isinstance(id, str) or not callable(function):
        return None
    return id if inspect.isfunction(inspect.unwrap(function)) else None


def implementations(module: str) -> dict[str, Function]:
    """Return the functions, among a module's public names, that carry out an algorithm.

    Raises
    ------
    ImportError
        If the module does not exist.
    PairingError
        If two functions claim one algorithm.
    """
    functions: dict[str, Function] = {}
    imported = importlib.import_module(module)
    # A package may have public names that it imports only when they are asked for.
    for name in dict.fromkeys((*vars(imported), *dir(imported))):
        value: Any = None if name.startswith("_") else getattr(imported, name, None)
        if (id := algorithm_of(value)) is None:
            continue
        if functions.setdefault(id, value) is not value:
            names = f"{functions[id].__name__} and {value.__name__}"
            raise PairingError(f"{module} has two functions for Algorithm {id}: {names}")
    return functions


class _Source:
    """A function's source; rows are numbered as in its file."""

    def __init__(self, function: Function) -> None:
        function = inspect.unwrap(function)
        self.name = getattr(function, "__name__", type(function).__name__)
        try:
            rows, self.start = inspect.getsourcelines(function)
        except (OSError, TypeError) as error:
            raise PairingError(f"{self.name}: {error}") from error
        # Not `textwrap.dedent`: a comment or a string may begin further left.
        margin = rows[0][: -len(rows[0].lstrip())]
        text = "".join(row.removeprefix(margin) if row.strip() else "\n" for row in rows)
        self.texts = text.rstrip().split("\n")
        self.end = self.start + len(self.texts) - 1

        definition = _definition(text)
        if definition is None:
            raise PairingError(f"{self.name}: its source is not a `def`")
        first = definition.body[0]
        documented = ast.get_docstring(definition, clean=False) is not None
        self.body = self.start - 1 + first.lineno
        if documented:
            assert first.end_lineno is not None, "set by ast.parse"
            self.body = self.start + first.end_lineno
            while self.body < self.end and not self.texts[self.body - self.start]:
                self.body += 1

        self.statements = tuple(
            statement for statement in self._statements(text) if statement.last >= self.body
        )
        self.refs = {
            row: statement.refs
            for statement in self.statements
            for row in range(statement.first, statement.last + 1)
        }
        above = self.start - 1  # from rows of the text to rows of the file
        self.signature = self.code(above + definition.lineno, above + first.lineno - 1)

    def code(self, first: int, last: int) -> tuple[Code, ...]:
        """Return the rows `first` to `last`."""
        return tuple(
            Code(row, self.texts[row - self.start], self.refs.get(row, ()))
            for row in range(first, last + 1)
        )

    def _statements(self, text: str) -> Iterator[Statement]:
        """Cut the text at the ends of its logical lines, as Python's own tokenizer finds them."""
        first = None
        comments: dict[int, tokenize.TokenInfo] = {}
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            row = token.start[0] + self.start - 1
            if token.type == tokenize.COMMENT:
                comments[row] = token
            elif token.type == tokenize.NEWLINE:
                assert first is not None, "a logical line has a token before its end"
                tag = comments[row].string if row in comments else ""
                written = self._in_one_row(range(first, row + 1), comments)
                yield Statement(first, row, *self._tag(tag, row), written)
                first = None
            elif first is None and token.type not in _BETWEEN_STATEMENTS:
                first = row

    def _in_one_row(self, rows: range, comments: Mapping[int, tokenize.TokenInfo]) -> str:
        """Return the statement on some rows as one row, without comments."""
        ends = {row: comment.start[1] for row, comment in comments.items()}
        parts = (self.texts[row - self.start][: ends.get(row)] for row in rows)
        joined = " ".join(" ".join(parts).split())
        return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", joined)

    def _tag(self, comment: str, row: int) -> tuple[tuple[Ref, ...], str | None]:
        match = _TAG.fullmatch(comment)
        if match is None:
            return (), None
        refs: list[Ref] = []
        for part in match["refs"].split(", "):
            first, *rest = (
                Ref(id, int(line)) for id, line in (ref.split(".") for ref in part.split("-"))
            )
            last = rest[0] if rest else first
            if last.algorithm != first.algorithm or last.line < first.line:
                raise PairingError(f"{self.name}, row {row}: {part} is not a range of lines")
            refs += (Ref(first.algorithm, line) for line in range(first.line, last.line + 1))
        return tuple(refs), match["view"]


def _numbers(algorithm: Algorithm) -> set[int]:
    return {line.number for line in algorithm.lines}


class _Span(NamedTuple):
    """Lines `top` to `bottom`, carried out by the rows of code `first` to `last`."""

    top: int
    bottom: int
    first: int
    last: int


def _rows(algorithm: Algorithm, source: _Source) -> Iterator[Row]:
    """Align lines and code in the smallest groups that are in order on both sides."""
    spans = _spans(algorithm, source)
    if not spans:
        yield Row(code=source.code(source.body, source.end))
    starts = {span.top: span for span in spans}
    lines = list(algorithm.lines)
    while lines:
        span = starts.get(lines[0].number)
        taken = 1 if span is None else span.bottom - span.top + 1
        while lines[taken:] and lines[taken].ends and lines[taken].number not in starts:
            taken += 1
        code = () if span is None else source.code(span.first, span.last)
        yield Row(tuple(lines[:taken]), code)
        del lines[:taken]


def _spans(algorithm: Algorithm, source: _Source) -> list[_Span]:
    """Return the lines of each piece of code, untagged code with the tagged code that follows."""
    spans: list[_Span] = []
    numbers = _numbers(algorithm)
    first = source.body
    for statement in source.statements:
        tagged = numbers & {ref.line for ref in statement.refs if ref.algorithm == algorithm.id}
        if not tagged:
            continue
        span = _Span(min(tagged), max(tagged), first, statement.last)
        while spans and spans[-1].bottom >= span.top:
            above = spans.pop()
            top, bottom = min(above.top, span.top), max(above.bottom, span.bottom)
            span = _Span(top, bottom, above.first, span.last)
        spans.append(span)
        first = statement.last + 1
    if spans:
        spans[-1] = spans[-1]._replace(last=source.end)
    return spans


def _definition(text: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the function that a source defines, None if it is a lambda: only a part of a row."""
    try:
        (definition,) = ast.parse(text).body
    except (SyntaxError, ValueError):
        return None
    return definition if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef) else None
