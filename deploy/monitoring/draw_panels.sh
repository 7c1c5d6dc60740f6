#!/usr/bin/env bash
# Installs what draw_panels.py needs into .deps/ and runs it with the same arguments.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/python.sh"
. "$ROOT/setup/prometheus.sh"
python_tools drawing
install_prometheus
export PROMETHEUS_BIN
exec "$DEPS/python-drawing/bin/python" "$ROOT/deploy/monitoring/draw_panels.py" "$@"
