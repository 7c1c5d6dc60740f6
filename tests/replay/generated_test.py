"""`drover data generate` and `drover data mix` against docs/reference/questions.md, followed in Python."""
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import questions
from questions import Question
from protos import ROOT

DROVER = os.environ.get("DROVER", str(ROOT / "build/bin/drover"))


def drover(*arguments):
    done = subprocess.run([DROVER, "data", *map(str, arguments), "--out", "-"], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def tables():
    """The stories, people and things of word problems."""
    source = (ROOT / "data/word_problems.cc").read_text()
    stories = source[source.index("kStories[] = {") : source.index("constexpr size_t kOneStep")]
    texts = ["".join(re.findall(r'"([^"]*)"', story)) for story in re.findall(r"\{Rule::\w+,(.*?)\}[,}]", re.sub(r"\{([ABsxyz])\}", r"<\1>", stories), re.S)]
    lists = [re.findall(r'"([^"]*)"', re.search(name + r"\[\] = \{(.*?)\}", source, re.S)[1]) for name in ("kPeople", "kThings")]
    return [re.sub(r"<(.)>", r"{\1}", text) for text in texts], *lists


class GeneratedTest(unittest.TestCase):
    def check(self, draw, *flags, seed, share=0.05):
        ours = questions.first_different(draw, seed, share, 200)
        theirs = drover(*flags, "--count", 200, "--seed", seed)
        self.assertEqual([(d.text, d.answer, d.solution) for d in ours], [(q["problem"], q["answer"], q["solution"]) for q in theirs])

    def test_countdown(self):
        defaults = {"min_numbers": 3, "max_numbers": 4, "max_number": 99, "max_target": 100}
        self.check(lambda stream: questions.countdown(defaults, stream), "generate", "countdown", seed=1)
        other = {"min_numbers": 2, "max_numbers": 6, "max_number": 1000, "max_target": 1000000}
        sets = [flag for name, value in other.items() for flag in ("--set", f"data.countdown.{name}={value}")]
        self.check(lambda stream: questions.countdown(other, stream), "generate", "countdown", *sets, "--set", "data.heldout_share=0.5", seed=2**40 + 1, share=0.5)

    def test_word_problems(self):
        stories, people, things = tables()
        self.assertEqual((len(stories), len(people), len(things)), (16, 12, 12))
        for steps in ((1, 1), (1, 2), (2, 2)):
            settings = {"min_steps": steps[0], "max_steps": steps[1], "max_number": 50}
            sets = [flag for name, value in settings.items() for flag in ("--set", f"data.word_problems.{name}={value}")]
            self.check(lambda stream: questions.word_problem(settings, stream, (stories, people, things)), "generate", "word-problems", *sets, seed=7)

    def test_mixture(self):
        with tempfile.TemporaryDirectory() as folder:
            files, parts = [], []
            for i, (size, weight) in enumerate(((10, 2), (40, 5), (3, 0.5))):
                files.append([Question(n, f"{i}:{n}", ["1"]) for n in range(size)])
                path = Path(folder) / f"{i}.jsonl"
                path.write_text("".join(json.dumps({"problem": q.text, "answer": "1"}) + "\n" for q in files[-1]))
                parts.append(f"{path}:{weight}")
            theirs = drover("mix", *parts, "--count", 2500, "--seed", 9)
            ours = [questions.in_mixture(files, [2, 5, 0.5], 9, n).text for n in range(0, 2500, 7)]
            self.assertEqual(ours, [question["problem"] for question in theirs[::7]])


if __name__ == "__main__":
    unittest.main()
