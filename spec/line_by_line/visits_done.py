"""Which visits of the pseudocode the code has done, and which it does next.

A call in the code stands for one call in the pseudocode, or for many: one call of Algorithm 4 for
those of all heads. Its arguments say for which, and its lines belong to them: a visit in each, in
the order of the calls. So code may turn all keys and then all queries, which the pseudocode turns
group by group. A call whose arguments say nothing stands for what the call around it stands for.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spec.expected.trace import Place, Trace
from spec.line_by_line.array_axes import ONE_VISIT, VisitAxes, together
from spec.line_by_line.event import Event

#: The number of what makes the runs themselves: all calls are within it.
ALL = -1


@dataclass(frozen=True)
class Scope:
    """The calls in the pseudocode, by number, that a call in the code stands for.

    `axes` are those along which these calls stand in the arrays of the code.
    """

    calls: Sequence[int] = (ALL,)
    axes: VisitAxes = ONE_VISIT


@dataclass(frozen=True)
class Coming:
    """The visits that one statement of the code does; or calls, which are visits of line 0.

    Attributes
    ----------
    axes
        The axes along which they stand in the arrays of the code.
    visits
        The visits, by number, in the order of these axes.
    passed
        These, and others that they leave behind.
    """

    axes: VisitAxes
    visits: Sequence[int]
    passed: Collection[int]


@dataclass(frozen=True)
class Remaining:
    """The visits of a line that are not done, in each of the calls that the code is in.

    Attributes
    ----------
    visits
        The visits, by number, in each call; in order.
    axes
        The axes of these calls.
    turns
        Of so many turns of a loop the code has only what the last of them leaves.
    """

    visits: Sequence[Sequence[int]]
    axes: VisitAxes
    turns: int = 1

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(map(len, self.visits)) // self.turns

    def next(self, axes: VisitAxes) -> Coming | None:
        """Return the next ones, along some axes of arrays; None if so many are not there.

        Where several calls set the same, or make the same calls, the arrays may hold it once.
        """
        calls = len(self.visits)
        if axes.visits < calls:
            shared = together([axes, self.axes])
            if shared is None or shared.visits != calls:
                return None
            axes = shared
        elif self._alike(axes):
            axes = VisitAxes((*self.axes.front, *axes.front), axes.last)
        each, rest = divmod(axes.visits, calls)
        if rest or any(len(visits) < each * self.turns for visits in self.visits):
            return None
        passed = [visits[: each * self.turns] for visits in self.visits]
        chosen = np.array([visits[self.turns - 1 :: self.turns] for visits in passed])
        if axes.last == self.axes.last:  # tokens stand last, behind the turns of a loop
            chosen = chosen.reshape(-1, axes.last, each).swapaxes(1, 2)
        return Coming(axes, chosen.ravel().tolist(), {at for visits in passed for at in visits})

    def _alike(self, axes: VisitAxes) -> bool:
        """Say whether arrays hold what one of several calls sets or makes, for all of them.

        The distances of tokens, which are those of every head, have no axis of heads.
        """
        front = self.axes.front
        return (
            len(self.visits) > 1
            and self.axes.last == 1
            and axes.front[: len(front)] != front
            and all(len(visits) == axes.visits * self.turns for visits in self.visits)
        )


class VisitsDone:
    """Follows the code from call to call and from line to line.

    Parameters
    ----------
    trace
        What happens in the pseudocode.
    makers
        The statement that makes each call in the code, if one does.

    Attributes
    ----------
    done
        The visits of each line that have been done, by number, in the order in which the code comes
        to the lines; the calls of an algorithm are the visits of its line 0.
    """

    def __init__(self, trace: Trace, makers: Mapping[int, Event | None]) -> None:
        self.done: dict[Place, set[int]] = {}
        self._trace = trace
        self._makers = makers
        self._scopes: dict[int, Scope] = {}
        self._within: dict[Place, Mapping[int, list[int]]] = {}

    def remaining(self, at: Place, call: int, turns: int = 1) -> Remaining:
        """Return the visits of a line that a statement in a call in the code can do."""
        return self._not_done(at, self._scope(call), turns)

    def remaining_calls(self, id: str, call: int) -> Remaining:
        """Return the calls of an algorithm that a call in the code can stand for.

        They are those that the lines of the statement make which makes it, if these make any.
        """
        at, maker = (id, 0), self._makers[call]
        if maker is None:
            return self._not_done(at, Scope())
        lines = {(ref.algorithm, ref.line) for ref in maker.refs}
        scope = self._scope(maker.call)
        return self._not_done(at, scope, made_by=lines)

    def note(self, at: Place, coming: Coming) -> None:
        """Note that visits of a line are done."""
        self.done.setdefault(at, set()).update(coming.passed)

    def enter(self, id: str, call: int, coming: Coming) -> None:
        """Note what calls of an algorithm a call in the code stands for."""
        self.note((id, 0), coming)
        numbers = self._trace.call_of[id, 0]
        self._scopes[call] = Scope([numbers[at] for at in coming.visits], coming.axes)

    def _scope(self, call: int) -> Scope:
        """Return what a call in the code stands for."""
        if call not in self._scopes:
            maker = self._makers[call]
            self._scopes[call] = Scope() if maker is None else self._scope(maker.call)
        return self._scopes[call]

    def _not_done(
        self, at: Place, scope: Scope, turns: int = 1, made_by: Collection[Place] = ()
    ) -> Remaining:
        within, done = self._visits_within(at), self.done.get(at, set())
        if not any(call in within for call in scope.calls):  # the pseudocode has them elsewhere
            scope = Scope()
        visits = [within.get(call, []) for call in scope.calls]
        if made_by:
            numbers, callers = self._trace.call_of[at], self._trace.callers
            makers = [callers[number] for number in numbers]
            made = [
                [visit for visit in of if (maker := makers[visit]) and maker.line in made_by]
                for of in visits
            ]
            visits = made if any(made) else visits
        left = [[visit for visit in of if visit not in done] for of in visits]
        return Remaining(left, scope.axes, turns)

    def _visits_within(self, at: Place) -> Mapping[int, list[int]]:
        """Return the visits of a line within each call, at any depth."""
        if at not in self._within:
            within: dict[int, list[int]] = defaultdict(list)
            for visit, call in enumerate(self._trace.call_of.get(at, ())):
                within[ALL].append(visit)
                number: int | None = call
                while number is not None:
                    within[number].append(visit)
                    caller = self._trace.callers[number]
                    number = None if caller is None else caller.call
            self._within[at] = within
        return self._within[at]
