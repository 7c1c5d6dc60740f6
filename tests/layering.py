#!/usr/bin/env python3
"""Holds the includes to the table of docs/architecture.md: dependencies point one way, transport stays in services/."""
import re
import subprocess
import sys

ALLOWED = {  # folder -> the project's folders that it may include
    "base": {"base"},
    "verifier": {"verifier"},
    "model": {"model", "base", "drover"},
    "actor": {"actor", "model", "base", "drover"},
    "learner": {"learner", "model", "base", "drover"},
    "services": {"services", "base", "verifier", "model", "actor", "learner", "drover"},
    "bench": {"bench", "services", "base", "verifier", "model", "actor", "learner", "drover"},
    "tests": {"tests", "services", "base", "verifier", "model", "actor", "learner", "drover"},
}
FOLDERS = set(ALLOWED) | {"drover"}  # drover/v1/... are the generated protos
TRANSPORT = re.compile(r"grpc")


def violations(path, text):
    folder = path.split("/")[0]
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        target = match.group(1)
        top = target.split("/")[0]
        if top in FOLDERS and "/" in target and top not in ALLOWED[folder]:
            yield f"{path}:{number}: {folder}/ may not include {target}"
        if folder not in ("services", "bench", "tests") and TRANSPORT.search(target):
            yield f"{path}:{number}: transport ({target}) belongs in services/"


def main():
    files = subprocess.run(["git", "ls-files", "*.h", "*.cc", "*.cu"], capture_output=True, text=True, check=True)
    found = []
    for path in files.stdout.split():
        if path.split("/")[0] in ALLOWED:
            with open(path, encoding="utf-8") as source:
                found += violations(path, source.read())
    print("\n".join(found) or f"{len(files.stdout.split())} files hold to the layering")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
