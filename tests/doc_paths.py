#!/usr/bin/env python3
"""Every file that a page names in backticks ("learner/trainer.h") is there: a page that sends readers to a file that moved is wrong."""
import os
import re
import subprocess
import sys

NAMED = re.compile(r"`([a-z_.-]+/[\w./-]*(?:\.(?:h|cc|cu|py|sh|proto|md|json|txt|textproto|cmake)|/))(?:`|::)")
PAGES = ["README.md", "docs/*.md", "docs/guides/*.md", "docs/reference/*.md"]


def main():
    pages = subprocess.run(["git", "ls-files", *PAGES], capture_output=True, text=True, check=True).stdout.split()
    missing = []
    for page in pages:
        with open(page, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                for name in NAMED.findall(line):
                    if not os.path.exists(name):
                        missing.append((page, number, name))
    tops = set(subprocess.run(["git", "ls-tree", "--name-only", "-d", "HEAD"], capture_output=True, text=True, check=True).stdout.split())
    found = [f"{page}:{number}: no such file: {name}" for page, number, name in missing if name.split("/")[0] in tops]
    print("\n".join(found) or f"the files that {len(pages)} pages name are there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
