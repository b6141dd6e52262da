#!/usr/bin/env bash
# Real RDMA on one machine: small virtual machines whose kernel has soft-RoCE devices, so GID tables, `rdma link`,
# ibv_devinfo and verbs traffic are the kernel's own. systemd is PID 1. Needs root; takes /dev/kvm where it is, and
# emulates the processor otherwise (about ten times slower).
#
#   rdma-vms.sh make N RAILS    makes VMs 1..N, each with a management NIC and RAILS rails; their folders can be filled
#   rdma-vms.sh boot            boots them all; done when systemd is up in every VM
#   rdma-vms.sh exec I CMD ...  runs CMD inside VM I
#   rdma-vms.sh root I          prints the folder that is VM I's root file system
#   rdma-vms.sh cross I         moves the cable of VM I's rail 0 to rail 1's switch, and the other way round
#   rdma-vms.sh straight I      puts them back
#   rdma-vms.sh down            stops and removes every VM
#
# VM I is rdma-I: xgbe0 with 10.87.0.I and RDMA device mlx5_0 for management, xgbe1.. with 10.88.R.I and mlx5_1.. as
# rails R = 0.. . This machine is 10.87.0.254. There is no name server and no route to anywhere else.
#   DSR1_CACHE   where image and kernel are kept (default ~/.cache/dsr1; built once, about 100 s, 900 MB)
#   DSR1_VMS     working folder of the running VMs (default /var/tmp/dsr1-vms)
set -euo pipefail

readonly packages=systemd,systemd-sysv,dbus,openssh-server,iproute2,iputils-ping,procps,ca-certificates,nftables,kmod,ibverbs-utils,ibverbs-providers,infiniband-diags,perftest
readonly modules=(virtio_pci virtio_net 9pnet_virtio 9p rdma_rxe ib_uverbs rdma_ucm 8021q nf_tables)
readonly cache=${DSR1_CACHE:-$HOME/.cache/dsr1}/rdma-vms
readonly vms=${DSR1_VMS:-/var/tmp/dsr1-vms}
readonly management=dsr1-vm

fail() { echo "rdma-vms.sh: $*" >&2; exit 1; }

require() { # COMMAND DEBIAN_PACKAGE...
  command -v "$1" >/dev/null && return
  command -v apt-get >/dev/null || fail "expected $1 on this machine, found none and no apt-get to install $2"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}"; } >/dev/null 2>&1 || fail "could not install $2"
}

# The Debian mirror that this machine itself uses.
mirror() {
  grep -rhoE '^(URIs: *|deb (\[[^]]*\] )?)https?://[^ ]+' /etc/apt/sources.list /etc/apt/sources.list.d/ 2>/dev/null |
    grep -oE 'https?://[^ ]+/debian/?$' | head -n 1 || true
}

build() {
  require qemu-system-x86_64 qemu-system-x86
  require ssh openssh-client
  [[ -e $image/.complete ]] && return
  require debootstrap debootstrap
  require busybox busybox-static
  require depmod kmod
  require cpio cpio
  rm -rf "$image"
  mkdir -p "$image"
  echo "rdma-vms.sh: building image and kernel in $image (once, about 100 s, 900 MB)" >&2
  debootstrap --variant=minbase --include="$packages" bookworm "$image/root" "$(mirror)" >"$cache/debootstrap.log" 2>&1 ||
    fail "debootstrap failed: see $cache/debootstrap.log"
  rm -f "$image"/root/var/cache/apt/archives/*.deb
  build_access
  build_kernel
  choose_accelerator
  touch "$image/.complete"
}

build_access() {
  local root=$image/root
  ssh-keygen -q -t ed25519 -N '' -f "$image/key"
  install -D -m 600 "$image/key.pub" "$root/root/.ssh/authorized_keys"
  cat >"$root/usr/local/sbin/lab-network" <<'END'
#!/bin/bash
# NICs in the order of their slots: xgbe0 is management, the others are rails; a soft-RoCE device on each.
set -eu
host=$(cat /etc/lab-host)
n=0
for path in $(ls -d /sys/class/net/e* | sort -V); do
  name=xgbe$n
  ip link set "${path##*/}" down
  ip link set "${path##*/}" name $name
  ip link set $name up
  if ((n == 0)); then address=10.87.0.$host; else address=10.88.$((n - 1)).$host; fi
  ip address add "$address/24" dev $name
  rdma link add mlx5_$n type rxe netdev $name
  n=$((n + 1))
done
ip route add default via 10.87.0.254
END
  chmod +x "$root/usr/local/sbin/lab-network"
  cat >"$root/etc/systemd/system/lab-network.service" <<'END'
[Unit]
Description=NICs and soft-RoCE devices of this lab VM
DefaultDependencies=no
Before=network.target ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-network
[Install]
WantedBy=multi-user.target
END
  # What nobody here needs; without udev the console never becomes a device that a login could wait for.
  chroot "$root" systemctl mask serial-getty@ttyS0 getty@tty1 systemd-networkd systemd-networkd.socket e2scrub_reap systemd-logind systemd-journal-flush dev-hugepages.mount >/dev/null 2>&1
  chroot "$root" systemctl enable lab-network >/dev/null 2>&1
}

# Debian's kernel with just the modules that a VM needs, loaded by a small init that hands over to systemd.
build_kernel() {
  local package kernel module init=$image/init
  package=$(apt-cache depends linux-image-amd64 | awk '/Depends/ {print $2; exit}')
  kernel=${package#linux-image-}
  (cd "$image" && apt-get download "$package" >/dev/null 2>&1 && dpkg -x "$package"_*.deb kernel && rm -f "$package"_*.deb) ||
    fail "could not download $package"
  depmod -b "$image/kernel" "$kernel" 2>/dev/null || true
  mkdir -p "$init"/{bin,mod,proc,sys,dev,new}
  cp "$(command -v busybox)" "$init/bin/busybox"
  for module in crc32_generic crc32c_generic "${modules[@]}"; do
    modprobe -S "$kernel" -d "$image/kernel" --show-depends "$module" | awk '/^insmod/ {print $2}'
  done | awk '!seen[$0]++' >"$image/modules"
  while read -r module; do cp "$module" "$init/mod/"; done <"$image/modules"
  {
    echo '#!/bin/busybox sh'
    echo '/bin/busybox --install -s /bin; export PATH=/bin'
    echo 'mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev'
    awk -F/ '{print "insmod /mod/" $NF " 2>/dev/null"}' "$image/modules"
    echo 'mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=mmap root /new'
    echo 'for d in proc sys dev; do mount --move /$d /new/$d; done'
    echo 'exec switch_root /new /lib/systemd/systemd'
  } >"$init/init"
  chmod +x "$init/init"
  (cd "$init" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$image/initrd.gz"
  cp "$image"/kernel/boot/vmlinuz-* "$image/vmlinuz"
  rm -rf "$image/kernel" "$init"
}

# A /dev/kvm that is there may still run nothing (nested virtualisation): what counts is a kernel that speaks.
choose_accelerator() {
  echo tcg,thread=single,tb-size=512 >"$image/accelerator"
  [[ -w /dev/kvm ]] || return 0
  timeout -s KILL 8 qemu-system-x86_64 -m 512 -accel kvm -cpu max -display none -monitor none -no-reboot -kernel "$image/vmlinuz" \
    -append "console=ttyS0 earlyprintk=ttyS0 panic=-1" -serial "file:$image/probe.log" >/dev/null 2>&1 || true
  if [[ -s $image/probe.log ]]; then echo kvm >"$image/accelerator"; fi
}

# Another recipe is another image.
readonly image=$cache/bookworm-$({ printf '%s' "$packages" "${modules[@]}"; declare -f build_access build_kernel; } | sha256sum | cut -c1-12)
readonly ssh_options=(-q -i "$image/key" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=10)

bridge() { # NAME [ADDRESS]
  ip link add "$1" type bridge 2>/dev/null || true
  [[ -z ${2:-} ]] || ip addr replace "$2" dev "$1"
  ip link set "$1" up
}

# Switch of NIC number NIC (0 is management).
switch_of() { if (($1 == 0)); then echo $management; else echo "$management-rail$(($1 - 1))"; fi; }

configure() { # VM COUNT
  local root=$vms/$1/root vm
  echo "rdma-$1" >"$root/etc/hostname"
  echo "$1" >"$root/etc/lab-host"
  { echo "127.0.0.1 localhost"; for ((vm = 1; vm <= $2; vm++)); do echo "10.87.0.$vm rdma-$vm"; done; } >"$root/etc/hosts"
  : >"$root/etc/resolv.conf"
  rm -f "$root/etc/machine-id"
  echo uninitialized >"$root/etc/machine-id"
}

power_on() { # VM RAILS
  local nic tap accelerator=kvm cpu=host,-arch-capabilities nics=()
  [[ -w /dev/kvm ]] || { accelerator=tcg,thread=single cpu=max; }
  for ((nic = 0; nic <= $2; nic++)); do
    tap=dsr1v$1-$nic
    ip tuntap add "$tap" mode tap
    ip link set "$tap" master "$(switch_of "$nic")" up
    nics+=(-netdev "tap,id=n$nic,ifname=$tap,script=no,downscript=no"
      -device "virtio-net-pci,netdev=n$nic,addr=$((8 + nic)),host_mtu=1500,mac=$(printf '52:54:00:87:%02x:%02x' "$1" "$nic"),romfile=")
  done
  qemu-system-x86_64 -m "${DSR1_VM_MEMORY_MB:-768}" -accel "$(cat "$image/accelerator")" -cpu max -display none -no-reboot \
    -serial "file:$vms/$1/console.log" -monitor none -kernel "$image/vmlinuz" -initrd "$image/initrd.gz" \
    -append "console=ttyS0 quiet panic=1 net.ifnames=0" \
    -virtfs "local,path=$vms/$1/root,mount_tag=root,security_model=passthrough,multidevs=remap" "${nics[@]}" \
    </dev/null >"$vms/$1/qemu.log" 2>&1 &
  echo $! >"$vms/$1/qemu.pid"
}

inside() { # VM CMD...
  local vm=$1
  shift
  ssh "${ssh_options[@]}" "root@10.87.0.$vm" "$(printf '%q ' "$@")"
}

wait_running() { # VM
  local state
  for _ in $(seq 240); do
    kill -0 "$(cat "$vms/$1/qemu.pid")" 2>/dev/null || fail "VM $1 ended: see $vms/$1/qemu.log and $vms/$1/console.log"
    state=$(inside "$1" systemctl is-system-running </dev/null 2>/dev/null || true)
    [[ $state == running || $state == degraded ]] && return
    sleep 0.5
  done
  fail "VM $1 did not come up in 120 s: see $vms/$1/console.log"
}

make() { # COUNT RAILS
  local nic vm
  [[ $(id -u) == 0 ]] || fail "expected to run as root"
  [[ ! -e $vms/1 ]] || fail "there are VMs in $vms; remove them with 'rdma-vms.sh down'"
  build
  mkdir -p "$vms"
  echo "$2" >"$vms/rails"
  bridge $management 10.87.0.254/24
  for ((nic = 1; nic <= $2; nic++)); do bridge "$(switch_of "$nic")"; done
  for ((vm = 1; vm <= $1; vm++)); do
    mkdir -p "$vms/$vm"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$image/root,upperdir=$vms/$vm/upper,workdir=$vms/$vm/work" "$vms/$vm/root"
    configure "$vm" "$1"
  done
}

boot() {
  local dir
  for dir in "$vms"/[0-9]*; do power_on "${dir##*/}" "$(cat "$vms/rails")"; done
  for dir in "$vms"/[0-9]*; do wait_running "${dir##*/}"; done
}

cable() { ip link set "dsr1v$1-$2" master "$(switch_of "$3")"; } # VM NIC SWITCH

end_process() { # PID: of a qemu; a number that another program has by now is left alone
  [[ $(cat "/proc/$1/comm" 2>/dev/null) == qemu* ]] || return 0
  kill -9 "$1" 2>/dev/null || true
  for _ in $(seq 40); do kill -0 "$1" 2>/dev/null || break; sleep 0.1; done
}

down() {
  local dir vm link
  for dir in "$vms"/[0-9]*; do
    [[ -d $dir ]] || continue
    [[ ! -e $dir/qemu.pid ]] || end_process "$(cat "$dir/qemu.pid")"
    umount "$dir/root" 2>/dev/null || umount -l "$dir/root" 2>/dev/null || true
    vm=${dir##*/}
    for link in /sys/class/net/dsr1v"$vm"-*; do [[ ! -e $link ]] || ip link del "${link##*/}"; done
    rm -rf "$dir"
  done
  for link in /sys/class/net/"$management"*; do [[ ! -e $link ]] || ip link del "${link##*/}"; done
  rm -rf "$vms"
}

command=${1:-}
shift || true
case $command in
  make) make "$@" ;;
  boot) boot ;;
  exec) inside "$@" ;;
  root) echo "$vms/$1/root" ;;
  cross) cable "$1" 1 2; cable "$1" 2 1 ;;
  straight) cable "$1" 1 1; cable "$1" 2 2 ;;
  down) down ;;
  *) sed -n '2,/^set -euo/p' "$0" | sed '$d' | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
