#!/usr/bin/env python3
"""Seconds from the start of a process to its first token, with a warm file cache.

    python3 bench/first_token.py --model DIR [--prompt TEXT] [--rounds 7] [--dtypes bfloat16,float32] [--threads 2]

`drover generate`: from its start until the line of one response of one token is out. `drover serve`: from its start until the first chunk
with text of a streamed chat is there; the port file is looked for every millisecond, and then asked at once. Both are started in turn, once
uncounted to warm the file cache. Prints Markdown: medians, the least and the most.
"""
import argparse
import http.client
import json
import pathlib
import signal
import statistics
import subprocess
import tempfile
import time


def generate(options, dtype, folder):
    prompts = folder / "prompt.jsonl"
    prompts.write_text(json.dumps({"id": 0, "prompt": options.prompt}) + "\n")
    command = [options.drover, "generate", "--model", options.model, "--dtype", dtype, "--threads", str(options.threads), "--prompts", str(prompts),
               "--template", "chat", "--max-new-tokens", "1", "--out", "-"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if process.returncode != 0 or len(json.loads(line)["token_ids"]) != 1:
        raise SystemExit(f"drover generate ended with status {process.returncode}, after {line!r}")
    return seconds


def port_of(process, file):
    """The port, when the server has written it."""
    while process.poll() is None:
        try:
            return json.loads(file.read_text())["metrics_port"]
        except (OSError, ValueError):
            time.sleep(0.001)
    raise SystemExit(f"drover serve ended with status {process.returncode} before it listened")


def first_text(port, prompt):
    """Returns when a chunk with text has come."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = {"messages": [{"role": "user", "content": prompt}], "stream": True, "max_completion_tokens": 4, "temperature": 0}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    while line := response.readline():
        if not line.startswith(b"data: {"):
            continue
        if any(choice["delta"].get("content") for choice in json.loads(line[6:])["choices"]):
            return
    raise SystemExit(f"drover serve answered {response.status} without text")


def serve(options, dtype, folder):
    ports = folder / "ports.json"
    ports.unlink(missing_ok=True)
    command = [options.drover, "serve", "--model", options.model, "--dtype", dtype, "--threads", str(options.threads), "--port", "0",
               "--port-file", str(ports)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            first_text(port_of(process, ports), options.prompt)
            return time.perf_counter() - start
        finally:
            process.send_signal(signal.SIGTERM)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--model", required=True, help="a Hugging Face directory with a tokenizer and a chat template")
    parser.add_argument("--prompt", default="What is 7 + 5?")
    parser.add_argument("--dtypes", default="bfloat16,float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    kinds = [(program, dtype) for dtype in options.dtypes.split(",") for program in (generate, serve)]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rounds = [[program(options, dtype, folder) for program, dtype in kinds] for _ in range(options.rounds + 1)][1:]
    print("| | dtype | seconds | least and most |\n| --- | --- | --- | --- |")
    for (program, dtype), seconds in zip(kinds, zip(*rounds)):
        print(f"| `drover {program.__name__}` | {dtype} | {statistics.median(seconds):.2f} | {min(seconds):.2f} to {max(seconds):.2f} |")


if __name__ == "__main__":
    main()
