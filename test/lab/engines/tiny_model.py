#!/usr/bin/env python3
"""Writes a complete chat model with random weights that vLLM and SGLang load like any other: 4 layers, 1.5 MB.

    tiny_model.py OUT_DIR [HEADS]      needs torch, transformers and tokenizers, which come with either engine

4 heads (as many KV heads) and 4 layers allow TP and PP of 1, 2 and 4; 3 heads allow no TP of 2; head_dim 32 is the smallest that vLLM's CPU attention
takes. The same seed and versions give the same bytes, so nodes that build it separately hold the same model.
"""

import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

PAD, BOS, EOS, TURN_END = "<|pad|>", "<|bos|>", "<|eos|>", "<|end|>"
ROLES = ["<|system|>", "<|user|>", "<|assistant|>"]
TEXT = [
    "a gang of hosts serves one model and every rank holds its part of it",
    "the head answers while the other ranks compute",
    "hello, who are you? one two three four five six seven eight nine ten",
    "0 1 2 3 4 5 6 7 8 9 10 16 32 64 128 256 512 1024",
]
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE: every prompt encodes and every output decodes."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    special = [PAD, BOS, EOS, *ROLES, TURN_END]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=512, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    bpe.train_from_iterator(TEXT, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        additional_special_tokens=[*ROLES, TURN_END],
        chat_template=CHAT_TEMPLATE,
        model_max_length=2048,
    )


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    heads = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    torch.manual_seed(0)
    words = tokenizer()
    ids = {"bos_token_id": words.bos_token_id, "eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id}
    config = LlamaConfig(
        vocab_size=(len(words) + 63) // 64 * 64,
        hidden_size=32 * heads,
        intermediate_size=256,
        num_hidden_layers=4,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=2048,
        tie_word_embeddings=False,
        **ids,
    )
    out.mkdir(parents=True, exist_ok=True)
    words.save_pretrained(out)
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(out)
    # Greedy by default, and random weights rarely end a turn: a request runs to max_tokens.
    (out / "generation_config.json").write_text(json.dumps(ids, indent=2))


if __name__ == "__main__":
    main()
