"""Whole models made of modules, and layers of models: θ takes the place of their parameters."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from spec.adapters import options
from spec.adapters.array_libraries import Library, call_in_library, computing, converted, imported
from spec.adapters.chosen_result import chosen_result
from spec.adapters.instance_sizes import divided, of_instance
from spec.adapters.match_arguments import is_synonym, match, synonyms
from spec.adapters.modules import read_and_set
from spec.adapters.modules.construct import (
    construct,
    constructor_parameters,
    is_eps,
    makes_modules,
    size_named,
)
from spec.adapters.modules.lines_around import distributions, embedded
from spec.adapters.modules.model_algorithm import LayerParts, ModelAlgorithm
from spec.adapters.modules.model_places import ModelPlaces, model_places
from spec.adapters.modules.parameter_places import ParameterPlace
from spec.adapters.restrictions import Restrictions
from spec.adapters.sequences import AXES, SequenceForm
from spec.calling.python_signature import (
    is_required,
    name_of,
    parameters_of,
    written_parameters,
)
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Function, Sizes
from spec.inputs.array_conversion import Array, to_numpy
from spec.inputs.draw import SIZES
from spec.machine import Value

#: The masks of modules that hide tokens by a mask of the caller's.
GIVEN_MASKS = ("masked", "additive")


@dataclass(frozen=True)
class ModelForm:
    """A whole model, or layers of one, the algorithm that it should be, and options of it."""

    function: Function
    algorithm: ModelAlgorithm
    sequences: SequenceForm
    weights: options.Order | None = None
    qkv: options.Fused = "fused"
    mask: options.Mask = "attend"
    output: str | int | None = None
    eps: float | None = None
    chosen: options.FixedSizes | None = None
    names: Mapping[str, str] | None = None

    def adapter(self) -> Adapter:
        """Return the adapter of the model.

        Raises
        ------
        AdapterError
            If a parameter of the model or of the algorithm has no counterpart.
        """
        lacking = self.places.lacking(embedded=not self.takes_tokens)
        tied = self.takes_tokens and "W_u" not in self.places.outside
        eps = self.own_eps if self.eps is None else self.eps
        library = read_and_set.library_of(self.first)
        words = (
            self.sequences.tokens,
            self.sequences.batch and f"batch {self.sequences.batch}",
            self.weights,
            self.qkv if self.qkv != "fused" else None,
            f"mask {self.mask}" if self.mask != "attend" else None,
            "a layer" if self.places.is_one_layer else None,
            "layers" if not (self.takes_tokens or self.places.is_one_layer) else None,
            self.sequences.result if self.sequences.result != "probabilities" else None,
            "tied" if tied else None,
            f"no {', '.join(lacking)}" if lacking else None,
            *(f"{path} {number:g}" for path, number in self.places.constants.items()),
            library if library != "numpy" else None,
        )
        names = {*self.algorithm.declared, *self.algorithm.attention.parameters}
        values: dict[str, Value] = {} if eps is None else {"ε": eps}
        return Adapter(
            ", ".join(filter(None, words)),
            self.call,
            self.fitting,
            Restrictions(biases=names - set(lacking), tied=tied),
            values,
            self.places.departures,
        )

    @property
    def name(self) -> str:
        """The name of the class, the factory or the object."""
        return name_of(self.function)

    @cached_property
    def first(self) -> Any:
        """A model of some sizes, of which d_e and d_mlp are not equal."""
        return self.made(divided(SIZES), self.eps or 0.0)

    @cached_property
    def places(self) -> ModelPlaces:
        """What goes to the places of a model of any sizes."""
        held = read_and_set.places(self.first) + self.buffers(self.first)
        names = self.names or {}
        return model_places(held, self.algorithm, self.name, names, self.weights)

    @property
    def takes_tokens(self) -> bool:
        """Whether the model embeds tokens itself."""
        return "W_e" in self.places.outside

    @property
    def own_eps(self) -> float | None:
        """The ε that the model has, 0 if it shows none, or None if its class takes ε."""
        if makes_modules(self.function) and any(map(is_eps, constructor_parameters(self.function))):
            return None
        eps = {float(each) for name, each in read_and_set.attributes(self.first) if is_eps(name)}
        if len(eps) > 1:
            raise AdapterError(
                f"{self.name} has norms with ε {', '.join(map(str, sorted(eps)))}; say eps=…"
            )
        return eps.pop() if eps else 0.0

    def buffers(self, model: Any) -> list[ParameterPlace]:
        """Return the buffer that holds a table of positions, if no parameter does."""

        def is_table(place: ParameterPlace) -> bool:
            steps = place.path.split(".")
            return any(is_synonym(step, synonyms()["model"]["W_p"]) for step in steps)

        tables = [place for place in read_and_set.buffers(model) if is_table(place)]
        return [] if any(map(is_table, read_and_set.places(model))) else tables

    def made(self, asked: Sizes, eps: float) -> Any:
        """Return a model of some sizes, or a copy of the one that there is."""
        if not makes_modules(self.function):
            return copy.deepcopy(self.function)
        asked = options.with_fixed(self.chosen or {}, asked)
        model, _ = construct(self.function, self.algorithm, asked, eps, self.mask)
        if hasattr(model, "eval"):  # nothing drops out
            model.eval()
        return model

    def heads(self, model: Any) -> int | None:
        """Return the number of heads, by the attributes of the parts of a model."""
        chosen = (self.chosen or {}).get("H")
        held = read_and_set.attributes(model)
        heads = {each for name, each in held if type(each) is int and size_named(name, ["H"])}
        if isinstance(chosen, int):
            return chosen
        return heads.pop() if len(heads) == 1 else None

    def fitting(self, asked: Sizes) -> Sizes:
        """Return the sizes that the model has, as near as can be to those that are asked for."""
        asked = divided(asked)
        model = self.first if not makes_modules(self.function) else self.made(asked, 0.0)
        held = read_and_set.places(model) + self.buffers(model)
        own = self.places.sizes(held, self.heads(model))
        if "W_u" not in self.places.outside and self.takes_tokens:
            own["d_f"] = own["d_e"]
        return of_instance(own)(options.with_fixed(self.chosen or {}, asked))

    def call(self, function: Function, arguments: Arguments) -> Any:
        """Call the model with θ for its parameters, and return its result in the paper's form."""
        form = replace(self, function=function)
        library = read_and_set.library_of(self.first)
        with computing(library, arguments.format.name):
            model = form.made(arguments.all_sizes, arguments.named.get("eps", 0.0))
            if library == "torch" and hasattr(model, "to"):  # its buffers, too
                model.to(getattr(imported("torch"), arguments.format.name))
            call = _ModelCall(self, model, library, arguments)
            value = call.of_tokens() if self.takes_tokens else call.of_vectors()
            return self.sequences.returned(value, arguments)


@dataclass(frozen=True)
class _ModelCall:
    """One call of a model with θ in the place of its parameters."""

    form: ModelForm
    model: Any
    library: Library
    arguments: Arguments

    @property
    def theta(self) -> Any:
        return self.arguments.named[self.form.algorithm.theta]

    def of_tokens(self) -> Any:
        """Return what a whole model makes of tokens."""
        self.set_parameters(0)
        inputs = self.form.sequences.sequences(self.arguments)
        value = self.result(inputs, masks_too=self.form.mask in GIVEN_MASKS)
        array = to_numpy(value)
        if (
            self.form.sequences.result == "probabilities"
            and array is not None
            and (array < 0).any()
        ):
            raise AdapterError(
                f"{self.form.name} returns numbers below 0, which are not probabilities: say "
                f"{options.option('result', 'logits')} if they are logits"
            )
        return value

    def of_vectors(self) -> Any:
        """Return the distributions that layers lead to, with the paper's lines around them."""
        if len(self.form.algorithm.layers) > 1:
            raise AdapterError(
                f"{self.form.name} has no embeddings; layers alone can only be an algorithm with "
                "one sequence"
            )
        (group,) = (part.group for part in self.form.algorithm.layers)
        (x,) = self.form.sequences.sequences(self.arguments).values()
        X = embedded(self.theta, self._batch_first(x))
        dtype = self.arguments.format.dtype
        one_layer = self.form.places.is_one_layer
        for layer in range(len(getattr(self.theta, group)) if one_layer else 1):
            self.set_parameters(layer)
            inputs = {"X": self._laid(X).astype(dtype)}
            array = to_numpy(self.result(inputs, masks_too=self.causal))
            if array is None or array.shape != inputs["X"].shape:
                shape = getattr(array, "shape", "none")
                raise AdapterError(
                    f"{self.form.name} returns an array of shape {shape}, want "
                    f"{inputs['X'].shape} as it is given"
                )
            X = self._columns(array)
        eps = self.arguments.named.get("eps", 0.0)
        P = distributions(self.theta, X, eps, self.form.places.outside)
        return self._laid(P).astype(dtype)

    @property
    def causal(self) -> bool:
        """Whether a layer is given a causal mask."""
        return self._parts.causal and self.form.mask not in ("causal", "none")

    @property
    def _parts(self) -> LayerParts:
        return self.form.algorithm.layers[-1]

    def set_parameters(self, layer: int) -> None:
        """Put the parameters of θ in their places."""
        held = read_and_set.places(self.model) + self.form.buffers(self.model)
        arrays = self.form.places.arrays(held, self.theta, layer, self.form.qkv)
        read_and_set.set_parameters(self.model, converted(self.library, arrays))

    def result(self, inputs: Mapping[str, Any], *, masks_too: bool) -> Any:
        """Return the result of the model for inputs, with masks where it needs some."""
        forward = getattr(self.model, "forward", self.model)
        parameters = parameters_of(forward)
        masks = {
            name: self._mask(name)
            for name, parameter in parameters.items()
            if "mask" in name.casefold() and (is_required(parameter) or masks_too)
        }
        free = [name for name in parameters if name not in masks]
        matching = match(forward, inputs, {})
        taken = {name: argument for name, argument in matching.taken.items() if name in free}
        unknown = [name for name in matching.unknown if name not in masks]
        left = [name for name in inputs if name not in taken.values()]
        if unknown and len(unknown) == len(left):
            taken |= dict(zip(unknown, left, strict=True))
        elif unknown or left:
            raise AdapterError(
                f"{self.form.name} is called with {written_parameters(forward)}, which does not show "
                f"where {', '.join(left) or 'the inputs'} of Algorithm {self.arguments.id} go"
            )
        by_name = {name: inputs[argument] for name, argument in taken.items()} | masks
        value = call_in_library(self.model, by_name, self.library)
        return chosen_result(value, self.form.output, self.arguments)

    def _mask(self, name: str) -> Array:
        """Return the mask for a parameter by its name, in the form that the model takes."""
        lengths = [len(self.arguments.named[key]) for key in self.form.algorithm.inputs]
        of_context = name.startswith(("src", "enc", "memory")) and len(lengths) > 1
        attend = np.ones((lengths[-1],) * 2, bool)
        if of_context:  # for each token of the context, whoever attends to it
            attend = np.ones((1, lengths[0]), bool)
        elif self._parts.causal:
            attend = np.tril(attend) if self.form.sequences.tokens == "rows" else np.triu(attend)
        if self.form.mask == "additive":
            return np.where(attend, 0.0, -np.inf).astype(self.arguments.format.dtype)
        return ~attend if self.form.mask == "masked" else attend

    def _batch_first(self, array: Array) -> Array:
        batch = self.form.sequences.batch
        return array if batch is None else np.moveaxis(array, AXES[batch], 0)

    def _columns(self, array: Array) -> Array:
        """Return sequences in the module's form with tokens as columns, the batch first."""
        array = self._batch_first(array)
        return array.mT if self.form.sequences.tokens == "rows" else array

    def _laid(self, columns: Array) -> Array:
        """Return columns in the module's form."""
        batch = self.form.sequences.batch
        array = columns.mT if self.form.sequences.tokens == "rows" else columns
        return array if batch is None else np.moveaxis(array, 0, AXES[batch])
