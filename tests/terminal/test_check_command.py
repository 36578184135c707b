"""Does `formal-transformers check` tell what a function is, whatever the function does?"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from rich.console import Console

from spec.adapters.options import WORDS, options_of
from spec.checking.account import Row, WrittenReport
from spec.checking.separate_process import check_apart
from spec.terminal import check_results as checks
from spec.terminal.command import main

EXAMPLE = Path(__file__).parents[1] / "examples" / "attention.py"
CALL = "import sys; from spec.terminal.command import main; sys.exit(main())"
COMMAND = [sys.executable, "-P", "-c", CALL, "check"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a package of a user's."""
    package = tmp_path_factory.mktemp("user") / "mypkg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "broken.py").write_text("import os\nos._exit(5)\n")
    (package / "refused.py").write_text("raise RuntimeError('not\\ntoday')\n")
    shutil.copy(EXAMPLE, package / "attention.py")
    return package.parent


def run(folder, *arguments):
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "100", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def checked(folder, name, *more):
    return run(folder, f"mypkg.attention:{name}", "--algorithm", "4", *more)


def test_what_is_right_passes_whatever_it_prints(folder):
    done = checked(folder, "prints")
    assert done.returncode == 0
    assert done.stdout.startswith("prints is Algorithm 4 (Attention), as far as")
    assert "hello" not in done.stdout


def test_a_mistake_is_named_and_the_arguments_are_small(folder):
    done = checked(folder, "masks_transposed", "--all")
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "Your function computes Algorithm 4 with the mask transposed, at line 4.5" in said
    assert "ℓ_x = 2, ℓ_z = 1, d_x = 1, d_z = 1, d_attn = 1, d_out = 1" in said
    assert "a sequence and itself" in said


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("raises", (), "raises is not Algorithm 4 (Attention): it raises ValueError: no way"),
        ("hangs", ("--seconds", "0.5"), "it gave no result in 0.5 s"),
        ("hangs", ("--seconds", "99", "--limit", "4"), "did not end within 4 s"),
        ("ends_the_process", (), "ends the process with status 3"),
        ("takes_more", (), "takes_more cannot be called as Algorithm 4 (Attention)"),
    ],
)
def test_a_function_that_misbehaves_gets_a_clear_verdict(folder, name, more, said):
    done = checked(folder, name, *more)
    assert done.returncode == 1
    assert said in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mypkg.attention:nothing", "--algorithm", "4"), "mypkg.attention has no nothing"),
        (("mypkg.nowhere:f", "--algorithm", "4"), "mypkg.nowhere cannot be imported: ModuleNotF"),
        (("mypkg.refused:f", "--algorithm", "4"), "cannot be imported: RuntimeError: not today"),
        (("mypkg.attention", "--algorithm", "4"), "mypkg.attention is not of the form"),
        (("mypkg.attention:np", "--algorithm", "4"), "mypkg.attention:np cannot be called"),
        (("mypkg.attention:attend", "--algorithm", "99"), "no Algorithm 99; there are 1, 2"),
        (("mypkg.attention:attend", "--algorithm", "4", "--format", "int8"), "no format int8"),
        (("mypkg.attention:attend", "--algorithm", "4", "--layout", "odd"), "no layout odd; there"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(folder, arguments, said):
    done = run(folder, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not done.stdout


def test_a_module_that_ends_the_process_is_told(folder):
    done = run(folder, "mypkg.broken:f", "--algorithm", "4")
    assert done.returncode == 1
    assert "mypkg.broken:f, as Algorithm 4, ends the process with status 5" in done.stdout


def test_a_layout_is_told_in_words(folder):
    rows = EXAMPLE.read_text(encoding="utf-8") + (
        "\n\ndef rows(X, Z, W, hidden):\n    return attend(X.T, Z.T, W, ~hidden.T).T\n"
    )
    (folder / "mypkg" / "rows.py").write_text(rows, encoding="utf-8")
    done = run(folder, "mypkg.rows:rows", "--algorithm", "4", "--layout", "rows", "masked")
    assert done.returncode == 0, done.stdout
    done = run(folder, "mypkg.rows:rows", "--algorithm", "4", "--layout", "rows")
    assert done.returncode == 1


def test_progress_is_told(folder, monkeypatch):
    monkeypatch.chdir(folder)
    said = []
    request = {
        "function": "mypkg.attention:attend",
        "algorithm": "4",
        "layout": [],
        "format": "float64",
        "seconds": 10,
    }
    account = check_apart(request, 60, lambda *one: said.append(one))
    assert account.passes
    assert said[0][0] == "trying"
    assert said[-1][1] <= said[-1][2]
    assert len(said) == len(account.rows)


def test_an_account_is_the_same_after_it_has_been_sent():
    rows = (Row("usual", "differs", "it", 1.0, 0.5, passes=False), Row("other", "agrees"))
    account = WrittenReport(
        "It is.", False, ("One.",), rows=rows, laws={"A law.": ""}, notes=("n",)
    )
    sent = WrittenReport.of(account.data())
    assert str(sent) == str(account)
    assert sent.rows == rows
    assert sent.rows[0].ratio == 2
    assert sent.rows[1].ratio is None
    assert Row("exact", "agrees", "", 0.0, 0.0).ratio == 0
    assert Row("exact", "differs", "", 1.0, 0.0).ratio == float("inf")


def test_words_are_options():
    assert options_of(["rows", "masked"]) == {"tokens": "rows", "mask": "masked"}
    with pytest.raises(ValueError, match="the layouts masked and additive exclude each other"):
        options_of(["masked", "additive"])
    assert len(set(map(str, WORDS.values()))) == len(WORDS)


@pytest.mark.parametrize("option", ["--seconds", "--limit"])
@pytest.mark.parametrize("time", ["0", "-1", "nan", "soon"])
def test_a_time_is_above_0(folder, option, time):
    done = run(folder, "mypkg.attention:attend", "--algorithm", "4", f"{option}={time}")
    assert done.returncode == 2
    assert f"{time} is no time above 0" in done.stderr


def test_a_file_of_the_users_is_not_taken_for_ours(tmp_path):
    (tmp_path / "spec.py").write_text("raise SystemExit(7)\n")
    (tmp_path / "mine.py").write_text("def mine(v, W_e):\n    return W_e[:, v]\n")
    done = run(tmp_path, "mine:mine", "--algorithm", "1")
    assert done.returncode == 0, done.stderr


def test_what_a_function_has_begun_is_not_waited_for(folder):
    source = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(40)"], start_new_session=True)
print("x" * 10_000_000, file=sys.stderr, end="")
def mine(v, W_e):
    return W_e[:, v]
"""
    (folder / "mypkg" / "parent.py").write_text(source)
    start = monotonic()
    done = run(folder, "mypkg.parent:mine", "--algorithm", "1")
    assert done.returncode == 0
    assert monotonic() - start < 35


def test_a_mistake_is_shown(folder):
    done = subprocess.run(
        [*COMMAND[:-1], "show", "mask-transposed"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "COLUMNS": "120"},
    )
    assert done.returncode == 0
    assert "Algorithm 4 with the mask transposed" in done.stdout
    assert "It has a shape only where ℓ_x = ℓ_z." in done.stdout
    assert "¬Mask[t_x, t_z]" in done.stdout


def test_all_that_there_is_to_say_is_shown():
    account = WrittenReport(
        "It is not.",
        False,
        ("One mistake.",),
        "First wrong: line 4.2.",
        "ℓ_x = 1\nX = [0]",
        {"A law.": "", "Another law.": "gives 1"},
        (Row("usual", "differs", "gives 2", 1.0, 0.5, passes=False), Row("other", "agrees")),
        ("Called so.",),
    )
    console = Console(file=io.StringIO(), width=100)
    for part in checks.account(account, every=True):
        console.print(part)
    shown = console.file.getvalue()
    for said in (
        "It is not.",
        "One mistake.",
        "First wrong: line 4.2.",
        "  X = [0]",
        "✓ A law.",
        "✗ Another law. It gives 1.",
        "usual",
        "Called so.",
    ):
        assert said in shown


def test_the_command_in_this_process(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(["check", "mypkg.attention:attend", "--algorithm", "4", "--all"]) == 0
    assert "attend is Algorithm 4" in capsys.readouterr().out
    assert main(["check", "mypkg.attention:nothing", "--algorithm", "4"]) == 2
    assert "check: mypkg.attention has no nothing" in capsys.readouterr().err
    assert main(["show", "mask-after-softmax"]) == 0
    assert "left out" in capsys.readouterr().out
