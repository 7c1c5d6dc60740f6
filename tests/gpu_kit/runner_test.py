"""The kit's runner with made-up parts: order, time limit, going on, statuses, what is written."""
import json
import os
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import support  # first: it says where the runner is
import ledger
import machine
import process
from kit import BadKit, Kit
from part import Part, PartFailed, PartSkipped
from parts import PARTS
from runner import Runner


def part(name, run, estimate=1, limit=30):
    return Part(name, name[0], f"shows {name}", estimate, limit, run)


def good(context):
    return {"speed": 2.5}


def bad(context):
    raise PartFailed("wrong numbers", {"gap": 3})


def without(context):
    raise PartSkipped("no such tool")


class Folder(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)


class RunnerTest(Folder):
    def runner(self, device="cuda:0", minutes=1.0, commit="abc", card="H100"):
        self.reported = []
        return Runner(SimpleNamespace(commit=commit), device, self.folder, {}, minutes, self.reported.append, card)

    def lines(self):
        return [json.loads(line) for line in (self.folder / "results.jsonl").read_text().splitlines()]

    def statuses(self):
        return {line["part"]: line["status"] for line in self.lines()}

    def test_every_outcome_has_its_line_and_one_failure_costs_no_other_its_turn(self):
        def broken(context):
            raise KeyError("of the kit itself")

        self.runner().run([part("one", bad), part("two", broken), part("three", without), part("four", good)])
        self.assertEqual(self.statuses(), {"one": "failed", "two": "failed", "three": "skipped", "four": "passed"})
        one, two, three, four = self.lines()
        self.assertEqual((one["reason"], one["figures"]), ("wrong numbers", {"gap": 3}))
        self.assertIn("KeyError", two["reason"])
        self.assertEqual(three["reason"], "no such tool")
        self.assertEqual((four["figures"], four["commit"], four["card"]), ({"speed": 2.5}, "abc", "H100"))
        self.assertEqual([line["part"] for line in self.reported], ["one", "two", "three", "four"])

    def test_goes_on_with_what_has_not_passed(self):
        ran = []

        def counted(context):
            ran.append(context.folder.name)
            return {}

        self.runner().run([part("one", counted), part("two", bad), part("three", without)])
        self.runner().run([part("one", counted), part("two", counted), part("three", counted), part("four", counted)])
        self.assertEqual(ran, ["one", "two", "three", "four"])
        self.assertEqual(set(self.statuses().values()), {"passed"})

    def test_a_part_that_would_be_cut_is_not_begun(self):
        self.runner(minutes=0.5).run([part("long", good, estimate=100), part("short", good)])
        self.assertEqual(self.statuses(), {"long": "skipped", "short": "passed"})
        self.assertIn("about 100 s", self.lines()[0]["reason"])

    def test_results_of_another_kit_or_card_do_not_count(self):
        self.runner().run([part("one", good)])
        for other in ({"commit": "def"}, {"card": "H200"}, {"device": "cpu"}):
            self.runner(**other).run([part("one", bad)])
            self.assertEqual(self.statuses(), {"one": "failed"}, other)
            self.assertTrue((self.folder / "results.old.jsonl").exists())

    def test_on_the_cpu_a_part_is_rehearsed_and_claims_nothing(self):
        self.runner(device="cpu", card=None).run([part("one", good), part("two", bad)])
        one, two = self.lines()
        self.assertEqual((one["status"], one["figures"]), ("skipped", {"speed": 2.5}))
        self.assertIn("on a GPU: shows one", one["reason"])
        self.assertEqual(two["status"], "failed")

    def test_a_machine_without_the_device_says_what_would_have_been_done(self):
        self.runner().run([part("one", bad)], missing="no GPU here")
        self.assertEqual(self.lines()[0]["reason"], "no GPU here; on a GPU: shows one")
        self.assertEqual(self.lines()[0]["status"], "skipped")

    def test_a_half_written_line_of_a_killed_run_is_passed_over(self):
        self.runner().run([part("one", good), part("two", good)])
        path = self.folder / "results.jsonl"
        path.write_text(path.read_text() + '{"part": "three", "sta')
        self.runner()
        self.assertEqual(self.statuses(), {"one": "passed", "two": "passed"})

    def test_a_program_that_hangs_is_ended_with_its_children_and_fails_its_part(self):
        def hangs(context):
            context.check(["sh", "-c", f"echo begun; sleep 60 & echo $! >{self.folder}/child; wait"])

        self.runner().run([part("one", hangs, limit=1)])
        self.assertEqual(self.statuses(), {"one": "failed"})
        self.assertIn("ran past 1 s: begun", self.lines()[0]["reason"])
        child = Path("/proc") / (self.folder / "child").read_text().strip() / "stat"
        until = time.monotonic() + 10  # the kernel takes a moment
        while child.exists() and child.read_text().split()[2] != "Z":
            self.assertLess(time.monotonic(), until, "the program's child still runs")
            time.sleep(0.05)

    def test_a_program_that_fails_says_how(self):
        self.runner().run([part("one", lambda context: context.check(["sh", "-c", "echo no memory; exit 3"]))])
        self.assertEqual(self.lines()[0]["reason"], "sh ended with status 3: no memory")
        self.runner().run([part("two", lambda context: context.check(["sh", "-c", "kill -9 $$"]))])
        self.assertIn("signal 9", self.lines()[1]["reason"])


class LedgerTest(Folder):
    LINE = {"part": "one", "status": "passed", "reason": "", "seconds": 1.0, "figures": {"batch 1": {"tokens_per_second": 123.456}},
            "commit": "abc", "device": "cuda:0", "card": "H100", "date": "2026-11-28"}

    def test_only_what_ran_on_a_gpu_has_a_number(self):
        one = part("one", good)
        self.assertIn("| 2026-11-28 | H100 | abc | `run.sh --only one` | batch 1 tokens_per_second: 123.5 |", ledger.row(one, self.LINE))
        for line in (None, {**self.LINE, "status": "skipped"}, {**self.LINE, "device": "cpu"}):
            self.assertTrue(ledger.row(one, line).endswith("| not yet run |"))
        self.assertIn("FAILED: a/b", ledger.row(one, {**self.LINE, "status": "failed", "reason": "a|b"}))

    def test_the_projects_ledger_has_a_row_for_every_part(self):
        text = (support.ROOT / "docs" / "gpu-ledger.md").read_text()
        for one in PARTS:
            self.assertIn(f"| {one.name} | {one.claim} |", text)


class KitTest(Folder):
    def test_unpacks_once_and_again_when_the_kit_is_another(self):
        kit = Kit(support.make_kit(self.folder / "a", {"bin/x": "1"}), self.folder / "into")
        (kit.root / "mine").write_text("")
        Kit(self.folder / "a", self.folder / "into")
        self.assertTrue((kit.root / "mine").exists())
        Kit(support.make_kit(self.folder / "b", {"bin/x": "2"}), self.folder / "into")
        self.assertEqual((kit.root / "bin" / "x").read_text(), "2")

    def test_what_is_no_kit_or_was_cut_says_so(self):
        with self.assertRaisesRegex(BadKit, "pack.sh"):
            Kit(self.folder, self.folder / "into")
        folder = support.make_kit(self.folder / "a")
        (folder / "kit.tar.xz").write_bytes((folder / "kit.tar.xz").read_bytes()[:-8])
        with self.assertRaisesRegex(BadKit, "copy it again"):
            Kit(folder, self.folder / "into")
        (folder / "kit.tar.xz").unlink()
        with self.assertRaisesRegex(BadKit, "whole folder"):
            Kit(folder, self.folder / "into")


class MachineTest(Folder):
    def test_torch_is_where_it_was_named_and_its_version_is_read(self):
        libraries = self.folder / "torch" / "lib"
        libraries.mkdir(parents=True)
        with self.assertRaisesRegex(machine.NoTorch, "libtorch_cpu.so"):
            machine.find_torch(str(libraries), "2.11.0")
        (libraries / "libtorch_cpu.so").touch()
        self.assertEqual(machine.find_torch(str(libraries), "2.11.0"), libraries.resolve())
        self.assertIsNone(machine.torch_version(libraries))
        (libraries.parent / "version.py").write_text("__version__ = '2.11.0+cu130'\ndebug = False\n")
        self.assertEqual(machine.torch_version(libraries), "2.11.0+cu130")
        self.assertEqual(machine.find_torch(str(libraries), "2.11.0"), libraries.resolve())
        with self.assertRaisesRegex(machine.NoTorch, r"built against LibTorch 2.12.0, and .* is 2.11.0\+cu130"):
            machine.find_torch(str(libraries), "2.12.0")

    def test_a_checkout_around_the_kit_has_libtorch_too(self):
        unpacked = self.folder.resolve() / ".deps" / "libtorch" / "lib"
        unpacked.mkdir(parents=True)
        for name in ("libtorch_cpu.so", "libtorch_cuda.so"):
            (unpacked / name).touch()
        (self.folder / "below").mkdir()
        before = Path.cwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.folder / "below")
        with mock.patch("importlib.util.find_spec", return_value=None), mock.patch.object(machine, "__file__", "/nowhere/machine.py"):
            self.assertEqual(machine.find_torch(None, "2.11.0"), unpacked)
            os.chdir("/")
            with self.assertRaisesRegex(machine.NoTorch, "install torch==2.11.0"):
                machine.find_torch(None, "2.11.0")

    def test_the_cuda_wheels_beside_torch_are_on_the_path(self):
        libraries = self.folder / "site" / "torch" / "lib"
        wheel = self.folder / "site" / "nvidia" / "cu13" / "lib"
        for folder in (libraries, wheel):
            folder.mkdir(parents=True)
        self.assertEqual(machine.library_path(libraries).split(":")[:2], [str(libraries), str(wheel)])


class PartsTest(unittest.TestCase):
    def test_together_they_fit_into_a_quarter_of_an_hour_and_the_first_four_into_five_minutes(self):
        self.assertLess(sum(one.limit for one in PARTS), 12 * 60)
        self.assertLess(sum(one.limit for one in PARTS if one.letter in "abcd"), 5 * 60)
        self.assertEqual("".join(sorted({one.letter for one in PARTS})), "abcdefgh")
        self.assertEqual([one.letter for one in PARTS], sorted(one.letter for one in PARTS))
        for one in PARTS:
            self.assertLess(one.estimate, one.limit, one.name)

    def test_last_words_are_short(self):
        self.assertEqual(process.last_words("a\n\nb\nc\nd\n"), "b | c | d")
        self.assertEqual(process.last_words(""), "it said nothing")
        self.assertLessEqual(len(process.last_words("x" * 10000)), 400)


if __name__ == "__main__":
    unittest.main()
