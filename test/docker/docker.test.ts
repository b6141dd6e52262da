/** The Docker runtime on real Docker engines: start, phases, adoption, stop, failures, and what `docker inspect` shows. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RankPlan } from '@dsr1/shared/plan/model';
import { type Test, test } from 'tap';
import { dockerRuntime } from '../../packages/agent/src/workload/runtimes/docker.ts';
import { liveStat } from '../../packages/agent/src/workload/runtimes/proc.ts';
import { aPlan, DEADLINES } from '../../packages/agent/test/helpers/a-plan.ts';
import { aWorkload, prepare, stop } from '../../packages/agent/test/helpers/a-workload.ts';
import { waitFor } from '../../packages/agent/test/helpers/wait-for.ts';
import { dockerMissing } from '../lab/missing.ts';
import { api, type Daemon, importImage, startDaemon } from './daemons.ts';
import { startRegistry } from './registry.ts';

const program = join(import.meta.dirname, '../../packages/agent/test/helpers/stand-in-rank.mjs');
const commit = { kind: 'commit', specHash: 'spec', deadlines: DEADLINES } as const;
const ENV = { GREETING: 'hello', CACHE: '{cacheDir}/made' };
const skip = dockerMissing() ?? false;

interface Inspected {
  readonly Config: { readonly Env: string[]; readonly Labels: Record<string, string>; readonly User: string };
  readonly HostConfig: Record<string, unknown>;
}

test('ranks in containers', { timeout: 300_000, skip }, async (t) => {
  const daemon = await startDaemon();
  t.teardown(() => daemon.stop());
  const image = await importImage(daemon, program);
  const plan = (orders: readonly string[], change: Partial<RankPlan> = {}): RankPlan =>
    aPlan({
      runtime: 'docker',
      image,
      processes: [{ id: 'main', argv: ['node', '/rank.mjs', ...orders], env: ENV, reasons: {} }],
      files: [{ name: 'engine.yaml', content: 'api-key: "{apiKey}"\n' }],
      ...change,
    });
  const workloadOn = async (t: Test, { socketPath }: Daemon, tag: string, stateDir = aFolder(t)) => {
    const workload = await aWorkload(stateDir, {
      runtimes: { docker: dockerRuntime(socketPath) },
      nodeTag: tag,
    });
    return {
      workload,
      stateDir,
      log: () => readFileSync(join(stateDir, 'logs/dep/1/rank-0-main.log'), 'utf8'),
    };
  };
  const containers = async (tag: string): Promise<readonly { readonly Id: string }[]> =>
    JSON.parse(
      await api(
        daemon.socketPath,
        'GET',
        `/containers/json?all=1&filters=${encodeURIComponent(`{"name":["-${tag}-"]}`)}`,
      ),
    );
  const inspect = async (id = ''): Promise<Inspected> =>
    JSON.parse(await api(daemon.socketPath, 'GET', `/containers/${id}/json`));

  await t.test('start, phases, nothing secret in inspect, stop', async (t) => {
    const { workload, stateDir, log } = await workloadOn(t, daemon, 'one');
    t.teardown(() => workload.close());
    const orders = [
      'env:GREETING',
      'env:PATH',
      'make:CACHE',
      'say:weights 50%',
      'child',
      'orphan',
      'say:listening',
      'stay',
    ];
    t.equal(await workload.command(1, prepare(plan(orders))), null);
    const startedMs = performance.now();
    t.equal(await workload.command(1, commit), null);
    t.comment(`commit to a started container: ${Math.round(performance.now() - startedMs)} ms`);
    await waitFor('its phases', () => workload.latest()?.phase === 'listening');
    t.match(
      log(),
      /^GREETING=hello\nPATH=\/usr\/bin\nweights 50%\norphan/,
      'its output, and its environment',
    );
    const [container] = await containers('one');
    const { Config, HostConfig } = await inspect(container?.Id);
    t.match(Config.Labels, {
      'dsr1.deployment': 'dep',
      'dsr1.epoch': '1',
      'dsr1.rank': '0',
      'dsr1.run': /^dep-1-r0-one$/,
    });
    t.match(HostConfig, {
      NetworkMode: 'host',
      Privileged: false,
      RestartPolicy: { Name: 'no' },
      CapAdd: [],
      Devices: [],
    });
    t.notMatch(JSON.stringify([Config, HostConfig]), /attempt-key/, 'the key is in the run folder alone');
    const pid = workload.latest()?.pid ?? 0;
    t.ok(liveStat(pid), 'the pid is that of the host');
    const stoppingMs = performance.now();
    t.equal(await workload.command(1, stop(3000)), null);
    t.comment(`stop to nothing left: ${Math.round(performance.now() - stoppingMs)} ms`);
    t.ok(performance.now() - stoppingMs < 2500, 'SIGTERM reached it: nothing waited for the grace to end');
    t.equal(liveStat(pid), null);
    t.same(await containers('one'), [], 'the container is gone');
    const cached = join(stateDir, 'cache', `image-${image.slice(-64, -48)}`, 'made');
    t.equal(readFileSync(cached, 'utf8'), 'made', 'what it compiled stays for the next one');
    t.match(workload.latest(), { state: 'stopped', failure: null });
  });

  await t.test(
    'a new agent adopts the container, its whole log and its end; a restart of Docker ends nothing',
    async (t) => {
      const first = await workloadOn(t, daemon, 'two');
      const orders = [
        'say:rendezvous',
        'wait:6000',
        'say:listening',
        'wait:6000',
        'say:last words',
        'exit:7',
      ];
      await first.workload.command(1, prepare(plan(orders)));
      await first.workload.command(1, commit);
      await waitFor('its first line', () => first.log().includes('rendezvous'));
      const { pid } = first.workload.latest() ?? {};
      await first.workload.close();
      await daemon.restart();
      const { workload, log } = await workloadOn(t, daemon, 'two', first.stateDir);
      t.teardown(() => workload.close());
      t.match(workload.reports()[0], { state: 'running', adopted: true, pid });
      await daemon.restart();
      await waitFor('its end', () => workload.latest()?.state === 'exited', 30_000);
      t.match(workload.latest(), { exitCode: 7, phase: 'listening', evidence: [/./, /./, /last words/] });
      t.equal(log(), 'rendezvous\nlistening\nlast words\n', 'each line once');
      await workload.command(1, stop());
      t.same(await containers('two'), []);
    },
  );

  await t.test('a program that ignores SIGTERM is killed with everything that it started', async (t) => {
    const { workload } = await workloadOn(t, daemon, 'three');
    t.teardown(() => workload.close());
    await workload.command(1, prepare(plan(['ignore-term', 'child', 'orphan', 'say:listening', 'stay'])));
    await workload.command(1, commit);
    await waitFor('it', () => workload.latest()?.phase === 'listening');
    t.equal(await workload.command(1, stop(1000)), null);
    t.same(await containers('three'), []);
  });

  await t.test('what cannot run is a named error before or at the start', async (t) => {
    const { workload } = await workloadOn(t, daemon, 'four');
    t.teardown(() => workload.close());
    const absent = `sha256:${'0'.repeat(64)}`;
    t.equal(await workload.command(1, prepare(plan(['stay'], { image: absent }))), 'IMAGE_MISSING');
    const none = { id: 'main', argv: ['/no/such/program'], env: {}, reasons: {} };
    t.equal(await workload.command(2, prepare(plan([], { processes: [none] }))), null);
    t.equal(await workload.command(2, commit), null, 'the container starts, and its init finds no program');
    await waitFor('its end', () => workload.latest()?.state === 'exited');
    t.match(workload.latest(), { exitCode: 127, evidence: [/\/no\/such\/program.*No such file/] });
    await workload.command(2, stop());
    t.same(await containers('four'), [], 'no container is left of it');
    const gone = await workloadOn(t, { ...daemon, socketPath: '/none/docker.sock' }, 'five');
    t.teardown(() => gone.workload.close());
    t.equal(await gone.workload.command(1, prepare(plan(['stay']))), 'RUNTIME_MISSING');
  });

  await t.test('an image is pulled by digest between two prepares', async (t) => {
    const registry = await startRegistry();
    t.teardown(registry.close);
    const { workload } = await workloadOn(t, daemon, 'six');
    t.teardown(() => workload.close());
    const pulled = plan(['stay'], { image: registry.image });
    t.equal(await workload.command(1, prepare(pulled)), 'IMAGE_PULLING');
    let code: string | null = 'IMAGE_PULLING';
    for (let epoch = 2; code === 'IMAGE_PULLING' && epoch < 60; epoch += 1) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      code = await workload.command(epoch, prepare(pulled));
    }
    t.equal(code, null, 'there');
    const absent = plan(['stay'], { image: registry.image.replace(/.{4}$/, '0000') });
    t.equal(await workload.command(100, prepare(absent)), 'IMAGE_PULLING');
    for (
      code = 'IMAGE_PULLING';
      code === 'IMAGE_PULLING';
      code = await workload.command(101, prepare(absent))
    )
      await new Promise((resolve) => setTimeout(resolve, 200));
    t.equal(code, 'IMAGE_MISSING', 'the registry does not have it');
  });
});

function aFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'dsr1-docker-test-'));
  t.teardown(() => existsSync(folder) && rmSync(folder, { recursive: true }));
  return folder;
}
