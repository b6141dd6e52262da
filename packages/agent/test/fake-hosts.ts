/** Hosts for tests and benchmarks, as the kernel lays them out in sysfs. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostRecord } from '../src/host/simulated.ts';

export interface RoceHostShape {
  readonly hcas: number;
  /** Slots of each port's GID table. */
  readonly gidSlots: number;
  /** Slots in use; at least four (link-local and IPv4, v1 and v2 each). */
  readonly gidsUsed: number;
  /** GPUs behind the same PCIe switches, one for each HCA, up to this many. */
  readonly gpus: number;
}

/**
 * A host with RoCE rails: `mlx5_<i>` behind `xgbe<i>` with address 10.1.<i>.7, each under a PCIe switch of its own that
 * it shares with GPU i; half of the switches on each NUMA node.
 */
export function roceHost(
  shape: RoceHostShape,
): Required<Pick<HostRecord, 'files' | 'links' | 'tools' | 'fileSystems'>> {
  const files: Record<string, string> = { ...LINUX_FILES };
  const links: Record<string, string> = {};
  const put = (folder: string, entries: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(entries)) files[`${folder}/${name}`] = `${text}\n`;
  };
  for (let i = 0; i < shape.hcas; i += 1) {
    const numa = i < shape.hcas / 2 ? '0' : '1';
    const bus = (offset: number) => (0x10 + i * 4 + offset).toString(16).padStart(2, '0');
    const downstream = `/sys/devices/pci0000:${bus(0)}/0000:${bus(0)}:01.0/0000:${bus(1)}:00.0`;
    const nic = `${downstream}/0000:${bus(1)}:01.0/0000:${bus(2)}:00.0`;
    put(nic, { vendor: '0x15b3', class: '0x020000', numa_node: numa });
    put(`${nic}/net/xgbe${i}`, netdev(i));
    put(`${nic}/infiniband/mlx5_${i}`, { node_guid: `b8ce:f603:00aa:00${bus(0)}`, fw_ver: '28.39.1002' });
    put(`${nic}/infiniband/mlx5_${i}/ports/1`, PORT);
    putGids(files, `${nic}/infiniband/mlx5_${i}/ports/1`, i, shape);
    put(`${nic}/infiniband_verbs/uverbs${i}`, { ibdev: `mlx5_${i}` });
    files[`/dev/infiniband/uverbs${i}`] = '';
    Object.assign(links, {
      [`${nic}/driver`]: '/sys/bus/pci/drivers/mlx5_core',
      [`/sys/bus/pci/devices/0000:${bus(2)}:00.0`]: nic,
      [`/sys/class/net/xgbe${i}`]: `${nic}/net/xgbe${i}`,
      [`${nic}/net/xgbe${i}/device`]: '../..',
      [`/sys/class/infiniband/mlx5_${i}`]: `${nic}/infiniband/mlx5_${i}`,
      [`${nic}/infiniband/mlx5_${i}/device`]: '../..',
      [`/sys/class/infiniband_verbs/uverbs${i}`]: `${nic}/infiniband_verbs/uverbs${i}`,
    });
    if (i < shape.gpus) {
      const gpu = `${downstream}/0000:${bus(1)}:02.0/0000:${bus(3)}:00.0`;
      put(gpu, { vendor: '0x10de', class: '0x030200', numa_node: numa });
      links[`/sys/bus/pci/devices/0000:${bus(3)}:00.0`] = gpu;
    }
  }
  files['/sys/bus/pci/drivers/mlx5_core/module_name'] = 'mlx5_core\n';
  const rails = Array.from({ length: shape.hcas }, (_, i) => i);
  return {
    files,
    links,
    fileSystems: { '/dev/shm': { totalBytes: 512 * 2 ** 30, freeBytes: 512 * 2 ** 30 } },
    tools: {
      'ip -d -j addr': JSON.stringify(rails.map(ipAddr)),
      'ip -j -4 route': JSON.stringify(
        rails.map((i) => ({ dst: `10.1.${i}.0/24`, dev: `xgbe${i}`, prefsrc: `10.1.${i}.7` })),
      ),
      'ip -j -6 route': '[]',
      ibdev2netdev: rails.map((i) => `mlx5_${i} port 1 ==> xgbe${i} (Up)`).join('\n'),
      'rdma link': rails
        .map((i) => `link mlx5_${i}/1 state ACTIVE physical_state LINK_UP netdev xgbe${i} `)
        .join('\n'),
      'nvidia-smi --query-gpu=index,uuid,name,pci.bus_id,memory.total,compute_cap,mig.mode.current --format=csv':
        [
          'index, uuid, name, pci.bus_id, memory.total [MiB], compute_cap, mig.mode.current',
          ...rails
            .slice(0, shape.gpus)
            .map(
              (i) =>
                `${i}, GPU-0000000${i}-aaaa, NVIDIA H20, 00000000:${(0x13 + i * 4).toString(16).toUpperCase()}:00.0, 97871 MiB, 9.0, Disabled`,
            ),
        ].join('\n'),
    },
  };
}

/** Lays a host's files out below a folder, for use as the overlay of a real one. */
export function writeHost(
  folder: string,
  { files, links }: Pick<Required<HostRecord>, 'files' | 'links'>,
): void {
  for (const [path, text] of Object.entries(files)) writeFileSync(made(join(folder, path)), text);
  for (const [path, target] of Object.entries(links)) {
    // Absolute targets stay inside the folder.
    symlinkSync(target.startsWith('/') ? join(folder, target) : target, made(join(folder, path)));
  }
}

function made(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** What any Linux host has. */
export const LINUX_FILES: Readonly<Record<string, string>> = {
  '/etc/os-release': 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\n',
  '/etc/machine-id': '8f2a1c0d9e7b4a6f8f2a1c0d9e7b4a6f\n',
  '/etc/hosts': '127.0.0.1 localhost\n10.0.0.7 gpu-07.cluster gpu-07\n',
  '/etc/resolv.conf': 'nameserver 10.0.0.53\n',
  '/proc/1/comm': 'init\n',
  '/proc/cpuinfo': Array.from(
    { length: 4 },
    (_, i) => `processor\t: ${i}\nmodel name\t: INTEL(R) XEON(R) PLATINUM 8558\n`,
  ).join('\n'),
  '/proc/loadavg': '1.50 1.20 1.00 2/1234 5678\n',
  '/proc/meminfo':
    'MemTotal:       2113456788 kB\nMemFree:        1000000000 kB\nMemAvailable:   2000000000 kB\n',
  '/proc/self/limits':
    'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1048576              1048576              files     \nMax locked memory         unlimited            unlimited            bytes     \n',
  '/proc/self/mounts':
    '/dev/nvme0n1p2 / ext4 rw,relatime 0 0\ntmpfs /dev/shm tmpfs rw 0 0\nstore:/models /models nfs4 rw 0 0\n/dev/nvme1n1 /data\\040two xfs rw 0 0\n/dev/nvme0n1p2 /var/lib/bind ext4 rw 0 0\n/dev/vda /run/host/os-release ext4 ro 0 0\noverlay /var/lib/docker/overlay2/abc/merged overlay rw 0 0\n',
  '/proc/sys/kernel/hostname': 'gpu-07\n',
  '/proc/sys/kernel/osrelease': '5.15.0-105-generic\n',
  '/proc/sys/kernel/random/boot_id': '0b1c5a1e-6c0d-4f7e-9d55-3f6a2b1c0d9e\n',
  '/proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  '/sys/devices/system/node/node0/cpulist': '0-1\n',
  '/sys/devices/system/node/node1/cpulist': '2-3\n',
};

const PORT = {
  state: '4: ACTIVE',
  phys_state: '5: LinkUp',
  link_layer: 'Ethernet',
  rate: '200 Gb/sec (4X HDR)',
  lid: '0x0',
  sm_lid: '0x0',
};

const mac = (i: number) => `b8:ce:f6:00:00:${i.toString(16).padStart(2, '0')}`;

const netdev = (i: number) => ({
  type: '1',
  ifindex: String(10 + i),
  iflink: String(10 + i),
  flags: '0x1003',
  carrier: '1',
  mtu: '4200',
  address: mac(i),
  speed: '200000',
  dev_port: '0',
  uevent: `INTERFACE=xgbe${i}\nIFINDEX=${10 + i}`,
});

const ipAddr = (i: number) => ({
  ifindex: 10 + i,
  ifname: `xgbe${i}`,
  flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
  mtu: 4200,
  link_type: 'ether',
  address: mac(i),
  altnames: [`enp${16 + i * 4}s0np0`],
  addr_info: [
    { family: 'inet6', local: `fe80::bace:f6ff:fe00:${i.toString(16)}`, prefixlen: 64, scope: 'link' },
    { family: 'inet', local: `10.1.${i}.7`, prefixlen: 24, scope: 'global' },
  ],
});

/** Link-local v1, v2, then the IPv4 address v1, v2, then more addresses of the netdev, and empty slots. */
function putGids(
  files: Record<string, string>,
  port: string,
  i: number,
  { gidSlots, gidsUsed }: RoceHostShape,
): void {
  const group = (value: number) => value.toString(16).padStart(4, '0');
  for (let slot = 0; slot < gidSlots; slot += 1) {
    const address = Math.floor(slot / 2) - 1;
    const gid =
      address < 0
        ? `fe80:0000:0000:0000:bace:f6ff:fe00:${group(i)}`
        : `0000:0000:0000:0000:0000:ffff:${group(0x0a01)}:${group(i * 256 + 7 + address)}`;
    const used = slot < gidsUsed;
    files[`${port}/gids/${slot}`] = `${used ? gid : '0000:0000:0000:0000:0000:0000:0000:0000'}\n`;
    if (!used) continue;
    files[`${port}/gid_attrs/types/${slot}`] = slot % 2 === 0 ? 'IB/RoCE v1\n' : 'RoCE v2\n';
    files[`${port}/gid_attrs/ndevs/${slot}`] = `xgbe${i}\n`;
  }
}
