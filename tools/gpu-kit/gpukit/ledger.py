"""The lines of docs/gpu-ledger.md that a visit makes."""
HEADER = ("| part | claim | date | card | commit | command | result |\n"
          "| --- | --- | --- | --- | --- | --- | --- |\n")


def number(value):
    """Short, and readable: 0.123457, 1.23e+09, text as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def flat(figures, path=""):
    """{"a": {"b": 1}} -> "a b: 1"."""
    for key, value in figures.items():
        name = f"{path} {key}".strip()
        if isinstance(value, dict):
            yield from flat(value, name)
        elif value is not None:
            yield f"{name}: {number(value)}"


def row(part, line):
    """A line of the ledger; what did not run on a GPU is 'not yet run'."""
    ran = line is not None and line["device"] != "cpu" and line["status"] != "skipped"
    if not ran:
        return f"| {part.name} | {part.claim} | | | | `run.sh --only {part.name}` | not yet run |"
    said = "; ".join(flat(line["figures"]))
    result = said if line["status"] == "passed" else f"FAILED: {line['reason']}" + (f" ({said})" if said else "")
    cell = result.replace("|", "/").replace("\n", " ")
    return (f"| {part.name} | {part.claim} | {line['date']} | {line['card']} | {line['commit']} | `run.sh --only {part.name}` | "
            f"{cell or 'passed'} |")


def write(path, parts, lines):
    path.write_text(HEADER + "".join(row(part, lines.get(part.name)) + "\n" for part in parts))
