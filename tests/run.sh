#!/usr/bin/env bash
# All tests: ./drover test calls this after setting up and building. The last line is 'N passed, N failed, N skipped'.
#
#   tests/run.sh [--full] [--only STAGE]
#
# Stages: format layering pages protos ctest page tensorboard monitoring replay loss_peer tokenizers serve data custom_verifier deploy cluster sanitize tsan fuzz cuda gpu_kit. Each writes
# build/test-results/STAGE.*;
# tests/tally.py adds them up: one test a GoogleTest case, one a check. --full adds the long tests (DROVER_FULL_TESTS=1).
set -uo pipefail
export OMP_WAIT_POLICY=PASSIVE  # several tests share few cores: no barrier may spin
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/libtorch.sh"
. "$ROOT/setup/build.sh"
. "$ROOT/setup/python.sh"
. "$ROOT/setup/prometheus.sh"
. "$ROOT/setup/packages.sh"
. "$ROOT/setup/chromium.sh"
. "$ROOT/tests/tiny.sh"
RESULTS="$ROOT/build/test-results"
JOBS=${DROVER_JOBS:-$(nproc)}
only=""
while [ $# -gt 0 ]; do
  case "$1" in
    --full) export DROVER_FULL_TESTS=1 ;;
    --only) only=${2:?--only needs a stage}; shift ;;
    *) die "test" "unknown argument '$1'" "./drover test [--full] [--only STAGE]" ;;
  esac
  shift
done
rm -rf "$RESULTS" && mkdir -p "$RESULTS"
cd "$ROOT"

# stage NAME COMMAND...: runs a check of its own; its output is shown when it fails. 77 is 'skipped'.
stage() {
  local name="$1" log="$RESULTS/$1.log" start=$SECONDS code
  shift
  [ -z "$only" ] || [ "$only" = "$name" ] || return 0
  "$@" >"$log" 2>&1
  code=$?
  echo "$code" >"$RESULTS/$name.exit"
  case $code in
    0) say "$name: passed ($((SECONDS - start)) s)" ;;
    77) say "$name: $(tail -n 1 "$log")" ;;
    *) cat "$log"; say "$name: FAILED ($((SECONDS - start)) s)" ;;
  esac
}

check_format() {
  git ls-files '*.h' '*.cc' '*.cu' | xargs clang-format --dry-run -Werror
}

check_protos() {
  "$DEPS/venv/bin/python" -m pip --version >/dev/null 2>&1 || /usr/bin/python3 -m venv "$DEPS/venv"
  [ -x "$DEPS/venv/bin/buf" ] || "$DEPS/venv/bin/pip" install -q --disable-pip-version-check buf-bin==1.75.0 || {
    echo "skipped: buf could not be installed (no network?)"; return 77; }
  (cd proto && "$DEPS/venv/bin/buf" lint)
}

# The manifests of deploy/, rendered and held to their schemas and to our own policies.
run_deploy() {
  python_tools deploy || { echo "skipped: no tools for the manifests"; return 77; }
  wait  # for checkov, which is fetched while other stages run
  [ ! -x "$DEPS/python-checkov/bin/checkov" ] || export DROVER_CHECKOV="$DEPS/python-checkov/bin/checkov"
  "$DEPS/python-deploy/bin/python" tests/unittests.py tests/deploy --results "$RESULTS/deploy"
}

# A cluster in small: pods of the rendered manifests, on addresses of their own.
run_cluster() {
  python_tools deploy || { echo "skipped: no tools for the cluster in small"; return 77; }
  "$DEPS/python-deploy/bin/python" tests/unittests.py tests/cluster --results "$RESULTS/cluster"
}

# Rules, alerts and dashboards of deploy/monitoring/, and a real Prometheus over real runs.
run_monitoring() {
  python_tools monitoring || { echo "skipped: no PyYAML"; return 77; }
  install_prometheus || { echo "skipped: no Prometheus"; return 77; }
  PROMETHEUS_BIN="$PROMETHEUS_BIN" "$DEPS/python-monitoring/bin/python" tests/unittests.py tests/monitoring --results "$RESULTS/monitoring"
}

# The run page in Debian's Chromium.
run_page() {
  install_chromium || { echo "skipped: no Chromium"; return 77; }
  python_tools page || { echo "skipped: no Selenium"; return 77; }
  "$DEPS/python-page/bin/python" tests/unittests.py tests/page --results "$RESULTS/page"
}

# What a run writes for TensorBoard, read by TensorBoard.
run_tensorboard() {
  python_tools tensorboard || { echo "skipped: no TensorBoard"; return 77; }
  "$DEPS/python-tensorboard/bin/python" tests/unittests.py tests/tensorboard --results "$RESULTS/tensorboard"
}

# Small runs, recomputed from docs/reference/ by a reader in Python.
run_replay() {
  python_tools replay || { echo "skipped: no protobuf for Python"; return 77; }
  "$DEPS/python-replay/bin/python" tests/unittests.py tests/replay --results "$RESULTS/replay"
}

# Losses and gradients beside TRL's and oat's. Their packages are some gigabytes: with --full alone.
run_loss_peer() {
  [ -n "${DROVER_FULL_TESTS:-}" ] || { echo "skipped: installs TRL and torch for Python; --full does"; return 77; }
  python_tools loss_peer || { echo "skipped: no TRL"; return 77; }
  local status=0
  "$DEPS/python-loss_peer/bin/python" tests/unittests.py tests/loss_peer --results "$RESULTS/loss_peer" || status=1
  "$DEPS/python-loss_peer/bin/python" tests/unittests.py tests/checkpoint_peer --results "$RESULTS/loss_peer" || status=1
  return "$status"
}

# Small and published tokenizers, side by side with Hugging Face's.
run_tokenizers() {
  python_tools tokenizers || { echo "skipped: no tokenizers"; return 77; }
  "$DEPS/python-tokenizers/bin/python" tests/unittests.py tests/tokenizers --results "$RESULTS/tokenizers"
}

# drover serve, asked by OpenAI's client.
run_serve() {
  python_tools serve || { echo "skipped: no OpenAI client"; return 77; }
  "$DEPS/python-serve/bin/python" tests/unittests.py tests/serve --results "$RESULTS/serve"
}

# Question sets in Parquet and Arrow, through tools/arrow_to_jsonl.py to drover.
run_data() {
  python_tools data || { echo "skipped: no pyarrow"; return 77; }
  "$DEPS/python-data/bin/python" tests/unittests.py tests/data --results "$RESULTS/data"
}

# run_ctest FOLDER LABEL: every GoogleTest program writes its cases to RESULTS/LABEL/*.json.
run_ctest() {
  mkdir -p "$RESULTS/$2"
  GTEST_OUTPUT="json:$RESULTS/$2/" ctest --test-dir "$1" -j "$JOBS" --output-on-failure --no-tests=error
}

# Everything without LibTorch: under clang, which also checks the mutexes' annotations, ASan and UBSan.
run_sanitized() {
  build sanitize && UBSAN_OPTIONS=print_stacktrace=1 run_ctest build-sanitize sanitize
}

# What runs in threads, under ThreadSanitizer.
THREADED=(tsan_test process_test http_test metrics_test rpc_test weights_test actor_worker_test experience_store_test
  experience_service_test grading_test cpu_kernels_test completions_test evaluation_test serve_test)

run_tsan() {
  build tsan "${THREADED[@]}" || return 1
  mkdir -p "$RESULTS/tsan"
  local test failed=0 options="suppressions=$ROOT/tests/tsan/suppressions.txt detect_deadlocks=0"
  for test in "${THREADED[@]}"; do
    TSAN_OPTIONS="$options" GTEST_OUTPUT="json:$RESULTS/tsan/" "build-tsan/tests/$test" || failed=1
  done
  return $failed
}

# Each fuzzer runs a fixed number of inputs from its corpus on; a finding fails the stage.
run_fuzzers() {
  build sanitize all_fuzzers || return 1
  local fuzzer corpus name dictionary
  for fuzzer in build-sanitize/fuzz/*; do
    name=$(basename "$fuzzer")
    corpus="$RESULTS/fuzz/$name"
    mkdir -p "$corpus"
    dictionary=$(find . -path "./build*" -prune -o -path "*/fuzz/${name%%_*}.dict" -print)
    echo "== $name"
    "$fuzzer" ${dictionary:+-dict="$dictionary"} -runs="${DROVER_FUZZ_RUNS:-20000}" -seed=1 -max_len=4096 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$RESULTS/fuzz-" \
      "$corpus" $(find . -path "./build*" -prune -o -type d -path "*/fuzz/corpus/$name" -print) 2>&1 | tail -n 3
    [ "${PIPESTATUS[0]}" = 0 ] || return 1
  done
}

CUDA_PROGRAMS=(drover drover-learner drover-actor drover-verifier drover-model)
CUDA_TESTS=(learner_cuda_test actor_cuda_test gpu_agreement_test)

run_cuda() {
  [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ] || { echo "skipped: no CUDA toolkit"; return 77; }
  install_libtorch_cuda && build cuda "${CUDA_PROGRAMS[@]}" "${CUDA_TESTS[@]}" || return 1
  # What differs with CUDA: everything else was tested in build/ from the same sources.
  mkdir -p "$RESULTS/cuda"
  local test failed=0
  for test in "${CUDA_TESTS[@]}"; do
    GTEST_OUTPUT="json:$RESULTS/cuda/" "$ROOT/build-cuda/tests/$test" || failed=1
  done
  # A small run, on a GPU where there is one.
  rm -rf "$ROOT/build-cuda/run"
  "$ROOT/build-cuda/bin/drover" train --quiet --recipe recipes/arithmetic.textproto --out "$ROOT/build-cuda/run" "${TINY[@]}" || failed=1
  return $failed
}

# The GPU kit: its runner; packed from build-cuda/ and rehearsed on the CPU.
run_gpu_kit() {
  ! python_tools gpu_kit || export DROVER_SHELLCHECK="$DEPS/python-gpu_kit/bin/shellcheck"
  DROVER_DEPS="$DEPS" python3 tests/unittests.py tests/gpu_kit --results "$RESULTS/gpu_kit"
}

[ -n "$only" ] && [ "$only" != deploy ] || { python_tools checkov >/dev/null 2>&1 & }
stage format check_format
stage layering python3 tests/layering.py
stage pages python3 tests/doc_paths.py
stage protos check_protos
stage ctest run_ctest build ctest
stage page run_page
stage tensorboard run_tensorboard
stage monitoring run_monitoring
stage replay run_replay
stage loss_peer run_loss_peer
stage tokenizers run_tokenizers
stage serve run_serve
stage data run_data
stage custom_verifier tests/custom_verifier.sh
stage deploy run_deploy
stage cluster run_cluster
stage sanitize run_sanitized
stage tsan run_tsan
stage fuzz run_fuzzers
stage cuda run_cuda
stage gpu_kit run_gpu_kit
exec python3 tests/tally.py "$RESULTS"
