"""The worked values of the pages."""
import re
import unittest
from types import SimpleNamespace

import draws
import questions
from protos import ROOT


def rows(page, *header):
    """Cells of the tables of a page that have this header."""
    found, inside = [], False
    for line in (ROOT / "docs" / "reference" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells == list(header):
            inside = True
        elif inside and cells[0].strip("-"):
            found.append([cell.strip("`") for cell in cells])
    return found


def words(cell):
    return tuple(int(word, 16) for word in cell.split())


class RandomNumbersTest(unittest.TestCase):
    PAGE = "random-numbers.md"

    def test_blocks(self):
        table = rows(self.PAGE, "counter", "key", "block")
        self.assertEqual(len(table), 3)
        for counter, key, block in table:
            self.assertEqual(draws.philox(words(counter), words(key)), words(block))

    def test_keys(self):
        table = rows(self.PAGE, "seed", "purpose", "key")
        self.assertEqual(len(table), 3)
        for seed, purpose, key in table:
            self.assertEqual(draws.key(int(seed), int(purpose)), words(key))

    def test_streams(self):
        table = rows(self.PAGE, "seed", "purpose", "stream", "what", "values")
        self.assertEqual(len(table), 9)
        for seed, purpose, number, what, values in table:
            with self.subTest(what=what, seed=seed):
                stream, values = draws.Stream(int(seed), int(purpose), int(number)), values.split()
                n = int((re.search(r"\d+(?=\)?$)", what) or [0])[0])
                if what == "draws":
                    self.assertEqual([f"{stream.draw():016x}" for _ in values], values)
                elif what == "Uniform":
                    self.assertEqual([stream.uniform() for _ in values], list(map(float, values)))
                elif what.startswith("Below"):
                    self.assertEqual([stream.below(n) for _ in values], list(map(int, values)))
                else:
                    self.assertEqual(stream.shuffle(range(n + 1)), list(map(int, values)))

    def test_tokens(self):
        table = rows(self.PAGE, "seed", "group", "response", "position", "u of the token")
        self.assertEqual(len(table), 3)
        for *where, uniform in table:
            self.assertEqual(draws.sampling_uniform(*map(int, where)), float(uniform))


class QuestionsTest(unittest.TestCase):
    # Of the page's tables, in their order.
    SETTINGS = [("+", 2, 3, questions.WORKED, 0.05), ("+-*", 1, 9, questions.PLAIN, 0.5), ("-*", 1, 3, questions.WORKED, 0.05)]

    def test_first_questions(self):
        tables = iter(self.SETTINGS)
        seen = 0
        for line in (ROOT / "docs" / "reference" / "questions.md").read_text().splitlines():
            if line == "| what | seed | from the first on |":
                *settings, share = next(tables)
                names = ("operations", "min_digits", "max_digits", "style")
                data = SimpleNamespace(arithmetic=SimpleNamespace(**dict(zip(names, settings))), heldout_share=share, heldout="")
            what, _, rest = line.strip("| ").partition(" | ")
            seed, values = rest.partition(" | ")[0], re.findall(r"`([^`]*)`", rest)
            first = {"training questions": lambda n: questions.generated(data, int(seed), n).text,
                     "held-out questions": lambda n: questions.generated_heldout(data, n + 1)[n].text,
                     "worked, `forgotten_carries: 0.5`": lambda n: "".join(questions.worked(data, int(seed), n, 0.5)),
                     "worked, `forgotten_carries: 0.5`, `padding: 2`": lambda n: "".join(questions.worked(data, int(seed), n, 0.5, 2))}.get(what)
            if line.startswith("|") and first:
                self.assertEqual([first(n) for n in range(len(values))], values)
                seen += 1
        self.assertEqual(seen, 7)

    def test_canonical_text(self):
        self.assertEqual(questions.canonical("\t what\r\n\v is  \f1 ?"), "what is 1 ?")
        self.assertEqual(questions.canonical("a\u00a0 b"), "a\u00a0 b")
        for text in ("347+85:", "85+347:"):
            self.assertEqual(questions.canonical(text), "347+85:")
        self.assertEqual(questions.canonical("85 - 347 ="), "85 - 347 =")

    def test_keys(self):
        for text in ("347+85:", "85+347:", " 85 +  347 =", "0085+347"):
            self.assertEqual(questions.key(text), "347+85")
        self.assertEqual([questions.key(text) for text in ("85-347:", "0*3=", "1+2+3:")], ["85-347", "3*0", "1+2+3:"])


if __name__ == "__main__":
    unittest.main()
