/** What the nodes of a gang have installed: usable, the same everywhere, without a known defect. */
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { plan } from '../src/plan/plan.ts';
import { type Host, h20Hosts, inputOf, nodeOf, sglangInstall } from './support/hosts.ts';

const spec: DeploymentSpec = { name: 'r1', engine: { kind: 'sglang' }, model: { path: '/models/r1' } };
const run = (change: Partial<DeploymentSpec>, hosts: readonly Host[]) =>
  plan(
    inputOf(
      { ...spec, ...change },
      hosts.map((host) => nodeOf(host)),
    ),
  );

test('a node without a usable Docker is refused with what its agent met', async (t) => {
  const image = `lmsysorg/sglang@sha256:${'a'.repeat(64)}`;
  const because = 'the Docker engine cannot be reached at /run/docker.sock: this user may not use it';
  const hosts = h20Hosts([]).map((host, i) => (i === 0 ? { ...host, dockerProblem: because } : host));
  t.match(run({ engine: { kind: 'sglang', image } }, hosts), {
    feasible: false,
    rejections: [
      {},
      {
        node: 'node01',
        category: 'runtime-missing',
        because: `it has no usable docker: ${because}`,
        fix: /in the group docker, name another one with dockerSocket/,
      },
      { node: 'node02', because: 'it has no usable docker' },
    ],
  });
});

test('builds for different CUDA are different, also where nothing else is known of them', async (t) => {
  const gang = (...cuda: readonly (string | null)[]) =>
    run(
      {},
      h20Hosts([]).map((host, i) => ({
        ...host,
        engines: [
          sglangInstall({ version: '0.5.17', torch: `2.11.0+cu${i}`, nccl: null, cuda: cuda[i] ?? null }),
        ],
      })),
    );
  t.match(gang('12.6', '13.0'), {
    feasible: false,
    rejections: [
      {
        category: 'version-mismatch',
        because: 'the nodes differ in CUDA of the build',
        table: [
          ['node', 'engine', 'torch', 'nccl', 'cuda', 'python'],
          ['node01', 'sglang 0.5.17', '2.11.0+cu0', '-', '12.6', '/opt/engines/sglang/bin/python'],
          ['node02', 'sglang 0.5.17', '2.11.0+cu1', '-', '13.0', '/opt/engines/sglang/bin/python'],
        ],
      },
    ],
  });
  t.match(gang('13.0', null), { feasible: true }, 'what is not known says nothing');
  t.match(gang('13.0', '13.0'), { feasible: true });
});

test('a known defect of the version refuses the plan, or is one of its warnings', async (t) => {
  const pipeline = { engine: { kind: 'vllm' as const }, parallelism: { pipeline: 2 } };
  const version = (found: string) =>
    run(pipeline, h20Hosts([sglangInstall({ engine: 'vllm', version: found, torch: '2.11.0' })]));
  t.match(version('0.11.2'), {
    feasible: false,
    rejections: [{ category: 'engine-version', because: /cannot span nodes/, fix: /0\.12\.0/ }],
  });
  const warned = version('0.20.2');
  t.ok(warned.feasible && warned.plan.warnings.some((text) => /^vLLM 0\.20\.2 can mix tokens/.test(text)));
  const fixed = version('0.32.0');
  t.notOk(fixed.feasible && fixed.plan.warnings.some((text) => text.includes('can mix tokens')));
  t.ok(fixed.feasible);
});
