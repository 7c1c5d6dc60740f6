#!/usr/bin/env python3
"""Holds the includes to the table of docs/architecture.md: between folders dependencies point one way, transport stays in services/ and
programs/, and units (a header and its source as one) include each other in no circle."""
import re
import subprocess
import sys

# Folder -> the project's folders that it may include besides itself. "drover" are the generated protos. A folder that has no row, like
# "services", stands for all the rows below it; one that has a row ("verifier", whose files are its ground and its face) for that alone.
ALLOWED = {
    "base": [],
    "plot": [],
    "statistics": ["base"],
    "group": ["base", "drover"],
    "verifier": [],
    "verifier/reading": ["verifier"],
    "verifier/equality": ["verifier/reading", "verifier"],
    "verifier/answer": ["verifier/equality", "verifier/reading", "verifier"],
    "verifier/fuzz": ["verifier/answer", "verifier/equality", "verifier/reading", "verifier"],
    "verifier/mutation": ["verifier"],
    "model": ["base", "drover"],
    "data": ["model", "base", "drover"],
    "evaluation": ["statistics", "data", "model", "verifier", "base", "drover"],
    "analysis": ["evaluation", "statistics", "plot", "data", "model", "verifier", "base", "drover"],
    "recipe": ["evaluation", "data", "model", "base", "drover"],
    "study": ["recipe", "data", "statistics", "plot", "model", "base", "drover"],
    "actor/scheduler": ["model", "base"],
    "actor/drafting": ["base"],
    "ranks": ["base"],
    "actor": ["actor/drafting", "actor/scheduler", "ranks", "model", "base", "drover"],
    "learner": ["ranks", "group", "model", "base", "drover"],
    "services/rpc": ["base"],
    "services/run": ["statistics", "group", "plot", "base", "drover"],
    "services/completions": ["services/rpc", "evaluation", "base"],
    "services/http": ["base"],
    "services/metrics": ["services/http", "services/run", "statistics", "group", "base", "drover"],
    "services/page": ["services/http", "services/run", "base", "drover"],
    "services/weights": ["services/rpc", "services/metrics", "model", "base", "drover"],
    "services/grading": ["services/rpc", "services/metrics", "verifier", "base", "drover"],
    "services/experience": ["services/rpc", "services/metrics", "group", "base", "drover"],
    "programs/process": ["base"],
    "programs/launch": ["programs/process", "services/run", "statistics", "base", "drover"],
    "programs/verifier": ["programs/process", "services", "recipe", "verifier", "base", "drover"],
    "programs/actor": ["programs/process", "services", "recipe", "data", "actor", "ranks", "group", "model", "base", "drover"],
    "programs/learner": ["programs/process", "services", "recipe", "evaluation", "data", "learner", "ranks", "statistics", "group", "model", "base", "drover"],
    "programs/model": ["programs/launch", "programs/process", "services/http", "services/metrics", "data", "actor", "learner", "ranks", "statistics", "model", "base", "drover"],
    "programs/drover": ["programs/launch", "programs/process", "services", "analysis", "evaluation", "study", "recipe", "data", "statistics", "plot", "verifier", "model", "base", "drover"],
    "bench": ["actor/drafting", "model"],
    "tests": ["programs", "services", "evaluation", "study", "recipe", "data", "learner", "actor", "ranks", "statistics", "group", "plot", "verifier", "model", "base", "drover"],
}
# What a test may include besides: any service of the protos and the HTTP server, to try a server or a client with.
TESTS_ALSO = ["drover", "services/http"]
TRANSPORT = re.compile(r"grpc")
TALKS = ("services", "programs", "tests")
# Who may talk to whom is decided where channels and credentials are made, and that is one place (services/rpc/security.h).
CONNECTS = re.compile(r"\b(CreateChannel|CreateCustomChannel|\w*(Channel|Server)Credentials)\b")
CONNECTS_HERE = "services/rpc"
# Tests, and what they share: it stands in testing/ of the folder that it is about, and nothing else includes it.
TESTING = re.compile(r"/testing/[a-z_]+\.(h|cc)$")
TEST = re.compile(r"(_test\.cc|/testing/[a-z_]+\.(h|cc)|_fuzzer\.cc)$|^tests/")


def folder_of(path):
    """The folder of the table that holds `path`: the longest one; None outside of the project."""
    parts = path.split("/")
    for name in ("/".join(parts[:2]), parts[0]):
        if len(parts) > name.count("/") + 1 and (name in ALLOWED or name == "drover"):
            return name
    return None


def may_include(allowed, other):
    top = other.split("/")[0]
    return other in allowed or (top not in ALLOWED and top in allowed)


def included(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1)


def violations(path, text):
    folder = folder_of(path)
    allowed = ALLOWED[folder] + (TESTS_ALSO if TEST.search(path) else [])
    for number, target in included(text):
        other = folder_of(target)
        if other and other != folder and not may_include(allowed, other):
            yield f"{path}:{number}: {folder}/ may not include {target}"
        if TESTING.search(target) and not TEST.search(path):
            yield f"{path}:{number}: {target} is for tests"
        if folder.split("/")[0] not in TALKS and TRANSPORT.search(target):
            yield f"{path}:{number}: transport ({target}) belongs in services/ and programs/"


def connections(path, text):
    """Channels and credentials that are made elsewhere than in one place."""
    if folder_of(path) == CONNECTS_HERE:
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = CONNECTS.search(line)
        if match:
            yield f"{path}:{number}: {match.group(0)} belongs in {CONNECTS_HERE}/"


def unit_of(path):
    return re.sub(r"\.(h|cc|cu)$", "", path)


def circles(texts):
    """The strongly connected components of more than one unit, by Tarjan's algorithm, each as a sorted list."""
    edges = {}
    for path, text in texts.items():
        edges.setdefault(unit_of(path), set()).update(unit_of(target) for _, target in included(text))
    index, low, stack, found = {}, {}, [], []

    def visit(unit):
        index[unit] = low[unit] = len(index)
        stack.append(unit)
        for other in edges[unit]:
            if other not in edges:
                continue
            if other not in index:
                visit(other)
            if other in stack:
                low[unit] = min(low[unit], low[other])
        if low[unit] == index[unit]:
            component = [stack.pop()]
            while component[-1] != unit:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10000)
    for unit in edges:
        if unit not in index:
            visit(unit)
    return found


def main():
    listed = subprocess.run(["git", "ls-files", "*.h", "*.cc", "*.cu"], capture_output=True, text=True, check=True)
    paths = listed.stdout.split()
    found = [f"{path}: {path.split('/')[0]}/ is not in the table" for path in paths if not folder_of(path)]
    texts = {}
    for path in paths:
        with open(path, encoding="utf-8") as source:
            texts[path] = source.read()
        if folder_of(path):
            found += violations(path, texts[path])
            found += connections(path, texts[path])
    found += ["units in a circle: " + ", ".join(circle) for circle in circles(texts)]
    print("\n".join(found) or f"{len(paths)} files hold to the layering")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
