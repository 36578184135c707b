"""The part of a card in which a recorded run is stepped through.

Each step is a radio button and a frame, which the style sheet shows while the button is chosen: so
steps are chosen by keyboard and without a script.
"""

from collections.abc import Sequence
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from paired.elements import Element, Markup, element
from paired.notation import math, prose
from spec.pairing import Function

from .recorded_run import NoRunError, OtherRunError, RecordedRun, Step, Turn, recorded_run
from .run_json import run_json
from .step_frames import Frames

logger = logging.getLogger(__name__)

#: The folder of the recordings, below that of the pages.
FOLDER = "_runs"
#: Of a longer run so many steps are drawn, at its beginning and at its end.
FIRST, LAST = 18, 6


class Recording(Markup):
    """A link to a file, `file`, that is written beside the pages, with a `text`."""


def steps_below(id: str, function: Function, location: str | None = None) -> Element:
    """Return what stands below the card of an algorithm: its steps, or why there are none.

    That a function is not its pseudocode is also a warning, which names the `location`.
    """
    try:
        run = recorded_run(id, function)
    except NoRunError as error:
        if isinstance(error, OtherRunError):
            said = f"{function.__name__} is not Algorithm {id}: {error}"
            logger.warning(said, location=location, type="paired", subtype="run")
        return element("p", f"No run of it is shown: {error}", classes=["no-run"])
    drawn, left_out = _chosen(run.steps)
    frames = Frames(run)
    sizes = ", ".join(f"{name} = {value}" for name, value in run.sizes.items())
    said = (
        "Every value that a line sets was held by a variable of the function above, as it ran on "
        "small numbers drawn at random. The factors beside them are the pseudocode's. "
    )
    if left_out:
        said += f"Of {len(run.steps)} steps the first {FIRST} and the last {LAST} are drawn. "
    intro = element(
        "p",
        said,
        element("span", *prose(sizes), classes=["sizes"]),
        " ",
        _link(run),
        classes=["given"],
    )
    chips: list[nodes.Node] = []
    turns: tuple[Turn, ...] = ()
    for place, step in enumerate(drawn):
        if step.turns != turns and step.turns:
            chips.append(element("span", _said(step.turns), classes=["turn"]))
        elif step.turns != turns:
            chips.append(element("span", "after", classes=["turn"]))
        if left_out and place == FIRST:
            chips.append(element("span", f"… {left_out} steps …", classes=["turn"]))
        turns = step.turns
        chips.append(_step(run, step, place, frames))
    steps = element(
        "div", *chips, classes=["steps"], role="group", aria_label=f"Steps of Algorithm {id}"
    )
    count = f"{len(run.steps)} step" + "s" * (len(run.steps) != 1)
    summary = element("summary", "Step through a run", element("span", count, classes=["by"]))
    return element(
        "details",
        summary,
        intro,
        steps,
        classes=["stepper"],
        plain=f"A run of Algorithm {id} in {count} is recorded in {FOLDER}/{run.file}.",
    )


def _chosen(steps: Sequence[Step]) -> tuple[Sequence[Step], int]:
    """Return the steps to draw, and how many are left out."""
    if len(steps) <= FIRST + LAST:
        return steps, 0
    return [*steps[:FIRST], *steps[-LAST:]], len(steps) - FIRST - LAST


def _said(turns: Sequence[Turn]) -> str:
    return ", ".join(
        f"{turn.name} {turn.value}"
        if turn.of is None
        else f"{turn.name} = {turn.value} of {turn.of}"
        for turn in turns
    )


def _step(run: RecordedRun, step: Step, place: int, frames: Frames) -> Element:
    name = f"{run.id}.{step.line.number}"
    turn = f" ({_said(step.turns)})" if step.turns else ""
    checked = ' checked=""' if place == 0 else ""
    chip = (
        f'<label><input type="radio" name="run-{run.id}" data-line="{step.line.number}"{checked}>'
        f'<span>{name}<span class="unseen">{turn}</span></span></label>'
    )
    line = element(
        "p",
        element("span", name, classes=["name"]),
        " ",
        math(step.line.statement, run.id),
        *([element("span", turn.strip(" ()"), classes=["by"])] if turn else []),
        classes=["now"],
    )
    frame = element("div", line, Markup(html=frames.html(step)), classes=["frame"])
    return element("div", Markup(html=chip), frame, classes=["step"])


def _link(run: RecordedRun) -> Recording:
    return Recording(file=run.file, text=run_json(run))


def _write(self: HTML5Translator, node: Recording) -> None:
    folder = Path(self.builder.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / node["file"]).write_text(node["text"], "utf-8", newline="\n")
    up = "../" * self.builder.current_docname.count("/")
    self.body.append(f'<a href="{up}{FOLDER}/{node["file"]}">The recording</a>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the link to a recording."""
    app.add_node(Recording, html=(_write, None))
