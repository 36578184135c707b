"""Where the parts of an algorithm stand in its figure.

From the top down. What the sums add to runs down the left, the stream; what they add stands beside
it, in columns. So a norm within a branch leaves the stream a straight line, and a norm after a sum
interrupts it. A part that two sequences have to do with stands in the stream of the first; what it
takes from elsewhere comes in from above, by its name. Each stream is a picture of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from spec.language import tree

from .data_flow import Box, Flow, Given, Loop, Part, Source, Sum
from .label_width import lines_of, widest

STEP, NOTE, PADDING = 18, 15, 6  # the heights of a row, of a note's row, and above and below them
GAP, CALLED = 24, 18  # between two parts, and what a name at a wire takes
RADIUS, EDGE, BESIDE = 8, 8, 18  # of a sum; around everything; between the stream and a branch
HEADING = 12  # of a loop, more than a gap


@dataclass(frozen=True)
class Spot:
    """A box or a sum, in the middle of `x`; `inlets` are named, not drawn from where they come."""

    part: Box | Sum
    x: float
    y: float
    height: float
    column: int
    inlets: tuple[tree.Name, ...] = ()

    @property
    def bottom(self) -> float:
        """Where what it gives goes on from."""
        return self.y + self.height


@dataclass(frozen=True)
class Frame:
    """Around what a loop repeats."""

    loop: Loop
    y: float
    height: float


@dataclass
class Stream:
    """A picture: parts, frames around them, and the lines between, each a row of points.

    `given` is what comes in at the top, and `named` what goes out below, if a part of another
    stream or a reader takes it.
    """

    given: Given | None
    width: float
    box: float
    spots: list[Spot] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    wires: list[tuple[tuple[float, float], ...]] = field(default_factory=list)
    end: Part | None = None
    height: float = 0

    @property
    def axis(self) -> float:
        """Where the stream runs down."""
        return EDGE + self.box / 2


def streams(flow: Flow) -> list[Stream]:
    """Place all parts of an algorithm."""
    return _Placing(flow).all()


def box_width(flow: Flow) -> float:
    """Return how wide all boxes are, so that the widest text fits that no line is broken in."""
    boxes = [part for part in flow.walk() if isinstance(part, Box)]
    return max(140.0, *(widest(row) for box in boxes for row in (*box.steps, *box.notes)))


def box_height(box: Box, width: float) -> float:
    """Return how high a box is: a row for each step, and the rows that its notes take."""
    steps = sum(lines_of(step, width) for step in box.steps)
    notes = sum(lines_of(note, width) for note in box.notes)
    return STEP * steps + NOTE * notes + 2 * PADDING


class _Placing:
    """Places one part after the other; a column holds what was placed in it last."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.box = box_width(flow)
        self.streams: list[Stream] = []
        self.spots: dict[Part, Spot] = {}
        self.home: dict[Part, Stream] = {}  # of each part that a wire can be drawn from
        self.tails: dict[int, Spot | None] = {}  # of the columns beside the present stream
        self.low = 0.0  # where the lowest part of the present stream ends
        self.top = 0.0  # above which nothing of the present loop stands
        self.last: dict[Part, Part] = {}  # the last reader of each part
        for part in flow.walk():
            for source in part.sources:
                self.last[source.part] = part

    def all(self) -> list[Stream]:
        self.block(self.flow.parts)
        for stream in self.streams:
            stream.height += GAP + CALLED + 4
            stream.wires.append(
                ((stream.axis, self.bottom(stream.end)), (stream.axis, stream.height - CALLED - 4))
            )
        return self.streams

    @property
    def stream(self) -> Stream:
        return self.streams[-1]

    def block(self, parts: Sequence[Part]) -> None:
        for part in parts:
            if isinstance(part, Loop):
                self.open(part)
                self.tails.clear()
                top = self.low + GAP / 2
                around, self.top = self.top, top + HEADING
                self.low = self.top
                self.block(part.parts)
                self.tails.clear()
                self.low += GAP / 2
                self.stream.frames.append(Frame(part, top, self.low - top))
                self.stream.height = self.low
                self.top = max(around, self.low)
            elif isinstance(part, Box):
                self.open(part)
                self.place_box(part)
            elif isinstance(part, Sum):
                self.place_sum(part)

    def open(self, part: Part) -> None:
        """Begin a stream where the first part of it takes an input that no stream has."""
        first = next(_boxes(part), None)
        taken = [source.part for source in first.sources] if first is not None else []
        if any(one in self.home for one in taken):
            return
        fresh = next((one for one in taken if isinstance(one, Given)), None)
        if fresh is None and self.streams:
            return
        width = 2 * EDGE + 1.5 * self.box + BESIDE
        stream = Stream(fresh, width, self.box, end=fresh)
        self.streams.append(stream)
        self.low = self.top = float(CALLED)
        self.tails.clear()
        if fresh is not None:
            self.home[fresh] = stream

    def bottom(self, part: Part | None) -> float:
        return self.spots[part].bottom if part in self.spots else float(CALLED)

    def beside(self, column: int) -> float:
        """Return the middle of a column; the stream is the first."""
        return (
            self.stream.axis + column * (self.box / 2 + BESIDE) + max(column - 1, 0) * self.box / 2
        )

    # A box

    def place_box(self, box: Box) -> None:
        column, source = self.choice(box)
        inlets = tuple(one.name for one in box.sources if one is not source)
        room = GAP + (CALLED if inlets else 0)
        begin = self.low
        if column and source is not None:  # a branch beside another one
            begin = max(self.bottom(source.part), self.top, *self.below(column))
        x, y = self.beside(column), begin + room
        spot = Spot(box, x, y, box_height(box, self.box), column, inlets)
        if source is not None:
            self.wire(source.part, spot)
        self.keep(box, spot)

    def below(self, column: int) -> Iterator[float]:
        """Yield where the parts of a column end, and those of the stream."""
        yield from (spot.bottom for spot in self.stream.spots if spot.column in (0, column))

    def choice(self, box: Box) -> tuple[int, Source | None]:
        """Return the column of a box, and the source that a wire is drawn from."""
        for column, tail in self.tails.items():
            for source in box.sources:
                if tail is not None and source.part is tail.part:
                    return column, source
        for source in box.sources:
            if self.home.get(source.part) is self.stream and source.part is self.stream.end:
                return (0 if self.last[source.part] is box else self.free()), source
        for source in box.sources:
            spot, column = self.spots.get(source.part), self.free()
            beside = spot is not None and self.tails.get(spot.column) and spot.column != column
            if beside and spot in self.stream.spots:
                return column, source
        return self.free(), None

    def free(self) -> int:
        """Return the first column beside the stream in which nothing waits to be read."""
        column = 1
        while (tail := self.tails.get(column)) is not None and tail.part in self.last:
            column += 1
        return column

    def wire(self, source: Part, spot: Spot) -> None:
        before = self.spots.get(source)
        x = before.x if before is not None else self.stream.axis
        turn = spot.y - GAP / 2
        start = (x, self.bottom(source))
        points: tuple[tuple[float, float], ...] = (start, (spot.x, spot.y))
        if x != spot.x:
            points = (start, (x, turn), (spot.x, turn), (spot.x, spot.y))
        self.stream.wires.append(points)

    def keep(self, part: Box | Sum, spot: Spot) -> None:
        self.spots[part] = spot
        self.home[part] = self.stream
        self.stream.spots.append(spot)
        if spot.column:
            self.tails[spot.column] = spot
            needed = spot.x + self.box / 2 + EDGE
            self.stream.width = max(self.stream.width, needed)
        else:
            self.stream.end = part
        said = CALLED if not spot.column and part in self.flow.spaces else 0
        self.low = max(self.low, spot.bottom + said)
        self.stream.height = self.low

    # A sum

    def place_sum(self, sum: Sum) -> None:
        y, axis = self.low + GAP / 2, self.stream.axis
        drawn = [one for one in sum.added if self.spots.get(one.part) in self.tails.values()]
        inlets = tuple(one.name for one in sum.added if one not in drawn)
        through = self.stream.end is sum.through.part
        spot = Spot(sum, axis, y, 2 * RADIUS, 0, inlets if through else (sum.through.name, *inlets))
        if through:
            self.wire(sum.through.part, spot)
        middle = y + RADIUS
        for one in drawn:
            tail = self.spots[one.part]
            end = (axis + RADIUS, middle)
            self.stream.wires.append(((tail.x, tail.bottom), (tail.x, middle), end))
            self.tails[tail.column] = None
        self.keep(sum, spot)


def _boxes(part: Part) -> Iterator[Box]:
    if isinstance(part, Box):
        yield part
    if isinstance(part, Loop):
        for inner in part.parts:
            yield from _boxes(inner)
