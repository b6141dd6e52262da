/**
 * Texts about hosts → evidence by node. Either a manifest (`dump.json` of a support bundle) says which file belongs to
 * which node, or prompts, banners and folders do.
 */
import { type Static, Type } from 'typebox';
import { type FabricFacts, factsIn, readFabricFacts } from './collect/facts.ts';
import { type DumpKind, splitSections } from './detect.ts';
import { type Evidence, readSection } from './evidence.ts';
import { evidenceByHost, hostOfPath, isSameName, NAMELESS, unrelatedFiles } from './hosts-of-texts.ts';
import { linesOf, lookup } from './parse/text.ts';
import { linesByHost, sameHost } from './prompt.ts';

/** `dump.json`: what a support engineer knows about the files beside it. */
export const DumpManifest = Type.Object({
  nodes: Type.Array(
    Type.Object({
      name: Type.String({ minLength: 1 }),
      /** Nodes of one job share a group. */
      group: Type.Optional(Type.String()),
      gpus: Type.Optional(Type.Integer({ minimum: 0 })),
      /** `kind` or `kind@variant` → path beside the manifest. */
      files: Type.Record(Type.String(), Type.String()),
      /** Tools that did not answer on the host, for people. */
      missing: Type.Optional(Type.Array(Type.Object({ tool: Type.String(), reason: Type.String() }))),
      given: Type.Optional(
        Type.Object({
          node_ip: Type.Optional(Type.String()),
          leader_ip: Type.Optional(Type.String()),
          local_ipv4: Type.Optional(Type.Array(Type.String())),
        }),
      ),
    }),
  ),
  /** Nodes that were asked and gave nothing, for people. */
  absent: Type.Optional(Type.Array(Type.Object({ node: Type.String(), reason: Type.String() }))),
});
export type DumpManifest = Static<typeof DumpManifest>;

export interface DumpedNode {
  readonly name: string;
  readonly group: string;
  readonly gpuCount: number | null;
  readonly given: {
    readonly nodeIp?: string;
    readonly leaderIp?: string;
    readonly localIpv4?: readonly string[];
  };
  readonly evidence: readonly Evidence[];
  /** Of the node's own agent; believed instead of what its tools print. null = only dumps are there. */
  readonly facts: FabricFacts | null;
}

export interface FabricDump {
  readonly files: ReadonlyMap<string, readonly Evidence[]>;
  /** Kind that the manifest gave a file, where it gave one. */
  readonly kinds: ReadonlyMap<string, string>;
  readonly nodes: readonly DumpedNode[];
  /** Files that say nothing of a host: other JSON, a README. */
  readonly ignored: readonly string[];
}

export const MAIN_GROUP = 'main';

/** Kind of the file that an agent's facts are in. */
const FACTS = 'facts';

/** Reads what the manifest lists; a listed file that is not in `texts` is left out. */
export function readManifestDump(manifest: DumpManifest, texts: ReadonlyMap<string, string>): FabricDump {
  const kinds = new Map(
    manifest.nodes.flatMap((node) =>
      Object.entries(node.files).map(([kind, path]) => [path, kind.split('@')[0] ?? ''] as const),
    ),
  );
  const listed = [...kinds].flatMap(([path, kind]) => {
    const text = texts.get(path);
    return text === undefined || kind === FACTS
      ? []
      : [[path, readText(path, text, lookup(HINTS, kind))] as const];
  });
  const files = new Map(listed);
  const nodes = manifest.nodes.map(
    ({ name, group, gpus, given, files: own }): DumpedNode => ({
      name,
      group: group ?? MAIN_GROUP,
      gpuCount: gpus ?? null,
      given: {
        ...(given?.node_ip === undefined ? {} : { nodeIp: given.node_ip }),
        ...(given?.leader_ip === undefined ? {} : { leaderIp: given.leader_ip }),
        ...(given?.local_ipv4 === undefined ? {} : { localIpv4: given.local_ipv4 }),
      },
      facts: own[FACTS] === undefined ? null : readFabricFacts(texts.get(own[FACTS]) ?? ''),
      evidence: [...new Set(Object.values(own))].flatMap((path) =>
        evidenceOf(name, files.get(path) ?? [], manifest),
      ),
    }),
  );
  return { files, kinds, nodes, ignored: [] };
}

/** Reads texts that nobody described, by path inside of what was given. */
export function readTexts(texts: ReadonlyMap<string, string>): FabricDump {
  const objects = new Map([...texts].flatMap(([path, text]) => jsonObject(path, text)));
  const found = [...objects].flatMap(([path, value]) => {
    const facts = factsIn(value);
    return facts === null ? [] : [{ path, ...facts }];
  });
  const read = new Map(
    [...texts].flatMap(([path, text]) =>
      objects.has(path) ? [] : [[path, readText(path, text, undefined)] as const],
    ),
  );
  const unrelated = new Set(unrelatedFiles(read));
  const files = new Map([...read].filter(([path]) => !unrelated.has(path)));
  const shown = evidenceByHost(files);
  const reported = found.map(({ path, hostname, facts }): DumpedNode => {
    const name = hostname ?? hostOfPath(path, [...texts.keys()]) ?? NAMELESS;
    const own = [...shown].find(([other]) => isSameName(other, name));
    return { ...bareNode(name), facts, evidence: own?.[1] ?? [] };
  });
  const others = [...shown]
    .filter(([name]) => !reported.some((node) => isSameName(node.name, name)))
    .map(([name, evidence]) => ({ ...bareNode(name), evidence }));
  const factsAt = new Set(found.map(({ path }) => path));
  const ignored = [...objects.keys()].filter((path) => !factsAt.has(path));
  return { files, kinds: new Map(), nodes: [...reported, ...others], ignored: [...ignored, ...unrelated] };
}

/** What an agent reports, or a file of anything: no tool prints one JSON object. */
function jsonObject(path: string, text: string): [string, unknown][] {
  if (!/^\s*\{/.test(text)) return [];
  try {
    return [[path, JSON.parse(text)]];
  } catch {
    return [];
  }
}

function bareNode(name: string): DumpedNode {
  return { name, group: MAIN_GROUP, gpuCount: null, given: {}, evidence: [], facts: null };
}

function readText(path: string, text: string, hint: DumpKind | undefined): Evidence[] {
  const byHost = hint === 'log' ? null : linesByHost(linesOf(text));
  if (byHost === null) return splitSections(text, hint).map((section) => readSection(section, path));
  return [...byHost].flatMap(([host, lines]) =>
    splitSections(lines.join('\n'), hint).map((section) =>
      readSection({ ...section, host: section.host ?? host }, path),
    ),
  );
}

/** What a prompt or caption says of another host of the manifest is not this node's. */
function evidenceOf(
  name: string,
  evidence: readonly Evidence[],
  manifest: DumpManifest,
): readonly Evidence[] {
  const others = manifest.nodes.map((node) => node.name).filter((other) => other !== name);
  const isOther = (host: string | null): boolean =>
    host !== null && !sameHost(host, name) && others.some((other) => sameHost(host, other));
  return evidence.filter(({ host }) => !isOther(host));
}

const HINTS: Readonly<Record<string, DumpKind>> = {
  show_gids: 'show_gids',
  'gid-table': 'gid-table',
  'sysfs-gids': 'sysfs',
  'sysfs-infiniband': 'sysfs',
  ibdev2netdev: 'ibdev2netdev',
  'rdma-link': 'rdma-link',
  ibstat: 'ibstat',
  ibstatus: 'ibstatus',
  ibv_devices: 'ibv_devices',
  ibv_devinfo: 'ibv_devinfo',
  'ip-a': 'ip-a',
  'ip-4-a': 'ip-a',
  'ip-rule': 'ip-rule',
  'ip-route': 'ip-route',
  ifconfig: 'ifconfig',
  interfaces: 'interfaces',
  'topo-m': 'topo-m',
  'nvidia-smi': 'nvidia-smi',
  'gpu-bus-ids': 'nvidia-smi-query',
  'nic-numa': 'pci-numa',
  lspci: 'lspci',
  'nccl-log': 'log',
  'error-log': 'log',
  env: 'env',
  ss: 'ss',
};
