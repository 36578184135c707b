"""Whole models made of modules, and layers of models: θ takes the place of their parameters."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spec.adapters import options
from spec.adapters.array_libraries import computing, imported
from spec.adapters.instance_sizes import divided, of_instance
from spec.adapters.match_arguments import is_synonym, synonyms
from spec.adapters.modules import read_and_set
from spec.adapters.modules.construct import (
    construct,
    constructor_parameters,
    is_eps,
    makes_modules,
    size_named,
)
from spec.adapters.modules.model_algorithm import ModelAlgorithm
from spec.adapters.modules.model_call import ModelCall
from spec.adapters.modules.model_places import ModelPlaces, model_places
from spec.adapters.modules.parameter_places import ParameterPlace
from spec.adapters.restrictions import Restrictions
from spec.adapters.sequences import SequenceForm
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Function, Sizes
from spec.inputs.draw import SIZES
from spec.machine import Value


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
            held = read_and_set.places(model) + self.buffers(model)
            call = ModelCall(
                model,
                library,
                held,
                self.places,
                self.sequences,
                self.qkv,
                self.mask,
                self.output,
                arguments,
            )
            value = call.of_tokens() if self.takes_tokens else call.of_vectors()
            return self.sequences.returned(value, arguments)
