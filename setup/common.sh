# Sourced by ./drover and the scripts beside this one. Expects ROOT: the repository's top folder.
DEPS="${DROVER_DEPS:-$ROOT/.deps}"

say() { printf 'drover: %s\n' "$*" >&2; }

# die STEP WHY WHAT_TO_DO: a failed step says which, why, and what to do.
die() {
  say "$1 failed: $2"
  say "what to do: $3"
  exit 1
}

# patiently WHAT LOG COMMAND...: runs it with its output in LOG, and says every ten seconds that it is still at it.
patiently() {
  local what="$1" log="$2" start=$SECONDS code=0 watch
  shift 2
  while kill -0 $$ 2>/dev/null && sleep 10 >/dev/null 2>&1; do say "still $what ($((SECONDS - start)) s)"; done &
  watch=$!
  "$@" >"$log" 2>&1 || code=$?
  kill "$watch" && wait "$watch" 2>/dev/null || true
  return "$code"
}
