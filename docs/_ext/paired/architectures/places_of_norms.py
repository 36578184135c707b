"""Where an architecture has its norms, and what its parts are, as a row of a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docutils import nodes

from paired.domain import reference
from paired.notation import math
from paired.systems import drawn_as
from paired.tables import Cell
from spec.language.plain_text import text
from spec.language.tree import Node

from .data_flow import Box, Flow, Given, Loop, Part, Sum, data_flow, layered
from .kinds_of_parts import kind

HEADS = ("", "Tokens come in as", "Norms of a layer", "Last norm", "Attention", "Network")
WIDTHS = (5, 5, 5, 3, 7, 5)


@dataclass(frozen=True)
class Places:
    """Where a layer has norms: at the start and at the end of what a sum adds, and after a sum."""

    first: bool = False
    last: bool = False
    after: bool = False
    parallel: bool = False

    @property
    def words(self) -> str:
        """What such an architecture is called."""
        match self.first, self.last, self.after:
            case True, True, False:
                name = "first and last in each branch (sandwich)"
            case True, _, True:
                name = "before attention and network, and after each sum"
            case True, _, _:
                name = "before attention and network (pre-norm)"
            case False, True, False:
                name = "last in each branch"
            case False, _, True:
                name = "after each sum (post-norm)"
            case _:
                name = "none"
        return name + ("; several branches at once" if self.parallel else "")


def places(flow: Flow) -> Places:
    """Return where the layers of an architecture have norms, called blocks of layers included."""
    first = last = after = parallel = False
    for loop in (part for part in flow.walk() if isinstance(part, Loop)):
        for sum in (part for part in loop.parts if isinstance(part, Sum)):
            branches = [branch(sum, one.part) for one in sum.added]
            first |= any(kind(one[0]) == "norm" for one in branches if one)
            last |= any(len(one) > 1 and kind(one[-1]) == "norm" for one in branches)
            parallel |= len(branches) > 1
            after |= any(_follows(flow, sum, part) for part in loop.parts)
        for part in (one for one in loop.parts if isinstance(one, Box)):
            if part.callee is None or part.callee not in layered():
                continue
            inner = places(data_flow(part.callee))
            first, last = first | inner.first, last | inner.last
            after, parallel = after | inner.after, parallel | inner.parallel
    return Places(first, last, after, parallel)


def branch(sum: Sum, end: Part) -> list[Part]:
    """Return the parts between what a sum goes through and what it adds, from the first on."""
    chain: list[Part] = []
    part = end
    while part is not sum.through.part and not isinstance(part, Given | Sum) and part.sources:
        chain.insert(0, part)
        part = part.sources[0].part
    return chain


def _follows(flow: Flow, sum: Sum, part: Part) -> bool:
    """Say whether a part is a norm of a sum, which nobody else reads."""
    readers = [one for one in flow.walk() if any(source.part is sum for source in one.sources)]
    return readers == [part] and kind(part) == "norm"


def row(id: str) -> list[Cell]:
    """Return the row of an architecture."""
    flow = data_flow(id)
    outside = [part for part in flow.parts if isinstance(part, Box)]
    ends = [part for part in outside if kind(part) == "norm"]
    inner = [*_boxes_of_layers(flow)]
    title = f" {flow.program.layout.title}"
    known = drawn_as(id)
    return [
        [reference("alg", id, id), nodes.Text(f"{title} ({known})" if known else title)],
        _joined(_formula(part) for part in outside if isinstance(part.sources[0].part, Given)),
        [nodes.Text(places(flow).words + ": "), *_joined(_called(inner, "norm"))],
        _joined(_line(flow, part) for part in ends) or "none",
        _joined(_called(inner, "attention", noted=True)),
        _joined(_called(inner, "other")),
    ]


def _boxes_of_layers(flow: Flow) -> Iterator[Box]:
    """Yield the boxes in loops that add something; for a called block of layers, those in it."""
    for loop in (part for part in flow.walk() if isinstance(part, Loop)):
        adds = any(isinstance(part, Sum) for part in loop.parts)
        for part in (one for one in loop.parts if isinstance(one, Box)):
            if part.callee is not None and part.callee in layered():
                yield from _boxes_of_layers(data_flow(part.callee))
            elif adds:
                yield part


def _called(boxes: list[Box], wanted: str, *, noted: bool = False) -> Iterator[list[nodes.Node]]:
    """Yield the called algorithms and functions of one kind, each once, with their masks."""
    seen: set[str] = set()
    for box in (one for one in boxes if kind(one) == wanted):
        for name in (step for step in box.steps if isinstance(step, str)):
            said = name + "".join(text(note) for note in box.notes if noted)
            if said in seen:
                continue
            seen.add(said)
            content = nodes.literal("", name)
            shown: list[nodes.Node] = [content]
            if box.callee is not None:
                shown = [reference("alg", box.callee, content)]
            for note in box.notes if noted else ():
                shown += [nodes.Text(", "), math(note)]
            yield shown


def _formula(box: Box) -> list[nodes.Node]:
    return [math(step) for step in box.steps if isinstance(step, Node)]


def _line(flow: Flow, box: Box) -> list[nodes.Node]:
    ref = f"{flow.program.id}.{box.line.number}"
    return [reference("algline", ref, f"line {box.line.number}")]


def _joined(cells: Iterator[list[nodes.Node]]) -> list[nodes.Node]:
    """Put semicolons between what is not said twice."""
    found: dict[str, list[nodes.Node]] = {}
    for cell in cells:
        found.setdefault("".join(node.astext() for node in cell), cell)
    joined: list[nodes.Node] = []
    for cell in found.values():
        joined += [nodes.Text("; "), *cell] if joined else cell
    return joined
