/**
 * Which ports an attempt uses. All lie outside the ephemeral range of every node, where the kernel and the engines
 * themselves pick at random; rendezvous ports are fresh for each epoch, the endpoint keeps its number.
 */
import type { PortRequest } from '@dsr1/shared/engines/engine';
import { probed } from '@dsr1/shared/facts/nullable';
import type { Rejection } from '@dsr1/shared/plan/model';
import { PORT_POOLS } from '@dsr1/shared/plan/port-pools';
import type { PlanInput, UsableNode } from './input.ts';

export interface PortGrants {
  /** By rank: name → first port. */
  readonly byRank: readonly Readonly<Record<string, number>>[];
  readonly endpointPort: number | null;
  readonly warnings: readonly string[];
}

type Request = Pick<PlanInput, 'spec' | 'epoch' | 'avoidPorts' | 'endpointPort'>;

export function grantPorts(
  requests: readonly PortRequest[],
  gang: readonly UsableNode[],
  input: Request,
): PortGrants | { readonly rejections: readonly Rejection[] } {
  const [head] = gang;
  const taken = new Set<number>();
  const granted = new Map<PortRequest, number>();
  const warnings: string[] = [];
  const fixed = input.spec.endpoint?.port;
  for (const request of requests) {
    const nodes = request.on === 'head' && head !== undefined ? [head] : gang;
    const isFree = freeOn(nodes, taken, input.avoidPorts);
    const endpoint = request.use === 'endpoint';
    if (endpoint && fixed !== undefined) {
      if (!isFree(fixed)) return { rejections: [occupied(fixed, nodes, input.avoidPorts)] };
      const inRange = nodes.filter((node) => within(fixed, ephemeral(node)));
      if (inRange.length > 0)
        warnings.push(
          `endpoint.port ${fixed} is in the ephemeral range of ${inRange.map(({ name }) => name).join(', ')}: any program may take it first`,
        );
    }
    const kept = endpoint
      ? (fixed ?? (input.endpointPort !== null && isFree(input.endpointPort) ? input.endpointPort : null))
      : null;
    const start = offset(input.spec.name, endpoint ? 0 : input.epoch);
    const port = kept ?? firstFree(gang, start, request.span, isFree);
    if (port === null) return { rejections: [noneLeft(request, gang)] };
    granted.set(request, port);
    for (let i = 0; i < request.span; i++) taken.add(port + i);
  }
  return {
    byRank: gang.map((_, rank) =>
      Object.fromEntries(
        requests
          .filter(({ on }) => on === 'every-rank' || rank === 0)
          .map((request) => [request.name, granted.get(request) ?? 0]),
      ),
    ),
    endpointPort: [...granted].find(([{ use }]) => use === 'endpoint')?.[1] ?? null,
    warnings,
  };
}

/** NCCL's own status port (NCCL_RAS_ADDR). */
const NEVER = [28028];
/** Linux's default of net.ipv4.ip_local_port_range. */
const LINUX_DEFAULT = { low: 32768, high: 60999 };

interface Range {
  readonly low: number;
  readonly high: number;
}

const ephemeral = ({ facts }: UsableNode): Range => probed(facts.ephemeralPorts, LINUX_DEFAULT);
const within = (port: number, { low, high }: Range) => port >= low && port <= high;

function freeOn(nodes: readonly UsableNode[], taken: ReadonlySet<number>, avoid: PlanInput['avoidPorts']) {
  const used = new Set([
    ...NEVER,
    ...nodes.flatMap(({ id, busyPorts }) => [...busyPorts, ...(avoid[id] ?? [])]),
  ]);
  return (port: number) => !taken.has(port) && !used.has(port);
}

function firstFree(
  gang: readonly UsableNode[],
  start: number,
  span: number,
  isFree: (port: number) => boolean,
): number | null {
  const ranges = distinct(gang.map(ephemeral));
  const usable = (port: number) => isFree(port) && !ranges.some((range) => within(port, range));
  for (const { low, high } of PORT_POOLS) {
    const size = high - low + 1;
    for (let i = 0; i < size; i++) {
      const port = low + ((start + i) % size);
      if (port + span - 1 <= high && Array.from({ length: span }, (_, k) => port + k).every(usable))
        return port;
    }
  }
  return null;
}

const distinct = (ranges: readonly Range[]): readonly Range[] => [
  ...new Map(ranges.map((range) => [`${range.low}-${range.high}`, range])).values(),
];

/** Spreads deployments over the pool (FNV-1a of the name); each epoch moves on, so old listeners cannot be met. */
function offset(name: string, epoch: number): number {
  let hash = 0x811c9dc5;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return (hash % 9973) + epoch * 16;
}

function occupied(port: number, nodes: readonly UsableNode[], avoid: PlanInput['avoidPorts']): Rejection {
  const holders = nodes
    .filter(({ id, busyPorts }) => busyPorts.includes(port) || avoid[id]?.includes(port))
    .map(({ name }) => name);
  return {
    node: holders[0] ?? null,
    category: 'port-taken',
    because: `endpoint.port ${port} is in use on ${holders.length > 0 ? holders.join(', ') : 'the gang'}`,
    fix: 'choose another endpoint.port, leave it out, or stop what listens there',
  };
}

const noneLeft = ({ name, span }: PortRequest, gang: readonly UsableNode[]): Rejection => ({
  node: null,
  category: 'no-ports',
  because: `no ${span === 1 ? 'port' : `${span} contiguous ports`} for ${name} outside the ephemeral ranges`,
  fix: 'narrow net.ipv4.ip_local_port_range on the nodes, for example to 32768 60999',
  table: [
    ['node', 'ephemeral range'],
    ...gang.map((node) => [node.name, `${ephemeral(node).low}-${ephemeral(node).high}`]),
  ],
});
