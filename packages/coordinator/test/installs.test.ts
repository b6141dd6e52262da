/** What the nodes of a gang have installed: usable, the same everywhere, without a known defect. */
import type { DeploymentSpec } from '@dsr1/shared/spec/deployment';
import { test } from 'tap';
import { plan } from '../src/plan/plan.ts';
import { type Host, h20Hosts, inputOf, nodeOf } from './support/hosts.ts';

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
