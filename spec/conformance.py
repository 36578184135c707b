"""Does a function do what the pseudocode says?

>>> from spec.conformance import check
>>> def mine(v, W_e):
...     return W_e[:, v]
>>> print(check(mine, algorithm=1).verdict.value)
agrees

All of this needs the libraries of the extra `check`.
"""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path


def _install() -> str:
    """Return the command that installs the extra `check`.

    Its packages are named one by one, as the installed distribution lists them, since no index has
    this one. In a checkout that is not installed, pip finds them itself.
    """
    try:
        listed = requires("formal-transformers") or []
    except PackageNotFoundError:
        return f'pip install --editable "{Path(__file__).parents[1]}[check]"'
    extra = re.compile(r"([\w.-]+).*; *extra == ['\"]check['\"]")
    return " ".join(["pip install", *(found[1] for found in map(extra.match, listed) if found)])


try:
    from spec.adapters.function_in_layout import layout
    from spec.adapters.modules.module_adapter import modules
    from spec.calling.verdict import Verdict
    from spec.checking.check import check
    from spec.checking.property_tests import conformance
    from spec.checking.report import Report
    from spec.inputs.adapter_error import AdapterError
    from spec.inputs.arguments import Adapter, Arguments
    from spec.line_by_line.tie import tie
    from spec.usage_error import UsageError
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] == "spec":
        raise
    raise ModuleNotFoundError(
        f"the module {error.name} is missing; install what checking needs with: {_install()}",
        name=error.name,
    ) from None

__all__ = [
    "Adapter",
    "AdapterError",
    "Arguments",
    "Report",
    "UsageError",
    "Verdict",
    "check",
    "conformance",
    "layout",
    "modules",
    "tie",
]
