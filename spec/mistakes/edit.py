"""The pseudocode with lines replaced: read, checked and run as any other is."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import dedent

from spec.language import alg_file
from spec.language.checked import Checked, check
from spec.language.header import Header, header
from spec.language.parse import program
from spec.language.tree import Program
from spec.language.types import Bundle
from spec.mistakes.catalogue import Mistake


class ConflictError(ValueError):
    """Two mistakes that edit one line: they cannot be made together."""


def edited(mistake: Mistake, algorithms: Mapping[str, Checked]) -> Mapping[str, Checked]:
    """Return all algorithms with a mistake made, and the helpers that it calls.

    Some things the checks may be unable to prove: that an index is within its bounds, or that two
    sizes are equal which the mistake takes for equal. A run in which they are not raises an error.
    """
    return edited_together((mistake,), algorithms)


def edited_together(
    mistakes: Sequence[Mistake], algorithms: Mapping[str, Checked]
) -> Mapping[str, Checked]:
    """Return all algorithms with several mistakes made, and the helpers that these call.

    Raises
    ------
    ConflictError
        If two of them edit one line.
    SpecError
        If the result is not an algorithm.
    """
    edits: defaultdict[str, dict[int, str]] = defaultdict(dict)
    equalities: defaultdict[str, list[str]] = defaultdict(list)
    programs: dict[str, Program] = {}
    for mistake in mistakes:
        for line, rows in mistake.edits.items():
            id, _, number = line.partition(".")
            if int(number) in edits[id]:
                raise ConflictError(f"{mistake.id} edits line {line}, which is edited already")
            edits[id][int(number)] = rows
        equalities[mistake.algorithm] += map(" = ".join, mistake.equal.items())
        for helper in (alg_file.read(text, mistake.id) for text in mistake.helpers):
            programs[helper.id] = program(helper)
    for id, rows_by_line in edits.items():
        right = algorithms[id].program
        wrong = requiring(with_rows(right.layout, rows_by_line), equalities[id])
        programs[id] = program(wrong, like=right)
    headers = {id: algorithm.header for id, algorithm in algorithms.items()}
    headers |= {id: opened(header(changed, headers), headers) for id, changed in programs.items()}
    return {**algorithms, **{id: check(changed, headers) for id, changed in programs.items()}}


def opened(own: Header, headers: Mapping[str, Header]) -> Header:
    """Return a header in which the parts of another algorithm's parameters are declared, too.

    Only a helper's changes: one whose parameters are those of Algorithm 4 may name W_q and b_q.
    """
    match own.parameters:
        case ((bundle, Bundle(algorithm)), *_) if own.bundle is None:
            fields = headers[algorithm].fields
            variables = {**own.variables, **fields}
            return replace(own, bundle=bundle, fields=fields, variables=variables)
    return own


def with_rows(algorithm: alg_file.Algorithm, edits: Mapping[int, str]) -> alg_file.Algorithm:
    """Return an algorithm with rows in place of some of its lines, by their numbers.

    A row is written as in a file, without its number, and indented only by as much as it stands
    deeper than the line that it replaces. All lines are then numbered anew.

    Raises
    ------
    LayoutError
        If the lines that follow no longer stand in the block that they belong to.
    """
    lines = [
        row
        for line in algorithm.lines
        for row in (_rows(line, edits[line.number]) if line.number in edits else [line])
    ]
    numbered = tuple(replace(line, number=number) for number, line in enumerate(lines, 1))
    return alg_file.read(alg_file.write(replace(algorithm, lines=numbered)), algorithm.path)


def _rows(line: alg_file.Line, text: str) -> Iterator[alg_file.Line]:
    """Yield the rows that replace a line, without numbers; its comment stands above the first."""
    comment = line.comment
    for row in dedent(text).splitlines():
        indent = (len(row) - len(row.lstrip())) // alg_file.STEP
        written, _, claim = (part.strip() for part in row.partition("▷"))
        yield alg_file.Line(0, line.indent + indent, written, claim or None, comment=comment)
        comment = None


def requiring(algorithm: alg_file.Algorithm, conditions: list[str]) -> alg_file.Algorithm:
    """Return an algorithm that requires these conditions, too: `["ℓ_x = ℓ_z"]`."""
    if not conditions:
        return algorithm
    rows = (*algorithm.section("Requires"), *conditions)
    sections = tuple(section for section in algorithm.sections if section.name != "Requires")
    return replace(algorithm, sections=(*sections, alg_file.Section("Requires", rows)))
