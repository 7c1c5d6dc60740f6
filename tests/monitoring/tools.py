"""What the tests of this folder share: where things are, and promtool."""
import functools
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
RUNBOOKS = ROOT / "docs" / "runbooks"
sys.path[:0] = [str(MONITORING), str(MONITORING / "dashboards")]


def program(name):
    """Path of prometheus or promtool: of PROMETHEUS_BIN (setup/prometheus.sh sets it) or of PATH; None without."""
    return shutil.which(name, path=os.pathsep.join(filter(None, [os.environ.get("PROMETHEUS_BIN"), os.environ["PATH"]])))


def needs_prometheus(test):
    return unittest.skipUnless(program("promtool") and program("prometheus"), "no Prometheus (setup/prometheus.sh)")(test)


def promtool(*arguments, folder=None, text=None):
    """Runs promtool; returns (exit status, all that it said)."""
    done = subprocess.run([program("promtool"), *map(str, arguments)], cwd=folder, input=text, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@functools.cache
def documented_metrics():
    """Every metric of docs/reference/metrics.md: name -> (type, sections)."""
    metrics, section = {}, ""
    for line in (ROOT / "docs" / "reference" / "metrics.md").read_text().splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line.startswith("| `"):
            name, kind = (cell.strip(" `") for cell in line.split("|")[1:3])
            metrics.setdefault(name, (kind, set()))[1].add(section)
    return metrics
