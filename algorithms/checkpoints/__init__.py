"""Published models: their files to θ, and what each adds."""

from algorithms.checkpoints.activations import GELU_tanh, SiLU
from algorithms.checkpoints.bert import (
    BERT,
    BERT_DEPARTURES,
    BERTParameters,
    bert_parameters,
)
from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.gpt2 import (
    GPT2,
    GPT2_DEPARTURES,
    gpt2_parameters,
)
from algorithms.checkpoints.marian import (
    MARIAN_DEPARTURES,
    Marian,
    MarianParameters,
    marian_parameters,
    marian_positions,
)

__all__ = [
    "BERT",
    "BERT_DEPARTURES",
    "GPT2",
    "GPT2_DEPARTURES",
    "MARIAN_DEPARTURES",
    "BERTParameters",
    "Departure",
    "GELU_tanh",
    "Marian",
    "MarianParameters",
    "SiLU",
    "bert_parameters",
    "gpt2_parameters",
    "marian_parameters",
    "marian_positions",
]
