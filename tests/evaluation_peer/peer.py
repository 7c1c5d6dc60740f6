#!/usr/bin/env python3
"""An evaluation that shares nothing with ours: Hugging Face's generate and Math-Verify over the questions that `drover eval` answered.

    python3 -m venv peer && peer/bin/pip install -r setup/python-evaluation.txt
    peer/bin/python tests/evaluation_peer/peer.py select --data ../shared/data/train --out SUITE
    build/bin/drover eval --model MODEL --suite SUITE --out EVAL \\
        --template $'Question: {question}\\nAnswer:' --few-shot tests/evaluation_peer/few_shot.jsonl --stop $'\\n\\nQuestion:' \\
        --format plain --max-response-tokens 256
    peer/bin/python tests/evaluation_peer/peer.py generate --model MODEL --data SUITE --out PEER.jsonl
    peer/bin/python tests/evaluation_peer/peer.py compare --ours EVAL --peer PEER.jsonl

`select` writes the questions of questions.json (first and last lines of stretches of each file, from 0): the first 150 of ASDiv, 50 more
that SmolLM2-135M-Instruct was seen to answer at least once in two samples, so that there are right answers to agree on, and the first 100
of GSM8K.
`generate` reads the data itself, writes its prompts itself, decodes greedily in float32 and has Math-Verify grade; it goes on where it was.
`compare` prints both accuracies and every question on which they differ, with both responses' ends and what was extracted.
"""
import argparse
import json
import os

SETS = ("asdiv_2k", "gsm_8k")
STOP = "\n\nQuestion:"
HERE = os.path.dirname(os.path.abspath(__file__))


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def select(options):
    with open(os.path.join(HERE, "questions.json"), encoding="utf-8") as text:
        stretches = json.load(text)
    os.makedirs(options.out, exist_ok=True)
    for name in SETS:
        with open(os.path.join(options.data, name + ".jsonl"), encoding="utf-8") as data:
            lines = data.read().splitlines()
        with open(os.path.join(options.out, name + ".jsonl"), "w", encoding="utf-8") as out:
            out.writelines(lines[i] + "\n" for first, last in stretches[name] for i in range(first, last + 1))


def questions_of(data):
    shots = read_lines(os.path.join(HERE, "few_shot.jsonl"))
    before = "".join(f"Question: {shot['problem']}\nAnswer: {shot['solution']}\n\n" for shot in shots)
    for name in SETS:
        for index, line in enumerate(read_lines(os.path.join(data, name + ".jsonl"))):
            yield {"id": f"{name}/{index}", "gold": str(line["answer"]), "prompt": f"{before}Question: {line['problem']}\nAnswer:"}


def verdict(gold, text):
    import math_verify

    parsed = math_verify.parse(text)
    correct = math_verify.verify(math_verify.parse(f"${gold}$"), parsed)
    return bool(correct), [str(part) for part in parsed]


def generate(options):
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(options.model, padding_side="left")
    model = transformers.AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    done = {line["id"] for line in read_lines(options.out)} if os.path.exists(options.out) else set()
    left = [question for question in questions_of(options.data) if question["id"] not in done]
    left.sort(key=lambda question: len(question["prompt"]))  # little padding
    for start in range(0, len(left), options.batch):
        batch = left[start : start + options.batch]
        inputs = tokenizer([question["prompt"] for question in batch], return_tensors="pt", padding=True, return_token_type_ids=False)
        with torch.no_grad():
            outputs = model.generate(**inputs, max_new_tokens=options.tokens, do_sample=False, stop_strings=[STOP], tokenizer=tokenizer)
        with open(options.out, "a", encoding="utf-8") as out:
            for question, ids in zip(batch, outputs[:, inputs["input_ids"].shape[1] :]):
                text = tokenizer.decode(ids, skip_special_tokens=True).split(STOP)[0]
                correct, extracted = verdict(question["gold"], text)
                out.write(json.dumps({**question, "text": text, "correct": correct, "extracted": extracted}) + "\n")
        print(start + len(batch), "of", len(left), flush=True)


def compare(options):
    ours = {line["id"]: line for line in read_lines(os.path.join(options.ours, "responses.jsonl"))}
    peer = {line["id"]: line for line in read_lines(options.peer)}
    assert peer.keys() <= ours.keys(), "the two answered different questions"
    if len(peer) < len(ours):
        print(f"the peer has answered {len(peer)} of {len(ours)} questions so far; only these are compared")
    same_text, differ = 0, []
    for name in SETS:
        ids = [key for key in peer if key.startswith(name + "/")]
        us = sum(ours[key]["responses"][0]["reward"] == 1 for key in ids)
        them = sum(peer[key]["correct"] for key in ids)
        print(f"{name}: {len(ids)} questions, ours {us} right, Hugging Face and Math-Verify {them}")
    for key in peer:
        mine = ours[key]["responses"][0]
        assert ours[key]["prompt"] == peer[key]["prompt"], f"{key}: the prompts differ"
        same_text += mine["text"] == peer[key]["text"]
        if (mine["reward"] == 1) != peer[key]["correct"]:
            differ.append(key)
    print(f"texts that are the same: {same_text} of {len(peer)}; verdicts that differ: {len(differ)}")
    for key in differ:
        mine = ours[key]["responses"][0]
        print(f"\n{key}, gold {peer[key]['gold']}: ours {mine['reward']:g} ({mine['extracted']!r}, {mine['reason']}), "
              f"peer {peer[key]['correct']:d} {peer[key]['extracted']}")
        print("  the same text" if mine["text"] == peer[key]["text"] else f"  peer's text ends: {peer[key]['text'][-200:]!r}")
        print(f"  our text ends:   {mine['text'][-200:]!r}")
    return 0 if len(differ) <= len(peer) // 100 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("select")
    command.add_argument("--data", required=True)
    command.add_argument("--out", required=True)
    command = commands.add_parser("generate")
    command.add_argument("--model", required=True)
    command.add_argument("--data", required=True)
    command.add_argument("--out", required=True)
    command.add_argument("--tokens", type=int, default=256)
    command.add_argument("--batch", type=int, default=25)
    command.add_argument("--threads", type=int, default=1)
    command = commands.add_parser("compare")
    command.add_argument("--ours", required=True)
    command.add_argument("--peer", required=True)
    options = parser.parse_args()
    return {"select": select, "generate": generate, "compare": compare}[options.command](options)


if __name__ == "__main__":
    raise SystemExit(main())
