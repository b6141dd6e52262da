/** Real SGLang on one GPU of this machine, by a coordinator and an agent: phases, memory, an answer, and the GPU free again. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentDetail, EndpointAccess, NodeDetail } from '@dsr1/shared/http-api/resources';
import { test } from 'tap';
import { stringify } from 'yaml';
import { startCluster } from '../e2e/cluster.ts';
import { livingIn } from '../e2e/programs.ts';
import { streamChat } from '../lab/chat.ts';
import { gpuMissing } from '../lab/missing.ts';

const START_LIMIT_MS = 420_000;
/** Of 78 GiB: enough that its release cannot be mistaken. */
const STATIC_FRACTION = 0.3;

test('real SGLang on a GPU', { timeout: 900_000, skip: gpuMissing() ?? false }, async (t) => {
  const python = process.env.DSR1_GPU_PYTHON ?? '';
  const home = t.testdir();
  const model = join(home, 'tiny');
  execFileSync(python, [join(import.meta.dirname, '../lab/engines/tiny_model.py'), model]);
  const freeMiB = usedMiB();
  const { ctl, json } = await startCluster(t, home, [{ name: 'gpu-1', flags: [], tools: [] }]);
  const { facts } = await json<NodeDetail>('node', 'show', 'gpu-1');
  const gpus = facts?.gpus.detected ? facts.gpus.value.gpus : [];
  t.ok(gpus.length > 0, 'its GPUs are known');
  t.comment(gpus.map(({ name }) => name).join(', '));

  const spec = {
    name: 'tiny',
    engine: {
      kind: 'sglang',
      python,
      args: ['--mem-fraction-static', String(STATIC_FRACTION), ...extraArguments()],
    },
    model: { path: model, servedName: 'tiny' },
    nodes: { count: 1 },
    gpusPerNode: 1,
  };
  writeFileSync(join(home, 'tiny.yaml'), stringify(spec));
  for (const start of ['first', 'second']) {
    const startedMs = performance.now();
    const deployed = await ctl('deploy', join(home, 'tiny.yaml'), '--yes', '--detach');
    t.equal(deployed.code, 0, deployed.err);
    const detail = await served();
    t.equal(detail.state, 'serving', `${detail.message} ${detail.ranks[0]?.evidence.join('\n')}`);
    const held = usedMiB() - freeMiB;
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    t.comment(`${start} start: ${seconds} s, ${held} MiB, ${JSON.stringify(detail.ranks[0]?.phaseSeconds)}`);
    const { phaseSeconds = {} } = detail.ranks[0] ?? {};
    const reached = ['weights', 'graphs', 'listening', 'serving'] as const;
    t.ok(
      reached.every((phase) => phaseSeconds[phase] !== undefined),
      'every phase was read from its log',
    );
    t.ok(held > 1024, 'it holds memory of the GPU');
    const access = await json<EndpointAccess>('access', 'tiny', '--key');
    const reply = await streamChat(access, 'Say something.', 16);
    t.ok(reply.complete && reply.chunks > 1, reply.raw.slice(0, 300));
    t.equal((await streamChat({ ...access, apiKey: 'wrong' }, 'Say something.', 1)).status, 401);
    const stoppingMs = performance.now();
    t.match(await ctl('stop', 'tiny'), { code: 0 });
    t.match(await ctl('wait', 'tiny', '--for', 'stopped', '--timeout', '25'), { code: 0 });
    t.comment(`stopped in ${Math.round(performance.now() - stoppingMs)} ms`);
    t.ok(usedMiB() - freeMiB < 64, `the GPU is free again: ${usedMiB()} MiB, before ${freeMiB} MiB`);
    t.same(livingIn(home), [], 'no process of a rank is left');
    t.match(await ctl('rm', 'tiny'), { code: 0 });
  }

  /** The deployment once it serves or has failed, or as it is at the limit. */
  async function served(): Promise<DeploymentDetail> {
    const untilMs = performance.now() + START_LIMIT_MS;
    for (;;) {
      const detail = await json<DeploymentDetail>('status', 'tiny');
      if (['serving', 'failed'].includes(detail.state) || performance.now() > untilMs) return detail;
      await sleep(1_000);
    }
  }
});

/** Of all GPUs. */
function usedMiB(): number {
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
  const said = execFileSync('nvidia-smi', query, { encoding: 'utf8' });
  return said.split('\n').reduce((sum, line) => sum + Number(line), 0);
}

const extraArguments = (): readonly string[] =>
  (process.env.DSR1_GPU_ARGS ?? '').split(' ').filter((part) => part !== '');
