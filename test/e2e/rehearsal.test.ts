/** A network that does not carry a gang ends its launch by the name of the culprit, before any rank is started. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_TABLE } from '@dsr1/shared/error-table';
import type { ClusterEvent, DeploymentDetail } from '@dsr1/shared/http-api/resources';
import { test } from 'tap';
import { startCluster } from './cluster.ts';
import { eventually, livingIn } from './programs.ts';

test('a launch is rehearsed, and refused by the name of the node whose packets get lost', async (t) => {
  t.setTimeout(120_000);
  const home = t.testdir();
  loses(home, null);
  const { ctl, json } = await startCluster(
    t,
    home,
    ['gpu-1', 'gpu-2', 'gpu-3'].map((name) => ({ name, flags: [], tools: [join(home, 'tools')] })),
  );
  const events = async (kind: string): Promise<ClusterEvent[]> =>
    (await ctl('events', '--json')).out
      .split('\n')
      .flatMap((line): ClusterEvent[] => (line === '' ? [] : [JSON.parse(line)]))
      .filter((event) => event.kind === kind);

  loses(home, 2);
  const wishes = ['--name', 'gang', '--engine', 'command', '--gpus-per-node', '0', '--nodes', '3'];
  const refused = await ctl('deploy', ...wishes, '--yes', '--', '/bin/sleep', '60');
  const cause = /the control path of gpu-2 does not carry packets of the interfaces' full size/;
  t.match(refused, { code: ERROR_TABLE.REHEARSAL_FAILED.exit, err: cause });
  t.match(refused.err, /REHEARSAL_FAILED[\s\S]*next: .*one MTU/);
  t.match(refused.out, /packets of 65536 bytes, 127\.0\.0\.4[13] to 127\.0\.0\.42: 100% packet loss/);
  t.match(await json<DeploymentDetail>('status', 'gang'), { state: 'failed', message: cause });
  t.match(await events('deployment.ended'), [
    { node: 'gpu-2', data: { cause: 'rehearsal-failed', rank: 1 } },
  ]);
  t.same(await events('deployment.started'), []);
  t.same(livingIn(home), [], 'nothing was started');

  loses(home, null);
  t.match(await ctl('start', 'gang'), { code: 0 });
  t.match(await ctl('wait', 'gang', '--timeout', '30s'), { code: 0 });
  const [rehearsed] = await events('deployment.rehearsed');
  t.match(rehearsed, { level: 'info', message: /rehearsed: 18 tests of pairs passed/ });
  t.match(await ctl('rm', '--force', 'gang'), { code: 0 });
  await eventually(() => livingIn(home).length === 0, 'the end of all ranks');
});

/** From now on full-size packets from and to this node get lost: a `ping` that says so. */
function loses(home: string, node: number | null): void {
  const lost = node === null ? 'no address' : `127.0.0.${40 + node}`;
  const script = `#!/bin/sh
case "$*" in
  *"${lost}"*) echo '2 packets transmitted, 0 received, 100% packet loss'; exit 1 ;;
  *) echo '2 packets transmitted, 2 received, 0% packet loss' ;;
esac
`;
  mkdirSync(join(home, 'tools'), { recursive: true });
  writeFileSync(join(home, 'tools', 'ping'), script, { mode: 0o755 });
}
