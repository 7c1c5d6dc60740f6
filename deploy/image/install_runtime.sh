#!/bin/sh
# Debian's runtime libraries (runtime-packages.txt beside this file), the certificates that endpoints are verified by, and the user that the processes run as. install_runtime.sh FOLDER removes
# FOLDER, where it came from, at the end. As root, in the image's last stage.
set -eu
folder=$1
packages=$(grep -v '^#' "$folder/runtime-packages.txt")
apt-get update
# shellcheck disable=SC2086  # a list
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates $packages
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/dpkg.log /var/log/apt
echo 'drover:x:10001:10001:Drover:/tmp:/usr/sbin/nologin' >>/etc/passwd
echo 'drover:x:10001:' >>/etc/group
rm -rf "$folder"
