"""The pseudocode runs: every algorithm, over any domain of scalars.

>>> import numpy as np
>>> from spec.domains import Floats
>>> from spec.library import checked
>>> machine = Machine(checked(), Floats())
>>> machine.run("6", [np.array([1.0, 3.0])], [np.array([1.0, 4.0]), np.array([0.0, 3.0])]).tolist()
[[np.float64(-1.0)], [np.float64(7.0)]]
"""

from spec.machine.chance import Again, Chance
from spec.machine.frame import Frame, MachineError, Watcher
from spec.machine.interpreter import Machine
from spec.machine.trees import map_values
from spec.machine.values import Parameters, Value

__all__ = [
    "Again",
    "Chance",
    "Frame",
    "Machine",
    "MachineError",
    "Parameters",
    "Value",
    "Watcher",
    "map_values",
]
