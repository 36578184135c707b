"""The whole models that a module can be, and the parameters of their layers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from spec import library, symbols
from spec.adapters.match_arguments import synonyms
from spec.adapters.modules.algorithm_parameters import ModuleAlgorithm
from spec.inputs.python_form import LAYERS, input_name
from spec.inputs.variations import sizes_in
from spec.language.checked import Checked
from spec.language.header import Header
from spec.language.tree import Call, Iverson, Named
from spec.language.types import Bundle, Family, Matrix, Tokens


@dataclass(frozen=True)
class LayerParts:
    """The parts of each layer of a model, in the order in which the layer uses them.

    Attributes
    ----------
    group
        The tuple of layers in θ: `layers`.
    attentions, norms, maps
        The fields of a layer: `("W_dec", "W_ed")`; the numbers of its norms, `("3", "4", "5")`; and
        the indices of the maps of its MLP, `("mlp3", "mlp4")`.
    causal
        Whether its first attention has a causal mask.
    """

    group: str
    attentions: tuple[str, ...]
    norms: tuple[str, ...]
    maps: tuple[str, ...]
    causal: bool


@dataclass(frozen=True)
class ModelAlgorithm:
    """An algorithm that a whole model can be: its inputs are tokens, its parameters have layers."""

    checked: Checked

    @property
    def header(self) -> Header:
        """The declarations of the algorithm."""
        return self.checked.header

    @property
    def id(self) -> str:
        """The id of the algorithm."""
        return self.header.id

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs: `("z", "x")`."""
        return tuple(input_name(str(key), type) for key, type in self.header.inputs)

    @property
    def theta(self) -> str:
        """The name of the parameters in Python."""
        return symbols.ascii(str(self.header.bundle))

    @cached_property
    def outside(self) -> Mapping[str, Matrix]:
        """The parameters outside the layers, by their names in Python: `W_e`."""
        fields = self.header.fields.items()
        return {symbols.ascii(str(key)): type for key, type in fields if isinstance(type, Matrix)}

    @cached_property
    def declared(self) -> Mapping[str, Matrix]:
        """The parameters outside the layers and in them, but not those of attentions."""
        members = {
            symbols.ascii(str(key)): type.member
            for key, type in self.header.fields.items()
            if isinstance(type, Family) and isinstance(type.member, Matrix)
        }
        return {**self.outside, **members}

    @cached_property
    def counts(self) -> Mapping[str, str]:
        """The tuple of layers that each size counts: `{"L": "layers"}`."""
        families = (type for type in self.header.fields.values() if isinstance(type, Family))
        return {str(each.count): LAYERS[str(each.count)] for each in families}

    @cached_property
    def attention(self) -> ModuleAlgorithm:
        """The algorithm of the attentions in the layers."""
        families = (type for type in self.header.fields.values() if isinstance(type, Family))
        bundle = next(each.member for each in families if isinstance(each.member, Bundle))
        return ModuleAlgorithm(library.checked()[bundle.algorithm].header)

    @cached_property
    def layers(self) -> tuple[LayerParts, ...]:
        """The parts of the layers of each tuple of layers."""
        causal = iter(list(self._causal_masks()))
        groups: dict[str, list[tuple[str, Family]]] = {}
        for key, type in self.header.fields.items():
            if isinstance(type, Family):
                fields = groups.setdefault(LAYERS[str(type.count)], [])
                fields.append((symbols.ascii(str(key)), type))
        parts = []
        for group, fields in groups.items():
            attentions = [name for name, type in fields if isinstance(type.member, Bundle)]
            others = [name for name, _ in fields if name not in attentions]
            masks = [next(causal) for _ in attentions]
            norms = _without("gamma", others)
            parts.append(
                LayerParts(group, tuple(attentions), norms, _without("W_", others), masks[0])
            )
        return tuple(parts)

    @cached_property
    def sizes(self) -> tuple[str, ...]:
        """The names of its sizes."""
        return tuple(sizes_in(library.checked(), self.id))

    @property
    def optional_sizes(self) -> Iterable[str]:
        """The sizes that a class is given though it does not need them: all that are known."""
        return synonyms()["sizes"]

    def _causal_masks(self) -> Iterator[bool]:
        """Yield whether the mask of each attention compares two positions, in the text's order."""
        for node in self.checked.program.nodes:
            if isinstance(node, Call):
                masks = [each.value for each in node.parameters if isinstance(each, Named)]
                yield from (isinstance(mask, Iverson) for mask in masks)


def model_algorithm(id: str) -> ModelAlgorithm | None:
    """Return an algorithm that a whole model can be; None if it is not such an algorithm."""
    checked = library.checked().get(id)
    return ModelAlgorithm(checked) if checked and _is_a_model(checked.header) else None


def _is_a_model(header: Header) -> bool:
    tokens = all(isinstance(type, Tokens) for _, type in header.inputs)
    families = (type for type in header.fields.values() if isinstance(type, Family))
    layers = any(str(type.count) in LAYERS for type in families)
    return tokens and layers and isinstance(header.output[1], Matrix)


def _without(start: str, names: list[str]) -> tuple[str, ...]:
    """Return the rest of each name that starts so."""
    return tuple(name.removeprefix(start) for name in names if name.startswith(start))
