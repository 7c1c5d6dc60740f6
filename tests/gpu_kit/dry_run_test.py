"""The kit packed from build-cuda/ and run whole on the CPU, as its folder alone: what a visit to a GPU does, in small."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import support  # first: it says where the runner is
from parts import PARTS

LIBTORCH = Path(os.environ.get("DROVER_DEPS", support.ROOT / ".deps")) / "libtorch" / "lib"
MOST_BYTES = 45 << 20
# What a bare GPU machine has; every other library must be in the kit.
THERE = re.compile(r"(linux-vdso|ld-linux-x86-64|lib(c|m|dl|pthread|rt|util|resolv|gcc_s|stdc\+\+|gomp))\.so|"
                   r"lib(torch|c10|cu|nccl|nv|cupti)\w*\.so")


def run(*arguments, kit, timeout=420):
    return subprocess.run([kit / "run.sh", "--torch", LIBTORCH, *arguments], capture_output=True, text=True, timeout=timeout)


@unittest.skipUnless((support.ROOT / "build-cuda" / "bin" / "drover-learner").exists(), "no CUDA build (no CUDA toolkit here)")
class DryRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        cls.packed = subprocess.run([support.TOOLS / "pack.sh", "--out", cls.scratch / "kit", "--no-build"], capture_output=True, text=True)
        if cls.packed.returncode != 0:
            raise AssertionError(cls.packed.stderr)
        cls.ended = run("--device", "cpu", "--out", cls.scratch / "out", kit=cls.scratch / "kit")
        cls.lines = {line["part"]: line for line in
                     map(json.loads, (cls.scratch / "out" / "results.jsonl").read_text().splitlines())}

    def test_the_kit_is_small_and_says_what_it_is(self):
        size = sum(path.stat().st_size for path in (self.scratch / "kit").rglob("*") if path.is_file())
        self.assertLess(size, MOST_BYTES)
        self.assertRegex(self.packed.stderr, r"packed .* \d+\.\d MiB")
        manifest = json.loads((self.scratch / "kit" / "MANIFEST.json").read_text())
        self.assertEqual((manifest["torch"], manifest["cuda"]), ("2.11.0", "13.0"))

    def test_every_part_was_rehearsed_and_none_claims_a_gpu(self):
        self.assertEqual(self.ended.returncode, 0, self.ended.stdout[-3000:] + self.ended.stderr[-1000:])
        self.assertEqual(list(self.lines), [part.name for part in PARTS])
        for name, line in self.lines.items():
            self.assertEqual(line["status"], "skipped", line)
            self.assertRegex(line["reason"], "^no GPU: rehearsed on the CPU; on a GPU: ", name)
            self.assertTrue(line["figures"], name)
        self.assertTrue(self.ended.stdout.rstrip().endswith("ledger.md"))
        self.assertEqual((self.scratch / "out" / "ledger.md").read_text().count("not yet run"), len(PARTS))

    def test_the_rehearsals_measured_what_a_visit_measures(self):
        figures = {name: line["figures"] for name, line in self.lines.items()}
        self.assertEqual(set(figures["start"]["metrics_lines"]), {"learner-0", "actor-0", "verifier-0"})
        self.assertGreater(figures["tests"]["learner_cuda_test"]["passed"], 5)
        # The CPU against itself has no gap; against double precision it has one.
        self.assertLess(figures["agreement"]["float32_logits_gap_to_double"]["largest"], 1e-4)
        self.assertGreater(figures["agreement"]["float32_logits_gap_to_double"]["largest"], 0.0)
        self.assertGreater(figures["agreement"]["bfloat16_logits_rms"]["largest"], 0.0)
        self.assertEqual(figures["train"]["steps"], 3)
        self.assertEqual(figures["collectives"]["rollouts_of_two_ranks"], 3)
        for step in (figures["train-1.5b"]["step"], figures["decode-7b"]["batch 4"]):
            self.assertGreater(step["tokens_per_second"], 0)
            self.assertGreater(step["share_of_gemm_rate"], 0)
            self.assertIn("launches_per_step", step)
        self.assertEqual(figures["resume"]["groups_trained"], 48)
        self.assertGreaterEqual(figures["resume"]["killed_after_rollouts"], 3)

    def test_nothing_but_the_kit_and_libtorch_is_needed(self):
        root = self.scratch / "out" / "kit"
        for program in [*(root / "bin").iterdir(), *(root / "tests").iterdir()]:
            needed = subprocess.run(["ldd", program], capture_output=True, text=True, env={**os.environ, "LD_LIBRARY_PATH": ""})
            for name, path in re.findall(r"^\s*(\S+) => (.*)$", needed.stdout, re.MULTILINE):
                inside = Path(path.split(" (")[0]).resolve().is_relative_to((root / "lib").resolve())
                self.assertTrue(THERE.match(name) or inside, f"{program.name} takes {name} from {path}")

    def test_programs_are_stripped(self):
        for program in (self.scratch / "out" / "kit" / "bin").iterdir():
            sections = subprocess.run(["readelf", "-S", program], capture_output=True, text=True).stdout
            self.assertNotIn(".debug_info", sections, program.name)

    def test_a_second_call_runs_what_is_asked_for_alone(self):
        ended = run("--device", "cpu", "--out", self.scratch / "other", "--only", "agreement", "--only", "b", kit=self.scratch / "kit")
        self.assertEqual(ended.returncode, 0, ended.stdout)
        lines = (self.scratch / "other" / "results.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(line)["part"] for line in lines], ["tests", "agreement"])

    @unittest.skipIf(os.path.exists("/dev/nvidia0"), "this machine has a GPU")
    def test_without_a_gpu_all_is_skipped_with_the_reason(self):
        ended = run("--device", "cuda:0", "--out", self.scratch / "none", kit=self.scratch / "kit")
        self.assertEqual(ended.returncode, 0, ended.stdout)
        for line in map(json.loads, (self.scratch / "none" / "results.jsonl").read_text().splitlines()):
            self.assertEqual(line["status"], "skipped")
            self.assertIn("no GPU", line["reason"])

    def test_a_part_that_fails_makes_the_status_1(self):
        broken = self.scratch / "broken"
        shutil.copytree(self.scratch / "kit", broken)
        out = self.scratch / "broken-out"
        run("--device", "cpu", "--out", out, "--only", "agreement", kit=broken)
        program = out / "kit" / "tests" / "gpu_agreement_test"
        program.write_text("#!/bin/sh\necho lost the GPU\nexit 3\n")
        ended = run("--device", "cpu", "--out", out, "--only", "agreement", kit=broken)
        self.assertEqual(ended.returncode, 1, ended.stdout)
        line = json.loads((out / "results.jsonl").read_text().splitlines()[-1])
        self.assertEqual(line["status"], "failed")
        self.assertIn("lost the GPU", line["reason"])


class Arguments(unittest.TestCase):
    def refused(self, *arguments):
        ended = subprocess.run([support.TOOLS / "run.sh", *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.returncode, 2, ended.stdout)
        return ended.stderr

    def test_bad_input_has_status_2_and_says_what_would_be_right(self):
        self.assertIn("there are start, tests", self.refused("--only", "nothing"))
        self.assertIn("cuda:N or cpu", self.refused("--device", "tpu"))
        self.assertIn("above 0", self.refused("--minutes", "0"))
        with tempfile.TemporaryDirectory() as scratch:
            self.assertIn("pack.sh", self.refused("--kit", scratch, "--out", f"{scratch}/out"))
            kit = support.make_kit(Path(scratch) / "kit")
            self.assertIn("libtorch_cpu.so", self.refused("--kit", kit, "--out", f"{scratch}/out", "--torch", scratch))

    def test_packing_refuses_a_folder_that_is_something_else(self):
        with tempfile.TemporaryDirectory() as scratch:
            (Path(scratch) / "mine").touch()
            ended = subprocess.run([support.TOOLS / "pack.sh", "--out", scratch, "--no-build"], capture_output=True, text=True)
            self.assertNotEqual(ended.returncode, 0)
            self.assertIn("neither empty nor an earlier kit", ended.stderr)
            self.assertTrue((Path(scratch) / "mine").exists())

    def test_the_list_names_every_part_with_its_time(self):
        ended = subprocess.run([support.TOOLS / "run.sh", "--list"], capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.stdout.count("\n"), len(PARTS))


class Scripts(unittest.TestCase):
    def test_shellcheck_finds_nothing(self):
        tool = os.environ.get("DROVER_SHELLCHECK")
        if not tool:
            self.skipTest("no shellcheck (no network?)")
        scripts = sorted(support.TOOLS.glob("*.sh"))
        ended = subprocess.run([tool, "-x", "--source-path", support.ROOT, "-e", "SC1091", *scripts], capture_output=True, text=True)
        self.assertEqual(ended.returncode, 0, ended.stdout)


if __name__ == "__main__":
    unittest.main()
