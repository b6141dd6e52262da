import { engineOf } from '@dsr1/shared/engines/registry';
import { Dsr1Error } from '@dsr1/shared/errors';
import type { AllReduceRank, AllReduceRequest } from '@dsr1/shared/fabric/check/all-reduce';
import type { PairResult } from '@dsr1/shared/fabric/check/model';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { allReduce } from '../src/checks/all-reduce.ts';
import {
  type AllReducePlan,
  gpusOf,
  type NoAllReduce,
  planAllReduce,
} from '../src/checks/all-reduce-plan.ts';
import type { Ask } from '../src/checks/ask.ts';
import type { UsableNode } from '../src/plan/input.ts';
import { defaultRoute, ether, type Host, nodeOf, roce, sglangInstall, vllmInstall } from './support/hosts.ts';

const gpus = (count: number) => ({ count, name: 'H100' });

const host = (i: number, over: Partial<Host> = {}): UsableNode =>
  nodeOf({
    name: `gpu-${i}`,
    netdevs: [ether('eth0', `10.0.0.${i}`), ether('rail0', `10.1.0.${i}`)],
    routes: [defaultRoute('eth0', '10.0.0.254')],
    hcas: [roce('mlx5_1', 'rail0', `10.1.0.${i}`)],
    gpus: gpus(2),
    engines: [sglangInstall(), vllmInstall()],
    ...over,
  }) as UsableNode;

const plan = (
  gang: readonly UsableNode[],
  spec: Partial<DeploymentSpec> = {},
): AllReducePlan | NoAllReduce => {
  const full: DeploymentSpec = { name: 'check', engine: { kind: 'rehearsal' }, ...spec };
  const engine = engineOf(full.engine.kind);
  if (engine === null) throw new Error('no such engine');
  return planAllReduce({ spec: full, engine, gang, gpus: gpusOf(full) }, 7);
};

const planned = (...args: Parameters<typeof plan>): AllReducePlan => {
  const made = plan(...args);
  if ('untested' in made) throw new Error(made.untested);
  return made;
};

const whyNot = (...args: Parameters<typeof plan>): string => {
  const made = plan(...args);
  return 'untested' in made ? made.untested : 'planned';
};

test('ranks as a launch would start them: every GPU, the environment of the plan', (t) => {
  const made = planned([host(1), host(2)]);
  t.match(made, { backend: 'nccl', transport: 'roce', address: '10.0.0.1', sizesBytes: [8, 64 * 2 ** 20] });
  t.ok(made.port >= 20_000 && made.port < 30_000, `${made.port} is a port of launches`);
  t.strictSame(
    made.nodes.map(({ ranks }) => ranks),
    [
      [
        { rank: 0, gpu: 0 },
        { rank: 1, gpu: 1 },
      ],
      [
        { rank: 2, gpu: 0 },
        { rank: 3, gpu: 1 },
      ],
    ],
  );
  t.match(made.nodes[1]?.env, {
    NCCL_IB_HCA: '=mlx5_1:1',
    NCCL_SOCKET_IFNAME: '=eth0',
    NCCL_NET: 'IB',
    NCCL_DEBUG: 'INFO',
  });
  t.end();
});

test('of a deployment: its engine, its GPUs, its variables of the network and no others', (t) => {
  const spec: Partial<DeploymentSpec> = {
    engine: { kind: 'vllm', env: { NCCL_IB_TC: '106', HF_TOKEN: 'secret', NCCLX: '1' } },
    gpusPerNode: 1,
  };
  const made = planned([host(1), host(2)], spec);
  t.equal(made.nodes[0]?.python, '/opt/engines/vllm/bin/python');
  t.strictSame(made.nodes[1]?.ranks, [{ rank: 1, gpu: 0 }]);
  t.match(made.nodes[0]?.env, { NCCL_IB_TC: '106', HF_TOKEN: undefined, NCCLX: undefined });
  t.end();
});

test('without GPUs, or with a torch for CPUs, Gloo sums over the control interface', (t) => {
  const bare = { gpus: gpus(0), hcas: [] };
  const made = planned([host(1, bare), host(2, bare)]);
  t.match(made, { backend: 'gloo', nodes: [{ ranks: [{ rank: 0, gpu: null }] }, { ranks: [{ rank: 1 }] }] });
  t.strictSame(made.nodes[0]?.env, { GLOO_SOCKET_IFNAME: 'eth0' });
  const cpu = { engines: [vllmInstall({ cuda: null })] };
  t.equal(planned([host(1, cpu), host(2)]).backend, 'gloo');
  t.end();
});

test('without a named engine all nodes run one version where they can', (t) => {
  const older = vllmInstall({ torch: '2.11.0', python: '/opt/old/bin/python' });
  const made = planned([host(1), host(2, { engines: [older, vllmInstall()] })]);
  t.strictSame(
    made.nodes.map(({ python }) => python),
    ['/opt/engines/vllm/bin/python', '/opt/engines/vllm/bin/python'],
  );
  t.end();
});

test('why it is not run', (t) => {
  t.match(whyNot([host(1)]), /one node alone/);
  t.match(whyNot([host(1), host(2, { engines: [] })]), /no environment with torch is known on gpu-2/);
  t.match(whyNot([host(1), host(2)], { engine: { kind: 'vllm', image: 'vllm:1' } }), /image/);
  const used = host(2);
  const { gpus: idle } = used.facts;
  const process = { pid: 1, name: 'python', usedMemoryBytes: 1 };
  const busy = idle.detected
    ? {
        ...idle,
        value: { ...idle.value, gpus: idle.value.gpus.map((gpu) => ({ ...gpu, processes: [process] })) },
      }
    : idle;
  t.match(whyNot([host(1), { ...used, facts: { ...used.facts, gpus: busy } }]), /GPUs of gpu-2 are in use/);
  t.end();
});

const two = { gpus: gpus(0), hcas: [] };
const answers = (ranks: AllReduceRequest['ranks'], over: Partial<AllReduceRank>): AllReduceRank[] =>
  ranks.map(({ rank }) => ({
    rank,
    phase: 'done',
    untested: null,
    ended: 'exit status 0',
    sizes: [{ bytes: 8, seconds: 1e-3, correct: true }],
    lines: [],
    ...over,
  }));

/** Agents of which `broken` answers with `over` and the others wait until they are told to end. */
function asks(over: Partial<AllReduceRank> | Error | null): { readonly ask: Ask; readonly ended: string[] } {
  const ended: string[] = [];
  const waiting = new Map<string, () => void>();
  const ask = (async (nodeId: string, name: string, request: AllReduceRequest) => {
    if (name === 'end') {
      ended.push(nodeId);
      waiting.get(nodeId)?.();
      return { counted: [] };
    }
    if (over === null) return { ranks: answers(request.ranks, {}) };
    if (nodeId === 'id-gpu-2' && over instanceof Error) throw over;
    if (nodeId === 'id-gpu-2') return { ranks: answers(request.ranks, over as Partial<AllReduceRank>) };
    await new Promise<void>((resolve) => waiting.set(nodeId, resolve));
    return { ranks: answers(request.ranks, { phase: 'meeting', ended: 'ended by SIGKILL' }) };
  }) as unknown as Ask;
  return { ask, ended };
}

const running = new AbortController().signal;
const noPairs: readonly PairResult[] = [];

test('all ranks at once; their figures are the gang’s', async (t) => {
  const { ask, ended } = asks(null);
  const { result, findings } = await allReduce(ask, planned([host(1, two), host(2, two)]), noPairs, running);
  t.match(result, { outcome: 'pass', backend: 'gloo', ranks: 2, sizes: [{ bytes: 8 }] });
  t.strictSame([findings, ended], [[], []]);
});

test('a node that cannot take part ends the others at once, and is no finding', async (t) => {
  const causes = [
    { phase: 'loading', untested: 'torch cannot be imported' },
    new Dsr1Error('INVALID_ARGUMENT', 'this agent knows no probe check.all-reduce'),
  ] as const;
  for (const cause of causes) {
    const { ask, ended } = asks(cause);
    const { result, findings } = await allReduce(
      ask,
      planned([host(1, two), host(2, two)]),
      noPairs,
      running,
    );
    t.match(result, { outcome: 'untested', detail: /^gpu-2: .*(torch|probe)/ });
    t.strictSame(findings, []);
    t.strictSame(ended.toSorted(), ['id-gpu-1', 'id-gpu-2']);
  }
});

test('failed pairs, a time limit and a missing plan leave it out', async (t) => {
  const { ask } = asks({});
  const made = planned([host(1, two), host(2, two)]);
  t.equal((await allReduce(ask, { untested: 'x' }, noPairs, running)).result.detail, 'x');
  const pair = { outcome: 'fail' } as PairResult;
  t.match((await allReduce(ask, made, [pair], running)).result, { outcome: 'untested', detail: /pairs/ });
  const limit = new AbortController();
  const late = allReduce(ask, made, noPairs, limit.signal);
  setImmediate(() => limit.abort());
  t.match((await late).result, { outcome: 'untested', detail: /time limit/ });
});
