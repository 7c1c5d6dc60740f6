"""What a part of the kit is, and what may come of it."""
from dataclasses import dataclass
from typing import Callable

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


class PartFailed(Exception):
    """Something is wrong; `figures` are what was measured before."""

    def __init__(self, reason, figures=None):
        super().__init__(reason)
        self.figures = figures or {}


class PartSkipped(Exception):
    """This machine cannot do it, and nothing is wrong."""


@dataclass(frozen=True)
class Part:
    name: str
    letter: str  # of the list in docs/guides/gpu-kit.md
    claim: str  # what it shows on a GPU: "on a GPU: " + this
    estimate: int  # seconds on one H100, guessed before the first visit
    limit: int  # seconds on a GPU after which it is ended, and has failed
    run: Callable  # run(context) -> figures; raises PartFailed or PartSkipped
