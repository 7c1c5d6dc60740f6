"""A Llama of config.json and model.safetensors in plain Python and double precision, and docs/reference/sampling.md. For models that are tiny."""
import array
import json
import math
import struct
from operator import mul
from pathlib import Path


def read_safetensors(path):
    """{name: (shape, numbers)} of float32 tensors."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if name != "__metadata__":
            assert entry["dtype"] == "F32", entry
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = entry["shape"], array.array("f", data[begin:end])
    return tensors


def times(matrix, vector):
    return [sum(map(mul, row, vector)) for row in matrix]


def added(a, b):
    return [x + y for x, y in zip(a, b)]


class Model:
    def __init__(self, folder):
        folder = Path(folder)
        self.config = json.loads((folder / "config.json").read_text())
        self.head_dim = self.config["hidden_size"] // self.config["num_attention_heads"]
        self.weights = {}
        for name, (shape, numbers) in read_safetensors(folder / "model.safetensors").items():
            width = shape[-1]
            self.weights[name] = list(numbers) if len(shape) == 1 else [
                numbers[at:at + width].tolist() for at in range(0, len(numbers), width)]

    def normalized(self, x, name):
        scale = 1 / math.sqrt(sum(v * v for v in x) / len(x) + self.config["rms_norm_eps"])
        return [v * scale * w for v, w in zip(x, self.weights[name])]

    def heads(self, x, position=None):
        """`x` by heads; with a position, turned by the rotary embedding."""
        half, heads = self.head_dim // 2, [x[at:at + self.head_dim] for at in range(0, len(x), self.head_dim)]
        if position is None:
            return heads
        angles = [position * self.config["rope_theta"] ** (-2 * i / self.head_dim) for i in range(half)]
        turns = [(math.cos(a), math.sin(a)) for a in angles]
        return [[h[i] * c - h[i + half] * s for i, (c, s) in enumerate(turns)] +
                [h[i + half] * c + h[i] * s for i, (c, s) in enumerate(turns)] for h in heads]

    def attention(self, x, prefix, cache, position):
        query, key, value = (times(self.weights[f"{prefix}{name}_proj.weight"], x) for name in "qkv")
        cache.append((self.heads(key, position), self.heads(value)))
        queries, mixed = self.heads(query, position), []
        group = len(queries) // len(cache[0][0])
        for h, q in enumerate(queries):
            scores = [sum(map(mul, q, keys[h // group])) / math.sqrt(self.head_dim) for keys, _ in cache]
            shares = softmax(scores)
            mixed += times(zip(*(values[h // group] for _, values in cache)), shares)
        return times(self.weights[prefix + "o_proj.weight"], mixed)

    def logits(self, token, cache):
        """Of the next token; `cache`, a list a layer of what came before, grows by this one."""
        x = self.weights["model.embed_tokens.weight"][token]
        for layer, layer_cache in enumerate(cache):
            prefix = f"model.layers.{layer}."
            normed = self.normalized(x, prefix + "input_layernorm.weight")
            x = added(x, self.attention(normed, prefix + "self_attn.", layer_cache, len(layer_cache)))
            normed = self.normalized(x, prefix + "post_attention_layernorm.weight")
            gate, up = (times(self.weights[f"{prefix}mlp.{name}_proj.weight"], normed) for name in ("gate", "up"))
            inner = [g / (1 + math.exp(-g)) * u for g, u in zip(gate, up)]
            x = added(x, times(self.weights[prefix + "mlp.down_proj.weight"], inner))
        head = self.weights.get("lm_head.weight") or self.weights["model.embed_tokens.weight"]
        return times(head, self.normalized(x, "model.norm.weight"))

    def after(self, prompt):
        """(logits, cache) behind a prompt."""
        cache = [[] for _ in range(self.config["num_hidden_layers"])]
        for token in prompt:
            logits = self.logits(token, cache)
        return logits, cache


def softmax(values):
    top = max(values)
    powers = [math.exp(v - top) for v in values]
    total = sum(powers)
    return [p / total for p in powers]


def filtered(p, top_k, top_p, min_p):
    """{id: p} of the tokens that stay, by id."""
    ranked = sorted((token for token in range(len(p)) if p[token] > 0), key=lambda token: (-p[token], token))
    if top_k:
        ranked = ranked[:top_k]
    if 0 < top_p < 1:
        wanted, total, kept = top_p * sum(p[token] for token in ranked), 0.0, []
        for token in ranked:
            kept.append(token)
            total += p[token]
            if total >= wanted:
                break
        ranked = kept
    if min_p > 0:
        ranked = [token for token in ranked if p[token] >= min_p * p[ranked[0]]]
    return {token: p[token] for token in sorted(ranked)}


def slack(p, rollout, token, uniform):
    """How far u is from the interval of `token` (0: in it), as a share of all that stays."""
    stays = filtered(p, rollout.top_k, rollout.top_p, rollout.min_p)
    if token not in stays:
        return 1.0
    total = sum(stays.values())
    below = sum(value for other, value in stays.items() if other < token) / total
    return max(0.0, below - uniform, uniform - (below + stays[token] / total))


def distributions(model, recipe, group):
    """For each response of a group, what each of its tokens was drawn from: lists of p."""
    start, found = model.after(group.prompt_token_ids), []
    for response in group.responses:
        logits, cache = start[0], [list(layer) for layer in start[1]]
        found.append([])
        for position in range(len(response.token_ids)):
            if position:
                logits = model.logits(response.token_ids[position - 1], cache)
            found[-1].append(softmax([value / recipe.rollout.temperature for value in logits]))
    return found


def entropy(p):
    return -sum(value * math.log(value) for value in p if value > 0)


def greedy(model, prompt, ends, budget):
    """(tokens, whether cut)."""
    logits, cache = model.after(prompt)
    tokens = []
    while True:
        tokens.append(max(range(len(logits)), key=lambda token: (logits[token], -token)))
        if tokens[-1] in ends or len(tokens) == budget:
            return tokens, tokens[-1] not in ends
        logits = model.logits(tokens[-1], cache)
