#!/usr/bin/env bash
# Prints a folder with dockerd, docker, containerd, runc and docker-init in it: Debian's own packages (20.10 on Debian 12),
# unpacked into DSR1_CACHE (default ~/.cache/dsr1) and not installed: no service starts, nothing on the host changes.
set -euo pipefail
cache=${DSR1_CACHE:-$HOME/.cache/dsr1}/docker
if [[ ! -e $cache/.complete ]]; then
  rm -rf "$cache"
  mkdir -p "$cache/packages" "$cache/bin"
  echo "engine.sh: Docker from Debian's archive: 65 MB to download, in $cache" >&2
  (cd "$cache/packages" && apt-get download -q docker.io containerd runc tini >&2)
  for package in "$cache"/packages/*.deb; do dpkg -x "$package" "$cache/root"; done
  for program in usr/sbin/dockerd usr/bin/docker usr/sbin/runc usr/bin/containerd usr/bin/containerd-shim-runc-v2; do
    ln -s "$cache/root/$program" "$cache/bin/"
  done
  ln -s "$cache/root/usr/bin/tini-static" "$cache/bin/docker-init"
  rm -r "$cache/packages"
  touch "$cache/.complete"
fi
echo "$cache/bin"
