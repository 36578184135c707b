"""The figure of an algorithm: a picture for each stream, its parts links to their lines."""

from collections.abc import Iterator
from html import escape

from docutils import nodes
from sphinx import addnodes

from paired.domain import AlgorithmDomain, reference
from paired.elements import Element, Markup, element
from paired.systems import drawn_as
from spec.language import tree
from spec.language.plain_text import text
from spec.language.tree import Node
from spec.language.typesetting import Reference, Word
from spec.render import mathml

from .data_flow import Box, Flow, Given, Loop, Part, Sum, data_flow
from .flow_layout import CALLED, EDGE, GAP, RADIUS, Frame, Spot, Stream, streams
from .kinds_of_parts import kind

_HEAD = 4.0  # half the width of the head of an arrow


def figure(id: str) -> Element:
    """Return the figure of an algorithm, with a link to it."""
    return drawn(data_flow(id))


def drawn(flow: Flow) -> Element:
    """Return the figure of an algorithm that has been read."""
    id = flow.program.id
    pictures = [_Picture(flow, stream) for stream in streams(flow)]
    title = flow.program.layout.title
    name = reference("alg", id, f"Algorithm {id}")
    known = drawn_as(id)
    shown: list[nodes.Node | str] = (
        [" ", element("span", known, classes=["known"])] if known else []
    )
    return element(
        "figure",
        element("figcaption", name, " ", element("b", title), *shown),
        element("div", *(picture.svg() for picture in pictures), classes=["streams"]),
        classes=["architecture"],
        plain=in_words(flow),
    )


def folded_figure(id: str) -> Element:
    """Return the figure as it stands on a card: closed, until it is asked for."""
    summary = element("summary", "As a figure")
    return element("details", summary, figure(id), classes=["folded"], plain="")


def in_words(flow: Flow) -> str:
    """Return the figure as text: a branch is set further in than the stream, a loop too."""
    known = drawn_as(flow.program.id)
    title = f"Algorithm {flow.program.id}: {flow.program.layout.title}"
    rows = [f"{title} ({known})" if known else title]
    for stream in streams(flow):
        rows += ["", f"    {_plain_space(flow, stream)}"]
        columns: dict[Part, int] = {spot.part: spot.column for spot in stream.spots}
        inside = [part for frame in stream.frames for part in frame.loop.parts]
        shown = [*columns, *(frame.loop for frame in stream.frames)]
        for part in (one for one in flow.walk() if one in shown):
            column = columns.get(part, 0)
            depth = "    " * (1 + column + (part in inside))
            rows.append(f"{_number(part):<4}{depth[4:]}{_said(part)}")
    return "\n".join(rows)


def _said(part: Part) -> str:
    match part:
        case Loop(line):
            return " ".join(
                piece if isinstance(piece, str) else text(piece) for piece in turns(line)
            )
        case Box():
            notes = "".join(f", {text(note)}" for note in part.notes)
            return " → ".join(map(_plain, part.steps)) + notes
    return "+"


def _plain(label: str | Node) -> str:
    return label if isinstance(label, str) else text(label)


def _plain_space(flow: Flow, stream: Stream) -> str:
    given = _declared(flow, stream.given.name, "Input") if stream.given is not None else None
    return text(given) if given is not None else ""


def turns(line: tree.Line) -> tuple[str | Node, ...]:
    """Return how often a loop runs: `×` and how many turns, or what it says itself."""
    match line.statement:
        case tree.For(_, tree.UpTo(_, high)) | tree.For(_, tree.Range(_, tree.Number(1), high)):
            return "×", high
        case tree.For(word, binder):
            return word, binder
        case tree.While(condition):
            return "while", condition
    raise TypeError("a loop is one of these")


def _number(part: Part) -> str:
    return "" if isinstance(part, Given) else str(part.line.number)


def _declared(flow: Flow, name: tree.Name, section: str) -> tree.Declarations | None:
    """Return what a section declares of one name, by itself: `x ∈ V*`."""
    for row in flow.program.section(section):
        if isinstance(row.node, tree.Declarations) and row.node.binder is None:
            for item in row.node.items:
                if isinstance(item, tree.Declaration) and name in item.names:
                    return tree.Declarations((tree.Declaration((name,), item.kind),))
    return None


class _Picture:
    """Draws one stream."""

    def __init__(self, flow: Flow, stream: Stream) -> None:
        self.flow, self.stream = flow, stream

    def svg(self) -> Element:
        stream = self.stream
        return element(
            "svg",
            *(self.frame(frame) for frame in stream.frames),
            Markup(html="".join(map(_wire, stream.wires))),
            *(self.spot(spot) for spot in stream.spots),
            *self.names(),
            viewBox=f"0 0 {stream.width:g} {stream.height:g}",
            width=f"{stream.width:g}",
            height=f"{stream.height:g}",
            # Not "img": what is in an image has no role of its own, and here are links.
            role="group",
            aria_label=self.label(),
        )

    def label(self) -> str:
        given = self.stream.given
        where = f", from {text(given.name)}" if given is not None else ""
        return f"Algorithm {self.flow.program.id} as a figure{where}"

    def link(self, line: tree.Line, shape: Element) -> nodes.Node:
        """Make a shape a link to a line, which says what the line is when it is pointed at."""
        ref = f"{self.flow.program.id}.{line.number}"
        shape.insert(0, element("title", f"{ref}  {line.layout.text}"))
        shape["attributes"]["data-lines"] = str(line.number)
        return addnodes.pending_xref(
            "",
            shape,
            refdomain=AlgorithmDomain.name,
            reftype="algline",
            reftarget=ref,
            refwarn=True,
        )

    def frame(self, frame: Frame) -> Element:
        wide = self.stream.width - EDGE
        outline = (
            f'<rect x="{EDGE / 2:g}" y="{frame.y:g}" width="{wide:g}"'
            f' height="{frame.height:g}" rx="8"></rect>'
        )
        number = _text(EDGE / 2 + 8, frame.y + 15, _number(frame.loop), "number")
        said = _label(wide - 92, frame.y + 2, 88, 18, turns(frame.loop.line), "turns")
        shape = element("g", Markup(html=number + said))
        return element(
            "g", Markup(html=outline), self.link(frame.loop.line, shape), classes=["loop"]
        )

    def spot(self, spot: Spot) -> Element:
        part = spot.part
        drawn = self.sum(spot) if isinstance(part, Sum) else self.box(spot, part)
        shape = element("g", Markup(html=drawn), classes=["part", kind(part)])
        inlets = Markup(html="".join(self.inlets(spot)))
        return element("g", inlets, self.link(part.line, shape))

    def sum(self, spot: Spot) -> str:
        x, y = spot.x, spot.y + RADIUS
        plus = f"M{x - 4:g} {y:g}h8M{x:g} {y - 4:g}v8"
        circle = f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"></circle><path d="{plus}"></path>'
        return circle + _text(x - RADIUS - 4, y + 3.5, _number(spot.part), "number before")

    def box(self, spot: Spot, box: Box) -> str:
        width = self.stream.box
        left = spot.x - width / 2
        rect = (
            f'<rect x="{left:g}" y="{spot.y:g}" width="{width:g}" height="{spot.height:g}" rx="5">'
            "</rect>"
        )
        number = _text(left + 5, spot.y + 12, _number(box), "number")
        steps = "".join(f'<div class="step">{_set(step)}</div>' for step in box.steps)
        notes = "".join(f'<div class="note">{_set(note)}</div>' for note in box.notes)
        return rect + number + _foreign(left, spot.y, width, spot.height, steps + notes)

    def inlets(self, spot: Spot) -> Iterator[str]:
        """Name what comes in from elsewhere, above the right half of a box."""
        if spot.inlets:
            column = spot.x + self.stream.box / 4
            yield _wire(((column, spot.y - GAP / 2), (column, spot.y)))
            names: list[str | Node] = []
            for name in spot.inlets:
                names += [name] if not names else [",", name]
            top, wide = spot.y - GAP / 2 - CALLED, self.stream.box
            yield _label(column - wide / 2, top, wide, CALLED, tuple(names), "inlet")

    def names(self) -> Iterator[Markup]:
        """Name what comes in at the top, the spaces that lines claim, and what goes out below."""
        stream, flow = self.stream, self.flow
        left, wide = stream.axis - stream.box / 2, stream.box
        if stream.given is not None:
            given = _declared(flow, stream.given.name, "Input") or stream.given.name
            yield Markup(html=_label(left, 0, wide, CALLED, (given,), "space"))
        for spot in stream.spots:
            if not spot.column and (space := flow.spaces.get(spot.part)):
                row = _label(
                    stream.axis + 8, spot.bottom + 3, wide, CALLED, (space,), "space aside"
                )
                yield Markup(html=row)
        out = self.out()
        if out is not None:
            row = _label(
                left - EDGE, stream.height - CALLED, wide + 2 * EDGE, CALLED, (out,), "space"
            )
            yield Markup(html=row)

    def out(self) -> Node | None:
        """Return what the end of the stream is: what another stream calls it, or the output."""
        own = {spot.part for spot in self.stream.spots}
        for part in self.flow.walk():
            for source in part.sources:
                if source.part is self.stream.end and part not in own:
                    return source.name
        signature = self.flow.program.signature
        assert signature is not None, "an architecture can be called"
        return _declared(self.flow, signature.results[0], "Output") or signature.results[0]


# Markup


def _set(label: str | Node) -> str:
    """Set a name of a function as it is, and a formula as MathML that breaks where it may."""
    if isinstance(label, str):
        return escape(label)
    units = ("".join(_piece(piece) for piece in unit) for unit in mathml.units(label))
    return " ".join(f"<span>{unit}</span>" for unit in units)


def _piece(piece: mathml.Piece) -> str:
    match piece:
        case mathml.Formula(markup):
            return markup
        case Word() | Reference():
            return escape(piece.plain)


def _label(
    x: float, y: float, width: float, height: float, parts: tuple[str | Node, ...], css: str
) -> str:
    inner = " ".join(_set(part) for part in parts)
    return _foreign(x, y, width, height, f'<div class="{css}">{inner}</div>')


def _foreign(x: float, y: float, width: float, height: float, inner: str) -> str:
    place = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<foreignObject {place}><div class="label">{inner}</div></foreignObject>'


def _text(x: float, y: float, said: str, css: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{css}">{said}</text>'


def _wire(points: tuple[tuple[float, float], ...]) -> str:
    """Draw a line through points, with the head of an arrow at its end."""
    (x, y), (before, _) = points[-1], points[-2]
    path = "M" + "L".join(f"{a:g} {b:g}" for a, b in points)
    if x == before:
        head = f"M{x - _HEAD:g} {y - 6:g}L{x:g} {y:g}L{x + _HEAD:g} {y - 6:g}"
    else:
        head = f"M{x + 6:g} {y - _HEAD:g}L{x:g} {y:g}L{x + 6:g} {y + _HEAD:g}"
    return f'<path class="wire" d="{path}{head}"></path>'
