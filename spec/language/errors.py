"""The errors of a text of the specification, each with its place."""

from dataclasses import dataclass

from spec.usage_error import UsageError


class SpecError(UsageError):
    """A text that is not in the language, or in which a name or a size is wrong."""


@dataclass(eq=False)
class LineError(SpecError):
    """An error at a column of a row of an algorithm.

    Attributes
    ----------
    algorithm
        The id of the algorithm: `4`.
    place
        The row: `line 5`, or `Input`.
    column
        The number of the character in the row, from 1.
    text
        The row itself.
    problem
        The error in a clause: `X is not defined here`.
    """

    algorithm: str
    place: str
    column: int
    text: str
    problem: str

    def __str__(self) -> str:
        place = f"Algorithm {self.algorithm}, {self.place}, column {self.column}"
        return f"{place}: {self.problem}, in: {self.text}"


class ParseError(LineError):
    """A row that is not in the language."""


class CheckError(LineError):
    """A row in the language in which a name is unknown, or sizes do not agree."""
