"""Classes and objects made of modules: the paper's parameters are put in the place of theirs."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spec.adapters.array_libraries import Library, call_in_library, computing, converted, imported
from spec.adapters.match_arguments import argument_named, spread
from spec.adapters.modules import read_and_set
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm, module_algorithm
from spec.adapters.modules.construct import (
    is_class,
    is_eps,
    made,
    parameters_to_make,
    size_meant,
)
from spec.adapters.modules.parameter_places import (
    PlacedParameter,
    placed_parameters,
    sizes_of,
)
from spec.adapters.options import (
    Batch,
    FixedSizes,
    Fused,
    Mask,
    Order,
    Result,
    Tokens,
    chosen_first,
    is_bias,
    require_allowed,
    with_fixed,
)
from spec.adapters.restrictions import Restrictions
from spec.adapters.sequences import SequenceForm
from spec.adapters.stored_parameters import ParameterForm
from spec.calling.python_signature import name_of, parameters_of
from spec.inputs.adapter import Adapter, AdapterError, Function, Sizes
from spec.inputs.arguments import Arguments
from spec.inputs.draw import SIZES
from spec.machine import Value


def modules(
    function: Function,
    algorithm: int | str,
    *,
    tokens: Tokens = "rows",
    batch: Batch | None = None,
    weights: Order | None = None,
    qkv: Fused = "fused",
    mask: Mask = "attend",
    result: Result = "probabilities",
    eps: float | None = None,
    sizes: FixedSizes | None = None,
    names: Mapping[str, str] | None = None,
) -> Adapter:
    """Return how an attention, a norm or a head made of modules is called.

    A module of torch or Flax, or any object that holds arrays, or objects that do. What goes where
    is told by the names of the modules and of their parameters; `synonyms.toml` has those that are
    known. Offsets that it does not have are 0. If it returns several things, the first is meant.

    Parameters
    ----------
    function
        A class, of which objects of all sizes are made; or an object, which stays as it is.
    algorithm
        The algorithm that it should be: an attention, a norm, a layer; not a whole model.
    tokens, batch, mask, result, sizes
        As for `layout`. Whether it takes a context is seen from its signature.
    weights
        Which way matrices stand that are in no module of a known kind; None is to be seen from
        their shapes.
    qkv
        How q, k and v stand where they are one matrix: `fused`, or `fused in each head`.
    eps
        The ε of a norm. None is the one that the class takes, or the object has, or 0.
    names
        What goes where it cannot be told: `{"to_r.weight": "W_k"}`.

    Raises
    ------
    AdapterError
        If a parameter has no place, or something must be known that is not.
    """
    target = module_algorithm(str(algorithm))
    require_allowed("mask", mask, Mask)
    module = _Module(function, target, weights, qkv, mask, names or {})
    sequences = SequenceForm(tokens, batch, result)
    first = module.like(with_fixed(sizes or {}, SIZES), eps or 0.0)
    library = read_and_set.library_of(first.object)
    lacking = module.lacking(first)
    takes = taken(first.object, module.name, mask, target)
    itself = "Z" in target.inputs and "Z" not in takes.values()
    implied = {"ℓ_z": "ℓ_x"} if itself or mask == "causal" else {}
    fixed = module.eps(first.object) if eps is None else eps

    def fitting(asked: Sizes) -> Sizes:
        asked = with_fixed(chosen_first(sizes, implied), asked)
        return asked | module.sizes(module.like(asked, fixed or 0.0), sizes or {})

    def call(function: Function, arguments: Arguments) -> Any:
        wanted = sequences.sequences(arguments) | sequences.mask(arguments, mask)
        module = _Module(function, target, weights, qkv, mask, names or {})
        asked = arguments.all_sizes
        with computing(library, arguments.format.name):
            one = module.like(asked, arguments.named.get("eps", 0.0))
            module.fill(one, library, arguments)
            value = call_in_library(
                one.object, {name: wanted[of] for name, of in takes.items()}, library
            )
            # Weights of the attention, or a cache, may follow the result.
            one_of_several = isinstance(value, tuple | list) and value
            return sequences.returned(value[0] if one_of_several else value, arguments)

    said = (
        tokens,
        batch and f"batch {batch}",
        weights,
        qkv if qkv != "fused" else None,
        f"mask {mask}" if mask != "attend" and "Mask" in target.inputs else None,
        "itself" if itself else None,
        result if result != "probabilities" else None,
        f"no {', '.join(lacking)}" if lacking else None,
        library if library != "numpy" else None,
    )
    limits = Restrictions(mask, itself, [name for name in target.parameters if name not in lacking])
    values: dict[str, Value] = {} if fixed is None else {"ε": fixed}
    return Adapter(", ".join(filter(None, said)), call, fitting, limits, values)


def taken(module: Any, name: str, mask: Mask, algorithm: ModuleAlgorithm) -> dict[str, str]:
    """Return what each parameter of a module's call is: X, Z or Mask, by its name.

    Raises
    ------
    AdapterError
        If it cannot be told what a parameter is, or a mask is to be given that it does not take.
    """
    wanted = algorithm.inputs
    masked = "Mask" in wanted and mask not in ("causal", "none")
    forward = getattr(module, "forward", module)
    found: dict[str, str] = {}
    for parameter, one in parameters_of(forward).items():
        required = one.default is inspect.Parameter.empty
        match = argument_named(
            parameter, wanted if masked else [one for one in wanted if one != "Mask"]
        )
        if not found and required:
            match = wanted[0]
        # Equinox's key is a source of random numbers.
        if match and not (parameter == "key" and one.kind is inspect.Parameter.KEYWORD_ONLY):
            found[parameter] = match
        elif required:
            raise AdapterError(
                f"{name} is called with {parameter}, which is not an argument of Algorithm "
                f"{algorithm.id} by a name that is known: these are {', '.join(wanted)}"
            )
    if masked and "Mask" not in found.values():
        raise AdapterError(
            f"{name} is called with {', '.join(found)}, and with no mask: say mask='causal' if it "
            "has one of its own, or 'none'"
        )
    return found


@dataclass(frozen=True)
class _Made:
    """An object, and what sizes its class was told."""

    object: Any
    told: Mapping[str, int]


@dataclass(frozen=True)
class _Module:
    """A class or an object, and how its parameters stand."""

    function: Function
    algorithm: ModuleAlgorithm
    weights: Order | None
    qkv: Fused
    mask: Mask
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        return name_of(self.function)

    def like(self, asked: Sizes, eps: float) -> _Made:
        """Return an object at the sizes that are asked for, or a copy of the one that there is."""
        if not is_class(self.function):
            return _Made(copy.deepcopy(self.function), {})
        try:
            one, told = made(self.function, self.algorithm, asked, eps, self.mask)
        except AdapterError:
            raise
        except Exception as error:  # what a class raises is its own
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise AdapterError(f"{self.name} cannot be made at other sizes: {said}") from error
        if hasattr(one, "eval"):  # nothing drops out
            one.eval()
        return _Made(one, told)

    def placed_parameters(self, one: _Made) -> list[PlacedParameter]:
        """Return which parameters go where."""
        places = read_and_set.places(one.object)
        d_x = one.told.get("d_x") or _kept(one.object, "d_x")
        return placed_parameters(places, self.algorithm, self.name, self.names, self.weights, d_x)

    def lacking(self, one: _Made) -> list[str]:
        """Return the offsets that an object does not have.

        Raises
        ------
        AdapterError
            If anything else is lacking.
        """
        found = self.placed_parameters(one)
        here = {name for placed in found for name in placed.names}
        lacking = [name for name in self.algorithm.parameters if name not in here]
        if weights := [name for name in lacking if not is_bias(name)]:
            held = ", ".join(f"{placed.place.path} {placed.place.shape}" for placed in found)
            raise AdapterError(
                f"{weights[0]} of Algorithm {self.algorithm.id} goes to no parameter of "
                f"{self.name}, which has {held or 'none'}"
            )
        return lacking

    def sizes(self, one: _Made, fixed: FixedSizes) -> dict[str, int]:
        """Return the sizes that an object has."""
        said = fixed.get("H")
        heads = said if isinstance(said, int) else one.told.get("H") or _kept(one.object, "H")
        return sizes_of(self.placed_parameters(one), self.algorithm, heads)

    def eps(self, one: Any) -> float | None:
        """Return the ε that an object has, or None if its class takes it."""
        if is_class(self.function) and any(map(is_eps, parameters_to_make(self.function))):
            return None
        kept = [value for name, value in _kept_by(one).items() if is_eps(name)]
        return float(kept[0]) if kept else 0.0

    def fill(self, one: _Made, library: Library, arguments: Arguments) -> None:
        """Put the paper's parameters in their places."""
        arrays = spread(spread(ParameterForm().stored(arguments)))
        found = {
            placed.place.path: placed.array(arrays, self.qkv, self.name)
            for placed in self.placed_parameters(one)
        }
        if library == "torch" and hasattr(one.object, "to"):  # its buffers, too
            one.object.to(getattr(imported("torch"), arguments.format.name))
        read_and_set.put(one.object, converted(library, found))


def _kept(one: Any, size: str) -> int | None:
    """Return a size that an object keeps by a name that is known."""
    for name, value in _kept_by(one).items():
        if type(value) is int and size_meant(name, [size]):
            return value
    return None


def _kept_by(one: Any) -> Mapping[str, Any]:
    return getattr(one, "__dict__", {})
