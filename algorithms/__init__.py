"""Formal Algorithms for Transformers, as typed functions on arrays.

The fifteen numbered algorithms of Phuong & Hutter 2022, in the
paper's order; then what they are made of. Algorithms of ours are
public names too: see `algorithms.extensions`, and for the pullbacks
`algorithms.gradients`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from algorithms.paper.embedding import token_embedding  # 1
from algorithms.paper.embedding import positional_embedding  # 2
from algorithms.paper.attention import single_query_attention  # 3
from algorithms.paper.attention import Attention  # 4
from algorithms.paper.attention import MHAttention  # 5
from algorithms.paper.normalization import layer_norm  # 6
from algorithms.paper.unembedding import unembedding  # 7
from algorithms.paper.encoder_decoder import EDTransformer  # 8
from algorithms.paper.encoder import ETransformer  # 9
from algorithms.paper.decoder import DTransformer  # 10
from algorithms.paper.training import EDTraining  # 11
from algorithms.paper.training import ETraining  # 12
from algorithms.paper.training import DTraining  # 13
from algorithms.paper.inference import DInference  # 14
from algorithms.paper.inference import EDInference  # 15
from algorithms.signatures.arrays import Array
from algorithms.paper.embedding import sinusoidal_positions
from algorithms.paper.inference import LengthLimitWarning
from algorithms.paper.notation import (
    GELU,
    ReLU,
    bidirectional_mask,
    softmax,
    unidirectional_mask,
)
from algorithms.paper.parameters import (
    AttentionParameters,
    DTransformerParameters,
    EDDecoderLayer,
    EDEncoderLayer,
    EDTransformerParameters,
    ETransformerParameters,
    Layer,
    MHAttentionParameters,
)
from algorithms.paper.sampling import sample, temper
from algorithms.signatures.public_names import other_than
from algorithms.signatures.errors import (
    DTypeError,
    NotFiniteError,
    ShapeError,
)
from algorithms.signatures.trees import tree_map
from algorithms import extensions as extensions
from algorithms import gradients as gradients

if TYPE_CHECKING:
    from algorithms import checkpoints as checkpoints
    from algorithms.gradients import (
        value_and_gradient as value_and_gradient,
    )
    from algorithms.signatures.initialisation import (
        initialise as initialise,
    )

__all__ = [
    "GELU",
    "Array",
    "Attention",
    "AttentionParameters",
    "DInference",
    "DTraining",
    "DTransformer",
    "DTransformerParameters",
    "DTypeError",
    "EDDecoderLayer",
    "EDEncoderLayer",
    "EDInference",
    "EDTraining",
    "EDTransformer",
    "EDTransformerParameters",
    "ETraining",
    "ETransformer",
    "ETransformerParameters",
    "Layer",
    "LengthLimitWarning",
    "MHAttention",
    "MHAttentionParameters",
    "NotFiniteError",
    "ReLU",
    "ShapeError",
    "bidirectional_mask",
    "initialise",
    "layer_norm",
    "positional_embedding",
    "sample",
    "single_query_attention",
    "sinusoidal_positions",
    "softmax",
    "temper",
    "token_embedding",
    "tree_map",
    "unembedding",
    "unidirectional_mask",
]

__version__: str

__all__ += other_than(extensions.__all__, __all__)
__all__ += other_than(gradients.__all__, __all__)


if not TYPE_CHECKING:  # or any name passes a type checker

    def __getattr__(name: str) -> Any:
        # Not all who import us want them.
        if name in ("checkpoints", "programs", "training"):
            return import_module(f"algorithms.{name}")
        if name == "initialise":
            from algorithms.signatures.initialisation import (
                initialise,
            )

            return initialise
        if name == "__version__":
            from importlib.metadata import version

            return version("formal-transformers")
        for package in (extensions, gradients):
            if name in package.__all__:
                return getattr(package, name)
        raise AttributeError(
            f"module {__name__!r} has no attribute {name!r}"
        )


def __dir__() -> list[str]:
    own = (name for name in globals() if name.startswith("__"))
    rest = ("extensions", "gradients", "programs", "training")
    return sorted(
        {*__all__, *own, "checkpoints", *rest, "__version__"}
    )
