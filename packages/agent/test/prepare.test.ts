/** What prepare finds wrong with a host, and what becomes of what it holds. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { RankPlan } from '@dsr1/shared/plan/model';
import { type Test, test } from 'tap';
import { readGpuGauges } from '../src/facts/probes/gpu-gauges.ts';
import { probeGpus } from '../src/facts/probes/gpus.ts';
import { readHostRecord } from '../src/host/recorded.ts';
import { simulatedHost } from '../src/host/simulated.ts';
import { checkGpus } from '../src/workload/prepare-gpus.ts';
import { aPlan } from './helpers/a-plan.ts';
import { aWorkload, prepare, type TestWorkload } from './helpers/a-workload.ts';

async function opened(t: Test, change: Parameters<typeof aWorkload>[1]): Promise<TestWorkload> {
  const workload = await aWorkload(join(t.testdir(), 'state'), change);
  t.teardown(() => workload.close());
  return workload;
}

test('prepare names what is wrong with this host, and holds nothing afterwards', async (t) => {
  const workload = await opened(t, {
    prepare: {
      probeGpus: async () => ({
        detected: true,
        source: 'test',
        value: {
          driverVersion: null,
          cudaVersion: null,
          gpus: [
            {
              index: 0,
              uuid: null,
              name: 'H100',
              pci: null,
              numaNode: null,
              memoryBytes: null,
              computeCapability: null,
              mig: null,
              processes: [{ pid: 4242, name: 'python', usedMemoryBytes: null }],
            },
          ],
        },
      }),
      gpuGauges: async () => null,
      memlockBytes: async () => 65_536,
      knownDamage: async () => [],
    },
  });
  const taken = createServer().listen(0, '127.0.0.1');
  t.teardown(() => taken.close());
  const port = await new Promise<number>((resolve) =>
    taken.once('listening', () => resolve((taken.address() as { port: number }).port)),
  );
  const failure = async (plan: Partial<RankPlan>) => {
    const action = prepare(aPlan(plan));
    return workload.handle(
      { leaderEpoch: 1, deployment: 'dep', epoch: 1, commandId: 'c', ttlMs: 0, action },
      Number.MAX_SAFE_INTEGER,
    );
  };
  t.match(await failure({ ports: [{ name: 'http', address: '127.0.0.1', port }] }), {
    code: 'PORT_TAKEN',
    takenPorts: [port],
    message: new RegExp(`port ${port} \\(http\\) on 127.0.0.1 is in use`),
  });
  t.match(await failure({ address: '192.0.2.7' }), { code: 'ADDRESS_MISSING', message: /192.0.2.7/ });
  t.match(await failure({ gpuIndices: [0] }), {
    code: 'GPU_BUSY',
    message: /GPU 0 is used by python \(pid 4242\)/,
  });
  t.match(await failure({ gpuIndices: [3] }), { code: 'GPU_BUSY', message: /GPU 3 is not on this node/ });
  t.match(await failure({ requiredPaths: ['/models/none'] }), {
    code: 'PATH_MISSING',
    message: /\/models\/none does not exist/,
  });
  t.match(await failure({ processes: [{ id: 'main', argv: ['/opt/none/python'], env: {}, reasons: {} }] }), {
    code: 'PATH_MISSING',
    message: /\/opt\/none\/python/,
  });
  t.match(await failure({ minMemlockBytes: 2 ** 40 }), {
    code: 'LIMIT_TOO_LOW',
    message: /locked memory is limited to 65536/,
  });
  t.match(await failure({ minShmBytes: 2 ** 60 }), { code: 'LIMIT_TOO_LOW', message: /\/dev\/shm/ });
  t.match(await failure({ runtime: 'docker' }), { code: 'RUNTIME_MISSING' });
  t.match(
    await failure({ address: '192.0.2.7', requiredPaths: ['/models/none'] }),
    { code: 'ADDRESS_MISSING', message: /192.0.2.7.*; .*\/models\/none/ },
    'all that is wrong, in one answer',
  );
  t.strictSame(workload.reports(), []);
});

test('GPU memory that no visible process holds is found, on top of what a real host says', async (t) => {
  const folder = join(import.meta.dirname, '../../../test/data/hosts/h200x2-vm');
  const record = await readHostRecord(folder);
  const gauges = 'nvidia-smi --query-gpu=index,memory.used,utilization.gpu --format=csv,noheader,nounits';
  const refusal = async (printed: string, gpuIndices: number[]) => {
    const host = simulatedHost({ ...record, tools: { ...record.tools, [gauges]: printed } });
    return checkGpus(aPlan({ gpuIndices }), {
      probeGpus: () => probeGpus(host),
      gpuGauges: () => readGpuGauges(host),
    });
  };
  t.same(
    await refusal('0, 0, 0\n1, 0, 0\n', [0, 1]),
    [],
    "idle: the driver's 616 MiB are reserved, not used",
  );
  t.same(
    await refusal('0, 1024, 0\n1, [N/A], 0\n', [0, 1]),
    [],
    'contexts of monitors; a GPU that does not say',
  );
  t.same(await refusal('0, 0, 0\n1, 131072, 0\n', [0]), [], 'GPUs of others are their own matter');
  t.match(await refusal('0, 0, 0\n1, 131072, 0\n', [0, 1]), [
    {
      code: 'GPU_BUSY',
      message: /^gpu-memory-occupied: GPU 1 has 128.0 GiB in use, at most 1 GiB .* names no process/,
      hint: /fuser -v \/dev\/nvidia\*.*--gpu-reset -i 1/,
    },
  ]);
  const ending = ['0, 131072, 99\n', '0, 0, 0\n'];
  const host = (printed = '') => simulatedHost({ ...record, tools: { ...record.tools, [gauges]: printed } });
  t.same(
    await checkGpus(aPlan({ gpuIndices: [0] }), {
      probeGpus: () => probeGpus(host()),
      gpuGauges: () => readGpuGauges(host(ending.shift())),
    }),
    [],
    'a rank that has just ended: its memory comes back within moments',
  );
  t.same(ending, []);
});
