"""docs/reference/algorithm.md and run-folder.md, followed as far as no model is needed."""
import math
import statistics

from draws import MINIBATCH_ORDER, REWARD_SHUFFLE, Stream
from protos import FINISH_REASON_LENGTH
from tiny_model import distributions, entropy


def cut(response):
    return response.finish_reason == FINISH_REASON_LENGTH


def reward(response):
    """R_i."""
    return 0.0 if cut(response) else response.reward


def advantages(recipe, rollout, groups):
    """[group][response]."""
    rewards = [reward(response) for group in groups for response in group.responses]
    if recipe.reward.shuffle:
        rewards = Stream(recipe.run.seed, REWARD_SHUFFLE, rollout).shuffle(rewards)
    result = []
    for group in groups:
        own, rewards = rewards[:len(group.responses)], rewards[len(group.responses):]
        centred = [0.0] * len(own)
        if len(set(own)) > 1:
            mean = math.fsum(own) / len(own)
            centred = [value - mean for value in own]
            if recipe.advantage.normalize_std:
                centred = [value / (statistics.stdev(own) + 1e-8) for value in centred]
        result.append(centred)
    return result


def optimizer_steps(recipe, rollout, responses):
    """The response numbers of each optimizer step of a rollout."""
    size, steps = recipe.learner.minibatch_responses, []
    for epoch in range(recipe.learner.epochs):
        order = Stream(recipe.run.seed, MINIBATCH_ORDER, 1024 * rollout + epoch).shuffle(range(responses))
        steps += [order[at:at + size] for at in range(0, responses, size)]
    return steps


def first_loss(recipe, groups, advantage):
    """Of a rollout that is one optimizer step, without KL: there rho is 1."""
    responses = [response for group in groups for response in group.responses]
    total = 0.0
    for response, a in zip(responses, (a for group in advantage for a in group)):
        if recipe.loss.mask_truncated and cut(response):
            continue
        length = len(response.token_ids)
        total -= a * length / (length if recipe.loss.aggregation == 2 else recipe.rollout.max_response_tokens)
    return total / len(responses)


def off_policy(recipe, groups, advantage, model, reference):
    """Loss and statistics of a rollout that is one optimizer step of `model`, with loss.old_logprobs: ACTOR and a KL term."""
    loss, clipped, kl, old_kl, ratios, entropies = 0.0, [], [], [], [], []
    for group, group_advantage in zip(groups, advantage):
        now, frozen = (distributions(of, recipe, group) for of in (model, reference))
        for response, a, p_now, p_frozen in zip(group.responses, group_advantage, now, frozen):
            if recipe.loss.mask_truncated and cut(response):
                continue
            for token, recorded, p, q in zip(response.token_ids, response.logprobs, p_now, p_frozen):
                ratio = math.exp(math.log(p[token]) - recorded)
                plain, clip = ratio * a, min(max(ratio, 1 - recipe.loss.clip_low), 1 + recipe.loss.clip_high) * a
                d = min(max(math.log(q[token]) - math.log(p[token]), -40), 40)
                kl.append(math.exp(d) - d - 1)
                loss += -min(plain, clip) + recipe.loss.kl_coefficient * kl[-1]
                clipped.append(clip < plain)
                ratios.append(ratio)
                old_kl.append(ratio - 1 - math.log(ratio))
                entropies.append(entropy(p))
    responses = sum(len(group.responses) for group in groups)
    return {"loss": loss / (responses * recipe.rollout.max_response_tokens), "clip_fraction": mean(clipped), "kl": mean(kl),
            "old_kl": mean(old_kl), "ratio_mean": mean(ratios), "ratio_max": max(ratios), "entropy": mean(entropies)}


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values) if values else None


def wilson(correct, questions):
    """The 95 % interval of a share."""
    z = statistics.NormalDist().inv_cdf(0.975)
    p, n = correct / questions, questions
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def oldest_version(group):
    return min(run.version for response in group.responses for run in response.versions)


def rollout_metrics(groups, version, advantage):
    """The fields of metrics.jsonl that follow from the groups of a rollout, trained by `version`."""
    responses = [response for group in groups for response in group.responses]
    lengths = [len(response.token_ids) for response in responses]
    group_means = [mean(reward(response) for response in group.responses) for group in groups]
    staleness = [version - oldest_version(group) for group in groups]
    return {
        "reward": mean(reward(response) for response in responses),
        "reward_std_error": statistics.stdev(group_means) / math.sqrt(len(groups)) if len(groups) > 1 else 0.0,
        "response_length": mean(lengths),
        "response_length_correct": mean(n for n, response in zip(lengths, responses) if reward(response) > 0.5),
        "response_length_incorrect": mean(n for n, response in zip(lengths, responses) if reward(response) <= 0.5),
        "truncated_share": mean(map(cut, responses)),
        "formatted_share": mean(response.formatted for response in responses),
        "zero_advantage_share": mean(not any(group) for group in advantage),
        "staleness_mean": mean(staleness),
        "staleness_max": max(staleness),
        "advantage_std": statistics.stdev(a for group in advantage for a in group),
        "response_tokens": sum(lengths),
        "prompt_tokens": sum(len(group.prompt_token_ids) for group in groups),
    }
