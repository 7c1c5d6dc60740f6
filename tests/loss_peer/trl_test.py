"""TRL's loss, run from PyPI, on the tensors of drover-loss-cases: losses and gradients differ by less than 1e-6 of them.

Its trainer is not made: `_compute_loss` is called with what it reads of one, in double precision and with a padded batch."""
import types
import unittest
from collections import defaultdict

import torch
from trl import GRPOTrainer

from cases import HIGH, LOW, PeerTest, mask_of, padded

# What makes TRL's loss the case's. Its epsilon_high of CISPO is the bound itself.
SETTINGS = {
    "dr_grpo": {},
    "grpo": {"loss_type": "grpo"},
    "dapo": {"loss_type": "dapo", "epsilon_high": 0.28},
    "dual_clip": {"delta": 1.5},
    "gspo": {"loss_type": "grpo", "importance_sampling_level": "sequence", "epsilon_low": 0.02, "epsilon_high": 0.02},
    "cispo": {"loss_type": "cispo", "epsilon_high": 1.3},
    "k3": {"beta": 0.3},
    "truncated_token": {"mode": "token_truncate"},
    "truncated_sequence": {"mode": "sequence_truncate"},
    "icepop_token": {"mode": "token_mask"},
    "icepop_sequence": {"mode": "sequence_mask"},
    "off_policy_mask": {"off_policy_mask_threshold": 0.05},
    "entropy": {"loss_type": "dapo", "entropy_coef": 0.05},
}
ELSEWHERE = {"reinforce"}  # cases of which TRL has no loss


class Accelerator:
    num_processes = 1

    def gather(self, values):
        return values

    gather_for_metrics = gather

    def reduce(self, values, reduction):
        return values


def importance_ratio(responses, mask, mode):
    """As GRPOTrainer's generation makes it of the log-probabilities; there is no function of its own for it."""
    difference = (padded(responses, "old") - padded(responses, "actor")) * mask
    if mode.startswith("sequence"):
        difference = difference.sum(-1, keepdim=True)
    ratio = difference.exp()
    if mode.endswith("truncate"):
        return ratio.clamp(max=HIGH)
    return ratio.masked_fill((ratio < LOW) | (ratio > HIGH), 0.0)


def trl_loss(case, budget, settings):
    """TRL's loss, and the gradients to log-probabilities and entropies."""
    responses, mode = case["responses"], settings.get("mode")
    logprobs, entropies = padded(responses, "logprobs").requires_grad_(), padded(responses, "entropy").requires_grad_()
    mask = mask_of(responses)
    args = types.SimpleNamespace(delta=settings.get("delta"), use_bias_correction_kl=False, steps_per_generation=1)
    trainer = types.SimpleNamespace(
        args=args, accelerator=Accelerator(), model=types.SimpleNamespace(training=True), current_gradient_accumulation_steps=1,
        loss_type=settings.get("loss_type", "dr_grpo"), importance_sampling_level=settings.get("importance_sampling_level", "token"),
        epsilon_low=settings.get("epsilon_low", 0.2), epsilon_high=settings.get("epsilon_high", 0.2), beta=settings.get("beta", 0.0),
        off_policy_mask_threshold=settings.get("off_policy_mask_threshold"), get_off_policy_mask=GRPOTrainer.get_off_policy_mask,
        top_entropy_quantile=1.0, use_vllm=mode is not None, vllm_importance_sampling_correction=mode is not None,
        max_completion_length=budget, aux_loss_enabled=False, use_adaptive_entropy=False, entropy_coef=settings.get("entropy_coef", 0.0),
        _entropy_bonus_enabled="entropy_coef" in settings, _metrics=defaultdict(lambda: defaultdict(list)),
        _get_per_token_logps_and_entropies=lambda *_, **__: (logprobs, entropies, None))
    trainer.accelerator.sync_gradients = True
    ids = torch.zeros_like(mask, dtype=torch.long)
    inputs = {"prompt_ids": ids[:, :1], "prompt_mask": torch.ones_like(ids[:, :1]), "completion_ids": ids, "completion_mask": mask,
              "advantages": torch.tensor([response["advantage"] for response in responses], dtype=torch.float64),
              "old_per_token_logps": padded(responses, "old"), "ref_per_token_logps": padded(responses, "reference"),
              "sampling_per_token_logps": padded(responses, "actor"), "num_items_in_batch": mask.sum()}
    if mode is not None:
        inputs["importance_sampling_ratio"] = importance_ratio(responses, mask, mode)
    loss = GRPOTrainer._compute_loss(trainer, None, inputs)
    loss.backward()
    return loss.item(), logprobs.grad, entropies.grad


class TrlTest(PeerTest):
    def check_case(self, case):
        loss, gradient, entropy_gradient = trl_loss(case, self.data["budget"], SETTINGS[case["name"]])
        self.check(case, loss, gradient)
        if "entropy_gradient" in case:
            self.check_gradient(case["entropy_gradient"], entropy_gradient)

    def test_every_case_has_settings(self):
        self.assertEqual({case["name"] for case in self.data["cases"]}, set(SETTINGS) | ELSEWHERE)


def add_test(name):
    def test(self):
        self.check_case(self.case(name))

    setattr(TrlTest, "test_" + name, test)


for name in SETTINGS:
    add_test(name)

if __name__ == "__main__":
    unittest.main()
