"""The adapter of a model of Hugging Face's transformers, made of a description of the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

from spec.adapters.array_libraries import converted
from spec.adapters.instance_sizes import divided, heads_of, of_instance
from spec.adapters.libraries.torch_weights import Weights, call_with
from spec.adapters.restrictions import Restrictions
from spec.calling.python_signature import name_of
from spec.inputs.adapter_error import AdapterError
from spec.inputs.arguments import Adapter, Arguments, Sizes
from spec.inputs.python_form import Record
from spec.machine import Value
from spec.mistakes.catalogue import catalogue

#: Hugging Face's names of activations, by how the ids of documented differences begin.
ACTIVATIONS = {
    "gelu": ("gelu",),
    "quick-gelu": ("quick_gelu",),
    "relu": ("relu",),
    "silu": ("silu", "swish"),
    "tanh-gelu": ("gelu_new", "gelu_pytorch_tanh", "gelu_fast"),
}


def _heads_divide(asked: Sizes) -> Sizes:
    """Return the nearest sizes at which the heads divide the stream."""
    sizes = divided(asked)
    return {**sizes, "d_f": sizes["d_e"]}


def _stream_of_heads(own: Sizes) -> Sizes:
    """Return what the number of heads and the stream imply."""
    return {**heads_of(own["d_e"], own["H"]), "d_f": own["d_e"]}


@dataclass(frozen=True)
class HuggingFaceModel:
    """A class of models: how its configuration and its weights stand for sizes and for θ."""

    name: str
    algorithm: str
    sizes: Mapping[str, str]  # the paper's names of options that are sizes, or products of some
    activation: str  # the option that names the activation
    eps: str | None  # the option that holds ε; without one, ε is that of torch
    weights: Callable[[Any, Record], Weights]  # of a model, made of θ
    departures: Callable[[Any], tuple[str, ...]] = lambda _: ()  # besides the activation
    configured: Mapping[str, Any] = field(default_factory=dict)  # options of a new model
    called: Mapping[str, Any] = field(default_factory=dict)  # options of a call
    fitting: Callable[[Sizes], Sizes] = _heads_divide  # the nearest sizes that a class can have
    implied: Callable[[Sizes], Sizes] = _stream_of_heads  # the other sizes of an instance
    activated: str = ""  # the algorithm with the activation, if it is another
    vectors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # paths of ω
    # In float16 the pseudocode of GELU by tanh overflows.
    formats: tuple[str, ...] = ("float64", "float32", "bfloat16")

    def adapter(self, function: Any) -> Adapter:
        """Return the adapter of the class, or of an instance, which keeps its configuration."""
        new = isinstance(function, type)
        config = function.config_class(**self.configured) if new else function.config
        name = getattr(config, self.activation)
        kinds = (kind for kind, names in ACTIVATIONS.items() if name in names)
        known = [f"{kind}-{self.activated or self.algorithm}".lower() for kind in kinds]
        departures = [id for id in known if id in catalogue()]
        eps: dict[str, Value] = {"ε": getattr(config, self.eps) if self.eps else 1e-5}
        return Adapter(
            self.name,
            self.call,
            self.fitting if new else of_instance(self._own_sizes(function)),
            Restrictions(tied=config.tie_word_embeddings),
            {} if new and self.eps else eps,
            (*departures, *self.departures(config)),
            self.formats,
        )

    def call(self, function: Any, arguments: Arguments) -> Any:
        """Call the model with θ for its weights, and return its probabilities."""
        texts = [arguments.named[name] for name in ("z", "x") if name in arguments.named]
        theta, texts = converted("torch", (arguments.theta, texts))
        names = ("input_ids", "decoder_input_ids")
        inputs = {name: text[None] for name, text in zip(names, texts, strict=False)}
        model = self._model(function, arguments) if isinstance(function, type) else function
        weights = dict(self.weights(model, theta))
        for name, paths in self.vectors.items():
            weights |= dict.fromkeys(paths, converted("torch", arguments.named[name]))
        output = call_with(model, weights, **inputs, **self.called)
        return output.logits[0].softmax(-1).mT

    def _model(self, function: Any, arguments: Arguments) -> Any:
        sizes = arguments.all_sizes
        options = {
            option: prod(sizes[name] for name in size.split())
            for option, size in self.sizes.items()
        }
        eps = {self.eps: arguments.eps} if self.eps else {}
        return _built(function, tuple({**self.configured, **options, **eps}.items()))

    def _own_sizes(self, model: Any) -> Sizes:
        """Return the sizes of an instance, if options that are one size do not differ."""
        options: dict[str, str] = {}
        own: dict[str, int] = {}
        for option, size in self.sizes.items():
            length = getattr(model.config, option) or 4 * own["d_e"]  # GPT-2's None stands for that
            *others, size = size.split()  # of a product the last
            length //= prod(own[name] for name in others)
            if own.setdefault(size, length) != length:
                raise AdapterError(
                    f"{name_of(model)} has {options[size]} {own[size]} and {option} {length}, and "
                    f"Algorithm {self.algorithm} has one {size}"
                )
            options[size] = option
        return {**own, **self.implied(own)}


@lru_cache(maxsize=16)  # each model is called twice on the same arguments
def _built(kind: Any, options: tuple[tuple[str, Any], ...]) -> Any:
    return kind(kind.config_class(**dict(options))).eval()
