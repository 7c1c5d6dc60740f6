"""TensorBoard reads what a real run writes for it: every number of metrics.jsonl and evaluations.jsonl, at its step, once, also when the run
was killed and went on from a checkpoint."""
import json
import shutil
import struct
import subprocess
import time
import unittest
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = Path(__file__).resolve().parents[2]
DROVER = ROOT / "build/bin/drover"
FOLDER = ROOT / "build/tests/tensorboard"
TINY = {"run.device": '"cpu"', "pretrain.batches": 20, "pretrain.batch_size": 16, "rollout.prompts": 8, "rollout.group_size": 4,
        "rollout.max_response_tokens": 24, "learner.minibatch_responses": 16, "learner.microbatch_responses": 16, "evaluation.questions": 8,
        "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1, "data.heldout_share": 0.3, "model.embedded.hidden_size": 32,
        "model.embedded.layers": 1, "model.embedded.heads": 2, "model.embedded.kv_heads": 1, "model.embedded.intermediate_size": 64}


def flags(settings):
    return [part for field, value in settings.items() for part in ("--set", f"{field}={value}")]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


@unittest.skipUnless(DROVER.exists(), f"no {DROVER}")
class EventsTest(unittest.TestCase):
    def setUp(self):
        self.run = FOLDER / self._testMethodName
        shutil.rmtree(self.run, ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)

    def train(self, *arguments):
        done = subprocess.run([DROVER, "train", "--quiet", *arguments], text=True, timeout=240, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)

    def check(self):
        files = sorted((self.run / "tensorboard").iterdir())
        self.assertEqual(len(files), 1, files)
        events = EventAccumulator(str(self.run / "tensorboard"), size_guidance={"scalars": 0})
        events.Reload()
        found = {(tag, scalar.step): scalar for tag in events.Tags()["scalars"] for scalar in events.Scalars(tag)}
        self.assertEqual(len(found), sum(len(events.Scalars(tag)) for tag in events.Tags()["scalars"]), "each step once")
        expected = {}
        for line in lines(self.run / "metrics.jsonl"):
            expected.update({(field, line["step"]): value for field, value in line.items() if field not in ("step", "steps")})
        for line in lines(self.run / "evaluations.jsonl"):
            expected.update({("evaluation/" + field, line["step"]): value for field, value in line.items() if field != "step"})
        expected = {key: float32(value) for key, value in expected.items() if isinstance(value, (int, float))}
        short = lambda tag: tag if tag.startswith("evaluation/") else tag.split("/")[1]
        self.assertEqual({(short(tag), step): scalar.value for (tag, step), scalar in found.items()}, expected)
        self.assertFalse([tag for tag, _ in found if tag.startswith("other/")], "every field has a group")
        times = [scalar.wall_time for scalar in events.Scalars("reward/reward")]
        self.assertEqual(times, sorted(times))
        self.assertLess(abs(times[-1] - time.time()), 600)
        return found

    def test_a_run(self):
        self.train("--out", self.run, *flags({**TINY, "run.steps": 3}))
        found = self.check()
        self.assertIn(("evaluation/accuracy", 0), found)
        self.assertIn(("reward/reward", 3), found)
        named = (ROOT / "docs/reference/metrics-names.md").read_text()
        for tag, _ in found:
            group, field = tag.split("/")
            self.assertIn(field, named, "docs/reference/metrics-names.md names it")

    def test_a_run_that_was_killed_goes_on(self):
        settings = {**TINY, "run.steps": 1000, "run.checkpoint_every": 4}
        with subprocess.Popen([DROVER, "train", "--quiet", "--out", self.run, *flags(settings)], stdin=subprocess.DEVNULL) as run:
            deadline = time.monotonic() + 120
            # Two steps after a checkpoint, so that the resume has something to undo.
            while time.monotonic() < deadline and (len(lines_or_none(self.run / "metrics.jsonl")) < 6 or
                                                   not (self.run / "checkpoints/step-000004").exists()):
                time.sleep(0.05)
            run.kill()
        trained = len(lines_or_none(self.run / "metrics.jsonl"))
        self.assertGreaterEqual(trained, 6)
        time.sleep(1)  # its processes end with it
        self.train("--resume", self.run, *flags({"run.steps": trained + 2}))
        found = self.check()
        self.assertEqual(max(step for _, step in found), trained + 2)


def lines_or_none(path):
    """Whole lines of a file that is written meanwhile."""
    text = path.read_text() if path.exists() else ""
    return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]


if __name__ == "__main__":
    unittest.main()
