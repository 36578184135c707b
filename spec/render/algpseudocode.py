r"""An algorithm as LaTeX of the package `algpseudocode`, to be put into anybody's document.

    \begin{algorithm}
    \caption{$\tilde{V}\gets \mathrm{Attention}(X,\,Z\mid W_{\mathrm{qkv}},\,\mathrm{Mask})$}
    \begin{algorithmic}[1]
    \Statex \textbf{Input:} $X\in \mathbb{R}^{d_{x}\times \ell_{x}}$ --- the primary sequence
    …
    \State $S\gets K^{\mathsf{T}}\,Q$ \Comment{$S\in \mathbb{R}^{\ell_{z}\times \ell_{x}}$}

A loop is `\For … \EndFor` or `\While … \EndWhile`, so the style of the document says how it is
printed. Its end has a number, as in the text; a loop without a line `end` there is a statement, and
its lines are set further in. So all numbers are those of the text, unless the package is loaded
with the option `noend`, which leaves the ends out.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from spec.language import tree
from spec.language.alg_file import STEP
from spec.language.tree import Line, Program, Statement
from spec.render.latex import english, latex

#: The packages that a document with such an algorithm needs.
PACKAGES = ("algorithm", "algpseudocode", "amsmath", "amssymb")

_RETURN = r"\textbf{return}"
_FURTHER_IN = r"\hspace*{\algorithmicindent}"


def algpseudocode(program: Program) -> str:
    """Write an algorithm as a float with a caption, its head, and its numbered lines."""
    return "".join(f"{row}\n" for row in _rows(program))


def _rows(program: Program) -> Iterator[str]:
    yield f"% Algorithm {program.id}; needs \\usepackage{{{','.join(PACKAGES)}}}"
    yield r"\begin{algorithm}"
    yield rf"\caption{{{title(program)}}}"
    yield r"\begin{algorithmic}[1]"
    if program.layout.comment is not None:
        yield rf"\Statex \textit{{{english(program.layout.comment)}}}"
    yield from _head(program)
    yield from _lines(program.body)
    yield r"\end{algorithmic}"
    yield r"\end{algorithm}"


def title(program: Program) -> str:
    """Write the signature of an algorithm, or its name where it has none."""
    if program.signature is None:
        return english(program.layout.title)
    return latex(program.signature)


def _head(program: Program) -> Iterator[str]:
    above = None
    for row in program.rows:
        label = "" if row.section == above else rf"\textbf{{{row.section}:}} "
        depth = row.indent // STEP + (not label)
        shift = rf"\hspace*{{{depth}em}}" if depth else ""
        note = "" if row.note is None else f" --- {english(row.note)}"
        yield rf"\Statex {label}{shift}{latex(row.node)}{note}"
        above = row.section


def _lines(lines: Sequence[Line], shift: str = "") -> Iterator[str]:
    """Yield lines, and blocks: a loop and its end, or a loop alone where it has no line `end`."""
    for line, below in zip_longest(lines, lines[1:]):
        if line.layout.comment is not None:
            comment = english(line.layout.comment)
            yield rf"\Statex {shift}$\triangleright$ \textit{{{comment}}}"
        if line.body and below is not None and below.layout.ends:
            command, over = _loop(line.statement)
            yield rf"\{command}{{{over}}}"
            yield from (f"  {row}" for row in _lines(line.body, shift))
            yield rf"\End{command}"
        elif not line.layout.ends:
            claim = "" if line.claim is None else rf" \Comment{{{latex(line.claim)}}}"
            yield rf"\State {shift}{_statement(line.statement)}{claim}"
            yield from _lines(line.body, shift + _FURTHER_IN)


def _loop(statement: Statement) -> tuple[str, str]:
    """Return the command of a loop, and what it runs over."""
    if isinstance(statement, tree.While):
        return "While", latex(statement.condition)
    assert isinstance(statement, tree.For), "nothing else opens a block"
    return "For", latex(statement.binder)


def _statement(statement: Statement) -> str:
    written = latex(statement)
    return written.replace(_RETURN, r"\Return", 1) if written.startswith(_RETURN) else written
