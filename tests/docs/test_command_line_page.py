"""Does the page on the command line show what each command prints?"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.sphinx_build import DOCS, build_files
from rich.cells import cell_len

from spec.terminal.subcommands import SUBCOMMANDS, answer

sys.path.insert(0, str(DOCS / "_ext"))
from paired.terminal import WIDTH, printed

COMMANDS = [
    row.removeprefix(".. terminal:: ")
    for page in sorted(DOCS.glob("*.rst"))
    for row in page.read_text("utf-8").splitlines()
    if row.startswith(".. terminal:: ")
]


def test_every_subcommand_has_a_section_and_prints_something() -> None:
    page = (DOCS / "command_line.rst").read_text("utf-8")
    assert re.findall(r"^``(\w+)``$", page, re.MULTILINE) == [*SUBCOMMANDS]
    for section in re.split(r"^``\w+``$", page, flags=re.MULTILINE)[1:]:
        assert ".. terminal:: " in section
    shown = {command.split()[1] for command in COMMANDS}
    assert {*SUBCOMMANDS} <= shown


@pytest.mark.parametrize("command", dict.fromkeys(COMMANDS))
def test_what_is_shown_is_what_the_command_prints(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(os.environ)
    shown = printed(command)
    assert dict(os.environ) == before
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    text, _ = answer(command.split()[1:])
    assert shown.split("… s") == re.split(r"\d+\.\d s", text.rstrip("\n"))
    assert "\x1b" not in shown
    assert max(map(cell_len, shown.splitlines())) <= WIDTH


def test_a_page_has_the_command_and_its_answer(tmp_path: Path) -> None:
    command = "formal-transformers cost 6 --at gpt2-small"
    page = f"Page\n====\n\n.. terminal:: {command}\n   :width: 60\n"
    assert build_files(tmp_path, {"index.rst": page}) == (True, "")
    built = (tmp_path / "out" / "index.html").read_text("utf-8")
    (pre,) = BeautifulSoup(built, "html.parser").select("pre")
    assert pre.get_text().rstrip("\n") == f"$ {command}\n{printed(command, 60)}"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("formal-transformers show 99", "there is no Algorithm 99"),
        ("ls", "the command is formal-transformers, not ls"),
        ("formal-transformers cost 4 --at gpt9", "there is no preset gpt9"),
    ],
)
def test_a_command_without_an_answer_stops_the_build(
    tmp_path: Path, command: str, said: str
) -> None:
    success, error = build_files(
        tmp_path, {"index.rst": f"Page\n====\n\n.. terminal:: {command}\n"}
    )
    assert not success
    assert said in " ".join(error.split())
