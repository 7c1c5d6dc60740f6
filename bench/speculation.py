#!/usr/bin/env python3
"""What guessing next tokens gains on questions that people ask: the actor's engine with and without --speculation, in turn.

    python3 bench/speculation.py --model DIR --questions FILE.jsonl[,FILE.jsonl...] [--count 8] [--key problem] [--template chat]
                                 [--batches 1,8] [--temperatures 0,1] [--new-tokens 256] [--rounds 3] [--dtype bfloat16] [--threads 2]

Of each file --count questions, spread evenly over it, are answered by `drover bench generate`: one at a time, or 8. Greedily the 8 answer
different questions, as an evaluation does; at a temperature they are a group with one question, as in training. Both sides give the same
responses to the last bit (checked here by their number of tokens), prompts are read in the time that counts, and each process first answers
all questions once uncounted, so that it has learned what guesses are worth. A round runs without and with, one after the other. Prints
Markdown: medians, the median of the rounds' ratios, and of the last round the guesses that went through the model and those that were right.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile


def questions(file, count, key):
    lines = [json.loads(line) for line in pathlib.Path(file).read_text().splitlines() if line.strip()]
    return [lines[i * len(lines) // count][key] for i in range(min(count, len(lines)))]


def measure(options, prompts, batch, temperature, speculation):
    command = [options.drover, "bench", "generate", "--model", options.model, "--dtype", options.dtype, "--threads", str(options.threads),
               "--prompts", prompts, "--template", options.template, "--batch", str(batch), "--group-size", "8" if temperature > 0 else "1",
               "--temperature", str(temperature), "--new-tokens", str(options.new_tokens), "--repeats", "1"]
    command += ["--speculation"] if speculation else []
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def row(options, name, prompts, batch, temperature):
    rounds = []
    for _ in range(options.rounds):
        plain, guessing = (measure(options, prompts, batch, temperature, speculation) for speculation in (False, True))
        if plain["tokens"] != guessing["tokens"]:
            raise SystemExit(f"{name}, {batch} at a time: {plain['tokens']} tokens without guesses and {guessing['tokens']} with them")
        rounds.append((plain, guessing))
    ratios = sorted(b["tokens_per_second"] / a["tokens_per_second"] for a, b in rounds)
    middle = [statistics.median(line["tokens_per_second"] for line in lines) for lines in zip(*rounds)]
    last = rounds[-1][1]
    share = last["accepted_tokens"] / last["drafted_tokens"] if last["drafted_tokens"] else 0.0
    return (f"| {name} | {batch} | {temperature:g} | {middle[0]:.0f} | {middle[1]:.0f} | {statistics.median(ratios):.2f} |"
            f" {ratios[0]:.2f} to {ratios[-1]:.2f} | {last['tokens']} | {last['drafted_tokens']} | {last['accepted_tokens']} | {share:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", required=True, help="a Hugging Face directory")
    parser.add_argument("--questions", required=True, help="JSONL files, parted by commas")
    parser.add_argument("--count", type=int, default=8, help="questions of each file")
    parser.add_argument("--key", default="problem", help="where the question stands in a line")
    parser.add_argument("--template", default="chat")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--temperatures", default="0,1")
    parser.add_argument("--new-tokens", type=int, default=256)
    parser.add_argument("--dtype", default="bfloat16", choices=["bfloat16", "float32"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| questions | at a time | temperature | tokens a second | with guesses | ratio | least and most | tokens | guesses | right | share |")
    print("| --- " * 11 + "|")
    with tempfile.TemporaryDirectory() as folder:
        for file in options.questions.split(","):
            prompts = pathlib.Path(folder) / "prompts.jsonl"
            asked = questions(file, options.count, options.key)
            prompts.write_text("".join(json.dumps({"id": i, "prompt": text}) + "\n" for i, text in enumerate(asked)))
            for batch in map(int, options.batches.split(",")):
                for temperature in map(float, options.temperatures.split(",")):
                    print(row(options, pathlib.Path(file).stem, str(prompts), batch, temperature), flush=True)


if __name__ == "__main__":
    main()
