"""Figures of architectures: a box for each call, a link for each box, and nothing in the way."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.changed_texts import read as read_text
from helpers.sphinx_build import DOCS, build_files
from sphinx.addnodes import pending_xref

from spec.language import alg_file, tree
from spec.language.checked import Checked, check
from spec.language.plain_text import text
from spec.library import algorithms, checked, paper

sys.path.insert(0, str(DOCS / "_ext"))

from paired.architectures.data_flow import Box, Flow, Loop, Sum, is_layered, layered, read, whole
from paired.architectures.flow_figure import drawn, in_words
from paired.architectures.flow_layout import Frame, Spot, Stream, streams
from paired.architectures.kinds_of_parts import is_norm, kind
from paired.architectures.places_of_norms import places
from paired.domain import targets


def changed(id: str, **lines: str) -> Checked:
    """An algorithm with other lines in the place of some: `line_5="…"`."""
    text = alg_file.write(algorithms()[id])
    head, body = text.split("\n\n", 1)
    rows = body.split("\n")
    for name, new in lines.items():
        number = name.removeprefix("line_")
        (place,) = [i for i, row in enumerate(rows) if row.split(" ")[0] == number]
        rows[place] = "\n".join(f"{number:<3}{row}" for row in new.split("\n"))
    numbered, count = [], 0
    for row in "\n".join(rows).split("\n"):
        if row[:1].isdigit():
            count += 1
            row = f"{count:<3}" + row[3:]
        numbered.append(row.rstrip())
    program = read_text(head + "\n\n" + "\n".join(numbered))
    return check(program, {one.id: one.header for one in checked().values()})


def norms(flow: Flow) -> Iterator[Spot]:
    """The norms of layers, as they are placed."""
    inside = [part for loop in flow.walk() if isinstance(loop, Loop) for part in loop.parts]
    for stream in streams(flow):
        yield from (one for one in stream.spots if kind(one.part) == "norm" and one.part in inside)


FLOWS = {id: read(checked()[id]) for id in layered()}
each = pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)

POST = {
    "line_5": "    X ← X + MHAttention(X | W_l, Mask[t, t'] = ⟦t ≤ t'⟧)",
    "line_6": "    for t ∈ [ℓ]: X[:, t] ← layer_norm(X[:, t] | γ¹_l, β¹_l)",
    "line_7": "    X ← X + W^l_mlp2 GELU(W^l_mlp1 X + b^l_mlp1 1ᵀ) + b^l_mlp2 1ᵀ",
    "line_8": "    for t ∈ [ℓ]: X[:, t] ← layer_norm(X[:, t] | γ²_l, β²_l)",
}
SANDWICH = {
    "line_6": "    Y ← MHAttention(X̃ | W_l, Mask[t, t'] = ⟦t ≤ t'⟧)\n"
    "    for t ∈ [ℓ]: Ỹ[:, t] ← layer_norm(Y[:, t] | γ²_l, β²_l)\n"
    "    X ← X + Ỹ",
    "line_7": "    for t ∈ [ℓ]: X̃[:, t] ← layer_norm(X[:, t] | γ²_l, β²_l)",
}
PARALLEL = {
    "line_6": "    Y ← MHAttention(X̃ | W_l, Mask[t, t'] = ⟦t ≤ t'⟧)",
    "line_7": "    G ← W^l_mlp2 GELU(W^l_mlp1 X̃ + b^l_mlp1 1ᵀ) + b^l_mlp2 1ᵀ",
    "line_8": "    X ← X + Y + G",
}
BOTH = {"line_6": f"{POST['line_5'].replace('(X |', '(X̃ |')}\n{POST['line_6']}"}


# What is drawn


@each
def test_every_call_has_its_box_in_the_order_of_the_lines(flow: Flow) -> None:
    callees = checked()[flow.program.id].typing.callees
    called = [
        (line.number, callees[node])
        for line in flow.program.lines
        for node in tree.walk(line.statement)
        if isinstance(node, tree.Call) and node in callees
    ]
    boxes = [part for part in flow.walk() if isinstance(part, Box)]
    assert Counter(called) == Counter((b.line.number, b.callee) for b in boxes if b.callee)
    assert [box.line.number for box in boxes] == sorted(box.line.number for box in boxes)


@each
def test_every_line_that_adds_to_what_it_sets_is_a_sum(flow: Flow) -> None:
    adds = [
        line.number
        for line in flow.program.lines
        if text(line.statement).startswith(("X ← X + ", "Z ← Z + "))
    ]
    assert [part.line.number for part in flow.walk() if isinstance(part, Sum)] == adds
    assert adds or flow.program.id == "X3", "whose layers are a block of their own"


@each
def test_every_box_and_sum_and_loop_is_a_link_to_its_line(flow: Flow) -> None:
    parts = [part.line.number for part in flow.walk() if isinstance(part, Box | Sum | Loop)]
    links = [*drawn(flow).findall(pending_xref)]
    lines = [link["reftarget"] for link in links if link["reftype"] == "algline"]
    assert Counter(lines) == Counter(f"{flow.program.id}.{number}" for number in parts)
    assert all(("algline", line) in targets() for line in lines)


@each
def test_a_link_says_its_line(flow: Flow) -> None:
    said = {line.number: line.layout.text for line in flow.program.lines}
    for link in drawn(flow).findall(pending_xref):
        if link["reftype"] == "algline":
            number = int(link["reftarget"].partition(".")[2])
            assert said[number] in link.astext()


@each
def test_the_text_has_a_row_for_each_part(flow: Flow) -> None:
    rows = [row.split()[0] for row in in_words(flow).splitlines()[1:] if row[:1].isdigit()]
    parts = [part.line.number for part in flow.walk() if isinstance(part, Box | Sum | Loop)]
    assert rows == [str(number) for number in parts]


# Where it stands


@each
def test_no_two_boxes_overlap_and_each_is_within_the_picture(flow: Flow) -> None:
    for stream in streams(flow):
        rectangles = [rectangle(spot, stream) for spot in stream.spots]
        for left, top, right, bottom in rectangles:
            assert 0 < left < right < stream.width
            assert 0 < top < bottom < stream.height
        for one, other in combinations(rectangles, 2):
            beside = one[2] <= other[0] or other[2] <= one[0]
            assert beside or one[3] <= other[1] or other[3] <= one[1]


@each
def test_no_wire_runs_through_a_box(flow: Flow) -> None:
    for stream in streams(flow):
        for spot in stream.spots:
            left, top, right, bottom = rectangle(spot, stream)
            for (x, y), (u, v) in (ends for wire in stream.wires for ends in pairwise(wire)):
                outside = max(x, u) <= left or min(x, u) >= right
                assert outside or max(y, v) <= top or min(y, v) >= bottom


@each
def test_a_frame_is_around_the_parts_of_its_loop_alone(flow: Flow) -> None:
    for stream in streams(flow):
        for frame in stream.frames:
            for spot in stream.spots:
                assert within(spot, frame) == (spot.part in frame.loop.parts)


def rectangle(spot: Spot, stream: Stream) -> tuple[float, float, float, float]:
    half = spot.height / 2 if isinstance(spot.part, Sum) else stream.box / 2
    return spot.x - half, spot.y, spot.x + half, spot.bottom


def within(spot: Spot, frame: Frame) -> bool:
    return frame.y < spot.y and spot.bottom < frame.y + frame.height


# Where the norms are


def test_norms_are_known_by_what_they_compute() -> None:
    assert [id for id in algorithms() if is_norm(id)] == ["6", "N1"]


@pytest.mark.parametrize(
    ("lines", "first", "last", "after", "parallel"),
    [
        ({}, True, False, False, False),
        (POST, False, False, True, False),
        (SANDWICH, True, True, False, False),
        (PARALLEL, True, False, False, True),
        (BOTH, True, False, True, False),
    ],
)
def test_another_place_of_a_norm_in_the_text_is_another_place_in_the_figure(
    lines: dict[str, str], first: bool, last: bool, after: bool, parallel: bool
) -> None:
    flow = read(changed("10", **lines))
    found = places(flow)
    assert (found.first, found.last, found.after) == (first, last, after)
    assert found.parallel == parallel
    columns = {spot.column for spot in norms(flow)}
    assert columns == {*([1] if first or last else []), *([0] if after else [])}
    test_no_two_boxes_overlap_and_each_is_within_the_picture(flow)
    test_no_wire_runs_through_a_box(flow)


def test_branches_of_one_sum_stand_in_two_columns() -> None:
    (stream,) = streams(read(changed("10", **PARALLEL)))
    (sum,) = [spot.part for spot in stream.spots if isinstance(spot.part, Sum)]
    columns = {spot.part: spot.column for spot in stream.spots}
    assert [columns[source.part] for source in sum.added] == [1, 2]  # type: ignore[union-attr]


def test_the_names_of_the_places_are_those_that_people_use() -> None:
    assert "post-norm" in places(FLOWS["9"]).words
    assert "pre-norm" in places(FLOWS["10"]).words
    assert places(FLOWS["X3"]).words == places(FLOWS["X1"]).words


# Which algorithms have a figure


def test_an_architecture_is_known_by_its_loop_over_layers() -> None:
    ours = [id for id in algorithms() if id.startswith("X")]
    assert {*whole()} == {*ours, "8", "9", "10"}
    assert [id for id in paper() if id in layered()] == ["8", "9", "10"]
    assert not any(id.startswith("∇") for id in layered())


def test_without_parameters_of_its_own_a_turn_is_no_layer() -> None:
    lines = {
        "line_5": "    X̃ ← X",
        "line_6": "    X ← X + X̃",
        "line_7": "    X̃ ← X",
    }
    assert is_layered(checked()["10"])
    assert not is_layered(changed("10", **lines))


# The page


X90 = alg_file.write(
    replace(algorithms()["10"], id="X90", title="Mine", signature="P ← Mine(x | θ)")
)


def test_an_added_architecture_has_its_figure_on_its_card(tmp_path: Path) -> None:
    called = {id: algorithms()[id] for id in ("3", "4", "5", "6")}
    texts = {f"texts/paper/{id}.alg": alg_file.write(one) for id, one in called.items()}
    page = "Page\n====\n\n.. algorithm:: X90\n   :text:\n\n.. beside:: X90 X90\n\n.. norms::\n"
    files = {**texts, "texts/extensions/X90-mine.alg": X90, "index.rst": page}
    done, said = build_files(tmp_path, files)
    assert done, said
    soup = BeautifulSoup((tmp_path / "out/index.html").read_text("utf-8"), "html.parser")
    links = soup.select(".alg details svg a[href]")
    lines = {str(link["href"]) for link in links}
    assert {"#line-X90.2", "#line-X90.4", "#line-X90.6", "#line-X90.10"} <= lines
    assert all(soup.find(id=line.removeprefix("#")) for line in lines)
    assert not soup.select(".beside .cell")
    assert "pre-norm" in soup.select_one("table.parts").get_text()  # type: ignore[union-attr]


def test_as_plain_text_the_table_of_norms_cuts_no_name_in_two(tmp_path: Path) -> None:
    page = "Page\n====\n\n.. norms::\n"
    done, said = build_files(tmp_path, {"index.rst": page}, builder="text")
    assert done, said
    told = (tmp_path / "out/index.txt").read_text("utf-8")
    assert {id for id in whole() if f" {algorithms()[id].title} " not in told} == set()
    assert '"RotaryAttention"' in told


def test_a_figure_and_its_row_carry_the_names_of_systems(tmp_path: Path) -> None:
    page = "Page\n====\n\n.. architecture:: 9\n\n.. norms:: 9\n"
    assert build_files(tmp_path, {"index.rst": page}) == (True, "")
    soup = BeautifulSoup((tmp_path / "out/index.html").read_text("utf-8"), "html.parser")
    (known,) = soup.select(".architecture figcaption .known")
    assert known.get_text() == "BERT"
    assert "(BERT)" in soup.select_one("table.parts").get_text()  # type: ignore[union-attr]


def test_a_figure_of_what_does_not_exist_is_refused(tmp_path: Path) -> None:
    done, said = build_files(tmp_path, {"index.rst": "Page\n====\n\n.. architecture:: X99\n"})
    assert not done
    assert "the specification has no Algorithm X99" in said
