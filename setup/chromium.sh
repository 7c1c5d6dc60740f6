# Debian's Chromium and its driver for tests. Sourced by tests/run.sh; needs setup/packages.sh.

# install_chromium: sees to it that both are there; as root it installs what is missing. Returns 1, with the reason on standard error, when
# they cannot be had.
install_chromium() {
  local log="$DEPS/log/chromium.log"
  command -v chromium >/dev/null && command -v chromedriver >/dev/null && return 0
  command -v apt-get >/dev/null || { echo "no Debian package manager here" >&2; return 1; }
  [ "$(id -u)" = 0 ] || { echo "Debian's packages chromium and chromium-driver are missing (and you are not root)" >&2; return 1; }
  mkdir -p "${log%/*}"
  apt_install chromium chromium-driver >"$log" 2>&1 ||
    { echo "Debian's packages chromium and chromium-driver could not be installed (see $log)" >&2; return 1; }
}
