# Prometheus and promtool for tests. Sourced by tests/run.sh and deploy/monitoring/draw_panels.sh.

# install_prometheus: sets PROMETHEUS_BIN to a folder with both programs. Those that are installed are used; otherwise Debian's
# package is unpacked into .deps/prometheus (apt checks its digest against the signed index): its service is not installed.
# Returns 1, with the reason on standard error, when neither can be had.
install_prometheus() {
  local folder="$DEPS/prometheus" log="$DEPS/log/prometheus.log" fresh
  if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
    PROMETHEUS_BIN=$(dirname "$(command -v prometheus)")
    return 0
  fi
  PROMETHEUS_BIN="$folder/usr/bin"
  [ -x "$PROMETHEUS_BIN/promtool" ] && return 0
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || { echo "no Debian package manager here" >&2; return 1; }
  mkdir -p "${log%/*}"
  fresh=$(mktemp -d "$DEPS/prometheus.XXXXXX") || return 1
  if (cd "$fresh" && chmod 755 . && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } &&
    dpkg -x prometheus_*.deb unpacked) >"$log" 2>&1; then
    mv -T "$fresh/unpacked" "$folder" 2>/dev/null || true  # another run may have been quicker
  fi
  rm -rf "$fresh"
  [ -x "$PROMETHEUS_BIN/promtool" ] || { echo "Debian's package prometheus could not be had (see $log)" >&2; return 1; }
}
