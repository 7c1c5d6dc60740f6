#!/usr/bin/env python3
"""Prints the rules of prometheusrule.yaml as a plain Prometheus rule file, for a Prometheus without the operator.

  rules.py [--runbooks URL] [--resource] [--shorten FACTOR]

--runbooks   where docs/runbooks/ is published, in place of https://drover.example/docs/runbooks/
--resource   the PrometheusRule itself, with --runbooks applied
--shorten    divides every window, every `for` and every threshold of time (N * 60) by FACTOR: for tests

Needs PyYAML.
"""
import argparse
import re
from pathlib import Path

import yaml

SOURCE = Path(__file__).with_name("prometheusrule.yaml")
RUNBOOKS = "https://drover.example/docs/runbooks/"
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
DURATION = re.compile(r"(\d+)(ms|s|m|h|d)\b")


def load(path=SOURCE):
    return yaml.safe_load(path.read_text())


def shorter(duration, factor):
    """'15m' at factor 100 is '9000ms'; never less than 1 ms."""
    return DURATION.sub(lambda m: f"{max(1, round(int(m[1]) * UNITS[m[2]] / factor))}ms", duration)


def shorten(spec, factor):
    for group in spec["groups"]:
        for rule in group["rules"]:
            expr = re.sub(r"\[[^\]]*\]", lambda m: shorter(m[0], factor), rule["expr"])
            rule["expr"] = re.sub(r"\b(\d+) \* 60\b", lambda m: f"{int(m[1]) * 60 / factor:g}", expr)
            if "for" in rule:
                rule["for"] = shorter(rule["for"], factor)
    return spec


def with_runbooks(resource, base):
    for group in resource["spec"]["groups"]:
        for rule in group["rules"]:
            notes = rule.get("annotations", {})
            if "runbook_url" in notes:
                notes["runbook_url"] = notes["runbook_url"].replace(RUNBOOKS, base.rstrip("/") + "/")
    return resource


def dump(value):
    return yaml.safe_dump(value, sort_keys=False, width=1000)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runbooks", default=RUNBOOKS)
    parser.add_argument("--resource", action="store_true")
    parser.add_argument("--shorten", type=float, default=1)
    options = parser.parse_args()
    resource = with_runbooks(load(), options.runbooks)
    if options.shorten != 1:
        shorten(resource["spec"], options.shorten)
    print(dump(resource if options.resource else resource["spec"]), end="")


if __name__ == "__main__":
    main()
