"""Run folders for the tests of the page: as a learner writes them, of any size, and with what a model might say to do harm."""
import json
import math
import random
from pathlib import Path

HOSTILE = [
    '</script><script>window.hacked = "script"</script>',
    '<img src=x onerror="window.hacked = \'img\'"><iframe src="https://example.invalid/"></iframe><b>bold</b>',
    '<!-- --!><svg onload=window.hacked=1><style>body { display: none }</style>',
    'right to left \u202egnp.exe\u202c, zero width a\u200bb, null \x00 bell \x07 escape \x1b[31m',
    'emoji 👩‍👩‍👧‍👦 🏳️‍🌈, Arabic مرحبا بالعالم, Hebrew שלום, combining Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢',
    '{{data}} {{nonce}} ${window.hacked=2} %s \\u003cscript\\u003e \u2028 \u2029',
    'javascript:window.hacked=3',
    '',
]


def write(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def metrics(steps, seed=1):
    chance = random.Random(seed)
    lines, tokens, seconds = [], 0, 0.0
    for step in range(1, steps + 1):
        reward = 0.8 - 0.5 * math.exp(-3 * step / steps) + chance.gauss(0, 0.03)
        length = 200 + 100 * step / steps + chance.gauss(0, 8)
        collect, train, publish = (abs(chance.gauss(*of)) for of in ((3, 0.5), (2, 0.2), (0.2, 0.05)))
        tokens += int(64 * length)
        seconds += collect + train + publish + (10 if step % 50 == 0 else 0.1)
        lines.append({
            "step": step, "steps": steps, "reward": reward, "reward_std_error": 0.02, "accuracy": reward if step % 50 == 0 else None,
            "response_length": length, "response_length_correct": length * 0.9, "response_length_incorrect": length * 1.2,
            "truncated_share": 0.05, "formatted_share": 0.95, "zero_advantage_share": 0.3, "staleness_mean": chance.random(),
            "staleness_max": 1, "loss": chance.gauss(0, 0.01), "grad_norm": abs(chance.gauss(0.5, 0.1)), "clip_fraction": 0.002, "masked_fraction": 0.001,
            "importance_mean": 1.0,
            "entropy": 0.3 + 0.5 * math.exp(-step / steps), "kl": 0, "old_kl": 1e-4, "ratio_mean": 1.0, "ratio_max": 1.5,
            "advantage_std": 0.4, "logprob_gap_mean": 1e-6, "logprob_gap_max": 1e-5 if step > 3 else None, "learning_rate": 1e-6,
            "optimizer_steps": 8 * step, "skipped_steps": 0, "weight_version": step, "incarnation": 1, "response_tokens": int(64 * length),
            "prompt_tokens": 1000, "tokens_generated": tokens, "tokens_per_second": 64 * length / (collect + train),
            "collect_seconds": collect, "train_seconds": train, "publish_seconds": publish, "seconds": seconds, "a_new_field": step % 7})
    return lines


def response(text, reward, advantage, chance, tokens=True):
    left, counts = len(text), []
    while left > 0:
        counts.append(min(left, chance.choice([1, 2, 3, 4])))
        left -= counts[-1]
    counts.append(0)  # the end of the sequence
    made = {"text": text, "reward": reward, "advantage": advantage, "extracted": text[:20], "reason": "equal_exact" if reward else "not_equal",
            "tokens": len(counts), "finish_reason": "stop"}
    if tokens:
        made.update(token_chars=counts, token_logprobs=[round(-chance.expovariate(2), 4) for _ in counts])
    return made


def group(step, number, texts, chance, prompt="What is 1+1?", tokens=True):
    rewards = [float(i % 3 == 0) for i in range(len(texts))]
    mean = sum(rewards) / len(rewards)
    return {"step": step, "weight_version": step - 1, "trained_at_version": step, "group": number, "lease": number + 1,
            "trace_id": f"g{number}-l{number + 1}", "actor": "actor-0", "prompt": prompt, "gold": ["2"],
            "responses": [response(text, reward, reward - mean, chance, tokens) for text, reward in zip(texts, rewards)]}


def make(folder, steps, samples, evaluations=True, recipe="", seed=1):
    """A run folder with metrics of `steps` steps and these groups."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    (folder / "recipe.textproto").write_text(recipe or 'name: "made" run { seed: 1 steps: 10 }')
    write(folder / "metrics.jsonl", metrics(steps, seed))
    write(folder / "samples.jsonl", samples)
    if evaluations:
        write(folder / "evaluations.jsonl", [{"step": step, "accuracy": 0.3 + 0.5 * step / steps, "questions": 500, "correct": 200,
                                              "accuracy_interval": [0.25 + 0.5 * step / steps, 0.35 + 0.5 * step / steps]}
                                             for step in range(0, steps + 1, max(1, steps // 10))])
    return folder


def ordinary(folder, steps=30, seed=1, recipe=""):
    chance = random.Random(seed)
    words = "so the sum of both is therefore not what it seems and we carry one over".split()
    samples = [group(step, 4 * step + i, [" ".join(chance.choices(words, k=chance.randint(5, 60))) for _ in range(8)], chance,
                     tokens=i < 2) for step in range(1, steps + 1) for i in range(4)]
    return make(folder, steps, samples, recipe=recipe, seed=seed)


def hostile(folder):
    chance = random.Random(5)
    giant = "one megabyte of it <script>window.hacked='giant'</script> " * 18000
    return make(folder, 3, [group(1, 1, HOSTILE, chance, prompt=HOSTILE[0] + HOSTILE[3]), group(2, 2, [giant, giant[:30000], "short"], chance)])


def long(folder, steps=10000):
    chance = random.Random(7)
    words = ["alpha", "beta", "gamma", "delta", "=", "+", "\n"]
    samples = [group(step, step, [" ".join(chance.choices(words, k=400)) for _ in range(8)], chance) for step in range(1, steps + 1, 40)]
    return make(folder, steps, samples)
