"""What the command prints, as it prints it while the pages are built."""

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import OptionSpec

from spec.terminal.subcommands import answer
from spec.usage_error import UsageError

#: The name that the command is called by, which is no argument.
COMMAND = "formal-transformers"

#: How wide the terminal is, if nothing else is said.
WIDTH = 88

#: How long something took, which no two builds have in common.
_SECONDS = re.compile(r"\b\d+\.\d+ s\b")


class TerminalDirective(SphinxDirective):
    """`.. terminal:: formal-transformers show 4` is the command and what it prints.

    The option `width` is that of the terminal. For the time that something took stands `… s`. What
    takes longer than a page should, or writes files, is for code blocks.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[OptionSpec | None] = {"width": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Return the block."""
        self.env.note_reread()  # it depends on all texts, and on the functions
        command = " ".join(self.arguments[0].split())
        try:
            text = f"$ {command}\n{printed(command, self.options.get('width', WIDTH))}"
        except UsageError as error:
            raise self.error(f"{command}: {error}") from error
        block = nodes.literal_block(text, text, language="none", classes=["terminal"])
        self.set_source_info(block)
        return [block]


def printed(command: str, width: int = WIDTH) -> str:
    """Return what a command prints on a terminal of some width, without colours.

    Raises
    ------
    UsageError
        If it is no command, or has no answer.
    """
    name, *words = shlex.split(command)
    if name != COMMAND:
        raise UsageError(f"the command is {COMMAND}, not {name}")
    with _environment(COLUMNS=str(width), NO_COLOR="1", TERM="dumb"):
        text, _ = answer(words)
    return _SECONDS.sub("… s", text).rstrip("\n")


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Set variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
