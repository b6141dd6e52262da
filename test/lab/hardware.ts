/**
 * The hardware that lab hosts lack: RDMA devices as sysfs shows them, on the hosts' real netdevs and addresses, and an
 * nvidia-smi that prints what a real machine with two H200 printed. Everything else of a lab host is real.
 */
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Lab } from './lab.ts';

const captured = resolve(import.meta.dirname, '../data/hosts/h200x2-vm');
const OVERLAY = '/opt/lab-hardware';

/** mlx5_0 on the management NIC host0, mlx5_1 on rail0, mlx5_2 on rail1: a management RoCE port that must stay out. */
export function giveHardware(lab: Lab, host: number): void {
  const root = lab.root(host);
  const netdevs = [
    { netdev: 'host0', ipv4: [10, 77, 0, host], rate: '25 Gb/sec (1X EDR)' },
    { netdev: 'rail0', ipv4: [10, 78, 0, host], rate: '200 Gb/sec (4X HDR)' },
    { netdev: 'rail1', ipv4: [10, 78, 1, host], rate: '200 Gb/sec (4X HDR)' },
  ];
  for (const [i, { netdev, ipv4, rate }] of netdevs.entries()) {
    const device = `${OVERLAY}/sys/class/infiniband/mlx5_${i}`;
    const port = `${device}/ports/1`;
    const write = (path: string, text: string): void => put(join(root, path), `${text}\n`);
    write(`${device}/node_guid`, `b8ce:f603:00${hex(host)}:000${i}`);
    write(`${device}/fw_ver`, '28.39.1002');
    const facts = {
      state: '4: ACTIVE',
      phys_state: '5: LinkUp',
      link_layer: 'Ethernet',
      rate,
      lid: '0x0',
      sm_lid: '0x0',
    };
    for (const [name, value] of Object.entries(facts)) write(`${port}/${name}`, value);
    for (const [index, row] of gidTable(host, i, ipv4).entries()) {
      write(`${port}/gids/${index}`, row.gid);
      write(`${port}/gid_attrs/types/${index}`, row.type);
      write(`${port}/gid_attrs/ndevs/${index}`, netdev);
    }
    write(`${OVERLAY}/sys/class/infiniband_verbs/uverbs${i}/ibdev`, `mlx5_${i}`);
    write(`${OVERLAY}/dev/infiniband/uverbs${i}`, '');
  }
  put(join(root, `${OVERLAY}/proc/self/limits`), LIMITS);
  installSmi(root);
  const drop = `[Service]\nEnvironment=DSR1_AGENT_HOST_OVERLAY=${OVERLAY}\n`;
  put(join(root, 'etc/systemd/system/dsr1-agent.service.d/lab-hardware.conf'), drop);
}

/** Limits of a host that is set up for RDMA: machines that may not raise theirs can run the lab too. */
const LIMITS = [
  'Limit                     Soft Limit           Hard Limit           Units     ',
  'Max open files            1048576              1048576              files     ',
  'Max locked memory         unlimited            unlimited            bytes     ',
  '',
].join('\n');

/** The kernel's order: link-local v1, v2, then the IPv4 address v1, v2. */
function gidTable(host: number, device: number, ipv4: readonly number[]): { gid: string; type: string }[] {
  const local = `fe80:0000:0000:0000:bace:f6ff:fe${hex(host)}:000${device}`;
  const mapped = `0000:0000:0000:0000:0000:ffff:${ipv4
    .map(hex)
    .join('')
    .replace(/^(.{4})/, '$1:')}`;
  return [local, mapped].flatMap((gid) => ['IB/RoCE v1', 'RoCE v2'].map((type) => ({ gid, type })));
}

/** Answers the questions that were captured; fails on others as nvidia-smi does. */
function installSmi(root: string): void {
  const folder = join(root, 'opt/lab-nvidia-smi');
  mkdirSync(folder, { recursive: true });
  for (const file of ['nvidia-smi-q-x.xml', 'query-gpu.csv', 'topo-m.txt'])
    cpSync(join(captured, file), join(folder, file));
  const tool = join(root, 'usr/local/bin/nvidia-smi');
  put(
    tool,
    [
      '#!/bin/sh',
      'case "$*" in',
      '  "-q -x") exec cat /opt/lab-nvidia-smi/nvidia-smi-q-x.xml ;;',
      '  "topo -m") exec cat /opt/lab-nvidia-smi/topo-m.txt ;;',
      '  --query-gpu*) exec cat /opt/lab-nvidia-smi/query-gpu.csv ;;',
      '  --query-compute-apps*) exit 0 ;;',
      'esac',
      'echo "nvidia-smi: option not known here: $*" >&2; exit 2',
      '',
    ].join('\n'),
  );
  chmodSync(tool, 0o755);
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
