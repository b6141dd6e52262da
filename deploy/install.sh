#!/bin/sh
# Installs this unpacked dsr1 package: copies it beside earlier versions under /opt/dsr1, switches the `current` link and
# puts dsr1ctl on the PATH. An agent or coordinator that already runs is restarted; engines are not touched.
#   install.sh [--prefix /opt/dsr1]
set -eu
prefix=/opt/dsr1
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
    *) echo "install.sh: unknown argument '$1'; usage: install.sh [--prefix /opt/dsr1]" >&2; exit 2 ;;
  esac
done
here=$(cd "$(dirname "$0")" && pwd)
version=$(cat "$here/VERSION")
[ "$(id -u)" = 0 ] || { echo "install.sh: run as root (it writes $prefix, /usr/local/bin and /etc/systemd/system)" >&2; exit 4; }
"$here/bin/node" --version >/dev/null 2>&1 || { echo "install.sh: the packaged Node does not run here: expected $(cat "$here/PLATFORM"), found $(uname -sm)" >&2; exit 1; }

target=$prefix/$version
if [ "$here" != "$target" ]; then
  mkdir -p "$prefix"
  rm -rf "$target.new"
  cp -a "$here" "$target.new"
  rm -rf "$target.old"
  if [ -e "$target" ]; then mv "$target" "$target.old"; fi
  mv "$target.new" "$target"
  rm -rf "$target.old"
fi
ln -sfn "$version" "$prefix/current.new"
mv -T "$prefix/current.new" "$prefix/current"
mkdir -p /usr/local/bin
for program in dsr1ctl dsr1-agent dsr1-coordinator; do ln -sfn "$prefix/current/bin/$program" "/usr/local/bin/$program"; done

if [ -d /run/systemd/system ]; then
  for unit in dsr1-agent dsr1-coordinator; do
    if systemctl is-active --quiet "$unit"; then systemctl restart "$unit"; echo "restarted $unit; what it had started keeps running"; fi
  done
fi
echo "dsr1 $version is in $target. Next: 'dsr1ctl init' on one host, then 'dsr1ctl join --token-file FILE --server HOST' on every GPU host."
