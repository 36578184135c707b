"""The pseudocode with lines replaced: read, checked and run as any other is."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from textwrap import dedent
from typing import Protocol

from spec.language import alg_file
from spec.language.checked import Checked, check
from spec.language.header import Header, header
from spec.language.parse import program
from spec.language.tree import Program
from spec.language.types import Bundle
from spec.mistakes.catalogue import Mistake
from spec.mistakes.merge_rows import merged


class ConflictError(ValueError):
    """Two edits that change the same part of a line: they cannot be made together."""


class Edit(Protocol):
    """A change of some lines, with or without a name: a `Mistake`, or a `Mutant`."""

    @property
    def algorithm(self) -> str:
        """The algorithm that it is a change of."""

    @property
    def edits(self) -> Mapping[str, str]:
        """The rows of pseudocode that replace a line, by the line: `4.5`."""

    @property
    def equal(self) -> Mapping[str, str]:
        """The sizes that must equal others for it to make sense."""

    @property
    def helpers(self) -> Sequence[str]:
        """The texts of further algorithms, which the edits call."""


def edited(mistake: Mistake, algorithms: Mapping[str, Checked]) -> Mapping[str, Checked]:
    """Return all algorithms with a mistake made, and the helpers that it calls.

    Some things the checks may be unable to prove: that an index is within its bounds, or that two
    sizes are equal which the mistake takes for equal. A run in which they are not raises an error.
    """
    return edited_together((mistake,), algorithms)


def edited_together(
    changes: Sequence[Edit], algorithms: Mapping[str, Checked]
) -> Mapping[str, Checked]:
    """Return all algorithms with several changes made, and the helpers that these call.

    Raises
    ------
    ConflictError
        If two of them change the same part of a line.
    SpecError
        If the result is not an algorithm.
    """
    edits: defaultdict[str, dict[int, str]] = defaultdict(dict)
    equalities: defaultdict[str, list[str]] = defaultdict(list)
    programs: dict[str, Program] = {}
    for change in changes:
        for line, rows in change.edits.items():
            id, _, number = line.partition(".")
            other = edits[id].get(int(number))
            edits[id][int(number)] = rows if other is None else _both(line, other, rows, algorithms)
        equalities[change.algorithm] += map(" = ".join, change.equal.items())
        for helper in (alg_file.read(text, "a helper") for text in change.helpers):
            programs[helper.id] = program(helper)
    for id, rows_by_line in edits.items():
        right = algorithms[id].program
        wrong = requiring(with_rows(right.layout, rows_by_line), equalities[id])
        programs[id] = program(wrong, like=right)
    headers = {id: algorithm.header for id, algorithm in algorithms.items()}
    headers |= {
        id: opened(_header(one, algorithms, headers), headers) for id, one in programs.items()
    }
    return {**algorithms, **{id: check(changed, headers) for id, changed in programs.items()}}


def _both(line: str, first: str, second: str, algorithms: Mapping[str, Checked]) -> str:
    """Return the rows of a line with two edits of it made."""
    id, _, number = line.partition(".")
    rows = merged(algorithms[id].program.layout.lines[int(number) - 1].text, first, second)
    if rows is None:
        raise ConflictError(f"two edits change the same part of line {line}")
    return rows


def _header(
    program: Program, algorithms: Mapping[str, Checked], headers: Mapping[str, Header]
) -> Header:
    """Return a header, read anew only where an edit has changed its rows."""
    before = algorithms.get(program.id)
    if before is not None and before.program.rows is program.rows:
        return before.header
    return header(program, headers)


def opened(own: Header, headers: Mapping[str, Header]) -> Header:
    """Return a header in which the parts of another algorithm's parameters are declared, too.

    Only a helper's changes: one whose parameters are those of Algorithm 4 may name W_q and b_q.
    """
    match own.parameters:
        case ((bundle, Bundle(algorithm)), *_) if own.bundle is None and not own.opened:
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
