#!/usr/bin/env python3
"""Writes run.json, fleet.json and verifier.json beside this file; tests/monitoring/ checks that they are current.

  generate.py           writes them
  generate.py --check   exits 1 when one differs from what is written here
"""
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import fleet_dashboard  # noqa: E402
import run_dashboard  # noqa: E402
import verifier_dashboard  # noqa: E402


def dashboards():
    """File name -> dashboard."""
    return {"run.json": run_dashboard.DASHBOARD, "fleet.json": fleet_dashboard.DASHBOARD,
            "verifier.json": verifier_dashboard.DASHBOARD}


def text(dashboard):
    return json.dumps(dashboard, indent=1) + "\n"


def main():
    old = [name for name, dashboard in dashboards().items()
           if not (HERE / name).is_file() or (HERE / name).read_text() != text(dashboard)]
    if "--check" in sys.argv[1:]:
        sys.exit(f"not current: {', '.join(old)}; run deploy/monitoring/dashboards/generate.py" if old else 0)
    for name in old:
        (HERE / name).write_text(text(dashboards()[name]))


if __name__ == "__main__":
    main()
