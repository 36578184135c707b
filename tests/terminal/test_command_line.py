"""Are the arguments read, and those that make no sense refused in one line?"""

import re
from importlib.metadata import PackageNotFoundError

import pytest

from spec.terminal.subcommands import SUBCOMMANDS


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND; see formal-transformers --help"),
        (["list", "4"], "unrecognized arguments: 4; see formal-transformers --help"),
        (["cost"], "the following arguments are required: ID; see formal-transformers cost --help"),
    ],
)
def test_an_argument_too_few_or_too_many_is_refused_with_the_help(refused, arguments, message):
    assert refused(*arguments) == message


def test_the_help_names_all_subcommands_and_each_has_its_own(run):
    help = run("--help")
    for name, subcommand in SUBCOMMANDS.items():
        summary = subcommand.__doc__.partition("\n")[0]
        assert re.search(rf"\n    {name} +{summary.removesuffix('.')}\n", help)
        own = run(name, "--help")
        assert own.startswith(f"usage: formal-transformers {name} ")
        assert summary in own


@pytest.mark.parametrize("option", ["--seconds", "--limit"])
@pytest.mark.parametrize("time", ["0", "-1", "nan", "soon"])
def test_a_time_is_above_0(refused, option, time):
    message = refused("check", "mine:f", "--algorithm", "4", f"{option}={time}")
    assert message.startswith(f"argument {option}: {time} is not a time in seconds above 0; see ")


def test_the_version_is_that_of_the_distribution(run, monkeypatch):
    versions = {"formal-transformers": "1.2.3"}
    monkeypatch.setattr("spec.terminal.parse_arguments.version", versions.__getitem__)
    assert run("--version") == "1.2.3\n"


def test_a_checkout_that_is_not_installed_has_no_version(run, monkeypatch):
    def version(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("spec.terminal.parse_arguments.version", version)
    assert run("--version") == "unknown\n"
