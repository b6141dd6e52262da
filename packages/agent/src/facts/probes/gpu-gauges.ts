import type { Heartbeat } from '@dsr1/shared/wire/messages';
import type { Host } from '../../host/host.ts';

const MIB = 1024 * 1024;
/** A driver that is not kept alive by persistence mode is initialised anew: seconds on a host with eight GPUs. */
const TIMEOUT_MS = 10_000;
const QUERY = [
  'nvidia-smi',
  '--query-gpu=index,memory.used,utilization.gpu',
  '--format=csv,noheader,nounits',
] as const;

/** How much of each GPU is in use right now, whoever uses it; null when nvidia-smi does not say. */
export async function readGpuGauges(host: Host): Promise<Heartbeat['gpus'] | null> {
  const answer = await host.run(QUERY, { timeoutMs: TIMEOUT_MS });
  return answer.answered && answer.exitCode === 0 ? parseGauges(answer.stdout) : null;
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
