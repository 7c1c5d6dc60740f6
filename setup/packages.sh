# Debian's packages: installs those of setup/debian-packages.txt that are missing. Sourced by ./drover.

wanted_packages() { grep -v '^#' "$ROOT/setup/debian-packages.txt"; }

missing_packages() {
  local have
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  grep -vxF "$have" <<<"$(wanted_packages)" || true
}

apt_install() { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

install_packages() {
  local missing log="$DEPS/log/packages.log"
  command -v dpkg-query >/dev/null || die "setup" "this machine is not Debian (no dpkg)" \
    "install the packages of setup/debian-packages.txt by hand, or use a Debian 12 machine or container"
  missing=$(missing_packages | tr '\n' ' ')
  [ -z "${missing// /}" ] && return 0
  local by_hand="as root: apt-get update && apt-get install --no-install-recommends $missing"
  [ "$(id -u)" = 0 ] || die "installing packages" "missing: $missing(and you are not root)" "$by_hand"
  say "installing Debian packages: $missing"
  mkdir -p "${log%/*}"
  patiently "installing packages" "$log" apt_install $missing ||
    die "installing packages" "apt-get said: $(tail -n 2 "$log" | tr '\n' ' ')" "see $log, or $by_hand"
}
