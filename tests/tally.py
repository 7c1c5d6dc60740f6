#!/usr/bin/env python3
"""Adds up what tests/run.sh ran and prints the closing line 'N passed, N failed, N skipped'; exits 1 on a failure.

A stage without GoogleTest results counts as one test by its exit code (77: skipped). A stage with them counts each
case, and one failure more when the stage failed though no case did (a crash, a timeout).
"""
import json
import sys
from pathlib import Path


def cases(path):
    """Yields (name, 'passed' | 'failed' | 'skipped', reason) of each GoogleTest case in a result file."""
    for suite in json.loads(path.read_text(errors="replace"))["testsuites"]:
        for case in suite["testsuite"]:
            name = f"{path.parent.name}: {suite['name']}.{case['name']}"
            if case.get("failures"):
                yield name, "failed", case["failures"][0]["failure"].splitlines()[0]
            elif case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
                skipped = case.get("skipped") or [{"message": "skipped"}]
                yield name, "skipped", skipped[0].get("message", "").strip().splitlines()[-1:]
            else:
                yield name, "passed", ""


def main(results):
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for exit_file in sorted(results.glob("*.exit")):
        stage, code = exit_file.stem, int(exit_file.read_text())
        files = sorted((results / stage).glob("*.json")) if (results / stage).is_dir() else []
        failed_before = counts["failed"]
        for path in files:
            for name, outcome, reason in cases(path):
                counts[outcome] += 1
                if outcome != "passed":
                    print(f"{outcome}: {name} {''.join(reason)}")
        if not files or (code not in (0, 77) and counts["failed"] == failed_before):
            outcome = {0: "passed", 77: "skipped"}.get(code, "failed")
            counts[outcome] += 1
            if outcome != "passed":
                print(f"{outcome}: stage {stage}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
