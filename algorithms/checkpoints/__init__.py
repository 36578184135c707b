"""Published models: their files to θ, and what each adds."""

from algorithms.checkpoints.activations import GELU_tanh
from algorithms.checkpoints.bare_bert import (
    BARE_BERT_DEPARTURES,
    BareBERT,
    BareBERTParameters,
    bare_bert_parameters,
)
from algorithms.checkpoints.bert import (
    BERT,
    BERT_DEPARTURES,
    BERTParameters,
    bert_parameters,
)
from algorithms.checkpoints.bert_for_classes import (
    BERT_FOR_CLASSES_DEPARTURES,
    BERTForClasses,
    BERTForClassesParameters,
    bert_for_classes_parameters,
)
from algorithms.checkpoints.departures import Departure
from algorithms.checkpoints.gpt2 import (
    GPT2,
    GPT2_DEPARTURES,
    gpt2_parameters,
)
from algorithms.checkpoints.gpt_neo import (
    GPT_NEO_DEPARTURES,
    GPTNeo,
    gpt_neo_parameters,
)
from algorithms.checkpoints.gpt_neox import (
    GPT_NEOX_DEPARTURES,
    GPTNeoX,
    gpt_neox_parameters,
)
from algorithms.checkpoints.gptj import (
    GPTJ,
    GPTJ_DEPARTURES,
    gptj_parameters,
)
from algorithms.checkpoints.llama import (
    LLAMA_DEPARTURES,
    PublishedLlama,
    linear_scaling,
    llama3_scaling,
    llama_parameters,
)
from algorithms.checkpoints.marian import (
    MARIAN_DEPARTURES,
    Marian,
    MarianParameters,
    marian_parameters,
    marian_positions,
)
from algorithms.checkpoints.mistral import (
    MISTRAL_DEPARTURES,
    PublishedMistral,
)
from algorithms.checkpoints.model_folder import (
    Model,
    load,
    model_of,
    save,
)
from algorithms.checkpoints.published_t5 import (
    T5_DEPARTURES,
    PublishedT5,
    PublishedT5Parameters,
    T5DecoderAdditions,
    T5EncoderAdditions,
    t5_parameters,
)
from algorithms.checkpoints.qwen import (
    QWEN_DEPARTURES,
    Qwen,
    QwenLayer,
    QwenParameters,
    qwen_parameters,
)
from algorithms.checkpoints.rotary_decoder import (
    RotaryDecoderParameters,
)
from algorithms.checkpoints.text_continuation import (
    continuation,
    translation,
)

__all__ = [
    "BARE_BERT_DEPARTURES",
    "BERT",
    "BERT_DEPARTURES",
    "BERT_FOR_CLASSES_DEPARTURES",
    "GPT2",
    "GPT2_DEPARTURES",
    "GPTJ",
    "GPTJ_DEPARTURES",
    "GPT_NEOX_DEPARTURES",
    "GPT_NEO_DEPARTURES",
    "LLAMA_DEPARTURES",
    "MARIAN_DEPARTURES",
    "MISTRAL_DEPARTURES",
    "QWEN_DEPARTURES",
    "T5_DEPARTURES",
    "BERTForClasses",
    "BERTForClassesParameters",
    "BERTParameters",
    "BareBERT",
    "BareBERTParameters",
    "Departure",
    "GELU_tanh",
    "GPTNeo",
    "GPTNeoX",
    "Marian",
    "MarianParameters",
    "Model",
    "PublishedLlama",
    "PublishedMistral",
    "PublishedT5",
    "PublishedT5Parameters",
    "Qwen",
    "QwenLayer",
    "QwenParameters",
    "RotaryDecoderParameters",
    "T5DecoderAdditions",
    "T5EncoderAdditions",
    "bare_bert_parameters",
    "bert_for_classes_parameters",
    "bert_parameters",
    "continuation",
    "gpt2_parameters",
    "gpt_neo_parameters",
    "gpt_neox_parameters",
    "gptj_parameters",
    "linear_scaling",
    "llama3_scaling",
    "llama_parameters",
    "load",
    "marian_parameters",
    "marian_positions",
    "model_of",
    "qwen_parameters",
    "save",
    "t5_parameters",
    "translation",
]
