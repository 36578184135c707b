"""Which parameters of θ go to the places of a model outside its layers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from spec.adapters.match_arguments import is_synonym, letters, synonyms
from spec.adapters.modules.layer_places import module_path, norm_parameter, norms_in
from spec.adapters.modules.model_algorithm import ModelAlgorithm
from spec.adapters.modules.parameter_places import ParameterPlace, PlacedParameter, order_of
from spec.adapters.options import Order
from spec.inputs.adapter_error import AdapterError
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


class OutsidePlaces:
    """Finds the parameters that stand outside the layers: tables by names, the rest by shapes."""

    def __init__(self, algorithm: ModelAlgorithm, owner: str, order: Order | None) -> None:
        self.algorithm, self.owner, self.order = algorithm, owner, order
        self.departures: list[str] = []

    def placed(
        self, places: Sequence[ParameterPlace], given: Mapping[str, PlacedInModel]
    ) -> dict[str, PlacedInModel]:
        """Return what goes to the path of each place."""
        tables = {place: table_named(place) for place in places}
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
        of_tokens = bool({*place.shape} & N_V)
        for name, type in self.algorithm.outside.items():
            size = type.rows.atom.name if type.rows.atom else ""
            if name in TABLES or not name.startswith("W_") or (size == "N_V") != of_tokens:
                continue
            rows = place.shape[0] in N_V if of_tokens else order_of(place, self.order) != "kernel"
            order: Order = "out first" if rows else "in first"
            part = PlacedParameter(place, name.removeprefix("W_"), "W", None, order)
            return PlacedInModel("", "", part)
        raise AdapterError(nowhere(self.owner, place.path, place, self.algorithm))

    def _norms(
        self, norms: Mapping[str, list[ParameterPlace]]
    ) -> Iterator[tuple[str, PlacedInModel]]:
        """Yield what goes to norms: γ and β, or 1 and 0 in one that is a documented difference."""
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
            raise AdapterError(nowhere(self.owner, place.path, place, self.algorithm))
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
        raise AdapterError(nowhere(self.owner, place.path, place, self.algorithm))


def table_named(place: ParameterPlace) -> str | None:
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


def nowhere(owner: str, path: str, place: ParameterPlace, algorithm: ModelAlgorithm) -> str:
    """Say that nothing goes to a place."""
    return (
        f"{owner}.{path} has shape {place.shape}: no parameter of Algorithm {algorithm.id} "
        "goes there"
    )
