/** node bench/fabric-select.ts: selection for a 200-node gang, and the NCCL log reader beside `grep -c`. */
import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FabricNode } from '@dsr1/shared/fabric/model';
import { createNcclLogReader } from '@dsr1/shared/fabric/nccl-log/read';
import { selectFabric } from '@dsr1/shared/fabric/select/select';
import { blank, gids, hca, netdev, range } from '../packages/shared/test/helpers/fabric-nodes.ts';

const policy = { transport: 'auto', ncclVersion: '2.27.5', gpuRanks: true, overrides: {} } as const;
/** A subnet that no rail has. */
const control = 99 * 256;
for (const [nodes, hcas] of [
  [2, 16],
  [16, 16],
  [200, 16],
  [2, 64],
  [2, 256],
  [2, 1024],
] as const) {
  const gang = range(0, nodes).map((index) => host(index, hcas));
  const start = performance.now();
  const { verdict, rails } = selectFabric(gang, policy);
  console.log(
    `select ${nodes} nodes × ${hcas} HCAs: ${Math.round(performance.now() - start)} ms (${verdict}, ${rails.length} rails)`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'dsr1-bench-'));
try {
  const path = join(folder, 'rank.log');
  writeFileSync(path, logLines().join('\n').repeat(2_000));
  const megabytes = statSync(path).size / 1e6;
  const reader = createNcclLogReader();
  const read = await seconds(async () => {
    for await (const line of createInterface({ input: createReadStream(path) })) reader.push(line);
  });
  const grep = await seconds(async () => void execFileSync('grep', ['-c', 'NCCL', path]));
  console.log(
    `log reader: ${Math.round(megabytes / read)} MB/s over ${Math.round(megabytes)} MB, ${reader.reports().length} reports; grep -c ${Math.round(megabytes / grep)} MB/s`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

function host(index: number, hcas: number): FabricNode {
  const address = (rail: number) => `${10 + (rail >> 8)}.${rail & 255}.${index >> 8}.${(index & 255) + 1}`;
  return {
    ...blank(`node${index}`),
    gpuCount: 8,
    given: { nodeIp: address(control) },
    netdevs: [
      netdev('eth0', [`${address(control)}/16`]),
      ...range(0, hcas).map((rail) => netdev(`rdma${rail}`, [`${address(rail)}/16`])),
    ],
    hcas: range(0, hcas).map((rail) =>
      hca(`mlx5_${rail}`, {
        linkLayer: 'eth',
        rateGbps: 400,
        netdev: `rdma${rail}`,
        gids: gids(`rdma${rail}`, address(rail)),
      }),
    ),
  };
}

/** What a rank writes: mostly the engine, then channels inside the host, then channels over the network. */
function logLines(): string[] {
  const prefix = 'gpu01:2628:2700 [0] NCCL INFO';
  return [
    ...range(0, 400).map(
      (i) => `INFO 05-29 04:08:22 engine.py:145] Avg generation throughput: ${i}.0 tokens/s, Running: 8 reqs`,
    ),
    ...range(0, 100).map((i) => `${prefix} Channel ${i}/0 : 0[0] -> 1[1] via P2P/CUMEM`),
    ...range(0, 50).map(
      (i) => `${prefix} Channel ${i}/0 : 8[0] -> 0[0] [receive] via NET/IB/${i % 8}/GDRDMA`,
    ),
    `${prefix} NET/IB : Using [0]mlx5_0:1/RoCE [RO]; OOB eth0:10.0.0.1<0>`,
    `${prefix} Using network IB`,
    '',
  ];
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
