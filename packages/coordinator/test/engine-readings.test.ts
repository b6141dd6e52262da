/** Versions and flags that no table describes: read on the nodes that would run them, before anything starts. */
import {
  ENGINE_READ_PROBE,
  type EngineReading,
  type EngineReadRequest,
} from '@dsr1/shared/facts/engine-probe';
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import type { CommandResult } from '@dsr1/shared/wire/messages';
import { test } from 'tap';
import { planWithReadings } from '../src/deployments/engine-readings.ts';
import type { NodeHub } from '../src/nodes/hub.ts';
import { plan } from '../src/plan/plan.ts';
import { h20Hosts, inputOf, nodeOf, sglangInstall } from './support/hosts.ts';

const IMAGE = `lmsysorg/sglang@sha256:${'a'.repeat(64)}`;
const newer = sglangInstall({ version: '0.6.1' });

/** Nodes that answer as they are told; who was asked what is kept. */
function fakeHub(answer: (nodeId: string, asked: number) => unknown) {
  const asked: { readonly nodeId: string; readonly request: EngineReadRequest }[] = [];
  const hub: Pick<NodeHub, 'send'> = {
    async send(nodeId, { action }): Promise<CommandResult> {
      if (action.kind !== 'probe' || action.probe !== ENGINE_READ_PROBE) throw new Error('another command');
      asked.push({ nodeId, request: action.arguments as EngineReadRequest });
      const probe = answer(nodeId, asked.length);
      const failure = probe === null ? { code: 'TIMEOUT', message: 'no answer', hint: null } : null;
      return { commandId: '', failure, prepared: null, probe };
    },
  };
  return { hub, asked };
}

const run = (spec: DeploymentSpec, hub: Pick<NodeHub, 'send'>, driverCuda = '13.0') => {
  const hosts = h20Hosts([newer]).map((host) => ({
    ...host,
    docker: '27.0',
    ...(host.gpus && { gpus: { ...host.gpus, cuda: driverCuda } }),
  }));
  const nodes = hosts.map((host) => nodeOf(host));
  return planWithReadings(inputOf(spec, nodes), plan, hub);
};
const known = (over: object = {}, because: string | null = null): EngineReading => ({
  state: 'known',
  install: { ...newer, flags: '--help,-h! --device --enable-metrics! --context-length', ...over },
  because,
});
const withArgs = (...args: string[]): DeploymentSpec => ({
  name: 'r1',
  engine: { kind: 'sglang', args },
  model: { path: '/models/r1' },
});
const inImage = (...args: string[]): DeploymentSpec => ({
  ...withArgs(...args),
  engine: { kind: 'sglang', image: IMAGE, args },
});

test('a version without a table: the head reads its flags, and a flag that it lacks is refused by name', async (t) => {
  const { hub, asked } = fakeHub(() => known());
  t.match(await run(withArgs('--enable-metrics', '--contxt-length', '8192'), hub), {
    feasible: false,
    rejections: [
      {
        category: 'bad-flag',
        because: 'SGLang 0.6.1 has no --contxt-length',
        fix: 'did you mean --context-length?',
      },
    ],
  });
  t.same(asked, [
    { nodeId: asked[0]?.nodeId, request: { engine: 'sglang', python: newer.python, image: null } },
  ]);
  t.match(await run(withArgs('--enable-metrics=1'), hub), { rejections: [{ because: /takes no value/ }] });
  const fine = await run(withArgs('--enable-metrics'), hub);
  t.match(fine, { feasible: true, plan: { ranks: [{ nodeId: asked[0]?.nodeId }, {}] } });
  t.notMatch(JSON.stringify(fine), /were not compared/);
  const before = asked.length;
  await run(withArgs(), hub);
  t.equal(asked.length, before, 'without flags there is nothing to read for');
  const read = await run(
    { ...withArgs('--context-length', '8192'), engine: { kind: 'vllm', args: ['--max-model-len', '1'] } },
    hub,
  );
  t.match(read, { rejections: [{}] }, 'an infeasible plan asks nobody');
  t.equal(asked.length, before);
});

test('what is still being read is waited for; what cannot be read is said, and does not refuse', async (t) => {
  const slow = fakeHub((_, asked) => (asked < 3 ? { state: 'reading', seconds: asked } : known()));
  t.match(await run(withArgs('--nope'), slow.hub), {
    rejections: [{ because: 'SGLang 0.6.1 has no --nope' }],
  });
  const slower = fakeHub(() => ({ state: 'reading', seconds: 7 }));
  t.match(await run(withArgs('--nope'), slower.hub), {
    feasible: false,
    rejections: [{ category: 'engine-reading', because: /reads the versions and flags/, fix: /7 s so far/ }],
  });
  const broken = fakeHub(() => known({ flags: undefined }, 'ImportError: libcuda.so.1'));
  t.match(await run(withArgs('--nope'), broken.hub), {
    feasible: true,
    plan: {
      warnings: [/were not compared/, /flags of the engine on .* are not known: ImportError: libcuda/],
    },
  });
  const silent = fakeHub(() => null);
  t.match(await run(withArgs('--nope'), silent.hub), {
    feasible: true,
    plan: { warnings: [/were not compared/, /not known: no answer/] },
  });
});

test('an image: read by every rank, checked like an environment, and all must agree', async (t) => {
  const same = fakeHub(() => known({ python: 'python3', version: '0.5.15' }));
  const old = await run(inImage('--device', 'cuda'), same.hub);
  t.match(old, {
    feasible: true,
    plan: {
      ranks: [
        { engineVersion: '0.5.15', processes: [{ argv: ['python3', '-m', 'sglang.launch_server'] }] },
        { engineVersion: '0.5.15' },
      ],
    },
  });
  t.same(
    same.asked.map(({ request }) => request),
    [
      { engine: 'sglang', python: 'python3', image: IMAGE },
      { engine: 'sglang', python: 'python3', image: IMAGE },
    ],
  );
  const { hub } = fakeHub(() => known({ python: 'python3' }));
  t.match(await run(inImage('--nope'), hub), { rejections: [{ because: 'SGLang 0.6.1 has no --nope' }] });
  t.match(await run(inImage(), hub), {
    feasible: true,
    plan: { ranks: [{ processes: [{ argv: ['sglang', 'serve'] }] }, {}] },
  });
  const differ = fakeHub((nodeId, asked) =>
    known({ nccl: asked === 1 ? '2.27.3' : '2.28.9', python: nodeId }),
  );
  t.match(await run(inImage(), differ.hub), {
    rejections: [{ category: 'version-mismatch', because: 'the nodes differ in nccl' }],
  });
  const absent = fakeHub((_, asked) =>
    asked === 1
      ? known({ python: 'python3' })
      : { state: 'unknown', because: 'image x is not on this node yet' },
  );
  t.match(await run(inImage(), absent.hub), {
    feasible: true,
    plan: { warnings: [/not known: image x is not on this node yet/] },
  });
  const newCuda = fakeHub(() => known({ cuda: '13.0' }));
  t.match(await run(inImage(), newCuda.hub, '12.2'), {
    rejections: [
      {},
      { category: 'driver-too-old', because: /built for CUDA 13\.0, the driver serves up to 12\.2/ },
      {},
    ],
  });
});
