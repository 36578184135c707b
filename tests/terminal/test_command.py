"""Does the command end with the right status, and without a traceback, however it ends?"""

import io
import os
import signal
import sys
import time
from contextlib import redirect_stdout
from fcntl import F_SETPIPE_SZ, fcntl
from pathlib import Path
from subprocess import PIPE, run

import pytest
from helpers.processes import COMMAND, ROOT, start

from spec.checking.account import WrittenReport
from spec.exit_status import ExitStatus
from spec.terminal import streams
from spec.terminal.command import main
from spec.usage_error import UsageError

COMMANDS = [["list"], ["show", "4"], ["prove"], ["cost", "3"], ["check", "x:y", "--algorithm=4"]]
COMMANDS += [["--help"], ["check", "--help"], ["--version"]]
FULL = (
    "formal-transformers: not finished: cannot write to standard output: No space left on device\n"
)
#: Standard output with a buffer, which Python empties when it ends, and without.
BUFFERS = [{"PYTHONUNBUFFERED": ""}, {"PYTHONUNBUFFERED": "1"}]


@pytest.fixture(autouse=True)
def wrong(monkeypatch):
    """What is checked is wrong: the status is 1, unless nobody has read the verdict."""
    report = WrittenReport("It is not.", ExitStatus.FAILS)
    monkeypatch.setattr("spec.terminal.subcommands.check_separately", lambda *_: report)


def stream(kind):
    """Return a file that cannot be written: a pipe that nobody reads, or a full disk."""
    if kind == "full":
        return Path("/dev/full").open("w", encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w", encoding="utf-8")


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [("unread", 141, ""), ("full", 3, FULL)],
)
def test_an_answer_that_cannot_be_written(kind, status, message, arguments, monkeypatch, capsys):
    with stream(kind) as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(arguments) == status
        assert capsys.readouterr().err == message


@pytest.mark.parametrize("kind", ["unread", "full"])
def test_a_message_that_cannot_be_written(kind, monkeypatch):
    with stream(kind) as out, stream(kind) as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert main(["show", "99"]) == 2
        assert main(["list"]) == (141 if kind == "unread" else 3)


def test_without_standard_output_and_error_the_status_is_that_of_the_answer(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["list"]) == 0
    assert main(["show", "99"]) == 2


@pytest.mark.parametrize("buffer", BUFFERS)
def test_a_reader_that_stops_after_a_row_ends_the_process_without_a_word(buffer):
    with start(COMMAND, "list", "--mistakes", stdout=PIPE, stderr=PIPE, env=buffer) as process:
        fcntl(process.stdout, F_SETPIPE_SZ, 4096)
        assert process.stdout.readline().split() == ["Mistake", "The", "algorithm", "with"]
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


@pytest.mark.parametrize(("factor", "status"), [(1, 0), (2, 1)])
def test_a_reader_of_the_first_row_gets_the_status_of_the_answer(tmp_path, factor, status):
    (tmp_path / "mine.py").write_text(f"def embed(v, W_e):\n    return {factor} * W_e[:, v]\n")
    shell = 'set -o pipefail; "$0" -P -c "$1" check mine:embed --algorithm 1 --all | head -1'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = ["bash", "-c", shell, sys.executable, COMMAND]
    done = run(command, cwd=tmp_path, env=environment, stdout=PIPE, encoding="utf-8", check=False)
    assert done.stdout.startswith(f"embed is{' not' * status} Algorithm 1 (Token embedding)")
    assert done.returncode == status


@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize(("kind", "status", "message"), [("unread", 141, ""), ("full", 3, FULL)])
def test_python_has_nothing_to_add_when_it_ends(kind, status, message, buffer):
    with stream(kind) as out:
        process = start(COMMAND, "--version", stdout=out, stderr=PIPE, env=buffer)
        assert process.communicate() == (None, message)
        assert process.returncode == status


def test_a_name_that_is_no_text_is_written_as_it_is(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert streams.write(f"ℓ {os.fsdecode(bytes([255]))}") == 0
    assert (tmp_path / "out").read_bytes() == "ℓ ".encode() + bytes([255])


def test_what_stands_for_standard_output_need_not_be_a_file():
    with redirect_stdout(io.StringIO()) as out:
        assert main(["show", "4"]) == 0
    assert "4  S ← Kᵀ Q" in out.getvalue()


def test_a_pipe_gets_utf_8_without_colour():
    ascii = {"PYTHONIOENCODING": "ascii"}
    process = start(COMMAND, "show", "4", stdout=PIPE, env=ascii)
    out, _ = process.communicate()
    assert "4  S ← Kᵀ Q" in out
    assert "\x1b" not in out


def test_a_message_is_one_line(refused, monkeypatch):
    def answer(arguments):
        raise UsageError("this\n  cannot be")

    monkeypatch.setattr("spec.terminal.subcommands.answer", answer)
    assert refused("list") == "this cannot be"


def test_a_fault_of_ours_is_no_answer(monkeypatch, capsys):
    monkeypatch.setattr("spec.terminal.subcommands.answer", lambda arguments: 1 / 0)
    assert main(["list"]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", COMMANDS[:5], ids=" ".join)
def test_ctrl_c_is_one_line(arguments, monkeypatch, capsys):
    def interrupted(parts):
        raise KeyboardInterrupt

    monkeypatch.setattr("spec.terminal.consoles.rendered", interrupted)
    assert main(arguments) == 130
    assert capsys.readouterr() == ("", "formal-transformers: interrupted\n")


def test_ctrl_c_is_heard_while_the_command_loads(monkeypatch, capsys):
    class Interrupted:
        def find_spec(self, name, path, target=None):
            if name == "spec.terminal.subcommands":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "spec.terminal.subcommands")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert main(["list"]) == 130
    assert capsys.readouterr() == ("", "formal-transformers: interrupted\n")


@pytest.fixture
def background():
    """Let this process ignore SIGINT, as one in the background does."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("background")
def test_ctrl_c_leaves_no_vectors(tmp_path):
    process = start(COMMAND, "vectors", str(tmp_path / "new"), stderr=PIPE)
    while not list(tmp_path.rglob("*.npy")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate() == (None, "formal-transformers: interrupted\n")
    assert process.returncode == 130
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("background")
def test_ctrl_c_ends_a_function_that_hangs(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import os, pathlib, time\n"
        "def hangs(v, W_e):\n"
        "    pathlib.Path('pid').write_text(f'{os.getpid()} ')\n"
        "    time.sleep(99)\n"
    )
    process = start(
        *(COMMAND, "check", "mine:hangs", "--algorithm", "1", "--seconds", "99"),
        cwd=tmp_path,
        stderr=PIPE,
    )
    pid = tmp_path / "pid"
    while not (pid.exists() and pid.read_text()) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate() == (None, "formal-transformers: interrupted\n")
    assert process.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
