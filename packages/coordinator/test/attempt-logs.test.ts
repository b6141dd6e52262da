/** What the coordinator makes of what the agents read in their ranks' logs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readLines } from '@dsr1/shared/diagnose/attempt';
import { type PackedReading, packReading } from '@dsr1/shared/diagnose/packed';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { RankReport } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import { simFacts } from '../../../test/sim/sim-facts.ts';
import { simPlan } from '../../../test/sim/sim-plan.ts';
import { aRankReport } from '../../shared/test/helpers/rank-report.ts';
import { toDetail } from '../src/deployments/views.ts';
import type { NodeView } from '../src/nodes/hub.ts';
import { decide } from '../src/reconcile/decide.ts';
import { lookAtGang } from '../src/reconcile/gang.ts';
import {
  type AttemptRecord,
  type DeploymentRecord,
  defaultPolicy,
  type Ending,
} from '../src/reconcile/model.ts';
import { networkNews, rankNetworks } from '../src/reconcile/network.ts';

const NOW = 1_000_000;
const names = ['gpu-1', 'gpu-2'];

const viewOf = (name: string, report: RankReport | null): NodeView => ({
  id: name,
  name,
  state: 'online',
  cordoned: false,
  facts: simFacts(name, 'boot-1'),
  bootId: 'boot-1',
  sessionId: 'session',
  reported: true,
  ranks: report === null ? [] : [report],
});

const spec: DeploymentSpec = { name: 'r1', engine: { kind: 'rehearsal' }, nodes: { count: 2 } };
const planned = simPlan({
  spec,
  specHash: 'hash',
  epoch: 1,
  nodes: names.map((name) => ({ ...viewOf(name, null), busyPorts: [], busyGpus: [] })),
  previousRanks: {},
  avoidPorts: {},
  endpointPort: null,
});
if (!planned.feasible) throw new Error('expected a plan for two nodes');

/** The simulated plan as a GPU gang over RoCE. */
const plan: LaunchPlan = {
  ...planned.plan,
  transport: 'roce',
  ranks: planned.plan.ranks.map((rank) => ({
    ...rank,
    address: `10.0.0.${rank.rank + 1}`,
    controlInterface: 'eth0',
    gpuIndices: [0],
    hcas: ['mlx5_1', 'mlx5_2'],
    processes: rank.processes.map((process) => ({ ...process, env: { NCCL_DEBUG: 'INFO' } })),
  })),
};

/** What the agent of a rank read, `newsSeconds` after commit. */
const readingOf = (rank: number, lines: readonly string[], newsSeconds = 0): PackedReading =>
  packReading(readLines(`rank${rank}`, lines), newsSeconds, (text) => text);

const reportOf = (rank: number, lines: readonly string[], more: Partial<RankReport> = {}): RankReport =>
  aRankReport({
    deployment: 'r1',
    rank,
    ...(lines.length === 0 ? {} : { readings: [readingOf(rank, lines, 10)] }),
    ...more,
  });

const attempt = (more: Partial<AttemptRecord> = {}): AttemptRecord => ({
  epoch: 1,
  plan,
  step: 'running',
  ranks: names.map((nodeName, rank) => ({
    rank,
    nodeId: nodeName,
    nodeName,
    bootId: 'boot-1',
    committed: true,
    stopAcknowledged: true,
    stopSentAtMs: null,
    toldState: 'running',
    toldPhase: 'weights',
  })),
  avoidPorts: [],
  commitAtMs: NOW - 50_000,
  servedAtMs: null,
  servedAtWallMs: null,
  ending: null,
  endedAtMs: null,
  closed: false,
  ...more,
});

const deployment = (more: Partial<DeploymentRecord> = {}): DeploymentRecord => ({
  name: 'r1',
  spec,
  desired: 'running',
  state: 'starting',
  message: '',
  rejections: [],
  plannedAtMs: 0,
  provenNetwork: null,
  epoch: 1,
  startedAtMs: 0,
  createdAtWallMs: 0,
  ...more,
});

const nodesOf = (reports: readonly RankReport[]) =>
  new Map(names.map((name, i) => [name, viewOf(name, reports[i] ?? null)]));

const momentOf = (reports: readonly RankReport[]) => ({
  nodes: nodesOf(reports),
  gates: { lastCall: () => null },
  nowMs: NOW,
});

function decided(reports: readonly RankReport[], of = deployment(), at = attempt()) {
  const rest = { past: [], rehearsal: null, gateCall: null, nowMs: NOW, policy: defaultPolicy };
  return decide({ deployment: of, attempt: at, nodes: nodesOf(reports), ...rest })[0];
}

function networks(reports: readonly RankReport[], of: DeploymentSpec = spec, at = attempt()) {
  const gang = lookAtGang('r1', at, nodesOf(reports));
  const found = rankNetworks(of, at, gang);
  return { found, news: networkNews(found, gang) };
}

const says = (rank: number, line: string) => `gpu-${rank + 1}:1:2 [0] NCCL INFO ${line}`;
const overRdma = (rank: number, devices = '[0]mlx5_1:1/RoCE [1]mlx5_2:1/RoCE') => [
  says(rank, 'NCCL version 2.28.9+cuda13.0'),
  says(rank, `NET/IB : Using ${devices} [RO]; OOB eth0:10.0.0.${rank + 1}<0>`),
  says(rank, 'Using network IB'),
  says(rank, `Channel 00/0 : ${rank}[0] -> ${1 - rank}[0] [send] via NET/IB/0/GDRDMA`),
];
const overTcp = (rank: number) => [
  says(rank, `Bootstrap: Using eth0:10.0.0.${rank + 1}<0>`),
  says(rank, 'NET/IB : No device found.'),
  says(rank, 'Using network Socket'),
];

test('what the ranks use is proven, or told with the difference', async (t) => {
  const well = networks([reportOf(0, overRdma(0)), reportOf(1, overRdma(1))]);
  t.match(well.found.get(1), {
    verdict: 'proven',
    network: 'IB',
    devices: ['mlx5_1:1', 'mlx5_2:1'],
    interface: 'eth0',
    gdr: true,
    ncclVersion: '2.28.9',
  });
  t.match(well.news, { asPlanned: true, message: /^network as planned: IB on mlx5_1:1, mlx5_2:1$/ });

  const one = networks([reportOf(0, overRdma(0)), reportOf(1, overRdma(1, '[0]mlx5_1:1/RoCE'))]);
  t.match(one.found.get(1), { verdict: 'differs', because: ['mlx5_2 planned and not in use'] });
  t.match(one.news, { asPlanned: false, message: /rank 1 \(gpu-2\): mlx5_2 planned and not in use/ });
  t.equal(decided([reportOf(0, overRdma(0)), reportOf(1, overRdma(1, '[0]mlx5_1:1/RoCE'))]), undefined);

  const ray = networks([reportOf(0, [...overRdma(0), ...overTcp(1)]), reportOf(1, [])]);
  t.match(ray.found.get(0), { verdict: 'proven' }, "the other host's lines in its log are not about it");
  t.match(ray.found.get(1), { verdict: 'fallback' }, 'though its own log says nothing');
});

test('without proof the reason is said, and nothing stops', async (t) => {
  const because = (change: (rank: LaunchPlan['ranks'][number]) => object, served = false) => {
    const changed = { ...plan, ranks: plan.ranks.map((rank) => ({ ...rank, ...change(rank) })) };
    const at = attempt({ plan: changed, servedAtMs: served ? NOW : null });
    return networks([reportOf(0, []), reportOf(1, [])], spec, at)
      .found.get(0)
      ?.because.join();
  };
  const env = (values: Record<string, string>) => (rank: LaunchPlan['ranks'][number]) => ({
    processes: rank.processes.map((process) => ({ ...process, env: values })),
  });
  t.match(
    because(() => ({})),
    /not named a network yet/,
  );
  t.match(
    because(() => ({}), true),
    /names no network/,
  );
  t.match(
    because(() => ({ gpuIndices: [] })),
    /no GPU/,
  );
  t.match(because(env({ NCCL_DEBUG: 'WARN' })), /NCCL_DEBUG=INFO, found WARN/);
  t.match(because(env({ NCCL_DEBUG: 'INFO', NCCL_DEBUG_FILE: '/tmp/nccl' })), /NCCL_DEBUG_FILE/);
  t.equal(decided([reportOf(0, []), reportOf(1, [])]), undefined);
  t.equal(networks([reportOf(0, []), reportOf(1, [])]).news, null);
  t.equal(
    networks([reportOf(0, overTcp(0)), reportOf(1, [])], { ...spec, network: { proof: 'off' } }).found.size,
    0,
  );
});

test('a silent fall to TCP ends the attempt, or is only told, as the deployment says', async (t) => {
  const reports = [reportOf(0, overRdma(0)), reportOf(1, overTcp(1))];
  t.match(decided(reports), {
    kind: 'end',
    ending: {
      cause: 'rank-failed',
      rank: 1,
      message: 'rank 1 (gpu-2) talks TCP (Socket on eth0), planned roce on mlx5_1, mlx5_2',
      failure: { code: 'TRANSPORT_MISMATCH', hint: /network\.proof: warn/ },
      evidence: [/Using network Socket/],
    },
  });
  const ports = [{ name: 'gate', address: '10.0.0.1', port: 21000 }];
  const gated = attempt({ plan: { ...plan, ranks: plan.ranks.map((one) => ({ ...one, ports })) } });
  const atGate = (logs: readonly RankReport[]) =>
    logs.map((log) => ({ ...log, phase: 'rendezvous' as const, detail: 'waits at the gate' }));
  t.match(decided(atGate(reports), deployment(), gated), { kind: 'end', ending: { rank: 1 } });
  const planned = [reportOf(0, overRdma(0)), reportOf(1, overRdma(1))];
  t.match(decided(atGate(planned), deployment(), gated), { kind: 'openGate' }, 'nothing against the plan');
  const warned = deployment({ spec: { ...spec, network: { proof: 'warn' } } });
  t.equal(decided(reports, warned), undefined);
  const served = reports.map((report) => ({ ...report, phase: 'serving' as const }));
  t.match(decided(served, warned), {
    kind: 'serve',
    network: { asPlanned: false, message: /rank 1 \(gpu-2\): planned roce, the log shows socket/ },
  });
  const tcp = attempt({ plan: { ...plan, transport: 'tcp' } });
  t.match(
    networks(
      reports.map((_, rank) => reportOf(rank, overTcp(rank))),
      spec,
      tcp,
    ).found.get(0),
    {
      verdict: 'proven',
    },
  );
  t.equal(decided([reportOf(0, overTcp(0)), reportOf(1, overTcp(1))], deployment(), tcp), undefined);
});

test('a cause that a log has told is shown while the gang still hangs', async (t) => {
  const tooOld = 'RuntimeError: The NVIDIA driver on your system is too old (found version 11040).';
  const stored = { deployment: deployment(), attempt: attempt(), past: [] };
  const hangs = [reportOf(0, []), reportOf(1, [tooOld])];
  const detail = toDetail(stored, momentOf(hangs));
  t.match(detail.message, /; rank 1 \(gpu-2\): .*driver.* \(driver-too-old\), seen 40 s ago$/);
  t.match(detail.diagnoses, [{ category: 'driver-too-old', evidence: [{ file: 'rank1', number: 1 }] }]);
  const doubtful = [reportOf(0, []), reportOf(1, ['RuntimeError: something that no rule knows'])];
  t.strictSame(toDetail(stored, momentOf(doubtful)).diagnoses, [], 'nothing doubtful');
  const waiting = ['[2026-01-01 00:00:00 TP0] Init torch distributed begin.'];
  const healthy = [reportOf(0, waiting), reportOf(1, [])];
  t.strictSame(toDetail(stored, momentOf(healthy)).diagnoses, [], 'nor the silence of ranks that wait');
});

const LOGS = join(import.meta.dirname, '../../../test/data/engine-logs');
const real = (name: string): readonly RankReport[] =>
  readdirSync(join(LOGS, name))
    .sort()
    .map((file, rank) =>
      reportOf(rank, readFileSync(join(LOGS, name, file), 'utf8').split('\n'), {
        state: 'exited',
        exitCode: 1,
      }),
    );

test('healthy logs of real engines show no cause while they start', async (t) => {
  const stored = { deployment: deployment(), attempt: attempt(), past: [] };
  for (const name of ['vllm-healthy', 'sglang-healthy'])
    t.strictSame(toDetail(stored, momentOf(real(name))).diagnoses, [], name);
});

test('a failed attempt keeps the verdict over the logs of all its ranks', async (t) => {
  const ending: Ending = {
    cause: 'rank-failed',
    rank: 0,
    message: 'rank 0 (gpu-1) failed in phase weights: process main ended with status 1',
    failure: null,
    evidence: ['RuntimeError: Engine core initialization failed.'],
  };
  const closed = decided(real('sglang-no-compiler'), deployment(), attempt({ ending }));
  t.match(closed, { kind: 'close', ending: { diagnoses: [{ category: 'toolchain-missing' }] } });

  // The peer's death is a consequence, whichever rank failed first; the cause is on the other.
  const killed = [
    reportOf(0, ['RuntimeError: [..pair.cc:553] Connection closed by peer [10.0.0.2]:31423'], {
      state: 'exited',
    }),
    reportOf(1, ['RuntimeError: The NVIDIA driver on your system is too old (found version 11040).']),
  ].map((report) => ({ ...report, state: 'stopped' as const }));
  t.match(decided(killed, deployment(), attempt({ ending })), {
    ending: { diagnoses: [{ category: 'driver-too-old', where: 'rank1' }] },
  });

  const gone = toDetail(
    { deployment: deployment({ state: 'failed' }), attempt: attempt({ ending, closed: true }), past: [] },
    momentOf([]),
  );
  t.match(
    gone.diagnoses,
    [{ category: 'unknown', evidence: [{ line: /Engine core/ }] }],
    'from what is left',
  );

  const stopped = { ...ending, cause: 'operator' as const };
  t.match(decided(real('vllm-rank1-killed'), deployment(), attempt({ ending: stopped })), {
    ending: { diagnoses: [] },
  });
});
