"""The pseudocode with lines replaced: read, checked and run as any other is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import dedent

from spec.language import alg_file
from spec.language.checked import Checked, check
from spec.language.header import header
from spec.language.parse import program
from spec.language.tree import Program
from spec.mistakes.catalogue import Mistake


class ConflictError(ValueError):
    """Two mistakes that edit one line: they cannot be made together."""


def edited(mistake: Mistake, algorithms: Mapping[str, Checked]) -> Mapping[str, Checked]:
    """Return all algorithms with a mistake made, and those that it needs.

    What the checks cannot prove may stay open: that an index is within its bounds, that sizes are
    equal which a mistake takes for equal. A run in which they are not raises an error.

    Raises
    ------
    SpecError
        If that is no algorithm.
    """
    return edited_together((mistake,), algorithms)


def edited_together(
    mistakes: Sequence[Mistake], algorithms: Mapping[str, Checked]
) -> Mapping[str, Checked]:
    """Return all algorithms with several mistakes made, and those that they need.

    Raises
    ------
    ConflictError
        If two of them edit one line.
    SpecError
        If that is no algorithm.
    """
    edits: defaultdict[str, dict[int, str]] = defaultdict(dict)
    equal: defaultdict[str, list[str]] = defaultdict(list)
    helpers: dict[str, alg_file.Algorithm] = {}
    for mistake in mistakes:
        for line, rows in mistake.edits.items():
            id, _, number = line.partition(".")
            if int(number) in edits[id]:
                raise ConflictError(f"{mistake.id} edits line {line}, which is edited already")
            edits[id][int(number)] = rows
        equal[mistake.algorithm] += [f"{one} = {other}" for one, other in mistake.equal.items()]
        for text in mistake.helpers:
            helper = alg_file.read(text, mistake.id)
            helpers[helper.id] = helper
    changed: dict[str, Program] = {}
    for id, of in edits.items():
        before = algorithms[id].program
        after = requiring(with_rows(before.layout, of), equal[id])
        changed[id] = program(after, like=before)
    changed |= {id: program(text) for id, text in helpers.items()}
    headers = {id: one.header for id, one in algorithms.items()}
    headers |= {id: header(one, headers) for id, one in changed.items()}
    return {**algorithms, **{id: check(one, headers) for id, one in changed.items()}}


def with_rows(algorithm: alg_file.Algorithm, edits: Mapping[int, str]) -> alg_file.Algorithm:
    """Return an algorithm with rows in place of some of its lines, by their numbers.

    A row is written as in a file, without its number, and indented only further than the line
    that it stands in place of. The lines are numbered anew.

    Raises
    ------
    LayoutError
        If the lines that follow are in another block then.
    """
    lines = [
        row
        for line in algorithm.lines
        for row in (_rows(line, edits[line.number]) if line.number in edits else [line])
    ]
    numbered = tuple(replace(line, number=number) for number, line in enumerate(lines, 1))
    return alg_file.read(alg_file.write(replace(algorithm, lines=numbered)), algorithm.path)


def _rows(line: alg_file.Line, text: str) -> Iterator[alg_file.Line]:
    comment = line.comment
    for row in dedent(text).splitlines():
        indent = (len(row) - len(row.lstrip())) // alg_file.STEP
        written, _, claim = (part.strip() for part in row.partition("▷"))
        yield alg_file.Line(0, line.indent + indent, written, claim or None, comment=comment)
        comment = None


def requiring(algorithm: alg_file.Algorithm, conditions: list[str]) -> alg_file.Algorithm:
    """Return an algorithm that requires more."""
    if not conditions:
        return algorithm
    rows = (*algorithm.section("Requires"), *conditions)
    others = tuple(section for section in algorithm.sections if section.name != "Requires")
    return replace(algorithm, sections=(*others, alg_file.Section("Requires", rows)))
