"""What the peers' tests share: the cases of drover-loss-cases, as padded tensors in double precision, and the comparison."""
import json
import math
import os
import subprocess
import unittest
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("DROVER_LOSS_CASES", str(ROOT / "build/bin/drover-loss-cases"))
TOLERANCE = 1e-6
LOW, HIGH = 0.9, 1.2  # of the corrections


def padded(responses, field):
    width = max(len(response["old"]) for response in responses)
    return torch.tensor([response[field] + [-1.0] * (width - len(response[field])) for response in responses], dtype=torch.float64)


def mask_of(responses):
    width = max(len(response["old"]) for response in responses)
    return torch.tensor([[t < len(response["old"]) for t in range(width)] for response in responses]).to(torch.float64)


class PeerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = json.loads(subprocess.run([PROGRAM], check=True, capture_output=True, text=True).stdout)

    def case(self, name):
        return next(case for case in self.data["cases"] if case["name"] == name)

    def check(self, case, loss, gradient):
        self.assertLess(abs(case["loss"] - loss), TOLERANCE * abs(loss))
        self.check_gradient(case["gradient"], gradient)

    def check_gradient(self, ours, theirs):
        norm = math.sqrt(sum(value * value for response in ours for value in response))
        self.assertGreater(norm, 0)
        for i, response in enumerate(ours):
            for t, value in enumerate(response):
                self.assertLess(abs(value - theirs[i, t].item()), TOLERANCE * norm, f"response {i}, token {t}")
