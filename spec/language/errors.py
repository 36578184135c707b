"""What can be wrong with a text of the specification, and where."""


class SpecError(ValueError):
    """A text that is not in the language, or does not hold together."""


class LineError(SpecError):
    """What is wrong within a row of an algorithm: which, at which column, and the row itself.

    Attributes
    ----------
    algorithm
        The id of the algorithm.
    place
        Where in it: `line 5`, or `Input`.
    column
        Which character of the row is meant, from 1.
    text
        The row.
    problem
        What is wrong, in a clause.
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
    """A row that the grammar does not know."""


class CheckError(LineError):
    """A row that reads well and means nothing: a name unknown, sizes that do not agree."""
