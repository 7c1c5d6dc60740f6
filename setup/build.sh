# Configures and builds with CMake presets (CMakePresets.json). Sourced by ./drover.

build_folder() { if [ "$1" = cpu ]; then echo "$ROOT/build"; else echo "$ROOT/build-$1"; fi; }

# build PRESET [TARGET...]: all without targets; a no-op costs a fraction of a second and prints nothing.
build() {
  local preset="$1" folder log
  shift
  folder=$(build_folder "$preset")
  log="$folder/build.log"
  mkdir -p "$folder"
  if [ ! -f "$folder/build.ninja" ]; then
    say "configuring $folder"
    (cd "$ROOT" && cmake --preset "$preset" -DDROVER_DEPS="$DEPS") >"$folder/configure.log" 2>&1 ||
      die "configuring" "$(grep -A2 -m1 'CMake Error' "$folder/configure.log" | tr '\n' ' ')" "see $folder/configure.log"
  fi
  if ninja -C "$folder" -n "$@" 2>/dev/null | grep -q 'no work to do'; then return 0; fi
  say "building $folder (the first time takes several minutes; log: $log)"
  compile "$folder" "$@" | tee "$log" | show_progress ||
    die "building" "$(grep -m1 -E 'error|FAILED|fatal' "$log" || tail -n 1 "$log")" "see $log"
}

compile() {
  local folder="$1"
  shift
  ninja -C "$folder" -j "${DROVER_JOBS:-$(nproc)}" "$@" 2>&1
}

# The counter of steps: on a terminal redrawn in place, elsewhere a line every ten seconds.
show_progress() {
  local at last=$SECONDS
  { grep --line-buffered -oE '^\[[0-9]+/[0-9]+\]' || true; } | while read -r at; do
    if [ -t 2 ]; then
      printf '\r\033[Kdrover: building %s' "$at" >&2
    elif [ $((SECONDS - last)) -ge 10 ]; then
      last=$SECONDS
      say "building $at"
    fi
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}
