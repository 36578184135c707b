"""Formal Algorithms for Transformers, as typed functions on arrays.

The fifteen numbered algorithms of Phuong & Hutter 2022, in the
paper's order; then what they are made of.
"""

from algorithms.embedding import token_embedding  # 1
from algorithms.embedding import positional_embedding  # 2
from algorithms.attention import single_query_attention  # 3
from algorithms.attention import Attention  # 4
from algorithms.attention import MHAttention  # 5
from algorithms.normalization import layer_norm  # 6
from algorithms.unembedding import unembedding  # 7
from algorithms.encoder_decoder import EDTransformer  # 8
from algorithms.encoder import ETransformer  # 9
from algorithms.decoder import DTransformer  # 10
from algorithms.training import EDTraining  # 11
from algorithms.training import ETraining  # 12
from algorithms.training import DTraining  # 13
from algorithms.inference import DInference  # 14
from algorithms.inference import EDInference  # 15
from algorithms.arrays import Array
from algorithms.embedding import sinusoidal_positions
from algorithms.inference import LengthLimitWarning
from algorithms.initialisation import initialise
from algorithms.notation import (
    GELU,
    ReLU,
    bidirectional_mask,
    softmax,
    unidirectional_mask,
)
from algorithms.parameters import (
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
from algorithms.sampling import sample, temper
from algorithms.scope import DTypeError, ShapeError

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
