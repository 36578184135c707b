"""Does each subcommand answer for every algorithm, and refuse in one line what it cannot do?"""

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from subprocess import PIPE
from time import perf_counter

import pytest
from helpers.full_disk import at_most
from helpers.printed import rows, squeezed
from helpers.processes import ROOT, start

from spec import conformance
from spec.checking.account import WrittenReport
from spec.library import checked
from spec.terminal.command import main

pytestmark = pytest.mark.no_cover  # to trace it takes twice as long, and all is run by others, too


@pytest.fixture
def few(monkeypatch):
    """Let there be only an algorithm or two, to be quick."""
    two = {id: checked()[id] for id in ("6", "7")}
    monkeypatch.setattr("spec.library.checked", lambda: two)


# Which algorithm, mistake, module or size


@pytest.mark.parametrize("id", [id for id in checked() if not id.isdecimal()])
def test_ids_of_ours_are_shown_proved_and_costed(run, id):
    title = checked()[id].program.layout.title
    assert run("show", id).startswith(f"Algorithm {id}  ")
    assert rows(run("prove", id))[2].startswith(f"{id} {title} ")
    assert f"{id}." in run("prove", id, "--all")
    assert run("cost", id).startswith(f"Algorithm {id}  ")


#: Every subcommand that takes an algorithm, before its id or its name.
OF_AN_ALGORITHM = [
    ["prove"],
    ["cost"],
    ["show"],
    ["list", "--mistakes"],
    ["check", "x:y", "--algorithm"],
]


@pytest.mark.parametrize("command", OF_AN_ALGORITHM, ids=" ".join)
def test_an_unknown_algorithm_is_refused(refused, command):
    assert refused(*command, "99") == f"there is no Algorithm 99; there are {', '.join(checked())}"


@pytest.mark.parametrize("command", OF_AN_ALGORITHM, ids=" ".join)
def test_of_an_unknown_name_the_nearest_are_named(refused, command):
    message = refused(*command, "Atention")
    kind = "algorithm or mistake" if command == ["show"] else "Algorithm"
    assert message.startswith(f"there is no {kind} Atention; did you mean Attention (4)")
    assert "MHAttention (5)" in message


@pytest.mark.parametrize("command", OF_AN_ALGORITHM[:-1], ids=" ".join)
def test_an_algorithm_may_be_named(run, command):
    def without_time(text):
        return re.sub(r"\d+\.\d s", "", text)

    assert without_time(run(*command, "attention")) == without_time(run(*command, "4"))


def test_of_an_unknown_mistake_the_nearest_are_named(refused):
    message = refused("show", "scale-mising")
    assert message.startswith(
        "there is no algorithm or mistake scale-mising; did you mean scale-mi"
    )


@pytest.mark.parametrize("command", [["list"], ["show", "4"]])
@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (None, "ModuleNotFoundError: No module named 'theirs'"),
        ("raise RuntimeError('not\\ntoday')", "RuntimeError: not today"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def f(:", "SyntaxError: invalid syntax (theirs.py, line 1)"),
    ],
)
def test_a_module_that_cannot_be_imported_is_refused(
    refused, monkeypatch, tmp_path, command, source, problem
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    if source is not None:
        Path("theirs.py").write_text(source)
    message = refused(*command, "--implementation", "theirs")
    assert message == f"--implementation: theirs cannot be imported: {problem}"


def test_sizes_that_make_no_sense_are_refused(refused):
    message = refused("cost", "4", "--at", "llama-2-7b", "ell_x=3")
    assert message == "Algorithm 4 also needs d_out, d_x, d_z, ℓ_z"


# check


@pytest.mark.parametrize("status", range(4))
def test_a_check_tells_the_process_what_was_asked(run, monkeypatch, status):
    asked = []

    def check(request, limit, progress, start):
        assert start < perf_counter()
        progress("trying", 1, 2)
        asked.append((request, limit))
        return WrittenReport("It is checked.", status)

    monkeypatch.setattr("spec.terminal.subcommands.check_separately", check)
    options = ["--layout", "rows", "tied", "--format", "float32", "--seconds", "2", "--limit", "9"]
    out = run("check", "mine:f", "--algorithm", "DTransformer", *options, status=status)
    assert out == "It is checked.\n\n"
    request = {"function": "mine:f", "algorithm": "10", "layout": ["rows", "tied"]}
    assert asked == [({**request, "format": "float32", "seconds": 2.0}, 9.0)]


# vectors


def test_a_folder_that_is_not_empty_is_refused_and_kept(refused, tmp_path):
    (tmp_path / "mine").write_text("mine")
    assert refused("vectors", str(tmp_path)) == f"{tmp_path}: Directory not empty"
    assert refused("vectors", str(tmp_path / "mine")) == f"{tmp_path / 'mine'}: is a file"
    missing = tmp_path / "a"
    assert refused("vectors", str(missing / "b")) == f"{missing}: No such file or directory"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert (tmp_path / "mine").read_text() == "mine"


def test_vectors_that_do_not_fit_on_the_disk_leave_nothing(refused, tmp_path, few):
    with at_most(1000):
        message = refused("vectors", str(tmp_path / "new"))
    assert message == f"{tmp_path / 'new'}: File too large"
    assert not list(tmp_path.iterdir())


def test_vectors_may_have_any_name(run, tmp_path, few):
    folder = tmp_path / "[bold]"
    assert squeezed(run("vectors", str(folder))).startswith(f"{folder}:2algorithms,")


def test_at_too_few_bits_the_command_says_so(run, tmp_path, monkeypatch, few):
    monkeypatch.setattr("spec.golden_vectors.run.PRECISION", 40)
    monkeypatch.setattr("spec.golden_vectors.run.LIMIT", 40)
    assert "entries may not be the nearest doubles" in run("vectors", str(tmp_path / "new"))


@pytest.mark.parametrize("columns", [0, 1, 4, 80], indirect=True)
def test_a_terminal_sees_how_far_it_is(tmp_path, capsys, monkeypatch, few, columns):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["vectors", str(tmp_path / "new")]) == 0
    out, err = capsys.readouterr()
    assert "\x1b" in err
    assert ("100%" in err) == (columns == 80)
    assert "100%" not in out


# The libraries of the extra `check`


@pytest.mark.parametrize("module", ["flint", "hypothesis", "ml_dtypes"])
def test_without_a_library_a_check_says_how_to_install_it_and_the_rest_works(tmp_path, module):
    code = f"""
import sys
sys.modules[{module!r}] = None
from spec.terminal.command import main
assert main(["list"]) == 0
assert main(["check", "x:y", "--algorithm", "4"]) == 2
assert main(["vectors", "new"]) == 2
try:
    import spec.conformance
except ModuleNotFoundError as error:
    print(error, file=sys.stderr)
"""
    with start(code, stdout=PIPE, stderr=PIPE, cwd=tmp_path) as process:
        first, second, third = process.stderr.read().splitlines()
    assert process.wait() == 0
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [text.partition(">")[0] for text in packages["optional-dependencies"]["check"]]
    assert third == (
        f"the module {module} is missing; install what checking needs with: "
        f"pip install {' '.join(names)}"
    )
    assert first == second == f"formal-transformers: {third}"
    assert not list(tmp_path.iterdir())


def test_in_a_checkout_that_is_not_installed_pip_gets_its_folder(monkeypatch):
    def requires(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("spec.conformance.requires", requires)
    assert conformance._install() == f'pip install --editable "{ROOT}[check]"'
