#!/usr/bin/env python3
"""Makes the small tokenizers beside this file and golden.jsonl, what Hugging Face's tokenizers does with them.

    python3 model/testdata/make_tokenizers.py      (needs PyPI 'tokenizers'; made with 0.23.3)

golden.jsonl: a line {"tokenizer", "text", "ids", "decoded"}, ids of encode(text, add_special_tokens=False), and lines without
"text", whose ids were drawn at random.
"""
import json
import random
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

HERE = Path(__file__).parent
CORPUS = [
    "Drover trains language models across many machines: actors generate, a verifier grades, a learner steps.",
    "What is 12 + 345? The answer is 357. What is 9 * 8? The answer is 72. It's 100% sure; they're not.",
    "the theatre then there their these those that this thing thinking think thanks  the   end\n\n\tthe end",
    "Élan vital, naïve café, größer, über, señor, 東京 and 北京, привет мир, \N{GREEK SMALL LETTER ALPHA}\u03b2\u03b3.",
    "for (int i = 0; i < n; ++i) { sum += x[i]; }\n    return sum;\n",
] * 20

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK3 = (r"\p{N}{1,3}", r"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
             r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""")
DEEPSEEK2 = (r"[\r\n]", r"\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u0370-\u03ff\u0400-\u04ff]+",
             r"\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$", r"[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+")
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def byte_level(prefix=False, regex=False):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def split(pattern, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def added(token_id, content, **flags):
    token = {"id": token_id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}
    return {**token, **flags}


def trained():
    """Bytes and about 250 merges, as a tokenizer.json."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=512, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    base = json.loads(tokenizer.to_str())
    base["decoder"] = byte_level()
    return base


MARK = "\u2581"


def spelled_in_characters():
    """Characters, their bytes to fall back to and about 200 merges, as SentencePiece's models become a tokenizer.json."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=MARK)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)], show_progress=False))
    base = json.loads(tokenizer.to_str())
    base["added_tokens"] = [added(i, content, special=True) for i, content in enumerate(["<unk>", "<s>", "</s>"])]
    base["pre_tokenizer"] = None
    return base


def of_characters():
    base = spelled_in_characters()
    size = len(base["model"]["vocab"])
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
    back = [{"type": "Replace", "pattern": {"String": MARK}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"}]
    strip = {"type": "Strip", "content": " ", "start": 1, "stop": 0}

    def metaspace(scheme, split):
        return {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme, "split": split}

    def several(name, *steps):
        return {"type": "Sequence", name: list(steps)}

    def make(pre=None, normalizer=None, decoder=None, tokens=(), **model):
        return {**base, "added_tokens": base["added_tokens"] + list(tokens), "normalizer": normalizer, "pre_tokenizer": pre,
                "decoder": decoder, "model": {**base["model"], **model}}

    yield "llama2", make(None, several("normalizers", {"type": "Prepend", "prepend": MARK}, replace), several("decoders", *back, strip),
                         [added(size, "<left>", lstrip=True), added(size + 1, "<both>", normalized=True, rstrip=True)])
    yield "gemma", make(split({"String": " "}, "MergedWithPrevious"), replace, several("decoders", *back), [added(base["model"]["vocab"]["\n\n"], "\n\n"), added(size, MARK * 2)])
    yield "mistral", make(metaspace("first", False), None, several("decoders", {"type": "ByteFallback"}, metaspace("first", False)),
                          [added(size, "<both>", normalized=True, lstrip=True, rstrip=True), added(size + 1, " "), added(size + 2, "word", single_word=True)])
    few = {token: i for token, i in base["model"]["vocab"].items() if token not in ("<0xC3>", "q", "z")}
    merges = [pair for pair in base["model"]["merges"] if not any(c in "".join(pair) for c in "qz")]
    yield "unknown", make(metaspace("always", True), {"type": "NFKC"}, metaspace("always", True), vocab=few, merges=merges, fuse_unk=False)
    yield "normal", make(metaspace("never", True), several(
        "normalizers", {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True},
        several("normalizers", {"type": "Replace", "pattern": {"Regex": r"\s{2,}"}, "content": " "}, {"type": "NFD"})),
        several("decoders", metaspace("never", True), {"type": "Strip", "content": "e", "start": 1, "stop": 0}),
        [added(size, "The", normalized=True), added(size + 1, "caf\u00e9", normalized=True)], byte_fallback=False, unk_token=None)


def variants():
    base = trained()
    size = len(base["model"]["vocab"])
    special = [added(size, "<|start|>", special=True), added(size + 1, "<|end|>", special=True)]

    def make(pre, normalizer=None, tokens=special, **model):
        return {**base, "added_tokens": tokens, "normalizer": normalizer, "pre_tokenizer": pre,
                "model": {**base["model"], **model}}

    lacking = {token: i for token, i in base["model"]["vocab"].items() if token not in ("\u0100", "\u00f1", "q")}
    lacking.update({token["content"]: token["id"] for token in special})
    old_merges = [" ".join(pair) for pair in base["model"]["merges"]]
    yield "smollm", make(sequence({"type": "Digits", "individual_digits": True}, byte_level(regex=True)),
                         vocab=lacking, merges=old_merges)
    yield "qwen2", make(sequence(split({"Regex": QWEN2}), byte_level()), {"type": "NFC"})
    yield "llama3", make(sequence(split({"Regex": LLAMA3}), byte_level()), ignore_merges=True)
    yield "gpt2", make(byte_level(prefix=True, regex=True), unk_token="<|end|>", fuse_unk=True, vocab=lacking)
    yield "steps", make(sequence(split({"String": "the"}, "Removed"), split({"Regex": r"[a-d\d]"}, "Contiguous"),
                                 split({"Regex": LLAMA3}, "Removed", invert=True),
                                 {"type": "Digits", "individual_digits": False}, byte_level()))
    yield "added", make(byte_level(regex=True), {"type": "NFC"}, special + [
        added(size + 2, "<left>", lstrip=True), added(size + 3, "<right>", rstrip=True),
        added(size + 4, "<both>", lstrip=True, rstrip=True, normalized=True), added(size + 5, "word", single_word=True),
        added(size + 6, "<|end|>ing"), added(size + 7, "\u00e9t\u00e9", normalized=True), added(size + 8, "two words"), added(size + 9, "\t")])
    yield "o200k", make(sequence(split({"Regex": O200K}), byte_level()))
    yield "deepseek_v3", make(sequence(*[split({"Regex": pattern}) for pattern in DEEPSEEK3], byte_level()), {"type": "Sequence", "normalizers": []})
    yield "deepseek_llm", make(sequence(*[split({"Regex": pattern}) for pattern in DEEPSEEK2], {"type": "Digits", "individual_digits": True}, byte_level()))
    yield from of_characters()


FIXED = [
    "", " ", "  ", "a", "\n", "\r\n\r\n x", "Hello, world!", "It's they're I'LL we'd 'S", "What is 12 + 345?", "1234567890",
    "\u0967\u0968\u00b2\u00bd\u2167", "the  the   the \n\n the", "tail space ", "tail spaces   ", "\ttabs\t\t", "x\u00a0y\u3000z\u180ew\u200b",
    "caf\u00e9 cafe\u0301 \u212b \u1e9b\u0323", "\u6771\u4eac\u3068\u5317\u4eac", "\U0001f469\U0001f3fd\u200d\U0001f680 \U0001f1e9\U0001f1ea", "<|start|>user\nhi<|end|>\n",
    "<|start|><|end|><|end", "<|end|>ing", "a <left> b <right>  c <both> d", "\u3000<left>\n<right>\n\n<both>\u2003x", "word words sword word. (word) word1 _word",
    "word<both>word", "\u00e9t\u00e9 e\u0301te\u0301 e\u0301t\u00e9!", "two words  two  words", "\x00\x01\x7f\x80", "q\U000f1000q", "quiz qq",
    "a" * 65, "the" * 40, "ab " * 50, "=" * 200, " " * 70 + "x", "return sum;\n    return sum;\n", "x'\u017f", "\\boxed{\\frac{1}{2}}",
    "McDonald iPhone HTTPServer \u01c5a A\u0301B e\u0301'S x//\n", "\u2581 \u2581\u2581the\u2581", "<0x0A> <0xE4>", "\u6570\u5b66\u9898 3.14 a1 #tag -x", "a \t b\t\r\n",
]


def texts():
    r = random.Random(1)
    pools = [[chr(c) for c in range(32, 127)], list(" \t\n\r\u00a0\u2028\u3000"), list("0123456789\u0663\u00be"),
             [chr(c) for c in range(0xa1, 0x180)], list("e\u0301\u0327\u0323ao\u1100\u1161\u11a8\uac00"), list("\u3042\u30ab\u6f22\u5b57\u3001"),
             list("\U0001f600\u200d\u2764\ufe0f"), ["the", "ing", " an", "ee", "'s", "'LL", "<both>", "<|end|>", "word"]]
    yield from FIXED
    for _ in range(60):
        yield "".join(r.choice(pool) for pool in r.choices(pools, k=r.randint(1, 8)) for _ in range(r.randint(1, 6)))


def main():
    lines = []
    for name, value in variants():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        path = folder / "tokenizer.json"
        path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        tokenizer = Tokenizer.from_file(str(path))
        for text in texts():
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            lines.append({"tokenizer": name, "text": text, "ids": ids,
                          "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
        r = random.Random(2)
        for _ in range(20):
            ids = [r.randrange(tokenizer.get_vocab_size()) for _ in range(r.randint(1, 12))]
            lines.append({"tokenizer": name, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    (HERE / "golden.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


if __name__ == "__main__":
    main()
