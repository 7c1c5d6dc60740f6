#!/usr/bin/env bash
# Debian's packages for the build, as ./drover installs them. In the image's build stage, as root, from /src.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/packages.sh"
install_packages
