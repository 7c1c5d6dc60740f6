# Tools from PyPI for tests, each list in a virtual environment of its own. Sourced by tests/run.sh. Nothing of it is needed to train.

# python_tools NAME: the tools of setup/python-NAME.txt in .deps/python-NAME, and of setup/python-NAME-alone.txt, if there is one, without what
# they need and whichever Python they ask for; a changed list installs afresh. Returns 1, with the reason on standard error, when they cannot be had.
python_tools() {
  local list="$ROOT/setup/python-$1.txt" alone="$ROOT/setup/python-$1-alone.txt" folder="$DEPS/python-$1" log="$DEPS/log/python-$1.log"
  local lists=("$list") install=("$folder/bin/pip" install -q --disable-pip-version-check --no-compile --only-binary=:all:)
  [ -f "$alone" ] && lists+=("$alone")
  [ -f "$folder/stamp" ] && cat "${lists[@]}" | cmp -s "$folder/stamp" - && return 0
  mkdir -p "$DEPS/log"
  say "installing the tools of setup/python-$1.txt"
  rm -rf "$folder"
  { /usr/bin/python3 -m venv "$folder" && "${install[@]}" -r "$list" &&
    { [ ! -f "$alone" ] || "${install[@]}" --no-deps --ignore-requires-python -r "$alone"; }; } >"$log" 2>&1 || {
    rm -rf "$folder"
    echo "the tools of setup/python-$1.txt could not be installed (no network?): $(tail -n 1 "$log")" >&2
    return 1
  }
  cat "${lists[@]}" >"$folder/stamp"
}
