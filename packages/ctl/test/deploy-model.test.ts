import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeSummary } from '@dsr1/shared/http-api/resources';
import { type Test, test } from 'tap';
import { simFacts } from '../../../test/sim/sim-facts.ts';
import { fakeCoordinator } from './helpers/fake-coordinator.ts';
import { runCtl } from './helpers/fake-io.ts';
import { aDeployment, aNode, aPlan } from './helpers/values.ts';

interface Host extends Partial<NodeSummary> {
  readonly name: string;
  readonly gpus8?: readonly [kind: string, mebibytes: number];
  readonly engines?: readonly string[];
}

const H20 = ['NVIDIA H20', 97_871] as const;
const L4 = ['NVIDIA L4', 23_034] as const;

function facts({ name, gpus8 = H20, engines = ['sglang'] }: Host) {
  const [kind, mebibytes] = gpus8;
  const gpus = Array.from({ length: 8 }, (_, index) => ({
    index,
    uuid: null,
    name: kind,
    pci: null,
    numaNode: null,
    memoryBytes: mebibytes * 2 ** 20,
    computeCapability: kind === 'NVIDIA L4' ? '8.9' : '9.0',
    mig: null,
    processes: [],
  }));
  const installs = engines.map((engine) => ({
    engine,
    version: engine === 'sglang' ? '0.5.4' : '0.11.0',
    python: `/opt/${engine}/bin/python`,
    pythonVersion: null,
    torch: null,
    nccl: null,
    cuda: null,
    ray: null,
  }));
  const seen = (value: unknown) => ({ detected: true, source: 'test', value });
  return {
    ...simFacts(name, `boot-${name}`),
    gpus: seen({ driverVersion: null, cudaVersion: null, gpus }),
    engines: seen(installs),
  };
}

const remembered = (node: string, path: string, repo: string | null) => ({
  node,
  failure: null,
  status: {
    path,
    source: repo === null ? null : { hub: 'hf', repo, revision: '' },
    files: 163,
    bytes: 1,
    fingerprint: null,
    problems: [],
    verifiedAtMs: null,
    job: null,
  },
});

const R1 = remembered('a', '/models/r1', 'deepseek-ai/DeepSeek-R1');

async function cluster(t: Test, hosts: readonly Host[], models: readonly unknown[] = [R1]) {
  const home = t.testdir();
  const summaries = hosts.map(({ gpus8, engines, ...values }) => aNode(values));
  const details = hosts.map((host, index): [string, unknown] => [
    `GET /nodes/${host.name}`,
    { ...summaries[index], factsAt: null, facts: facts(host) },
  ]);
  const { received } = await fakeCoordinator(t, home, {
    ...Object.fromEntries(details),
    'GET /nodes': summaries,
    'GET /models': models,
    'POST /plans': { feasible: true, plan: aPlan(), leftOut: [] },
    'POST /deployments': aDeployment(),
  });
  const posted = () => received.filter(({ method }) => method === 'POST');
  return { home, posted, ctl: (...argv: string[]) => runCtl(argv, { home }) };
}

test('a model by name: the smallest set that fits, with its alternatives and the reason', async (t) => {
  const { home, posted, ctl } = await cluster(t, [
    { name: 'busy', deployments: ['other'] },
    { name: 'away', state: 'lost' },
    { name: 'kept', cordoned: true },
    { name: 'a', engines: ['vllm', 'sglang'] },
    { name: 'b' },
    { name: 'small', gpus8: L4 },
  ]);
  const ran = await ctl('deploy', 'deepseek-r1', '--yes', '--detach');
  t.equal(ran.code, 0, ran.err);
  t.match(
    ran.out,
    /^deepseek-r1: sglang serves \/models\/r1 on a, b\nfewest GPUs that hold it: 16 on 2 nodes, as 2 stages of 8.*\n16 GPUs +2 nodes +TP 8 +PP 2 .*\n16 GPUs +2 nodes +TP 16 +PP 1 /,
  );
  const spec = {
    name: 'deepseek-r1',
    engine: { kind: 'sglang', args: [] },
    model: { path: '/models/r1' },
    nodes: { names: ['a', 'b'] },
    gpusPerNode: 8,
    parallelism: { tensor: 8, pipeline: 2 },
  };
  t.strictSame(
    posted().map(({ path, body }) => [path, body]),
    [
      ['/api/v1/plans', spec],
      ['/api/v1/deployments', spec],
    ],
  );
  const planned = await ctl('plan', 'deepseek-ai/DeepSeek-R1', '--json');
  t.match(JSON.parse(planned.out), { feasible: true });
  t.match(planned.err, /fewest GPUs that hold it/);
  t.strictSame(posted()[2]?.body, spec);
  writeFileSync(join(home, 'deepseek-r1'), 'name: mine\nengine: {kind: rehearsal}\n');
  t.equal((await ctl('plan', 'deepseek-r1')).code, 0);
  t.strictSame(posted()[3]?.body, { name: 'mine', engine: { kind: 'rehearsal' } }, 'a file comes first');
});

test('fewer GPUs than a node has, and what flags say wins', async (t) => {
  const { posted, ctl } = await cluster(t, [{ name: 'a' }, { name: 'b' }, { name: 'c', engines: ['vllm'] }]);
  const body = async (...argv: string[]) => {
    const ran = await ctl('plan', ...argv);
    t.equal(ran.code, 0, ran.err);
    return { ...(posted().at(-1)?.body as object), said: ran.out };
  };
  t.match(await body('qwen3-8b', '--model', '/m/q', '--name', 'q'), {
    name: 'q',
    model: { path: '/m/q' },
    nodes: { names: ['a'] },
    gpusPerNode: 1,
    parallelism: { tensor: 1, pipeline: 1 },
  });
  t.match(await body('qwen3-8b', '--model', '/m/q', '--engine', 'vllm'), {
    engine: { kind: 'vllm' },
    nodes: { names: ['c'] },
  });
  t.match(await body('qwen3-8b', '--model', '/m/q', '--gpus-per-node', '4', '--exclude', 'a'), {
    nodes: { names: ['b'], exclude: ['a'] },
    gpusPerNode: 4,
    parallelism: { tensor: 4 },
  });
  t.match(await body('deepseek-r1', '--tp', '16', '--head', 'b', '--arg=--fast'), {
    engine: { args: ['--fast'] },
    nodes: { names: ['b', 'a'], head: 'b' },
    parallelism: { tensor: 16, pipeline: 1 },
    said: /first of those that fit and are as the flags say\n16 GPUs/,
  });
  t.match(await body('deepseek-r1', '--nodes', 'b,a'), { nodes: { names: ['b', 'a'] } });
  const before = posted().length;
  t.match(await ctl('plan', 'deepseek-r1', '--tp', '3'), {
    code: 7,
    err: /no set of GPUs that deepseek-r1 fits on is as the flags say \[PLAN_INFEASIBLE\]\nnext: +without them: --tp 8 --pp 2 --nodes a,b/,
  });
  t.equal(posted().length, before);
});

test('a context shorter than the model allows is told to the engine', async (t) => {
  const { posted, ctl } = await cluster(t, [{ name: 'a', gpus8: L4, engines: ['vllm'] }]);
  const ran = await ctl('plan', 'deepseek-v2-lite', '--model', '/m/v2', '--gpus-per-node', '2');
  t.match(ran.out, /for 32768 of the model's 163840 tokens/, ran.err);
  t.match(posted()[0]?.body, { engine: { kind: 'vllm', args: ['--max-model-len', '32768'] } });
});

test('no set fits: refused with the nearest change, and nothing is posted', async (t) => {
  const one = await cluster(t, [{ name: 'a' }]);
  t.match(await one.ctl('deploy', 'deepseek-r1', '--yes'), {
    code: 7,
    err: /deepseek-r1 fits nowhere here: no division of .* over 8 GPUs on 1 nodes.*\nnext: +nearest that fits: tensor parallel 4, pipeline parallel 3 on 12 GPUs/,
  });
  t.strictSame(one.posted(), []);
  const none = await cluster(t, [{ name: 'a', engines: [] }]);
  t.match(await none.ctl('deploy', 'deepseek-r1', '--yes'), { code: 5, err: /expected sglang or vllm/ });
  t.strictSame(none.posted(), []);
});

test('a model that no node has, or two folders have, is asked for', async (t) => {
  const hosts = [{ name: 'a' }, { name: 'b' }];
  const none = await cluster(t, hosts, [remembered('a', '/models/DeepSeek-V3', null)]);
  t.match(await none.ctl('plan', 'deepseek-r1'), {
    code: 5,
    err: /expected the folder of deepseek-r1 on the nodes, found none[\s\S]*dsr1ctl model pull .*--model PATH/,
  });
  const two = await cluster(t, hosts, [R1, remembered('b', '/nfs/DeepSeek-R1', null)]);
  t.match(await two.ctl('plan', 'deepseek-r1'), {
    code: 2,
    err: /found \/models\/r1, \/nfs\/DeepSeek-R1[\s\S]*--model PATH/,
  });
  t.match(await two.ctl('plan', 'deepsek-r1'), {
    code: 2,
    err: /cannot be read \(ENOENT\)[\s\S]*did you mean the model deepseek-r1\?/,
  });
  t.strictSame([...none.posted(), ...two.posted()], []);
});
