"""Events: the tagged statements that an observed function carries out, and calls that begin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spec.pairing import Ref


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


#: The result of a statement that is not a `return`, and the value of a variable that has none.
NOTHING: Final = _Nothing()


@dataclass(frozen=True, eq=False)
class Event:
    """A tagged statement was carried out, or the function of an algorithm was entered.

    Attributes
    ----------
    refs
        The lines that the statement carries out; none at an entry.
    algorithm
        At an entry, the id of the algorithm; else None.
    function
        The name of the function, `EDTraining.loss` for one defined inside another.
    row
        The first row of the statement, in its file.
    text
        The statement as it is written, in one row; of a compound statement the header.
    unfinished
        Those of its lines that a statement further down carries out, too.
    views
        The expressions that bring the code's layout to the paper's, by the variable they give,
        which may be `return`: `{"Q": "q.mT"}`.
    call
        The number of the call in which this happened: each call of an observed function, and of
        a function defined inside it, has a number of its own.
    variables
        What the names that the statement assigns held after it, also where it assigns elements:
        all of S in `S[0] = 1`. At an entry, the arguments.
    scope
        For the views, if there are any: what all local variables held, with those of enclosing
        functions that the function, or a view, mentions.
    result
        What a `return` returned; else `NOTHING`.
    names
        The names of the function's module.
    """

    refs: tuple[Ref, ...]
    algorithm: str | None
    function: str
    row: int
    text: str
    unfinished: tuple[Ref, ...] = ()
    views: Mapping[str, str] = field(default_factory=dict)
    call: int = 0
    variables: Mapping[str, Any] = field(default_factory=dict)
    scope: Mapping[str, Any] = field(default_factory=dict)
    result: Any = NOTHING
    names: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def where(self) -> str:
        """The function and the row, for people: `Attention, row 131`."""
        return f"{self.function}, row {self.row}"

    def view(self, variable: str) -> Any:
        """Return the value of the expression that a tag gives for a variable; `_` is the result."""
        returned = {} if self.result is NOTHING else {"_": self.result}
        return eval(self.views[variable], {**self.names, **self.scope, **returned})
