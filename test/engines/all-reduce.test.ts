/**
 * The all-reduce of `dsr1ctl fabric check` with vLLM's own torch on two real systemd hosts: right when all is well, and
 * naming what is broken when a firewall lets the pairs' tests through and Gloo not.
 */
import type { CheckReport } from '@dsr1/shared/fabric/check/model';
import { test } from 'tap';
import { buildPackage, type Cluster, installOn, must, startCluster } from '../lab/cluster.ts';
import { labEngine } from '../lab/engines.ts';
import { bootLab, type Lab } from '../lab/lab.ts';

const NODES = ['gpu-1', 'gpu-2'];
/** On the head's way back: connections of Gloo, which take ephemeral ports; not those of the store, or of the agent. */
const RULE = ['to', '10.77.0.1', 'ipproto', '6', 'dport', '32768-60999', 'unreachable'];

test('an all-reduce over two hosts', { timeout: 600_000 }, async (t) => {
  const lab = bootLab(2, 0, labEngine('vllm').binds);
  t.teardown(() => lab.down());
  const tarball = buildPackage();
  for (const host of [1, 2]) await installOn(lab, host, tarball);
  const cluster = await startCluster(lab, 2);

  await t.test('the gang sums', async (t) => {
    const printed = must(await cluster.ctl(['fabric', 'check', ...NODES], 180_000), 'fabric check').stdout;
    const figures =
      /all-reduce {2}2 ranks \(gloo\): 8 MiB at ([\d.]+) GB\/s \(busbw\), 8 B in ([\d.]+) us/.exec(printed);
    t.ok(Number(figures?.[1]) > 0.01 && Number(figures?.[2]) > 1, printed);
    t.match(printed, /all is well/);
    t.strictSame(await leftOn(lab), [], 'nothing is left');
    t.comment(printed);
  });

  await t.test('Gloo’s ports are closed one way', async (t) => {
    const closing = lab.exec(2, ['sh', '-c', `${UNTIL_IT_RUNS}; ip rule add ${RULE.join(' ')}`]);
    const report = await check(cluster);
    must(await closing, 'ip rule');
    must(await lab.exec(2, ['ip', 'rule', 'del', ...RULE]), 'ip rule del');
    const errors = report.findings.filter(({ severity }) => severity === 'error');
    t.match(report.allReduce, { outcome: 'fail' });
    t.match(errors, [{ category: 'firewall-or-route', culprit: { kind: 'path', nodes: NODES } }]);
    t.comment(JSON.stringify(errors, null, 1));
    t.strictSame(await leftOn(lab), [], 'nothing is left');
  });

  await t.test('a rank is killed', async (t) => {
    const killing = lab.exec(2, ['sh', '-c', `${UNTIL_IT_RUNS}; pkill -KILL -f "[a]ll-reduce.py"`]);
    const report = await check(cluster);
    must(await killing, 'pkill');
    t.match(report.findings, [{ category: 'all-reduce-failed', cause: /gpu-2 rank 1 was ended by SIGKILL/ }]);
  });

  await t.test('an agent that dies takes its ranks with it', async (t) => {
    const dying = lab.exec(2, [
      'sh',
      '-c',
      `${UNTIL_IT_RUNS}; systemctl kill --kill-whom=main -s KILL dsr1-agent`,
    ]);
    const report = await check(cluster);
    must(await dying, 'kill');
    t.match(report.allReduce, { outcome: 'untested', detail: /^gpu-2: / });
    t.strictSame(await leftOn(lab), [], 'nothing is left');
  });
});

/** The brackets keep the shell that asks from finding itself. */
const UNTIL_IT_RUNS = 'until pgrep -f "[a]ll-reduce.py" >/dev/null; do sleep 0.05; done';

async function check(cluster: Cluster): Promise<CheckReport> {
  const { stdout, stderr } = await cluster.ctl(['fabric', 'check', ...NODES, '--json'], 180_000);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as CheckReport;
}

async function leftOn(lab: Lab): Promise<string[]> {
  const look =
    'pgrep -fa "[a]ll-reduce.py"; find /tmp /dev/shm -mindepth 1 -not -path "*systemd-private*" -not -name ".*-unix"';
  const outputs = await Promise.all([1, 2].map((host) => lab.exec(host, ['sh', '-c', look])));
  return outputs.flatMap(({ stdout }) => stdout.split('\n').filter((line) => line !== ''));
}
