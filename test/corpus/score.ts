/** Judges `fabric explain` on the open corpus. Hard assertions must hold; soft ones differ where docs/fabric-cases.md says why. */
import { readManifestDump } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import type { LoadedCase } from './case.ts';
import { judgeLogs } from './judge-logs.ts';
import { judgeParsed } from './judge-parsed.ts';
import { judgeSelection } from './judge-selection.ts';

export const PARTS = ['parsed', 'selection', 'group', 'nccl', 'bad_env', 'diagnosis'] as const;

export interface Check {
  readonly part: (typeof PARTS)[number];
  readonly ok: boolean;
  readonly soft: boolean;
  readonly what: string;
}

export interface NodeAnswer {
  readonly socket_ifname?: string | null;
  readonly hca?: readonly string[];
  readonly rail_netdevs?: readonly string[];
  readonly topo_nics?: readonly string[];
  readonly gid_index?: Readonly<Record<string, number>>;
  readonly gid_env?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface LogAnswer {
  readonly file: string;
  readonly host: string | null;
  readonly version: string | null;
  readonly network: string | null;
  readonly transport: string;
  readonly oob_ifname: string | null;
  readonly gdr: boolean | null;
  readonly nic_count: number | null;
  readonly devices_used: readonly string[];
  readonly errors: readonly { line: string; category: string }[];
}

export interface Answer {
  readonly files: Readonly<Record<string, unknown>>;
  readonly nodes: Readonly<Record<string, NodeAnswer>>;
  readonly groups: Readonly<Record<string, { verdict: string }>>;
  readonly nccl: readonly LogAnswer[];
  readonly rejected_env: readonly { var: string; value: string }[];
  readonly diagnosis: readonly { category: string }[];
}

/** Every assertion of one case. The answer goes through JSON, as a reader of the command would see it. */
export function scoreCase({ expected, manifest, texts }: LoadedCase): Check[] {
  const policy = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
  const explanation = explainDump(readManifestDump(manifest, texts), policy);
  const answer = JSON.parse(JSON.stringify(explanationJson(explanation))) as Answer;
  return [
    ...judgeParsed(expected, answer.files),
    ...judgeSelection(expected, answer.nodes),
    ...judgeLogs(expected, answer),
  ];
}

/** `parsed  439/439 100.0%  soft 0/0`, one line a part. */
export function scoreLines(checks: readonly Check[]): string[] {
  return PARTS.map((part) => {
    const [hard, soft] = [false, true].map((isSoft) =>
      checks.filter((item) => item.part === part && item.soft === isSoft),
    );
    const met = (list: readonly Check[] = []): number => list.filter((item) => item.ok).length;
    const share = hard?.length ? (100 * met(hard)) / hard.length : 100;
    return `${part.padEnd(10)} ${met(hard)}/${hard?.length}  ${share.toFixed(1)}%  soft ${met(soft)}/${soft?.length}`;
  });
}
