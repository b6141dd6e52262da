/** What each node says of itself, against what a launch needs and against the others. */
import { sizeText } from '../../facts/units.ts';
import { oddOnes } from './cut.ts';
import type { CheckFinding } from './model.ts';

export interface NodeState {
  readonly node: string;
  /** Why it could not be checked; null when it was. */
  readonly problem: { readonly silent: boolean; readonly text: string } | null;
  /** null = unlimited or not known. */
  readonly memlockBytes: number | null;
  readonly shmBytes: number | null;
  /** What a rank on it needs; null = nothing special. */
  readonly needsMemlockBytes: number | null;
  readonly needsShmBytes: number | null;
  /** `GPU driver`, `sglang`, `NCCL of sglang` … → version. */
  readonly versions: Readonly<Record<string, string>>;
  /** Its clock minus the coordinator's. */
  readonly clockOffsetMs: number | null;
  readonly silentNameServers: readonly string[];
  readonly lookups: readonly { readonly name: string; readonly milliseconds: number }[];
}

/** Logs of several nodes are read side by side, and timeouts are told in wall time. */
const CLOCK_LIMIT_MS = 1_000;
/** A resolver waits 5 s for each silent server before the next (resolv.conf(5)). */
const LOOKUP_LIMIT_MS = 2_000;

export function judgeNodes(states: readonly NodeState[]): CheckFinding[] {
  return [
    ...states.flatMap((state) => [...absence(state), ...limits(state), ...names(state)]),
    ...clocks(states),
    ...versions(states),
  ];
}

function absence({ node, problem }: NodeState): CheckFinding[] {
  if (problem === null) return [];
  return [
    finding(
      'error',
      problem.silent ? 'node-silent' : 'untested',
      node,
      `${node} could not be checked: ${problem.text}`,
      [],
      `on ${node}: systemctl status dsr1-agent`,
    ),
  ];
}

function limits({
  node,
  memlockBytes,
  shmBytes,
  needsMemlockBytes,
  needsShmBytes,
}: NodeState): CheckFinding[] {
  const short = (have: number | null, need: number | null): boolean =>
    have !== null && need !== null && have < need;
  return [
    ...(short(memlockBytes, needsMemlockBytes)
      ? [
          finding(
            'error',
            'memlock',
            node,
            `locked memory of ${node} is limited to ${sizeText(memlockBytes ?? 0)}; RDMA pins its buffers and needs ${sizeText(needsMemlockBytes ?? 0)}`,
            [],
            `on ${node}: LimitMEMLOCK=infinity for dsr1-agent (systemctl edit dsr1-agent), then restart it`,
          ),
        ]
      : []),
    ...(short(shmBytes, needsShmBytes)
      ? [
          finding(
            'error',
            'shm',
            node,
            `/dev/shm of ${node} has ${sizeText(shmBytes ?? 0)}; the ranks of one node need ${sizeText(needsShmBytes ?? 0)}`,
            [],
            `on ${node}: mount -o remount,size=16G /dev/shm`,
          ),
        ]
      : []),
  ];
}

function names({ node, silentNameServers, lookups }: NodeState): CheckFinding[] {
  const slow = lookups.filter(({ milliseconds }) => milliseconds > LOOKUP_LIMIT_MS);
  if (slow.length === 0 && silentNameServers.length === 0) return [];
  const server =
    silentNameServers.length === 0 ? 'its resolver' : `name server ${silentNameServers.join(', ')}`;
  return [
    finding(
      'warning',
      'name-lookup-slow',
      node,
      `${server} of ${node} does not answer: looking up peers costs an engine up to 40 s a start`,
      slow.map(({ name, milliseconds }) => `${name}: ${(milliseconds / 1000).toFixed(1)} s`),
      `on ${node}: list the nodes in /etc/hosts, or remove the silent server from /etc/resolv.conf`,
    ),
  ];
}

function clocks(states: readonly NodeState[]): CheckFinding[] {
  const offsets = states.flatMap(({ clockOffsetMs }) => clockOffsetMs ?? []).sort((a, b) => a - b);
  const median = offsets[Math.floor((offsets.length - 1) / 2)] ?? 0;
  const usual = Math.abs(median) <= CLOCK_LIMIT_MS || offsets.length > 2 ? median : 0;
  return states
    .filter(({ clockOffsetMs }) => clockOffsetMs !== null && Math.abs(clockOffsetMs - usual) > CLOCK_LIMIT_MS)
    .map(({ node, clockOffsetMs }) => {
      const seconds = ((clockOffsetMs ?? 0) - usual) / 1000;
      return finding(
        'warning',
        'clock-skew',
        node,
        `the clock of ${node} is ${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'ahead of' : 'behind'} the others`,
        [],
        `on ${node}: timedatectl set-ntp true, or apt-get install chrony`,
      );
    });
}

function versions(states: readonly NodeState[]): CheckFinding[] {
  const kinds = new Set(states.flatMap((state) => Object.keys(state.versions)));
  return [...kinds].flatMap((kind) => {
    const values = new Map(
      states
        .filter(({ problem }) => problem === null)
        .map(({ node, versions }) => [node, versions[kind] ?? 'none']),
    );
    if (new Set(values.values()).size < 2) return [];
    const odd = oddOnes(values, []);
    const nodes = odd?.odd ?? [...values.keys()];
    return [
      {
        severity: 'warning',
        category: 'version-mismatch',
        culprit: { kind: odd === null ? 'gang' : 'node', nodes: [...nodes], rail: null, device: null },
        cause: `${kind} differs: ${nodes.map((node) => `${node} has ${values.get(node)}`).join(', ')}${odd === null ? '' : `, the others ${odd.usual}`}`,
        evidence: [...values].map(([node, version]) => `${node}: ${version}`),
        fix: 'install one version on every node of the gang',
      } satisfies CheckFinding,
    ];
  });
}

const finding = (
  severity: CheckFinding['severity'],
  category: string,
  node: string,
  cause: string,
  evidence: string[],
  fix: string,
): CheckFinding => ({
  severity,
  category,
  culprit: { kind: 'node', nodes: [node], rail: null, device: null },
  cause,
  evidence,
  fix,
});
