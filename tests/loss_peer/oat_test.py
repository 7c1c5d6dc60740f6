"""The authors' own loss and advantages (oat's PPOLearner, run from PyPI) on the tensors of drover-loss-cases: losses and gradients differ by less than 1e-6 of them.

Its learner is not made, nor are the packages that it trains with: `learning_step` runs with log-probabilities that are given, and ends at the backward pass."""
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
import types
import unittest
from unittest import mock

import numpy
import torch

import cases

# What makes oat's loss the case's.
SETTINGS = {
    "dr_grpo": {},
    "grpo": {"critic_type": "grpo"},
    "k3": {"beta": 0.3},
    "truncated_token": {"tis_c": cases.HIGH},
    "reinforce": {"reinforce_update": True},
}
# After the step its statistics of the ratio divide by the number of tokens that have one, which is 0.
ENDS = {"reinforce": (ZeroDivisionError,)}
# What oat imports to train on GPUs, and the loss does not use.
ABSENT = ("deepspeed", "einops", "httpx", "launchpad", "Levenshtein", "msgspec", "openai", "peft", "pyarrow.plasma",
          "pylatexenc", "scipy", "tree", "tyro", "vllm", "wandb")


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Every module of ABSENT, and what is below it, imports as a mock."""

    def find_spec(self, name, path=None, target=None):
        if any(name == absent or name.startswith(absent + ".") for absent in ABSENT):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = mock.MagicMock(name=spec.name)
        module.__path__, module.__spec__ = [], spec
        return module

    def exec_module(self, module):
        pass


def ppo_learner():
    sys.meta_path.insert(0, Absent())
    try:
        return importlib.import_module("oat.algorithms.ppo").PPOLearner
    finally:
        del sys.meta_path[0]


class Captured:
    """The strategy: the loss is propagated back, and no weight changes."""
    grad_acc_step = 1

    def backward(self, loss, model, optimizer):
        self.loss = loss.item()
        loss.backward()

    def optimizer_step(self, optimizer, model, scheduler):
        pass

    def get_gradient_norm(self, model):
        return 0.0


def oat_loss(learner_class, case, budget, settings):
    """oat's loss, and its gradient to the log-probabilities."""
    responses = case["responses"]
    count = len(responses)
    logprobs = cases.padded(responses, "logprobs").requires_grad_()
    given = {"model": cases.padded(responses, "old"), "reference": cases.padded(responses, "reference")}
    learner = learner_class.__new__(learner_class)
    args = types.SimpleNamespace(**{
        "critic_type": "drgrpo", "generate_max_length": budget, "reward_scale": 1.0, "train_batch_size_per_device": count, "temperature": 1.0,
        "kl_penalty_coef": 0.0, "num_ppo_epochs": 1, "num_samples": 4, "beta": 0.0, "cliprange": 0.2, "tis_c": None, "reinforce_update": False,
        **settings})
    with mock.patch.object(learner_class.__mro__[1], "_init"):
        learner._init(args, [])
    learner.strategy, learner.model = Captured(), "model"
    learner.ref_model = "reference" if args.beta else None
    learner.optimizer = learner.scheduler = None
    learner.compute_monte_carlo_advantages = lambda *_: torch.tensor([response["advantage"] for response in responses])

    def batch_logprobs(model, input_ids, att_mask, temperature, compute_entropy):
        rows, width = input_ids[:, 0], input_ids.shape[1] - 1  # the prompt is the response's number
        chosen = logprobs if compute_entropy else given[model]
        return chosen[rows, :width], torch.zeros(len(rows), width)

    learner.get_batch_logps = batch_logprobs
    mask = cases.mask_of(responses)
    trajectory = {
        "input_ids": torch.cat([torch.arange(count)[:, None], torch.zeros(mask.shape, dtype=torch.long)], dim=1),
        "attention_mask": torch.cat([torch.ones(count, 1, dtype=torch.long), mask.long()], dim=1), "prompt_ids_lens": [1] * count,
        "action_logprobs": [response["actor"] for response in responses], "rewards": [[0.0]] * count, "loss_masks": [1.0] * count}
    with mock.patch.object(torch.cuda, "current_device", lambda: "cpu"), mock.patch.object(numpy.random, "permutation", numpy.arange), \
            mock.patch.object(torch.Tensor, "float", torch.Tensor.double), contextlib.suppress(*ENDS.get(case["name"], ())):
        learner.learning_step(trajectory)
    return learner.strategy.loss, logprobs.grad


class OatTest(cases.PeerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.learner = ppo_learner()
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float64)
        cls.addClassCleanup(torch.set_default_dtype, before)


    def test_advantages(self):
        for critic, name in (("drgrpo", "dr_grpo"), ("grpo", "grpo")):
            learner = self.learner.__new__(self.learner)
            learner.args = types.SimpleNamespace(critic_type=critic, num_samples=self.data["group_size"])
            theirs = learner.compute_monte_carlo_advantages(torch.tensor(self.data["rewards"])[:, None], None).tolist()
            self.assertEqual(len(theirs), len(self.data["advantages"][name]))
            for ours, wanted in zip(self.data["advantages"][name], theirs):
                self.assertAlmostEqual(ours, wanted, delta=cases.TOLERANCE)


def add_test(name):
    def test(self):
        case = self.case(name)
        loss, gradient = oat_loss(self.learner, case, self.data["budget"], SETTINGS[name])
        self.check(case, loss, gradient)

    setattr(OatTest, "test_" + name, test)


for name in SETTINGS:
    add_test(name)

if __name__ == "__main__":
    unittest.main()
