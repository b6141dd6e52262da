/** Are the GPUs of a rank here, and free? */
import { setTimeout } from 'node:timers/promises';
import type { Gpu } from '@dsr1/shared/facts/gpu';
import type { RankPlan } from '@dsr1/shared/plan/model';
import type { PrepareDeps, Problem } from './prepare-checks.ts';

/**
 * Memory in use on a GPU that serves nobody stays below this. Measured on an H100 with driver 580: idle 0 MiB (the
 * driver's own share is reserved, not used), with one CUDA context, as a monitor may have, 621 MiB. Drivers before 510
 * count their own share, some hundred MiB.
 */
const IDLE_MEMORY_BYTES = 2 ** 30;
/** The driver gives the memory of a killed rank back some tenths of a second after its end. */
const SETTLE_MS = 3000;

export async function checkGpus(
  { gpuIndices }: RankPlan,
  { probeGpus, gpuGauges }: Pick<PrepareDeps, 'probeGpus' | 'gpuGauges'>,
): Promise<readonly Problem[]> {
  if (gpuIndices.length === 0) return [];
  const [inventory, usedBytes] = await Promise.all([probeGpus(), settledBytes(gpuIndices, gpuGauges)]);
  if (!inventory.detected)
    return [busy(`GPUs cannot be checked: ${inventory.reason}`, 'run `dsr1-agent doctor` on the node')];
  return gpuIndices.flatMap((index) => {
    const gpu = inventory.value.gpus.find((candidate) => candidate.index === index);
    return gpu === undefined
      ? [busy(`GPU ${index} is not on this node any more`, 'plan again from new facts')]
      : occupied(gpu, usedBytes(index));
  });
}

/** Memory in use by GPU index, looked at once more where it is too much; 0 where nvidia-smi does not say. */
async function settledBytes(
  indices: readonly number[],
  gpuGauges: PrepareDeps['gpuGauges'],
): Promise<(index: number) => number> {
  const look = async () => {
    const gauges = (await gpuGauges()) ?? [];
    return (index: number) => gauges.find((gauge) => gauge.index === index)?.usedMemoryBytes ?? 0;
  };
  const usedBytes = await look();
  if (indices.every((index) => usedBytes(index) <= IDLE_MEMORY_BYTES)) return usedBytes;
  await setTimeout(SETTLE_MS);
  return look();
}

/** By processes that nvidia-smi sees, or by others: of another PID namespace, or dead with their memory not given back. */
function occupied({ index, processes }: Gpu, usedBytes: number): readonly Problem[] {
  if (processes.length > 0) {
    const users = processes.map(({ pid, name }) => `${name ?? 'process'} (pid ${pid})`).join(', ');
    return [
      busy(
        `gpu-memory-occupied: GPU ${index} is used by ${users}`,
        'end these processes, or leave this node out',
      ),
    ];
  }
  if (usedBytes <= IDLE_MEMORY_BYTES) return [];
  return [
    busy(
      `gpu-memory-occupied: GPU ${index} has ${(usedBytes / 2 ** 30).toFixed(1)} GiB in use, at most ${IDLE_MEMORY_BYTES / 2 ** 30} GiB was expected, and nvidia-smi names no process that holds it`,
      `look for it outside this container or PID namespace: \`nvidia-smi -i ${index}\`, \`fuser -v /dev/nvidia*\` as root on the host; if nobody holds it: \`nvidia-smi --gpu-reset -i ${index}\`, or leave this node out`,
    ),
  ];
}

const busy = (message: string, hint: string): Problem => ({ code: 'GPU_BUSY', message, hint });
