#!/usr/bin/env python3
"""Decoding by one process and by several that hold the model together (Gloo over loopback), in turn on the same cores.

    python3 bench/tensor_parallel.py [--model DIR] [--ranks 2] [--threads 2] [--batches 1,8,32] [--new-tokens 64] [--rounds 3] [--dtype bfloat16]

Without --model it is one of random weights in bfloat16, of SmolLM2-135M's shape but for 10 query heads and 2 key heads in place of 9 and 3,
which 2 ranks cannot share out. One process has all --threads; of several each has its share. Each measurement is a `drover bench generate`, which times its own decoding;
a round runs one and then the other. Prints Markdown: medians, and the median of the rounds' ratios.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536,
          "num_hidden_layers": 30, "num_attention_heads": 10, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 8192,
          "rms_norm_eps": 1e-5, "rope_theta": 100000.0, "hidden_act": "silu", "tie_word_embeddings": True, "torch_dtype": "bfloat16"}


def shapes():
    width, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    query, key = (CONFIG[name] * CONFIG["head_dim"] for name in ("num_attention_heads", "num_key_value_heads"))
    layer = {"input_layernorm": [width], "post_attention_layernorm": [width], "self_attn.q_proj": [query, width], "self_attn.k_proj": [key, width],
             "self_attn.v_proj": [key, width], "self_attn.o_proj": [width, query], "mlp.gate_proj": [inner, width], "mlp.up_proj": [inner, width],
             "mlp.down_proj": [width, inner]}
    layers = {f"model.layers.{i}.{name}.weight": shape for i in range(CONFIG["num_hidden_layers"]) for name, shape in layer.items()}
    return {"model.embed_tokens.weight": [CONFIG["vocab_size"], width], "model.norm.weight": [width], **layers}


def weights(shape):
    """bfloat16: norms of 1, matrices of numbers between 1/128 and 1/32 of either sign."""
    if len(shape) == 1:
        return b"\x80\x3f" * shape[0]
    count = shape[0] * shape[1]
    data = bytearray(os.urandom(2 * count))
    data[1::2] = bytes(data[1::2]).translate(bytes(0x3C | high & 0x80 for high in range(256)))
    return bytes(data)


def make_model(folder):
    tensors, header, end = [], {}, 0
    for name, shape in shapes().items():
        tensors.append(weights(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + len(tensors[-1])]}
        end += len(tensors[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.writelines(tensors)
    return str(folder)


def measure(options, batch, ranks):
    command = [options.drover, "bench", "generate", "--model", options.model, "--dtype", options.dtype, "--batch", str(batch),
               "--prompt-tokens", str(options.prompt_tokens), "--new-tokens", str(options.new_tokens), "--repeats", "1",
               "--tensor-parallel", str(ranks), "--threads", str(max(1, options.threads // ranks))]
    line = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return line["decode_tokens_per_second"], line["prefill_tokens_per_second"]


def print_table(options):
    each = max(1, options.threads // options.ranks)
    print(f"| sequences | 1 process x {options.threads} threads | {options.ranks} x {each} | ratio | least and most |"
          f" prompts, 1 | prompts, {options.ranks} |")
    print("| --- " * 7 + "|")
    for batch in map(int, options.batches.split(",")):
        rounds = [(measure(options, batch, 1), measure(options, batch, options.ranks)) for _ in range(options.rounds)]
        ratios = sorted(several[0] / one[0] for one, several in rounds)
        (one, one_prompts), (several, several_prompts) = ([statistics.median(column) for column in zip(*side)] for side in zip(*rounds))
        print(f"| {batch} | {one:.0f} | {several:.0f} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} |"
              f" {one_prompts:.0f} | {several_prompts:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", help="a Hugging Face directory whose heads the ranks can share out")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="of all processes together")
    parser.add_argument("--batches", default="1,8,32")
    parser.add_argument("--prompt-tokens", type=int, default=100)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options.model = options.model or make_model(pathlib.Path(folder))
        print_table(options)


if __name__ == "__main__":
    main()
