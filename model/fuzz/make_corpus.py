#!/usr/bin/env python3
"""Writes the seeds of the fuzzers into corpus/: small valid files of every kind that the readers know."""
import json
import struct
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def safetensors(header, data=b""):
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def config(**fields):
    return {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "hidden_size": 16,
            "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu", "eos_token_id": [2, 3], **fields}


LLAMA3_ROPE = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 32}


def tokenizer(pre, normalizer=None, merges=("a b", ["ab", "a"]), **model):
    def added(token_id, content, **flags):
        return {"id": token_id, "content": content, "special": True, "normalized": False, **flags}
    vocab = {"<pad>": 0, "<eos>": 1, "a": 2, "b": 3, "ab": 4, "aba": 5, "\u0120": 6, "1": 7, "2": 8}
    return {"added_tokens": [added(0, "<pad>", lstrip=True, rstrip=True), added(1, "<eos>", single_word=True),
                             added(9, "ba", special=False, normalized=True)],
            "normalizer": normalizer, "pre_tokenizer": pre, "decoder": {"type": "ByteLevel"},
            "model": {"type": "BPE", "vocab": vocab, "merges": list(merges), **model}}


def of_characters(pre, normalizer, decoder, **model):
    file = tokenizer(pre, normalizer, (("a", "b"), ("\u2581", "ab")), **model)
    file["model"]["vocab"].update({"\u2581": 10, "\u2581ab": 11, "<0xC3>": 12, "<0xA9>": 13, "<unk>": 14})
    return {**file, "decoder": decoder}


MARK = "\u2581"
REPLACE = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
BACK = {"type": "Replace", "pattern": {"String": MARK}, "content": " "}
METASPACE = {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "first", "split": True}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": [*steps, BYTE_LEVEL]}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


SEEDS = {
    "safetensors_fuzzer": {
        "empty": safetensors({}),
        "two": safetensors({"__metadata__": {"format": "pt"}, "a": tensor("F32", [1, 2], 0, 8),
                            "b": tensor("BF16", [], 8, 10), "c": tensor("U8", [0, 3], 10, 10)}, bytes(10)),
    },
    "model_config_fuzzer": {
        "older": config(rope_theta=5e5, rope_scaling=LLAMA3_ROPE, torch_dtype="bfloat16", bos_token_id=1),
        "newer": config(rope_parameters={**LLAMA3_ROPE, "rope_theta": 1e4}, dtype="float16", head_dim=8),
        "qwen2": config(model_type="qwen2", architectures=["Qwen2ForCausalLM"], use_sliding_window=False,
                        layer_types=["full_attention"] * 2, tie_word_embeddings=True),
        "mistral": config(model_type="mistral", architectures=["MistralForCausalLM"], sliding_window=64),
        "windows": config(model_type="qwen3", architectures=["Qwen3Model", "Other"], use_sliding_window=True,
                          sliding_window=32, max_window_layers=1, layer_types=["full_attention", "sliding_attention"],
                          torch_dtype="torch.float32", eos_token_id=[2, 64]),
    },
    "tokenizer_json_fuzzer": {
        "gpt2": tokenizer({"type": "ByteLevel"}, unk_token="<pad>", fuse_unk=True),
        "regex": tokenizer(sequence(split({"Regex": "(?i:'s)|\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}]+|\\s+(?!\\S)|\\s+"})),
                           {"type": "NFC"}, ignore_merges=True),
        "steps": tokenizer(sequence(split({"String": "b"}, "Removed"), split({"Regex": "[a-b\\d]"}, "Contiguous", True),
                                    {"type": "Digits", "individual_digits": True})),
        "llama2": of_characters(None, {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": MARK}, REPLACE]},
                                {"type": "Sequence", "decoders": [BACK, {"type": "ByteFallback"}, {"type": "Fuse"},
                                                                   {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
                                unk_token="<unk>", fuse_unk=True, byte_fallback=True),
        "metaspace": of_characters(METASPACE, None, {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, METASPACE]}, unk_token="<unk>"),
        "merged": of_characters(split({"String": "a"}, "MergedWithPrevious"), {"type": "Sequence", "normalizers": [
            {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True},
            {"type": "Replace", "pattern": {"Regex": "\\s+$"}, "content": "_"}]}, {"type": "Strip", "content": "a", "start": 1, "stop": 1}, ignore_merges=True),
        "deepseek": tokenizer(sequence(split({"Regex": "\\p{N}{1,3}"}), split({"Regex": "[\u4e00-\u9fa5]+"}), split({"Regex": "\\s+$"}, "MergedWithNext")),
                              {"type": "Sequence", "normalizers": []}),
        "characters": tokenizer(BYTE_LEVEL, merges=()),
        "template": {**tokenizer(BYTE_LEVEL), "post_processor": {"type": "Sequence", "processors": [
            {"type": "ByteLevel", "trim_offsets": True},
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<pad>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
             "special_tokens": {"<pad>": {"id": "<pad>", "ids": [0], "tokens": ["<pad>"]}}}]}},
    },
    "chat_template_fuzzer": {
        "chat": b"{%- for m in messages if m.role != 'x' %}{{- bos_token ~ m['role'] + m.content | trim -}}{% else %}e{% endfor %}"
                b"{% if add_generation_prompt and not (1 == 2) %}{{ 'a\\n' * 2 }}{% elif x is defined %}{% endif %}",
        "names": b"{% set ns = namespace(n=1) %}{% for i in range(3) %}{% set ns.n = ns.n + i %}{% if i == 2 %}{% break %}"
                 b"{% endif %}{% endfor %}{{ ns.n }}{% macro f(a, b=[1]) %}{{ a }}{{ b[0] }}{% endmacro %}{{ f(2) }}"
                 b"{% set t %}x{% endset %}{{ t }}",
        "values": b"{{ {'a': [1, 2.5, none]} | tojson(indent=2) }}{{ 'a,b'.split(',')[::-1] | join('-') }}{{ 'abc'[-2:] }}"
                  b"{{ messages | selectattr('role', 'equalto', 'user') | list | length }}{{ x | default('d') }}{# c #}",
    },
}

for fuzzer, seeds in SEEDS.items():
    for name, seed in seeds.items():
        path = CORPUS / fuzzer / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seed if isinstance(seed, bytes) else json.dumps(seed, separators=(",", ":")).encode())
