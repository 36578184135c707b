"""Does a check in a separate process end, and say what a function is, whatever that does?"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, perf_counter

import pytest

from spec.checking.account import WrittenReport
from spec.checking.process_worker import answer
from spec.checking.separate_process import check_separately
from spec.usage_error import UsageError

EXAMPLE = Path(__file__).parents[1] / "user_code" / "attention.py"


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
def importable(folder, monkeypatch, numpy_alone):
    """Let this process import the package, and be as one of its own would be."""
    monkeypatch.syspath_prepend(folder)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "theirs"]:
        del sys.modules[name]


def request(function, algorithm="4", **changes):
    asked = {"function": function, "algorithm": algorithm, "layout": []}
    return {**asked, "format": "float64", "seconds": 10, **changes}


def messages(function, *arguments, **changes):
    """What the process says, in its own process."""
    said = []
    answer(request(function, *arguments, **changes), said.append)
    return said


def checked(function, *arguments, limit=60, **changes):
    steps = []
    account = check_separately(
        request(function, *arguments, **changes), limit, lambda *step: steps.append(step)
    )
    return account, steps


# What the process answers


def test_a_mistake_is_named_with_small_arguments(importable):
    said = messages("theirs.attention:masks_transposed")
    account = WrittenReport.of(said[-1]["account"])
    assert account.status == 1
    text = " ".join(str(account).split())
    assert "Your function computes Algorithm 4 with the mask transposed, at line 4.5" in text
    assert "ℓ_x = 2, ℓ_z = 1, d_x = 1, d_z = 1, d_attn = 1, d_out = 1" in text
    assert [message["progress"] for message in said if "progress" in message][:2] == [
        ("trying", 0, len(account.rows)),
        ("trying", 1, len(account.rows)),
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("raises", "cannot be called as Algorithm 4 (Attention): on all arguments it raises Value"),
        ("takes_more", "takes_more cannot be called as Algorithm 4 (Attention)"),
    ],
)
def test_what_cannot_be_called_is_not_said_to_be_wrong(importable, name, problem):
    account = messages(f"theirs.attention:{name}")[-1]["account"]
    assert problem in account["headline"]
    assert account["status"] == 2


def test_what_does_not_end_when_it_is_first_called_may_be_right(importable):
    account = messages("theirs.attention:hangs", seconds=0.2)[-1]["account"]
    assert (
        "may be Algorithm 4 (Attention) or not: it gave no result in 0.2 s" in account["headline"]
    )
    assert account["status"] == 3


def test_a_fault_of_ours_is_no_verdict(importable, monkeypatch):
    monkeypatch.setattr("spec.checking.process_worker.reports", lambda *_: 1 / 0)
    (said,) = messages("theirs.attention:attend")
    assert "ZeroDivisionError" in said["fault"]


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
        (
            "theirs.attention:attend",
            {"format": "bfloat16"},
            "a function called as the paper writes it computes in float64, float32, float16, not b",
        ),
        ("theirs.attention:attend", {"format": "int8"}, "there is no format int8; there are float"),
        ("theirs.attention:attend", {"layout": ["odd"]}, "there is no layout odd; there are rows"),
        ("theirs.attention:attend", {"layout": ["masked", "additive"]}, "the layouts masked and a"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_line(
    importable, function, changes, problem
):
    (said,) = messages(function, **changes)
    assert said["error"].startswith(problem)
    assert "\n" not in said["error"]


def test_a_method_that_needs_no_object_is_called(importable):
    assert "account" in messages("theirs.methods:Head.plain")[-1]


def test_words_say_in_what_layout_a_function_is(importable, folder):
    source = (
        "import mypkg\ndef rows(X, Z, W, hidden):\n    return attend(X.T, Z.T, W, ~hidden.T).T\n"
    )
    source = source.replace("import mypkg", "from theirs.attention import attend")
    (folder / "theirs" / "rows.py").write_text(source)
    for words, passes in ((["rows", "masked"], True), (["rows"], False)):
        account = messages("theirs.rows:rows", layout=words)[-1]["account"]
        assert (account["status"] == 0) == passes


# What becomes of the process


def test_what_is_right_passes_whatever_it_prints():
    account, steps = checked("theirs.attention:prints")
    assert account.headline.startswith("prints is Algorithm 4 (Attention), as far as")
    assert [step[:2] for step in steps] == [("trying", n) for n in range(len(account.rows) + 1)]


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        ("attention:ends_the_process", "ends the process with status 3 (trying, 0 of 21)."),
        ("ends:f", "ends the process with status 5 (starting)."),
    ],
)
def test_a_function_that_ends_the_process_is_wrong(function, problem):
    account, _ = checked(f"theirs.{function}")
    assert account.status == 1
    assert account.headline == f"theirs.{function}, as Algorithm 4, {problem}"


@pytest.fixture
def time_is_up(monkeypatch):
    """Let the time of a check be up as soon as a number of kinds of arguments were tried."""
    timers = []

    class Timer:
        def __init__(self, seconds, function):
            self.function = function
            timers.append(self)

        def start(self):
            pass

        cancel = start

    def after(kinds):
        return lambda _, done, __: timers[0].function() if done == kinds else None

    monkeypatch.setattr("threading.Timer", Timer)
    return after


def test_what_is_not_known_when_time_is_up_is_not_finished(time_is_up):
    account = check_separately(request("theirs.attention:hangs", seconds=99), 6, time_is_up(0))
    assert account.status == 3
    assert account.headline == "theirs.attention:hangs, as Algorithm 4, was not called to an end."
    late = "Not finished after 6 s (trying, 0 of 21): --limit allows more time."
    assert list(account.notes) == [late]


@pytest.mark.parametrize(("function", "what"), [("attend", "is"), ("masks_transposed", "is not")])
def test_what_is_known_when_time_is_up_is_said(time_is_up, function, what):
    account = check_separately(request(f"theirs.attention:{function}"), 60, time_is_up(2))
    assert account.status == 3
    assert account.headline.startswith(f"{function} {what} Algorithm 4 (Attention)")
    assert len(account.rows) == 2
    assert account.notes[-1].startswith("Not finished after 60 s (trying, 2 of 21)")


def test_time_before_the_process_begins_counts():
    """What the command imports takes long on a busy machine."""
    start = perf_counter()
    ready = request("theirs.attention:hangs", seconds=999)
    account = check_separately(ready, 100, lambda *_: None, start - 99)
    assert account.status == 3
    assert list(account.notes) == ["Not finished after 100 s (starting): --limit allows more time."]
    assert perf_counter() - start < 50


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
