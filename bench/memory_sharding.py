#!/usr/bin/env python3
"""Peak memory of the learner's ranks for each learner.sharding and number of ranks, beside the plan of `drover recipe plan`.

    python3 bench/memory_sharding.py --drover build/bin/drover [--ranks 1,2,4] [--shardings NONE,OPTIMIZER,GRADIENTS,WEIGHTS]

Each run is `drover train` of the embedded arithmetic recipe with a model whose state is most of a process: three rollouts of one
optimizer step in one pass, with a checkpoint before the first and behind each, which is written while training goes on: steps are so short that it
is still being written when the next version is made. The peak is VmHWM of each drover-learner, looked at until it ends. Prints Markdown as rows come.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

MIB = 1024 * 1024


def settings(args, ranks, sharding):
    wanted = {
        "run.device": "cpu", "run.steps": 3, "run.checkpoint_every": 1,
        "model.dtype": args.dtype,
        "model.embedded.hidden_size": args.hidden, "model.embedded.layers": args.layers, "model.embedded.heads": 8,
        "model.embedded.kv_heads": 8, "model.embedded.intermediate_size": 3 * args.hidden,
        "pretrain.batches": 0, "evaluation.questions": 0,
        "rollout.prompts": 2, "rollout.group_size": 4, "rollout.max_response_tokens": 8,
        "learner.minibatch_responses": 8, "learner.microbatch_responses": 8, "learner.ranks": ranks, "learner.sharding": sharding,
        # As WEIGHTS does by itself: so that rows differ in what they share alone.
        "learner.activation_checkpointing": "true",
        "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1,
        "actors.count": 1, "actors.max_batch": 8,
    }
    return [word for field, value in wanted.items() for word in ("--set", f"{field}={value}")]


def learners(run):
    """(pid, rank) of the learner processes of this run."""
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if not words[0].endswith(b"drover-learner") or run.encode() not in b"\0".join(words):
            continue
        rank = next((int(words[i + 1]) for i, word in enumerate(words) if word == b"--rank"), 0)
        yield int(entry.name), rank


def peak_bytes(pid):
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found.group(1)) * 1024 if found else 0


def measure(args, ranks, sharding):
    """Rank -> the most bytes that were resident at one moment."""
    peaks = {}
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, "run")
        command = [args.drover, "train", "--recipe", "arithmetic", "--out", run, *settings(args, ranks, sharding)]
        with open(os.path.join(folder, "log"), "w+") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            while process.poll() is None:
                for pid, rank in learners(run):
                    peaks[rank] = max(peaks.get(rank, 0), peak_bytes(pid))
                time.sleep(0.02)
            if process.returncode != 0 or sorted(peaks) != list(range(ranks)):
                log.seek(0)
                sys.exit(f"{' '.join(command)} ended with {process.returncode}, ranks seen: {sorted(peaks)}\n{log.read()}")
    return peaks


def planned_bytes(args, ranks, sharding):
    command = [args.drover, "recipe", "plan", "arithmetic", "--json", *settings(args, ranks, sharding)]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return out["learner"]["bytes"], out["learner"]["bytes_of_others"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--ranks", default="1,2,4")
    parser.add_argument("--shardings", default="NONE,OPTIMIZER,GRADIENTS,WEIGHTS")
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--dtype", default="FLOAT32")
    args = parser.parse_args()
    print("| ranks | `learner.sharding` | rank 0 | plan | plan / measured | largest of the others | plan | plan / measured |\n" + "| --- " * 8 + "|", flush=True)
    for ranks in map(int, args.ranks.split(",")):
        for sharding in args.shardings.split(","):
            if ranks == 1 and sharding != "NONE":
                continue  # one rank has all
            peaks = measure(args, ranks, sharding)
            others = [peak for rank, peak in peaks.items() if rank > 0]
            zero, above = planned_bytes(args, ranks, sharding)
            rows = [(peaks[0], zero), (max(others), above)] if others else [(peaks[0], zero)]
            cells = [cell for peak, plan in rows for cell in (f"{peak / MIB:.0f} MiB", f"{plan / MIB:.0f} MiB", f"{plan / peak:.2f}")]
            cells += ["-"] * (6 - len(cells))
            print(f"| {ranks} | `{sharding}` | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
