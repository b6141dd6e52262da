import type { PhaseDeadlines, RankPlan, RuntimeKind } from '../../plan/model.ts';
import type { EngineKind } from '../../spec/deployment.ts';
import type { Deadlines, Deadlines__Output } from '../generated/dsr1/v1/Deadlines.ts';
import type { RankPlan__Output, RankPlan as RankPlanWire } from '../generated/dsr1/v1/RankPlan.ts';
import { malformed, nonEmpty, oneOf, orNull, whole } from './read.ts';

const ENGINES = [
  'sglang',
  'vllm',
  'vllm-ray',
  'command',
  'rehearsal',
] as const satisfies readonly EngineKind[];
const RUNTIMES = ['systemd', 'process', 'docker'] as const satisfies readonly RuntimeKind[];
const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

export function encodeRankPlan(plan: RankPlan): RankPlanWire {
  return {
    ...plan,
    engineVersion: plan.engineVersion ?? '',
    controlInterface: plan.controlInterface ?? '',
    randomPorts: plan.randomPorts ?? '',
    image: plan.image ?? '',
    minMemlockBytes: plan.minMemlockBytes ?? 0,
    minShmBytes: plan.minShmBytes ?? 0,
  };
}

export function decodeRankPlan(wire: RankPlan__Output): RankPlan {
  return {
    rank: wire.rank,
    nodeId: nonEmpty('plan.node_id', wire.nodeId),
    nodeName: wire.nodeName,
    engine: oneOf('plan.engine', ENGINES, wire.engine),
    engineVersion: orNull(wire.engineVersion),
    runtime: oneOf('plan.runtime', RUNTIMES, wire.runtime),
    controlInterface: orNull(wire.controlInterface),
    address: nonEmpty('plan.address', wire.address),
    gpuIndices: wire.gpuIndices,
    hcas: wire.hcas,
    requiredPaths: wire.requiredPaths,
    ports: wire.ports.map(({ name, address, port }) => ({ name, address, port: portNumber(port) })),
    randomPorts: orNull(wire.randomPorts),
    image: orNull(wire.image),
    processes: decodeProcesses(wire),
    files: wire.files.map(({ name, content }) => ({ name: fileName(name), content })),
    health: wire.health,
    stopGraceSeconds: wire.stopGraceSeconds,
    minMemlockBytes: whole('plan.min_memlock_bytes', wire.minMemlockBytes) || null,
    minShmBytes: whole('plan.min_shm_bytes', wire.minShmBytes) || null,
  };
}

export const encodeDeadlines = (deadlines: PhaseDeadlines): Deadlines => deadlines;

export function decodeDeadlines(wire: Deadlines__Output): PhaseDeadlines {
  for (const [name, seconds] of Object.entries(wire)) {
    if (seconds === 0) malformed(`deadlines.${name}`, 'at least 1', seconds);
  }
  return { ...wire };
}

function decodeProcesses(wire: RankPlan__Output): RankPlan['processes'] {
  if (wire.processes.length === 0) malformed('plan.processes', 'at least one process', 'none');
  return wire.processes.map(({ id, argv, env, reasons }) => {
    // The id becomes part of a unit name and of a log file's name.
    if (!FILE_NAME.test(id)) malformed('process.id', `a name like ${FILE_NAME.source}`, id);
    // Docker looks a bare name up in the image.
    const program = wire.runtime === 'docker' ? /^./ : /^\//;
    if (!program.test(argv[0] ?? ''))
      malformed(`process ${id}: argv[0]`, 'an absolute path', argv[0] ?? 'nothing');
    return { id, argv, env: { ...env }, reasons: { ...reasons } };
  });
}

const portNumber = (port: number): number =>
  port >= 1 && port <= 65_535 ? port : malformed('plan.ports', '1 to 65535', port);

const fileName = (name: string): string =>
  FILE_NAME.test(name) ? name : malformed('plan.files', `a name like ${FILE_NAME.source}`, name);
