"""Code as rows of nodes: coloured, its tags as links to lines, its names to what they mean."""

import re
from collections.abc import Iterator, Sequence

from docutils import nodes
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, _TokenType

from spec.language.alg_file import ID
from spec.pairing import Code

from .domain import anchor, reference
from .elements import Element, element
from .names_in_code import CodeNames, Tokens, names

_REF = re.compile(rf"{ID}\.\d+")


def rows(code: Sequence[Code], algorithm: str, known: CodeNames) -> dict[int, Element]:
    """Return each row of the code of a function or a class, by its number in the file."""
    return {
        part.row: _row(part, tokens, algorithm, known)
        for part, tokens in zip(code, lexed(code), strict=True)
    }


def lexed(code: Sequence[Code]) -> Iterator[Tokens]:
    """Lex code as a whole, since a string may span rows, and yield it row by row."""
    row: list[tuple[_TokenType, str]] = []
    text = "\n".join(part.text for part in code)
    for kind, token in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        first, *more = token.split("\n")
        row.append((kind, first))
        for part in more:
            yield row
            row = [(kind, part)]
    yield row


def _row(code: Code, tokens: Tokens, algorithm: str, known: CodeNames) -> Element:
    links = {place: known.link(text) for place, text in names(tokens)}
    children: list[nodes.Node] = []
    for place, (kind, text) in enumerate(tokens):
        css = STANDARD_TYPES.get(kind, "")
        inner = list(_tag(text, code, algorithm)) if css.startswith("c") else [nodes.Text(text)]
        if (link := links.get(place)) is not None:
            inner = [link]
        children += [element("span", *inner, classes=[css])] if css else inner
    lines = [str(ref.line) for ref in code.refs if ref.algorithm == algorithm]
    indent = len(code.text) - len(code.text.lstrip(" "))
    return element(
        "span",
        *children,
        "\n",
        classes=["code-row"],
        data_row=str(code.row),
        style=f"--indent: {indent}",
        **({"data_lines": " ".join(lines)} if lines else {}),
    )


def _tag(comment: str, code: Code, algorithm: str) -> Iterator[nodes.Node]:
    """Make links of the lines that a comment names."""
    known = {str(ref): ref for ref in code.refs}
    end = 0
    for match in _REF.finditer(comment):
        if (ref := known.get(match[0])) is None:
            continue
        yield nodes.Text(comment[end : match.start()])
        end = match.end()
        if ref.algorithm == algorithm:
            # Not `reference`: an algorithm may stand on two pages, and the link stays on its own.
            yield nodes.reference("", match[0], refid=anchor("algline", match[0]), internal=True)
        else:
            yield reference("algline", match[0], match[0])
    yield nodes.Text(comment[end:])
