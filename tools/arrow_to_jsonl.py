#!/usr/bin/env python3
"""Parquet and Arrow files, as question sets are published, to JSON Lines, which drover reads.

    tools/arrow_to_jsonl.py IN... --out FILE.jsonl [--unique COLUMN]

IN is a .parquet file, an .arrow file (IPC file or stream), or a folder of such files, as Hugging Face's save_to_disk and downloads make them; several are
read in the order given, a folder's in the order of their names. Every row becomes a line, its columns under their names. --unique keeps the first row of each value of a
column ("prompt", or "reward_model.ground_truth" inside a struct): DAPO-Math-17k has each of its questions a hundred times.

It needs pyarrow (setup/python-data.txt):  python3 -m venv .venv && .venv/bin/pip install -r setup/python-data.txt
"""
import argparse
import json
import math
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as parquet

ROWS = 1024  # held at a time


def files_of(path):
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix in (".parquet", ".arrow") and not p.name.startswith("cache-"))
    if not found:
        sys.exit(f"{path}: no .parquet or .arrow file is in it")
    return found


def batches_of(path):
    """Record batches of a file, by what it is and not by its name."""
    with open(path, "rb") as file:
        magic = file.read(6)
    if magic[:4] == b"PAR1":
        yield from parquet.ParquetFile(path).iter_batches(ROWS)
    elif magic == b"ARROW1":
        with ipc.open_file(pa.memory_map(str(path))) as reader:
            for i in range(reader.num_record_batches):
                yield reader.get_batch(i)
    else:
        with ipc.open_stream(pa.memory_map(str(path))) as reader:
            yield from reader


def rows_of(path):
    for batch in batches_of(path):
        for begin in range(0, batch.num_rows, ROWS):
            yield from batch.slice(begin, ROWS).to_pylist()


def plain(value):
    """What JSON can hold: numbers that are none become null, dates and decimals their text, bytes that are UTF-8 a text."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def at(row, path):
    """The value at a dotted path; a column whose own name has dots comes first."""
    if path in row:
        return row[path]
    for name in path.split("."):
        if not isinstance(row, dict) or name not in row:
            sys.exit(f"--unique {path}: there is no such column")
        row = row[name]
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IN")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--unique", metavar="COLUMN")
    options = parser.parse_args()
    seen, written, left_out = set(), 0, 0
    part = options.out.with_name(options.out.name + ".part")
    try:
        with open(part, "w", encoding="utf-8") as out:
            for path in (file for given in options.inputs for file in files_of(given)):
                for row in map(plain, rows_of(path)):
                    if options.unique is not None:
                        value = json.dumps(at(row, options.unique), sort_keys=True)
                        if value in seen:
                            left_out += 1
                            continue
                        seen.add(value)
                    out.write(json.dumps(row, ensure_ascii=False) + "\n")
                    written += 1
    except (OSError, pa.ArrowException) as error:
        part.unlink(missing_ok=True)
        sys.exit(f"{path}: {error}" if "path" in locals() else str(error))
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    os.replace(part, options.out)
    print(f"{written} rows written, {left_out} repeated ones left out", file=sys.stderr)


if __name__ == "__main__":
    main()
