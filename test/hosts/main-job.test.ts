/**
 * The main job on two real systemd hosts: package, init, join by token file, deploy, reboot, adoption, restart. Only the
 * GPUs and HCAs are invented (test/lab/hardware.ts).
 */
import type {
  DeploymentDetail,
  EndpointAccess,
  NodeDetail,
  NodeSummary,
} from '@dsr1/shared/http-api/resources';
import type { LaunchPlan } from '@dsr1/shared/plan/model';
import { test } from 'tap';
import { streamChat } from '../lab/chat.ts';
import { buildPackage, installOn, must, startCluster } from '../lab/cluster.ts';
import { giveHardware } from '../lab/hardware.ts';
import { bootLab } from '../lab/lab.ts';

const FILE = 'name: gang\nengine: { kind: rehearsal }\nnodes: { count: 2 }\n';

test('two bare hosts become one endpoint and stay one', { timeout: 600_000 }, async (t) => {
  const tarball = buildPackage();
  const lab = bootLab(2, 2);
  t.teardown(() => lab.down());
  for (const host of [1, 2]) {
    giveHardware(lab, host);
    await installOn(lab, host, tarball);
  }
  const cluster = await startCluster(lab, 2);
  const status = (): Promise<DeploymentDetail> => cluster.ctlJson<DeploymentDetail>(['status', 'gang']);
  const rankPid = async (rank: number): Promise<number | null> => (await status()).ranks[rank]?.pid ?? null;
  const serving = async (epoch: number, seconds: number): Promise<DeploymentDetail> => {
    for (let tries = 0; tries < seconds * 2; tries++) {
      const now = await status();
      if (now.state === 'serving' && now.epoch >= epoch) return now;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`not serving in ${seconds} s: ${JSON.stringify(await status(), null, 1)}`);
  };
  const ask = async (): Promise<string> => {
    const reply = await streamChat(
      await cluster.ctlJson<EndpointAccess>(['access', 'gang', '--key']),
      'who is there?',
    );
    t.ok(reply.complete, 'the stream is complete');
    return reply.text;
  };

  await t.test('join left two nodes with facts', async (t) => {
    const nodes = await cluster.ctlJson<NodeSummary[]>(['node', 'list']);
    t.same(
      nodes.map(({ name, state, address }) => ({ name, state, address })),
      [
        { name: 'gpu-1', state: 'online', address: '10.77.0.1' },
        { name: 'gpu-2', state: 'online', address: '10.77.0.2' },
      ],
    );
    const { facts } = await cluster.ctlJson<NodeDetail>(['node', 'show', 'gpu-2']);
    t.equal(
      facts?.gpus.detected && facts.gpus.value.gpus.length,
      2,
      'two GPUs, as the captured nvidia-smi prints',
    );
    t.same(facts?.hcas.detected && facts.hcas.value.map(({ device }) => device), [
      'mlx5_0',
      'mlx5_1',
      'mlx5_2',
    ]);
    const again = await lab.exec(2, [
      'dsr1ctl',
      'join',
      '--token-file',
      '/root/token',
      '--server',
      '10.77.0.1',
    ]);
    t.equal(again.code, 0, 'joining again is harmless');
    const rank = must(await lab.exec(2, ['stat', '-c', '%a', '/var/lib/dsr1-agent']), 'stat');
    t.equal(rank.stdout.trim(), '700', 'the identity is private');
  });

  await t.test('plan: management port out, rails in, each node by its own address', async (t) => {
    const file = cluster.file('gang.yaml', FILE);
    const { plan } = await cluster.ctlJson<{ plan: LaunchPlan }>(['plan', file]);
    t.same(
      plan.ranks.map(({ nodeName, controlInterface, address, hcas }) => ({
        nodeName,
        controlInterface,
        address,
        hcas,
      })),
      [
        {
          nodeName: 'gpu-1',
          controlInterface: 'host0',
          address: '10.77.0.1',
          hcas: ['mlx5_1', 'mlx5_2'],
        },
        {
          nodeName: 'gpu-2',
          controlInterface: 'host0',
          address: '10.77.0.2',
          hcas: ['mlx5_1', 'mlx5_2'],
        },
      ],
    );
    t.equal(plan.rails.length, 2, 'two rails across the gang');
  });

  await t.test('a rail that carries nothing ends a launch by name, before anything is started', async (t) => {
    const hole = ['ip', 'route', 'add', 'blackhole', '10.78.1.1/32'];
    must(await lab.exec(2, hole), 'blackhole');
    const file = cluster.file('broken.yaml', FILE.replace('gang', 'broken'));
    const refused = await cluster.ctl(['deploy', file, '--yes'], 90_000);
    t.match(refused.stderr, /rail 1 of gpu-1 and gpu-2 carries no TCP.*REHEARSAL_FAILED/);
    t.match(
      refused.stdout,
      /gpu-1 > gpu-2 on rail 1, tcp: 10\.78\.1\.1 to 10\.78\.1\.2/,
      'the evidence is told',
    );
    const units = await lab.exec(2, ['systemctl', 'list-units', '--all', '--no-legend', 'dsr1-run-*']);
    t.equal(units.stdout.trim(), '', 'no rank was started');
    must(await lab.exec(2, ['ip', 'route', 'del', ...hole.slice(3)]), 'heal');
    must(await cluster.ctl(['start', 'broken']), 'start');
    must(await cluster.ctl(['wait', 'broken', '--timeout', '30s']), 'it serves once the rail is back');
    const story = must(await cluster.ctl(['events', '--deployment', 'broken', '--json']), 'events').stdout;
    const at = (kind: string): number => {
      const line = story.split('\n').findLast((each) => each.includes(`"deployment.${kind}"`));
      return Date.parse((JSON.parse(line ?? '{}') as { at: string }).at);
    };
    const seconds = (at('rehearsed') - at('prepared')) / 1000;
    t.comment(`a rehearsal of two hosts with two rails took ${seconds} s`);
    t.ok(seconds < 5, `it takes seconds, not ${seconds}`);
    must(await cluster.ctl(['stop', 'broken']), 'stop');
    must(await cluster.ctl(['wait', 'broken', '--for', 'stopped', '--timeout', '30s']), 'wait');
    must(await cluster.ctl(['rm', 'broken']), 'rm');
  });

  await t.test('deploy, and the gang answers', async (t) => {
    // What an operator may have given to systemd for every unit of this host.
    const conf = '/etc/systemd/system.conf.d/site.conf';
    const site = `mkdir -p ${conf.replace(/\/[^/]*$/, '')} && printf '[Manager]\\nDefaultEnvironment=NCCL_ALGO=Tree\\n' >${conf} && systemctl daemon-reload`;
    must(await lab.exec(2, ['sh', '-c', site]), 'DefaultEnvironment');
    const own = ['LD_PRELOAD=/none/hook.so', 'NODE_RANK=7', 'NCCL_PROTO=LL'];
    must(await lab.exec(2, ['systemctl', 'set-environment', ...own]), 'set-environment');
    const deployed = await cluster.ctl(['deploy', '/root/gang.yaml', '--yes'], 90_000);
    t.equal(deployed.code, 0, deployed.stdout + deployed.stderr);
    const reply = await ask();
    t.match(reply, /rank 0 \(gpu-1\) and rank 1 \(gpu-2\) answered/);
    const log = must(await cluster.ctl(['logs', 'gang', '--rank', '0']), 'logs').stdout;
    for (const path of [
      'control (10.77.0.1 -> 10.77.0.2)',
      'rail 0 (10.78.0.1 -> 10.78.0.2)',
      'rail 1 (10.78.1.1 -> 10.78.1.2)',
    ])
      t.ok(log.includes(`over ${path} ok`), `data went over ${path}`);
    const rank = await rankPid(1);
    const environ = must(await lab.exec(2, ['cat', `/proc/${rank}/environ`]), 'environ').stdout.split('\0');
    t.ok(
      environ.some((entry) => entry.startsWith('DSR1_RUN_ID=gang-1-r1')),
      'its own variables',
    );
    t.same(
      environ.filter((entry) => /^(?:LD_PRELOAD|NODE_RANK|NCCL_ALGO|NCCL_PROTO)=/.test(entry)),
      [],
      "nothing of systemd's own environment reaches a rank",
    );
    must(await lab.exec(2, ['sh', '-c', `rm ${conf} && systemctl daemon-reload`]), 'undo');
    const names = own.map((entry) => entry.replace(/=.*/, ''));
    must(await lab.exec(2, ['systemctl', 'unset-environment', ...names]), 'unset-environment');
    const unit = must(await lab.exec(2, ['systemctl', 'show', 'dsr1-run-gang-1-r1-*']), 'show').stdout;
    for (const property of [
      'Slice=dsr1.slice',
      'KillMode=mixed',
      'LimitMEMLOCK=infinity',
      'LimitNOFILE=1048576',
      'OOMScoreAdjust=0',
      'OOMPolicy=kill',
      'TasksMax=infinity',
    ])
      t.ok(unit.split('\n').includes(property), property);
    t.match(must(await lab.exec(2, ['cat', `/proc/${rank}/cgroup`]), 'cgroup').stdout, /dsr1\.slice/);
    const { apiKey } = await cluster.ctlJson<EndpointAccess>(['access', 'gang', '--key']);
    const seen = must(
      await lab.exec(1, [
        'sh',
        '-c',
        'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr "\\0" "\\n"; journalctl --no-pager; systemctl show "dsr1-run-*"',
      ]),
      'look',
    );
    t.notOk(seen.stdout.includes(String(apiKey)), 'the API key is in no argv, environment, journal or unit');
  });

  await t.test('kill -9 of an agent leaves its rank untouched, and the new agent adopts it', async (t) => {
    const pid = await rankPid(1);
    const before = must(
      await lab.exec(2, ['systemctl', 'show', '-p', 'MainPID', '--value', 'dsr1-agent']),
      'pid',
    ).stdout.trim();
    must(await lab.exec(2, ['kill', '-9', before]), 'kill');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    const now = await serving(1, 20);
    t.equal(now.epoch, 1, 'no relaunch');
    t.equal(now.ranks[1]?.pid, pid, 'the same process');
    t.equal((await cluster.ctlJson<NodeSummary[]>(['node', 'list']))[1]?.state, 'online');
    await ask();
  });

  await t.test('a coordinator restart relaunches nothing', async (t) => {
    const pids = [await rankPid(0), await rankPid(1)];
    must(await lab.exec(1, ['systemctl', 'restart', 'dsr1-coordinator']), 'restart');
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const now = await serving(1, 30);
    t.equal(now.epoch, 1, 'the same attempt');
    t.same(
      now.ranks.map(({ pid }) => pid),
      pids,
      'the same processes',
    );
    await ask();
  });

  await t.test('a rank that is killed is told by its signal, and its gang comes back', async (t) => {
    const before = await status();
    const [head, follower] = before.ranks.map(({ pid }) => String(pid));
    // The head must not end first, and of itself, because its peer is gone.
    must(await lab.exec(1, ['kill', '-STOP', head ?? '']), 'hold the head');
    must(await lab.exec(2, ['kill', '-9', follower ?? '']), 'kill');
    let killed = before;
    for (let tries = 0; tries < 20 && killed.ranks[1]?.state !== 'exited'; tries++) killed = await status();
    must(await lab.exec(1, ['kill', '-CONT', head ?? '']), 'let the head go');
    t.match(
      killed.ranks[1],
      { exitCode: null, exitSignal: 'SIGKILL' },
      'what the unit says of an adopted rank',
    );
    await serving(before.epoch + 1, 60);
    const units = await lab.exec(2, [
      'systemctl',
      'list-units',
      '--all',
      '--plain',
      '--no-legend',
      'dsr1-run-*',
    ]);
    t.match(
      units.stdout,
      /^dsr1-run-gang-2-r1-\S+ +loaded active running[^\n]*\n?$/,
      'the new unit alone is left',
    );
  });

  await t.test('a reboot brings the same node back with the same rank, without a hand', async (t) => {
    const before = await status();
    await lab.reboot(2);
    const after = await serving(before.epoch + 1, 60);
    t.same(
      after.ranks.map(({ rank, node }) => ({ rank, node })),
      before.ranks.map(({ rank, node }) => ({ rank, node })),
    );
    t.equal(after.endpoint, before.endpoint, 'clients keep their URL');
    t.match(await ask(), /rank 0 \(gpu-1\) and rank 1 \(gpu-2\) answered/);
  });

  await t.test('an upgrade restarts the agent and leaves the rank', async (t) => {
    const pid = await rankPid(1);
    await installOn(lab, 2, tarball);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    t.equal((await serving(1, 20)).ranks[1]?.pid, pid, 'the rank is the same process');
  });

  await t.test('stop leaves nothing behind', async (t) => {
    must(await cluster.ctl(['stop', 'gang']), 'stop');
    must(await cluster.ctl(['wait', 'gang', '--for', 'stopped', '--timeout', '30']), 'wait');
    for (const host of [1, 2]) {
      const left = must(
        await lab.exec(host, [
          'sh',
          '-c',
          'systemctl list-units --all --plain --no-legend "dsr1-run-*"; pgrep -fa [r]ehearse-rank || true; ls -A /run/dsr1/runs',
        ]),
        'look',
      );
      t.equal(left.stdout, '', `gpu-${host} is clean`);
    }
  });

  await t.test('remove cuts a node off at once, leave forgets it', async (t) => {
    must(await cluster.ctl(['rm', 'gang']), 'rm');
    must(await cluster.ctl(['node', 'remove', 'gpu-2', '--yes']), 'remove');
    const nodes = await cluster.ctlJson<NodeSummary[]>(['node', 'list']);
    t.same(
      nodes.map(({ name }) => name),
      ['gpu-1'],
    );
    must(await lab.exec(1, ['dsr1ctl', 'leave', '--yes']), 'leave');
    const left = await lab.exec(1, [
      'sh',
      '-c',
      'systemctl is-active dsr1-agent; ls /var/lib/dsr1-agent/identity 2>/dev/null',
    ]);
    t.match(left.stdout, /^inactive\s*$/, 'no service and no identity');
  });
});
