"""Runs the GPU kit's parts in order of value; see docs/guides/gpu-kit.md."""
import argparse
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import ledger  # noqa: E402
import machine  # noqa: E402
from kit import BadKit, Kit  # noqa: E402
from part import FAILED  # noqa: E402
from parts import PARTS  # noqa: E402
from runner import Runner  # noqa: E402

BAD_INPUT = 2


def missing_device(device):
    """Why no part can run on `device` here; None when they can. A GPU that is there and cannot be used is for part `start` to find."""
    if device == "cpu" or machine.shown_gpu() is not None or os.path.exists("/dev/nvidia0"):
        return None
    return f"no GPU: this machine's driver shows none, so {device} is not there"


def table(lines, parts):
    """A row a part: name, status, seconds, and the reason or the first figures."""
    rows = []
    for part in parts:
        line = lines.get(part.name)
        if line is None:
            continue
        said = line["reason"] or ", ".join(f"{key} {value}" for key, value in line["figures"].items())
        rows.append(f"{line['part']:14} {line['status']:8} {line['seconds']:6.1f} s  {said}"[:200])
    return "\n".join(rows)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="run.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs what needs a GPU, most valuable first, and writes OUT/results.jsonl, a line a part:\n"
        '{"part","status":"passed|failed|skipped","reason","seconds","figures",...}. Called again with the same --out it goes on\n'
        "with what has not passed. Exit status 1 when a part failed, 2 for bad input, else 0.")
    default_kit = Path(__file__).resolve().parent.parent
    parser.add_argument("--kit", type=Path, default=default_kit, help="the folder that pack.sh filled (default: beside run.sh)")
    parser.add_argument("--device", default="cuda:0", help="cuda:N, or cpu for a rehearsal of the same steps in small (default: cuda:0)")
    parser.add_argument("--out", type=Path, default=Path("gpu-results"), help="results and logs (default: gpu-results)")
    parser.add_argument("--minutes", type=float, default=12.0, help="the most time in all (default: 12)")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="a part's name or letter; may be repeated")
    parser.add_argument("--torch", help="the folder of LibTorch's libraries (default: that of Python's torch, or of ./drover setup --cuda)")
    parser.add_argument("--list", action="store_true", help="list the parts with their estimates, and end")
    return parser.parse_args(arguments)


def fail(message):
    print(f"gpu-kit: {message}", file=sys.stderr)
    return BAD_INPUT


def main(arguments):
    options = parse(arguments)
    if options.list:
        for part in PARTS:
            print(f"{part.letter} {part.name:14} about {part.estimate:3} s, at most {part.limit:3} s: {part.claim}")
        return 0
    known = {part.name for part in PARTS} | {part.letter for part in PARTS}
    for name in options.only:
        if name not in known:
            return fail(f"--only {name}: there is no such part; there are {', '.join(part.name for part in PARTS)}")
    if options.device != "cpu" and not options.device.startswith("cuda:"):
        return fail(f"--device {options.device}: it may be cuda:N or cpu")
    if options.minutes <= 0:
        return fail(f"--minutes {options.minutes}: it must be above 0")
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    try:
        kit = Kit(options.kit.resolve(), out / "kit")
        libraries = machine.find_torch(options.torch, kit.manifest["torch"])
    except (BadKit, machine.NoTorch) as error:
        return fail(str(error))
    parts = [part for part in PARTS if not options.only or part.name in options.only or part.letter in options.only]

    def report(line):
        print(json.dumps(line), flush=True)

    gpu = machine.shown_gpu() if options.device != "cpu" else None
    runner = Runner(kit, options.device, out, machine.environment(libraries), options.minutes, report, card=gpu and gpu[0])
    runner.run(parts, missing_device(options.device))
    ledger.write(out / "ledger.md", PARTS, runner.results.lines)
    print("\n" + table(runner.results.lines, parts))
    print(f"\n{runner.results.path}; lines for docs/gpu-ledger.md: {out / 'ledger.md'}")
    return 1 if any(runner.results.lines[part.name]["status"] == FAILED for part in parts) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
