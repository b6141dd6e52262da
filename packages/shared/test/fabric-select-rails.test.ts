/** Which HCA of one node belongs with which of the others, and what is said where they do not fit. */
import { test } from 'tap';
import type { FabricNode, FabricPolicy } from '../src/fabric/model.ts';
import { selectFabric } from '../src/fabric/select/select.ts';
import { blank, hca, near, range, roce } from './helpers/fabric-nodes.ts';

const policy: FabricPolicy = { transport: 'auto', ncclVersion: '2.27.5', gpuRanks: true, overrides: {} };

test('rails are paired by subnet even where names and order differ', (t) => {
  const a = roce('a', [
    ['mlx5_0', '10.1.0.1/24'],
    ['mlx5_1', '10.1.1.1/24'],
  ]);
  const b = roce('b', [
    ['roceo1', '10.1.1.2/24'],
    ['roceo2', '10.1.0.2/24'],
  ]);
  const answer = selectFabric([a, b], policy);
  t.strictSame(
    answer.rails.map((rail) => rail.members),
    [
      { a: 'mlx5_0:1', b: 'roceo2:1' },
      { a: 'mlx5_1:1', b: 'roceo1:1' },
    ],
  );
  t.match(answer.rails[0]?.because, /10\.1\.0\.0\/24/);
  t.equal(answer.verdict, 'warn');
  t.match(answer.warnings.join(), /HCA names differ per node/);
  t.end();
});

test('rails in one subnet are paired by the GPUs they serve', (t) => {
  const node = (name: string, order: readonly (readonly ['PIX' | 'SYS', 'PIX' | 'SYS'])[]): FabricNode => ({
    ...blank(name),
    gpuCount: 2,
    hcas: range(0, 2).map((i) => hca(`mlx5_${i}`, { linkLayer: 'ib', smLid: 1 })),
    gpuTopology: near(order),
  });
  const answer = selectFabric(
    [
      node('a', [
        ['PIX', 'SYS'],
        ['SYS', 'PIX'],
      ]),
      node('b', [
        ['SYS', 'PIX'],
        ['PIX', 'SYS'],
      ]),
    ],
    policy,
  );
  t.strictSame(
    answer.rails.map((rail) => rail.members),
    [
      { a: 'mlx5_0:1', b: 'mlx5_1:1' },
      { a: 'mlx5_1:1', b: 'mlx5_0:1' },
    ],
  );
  t.match(answer.rails[0]?.because, /GPU 0/);
  t.end();
});

test('a rail that one node lacks is named and left out on the others', (t) => {
  const a = roce('a', [
    ['mlx5_0', '10.1.0.1/24'],
    ['mlx5_1', '10.1.1.1/24'],
  ]);
  const b = roce('b', [['mlx5_0', '10.1.0.2/24']]);
  const answer = selectFabric([a, b], policy);
  t.strictSame(
    answer.nodes.map((node) => node.hcas.map((item) => item.device)),
    [['mlx5_0'], ['mlx5_0']],
  );
  t.match(answer.warnings, [/left out.*a mlx5_1 \(n1\) 10\.1\.1\.1\/24; give b a port/]);
  t.match(
    answer.nodes[0]?.reasons.find((reason) => reason.subject === 'mlx5_1:1'),
    { decision: 'out', because: /no port on another node/ },
  );
  t.end();
});

test('rails without a route between them stay apart; with one they need not', (t) => {
  const node = (name: string, last: number, gateway: boolean): FabricNode => ({
    ...roce(name, [
      ['mlx5_0', `10.1.0.${last}/24`],
      ['mlx5_1', `10.1.1.${last}/24`],
    ]),
    routes: range(0, 2).flatMap((i) => [
      {
        family: 4 as const,
        destination: `10.1.${i}.0/24`,
        gateway: null,
        device: `n${i}`,
        source: null,
        metric: null,
      },
      ...(gateway
        ? [
            {
              family: 4 as const,
              destination: '10.1.0.0/16',
              gateway: `10.1.${i}.254`,
              device: `n${i}`,
              source: null,
              metric: null,
            },
          ]
        : []),
    ]),
  });
  t.equal(selectFabric([node('a', 1, false), node('b', 2, false)], policy).nodes[0]?.env.NCCL_CROSS_NIC, '0');
  t.equal(
    selectFabric([node('a', 1, true), node('b', 2, true)], policy).nodes[0]?.env.NCCL_CROSS_NIC,
    undefined,
  );
  t.end();
});

test('crossed rails: ports at one place of two nodes in different subnets', (t) => {
  const straight = [
    ['mlx5_0', '10.1.0.1/24'],
    ['mlx5_1', '10.1.1.1/24'],
  ] as const;
  const turned = [
    ['mlx5_0', '10.1.1.9/24'],
    ['mlx5_1', '10.1.0.9/24'],
  ] as const;
  const gang = [
    roce('a', straight),
    roce(
      'b',
      straight.map(([device, cidr]) => [device, cidr.replace('.1/', '.2/')]),
    ),
    roce('c', turned),
  ];
  const { verdict, warnings } = selectFabric(gang, policy);
  t.equal(verdict, 'warn');
  t.equal(warnings.length, 1, 'every host has the same names, so nothing else is told');
  t.match(warnings[0], /crossed \(told by names only/);
  t.match(
    warnings[0],
    /a mlx5_0 \(n0\) 10\.1\.0\.1\/24 beside b mlx5_0 \(n0\) 10\.1\.0\.2\/24 beside c mlx5_0 \(n0\) 10\.1\.1\.9\/24/,
  );
  t.match(warnings[0], /on c so that/, 'the one that leaves the pattern of the others');

  const placed = (node: FabricNode, levels: Parameters<typeof near>[0]): FabricNode => ({
    ...node,
    gpuCount: 2,
    gpuTopology: near(levels),
  });
  const own = placed(roce('a', straight), [
    ['PIX', 'SYS'],
    ['SYS', 'PIX'],
  ]);
  const same = placed(roce('c', turned), [
    ['PIX', 'SYS'],
    ['SYS', 'PIX'],
  ]);
  const named = placed(roce('c', turned), [
    ['SYS', 'PIX'],
    ['PIX', 'SYS'],
  ]);
  t.match(selectFabric([own, same], policy).warnings, [/crossed: a mlx5_0/], 'GPUs tell it for certain');
  t.strictSame(
    selectFabric([own, named], policy).warnings,
    [],
    'names that are turned with the GPUs are right',
  );
  const pci = (node: FabricNode, slots: readonly string[]): FabricNode => ({
    ...node,
    hcas: (node.hcas ?? []).map((item, i) => ({ ...item, pci: slots[i] ?? null })),
  });
  const byBus = [
    pci(roce('a', straight), ['0000:1a:00.0', '0000:3c:00.0']),
    pci(roce('c', turned), ['0000:3c:00.0', '0000:1a:00.0']),
  ];
  t.strictSame(selectFabric(byBus, policy).warnings, [], 'nor names that are turned with the PCI bus');
  t.end();
});

test('a rail whose ports are in different subnets is told with addresses and what to do', (t) => {
  const a = roce('a', [
    ['mlx5_0', '10.1.0.1/24'],
    ['mlx5_1', '10.1.1.1/24'],
  ]);
  const b = roce('b', [
    ['mlx5_0', '10.1.0.2/24'],
    ['mlx5_1', '10.1.7.2/24'],
  ]);
  t.match(selectFabric([a, b], policy).warnings, [
    /a mlx5_1 \(n1\) 10\.1\.1\.1\/24; b mlx5_1 \(n1\) 10\.1\.7\.2\/24; .*n1 of b one in 10\.1\.1\.0\/24/,
  ]);

  const single = (name: string, address: string, routed: boolean): FabricNode => ({
    ...roce(name, [['mlx5_0', address]]),
    routes: routed
      ? [
          {
            family: 4,
            destination: '10.1.0.0/16',
            gateway: '10.1.0.254',
            device: 'n0',
            source: null,
            metric: null,
          },
        ]
      : [],
  });
  const apart = (routed: boolean) => [single('a', '10.1.0.1/24', routed), single('b', '10.1.7.2/24', routed)];
  t.match(selectFabric(apart(false), policy).warnings, [
    /a mlx5_0 \(n0\) 10\.1\.0\.1\/24 beside b mlx5_0 \(n0\) 10\.1\.7\.2\/24; the fabric has to route/,
  ]);
  t.strictSame(
    selectFabric(apart(true), policy).warnings,
    [],
    'with routes over the rail it is as it should be',
  );
  const pointToPoint = [single('a', '10.1.0.0/31', false), single('b', '10.1.0.4/31', false)];
  t.strictSame(selectFabric(pointToPoint, policy).warnings, [], '/31 joins nobody: such fabrics route');
  t.end();
});
