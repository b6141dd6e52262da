/**
 * What a host's own settings say where its dumps are silent (cut, or never posted): the interface, devices and GID
 * index that the operator set there. Never against facts: they fill only what selection left open.
 */
import { unseenHca } from '../facts/unseen.ts';
import type { Evidence } from './evidence.ts';
import type { FabricNode, FabricOverride, NodeFabric } from './model.ts';
import type { EnvRow } from './parse/rows.ts';

/** The node with the devices that its settings name added, when no device that its dumps show can be used. */
export function withNamedDevices(
  node: FabricNode,
  fabric: NodeFabric,
  evidence: readonly Evidence[],
): FabricNode {
  if (fabric.hcas.length > 0) return node;
  const netdevs = new Set(node.netdevs?.flatMap((netdev) => [netdev.name, ...netdev.altnames]));
  const known = new Set(node.hcas?.map((hca) => hca.device));
  const named = listOf(evidence).filter(({ device }) => RDMA_NAME.test(device) && !netdevs.has(device));
  if (named.length === 0 || named.some(({ device }) => known.has(device))) return node;
  return {
    ...node,
    hcas: [...(node.hcas ?? []), ...named.map(({ device, port }) => unseenHca(device, { port }))],
  };
}

/** Control interface from the settings, where no text shows interfaces. */
export function settingsOverride(
  node: FabricNode,
  fabric: NodeFabric,
  evidence: readonly Evidence[],
): FabricOverride {
  const inForce = settingsInForce(evidence);
  const ifname = single(inForce.get('NCCL_SOCKET_IFNAME') ?? inForce.get('GLOO_SOCKET_IFNAME'));
  return fabric.controlInterface === null && ifname !== null && node.netdevs === null
    ? { controlInterface: ifname }
    : {};
}

/** The GID index that the host pins, shown where no text has a GID table; whether to export one stays selection's. */
export function withPinnedGid(
  node: FabricNode,
  fabric: NodeFabric,
  evidence: readonly Evidence[],
): NodeFabric {
  const index = /^\d{1,3}$/.exec(settingsInForce(evidence).get('NCCL_IB_GID_INDEX') ?? '')?.[0];
  const ports = node.hcas?.flatMap((hca) => hca.ports) ?? [];
  const told = ports.some((port) => (port.gids?.length ?? 0) > 0 || port.linkLayer === 'ib');
  const open = fabric.hcas.length > 0 && fabric.hcas.every((hca) => hca.gidIndex === null);
  if (index === undefined || told || !open) return fabric;
  const because = `row ${index}: what NCCL_IB_GID_INDEX says on this host; no GID table was shown that could confirm it`;
  return {
    ...fabric,
    hcas: fabric.hcas.map((hca) => ({ ...hca, gidIndex: Number(index) })),
    reasons: [...fabric.reasons, { subject: 'GID index', decision: 'unknown', because }],
  };
}

/** Names that drivers and rdma-core's renaming give to RDMA devices (kernel-boot/rdma_rename.c); no netdev has one. */
const RDMA_NAME =
  /^(mlx[45]_\w*\d|(bnxt_re|irdma|qedr|rxe|siw|i40iw|ocrdma)\d|(erdma|efa|ionic|hns|hfi1|xscale|mana)_\d|hrn\d_|(roce|rdma|ib)(P\d+)?p\d+s\d)/;

function listOf(evidence: readonly Evidence[]): { device: string; port: number }[] {
  const inForce = settingsInForce(evidence);
  const list = inForce.get('NCCL_IB_HCA') ?? inForce.get('NVSHMEM_HCA_LIST') ?? '';
  if (list.startsWith('^')) return [];
  return list
    .replace(/^=/, '')
    .split(',')
    .slice(0, 64)
    .map((entry) => {
      const [device = '', port] = entry.split(':');
      return { device, port: /^[1-9]\d?$/.test(port ?? '') ? Number(port) : 1 };
    });
}

function settingsInForce(evidence: readonly Evidence[]): Map<string, string> {
  const rows: readonly EnvRow[] = evidence.flatMap((item) => item.env.filter((row) => row.inForce));
  return new Map(rows.map((row) => [row.name, row.value]));
}

/** One concrete interface name; a list, prefix or exclusion leaves the choice open. */
function single(value: string | undefined): string | null {
  return /^=?([a-z][\w.-]{1,14})$/.exec(value ?? '')?.[1] ?? null;
}
