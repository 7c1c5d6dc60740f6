#!/usr/bin/env python3
"""Makes the models of model/testdata/models: tiny, with random weights, and what transformers computes of them.

    make_models.py FOLDER [NAME...]     all models, or those of these names, into FOLDER/NAME

Each folder is a Hugging Face directory as transformers saves it (config.json in the newer form; where older files say it
otherwise, config_older_format.json is the same in that form) and reference.safetensors: `input_ids` [2, T], `logits`
[2, T, V] and `greedy_ids` [2, G], the greedy continuation; for some also `advantages` [2, T - 1], `loss` = - sum of
advantages x log p(next token) / 100, and `grad.NAME`, its gradient by each weight. All of it in float32, with eager
attention, one thread, of the weights as they are stored. Sequences are longer than windows and than the context before
rope scaling. Norm weights and biases are random too, so that one that is left out shows.

Not run by the build or by tests. Needs Python 3.11 and, from PyPI: torch==2.11.0 transformers==5.24.0 safetensors==0.8.0
numpy==2.4.6 tokenizers==0.23.3 huggingface_hub==2.4.0.
"""
import json
import pathlib
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file

SEEDS = range(15, 40)  # the first whose greedy tokens lead clearly
TOKENS = 32
GREEDY = 12
LEAST_LEAD = 1e-3  # of a greedy token over the runner-up

SIZES = dict(vocab_size=67, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16, beta_fast=4.0,
            beta_slow=1.0)
LONGROPE = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.25, 1.5], long_factor=[2.0, 3.0, 4.0],
                partial_rotary_factor=0.75)
SMALL = dict(SIZES, hidden_size=16, intermediate_size=24)  # where gradients or float32 take their place
GEMMA = dict(SMALL, head_dim=12, sliding_window=9, query_pre_attn_scalar=20, num_hidden_layers=3)


def gemma3_ropes():
    return {"full_attention": dict(rope_type="linear", factor=4.0, rope_theta=1000000.0),
            "sliding_attention": dict(rope_type="default", rope_theta=100.0)}


# Name, class of the configuration, its fields, dtype of the file; options: older (fields of config_older_format.json;
# None: that field is not there), gradients, shards.
MODELS = {
    "llama_linear": ("LlamaConfig", dict(SIZES, mlp_bias=True, rope_parameters=dict(
        rope_type="linear", rope_theta=10000.0, factor=4.0)), "bfloat16", {}),
    "llama_dynamic": ("LlamaConfig", dict(SIZES, rope_parameters=dict(
        rope_type="dynamic", rope_theta=10000.0, factor=2.0)), "float16", {}),
    "llama_yarn": ("LlamaConfig", dict(SIZES, rope_parameters=YARN), "bfloat16", dict(older=dict(
        rope_parameters=None, rope_theta=10000.0,
        rope_scaling=dict(type="yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=4.0)))),
    "mistral_window": ("MistralConfig", dict(SIZES, sliding_window=9), "bfloat16", {}),
    "qwen2_window": ("Qwen2Config", dict(SIZES, use_sliding_window=True, sliding_window=9, max_window_layers=1),
                     "bfloat16", dict(older=dict(layer_types=None, rope_parameters=None, rope_theta=10000.0))),
    "qwen2_shards": ("Qwen2Config", dict(SIZES, rope_parameters=dict(rope_type="default", rope_theta=1000000.0)),
                     "bfloat16", dict(shards="16KB")),
    "smollm3": ("SmolLM3Config", dict(SIZES, num_hidden_layers=3, no_rope_layers=[1, 0, 1]), "bfloat16", dict(
        older=dict(layer_types=None, rope_parameters=None, rope_theta=2000000.0, rope_scaling=None))),
    "gemma2": ("Gemma2Config", dict(GEMMA, attn_logit_softcapping=3.0, final_logit_softcapping=4.0), "bfloat16", dict(
        gradients=True, older=dict(layer_types=None, rope_parameters=None, rope_theta=10000.0,
                                   cache_implementation="hybrid"))),
    "gemma3_text": ("Gemma3TextConfig", dict(GEMMA, rope_parameters=gemma3_ropes(), layer_types=[
        "sliding_attention", "sliding_attention", "full_attention"]), "bfloat16", dict(
        older=dict(layer_types=None, sliding_window_pattern=3, rope_parameters=None, rope_theta=1000000.0,
                   rope_local_base_freq=100.0, rope_scaling=dict(rope_type="linear", factor=4.0)))),
    "gemma3": ("Gemma3Config", dict(
        text_config=dict(GEMMA, rope_parameters=gemma3_ropes(), layer_types=["sliding_attention"] * 2 + ["full_attention"]),
        vision_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=4,
                           patch_size=2), mm_tokens_per_image=4, boi_token_index=0, eoi_token_index=1, image_token_index=2),
        "bfloat16", {}),
    "phi3": ("Phi3Config", dict(SMALL, sliding_window=9), "bfloat16", dict(gradients=True)),
    "phi3_longrope": ("Phi3Config", dict(
        SIZES, max_position_embeddings=256, original_max_position_embeddings=64, rope_parameters=LONGROPE), "bfloat16",
        dict(older=dict(rope_parameters=None, rope_theta=10000.0, partial_rotary_factor=0.75, rope_scaling=dict(
            type="longrope", short_factor=LONGROPE["short_factor"], long_factor=LONGROPE["long_factor"])))),
    "olmo2": ("Olmo2Config", dict(SMALL), "float32", {}),
}


def fill(model, dtype):
    """Random weights, rounded to the dtype that they are stored in."""
    gemma = "gemma" in model.config.model_type
    for name, weight in model.named_parameters():
        if name.endswith("norm.weight"):
            weight.uniform_(-0.5, 0.5) if gemma else weight.uniform_(0.5, 1.5)
        elif "embed_tokens" in name:
            weight.normal_(0.0, weight.shape[1] ** -0.5 if gemma else 1.0)
        elif weight.dim() == 1:
            weight.normal_(0.0, 0.3)
        else:
            weight.normal_(0.0, 1.3 * weight.shape[1] ** -0.5)
        weight.copy_(weight.to(dtype).to(torch.float32))


def greedy(model, ids):
    """The continuation by generate(), with its cache; None where a token does not lead clearly."""
    out = model.generate(ids, max_new_tokens=GREEDY, do_sample=False, eos_token_id=None, pad_token_id=0,
                         attention_mask=torch.ones_like(ids), output_scores=True, return_dict_in_generate=True)
    best = torch.stack(out.scores).topk(2, -1).values
    clear = (best[..., 0] - best[..., 1]).min().item() > LEAST_LEAD
    return out.sequences[:, ids.shape[1]:] if clear else None


def gradients(model, ids):
    advantages = torch.randn(ids.shape[0], ids.shape[1] - 1)
    logprobs = model(ids).logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
    loss = -(advantages * logprobs).sum() / 100
    loss.backward()
    return {"advantages": advantages, "loss": loss.detach(),
            **{"grad." + name: weight.grad.clone() for name, weight in model.named_parameters()}}


def write_older(folder, changes):
    """config.json in the form of transformers 4, checked by transformers to say the same."""
    newer = json.loads((folder / "config.json").read_text())
    older = {key: value for key, value in newer.items() if key != "dtype"} | {"torch_dtype": newer["dtype"]}
    older = {key: value for key, value in (older | changes).items() if value is not None}
    (folder / "config_older_format.json").write_text(json.dumps(older, indent=2) + "\n")
    read = [transformers.AutoConfig.for_model(**json.loads((folder / name).read_text()))
            for name in ("config.json", "config_older_format.json")]
    for field in ("rope_parameters", "layer_types", "sliding_window", "dtype"):
        values = [getattr(config, field, None) for config in read]
        assert same(*values), f"{folder}: {field} {values}"


def same(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        shared = (set(a) & set(b)) | ((set(a) ^ set(b)) - {"type", "beta_slow", "partial_rotary_factor"})
        return all(same(a.get(key), b.get(key)) for key in shared)
    return str(a).replace("torch.", "") == str(b).replace("torch.", "")


def make(folder, name):
    kind, fields, dtype_name, options = MODELS[name]
    dtype = getattr(torch, dtype_name)
    config = getattr(transformers, kind)(**fields)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    model.eval()
    for seed in SEEDS:
        torch.manual_seed(seed)
        with torch.no_grad():
            fill(model, dtype)
            ids = torch.randint(3, config.get_text_config().vocab_size, (2, TOKENS))
            reference = {"input_ids": ids, "logits": model(ids).logits, "greedy_ids": greedy(model, ids)}
        if reference["greedy_ids"] is not None:
            break
    else:
        raise SystemExit(f"{name}: no seed gives greedy tokens that lead clearly")
    if options.get("gradients"):
        reference |= gradients(model, ids)
    shutil.rmtree(folder / name, ignore_errors=True)
    model.to(dtype).save_pretrained(folder / name, max_shard_size=options.get("shards", "1GB"))
    save_file({key: value.contiguous() for key, value in reference.items()}, folder / name / "reference.safetensors")
    if "older" in options:
        write_older(folder / name, options["older"])


def main():
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or MODELS:
        make(folder, name)
        print(name, sum(path.stat().st_size for path in (folder / name).iterdir()), "bytes")


if __name__ == "__main__":
    main()
