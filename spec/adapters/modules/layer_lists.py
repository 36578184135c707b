"""The lists of layers in a model, found by their paths: `encoder.layers.0.norm1.weight`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spec.adapters.modules.model_algorithm import LayerParts
from spec.adapters.modules.parameter_places import ParameterPlace
from spec.inputs.adapter_error import AdapterError

#: How many matrices a layer has at least: two of its attention, and two of its MLP.
MATRICES = 4
#: What stands in a path for the number of any layer.
ANY = "*"


@dataclass(frozen=True)
class LayerList:
    """A list of layers: the path before the numbers; None if a module is a single layer."""

    prefix: str | None

    def within(self, path: str) -> tuple[int, str] | None:
        """Return the layer that a path leads to, counted from 0, and the rest of the path."""
        if self.prefix is None:
            return 0, path
        start = f"{self.prefix}." if self.prefix else ""
        number, dot, rest = path.removeprefix(start).partition(".")
        if path.startswith(start) and dot and number.isdecimal():
            return int(number), rest
        return None


def layer_lists(
    places: Sequence[ParameterPlace], parts: Sequence[LayerParts], owner: str
) -> Mapping[str, LayerList]:
    """Return the list of layers for each tuple of layers of θ, by its name.

    A list of layers has items with the same parameters, enough of them matrices; it is the
    outermost such list. Where there are two, the one whose layers have more matrices is that of the
    layers with more attentions.

    Raises
    ------
    AdapterError
        If there are not as many lists as tuples of layers.
    """
    items: dict[str, dict[int, dict[str, tuple[int, ...]]]] = {}
    for place in places:
        steps = place.path.split(".")
        for depth, step in enumerate(steps):
            if step.isdecimal():
                prefix, rest = ".".join(steps[:depth]), ".".join(steps[depth + 1 :])
                items.setdefault(prefix, {}).setdefault(int(step), {})[rest] = place.shape
    lists = {prefix: each for prefix, each in items.items() if _are_layers(list(each.values()))}
    outer = {
        prefix: each
        for prefix, each in lists.items()
        if not any(LayerList(other).within(f"{prefix}.") for other in lists if other != prefix)
    }
    if not outer and len(parts) == 1:
        return {parts[0].group: LayerList(None)}
    if len(outer) != len(parts):
        held = ", ".join(f"{prefix} ({len(each)})" for prefix, each in outer.items()) or "none"
        names = " and ".join(each.group for each in parts)
        raise AdapterError(
            f"{owner} should have a list of layers for each of {names}, and has {held}"
        )
    by_matrices = sorted(outer.items(), key=lambda item: _matrices(item[1][0]))
    by_attentions = sorted(parts, key=lambda part: len(part.attentions))
    return {
        part.group: LayerList(prefix)
        for part, (prefix, _) in zip(by_attentions, by_matrices, strict=True)
    }


def located(path: str, lists: Mapping[str, LayerList]) -> tuple[str, int, str]:
    """Return the tuple of layers that a path leads to, the layer, and the path to any such layer.

    >>> located("h.1.ln.weight", {"layers": LayerList("h")})
    ('layers', 1, 'h.*.ln.weight')
    """
    for group, each in lists.items():
        if (within := each.within(path)) is not None:
            number, rest = within
            start = () if each.prefix is None else (each.prefix, ANY)
            return group, number, ".".join(filter(None, (*start, rest)))
    return "", 0, path


def _are_layers(items: list[Mapping[str, tuple[int, ...]]]) -> bool:
    return all(item == items[0] for item in items) and _matrices(items[0]) >= MATRICES


def _matrices(item: Mapping[str, tuple[int, ...]]) -> int:
    return sum(len(shape) > 1 for shape in item.values())
