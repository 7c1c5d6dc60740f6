#!/usr/bin/env bash
# Compiles the programs and installs them with LibTorch: build.sh cpu|cuda PREFIX. Tests are not built. A ccache at CCACHE_DIR is used.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/build.sh"
preset=${1:?build.sh cpu|cuda PREFIX} prefix=${2:?build.sh cpu|cuda PREFIX}
build "$preset" drover drover-learner drover-actor drover-verifier drover-model
for component in programs libtorch; do
  cmake --install "$(build_folder "$preset")" --prefix "$prefix" --component "$component" --strip >/dev/null
done
# Libraries of the CUDA toolkit that the programs need go beside LibTorch's; NVRTC is loaded by name.
if [ "$preset" = cuda ]; then
  cuda=${CUDA_HOME:-/usr/local/cuda}
  { LD_LIBRARY_PATH="$cuda/lib64" ldd "$prefix/bin/drover-learner" | awk '{print $3}' | grep "^$(readlink -f "$cuda")\|^$cuda" || true
    ls "$cuda"/lib64/libnvrtc.so.* "$cuda"/lib64/libnvrtc-builtins.so.*; } | sort -u |
    while read -r library; do
      [ -e "$prefix/lib/$(basename "$library")" ] || cp -L "$library" "$prefix/lib/"
    done
fi
