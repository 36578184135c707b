"""Do type checkers, completion and `help` see what `spec.conformance` offers?"""

from __future__ import annotations

import inspect
import re

from mypy import api

from spec import conformance

RIGHT = """
from typing import assert_type
from unittest import TestCase

import numpy as np
from numpy.typing import NDArray

from spec.conformance import Adapter, Report, Verdict, check, layout, modules, tie
from spec.conformance import conformance
from spec.line_by_line.findings import Tie

def mine(v: NDArray[np.int64], W_e: NDArray[np.float64]) -> NDArray[np.float64]:
    return W_e[:, v]

report = check(mine, algorithm=1, format="float32")
assert_type(report, Report)
assert_type(report.verdict, Verdict)
assert_type(report.passes, bool)
assert_type(report.ratio, float)
assert_type(report.trials[0].arguments.sizes["d_e"], int)
assert_type(report.account().headline, str)
assert_type(conformance(mine, algorithm="1"), type[TestCase])
assert_type(layout(tokens="rows", eps=None), Adapter)
assert_type(modules(mine, 6, mask="causal"), Adapter)
assert_type(Adapter("mine", lambda function, arguments: function(arguments.v)).name, str)
reveal_type(check)
reveal_type(tie)
check(mine, 1, adapter=lambda function, arguments: reveal_type(arguments))
Adapter("mine", lambda function, arguments: reveal_type(arguments))
"""
WRONG = {
    'check("mypkg:mine", 1)': 'incompatible type "str"; expected "Callable[..., Any]"',
    "check(mine, 1, formats='float32')": 'Unexpected keyword argument "formats" for "check"',
    "check(mine, 1.5)": 'incompatible type "float"; expected "int | str"',
    "layout(tokens='row')": "expected \"Literal['columns', 'rows']\"",
    "conformance(mine)": 'Missing positional argument "algorithm"',
    "report.verdit": '"Report" has no attribute "verdit"',
}


def test_mypy_infers_the_types_and_refuses_what_is_wrong(tmp_path):
    (tmp_path / "theirs.py").write_text(RIGHT + "\n".join(WRONG) + "\n")
    output, _, _ = api.run(["--strict", str(tmp_path / "theirs.py")])
    rows = [re.sub(r"^.*theirs\.py:", "", row) for row in output.splitlines()]
    notes = [row for row in rows if ": note: Revealed type" in row]
    check, tie, *adapters = notes
    assert "(function: def (*Any, **Any) -> Any, algorithm: int | str, *, adapter: " in check
    assert check.endswith('-> spec.checking.report.Report"')
    assert tie.endswith('-> spec.line_by_line.findings.Tie"')
    assert all('"spec.inputs.arguments.Arguments"' in note for note in adapters)
    assert len(adapters) == 2
    first = 2 + RIGHT.count("\n") - 1
    errors = dict(row.split(": error: ") for row in rows if ": error: " in row)
    assert errors.keys() == {str(first + place) for place in range(len(WRONG))}
    for message, error in zip(WRONG.values(), errors.values(), strict=True):
        assert message in error


def test_every_name_is_listed_and_functions_show_their_signature():
    assert set(conformance.__all__) <= set(dir(conformance))
    for name in ("check", "conformance", "layout", "modules"):
        function = getattr(conformance, name)
        signature = inspect.signature(function)
        assert all(parameter.annotation for parameter in signature.parameters.values())
        assert signature.return_annotation in ("Report", "Adapter", "type[TestCase]")
        documented = re.findall(r"^    ([\w, ]+)\n        ", function.__doc__, re.MULTILINE)
        names = {name for row in documented for name in row.split(", ")}
        assert signature.parameters.keys() <= names
