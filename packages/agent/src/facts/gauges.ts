import type { Clock } from '@dsr1/shared/clock';
import type { Heartbeat } from '@dsr1/shared/wire/messages';
import type { Host } from '../host/host.ts';
import { readGpuGauges } from './probes/gpu-gauges.ts';
import { meminfoBytes } from './probes/memory.ts';

/** A look at the GPUs costs a process and a visit to the driver: not with every heartbeat. */
const GPU_PERIOD_MS = 10_000;

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
    gpus = (await readGpuGauges(host)) ?? gpus;
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
