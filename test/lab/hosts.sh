#!/usr/bin/env bash
# Real Debian hosts on one machine: systemd as PID 1, own boot id, machine id, host name and NICs. Needs root.
#
#   hosts.sh up N [RAILS]       boots hosts 1..N, each with host0 on the management network and RAILS rail NICs
#   hosts.sh exec I CMD ...     runs CMD inside host I
#   hosts.sh root I             prints the folder that is host I's root file system
#   hosts.sh base               prints the folder that every host's root file system begins as
#   hosts.sh reboot I           a real reboot: units stop and start, the boot id changes, the disk stays
#   hosts.sh kill I | start I   power loss | power on
#   hosts.sh cut I | heal I     unplugs | replugs host I's management NIC
#   hosts.sh memory I BYTES     what host I's systemd starts from now on gets so much memory together; -1 lifts the limit
#   hosts.sh down               stops and removes every host
#
# Host I is gpu-I: 10.77.0.I on host0, 10.78.R.I on railR; this machine is 10.77.0.254. There is no name server and no
# route to anywhere else.
#   DSR1_CACHE   where the base image is kept (default ~/.cache/dsr1; built once with debootstrap, about 75 s, 300 MB)
#   DSR1_LAB     working folder of the running lab (default /var/tmp/dsr1-lab)
#   DSR1_LAB_BIND="SRC:DST ..."   files or folders of this machine shown read-only inside every host
set -euo pipefail

readonly packages=systemd,systemd-sysv,dbus,iproute2,procps,ca-certificates,python3,libnuma1,libpython3.11
readonly cache=${DSR1_CACHE:-$HOME/.cache/dsr1}/lab
readonly base=$cache/bookworm-$(printf %s "$packages" | sha256sum | cut -c1-12)
readonly lab=${DSR1_LAB:-/var/tmp/dsr1-lab}
readonly management=dsr1-mgmt
# What a command inside a host sees: a root login's environment, nothing of this machine's.
readonly root_login=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8)

fail() { echo "hosts.sh: $*" >&2; exit 1; }

require() { # COMMAND DEBIAN_PACKAGE
  command -v "$1" >/dev/null && return
  command -v apt-get >/dev/null || fail "expected $1 on this machine, found none and no apt-get to install $2"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2"; } >/dev/null 2>&1 || fail "could not install $2"
}

# The Debian mirror that this machine itself uses.
mirror() {
  grep -rhoE '^(URIs: *|deb (\[[^]]*\] )?)https?://[^ ]+' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null |
    grep -oE 'https?://[^ ]+/debian/?$' | head -n 1 || true
}

build_base() {
  [[ -e $base/.complete ]] && return
  require debootstrap debootstrap
  require systemd-nspawn systemd-container
  mkdir -p "$cache"
  rm -rf "$base"
  echo "hosts.sh: building the base image in $base (once, about 75 s, 300 MB)" >&2
  debootstrap --variant=minbase --include="$packages" bookworm "$base" "$(mirror)" >"$cache/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: see $cache/debootstrap.log"
  rm -f "$base"/var/cache/apt/archives/*.deb
  chroot "$base" systemctl enable systemd-networkd >/dev/null 2>&1
  touch "$base/.complete"
}

# PID, on this machine, of host I's systemd.
init_pid() {
  local child
  for child in $(pgrep -P "$(cat "$lab/$1/nspawn.pid")" 2>/dev/null); do
    [[ $(cat "/proc/$child/comm" 2>/dev/null) == systemd ]] && { echo "$child"; return; }
  done
  return 1
}

bridge() { # NAME [ADDRESS]
  ip link add "$1" type bridge 2>/dev/null || true
  [[ -z ${2:-} ]] || ip addr replace "$2" dev "$1"
  ip link set "$1" up
}

network_file() { # HOST NAME ADDRESS [GATEWAY]
  printf '[Match]\nName=%s\n[Network]\nIPv6AcceptRA=no\nAddress=%s\n%s' "$2" "$3" "${4:+Gateway=$4$'\n'}" \
    >"$lab/$1/root/etc/systemd/network/10-$2.network"
}

configure() { # HOST COUNT RAILS
  local root=$lab/$1/root host rail
  echo "gpu-$1" >"$root/etc/hostname"
  { echo "127.0.0.1 localhost"; for ((host = 1; host <= $2; host++)); do echo "10.77.0.$host gpu-$host"; done; } >"$root/etc/hosts"
  : >"$root/etc/resolv.conf"
  [[ -s $root/etc/machine-id ]] || : >"$root/etc/machine-id"
  mkdir -p "$root/etc/systemd/network"
  network_file "$1" host0 "10.77.0.$1/24" 10.77.0.254
  for ((rail = 0; rail < $3; rail++)); do network_file "$1" "rail$rail" "10.78.$rail.$1/24"; done
}

# One boot of host I; ends when the host powers off.
boot_once() { # HOST RAILS
  local rail bind status=0 args=()
  ip link del "vb-gpu-$1" 2>/dev/null || true
  for ((rail = 0; rail < $2; rail++)); do
    ip link del "r$rail-$1" 2>/dev/null || true
    args+=("--network-veth-extra=r$rail-$1:rail$rail")
  done
  for bind in ${DSR1_LAB_BIND:-}; do args+=("--bind-ro=$bind"); done
  systemd-nspawn -q -D "$lab/$1/root" --boot --machine="gpu-$1" --network-bridge=$management "${args[@]}" \
    --resolv-conf=off --register=no --keep-unit >>"$lab/$1/console.log" 2>&1 </dev/null &
  echo $! >"$lab/$1/nspawn.pid"
  local nspawn=$!
  sleep 1
  for ((rail = 0; rail < $2; rail++)); do ip link set "r$rail-$1" master "dsr1-rail$rail" up 2>/dev/null || true; done
  wait "$nspawn" || status=$?
  return "$status"
}

# Boots host I again and again as long as it asks for a reboot (nspawn leaves with 133).
power_on() {
  local rails status
  rails=$(cat "$lab/rails")
  # nspawn keeps per-machine state here; on a shared file system a reboot fails.
  mkdir -p /run/systemd/nspawn
  mountpoint -q /run/systemd/nspawn || mount -t tmpfs tmpfs /run/systemd/nspawn
  (
    trap '' HUP
    while :; do
      status=0
      boot_once "$1" "$rails" || status=$?
      [[ $status == 133 ]] || exit 0
    done
  ) >/dev/null 2>&1 &
  echo $! >"$lab/$1/power.pid"
}

power_off() {
  kill -9 "$(cat "$lab/$1/power.pid")" 2>/dev/null || true
  kill -9 "$(init_pid "$1")" 2>/dev/null || true
}

wait_running() {
  local pid state
  for _ in $(seq 120); do
    if pid=$(init_pid "$1" 2>/dev/null); then
      state=$(nsenter -t "$pid" -m -u -i -n -p -- systemctl is-system-running 2>/dev/null || true)
      [[ $state == running || $state == degraded ]] && return
    fi
    sleep 0.25
  done
  fail "gpu-$1 did not come up in 30 s: see $lab/$1/console.log"
}

up() {
  local count=$1 rails=${2:-0} host rail
  [[ $(id -u) == 0 ]] || fail "expected to run as root"
  [[ ! -e $lab/1 ]] || fail "a lab runs already in $lab; end it with 'hosts.sh down'"
  build_base
  mkdir -p "$lab"
  echo "$rails" >"$lab/rails"
  bridge $management 10.77.0.254/24
  for ((rail = 0; rail < rails; rail++)); do bridge "dsr1-rail$rail"; done
  for ((host = 1; host <= count; host++)); do
    mkdir -p "$lab/$host"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$base,upperdir=$lab/$host/upper,workdir=$lab/$host/work" "$lab/$host/root"
    configure "$host" "$count" "$rails"
    power_on "$host"
  done
  for ((host = 1; host <= count; host++)); do wait_running "$host"; done
}

# nspawn shows hosts the controllers of cgroup v1 read-only, so MemoryMax of their units has no effect: the limit lies outside.
memory() { # HOST BYTES
  local own=/sys/fs/cgroup/memory$(awk -F: '$2 == "memory" { print $3 }' /proc/self/cgroup)
  local group=$own/dsr1-gpu-$1
  [[ -e $own/memory.limit_in_bytes ]] || fail "expected the memory controller of cgroup v1 at /sys/fs/cgroup/memory, found none"
  if [[ $2 == -1 ]]; then
    xargs -rn1 <"$group/cgroup.procs" 2>/dev/null | while read -r pid; do echo "$pid" >"$own/cgroup.procs" 2>/dev/null || true; done
    rmdir "$group"
  else
    mkdir -p "$group"
    echo "$2" >"$group/memory.limit_in_bytes"
    init_pid "$1" >"$group/cgroup.procs"
  fi
}

down() {
  local dir host rail
  for dir in "$lab"/[0-9]*; do
    [[ -d $dir ]] || continue
    host=${dir##*/}
    power_off "$host"
    for _ in $(seq 40); do kill -0 "$(cat "$dir/nspawn.pid")" 2>/dev/null || break; sleep 0.1; done
    umount "$dir/root" 2>/dev/null || umount -l "$dir/root" 2>/dev/null || true
    ip link del "vb-gpu-$host" 2>/dev/null || true
    find /sys/fs/cgroup/memory -depth -type d -name "dsr1-gpu-$host" -exec rmdir {} \; 2>/dev/null || true
    rm -rf "$dir"
  done
  ip link del $management 2>/dev/null || true
  for rail in $(seq 0 15); do ip link del "dsr1-rail$rail" 2>/dev/null || true; done
  rm -rf "$lab"
}

command=${1:-}
shift || true
case $command in
  up) up "$@" ;;
  exec) host=$1; shift; exec nsenter -t "$(init_pid "$host")" -m -u -i -n -p -C -- env -i "${root_login[@]}" "$@" ;;
  root) echo "$lab/$1/root" ;;
  base) build_base; echo "$base" ;;
  reboot) exec nsenter -t "$(init_pid "$1")" -m -u -i -n -p -- systemctl reboot ;;
  kill) power_off "$1" ;;
  start) power_on "$1"; wait_running "$1" ;;
  wait) wait_running "$1" ;;
  cut) ip link set "vb-gpu-$1" down ;;
  heal) ip link set "vb-gpu-$1" up ;;
  memory) memory "$@" ;;
  down) down ;;
  *) sed -n '2,/^set -euo/p' "$0" | sed '$d' | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
