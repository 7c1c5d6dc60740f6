#!/usr/bin/env bash
# LibTorch from its pinned wheels, as ./drover unpacks it: fetch_libtorch.sh cpu|cuda.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/libtorch.sh"
case ${1:-} in
  cpu) install_libtorch ;;
  cuda) install_libtorch && install_libtorch_cuda ;;
  *) die "fetch_libtorch.sh" "unknown kind '${1:-}'" "fetch_libtorch.sh cpu|cuda" ;;
esac
