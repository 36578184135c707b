"""All that can be known of the algorithms without running them.

Each is read, its head first, then what its names are, then its types; every obligation on sizes
is proved for all sizes, or is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from spec.language import proof
from spec.language.errors import CheckError
from spec.language.header import Header, header, refers_to
from spec.language.inference.calls import NOTATION
from spec.language.inference.infer import infer
from spec.language.inference.typing import Obligation, Typing
from spec.language.names import Names, names
from spec.language.tree import Program


@dataclass(frozen=True)
class Checked:
    """An algorithm, read and understood."""

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
        return tuple(one for one in self.typing.obligations if not self.proves(one))

    def proves(self, obligation: Obligation) -> bool:
        """Say whether an obligation holds for all sizes that the requirements allow.

        One that speaks of a member takes for granted that there is such a member, which is an
        obligation of its own.
        """
        if obligation.relation == "=":
            return obligation.excess == 0
        return proof.is_never_negative(
            obligation.excess, self.typing.bounds, self.header.requirements
        )


def check(program: Program, headers: Mapping[str, Header]) -> Checked:
    """Find what the names and the types of one algorithm are; `headers` are those of all.

    Raises
    ------
    CheckError
        At the first line that does not hold together.
    """
    own = headers[program.id]
    found = names(program, own)
    return Checked(program, own, found, infer(program, headers, found))


def declarations(programs: Mapping[str, Program]) -> dict[str, Header]:
    """Read the heads of all algorithms, each after those whose parameters it borrows.

    Raises
    ------
    CheckError
        At the first row that makes no sense; at a function that there is already.
    """
    functions = set(NOTATION)
    for id, one in programs.items():
        if one.signature is not None:
            function, row = one.signature.function, one.layout.signature or ""
            if function in functions:
                column = row.index(function) + 1
                raise CheckError(id, "heading", column, row, f"{function} is a function already")
            functions.add(function)
    found: dict[str, Header] = {}
    waiting = dict(programs)
    while waiting:
        ready = [id for id, one in waiting.items() if not refers_to(one) & waiting.keys()]
        for id in ready or list(waiting):
            found[id] = header(waiting.pop(id), found)
    return found
