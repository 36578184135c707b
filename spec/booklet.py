"""All algorithms as a booklet, in LaTeX: `python -m spec.booklet build/booklet.tex`.

Each algorithm has a page of its own, or more where it is long, with the works that it comes from
and the errata that touch it. `lualatex` makes a PDF of it, with the fonts of TeX Gyre.
"""

import inspect
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from spec.errata import Erratum, errata
from spec.library import algorithms, programs
from spec.pairing import Function, implementations
from spec.render.algpseudocode import PACKAGES, algpseudocode
from spec.render.latex import english
from spec.sources import Source, named, sources, this_software

#: What the folders of texts hold, in the order of their algorithms.
PARTS = {
    "paper": "The paper’s algorithms",
    "extensions": "Algorithms of ours",
    "gradients": "Gradients",
}

# An algorithm is no float here, since a long one goes on over the page.
_PREAMBLE = r"""
\documentclass[10pt,a4paper]{article}
\usepackage[margin=2.4cm]{geometry}
\usepackage{%s}
\usepackage{unicode-math}
\setmainfont{texgyrepagella}[
    Extension=.otf, UprightFont=*-regular, BoldFont=*-bold,
    ItalicFont=*-italic, BoldItalicFont=*-bolditalic]
\setmathfont{texgyrepagella-math.otf}
\usepackage{microtype}
\usepackage[hidelinks]{hyperref}
\hypersetup{pdftitle={formal-transformers}}
\renewenvironment{algorithm}{%%
    \renewcommand{\caption}[1]{\par\noindent\textbf{Algorithm~\thealgorithm}\quad##1\par
        \vskip-.6\baselineskip\noindent\hrulefill\par}
    \noindent\rule{\linewidth}{.8pt}\par}{\nopagebreak\noindent\rule{\linewidth}{.8pt}\par}
\setlength{\parindent}{0pt}
\setlength{\parskip}{.6ex}
\emergencystretch=2em
\hyphenpenalty=200
\begin{document}
"""

_TITLE = r"""
\begin{titlepage}
\vspace*{.25\textheight}
{\Huge\bfseries %s\par}
\vspace{1.5ex}
{\Large %s\par}
\vspace{6ex}
The algorithms of \emph{%s} (%s), and algorithms in the same form: %d in all.\par
\vspace{1.5ex}
Version %s\par
\end{titlepage}
\tableofcontents
"""


def booklet(module: str = "algorithms") -> str:
    """Write the whole document; the works are those that the docstrings of `module` name."""
    return "\n".join(_rows(implementations(module))) + "\n"


def _rows(functions: Mapping[str, Function]) -> Iterator[str]:
    yield _PREAMBLE.strip() % ",".join(PACKAGES)
    name, _, what = this_software().title.partition(": ")
    paper = next(iter(sources().values()))
    version = this_software().fields.get("version", "unknown")
    yield _TITLE.strip() % (
        *(name, english(what), english(paper.title), english(paper.short), len(algorithms())),
        version,
    )
    for folder, ids in groupby(algorithms(), key=_folder):
        yield from ("", r"\clearpage", _heading("section", PARTS[folder], PARTS[folder]))
        for i, id in enumerate(ids):
            yield from ("", r"\clearpage" if i else "")
            yield from _page(id, functions.get(id))
    yield from _errata()
    yield from _works(functions)
    yield r"\end{document}"


def _folder(id: str) -> str:
    return algorithms()[id].path.partition("/")[0]


def _page(id: str, function: Function | None) -> Iterator[str]:
    title = algorithms()[id].title
    written = rf"\makebox[2.4em][l]{{{english(id)}}}{english(title)}"
    yield _heading("subsection", written, f"{id} {title}")
    yield rf"\renewcommand{{\thealgorithm}}{{{english(id)}}}"
    yield algpseudocode(programs()[id])
    touching = [erratum for erratum in errata().values() if _touches(erratum, id)]
    if function is not None:
        yield rf"\textbf{{In Python:}} \texttt{{{english(_python(function))}}}\par"
        if cited := _named_by(function):
            keys = ",".join(source.key for source in cited)
            yield rf"\textbf{{From}} \cite{{{keys}}}\par"
    for erratum in touching:
        yield (
            rf"\hyperref[erratum:{erratum.id}]{{\textbf{{{erratum.id}}}}} "
            rf"{english(erratum.where)}: {english(erratum.reading)}\par"
        )


def _heading(level: str, written: str, plain: str) -> str:
    """Begin a part of the table of contents: an algorithm has its caption, and no heading."""
    bookmark = plain.replace("_", r"\_")
    entry = rf"\texorpdfstring{{{written}}}{{{bookmark}}}"
    mark = rf"\phantomsection\addcontentsline{{toc}}{{{level}}}{{{entry}}}"
    shown = "" if level == "subsection" else rf"{{\Large\bfseries {written}}}\par\vspace{{2ex}}"
    return mark + shown


def _errata() -> Iterator[str]:
    yield from ("", r"\clearpage", _heading("section", "Errata", "Errata"))
    for erratum in errata().values():
        print_, here, why = map(english, (erratum.literal, erratum.reading, erratum.why))
        yield rf"\phantomsection\label{{erratum:{erratum.id}}}%"
        yield rf"\textbf{{{erratum.id}}} \textbf{{{english(erratum.where)}}}\par"
        yield rf"\emph{{Print:}} {print_} \emph{{Here:}} {here} \emph{{Why:}} {why}\par\medskip"


def _works(functions: Mapping[str, Function]) -> Iterator[str]:
    """List the works that the pages cite."""
    cited = {source.key for function in functions.values() for source in _named_by(function)}
    yield from ("", r"\clearpage", r"\phantomsection\addcontentsline{toc}{section}{References}")
    yield r"\begin{thebibliography}{}\raggedright"
    for source in sorted(sources().values(), key=lambda source: source.short):
        if source.key in cited:
            yield rf"\bibitem[{english(source.short)}]{{{source.key}}} {_reference(source)}"
    yield r"\end{thebibliography}"


def _reference(source: Source) -> str:
    """Write a work: its authors, its title, and where it is."""
    fields = source.fields
    authors = fields["author"].strip("{}").replace(" and others", " et al.").replace(" and ", ", ")
    rows = [f"{authors}.", rf"\emph{{{_verbatim(source.title)}}}."]
    places = ("booktitle", "journal", "publisher")
    rows += [f"{_verbatim(fields[name])}." for name in places if name in fields]
    rows.append(f"{fields['year']}.")
    if "eprint" in fields:
        link = f"https://arxiv.org/abs/{fields['eprint']}"
        rows.append(rf"\href{{{link}}}{{arXiv:{fields['eprint']}}}.")
    return " ".join(rows)


def _verbatim(title: str) -> str:
    """Write a title, in which no letter is a symbol."""
    return title.replace("&", r"\&").replace("²", "$^2$")


def _named_by(function: Function) -> tuple[Source, ...]:
    return named(inspect.getdoc(function) or "")


def _python(function: Function) -> str:
    return f"{function.__module__}.{function.__name__}"


def _touches(erratum: Erratum, id: str) -> bool:
    return id in {line.partition(".")[0] for line in erratum.lines}


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(booklet(), encoding="utf-8")
