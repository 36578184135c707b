"""Which parameters of θ go to the places of a whole model, or of its layers alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from spec.adapters.match_arguments import spread
from spec.adapters.modules.layer_lists import ANY, LayerList, layer_lists, located
from spec.adapters.modules.layer_places import LayerPlaces, norms_in
from spec.adapters.modules.model_algorithm import ModelAlgorithm
from spec.adapters.modules.outside_places import TABLES, OutsidePlaces, PlacedInModel, nowhere
from spec.adapters.modules.parameter_places import (
    Kind,
    ParameterPlace,
    PlacedParameter,
    sizes_of,
)
from spec.adapters.options import Fused, Order
from spec.inputs.adapter_error import AdapterError
from spec.inputs.array_conversion import Array


@dataclass(frozen=True)
class ModelPlaces:
    """The parameters of θ for all places of a model, whatever its sizes.

    Attributes
    ----------
    algorithm, owner
        The algorithm, and the name of the model.
    lists
        The list of layers of each tuple of layers.
    by_path
        What goes to each place, by its path with `*` for the number of a layer.
    departures
        The documented differences that its norms make.
    """

    algorithm: ModelAlgorithm
    owner: str
    lists: Mapping[str, LayerList]
    by_path: Mapping[str, PlacedInModel]
    departures: tuple[str, ...] = ()

    @cached_property
    def outside(self) -> set[str]:
        """The parameters outside the layers that have a place."""
        placed = self.by_path.values()
        return {name for each in placed if not each.group for name in each.names}

    @property
    def is_one_layer(self) -> bool:
        """Whether the module is a single layer, which is every layer in turn."""
        return any(each.prefix is None for each in self.lists.values())

    @property
    def constants(self) -> dict[str, float]:
        """What the algorithm does not have: the path of each, and the number that it has to be."""
        placed = self.by_path.items()
        return {path: each.parameter for path, each in placed if isinstance(each.parameter, float)}

    def lacking(self, *, embedded: bool) -> list[str]:
        """Return the offsets that have no place; all else must have one.

        `embedded` says whether the model is called with vectors.
        """
        wanted = {("", "", name) for name in self.algorithm.outside}
        for part in self.algorithm.layers:
            wanted |= {
                (part.group, attention, name)
                for attention in part.attentions
                for name in self.algorithm.attention.parameters
            }
            wanted |= {(part.group, "", f"gamma{number}") for number in part.norms}
            wanted |= {(part.group, "", f"beta{number}") for number in part.norms}
            wanted |= {(part.group, "", f"{kind}_{name}") for name in part.maps for kind in "Wb"}
        held = {
            (each.group, each.attention, name)
            for each in self.by_path.values()
            for name in each.names
        }
        by_itself = set(self.algorithm.outside) if embedded else {"W_u"}
        missing = sorted(
            (key for key in wanted - held if key[0] or key[2] not in by_itself),
            key=lambda key: (key[0], key[1], key[2]),
        )
        for group, attention, name in missing:
            if not name.startswith(("b_", "beta")):
                where = ".".join(filter(None, (group, attention, name)))
                raise AdapterError(
                    f"{where} of Algorithm {self.algorithm.id} goes to no parameter of {self.owner}"
                )
        return list(dict.fromkeys(name for _, _, name in missing))

    def arrays(
        self, places: Sequence[ParameterPlace], theta: Any, layer: int, qkv: Fused
    ) -> dict[str, Array]:
        """Return the array for each path, made of θ; `layer` is that of a module of one layer."""
        arrays: dict[str, Array] = {}
        for place in places:
            group, number, path = located(place.path, self.lists)
            placed = self.by_path[path]
            if isinstance(placed.parameter, float):
                arrays[place.path] = np.full(place.shape, placed.parameter, theta.W_e.dtype)
                continue
            record = theta
            if group:
                record = getattr(theta, group)[layer if self.is_one_layer else number]
            if placed.attention:
                record = getattr(record, placed.attention)
            fields = spread(spread(record._asdict()))
            array = placed.at(place).array(fields, qkv, self.owner)
            arrays[place.path] = array.reshape(place.shape)
        return arrays

    def sizes(self, places: Sequence[ParameterPlace], heads: int | None) -> dict[str, int]:
        """Return the sizes that the model has."""
        sizes: dict[str, int] = {}
        attention: list[PlacedParameter] = []
        lengths: dict[str, int] = {}
        for place in places:
            group, number, path = located(place.path, self.lists)
            lengths[group] = max(lengths.get(group, 0), number + 1)
            placed = self.by_path[path]
            if isinstance(placed.parameter, float):
                continue
            parameter = placed.at(place)
            if placed.attention:
                attention.append(parameter)
                continue
            declared = self.algorithm.declared[parameter.names[0]]
            shape = parameter.dimensions(1) if parameter.kind == "W" else parameter.place.shape
            for size, length in zip((declared.rows, declared.columns), shape, strict=False):
                if size.atom is not None:
                    sizes.setdefault(size.atom.name, length)
        of_heads = sizes_of(attention, self.algorithm.attention, heads)
        sizes |= {name: of_heads[name] for name in ("H", "d_attn", "d_mid")}
        if not self.is_one_layer:
            sizes |= {count: lengths[group] for count, group in self.algorithm.counts.items()}
        return sizes


def model_places(
    places: Sequence[ParameterPlace],
    algorithm: ModelAlgorithm,
    owner: str,
    names: Mapping[str, str],
    order: Order | None,
) -> ModelPlaces:
    """Return which parameters of θ go to the places of a model.

    Parameters
    ----------
    places, algorithm, owner
        The places, the algorithm that the model should be, and the name of the model.
    names
        The paper's parameters for some paths, with `*` for the number of a layer:
        `{"blocks.*.scale": "gamma1", "blocks.*.mix.weight": "W.W_o"}`.
    order
        Whether matrices have a row or a column for each output, where nothing shows it.

    Raises
    ------
    AdapterError
        If names and shapes do not show which parameter goes to a place.
    """
    lists = layer_lists(places, algorithm.layers, owner)
    outside: list[ParameterPlace] = []
    within: dict[str, dict[str, ParameterPlace]] = {part.group: {} for part in algorithm.layers}
    by_path: dict[str, PlacedInModel] = {}
    for place in places:
        group, number, path = located(place.path, lists)
        if path in names:
            by_path[path] = _given(place, group, names[path], order)
        elif not group:
            outside.append(place)
        elif number == 0:
            inner = path.partition(f".{ANY}.")[2] if lists[group].prefix is not None else path
            within[group][path] = replace(place, path=inner)
    finder = OutsidePlaces(algorithm, owner, order)
    by_path |= finder.placed(outside, by_path)
    for part in algorithm.layers:
        held = within[part.group]
        norms = norms_in(list(held.values())).values()
        d_e = next((each[0].shape[0] for each in norms), None)
        given = {name.partition(".")[0] for name in names.values()}
        in_layer = LayerPlaces(part, algorithm.attention, owner, order, d_e, given)
        placed = in_layer.placed(list(held.values()))
        for path, place in held.items():
            if place.path not in placed:
                raise AdapterError(nowhere(owner, path, place, algorithm))
            by_path[path] = PlacedInModel(part.group, *placed[place.path])
    return ModelPlaces(algorithm, owner, lists, by_path, tuple(finder.departures))


def _given(place: ParameterPlace, group: str, name: str, order: Order | None) -> PlacedInModel:
    """Return what goes to a place by a name that is given: `W_u`, or `W.W_o` in a layer."""
    attention, _, last = name.rpartition(".")
    mark, _, part = last.partition("_")
    if not part:
        return PlacedInModel(group, attention, PlacedParameter(place, last, "", None, "out first"))
    kind: Kind = "W" if mark == "W" else "b"
    own = "in first" if last in TABLES else order or "out first"
    return PlacedInModel(group, attention, PlacedParameter(place, part, kind, None, own))
