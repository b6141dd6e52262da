import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { type AllReduceRank, bandwidths, ENDED_BY_CHECK } from '../src/fabric/check/all-reduce.ts';
import type { AllReduceSeen } from '../src/fabric/check/all-reduce-seen.ts';
import { allReduceFigures, baselineFindings, bestOf, compare } from '../src/fabric/check/baseline.ts';
import { type AllReduceVerdict, judgeAllReduce, notReduced } from '../src/fabric/check/judge-all-reduce.ts';
import type { CheckReport } from '../src/fabric/check/model.ts';
import { checkLines } from '../src/fabric/check/render.ts';
import type { NodeFabric, Transport } from '../src/fabric/model.ts';

const DATA = join(import.meta.dirname, '../../../test/data/engine-logs');
const logOf = (path: string): string[] => readFileSync(join(DATA, path), 'utf8').split('\n');

const fabric = (i: number, devices: readonly string[] = ['mlx5_1']): NodeFabric => ({
  node: `gpu-${i}`,
  controlInterface: 'eth0',
  address: `10.0.0.${i}`,
  hcas: devices.map((device) => ({
    device,
    port: 1,
    netdev: null,
    gidIndex: 3,
    address: null,
    rateGbps: null,
    rail: 0,
    nearGpus: [],
  })),
  gidEnv: 'unset',
  env: {},
  envReasons: {},
  reasons: [],
});

const done: Omit<AllReduceRank, 'rank'> = {
  phase: 'done',
  untested: null,
  ended: 'exit status 0',
  sizes: [
    { bytes: 8, seconds: 40e-6, correct: true },
    { bytes: 64 * 2 ** 20, seconds: 0.01, correct: true },
  ],
  lines: [],
};

/** The lines of NCCL that say its network; wordings of 2.28. */
const ROCE = `gpu-1:1:1 [0] NCCL INFO NCCL version 2.28.9+cuda13.0
gpu-1:1:1 [0] NCCL INFO NET/IB : Using [0]mlx5_1:1/RoCE [RO]; OOB eth0:10.0.0.1<0>
gpu-1:1:1 [0] NCCL INFO Using network IB
gpu-1:1:1 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[0] [send] via NET/IB/0/GDRDMA`;

const GLOO_TIMEOUT =
  'RuntimeError: Gloo connectFullMesh failed with [../third_party/gloo/gloo/transport/tcp/pair.cc:144] no error; timed out connecting: Connection timed out [10.0.0.2]:48732';
/** torch 2.13 where a route says no. */
const GLOO_UNREACHABLE =
  'RuntimeError: [enforce fail at /__w/pytorch/pytorch/third_party/gloo/gloo/transport/tcp/socket.cc:142] rv != -1. -1 vs -1. connect: Network is unreachable';
const STORE_TIMEOUT =
  'torch.distributed.DistStoreError: Timed out after 51 seconds waiting for clients. 1/2 clients joined.';

/** Two nodes with one rank each. */
function seen(
  ranks: readonly Partial<AllReduceRank>[],
  transport: Transport = 'roce',
  backend: AllReduceSeen['backend'] = 'nccl',
): AllReduceSeen {
  const nodes = ranks.map((rank, i) => ({
    name: `gpu-${i + 1}`,
    fabric: fabric(i + 1, transport === 'roce' ? ['mlx5_1'] : []),
    ranks: [{ ...done, rank: i, ...rank }],
  }));
  return { backend, transport, nodes };
}

const only = ({ findings }: AllReduceVerdict) => {
  if (findings.length !== 1 || findings[0] === undefined) throw new Error(`${findings.length} findings`);
  return findings[0];
};

test('bandwidths as nccl-tests defines them', (t) => {
  const size = { bytes: 1e9, seconds: 0.5, correct: true };
  t.match(bandwidths(size, 2), { algorithmGigabytesPerSecond: 2, busGigabytesPerSecond: 2 });
  t.match(bandwidths(size, 16), { algorithmGigabytesPerSecond: 2, busGigabytesPerSecond: 3.75 });
  t.end();
});

test('all ranks sum over the planned network', (t) => {
  const lines = ROCE.split('\n');
  const verdict = judgeAllReduce(
    seen([{ lines }, { lines: lines.map((line) => line.replace('gpu-1', 'gpu-2')) }]),
  );
  t.strictSame(verdict.findings, []);
  t.match(verdict.result, { outcome: 'pass', backend: 'nccl', ranks: 2, detail: 'IB on mlx5_1:1' });
  t.equal(Math.round(verdict.result.sizes[1]?.busGigabytesPerSecond ?? 0), 7);
  t.end();
});

test('sockets where RDMA was planned are an error, and sockets that were planned are none', (t) => {
  const lines = logOf('nccl-silent-tcp/rank1.log');
  const silent = only(judgeAllReduce(seen([{ lines: ROCE.split('\n') }, { lines }])));
  t.match(silent, {
    severity: 'error',
    category: 'tcp-fallback',
    culprit: { kind: 'node', nodes: ['gpu-2'] },
  });
  t.match(silent.cause, /silent TCP: roce was planned/);
  const chosen = [0, 1].map((rank) => ({ lines: logOf(`nccl-tcp/rank${rank}.log`) }));
  t.match(judgeAllReduce(seen(chosen, 'tcp')).result, { outcome: 'pass', detail: 'Socket on eth0' });
  const other = ROCE.replaceAll('mlx5_1', 'mlx5_7').split('\n');
  t.match(only(judgeAllReduce(seen([{ lines: other }, { lines: other }].slice(0, 1)))), {
    category: 'transport-mismatch',
    cause: /mlx5_7 in use and not planned/,
  });
  t.end();
});

test('why it fails, by real logs of NCCL on a GPU', (t) => {
  const failed: Partial<AllReduceRank> = { phase: 'connecting', ended: 'exit status 1', sizes: [] };
  const verdictOf = (...logs: readonly string[]) =>
    only(judgeAllReduce(seen(logs.map((log) => ({ ...failed, lines: logOf(log) })))));
  const twice = verdictOf('nccl-duplicate-gpu/rank0.log', 'nccl-duplicate-gpu/rank1.log');
  t.match(twice, { category: 'gpu-visibility', culprit: { kind: 'node', nodes: ['gpu-1'] } });
  t.match(twice.evidence[0], /^gpu-1 rank 0: .*Duplicate GPU detected/);
  const waiting = { ...failed, lines: ROCE.split('\n') };
  const blind = { ...failed, lines: logOf('nccl-no-hca/rank0.log') };
  t.match(only(judgeAllReduce(seen([waiting, blind]))), {
    category: 'no-rdma-device-in-container',
    culprit: { nodes: ['gpu-2'] },
  });
  const nameless = { ...failed, lines: logOf('nccl-no-interface/rank0.log') };
  t.match(only(judgeAllReduce(seen([waiting, nameless]))), {
    category: 'no-socket-interface',
    culprit: { nodes: ['gpu-2'] },
  });
  t.end();
});

test('why it fails, by what Gloo and the store say', (t) => {
  const failed: Partial<AllReduceRank> = { phase: 'connecting', ended: 'exit status 1', sizes: [] };
  const apart = only(
    judgeAllReduce(
      seen(
        [
          { ...failed, lines: [GLOO_TIMEOUT] },
          { ...failed, lines: [] },
        ],
        'tcp',
        'gloo',
      ),
    ),
  );
  t.match(apart, { category: 'firewall-or-route', culprit: { kind: 'path', nodes: ['gpu-1', 'gpu-2'] } });
  const alone = { ...failed, lines: [GLOO_UNREACHABLE] };
  t.match(only(judgeAllReduce(seen([{ ...failed, lines: [] }, alone], 'tcp', 'gloo'))), {
    category: 'firewall-or-route',
    culprit: { kind: 'path', nodes: ['gpu-1', 'gpu-2'] },
  });
  t.match(apart.cause, /^the all-reduce \(gloo\) over gpu-1, gpu-2 fails: /);
  t.end();
});

test('logs that name nobody: the rank that kept the others waiting', (t) => {
  const waiting: Partial<AllReduceRank> = {
    phase: 'meeting',
    ended: 'exit status 1',
    lines: [STORE_TIMEOUT],
  };
  const slow: Partial<AllReduceRank> = { phase: 'loading', ended: ENDED_BY_CHECK, lines: [] };
  t.match(only(judgeAllReduce(seen([waiting, slow], 'tcp', 'gloo'))), {
    category: 'all-reduce-failed',
    culprit: { kind: 'node', nodes: ['gpu-2'] },
    cause: /gpu-2 rank 1 did not get beyond the import of torch/,
    evidence: [/1\/2 clients joined/, /gpu-2 rank 1: ended with the check/],
  });
  const stuck: Partial<AllReduceRank> = { phase: 'connecting', ended: 'exit status 1', lines: [] };
  t.match(only(judgeAllReduce(seen([stuck, stuck]))), {
    culprit: { kind: 'path', nodes: ['gpu-1', 'gpu-2'] },
    cause: /no rank got beyond the connection/,
    fix: /NCCL and Gloo take random ones/,
  });
  t.end();
});

test('a rank that was killed, and those that waited for it', (t) => {
  const waiting: Partial<AllReduceRank> = { phase: 'connecting', ended: ENDED_BY_CHECK };
  const dead: Partial<AllReduceRank> = { phase: 'connecting', ended: 'ended by SIGKILL' };
  t.match(only(judgeAllReduce(seen([waiting, dead]))), {
    culprit: { kind: 'node', nodes: ['gpu-2'] },
    cause: /gpu-2 rank 1 was ended by SIGKILL/,
    fix: /dmesg/,
  });
  t.end();
});

test('a wrong sum names its node; a node without torch makes it untested and no finding', (t) => {
  const [small, large] = done.sizes;
  const wrong = { sizes: [small, { ...large, correct: false }] } as Partial<AllReduceRank>;
  t.match(only(judgeAllReduce(seen([{}, wrong], 'tcp', 'gloo'))), {
    category: 'wrong-result',
    culprit: { nodes: ['gpu-2'] },
  });
  const bare = judgeAllReduce(seen([{ phase: 'meeting' }, { phase: 'loading', untested: 'no torch' }]));
  t.strictSame(bare, notReduced('gpu-2: no torch'));
  t.end();
});

test('the figures of a gang are compared, and its bandwidth is told when it falls', (t) => {
  const { result } = judgeAllReduce(seen([{}, {}], 'tcp'));
  const figures = allReduceFigures(result, ['gpu-2', 'gpu-1']);
  t.match(figures, [
    { subject: 'gpu-1 + gpu-2', figure: 'all-reduce nccl 2 ranks 64 MiB busbw GB/s' },
    { figure: 'all-reduce nccl 2 ranks 8 B us', value: 40 },
  ]);
  const known = bestOf(compare(figures, []));
  const later = figures.map((own) => ({ ...own, value: own.value * (own.figure.endsWith('us') ? 3 : 0.5) }));
  t.match(baselineFindings(compare(later, known)), [
    { category: 'slower-than-before', culprit: { kind: 'gang', nodes: ['gpu-1', 'gpu-2'] } },
  ]);
  t.strictSame(baselineFindings(compare(figures, known)), []);
  const gloo = allReduceFigures({ ...result, backend: 'gloo' }, ['gpu-1', 'gpu-2']);
  const slower = gloo.map((own) => ({ ...own, value: own.value / 2 }));
  t.strictSame(baselineFindings(compare(slower, gloo)), [], 'Gloo measures processors');
  t.strictSame(allReduceFigures(notReduced('x').result, ['gpu-1']), []);
  t.end();
});

test('a report says it in one line', (t) => {
  const plain = (text: string): string => text;
  const paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };
  const lines = (allReduce: NonNullable<CheckReport['allReduce']>) =>
    checkLines(
      {
        id: '1',
        state: 'done',
        message: '',
        deployment: null,
        nodes: ['gpu-1', 'gpu-2'],
        startedAt: '',
        transport: 'roce',
        ends: [],
        pairs: [],
        allReduce,
        figures: [],
        findings: [],
      },
      paint,
    );
  const { result } = judgeAllReduce(seen([{}, {}], 'tcp', 'gloo'));
  t.equal(
    lines(result)[0],
    'all-reduce  2 ranks (gloo): 64 MiB at 6.71 GB/s (busbw), 8 B in 40.0 us, Gloo, over TCP: no rank has a GPU',
  );
  t.equal(lines(notReduced('gpu-2: no torch').result)[0], 'all-reduce  not run: gpu-2: no torch');
  t.end();
});
