# LibTorch from the pinned wheels, checksums verified by pip, unpacked into .deps/libtorch. Sourced by ./drover.

# fetch_wheels LIST FOLDER: downloads the wheels of LIST into FOLDER; pip refuses one whose checksum differs.
fetch_wheels() {
  local list="$1" folder="$2" log="$DEPS/log/wheels.log"
  mkdir -p "$folder" "$DEPS/log"
  [ -x "$DEPS/venv/bin/pip" ] || /usr/bin/python3 -m venv "$DEPS/venv" >"$log" 2>&1 ||
    die "making a Python environment for pip" "$(tail -n 1 "$log")" "see $log; needs the package python3-venv"
  local platforms=()
  for tag in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 manylinux2014; do
    platforms+=(--platform "${tag}_x86_64")
  done
  patiently "downloading" "$log" "$DEPS/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --require-hashes --python-version 3.11 --implementation cp --abi cp311 --abi none "${platforms[@]}" -d "$folder" -r "$list" ||
    die "downloading LibTorch" "$(grep -iE 'error|hash' "$log" | tail -n 2 | tr '\n' ' ')" \
      "see $log; the machine must reach PyPI, or put the wheels of $list into $folder yourself and run this again"
}

# The stamp holds the list of wheels that was unpacked, so a changed pin unpacks again.
unpacked() { [ -f "$DEPS/libtorch/$1.stamp" ] && cmp -s "$DEPS/libtorch/$1.stamp" "$ROOT/setup/wheels-$1.txt"; }

install_libtorch() {
  unpacked cpu && return 0
  [ "$(uname -m)" = x86_64 ] || die "setup" "this machine is $(uname -m); the pinned LibTorch is for x86_64" "use an x86_64 machine"
  say "downloading LibTorch 2.11.0 (one wheel of 531 MB and two small ones)"
  local wheels="$DEPS/wheels" into="$DEPS/libtorch.new"
  fetch_wheels "$ROOT/setup/wheels-cpu.txt" "$wheels"
  rm -rf "$into" && mkdir -p "$into"
  unzip -q -o "$wheels"/torch-*.whl 'torch/include/*' torch/lib/libtorch_cpu.so torch/lib/libc10.so torch/lib/libtorch.so \
    'torch/lib/libgomp*' -d "$into" &&
    unzip -q -o -j "$wheels"/nvidia_cuda_runtime-*.whl '*/libcudart.so.13' -d "$into/torch/lib" &&
    unzip -q -o -j "$wheels"/nvidia_cuda_cupti-*.whl '*/libcupti.so.13' -d "$into/torch/lib" &&
    unzip -q -o -j "$wheels"/torch-*.whl '*.dist-info/licenses/*' -d "$into/torch/licenses" &&
    unzip -q -p "$wheels"/nvidia_cuda_runtime-*.whl '*.dist-info/licenses/*' >"$into/torch/licenses/LICENSE.nvidia" ||
    die "unpacking LibTorch" "unzip failed (a full disk?)" "free 2 GB at $DEPS and run this again"
  # The wheel's own, older protobuf headers would shadow Debian's.
  rm -rf "$into/torch/include/google" "$DEPS/libtorch"
  cp "$ROOT/setup/wheels-cpu.txt" "$into/torch/cpu.stamp"
  mv "$into/torch" "$DEPS/libtorch" && rm -rf "$into"
  keep_wheels || rm -f "$wheels"/nvidia_cuda_*.whl
}

keep_wheels() { [ -n "${DROVER_KEEP_WHEELS:-}" ]; }

# LibTorch's CUDA part and the libraries that it links beyond the toolkit's.
install_libtorch_cuda() {
  [ -x "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" ] || die "setup --cuda" "no CUDA toolkit at ${CUDA_HOME:-/usr/local/cuda}" \
    "install the CUDA 13.0 toolkit, or set CUDA_HOME to where it is"
  unpacked cuda && return 0
  say "downloading LibTorch's CUDA libraries (NCCL, cuDNN, cuSPARSELt, NVSHMEM, cuFile: 795 MB)"
  local wheels="$DEPS/wheels"
  fetch_wheels "$ROOT/setup/wheels-cpu.txt" "$wheels"
  fetch_wheels "$ROOT/setup/wheels-cuda.txt" "$wheels"
  local into="$DEPS/cuda.new"
  rm -rf "$into" && mkdir -p "$into"
  unzip -q -o "$wheels"/torch-*.whl torch/lib/libtorch_cuda.so torch/lib/libc10_cuda.so torch/lib/libtorch_cuda_linalg.so \
    torch/lib/libtorch_nvshmem.so torch/lib/libcaffe2_nvrtc.so 'torch/share/cmake/*' -d "$into" &&
    for wheel in nccl cudnn cusparselt nvshmem cufile; do
      unzip -q -o "$wheels"/nvidia_${wheel}*.whl 'nvidia/*/lib/*' 'nvidia/*/include/*' -d "$into" || break
    done || die "unpacking LibTorch's CUDA part" "unzip failed (a full disk?)" "free 4 GB at $DEPS and run this again"
  find "$into/nvidia" -name '*.so*' -exec mv -f {} "$into/torch/lib/" \;
  mkdir -p "$into/torch/cuda-include"
  cp -r "$into"/nvidia/nccl/include/. "$into"/nvidia/cudnn/include/. "$into/torch/cuda-include/"
  cp -rf "$into/torch/." "$DEPS/libtorch/" && rm -rf "$into"
  cp "$ROOT/setup/wheels-cuda.txt" "$DEPS/libtorch/cuda.stamp"
}
