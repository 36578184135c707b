"""What is known of the algorithms without running them.

Of each text the head is read first, then what its names stand for, then its types. Every
obligation on sizes is proved for all sizes, or is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from spec.language import proof
from spec.language.errors import CheckError
from spec.language.header import Header, header, refers_to
from spec.language.inference.calls import NOTATION
from spec.language.inference.lines import infer
from spec.language.inference.typing import Obligation, Typing
from spec.language.names import Names, names
from spec.language.tree import Facts, Program, walk


@dataclass(frozen=True)
class Checked:
    """An algorithm with its head, what its names stand for, and its types."""

    program: Program
    header: Header
    names: Names
    typing: Typing

    @property
    def id(self) -> str:
        """The id of the algorithm."""
        return self.program.id

    @cached_property
    def open(self) -> tuple[Obligation, ...]:
        """The obligations that are not proved."""
        obligations = self.typing.obligations
        return tuple(obligation for obligation in obligations if not self.proves(obligation))

    @cached_property
    def line_of(self) -> Facts[int]:
        """The number of the line that each part of a line is in."""
        numbers: Facts[int] = Facts()
        for line in self.program.lines:
            for node in walk(line.statement):
                numbers[node] = line.number
        return numbers

    def proves(self, obligation: Obligation) -> bool:
        """Say whether an obligation holds for all sizes that the requirements allow.

        An obligation on a member of a family presumes that the member exists, which is another
        obligation.
        """
        if obligation.relation == "=":
            return obligation.excess == 0
        return proof.is_never_negative(
            obligation.excess, self.typing.bounds, self.header.requirements
        )


def check(program: Program, headers: Mapping[str, Header]) -> Checked:
    """Find the names and the types of one algorithm; `headers` holds those of all, by id.

    Raises
    ------
    CheckError
        At the first line in which a name or a size is wrong.
    """
    own = headers[program.id]
    meanings = names(program, own)
    return Checked(program, own, meanings, infer(program, headers, meanings))


def declarations(programs: Mapping[str, Program]) -> dict[str, Header]:
    """Read the heads of all algorithms, each after those that it refers to.

    Raises
    ------
    CheckError
        At the first row that makes no sense; at a function whose name is taken.
    """
    functions = set(NOTATION)
    for id, program in programs.items():
        if program.signature is not None:
            function, row = program.signature.function, program.layout.signature or ""
            if function in functions:
                column = row.index(function) + 1
                raise CheckError(id, "heading", column, row, f"{function} is a function already")
            functions.add(function)
    headers: dict[str, Header] = {}
    waiting = dict(programs)
    while waiting:
        ready = [id for id, program in waiting.items() if not refers_to(program) & waiting.keys()]
        for id in ready or list(waiting):
            headers[id] = header(waiting.pop(id), headers)
    return headers
