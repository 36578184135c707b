"""The page of the examples: all that there are, and what their whole runs have written."""

import json
import subprocess
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from helpers.sphinx_build import CONF, DOCS, ROOT, build_files

sys.path.insert(0, str(DOCS / "_ext"))

from paired.trained_examples import FIGURES, NOT_RUN, command, commands, written

RUNS = {path.stem: json.loads(path.read_text("utf-8")) for path in FIGURES.glob("*.json")}


def cells(table: BeautifulSoup) -> dict[str, str]:
    rows = [[cell.get_text().strip() for cell in row.select("td")] for row in table.select("tr")]
    return {what.replace("’", "'"): figure for what, figure in rows}


def test_every_example_has_a_section_with_the_figures_and_the_plot_of_its_run(
    pages: dict[str, BeautifulSoup],
) -> None:
    page = pages["examples.html"]
    sections = page.select("section > section")
    shown = [block.get_text().strip() for block in page.select("section > .highlight-console")]
    assert shown == [f"$ {command(name)}" for name in commands()]
    for name, section in zip(commands(), sections, strict=True):
        if name not in RUNS:
            assert NOT_RUN in section.get_text()
            continue
        run = RUNS[name]
        figures = {what: written(figure) for what, figure in run["figures"].items()}
        (table,) = section.select("table")
        assert cells(table) == figures | {"processor seconds": written(run["processor seconds"])}
        svg = BeautifulSoup((FIGURES / f"{name}.svg").read_text("utf-8"), "html.parser")
        (plot,) = section.select("figure.plot svg")
        assert plot == svg.svg


def test_every_module_that_is_a_command_is_an_example() -> None:
    files = {path.stem: path.read_text("utf-8") for path in (ROOT / "examples").glob("*.py")}
    run = {name for name, text in files.items() if '__name__ == "__main__"' in text}
    assert {*commands()} == run
    assert all(commands().values())


def test_an_example_that_is_given_its_data_says_which_and_make_leaves_it_out() -> None:
    given = {name for name in commands() if command(name) != f"python -m examples.{name}"}
    assert given == {
        path.stem
        for path in (ROOT / "examples").glob("*.py")
        if "\nGIVEN = " in path.read_text("utf-8")
    }
    assert command("sentiment") == "python -m examples.sentiment MODEL RATINGS"
    said = subprocess.run(
        ["make", "--dry-run", "--old-file=.venv/tests", "examples"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    loop = said.stdout.partition("for path in ")[2].partition(";")[0]
    found = subprocess.run(
        ["sh", "-c", f"for path in {loop}; do echo $path; done"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    run = {Path(path).stem for path in found.stdout.split()}
    assert run == {*commands()} - given


def test_what_is_shown_was_written_by_whole_runs_that_ended_well() -> None:
    for name, run in RUNS.items():
        assert run["command"] == command(name)
        assert run["better"]


def test_an_added_example_is_shown_before_and_after_it_has_run(tmp_path: Path) -> None:
    module = '"""Algorithm 10 learns {}."""\n\ndef main(): ...\n'
    run = {"figures": {"bits": 1.23456, "parameters": 12345.0}, "processor seconds": 7}
    folders = "paired.trained_examples.EXAMPLES = paired.trained_examples.FIGURES = here"
    files = {
        "conf.py": f"{CONF}\nimport paired.trained_examples\n{folders}\n",
        "late.py": module.format("late"),
        "early_on.py": module.format("early"),
        "part.py": '"""A part of both."""\n',
        "early_on.json": json.dumps(run),
        "early_on.svg": "<svg><title>a plot</title></svg>",
        "index.rst": "Examples\n========\n\n.. examples::\n",
    }
    built, said = build_files(tmp_path, files)
    assert built, said
    page = BeautifulSoup((tmp_path / "out/index.html").read_text("utf-8"), "html.parser")
    early, late = page.select("section > section")
    assert [section.h2.find(string=True) for section in (early, late)] == ["Early-on", "Late"]
    assert cells(early) == {"bits": "1.235", "parameters": "12,345", "processor seconds": "7"}
    assert early.select("figure.plot > svg > title")
    assert NOT_RUN in late.get_text()
    assert not late.select("table, svg")
