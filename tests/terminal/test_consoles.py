"""Is everything there, and nothing too wide, at every width of a terminal?"""

import os
import pty
import re
from contextlib import suppress

import pytest
from helpers.printed import WIDTHS, characters
from helpers.processes import start
from rich.cells import cell_len

from spec.library import algorithms
from spec.terminal.consoles import LEAST
from spec.terminal.pseudocode_beside_code import WIDE
from spec.terminal.subcommands import answer

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too

COMMANDS = [
    "list",
    "list --mistakes 10",
    "show 4",
    "show 10.6",
    "show layers-reversed-8-13",
    "show 4 --implementation json",
    "prove",
    "prove 15 --all",
    "cost 3",
    "cost 10 --at gpt2-xl",
    "check --help",
]


def at(width, command, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    text, _ = answer(command.split())
    return text


def assert_all_is_there(command, widths, monkeypatch):
    """There may be more than at the greatest width: a list names its columns again."""
    complete = characters(at(500, command, monkeypatch))
    for width in widths:
        text = at(width, command, monkeypatch)
        assert not complete - characters(text)
        assert command.endswith("--help") or max(map(cell_len, text.split("\n"))) <= width
        assert not [row for row in text.split("\n") if row != row.rstrip()]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_cut_or_too_wide_at_any_width(command, monkeypatch):
    assert_all_is_there(command, WIDTHS, monkeypatch)


@pytest.mark.parametrize(
    "widths", [[LEAST, WIDE], pytest.param(WIDTHS, marks=pytest.mark.sweep)], ids=["ends", "all"]
)
@pytest.mark.parametrize("command", ["list --mistakes", *(f"show {id}" for id in algorithms())])
def test_no_algorithm_or_mistake_is_cut_or_too_wide(command, widths, monkeypatch):
    assert_all_is_there(command, widths, monkeypatch)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_narrower_terminal_is_printed_for_as_at_the_least_width(command, monkeypatch):
    texts = {
        re.sub(r"\d+\.\d s", "", at(width, command, monkeypatch))
        for width in (LEAST, 0, 1, LEAST - 1)
    }
    assert len(texts) == 1


def test_a_real_terminal_of_any_size_shows_the_same(monkeypatch):
    """One that says it has no columns is taken for one of 80, as Rich and Python do."""
    commands, widths = ["list", "show 4", "cost 3"], [0, 1, LEAST - 1, LEAST, 80, 200]
    code = """
import fcntl, struct, sys, termios
from spec.terminal.command import main
for width in map(int, sys.argv[2].split()):
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    for command in sys.argv[1].split(","):
        assert main(command.split()) == 0
        print(end="\\0", flush=True)
"""
    monkeypatch.delenv("COLUMNS")
    parent, child = pty.openpty()
    process = start(
        *(code, ",".join(commands), " ".join(map(str, widths))),
        stdin=child,
        stdout=child,
        stderr=child,
        env={"TERM": "xterm"},
    )
    os.close(child)
    printed = []
    with suppress(OSError):  # which is how Linux says that the terminal is closed
        while block := os.read(parent, 65536):
            printed.append(block)
    os.close(parent)
    assert process.wait() == 0
    shown = b"".join(printed).decode().replace("\r\n", "\n")
    assert "\x1b[1m" in shown  # it is taken for a terminal
    expected = [at(width or 80, command, monkeypatch) for width in widths for command in commands]
    assert re.sub(r"\x1b\[[\d;]*m", "", shown).split("\0") == [*expected, ""]
