"""Do type checkers infer what `revealed.py` says, of every public function?"""

from __future__ import annotations

import ast
from pathlib import Path

from helpers.strategies import public_functions
from mypy import api

REVEALED = Path(__file__).parents[1] / "helpers" / "revealed.py"


def called(function: ast.FunctionDef) -> set[str]:
    """The functions whose result is pinned there."""
    return {
        node.args[0].func.id
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "assert_type"
    }


def test_every_public_function_is_pinned_for_numpy_torch_and_jax():
    bodies = ast.parse(REVEALED.read_text(encoding="utf-8")).body
    pinned = {body.name: called(body) for body in bodies if isinstance(body, ast.FunctionDef)}
    public = {function.__name__ for function in public_functions()}
    for library in ("numpy", "torch", "jax"):
        assert public - pinned["made_in_numpy"] == pinned[f"on_{library}"]


def test_mypy_infers_what_is_pinned():
    output, _, status = api.run(["--strict", str(REVEALED)])
    assert status == 0, output


def test_mypy_refuses_arguments_in_the_wrong_order(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "import numpy as np\n"
        "from numpy.typing import NDArray\n"
        "from algorithms import DTransformer, DTransformerParameters\n"
        "def f(x: NDArray[np.int64], theta: DTransformerParameters[NDArray[np.float64]]) -> None:\n"
        "    DTransformer(theta, x)\n"
        "    DTransformer([1, 2], theta)\n"
    )
    output, _, status = api.run(["--strict", str(wrong)])
    assert status == 1
    assert {5, 6} <= {int(row.split(":")[1]) for row in output.splitlines() if ": error:" in row}
