#!/usr/bin/env bash
# Runs the GPU kit, most valuable parts first: docs/guides/gpu-kit.md.
#
#   run.sh [--kit DIR] [--device cuda:0|cpu] [--out DIR] [--minutes M] [--only PART]... [--torch DIR] [--list]
#
# Needs Python 3.9 or newer, and LibTorch 2.11.0 (of Python's torch, or --torch). --help says more.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
exec python3 "$here/gpukit" "$@"
