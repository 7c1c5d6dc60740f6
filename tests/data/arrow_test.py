"""tools/arrow_to_jsonl.py over files that pyarrow wrote, and drover over what comes out."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as parquet

ROOT = Path(__file__).resolve().parents[2]
DROVER = os.environ.get("DROVER", str(ROOT / "build/bin/drover"))

DAPO = [
    {
        "data_source": "math_dapo",
        "prompt": [{"role": "user", "content": f"Solve the following math problem step by step. The last line of your response should be of the form Answer: $Answer (without quotes) where $Answer is the answer to the problem.\n\nWhat is {n}?\n\nRemember to put your answer on its own line after \"Answer:\"."}],
        "reward_model": {"ground_truth": str(n), "style": "rule"},
    }
    for n in (1, 2, 1, 3)
]


class ArrowTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out.jsonl"

    def convert(self, *arguments, code=0):
        done = subprocess.run([sys.executable, ROOT / "tools/arrow_to_jsonl.py", *map(str, arguments), "--out", self.out], capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def lines(self):
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]

    def test_parquet(self):
        parquet.write_table(pa.Table.from_pylist(DAPO), self.folder / "in.parquet")
        self.convert(self.folder / "in.parquet")
        self.assertEqual(self.lines(), DAPO)

    def test_arrow_files_streams_and_folders(self):
        table = pa.Table.from_pylist(DAPO)
        (self.folder / "set/train").mkdir(parents=True)
        with ipc.new_file(self.folder / "set/train/data-00000-of-00002.arrow", table.schema) as writer:
            writer.write_table(table.slice(0, 2))
        with ipc.new_stream(self.folder / "set/train/data-00001-of-00002.arrow", table.schema) as writer:
            writer.write_table(table.slice(2), max_chunksize=1)
        (self.folder / "set/train/cache-1.arrow").write_text("not looked at")
        self.convert(self.folder / "set/train")
        self.assertEqual(self.lines(), DAPO)

    def test_unique(self):
        parquet.write_table(pa.Table.from_pylist(DAPO), self.folder / "in.parquet")
        self.assertIn("3 rows written, 1 repeated", self.convert(self.folder / "in.parquet", "--unique", "reward_model.ground_truth"))
        self.assertEqual([row["reward_model"]["ground_truth"] for row in self.lines()], ["1", "2", "3"])
        self.out.unlink()
        self.assertIn("no such column", self.convert(self.folder / "in.parquet", "--unique", "nothing", code=1))
        self.assertFalse(self.out.exists())

    def test_values_that_json_does_not_know(self):
        table = pa.table({"a": pa.array([float("nan"), 0.5]), "b": pa.array([b"x", None]), "c": pa.array([1, 2], pa.timestamp("s")), "é": ["\n", "é"]})
        parquet.write_table(table, self.folder / "in.parquet")
        self.convert(self.folder / "in.parquet")
        self.assertEqual(self.lines(), [{"a": None, "b": "x", "c": "1970-01-01 00:00:01", "é": "\n"}, {"a": 0.5, "b": None, "c": "1970-01-01 00:00:02", "é": "é"}])

    def test_broken_files_leave_nothing(self):
        for text in (b"PAR1 and no more", b"ARROW1", b"nothing", b""):
            (self.folder / "in.arrow").write_bytes(text)
            self.convert(self.folder / "in.arrow", code=1)
        self.convert(self.folder / "missing.parquet", code=1)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["in.arrow"])

    def test_drover_reads_what_comes_out(self):
        if not Path(DROVER).exists():
            self.skipTest("drover is not built")
        parquet.write_table(pa.Table.from_pylist(DAPO), self.folder / "in.parquet")
        told = subprocess.run([DROVER, "data", "inspect", self.folder / "in.parquet", "--format", "dapo"], capture_output=True, text=True)
        self.assertEqual(told.returncode, 2)
        self.assertIn("is a Parquet file; convert it to JSONL first (docs/guides/data.md)", told.stderr)
        self.convert(self.folder / "in.parquet")
        done = subprocess.run([DROVER, "data", "convert", "--format", "dapo", "--unique", "--in", self.out, "--out", "-"], capture_output=True, text=True)
        self.assertEqual([json.loads(line)["problem"] for line in done.stdout.splitlines()], ["What is 1?", "What is 2?", "What is 3?"])


if __name__ == "__main__":
    unittest.main()
