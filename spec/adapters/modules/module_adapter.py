"""Classes and objects made of modules: the paper's parameters take the place of their own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spec.adapters import options
from spec.adapters.array_libraries import (
    call_in_library,
    computing,
    converted,
    formats_of,
    imported,
)
from spec.adapters.chosen_result import chosen_result
from spec.adapters.match_arguments import match, spread
from spec.adapters.modules import read_and_set
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm, module_algorithm
from spec.adapters.modules.construct import (
    construct,
    constructor_parameters,
    is_eps,
    makes_modules,
    size_named,
)
from spec.adapters.modules.model_adapter import ModelForm
from spec.adapters.modules.model_algorithm import model_algorithm
from spec.adapters.modules.parameter_places import PlacedParameter, placed_parameters, sizes_of
from spec.adapters.restrictions import Restrictions
from spec.adapters.sequences import SequenceForm
from spec.adapters.stored_parameters import ParameterForm
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Function, Sizes
from spec.inputs.draw import SIZES
from spec.library import id_of
from spec.machine import Value


@options.keeping_options
def modules(
    function: Function,
    algorithm: int | str,
    *,
    tokens: options.Tokens = "rows",
    batch: options.Batch | None = None,
    weights: options.Order | None = None,
    qkv: options.Fused = "fused",
    mask: options.Mask = "attend",
    masks: options.Masks = "shared",
    result: options.Result = "probabilities",
    output: str | int | None = None,
    eps: float | None = None,
    sizes: options.FixedSizes | None = None,
    names: Mapping[str, str] | None = None,
) -> Adapter:
    """Return the adapter of an attention, a norm, a head, a layer or a whole model made of modules.

    That is a module of torch or Flax, or any object that holds arrays, or objects that do. The
    names of modules and of their parameters say which of the paper's parameters go there;
    `synonyms.toml` has the names that are known. Offsets that a module does not have are 0, and so
    are those beside W_u, which the algorithms do not have. A model without W_u has W_eᵀ.

    If the algorithm is a whole model, a module without embeddings is its layers, or each of its
    layers in turn; the adapter computes the lines before and after them.

    Parameters
    ----------
    function
        A class, or a factory, of which objects of all sizes are made, by the names of parameters;
        or an object, which stays as it is. A factory without parameters makes objects of one size.
    algorithm
        The algorithm that it should be.
    tokens, batch, mask, masks, result, output, sizes
        As in `layout`. The signature of a module shows whether it takes a context.
    weights
        Whether matrices have a row or a column for each output, where no known kind of module
        tells; None: their shapes tell.
    qkv
        How W_q, W_k and W_v lie in one matrix: `fused`, or `fused in each head`.
    eps
        The ε of norms. None: the ε that the class takes, or that the object has, or 0.
    names
        The paper's parameters for paths whose names are not known: `{"to_r.weight": "W_k"}`; in the
        layers of a model `{"blocks.*.a.weight": "gamma1", "blocks.*.b.weight": "W.W_o"}`.

    Raises
    ------
    AdapterError
        If a parameter of the module or of the algorithm has no counterpart, or an option is needed.

    Examples
    --------
    >>> import torch
    >>> modules(torch.nn.Linear(6, 17, bias=False), 7, result="logits").name
    'rows, logits, torch'
    """
    id = id_of(algorithm)
    options.require_allowed("mask", mask, options.Mask)
    sequences = SequenceForm(tokens, batch, result, masks)
    if model := model_algorithm(id):
        return ModelForm(
            function, model, sequences, weights, qkv, mask, output, eps, sizes, names
        ).adapter()
    target = module_algorithm(id)
    kind = _ModuleKind(function, target, weights, qkv, mask, names or {})
    first = kind.instance(options.with_fixed(sizes or {}, SIZES), eps or 0.0)
    lacking = first.lacking
    takes = _arguments_taken(first, mask)
    itself = "Z" in target.inputs and "Z" not in takes.values()
    implied = {"ℓ_z": "ℓ_x"} if itself or mask == "causal" else {}
    fixed_eps = first.eps if eps is None else eps
    library = read_and_set.library_of(first.module)

    def fitting(asked: Sizes) -> Sizes:
        asked = options.with_fixed(options.chosen_first(sizes, implied), asked)
        return asked | kind.instance(asked, fixed_eps or 0.0).sizes(sizes or {})

    def call(function: Function, arguments: Arguments) -> Any:
        inputs = sequences.sequences(arguments) | sequences.mask(arguments, mask)
        with computing(library, arguments.format.name):
            instance = replace(kind, function=function).instance(
                arguments.all_sizes, arguments.named.get("eps", 0.0)
            )
            instance.set_parameters(arguments)
            by_name = {name: inputs[argument] for name, argument in takes.items()}
            value = call_in_library(instance.module, by_name, library)
            return sequences.returned(chosen_result(value, output, arguments), arguments)

    words = (
        tokens,
        batch and f"batch {batch}",
        weights,
        qkv if qkv != "fused" else None,
        f"mask {mask}" if mask != "attend" and "Mask" in target.inputs else None,
        f"masks {masks}" if masks != "shared" else None,
        "itself" if itself else None,
        result if result != "probabilities" else None,
        f"no {', '.join(lacking)}" if lacking else None,
        library if library != "numpy" else None,
    )
    biases = [name for name in target.parameters if name not in lacking]
    values: dict[str, Value] = {} if fixed_eps is None else {"ε": fixed_eps}
    name, restrictions = ", ".join(filter(None, words)), Restrictions(mask, itself, biases)
    return Adapter(
        name,
        call,
        fitting,
        restrictions,
        values,
        formats=formats_of(library),
        batched=batch is not None,
    )


@dataclass(frozen=True)
class _ModuleKind:
    """A class of modules or an object, the algorithm that it should be, and options of it."""

    function: Function
    algorithm: ModuleAlgorithm
    weights: options.Order | None
    qkv: options.Fused
    mask: options.Mask
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        return name_of(self.function)

    def instance(self, asked: Sizes, eps: float) -> _Instance:
        """Return an object of the class at some sizes, or a copy of the object that there is."""
        if not makes_modules(self.function):
            return _Instance(self, copy.deepcopy(self.function), {})
        module, sizes = construct(self.function, self.algorithm, asked, eps, self.mask)
        if hasattr(module, "eval"):  # nothing drops out
            module.eval()
        return _Instance(self, module, sizes)


@dataclass(frozen=True)
class _Instance:
    """An object, and the sizes that its class was given."""

    kind: _ModuleKind
    module: Any
    given_sizes: Mapping[str, int]

    @cached_property
    def placed(self) -> list[PlacedParameter]:
        """The paper's parameters that go to each place."""
        kind, places = self.kind, read_and_set.places(self.module)
        d_x = self.size("d_x")
        return placed_parameters(places, kind.algorithm, kind.name, kind.names, kind.weights, d_x)

    @property
    def lacking(self) -> list[str]:
        """The names of the offsets that the object does not have; it must have all else."""
        algorithm = self.kind.algorithm
        present = {name for placed in self.placed for name in placed.names}
        lacking = [name for name in algorithm.parameters if name not in present]
        if weights := [name for name in lacking if not options.is_bias(name)]:
            held = ", ".join(f"{placed.place.path} {placed.place.shape}" for placed in self.placed)
            raise AdapterError(
                f"{weights[0]} of Algorithm {algorithm.id} goes to no parameter of "
                f"{self.kind.name}, which has {held or 'none'}"
            )
        return lacking

    @property
    def eps(self) -> float | None:
        """The ε that the object has, 0 if it has none, or None if its class takes ε."""
        function = self.kind.function
        if makes_modules(function) and any(map(is_eps, constructor_parameters(function))):
            return None
        eps = [value for name, value in _attributes(self.module).items() if is_eps(name)]
        return float(eps[0]) if eps else 0.0

    def size(self, name: str) -> int | None:
        """Return a size that the class was given, or that the object has by a known name."""
        attributes = _attributes(self.module).items()
        sizes = (
            value for key, value in attributes if type(value) is int and size_named(key, [name])
        )
        return self.given_sizes.get(name) or next(sizes, None)

    def sizes(self, fixed: options.FixedSizes) -> dict[str, int]:
        """Return the sizes that the object has."""
        H = fixed.get("H")
        heads = H if isinstance(H, int) else self.size("H")
        return sizes_of(self.placed, self.kind.algorithm, heads)

    def set_parameters(self, arguments: Arguments) -> None:
        """Put the paper's parameters in their places."""
        library = read_and_set.library_of(self.module)
        named = spread(spread(ParameterForm().stored(arguments)))
        arrays = {
            placed.place.path: placed.array(named, self.kind.qkv, self.kind.name)
            for placed in self.placed
        }
        if library == "torch" and hasattr(self.module, "to"):  # its buffers, too
            self.module.to(getattr(imported("torch"), arguments.format.name))
        read_and_set.set_parameters(self.module, converted(library, arrays))


def _arguments_taken(instance: _Instance, mask: options.Mask) -> Mapping[str, str]:
    """Return the argument that each parameter of a module's call takes: `{"query": "X"}`."""
    kind = instance.kind
    masked = "Mask" in kind.algorithm.inputs and mask not in ("causal", "none")
    inputs = [name for name in kind.algorithm.inputs if masked or name != "Mask"]
    required = dict.fromkeys(inputs[:1], True)
    optional = dict.fromkeys(inputs[1:], True)
    forward = getattr(instance.module, "forward", instance.module)
    matching = match(forward, required, optional)
    if matching.unknown:
        raise AdapterError(
            f"{kind.name} is called with {matching.unknown[0]}, which is not an argument of "
            f"Algorithm {kind.algorithm.id} by a name that is known: these are {', '.join(inputs)}"
        )
    if masked and "Mask" not in matching.taken.values():
        raise AdapterError(
            f"{kind.name} is called with {', '.join(matching.taken)}, and with no mask: say "
            f"{options.option('mask', 'causal')} if it has one of its own, or "
            f"{options.option('mask', 'none')}"
        )
    return matching.taken


def _attributes(module: Any) -> Mapping[str, Any]:
    return getattr(module, "__dict__", {})
