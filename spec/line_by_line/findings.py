"""What is found out about a function: where it differs from the pseudocode, how close it is."""

from dataclasses import dataclass


class Mismatch(Exception):
    """Says, in a clause, what is wrong with the code for a line; and at which of its visits."""

    def __init__(self, problem: str, visits: tuple[int, ...] = ()) -> None:
        super().__init__(problem)
        self.visits = visits


@dataclass(frozen=True)
class Difference:
    """A place where a function is not the pseudocode.

    Attributes
    ----------
    line
        The line, `4.5`; or the algorithm, `4`, whose arguments are wrong.
    where
        The statement of the code: ``Attention, row 131, `K = W_k @ Z` ``.
    problem
        What is wrong, in a clause.
    pseudocode
        The text of the line.
    visits
        The first and the last visit of the line that the code did, from 1, and how many there are.
    """

    line: str
    where: str
    problem: str
    pseudocode: str = ""
    visits: tuple[int, ...] = ()

    def __str__(self) -> str:
        visit = ""
        match self.visits:
            case (first, last, total) if total > 1:
                until = f" to {last}" if last > first else ""
                visit = f", visit {first}{until} of {total}"
        quoted = f" ({self.pseudocode})" if self.pseudocode else ""
        subject = "line" if "." in self.line else "call of Algorithm"
        where = self.where if self.where.startswith("after ") else f"at {self.where}"
        return f"{subject} {self.line}{visit}{quoted}, {where}: {self.problem}"


@dataclass(frozen=True)
class Agreement:
    """A value that was compared: how far the code is from it, and how far it may be.

    Attributes
    ----------
    line
        The line, or the algorithm whose arguments were compared.
    error, bound
        The largest absolute error of an entry, and the bound that it stays below.
    ulp
        The unit in the last place of the largest entry.
    depth
        The most roundings that lie between an entry and the inputs.
    """

    line: str
    error: float
    bound: float
    ulp: float
    depth: int


@dataclass(frozen=True)
class Tie:
    """The result of comparing a function with the pseudocode, line by line.

    Attributes
    ----------
    differences
        The first difference, if there is one: later ones could be its consequences.
    observed
        The lines whose values were compared, and the algorithms whose arguments were compared.
    unobserved
        The other lines that set something.
    agreements
        Every comparison of real numbers.
    """

    differences: tuple[Difference, ...]
    observed: tuple[str, ...]
    unobserved: tuple[str, ...]
    agreements: tuple[Agreement, ...]
