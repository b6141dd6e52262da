/** Files of a support bundle: a folder a node and `dump.json`, which explain and diagnose replay elsewhere. */
import type { DumpManifest } from '../dump.ts';
import type { CollectedNode } from './model.ts';

type ManifestNode = DumpManifest['nodes'][number];

/** What is known of one node; `texts` by kind, a rank's log as `nccl-log@rank0`. */
export interface BundledNode extends CollectedNode {
  readonly name: string;
}

export interface NodeFiles {
  readonly entry: ManifestNode;
  readonly files: ReadonlyMap<string, string>;
}

export const MANIFEST_FILE = 'dump.json';
/** What the coordinator knows of the deployment, for diagnose. */
export const DEPLOYMENT_FILE = 'facts.json';
/** The coordinator's own words, as a log. */
export const COORDINATOR_LOG = 'coordinator.log';

export function nodeFiles({ name, texts, missing }: BundledNode): NodeFiles {
  const paths = Object.fromEntries(Object.keys(texts).map((kind) => [kind, `${name}/${fileOf(kind)}`]));
  return {
    entry: { name, files: paths, missing: [...missing] },
    files: new Map(Object.entries(texts).map(([kind, text]) => [paths[kind] ?? '', text])),
  };
}

export function manifestText(
  nodes: readonly ManifestNode[],
  absent: readonly { readonly node: string; readonly reason: string }[],
): string {
  const manifest: DumpManifest = {
    nodes: [...nodes],
    ...(absent.length === 0 ? {} : { absent: [...absent] }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Paths of the logs that a bundle with this manifest may have. */
export function logFiles({ nodes }: DumpManifest): string[] {
  const logs = nodes.flatMap(({ files }) =>
    Object.entries(files).flatMap(([kind, path]) => (/^(nccl|error)-log(@|$)/.test(kind) ? [path] : [])),
  );
  return [...new Set([...logs, COORDINATOR_LOG])];
}

function fileOf(kind: string): string {
  if (kind === 'facts') return 'facts.json';
  return kind.startsWith('nccl-log@') ? `${kind.slice('nccl-log@'.length)}.log` : `${kind}.txt`;
}
