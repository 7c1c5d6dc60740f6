#!/usr/bin/env python3
"""Decoding by one process and by several that hold the model together (Gloo over loopback), in turn on the same cores.

    python3 bench/tensor_parallel.py --model DIR [--ranks 2] [--threads 2] [--batches 1,8,32] [--new-tokens 64] [--rounds 3] [--dtype bfloat16]

One process has all --threads; of several each has its share. Each measurement is a `drover bench generate`, which times its own decoding;
a round runs one and then the other. Prints Markdown: medians, and the median of the rounds' ratios.
"""
import argparse
import json
import statistics
import subprocess


def measure(options, batch, ranks):
    command = [options.drover, "bench", "generate", "--model", options.model, "--dtype", options.dtype, "--batch", str(batch),
               "--prompt-tokens", str(options.prompt_tokens), "--new-tokens", str(options.new_tokens), "--repeats", "1",
               "--tensor-parallel", str(ranks), "--threads", str(max(1, options.threads // ranks))]
    line = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return line["decode_tokens_per_second"], line["prefill_tokens_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", required=True, help="a Hugging Face directory")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2, help="of all processes together")
    parser.add_argument("--batches", default="1,8,32")
    parser.add_argument("--prompt-tokens", type=int, default=100)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
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


if __name__ == "__main__":
    main()
