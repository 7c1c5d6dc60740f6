"""Runs parts in their order within a time limit and keeps what came of each, a JSON line a part."""
import datetime
import json
import shutil
import time
from pathlib import Path

from context import Context
from part import FAILED, PASSED, SKIPPED, PartFailed, PartSkipped

LEAST_SECONDS = 5  # what is left of the time limit must be worth starting a part


class Results:
    """results.jsonl, a line a part. A file of another kit, device or card is kept as results.old.jsonl."""

    def __init__(self, folder, commit, device, card=None):
        self.path = Path(folder) / "results.jsonl"
        self._identity = {"commit": commit, "device": device, "card": card}
        self.lines = self._read()
        if any({key: line.get(key) for key in self._identity} != self._identity for line in self.lines.values()):
            self.path.rename(self.path.with_name("results.old.jsonl"))
            self.lines = {}
        self._write()

    def _read(self):
        lines = {}
        if self.path.exists():
            for text in self.path.read_text().splitlines():
                try:
                    line = json.loads(text)
                    lines[line["part"]] = line
                except (ValueError, KeyError, TypeError):
                    continue  # a line that a killed run left unfinished
        return lines

    def _write(self):
        fresh = self.path.with_name("results.jsonl.tmp")
        fresh.write_text("".join(json.dumps(line) + "\n" for line in self.lines.values()))
        fresh.replace(self.path)

    def passed(self, name):
        return self.lines.get(name, {}).get("status") == PASSED

    def add(self, name, status, reason, seconds, figures):
        """Keeps the line, whole or not at all; a skip for want of time does not hide an earlier line."""
        self.lines.pop(name, None)
        self.lines[name] = {"part": name, "status": status, "reason": reason, "seconds": round(seconds, 1), "figures": figures,
                            **self._identity, "date": datetime.date.today().isoformat()}
        self._write()


class Runner:
    """`report(line)` is called with each finished line."""

    def __init__(self, kit, device, folder, environment, minutes, report, card=None):
        self._kit, self._device, self._folder, self._environment = kit, device, Path(folder), environment
        self._until = time.monotonic() + 60.0 * minutes
        self._report = report
        self.results = Results(folder, kit.commit, device, card)

    def run(self, parts, missing=None):
        """`missing`: why no part can run on this machine; all are then skipped with it."""
        for part in parts:
            if self.results.passed(part.name):
                continue  # of an earlier call: the kit goes on where it ended
            if missing:
                self._add(part, SKIPPED, f"{missing}; on a GPU: {part.claim}", 0.0, {})
                continue
            left = self._until - time.monotonic()
            # A part is not begun that would be cut: its time is better spent on the next visit.
            if left < max(LEAST_SECONDS, 0 if self._device == "cpu" else part.estimate):
                self._add(part, SKIPPED, f"no time: it takes about {part.estimate} s and {max(left, 0):.0f} s are left", 0.0, {})
                continue
            self._one(part, min(left, part.limit))

    def _one(self, part, seconds):
        folder = self._folder / "parts" / part.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        context = Context(self._kit, self._device, folder, self._environment, seconds)
        begun = time.monotonic()
        try:
            figures = part.run(context)
            status, reason = (SKIPPED, f"no GPU: rehearsed on the CPU; on a GPU: {part.claim}") if context.rehearsal else (PASSED, "")
        except PartSkipped as skipped:
            status, reason, figures = SKIPPED, str(skipped), {}
        except PartFailed as failed:
            status, reason, figures = FAILED, str(failed), failed.figures
        except Exception as error:  # of the kit itself: one part's fault must not cost the others their turn
            status, reason, figures = FAILED, f"the kit: {type(error).__name__}: {error}", {}
        self._add(part, status, reason, time.monotonic() - begun, figures)

    def _add(self, part, status, reason, seconds, figures):
        self.results.add(part.name, status, reason, seconds, figures)
        self._report(self.results.lines[part.name])
