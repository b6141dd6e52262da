import type { Clock } from '@dsr1/shared/clock';
import type { Heartbeat } from '@dsr1/shared/wire/messages';
import type { Host } from '../host/host.ts';
import { meminfoBytes } from './probes/memory.ts';

const MIB = 1024 * 1024;
/** A look at the GPUs costs a process and a visit to the driver: not with every heartbeat. */
const GPU_PERIOD_MS = 10_000;
const QUERY = [
  'nvidia-smi',
  '--query-gpu=index,memory.used,utilization.gpu',
  '--format=csv,noheader,nounits',
] as const;

export interface Gauges {
  /** What changes all the time: load, free memory, and the GPUs as they were up to 10 s (plus the look itself) ago. */
  heartbeat(): Promise<Heartbeat>;
}

/** @param hasGpus whether the facts show GPUs; while they do not, nvidia-smi is never started */
export function createGauges(host: Host, clock: Clock, hasGpus: () => boolean): Gauges {
  let sequence = 0;
  let gpus: Heartbeat['gpus'] = [];
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  /** Runs beside the heartbeats: a hanging nvidia-smi must not hold them up. */
  const look = async () => {
    const answer = await host.run(QUERY, { timeoutMs: GPU_PERIOD_MS });
    if (answer.answered && answer.exitCode === 0) gpus = parseGauges(answer.stdout);
  };

  return {
    heartbeat: async () => {
      const now = clock.monotonicMs();
      if (!hasGpus()) gpus = [];
      else if (now - lookedAtMs >= GPU_PERIOD_MS) {
        lookedAtMs = now;
        void look();
      }
      const [load, meminfo] = await Promise.all([
        host.readText('/proc/loadavg'),
        host.readText('/proc/meminfo'),
      ]);
      sequence += 1;
      return {
        sequence,
        clockMs: clock.wallMs(),
        load1: Number(load?.split(' ', 1)[0] ?? 0),
        memoryAvailableBytes: meminfoBytes(meminfo, 'MemAvailable') ?? 0,
        gpus,
      };
    },
  };
}

/** `0, 1234, 56`; a value that the GPU does not have (`[N/A]`) counts as 0. */
function parseGauges(csv: string): Heartbeat['gpus'] {
  return csv.split('\n').flatMap((line) => {
    const [index = '', used = '', utilisation = ''] = line.split(',').map((cell) => cell.trim());
    if (!/^\d+$/.test(index)) return [];
    return [
      {
        index: Number(index),
        usedMemoryBytes: integer(used) * MIB,
        utilisationPercent: integer(utilisation),
      },
    ];
  });
}

const integer = (cell: string) => (/^\d+$/.test(cell) ? Number(cell) : 0);
