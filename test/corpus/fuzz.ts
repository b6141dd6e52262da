/** Mutated dumps through detect, parse, merge, select and diagnose. A case is named by its number alone, so it replays. */
import { type FabricDump, readManifestDump, readTexts } from '@dsr1/shared/fabric/dump';
import { explainDump } from '@dsr1/shared/fabric/explain';
import { explanationJson } from '@dsr1/shared/fabric/explain-json';
import { mergeNode } from '@dsr1/shared/fabric/merge/merge-node';
import { linesOf } from '@dsr1/shared/fabric/parse/text';
import type { LoadedCase } from './case.ts';

export interface FuzzFault {
  readonly number: number;
  readonly what: string;
  readonly text: string;
}

/** Explains mutation `number` of the corpus; null when all is well. `maxMs` bounds the time of one small dump. */
export function fuzzOnce(
  corpus: FuzzCorpus,
  number: number,
  maxMs: number,
  nowMs: () => number,
): FuzzFault | null {
  const random = randomOf(number);
  const kept = number % 4 === 3 ? corpus.facts : corpus.texts;
  const texts = [mutate(kept, random), mutate(corpus.texts, random)];
  return explainTexts(number, () => dumpOf(number, texts), texts, maxMs, nowMs);
}

/** A host's dump with one line of `characters`: a log, rows run together, or JSON that never ends. */
export function fuzzLongLine(
  corpus: FuzzCorpus,
  number: number,
  characters: number,
  maxMs: number,
  nowMs: () => number,
): FuzzFault | null {
  const random = randomOf(number);
  const stretch = (corpus.texts[random(corpus.texts.length)] ?? '').replaceAll('\n', ' ');
  const opening = number % 2 === 0 ? '[{"' : '';
  const line =
    opening + stretch.repeat(Math.ceil(characters / Math.max(1, stretch.length))).slice(0, characters);
  const texts = [`${mutate(corpus.texts, random)}\n${line}\n${mutate(corpus.texts, random)}`];
  return explainTexts(number, () => readTexts(new Map([['-', texts[0] ?? '']])), texts, maxMs, nowMs);
}

function explainTexts(
  number: number,
  dump: () => FabricDump,
  texts: readonly string[],
  maxMs: number,
  nowMs: () => number,
): FuzzFault | null {
  const text = texts.join('\n');
  const startedMs = nowMs();
  try {
    const policy = { transport: 'auto', ncclVersion: null, gpuRanks: true, overrides: {} } as const;
    const answer = explanationJson(explainDump(dump(), policy));
    JSON.stringify(answer);
    // As it was, and as parsers see it: without colours and full-width marks, and with wrapped lines joined.
    const lines = linesOf(text);
    const invented = inventedName(answer, [text, lines.join('\n'), lines.join('')].join('\n'));
    if (invented !== null) return { number, what: `${invented} is not in the text`, text };
  } catch (error) {
    return { number, what: error instanceof Error ? (error.stack ?? error.message) : String(error), text };
  }
  const tookMs = nowMs() - startedMs;
  return tookMs > maxMs
    ? { number, what: `took ${Math.round(tookMs)} ms for ${text.length} characters`, text }
    : null;
}

/** One pasted session, a manifest that misfiles it, a folder of two hosts, or an agent's facts beside a tool's words. */
function dumpOf(number: number, [text = '', other = '']: readonly string[]): FabricDump {
  switch (number % 4) {
    case 0:
      return readTexts(new Map([['-', text]]));
    case 1:
      return misfiled(text, number);
    case 2:
      return readTexts(
        new Map([
          ['node1/session.txt', text],
          ['node2/session.txt', other],
        ]),
      );
  }
  const nodes = ['node1', 'node2'].map((name) => ({ name, files: { facts: 'facts.json', 'nccl-log': '-' } }));
  return readManifestDump(
    { nodes },
    new Map([
      ['facts.json', text],
      ['-', other],
    ]),
  );
}

/** A manifest that takes the text for some kind of dump, right or wrong, and gives it to two nodes. */
function misfiled(text: string, number: number): FabricDump {
  const files = { [KINDS[number % KINDS.length] ?? '']: '-' };
  const nodes = ['node1', 'node2'].map((name) => ({
    name,
    files,
    given: { node_ip: '10.0.0.1', leader_ip: '10.0.0.2' },
  }));
  return readManifestDump({ nodes }, new Map([['-', text]]));
}

const KINDS =
  'show_gids gid-table ibdev2netdev rdma-link ibstat ibstatus ibv_devices ibv_devinfo sysfs-infiniband ip-a ip-rule ip-route ifconfig interfaces topo-m nvidia-smi gpu-bus-ids nic-numa lspci nccl-log env ss unheard-of'.split(
    ' ',
  );

/** Raw material: files of the cases, and their nodes as an agent's facts. */
export interface FuzzCorpus {
  readonly texts: readonly string[];
  readonly facts: readonly string[];
}

export function fuzzCorpus(cases: readonly LoadedCase[]): FuzzCorpus {
  const nodes = cases.flatMap(({ manifest, texts }) =>
    readManifestDump(manifest, texts).nodes.map((node) => mergeNode(node, node.evidence)),
  );
  return {
    texts: cases.flatMap(({ texts }) => [...texts.values()]),
    facts: nodes
      .map(({ name: _, given: __, ...facts }) => JSON.stringify(facts))
      .filter((text) => text.length < 8000),
  };
}

type Random = (below: number) => number;

/** Flips, cuts, doubles, shuffles and mixes; what is left may still be a dump, or nothing like one. */
function mutate(corpus: readonly string[], random: Random): string {
  const pick = (): string => corpus[random(corpus.length)] ?? '';
  let text = pick().slice(0, 8000);
  for (let round = random(5); round >= 0; round -= 1)
    text = (MUTATIONS[random(MUTATIONS.length)] ?? ((same: string) => same))(text, random, pick);
  return text.slice(0, 20_000);
}

const ODD = [
  '\u001b[31m',
  '\u0000',
  '\t',
  ' ',
  ':',
  '：',
  '|',
  '\\',
  '[{"',
  '}',
  '::',
  '/',
  '==>',
  'fe80::',
  '999.1.1.1',
  '\r',
  '-1',
  '99999999999999999999',
  '，',
  '\ud800',
  '__proto__',
  'constructor',
];

const MUTATIONS: readonly ((text: string, random: Random, pick: () => string) => string)[] = [
  (text, random) => splice(text, random, 1, String.fromCharCode(random(random(8) === 0 ? 65_536 : 128))),
  (text, random) => splice(text, random, 0, ODD[random(ODD.length)] ?? ''),
  (text, random) => splice(text, random, random(40), ''),
  (text, random) => text.slice(0, random(text.length + 1)),
  (text, random) => text.slice(random(text.length + 1)),
  (text, random, pick) => splice(text, random, 0, pick().slice(0, 4000)),
  (text, random, pick) => interleave(text.split('\n'), pick().split('\n'), random).join('\n'),
  (text, random) => shuffled(text.split('\n'), random).join('\n'),
  (text, random) =>
    text
      .split('\n')
      .flatMap((line) => (random(4) === 0 ? [line, line] : [line]))
      .join('\n'),
  (text, random) =>
    text
      .split('\n')
      .flatMap((line) => wrapped(line, 20 + random(100)))
      .join('\n'),
  (text) => text.replaceAll('\t', ' '),
  (text) => text.replace(/ +/g, ' '),
  (text) => text.replaceAll('\n', ' '),
  (text, random) => text.replace(/\d+/g, (digits) => (random(12) === 0 ? String(random(1_000_000)) : digits)),
];

function splice(text: string, random: Random, remove: number, insert: string): string {
  const at = random(text.length + 1);
  return text.slice(0, at) + insert + text.slice(at + remove);
}

function interleave(a: readonly string[], b: readonly string[], random: Random): string[] {
  const [left, right] = [[...a], [...b]];
  const mixed: string[] = [];
  while (left.length + right.length > 0)
    mixed.push((random(2) === 0 ? left.shift() : right.shift()) ?? left.shift() ?? right.shift() ?? '');
  return mixed;
}

function shuffled(lines: string[], random: Random): string[] {
  for (let at = lines.length - 1; at > 0; at -= 1) {
    const other = random(at + 1);
    [lines[at], lines[other]] = [lines[other] ?? '', lines[at] ?? ''];
  }
  return lines;
}

function wrapped(line: string, width: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at === 0 || at < line.length; at += width) pieces.push(line.slice(at, at + width));
  return pieces;
}

function inventedName(answer: Record<string, unknown>, text: string): string | null {
  const nodes = Object.values(
    answer.nodes as Record<string, { hca: string[]; topo_nics?: string[]; socket_ifname: string | null }>,
  );
  const names = nodes.flatMap((node) => [
    ...node.hca.map((hca) => hca.replace(/:\d+$/, '')),
    ...(node.topo_nics ?? []),
    ...(node.socket_ifname === null ? [] : [node.socket_ifname]),
  ]);
  // JSON writes some characters in another way.
  const shown = (name: string) => text.includes(name) || text.includes(JSON.stringify(name).slice(1, -1));
  return names.find((name) => !shown(name)) ?? null;
}

/** mulberry32: small, seeded, good enough to choose mutations. */
function randomOf(seed: number): Random {
  let state = (seed + 1) * 0x9e3779b9;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return below <= 0 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
