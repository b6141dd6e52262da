/** Gangs of real engines on lab hosts, in rounds: deployed, asked, stopped, and nothing of them left. */
import type { DeploymentDetail, EndpointAccess } from '@dsr1/shared/http-api/resources';
import type { Test } from 'tap';
import { streamChat } from '../lab/chat.ts';
import { buildPackage, type Cluster, installOn, must, startCluster } from '../lab/cluster.ts';
import type { LabEngine } from '../lab/engines.ts';
import { bootLab, type Lab } from '../lab/lab.ts';

export interface Gang {
  readonly name: string;
  /** Text of its deployment file. */
  readonly file: string;
  /** Looked at while it serves. */
  readonly whileServing?: (
    t: Test,
    lab: Lab,
    deployment: DeploymentDetail,
    cluster: Cluster,
  ) => Promise<void>;
}

const ROUNDS = Number(process.env.DSR1_ENGINE_ROUNDS ?? 1);
const GANGS = new RegExp(process.env.DSR1_ENGINE_GANGS ?? '');

/**
 * Boots two hosts that see the engines, and takes every gang through its rounds there. DSR1_ENGINE_ROUNDS: how many
 * (1); DSR1_ENGINE_GANGS: only those whose name matches.
 */
export async function serveOnTwoHosts(
  t: Test,
  engines: readonly LabEngine[],
  gangs: readonly Gang[],
): Promise<void> {
  const lab = bootLab(2, 1, [...new Set(engines.flatMap(({ binds }) => binds))]);
  t.teardown(() => lab.down());
  const tarball = buildPackage();
  for (const host of [1, 2]) await installOn(lab, host, tarball);
  const cluster = await startCluster(lab, 2);
  for (const gang of gangs.filter(({ name }) => GANGS.test(name))) {
    const { name, file } = gang;
    await t.test(name, async (t) => {
      const path = cluster.file(`${name}.yaml`, file);
      const look = (detail: DeploymentDetail) => gang.whileServing?.(t, lab, detail, cluster);
      for (let round = 1; round <= ROUNDS; round++) {
        const before = await traces(lab);
        await serveOnce(t, cluster, name, path, look);
        t.same(
          await traces(lab),
          before,
          `round ${round}: no process, port, file in /tmp or /dev/shm is left`,
        );
      }
    });
  }
}

/** Deploys (or starts again), asks once, stops. */
async function serveOnce(
  t: Test,
  cluster: Cluster,
  name: string,
  file: string,
  look: (detail: DeploymentDetail) => Promise<void> | undefined,
): Promise<void> {
  const startedMs = performance.now();
  const deployed = await cluster.ctl(['deploy', file, '--yes'], 400_000);
  t.equal(
    deployed.code,
    0,
    `deployed\n${deployed.stdout.split('\n').slice(-40).join('\n')}${deployed.stderr}`,
  );
  const readySeconds = (performance.now() - startedMs) / 1000;
  const detail = await cluster.ctlJson<DeploymentDetail>(['status', name]);
  const access = await cluster.ctlJson<EndpointAccess>(['access', name, '--key']);
  const reply = await streamChat(access, 'Say something.', 16, 120_000);
  t.ok(
    reply.complete && reply.chunks > 1,
    `${reply.chunks} chunks streamed through the head: ${reply.raw.slice(0, 300)}`,
  );
  const stranger = await streamChat({ ...access, apiKey: 'wrong' }, 'Say something.', 1);
  t.equal(stranger.status, 401, 'a client without the generated key is refused');
  await look(detail);
  must(await cluster.ctl(['stop', name]), 'stop');
  must(await cluster.ctl(['wait', name, '--for', 'stopped', '--timeout', '60']), 'wait');
  const phases = detail.ranks
    .map(({ rank, phaseSeconds }) => `rank ${rank} ${JSON.stringify(phaseSeconds)}`)
    .join('; ');
  t.comment(`${name}: serving ${readySeconds.toFixed(1)} s after deploy; ${phases}`);
  must(await cluster.ctl(['rm', name]), 'rm');
}

/** What a stopped gang must not leave on any host. */
async function traces(lab: Lab): Promise<readonly string[]> {
  const look = [
    'pgrep -fa "[v]llm|[V]LLM::|[s]glang|[r]ay::|[r]aylet|[g]cs_server" || true',
    "ss -Hltn | awk '{print $4}' | sort",
    'find /tmp /dev/shm /run/dsr1/runs -mindepth 1 -maxdepth 1 -not -name "systemd-private-*" 2>/dev/null | sort',
    'systemctl list-units --all --plain --no-legend "dsr1-run-*"',
  ];
  return Promise.all(
    [1, 2].map(async (host) => must(await lab.exec(host, ['sh', '-c', look.join('\n')]), 'look').stdout),
  );
}
