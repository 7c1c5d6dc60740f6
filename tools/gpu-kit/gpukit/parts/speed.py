"""(f) How fast the engine decodes and the learner trains, beside what the card gives and beside Hugging Face's generation."""
import json
import os
import sys
from pathlib import Path

import process
from part import PartFailed

PEER = Path(__file__).resolve().parent.parent / "peers" / "huggingface.py"
SKIPPED = 77  # the peer's status where the machine lacks it
# On the CPU: a model of a real shape would take minutes.
REHEARSED_SHAPE = "embedded"
KEPT = ("tokens_per_second", "decode_tokens_per_second", "seconds_per_step", "share_of_copy_bandwidth", "share_of_gemm_rate",
        "launches_per_step", "peak_memory_bytes")


def json_lines(text):
    lines = []
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue  # cut off when the time was over
    return lines


def figures_of(line):
    return {key: line[key] for key in KEPT if key in line}


def bench(context, what, shape, flags):
    """`drover-model bench`; what it printed until it ended, or PartFailed with the figures until then."""
    command = [context.kit.program("drover-model"), "bench", what, "--shape", shape, "--device", context.device, "--dtype", "bfloat16",
               "--limits", *flags]
    try:
        ended = process.run(command, context.log(), context.environment, context.left())
    except process.TimedOut as late:
        raise PartFailed(str(late), summary(json_lines(late.ended.text))) from late
    lines = json_lines(ended.text)
    if ended.status != 0 or not lines:
        raise PartFailed(f"drover-model bench {what} ended with status {ended.status}: {process.last_words(ended.text)}", summary(lines))
    return lines


def summary(lines):
    """{"limits": ..., "batch 32": {...}} of the lines of a measurement."""
    figures = {"limits": lines[0]["limits"]} if lines and "limits" in lines[0] else {}
    for line in lines:
        figures[f"batch {line['rows']}" if "rows" in line else "step"] = figures_of(line)
    return figures


def train(context):
    sizes = ["--responses", "8", "--microbatch", "4", "--prompt-tokens", "8", "--tokens", "8", "--steps", "2"] if context.rehearsal else [
        "--responses", "16", "--microbatch", "4", "--prompt-tokens", "64", "--tokens", "256", "--steps", "20"]
    return summary(bench(context, "train", REHEARSED_SHAPE if context.rehearsal else "qwen2.5-1.5b", sizes))


def add_peer(context, shape, batches, tokens, prompt_tokens, figures):
    """The same decoding by Hugging Face's transformers, right after; what is missing is said and is no failure."""
    command = [sys.executable, PEER, "--shape", shape, "--device", context.device, "--batches", batches, "--tokens", tokens,
               "--prompt-tokens", prompt_tokens]
    try:
        ended = process.run(command, context.log(), dict(os.environ), context.left() - 1)  # Python's own libraries
        if ended.status not in (0, SKIPPED):
            figures["peer"] = f"transformers ended with status {ended.status}: {process.last_words(ended.text)}"
            return
        if ended.status == SKIPPED:
            figures["peer"] = process.last_words(ended.text)
            return
        lines = json_lines(ended.text)
    except process.TimedOut as late:
        lines = json_lines(late.ended.text)
        figures["peer"] = f"cut after {len(lines)} batch sizes"
    for line in lines:
        ours = figures.get(f"batch {line['rows']}")
        if ours is not None:
            ours["peer_tokens_per_second"] = line["tokens_per_second"]
            ours["ratio_to_peer"] = ours["tokens_per_second"] / line["tokens_per_second"]


def decode(shape):
    """The part that measures this shape."""

    def run(context):
        tokens, prompt_tokens = (4, 4) if context.rehearsal else (48, 64)
        batches = "1,4" if context.rehearsal else "1,32,128,256"
        used = REHEARSED_SHAPE if context.rehearsal else shape
        lines = bench(context, "generate", used, ["--rows", batches, "--tokens", str(tokens), "--prompt-tokens", str(prompt_tokens),
                                                  "--repeats", "1"])
        figures = summary(lines)
        add_peer(context, used, batches, str(tokens), str(prompt_tokens), figures)
        return figures

    return run
