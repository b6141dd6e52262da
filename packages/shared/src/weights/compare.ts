/** One model on several nodes: which files are not the same everywhere, and on which node they are wrong. */
import { BLOCK_BYTES, type ModelFile, type ModelHashes } from './model.ts';

export interface NodeFiles {
  readonly node: string;
  readonly files: readonly ModelFile[];
}

export interface NodeHashes {
  readonly node: string;
  readonly hashes: ModelHashes;
}

export interface FileDifference {
  readonly file: string;
  /** Nodes by what they have; the largest group first. */
  readonly groups: readonly { readonly has: string; readonly nodes: readonly string[] }[];
}

export interface BlockDifference {
  readonly file: string;
  /** The node held to be right: the hub's hash says so, or most nodes have the same. */
  readonly good: string;
  readonly bad: string;
  /** False when two nodes differ and nothing tells which is right. */
  readonly proven: boolean;
  /** First block that differs. */
  readonly fromByte: number;
  readonly toByte: number;
}

/** Files that differ in presence, size, header or small content. */
export function compareFiles(nodes: readonly NodeFiles[]): readonly FileDifference[] {
  const names = [...new Set(nodes.flatMap(({ files }) => files.map(({ name }) => name)))].sort();
  return names.flatMap((file) => {
    const groups = groupBy(nodes, ({ files }) => {
      const found = files.find(({ name }) => name === file);
      return found === undefined
        ? 'no such file'
        : `${found.bytes} bytes, ${found.digest?.slice(0, 12) ?? 'not read'}`;
    });
    return groups.length > 1 ? [{ file, groups }] : [];
  });
}

/** Files of equal size whose whole content was read on at least two nodes and differs. */
export function compareHashes(
  nodes: readonly NodeHashes[],
  hubSha256: ReadonlyMap<string, string>,
): readonly BlockDifference[] {
  const names = [...new Set(nodes.flatMap(({ hashes }) => Object.keys(hashes)))].sort();
  return names.flatMap((file) => {
    const having = nodes.filter(({ hashes }) => hashes[file] !== undefined);
    const groups = groupBy(having, ({ hashes }) => hashes[file]?.sha256 ?? '');
    const [most, second] = groups;
    if (most === undefined || second === undefined) return [];
    const right = groups.find(({ has }) => has === hubSha256.get(file));
    const trusted = right ?? most;
    const proven = right !== undefined || most.nodes.length > second.nodes.length;
    const [good = ''] = trusted.nodes;
    return groups
      .filter((group) => group !== trusted)
      .flatMap(({ nodes: wrong }) => wrong.flatMap((bad) => difference(file, having, good, bad, proven)));
  });
}

function difference(
  file: string,
  nodes: readonly NodeHashes[],
  good: string,
  bad: string,
  proven: boolean,
): readonly BlockDifference[] {
  const of = (name: string) => nodes.find(({ node }) => node === name)?.hashes[file];
  const [a, b] = [of(good), of(bad)];
  if (a === undefined || b === undefined || a.bytes !== b.bytes) return [];
  const at = a.blocks.findIndex((block, i) => block !== b.blocks[i]);
  if (at < 0) return [];
  const fromByte = at * BLOCK_BYTES;
  return [{ file, good, bad, proven, fromByte, toByte: Math.min(a.bytes, fromByte + BLOCK_BYTES) }];
}

/** Largest group first; equal ones in the order of their first node. */
function groupBy<T extends { readonly node: string }>(
  nodes: readonly T[],
  keyOf: (node: T) => string,
): readonly { readonly has: string; readonly nodes: readonly string[] }[] {
  const groups = Map.groupBy(nodes, keyOf);
  return [...groups]
    .map(([has, members]) => ({ has, nodes: members.map(({ node }) => node) }))
    .sort((a, b) => b.nodes.length - a.nodes.length);
}
