#!/usr/bin/env python3
"""Runs the unittests of a folder (*_test.py) and writes their outcomes as GoogleTest does, so that tests/tally.py counts each.

  tests/unittests.py FOLDER [--results FOLDER] [NAME...]     NAME: part of a test's name; only those run
"""
import argparse
import json
import sys
import time
import unittest
from pathlib import Path


class Result(unittest.TextTestResult):
    """Keeps what tests/tally.py reads of every test."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = {}

    def _case(self, test):  # a class that could not be set up has no start of its own
        suite, _, name = test.id().rpartition(".")
        return self.cases.setdefault(test.id(), {"suite": suite, "name": name, "status": "RUN", "result": "COMPLETED"})

    def startTest(self, test):
        super().startTest(test)
        self._case(test)["begun"] = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        case = self._case(test)
        case["time"] = f"{time.monotonic() - case.pop('begun'):.3f}s"

    def _failed(self, test, error):
        self._case(test).setdefault("failures", []).append({"failure": self._exc_info_to_string(error, test)})

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failed(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._case(test).update(result="SKIPPED", skipped=[{"message": f"skipped: {reason}"}])

    def report(self):
        suites = {}
        for case in self.cases.values():
            suites.setdefault(case["suite"], []).append(case)
        return {"testsuites": [{"name": name, "testsuite": cases} for name, cases in suites.items()]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--results", type=Path)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    folder = options.folder.resolve()
    sys.path[:0] = [str(folder), str(folder.parent)]
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*" for name in options.names] or None
    result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(
        loader.discover(str(folder), pattern="*_test.py", top_level_dir=str(folder)))
    if options.results:
        options.results.mkdir(parents=True, exist_ok=True)
        (options.results / f"{folder.name}.json").write_text(json.dumps(result.report(), indent=1))
    if not result.testsRun:
        sys.exit("no test ran")
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
