"""Which parameters of θ go to the places of one layer: attentions, norms and the MLP."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from spec.adapters.match_arguments import is_synonym, letters, synonyms
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm
from spec.adapters.modules.model_algorithm import LayerParts
from spec.adapters.modules.parameter_places import (
    HEADS,
    Kind,
    ParameterPlace,
    PlacedParameter,
    is_part,
    order_of,
    part_of,
    placed_parameters,
    stems,
)
from spec.adapters.options import Order, option
from spec.inputs.adapter_error import AdapterError

Places = Sequence[ParameterPlace]
#: The parameter of each path in a layer, and the attention that holds it, or "" for the layer.
PlacedInLayer = dict[str, tuple[str, PlacedParameter]]

#: How long a word is at most that stands for a whole name, and not for names that contain it.
SHORT = 3


@dataclass(frozen=True)
class LayerPlaces:
    """Finds the parts of θ's layer that go to the places of a layer, by their paths in it."""

    parts: LayerParts
    attention: ModuleAlgorithm
    owner: str
    order: Order | None
    d_e: int | None
    given: Collection[str]  # the parts that names are given for

    def placed(self, places: Places) -> PlacedInLayer:
        """Return the parameter of each path."""
        norms = norms_in(places)
        others = [place for place in places if module_path(place) not in norms]
        attentions = self._attentions(others)
        attending = {place for held in attentions.values() for place in held}
        placed: PlacedInLayer = {}
        kinds = ("self", "cross")[: len(self.parts.attentions)]
        wanted = dict(zip(self.parts.attentions, kinds, strict=True))
        if len(attentions) < len(wanted):
            wanted = {name: kind for name, kind in wanted.items() if name not in self.given}
        for name, path in self._named(wanted, attentions).items():
            placed |= self._in_attention(name, path, attentions[path])
        kinds = (*kinds[: len(self.parts.norms) - 1], "after_attention")
        numbers = dict(zip(self.parts.norms, kinds, strict=True))
        wanted = {f"gamma{number}": kind for number, kind in numbers.items()}
        for name, path in self._named(self._free(wanted), norms).items():
            number = name.removeprefix("gamma")
            for place in norms[path]:
                placed[place.path] = "", norm_parameter(place, number, self.owner)
        return placed | self._mlp([place for place in others if place not in attending])

    def _free(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Return the wanted parts that no name is given for."""
        return {name: kind for name, kind in wanted.items() if name not in self.given}

    def _attentions(self, places: Places) -> dict[str, list[ParameterPlace]]:
        """Return the places of each attention by the path of its module; "" if it has none."""
        paths = {place: self._attention_path(place) for place in places}
        attentions: dict[str, list[ParameterPlace]] = {}
        for place in places:
            modules = [path for path in paths.values() if path and _is_in(place, path)]
            if modules or paths[place] is not None:
                attentions.setdefault(min(modules, default=""), []).append(place)
        if "" in attentions:  # W_o is called as much else is
            mixing = [place for place in places if _part(place, self.attention) == "o"]
            attentions[""] += [place for place in mixing if paths[place] is None]
        return attentions

    def _attention_path(self, place: ParameterPlace) -> str | None:
        """Return the path of the attention that a place belongs to, if its names show one."""
        modules = place.path.split(".")[:-1]
        for depth, step in enumerate(modules, 1):
            if any(_says(step, kind) for kind in ("self", "cross", "attention")):
                return ".".join(modules[:depth])
        if _part(place, self.attention) not in HEADS:
            return None
        own = bool(modules) and any(is_part(modules[-1], part) for part in HEADS)
        return ".".join(modules[:-1] if own else modules)

    def _in_attention(self, name: str, path: str, places: Places) -> PlacedInLayer:
        """Return the parameters of an attention, where places have paths of their own."""
        start = f"{path}." if path else ""
        inner = [replace(place, path=place.path.removeprefix(start)) for place in places]
        owner = ".".join(filter(None, (self.owner, path)))
        placed = placed_parameters(inner, self.attention, owner, {}, self.order, self.d_e)
        pairs = zip(places, placed, strict=True)
        return {place.path: (name, replace(each, place=place)) for place, each in pairs}

    def _mlp(self, places: Places) -> PlacedInLayer:
        """Return the parameters of the maps of the MLP: matrices, and their offsets."""
        maps: dict[str, list[ParameterPlace]] = {}
        for place in places:
            maps.setdefault(_map_path(place), []).append(place)
        orders = {path: self._matrix_order(held) for path, held in maps.items()}
        wide = {path: self._outputs(held, orders[path]) for path, held in maps.items()}
        kinds = dict(zip(self.parts.maps, ("mlp1", "mlp2"), strict=True))
        wanted = self._free({f"W_{part}": kind for part, kind in kinds.items()})
        if len(maps) == len({outputs == self.d_e for outputs in wide.values()}) == len(kinds):
            paths = sorted(maps, key=lambda path: wide[path] == self.d_e)
            by_name = dict(zip(wanted, paths, strict=True))
        else:
            by_name = self._named(wanted, maps)
        placed: PlacedInLayer = {}
        for name, path in by_name.items():
            part = name.removeprefix("W_")
            for place in maps[path]:
                kind: Kind = "W" if len(place.shape) > 1 else "b"
                order = orders[path] if kind == "W" else "out first"
                placed[place.path] = "", PlacedParameter(place, part, kind, None, order)
        return placed

    def _matrix_order(self, places: Places) -> Order:
        """Return whether the matrix of a map has a row or a column for each output."""
        for place in places:
            if len(place.shape) == 2:
                order = order_of(place, self.order)
                if order is None:
                    said = f"{option('weights', 'out first')} or {option('weights', 'in first')}"
                    raise AdapterError(
                        f"{self.owner}.{place.path} has shape {place.shape}, which does not show "
                        f"which axis is that of the outputs: say {said}"
                    )
                return "out first" if order == "out first" else "in first"
        raise AdapterError(f"{self.owner}.{places[0].path} has no matrix beside it")

    def _outputs(self, places: Places, order: Order) -> int:
        """Return how many outputs a map has."""
        shape = next(place.shape for place in places if len(place.shape) == 2)
        return shape[0] if order == "out first" else shape[1]

    def _named(self, wanted: Mapping[str, str], held: Mapping[str, object]) -> dict[str, str]:
        """Return the path of each wanted part, by the numbers or the words in the paths.

        `wanted` has the kind of each part, in the order of the parts.
        """
        paths = in_order(list(held), list(wanted.values()))
        if paths is None:
            names = ", ".join(path or "its own arrays" for path in held) or "nothing"
            raise AdapterError(
                f"{self.owner} has {names} in each layer, whose names do not show where "
                f"{', '.join(wanted) or 'they'} go: say PATH=NAME (names={{'PATH': 'NAME'}})"
            )
        return dict(zip(wanted, paths, strict=True))


def norms_in(places: Places) -> dict[str, list[ParameterPlace]]:
    """Return the places of each norm by the path of its module: one that has only vectors."""
    modules: dict[str, list[ParameterPlace]] = {}
    for place in places:
        modules.setdefault(module_path(place), []).append(place)
    return {
        path: held
        for path, held in modules.items()
        if path and all(len(place.shape) == 1 for place in held)
    }


def norm_parameter(place: ParameterPlace, number: str, owner: str) -> PlacedParameter:
    """Return the γ or the β of a norm that goes to a place in it."""
    last = place.path.rpartition(".")[2]
    for name in ("gamma", "beta"):
        if is_part(last, name):
            return PlacedParameter(place, f"{name}{number}", "", None, "out first")
    raise AdapterError(
        f"{owner}.{place.path} has shape {place.shape}, and is neither γ nor β of a norm"
    )


def in_order(paths: Sequence[str], kinds: Sequence[str]) -> list[str] | None:
    """Return paths in the order of kinds, by the numbers or the words in them; None if unknown.

    >>> in_order(["ln_2", "ln_1"], ["self", "after_attention"])
    ['ln_1', 'ln_2']
    >>> in_order(["mlp_norm", "attn_norm"], ["self", "after_attention"])
    ['attn_norm', 'mlp_norm']
    """
    if len(paths) != len(kinds):
        return None
    if (by_number := _sorted_by_number(paths)) is not None:
        return by_number
    by_kind = {path: _kind_of(path, kinds) for path in paths}
    free = [kind for kind in kinds if kind not in by_kind.values()]
    unnamed = [path for path, kind in by_kind.items() if kind is None]
    if len(free) == len(unnamed) == 1:
        by_kind[unnamed[0]] = free[0]
    named = {kind: path for path, kind in by_kind.items()}
    return [named[kind] for kind in kinds] if named.keys() == set(kinds) else None


def _sorted_by_number(paths: Sequence[str]) -> list[str] | None:
    """Return paths that differ in numbers alone, or first in a number, in the order of these."""
    if len({re.sub(r"\d+", "", path) for path in paths}) == 1:
        return sorted(paths, key=lambda path: [int(number) for number in re.findall(r"\d+", path)])
    for steps in zip(*(path.split(".") for path in paths), strict=False):
        if len(set(steps)) == len(paths) and all(map(str.isdecimal, steps)):
            return [path for _, path in sorted(zip(map(int, steps), paths, strict=True))]
        if len(set(steps)) > 1:
            return None
    return None


def module_path(place: ParameterPlace) -> str:
    """Return the path of the module that holds a place."""
    return place.path.rpartition(".")[0]


def _kind_of(path: str, kinds: Sequence[str]) -> str | None:
    """Return the kind of part that a path names, if it names one."""
    for step in reversed(path.split(".")):
        for kind in ("mlp1", "mlp2"):
            if kind in kinds and is_synonym(step, synonyms()["layer"][kind]):
                return kind
    if "postattention" in letters(path):
        return "after_attention" if "after_attention" in kinds else None
    for word, kind in (
        ("self", "self"),
        ("cross", "cross"),
        ("attention", "self"),
        ("after_attention", "after_attention"),
    ):
        if kind in kinds and _says(path, word):
            return kind
    return None


def _says(path: str, kind: str) -> bool:
    """Say whether the names on a path contain a word for a kind of part."""
    steps = [letters(step) for step in path.split(".")]
    return any(
        word in steps if len(word) <= SHORT else any(word in step for step in steps)
        for word in map(letters, synonyms()["layer"][kind])
    )


def _is_in(place: ParameterPlace, path: str) -> bool:
    return place.path.startswith(f"{path}.")


def _part(place: ParameterPlace, attention: ModuleAlgorithm) -> str | None:
    part = part_of(place, attention)
    return part[0] if part else None


def _map_path(place: ParameterPlace) -> str:
    """Return the path of a linear map: that of its module, or the name without "W" or "b"."""
    *modules, last = place.path.split(".")
    if any(last.startswith(leaf) for leaf in ("weight", "kernel", "bias")) or last in ("w", "b"):
        return ".".join(modules)
    _, stem = next(iter(stems([], last)))
    return ".".join([*modules, stem])
