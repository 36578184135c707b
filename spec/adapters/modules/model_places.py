"""Which parameters of θ go to the places of a whole model, or of its layers alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from spec.adapters.match_arguments import is_synonym, letters, spread, synonyms
from spec.adapters.modules.layer_lists import ANY, LayerList, layer_lists, located
from spec.adapters.modules.layer_places import LayerPlaces, module_path, norm_parameter, norms_in
from spec.adapters.modules.model_algorithm import ModelAlgorithm
from spec.adapters.modules.parameter_places import (
    ParameterPlace,
    PlacedParameter,
    sizes_of,
)
from spec.adapters.options import Fused, Order
from spec.inputs.adapter_error import AdapterError
from spec.inputs.array_conversion import Array
from spec.mistakes.catalogue import catalogue

#: The parameters that are tables: modules have a row for each token, or for each position.
TABLES = ("W_p", "W_e")
#: The documented difference that a norm makes which the algorithm does not have, by what its path
#: contains, and how the id of the difference begins.
OTHER_NORMS = (("emb", "embedding-norm"), ("", "final-norms"))


@dataclass(frozen=True)
class PlacedInModel:
    """What goes to a place of a model.

    Attributes
    ----------
    group, attention
        The tuple of layers in θ, and the attention of a layer; "" where it stands outside of them.
    parameter
        The parameter; or else a number, for what the algorithm does not have: an offset is 0.
    """

    group: str
    attention: str
    parameter: PlacedParameter | float

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that go there, by their names in Python."""
        return () if isinstance(self.parameter, float) else self.parameter.names

    def at(self, place: ParameterPlace) -> PlacedParameter:
        """Return the parameter for a place of other sizes; a table has two axes."""
        assert not isinstance(self.parameter, float)
        shape = place.shape
        if not self.attention and len(shape) > 2:
            shape = (prod(shape[:-1]), shape[-1])
        return replace(self.parameter, place=replace(place, shape=shape))


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
    finder = _Outside(algorithm, owner, order)
    by_path |= finder.placed(outside, by_path)
    for part in algorithm.layers:
        held = within[part.group]
        vectors = (
            len_ for each in norms_in(list(held.values())).values() for len_ in each[0].shape
        )
        in_layer = LayerPlaces(part, algorithm.attention, owner, order, next(vectors, None))
        placed = in_layer.placed(list(held.values()))
        for path, place in held.items():
            if place.path not in placed:
                raise AdapterError(_nowhere(owner, path, place, algorithm))
            by_path[path] = PlacedInModel(part.group, *placed[place.path])
    return ModelPlaces(algorithm, owner, lists, by_path, tuple(finder.departures))


def _given(place: ParameterPlace, group: str, name: str, order: Order | None) -> PlacedInModel:
    """Return what goes to a place by a name that is given: `W_u`, or `W.W_o` in a layer."""
    attention, _, last = name.rpartition(".")
    mark, _, part = last.partition("_")
    if not part:
        return PlacedInModel(group, attention, PlacedParameter(place, last, "", None, "out first"))
    kind = "W" if mark == "W" else "b"
    own = "in first" if last in TABLES else order or "out first"
    return PlacedInModel(group, attention, PlacedParameter(place, part, kind, None, own))


class _Outside:
    """Finds the parameters that stand outside the layers: tables by names, the rest by shapes."""

    def __init__(self, algorithm: ModelAlgorithm, owner: str, order: Order | None) -> None:
        self.algorithm, self.owner, self.order = algorithm, owner, order
        self.departures: list[str] = []

    def placed(
        self, places: Sequence[ParameterPlace], given: Mapping[str, PlacedInModel]
    ) -> dict[str, PlacedInModel]:
        """Return what goes to the path of each place."""
        tables = {place: _table(place) for place in places}
        N_V = {
            place.shape[0] for place, name in tables.items() if name == "W_e" and place.shape
        } | {
            each.at(each.parameter.place).place.shape[0]
            for each in given.values()
            if each.names == ("W_e",) and isinstance(each.parameter, PlacedParameter)
        }
        norms = norms_in([place for place in places if {*place.shape} != N_V])
        by_path: dict[str, PlacedInModel] = {}
        matrices: dict[str, str] = {}
        for place in places:
            if name := tables[place]:
                parameter = PlacedParameter(place, name.removeprefix("W_"), "W", None, "in first")
                by_path[place.path] = PlacedInModel("", "", parameter)
            elif len(place.shape) == 2:
                by_path[place.path] = self._matrix(place, N_V)
                matrices[module_path(place)] = by_path[place.path].names[0]
        by_path |= self._norms(norms)
        for place in places:
            if place.path not in by_path:
                by_path[place.path] = self._offset(place, matrices.get(module_path(place)), N_V)
        return by_path

    def _matrix(self, place: ParameterPlace, N_V: set[int]) -> PlacedInModel:
        """Return the matrix that goes to a place: the one with N_V rows, or the other one."""
        outside = self.algorithm.outside
        for name, type in outside.items():
            tokens = type.rows.atom is not None and type.rows.atom.name == "N_V"
            if (
                name.startswith("W_")
                and name not in TABLES
                and tokens == bool({*place.shape} & N_V)
            ):
                first = place.shape[0] in N_V if tokens else not place.path.endswith("kernel")
                order: Order = "out first" if first else "in first"
                part = PlacedParameter(place, name.removeprefix("W_"), "W", None, order)
                return PlacedInModel("", "", part)
        raise AdapterError(_nowhere(self.owner, place.path, place, self.algorithm))

    def _norms(
        self, norms: Mapping[str, list[ParameterPlace]]
    ) -> Iterator[tuple[str, PlacedInModel]]:
        """Yield what goes to norms: γ and β, or 1 and 0 in a norm that is a documented difference."""
        wanted = "gamma" in self.algorithm.outside
        own = [
            path for path in norms if wanted and not (len(norms) > 1 and _is_of_embeddings(path))
        ]
        for path, held in norms.items():
            for place in held:
                parameter = norm_parameter(place, "", self.owner)
                if path in own[-1:]:
                    yield place.path, PlacedInModel("", "", parameter)
                else:
                    self._depart(path, place)
                    constant = 1.0 if parameter.names == ("gamma",) else 0.0
                    yield place.path, PlacedInModel("", "", constant)

    def _depart(self, path: str, place: ParameterPlace) -> None:
        """Note the documented difference that a norm makes."""
        start = next(id for word, id in OTHER_NORMS if word in letters(path))
        id = f"{start}-{self.algorithm.id}"
        if id not in catalogue():
            raise AdapterError(_nowhere(self.owner, place.path, place, self.algorithm))
        if id not in self.departures:
            self.departures.append(id)

    def _offset(self, place: ParameterPlace, matrix: str | None, N_V: set[int]) -> PlacedInModel:
        """Return the offset beside a matrix; it is 0 if the algorithm does not have it."""
        if matrix is not None:
            part = matrix.removeprefix("W_")
            if f"b_{part}" in self.algorithm.outside:
                return PlacedInModel("", "", PlacedParameter(place, part, "b", None, "out first"))
            return PlacedInModel("", "", 0.0)
        if len(place.shape) == 1 and place.shape[0] in N_V:
            return PlacedInModel("", "", 0.0)
        raise AdapterError(_nowhere(self.owner, place.path, place, self.algorithm))


def _table(place: ParameterPlace) -> str | None:
    """Return the table that goes to a place by the names on its path."""
    if len(place.shape) < 2:
        return None
    steps = place.path.split(".")
    for name in TABLES:
        if any(is_synonym(step, synonyms()["model"][name]) for step in steps):
            return name
    return None


def _is_of_embeddings(path: str) -> bool:
    return "emb" in letters(path)


def _nowhere(owner: str, path: str, place: ParameterPlace, algorithm: ModelAlgorithm) -> str:
    return f"{owner}.{path} has shape {place.shape}: no parameter of Algorithm {algorithm.id} goes there"
