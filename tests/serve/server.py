"""A tiny model with random weights, and `drover serve` over it."""
import json
import random
import shutil
import signal
import struct
import subprocess
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "tests" / "serve"
SPECIAL = ["<pad>", "<eos>", "<turn>"]
VOCABULARY, WIDTH, INNER, HEADS, CONTEXT = len(SPECIAL) + 256, 16, 32, 2, 512
TEMPLATE = ("{% for message in messages %}<turn>{{ message['role'] }}\n{{ message['content'] }}{% endfor %}"
            "{% if add_generation_prompt %}<turn>assistant\n{% endif %}")


def byte_characters():
    """GPT-2's alphabet: a character for each byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def tokenizer():
    """A token a byte."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    vocab = {token: i for i, token in enumerate([*SPECIAL, *byte_characters()])}
    added = [{"id": i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for i, token in enumerate(SPECIAL)]
    model = {"type": "BPE", "dropout": None, "unk_token": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "continuing_subword_prefix": None, "end_of_word_suffix": None, "vocab": vocab, "merges": []}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None, "pre_tokenizer": byte_level,
            "post_processor": None, "decoder": byte_level, "model": model}


def write_safetensors(path, shapes):
    rng, header, data = random.Random(5), {}, b""
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        numbers = [1.0] * count if len(shape) == 1 else [rng.gauss(0, 0.4) for _ in range(count)]
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *numbers)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make_model(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": VOCABULARY, "hidden_size": WIDTH,
              "intermediate_size": INNER, "num_hidden_layers": 1, "num_attention_heads": HEADS, "num_key_value_heads": HEADS,
              "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu", "bos_token_id": None,
              "eos_token_id": 1, "pad_token_id": 0, "tie_word_embeddings": True, "torch_dtype": "float32"}
    layer = {f"self_attn.{name}_proj.weight": [WIDTH, WIDTH] for name in "qkvo"}
    layer.update({"mlp.gate_proj.weight": [INNER, WIDTH], "mlp.up_proj.weight": [INNER, WIDTH], "mlp.down_proj.weight": [WIDTH, INNER],
                  "input_layernorm.weight": [WIDTH], "post_attention_layernorm.weight": [WIDTH]})
    shapes = {"model.embed_tokens.weight": [VOCABULARY, WIDTH], "model.norm.weight": [WIDTH]}
    shapes.update({f"model.layers.0.{name}": shape for name, shape in layer.items()})
    write_safetensors(folder / "model.safetensors", shapes)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer()))
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": TEMPLATE, "eos_token": "<eos>"}))
    return folder


class Server:
    """A server of `model`, until it is stopped."""

    def __init__(self, model, *flags):
        ports = FOLDER / "port.json"
        ports.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [ROOT / "build" / "bin" / "drover", "serve", "--model", model, "--port", "0", "--port-file", ports, "--device", "cpu",
             "--threads", "1", *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        deadline = time.monotonic() + 60
        while not ports.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise AssertionError(f"drover serve did not begin: {self.process.communicate()[0]}")
            time.sleep(0.02)
        self.url = f"http://127.0.0.1:{json.loads(ports.read_text())['metrics_port']}"

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return answer.read().decode()

    def metric(self, name):
        """The value of a metric, named with its labels where it has some."""
        for line in self.get("/metrics").splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise AssertionError(f"no metric {name}")

    def stop(self):
        """The exit status and what it said."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=60)[0]
        return self.process.returncode, said
