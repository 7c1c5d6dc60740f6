# Sourced by ./drover and the scripts beside this one. Expects ROOT: the repository's top folder.
DEPS="${DROVER_DEPS:-$ROOT/.deps}"

say() { printf 'drover: %s\n' "$*" >&2; }

# die STEP WHY WHAT_TO_DO: a failed step says which, why, and what to do.
die() {
  say "$1 failed: $2"
  say "what to do: $3"
  exit 1
}
