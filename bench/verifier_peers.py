#!/usr/bin/env python3
"""Accuracy by kind and speed of the grader beside Math-Verify's, over the same files in the same run.

    python3 -m venv peers && peers/bin/pip install "math-verify==0.9.0" "antlr4-python3-runtime==4.13.2"
    peers/bin/python bench/verifier_peers.py --drover build/bin/drover FILE.jsonl...

Each of the rounds runs both graders one after the other, on one thread each: ours by `drover bench verify`, Math-Verify
in this process (responses whole, answers as the text between dollar signs, which is what its own evaluation feeds it). What a grade takes includes
parsing gold and answer, on both sides. Prints Markdown. Cases of class `policy` are timed and not scored.
"""
import argparse
import base64
import collections
import json
import os
import statistics
import subprocess
import sys
import time


def cases_of(paths):
    for path in paths:
        stem = os.path.basename(path).split(".")[0]
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                case = json.loads(line)
                kind = case.get("kind", stem)
                if case.get("class"):
                    kind = case["class"] + "/" + kind
                golds = case["gold"] if isinstance(case["gold"], list) else [case["gold"]]
                response = case.get("response")
                if "response_b64" in case:
                    response = base64.b64decode(case["response_b64"]).decode("utf-8", "replace")
                answer = None if response is not None else case.get("answer", case.get("pred"))
                yield kind, golds, response, answer, case.get("expected_math", case.get("expected"))


def math_verify_grader():
    import math_verify

    def dressed(text):
        return text if "$" in text or "\\boxed" in text else f"${text}$"

    def grade(golds, response, answer):
        text = response if response is not None else dressed(answer)
        parsed = math_verify.parse(text)
        return any(math_verify.verify(math_verify.parse(dressed(gold)), parsed) for gold in golds)

    return grade


def run_math_verify(cases, grade, verdicts):
    """One round; returns the seconds of each case."""
    seconds = []
    for index, (_, golds, response, answer, _) in enumerate(cases):
        start = time.perf_counter()
        try:
            verdict = grade(golds, response, answer)
        except Exception:  # a grader that raises gives no reward
            verdict = False
        seconds.append(time.perf_counter() - start)
        verdicts[index] = verdict
    return seconds


def run_drover(drover, paths, seconds):
    """The report of `drover bench verify` over each file, by file."""
    reports = []
    for path in paths:
        command = [drover, "bench", "verify", "--in", path, "--seconds", str(seconds), "--json"]
        reports.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return reports


def tally_math_verify(cases, verdicts):
    kinds = collections.defaultdict(lambda: [0, 0, 0])  # cases, false positives, false negatives
    for (kind, _, _, _, expected), verdict in zip(cases, verdicts):
        if expected is None or kind.startswith("policy/"):
            continue
        kinds[kind][0] += 1
        kinds[kind][1] += verdict and not expected
        kinds[kind][2] += expected and not verdict
    return kinds


def tally_drover(reports):
    kinds = collections.defaultdict(lambda: [0, 0, 0])
    for report in reports:
        for kind, tally in report["accuracy"].items():
            if kind.startswith("policy/"):
                continue
            for place, key in enumerate(("cases", "false_positives", "false_negatives")):
                kinds[kind][place] += tally[key]
    return kinds


def percentile(seconds, q):
    return 1000 * sorted(seconds)[int(q * (len(seconds) - 1))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE.jsonl")
    parser.add_argument("--drover", default="build/bin/drover", help="the program (default: build/bin/drover)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3, help="of each file in each round, for ours")
    options = parser.parse_args()
    cases = list(cases_of(options.files))
    try:
        grade = math_verify_grader()
    except ImportError:
        sys.exit("verifier_peers: math-verify is not installed for this Python; see --help")
    verdicts = [False] * len(cases)
    theirs, ours = [], []
    for _ in range(options.rounds):
        theirs.append(run_math_verify(cases, grade, verdicts))
        ours.append(run_drover(options.drover, options.files, options.seconds))

    their_rate = statistics.median(len(s) / sum(s) for s in theirs)
    # Files of different sizes: the time that one pass over all of them takes.
    lines = [sum(1 for _ in cases_of([path])) for path in options.files]
    our_rate = statistics.median(
        sum(lines) / sum(n / r["single"]["grades_per_second"] for n, r in zip(lines, round_)) for round_ in ours)
    flat = [s for round_ in theirs for s in round_]
    print("| one thread | grades/s | p50 ms | p99 ms | max ms |\n| --- | --- | --- | --- | --- |")
    print(f"| Math-Verify | {their_rate:.0f} | {percentile(flat, .5):.2f} | {percentile(flat, .99):.1f} | {1000 * max(flat):.0f} |")
    last = [r["single"] for r in ours[-1]]
    print(f"| Drover | {our_rate:,.0f} | {max(r['p50_ms'] for r in last):.4f} | {max(r['p99_ms'] for r in last):.4f} "
          f"| {max(r['max_ms'] for r in last):.2f} |")
    print(f"\nRatio: {our_rate / their_rate:.0f}\n")

    mine, peer = tally_drover(ours[-1]), tally_math_verify(cases, verdicts)
    print("| kind | cases | Drover fp | fn | Math-Verify fp | fn |\n| --- | --- | --- | --- | --- | --- |")
    total = [0] * 5
    for kind in sorted(set(mine) | set(peer)):
        row = [peer[kind][0], *mine[kind][1:], *peer[kind][1:]]
        total = [a + b for a, b in zip(total, row)]
        if any(row[1:]):
            print(f"| {kind} | " + " | ".join(map(str, row)) + " |")
    print("| **all** | " + " | ".join(map(str, total)) + " |")
    clean = sum(1 for kind in peer if not any(mine[kind][1:]) and not any(peer[kind][1:]))
    print(f"\n{clean} of {len(peer)} kinds without a false verdict on either side are left out.")


if __name__ == "__main__":
    main()
