import { join } from 'node:path';
import type { PhaseDeadlines, RankPlan } from '@dsr1/shared/plan/model';

const STAND_IN = join(import.meta.dirname, 'stand-in-rank.mjs');

/** Argv of a stand-in rank that follows these orders. */
export const standIn = (...orders: readonly string[]): string[] => [process.execPath, STAND_IN, ...orders];

export function aPlan(change: Partial<RankPlan> = {}, ...orders: readonly string[]): RankPlan {
  return {
    rank: 0,
    nodeId: 'node-1',
    nodeName: 'alpha',
    engine: 'command',
    engineVersion: null,
    runtime: 'process',
    controlInterface: null,
    address: '127.0.0.1',
    gpuIndices: [],
    hcas: [],
    requiredPaths: [],
    ports: [],
    randomPorts: null,
    image: null,
    processes: [
      { id: 'main', argv: standIn(...(orders.length > 0 ? orders : ['stay'])), env: {}, reasons: {} },
    ],
    files: [],
    health: null,
    stopGraceSeconds: 1,
    minMemlockBytes: null,
    minShmBytes: null,
    ...change,
  };
}

export const DEADLINES: PhaseDeadlines = {
  rendezvousSeconds: 60,
  weightsSeconds: 60,
  graphsSeconds: 60,
  listeningSeconds: 60,
  servingSeconds: 60,
};
