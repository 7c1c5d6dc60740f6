"""Hugging Face's transformers load what a run writes, as it lies there: a checkpoint's weights and tokenizer, and adapters merged by
`drover checkpoint export --merge`, give the log-probabilities that `drover score` gives."""
import json
import shutil
import subprocess
import unittest
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parents[2]
DROVER = ROOT / "build/bin/drover"
FOLDER = ROOT / "build/tests/checkpoint_peer"
TINY = {"run.device": '"cpu"', "run.steps": 1, "pretrain.batches": 20, "pretrain.batch_size": 16, "rollout.prompts": 4, "rollout.group_size": 4,
        "rollout.max_response_tokens": 24, "learner.minibatch_responses": 16, "learner.microbatch_responses": 16, "evaluation.questions": 8,
        "data.arithmetic.min_digits": 1, "data.arithmetic.max_digits": 1, "data.heldout_share": 0.3, "model.embedded.hidden_size": 32,
        "model.embedded.layers": 2, "model.embedded.heads": 4, "model.embedded.kv_heads": 2, "model.embedded.intermediate_size": 64}
TEXTS = ["1+2=", "7+5=", "9+9=18"]


def drover(*arguments):
    done = subprocess.run([DROVER, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"drover {' '.join(map(str, arguments))}: {done.stderr}"
    return done.stdout


def train(name, settings):
    """The newest checkpoint of a small run."""
    run = FOLDER / name
    shutil.rmtree(run, ignore_errors=True)
    flags = [part for field, value in {**TINY, **settings}.items() for part in ("--set", f"{field}={value}")]
    drover("train", "--quiet", "--out", run, *flags)
    return sorted((run / "checkpoints").glob("step-*"))[-1]


def scores(model, ids):
    """What `drover score` says of each token behind the first."""
    asked, told = FOLDER / "ids.jsonl", FOLDER / "scores.jsonl"
    asked.write_text("".join(json.dumps({"id": str(i), "token_ids": line}) + "\n" for i, line in enumerate(ids)))
    drover("score", "--model", model, "--in", asked, "--out", told)
    return [json.loads(line)["logprobs"] for line in told.read_text().splitlines()]


@unittest.skipUnless(DROVER.exists(), f"no {DROVER}")
class TransformersTest(unittest.TestCase):
    def setUp(self):
        FOLDER.mkdir(parents=True, exist_ok=True)

    def check(self, directory):
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(directory / "tokenizer.json"))
        model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
        ids = [tokenizer.encode(text) for text in TEXTS]
        told = scores(directory, ids)
        self.assertEqual(len(told), len(ids))
        for line, ours in zip(ids, told):
            with torch.no_grad():
                logits = model(torch.tensor([line])).logits[0].double()
            theirs = logits.log_softmax(-1)[:-1].gather(1, torch.tensor(line[1:])[:, None])[:, 0]
            self.assertEqual(len(ours), len(line) - 1)
            for a, b in zip(ours, theirs.tolist()):
                self.assertAlmostEqual(a, b, delta=1e-4)

    def test_a_checkpoint(self):
        self.check(train("whole", {}))

    def test_adapters_merged(self):
        base = train("base", {})
        adapted = train("adapted", {"model.path": f'"{base}"', "pretrain.batches": 0, "learner.lora.rank": 4, "learner.learning_rate": 0.01,
                                     "loss.entropy_coefficient": 1})  # a gradient, whatever the rewards are
        merged = FOLDER / "merged"
        shutil.rmtree(merged, ignore_errors=True)
        drover("checkpoint", "export", adapted, "--out", merged, "--merge")
        self.check(merged)
        ids = [[1, 2, 3, 4]]
        self.assertNotEqual(scores(merged, ids), scores(base, ids), "the adapters changed nothing, so their merging was not seen")


if __name__ == "__main__":
    unittest.main()
