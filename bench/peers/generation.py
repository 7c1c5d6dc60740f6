#!/usr/bin/env python3
"""Decoding by the actor's engine and by llama.cpp, in turn on one machine: medians and their ratio for each batch size.

    python3 bench/peers/generation.py --model DIR --gguf FILE --llama-batched-bench PROGRAM [--rounds 5] [--dtype bfloat16]

llama.cpp is built from the sources in PyPI's llama_cpp_python 0.3.36, for this machine and with its own threads:

    pip download --no-deps --no-binary :all: llama_cpp_python==0.3.36 && tar xzf llama_cpp_python-*.tar.gz
    cd llama_cpp_python-*/vendor/llama.cpp
    cmake -B build -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DCMAKE_BUILD_TYPE=Release && cmake --build build --target llama-batched-bench
    PYTHONPATH=gguf-py python3 convert_hf_to_gguf.py DIR --outtype bf16 --outfile FILE   (needs torch, transformers, sentencepiece)

Both decode the same number of sequences at a time, of the same lengths, in the same dtype, on the same number of threads. The engine's
sequences are groups of 8 with a common prompt, as in training; llama.cpp's prompts are sequences of their own. Decoding alone is compared.
A round runs one and then the other for one batch size, so that whatever else the machine does meets both.
"""
import argparse
import json
import statistics
import subprocess


def engine(options, batch):
    command = [options.drover, "bench", "generate", "--model", options.model, "--dtype", options.dtype, "--threads", str(options.threads),
               "--batch", str(batch), "--prompt-tokens", str(options.prompt_tokens), "--new-tokens", str(options.new_tokens), "--repeats", "1"]
    line = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return line["decode_tokens_per_second"], line["prefill_tokens_per_second"]


def llama(options, batch):
    context = batch * (options.prompt_tokens + options.new_tokens) + 64
    command = [options.llama_batched_bench, "-m", options.gguf, "-c", str(context), "-b", "2048", "-ub", "512", "-t", str(options.threads),
               "-tb", str(options.threads), "-npp", str(options.prompt_tokens), "-ntg", str(options.new_tokens), "-npl", str(batch),
               "-ngl", "0", "--output-format", "jsonl"]
    if options.dtype == "bfloat16":
        command += ["-ctk", "bf16", "-ctv", "bf16"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    return line["speed_tg"], line["speed_pp"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", required=True, help="a Hugging Face directory")
    parser.add_argument("--gguf", required=True, help="the same model for llama.cpp")
    parser.add_argument("--llama-batched-bench", required=True)
    parser.add_argument("--batches", default="1,8,32,64")
    parser.add_argument("--prompt-tokens", type=int, default=100)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| sequences | decode, engine | decode, llama.cpp | ratio | least and most | prefill, engine | prefill, llama.cpp |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for batch in map(int, options.batches.split(",")):
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(engine(options, batch))
            theirs.append(llama(options, batch))
        ratios = sorted(a[0] / b[0] for a, b in zip(ours, theirs))
        middle = [statistics.median(column) for column in (*zip(*ours), *zip(*theirs))]
        print(f"| {batch} | {middle[0]:.0f} | {middle[2]:.0f} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} |"
              f" {middle[1]:.0f} | {middle[3]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
