"""The errors of a text of the specification, each with its place."""


class SpecError(ValueError):
    """A text that is not in the language, or in which a name or a size is wrong."""


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

    def __init__(self, algorithm: str, place: str, column: int, text: str, problem: str) -> None:
        self.algorithm = algorithm
        self.place = place
        self.column = column
        self.text = text
        self.problem = problem
        where = f"Algorithm {algorithm}, {place}, column {column}"
        super().__init__(f"{where}: {problem}, in: {text}")


class ParseError(LineError):
    """A row that is not in the language."""


class CheckError(LineError):
    """A row in the language in which a name is unknown, or sizes do not agree."""
