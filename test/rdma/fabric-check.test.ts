/**
 * `dsr1ctl fabric check` between virtual machines whose RDMA devices are the kernel's own: right when all is well, and
 * naming the broken thing when something is. One boot for all; the faults that do not hide each other share a check.
 */
import type { CheckReport } from '@dsr1/shared/fabric/check/model';
import { checkLines } from '@dsr1/shared/fabric/check/render';
import type { NodeDetail } from '@dsr1/shared/http-api/resources';
import { type Test, test } from 'tap';
import { bootVms, type VmLab } from '../lab/vms.ts';

const READY_MS = 240_000;
/** RoCE's packets that come in on the second rail are lost. */
const DROP = [
  'nft add table inet lab',
  'nft add chain inet lab in { type filter hook input priority 0 ; }',
  'nft add rule inet lab in iifname xgbe2 udp dport 4791 drop',
];
const plain = (text: string): string => text;
const plainPaint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

test('fabric check on kernel RDMA', async (t) => {
  const lab = await bootVms(3, 2);
  t.teardown(lab.down);
  await allReady(t, lab);

  await t.test('discovery reads the kernel’s own GID tables', async (t) => {
    for (const i of [1, 2, 3]) {
      const { facts } = JSON.parse(
        (await lab.ctl(['node', 'show', `rdma-${i}`, '--json'])).stdout,
      ) as NodeDetail;
      const hcas = facts?.hcas.detected ? facts.hcas.value : [];
      t.strictSame(
        hcas.map(({ device, uverbs, ports }) => [
          device,
          uverbs?.openable,
          ports[0]?.netdev,
          ports[0]?.gids?.[1]?.ipv4,
        ]),
        [
          ['mlx5_0', true, 'xgbe0', `10.87.0.${i}`],
          ['mlx5_1', true, 'xgbe1', `10.88.0.${i}`],
          ['mlx5_2', true, 'xgbe2', `10.88.1.${i}`],
        ],
      );
    }
  });

  await t.test('all is well: both rails, both ways, with figures', async (t) => {
    const report = await check(t, lab, ['rdma-1', 'rdma-2'], []);
    t.equal(report.transport, 'roce');
    const verbs = report.pairs.filter(({ test, outcome }) => test === 'verbs' && outcome === 'pass');
    for (const [from, to] of [
      ['rdma-1', 'rdma-2'],
      ['rdma-2', 'rdma-1'],
    ] as const)
      for (const rail of [0, 1])
        t.ok(
          verbs.some((one) => one.from === from && one.to === to && one.rail === rail),
          `${from} > ${to} rail ${rail}`,
        );
    t.ok(report.figures.some(({ value }) => value > 0));
    const picture = (await lab.ctl(['fabric', 'show', 'rdma-1', 'rdma-2'])).stdout;
    for (const word of ['rail 1', 'mlx5_2:1 active', 'xgbe2 10.88.1.2', 'GID 1']) t.match(picture, word);
  });

  const rail1 = { node: 2, netdev: 'xgbe2', address: '10.88.1.2/24' };
  // The limit of the running agent, as if its unit had set it: a restart takes an emulated processor most of a minute.
  const agentPid = (await lab.exec(2, ['systemctl', 'show', '-P', 'MainPID', 'dsr1-agent'])).stdout.trim();
  const scenarios: readonly Scenario[] = [
    {
      name: 'rail link down',
      breaks: [[2, 'ip link set xgbe2 down']],
      heals: [
        [2, 'ip link set xgbe2 up'],
        [2, `ip addr replace ${rail1.address} dev xgbe2`],
      ],
      expects: [['port-down', 'rdma-2', 'mlx5_2']],
    },
    {
      name: 'address removed',
      breaks: [[2, `ip addr del ${rail1.address} dev xgbe2`]],
      heals: [[2, `ip addr add ${rail1.address} dev xgbe2`]],
      expects: [['no-address', 'rdma-2', 'mlx5_2']],
    },
    {
      name: 'other subnet',
      breaks: [
        [2, `ip addr del ${rail1.address} dev xgbe2`],
        [2, 'ip addr add 10.99.1.2/24 dev xgbe2'],
      ],
      heals: [
        [2, 'ip addr del 10.99.1.2/24 dev xgbe2'],
        [2, `ip addr add ${rail1.address} dev xgbe2`],
      ],
      expects: [['other-subnet', 'rdma-2', 'mlx5_2']],
    },
    {
      name: 'UDP 4791 dropped one way on one rail, and a device node missing on the other',
      breaks: [[1, 'rm /dev/infiniband/uverbs1'], ...DROP.map((rule) => [2, rule] as const)],
      heals: [
        [1, 'mknod /dev/infiniband/uverbs1 c 231 193'],
        [2, 'nft delete table inet lab'],
      ],
      expects: [
        ['device-open-failed', 'rdma-1', 'mlx5_1'],
        ['rdma-blocked', 'rdma-1,rdma-2', null],
      ],
      says: /rdma-1 > rdma-2/,
    },
    {
      name: 'MTU mismatch on one rail, a GID table shifted by a VLAN on the other, and memlock too small',
      breaks: [
        [2, 'ip link set xgbe1 mtu 1280'],
        [1, 'ip addr del 10.88.1.1/24 dev xgbe2'],
        [1, 'ip link add link xgbe2 name xgbe2.7 type vlan id 7'],
        [1, 'ip link set xgbe2.7 up'],
        [1, 'ip addr add 10.89.7.1/24 dev xgbe2.7'],
        [1, 'ip addr add 10.88.1.1/24 dev xgbe2'],
        [2, `prlimit --pid ${agentPid} --memlock=65536:65536`],
      ],
      heals: [],
      expects: [
        ['memlock', 'rdma-2', null],
        ['mtu-mismatch', 'rdma-2', 'mlx5_1'],
        ['gid-shifted', 'rdma-1', 'mlx5_2'],
      ],
    },
  ];

  await t.test('a third machine with its rails crossed', async (t) => {
    lab.cross(3);
    await check(t, lab, ['rdma-1', 'rdma-2', 'rdma-3'], [['crossed-rails', 'rdma-3', null]]);
    lab.straight(3);
  });

  await t.test(
    'a launch over RDMA is refused while a rail is blocked, and serves when it is not',
    async (t) => {
      const yaml = 'name: gang\nengine: { kind: rehearsal }\nnetwork: { transport: rdma }\n';
      const file = lab.file('gang.yaml', `${yaml}nodes: { names: [rdma-1, rdma-2] }\n`);
      for (const rule of DROP) await sh(t, lab, 2, rule);
      const refused = await lab.ctl(['deploy', file, '--yes'], 300_000);
      t.match(refused.stderr, /rail 1\b.*REHEARSAL_FAILED/, refused.stderr);
      const units = ['systemctl', 'list-units', '--all', '--no-legend', 'dsr1-run-*'];
      t.equal((await lab.exec(2, units)).stdout.trim(), '', 'no rank was started');
      await sh(t, lab, 2, 'nft delete table inet lab');
      t.equal(await servedWithin(t, lab, 'gang', 3), true, 'it serves');
      await lab.ctl(['stop', 'gang']);
      t.equal((await lab.ctl(['wait', 'gang', '--for', 'stopped', '--timeout', '60s'])).code, 0, 'it stops');
      t.equal((await lab.ctl(['rm', 'gang'])).code, 0);
    },
  );

  for (const { name, breaks, heals, expects, says } of scenarios) {
    await t.test(name, async (t) => {
      for (const [i, line] of breaks) await sh(t, lab, i, line);
      await allReady(t, lab);
      const report = await check(t, lab, ['rdma-1', 'rdma-2'], expects);
      if (says)
        t.ok(
          report.findings.some(({ cause }) => says.test(cause)),
          `${says}`,
        );
      for (const [i, line] of heals) await sh(t, lab, i, line);
    });
  }
});

interface Scenario {
  readonly name: string;
  /** VM and command line. */
  readonly breaks: readonly (readonly [number, string])[];
  readonly heals: readonly (readonly [number, string])[];
  /** Category, nodes and device of every finding, in any order. */
  readonly expects: readonly (readonly [string, string, string | null])[];
  readonly says?: RegExp;
}

/** Runs a check; its findings must be exactly these. */
async function check(
  t: Test,
  lab: VmLab,
  nodes: readonly string[],
  expects: Scenario['expects'],
): Promise<CheckReport> {
  const { output, report } = await patientCheck(t, lab, nodes, 2);
  // How fast an emulated processor and its clock go at the moment says nothing about cables.
  const found = (report.findings ?? []).filter(
    ({ category }) => !['slower-than-before', 'clock-skew'].includes(category),
  );
  const summary = found.map(({ category, culprit }) => [
    category,
    [...culprit.nodes].sort().join(),
    culprit.device,
  ]);
  const ok = t.strictSame(summary.sort(), [...expects].map((one) => [...one]).sort());
  if (!ok) t.comment(checkLines(report, plainPaint).join('\n'), output.stderr);
  const broken = found.some(({ severity }) => severity === 'error');
  t.equal(output.code === 0, !broken, `exit code ${output.code}`);
  return report;
}

/** On a crowded machine an emulated node may stand still for longer than its session lives: then again. */
async function patientCheck(t: Test, lab: VmLab, nodes: readonly string[], retries: number) {
  const output = await lab.ctl(['fabric', 'check', ...nodes, '--json'], 300_000);
  const report = JSON.parse(output.stdout || '{}') as CheckReport;
  const stood = report.findings?.some(({ category }) => ['node-silent', 'untested'].includes(category));
  if (!stood || retries === 0) return { output, report };
  t.comment(`again: ${report.findings.map(({ cause }) => cause).join('; ')}`);
  await allReady(t, lab);
  return patientCheck(t, lab, nodes, retries - 1);
}

/** Starts a deployment; when verbs tests of processors that have no time come to no end, again. */
async function servedWithin(t: Test, lab: VmLab, name: string, tries: number): Promise<boolean> {
  if (tries === 0) return false;
  await lab.ctl(['start', name]);
  const waited = await lab.ctl(['wait', name, '--timeout', '240s'], 300_000);
  if (waited.code === 0) return true;
  t.comment(`again: ${waited.stderr}`);
  return servedWithin(t, lab, name, tries - 1);
}

async function sh(t: Test, lab: VmLab, i: number, line: string): Promise<void> {
  const { code, stderr } = await lab.exec(i, line.split(' '));
  t.equal(code, 0, `rdma-${i}: ${line} ${stderr}`);
}

async function allReady(t: Test, lab: VmLab): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const { stdout } = await lab.ctl(['node', 'list', '--json']);
    const nodes = JSON.parse(stdout || '[]') as NodeDetail[];
    if (nodes.length === 3 && nodes.every(({ state, hcaCount }) => state === 'online' && hcaCount !== null))
      return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  t.fail(`the nodes are not ready after ${READY_MS} ms`);
}
