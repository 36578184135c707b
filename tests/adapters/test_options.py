"""Do words of a command line set the options of Python, and are both said in messages?"""

from __future__ import annotations

import pytest
import torch
from helpers.quick_check import assert_agrees, quick_check
from user_code.modules import MyAttention

from spec.adapters.choose import adapter_for
from spec.adapters.options import WORDS, option, options_of
from spec.inputs.adapter_error import AdapterError
from spec.usage_error import UsageError


def test_every_word_is_said_with_its_option():
    for word, (name, value) in WORDS.items():
        assert options_of([word]) == {name: value}
        assert option(name, value) == f"{word} ({name}={value!r})"
    assert option("weights", "out first") == "weights='out first'"


def test_words_with_values():
    words = [
        "rows",
        "H=4",
        "d_z=d_x",
        "eps=1e-5",
        "output=1",
        "h.*.a.weight=W_q",
        "h.*.b.weight=W_k",
    ]
    assert options_of(words) == {
        "tokens": "rows",
        "sizes": {"H": 4, "d_z": "d_x"},
        "eps": 1e-5,
        "output": 1,
        "names": {"h.*.a.weight": "W_q", "h.*.b.weight": "W_k"},
    }
    assert options_of(["output=logits"]) == {"output": "logits"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["odd"], "there is no layout odd; there are rows, batch-first"),
        (["odd=3"], "there is no layout odd=3; there are rows, batch-first"),
        (["masked", "additive"], "the layouts masked and additive exclude each other"),
        (["eps=1", "eps=2"], "the layouts eps=1 and eps=2 exclude each other"),
        (["eps=small"], "the ε of eps=small is not a number"),
    ],
)
def test_words_that_make_no_sense(words, message):
    with pytest.raises(UsageError) as caught:
        options_of(words)
    assert str(caught.value).startswith(message)


def test_a_ready_adapter_sees_whether_tokens_are_rows():
    for words in ([], ["rows"], ["rows", "batch-first", "torch"]):
        adapter = adapter_for(torch.nn.MultiheadAttention, 5, **options_of(words))
        assert adapter.name == "torch.nn.MultiheadAttention"


class KeywordMask(MyAttention):
    def forward(self, x, context, *, mask):
        return super().forward(x, context, context, mask)


class Several(MyAttention):
    def forward(self, query, key, value, attn_mask):
        y, _ = super().forward(query, key, value, attn_mask)
        return {"weights": attn_mask, "y": y}


def test_modules_with_a_keyword_for_the_mask_or_several_results():
    for kind, words in (KeywordMask, []), (Several, ["output=y"]):
        adapter = adapter_for(kind, 5, **options_of(["masked", *words]))
        assert_agrees(quick_check(kind, 5, adapter, kinds=5))
    with pytest.raises(AdapterError, match="modules has no option itself"):
        adapter_for(Several, 5, itself=True)


def test_a_module_of_half_precision_is_called_in_the_format_of_the_check():
    module = MyAttention(12, 3, 0.0).half()
    assert_agrees(quick_check(module, 5, adapter_for(module, 5, mask="masked")))
    assert module.q_proj.weight.dtype == torch.float16
