/** Evidence of one node → the view that selection works on, with every contradiction between the sources. */
import type { GpuTopology } from '../../facts/gpu.ts';
import { unseenHca } from '../../facts/unseen.ts';
import type { DumpKind } from '../detect.ts';
import type { Evidence } from '../evidence.ts';
import type { FabricNode } from '../model.ts';
import { lookup } from '../parse/text.ts';
import { TOPO_LEVELS } from '../parse/topo-m.ts';
import { saysNoDevices } from '../parse/verbs-provider.ts';
import { openLedger } from './belief.ts';
import { mergeHcas } from './merge-hcas.ts';
import { mergeNetdevs } from './merge-netdevs.ts';
import { topologyGaps } from './topology-gaps.ts';
import { devicesInTrouble, verbsFaults } from './verbs-faults.ts';

export interface NodeHints {
  readonly name: string;
  /** GPUs that somebody counted; null = from the evidence. */
  readonly gpuCount: number | null;
  readonly given: FabricNode['given'];
}

/** The kernel's own view first, then the tools that read it through a library, then what people typed. */
const BELIEF: readonly DumpKind[] = [
  'sysfs',
  'rdma-link',
  'json',
  'ip-a',
  'ibv_devinfo',
  'ibstat',
  'ibstatus',
  'ibv_devices',
  'show_gids',
  'ibdev2netdev',
  'ifconfig',
  'gid-table',
  'interfaces',
];

export function mergeNode(hints: NodeHints, evidence: readonly Evidence[]): FabricNode {
  const ordered = [...evidence].sort((a, b) => rank(a.kind) - rank(b.kind));
  const ledger = openLedger(
    `believed in the order ${BELIEF.join(', ')}: the nearer to the kernel, the earlier; of one tool its last listing`,
  );
  const netdevs = mergeNetdevs(ordered, ledger);
  const listed = mergeHcas(ordered, netdevs ?? [], ledger);
  const troubled = (listed ?? []).length === 0 ? devicesInTrouble(ordered) : [];
  const named = troubled.length > 0 ? troubled.map((device) => unseenHca(device)) : listed;
  const hcas = named ?? (ordered.some(saysNone) ? [] : null);
  const faults = verbsFaults(ordered, hcas ?? []);
  const routes = ordered.flatMap((item) => item.routes);
  return {
    name: hints.name,
    netdevs,
    routes: routes.length > 0 ? routes : null,
    hcas,
    gpuCount: hints.gpuCount ?? gpuCountOf(ordered),
    gpuTopology: topologyOf(ordered, hcas !== null),
    given: hints.given,
    contradictions: ledger.contradictions,
    gaps: topologyGaps(ordered.flatMap((item) => item.topo ?? [])),
    ...(hcas === null ? { hcasNotShown: true } : {}),
    ...(faults.size > 0 ? { verbsFaults: Object.fromEntries(faults) } : {}),
  };
}

/** The tools of a host without RDMA devices. */
function saysNone({ kind, unknown }: Evidence): boolean {
  return kind !== 'log' && unknown.some(saysNoDevices);
}

function rank(kind: DumpKind): number {
  const at = BELIEF.indexOf(kind);
  return at < 0 ? BELIEF.length : at;
}

function gpuCountOf(evidence: readonly Evidence[]): number | null {
  const counted = evidence.map((item) =>
    Math.max(new Set(item.gpus.map((gpu) => gpu.index)).size, item.topo?.gpuCount ?? 0),
  );
  const most = Math.max(0, ...counted);
  return most > 0 ? most : null;
}

/**
 * NICn of `topo -m` is not mlx5_n: without the legend the names stand for themselves, and where the devices' real
 * names are known from elsewhere such a matrix cannot be joined to them and is left out.
 */
function topologyOf(evidence: readonly Evidence[], devicesKnown: boolean): GpuTopology | null {
  const topo = evidence.find((item) => item.topo !== null && item.topo.cells.length > 0)?.topo;
  if (
    !topo ||
    (topo.nics === null && devicesKnown && topo.cells.some(([, column]) => column.startsWith('NIC')))
  )
    return null;
  const gpuToHca = topo.cells.flatMap(([row, column, text]) => {
    const level = TOPO_LEVELS.find((known) => known === text);
    if (!row.startsWith('GPU') || column.startsWith('GPU') || level === undefined) return [];
    return [{ gpu: Number(row.slice(3)), device: lookup(topo.nics ?? {}, column) ?? column, level }];
  });
  return { gpuToHca };
}
