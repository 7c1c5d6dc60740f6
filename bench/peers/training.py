#!/usr/bin/env python3
"""Optimizer steps of the learner and of TRL's GRPOTrainer, in turn on one machine: medians, ratios, peak memory.

    python3 -m venv /tmp/trl && /tmp/trl/bin/pip install torch==2.11.0 trl==1.16.0
    python3 bench/peers/training.py --model DIR --python /tmp/trl/bin/python [--rounds 3] [--sequences 32] [--prompt-tokens 47]
                                    [--response-tokens 64] [--microbatch 8] [--dtype bfloat16]

Both take strictly on-policy Dr. GRPO steps over the same number of sequences of the same lengths, on the same number of threads: one
forward and one backward pass of all sequences, a step of AdamW. TRL's part is its trainer's own loss (`GRPOTrainer._compute_loss`,
loss_type="dr_grpo", beta=0) over batches like those that it makes of its own generations, and torch's AdamW; weights in the dtype, as its
users train on one device. The learner keeps float32 master weights and moments beside the dtype's. A round runs one and then the other, each
in a process of its own, so that whatever else the machine does meets both. Responses of a range A..B are spread evenly over it; TRL pads.
"""
import argparse
import json
import statistics
import subprocess
import sys

KEYS = ("seconds_per_step", "tokens_per_second", "peak_memory_bytes")


def lengths_of(response_tokens, sequences):
    least, most = (int(end) for end in (response_tokens.split("..") * 2)[:2])
    return [least + round((most - least) * i / max(1, sequences - 1)) for i in range(sequences)]


def ours(options):
    command = [options.drover, "bench", "train", "--model", options.model, "--dtype", options.dtype, "--threads", str(options.threads),
               "--sequences", str(options.sequences), "--prompt-tokens", str(options.prompt_tokens), "--response-tokens",
               options.response_tokens, "--microbatch", str(options.microbatch), "--steps", str(options.steps), "--json"]
    command += ["--activation-checkpointing"] if options.activation_checkpointing else []
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def theirs(options):
    command = [options.python, __file__, "--peer", "--model", options.model, "--dtype", options.dtype, "--threads", str(options.threads),
               "--sequences", str(options.sequences), "--prompt-tokens", str(options.prompt_tokens), "--response-tokens",
               options.response_tokens, "--microbatch", str(options.microbatch), "--steps", str(options.steps)]
    command += ["--activation-checkpointing"] if options.activation_checkpointing else []
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def peer(options):
    """One process of TRL: prints what `drover bench train` prints of itself."""
    import resource
    import time

    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype))
    arguments = GRPOConfig(output_dir="/tmp/trl-peer", loss_type="dr_grpo", beta=0.0, scale_rewards="none", num_generations=8,
                           per_device_train_batch_size=options.microbatch, gradient_accumulation_steps=options.sequences // options.microbatch,
                           max_completion_length=max(lengths_of(options.response_tokens, options.sequences)), use_cpu=True,
                           gradient_checkpointing=options.activation_checkpointing, report_to=[], learning_rate=1e-6)
    trainer = GRPOTrainer(model=model, reward_funcs=lambda completions, **_: [0.0] * len(completions), args=arguments,
                          train_dataset=Dataset.from_dict({"prompt": ["1"] * 8}),
                          processing_class=AutoTokenizer.from_pretrained(options.model))
    trainer.current_gradient_accumulation_steps = options.sequences // options.microbatch
    trainer.model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, betas=(0.9, 0.95))
    lengths = lengths_of(options.response_tokens, options.sequences)
    vocabulary = model.config.vocab_size

    def batches():
        # Sorted by length, as a user would who wants little padding.
        for begin in range(0, options.sequences, options.microbatch):
            own = lengths[begin:begin + options.microbatch]
            width = max(own)
            yield {"prompt_ids": torch.randint(vocabulary, (len(own), options.prompt_tokens)),
                   "prompt_mask": torch.ones(len(own), options.prompt_tokens, dtype=torch.long),
                   "completion_ids": torch.randint(vocabulary, (len(own), width)),
                   "completion_mask": torch.tensor([[int(t < length) for t in range(width)] for length in own]),
                   "advantages": torch.tensor([(i % 2) - 0.5 for i in range(len(own))]),
                   "num_items_in_batch": torch.tensor(sum(lengths))}

    def step():
        start = time.perf_counter()
        for batch in batches():
            loss = trainer._compute_loss(trainer.model, batch)
            loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return time.perf_counter() - start

    step()
    seconds = statistics.median(step() for _ in range(options.steps))
    tokens = sum(lengths) + options.sequences * options.prompt_tokens
    print(json.dumps({"seconds_per_step": seconds, "tokens_per_second": tokens / seconds,
                      "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", action="store_true", help="be one process of TRL (the script starts itself so)")
    parser.add_argument("--python", help="an interpreter that has torch and trl")
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", required=True, help="a Hugging Face directory")
    parser.add_argument("--sequences", type=int, default=32)
    parser.add_argument("--prompt-tokens", type=int, default=100)
    parser.add_argument("--response-tokens", default="64..256")
    parser.add_argument("--microbatch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--activation-checkpointing", action="store_true")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.peer:
        return peer(options)
    if not options.python:
        parser.error("--python is missing: an interpreter that has torch and trl")
    rounds = []
    for number in range(options.rounds):
        rounds.append((ours(options), theirs(options)))
        print(*(f"{who} {line['seconds_per_step']:.2f} s" for who, line in zip(("learner", "TRL"), rounds[-1])), file=sys.stderr, flush=True)
    print("| | learner | TRL | ratio | least and most |\n| --- | --- | --- | --- | --- |")
    for key in KEYS:
        ratios = sorted(a[key] / b[key] for a, b in rounds)
        middle = [statistics.median(line[key] for line in lines) for lines in zip(*rounds)]
        print(f"| `{key}` | {middle[0]:.4g} | {middle[1]:.4g} | {statistics.median(ratios):.2f} | {ratios[0]:.2f} to {ratios[-1]:.2f} |")
    share = statistics.median(line["share_of_gemm_rate"] for line, _ in rounds)
    phases = {phase: round(statistics.median(line["seconds"][phase] for line, _ in rounds), 3) for phase in rounds[0][0]["seconds"]}
    print(f"\nThe learner's share of the machine's matrix rate: {share:.2f}; its seconds by phase: {json.dumps(phases)}")
    return None


if __name__ == "__main__":
    main()
