"""Formal Algorithms for Transformers, as typed functions on arrays.

The fifteen numbered algorithms of Phuong & Hutter 2022, in the
paper's order; then what they are made of.
"""

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
from algorithms.signatures.initialisation import initialise
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
    tree_map,
)
from algorithms.paper.sampling import sample, temper
from algorithms.signatures.scope import DTypeError, ShapeError

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
