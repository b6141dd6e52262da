/** Is what was chosen for a node acceptable? Only nodes that posted discovery outputs are judged. */
import type { CorpusCase, DeviceExpectation, SelectionExpectation } from './case.ts';
import type { Check, NodeAnswer } from './score.ts';

const DISCOVERY = new Set(
  'show_gids gid-table ibdev2netdev rdma-link ibstat ibstatus ibv_devices ibv_devinfo sysfs-infiniband sysfs-gids ip-a ip-4-a ifconfig interfaces topo-m'.split(
    ' ',
  ),
);

export function judgeSelection(expected: CorpusCase, nodes: Readonly<Record<string, NodeAnswer>>): Check[] {
  return Object.entries(expected.selection ?? {}).flatMap(([name, wanted]) => {
    const kinds = Object.keys(expected.nodes.find((node) => node.name === name)?.files ?? {});
    if (!kinds.some((kind) => DISCOVERY.has(kind.split('@')[0] ?? ''))) return [];
    const answer = nodes[name] ?? {};
    return [...judgeSocket(wanted, answer), ...judgeSets(wanted, answer), ...judgeGids(wanted, answer)].map(
      (item) => ({ ...item, what: `${name} ${item.what}` }),
    );
  });
}

function judgeSocket(wanted: SelectionExpectation, answer: NodeAnswer): Check[] {
  const found = answer.socket_ifname ?? null;
  return [
    ...(wanted.socket_ifname
      ? [
          check(
            wanted,
            'socket_ifname',
            found !== null && wanted.socket_ifname.includes(found),
            `socket is ${found}, acceptable ${wanted.socket_ifname}`,
          ),
        ]
      : []),
    ...(wanted.socket_must_exclude ?? []).map((name) =>
      check(wanted, 'socket_must_exclude', found !== name, `socket must not be ${name}`),
    ),
  ];
}

function judgeSets(wanted: SelectionExpectation, answer: NodeAnswer): Check[] {
  return (['hca', 'rail_netdevs', 'topo_nics'] as const).flatMap((key) => {
    const set = wanted[key];
    return set
      ? judgeSet(set, answer[key]).map(({ ok, what }) =>
          check(wanted, key, ok, `${key} ${what}`, set.soft === true),
        )
      : [];
  });
}

function judgeSet(
  wanted: DeviceExpectation,
  answer: readonly string[] | undefined,
): { ok: boolean; what: string }[] {
  const withPorts = [...(wanted.exact ?? []), ...(wanted.must_include ?? [])].some((entry) =>
    entry.includes(':'),
  );
  const found = new Set((answer ?? []).map((entry) => (withPorts ? entry : (entry.split(':')[0] ?? ''))));
  const shown = `is ${[...found].sort()}`;
  const { exact, must_include: included, must_exclude: excluded } = wanted;
  const excludes = (entry: string): boolean =>
    (answer ?? []).some((name) => name === entry || (!entry.includes(':') && name.split(':')[0] === entry));
  return [
    ...(exact
      ? [
          {
            ok:
              answer !== undefined && found.size === exact.length && exact.every((entry) => found.has(entry)),
            what: `${shown}, not exactly ${exact}`,
          },
        ]
      : []),
    ...(included?.length
      ? [{ ok: included.every((entry) => found.has(entry)), what: `${shown}, lacks some of ${included}` }]
      : []),
    ...(excluded?.length
      ? [
          {
            ok: answer !== undefined && !excluded.some(excludes),
            what: `${shown}, must not have ${excluded}`,
          },
        ]
      : []),
  ];
}

function judgeGids(wanted: SelectionExpectation, answer: NodeAnswer): Check[] {
  const chosen = new Map(
    Object.entries(answer.gid_index ?? {}).map(([device, index]) => [device.split(':')[0], index]),
  );
  const of = (device: string): (number | undefined)[] =>
    device === '*' ? [...chosen.values()] : [chosen.get(device.split(':')[0])];
  const exported = answer.gid_env ?? 'unset';
  return [
    ...Object.entries(wanted.gid_index ?? {}).map(([device, ok]) =>
      check(
        wanted,
        'gid_index',
        of(device).length > 0 && of(device).every((index) => index !== undefined && ok.includes(index)),
        `GID of ${device} is ${of(device)}, acceptable ${ok}`,
      ),
    ),
    ...Object.entries(wanted.gid_not ?? {}).map(([device, no]) =>
      check(
        wanted,
        'gid_not',
        !of(device).some((index) => index !== undefined && no.includes(index)),
        `GID of ${device} is ${of(device)}, not allowed ${no}`,
      ),
    ),
    ...(wanted.gid_env === 'unset'
      ? [
          check(
            wanted,
            'gid_env',
            exported === 'unset' && !('NCCL_IB_GID_INDEX' in (answer.env ?? {})),
            `NCCL_IB_GID_INDEX is ${exported}, not unset`,
          ),
        ]
      : []),
    ...(wanted.gid_env?.startsWith('set:')
      ? [
          check(
            wanted,
            'gid_env',
            exported === 'unset' || exported === wanted.gid_env,
            `NCCL_IB_GID_INDEX is ${exported}, not ${wanted.gid_env} or unset`,
          ),
        ]
      : []),
  ];
}

function check(wanted: SelectionExpectation, key: string, ok: boolean, what: string, soft = false): Check {
  const isSoft = soft || wanted.soft === true || (Array.isArray(wanted.soft) && wanted.soft.includes(key));
  return { part: 'selection', ok, soft: isSoft, what };
}
