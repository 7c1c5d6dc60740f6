"""The page that the learner of a real run serves: it fills itself while the run goes on, and says so when the learner is gone."""
import json
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import browser
import page_test

DROVER = page_test.ROOT / "build/bin/drover"
SETTINGS = {"run.device": '"cpu"', "run.steps": 100000, "pretrain.batches": 20, "pretrain.batch_size": 16, "rollout.prompts": 8,
            "rollout.group_size": 4, "rollout.max_response_tokens": 24, "learner.minibatch_responses": 16, "learner.microbatch_responses": 16,
            "evaluation.questions": 8, "evaluation.every": 5, "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1,
            "data.heldout_share": 0.3, "model.embedded.hidden_size": 32, "model.embedded.layers": 1, "model.embedded.heads": 2,
            "model.embedded.kv_heads": 1, "model.embedded.intermediate_size": 64}


@unittest.skipUnless(browser.there(), "no Chromium")
@unittest.skipUnless((DROVER.parent / "drover-learner").exists(), "build/bin has no processes")
class LiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="drover-live-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        flags = [part for field, value in SETTINGS.items() for part in ("--set", f"{field}={value}")]
        cls.run_folder = cls.folder / "live"
        cls.process = subprocess.Popen([DROVER, "train", "--quiet", "--out", cls.run_folder, *flags], stdin=subprocess.DEVNULL)
        cls.addClassCleanup(cls.end)
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.quit)
        ports = cls.run_folder / "ports/learner-0.json"
        cls.wait(lambda: ports.exists() and (cls.run_folder / "metrics.jsonl").exists())
        cls.url = f"http://127.0.0.1:{json.loads(ports.read_text())['metrics_port']}"

    @classmethod
    def end(cls):
        if cls.process.poll() is None:
            cls.process.send_signal(signal.SIGINT)
        cls.process.wait(60)

    @staticmethod
    def wait(condition, timeout=90):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("it did not come")
            time.sleep(0.2)

    def status(self):
        return self.browser.run("return document.getElementById('status').textContent")

    def step(self):
        return self.browser.run("return data.runs[0]?.metrics.step?.at(-1) ?? 0")

    def test_it_follows_the_run(self):
        self.browser.open(self.url + "/#curves")
        self.wait(lambda: "live, as of" in self.status())
        first = self.step()
        self.wait(lambda: self.step() > first)
        self.assertIn("Run live", self.browser.run("return document.querySelector('h1').textContent"))
        self.browser.run("document.getElementById('tab-groups').click()")
        self.wait(lambda: self.browser.run("return document.querySelectorAll('.responses .token').length") > 0)
        for view in page_test.VIEWS:
            self.browser.run("document.getElementById('tab-' + args[0]).click()", view)
            self.browser.settle()
            self.assertGreater(len(self.browser.run("return document.getElementById('panel-' + args[0]).innerText", view)), 100)
        self.browser.run("document.getElementById('tab-curves').click()")
        self.browser.settle()
        self.browser.screenshot(page_test.PICTURES / "live.png")
        self.assertEqual(self.browser.errors(), [])
        # What it has is what the files have.
        steps = self.browser.run("return data.runs[0].metrics.step")
        self.assertEqual(steps, list(range(1, len(steps) + 1)))
        kept = self.browser.run("const run = data.runs[0]; return [run.metrics.reward, run.evaluations.accuracy]")
        rewards = [json.loads(line)["reward"] for line in (self.run_folder / "metrics.jsonl").read_text().splitlines()]
        for shown, written in zip(kept[0], rewards):
            self.assertAlmostEqual(shown, written, 5)

    def test_only_get_and_only_its_paths(self):
        for path in ("/other", "/../recipe.textproto", "/run.json/x"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(self.url + path)
            self.assertEqual(refused.exception.code, 404)
            refused.exception.close()
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(self.url + "/run.json", data=b"{}"))
        self.assertEqual(refused.exception.code, 405)
        refused.exception.close()

    def test_then_the_learner_goes(self):  # the last by name
        self.browser.open(self.url + "/#curves")
        self.wait(lambda: "live, as of" in self.status())
        self.end()
        self.wait(lambda: "has not answered since" in self.status())
        refused = self.browser.errors()
        self.assertTrue(all("ERR_CONNECTION" in line or "ERR_EMPTY_RESPONSE" in line for line in refused), refused)


if __name__ == "__main__":
    unittest.main()
