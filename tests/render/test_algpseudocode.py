"""Is an algorithm in LaTeX whole, numbered as its text is, and taken by both kinds of LaTeX?"""

import re
import subprocess
from pathlib import Path

import pytest

from spec.library import programs
from spec.render.algpseudocode import PACKAGES, algpseudocode, title
from spec.render.latex import english, latex

WRITTEN = {id: algpseudocode(program) for id, program in programs().items()}

#: What stands in a row that is a numbered line, at any depth: a statement, a loop or its end.
NUMBERED = re.compile(r" *\\(?:State (?:\\hspace\*{\\algorithmicindent})*|(?:For|While)\{|End)")

#: Each algorithm on a page, in a document with no other packages.
DOCUMENT = r"""
\documentclass{article}
\usepackage{%s}
\begin{document}
%s
\end{document}
"""


def numbered(id: str) -> list[str]:
    return [row for row in WRITTEN[id].splitlines() if NUMBERED.match(row)]


def test_every_line_stands_in_a_row_of_its_own_and_in_order() -> None:
    for id, program in programs().items():
        lines = list(program.lines)
        rows = numbered(id)
        assert len(rows) == len(lines)
        for row, line in zip(rows, lines, strict=True):
            statement = latex(line.statement).replace(r"\textbf{return}", r"\Return")
            claim = "" if line.claim is None else rf" \Comment{{{latex(line.claim)}}}"
            if row.lstrip().startswith(r"\State"):
                assert row.endswith(f"{statement}{claim}")
            elif line.layout.ends:
                assert re.fullmatch(r" *\\End(For|While)", row)
            else:
                over = row.lstrip().removeprefix(r"\For").removeprefix(r"\While")[1:-1]
                assert statement.removesuffix("{:}$").rstrip().endswith(over.removesuffix("$"))


def test_loops_are_closed_in_the_order_in_which_they_are_opened() -> None:
    for text in WRITTEN.values():
        open_ones: list[str] = []
        for end, loop in re.findall(r"^ *\\(End)?(For|While)\b", text, re.MULTILINE):
            assert not end or open_ones.pop() == loop
            if not end:
                open_ones.append(loop)
        assert open_ones == []


def test_a_loop_without_an_end_has_its_lines_further_in() -> None:
    rows = numbered("5")
    assert rows[0].startswith(r"\State \textbf{for}")
    assert rows[1].startswith(r"\State \hspace*{\algorithmicindent}$Y^{h}")
    assert rows[2].startswith(r"\State $Y")


def test_the_head_and_the_comments_are_all_there() -> None:
    for id, program in programs().items():
        text = WRITTEN[id]
        assert rf"\caption{{{title(program)}}}" in text
        head, *_ = re.split(r"\\(?:State|For|While)\b", text)
        for row in program.rows:
            note = "" if row.note is None else f" --- {english(row.note)}"
            assert f"{latex(row.node)}{note}\n" in head
        labels = re.findall(r"\\Statex \\textbf\{(\w+):\}", head)
        assert labels == [section.name for section in program.layout.sections]
        comments = [line.layout.comment for line in program.lines if line.layout.comment]
        for comment in [program.layout.comment, *comments]:
            assert comment is None or rf"\textit{{{english(comment)}}}" in text


def test_braces_and_dollars_are_balanced_in_each_row() -> None:
    for text in WRITTEN.values():
        for row in text.splitlines():
            depth = 0
            for brace in re.findall(r"(?<!\\)[{}]", row):
                depth += 1 if brace == "{" else -1
                assert depth >= 0, row
            assert depth == 0, row
            assert row.count("$") % 2 == 0


def test_nothing_but_the_comment_needs_a_font_with_more_than_ascii() -> None:
    for text in WRITTEN.values():
        first, _, rest = text.partition("\n")
        assert first.startswith("% Algorithm")
        assert rest.isascii()


@pytest.mark.typeset
@pytest.mark.parametrize("engine", ["lualatex", "pdflatex"])
def test_latex_sets_every_algorithm_with_the_packages_that_are_named(
    engine: str, tmp_path: Path
) -> None:
    pages = "\n\\clearpage\n".join(WRITTEN.values())
    (tmp_path / "all.tex").write_text(DOCUMENT % (",".join(PACKAGES), pages), "utf-8")
    done = subprocess.run(
        [engine, "-halt-on-error", "-interaction=nonstopmode", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    log = (tmp_path / "all.log").read_text("latin-1")
    assert done.returncode == 0, log[-2000:]
    assert "Missing character" not in log
    assert f"({len(WRITTEN)} pages" in log
