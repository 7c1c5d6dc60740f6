"""Texts that take tokenizers apart, by a seed: pieces of code, mathematics and many scripts, joined at random.

    texts.py FILE... > CORPUS     a long mixed text, for measurements: the files, and as much again of such pieces as a third of them
"""
import random
import sys
import unicodedata
from pathlib import Path

WORDS = """the The THE theory don't It's they're I'LL we'd 'S 've 'Re x's HTTPServer camelCase snake_case __init__ iPhone McDonald naïve
café Straße ŒUVRE ǅ ǆungla élan İstanbul ﬁ ſ 's 'ſ '\u017f \\frac{1}{2} \\boxed{42} $x^2+y_1$ \\( \\sum_{i=0}^{n} i \\) 3.14159 1,000,000 0x1F 1e-9 12345678 ½ ² Ⅷ ٣٤٥
一二三 数学题：求解方程。 北京大学 东京 カタカナ ひらがな 漢字かな交じり 한국어 안녕하세요 मराठी हिन्दी भाषा नमस्ते की क्षत्रिय العربية السَّلَامُ لغة عربية שלום עִבְרִית ภาษาไทย ກຂ தமிழ் తెలుగు
привет мир Ελληνικά άλφα հայ ქართული ელ አማርኛ Việt ngữ tiếng 👩🏽‍🚀 👨‍👩‍👧‍👦 🇩🇪🇯🇵 ❤️ 😀😀 ✌🏿 #️⃣ 1️⃣ → ≤ ∀x∈ℝ ∫ √ 𝔸𝕓 𝟙𝟚 𝒳 <|endoftext|> <|im_start|> <|im_end|> <s> </s> [INST] [/INST] <pad> <unk> <think>
</think> <｜begin▁of▁sentence｜> <｜User｜> <0x0A> <0xE4> ▁ ▁▁ ▁the Ġ Ċ def return for while; if(x>0){ } => :: -- == != && || // /* */ \\n \\t <html> </div> ```python ``` --- *** ### 1. 2) a) • … “q” ‘q’ «q» — –
http://example.com/a?b=c&d=%20 user@example.com C:\\path\\x.txt [^\\s]+ \\p{L} 0 1 22 333 4444""".split()
SPACES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n", "\n ", "\r", "\t\t", "\u00a0", "\u3000", "\u2003", "\u200b", "\u2028", "\u0085", "\x0b", "\x0c", "\n\n\n  ", "        "]
ODD = ["\x00", "\x01", "\x1b", "\x7f", "\u0080", "\ufeff", "\ufffd", "\u200d", "\u200e", "\u00ad", "\ufe0f", "\ue000", "\U000f1000", "e\u0301", "a\u0323\u0307", "\u0301", "\u0300\u0316", "\u1100\u1161\u11a8",
       "\u212b", "\u1e9b\u0323", "\u0344", "\u0958", "\ufb01", "\uff21", "\u0130", "\u03a3", "\u180e", "\u115f", "\u0e33", "\u0f73", "\U0001d15e", "\ufffe", "\U0010ffff", "'", "''", "/", "//\n", "\u2581"]
# The normal forms of tokenizers are older than ICU's: marks that came later are ordered differently.
OLD = [c for c in map(chr, range(0x20, 0x30000)) if unicodedata.category(c) not in ("Cn", "Cs", "Co") and not (unicodedata.combining(c) and ord(c) > 0x1100)]


def piece(r):
    kind = r.random()
    if kind < 0.45:
        return r.choice(WORDS)
    if kind < 0.65:
        return r.choice(SPACES)
    if kind < 0.75:
        return r.choice(ODD)
    if kind < 0.80:
        return r.choice(OLD)
    if kind < 0.84:  # characters of one neighbourhood
        at = r.randrange(len(OLD) - 40)
        return "".join(r.choice(OLD[at:at + 40]) for _ in range(r.randint(1, 12)))
    if kind < 0.87:
        return bytes(r.randrange(256) for _ in range(r.randint(1, 8))).decode("utf-8", "replace")
    if kind < 0.90:
        return r.choice(WORDS + ODD) * r.randint(2, 40)
    if kind < 0.95:
        return "".join(r.choice("abcdefghijklmnopqrstuvwxyzABCDE") for _ in range(r.randint(1, 12)))
    return "".join(chr(r.randrange(0x20, 0x7f)) for _ in range(r.randint(1, 10)))


def texts(seed, count, more=()):
    """`count` texts of up to about 40 pieces; `more` are pieces of the tokenizer at hand, such as its added tokens."""
    r = random.Random(seed)
    for _ in range(count):
        yield "".join(r.choice(more) if more and r.random() < 0.1 else piece(r) for _ in range(min(r.randint(0, 40), r.randint(0, 40))))


def main():
    files = "".join(Path(path).read_text(encoding="utf-8", errors="replace") for path in sys.argv[1:])
    parts, size = [], 0
    for text in texts(1, len(files)):
        parts.append(text + "\n")
        size += len(text)
        if size > len(files) / 3:
            break
    sys.stdout.buffer.write((files + "".join(parts)).encode("utf-8"))


if __name__ == "__main__":
    main()
