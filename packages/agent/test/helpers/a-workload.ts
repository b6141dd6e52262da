import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@dsr1/shared/clock';
import type { AgentCommand, CommandAction, RankReport } from '@dsr1/shared/wire/messages';
import type { RunCommand } from '../../src/workload/decide.ts';
import { probeHealth } from '../../src/workload/health.ts';
import { runFolders } from '../../src/workload/run-folder.ts';
import { processRuntime } from '../../src/workload/runtimes/process.ts';
import type { WatchedEngine } from '../../src/workload/supervisor.ts';
import { openWorkload, type Workload, type WorkloadDeps } from '../../src/workload/workload.ts';
import { quietLog } from './quiet-log.ts';

export const bootClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1000n) / 1000,
};

/** Phases by plain words at the beginning of a line. */
export const testEngine: WatchedEngine = {
  phases: {
    read(line) {
      const [, phase] = /^(rendezvous|weights|graphs|listening|serving)\b/.exec(line) ?? [];
      const progress = /(\d+)%/.exec(line)?.[1];
      return phase === undefined
        ? null
        : {
            phase: phase as 'weights',
            ...(progress === undefined ? {} : { progress: Number(progress) / 100 }),
            detail: line,
          };
    },
  },
  followerDonePhase: 'listening',
  workerTitles: [],
};

export interface TestWorkload extends Workload {
  readonly reports_: RankReport[];
  readonly latest: () => RankReport | undefined;
  readonly command: (
    epoch: number,
    action: RunCommand['action'],
    change?: Partial<AgentCommand>,
  ) => Promise<string | null>;
}

export async function aWorkload(stateDir: string, change: Partial<WorkloadDeps> = {}): Promise<TestWorkload> {
  mkdirSync(stateDir, { recursive: true });
  const seen: RankReport[] = [];
  const workload = await openWorkload({
    stateDir,
    folders: runFolders({
      runsDir: join(stateDir, 'runs'),
      logsDir: join(stateDir, 'logs'),
      cacheDir: join(stateDir, 'cache'),
    }),
    runtimes: { process: processRuntime() },
    engineOf: async () => testEngine,
    prepare: {
      probeGpus: async () => ({ detected: false, reason: 'none here' }),
      gpuGauges: async () => null,
      memlockBytes: async () => 65_536,
      knownDamage: async () => [],
    },
    probeHealth,
    clock: bootClock,
    bootId: 'boot-1',
    nodeTag: `t${process.pid}`,
    log: quietLog(),
    onReport: (report) => seen.push(report),
    ...change,
  });
  return {
    ...workload,
    reports_: seen,
    latest: () => seen.at(-1),
    async command(epoch, action, fence = {}) {
      const command = {
        leaderEpoch: 1,
        deployment: 'dep',
        epoch,
        commandId: 'c',
        ttlMs: 0,
        ...fence,
        action,
      };
      return (await workload.handle(command, bootClock.monotonicMs()))?.code ?? null;
    },
  };
}

export const prepare = (plan: Extract<CommandAction, { kind: 'prepare' }>['plan'], change: object = {}) =>
  ({
    kind: 'prepare',
    plan,
    specHash: 'spec',
    apiKey: 'attempt-key-0123456789',
    gangKey: 'gang-key-0123456789',
    expiresMs: 60_000,
    ...change,
  }) as const;
export const stop = (graceMs = 200) => ({ kind: 'stop', graceMs, reason: 'test' }) as const;
