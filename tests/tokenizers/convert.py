"""Makes a tokenizer.json of files in other formats, as transformers does, to run differential.py on:

    convert.py tekken FILE.json FOLDER           Mistral's Tekken
    convert.py sentencepiece FILE.model FOLDER   a BPE model of SentencePiece, in the way of Llama 2 and Mistral 7B
    convert.py tiktoken FILE.tiktoken FOLDER     lines of a token in base64 and its rank, split as Qwen 2 does
"""
import base64
import json
import sys
from pathlib import Path

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}


def byte_characters():
    """GPT-2's alphabet: a character for each byte."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def added(token_id, content):
    return {"id": token_id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def tokenizer(vocab, merges, tokens, **fields):
    model = {"type": "BPE", "dropout": None, "unk_token": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
             "vocab": vocab, "merges": merges, **fields.pop("model", {})}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": None, "pre_tokenizer": None,
            "post_processor": None, "decoder": None, "model": model, **fields}


def splits(token, ranks):
    return [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in ranks and token[i:] in ranks]


def of_ranks(ranks, pattern, first_id=0, tokens=()):
    """Byte-level, of tokens (bytes) with their ranks."""
    spell = byte_characters()

    def spelled(token):
        return "".join(spell[byte] for byte in token)

    merges = [[spelled(left), spelled(right)] for token in sorted(ranks, key=ranks.get)
              for left, right in sorted(splits(token, ranks), key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))]
    vocab = {spelled(token): rank + first_id for token, rank in ranks.items()}
    vocab.update({token["content"]: token["id"] for token in tokens})  # tokenizers keeps an id that stands here
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return tokenizer(vocab, merges, list(tokens), decoder=BYTE_LEVEL, pre_tokenizer={"type": "Sequence", "pretokenizers": [split, BYTE_LEVEL]})


def tekken(data):
    file = json.loads(data)
    special = file["config"]["default_num_special_tokens"]
    count = file["config"]["default_vocab_size"] - special
    ranks = {base64.b64decode(token["token_bytes"]): token["rank"] for token in file["vocab"][:count]}
    return of_ranks(ranks, file["config"]["pattern"], special, [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>"), added(3, "[INST]"), added(4, "[/INST]")])


def tiktoken(data):
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in data.decode().splitlines() if line)}
    size = len(ranks)
    return {**of_ranks(ranks, QWEN2, 0, [added(size, "<|endoftext|>"), added(size + 1, "<|im_start|>"), added(size + 2, "<|im_end|>")]), "normalizer": {"type": "NFC"}}


def fields_of(message):
    """(number, value) of a message in protobuf's wire format; bytes, an integer, or four bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 2: None, 5: 4}[key & 7]
            size = varint() if size is None else size
            yield key >> 3, message[at:at + size]
            at += size


def sentencepiece(data):
    """pieces = 1 {piece = 1, score = 2, type = 3}; a piece's rank is that of its score, and they are written in that order."""
    pieces = []
    for number, value in fields_of(data):
        if number == 1:
            piece = dict(fields_of(value))
            pieces.append((piece[1].decode(), piece.get(3, 1)))
    vocab = {piece: i for i, (piece, _) in enumerate(pieces)}
    normal = {piece: i for i, (piece, kind) in enumerate(pieces) if kind == 1}
    merges = [list(pair) for piece in normal for pair in sorted(splits(piece, normal), key=lambda pair: (len(pair[0]), len(pair[1])))]
    tokens = [added(vocab[piece], piece) for piece, kind in pieces if kind in (2, 3)]
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    back = {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}
    return tokenizer(vocab, merges, tokens, model={"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True},
                     normalizer={"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, replace]},
                     decoder={"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"},
                                                               {"type": "Strip", "content": " ", "start": 1, "stop": 0}]})


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("tekken", "sentencepiece", "tiktoken"):
        sys.exit(__doc__)
    made = globals()[sys.argv[1]](Path(sys.argv[2]).read_bytes())
    folder = Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
