#!/usr/bin/env bash
# Builds the CUDA preset's programs and tests and packs what a bare GPU machine lacks of them: docs/guides/gpu-kit.md.
#
#   pack.sh --out DIR [--no-build]
#
# DIR (new, or an earlier kit) then holds run.sh, the runner, MANIFEST.json and kit.tar.xz: stripped programs, CUDA tests, shared
# libraries that are neither the C library's nor LibTorch's nor CUDA's, recipes, and small models where ../shared has them.
# Needs the CUDA 13.0 toolkit and no GPU. --no-build packs what build-cuda/ holds.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
ROOT=$(cd "$here/../.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/packages.sh"
. "$ROOT/setup/libtorch.sh"
. "$ROOT/setup/build.sh"

PROGRAMS=(drover drover-learner drover-actor drover-verifier drover-model)
TESTS=(learner_cuda_test actor_cuda_test gpu_agreement_test)
FIXTURES=(llama llama3_rope llama_head_dim mistral qwen2 qwen2_untied qwen3)
MOST_BYTES=$((45 << 20))
usage='tools/gpu-kit/pack.sh --out DIR [--no-build]'

out="" with_build=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --out) [ $# -ge 2 ] || die "packing" "--out needs a folder" "$usage"; out=$2; shift ;;
    --no-build) with_build=no ;;
    *) die "packing" "unknown argument '$1'" "$usage" ;;
  esac
  shift
done
[ -n "$out" ] || die "packing" "--out is missing" "$usage"
if [ -e "$out" ] && [ ! -f "$out/MANIFEST.json" ] && [ -n "$(ls -A "$out" 2>/dev/null)" ]; then
  die "packing" "$out is neither empty nor an earlier kit" "name a new folder"
fi

if [ "$with_build" = yes ]; then
  install_packages
  install_libtorch
  install_libtorch_cuda
  build cuda "${PROGRAMS[@]}" "${TESTS[@]}"
fi
built=$(build_folder cuda)
[ -x "$built/bin/drover-learner" ] || die "packing" "there is no $built/bin/drover-learner" "pack without --no-build"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
for component in programs gpu_tests; do
  cmake --install "$built" --component "$component" --prefix "$stage/kit" --strip >"$stage/install.log" ||
    die "packing" "$(tail -n 1 "$stage/install.log")" "build the preset again: ./drover setup --cuda"
done

# What the files need beyond a bare machine: not the C and C++ libraries, not LibTorch's and CUDA's.
BARE='^(linux-vdso|ld-linux-x86-64|libc|libm|libdl|libpthread|librt|libutil|libresolv|libgcc_s|libstdc\+\+|libgomp)\.so'
needed_libraries() {
  local file
  for file in "$stage"/kit/bin/* "$stage"/kit/tests/*; do
    LD_LIBRARY_PATH="$DEPS/libtorch/lib:${CUDA_HOME:-/usr/local/cuda}/lib64" ldd "$file"
  done | awk '$2 == "=>" { print $1, ($3 == "not" ? "missing" : $3) }' | sort -u
}
mkdir -p "$stage/kit/lib"
while read -r name path; do
  [[ $name =~ $BARE ]] && continue
  case "$path" in
    missing) [ "$name" = libcuda.so.1 ] || die "packing" "$name is not on this machine" "./drover setup --cuda" ;;
    "$DEPS"/* | "${CUDA_HOME:-/usr/local/cuda}"/* | "$(readlink -f "${CUDA_HOME:-/usr/local/cuda}")"/*) ;;
    *) cp -L "$path" "$stage/kit/lib/$name" && { strip --strip-unneeded "$stage/kit/lib/$name" 2>/dev/null || true; } ;;
  esac
done < <(needed_libraries)

for model in "${FIXTURES[@]}"; do
  [ -d "$ROOT/../shared/models/$model" ] || continue
  mkdir -p "$stage/kit/fixtures/$model"
  cp "$ROOT/../shared/models/$model"/{config.json,model.safetensors} "$stage/kit/fixtures/$model/"
done

rm -rf "$out"
mkdir -p "$out"
XZ_OPT="-6 -T0" tar -C "$stage/kit" --owner=0 --group=0 --sort=name -cJf "$out/kit.tar.xz" .
cp "$here/run.sh" "$out/"
(cd "$here" && find gpukit -name '*.py' -print0 | xargs -0 cp --parents -t "$(cd "$OLDPWD" && cd "$out" && pwd)")
python3 - "$out" "$stage/kit" "$ROOT" <<'PYTHON'
import datetime, hashlib, json, pathlib, subprocess, sys
out, kit, root = map(pathlib.Path, sys.argv[1:])
git = lambda *words: subprocess.run(["git", "-C", root, *words], capture_output=True, text=True).stdout.strip()
archive = (out / "kit.tar.xz").read_bytes()
manifest = {
    "commit": git("rev-parse", "--short=12", "HEAD"), "changed": bool(git("status", "--porcelain")),
    "packed": datetime.date.today().isoformat(), "torch": "2.11.0", "cuda": "13.0",
    "archive": "kit.tar.xz", "sha256": hashlib.sha256(archive).hexdigest(), "bytes": len(archive),
    "unpacked_bytes": sum(path.stat().st_size for path in kit.rglob("*") if path.is_file())}
(out / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n")
PYTHON
bytes=$(du -sb "$out" | cut -f1)
[ "$bytes" -le "$MOST_BYTES" ] || die "packing" "$out has $bytes bytes, at most $MOST_BYTES are allowed" "see which file of kit.tar.xz grew"
say "packed $out: $(awk -v b="$bytes" 'BEGIN { printf "%.1f", b / 1048576 }') MiB; run it with $out/run.sh --device cuda:0"
