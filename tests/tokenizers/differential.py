"""Drover's tokenizer beside Hugging Face's on the same files and texts.

    differential.py --drover build/bin/drover [--texts N] [--seed N] FOLDER...     FOLDER: has a tokenizer.json
"""
import argparse
import json
import random
import subprocess
import sys
from pathlib import Path

from tokenizers import Tokenizer

sys.path.insert(0, str(Path(__file__).parent))
from texts import texts  # noqa: E402


def lines(command, values):
    """Standard output of `command` over one JSON value a line."""
    text = "".join(json.dumps(value) + "\n" for value in values)
    done = subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def id_lists(tokenizer, encoded, r):
    """What is decoded: what texts became, and ids at random, which cut characters."""
    yield from encoded
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    for ids in encoded[: len(encoded) // 2]:
        yield [r.randrange(size) for _ in range(r.randint(0, 20))]
        yield r.sample(ids, len(ids))


def compare(drover, folder, count, seed):
    """The differences, as texts to show."""
    folder = str(folder)
    tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    inputs = list(texts(seed, count, added))
    theirs = [tokenizer.encode(text, add_special_tokens=False).ids for text in inputs]
    ours = lines([drover, "tokenize", "--model", folder], inputs)
    found = [f"encode {text!r}\n  theirs {a}\n  ours   {b}" for text, a, b in zip(inputs, theirs, ours) if a != b]
    lists = list(id_lists(tokenizer, theirs, random.Random(seed)))
    ours = lines([drover, "detokenize", "--model", folder], lists)
    theirs = [tokenizer.decode(ids, skip_special_tokens=False) for ids in lists]
    return found + [f"decode {ids}\n  theirs {a!r}\n  ours   {b!r}" for ids, a, b in zip(lists, theirs, ours) if a != b]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--drover", default="build/bin/drover")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failed = False
    for folder in options.folders:
        try:
            found = compare(options.drover, folder, options.texts, options.seed)
        except (RuntimeError, ValueError) as error:
            found = [str(error)[:400]]
        print(f"{folder}: {len(found)} differences", flush=True)
        for difference in found[:3]:
            print(difference)
        failed |= bool(found)
    sys.exit(failed)


if __name__ == "__main__":
    main()
