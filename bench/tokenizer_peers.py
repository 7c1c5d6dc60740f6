#!/usr/bin/env python3
"""Speed of the tokenizer beside Hugging Face's, on one thread, over the same tokenizers and text in the same run.

    python3 -m venv peers && peers/bin/pip install "tokenizers==0.23.3"
    peers/bin/python bench/tokenizer_peers.py --drover build/bin/drover --text FILE FOLDER...     (FOLDER: has a tokenizer.json)

Each of the rounds runs both one after the other: ours by `drover bench tokenize`, theirs in this process (encode of the whole
text, of its lines one by one, decode of the whole), with RAYON_NUM_THREADS=1 and TOKENIZERS_PARALLELISM=false. Ids and decoded text
must agree. Prints Markdown: medians over the rounds of each round's median, of calls behind the first.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

WHAT = ("encode", "encode_lines", "decode")


def median_seconds(run, seconds):
    run()
    spent = []
    while sum(spent) < seconds or len(spent) < 3:
        begin = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


def theirs(tokenizer, text, lines, seconds):
    """Megabytes a second of the three."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    size = len(text.encode()) / 1e6
    line_size = sum(len(line.encode()) for line in lines) / 1e6

    def each_line():
        for line in lines:
            tokenizer.encode(line, add_special_tokens=False)

    return {"encode": size / median_seconds(lambda: tokenizer.encode(text, add_special_tokens=False), seconds),
            "encode_lines": line_size / median_seconds(each_line, seconds),
            "decode": size / median_seconds(lambda: tokenizer.decode(ids, skip_special_tokens=False), seconds)}


def ours(drover, folder, path, seconds):
    command = [drover, "bench", "tokenize", "--model", folder, "--file", path, "--seconds", str(seconds), "--json"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {what: report[what]["megabytes_per_second"] for what in WHAT} | {"load": report["load_seconds"]}


def check(drover, folder, tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    for command, given, wanted in (("tokenize", text, ids), ("detokenize", ids, tokenizer.decode(ids, skip_special_tokens=False))):
        done = subprocess.run([drover, command, "--model", folder], input=json.dumps(given) + "\n", check=True, capture_output=True, encoding="utf-8")
        if json.loads(done.stdout) != wanted:
            sys.exit(f"tokenizer_peers: {command} differs for {folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--text", required=True, help="UTF-8")
    parser.add_argument("--drover", default="build/bin/drover", help="the program (default: build/bin/drover)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement in each round")
    options = parser.parse_args()
    try:
        from tokenizers import Tokenizer
    except ImportError:
        sys.exit("tokenizer_peers: tokenizers is not installed for this Python; see --help")
    with open(options.text, encoding="utf-8", newline="") as file:
        text = file.read()
    lines = [line for line in text.split("\n") if line]
    print(f"{len(text.encode()):,} bytes, {len(lines):,} lines; MB/s\n")
    print("| tokenizer | read, s | " + " | ".join(f"{what}: tokenizers | Drover | ratio" for what in WHAT) + " |")
    print("| --- " * (2 + 3 * len(WHAT)) + "|")
    for folder in options.folders:
        begin = time.perf_counter()
        tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
        their_load = time.perf_counter() - begin
        check(options.drover, folder, tokenizer, text)
        rounds = []
        for _ in range(options.rounds):
            rounds.append((theirs(tokenizer, text, lines, options.seconds), ours(options.drover, folder, options.text, options.seconds)))
        load = statistics.median(mine["load"] for _, mine in rounds)
        row = [os.path.basename(os.path.normpath(folder)), f"{their_load:.2f} / {load:.2f}"]
        for what in WHAT:
            peer, mine = (statistics.median(round_[side][what] for round_ in rounds) for side in (0, 1))
            row += [f"{peer:.1f}", f"{mine:.1f}", f"{mine / peer:.1f}"]
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
