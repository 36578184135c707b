"""The command, run in this process on a terminal of 160 columns, or as many as a test asks for."""

from __future__ import annotations

import sys

import pytest

from spec.terminal.command import main

USER_MODULE = '''
def Attention(X, Z, W, Mask):
    """Compute."""
    # first
    Q = W.W_q @ X  # 4.1
    K = W.W_k @ Z  # 4.2
    S = K.mT @ Q  # 4.4
    return softmax_of_a_name_that_is_so_long_that_it_has_to_be_wrapped_somewhere(S, W, X)  # 4.6
Attention.algorithm = "4"

def Norm(e):
    m = 0  # 6.1
    v = 0  # 6.2
    return e  # 6.3, 6.4
Norm.algorithm = "6"
'''


@pytest.fixture(autouse=True)
def columns(monkeypatch, request):
    width = getattr(request, "param", 160)
    monkeypatch.setenv("COLUMNS", str(width))
    return width


@pytest.fixture
def run(capsys):
    """Run the command, and return what it prints."""

    def run(*arguments, status=0):
        assert main(arguments) == status
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


@pytest.fixture
def refused(capsys):
    """Run the command where it has no answer, and return its message."""

    def refused(*arguments):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err.removeprefix("formal-transformers: ").rstrip("\n")

    return refused


@pytest.fixture
def user_module(tmp_path, monkeypatch):
    """The name of a module of a user's, which lies in the current directory."""
    name = f"module_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(USER_MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return name
