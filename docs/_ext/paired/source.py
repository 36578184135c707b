"""A function's code as rows of nodes: coloured, and with its tags as links."""

import re
from collections.abc import Iterator

from docutils import nodes
from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, _TokenType

from spec.language.alg_file import ID
from spec.pairing import Code, Pairing

from .domain import anchor, reference
from .elements import Element, element

_REF = re.compile(rf"{ID}\.\d+")


def rows(pairing: Pairing) -> dict[int, Element]:
    """Return each row of the function's code, by its number in the file."""
    code = [part for row in pairing.rows for part in row.code]
    lexed = _split("\n".join(part.text for part in code))
    return {
        part.row: _row(part, tokens, pairing.algorithm.id)
        for part, tokens in zip(code, lexed, strict=True)
    }


def _row(code: Code, tokens: list[tuple[_TokenType, str]], algorithm: str) -> Element:
    children: list[nodes.Node] = []
    for kind, text in tokens:
        css = STANDARD_TYPES.get(kind, "")
        inner = list(_tag(text, code, algorithm)) if css.startswith("c") else [nodes.Text(text)]
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


def _split(text: str) -> Iterator[list[tuple[_TokenType, str]]]:
    """Lex the text as a whole, since a string may span rows, and yield it row by row."""
    row: list[tuple[_TokenType, str]] = []
    for kind, token in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        first, *more = token.split("\n")
        row.append((kind, first))
        for part in more:
            yield row
            row = [(kind, part)]
    yield row
