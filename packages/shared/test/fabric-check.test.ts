import { test } from 'tap';
import { bestOf, compare, figuresOf } from '../src/fabric/check/baseline.ts';
import { cutsOf, oddOnes } from '../src/fabric/check/cut.ts';
import { checkEnds, verbsTools } from '../src/fabric/check/ends.ts';
import { judge } from '../src/fabric/check/judge.ts';
import { judgeNodes, type NodeState } from '../src/fabric/check/judge-nodes.ts';
import { judgePairs } from '../src/fabric/check/judge-pairs.ts';
import type { CheckEnd, PairResult } from '../src/fabric/check/model.ts';
import { checkLines } from '../src/fabric/check/render.ts';
import { pairRounds } from '../src/fabric/check/schedule.ts';
import type { FabricNode } from '../src/fabric/model.ts';
import { selectFabric } from '../src/fabric/select/select.ts';
import { drawFabric, type Paint } from '../src/fabric/show/draw.ts';
import { pictureOf } from '../src/fabric/show/picture.ts';
import { svgOf } from '../src/fabric/show/svg.ts';
import { blank, hca, netdev } from './helpers/fabric-nodes.ts';

const plain = (text: string): string => text;
const paint: Paint = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `gpu-${i + 1}`);

test('rounds: every pair once, no node twice in a round, N − 1 rounds for an even number', (t) => {
  for (const count of [0, 1, 2, 3, 4, 7, 8, 16, 33]) {
    const rounds = pairRounds(names(count));
    const pairs = rounds.flat().map((pair) => [...pair].sort().join());
    t.equal(new Set(pairs).size, (count * (count - 1)) / 2, `${count} nodes: all pairs`);
    t.equal(pairs.length, new Set(pairs).size, 'none twice');
    t.ok(rounds.every((round) => new Set(round.flat()).size === round.flat().length));
    if (count > 1) t.equal(rounds.length, count % 2 === 0 ? count - 1 : count);
  }
  t.end();
});

/** All pairs of `count` nodes; those that `bad` names fail. */
const matrix = (count: number, bad: (a: string, b: string) => boolean) =>
  pairRounds(names(count))
    .flat()
    .map(([a, b]) => ({ nodes: [a, b] as const, ok: !bad(a, b) && !bad(b, a) }));

test('culprits: the smallest thing that explains the matrix, and never a peer of it', (t) => {
  t.strictSame(cutsOf(matrix(4, () => false)), []);
  t.strictSame(cutsOf(matrix(4, (a) => a === 'gpu-3')), [{ kind: 'nodes', nodes: ['gpu-3'] }]);
  t.strictSame(cutsOf(matrix(2, () => true))[0]?.kind, 'pair');
  t.strictSame(cutsOf(matrix(4, () => true))[0]?.kind, 'all');
  const halves = cutsOf(matrix(4, (a, b) => Number(a.slice(-1)) <= 2 && Number(b.slice(-1)) > 2));
  t.strictSame(halves, [
    {
      kind: 'groups',
      groups: [
        ['gpu-1', 'gpu-2'],
        ['gpu-3', 'gpu-4'],
      ],
    },
  ]);
  const one = cutsOf(matrix(5, (a, b) => a === 'gpu-2' && b === 'gpu-4'));
  t.equal(one.length, 1);
  t.strictSame([...(one[0]?.kind === 'pair' ? one[0].nodes : [])].sort(), ['gpu-2', 'gpu-4']);
  t.end();
});

test('who differs is told by the majority, with a tie by the rest of the gang, else by nobody', (t) => {
  t.strictSame(
    oddOnes(
      new Map([
        ['a', 1],
        ['b', 2],
        ['c', 2],
      ]),
      [],
    ),
    { odd: ['a'], usual: 2 },
  );
  t.strictSame(
    oddOnes(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      [1, 1],
    ),
    { odd: ['b'], usual: 1 },
  );
  t.equal(
    oddOnes(
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      [],
    ),
    null,
  );
  t.equal(
    oddOnes(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
      [2],
    ),
    null,
  );
  t.end();
});

const result = (from: string, to: string, more: Partial<PairResult>): PairResult => ({
  from,
  to,
  rail: 0,
  test: 'tcp',
  tool: null,
  outcome: 'pass',
  detail: '',
  gigabitsPerSecond: null,
  microseconds: null,
  packets: null,
  reachedRails: [],
  ...more,
});

/** Results of all ordered pairs, made by `make`. */
const ordered = (count: number, make: (from: string, to: string) => PairResult[]): PairResult[] =>
  names(count).flatMap((from) => names(count).flatMap((to) => (from === to ? [] : make(from, to))));

test('crossed cables of one node on both rails are one finding, and its peers are not blamed', (t) => {
  const pairs = ordered(3, (from, to) =>
    [0, 1].flatMap((rail) => {
      const bad = from === 'gpu-3' || to === 'gpu-3';
      return [
        result(from, to, { rail, outcome: bad ? 'fail' : 'pass' }),
        ...(bad ? [result(from, to, { rail, test: 'link', outcome: 'fail', reachedRails: [1 - rail] })] : []),
        result(from, to, { rail, test: 'verbs', tool: 'ib_write_bw', outcome: bad ? 'fail' : 'pass' }),
      ];
    }),
  );
  const findings = judgePairs(pairs, []);
  t.equal(findings.length, 1);
  t.match(findings[0], { category: 'crossed-rails', culprit: { kind: 'cable', nodes: ['gpu-3'] } });
  t.match(findings[0]?.cause, /rail 0 and rail 1 are crossed at gpu-3/);
  t.end();
});

test('RDMA lost one way: the direction is told by what the ports counted, whoever dialled', (t) => {
  const lost = { sent: 9, received: 0 };
  const heard = { sent: 0, received: 0 };
  const pairs = [
    result('gpu-1', 'gpu-2', {}),
    result('gpu-2', 'gpu-1', {}),
    result('gpu-1', 'gpu-2', {
      test: 'verbs',
      tool: 'ib_write_bw',
      outcome: 'fail',
      packets: { from: lost, to: heard },
    }),
    result('gpu-2', 'gpu-1', {
      test: 'verbs',
      tool: 'ib_write_bw',
      outcome: 'fail',
      packets: { from: { sent: 9, received: 0 }, to: { sent: 9, received: 9 } },
    }),
  ];
  const [finding] = judgePairs(pairs, []);
  t.equal(finding?.category, 'rdma-blocked');
  t.match(finding?.cause, /gpu-1 > gpu-2/);
  t.end();
});

test('layers: no link, no route, some ports, full size', (t) => {
  const category = (more: readonly Partial<PairResult>[]): string | undefined =>
    judgePairs(
      more.map((one) => result('gpu-1', 'gpu-2', one)),
      [],
    )[0]?.category;
  t.equal(category([{ outcome: 'fail' }, { test: 'link', outcome: 'fail' }]), 'no-link');
  t.equal(category([{ outcome: 'fail' }, { test: 'link', reachedRails: [0] }]), 'firewall-or-route');
  t.equal(category([{ outcome: 'fail' }, {}]), 'firewall-or-route');
  const overTcp = [
    {},
    { test: 'verbs', outcome: 'fail' },
    { test: 'link', outcome: 'fail', reachedRails: [1] },
  ] as const;
  t.equal(
    judgePairs(
      overTcp.map((one) =>
        result('gpu-1', 'gpu-2', {
          ...one,
          reachedRails: [...('reachedRails' in one ? one.reachedRails : [])],
        }),
      ),
      [],
    )[0]?.category,
    'crossed-rails',
  );
  t.equal(category([{}, { test: 'mtu', outcome: 'fail' }]), 'mtu-mismatch');
  t.equal(category([{}, { test: 'verbs', outcome: 'fail' }]), 'rdma-blocked');
  t.equal(category([{}, { test: 'verbs', outcome: 'untested' }]), undefined);
  t.end();
});

/** Two rails beside a management NIC; `change` breaks something. */
function node(host: number, change: (node: FabricNode) => FabricNode = (same) => same): FabricNode {
  const rail = (index: number, address: string) =>
    hca(`mlx5_${index}`, {
      linkLayer: 'eth',
      rateGbps: 400,
      netdev: `xgbe${index}`,
      netdevUp: true,
      gids: [{ index: 3, gid: `::ffff:${address}`, version: 2, ipv4: address, netdev: `xgbe${index}` }],
    });
  return change({
    ...blank(`gpu-${host}`),
    netdevs: [
      netdev('xgbe0', [`10.0.0.${host}/24`]),
      netdev('xgbe1', [`10.1.0.${host}/24`]),
      netdev('xgbe2', [`10.1.1.${host}/24`]),
    ],
    hcas: [rail(1, `10.1.0.${host}`), rail(2, `10.1.1.${host}`)],
  });
}

const judged = (views: readonly FabricNode[], pairs: readonly PairResult[] = []) => {
  const policy = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
  const selection = selectFabric(views, policy);
  const ends = checkEnds(selection, views);
  return { ends, selection, findings: judge({ selection, views, ends, states: [], pairs, figures: [] }) };
};

const withPort = (own: FabricNode, device: string, change: object, more: object = {}): FabricNode => ({
  ...own,
  hcas: (own.hcas ?? []).map((one) =>
    one.device === device
      ? { ...one, ...more, ports: one.ports.map((port) => ({ ...port, ...change })) }
      : one,
  ),
});

test('a healthy gang has nothing to say, and its ends are those of the plan', (t) => {
  const { ends, findings } = judged([node(1), node(2)]);
  t.strictSame(findings, []);
  t.strictSame(
    ends
      .filter(({ node }) => node === 'gpu-2')
      .map(({ rail, device, address, gidIndex }) => [rail, device, address, gidIndex]),
    [
      [null, null, '10.0.0.2', null],
      [0, 'mlx5_1', '10.1.0.2', 3],
      [1, 'mlx5_2', '10.1.1.2', 3],
    ],
  );
  t.end();
});

test('a rail that is lost before any test: the port that is out is named with its reason', (t) => {
  const cases = [
    [{ state: 'down' }, {}, 'port-down'],
    [
      {},
      { uverbs: { path: '/dev/infiniband/uverbs2', openable: false, reason: 'ENOENT' } },
      'device-open-failed',
    ],
  ] as const;
  for (const [change, more, category] of cases) {
    const { findings } = judged([node(1), node(2, (own) => withPort(own, 'mlx5_2', change, more))]);
    t.equal(findings.length, 1, category);
    t.match(findings[0], {
      severity: 'error',
      category,
      culprit: { kind: 'port', nodes: ['gpu-2'], device: 'mlx5_2' },
    });
  }
  t.end();
});

test('an MTU or a GID row that differs is laid to the node that leaves the gang’s pattern', (t) => {
  const big = (own: FabricNode): FabricNode => ({
    ...own,
    netdevs: (own.netdevs ?? []).map((dev) => ({ ...dev, mtu: dev.name === 'xgbe2' ? 9000 : 1500 })),
  });
  const usual = (own: FabricNode): FabricNode => ({
    ...own,
    netdevs: (own.netdevs ?? []).map((dev) => ({ ...dev, mtu: 1500 })),
  });
  const mtu = judged([node(1, usual), node(2, big)]).findings;
  t.match(mtu[0], { severity: 'error', category: 'mtu-mismatch', culprit: { nodes: ['gpu-2'], rail: 1 } });
  const jumbo = (own: FabricNode): FabricNode => ({
    ...own,
    netdevs: (own.netdevs ?? []).map((dev) => ({ ...dev, mtu: dev.name === 'xgbe0' ? 9000 : 1500 })),
  });
  t.match(
    judged([node(1, usual), node(2, jumbo)]).findings,
    [{ severity: 'warning', category: 'mtu-mismatch', culprit: { rail: null } }],
    'TCP settles on a size',
  );
  const shifted = judged([
    node(1),
    node(2, (own) =>
      withPort(own, 'mlx5_2', {
        gids: [{ index: 5, gid: '::ffff:10.1.1.2', version: 2, ipv4: '10.1.1.2', netdev: 'xgbe2' }],
      }),
    ),
  ]).findings;
  t.match(shifted[0], {
    severity: 'warning',
    category: 'gid-shifted',
    culprit: { nodes: ['gpu-2'], device: 'mlx5_2' },
  });
  t.end();
});

const state = (own: Partial<NodeState> & Pick<NodeState, 'node'>): NodeState => ({
  problem: null,
  memlockBytes: null,
  shmBytes: null,
  needsMemlockBytes: null,
  needsShmBytes: null,
  versions: {},
  clockOffsetMs: 0,
  silentNameServers: [],
  lookups: [],
  ...own,
});

test('nodes: limits, clocks, names and versions', (t) => {
  const categories = (...states: NodeState[]) =>
    judgeNodes(states).map(({ category, culprit }) => [category, ...culprit.nodes]);
  const limits = { needsMemlockBytes: 2 ** 32, needsShmBytes: 2 ** 30 };
  t.strictSame(categories(state({ node: 'a', ...limits })), []);
  t.strictSame(categories(state({ node: 'a', ...limits, memlockBytes: 65_536, shmBytes: 2 ** 26 })), [
    ['memlock', 'a'],
    ['shm', 'a'],
  ]);
  t.strictSame(categories(state({ node: 'a' }), state({ node: 'b', clockOffsetMs: 5_000 })), [
    ['clock-skew', 'b'],
  ]);
  t.strictSame(categories(state({ node: 'a', lookups: [{ name: 'b', milliseconds: 8_000 }] })), [
    ['name-lookup-slow', 'a'],
  ]);
  const version = (node: string, nccl: string) => state({ node, versions: { NCCL: nccl } });
  t.strictSame(categories(version('a', '2.27'), version('b', '2.27'), version('c', '2.21')), [
    ['version-mismatch', 'c'],
  ]);
  t.strictSame(categories(state({ node: 'a', problem: { silent: true, text: 'no session' } })), [
    ['node-silent', 'a'],
  ]);
  t.end();
});

test('baselines: the best is kept, a slower pair is told, noise is not', (t) => {
  const at = (gigabits: number): PairResult[] => [
    result('a', 'b', { test: 'verbs', tool: 'ib_write_bw', gigabitsPerSecond: gigabits }),
  ];
  const first = compare(figuresOf(at(390), ['a', 'b']), []);
  t.equal(first[0]?.baseline, null);
  const kept = bestOf(first);
  const judgedAt = (gigabits: number) => {
    const figures = compare(figuresOf(at(gigabits), ['a', 'b']), kept);
    const { selection, ends } = judged([node(1), node(2)]);
    return judge({ selection, views: [], ends, states: [], pairs: [], figures }).map(
      ({ category }) => category,
    );
  };
  t.strictSame(judgedAt(380), []);
  t.strictSame(judgedAt(190), ['slower-than-before']);
  t.equal(bestOf(compare(figuresOf(at(190), ['a', 'b']), kept))[0]?.value, 390);
  t.end();
});

test('tools: perftest where both have it, else the ping-pong', (t) => {
  t.strictSame(
    verbsTools(['ib_write_bw', 'ib_send_lat', 'ibv_rc_pingpong'], ['ib_write_bw', 'ib_send_lat']),
    ['ib_write_bw', 'ib_send_lat'],
  );
  t.strictSame(verbsTools(['ib_write_bw', 'ibv_rc_pingpong'], ['ibv_rc_pingpong']), ['ibv_rc_pingpong']);
  t.strictSame(verbsTools([], ['ibv_rc_pingpong']), []);
  t.end();
});

test('pictures: every rail and device is drawn, what is out with its reason, and SVG is well-formed text', (t) => {
  const views = [node(1), node(2, (own) => withPort(own, 'mlx5_2', { state: 'down' }))];
  const picture = pictureOf(judged(views).selection, views);
  const drawn = drawFabric(picture, paint).join('\n');
  for (const word of ['rail 0', 'gpu-1', 'gpu-2', 'mlx5_1:1 active', 'GID 3', '400 Gb/s', 'xgbe1 10.1.0.2'])
    t.match(drawn, word);
  t.match(drawn, /gpu-2 mlx5_2:1: its port is down/);
  const svg = svgOf({ ...picture, remarks: ['a < b & "c"'] });
  t.match(svg, '&lt; b &amp; &quot;c&quot;');
  t.equal(svg.match(/<text/g)?.length, svg.match(/<\/text>/g)?.length);
  t.end();
});

test('a report in lines: each path once, then what is broken and the fix', (t) => {
  const pairs = [
    result('gpu-1', 'gpu-2', {}),
    result('gpu-1', 'gpu-2', { test: 'verbs', tool: 'ib_write_bw', outcome: 'fail' }),
  ];
  const { ends, findings } = judged([node(1), node(2)], pairs);
  const lines = checkLines(
    {
      id: 'x',
      state: 'done',
      message: '',
      deployment: null,
      nodes: ['gpu-1', 'gpu-2'],
      startedAt: '2026-01-01T00:00:00Z',
      transport: 'roce',
      ends: [...ends] as CheckEnd[],
      pairs,
      figures: [],
      findings,
    },
    paint,
  ).join('\n');
  t.match(lines, /gpu-1 +gpu-2 +rail 0 +ok +– +FAILS/);
  t.match(lines, /fix let UDP port 4791/);
  t.match(lines, /broken: gpu-1, gpu-2 over roce/);
  t.end();
});
