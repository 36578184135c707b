"""Does a check in a separate process end, and say what a function is, whatever that does?"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from spec.checking.account import WrittenReport
from spec.checking.process_worker import answer
from spec.checking.separate_process import check_separately
from spec.usage_error import UsageError

EXAMPLE = Path(__file__).parents[1] / "examples" / "attention.py"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current directory, with a package of a user's."""
    package = tmp_path / "theirs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "ends.py").write_text("import os\nos._exit(5)\n")
    (package / "refused.py").write_text("raise RuntimeError('not\\ntoday')\n")
    method = "class Head:\n    def attend(self, X): ...\n    @staticmethod\n    def plain(X): ...\n"
    (package / "methods.py").write_text(method)
    shutil.copy(EXAMPLE, package / "attention.py")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def importable(folder, monkeypatch):
    """Let this process import the package."""
    monkeypatch.syspath_prepend(folder)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "theirs"]:
        del sys.modules[name]


def request(function, algorithm="4", **changes):
    asked = {"function": function, "algorithm": algorithm, "layout": []}
    return {**asked, "format": "float64", "seconds": 10, **changes}


def checked(function, *arguments, limit=60, **changes):
    steps = []
    account = check_separately(
        request(function, *arguments, **changes), limit, lambda *step: steps.append(step)
    )
    return account, steps


# What the process answers


def test_a_mistake_is_named_with_small_arguments(importable):
    steps = []
    said = answer(request("theirs.attention:masks_transposed"), lambda *step: steps.append(step))
    account = WrittenReport.of(said["account"])
    assert not account.passes
    text = " ".join(str(account).split())
    assert "Your function computes Algorithm 4 with the mask transposed, at line 4.5" in text
    assert "ℓ_x = 2, ℓ_z = 1, d_x = 1, d_z = 1, d_attn = 1, d_out = 1" in text
    assert steps[:2] == [("trying", 1, len(account.rows)), ("trying", 2, len(account.rows))]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("raises", "raises is not Algorithm 4 (Attention): it raises ValueError: no way"),
        ("hangs", "it gave no result in 0.2 s"),
        ("takes_more", "takes_more cannot be called as Algorithm 4 (Attention)"),
    ],
)
def test_a_function_that_misbehaves_gets_a_clear_verdict(importable, name, problem):
    said = answer(request(f"theirs.attention:{name}", seconds=0.2), lambda *step: None)
    assert problem in " ".join(said["account"]["headline"].split())
    assert not said["account"]["passes"]


@pytest.mark.parametrize(
    ("function", "changes", "problem"),
    [
        ("theirs.attention:nothing", {}, "theirs.attention has no nothing"),
        ("theirs.nowhere:f", {}, "theirs.nowhere cannot be imported: ModuleNotFoundError: No mod"),
        ("theirs.refused:f", {}, "theirs.refused cannot be imported: RuntimeError: not today"),
        ("theirs.attention", {}, "theirs.attention is not of the form package.module:function"),
        ("theirs.attention:np", {}, "theirs.attention:np cannot be called"),
        (
            "theirs.methods:Head.attend",
            {},
            (
                "theirs.methods:Head.attend is a method, and needs an object: name the class, "
                "theirs.methods:Head, or a function that makes an object and calls attend"
            ),
        ),
        ("theirs.attention:attend", {"algorithm": "99"}, "there is no Algorithm 99; there are 1,"),
        ("theirs.attention:attend", {"format": "int8"}, "there is no format int8; there are float"),
        ("theirs.attention:attend", {"layout": ["odd"]}, "there is no layout odd; there are rows"),
        ("theirs.attention:attend", {"layout": ["masked", "additive"]}, "the layouts masked and a"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(
    importable, function, changes, problem
):
    said = answer({**request(function), **changes}, lambda *step: None)
    assert said["error"].startswith(problem)
    assert "\n" not in said["error"]


def test_a_method_that_needs_no_object_is_called(importable):
    assert "account" in answer(request("theirs.methods:Head.plain"), lambda *step: None)


def test_words_say_in_what_layout_a_function_is(importable, folder):
    source = (
        "import mypkg\ndef rows(X, Z, W, hidden):\n    return attend(X.T, Z.T, W, ~hidden.T).T\n"
    )
    source = source.replace("import mypkg", "from theirs.attention import attend")
    (folder / "theirs" / "rows.py").write_text(source)
    for words, passes in ((["rows", "masked"], True), (["rows"], False)):
        said = answer(request("theirs.rows:rows", layout=words), lambda *step: None)
        assert said["account"]["passes"] == passes


# What becomes of the process


def test_what_is_right_passes_whatever_it_prints():
    account, steps = checked("theirs.attention:prints")
    assert account.headline.startswith("prints is Algorithm 4 (Attention), as far as")
    assert [step[:2] for step in steps] == [("trying", n + 1) for n in range(len(account.rows))]


@pytest.mark.parametrize(
    ("function", "limit", "problem"),
    [
        ("attention:hangs", 4, "as Algorithm 4, did not end within 4 s; --limit allows more time."),
        ("attention:ends_the_process", 60, "as Algorithm 4, ends the process with status 3."),
        ("ends:f", 60, "as Algorithm 4, ends the process with status 5."),
    ],
)
def test_a_process_that_does_not_end_by_itself_is_wrong(function, limit, problem):
    account, _ = checked(f"theirs.{function}", limit=limit, seconds=99)
    assert not account.passes
    assert account.headline == f"theirs.{function}, {problem}"


def test_a_file_of_the_users_is_not_taken_for_ours(folder):
    (folder / "spec.py").write_text("raise SystemExit(7)\n")
    with pytest.raises(UsageError, match=r"theirs\.attention has no nothing"):
        checked("theirs.attention:nothing")


def test_what_a_function_has_begun_is_not_waited_for(folder):
    source = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(40)"], start_new_session=True)
print("x" * 10_000_000, file=sys.stderr, end="")
def mine(v, W_e):
    return W_e[:, v]
"""
    (folder / "theirs" / "parent.py").write_text(source)
    start = monotonic()
    account, _ = checked("theirs.parent:mine", "1")
    assert account.passes
    assert monotonic() - start < 35


def test_a_second_ctrl_c_leaves_no_process(monkeypatch):
    started = []

    class Process(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

        def wait(self, timeout=None):
            if timeout is not None:  # it may end by itself: here the second comes
                raise KeyboardInterrupt
            return super().wait()

    def first(*step):
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen", Process)
    with pytest.raises(KeyboardInterrupt):
        check_separately(request("theirs.attention:attend"), 60, first)
    with started[0] as process:
        assert process.wait() == -signal.SIGKILL
