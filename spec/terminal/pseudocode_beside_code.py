"""Algorithms on a terminal: pseudocode and code side by side, or one below the other."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, groupby, takewhile, zip_longest

from rich.cells import cell_len
from rich.console import RenderableType
from rich.syntax import Syntax
from rich.text import Text

from spec.language.alg_file import MARGIN, STEP, Algorithm, Line
from spec.pairing import Function, Pairing, Ref, Row, pair
from spec.terminal.tables import Table, names, numbers, words

WIDE = 110  # columns from which there is room for code beside pseudocode

_KEYWORDS = r"\b(?:for|if|then|else|while|end|return|sample a token|from|with probability)\b"
_GUTTER = " │ "
_LABEL = len("Hyperparameters  ")


def overview(
    library: Mapping[str, Algorithm], functions: Mapping[str, Function], module: str
) -> Iterator[RenderableType]:
    """Yield a table of all algorithms: the function that carries out each, and its tagged lines.

    The paper's algorithms come first, then, below an empty row, all others.
    """
    table = Table(words("Algorithm"), names("Function"), numbers("Lines tagged"))
    for _, ids in groupby(library, key=str.isdecimal):
        for id in ids:
            tagged = _tagged(library[id], functions.get(id), library)
            table.add_row(id, Text(library[id].title, "bold"), *tagged)
        table.add_section()
    yield table
    yield Text(
        f"\nThe functions are those of the module {module}. Lines `end` are not counted, since "
        "Python has no statement for them.",
        "dim",
    )


def _tagged(
    algorithm: Algorithm, function: Function | None, library: Mapping[str, Algorithm]
) -> tuple[RenderableType, RenderableType]:
    """Return the name of a function, and how many of the lines of an algorithm have its tags."""
    if function is None:
        return Text("—", "dim"), ""
    pairing = pair(algorithm, function, library)
    count = sum(not line.ends for line in algorithm.lines)
    tagged = count - len(pairing.untagged)
    complete = tagged == count and not pairing.unknown
    return function.__name__, Text(f"{tagged} of {count}", "green" if complete else "yellow")


def heading(algorithm: Algorithm) -> Text:
    """Return the id of an algorithm, and its signature or title."""
    number = (f"Algorithm {algorithm.id}  ", "bold magenta")
    return Text.assemble(number, (algorithm.signature or algorithm.title, "bold"))


def head(algorithm: Algorithm, width: int) -> Iterator[Text]:
    """Yield the heading, the comment and the sections of an algorithm."""
    yield from hang(heading(algorithm), width)
    if algorithm.comment is not None:
        yield from hang(Text.assemble((algorithm.comment, "italic")), width)
    yield Text()
    for section in algorithm.sections:
        for label, row in zip_longest([section.name], section.rows, fillvalue=""):
            declared, dash, meaning = row.partition(" — ")
            text = Text.assemble((label.ljust(_LABEL), "cyan"), declared, (dash + meaning, "dim"))
            yield from hang(text, width, _LABEL + _indent(row) + 2)


def lines(algorithm: Algorithm, width: int) -> Iterator[Text]:
    """Yield the numbered lines alone."""
    for line in algorithm.lines:
        yield from _pseudocode(line, width, _claim_column(algorithm, width))


def pairs(pairing: Pairing, width: int) -> Iterator[Text]:
    """Yield lines and code: side by side from `WIDE` columns on, else the code below its lines."""
    code = _highlighted(pairing)
    if not code:  # no statement carries out the only line
        yield from lines(pairing.algorithm, width)
        return
    function = pairing.function
    path = pairing.algorithm.path
    source = f"{function.__module__}.{function.__name__}, from row {min(code)}"
    if width < WIDE:
        yield from hang(Text(path, "dim"), width)
        yield from hang(Text(source, "dim"), width)
        for row in pairing.rows:
            yield from _below(row, code, pairing.algorithm, width)
        return
    right = max(cell_len(text.plain) for text in [*code.values(), Text(source)])
    room = max(width - right - len(_GUTTER), width * 2 // 5)  # wide code does not take it all
    left = min(room, max(_widest(pairing.algorithm), cell_len(path)))
    right = min(right, width - left - len(_GUTTER))
    yield from _beside(hang(Text(path, "dim"), left), hang(Text(source, "dim"), right), left)
    yield Text("─" * (left + 1) + "┼" + "─" * (right + 1), "dim")
    for row in pairing.rows:
        yield from _side_by_side(row, code, pairing.algorithm, left, width)


def only(line: Line, pairing: Pairing) -> Pairing:
    """Return a pairing of nothing but a line and the statements that are tagged with it."""
    ref = Ref(pairing.algorithm.id, line.number)
    code = tuple(part for row in pairing.rows for part in row.code if ref in part.refs)
    return replace(
        pairing,
        algorithm=replace(pairing.algorithm, lines=(line,)),
        rows=(Row((line,), code),),
        untagged=tuple(other for other in pairing.untagged if other == line),
        unknown=(),
    )


def remarks(pairing: Pairing) -> Iterator[Text]:
    """Yield what does not pair: lines without code, tags without a line."""
    if pairing.untagged:
        numbers = ", ".join(f"{pairing.algorithm.id}.{line.number}" for line in pairing.untagged)
        yield Text(f"Carried out by no statement: {numbers}", "yellow")
    if pairing.unknown:
        yield Text(f"Tags of no line: {', '.join(map(str, pairing.unknown))}", "yellow")


def hang(text: Text, width: int, indent: int = 4) -> Iterator[Text]:
    """Break a text at spaces into rows of at most `width` columns, all but the first indented."""
    while cell_len(text.plain) > width:
        fits = next(n for n in range(len(text), 0, -1) if cell_len(text.plain[:n]) <= width)
        start = _indent(text.plain)
        space = text.plain.rfind(" ", start + 1, fits + 1)
        if text.plain[space - 1 : space] == "#":  # a tag, as `# 4.1`, stays in one row
            space = text.plain.rfind(" ", start + 1, space)
        cut = space if space > start else fits
        first, text = text.divide([cut])
        first.rstrip()
        yield first
        text = Text.assemble(" " * min(indent, width // 2), text[_indent(text.plain) :])
    yield text


def _side_by_side(
    row: Row, code: Mapping[int, Text], algorithm: Algorithm, left: int, width: int
) -> Iterator[Text]:
    """Set a row's lines beside its first tagged statement; what prepares it stands above."""
    right = width - left - len(_GUTTER)
    texts = {
        part.row: list(hang(code[part.row], right, _indent(part.text) + 4)) for part in row.code
    }
    above = [part.row for part in takewhile(lambda part: not part.refs, row.code)]
    column = _claim_column(algorithm, left)
    described = [list(_pseudocode(line, left, column)) for line in row.lines]
    prepared = [text for at in above for text in texts.pop(at)]
    if prepared and described and row.lines[0].comment is not None:
        comment = described[0].pop(0)
        yield from _beside([Text()] * (len(prepared) - 1) + [comment], prepared, left)
    else:
        yield from _beside([], prepared, left)
    flat = chain.from_iterable
    yield from _beside(flat(described), flat(texts.values()), left)


def _below(row: Row, code: Mapping[int, Text], algorithm: Algorithm, width: int) -> Iterator[Text]:
    for line in row.lines:
        yield from _pseudocode(line, width, _claim_column(algorithm, width))
    bar = (" " * (MARGIN - 1) + "│ ", "dim")
    for part in row.code:
        for text in hang(code[part.row], width - len(bar[0]), _indent(part.text) + 4):
            text = Text.assemble(bar, text)
            text.rstrip()
            yield text


def _beside(texts: Iterable[Text], others: Iterable[Text], width: int) -> Iterator[Text]:
    for left, right in zip_longest(texts, others, fillvalue=Text()):
        pad = " " * (width - cell_len(left.plain))
        text = Text.assemble(left, pad, (_GUTTER, "dim"), right)
        text.rstrip()
        yield text


def _pseudocode(line: Line, width: int, column: int | None) -> Iterator[Text]:
    """Yield a numbered line; its claim stands at `column`, or in a row of its own."""
    under = MARGIN + STEP * line.indent
    if line.comment is not None:
        comment = Text.assemble(" " * under, (f"/* {line.comment} */", "italic dim"))
        yield from hang(comment, width, under + 3)
    body = Text(" " * (STEP * line.indent) + line.text)
    body.highlight_regex(_KEYWORDS, "bold")
    text = Text.assemble((str(line.number).ljust(MARGIN), "dim"), body)
    if line.claim is None:
        yield from hang(text, width, under + STEP)
        return
    claim = (f"▷ {line.claim}", "dim")
    if column is not None:
        yield Text.assemble(text, " " * (column - _length(line)), claim)
    else:
        yield from hang(text, width, under + STEP)
        yield from hang(Text.assemble(" " * (under + STEP), claim), width, under + STEP + 2)


def _claim_column(algorithm: Algorithm, width: int) -> int | None:
    """Return the column for the claims, or None if they do not all fit in `width`."""
    claimed = [line for line in algorithm.lines if line.claim is not None]
    column = max((_length(line) for line in claimed), default=0) + 2
    longest = max((cell_len(f"▷ {line.claim}") for line in claimed), default=0)
    return column if column + longest <= width else None


def _widest(algorithm: Algorithm) -> int:
    column = _claim_column(algorithm, 10**6) or 0
    claims = [column + cell_len(f"▷ {line.claim}") for line in algorithm.lines if line.claim]
    return max([*(_length(line) for line in algorithm.lines), *claims])


def _length(line: Line) -> int:
    return MARGIN + STEP * line.indent + cell_len(line.text)


def _highlighted(pairing: Pairing) -> dict[int, Text]:
    """Return the function's code by row, coloured as a whole: a string may span rows."""
    code = [part for row in pairing.rows for part in row.code]
    syntax = Syntax("", "python", theme="ansi_dark", background_color="default")
    text = syntax.highlight("\n".join(part.text for part in code))
    return dict(zip((part.row for part in code), text.split("\n"), strict=False))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
