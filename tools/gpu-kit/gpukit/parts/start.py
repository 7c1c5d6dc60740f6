"""(a) Programs start, the device is seen, /metrics is served."""
import json
import time
import urllib.error
import urllib.request

import machine
from part import PartFailed

from .training import Run, tiny

PROGRAMS = ("drover", "drover-learner", "drover-actor", "drover-verifier", "drover-model")
# A series that only such a process has: an empty page is no metrics.
SERIES = {"learner-0": "drover_learner_", "actor-0": "drover_actor_", "verifier-0": "drover_verifier_"}


def fetch(port, path):
    """The body of a page on loopback; None when it does not answer with 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, OSError):
        return None


def metrics_of(run, wanted, until):
    """{process: its page} of those that served one before the run was over or time was up."""
    pages = {}
    while time.monotonic() < until and set(pages) != set(wanted):
        over = run.session.wait(0.1) is not None
        for process in set(wanted) - set(pages):
            path = run.folder / "ports" / f"{process}.json"
            try:
                port = json.loads(path.read_text())["metrics_port"]
            except (OSError, ValueError):
                continue
            page = fetch(port, "/metrics")
            if page and wanted[process] in page:
                pages[process] = page
        if over:
            break
    return pages


def run(context):
    figures = {}
    for program in PROGRAMS:
        context.check([context.kit.program(program), "--help"])
    gpu = machine.shown_gpu()
    if gpu is not None:
        figures["gpu"], figures["driver"], figures["memory_mib"] = gpu[0], gpu[1], int(gpu[2])
    checked = context.check([context.kit.program("drover-learner"), "--check-device", context.device])
    figures["device_seconds"] = round(checked.seconds, 2)
    with Run(context, tiny(steps=30)) as training:
        pages = metrics_of(training, SERIES, time.monotonic() + context.left() - 3)
    missing = sorted(set(SERIES) - set(pages))
    if missing:
        raise PartFailed(f"no /metrics of {', '.join(missing)}: {training.last_words()}", figures)
    figures["metrics_lines"] = {process: page.count("\n") for process, page in sorted(pages.items())}
    return figures
