"""Float64 throughout, in models of Hugging Face whose parts say float32."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class DoublePrecision(TorchFunctionMode):
    """Within it, what a library says is float32 is float64.

    Hugging Face's norms, angles of rotary positions and some scores are cast to float32 and back,
    also in a model that was made one of float64: they lie 1e-7 from what its weights say.
    """

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), options: Any = None
    ) -> Any:
        if function is torch.Tensor.float:
            function = torch.Tensor.double
        wider = [_wider(value) for value in arguments]
        return function(*wider, **{name: _wider(value) for name, value in (options or {}).items()})


def _wider(value: Any) -> Any:
    return torch.float64 if value is torch.float32 else value
