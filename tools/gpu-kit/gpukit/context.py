"""What a part gets to work with."""
import time
from pathlib import Path

import process


class Context:
    """One part's: `device` as Drover takes it, a folder of its own, and the moment at which it must be done."""

    def __init__(self, kit, device, folder, environment, seconds):
        self.kit = kit
        self.device = device
        self.folder = Path(folder)
        self.environment = environment
        self._until = time.monotonic() + seconds
        self._logs = 0

    @property
    def rehearsal(self):
        """On the CPU: the same steps, as small as they can be."""
        return self.device == "cpu"

    def left(self):
        return self._until - time.monotonic()

    def log(self):
        self._logs += 1
        return self.folder / f"{self._logs:02d}.log"

    def check(self, command, **more):
        """Runs a program to its end within the part's time; a failure is PartFailed."""
        return process.check(command, self.log(), {**self.environment, **more}, self.left())

    def session(self, command, **more):
        return process.Session(command, self.log(), {**self.environment, **more})
