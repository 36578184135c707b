"""The algorithms that a module can be, and the parameters that it then holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from spec import library, symbols
from spec.inputs.adapter_error import AdapterError
from spec.inputs.python_form import input_name
from spec.inputs.variations import sizes_in
from spec.language.header import Header
from spec.language.types import Bundle, Family, Key, Matrix, Type


@dataclass(frozen=True)
class ModuleAlgorithm:
    """An algorithm that a module can be: its inputs are matrices, and so are its parameters."""

    header: Header

    @property
    def id(self) -> str:
        """The id of the algorithm."""
        return self.header.id

    @cached_property
    def parameters(self) -> Mapping[str, Matrix]:
        """The parameters at every depth, by their names in Python: `W_q` of a head."""
        return dict(_matrices(self.header.fields))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, and of the mask if there is one: `("X", "Z", "Mask")`."""
        inputs = [input_name(str(key), type) for key, type in self.header.inputs]
        masks = [str(key) for key, _ in self.header.parameters if str(key) == "Mask"]
        return (*inputs, *masks)

    @property
    def attends(self) -> bool:
        """Whether it is an attention: it has queries."""
        return "W_q" in self.parameters

    @property
    def has_heads(self) -> bool:
        """Whether it is an attention of several heads."""
        return self.attends and "W_o" in self.parameters

    @cached_property
    def sizes(self) -> tuple[str, ...]:
        """The names of its sizes."""
        return tuple(sizes_in(library.checked(), self.id))

    @property
    def optional_sizes(self) -> tuple[str, ...]:
        """The sizes that a class is given though it does not need them."""
        return ("H", "d_attn", "d_mid") if self.attends else ()


def module_algorithm(id: str) -> ModuleAlgorithm:
    """Return an algorithm that a module can be."""
    headers = {
        checked.id: checked.header
        for checked in library.checked().values()
        if not checked.id.startswith("∇")  # modules compute forward
    }
    if id not in headers or not _can_be_a_module(headers[id]):
        known = [id for id, header in headers.items() if _can_be_a_module(header)]
        raise AdapterError(
            f"modules can be Algorithm {', '.join(known)} or a whole model, not {id}"
        )
    return ModuleAlgorithm(headers[id])


def _can_be_a_module(header: Header) -> bool:
    return bool(header.fields) and all(isinstance(type, Matrix) for _, type in header.inputs)


def _matrices(fields: Mapping[Key, Type]) -> Iterator[tuple[str, Matrix]]:
    for key, type in fields.items():
        member = type.member if isinstance(type, Family) else type
        if isinstance(member, Bundle):
            yield from _matrices(library.checked()[member.algorithm].header.fields)
        elif isinstance(member, Matrix):
            yield symbols.ascii(str(key)), member
