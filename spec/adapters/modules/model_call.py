"""One call of a whole model, or of layers with the paper's lines around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spec.adapters.array_libraries import Library, call_in_library, converted
from spec.adapters.chosen_result import chosen_result
from spec.adapters.match_arguments import match
from spec.adapters.modules.lines_around import distributions, embedded
from spec.adapters.modules.model_algorithm import LayerParts
from spec.adapters.modules.model_places import ModelPlaces
from spec.adapters.modules.parameter_places import ParameterPlace
from spec.adapters.modules.read_and_set import set_parameters
from spec.adapters.options import Fused, Mask, option
from spec.adapters.sequences import AXES, SequenceForm
from spec.calling.python_signature import is_required, parameters_of, written_parameters
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Arguments
from spec.inputs.array_conversion import Array, to_numpy

#: The masks that a whole model is given though it does not need one.
GIVEN_MASKS = ("masked", "additive")
#: The parameter of a model for the tokens that its loss is about.
TARGETS = "targets"


@dataclass(frozen=True)
class ModelCall:
    """One call of a model with θ in the place of its parameters.

    Attributes
    ----------
    model, library
        The model, and the library of its parameters.
    held, places
        The places of the model, and what goes there.
    sequences, qkv, mask, output
        Options of the model: see `layout`.
    arguments
        The arguments of the algorithm.
    """

    model: Any
    library: Library
    held: Sequence[ParameterPlace]
    places: ModelPlaces
    sequences: SequenceForm
    qkv: Fused
    mask: Mask
    output: str | int | None
    arguments: Arguments

    @property
    def theta(self) -> Any:
        """The parameters of the algorithm."""
        return self.arguments.named[self.places.algorithm.theta]

    def of_tokens(self) -> Any:
        """Return what a whole model makes of tokens."""
        self.set_parameters(0)
        inputs = self.sequences.sequences(self.arguments)
        masks_too = self.mask in GIVEN_MASKS
        value = self.result(inputs, masks_too=masks_too)
        array = to_numpy(value)
        if array is not None and self._is_of_one_token(array):  # a loss needs all tokens
            targets = {TARGETS: inputs[self.places.algorithm.inputs[-1]]}
            value = self.result(inputs | targets, masks_too=masks_too)
            array = to_numpy(value)
        negative = array is not None and bool((array < 0).any())
        if negative and self.sequences.result == "probabilities":
            raise AdapterError(
                f"{self.places.owner} returns numbers below 0, which are not probabilities: "
                f"say {option('result', 'logits')} if they are logits"
            )
        return value

    def of_vectors(self) -> Any:
        """Return the distributions that layers lead to, with the paper's lines around them."""
        if len(self.places.algorithm.layers) > 1:
            raise AdapterError(
                f"{self.places.owner} has no embeddings; layers alone can only be an algorithm "
                "with one sequence"
            )
        (group,) = (part.group for part in self.places.algorithm.layers)
        (x,) = self.sequences.sequences(self.arguments).values()
        X = embedded(self.theta, self._batch_first(x))
        dtype = self.arguments.format.dtype
        one_layer = self.places.is_one_layer
        for layer in range(len(getattr(self.theta, group)) if one_layer else 1):
            self.set_parameters(layer)
            inputs = {"X": self._laid(X).astype(dtype)}
            array = to_numpy(self.result(inputs, masks_too=self.causal))
            if array is None or array.shape != inputs["X"].shape:
                shape = getattr(array, "shape", "none")
                raise AdapterError(
                    f"{self.places.owner} returns an array of shape {shape}, want "
                    f"{inputs['X'].shape} as it is given"
                )
            X = self._columns(array)
        eps = self.arguments.named.get("eps", 0.0)
        P = distributions(self.theta, X, eps, self.places.outside)
        return self._laid(P).astype(dtype)

    def _is_of_one_token(self, array: Array) -> bool:
        """Say whether a model that can compute a loss returns the last of several tokens alone."""
        length = len(self.arguments.named[self.places.algorithm.inputs[-1]])
        axis = -2 if self.sequences.tokens == "rows" else -1
        takes_targets = TARGETS in parameters_of(getattr(self.model, "forward", self.model))
        return takes_targets and array.ndim > 1 and array.shape[axis] == 1 < length

    @property
    def causal(self) -> bool:
        """Whether a layer is given a causal mask."""
        return self._parts.causal and self.mask not in ("causal", "none")

    @property
    def _parts(self) -> LayerParts:
        return self.places.algorithm.layers[-1]

    def set_parameters(self, layer: int) -> None:
        """Put the parameters of θ in their places."""
        arrays = self.places.arrays(self.held, self.theta, layer, self.qkv)
        set_parameters(self.model, converted(self.library, arrays))

    def result(self, inputs: Mapping[str, Any], *, masks_too: bool) -> Any:
        """Return the result of the model for inputs, with masks where it needs some."""
        forward = getattr(self.model, "forward", self.model)
        parameters = parameters_of(forward)
        masks = {
            name: self._mask(name)
            for name, parameter in parameters.items()
            if _is_mask(name) and (is_required(parameter) or masks_too)
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
                f"{self.places.owner} is called with {written_parameters(forward)}, which does not "
                f"show where {', '.join(left) or 'the inputs'} of Algorithm {self.arguments.id} go"
            )
        by_name = {name: inputs[argument] for name, argument in taken.items()} | masks
        value = call_in_library(self.model, by_name, self.library)
        return chosen_result(value, self.output, self.arguments)

    def _mask(self, name: str) -> Array:
        """Return the mask for a parameter by its name, in the form that the model takes."""
        lengths = [len(self.arguments.named[key]) for key in self.places.algorithm.inputs]
        of_context = name.startswith(("src", "enc", "memory")) and len(lengths) > 1
        attend = np.ones((lengths[-1],) * 2, bool)
        if of_context:  # for each token of the context, whoever attends to it
            attend = np.ones((1, lengths[0]), bool)
        elif self._parts.causal:
            attend = np.tril(attend) if self.sequences.tokens == "rows" else np.triu(attend)
        if self.mask == "additive":
            return np.where(attend, 0.0, -np.inf).astype(self.arguments.format.dtype)
        return ~attend if self.mask == "masked" else attend

    def _batch_first(self, array: Array) -> Array:
        batch = self.sequences.batch
        return array if batch is None else np.moveaxis(array, AXES[batch], 0)

    def _columns(self, array: Array) -> Array:
        """Return sequences in the module's form with tokens as columns, the batch first."""
        array = self._batch_first(array)
        return array.mT if self.sequences.tokens == "rows" else array

    def _laid(self, columns: Array) -> Array:
        """Return columns in the module's form."""
        batch = self.sequences.batch
        array = columns.mT if self.sequences.tokens == "rows" else columns
        return array if batch is None else np.moveaxis(array, 0, AXES[batch])


def _is_mask(name: str) -> bool:
    """Say whether a parameter is a mask of pairs of tokens, and not of padding."""
    return "mask" in name.casefold() and "pad" not in name.casefold()
