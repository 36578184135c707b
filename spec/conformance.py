"""Does a function do what the pseudocode says?

>>> from spec.conformance import check
>>> def mine(v, W_e):
...     return W_e[:, v]
>>> print(check(mine, algorithm=1).verdict.value)
agrees

All of this needs the libraries of the extra `[check]`.
"""

try:
    from spec.adapters.function_in_layout import layout
    from spec.adapters.modules.adapter import modules
    from spec.calling.verdict import Verdict
    from spec.checking.check import check
    from spec.checking.property_tests import conformance
    from spec.checking.report import Report
    from spec.inputs.arguments import Adapter, AdapterError
    from spec.line_by_line.tie import tie
except ModuleNotFoundError as error:
    if error.name is None or error.name.startswith("spec"):
        raise
    needed = "hypothesis ml-dtypes python-flint"
    raise ModuleNotFoundError(
        f"spec.conformance needs the package that has {error.name}: pip install {needed}",
        name=error.name,
    ) from None

__all__ = [
    "Adapter",
    "AdapterError",
    "Report",
    "Verdict",
    "check",
    "conformance",
    "layout",
    "modules",
    "tie",
]
